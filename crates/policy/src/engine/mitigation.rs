//! Mitigation, what holds meanwhile: an appeal that was not decided in time, imported evidence that
//! the local authority disputes.
//!
//! Both can only make a reason milder, never take it away for an appeal, and never beyond yellow:
//! green is what is left when no rule asks.

use jadegate_domain::Timestamp;
use jadegate_domain::assessment::{EasedBy, Texts};
use jadegate_domain::evidence::AppealOutcome;

use crate::engine::found::{Found, View, Warning};
use crate::engine::occurrence::{Mitigation, Occurrence};
use crate::model::compact::{CompactEvidence, recorded_id};
use crate::model::kinds::{CompactFact, When};
use crate::model::mitigation::{Easing, WhileDisputed};
use crate::model::policy::Compiled;

impl Compiled {
    /// The words for a mitigated reason.
    pub(crate) fn mitigation_text(&self, rule: u16, by: EasedBy) -> Texts {
        match by {
            EasedBy::Dispute => self.imported.text.clone(),
            EasedBy::Appeal => {
                let of_rule = |e: &&Easing| e.rules.contains(&rule);
                self.easings.iter().find(of_rule).map_or_else(Texts::new, |e| e.text.clone())
            }
        }
    }
}

/// Applies appeals, decisions and disputes to what was found. `view` is all evidence, `found` what
/// the rules made of those known at `now`.
pub(crate) fn mitigate(view: &View<'_>, policy: &Compiled, now: Timestamp, found: &mut Found) {
    let about = |p: &&CompactEvidence| p.recorded <= now && p.class.fact.is_about_evidence();
    let known: Vec<&CompactEvidence> = view.own.iter().filter(about).collect();
    let mut meanwhile = Meanwhile { disputes: Vec::new(), appeals: Vec::new() };
    for p in &known {
        match view.imported(p.about) {
            None => found.warnings.push(Warning::UnknownReference(recorded_id(p.id))),
            Some(imported) => meanwhile.add(p, imported, &known, found),
        }
    }
    meanwhile.apply(policy, found);
}

struct Appeal {
    id: u64,
    contests: u64,
    lodged: Timestamp,
    granted: Option<Timestamp>,
}

struct Meanwhile {
    /// The disputed evidence and the dispute.
    disputes: Vec<(u64, u64)>,
    /// Appeals that were not refused.
    appeals: Vec<Appeal>,
}

impl Meanwhile {
    /// `imported`: is the evidence it is about from elsewhere?
    fn add(
        &mut self,
        p: &CompactEvidence,
        imported: bool,
        known: &[&CompactEvidence],
        found: &mut Found,
    ) {
        let id = recorded_id(p.id);
        match p.class.fact {
            // A dispute is relief: an agency of this place must stand behind it.
            CompactFact::Dispute if !p.class.by_agency || p.class.origin.is_some() => {
                found.warnings.push(Warning::Unattributed(id));
            }
            CompactFact::Dispute if !imported => found.warnings.push(Warning::NotImported(id)),
            CompactFact::Dispute => {
                found.warnings.push(Warning::Disputed(recorded_id(p.about)));
                self.disputes.push((p.about, p.id));
            }
            CompactFact::Appeal => self.appeal(p, known, found),
            CompactFact::Decision { outcome: AppealOutcome::Granted } if !p.class.by_agency => {
                found.warnings.push(Warning::Unattributed(id));
            }
            _ => {}
        }
    }

    /// A refusal ends an appeal for good; beside one, a grant is worth nothing.
    fn appeal(&mut self, p: &CompactEvidence, known: &[&CompactEvidence], found: &mut Found) {
        let decided = |outcome| {
            let decision = CompactFact::Decision { outcome };
            known.iter().filter(move |d| d.class.fact == decision && d.about == p.id)
        };
        let by_agency = decided(AppealOutcome::Granted).filter(|d| d.class.by_agency);
        let granted = by_agency.map(|d| d.recorded).min();
        if decided(AppealOutcome::Refused).next().is_none() {
            let (contests, lodged) = (p.about, p.recorded);
            self.appeals.push(Appeal { id: p.id, contests, lodged, granted });
        } else if granted.is_some() {
            found.warnings.push(Warning::Contradictory(recorded_id(p.id)));
        }
    }

    fn apply(&self, policy: &Compiled, found: &mut Found) {
        let way = policy.imported.while_disputed;
        if way == WhileDisputed::SetAside {
            found.occurrences.retain(|o| missing(o, policy) || self.dispute(o).is_none());
        }
        for o in &mut found.occurrences {
            let dispute =
                self.dispute(o).filter(|_| way == WhileDisputed::Yellow && !missing(o, policy));
            o.mitigation = dispute.into_iter().chain(self.lapsed(o, policy)).min();
        }
    }

    fn dispute(&self, o: &Occurrence) -> Option<Mitigation> {
        let of = |(disputed, _): &&(u64, u64)| o.rests_on(*disputed);
        let id = self.disputes.iter().filter(of).map(|(_, dispute)| *dispute).min()?;
        Some(Mitigation { from: Timestamp::EPOCH, by: EasedBy::Dispute, id })
    }

    fn lapsed(&self, o: &Occurrence, policy: &Compiled) -> Option<Mitigation> {
        let easing = policy.easings.iter().find(|e| e.rules.contains(&o.rule))?;
        let contesting = self.appeals.iter().filter(|a| o.rests_on(a.contests));
        let mitigation = |a: &Appeal| {
            let lapses = a.lodged.plus_secs(i64::from(easing.after_hours) * 3600);
            let from = a.granted.map_or(lapses, |g| g.min(lapses));
            Mitigation { from, by: EasedBy::Appeal, id: a.id }
        };
        contesting.map(mitigation).min()
    }
}

/// What is missing is no claim of anybody's: giving it ends the reason.
fn missing(o: &Occurrence, policy: &Compiled) -> bool {
    let rule = policy.rules.get(usize::from(o.rule));
    rule.is_some_and(|r| matches!(r.when, When::Missing { .. }))
}
