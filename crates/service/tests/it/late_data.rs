//! What becomes known later changes earlier traces by itself, exactly as if all were run again.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use crate::common::scenes::gate_of;
use crate::common::{HOME, World, at, case_of};
use jadegate_domain::gate::{Direction, OverrideReason};
use jadegate_domain::{
    CaseId, Colour, Evidence, Fact, HolderId, PlaceId, Presence, ScanId, Timestamp,
};
use jadegate_service::gate::scan::{ReadBy, ScanInput};
use jadegate_service::staff::{CaseCorrection, CaseInput, Whom};
use jadegate_service::{
    BulkSearch, DemoVisit, Entropy, GateSession, HolderSession, StaffSession, bulk_case,
};
use jadegate_testkit::SeededEntropy;

fn scan(n: u64, code: String, at: Timestamp, direction: Direction) -> ScanInput {
    let id = ScanId::from_random(n);
    ScanInput {
        id,
        code: Some(code),
        at,
        direction,
        override_reason: None,
        read_by: ReadBy::None,
        known_at: None,
    }
}

#[tokio::test]
async fn a_gate_that_was_offline_extends_a_trace_by_itself() {
    let mut w = World::at("2022-03-13T04:00:00Z").await;
    let officer = w.officer().await;
    let (_, case) = w.register(HOME).await;
    let (session, late) = w.register(HOME).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    let gate = gate_of(&mut w, cafe).await;
    w.visit(case, cafe, "2022-03-13T04:00:00Z", "2022-03-13T06:00:00Z").await;
    w.restart().await;

    // The other person goes in and out; the gate has no network and keeps the scans.
    let mut scans = Vec::new();
    w.clock.set(at("2022-03-13T05:00:00Z"));
    let code = w.app.show_code(&session).await.unwrap().code;
    scans.push(scan(1, code, w.app.now(), Direction::In));
    w.clock.set(at("2022-03-13T05:40:00Z"));
    let code = w.app.show_code(&session).await.unwrap().code;
    scans.push(scan(2, code, w.app.now(), Direction::Out));

    w.clock.set(at("2022-03-14T03:00:00Z"));
    let input = CaseInput { isolated_at: None, ..case_of(case) };
    let recorded = w.app.record_case(&officer, &CaseInput { trace: true, ..input }).await.unwrap();
    assert_eq!(recorded.trace.unwrap().close, 0);
    assert_eq!(w.app.follow_late_data().await.unwrap(), 0);
    assert_eq!(w.colour(late).await, Colour::Green);

    w.app.record_scans(&gate, &scans).await.unwrap();
    assert_eq!(w.app.follow_late_data().await.unwrap(), 1);
    assert_eq!(w.colour(late).await, Colour::Red);
    let fact = contact_facts(&w, &[late]).await;
    assert_eq!(fact.values().next().unwrap().1, 40);
    // Nobody asked for it: the evidence names the agency that traced.
    let evidence = w.store.evidence_of(late).await.unwrap().unwrap().1;
    let contact = evidence.iter().find(|e| matches!(e.fact, Fact::Contact { .. })).unwrap();
    assert_eq!(contact.agency, Some(officer.staff().agency));
    // Once more: nothing is new, nothing is written.
    let leaves = w.leaves().await;
    assert_eq!(w.app.follow_late_data().await.unwrap(), 0);
    assert_eq!(w.leaves().await, leaves);
}

#[tokio::test]
async fn an_exit_told_late_takes_assumed_minutes_back() {
    let mut w = World::at("2022-03-13T04:00:00Z").await;
    let officer = w.officer().await;
    let (_, case) = w.register(HOME).await;
    let (session, other) = w.register(HOME).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    let gate = gate_of(&mut w, cafe).await;
    w.visit(case, cafe, "2022-03-13T05:50:00Z", "2022-03-13T06:30:00Z").await;
    w.restart().await;
    w.clock.set(at("2022-03-13T05:00:00Z"));
    let code = w.app.show_code(&session).await.unwrap().code;
    w.app.record_scans(&gate, &[scan(1, code, w.app.now(), Direction::In)]).await.unwrap();
    w.clock.set(at("2022-03-13T05:20:00Z"));
    let code = w.app.show_code(&session).await.unwrap().code;
    let out = scan(2, code, w.app.now(), Direction::Out);

    // The gate lost its network after the entry: 75 minutes are assumed.
    w.clock.set(at("2022-03-14T03:00:00Z"));
    let input = CaseInput { isolated_at: None, trace: true, ..case_of(case) };
    let recorded = w.app.record_case(&officer, &input).await.unwrap();
    assert_eq!(recorded.trace.unwrap().close, 1);
    w.app.follow_late_data().await.unwrap();
    assert_eq!(w.colour(other).await, Colour::Red);
    // They had left half an hour before the case came in.
    w.app.record_scans(&gate, &[out]).await.unwrap();
    assert_eq!(w.app.follow_late_data().await.unwrap(), 1);
    assert_eq!(w.colour(other).await, Colour::Green);
}

fn open_visit(holder: HolderId, place: PlaceId, from: &str) -> DemoVisit {
    DemoVisit { holder, place, entered: at(from), left: None, presence: Presence::Gate }
}

#[tokio::test]
async fn who_came_in_while_a_case_had_not_been_seen_leaving_is_found_by_a_late_upload() {
    let mut w = World::at("2022-03-14T04:00:00Z").await;
    let officer = w.officer().await;
    let (_, case) = w.register(HOME).await;
    let (_, late) = w.register(HOME).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    w.app.demo_visits(&[open_visit(case, cafe, "2022-03-13T05:00:00Z")]).await.unwrap();
    let input = CaseInput { isolated_at: None, trace: true, ..case_of(case) };
    w.app.record_case(&officer, &input).await.unwrap();
    assert_eq!(w.app.follow_late_data().await.unwrap(), 0);
    let visit = DemoVisit {
        left: Some(at("2022-03-13T07:00:00Z")),
        ..open_visit(late, cafe, "2022-03-13T05:30:00Z")
    };
    w.app.demo_visits(&[visit]).await.unwrap();
    assert_eq!(w.app.follow_late_data().await.unwrap(), 1);
    assert_eq!(w.colour(late).await, Colour::Red);
}

#[tokio::test]
async fn stays_under_way_at_a_restart_are_followed_to_their_end() {
    let mut w = World::at("2022-03-13T05:03:00Z").await;
    let officer = w.officer().await;
    let (_, case) = w.register(HOME).await;
    let (_, other) = w.register(HOME).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    let both = [case, other].map(|h| open_visit(h, cafe, "2022-03-13T05:00:00Z"));
    w.app.demo_visits(&both).await.unwrap();
    let confirmed_at = "2022-03-13T05:01:00Z".to_owned();
    let input = CaseInput { isolated_at: None, confirmed_at, trace: true, ..case_of(case) };
    let recorded = w.app.record_case(&officer, &input).await.unwrap();
    assert_eq!(recorded.trace.unwrap().close, 0, "a few minutes so far");
    w.app.follow_late_data().await.unwrap();
    w.restart().await;
    assert_eq!(w.app.follow_late_data().await.unwrap(), 0);
    w.clock.set(at("2022-03-13T08:00:00Z"));
    assert_eq!(w.app.follow_late_data().await.unwrap(), 1);
    let facts = contact_facts(&w, &[other]).await;
    assert_eq!(facts, anew(&w, &BTreeSet::from([recorded.case])).await);
    assert_eq!(facts.len(), 1);
}

#[tokio::test]
async fn an_earlier_onset_extends_a_trace_at_once_and_a_later_one_takes_it_back() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, case) = w.register(HOME).await;
    let (_, early) = w.register(HOME).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    for who in [case, early] {
        w.visit(who, cafe, "2022-03-08T04:00:00Z", "2022-03-08T05:00:00Z").await;
    }
    w.restart().await;
    let input = CaseInput {
        onset_at: Some("2022-03-13T00:00:00Z".to_owned()),
        trace: true,
        ..case_of(case)
    };
    let recorded = w.app.record_case(&officer, &input).await.unwrap();
    assert_eq!(recorded.trace.unwrap().close, 0);
    let onset = |at: &str| CaseCorrection {
        onset_at: Some(Some(at.to_owned())),
        ..CaseCorrection::default()
    };
    w.app.correct_case(&officer, recorded.case, &onset("2022-03-08T00:00:00Z")).await.unwrap();
    assert_eq!(w.colour(early).await, Colour::Red);
    w.app.correct_case(&officer, recorded.case, &onset("2022-03-13T00:00:00Z")).await.unwrap();
    assert_eq!(w.colour(early).await, Colour::Green);
    assert_eq!(w.app.list_traces(&officer, Some(recorded.case)).await.unwrap().len(), 3);
}

#[tokio::test]
async fn nobody_is_released_because_old_visits_are_dropped() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, case) = w.register(HOME).await;
    let (_, contact) = w.register(HOME).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    for who in [case, contact] {
        w.visit(who, cafe, "2022-03-12T04:00:00Z", "2022-03-12T05:00:00Z").await;
    }
    w.restart().await;
    let input = CaseInput { trace: true, ..case_of(case) };
    let recorded = w.app.record_case(&officer, &input).await.unwrap();
    assert_eq!(recorded.trace.unwrap().close, 1);
    w.app.follow_late_data().await.unwrap();
    // Three weeks later the day is gone, the window is not.
    w.clock.set(at("2022-04-03T04:00:00Z"));
    w.app.purge().await.unwrap();
    w.restart().await;
    assert_eq!(w.app.follow_late_data().await.unwrap(), 0);
    let again = w.app.run_trace(&officer, recorded.case).await.unwrap();
    assert_eq!((again.close, again.contacts_recorded, again.contacts_withdrawn), (1, 0, 0));
    // A correction that says the case could not yet infect anybody then does release.
    let correction = CaseCorrection {
        isolated_at: Some(Some("2022-03-11T10:00:00Z".to_owned())),
        ..CaseCorrection::default()
    };
    w.app.correct_case(&officer, recorded.case, &correction).await.unwrap();
    assert!(contact_facts(&w, &[contact]).await.is_empty());
}

/// What counts of contact evidence: by case and holder the degree's name, minutes, last contact.
type Facts = BTreeMap<(CaseId, HolderId), (String, u32, Timestamp)>;

async fn contact_facts(w: &World, holders: &[HolderId]) -> Facts {
    let mut facts = Facts::new();
    for holder in holders {
        let all = w.store.evidence_of(*holder).await.unwrap().map_or_else(Vec::new, |(_, e)| e);
        for e in all.iter().filter(|e: &&Evidence| e.counts()) {
            let Fact::Contact { case, degree, minutes, last_contact, .. } = &e.fact else {
                continue;
            };
            let fact = (degree.to_string(), *minutes, *last_contact);
            let before = facts.insert((*case, *holder), fact);
            assert_eq!(before, None, "one piece of evidence for each pair");
        }
    }
    facts
}

/// What tracing every case anew over the store comes to, without anything that is in memory.
async fn anew(w: &World, cases: &BTreeSet<CaseId>) -> Facts {
    let (policy, now) = (w.app.policy(), w.app.now());
    let mut inputs = Vec::new();
    for id in cases {
        let case = w.store.case(*id).await.unwrap().unwrap();
        assert_eq!(case.withdrawn_at, None);
        inputs.push(bulk_case(&case, &policy, now));
    }
    let search = BulkSearch::load(w.store.as_ref(), None, &policy, now).await.unwrap();
    let rows = search.run(&inputs, 1, &|_| true).unwrap();
    rows.into_iter()
        .map(|r| ((r.case, r.holder), (r.degree.to_string(), r.minutes_upper, r.last_contact)))
        .collect()
}

/// A made-up town in which things happen in any order.
struct Town {
    w: World,
    officer: StaffSession,
    people: Vec<HolderId>,
    sessions: Vec<HolderSession>,
    places: Vec<PlaceId>,
    gates: Vec<GateSession>,
    /// What gates without a network have not handed in yet.
    kept: Vec<(usize, ScanInput)>,
    scans: u64,
    uploaded: usize,
    /// Standing cases that were traced.
    cases: BTreeSet<CaseId>,
    dice: SeededEntropy,
}

impl Town {
    async fn new(seed: u64) -> Self {
        let mut w = World::new().await;
        let officer = w.officer().await;
        let (mut people, mut sessions) = (Vec::new(), Vec::new());
        for _ in 0..7 {
            let (session, holder) = w.register(HOME).await;
            people.push(holder);
            sessions.push(session);
        }
        let (mut places, mut gates) = (Vec::new(), Vec::new());
        for (i, kind) in ["restaurant", "school", "shop"].iter().enumerate() {
            let place = w.place(kind, &format!("Made-up place {i}")).await;
            places.push(place);
            gates.push(gate_of(&mut w, place).await);
        }
        let (cases, dice) = (BTreeSet::new(), SeededEntropy::new(seed));
        Self {
            w,
            officer,
            people,
            sessions,
            places,
            gates,
            kept: Vec::new(),
            scans: 0,
            uploaded: 0,
            cases,
            dice,
        }
    }

    fn roll(&self, below: usize) -> usize {
        let bits = (&self.dice as &dyn Entropy).bits();
        usize::try_from(bits % u64::try_from(below).unwrap()).unwrap()
    }

    fn ago(&self, hours: usize) -> Timestamp {
        let minutes = i64::try_from(self.roll(hours * 60)).unwrap();
        self.w.app.now().plus_secs(-60 * minutes)
    }

    async fn visits(&self) {
        let mut visits = Vec::new();
        for _ in 0..=self.roll(4) {
            let entered = self.ago(5 * 24);
            let minutes = i64::try_from(self.roll(180)).unwrap();
            let left =
                (self.roll(3) > 0).then(|| entered.plus_secs(60 * minutes).min(self.w.app.now()));
            let presence = [Presence::Gate, Presence::Gate, Presence::Unproven][self.roll(3)];
            visits.push(DemoVisit {
                holder: self.people[self.roll(self.people.len())],
                place: self.places[self.roll(self.places.len())],
                entered,
                left,
                presence,
            });
        }
        // The same person, place and second twice is the same visit to the store.
        let _ = self.w.app.demo_visits(&visits).await;
    }

    /// Somebody goes in, and usually out again; the gate has no network and keeps the scans.
    async fn pass_a_gate(&mut self) {
        let (who, gate) = (self.roll(self.people.len()), self.roll(self.gates.len()));
        let directions = [Direction::In, Direction::Out];
        for direction in directions.into_iter().take(1 + usize::from(self.roll(3) > 0)) {
            let code = self.w.app.show_code(&self.sessions[who]).await.unwrap().code;
            self.scans += 1;
            let mut scan = scan(self.scans, code, self.w.app.now(), direction);
            scan.override_reason = Some(OverrideReason::ALL[0]);
            self.kept.push((gate, scan));
            self.w.clock.advance(60 * (1 + i64::try_from(self.roll(50)).unwrap()));
        }
    }

    /// Some of what gates kept is handed in, in no order.
    async fn upload(&mut self) {
        for _ in 0..=self.roll(4) {
            if self.kept.is_empty() {
                return;
            }
            let (gate, scan) = self.kept.swap_remove(self.roll(self.kept.len()));
            let done = self.w.app.record_scans(&self.gates[gate], &[scan]).await.unwrap();
            self.uploaded += usize::from(done[0].recorded);
        }
    }

    /// What stands of one case is what tracing it anew finds, at once.
    async fn check_case(&self, case: CaseId) {
        let mut facts = contact_facts(&self.w, &self.people).await;
        facts.retain(|(c, _), _| *c == case);
        assert_eq!(facts, anew(&self.w, &BTreeSet::from([case])).await);
    }

    async fn case(&mut self) {
        let holder = self.people[self.roll(self.people.len())];
        let input = CaseInput {
            whom: Whom::Holder(holder),
            class: "confirmed".to_owned(),
            onset_at: None,
            confirmed_at: self.ago(48).to_string(),
            isolated_at: (self.roll(2) == 0).then(|| self.w.app.now().to_string()),
            trace: true,
        };
        let recorded = self.w.app.record_case(&self.officer, &input).await.unwrap();
        self.cases.insert(recorded.case);
        self.check_case(recorded.case).await;
    }

    async fn correct(&self) {
        let all: Vec<_> = self.cases.iter().copied().collect();
        if all.is_empty() {
            return;
        }
        let mut correction = CaseCorrection::default();
        match self.roll(3) {
            0 => correction.onset_at = Some(Some(self.ago(96).to_string())),
            1 => correction.isolated_at = Some(None),
            _ => correction.isolated_at = Some(Some(self.ago(72).to_string())),
        }
        let case = all[self.roll(all.len())];
        self.w.app.correct_case(&self.officer, case, &correction).await.unwrap();
        self.check_case(case).await;
    }

    async fn withdraw(&mut self) {
        let all: Vec<_> = self.cases.iter().copied().collect();
        if let Some(case) = all.get(self.roll(all.len().max(1))) {
            self.w.app.withdraw_case(&self.officer, *case).await.unwrap();
            self.cases.remove(case);
            // Released at once, whatever waits to be followed.
            let facts = contact_facts(&self.w, &self.people).await;
            assert!(facts.keys().all(|(c, _)| c != case));
        }
    }

    async fn something(&mut self) {
        match self.roll(18) {
            0..=3 => self.visits().await,
            4..=6 => self.pass_a_gate().await,
            7..=10 => self.upload().await,
            11 | 12 => self.case().await,
            13 | 14 => self.correct().await,
            15 => self.withdraw().await,
            16 => self.w.clock.advance(1 + i64::try_from(self.roll(7200)).unwrap()),
            _ if self.roll(3) == 0 => self.w.restart().await,
            _ => drop(self.w.app.follow_late_data().await.unwrap()),
        }
    }

    /// Once no stay is under way any more, the evidence is what running everything again finds.
    async fn check(&mut self, what: &str) {
        self.w.clock.advance(7 * 3600);
        self.w.app.follow_late_data().await.unwrap();
        let is = contact_facts(&self.w, &self.people).await;
        assert_eq!(is, anew(&self.w, &self.cases).await, "{what}");
        for case in self.cases.clone() {
            let again = self.w.app.run_trace(&self.officer, case).await.unwrap();
            assert_eq!((again.contacts_recorded, again.contacts_withdrawn), (0, 0), "{what}");
        }
    }
}

#[tokio::test]
async fn the_outcome_is_what_running_everything_again_would_come_to() {
    let (mut contacts, mut uploaded) = (0, 0);
    for seed in 0..16 {
        let mut town = Town::new(seed).await;
        town.visits().await;
        town.case().await;
        for step in 0..48 {
            town.something().await;
            if step % 8 == 7 {
                town.check(&format!("seed {seed}, step {step}")).await;
                contacts += contact_facts(&town.w, &town.people).await.len();
            }
        }
        uploaded += town.uploaded;
    }
    assert!(contacts > 50 && uploaded > 50, "too quiet a town: {contacts}, {uploaded}");
}
