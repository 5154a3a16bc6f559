//! Gates: enrolled devices that check codes, and what happens at them.

use serde::{Deserialize, Serialize};

use crate::agency::names;
use crate::{Colour, GateId, HolderId, PlaceId, ScanId, Timestamp};

/// A device at a place, with a key pair of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Gate {
    /// The id by which scans and sessions name it.
    pub id: GateId,
    /// Where it stands.
    pub place: PlaceId,
    /// Name given at enrolment ("North door").
    pub label: String,
    /// ECDSA P-256 public key, uncompressed SEC1 point (65 bytes).
    pub public_key: Vec<u8>,
    /// Since when.
    pub enrolled_at: Timestamp,
    /// Set when the device was lost or retired; it can no longer sign in.
    pub revoked_at: Option<Timestamp>,
}

names! {
    /// Which way through the gate.
    Direction, "direction" {
        /// Coming in.
        In = "in",
        /// Leaving.
        Out = "out",
    }
}

names! {
    /// What the person at the gate decided. It is not a colour and does not change one.
    ScanOutcome, "outcome of a scan" {
        /// Let in.
        Admitted = "admitted",
        /// Not let in.
        Refused = "refused",
        /// Let in although the code did not allow it, with a reason; an emergency always is.
        Override = "override",
    }
}

names! {
    /// Why a gate let somebody in against the code.
    OverrideReason, "override reason" {
        /// Medical emergency; always admits.
        Emergency = "emergency",
        /// Birth, child or frail person who must not wait outside.
        Vulnerable = "vulnerable",
        /// No working code, identity known to the venue.
        KnownPerson = "known_person",
        /// Anything else; the venue explains it to its supervisor.
        Other = "other",
    }
}

/// One act at a gate, as kept. The holder is unknown when the code could not be opened. Gate, moment
/// and id tell it from every other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scan {
    /// Made by the gate: sending the same scan twice is one scan.
    pub id: ScanId,
    /// At which gate.
    pub gate: GateId,
    /// At which place.
    pub place: PlaceId,
    /// Whose code, if it could be opened.
    pub holder: Option<HolderId>,
    /// When the code was read, by the gate's clock.
    pub at: Timestamp,
    /// Whether they came in or went out.
    pub direction: Direction,
    /// What the code showed.
    pub colour: Option<Colour>,
    /// What was decided.
    pub outcome: ScanOutcome,
    /// Why, for an override.
    pub reason: Option<OverrideReason>,
    /// What was wrong with the code, as a stable code, so that the same scan handed in again is
    /// answered as it was.
    pub problem: Option<String>,
}

/// Today's numbers at one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GateCounts {
    /// Let in.
    pub admitted: u64,
    /// Not let in.
    pub refused: u64,
    /// Let in against the code.
    pub overridden: u64,
    /// Scanned when leaving.
    pub left: u64,
}
