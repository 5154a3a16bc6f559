//! Queries of how people are known: who cares for whom, and what changed.

use jadegate_domain::HolderId;
use jadegate_domain::id::ChangeId;
use jadegate_store::{AccountChange, Listed, Proxy};
use rusqlite::Connection;

use super::links::{main_of, records_of};
use super::{ALL, listed, listed_from, one, one_from};
use crate::error::Result;
use crate::rows::{AccountChangeRow, ProxyRow};

/// Who cares for whom, each person by the main record and once: as long as any of what was agreed for
/// any of their records holds. Nobody cares for themselves.
fn proxies(which: &str) -> String {
    let (person, carer) = (main_of("p.person"), main_of("p.carer"));
    format!(
        "(SELECT * FROM (SELECT {person} AS person, {carer} AS carer, min(p.since) AS since, \
            min(p.child) AS child FROM proxy p WHERE {which} GROUP BY 1, 2) \
          WHERE person <> carer) AS proxy"
    )
}

pub(crate) fn people_of(c: &Connection, carer: HolderId) -> Result<Listed<Proxy>> {
    let own = format!("carer IN ({})", records_of("?1"));
    listed_from::<ProxyRow>(c, &proxies(&own), "ORDER BY since, person", [carer.as_i64()], ALL)
}

pub(crate) fn carers_of(c: &Connection, person: HolderId) -> Result<Listed<Proxy>> {
    let own = format!("person IN ({})", records_of("?1"));
    listed_from::<ProxyRow>(c, &proxies(&own), "ORDER BY since, carer", [person.as_i64()], ALL)
}

pub(crate) fn proxy(c: &Connection, person: HolderId, carer: HolderId) -> Result<Option<Proxy>> {
    let (of, by) = (records_of("?1"), records_of("?2"));
    let pair = format!("person IN ({of}) AND carer IN ({by})");
    one_from::<ProxyRow>(c, &proxies(&pair), "", [person.as_i64(), carer.as_i64()])
}

pub(crate) fn account_changes(
    c: &Connection,
    holder: HolderId,
    limit: u32,
) -> Result<Listed<AccountChange>> {
    let newest = format!("WHERE holder IN ({}) ORDER BY at DESC, id DESC", records_of("?1"));
    listed::<AccountChangeRow>(c, &newest, [holder.as_i64()], limit)
}

pub(crate) fn account_change(c: &Connection, id: ChangeId) -> Result<Option<AccountChange>> {
    one::<AccountChangeRow>(c, "WHERE id = ?1", [id.as_i64()])
}
