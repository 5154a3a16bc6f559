//! How connections are opened, and the pool of readers.

use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::{Result, unavailable};
use crate::schema;

/// Statements kept prepared on each connection: all of this crate's, and those of some days.
const STATEMENTS: usize = 192;

/// How long a connection waits for another one's lock.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

/// What every connection has.
fn common(c: &Connection) -> rusqlite::Result<()> {
    c.busy_timeout(BUSY)?;
    c.set_prepared_statement_cache_capacity(STATEMENTS);
    // A plan must not depend on bound values: where a partial index might serve, SQLite otherwise
    // parses and plans the statement anew whenever another value is bound.
    c.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Temporary files (statement journals) would hold old rows outside the database's own files.
    c.pragma_update(None, "temp_store", "MEMORY")?;
    c.pragma_update(None, "trusted_schema", false)?;
    c.pragma_update(None, "cell_size_check", true)?;
    c.pragma_update(None, "foreign_keys", true)
}

/// The writer's connection: makes the file if needed and brings it to this program's migrations.
pub(crate) fn writer(path: &Path, cache_kib: u32) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut c = Connection::open_with_flags(path, flags).map_err(unavailable)?;
    let new = schema::is_new(&c)?;
    let setup = |c: &Connection| -> rusqlite::Result<()> {
        common(c)?;
        if new {
            // Only possible before the first table: pages of dropped days can be given back.
            c.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        }
        c.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        c.pragma_update(None, "synchronous", "FULL")?;
        // Overwrites what is deleted with zeros; also asked again for what `drop_days` frees.
        c.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
        c.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
        c.pragma_update_and_check(None, "wal_autocheckpoint", 4000, |_| Ok(()))
    };
    setup(&c).map_err(unavailable)?;
    schema::migrate(&mut c)?;
    // This process alone has the file: what one that is gone had taken is free.
    c.execute("DELETE FROM lease", []).map_err(unavailable)?;
    Ok(c)
}

/// A reader's connection.
pub(crate) fn reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let c = Connection::open_with_flags(path, flags).map_err(unavailable)?;
    common(&c)
        .and_then(|()| c.pragma_update(None, "query_only", true))
        .map_err(|e| crate::error::sql("sqlite_schema", &e))?;
    Ok(c)
}

/// Connections that take turns.
pub(crate) struct Pool {
    free: Mutex<Vec<Connection>>,
    returned: Condvar,
}

/// A connection on loan; it comes back also from a read that panicked, which has changed nothing.
struct Lent<'a> {
    pool: &'a Pool,
    /// Taken on drop.
    connection: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut free = self.pool.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.extend(self.connection.take());
        drop(free);
        self.pool.returned.notify_one();
    }
}

impl Pool {
    pub(crate) fn open(path: &Path, size: usize) -> Result<Self> {
        let free = (0..size.max(1)).map(|_| reader(path)).collect::<Result<Vec<_>>>()?;
        Ok(Self { free: Mutex::new(free), returned: Condvar::new() })
    }

    /// Reads with a free connection, or waits for whichever is free first. The one used last is used
    /// next: its pages and statements are at hand.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&Connection) -> T) -> T {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = loop {
            match free.pop() {
                Some(connection) => break connection,
                None => {
                    free = self.returned.wait(free).unwrap_or_else(PoisonError::into_inner);
                }
            }
        };
        drop(free);
        let lent = Lent { pool: self, connection: Some(connection) };
        match &lent.connection {
            Some(connection) => read(connection),
            // It is taken on drop only.
            None => unreachable!("a lent connection is there until it is returned"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::StatementStatus;
    use std::sync::mpsc;

    fn pool(size: usize) -> (tempfile::TempDir, Pool) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("test.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (n)").unwrap();
        let pool = Pool::open(&path, size).unwrap();
        (dir, pool)
    }

    #[test]
    fn who_waits_gets_whichever_connection_is_free_first() {
        let (_dir, pool) = pool(2);
        let (release, held) = mpsc::channel::<()>();
        let (inside, is_inside) = mpsc::channel::<()>();
        std::thread::scope(|s| {
            let pool = &pool;
            s.spawn(move || {
                pool.with(|_| {
                    inside.send(()).unwrap();
                    let _ = held.recv();
                });
            });
            is_inside.recv().unwrap();
            // One is taken for good: all others take turns with the second.
            let others: Vec<_> = (0..8)
                .map(|_| s.spawn(|| (0..50).for_each(|_| pool.with(|_| std::thread::yield_now()))))
                .collect();
            for other in others {
                other.join().unwrap();
            }
            drop(release);
        });
        assert_eq!(pool.free.lock().unwrap().len(), 2);
    }

    /// Opening a code reads an assessment by a holder's id, beside which there is a partial index.
    #[test]
    fn a_statement_is_planned_once_whatever_is_bound() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("test.db");
        let written = writer(&path, 1024).unwrap();
        let planned_again = |c: &Connection| {
            let mut again = 0;
            for text in [
                "SELECT * FROM assessment WHERE holder = ?1",
                "SELECT * FROM evidence WHERE holder = ?1 ORDER BY recorded_at, id",
                "SELECT * FROM correction WHERE holder = ?1",
            ] {
                let mut statement = c.prepare(text).unwrap();
                for holder in 1..=3_i64 {
                    assert!(!statement.exists([holder]).unwrap());
                }
                again += statement.get_status(StatementStatus::RePrepare);
            }
            again
        };
        assert_eq!(planned_again(&written), 0);
        assert_eq!(planned_again(&reader(&path).unwrap()), 0);
        // What it is against is still there.
        written.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, false).unwrap();
        assert_ne!(planned_again(&written), 0);
    }

    #[test]
    fn a_read_that_panics_gives_its_connection_back() {
        let (_dir, pool) = pool(1);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            pool.with(|_| panic!("made up"));
        }));
        assert!(panicked.is_err());
        assert!(pool.with(Connection::is_autocommit));
    }
}
