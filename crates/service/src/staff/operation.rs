//! What the operator has to look at: what keeps the server from its work or soon will, and the stored
//! rows that cannot be read.
//!
//! It names nobody, so no look is written: a row's number is not told here, for in the tables about
//! people it is their opaque id. The machine's own log and `jadegate doctor` name the rows.

use std::collections::BTreeMap;

use jadegate_domain::Timestamp;
use serde::Serialize;

use super::access::Power;
use crate::app::App;
use crate::error::Result;
use crate::health::Finding;
use crate::session::StaffSession;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $text:literal: [$($table:literal),*],)*) => {
        /// What rows that are set aside are about, and so what comes of it until they are put right.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum StoredKind {
            $($(#[$doc])* $variant,)*
            /// Of a table that is not known here.
            Other,
        }

        impl StoredKind {
            /// What a table's rows are about.
            pub fn of(table: &str) -> Self {
                match table {
                    $($($table)|* => Self::$variant,)*
                    _ => Self::Other,
                }
            }
        }
    };
}

kinds! {
    /// Who somebody is and where they live: no name is shown, and they have no colour.
    Person = "person": ["holder", "vault_key", "sealed_field", "blind_index", "proxy", "account_change", "record_link", "split_piece", "paper_code", "assignment"],
    /// Evidence about somebody: they have no new colour; the stored one stays.
    Evidence = "evidence": ["evidence"],
    /// A stored colour: it is worked out anew when somebody asks; lists lack the person.
    Colour = "colour": ["assessment", "colour_change"],
    /// Signing in: this code, session, link or message does not work; another can be asked for.
    SignIn = "sign_in": ["challenge", "phone_code", "outbox", "session", "used_nonce", "invitation"],
    /// A correction of a document: it cannot be decided on; it can be begun anew.
    Correction = "correction": ["correction", "document_bar"],
    /// An agency, a member of staff or a passkey: they cannot work.
    Staff = "staff": ["agency", "staff", "credential"],
    /// A place, trip or gate: its visits are not recorded.
    Place = "place": ["place", "gate", "trip"],
    /// A visit, ride or scan: a trace may lack a contact.
    Visit = "visit": ["visit", "ride", "scan", "day_mark", "days_dropped", "store_identity"],
    /// A case or a trace: it is not followed, and can be traced again.
    Case = "case": ["case_record", "trace_run"],
    /// A risk level: whoever stayed there has no colour.
    RiskLevel = "risk_level": ["region_risk"],
    /// A policy, a proposal, a recolouring, or numbers that were published.
    Policy = "policy": ["policy_version", "proposal", "recolouring", "mandate_step", "published_numbers"],
    /// What waits for a second pair of eyes: it colours nobody.
    Waiting = "waiting": ["waiting", "waiting_piece", "kept_record", "tube"],
    /// Who recorded or withdrew what: a file cannot be withdrawn whole.
    Record = "record": ["authorship", "import_run", "withdrawal"],
    /// An appeal: it cannot be decided on; the evidence that it is counts all the same.
    Appeal = "appeal": ["appeal", "appeal_file", "rule_review"],
    /// An alarm: nobody answers it, and what it holds is held no more.
    Alarm = "alarm": ["alarm", "activity", "protected_person"],
    /// A look at somebody's data: it is missing from what they see.
    Look = "look": ["access", "identity_request"],
    /// The public log: it cannot be read from there on.
    Log = "log": ["log_leaf"],
    /// Settings and counts of the machine.
    Setting = "setting": ["setting", "counter", "tally", "changed", "lease", "job", "job_part"],
}

/// Rows of one table that cannot be read for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnreadableRows {
    /// What they are about.
    pub kind: StoredKind,
    /// Table.
    pub table: String,
    /// The column that is not what it must be.
    pub column: String,
    /// How many.
    pub rows: u64,
    /// When the first of them was met, within a minute; not before this server was started.
    pub since: Timestamp,
}

/// What an operator has to look at. Holds no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Operation {
    /// What keeps the server from its work.
    pub problems: Vec<Finding>,
    /// What will do so, or concerns single rows.
    pub warnings: Vec<Finding>,
    /// Whole days for which codes can be made with the present keys; `None`: none can be made now.
    pub key_days_left: Option<i64>,
    /// Rows met since this server was started, by kind and place.
    pub unreadable: Vec<UnreadableRows>,
    /// Are there more than were counted?
    pub more: bool,
    /// The server's clock.
    pub server_time: Timestamp,
}

impl App {
    /// What the operator has to look at, for operators and auditors.
    pub async fn operation(&self, session: &StaffSession) -> Result<Operation> {
        session.need(Power::ReadOperation)?;
        let health = self.health().await;
        let mut places: BTreeMap<_, (u64, Timestamp)> = BTreeMap::new();
        for (row, since) in self.unreadable_since() {
            let place = (StoredKind::of(row.table), row.table, row.column);
            let (rows, first) = places.entry(place).or_insert((0, since));
            *rows += 1;
            *first = since.min(*first);
        }
        let unreadable = places.into_iter().map(|((kind, table, column), (rows, since))| {
            let (table, column) = (table.to_owned(), column.to_owned());
            UnreadableRows { kind, table, column, rows, since }
        });
        Ok(Operation {
            problems: health.problems,
            warnings: health.warnings,
            key_days_left: self.key_days_left(),
            unreadable: unreadable.collect(),
            more: self.unreadable().more,
            server_time: self.now(),
        })
    }
}
