//! Rows as SQLite holds them, and how they become domain types.
//!
//! Each row struct mirrors its table column by column. Turning it into a domain type checks every
//! value; what does not fit is [`StoreError::Corrupt`] naming table, column and row, never the value.

mod evidence;
mod people;
mod places;
mod policies;
mod records;

use jadegate_domain::Timestamp;
use jadegate_store::StoreError;
use rusqlite::Row;
use rusqlite::types::FromSql;
use serde::de::DeserializeOwned;

use crate::error::Result;

pub(crate) use evidence::{
    AccessRow, AssessmentRow, CaseRow, ColourChangeRow, ConfinedRow, EvidenceRow, LeafRow,
    RegionRiskRow, TraceHeadRow, TraceRow,
};
pub(crate) use people::{
    AgencyRow, ChallengeRow, CorrectionRow, HolderRow, InvitationRow, OutboxRow, PasskeyRow,
    PhoneCodeRow, SealedFieldRow, SessionRow, StaffRow, VaultKeyRow, challenge_use,
    correction_state, outbox_state, session_subject,
};
pub(crate) use places::{GateRow, PlaceRow, RideRow, ScanRow, TripRow, VisitRow, presence_code};
pub(crate) use policies::{PolicyVersionRow, ProposalRow, RecolouringRow};
pub(crate) use records::{AuthorshipRow, ImportRow, KeptRow, PieceRow, WaitingRow, WithdrawalRow};

/// A row struct that can be read from the columns it names.
pub(crate) trait Stored: Sized {
    /// What it becomes.
    type Domain;
    /// The table, for errors.
    const TABLE: &'static str;
    /// The columns, in the order [`Stored::read`] takes them.
    const COLUMNS: &'static str;
    /// Reads the columns; types only.
    fn read(row: &Row<'_>) -> Result<Self>;
    /// Checks the values.
    fn into_domain(self) -> Result<Self::Domain>;
}

/// Declares row structs: table, the column that serves as row number in errors, and the columns.
macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident => $domain:ty, in $table:literal by $row:literal {
        $($field:ident: $ty:ty),* $(,)?
    })*) => {$(
        $(#[$doc])*
        pub(crate) struct $name {
            row: i64,
            $($field: $ty,)*
        }

        impl $crate::rows::Stored for $name {
            type Domain = $domain;
            const TABLE: &'static str = $table;
            const COLUMNS: &'static str = concat!($row, $(", ", stringify!($field)),*);

            fn read(r: &rusqlite::Row<'_>) -> $crate::error::Result<Self> {
                let row = $crate::rows::column(r, 0, $table, $row, 0)?;
                let mut i = 0;
                Ok(Self {
                    row,
                    $($field: {
                        i += 1;
                        $crate::rows::column(r, i, $table, stringify!($field), row)?
                    },)*
                })
            }

            fn into_domain(self) -> $crate::error::Result<$domain> {
                let at = $crate::rows::At { table: $table, row: self.row };
                self.check(at)
            }
        }
    )*};
}
use rows;

/// One column of a row; a wrong type is a corrupt row.
fn column<T: FromSql>(
    r: &Row<'_>,
    index: usize,
    table: &'static str,
    column: &'static str,
    row: i64,
) -> Result<T> {
    r.get(index).map_err(|e| match e {
        rusqlite::Error::SqliteFailure(..) => crate::error::sql(table, &e),
        _ => StoreError::Corrupt { table, column, row, why: "not of the column's type".into() },
    })
}

/// Where a value stands, for errors.
#[derive(Clone, Copy)]
struct At {
    table: &'static str,
    row: i64,
}

impl At {
    fn bad(self, column: &'static str, why: &str) -> StoreError {
        StoreError::Corrupt { table: self.table, column, row: self.row, why: why.to_owned() }
    }

    /// A number as an id (or anything else made from a number that may be refused).
    fn id<T>(self, column: &'static str, raw: i64, make: fn(i64) -> Option<T>) -> Result<T> {
        make(raw).ok_or_else(|| self.bad(column, "not an id"))
    }

    fn opt_id<T>(
        self,
        column: &'static str,
        raw: Option<i64>,
        make: fn(i64) -> Option<T>,
    ) -> Result<Option<T>> {
        raw.map(|n| self.id(column, n, make)).transpose()
    }

    fn time(self, column: &'static str, secs: i64) -> Result<Timestamp> {
        let t = Timestamp::from_secs(secs);
        if t.as_secs() == secs { Ok(t) } else { Err(self.bad(column, "not a moment in time")) }
    }

    fn opt_time(self, column: &'static str, secs: Option<i64>) -> Result<Option<Timestamp>> {
        secs.map(|s| self.time(column, s)).transpose()
    }

    /// A stored name of a closed list, a division, anything that reads back from text.
    fn name<T: std::str::FromStr>(self, column: &'static str, text: &str) -> Result<T> {
        text.parse().map_err(|_| self.bad(column, "not a known name"))
    }

    fn json<T: DeserializeOwned>(self, column: &'static str, text: &str) -> Result<T> {
        // The error's own text may quote the value, so only its place is told.
        serde_json::from_str(text)
            .map_err(|e| self.bad(column, &format!("not its JSON form at byte {}", e.column())))
    }

    fn bytes<const N: usize>(self, column: &'static str, bytes: &[u8]) -> Result<[u8; N]> {
        bytes.try_into().map_err(|_| self.bad(column, "not of its length"))
    }

    fn count(self, column: &'static str, n: i64) -> Result<u32> {
        u32::try_from(n).map_err(|_| self.bad(column, "not a count"))
    }

    fn must(self, holds: bool, column: &'static str, why: &str) -> Result<()> {
        if holds { Ok(()) } else { Err(self.bad(column, why)) }
    }
}
