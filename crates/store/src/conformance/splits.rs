//! A record that turned out to be that of two people.

use jadegate_domain::record::{LinkState, PieceOwner};
use jadegate_domain::{Access, AgencyId, Colour, Evidence, Purpose};

use super::made_up::*;
use crate::{
    ChangedBy, ColourChange, HolderEvidence, Latest, Page, Precondition, RecordLink, SplitPiece,
    Write,
};

fn link(record: u64, main: u64, state: LinkState) -> RecordLink {
    let by = ChangedBy::Staff { agency: AgencyId::from_random(1), staff: staff(1, 1).id };
    let split_at = state.is_split().then(|| at(50));
    RecordLink { record: hid(record), main: hid(main), state, at: at(50), by, split_at }
}

fn put(link: RecordLink, replaces: Option<RecordLink>) -> Write {
    Write::PutLink { link, replaces }
}

fn piece(n: u64, owner: PieceOwner) -> SplitPiece {
    SplitPiece { evidence: eid(n), owner, wish: None, by: None }
}

fn pieces(record: u64, pieces: Vec<SplitPiece>) -> Write {
    Write::PutPieces { record: hid(record), pieces }
}

fn ids(evidence: &[Evidence]) -> Vec<i64> {
    evidence.iter().map(|e| e.id.as_i64()).collect()
}

async fn whole(s: &S, n: u64) -> HolderEvidence {
    let whole = s.record_of(hid(n)).await.unwrap().unwrap();
    let listed = s.evidence_of(hid(n)).await.unwrap().unwrap();
    assert_eq!(listed, (whole.evidence_version, whole.evidence.clone()));
    let after = Page { after: (n > 1).then(|| hid(n - 1)), limit: 1 };
    let page = s.evidence_by_holder(after).await.unwrap();
    assert_eq!(page.whole, std::slice::from_ref(&whole), "in pages");
    whole
}

/// What counts for whom: (all, of it undecided).
async fn of(s: &S, n: u64) -> (Vec<i64>, Vec<i64>) {
    let whole = whole(s, n).await;
    assert_eq!((whole.beside, whole.joined_into), (Vec::new(), None));
    (ids(&whole.evidence), whole.undecided.iter().map(|e| e.as_i64()).collect())
}

async fn versions(s: &S) -> Vec<i64> {
    let mut all = Vec::new();
    for n in 1..=3 {
        all.push(s.holder(hid(n)).await.unwrap().unwrap().evidence_version);
    }
    all
}

/// 1 to 4 of the first, the second begins with one of its own.
async fn two_people(s: &S) -> RecordLink {
    for n in 1..=3 {
        with_holder(s, n).await;
    }
    for n in 1..=4 {
        keeps(s, vec![add(evidence(n, Some(hid(1)), test_fact()))]).await;
    }
    keeps(s, vec![add(evidence(9, Some(hid(3)), test_fact()))]).await;
    let split = link(2, 1, LinkState::Split);
    let undecided = (1..=3).map(|n| piece(n, PieceOwner::Both)).collect();
    let own = add(evidence(5, Some(hid(2)), test_fact()));
    keeps(s, vec![own, put(split, None), pieces(2, undecided)]).await;
    split
}

/// What is not decided is that of both; what is, of one; and of nobody twice.
pub async fn pieces_of_a_split_record_count_for_whom_they_are(s: S) {
    let split = two_people(&s).await;
    assert_eq!(s.split_records().await.unwrap(), [split]);
    assert_eq!(s.joined_records().await.unwrap(), []);
    assert_eq!(of(&s, 1).await, (vec![1, 2, 3, 4], vec![1, 2, 3]));
    assert_eq!(of(&s, 2).await, (vec![1, 2, 3, 5], vec![1, 2, 3]));
    assert_eq!(of(&s, 3).await, (vec![9], vec![]));
    let said = SplitPiece {
        wish: Some(PieceOwner::Main),
        by: Some((AgencyId::from_random(1), staff(1, 1).id)),
        ..piece(3, PieceOwner::Both)
    };
    let decided = vec![piece(1, PieceOwner::Main), piece(2, PieceOwner::Record), said];
    keeps(&s, vec![pieces(2, decided.clone())]).await;
    assert_eq!(s.split_pieces(hid(2)).await.unwrap(), decided);
    assert_eq!(s.split_pieces(hid(1)).await.unwrap(), []);
    assert_eq!(of(&s, 1).await, (vec![1, 3, 4], vec![3]));
    assert_eq!(of(&s, 2).await, (vec![2, 3, 5], vec![3]));
    // A piece by itself is told of whoever's it is; nothing of it was changed.
    let owner = async |n| s.evidence(eid(n)).await.unwrap().unwrap().holder;
    assert_eq!(
        [owner(1).await, owner(2).await, owner(3).await],
        [hid(1), hid(2), hid(1)].map(Some)
    );
    // While it is disputed nothing is decided.
    let disputed = RecordLink { state: LinkState::Disputed, at: at(60), ..split };
    keeps(&s, vec![put(disputed, Some(split))]).await;
    assert_eq!(of(&s, 1).await, (vec![1, 2, 3, 4], vec![1, 2, 3]));
    assert_eq!(of(&s, 2).await, (vec![1, 2, 3, 5], vec![1, 2, 3]));
    assert_eq!(owner(2).await, Some(hid(1)));
    assert_eq!(s.split_records().await.unwrap(), [disputed]);
    keeps(&s, vec![put(split, Some(disputed))]).await;
    assert_eq!(of(&s, 2).await, (vec![2, 3, 5], vec![3]));
}

/// Undone, all of it is the first one's again, with what the second got since.
pub async fn a_split_is_undone_whole(s: S) {
    let split = two_people(&s).await;
    keeps(&s, vec![pieces(2, vec![piece(2, PieceOwner::Record)])]).await;
    let joined = link(2, 1, LinkState::Joined);
    keeps(&s, vec![put(joined, Some(split))]).await;
    let one = whole(&s, 1).await;
    assert_eq!((ids(&one.evidence), one.undecided), (vec![1, 2, 3, 4, 5], vec![]));
    assert_eq!(s.split_pieces(hid(2)).await.unwrap(), []);
    assert_eq!(s.split_records().await.unwrap(), []);
    // Or told apart for good: nothing is shared any more.
    keeps(&s, vec![put(split, Some(joined)), pieces(2, vec![piece(1, PieceOwner::Both)])]).await;
    keeps(&s, vec![Write::EndLink(split)]).await;
    assert_eq!((of(&s, 1).await.0, of(&s, 2).await.0), (vec![1, 2, 3, 4], vec![5]));
    assert_eq!(s.split_pieces(hid(2)).await.unwrap(), []);
}

/// Whatever changes what one of them is assessed from raises the version of both.
pub async fn versions_of_a_split_rise_together(s: S) {
    let split = two_people(&s).await;
    let mut before = versions(&s).await;
    for (what, write) in [
        ("said", pieces(2, vec![piece(2, PieceOwner::Record)])),
        ("withdrawn", Write::WithdrawEvidence { id: eid(2), at: at(70) }),
        ("added", add(evidence(6, Some(hid(2)), test_fact()))),
        ("disputed", put(RecordLink { state: LinkState::Disputed, ..split }, Some(split))),
    ] {
        keeps(&s, vec![write]).await;
        let after = versions(&s).await;
        assert!(after[0] > before[0] && after[1] > before[1], "{what}");
        assert_eq!(after[2], before[2], "{what}: another's");
        before = after;
    }
}

/// A case is told of whoever's it is.
pub async fn a_case_is_the_others(s: S) {
    for n in 1..=2 {
        with_holder(&s, n).await;
    }
    let ours = case(1, 1, at(10));
    let to = |from, to| Write::MoveCase { case: ours.id, from: hid(from), to: hid(to) };
    refuses(&s, vec![to(1, 2)], Precondition::Stands).await;
    keeps(&s, vec![Write::AddCase(ours.clone())]).await;
    refuses(&s, vec![to(2, 1)], Precondition::Stands).await;
    keeps(&s, vec![to(1, 2)]).await;
    assert_eq!(s.case(ours.id).await.unwrap().unwrap().holder, hid(2));
    keeps(&s, vec![to(2, 1)]).await;
    assert_eq!(s.case(ours.id).await.unwrap(), Some(ours));
}

/// Only of a split, and of pieces that there are.
pub async fn pieces_are_those_of_a_split(s: S) {
    for n in 1..=3 {
        with_holder(&s, n).await;
    }
    keeps(&s, vec![add(evidence(1, Some(hid(1)), test_fact()))]).await;
    let some = || vec![piece(1, PieceOwner::Both)];
    refuses(&s, vec![pieces(2, some())], Precondition::Stands).await;
    keeps(&s, vec![put(link(2, 1, LinkState::Joined), None)]).await;
    refuses(&s, vec![pieces(2, some())], Precondition::Stands).await;
    refuses(&s, vec![pieces(404, some())], Precondition::Stands).await;
    let bare = RecordLink { split_at: None, ..link(3, 1, LinkState::Split) };
    rejects(&s, vec![put(bare, None)]).await;
    let split = put(link(3, 1, LinkState::Split), None);
    refuses(
        &s,
        vec![split.clone(), pieces(3, vec![piece(77, PieceOwner::Both)])],
        Precondition::Exists,
    )
    .await;
    keeps(&s, vec![split, pieces(3, some()), pieces(3, some())]).await;
    assert_eq!(s.split_pieces(hid(3)).await.unwrap(), some());
    // The first is joined with another, too: all of that is theirs.
    keeps(&s, vec![add(evidence(2, Some(hid(2)), test_fact()))]).await;
    assert_eq!(ids(&whole(&s, 1).await.evidence), [1, 2]);
    assert_eq!(ids(&whole(&s, 3).await.evidence), [1]);
}

/// Until they were told apart it was the record of both: what happened to it concerns both.
pub async fn the_second_sees_what_was_before(s: S) {
    for n in 1..=2 {
        with_holder(&s, n).await;
    }
    let look = |n, moment| Access {
        holder: hid(n),
        at: at(moment),
        agency: AgencyId::from_random(1),
        staff: None,
        purpose: Purpose::HolderRequest,
        what: "identity".to_owned(),
    };
    let changed = |n, moment, to| {
        Write::AddColourChange(Box::new(ColourChange {
            holder: hid(n),
            at: at(moment),
            from: None,
            to,
            assessment: assessment(to, None),
        }))
    };
    let looks = [look(1, 40), look(1, 60), look(2, 70)];
    keeps(&s, looks.clone().map(Write::AddAccess).to_vec()).await;
    keeps(&s, vec![changed(1, 40, Colour::Red), changed(1, 60, Colour::Green)]).await;
    keeps(&s, vec![changed(2, 55, Colour::Yellow), put(link(2, 1, LinkState::Split), None)]).await;
    let seen = async |n| {
        let looks = s.accesses_of(hid(n), Latest::first(9)).await.unwrap();
        let colours = s.colour_changes(hid(n), Latest::first(9)).await.unwrap();
        let looks: Vec<_> = looks.iter().map(|a| a.at).collect();
        (looks, colours.iter().map(|c| c.to).collect::<Vec<_>>())
    };
    assert_eq!(seen(1).await, (vec![at(60), at(40)], vec![Colour::Green, Colour::Red]));
    assert_eq!(seen(2).await, (vec![at(70), at(40)], vec![Colour::Yellow, Colour::Red]));
}
