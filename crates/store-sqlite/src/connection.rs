//! How connections are opened, and the pool of readers.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

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
    connections: Vec<Mutex<Connection>>,
    next: AtomicUsize,
}

impl Pool {
    pub(crate) fn open(path: &Path, size: usize) -> Result<Self> {
        let connections =
            (0..size.max(1)).map(|_| reader(path).map(Mutex::new)).collect::<Result<_>>()?;
        Ok(Self { connections, next: AtomicUsize::new(0) })
    }

    /// Reads with a free connection, or waits for one.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&Connection) -> T) -> T {
        let start = self.next.fetch_add(1, Ordering::Relaxed);
        let n = self.connections.len();
        let free =
            (0..n).find_map(|i| self.connections[(start.wrapping_add(i)) % n].try_lock().ok());
        // A reader that panicked has changed nothing; its connection goes on.
        let guard = free.unwrap_or_else(|| {
            self.connections[start % n].lock().unwrap_or_else(PoisonError::into_inner)
        });
        read(&guard)
    }
}
