//! One row that cannot be read: that person or thing alone is concerned, and all others go on.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

use std::sync::Mutex;

use crate::common::{HOME, World, at, case_of};
use jadegate_domain::division::{RegionRisk, RiskLevel};
use jadegate_domain::{AgencyId, Colour, Evidence, EvidenceId, HolderId, Phone};
use jadegate_service::staff::QuarantineFilter;
use jadegate_service::{SmsError, SmsGateway, StaffSession};
use jadegate_store::{Unit, Write};

/// Counts what it is given.
#[derive(Default)]
struct Counting(Mutex<usize>);

#[async_trait::async_trait]
impl SmsGateway for Counting {
    async fn send(&self, _: &Phone, _: &str) -> Result<(), SmsError> {
        *self.0.lock().unwrap() += 1;
        Ok(())
    }
}

/// A case with two contacts, traced; the first contact's record is then damaged.
async fn town() -> (World, StaffSession, [HolderId; 3]) {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, case) = w.register(HOME).await;
    let (_, bad) = w.register(HOME).await;
    let (_, good) = w.register(HOME).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    for who in [case, bad, good] {
        w.visit(who, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    }
    w.restart().await;
    let recorded = w.app.record_case(&officer, &case_of(case)).await.unwrap();
    w.app.run_trace(&officer, recorded.case).await.unwrap();
    assert_eq!(w.colour(bad).await, Colour::Red);
    (w, officer, [case, bad, good])
}

#[tokio::test]
async fn one_unreadable_message_keeps_no_other_waiting() {
    let mut w = World::new().await;
    w.register(HOME).await;
    w.register(HOME).await;
    w.register(HOME).await;
    // The first cannot be read as a row, the second as a message.
    assert_eq!(w.raw("UPDATE outbox SET attempts = -1 WHERE created_at = (SELECT min(created_at) FROM outbox)"), 1);
    assert_eq!(w.raw("UPDATE outbox SET sealed = x'00' WHERE created_at = (SELECT max(created_at) FROM outbox)"), 1);
    let gateway = Counting::default();
    w.app.deliver_messages(&gateway).await.unwrap();
    assert_eq!(*gateway.0.lock().unwrap(), 1);
    w.app.deliver_messages(&gateway).await.unwrap();
    assert_eq!(*gateway.0.lock().unwrap(), 1);
    let tables: Vec<_> = w.app.unreadable().rows.iter().map(|r| (r.table, r.column)).collect();
    assert_eq!(tables.len(), 2);
    assert!(tables.contains(&("outbox", "attempts")) && tables.contains(&("outbox", "sealed")));
}

#[tokio::test]
async fn unreadable_evidence_concerns_one_person_and_no_list() {
    let (mut w, officer, [_, bad, good]) = town().await;
    let damage = format!(
        "UPDATE evidence SET fact = 'x' WHERE kind = 'contact' AND holder = {}",
        bad.as_i64()
    );
    assert_eq!(w.raw(&damage), 1);
    w.restart().await;
    // Time passes: everybody's colour is due.
    w.clock.advance(30 * 86_400);
    w.app.refresh_due(1000).await.unwrap();
    assert_eq!(w.app.assessment(bad).await.unwrap_err().code, "record.unreadable");
    assert_eq!(w.colour(good).await, Colour::Green);
    let stored = w.store.assessment(bad).await.unwrap().unwrap();
    assert_eq!(stored.assessment.colour, Colour::Red, "nobody turns green by mistake");
    // One who stays due holds up nobody, even where only one is asked for.
    w.app.refresh_due(1).await.unwrap();

    w.app.overview(&officer).await.unwrap();
    w.app.list_quarantine(&officer, QuarantineFilter::All, None, 100).await.unwrap();
    w.app.list_cases(&officer).await.unwrap();
    w.app.finish_traces().await.unwrap();
    w.app.follow_late_data().await.unwrap();
    assert!(w.app.recolour(|_| true).await.unwrap().finished_at.is_some());
    let named = w.app.unreadable().rows;
    assert!(named.iter().any(|r| (r.table, r.column) == ("evidence", "fact")), "{named:?}");
}

#[tokio::test]
async fn a_withdrawn_case_releases_everybody_else_and_says_who_is_left() {
    let (mut w, officer, [case, bad, good]) = town().await;
    let id = w.app.list_cases(&officer).await.unwrap()[0].id;
    let fact =
        format!("SELECT fact FROM evidence WHERE kind = 'contact' AND holder = {}", bad.as_i64());
    let kept = w.read(&fact);
    w.raw(&format!(
        "UPDATE evidence SET fact = 'x' WHERE kind = 'contact' AND holder = {}",
        bad.as_i64()
    ));
    w.restart().await;
    let refused = w.app.withdraw_case(&officer, id).await.unwrap_err();
    assert_eq!(refused.code, "case.partly_withdrawn");
    assert_eq!(w.colour(good).await, Colour::Green);
    assert_eq!(w.colour(case).await, Colour::Red, "the case stands until all are released");
    // Put right, it is finished by doing it again.
    w.raw(&format!(
        "UPDATE evidence SET fact = '{kept}' WHERE kind = 'contact' AND holder = {}",
        bad.as_i64()
    ));
    assert_eq!(w.app.withdraw_case(&officer, id).await.unwrap().released, 1);
    assert_eq!(w.colour(bad).await, Colour::Green);
    assert_eq!(w.colour(case).await, Colour::Green);
}

#[tokio::test]
async fn an_unreadable_run_stops_no_other_case() {
    let (mut w, officer, [.., good]) = town().await;
    let second = w.app.record_case(&officer, &case_of(good)).await.unwrap();
    w.app.run_trace(&officer, second.case).await.unwrap();
    let first = "(SELECT min(ran_at) FROM trace_run)";
    assert!(w.raw(&format!("UPDATE trace_run SET detail = 'x' WHERE ran_at = {first}")) > 0);
    w.restart().await;
    w.app.finish_traces().await.unwrap();
    w.app.follow_late_data().await.unwrap();
    assert!(w.app.unreadable().rows.iter().any(|r| r.table == "trace_run"));
}

/// Whoever stayed where a level cannot be read gets an answer that is none; nobody else notices.
#[tokio::test]
async fn an_unreadable_risk_level_never_makes_anybody_green() {
    let mut w = World::new().await;
    let (_, elsewhere) = w.register(HOME).await;
    let (_, stayed) = w.register(HOME).await;
    let stay = jadegate_domain::Fact::Stay {
        division: "CN-310101".parse().unwrap(),
        from: at("2022-03-10T00:00:00Z"),
        to: at("2022-03-14T00:00:00Z"),
    };
    let stay = Evidence {
        id: EvidenceId::from_random(7),
        holder: Some(stayed),
        fact: stay,
        recorded_at: at("2022-03-14T01:00:00Z"),
        agency: None,
        origin: None,
        withdrawn_at: None,
        superseded_by: None,
    };
    let risk = RegionRisk {
        id: EvidenceId::from_random(8),
        division: "CN-3101".parse().unwrap(),
        level: RiskLevel::High,
        from: at("2022-03-01T00:00:00Z"),
        to: None,
        recorded_at: at("2022-03-01T00:00:00Z"),
        agency: AgencyId::from_random(1),
    };
    let writes = vec![
        Write::AddEvidence { evidence: Box::new(stay), external_key: None },
        Write::AddRegionRisk(risk),
    ];
    w.store.commit(Unit::new("test", writes)).await.unwrap();
    w.raw("UPDATE region_risk SET level = 'x'");
    w.restart().await;
    assert_eq!(w.colour(elsewhere).await, Colour::Green);
    assert_eq!(w.app.assessment(stayed).await.unwrap_err().code, "record.unreadable");
    assert!(w.app.recolour(|_| true).await.unwrap().finished_at.is_some());
    assert!(w.app.unreadable().rows.iter().any(|r| r.table == "region_risk"));
}
