//! What staff do: evidence recorded, cases traced, quarantine accompanied, risk levels set, places
//! kept. One folder for each desk; a desk of one file is a file. What more than one desk needs lies
//! beside them.
//!
//! Who may do what stands in one table, [`Power`]; who looks at whom goes through one function
//! (`access`). Nothing here sets a colour: staff record evidence, and a contact is
//! recorded by no person at all, only by a trace.

pub mod access;
pub(crate) mod access_table;
pub mod alarms;
pub mod appeals;
pub mod cases;
mod conditions;
pub mod identity;
pub mod members;
pub mod operation;
pub mod overview;
mod parallel;
pub mod people;
pub mod places;
pub mod policies;
pub(crate) mod power;
pub mod protected;
pub mod records;
pub mod regions;
pub mod tracing;
pub mod what;

pub use self::access::{Power, Recorder};
pub use self::access_table::{
    AccessTable, Holding, NamedCondition, NamedKind, NamedPurpose, NamedRole, PowerRow, kind_words,
    purpose_words, role_words,
};
pub use self::alarms::{AlarmAnswerInput, AlarmAnswered, AlarmList, AlarmRow, NotAnswered};
pub use self::appeals::counter::{AppealReceipt, CounterAppeal};
pub use self::appeals::decide::DecisionInput;
pub use self::appeals::list::{
    AppealAnswer, AppealDetail, AppealList, AppealRow, NotByYou, RuleReviewRow,
};
pub use self::cases::{CaseCorrection, CaseInput, CaseRow, CaseWithdrawn, RecordedCase};
pub use self::conditions::{Condition, Words};
pub use self::identity::ask::IdentityInput;
pub use self::identity::decide::{NamedPerson, RefusalInput};
pub use self::identity::figures::{IdentityFigure, IdentityFigures};
pub use self::identity::view::{IdentityRequestView, IdentityStateView, MyIdentityRequest};
pub use self::members::invite::{AgencyInput, InvitedStaff, NewPasskey, StaffInput, StaffRow};
pub use self::members::me::{ConfirmationView, MeAgency, MeStaff, MeView};
pub use self::operation::{Operation, StoredKind, UnreadableRows};
pub use self::overview::Overview;
pub use self::people::assigned::{
    AccompaniedPeople, AccompaniedPerson, AssignmentInput, AssignmentRow, CommunityWorker,
    MOST_ACCOMPANIED,
};
pub use self::people::compared::RecordsOutcome;
pub use self::people::counter::{
    CounterInput, CounterRegistered, DocumentReading, DocumentState, ReadDocument,
};
pub use self::people::details::DetailInput;
pub use self::people::document::DocumentCorrection;
pub use self::people::find::{FoundHolder, Whom};
pub use self::people::joined::{RecordsAnswer, RecordsInput};
pub use self::people::open::{HolderView, PersonRecord};
pub use self::people::quarantine::{PersonInQuarantine, QuarantineFilter, QuarantinePage};
pub use self::people::split::{PieceInput, SplitInput, SplitPieceView};
pub use self::places::{Enrolment, GateRow, PlaceInput, PlacePage, PlaceRow};
pub use self::policies::change::{ChangeInput, ChangeView, RegionLine, risk_of};
pub use self::policies::proposal_view::{AttachedWhatIf, Officer, ProposalView};
pub use self::policies::proposed::DifferenceView;
pub use self::policies::published::{PolicyCheck, PolicyProblem, PolicyRow, SoundPolicy};
pub use self::policies::runs::Share;
pub use self::policies::what_if::{ProgressView, WhatIfState, WhatIfView};
pub use self::protected::{ProtectInput, ProtectedRow};
pub use self::records::arrivals::ArrivalInput;
pub use self::records::asked::AskedWithdrawal;
pub use self::records::files::{ImportRow, RecordRow};
pub use self::records::keeping::KeptCounts;
pub use self::records::own_records::OwnRecord;
pub use self::records::recording::RecordedEvidence;
pub use self::records::releases::ReleaseInput;
pub use self::records::samples::{BoundSample, SampleInput};
pub use self::records::test_results::TestInput;
pub use self::records::waiting::{WaitingRow, WaitingSample, WaitingSamples};
pub use self::records::withdraw::{Record, WithdrawnRecords};
pub use self::regions::{RegionInput, RegionRow};
pub use self::tracing::jobs as trace_jobs;
pub use self::tracing::jobs::{JobOrder, TraceJobState, TraceJobView};
pub use self::tracing::many::{JobContact, JobContactPage, TraceJobInput, TraceJobProgress};
pub use self::tracing::seating::{AboardView, TicketView};
pub use self::tracing::traces::{TraceDetail, TraceReport, TraceRow};
pub use self::what::What;
pub use crate::import::report::{ImportReport, RejectedLine};

use crate::error::{FieldError, Kind, ServiceError};

/// One wrong field of the input.
pub(crate) fn wrong(
    field: &'static str,
    code: &'static str,
    detail: impl Into<String>,
) -> ServiceError {
    ServiceError::fields(vec![FieldError { field, code, detail: detail.into() }])
}

/// It clashes with what is there.
pub(crate) fn conflict(code: &'static str, detail: impl Into<String>) -> ServiceError {
    ServiceError::new(Kind::Conflict, code, detail)
}
