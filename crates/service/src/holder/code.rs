//! Opening the code: the one request of the holder's first page.

use jadegate_domain::Timestamp;
use serde::Serialize;

use super::check_in::CheckInState;
use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::health::not_issued;
use crate::in_force::PolicyView;
use crate::named::AssessmentView;
use crate::session::HolderSession;

/// Everything needed to show a code.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShownCode {
    /// `JG1:` and so on, for the QR.
    pub code: String,
    /// Signed at.
    pub issued_at: Timestamp,
    /// Worth nothing from then on.
    pub expires_at: Timestamp,
    /// When the page should ask for the next one.
    pub renew_at: Timestamp,
    /// The server's clock.
    pub server_time: Timestamp,
    /// Name, masked.
    pub name_masked: String,
    /// Colour and reasons.
    pub assessment: AssessmentView,
    /// The policy in force.
    pub policy: PolicyView,
    /// Their daily check-in.
    pub check_in: CheckInState,
}

/// Never shows the code: a log line would be a code to show.
impl std::fmt::Debug for ShownCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShownCode").field("issued_at", &self.issued_at).finish_non_exhaustive()
    }
}

impl App {
    /// Issues a fresh code for the signed-in holder.
    pub async fn show_code(&self, session: &HolderSession) -> Result<ShownCode> {
        // Gates would refuse what such a clock dates, or believe it for too long.
        self.clock_must_hold()?;
        self.must_follow()?;
        let identity = self.identity(session.holder).await?;
        // Green by the evidence of an account that is nobody's is nobody's green.
        if identity.as_ref().is_some_and(|i| i.document.is_none()) {
            return Err(no_document());
        }
        let name_masked = identity.map_or_else(|| NO_NAME.to_owned(), |i| i.name.mask());
        let assessment = self.assessment(session.holder).await?;
        let now = self.now();
        // A code never outlives the colour it shows.
        let left = assessment.next_change.map_or(i64::MAX, |t| t.secs_since(now).max(1));
        let fresh = i64::from(self.policy().fresh_seconds()).min(left);
        let code = jadegate_pass::issue(
            &self.issuer(),
            session.holder,
            assessment.colour,
            now,
            u32::try_from(fresh).unwrap_or(1),
            self.deployment.rng.bytes(),
        )
        .map_err(not_issued)?;
        let check_in = self.check_in_state(session.holder, &assessment).await?;
        Ok(ShownCode {
            issued_at: code.issued_at,
            expires_at: code.expires_at,
            code: code.text,
            renew_at: now.plus_secs(fresh * 2 / 3),
            server_time: now,
            name_masked,
            assessment: self.named_assessment(assessment).await?,
            policy: self.in_force().view(),
            check_in,
        })
    }
}

/// Stands where there is no name.
const NO_NAME: &str = "***";

fn no_document() -> ServiceError {
    ServiceError::forbidden(
        "code.no_document",
        "The document of this account belongs to somebody else and was given to its owner, so the account has no code. Sign out and register again with your own document and this phone; what was recorded of you stays yours.",
    )
}
