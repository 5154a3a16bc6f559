//! Marks: the position of the last change of what is followed, and of each day's visits for copies of
//! them that are kept beside the database.
//!
//! One counter serves all, and a transaction raises it by one: so a group of hundreds of scans costs
//! one row for each day it touches, mostly one.

use std::collections::BTreeSet;

use jadegate_store::{DayMark, DroppedDays, KeptAt, Position, StoreError, VisitMarks, Write};
use rusqlite::Connection;

use crate::error::{Result, sql};

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
struct Touched {
    /// Days whose visits change.
    visits: BTreeSet<i64>,
    /// Those of them that lose a visit.
    lost: BTreeSet<i64>,
    /// Days of which anything changes.
    days: BTreeSet<i64>,
    other: BTreeSet<(Followed, i64)>,
}

impl Touched {
    fn is_empty(&self) -> bool {
        self.days.is_empty() && self.other.is_empty()
    }

    fn append(&mut self, more: &mut Self) {
        self.visits.append(&mut more.visits);
        self.lost.append(&mut more.lost);
        self.days.append(&mut more.days);
        self.other.append(&mut more.other);
    }
}

/// What the transaction changes.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// The counter: the highest mark there is or was.
    last: i64,
    /// By units that are kept, and by how many.
    changed: Touched,
    units: u32,
    /// By the unit being applied.
    fresh: Touched,
}

impl Marks {
    pub(crate) fn load(c: &Connection) -> Result<Self> {
        Ok(Self { last: last(c)?, ..Self::default() })
    }

    /// The mark of the transaction.
    pub(crate) const fn next(&self) -> i64 {
        self.last + 1
    }

    /// The unit being applied changes this day's visits.
    pub(crate) fn change(&mut self, day: i64) {
        self.fresh.visits.insert(day);
        self.fresh.days.insert(day);
    }

    /// The unit being applied takes a visit of this day away.
    pub(crate) fn lose(&mut self, day: i64) {
        self.fresh.lost.insert(day);
        self.change(day);
    }

    /// The unit being applied changes something else of this day.
    pub(crate) fn tell(&mut self, day: i64) {
        self.fresh.days.insert(day);
    }

    /// The unit being applied has made this write, of what is not kept by day.
    pub(crate) fn wrote(&mut self, write: &Write) {
        self.fresh.other.extend(Followed::of(write));
    }

    /// The unit is kept. Did it change anything that is followed?
    pub(crate) fn keep(&mut self) -> bool {
        let changes = !self.fresh.is_empty();
        self.units += u32::from(changes);
        self.changed.append(&mut self.fresh);
        changes
    }

    pub(crate) fn undo(&mut self) {
        self.fresh = Touched::default();
    }

    /// Before the transaction ends: the next mark for all that it changes, and the position of the
    /// units that did.
    pub(crate) fn write(&mut self, c: &Connection) -> Result<Option<KeptAt>> {
        if self.changed.is_empty() {
            return Ok(None);
        }
        self.last += 1;
        let text = "INSERT INTO day_mark (day, mark, lost, told) VALUES (?1, ?2, ?3, ?4) \
                    ON CONFLICT (day) DO UPDATE SET mark = max(mark, excluded.mark), \
                    lost = coalesce(excluded.lost, lost), told = excluded.told";
        let Touched { visits, lost, days, other } = std::mem::take(&mut self.changed);
        for day in days {
            let mark = if visits.contains(&day) { self.last } else { 0 };
            let lost = lost.contains(&day).then_some(self.last);
            c.prepare_cached(text)
                .and_then(|mut s| s.execute((day, mark, lost, self.last)))
                .map_err(|e| sql("day_mark", &e))?;
        }
        let text = "INSERT INTO changed (kind, id, mark) VALUES (?1, ?2, ?3) \
                    ON CONFLICT (kind, id) DO UPDATE SET mark = excluded.mark";
        for (kind, id) in other {
            c.prepare_cached(text)
                .and_then(|mut s| s.execute((kind as i64, id, self.last)))
                .map_err(|e| sql("changed", &e))?;
        }
        let position = position_of("changed", self.last)?;
        Ok(Some(KeptAt { position, units: std::mem::take(&mut self.units) }))
    }
}

/// The highest mark there is or was.
fn last(c: &Connection) -> Result<i64> {
    let text = "SELECT max(coalesce((SELECT max(told) FROM day_mark), 0), \
                coalesce((SELECT mark FROM days_dropped), 0), \
                coalesce((SELECT max(mark) FROM changed), 0))";
    c.prepare_cached(text)
        .and_then(|mut s| s.query_row([], |r| r.get(0)))
        .map_err(|e| sql("day_mark", &e))
}

/// The position of the last change.
pub(crate) fn position(c: &Connection) -> Result<Position> {
    position_of("day_mark", last(c)?)
}

fn position_of(table: &'static str, mark: i64) -> Result<Position> {
    positive(table, 1, mark).map(Position::new)
}

/// In the transaction that drops the days before this one: forgets their marks, and takes the next
/// one for the drop, so that such a day never comes back with an older mark.
pub(crate) fn drop_before(c: &Connection, before: i64) -> Result<()> {
    let any = "SELECT EXISTS (SELECT 1 FROM day_mark WHERE day < ?1)";
    if !c.query_row(any, [before], |r| r.get(0)).map_err(|e| sql("day_mark", &e))? {
        return Ok(());
    }
    let remember = "INSERT INTO days_dropped (one, before, mark) VALUES (1, ?1, ?2) \
                    ON CONFLICT (one) DO UPDATE SET before = max(before, excluded.before), \
                    mark = excluded.mark";
    c.execute(remember, (before, last(c)? + 1)).map_err(|e| sql("days_dropped", &e))?;
    c.execute("DELETE FROM day_mark WHERE day < ?1", [before]).map_err(|e| sql("day_mark", &e))?;
    Ok(())
}

/// Everything of one snapshot.
pub(crate) fn visit_marks(c: &Connection) -> Result<VisitMarks> {
    let tx = c.unchecked_transaction().map_err(|e| sql("snapshot", &e))?;
    let store = tx
        .query_row("SELECT id FROM store_identity", [], |r| r.get(0))
        .map_err(|e| sql("store_identity", &e))?;
    let pairs = |table, text| -> Result<Vec<(i64, i64)>> {
        tx.prepare_cached(text)
            .and_then(|mut s| s.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect())
            .map_err(|e| sql(table, &e))
    };
    let marks = |text| -> Result<Vec<DayMark>> {
        let all = pairs("day_mark", text)?.into_iter();
        all.map(|(day, mark)| Ok(DayMark { day, mark: positive("day_mark", day, mark)? })).collect()
    };
    let days = marks("SELECT day, mark FROM day_mark WHERE mark > 0 ORDER BY day")?;
    let lost = marks("SELECT day, lost FROM day_mark WHERE lost IS NOT NULL ORDER BY day")?;
    let dropped = pairs("days_dropped", "SELECT before, mark FROM days_dropped")?
        .first()
        .map(|&(before, mark)| Ok(DroppedDays { before, mark: positive("days_dropped", 1, mark)? }))
        .transpose()?;
    Ok(VisitMarks { store, days, lost, dropped })
}

fn positive(table: &'static str, row: i64, mark: i64) -> Result<u64> {
    u64::try_from(mark).map_err(|_| StoreError::Corrupt {
        table,
        column: "mark",
        row,
        why: "not a mark".to_owned(),
    })
}
