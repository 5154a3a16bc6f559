//! Taking risk levels back that should never have been: each ends where it begins, so it never held,
//! and colours that stood on it alone change back.
//!
//! What a list ended stays ended: it is not known whether it should hold on. Raising it again is a
//! new entry, with its what-if.

use std::collections::HashMap;

use jadegate_domain::division::RegionRisk;
use jadegate_domain::id::ImportId;
use jadegate_domain::record::RecordKind;
use jadegate_domain::{EvidenceId, Timestamp};
use jadegate_store::{Page, Unit, Write};

use super::withdraw::{
    Hands, WithdrawnRecords, above_withdrawals, unknown, withdrawal_error, withdrawn,
};
use crate::app::App;
use crate::author::Taker;
use crate::error::{Kind, Result, ServiceError};

const RECORD: RecordKind = RecordKind::RiskLevel;
/// People counted at most to know whether they are many.
const PEOPLE: u32 = 10_000;

impl App {
    /// Takes one entry back: for the health commission that recorded it, or another one of a region
    /// that holds it.
    pub(super) async fn withdraw_risk_level(
        &self,
        id: EvidenceId,
        by: Taker,
        hands: Hands,
    ) -> Result<WithdrawnRecords> {
        let turn = self.turn_to_change().await?;
        let known = self.store.region_risks(Timestamp::EPOCH).await?.risks;
        let risk = known.into_iter().find(|r| r.id == id).ok_or_else(unknown)?;
        if self.store.withdrawal(RECORD, id.as_i64()).await?.is_some() {
            return Err(withdrawn());
        }
        if hands == Hands::One {
            self.frees_few(std::slice::from_ref(&risk)).await?;
        }
        let mut writes: Vec<_> = self.never_held(risk, by)?.into();
        writes.extend([turn.holds(), self.withdrawal_leaf(RECORD, by, 1)?]);
        writes.extend(self.weigh_hands(by, hands, 1));
        let unit = Unit::new("withdraw_risk_level", writes);
        self.commit_unit(unit).await.map(drop).map_err(withdrawal_error)?;
        turn.end().await;
        Ok(WithdrawnRecords { records: 1, ..WithdrawnRecords::default() })
    }

    /// Takes back all that a list raised, in one unit, and ends what it proposed and still waits. Who
    /// may is for the caller to say; the row that says so stands already.
    pub(super) async fn withdraw_levels_of(
        &self,
        id: ImportId,
        by: Taker,
    ) -> Result<WithdrawnRecords> {
        let turn = self.turn_to_change().await?;
        let mut writes = self.end_proposals_of(id, by).await?;
        let levels = self.levels_of(id).await?;
        let records = levels.len() as u64;
        for risk in levels {
            writes.extend(self.never_held(risk, by)?);
        }
        writes.extend([
            turn.holds(),
            Write::WithdrawImport { id, at: self.now() },
            self.withdrawal_leaf(RecordKind::Import, by, records)?,
        ]);
        self.commit("withdraw_import", writes).await?;
        turn.end().await;
        Ok(WithdrawnRecords { records, ..WithdrawnRecords::default() })
    }

    /// What a list raised and was not taken back by itself.
    ///
    /// # Errors
    /// If a single one of them cannot be read: half a list would leave places red of which nobody could
    /// say why.
    pub(super) async fn levels_of(&self, id: ImportId) -> Result<Vec<RegionRisk>> {
        let known = self.store.region_risks(Timestamp::EPOCH).await?.risks;
        let mut known: HashMap<EvidenceId, RegionRisk> =
            known.into_iter().map(|r| (r.id, r)).collect();
        let authors = self.store.records_of_import(id).await?;
        let (mut levels, mut left) = (Vec::new(), authors.unreadable.len());
        for author in authors.rows.iter().filter(|a| a.record == RECORD) {
            let risk = EvidenceId::from_i64(author.id).and_then(|id| known.remove(&id));
            let Some(risk) = risk else {
                left += 1;
                continue;
            };
            if self.store.withdrawal(RECORD, author.id).await?.is_none() {
                levels.push(risk);
            }
        }
        if left == 0 {
            return Ok(levels);
        }
        Err(ServiceError::new(
            Kind::Unavailable,
            "import.partly_unreadable",
            format!(
                "{left} records of the file cannot be read, so nothing of it was withdrawn. The operator sees which records they are; withdraw the file again when they are put right. Levels that can be read can be withdrawn one by one."
            ),
        ))
    }

    /// Refuses what could free more people than one pair of hands may: those who live where the levels
    /// hold and are not green. Some of them are confined by something else, and others only stayed
    /// there; who it really is takes a what-if of minutes, and a mistake by hand has to be quick.
    pub(super) async fn frees_few(&self, levels: &[RegionRisk]) -> Result<()> {
        let most = u64::from(self.limits().withdrawals_above_per_hour);
        let limit = u32::try_from(most.saturating_add(1)).unwrap_or(u32::MAX).min(PEOPLE);
        let (now, mut people) = (self.now(), 0);
        for risk in levels.iter().filter(|r| r.to.is_none_or(|to| to > now)) {
            let there = self.store.confined(&risk.division, Page::first(limit)).await?;
            people += there.rows.len() as u64 + there.unreadable.len() as u64;
            if people > most {
                return Err(above_withdrawals(None));
            }
        }
        Ok(())
    }

    /// The writes by which a level never held.
    fn never_held(&self, risk: RegionRisk, by: Taker) -> Result<[Write; 3]> {
        let (now, id, to) = (self.now(), risk.id, risk.from);
        let risk = RegionRisk { to: Some(to), ..risk };
        Ok([
            Write::EndRegionRisk { id, to },
            by.row(RECORD, id.as_i64(), now),
            Write::AddLeaf(crate::log::risk_leaf(&risk, now)?),
        ])
    }
}
