//! Who stands behind a pseudonym is asked for a purpose, by agencies that were confirmed, and read only after
//! another agency agreed.

use std::collections::{BTreeMap, BTreeSet};

use jadegate_domain::id::IdentityRequestId;
use jadegate_domain::time::DAY;
use jadegate_domain::{AgencyId, IdentityRefusal, Timestamp};
use jadegate_ledger::{AgencyEvent, IdentityEvent, Leaf};

use crate::entries::Entry;
use crate::report::Check;

/// The longest time for which an approved request was ever readable.
const READABLE: i64 = DAY;

struct Open {
    by: AgencyId,
    approved: Option<Timestamp>,
    over: bool,
}

pub(crate) fn check(entries: &[Entry]) -> Check {
    let mut check = Check::new(
        "identities",
        "who somebody is was asked for a purpose, and read only after another agency agreed",
    );
    let mut confirmed = BTreeSet::new();
    let mut open: BTreeMap<IdentityRequestId, Open> = BTreeMap::new();
    for entry in entries {
        match &entry.leaf {
            Leaf::Agency { event: AgencyEvent::Confirmed, agency, .. } => {
                confirmed.insert(*agency);
            }
            Leaf::IdentityRequest { at, event, request, agency, purpose, by, refusal, .. } => {
                check.saw(1);
                if [Some(agency), by.as_ref()].into_iter().flatten().any(|a| !confirmed.contains(a))
                {
                    check.fault(
                        "identity.not_confirmed",
                        entry.index,
                        "a step by an agency that was not confirmed",
                    );
                }
                if purpose.is_none() && *refusal != Some(IdentityRefusal::NoSuchPurpose) {
                    check.fault("identity.no_purpose", entry.index, "a step without a purpose");
                }
                let fault = step(&mut open, *request, *event, (*at, *agency, *by));
                if let Some((code, what)) = fault {
                    check.fault(code, entry.index, what);
                }
            }
            _ => {}
        }
    }
    check
}

fn step(
    open: &mut BTreeMap<IdentityRequestId, Open>,
    request: IdentityRequestId,
    event: IdentityEvent,
    (at, agency, by): (Timestamp, AgencyId, Option<AgencyId>),
) -> Option<(&'static str, &'static str)> {
    use IdentityEvent as E;
    let Some(before) = open.get_mut(&request) else {
        // What the rules refused was never open.
        let over = event == E::Refused;
        open.insert(request, Open { by: agency, approved: None, over });
        return (!matches!(event, E::Asked | E::Refused))
            .then_some(("identity.never_asked", "a step of a request that was never made"));
    };
    if before.over || event == E::Asked {
        return Some(("identity.over", "a step of a request that was over, or made twice"));
    }
    match event {
        E::Approved | E::Refused if by.is_none_or(|by| by == before.by) => {
            return Some(("identity.own", "decided by the agency that asked"));
        }
        E::Approved => before.approved = Some(at),
        E::Read if before.approved.is_none_or(|then| at.secs_since(then) > READABLE) => {
            return Some(("identity.not_approved", "read without another agency's word"));
        }
        E::Refused | E::Closed => before.over = true,
        E::Read | E::Asked => {}
    }
    None
}
