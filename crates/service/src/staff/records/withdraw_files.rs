//! Taking whole files back, while they are still being recorded too.
//!
//! The withdrawal's row comes first and is a barrier: each unit that records or holds something of a
//! file demands that there is none ([`crate::author::file_stands`]). What is found afterwards is
//! therefore all there is. The file itself is marked last; until then the withdrawal is unfinished, and
//! goes on by itself after a crash, on whichever server ([`App::finish_withdrawals`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jadegate_domain::id::{ImportId, RideId};
use jadegate_domain::record::{ImportKind, RecordKind, WaitingState};
use jadegate_domain::{CaseId, EvidenceId, HolderId};
use jadegate_ledger::WaitingEvent;
use jadegate_store::{ImportRun, Precondition, Unit, WaitingDecision, Withdrawal, Write};
use tokio::sync::watch;

use super::withdraw::{Hands, WithdrawnRecords, above_withdrawals, unknown, withdrawn};
use crate::app::App;
use crate::assess::resting_on;
use crate::author::{Author, Taker};
use crate::error::{Kind, Result, ServiceError};
use crate::jobs::note;
use crate::staff::conflict;

/// Unfinished withdrawals looked at in one go.
const LIST: u32 = 100;
/// Between two looks for withdrawals that were cut short.
const LOOK: Duration = Duration::from_secs(10);

/// What a file came to, as far as it can be read.
#[derive(Default)]
struct FileRecords {
    people: BTreeMap<HolderId, Vec<EvidenceId>>,
    rides: BTreeSet<RideId>,
    unreadable: usize,
}

impl App {
    pub(super) async fn withdraw_import(
        self: &Arc<Self>,
        id: ImportId,
        by: Taker,
        hands: Hands,
    ) -> Result<WithdrawnRecords> {
        let run = self.store.import(id).await?.ok_or_else(unknown)?;
        if run.withdrawn_at.is_some() {
            return Err(withdrawn());
        }
        if run.kind == ImportKind::RiskLevels {
            // Half a list is not taken back: if it cannot be whole, it is not begun.
            self.levels_of(id).await?;
        }
        let with = match hands {
            // Whoever goes on with what has begun has nothing to ask for.
            Hands::One if !self.file_is_withdrawn(Some(id)).await? => {
                self.weigh_withdrawal(by, self.weight_of_file(&run).await?)
            }
            _ => Vec::new(),
        };
        let by = self.begin_withdrawal(RecordKind::Import, id.as_i64(), by, with).await?;
        let _one = self.locks.withdrawals.lock().await;
        self.take_file_back(&run, by).await
    }

    /// How many records of a file its withdrawal weighs: those that can confine somebody and still
    /// count. What would let more people go than one pair of hands may is refused, the contacts of
    /// cases among them that fall with it.
    async fn weight_of_file(&self, run: &ImportRun) -> Result<u64> {
        if run.kind == ImportKind::RiskLevels {
            let levels = self.levels_of(run.id).await?;
            self.frees_few(&levels).await?;
            return Ok(levels.len() as u64);
        }
        let most = u64::from(self.limits().withdrawals_above_per_hour);
        let found = self.records_of_file(run.id).await?;
        let mut records = found.rides.len() as u64;
        let mut people = records;
        for (holder, pieces) in found.people {
            let own = self.store.evidence_of(holder).await.map_err(Into::into);
            // Of whoever cannot be read it is not known: so they count.
            let Some(own) = self.or_set_aside(own)? else {
                (records, people) = (records + pieces.len() as u64, people + 1);
                continue;
            };
            let mut own = own.map_or_else(Vec::new, |(_, e)| e);
            let mut confining = 0;
            for e in own.iter_mut().filter(|e| e.counts() && pieces.contains(&e.id)) {
                confining += u64::from(e.fact.may_confine());
                // As it will be once they are gone.
                e.withdrawn_at = Some(self.now());
            }
            records += confining;
            people += confining.min(1);
            for case in resting_on(&own, |e| pieces.contains(&e.id)) {
                let contacts = self.store.standing_contacts(case).await?;
                people += contacts.rows.len() as u64 + contacts.unreadable.len() as u64;
            }
            if people > most {
                return Err(above_withdrawals(None));
            }
        }
        // What is kept for people who are not registered weighs as much.
        for kept in self.kept_of_file(run.id).await? {
            let confines = self.or_set_aside(self.kept_evidence(&kept))?;
            let one = u64::from(confines.is_none_or(|(_, e)| e.fact.may_confine()));
            (records, people) = (records + one, people + one);
            if people > most {
                return Err(above_withdrawals(None));
            }
        }
        Ok(records)
    }

    /// How many records came from a file, for whoever is asked whether it is to go.
    pub(super) async fn count_of_file(&self, id: ImportId) -> Result<u64> {
        let kept = self.kept_of_file(id).await?.len();
        Ok((self.store.records_of_import(id).await?.rows.len() + kept) as u64)
    }

    /// Goes on with withdrawals that were cut short, by whichever server. What cannot be finished of
    /// one keeps no other waiting.
    pub async fn finish_withdrawals(self: &Arc<Self>) -> Result<()> {
        let Ok(_one) = self.locks.withdrawals.try_lock() else { return Ok(()) };
        for begun in self.store.unfinished_withdrawals(LIST).await? {
            self.must_go_on()?;
            note("finish_withdrawal", &self.finish_withdrawal(&begun).await);
        }
        Ok(())
    }

    async fn finish_withdrawal(self: &Arc<Self>, begun: &Withdrawal) -> Result<()> {
        let by = Taker::of(begun);
        match begun.record {
            RecordKind::Import => {
                let id = ImportId::from_i64(begun.id).ok_or_else(unknown)?;
                let run = self.store.import(id).await?.ok_or_else(unknown)?;
                self.take_file_back(&run, by).await.map(drop)
            }
            RecordKind::Case => {
                let id = CaseId::from_i64(begun.id).ok_or_else(unknown)?;
                self.drop_case(id, by).await.map(drop)
            }
            // Of these there is nothing to finish.
            _ => Ok(()),
        }
    }

    /// Looks for withdrawals that were cut short, until `stop` turns true.
    pub(crate) async fn keep_withdrawals(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            if !self.clock_is_held() && self.does_jobs().await {
                note("finish_withdrawals", &self.finish_withdrawals().await);
                note("finish_asked", &self.finish_asked().await);
            }
            tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Takes all that came from a file back, after the row that says so; then the file is marked.
    async fn take_file_back(
        self: &Arc<Self>,
        run: &ImportRun,
        by: Taker,
    ) -> Result<WithdrawnRecords> {
        if run.kind == ImportKind::RiskLevels {
            return self.withdraw_levels_of(run.id, by).await;
        }
        self.end_waiting_of_file(run.id, by).await?;
        let found = self.records_of_file(run.id).await?;
        let mut left = found.unreadable;
        let mut done = WithdrawnRecords::default();
        for (holder, pieces) in found.people {
            let of = pieces.len();
            let one = self.take_back(holder, &pieces, by, Vec::new()).await;
            let Some(one) = self.or_set_aside(one)? else {
                left += of;
                continue;
            };
            done.records += one.records;
            done.cases += one.cases;
            done.released += one.released;
        }
        if !found.rides.is_empty() {
            let author = self.author_of(by).await?;
            let all = self.take_back_rides(found.rides, &author, by, Vec::new()).await?;
            done.records += all.records;
            done.released += all.released;
        }
        // What is kept for people who are not registered counts no more, for its file does not stand.
        done.records += self.kept_of_file(run.id).await?.len() as u64;
        if left > 0 {
            return Err(partly(done.records, left));
        }
        let writes = vec![
            Write::WithdrawImport { id: run.id, at: self.now() },
            self.withdrawal_leaf(RecordKind::Import, by, done.records)?,
        ];
        match self.store.commit(Unit::new("withdraw_import", writes)).await {
            Err(e) if e.is_conflict(Precondition::Exists) => Err(withdrawn()),
            marked => Ok(marked.map(|()| done)?),
        }
    }

    /// What a file holds back ends; of what was confirmed the pieces that are left are dropped, for
    /// the file does not stand.
    async fn end_waiting_of_file(self: &Arc<Self>, id: ImportId, by: Taker) -> Result<()> {
        for w in self.unfinished(WaitingState::Waiting, Some(id)).await? {
            let now = self.now();
            let decision = WaitingDecision { at: now, by: by.staff.map(|s| (s, by.agency)) };
            let leaf = crate::log::waiting_leaf(&w, WaitingEvent::Refused, now)?;
            let (id, state) = (w.id, WaitingState::Refused);
            let writes = vec![Write::DecideWaiting { id, state, decision }, Write::AddLeaf(leaf)];
            match self.store.commit(Unit::new("withdraw_import", writes)).await {
                // Somebody decided a moment ago.
                Err(e) if e.is_conflict(Precondition::Exists) => {}
                ended => ended?,
            }
        }
        for w in self.unfinished(WaitingState::Confirmed, Some(id)).await? {
            self.release(&w).await?;
        }
        Ok(())
    }

    async fn records_of_file(&self, id: ImportId) -> Result<FileRecords> {
        let records = self.store.records_of_import(id).await?;
        let mut found = FileRecords { unreadable: records.unreadable.len(), ..Default::default() };
        for record in records.rows {
            match record.record {
                RecordKind::Ride => found.rides.extend(RideId::from_i64(record.id)),
                RecordKind::Evidence => {
                    let Some(id) = EvidenceId::from_i64(record.id) else { continue };
                    let piece = self.store.evidence(id).await.map_err(Into::into);
                    match self.or_set_aside(piece)? {
                        None => found.unreadable += 1,
                        Some(piece) => {
                            if let Some(holder) = piece.and_then(|e| e.holder) {
                                found.people.entry(holder).or_default().push(id);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// Whoever takes back, as the looks that people see name them.
    pub(crate) async fn author_of(&self, by: Taker) -> Result<Author> {
        let agency = self.store.agency(by.agency).await?.ok_or_else(unknown)?;
        let (kind, region) = (agency.kind, agency.region);
        Ok(Author { agency: by.agency, kind, region, staff: by.staff, import: None })
    }

    /// Which file a visit came from is not kept: it would be a second list of who was where.
    pub(super) fn visits_stay(&self) -> ServiceError {
        let days = self.policy().retention_days();
        conflict(
            "import.visits_stay",
            format!(
                "A file of visits cannot be withdrawn, for no visit says which file it came from. Visits are deleted with their day, after {days} days. Whom a wrong visit confines, the prevention team releases with a paper.",
            ),
        )
    }
}

fn partly(done: u64, left: usize) -> ServiceError {
    ServiceError::new(
        Kind::Unavailable,
        "import.partly_withdrawn",
        format!(
            "{done} records were withdrawn, and nothing more of the file is recorded. {left} more cannot be read. The operator sees which records they are; the withdrawal is finished by itself when they are put right."
        ),
    )
}
