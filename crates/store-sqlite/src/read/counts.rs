//! Queries about many at once.

use jadegate_domain::{Evidence, EvidenceId, Scan, Timestamp};
use jadegate_store::{HomeColour, Listed, Page, PeopleCounted, PublishedNumbers};
use jadegate_store_rows::home_colour;
use rusqlite::{Connection, params};

use super::links::{JOINED, main_of};
use super::{ALL, from, listed, listed_from, number, snapshot};
use crate::days::{Kind, exists};
use crate::error::{Result, sql};
use crate::rows::{EvidenceRow, PublishedRow, ScanRow};

pub(crate) fn colours_by_home(c: &Connection) -> Result<Listed<HomeColour>> {
    let text = format!(
        "SELECT h.home, a.colour, count(*), min(h.id) \
         FROM assessment a JOIN holder h ON h.id = a.holder \
         WHERE a.holder NOT IN ({JOINED}) GROUP BY h.home, a.colour ORDER BY h.home, a.colour"
    );
    let rows: Vec<(String, String, i64, i64)> = c
        .prepare_cached(&text)
        .and_then(|mut s| {
            s.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?.collect()
        })
        .map_err(|e| sql("assessment", &e))?;
    let mut found = Listed::default();
    for (home, colour, people, row) in rows {
        found.take(home_colour(&home, &colour, people, row))?;
    }
    Ok(found)
}

pub(crate) fn people_counted(
    c: &Connection,
    from: Timestamp,
    to: Timestamp,
) -> Result<PeopleCounted> {
    snapshot(c, |c| {
        let count = |table: &'static str, text: &str| {
            let found = number(c, table, text, params![from.as_secs(), to.as_secs()])?;
            Ok(found.map_or(0, |n| u64::try_from(n).unwrap_or(0)))
        };
        let confined = format!(
            "SELECT count(DISTINCT {}) FROM colour_change c WHERE at >= ?1 AND at < ?2 \
             AND after <> 'green' AND coalesce(before, 'green') = 'green'",
            main_of("c.holder")
        );
        let contacts = format!(
            "SELECT count(DISTINCT {}) FROM evidence e WHERE kind = 'contact' \
             AND holder IS NOT NULL AND recorded_at >= ?1 AND recorded_at < ?2 \
             AND withdrawn_at IS NULL",
            main_of("e.holder")
        );
        let infected = format!(
            "SELECT count(DISTINCT {}) FROM case_record r WHERE recorded_at >= ?1 \
             AND recorded_at < ?2 AND withdrawn_at IS NULL AND EXISTS (SELECT 1 FROM evidence e \
             WHERE e.holder = r.holder AND e.kind = 'contact' AND e.withdrawn_at IS NULL \
             AND e.recorded_at < r.recorded_at)",
            main_of("r.holder")
        );
        Ok(PeopleCounted {
            confined: count("colour_change", &confined)?,
            contacts: count("evidence", &contacts)?,
            infected: count("case_record", &infected)?,
        })
    })
}

pub(crate) fn withdrawn_between(
    c: &Connection,
    (start, end): (Timestamp, Timestamp),
    page: Page<EvidenceId>,
) -> Result<Listed<Evidence>> {
    let (after, most) = from(page, EvidenceId::as_i64);
    let text = "WHERE withdrawn_at >= ?1 AND withdrawn_at < ?2 AND id > ?3 ORDER BY id";
    listed::<EvidenceRow>(c, text, params![start.as_secs(), end.as_secs(), after], most)
}

pub(crate) fn turned_away_on(c: &Connection, day: i64) -> Result<Listed<Scan>> {
    snapshot(c, |c| {
        if !exists(c, Kind::Scan, day)? {
            return Ok(Listed::default());
        }
        let text = "WHERE outcome <> 'admitted' AND holder IS NOT NULL ORDER BY at, gate, id";
        listed_from::<ScanRow>(c, &Kind::Scan.table(day), text, [], ALL)
    })
}

pub(crate) fn published_numbers(c: &Connection, limit: u32) -> Result<Listed<PublishedNumbers>> {
    listed::<PublishedRow>(c, "ORDER BY day DESC", [], limit)
}
