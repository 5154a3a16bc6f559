//! The mandate: on whose authority, for what, where, how long and within which limits a deployment may
//! act. A text (TOML) in a signed note of the authority ([`crate::note`]), so that anybody verifies it
//! with the authority's key and tools that this project did not write.
//!
//! It always ends. What holds at a moment is a function of the steps that were taken ([`standing`]).

use jadegate_domain::time::DAY;
use jadegate_domain::{Division, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::note::{self, NoteSigner, NoteVerifier};

/// The longest time for which a mandate holds, in days. Whoever needs it for longer renews it.
pub const MOST_DAYS: i64 = 366;
/// Days after the end of a mandate without another one, after which everything about people goes.
pub const FORGET_AFTER_DAYS: i64 = 30;
/// Characters of a line of text in it.
const MOST_TEXT: usize = 500;

/// A mandate, as its document says it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mandate {
    /// Rises with each document of a deployment, from 1.
    pub version: u32,
    /// What the deployment is for, in the authority's words.
    pub purpose: String,
    /// Who gives it.
    pub authority: String,
    /// Where it holds.
    pub region: Division,
    /// From when.
    pub from: Timestamp,
    /// Until when: the first moment at which it does not hold any more.
    pub to: Timestamp,
    /// Within which limits.
    pub limits: Limits,
}

/// The numbers of a mandate. All must be said: a limit that is left out is nobody's decision.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// A change that turns more than this share of a division's people from green to another colour
    /// needs a second officer; percent, 0 to 100.
    pub second_officer_percent: f64,
    /// So does one that turns more people than this.
    pub second_officer_people: u64,
    /// Pieces of evidence that can confine somebody which one agency records within an hour before they
    /// wait for a second pair of eyes.
    pub waiting_above_per_hour: u32,
    /// The same of one member of staff.
    pub waiting_above_per_staff_hour: u32,
    /// Records that can confine somebody which one agency takes back within an hour without a second
    /// pair of eyes.
    pub withdrawals_above_per_hour: u32,
    /// The same of one member of staff.
    pub withdrawals_above_per_staff_hour: u32,
    /// Hours after which what waits lapses undecided; 1 to 168.
    pub waiting_hours: u32,
    /// Hours after which a proposal that nobody decided on lapses; 1 to 168.
    pub proposal_hours: u32,
    /// Identity requests that one agency may make within a day; what is beyond is refused and an alarm.
    pub identity_requests_per_day: u32,
    /// Hours after which at the latest a person sees that their identity was asked for; 0 to 72.
    pub notice_delay_hours: u32,
    /// Share of a rule's appeals decided against it above which the rule is looked at; percent, 0 to 100.
    pub overturned_percent: f64,
    /// What published statistics may tell of anybody in a week, as epsilon of differential privacy; above
    /// 0, at most 10.
    pub privacy_budget: f64,
}

/// Why a text is no mandate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MandateError {
    /// It is no note that this authority signed.
    #[error("this document is not signed by the authority of this deployment")]
    NotSigned,
    /// It is no such document.
    #[error("this document cannot be read: {0}")]
    Unreadable(String),
    /// It says something that a mandate cannot say.
    #[error("{field}: {why}")]
    Wrong {
        /// Which line.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

fn wrong(field: &'static str, why: impl Into<String>) -> MandateError {
    MandateError::Wrong { field, why: why.into() }
}

impl Limits {
    fn check(&self) -> Result<(), MandateError> {
        let percent = |field, n: f64| {
            if (0.0..=100.0).contains(&n) { Ok(()) } else { Err(wrong(field, "0 to 100 percent")) }
        };
        let hours = |field, n: u32, least: u32, most: u32| {
            if (least..=most).contains(&n) {
                Ok(())
            } else {
                Err(wrong(field, format!("{least} to {most} hours")))
            }
        };
        percent("limits.second_officer_percent", self.second_officer_percent)?;
        percent("limits.overturned_percent", self.overturned_percent)?;
        hours("limits.waiting_hours", self.waiting_hours, 1, 168)?;
        hours("limits.proposal_hours", self.proposal_hours, 1, 168)?;
        hours("limits.notice_delay_hours", self.notice_delay_hours, 0, 72)?;
        if !(self.privacy_budget > 0.0 && self.privacy_budget <= 10.0) {
            return Err(wrong("limits.privacy_budget", "above 0, at most 10"));
        }
        Ok(())
    }

    /// The share in hundredths of a percent, rounded down: rounding never lets more through.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 10,000 by the check that every mandate passed"
    )]
    pub fn second_officer_basis_points(&self) -> u32 {
        (self.second_officer_percent.clamp(0.0, 100.0) * 100.0 + 1e-6).floor() as u32
    }
}

impl Mandate {
    /// Reads the text of a document and checks what it says.
    ///
    /// # Errors
    /// See [`MandateError`]; never [`MandateError::NotSigned`].
    pub fn parse(text: &str) -> Result<Self, MandateError> {
        let mandate: Self =
            toml::from_str(text).map_err(|e| MandateError::Unreadable(e.message().to_owned()))?;
        mandate.check()?;
        Ok(mandate)
    }

    fn check(&self) -> Result<(), MandateError> {
        if self.version == 0 {
            return Err(wrong("version", "begins with 1"));
        }
        for (field, text) in [("purpose", &self.purpose), ("authority", &self.authority)] {
            let long = text.chars().count() > MOST_TEXT;
            if text.trim().is_empty() || long || text.contains(char::is_control) {
                return Err(wrong(field, format!("one line of 1 to {MOST_TEXT} characters")));
            }
        }
        if self.to <= self.from {
            return Err(wrong("to", "after `from`: a mandate that never holds is none"));
        }
        if self.to.secs_since(self.from) > MOST_DAYS * DAY {
            return Err(wrong(
                "to",
                format!("{MOST_DAYS} days after `from` at most; renew it then"),
            ));
        }
        self.limits.check()
    }

    /// Reads a note that the authority signed.
    ///
    /// # Errors
    /// See [`MandateError`].
    pub fn open(signed: &str, authority: &NoteVerifier) -> Result<Self, MandateError> {
        let text = note::open(signed, std::slice::from_ref(authority))
            .map_err(|_| MandateError::NotSigned)?;
        Self::parse(text)
    }

    /// Its text: what is signed.
    ///
    /// # Errors
    /// If it cannot be written down, which a checked one always can.
    pub fn to_text(&self) -> Result<String, LedgerError> {
        toml::to_string(self).map_err(|_| LedgerError::BadNote)
    }

    /// Signs a document's text, once it was checked.
    ///
    /// # Errors
    /// What is wrong with the text; [`MandateError::Unreadable`] if it holds control characters.
    pub fn sign(text: &str, authority: &NoteSigner) -> Result<String, MandateError> {
        Self::parse(text)?;
        note::sign(text, &[authority]).map_err(|_| {
            MandateError::Unreadable(
                "end it with a line end, and leave tabs and other control characters out"
                    .to_owned(),
            )
        })
    }
}

/// One step in a deployment's mandates.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A signed document was published.
    Published(Box<Mandate>),
    /// What held was ended at this moment.
    Ended(Timestamp),
}

/// What holds at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There never was one.
    Never,
    /// The first one begins later.
    Begins(Timestamp),
    /// One holds, until this moment.
    InForce {
        /// The first moment at which it does not hold any more.
        to: Timestamp,
    },
    /// The last one ended at this moment.
    Ended(Timestamp),
}

/// What holds at a moment, and the document by whose limits is measured: the newest that has begun. A
/// newer document replaces an older one from its first moment on, also where it ends earlier.
pub fn standing(newest_first: &[Step], now: Timestamp) -> (Standing, Option<&Mandate>) {
    let mut first = None;
    let mut ended = None;
    for step in newest_first {
        match step {
            Step::Ended(at) if *at <= now => ended = ended.or(Some(*at)),
            Step::Published(m) if m.from > now => {
                if ended.is_none() {
                    first = Some(m.from);
                }
            }
            Step::Published(m) => {
                // One whose time was over before it was ended had ended by then.
                let to = ended.map_or(m.to, |at| at.min(m.to));
                let standing =
                    if now < to { Standing::InForce { to } } else { Standing::Ended(to) };
                return (standing, Some(m));
            }
            Step::Ended(_) => {}
        }
    }
    (first.map_or(ended.map_or(Standing::Never, Standing::Ended), Standing::Begins), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(day: i64) -> Timestamp {
        Timestamp::from_secs(1_640_995_200).plus_days(day)
    }

    fn mandate(version: u32, from: i64, to: i64) -> Mandate {
        Mandate {
            version,
            purpose: "Control of an epidemic in a made-up town".to_owned(),
            authority: "Made-up Town".to_owned(),
            region: "CN-3301".parse().unwrap(),
            from: t(from),
            to: t(to),
            limits: Limits {
                second_officer_percent: 1.0,
                second_officer_people: 100,
                waiting_above_per_hour: 100,
                waiting_above_per_staff_hour: 50,
                withdrawals_above_per_hour: 30,
                withdrawals_above_per_staff_hour: 10,
                waiting_hours: 24,
                proposal_hours: 24,
                identity_requests_per_day: 20,
                notice_delay_hours: 24,
                overturned_percent: 20.0,
                privacy_budget: 1.0,
            },
        }
    }

    fn authority() -> NoteSigner {
        NoteSigner::from_seed("town.example/mandate", &[6; 32]).unwrap()
    }

    #[test]
    fn a_signed_document_is_read_back_and_a_changed_one_is_refused() {
        let m = mandate(1, 0, 180);
        let signed = Mandate::sign(&m.to_text().unwrap(), &authority()).unwrap();
        assert_eq!(Mandate::open(&signed, &authority().verifier()), Ok(m));
        let longer = signed.replace("2022-06-30", "2022-07-30");
        assert_ne!(longer, signed);
        let other = NoteSigner::from_seed("town.example/mandate", &[7; 32]).unwrap();
        for (note, key) in [(&longer, authority().verifier()), (&signed, other.verifier())] {
            assert_eq!(Mandate::open(note, &key), Err(MandateError::NotSigned));
        }
    }

    #[test]
    fn what_a_mandate_cannot_say_is_refused_by_its_line() {
        let good = mandate(1, 0, 180);
        let field = |change: &dyn Fn(&mut Mandate)| {
            let mut m = good.clone();
            change(&mut m);
            match Mandate::parse(&m.to_text().unwrap()) {
                Err(MandateError::Wrong { field, .. }) => field,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(field(&|m| m.version = 0), "version");
        assert_eq!(field(&|m| m.purpose = " ".to_owned()), "purpose");
        assert_eq!(field(&|m| m.authority = "x".repeat(501)), "authority");
        assert_eq!(field(&|m| m.to = m.from), "to");
        assert_eq!(field(&|m| m.to = t(367)), "to");
        assert_eq!(
            field(&|m| m.limits.second_officer_percent = 100.5),
            "limits.second_officer_percent"
        );
        assert_eq!(field(&|m| m.limits.overturned_percent = f64::NAN), "limits.overturned_percent");
        assert_eq!(field(&|m| m.limits.waiting_hours = 0), "limits.waiting_hours");
        assert_eq!(field(&|m| m.limits.proposal_hours = 169), "limits.proposal_hours");
        assert_eq!(field(&|m| m.limits.notice_delay_hours = 73), "limits.notice_delay_hours");
        assert_eq!(field(&|m| m.limits.privacy_budget = 0.0), "limits.privacy_budget");
        let text = good.to_text().unwrap();
        for bad in [
            text.replace("waiting_hours = 24\n", ""),
            format!("score = 100\n{text}"),
            text.replace("CN-3301", "nowhere"),
        ] {
            assert!(matches!(Mandate::parse(&bad), Err(MandateError::Unreadable(_))), "{bad}");
        }
        assert!(Mandate::parse(&text.replace("to = ", "to  = ")).is_ok());
        let tab = text.replace("version = 1", "version =\t1");
        assert!(Mandate::sign(&tab, &authority()).is_err());
    }

    /// Each boundary: the first second of a period belongs to it, the first after it does not.
    #[test]
    fn what_holds_follows_from_the_steps() {
        use Standing as S;
        let published = |v, from, to| Step::Published(Box::new(mandate(v, from, to)));
        let at = |steps: &[Step], now| standing(steps, now).0;
        let second = |day: i64| t(day).plus_secs(-1);
        assert_eq!(at(&[], t(0)), S::Never);
        let one = [published(1, 10, 20)];
        assert_eq!(at(&one, second(10)), S::Begins(t(10)));
        assert_eq!(at(&one, t(10)), S::InForce { to: t(20) });
        assert_eq!(at(&one, second(20)), S::InForce { to: t(20) });
        assert_eq!(at(&one, t(20)), S::Ended(t(20)));
        // Renewed ahead of time: without a gap, and the newer one governs from its first moment on.
        let renewed = [published(2, 18, 40), published(1, 10, 20)];
        assert_eq!(at(&renewed, second(18)), S::InForce { to: t(20) });
        assert_eq!(standing(&renewed, second(18)).1.unwrap().version, 1);
        assert_eq!(standing(&renewed, t(18)).1.unwrap().version, 2);
        assert_eq!(at(&renewed, t(20)), S::InForce { to: t(40) });
        // Renewed too late: it stood still in between.
        let late = [published(2, 25, 40), published(1, 10, 20)];
        assert_eq!(at(&late, t(22)), S::Ended(t(20)));
        assert_eq!(at(&late, t(25)), S::InForce { to: t(40) });
        // A shorter one in its place ends when it says.
        let shorter = [published(2, 12, 13), published(1, 10, 20)];
        assert_eq!(at(&shorter, t(13)), S::Ended(t(13)));
        // Ended by hand, and given anew.
        let ended = [Step::Ended(t(15)), published(1, 10, 20)];
        assert_eq!(at(&ended, second(15)), S::InForce { to: t(20) });
        assert_eq!(at(&ended, t(15)), S::Ended(t(15)));
        assert_eq!(standing(&ended, t(15)).1.unwrap().version, 1);
        let again = [published(2, 16, 30), Step::Ended(t(15)), published(1, 10, 20)];
        assert_eq!(at(&again, t(15)), S::Ended(t(15)));
        assert_eq!(at(&again, t(16)), S::InForce { to: t(30) });
        // What is ended after its time had ended before.
        let over = [Step::Ended(t(25)), published(1, 10, 20)];
        assert_eq!(at(&over, t(26)), S::Ended(t(20)));
        // What is ended before it began never holds.
        let before = [Step::Ended(t(5)), published(1, 10, 20)];
        assert_eq!(at(&before, t(6)), S::Ended(t(5)));
    }
}
