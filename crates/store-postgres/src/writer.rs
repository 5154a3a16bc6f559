//! The writer: takes every unit that waits, writes them in one transaction, answers.
//!
//! One connection writes, so that units are kept in the order in which they were handed over, and what
//! waits meanwhile becomes the next group. Within a group units that touch nothing in common are written
//! side by side: their statements are on their way at once. If any of them fails the group is written
//! again, one unit after another, each inside its own savepoint. So only what goes well is quick.

use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use futures_util::future::{join, join_all, join4};
use jadegate_domain::Timestamp;
use jadegate_store::{ABOUT_PEOPLE, Forgotten, KeptAt, Receipt, StoreError, Unit};
use tokio::sync::{mpsc, oneshot};

use crate::apply::{Applied, Applier};
use crate::connection::{Client, execute, get};
use crate::days::{Days, Kind, days};
use crate::error::{Result, again, sql, unavailable};
use crate::locks::{LINKS, Links, Needs, waves};
use crate::marks::{self, Touched};
use crate::read::{number, numbers};
use crate::value::NONE;

/// Units in one transaction at most: bounds how long the first waits for the last.
const GROUP: usize = 256;

/// Locks of one transaction at most: the database has room for some thousands, for all servers.
const LOCKS: usize = 512;

/// How often a group is tried that other servers were in the way of.
const TRIES: u32 = 6;

/// How long it is asked what became of a group whose connection ended while it was being kept.
const ASK: Duration = Duration::from_secs(10);

/// What the writer is asked to do.
pub(crate) enum Command {
    /// Apply a unit.
    Unit(Unit, oneshot::Sender<Result<Receipt>>),
    /// Drop the days before this one.
    DropDays(i64, oneshot::Sender<Result<(u64, u64)>>),
    /// Remove what expired at or before this moment.
    Purge(Timestamp, oneshot::Sender<Result<u64>>),
    /// Remove what was kept for owners of documents since this moment or longer.
    PurgeKept(Timestamp, oneshot::Sender<Result<u64>>),
    /// Remove everything about people.
    ForgetPeople(oneshot::Sender<Result<Forgotten>>),
    /// Finish what waits, and end.
    Close(oneshot::Sender<()>),
}

type Waiting = (Unit, oneshot::Sender<Result<Receipt>>);

/// What became of the units of a transaction, in their order.
type Outcomes = Vec<Result<Applied>>;

pub(crate) struct Writer {
    pool: Pool,
    days: Days,
    commands: mpsc::Receiver<Command>,
    /// Taken from the queue but not part of the group before it.
    next: Option<Command>,
}

impl Writer {
    pub(crate) fn new(pool: Pool, commands: mpsc::Receiver<Command>) -> Self {
        Self { pool, days: Days::default(), commands, next: None }
    }

    /// Works until the store is closed or dropped; everything queued before that is written.
    pub(crate) async fn run(mut self) {
        let mut closed = Vec::new();
        while let Some(command) = self.take().await {
            match command {
                Command::Unit(unit, answer) => {
                    let group = self.gather((unit, answer));
                    self.commit(group).await;
                }
                // Whoever asked may have gone away; it is done all the same.
                Command::DropDays(day, answer) => {
                    let _ = answer.send(self.drop_days(day).await);
                }
                Command::Purge(until, answer) => {
                    let _ = answer.send(self.purge(&EXPIRED, until).await);
                }
                Command::PurgeKept(until, answer) => {
                    let _ = answer.send(self.purge(&KEPT_TOO_LONG, until).await);
                }
                Command::ForgetPeople(answer) => {
                    let _ = answer.send(self.forget_people().await);
                }
                Command::Close(answer) => {
                    self.commands.close();
                    closed.push(answer);
                }
            }
        }
        self.pool.close();
        for answer in closed {
            let _ = answer.send(());
        }
    }

    /// The next command; `None` when the store was dropped, or closed and the queue is empty.
    async fn take(&mut self) -> Option<Command> {
        match self.next.take() {
            Some(command) => Some(command),
            None => self.commands.recv().await,
        }
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

    async fn commit(&mut self, group: Vec<Waiting>) {
        let mut group = group.into_iter().peekable();
        while group.peek().is_some() {
            let (mut part, mut locks) = (Vec::new(), 0);
            while let Some((unit, answer)) = group.next_if(|_| locks < LOCKS) {
                let needs = Needs::of(&unit);
                locks += needs.locks.len();
                part.push((unit, answer, needs));
            }
            self.commit_part(part).await;
        }
    }

    async fn commit_part(&mut self, part: Vec<(Unit, oneshot::Sender<Result<Receipt>>, Needs)>) {
        let (mut units, mut answers, mut needs) = (Vec::new(), Vec::new(), Vec::new());
        for (unit, answer, need) in part {
            units.push(unit);
            answers.push(answer);
            needs.push(need);
        }
        let units: Vec<&Unit> = units.iter().collect();
        let written = self.write(&units, &needs).await;
        tracing::debug!(units = units.len(), kept = written.is_ok(), "group written");
        match written {
            Ok(results) => {
                for (answer, result) in answers.into_iter().zip(results) {
                    let _ = answer.send(result);
                }
            }
            Err(e) => {
                tracing::error!(error = %e, "group not written");
                for answer in answers {
                    let _ = answer.send(Err(retold(&e)));
                }
            }
        }
    }

    /// One transaction: each unit's own result, or why none was kept. What other servers were in the
    /// way of is tried again.
    async fn write(&mut self, units: &[&Unit], needs: &[Needs]) -> Result<Vec<Result<Receipt>>> {
        let mut tried = 0;
        loop {
            match self.attempt(units, needs, tried).await {
                Err(e) if again(&e) && tried + 1 < TRIES => {
                    self.days.forget();
                    tried += 1;
                    tokio::time::sleep(Duration::from_millis(2 << tried)).await;
                }
                done => return done,
            }
        }
    }

    async fn attempt(
        &mut self,
        units: &[&Unit],
        needs: &[Needs],
        tried: u32,
    ) -> Result<Vec<Result<Receipt>>> {
        let c = get(&self.pool).await?;
        self.days.prepare(&c, units).await?;
        let mut group = Group { c: &c, days: &self.days, units, needs, xid: 0 };
        let mut done =
            if tried == 0 || units.len() == 1 { group.side_by_side().await } else { Ok(None) };
        if matches!(done, Ok(None)) {
            done = group.one_by_one().await.map(Some);
        }
        let xid = group.xid;
        match done {
            Ok(Some(kept)) => Ok(kept),
            Ok(None) => Err(unavailable("a group was not written")),
            Err(Lost::Before(e)) => {
                abandon(c).await;
                Err(e)
            }
            Err(Lost::AtCommit { e, kept }) => {
                drop(Object::take(c));
                if self.was_kept(xid).await? { Ok(kept) } else { Err(e) }
            }
        }
    }

    /// A connection ended while its transaction was being kept: was it? The database remembers.
    async fn was_kept(&self, xid: i64) -> Result<bool> {
        let asked = tokio::time::timeout(ASK, async {
            loop {
                if let Ok(c) = get(&self.pool).await {
                    let text = "SELECT CASE pg_xact_status($1::text::xid8) WHEN 'committed' THEN 1 \
                                WHEN 'aborted' THEN 0 ELSE 2 END::bigint";
                    match number(&c, "transaction", text, [xid.to_string()]).await {
                        Ok(Some(2)) | Err(_) => {}
                        Ok(kept) => return kept == Some(1),
                    }
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        asked.await.map_err(|_| {
            unavailable("the connection ended while the unit was being kept; look if it is there before doing it again")
        })
    }

    async fn drop_days(&mut self, before: i64) -> Result<(u64, u64)> {
        let mut tried = 0;
        let done = loop {
            let c = get(&self.pool).await?;
            match drop_days(&c, before).await {
                Err(e) if again(&e) && tried + 1 < TRIES => {
                    abandon(c).await;
                    tried += 1;
                }
                Err(e) => {
                    abandon(c).await;
                    return Err(e);
                }
                Ok(done) => {
                    // Statements of partitions that are gone.
                    c.statement_cache.clear();
                    break done;
                }
            }
        };
        self.days.forget();
        Ok(done)
    }

    async fn forget_people(&self) -> Result<Forgotten> {
        let c = get(&self.pool).await?;
        match forget_people(&c).await {
            Ok(gone) => {
                if let Err(e) =
                    c.batch_execute(&format!("VACUUM {}", ABOUT_PEOPLE.join(", "))).await
                {
                    let why = sql("vacuum", &e);
                    tracing::warn!(error = %why, "what was erased is not swept out of the pages yet");
                }
                Ok(gone)
            }
            Err(e) => {
                abandon(c).await;
                Err(e)
            }
        }
    }

    async fn purge(&self, what: &[Statement], until: Timestamp) -> Result<u64> {
        let c = get(&self.pool).await?;
        match purge(&c, what, until).await {
            Ok(gone) => {
                sweep(&c).await;
                Ok(gone)
            }
            Err(e) => {
                abandon(c).await;
                Err(e)
            }
        }
    }
}

/// Takes a transaction back; a connection that cannot do that is not used again.
async fn abandon(c: Object) {
    if c.batch_execute("ROLLBACK").await.is_err() {
        drop(Object::take(c));
    }
}

/// Why no unit of a group was answered for.
enum Lost {
    /// Nothing was kept.
    Before(StoreError),
    /// The connection ended when it was to be kept: what is to be answered if it was.
    AtCommit { e: StoreError, kept: Vec<Result<Receipt>> },
}

impl From<StoreError> for Lost {
    fn from(e: StoreError) -> Self {
        Self::Before(e)
    }
}

/// A group in its transaction.
struct Group<'a> {
    c: &'a Client,
    days: &'a Days,
    units: &'a [&'a Unit],
    needs: &'a [Needs],
    /// The transaction's number, by which it can be asked for.
    xid: i64,
}

type Written = std::result::Result<Vec<Result<Receipt>>, Lost>;

impl Group<'_> {
    /// Begins: takes what the group needs, in the one order that all servers keep. The mark, if it
    /// changes what is followed.
    async fn begin(&mut self) -> Result<Option<i64>> {
        let follows = self.units.iter().any(|unit| !unit.changes().is_empty());
        let locks: std::collections::BTreeSet<i64> =
            self.needs.iter().flat_map(|n| n.locks.iter().copied()).collect();
        let c = self.c;
        let mark = async { if follows { marks::begin(c).await.map(Some) } else { Ok(None) } };
        let links = self.needs.iter().map(|n| n.links).max().unwrap_or_default();
        let links = match links {
            Links::Apart => None,
            Links::Rests => Some("SELECT 1::bigint FROM pg_advisory_xact_lock_shared($1)"),
            Links::Changes => Some("SELECT 1::bigint FROM pg_advisory_xact_lock($1)"),
        };
        let take = async {
            if let Some(text) = links {
                numbers(c, "lock", text, [LINKS]).await?;
            }
            if locks.is_empty() {
                return Ok(Vec::new());
            }
            let text = "SELECT 1::bigint FROM unnest($1) AS n, pg_advisory_xact_lock(n)";
            numbers(c, "lock", text, [locks.into_iter().collect::<Vec<_>>()]).await
        };
        let number = "SELECT pg_current_xact_id()::text::bigint";
        // All on their way at once; they are carried out in this order.
        let (begun, mark, taken, xid) = join4(
            c.batch_execute("BEGIN"),
            mark,
            take,
            crate::read::number(c, "transaction", number, NONE),
        )
        .await;
        begun.map_err(|e| sql("transaction", &e))?;
        taken?;
        self.xid = xid?.unwrap_or(0);
        mark
    }

    /// All units that have nothing in common at once. `None`: one of several failed, and nothing is kept.
    async fn side_by_side(&mut self) -> std::result::Result<Option<Vec<Result<Receipt>>>, Lost> {
        let mark = self.begin().await?;
        let mut outcomes: Vec<Option<Result<Applied>>> = self.units.iter().map(|_| None).collect();
        for wave in waves(self.needs) {
            let applied = wave.iter().map(|n| self.apply(*n, mark));
            for (n, outcome) in wave.iter().zip(join_all(applied).await) {
                let failed = outcome.is_err();
                if let Err(e) = &outcome
                    && (again(e) || self.c.is_closed())
                {
                    return Err(Lost::Before(retold(e)));
                }
                outcomes[*n] = Some(outcome);
                if failed {
                    self.c.batch_execute("ROLLBACK").await.map_err(|e| sql("transaction", &e))?;
                    let alone = self.units.len() == 1;
                    return Ok(alone.then(|| outcomes.drain(..).flatten().map(refused).collect()));
                }
            }
        }
        self.keep(outcomes.into_iter().flatten().collect(), mark).await.map(Some)
    }

    /// One unit after another, each inside its savepoint.
    async fn one_by_one(&mut self) -> Written {
        let mark = self.begin().await?;
        let mut outcomes = Vec::new();
        let mut before = "SAVEPOINT unit";
        for n in 0..self.units.len() {
            let (ready, outcome) = join(self.c.batch_execute(before), self.apply(n, mark)).await;
            ready.map_err(|e| sql("transaction", &e))?;
            if let Err(e) = &outcome
                && (again(e) || self.c.is_closed())
            {
                return Err(Lost::Before(retold(e)));
            }
            before = match outcome {
                Ok(_) => "RELEASE SAVEPOINT unit; SAVEPOINT unit",
                Err(_) => "ROLLBACK TO SAVEPOINT unit",
            };
            outcomes.push(outcome);
        }
        self.c.batch_execute(before).await.map_err(|e| sql("transaction", &e))?;
        self.keep(outcomes, mark).await
    }

    async fn apply(&self, n: usize, mark: Option<i64>) -> Result<Applied> {
        let unit = self.units[n];
        let applied = Applier::new(self.c, self.days, mark).apply(unit).await;
        let kept = applied.is_ok();
        tracing::debug!(unit = unit.name, writes = unit.writes.len(), kept);
        applied
    }

    /// Ends the transaction: what it changed of what is followed has its mark from here on.
    async fn keep(&self, outcomes: Outcomes, mark: Option<i64>) -> Written {
        let (mut all, mut changing) = (Touched::default(), 0);
        let mut units = Vec::new();
        for outcome in outcomes {
            units.push(outcome.map(|Applied { known, mut touched }| {
                let changes = !touched.is_empty();
                changing += u32::from(changes);
                all.append(&mut touched);
                (known, changes)
            }));
        }
        let kept_at = match mark {
            Some(mark) if changing > 0 => {
                let position = marks::write(self.c, all, mark).await?;
                Some(KeptAt { position, units: changing })
            }
            _ => None,
        };
        let receipt = |(known, changes)| Receipt::new(known, kept_at.filter(|_| changes));
        let kept = units.into_iter().map(|unit| unit.map(receipt)).collect();
        match self.c.batch_execute("COMMIT").await {
            Ok(()) => Ok(kept),
            // An answer is no end of the connection: it says that nothing was kept.
            Err(e) if e.as_db_error().is_some() && !self.c.is_closed() => {
                Err(Lost::Before(sql("transaction", &e)))
            }
            Err(e) => Err(Lost::AtCommit { e: sql("transaction", &e), kept }),
        }
    }
}

/// The outcome of a unit that was refused by itself.
fn refused(outcome: Result<Applied>) -> Result<Receipt> {
    outcome.map(|_| Receipt::default())
}

/// The same error, for all units of a group.
fn retold(e: &StoreError) -> StoreError {
    StoreError::Unavailable(match e {
        StoreError::Unavailable(why) => why.clone(),
        other => other.to_string(),
    })
}

/// Drops the partitions of the days before this one; how many visits and scans they held (rides go
/// with their visits and are not counted).
async fn drop_days(c: &Client, before: i64) -> Result<(u64, u64)> {
    c.batch_execute("BEGIN").await.map_err(|e| sql("transaction", &e))?;
    let mark = marks::begin(c).await?;
    let mut counts = [0; Kind::ALL.len()];
    for (count, kind) in counts.iter_mut().zip(Kind::ALL) {
        for day in days(c, kind).await?.into_iter().filter(|d| *d < before) {
            let table = kind.table(day);
            let rows = format!("SELECT count(*) FROM {table}");
            let rows = number(c, kind.name(), &rows, NONE).await?.unwrap_or(0);
            *count += u64::try_from(rows).unwrap_or(0);
            c.batch_execute(&format!("DROP TABLE {table}"))
                .await
                .map_err(|e| sql(kind.name(), &e))?;
        }
    }
    marks::drop_before(c, before, mark).await?;
    c.batch_execute("COMMIT").await.map_err(|e| sql("transaction", &e))?;
    Ok((counts[0], counts[1]))
}

/// A table, and what deletes from it what is of a moment or before.
type Statement = (&'static str, &'static str);

/// What has expired.
const EXPIRED: [Statement; 14] = [
    (
        "outbox",
        "DELETE FROM outbox WHERE challenge IN \
                    (SELECT id FROM challenge WHERE expires_at <= $1)",
    ),
    ("challenge", "DELETE FROM challenge WHERE expires_at <= $1"),
    ("phone_code", "DELETE FROM phone_code WHERE expires_at <= $1"),
    ("session", "DELETE FROM session WHERE expires_at <= $1"),
    ("invitation", "DELETE FROM invitation WHERE expires_at <= $1"),
    ("paper_code", "DELETE FROM paper_code WHERE expires_at <= $1"),
    (
        "appeal_file",
        "DELETE FROM appeal_file WHERE keep_until <= $1 OR appeal IN \
                (SELECT id FROM appeal WHERE keep_until <= $1)",
    ),
    ("appeal", "DELETE FROM appeal WHERE keep_until <= $1"),
    ("alarm", "DELETE FROM alarm WHERE keep_until <= $1"),
    // Nine weeks of hours: what an alarm looks back on.
    ("activity", "DELETE FROM activity WHERE hour <= ($1 / 3600) - 1512"),
    ("assignment", "DELETE FROM assignment WHERE ends_at <= $1"),
    ("tally", "DELETE FROM tally WHERE expires_at <= $1"),
    ("used_nonce", "DELETE FROM used_nonce WHERE expires_at <= $1"),
    ("job", "DELETE FROM job WHERE expires_at <= $1"),
];

/// What was kept for owners of documents too long.
const KEPT_TOO_LONG: [Statement; 2] = [
    ("kept_record", "DELETE FROM kept_record WHERE kept_at <= $1"),
    ("tube", "DELETE FROM tube WHERE bound_at <= $1"),
];

/// Removes what is of the moment or before; how many rows.
async fn purge(c: &Client, what: &[Statement], until: Timestamp) -> Result<u64> {
    c.batch_execute("BEGIN").await.map_err(|e| sql("transaction", &e))?;
    let mut gone = 0;
    for (table, text) in what {
        gone += execute(c, table, text, [until.as_secs()]).await?;
    }
    c.batch_execute("COMMIT").await.map_err(|e| sql("transaction", &e))?;
    Ok(gone)
}

/// Removes everything about people but what is kept by day.
async fn forget_people(c: &Client) -> Result<Forgotten> {
    c.batch_execute("BEGIN").await.map_err(|e| sql("transaction", &e))?;
    let mut gone = Forgotten::default();
    for table in ABOUT_PEOPLE {
        gone.add(table, execute(c, table, &format!("DELETE FROM {table}"), NONE).await?);
    }
    c.batch_execute("COMMIT").await.map_err(|e| sql("transaction", &e))?;
    Ok(gone)
}

/// Tables from which something is erased.
const ERASED: &str = "appeal, assignment, appeal_file, vault_key, sealed_field, blind_index, proxy, account_change, outbox, challenge, \
                      phone_code, session, invitation, kept_record, paper_code, tally, tube, used_nonce, job, job_part";

/// Takes the dead rows of erased things out of the tables' pages now, instead of some time.
async fn sweep(c: &Client) {
    if let Err(e) = c.batch_execute(&format!("VACUUM {ERASED}")).await {
        let why = sql("vacuum", &e);
        tracing::warn!(error = %why, "what was erased is not swept out of the pages yet");
    }
}
