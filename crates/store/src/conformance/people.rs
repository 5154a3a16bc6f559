//! Holders, their vault, one-time codes, sessions.

use jadegate_domain::id::{ChallengeId, InvitationId};
use jadegate_domain::{GateId, Timestamp};

use super::made_up::*;
use crate::{
    ChallengeUse, IndexKind, Invitation, InvitationUse, OutboxMessage, OutboxState, Page,
    Precondition, SealedField, Session, SessionSubject, VaultKey, Write,
};

fn key(n: u64) -> VaultKey {
    VaultKey { holder: hid(n), wrapped: vec![1, 2, 3, 0, 255], kek: "kek-made-up".to_owned() }
}

fn field(n: u64, column: &str, version: i64) -> SealedField {
    SealedField {
        holder: hid(n),
        column: column.to_owned(),
        version,
        sealed: vec![u8::try_from(version).unwrap(); 3],
        recorded_at: at(version),
    }
}

fn index(kind: IndexKind, digest: u8, n: u64) -> Write {
    Write::AddIndex { kind, digest: [digest; 16], holder: hid(n) }
}

/// A holder is what was written; a second one under the id is refused.
pub async fn a_new_holder_is_read_back_and_the_id_is_taken(s: S) {
    let mut h = holder_in(1, "US-NY");
    h.evidence_version = 5;
    keeps(&s, vec![Write::AddHolder(h.clone())]).await;
    assert_eq!(s.holder(hid(1)).await.unwrap(), Some(h.clone()));
    refuses(&s, vec![Write::AddHolder(holder(1))], Precondition::Absent).await;
    assert_eq!(s.holder(hid(1)).await.unwrap(), Some(h));
    // The largest id there is.
    keeps(&s, vec![Write::AddHolder(holder(u64::MAX))]).await;
    assert!(s.holder(hid(u64::MAX)).await.unwrap().is_some());
}

/// Paging by the last id seen reaches everybody once, in order.
pub async fn holders_come_in_pages_by_id(s: S) {
    let writes = [9, 3, 7, 1, 5].map(|n| Write::AddHolder(holder(n)));
    keeps(&s, writes.into()).await;
    let mut page = Page::first(2);
    let mut seen = Vec::new();
    loop {
        let part = s.holders(page).await.unwrap();
        assert!(part.len() <= 2);
        let Some(last) = part.last() else { break };
        page.after = Some(last.id);
        seen.extend(part.iter().map(|h| h.id));
    }
    assert_eq!(seen, [1, 3, 5, 7, 9].map(hid));
}

/// A holder has one data key.
pub async fn a_vault_key_is_made_once(s: S) {
    keeps(&s, vec![Write::AddHolder(holder(1)), Write::AddVaultKey(key(1))]).await;
    assert!(s.vault_key(hid(1)).await.unwrap() == Some(key(1)));
    let other = VaultKey { wrapped: vec![9], ..key(1) };
    refuses(&s, vec![Write::AddVaultKey(other)], Precondition::Absent).await;
    assert!(s.vault_key(hid(1)).await.unwrap() == Some(key(1)));
}

/// Older versions stay, the newest is read; a version is written once.
pub async fn the_newest_version_of_each_sealed_field_is_read(s: S) {
    with_holder(&s, 1).await;
    let add = |c, v| Write::AddSealedField(field(1, c, v));
    keeps(&s, vec![add("phone", 1), add("name", 2), add("name", 1), add("name", 10)]).await;
    keeps(&s, vec![Write::AddSealedField(field(2, "name", 99))]).await;
    assert_eq!(
        s.sealed_fields(hid(1)).await.unwrap(),
        [field(1, "name", 10), field(1, "phone", 1)]
    );
    refuses(&s, vec![add("name", 2)], Precondition::Absent).await;
}

/// One person, one code: a digest leads to one holder.
pub async fn one_document_or_phone_leads_to_one_holder(s: S) {
    keeps(&s, vec![index(IndexKind::Document, 1, 1), index(IndexKind::Phone, 1, 2)]).await;
    assert_eq!(s.indexed_holder(IndexKind::Document, [1; 16]).await.unwrap(), Some(hid(1)));
    assert_eq!(s.indexed_holder(IndexKind::Phone, [1; 16]).await.unwrap(), Some(hid(2)));
    refuses(&s, vec![index(IndexKind::Document, 1, 3)], Precondition::Absent).await;
    assert_eq!(s.indexed_holder(IndexKind::Document, [1; 16]).await.unwrap(), Some(hid(1)));
    assert_eq!(s.indexed_holder(IndexKind::Document, [2; 16]).await.unwrap(), None);
}

/// After shredding neither key, field, index, session nor message leads to the person; others and
/// the pseudonymous record stay.
pub async fn shredding_leaves_no_way_to_the_person(s: S) {
    for n in [1_u8, 2] {
        let id = u64::from(n);
        let sign_in = challenge(id, ChallengeUse::SignIn(hid(id)));
        keeps(
            &s,
            vec![
                Write::AddHolder(holder(id)),
                Write::AddVaultKey(key(id)),
                Write::AddSealedField(field(id, "name", 1)),
                index(IndexKind::Document, n, id),
                index(IndexKind::Phone, n, id),
                Write::AddChallenge(Box::new(sign_in)),
                Write::AddOutbox(message(id)),
                Write::AddSession(session(n, SessionSubject::Holder(hid(id)))),
                add(evidence(id, Some(hid(id)), test_fact())),
            ],
        )
        .await;
    }
    // A gate whose number is the holder's is not the holder.
    let gate = SessionSubject::Gate(jadegate_domain::GateId::from_random(1));
    keeps(&s, vec![Write::AddSession(session(77, gate))]).await;
    keeps(&s, vec![Write::Shred(hid(1))]).await;

    assert!(s.vault_key(hid(1)).await.unwrap().is_none());
    assert!(s.sealed_fields(hid(1)).await.unwrap().is_empty());
    for kind in [IndexKind::Document, IndexKind::Phone] {
        assert_eq!(s.indexed_holder(kind, [1; 16]).await.unwrap(), None);
        assert_eq!(s.indexed_holder(kind, [2; 16]).await.unwrap(), Some(hid(2)));
    }
    assert!(s.session([1; 32], at(1)).await.unwrap().is_none());
    assert!(s.challenge(ChallengeId::from_random(1)).await.unwrap().is_none());
    assert!(s.outbox_message(ChallengeId::from_random(1)).await.unwrap().is_none());
    assert!(s.holder(hid(1)).await.unwrap().is_some());
    assert_eq!(s.evidence_of(hid(1)).await.unwrap().unwrap().1.len(), 1);

    assert!(s.vault_key(hid(2)).await.unwrap().is_some());
    assert_eq!(s.sealed_fields(hid(2)).await.unwrap().len(), 1);
    assert!(s.session([2; 32], at(1)).await.unwrap().is_some());
    assert!(s.session([77; 32], at(1)).await.unwrap().is_some());
    assert!(s.outbox_message(ChallengeId::from_random(2)).await.unwrap().is_some());
    // The digests are free again, and shredding twice or shredding nobody is no error.
    keeps(&s, vec![index(IndexKind::Document, 1, 3)]).await;
    keeps(&s, vec![Write::Shred(hid(1)), Write::Shred(hid(404))]).await;
    assert_eq!(s.indexed_holder(IndexKind::Document, [1; 16]).await.unwrap(), Some(hid(3)));
}

/// A right answer works once; wrong ones are counted until then.
pub async fn a_challenge_is_read_back_and_used_once(s: S) {
    let id = ChallengeId::from_random(1);
    for (n, used_for) in
        [ChallengeUse::Register, ChallengeUse::SignIn(hid(5)), ChallengeUse::Nothing]
            .into_iter()
            .enumerate()
    {
        let c = challenge(u64::try_from(n).unwrap() + 1, used_for);
        keeps(&s, vec![Write::AddChallenge(Box::new(c.clone()))]).await;
        assert_eq!(s.challenge(c.id).await.unwrap(), Some(c.clone()));
        refuses(&s, vec![Write::AddChallenge(Box::new(c))], Precondition::Absent).await;
    }
    keeps(&s, vec![Write::CountTry(id)]).await;
    keeps(&s, vec![Write::CountTry(id)]).await;
    assert_eq!(s.challenge(id).await.unwrap().unwrap().tries, 2);
    keeps(&s, vec![Write::UseChallenge { id, at: at(10), max_tries: 3 }]).await;
    assert_eq!(s.challenge(id).await.unwrap().unwrap().used_at, Some(at(10)));
    let again = Write::UseChallenge { id, at: at(11), max_tries: 3 };
    refuses(&s, vec![again], Precondition::Unused).await;
    refuses(&s, vec![Write::CountTry(id)], Precondition::Unused).await;
    let nobody = ChallengeId::from_random(404);
    refuses(&s, vec![Write::CountTry(nobody)], Precondition::Exists).await;
    let missing = Write::UseChallenge { id: nobody, at: at(1), max_tries: 3 };
    refuses(&s, vec![missing], Precondition::Exists).await;
}

/// A challenge works before its end and below its tries, not at them.
pub async fn a_challenge_out_of_time_or_tries_is_refused(s: S) {
    let id = ChallengeId::from_random(1);
    keeps(&s, vec![Write::AddChallenge(Box::new(challenge(1, ChallengeUse::Register)))]).await;
    let at_end = Write::UseChallenge { id, at: at(300), max_tries: 3 };
    refuses(&s, vec![at_end], Precondition::Unused).await;
    keeps(&s, vec![Write::CountTry(id), Write::CountTry(id)]).await;
    let out_of_tries = Write::UseChallenge { id, at: at(299), max_tries: 2 };
    refuses(&s, vec![out_of_tries], Precondition::Unused).await;
    keeps(&s, vec![Write::UseChallenge { id, at: at(299), max_tries: 3 }]).await;
}

/// Limits count by phone and by client, from a moment on.
pub async fn challenges_are_counted_per_phone_and_client(s: S) {
    for (n, phone, client, created) in [(1, 1, 1, 30), (2, 1, 2, 10), (3, 2, 1, 20), (4, 1, 1, 20)]
    {
        let mut c = challenge(n, ChallengeUse::Nothing);
        c.phone_digest = [phone; 16];
        c.client_digest = [client; 16];
        c.created_at = at(created);
        keeps(&s, vec![Write::AddChallenge(Box::new(c))]).await;
    }
    let phone = async |p: u8, since| s.challenges_for_phone([p; 16], at(since)).await.unwrap();
    assert_eq!(phone(1, 0).await, [at(10), at(20), at(30)]);
    assert_eq!(phone(1, 20).await, [at(20), at(30)]);
    assert_eq!(phone(3, 0).await, [] as [Timestamp; 0]);
    let client = async |c: u8, since| s.challenges_for_client([c; 16], at(since)).await.unwrap();
    assert_eq!((client(1, 0).await, client(1, 21).await, client(3, 0).await), (3, 1, 0));
}

/// Waiting messages come when due, oldest first; the outbox shows all, newest first.
pub async fn messages_wait_until_due_oldest_first(s: S) {
    let made = |n, created, next| OutboxMessage {
        created_at: at(created),
        next_try_at: at(next),
        ..message(n)
    };
    let (a, b, c) = (made(1, 20, 20), made(2, 10, 50), made(3, 15, 15));
    for m in [&a, &b, &c] {
        keeps(&s, vec![Write::AddOutbox(m.clone())]).await;
        assert_eq!(s.outbox_message(m.challenge).await.unwrap().as_ref(), Some(m));
        refuses(&s, vec![Write::AddOutbox(m.clone())], Precondition::Absent).await;
    }
    assert_eq!(s.due_messages(at(20), 10).await.unwrap(), [c.clone(), a.clone()]);
    assert_eq!(s.due_messages(at(50), 2).await.unwrap(), [b.clone(), c.clone()]);
    assert_eq!(s.newest_messages(2).await.unwrap(), [a.clone(), c.clone()]);

    let sent =
        OutboxMessage { state: OutboxState::Sent, attempts: 2, sealed: Vec::new(), ..c.clone() };
    let given_up = OutboxMessage { state: OutboxState::GivenUp, ..a };
    let later = OutboxMessage { next_try_at: at(60), ..b };
    let update = |m: &OutboxMessage| Write::UpdateOutbox(m.clone());
    keeps(&s, vec![update(&sent), update(&given_up), update(&later)]).await;
    assert_eq!(s.due_messages(at(59), 10).await.unwrap(), []);
    assert_eq!(s.due_messages(at(60), 10).await.unwrap(), std::slice::from_ref(&later));
    assert_eq!(s.newest_messages(10).await.unwrap(), [given_up, sent, later]);
    refuses(&s, vec![Write::UpdateOutbox(message(404))], Precondition::Exists).await;
}

/// A session lives until its end or until it is ended.
pub async fn a_session_ends_by_time_or_by_hand(s: S) {
    let subjects = [
        SessionSubject::Holder(hid(1)),
        SessionSubject::Staff(jadegate_domain::StaffId::from_random(1)),
        SessionSubject::Gate(jadegate_domain::GateId::from_random(1)),
    ];
    for (n, subject) in (1..).zip(subjects) {
        keeps(&s, vec![Write::AddSession(session(n, subject))]).await;
        assert_eq!(s.session([n; 32], at(999)).await.unwrap(), Some(session(n, subject)));
        assert_eq!(s.session([n; 32], at(1_000)).await.unwrap(), None);
        refuses(&s, vec![Write::AddSession(session(n, subject))], Precondition::Absent).await;
    }
    keeps(&s, vec![Write::EndSession([1; 32])]).await;
    assert_eq!(s.session([1; 32], at(1)).await.unwrap(), None);
    assert!(s.session([2; 32], at(1)).await.unwrap().is_some());
    keeps(&s, vec![Write::EndSession([1; 32])]).await;
}

/// A nonce is used once; its unit leaves nothing the second time, and a purge forgets it.
pub async fn a_nonce_is_used_once(s: S) {
    let used = |n: u8| Write::UseNonce { digest: [n; 32], expires_at: at(100) };
    let sign_in = |n: u8| {
        vec![used(1), Write::AddSession(session(n, SessionSubject::Gate(GateId::from_random(1))))]
    };
    keeps(&s, sign_in(1)).await;
    refuses(&s, sign_in(2), Precondition::Unused).await;
    assert!(s.session([2; 32], at(1)).await.unwrap().is_none());
    keeps(&s, vec![used(2)]).await;
    assert_eq!(s.purge_expired(at(99)).await.unwrap(), 0);
    refuses(&s, vec![used(1)], Precondition::Unused).await;
    assert_eq!(s.purge_expired(at(100)).await.unwrap(), 2);
    keeps(&s, vec![used(1)]).await;
}

/// Expired codes, messages, sessions and links go; what still works stays.
pub async fn what_has_expired_is_purged(s: S) {
    let mut writes = Vec::new();
    for n in [1_u8, 2] {
        let id = u64::from(n);
        let expires_at = at(i64::from(n) * 100);
        let register = challenge(id, ChallengeUse::Register);
        writes.extend([
            Write::AddChallenge(Box::new(crate::Challenge { expires_at, ..register })),
            Write::AddOutbox(message(id)),
            Write::AddSession(Session {
                expires_at,
                ..session(n, SessionSubject::Holder(hid(id)))
            }),
            Write::AddInvitation(Invitation {
                id: InvitationId::from_random(id),
                token_digest: [n; 32],
                used_for: InvitationUse::Gate {
                    place: jadegate_domain::PlaceId::from_random(1),
                    by: None,
                },
                created_at: at(0),
                expires_at,
                used_at: None,
            }),
        ]);
    }
    keeps(&s, writes).await;
    assert_eq!(s.purge_expired(at(99)).await.unwrap(), 0);
    assert_eq!(s.purge_expired(at(199)).await.unwrap(), 4);
    assert!(s.challenge(ChallengeId::from_random(1)).await.unwrap().is_none());
    assert!(s.outbox_message(ChallengeId::from_random(1)).await.unwrap().is_none());
    assert!(s.session([1; 32], at(1)).await.unwrap().is_none());
    assert!(s.invitation([1; 32]).await.unwrap().is_none());
    assert!(s.challenge(ChallengeId::from_random(2)).await.unwrap().is_some());
    assert!(s.outbox_message(ChallengeId::from_random(2)).await.unwrap().is_some());
    assert!(s.session([2; 32], at(1)).await.unwrap().is_some());
    assert!(s.invitation([2; 32]).await.unwrap().is_some());
    assert_eq!(s.purge_expired(at(200)).await.unwrap(), 4);
}
