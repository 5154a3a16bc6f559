//! Published policies, proposals, recolouring.

use jadegate_domain::Timestamp;
use jadegate_domain::id::ProposalId;
use jadegate_store::{Latest, Listed, Page, PolicyVersion, Recolouring, StoredProposal};

use super::{listed, listed_latest, number, one};
use crate::connection::Client;
use crate::error::Result;
use crate::value::NONE;
use jadegate_store_rows::{PolicyVersionRow, ProposalRow, RecolouringRow};

pub(crate) async fn policy_in_force(c: &Client) -> Result<Option<PolicyVersion>> {
    one::<PolicyVersionRow>(c, "ORDER BY seq DESC LIMIT 1", NONE).await
}

pub(crate) async fn policy_version(c: &Client, digest: &str) -> Result<Option<PolicyVersion>> {
    one::<PolicyVersionRow>(c, "WHERE digest = $1 ORDER BY seq DESC LIMIT 1", [digest]).await
}

pub(crate) async fn policy_versions(c: &Client, limit: u32) -> Result<Listed<PolicyVersion>> {
    listed::<PolicyVersionRow>(c, "ORDER BY seq DESC", NONE, limit).await
}

pub(crate) async fn proposal(c: &Client, id: ProposalId) -> Result<Option<StoredProposal>> {
    one::<ProposalRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

pub(crate) async fn proposals_applied_alone(
    c: &Client,
    since: Timestamp,
    page: Page<ProposalId>,
) -> Result<Listed<StoredProposal>> {
    let text = "WHERE state = 'applied' AND decided_by IS NULL AND proposed_at >= $1 AND id > $2 \
                ORDER BY id";
    let after = page.after.map_or(0, ProposalId::as_i64);
    listed::<ProposalRow>(c, text, [since.as_secs(), after], page.limit).await
}

pub(crate) async fn ended_proposals(c: &Client, latest: Latest) -> Result<Listed<StoredProposal>> {
    let newest = "WHERE state <> 'waiting' AND proposed_at <= $1 \
                  ORDER BY proposed_at DESC, id DESC";
    listed_latest::<ProposalRow>(c, newest, [latest.until().as_secs()], latest).await
}

pub(crate) async fn waiting_proposals(
    c: &Client,
    page: Page<ProposalId>,
) -> Result<Listed<StoredProposal>> {
    let text = "WHERE state = 'waiting' AND id > $1 ORDER BY id";
    listed::<ProposalRow>(c, text, [page.after.map_or(0, ProposalId::as_i64)], page.limit).await
}

pub(crate) async fn waiting_proposal(c: &Client, digest: [u8; 32]) -> Result<Option<ProposalId>> {
    let text = "SELECT id FROM proposal WHERE state = 'waiting' AND change_digest = $1";
    Ok(number(c, "proposal", text, [digest]).await?.and_then(ProposalId::from_i64))
}

pub(crate) async fn recolourings(c: &Client, limit: u32) -> Result<Listed<Recolouring>> {
    listed::<RecolouringRow>(c, "ORDER BY seq DESC", NONE, limit).await
}
