//! Records that are of one person, or may be ([decision 0060]).
//!
//! Evidence, visits and documents stay with the record they were recorded of; a link says which are read
//! as one. So nothing is moved when two are joined, and nothing is lost when they are parted. While it is
//! not decided, the strictest colour holds for both.
//!
//! [decision 0060]: ../../../docs/decisions/0060-two-records-of-one-person.md

use jadegate_domain::record::{AccountEvent, LinkState};
use jadegate_domain::{Evidence, HolderId, Timestamp};
use jadegate_store::{ChangedBy, RecordLink, SessionSubject, Write};
use serde::Serialize;

use crate::accounts::Change;
use crate::app::App;
use crate::assess::gone;
use crate::error::{Kind, Result, ServiceError};
use crate::named::AgencyName;
use crate::relevant::sets;

/// A record that is linked with somebody's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkedRecord {
    /// The record that was joined with the main one, or may be: names the link.
    pub record: HolderId,
    /// The name of the other record, masked.
    pub name_masked: String,
    /// The end of the other record's document; empty if it has none.
    pub document_masked: String,
    /// Asked for, joined or contested.
    pub state: LinkState,
    /// Since when it is so.
    pub since: Timestamp,
    /// Whose counter said so; `None`: the person.
    pub by: Option<AgencyName>,
}

impl App {
    /// The main record of whoever has this one.
    pub(crate) async fn main_record(&self, record: HolderId) -> Result<HolderId> {
        let links = self.store.links_of(record).await?;
        let own = links.iter().find(|l| l.record == record && l.state == LinkState::Joined);
        Ok(own.map_or(record, |l| l.main))
    }

    /// The records that are linked with somebody's, as they and a counter see them.
    pub(crate) async fn linked_records(&self, holder: HolderId) -> Result<Vec<LinkedRecord>> {
        let names = self.agency_names().await?;
        let mut views = Vec::new();
        for link in self.links_with(holder).await? {
            let other = if link.record == holder { link.main } else { link.record };
            let identity = self.identity(other).await?;
            let document = identity.as_ref().and_then(|i| i.document.as_ref());
            views.push(LinkedRecord {
                record: link.record,
                name_masked: identity.as_ref().map_or_else(|| "***".to_owned(), |i| i.name.mask()),
                document_masked: document
                    .map_or_else(String::new, |d| crate::vault::mask_number(d.reveal())),
                state: link.state,
                since: link.at,
                by: link.by.agency().and_then(|a| names.get(&a).cloned()),
            });
        }
        Ok(views)
    }

    /// The links that a record has itself. Others with its main record are another's business.
    pub(crate) async fn links_with(&self, holder: HolderId) -> Result<Vec<RecordLink>> {
        let mut links = self.store.links_of(holder).await?;
        links.retain(|l| l.record == holder || l.main == holder);
        Ok(links)
    }

    /// The evidence that somebody's colour comes from: their own, and while nobody has decided whether
    /// another record is theirs as well, that of which the strictest colour comes.
    pub(crate) async fn deciding_evidence(&self, holder: HolderId) -> Result<Vec<Evidence>> {
        let record = self.store.record_of(holder).await?.ok_or_else(gone)?;
        if record.beside.is_empty() && record.undecided.is_empty() {
            return Ok(record.evidence);
        }
        let rule_set = self.rule_set();
        let policy = rule_set.policy_at(Some(&record.home));
        let sets = sets(&record.evidence, &record.beside, &record.undecided, &rule_set.regions)?;
        let strictest = jadegate_policy::strictest(&sets, &policy, rule_set.now);
        let of = strictest.and_then(|(n, _)| sets.get(n)).into_iter().flatten();
        Ok(of.filter(|e| e.holder.is_some()).map(|e| (*e).clone()).collect())
    }

    /// The writes that change a link, note it for both records and log it. Who leaves a joined record, or
    /// enters one, is signed out: what they see afterwards is another record.
    pub(crate) fn link_writes(
        &self,
        from: Option<RecordLink>,
        to: LinkChange,
    ) -> Result<Vec<Write>> {
        let LinkChange { record, main, state, by, at } = to;
        let split_at =
            from.and_then(|l| l.split_at).filter(|_| state.is_some_and(LinkState::is_split));
        let link = state.map(|state| RecordLink { record, main, state, at, by, split_at });
        let mut writes = match (link, from) {
            (Some(link), replaces) => vec![Write::PutLink { link, replaces }],
            (None, Some(from)) => vec![Write::EndLink(from)],
            (None, None) => return Err(no_such_link()),
        };
        let event = match state {
            Some(LinkState::Asked) => AccountEvent::JoinAsked,
            Some(LinkState::Joined) => AccountEvent::RecordsJoined,
            Some(LinkState::Contested) => AccountEvent::JoinContested,
            Some(LinkState::Split) => AccountEvent::RecordSplit,
            Some(LinkState::Disputed) => AccountEvent::SplitContested,
            None => AccountEvent::RecordsParted,
        };
        for holder in [main, record] {
            writes.extend(self.note_change(Change { holder, event, by, carer: None, at })?);
        }
        let were_joined = from.is_some_and(|l| l.state == LinkState::Joined);
        if were_joined {
            writes.push(Write::EndSessionsOf(SessionSubject::Holder(main)));
        }
        if were_joined || state == Some(LinkState::Joined) {
            writes.push(Write::EndSessionsOf(SessionSubject::Holder(record)));
        }
        Ok(writes)
    }
}

/// What a link becomes; without a state it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkChange {
    pub(crate) record: HolderId,
    pub(crate) main: HolderId,
    pub(crate) state: Option<LinkState>,
    pub(crate) by: ChangedBy,
    pub(crate) at: Timestamp,
}

/// Which of two records is to be the main one, given their links: the first, unless it is joined with
/// others or the second has some. An error if that cannot be, or if they are not free for each other.
pub(crate) fn pair(
    first: (HolderId, &[RecordLink]),
    second: (HolderId, &[RecordLink]),
) -> Result<(HolderId, HolderId, Option<RecordLink>)> {
    let between = |l: &&RecordLink| {
        [l.record, l.main].contains(&first.0) && [l.record, l.main].contains(&second.0)
    };
    if let Some(link) = first.1.iter().find(between) {
        return Ok((link.main, link.record, Some(*link)));
    }
    let is_record = |(id, links): (HolderId, &[RecordLink])| links.iter().any(|l| l.record == id);
    let is_main = |(id, links): (HolderId, &[RecordLink])| links.iter().any(|l| l.main == id);
    match (is_record(first) || is_record(second), is_main(first), is_main(second)) {
        (false, _, false) => Ok((first.0, second.0, None)),
        (false, false, true) => Ok((second.0, first.0, None)),
        _ => Err(ServiceError::new(
            Kind::Conflict,
            "records.linked",
            "One of these records is linked with another one already, or both are. Decide about those first, or part them.",
        )),
    }
}

pub(crate) fn no_such_link() -> ServiceError {
    ServiceError::not_found(
        "records.not_linked",
        "These records are not linked, or no more. Look at the list again.",
    )
}

pub(crate) fn changed_meanwhile() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "records.changed",
        "Somebody else decided about these records a moment ago. Look at the list again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u64) -> HolderId {
        HolderId::from_random(n)
    }

    fn link(record: u64, main: u64) -> RecordLink {
        let (state, by, at) = (LinkState::Joined, ChangedBy::Person, Timestamp::EPOCH);
        RecordLink { record: id(record), main: id(main), state, at, by, split_at: None }
    }

    #[test]
    fn the_one_that_others_are_joined_with_stays_the_main_one() {
        let pair = |a: u64, of_a: &[RecordLink], b: u64, of_b: &[RecordLink]| {
            pair((id(a), of_a), (id(b), of_b))
                .map(|(main, record, link)| (main.as_i64(), record.as_i64(), link.is_some()))
        };
        assert_eq!(pair(1, &[], 2, &[]).unwrap(), (1, 2, false));
        assert_eq!(pair(1, &[link(3, 1)], 2, &[]).unwrap(), (1, 2, false));
        assert_eq!(pair(1, &[], 2, &[link(3, 2)]).unwrap(), (2, 1, false));
        assert_eq!(pair(1, &[link(1, 2)], 2, &[link(1, 2)]).unwrap(), (2, 1, true));
        for (a, b) in [(link(1, 3), None), (link(3, 1), Some(link(4, 2)))] {
            let b: Vec<_> = b.into_iter().collect();
            assert_eq!(pair(1, &[a], 2, &b).unwrap_err().code, "records.linked");
        }
        assert_eq!(pair(1, &[], 2, &[link(2, 3)]).unwrap_err().code, "records.linked");
    }
}
