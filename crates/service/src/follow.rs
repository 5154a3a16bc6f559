//! The memory follows the store, in one way: whatever changed is told as [`Change`]s, and
//! [`take_in`](App::take_in) takes them in.
//!
//! Changes come from two sides. What is written here is taken in once it is kept, without reading it
//! back ([`commit_unit`](App::commit_unit)). What others wrote is read from the store, from the
//! position on up to which everything is in memory ([`follow`](App::follow)); at the start that is all
//! of it. The position goes on over what was written here as long as nothing else was written in
//! between, so that on one machine nothing is read. Whatever is told twice is the same once.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jadegate_domain::{
    CaseId, Evidence, HolderId, Period, Place, Scan, Timestamp, Visit, VisitKey,
};
use jadegate_store::{
    Change, ChangeKind, KeptAt, Position, Reading, Receipt, RecordLink, StoreError, StoredRide,
    Unit, Write,
};
use jadegate_trace::{KnownVisit, SharedVisits};
use tokio::sync::watch;

use crate::app::App;
use crate::concurrency::{beside, read, write};
use crate::error::{Kind, Result, ServiceError};
use crate::in_force::{InForce, Regions};
use crate::jobs::note;
use crate::visits::presence::Seen;

/// Changes of one page.
const PAGE: u32 = 20_000;
/// Between two looks for what others wrote; it is known after two of them.
const EVERY: Duration = Duration::from_millis(250);
/// After a failure, the second, and each that follows.
const AFTER_FAILURE: [Duration; 3] =
    [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(5)];
/// How long a look may make no step before nothing is decided any more.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is kept in memory beside the visits. Cases are not: the first look at late data is for all.
const AT_START: &[ChangeKind] = &[
    ChangeKind::Policy,
    ChangeKind::Mandate,
    ChangeKind::RiskLevels,
    ChangeKind::Links,
    ChangeKind::Places,
    ChangeKind::Rides,
    ChangeKind::Scans,
];
/// What the saved index may lack, or have too much.
const OF_VISITS: &[ChangeKind] = &[ChangeKind::Days, ChangeKind::Visits, ChangeKind::LostVisits];

/// Who tells of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The store, at the start: traces are looked at all anew then.
    AtStart,
    /// The store: others wrote it, or both.
    ByStore,
    /// A unit that was written here, at this position.
    Here(Position),
}

/// Changes by what they are of.
#[derive(Debug, Default)]
struct News {
    policy: bool,
    mandate: bool,
    levels: bool,
    links: bool,
    dropped: Option<i64>,
    lost: Vec<i64>,
    taken_back: Vec<VisitKey>,
    places: Vec<Place>,
    rides: Vec<StoredRide>,
    visits: Vec<Visit>,
    scans: Vec<Scan>,
    cases: Vec<CaseId>,
}

impl News {
    fn of(changes: Vec<Change>) -> Self {
        let mut news = Self::default();
        for change in changes {
            match change {
                Change::Policy => news.policy = true,
                Change::Mandate => news.mandate = true,
                Change::RiskLevels => news.levels = true,
                Change::Links => news.links = true,
                Change::DaysDropped(day) => news.dropped = news.dropped.max(Some(day)),
                Change::LostVisits(day) => news.lost.push(day),
                Change::TakenBack(visit) => news.taken_back.push(visit),
                Change::Place(place) => news.places.push(place),
                Change::Ride(ride) => news.rides.push(ride),
                Change::Visit(visit) => news.visits.push(visit),
                Change::Scan(scan) => news.scans.push(scan),
                Change::Case(case) => news.cases.push(case),
            }
        }
        news
    }

    /// Is any of it more than an addition?
    const fn replaces(&self) -> bool {
        let replaced =
            self.policy || self.mandate || self.levels || self.links || self.dropped.is_some();
        replaced || !self.taken_back.is_empty()
    }
}

/// Must no reading be under way meanwhile? What only adds is the same told twice.
fn replaces(told: &[(usize, Change)]) -> bool {
    let adds = |change: &Change| {
        matches!(change, Change::Visit(_) | Change::Scan(_) | Change::Place(_) | Change::Case(_))
    };
    !told.iter().all(|(_, change)| adds(change))
}

impl App {
    /// Writes a unit and takes in what it says. If its caller goes away in between, it is read from the
    /// store like what others wrote.
    pub(crate) async fn commit_unit(&self, unit: Unit) -> std::result::Result<Receipt, StoreError> {
        let told = unit.changes();
        if told.is_empty() {
            return self.store.commit_for_receipt(unit).await;
        }
        let _reading =
            if replaces(&told) { Some(self.memory.follower.reading.lock().await) } else { None };
        let receipt = self.store.commit_for_receipt(unit).await?;
        if let Some(kept) = receipt.kept_at() {
            let taken = self.take_in(receipt.news(told), Told::Here(kept.position)).await;
            taken.map_err(|e| StoreError::Unavailable(e.to_string()))?;
            self.memory.follower.has(kept);
        }
        Ok(receipt)
    }

    /// The same, whoever goes away meanwhile: for what is written so often that reading it back would
    /// be noticed.
    pub(crate) async fn commit_to_the_end(
        self: &Arc<Self>,
        unit: Unit,
    ) -> std::result::Result<Receipt, StoreError> {
        let app = Arc::clone(self);
        let work = async move { app.commit_unit(unit).await };
        let gone = |e: tokio::task::JoinError| StoreError::Unavailable(e.to_string());
        tokio::spawn(work).await.map_err(gone)?
    }

    pub(crate) async fn commit(&self, name: &'static str, writes: Vec<Write>) -> Result<()> {
        self.commit_unit(Unit::new(name, writes)).await?;
        Ok(())
    }

    /// Writes units that take visits back, one after the other, and takes all of them in at once:
    /// taking visits out of the index is long work. Returns which visits went, and the error at which
    /// it stopped. All of it happens whoever goes away meanwhile. A process that is killed on the way
    /// finds at its next start, by the store's positions, what a saved index has too much.
    pub(crate) async fn take_back_visits(
        self: &Arc<Self>,
        units: Vec<(Unit, Vec<KnownVisit>)>,
    ) -> Result<(Vec<KnownVisit>, Option<ServiceError>)> {
        let app = Arc::clone(self);
        let work = async move {
            let _reading = app.memory.follower.reading.lock().await;
            let (mut gone, mut news, mut failed) = (Vec::new(), Vec::new(), None);
            let mut kept: Vec<KeptAt> = Vec::new();
            for (unit, visits) in units {
                let told = unit.changes();
                match app.store.commit_for_receipt(unit).await {
                    Ok(receipt) => {
                        gone.extend(visits);
                        news.extend(receipt.news(told));
                        kept.extend(receipt.kept_at());
                    }
                    Err(e) => {
                        failed = Some(ServiceError::from(e));
                        break;
                    }
                }
            }
            if let Some(last) = kept.last() {
                app.take_in(news, Told::Here(last.position)).await?;
            }
            for kept in kept {
                app.memory.follower.has(kept);
            }
            Ok((gone, failed))
        };
        tokio::spawn(work).await.map_err(ServiceError::internal)?
    }

    /// Reads what others wrote, up to now.
    ///
    /// # Errors
    /// If the store is not available, or what it tells cannot be taken in (a policy that this program
    /// cannot read): the position stays where it was, and the next call begins there.
    pub async fn follow(&self) -> Result<()> {
        {
            let _one = self.memory.follower.reading.lock().await;
            let after = self.memory.follower.position();
            if self.store.position().await? <= after {
                return Ok(());
            }
            let reading = Reading::after(after, self.counted_from());
            let until = self.read_on(reading, Told::ByStore).await?;
            self.memory.follower.read_to(until);
        }
        note("settle_followed", &self.settle_followed().await);
        // Logged there; the next purge tries again.
        let _ = self.finish_forgetting().await;
        Ok(())
    }

    /// How many changes of the store are not in memory; one's own too, until their writers have taken
    /// them in.
    pub async fn behind(&self) -> Result<u64> {
        let there = self.store.position().await?.get();
        Ok(there.saturating_sub(self.memory.follower.position().get()))
    }

    /// Is it known what others changed?
    pub fn follows(&self) -> bool {
        !self.memory.follower.is_lost()
    }

    /// Refuses, with the reason, while it is not known what others changed: by rules that may not be in
    /// force any more nothing is decided, and nothing that was is handed out.
    pub(crate) fn must_follow(&self) -> Result<()> {
        if self.follows() { Ok(()) } else { Err(behind()) }
    }

    /// Fills the memory: from the saved index and what it lacks, all else from the beginning.
    pub(crate) async fn follow_from_start(&self) -> Result<()> {
        let visits = self.load_index().await?;
        let reading = Reading::after(Position::BEGINNING, self.counted_from());
        let until = self.read_on(reading.of(AT_START), Told::AtStart).await?;
        let reading = Reading { until: Some(until), ..Reading::after(visits, 0) };
        self.read_on(reading.of(OF_VISITS), Told::AtStart).await?;
        self.memory.follower.read_to(until);
        // Logged there; the next purge tries again.
        let _ = self.finish_forgetting().await;
        Ok(())
    }

    /// The UTC day from which scans are of interest: they are counted by the local day.
    fn counted_from(&self) -> i64 {
        self.now().utc_day() - 1
    }

    /// Takes in a reading to its end; how far that is.
    async fn read_on(&self, mut reading: Reading, told: Told) -> Result<Position> {
        loop {
            let page = self.store.changes_since(reading, PAGE).await?;
            self.take_in(page.changes, told).await?;
            self.memory.follower.step();
            match page.next {
                Some(next) => reading = next,
                None => return Ok(page.until),
            }
        }
    }

    /// Takes changes in, each kind by its part of the memory: what is needed to understand a visit
    /// before it, and what goes before what comes.
    async fn take_in(&self, changes: Vec<Change>, told: Told) -> Result<()> {
        let mut news = News::of(changes);
        if news.replaces() {
            Box::pin(self.take_in_what_replaces(&news)).await?;
        }
        for place in std::mem::take(&mut news.places) {
            self.memory.remember_place(place);
        }
        if !matches!(told, Told::Here(_)) {
            news.visits.retain(|visit| !read(&self.memory.index).knows(*visit));
        }
        self.memory.feed(&news.rides, &news.visits);
        if told == Told::ByStore {
            self.memory.follower.seen_by_others(news.visits.iter().flat_map(Seen::of));
        }
        if told != Told::AtStart {
            self.memory.note_late(&news.rides, &news.visits);
        }
        for scan in &news.scans {
            let at = if let Told::Here(at) = told { Some(at) } else { None };
            if self.memory.follower.counts(scan, at) {
                self.memory.count_scan(scan);
            }
        }
        if told == Told::ByStore {
            // Whoever changes a case here knows more of it and says so. Of others' cases it must be
            // known whom to watch, which tracing them again finds out; of one that was withdrawn, that
            // there is nobody.
            news.cases.iter().for_each(|case| self.memory.late.trace_again(*case));
        }
        for day in news.lost {
            Box::pin(self.compare_day(day)).await?;
        }
        Ok(())
    }

    /// What is seldom, and more than an addition.
    async fn take_in_what_replaces(&self, news: &News) -> Result<()> {
        if news.policy {
            self.load_policy().await?;
        }
        if news.mandate {
            self.load_mandate().await?;
        }
        if news.levels {
            self.load_levels().await?;
        }
        if news.links {
            self.load_links().await?;
        }
        if let Some(day) = news.dropped {
            self.forget_days(day).await?;
        }
        if news.taken_back.is_empty() {
            return Ok(());
        }
        let known: Vec<_> = news.taken_back.iter().map(|key| self.memory.known(key)).collect();
        self.take_out(news.taken_back.clone()).await?;
        self.memory.late.note(&known);
        Ok(())
    }

    async fn load_policy(&self) -> Result<()> {
        let Some(version) = self.store.policy_in_force().await? else { return Ok(()) };
        if version.reference == self.policy().reference() {
            return Ok(());
        }
        let policy = Arc::new(crate::publish::read(&version)?);
        self.memory.policy.store(Arc::new(InForce { policy, text: version.text.into() }));
        Ok(())
    }

    /// Which records are joined. Whoever's were joined or parted may change the traces of all they met.
    pub(crate) async fn load_links(&self) -> Result<()> {
        let links = self.store.joined_records().await?;
        let shares = shared_visits(&self.store.split_records().await?, &links);
        let (changed, gone) = {
            let mut index = write(&self.memory.index);
            let before: BTreeSet<_> = index.links().iter().copied().collect();
            let after: BTreeSet<_> = links.iter().copied().collect();
            let was: BTreeSet<_> = index.shared().iter().copied().collect();
            let is: BTreeSet<_> = shares.iter().copied().collect();
            let gone: Vec<_> = was.difference(&is).flat_map(|s| index.copies(s)).collect();
            index.join(links);
            index.share(shares);
            let linked =
                before.symmetric_difference(&after).flat_map(|(record, main)| [*record, *main]);
            let shared = was.symmetric_difference(&is).flat_map(|s| [s.record, s.of]);
            (linked.chain(shared).collect::<BTreeSet<_>>(), gone)
        };
        let ever = Period { from: Timestamp::EPOCH, to: Timestamp::MAX };
        for holder in changed {
            let visits: Vec<_> =
                read(&self.memory.index).visits_counted_for(holder, ever).collect();
            self.memory.late.note(&visits);
        }
        self.take_out(gone).await
    }

    async fn load_levels(&self) -> Result<()> {
        // As far back as evidence is kept: a level that ended long ago can still count for a rule
        // whose days run from the exit.
        let since = self.now().plus_days(-i64::from(self.policy().retention().evidence_days));
        let found = self.store.region_risks(since).await?;
        let evidence = found.risks.iter().map(Evidence::from_region_risk).collect();
        let (version, unreadable) = (found.version, found.unreadable);
        self.memory.regions.store(Arc::new(Regions { version, evidence, unreadable }));
        Ok(())
    }

    /// Single visits of a day were taken back or shortened, and the store does not say which: what is
    /// known of the day is compared with it. First the copy, then the store: what is in the copy was
    /// in the store before.
    async fn compare_day(&self, day: i64) -> Result<()> {
        let copy = read(&self.memory.index).clone();
        let stored = self.store.visits_on(day).await?;
        let stored: HashMap<VisitKey, Visit> = stored.into_iter().map(|v| (v.key(), v)).collect();
        let compare = move || {
            let too_much = |v: &KnownVisit| {
                let there = stored.get(&v.key());
                there.is_none_or(|there| v.left.is_some() && there.left != v.left)
            };
            let of_day = copy.all().filter(|v| v.entered.utc_day() == day && !copy.is_copy(v));
            let gone: Vec<KnownVisit> = of_day.filter(too_much).collect();
            let again = gone.iter().filter_map(|v| stored.get(&v.key()).copied());
            let again: Vec<Visit> = again.collect();
            (gone, again)
        };
        let (gone, again) = beside(compare).await?;
        self.take_out(gone.iter().map(KnownVisit::key).collect()).await?;
        self.memory.feed(&[], &again);
        self.memory.late.note(&gone);
        self.memory.note_late(&[], &again);
        Ok(())
    }

    /// Reads what others wrote, again and again, until `stop` turns true. A failure is logged, and
    /// tried again.
    pub(crate) async fn keep_following(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let (mut seen, mut rest) = (Position::BEGINNING, EVERY);
        let _last = LastLook(&self);
        loop {
            tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(rest) => {}
            }
            let look = self.follow_what_was_seen(seen);
            let (looked, failed) = self.memory.follower.watch(PATIENCE, look).await;
            rest = if note("follow", &looked) {
                EVERY
            } else {
                let most = AFTER_FAILURE.len() - 1;
                AFTER_FAILURE[usize::try_from(failed).unwrap_or(most).saturating_sub(1).min(most)]
            };
            seen = looked.unwrap_or(seen);
        }
    }

    /// What was there at the last look and is still not known was not written here: then it is read.
    /// Returns what is there now.
    async fn follow_what_was_seen(&self, seen: Position) -> Result<Position> {
        if self.memory.follower.position() < seen {
            self.follow().await?;
        }
        Ok(self.store.position().await?)
    }
}

/// Whose visits are another's as well: of a record that was split all that went before, whichever of the
/// person's records they are of.
pub(crate) fn shared_visits(
    splits: &[RecordLink],
    joined: &[(HolderId, HolderId)],
) -> Vec<SharedVisits> {
    let mut shares = Vec::new();
    for (split, until) in splits.iter().filter_map(|s| Some((s, s.split_at?))) {
        let others =
            joined.iter().filter(|(_, main)| *main == split.main).map(|(record, _)| *record);
        let of_all = [split.main].into_iter().chain(others);
        shares.extend(of_all.map(|of| SharedVisits { record: split.record, of, until }));
    }
    shares
}

/// If the last look ends in a panic, nobody looks any more: then nothing is decided.
struct LastLook<'a>(&'a App);

impl Drop for LastLook<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.memory.follower.lose();
        }
    }
}

/// What others changed cannot be read, in words for whoever wanted something.
pub(crate) fn behind() -> ServiceError {
    ServiceError::new(
        Kind::Unavailable,
        "memory.behind",
        "This server cannot read what changed in the database, so it might not know the rules in force: it makes no code, takes no scan and changes no colour. Nothing was lost. Please try again in a moment; if it goes on, tell the operator.",
    )
    .retry_after(10)
}
