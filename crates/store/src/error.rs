//! The one error of every store, and the name of a row that cannot be read.

use jadegate_domain::record::RecordKind;

/// What a write demanded and did not find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// The row must not exist yet: the key is taken.
    Absent,
    /// The row must exist.
    Exists,
    /// What is changed or built upon is there and still in force: neither withdrawn nor replaced, nor
    /// ended in another way, and of a case's runs the one that was loaded.
    Stands,
    /// The holder's evidence has moved on since it was loaded.
    EvidenceVersion,
    /// The holder's stored assessment is not the one that was loaded.
    Assessment,
    /// What is there under this key says the same (a visit's end).
    Agrees,
    /// A record that nobody has taken back, or begun to
    /// ([`Write::ExpectNotWithdrawn`](crate::Write::ExpectNotWithdrawn)).
    NotWithdrawn {
        /// Of what kind it is.
        record: RecordKind,
    },
    /// Somebody is left who can do what must be done
    /// ([`Write::ExpectStaff`](crate::Write::ExpectStaff)).
    Remains,
    /// A document leads where the write says: to this holder, or to nobody while something is kept
    /// for its owner.
    Leads,
    /// The public log has another size than it had when it was looked at: somebody else numbered.
    LogSize,
    /// The document was not taken from whoever registers it, or a counter has seen them with it since.
    Unbarred,
    /// Somebody else holds the lease ([`ServerWrite`](crate::ServerWrite)).
    Lease,
    /// The one-time thing (challenge, invitation, nonce) was used, has expired or is out of tries.
    Unused,
    /// A limit is reached ([`Write::CountWithin`](crate::Write::CountWithin)).
    Room {
        /// The static name of the limit that is reached (`otp.client`).
        class: &'static str,
        /// After how many seconds this count would have room, if nothing else is counted meanwhile;
        /// `None`: never, for it alone is more than the limit.
        seconds: Option<u32>,
    },
}

/// Names a row that cannot be read; never says what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowRef {
    /// Table.
    pub table: &'static str,
    /// Row id, as the table counts its rows.
    pub row: i64,
    /// The first column that is not what it must be.
    pub column: &'static str,
}

/// Why a store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A precondition of a write does not hold; load again and decide again.
    #[error("{table}: {precondition:?} does not hold")]
    Conflict {
        /// The table concerned; no key, since keys may point at a person.
        table: &'static str,
        /// What did not hold.
        precondition: Precondition,
    },
    /// A stored row is not what it must be.
    #[error("{table}.{column} of row {row} is not readable: {why}")]
    Corrupt {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// Row id (never a value).
        row: i64,
        /// What is wrong, without the value.
        why: String,
    },
    /// A write holds a value its table cannot hold (a visit that ends before it starts): a defect of
    /// the program, not a state of the data. The unit left nothing.
    #[error("{table}: {why}")]
    Invalid {
        /// Table.
        table: &'static str,
        /// What is wrong, without the value.
        why: String,
    },
    /// The database is busy, full, gone or shut down; trying again later may help.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database was made by a newer program, or its migrations were changed.
    #[error("the database does not fit this program: {0}")]
    Schema(String),
}

impl StoreError {
    /// The one row that cannot be read, if that is what this says; damage of the file names none.
    pub fn row(&self) -> Option<RowRef> {
        match self {
            Self::Corrupt { table, column, row, .. } if *column != "*" => {
                Some(RowRef { table, column, row: *row })
            }
            _ => None,
        }
    }

    /// If a limit is reached: which, and seconds until there is room (`None`: never).
    pub const fn no_room(&self) -> Option<(&'static str, Option<u32>)> {
        match self {
            Self::Conflict { precondition: Precondition::Room { class, seconds }, .. } => {
                Some((class, *seconds))
            }
            _ => None,
        }
    }

    /// Is this a conflict on the given precondition?
    pub fn is_conflict(&self, wanted: Precondition) -> bool {
        matches!(self, Self::Conflict { precondition, .. } if *precondition == wanted)
    }
}
