//! Marks: the position of the last change of what is followed, and of each day's visits for copies of
//! them that are kept beside the database.
//!
//! One counter serves all servers. Whoever changes something that is followed holds its row from before
//! the first change until the commit: positions become visible in their order, and whoever reads up to
//! the last one has missed nothing. What waits for the row is written as one group afterwards.

use std::collections::BTreeSet;

use futures_util::future::{join3, try_join_all};
use jadegate_store::{DayMark, DroppedDays, Position, StoreError, VisitMarks, Write};

use crate::connection::{Client, execute, query};
use crate::error::{Result, sql};
use crate::read::number;
use crate::value::{NONE, params};

/// What is followed and not kept by day, as it is numbered in `changed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Followed {
    Place = 1,
    Case = 2,
    Policy = 3,
    RiskLevels = 4,
    Links = 5,
    Mandate = 6,
}

impl Followed {
    /// What a write changes of it: which, and its id (0 if there is one only).
    const fn of(write: &Write) -> Option<(Self, i64)> {
        match write {
            Write::AddPlace(place) => Some((Self::Place, place.id.as_i64())),
            Write::AddCase(case) => Some((Self::Case, case.id.as_i64())),
            Write::UpdateCase { case, .. } => Some((Self::Case, case.id.as_i64())),
            Write::MoveCase { case, .. } | Write::WithdrawCase { case, .. } => {
                Some((Self::Case, case.as_i64()))
            }
            Write::AddTrace(trace) => Some((Self::Case, trace.case.as_i64())),
            Write::PublishPolicy { .. } => Some((Self::Policy, 0)),
            Write::AddMandateStep(_) => Some((Self::Mandate, 0)),
            Write::AddRegionRisk(_) | Write::EndRegionRisk { .. } => Some((Self::RiskLevels, 0)),
            Write::PutLink { .. } | Write::EndLink(_) => Some((Self::Links, 0)),
            _ => None,
        }
    }
}

/// What is changed of what is followed.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Days whose visits change.
    visits: BTreeSet<i64>,
    /// Those of them that lose a visit.
    lost: BTreeSet<i64>,
    /// Days of which anything changes.
    days: BTreeSet<i64>,
    other: BTreeSet<(Followed, i64)>,
}

impl Touched {
    pub(crate) fn is_empty(&self) -> bool {
        self.days.is_empty() && self.other.is_empty()
    }

    pub(crate) fn append(&mut self, more: &mut Self) {
        self.visits.append(&mut more.visits);
        self.lost.append(&mut more.lost);
        self.days.append(&mut more.days);
        self.other.append(&mut more.other);
    }

    /// This day's visits change.
    pub(crate) fn change(&mut self, day: i64) {
        self.visits.insert(day);
        self.days.insert(day);
    }

    /// A visit of this day goes.
    pub(crate) fn lose(&mut self, day: i64) {
        self.lost.insert(day);
        self.change(day);
    }

    /// Something else of this day changes.
    pub(crate) fn tell(&mut self, day: i64) {
        self.days.insert(day);
    }

    /// This write, of what is not kept by day, was made.
    pub(crate) fn wrote(&mut self, write: &Write) {
        self.other.extend(Followed::of(write));
    }
}

/// Begins to change what is followed: nobody else does until this transaction ends. The mark that its
/// changes have, which is the position of the transaction if it keeps any.
pub(crate) async fn begin(c: &Client) -> Result<i64> {
    let text = "SELECT value FROM counter WHERE name = 'position' FOR UPDATE";
    match number(c, "counter", text, NONE).await? {
        Some(last) => Ok(last + 1),
        None => Err(StoreError::Corrupt {
            table: "counter",
            column: "*",
            row: 0,
            why: "the position of the last change is gone".to_owned(),
        }),
    }
}

/// Before the transaction ends: its mark for all that it changes.
pub(crate) async fn write(c: &Client, touched: Touched, mark: i64) -> Result<Position> {
    let Touched { visits, lost, days, other } = touched;
    let text = "INSERT INTO day_mark (day, mark, lost, told) VALUES ($1, $2, $3, $4) \
                ON CONFLICT (day) DO UPDATE SET mark = greatest(day_mark.mark, excluded.mark), \
                lost = coalesce(excluded.lost, day_mark.lost), told = excluded.told";
    let days = days.into_iter().map(|day| {
        let last = if visits.contains(&day) { mark } else { 0 };
        let lost = lost.contains(&day).then_some(mark);
        execute(c, "day_mark", text, params![day, last, lost, mark])
    });
    let text = "INSERT INTO changed (kind, id, mark) VALUES ($1, $2, $3) \
                ON CONFLICT (kind, id) DO UPDATE SET mark = excluded.mark";
    let other =
        other.into_iter().map(|(kind, id)| execute(c, "changed", text, [kind as i64, id, mark]));
    let position = set(c, mark);
    // All on their way at once.
    let (days, other, position) = join3(try_join_all(days), try_join_all(other), position).await;
    days?;
    other?;
    position?;
    position_of(mark)
}

async fn set(c: &Client, mark: i64) -> Result<u64> {
    let text = "UPDATE counter SET value = $1 WHERE name = 'position'";
    execute(c, "counter", text, [mark]).await
}

/// The position of the last change.
pub(crate) async fn position(c: &Client) -> Result<Position> {
    let text = "SELECT value FROM counter WHERE name = 'position'";
    position_of(number(c, "counter", text, NONE).await?.unwrap_or(-1))
}

fn position_of(mark: i64) -> Result<Position> {
    positive("counter", 1, mark).map(Position::new)
}

/// In the transaction that drops the days before this one: forgets their marks, and takes the next
/// one for the drop, so that such a day never comes back with an older mark.
pub(crate) async fn drop_before(c: &Client, before: i64, mark: i64) -> Result<()> {
    if execute(c, "day_mark", "DELETE FROM day_mark WHERE day < $1", [before]).await? == 0 {
        return Ok(());
    }
    let remember = "INSERT INTO days_dropped (one, before, mark) VALUES (1, $1, $2) \
                    ON CONFLICT (one) DO UPDATE SET \
                    before = greatest(days_dropped.before, excluded.before), mark = excluded.mark";
    execute(c, "days_dropped", remember, [before, mark]).await?;
    set(c, mark).await.map(drop)
}

/// Everything, of the snapshot that the connection reads from.
pub(crate) async fn visit_marks(c: &Client) -> Result<VisitMarks> {
    let failed = |e: tokio_postgres::Error| sql("store_identity", &e);
    let id = query(c, "store_identity", "SELECT id FROM store_identity", NONE).await?;
    let id: Vec<u8> =
        id.first().map(|r| r.try_get(0)).transpose().map_err(failed)?.unwrap_or_default();
    let store = id.try_into().map_err(|_| StoreError::Corrupt {
        table: "store_identity",
        column: "id",
        row: 1,
        why: "not of its length".to_owned(),
    })?;
    let days = marks(c, "SELECT day, mark FROM day_mark WHERE mark > 0 ORDER BY day").await?;
    let lost = "SELECT day, lost FROM day_mark WHERE lost IS NOT NULL ORDER BY day";
    let lost = marks(c, lost).await?;
    let dropped = pairs(c, "days_dropped", "SELECT before, mark FROM days_dropped").await?;
    let dropped = dropped
        .first()
        .map(|&(before, mark)| Ok(DroppedDays { before, mark: positive("days_dropped", 1, mark)? }))
        .transpose()?;
    Ok(VisitMarks { store, days, lost, dropped })
}

async fn marks(c: &Client, text: &str) -> Result<Vec<DayMark>> {
    let all = pairs(c, "day_mark", text).await?.into_iter();
    all.map(|(day, mark)| Ok(DayMark { day, mark: positive("day_mark", day, mark)? })).collect()
}

async fn pairs(c: &Client, table: &'static str, text: &str) -> Result<Vec<(i64, i64)>> {
    let rows = query(c, table, text, NONE).await?;
    let pair = |r: &tokio_postgres::Row| Ok((r.try_get(0)?, r.try_get(1)?));
    rows.iter().map(|r| pair(r).map_err(|e: tokio_postgres::Error| sql(table, &e))).collect()
}

fn positive(table: &'static str, row: i64, mark: i64) -> Result<u64> {
    u64::try_from(mark).map_err(|_| StoreError::Corrupt {
        table,
        column: "mark",
        row,
        why: "not a mark".to_owned(),
    })
}
