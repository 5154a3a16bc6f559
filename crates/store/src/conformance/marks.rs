//! Marks of days: what a copy of the visits, kept beside the database, relies on.

use jadegate_domain::{Presence, Visit};

use super::made_up::*;
use crate::{DroppedDays, Precondition, Write};

/// The days' marks, in order.
async fn marks(s: &S) -> Vec<(i64, u64)> {
    let found = s.visit_marks().await.unwrap();
    let days: Vec<i64> = found.days.iter().map(|d| d.day).collect();
    assert_eq!(days, s.visit_days().await.unwrap(), "a mark for each day with visits");
    found.days.iter().map(|d| (d.day, d.mark)).collect()
}

fn on(day: i64) -> jadegate_domain::Timestamp {
    at(day * 86_400 + 10)
}

fn close(v: &Visit) -> Write {
    Write::CloseVisit { visit: v.key(), left: v.entered.plus_secs(60) }
}

/// An entry, an exit, an import: each raises the marks of the days whose visits it changes. A unit
/// that is refused, and one about other things, raises none.
pub async fn each_change_of_visits_raises_the_mark_of_its_day(s: S) {
    assert_eq!(marks(&s).await, []);
    keeps(&s, vec![Write::AddVisit(visit(1, on(0)))]).await;
    keeps(&s, vec![Write::AddVisit(visit(2, on(1)))]).await;
    let begun = marks(&s).await;
    assert!(begun.iter().all(|(_, mark)| *mark > 0));

    keeps(&s, vec![close(&visit(1, on(0)))]).await;
    let exit = marks(&s).await;
    assert!(exit[0].1 > begun[0].1, "an exit counts");
    assert_eq!(exit[1], begun[1], "another day is as it was");

    let both = (3..9).map(|n| Write::AddVisit(visit(n, on((n % 2).cast_signed())))).collect();
    keeps(&s, both).await;
    let import = marks(&s).await;
    assert!(import[0].1 > exit[0].1 && import[1].1 > exit[1].1);

    let nobody = visit(404, on(1));
    refuses(&s, vec![Write::AddVisit(visit(9, on(0))), close(&nobody)], Precondition::Exists).await;
    refuses(&s, vec![Write::AddVisit(visit(9, on(7))), close(&nobody)], Precondition::Exists).await;
    keeps(&s, vec![Write::AddHolder(holder(1)), Write::AddPlace(place(1, None))]).await;
    assert_eq!(marks(&s).await, import);
}

/// A dropped day has no mark; made anew it has a higher one than ever, even if every day was
/// dropped in between. What was dropped can be told by its marks.
pub async fn a_dropped_day_never_comes_back_with_an_older_mark(s: S) {
    for (n, day) in (1..).zip([0, 0, 1, 2]) {
        keeps(&s, vec![Write::AddVisit(visit(n, on(day)))]).await;
    }
    assert_eq!(s.visit_marks().await.unwrap().dropped, None);
    let before = marks(&s).await;
    s.drop_days_before(DAY0).await.unwrap();
    assert_eq!(s.visit_marks().await.unwrap().dropped, None, "nothing was dropped");
    s.drop_days_before(DAY0 + 1).await.unwrap();
    assert_eq!(marks(&s).await, before[1..]);
    let dropped = s.visit_marks().await.unwrap().dropped.unwrap();
    assert_eq!(dropped.before, DAY0 + 1);
    assert!(dropped.mark >= before[0].1);

    // A gate that was offline for long brings an old visit.
    keeps(&s, vec![Write::AddVisit(visit(9, on(0)))]).await;
    let anew = marks(&s).await;
    assert!(anew[0].1 > before[0].1 && anew[0].1 > dropped.mark);
    assert_eq!(s.visit_marks().await.unwrap().dropped, Some(dropped));

    s.drop_days_before(DAY0 + 9).await.unwrap();
    assert_eq!(marks(&s).await, []);
    let all = s.visit_marks().await.unwrap().dropped.unwrap();
    assert!(all.before == DAY0 + 9 && all.mark >= anew[0].1);
    keeps(&s, vec![Write::AddVisit(visit(1, on(0)))]).await;
    assert!(marks(&s).await[0].1 > all.mark);
    // Fewer days dropped later do not make earlier ones undropped.
    s.drop_days_before(DAY0 + 1).await.unwrap();
    let last: DroppedDays = s.visit_marks().await.unwrap().dropped.unwrap();
    assert!(last.before == DAY0 + 9 && last.mark > all.mark);
}

/// A day that lost a visit says so with the mark of that moment, which later changes leave as it is;
/// one that is dropped and made anew has lost nothing.
pub async fn a_day_that_lost_a_visit_is_told(s: S) {
    let lost = async || {
        let found = s.visit_marks().await.unwrap().lost;
        found.iter().map(|d| (d.day, d.mark)).collect::<Vec<_>>()
    };
    let ride = |n, day| Visit { presence: Presence::Imported, ..visit(n, on(day)) };
    let back =
        |v: &Visit| Write::WithdrawRide { holder: v.holder, trip: v.place, entered: v.entered };
    keeps(&s, [1, 2, 3].map(|n| Write::AddVisit(ride(n, 0))).to_vec()).await;
    keeps(&s, vec![Write::AddVisit(ride(4, 1))]).await;
    assert_eq!(lost().await, []);
    let before = marks(&s).await;
    let nobody = back(&ride(404, 1));
    refuses(&s, vec![back(&ride(1, 0)), nobody], Precondition::Exists).await;
    assert_eq!((lost().await, marks(&s).await), (vec![], before.clone()));
    keeps(&s, vec![back(&ride(1, 0))]).await;
    let now = marks(&s).await;
    assert!(now[0].1 > before[0].1 && now[1] == before[1]);
    assert_eq!(lost().await, [now[0]]);
    keeps(&s, vec![Write::AddVisit(ride(9, 0)), Write::AddVisit(ride(9, 1))]).await;
    assert_eq!(lost().await, [now[0]], "what comes later is another mark");
    // The last visit of a day: the day still tells of itself.
    keeps(&s, vec![back(&ride(4, 1)), back(&ride(9, 1)), back(&ride(2, 0))]).await;
    assert_eq!(lost().await, marks(&s).await);
    s.drop_days_before(DAY0 + 1).await.unwrap();
    keeps(&s, vec![Write::AddVisit(ride(1, 0))]).await;
    let all = marks(&s).await;
    assert_eq!((all.len(), lost().await), (2, all[1..].to_vec()));
}

/// A visit that was shortened is one of which a copy may know too much.
pub async fn a_day_whose_visit_was_shortened_is_told(s: S) {
    let long = Visit { left: Some(on(0).plus_secs(90)), ..visit(1, on(0)) };
    keeps(&s, vec![Write::AddVisit(long)]).await;
    let before = marks(&s).await;
    let (visit, from, to) = (long.key(), on(0).plus_secs(90), on(0).plus_secs(50));
    keeps(&s, vec![Write::ShortenVisit { visit, from, to }]).await;
    let now = marks(&s).await;
    assert!(now[0].1 > before[0].1);
    let lost = s.visit_marks().await.unwrap().lost;
    assert_eq!(lost.iter().map(|d| (d.day, d.mark)).collect::<Vec<_>>(), now);
}

/// The store's id was drawn once.
pub async fn a_store_keeps_its_id(s: S) {
    let id = s.visit_marks().await.unwrap().store;
    assert_ne!(id, [0; 16]);
    keeps(&s, vec![Write::AddVisit(visit(1, on(0)))]).await;
    s.drop_days_before(DAY0 + 1).await.unwrap();
    assert_eq!(s.visit_marks().await.unwrap().store, id);
}
