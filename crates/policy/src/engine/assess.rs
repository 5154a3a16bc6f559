//! The one function that makes a colour.

use jadegate_domain::assessment::{Assessment, Eased, EasedBy, Reason};
use jadegate_domain::{AgencyId, Colour, Evidence, EvidenceId, Timestamp};

use crate::engine::active::{Active, actives, next_change};
use crate::engine::found::{Found, View, Warning};
use crate::engine::occurrence::Occurrence;
use crate::engine::search::find;
use crate::model::compact::{CompactEvidence, compact, recorded_id};
use crate::model::kinds::{CompactFact, NEVER, When};
use crate::model::policy::{Compiled, Policy};
use crate::model::rule::Phase;

/// What a policy says about one person at one moment.
///
/// `evidence` is the person's own evidence and the public risk levels that may concern them, in any
/// order. Pieces that were withdrawn or replaced do not count; pieces recorded after `now` are
/// ignored until then, with a warning. The answer, apart from the number of the day in each reason
/// (see [`Policy::with_days_at`]), holds until `next_change`.
pub fn assess<'a, I>(evidence: I, policy: &Policy, now: Timestamp) -> Assessment
where
    I: IntoIterator<Item = &'a Evidence>,
    I::IntoIter: Clone,
{
    let policy = &*policy.0;
    let evidence = evidence.into_iter();
    let sorted = Sorted::of(evidence.clone());
    let mut found = Found::default();
    find(policy, &sorted.view(), now, &mut found);
    let next_change = next_change(&found, policy, now);
    let agency = |id: u64| {
        evidence.clone().find(|e| e.id.as_u64() == id && e.counts()).and_then(|e| e.agency)
    };
    let telling = Telling { policy, all: &found.occurrences, now, agency: &agency };
    let mut reasons: Vec<Reason> = Vec::new();
    reasons.extend(actives(&found.occurrences, policy, now).map(|a| telling.reason(&a)));
    // Rules are in the order of their ids, and the sort is stable.
    reasons.sort_by_key(|r| std::cmp::Reverse(r.colour));
    Assessment {
        colour: reasons.first().map_or(Colour::Green, |r| r.colour),
        reasons,
        warnings: warnings(&found, policy, now),
        at: now,
        next_change,
        policy: policy.reference.clone(),
    }
}

/// A person's evidence made compact.
#[derive(Default)]
struct Sorted {
    own: Vec<CompactEvidence>,
    risks: Vec<CompactEvidence>,
    gone: Vec<(u64, bool)>,
}

impl Sorted {
    fn of<'a>(evidence: impl Iterator<Item = &'a Evidence>) -> Self {
        let mut sorted = Self::default();
        sorted.own.reserve(evidence.size_hint().0);
        for e in evidence {
            if !e.counts() {
                sorted.gone.push((e.id.as_u64(), e.origin.is_some()));
                continue;
            }
            compact(e, |p| match p.class.fact {
                CompactFact::Risk { .. } => sorted.risks.push(p),
                _ => sorted.own.push(p),
            });
        }
        sorted
    }

    fn view(&self) -> View<'_> {
        View { own: &self.own, risks: &self.risks, public: None, gone: &self.gone }
    }
}

fn in_force(policy: &Compiled, at: Timestamp) -> bool {
    policy.valid_from <= at && policy.valid_to.is_none_or(|to| at < to)
}

fn warnings(found: &Found, policy: &Compiled, now: Timestamp) -> Vec<String> {
    let validity = (!in_force(policy, now)).then_some(Warning::PolicyNotInForce);
    found.warnings.iter().copied().chain(validity).map(Warning::text).collect()
}

/// What is needed to put an active rule into words.
struct Telling<'a> {
    policy: &'a Compiled,
    all: &'a [Occurrence],
    now: Timestamp,
    agency: &'a dyn Fn(u64) -> Option<AgencyId>,
}

impl Telling<'_> {
    fn reason(&self, a: &Active) -> Reason {
        let rule = &self.policy.rules[usize::from(a.rule)];
        let (shown, phase) = (&self.all[a.shown], &rule.phases[a.phase]);
        let counted_from = shown.begins[a.phase];
        let causes = || a.asking(self.all, self.policy).flat_map(|o| o.causes).flatten();
        let mut evidence: Vec<EvidenceId> = causes().map(recorded_id).collect();
        evidence.sort_unstable();
        evidence.dedup();
        let mut agencies: Vec<AgencyId> = causes().filter_map(self.agency).collect();
        agencies.sort_unstable();
        agencies.dedup();
        Reason {
            rule: rule.id.clone(),
            colour: a.colour,
            title: rule.title.clone(),
            ends: phase.ends.clone(),
            needs: needs(a, shown, phase, &rule.when),
            evidence,
            agencies,
            counted_from,
            since: a.since,
            until: (a.until != NEVER).then_some(a.until),
            day: rule.day_at(phase.days, counted_from, self.now),
            days: phase.days,
            eased: self.eased(a),
        }
    }

    fn eased(&self, a: &Active) -> Option<Eased> {
        let by: EasedBy = a.mitigations(self.all, self.policy).map(|(m, _)| m.by).max()?;
        let mitigations = || a.mitigations(self.all, self.policy);
        let mut evidence: Vec<EvidenceId> = mitigations().map(|(m, _)| recorded_id(m.id)).collect();
        evidence.sort_unstable();
        evidence.dedup();
        let instead_of = mitigations().map(|(_, full)| full).max()?;
        Some(Eased { by, instead_of, text: self.policy.mitigation_text(a.rule, by), evidence })
    }
}

/// What must happen first; nothing if time alone ends it.
fn needs(a: &Active, shown: &Occurrence, phase: &Phase, when: &When) -> Vec<String> {
    if a.until != NEVER {
        return Vec::new();
    }
    let place = match when {
        When::Stay { while_in_force: true, .. } if shown.still_there => Some("region_lowered"),
        When::Stay { .. } if shown.still_there => Some("leave_region"),
        _ => None,
    };
    place.into_iter().chain(phase.needs.iter().copied()).map(str::to_owned).collect()
}
