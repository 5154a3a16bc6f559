//! Opening one person's record.

use jadegate_domain::{
    Assessment, CaseId, Colour, Evidence, EvidenceId, Fact, HolderId, Purpose, Timestamp,
};
use serde::Serialize;

use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::holder::check_in::Quarantine;
use crate::holder::me::{AccessView, EvidenceView};
use crate::named::{AssessmentView, HolderChange, ReasonView, SegmentView};
use crate::session::StaffSession;
use crate::staff::access::{Counted, Look, Power};
use crate::staff::what::What;
use crate::staff::wrong;

/// A person's record as an officer sees it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonRecord {
    /// Who, opaquely.
    pub holder: HolderId,
    /// Name, masked.
    pub name_masked: String,
    /// Where they live.
    pub home_name: String,
    /// Colour and why.
    pub assessment: AssessmentView,
    /// Evidence, newest first.
    pub evidence: Vec<EvidenceView>,
    /// Which of it may be withdrawn by whoever asks: of a case's own piece it is the case.
    pub withdrawable: Vec<EvidenceId>,
    /// Changes of colour, newest first.
    pub history: Vec<HolderChange>,
    /// Are there older ones than are shown here? The person sees all.
    pub more_history: bool,
    /// Their quarantine.
    pub quarantine: Quarantine,
    /// Their colours from the first evidence to the last change that can be foreseen.
    pub timeline: Vec<SegmentView>,
    /// What their own page shows them.
    pub what_they_see: HolderView,
}

/// What a holder's own page shows them.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HolderView {
    /// Colour.
    pub colour: Colour,
    /// Why, as their page says it.
    pub reasons: Vec<ReasonView>,
    /// When it changes by itself.
    pub next_change: Option<Timestamp>,
    /// Are they asked to check in daily?
    pub check_in_expected: bool,
    /// Have they today?
    pub check_in_done: bool,
    /// Who looked at their data, this look included, newest first.
    pub accesses: Vec<AccessView>,
    /// Are there older ones than are shown here? The person sees all.
    pub more_accesses: bool,
}

/// History and looks shown.
const LIST: u32 = 100;

impl App {
    /// Opens one person's record for a purpose that the facts bear out: tracing needs the case the
    /// person belongs to, accompanying needs a person who is not green.
    pub async fn open_holder(
        &self,
        session: &StaffSession,
        holder: HolderId,
        purpose: Purpose,
        case: Option<CaseId>,
    ) -> Result<PersonRecord> {
        let staff = session.need(Power::OpenPerson)?;
        self.count_look(staff.id, Counted::LookUp).await?;
        let look = Look { power: Power::OpenPerson, purpose, what: What::Evidence };
        let person = self.open_person(session, holder, look).await?;
        let assessment = self.assessment(person.id()).await?;
        let own = self.store.evidence_of(person.id()).await?.map_or_else(Vec::new, |(_, e)| e);
        borne_out(purpose, case, &assessment, &own)?;

        let check_in = self.check_in_state(person.id(), &assessment).await?;
        let deciding = self.deciding_evidence(person.id()).await?;
        let quarantine = self.quarantine_of(&assessment, &deciding);
        let history = self.history_of(person.id(), None, LIST).await?;
        let accesses = self.looks_at(person.id(), None, LIST).await?;
        let timeline = self.named_timeline(self.timeline_of(&deciding, person.home())?).await?;
        let assessment = self.named_assessment(assessment).await?;
        Ok(PersonRecord {
            holder: person.id(),
            name_masked: person.name_masked(),
            home_name: self.division_name(person.home()),
            quarantine,
            timeline: timeline.segments,
            withdrawable: self.withdrawable(session, &own, person.home()).await?,
            evidence: self.evidence_views(own).await?,
            more_history: history.next.is_some(),
            history: history.rows,
            what_they_see: HolderView {
                colour: assessment.colour,
                reasons: assessment.reasons.clone(),
                next_change: assessment.next_change,
                check_in_expected: check_in.expected,
                check_in_done: check_in.done_today,
                more_accesses: accesses.next.is_some(),
                accesses: accesses.rows,
            },
            assessment,
        })
    }
}

/// Is the purpose more than a word? The look is written down before this is asked, so that trying
/// purposes leaves its trace.
fn borne_out(
    purpose: Purpose,
    case: Option<CaseId>,
    assessment: &Assessment,
    own: &[Evidence],
) -> Result<()> {
    match (purpose, case) {
        (Purpose::ContactTracing, None) => {
            Err(wrong("case", "case.needed", "Name the case that this person belongs to."))
        }
        (Purpose::ContactTracing, Some(wanted)) => {
            let belongs = own.iter().filter(|e| e.counts()).any(|e| match &e.fact {
                Fact::Case { case, .. } | Fact::Contact { case, .. } => *case == wanted,
                _ => false,
            });
            if belongs {
                return Ok(());
            }
            Err(ServiceError::forbidden(
                "purpose.not_of_this_case",
                "This person is neither the case nor one of its contacts. Choose the purpose that fits your task.",
            ))
        }
        (Purpose::Quarantine, _) if assessment.colour == Colour::Green => {
            Err(ServiceError::forbidden(
                "purpose.not_in_quarantine",
                "This person is not in quarantine. Choose the purpose that fits your task.",
            ))
        }
        _ => Ok(()),
    }
}
