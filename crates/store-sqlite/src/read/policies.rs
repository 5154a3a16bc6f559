//! Published policies, proposals, recolouring.

use jadegate_domain::Timestamp;
use jadegate_domain::id::ProposalId;
use jadegate_store::{PolicyVersion, Recolouring, StoredProposal};
use rusqlite::{Connection, params};

use super::{many, one};
use crate::error::Result;
use crate::rows::{PolicyVersionRow, ProposalRow, RecolouringRow};

pub(crate) fn policy_in_force(c: &Connection) -> Result<Option<PolicyVersion>> {
    one::<PolicyVersionRow>(c, "ORDER BY seq DESC LIMIT 1", [])
}

pub(crate) fn policy_version(c: &Connection, digest: &str) -> Result<Option<PolicyVersion>> {
    one::<PolicyVersionRow>(c, "WHERE digest = ?1 ORDER BY seq DESC LIMIT 1", [digest])
}

pub(crate) fn policy_versions(c: &Connection, limit: u32) -> Result<Vec<PolicyVersion>> {
    many::<PolicyVersionRow>(c, "ORDER BY seq DESC LIMIT ?1", [limit])
}

pub(crate) fn proposal(c: &Connection, id: ProposalId) -> Result<Option<StoredProposal>> {
    one::<ProposalRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn proposals(
    c: &Connection,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<StoredProposal>> {
    let newest = "WHERE proposed_at >= ?1 ORDER BY proposed_at DESC, id DESC LIMIT ?2";
    many::<ProposalRow>(c, newest, params![since.as_secs(), limit])
}

pub(crate) fn waiting_proposals(c: &Connection, limit: u32) -> Result<Vec<StoredProposal>> {
    let oldest = "WHERE state = 'waiting' ORDER BY proposed_at, id LIMIT ?1";
    many::<ProposalRow>(c, oldest, [limit])
}

pub(crate) fn recolourings(c: &Connection, limit: u32) -> Result<Vec<Recolouring>> {
    many::<RecolouringRow>(c, "ORDER BY seq DESC LIMIT ?1", [limit])
}
