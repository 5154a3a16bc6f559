//! Opening, closing and looking after a database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use deadpool_postgres::{Object, Pool};
use jadegate_store::{Listed, RowRef, SetAside, StoreError};
use tokio::sync::{mpsc, oneshot};

use crate::address::Address;
use crate::connection::{self, Snapshot};
use crate::error::{Result, unavailable};
use crate::schema::{self, Applied};
use crate::writer::{Command, Writer};

/// How to open a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOptions {
    /// Connections for short reads by key, 1 and up; they are made when they are needed.
    pub readers: usize,
    /// Connections for lists, 1 and up.
    pub list_readers: usize,
    /// Units that may wait for the writer before a committer has to wait to hand over its own.
    pub queue: usize,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { readers: 8, list_readers: 4, queue: 4096 }
    }
}

/// A store on one PostgreSQL database, which other servers may use beside this one.
pub struct PostgresStore {
    shown: String,
    points: Pool,
    lists: Pool,
    /// `None` if opened to read.
    commands: Option<mpsc::Sender<Command>>,
    aside: SetAside,
    pings: AtomicU64,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore")
            .field("address", &self.shown)
            .field("writes", &self.commands.is_some())
            .finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Opens a database to read and write, and brings it to this program's migrations. The address is
    /// `postgres://user:password@host:port/name?sslmode=…&sslrootcert=…`; the database must be there,
    /// empty or this program's. Called inside a runtime, which must outlive the store.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it cannot be reached or refuses the user; [`StoreError::Schema`]
    /// if the address is none, or the database is a newer program's, no database of ours, or on a
    /// server that is too old.
    pub async fn open(url: &str, options: OpenOptions) -> Result<Arc<Self>> {
        let address = Address::parse(url)?;
        let writer = connection::pool(&address, 1)?;
        schema::migrate(&writer).await.map_err(|e| at(&address, e))?;
        let (commands, queue) = mpsc::channel(options.queue.max(1));
        tokio::spawn(Writer::new(writer, queue).run());
        Self::with(&address, options, Some(commands))
    }

    /// Was the database at this address never used: no table of ours in it, or no deployment?
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    pub async fn never_used(url: &str) -> Result<bool> {
        let address = Address::parse(url)?;
        let pool = connection::pool(&address, 1)?;
        schema::never_used(&pool).await.map_err(|e| at(&address, e))
    }

    /// Opens a database to read only. Every commit is refused as unavailable.
    ///
    /// # Errors
    /// As [`PostgresStore::open`]; an older database is [`StoreError::Schema`] too, since bringing it
    /// up to date would be writing.
    pub async fn open_read_only(url: &str) -> Result<Arc<Self>> {
        let address = Address::parse(url)?;
        let options = OpenOptions { readers: 2, list_readers: 2, ..OpenOptions::default() };
        let store = Self::with(&address, options, None)?;
        schema::must_be_current(&store.points).await.map_err(|e| at(&address, e))?;
        Ok(store)
    }

    fn with(
        address: &Address,
        options: OpenOptions,
        commands: Option<mpsc::Sender<Command>>,
    ) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            shown: address.shown.clone(),
            points: connection::pool(address, options.readers)?,
            lists: connection::pool(address, options.list_readers)?,
            commands,
            aside: SetAside::default(),
            pings: AtomicU64::new(0),
        }))
    }

    /// Where the database is, without user and password.
    pub fn address(&self) -> &str {
        &self.shown
    }

    /// Writes everything that waits and ends the writer. Later commits are refused as unavailable;
    /// reads go on. Dropping the store writes what waits, too, as long as the runtime lives.
    pub async fn close(&self) {
        let Some(commands) = &self.commands else { return };
        let (answer, closed) = oneshot::channel();
        if commands.send(Command::Close(answer)).await.is_ok() {
            let _ = closed.await;
        }
    }

    /// The migrations that the database has, in order.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it cannot be read.
    pub async fn migrations(&self) -> Result<Vec<Applied>> {
        schema::applied(&self.point().await?).await
    }

    /// Reads a copy that [`backup`](jadegate_store::Store::backup) made into this database, which must be
    /// empty; whole or not at all.
    ///
    /// # Errors
    /// [`StoreError::Schema`] if the database is not empty, or the copy is none, damaged or of another
    /// version of this program; [`StoreError::Unavailable`] if something cannot be read or written.
    pub async fn restore(&self, from: &std::path::Path) -> Result<()> {
        crate::backup::read(&mut self.list().await?, from).await
    }

    /// Every row that cannot be read, named by table, column and row. Reads all of them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be read.
    pub async fn unreadable_rows(&self) -> Result<Vec<RowRef>> {
        crate::read::unreadable(&self.list().await?).await
    }

    /// Hands a command to the writer and waits for its answer. If the caller goes away meanwhile, it
    /// is done all the same.
    pub(crate) async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T>>) -> Command,
    ) -> Result<T> {
        let commands = self.commands().ok_or_else(|| unavailable("opened to read only"))?;
        let gone = || unavailable("the store is closed");
        let (answer, answered) = oneshot::channel();
        commands.send(command(answer)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    const fn commands(&self) -> Option<&mpsc::Sender<Command>> {
        self.commands.as_ref()
    }

    /// A connection for a short read.
    pub(crate) async fn point(&self) -> Result<Object> {
        connection::get(&self.points).await
    }

    /// A connection for a list.
    pub(crate) async fn list(&self) -> Result<Object> {
        connection::get(&self.lists).await
    }

    /// A connection for a short read from one snapshot.
    pub(crate) async fn point_snapshot(&self) -> Result<Snapshot> {
        Snapshot::begin(&self.points).await
    }

    /// A connection for a list from one snapshot.
    pub(crate) async fn snapshot(&self) -> Result<Snapshot> {
        Snapshot::begin(&self.lists).await
    }

    /// What was read, after a row that cannot be read is noted.
    pub(crate) fn noted<T>(&self, read: Result<T>) -> Result<T> {
        read.inspect_err(|e| self.note_all(e.row().as_slice()))
    }

    /// A list, after the rows that cannot be read are noted.
    pub(crate) fn listed<T>(&self, read: Result<Listed<T>>) -> Result<Listed<T>> {
        let found = self.noted(read)?;
        self.note_all(&found.unreadable);
        Ok(found)
    }

    /// A list's readable rows.
    pub(crate) fn rows<T>(&self, read: Result<Listed<T>>) -> Result<Vec<T>> {
        Ok(self.listed(read)?.rows)
    }

    /// Statements that name a day are of no use when it is gone; they are made again where they are.
    pub(crate) fn forget_statements(&self) {
        self.lists.manager().statement_caches.clear();
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
}

/// Says of which database an error is.
fn at(address: &Address, e: StoreError) -> StoreError {
    let of = &address.shown;
    match e {
        StoreError::Unavailable(why) => StoreError::Unavailable(format!("{of}: {why}")),
        StoreError::Schema(why) => StoreError::Schema(format!("{of}: {why}")),
        other => other,
    }
}
