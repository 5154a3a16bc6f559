//! How likely contacts met the case: who comes first, what the holder is told, and when it is no news.
#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use jadegate_domain::company::{Apart, Together};
use jadegate_domain::evidence::ContactDegree;
use jadegate_domain::{Fact, HolderId};
use jadegate_service::HolderSession;

use crate::common::scenes::traced;
use crate::common::{World, case_of, policy_text};

/// A museum: one came and went with the case, one stayed all day, and so did a crowd.
struct Museum {
    w: World,
    case: HolderId,
    with: HolderSession,
    companion: HolderId,
    lingerer: HolderId,
}

async fn museum(policy: &str, crowd: usize) -> Museum {
    let mut w = World::under(policy).await;
    let (_, case) = w.register("CN-330106").await;
    let (with, companion) = w.register("CN-330106").await;
    let (_, lingerer) = w.register("CN-330106").await;
    let place = w.place("leisure", "Made-up Museum").await;
    w.visit(case, place, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    w.visit(companion, place, "2022-03-13T04:01:00Z", "2022-03-13T05:02:00Z").await;
    w.visit(lingerer, place, "2022-03-13T02:00:00Z", "2022-03-13T08:00:00Z").await;
    for _ in 0..crowd {
        let (_, other) = w.register("CN-330106").await;
        w.visit(other, place, "2022-03-13T02:00:00Z", "2022-03-13T08:00:00Z").await;
    }
    w.restart_with(policy).await.unwrap();
    Museum { w, case, with, companion, lingerer }
}

async fn told(m: &Museum) -> Vec<Option<Together>> {
    let own = m.w.app.my_evidence(&m.with).await.unwrap();
    let together = own.iter().filter_map(|e| match &e.evidence.fact {
        Fact::Contact { together, .. } => Some(*together),
        _ => None,
    });
    together.collect()
}

#[tokio::test]
async fn who_came_and_went_with_the_case_comes_first_and_reads_why() {
    let mut m = museum(&policy_text(), 3).await;
    let officer = m.w.officer().await;
    let detail = traced(&m.w, &officer, m.case).await;
    assert_eq!(detail.contacts.len(), 5);
    assert!(detail.contacts.iter().all(|c| c.degree == ContactDegree::Close));
    let first = &detail.contacts[0];
    // The others shared a minute more.
    assert_eq!((first.holder, first.minutes, detail.contacts[1].minutes), (m.companion, 59, 60));
    let together = first.together.unwrap();
    assert_eq!(together.apart, Some(Apart { arrival: 1, leaving: 2 }));
    let others: Vec<_> = detail.contacts[1..].iter().map(|c| c.together.unwrap()).collect();
    assert!(others.iter().all(|o| o.percent + 40 < together.percent), "{together:?} {others:?}");

    assert_eq!(told(&m).await, [Some(together)]);
}

#[tokio::test]
async fn a_few_more_people_are_no_news_and_a_crowd_is() {
    let mut m = museum(&policy_text(), 6).await;
    let officer = m.w.officer().await;
    let recorded = m.w.app.record_case(&officer, &case_of(m.case)).await.unwrap();
    let run = m.w.app.run_trace(&officer, recorded.case).await.unwrap();
    let before = told(&m).await;
    let place =
        m.w.app.trace_detail(&officer, run.trace).await.unwrap().contacts[0].exposures[0].place.id;
    // Somebody's gate uploads late: a contact more, and nobody else's evidence is written anew.
    let (_, late) = m.w.register("CN-330106").await;
    m.w.visit(late, place, "2022-03-13T03:00:00Z", "2022-03-13T06:00:00Z").await;
    m.w.restart().await;
    let again = m.w.app.run_trace(&officer, recorded.case).await.unwrap();
    assert_eq!((again.contacts_recorded, again.contacts_withdrawn), (1, 0));
    assert_eq!(told(&m).await, before);
    for _ in 0..40 {
        let (_, other) = m.w.register("CN-330106").await;
        m.w.visit(other, place, "2022-03-13T02:00:00Z", "2022-03-13T08:00:00Z").await;
    }
    m.w.restart().await;
    let again = m.w.app.run_trace(&officer, recorded.case).await.unwrap();
    assert!(again.contacts_recorded > 40, "{again:?}");
    let now = told(&m).await;
    // The newest piece first.
    assert_eq!((now.len(), now[1]), (2, before[0]));
    assert!(now[0].unwrap().percent < before[0].unwrap().percent);
}

/// Only where the policy says so, and only of whom every minute is judged.
#[tokio::test]
async fn the_policy_may_leave_out_the_unlikely() {
    let least = policy_text().replace("minutes_alone = {", "least_percent = 30\nminutes_alone = {");
    let mut m = museum(&least, 3).await;
    let officer = m.w.officer().await;
    let detail = traced(&m.w, &officer, m.case).await;
    let found: Vec<_> = detail.contacts.iter().map(|c| c.holder).collect();
    assert_eq!(found, [m.companion]);

    // Ten minutes in a shop as well: of those nobody knows more than minutes, so nobody is left out.
    let mut m = museum(&least, 0).await;
    let officer = m.w.officer().await;
    let shop = m.w.place("shop", "Made-up Shop").await;
    for who in [m.case, m.lingerer] {
        m.w.visit(who, shop, "2022-03-14T04:00:00Z", "2022-03-14T04:10:00Z").await;
    }
    m.w.restart_with(&least).await.unwrap();
    let detail = traced(&m.w, &officer, m.case).await;
    let found: Vec<_> = detail.contacts.iter().map(|c| c.holder).collect();
    assert_eq!(found, [m.companion, m.lingerer]);
}

/// A policy without tables says nothing, and the order is that of minutes.
#[tokio::test]
async fn without_tables_nobody_is_told_anything() {
    let text = policy_text();
    let (from, to) =
        (text.find("[contact.likelihood]").unwrap(), text.find("[retention]").unwrap());
    let mut m = museum(&format!("{}{}", &text[..from], &text[to..]), 3).await;
    let officer = m.w.officer().await;
    let detail = traced(&m.w, &officer, m.case).await;
    assert_eq!((detail.contacts.len(), detail.contacts[4].holder), (5, m.companion));
    assert!(detail.contacts.iter().all(|c| c.together.is_none()));
    assert_eq!(told(&m).await, [None]);
}
