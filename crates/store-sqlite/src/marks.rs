//! Marks of days: how far a day's visits are, for copies of them that are kept beside the database.
//!
//! One counter serves all days, and a transaction raises it by one: so a group of hundreds of scans
//! costs one row for each day it touches, mostly one.

use std::collections::BTreeSet;

use jadegate_store::{DayMark, DroppedDays, StoreError, VisitMarks};
use rusqlite::Connection;

use crate::error::{Result, sql};

/// The days whose visits the transaction changes.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// The counter: the highest mark that any day has or had.
    last: i64,
    /// Changed by units that are kept.
    changed: BTreeSet<i64>,
    /// Changed by the unit being applied.
    fresh: BTreeSet<i64>,
    /// Those of the changed ones that lost a visit.
    lost: BTreeSet<i64>,
    /// The same of the unit being applied.
    fresh_lost: BTreeSet<i64>,
}

impl Marks {
    pub(crate) fn load(c: &Connection) -> Result<Self> {
        let text = "SELECT max(coalesce((SELECT max(mark) FROM day_mark), 0), \
                    coalesce((SELECT mark FROM days_dropped), 0))";
        let last = c.query_row(text, [], |r| r.get(0)).map_err(|e| sql("day_mark", &e))?;
        Ok(Self { last, ..Self::default() })
    }

    /// The unit being applied changes this day's visits.
    pub(crate) fn change(&mut self, day: i64) {
        self.fresh.insert(day);
    }

    /// The unit being applied takes a visit of this day away.
    pub(crate) fn lose(&mut self, day: i64) {
        self.fresh.insert(day);
        self.fresh_lost.insert(day);
    }

    pub(crate) fn keep(&mut self) {
        self.changed.append(&mut self.fresh);
        self.lost.append(&mut self.fresh_lost);
    }

    pub(crate) fn undo(&mut self) {
        self.fresh.clear();
        self.fresh_lost.clear();
    }

    /// Before the transaction ends: the next mark for the days it changes.
    pub(crate) fn write(&mut self, c: &Connection) -> Result<()> {
        if self.changed.is_empty() {
            return Ok(());
        }
        self.last += 1;
        let text = "INSERT INTO day_mark (day, mark, lost) VALUES (?1, ?2, ?3) \
                    ON CONFLICT (day) DO UPDATE SET mark = excluded.mark, \
                    lost = coalesce(excluded.lost, lost)";
        let lost = std::mem::take(&mut self.lost);
        for day in std::mem::take(&mut self.changed) {
            let lost = lost.contains(&day).then_some(self.last);
            c.prepare_cached(text)
                .and_then(|mut s| s.execute((day, self.last, lost)))
                .map_err(|e| sql("day_mark", &e))?;
        }
        Ok(())
    }
}

/// In the transaction that drops the days before this one: forgets their marks, and remembers the
/// counter, so that such a day never comes back with an older mark.
pub(crate) fn drop_before(c: &Connection, before: i64) -> Result<()> {
    let remember = "INSERT INTO days_dropped (one, before, mark) \
                    SELECT 1, ?1, (SELECT max(mark) FROM day_mark) \
                    WHERE EXISTS (SELECT 1 FROM day_mark WHERE day < ?1) \
                    ON CONFLICT (one) DO UPDATE SET before = max(before, excluded.before), \
                    mark = max(mark, excluded.mark)";
    c.execute(remember, [before]).map_err(|e| sql("days_dropped", &e))?;
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
    let days = marks("SELECT day, mark FROM day_mark ORDER BY day")?;
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
