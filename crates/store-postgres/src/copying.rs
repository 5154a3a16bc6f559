//! A whole database as rows, to be copied into another or from one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::Pool;
use jadegate_store::StoreError;
use jadegate_store::copying::{
    COUNTERS, Cell, CellKind, CopyError, CopySource, CopyTarget, NOT_COPIED, Table, UNFINISHED,
};
use tokio_postgres::Row;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};

use crate::address::Address;
use crate::connection::{self, Client, execute, get, query};
use crate::days::{Kind, there};
use crate::error::{Result, sql, unavailable};
use crate::read::number;
use crate::schema;
use crate::value::{NONE, Value};

type Copying<T> = std::result::Result<T, CopyError>;

/// Held by whoever copies into a database.
const COPYING: i64 = 0x4A41_4445_0000_0003;

/// How often, and how far apart, it is looked whether the sessions of a server that was stopped are gone.
const LOOKS: u32 = 10;
const BETWEEN: Duration = Duration::from_millis(200);

/// A database that is copied, or copied into. Nobody else writes to the former as long as this lives.
pub struct PostgresCopy {
    shown: String,
    client: Client,
}

impl std::fmt::Debug for PostgresCopy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresCopy").field("address", &self.shown).finish_non_exhaustive()
    }
}

fn at(place: &str) -> impl Fn(StoreError) -> CopyError {
    move |error| CopyError::Store { place: place.to_owned(), error }
}

impl PostgresCopy {
    /// A database to copy from. Its tables can be read by others meanwhile and not written.
    ///
    /// # Errors
    /// [`CopyError::InUse`] if anybody else is connected to it; [`CopyError::Store`] if it cannot be
    /// reached, or is of another version of this program.
    pub async fn source(url: &str) -> Copying<Self> {
        let (shown, pool) = connect(url)?;
        schema::must_be_current(&pool).await.map_err(at(&shown))?;
        let made = Self { client: get(&pool).await.map_err(at(&shown))?, shown };
        made.alone().await?;
        let held = made.hold().await;
        made.says(held)?;
        Ok(made)
    }

    /// A database to copy into: it must be there.
    ///
    /// # Errors
    /// [`CopyError::InUse`] if another copy is being made into it; [`CopyError::Store`] if it cannot be
    /// reached, or is no database for this program.
    pub async fn target(url: &str) -> Copying<Self> {
        let (shown, pool) = connect(url)?;
        schema::make_tables(&pool).await.map_err(at(&shown))?;
        let made = Self { client: get(&pool).await.map_err(at(&shown))?, shown };
        // One that was killed may hold it for the moment that its session takes to end.
        let held = made.client.batch_execute(&format!("SELECT pg_advisory_lock({COPYING})")).await;
        held.map_err(|_| CopyError::InUse(made.shown.clone()))?;
        Ok(made)
    }

    fn says<T>(&self, done: Result<T>) -> Copying<T> {
        done.map_err(at(&self.shown))
    }

    /// Refuses a database that somebody else is connected to: a server would go on writing. The
    /// database's own workers have no user.
    async fn alone(&self) -> Copying<()> {
        let text = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                    AND pid <> pg_backend_pid() AND usesysid IS NOT NULL";
        for _ in 0..LOOKS {
            let others = number(&self.client, "pg_stat_activity", text, NONE).await;
            if self.says(others)? == Some(0) {
                return Ok(());
            }
            tokio::time::sleep(BETWEEN).await;
        }
        Err(CopyError::InUse(self.shown.clone()))
    }

    /// Lets nobody write, and takes a snapshot of what is there then.
    async fn hold(&self) -> Result<()> {
        let failed = |e: tokio_postgres::Error| sql("copy", &e);
        let begin =
            "SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ";
        self.client.batch_execute(begin).await.map_err(failed)?;
        let names = "SELECT string_agg(quote_ident(relname), ', ' ORDER BY relname) FROM pg_class \
                     WHERE relkind IN ('r', 'p') AND NOT relispartition \
                     AND relnamespace = current_schema()::regnamespace";
        let names = query(&self.client, "pg_class", names, NONE).await?;
        let names: String = one(&names)?;
        let lock = format!("LOCK TABLE {names} IN SHARE MODE");
        self.client.batch_execute(&lock).await.map_err(failed)
    }
}

fn connect(url: &str) -> Copying<(String, Pool)> {
    let address = Address::parse(url).map_err(at("the database"))?;
    let pool = connection::pool(&address, 1).map_err(at(&address.shown))?;
    Ok((address.shown, pool))
}

/// The first value of the first row.
fn one<'a, T: tokio_postgres::types::FromSql<'a>>(rows: &'a [Row]) -> Result<T> {
    let row = rows.first().ok_or_else(|| unavailable("a statement told nothing"))?;
    row.try_get(0).map_err(|e| sql("copy", &e))
}

/// Where the rows of a table are, under the names of the copy.
fn rows_of(table: &str) -> String {
    match table {
        "counter" => {
            let names = COUNTERS.map(|name| format!("'{name}'")).join(", ");
            format!("(SELECT name, value FROM counter WHERE name IN ({names})) AS counter")
        }
        "setting" => {
            format!("(SELECT name, value FROM setting WHERE name <> '{UNFINISHED}') AS setting")
        }
        "pending_leaf" => {
            "(SELECT row_number() OVER (ORDER BY seq) - 1 AS seq, bytes FROM pending_leaf) \
             AS pending_leaf"
                .to_owned()
        }
        other => other.to_owned(),
    }
}

fn kind_of(table: &Table) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.name() == table.name)
}

/// The UTC days on which rows of a table by day are.
fn days_of(kind: Kind, table: &Table, rows: &[Vec<Cell>]) -> BTreeSet<i64> {
    let at = table.columns.iter().position(|(name, _)| name == kind.moment());
    let moments = rows.iter().filter_map(|row| match at.and_then(|at| row.get(at)) {
        Some(Cell::Number(moment)) => Some(moment.div_euclid(86_400)),
        _ => None,
    });
    moments.collect()
}

const fn type_of(kind: CellKind) -> Type {
    match kind {
        CellKind::Number => Type::INT8,
        CellKind::Text => Type::TEXT,
        CellKind::Bytes => Type::BYTEA,
    }
}

fn bound(cell: &Cell, kind: CellKind) -> Value {
    match cell {
        Cell::Null => Value::Null(type_of(kind)),
        Cell::Number(n) => Value::Number(*n),
        Cell::Text(text) => Value::Text(text.clone()),
        Cell::Bytes(bytes) => Value::Bytes(bytes.clone()),
    }
}

fn cells<'a>(row: &Row, kinds: impl Iterator<Item = &'a CellKind>) -> Result<Vec<Cell>> {
    let cell = |(at, kind): (usize, &CellKind)| {
        let found = match kind {
            CellKind::Number => row.try_get::<_, Option<i64>>(at)?.map(Cell::Number),
            CellKind::Text => row.try_get::<_, Option<String>>(at)?.map(Cell::Text),
            CellKind::Bytes => row.try_get::<_, Option<Vec<u8>>>(at)?.map(Cell::Bytes),
        };
        Ok(found.unwrap_or(Cell::Null))
    };
    let all: std::result::Result<_, tokio_postgres::Error> = kinds.enumerate().map(cell).collect();
    all.map_err(|e| sql("copy", &e))
}

/// The columns of all tables, those of the key with their place in it, and what tables refer to.
const CATALOGUE: &str = "SELECT r.relname::text, a.attname::text, format_type(a.atttypid, NULL), \
        coalesce(array_position(k.conkey, a.attnum), 0)::bigint, \
        coalesce((SELECT string_agg(f.confrelid::regclass::text, ',') FROM pg_constraint f \
            WHERE f.conrelid = r.oid AND f.contype = 'f'), '') \
    FROM pg_class r JOIN pg_attribute a ON a.attrelid = r.oid \
    LEFT JOIN pg_constraint k ON k.conrelid = r.oid AND k.contype = 'p' \
    WHERE r.relkind IN ('r', 'p') AND NOT r.relispartition AND a.attnum > 0 \
    AND NOT a.attisdropped AND r.relnamespace = current_schema()::regnamespace ORDER BY 1";

#[derive(Default)]
struct Found {
    columns: Vec<(String, CellKind)>,
    key: Vec<(i64, String)>,
    refers: Vec<String>,
}

async fn catalogue(c: &Client) -> Copying<BTreeMap<String, Found>> {
    let failed = |e: tokio_postgres::Error| at("pg_class")(sql("pg_class", &e));
    let mut all: BTreeMap<String, Found> = BTreeMap::new();
    for row in query(c, "pg_class", CATALOGUE, NONE).await.map_err(at("pg_class"))? {
        let (name, column): (String, String) =
            (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
        let (kind, place): (String, i64) =
            (row.try_get(2).map_err(failed)?, row.try_get(3).map_err(failed)?);
        let refers: String = row.try_get(4).map_err(failed)?;
        let kind = match kind.as_str() {
            "bigint" => CellKind::Number,
            "text" => CellKind::Text,
            "bytea" => CellKind::Bytes,
            _ => return Err(CopyError::Tables(name)),
        };
        let found = all.entry(name).or_default();
        if place > 0 {
            found.key.push((place, column.clone()));
        }
        found.columns.push((column, kind));
        found.refers = refers.split(',').filter(|r| !r.is_empty()).map(str::to_owned).collect();
    }
    Ok(all)
}

#[async_trait]
impl CopySource for PostgresCopy {
    fn place(&self) -> String {
        self.shown.clone()
    }

    async fn identity(&mut self) -> Copying<Vec<u8>> {
        let text = "SELECT id FROM store_identity";
        let rows = query(&self.client, "store_identity", text, NONE).await;
        let id = rows.and_then(|rows| one(&rows));
        self.says(id)
    }

    async fn tables(&mut self) -> Copying<Vec<Table>> {
        let mut found = catalogue(&self.client).await?;
        found.retain(|name, _| !NOT_COPIED.contains(&name.as_str()));
        let table = |(name, mut found): (String, Found)| {
            found.key.sort();
            let key: Vec<String> = found.key.into_iter().map(|(_, column)| column).collect();
            Table::new(&name, found.columns, &key, found.refers)
        };
        found.into_iter().map(table).collect()
    }

    async fn rows(
        &mut self,
        table: &Table,
        after: Option<&[Cell]>,
        most: u32,
    ) -> Copying<Vec<Vec<Cell>>> {
        let (columns, key) = (table.columns_text(), table.key_text());
        let marks: Vec<String> = (1..=table.key.len()).map(|n| format!("${n}")).collect();
        let behind = if after.is_some() {
            format!("WHERE ({key}) > ({})", marks.join(", "))
        } else {
            String::new()
        };
        let source = rows_of(&table.name);
        let text = format!("SELECT {columns} FROM {source} {behind} ORDER BY {key} LIMIT {most}");
        let kinds = table.key.iter().filter_map(|&at| table.columns.get(at));
        let values: Vec<Value> =
            after.unwrap_or_default().iter().zip(kinds).map(|(c, (_, k))| bound(c, *k)).collect();
        let rows = query(&self.client, "copy", &text, values).await;
        let kinds = || table.columns.iter().map(|(_, kind)| kind);
        let rows = rows.and_then(|rows| rows.iter().map(|row| cells(row, kinds())).collect());
        self.says(rows)
    }
}

#[async_trait]
impl CopyTarget for PostgresCopy {
    async fn begun(&mut self) -> Copying<Option<String>> {
        let begun = schema::unfinished(&self.client).await;
        self.says(begun)
    }

    async fn begin(&mut self, of: &str) -> Copying<()> {
        // One statement, so that both happen or neither.
        let text =
            "WITH gone AS (DELETE FROM counter) INSERT INTO setting (name, value) VALUES ($1, $2)";
        let noted = execute(&self.client, "setting", text, [UNFINISHED, of]).await;
        self.says(noted.map(drop))
    }

    async fn last_key(&mut self, table: &Table) -> Copying<Option<Vec<Cell>>> {
        let order: Vec<String> = table.key_names().map(|name| format!("{name} DESC")).collect();
        let text = format!(
            "SELECT {} FROM {} ORDER BY {} LIMIT 1",
            table.key_text(),
            rows_of(&table.name),
            order.join(", ")
        );
        let rows = query(&self.client, "copy", &text, NONE).await;
        let kinds = || table.key.iter().filter_map(|&at| table.columns.get(at)).map(|(_, k)| k);
        let key = rows.and_then(|rows| rows.first().map(|row| cells(row, kinds())).transpose());
        self.says(key)
    }

    async fn put(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> Copying<()> {
        let done = put(&self.client, table, rows).await;
        self.says(done)
    }

    async fn finish(&mut self) -> Copying<()> {
        let done = finish(&self.client).await;
        self.says(done)
    }
}

async fn put(c: &Client, table: &Table, rows: Vec<Vec<Cell>>) -> Result<()> {
    if let Some(kind) = kind_of(table) {
        for day in days_of(kind, table, &rows) {
            if number(c, kind.name(), &there(&kind.table(day)), NONE).await?.is_none() {
                kind.create(c, day).await?;
            }
        }
    }
    let failed = |e: tokio_postgres::Error| sql("copy", &e);
    let text = format!("COPY {} ({}) FROM STDIN BINARY", table.name, table.columns_text());
    let sink = c.copy_in(&text).await.map_err(failed)?;
    let types: Vec<Type> = table.columns.iter().map(|(_, kind)| type_of(*kind)).collect();
    let writer = BinaryCopyInWriter::new(sink, &types);
    futures_util::pin_mut!(writer);
    for row in &rows {
        let kinds = table.columns.iter().map(|(_, kind)| *kind);
        let values: Vec<Value> = row.iter().zip(kinds).map(|(c, kind)| bound(c, kind)).collect();
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| v as _).collect();
        writer.as_mut().write(&values).await.map_err(failed)?;
    }
    // Without this the database takes all of it back.
    writer.finish().await.map(drop).map_err(failed)
}

/// The position is the highest mark, and tables number on behind their last row.
async fn finish(c: &Client) -> Result<()> {
    let failed = |e: tokio_postgres::Error| sql("copy", &e);
    let numbers = schema::renumber(c).await?;
    let text = format!(
        "BEGIN; {numbers}; \
         INSERT INTO counter (name, value) SELECT 'position', greatest( \
             (SELECT coalesce(max(told), 0) FROM day_mark), \
             (SELECT coalesce(max(mark), 0) FROM days_dropped), \
             (SELECT coalesce(max(mark), 0) FROM changed)); \
         DELETE FROM setting WHERE name = '{UNFINISHED}'; COMMIT; ANALYZE"
    );
    let done = c.batch_execute(&text).await;
    if done.is_err() {
        let _ = c.batch_execute("ROLLBACK").await;
    }
    done.map_err(failed)
}
