//! The port: what was recorded.

use async_trait::async_trait;
use jadegate_domain::id::{ImportId, WaitingId};
use jadegate_domain::record::{RecordKind, WaitingKind, WaitingState};
use jadegate_domain::{
    AgencyId, Case, CaseId, Division, Evidence, EvidenceId, HolderId, Timestamp, TraceId,
};
use jadegate_store::{
    Authorship, ColourChange, ColourCounts, ConfinedHolder, EvidencePage, FilesOf, HolderEvidence,
    ImportRun, KeptRecord, Latest, Listed, OpenCases, Page, RecordStore, StoredAssessment,
    StoredTrace, TraceHead, Tube, Waiting, WaitingPiece, Withdrawal,
};

use crate::error::Result;
use crate::read::{evidence, log, records};
use crate::{SqliteStore, writer::Command};

#[async_trait]
impl RecordStore for SqliteStore {
    async fn evidence_of(&self, holder: HolderId) -> Result<Option<(i64, Vec<Evidence>)>> {
        self.point(|c| evidence::evidence_of(c, holder))
    }

    async fn record_of(&self, holder: HolderId) -> Result<Option<HolderEvidence>> {
        self.point(|c| evidence::record_of(c, holder))
    }

    async fn evidence(&self, id: EvidenceId) -> Result<Option<Evidence>> {
        self.point(|c| evidence::evidence(c, id))
    }

    async fn evidence_by_key(&self, external_key: [u8; 16]) -> Result<Option<EvidenceId>> {
        self.point(|c| evidence::evidence_by_key(c, external_key))
    }

    async fn holders_with_evidence(&self, page: Page<HolderId>) -> Result<Vec<HolderId>> {
        self.list(move |c| evidence::holders_with_evidence(c, page)).await
    }

    async fn assessment(&self, holder: HolderId) -> Result<Option<StoredAssessment>> {
        self.point(|c| evidence::assessment(c, holder))
    }

    async fn due_assessments(&self, now: Timestamp, limit: u32) -> Result<Vec<HolderId>> {
        self.list(move |c| evidence::due_assessments(c, now, limit)).await
    }

    async fn confined(
        &self,
        region: &Division,
        page: Page<HolderId>,
    ) -> Result<Listed<ConfinedHolder>> {
        let region = region.clone();
        self.listed(move |c| evidence::confined(c, &region, page)).await
    }

    async fn colour_counts(&self, policy: &str, regions_version: i64) -> Result<ColourCounts> {
        let policy = policy.to_owned();
        self.list(move |c| evidence::colour_counts(c, &policy, regions_version)).await
    }

    async fn evidence_by_holder(&self, page: Page<HolderId>) -> Result<EvidencePage> {
        let (found, bad) = self.list(move |c| evidence::evidence_by_holder(c, page)).await?;
        self.note_all(&bad);
        Ok(found)
    }

    async fn count_with_evidence(&self) -> Result<u64> {
        self.list(evidence::count_with_evidence).await
    }

    async fn without_evidence(&self) -> Result<Vec<(Division, u64)>> {
        self.rows(evidence::without_evidence).await
    }

    async fn assessments_between(
        &self,
        after: Option<HolderId>,
        last: HolderId,
    ) -> Result<Listed<StoredAssessment>> {
        self.listed(move |c| evidence::assessments_between(c, after, last)).await
    }

    async fn colour_changes(&self, holder: HolderId, latest: Latest) -> Result<Vec<ColourChange>> {
        self.point_rows(|c| evidence::colour_changes(c, holder, latest))
    }

    async fn case(&self, id: CaseId) -> Result<Option<Case>> {
        self.point(|c| log::case(c, id))
    }

    async fn standing_cases(
        &self,
        region: Option<&Division>,
        since: Timestamp,
        page: Page<CaseId>,
    ) -> Result<Vec<Case>> {
        let region = region.cloned();
        self.rows(move |c| log::standing_cases(c, region.as_ref(), since, page)).await
    }

    async fn cases_in(&self, region: &Division, latest: Latest) -> Result<Vec<Case>> {
        let region = region.clone();
        self.rows(move |c| log::cases_in(c, &region, latest)).await
    }

    async fn open_cases_in(&self, region: &Division) -> Result<OpenCases> {
        let region = region.clone();
        self.list(move |c| log::open_cases_in(c, &region)).await
    }

    async fn traces_in(
        &self,
        region: &Division,
        case: Option<CaseId>,
        latest: Latest,
    ) -> Result<Vec<TraceHead>> {
        let region = region.clone();
        self.rows(move |c| log::traces_in(c, &region, case, latest)).await
    }

    async fn trace(&self, id: TraceId) -> Result<Option<StoredTrace>> {
        // Its detail may be large.
        self.list(move |c| log::trace(c, id)).await
    }

    async fn standing_trace(&self, case: CaseId) -> Result<Option<TraceHead>> {
        self.point(|c| log::standing_trace(c, case))
    }

    async fn standing_contacts(&self, case: CaseId) -> Result<Listed<Evidence>> {
        self.listed(move |c| evidence::standing_contacts(c, case)).await
    }

    async fn authorship(&self, record: RecordKind, id: i64) -> Result<Option<Authorship>> {
        self.point(|c| records::authorship(c, record, id))
    }

    async fn records_of_import(&self, import: ImportId) -> Result<Listed<Authorship>> {
        self.listed(move |c| records::records_of_import(c, import)).await
    }

    async fn newest_records(&self, latest: Latest) -> Result<Vec<Authorship>> {
        self.rows(move |c| records::newest_records(c, latest)).await
    }

    async fn own_records(&self, agency: AgencyId, latest: Latest) -> Result<Vec<Authorship>> {
        self.rows(move |c| records::own_records(c, agency, latest)).await
    }

    async fn import(&self, id: ImportId) -> Result<Option<ImportRun>> {
        self.point(|c| records::import(c, id))
    }

    async fn imports(&self, of: &FilesOf, latest: Latest) -> Result<Vec<ImportRun>> {
        let of = of.clone();
        self.rows(move |c| records::imports(c, &of, latest)).await
    }

    async fn withdrawal(&self, record: RecordKind, id: i64) -> Result<Option<Withdrawal>> {
        self.point(|c| records::withdrawal(c, record, id))
    }

    async fn unfinished_withdrawals(&self, limit: u32) -> Result<Vec<Withdrawal>> {
        self.rows(move |c| records::unfinished_withdrawals(c, limit)).await
    }

    async fn kept_for_document(&self, document: [u8; 16]) -> Result<Vec<KeptRecord>> {
        self.point(|c| records::kept_for_document(c, document))
    }

    async fn kept_record(&self, id: EvidenceId) -> Result<Option<KeptRecord>> {
        self.point(|c| records::kept_record(c, id))
    }

    async fn tube(&self, key: [u8; 16]) -> Result<Option<Tube>> {
        self.point(|c| records::tube(c, key))
    }

    async fn tubes_of(&self, document: [u8; 16]) -> Result<Vec<Tube>> {
        self.point(|c| records::tubes_of(c, document))
    }

    async fn tubes_of_nobody(&self, agency: AgencyId) -> Result<u64> {
        self.point(|c| records::tubes_of_nobody(c, agency))
    }

    async fn kept_count(&self, agency: AgencyId, before: Timestamp) -> Result<u64> {
        self.point(|c| records::kept_count(c, agency, before))
    }

    async fn kept_of_import(
        &self,
        import: ImportId,
        page: Page<EvidenceId>,
    ) -> Result<Vec<KeptRecord>> {
        self.rows(move |c| records::kept_of_import(c, import, page)).await
    }

    async fn purge_kept(&self, until: Timestamp) -> Result<u64> {
        self.ask(|answer| Command::PurgeKept(until, answer)).await
    }

    async fn kept_of_agency(&self, agency: AgencyId, latest: Latest) -> Result<Vec<KeptRecord>> {
        self.rows(move |c| records::kept_of_agency(c, agency, latest)).await
    }

    async fn waiting(&self, id: WaitingId) -> Result<Option<Waiting>> {
        self.point(|c| records::waiting(c, id))
    }

    async fn decided_waiting(
        &self,
        (region, agency): (&Division, AgencyId),
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Waiting>> {
        let region = region.clone();
        self.rows(move |c| records::decided_waiting(c, (&region, agency), since, limit)).await
    }

    async fn waiting_unfinished(
        &self,
        state: WaitingState,
        import: Option<ImportId>,
        page: Page<WaitingId>,
    ) -> Result<Vec<Waiting>> {
        self.rows(move |c| records::waiting_unfinished(c, state, import, page)).await
    }

    async fn records_waiting(&self, region: Option<&Division>) -> Result<Vec<(WaitingKind, u64)>> {
        let region = region.cloned();
        self.list(move |c| records::records_waiting(c, region.as_ref())).await
    }

    async fn waiting_of_trace(&self, trace: TraceId) -> Result<Option<Waiting>> {
        self.point(|c| records::waiting_of_trace(c, trace))
    }

    async fn waiting_pieces(
        &self,
        id: WaitingId,
        from: u32,
        limit: u32,
    ) -> Result<Listed<WaitingPiece>> {
        self.listed(move |c| records::waiting_pieces(c, id, from, limit)).await
    }

    async fn waits(&self, external_key: [u8; 16]) -> Result<bool> {
        self.point(|c| records::waits(c, external_key))
    }
}
