//! Where a person is signed in, and ending it.

use jadegate_domain::{Timestamp, hex};
use jadegate_store::{Session, SessionSubject, Write};
use serde::Serialize;

use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::session::{HolderSession, token_digest};

/// One place where a person, a member of staff or a gate is signed in.
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

/// Sessions as they are shown. `own` is the asking one's token.
pub(crate) fn views(all: Vec<Session>, own: Option<[u8; 32]>) -> Vec<SessionView> {
    let view = |one: Session| SessionView {
        id: name(&one),
        current: Some(one.token_digest) == own,
        device: one.device,
        created_at: one.created_at,
        last_used_on: Timestamp::from_secs(one.seen_day * 86_400),
        expires_at: one.expires_at,
    };
    all.into_iter().map(view).collect()
}

/// The session of this name.
pub(crate) fn named(all: Vec<Session>, id: &str) -> Result<Session> {
    all.into_iter().find(|one| name(one) == id).ok_or_else(|| {
        ServiceError::not_found("session.unknown", "This session has ended already.")
    })
}

impl App {
    /// Where the holder is signed in, newest first. `token` is the asking session's own.
    pub async fn my_sessions(&self, s: &HolderSession, token: &str) -> Result<Vec<SessionView>> {
        s.own()?;
        let own = token_digest(token);
        let subject = SessionSubject::Holder(s.holder());
        Ok(views(self.store.sessions_of(subject, self.now()).await?, Some(own)))
    }

    /// Ends one of the holder's sessions, and the trust in the device that it began on.
    pub async fn end_my_session(&self, s: &HolderSession, id: &str) -> Result<()> {
        s.own()?;
        let now = self.now();
        let all = self.store.sessions_of(SessionSubject::Holder(s.holder()), now).await?;
        let session = named(all, id)?;
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
        s.own()?;
        let subject = SessionSubject::Holder(s.holder());
        self.commit("end_sessions", vec![Write::EndSessionsOf(subject)]).await
    }
}
