//! A holder checks from outside that the public log holds what was recorded about them, and nobody
//! else can.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use crate::common::{World, case_of, test_of};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jadegate_ledger::Leaf;
use jadegate_service::staff::Whom;
use sha2::{Digest as _, Sha256};

/// As anybody would write it from the documentation, without this program.
fn commitment(what: &str, salt: &str, content: &str) -> String {
    let mut h = Sha256::new();
    h.update([u8::try_from(what.len()).unwrap()]);
    h.update(what.as_bytes());
    h.update(STANDARD.decode(salt).unwrap());
    h.update(content.as_bytes());
    STANDARD.encode(h.finalize())
}

#[tokio::test]
async fn a_holder_finds_each_own_record_in_the_log() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (me, id) = w.register(crate::common::HOME).await;
    let (other, _) = w.register(crate::common::HOME).await;
    let case = w.app.record_case(&officer, &case_of(id)).await.unwrap().case;
    w.app.withdraw_case(&officer, case).await.unwrap();
    w.app.record_test(&officer, &test_of(Whom::Holder(id), "negative")).await.unwrap();
    w.app.find_holder(&officer, &Whom::Holder(id), crate::common::REQUEST).await.unwrap();

    let own = w.app.my_log(&me).await.unwrap();
    assert_eq!(own.log_key, w.app.log_key());
    let leaves = w.log(0, 10_000).await;
    let evidence = w.app.my_evidence(&me).await.unwrap();
    let accesses = w.app.my_accesses(&me).await.unwrap();
    assert_eq!(own.records.len(), evidence.len() + accesses.len());
    assert!(own.records.iter().any(|r| r.what == "access"));
    let staff = officer.staff().id.to_string();
    for r in &own.records {
        assert_eq!(commitment(r.what, &r.salt, &r.content), r.commitment);
        assert!(!r.content.contains(&staff), "who looked is kept for auditors");
        assert!(!r.leaves.is_empty(), "{} is not in the log", r.content);
        for index in &r.leaves {
            let leaf = &leaves[usize::try_from(*index).unwrap()];
            let logged = match Leaf::decode(&leaf.bytes).unwrap() {
                Leaf::Evidence { commitment, .. } | Leaf::Access { commitment, .. } => commitment,
                other => panic!("{other:?}"),
            };
            assert_eq!(logged.0.to_string(), r.commitment);
        }
        // Another content, or another salt, does not open it.
        assert_ne!(
            commitment(r.what, &r.salt, &r.content.replace("test", "tset")[1..]),
            r.commitment
        );
    }
    // The case that was taken back stands in the log twice.
    assert!(own.records.iter().any(|r| r.leaves.len() == 2));
    // What was withdrawn later is committed to as it was recorded.
    let taken = evidence.iter().find(|e| e.evidence.withdrawn_at.is_some()).unwrap();
    let record = own.records.iter().find(|r| r.evidence == Some(taken.evidence.id)).unwrap();
    assert!(record.content.contains(r#""withdrawn_at":null"#));
    // Salts are each record's own.
    let theirs = w.app.my_log(&other).await.unwrap().records;
    assert!(theirs.iter().all(|t| own.records.iter().all(|r| r.salt != t.salt)));
}
