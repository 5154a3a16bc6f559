//! Steps of the mandates, and identity requests.

use jadegate_domain::id::IdentityRequestId;
use jadegate_domain::{HolderId, Period};
use jadegate_store::{IdentityCount, IdentityRequest, Latest, Listed, MandateStep};
use jadegate_store_rows::identity_count;
use rusqlite::Connection;

use super::{listed, listed_latest, many, one};
use crate::error::{Result, sql};
use crate::rows::{IdentityRequestRow, MandateStepRow};

pub(crate) fn mandate_steps(c: &Connection) -> Result<Vec<MandateStep>> {
    many::<MandateStepRow>(c, "ORDER BY number DESC", [])
}

pub(crate) fn identity_request(
    c: &Connection,
    id: IdentityRequestId,
) -> Result<Option<IdentityRequest>> {
    one::<IdentityRequestRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn identity_requests(c: &Connection, latest: Latest) -> Result<Listed<IdentityRequest>> {
    let newest = "WHERE asked_at <= ?1 ORDER BY asked_at DESC, id DESC";
    listed_latest::<IdentityRequestRow>(c, newest, [latest.until().as_secs()], latest)
}

pub(crate) fn open_identity_requests(
    c: &Connection,
    limit: u32,
) -> Result<Listed<IdentityRequest>> {
    let open = "WHERE state IN ('waiting', 'approved') ORDER BY asked_at, id";
    listed::<IdentityRequestRow>(c, open, [], limit)
}

pub(crate) fn identity_requests_about(
    c: &Connection,
    holder: HolderId,
    limit: u32,
) -> Result<Listed<IdentityRequest>> {
    let newest = "WHERE holder = ?1 ORDER BY asked_at DESC, id DESC";
    listed::<IdentityRequestRow>(c, newest, [holder.as_i64()], limit)
}

pub(crate) fn identity_counts(c: &Connection, asked: Period) -> Result<Vec<IdentityCount>> {
    let text = "SELECT agency_kind, outcome, refusal, count(*) FROM (SELECT agency_kind, refusal, CASE \
                WHEN state = 'closed' AND decided_by IS NOT NULL THEN 'approved' ELSE state END \
                AS outcome FROM identity_request WHERE asked_at >= ?1 AND asked_at < ?2) AS r \
                GROUP BY agency_kind, outcome, refusal ORDER BY agency_kind, outcome, refusal";
    let failed = |e: rusqlite::Error| sql("identity_request", &e);
    let mut stmt = c.prepare_cached(text).map_err(failed)?;
    let mut rows = stmt.query([asked.from.as_secs(), asked.to.as_secs()]).map_err(failed)?;
    let mut found = Vec::new();
    while let Some(r) = rows.next().map_err(failed)? {
        let kind: String = r.get(0).map_err(failed)?;
        let state: String = r.get(1).map_err(failed)?;
        let (refusal, count): (Option<String>, i64) =
            (r.get(2).map_err(failed)?, r.get(3).map_err(failed)?);
        found.push(identity_count(&kind, &state, refusal.as_deref(), count)?);
    }
    Ok(found)
}
