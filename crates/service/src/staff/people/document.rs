//! A document that somebody else registered is put right at a counter: one officer, with the person
//! and the document before them, begins; another officer of another agency confirms. The account
//! that had it loses it, and with it what was recorded by it (`moved.rs`), and is signed out
//! everywhere; the person registers anew. An account without a document shows no code.
//!
//! Nothing of the account is shown to either officer, so its home does not matter. Both steps are
//! looks that it can see, each with its leaf of the public log.

use std::sync::Arc;

use jadegate_domain::id::CorrectionId;
use jadegate_domain::{HolderId, Purpose, Timestamp};
use jadegate_store::{
    Correction, CorrectionState, CorrectionWrite, IndexKind, Precondition, StoreError, Unit, Write,
};
use serde::Serialize;

use crate::app::App;
use crate::document::DocumentInput;
use crate::error::{Kind, Result, ServiceError};
use crate::session::StaffSession;
use crate::staff::access::{Counted, Power};
use crate::staff::what::What;
use crate::staff::wrong;

/// How many characters a reason has at most.
const REASON: usize = 300;
/// Corrections listed that have ended.
const LIST: u32 = 200;
/// Days for which corrections are listed.
pub(crate) const LISTED_DAYS: i64 = 30;

#[cfg(feature = "openapi")]
fn correction_states() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    jadegate_domain::openapi::one_of(["waiting", "confirmed", "refused", "expired"])
}

/// A correction as officers see it. Says nothing about the account.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DocumentCorrection {
    /// The id of this correction.
    pub id: CorrectionId,
    /// `waiting`, `confirmed`, `refused` or `expired`.
    #[cfg_attr(feature = "openapi", schema(schema_with = correction_states))]
    pub state: &'static str,
    /// Why, in the first officer's words.
    pub reason: String,
    /// Who began it.
    pub opened_by: String,
    /// Of which agency.
    pub agency: String,
    /// The moment at which it was asked for.
    pub opened_at: Timestamp,
    /// Until when it can be confirmed.
    pub expires_at: Timestamp,
    /// Can the asking officer confirm it? Who began it can only take it back.
    pub may_confirm: bool,
}

impl App {
    /// Begins the release of a document that its owner shows at the counter.
    pub async fn begin_document_correction(
        &self,
        session: &StaffSession,
        document: &DocumentInput,
        reason: &str,
    ) -> Result<DocumentCorrection> {
        let staff = session.need(Power::FindPerson)?;
        self.count_look(staff.id, Counted::LookUp).await?;
        let reason = reason.trim();
        if reason.is_empty()
            || reason.chars().count() > REASON
            || reason.chars().any(char::is_control)
        {
            let detail = format!("Say in 1 to {REASON} characters why, without names or numbers.");
            return Err(wrong("reason", "reason.bad", detail));
        }
        let document = self.deployment.keys.document_index(&self.read_document(document)?);
        let holder = self.store.indexed_holder(IndexKind::Document, document).await?;
        let holder = holder.ok_or_else(|| {
            ServiceError::not_found(
                "document.not_registered",
                "This document is not registered. The person can register it; nothing has to be put right.",
            )
        })?;
        self.must_be_single(holder).await?;
        let now = self.now();
        let correction = Correction {
            id: CorrectionId::from_random(self.deployment.rng.bits()),
            holder,
            document,
            reason: reason.to_owned(),
            opened_by: staff.id,
            opened_at: now,
            expires_at: now.plus_secs(3600 * i64::from(self.limits().proposal_hours)),
            state: CorrectionState::Waiting,
            decided_by: None,
            decided_at: None,
        };
        let mut writes =
            self.access_writes(staff, holder, Purpose::HolderRequest, What::DocumentDisputed)?;
        writes.push(Write::Correction(CorrectionWrite::Add(Box::new(correction.clone()))));
        self.store.commit(Unit::new("begin_correction", writes)).await.map_err(|e| {
            if e.is_conflict(Precondition::Absent) {
                ServiceError::new(
                    Kind::Conflict,
                    "correction.waiting",
                    "A correction for this document waits already. It has to be confirmed or taken back first.",
                )
            } else {
                e.into()
            }
        })?;
        self.correction_view(session, correction).await
    }

    /// A document is taken from one record, not from several that are read as one: which of them it
    /// belongs to has to be clear first.
    async fn must_be_single(&self, holder: HolderId) -> Result<()> {
        if self.links_with(holder).await?.is_empty() {
            return Ok(());
        }
        Err(ServiceError::new(
            Kind::Conflict,
            "correction.records_joined",
            "This record is joined with another one, or may be. Part them first, or decide that they are two people's; then correct the document.",
        ))
    }

    /// Confirms a correction as the second officer, or refuses it; who began it can take it back.
    pub async fn decide_document_correction(
        self: &Arc<Self>,
        session: &StaffSession,
        id: CorrectionId,
        confirm: bool,
    ) -> Result<DocumentCorrection> {
        let staff = session.need(Power::FindPerson)?;
        let correction = self.store.correction(id).await?.ok_or_else(no_such_correction)?;
        if !self.is_near(session, &correction).await? {
            return Err(no_such_correction());
        }
        if confirm && !self.may_confirm(session, &correction).await? {
            return Err(ServiceError::forbidden(
                "correction.second_officer",
                "An officer of another agency has to confirm this, not who began it or a colleague.",
            ));
        }
        if confirm {
            self.must_be_single(correction.holder).await?;
            self.release_document(staff, &correction).await?;
        } else {
            let mut writes = vec![Write::Correction(CorrectionWrite::Decide {
                id,
                confirmed: false,
                by: staff.id,
                at: self.now(),
            })];
            let (purpose, what) = (Purpose::HolderRequest, What::DocumentKept);
            writes.extend(self.access_writes(staff, correction.holder, purpose, what)?);
            let done = self.store.commit(Unit::new("decide_correction", writes)).await;
            done.map_err(|e| over(&e).unwrap_or_else(|| e.into()))?;
        }
        let decided = self.store.correction(id).await?.ok_or_else(no_such_correction)?;
        self.correction_view(session, decided).await
    }

    /// All corrections that wait, and the newest of those that ended in the last days, which an
    /// officer began in this region or around it; newest first each.
    pub async fn document_corrections(
        &self,
        session: &StaffSession,
    ) -> Result<Vec<DocumentCorrection>> {
        let near = &session.need(Power::FindPerson)?.region;
        let now = self.now();
        let since = now.plus_days(-LISTED_DAYS);
        let mut all = self.store.waiting_corrections(near, now).await?;
        all.reverse();
        all.extend(self.store.ended_corrections(near, since, now, LIST).await?);
        let mut views = Vec::new();
        for correction in all {
            views.extend(self.or_set_aside(self.correction_view(session, correction).await)?);
        }
        Ok(views)
    }

    /// Was it begun in this region, or around it? Others are nobody's business here.
    async fn is_near(&self, session: &StaffSession, c: &Correction) -> Result<bool> {
        let here = &session.staff().region;
        let first = self.store.staff(c.opened_by).await?;
        Ok(first.is_some_and(|f| here.contains(&f.region) || f.region.contains(here)))
    }

    /// Another person of another agency.
    async fn may_confirm(&self, session: &StaffSession, c: &Correction) -> Result<bool> {
        let first = self.store.staff(c.opened_by).await?;
        Ok(first.is_some_and(|first| {
            first.id != session.staff().id && first.agency != session.staff().agency
        }))
    }

    async fn correction_view(
        &self,
        session: &StaffSession,
        c: Correction,
    ) -> Result<DocumentCorrection> {
        let by = self.store.staff(c.opened_by).await?;
        let waits = c.state == CorrectionState::Waiting && self.now() < c.expires_at;
        let state = match c.state {
            CorrectionState::Waiting if waits => "waiting",
            CorrectionState::Waiting => "expired",
            CorrectionState::Confirmed => "confirmed",
            CorrectionState::Refused => "refused",
        };
        Ok(DocumentCorrection {
            may_confirm: waits && self.may_confirm(session, &c).await?,
            id: c.id,
            state,
            reason: c.reason,
            opened_by: by.as_ref().map(|s| s.display_name.clone()).unwrap_or_default(),
            agency: by.map(|s| s.agency_name).unwrap_or_default(),
            opened_at: c.opened_at,
            expires_at: c.expires_at,
        })
    }
}

/// What a lost race for a correction is told as.
pub(crate) fn over(e: &StoreError) -> Option<ServiceError> {
    let lost = e.is_conflict(Precondition::Unused) || e.is_conflict(Precondition::Exists);
    lost.then(|| {
        ServiceError::new(
            Kind::Conflict,
            "correction.over",
            "This correction was decided already or has expired. Please begin a new one.",
        )
    })
}

fn no_such_correction() -> ServiceError {
    ServiceError::not_found("correction.unknown", "There is no such correction.")
}
