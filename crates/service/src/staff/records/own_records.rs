//! What one's own agency recorded, to be looked through and taken back.
//!
//! It names nobody, so no look is written: a record is known again by its moment, by what it says, and
//! by what a laboratory calls the sample. Contacts are left out, for they fall with their case.

use std::collections::HashMap;

use jadegate_domain::id::{ImportId, RideId};
use jadegate_domain::record::RecordKind;
use jadegate_domain::{AgencyId, CaseId, EvidenceId, EvidenceKind, Fact, PlaceId, Timestamp};
use jadegate_store::{Authorship, Before, KeptRecord, Latest};
use serde::Serialize;

use crate::app::App;
use crate::error::Result;
use crate::held::Held;
use crate::holder::me::{AgencyName, WithdrawnView};
use crate::parts::{self, Part};
use crate::session::StaffSession;
use crate::staff::access::Power;

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
    /// Of a ride: the trip and its day.
    pub trip: Option<String>,
    /// Who took it back, and why, if anybody did.
    pub withdrawn: Option<WithdrawnView>,
}

/// Entries listed.
const LIST: u32 = 200;

/// A record of a person, or one that is kept for somebody who is not registered.
enum Row {
    Recorded(Authorship),
    Kept(Box<KeptRecord>),
}

impl Row {
    fn at(&self) -> Timestamp {
        match self {
            Self::Recorded(author) => author.at,
            Self::Kept(kept) => kept.kept_at,
        }
    }

    /// Its kind and number, by which records of one moment are ordered.
    const fn number(&self) -> (&'static str, i64) {
        match self {
            Self::Recorded(author) => (author.record.as_str(), author.id),
            Self::Kept(kept) => (RecordKind::Evidence.as_str(), kept.id.as_i64()),
        }
    }
}

impl App {
    /// The newest records of one's own agency.
    pub async fn own_records(&self, session: &StaffSession) -> Result<Vec<OwnRecord>> {
        Ok(self.own_records_before(session, None).await?.rows)
    }

    /// The records of one's own agency, contacts and traces left out, newest first; `before` is the
    /// `next` of the part before. What is kept for people who are not registered stands there as all
    /// others do: the list does not say who is registered. What cannot be read is left out.
    pub async fn own_records_before(
        &self,
        session: &StaffSession,
        before: Option<&str>,
    ) -> Result<Part<OwnRecord>> {
        session.need_any(Power::RECORD)?;
        let names = self.agency_names().await?;
        let asked = parts::asked(before, LIST)?;
        let found = self.own_rows(session.staff().agency, asked).await?;
        let Part { rows, next } = Part::of(found, asked, Row::at);
        let mut views = Vec::new();
        for row in rows {
            let view = match row {
                Row::Recorded(author) => self.recorded_view(author, &names).await,
                Row::Kept(kept) => self.kept_view(*kept, &names).await,
            };
            views.extend(self.or_set_aside(view)?.flatten());
        }
        Ok(Part { rows: views, next })
    }

    /// Both kinds in one order: each from the moment at which the part begins, what was seen of that
    /// moment first.
    async fn own_rows(&self, agency: AgencyId, asked: Latest) -> Result<Vec<Row>> {
        let before = asked.before.map(|b| Before { skip: 0, ..b });
        let all = Latest { before, limit: asked.skip().saturating_add(asked.limit) };
        let kept = self.store.kept_of_agency(agency, all).await?.into_iter();
        let recorded = self.store.own_records(agency, all).await?.into_iter();
        let kept = kept.map(|k| Row::Kept(Box::new(k)));
        let mut rows: Vec<Row> = kept.chain(recorded.map(Row::Recorded)).collect();
        // Of one moment as the store orders them: else those who are not registered would stand first.
        rows.sort_by_key(|r| std::cmp::Reverse((r.at(), r.number())));
        let count = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        Ok(rows.into_iter().skip(count(asked.skip())).take(count(asked.limit)).collect())
    }

    async fn recorded_view(
        &self,
        r: Authorship,
        names: &HashMap<AgencyId, AgencyName>,
    ) -> Result<Option<OwnRecord>> {
        let Some((id, fact)) = self.own_record(&r).await? else { return Ok(None) };
        let taken = self.store.withdrawal(r.record, r.id).await.map_err(Into::into);
        Ok(Some(OwnRecord {
            record: r.record,
            id,
            at: r.at,
            staff: self.staff_name(r.staff).await?,
            import: r.import,
            sample: r.sample,
            fact,
            trip: self.trip_name(r.trip),
            withdrawn: self
                .or_set_aside(taken)?
                .flatten()
                .map(|w| WithdrawnView { by: names.get(&w.agency).cloned(), reason: w.reason }),
        }))
    }

    /// A trip as its carrier names it: the number and the day.
    pub(super) fn trip_name(&self, trip: Option<PlaceId>) -> Option<String> {
        Some(self.memory.place(trip?)?.name.clone())
    }

    async fn kept_view(
        &self,
        kept: KeptRecord,
        names: &HashMap<AgencyId, AgencyName>,
    ) -> Result<Option<OwnRecord>> {
        let (held, evidence) = self.kept_evidence(&kept)?;
        let (record, number, id) = match held {
            Held::Case { case, .. } => (RecordKind::Case, case.id.as_i64(), case.id.to_string()),
            _ => (RecordKind::Evidence, kept.id.as_i64(), kept.id.to_string()),
        };
        let mut taken = self.store.withdrawal(record, number).await?;
        if let (None, Some(import)) = (taken, kept.import) {
            taken = self.store.withdrawal(RecordKind::Import, import.as_i64()).await?;
        }
        Ok(Some(OwnRecord {
            record,
            id,
            at: kept.kept_at,
            staff: self.staff_name(kept.staff).await?,
            import: kept.import,
            sample: kept.sample,
            fact: Some(evidence.fact),
            trip: None,
            withdrawn: taken
                .map(|w| WithdrawnView { by: names.get(&w.agency).cloned(), reason: w.reason }),
        }))
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
