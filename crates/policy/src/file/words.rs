//! The closed lists of words that files are written in.

use std::str::FromStr;

use jadegate_domain::agency::AgencyKind;
use jadegate_domain::division::RiskLevel;
use jadegate_domain::evidence::{ReleasePaper, Symptom};
use jadegate_domain::{Colour, EvidenceKind};
use jiff::tz::TimeZone;

use crate::file::tz::zone;
use crate::model::calendar::{DayCount, FirstDay};
use crate::model::contact::Bound;
use crate::model::mitigation::WhileDisputed;
use crate::model::rule::{CountFrom, Missing, Paper};

/// A closed list of words in a file.
macro_rules! words {
    ($name:ident { $($text:literal => $variant:expr,)* }) => {
        impl $name {
            /// The words of the list.
            pub(crate) const WORDS: &'static [&'static str] = &[$($text,)*];
        }

        impl ::std::str::FromStr for $name {
            type Err = ();
            fn from_str(s: &str) -> Result<Self, ()> {
                match s { $($text => Ok($variant),)* _ => Err(()) }
            }
        }
    };
}

words!(DayCount { "local-midnight" => Self::LocalMidnight, "24h" => Self::Hours24, });
words!(FirstDay { "next" => Self::Next, "same" => Self::Same, });

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

/// A time zone by its name in the tz database.
pub(crate) struct ZoneName(pub(crate) String, pub(crate) TimeZone);

pub(crate) const ZONE_WANTED: &str = "a tz database name like Asia/Shanghai";

impl FromStr for ZoneName {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        zone(s).map(|z| Self(s.to_owned(), z)).ok_or(())
    }
}

/// A closed list for a message.
pub(crate) fn all<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

words!(Bound { "upper" => Self::Upper, "lower" => Self::Lower, });

/// The word of `near`.
pub(crate) enum NearWord {
    Vehicle,
    Coach,
}

words!(NearWord { "vehicle" => Self::Vehicle, "coach" => Self::Coach, });

words!(WhileDisputed {
    "counts" => Self::Counts,
    "yellow" => Self::Yellow,
    "set_aside" => Self::SetAside,
});

/// What an easing can ask for: green is what is left when no rule asks, and nobody gets it for
/// waiting.
pub(crate) struct EasedColour;

words!(EasedColour { "yellow" => Self, });

words!(Missing {
    "report" => Self::Report,
    "temperature" => Self::Temperature,
    "negative_test" => Self::NegativeTest,
});

words!(Paper { "this" => Self::This, "any" => Self::Any, });

words!(CountFrom {
    "confirmed" => Self::Confirmed,
    "onset" => Self::Onset,
    "sampled" => Self::Sampled,
    "last_contact" => Self::LastContact,
    "exit" => Self::Exit,
    "entry" => Self::Entry,
    "arrived" => Self::Arrived,
    "recorded" => Self::Recorded,
});

/// A colour that a rule can ask for; green is what is left when none does.
pub(crate) struct Confining(pub(crate) Colour);

words!(Confining { "yellow" => Self(Colour::Yellow), "red" => Self(Colour::Red), });

pub(crate) const CONFINING: &str = "yellow or red; green is what is left when no rule asks";

/// A release paper that a rule can ask for.
pub(crate) struct NamedPaper(pub(crate) ReleasePaper);

words!(NamedPaper {
    "discharge" => Self(ReleasePaper::Discharge),
    "release" => Self(ReleasePaper::Release),
    "confirmation" => Self(ReleasePaper::Confirmation),
});

/// A kind of evidence that can start a rule.
pub(crate) struct Starting(pub(crate) EvidenceKind);

words!(Starting {
    "case" => Self(EvidenceKind::Case),
    "test" => Self(EvidenceKind::Test),
    "contact" => Self(EvidenceKind::Contact),
    "stay" => Self(EvidenceKind::Stay),
    "arrival" => Self(EvidenceKind::Arrival),
    "declaration" => Self(EvidenceKind::Declaration),
    "check_in" => Self(EvidenceKind::CheckIn),
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

/// A risk level that a rule can ask for; `low` is what every division has without a record.
pub(crate) struct RaisedLevel(pub(crate) RiskLevel);

words!(RaisedLevel { "medium" => Self(RiskLevel::Medium), "high" => Self(RiskLevel::High), });

/// A risk level in a file.
pub(crate) struct Level(pub(crate) RiskLevel);

words!(Level {
    "low" => Self(RiskLevel::Low),
    "medium" => Self(RiskLevel::Medium),
    "high" => Self(RiskLevel::High),
});
