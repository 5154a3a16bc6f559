//! The copy itself.

use sha2::{Digest as _, Sha256};

use super::{Cell, CopyError, CopySource, CopyTarget, Result, Table};

/// Bytes of a batch: as many rows as come to about this much go in one transaction.
const BATCH_BYTES: usize = 2 << 20;

/// Rows of the first batch of a table, while it is not known how large they are.
const FIRST_BATCH: u32 = 16;

/// Rows of a batch at most.
const MOST_ROWS: u32 = 16_384;

/// What a copy is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It goes on with one that was cut short.
    GoesOn,
    /// So many rows of a table were copied by this run; `whole`: they are all there.
    Rows {
        /// The table.
        table: String,
        /// Rows, of this run.
        rows: u64,
        /// Is nothing left of it?
        whole: bool,
    },
    /// A table is the same on both sides.
    Same(Copied),
}

/// A table that was copied and compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The table.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 of all its rows in the order of its key.
    pub digest: [u8; 32],
}

/// Copies everything, or goes on with a copy that was cut short, and compares.
///
/// # Errors
/// [`CopyError`]; whatever was copied stays, and the next run goes on from there. A target that was not
/// ended is no deployment.
pub async fn copy(
    from: &mut dyn CopySource,
    to: &mut dyn CopyTarget,
    say: &mut (dyn FnMut(&Step) + Send),
) -> Result<Vec<Copied>> {
    let identity = from.identity().await?;
    if identity == to.identity().await? {
        return Err(CopyError::Same);
    }
    let tables = same_tables(&from.tables().await?, to.tables().await?)?;
    let of = jadegate_domain::hex::encode(&identity);
    match to.begun().await? {
        Some(begun) if begun == of => say(&Step::GoesOn),
        Some(_) => return Err(CopyError::OtherSource(to.place())),
        None => {
            must_be_empty(to, &tables).await?;
            to.begin(&of).await?;
        }
    }
    for table in &tables {
        copy_table(from, to, table, say).await?;
    }
    let mut copied = Vec::with_capacity(tables.len());
    for table in &tables {
        let same = compare(from, to, table).await?;
        say(&Step::Same(same.clone()));
        copied.push(same);
    }
    to.finish().await?;
    Ok(copied)
}

/// The tables that both have, in an order in which each stands behind what it refers to. Settings come
/// last: with them it is a deployment.
fn same_tables(from: &[Table], to: Vec<Table>) -> Result<Vec<Table>> {
    let differs = |name: &str| Err(CopyError::Tables(name.to_owned()));
    for table in &to {
        if !from.iter().any(|t| t.name == table.name) {
            return differs(&table.name);
        }
    }
    for table in from {
        let same = to.iter().find(|t| t.name == table.name);
        if same.is_none_or(|t| t.columns != table.columns || t.key != table.key) {
            return differs(&table.name);
        }
    }
    let mut left = to;
    // The numbers of leaves are asked for before leaves are written.
    left.sort_by_key(|t| (t.name == "setting", t.name != "counter", t.name.clone()));
    let mut ordered: Vec<Table> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let there = |name: &String| ordered.iter().any(|t| t.name == *name);
        let next = left.iter().position(|t| t.refers.iter().all(|r| *r == t.name || there(r)));
        let Some(next) = next else { return differs(&left[0].name) };
        ordered.push(left.remove(next));
    }
    Ok(ordered)
}

async fn must_be_empty(to: &mut dyn CopyTarget, tables: &[Table]) -> Result<()> {
    for table in tables.iter().filter(|t| t.name != "counter") {
        if to.last_key(table).await?.is_some() {
            return Err(CopyError::NotEmpty { place: to.place(), table: table.name.clone() });
        }
    }
    Ok(())
}

/// How many rows go in the next batch.
struct Batch(u32);

impl Batch {
    const fn new() -> Self {
        Self(FIRST_BATCH)
    }

    /// Told by the last one.
    fn learn(&mut self, rows: &[Vec<Cell>]) {
        let bytes: usize = rows.iter().flatten().map(size).sum();
        self.0 = if bytes > BATCH_BYTES { self.0 / 2 } else { self.0.saturating_mul(2) }
            .clamp(1, MOST_ROWS);
    }
}

fn size(cell: &Cell) -> usize {
    8 + match cell {
        Cell::Null | Cell::Number(_) => 0,
        Cell::Text(text) => text.len(),
        Cell::Bytes(bytes) => bytes.len(),
    }
}

async fn copy_table(
    from: &mut dyn CopySource,
    to: &mut dyn CopyTarget,
    table: &Table,
    say: &mut (dyn FnMut(&Step) + Send),
) -> Result<()> {
    let (mut after, mut batch, mut done) = (to.last_key(table).await?, Batch::new(), 0_u64);
    loop {
        let rows = from.rows(table, after.as_deref(), batch.0).await?;
        let Some(last) = rows.last() else { break };
        after = Some(table.key_of(last));
        batch.learn(&rows);
        done += rows.len() as u64;
        to.put(table, rows).await?;
        say(&Step::Rows { table: table.name.clone(), rows: done, whole: false });
    }
    if done > 0 {
        say(&Step::Rows { table: table.name.clone(), rows: done, whole: true });
    }
    Ok(())
}

async fn compare(
    from: &mut dyn CopySource,
    to: &mut dyn CopyTarget,
    table: &Table,
) -> Result<Copied> {
    let there = digest(from, table).await?;
    let here = digest(to, table).await?;
    if there == here {
        return Ok(there);
    }
    Err(CopyError::Differs { table: table.name.clone(), from: there.rows, to: here.rows })
}

async fn digest(of: &mut (impl CopySource + ?Sized), table: &Table) -> Result<Copied> {
    let (mut after, mut batch) = (None, Batch::new());
    let (mut rows, mut digest) = (0_u64, Sha256::new());
    loop {
        let found = of.rows(table, after.as_deref(), batch.0).await?;
        let Some(last) = found.last() else { break };
        after = Some(table.key_of(last));
        batch.learn(&found);
        rows += found.len() as u64;
        found.iter().flatten().for_each(|cell| add(&mut digest, cell));
    }
    Ok(Copied { table: table.name.clone(), rows, digest: digest.finalize().into() })
}

/// A cell by its kind, its length and what it holds, so that no two lists of cells are told alike.
fn add(digest: &mut Sha256, cell: &Cell) {
    let mut part = |kind: u8, bytes: &[u8]| {
        digest.update([kind]);
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    match cell {
        Cell::Null => part(0, &[]),
        Cell::Number(n) => part(1, &n.to_be_bytes()),
        Cell::Text(text) => part(2, text.as_bytes()),
        Cell::Bytes(bytes) => part(3, bytes),
    }
}
