//! Queries of how people are known: who cares for whom, and what changed.

use jadegate_domain::HolderId;
use jadegate_domain::id::ChangeId;
use jadegate_store::{AccountChange, Listed, Proxy};
use rusqlite::Connection;

use super::{ALL, listed, one};
use crate::error::Result;
use crate::rows::{AccountChangeRow, ProxyRow};

pub(crate) fn people_of(c: &Connection, carer: HolderId) -> Result<Listed<Proxy>> {
    listed::<ProxyRow>(c, "WHERE carer = ?1 ORDER BY person", [carer.as_i64()], ALL)
}

pub(crate) fn carers_of(c: &Connection, person: HolderId) -> Result<Listed<Proxy>> {
    listed::<ProxyRow>(c, "WHERE person = ?1 ORDER BY carer", [person.as_i64()], ALL)
}

pub(crate) fn proxy(c: &Connection, person: HolderId, carer: HolderId) -> Result<Option<Proxy>> {
    let pair = [person.as_i64(), carer.as_i64()];
    one::<ProxyRow>(c, "WHERE person = ?1 AND carer = ?2", pair)
}

pub(crate) fn account_changes(
    c: &Connection,
    holder: HolderId,
    limit: u32,
) -> Result<Listed<AccountChange>> {
    let newest = "WHERE holder = ?1 ORDER BY at DESC, id DESC";
    listed::<AccountChangeRow>(c, newest, [holder.as_i64()], limit)
}

pub(crate) fn account_change(c: &Connection, id: ChangeId) -> Result<Option<AccountChange>> {
    one::<AccountChangeRow>(c, "WHERE id = ?1", [id.as_i64()])
}
