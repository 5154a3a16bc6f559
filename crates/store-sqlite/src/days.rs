//! Tables by UTC day: `visit_19052`, `scan_19052`, `ride_19052`. Dropping a day drops its tables.

use std::collections::HashSet;

use rusqlite::Connection;

use crate::error::{Result, sql};
use crate::marks::Marks;

/// What is kept by day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Visits.
    Visit,
    /// Scans.
    Scan,
    /// What tickets say of visits aboard trips.
    Ride,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Visit, Self::Scan, Self::Ride];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Visit => "visit",
            Self::Scan => "scan",
            Self::Ride => "ride",
        }
    }

    /// The day's table. Timestamps start at the epoch, so a day is never negative.
    pub(crate) fn table(self, day: i64) -> String {
        format!("{}_{day}", self.name())
    }

    /// A visit's id is its row's place in the B-tree and there is no other index: visits whose ids
    /// rise with time are appended.
    fn columns(self) -> &'static str {
        match self {
            Self::Visit => {
                "id INTEGER PRIMARY KEY CHECK (id > 0), holder INTEGER NOT NULL, \
                 place INTEGER NOT NULL, entered INTEGER NOT NULL, left_at INTEGER, \
                 presence INTEGER NOT NULL, CHECK (left_at IS NULL OR left_at >= entered)"
            }
            Self::Scan => {
                "id INTEGER PRIMARY KEY CHECK (id > 0), gate INTEGER NOT NULL, \
                 place INTEGER NOT NULL, holder INTEGER, at INTEGER NOT NULL, \
                 direction TEXT NOT NULL, colour TEXT, outcome TEXT NOT NULL, reason TEXT, \
                 visit INTEGER"
            }
            Self::Ride => {
                "visit INTEGER PRIMARY KEY CHECK (visit > 0), holder INTEGER NOT NULL, \
                 trip INTEGER NOT NULL, entered INTEGER NOT NULL, leg_from INTEGER, \
                 leg_to INTEGER, seat TEXT, CHECK ((leg_from IS NULL) = (leg_to IS NULL)), \
                 CHECK (leg_from IS NULL OR leg_from < leg_to)"
            }
        }
    }
}

/// The days that have a table, ascending.
pub(crate) fn days(c: &Connection, kind: Kind) -> Result<Vec<i64>> {
    let prefix = format!("{}_", kind.name());
    let names: Vec<String> = c
        .prepare_cached("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
        .map_err(|e| sql("sqlite_schema", &e))?;
    let mut days: Vec<i64> =
        names.iter().filter_map(|n| n.strip_prefix(&prefix)?.parse().ok()).collect();
    days.sort_unstable();
    Ok(days)
}

/// Has this day a table, in the connection's present snapshot?
pub(crate) fn exists(c: &Connection, kind: Kind, day: i64) -> Result<bool> {
    c.prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")
        .and_then(|mut s| s.exists([kind.table(day)]))
        .map_err(|e| sql("sqlite_schema", &e))
}

/// The writer's knowledge of which tables there are, so that it need not ask for each row.
#[derive(Debug, Default)]
pub(crate) struct Days {
    known: HashSet<(Kind, i64)>,
    /// Made by the unit being applied: forgotten again if it is rolled back.
    fresh: Vec<(Kind, i64)>,
    /// Which days' visits the transaction changes.
    pub(crate) marks: Marks,
}

impl Days {
    pub(crate) fn load(c: &Connection) -> Result<Self> {
        let mut known = HashSet::new();
        for kind in Kind::ALL {
            known.extend(days(c, kind)?.into_iter().map(|d| (kind, d)));
        }
        Ok(Self { known, fresh: Vec::new(), marks: Marks::load(c)? })
    }

    pub(crate) fn has(&self, kind: Kind, day: i64) -> bool {
        self.known.contains(&(kind, day))
    }

    /// Makes the day's table if it is not there yet.
    pub(crate) fn make(&mut self, c: &Connection, kind: Kind, day: i64) -> Result<()> {
        if self.has(kind, day) {
            return Ok(());
        }
        let text = format!("CREATE TABLE {} ({}) STRICT", kind.table(day), kind.columns());
        c.execute(&text, []).map_err(|e| sql(kind.name(), &e))?;
        self.known.insert((kind, day));
        self.fresh.push((kind, day));
        Ok(())
    }

    /// The unit was kept.
    pub(crate) fn keep(&mut self) {
        self.fresh.clear();
        self.marks.keep();
    }

    /// The unit was rolled back, and the tables it made with it.
    pub(crate) fn undo(&mut self) {
        for made in self.fresh.drain(..) {
            self.known.remove(&made);
        }
        self.marks.undo();
    }
}
