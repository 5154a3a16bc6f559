//! Queries of appeals.

use jadegate_domain::{AppealId, Division, HolderId, Timestamp};
use jadegate_store::{Appeal, AppealFile, Listed, RuleReview};
use jadegate_store_rows::{AppealFileRow, AppealRow, RuleReviewRow};

use super::{listed, lives_in, one};
use crate::connection::Client;
use crate::error::Result;
use crate::read::links::records_of;
use crate::value::NONE;

pub(crate) async fn appeal(c: &Client, id: AppealId) -> Result<Option<Appeal>> {
    one::<AppealRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

pub(crate) async fn appeal_file(c: &Client, id: AppealId) -> Result<Option<AppealFile>> {
    one::<AppealFileRow>(c, "WHERE appeal = $1", [id.as_i64()]).await
}

pub(crate) async fn appeals_of(c: &Client, holder: HolderId, limit: u32) -> Result<Listed<Appeal>> {
    let text = format!(
        "WHERE holder = $1 OR holder IN ({}) ORDER BY lodged_at DESC, id DESC",
        records_of("$1")
    );
    listed::<AppealRow>(c, &text, [holder.as_i64()], limit).await
}

pub(crate) async fn open_appeals(
    c: &Client,
    region: &Division,
    limit: u32,
) -> Result<Listed<Appeal>> {
    let text = format!(
        "WHERE state = 'open' AND EXISTS (SELECT 1 FROM (SELECT appeal.home AS home) h WHERE {}) \
         ORDER BY due_at, id",
        lives_in(region)
    );
    listed::<AppealRow>(c, &text, [region.as_str()], limit).await
}

pub(crate) async fn appeals_to_tend(
    c: &Client,
    now: Timestamp,
    limit: u32,
) -> Result<Listed<Appeal>> {
    let text = "WHERE state = 'open' AND ((lapsed_at IS NULL AND due_at <= $1) OR EXISTS \
                    (SELECT 1 FROM evidence e WHERE e.id = appeal.contests \
                        AND (e.withdrawn_at IS NOT NULL OR e.superseded_by IS NOT NULL))) \
                ORDER BY due_at, id";
    listed::<AppealRow>(c, text, [now.as_secs()], limit).await
}

pub(crate) async fn appeals_since(
    c: &Client,
    since: Timestamp,
    after: Option<(Timestamp, AppealId)>,
    limit: u32,
) -> Result<Listed<Appeal>> {
    let text = "WHERE lodged_at >= $1 AND (lodged_at > $2 OR (lodged_at = $2 AND id > $3)) \
                ORDER BY lodged_at, id";
    let (at, id) = after.map_or((i64::MIN, 0), |(at, id)| (at.as_secs(), id.as_i64()));
    listed::<AppealRow>(c, text, [since.as_secs(), at, id], limit).await
}

pub(crate) async fn rule_reviews(c: &Client, limit: u32) -> Result<Listed<RuleReview>> {
    listed::<RuleReviewRow>(c, "ORDER BY asked_at DESC, id DESC", NONE, limit).await
}
