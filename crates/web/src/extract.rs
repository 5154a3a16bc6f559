//! From a request to typed input: bodies, cookies, the client's address.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use jadegate_service::{
    GateSession, HolderSession, Kind, NewSession, Result, ServiceError, StaffSession,
};
use serde::de::DeserializeOwned;

use crate::document::PERSON;
use crate::edge::client;
use crate::problem::Failure;
use crate::state::Web;

/// A JSON body. What is wrong with it is told without repeating it.
#[derive(Debug)]
pub(crate) struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<Web>> for Body<T> {
    type Rejection = Failure;

    async fn from_request(req: Request, state: &Arc<Web>) -> std::result::Result<Self, Failure> {
        let is_json =
            req.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).is_some_and(
                |v| v.split(';').next().is_some_and(|m| m.trim() == "application/json"),
            );
        if !is_json {
            return Err(ServiceError::bad(
                "request.not_json",
                "Send JSON with Content-Type application/json.",
            )
            .into());
        }
        let bytes = axum::body::Bytes::from_request(req, state).await.map_err(|_| too_large())?;
        // A list of the fields' values would be taken for an object with these fields.
        if bytes.iter().find(|b| !b.is_ascii_whitespace()).is_some_and(|b| *b == b'[') {
            return Err(
                ServiceError::bad("request.bad_json", "The request must be an object.").into()
            );
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|e| {
            let what = match e.classify() {
                serde_json::error::Category::Data => "has a missing, unknown or wrong field",
                _ => "is not valid JSON",
            };
            ServiceError::bad(
                "request.bad_json",
                format!("The request {what} (line {}, column {}).", e.line(), e.column()),
            )
            .into()
        })
    }
}

/// The parameters of a query.
#[derive(Debug)]
pub(crate) struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Web>> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &Arc<Web>,
    ) -> std::result::Result<Self, Failure> {
        // What is wrong is not repeated: it came from outside.
        axum::extract::Query::try_from_uri(&parts.uri).map(|q| Self(q.0)).map_err(|_| {
            ServiceError::bad(
                "request.bad_query",
                "The address has an unknown, repeated or wrong parameter after the ?, or lacks one. \
                 See /openapi.json for what there is.",
            )
            .into()
        })
    }
}

/// The parameters of a path.
#[derive(Debug)]
pub(crate) struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Web>> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<Web>,
    ) -> std::result::Result<Self, Failure> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|p| Self(p.0)).map_err(|_| nothing_here().into())
    }
}

fn nothing_here() -> ServiceError {
    ServiceError::not_found("id.unknown", "There is nothing under this address.")
}

pub(crate) fn too_large() -> ServiceError {
    ServiceError::bad("request.too_large", "The request is too large or did not arrive whole.")
}

/// The browser's name for itself, or nothing.
pub(crate) fn agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// The headers that set a cookie.
pub(crate) type Cookies = [(HeaderName, HeaderValue); 1];

/// Which cookie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cookie {
    /// A holder's session.
    Holder,
    /// A staff member's session.
    Staff,
    /// A gate's session.
    Gate,
    /// A device on which a holder has signed in; signs nobody in.
    Device,
}

impl Cookie {
    /// `__Host-` ties a cookie to this very host over HTTPS; browsers refuse the prefix over plain
    /// HTTP, which is only ever used on the machine itself. There WebKit refuses `Secure`, too, which
    /// the prefix includes: with it, nobody stays signed in on `http://localhost`.
    const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Holder, true) => "__Host-jg_holder",
            (Self::Staff, true) => "__Host-jg_staff",
            (Self::Gate, true) => "__Host-jg_gate",
            (Self::Device, true) => "__Host-jg_device",
            (Self::Device, false) => "jg_device",
            (Self::Holder, false) => "jg_holder",
            (Self::Staff, false) => "jg_staff",
            (Self::Gate, false) => "jg_gate",
        }
    }

    /// The token in the request, if there is one.
    pub(crate) fn read(self, headers: &HeaderMap, secure: bool) -> Option<&str> {
        let name = self.name(secure);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .flat_map(|v| v.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(n, _)| *n == name)
            .map(|(_, value)| value)
    }

    /// The header that sets it.
    pub(crate) fn set(self, session: &NewSession, secure: bool) -> HeaderValue {
        self.header(&session.token, session.seconds, secure)
    }

    /// The header that removes it.
    pub(crate) fn clear(self, secure: bool) -> HeaderValue {
        self.header("", 0, secure)
    }

    fn header(self, token: &str, seconds: i64, secure: bool) -> HeaderValue {
        let name = self.name(secure);
        let secure = if secure { "; Secure" } else { "" };
        let text =
            format!("{name}={token}; Path=/; Max-Age={seconds}; HttpOnly{secure}; SameSite=Strict");
        // Name, base64url token and number are all visible ASCII.
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

fn token(parts: &Parts, state: &Web, cookie: Cookie) -> Result<String> {
    cookie.read(&parts.headers, state.secure).map(str::to_owned).ok_or_else(|| {
        ServiceError::new(
            Kind::SignedOut,
            "session.none",
            "You are not signed in, or your session has ended. Please sign in.",
        )
    })
}

/// The signed-in holder, or whom they act for.
#[derive(Debug)]
pub(crate) struct HolderAuth(pub HolderSession);
/// Who opens a code: whoever holds a token, or somebody who acts for the holder. The token of whoever opens
/// their own is looked up together with all else that the code rests on.
pub(crate) enum Opens {
    /// Their own.
    Own(String),
    /// For somebody they care for.
    For(HolderSession),
}
/// The signed-in gate.
#[derive(Debug)]
pub(crate) struct GateAuth(pub GateSession);
/// The signed-in member of staff.
#[derive(Debug)]
pub(crate) struct StaffAuth(pub StaffSession);

impl FromRequestParts<Arc<Web>> for HolderAuth {
    type Rejection = Failure;
    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<Web>,
    ) -> std::result::Result<Self, Failure> {
        let token = token(parts, state, Cookie::Holder)?;
        let session = state.app.holder_session(&token).await?;
        let Some(person) = parts.headers.get(PERSON) else { return Ok(Self(session)) };
        let person = id(person.to_str().unwrap_or_default())?;
        Ok(Self(state.app.acting_for(&session, person).await?))
    }
}

impl FromRequestParts<Arc<Web>> for Opens {
    type Rejection = Failure;
    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<Web>,
    ) -> std::result::Result<Self, Failure> {
        if parts.headers.contains_key(PERSON) {
            let HolderAuth(session) = HolderAuth::from_request_parts(parts, state).await?;
            return Ok(Self::For(session));
        }
        Ok(Self::Own(token(parts, state, Cookie::Holder)?))
    }
}

impl FromRequestParts<Arc<Web>> for GateAuth {
    type Rejection = Failure;
    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<Web>,
    ) -> std::result::Result<Self, Failure> {
        let token = token(parts, state, Cookie::Gate)?;
        Ok(Self(state.app.gate_session(&token).await?))
    }
}

impl FromRequestParts<Arc<Web>> for StaffAuth {
    type Rejection = Failure;
    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<Web>,
    ) -> std::result::Result<Self, Failure> {
        let token = token(parts, state, Cookie::Staff)?;
        Ok(Self(state.app.staff_session(&token).await?))
    }
}

/// The client's network, as limits count it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client(pub IpAddr);

impl FromRequestParts<Arc<Web>> for Client {
    type Rejection = Failure;
    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<Web>,
    ) -> std::result::Result<Self, Failure> {
        // Found out by the limits already.
        if let Some(client) = parts.extensions.get::<Self>() {
            return Ok(*client);
        }
        Ok(Self(client(parts, state.settings.trust_proxy)?))
    }
}

/// An id in a path, with a clear error.
pub(crate) fn id<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| nothing_here())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut h = HeaderMap::new();
        h.insert(header::COOKIE, HeaderValue::from_static("xjg_holder=a; jg_holder=b; jg_staff=c"));
        assert_eq!(Cookie::Holder.read(&h, false), Some("b"));
        assert_eq!(Cookie::Holder.read(&h, true), None);
    }

    #[test]
    fn cookies_are_secure_over_https_and_kept_by_every_browser_on_the_machine_itself() {
        let set =
            |cookie: Cookie, secure| cookie.header("t", 60, secure).to_str().unwrap().to_owned();
        for cookie in [Cookie::Holder, Cookie::Staff, Cookie::Gate] {
            let there = set(cookie, true);
            assert!(there.starts_with("__Host-") && there.contains("; Secure;"), "{there}");
            let here = set(cookie, false);
            assert!(!here.contains("Secure") && !here.contains("__Host-"), "{here}");
            for text in [there, here] {
                assert!(text.contains("; HttpOnly") && text.ends_with("; SameSite=Strict"));
                assert!(text.contains("; Path=/;") && !text.contains("Domain"));
            }
        }
    }
}
