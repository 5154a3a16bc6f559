//! Steps of the mandates, and identity requests.

use jadegate_domain::id::{IdentityRequestId, ProposalId};
use jadegate_domain::{AgencyId, AgencyKind, CaseId, HolderId, IdentityRefusal, StaffId};
use jadegate_store::{IdentityCount, IdentityRequest, IdentityState, MandateStep, MandateStepKind};

use crate::at::{At, Result};
use crate::stored::rows;

rows! {
    MandateStepRow => MandateStep, in "mandate_step" by "number" {
        kind: String, note: Option<String>, at: i64, agency: Option<i64>, staff: Option<i64>,
        proposal: Option<i64>,
    }
    IdentityRequestRow => IdentityRequest, in "identity_request" by "id" {
        holder: Option<i64>, target: Option<String>, of_case: Option<i64>, purpose: Option<String>, why: String,
        agency: i64, agency_kind: String, staff: i64, asked_at: i64, state: String,
        refusal: Option<String>, decided_by: Option<i64>, decided_agency: Option<i64>,
        decided_at: Option<i64>, expires_at: i64, read_at: Option<i64>, shown_from: i64,
    }
}

/// The stored name of a step's kind, and its note.
pub fn mandate_step(kind: &MandateStepKind) -> (&'static str, Option<&str>) {
    match kind {
        MandateStepKind::Published(note) => ("published", Some(note)),
        MandateStepKind::Ended => ("ended", None),
        MandateStepKind::Forgotten => ("forgotten", None),
    }
}

impl MandateStepRow {
    fn check(self, at: At) -> Result<MandateStep> {
        let kind = match (self.kind.as_str(), self.note) {
            ("published", Some(note)) => MandateStepKind::Published(note),
            ("ended", None) => MandateStepKind::Ended,
            ("forgotten", None) => MandateStepKind::Forgotten,
            _ => return Err(at.bad("kind", "not a known name")),
        };
        Ok(MandateStep {
            number: at.count("number", self.row)?,
            kind,
            at: at.time("at", self.at)?,
            agency: at.opt_id("agency", self.agency, AgencyId::from_i64)?,
            staff: at.opt_id("staff", self.staff, StaffId::from_i64)?,
            proposal: at.opt_id("proposal", self.proposal, ProposalId::from_i64)?,
        })
    }
}

fn state_of(at: At, text: &str) -> Result<IdentityState> {
    let state = IdentityState::ALL.into_iter().find(|s| s.as_str() == text);
    state.ok_or_else(|| at.bad("state", "not a known name"))
}

impl IdentityRequestRow {
    fn check(self, at: At) -> Result<IdentityRequest> {
        let by = at.opt_id("decided_by", self.decided_by, StaffId::from_i64)?;
        let by_agency = at.opt_id("decided_agency", self.decided_agency, AgencyId::from_i64)?;
        Ok(IdentityRequest {
            id: at.id("id", self.row, IdentityRequestId::from_i64)?,
            holder: at.opt_id("holder", self.holder, HolderId::from_i64)?,
            target: self.target.map(|t| at.name("target", &t)).transpose()?,
            case: at.opt_id("of_case", self.of_case, CaseId::from_i64)?,
            purpose: self.purpose.map(|p| at.name("purpose", &p)).transpose()?,
            why: self.why,
            agency: at.id("agency", self.agency, AgencyId::from_i64)?,
            agency_kind: at.name("agency_kind", &self.agency_kind)?,
            staff: at.id("staff", self.staff, StaffId::from_i64)?,
            asked_at: at.time("asked_at", self.asked_at)?,
            state: state_of(at, &self.state)?,
            refusal: self.refusal.map(|r| at.name("refusal", &r)).transpose()?,
            decided_by: by.zip(by_agency),
            decided_at: at.opt_time("decided_at", self.decided_at)?,
            expires_at: at.time("expires_at", self.expires_at)?,
            read_at: at.opt_time("read_at", self.read_at)?,
            shown_from: at.time("shown_from", self.shown_from)?,
        })
    }
}

/// A count of identity requests from its columns.
///
/// # Errors
/// If a name is not known.
pub fn identity_count(
    agency_kind: &str,
    state: &str,
    refusal: Option<&str>,
    count: i64,
) -> Result<IdentityCount> {
    let at = At { table: "identity_request", row: 0 };
    Ok(IdentityCount {
        agency_kind: at.name::<AgencyKind>("agency_kind", agency_kind)?,
        state: state_of(at, state)?,
        refusal: refusal.map(|r| at.name::<IdentityRefusal>("refusal", r)).transpose()?,
        count: u64::try_from(count).unwrap_or(0),
    })
}
