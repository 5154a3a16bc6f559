//! Queries. Each takes a connection and answers in domain types.

pub(crate) mod accounts;
pub(crate) mod alarms;
pub(crate) mod appeals;
pub(crate) mod assignments;
pub(crate) mod changes;
pub(crate) mod counts;
pub(crate) mod evidence;
pub(crate) mod links;
pub(crate) mod log;
pub(crate) mod mandate;
pub(crate) mod papers;
pub(crate) mod people;
pub(crate) mod places;
pub(crate) mod policies;
pub(crate) mod records;
pub(crate) mod servers;
pub(crate) mod tally;

use jadegate_domain::Division;
use jadegate_store::{Latest, Listed, Page, RowRef};
use rusqlite::{Connection, OptionalExtension, Params};

use crate::days::{Kind, days};
use crate::error::{Result, sql};
use crate::rows::{
    AccessRow, AccountChangeRow, AgencyRow, AlarmRow, AppealFileRow, AppealRow, AssessmentRow,
    AssignmentRow, AuthorshipRow, CaseRow, ChallengeRow, ColourChangeRow, CorrectionRow,
    EvidenceRow, GateRow, HolderRow, IdentityRequestRow, ImportRow, InvitationRow, JobRow, KeptRow,
    LeafRow, MandateStepRow, OutboxRow, PaperRow, PasskeyRow, PhoneCodeRow, PieceRow, PlaceRow,
    PolicyVersionRow, ProposalRow, ProtectedRow, ProxyRow, PublishedRow, RecolouringRow,
    RecordLinkRow, RegionRiskRow, RideRow, RuleReviewRow, ScanRow, SealedFieldRow, SessionRow,
    SplitPieceRow, StaffRow, Stored, TraceRow, TripRow, TubeRow, VaultKeyRow, VisitRow, WaitingRow,
    WithdrawalRow, read as read_row,
};

/// The row that `rest` (from `WHERE` on) finds in the row type's own table.
fn one<R: Stored>(c: &Connection, rest: &str, params: impl Params) -> Result<Option<R::Domain>> {
    one_from::<R>(c, R::TABLE, rest, params)
}

/// The row that `rest` finds in `source`, a table of a day.
fn one_from<R: Stored>(
    c: &Connection,
    source: &str,
    rest: &str,
    params: impl Params,
) -> Result<Option<R::Domain>> {
    let text = format!("SELECT {} FROM {source} {rest}", R::COLUMNS);
    let mut stmt = c.prepare_cached(&text).map_err(|e| sql(R::TABLE, &e))?;
    let mut rows = stmt.query(params).map_err(|e| sql(R::TABLE, &e))?;
    match rows.next().map_err(|e| sql(R::TABLE, &e))? {
        Some(row) => read_row::<R>(row).map(Some),
        None => Ok(None),
    }
}

/// All rows that `rest` finds in the row type's own table, or an error: only for what is worth
/// nothing in part. One person's evidence and identity, which would be another colour or another
/// name; the leaves of the log, of which each hash rests on all before it.
fn many<R: Stored>(c: &Connection, rest: &str, params: impl Params) -> Result<Vec<R::Domain>> {
    let text = format!("SELECT {} FROM {} {rest}", R::COLUMNS, R::TABLE);
    let mut stmt = c.prepare_cached(&text).map_err(|e| sql(R::TABLE, &e))?;
    let mut rows = stmt.query(params).map_err(|e| sql(R::TABLE, &e))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(|e| sql(R::TABLE, &e))? {
        found.push(read_row::<R>(row)?);
    }
    Ok(found)
}

/// The condition on `h.home` (a holder's, `?1` the region's code) under which a holder lives in a
/// region. The same rule as `Division::contains`: Chinese codes nest by prefix, a bare country holds
/// everything in it, any other division only itself.
fn lives_in(region: &Division) -> &'static str {
    if region.path().is_empty() || region.country() == "CN" {
        "substr(h.home, 1, length(?1)) = ?1"
    } else {
        "h.home = ?1"
    }
}

/// The condition on `h.home` under which it lies in a region, or around it.
fn lies_near(region: &Division) -> String {
    let around = "substr(?1, 1, length(h.home)) = h.home \
                  AND (instr(h.home, '-') = 0 OR substr(h.home, 1, 2) = 'CN')";
    format!("({} OR ({around}))", lives_in(region))
}

/// The first `most` readable rows that `rest` finds in the row type's own table, and the rows before
/// them that cannot be read. `rest` states an order that an index gives, and no limit.
fn listed<R: Stored>(
    c: &Connection,
    rest: &str,
    params: impl Params,
    most: u32,
) -> Result<Listed<R::Domain>> {
    listed_from::<R>(c, R::TABLE, rest, params, most)
}

/// A part of a list that begins with what is newest; `rest` says up to which moment.
fn listed_latest<R: Stored>(
    c: &Connection,
    rest: &str,
    params: impl Params,
    latest: Latest,
) -> Result<Listed<R::Domain>> {
    let most = latest.skip().saturating_add(latest.limit);
    Ok(latest.part(listed::<R>(c, rest, params, most)?))
}

/// The same from `source` (a table of a day, or a query in brackets).
fn listed_from<R: Stored>(
    c: &Connection,
    source: &str,
    rest: &str,
    params: impl Params,
    most: u32,
) -> Result<Listed<R::Domain>> {
    let text = format!("SELECT {} FROM {source} {rest}", R::COLUMNS);
    let mut stmt = c.prepare_cached(&text).map_err(|e| sql(R::TABLE, &e))?;
    let mut rows = stmt.query(params).map_err(|e| sql(R::TABLE, &e))?;
    let mut found = Listed::default();
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    while found.rows.len() < most
        && let Some(row) = rows.next().map_err(|e| sql(R::TABLE, &e))?
    {
        found.take(read_row::<R>(row))?;
    }
    Ok(found)
}

/// The rows of `source` that cannot be read.
fn unreadable_in<R: Stored>(c: &Connection, source: &str) -> Result<Vec<RowRef>> {
    let text = format!("SELECT {} FROM {source}", R::COLUMNS);
    let failed = |e: rusqlite::Error| sql(R::TABLE, &e);
    let mut stmt = c.prepare(&text).map_err(failed)?;
    let mut rows = stmt.query([]).map_err(failed)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        if let Err(e) = read_row::<R>(row) {
            found.push(e.row().ok_or(e)?);
        }
    }
    Ok(found)
}

/// Every row that cannot be read, of every table. Reads all of them.
pub(crate) fn unreadable(c: &Connection) -> Result<Vec<RowRef>> {
    let mut found = Vec::new();
    macro_rules! tables {
        ($($row:ident),*) => {$(found.extend(unreadable_in::<$row>(c, $row::TABLE)?);)*};
    }
    jadegate_store_rows::for_each_table!(tables);
    for day in days(c, Kind::Visit)? {
        found.extend(unreadable_in::<VisitRow>(c, &Kind::Visit.table(day))?);
    }
    for day in days(c, Kind::Scan)? {
        found.extend(unreadable_in::<ScanRow>(c, &Kind::Scan.table(day))?);
    }
    for day in days(c, Kind::Ride)? {
        found.extend(unreadable_in::<RideRow>(c, &Kind::Ride.table(day))?);
    }
    Ok(found)
}

/// As many as there are.
const ALL: u32 = u32::MAX;

/// One number (an id, a count), if the query finds a row.
fn number(
    c: &Connection,
    table: &'static str,
    text: &str,
    params: impl Params,
) -> Result<Option<i64>> {
    c.prepare_cached(text)
        .and_then(|mut s| s.query_row(params, |r| r.get(0)).optional())
        .map_err(|e| sql(table, &e))
}

/// A column of numbers.
fn numbers(
    c: &Connection,
    table: &'static str,
    text: &str,
    params: impl Params,
) -> Result<Vec<i64>> {
    c.prepare_cached(text)
        .and_then(|mut s| s.query_map(params, |r| r.get(0))?.collect())
        .map_err(|e| sql(table, &e))
}

/// Numbers as ids. The columns' CHECKs keep out everything else, and the check of the start reads
/// them: what is none all the same is damage of the file, not of one row.
fn ids<T>(
    table: &'static str,
    column: &'static str,
    raw: Vec<i64>,
    make: fn(i64) -> Option<T>,
) -> Result<Vec<T>> {
    raw.into_iter().map(|n| id(table, column, n, make)).collect()
}

fn id<T>(
    table: &'static str,
    column: &'static str,
    raw: i64,
    make: fn(i64) -> Option<T>,
) -> Result<T> {
    make(raw).ok_or_else(|| jadegate_store::StoreError::Corrupt {
        table,
        column,
        row: raw,
        why: "not an id".to_owned(),
    })
}

/// Several reads from one snapshot.
fn snapshot<T>(c: &Connection, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let tx = c.unchecked_transaction().map_err(|e| sql("snapshot", &e))?;
    // Nothing was written: dropping the transaction only ends the snapshot.
    read(&tx)
}

/// A page's bounds: ids above the first, at most the second that can be read.
fn from<Id>(page: Page<Id>, number: fn(Id) -> i64) -> (i64, u32) {
    (page.after.map_or(0, number), page.limit.clamp(1, 1000))
}

/// A page's bounds as bound values: ids above the first, at most the second.
fn bounds<Id>(page: Page<Id>, number: fn(Id) -> i64) -> (i64, i64) {
    (page.after.map_or(0, number), i64::from(page.limit.clamp(1, 1000)))
}
