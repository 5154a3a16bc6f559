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

    /// Natural keys that begin with the moment, and no other index: rows are appended, or nearly, and
    /// two that differ never meet. Without a second key per row, so that it is written once.
    fn columns(self) -> &'static str {
        match self {
            Self::Visit => {
                "entered INTEGER NOT NULL, holder INTEGER NOT NULL, place INTEGER NOT NULL, \
                 presence INTEGER NOT NULL, left_at INTEGER, \
                 mark INTEGER NOT NULL DEFAULT 0, \
                 PRIMARY KEY (entered, holder, place, presence), \
                 CHECK (left_at IS NULL OR left_at >= entered)"
            }
            Self::Scan => {
                "at INTEGER NOT NULL, gate INTEGER NOT NULL, id INTEGER NOT NULL, \
                 place INTEGER NOT NULL, holder INTEGER, direction TEXT NOT NULL, colour TEXT, \
                 outcome TEXT NOT NULL, reason TEXT, problem TEXT, \
                 mark INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (at, gate, id)"
            }
            Self::Ride => {
                "entered INTEGER NOT NULL, holder INTEGER NOT NULL, trip INTEGER NOT NULL, \
                 leg_from INTEGER, leg_to INTEGER, seat TEXT, \
                 mark INTEGER NOT NULL DEFAULT 0, \
                 PRIMARY KEY (entered, holder, trip), \
                 CHECK ((leg_from IS NULL) = (leg_to IS NULL)), \
                 CHECK (leg_from IS NULL OR leg_from < leg_to)"
            }
        }
    }

    pub(crate) fn create(self, c: &Connection, day: i64) -> Result<()> {
        let text =
            format!("CREATE TABLE {} ({}) STRICT, WITHOUT ROWID", self.table(day), self.columns());
        c.execute(&text, []).map(drop).map_err(|e| sql(self.name(), &e))
    }

    /// How the rows of a table with ids of their own come into one without. Two visits that were the
    /// same under two ids become one, with the later end.
    const fn take_over(self) -> &'static str {
        match self {
            Self::Visit => {
                "(entered, holder, place, presence, left_at) \
                 SELECT entered, holder, place, presence, left_at FROM old_day WHERE true \
                 ON CONFLICT DO UPDATE SET \
                 left_at = coalesce(max(left_at, excluded.left_at), left_at, excluded.left_at)"
            }
            Self::Scan => {
                "(at, gate, id, place, holder, direction, colour, outcome, reason) \
                 SELECT at, gate, id, place, holder, direction, colour, outcome, reason \
                 FROM old_day"
            }
            Self::Ride => {
                "(entered, holder, trip, leg_from, leg_to, seat) \
                 SELECT entered, holder, trip, leg_from, leg_to, seat FROM old_day WHERE true \
                 ON CONFLICT DO UPDATE SET leg_from = excluded.leg_from, \
                 leg_to = excluded.leg_to, seat = excluded.seat"
            }
        }
    }
}

/// Brings the tables of all days from ids of their own to natural keys. Part of migration 7, in its
/// transaction: SQL alone cannot name tables that differ from database to database.
pub(crate) fn to_natural_keys(c: &Connection) -> Result<()> {
    for kind in Kind::ALL {
        let run = |text: String| c.execute(&text, []).map_err(|e| sql(kind.name(), &e));
        for day in days(c, kind)? {
            let table = kind.table(day);
            let has_one = "SELECT sql LIKE '%WITHOUT ROWID' FROM sqlite_schema WHERE name = ?1";
            if c.query_row(has_one, [&table], |r| r.get(0)).map_err(|e| sql("sqlite_schema", &e))? {
                continue;
            }
            run(format!("ALTER TABLE {table} RENAME TO old_day"))?;
            kind.create(c, day)?;
            let rows = run(format!("INSERT INTO {table} {}", kind.take_over()))?;
            run("DROP TABLE old_day".to_owned())?;
            tracing::info!(table, rows, "a day was given natural keys");
        }
    }
    Ok(())
}

/// Gives the rows of all days the mark of their day's last change. Part of migration 29, in its
/// transaction, for the same reason.
pub(crate) fn to_marks(c: &Connection) -> Result<()> {
    for kind in Kind::ALL {
        let run = |text: &str, day: i64| c.execute(text, [day]).map_err(|e| sql(kind.name(), &e));
        for day in days(c, kind)? {
            // Days without visits had no mark.
            let text =
                "INSERT INTO day_mark (day, mark, told) VALUES (?1, 0, 1) ON CONFLICT DO NOTHING";
            run(text, day)?;
            let table = kind.table(day);
            let told = "SELECT told FROM day_mark WHERE day = ?1";
            let told: i64 =
                c.query_row(told, [day], |r| r.get(0)).map_err(|e| sql("day_mark", &e))?;
            let has = "SELECT EXISTS (SELECT 1 FROM pragma_table_info(?1) WHERE name = 'mark')";
            let done = if c
                .query_row(has, [&table], |r| r.get(0))
                .map_err(|e| sql("sqlite_schema", &e))?
            {
                // Made by migration 7 just now.
                c.execute(&format!("UPDATE {table} SET mark = ?1"), [told])
            } else {
                let text =
                    format!("ALTER TABLE {table} ADD COLUMN mark INTEGER NOT NULL DEFAULT {told}");
                c.execute(&text, [])
            };
            done.map_err(|e| sql(kind.name(), &e))?;
        }
    }
    Ok(())
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
    /// What the transaction changes of what is followed.
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
        kind.create(c, day)?;
        self.known.insert((kind, day));
        self.fresh.push((kind, day));
        Ok(())
    }

    /// The unit was kept. Did it change anything that is followed?
    pub(crate) fn keep(&mut self) -> bool {
        self.fresh.clear();
        self.marks.keep()
    }

    /// The unit was rolled back, and the tables it made with it.
    pub(crate) fn undo(&mut self) {
        for made in self.fresh.drain(..) {
            self.known.remove(&made);
        }
        self.marks.undo();
    }
}
