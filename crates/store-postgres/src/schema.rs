//! Migrations: numbered files, applied in order, never changed; numbers and names are SQLite's.

use deadpool_postgres::Pool;
use jadegate_domain::hex;
use jadegate_store::StoreError;
use jadegate_store::copying::UNFINISHED;
use sha2::{Digest as _, Sha256};

use crate::connection::{Client, get, query};
use crate::error::{Result, sql};
use crate::read::number;
use crate::value::NONE;

struct Migration {
    number: i64,
    name: &'static str,
    text: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 41,
        name: "trip_of_a_ride",
        text: include_str!("../migrations/0041_trip_of_a_ride.sql"),
    },
    Migration { number: 42, name: "splits", text: include_str!("../migrations/0042_splits.sql") },
    Migration { number: 43, name: "appeals", text: include_str!("../migrations/0043_appeals.sql") },
    Migration { number: 45, name: "mandate", text: include_str!("../migrations/0045_mandate.sql") },
    Migration {
        number: 46,
        name: "identity_requests",
        text: include_str!("../migrations/0046_identity_requests.sql"),
    },
    Migration {
        number: 51,
        name: "leases_and_jobs",
        text: include_str!("../migrations/0051_leases_and_jobs.sql"),
    },
    Migration {
        number: 52,
        name: "identity_target",
        text: include_str!("../migrations/0052_identity_target.sql"),
    },
    Migration { number: 53, name: "alarms", text: include_str!("../migrations/0053_alarms.sql") },
    Migration {
        number: 54,
        name: "assignments",
        text: include_str!("../migrations/0054_assignments.sql"),
    },
    Migration {
        number: 55,
        name: "published_numbers",
        text: include_str!("../migrations/0055_published_numbers.sql"),
    },
];

/// The oldest PostgreSQL that serves, as it numbers itself.
const OLDEST: i64 = 150_000;

const OLDER: &str = "it is older than this program; start the server once to bring it up to date";

/// Held while migrations are looked at and applied, so that of servers that start at once one does it.
const MIGRATING: i64 = 0x4A41_4445_0000_0001;

/// One applied migration, for `doctor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its number.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// SHA-256 of its text, in hex.
    pub sha256: String,
}

fn sha256(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes()))
}

fn unfit(why: impl Into<String>) -> StoreError {
    StoreError::Schema(why.into())
}

/// Refuses a server that is too old, or a database that cannot hold every name.
async fn must_fit(c: &Client) -> Result<()> {
    let text = "SELECT current_setting('server_version_num')::bigint";
    let version = number(c, "pg_settings", text, NONE).await?.unwrap_or(0);
    if version < OLDEST {
        let (major, oldest) = (version / 10_000, OLDEST / 10_000);
        return Err(unfit(format!("it is on PostgreSQL {major}; {oldest} or newer is needed")));
    }
    let text = "SELECT 1::bigint WHERE current_setting('server_encoding') = 'UTF8'";
    if number(c, "pg_settings", text, NONE).await?.is_none() {
        return Err(unfit("its encoding is not UTF8; make it with ENCODING 'UTF8'"));
    }
    let text = "SELECT 1::bigint WHERE current_setting('fsync') = 'on' \
                AND current_setting('full_page_writes') = 'on'";
    if number(c, "pg_settings", text, NONE).await?.is_none() {
        tracing::warn!(
            "the database's fsync or full_page_writes is off: what it keeps does not survive a power loss"
        );
    }
    Ok(())
}

/// Has the database this table, in the schema where tables are made?
async fn has(c: &Client, table: &str) -> Result<bool> {
    let text = "SELECT 1::bigint FROM pg_class WHERE relname = $1 \
                AND relnamespace = current_schema()::regnamespace";
    Ok(number(c, "pg_class", text, [table]).await?.is_some())
}

/// Is there nothing of ours yet? A database that is some other program's is refused.
async fn is_new(c: &Client) -> Result<bool> {
    let text = "SELECT 1::bigint WHERE current_schema() IS NULL";
    if number(c, "pg_namespace", text, NONE).await?.is_some() {
        return Err(unfit("it has no schema to make tables in; see its search_path"));
    }
    if has(c, "migration").await? {
        return Ok(false);
    }
    let text = "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm') \
                AND relnamespace = current_schema()::regnamespace";
    match number(c, "pg_class", text, NONE).await? {
        Some(0) => Ok(true),
        _ => Err(unfit("it is some other program's database; make an empty one for this program")),
    }
}

/// Brings the database to this program's migrations, and refuses one that a copy was begun into and not
/// ended.
pub(crate) async fn migrate(pool: &Pool) -> Result<()> {
    migrate_tables(pool).await?;
    must_be_whole(&get(pool).await?).await
}

/// Makes the tables of an empty database; one that has some must have all of this program's. One of before
/// is not brought up to date.
pub(crate) async fn make_tables(pool: &Pool) -> Result<()> {
    let c = get(pool).await?;
    must_fit(&c).await?;
    let new = is_new(&c).await?;
    if !new && check(&c).await? < MIGRATIONS.len() {
        return Err(unfit(OLDER));
    }
    drop(c);
    migrate_tables(pool).await
}

/// Brings the database to this program's migrations.
async fn migrate_tables(pool: &Pool) -> Result<()> {
    let mut c = get(pool).await?;
    must_fit(&c).await?;
    if !is_new(&c).await? && check(&c).await? == MIGRATIONS.len() {
        return Ok(());
    }
    let failed = |e: tokio_postgres::Error| sql("migration", &e);
    // Dropped without a commit, it takes everything back.
    let tx = c.build_transaction().start().await.map_err(failed)?;
    // Other servers may wait for as long as the largest migration takes.
    tx.batch_execute("SET LOCAL lock_timeout = '10min'").await.map_err(failed)?;
    let lock = format!("SELECT pg_advisory_xact_lock({MIGRATING})");
    tx.batch_execute(&lock).await.map_err(failed)?;
    let table = "CREATE TABLE IF NOT EXISTS migration (number BIGINT PRIMARY KEY, \
                 name TEXT NOT NULL, sha256 TEXT NOT NULL)";
    tx.batch_execute(table).await.map_err(failed)?;
    let applied = tx.query("SELECT number, name, sha256 FROM migration ORDER BY number", &[]);
    let done = compare(&read_applied(&applied.await.map_err(failed)?)?)?;
    for m in MIGRATIONS.iter().skip(done) {
        tx.batch_execute(m.text).await.map_err(failed)?;
        let text = "INSERT INTO migration (number, name, sha256) VALUES ($1, $2, $3)";
        tx.execute(text, &[&m.number, &m.name, &sha256(m.text)]).await.map_err(failed)?;
        tracing::info!(number = m.number, name = m.name, "migration applied");
    }
    tx.commit().await.map_err(failed)
}

/// Refuses a database that has not exactly this program's migrations.
pub(crate) async fn must_be_current(pool: &Pool) -> Result<()> {
    let c = get(pool).await?;
    must_fit(&c).await?;
    if is_new(&c).await? || check(&c).await? < MIGRATIONS.len() {
        return Err(unfit(OLDER));
    }
    must_be_whole(&c).await
}

/// A copy that was begun into this database and not ended makes it no deployment.
async fn must_be_whole(c: &Client) -> Result<()> {
    match unfinished(c).await? {
        None => Ok(()),
        Some(_) => {
            Err(unfit("a copy into it was not ended; run the same `jadegate database copy` again"))
        }
    }
}

/// Of which database a copy was begun into this one, and not ended.
pub(crate) async fn unfinished(c: &Client) -> Result<Option<String>> {
    let text = "SELECT value FROM setting WHERE name = $1";
    let rows = query(c, "setting", text, [UNFINISHED]).await?;
    rows.first().map(|row| row.try_get(0)).transpose().map_err(|e| sql("setting", &e))
}

/// Statements after which each table that numbers its rows itself goes on behind the last of them.
pub(crate) async fn renumber(c: &Client) -> Result<String> {
    let text = "SELECT string_agg(format('SELECT setval(pg_get_serial_sequence(%L, %L), \
                    (SELECT coalesce(max(%I), 0) + 1 FROM %I), false)', \
                    quote_ident(r.relname), a.attname, a.attname, r.relname), '; ') \
                FROM pg_class r JOIN pg_attribute a ON a.attrelid = r.oid \
                WHERE r.relkind = 'r' AND a.attidentity <> '' AND NOT a.attisdropped \
                AND r.relnamespace = current_schema()::regnamespace";
    let rows = query(c, "pg_class", text, NONE).await?;
    let text: Option<Option<String>> =
        rows.first().map(|row| row.try_get(0)).transpose().map_err(|e| sql("pg_class", &e))?;
    Ok(text.flatten().unwrap_or_default())
}

/// Is there no table of ours yet, or nothing in them that a deployment writes first?
pub(crate) async fn never_used(pool: &Pool) -> Result<bool> {
    let c = get(pool).await?;
    must_fit(&c).await?;
    if is_new(&c).await? {
        return Ok(true);
    }
    check(&c).await?;
    must_be_whole(&c).await?;
    let text = "SELECT 1::bigint WHERE EXISTS (SELECT 1 FROM setting WHERE \
                name = 'root_secret_fingerprint') OR EXISTS (SELECT 1 FROM pending_leaf) \
                OR EXISTS (SELECT 1 FROM log_leaf)";
    Ok(number(&c, "setting", text, NONE).await?.is_none())
}

/// The migrations the database has.
pub(crate) async fn applied(c: &Client) -> Result<Vec<Applied>> {
    let text = "SELECT number, name, sha256 FROM migration ORDER BY number";
    read_applied(&query(c, "migration", text, NONE).await?)
}

fn read_applied(rows: &[tokio_postgres::Row]) -> Result<Vec<Applied>> {
    let failed = |e: tokio_postgres::Error| sql("migration", &e);
    let one = |r: &tokio_postgres::Row| {
        Ok(Applied { number: r.try_get(0)?, name: r.try_get(1)?, sha256: r.try_get(2)? })
    };
    rows.iter().map(|r| one(r).map_err(failed)).collect()
}

async fn check(c: &Client) -> Result<usize> {
    compare(&applied(c).await?)
}

/// How many of this program's migrations are applied; unknown or changed ones are refused.
fn compare(applied: &[Applied]) -> Result<usize> {
    for (i, a) in applied.iter().enumerate() {
        let Some(m) = MIGRATIONS.get(i) else {
            return Err(unfit(format!(
                "migration {} is unknown to this program; use the newer program",
                a.number
            )));
        };
        if a.number != m.number || a.name != m.name || a.sha256 != sha256(m.text) {
            return Err(unfit(format!("migration {} is not the one this program has", a.number)));
        }
    }
    Ok(applied.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files as they are in use. A new migration adds a line; no line ever changes.
    const IN_USE: &[&str] = &[
        "0ae1ee96ddef45a123b2b96a5421bc064a5d1bd9d1d3cbf947bbf1f936ca4753",
        "c16a416660d2298b0b409fe62406870444ad4b41d86a1eba2c97539005a34f0a",
        "e6bfdf2a79ee2844320102b96530e5969bd25e244a8cabc8aa914cecf6c50072",
        "6ad8f8c71e1f5a8dd5fdf0520871ea3f787df5dbe09dc1606c9217a6854b21fb",
        "98fa4613c38ebbc5f5c585465627a46d8ac6967a3d85fbd43337221a73f9df7b",
        "11013bc2e31b0a595194a8d442797cc3e51670f4732a49be4ffdcbd347c32960",
        "8aae3f88bebc5296db6dd7f212a42ae67ecfb4273fe1e7d9300feba286ddd096",
        "a42bf86957fee41cdbb7d609295d6cda10b9f441b0f19eb920e360f014bc0392",
        "24b8fa470c03712c0578ea3f409ac5b99376d0c4fbceb2e576aff3b2272d47ef",
        "50ad55c52e1a0e51124217f82f52f1f8c90a9cc97c2ffbb749439baaabcf2abf",
    ];

    #[test]
    fn numbers_rise_and_no_file_was_changed() {
        assert_eq!(MIGRATIONS.len(), IN_USE.len());
        assert!(MIGRATIONS.is_sorted_by(|a, b| a.number < b.number));
        for (m, wanted) in MIGRATIONS.iter().zip(IN_USE) {
            assert_eq!(sha256(m.text), *wanted, "migration {} was changed", m.number);
        }
    }

    /// What SQLite has from the first number on has a file of the same name here.
    #[test]
    fn numbers_and_names_are_those_of_sqlite() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../store-sqlite/migrations");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        there.sort();
        let own = |m: &Migration| format!("{:04}_{}.sql", m.number, m.name);
        let first = own(&MIGRATIONS[0]);
        let wanted: Vec<_> = there.into_iter().filter(|name| *name >= first).collect();
        assert_eq!(MIGRATIONS.iter().map(own).collect::<Vec<_>>(), wanted);
    }
}
