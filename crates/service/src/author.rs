//! Who records and who takes back, and what has to stand meanwhile.

use jadegate_domain::id::ImportId;
use jadegate_domain::record::{RecordKind, WithdrawalReason};
use jadegate_domain::{AgencyId, AgencyKind, CaseId, Division, Staff, StaffId, Timestamp};
use jadegate_store::{Withdrawal, Write};

/// Who records: for which agency, which member of staff, by which file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Author {
    pub(crate) agency: AgencyId,
    pub(crate) kind: AgencyKind,
    pub(crate) region: Division,
    /// `None`: the machine's own command line, or the program itself.
    pub(crate) staff: Option<StaffId>,
    pub(crate) import: Option<ImportId>,
}

impl Author {
    /// A member of staff, by hand.
    pub(crate) fn of(staff: &Staff) -> Self {
        Self {
            agency: staff.agency,
            kind: staff.agency_kind,
            region: staff.region.clone(),
            staff: Some(staff.id),
            import: None,
        }
    }
}

/// Who takes back, and why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taker {
    pub(crate) agency: AgencyId,
    pub(crate) staff: Option<StaffId>,
    pub(crate) reason: WithdrawalReason,
}

impl Taker {
    /// Whoever began a withdrawal goes on with it.
    pub(crate) const fn of(begun: &Withdrawal) -> Self {
        let Withdrawal { agency, staff, reason, .. } = *begun;
        Self { agency, staff, reason }
    }

    pub(crate) fn row(self, record: RecordKind, id: i64, at: Timestamp) -> Write {
        let Self { agency, staff, reason } = self;
        Write::AddWithdrawal(Withdrawal { record, id, at, agency, staff, reason })
    }

    /// The same for what falls with something else.
    pub(crate) const fn followed(self) -> Self {
        Self { reason: WithdrawalReason::Followed, ..self }
    }
}

/// Demands that nobody takes a file back, in each unit that records or holds something of it: what a
/// withdrawal does not find cannot come after it.
pub(crate) fn file_stands(import: Option<ImportId>) -> Option<Write> {
    let id = import?.as_i64();
    Some(Write::ExpectNotWithdrawn { record: RecordKind::Import, id })
}

/// Demands that nobody takes a case back, in each unit that adds to it.
pub(crate) const fn case_stands(case: CaseId) -> Write {
    Write::ExpectNotWithdrawn { record: RecordKind::Case, id: case.as_i64() }
}
