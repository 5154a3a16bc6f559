//! The words that files are written in: closed lists, and values that are written as one word.

use std::str::FromStr;

use jadegate_domain::agency::AgencyKind;
use jadegate_domain::division::RiskLevel;
use jadegate_domain::evidence::{
    AppealOutcome, ArrivalPurpose, Certainty, ContactDegree, ReleasePaper, Symptom, TestMethod,
    TestResult,
};
use jadegate_domain::{CaseClass, Colour, Division, EvidenceKind, PlaceKind};
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use crate::file::tz::zone;
use crate::model::calendar::{DayCount, FirstDay};
use crate::model::contact::Bound;
use crate::model::kinds::Missing;
use crate::model::mitigation::WhileDisputed;
use crate::model::rule::Paper;

/// A value that is written as one word.
pub(crate) trait Word: FromStr {
    /// Its JSON Schema.
    fn schema() -> Json;

    /// What somebody who wrote a wrong word is told to write instead.
    fn wanted() -> String;
}

/// A word that can be the name of a table.
pub(crate) trait Named: FromStr {
    /// What a wrong name is not.
    const WHAT: &'static str;

    /// All names.
    fn names() -> Vec<String>;
}

/// A closed list of words in a file, and what somebody who wrote none of them is told.
macro_rules! words {
    ($name:ident, $wanted:literal { $($text:literal => $variant:expr,)* }) => {
        impl Word for $name {
            fn schema() -> Json {
                json!({ "enum": [$($text),*] })
            }

            fn wanted() -> String {
                $wanted.to_owned()
            }
        }

        impl FromStr for $name {
            type Err = ();
            fn from_str(s: &str) -> Result<Self, ()> {
                match s { $($text => Ok($variant),)* _ => Err(()) }
            }
        }
    };
}

pub(crate) use words;

/// The closed lists of the domain, all of whose words a file may use.
macro_rules! all_words {
    ($($name:ident,)*) => {$(
        impl Word for $name {
            fn schema() -> Json {
                json!({ "enum": Self::ALL.iter().map(ToString::to_string).collect::<Vec<_>>() })
            }

            fn wanted() -> String {
                listed(&Self::ALL)
            }
        }
    )*};
}

all_words!(
    AppealOutcome,
    ArrivalPurpose,
    CaseClass,
    Certainty,
    Colour,
    ContactDegree,
    PlaceKind,
    ReleasePaper,
    Symptom,
    TestMethod,
    TestResult,
);

fn listed<T: ToString>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Word for EvidenceKind {
    fn schema() -> Json {
        json!({ "enum": Self::ALL.iter().map(ToString::to_string).collect::<Vec<_>>() })
    }

    fn wanted() -> String {
        format!("one of {}", listed(Self::ALL))
    }
}

/// An id or a word of a list that only the reader knows.
impl Word for String {
    fn schema() -> Json {
        json!({ "type": "string", "minLength": 1 })
    }

    fn wanted() -> String {
        "a text".to_owned()
    }
}

impl Word for Division {
    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^[A-Z]{2}(-[0-9A-Z]+)*$" })
    }

    fn wanted() -> String {
        "a division like CN-330106".to_owned()
    }
}

/// Ids are what assessments, URLs and file names carry: short, lower case, no surprises.
pub(crate) fn is_id(s: &str) -> bool {
    (1..=64).contains(&s.len())
        && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !s.starts_with('-')
        && !s.ends_with('-')
}

impl Named for PlaceKind {
    const WHAT: &'static str = "kind of place";

    fn names() -> Vec<String> {
        Self::ALL.iter().map(ToString::to_string).collect()
    }
}

/// A kind of place that is a vehicle.
pub(crate) struct VehicleKind(pub(crate) PlaceKind);

impl FromStr for VehicleKind {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        s.parse().ok().filter(|kind: &PlaceKind| kind.is_vehicle()).map(Self).ok_or(())
    }
}

impl Named for VehicleKind {
    const WHAT: &'static str = "vehicle";

    fn names() -> Vec<String> {
        let vehicles = PlaceKind::ALL.iter().filter(|kind| kind.is_vehicle());
        vehicles.map(ToString::to_string).collect()
    }
}

/// A kind of place that is no vehicle.
pub(crate) struct VenueKind(pub(crate) PlaceKind);

impl FromStr for VenueKind {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        s.parse().ok().filter(|kind: &PlaceKind| !kind.is_vehicle()).map(Self).ok_or(())
    }
}

impl Named for VenueKind {
    const WHAT: &'static str = "kind of place that is no vehicle";

    fn names() -> Vec<String> {
        let venues = PlaceKind::ALL.iter().filter(|kind| !kind.is_vehicle());
        venues.map(ToString::to_string).collect()
    }
}

words!(DayCount, "local-midnight or 24h" {
    "local-midnight" => Self::LocalMidnight,
    "24h" => Self::Hours24,
});

words!(FirstDay, "next or same" { "next" => Self::Next, "same" => Self::Same, });

/// Who may record: an agency's kind or `holder`.
pub(crate) struct Recorder(pub(crate) Option<AgencyKind>);

impl FromStr for Recorder {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        if s == "holder" {
            return Ok(Self(None));
        }
        s.parse().map(|k| Self(Some(k))).map_err(|_| ())
    }
}

impl Word for Recorder {
    fn schema() -> Json {
        let mut words: Vec<String> = AgencyKind::ALL.iter().map(ToString::to_string).collect();
        words.push("holder".to_owned());
        json!({ "enum": words })
    }

    fn wanted() -> String {
        format!("holder or one of {}", listed(AgencyKind::ALL))
    }
}

/// A time zone by its name in the tz database.
pub(crate) struct ZoneName(pub(crate) String, pub(crate) TimeZone);

impl FromStr for ZoneName {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        zone(s).map(|z| Self(s.to_owned(), z)).ok_or(())
    }
}

impl Word for ZoneName {
    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^[A-Za-z0-9_+/-]+$" })
    }

    fn wanted() -> String {
        "a tz database name like Asia/Shanghai".to_owned()
    }
}

words!(Bound, "upper or lower" { "upper" => Self::Upper, "lower" => Self::Lower, });

/// The word of `near`.
pub(crate) enum NearWord {
    Vehicle,
    Coach,
}

words!(NearWord, "vehicle or coach" { "vehicle" => Self::Vehicle, "coach" => Self::Coach, });

words!(WhileDisputed, "counts, yellow or set_aside" {
    "counts" => Self::Counts,
    "yellow" => Self::Yellow,
    "set_aside" => Self::SetAside,
});

/// What an easing can ask for: green is what is left when no rule asks, and nobody gets it for
/// waiting.
pub(crate) struct EasedColour;

words!(EasedColour, "yellow: green is what is left when no rule asks" { "yellow" => Self, });

words!(Missing, "report, temperature or negative_test" {
    "report" => Self::Report,
    "temperature" => Self::Temperature,
    "negative_test" => Self::NegativeTest,
});

words!(Paper, "this or any" { "this" => Self::This, "any" => Self::Any, });

/// A colour that a rule can ask for; green is what is left when none does.
pub(crate) struct Confining(pub(crate) Colour);

words!(Confining, "yellow or red; green is what is left when no rule asks" {
    "yellow" => Self(Colour::Yellow),
    "red" => Self(Colour::Red),
});

/// A release paper that a rule can ask for.
pub(crate) struct NamedPaper(pub(crate) ReleasePaper);

words!(NamedPaper, "discharge, release or confirmation" {
    "discharge" => Self(ReleasePaper::Discharge),
    "release" => Self(ReleasePaper::Release),
    "confirmation" => Self(ReleasePaper::Confirmation),
});

/// A symptom, or all of them.
pub(crate) struct AnySymptom(pub(crate) Vec<Symptom>);

impl FromStr for AnySymptom {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        match s {
            "any" => Ok(Self(Symptom::ALL.to_vec())),
            one => one.parse().map(|s| Self(vec![s])).map_err(|_| ()),
        }
    }
}

impl Word for AnySymptom {
    fn schema() -> Json {
        let mut words: Vec<String> = Symptom::ALL.iter().map(ToString::to_string).collect();
        words.push("any".to_owned());
        json!({ "enum": words })
    }

    fn wanted() -> String {
        format!("any or {}", listed(Symptom::ALL))
    }
}

/// A risk level that a rule can ask for; `low` is what every division has without a record.
pub(crate) struct RaisedLevel(pub(crate) RiskLevel);

words!(RaisedLevel, "medium or high" {
    "medium" => Self(RiskLevel::Medium),
    "high" => Self(RiskLevel::High),
});

/// A risk level in a file.
pub(crate) struct Level(pub(crate) RiskLevel);

words!(Level, "low, medium or high" {
    "low" => Self(RiskLevel::Low),
    "medium" => Self(RiskLevel::Medium),
    "high" => Self(RiskLevel::High),
});
