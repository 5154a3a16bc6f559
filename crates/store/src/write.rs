//! Everything a store can be asked to write.

use jadegate_domain::agency::Agency;
use jadegate_domain::division::RegionRisk;
use jadegate_domain::id::{
    ChangeId, IdentityRequestId, ImportId, InvitationId, ProposalId, WaitingId,
};
use jadegate_domain::record::{RecordKind, WaitingState};
use jadegate_domain::{
    Access, AgencyId, AgencyKind, Case, CaseId, Division, Evidence, EvidenceId, Gate, GateId,
    Holder, HolderId, Place, PlaceId, Role, Scan, Staff, StaffId, Timestamp, TraceId, Trip, Visit,
    VisitKey,
};

use crate::alarms::AlarmWrite;
use crate::appeals::AppealWrite;
use crate::assignments::AssignmentWrite;
use crate::challenges::ChallengeWrite;
use crate::corrections::CorrectionWrite;
use crate::identity::{IdentityDecision, IdentityRequest, IdentityState};
use crate::mandate::MandateStep;
use crate::numbers::PublishedNumbers;
use crate::papers::PaperWrite;
use crate::policies::{AssessmentMark, Decision, PolicyVersion, ProposalState, StoredProposal};
use crate::recolourings::RecolouringWrite;
use crate::records::{
    Authorship, ImportCounts, ImportRun, KeptRecord, Tube, TubeOwner, Waiting, WaitingDecision,
    WaitingPiece, Withdrawal,
};
use crate::rows::{
    AccountChange, ColourChange, CredentialRow, IndexKind, Invitation, OutboxMessage, Proxy,
    RecordLink, SealedField, Session, SessionSubject, SplitPiece, StoredAssessment, StoredRide,
    StoredTrace, VaultKey,
};
use crate::servers::ServerWrite;

/// One write. Each variant states its precondition; see the crate's contract for what follows when
/// it does not hold.
#[derive(Clone, Debug)]
pub enum Write {
    /// A new holder. Precondition: the id is free.
    AddHolder(Holder),
    /// A new holder's wrapped data key. Precondition: none yet for this holder.
    AddVaultKey(VaultKey),
    /// A sealed identity field. Precondition: this holder, column and version is free.
    AddSealedField(SealedField),
    /// A blind index entry. Preconditions: a document leads to nobody yet (one person, one code), and
    /// nothing is kept for its owner ([`Precondition::Leads`](crate::Precondition)): it is taken
    /// ([`Write::TakeKept`]) earlier in the unit. A phone leads to many, to each once.
    AddIndex {
        /// Over what.
        kind: IndexKind,
        /// Keyed digest.
        digest: [u8; 16],
        /// To whom it leads.
        holder: HolderId,
    },
    /// Demands that a blind index entry leads to this holder, by whichever record, where the write stands; else the conflict
    /// is [`Precondition::Leads`](crate::Precondition).
    ExpectIndex {
        /// Over what.
        kind: IndexKind,
        /// Keyed digest.
        digest: [u8; 16],
        /// To whom it leads.
        holder: HolderId,
    },
    /// Demands that a blind index entry leads to these holders and no others where the write stands;
    /// else the conflict is [`Precondition::Leads`](crate::Precondition). So what was decided from who
    /// uses a phone is not decided from who used it a moment ago.
    ExpectIndexed {
        /// Over what.
        kind: IndexKind,
        /// Keyed digest.
        digest: [u8; 16],
        /// To whom it leads, ascending.
        holders: Vec<HolderId>,
    },
    /// Somebody may act for a person. Preconditions: both exist, it does not stand yet, and the carer
    /// cares for fewer than `most`; else the conflict is
    /// [`Precondition::Room`](crate::Precondition::Room) of [`PEOPLE`](crate::PEOPLE).
    AddProxy {
        /// Who, for whom.
        proxy: Proxy,
        /// For how many people anybody may act.
        most: u32,
    },
    /// Somebody may act for a person no more, by whichever records. Precondition: they might.
    EndProxy {
        /// Who was cared for.
        person: HolderId,
        /// Who cared for them.
        carer: HolderId,
    },
    /// Two records are joined, or it is asked that they are, or are parted. Raises the `evidence_version`
    /// of all that are linked with either. Preconditions: both exist; the record's link is `replaces`
    /// (else `Stands`; `None`: it has none, else `Absent`); the main record has no link of its own and the
    /// record is nobody's main record (else `Absent`).
    PutLink {
        /// What holds from now on.
        link: RecordLink,
        /// What was loaded.
        replaces: Option<RecordLink>,
    },
    /// Two records are parted. Raises the versions as [`PutLink`](Self::PutLink) does. Precondition: the
    /// record's link is this one ([`Precondition::Stands`](crate::Precondition)).
    EndLink(RecordLink),
    /// Whose the pieces are that were recorded while two people were taken for one: these take the place of
    /// all that was said. Raises the versions as [`PutLink`](Self::PutLink) does. Preconditions: the record's
    /// link is a split ([`Precondition::Stands`](crate::Precondition)), and each piece exists. They go with
    /// the split.
    PutPieces {
        /// The record that was made for the second person.
        record: HolderId,
        /// The pieces, each once.
        pieces: Vec<SplitPiece>,
    },
    /// About a code on paper; see there.
    Paper(PaperWrite),
    /// About an appeal; see there.
    Appeal(AppealWrite),
    /// About an alarm, or what it is raised from; see there.
    Alarm(AlarmWrite),
    /// About whom a community worker accompanies; see there.
    Assignment(AssignmentWrite),
    /// What changed about how a person is known. Precondition: the id is free.
    AddAccountChange(Box<AccountChange>),
    /// A change is undone. Precondition: it exists, of this holder, and is not undone yet.
    UndoAccountChange {
        /// The change.
        id: ChangeId,
        /// Whose.
        holder: HolderId,
        /// When.
        at: Timestamp,
    },
    /// Removes every version of a sealed field, leaving no readable copy. No precondition.
    DropSealedField {
        /// Whose.
        holder: HolderId,
        /// Which column.
        column: &'static str,
    },
    /// Destroys a holder's data key, sealed fields, index entries, sessions, who cares for them and
    /// whom they care for, what was there before a change, and the challenges that lead to them with
    /// their messages. No precondition.
    Shred(HolderId),

    /// About a one-time code that somebody signs in with; see there.
    Challenge(ChallengeWrite),
    /// A message to a phone. Precondition: none yet for this challenge.
    AddOutbox(OutboxMessage),
    /// Replaces a message after a try. Preconditions: it exists, and waits
    /// ([`Precondition::Stands`](crate::Precondition)): nobody else has sent it or given it up.
    UpdateOutbox(OutboxMessage),

    /// Counts something within a window that slides with `at`. Precondition: what was counted of this
    /// class and key after `at - window_seconds`, and this, is no more than `most`; else nothing is
    /// counted and the conflict is [`Precondition::Room`](crate::Precondition::Room). Counted later
    /// than `at` (a clock was set back) counts too. So of many at once exactly as many pass as there
    /// is room for. A class always has the same window; with `most` 1 it makes a thing single-use.
    CountWithin {
        /// The limit's static name, for its messages (`otp.client`).
        class: &'static str,
        /// Of whom or what: a keyed digest, never personal data.
        key: [u8; 16],
        /// How much; at least 1.
        count: u32,
        /// The moment it is counted at: the end of the window.
        at: Timestamp,
        /// The window's length; at least 1.
        window_seconds: u32,
        /// How much within any window.
        most: u32,
    },

    /// A new session. Precondition: the digest is free.
    AddSession(Session),
    /// Ends a session. No precondition.
    EndSession([u8; 32]),
    /// Uses up a nonce. Precondition: it has not been used; else the conflict is `Unused`.
    UseNonce {
        /// SHA-256 of the nonce.
        digest: [u8; 32],
        /// From when on it is refused by its age, so that it need not be remembered any more.
        expires_at: Timestamp,
    },
    /// Leases and jobs of several servers.
    Server(ServerWrite),
    /// Ends every session of a subject; of a holder, their trusted devices too. No precondition.
    EndSessionsOf(SessionSubject),
    /// A session was used on this UTC day (since the epoch). No precondition: it may have ended.
    SeeSession {
        /// SHA-256 of the token.
        token_digest: [u8; 32],
        /// The day; an earlier one changes nothing.
        day: i64,
    },
    /// About a document that is taken from an account; see there.
    Correction(CorrectionWrite),

    /// A new agency. Precondition: the id is free.
    AddAgency(Agency),
    /// A new member of staff. Precondition: the id is free and the agency exists.
    AddStaff(Staff),
    /// The health commission confirms an agency; a second time keeps the first. Precondition: exists.
    ConfirmAgency {
        /// The agency that is confirmed.
        agency: AgencyId,
        /// By whom; `None`: the set-up.
        by: Option<StaffId>,
        /// The moment from which it has its powers.
        at: Timestamp,
    },
    /// The health commission confirms a member of staff; a second time keeps the first.
    /// Preconditions: exists, and their access has not ended ([`Precondition::Stands`](crate::Precondition)).
    ConfirmStaff {
        /// The member of staff who is confirmed.
        staff: StaffId,
        /// By whom; `None`: the set-up.
        by: Option<StaffId>,
        /// The moment from which they have their powers.
        at: Timestamp,
    },
    /// A passkey. Precondition: the credential id is free and the staff member exists.
    AddCredential(CredentialRow),
    /// Replaces a passkey after use (its counter moved). Precondition: it exists, of the same member
    /// of staff.
    UpdateCredential(CredentialRow),
    /// Ends a staff member's access and their sessions; a second time keeps the first moment.
    /// Precondition: exists.
    DisableStaff {
        /// The member of staff who leaves.
        staff: StaffId,
        /// The moment from which they can no longer sign in.
        at: Timestamp,
    },
    /// Demands that somebody of this role in this kind of agency is left where the write stands, who
    /// with their agency is confirmed, whose access has not ended and whose region contains the
    /// division; else the conflict is [`Precondition::Remains`](crate::Precondition). So of several
    /// who end each other's access at once the last one stays.
    ExpectStaff {
        /// The kind of their agency.
        agency_kind: AgencyKind,
        /// Their role there.
        role: Role,
        /// Where they have to act.
        region: Division,
    },
    /// A new single-use link. Precondition: the id and the digest are free.
    AddInvitation(Invitation),
    /// Uses a link. Precondition: unused and not expired at `at`.
    UseInvitation {
        /// The invitation.
        id: InvitationId,
        /// The moment of its use.
        at: Timestamp,
    },

    /// A new place. Precondition: the id and the external key (if any) are free.
    AddPlace(Place),
    /// What is known of the trip that a place is; it takes the place of what was known. Precondition:
    /// the place exists, and what is known now equals `replaces` (`None`: nothing is; then the
    /// conflict is `Absent`, otherwise `Exists`). So no file undoes the stops of another.
    PutTrip {
        /// The trip.
        trip: Box<Trip>,
        /// What was loaded.
        replaces: Option<Box<Trip>>,
    },
    /// A new gate. Precondition: the id is free and the place exists.
    AddGate(Gate),
    /// Revokes a gate and ends its sessions; a second time keeps the first moment. Precondition: it
    /// exists.
    RevokeGate {
        /// The gate.
        gate: GateId,
        /// The moment from which it is none any more.
        at: Timestamp,
    },

    /// A visit, kept with its day. One that is there already under its key ([`Visit::key`]) and has
    /// this end, or is told without one, is left as it is, and the unit's [`Receipt`] says so; an
    /// end that was not known is set. Precondition: there is no other end; else the conflict is
    /// [`Precondition::Agrees`](crate::Precondition). Nothing is ever ignored without a word.
    AddVisit(Visit),
    /// Sets a visit's end. Precondition: it exists, and has no other end (else the conflict is
    /// [`Precondition::Agrees`](crate::Precondition)); this one told again changes nothing, and the
    /// unit's [`Receipt`] says so.
    CloseVisit {
        /// Holder, place and moment of entry of the visit.
        visit: VisitKey,
        /// The end; never before the entry.
        left: Timestamp,
    },
    /// Moves a visit's end to an earlier moment: its holder was seen to leave before. The day is noted
    /// as one that lost a visit, so that no copy of the visits keeps the longer one. Precondition: it
    /// exists, and ends at `from` (else the conflict is [`Precondition::Agrees`](crate::Precondition)).
    ShortenVisit {
        /// Holder, place and moment of entry of the visit.
        visit: VisitKey,
        /// The end that is known.
        from: Timestamp,
        /// The right one: before `from`, never before the entry.
        to: Timestamp,
    },
    /// What a ticket says of a visit aboard a trip, kept with the day of `entered`; it replaces what
    /// was said of the same holder, trip and moment of entry before. No precondition.
    PutRide(StoredRide),
    /// Takes back a ride: what its ticket says, and the visit that a passenger list made of it
    /// (`Presence::Imported`). The day is noted as one that lost a visit. Precondition: the visit is
    /// there.
    WithdrawRide {
        /// Whose.
        holder: HolderId,
        /// Aboard which trip.
        trip: PlaceId,
        /// When they boarded.
        entered: Timestamp,
    },
    /// A new scan, kept with its day. Precondition: its gate has none of this id at this moment.
    AddScan(Scan),

    /// New evidence. Precondition: the id and the external key (if any) are free, and the holder (if
    /// any) exists. The holder's `evidence_version` is raised by one.
    AddEvidence {
        /// The evidence, with its id.
        evidence: Box<Evidence>,
        /// Keyed digest of what the recorder calls it, so that the same line read twice is one
        /// piece of evidence.
        external_key: Option<[u8; 16]>,
    },
    /// Withdraws evidence. Preconditions: it exists, and stands: it is neither withdrawn nor replaced
    /// ([`Precondition::Stands`](crate::Precondition)). Raises the holder's `evidence_version`.
    WithdrawEvidence {
        /// The evidence that is withdrawn.
        id: EvidenceId,
        /// The moment from which it no longer counts.
        at: Timestamp,
    },
    /// Marks evidence as replaced. Preconditions: it exists, and stands: it is neither withdrawn nor
    /// replaced ([`Precondition::Stands`](crate::Precondition)). Raises the holder's
    /// `evidence_version`.
    SupersedeEvidence {
        /// The evidence that is replaced.
        id: EvidenceId,
        /// By which.
        by: EvidenceId,
    },
    /// Demands that the holder exists and their evidence is at this version where the write stands:
    /// so it stands first in a unit that decided from loaded evidence.
    ExpectEvidenceVersion {
        /// The holder whose evidence was loaded.
        holder: HolderId,
        /// The version that was loaded.
        version: i64,
    },
    /// Demands that the holder's stored assessment is still this one (`None`: there is none) where
    /// the write stands; else the conflict is [`Precondition::Assessment`](crate::Precondition). So
    /// two that decide at once never write the same change of colour twice.
    ExpectAssessment {
        /// The holder whose assessment was loaded.
        holder: HolderId,
        /// The one that was loaded.
        mark: Option<AssessmentMark>,
    },
    /// Replaces the stored assessment. Precondition: the holder exists and their evidence version
    /// equals the one it was made from (as it is after the earlier writes of this unit).
    PutAssessment(Box<StoredAssessment>),
    /// Adds a change of colour. No precondition.
    AddColourChange(Box<ColourChange>),

    /// A risk level of a division. Precondition: the id is free. Raises the regions' version.
    AddRegionRisk(RegionRisk),
    /// Ends a risk level, or moves its end; never before its start. Preconditions: it exists, and was
    /// not withdrawn ([`Precondition::Stands`](crate::Precondition)). Raises the regions' version.
    EndRegionRisk {
        /// The risk level, by the id of its evidence.
        id: EvidenceId,
        /// The first moment at which it no longer holds.
        to: Timestamp,
    },

    /// A policy is published and in force from here on. Precondition: the one in force before it has
    /// the digest `replaces` (`None`: there is none yet; then the conflict is `Absent`, otherwise
    /// `Exists`).
    PublishPolicy {
        /// The new one.
        version: Box<PolicyVersion>,
        /// The digest of the one in force now.
        replaces: Option<String>,
    },
    /// What is published of a day. Precondition: neither of that day nor of a later one anything was
    /// ([`Precondition::Absent`](crate::Precondition)): what was told stays as it was, and of two servers one
    /// tells it.
    PublishNumbers(Box<PublishedNumbers>),
    /// The next step of the mandates. Precondition: its number is one above the highest there is (else the
    /// conflict is `Absent` where it is taken, `Exists` where one before it is missing).
    AddMandateStep(Box<MandateStep>),
    /// A new identity request. Preconditions: the id is free, and whoever asks has no other one that waits
    /// or is approved (both are `Absent`), unless this one is refused.
    AddIdentityRequest(Box<IdentityRequest>),
    /// Decides on an identity request. Precondition: it is there (`Exists`) in the state `from` (`Stands`).
    DecideIdentityRequest {
        /// The request.
        id: IdentityRequestId,
        /// The state it was loaded in.
        from: IdentityState,
        /// What it comes to.
        decision: Box<IdentityDecision>,
    },
    /// Whoever asked reads the person, who is told no later than that. Precondition: it is there (`Exists`),
    /// approved, and `at` is before its end (`Stands`).
    ReadIdentity {
        /// The request.
        id: IdentityRequestId,
        /// When.
        at: Timestamp,
    },
    /// A new proposal. Precondition: the id is free.
    AddProposal(Box<StoredProposal>),
    /// Ends a proposal. Precondition: it exists and waits.
    DecideProposal {
        /// The proposal.
        id: ProposalId,
        /// How it ends; not `Waiting`.
        state: ProposalState,
        /// By whom, when, why.
        decision: Box<Decision>,
    },
    /// About a run of recolouring; see there.
    Recolouring(RecolouringWrite),

    /// A new case. Precondition: the id is free.
    AddCase(Case),
    /// Corrects a case. Preconditions: it exists, of the same holder, and stands: it is not withdrawn,
    /// and says what `replaces` says ([`Precondition::Stands`](crate::Precondition)). So no correction
    /// undoes another.
    UpdateCase {
        /// What it is to say.
        case: Box<Case>,
        /// What was loaded.
        replaces: Box<Case>,
    },
    /// A case is that of the other of two people whose record was one. Precondition: it is there, and is the
    /// first one's ([`Precondition::Stands`](crate::Precondition)).
    MoveCase {
        /// The case.
        case: CaseId,
        /// Whose it was taken for.
        from: HolderId,
        /// Whose it is.
        to: HolderId,
    },
    /// Withdraws a case. Preconditions: it exists, and is not withdrawn
    /// ([`Precondition::Stands`](crate::Precondition)).
    WithdrawCase {
        /// The case that is withdrawn.
        case: CaseId,
        /// The moment from which it is none any more.
        at: Timestamp,
    },
    /// A trace's run. Precondition: the id is free.
    AddTrace(Box<StoredTrace>),
    /// Marks a run as replaced. Preconditions: it exists, and no other replaced it
    /// ([`Precondition::Stands`](crate::Precondition)).
    ReplaceTrace {
        /// The run that is replaced.
        id: TraceId,
        /// By which.
        by: TraceId,
    },
    /// Demands that the case exists, is not withdrawn, and that this is its standing run
    /// ([`RecordStore::standing_trace`](crate::Store::standing_trace); `None`: it has none), where the write
    /// stands; else the conflict is [`Precondition::Stands`](crate::Precondition). So no contact is
    /// recorded for a case that is none any more, or from a run that another one replaced.
    ExpectTrace {
        /// The case.
        case: CaseId,
        /// The run.
        run: Option<TraceId>,
    },

    /// Who recorded something. Precondition: nobody is named for that record yet.
    AddAuthorship(Box<Authorship>),
    /// A file that is taken over. Precondition: the id is free.
    AddImport(Box<ImportRun>),
    /// What a file came to. Precondition: it exists and has not ended.
    EndImport {
        /// The file, by the id of its import.
        id: ImportId,
        /// The moment its last line was done.
        at: Timestamp,
        /// What it came to.
        counts: ImportCounts,
    },
    /// The whole of a file is taken back. Precondition: it exists and is not withdrawn.
    WithdrawImport {
        /// The file, by the id of its import.
        id: ImportId,
        /// The moment from which its records no longer count.
        at: Timestamp,
    },
    /// Who took a record back, and why. Precondition: nobody did yet. Of a file or a case it says so
    /// before the records that came from it are taken back one after another; until
    /// [`Write::WithdrawImport`] or [`Write::WithdrawCase`] it is unfinished.
    AddWithdrawal(Withdrawal),
    /// Demands that nobody has taken this record back, or begun to; else the conflict is
    /// [`Precondition::NotWithdrawn`](crate::Precondition). So nothing that was taken back comes again with
    /// a file that is on its way, and nothing is added to a file or a case that is being taken back.
    ExpectNotWithdrawn {
        /// What kind of record.
        record: RecordKind,
        /// The number of its id.
        id: i64,
    },
    /// It is said whose tube it is. Preconditions: nobody said so yet, and, if its owner is known,
    /// nothing is kept under its key ([`Precondition::Leads`](crate::Precondition)): that is taken
    /// ([`Write::TakeKept`]) earlier in the unit.
    BindTube(Box<Tube>),
    /// It is not said any more whose tube it is. Precondition: it is, in these words
    /// ([`Precondition::Stands`](crate::Precondition)).
    UnbindTube(Box<Tube>),
    /// Demands that a tube is this owner's ([`Precondition::Leads`](crate::Precondition)).
    ExpectTube {
        /// Keyed digest of the tube.
        key: [u8; 16],
        /// Whose it is.
        owner: TubeOwner,
    },
    /// A record is kept for the owner of a document, or of a tube. Preconditions: the id is free, and
    /// the document, or the tube, leads to nobody ([`Precondition::Leads`](crate::Precondition)).
    KeepForDocument(Box<KeptRecord>),
    /// Demands that so many records are kept for the owner of a document, withdrawn ones too; else the
    /// conflict is [`Precondition::EvidenceVersion`](crate::Precondition). None is taken away by
    /// itself, so that of two who keep something from the same state one looks again.
    ExpectKept {
        /// Keyed digest of the document.
        document: [u8; 16],
        /// How many.
        pieces: u32,
    },
    /// What is kept is taken back and stays, marked, until the owner registers. Preconditions: it is
    /// there ([`Precondition::Exists`](crate::Precondition)) and was not taken back
    /// ([`Precondition::Stands`](crate::Precondition)).
    WithdrawKept {
        /// What is taken back.
        id: EvidenceId,
        /// When.
        at: Timestamp,
    },
    /// What was kept is recorded for the document's owner in this unit. Precondition: it is there.
    TakeKept(EvidenceId),
    /// Records begin to wait. Precondition: the id is free.
    AddWaiting(Box<Waiting>),
    /// One of them. Precondition: what it belongs to waits; number and external key are free.
    AddWaitingPiece(Box<WaitingPiece>),
    /// Waiting ends; what is not confirmed is deleted. Precondition: it exists and waits.
    DecideWaiting {
        /// The records that wait.
        id: WaitingId,
        /// How it ends; not `Waiting`.
        state: WaitingState,
        /// By whom, when.
        decision: WaitingDecision,
    },
    /// A confirmed record is recorded in this unit and waits no more. Precondition: it is there, and
    /// confirmed.
    TakeWaitingPiece {
        /// Of what.
        waiting: WaitingId,
        /// Its number there.
        number: u32,
    },

    /// One look at a person's data. No precondition.
    AddAccess(Access),
    /// A leaf of the public log. It waits without a number until
    /// [`NumberLeaves`](Self::NumberLeaves) gives it one. No precondition.
    AddLeaf(Vec<u8>),
    /// Gives the next numbers to the first leaves that wait, in the order of
    /// [`Store::pending_leaves`](crate::Store::pending_leaves), however few or many of them there are by
    /// then. Precondition: the log has `from` leaves; else the conflict is
    /// [`Precondition::LogSize`](crate::Precondition). So of two that number at once one does, and the
    /// other looks again.
    NumberLeaves {
        /// How many leaves the log had when it was looked at: the first number that is given.
        from: u64,
        /// How many are numbered at most; bounds the work of one transaction.
        most: u32,
    },
    /// A setting of the deployment (`signing_key_fingerprint`). Precondition: if `expect` is given,
    /// the present value equals it (`Some(None)`: it is absent; else the conflict is `Absent`,
    /// otherwise `Exists`).
    PutSetting {
        /// Name.
        name: &'static str,
        /// Value.
        value: String,
        /// The value it must have now.
        expect: Option<Option<String>>,
    },
}
