//! What changed since a position: what copies in memory rely on.

use std::collections::{BTreeMap, BTreeSet};

use jadegate_domain::division::{RegionRisk, RiskLevel};
use jadegate_domain::gate::Direction;
use jadegate_domain::record::LinkState;
use jadegate_domain::{
    AgencyId, EvidenceId, GateId, Leg, PlaceId, PolicyRef, Presence, Ride, Scan, ScanId,
    ScanOutcome, Visit, VisitKey,
};

use super::made_up::*;
use crate::{
    Change, ChangeKind, ChangedBy, Changes, PolicyVersion, Position, Precondition, Reading,
    RecordLink, StoredRide, Unit, Write,
};

/// All days' scans.
const EVER: i64 = i64::MIN;

/// Reads to the end in pages of a size: what changed, and how far that reaches.
async fn read(s: &S, mut reading: Reading, most: u32) -> (Vec<Change>, Position) {
    let mut all = Vec::new();
    loop {
        let Changes { changes, until, next } = s.changes_since(reading, most).await.unwrap();
        all.extend(changes);
        let Some(next) = next else { return (all, until) };
        assert_eq!(next.until, Some(until), "a reading goes as far as its first page said");
        reading = next;
    }
}

async fn since(s: &S, after: Position) -> (Vec<Change>, Position) {
    read(s, Reading::after(after, EVER), 1000).await
}

/// Commits a unit that must be kept; its position.
async fn kept_at(s: &S, writes: Vec<Write>) -> Position {
    let receipt = s.commit_for_receipt(Unit::new("must_be_kept", writes)).await.unwrap();
    receipt.kept_at().unwrap().position
}

fn ride(v: &Visit) -> StoredRide {
    let ride = Ride { leg: Leg::new(1, 4).ok(), seat: None };
    StoredRide { holder: v.holder, trip: v.place, entered: v.entered, ride }
}

fn scan(n: u64, secs: i64) -> Scan {
    Scan {
        id: ScanId::from_random(n),
        gate: GateId::from_random(1),
        place: PlaceId::from_random(1),
        holder: Some(hid(n)),
        at: at(secs),
        direction: Direction::In,
        colour: None,
        outcome: ScanOutcome::Refused,
        reason: None,
        problem: None,
    }
}

fn policy(n: u32) -> PolicyVersion {
    PolicyVersion {
        reference: PolicyRef { id: "made-up".to_owned(), version: n, digest: format!("{n:04}") },
        text: format!("version = {n}"),
        published_at: at(1),
        agency: None,
        staff: None,
        proposal: None,
    }
}

fn risk(n: u64) -> RegionRisk {
    RegionRisk {
        id: EvidenceId::from_random(n),
        division: "CN-330106".parse().unwrap(),
        level: RiskLevel::High,
        from: at(0),
        to: None,
        recorded_at: at(1),
        agency: AgencyId::from_random(1),
    }
}

/// A correction that says the same once more.
fn correct(n: u64) -> Write {
    let case = Box::new(case(n, n, at(3)));
    Write::UpdateCase { replaces: case.clone(), case }
}

fn everything(n: u64, secs: i64) -> Vec<Write> {
    let v = visit(n, at(secs));
    vec![
        Write::AddPlace(place(n, None)),
        Write::AddVisit(v),
        Write::PutRide(ride(&v)),
        Write::AddScan(scan(n, secs)),
        Write::AddCase(case(n, n, at(3))),
        Write::AddRegionRisk(risk(n)),
    ]
}

/// What a unit says of itself is what the store tells, in the order of the kinds, and nothing of it is
/// told twice or after it was read.
pub async fn what_a_unit_says_is_what_is_told(s: S) {
    assert_eq!(s.position().await.unwrap(), Position::BEGINNING);
    assert_eq!(since(&s, Position::BEGINNING).await, (vec![], Position::BEGINNING));
    let first = Write::PublishPolicy { version: Box::new(policy(1)), replaces: None };
    keeps(&s, vec![Write::AddHolder(holder(1)), Write::AddHolder(holder(2))]).await;
    let joined = RecordLink {
        record: hid(2),
        main: hid(1),
        state: LinkState::Joined,
        at: at(9),
        by: ChangedBy::Person,
        split_at: None,
    };
    let mut position = Position::BEGINNING;
    let close = |v: &Visit| Write::CloseVisit { visit: v.key(), left: at(90_000) };
    let units = [
        vec![first],
        vec![Write::AddMandateStep(Box::new(super::mandate::step(1)))],
        everything(1, 10),
        everything(2, 86_500),
        vec![close(&visit(1, at(10)))],
        vec![correct(1)],
        vec![Write::WithdrawCase { case: case(2, 2, at(3)).id, at: at(5) }],
        vec![Write::EndRegionRisk { id: EvidenceId::from_random(1), to: at(9) }],
        vec![Write::PutLink { link: joined, replaces: None }],
        vec![Write::EndLink(joined)],
    ];
    for writes in units {
        let unit = Unit::new("followed", writes);
        let mut said: Vec<_> = unit.changes().into_iter().map(|(_, change)| change).collect();
        said.sort_by_key(Change::kind);
        let at = s.commit_for_receipt(unit).await.unwrap().kept_at().unwrap();
        assert!(at.position > position && at.units == 1);
        assert_eq!(s.position().await.unwrap(), at.position);
        assert_eq!(since(&s, position).await, (said, at.position));
        position = at.position;
        assert_eq!(since(&s, position).await, (vec![], position));
    }
}

/// What nobody follows, what was known and what is refused have no position and tell nothing.
pub async fn what_changes_nothing_has_no_position(s: S) {
    let v = visit(1, at(10));
    let before = kept_at(&s, vec![Write::AddVisit(v), Write::AddPlace(place(1, None))]).await;
    for writes in [
        vec![],
        vec![Write::AddHolder(holder(1)), Write::AddLeaf(vec![1])],
        vec![Write::AddVisit(v)],
    ] {
        let receipt = s.commit_for_receipt(Unit::new("nothing", writes)).await.unwrap();
        assert_eq!(receipt.kept_at(), None);
    }
    let refused = vec![Write::AddVisit(visit(2, at(10))), Write::AddPlace(place(1, None))];
    refuses(&s, refused, Precondition::Absent).await;
    assert_eq!(s.position().await.unwrap(), before);
    assert_eq!(since(&s, before).await, (vec![], before));
}

/// Whatever the size of the pages: the same, each thing once, as it is now; also from before things
/// that changed several times.
pub async fn pages_of_any_size_tell_the_same(s: S) {
    let mut middle = Position::BEGINNING;
    for n in 1..=9_u64 {
        let at = kept_at(&s, everything(n, 40_000 * n.cast_signed())).await;
        middle = if n == 4 { at } else { middle };
    }
    for n in [2_u64, 7] {
        let v = visit(n, at(40_000 * n.cast_signed()));
        kept_at(&s, vec![Write::CloseVisit { visit: v.key(), left: at(900_000) }]).await;
        kept_at(&s, vec![correct(n)]).await;
    }
    for after in [Position::BEGINNING, middle] {
        let (whole, until) = since(&s, after).await;
        let sorted = whole.is_sorted_by_key(Change::kind);
        assert!(sorted, "{whole:?}");
        for most in [1, 2, 3, 7] {
            let told = read(&s, Reading::after(after, EVER), most).await;
            assert_eq!(told, (whole.clone(), until), "pages of {most}");
        }
        let places = whole.iter().filter(|c| matches!(c, Change::Place(_))).count();
        assert_eq!(places, if after == Position::BEGINNING { 9 } else { 5 });
        let visits = whole.iter().filter(|c| matches!(c, Change::Visit(_))).count();
        assert_eq!(visits, if after == Position::BEGINNING { 9 } else { 6 });
    }
    // Of some kinds, and of some days' scans.
    let only = Reading::after(Position::BEGINNING, DAY0 + 2);
    let (scans, _) = read(&s, only.of(&[ChangeKind::Scans]), 2).await;
    let day = |c: &Change| match c {
        Change::Scan(scan) => Some(scan.at.utc_day() - DAY0),
        _ => None,
    };
    let days: Vec<_> = scans.iter().map(day).collect();
    assert_eq!(days, [2, 2, 3, 3, 4].map(Some));
}

/// What comes while somebody reads is told by the reading after: none of it is lost between the two,
/// and a reading ends however much is written beside it.
pub async fn what_comes_between_two_pages_is_told_by_the_next_reading(s: S) {
    for n in 1..=5 {
        kept_at(&s, vec![Write::AddVisit(visit(n, at(10)))]).await;
    }
    let first = s.changes_since(Reading::after(Position::BEGINNING, EVER), 2).await.unwrap();
    let until = first.until;
    // New, changed before its page is read, and changed after.
    let open = |n| visit(n, at(10)).key();
    kept_at(&s, vec![Write::AddVisit(visit(9, at(5)))]).await;
    for n in [1, 5] {
        kept_at(&s, vec![Write::CloseVisit { visit: open(n), left: at(60) }]).await;
    }
    let (rest, same) = read(&s, first.next.unwrap(), 2).await;
    assert_eq!(same, until);
    let (later, _) = since(&s, until).await;
    let mut known = BTreeMap::new();
    for change in first.changes.into_iter().chain(rest).chain(later) {
        if let Change::Visit(v) = change {
            known.insert(v.key(), v);
        }
    }
    let stored = s.visits_on(DAY0).await.unwrap();
    assert_eq!(known, stored.into_iter().map(|v| (v.key(), v)).collect());
}

/// Visits that were taken back, and days that were dropped: told by the day, and of the visits
/// themselves nothing is kept.
pub async fn what_went_is_told_by_its_day(s: S) {
    let imported = |n, secs| Visit { presence: Presence::Imported, ..visit(n, at(secs)) };
    let put = |v: &Visit| [Write::AddVisit(*v), Write::PutRide(ride(v))];
    let all = [imported(1, 10), imported(2, 10), imported(3, 86_500)];
    let before = kept_at(&s, all.iter().flat_map(put).collect()).await;
    let back = Write::WithdrawRide { holder: all[0].holder, trip: all[0].place, entered: at(10) };
    let unit = Unit::new("taken_back", vec![back]);
    let key: VisitKey = all[0].key();
    assert_eq!(unit.changes(), [(0, Change::TakenBack(key))]);
    s.commit(unit).await.unwrap();
    let (told, _) = since(&s, before).await;
    assert_eq!(told, [Change::LostVisits(DAY0)]);
    let (told, _) = since(&s, Position::BEGINNING).await;
    assert!(!told.contains(&Change::Visit(all[0])) && told.contains(&Change::Visit(all[1])));

    let long = Visit { left: Some(at(99)), ..visit(5, at(20)) };
    let short = Visit { left: Some(at(60)), ..long };
    let lost = kept_at(&s, vec![Write::AddVisit(long)]).await;
    let shorten = Write::ShortenVisit { visit: long.key(), from: at(99), to: at(60) };
    let unit = Unit::new("shortened", vec![shorten]);
    let said = [(0, Change::TakenBack(long.key())), (0, Change::Visit(short))];
    assert_eq!(unit.changes(), said);
    s.commit(unit).await.unwrap();
    let (told, lost) = since(&s, lost).await;
    assert_eq!(told, [Change::Visit(short), Change::LostVisits(DAY0)]);

    s.drop_days_before(DAY0).await.unwrap();
    assert_eq!(s.position().await.unwrap(), lost, "nothing was dropped");
    s.drop_days_before(DAY0 + 1).await.unwrap();
    let (told, dropped) = since(&s, lost).await;
    assert!(dropped > lost);
    assert_eq!(told, [Change::DaysDropped(DAY0 + 1)]);
    let (told, _) = since(&s, Position::BEGINNING).await;
    let visits: Vec<_> = told.iter().filter(|c| c.kind() == ChangeKind::Visits).collect();
    assert_eq!(visits, [&Change::Visit(all[2])]);
    // A day made anew is told as any other.
    kept_at(&s, vec![Write::AddVisit(visit(7, at(10)))]).await;
    assert_eq!(since(&s, dropped).await.0, [Change::Visit(visit(7, at(10)))]);
}

/// Of units that are kept side by side: each has a position, those of one transaction know how many
/// they are, and who read them in whatever pieces knows them all.
pub async fn units_side_by_side_are_all_told(s: S) {
    all_are_told(&[s]).await;
}

/// The same on several handles, each of which reads what all have written.
pub(super) async fn all_are_told(handles: &[S]) {
    let mut tasks = tokio::task::JoinSet::new();
    for n in 1..=200_u64 {
        let s = S::clone(&handles[usize::try_from(n).unwrap() % handles.len()]);
        tasks.spawn(async move {
            let unit = Unit::new("one", vec![Write::AddVisit(visit(n, at(10)))]);
            s.commit_for_receipt(unit).await.unwrap().kept_at().unwrap()
        });
    }
    let mut read_to = Position::BEGINNING;
    let mut known = BTreeSet::new();
    let mut shares: BTreeMap<Position, Vec<u32>> = BTreeMap::new();
    let mut turn = 0;
    while let Some(done) = tasks.join_next().await {
        let at = done.unwrap();
        let s = &handles[turn % handles.len()];
        turn += 1;
        shares.entry(at.position).or_default().push(at.units);
        let (told, until) = read(s, Reading::after(read_to, EVER), 3).await;
        assert!(until >= at.position, "what was acknowledged is told");
        for change in told {
            let key = if let Change::Visit(v) = &change { Some(v.key()) } else { None };
            assert!(known.insert(key.unwrap()), "told twice");
        }
        read_to = until;
    }
    assert_eq!(known.len(), 200);
    for units in shares.into_values() {
        assert!(units.iter().all(|of| usize::try_from(*of).unwrap() == units.len()), "{units:?}");
    }
}
