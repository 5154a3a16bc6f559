//! What the public log says of keys and of days: each key once, each day of deleting.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use jadegate_ledger::{KeyEvent, KeyRole, Leaf};

use crate::common::World;

async fn leaves(w: &World) -> Vec<Leaf> {
    let part = w.app.log_part(0, 1000).await.unwrap();
    part.leaves.iter().map(|l| Leaf::decode(&l.bytes).unwrap()).collect()
}

#[tokio::test]
async fn each_published_key_has_one_leaf_however_many_servers_look() {
    let w = World::new().await;
    let second = w.second_server().await;
    for app in [&w.app, &second, &w.app] {
        app.log_keys().await.unwrap();
    }
    let both = tokio::join!(w.app.log_keys(), second.log_keys());
    assert!(both.0.is_ok() && both.1.is_ok());
    let roles: Vec<_> = leaves(&w)
        .await
        .into_iter()
        .filter_map(|l| match l {
            Leaf::KeyChange { role, event: KeyEvent::Published, .. } => Some(role),
            _ => None,
        })
        .collect();
    let all = [KeyRole::Live, KeyRole::Venue, KeyRole::Paper];
    assert!(roles.len() == 3 && all.iter().all(|role| roles.contains(role)), "{roles:?}");
}

#[tokio::test]
async fn a_day_on_which_nothing_had_to_go_is_said_once() {
    let w = World::new().await;
    let second = w.second_server().await;
    for _ in 0..2 {
        for app in [&w.app, &second] {
            app.purge().await.unwrap();
            app.purge().await.unwrap();
        }
        w.clock.advance(86_400);
    }
    let purges = leaves(&w).await.into_iter().filter(|l| matches!(l, Leaf::Purge { rows: 0, .. }));
    assert_eq!(purges.count(), 2);
}
