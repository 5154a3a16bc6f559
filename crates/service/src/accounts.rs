//! Changes of how a person is known: noted, logged, shown to the person.

use jadegate_domain::id::ChangeId;
use jadegate_domain::record::{AccountEvent, LinkState};
use jadegate_domain::{HolderId, PersonName, Phone, Timestamp};
use jadegate_store::{
    AccountChange, ChangedBy, CorrectionWrite, IndexKind, RecordLink, SessionSubject, Write,
};
use serde::Serialize;

use crate::app::App;
use crate::error::{Kind, Result, ServiceError};
use crate::vault::Identity;

/// A change that is about to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) holder: HolderId,
    pub(crate) event: AccountEvent,
    pub(crate) by: ChangedBy,
    /// Who cares for the person or did, if it is about that.
    pub(crate) carer: Option<HolderId>,
    pub(crate) at: Timestamp,
}

impl Change {
    /// By the person.
    pub(crate) const fn own(holder: HolderId, event: AccountEvent, at: Timestamp) -> Self {
        Self { holder, event, by: ChangedBy::Person, carer: None, at }
    }
}

impl App {
    /// The writes that note a change, with its leaf of the public log.
    pub(crate) fn note_change(&self, c: Change) -> Result<Vec<Write>> {
        self.change_writes(self.change_id(), c, None)
    }

    /// The same with what was there before,
    /// sealed under the person's own key.
    pub(crate) async fn note_change_from<T: Serialize + Sync>(
        &self,
        c: Change,
        before: &T,
    ) -> Result<Vec<Write>> {
        let id = self.change_id();
        let key = self.store.vault_key(c.holder).await?;
        let key = key.ok_or_else(|| ServiceError::internal("a change of somebody shredded"))?;
        let plain =
            zeroize::Zeroizing::new(serde_json::to_vec(before).map_err(ServiceError::internal)?);
        let rng = self.deployment.rng.as_ref();
        let sealed = self.deployment.keys.seal_for(&key, &format!("change/{id}"), &plain, rng)?;
        self.change_writes(id, c, Some(sealed))
    }

    fn change_id(&self) -> ChangeId {
        ChangeId::from_random(self.deployment.rng.bits())
    }

    fn change_writes(
        &self,
        id: ChangeId,
        c: Change,
        sealed_before: Option<Vec<u8>>,
    ) -> Result<Vec<Write>> {
        let Change { holder, event, by, carer, at } = c;
        let change =
            AccountChange { id, holder, at, event, by, carer, sealed_before, undone_at: None };
        let leaf = crate::log::account_leaf(&self.deployment.keys, &change)?;
        Ok(vec![Write::AddAccountChange(Box::new(change)), Write::AddLeaf(leaf)])
    }
}

/// What can be changed about how a person is known.
#[derive(Clone, Debug)]
pub(crate) enum Detail {
    /// Another phone, or none any more: the old one leads to them no more, and they are signed out
    /// everywhere.
    Phone(Option<Phone>),
    /// Another name, or another spelling.
    Name(PersonName),
}

impl Detail {
    pub(crate) const fn event(&self) -> AccountEvent {
        match self {
            Self::Phone(_) => AccountEvent::PhoneChanged,
            Self::Name(_) => AccountEvent::NameChanged,
        }
    }
}

impl App {
    /// The writes that change a detail, noted and logged with what was there before.
    pub(crate) async fn detail_writes(&self, c: Change, to: &Detail) -> Result<Vec<Write>> {
        let before = self.identity(c.holder).await?.ok_or_else(shredded)?;
        let mut writes = match to {
            Detail::Phone(_) => self.note_change_from(c, &before.phone).await?,
            Detail::Name(_) => self.note_change_from(c, &before.name).await?,
        };
        writes.extend(self.replace_detail(c.holder, &before, to).await?);
        if matches!(to, Detail::Phone(_)) {
            writes.extend(self.phones_of_joined(c).await?);
        }
        Ok(writes)
    }

    /// Whoever changes their phone is led to by the new one alone: those of records that were joined with
    /// theirs lead to them no more, and are noted, so that they are back once the records are parted.
    async fn phones_of_joined(&self, c: Change) -> Result<Vec<Write>> {
        let mut writes = Vec::new();
        let links = self.links_with(c.holder).await?;
        let joined = links.iter().filter(|l| l.main == c.holder && l.state == LinkState::Joined);
        for holder in joined.map(|l| l.record) {
            let Some(identity) = self.identity(holder).await? else { continue };
            if identity.phone.is_some() {
                let of = Change { holder, ..c };
                writes.extend(self.note_change_from(of, &identity.phone).await?);
                writes.extend(self.replace_detail(holder, &identity, &Detail::Phone(None)).await?);
            }
        }
        Ok(writes)
    }

    /// The writes that give a record the phone back that it lost while it was joined with another.
    pub(crate) async fn phone_back(
        &self,
        joined: &RecordLink,
        by: ChangedBy,
    ) -> Result<Vec<Write>> {
        let Some(identity) = self.identity(joined.record).await? else { return Ok(Vec::new()) };
        if identity.phone.is_some() {
            return Ok(Vec::new());
        }
        let all = self.store.account_changes(joined.record, 1_000).await?;
        let lost = all.iter().rfind(|c| {
            let of_this = c.holder == joined.record && c.event == AccountEvent::PhoneChanged;
            of_this && c.at >= joined.at && c.undone_at.is_none()
        });
        let Some((lost, sealed)) = lost.and_then(|c| Some((c, c.sealed_before.as_ref()?))) else {
            return Ok(Vec::new());
        };
        let key = self.store.vault_key(joined.record).await?.ok_or_else(shredded)?;
        let plain = self.deployment.keys.open_for(&key, &format!("change/{}", lost.id), sealed)?;
        let text = |e: serde_json::Error| ServiceError::internal(format!("a change: {e}"));
        let phone: Option<Phone> = serde_json::from_slice(&plain).map_err(text)?;
        let (id, holder, at) = (lost.id, joined.record, self.now());
        let undone = AccountChange { undone_at: Some(at), by, ..lost.clone() };
        let mut writes = vec![
            Write::UndoAccountChange { id, holder, at },
            Write::AddLeaf(crate::log::account_leaf(&self.deployment.keys, &undone)?),
        ];
        writes.extend(self.replace_detail(holder, &identity, &Detail::Phone(phone)).await?);
        Ok(writes)
    }

    /// The same without the note.
    pub(crate) async fn replace_detail(
        &self,
        holder: HolderId,
        before: &Identity,
        to: &Detail,
    ) -> Result<Vec<Write>> {
        let key = self.store.vault_key(holder).await?.ok_or_else(shredded)?;
        let fields = self.store.sealed_fields(holder).await?;
        let (keys, rng, at) = (&self.deployment.keys, self.deployment.rng.as_ref(), self.now());
        let field = |column, plain: &str| {
            keys.replace_field(&key, &fields, (column, plain.as_bytes()), at, rng)
        };
        Ok(match to {
            Detail::Name(name) => vec![field("name", name.reveal())?],
            Detail::Phone(phone) => {
                let kind = IndexKind::Phone;
                let digest = |p: &Phone| keys.phone_index(p);
                let old = before.phone.as_ref().map(digest);
                let mut writes: Vec<_> = old
                    .into_iter()
                    .map(|digest| {
                        Write::Correction(CorrectionWrite::ReleaseIndex { kind, digest, holder })
                    })
                    .collect();
                match phone {
                    Some(phone) => {
                        writes.push(Write::AddIndex { kind, digest: digest(phone), holder });
                        writes.push(field("phone", phone.reveal())?);
                    }
                    None => writes.push(Write::DropSealedField { holder, column: "phone" }),
                }
                writes.push(Write::EndSessionsOf(SessionSubject::Holder(holder)));
                writes
            }
        })
    }
}

fn shredded() -> ServiceError {
    ServiceError::internal("a change of somebody shredded")
}

/// Somebody else changed the same a moment ago.
pub(crate) fn changed_meanwhile() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "details.changed",
        "These details were changed a moment ago. Look at them again before you change them.",
    )
}
