//! Whoever records or looks has been registered and confirmed, and is of a kind that may.

use std::collections::BTreeMap;

use jadegate_domain::{AgencyId, AgencyKind, Purpose};
use jadegate_ledger::{AgencyEvent, EvidenceEvent, Leaf};

use crate::entries::Entry;
use crate::report::Check;

pub(crate) fn check(entries: &[Entry]) -> Check {
    let mut check = Check::new(
        "powers",
        "evidence and looks are of agencies that were confirmed before and may do so",
    );
    let mut known: BTreeMap<AgencyId, (AgencyKind, bool)> = BTreeMap::new();
    for entry in entries {
        match &entry.leaf {
            Leaf::Agency { event, agency, agency_kind, .. } => {
                let confirmed = *event == AgencyEvent::Confirmed;
                let before = known.get(agency).copied();
                if before.is_some_and(|(kind, _)| kind != *agency_kind) {
                    check.fault(
                        "agency.other_kind",
                        entry.index,
                        format!("{agency} was of another kind"),
                    );
                }
                if confirmed == before.is_none() {
                    let what = if confirmed {
                        "confirmed and never registered"
                    } else {
                        "registered twice"
                    };
                    check.fault("agency.order", entry.index, format!("{agency} is {what}"));
                }
                let confirmed = confirmed || before.is_some_and(|(_, c)| c);
                known.insert(*agency, (*agency_kind, confirmed));
            }
            Leaf::Evidence { event, evidence_kind, agency, .. } => {
                check.saw(1);
                let kind = agency.map(|a| standing(&known, a));
                match kind {
                    Some(Err(why)) => check.fault("agency.not_confirmed", entry.index, why),
                    // What is withdrawn names who took it back, which a second body may.
                    _ if *event == EvidenceEvent::Withdrawn => {}
                    kind => {
                        let by = kind.and_then(Result::ok);
                        if !evidence_kind.may_record(by) {
                            let (by, kind) = (
                                by.map_or("the holder", AgencyKind::as_str),
                                evidence_kind.as_str(),
                            );
                            check.fault(
                                "evidence.no_power",
                                entry.index,
                                format!("{kind} recorded by {by}"),
                            );
                        }
                    }
                }
            }
            Leaf::Access { agency, purpose, .. } => {
                check.saw(1);
                match standing(&known, *agency) {
                    Err(why) => check.fault("agency.not_confirmed", entry.index, why),
                    Ok(kind) if !may_look(kind, *purpose) => {
                        let (kind, purpose) = (kind.as_str(), purpose.as_str());
                        check.fault(
                            "access.no_purpose",
                            entry.index,
                            format!("{kind} for {purpose}"),
                        );
                    }
                    Ok(_) => {}
                }
            }
            _ => {}
        }
    }
    check
}

fn standing(
    known: &BTreeMap<AgencyId, (AgencyKind, bool)>,
    agency: AgencyId,
) -> Result<AgencyKind, String> {
    match known.get(&agency) {
        Some((kind, true)) => Ok(*kind),
        Some((_, false)) => Err(format!("{agency} is not confirmed")),
        None => Err(format!("{agency} was never registered")),
    }
}

/// Those who run machines, read logs or own doors look at nobody's data.
fn may_look(kind: AgencyKind, _: Purpose) -> bool {
    !matches!(kind, AgencyKind::Operator | AgencyKind::Auditor | AgencyKind::Venue)
}
