//! Who is signed in. A session is an opaque random token in a cookie; the store knows its digest.
//!
//! What comes out of a session is a narrow handle: a use case that needs a holder takes a
//! [`HolderSession`], not an id, so that nothing can be done in somebody else's name by mistake.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jadegate_domain::{Gate, HolderId, Staff, StaffId, Timestamp};
use jadegate_store::{CredentialRow, Session, SessionSubject, Write};

use crate::app::App;
use crate::error::{Kind, Result, ServiceError};

/// A signed-in holder.
#[derive(Clone, Copy, Debug)]
pub struct HolderSession {
    pub(crate) holder: HolderId,
    /// Who is signed in, if they act for the holder.
    pub(crate) carer: Option<HolderId>,
}

/// A signed-in gate.
#[derive(Clone, Debug)]
pub struct GateSession {
    pub(crate) gate: Gate,
}

/// A signed-in member of staff.
#[derive(Clone, Debug)]
pub struct StaffSession {
    pub(crate) staff: Staff,
    /// Has the health commission confirmed their agency?
    pub(crate) agency_confirmed: bool,
}

impl HolderSession {
    /// Whose session.
    pub const fn holder(&self) -> HolderId {
        self.holder
    }

    /// An error if somebody acts for the holder: some things nobody does for another.
    pub(crate) fn own(&self) -> Result<()> {
        if self.carer.is_none() {
            return Ok(());
        }
        Err(ServiceError::forbidden(
            "person.own_only",
            "This can only be done by the person, signed in as themselves.",
        ))
    }
}

impl GateSession {
    /// Which gate.
    pub const fn gate(&self) -> &Gate {
        &self.gate
    }
}

impl StaffSession {
    /// The member of staff who is signed in.
    pub const fn staff(&self) -> &Staff {
        &self.staff
    }

    /// Has the health commission confirmed both them and their agency?
    pub const fn is_confirmed(&self) -> bool {
        self.agency_confirmed && self.staff.confirmed_at.is_some()
    }

    /// Has it confirmed their agency?
    pub const fn agency_is_confirmed(&self) -> bool {
        self.agency_confirmed
    }
}

/// A new session's token: shown once to the client, never stored.
pub struct NewSession {
    /// The token, base64url.
    pub token: String,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// Seconds until then.
    pub seconds: i64,
}

/// Characters of a token: 32 bytes in base64url.
pub(crate) const TOKEN_LENGTH: usize = 43;

/// SHA-256 of a token.
pub(crate) fn token_digest(token: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    out
}

impl App {
    /// A fresh unguessable token, base64url of 32 bytes.
    pub(crate) fn new_token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.deployment.rng.bytes::<32>())
    }

    /// The write that begins a session, and its token.
    pub(crate) fn begin_session(&self, subject: SessionSubject) -> (NewSession, Write) {
        self.begin_session_on(subject, "")
    }

    /// The same, on a device that its browser names so; only its kind is kept.
    pub(crate) fn begin_session_on(
        &self,
        subject: SessionSubject,
        agent: &str,
    ) -> (NewSession, Write) {
        let seconds = match subject {
            SessionSubject::Device(_) => self.deployment.settings.device_seconds,
            SessionSubject::Holder(_) => self.deployment.settings.holder_session_seconds,
            SessionSubject::Staff(_) => self.deployment.settings.staff_session_seconds,
            SessionSubject::Gate(_) => self.deployment.settings.gate_session_seconds,
        };
        let now = self.now();
        let token = self.new_token();
        let expires_at = now.plus_secs(seconds);
        let write = Write::AddSession(Session {
            token_digest: token_digest(&token),
            subject,
            created_at: now,
            expires_at,
            device: device_kind(agent).to_owned(),
            seen_day: now.utc_day(),
        });
        (NewSession { token, expires_at, seconds }, write)
    }

    async fn subject(&self, token: &str) -> Result<SessionSubject> {
        if token.len() != TOKEN_LENGTH {
            return Err(signed_out());
        }
        let token_digest = token_digest(token);
        let session = self.store.session(token_digest, self.now()).await?.ok_or_else(signed_out)?;
        let day = self.now().utc_day();
        if session.seen_day < day {
            let write = Write::SeeSession { token_digest, day };
            // Once a day, and only to be shown: whoever signed in goes on without it.
            if let Err(e) = self.commit("see_session", vec![write]).await {
                tracing::warn!(error = %e, "the day of a session was not noted");
            }
        }
        Ok(session.subject)
    }

    /// The holder behind a token.
    pub async fn holder_session(&self, token: &str) -> Result<HolderSession> {
        match self.subject(token).await? {
            SessionSubject::Holder(holder) => Ok(HolderSession { holder, carer: None }),
            _ => Err(signed_out()),
        }
    }

    /// The gate behind a token; a revoked gate is signed out.
    pub async fn gate_session(&self, token: &str) -> Result<GateSession> {
        let SessionSubject::Gate(id) = self.subject(token).await? else { return Err(signed_out()) };
        let gate = self.store.gate(id).await?.filter(|g| g.revoked_at.is_none());
        Ok(GateSession { gate: gate.ok_or_else(signed_out)? })
    }

    /// The member of staff behind a token; a disabled one is signed out.
    pub async fn staff_session(&self, token: &str) -> Result<StaffSession> {
        let SessionSubject::Staff(id) = self.subject(token).await? else {
            return Err(signed_out());
        };
        let staff = self.store.staff(id).await?.filter(|s| s.disabled_at.is_none());
        let staff = staff.ok_or_else(signed_out)?;
        let agency = self.store.agency(staff.agency).await?;
        let agency_confirmed = agency.is_some_and(|a| a.confirmed_at.is_some());
        Ok(StaffSession { staff, agency_confirmed })
    }

    /// Signs out whoever holds the token.
    pub async fn sign_out(&self, token: &str) -> Result<()> {
        self.commit("sign_out", vec![Write::EndSession(token_digest(token))]).await
    }

    /// A fresh name for a sign-in ceremony.
    pub fn ceremony_name(&self) -> String {
        self.new_token()
    }

    /// The passkey with which somebody signs in, by its id.
    pub async fn passkey(&self, credential_id: &[u8]) -> Result<Option<CredentialRow>> {
        Ok(self.store.credential(credential_id).await?)
    }

    /// Begins a session for a member of staff whose passkey was verified by the caller; `moved` is
    /// the passkey's row if its counter moved, `agent` the browser's name for itself, of which only
    /// the kind of device is kept.
    pub async fn sign_in_staff_with(
        &self,
        staff: StaffId,
        moved: Option<CredentialRow>,
        agent: &str,
    ) -> Result<NewSession> {
        let known = self.store.staff(staff).await?.filter(|s| s.disabled_at.is_none());
        if known.is_none() {
            return Err(signed_out());
        }
        let (session, write) = self.begin_session_on(SessionSubject::Staff(staff), agent);
        let mut writes = vec![write];
        writes.extend(moved.map(Write::UpdateCredential));
        self.commit("sign_in_staff", writes).await?;
        Ok(session)
    }
}

/// The kind of device, coarse enough to be told by its owner and by nobody else.
fn device_kind(agent: &str) -> &'static str {
    let has = |word: &str| agent.contains(word);
    match agent {
        "" => "",
        _ if has("iPad") || has("Tablet") || (has("Android") && !has("Mobile")) => "tablet",
        _ if has("Mobile") || has("iPhone") || has("Android") => "phone",
        _ if has("Windows") || has("Macintosh") || has("X11") || has("CrOS") => "computer",
        _ => "other",
    }
}

pub(crate) fn signed_out() -> ServiceError {
    ServiceError::new(
        Kind::SignedOut,
        "session.none",
        "You are not signed in, or your session has ended. Please sign in.",
    )
}

#[cfg(test)]
mod tests {
    use super::device_kind;

    #[test]
    fn a_device_is_told_by_its_kind_and_nothing_else() {
        for (agent, kind) in [
            ("", ""),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148", "phone"),
            ("Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/120.0 Mobile Safari", "phone"),
            ("Mozilla/5.0 (Linux; Android 14; SM-X710) Chrome/120.0 Safari", "tablet"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", "computer"),
            ("curl/8", "other"),
        ] {
            assert_eq!(device_kind(agent), kind, "{agent}");
        }
    }
}
