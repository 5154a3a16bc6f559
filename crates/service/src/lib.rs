//! Use cases: authorise, load, decide with the pure crates, write and log in one unit.
//!
//! Each use case is a method of [`App`] in a file of its own. None of them knows HTTP; none of them
//! sets a colour: colours come out of `policy::assess` over recorded evidence, in `assess.rs` only.

mod accounts;
mod app;
mod assess;
mod brake;
mod bulk;
mod case_locks;
mod checks;
mod clock;
mod concurrency;
mod condition;
mod contact_row;
mod cumulative;
mod demo;
mod deployment;
mod document;
mod error;
pub mod gate;
mod health;
mod hold;
pub mod holder;
pub mod import;
mod in_force;
mod jobs;
mod keys;
mod known_places;
mod limits;
mod locks;
mod log;
mod memory;
mod public_log;
mod publish;
mod recolour;
mod search_rules;
mod sequencer;
mod session;
mod settings;
mod sms;
pub mod staff;
mod vault;
mod visits;
pub mod what_if;
mod work;

pub use app::{App, Parts};
pub use bulk::{BulkProgress, BulkSearch};
pub use clock::{Clock, ClockVerdict, Entropy, judge_clock};
pub use contact_row::ContactRow;
pub use cumulative::CumulativeRow;
pub use demo::{DemoPerson, DemoVisit};
pub use error::{FieldError, Kind, Result, ServiceError};
pub use health::{Finding, FindingCode, Health, WARN_DAYS};
pub use in_force::InForce;
pub use jadegate_trace::CaseInput;
pub use jobs::Purged;
pub use keys::Keys;
pub use public_log::LogPart;
pub use recolour::{ChangedView, RecolouringState, RecolouringView};
pub use search_rules::bulk_case;
pub use sequencer::PendingLog;
pub use session::{GateSession, HolderSession, NewSession, StaffSession};
pub use settings::Settings;
pub use sms::{HttpGateway, HttpGatewayConfig, OutboxOnly, SmsError, SmsFault, SmsGateway};
pub use vault::Identity;
pub use visits::{IndexOrigin, Tended};
