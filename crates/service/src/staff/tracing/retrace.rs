//! Traces that follow what becomes known later, by themselves.
//!
//! A trace stands for what was known when it ran. Visits that a gate hands in late, visits that go
//! on, and another policy may change its result. So every visit that is recorded or closed is noted
//! ([`LateData`](super::late::LateData)), and a job traces again from the cases it may touch, as
//! [`Watch`] knows them. The outcome is what running every trace again would come to, once no stay is
//! under way; a test holds it to that.
//!
//! Two things are done, beside each other and beside the requests. A *look* finds out which cases
//! the noted visits touch; it is quick, however many they are. A *round* traces from those cases; it
//! may take long, and gives way to whoever wants to change one of them, and to the end of the
//! program. An open visit is looked at twice: when it is noted, and at the moment at which the policy
//! takes it to have ended. In between its minutes grow, and evidence that changes every few seconds
//! helps nobody. A case with very many contacts rests after it was traced, for longer the more they
//! are: beside a crowd that comes and goes its whole result would be written anew with each round.
//!
//! All of this is in memory. The first look after a start is for every case.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jadegate_domain::{CaseId, PlaceKind, Timestamp};
use jadegate_trace::{KnownVisit, Rules, VisitIndex, Watch};
use tokio::sync::watch;

use super::late::{Looker, Noted, Traced};
use super::stored::{close_of, stored_detail};
use super::traces::Pace;
use crate::app::App;
use crate::concurrency::{beside, read};
use crate::error::Result;
use crate::jobs::note;
use crate::search_rules::{bulk_case, kept_from, rules};

/// Seconds between two rounds; longer ones are followed by a rest of their own length.
const EVERY_SECONDS: u64 = 10;
/// Seconds between two looks.
const LOOK_SECONDS: u64 = 2;
/// A case rests for a second for each so many contacts it has, if that is longer than a round.
const CONTACTS_A_SECOND: usize = 100;
/// The longest rest of a case.
const LONGEST_REST: i64 = 3600;

/// When a stay is over, at the latest: its end, or the one that the policy assumes.
fn over_at(v: &KnownVisit, rules: &Rules, kind: PlaceKind) -> Timestamp {
    let assumed = i64::from(rules.at(kind).assumed_stay_minutes);
    v.left.unwrap_or_else(|| v.entered.plus_secs(60 * assumed))
}

impl App {
    /// One round: traces again from every case that the visits noted since the last one may touch.
    /// Returns how many traces have changed. A case that fails is tried again in the next round.
    pub async fn follow_late_data(self: &Arc<Self>) -> Result<u64> {
        self.follow_while(&|| true).await
    }

    /// The same, stopped early when `go_on` says so; what is left is for the next round.
    async fn follow_while(self: &Arc<Self>, go_on: &(dyn Fn() -> bool + Sync)) -> Result<u64> {
        let mut rounds = self.memory.late.rounds.lock().await;
        self.look_at_late_data().await?;
        let now = self.now();
        let (mut changed, mut failed) = (0, None);
        for case in self.memory.late.take_due(now, &mut rounds) {
            // Somebody is at it, and may be for long.
            let one = if go_on() { self.locks.cases.try_lock(case) } else { None };
            let Some(_one) = one else {
                self.memory.late.trace_again(case);
                continue;
            };
            let gives_way = || go_on() && !self.locks.cases.is_waited_for(case);
            match self.retrace(case, Pace::ByItself(&gives_way)).await {
                Ok(done) => {
                    changed += u64::from(done.changed);
                    let rest = i64::try_from(done.contacts / CONTACTS_A_SECOND).unwrap_or(i64::MAX);
                    if rest >= EVERY_SECONDS.cast_signed() && !done.cut_short {
                        let until = self.now().plus_secs(rest.min(LONGEST_REST));
                        rounds.resting.insert(case, until);
                    }
                }
                Err(e) => {
                    self.memory.late.trace_again(case);
                    failed = Some(e);
                }
            }
        }
        failed.map_or(Ok(changed), Err)
    }

    /// Traces again at once from the cases that may have followed from visits which were taken back.
    /// Returns how many people were released. What fails here is left to the rounds.
    pub(crate) async fn follow_taken_back(self: &Arc<Self>, gone: Vec<KnownVisit>) -> Result<u64> {
        // Whoever searched before they were gone has noted whom to watch when this is done.
        self.look_at_late_data().await?;
        let looker = Arc::clone(&self.memory.late.looker).lock_owned().await;
        let app = Arc::clone(self);
        let cases = beside(move || {
            let Some(watch) = &looker.watch else { return BTreeSet::new() };
            let (index, rules) = (read(&app.memory.index).clone(), rules(&app.policy()));
            watch.touched(&index, &rules, |place| app.memory.place_kind(place), &gone)
        });
        let (mut released, mut failed) = (0, None);
        for case in cases.await? {
            let _one = self.locks.cases.lock(case).await;
            match self.retrace(case, Pace::ByItself(&|| !self.stops())).await {
                Ok(done) => released += done.withdrawn,
                Err(e) => {
                    self.memory.late.trace_again(case);
                    failed = Some(e);
                }
            }
        }
        failed.map_or(Ok(released), Err)
    }

    /// Finds the cases that were touched by what was noted since the last look. The first look, and
    /// each after a change of the policy, is for every case.
    pub(crate) async fn look_at_late_data(self: &Arc<Self>) -> Result<()> {
        let mut looker = Arc::clone(&self.memory.late.looker).lock_owned().await;
        let digest = self.policy().reference().digest;
        let mut everything = looker.policy.as_ref() != Some(&digest);
        if looker.watch.is_none() {
            looker.watch = Some(self.load_watch().await?);
            everything = true;
        }
        let (noted, traced) = {
            let _nobody_searches = self.memory.late.searching.write().await;
            self.memory.late.take_noted()
        };
        let app = Arc::clone(self);
        let found = beside(move || {
            let cases = app.touched(&mut looker, &noted, traced, everything);
            looker.policy = Some(digest);
            cases
        });
        match found.await {
            Ok(cases) => {
                self.memory.late.touch(cases);
                Ok(())
            }
            Err(e) => {
                self.memory.late.lost();
                Err(e)
            }
        }
    }

    /// The cases whose traces may have changed. Rather one too many than one too few.
    fn touched(
        &self,
        looker: &mut Looker,
        noted: &Noted,
        traced: Traced,
        everything: bool,
    ) -> BTreeSet<CaseId> {
        let Looker { watch: Some(watch), later, .. } = looker else { return BTreeSet::new() };
        for (case, sources) in traced {
            match sources {
                Some(sources) => watch.put(case, sources),
                None => watch.remove(case),
            }
        }
        let (index, now) = (read(&self.memory.index).clone(), self.now());
        let rules = rules(&self.policy());
        let kind_of = |place| self.memory.place_kind(place);
        if everything || noted.overflowed {
            // After a start nobody remembers the stays under way, another policy takes them to last
            // otherwise, and some may not have found room.
            *later = super::late::Later::default();
            self.each_under_way(&index, &rules, now, |v, over| later.add(v, over, &rules, kind_of));
            return watch.cases().collect();
        }
        let visits = noted.visits();
        let mut cases = watch.touched(&index, &rules, kind_of, &visits);
        for v in &visits {
            let over = over_at(v, &rules, kind_of(v.place));
            if over > now {
                later.add(v, over, &rules, kind_of);
            }
        }
        let (due, everything) = later.take_due(now);
        if everything {
            return watch.cases().collect();
        }
        cases.append(&mut watch.touched_at(&index, &rules, kind_of, &due));
        cases
    }

    /// Calls `each` with every stay that is not over yet, and when it will be.
    fn each_under_way(
        &self,
        index: &VisitIndex,
        rules: &Rules,
        now: Timestamp,
        mut each: impl FnMut(&KnownVisit, Timestamp),
    ) {
        let longest = PlaceKind::ALL.iter().map(|k| rules.at(*k).assumed_stay_minutes).max();
        let longest = 60 * i64::from(longest.unwrap_or(0));
        for (n, v) in index.all().enumerate() {
            if n.is_multiple_of(1 << 16) && self.stops() {
                return;
            }
            // Nearly all are over, whatever kind of place it was.
            if v.left.unwrap_or_else(|| v.entered.plus_secs(longest)) > now {
                let over = over_at(&v, rules, self.memory.place_kind(v.place));
                if over > now {
                    each(&v, over);
                }
            }
        }
    }

    /// The traces that stand, of cases that could infect others on a day of which visits are kept.
    async fn load_watch(self: &Arc<Self>) -> Result<Watch> {
        let (policy, now) = (self.policy(), self.now());
        let kept_from = kept_from(&policy, now);
        let mut watch = Watch::new();
        for case in self.standing_cases(None, kept_from).await? {
            if bulk_case(&case, &policy, now).window.to <= kept_from {
                continue;
            }
            self.must_go_on()?;
            let run = self.or_set_aside(self.standing_trace(case.id).await)?.flatten();
            if let Some(run) = run {
                let read =
                    move || -> Result<Vec<_>> { Ok(close_of(&stored_detail(&run)?).collect()) };
                let close = beside(read).await?;
                if let Some(close) = self.or_set_aside(close)? {
                    let subjects = self.subjects_of(case.id, case.holder).await?;
                    watch.put(case.id, subjects.into_iter().chain(close));
                }
            }
        }
        Ok(watch)
    }

    /// Round after round until `stop` turns true. A failing round is logged and tried again.
    pub(crate) async fn keep_traces(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut finishes = false;
        let mut rest = Duration::from_secs(EVERY_SECONDS);
        loop {
            // What a crash left half done, of this server or another, comes first, and once.
            if !std::mem::replace(&mut finishes, self.does_jobs().await) && finishes {
                finishes = note("finish_traces", &self.finish_traces().await);
            }
            tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(rest) => {}
            }
            if self.clock_is_held() {
                continue;
            }
            let begun = tokio::time::Instant::now();
            let stopped = stop.clone();
            note("follow_late_data", &self.follow_while(&|| !*stopped.borrow()).await);
            rest = begun.elapsed().max(Duration::from_secs(EVERY_SECONDS));
        }
    }

    /// Look after look until `stop` turns true, so that what is noted stays little however long a
    /// round takes.
    pub(crate) async fn keep_looking(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(Duration::from_secs(LOOK_SECONDS)) => {}
            }
            note("look_at_late_data", &self.look_at_late_data().await);
        }
    }
}
