//! Where a person is signed in, and ending it.

use jadegate_domain::{Timestamp, hex};
use jadegate_store::{Session, SessionSubject, Write};
use serde::Serialize;

use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::session::{HolderSession, token_digest};

/// One place where a person is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionView {
    /// Its name, to end it by; signs nobody in.
    pub id: String,
    /// Is it the one that asks?
    pub current: bool,
    /// `phone`, `tablet`, `computer` or `other`; empty if unknown.
    pub device: String,
    /// Since when.
    pub created_at: Timestamp,
    /// The start of the UTC day on which it was used last.
    pub last_used_on: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

fn name(session: &Session) -> String {
    hex::encode(&session.token_digest[..12])
}

impl App {
    /// Where the holder is signed in, newest first. `token` is the asking session's own.
    pub async fn my_sessions(&self, s: &HolderSession, token: &str) -> Result<Vec<SessionView>> {
        let own = token_digest(token);
        let subject = SessionSubject::Holder(s.holder());
        let all = self.store.sessions_of(subject, self.now()).await?;
        let view = |one: Session| SessionView {
            id: name(&one),
            current: one.token_digest == own,
            device: one.device,
            created_at: one.created_at,
            last_used_on: Timestamp::from_secs(one.seen_day * 86_400),
            expires_at: one.expires_at,
        };
        Ok(all.into_iter().map(view).collect())
    }

    /// Ends one of the holder's sessions, and the trust in the device that it began on.
    pub async fn end_my_session(&self, s: &HolderSession, id: &str) -> Result<()> {
        let now = self.now();
        let all = self.store.sessions_of(SessionSubject::Holder(s.holder()), now).await?;
        let Some(session) = all.into_iter().find(|one| name(one) == id) else {
            return Err(ServiceError::not_found(
                "session.unknown",
                "This session has ended already.",
            ));
        };
        let devices = self.store.sessions_of(SessionSubject::Device(s.holder()), now).await?;
        let writes = devices
            .into_iter()
            .filter(|d| d.created_at == session.created_at)
            .map(|d| d.token_digest)
            .chain([session.token_digest])
            .map(Write::EndSession);
        self.commit("end_session", writes.collect()).await
    }

    /// Signs the holder out everywhere, here too; no device is trusted any more.
    pub async fn end_my_sessions(&self, s: &HolderSession) -> Result<()> {
        let subject = SessionSubject::Holder(s.holder());
        self.commit("end_sessions", vec![Write::EndSessionsOf(subject)]).await
    }
}
