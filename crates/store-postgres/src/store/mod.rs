//! The port, on PostgreSQL. Short reads by key and lists have connections of their own.

mod accounts;
mod counts;
mod records;

use std::path::Path;

use async_trait::async_trait;
use jadegate_domain::id::{IdentityRequestId, ProposalId};
use jadegate_domain::{
    Access, Gate, GateId, HolderId, Period, Place, PlaceId, Scan, ScanId, StaffId, Timestamp, Trip,
    Visit,
};
use jadegate_store::{
    Changes, Forgotten, IdentityCount, IdentityRequest, Latest, Listed, LogLeaf, Looked,
    MandateStep, Page, PendingLeaves, PolicyVersion, Position, Reading, Receipt, Recolouring,
    RegionRisks, Standing, Store, StoredJob, StoredProposal, StoredRide, Unit, Unreadable,
    VisitMarks, Write,
};

use crate::error::Result;
use crate::read::{changes, evidence, log, mandate, people, places, policies, servers};
use crate::{PostgresStore, backup, check, marks, writer::Command};

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

    async fn opening(&self, token_digest: [u8; 32], now: Timestamp) -> Result<Option<Vec<u8>>> {
        self.noted(people::opening(&self.point().await?, token_digest, now).await)
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

    async fn standing(&self, holder: HolderId) -> Result<Option<Standing>> {
        self.noted(evidence::standing(&self.point().await?, holder).await)
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

    async fn identity_counts(&self, asked: Period) -> Result<Vec<IdentityCount>> {
        self.noted(mandate::identity_counts(&self.list().await?, asked).await)
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
