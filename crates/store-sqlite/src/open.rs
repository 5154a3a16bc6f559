//! Opening, closing and looking after a database file.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use jadegate_store::{Listed, RowRef, SetAside, StoreError};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::connection::{self, Pool};
use crate::error::{Result, sql, unavailable};
use crate::schema::{self, Applied};
use crate::writer::{Command, Writer};

/// How to open a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOptions {
    /// Connections for short reads by key, 1 and up; as many as threads that read at once.
    pub readers: usize,
    /// Connections for lists, 1 and up.
    pub list_readers: usize,
    /// Units that may wait for the writer before a committer has to wait to hand over its own.
    pub queue: usize,
    /// Page cache of the writer in KiB.
    pub writer_cache_kib: u32,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { readers: 4, list_readers: 2, queue: 4096, writer_cache_kib: 65_536 }
    }
}

/// What `doctor` wants to know about a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Bytes in one page.
    pub page_size: u64,
    /// Pages in the file.
    pub pages: u64,
    /// Pages that hold nothing.
    pub free_pages: u64,
    /// Bytes in the write-ahead log.
    pub log_bytes: u64,
    /// Migrations the database has, in order.
    pub migrations: Vec<Applied>,
}

/// A store on one SQLite file.
pub struct SqliteStore {
    path: PathBuf,
    points: Pool,
    lists: Arc<Pool>,
    /// `None` if opened to read.
    commands: Option<mpsc::Sender<Command>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Held as long as this store may write; dropped after the writer has ended.
    lock: Option<File>,
    aside: SetAside,
    pings: AtomicU64,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .field("writes", &self.lock.is_some())
            .finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens a database to read and write, makes it if it is not there, and brings it to this
    /// program's migrations.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if another process writes to it or the file cannot be opened;
    /// [`StoreError::Schema`] if it is a newer program's, or no database of ours.
    pub fn open(path: impl AsRef<Path>, options: OpenOptions) -> Result<Arc<Self>> {
        let path = path.as_ref().to_owned();
        let lock = lock(&path)?;
        // SQLite would make it with the umask's rights; its log files take over these.
        private_file(&path, false)?;
        let conn = connection::writer(&path, options.writer_cache_kib)?;
        schema::must_be_whole(&conn)?;
        let points = Pool::open(&path, options.readers)?;
        let lists = Arc::new(Pool::open(&path, options.list_readers)?);
        let (commands, queue) = mpsc::channel(options.queue.max(1));
        let writer = Writer::new(conn, queue)?;
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(unavailable)?;
        Ok(Arc::new(Self {
            path,
            points,
            lists,
            commands: Some(commands),
            writer: Mutex::new(Some(thread)),
            lock: Some(lock),
            aside: SetAside::default(),
            pings: AtomicU64::new(0),
        }))
    }

    /// Opens a database to read only, also while another process writes to it. Every commit is
    /// refused as unavailable.
    ///
    /// # Errors
    /// As [`SqliteStore::open`]; an older database is [`StoreError::Schema`] too, since bringing it
    /// up to date would be writing.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Arc<Self>> {
        let path = path.as_ref().to_owned();
        let points = Pool::open(&path, 1)?;
        points.with(|c| schema::must_be_current(c).and_then(|()| schema::must_be_whole(c)))?;
        let lists = Arc::new(Pool::open(&path, 1)?);
        Ok(Arc::new(Self {
            path,
            points,
            lists,
            commands: None,
            writer: Mutex::new(None),
            lock: None,
            aside: SetAside::default(),
            pings: AtomicU64::new(0),
        }))
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes everything that waits, moves the log into the database and ends the writer. Later
    /// commits are refused as unavailable; reads go on. Dropping the store does the same, but blocks.
    pub async fn close(&self) {
        let Some(commands) = &self.commands else { return };
        let (answer, closed) = oneshot::channel();
        if commands.send(Command::Close(answer)).await.is_ok() {
            let _ = closed.await;
        }
    }

    /// What SQLite finds wrong with the file; empty if nothing is. Reads the whole file, and blocks.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it cannot be read.
    pub fn integrity_check(&self) -> Result<Vec<String>> {
        self.lists.with(|c| {
            let mut found: Vec<String> = c
                .prepare("PRAGMA integrity_check")
                .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
                .map_err(|e| sql("sqlite_schema", &e))?;
            found.retain(|line| line != "ok");
            let broken = c
                .prepare("PRAGMA foreign_key_check")
                .and_then(|mut s| {
                    s.query_map([], |r| {
                        Ok(format!("a row of {} refers to nothing", r.get::<_, String>(0)?))
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
                })
                .map_err(|e| sql("sqlite_schema", &e))?;
            found.extend(broken);
            Ok(found)
        })
    }

    /// Every row that cannot be read, named by table, column and row. Reads the whole file, and blocks.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it cannot be read; [`StoreError::Corrupt`] if the file itself is
    /// damaged.
    pub fn unreadable_rows(&self) -> Result<Vec<RowRef>> {
        self.lists.with(crate::read::unreadable)
    }

    /// Sizes and migrations.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be read.
    pub fn stats(&self) -> Result<Stats> {
        let number = |c: &Connection, text: &str| -> Result<u64> {
            let n: i64 =
                c.query_row(text, [], |r| r.get(0)).map_err(|e| sql("sqlite_schema", &e))?;
            Ok(u64::try_from(n).unwrap_or(0))
        };
        let log_bytes = std::fs::metadata(beside(&self.path, "-wal")).map_or(0, |m| m.len());
        self.points.with(|c| {
            Ok(Stats {
                page_size: number(c, "PRAGMA page_size")?,
                pages: number(c, "PRAGMA page_count")?,
                free_pages: number(c, "PRAGMA freelist_count")?,
                log_bytes,
                migrations: schema::applied(c)?,
            })
        })
    }

    pub(crate) const fn commands(&self) -> Option<&mpsc::Sender<Command>> {
        self.commands.as_ref()
    }

    /// A short read, here and now.
    pub(crate) fn point<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.points.with(read).inspect_err(|e| self.note_all(e.row().as_slice()))
    }

    /// The same for a short list: its readable rows.
    pub(crate) fn point_rows<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<Listed<T>>,
    ) -> Result<Vec<T>> {
        let found = self.point(read)?;
        self.note_all(&found.unreadable);
        Ok(found.rows)
    }

    /// A list with what had to be left out of it.
    pub(crate) async fn listed<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<Listed<T>> + Send + 'static,
    ) -> Result<Listed<T>> {
        let found = self.list(read).await?;
        self.note_all(&found.unreadable);
        Ok(found)
    }

    /// A list's readable rows.
    pub(crate) async fn rows<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<Listed<T>> + Send + 'static,
    ) -> Result<Vec<T>> {
        Ok(self.listed(read).await?.rows)
    }

    pub(crate) fn next_ping(&self) -> u64 {
        self.pings.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) const fn aside(&self) -> &SetAside {
        &self.aside
    }

    /// Keeps the rows in mind that cannot be read; each is named in the log once.
    pub(crate) fn note_all(&self, rows: &[RowRef]) {
        for &row in rows {
            let first = self.aside.note(row);
            if first {
                let RowRef { table, column, row } = row;
                tracing::error!(
                    table,
                    column,
                    row,
                    "a row cannot be read and is set aside; all others go on (see `jadegate doctor`)"
                );
            }
        }
    }

    /// A list, on a thread that may block.
    pub(crate) async fn list<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let lists = Arc::clone(&self.lists);
        let found = tokio::task::spawn_blocking(move || lists.with(read)).await;
        found.map_err(unavailable)?.inspect_err(|e| self.note_all(e.row().as_slice()))
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // The writer ends when the last sender is gone and the queue is empty.
        self.commands = None;
        let thread = self.writer.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|t| t.join().is_err()) {
            tracing::error!("the store's writer ended by a panic");
        }
    }
}

/// Findings of a check at most; one damaged page can make thousands.
const MOST_FINDINGS: usize = 100;

/// The check of [`SqliteStore::integrity_check`], table by table on a connection of its own: between
/// two tables the log can be cut, so that an erasure does not wait for the end of the check.
pub(crate) fn check_by_table(path: &Path) -> Result<Vec<String>> {
    let c = connection::reader(path)?;
    let failed = |e: rusqlite::Error| sql("sqlite_schema", &e);
    let tables: Vec<String> = c
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
        .map_err(failed)?;
    let mut found: Vec<String> = Vec::new();
    for table in tables {
        // The day may have been dropped meanwhile; then there is nothing to check.
        let lines: rusqlite::Result<Vec<String>> = c
            .prepare("SELECT integrity_check FROM pragma_integrity_check(?1)")
            .and_then(|mut s| s.query_map([&table], |r| r.get(0))?.collect());
        match lines {
            Ok(lines) => {
                let wrong = lines.into_iter().filter(|line| line != "ok");
                found.extend(wrong.map(|line| format!("{table}: {line}")));
            }
            Err(e) if is_damage(&e) => found.push(format!("{table}: {e}")),
            Err(e) => return Err(failed(e)),
        }
        if found.len() >= MOST_FINDINGS {
            found.truncate(MOST_FINDINGS);
            break;
        }
    }
    Ok(found)
}

fn is_damage(e: &rusqlite::Error) -> bool {
    matches!(
        e.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
    )
}

/// Somebody else has the lock.
pub(crate) const LOCKED: &str = "another process has opened the database to write";

/// Takes the lock that only one process can hold.
pub(crate) fn lock(path: &Path) -> Result<File> {
    let file = private_file(&beside(path, ".lock"), false)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(unavailable(LOCKED)),
        Err(std::fs::TryLockError::Error(e)) => Err(unavailable(e)),
    }
}

/// Opens or makes a file that only its owner may read; `new`: it must not be there yet.
pub(crate) fn private_file(path: &Path, new: bool) -> Result<File> {
    std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(!new)
        .create_new(new)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|e| StoreError::Unavailable(format!("{}: {e}", path.display())))
}

/// The path with something appended to its file name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
