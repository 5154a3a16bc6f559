//! Published numbers.

use jadegate_domain::{Colour, Division};
use jadegate_store::{HomeColour, PublishedNumbers};

use crate::at::{At, Result};
use crate::stored::rows;

rows! {
    PublishedRow => PublishedNumbers, in "published_numbers" by "day" {
        at: i64, body: String,
    }
}

impl PublishedRow {
    fn check(self, at: At) -> Result<PublishedNumbers> {
        let moment = at.time("at", self.at)?;
        Ok(PublishedNumbers { day: self.row, at: moment, body: self.body })
    }
}

/// People of one home and colour, from the columns of a count; `row` is one of them.
///
/// # Errors
/// If a name is not known.
pub fn home_colour(home: &str, colour: &str, people: i64, row: i64) -> Result<HomeColour> {
    Ok(HomeColour {
        home: At { table: "holder", row }.name::<Division>("home", home)?,
        colour: At { table: "assessment", row }.name::<Colour>("colour", colour)?,
        people: u64::try_from(people).unwrap_or(0),
    })
}
