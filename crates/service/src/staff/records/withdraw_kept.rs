//! Taking back a single record that is kept for the owner of a document.
//!
//! It is no evidence yet, so there is no person whose region says who the second body is: the region of
//! the agency that recorded it does.

use jadegate_domain::EvidenceId;
use jadegate_domain::record::RecordKind;
use jadegate_store::{KeptRecord, Precondition, Unit, Write};

use super::withdraw::{Hands, WithdrawnRecords, unknown, withdrawal_error};
use crate::app::App;
use crate::brake::{Held, Taker};
use crate::error::{Result, ServiceError};
use crate::staff::people::moved::fact_of;

impl App {
    /// Takes it back; `None`: its owner has registered meanwhile, so it is theirs.
    pub(super) async fn withdraw_kept(
        &self,
        id: EvidenceId,
        by: Taker,
        hands: Hands,
    ) -> Result<Option<WithdrawnRecords>> {
        let kept = self.store.kept_record(id).await?.ok_or_else(unknown)?;
        let fact = kept_fact(&kept)?;
        let mut writes = vec![
            Write::TakeKept(id),
            by.row(RecordKind::Evidence, id.as_i64(), self.now()),
            self.withdrawal_leaf(RecordKind::Evidence, by, 1)?,
        ];
        if fact.is_some_and(|f| f.may_confine()) {
            writes.extend(self.weigh_hands(by, hands, 1));
        }
        match self.store.commit(Unit::new("withdraw_kept", writes)).await {
            Err(e) if e.is_conflict(Precondition::Exists) => Ok(None),
            done => {
                done.map_err(withdrawal_error)?;
                Ok(Some(WithdrawnRecords { records: 1, ..WithdrawnRecords::default() }))
            }
        }
    }
}

/// What a kept record says of the document's owner.
pub(super) fn kept_fact(kept: &KeptRecord) -> Result<Option<jadegate_domain::Fact>> {
    let row =
        jadegate_store::RowRef { table: "kept_record", column: "body", row: kept.id.as_i64() };
    let held: Held = serde_json::from_str(&kept.body).map_err(|_| ServiceError::unreadable(row))?;
    Ok(fact_of(&held))
}
