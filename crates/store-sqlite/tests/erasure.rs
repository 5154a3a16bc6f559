//! What is erased is in no file of the database any more.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

mod common;

use common::{DAY, Place, at, evidence, hid, holder, keeps, ride, visit};
use jadegate_domain::id::ChallengeId;
use jadegate_store::{
    AccountStore, ChallengeWrite, IndexKind, OutboxMessage, OutboxState, SealedField, Session,
    SessionSubject, Store, VaultKey, Write,
};

const MARK: &[u8; 16] = b"MARK-of-made-up!";

fn marked(n: usize) -> Vec<u8> {
    // Long enough for overflow pages, which are erased in their own way.
    MARK.repeat(n)
}

fn secrets(n: u64) -> Vec<Write> {
    vec![
        holder(n),
        Write::AddVaultKey(VaultKey { holder: hid(n), wrapped: marked(4), kek: "k".into() }),
        Write::AddSealedField(SealedField {
            holder: hid(n),
            column: "name".into(),
            version: 1,
            sealed: marked(1_000),
            recorded_at: at(1),
        }),
        Write::AddIndex { kind: IndexKind::Phone, digest: *MARK, holder: hid(n) },
        Write::AddSession(Session {
            token_digest: marked(2).try_into().unwrap(),
            subject: SessionSubject::Holder(hid(n)),
            created_at: at(1),
            expires_at: at(2),
            device: String::new(),
            seen_day: DAY,
        }),
    ]
}

#[tokio::test]
async fn shredding_leaves_no_copy_in_any_file() {
    let place = Place::new();
    let s = place.open();
    keeps(&s, secrets(1)).await;
    for n in 2..200 {
        keeps(&s, vec![holder(n), evidence(n, n)]).await;
    }
    assert!(place.files_with(MARK) > 0, "the search finds nothing at all");
    keeps(&s, vec![Write::Shred(hid(1))]).await;
    assert_eq!(place.files_with(MARK), 0);
    assert!(s.integrity_check().unwrap().is_empty());
}

#[tokio::test]
async fn a_dropped_field_is_in_no_file() {
    let place = Place::new();
    let s = place.open();
    keeps(&s, secrets(1)).await;
    let drop = Write::DropSealedField { holder: hid(1), column: "name" };
    // The others of the person stay: the key, the index and the session have one mark each.
    keeps(&s, vec![drop]).await;
    assert!(s.sealed_fields(hid(1)).await.unwrap().is_empty());
    assert!(place.files_with(&marked(20)) == 0 && place.files_with(MARK) > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn shredding_waits_for_a_reader_that_still_looks() {
    let place = Place::new();
    let s = place.open();
    keeps(&s, secrets(1)).await;
    let reader = rusqlite::Connection::open(place.db()).unwrap();
    let look = "SELECT count(*) FROM sealed_field";
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(reader.query_row(look, [], |r| r.get(0)), Ok(1));
    let shredding = tokio::spawn({
        let s = s.clone();
        async move { keeps(&s, vec![Write::Shred(hid(1))]).await }
    });
    // Others are not held up meanwhile, and see that the person is gone.
    while s.vault_key(hid(1)).await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    keeps(&s, vec![holder(2)]).await;
    assert!(!shredding.is_finished(), "answered while a copy was left");
    assert!(place.files_with(MARK) > 0);
    assert_eq!(reader.query_row(look, [], |r| r.get(0)), Ok(1));
    reader.execute_batch("COMMIT").unwrap();
    shredding.await.unwrap();
    assert_eq!(place.files_with(MARK), 0);
}

#[tokio::test]
async fn dropped_days_leave_no_copy_and_give_their_pages_back() {
    let place = Place::new();
    let s = place.open();
    // The holder's number as SQLite writes it.
    let who = u64::from_be_bytes(*b"jadeMARK");
    keeps(&s, vec![visit(1, 5, at(86_400))]).await;
    for unit in 0..20_u64 {
        let n = unit * 1_000;
        keeps(&s, (n + 1..=n + 1_000).map(|n| visit(n, who, at(0))).collect()).await;
        keeps(&s, (n + 1..=n + 1_000).map(|n| ride(n, who, at(0))).collect()).await;
    }
    assert!(place.files_with(b"jadeMARK") > 0, "the search finds nothing at all");
    let before = s.stats().unwrap().pages;
    assert_eq!(s.drop_days_before(DAY + 1).await.unwrap(), (20_000, 0));
    assert_eq!(place.files_with(b"jadeMARK"), 0);
    let stats = s.stats().unwrap();
    assert!(stats.pages + 100 < before, "{before} pages, then {}", stats.pages);
    assert_eq!(stats.log_bytes, 0);
    assert_eq!(s.visits_on(DAY + 1).await.unwrap().len(), 1);
    assert_eq!(s.rides_on(DAY).await.unwrap(), []);
    assert!(s.integrity_check().unwrap().is_empty());
}

#[tokio::test]
async fn purged_messages_leave_no_copy() {
    let place = Place::new();
    let s = place.open();
    let id = ChallengeId::from_random(1);
    keeps(
        &s,
        vec![
            Write::Challenge(ChallengeWrite::Add(Box::new(jadegate_store::Challenge {
                id,
                sealed_payload: marked(500),
                route: None,
                created_at: at(0),
                expires_at: at(300),
                tries: 0,
                used_at: None,
            }))),
            Write::AddOutbox(OutboxMessage {
                challenge: id,
                sealed: marked(3),
                created_at: at(0),
                expires_at: at(300),
                next_try_at: at(0),
                attempts: 0,
                state: OutboxState::Waiting,
            }),
        ],
    )
    .await;
    assert!(place.files_with(MARK) > 0, "the search finds nothing at all");
    assert_eq!(s.purge_expired(at(300)).await.unwrap(), 2);
    assert_eq!(place.files_with(MARK), 0);
}
