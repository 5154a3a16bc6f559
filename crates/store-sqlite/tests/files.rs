//! Opening, locking, migrations, damaged files and rows, backups.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

mod common;

use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::sync::Arc;

use common::{DAY, Place, at, evidence, hid, holder, keeps, ride, visit};
use jadegate_domain::{Assessment, Colour, EvidenceId, PlaceId, PolicyRef, Presence, Visit};
use jadegate_store::{
    AccountStore, Change, Page, Position, Reading, RecordStore, RowRef, Store, StoreError,
    StoredAssessment, Unit, Write,
};
use jadegate_store_sqlite::{OpenOptions, SqliteStore};

fn open_error(place: &Place) -> StoreError {
    SqliteStore::open(place.db(), OpenOptions::default()).unwrap_err()
}

#[tokio::test]
async fn only_one_process_writes_but_others_read() {
    let place = Place::new();
    let s = place.open();
    assert!(matches!(open_error(&place), StoreError::Unavailable(_)));
    let reader = SqliteStore::open_read_only(place.db()).unwrap();
    keeps(&s, vec![holder(1)]).await;
    assert!(reader.holder(hid(1)).await.unwrap().is_some());
    let refused = reader.commit(Unit::new("no", vec![holder(2)])).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    assert!(reader.ping().await.is_err());
    drop(s);
    // The reader still reads, a reader can come when nobody writes, and the lock is free again.
    assert!(reader.holder(hid(1)).await.unwrap().is_some());
    drop(reader);
    let reader = SqliteStore::open_read_only(place.db()).unwrap();
    assert!(reader.holder(hid(1)).await.unwrap().is_some());
    let s = place.open();
    keeps(&s, vec![holder(2)]).await;
    assert!(reader.holder(hid(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn every_file_is_its_owners_only() {
    let place = Place::new();
    let s = place.open();
    keeps(&s, vec![holder(1)]).await;
    s.backup(&place.dir().join("copy.db")).await.unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(place.dir()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.path());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    let wanted = ["copy.db", "made-up.db", "made-up.db-shm", "made-up.db-wal", "made-up.db.lock"];
    assert_eq!(names, wanted);
}

#[tokio::test]
async fn a_backup_is_a_whole_database_and_never_overwrites() {
    let place = Place::new();
    let s = place.open();
    keeps(&s, vec![holder(1), evidence(1, 1), visit(1, 1, at(0)), Write::AddLeaf(vec![1])]).await;
    let to = place.dir().join("copy.db");
    s.backup(&to).await.unwrap();
    let bytes = std::fs::read(&to).unwrap();
    keeps(&s, vec![holder(2)]).await;
    assert!(s.backup(&to).await.is_err());
    assert!(std::fs::read(&to).unwrap() == bytes, "the old backup was touched");

    let copy = SqliteStore::open(&to, OpenOptions::default()).unwrap();
    assert_eq!(copy.evidence_of(hid(1)).await.unwrap(), s.evidence_of(hid(1)).await.unwrap());
    assert_eq!(copy.visits_on(DAY).await.unwrap(), s.visits_on(DAY).await.unwrap());
    assert_eq!(copy.holders(Page::first(9)).await.unwrap().len(), 1);
    assert!(copy.integrity_check().unwrap().is_empty());
    keeps(&copy, vec![holder(3)]).await;
}

#[tokio::test]
async fn a_newer_changed_or_foreign_database_is_refused() {
    let newer = Place::new();
    drop(newer.open());
    newer.raw("INSERT INTO migration (number, name, sha256) VALUES (99, 'later', 'x')");
    assert!(matches!(open_error(&newer), StoreError::Schema(_)));
    assert!(matches!(SqliteStore::open_read_only(newer.db()), Err(StoreError::Schema(_))));

    let changed = Place::new();
    drop(changed.open());
    changed.raw("UPDATE migration SET sha256 = 'x' WHERE number = 1");
    assert!(matches!(open_error(&changed), StoreError::Schema(_)));

    let foreign = Place::new();
    foreign.raw("CREATE TABLE somebody_elses (x)");
    assert!(matches!(open_error(&foreign), StoreError::Schema(_)));

    let empty = Place::new();
    std::fs::write(empty.db(), b"").unwrap();
    assert!(matches!(SqliteStore::open_read_only(empty.db()), Err(StoreError::Schema(_))));

    let nonsense = Place::new();
    std::fs::write(nonsense.db(), vec![b'x'; 10_000]).unwrap();
    assert!(matches!(
        open_error(&nonsense),
        StoreError::Corrupt { .. } | StoreError::Unavailable(_)
    ));
    assert!(std::fs::read(nonsense.db()).unwrap() == vec![b'x'; 10_000], "it was written to");
    assert!(SqliteStore::open_read_only(nonsense.dir().join("none.db")).is_err());
}

fn assessed(n: u64) -> Write {
    Write::PutAssessment(Box::new(StoredAssessment {
        holder: hid(n),
        evidence_version: 1,
        regions_version: 0,
        assessment: Assessment {
            colour: Colour::Red,
            reasons: Vec::new(),
            warnings: Vec::new(),
            at: at(0),
            next_change: Some(at(500)),
            policy: PolicyRef { id: "made-up".into(), version: 1, digest: "00".into() },
        },
    }))
}

/// Whatever is wrong with a row is told by table, column and row, and the value stays untold.
#[tokio::test]
async fn a_damaged_row_is_an_error_and_never_green() {
    let cases = [
        ("UPDATE holder SET home = 'secret'", "holder", "home"),
        ("UPDATE holder SET registered_at = -1", "holder", "registered_at"),
        ("UPDATE assessment SET colour = 'green'", "assessment", "colour"),
        ("UPDATE assessment SET next_change = NULL", "assessment", "next_change"),
        ("UPDATE assessment SET body = '{\"secret\":1}'", "assessment", "body"),
        (
            "UPDATE assessment SET body = replace(body, '\"red\"', '\"secret\"')",
            "assessment",
            "body",
        ),
        ("UPDATE evidence SET fact = 'secret'", "evidence", "fact"),
        ("UPDATE evidence SET kind = 'release'", "evidence", "kind"),
        ("UPDATE evidence SET agency = -5", "evidence", "agency"),
        ("UPDATE visit_19052 SET presence = 77", "visit", "presence"),
        ("UPDATE visit_19052 SET holder = 0", "visit", "holder"),
        ("UPDATE ride_19052 SET seat = 'secret'", "ride", "seat"),
        ("UPDATE ride_19052 SET leg_from = -1", "ride", "leg_from"),
    ];
    for (damage, table, column) in cases {
        let place = Place::new();
        let s = place.open();
        keeps(
            &s,
            vec![holder(7), evidence(7, 7), assessed(7), visit(7, 7, at(0)), ride(7, 7, at(0))],
        )
        .await;
        drop(s);
        place.raw(damage);
        let s = place.open();
        // What is kept by day has no number of its own: its moment stands for it.
        let row = if ["visit", "ride"].contains(&table) { at(0).as_secs() } else { 7 };
        let wanted = RowRef { table, column, row };
        let found = match table {
            "holder" => s.holder(hid(7)).await.map(drop),
            "assessment" => s.assessment(hid(7)).await.map(drop),
            "ride" => s.rides_on(DAY).await.map(|rides| assert_eq!(rides, [])),
            "evidence" => s.evidence(EvidenceId::from_random(7)).await.map(drop),
            _ => s.visits_on(DAY).await.map(|visits| assert_eq!(visits, [])),
        };
        // One thing is an error; a list leaves it out. Either way the row is named.
        match &found {
            Err(e @ StoreError::Corrupt { .. }) => assert_eq!(e.row(), Some(wanted), "{damage}"),
            Ok(()) => assert!(matches!(table, "visit" | "ride"), "{damage}"),
            Err(_) => unreachable!("{damage}: {found:?}"),
        }
        assert_eq!(s.unreadable().rows, [wanted], "{damage}");
        assert!(!format!("{found:?}").contains("secret"), "{damage}: {found:?}");
    }
}

#[tokio::test]
async fn the_integrity_check_finds_a_damaged_page() {
    let place = Place::new();
    let s = place.open();
    for n in 1..500 {
        keeps(&s, vec![holder(n), evidence(n, n)]).await;
    }
    assert!(s.integrity_check().unwrap().is_empty());
    drop(s);
    // The tail of an index page, as a failing disk would leave it.
    let raw = rusqlite::Connection::open(place.db()).unwrap();
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'evidence_holder'";
    let page: u64 = raw.query_row(root, [], |r| r.get::<_, u32>(0)).unwrap().into();
    drop(raw);
    let file = std::fs::OpenOptions::new().write(true).open(place.db()).unwrap();
    file.write_all_at(&[0; 64], page * 4096 - 64).unwrap();
    drop(file);
    let s = place.open();
    assert!(!s.integrity_check().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_keeps_everything_that_was_accepted_and_nothing_else() {
    let place = Place::new();
    let s = place.open();
    let tasks: Vec<_> = (1..=400)
        .map(|n| {
            let s = s.clone();
            tokio::spawn(async move {
                (n, s.commit(Unit::new("late", vec![holder(n), evidence(n, n)])).await.is_ok())
            })
        })
        .collect();
    s.close().await;
    s.close().await;
    let refused = s.commit(Unit::new("too_late", vec![holder(900)])).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    let mut kept = Vec::new();
    for task in tasks {
        let (n, ok) = task.await.unwrap();
        assert_eq!(s.holder(hid(n)).await.unwrap().is_some(), ok, "unit {n}");
        kept.extend(ok.then_some(n));
    }
    assert_eq!(s.stats().unwrap().log_bytes, 0);
    drop(s);
    let s = place.open();
    for n in &kept {
        assert_eq!(s.evidence_of(hid(*n)).await.unwrap().unwrap().1.len(), 1);
    }
    assert_eq!(s.holders(Page::first(1_000)).await.unwrap().len(), kept.len());
}

/// A database from before there were marks: its days have one, and it gets an id that stays.
#[tokio::test]
async fn an_older_database_gets_marks_for_its_days() {
    let of_today = Place::new();
    let s = of_today.open();
    keeps(&s, vec![visit(1, 1, at(0)), visit(2, 1, at(86_400))]).await;
    let other = s.visit_marks().await.unwrap().store;
    drop(s);
    let place = Place::before_marks();
    place.take_days_of(&of_today);
    let s = place.open();
    let marks = s.visit_marks().await.unwrap();
    assert_ne!(marks.store, other);
    assert_eq!(marks.days.iter().map(|d| d.day).collect::<Vec<_>>(), [DAY, DAY + 1]);
    keeps(&s, vec![visit(3, 1, at(5))]).await;
    let later = s.visit_marks().await.unwrap();
    assert!(later.days[0].mark > marks.days[0].mark);
    assert_eq!((later.days[1], later.store), (marks.days[1], marks.store));
    drop(s);
    assert_eq!(place.open().visit_marks().await.unwrap(), later);
}

/// A database whose visits, rides and scans had ids of their own: all of them are there under their
/// natural keys, one that had two ids is one, and its days can be written to.
#[tokio::test]
async fn an_older_databases_days_get_natural_keys() {
    let place = Place::before_marks();
    let t0 = at(0).as_secs();
    place.raw(&format!(
        "CREATE TABLE visit_{DAY} (id INTEGER PRIMARY KEY CHECK (id > 0), holder INTEGER NOT NULL,
            place INTEGER NOT NULL, entered INTEGER NOT NULL, left_at INTEGER,
            presence INTEGER NOT NULL, CHECK (left_at IS NULL OR left_at >= entered)) STRICT;
         INSERT INTO visit_{DAY} (id, holder, place, entered, left_at, presence) VALUES
            (1, 11, 21, {t0}, NULL, 0), (2, 11, 21, {t0}, {t0} + 60, 0), (3, 12, 21, {t0}, NULL, 3);
         CREATE TABLE scan_{DAY} (id INTEGER PRIMARY KEY CHECK (id > 0), gate INTEGER NOT NULL,
            place INTEGER NOT NULL, holder INTEGER, at INTEGER NOT NULL, direction TEXT NOT NULL,
            colour TEXT, outcome TEXT NOT NULL, reason TEXT, visit INTEGER) STRICT;
         INSERT INTO scan_{DAY} VALUES
            (7, 1, 21, 11, {t0}, 'in', 'green', 'admitted', NULL, 1),
            (8, 1, 21, NULL, {t0} + 1, 'in', NULL, 'refused', NULL, NULL);
         CREATE TABLE ride_{DAY} (visit INTEGER PRIMARY KEY CHECK (visit > 0),
            holder INTEGER NOT NULL, trip INTEGER NOT NULL, entered INTEGER NOT NULL,
            leg_from INTEGER, leg_to INTEGER, seat TEXT) STRICT;
         INSERT INTO ride_{DAY} VALUES (3, 12, 21, {t0}, 0, 1, '05-12A')"
    ));
    let read = SqliteStore::open_read_only(place.db());
    assert!(matches!(read, Err(StoreError::Schema(_))), "an older form is not guessed at");
    let s = place.open();
    let visit = |holder: u64, left, presence| Visit {
        holder: hid(holder),
        place: PlaceId::from_random(21),
        entered: at(0),
        left,
        presence,
    };
    let first = visit(11, Some(at(60)), Presence::Gate);
    let open = visit(12, None, Presence::Imported);
    assert_eq!(s.visits_on(DAY).await.unwrap(), [first, open]);
    let scans = s.scans_on(DAY).await.unwrap();
    assert_eq!(
        scans.iter().map(|s| (s.id.as_u64(), s.at)).collect::<Vec<_>>(),
        [(7, at(0)), (8, at(1))]
    );
    assert_eq!(s.scan(at(1), scans[1].gate, scans[1].id).await.unwrap().as_ref(), scans.get(1));
    let rides = s.rides_on(DAY).await.unwrap();
    assert_eq!(rides.len(), 1);
    assert_eq!(rides[0].ride.seat, "05-12A".parse().ok());

    let before = s.position().await.unwrap();
    let told = changes(&s, Position::BEGINNING).await;
    assert!(told.contains(&Change::Visit(first)) && told.contains(&Change::Visit(open)));
    assert_eq!(told.len(), 5, "two visits, two scans, a ride: {told:?}");
    assert_eq!(changes(&s, before).await, []);

    let close = Write::CloseVisit { visit: open.key(), left: at(90) };
    let again = vec![Write::AddVisit(first), close, Write::PutRide(rides[0])];
    let told = s.commit_for_receipt(Unit::new("again", again)).await.unwrap();
    assert!(told.was_known(0) && told.known() == 1);
    assert_eq!(s.visits_on(DAY).await.unwrap().len(), 2);
    assert_eq!(s.rides_on(DAY).await.unwrap(), rides);
    let closed = Visit { left: Some(at(90)), ..open };
    assert_eq!(changes(&s, before).await, [Change::Ride(rides[0]), Change::Visit(closed)]);
    assert!(s.visit_marks().await.unwrap().days[0].mark > 1);
    assert!(s.integrity_check().unwrap().is_empty());
    drop(s);
    assert_eq!(place.open().scans_on(DAY).await.unwrap(), scans);
}

/// All that changed after a position.
async fn changes(s: &Arc<SqliteStore>, after: Position) -> Vec<Change> {
    let page = s.changes_since(Reading::after(after, 0), 1000).await.unwrap();
    assert_eq!(page.next, None);
    page.changes
}

/// A position is good after a restart, also of a database whose every day was dropped, and in a backup.
#[tokio::test]
async fn a_position_survives_a_restart() {
    let place = Place::new();
    let s = place.open();
    keeps(&s, vec![visit(1, 1, at(0)), visit(2, 1, at(86_400))]).await;
    let first = s.position().await.unwrap();
    drop(s);
    let s = place.open();
    assert_eq!(s.position().await.unwrap(), first);
    keeps(&s, vec![visit(3, 1, at(5))]).await;
    assert_eq!(changes(&s, first).await.len(), 1);
    s.drop_days_before(DAY + 9).await.unwrap();
    let last = s.position().await.unwrap();
    assert!(last > first);
    drop(s);
    let s = place.open();
    assert_eq!(s.position().await.unwrap(), last);
    assert_eq!(changes(&s, first).await, [Change::DaysDropped(DAY + 9)]);
    keeps(&s, vec![visit(4, 1, at(5))]).await;
    assert!(s.position().await.unwrap() > last);
    assert_eq!(changes(&s, last).await.len(), 1);
}

/// A database whose leaves were numbered by their units: each keeps its number, and what is written
/// from then on waits.
#[tokio::test]
async fn an_older_databases_leaves_keep_their_numbers() {
    let place = Place::before_marks();
    place.raw("INSERT INTO log_leaf (position, bytes) VALUES (0, x'0A'), (1, x'0B'), (2, x'0C')");
    let s = place.open();
    let old = s.log_leaves(0, 9).await.unwrap();
    assert_eq!(
        old.iter().map(|l| (l.index, l.bytes[0])).collect::<Vec<_>>(),
        [(0, 10), (1, 11), (2, 12)]
    );
    assert_eq!(s.pending_leaves(9).await.unwrap().count, 0);
    keeps(&s, vec![Write::AddLeaf(vec![13])]).await;
    let waiting = s.pending_leaves(9).await.unwrap();
    assert_eq!((waiting.from, waiting.count, waiting.first), (3, 1, vec![vec![13]]));
    keeps(&s, vec![Write::NumberLeaves { from: 3, most: 9 }]).await;
    let all = s.log_leaves(0, 9).await.unwrap();
    assert_eq!((&all[..3], all[3].index, all[3].bytes[0]), (&old[..], 3, 13));
}

/// A number that was given, and perhaps signed for, is never given to another leaf.
#[tokio::test]
async fn where_numbered_leaves_are_gone_no_more_are_numbered() {
    let place = Place::new();
    let s = place.open();
    keeps(&s, vec![Write::AddLeaf(vec![1]), Write::AddLeaf(vec![2])]).await;
    keeps(&s, vec![Write::NumberLeaves { from: 0, most: 9 }]).await;
    drop(s);
    place.raw("DELETE FROM log_leaf WHERE position = 1");
    let s = place.open();
    let damaged = |e: StoreError| matches!(e, StoreError::Corrupt { table: "log_leaf", .. });
    assert!(damaged(s.pending_leaves(0).await.unwrap_err()));
    let number = Write::NumberLeaves { from: 2, most: 9 };
    assert!(damaged(s.commit(Unit::new("number", vec![number])).await.unwrap_err()));
}

/// Ready means that something can be written: an empty transaction says nothing about a full disk.
#[tokio::test]
async fn a_ping_writes() {
    let place = Place::new();
    let s = place.open();
    let other = rusqlite::Connection::open(place.db()).unwrap();
    let changes = || other.query_row("PRAGMA data_version", [], |r| r.get::<_, i64>(0)).unwrap();
    for _ in 0..3 {
        let before = changes();
        s.ping().await.unwrap();
        // Another connection sees a change only if a page of it was written.
        assert_ne!(changes(), before, "nothing went to the disk");
    }
}

/// The check beside the requests finds what the whole one finds, and names the table.
#[tokio::test]
async fn the_check_by_table_names_the_damaged_one() {
    let place = Place::new();
    let s = place.open();
    for n in 1..500 {
        keeps(&s, vec![holder(n), evidence(n, n)]).await;
    }
    assert_eq!(s.check().await.unwrap(), [] as [String; 0]);
    drop(s);
    let raw = rusqlite::Connection::open(place.db()).unwrap();
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'evidence_holder'";
    let page: u64 = raw.query_row(root, [], |r| r.get::<_, u32>(0)).unwrap().into();
    drop(raw);
    let file = std::fs::OpenOptions::new().write(true).open(place.db()).unwrap();
    file.write_all_at(&[0; 64], page * 4096 - 64).unwrap();
    drop(file);
    let found = place.open().check().await.unwrap();
    assert!(found.iter().all(|line| line.starts_with("evidence: ")), "{found:?}");
    assert!(!found.is_empty());
}
