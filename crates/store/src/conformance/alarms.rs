//! Alarms, what they are raised from, and the list of protected people.

use jadegate_domain::id::ProtectedId;
use jadegate_domain::{
    Access, Activity, AgencyId, AlarmAnswer, AlarmId, AlarmKind, ProtectedGround, Purpose, StaffId,
};

use super::made_up::*;
use crate::{
    ALARM_HOLDS, Actor, Alarm, AlarmCount, AlarmEnd, AlarmWrite, Busy, Latest, LookedAtByMany,
    Measured, Precondition, Protected, Write,
};

fn zid(n: u64) -> AlarmId {
    AlarmId::from_random(n)
}

fn agency(n: u64) -> AgencyId {
    AgencyId::from_random(n)
}

fn staff(n: u64) -> StaffId {
    StaffId::from_random(n)
}

fn measured(count: u64, secs: i64) -> Measured {
    Measured { count, expected: 2, hours: 24, at: at(secs) }
}

fn alarm(n: u64, kind: AlarmKind, of: Option<u64>) -> Alarm {
    Alarm {
        id: zid(n),
        kind,
        agency: agency(1),
        staff: of.map(staff),
        subject: [u8::try_from(of.unwrap_or(0)).unwrap(); 16],
        measured: measured(40, 10),
        raised_at: at(10 + i64::try_from(n).unwrap()),
        holds_at: None,
        end: None,
    }
}

fn raise(a: &Alarm) -> Write {
    Write::Alarm(AlarmWrite::Raise(Box::new(a.clone())))
}

fn grow(n: u64, count: u64, holds: Option<i64>) -> Write {
    let (measured, holds_at) = (measured(count, 20), holds.map(at));
    Write::Alarm(AlarmWrite::Grow { id: zid(n), agency: agency(1), measured, holds_at })
}

fn end(secs: i64) -> AlarmEnd {
    let answer = AlarmAnswer::Backlog;
    AlarmEnd { at: at(secs), by: (staff(9), agency(9)), answer, keep_until: at(secs + 500) }
}

fn answer(n: u64, secs: i64) -> Write {
    Write::Alarm(AlarmWrite::Answer { id: zid(n), agency: agency(1), end: end(secs) })
}

fn free(by: Option<u64>) -> Write {
    Write::Alarm(AlarmWrite::ExpectFree(Actor { agency: agency(1), staff: by.map(staff) }))
}

fn count(what: Activity, of: u64, by: Option<u64>, hour: i64, count: u64) -> Write {
    let actor = Actor { agency: agency(of), staff: by.map(staff) };
    Write::Alarm(AlarmWrite::Count { what, actor, hour, count })
}

/// It is read back, grows while it is open, and is answered once.
pub async fn an_alarm_is_read_back_and_answered_once(s: S) {
    let first = alarm(1, AlarmKind::Unbacked, None);
    assert_eq!(s.alarm(zid(1)).await.unwrap(), None);
    keeps(&s, vec![raise(&first)]).await;
    assert_eq!(s.alarm(zid(1)).await.unwrap(), Some(first.clone()));
    // Of one subject one alarm of a kind is open.
    refuses(&s, vec![raise(&Alarm { id: zid(2), ..first.clone() })], Precondition::Absent).await;
    keeps(&s, vec![raise(&alarm(3, AlarmKind::Tests, None))]).await;
    keeps(&s, vec![grow(1, 90, Some(20))]).await;
    keeps(&s, vec![grow(1, 120, None)]).await;
    let grown = Alarm { measured: measured(120, 20), holds_at: Some(at(20)), ..first };
    assert_eq!(s.alarm(zid(1)).await.unwrap(), Some(grown.clone()));
    refuses(&s, vec![grow(404, 1, None)], Precondition::Exists).await;
    refuses(&s, vec![answer(404, 30)], Precondition::Exists).await;
    keeps(&s, vec![answer(1, 30)]).await;
    refuses(&s, vec![answer(1, 31)], Precondition::Stands).await;
    refuses(&s, vec![grow(1, 130, None)], Precondition::Stands).await;
    let answered = Alarm { end: Some(end(30)), ..grown };
    assert_eq!(s.alarm(zid(1)).await.unwrap(), Some(answered.clone()));
    rejects(&s, vec![raise(&Alarm { id: zid(9), ..answered })]).await;
    // Then another one can be raised.
    keeps(&s, vec![raise(&alarm(4, AlarmKind::Unbacked, None))]).await;
}

/// What an open alarm holds is refused: of the whole agency, or of one member of its staff.
pub async fn an_alarm_holds_what_follows(s: S) {
    let full = Precondition::Room { class: ALARM_HOLDS, seconds: None };
    let holds = async |by: Option<u64>| {
        s.alarm_holds(Actor { agency: agency(1), staff: by.map(staff) }).await.unwrap()
    };
    keeps(&s, vec![raise(&alarm(1, AlarmKind::Unbacked, Some(5))), free(Some(5))]).await;
    keeps(&s, vec![grow(1, 90, Some(20))]).await;
    refuses(&s, vec![free(Some(5))], full).await;
    keeps(&s, vec![free(Some(6)), free(None)]).await;
    assert!(holds(Some(5)).await && !holds(Some(6)).await && !holds(None).await);
    let all = Alarm { holds_at: Some(at(11)), ..alarm(2, AlarmKind::Unbacked, None) };
    keeps(&s, vec![raise(&all)]).await;
    refuses(&s, vec![free(Some(6))], full).await;
    refuses(&s, vec![free(None)], full).await;
    let other = Actor { agency: agency(2), staff: Some(staff(5)) };
    keeps(&s, vec![Write::Alarm(AlarmWrite::ExpectFree(other))]).await;
    keeps(&s, vec![answer(1, 30), answer(2, 31), free(Some(5)), free(None)]).await;
    assert!(!holds(Some(5)).await);
}

/// Lists: open ones, oldest first; answered ones, newest first; the newest of a subject; counts.
pub async fn alarms_are_listed_and_purged(s: S) {
    let all = [
        alarm(1, AlarmKind::Unbacked, None),
        alarm(2, AlarmKind::Tests, None),
        Alarm { holds_at: Some(at(12)), ..alarm(3, AlarmKind::Unbacked, Some(5)) },
    ];
    keeps(&s, all.iter().map(raise).collect()).await;
    let ids = |of: Vec<Alarm>| of.into_iter().map(|a| a.id).collect::<Vec<_>>();
    assert_eq!(ids(s.open_alarms(10).await.unwrap()), [zid(1), zid(2), zid(3)]);
    assert_eq!(ids(s.open_alarms(1).await.unwrap()), [zid(1)]);
    keeps(&s, vec![answer(1, 30), answer(3, 31)]).await;
    assert_eq!(ids(s.open_alarms(10).await.unwrap()), [zid(2)]);
    assert_eq!(ids(s.answered_alarms(Latest::first(9)).await.unwrap()), [zid(3), zid(1)]);
    keeps(&s, vec![raise(&alarm(4, AlarmKind::Unbacked, None))]).await;
    let latest = s.latest_alarm(AlarmKind::Unbacked, [0; 16]).await.unwrap();
    assert_eq!(latest.map(|a| a.id), Some(zid(4)));
    assert_eq!(s.latest_alarm(AlarmKind::LooksByOne, [0; 16]).await.unwrap(), None);
    let of = |kind, answer, count, held| AlarmCount { kind, answer, count, held };
    let unbacked = AlarmKind::Unbacked;
    let wanted = [
        of(unbacked, None, 1, 0),
        of(unbacked, Some(AlarmAnswer::Backlog), 2, 1),
        of(AlarmKind::Tests, None, 1, 0),
    ];
    assert_eq!(s.alarm_counts(at(11)).await.unwrap(), wanted);
    assert_eq!(s.alarm_counts(at(14)).await.unwrap(), [of(unbacked, None, 1, 0)]);
    // Answered ones go when their time is over; open ones stay.
    assert_eq!(s.purge_expired(at(529)).await.unwrap(), 0);
    assert_eq!(s.purge_expired(at(9_000)).await.unwrap(), 2);
    assert_eq!(ids(s.open_alarms(10).await.unwrap()), [zid(2), zid(4)]);
}

/// Counts by the hour add up; who did much is found, agencies and members of staff.
pub async fn activity_is_counted_by_the_hour(s: S) {
    let unbacked = Activity::Unbacked;
    keeps(&s, vec![count(unbacked, 1, Some(5), 10, 2), count(unbacked, 1, Some(5), 10, 3)]).await;
    keeps(&s, vec![count(unbacked, 1, Some(6), 10, 1), count(unbacked, 1, Some(5), 12, 4)]).await;
    keeps(&s, vec![count(unbacked, 2, None, 12, 7), count(Activity::Looks, 1, Some(5), 12, 50)])
        .await;
    rejects(&s, vec![count(unbacked, 1, Some(5), 12, 0)]).await;
    let of = |a, by: Option<u64>| Actor { agency: agency(a), staff: by.map(staff) };
    let hours = async |actor, after| s.activity_of(unbacked, actor, after).await.unwrap();
    assert_eq!(hours(of(1, None), 9).await, [(10, 6), (12, 4)]);
    assert_eq!(hours(of(1, Some(5)), 9).await, [(10, 5), (12, 4)]);
    assert_eq!(hours(of(1, Some(5)), 10).await, [(12, 4)]);
    let busy = async |after, least| s.busy(unbacked, after, least).await.unwrap();
    let mut wanted = vec![
        Busy { actor: of(1, None), count: 10 },
        Busy { actor: of(1, Some(5)), count: 9 },
        Busy { actor: of(2, None), count: 7 },
    ];
    wanted.sort_by_key(|b| (b.actor.agency.as_i64(), b.actor.staff.map_or(0, StaffId::as_i64)));
    assert_eq!(busy(9, (7, 9)).await, wanted);
    assert_eq!(busy(10, (5, 5)).await, [Busy { actor: of(2, None), count: 7 }]);
    // After nine weeks it goes.
    let until = |hour: i64| t((hour + 1512) * 3600);
    assert_eq!(s.purge_expired(until(9)).await.unwrap(), 0);
    assert_eq!(s.purge_expired(until(10)).await.unwrap(), 2);
    assert_eq!(hours(of(1, None), 0).await, [(12, 4)]);
}

/// At whom many looked one by one: each looker counts once, lists do not count.
pub async fn people_at_whom_many_looked_are_found(s: S) {
    with_holder(&s, 1).await;
    with_holder(&s, 2).await;
    let look = |of: u64, by: u64, from: u64, secs, what: &str| {
        Write::AddAccess(Access {
            holder: hid(of),
            at: at(secs),
            agency: agency(from),
            staff: Some(staff(by)),
            purpose: Purpose::ContactTracing,
            what: what.to_owned(),
        })
    };
    keeps(&s, (1..4).map(|n| look(1, n, 1 + n / 3, 10, "identity")).collect()).await;
    keeps(&s, vec![look(1, 1, 1, 11, "identity"), look(1, 7, 2, 11, "quarantine")]).await;
    keeps(&s, (1..4).map(|n| look(2, 1, n, 10, "identity")).collect()).await;
    let many = async |since, least| {
        s.looked_at_by_many(at(since), &["identity", "evidence"], least).await.unwrap()
    };
    let first = LookedAtByMany { holder: hid(1), staff: 3, agency: agency(1) };
    assert_eq!(many(10, 3).await, [first]);
    assert_eq!(many(10, 4).await, []);
    assert_eq!(many(11, 2).await, []);
}

/// An entry of the list is there once, and goes by two pairs of hands.
pub async fn a_protected_person_is_taken_off_by_two(s: S) {
    let entry = |n: u64, digest| Protected {
        id: ProtectedId::from_random(n),
        digest: [digest; 16],
        ground: ProtectedGround::Colleague,
        works_for: Some(agency(1)),
        added_by: (staff(1), agency(9)),
        added_at: at(5),
        end_asked: None,
    };
    let add = |p: &Protected| Write::Alarm(AlarmWrite::Protect(Box::new(p.clone())));
    let first = entry(1, 1);
    let (id, nobody) = (first.id, ProtectedId::from_random(404));
    keeps(&s, vec![add(&first)]).await;
    refuses(&s, vec![add(&entry(2, 1))], Precondition::Absent).await;
    refuses(&s, vec![add(&entry(1, 2))], Precondition::Absent).await;
    let ask = |id, n| Write::Alarm(AlarmWrite::AskEnd { id, by: (staff(n), agency(9)), at: at(7) });
    let go = |id, n| Write::Alarm(AlarmWrite::Unprotect { id, asked_by: staff(n) });
    refuses(&s, vec![go(id, 2)], Precondition::Stands).await;
    refuses(&s, vec![ask(nobody, 2)], Precondition::Exists).await;
    keeps(&s, vec![ask(id, 2)]).await;
    refuses(&s, vec![ask(id, 3)], Precondition::Stands).await;
    let asked = Protected { end_asked: Some((staff(2), agency(9), at(7))), ..first };
    assert_eq!(s.protected_people().await.unwrap(), [asked]);
    refuses(&s, vec![go(id, 3)], Precondition::Stands).await;
    refuses(&s, vec![go(nobody, 2)], Precondition::Exists).await;
    keeps(&s, vec![go(id, 2)]).await;
    assert_eq!(s.protected_people().await.unwrap(), []);
}
