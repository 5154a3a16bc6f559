//! Numbers for everybody: counted and told once a day, the same by every server and to every reader
//! ([decision 0085]). Exact where the public log says it already, with noise where they are about people.
//!
//! [decision 0085]: ../../../docs/decisions/0085-public-numbers.md

mod gather;
mod history;
mod noise;
mod told;

pub use told::{
    ColourNumbers, DayNumbers, DivisionColours, DoorNumbers, LEAST, LogNumbers, LookNumbers,
    PurgeNumbers, WeekNumbers, WithdrawalNumbers, WrongCause, WrongNumbers,
};

use jadegate_divisions::Directory;
use jadegate_domain::Timestamp;
use jadegate_domain::time::DAY;
use jadegate_store::{Precondition, PublishedNumbers, RowRef, Unit, Write};
use serde::Serialize;

use self::gather::Homes;
use self::noise::{Shares, tell_colours, tell_week};
use crate::app::App;
use crate::error::{Result, ServiceError};

/// Days that are handed out.
const DAYS: u32 = 28;

/// What is published, newest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublicNumbers {
    /// What all that is published in a calendar week may tell of anybody, as the mandate in force says:
    /// epsilon of differential privacy.
    pub privacy_budget: f64,
    /// The least number of people that is told.
    pub least: u64,
    /// Publications of the last four weeks in which there were any, one a day at most, newest first.
    pub days: Vec<DayNumbers>,
    /// The server's clock.
    pub server_time: Timestamp,
}

impl App {
    /// Counts and tells the numbers of this day, unless that was done, or no mandate holds. Any number of
    /// servers may try: one does. Returns whether it was this one.
    ///
    /// # Errors
    /// `clock.ahead`, `clock.behind`: a day that is told too early can never be told again.
    pub async fn publish_numbers(&self) -> Result<bool> {
        self.clock_must_hold()?;
        if self.must_have_mandate().is_err() {
            return Ok(false);
        }
        let now = self.now();
        let newest = self.store.published_numbers(1).await?.into_iter().next();
        if newest.as_ref().is_some_and(|n| n.day >= now.utc_day()) {
            return Ok(false);
        }
        self.must_follow()?;
        let numbers = self.numbers_of(now, newest.as_ref()).await?;
        let published = PublishedNumbers {
            day: now.utc_day(),
            at: now,
            body: serde_json::to_string(&numbers).map_err(ServiceError::internal)?,
        };
        let write = Write::PublishNumbers(Box::new(published));
        match self.commit_unit(Unit::new("publish_numbers", vec![write])).await {
            Ok(_) => Ok(true),
            // Another server told them. What was drawn here was shown to nobody, and is forgotten.
            Err(e) if e.is_conflict(Precondition::Absent) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }

    async fn numbers_of(
        &self,
        now: Timestamp,
        newest: Option<&PublishedNumbers>,
    ) -> Result<DayNumbers> {
        let week = week_to_tell(now, newest.map(|n| n.day));
        let mut shares = Shares::of(self.limits().privacy_budget, week.is_some())?;
        let epsilon = shares.epsilon().as_f64();
        let document = self.mandate().document;
        let region = document.ok_or_else(|| ServiceError::internal("no mandate holds"))?.region;
        let homes = self.homes(&region).await?;
        let week = match week {
            Some(span) => Some((self.week_counts(span.0, span.1).await?, span)),
            None => None,
        };
        let before = newest.and_then(|n| serde_json::from_str::<DayNumbers>(&n.body).ok());
        let log = self.log_numbers(before.map_or(0, |b| b.log.to)).await?;
        // Drawn at once, after all that waits for the database.
        let mut bits = || self.deployment.rng.bits();
        let (cells, accuracy) = tell_colours(&homes.cells, &mut shares, &mut bits)?;
        let week = week.map(|(counts, span)| tell_week(&counts, span, &mut shares, &mut bits));
        Ok(DayNumbers {
            at: now,
            epsilon,
            colours: ColourNumbers { accuracy, divisions: divisions(&homes, &cells) },
            week: week.transpose()?,
            log,
        })
    }

    /// What is published, for everybody.
    pub async fn public_numbers(&self) -> Result<PublicNumbers> {
        let mut days = Vec::new();
        for n in self.store.published_numbers(DAYS).await? {
            let row = RowRef { table: "published_numbers", column: "body", row: n.day };
            let read = serde_json::from_str(&n.body).map_err(|_| ServiceError::unreadable(row));
            days.extend(self.or_set_aside(read)?);
        }
        let privacy_budget = self.limits().privacy_budget;
        Ok(PublicNumbers { privacy_budget, least: LEAST, days, server_time: self.now() })
    }
}

/// The week before this one, from Monday to Sunday, if nothing was published in this one yet. So it is told
/// once, and each calendar week tells of one week.
fn week_to_tell(now: Timestamp, last: Option<i64>) -> Option<(Timestamp, Timestamp)> {
    let today = now.utc_day();
    // The first of January 1970 was a Thursday.
    let monday = today - (today + 3).rem_euclid(7);
    let at = |day: i64| Timestamp::from_secs(day * DAY);
    last.is_none_or(|last| last < monday).then(|| (at(monday - 7), at(monday)))
}

fn divisions(homes: &Homes, cells: &[[Option<u64>; 3]]) -> Vec<DivisionColours> {
    let directory = Directory::embedded();
    let all = homes.divisions.iter().map(Some).chain(std::iter::once(None));
    let told = all.zip(cells).map(|(division, [green, yellow, red])| DivisionColours {
        name: division
            .map_or_else(String::new, |d| directory.name(d).unwrap_or(d.as_str()).to_owned()),
        name_en: division.and_then(|d| directory.full_name_en(d)),
        division: division.cloned(),
        green: *green,
        yellow: *yellow,
        red: *red,
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_told_once_in_the_next_one() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let day = |text: &str| at(text).utc_day();
        let week = Some((at("2022-03-07T00:00:00Z"), at("2022-03-14T00:00:00Z")));
        // A Monday, and the Sunday after it.
        for now in ["2022-03-14T00:00:00Z", "2022-03-20T23:59:59Z"] {
            assert_eq!(week_to_tell(at(now), None), week, "{now}");
            assert_eq!(week_to_tell(at(now), Some(day("2022-03-13T12:00:00Z"))), week, "{now}");
            assert_eq!(week_to_tell(at(now), Some(day("2022-03-14T12:00:00Z"))), None, "{now}");
        }
    }
}
