//! Records that had the visits of another until a moment.
//!
//! One record was that of two people, and nobody can say whose of the two a visit of that time was: it
//! counts for both. The index has it once more, under the other's id, so that every search finds it there;
//! lists of what was recorded leave such copies out, and so does the saved form.

use std::collections::HashSet;
use std::sync::Arc;

use jadegate_domain::{HolderId, Period, Timestamp, VisitKey};

use crate::index::VisitIndex;
use crate::removal::take_out;
use crate::row::{KnownVisit, Row, moment};
use crate::shares::{SharedVisits, Shares};

impl VisitIndex {
    /// Which records have visits of others as well; replaces what was known. Those that are known are
    /// theirs at once, those that come are when they do. What nobody shares any more has to be
    /// [taken out](Self::removal) first: see [`copies`](Self::copies).
    pub fn share(&mut self, shares: Vec<SharedVisits>) {
        let before = std::mem::replace(&mut self.shares, Arc::new(Shares::new(shares)));
        let shares = Arc::clone(&self.shares);
        for new in shares.list.iter().filter(|s| !before.list.contains(s)) {
            for visit in self.recorded(new.of).filter(|v| v.entered < new.until) {
                let copy = KnownVisit { holder: new.record, ..visit };
                if !self.knows(copy) {
                    self.insert(copy);
                }
                for (entered, ride) in self.rides_of(new.of, visit.place) {
                    if entered == visit.entered {
                        self.set_ride(new.record, visit.place, entered, ride);
                    }
                }
            }
        }
    }

    /// Who shares whose visits, as it was told last.
    pub fn shared(&self) -> &[SharedVisits] {
        &self.shares.list
    }

    /// What the index has under one id only because it is another's.
    pub fn copies(&self, shared: &SharedVisits) -> Vec<VisitKey> {
        let keys = |holder| self.recorded(holder).map(|v| v.key());
        let of: HashSet<_> = keys(shared.of).map(|k| (k.place, k.entered, k.presence)).collect();
        keys(shared.record)
            .filter(|k| k.entered < shared.until && of.contains(&(k.place, k.entered, k.presence)))
            .collect()
    }

    /// Is it there under this id only because it is another's?
    pub fn is_copy(&self, visit: &KnownVisit) -> bool {
        let shares = self.shares.to.get(&visit.holder).into_iter().flatten();
        let mut from = shares.filter(|s| visit.entered < s.until);
        from.any(|s| {
            let same = |v: KnownVisit| {
                (v.place, v.entered, v.presence) == (visit.place, visit.entered, visit.presence)
            };
            self.recorded(s.of).any(same)
        })
    }

    /// Without what is there only because it is another's.
    #[must_use]
    pub fn without_copies(mut self) -> Self {
        let shares = std::mem::take(&mut self.shares);
        let gone: Vec<_> = shares.list.iter().flat_map(|s| self.copies(s)).collect();
        if !gone.is_empty() {
            take_out(&mut self, &gone);
        }
        self
    }

    /// Everything under one record's id.
    fn recorded(&self, record: HolderId) -> impl Iterator<Item = KnownVisit> + use<> {
        let mut rows: Vec<Row> = Vec::new();
        if let Some(number) = self.holder_number(record) {
            self.each_under(number, &mut |row, _| rows.push(row));
        }
        let ever = Period { from: moment(0), to: Timestamp::MAX };
        self.within(rows, ever).collect::<Vec<_>>().into_iter()
    }
}
