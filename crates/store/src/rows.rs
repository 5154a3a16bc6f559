//! Things that are stored but are no words of the field: sealed identity, one-time codes, sessions.

use jadegate_domain::agency::AgencyKind;
use jadegate_domain::id::{ChallengeId, ChangeId, CorrectionId, InvitationId, PhoneCodeId};
use jadegate_domain::record::{AccountEvent, LinkState, PieceOwner};
use jadegate_domain::{
    AgencyId, Assessment, CaseId, Colour, Division, EvidenceId, GateId, HolderId, PlaceId, Purpose,
    Ride, StaffId, Timestamp, TraceId,
};

/// A holder's data key, wrapped by the key-encryption key that lives outside the database.
#[derive(Clone, PartialEq, Eq)]
pub struct VaultKey {
    /// The holder whose data it opens.
    pub holder: HolderId,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
    /// Which key-encryption key wrapped it.
    pub kek: String,
}

impl std::fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VaultKey").field("holder", &self.holder).finish_non_exhaustive()
    }
}

/// One identity field, sealed under the holder's key and bound to holder, column and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedField {
    /// The holder whose identity it is part of.
    pub holder: HolderId,
    /// Which (`name`, `document`, `phone`, `nationality`, `language`).
    pub column: String,
    /// Version, starting at 1; a correction adds the next one.
    pub version: i64,
    /// Nonce and ciphertext.
    pub sealed: Vec<u8>,
    /// When this version was recorded.
    pub recorded_at: Timestamp,
}

/// What a blind index is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexKind {
    /// Type, country and number of a document: leads to one person, who may have several.
    Document,
    /// A phone number: leads to everybody who uses it.
    Phone,
}

impl IndexKind {
    /// Stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Phone => "phone",
        }
    }
}

/// What an account was known by when a document was taken from it. All are keyed digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentBar {
    /// Of the document.
    pub document: [u8; 16],
    /// Of the account: its other marks belong together by it.
    pub account: [u8; 16],
    /// Of its phone and its devices.
    pub marks: Vec<[u8; 16]>,
    /// When it was taken.
    pub at: Timestamp,
}

/// What an answered challenge leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeUse {
    /// Leads to an existing holder (sign-in, or a second registration).
    SignIn(HolderId),
    /// Creates the holder described in the sealed payload.
    Register,
    /// Leads to whoever of those on the phone shows the end of their document with the answer.
    Phone,
    /// Leads nowhere, although it looks the same from outside.
    Nothing,
}

/// Where a challenge leads, found out after it was answered with "a code is on its way".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Keyed digest of the phone that the code goes to, or of the device that is trusted: codes of
    /// one lane answer every challenge of the lane.
    pub lane: [u8; 16],
    /// What the right answer does.
    pub used_for: ChallengeUse,
}

/// A request for a one-time code, waiting for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The id that its answer names.
    pub id: ChallengeId,
    /// Sealed: what was asked for.
    pub sealed_payload: Vec<u8>,
    /// Where it leads; `None` until that was looked up.
    pub route: Option<Route>,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this it is worth nothing.
    pub expires_at: Timestamp,
    /// Answers so far.
    pub tries: u32,
    /// Set when it was answered rightly; it then works no more.
    pub used_at: Option<Timestamp>,
}

/// A one-time code that was sent. Its digits are derived from its id with a key that is not in the
/// database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhoneCode {
    /// The id from which its digits are derived.
    pub id: PhoneCodeId,
    /// Whose challenges it answers.
    pub lane: [u8; 16],
    /// How many digits.
    pub digits: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this it is worth nothing.
    pub expires_at: Timestamp,
    /// Set when it was used; it then works no more.
    pub used_at: Option<Timestamp>,
}

/// How far a message to a phone has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxState {
    /// Waiting for its next try.
    Waiting,
    /// The gateway took it.
    Sent,
    /// Given up: it expired before any gateway took it.
    GivenUp,
}

/// A message to a phone, waiting or sent. Phone and text are sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMessage {
    /// The challenge it belongs to; one message each.
    pub challenge: ChallengeId,
    /// Sealed phone and text.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this there is no sense in sending it.
    pub expires_at: Timestamp,
    /// When to try next.
    pub next_try_at: Timestamp,
    /// Tries so far.
    pub attempts: u32,
    /// How far it has come.
    pub state: OutboxState,
}

/// Whom a session belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionSubject {
    /// A holder.
    Holder(HolderId),
    /// A member of staff.
    Staff(StaffId),
    /// A gate.
    Gate(GateId),
    /// A device on which a holder has signed in before: it signs nobody in, but no stranger's
    /// attempts slow it down.
    Device(HolderId),
}

/// A signed-in client, known by the digest of an opaque token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token.
    pub token_digest: [u8; 32],
    /// The holder, member of staff, gate or device that it signs in.
    pub subject: SessionSubject,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// The kind of device, in one coarse word (`phone`); empty if unknown.
    pub device: String,
    /// The UTC day (since the epoch) on which it was used last.
    pub seen_day: i64,
}

/// Somebody (the carer) may show another person's code and see what that person sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Who is cared for.
    pub person: HolderId,
    /// Who cares for them.
    pub carer: HolderId,
    /// Since when.
    pub since: Timestamp,
    /// It was given for a child, by a guardian: it ends at the age that the policy names.
    pub child: bool,
}

/// Two records that are of one person, or may be. A record has one main record at most, and a main
/// record has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordLink {
    /// The record that belongs to the other's person, or may.
    pub record: HolderId,
    /// The main record: the person goes by its name, and what is new is recorded of it.
    pub main: HolderId,
    /// How far that is decided.
    pub state: LinkState,
    /// Since when it is so.
    pub at: Timestamp,
    /// By whose hand; never a carer's.
    pub by: ChangedBy,
    /// When one record became two, if it did ([`LinkState::is_split`]): visits that began before are those
    /// of both people.
    pub split_at: Option<Timestamp>,
}

/// A piece of evidence from when two people were taken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitPiece {
    /// The piece.
    pub evidence: EvidenceId,
    /// Whose it is, as far as that is decided.
    pub owner: PieceOwner,
    /// Whose it is, as somebody says: decided once another agency says the same.
    pub wish: Option<PieceOwner>,
    /// Which counter said so last.
    pub by: Option<(AgencyId, StaffId)>,
}

/// Whose hand changed how a person is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangedBy {
    /// The person, signed in or by what they proved.
    Person,
    /// Somebody who cares for them.
    Carer(HolderId),
    /// A counter.
    Staff {
        /// The agency.
        agency: AgencyId,
        /// The member of staff; not shown to the person.
        staff: StaffId,
    },
}

impl ChangedBy {
    /// The agency whose counter it was.
    pub const fn agency(self) -> Option<AgencyId> {
        match self {
            Self::Staff { agency, .. } => Some(agency),
            Self::Person | Self::Carer(_) => None,
        }
    }
}

/// A change of how a person is known. Kept as long as the person is; says nothing that is not theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// The change's id.
    pub id: ChangeId,
    /// Whose.
    pub holder: HolderId,
    /// When.
    pub at: Timestamp,
    /// What changed.
    pub event: AccountEvent,
    /// By whom.
    pub by: ChangedBy,
    /// Who cares for the person or did, where the change is about that.
    pub carer: Option<HolderId>,
    /// What was there before, sealed under the person's key: what undoing it needs.
    pub sealed_before: Option<Vec<u8>>,
    /// When it was undone.
    pub undone_at: Option<Timestamp>,
}

/// How a correction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorrectionState {
    /// A second officer has not decided yet.
    Waiting,
    /// The document was released.
    Confirmed,
    /// It was refused or taken back.
    Refused,
}

/// The release of a document from an account that holds it wrongly, begun at a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The correction's id.
    pub id: CorrectionId,
    /// The account that loses the document.
    pub holder: HolderId,
    /// Blind index of the document.
    pub document: [u8; 16],
    /// Why, in the officer's words; no personal data.
    pub reason: String,
    /// Who began it.
    pub opened_by: StaffId,
    /// When it was begun.
    pub opened_at: Timestamp,
    /// After this nobody can confirm it.
    pub expires_at: Timestamp,
    /// How it ended.
    pub state: CorrectionState,
    /// The second officer who decided, once one did.
    pub decided_by: Option<StaffId>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
}

/// What an invitation is for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum InvitationUse {
    /// Becoming the staff member described; the passkey is made on acceptance.
    Staff(Box<jadegate_domain::Staff>),
    /// Enrolling a device as a gate of a place.
    Gate {
        /// The place whose gate the device becomes.
        place: jadegate_domain::PlaceId,
        /// Who made the link; unknown for those of before this was kept.
        #[serde(default)]
        by: Option<StaffId>,
    },
}

/// A single-use link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The id that a use of it names.
    pub id: InvitationId,
    /// SHA-256 of the link's token.
    pub token_digest: [u8; 32],
    /// What its use makes: a member of staff, or a gate.
    pub used_for: InvitationUse,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// Set when used.
    pub used_at: Option<Timestamp>,
}

/// A staff member's passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialRow {
    /// The member of staff who signs in with it.
    pub staff: StaffId,
    /// The authenticator's credential id.
    pub credential_id: Vec<u8>,
    /// The passkey as its library writes it (JSON).
    pub passkey: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// An assessment kept so that it can be read without computing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAssessment {
    /// The holder who was assessed.
    pub holder: HolderId,
    /// The evidence it was made from.
    pub evidence_version: i64,
    /// The state of public evidence (risk levels) it was made from.
    pub regions_version: i64,
    /// What was found.
    pub assessment: Assessment,
}

/// One change of a holder's colour, never removed before its retention ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColourChange {
    /// The holder whose colour changed.
    pub holder: HolderId,
    /// From when the new colour held.
    pub at: Timestamp,
    /// Before; `None` for the first.
    pub from: Option<Colour>,
    /// After.
    pub to: Colour,
    /// The assessment that says why.
    pub assessment: Assessment,
}

/// A holder who is not green, for the list of those to accompany.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfinedHolder {
    /// The holder to accompany.
    pub holder: HolderId,
    /// Where they live.
    pub home: Division,
    /// Their stored assessment.
    pub stored: StoredAssessment,
    /// Their last check-in, if any.
    pub last_check_in: Option<Timestamp>,
}

/// What a ticket says of one visit aboard a trip. Holder, trip and moment of entry tell it from
/// every other; its day is that of the visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredRide {
    /// The passenger.
    pub holder: HolderId,
    /// Aboard what.
    pub trip: PlaceId,
    /// The visit's moment of entry (it names the day).
    pub entered: Timestamp,
    /// Between which stops, on which seat.
    pub ride: Ride,
}

/// One run of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTrace {
    /// The run's id; the contacts it found name it.
    pub id: TraceId,
    /// From which case.
    pub case: CaseId,
    /// When it ran.
    pub ran_at: Timestamp,
    /// By which agency's order.
    pub agency: jadegate_domain::AgencyId,
    /// The agency's kind.
    pub agency_kind: AgencyKind,
    /// Close contacts found.
    pub close: u32,
    /// Secondary contacts found.
    pub secondary: u32,
    /// Inputs and result in the trace's own JSON form.
    pub detail: String,
    /// Set when a newer run of the same case replaced it.
    pub replaced_by: Option<TraceId>,
}

impl StoredTrace {
    /// All but the detail.
    pub const fn head(&self) -> TraceHead {
        TraceHead {
            id: self.id,
            case: self.case,
            ran_at: self.ran_at,
            close: self.close,
            secondary: self.secondary,
            replaced_by: self.replaced_by,
        }
    }
}

/// A run without its inputs and result, which may be large: what lists show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceHead {
    /// The run's id; the contacts it found name it.
    pub id: TraceId,
    /// From which case.
    pub case: CaseId,
    /// When it ran.
    pub ran_at: Timestamp,
    /// Close contacts found.
    pub close: u32,
    /// Secondary contacts found.
    pub secondary: u32,
    /// Set when a newer run of the same case replaced it.
    pub replaced_by: Option<TraceId>,
}

/// A look that may have been written down before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// The member of staff who looked.
    pub staff: StaffId,
    /// The purpose for which they looked.
    pub purpose: Purpose,
    /// At what, as [`jadegate_domain::Access::what`] names it.
    pub what: &'static str,
    /// The first moment that counts.
    pub since: Timestamp,
}

/// How many cases of a division stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenCases {
    /// Cases that are not withdrawn.
    pub cases: u64,
    /// Of those, how many were traced.
    pub traced: u64,
}

/// How far a store is with its visits: what a copy of them has to be compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitMarks {
    /// Drawn at random when the database was made; a backup has it too.
    pub store: [u8; 16],
    /// The days that hold visits, or held some that were taken back, ascending.
    pub days: Vec<DayMark>,
    /// Those of them that lost single visits ([`Write::WithdrawRide`](crate::Write::WithdrawRide)),
    /// ascending, each with its mark of the last time.
    pub lost: Vec<DayMark>,
    /// What was dropped so far, if anything.
    pub dropped: Option<DroppedDays>,
}

/// How far one day's visits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayMark {
    /// UTC day since the epoch.
    pub day: i64,
    /// Higher after each change of the day's visits than ever before, and higher than any mark the
    /// day had before it was dropped. Nothing else changes it.
    pub mark: u64,
}

/// Which visits were dropped: those of days before `before` that had a mark of `mark` or less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DroppedDays {
    /// The first day that was kept.
    pub before: i64,
    /// The highest mark there was.
    pub mark: u64,
}

/// Leaves of the public log that have no number yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PendingLeaves {
    /// How many leaves have a number, which is the number the next one gets.
    pub from: u64,
    /// How many wait, however few of them are listed.
    pub count: u64,
    /// The first of them, in the order in which they will be numbered: their bytes.
    pub first: Vec<Vec<u8>>,
}

/// One leaf of the public log, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLeaf {
    /// Position, from 0, without gaps.
    pub index: u64,
    /// The leaf's bytes.
    pub bytes: Vec<u8>,
}
