//! The port, on SQLite. Reads by key run here; lists run on a thread that may block.

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
use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

use crate::error::{Result, unavailable};
use crate::marks;
use crate::open::{check_by_table, private_file};
use crate::read::{
    accounts, appeals, changes, evidence, links, log, mandate, papers, people, places, policies,
    records, servers, tally,
};
use crate::{SqliteStore, writer::Command};

impl SqliteStore {
    /// Hands a command to the writer and waits for its answer. If the caller goes away meanwhile, it
    /// is done all the same.
    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T>>) -> Command,
    ) -> Result<T> {
        let commands = self.commands().ok_or_else(|| unavailable("opened to read only"))?;
        let gone = || unavailable("the store is closed");
        let (answer, answered) = oneshot::channel();
        commands.send(command(answer)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

/// Copies the database as it is now into a new file without free pages.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let file = private_file(to, true)?;
    let made = || -> Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let name = to.to_str().ok_or_else(|| unavailable("the path is not UTF-8"))?;
        let c = Connection::open_with_flags(from, flags).map_err(unavailable)?;
        c.pragma_update(None, "temp_store", "MEMORY").map_err(unavailable)?;
        c.execute("VACUUM INTO ?1", [name]).map_err(unavailable)?;
        file.sync_all().map_err(unavailable)?;
        // The new name is durable only when its directory is.
        let directory = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::File::open(directory).and_then(|d| d.sync_all()).map_err(unavailable)
    };
    made().inspect_err(|_| {
        let _ = std::fs::remove_file(to);
    })
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit_for_receipt(&self, unit: Unit) -> Result<Receipt> {
        self.ask(|answer| Command::Unit(unit, answer)).await
    }

    async fn ping(&self) -> Result<()> {
        self.point(log::log_size)?;
        // A value that differs each time, so that a page is written whatever the backend thinks of it.
        let value = self.next_ping().to_string();
        let write = Write::PutSetting { name: "ping", value, expect: None };
        self.commit(Unit::new("ping", vec![write])).await
    }

    async fn check(&self) -> Result<Vec<String>> {
        let path = self.path().to_owned();
        // A thread of its own, for which the end of the program does not wait.
        let (answer, checked) = oneshot::channel();
        std::thread::Builder::new()
            .name("store-check".to_owned())
            .spawn(move || drop(answer.send(check_by_table(&path))))
            .map_err(unavailable)?;
        checked.await.map_err(unavailable)?
    }

    fn unreadable(&self) -> Unreadable {
        self.aside().found()
    }

    async fn backup(&self, to: &Path) -> Result<()> {
        let (from, to) = (self.path().to_owned(), to.to_owned());
        tokio::task::spawn_blocking(move || copy(&from, &to)).await.map_err(unavailable)?
    }

    async fn purge_expired(&self, until: Timestamp) -> Result<u64> {
        self.ask(|answer| Command::Purge(until, answer)).await
    }

    async fn forget_people(&self) -> Result<Forgotten> {
        self.ask(Command::ForgetPeople).await
    }

    async fn drop_days_before(&self, utc_day: i64) -> Result<(u64, u64)> {
        self.ask(|answer| Command::DropDays(utc_day, answer)).await
    }

    async fn position(&self) -> Result<Position> {
        self.point(marks::position)
    }

    async fn changes_since(&self, reading: Reading, most: u32) -> Result<Changes> {
        let (page, unreadable) = self.list(move |c| changes::since(c, reading, most)).await?;
        self.note_all(&unreadable);
        Ok(page)
    }

    async fn holder(&self, id: HolderId) -> Result<Option<Holder>> {
        self.point(|c| people::holder(c, id))
    }

    async fn indexed_holders(&self, kind: IndexKind, digest: [u8; 16]) -> Result<Vec<HolderId>> {
        self.point(|c| people::indexed_holders(c, kind, digest))
    }

    async fn people_of(&self, carer: HolderId) -> Result<Vec<Proxy>> {
        self.point_rows(|c| accounts::people_of(c, carer))
    }

    async fn carers_of(&self, person: HolderId) -> Result<Vec<Proxy>> {
        self.point_rows(|c| accounts::carers_of(c, person))
    }

    async fn links_of(&self, holder: HolderId) -> Result<Vec<RecordLink>> {
        self.point_rows(|c| links::links_of(c, holder))
    }

    async fn split_records(&self) -> Result<Vec<RecordLink>> {
        self.rows(links::split_records).await
    }

    async fn split_pieces(&self, record: HolderId) -> Result<Vec<SplitPiece>> {
        self.point(|c| links::split_pieces(c, record))
    }

    async fn joined_records(&self) -> Result<Vec<(HolderId, HolderId)>> {
        self.list(links::joined_records).await
    }

    async fn proxy(&self, person: HolderId, carer: HolderId) -> Result<Option<Proxy>> {
        self.point(|c| accounts::proxy(c, person, carer))
    }

    async fn account_changes(&self, holder: HolderId, limit: u32) -> Result<Vec<AccountChange>> {
        self.rows(move |c| accounts::account_changes(c, holder, limit)).await
    }

    async fn account_change(&self, id: ChangeId) -> Result<Option<AccountChange>> {
        self.point(|c| accounts::account_change(c, id))
    }

    async fn job(&self, id: i64) -> Result<Option<StoredJob>> {
        self.point(|c| servers::job(c, id))
    }

    async fn jobs_of(
        &self,
        staff: Option<StaffId>,
        kind: &str,
        now: Timestamp,
    ) -> Result<Listed<StoredJob>> {
        self.point(|c| servers::jobs_of(c, staff, kind, now))
    }

    async fn job_part(&self, job: i64, number: u32) -> Result<Option<Vec<u8>>> {
        self.point(|c| servers::job_part(c, job, number))
    }

    async fn paper(&self, id: PaperId) -> Result<Option<Paper>> {
        self.point(|c| papers::paper(c, id))
    }

    async fn paper_of(&self, holder: HolderId) -> Result<Option<Paper>> {
        self.point(|c| papers::paper_of(c, holder))
    }

    async fn paper_places(&self) -> Result<PaperPlaces> {
        self.point(papers::paper_places)
    }

    async fn papers(&self, page: Page<PaperId>) -> Result<Vec<PaperStanding>> {
        self.list(move |c| papers::papers(c, page)).await
    }

    async fn appeal(&self, id: AppealId) -> Result<Option<Appeal>> {
        self.point(|c| appeals::appeal(c, id))
    }

    async fn appeal_file(&self, id: AppealId) -> Result<Option<AppealFile>> {
        self.list(move |c| appeals::appeal_file(c, id)).await
    }

    async fn appeals_of(&self, holder: HolderId, limit: u32) -> Result<Vec<Appeal>> {
        self.rows(move |c| appeals::appeals_of(c, holder, limit)).await
    }

    async fn open_appeals(&self, region: &Division, limit: u32) -> Result<Vec<Appeal>> {
        let region = region.clone();
        self.rows(move |c| appeals::open_appeals(c, &region, limit)).await
    }

    async fn appeals_to_tend(&self, now: Timestamp, limit: u32) -> Result<Vec<Appeal>> {
        self.rows(move |c| appeals::appeals_to_tend(c, now, limit)).await
    }

    async fn appeals_since(
        &self,
        since: Timestamp,
        after: Option<(Timestamp, AppealId)>,
        limit: u32,
    ) -> Result<Vec<Appeal>> {
        self.rows(move |c| appeals::appeals_since(c, since, after, limit)).await
    }

    async fn rule_reviews(&self, limit: u32) -> Result<Vec<RuleReview>> {
        self.rows(move |c| appeals::rule_reviews(c, limit)).await
    }

    async fn vault_key(&self, holder: HolderId) -> Result<Option<VaultKey>> {
        self.point(|c| people::vault_key(c, holder))
    }

    async fn sealed_fields(&self, holder: HolderId) -> Result<Vec<SealedField>> {
        self.point(|c| people::sealed_fields(c, holder))
    }

    async fn holders(&self, page: Page<HolderId>) -> Result<Vec<Holder>> {
        self.rows(move |c| people::holders(c, page)).await
    }

    async fn challenge(&self, id: ChallengeId) -> Result<Option<Challenge>> {
        self.point(|c| people::challenge(c, id))
    }

    async fn unrouted_challenges(&self, now: Timestamp, limit: u32) -> Result<Vec<Challenge>> {
        self.rows(move |c| people::unrouted_challenges(c, now, limit)).await
    }

    async fn phone_codes(&self, lane: [u8; 16], now: Timestamp) -> Result<Vec<PhoneCode>> {
        self.point_rows(|c| people::phone_codes(c, lane, now))
    }

    async fn sessions_of(&self, subject: SessionSubject, now: Timestamp) -> Result<Vec<Session>> {
        self.rows(move |c| people::sessions_of(c, subject, now)).await
    }

    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>> {
        self.point(|c| people::correction(c, id))
    }

    async fn waiting_corrections(
        &self,
        near: &Division,
        now: Timestamp,
    ) -> Result<Vec<Correction>> {
        let near = near.clone();
        self.rows(move |c| people::waiting_corrections(c, &near, now)).await
    }

    async fn ended_corrections(
        &self,
        near: &Division,
        since: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Correction>> {
        let near = near.clone();
        self.rows(move |c| people::ended_corrections(c, &near, since, now, limit)).await
    }

    async fn confirmed_corrections(
        &self,
        since: Timestamp,
        page: Page<CorrectionId>,
    ) -> Result<Vec<Correction>> {
        self.rows(move |c| people::confirmed_corrections(c, since, page)).await
    }

    async fn counted(&self, class: &str, key: [u8; 16], after: Timestamp) -> Result<u64> {
        self.point(|c| tally::counted(c, class, key, after))
    }

    async fn due_messages(&self, now: Timestamp, limit: u32) -> Result<Vec<OutboxMessage>> {
        self.rows(move |c| people::due_messages(c, now, limit)).await
    }

    async fn newest_messages(&self, limit: u32) -> Result<Vec<OutboxMessage>> {
        self.rows(move |c| people::newest_messages(c, limit)).await
    }

    async fn session(&self, token_digest: [u8; 32], now: Timestamp) -> Result<Option<Session>> {
        self.point(|c| people::session(c, token_digest, now))
    }

    async fn opening(&self, token_digest: [u8; 32], now: Timestamp) -> Result<Option<Vec<u8>>> {
        self.point(|c| people::opening(c, token_digest, now))
    }

    async fn agency(&self, id: AgencyId) -> Result<Option<Agency>> {
        self.point(|c| people::agency(c, id))
    }

    async fn agencies(&self) -> Result<Vec<Agency>> {
        self.rows(people::agencies).await
    }

    async fn staff(&self, id: StaffId) -> Result<Option<Staff>> {
        self.point(|c| people::staff(c, id))
    }

    async fn all_staff(&self) -> Result<Vec<Staff>> {
        self.rows(people::all_staff).await
    }

    async fn credentials(&self, staff: StaffId) -> Result<Vec<CredentialRow>> {
        self.point_rows(|c| people::credentials(c, staff))
    }

    async fn credential(&self, credential_id: &[u8]) -> Result<Option<CredentialRow>> {
        self.point(|c| people::credential(c, credential_id))
    }

    async fn invitation(&self, token_digest: [u8; 32]) -> Result<Option<Invitation>> {
        self.point(|c| people::invitation(c, token_digest))
    }

    async fn place(&self, id: PlaceId) -> Result<Option<Place>> {
        self.point(|c| places::place(c, id))
    }

    async fn places(&self, page: Page<PlaceId>) -> Result<Vec<Place>> {
        self.rows(move |c| places::places(c, page)).await
    }

    async fn trip(&self, place: PlaceId) -> Result<Option<Trip>> {
        self.point(|c| places::trip(c, place))
    }

    async fn gate(&self, id: GateId) -> Result<Option<Gate>> {
        self.point(|c| places::gate(c, id))
    }

    async fn gates(&self, place: PlaceId) -> Result<Vec<Gate>> {
        self.point_rows(|c| places::gates(c, place))
    }

    async fn visit_days(&self) -> Result<Vec<i64>> {
        self.list(places::visit_days).await
    }

    async fn visit_marks(&self) -> Result<VisitMarks> {
        self.list(marks::visit_marks).await
    }

    async fn visits_on(&self, utc_day: i64) -> Result<Vec<Visit>> {
        self.rows(move |c| places::visits_on(c, utc_day)).await
    }

    async fn rides_on(&self, utc_day: i64) -> Result<Vec<StoredRide>> {
        self.rows(move |c| places::rides_on(c, utc_day)).await
    }

    async fn scan(&self, at: Timestamp, gate: GateId, id: ScanId) -> Result<Option<Scan>> {
        self.point(|c| places::scan(c, at, gate, id))
    }

    async fn scans_on(&self, utc_day: i64) -> Result<Vec<Scan>> {
        self.rows(move |c| places::scans_on(c, utc_day)).await
    }

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

    async fn standing(&self, holder: HolderId) -> Result<Option<Standing>> {
        self.point(|c| evidence::standing(c, holder))
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

    async fn region_risks(&self, since: Timestamp) -> Result<RegionRisks> {
        let (found, bad) = self.list(move |c| evidence::region_risks(c, since)).await?;
        self.note_all(&bad);
        Ok(found)
    }

    async fn mandate_steps(&self) -> Result<Vec<MandateStep>> {
        self.point(mandate::mandate_steps)
    }

    async fn identity_request(&self, id: IdentityRequestId) -> Result<Option<IdentityRequest>> {
        self.point(|c| mandate::identity_request(c, id))
    }

    async fn identity_requests(&self, latest: Latest) -> Result<Vec<IdentityRequest>> {
        self.rows(move |c| mandate::identity_requests(c, latest)).await
    }

    async fn open_identity_requests(&self, limit: u32) -> Result<Vec<IdentityRequest>> {
        self.rows(move |c| mandate::open_identity_requests(c, limit)).await
    }

    async fn identity_requests_about(
        &self,
        holder: HolderId,
        limit: u32,
    ) -> Result<Vec<IdentityRequest>> {
        self.rows(move |c| mandate::identity_requests_about(c, holder, limit)).await
    }

    async fn identity_counts(&self) -> Result<Vec<IdentityCount>> {
        self.list(mandate::identity_counts).await
    }

    async fn policy_in_force(&self) -> Result<Option<PolicyVersion>> {
        self.point(policies::policy_in_force)
    }

    async fn policy_version(&self, digest: &str) -> Result<Option<PolicyVersion>> {
        self.point(|c| policies::policy_version(c, digest))
    }

    async fn policy_versions(&self, limit: u32) -> Result<Vec<PolicyVersion>> {
        self.rows(move |c| policies::policy_versions(c, limit)).await
    }

    async fn proposal(&self, id: ProposalId) -> Result<Option<StoredProposal>> {
        self.point(|c| policies::proposal(c, id))
    }

    async fn ended_proposals(&self, latest: Latest) -> Result<Vec<StoredProposal>> {
        self.rows(move |c| policies::ended_proposals(c, latest)).await
    }

    async fn proposals_applied_alone(
        &self,
        since: Timestamp,
        page: Page<ProposalId>,
    ) -> Result<Vec<StoredProposal>> {
        self.rows(move |c| policies::proposals_applied_alone(c, since, page)).await
    }

    async fn waiting_proposals(&self, page: Page<ProposalId>) -> Result<Vec<StoredProposal>> {
        self.rows(move |c| policies::waiting_proposals(c, page)).await
    }

    async fn waiting_proposal(&self, change_digest: [u8; 32]) -> Result<Option<ProposalId>> {
        self.point(|c| policies::waiting_proposal(c, change_digest))
    }

    async fn recolourings(&self, limit: u32) -> Result<Vec<Recolouring>> {
        self.rows(move |c| policies::recolourings(c, limit)).await
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

    async fn accesses_of(&self, holder: HolderId, latest: Latest) -> Result<Vec<Access>> {
        self.point_rows(|c| log::accesses_of(c, holder, latest))
    }

    async fn looked_at(&self, look: &Looked, holders: &[HolderId]) -> Result<Vec<HolderId>> {
        let (look, holders) = (look.clone(), holders.to_vec());
        self.list(move |c| log::looked_at(c, &look, holders)).await
    }

    async fn log_size(&self) -> Result<u64> {
        self.point(log::log_size)
    }

    async fn log_leaves(&self, from: u64, limit: u32) -> Result<Vec<LogLeaf>> {
        self.list(move |c| log::log_leaves(c, from, limit)).await
    }

    async fn pending_leaves(&self, limit: u32) -> Result<PendingLeaves> {
        if limit > 1 {
            return self.list(move |c| log::pending_leaves(c, limit)).await;
        }
        self.point(|c| log::pending_leaves(c, limit))
    }

    async fn leaves_of_commitment(&self, commitment: &str) -> Result<Vec<LogLeaf>> {
        self.point(|c| log::leaves_of_commitment(c, commitment))
    }

    async fn setting(&self, name: &str) -> Result<Option<String>> {
        self.point(|c| log::setting(c, name))
    }
}
