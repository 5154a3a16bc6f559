//! Rows that cannot be read: left out, counted and named, so that all others go on.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{RowRef, StoreError};

/// A list, and what had to be left out of it.
///
/// Used where something is decided about people from what the list holds; lists that are only shown
/// leave rows out without saying which ([`SetAside`] knows all of them).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// What can be read, in the list's order.
    pub rows: Vec<T>,
    /// The rows that cannot be read, by table and key.
    pub unreadable: Vec<RowRef>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), unreadable: Vec::new() }
    }
}

impl<T> Listed<T> {
    /// Takes a row up, or the name of one that cannot be read.
    ///
    /// # Errors
    /// Anything but [`StoreError::Corrupt`] of a single row: then the list itself failed.
    pub fn take(&mut self, row: Result<T, StoreError>) -> Result<(), StoreError> {
        match row {
            Ok(row) => self.rows.push(row),
            Err(e) => self.unreadable.push(e.row().ok_or(e)?),
        }
        Ok(())
    }
}

/// Rows named at most; past that it is only said that there are more.
const MOST_NAMED: usize = 1000;

/// Everything that was set aside since the start, each row once.
#[derive(Debug, Default)]
pub struct SetAside(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    rows: BTreeSet<RowRef>,
    /// Was a row found when no more were named?
    more: bool,
}

/// What [`SetAside`] knows at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unreadable {
    /// The rows, by table.
    pub rows: Vec<RowRef>,
    /// Were there more than are named?
    pub more: bool,
}

impl SetAside {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a row. True the first time: then the caller names it in the log.
    #[must_use]
    pub fn note(&self, row: RowRef) -> bool {
        let mut inner = self.inner();
        if inner.rows.contains(&row) {
            return false;
        }
        if inner.rows.len() >= MOST_NAMED {
            inner.more = true;
            return false;
        }
        inner.rows.insert(row)
    }

    /// What was set aside so far.
    pub fn found(&self) -> Unreadable {
        let inner = self.inner();
        Unreadable { rows: inner.rows.iter().copied().collect(), more: inner.more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(row: i64) -> StoreError {
        StoreError::Corrupt { table: "evidence", column: "fact", row, why: "made up".to_owned() }
    }

    #[test]
    fn a_list_goes_on_past_a_bad_row_and_stops_at_a_failure() {
        let mut list = Listed::default();
        for row in [Ok(1), Err(bad(7)), Ok(2)] {
            list.take(row).unwrap();
        }
        assert_eq!(list.rows, [1, 2]);
        assert_eq!(list.unreadable, [RowRef { table: "evidence", column: "fact", row: 7 }]);
        assert!(list.take(Err(StoreError::Unavailable("made up".to_owned()))).is_err());
        // Damage of the file itself names no row.
        let damaged = StoreError::Corrupt {
            table: "evidence",
            column: "*",
            row: 0,
            why: "made up".to_owned(),
        };
        assert!(list.take(Err(damaged)).is_err());
    }

    #[test]
    fn each_row_is_named_once_and_only_so_many() {
        let aside = SetAside::default();
        let named = (1..=2000)
            .chain(1..=500)
            .filter(|row| aside.note(RowRef { table: "evidence", column: "fact", row: *row }));
        assert_eq!(named.count(), MOST_NAMED);
        let found = aside.found();
        assert_eq!((found.rows.len(), found.more), (MOST_NAMED, true));
    }
}
