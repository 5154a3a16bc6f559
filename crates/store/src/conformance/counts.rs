//! What is counted of many, and what was published.

use jadegate_domain::record::LinkState;
use jadegate_domain::{Case, CaseId, Colour, Evidence, Scan, ScanOutcome};

use super::evidence::{assessed, contact};
use super::links::{link, put_link};
use super::made_up::*;
use super::places::scan;
use crate::{ColourChange, HomeColour, Page, PeopleCounted, Precondition, PublishedNumbers, Write};

/// By home and colour; whose records are joined counts once, and who has no colour not at all.
pub async fn colours_are_counted_by_home(s: S) {
    assert_eq!(s.colours_by_home().await.unwrap(), []);
    for (n, home, colour) in [
        (1, "CN-330106", Colour::Green),
        (2, "CN-330106", Colour::Yellow),
        (3, "CN-330106", Colour::Green),
        (4, "US-NY", Colour::Red),
    ] {
        assessed(&s, n, home, colour, None).await;
    }
    with_holder(&s, 5).await;
    let cell =
        |home: &str, colour, people| HomeColour { home: home.parse().unwrap(), colour, people };
    let (green, yellow) =
        (cell("CN-330106", Colour::Green, 2), cell("CN-330106", Colour::Yellow, 1));
    let red = cell("US-NY", Colour::Red, 1);
    assert_eq!(s.colours_by_home().await.unwrap(), [green, yellow.clone(), red.clone()]);
    keeps(&s, vec![put_link(link(3, 1, LinkState::Joined), None)]).await;
    let green = cell("CN-330106", Colour::Green, 1);
    assert_eq!(s.colours_by_home().await.unwrap(), [green, yellow, red]);
}

/// The first moment counts, the last does not; nobody counts twice, not by two records either.
pub async fn people_of_a_time_are_counted_once(s: S) {
    for n in 1..=4 {
        with_holder(&s, n).await;
    }
    let change = |n, secs, from, to| {
        let assessment = assessment(to, None);
        Write::AddColourChange(Box::new(ColourChange {
            holder: hid(n),
            at: at(secs),
            from,
            to,
            assessment,
        }))
    };
    let told = |n, holder, secs| {
        add(Evidence { recorded_at: at(secs), ..evidence(n, Some(hid(holder)), contact(9, 9)) })
    };
    let (green, yellow, red) = (Colour::Green, Colour::Yellow, Colour::Red);
    keeps(
        &s,
        vec![
            change(1, 10, None, yellow),
            change(1, 11, Some(yellow), green),
            change(1, 12, Some(green), red),
            change(2, 10, Some(yellow), red),
            change(3, 9, Some(green), red),
            change(4, 20, Some(green), red),
            told(1, 1, 10),
            told(2, 1, 11),
            told(3, 2, 19),
            told(4, 3, 20),
            told(5, 4, 9),
            Write::AddCase(case(1, 1, at(10))),
            Write::AddCase(case(2, 4, at(15))),
            Write::AddCase(Case { id: CaseId::from_random(3), ..case(3, 3, at(12)) }),
        ],
    )
    .await;
    let counted = async || s.people_counted(at(10), at(20)).await.unwrap();
    // The first is a contact only from the moment on in which they are a case; the third is told too late.
    let wanted = PeopleCounted { confined: 1, contacts: 2, infected: 1 };
    assert_eq!(counted().await, wanted);
    assert_eq!(s.people_counted(at(30), at(40)).await.unwrap(), PeopleCounted::default());

    keeps(&s, vec![put_link(link(2, 1, LinkState::Joined), None)]).await;
    assert_eq!(counted().await, PeopleCounted { contacts: 1, ..wanted });
    let gone = |n| Write::WithdrawEvidence { id: eid(n), at: at(60) };
    keeps(&s, vec![gone(1), gone(2), gone(3), gone(5)]).await;
    assert_eq!(counted().await, PeopleCounted { contacts: 0, infected: 0, ..wanted });
}

/// In pages by id; what was withdrawn at the end of the time is of the next one.
pub async fn what_was_withdrawn_in_a_time_is_listed(s: S) {
    let id = with_holder(&s, 1).await;
    for n in 1..=4 {
        keeps(&s, vec![add(evidence(n, Some(id), test_fact()))]).await;
    }
    for (n, secs) in [(1, 110), (2, 120), (3, 109), (4, 119)] {
        keeps(&s, vec![Write::WithdrawEvidence { id: eid(n), at: at(secs) }]).await;
    }
    let found = async |page| {
        let found = s.withdrawn_between(at(110), at(120), page).await.unwrap();
        found.iter().map(|e| e.id).collect::<Vec<_>>()
    };
    assert_eq!(found(Page::first(9)).await, [1, 4].map(eid));
    assert_eq!(found(Page::first(1)).await, [eid(1)]);
    assert_eq!(found(Page { after: Some(eid(1)), limit: 9 }).await, [eid(4)]);
}

/// Who was let in by the code is not, nor whose code could not be opened.
pub async fn who_was_turned_away_is_listed(s: S) {
    let outcome = |n, outcome| Scan { outcome, ..scan(n, at(10 * i64::try_from(n).unwrap())) };
    let refused = outcome(2, ScanOutcome::Refused);
    let overridden = outcome(1, ScanOutcome::Override);
    let unknown = Scan { holder: None, ..outcome(4, ScanOutcome::Refused) };
    for scan in [&refused, &overridden, &unknown, &outcome(3, ScanOutcome::Admitted)] {
        keeps(&s, vec![Write::AddScan(scan.clone())]).await;
    }
    assert_eq!(s.turned_away_on(DAY0).await.unwrap(), [overridden, refused]);
    assert_eq!(s.turned_away_on(DAY0 + 1).await.unwrap(), []);
}

pub(super) fn publish(day: i64, body: &str) -> Write {
    let body = body.to_owned();
    Write::PublishNumbers(Box::new(PublishedNumbers { day, at: at(5), body }))
}

/// A day is told once, and none before one that was told.
pub async fn what_was_published_stays(s: S) {
    assert_eq!(s.published_numbers(9).await.unwrap(), []);
    keeps(&s, vec![publish(DAY0, "first")]).await;
    refuses(&s, vec![publish(DAY0, "again")], Precondition::Absent).await;
    refuses(&s, vec![publish(DAY0 - 1, "before")], Precondition::Absent).await;
    keeps(&s, vec![publish(DAY0 + 3, "later")]).await;
    let told = s.published_numbers(9).await.unwrap();
    let told: Vec<_> = told.iter().map(|n| (n.day, n.at, n.body.as_str())).collect();
    assert_eq!(told, [(DAY0 + 3, at(5), "later"), (DAY0, at(5), "first")]);
    assert_eq!(s.published_numbers(1).await.unwrap().len(), 1);
}
