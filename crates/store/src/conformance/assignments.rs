//! Whom community workers accompany.

use jadegate_domain::{AgencyId, AssignmentId, StaffId};

use super::made_up::*;
use crate::{ACCOMPANIED, Assignment, AssignmentWrite, Precondition, Write};

pub(super) fn assignment(n: u64, holder: u64, worker: u64) -> Assignment {
    Assignment {
        id: AssignmentId::from_random(n),
        holder: hid(holder),
        worker: StaffId::from_random(worker),
        agency: AgencyId::from_random(1),
        by: StaffId::from_random(90),
        assigned_at: at(i64::try_from(n).unwrap()),
        ends_at: at(1_000),
    }
}

pub(super) fn assign(a: Assignment) -> Vec<Write> {
    vec![Write::Assignment(AssignmentWrite::Add { assignment: a, most: 2 })]
}

fn end(n: u64) -> Vec<Write> {
    vec![Write::Assignment(AssignmentWrite::End(AssignmentId::from_random(n)))]
}

/// An assignment is read back by id, by worker and among all, until its end.
pub async fn a_worker_accompanies_who_was_assigned_until_it_ends(s: S) {
    let (first, second) = (assignment(1, 1, 5), assignment(2, 2, 5));
    let other = assignment(3, 1, 6);
    for a in [first, second, other] {
        keeps(&s, assign(a)).await;
    }
    let worker = StaffId::from_random(5);
    assert_eq!(s.assignment(second.id, at(10)).await.unwrap(), Some(second));
    assert_eq!(s.accompanied_by(worker, at(999)).await.unwrap(), [first, second]);
    assert_eq!(s.assignments(at(10), None, 2).await.unwrap(), [first, second]);
    let after = Some((second.assigned_at, second.id));
    assert_eq!(s.assignments(at(10), after, 2).await.unwrap(), [other]);
    assert_eq!(s.accompanied_by(StaffId::from_random(7), at(10)).await.unwrap(), []);
    // At its end it is over, whether or not it was purged.
    assert_eq!(s.accompanied_by(worker, at(1_000)).await.unwrap(), []);
    assert_eq!(s.assignment(second.id, at(1_000)).await.unwrap(), None);
    assert_eq!(s.assignments(at(1_000), None, 9).await.unwrap(), []);
    keeps(&s, end(1)).await;
    assert_eq!(s.accompanied_by(worker, at(10)).await.unwrap(), [second]);
    refuses(&s, end(1), Precondition::Exists).await;
}

/// Nobody is assigned twice to the same worker, and a worker has no more people than fit.
pub async fn a_worker_accompanies_so_many_people_at_a_time(s: S) {
    keeps(&s, assign(assignment(1, 1, 5))).await;
    refuses(&s, assign(assignment(2, 1, 5)), Precondition::Absent).await;
    keeps(&s, assign(assignment(3, 2, 5))).await;
    let room = Precondition::Room { class: ACCOMPANIED, seconds: None };
    refuses(&s, assign(assignment(4, 3, 5)), room).await;
    keeps(&s, assign(assignment(5, 3, 6))).await;
    // What is over takes no room, and the same person can be assigned again.
    let later = |n, holder| Assignment {
        assigned_at: at(1_000),
        ends_at: at(2_000),
        ..assignment(n, holder, 5)
    };
    keeps(&s, assign(later(6, 1))).await;
    keeps(&s, assign(later(7, 3))).await;
    refuses(&s, assign(later(8, 2)), room).await;
}

/// What is over goes with the purge; whoever is erased is accompanied by nobody.
pub async fn what_is_over_is_purged_and_the_erased_are_accompanied_by_nobody(s: S) {
    with_holder(&s, 1).await;
    keeps(&s, assign(assignment(1, 1, 5))).await;
    keeps(&s, assign(Assignment { ends_at: at(2_000), ..assignment(2, 2, 5) })).await;
    keeps(&s, assign(Assignment { ends_at: at(2_000), ..assignment(3, 1, 6) })).await;
    assert_eq!(s.purge_expired(at(999)).await.unwrap(), 0);
    assert_eq!(s.purge_expired(at(1_000)).await.unwrap(), 1);
    keeps(&s, vec![Write::Shred(hid(1))]).await;
    let left: Vec<_> =
        s.assignments(at(10), None, 9).await.unwrap().iter().map(|a| a.holder).collect();
    assert_eq!(left, [hid(2)]);
}
