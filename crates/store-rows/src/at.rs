//! Checks of single values, each of which says where a bad one stands.

use jadegate_domain::Timestamp;
use jadegate_store::StoreError;
use serde::de::DeserializeOwned;

/// A result in the words of the port.
pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// Where a value stands, for errors.
#[derive(Clone, Copy)]
pub(crate) struct At {
    pub(crate) table: &'static str,
    pub(crate) row: i64,
}

impl At {
    pub(crate) fn bad(self, column: &'static str, why: &str) -> StoreError {
        StoreError::Corrupt { table: self.table, column, row: self.row, why: why.to_owned() }
    }

    /// A number as an id (or anything else made from a number that may be refused).
    pub(crate) fn id<T>(
        self,
        column: &'static str,
        raw: i64,
        make: fn(i64) -> Option<T>,
    ) -> Result<T> {
        make(raw).ok_or_else(|| self.bad(column, "not an id"))
    }

    pub(crate) fn opt_id<T>(
        self,
        column: &'static str,
        raw: Option<i64>,
        make: fn(i64) -> Option<T>,
    ) -> Result<Option<T>> {
        raw.map(|n| self.id(column, n, make)).transpose()
    }

    pub(crate) fn time(self, column: &'static str, secs: i64) -> Result<Timestamp> {
        let t = Timestamp::from_secs(secs);
        if t.as_secs() == secs { Ok(t) } else { Err(self.bad(column, "not a moment in time")) }
    }

    pub(crate) fn opt_time(
        self,
        column: &'static str,
        secs: Option<i64>,
    ) -> Result<Option<Timestamp>> {
        secs.map(|s| self.time(column, s)).transpose()
    }

    /// A stored name of a closed list, a division, anything that reads back from text.
    pub(crate) fn name<T: std::str::FromStr>(self, column: &'static str, text: &str) -> Result<T> {
        text.parse().map_err(|_| self.bad(column, "not a known name"))
    }

    pub(crate) fn json<T: DeserializeOwned>(self, column: &'static str, text: &str) -> Result<T> {
        // The error's own text may quote the value, so only its place is told.
        serde_json::from_str(text)
            .map_err(|e| self.bad(column, &format!("not its JSON form at byte {}", e.column())))
    }

    pub(crate) fn bytes<const N: usize>(
        self,
        column: &'static str,
        bytes: &[u8],
    ) -> Result<[u8; N]> {
        bytes.try_into().map_err(|_| self.bad(column, "not of its length"))
    }

    pub(crate) fn count(self, column: &'static str, n: i64) -> Result<u32> {
        u32::try_from(n).map_err(|_| self.bad(column, "not a count"))
    }

    pub(crate) fn must(self, holds: bool, column: &'static str, why: &str) -> Result<()> {
        if holds { Ok(()) } else { Err(self.bad(column, why)) }
    }
}
