//! Queries of appeals.

use jadegate_domain::{AppealId, Division, HolderId, Timestamp};
use jadegate_store::{Appeal, AppealFile, Listed, RuleReview};
use rusqlite::Connection;

use super::{listed, lives_in, one};
use crate::error::Result;
use crate::read::links::records_of;
use crate::rows::{AppealFileRow, AppealRow, RuleReviewRow};

pub(crate) fn appeal(c: &Connection, id: AppealId) -> Result<Option<Appeal>> {
    one::<AppealRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn appeal_file(c: &Connection, id: AppealId) -> Result<Option<AppealFile>> {
    one::<AppealFileRow>(c, "WHERE appeal = ?1", [id.as_i64()])
}

pub(crate) fn appeals_of(c: &Connection, holder: HolderId, limit: u32) -> Result<Listed<Appeal>> {
    let text = format!(
        "WHERE holder = ?1 OR holder IN ({}) ORDER BY lodged_at DESC, id DESC",
        records_of("?1")
    );
    listed::<AppealRow>(c, &text, [holder.as_i64()], limit)
}

pub(crate) fn open_appeals(
    c: &Connection,
    region: &Division,
    limit: u32,
) -> Result<Listed<Appeal>> {
    let text = format!(
        "WHERE state = 'open' AND EXISTS (SELECT 1 FROM (SELECT appeal.home AS home) h WHERE {}) \
         ORDER BY due_at, id",
        lives_in(region)
    );
    listed::<AppealRow>(c, &text, [region.as_str()], limit)
}

pub(crate) fn appeals_to_tend(
    c: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<Listed<Appeal>> {
    let text = "WHERE state = 'open' AND ((lapsed_at IS NULL AND due_at <= ?1) OR EXISTS \
                    (SELECT 1 FROM evidence e WHERE e.id = appeal.contests \
                        AND (e.withdrawn_at IS NOT NULL OR e.superseded_by IS NOT NULL))) \
                ORDER BY due_at, id";
    listed::<AppealRow>(c, text, [now.as_secs()], limit)
}

pub(crate) fn appeals_since(
    c: &Connection,
    since: Timestamp,
    after: Option<(Timestamp, AppealId)>,
    limit: u32,
) -> Result<Listed<Appeal>> {
    let text = "WHERE lodged_at >= ?1 AND (lodged_at > ?2 OR (lodged_at = ?2 AND id > ?3)) \
                ORDER BY lodged_at, id";
    let (at, id) = after.map_or((i64::MIN, 0), |(at, id)| (at.as_secs(), id.as_i64()));
    listed::<AppealRow>(c, text, [since.as_secs(), at, id], limit)
}

pub(crate) fn rule_reviews(c: &Connection, limit: u32) -> Result<Listed<RuleReview>> {
    listed::<RuleReviewRow>(c, "ORDER BY asked_at DESC, id DESC", [], limit)
}
