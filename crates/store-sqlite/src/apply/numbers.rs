//! Published numbers.

use super::Applier;
use crate::error::{Result, conflict};
use jadegate_store::{Precondition, PublishedNumbers};
use rusqlite::params;

impl Applier<'_> {
    /// In one statement: of two that publish a day one does.
    pub(super) fn publish_numbers(&self, n: &PublishedNumbers) -> Result<()> {
        const TABLE: &str = "published_numbers";
        let text = "INSERT INTO published_numbers (day, at, body) SELECT ?1, ?2, ?3 \
                    WHERE NOT EXISTS (SELECT 1 FROM published_numbers WHERE day >= ?1)";
        match self.run(TABLE, text, params![n.day, n.at.as_secs(), n.body])? {
            0 => Err(conflict(TABLE, Precondition::Absent)),
            _ => Ok(()),
        }
    }
}
