//! What was recorded is recorded once, and only what was recorded is withdrawn.

use std::collections::BTreeMap;

use jadegate_ledger::{Commitment, EvidenceEvent, Hash, Leaf};

use crate::entries::Entry;
use crate::report::Check;

pub(crate) fn check(entries: &[Entry]) -> Check {
    let mut check = Check::new(
        "commitments",
        "each record and look is committed to once; only what was recorded is withdrawn, once",
    );
    let mut seen: BTreeMap<Hash, bool> = BTreeMap::new();
    for entry in entries {
        let (commitment, ends) = match &entry.leaf {
            Leaf::Evidence { event, commitment, .. } => {
                (commitment, *event == EvidenceEvent::Withdrawn)
            }
            Leaf::Account { undone, commitment, .. } => (commitment, *undone),
            Leaf::Access { commitment, .. } => (commitment, false),
            _ => continue,
        };
        check.saw(1);
        let Commitment(hash) = commitment;
        match (seen.get(hash).copied(), ends) {
            (None, false) => drop(seen.insert(*hash, false)),
            (Some(false), true) => drop(seen.insert(*hash, true)),
            (None, true) => check.fault(
                "evidence.never_recorded",
                entry.index,
                "is taken back, and was never recorded",
            ),
            (Some(_), false) => {
                check.fault("evidence.twice", entry.index, "the same commitment again");
            }
            (Some(true), true) => {
                check.fault("evidence.twice", entry.index, "is taken back a second time");
            }
        }
    }
    check
}
