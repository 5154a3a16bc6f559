//! A copy of the whole database in a folder: a file for each table, of one snapshot, as `COPY` writes
//! them, and a list of what is there with digests. Reading it back needs an empty database.

use std::path::Path;

use deadpool_postgres::Object;
use futures_util::{SinkExt as _, TryStreamExt as _};
use jadegate_domain::hex;
use jadegate_store::StoreError;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::connection::{Client, Snapshot, query};
use crate::days::{Kind, days};
use crate::error::{Result, sql, unavailable};
use crate::read::number;
use crate::schema;
use crate::value::NONE;

/// The list of a copy.
const LIST: &str = "backup.json";

/// What other tables refer to comes first when a copy is read back.
const FIRST: [&str; 5] = ["holder", "agency", "staff", "place", "waiting"];

/// How much is read of a file at once.
const PIECE: usize = 1 << 16;

#[derive(Debug, Serialize, Deserialize)]
struct Contents {
    /// By which migrations the tables were made: number and digest.
    migrations: Vec<(i64, String)>,
    /// The days that had a partition, of each kind.
    days: Vec<(String, Vec<i64>)>,
    tables: Vec<Table>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Table {
    name: String,
    columns: String,
    /// SHA-256 of its file, in hex.
    sha256: String,
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    move |e| StoreError::Unavailable(format!("{}: {e}", path.display()))
}

/// Copies everything that the snapshot shows into a new folder.
pub(crate) async fn write(snapshot: &Snapshot, to: &Path) -> Result<()> {
    tokio::fs::DirBuilder::new().mode(0o700).create(to).await.map_err(file_error(to))?;
    let c = snapshot.client()?;
    // A disk that takes long between two tables is not a server that hangs.
    let patience = "SET LOCAL idle_in_transaction_session_timeout = 0";
    let done = match c.batch_execute(patience).await {
        Ok(()) => fill(c, to).await,
        Err(e) => Err(sql("backup", &e)),
    };
    if done.is_err() {
        let _ = tokio::fs::remove_dir_all(to).await;
    }
    done
}

async fn fill(c: &Client, to: &Path) -> Result<()> {
    let applied = schema::applied(c).await?;
    let mut contents = Contents {
        migrations: applied.into_iter().map(|m| (m.number, m.sha256)).collect(),
        days: Vec::new(),
        tables: Vec::new(),
    };
    for kind in Kind::ALL {
        contents.days.push((kind.name().to_owned(), days(c, kind).await?));
    }
    for (name, columns) in tables(c).await? {
        let sha256 = copy_out(c, &name, &columns, to).await?;
        contents.tables.push(Table { name, columns, sha256 });
    }
    let list = serde_json::to_vec_pretty(&contents).map_err(unavailable)?;
    let path = to.join(LIST);
    let mut file = create(&path).await?;
    file.write_all(&list).await.map_err(file_error(&path))?;
    file.sync_all().await.map_err(file_error(&path))?;
    // The new names are durable only when their folders are.
    let parent = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for folder in [to, parent] {
        let opened = File::open(folder).await.map_err(file_error(folder))?;
        opened.sync_all().await.map_err(file_error(folder))?;
    }
    Ok(())
}

/// The tables and their columns; days' partitions are part of their table.
async fn tables(c: &Client) -> Result<Vec<(String, String)>> {
    let text = "SELECT r.relname::text, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) \
                FROM pg_class r JOIN pg_attribute a ON a.attrelid = r.oid \
                WHERE r.relkind IN ('r', 'p') AND NOT r.relispartition AND a.attnum > 0 \
                AND NOT a.attisdropped AND r.relname <> 'migration' \
                AND r.relnamespace = current_schema()::regnamespace GROUP BY r.relname ORDER BY 1";
    let rows = query(c, "pg_class", text, NONE).await?;
    let pair = |r: &tokio_postgres::Row| Ok((r.try_get(0)?, r.try_get(1)?));
    let all: std::result::Result<Vec<(String, String)>, tokio_postgres::Error> =
        rows.iter().map(pair).collect();
    let mut all = all.map_err(|e| sql("pg_class", &e))?;
    all.sort_by_key(|(name, _)| FIRST.iter().position(|f| f == name).unwrap_or(FIRST.len()));
    Ok(all)
}

async fn create(path: &Path) -> Result<File> {
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path).await.map_err(file_error(path))
}

async fn copy_out(c: &Client, table: &str, columns: &str, to: &Path) -> Result<String> {
    let failed = |e: tokio_postgres::Error| sql("backup", &e);
    let path = to.join(format!("{table}.copy"));
    let mut file = create(&path).await?;
    let text = format!("COPY (SELECT {columns} FROM {table}) TO STDOUT");
    let bytes = c.copy_out(&text).await.map_err(failed)?;
    futures_util::pin_mut!(bytes);
    let mut digest = Sha256::new();
    while let Some(piece) = bytes.try_next().await.map_err(failed)? {
        digest.update(&piece);
        file.write_all(&piece).await.map_err(file_error(&path))?;
    }
    file.sync_all().await.map_err(file_error(&path))?;
    Ok(hex::encode(&digest.finalize()))
}

/// Reads a copy into an empty database, whole or not at all.
pub(crate) async fn read(c: &mut Object, from: &Path) -> Result<()> {
    let path = from.join(LIST);
    let list = tokio::fs::read(&path).await.map_err(file_error(&path))?;
    let contents: Contents = serde_json::from_slice(&list)
        .map_err(|_| StoreError::Schema(format!("{}: no list of a copy", path.display())))?;
    let applied = schema::applied(c).await?;
    if applied.into_iter().map(|m| (m.number, m.sha256)).ne(contents.migrations.clone()) {
        return Err(StoreError::Schema(
            "the copy was made by another version of this program; read it back with that one"
                .to_owned(),
        ));
    }
    let used = "SELECT 1::bigint WHERE EXISTS (SELECT 1 FROM holder) OR EXISTS (SELECT 1 FROM setting) \
                OR EXISTS (SELECT 1 FROM pending_leaf) OR EXISTS (SELECT 1 FROM log_leaf)";
    if number(c, "holder", used, NONE).await?.is_some() {
        return Err(StoreError::Schema(
            "the database is not empty; a copy is read back into a new one".to_owned(),
        ));
    }
    make_days(c, &contents).await?;
    let done = fill_from(c, from, &contents).await;
    if done.is_err() {
        let _ = c.batch_execute("ROLLBACK").await;
    }
    done
}

async fn make_days(c: &Client, contents: &Contents) -> Result<()> {
    for kind in Kind::ALL {
        let found = contents.days.iter().filter(|(name, _)| name == kind.name());
        for day in found.flat_map(|(_, days)| days) {
            kind.create(c, *day).await?;
        }
    }
    Ok(())
}

async fn fill_from(c: &Client, from: &Path, contents: &Contents) -> Result<()> {
    let failed = |e: tokio_postgres::Error| sql("backup", &e);
    c.batch_execute("BEGIN").await.map_err(failed)?;
    let own = tables(c).await?;
    for Table { name, columns, sha256 } in &contents.tables {
        // Names become part of statements: only those that the database itself says.
        if !own.iter().any(|(n, c)| n == name && c == columns) {
            return Err(StoreError::Schema(
                "the copy holds a table that is none of ours".to_owned(),
            ));
        }
        c.batch_execute(&format!("DELETE FROM {name}")).await.map_err(failed)?;
        copy_in(c, name, columns, &from.join(format!("{name}.copy")), sha256).await?;
    }
    c.batch_execute(&schema::renumber(c).await?).await.map_err(failed)?;
    c.batch_execute("COMMIT; ANALYZE").await.map_err(failed)
}

async fn copy_in(c: &Client, table: &str, columns: &str, path: &Path, sha256: &str) -> Result<()> {
    let failed = |e: tokio_postgres::Error| sql("backup", &e);
    let mut file = File::open(path).await.map_err(file_error(path))?;
    let sink = c.copy_in(&format!("COPY {table} ({columns}) FROM STDIN")).await.map_err(failed)?;
    futures_util::pin_mut!(sink);
    let mut digest = Sha256::new();
    loop {
        let mut piece = bytes::BytesMut::with_capacity(PIECE);
        if file.read_buf(&mut piece).await.map_err(file_error(path))? == 0 {
            break;
        }
        digest.update(&piece);
        sink.send(piece.freeze()).await.map_err(failed)?;
    }
    sink.finish().await.map_err(failed)?;
    if hex::encode(&digest.finalize()) == sha256 {
        return Ok(());
    }
    Err(StoreError::Schema(format!(
        "{}: not what was written; the copy is damaged",
        path.display()
    )))
}
