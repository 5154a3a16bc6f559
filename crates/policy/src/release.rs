//! What ends a phase: the earliest moment at which one of its ways out is met in full.
//!
//! A condition is met at the moment the last piece that meets it was recorded; later evidence
//! cannot take that moment back. Only evidence recorded by an agency relieves anybody.

use jadegate_domain::evidence::{ReleaseOf, TestResult};
use jadegate_domain::{Evidence, EvidenceId, Fact, Timestamp};

use crate::days::Calendar;
use crate::model::{CheckIns, NegativeTests, Paper, Phase, Release};

/// A moment that never comes.
pub(crate) const NEVER: Timestamp = Timestamp::MAX;

/// The end of a phase that began at `from`; [`NEVER`] if nothing known ends it.
pub(crate) fn end_of_phase<'a>(
    phase: &Phase,
    from: Timestamp,
    refers_to: Option<ReleaseOf>,
    known: &(impl Iterator<Item = &'a Evidence> + Clone),
    calendar: &Calendar,
) -> Timestamp {
    phase
        .ends_when
        .iter()
        .map(|way| met_at(way, from, refers_to, known, calendar))
        .min()
        .unwrap_or(NEVER)
}

/// When all parts of one way out are met.
fn met_at<'a>(
    way: &Release,
    from: Timestamp,
    refers_to: Option<ReleaseOf>,
    known: &(impl Iterator<Item = &'a Evidence> + Clone),
    calendar: &Calendar,
) -> Timestamp {
    let mut at = way.days.map_or(from, |d| calendar.end_of(from, d));
    if let Some(tests) = way.negative_tests {
        at = at.max(tests_met_at(tests, from, known.clone(), calendar));
    }
    if let Some(check_ins) = way.clean_check_ins {
        at = at.max(check_ins_met_at(check_ins, from, known.clone(), calendar));
    }
    if let Some(paper) = way.paper {
        at = at.max(paper_met_at(paper, from, refers_to, known.clone()));
    }
    at
}

/// A negative test that may relieve somebody: its sample cannot be later than its record.
fn negative_sample(e: &Evidence, wanted: &NegativeTests) -> Option<Timestamp> {
    match e.fact {
        Fact::Test { result: TestResult::Negative, method, sampled_at }
            if e.agency.is_some()
                && sampled_at <= e.recorded_at
                && wanted.method.is_none_or(|m| m == method) =>
        {
            Some(sampled_at)
        }
        _ => None,
    }
}

fn tests_met_at<'a>(
    wanted: NegativeTests,
    from: Timestamp,
    known: impl Iterator<Item = &'a Evidence>,
    calendar: &Calendar,
) -> Timestamp {
    let first_day = calendar.end_of(from, wanted.after_days);
    let earliest = if wanted.after_days == 0 { from } else { first_day };
    let mut by_record: Vec<(Timestamp, Timestamp)> = known
        .filter_map(|e| negative_sample(e, &wanted).map(|sampled| (e.recorded_at, sampled)))
        .filter(|(_, sampled)| *sampled >= earliest)
        .collect();
    by_record.sort_unstable();
    let mut samples = Vec::with_capacity(by_record.len());
    for (recorded, sampled) in by_record {
        let at = samples.partition_point(|s| *s <= sampled);
        samples.insert(at, sampled);
        if has_series(&samples, wanted) {
            return recorded;
        }
    }
    NEVER
}

/// Do the (sorted) samples hold enough of them, far enough apart, close enough together?
fn has_series(samples: &[Timestamp], wanted: NegativeTests) -> bool {
    let gap = i64::from(wanted.gap_hours) * 3600;
    // Without a window no series is longer than the one that begins with the first sample.
    let starts = if wanted.within_days.is_some() { samples.len() } else { 1 };
    samples.iter().enumerate().take(starts).any(|(i, first)| {
        let last_allowed = wanted.within_days.map_or(NEVER, |d| first.plus_days(i64::from(d)));
        let mut count = 0;
        let mut next = *first;
        for s in samples[i..].iter().take_while(|s| **s <= last_allowed) {
            if *s >= next {
                count += 1;
                next = s.plus_secs(gap);
            }
        }
        count >= wanted.count
    })
}

/// What a report says about a day: clean, not clean, or nothing.
fn day_report(e: &Evidence, below_tenths: u16) -> Option<bool> {
    match &e.fact {
        Fact::CheckIn { temperature, symptoms } => {
            Some(symptoms.is_empty() && temperature.is_none_or(|t| t.tenths() < below_tenths))
        }
        // A declaration is no check-in, but its symptoms spoil the day all the same.
        Fact::Declaration { temperature, symptoms, .. }
            if !symptoms.is_empty() || temperature.is_some_and(|t| t.tenths() >= below_tenths) =>
        {
            Some(false)
        }
        _ => None,
    }
}

fn check_ins_met_at<'a>(
    wanted: CheckIns,
    from: Timestamp,
    known: impl Iterator<Item = &'a Evidence>,
    calendar: &Calendar,
) -> Timestamp {
    let mut reports: Vec<(Timestamp, EvidenceId, bool)> = known
        .filter(|e| e.recorded_at >= from)
        .filter_map(|e| {
            day_report(e, wanted.below_tenths).map(|clean| (e.recorded_at, e.id, clean))
        })
        .collect();
    reports.sort_unstable();
    let mut count = CleanDays { wanted, days: 0, last: None };
    for (recorded, _, clean) in reports {
        count.add(calendar.day_index(recorded), clean);
        if count.days >= wanted.days {
            return recorded;
        }
    }
    NEVER
}

/// Clean days so far, fed in the order of recording.
struct CleanDays {
    wanted: CheckIns,
    days: u32,
    /// The last day with a report, and whether it is clean so far.
    last: Option<(i64, bool)>,
}

impl CleanDays {
    fn add(&mut self, day: i64, clean: bool) {
        match self.last {
            Some((last, _)) if last == day && clean => return,
            Some((last, true)) if last == day => self.spoil(1),
            Some((last, false)) if last == day => {}
            _ if !clean => self.spoil(0),
            Some((last, true)) if last + 1 == day => self.days += 1,
            _ if self.wanted.consecutive => self.days = 1,
            _ => self.days += 1,
        }
        self.last = Some((day, clean));
    }

    fn spoil(&mut self, counted: u32) {
        let left = self.days.saturating_sub(counted);
        self.days = if self.wanted.consecutive { 0 } else { left };
    }
}

fn paper_met_at<'a>(
    wanted: Paper,
    from: Timestamp,
    refers_to: Option<ReleaseOf>,
    known: impl Iterator<Item = &'a Evidence>,
) -> Timestamp {
    known
        .filter(|e| e.agency.is_some())
        .filter_map(|e| match e.fact {
            Fact::Release { refers_to: of, released_at, .. } => {
                Some((of, released_at, e.recorded_at))
            }
            _ => None,
        })
        .filter(|(of, released, _)| match wanted {
            Paper::This => refers_to == Some(*of),
            Paper::Any => *released >= from,
        })
        .map(|(_, released, recorded)| released.max(recorded).max(from))
        .min()
        .unwrap_or(NEVER)
}
