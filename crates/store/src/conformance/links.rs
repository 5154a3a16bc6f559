//! Records that are of one person, or may be.

use jadegate_domain::record::{AccountEvent, LinkState};
use jadegate_domain::{Access, AgencyId, Colour, Evidence, Fact, Purpose};

use super::made_up::*;
use crate::{
    AccountChange, ChangedBy, ColourChange, CorrectionWrite, IndexKind, Latest, Page, Precondition,
    Proxy, RecordLink, Write,
};

pub(super) fn link(record: u64, main: u64, state: LinkState) -> RecordLink {
    let by = ChangedBy::Staff { agency: AgencyId::from_random(1), staff: staff(1, 1).id };
    RecordLink { record: hid(record), main: hid(main), state, at: at(50), by, split_at: None }
}

pub(super) fn put_link(link: RecordLink, replaces: Option<RecordLink>) -> Write {
    Write::PutLink { link, replaces }
}

fn index(kind: IndexKind, digest: u8, n: u64) -> Write {
    Write::AddIndex { kind, digest: [digest; 16], holder: hid(n) }
}

async fn version(s: &S, n: u64) -> i64 {
    s.holder(hid(n)).await.unwrap().unwrap().evidence_version
}

/// A link is changed only as it was loaded; all records of a person are one step apart.
pub async fn a_link_is_changed_only_as_loaded(s: S) {
    for n in 1..=4 {
        with_holder(&s, n).await;
    }
    let asked = RecordLink { by: ChangedBy::Person, at: at(40), ..link(2, 1, LinkState::Asked) };
    let joined = link(2, 1, LinkState::Joined);
    refuses(&s, vec![put_link(joined, Some(asked))], Precondition::Stands).await;
    keeps(&s, vec![put_link(asked, None)]).await;
    refuses(&s, vec![put_link(joined, None)], Precondition::Absent).await;
    let other = RecordLink { at: at(41), ..asked };
    refuses(&s, vec![put_link(joined, Some(other))], Precondition::Stands).await;
    refuses(&s, vec![Write::EndLink(other)], Precondition::Stands).await;
    assert_eq!(s.joined_records().await.unwrap(), []);
    keeps(&s, vec![put_link(joined, Some(asked))]).await;
    for n in [1, 2] {
        assert_eq!(s.links_of(hid(n)).await.unwrap(), [joined]);
    }
    // A main record has none, and none goes by way of another.
    for (record, main) in [(1, 3), (3, 2), (1, 2)] {
        let chain = put_link(link(record, main, LinkState::Asked), None);
        refuses(&s, vec![chain], Precondition::Absent).await;
    }
    refuses(&s, vec![put_link(link(404, 1, LinkState::Asked), None)], Precondition::Exists).await;
    rejects(&s, vec![put_link(link(3, 3, LinkState::Asked), None)]).await;
    let second = link(3, 1, LinkState::Joined);
    keeps(&s, vec![put_link(second, None)]).await;
    for n in 1..=3 {
        assert_eq!(s.links_of(hid(n)).await.unwrap(), [joined, second]);
    }
    assert_eq!(s.links_of(hid(4)).await.unwrap(), []);
    assert_eq!(s.joined_records().await.unwrap(), [(hid(2), hid(1)), (hid(3), hid(1))]);
    keeps(&s, vec![Write::EndLink(joined)]).await;
    assert_eq!(s.links_of(hid(2)).await.unwrap(), []);
    assert_eq!(s.joined_records().await.unwrap(), [(hid(3), hid(1))]);
    refuses(&s, vec![Write::EndLink(joined)], Precondition::Stands).await;
}

/// Whatever changes what one of them is assessed from raises the version of all.
pub async fn versions_of_linked_records_rise_together(s: S) {
    for n in 1..=4 {
        with_holder(&s, n).await;
    }
    let versions = async || [version(&s, 1).await, version(&s, 2).await, version(&s, 3).await];
    let (asked, joined) = (link(2, 1, LinkState::Asked), link(2, 1, LinkState::Joined));
    keeps(&s, vec![put_link(asked, None)]).await;
    assert_eq!(versions().await, [1, 1, 0]);
    keeps(&s, vec![add(evidence(1, Some(hid(2)), test_fact()))]).await;
    assert_eq!(versions().await, [2, 2, 0]);
    keeps(&s, vec![put_link(link(3, 1, LinkState::Joined), None)]).await;
    assert_eq!(versions().await, [3, 3, 1]);
    keeps(&s, vec![put_link(joined, Some(asked))]).await;
    keeps(&s, vec![Write::WithdrawEvidence { id: eid(1), at: at(9) }]).await;
    assert_eq!(versions().await, [5, 5, 3]);
    keeps(&s, vec![add(evidence(2, Some(hid(1)), test_fact()))]).await;
    keeps(&s, vec![Write::SupersedeEvidence { id: eid(2), by: eid(9) }]).await;
    assert_eq!(versions().await, [7, 7, 5]);
    // A unit that decided from what one of them was before is refused.
    let old = Write::ExpectEvidenceVersion { holder: hid(3), version: 4 };
    refuses(&s, vec![old], Precondition::EvidenceVersion).await;
    keeps(&s, vec![Write::EndLink(joined)]).await;
    assert_eq!(versions().await, [8, 8, 6]);
    keeps(&s, vec![add(evidence(3, Some(hid(2)), test_fact()))]).await;
    assert_eq!(versions().await, [8, 9, 6]);
    assert_eq!(version(&s, 4).await, 0);
}

/// All that is known of two records, 1 and 2; of 3 and 4, whom they care for or who cares for them.
fn all_of_two() -> Vec<Write> {
    let cares = |person, carer| Write::AddProxy {
        proxy: Proxy {
            person: hid(person),
            carer: hid(carer),
            since: at(carer.cast_signed()),
            child: person == 1,
        },
        most: 9,
    };
    let change = |n: u64, of| {
        Write::AddAccountChange(Box::new(AccountChange {
            id: jadegate_domain::id::ChangeId::from_random(n),
            holder: hid(of),
            at: at(n.cast_signed()),
            event: AccountEvent::PhoneChanged,
            by: ChangedBy::Person,
            carer: None,
            sealed_before: None,
            undone_at: None,
        }))
    };
    let look = |n: i64, of| {
        Write::AddAccess(Access {
            at: at(n),
            holder: hid(of),
            agency: AgencyId::from_random(1),
            staff: Some(staff(1, 1).id),
            purpose: Purpose::ContactTracing,
            what: format!("look {n}"),
        })
    };
    let turned = |secs, of, to| {
        let assessment = assessment(to, None);
        Write::AddColourChange(Box::new(ColourChange {
            holder: hid(of),
            at: at(secs),
            from: None,
            to,
            assessment,
        }))
    };
    let recorded = |n: u64, of, secs| {
        let one =
            evidence(n, Some(hid(of)), Fact::CheckIn { temperature: None, symptoms: Vec::new() });
        add(Evidence { recorded_at: at(secs), ..one })
    };
    vec![
        index(IndexKind::Document, 1, 1),
        index(IndexKind::Document, 2, 2),
        index(IndexKind::Phone, 3, 1),
        index(IndexKind::Phone, 3, 2),
        cares(1, 3),
        cares(2, 3),
        cares(2, 1),
        cares(4, 2),
        change(10, 1),
        change(20, 2),
        look(10, 2),
        look(20, 1),
        turned(30, 1, Colour::Green),
        turned(40, 2, Colour::Red),
        turned(60, 2, Colour::Yellow),
        recorded(1, 1, 10),
        recorded(2, 2, 5),
        put(stored(hid(1), 1, Colour::Red, None)),
        put(stored(hid(2), 1, Colour::Red, None)),
    ]
}

/// Documents, phones and carers of both lead to the main record, and lists are of both.
async fn leads_to_the_main_record(s: &S) {
    for digest in [1, 2] {
        let found = s.indexed_holder(IndexKind::Document, [digest; 16]).await.unwrap();
        assert_eq!(found, Some(hid(1)));
    }
    assert_eq!(s.indexed_holders(IndexKind::Phone, [3; 16]).await.unwrap(), [hid(1)]);
    let leads =
        |n| Write::ExpectIndex { kind: IndexKind::Document, digest: [2; 16], holder: hid(n) };
    let users =
        Write::ExpectIndexed { kind: IndexKind::Phone, digest: [3; 16], holders: vec![hid(1)] };
    keeps(s, vec![leads(1), leads(2), users]).await;
    refuses(s, vec![leads(3)], Precondition::Leads).await;
    // Each once, by the main record; nobody cares for themselves; what was agreed as an adult holds.
    let people = s.people_of(hid(3)).await.unwrap();
    let cared = Proxy { person: hid(1), carer: hid(3), since: at(3), child: false };
    assert_eq!(people, [cared]);
    assert_eq!(s.carers_of(hid(2)).await.unwrap(), [cared]);
    assert_eq!(s.proxy(hid(2), hid(3)).await.unwrap(), Some(cared));
    assert_eq!(
        s.people_of(hid(1)).await.unwrap().iter().map(|p| p.person).collect::<Vec<_>>(),
        [hid(4)]
    );
    assert!(s.proxy(hid(4), hid(1)).await.unwrap().is_some());
    let changes = s.account_changes(hid(1), 9).await.unwrap();
    assert_eq!(changes.iter().map(|c| c.holder).collect::<Vec<_>>(), [hid(2), hid(1)]);
    let looks = s.accesses_of(hid(1), Latest::first(9)).await.unwrap();
    assert_eq!(looks.iter().map(|a| a.at).collect::<Vec<_>>(), [at(20), at(10)]);
    // Its own, and those of the other before.
    let turns = s.colour_changes(hid(1), Latest::first(9)).await.unwrap();
    assert_eq!(turns.iter().map(|c| c.at).collect::<Vec<_>>(), [at(40), at(30)]);
}

/// What is joined is read whole by any of its records, and apart again once it was parted.
pub async fn joined_records_are_read_as_one_person(s: S) {
    for n in 1..=5 {
        with_holder(&s, n).await;
    }
    keeps(&s, all_of_two()).await;
    let read = async |n| {
        let (_, own) = s.evidence_of(hid(n)).await.unwrap().unwrap();
        own.iter().map(|e| e.id.as_i64()).collect::<Vec<_>>()
    };
    let counts = async || s.colour_counts("00ff", 4).await.unwrap().colours;
    let confined = async || {
        let found = s.confined(&"CN-330106".parse().unwrap(), Page::first(9)).await.unwrap();
        found.rows.iter().map(|c| (c.holder.as_i64(), c.last_check_in)).collect::<Vec<_>>()
    };
    let apart = (read(1).await, read(2).await, counts().await, confined().await);
    assert_eq!(apart, (vec![1], vec![2], [0, 0, 2], vec![(1, Some(at(10))), (2, Some(at(5)))]));

    let joined = link(2, 1, LinkState::Joined);
    keeps(&s, vec![put_link(joined, None)]).await;
    assert_eq!((read(1).await, read(2).await), (vec![2, 1], vec![2, 1]), "oldest first");
    assert_eq!((counts().await, confined().await), ([0, 0, 1], vec![(1, Some(at(10)))]));
    leads_to_the_main_record(&s).await;
    for n in [1, 2] {
        let whole = s.record_of(hid(n)).await.unwrap().unwrap();
        assert_eq!((whole.evidence.len(), whole.beside.len()), (2, 0));
        assert_eq!(whole.joined_into, (n == 2).then(|| hid(1)));
        assert_eq!(
            s.evidence_by_holder(Page { after: (n > 1).then(|| hid(n - 1)), limit: 1 })
                .await
                .unwrap()
                .whole,
            [whole]
        );
    }
    keeps(&s, vec![Write::EndProxy { person: hid(1), carer: hid(3) }]).await;
    assert_eq!(s.proxy(hid(2), hid(3)).await.unwrap(), None, "all of it ends");
    let released = Write::Correction(CorrectionWrite::ReleaseIndex {
        kind: IndexKind::Document,
        digest: [2; 16],
        holder: hid(1),
    });
    keeps(&s, vec![released, index(IndexKind::Document, 2, 2)]).await;

    keeps(&s, vec![Write::EndLink(joined)]).await;
    assert_eq!((read(1).await, read(2).await, counts().await, confined().await), apart);
    assert_eq!(s.indexed_holder(IndexKind::Document, [2; 16]).await.unwrap(), Some(hid(2)));
    assert_eq!(s.record_of(hid(404)).await.unwrap(), None);
}

/// Of whom it is not decided, each is read with the evidence of the other beside theirs.
pub async fn what_is_undecided_is_read_side_by_side(s: S) {
    for n in 1..=4 {
        with_holder(&s, n).await;
        keeps(&s, vec![add(evidence(n, Some(hid(n)), test_fact()))]).await;
    }
    let links = [(2, LinkState::Joined), (3, LinkState::Asked), (4, LinkState::Contested)];
    keeps(&s, links.map(|(n, state)| put_link(link(n, 1, state), None)).to_vec()).await;
    let ids = |evidence: &[Evidence]| evidence.iter().map(|e| e.id.as_i64()).collect::<Vec<_>>();
    for (n, own, beside) in [
        (1, vec![1, 2], vec![vec![3], vec![4]]),
        (2, vec![1, 2], vec![vec![3], vec![4]]),
        (3, vec![3], vec![vec![1, 2]]),
        (4, vec![4], vec![vec![1, 2]]),
    ] {
        let whole = s.record_of(hid(n)).await.unwrap().unwrap();
        assert_eq!(ids(&whole.evidence), own, "{n}");
        assert_eq!(whole.beside.iter().map(|b| ids(b)).collect::<Vec<_>>(), beside, "{n}");
        assert_eq!(whole.joined_into, (n == 2).then(|| hid(1)));
    }
    let page = s.evidence_by_holder(Page::first(9)).await.unwrap();
    for whole in page.whole {
        assert_eq!(s.record_of(whole.holder).await.unwrap(), Some(whole));
    }
    // Nothing else is read together before it is decided.
    keeps(&s, vec![Write::AddIndex { kind: IndexKind::Document, digest: [3; 16], holder: hid(3) }])
        .await;
    assert_eq!(s.indexed_holder(IndexKind::Document, [3; 16]).await.unwrap(), Some(hid(3)));
    assert_eq!(s.joined_records().await.unwrap(), [(hid(2), hid(1))]);
}
