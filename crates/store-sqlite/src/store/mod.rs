//! The port, on SQLite. Reads by key run here; lists run on a thread that may block.

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
use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

use crate::error::{Result, unavailable};
use crate::open::{check_by_table, private_file};
use crate::read::{changes, evidence, log, mandate, people, places, policies, servers};
use crate::{SqliteStore, marks, writer::Command};

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

    async fn opening(&self, token_digest: [u8; 32], now: Timestamp) -> Result<Option<Vec<u8>>> {
        self.point(|c| people::opening(c, token_digest, now))
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

    async fn standing(&self, holder: HolderId) -> Result<Option<Standing>> {
        self.point(|c| evidence::standing(c, holder))
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

    async fn identity_counts(&self, asked: Period) -> Result<Vec<IdentityCount>> {
        self.list(move |c| mandate::identity_counts(c, asked)).await
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
