//! Steps of the mandates, and identity requests.

use jadegate_domain::id::IdentityRequestId;
use jadegate_domain::{HolderId, Period};
use jadegate_store::{IdentityCount, IdentityRequest, Latest, Listed, MandateStep};
use jadegate_store_rows::{IdentityRequestRow, MandateStepRow, identity_count};

use super::{listed, listed_latest, many, one};
use crate::connection::{Client, query};
use crate::error::{Result, sql};
use crate::value::NONE;

pub(crate) async fn mandate_steps(c: &Client) -> Result<Vec<MandateStep>> {
    many::<MandateStepRow>(c, "ORDER BY number DESC", NONE).await
}

pub(crate) async fn identity_request(
    c: &Client,
    id: IdentityRequestId,
) -> Result<Option<IdentityRequest>> {
    one::<IdentityRequestRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

pub(crate) async fn identity_requests(
    c: &Client,
    latest: Latest,
) -> Result<Listed<IdentityRequest>> {
    let newest = "WHERE asked_at <= $1 ORDER BY asked_at DESC, id DESC";
    listed_latest::<IdentityRequestRow>(c, newest, [latest.until().as_secs()], latest).await
}

pub(crate) async fn open_identity_requests(
    c: &Client,
    limit: u32,
) -> Result<Listed<IdentityRequest>> {
    let open = "WHERE state IN ('waiting', 'approved') ORDER BY asked_at, id";
    listed::<IdentityRequestRow>(c, open, NONE, limit).await
}

pub(crate) async fn identity_requests_about(
    c: &Client,
    holder: HolderId,
    limit: u32,
) -> Result<Listed<IdentityRequest>> {
    let newest = "WHERE holder = $1 ORDER BY asked_at DESC, id DESC";
    listed::<IdentityRequestRow>(c, newest, [holder.as_i64()], limit).await
}

pub(crate) async fn identity_counts(c: &Client, asked: Period) -> Result<Vec<IdentityCount>> {
    let text = "SELECT agency_kind, outcome, refusal, count(*) FROM (SELECT agency_kind, refusal, CASE \
                WHEN state = 'closed' AND decided_by IS NOT NULL THEN 'approved' ELSE state END \
                AS outcome FROM identity_request WHERE asked_at >= $1 AND asked_at < $2) AS r \
                GROUP BY agency_kind, outcome, refusal ORDER BY agency_kind, outcome, refusal";
    let rows =
        query(c, "identity_request", text, [asked.from.as_secs(), asked.to.as_secs()]).await?;
    let failed = |e: tokio_postgres::Error| sql("identity_request", &e);
    let one = |r: &tokio_postgres::Row| {
        let (kind, state): (String, String) =
            (r.try_get(0).map_err(failed)?, r.try_get(1).map_err(failed)?);
        let (refusal, count): (Option<String>, i64) =
            (r.try_get(2).map_err(failed)?, r.try_get(3).map_err(failed)?);
        identity_count(&kind, &state, refusal.as_deref(), count)
    };
    rows.iter().map(one).collect()
}
