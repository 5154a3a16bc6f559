//! The public log is numbered after the units that write it: whoever reads it sees what was recorded
//! before, in numbers that stay, however many servers number.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use std::sync::Arc;

use crate::common::{HOME, World, test_of};
use jadegate_ledger::note::NoteVerifier;
use jadegate_ledger::{Checkpoint, Hash, Leaf, Tree, leaf_hash, open_checkpoint, root_at};
use jadegate_service::holder::declare::DeclarationInput;
use jadegate_service::staff::Whom;
use jadegate_service::{App, HolderSession};
use proptest::prelude::*;

/// What a server signs for, checked.
async fn signed(app: &App) -> Checkpoint {
    let key: NoteVerifier = app.log_key().parse().unwrap();
    open_checkpoint(&app.checkpoint().await.unwrap(), &key).unwrap()
}

async fn declare(app: &App, me: &HolderSession, coughs: bool) {
    let symptoms = if coughs { vec!["cough".to_owned()] } else { Vec::new() };
    let input = DeclarationInput { symptoms, ..DeclarationInput::default() };
    app.declare(me, &input).await.unwrap();
}

/// Every checkpoint that was signed is one of this log.
async fn are_of_one_log(w: &World, checkpoints: &[(u64, Hash)]) {
    let leaves = w.log(0, 10_000).await;
    assert!(leaves.iter().map(|l| l.index).eq(0..w.leaves().await), "a gap");
    let tree = Tree::from_leaf_hashes(leaves.iter().map(|l| leaf_hash(&l.bytes)));
    for (size, root) in checkpoints {
        assert_eq!(root_at(&tree, *size).unwrap(), *root, "another log at {size}");
    }
}

#[tokio::test]
async fn who_reads_the_log_sees_what_was_recorded_before() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (me, id) = w.register(HOME).await;
    w.app.record_test(&officer, &test_of(Whom::Holder(id), "negative")).await.unwrap();
    // Nobody has read the log since: its leaves wait.
    let waiting = w.app.pending_log().await.unwrap();
    assert!(waiting.leaves > 0, "{waiting:?}");
    w.clock.advance(90);
    assert!(w.app.pending_log().await.unwrap().seconds >= 90);

    let own = w.app.my_log(&me).await.unwrap();
    assert!(own.records.iter().all(|r| !r.leaves.is_empty()), "{:?}", own.records);
    let pending = w.app.pending_log().await.unwrap();
    assert_eq!((pending.leaves, pending.seconds), (0, 0));

    let before = signed(&w.app).await.size;
    declare(&w.app, &me, true).await;
    assert_eq!(w.store.log_size().await.unwrap(), before);
    assert_eq!(signed(&w.app).await.size, before + 1);
    declare(&w.app, &me, false).await;
    let part = w.app.log_part(before + 1, 9).await.unwrap();
    assert_eq!((part.size, part.leaves.len()), (before + 2, 1));
    assert!(matches!(Leaf::decode(&part.leaves[0].bytes), Ok(Leaf::Evidence { .. })));
    declare(&w.app, &me, true).await;
    assert_eq!(w.app.newest_leaf().await.unwrap(), Some(w.app.now()));
    assert_eq!(w.store.log_size().await.unwrap(), before + 3);
}

/// Two servers record, number and sign at once.
#[tokio::test(flavor = "multi_thread")]
async fn two_servers_make_one_log() {
    let mut w = World::new().await;
    let other = w.second_server().await;
    let start = w.leaves().await;
    let mut at_work = Vec::new();
    for n in 0..6 {
        let (me, _) = w.register(HOME).await;
        let app = Arc::clone(if n % 2 == 0 { &w.app } else { &other });
        at_work.push(tokio::spawn(async move {
            for round in 0..8 {
                declare(&app, &me, round % 2 == 0).await;
                app.number_leaves().await.unwrap();
            }
        }));
    }
    let readers = [&w.app, &other].map(|app| {
        let app = Arc::clone(app);
        tokio::spawn(async move {
            let mut seen = Vec::new();
            for _ in 0..20 {
                let Checkpoint { size, root, .. } = signed(&app).await;
                assert!(seen.last().is_none_or(|(before, _)| *before <= size), "it shrank");
                seen.push((size, root));
            }
            seen
        })
    });
    for one in at_work {
        one.await.unwrap();
    }
    let mut checkpoints = Vec::new();
    for reader in readers {
        checkpoints.extend(reader.await.unwrap());
    }
    assert!(w.leaves().await >= start + 48);
    let (a, b) = (w.app.checkpoint().await.unwrap(), other.checkpoint().await.unwrap());
    assert_eq!(a, b, "one log, one key, one checkpoint");
    are_of_one_log(&w, &checkpoints).await;
}

/// Where nothing can be numbered, the log is shown as far as it is, and nobody is told that a record of
/// theirs is in no leaf.
#[tokio::test]
async fn what_has_a_number_can_be_read_where_no_more_are_given() {
    let mut w = World::new().await;
    let (me, _) = w.register(HOME).await;
    let there = signed(&w.app).await;
    w.raw(
        "CREATE TRIGGER made_up BEFORE UPDATE ON counter \
         BEGIN SELECT raise(ABORT, 'made up'); END",
    );
    w.app.my_log(&me).await.unwrap();
    declare(&w.app, &me, true).await;
    assert_eq!(signed(&w.app).await, there);
    assert_eq!(w.app.log_part(0, 99).await.unwrap().size, there.size);
    w.app.my_log(&me).await.unwrap_err();
    assert_eq!(w.app.pending_log().await.unwrap().leaves, 1);
    w.raw("DROP TRIGGER made_up");
    assert_eq!(signed(&w.app).await.size, there.size + 1);
    let own = w.app.my_log(&me).await.unwrap();
    assert!(own.records.iter().all(|r| !r.leaves.is_empty()));
}

/// What happens to a deployment of two servers.
#[derive(Clone, Debug)]
enum Step {
    /// Somebody records something at a server.
    Record(usize),
    /// A server numbers.
    Number(usize),
    /// Somebody asks a server for the checkpoint.
    Sign(usize),
    /// A server is killed and started again: what it knew is gone.
    Kill(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..2_usize).prop_flat_map(|server| {
        prop_oneof![
            4 => Just(Step::Record(server)),
            2 => Just(Step::Number(server)),
            2 => Just(Step::Sign(server)),
            1 => Just(Step::Kill(server)),
        ]
    });
    proptest::collection::vec(step, 1..24)
}

async fn runs(steps: Vec<Step>) {
    let mut w = World::new().await;
    let (me, _) = w.register(HOME).await;
    let start = w.leaves().await;
    let mut servers = [w.second_server().await, w.second_server().await];
    let (mut checkpoints, mut recorded) = (Vec::new(), 0);
    for step in steps {
        match step {
            Step::Record(by) => {
                declare(&servers[by], &me, recorded % 2 == 0).await;
                recorded += 1;
                w.clock.advance(1);
            }
            Step::Number(by) => servers[by].number_leaves().await.unwrap(),
            Step::Sign(by) => {
                let Checkpoint { size, root, .. } = signed(&servers[by]).await;
                assert_eq!(size, start + recorded, "recorded, and not in what was signed");
                checkpoints.push((size, root));
            }
            Step::Kill(which) => servers[which] = w.second_server().await,
        }
    }
    assert_eq!(w.leaves().await, start + recorded);
    are_of_one_log(&w, &checkpoints).await;
    // In the order in which it was recorded.
    let leaves = w.log(start, 100).await;
    assert!(leaves.iter().map(|l| Leaf::moment(&l.bytes)).is_sorted());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn any_order_of_recording_numbering_signing_and_kills_makes_one_log(steps in steps()) {
        tokio::runtime::Runtime::new().unwrap().block_on(runs(steps));
    }
}
