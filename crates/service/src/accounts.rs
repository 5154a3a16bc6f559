//! Changes of how a person is known: noted, logged, shown to the person.

use jadegate_domain::id::ChangeId;
use jadegate_domain::record::AccountEvent;
use jadegate_domain::{HolderId, Timestamp};
use jadegate_store::{AccountChange, ChangedBy, Write};
use serde::Serialize;

use crate::app::App;
use crate::error::{Result, ServiceError};

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
    /// The writes that note a change, with its leaf of the public log and what was there before,
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
