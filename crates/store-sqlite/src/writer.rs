//! The one writer: takes every unit that waits, writes them in one transaction, answers.

use std::time::{Duration, Instant};

use jadegate_domain::Timestamp;
use jadegate_store::{ABOUT_PEOPLE, Forgotten, Receipt, StoreError, Unit, Write};
use rusqlite::{Connection, ErrorCode};
use tokio::sync::{mpsc, oneshot};

use crate::apply::Applier;
use crate::connection::BUSY;
use crate::days::{Days, Kind, days};
use crate::error::{Result, sql};
use crate::marks;
use crate::read::places::rows_of;

/// Units in one transaction at most: bounds how long the first waits for the last.
const GROUP: usize = 512;

/// How long an erasure waits for readers that still look at the old state.
const ERASE_WAIT: Duration = Duration::from_secs(10);

/// How often an erasure that waits tries again.
const ERASE_RETRY: Duration = Duration::from_millis(5);

/// What the writer is asked to do.
pub(crate) enum Command {
    /// Apply a unit.
    Unit(Unit, oneshot::Sender<Result<Receipt>>),
    /// Drop the days before this one.
    DropDays(i64, oneshot::Sender<Result<(u64, u64)>>),
    /// Remove what expired at or before this moment.
    Purge(Timestamp, oneshot::Sender<Result<u64>>),
    PurgeKept(Timestamp, oneshot::Sender<Result<u64>>),
    /// Remove everything about people.
    ForgetPeople(oneshot::Sender<Result<Forgotten>>),
    /// Finish what waits, put the log into the database, and end.
    Close(oneshot::Sender<()>),
}

type Waiting = (Unit, oneshot::Sender<Result<Receipt>>);

/// A unit that is kept if its transaction is.
struct Kept {
    /// The places of its writes that told nothing new.
    known: Vec<usize>,
    /// Does it change anything that is followed?
    changes: bool,
}

/// An answer held back until no readable copy of what was erased is left.
struct PendingErasure {
    since: Instant,
    answer: Box<dyn FnOnce() + Send>,
}

pub(crate) struct Writer {
    conn: Connection,
    days: Days,
    commands: mpsc::Receiver<Command>,
    /// Taken from the queue but not part of the group before it.
    next: Option<Command>,
    pending: Vec<PendingErasure>,
    /// Something was erased, and the log may still hold a copy.
    untruncated: bool,
    /// When cutting the log failed last, because of a reader.
    tried: Option<Instant>,
    /// Why nothing can be written any more.
    broken: Option<String>,
}

impl Writer {
    pub(crate) fn new(conn: Connection, commands: mpsc::Receiver<Command>) -> Result<Self> {
        let days = Days::load(&conn)?;
        Ok(Self {
            conn,
            days,
            commands,
            next: None,
            pending: Vec::new(),
            // A process that was killed may have left a log with what it had just erased.
            untruncated: true,
            tried: None,
            broken: None,
        })
    }

    /// Works until the store is closed or dropped; everything queued before that is written.
    pub(crate) fn run(mut self) {
        self.settle();
        let mut closed = Vec::new();
        while let Some(command) = self.take() {
            match command {
                Command::Unit(unit, answer) => {
                    let group = self.gather((unit, answer));
                    self.commit(group);
                }
                Command::DropDays(day, answer) => {
                    let done = self.erase(|c| drop_days(c, day));
                    self.answer_erasure(done, answer);
                }
                Command::Purge(until, answer) => {
                    let done = self.erase(|c| purge(c, until));
                    self.answer_erasure(done, answer);
                }
                Command::PurgeKept(until, answer) => {
                    let done = self.erase(|c| purge_kept(c, until));
                    self.answer_erasure(done, answer);
                }
                Command::ForgetPeople(answer) => {
                    let done = self.erase(forget_people);
                    self.answer_erasure(done, answer);
                }
                Command::Close(answer) => {
                    self.commands.close();
                    closed.push(answer);
                }
            }
            self.settle();
        }
        self.truncate_log();
        self.pending.drain(..).for_each(|o| (o.answer)());
        drop(self.conn);
        for answer in closed {
            let _ = answer.send(());
        }
    }

    /// The next command; `None` when the store was dropped, or closed and the queue is empty.
    fn take(&mut self) -> Option<Command> {
        if let Some(command) = self.next.take() {
            return Some(command);
        }
        while !self.pending.is_empty() {
            match self.commands.try_recv() {
                Ok(command) => return Some(command),
                Err(mpsc::error::TryRecvError::Disconnected) => return None,
                Err(mpsc::error::TryRecvError::Empty) => {
                    std::thread::sleep(ERASE_RETRY);
                    self.settle();
                }
            }
        }
        self.commands.blocking_recv()
    }

    /// The first unit and all that wait behind it.
    fn gather(&mut self, first: Waiting) -> Vec<Waiting> {
        let mut group = vec![first];
        while group.len() < GROUP {
            match self.commands.try_recv() {
                Ok(Command::Unit(unit, answer)) => group.push((unit, answer)),
                Ok(other) => {
                    self.next = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        group
    }

    fn commit(&mut self, group: Vec<Waiting>) {
        let outcome = self.write(&group);
        tracing::debug!(units = group.len(), kept = outcome.is_ok(), "group written");
        match outcome {
            Ok(results) => {
                for ((unit, answer), result) in group.into_iter().zip(results) {
                    if result.is_ok() && unit.writes.iter().any(erases) {
                        self.untruncated = true;
                        self.hold_back(move || {
                            let _ = answer.send(result);
                        });
                    } else {
                        // Whoever asked may have gone away; the unit is kept all the same.
                        let _ = answer.send(result);
                    }
                }
            }
            Err(why) => {
                for (_, answer) in group {
                    let _ = answer.send(Err(StoreError::Unavailable(why.clone())));
                }
            }
        }
    }

    /// One transaction: each unit's own result, or why none was kept.
    fn write(&mut self, group: &[Waiting]) -> std::result::Result<Vec<Result<Receipt>>, String> {
        if let Some(why) = &self.broken {
            return Err(why.clone());
        }
        let written = self.exec("BEGIN IMMEDIATE").and_then(|()| {
            let units = group.iter().map(|(unit, _)| self.unit(unit));
            let results: Vec<_> = units.collect::<Result<_>>()?;
            let kept_at = self.days.marks.write(&self.conn)?;
            self.exec("COMMIT")?;
            let receipt =
                |Kept { known, changes }| Receipt::new(known, kept_at.filter(|_| changes));
            Ok(results.into_iter().map(|kept| kept.map(receipt)).collect())
        });
        written.map_err(|e| self.abandon(&e))
    }

    /// One unit inside its savepoint. The outer error means that the whole transaction is lost.
    fn unit(&mut self, unit: &Unit) -> Result<Result<Kept>> {
        self.exec("SAVEPOINT unit")?;
        let result = Applier::new(&self.conn, &mut self.days).apply(unit);
        tracing::debug!(unit = unit.name, writes = unit.writes.len(), kept = result.is_ok());
        let why = match result {
            Ok(known) => {
                self.exec("RELEASE unit")?;
                return Ok(Ok(Kept { known, changes: self.days.keep() }));
            }
            Err(why) => why,
        };
        if self.conn.is_autocommit() {
            // SQLite itself rolled everything back (full, out of memory, I/O).
            return Err(why);
        }
        self.exec("ROLLBACK TO unit")?;
        self.exec("RELEASE unit")?;
        self.days.undo();
        Ok(Err(why))
    }

    /// Rolls the group back and says why, for every unit in it.
    fn abandon(&mut self, e: &StoreError) -> String {
        if !self.conn.is_autocommit() {
            let _ = self.exec("ROLLBACK");
        }
        match Days::load(&self.conn) {
            Ok(days) => self.days = days,
            Err(e) => self.broken = Some(e.to_string()),
        }
        let why = e.to_string();
        tracing::error!(error = %why, "group not written");
        why
    }

    fn exec(&mut self, text: &str) -> Result<()> {
        let done = self.conn.prepare_cached(text).and_then(|mut s| s.execute([]));
        match done {
            Ok(_) => Ok(()),
            Err(e) => {
                // After a failed flush nobody can say what is on the disk: writing on would answer
                // for units that a restart may not find. Only opening again is safe.
                if matches!(e.sqlite_error_code(), Some(ErrorCode::SystemIoFailure)) {
                    self.broken = Some("the disk failed; the server must be restarted".to_owned());
                }
                Err(sql("transaction", &e))
            }
        }
    }

    /// One transaction that erases.
    fn erase<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        if let Some(why) = &self.broken {
            return Err(StoreError::Unavailable(why.clone()));
        }
        let done = self.exec("BEGIN IMMEDIATE").and_then(|()| {
            let done = work(&self.conn)?;
            self.exec("COMMIT")?;
            Ok(done)
        });
        match done {
            Ok(done) => {
                self.days = Days::load(&self.conn)?;
                self.give_back()?;
                Ok(done)
            }
            Err(e) => {
                self.abandon(&e);
                Err(e)
            }
        }
    }

    /// Answers an erasure once no readable copy is left; a failed one at once.
    fn answer_erasure<T: Send + 'static>(
        &mut self,
        done: Result<T>,
        answer: oneshot::Sender<Result<T>>,
    ) {
        self.untruncated = true;
        match done {
            Ok(done) => self.hold_back(move || {
                let _ = answer.send(Ok(done));
            }),
            Err(e) => {
                let _ = answer.send(Err(e));
            }
        }
    }

    /// Gives free pages back to the file system once they are more than a quarter of the file;
    /// below that the next days will use them.
    fn give_back(&self) -> Result<()> {
        let number =
            |text: &str| -> rusqlite::Result<i64> { self.conn.query_row(text, [], |r| r.get(0)) };
        let shrink = || -> rusqlite::Result<()> {
            if number("PRAGMA freelist_count")? * 4 > number("PRAGMA page_count")? {
                let mut s = self.conn.prepare("PRAGMA incremental_vacuum")?;
                let mut rows = s.query([])?;
                while rows.next()?.is_some() {}
            }
            Ok(())
        };
        shrink().map_err(|e| sql("freelist", &e))
    }

    fn hold_back(&mut self, answer: impl FnOnce() + Send + 'static) {
        self.pending.push(PendingErasure { since: Instant::now(), answer: Box::new(answer) });
    }

    /// If something was erased: empties the log and answers those who wait for it.
    fn settle(&mut self) {
        // Each try flushes: not after every group while a slow reader is there.
        if !self.untruncated || self.tried.is_some_and(|t| t.elapsed() < ERASE_RETRY) {
            return;
        }
        if self.truncate_log() {
            self.pending.drain(..).for_each(|o| (o.answer)());
            return;
        }
        self.tried = Some(Instant::now());
        let (late, pending) = self.pending.drain(..).partition(|o| o.since.elapsed() > ERASE_WAIT);
        self.pending = pending;
        let late: Vec<PendingErasure> = late;
        if !late.is_empty() {
            tracing::warn!(
                "a long read keeps erased data in the log; it goes with the first write after the read"
            );
            for o in late {
                (o.answer)();
            }
        }
    }

    /// Moves the log into the database and cuts it to nothing; false while a reader holds it.
    fn truncate_log(&mut self) -> bool {
        // Not waiting here: new units must not wait for a slow reader.
        let _ = self.conn.busy_timeout(Duration::ZERO);
        let busy: rusqlite::Result<i64> =
            self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get(0));
        let _ = self.conn.busy_timeout(BUSY);
        let done = matches!(busy, Ok(0));
        if done {
            self.untruncated = false;
            self.tried = None;
        }
        done
    }
}

/// Must this write leave no readable copy of what it removed?
const fn erases(w: &Write) -> bool {
    matches!(w, Write::Shred(_) | Write::DropSealedField { .. })
}

/// Drops the tables of the days before this one; how many visits and scans they held (rides go with
/// their visits and are not counted).
fn drop_days(c: &Connection, before: i64) -> Result<(u64, u64)> {
    let mut counts = [0; Kind::ALL.len()];
    for (count, kind) in counts.iter_mut().zip(Kind::ALL) {
        for day in days(c, kind)?.into_iter().filter(|d| *d < before) {
            *count += rows_of(c, kind, day)?;
            let text = format!("DROP TABLE {}", kind.table(day));
            c.execute(&text, []).map_err(|e| sql(kind.name(), &e))?;
        }
    }
    marks::drop_before(c, before)?;
    Ok((counts[0], counts[1]))
}

/// Removes what expired at or before the moment; how many rows.
fn purge(c: &Connection, until: Timestamp) -> Result<u64> {
    let statements = [
        (
            "outbox",
            "DELETE FROM outbox WHERE challenge IN \
                    (SELECT id FROM challenge WHERE expires_at <= ?1)",
        ),
        ("challenge", "DELETE FROM challenge WHERE expires_at <= ?1"),
        ("phone_code", "DELETE FROM phone_code WHERE expires_at <= ?1"),
        ("session", "DELETE FROM session WHERE expires_at <= ?1"),
        ("invitation", "DELETE FROM invitation WHERE expires_at <= ?1"),
        ("paper_code", "DELETE FROM paper_code WHERE expires_at <= ?1"),
        (
            "appeal_file",
            "DELETE FROM appeal_file WHERE keep_until <= ?1 OR appeal IN \
                    (SELECT id FROM appeal WHERE keep_until <= ?1)",
        ),
        ("appeal", "DELETE FROM appeal WHERE keep_until <= ?1"),
        ("alarm", "DELETE FROM alarm WHERE keep_until <= ?1"),
        // Nine weeks of hours: what an alarm looks back on.
        ("activity", "DELETE FROM activity WHERE hour <= (?1 / 3600) - 1512"),
        ("assignment", "DELETE FROM assignment WHERE ends_at <= ?1"),
        ("tally", "DELETE FROM tally WHERE expires_at <= ?1"),
        ("used_nonce", "DELETE FROM used_nonce WHERE expires_at <= ?1"),
        ("job", "DELETE FROM job WHERE expires_at <= ?1"),
    ];
    let mut gone = 0;
    for (table, text) in statements {
        gone += c.execute(text, [until.as_secs()]).map_err(|e| sql(table, &e))?;
    }
    Ok(u64::try_from(gone).unwrap_or(u64::MAX))
}

/// Removes everything about people but what is kept by day.
fn forget_people(c: &Connection) -> Result<Forgotten> {
    let mut gone = Forgotten::default();
    for table in ABOUT_PEOPLE {
        let rows = c.execute(&format!("DELETE FROM {table}"), []).map_err(|e| sql(table, &e))?;
        gone.add(table, u64::try_from(rows).unwrap_or(u64::MAX));
    }
    Ok(gone)
}

/// Removes what was kept for owners of documents too long.
fn purge_kept(c: &Connection, until: Timestamp) -> Result<u64> {
    let statements = [
        ("kept_record", "DELETE FROM kept_record WHERE kept_at <= ?1"),
        ("tube", "DELETE FROM tube WHERE bound_at <= ?1"),
    ];
    let mut gone = 0;
    for (table, text) in statements {
        gone += c.execute(text, [until.as_secs()]).map_err(|e| sql(table, &e))?;
    }
    Ok(u64::try_from(gone).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use jadegate_store::Store as _;

    use super::*;

    /// A leaf that takes pages of its own.
    fn large(n: u8) -> Unit {
        Unit::new("large", vec![Write::AddLeaf(vec![n; 20_000]), Write::AddLeaf(vec![n; 20_000])])
    }

    /// SQLite's own `SQLITE_FULL`, as on a full disk: units that do not fit are refused whole, those
    /// that need no room go on, and what was acknowledged is there afterwards.
    #[tokio::test]
    async fn a_full_database_refuses_what_does_not_fit_and_keeps_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        let conn = crate::connection::writer(&path, 1024).unwrap();
        let pages: i64 = conn.query_row("PRAGMA page_count", [], |r| r.get(0)).unwrap();
        conn.query_row(&format!("PRAGMA max_page_count = {}", pages + 40), [], |_| Ok(())).unwrap();
        let (commands, taken) = mpsc::channel(8);
        let writer = Writer::new(conn, taken).unwrap();
        let thread = std::thread::spawn(move || writer.run());
        let commit = async |unit: Unit| {
            let (answer, answered) = oneshot::channel();
            assert!(commands.send(Command::Unit(unit, answer)).await.is_ok());
            answered.await.unwrap()
        };
        let mut kept = 0;
        let refused = loop {
            match commit(large(kept)).await {
                Ok(_) => kept += 1,
                Err(e) => break e,
            }
            assert!(kept < 40, "it was never full");
        };
        assert!(kept > 0);
        assert!(
            matches!(&refused, StoreError::Unavailable(why) if why.contains("full")),
            "{refused}"
        );
        // It is not broken: what fits is written, what does not is refused again.
        let small = Unit::new("small", vec![Write::AddLeaf(vec![7])]);
        assert!(commit(small).await.is_ok());
        assert!(matches!(commit(large(0)).await, Err(StoreError::Unavailable(_))));
        drop(commands);
        thread.join().unwrap();
        let store = crate::SqliteStore::open(&path, crate::OpenOptions::default()).unwrap();
        let leaves = store.pending_leaves(0).await.unwrap().count;
        assert_eq!(leaves, 2 * u64::from(kept) + 1);
        assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
        assert!(store.commit(large(9)).await.is_ok());
    }
}
