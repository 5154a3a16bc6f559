//! The mandate: without one nothing is decided about anybody, and thirty days after its end nobody is left.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use jadegate_domain::time::DAY;
use jadegate_domain::{HolderId, Purpose};
use jadegate_ledger::mandate::Mandate;
use jadegate_ledger::note::NoteSigner;
use jadegate_ledger::{Leaf, MandateEvent};
use jadegate_service::staff::{ChangeInput, ChangeView, Whom};
use jadegate_service::{FindingCode, Kind, MandateGiven, MandateState, Settings, StaffSession};
use jadegate_store::ABOUT_PEOPLE;

use crate::common::{HOME, NOW, World, at, case_of, test_of};
use crate::gate_scans::{code, entry, gate};

/// Of every world's mandate.
fn authority() -> NoteSigner {
    NoteSigner::from_seed("trial.invalid/mandate", &[6; 32]).unwrap()
}

/// The newest mandate of a world.
fn newest(w: &World) -> Mandate {
    let note = w.app.mandate().steps.into_iter().find_map(|s| s.note).unwrap();
    Mandate::open(&note, &authority().verifier()).unwrap()
}

fn signed(m: &Mandate, by: &NoteSigner) -> ChangeInput {
    ChangeInput::Mandate { note: Mandate::sign(&m.to_text().unwrap(), by).unwrap() }
}

/// The next version, for so many days from a moment on.
fn renewal(w: &World, from: &str, days: i64) -> Mandate {
    let last = newest(w);
    let from = at(from);
    Mandate { version: last.version + 1, from, to: from.plus_days(days), ..last }
}

async fn commissions(w: &mut World) -> (StaffSession, StaffSession) {
    let first = w.staff("health_commission", "commissioner", "CN").await;
    (first, w.staff("health_commission", "commissioner", "CN").await)
}

/// What the public log says of mandates.
async fn told(w: &World) -> Vec<(MandateEvent, u32)> {
    let leaves = w.log(0, 500).await.into_iter().map(|l| Leaf::decode(&l.bytes).unwrap());
    let of = |leaf| match leaf {
        Leaf::Mandate { event, version, .. } => Some((event, version)),
        _ => None,
    };
    leaves.filter_map(of).collect()
}

/// Refused with this code, as something that may be there again later.
fn refused<T: std::fmt::Debug>(asked: jadegate_service::Result<T>, code: &str) {
    let e = asked.unwrap_err();
    assert_eq!((e.kind, e.code), (Kind::Unavailable, code));
    assert!(e.detail.contains("Nobody may") || e.detail.contains("nobody may"), "{}", e.detail);
}

/// Hangzhou, May 2020: a permanent score was proposed; codes outlived December 2022.
#[tokio::test]
async fn h23_a_deployment_ends_with_its_mandate_and_leaves_nothing_but_the_log() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (holder, id) = w.register(HOME).await;
    let (_, other) = w.register(HOME).await;
    let g = gate(&mut w).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    w.visit(id, cafe, "2022-03-14T03:00:00Z", "2022-03-14T04:00:00Z").await;
    w.app.record_case(&officer, &case_of(other)).await.unwrap();
    let b = w.second_server().await;
    let end = newest(&w).to;

    // To its last second everything works.
    w.clock.set(end.plus_secs(-1));
    let last = code(&w, &holder).await;
    let scan = entry(1, last.clone(), w.app.now());
    assert!(w.app.record_scans(&g, &[scan]).await.unwrap()[0].recorded);
    let view = w.app.mandate();
    assert_eq!((view.state, view.at, view.days_left), (MandateState::InForce, Some(end), Some(0)));

    // From its end on nothing is decided, recorded or looked at: on every server, by its own clock.
    w.clock.set(end);
    for app in [&w.app, &b] {
        refused(app.show_code(&holder).await, "mandate.ended");
        refused(app.next_code_of(&holder).await, "mandate.ended");
        refused(app.print_my_paper(&holder, false).await, "mandate.ended");
        refused(app.record_scans(&g, &[entry(2, last.clone(), end)]).await, "mandate.ended");
        let test = test_of(Whom::Holder(id), "positive");
        refused(app.record_test(&officer, &test).await, "mandate.ended");
        let look = app.find_holder(&officer, &Whom::Holder(id), Purpose::HolderRequest).await;
        refused(look, "mandate.ended");
        let view = app.mandate();
        assert_eq!((view.state, view.at), (MandateState::Ended, Some(end)));
        assert_eq!(view.forgets_at, Some(end.plus_days(30)));
        // It is up, and says why.
        let health = app.health().await;
        assert!(health.problems.is_empty());
        assert!(health.warnings.iter().any(|f| f.code == FindingCode::MandateNotInForce));
    }

    // For thirty days it can be renewed.
    w.clock.set(end.plus_days(30).plus_secs(-1));
    assert_eq!(w.app.forget_after_mandate().await.unwrap(), None);
    assert!(w.store.holder(id).await.unwrap().is_some());

    // Then only the log is left, and who ran it.
    w.clock.set(end.plus_days(30));
    let gone = w.app.forget_after_mandate().await.unwrap().unwrap();
    assert_eq!((gone.rows.holders, gone.visits_and_scans), (2, 2 + 1));
    assert_eq!(w.app.forget_after_mandate().await.unwrap(), None);
    for table in ABOUT_PEOPLE {
        let rows = w.read(&format!("SELECT CAST(count(*) AS TEXT) FROM {table}"));
        assert_eq!(rows, "0", "{table}");
    }
    let days = "SELECT CAST(count(*) AS TEXT) FROM sqlite_schema WHERE type = 'table' AND \
                (name GLOB 'visit_[0-9]*' OR name GLOB 'scan_[0-9]*' OR name GLOB 'ride_[0-9]*')";
    assert_eq!(w.read(days), "0");
    assert_eq!(w.app.index_size().0, 0);
    let purges: Vec<(String, u32)> = w
        .log(0, 500)
        .await
        .into_iter()
        .filter_map(|l| match Leaf::decode(&l.bytes).unwrap() {
            Leaf::Purge { retention, rows, .. } => Some((retention.as_str().to_owned(), rows)),
            _ => None,
        })
        .collect();
    assert!(purges.contains(&("holders".to_owned(), 2)), "{purges:?}");
    assert!(purges.contains(&("visits_and_scans".to_owned(), 3)), "{purges:?}");

    // The other server knows, and does it no second time.
    b.follow().await.unwrap();
    assert_eq!(b.index_size().0, 0);
    assert_eq!(b.mandate().forgotten_at, Some(end.plus_days(30)));
    assert_eq!(b.forget_after_mandate().await.unwrap(), None);
    assert_eq!(told(&w).await, [(MandateEvent::Published, 1)]);
}

/// What a wrong clock takes away is gone for good.
#[tokio::test]
async fn h23_a_clock_that_jumps_deletes_nobody() {
    let mut w = World::new().await;
    let (_, id) = w.register(HOME).await;
    w.app.see_clock().await.unwrap();
    w.clock.jump(500 * DAY);
    let e = w.app.forget_after_mandate().await.unwrap_err();
    assert_eq!(e.code, "clock.ahead");
    assert!(w.store.holder(id).await.unwrap().is_some());
}

#[tokio::test]
async fn without_a_mandate_nobody_registers_and_no_code_is_made() {
    let w = World::given(NOW, Settings::default(), MandateGiven::default()).await;
    let view = w.app.mandate();
    assert_eq!((view.state, view.at, view.days_left), (MandateState::None, None, None));
    assert_eq!(w.app.mandate_days_left(), None);
    refused(w.try_register(HOME).await, "mandate.none");
    // Nothing to forget: nothing ended.
    assert_eq!(w.app.forget_after_mandate().await.unwrap(), None);
    // Its numbers are those of the configuration until then.
    assert_eq!(w.app.limits(), w.app.settings().limits());
}

#[tokio::test]
async fn h23_a_renewal_is_signed_by_the_authority_and_decided_by_a_second_body() {
    let mut w = World::new().await;
    let (first, second) = commissions(&mut w).await;
    let colleague = w.colleague(&first).await;
    let (holder, _) = w.register(HOME).await;
    let b = w.second_server().await;
    let next = renewal(&w, "2023-03-01T00:00:00Z", 200);

    let stranger = NoteSigner::from_seed("trial.invalid/mandate", &[7; 32]).unwrap();
    let same = Mandate { version: 1, ..next.clone() };
    for (input, code) in [
        (signed(&next, &stranger), "mandate.not_signed"),
        (ChangeInput::Mandate { note: next.to_text().unwrap() }, "mandate.not_signed"),
        (signed(&same, &authority()), "mandate.version_not_higher"),
    ] {
        let e = w.app.start_what_if(&first, &input).await.unwrap_err();
        assert_eq!(e.fields[0].code, code);
    }
    // Nobody but a health commission proposes one.
    let officer = w.officer().await;
    let e = w.app.start_what_if(&officer, &signed(&next, &authority())).await.unwrap_err();
    assert_eq!(e.kind, Kind::Forbidden);

    // It turns nobody another colour, and waits all the same.
    let run = w.what_if(&first, &signed(&next, &authority())).await;
    assert_eq!(run.needs_second_officer, Some(true));
    let p = w.app.propose(&first, run.id, "goes on").await.unwrap();
    assert_eq!(p.state, "waiting");
    for own in [&first, &colleague] {
        assert_eq!(w.app.approve_proposal(own, p.id).await.unwrap_err().kind, Kind::Forbidden);
    }
    assert_eq!(w.app.mandate().next, None);
    let p = w.app.approve_proposal(&second, p.id).await.unwrap();
    assert_eq!(p.state, "applied");
    assert!(matches!(p.change, ChangeView::Mandate { document, .. } if document.version == 2));
    assert_eq!(told(&w).await, [(MandateEvent::Published, 1), (MandateEvent::Published, 2)]);

    // Known to the other server, and in force without a gap.
    b.follow().await.unwrap();
    for app in [&w.app, &b] {
        assert_eq!(app.mandate().next.unwrap().version, 2);
        assert!(app.mandate_days_left().unwrap() > 365);
    }
    w.clock.set(at("2023-03-15T05:00:00Z"));
    assert_eq!(w.app.mandate().document.unwrap().version, 2);
    w.app.show_code(&holder).await.unwrap();
    w.clock.set(next.to);
    refused(b.show_code(&holder).await, "mandate.ended");
}

#[tokio::test]
async fn h23_two_bodies_end_it_at_once() {
    let mut w = World::new().await;
    let (first, second) = commissions(&mut w).await;
    let (holder, id): (_, HolderId) = w.register(HOME).await;
    let b = w.second_server().await;
    w.app.show_code(&holder).await.unwrap();
    let p = w.change(&first, &second, &ChangeInput::MandateEnd).await;
    assert_eq!(p.state, "applied");
    let ended = w.app.now();
    refused(w.app.show_code(&holder).await, "mandate.ended");
    b.follow().await.unwrap();
    refused(b.show_code(&holder).await, "mandate.ended");
    assert_eq!(told(&w).await, [(MandateEvent::Published, 1), (MandateEvent::Ended, 1)]);
    let e = w.app.start_what_if(&first, &ChangeInput::MandateEnd).await.unwrap_err();
    assert_eq!(e.code, "mandate.none_to_end");

    // Given anew within the thirty days, everybody is still there.
    w.clock.set(ended.plus_days(29));
    let next = renewal(&w, "2022-04-10T00:00:00Z", 100);
    let p = w.change(&first, &second, &signed(&next, &authority())).await;
    assert_eq!(p.state, "applied");
    w.app.show_code(&holder).await.unwrap();
    w.clock.set(ended.plus_days(31));
    assert_eq!(w.app.forget_after_mandate().await.unwrap(), None);
    assert!(w.store.holder(id).await.unwrap().is_some());
}

/// Limits are the mandate's, from its first moment on; a start changes neither them nor whose signature counts.
#[tokio::test]
async fn the_numbers_are_the_mandates() {
    let mut w = World::new().await;
    let (first, second) = commissions(&mut w).await;
    assert_eq!(w.app.limits().second_officer_people, 100);
    let mut next = renewal(&w, "2022-03-20T00:00:00Z", 100);
    next.limits.second_officer_people = 7;
    next.limits.waiting_hours = 2;
    w.change(&first, &second, &signed(&next, &authority())).await;
    assert_eq!(w.app.limits().second_officer_people, 100);
    w.clock.set(next.from);
    assert_eq!(w.app.limits(), next.limits);
    w.restart().await;
    assert_eq!(w.app.limits(), next.limits);
    let other = MandateGiven::trial(&w.settings, "CN".parse().unwrap(), &[9; 32], w.app.now());
    let e = w.restart_given(other.unwrap()).await.unwrap_err();
    assert_eq!(e.code, "mandate.other_authority");
}

/// Sixty days ahead the operator is told.
#[tokio::test]
async fn the_end_is_told_ahead() {
    let w = World::new().await;
    let end = newest(&w).to;
    let warned = async || {
        let found = w.app.health().await.warnings;
        found.into_iter().find(|f| f.code == FindingCode::MandateEndsSoon).map(|f| f.detail)
    };
    w.clock.set(end.plus_days(-61));
    assert_eq!((warned().await, w.app.mandate_days_left()), (None, Some(61)));
    for days in [60, 30, 7, 0] {
        w.clock.set(end.plus_days(-days));
        if days > 0 {
            assert!(warned().await.unwrap().contains(&format!("in {days} days")));
            assert_eq!(w.app.mandate_days_left(), Some(days));
        } else {
            assert_eq!(w.app.mandate_days_left(), None);
        }
    }
}
