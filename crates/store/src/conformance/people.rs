//! Holders, their vault, one-time codes, sessions.

use jadegate_domain::GateId;
use jadegate_domain::id::{ChallengeId, CorrectionId, InvitationId};

use super::made_up::*;
use crate::{
    ChallengeUse, ChallengeWrite, Correction, CorrectionState, CorrectionWrite, IndexKind,
    Invitation, InvitationUse, OutboxMessage, OutboxState, Page, Precondition, SealedField,
    Session, SessionSubject, VaultKey, Write,
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

async fn messages(s: &S) -> Vec<ChallengeId> {
    s.newest_messages(9).await.unwrap().iter().map(|m| m.challenge).collect()
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

/// After shredding neither key, field, index, session nor message leads to the person; others and
/// the pseudonymous record stay.
pub async fn shredding_leaves_no_way_to_the_person(s: S) {
    for n in [1_u8, 2] {
        let id = u64::from(n);
        let sign_in = challenge(id, Some(ChallengeUse::SignIn(hid(id))));
        keeps(
            &s,
            vec![
                Write::AddHolder(holder(id)),
                Write::AddVaultKey(key(id)),
                Write::AddSealedField(field(id, "name", 1)),
                index(IndexKind::Document, n, id),
                index(IndexKind::Phone, n, id),
                Write::Challenge(ChallengeWrite::Add(Box::new(sign_in))),
                Write::AddOutbox(message(id)),
                Write::AddSession(session(n, SessionSubject::Holder(hid(id)))),
                Write::AddSession(session(n + 100, SessionSubject::Device(hid(id)))),
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
    assert!(s.session([101; 32], at(1)).await.unwrap().is_none());
    assert!(s.session([102; 32], at(1)).await.unwrap().is_some());
    assert!(s.challenge(ChallengeId::from_random(1)).await.unwrap().is_none());
    assert!(!messages(&s).await.contains(&ChallengeId::from_random(1)));
    assert!(s.holder(hid(1)).await.unwrap().is_some());
    assert_eq!(s.evidence_of(hid(1)).await.unwrap().unwrap().1.len(), 1);

    assert!(s.vault_key(hid(2)).await.unwrap().is_some());
    assert_eq!(s.sealed_fields(hid(2)).await.unwrap().len(), 1);
    assert!(s.session([2; 32], at(1)).await.unwrap().is_some());
    assert!(s.session([77; 32], at(1)).await.unwrap().is_some());
    assert!(messages(&s).await.contains(&ChallengeId::from_random(2)));
    // The digests are free again, and shredding twice or shredding nobody is no error.
    keeps(&s, vec![index(IndexKind::Document, 1, 3)]).await;
    keeps(&s, vec![Write::Shred(hid(1)), Write::Shred(hid(404))]).await;
    assert_eq!(s.indexed_holder(IndexKind::Document, [1; 16]).await.unwrap(), Some(hid(3)));
}

/// A right answer works once; every answer is counted until then.
pub async fn a_challenge_is_read_back_and_used_once(s: S) {
    let id = ChallengeId::from_random(1);
    for (n, used_for) in [
        Some(ChallengeUse::Register),
        Some(ChallengeUse::SignIn(hid(5))),
        Some(ChallengeUse::Phone),
        Some(ChallengeUse::Nothing),
        None,
    ]
    .into_iter()
    .enumerate()
    {
        let c = challenge(u64::try_from(n).unwrap() + 1, used_for);
        keeps(&s, vec![Write::Challenge(ChallengeWrite::Add(Box::new(c.clone())))]).await;
        assert_eq!(s.challenge(c.id).await.unwrap(), Some(c.clone()));
        refuses(&s, vec![Write::Challenge(ChallengeWrite::Add(Box::new(c)))], Precondition::Absent)
            .await;
    }
    let count = |id| Write::Challenge(ChallengeWrite::CountTry { id, max_tries: 5 });
    keeps(&s, vec![count(id)]).await;
    keeps(&s, vec![count(id)]).await;
    assert_eq!(s.challenge(id).await.unwrap().unwrap().tries, 2);
    keeps(&s, vec![Write::Challenge(ChallengeWrite::Use { id, at: at(10) })]).await;
    assert_eq!(s.challenge(id).await.unwrap().unwrap().used_at, Some(at(10)));
    refuses(
        &s,
        vec![Write::Challenge(ChallengeWrite::Use { id, at: at(11) })],
        Precondition::Unused,
    )
    .await;
    refuses(&s, vec![count(id)], Precondition::Unused).await;
    let nobody = ChallengeId::from_random(404);
    refuses(&s, vec![count(nobody)], Precondition::Exists).await;
    let missing = Write::Challenge(ChallengeWrite::Use { id: nobody, at: at(1) });
    refuses(&s, vec![missing], Precondition::Exists).await;
}

/// A challenge works before its end and is tried no more often than its tries, however many try at
/// once.
pub async fn a_challenge_out_of_time_or_tries_is_refused(s: S) {
    let id = ChallengeId::from_random(1);
    let c = challenge(1, Some(ChallengeUse::Register));
    keeps(&s, vec![Write::Challenge(ChallengeWrite::Add(Box::new(c)))]).await;
    refuses(
        &s,
        vec![Write::Challenge(ChallengeWrite::Use { id, at: at(300) })],
        Precondition::Unused,
    )
    .await;
    let tries: Vec<_> = (0..12)
        .map(|_| {
            let s = std::sync::Arc::clone(&s);
            let unit = crate::Unit::new(
                "guess",
                vec![Write::Challenge(ChallengeWrite::CountTry { id, max_tries: 3 })],
            );
            tokio::spawn(async move { s.commit(unit).await.is_ok() })
        })
        .collect();
    let mut counted = 0;
    for one in tries {
        counted += u32::from(one.await.unwrap());
    }
    assert_eq!((counted, s.challenge(id).await.unwrap().unwrap().tries), (3, 3));
    refuses(
        &s,
        vec![Write::Challenge(ChallengeWrite::CountTry { id, max_tries: 3 })],
        Precondition::Unused,
    )
    .await;
    keeps(&s, vec![Write::Challenge(ChallengeWrite::Use { id, at: at(299) })]).await;
}

/// Where a challenge leads is said once; those that wait for it come oldest first.
pub async fn where_a_challenge_leads_is_said_once(s: S) {
    let made = |n, created| crate::Challenge { created_at: at(created), ..challenge(n, None) };
    let (a, b) = (made(1, 20), made(2, 10));
    let done = challenge(3, Some(ChallengeUse::Nothing));
    for c in [&a, &b, &done] {
        keeps(&s, vec![Write::Challenge(ChallengeWrite::Add(Box::new(c.clone())))]).await;
    }
    assert_eq!(s.unrouted_challenges(at(0), 9).await.unwrap(), [b.clone(), a.clone()]);
    assert_eq!(s.unrouted_challenges(at(0), 1).await.unwrap(), std::slice::from_ref(&b));
    assert_eq!(s.unrouted_challenges(at(300), 9).await.unwrap(), []);
    let route = crate::Route { lane: [1; 16], used_for: ChallengeUse::SignIn(hid(9)) };
    let say = |id| Write::Challenge(ChallengeWrite::Route { id, route });
    keeps(&s, vec![say(a.id)]).await;
    assert_eq!(s.challenge(a.id).await.unwrap().unwrap().route, Some(route));
    assert_eq!(s.unrouted_challenges(at(0), 9).await.unwrap(), [b]);
    for spent in [a.id, done.id] {
        refuses(&s, vec![say(spent)], Precondition::Unused).await;
    }
    refuses(&s, vec![say(ChallengeId::from_random(404))], Precondition::Exists).await;
}

/// The codes of a lane are there until they expire or are used, newest first.
pub async fn a_code_is_good_for_its_lane_until_used(s: S) {
    let long =
        crate::PhoneCode { digits: 10, created_at: at(5), expires_at: at(900), ..code(2, 1) };
    let codes = [code(1, 1), long, code(3, 2)];
    for c in codes {
        keeps(&s, vec![Write::Challenge(ChallengeWrite::AddCode(c))]).await;
        refuses(&s, vec![Write::Challenge(ChallengeWrite::AddCode(c))], Precondition::Absent).await;
    }
    assert_eq!(s.phone_codes([1; 16], at(299)).await.unwrap(), [long, codes[0]]);
    assert_eq!(s.phone_codes([1; 16], at(300)).await.unwrap(), [long]);
    refuses(
        &s,
        vec![Write::Challenge(ChallengeWrite::UseCode { id: codes[0].id, at: at(300) })],
        Precondition::Unused,
    )
    .await;
    keeps(&s, vec![Write::Challenge(ChallengeWrite::UseCode { id: long.id, at: at(20) })]).await;
    refuses(
        &s,
        vec![Write::Challenge(ChallengeWrite::UseCode { id: long.id, at: at(20) })],
        Precondition::Unused,
    )
    .await;
    assert_eq!(s.phone_codes([1; 16], at(20)).await.unwrap(), [codes[0]]);
    assert_eq!(s.phone_codes([2; 16], at(20)).await.unwrap(), [codes[2]]);
    let nothing = Write::Challenge(ChallengeWrite::UseCode { id: code(404, 1).id, at: at(1) });
    refuses(&s, vec![nothing], Precondition::Exists).await;
}

/// Sessions are listed by subject, seen by day, and ended all at once with the trusted devices.
pub async fn sessions_are_listed_and_ended_everywhere(s: S) {
    let (holder, device) = (SessionSubject::Holder(hid(1)), SessionSubject::Device(hid(1)));
    let newer = Session { created_at: at(9), ..session(2, holder) };
    let others =
        [session(4, SessionSubject::Holder(hid(2))), session(5, SessionSubject::Device(hid(2)))];
    for one in [session(1, holder), newer.clone(), session(3, device)].iter().chain(&others) {
        keeps(&s, vec![Write::AddSession(one.clone())]).await;
    }
    assert_eq!(s.sessions_of(holder, at(999)).await.unwrap(), [newer, session(1, holder)]);
    assert_eq!(s.sessions_of(device, at(1)).await.unwrap(), [session(3, device)]);
    assert_eq!(s.sessions_of(holder, at(1_000)).await.unwrap(), []);
    let see = |n: u8, day| Write::SeeSession { token_digest: [n; 32], day };
    keeps(&s, vec![see(1, DAY0 + 3), see(1, DAY0 + 1), see(99, DAY0)]).await;
    assert_eq!(s.session([1; 32], at(1)).await.unwrap().unwrap().seen_day, DAY0 + 3);
    keeps(&s, vec![Write::EndSessionsOf(holder)]).await;
    for ended in [1_u8, 2, 3] {
        assert_eq!(s.session([ended; 32], at(1)).await.unwrap(), None);
    }
    for (n, other) in [4_u8, 5].into_iter().zip(others) {
        assert_eq!(s.session([n; 32], at(1)).await.unwrap(), Some(other));
    }
}

/// A document is released from the account that has it, once, and can then be taken by another.
pub async fn a_correction_is_decided_once_and_in_time(s: S) {
    let made = |n: u64, holder: u64| Correction {
        id: CorrectionId::from_random(n),
        holder: hid(holder),
        document: [1; 16],
        reason: "made up".to_owned(),
        opened_by: jadegate_domain::StaffId::from_random(1),
        opened_at: at(i64::try_from(n).unwrap()),
        expires_at: at(100),
        state: CorrectionState::Waiting,
        decided_by: None,
        decided_at: None,
    };
    let add = |c: Correction| Write::Correction(CorrectionWrite::Add(Box::new(c)));
    keeps(&s, vec![add(made(1, 1)), add(made(2, 2))]).await;
    refuses(&s, vec![add(made(1, 3))], Precondition::Absent).await;
    refuses(&s, vec![add(made(3, 1))], Precondition::Absent).await;
    assert_eq!(s.correction(made(1, 1).id).await.unwrap(), Some(made(1, 1)));
    // Whoever acts where it was begun, around it or within it is asked; nobody else.
    keeps(&s, vec![Write::AddAgency(agency(1))]).await;
    let first = jadegate_domain::Staff { region: "CN-3301".parse().unwrap(), ..staff(1, 1) };
    keeps(&s, vec![Write::AddStaff(first)]).await;
    let waiting = async |near: &str, now| {
        s.waiting_corrections(&near.parse().unwrap(), at(now)).await.unwrap()
    };
    for near in ["CN", "CN-33", "CN-3301", "CN-330106"] {
        assert_eq!(waiting(near, 99).await, [made(1, 1), made(2, 2)], "{near}");
    }
    for far in ["CN-3302", "CN-11", "US", "US-NY"] {
        assert_eq!(waiting(far, 99).await, [], "{far}");
    }
    let ended = async |near: &str, since, now, limit| {
        let near = near.parse().unwrap();
        s.ended_corrections(&near, at(since), at(now), limit).await.unwrap()
    };
    assert_eq!(ended("CN-33", 0, 99, 9).await, []);
    // One that has expired waits no more.
    assert_eq!(waiting("CN-33", 100).await, []);
    assert_eq!(ended("CN-33", 0, 100, 9).await, [made(2, 2), made(1, 1)]);
    assert_eq!(ended("CN-33", 0, 100, 1).await, [made(2, 2)]);
    assert_eq!(ended("CN-33", 2, 100, 9).await, [made(2, 2)]);
    assert_eq!(ended("CN-11", 0, 100, 9).await, []);
    let by = jadegate_domain::StaffId::from_random(2);
    let decide = |n, confirmed, secs| {
        Write::Correction(CorrectionWrite::Decide {
            id: CorrectionId::from_random(n),
            confirmed,
            by,
            at: at(secs),
        })
    };
    refuses(&s, vec![decide(1, true, 100)], Precondition::Unused).await;
    keeps(&s, vec![decide(1, true, 99), decide(2, false, 99)]).await;
    refuses(&s, vec![decide(1, false, 99)], Precondition::Unused).await;
    assert_eq!(ended("CN-33", 0, 99, 9).await.len(), 2);
    let confirmed = async |since, page| s.confirmed_corrections(at(since), page).await.unwrap();
    let found = confirmed(0, Page::first(9)).await;
    assert_eq!(found.iter().map(|c| c.id).collect::<Vec<_>>(), [made(1, 1).id]);
    assert_eq!(confirmed(2, Page::first(9)).await, []);
    assert_eq!(confirmed(0, Page { after: Some(made(1, 1).id), limit: 9 }).await, []);
    refuses(&s, vec![decide(404, true, 1)], Precondition::Exists).await;
    let one = s.correction(made(1, 1).id).await.unwrap().unwrap();
    assert_eq!((one.state, one.decided_by), (CorrectionState::Confirmed, Some(by)));
    assert_eq!(one.decided_at, Some(at(99)));
    let two = s.correction(made(2, 2).id).await.unwrap().unwrap();
    assert_eq!(two.state, CorrectionState::Refused);
    // Decided, so another may wait for the same account; and when that has expired, one more.
    keeps(&s, vec![add(made(3, 1))]).await;
    let later = |secs| Correction { opened_at: at(secs), ..made(4, 1) };
    refuses(&s, vec![add(later(99))], Precondition::Absent).await;
    keeps(&s, vec![add(later(100))]).await;
    let lapsed = s.correction(made(3, 1).id).await.unwrap().unwrap();
    assert_eq!((lapsed.state, lapsed.decided_by), (CorrectionState::Refused, None));

    keeps(&s, vec![index(IndexKind::Document, 1, 1)]).await;
    let release = |n| {
        Write::Correction(CorrectionWrite::ReleaseIndex {
            kind: IndexKind::Document,
            digest: [1; 16],
            holder: hid(n),
        })
    };
    refuses(&s, vec![release(2)], Precondition::Exists).await;
    keeps(&s, vec![release(1), index(IndexKind::Document, 1, 2)]).await;
    assert_eq!(s.indexed_holder(IndexKind::Document, [1; 16]).await.unwrap(), Some(hid(2)));
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
        assert!(s.newest_messages(9).await.unwrap().contains(m));
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
    let newest = [given_up.clone(), sent.clone(), later];
    assert_eq!(s.newest_messages(10).await.unwrap(), newest);
    refuses(&s, vec![Write::UpdateOutbox(message(404))], Precondition::Exists).await;
    // What was sent or given up is not made to wait again.
    let waits = OutboxMessage { state: OutboxState::Waiting, ..sent.clone() };
    refuses(&s, vec![update(&waits)], Precondition::Stands).await;
    refuses(&s, vec![update(&given_up)], Precondition::Stands).await;
}

/// Whom a document was taken from does not register it again, by nothing they were known by, until a
/// counter lifts it; nobody else is concerned.
pub async fn a_document_is_barred_to_whom_it_was_taken_from(s: S) {
    let expect = |document: u8, marks: &[u8]| {
        let marks = marks.iter().map(|m| [*m; 16]).collect();
        vec![Write::Correction(CorrectionWrite::ExpectUnbarred { document: [document; 16], marks })]
    };
    let bar = |account: u8, marks: &[u8]| {
        let marks = marks.iter().map(|m| [*m; 16]).collect();
        let (document, account) = ([1; 16], [account; 16]);
        vec![Write::Correction(CorrectionWrite::BarDocument(Box::new(crate::DocumentBar {
            document,
            account,
            marks,
            at: at(5),
        })))]
    };
    let lift = |mark: u8| {
        vec![Write::Correction(CorrectionWrite::LiftBar { document: [1; 16], mark: [mark; 16] })]
    };
    keeps(&s, expect(1, &[10, 11, 12])).await;
    keeps(&s, bar(10, &[11, 12])).await;
    keeps(&s, bar(10, &[11])).await;
    keeps(&s, bar(20, &[21, 12])).await;
    for mark in [10, 11, 12, 20, 21] {
        refuses(&s, expect(1, &[99, mark]), Precondition::Unbarred).await;
        keeps(&s, expect(2, &[mark])).await;
    }
    keeps(&s, expect(1, &[])).await;
    keeps(&s, lift(11)).await;
    keeps(&s, expect(1, &[10, 11])).await;
    // The other account was known by the same device.
    refuses(&s, expect(1, &[12]), Precondition::Unbarred).await;
    refuses(&s, lift(11), Precondition::Exists).await;
    keeps(&s, lift(21)).await;
    keeps(&s, expect(1, &[12, 20, 21])).await;
}

/// A session lives until its end or until it is ended.
pub async fn a_session_ends_by_time_or_by_hand(s: S) {
    let subjects = [
        SessionSubject::Holder(hid(1)),
        SessionSubject::Staff(jadegate_domain::StaffId::from_random(1)),
        SessionSubject::Gate(jadegate_domain::GateId::from_random(1)),
        SessionSubject::Device(hid(1)),
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
        let register = challenge(id, Some(ChallengeUse::Register));
        writes.extend([
            Write::Challenge(ChallengeWrite::Add(Box::new(crate::Challenge {
                expires_at,
                ..register
            }))),
            Write::AddOutbox(message(id)),
            Write::Challenge(ChallengeWrite::AddCode(crate::PhoneCode {
                expires_at,
                ..code(id, n)
            })),
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
    assert_eq!(s.purge_expired(at(199)).await.unwrap(), 5);
    assert!(s.challenge(ChallengeId::from_random(1)).await.unwrap().is_none());
    assert!(!messages(&s).await.contains(&ChallengeId::from_random(1)));
    assert!(s.session([1; 32], at(1)).await.unwrap().is_none());
    assert!(s.invitation([1; 32]).await.unwrap().is_none());
    assert!(s.challenge(ChallengeId::from_random(2)).await.unwrap().is_some());
    assert!(messages(&s).await.contains(&ChallengeId::from_random(2)));
    assert!(s.session([2; 32], at(1)).await.unwrap().is_some());
    assert!(s.invitation([2; 32]).await.unwrap().is_some());
    assert_eq!(s.purge_expired(at(200)).await.unwrap(), 5);
}
