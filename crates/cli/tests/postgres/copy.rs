//! Everything is copied from a file to PostgreSQL and back.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jadegate_store::copying::{Copied, NOT_COPIED, copy};
use jadegate_store::{Store, Unit, Write, conformance};
use jadegate_store_postgres::{PostgresCopy, PostgresStore};
use jadegate_store_sqlite::{OpenOptions, SqliteCopy, SqliteStore};
use rusqlite::Connection;

use super::{cluster, command, run, text};

/// A file of which every other begins as a copy.
const EMPTY: &str = "empty.db";

/// A file with all tables and no row.
async fn blank(dir: &Path, name: &str) -> PathBuf {
    let empty = dir.join(EMPTY);
    SqliteStore::open(&empty, OpenOptions::default()).unwrap().close().await;
    let path = dir.join(name);
    std::fs::copy(empty, &path).unwrap();
    path
}

/// What a case of the conformance suite leaves behind is put into a file.
macro_rules! left_by {
    ($dir:expr, $path:expr; $($module:ident :: $case:ident),* $(,)?) => {$(
        let case = $dir.join(concat!(stringify!($case), ".db"));
        // Quicker than the migrations of each.
        std::fs::copy($dir.join(EMPTY), &case).unwrap();
        let store = SqliteStore::open(&case, OpenOptions::default()).unwrap();
        conformance::$module::$case(Arc::clone(&store) as Arc<dyn Store>).await;
        store.close().await;
        merge($path, &case);
    )*};
}

/// A file with something in a few tables.
async fn little(dir: &Path) -> PathBuf {
    let path = blank(dir, "little.db").await;
    left_by!(dir, &path;
        places::a_trip_is_replaced_only_as_loaded,
        logs::a_setting_is_replaced_only_as_expected,
    );
    path
}

/// What cases of the conformance suite leave behind, all in one file.
async fn everything(dir: &Path) -> PathBuf {
    let path = blank(dir, "everything.db").await;
    left_by!(dir, &path;
        people::a_vault_key_is_made_once,
        people::the_newest_version_of_each_sealed_field_is_read,
        people::a_challenge_is_read_back_and_used_once,
        people::a_code_is_good_for_its_lane_until_used,
        people::a_correction_is_decided_once_and_in_time,
        people::messages_wait_until_due_oldest_first,
        people::a_session_ends_by_time_or_by_hand,
        people::a_nonce_is_used_once,
        accounts::a_phone_leads_to_all_who_use_it,
        accounts::a_change_of_an_account_is_undone_once,
        splits::pieces_of_a_split_record_count_for_whom_they_are,
        papers::papers_come_in_pages_with_how_their_holders_stand,
        appeals::a_file_goes_with_an_open_appeal,
        appeals::a_review_of_a_rule_is_asked_for_once,
        alarms::an_alarm_is_read_back_and_answered_once,
        alarms::activity_is_counted_by_the_hour,
        assignments::a_worker_accompanies_so_many_people_at_a_time,
        counts::what_was_published_stays,
        servers::a_job_is_read_back,
        tally::counts_of_other_classes_and_keys_are_other_counts,
        staff::passkeys_belong_to_existing_staff,
        staff::an_invitation_works_once_and_in_time,
        places::a_trip_is_replaced_only_as_loaded,
        places::the_last_word_about_a_ride_counts,
        places::a_revoked_gate_loses_its_sessions,
        places::scans_come_by_their_moment,
        places::dropping_days_drops_all_before_and_nothing_else,
        marks::a_day_that_lost_a_visit_is_told,
        evidence::every_kind_of_fact_is_read_back,
        evidence::colours_are_counted_and_the_confined_are_listed,
        evidence::changes_of_colour_come_newest_first,
        evidence::risk_levels_raise_the_regions_version,
        policies::a_policy_replaces_the_one_in_force,
        policies::a_proposal_is_decided_once,
        policies::no_batch_of_recolouring_counts_twice,
        mandate::a_step_of_the_mandates_follows_the_one_before,
        mandate::an_identity_request_is_decided_once,
        logs::a_trace_is_read_back_and_replaced,
        logs::accesses_come_newest_first,
        logs::a_setting_is_replaced_only_as_expected,
        records::what_is_kept_for_a_document_goes_to_its_owner,
        records::a_file_is_a_record,
        records::a_withdrawal_names_who_and_why,
        records::what_waits_is_decided_once,
    );
    let c = Connection::open(&path).unwrap();
    c.execute_batch(
        // What those cases take away again, or leave none of.
        "INSERT INTO authorship (record, id, agency, recorded_at, by_document, by_tube)
             VALUES ('test', 1, 1, 1, 0, 1), ('test', 2, 1, 1, 0, 0), ('ride', 1, 1, 1, 1, 0);
         INSERT INTO case_record (id, holder, class, confirmed_at, recorded_at, agency)
             VALUES (7, 1, 'confirmed', 1, 2, 3);
         INSERT INTO document_bar (document, mark, account, at)
             VALUES (zeroblob(16), x'ffffffffffffffffffffffffffffffff', zeroblob(16), 1);
         INSERT INTO job_part (job, number, body) SELECT id, 0, zeroblob(300000) FROM job;
         INSERT INTO proxy (person, carer, since, child)
             SELECT a.id, b.id, 1, 0 FROM holder a JOIN holder b ON a.id < b.id;
         INSERT INTO protected_person (id, digest, ground, added_by, added_agency, added_at)
             VALUES (1, zeroblob(16), 'colleague', 1, 1, 1);
         INSERT INTO tube (id, key, agency, holder, bound_by, bound_at)
             VALUES (40, zeroblob(16), 1, 1, 1, 1);
         INSERT INTO waiting_piece (waiting, number, body) SELECT id, 5, '{\"a\":\"é 一\"}' FROM waiting;
         DELETE FROM log_leaf; UPDATE counter SET value = 2 WHERE name = 'numbered_leaves';
         INSERT INTO log_leaf (position, bytes) VALUES (0, x'00'), (1, x'0a09'), (2, x''), (3, x'ff');",
    )
    .unwrap();
    // The days' marks are of one case each: each day with a table has changed at its last mark.
    c.execute("UPDATE day_mark SET mark = 0", []).unwrap();
    let days = "SELECT substr(name, 7) FROM sqlite_schema WHERE name GLOB 'visit_[0-9]*'";
    let days: Vec<String> =
        c.prepare(days).and_then(|mut s| s.query_map([], |r| r.get(0))?.collect()).unwrap();
    for day in days {
        let mark = "INSERT INTO day_mark (day, mark, told) VALUES (?1, 5, 5) \
                    ON CONFLICT DO UPDATE SET mark = told";
        c.execute(mark, [day]).unwrap();
    }
    path
}

/// Puts the rows of one file into another, but those whose key is taken there.
fn merge(into: &Path, from: &Path) {
    let c = Connection::open(into).unwrap();
    let from = from.display();
    c.execute_batch(&format!("PRAGMA foreign_keys = OFF; ATTACH '{from}' AS other")).unwrap();
    let tables: Vec<(String, String)> = c
        .prepare("SELECT name, sql FROM other.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .and_then(|mut s| s.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect())
        .unwrap();
    for (name, made_by) in tables {
        if NOT_COPIED.contains(&name.as_str()) {
            continue;
        }
        let there = "SELECT count(*) FROM main.sqlite_schema WHERE name = ?1";
        if c.query_row(there, [&name], |r| r.get::<_, i64>(0)).unwrap() == 0 {
            c.execute_batch(&made_by).unwrap();
        }
        let rows = format!("INSERT OR IGNORE INTO main.{name} SELECT * FROM other.{name}");
        c.execute_batch(&rows).unwrap();
    }
}

async fn up(from: &Path, to: &str) -> Vec<Copied> {
    let (mut from, mut to) =
        (SqliteCopy::source(from).unwrap(), PostgresCopy::target(to).await.unwrap());
    copy(&mut from, &mut to, &mut |_| ()).await.unwrap()
}

async fn down(from: &str, to: &Path) -> Vec<Copied> {
    let (mut from, mut to) =
        (PostgresCopy::source(from).await.unwrap(), SqliteCopy::target(to).unwrap());
    copy(&mut from, &mut to, &mut |_| ()).await.unwrap()
}

/// How many tables go on numbering at a number that they have.
const BEHIND: &str = "SELECT count(*) FROM pg_class r JOIN pg_attribute a ON a.attrelid = r.oid \
    JOIN pg_sequences s ON quote_ident(s.schemaname) || '.' || quote_ident(s.sequencename) \
        = pg_get_serial_sequence(r.relname, a.attname) \
    WHERE a.attidentity <> '' AND r.relnamespace = current_schema()::regnamespace \
    AND nextval(pg_get_serial_sequence(r.relname, a.attname)) <= \
        (xpath('//max/text()', query_to_xml(format('SELECT max(%I) AS max FROM %I', a.attname, r.relname), \
            false, true, '')))[1]::text::bigint";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_is_copied_up_and_down() {
    let dir = tempfile::tempdir().unwrap();
    let path = everything(dir.path()).await;
    let database = cluster::cluster().database();
    let copied = up(&path, &database).await;
    let empty: Vec<_> = copied.iter().filter(|c| c.rows == 0).map(|c| &c.table).collect();
    assert!(empty.is_empty(), "no case leaves anything in {empty:?}");
    // All that the port's lists of tables name is there: a new table is in one of them, or no test passes.
    let mut known: Vec<&str> = jadegate_store::ABOUT_PEOPLE
        .iter()
        .chain(jadegate_store::KEPT)
        .chain(&["visit", "scan", "ride"])
        .copied()
        .filter(|name| !NOT_COPIED.contains(name))
        .collect();
    known.sort_unstable();
    let mut names: Vec<&str> = copied.iter().map(|c| c.table.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, known);

    let back = dir.path().join("back.db");
    assert_eq!(down(&database, &back).await, copied);

    // Both are databases like any other: they number on, keep more, and tell the same of their rows.
    let name = cluster::name_in(&database);
    assert_eq!(cluster::cluster().sql(name, BEHIND), "0");
    let file = SqliteStore::open(&back, OpenOptions::default()).unwrap();
    let shared = PostgresStore::open(&database, jadegate_store_postgres::OpenOptions::default());
    let shared = shared.await.unwrap();
    let first = SqliteStore::open(&path, OpenOptions::default()).unwrap();
    let unreadable = first.unreadable_rows().unwrap().len();
    assert_eq!(file.unreadable_rows().unwrap().len(), unreadable);
    assert_eq!(shared.unreadable_rows().await.unwrap().len(), unreadable);
    let all: [Arc<dyn Store>; 3] = [first, file, shared.clone()];
    let mut told = Vec::new();
    for store in &all {
        let number = Write::NumberLeaves { from: 2, most: 9 };
        store.commit(Unit::new("number_leaves", vec![number])).await.unwrap();
        told.push((
            store.log_leaves(0, 9).await.unwrap(),
            store.visit_days().await.unwrap(),
            store.region_risks(jadegate_domain::Timestamp::from_secs(0)).await.unwrap().version,
            store.position().await.unwrap(),
        ));
    }
    assert_eq!(told[0].0.len(), 4);
    assert_eq!((&told[1], &told[2]), (&told[0], &told[0]));

    // What `backup` wrote and `restore` read numbers on as well.
    let (folder, elsewhere) = (dir.path().join("copy"), cluster::cluster().database());
    shared.backup(&folder).await.unwrap();
    let restored = PostgresStore::open(&elsewhere, jadegate_store_postgres::OpenOptions::default());
    let restored = restored.await.unwrap();
    restored.restore(&folder).await.unwrap();
    assert_eq!(cluster::cluster().sql(cluster::name_in(&elsewhere), BEHIND), "0");
}

/// Killed while it writes: no server takes what is there for a deployment, and the next run ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_was_killed_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let source = little(dir).await.display().to_string();
    let database = cluster::cluster().database();
    let name = cluster::name_in(&database).to_owned();
    let args = ["database", "copy", "--from", &source, "--to", "configured"];
    // Its tables are there, and somebody holds one of them.
    drop(PostgresCopy::target(&database).await.unwrap());
    let held = "BEGIN; LOCK TABLE trip IN EXCLUSIVE MODE; SELECT pg_sleep(60)";
    let (holder, of) = (name.clone(), held.to_owned());
    let holder = std::thread::spawn(move || cluster::cluster().sql(&holder, &of));
    let locked = "SELECT count(*) FROM pg_locks WHERE relation = 'trip'::regclass \
                  AND mode = 'ExclusiveLock' AND granted";
    while cluster::cluster().sql(&name, locked) != "1" {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut child = command(dir, &database, "data", &args).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut lines = String::new();
    while !lines.contains("copied  place ") {
        assert_ne!(said.read_line(&mut lines).unwrap(), 0, "it ended: {lines}");
    }
    // As long as it runs nobody else has either side.
    let refused = |database: &str, args: &[&str], why: &str| {
        let out = run(dir, database, "data", args);
        let told = text(&out.stderr);
        assert_eq!(out.status.code(), Some(1), "{told}");
        assert!(told.contains(why), "wanted {why}: {told}");
    };
    refused(&database, &args, "copy.in_use: ");
    child.kill().unwrap();
    child.wait().unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = 'trip'::regclass \
               AND mode = 'ExclusiveLock'";
    cluster::cluster().sql(&name, end);
    assert!(holder.join().is_err(), "it was ended");

    refused(&database, &["serve", "--listen", "127.0.0.1:0"], "a copy into it was not ended");
    assert!(!dir.join("data/keys.toml").exists(), "no keys for half a deployment");
    let other = dir.join("other.db").display().to_string();
    drop(SqliteCopy::target(&other).unwrap());
    let from_other = ["database", "copy", "--from", &other, "--to", "configured"];
    refused(&database, &from_other, "copy.other_source: ");
    let out = run(dir, &database, "data", &args);
    let told = text(&out.stdout);
    assert!(out.status.success(), "{told}{}", text(&out.stderr));
    assert!(told.starts_with("it goes on") && !told.contains("copied  place "), "{told}");
    assert!(told.contains("copied  trip ") && told.contains("same    setting "), "{told}");

    // Now there is a deployment, and no other is written over it.
    refused(&database, &args, "copy.target_not_empty: ");
    refused(&database, &["database", "copy", "--from", &source, "--to", &source], "copy.same");
    refused(
        &database,
        &["database", "copy", "--from", "nowhere.db", "--to", &other],
        "copy.store: ",
    );
    refused(
        "",
        &["database", "copy", "--from", "mysql://a:hush@b/c", "--to", &other],
        "copy.address",
    );
    let open = SqliteStore::open(&source, OpenOptions::default()).unwrap();
    refused(&database, &args, "copy.in_use: ");
    open.close().await;
}
