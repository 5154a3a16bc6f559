//! A clock that jumps: nothing is deleted and no colour ends by it until somebody has looked; keys
//! that end are announced, and their end is told as what it is.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

use crate::common::{HOME, World, at, case_of};
use jadegate_domain::{Colour, Period};
use jadegate_pass::{HandleKey, HandleKeys, Issuer, IssuingKey, KeyUse};
use jadegate_service::ClockVerdict;
use jadegate_service::staff::{ArrivalInput, Whom};

const DAY: i64 = 86_400;

/// Somebody in quarantine, a visit, and a clock that has been seen.
async fn town() -> (World, jadegate_service::HolderSession, jadegate_domain::HolderId) {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (session, case) = w.register(HOME).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    w.visit(case, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    w.visit(case, cafe, "2022-03-14T04:00:00Z", "2022-03-14T05:00:00Z").await;
    w.restart().await;
    w.app.record_case(&officer, &case_of(case)).await.unwrap();
    (w, session, case)
}

fn codes(health: &jadegate_service::Health) -> (Vec<&'static str>, Vec<&'static str>) {
    let of =
        |f: &[jadegate_service::Finding]| f.iter().map(|f| f.code.as_str()).collect::<Vec<_>>();
    (of(&health.problems), of(&health.warnings))
}

#[tokio::test]
async fn a_jump_ahead_deletes_nothing_and_ends_no_quarantine() {
    let (w, session, case) = town().await;
    assert_eq!(codes(&w.app.health().await), (vec![], vec![]));
    w.clock.jump(200 * DAY);
    assert_eq!(w.app.clock_verdict(), ClockVerdict::Ahead(200 * DAY));
    assert_eq!(w.app.purge().await.unwrap_err().code, "clock.ahead");
    assert_eq!(w.store.visit_days().await.unwrap().len(), 2);
    w.app.refresh_due(1000).await.unwrap();
    let stored = w.store.assessment(case).await.unwrap().unwrap();
    assert_eq!(stored.assessment.colour, Colour::Red);
    // Whoever asks is told why, and never something wrong.
    assert_eq!(w.app.assessment(case).await.unwrap_err().code, "clock.ahead");
    assert_eq!(w.app.show_code(&session).await.unwrap_err().code, "clock.ahead");
    assert_eq!(codes(&w.app.health().await).0, ["clock.ahead"]);
    // Looking at it does not make it right.
    assert_ne!(w.app.see_clock().await.unwrap(), ClockVerdict::Steady);
    assert_eq!(w.app.purge().await.unwrap_err().code, "clock.ahead");
    // Put right, it goes on by itself.
    w.clock.jump(-200 * DAY);
    assert_eq!(w.app.purge().await.unwrap().visits, 0);
    assert_eq!(w.colour(case).await, Colour::Red);
    w.app.show_code(&session).await.unwrap();
}

#[tokio::test]
async fn a_confirmed_clock_goes_on_and_drops_few_days_at_a_time() {
    let (mut w, _, case) = town().await;
    for day in 1..=9 {
        let cafe = w.place("restaurant", "Made-up Cafe").await;
        let (from, to) = (format!("2022-03-0{day}T04:00:00Z"), format!("2022-03-0{day}T05:00:00Z"));
        w.visit(case, cafe, &from, &to).await;
    }
    w.restart().await;
    w.clock.jump(200 * DAY);
    w.restart().await;
    // The store remembers, whatever the new process thinks.
    assert_eq!(w.app.purge().await.unwrap_err().code, "clock.ahead");
    w.app.confirm_clock().await.unwrap();
    assert_eq!(w.colour(case).await, Colour::Green);
    let mut left = 11;
    while left > 0 {
        let gone = w.app.purge().await.unwrap().visits;
        assert_eq!(gone, left.min(3), "at most three days at a time");
        left -= gone;
        assert_eq!(w.store.visit_days().await.unwrap().len() as u64, left);
    }
}

#[tokio::test]
async fn a_clock_that_went_back_says_so_instead_of_failing() {
    let (mut w, session, case) = town().await;
    w.clock.jump(-40 * DAY);
    assert_eq!(w.app.show_code(&session).await.unwrap_err().code, "clock.behind");
    assert_eq!(codes(&w.app.health().await).0, ["clock.behind"]);
    w.restart().await;
    assert_eq!(w.app.show_code(&session).await.unwrap_err().code, "clock.behind");
    w.clock.jump(40 * DAY);
    w.app.show_code(&session).await.unwrap();
    assert_eq!(w.colour(case).await, Colour::Red);
}

/// Within what is tolerated a clock that was set back makes nobody green by mistake: what was recorded
/// before is known, wherever the clock is.
#[tokio::test]
async fn an_hour_forward_and_back_changes_nothing() {
    const HOUR: i64 = 3_600;
    let (mut w, session, case) = town().await;
    let (_, newcomer) = w.register(HOME).await;
    let border = w.staff("border", "officer", "CN-33").await;
    for jump in [HOUR, -HOUR, -HOUR, HOUR] {
        w.clock.jump(jump);
        assert_eq!(w.app.clock_verdict(), ClockVerdict::Steady);
        w.app.see_clock().await.unwrap();
        w.app.refresh_due(1000).await.unwrap();
        w.app.purge().await.unwrap();
        assert_eq!(w.store.visit_days().await.unwrap().len(), 2);
        assert_eq!(w.colour(case).await, Colour::Red);
        w.app.show_code(&session).await.unwrap();
        w.restart().await;
        assert_eq!(w.colour(case).await, Colour::Red, "after a start at that hour");
        // What is recorded at that hour.
        let input = ArrivalInput {
            whom: Whom::Holder(newcomer),
            from: "SG".to_owned(),
            arrived_at: "2022-03-14T02:00:00Z".to_owned(),
            purpose: None,
        };
        w.app.record_arrival(&border, &input).await.unwrap();
        assert_eq!(w.colour(newcomer).await, Colour::Yellow);
    }
}

#[tokio::test]
async fn time_that_really_goes_by_is_never_held() {
    let (w, session, case) = town().await;
    for _ in 0..40 {
        w.clock.advance(DAY);
        w.app.see_clock().await.unwrap();
        w.app.refresh_due(1000).await.unwrap();
        w.app.purge().await.unwrap();
    }
    assert_eq!(w.store.visit_days().await.unwrap().len(), 0);
    assert_eq!(w.colour(case).await, Colour::Green);
    w.app.show_code(&session).await.unwrap();
}

fn keys(from: &str, to: &str, seed: u8) -> Issuer {
    let period = Period { from: at(from), to: at(to) };
    let keys = vec![
        IssuingKey::from_seed(&[seed; 32], KeyUse::Live, period).unwrap(),
        IssuingKey::from_seed(&[seed + 1; 32], KeyUse::Venue, period).unwrap(),
    ];
    let handles = HandleKeys::new(vec![HandleKey::new(&[seed + 2; 32], period)]).unwrap();
    Issuer::new("JGT".parse().unwrap(), keys, handles).unwrap()
}

#[tokio::test]
async fn the_end_of_the_keys_is_announced_and_told() {
    let (mut w, session, _) = town().await;
    w.app.renew_keys(keys("2022-03-01T00:00:00Z", "2022-04-20T00:00:00Z", 50)).unwrap();
    assert_eq!(codes(&w.app.health().await), (vec![], vec![]));
    w.clock.set(at("2022-03-22T00:00:00Z"));
    assert_eq!(codes(&w.app.health().await), (vec![], vec!["keys.end_soon"]));
    assert_eq!(w.app.key_days_left(), Some(29));
    let operator = w.staff("operator", "administrator", "CN").await;
    let shown = w.app.operation(&operator).await.unwrap();
    assert_eq!((shown.warnings[0].code.as_str(), shown.key_days_left), ("keys.end_soon", Some(29)));
    assert!(shown.warnings[0].detail.contains("jadegate keys rotate"));
    w.app.see_clock().await.unwrap();
    w.clock.set(at("2022-04-20T00:00:00Z"));
    assert_eq!(codes(&w.app.health().await).0, ["keys.not_in_force"]);
    assert_eq!(w.app.show_code(&session).await.unwrap_err().code, "keys.not_in_force");
    // Renewed beside the running server: signed and published at once.
    w.app.renew_keys(keys("2022-04-20T00:00:00Z", "2023-05-20T00:00:00Z", 60)).unwrap();
    w.app.show_code(&session).await.unwrap();
    assert_eq!(w.app.key_set().keys().len(), 2);
    assert_eq!(codes(&w.app.health().await).1, [""; 0]);
    let other =
        Issuer::new("XX".parse().unwrap(), Vec::new(), HandleKeys::new(Vec::new()).unwrap());
    assert!(w.app.renew_keys(other.unwrap()).is_err());
}
