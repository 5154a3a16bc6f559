//! Appeals.

use jadegate_domain::{
    AgencyId, AppealFileKind, AppealFinding, AppealGround, AppealId, AppealState, StaffId,
};

use super::made_up::*;
use crate::{Appeal, AppealDecision, AppealFile, AppealWrite, Precondition, RuleReview, Write};

fn yid(n: u64) -> AppealId {
    AppealId::from_random(n)
}

fn appeal(n: u64, of: u64, contests: u64) -> Appeal {
    Appeal {
        id: yid(n),
        holder: hid(of),
        home: "CN-330106".parse().unwrap(),
        piece: eid(1_000 + n),
        contests: eid(contests),
        agency: Some(AgencyId::from_random(1)),
        rule: "made-up-rule".to_owned(),
        policy: "00ff".to_owned(),
        ground: AppealGround::NotThere,
        words: Some(vec![1, 2, 3]),
        counter: Some((StaffId::from_random(4), AgencyId::from_random(2))),
        second_of: None,
        lodged_at: at(10 + i64::try_from(n).unwrap()),
        due_at: at(1_000 + i64::try_from(n).unwrap()),
        eases: true,
        lapsed_at: None,
        state: AppealState::Open,
        decision: None,
    }
}

fn decision(secs: i64, finding: AppealFinding) -> AppealDecision {
    AppealDecision {
        at: at(secs),
        by: Some((StaffId::from_random(3), AgencyId::from_random(3))),
        finding: Some(finding),
        reply: Some(vec![9, 8]),
        keep_until: at(secs + 500),
    }
}

fn add(a: &Appeal) -> Write {
    Write::Appeal(AppealWrite::Add(Box::new(a.clone())))
}

fn decide(n: u64, state: AppealState, d: &AppealDecision) -> Write {
    let file_until = at(d.at.as_secs() - DAY0 * 86_400 + 100);
    Write::Appeal(AppealWrite::Decide {
        id: yid(n),
        state,
        decision: Box::new(d.clone()),
        file_until,
    })
}

fn file(n: u64) -> AppealFile {
    AppealFile {
        appeal: yid(n),
        kind: AppealFileKind::Pdf,
        size: 70_000,
        sealed: vec![5; 70_028],
        added_at: at(20),
    }
}

fn add_file(f: &AppealFile) -> Write {
    Write::Appeal(AppealWrite::AddFile(Box::new(f.clone())))
}

fn lapse(n: u64, secs: i64) -> Write {
    Write::Appeal(AppealWrite::Lapse { id: yid(n), at: at(secs) })
}

/// It is read back as it was written, lapses once and ends once.
pub async fn an_appeal_is_read_back_and_decided_once(s: S) {
    with_holder(&s, 1).await;
    let first = appeal(1, 1, 7);
    assert_eq!(s.appeal(yid(1)).await.unwrap(), None);
    refuses(&s, vec![add(&appeal(1, 404, 7))], Precondition::Exists).await;
    keeps(&s, vec![add(&first)]).await;
    refuses(&s, vec![add(&first)], Precondition::Absent).await;
    assert_eq!(s.appeal(yid(1)).await.unwrap(), Some(first.clone()));
    refuses(&s, vec![lapse(404, 900)], Precondition::Exists).await;
    keeps(&s, vec![lapse(1, 1_500)]).await;
    refuses(&s, vec![lapse(1, 1_600)], Precondition::Stands).await;
    let d = decision(1_700, AppealFinding::Confirmed);
    rejects(&s, vec![decide(1, AppealState::Open, &d)]).await;
    refuses(&s, vec![decide(404, AppealState::Refused, &d)], Precondition::Exists).await;
    keeps(&s, vec![decide(1, AppealState::Refused, &d)]).await;
    refuses(&s, vec![decide(1, AppealState::Granted, &d)], Precondition::Stands).await;
    refuses(&s, vec![lapse(1, 1_800)], Precondition::Stands).await;
    let ended = Appeal {
        state: AppealState::Refused,
        lapsed_at: Some(at(1_500)),
        decision: Some(d),
        ..first
    };
    assert_eq!(s.appeal(yid(1)).await.unwrap(), Some(ended));
    // One that begins as anything but open is none.
    let odd = Appeal { lapsed_at: Some(at(1)), ..appeal(9, 1, 9) };
    rejects(&s, vec![add(&odd)]).await;
}

/// One open appeal contests a piece, and a decision is looked at again once.
pub async fn of_the_appeals_about_a_piece_one_is_open(s: S) {
    with_holder(&s, 1).await;
    keeps(&s, vec![add(&appeal(1, 1, 7))]).await;
    refuses(&s, vec![add(&appeal(2, 1, 7))], Precondition::Absent).await;
    let d = decision(100, AppealFinding::NothingAgainst);
    keeps(&s, vec![decide(1, AppealState::Refused, &d)]).await;
    let second = Appeal { second_of: Some(yid(1)), ..appeal(2, 1, 7) };
    keeps(&s, vec![add(&second)]).await;
    keeps(&s, vec![decide(2, AppealState::Refused, &d)]).await;
    let third = Appeal { second_of: Some(yid(1)), ..appeal(3, 1, 7) };
    refuses(&s, vec![add(&third)], Precondition::Absent).await;
    assert_eq!(s.appeal(yid(2)).await.unwrap().unwrap().second_of, Some(yid(1)));
}

/// A file goes with an open appeal, once.
pub async fn a_file_goes_with_an_open_appeal(s: S) {
    with_holder(&s, 1).await;
    refuses(&s, vec![add_file(&file(1))], Precondition::Exists).await;
    keeps(&s, vec![add(&appeal(1, 1, 7)), add(&appeal(2, 1, 8))]).await;
    assert_eq!(s.appeal_file(yid(1)).await.unwrap(), None);
    keeps(&s, vec![add_file(&file(1))]).await;
    assert_eq!(s.appeal_file(yid(1)).await.unwrap(), Some(file(1)));
    refuses(&s, vec![add_file(&file(1))], Precondition::Absent).await;
    keeps(
        &s,
        vec![decide(
            2,
            AppealState::Withdrawn,
            &AppealDecision {
                by: None,
                finding: None,
                reply: None,
                ..decision(50, AppealFinding::Confirmed)
            },
        )],
    )
    .await;
    refuses(&s, vec![add_file(&file(2))], Precondition::Stands).await;
}

/// Lists: a person's, newest first; a region's open ones, soonest due first; what has to be tended;
/// all since a moment, in pages.
pub async fn appeals_are_listed(s: S) {
    with_holder(&s, 1).await;
    keeps(&s, vec![Write::AddHolder(holder_in(2, "CN-110101"))]).await;
    let contested = super::made_up::add(evidence(7, Some(hid(1)), test_fact()));
    keeps(&s, vec![contested]).await;
    let far = Appeal { home: "CN-110101".parse().unwrap(), ..appeal(3, 2, 9) };
    let late = Appeal { due_at: at(500), ..appeal(2, 1, 8) };
    let all = [appeal(1, 1, 7), late.clone(), far.clone()];
    keeps(&s, all.iter().map(add).collect()).await;
    let ids = |of: Vec<Appeal>| of.into_iter().map(|a| a.id).collect::<Vec<_>>();
    assert_eq!(ids(s.appeals_of(hid(1), 10).await.unwrap()), [yid(2), yid(1)]);
    assert_eq!(ids(s.appeals_of(hid(1), 1).await.unwrap()), [yid(2)]);
    let region = "CN-33".parse().unwrap();
    assert_eq!(ids(s.open_appeals(&region, 10).await.unwrap()), [yid(2), yid(1)]);
    assert_eq!(ids(s.open_appeals(&region, 1).await.unwrap()), [yid(2)]);
    assert!(s.appeals_to_tend(at(499), 10).await.unwrap().is_empty());
    assert_eq!(ids(s.appeals_to_tend(at(500), 10).await.unwrap()), [yid(2)]);
    keeps(&s, vec![lapse(2, 500), Write::WithdrawEvidence { id: eid(7), at: at(501) }]).await;
    assert_eq!(ids(s.appeals_to_tend(at(501), 10).await.unwrap()), [yid(1)]);
    let page = s.appeals_since(at(11), None, 2).await.unwrap();
    let last = page.last().map(|a| (a.lodged_at, a.id));
    assert_eq!(ids(page), [yid(1), yid(2)]);
    assert_eq!(ids(s.appeals_since(at(11), last, 2).await.unwrap()), [yid(3)]);
    assert_eq!(ids(s.appeals_since(at(12), None, 9).await.unwrap()), [yid(2), yid(3)]);
}

/// What was handed in goes first, then the appeal; of an open one nothing goes; of somebody who is
/// erased the words and the file go at once.
pub async fn decided_appeals_are_purged(s: S) {
    with_holder(&s, 1).await;
    keeps(&s, vec![add(&appeal(1, 1, 7)), add(&appeal(2, 1, 8))]).await;
    keeps(&s, vec![add_file(&file(1)), add_file(&file(2))]).await;
    let d = decision(100, AppealFinding::Confirmed);
    keeps(&s, vec![decide(1, AppealState::Refused, &d)]).await;
    assert_eq!(s.purge_expired(at(199)).await.unwrap(), 0);
    assert_eq!(s.purge_expired(at(200)).await.unwrap(), 1);
    assert_eq!(s.appeal_file(yid(1)).await.unwrap(), None);
    assert_eq!(s.purge_expired(at(600)).await.unwrap(), 1);
    assert_eq!(s.appeal(yid(1)).await.unwrap(), None);
    assert_eq!(s.appeal_file(yid(2)).await.unwrap(), Some(file(2)));
    keeps(&s, vec![Write::Shred(hid(1))]).await;
    assert_eq!(s.appeal_file(yid(2)).await.unwrap(), None);
    assert_eq!(s.appeal(yid(2)).await.unwrap().unwrap().words, None);
}

/// It is asked once of a rule of a policy.
pub async fn a_review_of_a_rule_is_asked_for_once(s: S) {
    let review = |rule: &str, secs| RuleReview {
        policy: "00ff".to_owned(),
        rule: rule.to_owned(),
        asked_at: at(secs),
        decided: 40,
        overturned: 20,
    };
    let ask = |r: &RuleReview| Write::Appeal(AppealWrite::AskReview(r.clone()));
    keeps(&s, vec![ask(&review("one", 1))]).await;
    refuses(&s, vec![ask(&review("one", 2))], Precondition::Absent).await;
    keeps(&s, vec![ask(&review("two", 2))]).await;
    assert_eq!(s.rule_reviews(9).await.unwrap(), [review("two", 2), review("one", 1)]);
}
