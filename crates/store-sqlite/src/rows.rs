//! How SQLite's rows are read; what their values mean is told by `jadegate-store-rows`.

use jadegate_store_rows::{ColumnError, Columns};
use rusqlite::Row;
use rusqlite::types::FromSql;

use crate::error::{Result, sql};

pub(crate) use jadegate_store_rows::{
    AccessRow, AccountChangeRow, AgencyRow, AlarmRow, AppealFileRow, AppealRow, AssessmentRow,
    AssignmentRow, AuthorshipRow, CaseRow, ChallengeRow, ColourChangeRow, ConfinedRow,
    CorrectionRow, EvidenceRow, GateRow, HolderRow, IdentityRequestRow, ImportRow, InvitationRow,
    JobRow, KeptRow, LeafRow, MandateStepRow, OutboxRow, PaperRow, PaperStandingRow, PasskeyRow,
    PhoneCodeRow, PieceRow, PlaceRow, PolicyVersionRow, ProposalRow, ProtectedRow, ProxyRow,
    PublishedRow, RecolouringRow, RecordLinkRow, RegionRiskRow, RideRow, RuleReviewRow, ScanRow,
    SealedFieldRow, SessionRow, SplitPieceRow, StaffRow, Stored, StoredColourRow, TraceHeadRow,
    TraceRow, TripRow, TubeRow, VaultKeyRow, VisitRow, WaitingRow, WithdrawalRow, challenge_use,
    changed_by, correction_state, outbox_state, presence_code, session_subject,
};

/// A row, and the table it is of.
struct SqliteRow<'a> {
    row: &'a Row<'a>,
    table: &'static str,
    /// Columns that stand before its own.
    before: usize,
}

impl SqliteRow<'_> {
    fn get<T: FromSql>(&self, at: usize) -> std::result::Result<Option<T>, ColumnError> {
        self.row.get(self.before + at).map_err(|e| match e {
            rusqlite::Error::SqliteFailure(..) => ColumnError::Failed(sql(self.table, &e)),
            _ => ColumnError::Type,
        })
    }
}

impl Columns for SqliteRow<'_> {
    fn number(&self, at: usize) -> std::result::Result<Option<i64>, ColumnError> {
        self.get(at)
    }

    fn text(&self, at: usize) -> std::result::Result<Option<String>, ColumnError> {
        self.get(at)
    }

    fn bytes(&self, at: usize) -> std::result::Result<Option<Vec<u8>>, ColumnError> {
        self.get(at)
    }
}

/// Reads a row and checks its values.
pub(crate) fn read<R: Stored>(row: &Row<'_>) -> Result<R::Domain> {
    read_after::<R>(row, 0)
}

/// The same of a row that stands behind so many columns of others.
pub(crate) fn read_after<R: Stored>(row: &Row<'_>, before: usize) -> Result<R::Domain> {
    R::read(&SqliteRow { row, table: R::TABLE, before })?.into_domain()
}
