//! What ends a phase: the earliest moment at which one of its releases is met in full.
//!
//! A condition is met at the moment the last piece that meets it was recorded; later evidence
//! cannot take that moment back. Only evidence recorded by an agency relieves anybody.

use jadegate_domain::Timestamp;
use jadegate_domain::evidence::TestResult;

use crate::model::calendar::Calendar;
use crate::model::compact::CompactEvidence;
use crate::model::kinds::{CompactFact, NEVER, Reference};
use crate::model::place::Place;
use crate::model::rule::{CheckIns, NegativeTests, Paper, PaperNeeded, Phase, Release};

/// What a release must be about: the occurrence it would end.
#[derive(Clone, Copy)]
pub(crate) struct About {
    /// The case or trace behind it.
    pub(crate) refers_to: Option<Reference>,
    /// The division whose authority recorded it, if imported.
    pub(crate) origin: Place,
}

/// Somebody's evidence, what is known at a moment, and room to sort some of them in.
pub(crate) struct Known<'a> {
    pub(crate) evidence: &'a [CompactEvidence],
    pub(crate) now: Timestamp,
    pub(crate) room: &'a mut Room,
}

/// Room that is used again for the next person.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room {
    tests: Vec<(Timestamp, Timestamp)>,
    samples: Vec<Timestamp>,
    reports: Vec<(Timestamp, u64, bool)>,
}

impl<'a> Known<'a> {
    fn iter(&self) -> impl Iterator<Item = &'a CompactEvidence> + use<'a> {
        let now = self.now;
        self.evidence.iter().filter(move |p| p.recorded <= now)
    }

    /// The end of a phase that began at `from`; [`NEVER`] if nothing known ends it.
    pub(crate) fn end_of_phase(
        &mut self,
        phase: &Phase,
        from: Timestamp,
        about: About,
        calendar: &Calendar,
    ) -> Timestamp {
        let ends = phase.ends_when.iter().map(|r| self.met_at(r, from, about, calendar));
        ends.min().unwrap_or(NEVER)
    }

    /// When all parts of one release are met.
    fn met_at(
        &mut self,
        release: &Release,
        from: Timestamp,
        about: About,
        calendar: &Calendar,
    ) -> Timestamp {
        let mut at = release.days.map_or(from, |d| calendar.end_of(from, d));
        if let Some(tests) = release.negative_tests {
            at = at.max(self.tests_met_at(tests, from, calendar));
        }
        if let Some(check_ins) = release.clean_check_ins {
            at = at.max(self.check_ins_met_at(check_ins, from, calendar));
        }
        if let Some(paper) = &release.paper {
            at = at.max(self.paper_met_at(paper, from, about));
        }
        at
    }

    fn tests_met_at(
        &mut self,
        wanted: NegativeTests,
        from: Timestamp,
        calendar: &Calendar,
    ) -> Timestamp {
        let first_day = calendar.end_of(from, wanted.after_days);
        let earliest = if wanted.after_days == 0 { from } else { first_day };
        let known = self.iter();
        let Room { tests, samples, .. } = &mut *self.room;
        tests.clear();
        tests.extend(
            known
                .filter_map(|p| negative_sample(p, &wanted).map(|sampled| (p.recorded, sampled)))
                .filter(|(_, sampled)| *sampled >= earliest),
        );
        tests.sort_unstable();
        samples.clear();
        for (recorded, sampled) in tests.iter() {
            let at = samples.partition_point(|s| s <= sampled);
            samples.insert(at, *sampled);
            if has_series(samples, wanted) {
                return *recorded;
            }
        }
        NEVER
    }

    fn check_ins_met_at(
        &mut self,
        wanted: CheckIns,
        from: Timestamp,
        calendar: &Calendar,
    ) -> Timestamp {
        let known = self.iter();
        let Room { reports, .. } = &mut *self.room;
        reports.clear();
        reports.extend(known.filter(|p| p.recorded >= from).filter_map(|p| {
            day_report(p, wanted.below_tenths).map(|clean| (p.recorded, p.id, clean))
        }));
        reports.sort_unstable();
        let mut count = CleanDays { wanted, days: 0, last: None };
        for (recorded, _, clean) in reports.iter() {
            count.add(calendar.day_index(*recorded), *clean);
            if count.days >= wanted.days {
                return *recorded;
            }
        }
        NEVER
    }

    fn paper_met_at(&self, wanted: &PaperNeeded, from: Timestamp, about: About) -> Timestamp {
        self.iter()
            .filter(|p| p.class.by_agency)
            .filter(|p| !wanted.same_origin || p.class.origin == about.origin)
            .filter(|p| match p.class.fact {
                CompactFact::Release { paper, .. } => {
                    wanted.kinds.is_empty() || wanted.kinds.contains(&paper)
                }
                _ => false,
            })
            .filter(|p| match wanted.which {
                Paper::This => about.refers_to == p.reference(),
                Paper::Any => p.at >= from,
            })
            .map(|p| p.at.max(p.recorded).max(from))
            .min()
            .unwrap_or(NEVER)
    }
}

/// A negative test that may relieve somebody: its sample cannot be later than its record.
fn negative_sample(p: &CompactEvidence, wanted: &NegativeTests) -> Option<Timestamp> {
    match p.class.fact {
        CompactFact::Test { result: TestResult::Negative, method }
            if p.class.by_agency
                && p.at <= p.recorded
                && wanted.method.is_none_or(|m| m == method) =>
        {
            Some(p.at)
        }
        _ => None,
    }
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
fn day_report(p: &CompactEvidence, below_tenths: u16) -> Option<bool> {
    let CompactFact::Report(r) = p.class.fact else { return None };
    let cool = r.temperature.is_none_or(|t| t.tenths() < below_tenths);
    let clean = r.symptoms.is_empty() && cool;
    // A declaration is no check-in, but its symptoms spoil the day all the same.
    (r.check_in || !clean).then_some(clean)
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
