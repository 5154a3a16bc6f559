//! Who shared a place and a time with a case.
//!
//! [`VisitIndex`] holds every visit of the days kept, by place and time and by holder and time.
//! [`trace()`] goes from cases to their close contacts and to the contacts of those, under [`Rules`]
//! taken from a policy; [`exposures_to_event`] starts from a published place and time instead.
//!
//! Values in, values out: no clock, no disk, no thread. `docs/decisions/0006-trace-index.md` says
//! why it is built this way.
//!
//! # What counts as shared time
//!
//! 1. A visit with a known end lasts from `entered` to `left`. One without lasts as long as the
//!    policy assumes for such a place, but not beyond `now` nor beyond the moment its holder was
//!    surely (not by a printed code) seen entering another place; that end is *assumed*.
//! 2. An infectious person's stay counts inside their window, and for the lingering time after it.
//! 3. Two people share the seconds in which both were at one place; a second never counts twice at
//!    a place, however many visits say so. A second is *recorded* if visits with known ends cover
//!    it for both, *assumed* if an assumed end is needed, *unproven* if an unproven presence is.
//!    Aboard a vehicle the two must also be near each other: between the same stops, and as near as
//!    the policy says ([`Aboard`]), as far as tickets tell ([`VisitIndex::set_ride`]).
//! 4. Seconds add up per pair of people. Recorded seconds are the lower bound; with the assumed
//!    ones, and the unproven ones if there are proven ones beside them, they are the upper bound.
//!    An unproven presence by itself makes nobody a contact.
//! 5. They are a contact when the bound that the policy counts reaches its threshold; where the
//!    places have different thresholds, each adds its share (see [`KindRules::contact_minutes`]).
//! 6. A close contact could infect others from the policy's delay after its first exposure until
//!    `now`. Who shared enough time with it then is a secondary contact, unless already close.
//! 7. How likely a close contact and the case met ([`Model`]) says who comes first, and may be asked
//!    for by the policy. It never makes a contact of somebody who shared too few minutes.

mod bulk;
mod case_stays;
mod checksummed_io;
mod columns;
mod company;
mod cumulative;
mod exact;
mod hit;
mod hits;
mod index;
mod interner;
mod judge;
mod likelihood;
mod likely;
mod lists;
mod overlap;
mod pairs;
mod people;
mod removal;
mod repeat_overlaps;
mod rides;
mod row;
mod rules;
mod run;
mod same;
mod saved;
mod secondary;
mod shared;
mod shares;
mod simd;
mod spans;
mod stay;
mod steps;
mod trace;
mod watch;

pub use bulk::{Bulk, BulkCase, BulkContact, BulkSecondary};
pub use cumulative::{Cumulative, CumulativeExposure};
pub use index::{Merge, Merged, VisitIndex};
pub use likelihood::{Apart, Coefficients, Met, MinutesAlone, Model, Overlap};
pub use pairs::{Exposure, Exposures};
pub use removal::Removal;
pub use row::KnownVisit;
pub use rules::{Aboard, Bound, KindRules, Near, Rules};
pub use saved::{CatchUp, Dropped, SavedDay, SavedError, SavedFrom, catch_up};
pub use shares::SharedVisits;
pub use spans::Spans;
pub use trace::{
    CaseInput, ContactFound, EventExposure, TraceResult, Tracer, exposures_to_event, trace,
};
pub use watch::Watch;
