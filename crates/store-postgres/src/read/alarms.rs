//! Queries of alarms.

use jadegate_domain::{Activity, AlarmId, AlarmKind, StaffId, Timestamp};
use jadegate_store::{Actor, Alarm, AlarmCount, Busy, Latest, Listed, LookedAtByMany, Protected};
use jadegate_store_rows::{self as rows, AlarmRow, ProtectedRow};
use tokio_postgres::Row;

use super::{listed, listed_latest, number, one};
use crate::connection::{Client, query};
use crate::error::{Result, sql};
use crate::value::{NONE, Params, params};

pub(crate) async fn alarm(c: &Client, id: AlarmId) -> Result<Option<Alarm>> {
    one::<AlarmRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

pub(crate) async fn latest_alarm(
    c: &Client,
    kind: AlarmKind,
    subject: [u8; 16],
) -> Result<Option<Alarm>> {
    let text = "WHERE kind = $1 AND subject = $2 ORDER BY raised_at DESC, id DESC LIMIT 1";
    one::<AlarmRow>(c, text, params![kind.as_str(), subject]).await
}

pub(crate) async fn open_alarms(c: &Client, limit: u32) -> Result<Listed<Alarm>> {
    listed::<AlarmRow>(c, "WHERE answered_at IS NULL ORDER BY raised_at, id", NONE, limit).await
}

pub(crate) async fn answered_alarms(c: &Client, latest: Latest) -> Result<Listed<Alarm>> {
    let text = "WHERE answered_at IS NOT NULL ORDER BY raised_at DESC, id DESC";
    listed_latest::<AlarmRow>(c, text, NONE, latest).await
}

pub(crate) async fn protected_people(c: &Client) -> Result<Listed<Protected>> {
    listed::<ProtectedRow>(c, "ORDER BY id", NONE, u32::MAX).await
}

pub(crate) async fn alarm_holds(c: &Client, actor: Actor) -> Result<bool> {
    let text = "SELECT 1::bigint FROM alarm WHERE agency = $1 AND (staff IS NULL OR staff = $2) \
                AND answered_at IS NULL AND holds_at IS NOT NULL LIMIT 1";
    let of = [actor.agency.as_i64(), actor.staff.map_or(0, StaffId::as_i64)];
    Ok(number(c, "alarm", text, of).await?.is_some())
}

/// Agencies that did much, and members of staff.
const BUSY: &str = "SELECT agency, 0::bigint, sum(count)::bigint FROM activity WHERE what = $1 AND hour > $2 \
                    GROUP BY agency HAVING sum(count) >= $3 UNION ALL \
                    SELECT agency, staff, sum(count)::bigint FROM activity \
                    WHERE what = $1 AND hour > $2 AND staff > 0 \
                    GROUP BY agency, staff HAVING sum(count) >= $4 ORDER BY 1, 2";

/// What an actor did, by hour.
const BY_HOUR: &str = "SELECT hour, sum(count)::bigint FROM activity WHERE what = $1 AND agency = $2 \
                       AND ($3 = 0 OR staff = $3) AND hour > $4 GROUP BY hour ORDER BY hour";

/// Alarms by kind and answer.
const COUNTS: &str = "SELECT kind, answer, count(*), count(holds_at) FROM alarm \
                      WHERE raised_at >= $1 GROUP BY kind, answer";

/// People at whom many looked, and the agency with the most looks.
fn looked_at(whats: &[&'static str]) -> String {
    // Names of the closed list, which are plain words.
    let whats: Vec<String> = whats.iter().map(|w| format!("'{w}'")).collect();
    let whats = whats.join(", ");
    format!(
        "SELECT holder, count(DISTINCT staff), (SELECT a.agency FROM access a \
             WHERE a.holder = l.holder AND a.at >= $1 AND a.what IN ({whats}) \
             GROUP BY a.agency ORDER BY count(*) DESC, a.agency LIMIT 1) \
         FROM access l WHERE l.at >= $1 AND l.what IN ({whats}) \
         GROUP BY l.holder HAVING count(DISTINCT staff) >= $2 ORDER BY holder"
    )
}

fn amount(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub(crate) async fn busy(
    c: &Client,
    what: Activity,
    after_hour: i64,
    (agency, staff): (u64, u64),
) -> Result<Vec<Busy>> {
    let row = params![what.as_str(), after_hour, amount(agency), amount(staff)];
    let three = |r: &Row| Ok((r.try_get(0)?, r.try_get(1)?, r.try_get(2)?));
    raw(c, "activity", BUSY, row, three).await?.into_iter().map(rows::busy).collect()
}

pub(crate) async fn activity_of(
    c: &Client,
    what: Activity,
    actor: Actor,
    after_hour: i64,
) -> Result<Vec<(i64, u64)>> {
    let staff = actor.staff.map_or(0, StaffId::as_i64);
    let row = params![what.as_str(), actor.agency.as_i64(), staff, after_hour];
    let two = |r: &Row| Ok((r.try_get(0)?, r.try_get(1)?));
    let raw = raw(c, "activity", BY_HOUR, row, two).await?;
    raw.into_iter().map(|(hour, count)| rows::done_within(hour, count)).collect()
}

pub(crate) async fn looked_at_by_many(
    c: &Client,
    since: Timestamp,
    whats: &[&'static str],
    least: u32,
) -> Result<Vec<LookedAtByMany>> {
    let row = params![since.as_secs(), least];
    let three = |r: &Row| Ok((r.try_get(0)?, r.try_get(1)?, r.try_get(2)?));
    let raw = raw(c, "access", &looked_at(whats), row, three).await?;
    raw.into_iter().map(|(h, s, a)| rows::looked_at_by_many(h, s, a)).collect()
}

pub(crate) async fn alarm_counts(c: &Client, since: Timestamp) -> Result<Vec<AlarmCount>> {
    let four = |r: &Row| Ok((r.try_get(0)?, r.try_get(1)?, r.try_get(2)?, r.try_get(3)?));
    let raw: Vec<(String, Option<String>, i64, i64)> =
        raw(c, "alarm", COUNTS, [since.as_secs()], four).await?;
    let count =
        |(kind, answer, n, held): (String, _, _, _)| rows::alarm_count((&kind, answer), (n, held));
    let mut all: Vec<AlarmCount> = raw.into_iter().map(count).collect::<Result<_>>()?;
    all.sort_by_key(|c| (c.kind, c.answer));
    Ok(all)
}

async fn raw<T>(
    c: &Client,
    table: &'static str,
    text: &str,
    params: impl Params,
    read: impl Fn(&Row) -> std::result::Result<T, tokio_postgres::Error>,
) -> Result<Vec<T>> {
    let rows = query(c, table, text, params).await?;
    rows.iter().map(|r| read(r).map_err(|e| sql(table, &e))).collect()
}
