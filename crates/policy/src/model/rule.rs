//! Rules: the evidence that starts one, its phases, and what ends each of them.

use jadegate_domain::assessment::Texts;
use jadegate_domain::evidence::{ReleasePaper, TestMethod};
use jadegate_domain::{Colour, Timestamp};

use crate::model::calendar::Calendar;
use crate::model::kinds::{CountFrom, When};
use crate::model::origin::Origins;

/// Most phases of a rule: what an assessment keeps inline.
pub(crate) const MOST_PHASES: usize = 6;

/// A rule: what evidence starts it, and through which phases it goes.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) title: Texts,
    pub(crate) when: When,
    /// Whose evidence starts it.
    pub(crate) origins: Origins,
    pub(crate) count_from: CountFrom,
    pub(crate) calendar: Calendar,
    pub(crate) phases: Vec<Phase>,
}

impl Rule {
    /// The day of a count at a moment; `None` before it begins or where no days are counted.
    pub(crate) fn day_at(
        &self,
        days: Option<u32>,
        counted_from: Timestamp,
        now: Timestamp,
    ) -> Option<u32> {
        days.filter(|_| counted_from <= now).map(|_| self.calendar.day_number(counted_from, now))
    }
}

/// One phase of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phase {
    pub(crate) colour: Colour,
    /// It goes on with the count of the phase before it instead of beginning its own: the colour
    /// while the release is unmet.
    pub(crate) counts_on: bool,
    /// The phase ends when one of these is met in full; empty: it has no end.
    pub(crate) ends_when: Vec<Release>,
    /// Days of the first end that counts days, for display.
    pub(crate) days: Option<u32>,
    /// What ends it, placeholders filled in.
    pub(crate) ends: Texts,
    /// What must happen if time alone never ends it: stable words.
    pub(crate) needs: Vec<&'static str>,
}

/// Conditions that must all be met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Release {
    /// Days of the phase must be over.
    pub(crate) days: Option<u32>,
    pub(crate) negative_tests: Option<NegativeTests>,
    pub(crate) clean_check_ins: Option<CheckIns>,
    pub(crate) paper: Option<PaperNeeded>,
}

impl Release {
    /// Does it ask for nothing but time?
    pub(crate) const fn is_time_alone(&self) -> bool {
        self.negative_tests.is_none() && self.clean_check_ins.is_none() && self.paper.is_none()
    }
}

/// So many negative tests, so far apart, so close together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NegativeTests {
    pub(crate) count: u32,
    /// Least hours between the samples of two that are counted.
    pub(crate) gap_hours: u32,
    /// Most days of 24 hours from the first sample to the last.
    pub(crate) within_days: Option<u32>,
    /// Sampled on this day of the phase or later (days that must be over first).
    pub(crate) after_days: u32,
    pub(crate) method: Option<TestMethod>,
}

/// So many local days with a check-in that reports neither symptoms nor fever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CheckIns {
    pub(crate) days: u32,
    /// A day without one starts the count again.
    pub(crate) consecutive: bool,
    /// A check-in at or above these tenths of a degree is not clean.
    pub(crate) below_tenths: u16,
}

/// The release paper that is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PaperNeeded {
    pub(crate) which: Paper,
    /// One of these kinds; empty: any.
    pub(crate) kinds: Vec<ReleasePaper>,
    /// Only from the authority whose evidence started the rule.
    pub(crate) same_origin: bool,
}

/// What a release paper must refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paper {
    /// The one that names the case or the trace behind this reason.
    This,
    /// Any that was recorded for the holder after the phase began.
    Any,
}

impl Rule {
    /// The latest a count from `origin` can end whatever else is recorded; `None` if time alone
    /// does not end it.
    pub(crate) fn ends_by(&self, origin: Timestamp) -> Option<Timestamp> {
        let (mut begin, mut end) = (origin, origin);
        for phase in &self.phases {
            begin = if phase.counts_on { begin } else { end };
            let days = days_alone(phase)?;
            end = self.calendar.end_of(begin, days).max(end);
        }
        Some(end)
    }
}

/// The days after which a phase is over whatever else happens.
fn days_alone(phase: &Phase) -> Option<u32> {
    let alone = |w: &&Release| {
        w.negative_tests.is_none() && w.clean_check_ins.is_none() && w.paper.is_none()
    };
    phase.ends_when.iter().filter(alone).filter_map(|w| w.days).min()
}
