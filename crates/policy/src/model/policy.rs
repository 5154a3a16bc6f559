//! A policy as the program holds it: checked, immutable, cheap to share.

use std::collections::BTreeMap;
use std::sync::Arc;

use jadegate_domain::agency::AgencyKind;
use jadegate_domain::assessment::{PolicyRef, Reason, Texts};
use jadegate_domain::evidence::ContactDegree;
use jadegate_domain::{Assessment, Colour, Division, EvidenceKind, Period, PlaceKind, Timestamp};

use crate::model::calendar::{Calendar, DayCount};
use crate::model::contact::{
    Bound, ContactRules, Likelihood, PlaceRules, VehicleNear, VehicleRules,
};
use crate::model::index::Index;
use crate::model::mitigation::{Easing, Imported};
use crate::model::rule::Rule;

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
    pub(crate) people: PeopleRules,
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

/// For whom others may show a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeopleRules {
    /// How many people at most somebody may care for.
    pub most: u32,
    /// The age in whole years at which a guardian's proxy for a child ends.
    pub child_until_age: u32,
}

/// When a case could infect others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Infectious {
    pub(crate) days_before_onset: u32,
    pub(crate) days_before_sampling: u32,
}

/// A division whose people live by another clock, and the policy as it reads there.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    pub(crate) division: Division,
    pub(crate) there: Arc<Compiled>,
}

impl Policy {
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

    /// How likely those who shared time met, if the policy says so.
    pub fn likelihood(&self) -> Option<&Likelihood> {
        self.0.contact.likelihood.as_ref()
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

    /// For whom others may show a code.
    pub fn people(&self) -> PeopleRules {
        self.0.people
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

    /// Within how many hours an appeal about a record behind this rule is to be decided before the rule
    /// asks for a milder colour; `None`: it never does, or there is no such rule.
    pub fn easing_hours(&self, rule: &str) -> Option<u32> {
        let index = (0u16..).zip(&self.0.rules).find(|(_, r)| r.id == rule).map(|(i, _)| i)?;
        self.0.easings.iter().find(|e| e.rules.contains(&index)).map(|e| e.after_hours)
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

/// Names a policy in one line.
pub(crate) fn named(policy: &PolicyRef) -> String {
    format!("{} version {} ({})", policy.id, policy.version, policy.digest)
}
