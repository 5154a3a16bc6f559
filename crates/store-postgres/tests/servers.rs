//! What PostgreSQL is asked for beyond the port: transactions held open, connections that are cut,
//! databases that do not fit, copies, partitions, rows that cannot be read.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test's own set-up")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use common::cluster::{Own, cluster, name_in};
use jadegate_domain::gate::Direction;
use jadegate_domain::{
    Access, AgencyId, GateId, Holder, HolderId, PlaceId, Presence, Purpose, Scan, ScanId,
    ScanOutcome, Timestamp, Visit,
};
use jadegate_store::{
    AccountStore, Change, Latest, Page, Position, Reading, Store as _, StoreError, Unit, Write,
};
use jadegate_store_postgres::{OpenOptions, PostgresStore};

const DAY: i64 = 19_052;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(DAY * 86_400 + secs)
}

fn holder(n: u64) -> Write {
    Write::AddHolder(Holder {
        id: HolderId::from_random(n),
        home: "CN-330106".parse().unwrap(),
        registered_at: at(1),
        evidence_version: 0,
    })
}

fn visit(n: u64) -> Visit {
    Visit {
        holder: HolderId::from_random(n),
        place: PlaceId::from_random(9),
        entered: at(10),
        left: None,
        presence: Presence::Gate,
    }
}

fn scan(n: u64) -> Write {
    Write::AddScan(Scan {
        id: ScanId::from_random(n),
        gate: GateId::from_random(1),
        place: PlaceId::from_random(9),
        holder: None,
        at: at(20),
        direction: Direction::In,
        colour: None,
        outcome: ScanOutcome::Refused,
        reason: None,
        problem: Some("a tab \t and a line\nof it \\ too".to_owned()),
    })
}

async fn keeps(s: &PostgresStore, writes: Vec<Write>) {
    s.commit(Unit::new("must_be_kept", writes)).await.unwrap();
}

async fn since(s: &PostgresStore, after: Position) -> (Vec<Change>, Position) {
    let page = s.changes_since(Reading::after(after, i64::MIN), 1000).await.unwrap();
    assert_eq!(page.next, None);
    (page.changes, page.until)
}

/// Statements on a connection of one's own, as another server has it.
async fn raw(address: &str) -> tokio_postgres::Client {
    let connected = tokio_postgres::connect(address, tokio_postgres::NoTls).await;
    let (client, connection) = connected.unwrap();
    tokio::spawn(connection);
    client
}

/// Runs statements behind the store's back.
async fn behind(address: &str, text: &str) -> String {
    let (name, text) = (name_in(address).to_owned(), text.to_owned());
    tokio::task::spawn_blocking(move || cluster().sql(&name, &text)).await.unwrap()
}

/// Another server has taken a position and written, and has not committed: nobody reads past it, what
/// is not followed goes on, and what comes later has a later position.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_is_held_open_hides_no_change() {
    let (a, address) = common::made().await;
    let b = common::open(&address).await;
    keeps(&a, vec![Write::AddVisit(visit(1))]).await;
    let before = a.position().await.unwrap();
    let slow = raw(&address).await;
    let mark = before.get() + 1;
    slow.batch_execute(&format!(
        "BEGIN; SELECT value FROM counter WHERE name = 'position' FOR UPDATE; \
         INSERT INTO visit_{DAY} SELECT entered, 2, place, presence, left_at, {mark} FROM visit; \
         UPDATE day_mark SET mark = {mark}, told = {mark}; \
         UPDATE counter SET value = {mark} WHERE name = 'position'"
    ))
    .await
    .unwrap();
    let other = tokio::spawn({
        let b = std::sync::Arc::clone(&b);
        async move {
            let unit = Unit::new("later", vec![Write::AddVisit(visit(3))]);
            b.commit_for_receipt(unit).await.unwrap().kept_at().unwrap().position
        }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!other.is_finished(), "it waits for the position");
    assert_eq!(since(&a, before).await, (vec![], before));
    tokio::time::timeout(Duration::from_secs(5), keeps(&a, vec![holder(1)])).await.unwrap();
    slow.batch_execute("COMMIT").await.unwrap();
    let later = other.await.unwrap();
    assert_eq!(later.get(), mark + 1);
    let told = vec![Change::Visit(visit(2)), Change::Visit(visit(3))];
    assert_eq!(since(&a, before).await, (told, later));
}

/// A writer that waits longer than it may says so, and nothing is written; the same is kept later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_cut_is_made_anew() {
    let (s, address) = common::made().await;
    keeps(&s, vec![holder(1)]).await;
    assert!(s.holder(HolderId::from_random(1)).await.unwrap().is_some());
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    behind(&address, cut).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    keeps(&s, vec![holder(2)]).await;
    assert_eq!(s.holders(Page::first(9)).await.unwrap().len(), 2);
    assert!(s.holder(HolderId::from_random(2)).await.unwrap().is_some());
}

/// Units cut off at any moment are there whole or not at all, and what was acknowledged is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_however_often_connections_are_cut() {
    let (s, address) = common::made().await;
    let cutter = tokio::spawn({
        let address = address.clone();
        async move {
            for _ in 0..8 {
                tokio::time::sleep(Duration::from_millis(60)).await;
                let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE \
                           datname = current_database() AND pid <> pg_backend_pid()";
                behind(&address, cut).await;
            }
        }
    });
    let mut kept = Vec::new();
    let mut n = 0;
    while !cutter.is_finished() {
        n += 1;
        let writes = vec![holder(n), Write::AddVisit(visit(n)), Write::AddLeaf(vec![1])];
        if s.commit(Unit::new("acknowledged", writes)).await.is_ok() {
            kept.push(n);
        }
    }
    cutter.await.unwrap();
    assert!(!kept.is_empty());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let visits: Vec<u64> =
        s.visits_on(DAY).await.unwrap().iter().map(|v| v.holder.as_u64()).collect();
    for n in &kept {
        assert!(visits.contains(n), "{n} was acknowledged and is gone");
        assert!(s.holder(HolderId::from_random(*n)).await.unwrap().is_some());
    }
    let leaves = s.pending_leaves(0).await.unwrap().count;
    assert_eq!(leaves, u64::try_from(visits.len()).unwrap(), "no unit is there in part");
}

/// Killed under load, and started again: every unit that was acknowledged is there once, every other is there whole or not
/// at all, and the store goes on by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_database_comes_back_with_all_that_was_acknowledged() {
    let database = Own::new();
    let s = PostgresStore::open(&database.address(), OpenOptions::default()).await.unwrap();
    let (kept, refused) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (1..=4)
        .map(|writer| {
            let (s, stop) = (Arc::clone(&s), Arc::clone(&stop));
            let (kept, refused) = (Arc::clone(&kept), Arc::clone(&refused));
            tokio::spawn(async move {
                let mut own = Vec::new();
                for n in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let id = writer * 1_000_000 + n;
                    let writes = vec![holder(id), Write::AddVisit(visit(id)), scan(id)];
                    match s.commit(Unit::new("under_load", writes)).await {
                        Ok(()) => {
                            own.push(id);
                            kept.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(StoreError::Unavailable(_)) => {
                            refused.fetch_add(1, Ordering::Relaxed);
                            tokio::time::sleep(Duration::from_millis(10)).await;
                        }
                        Err(e) => unreachable!("neither kept nor told to come back: {e}"),
                    }
                }
                own
            })
        })
        .collect();
    let begun = std::time::Instant::now();
    let reaches = async |of: &AtomicU64, count: u64| {
        while of.load(Ordering::Relaxed) < count {
            assert!(begun.elapsed() < Duration::from_mins(1), "it does not go on");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    reaches(&kept, 40).await;
    database.kill();
    // Whoever writes meanwhile is told so, and not kept waiting until it is back.
    reaches(&refused, 1).await;
    database.start();
    // It goes on by itself.
    reaches(&kept, kept.load(Ordering::Relaxed) + 40).await;
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    let mut visits: Vec<u64> =
        s.visits_on(DAY).await.unwrap().iter().map(|v| v.holder.as_u64()).collect();
    visits.sort_unstable();
    let mut scans: Vec<u64> =
        s.scans_on(DAY).await.unwrap().iter().map(|s| s.id.as_u64()).collect();
    scans.sort_unstable();
    assert_eq!(scans, visits, "each unit is there whole or not at all");
    assert!(visits.windows(2).all(|pair| pair[0] != pair[1]), "nothing twice");
    for id in acknowledged {
        assert!(visits.binary_search(&id).is_ok(), "{id} was acknowledged and is lost");
    }
    s.close().await;
}

/// A copy of everything, read back into an empty database, is the same; a damaged one leaves nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_read_back_whole_or_not_at_all() {
    let (s, _) = common::made().await;
    let access = Write::AddAccess(Access {
        holder: HolderId::from_random(1),
        at: at(5),
        agency: AgencyId::from_random(1),
        staff: None,
        purpose: Purpose::ALL[0],
        what: "made_up".to_owned(),
    });
    for n in 1..=5 {
        let leaf = Write::AddLeaf(vec![0, 255, 10, 92]);
        let one = vec![holder(n), Write::AddVisit(visit(n)), scan(n), leaf, access.clone()];
        keeps(&s, one).await;
    }
    keeps(&s, vec![Write::NumberLeaves { from: 0, most: 3 }]).await;
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("copy");
    s.backup(&to).await.unwrap();
    assert!(matches!(s.restore(&to).await, Err(StoreError::Schema(_))), "it is not empty");

    let (back, _) = common::made().await;
    back.restore(&to).await.unwrap();
    assert_eq!(back.visit_marks().await.unwrap(), s.visit_marks().await.unwrap());
    assert_eq!(since(&back, Position::BEGINNING).await, since(&s, Position::BEGINNING).await);
    assert_eq!(back.log_leaves(0, 9).await.unwrap(), s.log_leaves(0, 9).await.unwrap());
    assert_eq!(back.pending_leaves(9).await.unwrap(), s.pending_leaves(9).await.unwrap());
    assert_eq!(back.holders(Page::first(9)).await.unwrap().len(), 5);
    keeps(&back, vec![access, holder(6), scan(6), Write::AddLeaf(vec![7])]).await;
    assert_eq!(
        back.accesses_of(HolderId::from_random(1), Latest::first(9)).await.unwrap().len(),
        6
    );

    let file = to.join("holder.copy");
    let text = std::fs::read_to_string(&file).unwrap().replace("CN-330106", "CN-330107");
    std::fs::write(&file, text).unwrap();
    let (none, _) = common::made().await;
    let damaged = none.restore(&to).await;
    assert!(matches!(&damaged, Err(StoreError::Schema(why)) if why.contains("damaged")));
    assert_eq!(none.holders(Page::first(9)).await.unwrap(), []);
    none.restore(dir.path()).await.unwrap_err();
}

/// Dropping a day drops its files: no partition is left of it, and of later days all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_day_leaves_no_partition() {
    let (s, address) = common::made().await;
    let late = Visit { entered: at(86_400), ..visit(2) };
    keeps(&s, vec![Write::AddVisit(visit(1)), scan(1), Write::AddVisit(late)]).await;
    let partitions = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class \
                      WHERE relispartition AND relkind = 'r'";
    assert_eq!(behind(&address, partitions).await, "scan_19052 visit_19052 visit_19053");
    assert_eq!(s.drop_days_before(DAY + 1).await.unwrap(), (1, 1));
    assert_eq!(behind(&address, partitions).await, "visit_19053");
    assert_eq!(s.visits_on(DAY).await.unwrap(), []);
}

/// One row that cannot be read is left out and named; all others go on, and limits count the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_cannot_be_read_is_set_aside() {
    let (s, address) = common::made().await;
    keeps(&s, (1..=40).map(holder).collect()).await;
    behind(&address, "UPDATE holder SET home = 'secret' WHERE id BETWEEN 2 AND 30").await;
    let found = s.holders(Page::first(3)).await.unwrap();
    let ids: Vec<u64> = found.iter().map(|h| h.id.as_u64()).collect();
    assert_eq!(ids, [1, 31, 32]);
    let aside = s.unreadable().rows;
    assert_eq!(aside.len(), 29);
    assert!(aside.iter().all(|r| (r.table, r.column) == ("holder", "home")));
    let e = s.holder(HolderId::from_random(2)).await.unwrap_err();
    assert!(matches!(e, StoreError::Corrupt { row: 2, .. }) && !e.to_string().contains("secret"));
    assert_eq!(s.unreadable_rows().await.unwrap().len(), 29);
    assert_eq!(s.check().await.unwrap(), Vec::<String>::new());
}

/// A database that does not fit, or that is not there, is refused in words, and no password is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_refused_in_words() {
    let (s, address) = common::made().await;
    s.close().await;
    let closed = s.commit(Unit::new("late", vec![holder(1)])).await;
    assert!(matches!(closed, Err(StoreError::Unavailable(_))), "{closed:?}");
    behind(&address, "INSERT INTO migration VALUES (9999, 'newer', '00')").await;
    let refused = async |address: &str| {
        let opened = PostgresStore::open(address, OpenOptions::default()).await;
        opened.expect_err("it was opened")
    };
    let e = refused(&address).await;
    assert!(matches!(&e, StoreError::Schema(why) if why.contains("9999 is unknown")), "{e}");
    behind(
        &address,
        "DELETE FROM migration WHERE number = 9999; UPDATE migration SET sha256 = '00'",
    )
    .await;
    assert!(matches!(refused(&address).await, StoreError::Schema(_)));
    behind(&address, "DROP TABLE migration").await;
    let e = refused(&address).await;
    assert!(matches!(&e, StoreError::Schema(why) if why.contains("some other program's")), "{e}");

    let nowhere = address.replace("jadegate@/t_", "jadegate:hush@/no_t_");
    let e = refused(&nowhere).await.to_string();
    assert!(e.contains("no such database") && !e.contains("hush"), "{e}");
    let e = refused("postgres://jade:hush@127.0.0.1:9/x").await.to_string();
    assert!(e.contains("127.0.0.1:9") && !e.contains("hush"), "{e}");
}

/// Opened to read, it writes nothing, and an empty database is not taken for one of ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_opened_to_read_writes_nothing() {
    let (s, address) = common::made().await;
    keeps(&s, vec![holder(1)]).await;
    let reads = PostgresStore::open_read_only(&address).await.unwrap();
    assert!(reads.holder(HolderId::from_random(1)).await.unwrap().is_some());
    let refused = reads.commit(Unit::new("none", vec![holder(2)])).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    let empty = tokio::task::spawn_blocking(|| cluster().database()).await.unwrap();
    let e = PostgresStore::open_read_only(&empty).await.unwrap_err();
    assert!(matches!(e, StoreError::Schema(_)), "{e}");
}

/// Servers that start at once on an empty database make its tables once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_at_once_make_the_tables_once() {
    let address = tokio::task::spawn_blocking(|| cluster().database()).await.unwrap();
    let all: Vec<_> = (0..4)
        .map(|_| {
            let address = address.clone();
            tokio::spawn(async move { common::open(&address).await.migrations().await.unwrap() })
        })
        .collect();
    let mut told = Vec::new();
    for one in all {
        told.push(one.await.unwrap());
    }
    assert!(!told[0].is_empty() && told[0].is_sorted_by(|a, b| a.number < b.number));
    assert!(told.iter().all(|one| *one == told[0]));
}
