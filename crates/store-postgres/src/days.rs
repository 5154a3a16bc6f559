//! Partitions by UTC day: `visit_19052`, `scan_19052`, `ride_19052`. Dropping a day drops them.

use std::collections::{BTreeMap, HashSet};

use jadegate_store::{Unit, Write};

use crate::connection::Client;
use crate::error::{Result, sql};
use crate::read::{number, numbers};
use crate::value::NONE;

/// What is kept by day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// Visits.
    Visit,
    /// Scans.
    Scan,
    /// What tickets say of visits aboard trips.
    Ride,
}

/// Held while a day's partitions are made, so that of servers that need one at once one makes it.
const MAKING: i64 = 0x4A41_4445_0000_0002;

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Visit, Self::Scan, Self::Ride];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Visit => "visit",
            Self::Scan => "scan",
            Self::Ride => "ride",
        }
    }

    /// The column that says on which day a row is.
    pub(crate) const fn moment(self) -> &'static str {
        match self {
            Self::Visit | Self::Ride => "entered",
            Self::Scan => "at",
        }
    }

    /// The day's partition. Timestamps start at the epoch, so a day is never negative.
    pub(crate) fn table(self, day: i64) -> String {
        format!("{}_{day}", self.name())
    }

    /// The rows of a day, read through the whole table: a day that there is none of has none.
    pub(crate) fn rows(self, day: i64) -> String {
        let (name, moment) = (self.name(), self.moment());
        let (from, to) = bounds(day);
        format!("(SELECT * FROM {name} WHERE {moment} >= {from} AND {moment} < {to}) AS {name}")
    }

    /// Makes the partition beside the table and puts it in: unlike making it in its place this holds
    /// up nobody who reads or writes.
    pub(crate) async fn create(self, c: &Client, day: i64) -> Result<()> {
        let failed = |e: tokio_postgres::Error| sql(self.name(), &e);
        let (name, table, moment) = (self.name(), self.table(day), self.moment());
        let (from, to) = bounds(day);
        let there = there(&table);
        let made = async {
            c.batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({MAKING})")).await?;
            c.batch_execute(&format!(
                "DO $$ BEGIN IF NOT EXISTS ({there}) THEN \
                   CREATE TABLE {table} (LIKE {name} INCLUDING ALL, \
                     CONSTRAINT {table}_day CHECK ({moment} >= {from} AND {moment} < {to})); \
                   ALTER TABLE {name} ATTACH PARTITION {table} FOR VALUES FROM ({from}) TO ({to}); \
                 END IF; END $$; COMMIT"
            ))
            .await
        };
        let made = made.await;
        if made.is_err() {
            let _ = c.batch_execute("ROLLBACK").await;
        }
        made.map_err(failed)
    }
}

/// Finds a table by its name. Looked up in the catalogue itself: what a session remembers of names may
/// be of before it waited for a lock.
pub(crate) fn there(table: &str) -> String {
    format!(
        "SELECT 1::bigint FROM pg_class WHERE relname = '{table}' \
         AND relnamespace = current_schema()::regnamespace"
    )
}

/// The first second of a day, and the first after it.
const fn bounds(day: i64) -> (i64, i64) {
    (day.saturating_mul(86_400), day.saturating_add(1).saturating_mul(86_400))
}

/// The days that have a partition, ascending.
pub(crate) async fn days(c: &Client, kind: Kind) -> Result<Vec<i64>> {
    let name = kind.name();
    let text = format!(
        "SELECT substr(p.relname, {})::bigint FROM pg_inherits i \
         JOIN pg_class p ON p.oid = i.inhrelid \
         WHERE i.inhparent = to_regclass('{name}') AND p.relname ~ '^{name}_[0-9]+$' ORDER BY 1",
        name.len() + 2
    );
    numbers(c, "pg_inherits", &text, NONE).await
}

/// The writer's knowledge of which partitions there are, so that it need not ask for each row. Another
/// server may drop one: then a statement fails, and what is known is forgotten.
#[derive(Debug, Default)]
pub(crate) struct Days {
    known: HashSet<(Kind, i64)>,
}

impl Days {
    pub(crate) fn has(&self, kind: Kind, day: i64) -> bool {
        self.known.contains(&(kind, day))
    }

    pub(crate) fn forget(&mut self) {
        self.known.clear();
    }

    /// Before the units' transaction: makes the days that they put something in, and finds out about
    /// those in which they change something.
    pub(crate) async fn prepare(&mut self, c: &Client, units: &[&Unit]) -> Result<()> {
        let mut wanted: BTreeMap<(Kind, i64), bool> = BTreeMap::new();
        for (kind, day, puts) in units.iter().flat_map(|u| &u.writes).flat_map(named) {
            if !self.has(kind, day) {
                *wanted.entry((kind, day)).or_default() |= puts;
            }
        }
        for ((kind, day), puts) in wanted {
            let found = there(&kind.table(day));
            let there = number(c, kind.name(), &found, NONE).await?.is_some();
            if !there && !puts {
                continue;
            }
            if !there {
                kind.create(c, day).await?;
            }
            self.known.insert((kind, day));
        }
        Ok(())
    }
}

/// The days that a write names, and if it puts something in them.
fn named(write: &Write) -> Vec<(Kind, i64, bool)> {
    match write {
        Write::AddVisit(v) => vec![(Kind::Visit, v.entered.utc_day(), true)],
        Write::CloseVisit { visit, .. } | Write::ShortenVisit { visit, .. } => {
            vec![(Kind::Visit, visit.entered.utc_day(), false)]
        }
        Write::PutRide(r) => vec![(Kind::Ride, r.entered.utc_day(), true)],
        Write::WithdrawRide { entered, .. } => {
            let day = entered.utc_day();
            vec![(Kind::Visit, day, false), (Kind::Ride, day, false)]
        }
        Write::AddScan(s) => vec![(Kind::Scan, s.at.utc_day(), true)],
        _ => Vec::new(),
    }
}
