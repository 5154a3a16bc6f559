//! Queries of alarms.

use jadegate_domain::{Activity, AlarmId, AlarmKind, StaffId, Timestamp};
use jadegate_store::{
    Actor, Alarm, AlarmCount, Busy, Latest, Listed, LookedAtByMany, Protected, StoreError,
};
use jadegate_store_rows as rows;
use rusqlite::{Connection, Params, Row, params};

use super::{ALL, listed, listed_latest, number, one};
use crate::error::{Result, sql};
use crate::rows::{AlarmRow, ProtectedRow};

pub(crate) fn alarm(c: &Connection, id: AlarmId) -> Result<Option<Alarm>> {
    one::<AlarmRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn latest_alarm(
    c: &Connection,
    kind: AlarmKind,
    subject: [u8; 16],
) -> Result<Option<Alarm>> {
    let text = "WHERE kind = ?1 AND subject = ?2 ORDER BY raised_at DESC, id DESC LIMIT 1";
    one::<AlarmRow>(c, text, params![kind.as_str(), subject])
}

pub(crate) fn open_alarms(c: &Connection, limit: u32) -> Result<Listed<Alarm>> {
    listed::<AlarmRow>(c, "WHERE answered_at IS NULL ORDER BY raised_at, id", [], limit)
}

pub(crate) fn answered_alarms(c: &Connection, latest: Latest) -> Result<Listed<Alarm>> {
    let text = "WHERE answered_at IS NOT NULL ORDER BY raised_at DESC, id DESC";
    listed_latest::<AlarmRow>(c, text, [], latest)
}

pub(crate) fn protected_people(c: &Connection) -> Result<Listed<Protected>> {
    listed::<ProtectedRow>(c, "ORDER BY id", [], ALL)
}

pub(crate) fn alarm_holds(c: &Connection, actor: Actor) -> Result<bool> {
    let text = "SELECT 1 FROM alarm WHERE agency = ?1 AND (staff IS NULL OR staff = ?2) \
                AND answered_at IS NULL AND holds_at IS NOT NULL LIMIT 1";
    let of = [actor.agency.as_i64(), actor.staff.map_or(0, StaffId::as_i64)];
    Ok(number(c, "alarm", text, of)?.is_some())
}

/// Agencies that did much, and members of staff.
const BUSY: &str = "SELECT agency, 0, sum(count) FROM activity WHERE what = ?1 AND hour > ?2 \
                    GROUP BY agency HAVING sum(count) >= ?3 UNION ALL \
                    SELECT agency, staff, sum(count) FROM activity \
                    WHERE what = ?1 AND hour > ?2 AND staff > 0 \
                    GROUP BY agency, staff HAVING sum(count) >= ?4 ORDER BY 1, 2";

/// What an actor did, by hour.
const BY_HOUR: &str = "SELECT hour, sum(count) FROM activity WHERE what = ?1 AND agency = ?2 \
                       AND (?3 = 0 OR staff = ?3) AND hour > ?4 GROUP BY hour ORDER BY hour";

/// Alarms by kind and answer.
const COUNTS: &str = "SELECT kind, answer, count(*), count(holds_at) FROM alarm \
                      WHERE raised_at >= ?1 GROUP BY kind, answer";

/// People at whom many looked, and the agency with the most looks.
fn looked_at(whats: &[&'static str]) -> String {
    // Names of the closed list, which are plain words.
    let whats: Vec<String> = whats.iter().map(|w| format!("'{w}'")).collect();
    let whats = whats.join(", ");
    format!(
        "SELECT holder, count(DISTINCT staff), (SELECT a.agency FROM access a \
             WHERE a.holder = l.holder AND a.at >= ?1 AND a.what IN ({whats}) \
             GROUP BY a.agency ORDER BY count(*) DESC, a.agency LIMIT 1) \
         FROM access l WHERE l.at >= ?1 AND l.what IN ({whats}) \
         GROUP BY l.holder HAVING count(DISTINCT staff) >= ?2 ORDER BY holder"
    )
}

fn amount(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub(crate) fn busy(
    c: &Connection,
    what: Activity,
    after_hour: i64,
    (agency, staff): (u64, u64),
) -> Result<Vec<Busy>> {
    let row = params![what.as_str(), after_hour, amount(agency), amount(staff)];
    let raw = raw(c, "activity", BUSY, row, |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
    raw.into_iter().map(rows::busy).collect()
}

pub(crate) fn activity_of(
    c: &Connection,
    what: Activity,
    actor: Actor,
    after_hour: i64,
) -> Result<Vec<(i64, u64)>> {
    let staff = actor.staff.map_or(0, StaffId::as_i64);
    let row = params![what.as_str(), actor.agency.as_i64(), staff, after_hour];
    let raw = raw(c, "activity", BY_HOUR, row, |r| Ok((r.get(0)?, r.get(1)?)))?;
    raw.into_iter().map(|(hour, count)| rows::done_within(hour, count)).collect()
}

pub(crate) fn looked_at_by_many(
    c: &Connection,
    since: Timestamp,
    whats: &[&'static str],
    least: u32,
) -> Result<Vec<LookedAtByMany>> {
    let row = params![since.as_secs(), least];
    let three = |r: &Row<'_>| Ok((r.get(0)?, r.get(1)?, r.get(2)?));
    let raw = raw(c, "access", &looked_at(whats), row, three)?;
    raw.into_iter().map(|(h, s, a)| rows::looked_at_by_many(h, s, a)).collect()
}

pub(crate) fn alarm_counts(c: &Connection, since: Timestamp) -> Result<Vec<AlarmCount>> {
    let four = |r: &Row<'_>| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?));
    let raw: Vec<(String, Option<String>, i64, i64)> =
        raw(c, "alarm", COUNTS, [since.as_secs()], four)?;
    let count =
        |(kind, answer, n, held): (String, _, _, _)| rows::alarm_count((&kind, answer), (n, held));
    let mut all: Vec<AlarmCount> = raw.into_iter().map(count).collect::<Result<_>>()?;
    all.sort_by_key(|c| (c.kind, c.answer));
    Ok(all)
}

fn raw<T>(
    c: &Connection,
    table: &'static str,
    text: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> std::result::Result<Vec<T>, StoreError> {
    c.prepare_cached(text)
        .and_then(|mut s| s.query_map(params, read)?.collect())
        .map_err(|e| sql(table, &e))
}
