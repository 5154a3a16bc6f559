//! Taking back a single record that is kept for the owner of a document.
//!
//! It is no evidence yet, so there is no person whose region says who the second body is: the region of
//! the agency that recorded it does.

use jadegate_domain::record::RecordKind;
use jadegate_domain::{Evidence, EvidenceId};
use jadegate_store::{Precondition, Unit, Write};

use super::withdraw::{Hands, WithdrawnRecords, unknown, withdrawal_error, withdrawn};
use crate::app::App;
use crate::author::Taker;
use crate::error::Result;
use crate::held::Held;

impl App {
    /// Takes it back; `None`: its owner has registered meanwhile, so it is theirs.
    pub(super) async fn withdraw_kept(
        &self,
        id: EvidenceId,
        by: Taker,
        hands: Hands,
    ) -> Result<Option<WithdrawnRecords>> {
        let kept = self.store.kept_record(id).await?.ok_or_else(unknown)?;
        let (held, evidence) = self.kept_evidence(&kept)?;
        let all = self.kept_pieces(kept.document).await?;
        if all.iter().any(|p| p.row.id == id && p.evidence.superseded_by.is_some()) {
            return Err(crate::error::ended());
        }
        let now = self.now();
        let (record, number) = match &held {
            Held::Case { case, .. } => (RecordKind::Case, case.id.as_i64()),
            _ => (RecordKind::Evidence, id.as_i64()),
        };
        let mut writes = vec![
            Write::WithdrawKept { id, at: now },
            by.row(record, number, now),
            self.kept_leaf(&evidence, Some(now))?,
            self.withdrawal_leaf(record, by, 1)?,
        ];
        // What it corrected counts again, which is said of everybody.
        for p in all.iter().filter(|p| Some(p.row.id) == kept.supersedes) {
            let again = Evidence { recorded_at: now, ..p.evidence.clone() };
            writes.push(self.kept_leaf(&again, None)?);
        }
        if evidence.fact.may_confine() {
            writes.extend(self.weigh_hands(by, hands, 1));
        }
        match self.store.commit(Unit::new("withdraw_kept", writes)).await {
            Err(e) if e.is_conflict(Precondition::Exists) => Ok(None),
            // It was taken back before, or its correction came first.
            Err(e) if e.is_conflict(Precondition::Stands) => Err(withdrawn()),
            done => {
                done.map_err(withdrawal_error)?;
                Ok(Some(WithdrawnRecords { records: 1, ..WithdrawnRecords::default() }))
            }
        }
    }
}
