//! Published policies, proposals, recolouring.

use jadegate_domain::Timestamp;
use jadegate_domain::id::ProposalId;
use jadegate_store::{Listed, PolicyVersion, Recolouring, StoredProposal};
use rusqlite::Connection;

use super::{listed, one};
use crate::error::Result;
use crate::rows::{PolicyVersionRow, ProposalRow, RecolouringRow};

pub(crate) fn policy_in_force(c: &Connection) -> Result<Option<PolicyVersion>> {
    one::<PolicyVersionRow>(c, "ORDER BY seq DESC LIMIT 1", [])
}

pub(crate) fn policy_version(c: &Connection, digest: &str) -> Result<Option<PolicyVersion>> {
    one::<PolicyVersionRow>(c, "WHERE digest = ?1 ORDER BY seq DESC LIMIT 1", [digest])
}

pub(crate) fn policy_versions(c: &Connection, limit: u32) -> Result<Listed<PolicyVersion>> {
    listed::<PolicyVersionRow>(c, "ORDER BY seq DESC", [], limit)
}

pub(crate) fn proposal(c: &Connection, id: ProposalId) -> Result<Option<StoredProposal>> {
    one::<ProposalRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn proposals(
    c: &Connection,
    since: Timestamp,
    limit: u32,
) -> Result<Listed<StoredProposal>> {
    let newest = "WHERE proposed_at >= ?1 ORDER BY proposed_at DESC, id DESC";
    listed::<ProposalRow>(c, newest, [since.as_secs()], limit)
}

pub(crate) fn waiting_proposals(c: &Connection, limit: u32) -> Result<Listed<StoredProposal>> {
    let oldest = "WHERE state = 'waiting' ORDER BY proposed_at, id";
    listed::<ProposalRow>(c, oldest, [], limit)
}

pub(crate) fn recolourings(c: &Connection, limit: u32) -> Result<Listed<Recolouring>> {
    listed::<RecolouringRow>(c, "ORDER BY seq DESC", [], limit)
}
