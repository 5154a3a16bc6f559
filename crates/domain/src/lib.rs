//! The words of the field as types.
//!
//! Everything here is a value: no clock, no network, no disk, no thread. Each type checks itself
//! when it is made, so a value that exists is a value that is right. Names follow the vocabulary in
//! `docs/architecture.md`.

pub mod agency;
pub mod alarm;
pub mod appeal;
pub mod assessment;
pub mod case;
pub mod colour;
pub mod company;
pub mod country;
pub mod division;
pub mod document;
pub mod evidence;
pub mod gate;
pub mod hex;
pub mod holder;
pub mod id;
pub mod identity;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod person;
pub mod place;
pub mod reader;
pub mod record;
pub mod text;
pub mod time;
pub mod trip;
pub mod vaccine;
pub mod visit;
pub mod written;
pub mod zone;

pub use agency::{Access, AgencyKind, Purpose, Role, Staff};
pub use alarm::{Activity, AlarmAnswer, AlarmKind, ProtectedGround};
pub use appeal::{AppealFileKind, AppealFinding, AppealGround, AppealState};
pub use assessment::{Assessment, Eased, EasedBy, PolicyRef, Reason};
pub use case::{Case, CaseClass};
pub use colour::Colour;
pub use division::Division;
pub use document::{Document, DocumentError, DocumentType, Sex};
pub use evidence::{Evidence, EvidenceKind, Fact};
pub use gate::{Gate, Scan, ScanOutcome};
pub use holder::Holder;
pub use id::{
    AgencyId, AlarmId, AppealId, AssignmentId, CaseId, EvidenceId, GateId, HolderId, PaperId,
    PlaceId, ScanId, StaffId, TraceId, TraceJobId,
};
pub use identity::{IdentityRefusal, IdentityTarget};
pub use person::{PersonName, Phone};
pub use place::{Place, PlaceKind};
pub use time::{Period, Timestamp};
pub use trip::{Leg, Ride, RideError, Seat, Stop, Trip};
pub use visit::{Presence, Visit, VisitKey};
pub use zone::MrzFields;
