//! What happened to the things that leaves tell of: closed lists, one for each kind of thing.

use serde::{Deserialize, Serialize};

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyRole {
    /// Signs live codes.
    Live,
    /// Signs venue codes.
    Venue,
    /// Signs codes on paper, and the list that says how they stand.
    Paper,
    /// Signs checkpoints of this log.
    Log,
}

/// What happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyEvent {
    /// Published, for use in its period.
    Published,
    /// No longer to be trusted, before its period ended.
    Revoked,
    /// Its private part was published after its period.
    Disclosed,
}

/// What happened to a mandate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MandateEvent {
    /// Its signed document was published here: it governs from its first moment on.
    Published,
    /// It was ended before its time.
    Ended,
}

/// What happened to a request to learn who stands behind a pseudonym.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityEvent {
    /// It was made, and waits for a second person of another agency.
    Asked,
    /// It was refused, by the rules or by the second person.
    Refused,
    /// The second person agreed.
    Approved,
    /// The person was read.
    Read,
    /// Its time was over, or whoever asked ended it.
    Closed,
}

/// What happened to a piece of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceEvent {
    /// Recorded.
    Recorded,
    /// Withdrawn.
    Withdrawn,
}

/// What happened to a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalEvent {
    /// It was made.
    Proposed,
    /// A second officer agreed.
    Approved,
    /// A second officer refused.
    Rejected,
    /// Whoever made it took it back.
    Withdrawn,
    /// Nobody decided in time.
    Expired,
    /// It took effect.
    Applied,
}

/// What happened to an agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgencyEvent {
    /// It was registered. Without a confirmation its staff have no power over people.
    Registered,
    /// The health commission confirmed it.
    Confirmed,
}

/// What happened to a member of staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaffEvent {
    /// An invitation was made.
    Invited,
    /// They accepted it with a passkey.
    Joined,
    /// The health commission confirmed them, holding that passkey.
    Confirmed,
    /// Somebody else ended their sessions; they can sign in again.
    SignedOut,
    /// Their access ended.
    Ended,
}

/// What happened to a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateEvent {
    /// A device became a gate.
    Enrolled,
    /// Somebody ended its sessions; the device can sign in again.
    SignedOut,
    /// It is none any more.
    Revoked,
}

/// What happened to an appeal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppealEvent {
    /// Somebody contests a record behind their colour.
    Lodged,
    /// They are right.
    Granted,
    /// The record stands.
    Refused,
    /// They took it back.
    Withdrawn,
    /// The record was taken back or replaced before anybody decided.
    Settled,
    /// Nobody decided in time.
    Lapsed,
}

/// What happened to an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmEvent {
    /// It was raised.
    Raised,
    /// Above the mandate's number: what follows waits for a second pair of eyes.
    Holds,
    /// A second body answered it.
    Answered,
}

/// What happened to the list of protected people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProtectionEvent {
    /// Somebody was put on it.
    Added,
    /// Two officers took somebody from it.
    Removed,
}

/// What happened to records that wait for a second pair of eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingEvent {
    /// They were above the mandate's number and colour nobody yet.
    Held,
    /// Somebody else confirmed them.
    Confirmed,
    /// They were refused.
    Refused,
    /// Nobody decided in time.
    Expired,
}
