//! A whole database as rows, to be copied into another or from one.

use std::fs::File;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use jadegate_store::StoreError;
use jadegate_store::copying::{
    COUNTERS, Cell, CellKind, CopyError, CopySource, CopyTarget, NOT_COPIED, Table, UNFINISHED,
};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

use crate::connection;
use crate::days::{Kind, days, exists};
use crate::error::{Result, sql};
use crate::open::{lock, private_file};
use crate::schema;

type Copying<T> = std::result::Result<T, CopyError>;

/// Leaves that wait for a number, as a table of its own.
const PENDING: &str = "pending_leaf";

/// The writer's page cache while a copy is made into a file, in KiB.
const CACHE_KIB: u32 = 65_536;

/// A file that is copied, or copied into. Nobody else writes to it as long as this lives. Its calls block:
/// a copy has the process for itself.
pub struct SqliteCopy {
    path: PathBuf,
    conn: Connection,
    /// Dropped after the connection.
    _lock: File,
}

impl std::fmt::Debug for SqliteCopy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteCopy").field("path", &self.path).finish_non_exhaustive()
    }
}

impl SqliteCopy {
    /// A file to copy from.
    ///
    /// # Errors
    /// [`CopyError::InUse`] if a server has it; [`CopyError::Store`] if it is not there, another
    /// program's, or of another version of this one.
    pub fn source(path: impl AsRef<Path>) -> Copying<Self> {
        let path = path.as_ref();
        let missing = |e: std::io::Error| StoreError::Unavailable(e.to_string());
        std::fs::metadata(path).map_err(missing).map_err(at(path))?;
        let lock = in_use(path)?;
        let conn = connection::reader(path).map_err(at(path))?;
        schema::must_be_current(&conn)
            .and_then(|()| schema::must_be_whole(&conn))
            .map_err(at(path))?;
        Ok(Self { path: path.to_owned(), conn, _lock: lock })
    }

    /// A file to copy into; it is made if it is not there.
    ///
    /// # Errors
    /// As [`SqliteCopy::source`].
    pub fn target(path: impl AsRef<Path>) -> Copying<Self> {
        let path = path.as_ref();
        let lock = in_use(path)?;
        private_file(path, false).map_err(at(path))?;
        let found = connection::reader(path).and_then(|c| {
            // One of before is not brought up to date only to be refused.
            if schema::is_new(&c)? { Ok(()) } else { schema::must_be_current(&c) }
        });
        found.map_err(at(path))?;
        let conn = connection::writer(path, CACHE_KIB).map_err(at(path))?;
        Ok(Self { path: path.to_owned(), conn, _lock: lock })
    }

    fn says<T>(&self, done: Result<T>) -> Copying<T> {
        done.map_err(at(&self.path))
    }
}

fn at(path: &Path) -> impl Fn(StoreError) -> CopyError {
    move |error| CopyError::Store { place: path.display().to_string(), error }
}

fn in_use(path: &Path) -> Copying<File> {
    lock(path).map_err(|error| match error {
        StoreError::Unavailable(why) if why == crate::open::LOCKED => {
            CopyError::InUse(path.display().to_string())
        }
        error => at(path)(error),
    })
}

/// Where the rows of a table are, under the names of the copy.
fn rows_of(table: &str) -> String {
    match table {
        "counter" => {
            let names = COUNTERS.map(|name| format!("'{name}'")).join(", ");
            format!("(SELECT name, value FROM counter WHERE name IN ({names}))")
        }
        "setting" => format!("(SELECT name, value FROM setting WHERE name <> '{UNFINISHED}')"),
        "log_leaf" => format!("(SELECT position, bytes FROM log_leaf WHERE position < {NUMBERED})"),
        PENDING => format!(
            "(SELECT position - {NUMBERED} AS seq, bytes FROM log_leaf WHERE position >= {NUMBERED})"
        ),
        other => other.to_owned(),
    }
}

/// How many leaves have a number.
const NUMBERED: &str = "(SELECT value FROM counter WHERE name = 'numbered_leaves')";

/// A table of the catalogue, under the name that the copy has for it.
fn table(c: &Connection, stored: &str, name: &str) -> Copying<Table> {
    let failed = |e: rusqlite::Error| at(Path::new(name))(sql("sqlite_schema", &e));
    let mut columns = Vec::new();
    let mut key: Vec<(i64, String)> = Vec::new();
    let text = "SELECT name, type, pk FROM pragma_table_info(?1)";
    let mut statement = c.prepare(text).map_err(failed)?;
    let mut rows = statement.query([stored]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let (column, kind): (String, String) =
            (row.get(0).map_err(failed)?, row.get(1).map_err(failed)?);
        let pk: i64 = row.get(2).map_err(failed)?;
        let kind = match kind.as_str() {
            "INTEGER" => CellKind::Number,
            "TEXT" => CellKind::Text,
            "BLOB" => CellKind::Bytes,
            _ => return Err(CopyError::Tables(name.to_owned())),
        };
        if pk > 0 {
            key.push((pk, column.clone()));
        }
        columns.push((column, kind));
    }
    key.sort();
    let key: Vec<String> = key.into_iter().map(|(_, column)| column).collect();
    let text = "SELECT \"table\" FROM pragma_foreign_key_list(?1)";
    let refers = c
        .prepare(text)
        .and_then(|mut s| s.query_map([stored], |r| r.get(0))?.collect())
        .map_err(failed)?;
    Table::new(name, columns, &key, refers)
}

fn kind_of(table: &Table) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.name() == table.name)
}

/// The UTC day of a key that begins with its moment.
fn day_of(key: &[Cell]) -> i64 {
    match key.first() {
        Some(Cell::Number(moment)) => moment.div_euclid(86_400),
        _ => i64::MIN,
    }
}

fn bound(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Number(n) => Value::Integer(*n),
        Cell::Text(text) => Value::Text(text.clone()),
        Cell::Bytes(bytes) => Value::Blob(bytes.clone()),
    }
}

fn cell(value: ValueRef<'_>) -> rusqlite::Result<Cell> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(n) => Cell::Number(n),
        ValueRef::Text(text) => Cell::Text(
            String::from_utf8(text.to_vec())
                .map_err(|e| rusqlite::Error::Utf8Error(0, e.utf8_error()))?,
        ),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        // No column holds such, by STRICT.
        ValueRef::Real(_) => return Err(rusqlite::Error::InvalidQuery),
    })
}

/// Rows of one stored table, or of what stands for one.
fn read(
    c: &Connection,
    table: &Table,
    source: &str,
    after: Option<&[Cell]>,
    most: usize,
) -> Result<Vec<Vec<Cell>>> {
    let failed = |e: rusqlite::Error| sql("copy", &e);
    let key = table.key_text();
    let behind = if after.is_some() {
        let marks = vec!["?"; table.key.len()].join(", ");
        format!("WHERE ({key}) > ({marks})")
    } else {
        String::new()
    };
    let columns = table.columns_text();
    let text = format!("SELECT {columns} FROM {source} {behind} ORDER BY {key} LIMIT {most}");
    let mut statement = c.prepare_cached(&text).map_err(failed)?;
    let bound = params_from_iter(after.unwrap_or_default().iter().map(bound));
    let count = table.columns.len();
    let row = |r: &rusqlite::Row<'_>| (0..count).map(|at| cell(r.get_ref(at)?)).collect();
    statement.query_map(bound, row).and_then(Iterator::collect).map_err(failed)
}

/// The last key of one stored table.
fn last(c: &Connection, table: &Table, source: &str) -> Result<Option<Vec<Cell>>> {
    let failed = |e: rusqlite::Error| sql("copy", &e);
    let key = table.key_text();
    let order: Vec<String> = table.key_names().map(|name| format!("{name} DESC")).collect();
    let text = format!("SELECT {key} FROM {source} ORDER BY {} LIMIT 1", order.join(", "));
    let count = table.key.len();
    let row = |r: &rusqlite::Row<'_>| (0..count).map(|at| cell(r.get_ref(at)?)).collect();
    c.query_row(&text, [], row).optional().map_err(failed)
}

#[async_trait]
impl CopySource for SqliteCopy {
    fn place(&self) -> String {
        self.path.display().to_string()
    }

    async fn identity(&mut self) -> Copying<Vec<u8>> {
        let id = self.conn.query_row("SELECT id FROM store_identity", [], |r| r.get(0));
        self.says(id.map_err(|e| sql("store_identity", &e)))
    }

    async fn tables(&mut self) -> Copying<Vec<Table>> {
        let names = self
            .conn
            .prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            )
            .and_then(|mut s| s.query_map([], |r| r.get::<_, String>(0))?.collect())
            .map_err(|e| sql("sqlite_schema", &e));
        let mut names: Vec<String> = self.says(names)?;
        let of_a_day = |name: &str| {
            let day = |kind: Kind| name.strip_prefix(kind.name())?.strip_prefix('_')?.parse().ok();
            Kind::ALL.into_iter().any(|kind| day(kind).is_some_and(|_: i64| true))
        };
        names.retain(|name| !NOT_COPIED.contains(&name.as_str()) && !of_a_day(name));
        let mut tables = Vec::with_capacity(names.len() + 4);
        for name in names {
            tables.push(table(&self.conn, &name, &name)?);
        }
        // There may be no day yet: how one looks is asked of one that is made for it.
        let blank = Connection::open_in_memory().map_err(|e| sql("sqlite_schema", &e));
        let blank = self.says(blank)?;
        for kind in Kind::ALL {
            self.says(kind.create(&blank, 0))?;
            tables.push(table(&blank, &kind.table(0), kind.name())?);
        }
        let columns =
            vec![("seq".to_owned(), CellKind::Number), ("bytes".to_owned(), CellKind::Bytes)];
        tables.push(Table::new(PENDING, columns, &["seq".to_owned()], Vec::new())?);
        Ok(tables)
    }

    async fn rows(
        &mut self,
        table: &Table,
        after: Option<&[Cell]>,
        most: u32,
    ) -> Copying<Vec<Vec<Cell>>> {
        let (c, most) = (&self.conn, most as usize);
        let Some(kind) = kind_of(table) else {
            return self.says(read(c, table, &rows_of(&table.name), after, most));
        };
        let mut rows = Vec::new();
        let from = after.map_or(i64::MIN, day_of);
        for day in self.says(days(c, kind))?.into_iter().filter(|day| *day >= from) {
            let left = most.saturating_sub(rows.len());
            if left == 0 {
                break;
            }
            rows.extend(self.says(read(c, table, &kind.table(day), after, left))?);
        }
        Ok(rows)
    }
}

#[async_trait]
impl CopyTarget for SqliteCopy {
    async fn begun(&mut self) -> Copying<Option<String>> {
        self.says(schema::unfinished(&self.conn))
    }

    async fn begin(&mut self, of: &str) -> Copying<()> {
        let noted = (|| {
            let tx = self.conn.transaction()?;
            tx.execute("DELETE FROM counter", [])?;
            tx.execute("INSERT INTO setting (name, value) VALUES (?1, ?2)", [UNFINISHED, of])?;
            tx.commit()
        })();
        self.says(noted.map_err(|e| sql("setting", &e)))
    }

    async fn last_key(&mut self, table: &Table) -> Copying<Option<Vec<Cell>>> {
        let c = &self.conn;
        let Some(kind) = kind_of(table) else {
            return self.says(last(c, table, &rows_of(&table.name)));
        };
        for day in self.says(days(c, kind))?.into_iter().rev() {
            if let Some(key) = self.says(last(c, table, &kind.table(day)))? {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    async fn put(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> Copying<()> {
        let done = put(&mut self.conn, table, &rows);
        self.says(done)
    }

    async fn finish(&mut self) -> Copying<()> {
        let done = finish(&mut self.conn);
        self.says(done)
    }
}

/// The numbers of leaves are a counter, and the position is the highest mark. A day whose visits were all
/// taken back is a day still.
fn finish(c: &mut Connection) -> Result<()> {
    let failed = |e: rusqlite::Error| sql("setting", &e);
    let tx = c.transaction().map_err(failed)?;
    let marked: Vec<i64> = tx
        .prepare("SELECT day FROM day_mark WHERE mark > 0")
        .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
        .map_err(failed)?;
    for day in marked {
        if !exists(&tx, Kind::Visit, day)? {
            Kind::Visit.create(&tx, day)?;
        }
    }
    tx.execute("DELETE FROM setting WHERE name = ?1", [UNFINISHED]).map_err(failed)?;
    tx.commit().map_err(failed)?;
    c.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(failed)
}

fn put(c: &mut Connection, table: &Table, rows: &[Vec<Cell>]) -> Result<()> {
    let failed = |e: rusqlite::Error| sql("copy", &e);
    let tx = c.transaction().map_err(failed)?;
    let (columns, marks) = (table.columns_text(), vec!["?"; table.columns.len()].join(", "));
    let kind = kind_of(table);
    for row in rows {
        let text = match kind {
            // Columns are in the order of their names: bytes, then the place among those that wait.
            None if table.name == PENDING => {
                format!("INSERT INTO log_leaf (bytes, position) VALUES (?1, ?2 + {NUMBERED})")
            }
            None => format!("INSERT INTO {} ({columns}) VALUES ({marks})", table.name),
            Some(kind) => {
                let day = day_of(&table.key_of(row));
                if !exists(&tx, kind, day)? {
                    kind.create(&tx, day)?;
                }
                format!("INSERT INTO {} ({columns}) VALUES ({marks})", kind.table(day))
            }
        };
        let mut statement = tx.prepare_cached(&text).map_err(failed)?;
        statement.execute(params_from_iter(row.iter().map(bound))).map_err(failed)?;
    }
    tx.commit().map_err(failed)
}
