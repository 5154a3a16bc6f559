//! The trait every backend implements.

use async_trait::async_trait;
use jadegate_domain::agency::Agency;
use jadegate_domain::id::{
    ChallengeId, ChangeId, CorrectionId, IdentityRequestId, ImportId, ProposalId, WaitingId,
};
use jadegate_domain::record::{RecordKind, WaitingKind, WaitingState};
use jadegate_domain::{
    Access, AgencyId, AppealId, Case, CaseId, Division, Evidence, EvidenceId, Gate, GateId, Holder,
    HolderId, PaperId, Place, PlaceId, Scan, ScanId, Staff, StaffId, Timestamp, TraceId, Trip,
    Visit,
};

use crate::appeals::{Appeal, AppealFile, RuleReview};
use crate::aside::{Listed, Unreadable};
use crate::changes::{Changes, Position, Reading};
use crate::error::StoreError;
use crate::identity::{IdentityCount, IdentityRequest};
use crate::latest::Latest;
use crate::mandate::{Forgotten, MandateStep};
use crate::opening::Parts;
use crate::papers::{Paper, PaperPlaces, PaperStanding};
use crate::policies::{
    ColourCounts, EvidencePage, HolderEvidence, PolicyVersion, Recolouring, RegionRisks, Standing,
    StoredColour, StoredProposal,
};
use crate::records::{
    Authorship, FilesOf, ImportRun, KeptRecord, Tube, Waiting, WaitingPiece, Withdrawal,
};
use crate::rows::{
    AccountChange, Challenge, ColourChange, ConfinedHolder, Correction, CredentialRow, IndexKind,
    Invitation, LogLeaf, Looked, OpenCases, OutboxMessage, PendingLeaves, PhoneCode, Proxy,
    RecordLink, SealedField, Session, SessionSubject, SplitPiece, StoredAssessment, StoredRide,
    StoredTrace, TraceHead, VaultKey, VisitMarks,
};
use crate::servers::StoredJob;
use crate::units::{Receipt, Unit};

type Result<T> = std::result::Result<T, StoreError>;

/// A page of a list ordered by id: what comes after `after`, at most `limit` (1..=1000).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<Id> {
    /// The last id already seen.
    pub after: Option<Id>,
    /// How many at most.
    pub limit: u32,
}

impl<Id> Page<Id> {
    /// The first `limit` entries.
    pub const fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }
}

/// What a database can be asked. The contract is in the crate's documentation.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Applies a unit whole or not at all; durable on return. Says which of its writes told nothing
    /// new.
    async fn commit_for_receipt(&self, unit: Unit) -> Result<Receipt>;

    /// The same for a unit whose writes all tell something new, or whose caller need not know.
    async fn commit(&self, unit: Unit) -> Result<()> {
        self.commit_for_receipt(unit).await.map(drop)
    }

    /// Answers if reading and writing work (for readiness): something is read, and something is
    /// written that takes room on the disk.
    async fn ping(&self) -> Result<()>;

    /// What is wrong with the backend's own files, without what they hold; empty if nothing is.
    /// Reads all of them, which takes minutes, and keeps nobody waiting for long.
    async fn check(&self) -> Result<Vec<String>>;

    /// Writes a consistent copy of the whole database to a new file or directory that only its
    /// owner can read; one that is there already is never overwritten.
    async fn backup(&self, to: &std::path::Path) -> Result<()>;

    /// The rows that reads since the start found unreadable, each once.
    fn unreadable(&self) -> Unreadable;

    // What changed

    /// The position of the last change. Quick: it is asked again and again.
    async fn position(&self) -> Result<Position>;
    /// A page of what changed since a position: at most `most` (1..=100,000) changes. A row that cannot be read is left out and set aside.
    async fn changes_since(&self, reading: Reading, most: u32) -> Result<Changes>;

    // Holders and the vault

    /// A holder.
    async fn holder(&self, id: HolderId) -> Result<Option<Holder>>;
    /// The one holder to whom a blind index entry leads; `None` if it leads to nobody, or (a phone) to
    /// several.
    async fn indexed_holder(&self, kind: IndexKind, digest: [u8; 16]) -> Result<Option<HolderId>> {
        let all = self.indexed_holders(kind, digest).await?;
        Ok(all.first().copied().filter(|_| all.len() == 1))
    }
    /// Everybody to whom a blind index entry leads, by id: of a document one at most. Of somebody whose
    /// records are joined it is the main record, whichever of them the entry was made for.
    async fn indexed_holders(&self, kind: IndexKind, digest: [u8; 16]) -> Result<Vec<HolderId>>;
    /// The links of a record: its own, and those that others have with it or with its main record; by
    /// record.
    async fn links_of(&self, holder: HolderId) -> Result<Vec<RecordLink>>;
    /// All records that are joined, each with its main record; by record.
    async fn joined_records(&self) -> Result<Vec<(HolderId, HolderId)>>;
    /// The links of all records that were made when one turned out to be two people's, by record.
    async fn split_records(&self) -> Result<Vec<RecordLink>>;
    /// The pieces that such a record shares with its main one, in the order of their ids.
    async fn split_pieces(&self, record: HolderId) -> Result<Vec<SplitPiece>>;
    /// For whom somebody may act, in the order in which they were added.
    async fn people_of(&self, carer: HolderId) -> Result<Vec<Proxy>>;
    /// Who may act for somebody, in the order in which they were added.
    async fn carers_of(&self, person: HolderId) -> Result<Vec<Proxy>>;
    /// May the carer act for the person?
    async fn proxy(&self, person: HolderId, carer: HolderId) -> Result<Option<Proxy>>;
    /// Changes of how a person is known, of all their records, newest first.
    async fn account_changes(&self, holder: HolderId, limit: u32) -> Result<Vec<AccountChange>>;
    /// One of them.
    async fn account_change(&self, id: ChangeId) -> Result<Option<AccountChange>>;
    /// The wrapped data key; `None` after shredding.
    async fn vault_key(&self, holder: HolderId) -> Result<Option<VaultKey>>;
    /// The newest version of each sealed field, ordered by column.
    async fn sealed_fields(&self, holder: HolderId) -> Result<Vec<SealedField>>;
    /// All holders in the order of their ids.
    async fn holders(&self, page: Page<HolderId>) -> Result<Vec<Holder>>;

    // Codes on paper

    /// A code on paper, ended or not.
    async fn paper(&self, id: PaperId) -> Result<Option<Paper>>;
    /// The one paper of a holder that has not ended; its term may be over.
    async fn paper_of(&self, holder: HolderId) -> Result<Option<Paper>>;
    /// How many papers there are, ended ones too, and the highest place that one of them has.
    async fn paper_places(&self) -> Result<PaperPlaces>;
    /// Papers by id, ended ones too, with what is known of their holders; each page from one snapshot.
    /// A paper that cannot be read is an error, not a row left out: a list that lacks one would say of
    /// its place what is said of places that nobody has. An assessment that cannot be read is `None`.
    async fn papers(&self, page: Page<PaperId>) -> Result<Vec<PaperStanding>>;

    // Appeals

    /// An appeal.
    async fn appeal(&self, id: AppealId) -> Result<Option<Appeal>>;
    /// What goes with it.
    async fn appeal_file(&self, id: AppealId) -> Result<Option<AppealFile>>;
    /// The appeals of a person, of all their records, newest first.
    async fn appeals_of(&self, holder: HolderId, limit: u32) -> Result<Vec<Appeal>>;
    /// Open appeals of people who lived in the division (`Division::contains`), those that are due
    /// first come first.
    async fn open_appeals(&self, region: &Division, limit: u32) -> Result<Vec<Appeal>>;
    /// Open appeals that nobody decided in time and of which that is not said yet, and those of which
    /// the contested piece no longer counts; those that are due first come first.
    async fn appeals_to_tend(&self, now: Timestamp, limit: u32) -> Result<Vec<Appeal>>;
    /// Appeals lodged at or after a moment, by moment and id: those after the given one.
    async fn appeals_since(
        &self,
        since: Timestamp,
        after: Option<(Timestamp, AppealId)>,
        limit: u32,
    ) -> Result<Vec<Appeal>>;
    /// Rules that somebody has to look at, the one asked for last first.
    async fn rule_reviews(&self, limit: u32) -> Result<Vec<RuleReview>>;

    // One-time codes, messages, sessions

    /// A challenge.
    async fn challenge(&self, id: ChallengeId) -> Result<Option<Challenge>>;
    /// Challenges of which it is not known yet where they lead, and that have not expired at `now`,
    /// oldest first.
    async fn unrouted_challenges(&self, now: Timestamp, limit: u32) -> Result<Vec<Challenge>>;
    /// The codes of a lane that are unused and have not expired at `now`, newest first. One that
    /// cannot be read opens nothing; the others do.
    async fn phone_codes(&self, lane: [u8; 16], now: Timestamp) -> Result<Vec<PhoneCode>>;
    /// How much was counted of a class and key after a moment (`at - window_seconds` is what
    /// [`Write::CountWithin`](crate::Write::CountWithin) looks at).
    async fn counted(&self, class: &str, key: [u8; 16], after: Timestamp) -> Result<u64>;
    /// Messages that wait and are due at `now`, oldest first.
    async fn due_messages(&self, now: Timestamp, limit: u32) -> Result<Vec<OutboxMessage>>;
    /// The newest messages of any state, newest first (development outbox).
    async fn newest_messages(&self, limit: u32) -> Result<Vec<OutboxMessage>>;
    /// A session that has not ended and not expired at `now`; it works while `now < expires_at`.
    async fn session(&self, token_digest: [u8; 32], now: Timestamp) -> Result<Option<Session>>;
    /// What a holder's code rests on, as bytes ([`Contents`](crate::Contents)) that differ whenever some of it does:
    /// the session's end and the day it was used last, the holder, the key of their vault, their name as
    /// it is sealed, whether they have a document, and the stored assessment, each as it is stored. Only
    /// to be compared with what the same store told before. `None`: no session of a holder at `now`.
    ///
    /// It is asked at each opening of a code, so a backend reads it at once and from one snapshot.
    async fn opening(&self, token_digest: [u8; 32], now: Timestamp) -> Result<Option<Vec<u8>>> {
        // A reading for each part: a change between two of them is seen by the next call.
        let Some(session) = self.session(token_digest, now).await? else { return Ok(None) };
        let SessionSubject::Holder(id) = session.subject else { return Ok(None) };
        let parts = Parts {
            session,
            holder: self.holder(id).await?,
            key: self.vault_key(id).await?,
            fields: self.sealed_fields(id).await?,
            assessment: self.assessment(id).await?,
        };
        parts.contents().map(Some)
    }
    /// A subject's sessions that have not expired at `now`, newest first.
    async fn sessions_of(&self, subject: SessionSubject, now: Timestamp) -> Result<Vec<Session>>;
    /// A correction.
    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>>;
    /// Corrections that wait and have not expired at `now`, oldest first, however many they are, whose
    /// first officer acts in the division or in one around it.
    async fn waiting_corrections(&self, near: &Division, now: Timestamp)
    -> Result<Vec<Correction>>;
    /// The others of those, made at or after a moment, newest first.
    async fn ended_corrections(
        &self,
        near: &Division,
        since: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Correction>>;
    /// Confirmed corrections made at or after a moment, by id.
    async fn confirmed_corrections(
        &self,
        since: Timestamp,
        page: Page<CorrectionId>,
    ) -> Result<Vec<Correction>>;

    // Staff and agencies

    /// An agency.
    async fn agency(&self, id: AgencyId) -> Result<Option<Agency>>;
    /// All agencies by id.
    async fn agencies(&self) -> Result<Vec<Agency>>;
    /// A member of staff, disabled ones too.
    async fn staff(&self, id: StaffId) -> Result<Option<Staff>>;
    /// All staff by id.
    async fn all_staff(&self) -> Result<Vec<Staff>>;
    /// The passkeys of a member of staff, oldest first.
    async fn credentials(&self, staff: StaffId) -> Result<Vec<CredentialRow>>;
    /// The passkey with this credential id.
    async fn credential(&self, credential_id: &[u8]) -> Result<Option<CredentialRow>>;
    /// An invitation by its token's digest, used and expired ones too.
    async fn invitation(&self, token_digest: [u8; 32]) -> Result<Option<Invitation>>;

    // Places, gates, visits, scans

    /// A place.
    async fn place(&self, id: PlaceId) -> Result<Option<Place>>;
    /// Places by id.
    async fn places(&self, page: Page<PlaceId>) -> Result<Vec<Place>>;
    /// What is known of the trip that a place is.
    async fn trip(&self, place: PlaceId) -> Result<Option<Trip>>;
    /// A gate.
    async fn gate(&self, id: GateId) -> Result<Option<Gate>>;
    /// The gates of a place by id.
    async fn gates(&self, place: PlaceId) -> Result<Vec<Gate>>;
    /// The UTC days (since the epoch) that hold visits, or held some that were taken back, ascending.
    async fn visit_days(&self) -> Result<Vec<i64>>;
    /// A mark for each day that holds visits, changed in the same transaction as the visits, with
    /// the store's id and what was dropped; all from one snapshot.
    async fn visit_marks(&self) -> Result<VisitMarks>;
    /// All visits of one UTC day, in no stated order.
    async fn visits_on(&self, utc_day: i64) -> Result<Vec<Visit>>;
    /// All rides of one UTC day, in no stated order.
    async fn rides_on(&self, utc_day: i64) -> Result<Vec<StoredRide>>;
    /// The scan that a gate made at a moment under an id.
    async fn scan(&self, at: Timestamp, gate: GateId, id: ScanId) -> Result<Option<Scan>>;
    /// All scans of one UTC day, by the moment of the scan, then gate and id. (Not by the order of writing:
    /// many machines have none.)
    async fn scans_on(&self, utc_day: i64) -> Result<Vec<Scan>>;
    /// Drops all visits, rides and scans of days before this one, leaving no readable copy. Returns
    /// how many visits and scans went. A visit written for such a day afterwards makes the day anew.
    async fn drop_days_before(&self, utc_day: i64) -> Result<(u64, u64)>;
    // Jobs of several servers

    /// A job, over or not; one that has expired, too, until it is purged.
    async fn job(&self, id: i64) -> Result<Option<StoredJob>>;
    /// The jobs of a kind that somebody (`None`: anybody) asked for and that have not expired, newest first.
    async fn jobs_of(
        &self,
        staff: Option<StaffId>,
        kind: &str,
        now: Timestamp,
    ) -> Result<Listed<StoredJob>>;
    /// A part of a job's result.
    async fn job_part(&self, job: i64, number: u32) -> Result<Option<Vec<u8>>>;

    /// Removes sessions, challenges (with their messages), codes, codes on paper, decided appeals and what goes with them, jobs with their results, used nonces and invitations, used
    /// or not, that expired at or before this moment, and counts whose window had passed by then, leaving no
    /// readable copy. Returns how many rows went.
    async fn purge_expired(&self, until: Timestamp) -> Result<u64>;

    /// Removes everything about people but what is kept by day ([`ABOUT_PEOPLE`](crate::ABOUT_PEOPLE)), leaving
    /// no readable copy: the mandate is over. Says how much that was.
    async fn forget_people(&self) -> Result<Forgotten>;

    // Evidence and assessments

    /// All evidence of a person, of all their records, oldest first (by moment recorded, then id), with
    /// the holder's evidence version, both from one snapshot. `None` if there is no such holder. The
    /// versions of records that are linked rise together.
    async fn evidence_of(&self, holder: HolderId) -> Result<Option<(i64, Vec<Evidence>)>>;
    /// All that a holder's colour follows from, from one snapshot. `None` if there is no such holder.
    async fn record_of(&self, holder: HolderId) -> Result<Option<HolderEvidence>>;
    /// One piece of evidence.
    async fn evidence(&self, id: EvidenceId) -> Result<Option<Evidence>>;
    /// Is there evidence under this external key?
    async fn evidence_by_key(&self, external_key: [u8; 16]) -> Result<Option<EvidenceId>>;
    /// Holders who have any evidence, by id.
    async fn holders_with_evidence(&self, page: Page<HolderId>) -> Result<Vec<HolderId>>;
    /// The stored assessment.
    async fn assessment(&self, holder: HolderId) -> Result<Option<StoredAssessment>>;
    /// A holder with the colour that is stored of them: what a gate asks at each scan, so a backend reads it at once,
    /// from one snapshot. A row of which the rest cannot be read has a colour here if its own columns agree on it.
    async fn standing(&self, holder: HolderId) -> Result<Option<Standing>> {
        let assessed = self.assessment(holder).await?.map(StoredColour::from);
        Ok(self.holder(holder).await?.map(|holder| Standing { holder, assessed }))
    }
    /// Holders whose stored assessment changes by itself at or before `now`, soonest first; of somebody
    /// whose records are joined the main record.
    async fn due_assessments(&self, now: Timestamp, limit: u32) -> Result<Vec<HolderId>>;
    /// Holders whose stored assessment is not green and who live in the division
    /// (`Division::contains`), by id. Their last check-in is the newest that is not withdrawn. The row
    /// of one that cannot be read is the holder's id; of whom it cannot be read where they live, every
    /// division's list says so. The next page begins after the last of both. A person whose records are
    /// joined is told of once, by the main record.
    async fn confined(
        &self,
        region: &Division,
        page: Page<HolderId>,
    ) -> Result<Listed<ConfinedHolder>>;
    /// How many stored assessments there are of each colour, and how many of them were not made by
    /// the policy of this digest from the risk levels of this version, from one snapshot. A person whose
    /// records are joined counts once.
    async fn colour_counts(&self, policy: &str, regions_version: i64) -> Result<ColourCounts>;
    /// Everybody who has evidence or a stored assessment, by id, with their evidence, from one
    /// snapshot. Reads a page at once, not a holder at a time. Whose evidence cannot be read whole is
    /// named apart; nobody's is handed out in part.
    async fn evidence_by_holder(&self, page: Page<HolderId>) -> Result<EvidencePage>;
    /// How many [`Store::evidence_by_holder`] lists in all.
    async fn count_with_evidence(&self) -> Result<u64>;
    /// How many holders live where who have neither evidence nor a stored assessment, by division.
    async fn without_evidence(&self) -> Result<Vec<(Division, u64)>>;
    /// The stored assessments of holders above `after` up to and with `last`, by id. The row of one
    /// that cannot be read is its holder's id.
    async fn assessments_between(
        &self,
        after: Option<HolderId>,
        last: HolderId,
    ) -> Result<Listed<StoredAssessment>>;
    /// Changes of a holder's colour, newest first; with those that the records which were joined with it
    /// had before.
    async fn colour_changes(&self, holder: HolderId, latest: Latest) -> Result<Vec<ColourChange>>;

    // Regions

    /// The regions' version (0 at first) and every risk level that was in force at or after
    /// `since`, from one snapshot.
    async fn region_risks(&self, since: Timestamp) -> Result<RegionRisks>;

    // The mandate, and identity requests

    /// All steps of the mandates, newest first; one that cannot be read is an error, for what holds follows
    /// from all of them.
    async fn mandate_steps(&self) -> Result<Vec<MandateStep>>;
    /// An identity request.
    async fn identity_request(&self, id: IdentityRequestId) -> Result<Option<IdentityRequest>>;
    /// Identity requests of whatever state, newest first.
    async fn identity_requests(&self, latest: Latest) -> Result<Vec<IdentityRequest>>;
    /// Those that wait or are approved, also where their time is over, oldest first.
    async fn open_identity_requests(&self, limit: u32) -> Result<Vec<IdentityRequest>>;
    /// Those about a holder, newest first.
    async fn identity_requests_about(
        &self,
        holder: HolderId,
        limit: u32,
    ) -> Result<Vec<IdentityRequest>>;
    /// How many there are of each kind of agency, state and refusal.
    async fn identity_counts(&self) -> Result<Vec<IdentityCount>>;

    // Policies

    /// The policy in force: the newest published one.
    async fn policy_in_force(&self) -> Result<Option<PolicyVersion>>;
    /// The newest published version whose file has this digest.
    async fn policy_version(&self, digest: &str) -> Result<Option<PolicyVersion>>;
    /// Published policies, newest first.
    async fn policy_versions(&self, limit: u32) -> Result<Vec<PolicyVersion>>;
    /// A proposal.
    async fn proposal(&self, id: ProposalId) -> Result<Option<StoredProposal>>;
    /// Proposals that have ended, the one made last first.
    async fn ended_proposals(&self, latest: Latest) -> Result<Vec<StoredProposal>>;
    /// Proposals made at or after a moment that were applied without a second officer, by id.
    async fn proposals_applied_alone(
        &self,
        since: Timestamp,
        page: Page<ProposalId>,
    ) -> Result<Vec<StoredProposal>>;
    /// Proposals that wait, by id.
    async fn waiting_proposals(&self, page: Page<ProposalId>) -> Result<Vec<StoredProposal>>;
    /// The proposal of the change with this digest that waits.
    async fn waiting_proposal(&self, change_digest: [u8; 32]) -> Result<Option<ProposalId>>;
    /// Runs of recolouring, newest first.
    async fn recolourings(&self, limit: u32) -> Result<Vec<Recolouring>>;

    // Cases and traces

    /// A case.
    async fn case(&self, id: CaseId) -> Result<Option<Case>>;
    /// Cases that are not withdrawn, and were isolated after a moment or not at all, by id; of people
    /// who live in the division if given.
    async fn standing_cases(
        &self,
        region: Option<&Division>,
        since: Timestamp,
        page: Page<CaseId>,
    ) -> Result<Vec<Case>>;
    /// Cases whose person lives in the division (`Division::contains`), newest first: what is not in
    /// this part is older than what is, whatever happened elsewhere.
    async fn cases_in(&self, region: &Division, latest: Latest) -> Result<Vec<Case>>;
    /// How many cases of people who live in the division stand (are not withdrawn), and how many of
    /// those were traced.
    async fn open_cases_in(&self, region: &Division) -> Result<OpenCases>;
    /// Traces from cases whose person lives in the division, newest first; of one case if given.
    async fn traces_in(
        &self,
        region: &Division,
        case: Option<CaseId>,
        latest: Latest,
    ) -> Result<Vec<TraceHead>>;
    /// A trace.
    async fn trace(&self, id: TraceId) -> Result<Option<StoredTrace>>;
    /// The newest run of a case that no other replaced. What it costs does not depend on how often
    /// the case was traced.
    async fn standing_trace(&self, case: CaseId) -> Result<Option<TraceHead>>;
    /// The evidence that counts (neither withdrawn nor superseded) of all runs of a case, oldest
    /// first.
    async fn standing_contacts(&self, case: CaseId) -> Result<Listed<Evidence>>;

    // Who recorded what, and what waits

    /// Who made a record; `None` for what holders recorded and for what is older than the question.
    async fn authorship(&self, record: RecordKind, id: i64) -> Result<Option<Authorship>>;
    /// Everything that came from a file, by kind and id.
    async fn records_of_import(&self, import: ImportId) -> Result<Listed<Authorship>>;
    /// Who recorded what, newest first.
    async fn newest_records(&self, latest: Latest) -> Result<Vec<Authorship>>;
    /// What an agency recorded and can take back one by one, newest first: cases, rides, and evidence
    /// other than contacts and a case's own.
    async fn own_records(&self, agency: AgencyId, latest: Latest) -> Result<Vec<Authorship>>;
    /// A file.
    async fn import(&self, id: ImportId) -> Result<Option<ImportRun>>;
    /// Files, newest first.
    async fn imports(&self, of: &FilesOf, latest: Latest) -> Result<Vec<ImportRun>>;
    /// Who took a record back.
    async fn withdrawal(&self, record: RecordKind, id: i64) -> Result<Option<Withdrawal>>;
    /// Withdrawals of files and cases that were begun and are not finished: the file or the case is not
    /// marked as withdrawn yet. Oldest first.
    async fn unfinished_withdrawals(&self, limit: u32) -> Result<Vec<Withdrawal>>;
    /// What is kept for the owner of a document that leads to nobody, by id.
    async fn kept_for_document(&self, document: [u8; 16]) -> Result<Vec<KeptRecord>>;
    /// One record that is kept for the owner of a document.
    async fn kept_record(&self, id: EvidenceId) -> Result<Option<KeptRecord>>;
    /// What is kept of an agency's records, newest first.
    async fn kept_of_agency(&self, agency: AgencyId, latest: Latest) -> Result<Vec<KeptRecord>>;
    /// Whose tube it is.
    async fn tube(&self, key: [u8; 16]) -> Result<Option<Tube>>;
    /// The tubes of a document's owner, oldest first.
    async fn tubes_of(&self, document: [u8; 16]) -> Result<Vec<Tube>>;
    /// How many tubes of an agency have a result that is not withdrawn, and nobody said whose they are.
    async fn tubes_of_nobody(&self, agency: AgencyId) -> Result<u64>;
    /// How many records of an agency, kept since before a moment and not withdrawn, wait for owners of
    /// documents; those of tubes of which nobody said whose they are do not.
    async fn kept_count(&self, agency: AgencyId, before: Timestamp) -> Result<u64>;
    /// What of a file is kept for owners of documents and neither withdrawn nor corrected by what is not,
    /// by id.
    async fn kept_of_import(
        &self,
        import: ImportId,
        page: Page<EvidenceId>,
    ) -> Result<Vec<KeptRecord>>;
    /// Removes what is kept for owners of documents and tubes, and whose tubes they are, since this
    /// moment or longer, leaving no readable copy. Returns how many went.
    async fn purge_kept(&self, until: Timestamp) -> Result<u64>;
    /// Something that waits, or waited.
    async fn waiting(&self, id: WaitingId) -> Result<Option<Waiting>>;
    /// What began to wait at or after a moment and waits no more, newest first: for an agency, or in
    /// the division.
    async fn decided_waiting(
        &self,
        (region, agency): (&Division, AgencyId),
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Waiting>>;
    /// What is in a state and not finished, by id: all that waits, and of what is confirmed that of
    /// which pieces are left. From one file if given.
    async fn waiting_unfinished(
        &self,
        state: WaitingState,
        import: Option<ImportId>,
        page: Page<WaitingId>,
    ) -> Result<Vec<Waiting>>;
    /// How many records of each kind wait, however many that is; of the division if given. A kind of
    /// which nothing waits is left out.
    async fn records_waiting(&self, region: Option<&Division>) -> Result<Vec<(WaitingKind, u64)>>;
    /// The newest waiting of a run's contacts.
    async fn waiting_of_trace(&self, trace: TraceId) -> Result<Option<Waiting>>;
    /// The pieces of something that waits, from a number on, by number; the next part begins after
    /// the last readable one.
    async fn waiting_pieces(
        &self,
        id: WaitingId,
        from: u32,
        limit: u32,
    ) -> Result<Listed<WaitingPiece>>;
    /// Does a piece under this external key wait?
    async fn waits(&self, external_key: [u8; 16]) -> Result<bool>;

    // Looking back

    /// Who looked at a person's data, of all their records, newest first.
    async fn accesses_of(&self, holder: HolderId, latest: Latest) -> Result<Vec<Access>>;
    /// Which of these holders a member of staff has looked at already, as `look` says, at or after
    /// its moment; in the order asked for.
    async fn looked_at(&self, look: &Looked, holders: &[HolderId]) -> Result<Vec<HolderId>>;
    /// How many leaves the public log has: those with a number.
    async fn log_size(&self) -> Result<u64>;
    /// Leaves with a number, from an index on, in order.
    async fn log_leaves(&self, from: u64, limit: u32) -> Result<Vec<LogLeaf>>;
    /// The leaves that wait for a number, from one snapshot; the first `limit` of them are listed.
    async fn pending_leaves(&self, limit: u32) -> Result<PendingLeaves>;
    /// The leaves with a number that hold this commitment (its base64 text, after `"commitment":"`),
    /// in order: what was recorded and, later, withdrawn.
    async fn leaves_of_commitment(&self, commitment: &str) -> Result<Vec<LogLeaf>>;
    /// A setting of the deployment.
    async fn setting(&self, name: &str) -> Result<Option<String>>;
}
