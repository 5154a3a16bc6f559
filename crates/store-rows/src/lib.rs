//! Rows as a database holds them, and how they become domain types: what adapters of the store share.
//!
//! Each row struct mirrors its table column by column. How a column is read is the adapter's business
//! ([`Columns`]); what its value means is here. Turning a row into a domain type checks every value;
//! what does not fit is [`StoreError::Corrupt`](jadegate_store::StoreError::Corrupt) naming table,
//! column and row, never the value. The names under which values of closed lists are stored are here
//! too, in both directions.
//!
//! Values in, values out: no database, no clock, no disk.

mod accounts;
mod alarms;
mod appeals;
mod assignments;
mod at;
mod columns;
mod evidence;
mod mandate;
mod numbers;
mod page;
mod papers;
mod people;
mod places;
mod policies;
mod records;
mod servers;
mod stored;

pub use accounts::{AccountChangeRow, ProxyRow, RecordLinkRow, SplitPieceRow, changed_by};
pub use alarms::{AlarmRow, ProtectedRow, alarm_count, busy, done_within, looked_at_by_many};
pub use appeals::{AppealFileRow, AppealRow, RuleReviewRow};
pub use assignments::AssignmentRow;
pub use columns::{Column, ColumnError, Columns};
pub use evidence::{
    AccessRow, AssessmentRow, CaseRow, ColourChangeRow, ConfinedRow, EvidenceRow, LeafRow,
    RegionRiskRow, StoredColourRow, TraceHeadRow, TraceRow,
};
pub use mandate::{IdentityRequestRow, MandateStepRow, identity_count, mandate_step};
pub use numbers::{PublishedRow, home_colour};
pub use page::{evidence_page, linked_records};
pub use papers::{PaperRow, PaperStandingRow};
pub use people::{
    AgencyRow, ChallengeRow, CorrectionRow, HolderRow, InvitationRow, OutboxRow, PasskeyRow,
    PhoneCodeRow, SealedFieldRow, SessionRow, StaffRow, VaultKeyRow, challenge_use,
    correction_state, outbox_state, session_subject,
};
pub use places::{GateRow, PlaceRow, RideRow, ScanRow, TripRow, VisitRow, presence_code};
pub use policies::{PolicyVersionRow, ProposalRow, RecolouringRow};
pub use records::{
    AuthorshipRow, ImportRow, KeptRow, PieceRow, TubeRow, WaitingRow, WithdrawalRow,
};
pub use servers::JobRow;
pub use stored::Stored;

/// Hands the row type of every table that is not kept by day to a macro, by names that its caller imports:
/// what looks at all tables names them in one place.
#[macro_export]
macro_rules! for_each_table {
    ($use:ident) => {
        $use!(
            HolderRow,
            VaultKeyRow,
            SealedFieldRow,
            ChallengeRow,
            OutboxRow,
            SessionRow,
            AgencyRow,
            StaffRow,
            PasskeyRow,
            InvitationRow,
            PlaceRow,
            GateRow,
            TripRow,
            EvidenceRow,
            AssessmentRow,
            ColourChangeRow,
            RegionRiskRow,
            CaseRow,
            TraceRow,
            AccessRow,
            LeafRow,
            PolicyVersionRow,
            ProposalRow,
            RecolouringRow,
            PaperRow,
            PhoneCodeRow,
            CorrectionRow,
            AuthorshipRow,
            ImportRow,
            WaitingRow,
            PieceRow,
            WithdrawalRow,
            KeptRow,
            TubeRow,
            ProxyRow,
            RecordLinkRow,
            SplitPieceRow,
            AccountChangeRow,
            JobRow,
            MandateStepRow,
            IdentityRequestRow,
            AssignmentRow,
            AppealRow,
            AppealFileRow,
            RuleReviewRow,
            AlarmRow,
            ProtectedRow,
            PublishedRow
        )
    };
}
