//! Arrivals from abroad.

use jadegate_domain::agency::UnknownName;
use jadegate_domain::evidence::ArrivalPurpose;
use jadegate_domain::{Division, EvidenceKind, Fact};
use serde::Deserialize;

use super::recording::{RecordedEvidence, Recording};
use crate::app::App;
use crate::error::Result;
use crate::session::StaffSession;
use crate::staff::access::Counted;
use crate::staff::people::find::Whom;
use crate::staff::wrong;

/// An arrival as typed.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArrivalInput {
    /// The person who arrived.
    #[serde(flatten)]
    pub whom: Whom,
    /// Country (or division) they came from.
    pub from: String,
    /// When they entered, RFC 3339.
    pub arrived_at: String,
    /// `return`, `work`, `study`, `family`, `tourism`, `medical`, `transit`, `crew`, `official` or
    /// `other`; left out: nobody asked.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ArrivalPurpose>))]
    pub purpose: Option<String>,
}

impl App {
    /// Records an arrival, by document of whoever owns it. The same arrival twice is one.
    pub async fn record_arrival(
        &self,
        session: &StaffSession,
        input: &ArrivalInput,
    ) -> Result<RecordedEvidence> {
        let recorder = self.recorder(session, EvidenceKind::Arrival)?;
        self.count_look(session.staff().id, Counted::Recording).await?;
        let from: Division = input.from.parse().map_err(|_| {
            wrong("from", "division.bad", "Give the country they came from, like JP.")
        })?;
        let purpose = match input.purpose.as_deref() {
            None => ArrivalPurpose::Unstated,
            Some(name) => name
                .parse()
                .map_err(|e: UnknownName| wrong("purpose", "arrival.bad_purpose", e.to_string()))?,
        };
        let arrived_at = self.past_moment("arrived_at", &input.arrived_at)?;
        let about = self.about(recorder.region(), &input.whom).await?;
        let fact = Fact::Arrival { from, arrived_at, purpose };
        self.record_for(session, &recorder, about, Recording { fact, sample: None }).await
    }
}
