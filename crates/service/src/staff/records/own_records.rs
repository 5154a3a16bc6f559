//! What one's own agency recorded, to be looked through and taken back.
//!
//! It names nobody, so no look is written: a record is known again by its moment, by what it says, and
//! by what a laboratory calls the sample. Contacts are left out, for they fall with their case.

use std::collections::HashMap;

use jadegate_domain::id::{ImportId, RideId};
use jadegate_domain::record::RecordKind;
use jadegate_domain::{AgencyId, CaseId, EvidenceId, EvidenceKind, Fact, Timestamp};
use jadegate_store::Authorship;
use serde::Serialize;

use crate::app::App;
use crate::brake::Held;
use crate::error::Result;
use crate::holder::me::{AgencyName, WithdrawnView};
use crate::session::StaffSession;
use crate::staff::access::{Power, not_yours};

/// A record of one's own agency. It names nobody.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnRecord {
    /// What kind of record.
    pub record: RecordKind,
    /// Its id, to withdraw it by.
    pub id: String,
    /// When it was recorded.
    pub at: Timestamp,
    /// The colleague by name; `None`: the machine's own command line, or the program itself.
    pub staff: Option<String>,
    /// The file it came from.
    pub import: Option<ImportId>,
    /// What the laboratory calls the sample.
    pub sample: Option<String>,
    /// What it says, if that is not told elsewhere.
    pub fact: Option<Fact>,
    /// Who took it back, and why, if anybody did.
    pub withdrawn: Option<WithdrawnView>,
}

/// Entries listed.
const LIST: u32 = 200;

impl App {
    /// The newest records of one's own agency, contacts and traces left out. What cannot be read is
    /// left out as well.
    pub async fn own_records(&self, session: &StaffSession) -> Result<Vec<OwnRecord>> {
        let record = [
            Power::RecordTest,
            Power::RecordCase,
            Power::RecordArrival,
            Power::RecordRelease,
            Power::RecordRides,
        ];
        if !record.iter().any(|p| session.may(*p)) {
            return Err(not_yours());
        }
        let names = self.agency_names().await?;
        let mut rows = self.kept_records(session, &names).await?;
        for r in self.store.own_records(session.staff().agency, LIST).await? {
            let Some((id, fact)) = self.or_set_aside(self.own_record(&r).await)?.flatten() else {
                continue;
            };
            let taken = self.store.withdrawal(r.record, r.id).await.map_err(Into::into);
            rows.push(OwnRecord {
                record: r.record,
                id,
                at: r.at,
                staff: self.staff_name(r.staff).await?,
                import: r.import,
                sample: r.sample,
                fact,
                withdrawn: self
                    .or_set_aside(taken)?
                    .flatten()
                    .map(|w| WithdrawnView { by: names.get(&w.agency).cloned(), reason: w.reason }),
            });
        }
        rows.sort_by_key(|r| std::cmp::Reverse(r.at));
        rows.truncate(LIST as usize);
        Ok(rows)
    }

    /// What is kept of the agency's records for people who are not registered, as all others stand
    /// there: the list does not say who is registered.
    async fn kept_records(
        &self,
        session: &StaffSession,
        names: &HashMap<AgencyId, AgencyName>,
    ) -> Result<Vec<OwnRecord>> {
        let mut rows = Vec::new();
        for kept in self.store.kept_of_agency(session.staff().agency, LIST).await? {
            let Some((held, evidence)) = self.or_set_aside(self.kept_evidence(&kept))? else {
                continue;
            };
            let (record, number, id) = match held {
                Held::Case { case, .. } => {
                    (RecordKind::Case, case.id.as_i64(), case.id.to_string())
                }
                _ => (RecordKind::Evidence, kept.id.as_i64(), kept.id.to_string()),
            };
            let mut taken = self.store.withdrawal(record, number).await?;
            if let (None, Some(import)) = (taken, kept.import) {
                taken = self.store.withdrawal(RecordKind::Import, import.as_i64()).await?;
            }
            rows.push(OwnRecord {
                record,
                id,
                at: kept.kept_at,
                staff: self.staff_name(kept.staff).await?,
                import: kept.import,
                sample: kept.sample,
                fact: Some(evidence.fact),
                withdrawn: taken
                    .map(|w| WithdrawnView { by: names.get(&w.agency).cloned(), reason: w.reason }),
            });
        }
        Ok(rows)
    }

    /// The id of a record and what it says; `None` for what is not taken back by itself.
    pub(super) async fn own_record(
        &self,
        r: &Authorship,
    ) -> Result<Option<(String, Option<Fact>)>> {
        match r.record {
            RecordKind::Evidence => {
                let Some(id) = EvidenceId::from_i64(r.id) else { return Ok(None) };
                let Some(piece) = self.store.evidence(id).await? else { return Ok(None) };
                let own = !matches!(piece.fact.kind(), EvidenceKind::Contact | EvidenceKind::Case);
                Ok(own.then(|| (id.to_string(), Some(piece.fact))))
            }
            RecordKind::Case => {
                let Some(id) = CaseId::from_i64(r.id) else { return Ok(None) };
                let Some(case) = self.store.case(id).await? else { return Ok(None) };
                Ok(Some((id.to_string(), Some(crate::staff::cases::case_fact(&case)))))
            }
            RecordKind::Ride => Ok(RideId::from_i64(r.id).map(|id| (id.to_string(), None))),
            // Files and risk levels have lists of their own, traces fall with their case.
            RecordKind::Trace
            | RecordKind::RiskLevel
            | RecordKind::RiskLevelEnd
            | RecordKind::Import => Ok(None),
        }
    }
}
