//! Release papers: the discharge of a case, the end of a contact's quarantine.

use jadegate_domain::evidence::{ReleaseOf, ReleasePaper};
use jadegate_domain::{EvidenceKind, Fact};
use serde::Deserialize;

use super::recording::{RecordedEvidence, Recording};
use crate::app::App;
use crate::error::Result;
use crate::session::StaffSession;
use crate::staff::access::Counted;
use crate::staff::people::find::{About, Located, Subject, Whom};
use crate::staff::wrong;

/// A release paper as typed.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReleaseInput {
    /// The person who is released.
    #[serde(flatten)]
    pub whom: Whom,
    /// What they are released from.
    pub refers_to: ReleaseOf,
    /// From when, RFC 3339.
    pub released_at: String,
    /// `discharge`, `release` or `confirmation`; left out: the one this kind of agency issues.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ReleasePaper>))]
    pub paper: Option<String>,
}

impl App {
    /// Records a release paper. It must refer to the case or trace that the person's own evidence
    /// names; what colour follows is for the policy to say.
    pub async fn record_release(
        &self,
        session: &StaffSession,
        input: &ReleaseInput,
    ) -> Result<RecordedEvidence> {
        let recorder = self.recorder(session, EvidenceKind::Release)?;
        self.count_look(session.staff().id, Counted::Recording).await?;
        let paper = match input.paper.as_deref() {
            None => Some(ReleasePaper::usual(recorder.agency_kind())),
            Some(name) => name.parse().ok(),
        };
        let Some(paper) = paper.filter(|p| p.may_issue(recorder.agency_kind())) else {
            return Err(wrong(
                "paper",
                "release.bad_paper",
                "Choose a paper that your agency issues: hospitals discharge, the prevention team releases and confirms.",
            ));
        };
        let released_at = self.past_moment("released_at", &input.released_at)?;
        let Located { holder, document } = self.locate(recorder.region(), &input.whom).await?;
        let own = self.store.evidence_of(holder.id).await?.map_or_else(Vec::new, |(_, e)| e);
        let concerns =
            own.iter().filter(|e| e.counts()).any(|e| match (&e.fact, input.refers_to) {
                (Fact::Case { case, .. }, ReleaseOf::Case(of)) => *case == of,
                (Fact::Contact { trace, .. }, ReleaseOf::Trace(of)) => *trace == of,
                _ => false,
            });
        if !concerns {
            return Err(wrong(
                "refers_to",
                "release.refers_to_nothing",
                "This person's record holds no such case or trace; a release must refer to what it ends.",
            ));
        }
        let fact = Fact::Release { refers_to: input.refers_to, released_at, paper };
        let (subject, home) = (Subject::Person(holder.id), Some(holder.home));
        let about = About { subject, document, tube: None, home, silent: false };
        self.record_for(session, &recorder, about, Recording { fact, sample: None }).await
    }
}
