//! What is kept in memory of those who open their code is never older than what the store says, whichever
//! server wrote it. `show_code` puts everything together anew each time and is what it is compared with.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::sync::Arc;
use std::time::Duration;

use crate::common::{HOME, NOW, World, case_of, policy_text, test_of};
use jadegate_domain::{Colour, HolderId};
use jadegate_service::holder::check_in::CheckInInput;
use jadegate_service::holder::code::ShownCode;
use jadegate_service::staff::{ChangeInput, RegionInput, Whom};
use jadegate_service::{App, HolderSession};
use jadegate_store::{SealedField, SessionSubject, Unit, Write};

/// Two servers that both know somebody's opening.
struct Door {
    w: World,
    /// The first is the world's own.
    servers: [Arc<App>; 2],
    session: HolderSession,
    holder: HolderId,
    token: String,
}

impl Door {
    async fn of(mut w: World) -> Self {
        let (session, holder) = w.register(HOME).await;
        let token = w.token_of(holder).await;
        let servers = [Arc::clone(&w.app), w.second_server().await];
        let door = Self { w, servers, session, holder, token };
        // The first opening works the colour out, which changes what the code rests on.
        door.same().await;
        door.same().await;
        door
    }

    async fn write(&self, writes: Vec<Write>) {
        self.w.store.commit(Unit::new("test", writes)).await.unwrap();
    }

    /// What each server shows, twice, is what it finds when it looks at everything.
    async fn same(&self) -> [ShownCode; 2] {
        let mut all = Vec::new();
        for app in &self.servers {
            for _ in 0..2 {
                let found = app.show_code(&self.session).await.unwrap();
                let known = app.open_code(&self.token).await.unwrap();
                let next = app.next_code(&self.token).await.unwrap();
                assert_eq!(known.assessment, found.assessment);
                assert_eq!(known.name_masked, found.name_masked);
                assert_eq!(known.policy, found.policy);
                assert_eq!(known.check_in, found.check_in);
                assert_eq!(known.shown, found.shown);
                let life = known.expires_at.secs_since(known.issued_at);
                assert_eq!(life, found.expires_at.secs_since(found.issued_at));
                assert_eq!((next.shown, i64::from(next.fresh)), (known.shown.clone(), life));
                all.push(known);
            }
        }
        [all.remove(1), all.pop().unwrap()]
    }

    async fn colours(&self) -> [Colour; 2] {
        self.same().await.map(|shown| shown.assessment.colour)
    }

    async fn refused(&self, why: &str) {
        for app in &self.servers {
            assert_eq!(app.open_code(&self.token).await.unwrap_err().code, why);
            assert_eq!(app.next_code(&self.token).await.unwrap_err().code, why);
        }
    }
}

/// Evidence that another server records is seen by the next opening, without following.
#[tokio::test]
async fn evidence_is_seen_at_once_by_whichever_server() {
    let mut door = Door::of(World::new().await).await;
    let team = door.w.officer().await;
    assert_eq!(door.colours().await, [Colour::Green; 2]);
    let before = door.same().await[0].shown.clone();
    let positive = test_of(Whom::Holder(door.holder), "positive");
    let recorded = door.servers[1].record_test(&team, &positive).await.unwrap();
    assert_eq!(door.colours().await, [Colour::Red; 2]);
    let [first, second] = door.same().await;
    assert_ne!(first.shown, before, "a page that shows green is told that it no longer holds");
    assert_eq!(first.shown, second.shown, "all servers name it alike");
    assert!(!first.assessment.reasons[0].agencies.is_empty());
    let why = "not_borne_out";
    let record = jadegate_service::staff::Record::Evidence(recorded.evidence);
    door.servers[0].withdraw_record(&team, record, why).await.unwrap();
    assert_eq!(door.colours().await, [Colour::Green; 2]);
}

/// A check-in that is made is one that is shown as made; the day's end, and its number, come by themselves.
#[tokio::test]
async fn a_check_in_and_the_days_are_those_of_now() {
    let mut door = Door::of(World::new().await).await;
    let team = door.w.officer().await;
    door.servers[0].record_case(&team, &case_of(door.holder)).await.unwrap();
    let state = |all: [ShownCode; 2]| all.map(|s| (s.check_in.expected, s.check_in.done_today));
    assert_eq!(state(door.same().await), [(true, false); 2]);
    let day = door.same().await[0].assessment.reasons[0].day;
    door.servers[1].check_in(&door.session, &CheckInInput::default()).await.unwrap();
    assert_eq!(state(door.same().await), [(true, true); 2]);
    // Sessions of an hour: another one for the next day.
    door.w.clock.advance(86_400);
    door.write(vec![Write::EndSessionsOf(SessionSubject::Holder(door.holder))]).await;
    door.token = door.w.token_of(door.holder).await;
    assert_eq!(state(door.same().await), [(true, false); 2]);
    let later = door.same().await[0].assessment.reasons[0].day;
    assert_eq!(later, day.map(|d| d + 1));
}

/// A level and a policy are known where they were written at once, elsewhere as soon as it has followed; no
/// server shows anything else than it would find.
#[tokio::test]
async fn levels_and_policies_are_those_that_the_server_knows() {
    let mut door = Door::of(World::of_one_officer(NOW).await).await;
    let commission = door.w.staff("health_commission", "commissioner", "CN-33").await;
    let raise = ChangeInput::Region(RegionInput {
        division: HOME.to_owned(),
        level: "high".to_owned(),
        from: "2022-03-15T00:00:00Z".to_owned(),
        to: None,
    });
    let stay = jadegate_domain::Evidence {
        id: jadegate_domain::EvidenceId::from_random(77),
        holder: Some(door.holder),
        fact: jadegate_domain::Fact::Stay {
            division: HOME.parse().unwrap(),
            from: "2022-03-15T00:00:00Z".parse().unwrap(),
            to: "2022-03-16T00:00:00Z".parse().unwrap(),
        },
        recorded_at: door.w.app.now(),
        agency: None,
        origin: None,
        withdrawn_at: None,
        superseded_by: None,
    };
    door.write(vec![Write::AddEvidence { evidence: Box::new(stay), external_key: None }]).await;
    assert_eq!(door.colours().await, [Colour::Green; 2]);
    door.w.change(&commission, &commission, &raise).await;
    assert_ne!(
        door.servers[0].open_code(&door.token).await.unwrap().assessment.colour,
        Colour::Green
    );
    door.servers[1].follow().await.unwrap();
    let [first, second] = door.colours().await;
    assert!(first == second && first != Colour::Green, "{first:?} {second:?}");

    let text = policy_text().replace("version = 1\n", "version = 2\n");
    door.w.change(&commission, &commission, &ChangeInput::Policy { text }).await;
    assert_eq!(door.servers[0].open_code(&door.token).await.unwrap().policy.version, 2);
    door.servers[1].follow().await.unwrap();
    assert_eq!(door.same().await.map(|s| s.policy.version), [2; 2]);
}

/// Whoever signed out, or was signed out, by whichever server, or by time.
#[tokio::test]
async fn a_session_that_has_ended_opens_nothing() {
    let door = Door::of(World::new().await).await;
    door.servers[1].sign_out(&door.token).await.unwrap();
    door.refused("session.none").await;
    let door = Door { token: door.w.token_of(door.holder).await, ..door };
    door.same().await;
    door.w.clock.advance(3599);
    door.same().await;
    door.w.clock.advance(1);
    door.refused("session.none").await;
}

/// A document that went to its owner, a name that changed, a person who was shredded.
#[tokio::test]
async fn what_happens_to_an_account_is_seen_at_once() {
    let door = Door::of(World::new().await).await;
    let holder = door.holder;
    let field = |column: &str| SealedField {
        holder,
        column: column.to_owned(),
        version: 2,
        sealed: vec![0; 40],
        recorded_at: door.w.app.now(),
    };
    door.write(vec![Write::DropSealedField { holder, column: "document" }]).await;
    door.refused("code.no_document").await;
    // A name of which nobody can say what it is.
    door.write(vec![Write::AddSealedField(field("document"))]).await;
    door.refused("record.unreadable").await;

    let door = Door::of(World::new().await).await;
    let name = SealedField { holder: door.holder, ..field("name") };
    door.write(vec![Write::AddSealedField(name)]).await;
    door.refused("record.unreadable").await;

    let door = Door::of(World::new().await).await;
    door.write(vec![Write::Shred(door.holder)]).await;
    door.refused("session.none").await;
}

/// While the clock cannot be believed nothing is signed, however well all else is known.
#[tokio::test]
async fn a_clock_that_jumped_signs_nothing_from_memory() {
    let door = Door::of(World::new().await).await;
    door.w.clock.jump(-40 * 86_400);
    door.refused("clock.behind").await;
    door.w.clock.jump(40 * 86_400);
    door.same().await;
}

/// It is the memory that is looked at above: what a code does not rest on is not read again.
#[tokio::test]
async fn what_is_known_is_not_read_again() {
    let door = Door::of(World::new().await).await;
    let damage = format!(
        "UPDATE sealed_field SET sealed = x'00' WHERE field = 'phone' AND holder = {}",
        door.holder.as_i64()
    );
    assert_eq!(door.w.raw(&damage), 1);
    let found = door.servers[0].show_code(&door.session).await;
    assert_eq!(found.unwrap_err().code, "record.unreadable");
    door.servers[0].open_code(&door.token).await.unwrap();
    // The assessment is read each time, as it is stored.
    let damage =
        format!("UPDATE assessment SET body = 'x' WHERE holder = {}", door.holder.as_i64());
    assert_eq!(door.w.raw(&damage), 1);
    door.refused("record.unreadable").await;
}

/// Xi'an, December 2021: look-ups of test results and the code were one system, and stood still together.
/// Whoever opens a code waits for no laboratory, no trace and no count, not even for the disk that they
/// are all waiting for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h01_opening_a_code_waits_for_nobodys_work() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let door = Door::of(w).await;
    let writing = door.w.keep_from_writing();
    let stuck = {
        let (app, lab, whom) = (Arc::clone(&door.w.app), lab.clone(), Whom::Holder(door.holder));
        tokio::spawn(async move { app.record_test(&lab, &test_of(whom, "positive")).await })
    };
    for _ in 0..50 {
        for app in &door.servers {
            let opened = tokio::time::timeout(Duration::from_secs(20), app.open_code(&door.token));
            assert_eq!(opened.await.unwrap().unwrap().assessment.colour, Colour::Green);
        }
    }
    assert!(!stuck.is_finished(), "the result was not kept from being written: nothing was tested");
    drop(writing);
    stuck.await.unwrap().unwrap();
    assert_eq!(door.colours().await, [Colour::Red; 2]);
}
