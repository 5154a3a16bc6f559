//! Visits of an older system or of a public data set.
//!
//! People in such a file become holders without identity: an id made from the file's own name for
//! them under a secret key, no vault, no way to sign in. Every id in here is derived, so reading a
//! file twice, or going on after an interruption, adds nothing twice.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use jadegate_domain::id::ImportId;
use jadegate_domain::record::{ImportKind, RecordKind};
use jadegate_domain::{
    AgencyId, Holder, HolderId, Period, Place, PlaceId, Presence, Timestamp, Visit, VisitKey,
};
use jadegate_lines::FileError;
use jadegate_store::{ImportCounts, Precondition, StoreError, Unit, Write};
use serde::Serialize;

use super::lines::{Limits, Lines, Reading, Rejection, all_told, reject};
pub use super::visit_rows::VisitFormat;
use super::visit_rows::{Row, parse};
use crate::app::App;
use crate::concurrency::read;
use crate::error::{Result, ServiceError};
use crate::import::report::RejectedLine;
use crate::keys::first_bits;

/// How to read a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitImport {
    /// How it writes visits.
    pub format: VisitFormat,
    /// What names the file, for going on where an interrupted import stopped (a digest of it).
    /// Empty: begin at the first line.
    pub file: String,
    /// Take visits older than the policy keeps them? They are dropped by the next purge; for trying
    /// out public data.
    pub keep_old: bool,
    /// How it is read: bounds, zone, and whether only to see what would become of it.
    pub reading: Reading,
    /// Who brings it, for the record; `None`: no record is made of it.
    pub record: Option<FileRecord>,
}

/// What the record of a file of visits says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileRecord {
    /// For which agency; `None`: nobody's, by the machine's own command line.
    pub agency: Option<AgencyId>,
    /// SHA-256 of the file as it lies there. It is known before: the file is read in parts.
    pub digest: [u8; 32],
}

/// How far an import has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Lines read.
    pub lines: u64,
    /// Visits written.
    pub visits: u64,
}

/// What became of a file of visits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VisitReport {
    /// Lines read, skipped ones included: each of the others is a visit, too old, or wrong.
    pub lines: u64,
    /// Lines that an interrupted import had done before.
    pub skipped: u64,
    /// Visits of the file that are recorded now.
    pub visits: u64,
    /// Those of them that were there already and changed nothing.
    pub known: u64,
    /// Holders made for people of the file.
    pub new_holders: u64,
    /// Places made.
    pub new_places: u64,
    /// Visits older than the policy keeps them.
    pub too_old: u64,
    /// Lines that are wrong, the first [`super::MOST_REJECTED`] of them.
    pub rejected: Vec<RejectedLine>,
    /// How many are wrong in all.
    pub rejected_count: u64,
    /// The file as a record, if one was asked for. One that stopped on the way has no end; the run that
    /// goes on from there is a record of its own.
    pub import: Option<ImportId>,
}

/// What is read of a file of visits at most, where nothing else is said: the visits of a city in two
/// weeks, several times. Only a unit of it is in memory at once.
pub const LIMITS: Limits = Limits::new(8 << 30, 200_000_000);
/// People and places of the file that are remembered; beyond them the store is asked again.
const REMEMBERED: usize = 500_000;
/// Lines of one unit.
const UNIT: usize = 1000;
/// Where the place in a file is kept.
const PROGRESS: &str = "visit_import";

/// What is known while a file is read, and what the next unit will write.
#[derive(Default)]
struct State {
    holders: HashMap<String, HolderId>,
    places: HashMap<String, PlaceId>,
    writes: Vec<Write>,
    /// With their lines.
    visits: Vec<(u64, Visit)>,
    report: VisitReport,
    /// Visits that a check has seen, with their ends.
    seen: HashMap<VisitKey, Option<Timestamp>>,
}

impl App {
    /// Takes over the visits of a CSV file, a thousand lines a unit. `progress` is told after each
    /// unit; if it answers `false`, the import stops there and can be resumed.
    pub async fn import_visits<R: Read + Send>(
        self: &Arc<Self>,
        source: R,
        options: &VisitImport,
        mut progress: impl FnMut(Progress) -> bool + Send,
    ) -> Result<VisitReport> {
        let (wanted, optional) = options.format.columns();
        let mut lines = Lines::open(source, &options.reading, wanted, optional)?;
        let mut state = State::default();
        let checking = options.reading.check;
        let done_before = if checking { 0 } else { self.visit_progress(options).await? };
        let run = match options.record {
            Some(FileRecord { agency, digest }) if !checking => {
                if let Some(agency) = agency {
                    self.confirmed_agency(agency).await?;
                }
                Some(self.begin_import_by(ImportKind::Visits, (agency, None), digest).await?)
            }
            _ => None,
        };
        state.report.import = run;
        loop {
            // The reader is not held across a wait for the store.
            let mut batch = Vec::with_capacity(UNIT);
            let mut broken = None;
            for line in lines.by_ref().take(UNIT) {
                match line {
                    Ok(line) => batch.push(line),
                    Err(e) => broken = Some(e),
                }
            }
            if let (true, Some(e)) = (batch.is_empty(), &broken) {
                return Err(stopped(e, &state.report));
            }
            if batch.is_empty() {
                break;
            }
            state.report.lines += batch.len() as u64;
            if state.report.lines <= done_before {
                state.report.skipped = state.report.lines;
                if let Some(e) = broken {
                    return Err(stopped(&e, &state.report));
                }
                continue;
            }
            for (line, fields) in batch {
                match fields.and_then(|f| parse(&options.format, &f)) {
                    Ok(row) => {
                        if let Err(r) = self.take_row(options, line, row, &mut state).await? {
                            state.report.reject(r.at(line));
                        }
                    }
                    Err(r) => state.report.reject(r.at(line)),
                }
            }
            if checking {
                self.check_visits(&mut state);
            } else {
                self.write_visits(options, &mut state).await?;
            }
            let going_on =
                progress(Progress { lines: state.report.lines, visits: state.report.visits });
            state.report.check()?;
            if let Some(e) = broken {
                return Err(stopped(&e, &state.report));
            }
            if !going_on {
                return Ok(state.report);
            }
        }
        if let Some(run) = run {
            let r = &state.report;
            let known = r.skipped + r.known + r.too_old;
            let (taken, rejected) = (r.visits - r.known, r.rejected_count);
            let counts = ImportCounts { taken, unchanged: known, rejected, waiting: 0 };
            self.end_import(run, counts).await?;
        }
        if checking {
            return Ok(state.report);
        }
        // The next start need not read all this again; the import itself is done.
        crate::jobs::note("tend_visits", &self.tend_visits().await);
        if !options.file.is_empty() {
            self.commit("import_visits_done", vec![put_progress(String::new())]).await?;
        }
        Ok(state.report)
    }

    async fn visit_progress(&self, options: &VisitImport) -> Result<u64> {
        let Some(kept) = self.store.setting(PROGRESS).await? else { return Ok(0) };
        let lines = kept.strip_prefix(&progress_name(options)).and_then(|n| n.trim().parse().ok());
        Ok(lines.filter(|_| !options.file.is_empty()).unwrap_or(0))
    }

    async fn take_row(
        &self,
        options: &VisitImport,
        line: u64,
        row: Row,
        state: &mut State,
    ) -> Result<std::result::Result<(), Rejection>> {
        let now = self.now();
        if row.entered > now || row.left.is_some_and(|l| l > now) {
            return Ok(Err(Rejection::new("visit.in_future", "This visit is in the future.")));
        }
        if row.left.is_some_and(|l| l < row.entered) {
            return Ok(Err(Rejection::new("visit.backwards", "This visit ends before it begins.")));
        }
        let oldest = now.plus_days(-i64::from(self.policy().retention_days())).utc_day();
        if !options.keep_old && row.entered.utc_day() < oldest {
            state.report.too_old += 1;
            return Ok(Ok(()));
        }
        let source = options.format.name();
        let holder = self.person(source, &row, state).await?;
        let place = self.venue(source, &row, state);
        let (entered, left, presence) = (row.entered, row.left, Presence::Imported);
        state.visits.push((line, Visit { holder, place, entered, left, presence }));
        Ok(Ok(()))
    }

    /// The holder for a person of a file; made when first seen.
    async fn person(&self, source: &str, row: &Row, state: &mut State) -> Result<HolderId> {
        if let Some(id) = state.holders.get(&row.person) {
            return Ok(*id);
        }
        let id = self.imported_holder(source, &row.person);
        if self.store.holder(id).await?.is_none() {
            state.writes.push(Write::AddHolder(Holder {
                id,
                home: row.division.clone(),
                registered_at: self.now(),
                evidence_version: 0,
            }));
            state.report.new_holders += 1;
        }
        state.holders.insert(row.person.clone(), id);
        Ok(id)
    }

    /// The id of a holder made for a person of a file, from the file's own name for them (for the
    /// four cities `NYC/1801`). Only this deployment's key makes it.
    pub fn imported_holder(&self, source: &str, person: &str) -> HolderId {
        HolderId::from_random(first_bits(
            self.deployment.keys.blind("imported-person", &format!("{source}/{person}")),
        ))
    }

    /// The id of a place made for a venue of a file.
    pub fn imported_place_id(&self, source: &str, place: &str) -> PlaceId {
        PlaceId::from_random(first_bits(
            self.deployment.keys.blind("imported-place", &format!("{source}/{place}")),
        ))
    }

    /// The place for a venue of a file; made when first seen.
    fn venue(&self, source: &str, row: &Row, state: &mut State) -> PlaceId {
        if let Some(id) = state.places.get(&row.place) {
            return *id;
        }
        let id = self.imported_place_id(source, &row.place);
        if self.memory.place(id).is_none() {
            let key = format!("{source}:{}", row.place);
            let place = Place {
                id,
                kind: row.kind,
                name: if row.place_name.is_empty() { key.clone() } else { row.place_name.clone() },
                division: row.division.clone(),
                agency: None,
                registered_at: self.now(),
                external_key: Some(key),
            };
            state.writes.push(Write::AddPlace(place));
            state.report.new_places += 1;
        }
        state.places.insert(row.place.clone(), id);
        id
    }

    /// What writing these would come to: the answer of a check. All visits of the file are remembered.
    fn check_visits(&self, state: &mut State) {
        state.writes.clear();
        let index = read(&self.memory.index);
        for (line, visit) in std::mem::take(&mut state.visits) {
            let moment = Period { from: visit.entered, to: visit.entered.plus_secs(1) };
            let before = state.seen.get(&visit.key()).copied().or_else(|| {
                let mut known = index.visits_of(visit.holder, moment);
                let same = known.find(|v| (v.place, v.entered) == (visit.place, visit.entered));
                same.map(|v| v.left)
            });
            match (before, visit.left) {
                (Some(Some(a)), Some(b)) if a != b => {
                    state.report.reject(other_end().at(line));
                    continue;
                }
                (Some(before), left) if before == left || left.is_none() => {
                    state.report.known += 1;
                }
                _ => {}
            }
            state.report.visits += 1;
            state.seen.insert(visit.key(), visit.left.or(before.flatten()));
        }
        state.report.rejected.sort_by_key(|r| r.line);
    }

    /// Writes what was taken. A line that gives a visit another end than is recorded is refused by
    /// the store with its whole unit, so the unit is halved until that line is alone; it is told
    /// like any wrong line, and all others are taken.
    async fn write_visits(
        self: &Arc<Self>,
        options: &VisitImport,
        state: &mut State,
    ) -> Result<()> {
        // Nothing in here is needed once its unit is written: ids are derived, and the store knows.
        if state.holders.len() > REMEMBERED {
            state.holders.clear();
        }
        if state.places.len() > REMEMBERED {
            state.places.clear();
        }
        let mut first = std::mem::take(&mut state.writes);
        let mut last = Vec::new();
        if !options.file.is_empty() {
            let done = format!("{}{}", progress_name(options), state.report.lines);
            last.push(put_progress(done));
        }
        let mut parts = vec![std::mem::take(&mut state.visits)];
        while let Some(mut part) = parts.pop() {
            let mut writes = first.clone();
            writes.extend(part.iter().map(|(_, v)| Write::AddVisit(*v)));
            if parts.is_empty() {
                writes.extend_from_slice(&last);
            }
            match self.commit_to_the_end(Unit::new("import_visits", writes)).await {
                Ok(told) => {
                    state.report.visits += part.len() as u64;
                    state.report.known += told.known() as u64;
                    first = Vec::new();
                }
                Err(e) if e.is_conflict(Precondition::Agrees) && part.len() > 1 => {
                    parts.push(part.split_off(part.len() / 2));
                    parts.push(part);
                }
                Err(e) if e.is_conflict(Precondition::Agrees) => {
                    for (line, _) in part {
                        state.report.reject(other_end().at(line));
                    }
                    if parts.is_empty() {
                        // Nothing is left to take, but how far the file is read has to be kept.
                        parts.push(Vec::new());
                    }
                }
                Err(e) => return Err(two_at_once(e)),
            }
        }
        state.report.rejected.sort_by_key(|r| r.line);
        Ok(())
    }

    /// Visits of a holder in a period as the index knows them: place, entry, end.
    pub fn visits_between(
        &self,
        holder: HolderId,
        period: Period,
    ) -> Vec<(PlaceId, Timestamp, Option<Timestamp>)> {
        read(&self.memory.index)
            .visits_of(holder, period)
            .map(|v| (v.place, v.entered, v.left))
            .collect()
    }
}

fn other_end() -> Rejection {
    Rejection::new(
        "visit.other_end",
        "This visit was told before with another end; what is recorded stays.",
    )
}

/// Two imports of one file at once make the same people and places; the second stops and can be
/// started again. So does one of which a ride was taken back meanwhile.
pub(super) fn two_at_once(e: StoreError) -> ServiceError {
    let withdrawn = Precondition::NotWithdrawn { record: RecordKind::Ride };
    if e.is_conflict(Precondition::Absent) || e.is_conflict(withdrawn) {
        return crate::staff::conflict(
            "import.two_at_once",
            "Another import makes the same people or places. Start again when it has ended.",
        );
    }
    if e.is_conflict(Precondition::Leads) {
        return crate::staff::conflict(
            "import.document_moved",
            "A document of the file was given to its owner while the file was taken over. Send the file again: what was taken is known, and what was not goes to the owner.",
        );
    }
    e.into()
}

fn progress_name(options: &VisitImport) -> String {
    format!("{} {} ", options.format.name(), options.file)
}

fn put_progress(value: String) -> Write {
    Write::PutSetting { name: PROGRESS, value, expect: None }
}

/// Why a file could not be read to its end, and what became of its beginning.
fn stopped(e: &FileError, report: &VisitReport) -> ServiceError {
    ServiceError::bad(
        e.code(),
        format!(
            "{e} The {} lines before were read and their {} visits kept; run the same command with the whole file, and nothing is taken twice.",
            report.lines, report.visits
        ),
    )
}

impl VisitReport {
    fn reject(&mut self, line: RejectedLine) {
        reject(&mut self.rejected, &mut self.rejected_count, line);
    }

    /// Every line has its answer.
    fn check(&self) -> Result<()> {
        all_told(self.lines, self.skipped + self.visits + self.too_old + self.rejected_count)
    }
}
