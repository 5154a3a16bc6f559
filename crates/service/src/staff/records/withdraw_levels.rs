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
use jadegate_store::{Unit, Write};

use super::withdraw::{WithdrawnRecords, may_withdraw, unknown, withdrawal_error, withdrawn};
use crate::app::App;
use crate::brake::Taker;
use crate::error::{Kind, Result, ServiceError};
use crate::session::StaffSession;
use crate::staff::access::Power;

const RECORD: RecordKind = RecordKind::RiskLevel;

impl App {
    /// Takes one entry back: by the health commission that recorded it, or by another one of a region
    /// that holds it.
    pub(super) async fn withdraw_risk_level(
        &self,
        session: &StaffSession,
        id: EvidenceId,
        by: Taker,
    ) -> Result<WithdrawnRecords> {
        let _one = self.locks.changes.lock().await;
        let known = self.store.region_risks(Timestamp::EPOCH).await?.risks;
        let risk = known.into_iter().find(|r| r.id == id).ok_or_else(unknown)?;
        let kind = self.agency_kind(risk.agency).await?;
        let power = Some(Power::SetRegion);
        if !may_withdraw(session, risk.agency, kind, power, &risk.division) {
            return Err(unknown());
        }
        if self.store.withdrawal(RECORD, id.as_i64()).await?.is_some() {
            return Err(withdrawn());
        }
        let mut writes: Vec<_> = self.never_held(risk, by)?.into();
        writes.push(self.withdrawal_leaf(RECORD, by, 1)?);
        writes.extend(self.weigh_withdrawal(by));
        let unit = Unit::new("withdraw_risk_level", writes);
        self.commit_unit(unit).await.map(drop).map_err(withdrawal_error)?;
        Ok(WithdrawnRecords { records: 1, ..WithdrawnRecords::default() })
    }

    /// Takes back all that a list raised, in one unit, and ends what it proposed and still waits. Who
    /// may is for the caller to say; the row that says so stands already.
    pub(super) async fn withdraw_levels_of(
        &self,
        id: ImportId,
        by: Taker,
    ) -> Result<WithdrawnRecords> {
        let _one = self.locks.changes.lock().await;
        let mut writes = self.end_proposals_of(id, by).await?;
        let levels = self.levels_of(id).await?;
        let records = levels.len() as u64;
        for risk in levels {
            writes.extend(self.never_held(risk, by)?);
        }
        writes.extend([
            Write::WithdrawImport { id, at: self.now() },
            self.withdrawal_leaf(RecordKind::Import, by, records)?,
        ]);
        self.commit("withdraw_import", writes).await?;
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
