//! The public log: leaves are written without a number and numbered afterwards, each once.

use std::collections::VecDeque;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::made_up::*;
use crate::{LogLeaf, PendingLeaves, Precondition, StoreError, Unit, Write};

fn leaf(n: u32) -> Write {
    Write::AddLeaf(n.to_be_bytes().to_vec())
}

fn number(from: u64, most: u32) -> Write {
    Write::NumberLeaves { from, most }
}

/// What a leaf of [`leaf`] says.
fn said(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes.try_into().unwrap())
}

/// The leaves with a number, in order. Their numbers rise from 0 by one.
async fn numbered(s: &S) -> Vec<u32> {
    let leaves = s.log_leaves(0, u32::MAX).await.unwrap();
    for (leaf, index) in leaves.iter().zip(0..) {
        assert_eq!(leaf.index, index, "a gap or a number given twice");
    }
    leaves.iter().map(|l| said(&l.bytes)).collect()
}

/// While nobody else writes: the leaves with a number, and those that wait.
async fn log(s: &S) -> (Vec<u32>, Vec<u32>) {
    let numbered = numbered(s).await;
    let PendingLeaves { from, count, first } = s.pending_leaves(u32::MAX).await.unwrap();
    assert_eq!(from, s.log_size().await.unwrap());
    assert_eq!(from, u64::try_from(numbered.len()).unwrap());
    assert_eq!(count, u64::try_from(first.len()).unwrap());
    (numbered, first.iter().map(|bytes| said(bytes)).collect())
}

/// What a unit writes has no number and is in no list of leaves until it is numbered; a refused unit
/// leaves no leaf and takes no number.
pub async fn a_leaf_waits_until_it_is_numbered(s: S) {
    keeps(&s, vec![leaf(0), leaf(1)]).await;
    assert_eq!(log(&s).await, (vec![], vec![0, 1]));
    with_holder(&s, 1).await;
    refuses(&s, vec![leaf(9), Write::AddHolder(holder(1))], Precondition::Absent).await;
    assert_eq!(log(&s).await, (vec![], vec![0, 1]));
    keeps(&s, vec![number(0, 99)]).await;
    assert_eq!(log(&s).await, (vec![0, 1], vec![]));

    keeps(&s, vec![leaf(2)]).await;
    refuses(&s, vec![leaf(9), Write::AddHolder(holder(1))], Precondition::Absent).await;
    keeps(&s, vec![Write::AddLeaf(Vec::new())]).await;
    let waiting = s.pending_leaves(1).await.unwrap();
    let first = vec![2_u32.to_be_bytes().to_vec()];
    assert_eq!(waiting, PendingLeaves { from: 2, count: 2, first });
    keeps(&s, vec![number(2, 99)]).await;
    let all = s.log_leaves(0, 99).await.unwrap();
    assert_eq!(all.len(), 4);
    assert_eq!(all[3], LogLeaf { index: 3, bytes: Vec::new() });
    assert_eq!(s.log_leaves(1, 2).await.unwrap(), all[1..3]);
    assert_eq!(s.log_leaves(4, 2).await.unwrap(), []);
    assert_eq!(s.log_leaves(u64::MAX, 2).await.unwrap(), []);
}

/// Leaves are numbered in the order in which their units were acknowledged, no more at a time than
/// asked for, and what was numbered stays.
pub async fn numbers_follow_the_order_of_acknowledgement(s: S) {
    for n in 0..7 {
        keeps(&s, vec![leaf(n)]).await;
    }
    keeps(&s, vec![number(0, 3)]).await;
    assert_eq!(log(&s).await, (vec![0, 1, 2], vec![3, 4, 5, 6]));
    keeps(&s, vec![number(3, 0)]).await;
    assert_eq!(numbered(&s).await.len(), 3);
    keeps(&s, vec![number(3, 2)]).await;
    keeps(&s, vec![leaf(7)]).await;
    assert_eq!(log(&s).await, ((0..5).collect(), vec![5, 6, 7]));
    keeps(&s, vec![number(5, u32::MAX)]).await;
    keeps(&s, vec![number(8, u32::MAX)]).await;
    assert_eq!(log(&s).await, ((0..8).collect(), vec![]));
}

/// Who looked before somebody else numbered is refused, and what stands beside it as well.
pub async fn a_numbering_from_an_old_look_is_refused(s: S) {
    keeps(&s, vec![leaf(0), leaf(1)]).await;
    keeps(&s, vec![number(0, 1)]).await;
    for from in [0, 2, u64::MAX] {
        refuses(&s, vec![number(from, 9)], Precondition::LogSize).await;
        assert_eq!(log(&s).await, (vec![0], vec![1]));
    }
    refuses(&s, vec![number(1, 9), number(1, 9)], Precondition::LogSize).await;
    with_holder(&s, 1).await;
    refuses(&s, vec![number(1, 9), Write::AddHolder(holder(1))], Precondition::Absent).await;
    assert_eq!(log(&s).await, (vec![0], vec![1]));
}

/// Eight write while three number: every acknowledged leaf has one number in the end, none two, and
/// each writer's own come in the order in which they were acknowledged to it.
pub async fn many_that_number_at_once_number_each_leaf_once(s: S) {
    number_at_once(&[s]).await;
}

/// The same on several handles.
pub(super) async fn number_at_once(handles: &[S]) {
    const EACH: u32 = 40;
    let of = |n: u32| Arc::clone(&handles[usize::try_from(n).unwrap() % handles.len()]);
    let writers: Vec<_> = (0..8_u32)
        .map(|writer| {
            let s = of(writer);
            tokio::spawn(async move {
                for n in 0..EACH {
                    keeps(&s, vec![leaf(writer * 1_000 + n)]).await;
                }
            })
        })
        .collect();
    let sequencers: Vec<_> = (1..=3_u32)
        .map(|most| {
            let s = of(most);
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while u64::try_from(seen.len()).unwrap() < 8 * u64::from(EACH) {
                    let from = s.pending_leaves(0).await.unwrap().from;
                    let unit = Unit::new("number", vec![number(from, most * 3)]);
                    match s.commit(unit).await {
                        Ok(()) => {}
                        Err(e) => assert!(e.is_conflict(Precondition::LogSize), "{e}"),
                    }
                    let now = numbered(&s).await;
                    assert!(now.starts_with(&seen), "a number that was given moved");
                    seen = now;
                }
            })
        })
        .collect();
    for task in writers.into_iter().chain(sequencers) {
        task.await.unwrap();
    }
    let (all, waiting) = log(&handles[0]).await;
    assert_eq!(waiting, [0; 0]);
    for writer in 0..8 {
        let own: Vec<u32> = all.iter().filter(|n| **n / 1_000 == writer).copied().collect();
        assert_eq!(own, (writer * 1_000..writer * 1_000 + EACH).collect::<Vec<_>>());
    }
}

/// One step of those who write and number; a sequencer looks first and numbers later, with whatever
/// happened in between.
#[derive(Clone, Debug)]
enum Step {
    Unit { leaves: u32, refused: bool },
    Look(usize),
    Number { by: usize, most: u32 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..4_u32, proptest::bool::weighted(0.2))
            .prop_map(|(leaves, refused)| Step::Unit { leaves, refused }),
        2 => (0..2_usize).prop_map(Step::Look),
        3 => (0..2_usize, 0..6_u32).prop_map(|(by, most)| Step::Number { by, most }),
    ];
    vec(step, 1..60)
}

/// The log as plainly as it can be said, and what two sequencers saw of it last.
#[derive(Default)]
struct Model {
    numbered: Vec<u32>,
    pending: VecDeque<u32>,
    looks: [u64; 2],
    next: u32,
}

impl Model {
    fn size(&self) -> u64 {
        u64::try_from(self.numbered.len()).unwrap()
    }

    /// The unit of a step, if it is one.
    fn unit(&mut self, step: &Step) -> Option<Vec<Write>> {
        match *step {
            Step::Look(by) => {
                self.looks[by] = self.size();
                None
            }
            Step::Number { by, most } => Some(vec![number(self.looks[by], most)]),
            Step::Unit { leaves, refused } => {
                let mut writes: Vec<_> = (self.next..self.next + leaves).map(leaf).collect();
                writes.extend(refused.then(|| Write::AddHolder(holder(1))));
                Some(writes)
            }
        }
    }

    /// What the unit must come to; if it is kept, the model goes on.
    fn outcome(&mut self, step: &Step) -> Option<Precondition> {
        match *step {
            Step::Look(_) => None,
            Step::Number { by, .. } if self.looks[by] != self.size() => Some(Precondition::LogSize),
            Step::Number { most, .. } => {
                let most = self.pending.len().min(usize::try_from(most).unwrap());
                self.numbered.extend(self.pending.drain(..most));
                None
            }
            Step::Unit { refused: true, .. } => Some(Precondition::Absent),
            Step::Unit { leaves, .. } => {
                self.pending.extend(self.next..self.next + leaves);
                self.next += leaves;
                None
            }
        }
    }
}

fn agrees(found: &Result<(), StoreError>, wanted: Option<Precondition>) -> bool {
    match (found, wanted) {
        (Ok(()), None) => true,
        (Err(e), Some(why)) => e.is_conflict(why),
        _ => false,
    }
}

/// Units, refused ones among them, and two sequencers in any order: after each step the numbers that
/// were given stand, and the leaves are those of the kept units, each once, in order.
pub async fn any_order_of_units_and_two_sequencers_gives_one_log(s: S) {
    with_holder(&s, 1).await;
    let (mut runner, mut model) = (TestRunner::default(), Model::default());
    for _ in 0..16 {
        // The store cannot be set back, so a failing list is shown whole instead of shrunk.
        let list = steps().new_tree(&mut runner).unwrap().current();
        for step in &list {
            let Some(writes) = model.unit(step) else { continue };
            let found = s.commit(Unit::new("random", writes)).await;
            let wanted = model.outcome(step);
            assert!(agrees(&found, wanted), "{step:?}: {found:?}, wanted {wanted:?} in {list:?}");
            let is = (model.numbered.clone(), model.pending.iter().copied().collect());
            assert_eq!(log(&s).await, is, "after {step:?} in {list:?}");
        }
    }
    assert!(model.numbered.len() > 50, "only {} were numbered", model.numbered.len());
}

/// The leaves of a commitment are found by it, in order, and no others.
pub async fn leaves_are_found_by_their_commitment(s: S) {
    let commitment = |c: char| c.to_string().repeat(43) + "=";
    let leaf = |c: char, event: &str| {
        format!("{{\"at\":\"x\",\"commitment\":\"{}\",\"event\":\"{event}\"}}", commitment(c))
            .into_bytes()
    };
    let near = commitment('a').replacen(&"a".repeat(19), &"b".repeat(19), 1);
    let near = near.chars().rev().collect::<String>().replace('=', "") + "=";
    let near = format!("{{\"commitment\":\"{near}\"}}").into_bytes();
    let all = [leaf('a', "recorded"), leaf('b', "recorded"), near, leaf('a', "withdrawn"), vec![7]];
    for bytes in &all {
        keeps(&s, vec![Write::AddLeaf(bytes.clone())]).await;
    }
    assert_eq!(s.leaves_of_commitment(&commitment('a')).await.unwrap(), [], "without a number");
    keeps(&s, vec![number(0, 99)]).await;
    let found = s.leaves_of_commitment(&commitment('a')).await.unwrap();
    assert_eq!(found.iter().map(|l| l.index).collect::<Vec<_>>(), [0, 3]);
    assert_eq!(found[1].bytes, all[3]);
    assert_eq!(s.leaves_of_commitment(&commitment('b')).await.unwrap().len(), 1);
    for nothing in [commitment('c'), String::new(), "a".to_owned()] {
        assert_eq!(s.leaves_of_commitment(&nothing).await.unwrap(), []);
    }
}
