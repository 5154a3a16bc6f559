//! Lists that begin with what is newest, part by part.

use jadegate_domain::Timestamp;

use crate::aside::Listed;

/// A place in a list that begins with what is newest: after so many of those of a moment. What is
/// added meanwhile stands before it, or is one of that moment's; then one of those may be read twice,
/// and none is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// The moment of the last one that was read.
    pub at: Timestamp,
    /// How many of that moment were read.
    pub skip: u32,
}

/// A part of such a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latest {
    /// Where it begins; `None`: with the newest.
    pub before: Option<Before>,
    /// How many at most. Rows that cannot be read do not count.
    pub limit: u32,
}

impl Latest {
    /// The newest `limit`.
    pub const fn first(limit: u32) -> Self {
        Self { before: None, limit }
    }

    /// The last moment of which it may hold something.
    pub fn until(&self) -> Timestamp {
        self.before.map_or(Timestamp::MAX, |b| b.at)
    }

    /// How many readable rows are left out at its beginning.
    pub fn skip(&self) -> u32 {
        self.before.map_or(0, |b| b.skip)
    }

    /// The part of a list that begins with those left out.
    pub fn part<T>(&self, mut found: Listed<T>) -> Listed<T> {
        let skip = usize::try_from(self.skip()).unwrap_or(usize::MAX).min(found.rows.len());
        found.rows.drain(..skip);
        found
    }
}

/// A page of a list ordered by id: what comes after `after`, at most `limit` (1..=1000).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<Id> {
    /// The last id already seen.
    pub after: Option<Id>,
    /// How many at most.
    pub limit: u32,
}

impl<Id> Page<Id> {
    /// The first `limit` entries.
    pub const fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }
}
