//! What staff do: evidence recorded, cases traced, quarantine accompanied, risk levels set, places
//! kept.
//!
//! Who may do what stands in one table, [`access::Power`]; who looks at whom goes through one
//! function in the same file. Nothing here sets a colour: staff record evidence, and a contact is
//! recorded by no person at all, only by a trace.

pub mod access;
pub mod arrivals;
pub mod cases;
pub mod change;
pub mod confirm;
mod contacts;
pub mod document;
pub mod find;
pub mod invite;
pub(crate) mod late;
pub(crate) mod moved;
pub mod open;
pub mod operation;
pub mod overview;
pub mod own_records;
mod parallel;
pub mod places;
pub mod policies;
pub mod proposals;
pub mod quarantine;
pub mod regions;
pub mod releases;
pub(crate) mod retrace;
mod seating;
pub mod sessions;
mod stored_trace;
pub mod test_results;
pub mod trace_jobs;
pub mod trace_many;
pub mod traces;
pub mod waiting;
pub mod what_if;
pub mod withdraw;
mod withdraw_rides;

pub use access::{Power, Recorder, What};
pub use arrivals::ArrivalInput;
pub use cases::{CaseCorrection, CaseInput, CaseRow, CaseWithdrawn, RecordedCase};
pub use change::{ChangeInput, ChangeView, DifferenceView, RegionLine, risk_of};
pub use document::DocumentCorrection;
pub use find::{FoundHolder, Whom};
pub use invite::{AgencyInput, InvitedStaff, NewPasskey, StaffInput, StaffRow};
pub use open::{HolderView, PersonRecord};
pub use operation::{Operation, StoredKind, UnreadableRows};
pub use overview::Overview;
pub use own_records::OwnRecord;
pub use places::{Enrolment, GateRow, PlaceInput, PlacePage, PlaceRow};
pub use policies::{PolicyCheck, PolicyProblem, PolicyRow, SoundPolicy};
pub use proposals::{AttachedWhatIf, Officer, ProposalView};
pub use quarantine::{PersonInQuarantine, QuarantineFilter, QuarantinePage};
pub use regions::{RegionInput, RegionRow};
pub use releases::ReleaseInput;
pub use seating::{AboardView, TicketView};
pub use test_results::{ImportReport, RecordedEvidence, RejectedLine, TestInput};
pub use trace_jobs::{JobOrder, TraceJobProgress, TraceJobState, TraceJobView};
pub use trace_many::{JobContact, JobContactPage, TraceJobInput};
pub use traces::{TraceDetail, TraceReport, TraceRow};
pub use waiting::{WaitingRow, WaitingSample, WaitingSamples};
pub use what_if::{ProgressView, Share, WhatIfState, WhatIfView};
pub use withdraw::{ImportRow, Record, RecordRow, WithdrawnRecords};

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
