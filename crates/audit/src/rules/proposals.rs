//! Policies and levels change by a proposal, step by step.

use std::collections::BTreeMap;

use jadegate_domain::{AgencyId, Timestamp};
use jadegate_ledger::{Hash, Leaf, ProposalEvent};

use crate::entries::Entry;
use crate::report::Check;

struct Open {
    by: Option<AgencyId>,
    over: bool,
}

pub(crate) fn check(entries: &[Entry]) -> Check {
    let mut check = Check::new(
        "proposals",
        "policies change and levels rise by a proposal, step by step, decided on by another agency",
    );
    let mut open: BTreeMap<Hash, Open> = BTreeMap::new();
    let mut applied: Option<(String, Timestamp)> = None;
    let mut policies = 0_u64;
    for entry in entries {
        match &entry.leaf {
            Leaf::Proposal { at, event, change, digest, agency, .. } => {
                check.saw(1);
                step(&mut check, entry.index, &mut open, *event, *digest, *agency);
                if *event == ProposalEvent::Applied {
                    applied = Some((change.as_str().to_owned(), *at));
                }
            }
            Leaf::PolicyPublished { at, agency, .. } => {
                check.saw(1);
                policies += 1;
                let by_proposal =
                    applied.as_ref().is_some_and(|(what, when)| what == "policy" && when == at);
                // The first one is the file of the first start.
                if policies > 1 && (agency.is_none() || !by_proposal) {
                    check.fault(
                        "policy.no_proposal",
                        entry.index,
                        "a policy that no proposal led to",
                    );
                }
            }
            _ => {}
        }
    }
    check
}

fn step(
    check: &mut Check,
    index: u64,
    open: &mut BTreeMap<Hash, Open>,
    event: ProposalEvent,
    digest: Hash,
    agency: Option<AgencyId>,
) {
    let before = open.get_mut(&digest);
    match (event, before) {
        (ProposalEvent::Proposed, None) => {
            open.insert(digest, Open { by: agency, over: false });
        }
        // The same change may be proposed again once it was decided on.
        (ProposalEvent::Proposed, Some(before)) => *before = Open { by: agency, over: false },
        (_, None) => {
            check.fault("proposal.never_made", index, "a step of a proposal that was never made");
        }
        (_, Some(before)) if before.over => {
            check.fault("proposal.over", index, "a step of a proposal that was decided on");
        }
        (ProposalEvent::Approved, Some(before)) => {
            if before.by == agency {
                check.fault("proposal.own", index, "approved by the agency that made it");
            }
        }
        (_, Some(before)) => before.over = true,
    }
}
