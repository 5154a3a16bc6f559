//! What a database is asked about what was recorded: evidence, colours, cases, traces, files.

use async_trait::async_trait;
use jadegate_domain::id::{ImportId, WaitingId};
use jadegate_domain::record::{RecordKind, WaitingKind, WaitingState};
use jadegate_domain::{
    AgencyId, Case, CaseId, Division, Evidence, EvidenceId, HolderId, Timestamp, TraceId,
};

use crate::aside::Listed;
use crate::error::StoreError;
use crate::latest::{Latest, Page};
use crate::policies::{ColourCounts, EvidencePage, HolderEvidence};
use crate::records::{
    Authorship, FilesOf, ImportRun, KeptRecord, Tube, Waiting, WaitingPiece, Withdrawal,
};
use crate::rows::{
    ColourChange, ConfinedHolder, OpenCases, StoredAssessment, StoredTrace, TraceHead,
};

type Result<T> = std::result::Result<T, StoreError>;

/// What a database can be asked about what agencies and people recorded, and the colours that follow.
/// Part of [`Store`](crate::Store).
#[async_trait]
pub trait RecordStore: Send + Sync + 'static {
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
    /// How many [`RecordStore::evidence_by_holder`] lists in all.
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
}
