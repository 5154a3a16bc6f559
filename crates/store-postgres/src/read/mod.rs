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

use futures_util::TryStreamExt as _;
use jadegate_domain::Division;
use jadegate_store::{Latest, Listed, Page, RowRef};
use jadegate_store_rows::{
    AccessRow, AccountChangeRow, AgencyRow, AlarmRow, AppealFileRow, AppealRow, AssessmentRow,
    AssignmentRow, AuthorshipRow, CaseRow, ChallengeRow, ColourChangeRow, CorrectionRow,
    EvidenceRow, GateRow, HolderRow, IdentityRequestRow, ImportRow, InvitationRow, JobRow, KeptRow,
    LeafRow, MandateStepRow, OutboxRow, PaperRow, PasskeyRow, PhoneCodeRow, PieceRow, PlaceRow,
    PolicyVersionRow, ProposalRow, ProtectedRow, ProxyRow, PublishedRow, RecolouringRow,
    RecordLinkRow, RegionRiskRow, RideRow, RuleReviewRow, ScanRow, SealedFieldRow, SessionRow,
    SplitPieceRow, StaffRow, Stored, TraceRow, TripRow, TubeRow, VaultKeyRow, VisitRow, WaitingRow,
    WithdrawalRow,
};

use crate::connection::{Client, query, stream};
use crate::error::{Result, sql};
use crate::rows::read as read_row;
use crate::value::{Bind as _, NONE, Params};

/// The row that `rest` (from `WHERE` on) finds in the row type's own table.
async fn one<R: Stored>(c: &Client, rest: &str, params: impl Params) -> Result<Option<R::Domain>> {
    one_from::<R>(c, R::TABLE, rest, params).await
}

/// The row that `rest` finds in `source`, a query in brackets.
async fn one_from<R: Stored>(
    c: &Client,
    source: &str,
    rest: &str,
    params: impl Params,
) -> Result<Option<R::Domain>> {
    let text = format!("SELECT {} FROM {source} {rest}", R::COLUMNS);
    let found = query(c, R::TABLE, &text, params).await?;
    found.first().map(read_row::<R>).transpose()
}

/// All rows that `rest` finds in the row type's own table, or an error: only for what is worth
/// nothing in part. One person's evidence and identity, which would be another colour or another
/// name; the leaves of the log, of which each hash rests on all before it.
async fn many<R: Stored>(c: &Client, rest: &str, params: impl Params) -> Result<Vec<R::Domain>> {
    let text = format!("SELECT {} FROM {} {rest}", R::COLUMNS, R::TABLE);
    query(c, R::TABLE, &text, params).await?.iter().map(read_row::<R>).collect()
}

/// The condition on `h.home` (a holder's, `$1` the region's code) under which a holder lives in a
/// region. The same rule as `Division::contains`: Chinese codes nest by prefix, a bare country holds
/// everything in it, any other division only itself.
fn lives_in(region: &Division) -> &'static str {
    if region.path().is_empty() || region.country() == "CN" {
        "substr(h.home, 1, length($1)) = $1"
    } else {
        "h.home = $1"
    }
}

/// The condition on `h.home` under which it lies in a region, or around it.
fn lies_near(region: &Division) -> String {
    let around = "substr($1, 1, length(h.home)) = h.home \
                  AND (strpos(h.home, '-') = 0 OR substr(h.home, 1, 2) = 'CN')";
    format!("({} OR ({around}))", lives_in(region))
}

/// The first `most` readable rows that `rest` finds in the row type's own table, and the rows before
/// them that cannot be read. `rest` states an order that an index gives, and no limit.
async fn listed<R: Stored>(
    c: &Client,
    rest: &str,
    params: impl Params,
    most: u32,
) -> Result<Listed<R::Domain>> {
    listed_from::<R>(c, R::TABLE, rest, params, most).await
}

/// A part of a list that begins with what is newest; `rest` says up to which moment.
async fn listed_latest<R: Stored>(
    c: &Client,
    rest: &str,
    params: impl Params,
    latest: Latest,
) -> Result<Listed<R::Domain>> {
    let most = latest.skip().saturating_add(latest.limit);
    Ok(latest.part(listed::<R>(c, rest, params, most).await?))
}

/// The same from `source` (a query in brackets, or the rows of a day).
async fn listed_from<R: Stored>(
    c: &Client,
    source: &str,
    rest: &str,
    params: impl Params,
    most: u32,
) -> Result<Listed<R::Domain>> {
    let values = params.values();
    let text = format!("SELECT {} FROM {source} {rest}", R::COLUMNS);
    if most == ALL {
        return Ok(taken::<R>(c, &text, values, usize::MAX).await?.0);
    }
    let limited = format!("{text} LIMIT ${}", values.len() + 1);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut limit = most;
    loop {
        let mut bound = values.clone();
        bound.push(i64::try_from(limit).unwrap_or(i64::MAX).bind());
        let (found, rows) = taken::<R>(c, &limited, bound, most).await?;
        // Rows that cannot be read do not count: where they took others' room there is more of it.
        if found.rows.len() >= most || rows < limit {
            return Ok(found);
        }
        limit = limit.saturating_mul(2).max(16);
    }
}

/// The first `most` readable rows of a query, and how many rows were looked at.
async fn taken<R: Stored>(
    c: &Client,
    text: &str,
    values: impl Params,
    most: usize,
) -> Result<(Listed<R::Domain>, usize)> {
    let rows = stream(c, R::TABLE, text, values).await?;
    futures_util::pin_mut!(rows);
    let (mut found, mut seen) = (Listed::default(), 0);
    while found.rows.len() < most
        && let Some(row) = rows.try_next().await.map_err(|e| sql(R::TABLE, &e))?
    {
        found.take(read_row::<R>(&row))?;
        seen += 1;
    }
    Ok((found, seen))
}

/// The rows of the row type's table that cannot be read.
async fn unreadable_in<R: Stored>(c: &Client) -> Result<Vec<RowRef>> {
    let text = format!("SELECT {} FROM {}", R::COLUMNS, R::TABLE);
    let rows = stream(c, R::TABLE, &text, NONE).await?;
    futures_util::pin_mut!(rows);
    let mut found = Vec::new();
    while let Some(row) = rows.try_next().await.map_err(|e| sql(R::TABLE, &e))? {
        if let Err(e) = read_row::<R>(&row) {
            found.push(e.row().ok_or(e)?);
        }
    }
    Ok(found)
}

/// Every row that cannot be read, of every table. Reads all of them.
pub(crate) async fn unreadable(c: &Client) -> Result<Vec<RowRef>> {
    let mut found = Vec::new();
    macro_rules! tables {
        ($($row:ident),*) => {$(found.extend(unreadable_in::<$row>(c).await?);)*};
    }
    jadegate_store_rows::for_each_table!(tables);
    tables!(VisitRow, ScanRow, RideRow);
    Ok(found)
}

/// As many as there are.
const ALL: u32 = u32::MAX;

/// One number (an id, a count), if the query finds a row.
pub(crate) async fn number(
    c: &Client,
    table: &'static str,
    text: &str,
    params: impl Params,
) -> Result<Option<i64>> {
    Ok(numbers(c, table, text, params).await?.first().copied())
}

/// A column of numbers.
pub(crate) async fn numbers(
    c: &Client,
    table: &'static str,
    text: &str,
    params: impl Params,
) -> Result<Vec<i64>> {
    let rows = query(c, table, text, params).await?;
    rows.iter().map(|r| r.try_get(0).map_err(|e| sql(table, &e))).collect()
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

/// A page's bounds: ids above the first, at most the second that can be read.
fn from<Id>(page: Page<Id>, number: fn(Id) -> i64) -> (i64, u32) {
    (page.after.map_or(0, number), page.limit.clamp(1, 1000))
}

/// A page's bounds as bound values: ids above the first, at most the second.
fn bounds<Id>(page: Page<Id>, number: fn(Id) -> i64) -> [i64; 2] {
    [page.after.map_or(0, number), i64::from(page.limit.clamp(1, 1000))]
}
