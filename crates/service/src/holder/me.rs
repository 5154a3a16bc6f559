//! What a holder sees about themselves: person, evidence, history of colours, visits, and who looked.

use jadegate_domain::record::{RecordKind, WithdrawalReason};
use jadegate_domain::{Evidence, HolderId, Period, PlaceKind, Presence, Purpose, Timestamp};
use jadegate_store::ColourChange;
use jadegate_trace::KnownVisit;
use serde::Serialize;

use crate::app::App;
use crate::concurrency::read;
use crate::error::{Result, ServiceError};
pub use crate::named::AgencyName;
use crate::named::{HolderChange, named_reasons};
use crate::parts::{self, Part};
use crate::session::HolderSession;
use crate::vault::mask_number;

use super::stays::stays;

/// The holder's own data, masked.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Profile {
    /// Name, masked.
    pub name_masked: String,
    /// Document number, all but its last two characters masked; empty if the account has none.
    pub document_masked: String,
    /// Document type; `None`: the document was given to its owner, and there is no code before the
    /// account has one of its own.
    pub document_type: Option<jadegate_domain::DocumentType>,
    /// Phone, masked; `null` of somebody registered at a counter who has none.
    pub phone_masked: Option<String>,
    /// Nationality, alpha-2.
    pub nationality: String,
    /// Home division.
    pub home_division: jadegate_domain::Division,
    /// Its name.
    pub home_name: String,
    /// Since when.
    pub registered_at: Timestamp,
    /// Language of messages.
    pub language: String,
}

/// One piece of evidence with the name of who recorded it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EvidenceView {
    /// The piece.
    #[serde(flatten)]
    pub evidence: Evidence,
    /// Its kind.
    pub kind: jadegate_domain::EvidenceKind,
    /// Who recorded it; `None`: you.
    pub by: Option<AgencyName>,
    /// Does it count now?
    pub counts: bool,
    /// Who took it back, and why, if anybody did.
    pub withdrawn: Option<WithdrawnView>,
    /// Was it recorded first for another account, which held this person's document, and moved here
    /// with the document?
    pub moved: bool,
}

/// Who took a record back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WithdrawnView {
    /// The agency that took it back; absent if its name is not known.
    pub by: Option<AgencyName>,
    /// The reason given for it.
    pub reason: WithdrawalReason,
}

/// One visit.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitView {
    /// The place visited.
    pub place: PlaceView,
    /// From.
    pub entered: Timestamp,
    /// Until, if known.
    pub left: Option<Timestamp>,
    /// How it is known.
    pub presence: Presence,
    /// Whose list it is from, if a carrier told who was aboard.
    pub by: Option<AgencyName>,
}

/// A place as holders see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlaceView {
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: PlaceKind,
    /// The division in which it lies, by name.
    pub division_name: String,
}

/// One look at the holder's data.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessView {
    /// The moment of the look.
    pub at: Timestamp,
    /// The agency whose staff looked; absent if its name is not known.
    pub agency: Option<AgencyName>,
    /// The purpose for which the law allows it.
    pub purpose: Purpose,
    /// What was read.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::staff::What))]
    pub what: String,
}

/// Lists a holder sees are at most this long.
const LIST: u32 = 500;

impl App {
    /// The signed-in holder's own data.
    pub async fn profile(&self, session: &HolderSession) -> Result<Profile> {
        let gone = || ServiceError::not_found("holder.not_found", "There is no such holder.");
        let holder = self.store.holder(session.holder).await?.ok_or_else(gone)?;
        let i = self.identity(session.holder).await?.ok_or_else(gone)?;
        Ok(Profile {
            name_masked: i.name.mask(),
            document_masked: i
                .document
                .as_ref()
                .map_or_else(String::new, |d| mask_number(d.reveal())),
            document_type: i.document.map(|d| d.doc_type()),
            phone_masked: i.phone.map(|p| p.mask()),
            nationality: i.nationality,
            home_name: self.division_name(&holder.home),
            home_division: holder.home,
            registered_at: holder.registered_at,
            language: i.language,
        })
    }

    /// The holder's evidence, newest first.
    pub async fn my_evidence(&self, session: &HolderSession) -> Result<Vec<EvidenceView>> {
        let own = self.store.evidence_of(session.holder).await?.map_or_else(Vec::new, |(_, e)| e);
        self.evidence_views(own).await
    }

    /// Evidence with the names of who recorded it and who took it back, newest first.
    pub(crate) async fn evidence_views(&self, own: Vec<Evidence>) -> Result<Vec<EvidenceView>> {
        let names = self.agency_names().await?;
        let mut views = Vec::with_capacity(own.len());
        for e in own.into_iter().rev() {
            let withdrawn = match e.withdrawn_at {
                Some(_) => self.store.withdrawal(RecordKind::Evidence, e.id.as_i64()).await?,
                None => None,
            };
            let author = self.store.authorship(RecordKind::Evidence, e.id.as_i64()).await?;
            views.push(EvidenceView {
                moved: author.is_some_and(|a| a.moved_from.is_some()),
                kind: e.fact.kind(),
                by: e.agency.and_then(|a| names.get(&a).cloned()),
                counts: e.counts(),
                withdrawn: withdrawn
                    .map(|w| WithdrawnView { by: names.get(&w.agency).cloned(), reason: w.reason }),
                evidence: e,
            });
        }
        Ok(views)
    }

    /// The holder's changes of colour, newest first.
    pub async fn my_history(&self, session: &HolderSession) -> Result<Vec<HolderChange>> {
        Ok(self.my_history_before(session, None).await?.rows)
    }

    /// The same from a place on: `before` is the `next` of the part before.
    pub async fn my_history_before(
        &self,
        session: &HolderSession,
        before: Option<&str>,
    ) -> Result<Part<HolderChange>> {
        self.history_of(session.holder, before, LIST).await
    }

    /// Somebody's changes of colour, newest first.
    pub(crate) async fn history_of(
        &self,
        holder: HolderId,
        before: Option<&str>,
        most: u32,
    ) -> Result<Part<HolderChange>> {
        let asked = parts::asked(before, most)?;
        let names = self.agency_names().await?;
        let changes = self.store.colour_changes(holder, asked).await?;
        let change = |c: ColourChange| HolderChange {
            at: c.at,
            from: c.from,
            to: c.to,
            reasons: named_reasons(c.assessment.reasons, &names),
        };
        Ok(Part::of(changes, asked, |c| c.at).map(change))
    }

    /// The holder's visits within retention, newest first.
    pub async fn my_visits(&self, session: &HolderSession) -> Result<Vec<VisitView>> {
        let names = self.agency_names().await?;
        let now = self.now();
        let days = i64::from(self.policy().retention_days());
        let period = Period { from: now.plus_days(-days), to: now.plus_days(1) };
        let index = read(&self.memory.index).clone();
        let visits = index.visits_counted_for(session.holder, period).collect();
        let policy = self.policy();
        let assumed_end = |place, entered: Timestamp| {
            let kind = self.memory.place(place).map_or(PlaceKind::Other, |p| p.kind);
            entered.plus_secs(60 * i64::from(policy.assumed_stay_minutes(kind)))
        };
        let visits = stays(visits, assumed_end);
        // A trip belongs to the carrier that told of it.
        let told_by = |v: &KnownVisit| {
            let listed = v.presence == Presence::Imported;
            let place = listed.then(|| self.memory.place(v.place)).flatten()?;
            names.get(&place.agency.filter(|_| place.kind.is_vehicle())?).cloned()
        };
        let view = |v: KnownVisit| VisitView {
            by: told_by(&v),
            place: self.place_view(v.place),
            entered: v.entered,
            left: v.left,
            presence: v.presence,
        };
        Ok(visits.into_iter().map(view).collect())
    }

    /// Who looked at the holder's data, newest first.
    pub async fn my_accesses(&self, session: &HolderSession) -> Result<Vec<AccessView>> {
        Ok(self.my_accesses_before(session, None).await?.rows)
    }

    /// The same from a place on: `before` is the `next` of the part before.
    pub async fn my_accesses_before(
        &self,
        session: &HolderSession,
        before: Option<&str>,
    ) -> Result<Part<AccessView>> {
        self.looks_at(session.holder, before, LIST).await
    }

    /// Who looked at somebody's data, newest first.
    pub(crate) async fn looks_at(
        &self,
        holder: HolderId,
        before: Option<&str>,
        most: u32,
    ) -> Result<Part<AccessView>> {
        let asked = parts::asked(before, most)?;
        let names = self.agency_names().await?;
        let accesses = self.store.accesses_of(holder, asked).await?;
        let view = |a: jadegate_domain::Access| AccessView {
            at: a.at,
            agency: names.get(&a.agency).cloned(),
            purpose: a.purpose,
            what: a.what,
        };
        Ok(Part::of(accesses, asked, |a| a.at).map(view))
    }

    pub(crate) fn place_view(&self, id: jadegate_domain::PlaceId) -> PlaceView {
        self.memory.place(id).map_or_else(
            || PlaceView {
                name: id.to_string(),
                kind: PlaceKind::Other,
                division_name: String::new(),
            },
            |p| PlaceView {
                name: p.name.clone(),
                kind: p.kind,
                division_name: self.division_name(&p.division),
            },
        )
    }

    /// A division's full name, or its code if no table knows it.
    pub fn division_name(&self, division: &jadegate_domain::Division) -> String {
        jadegate_divisions::Directory::embedded()
            .full_name(division, " ")
            .unwrap_or_else(|| division.to_string())
    }
}
