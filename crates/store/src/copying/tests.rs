use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::*;

type Rows = BTreeMap<String, BTreeMap<Vec<Cell>, Vec<Cell>>>;

/// What is durable of a database in memory.
#[derive(Clone, Default)]
struct Disk {
    rows: Rows,
    begun: Option<String>,
}

/// A database in memory, which can be killed.
struct Memory {
    identity: u8,
    tables: Vec<Table>,
    disk: Arc<Mutex<Disk>>,
    /// Writes until it is killed, and whether the last one is durable all the same.
    killed: Option<(u32, bool)>,
}

fn table(name: &str, refers: &[&str]) -> Table {
    let columns = vec![("n".to_owned(), CellKind::Number), ("body".to_owned(), CellKind::Bytes)];
    let refers = refers.iter().map(|r| (*r).to_owned()).collect();
    Table::new(name, columns, &["n".to_owned()], refers).unwrap()
}

/// Columns are in the order of their names.
fn row(n: i64, bytes: usize) -> Vec<Cell> {
    vec![Cell::Bytes(vec![7; bytes]), Cell::Number(n)]
}

impl Memory {
    fn new(identity: u8) -> Self {
        let tables = vec![
            table("child", &["parent"]),
            table("counter", &[]),
            table("parent", &[]),
            table("setting", &[]),
        ];
        Self { identity, tables, disk: Arc::default(), killed: None }
    }

    fn full() -> Self {
        let made = Self::new(1);
        for (table, rows) in [("parent", 40), ("child", 90), ("counter", 1), ("setting", 3)] {
            for n in 0..rows {
                made.add(table, row(n, 8));
            }
        }
        made
    }

    fn add(&self, table: &str, row: Vec<Cell>) {
        let mut disk = self.disk.lock().unwrap();
        disk.rows.entry(table.to_owned()).or_default().insert(vec![row[1].clone()], row);
    }

    /// Another process on the same disk.
    fn again(&self, killed: Option<(u32, bool)>) -> Self {
        Self {
            identity: self.identity,
            tables: self.tables.clone(),
            disk: Arc::clone(&self.disk),
            killed,
        }
    }

    fn rows_now(&self) -> Rows {
        let mut rows = self.disk.lock().unwrap().rows.clone();
        rows.retain(|_, rows| !rows.is_empty());
        rows
    }

    fn write(&mut self, change: impl FnOnce(&mut Disk)) -> Result<()> {
        let dead = || CopyError::Store {
            place: "memory".to_owned(),
            error: StoreError::Unavailable("killed".to_owned()),
        };
        if let Some((left, durable)) = &mut self.killed {
            if *left == 0 {
                if *durable {
                    change(&mut self.disk.lock().unwrap());
                }
                return Err(dead());
            }
            *left -= 1;
        }
        change(&mut self.disk.lock().unwrap());
        Ok(())
    }
}

#[async_trait]
impl CopySource for Memory {
    fn place(&self) -> String {
        format!("memory {}", self.identity)
    }

    async fn identity(&mut self) -> Result<Vec<u8>> {
        Ok(vec![self.identity])
    }

    async fn tables(&mut self) -> Result<Vec<Table>> {
        Ok(self.tables.clone())
    }

    async fn rows(
        &mut self,
        table: &Table,
        after: Option<&[Cell]>,
        most: u32,
    ) -> Result<Vec<Vec<Cell>>> {
        let disk = self.disk.lock().unwrap();
        let rows = disk.rows.get(&table.name).into_iter().flatten();
        let behind = rows.filter(|(key, _)| after.is_none_or(|after| key.as_slice() > after));
        Ok(behind.map(|(_, row)| row.clone()).take(most as usize).collect())
    }
}

#[async_trait]
impl CopyTarget for Memory {
    async fn begun(&mut self) -> Result<Option<String>> {
        Ok(self.disk.lock().unwrap().begun.clone())
    }

    async fn begin(&mut self, of: &str) -> Result<()> {
        let of = of.to_owned();
        self.write(|disk| {
            disk.rows.remove("counter");
            disk.begun = Some(of);
        })
    }

    async fn last_key(&mut self, table: &Table) -> Result<Option<Vec<Cell>>> {
        let disk = self.disk.lock().unwrap();
        let last = disk.rows.get(&table.name).and_then(|rows| rows.last_key_value());
        Ok(last.map(|(key, _)| key.clone()))
    }

    async fn put(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> Result<()> {
        self.write(|disk| {
            if table.name == "child" {
                let parents = disk.rows.get("parent").map_or(0, BTreeMap::len);
                assert!(parents >= 40, "what is referred to comes first");
            }
            let there = disk.rows.entry(table.name.clone()).or_default();
            for row in rows {
                let twice = there.insert(vec![row[1].clone()], row);
                assert!(twice.is_none(), "a row is written once");
            }
        })
    }

    async fn finish(&mut self) -> Result<()> {
        self.write(|disk| disk.begun = None)
    }
}

async fn run(from: &mut Memory, to: &mut Memory) -> (Result<Vec<Copied>>, Vec<Step>) {
    let mut said = Vec::new();
    let done = copy(from, to, &mut |step| said.push(step.clone())).await;
    (done, said)
}

/// Killed at its first, second, … last write, that write kept or lost: the next run ends it.
#[tokio::test]
async fn whenever_it_is_killed_the_next_run_goes_on() {
    let mut whole = Memory::new(2);
    let copied = run(&mut Memory::full(), &mut whole).await.0.unwrap();
    assert_eq!(whole.rows_now(), Memory::full().rows_now());
    let mut kills = 0;
    for durable in [false, true] {
        for writes in 0.. {
            let target = Memory::new(2);
            target.add("counter", row(0, 8));
            let (first, _) =
                run(&mut Memory::full(), &mut target.again(Some((writes, durable)))).await;
            if first.is_ok() {
                break;
            }
            kills += 1;
            let ended = target.disk.lock().unwrap().begun.is_none();
            let (second, said) = run(&mut Memory::full(), &mut target.again(None)).await;
            match second {
                Ok(second) => {
                    assert_eq!(second, copied);
                    let goes_on = said.first() == Some(&Step::GoesOn);
                    assert_eq!(goes_on, writes > 0 || durable, "{writes}");
                }
                // The very last write was kept: it is ended, and nothing is done twice.
                Err(e) => assert!(ended && e.to_string().starts_with("copy.target_not_empty: ")),
            }
            assert_eq!(target.rows_now(), whole.rows_now());
            assert!(target.disk.lock().unwrap().begun.is_none());
        }
    }
    assert!(kills >= 18, "only {kills}");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_anything_is_written() {
    let refused = |e: CopyError| e.to_string().split(": ").next().unwrap().to_owned();
    let full = Memory::full;
    let (done, _) = run(&mut full(), &mut full()).await;
    assert_eq!(refused(done.unwrap_err()), "copy.same");

    let mut used = Memory::new(2);
    used.add("setting", row(1, 1));
    let (done, _) = run(&mut full(), &mut used).await;
    assert_eq!(refused(done.unwrap_err()), "copy.target_not_empty");

    let mut other = Memory::new(2);
    other.disk.lock().unwrap().begun = Some("ff".to_owned());
    let (done, _) = run(&mut full(), &mut other).await;
    assert_eq!(refused(done.unwrap_err()), "copy.other_source");

    for (ours, theirs) in [(3, 4), (4, 3)] {
        let (mut from, mut to) = (full(), Memory::new(2));
        from.tables.truncate(ours);
        to.tables.truncate(theirs);
        let (done, _) = run(&mut from, &mut to).await;
        assert_eq!(refused(done.unwrap_err()), "copy.tables_differ");
        assert!(to.rows_now().is_empty());
    }
}

/// A server that ran between two parts, or a disk that lies: never taken for whole.
#[tokio::test]
async fn what_changed_meanwhile_is_found() {
    for kept in [0, 4, 6] {
        let (mut source, target) = (Memory::full(), Memory::new(2));
        let (first, _) = run(&mut source, &mut target.again(Some((kept, true)))).await;
        first.unwrap_err();
        source.add("parent", row(-1, 8));
        source.add("parent", row(3, 9));
        let done = run(&mut source, &mut target.again(None)).await.0;
        if kept > 0 {
            let why = done.unwrap_err().to_string();
            assert!(why.starts_with("copy.differs: parent") && why.contains("41 and 40"), "{why}");
            assert!(target.disk.lock().unwrap().begun.is_some(), "it is no deployment");
        } else {
            assert_eq!(done.unwrap()[1].rows, 41);
        }
    }
}

/// Large rows go alone, small ones many at a time.
#[tokio::test]
async fn a_batch_is_as_large_as_its_rows_allow() {
    let source = Memory::new(1);
    for n in 0..40 {
        source.add("parent", row(n, 1 << 20));
    }
    let (done, said) = run(&mut source.again(None), &mut Memory::new(2)).await;
    done.unwrap();
    let counts: Vec<u64> = said
        .iter()
        .filter_map(|s| if let Step::Rows { rows, .. } = s { Some(*rows) } else { None })
        .collect();
    assert_eq!(&counts[..5], &[16, 24, 28, 30, 31]);
}
