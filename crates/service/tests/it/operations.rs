//! Lists of operations over three servers of one database, drawn at random, with pauses, servers that are
//! gone in the middle, and days that go by. `JADEGATE_SEEDS=1000` runs as many lists (`cargo nextest run -p
//! jadegate-service --release operations`); a list that showed a defect stays in `KEPT`.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::common::{HOME, NOW, World, case_of, policy_text, test_of};
use jadegate_domain::{CaseId, HolderId, Period, PlaceId, Presence, Timestamp};
use jadegate_service::staff::{CaseInput, ChangeInput, Record, RegionInput, WhatIfState, Whom};
use jadegate_service::{App, DemoVisit, Entropy, Kind, ServiceError, StaffSession};
use jadegate_testkit::SeededEntropy;

const EVER: Period = Period { from: Timestamp::EPOCH, to: Timestamp::MAX };
/// Lists that found something.
const KEPT: &[u64] = &[];
/// Lists of every run, steps of a list.
const SEEDS: u64 = 20;
const STEPS: u64 = 60;

struct Town {
    w: World,
    officer: StaffSession,
    commission: [StaffSession; 2],
    people: Vec<HolderId>,
    places: Vec<PlaceId>,
    servers: [Arc<App>; 3],
    cases: Vec<CaseId>,
    version: u32,
    levels: u32,
    dice: Box<dyn Entropy>,
}

/// Refusals are answers; faults are not.
fn answered<T>(result: Result<T, ServiceError>) -> Option<T> {
    if let Err(e) = &result {
        assert_ne!(e.kind, Kind::Internal, "{e:?}");
    }
    result.ok()
}

impl Town {
    async fn of(seed: u64) -> Self {
        let mut w = World::of_one_officer(NOW).await;
        let officer = w.officer().await;
        let commission = [
            w.staff("health_commission", "commissioner", "CN-33").await,
            w.staff("health_commission", "commissioner", "CN-33").await,
        ];
        let mut people = Vec::new();
        for n in 0..8 {
            people.push(w.register(if n % 2 == 0 { HOME } else { "CN-330102" }).await.1);
        }
        let mut places = Vec::new();
        for n in 0..3 {
            places.push(w.place("restaurant", &format!("Made-up Cafe {n}")).await);
        }
        let servers = [Arc::clone(&w.app), w.second_server().await, w.second_server().await];
        let dice = Box::new(SeededEntropy::new(seed));
        let (cases, version, levels) = (Vec::new(), 1, 0);
        Self { w, officer, commission, people, places, servers, cases, version, levels, dice }
    }

    fn roll(&self, n: usize) -> usize {
        usize::try_from(self.dice.bits() % n as u64).unwrap()
    }

    fn person(&self) -> HolderId {
        self.people[self.roll(self.people.len())]
    }

    /// Up to five days ago.
    fn lately(&self) -> Timestamp {
        let hours = i64::try_from(self.roll(120)).unwrap();
        self.w.app.now().plus_secs(-3600 * hours)
    }

    async fn step(&mut self) {
        let app = Arc::clone(&self.servers[self.roll(3)]);
        match self.roll(16) {
            0..=4 => {
                let entered = self.lately();
                let left = (self.roll(3) > 0).then(|| entered.plus_secs(60 * 45));
                let place = self.places[self.roll(3)];
                let visit = DemoVisit {
                    holder: self.person(),
                    place,
                    entered,
                    left,
                    presence: Presence::Gate,
                };
                answered(app.demo_visits(&[visit]).await);
            }
            5 | 6 => {
                let at = self.lately().to_string();
                let case = CaseInput {
                    confirmed_at: at,
                    isolated_at: None,
                    trace: true,
                    ..case_of(self.person())
                };
                let recorded = answered(app.record_case(&self.officer, &case).await);
                self.cases.extend(recorded.map(|r| r.case));
            }
            7 if !self.cases.is_empty() => {
                let case = self.cases[self.roll(self.cases.len())];
                answered(app.run_trace(&self.officer, case).await);
            }
            8 if !self.cases.is_empty() => {
                let case = self.cases.swap_remove(self.roll(self.cases.len()));
                let gone = app.withdraw_record(&self.officer, Record::Case(case), "never_happened");
                answered(gone.await);
            }
            9 => {
                let result = ["negative", "positive"][self.roll(2)];
                let mut test = test_of(Whom::Holder(self.person()), result);
                test.sampled_at = self.lately().to_string();
                answered(app.record_test(&self.officer, &test).await);
            }
            10 => {
                app.follow().await.unwrap();
                answered(app.follow_late_data().await);
            }
            11 => {
                for _ in 0..=self.roll(30) {
                    self.w.clock.advance(3600);
                    self.servers[0].see_clock().await.unwrap();
                }
            }
            12 => drop(answered(app.purge().await)),
            13 => self.change(&app).await,
            14 => {
                // One is gone, and another starts.
                let n = self.roll(3);
                self.servers[n] = self.w.second_server().await;
            }
            _ => {
                app.follow().await.unwrap();
                answered(app.refresh_due(1000).await);
                answered(app.recolour(|_| true).await);
            }
        }
    }

    /// A policy or a level, measured by one server and proposed at another.
    async fn change(&mut self, app: &Arc<App>) {
        let change = if self.roll(2) == 0 {
            self.version += 1;
            let days = format!("days = {}\n", 5 + self.version % 5);
            let version = format!("version = {}\n", self.version);
            let text =
                policy_text().replace("days = 7\n", &days).replace("version = 1\n", &version);
            ChangeInput::Policy { text }
        } else {
            self.levels += 1;
            ChangeInput::Region(RegionInput {
                division: format!("CN-3301060{:02}", 10 + self.levels % 9),
                level: "high".to_owned(),
                from: self.w.app.now().to_string(),
                to: None,
            })
        };
        let [first, second] = &self.commission;
        let Some(mut run) = answered(app.start_what_if(first, &change).await) else { return };
        let other = &self.servers[self.roll(3)];
        while run.state == WhatIfState::Running {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            run = other.what_if(first, run.id).await.unwrap();
        }
        let Some(filed) = answered(other.propose(first, run.id, "made up").await) else { return };
        if filed.state == "waiting" {
            answered(app.approve_proposal(second, filed.id).await);
        }
    }

    /// What must hold once everybody has followed and every round was made.
    async fn laws(&self, seed: u64) {
        for app in self.servers.iter().chain(&self.servers) {
            app.follow().await.unwrap();
            answered(app.follow_late_data().await);
            answered(app.refresh_due(1000).await);
            answered(app.recolour(|_| true).await);
        }
        let fresh = self.w.second_server().await;
        let kept_from = fresh.now().utc_day() - 40;
        for who in &self.people {
            // Those of one moment come in any order.
            let visits_at = |app: &App| {
                let mut visits = app.visits_between(*who, EVER);
                visits.sort();
                visits
            };
            let visits = visits_at(&fresh);
            assert!(visits.iter().all(|v| v.1.utc_day() > kept_from), "seed {seed}");
            // A colour is that of the evidence under the policy in force, wherever it is asked for.
            let wanted = fresh.assessment(*who).await.unwrap();
            let stored = self.w.store.assessment(*who).await.unwrap().unwrap();
            assert_eq!(stored.assessment.colour, wanted.colour, "seed {seed}: stored of {who}");
            for app in &self.servers {
                assert_eq!(visits_at(app), visits, "seed {seed}: visits of {who}");
                let told = app.assessment(*who).await.unwrap();
                assert_eq!(told.colour, wanted.colour, "seed {seed}: colour of {who}");
                assert_eq!(told.reasons, wanted.reasons, "seed {seed}: reasons of {who}");
            }
        }
        // Contacts are those of a trace that is made now.
        for case in &self.cases {
            let before = self.contacts(*case).await;
            let again = answered(fresh.run_trace(&self.officer, *case).await);
            if again.is_some() {
                assert_eq!(self.contacts(*case).await, before, "seed {seed}: contacts of {case}");
            }
        }
        // The log has no gap, and every leaf can be read.
        let size = self.w.leaves().await;
        let leaves = self.w.log(0, 100_000).await;
        assert_eq!(leaves.len() as u64, size, "seed {seed}");
        for leaf in leaves {
            jadegate_ledger::Leaf::decode(&leaf.bytes).unwrap();
        }
    }

    /// Who is a contact of a case, and for how long.
    async fn contacts(&self, case: CaseId) -> BTreeMap<Option<HolderId>, String> {
        let found = self.w.store.standing_contacts(case).await.unwrap().rows;
        found.into_iter().map(|e| (e.holder, format!("{:?}", e.fact))).collect()
    }
}

/// No write is lost or doubled, every colour is that of its evidence, contacts are those of a new trace,
/// the log has no gap, and nothing is kept past its day.
#[tokio::test]
async fn whatever_three_servers_do_the_laws_hold() {
    let asked = std::env::var("JADEGATE_SEEDS").ok().and_then(|n| n.parse().ok());
    let seeds = KEPT.iter().copied().chain(0..asked.unwrap_or(SEEDS));
    for seed in seeds {
        let mut town = Town::of(seed).await;
        for _ in 0..STEPS {
            town.step().await;
        }
        town.laws(seed).await;
    }
}
