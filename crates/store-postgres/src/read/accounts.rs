//! Queries of how people are known: who cares for whom, and what changed.

use jadegate_domain::HolderId;
use jadegate_domain::id::ChangeId;
use jadegate_store::{AccountChange, Listed, Proxy};

use super::links::{main_of, records_of};
use super::{ALL, listed, listed_from, one, one_from};
use crate::connection::Client;
use crate::error::Result;
use jadegate_store_rows::{AccountChangeRow, ProxyRow};

/// Who cares for whom, each person by the main record and once: as long as any of what was agreed for
/// any of their records holds. Nobody cares for themselves.
fn proxies(which: &str) -> String {
    let (person, carer) = (main_of("p.person"), main_of("p.carer"));
    format!(
        "(SELECT * FROM (SELECT {person} AS person, {carer} AS carer, min(p.since) AS since, \
            min(p.child) AS child FROM proxy p WHERE {which} GROUP BY 1, 2) AS pairs \
          WHERE person <> carer) AS proxy"
    )
}

pub(crate) async fn people_of(c: &Client, carer: HolderId) -> Result<Listed<Proxy>> {
    let own = proxies(&format!("p.carer IN ({})", records_of("$1")));
    listed_from::<ProxyRow>(c, &own, "ORDER BY since, person", [carer.as_i64()], ALL).await
}

pub(crate) async fn carers_of(c: &Client, person: HolderId) -> Result<Listed<Proxy>> {
    let own = proxies(&format!("p.person IN ({})", records_of("$1")));
    listed_from::<ProxyRow>(c, &own, "ORDER BY since, carer", [person.as_i64()], ALL).await
}

pub(crate) async fn proxy(c: &Client, person: HolderId, carer: HolderId) -> Result<Option<Proxy>> {
    let (of, by) = (records_of("$1"), records_of("$2"));
    let pair = proxies(&format!("p.person IN ({of}) AND p.carer IN ({by})"));
    one_from::<ProxyRow>(c, &pair, "", [person.as_i64(), carer.as_i64()]).await
}

pub(crate) async fn account_changes(
    c: &Client,
    holder: HolderId,
    limit: u32,
) -> Result<Listed<AccountChange>> {
    let newest = format!("WHERE holder IN ({}) ORDER BY at DESC, id DESC", records_of("$1"));
    listed::<AccountChangeRow>(c, &newest, [holder.as_i64()], limit).await
}

pub(crate) async fn account_change(c: &Client, id: ChangeId) -> Result<Option<AccountChange>> {
    one::<AccountChangeRow>(c, "WHERE id = $1", [id.as_i64()]).await
}
