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
use crate::{PostgresStore, writer::Command};

#[async_trait]
impl RecordStore for PostgresStore {
    async fn evidence_of(&self, holder: HolderId) -> Result<Option<(i64, Vec<Evidence>)>> {
        let s = self.point_snapshot().await?;
        let read = evidence::evidence_of(s.client()?, holder).await;
        self.noted(s.end(read).await)
    }

    async fn record_of(&self, holder: HolderId) -> Result<Option<HolderEvidence>> {
        let s = self.point_snapshot().await?;
        let read = evidence::record_of(s.client()?, holder).await;
        self.noted(s.end(read).await)
    }

    async fn evidence(&self, id: EvidenceId) -> Result<Option<Evidence>> {
        self.noted(evidence::evidence(&self.point().await?, id).await)
    }

    async fn evidence_by_key(&self, external_key: [u8; 16]) -> Result<Option<EvidenceId>> {
        self.noted(evidence::evidence_by_key(&self.point().await?, external_key).await)
    }

    async fn holders_with_evidence(&self, page: Page<HolderId>) -> Result<Vec<HolderId>> {
        self.noted(evidence::holders_with_evidence(&self.list().await?, page).await)
    }

    async fn assessment(&self, holder: HolderId) -> Result<Option<StoredAssessment>> {
        self.noted(evidence::assessment(&self.point().await?, holder).await)
    }

    async fn due_assessments(&self, now: Timestamp, limit: u32) -> Result<Vec<HolderId>> {
        self.noted(evidence::due_assessments(&self.list().await?, now, limit).await)
    }

    async fn confined(
        &self,
        region: &Division,
        page: Page<HolderId>,
    ) -> Result<Listed<ConfinedHolder>> {
        self.listed(evidence::confined(&self.list().await?, region, page).await)
    }

    async fn colour_counts(&self, policy: &str, regions_version: i64) -> Result<ColourCounts> {
        self.noted(evidence::colour_counts(&self.list().await?, policy, regions_version).await)
    }

    async fn evidence_by_holder(&self, page: Page<HolderId>) -> Result<EvidencePage> {
        let s = self.snapshot().await?;
        let read = evidence::evidence_by_holder(s.client()?, page).await;
        let (found, bad) = self.noted(s.end(read).await)?;
        self.note_all(&bad);
        Ok(found)
    }

    async fn count_with_evidence(&self) -> Result<u64> {
        self.noted(evidence::count_with_evidence(&self.list().await?).await)
    }

    async fn without_evidence(&self) -> Result<Vec<(Division, u64)>> {
        self.rows(evidence::without_evidence(&self.list().await?).await)
    }

    async fn assessments_between(
        &self,
        after: Option<HolderId>,
        last: HolderId,
    ) -> Result<Listed<StoredAssessment>> {
        self.listed(evidence::assessments_between(&self.list().await?, after, last).await)
    }

    async fn colour_changes(&self, holder: HolderId, latest: Latest) -> Result<Vec<ColourChange>> {
        self.rows(evidence::colour_changes(&self.point().await?, holder, latest).await)
    }

    async fn case(&self, id: CaseId) -> Result<Option<Case>> {
        self.noted(log::case(&self.point().await?, id).await)
    }

    async fn standing_cases(
        &self,
        region: Option<&Division>,
        since: Timestamp,
        page: Page<CaseId>,
    ) -> Result<Vec<Case>> {
        self.rows(log::standing_cases(&self.list().await?, region, since, page).await)
    }

    async fn cases_in(&self, region: &Division, latest: Latest) -> Result<Vec<Case>> {
        self.rows(log::cases_in(&self.list().await?, region, latest).await)
    }

    async fn open_cases_in(&self, region: &Division) -> Result<OpenCases> {
        self.noted(log::open_cases_in(&self.list().await?, region).await)
    }

    async fn traces_in(
        &self,
        region: &Division,
        case: Option<CaseId>,
        latest: Latest,
    ) -> Result<Vec<TraceHead>> {
        self.rows(log::traces_in(&self.list().await?, region, case, latest).await)
    }

    async fn trace(&self, id: TraceId) -> Result<Option<StoredTrace>> {
        // Its detail may be large.
        self.noted(log::trace(&self.list().await?, id).await)
    }

    async fn standing_trace(&self, case: CaseId) -> Result<Option<TraceHead>> {
        self.noted(log::standing_trace(&self.point().await?, case).await)
    }

    async fn standing_contacts(&self, case: CaseId) -> Result<Listed<Evidence>> {
        self.listed(evidence::standing_contacts(&self.list().await?, case).await)
    }

    async fn authorship(&self, record: RecordKind, id: i64) -> Result<Option<Authorship>> {
        self.noted(records::authorship(&self.point().await?, record, id).await)
    }

    async fn records_of_import(&self, import: ImportId) -> Result<Listed<Authorship>> {
        self.listed(records::records_of_import(&self.list().await?, import).await)
    }

    async fn newest_records(&self, latest: Latest) -> Result<Vec<Authorship>> {
        self.rows(records::newest_records(&self.list().await?, latest).await)
    }

    async fn own_records(&self, agency: AgencyId, latest: Latest) -> Result<Vec<Authorship>> {
        self.rows(records::own_records(&self.list().await?, agency, latest).await)
    }

    async fn import(&self, id: ImportId) -> Result<Option<ImportRun>> {
        self.noted(records::import(&self.point().await?, id).await)
    }

    async fn imports(&self, of: &FilesOf, latest: Latest) -> Result<Vec<ImportRun>> {
        self.rows(records::imports(&self.list().await?, of, latest).await)
    }

    async fn withdrawal(&self, record: RecordKind, id: i64) -> Result<Option<Withdrawal>> {
        self.noted(records::withdrawal(&self.point().await?, record, id).await)
    }

    async fn unfinished_withdrawals(&self, limit: u32) -> Result<Vec<Withdrawal>> {
        self.rows(records::unfinished_withdrawals(&self.list().await?, limit).await)
    }

    async fn kept_for_document(&self, document: [u8; 16]) -> Result<Vec<KeptRecord>> {
        self.noted(records::kept_for_document(&self.point().await?, document).await)
    }

    async fn kept_record(&self, id: EvidenceId) -> Result<Option<KeptRecord>> {
        self.noted(records::kept_record(&self.point().await?, id).await)
    }

    async fn kept_count(&self, agency: AgencyId, before: Timestamp) -> Result<u64> {
        self.noted(records::kept_count(&self.point().await?, agency, before).await)
    }

    async fn tube(&self, key: [u8; 16]) -> Result<Option<Tube>> {
        self.noted(records::tube(&self.point().await?, key).await)
    }

    async fn tubes_of(&self, document: [u8; 16]) -> Result<Vec<Tube>> {
        self.noted(records::tubes_of(&self.point().await?, document).await)
    }

    async fn tubes_of_nobody(&self, agency: AgencyId) -> Result<u64> {
        self.noted(records::tubes_of_nobody(&self.point().await?, agency).await)
    }

    async fn kept_of_import(
        &self,
        import: ImportId,
        page: Page<EvidenceId>,
    ) -> Result<Vec<KeptRecord>> {
        self.rows(records::kept_of_import(&self.list().await?, import, page).await)
    }

    async fn purge_kept(&self, until: Timestamp) -> Result<u64> {
        self.ask(|answer| Command::PurgeKept(until, answer)).await
    }

    async fn kept_of_agency(&self, agency: AgencyId, latest: Latest) -> Result<Vec<KeptRecord>> {
        self.rows(records::kept_of_agency(&self.list().await?, agency, latest).await)
    }

    async fn waiting(&self, id: WaitingId) -> Result<Option<Waiting>> {
        self.noted(records::waiting(&self.point().await?, id).await)
    }

    async fn decided_waiting(
        &self,
        (region, agency): (&Division, AgencyId),
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Waiting>> {
        self.rows(
            records::decided_waiting(&self.list().await?, (region, agency), since, limit).await,
        )
    }

    async fn waiting_unfinished(
        &self,
        state: WaitingState,
        import: Option<ImportId>,
        page: Page<WaitingId>,
    ) -> Result<Vec<Waiting>> {
        self.rows(records::waiting_unfinished(&self.list().await?, state, import, page).await)
    }

    async fn records_waiting(&self, region: Option<&Division>) -> Result<Vec<(WaitingKind, u64)>> {
        self.noted(records::records_waiting(&self.list().await?, region).await)
    }

    async fn waiting_of_trace(&self, trace: TraceId) -> Result<Option<Waiting>> {
        self.noted(records::waiting_of_trace(&self.point().await?, trace).await)
    }

    async fn waiting_pieces(
        &self,
        id: WaitingId,
        from: u32,
        limit: u32,
    ) -> Result<Listed<WaitingPiece>> {
        self.listed(records::waiting_pieces(&self.list().await?, id, from, limit).await)
    }

    async fn waits(&self, external_key: [u8; 16]) -> Result<bool> {
        self.noted(records::waits(&self.point().await?, external_key).await)
    }
}
