//! A policy as the program holds it: checked, immutable, cheap to share.

use std::collections::BTreeMap;
use std::sync::Arc;

use jadegate_domain::agency::AgencyKind;
use jadegate_domain::assessment::{PolicyRef, Reason, Texts};
use jadegate_domain::division::RiskLevel;
use jadegate_domain::evidence::{
    ArrivalPurpose, Certainty, ContactDegree, ReleasePaper, Symptom, Temperature, TestMethod,
    TestResult,
};
use jadegate_domain::{
    Assessment, CaseClass, Colour, Division, EvidenceKind, Period, PlaceKind, Timestamp,
};

use crate::days::{Calendar, DayCount};
use crate::index::Index;
use crate::mitigation::{Easing, Imported};
use crate::origin::Origins;
use crate::problem::Problem;
use crate::zones::Zone;

/// A policy: the published rules by which evidence becomes a colour. Made by [`Policy::parse`];
/// cloning copies one pointer.
#[derive(Clone, Debug)]
pub struct Policy(pub(crate) Arc<Compiled>);

/// What a policy file says, checked.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    pub(crate) reference: PolicyRef,
    pub(crate) title: Texts,
    pub(crate) authority: Texts,
    pub(crate) source: String,
    pub(crate) notes: Vec<Texts>,
    pub(crate) country: Division,
    pub(crate) zone_name: String,
    pub(crate) calendar: Calendar,
    pub(crate) valid_from: Timestamp,
    pub(crate) valid_to: Option<Timestamp>,
    pub(crate) fresh_seconds: u32,
    pub(crate) infectious: Infectious,
    pub(crate) contact: ContactRules,
    pub(crate) retention: Retention,
    pub(crate) daily_check_in: Vec<Colour>,
    pub(crate) colours: [ColourTexts; 3],
    pub(crate) recorders: BTreeMap<EvidenceKind, Vec<Option<AgencyKind>>>,
    /// Rules in the order of their ids; decays among them.
    pub(crate) rules: Vec<Rule>,
    /// The rules arranged for looking them up.
    pub(crate) index: Index,
    /// What holds while an appeal has not been decided in time, in the order of their ids.
    pub(crate) easings: Vec<Easing>,
    /// What holds while imported evidence is disputed.
    pub(crate) imported: Imported,
    /// The same policy under other local times; empty inside a zone's own.
    pub(crate) zones: Vec<Zone>,
}

/// How a policy names a colour and what it asks of somebody who has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColourTexts {
    /// The word that goes with the colour ("Green code").
    pub name: Texts,
    /// What it means for the holder ("Move freely").
    pub advice: Texts,
}

/// How long what is kept, in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Visits and scans, counted from the UTC day of the visit.
    pub visit_days: u32,
    /// Evidence, counted from its end of effect.
    pub evidence_days: u32,
}

/// When a case could infect others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Infectious {
    pub(crate) days_before_onset: u32,
    pub(crate) days_before_sampling: u32,
}

/// What makes a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContactRules {
    pub(crate) max_hops: u32,
    pub(crate) secondary_delay_hours: u32,
    pub(crate) counts: Bound,
    pub(crate) usual: PlaceRules,
    pub(crate) by_place: BTreeMap<PlaceKind, PlaceRules>,
    pub(crate) vehicles: BTreeMap<PlaceKind, VehicleRules>,
}

/// Which minutes count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Also those that rest on an assumed end, and unproven ones beside proven ones.
    Upper,
    /// Only recorded ones.
    Lower,
}

/// Who is near whom aboard a kind of vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VehicleRules {
    /// How near.
    pub near: VehicleNear,
    /// Is somebody near whose seat is not known?
    pub unknown_is_near: bool,
}

/// How near two people aboard must have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VehicleNear {
    /// Everyone aboard between the same stops.
    Vehicle,
    /// In the same coach or compartment.
    Coach,
    /// At most so many rows before or behind, in the same coach.
    Rows(u16),
}

/// Thresholds at one kind of place, in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlaceRules {
    pub(crate) close: u32,
    pub(crate) secondary: u32,
    pub(crate) assumed_stay: u32,
    pub(crate) lingering: u32,
}

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

/// What starts a rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum When {
    Case {
        classes: Vec<CaseClass>,
    },
    Test {
        results: Vec<TestResult>,
        methods: Vec<TestMethod>,
    },
    Contact {
        degrees: Vec<ContactDegree>,
        certainties: Vec<Certainty>,
        places: Vec<PlaceKind>,
        min_minutes: u32,
    },
    Stay {
        levels: Vec<RiskLevel>,
        divisions: Vec<Division>,
        while_in_force: bool,
    },
    Report {
        declarations: bool,
        check_ins: bool,
        symptoms: Vec<Symptom>,
        fever: Option<Temperature>,
        contact_with_case: bool,
    },
    Arrival {
        from_abroad: bool,
        from: Vec<Division>,
        purposes: Vec<ArrivalPurpose>,
    },
    /// Nothing of this kind was recorded for so many hours.
    Missing {
        what: Missing,
        hours: u32,
        also_if_never: bool,
    },
}

/// What must be recorded again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// A declaration or check-in of any content.
    Report,
    /// A declaration or check-in with a temperature.
    Temperature,
    /// A negative test.
    NegativeTest,
}

impl Missing {
    /// The word in policy files and in a reason's needs.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Temperature => "temperature",
            Self::NegativeTest => "negative_test",
        }
    }
}

/// The moment a rule's days are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CountFrom {
    /// When the case was confirmed.
    Confirmed,
    /// First symptoms of the case; confirmation where none are known.
    Onset,
    /// When the sample was taken.
    Sampled,
    /// End of the last shared time.
    LastContact,
    /// Leaving the region (or the region's level ending, if earlier).
    Exit,
    /// Entering the region.
    Entry,
    /// Crossing the border.
    Arrived,
    /// When it was recorded.
    Recorded,
}

impl Policy {
    /// Reads and checks a policy file. All problems are reported together, in the file's order.
    pub fn parse(toml_text: &str) -> Result<Self, Vec<Problem>> {
        crate::parse::policy(toml_text).map(|c| Self(Arc::new(c)))
    }

    /// Id, version and digest of the file: what assessments and the public log name.
    pub fn reference(&self) -> PolicyRef {
        self.0.reference.clone()
    }

    /// The policy's id.
    pub fn id(&self) -> &str {
        &self.0.reference.id
    }

    /// The policy's name in a language; English where that language is missing.
    pub fn title(&self, lang: &str) -> &str {
        self.0.title.get(lang).or_else(|| self.0.title.get("en")).map_or("", String::as_str)
    }

    /// The policy's name in all its languages.
    pub fn titles(&self) -> &Texts {
        &self.0.title
    }

    /// Who is responsible for it.
    pub fn authority(&self) -> &Texts {
        &self.0.authority
    }

    /// Where the rules were published.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// What the source does not say and the file's author decided.
    pub fn notes(&self) -> &[Texts] {
        &self.0.notes
    }

    /// The country the policy is for; arrivals from any other one are from abroad.
    pub fn country(&self) -> &Division {
        &self.0.country
    }

    /// First moment it is in force.
    pub fn valid_from(&self) -> Timestamp {
        self.0.valid_from
    }

    /// First moment it is no longer in force, if an end is set.
    pub fn valid_to(&self) -> Option<Timestamp> {
        self.0.valid_to
    }

    /// How a colour is called and what it asks for.
    pub fn colour_texts(&self, colour: Colour) -> &ColourTexts {
        &self.0.colours[usize::from(colour.as_u8())]
    }

    /// Seconds a live code is valid after it was made.
    pub fn fresh_seconds(&self) -> u32 {
        self.0.fresh_seconds
    }

    /// Name of the time zone whose midnights count (`Asia/Shanghai`).
    pub fn time_zone_name(&self) -> &str {
        &self.0.zone_name
    }

    /// The time zone whose midnights count.
    pub fn time_zone(&self) -> &jiff::tz::TimeZone {
        self.0.calendar.zone()
    }

    /// The calendar: time zone, day count, first day.
    pub fn calendar(&self) -> &Calendar {
        &self.0.calendar
    }

    /// When a case could infect others: from the policy's days before the first symptoms (or, if
    /// none are known or the sample is older, before the sample) until isolation, or until now.
    ///
    /// The days before are whole local days where the policy counts by local midnight, so that the
    /// window starts at a midnight; it is never shorter than the stated days.
    pub fn infectious_window(
        &self,
        onset: Option<Timestamp>,
        confirmed_at: Timestamp,
        isolated_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Period {
        let before = |at: Timestamp, days: u32| match self.0.calendar.day_count() {
            DayCount::LocalMidnight => self.0.calendar.midnight(at, -i64::from(days)),
            DayCount::Hours24 => at.plus_days(-i64::from(days)),
        };
        let by_onset = onset.map(|o| before(o, self.0.infectious.days_before_onset));
        let by_sample = before(confirmed_at, self.0.infectious.days_before_sampling);
        let from = match (onset, by_onset) {
            (Some(o), Some(b)) if o <= confirmed_at => b,
            (_, Some(b)) => b.min(by_sample),
            (_, None) => by_sample,
        };
        Period { from, to: isolated_at.unwrap_or(now).max(from) }
    }

    /// Least minutes shared at such a place that make a contact of this degree.
    pub fn contact_minutes(&self, kind: PlaceKind, degree: ContactDegree) -> u32 {
        let rules = self.place_rules(kind);
        match degree {
            ContactDegree::Close => rules.close,
            ContactDegree::Secondary => rules.secondary,
        }
    }

    /// Minutes a person is taken to have stayed at such a place where no exit is known.
    pub fn assumed_stay_minutes(&self, kind: PlaceKind) -> u32 {
        self.place_rules(kind).assumed_stay
    }

    /// Minutes such a place stays dangerous after somebody infectious has left it.
    pub fn lingering_minutes(&self, kind: PlaceKind) -> u32 {
        self.place_rules(kind).lingering
    }

    /// Which bound of the minutes counts.
    pub fn counts(&self) -> Bound {
        self.0.contact.counts
    }

    /// Who is near whom aboard such a vehicle; everyone where the file says nothing.
    pub fn vehicle(&self, kind: PlaceKind) -> VehicleRules {
        let everyone = VehicleRules { near: VehicleNear::Vehicle, unknown_is_near: true };
        self.0.contact.vehicles.get(&kind).copied().unwrap_or(everyone)
    }

    fn place_rules(&self, kind: PlaceKind) -> &PlaceRules {
        self.0.contact.by_place.get(&kind).unwrap_or(&self.0.contact.usual)
    }

    /// Hours after a close contact's first contact from which they could have infected others.
    pub fn secondary_delay_hours(&self) -> u32 {
        self.0.contact.secondary_delay_hours
    }

    /// How far a trace goes: 1 finds contacts, 2 their contacts as well.
    pub fn max_hops(&self) -> u32 {
        self.0.contact.max_hops
    }

    /// Days visits and scans are kept.
    pub fn retention_days(&self) -> u32 {
        self.0.retention.visit_days
    }

    /// How long what is kept.
    pub fn retention(&self) -> Retention {
        self.0.retention
    }

    /// Holders of these colours check in daily.
    pub fn daily_check_in_colours(&self) -> &[Colour] {
        &self.0.daily_check_in
    }

    /// May an agency of this kind (`None`: the holder) record such evidence under this policy?
    /// Never wider than [`EvidenceKind::may_record`].
    pub fn may_record(&self, kind: EvidenceKind, by: Option<AgencyKind>) -> bool {
        kind.may_record(by) && self.0.recorders.get(&kind).is_some_and(|list| list.contains(&by))
    }

    /// The ids of all rules, in order.
    pub fn rule_ids(&self) -> impl Iterator<Item = &str> {
        self.0.rules.iter().map(|r| r.id.as_str())
    }

    /// Which day of its count a reason is in at `now`: 1 on day 1, 0 on the day of the event
    /// itself where the policy counts from the next day. `None` if the rule counts no days, or if
    /// the count has not begun (somebody is still in the region).
    pub fn day_of(&self, reason: &Reason, now: Timestamp) -> Option<u32> {
        let rule = self.0.rules.iter().find(|r| r.id == reason.rule)?;
        rule.day_at(reason.days, reason.counted_from, now)
    }

    /// A stored assessment as of a later moment before its `next_change`: only the numbers of the
    /// days move on.
    #[must_use]
    pub fn with_days_at(&self, mut assessment: Assessment, now: Timestamp) -> Assessment {
        for reason in &mut assessment.reasons {
            reason.day = self.day_of(reason, now);
        }
        assessment.at = now;
        assessment
    }
}
