//! Cases: recorded, corrected, withdrawn; traced at the desk of tracing ([`super::tracing`]).

mod case;
mod record;
mod standing;

pub(crate) use case::{case_fact, case_key_name, withdrawn};
pub use record::{CaseCorrection, CaseInput, CaseRow, CaseWithdrawn, RecordedCase};
