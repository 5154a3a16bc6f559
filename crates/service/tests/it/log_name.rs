//! The public log is known by its name and its key: the first start fixes both.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use crate::common::World;
use jadegate_ledger::note::{NoteSigner, NoteVerifier, open};

async fn name_of(w: &World) -> String {
    let checkpoint = w.app.checkpoint().await.unwrap();
    let key: NoteVerifier = w.app.log_key().parse().unwrap();
    open(&checkpoint, &[key]).unwrap();
    checkpoint.lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn the_name_of_the_log_does_not_follow_the_address() {
    let mut w = World::new().await;
    let (first, key) = (name_of(&w).await, w.app.log_key());
    assert!(key.starts_with(&format!("{first}+")), "{key}");
    w.restart_signing(NoteSigner::from_seed("moved.example/log", &[5; 32]).unwrap()).await.unwrap();
    assert_eq!((name_of(&w).await, w.app.log_key()), (first, key));
}

#[tokio::test]
async fn another_key_under_the_same_name_is_refused() {
    let mut w = World::new().await;
    let other = NoteSigner::from_seed("jadegate.example/log", &[6; 32]).unwrap();
    let e = w.restart_signing(other).await.unwrap_err();
    assert_eq!(e.code, "log.other_key");
}
