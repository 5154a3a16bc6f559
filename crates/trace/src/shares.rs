//! Which records share the visits of another.

use std::collections::HashMap;

use jadegate_domain::{HolderId, Timestamp};

/// Visits of one record that began before a moment are also those of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SharedVisits {
    /// Whose they are as well.
    pub record: HolderId,
    /// Of which record.
    pub of: HolderId,
    /// Those that began before this moment.
    pub until: Timestamp,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Shares {
    pub(crate) list: Vec<SharedVisits>,
    /// By the record that they are of, and by whose they are as well.
    of: HashMap<HolderId, Vec<SharedVisits>>,
    pub(crate) to: HashMap<HolderId, Vec<SharedVisits>>,
}

impl Shares {
    pub(crate) fn new(list: Vec<SharedVisits>) -> Self {
        let mut shares = Self::default();
        for s in &list {
            shares.of.entry(s.of).or_default().push(*s);
            shares.to.entry(s.record).or_default().push(*s);
        }
        Self { list, ..shares }
    }

    /// Who else has a visit of this record that began at this moment.
    pub(crate) fn others(&self, of: HolderId, entered: Timestamp) -> Vec<HolderId> {
        let shares = self.of.get(&of).into_iter().flatten();
        shares.filter(|s| entered < s.until).map(|s| s.record).collect()
    }
}
