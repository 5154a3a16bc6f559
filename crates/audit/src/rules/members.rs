//! Staff and gates: nobody confirms themselves, and nobody acts who was not let in.

use std::collections::BTreeMap;

use jadegate_domain::{GateId, StaffId};
use jadegate_ledger::{GateEvent, Leaf, StaffEvent};

use crate::entries::Entry;
use crate::report::Check;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Invited,
    In,
    Ended,
}

pub(crate) fn check(entries: &[Entry]) -> Check {
    let mut check = Check::new(
        "members",
        "staff and gates are let in before they act, and nobody confirms themselves",
    );
    let mut staff: BTreeMap<StaffId, Standing> = BTreeMap::new();
    let mut gates: BTreeMap<GateId, Standing> = BTreeMap::new();
    for entry in entries {
        match &entry.leaf {
            Leaf::Staff { event, staff: id, by, .. } => {
                check.saw(1);
                member(&mut check, entry.index, &mut staff, *event, *id, *by);
            }
            Leaf::Gate { event, gate, .. } => {
                check.saw(1);
                let before = gates.get(gate).copied();
                let wrong = match event {
                    GateEvent::Enrolled => before == Some(Standing::In),
                    GateEvent::SignedOut | GateEvent::Revoked => before != Some(Standing::In),
                };
                if wrong {
                    check.fault(
                        "gate.order",
                        entry.index,
                        format!("{gate}: not after what was before"),
                    );
                }
                let after =
                    if *event == GateEvent::Revoked { Standing::Ended } else { Standing::In };
                gates.insert(*gate, after);
            }
            _ => {}
        }
    }
    check
}

fn member(
    check: &mut Check,
    index: u64,
    known: &mut BTreeMap<StaffId, Standing>,
    event: StaffEvent,
    id: StaffId,
    by: Option<StaffId>,
) {
    let before = known.get(&id).copied();
    if by == Some(id) && matches!(event, StaffEvent::Confirmed | StaffEvent::Invited) {
        check.fault("staff.confirmed_themselves", index, format!("{id}"));
    }
    if let Some(by) = by
        && by != id
        && known.get(&by) != Some(&Standing::In)
    {
        check.fault("staff.by_nobody", index, format!("by {by}, who is not let in"));
    }
    if before == Some(Standing::Ended) {
        check.fault("staff.after_end", index, format!("{id} acts after their end"));
    }
    let after = match (event, before) {
        (StaffEvent::Ended, _) => Standing::Ended,
        (StaffEvent::Invited, _) => Standing::Invited,
        // A set-up confirms at once, without an invitation.
        (StaffEvent::Joined | StaffEvent::Confirmed | StaffEvent::SignedOut, _) => Standing::In,
    };
    known.insert(id, after);
}
