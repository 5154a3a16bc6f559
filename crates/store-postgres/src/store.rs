//! The port, on PostgreSQL. Short reads by key and lists have connections of their own.

use std::path::Path;

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
use jadegate_store::{
    AccountChange, Appeal, AppealFile, Authorship, Challenge, Changes, ColourChange, ColourCounts,
    ConfinedHolder, Correction, CredentialRow, EvidencePage, FilesOf, Forgotten, HolderEvidence,
    IdentityCount, IdentityRequest, ImportRun, IndexKind, Invitation, KeptRecord, Latest, Listed,
    LogLeaf, Looked, MandateStep, OpenCases, OutboxMessage, Page, Paper, PaperPlaces,
    PaperStanding, PendingLeaves, PhoneCode, PolicyVersion, Position, Proxy, Reading, Receipt,
    Recolouring, RecordLink, RegionRisks, RuleReview, SealedField, Session, SessionSubject,
    SplitPiece, Standing, Store, StoredAssessment, StoredJob, StoredProposal, StoredRide,
    StoredTrace, TraceHead, Tube, Unit, Unreadable, VaultKey, VisitMarks, Waiting, WaitingPiece,
    Withdrawal, Write,
};

use crate::backup;
use crate::check;
use crate::error::Result;
use crate::marks;
use crate::read::{
    accounts, appeals, changes, evidence, links, log, mandate, papers, people, places, policies,
    records, servers, tally,
};
use crate::{PostgresStore, writer::Command};

#[async_trait]
impl Store for PostgresStore {
    async fn commit_for_receipt(&self, unit: Unit) -> Result<Receipt> {
        self.ask(|answer| Command::Unit(unit, answer)).await
    }

    async fn ping(&self) -> Result<()> {
        self.noted(log::log_size(&self.point().await?).await)?;
        // A value that differs each time, so that a page is written whatever the backend thinks of it.
        let value = self.next_ping().to_string();
        let write = Write::PutSetting { name: "ping", value, expect: None };
        self.commit(Unit::new("ping", vec![write])).await
    }

    async fn check(&self) -> Result<Vec<String>> {
        check::by_table(&self.list().await?).await
    }

    fn unreadable(&self) -> Unreadable {
        self.aside().found()
    }

    async fn backup(&self, to: &Path) -> Result<()> {
        let s = self.snapshot().await?;
        let written = backup::write(&s, to).await;
        s.end(written).await
    }

    async fn purge_expired(&self, until: Timestamp) -> Result<u64> {
        let gone = self.ask(|answer| Command::Purge(until, answer)).await?;
        self.forget_statements();
        Ok(gone)
    }

    async fn forget_people(&self) -> Result<Forgotten> {
        let gone = self.ask(Command::ForgetPeople).await?;
        self.forget_statements();
        Ok(gone)
    }

    async fn drop_days_before(&self, utc_day: i64) -> Result<(u64, u64)> {
        self.ask(|answer| Command::DropDays(utc_day, answer)).await
    }

    async fn position(&self) -> Result<Position> {
        self.noted(marks::position(&self.point().await?).await)
    }

    async fn changes_since(&self, reading: Reading, most: u32) -> Result<Changes> {
        let s = self.snapshot().await?;
        let read = changes::since(s.client()?, reading, most).await;
        let (page, unreadable) = self.noted(s.end(read).await)?;
        self.note_all(&unreadable);
        Ok(page)
    }

    async fn holder(&self, id: HolderId) -> Result<Option<Holder>> {
        self.noted(people::holder(&self.point().await?, id).await)
    }

    async fn indexed_holders(&self, kind: IndexKind, digest: [u8; 16]) -> Result<Vec<HolderId>> {
        self.noted(people::indexed_holders(&self.point().await?, kind, digest).await)
    }

    async fn people_of(&self, carer: HolderId) -> Result<Vec<Proxy>> {
        self.rows(accounts::people_of(&self.point().await?, carer).await)
    }

    async fn carers_of(&self, person: HolderId) -> Result<Vec<Proxy>> {
        self.rows(accounts::carers_of(&self.point().await?, person).await)
    }

    async fn links_of(&self, holder: HolderId) -> Result<Vec<RecordLink>> {
        self.rows(links::links_of(&self.point().await?, holder).await)
    }

    async fn split_records(&self) -> Result<Vec<RecordLink>> {
        self.rows(links::split_records(&self.list().await?).await)
    }

    async fn split_pieces(&self, record: HolderId) -> Result<Vec<SplitPiece>> {
        self.noted(links::split_pieces(&self.point().await?, record).await)
    }

    async fn joined_records(&self) -> Result<Vec<(HolderId, HolderId)>> {
        self.noted(links::joined_records(&self.list().await?).await)
    }

    async fn proxy(&self, person: HolderId, carer: HolderId) -> Result<Option<Proxy>> {
        self.noted(accounts::proxy(&self.point().await?, person, carer).await)
    }

    async fn account_changes(&self, holder: HolderId, limit: u32) -> Result<Vec<AccountChange>> {
        self.rows(accounts::account_changes(&self.list().await?, holder, limit).await)
    }

    async fn account_change(&self, id: ChangeId) -> Result<Option<AccountChange>> {
        self.noted(accounts::account_change(&self.point().await?, id).await)
    }

    async fn job(&self, id: i64) -> Result<Option<StoredJob>> {
        self.noted(servers::job(&self.point().await?, id).await)
    }

    async fn jobs_of(
        &self,
        staff: Option<StaffId>,
        kind: &str,
        now: Timestamp,
    ) -> Result<Listed<StoredJob>> {
        self.noted(servers::jobs_of(&self.point().await?, staff, kind, now).await)
    }

    async fn job_part(&self, job: i64, number: u32) -> Result<Option<Vec<u8>>> {
        self.noted(servers::job_part(&self.point().await?, job, number).await)
    }

    async fn paper(&self, id: PaperId) -> Result<Option<Paper>> {
        self.noted(papers::paper(&self.point().await?, id).await)
    }

    async fn paper_of(&self, holder: HolderId) -> Result<Option<Paper>> {
        self.noted(papers::paper_of(&self.point().await?, holder).await)
    }

    async fn paper_places(&self) -> Result<PaperPlaces> {
        self.noted(papers::paper_places(&self.point().await?).await)
    }

    async fn papers(&self, page: Page<PaperId>) -> Result<Vec<PaperStanding>> {
        self.noted(papers::papers(&self.list().await?, page).await)
    }

    async fn appeal(&self, id: AppealId) -> Result<Option<Appeal>> {
        self.noted(appeals::appeal(&self.point().await?, id).await)
    }

    async fn appeal_file(&self, id: AppealId) -> Result<Option<AppealFile>> {
        self.noted(appeals::appeal_file(&self.list().await?, id).await)
    }

    async fn appeals_of(&self, holder: HolderId, limit: u32) -> Result<Vec<Appeal>> {
        self.rows(appeals::appeals_of(&self.list().await?, holder, limit).await)
    }

    async fn open_appeals(&self, region: &Division, limit: u32) -> Result<Vec<Appeal>> {
        self.rows(appeals::open_appeals(&self.list().await?, region, limit).await)
    }

    async fn appeals_to_tend(&self, now: Timestamp, limit: u32) -> Result<Vec<Appeal>> {
        self.rows(appeals::appeals_to_tend(&self.list().await?, now, limit).await)
    }

    async fn appeals_since(
        &self,
        since: Timestamp,
        after: Option<(Timestamp, AppealId)>,
        limit: u32,
    ) -> Result<Vec<Appeal>> {
        self.rows(appeals::appeals_since(&self.list().await?, since, after, limit).await)
    }

    async fn rule_reviews(&self, limit: u32) -> Result<Vec<RuleReview>> {
        self.rows(appeals::rule_reviews(&self.list().await?, limit).await)
    }

    async fn vault_key(&self, holder: HolderId) -> Result<Option<VaultKey>> {
        self.noted(people::vault_key(&self.point().await?, holder).await)
    }

    async fn sealed_fields(&self, holder: HolderId) -> Result<Vec<SealedField>> {
        self.noted(people::sealed_fields(&self.point().await?, holder).await)
    }

    async fn holders(&self, page: Page<HolderId>) -> Result<Vec<Holder>> {
        self.rows(people::holders(&self.list().await?, page).await)
    }

    async fn challenge(&self, id: ChallengeId) -> Result<Option<Challenge>> {
        self.noted(people::challenge(&self.point().await?, id).await)
    }

    async fn unrouted_challenges(&self, now: Timestamp, limit: u32) -> Result<Vec<Challenge>> {
        self.rows(people::unrouted_challenges(&self.list().await?, now, limit).await)
    }

    async fn phone_codes(&self, lane: [u8; 16], now: Timestamp) -> Result<Vec<PhoneCode>> {
        self.rows(people::phone_codes(&self.point().await?, lane, now).await)
    }

    async fn sessions_of(&self, subject: SessionSubject, now: Timestamp) -> Result<Vec<Session>> {
        self.rows(people::sessions_of(&self.list().await?, subject, now).await)
    }

    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>> {
        self.noted(people::correction(&self.point().await?, id).await)
    }

    async fn waiting_corrections(
        &self,
        near: &Division,
        now: Timestamp,
    ) -> Result<Vec<Correction>> {
        self.rows(people::waiting_corrections(&self.list().await?, near, now).await)
    }

    async fn ended_corrections(
        &self,
        near: &Division,
        since: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Correction>> {
        self.rows(people::ended_corrections(&self.list().await?, near, since, now, limit).await)
    }

    async fn confirmed_corrections(
        &self,
        since: Timestamp,
        page: Page<CorrectionId>,
    ) -> Result<Vec<Correction>> {
        self.rows(people::confirmed_corrections(&self.list().await?, since, page).await)
    }

    async fn counted(&self, class: &str, key: [u8; 16], after: Timestamp) -> Result<u64> {
        self.noted(tally::counted(&self.point().await?, class, key, after).await)
    }

    async fn due_messages(&self, now: Timestamp, limit: u32) -> Result<Vec<OutboxMessage>> {
        self.rows(people::due_messages(&self.list().await?, now, limit).await)
    }

    async fn newest_messages(&self, limit: u32) -> Result<Vec<OutboxMessage>> {
        self.rows(people::newest_messages(&self.list().await?, limit).await)
    }

    async fn session(&self, token_digest: [u8; 32], now: Timestamp) -> Result<Option<Session>> {
        self.noted(people::session(&self.point().await?, token_digest, now).await)
    }

    async fn opening(&self, token_digest: [u8; 32], now: Timestamp) -> Result<Option<Vec<u8>>> {
        self.noted(people::opening(&self.point().await?, token_digest, now).await)
    }

    async fn agency(&self, id: AgencyId) -> Result<Option<Agency>> {
        self.noted(people::agency(&self.point().await?, id).await)
    }

    async fn agencies(&self) -> Result<Vec<Agency>> {
        self.rows(people::agencies(&self.list().await?).await)
    }

    async fn staff(&self, id: StaffId) -> Result<Option<Staff>> {
        self.noted(people::staff(&self.point().await?, id).await)
    }

    async fn all_staff(&self) -> Result<Vec<Staff>> {
        self.rows(people::all_staff(&self.list().await?).await)
    }

    async fn credentials(&self, staff: StaffId) -> Result<Vec<CredentialRow>> {
        self.rows(people::credentials(&self.point().await?, staff).await)
    }

    async fn credential(&self, credential_id: &[u8]) -> Result<Option<CredentialRow>> {
        self.noted(people::credential(&self.point().await?, credential_id).await)
    }

    async fn invitation(&self, token_digest: [u8; 32]) -> Result<Option<Invitation>> {
        self.noted(people::invitation(&self.point().await?, token_digest).await)
    }

    async fn place(&self, id: PlaceId) -> Result<Option<Place>> {
        self.noted(places::place(&self.point().await?, id).await)
    }

    async fn places(&self, page: Page<PlaceId>) -> Result<Vec<Place>> {
        self.rows(places::places(&self.list().await?, page).await)
    }

    async fn trip(&self, place: PlaceId) -> Result<Option<Trip>> {
        self.noted(places::trip(&self.point().await?, place).await)
    }

    async fn gate(&self, id: GateId) -> Result<Option<Gate>> {
        self.noted(places::gate(&self.point().await?, id).await)
    }

    async fn gates(&self, place: PlaceId) -> Result<Vec<Gate>> {
        self.rows(places::gates(&self.point().await?, place).await)
    }

    async fn visit_days(&self) -> Result<Vec<i64>> {
        self.noted(places::visit_days(&self.list().await?).await)
    }

    async fn visit_marks(&self) -> Result<VisitMarks> {
        let s = self.snapshot().await?;
        let read = marks::visit_marks(s.client()?).await;
        self.noted(s.end(read).await)
    }

    async fn visits_on(&self, utc_day: i64) -> Result<Vec<Visit>> {
        self.rows(places::visits_on(&self.list().await?, utc_day).await)
    }

    async fn rides_on(&self, utc_day: i64) -> Result<Vec<StoredRide>> {
        self.rows(places::rides_on(&self.list().await?, utc_day).await)
    }

    async fn scan(&self, at: Timestamp, gate: GateId, id: ScanId) -> Result<Option<Scan>> {
        self.noted(places::scan(&self.point().await?, at, gate, id).await)
    }

    async fn scans_on(&self, utc_day: i64) -> Result<Vec<Scan>> {
        self.rows(places::scans_on(&self.list().await?, utc_day).await)
    }

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

    async fn standing(&self, holder: HolderId) -> Result<Option<Standing>> {
        self.noted(evidence::standing(&self.point().await?, holder).await)
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

    async fn region_risks(&self, since: Timestamp) -> Result<RegionRisks> {
        let s = self.snapshot().await?;
        let read = evidence::region_risks(s.client()?, since).await;
        let (found, bad) = self.noted(s.end(read).await)?;
        self.note_all(&bad);
        Ok(found)
    }

    async fn mandate_steps(&self) -> Result<Vec<MandateStep>> {
        self.noted(mandate::mandate_steps(&self.point().await?).await)
    }

    async fn identity_request(&self, id: IdentityRequestId) -> Result<Option<IdentityRequest>> {
        self.noted(mandate::identity_request(&self.point().await?, id).await)
    }

    async fn identity_requests(&self, latest: Latest) -> Result<Vec<IdentityRequest>> {
        self.rows(mandate::identity_requests(&self.list().await?, latest).await)
    }

    async fn open_identity_requests(&self, limit: u32) -> Result<Vec<IdentityRequest>> {
        self.rows(mandate::open_identity_requests(&self.list().await?, limit).await)
    }

    async fn identity_requests_about(
        &self,
        holder: HolderId,
        limit: u32,
    ) -> Result<Vec<IdentityRequest>> {
        self.rows(mandate::identity_requests_about(&self.list().await?, holder, limit).await)
    }

    async fn identity_counts(&self) -> Result<Vec<IdentityCount>> {
        self.noted(mandate::identity_counts(&self.list().await?).await)
    }

    async fn policy_in_force(&self) -> Result<Option<PolicyVersion>> {
        self.noted(policies::policy_in_force(&self.point().await?).await)
    }

    async fn policy_version(&self, digest: &str) -> Result<Option<PolicyVersion>> {
        self.noted(policies::policy_version(&self.point().await?, digest).await)
    }

    async fn policy_versions(&self, limit: u32) -> Result<Vec<PolicyVersion>> {
        self.rows(policies::policy_versions(&self.list().await?, limit).await)
    }

    async fn proposal(&self, id: ProposalId) -> Result<Option<StoredProposal>> {
        self.noted(policies::proposal(&self.point().await?, id).await)
    }

    async fn ended_proposals(&self, latest: Latest) -> Result<Vec<StoredProposal>> {
        self.rows(policies::ended_proposals(&self.list().await?, latest).await)
    }

    async fn proposals_applied_alone(
        &self,
        since: Timestamp,
        page: Page<ProposalId>,
    ) -> Result<Vec<StoredProposal>> {
        self.rows(policies::proposals_applied_alone(&self.list().await?, since, page).await)
    }

    async fn waiting_proposals(&self, page: Page<ProposalId>) -> Result<Vec<StoredProposal>> {
        self.rows(policies::waiting_proposals(&self.list().await?, page).await)
    }

    async fn waiting_proposal(&self, change_digest: [u8; 32]) -> Result<Option<ProposalId>> {
        self.noted(policies::waiting_proposal(&self.point().await?, change_digest).await)
    }

    async fn recolourings(&self, limit: u32) -> Result<Vec<Recolouring>> {
        self.rows(policies::recolourings(&self.list().await?, limit).await)
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

    async fn accesses_of(&self, holder: HolderId, latest: Latest) -> Result<Vec<Access>> {
        self.rows(log::accesses_of(&self.point().await?, holder, latest).await)
    }

    async fn looked_at(&self, look: &Looked, holders: &[HolderId]) -> Result<Vec<HolderId>> {
        self.noted(log::looked_at(&self.list().await?, look, holders).await)
    }

    async fn log_size(&self) -> Result<u64> {
        self.noted(log::log_size(&self.point().await?).await)
    }

    async fn log_leaves(&self, from: u64, limit: u32) -> Result<Vec<LogLeaf>> {
        self.noted(log::log_leaves(&self.list().await?, from, limit).await)
    }

    async fn pending_leaves(&self, limit: u32) -> Result<PendingLeaves> {
        let s = self.snapshot().await?;
        let read = log::pending_leaves(s.client()?, limit).await;
        self.noted(s.end(read).await)
    }

    async fn leaves_of_commitment(&self, commitment: &str) -> Result<Vec<LogLeaf>> {
        self.noted(log::leaves_of_commitment(&self.point().await?, commitment).await)
    }

    async fn setting(&self, name: &str) -> Result<Option<String>> {
        self.noted(log::setting(&self.point().await?, name).await)
    }
}
