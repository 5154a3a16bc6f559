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
}

impl GateSession {
    /// Which gate.
    pub const fn gate(&self) -> &Gate {
        &self.gate
    }
}

impl StaffSession {
    /// Who.
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

/// SHA-256 of a token.
pub(crate) fn token_digest(token: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    out
}

impl App {
    /// A fresh unguessable token, base64url of 32 bytes.
    pub(crate) fn new_token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.rng.bytes::<32>())
    }

    /// The write that begins a session, and its token.
    pub(crate) fn begin_session(&self, subject: SessionSubject) -> (NewSession, Write) {
        let seconds = match subject {
            SessionSubject::Holder(_) => self.settings.holder_session_seconds,
            SessionSubject::Staff(_) => self.settings.staff_session_seconds,
            SessionSubject::Gate(_) => self.settings.gate_session_seconds,
        };
        let now = self.now();
        let token = self.new_token();
        let expires_at = now.plus_secs(seconds);
        let write = Write::AddSession(Session {
            token_digest: token_digest(&token),
            subject,
            created_at: now,
            expires_at,
        });
        (NewSession { token, expires_at, seconds }, write)
    }

    async fn subject(&self, token: &str) -> Result<SessionSubject> {
        if token.len() != 43 {
            return Err(signed_out());
        }
        let session = self.store.session(token_digest(token), self.now()).await?;
        Ok(session.ok_or_else(signed_out)?.subject)
    }

    /// The holder behind a token.
    pub async fn holder_session(&self, token: &str) -> Result<HolderSession> {
        match self.subject(token).await? {
            SessionSubject::Holder(holder) => Ok(HolderSession { holder }),
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

    /// Begins a session for a member of staff whose passkey was verified by the caller; `moved` is
    /// the passkey's row if its counter moved.
    pub async fn sign_in_staff_with(
        &self,
        staff: StaffId,
        moved: Option<CredentialRow>,
    ) -> Result<NewSession> {
        let known = self.store.staff(staff).await?.filter(|s| s.disabled_at.is_none());
        if known.is_none() {
            return Err(signed_out());
        }
        let (session, write) = self.begin_session(SessionSubject::Staff(staff));
        let mut writes = vec![write];
        writes.extend(moved.map(Write::UpdateCredential));
        self.commit("sign_in_staff", writes).await?;
        Ok(session)
    }
}

pub(crate) fn signed_out() -> ServiceError {
    ServiceError::new(
        Kind::SignedOut,
        "session.none",
        "You are not signed in, or your session has ended. Please sign in.",
    )
}
