//! Queries about many at once.

use jadegate_domain::{Evidence, EvidenceId, Scan, Timestamp};
use jadegate_store::{HomeColour, Listed, Page, PeopleCounted, PublishedNumbers};
use jadegate_store_rows::{EvidenceRow, PublishedRow, ScanRow, home_colour};
use tokio_postgres::{Error, Row};

use super::links::{JOINED, main_of};
use super::{ALL, from, listed, listed_from, number};
use crate::connection::{Client, query};
use crate::days::Kind;
use crate::error::{Result, sql};
use crate::value::{NONE, params};

pub(crate) async fn colours_by_home(c: &Client) -> Result<Listed<HomeColour>> {
    let text = format!(
        "SELECT h.home, a.colour, count(*), min(h.id) \
         FROM assessment a JOIN holder h ON h.id = a.holder \
         WHERE a.holder NOT IN ({JOINED}) GROUP BY h.home, a.colour ORDER BY h.home, a.colour"
    );
    let rows = query(c, "assessment", &text, NONE).await?;
    let read = |r: &Row| Ok((r.try_get(0)?, r.try_get(1)?, r.try_get(2)?, r.try_get(3)?));
    let rows: std::result::Result<Vec<(String, String, i64, i64)>, Error> =
        rows.iter().map(read).collect();
    let mut found = Listed::default();
    for (home, colour, people, row) in rows.map_err(|e| sql("assessment", &e))? {
        found.take(home_colour(&home, &colour, people, row))?;
    }
    Ok(found)
}

/// From a snapshot.
pub(crate) async fn people_counted(
    c: &Client,
    from: Timestamp,
    to: Timestamp,
) -> Result<PeopleCounted> {
    let count = async |table: &'static str, text: &str| {
        let found = number(c, table, text, params![from.as_secs(), to.as_secs()]).await?;
        Ok(found.map_or(0, |n| u64::try_from(n).unwrap_or(0)))
    };
    let confined = format!(
        "SELECT count(DISTINCT {}) FROM colour_change c WHERE at >= $1 AND at < $2 \
         AND after <> 'green' AND coalesce(before, 'green') = 'green'",
        main_of("c.holder")
    );
    let contacts = format!(
        "SELECT count(DISTINCT {}) FROM evidence e WHERE kind = 'contact' \
         AND holder IS NOT NULL AND recorded_at >= $1 AND recorded_at < $2 \
         AND withdrawn_at IS NULL",
        main_of("e.holder")
    );
    let infected = format!(
        "SELECT count(DISTINCT {}) FROM case_record r WHERE recorded_at >= $1 \
         AND recorded_at < $2 AND withdrawn_at IS NULL AND EXISTS (SELECT 1 FROM evidence e \
         WHERE e.holder = r.holder AND e.kind = 'contact' AND e.withdrawn_at IS NULL \
         AND e.recorded_at < r.recorded_at)",
        main_of("r.holder")
    );
    Ok(PeopleCounted {
        confined: count("colour_change", &confined).await?,
        contacts: count("evidence", &contacts).await?,
        infected: count("case_record", &infected).await?,
    })
}

pub(crate) async fn withdrawn_between(
    c: &Client,
    (start, end): (Timestamp, Timestamp),
    page: Page<EvidenceId>,
) -> Result<Listed<Evidence>> {
    let (after, most) = from(page, EvidenceId::as_i64);
    let text = "WHERE withdrawn_at >= $1 AND withdrawn_at < $2 AND id > $3 ORDER BY id";
    let bounds = params![start.as_secs(), end.as_secs(), after];
    listed::<EvidenceRow>(c, text, bounds, most).await
}

pub(crate) async fn turned_away_on(c: &Client, day: i64) -> Result<Listed<Scan>> {
    let text = "WHERE outcome <> 'admitted' AND holder IS NOT NULL ORDER BY at, gate, id";
    listed_from::<ScanRow>(c, &Kind::Scan.rows(day), text, NONE, ALL).await
}

pub(crate) async fn published_numbers(c: &Client, limit: u32) -> Result<Listed<PublishedNumbers>> {
    listed::<PublishedRow>(c, "ORDER BY day DESC", NONE, limit).await
}
