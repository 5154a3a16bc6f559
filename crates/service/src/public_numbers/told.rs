//! What is published of a day, in the form in which it is kept and handed out.

use jadegate_domain::{AgencyId, Division, PlaceKind, Purpose, Timestamp};
use serde::{Deserialize, Serialize};

/// The least number of people that is told; below it, nothing is.
pub const LEAST: u64 = 5;

/// What was published on one day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DayNumbers {
    /// When they were counted and told.
    pub at: Timestamp,
    /// What they may tell of anybody: epsilon of differential privacy, all of them together.
    pub epsilon: f64,
    /// Colours by division, at that moment.
    pub colours: ColourNumbers,
    /// Of the week before; null on days on which it was told already.
    pub week: Option<WeekNumbers>,
    /// What the public log says, counted exactly.
    pub log: LogNumbers,
}

/// People of each colour, by where they live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColourNumbers {
    /// Each number is at most so far from the true one, 95 times in 100.
    pub accuracy: u64,
    /// The divisions below the mandate's, each of them; then all others together.
    pub divisions: Vec<DivisionColours>,
}

/// People who live in one division. A number that is null is fewer than five, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DivisionColours {
    /// Which; null: anywhere else.
    pub division: Option<Division>,
    /// Its name; empty for anywhere else.
    pub name: String,
    /// Its English name, where there is one.
    pub name_en: Option<String>,
    /// About how many are green.
    pub green: Option<u64>,
    /// Yellow.
    pub yellow: Option<u64>,
    /// Red.
    pub red: Option<u64>,
}

/// Harm, and what it was done for, in one week from Monday to Sunday (UTC). Each number counts each person
/// once; one that is null is fewer than five, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WeekNumbers {
    /// From this moment on.
    pub from: Timestamp,
    /// Before this one.
    pub to: Timestamp,
    /// Each number is at most so far from the true one, 95 times in 100.
    pub accuracy: u64,
    /// Who turned from green (or from no colour) to yellow or red.
    pub confined: Option<u64>,
    /// Who was found to be a contact.
    pub contacts: Option<u64>,
    /// Of whom a case was recorded after they had been found to be a contact.
    pub infected: Option<u64>,
    /// Who was confined by a record that was taken back, by why it was.
    pub wrong: Vec<WrongNumbers>,
    /// Who was turned away at a door, or let in against the code, by kind of place.
    pub doors: Vec<DoorNumbers>,
}

/// Why a record that confined somebody was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WrongCause {
    /// Who recorded it, or somebody else of an agency, put it right.
    Correction,
    /// The person contested it, and was right.
    Appeal,
    /// The case that it came from turned out to be none.
    Case,
}

impl WrongCause {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Correction, Self::Appeal, Self::Case];
}

/// People who were yellow or red for nothing, by for how long they had been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WrongNumbers {
    /// Why it ended.
    pub cause: WrongCause,
    /// Less than a day.
    pub under_a_day: Option<u64>,
    /// One to three days: at least one, less than four.
    pub one_to_three_days: Option<u64>,
    /// Four to seven days: at least four, less than eight.
    pub four_to_seven_days: Option<u64>,
    /// Eight days or more.
    pub longer: Option<u64>,
}

/// People at the doors of one kind of place; whoever met several doors counts at the first of the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DoorNumbers {
    /// Kind of place.
    pub place: PlaceKind,
    /// Not let in.
    pub refused: Option<u64>,
    /// Let in against the code, with a reason.
    pub overridden: Option<u64>,
}

/// What the public log says from one leaf on, before another: anybody can count it again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogNumbers {
    /// The first leaf.
    pub from: u64,
    /// The first leaf that is not counted any more.
    pub to: u64,
    /// Leaves among them that this program does not know.
    pub unknown: u64,
    /// Looks at people's data.
    pub looks: Vec<LookNumbers>,
    /// Records that were taken back.
    pub withdrawals: Vec<WithdrawalNumbers>,
    /// Data that was destroyed because its time was over.
    pub purges: Vec<PurgeNumbers>,
}

/// How often one agency looked at people's data for one purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LookNumbers {
    /// The agency.
    pub agency: AgencyId,
    /// Its name, as the log says it.
    pub name: String,
    /// For what.
    pub purpose: Purpose,
    /// How often.
    pub looks: u64,
}

/// Records of one kind that were taken back for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WithdrawalNumbers {
    /// Kind of record, as a word of the log.
    pub record: String,
    /// The reason, as a word of the log.
    pub reason: String,
    /// How many.
    pub records: u64,
}

/// Rows of one kind that were destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PurgeNumbers {
    /// What kind, as a word of the log.
    pub what: String,
    /// How many rows.
    pub rows: u64,
}
