//! How people are known: phones and documents, who cares for whom, and what changed.

use jadegate_domain::AgencyId;
use jadegate_domain::id::ChangeId;
use jadegate_domain::record::AccountEvent;

use super::made_up::*;
use crate::{
    AccountChange, ChangedBy, CorrectionWrite, IndexKind, PEOPLE, Precondition, Proxy, Write,
};

fn index(kind: IndexKind, digest: u8, n: u64) -> Write {
    Write::AddIndex { kind, digest: [digest; 16], holder: hid(n) }
}

fn expect(kind: IndexKind, digest: u8, holders: &[u64]) -> Write {
    let holders = holders.iter().copied().map(hid).collect();
    Write::ExpectIndexed { kind, digest: [digest; 16], holders }
}

/// One person, one code: a document leads to one holder.
pub async fn one_document_leads_to_one_holder(s: S) {
    keeps(&s, vec![index(IndexKind::Document, 1, 1), index(IndexKind::Phone, 1, 2)]).await;
    assert_eq!(s.indexed_holder(IndexKind::Document, [1; 16]).await.unwrap(), Some(hid(1)));
    assert_eq!(s.indexed_holder(IndexKind::Phone, [1; 16]).await.unwrap(), Some(hid(2)));
    refuses(&s, vec![index(IndexKind::Document, 1, 3)], Precondition::Absent).await;
    assert_eq!(s.indexed_holder(IndexKind::Document, [1; 16]).await.unwrap(), Some(hid(1)));
    assert_eq!(s.indexed_holder(IndexKind::Document, [2; 16]).await.unwrap(), None);
    // Somebody may have several.
    keeps(&s, vec![index(IndexKind::Document, 3, 1)]).await;
    assert_eq!(s.indexed_holder(IndexKind::Document, [3; 16]).await.unwrap(), Some(hid(1)));
}

/// A phone leads to everybody who uses it, to each once.
pub async fn a_phone_leads_to_all_who_use_it(s: S) {
    use IndexKind::Phone;
    keeps(&s, vec![expect(Phone, 1, &[]), index(Phone, 1, 2)]).await;
    refuses(&s, vec![index(Phone, 1, 2)], Precondition::Absent).await;
    refuses(&s, vec![expect(Phone, 1, &[])], Precondition::Leads).await;
    keeps(&s, vec![expect(Phone, 1, &[2]), index(Phone, 1, 1), expect(Phone, 1, &[1, 2])]).await;
    assert_eq!(s.indexed_holders(Phone, [1; 16]).await.unwrap(), [hid(1), hid(2)]);
    assert_eq!(s.indexed_holder(Phone, [1; 16]).await.unwrap(), None, "of several, none");
    let gone = Write::Correction(CorrectionWrite::ReleaseIndex {
        kind: Phone,
        digest: [1; 16],
        holder: hid(2),
    });
    keeps(&s, vec![gone.clone()]).await;
    refuses(&s, vec![gone], Precondition::Exists).await;
    assert_eq!(s.indexed_holder(Phone, [1; 16]).await.unwrap(), Some(hid(1)));
    assert_eq!(s.indexed_holders(Phone, [2; 16]).await.unwrap(), []);
}

fn proxy(person: u64, carer: u64) -> Proxy {
    Proxy { person: hid(person), carer: hid(carer), since: at(9), child: person == 1 }
}

fn cares(person: u64, carer: u64, most: u32) -> Write {
    Write::AddProxy { proxy: proxy(person, carer), most }
}

/// Who cares for whom is seen from both sides, once each, and no more than the policy's number.
pub async fn a_carer_is_seen_from_both_sides(s: S) {
    for n in 1..=4 {
        with_holder(&s, n).await;
    }
    keeps(&s, vec![cares(1, 4, 2), cares(2, 4, 2), cares(1, 3, 1)]).await;
    refuses(&s, vec![cares(1, 4, 9)], Precondition::Absent).await;
    let full = Precondition::Room { class: PEOPLE, seconds: None };
    refuses(&s, vec![cares(3, 4, 2)], full).await;
    refuses(&s, vec![cares(404, 3, 9)], Precondition::Exists).await;
    rejects(&s, vec![cares(2, 2, 9)]).await;
    assert_eq!(s.people_of(hid(4)).await.unwrap(), [proxy(1, 4), proxy(2, 4)]);
    assert_eq!(s.carers_of(hid(1)).await.unwrap(), [proxy(1, 3), proxy(1, 4)]);
    assert_eq!(s.proxy(hid(1), hid(4)).await.unwrap(), Some(proxy(1, 4)));
    assert_eq!(s.proxy(hid(4), hid(1)).await.unwrap(), None, "not the other way round");
    let end = Write::EndProxy { person: hid(1), carer: hid(4) };
    keeps(&s, vec![end.clone()]).await;
    refuses(&s, vec![end], Precondition::Exists).await;
    assert_eq!(s.people_of(hid(4)).await.unwrap(), [proxy(2, 4)]);
    keeps(&s, vec![cares(3, 4, 2), Write::Shred(hid(2)), Write::Shred(hid(3))]).await;
    assert_eq!(s.people_of(hid(4)).await.unwrap(), []);
    assert_eq!(s.carers_of(hid(1)).await.unwrap(), []);
}

fn change(n: u64, by: ChangedBy) -> AccountChange {
    AccountChange {
        id: ChangeId::from_random(n),
        holder: hid(1),
        at: at(i64::try_from(n).unwrap()),
        event: AccountEvent::PhoneChanged,
        by,
        carer: (n == 2).then(|| hid(7)),
        sealed_before: Some(vec![1, 2]),
        undone_at: None,
    }
}

/// Changes come newest first, are undone once, and keep nothing of what was before once shredded.
pub async fn a_change_of_an_account_is_undone_once(s: S) {
    with_holder(&s, 1).await;
    let staff = ChangedBy::Staff { agency: AgencyId::from_random(1), staff: staff(1, 1).id };
    let all = [change(1, ChangedBy::Person), change(2, ChangedBy::Carer(hid(7))), change(3, staff)];
    let add = |c: &AccountChange| Write::AddAccountChange(Box::new(c.clone()));
    keeps(&s, all.iter().map(add).collect()).await;
    refuses(&s, vec![add(&all[0])], Precondition::Absent).await;
    let [first, second, third] = all;
    assert_eq!(s.account_changes(hid(1), 2).await.unwrap(), [third.clone(), second]);
    assert_eq!(s.account_changes(hid(2), 9).await.unwrap(), []);
    assert_eq!(s.account_change(first.id).await.unwrap(), Some(first));
    let undo = |holder| Write::UndoAccountChange { id: third.id, holder: hid(holder), at: at(9) };
    refuses(&s, vec![undo(2)], Precondition::Exists).await;
    keeps(&s, vec![undo(1)]).await;
    refuses(&s, vec![undo(1)], Precondition::Unused).await;
    let undone = s.account_change(third.id).await.unwrap().unwrap();
    assert_eq!(undone.undone_at, Some(at(9)));
    keeps(&s, vec![Write::Shred(hid(1))]).await;
    let left = s.account_changes(hid(1), 9).await.unwrap();
    assert!(left.len() == 3 && left.iter().all(|c| c.sealed_before.is_none()));
}
