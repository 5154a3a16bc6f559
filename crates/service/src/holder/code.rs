//! Opening the code: the one request of the holder's first page.

use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jadegate_domain::time::DAY;
use jadegate_domain::{HolderId, Period, Timestamp};
use jadegate_pass::IssuedCode;
use serde::Serialize;

use super::check_in::CheckInState;
use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::health::not_issued;
use crate::in_force::PolicyView;
use crate::named::AssessmentView;
use crate::openings::{Basis, Known, Shown};
use crate::session::{HolderSession, TOKEN_LENGTH, signed_out, token_digest};
use crate::vault::Identity;

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
    /// Names what stands beside the code (name, colour and reasons, policy, check-in), but for the moment it was
    /// looked at: as long as `GET /v1/me/code/next` says the same, all of it is still so.
    pub shown: String,
}

/// A fresh code alone, for a page that shows the rest already.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NextCode {
    /// `JG1:` and so on, for the QR.
    pub code: String,
    /// Signed at, which is what the server's clock reads.
    pub server_time: Timestamp,
    /// Worth nothing so many seconds later.
    pub fresh: u32,
    /// The page should ask for the next one so many seconds later.
    pub renew: u32,
    /// What stands beside it. Another one than the page shows: what it shows holds no longer, and the
    /// code must not be shown beside it; `GET /v1/me/code` says what does.
    pub shown: String,
}

/// Never shows the code.
impl std::fmt::Debug for NextCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NextCode").field("server_time", &self.server_time).finish_non_exhaustive()
    }
}

/// Never shows the code: a log line would be a code to show.
impl std::fmt::Debug for ShownCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShownCode").field("issued_at", &self.issued_at).finish_non_exhaustive()
    }
}

/// A code, and the seconds for which it is fresh.
struct Issued {
    code: IssuedCode,
    fresh: i64,
}

impl App {
    /// Issues a fresh code for the signed-in holder, with everything their page shows.
    pub async fn show_code(&self, session: &HolderSession) -> Result<ShownCode> {
        self.show(&self.look(session.holder).await?)
    }

    /// The same for whoever holds the token of a session: what stands beside the code is only put together
    /// when something of it has changed.
    ///
    /// # Errors
    /// Those of [`holder_session`](Self::holder_session) and [`show_code`](Self::show_code).
    pub async fn open_code(&self, token: &str) -> Result<ShownCode> {
        self.show(&*self.opened(token).await?)
    }

    /// A fresh code alone, for whoever holds the token of a session.
    ///
    /// # Errors
    /// As [`open_code`](Self::open_code).
    pub async fn next_code(&self, token: &str) -> Result<NextCode> {
        self.next(&*self.opened(token).await?)
    }

    /// A fresh code alone, for the holder whom a session acts for.
    pub async fn next_code_of(&self, session: &HolderSession) -> Result<NextCode> {
        self.next(&self.look(session.holder).await?)
    }

    fn show(&self, known: &Known) -> Result<ShownCode> {
        let Issued { code, fresh } = self.issue(known)?;
        let now = code.issued_at;
        let Shown { name_masked, assessment, policy, check_in, tag } = known.shown.clone();
        Ok(ShownCode {
            issued_at: now,
            expires_at: code.expires_at,
            code: code.text,
            renew_at: now.plus_secs(renew_after(fresh)),
            server_time: now,
            name_masked,
            assessment: AssessmentView { at: now, ..assessment },
            policy,
            check_in,
            shown: tag,
        })
    }

    fn next(&self, known: &Known) -> Result<NextCode> {
        let Issued { code, fresh } = self.issue(known)?;
        let seconds = |n: i64| u32::try_from(n).unwrap_or(0);
        Ok(NextCode {
            code: code.text,
            server_time: code.issued_at,
            fresh: seconds(fresh),
            renew: seconds(renew_after(fresh)),
            shown: known.shown.tag.clone(),
        })
    }

    /// Signs a code of the colour that is known.
    fn issue(&self, known: &Known) -> Result<Issued> {
        // Gates would refuse what such a clock dates, or believe it for too long.
        self.clock_must_hold()?;
        self.must_follow()?;
        let now = self.now();
        self.must_have_mandate_at(now)?;
        // A code never outlives the colour it shows.
        let left = known.next_change.map_or(i64::MAX, |t| t.secs_since(now).max(1));
        let fresh = i64::from(known.in_force.policy.fresh_seconds()).min(left);
        let code = jadegate_pass::issue(
            &self.issuer(),
            known.holder,
            known.colour,
            now,
            u32::try_from(fresh).unwrap_or(1),
            self.deployment.rng.bytes(),
        )
        .map_err(not_issued)?;
        self.memory.issued.note(&code.text);
        Ok(Issued { code, fresh })
    }

    /// What is known of an opening if nothing that it rests on has changed, or else what is found. The store is
    /// asked each time, for all of that at once: whether the session has ended, and whatever was recorded, by
    /// whichever server. Policy and risk levels follow the store, as everywhere.
    async fn opened(&self, token: &str) -> Result<Arc<Known>> {
        if token.len() != TOKEN_LENGTH {
            return Err(signed_out());
        }
        let token_digest = token_digest(token);
        let now = self.now();
        let Some(basis) = self.basis(token_digest, now).await? else {
            self.memory.openings.forget(&token_digest);
            return Err(signed_out());
        };
        if let Some(known) = self.memory.openings.get(&token_digest, &basis, now)
            && self.still_holds(&known, now)
        {
            return Ok(known);
        }
        let session = self.holder_session(token).await?;
        let known = self.look(session.holder).await?;
        // What changed meanwhile may be in it or not: only if nothing did, all of it is of these contents.
        if known.all_named && self.basis(token_digest, now).await? == Some(basis) {
            self.memory.openings.put(token_digest, basis, known.clone(), now);
        }
        Ok(Arc::new(known))
    }

    async fn basis(&self, token_digest: [u8; 32], now: Timestamp) -> Result<Option<Basis>> {
        let contents = self.store.opening(token_digest, now).await?;
        Ok(contents.map(|bytes| sha256(&bytes)))
    }

    /// Is what everybody is judged by still the same, and the day?
    fn still_holds(&self, known: &Known, now: Timestamp) -> bool {
        known.holds.contains(now)
            && Arc::ptr_eq(&known.in_force, &self.memory.policy.load())
            && known.regions_version == self.memory.regions.load().version
    }

    /// What stands beside a holder's code now.
    async fn look(&self, holder: HolderId) -> Result<Known> {
        self.clock_must_hold()?;
        self.must_follow()?;
        // Before anything is looked at: what is newer than these is not taken for theirs.
        let (from, in_force) = (self.now(), self.in_force());
        self.must_have_mandate_at(from)?;
        let regions_version = self.memory.regions.load().version;
        let identity = self.identity(holder).await?;
        // Green by the evidence of an account that is nobody's is nobody's green.
        must_have_document(identity.as_ref())?;
        let assessment = self.assessment(holder).await?;
        let (colour, next_change) = (assessment.colour, assessment.next_change);
        let check_in = self.check_in_state(holder, &assessment).await?;
        let name_masked = identity.map_or_else(|| NO_NAME.to_owned(), |i| i.name.mask());
        let agencies: usize = assessment.reasons.iter().map(|r| r.agencies.len()).sum();
        let assessment = self.named_assessment(assessment).await?;
        let named: usize = assessment.reasons.iter().map(|r| r.agencies.len()).sum();
        let policy = in_force.view();
        let tag = tag(&name_masked, &assessment, &policy, check_in)?;
        let midnight = next_day(from, in_force.policy.calendar().zone());
        let to = next_change.map_or(midnight, |change| change.min(midnight));
        let shown = Shown { name_masked, assessment, policy, check_in, tag };
        let holds = Period { from, to };
        let all_named = agencies == named;
        Ok(Known {
            holder,
            colour,
            next_change,
            in_force,
            regions_version,
            holds,
            all_named,
            shown,
        })
    }
}

/// Seconds after which a page asks for the next code.
const fn renew_after(fresh: i64) -> i64 {
    fresh * 2 / 3
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// The first moment of another day: here, by which reasons count, or of UTC, by which sessions do.
fn next_day(now: Timestamp, zone: &jiff::tz::TimeZone) -> Timestamp {
    let utc = Timestamp::from_secs((now.utc_day() + 1) * DAY);
    let tomorrow = now.local_day(zone).tomorrow();
    // Without a tomorrow nothing is known for longer than now.
    tomorrow.map_or(now, |day| Timestamp::start_of_day(day, zone)).min(utc)
}

/// Names what is shown by its contents, so that all servers give it the same name: 60 bits of their SHA-256.
fn tag(
    name: &str,
    assessment: &AssessmentView,
    policy: &PolicyView,
    check_in: CheckInState,
) -> Result<String> {
    // The moment at which somebody looks changes nothing that is shown.
    let timeless = AssessmentView { at: Timestamp::EPOCH, ..assessment.clone() };
    let bytes = serde_json::to_vec(&(name, timeless, policy, check_in));
    let digest = sha256(&bytes.map_err(ServiceError::internal)?);
    let mut text = URL_SAFE_NO_PAD.encode(digest);
    text.truncate(10);
    Ok(text)
}

/// Stands where there is no name.
const NO_NAME: &str = "***";

/// An error for an account whose document was given to its owner: it has no code.
pub(crate) fn must_have_document(identity: Option<&Identity>) -> Result<()> {
    if identity.is_none_or(|i| i.document.is_some()) {
        return Ok(());
    }
    Err(ServiceError::forbidden(
        "code.no_document",
        "The document of this account belongs to somebody else and was given to its owner, so the account has no code. Sign out and register again with your own document and this phone; what was recorded of you stays yours.",
    ))
}
