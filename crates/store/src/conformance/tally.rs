//! Limits: what is counted within a window.

use std::sync::Arc;

use super::made_up::*;
use crate::{Precondition, Unit, Write};

const CLASS: &str = "made.up";

fn count(key: u8, count: u32, secs: i64) -> Write {
    counts(CLASS, key, count, secs)
}

/// Ten within 100 seconds.
fn counts(class: &'static str, key: u8, count: u32, secs: i64) -> Write {
    let key = [key; 16];
    Write::CountWithin { class, key, count, at: at(secs), window_seconds: 100, most: 10 }
}

fn full(seconds: u32) -> Precondition {
    Precondition::Room { class: CLASS, seconds: Some(seconds) }
}

/// The window slides: what was counted at its start leaves it a window later, to the second, and the
/// refusal says when that is.
pub async fn what_is_counted_leaves_its_window(s: S) {
    keeps(&s, vec![count(1, 4, 0)]).await;
    keeps(&s, vec![count(1, 3, 20), count(1, 1, 20)]).await;
    keeps(&s, vec![count(1, 2, 50)]).await;
    assert_eq!(s.counted(CLASS, [1; 16], at(-50)).await.unwrap(), 10);
    assert_eq!(s.counted(CLASS, [1; 16], at(0)).await.unwrap(), 6);
    refuses(&s, vec![count(1, 1, 50)], full(50)).await;
    refuses(&s, vec![count(1, 4, 99)], full(1)).await;
    // Five need the next to leave too; nine, all three.
    refuses(&s, vec![count(1, 5, 99)], full(21)).await;
    refuses(&s, vec![count(1, 9, 99)], full(51)).await;
    keeps(&s, vec![count(1, 4, 100)]).await;
    refuses(&s, vec![count(1, 1, 119)], full(1)).await;
    keeps(&s, vec![count(1, 4, 120)]).await;
    // A clock that was set back does not make room.
    refuses(&s, vec![count(1, 1, 10)], full(140)).await;
}

/// What can never pass is told so, and no number at all is a defect of the program.
pub async fn a_count_alone_above_the_limit_never_has_room(s: S) {
    let never = Precondition::Room { class: CLASS, seconds: None };
    refuses(&s, vec![count(1, 11, 0)], never).await;
    keeps(&s, vec![count(1, 10, 0)]).await;
    refuses(&s, vec![count(1, 11, 0)], never).await;
    rejects(&s, vec![count(2, 0, 0)]).await;
    let no_window = Write::CountWithin {
        class: CLASS,
        key: [2; 16],
        count: 1,
        at: at(0),
        window_seconds: 0,
        most: 1,
    };
    rejects(&s, vec![no_window]).await;
}

/// Each class and key is counted by itself.
pub async fn counts_of_other_classes_and_keys_are_other_counts(s: S) {
    keeps(&s, vec![count(1, 10, 0), count(2, 10, 0), counts("made.up.too", 1, 10, 0)]).await;
    refuses(&s, vec![count(2, 1, 1)], full(99)).await;
    assert_eq!(s.counted("made.up.too", [1; 16], at(-1)).await.unwrap(), 10);
    assert_eq!(s.counted("made.up.too", [2; 16], at(-1)).await.unwrap(), 0);
}

/// Forty at once, room for ten: ten are kept, with what stands beside them.
pub async fn of_many_at_once_as_many_pass_as_there_is_room_for(s: S) {
    let tasks: Vec<_> = (0..40)
        .map(|n| {
            let s = Arc::clone(&s);
            let writes = vec![Write::AddLeaf(vec![n]), count(1, 1, 5)];
            tokio::spawn(async move { s.commit(Unit::new("race", writes)).await })
        })
        .collect();
    let mut passed = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => passed += 1,
            Err(e) => assert_eq!(e.no_room(), Some((CLASS, Some(100))), "{e}"),
        }
    }
    assert_eq!(passed, 10);
    assert_eq!(s.counted(CLASS, [1; 16], at(0)).await.unwrap(), 10);
    assert_eq!(logged(&s).await, 10);
}

/// A unit that fails elsewhere uses up no room.
pub async fn a_refused_unit_counts_nothing(s: S) {
    with_holder(&s, 1).await;
    let writes = vec![count(1, 9, 0), Write::AddHolder(holder(1))];
    refuses(&s, writes, Precondition::Absent).await;
    refuses(&s, vec![count(1, 9, 0), count(1, 2, 0)], full(100)).await;
    assert_eq!(s.counted(CLASS, [1; 16], at(-1)).await.unwrap(), 0);
}

/// Purging takes what no window holds any more, and nothing else.
pub async fn counts_are_purged_when_their_window_has_passed(s: S) {
    keeps(&s, vec![count(1, 1, 0), count(1, 1, 0), count(1, 1, 1), count(2, 1, 0)]).await;
    assert_eq!(s.purge_expired(at(99)).await.unwrap(), 0);
    assert_eq!(s.purge_expired(at(100)).await.unwrap(), 2);
    assert_eq!(s.counted(CLASS, [1; 16], at(-1)).await.unwrap(), 1);
    assert_eq!(s.purge_expired(at(101)).await.unwrap(), 1);
}
