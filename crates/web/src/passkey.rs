//! Staff sign in with passkeys (WebAuthn). The ceremonies' states live in memory for minutes; a
//! restart in between only means starting the ceremony again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jadegate_domain::{StaffId, Timestamp};
use jadegate_service::{Kind, Result, ServiceError};
use jadegate_store::CredentialRow;
use serde_json::Value;
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder,
};

/// Ceremonies that are under way.
pub(crate) struct Passkeys {
    webauthn: Webauthn,
    registrations: Mutex<HashMap<String, (Timestamp, PasskeyRegistration)>>,
    sign_ins: Mutex<HashMap<String, (Timestamp, DiscoverableAuthentication)>>,
}

/// Seconds a ceremony may take.
const CEREMONY_SECONDS: i64 = 300;
/// Ceremonies kept at the same time; the oldest give way.
const MAX_CEREMONIES: usize = 10_000;

impl Passkeys {
    /// For pages served from `origin` (`https://code.example`); the relying party is its host.
    pub(crate) fn new(origin: &str, name: &str) -> std::result::Result<Self, String> {
        let url = Url::parse(origin).map_err(|e| format!("origin is no URL: {e}"))?;
        let host = url.host_str().ok_or("origin has no host")?.to_owned();
        let webauthn = WebauthnBuilder::new(&host, &url)
            .and_then(|b| b.rp_name(name).build())
            .map_err(|e| format!("passkeys cannot be used with this origin: {e}"))?;
        Ok(Self { webauthn, registrations: Mutex::default(), sign_ins: Mutex::default() })
    }

    /// Begins making a passkey for an invited member of staff; `key` names the ceremony. A device
    /// that holds one of the `others`' credentials refuses to make one.
    pub(crate) fn begin_registration(
        &self,
        key: String,
        staff: StaffId,
        display_name: &str,
        others: Vec<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Value> {
        let user = Uuid::from_u64_pair(0, staff.as_u64());
        let (options, state) = self
            .webauthn
            .start_passkey_registration(user, &staff.to_string(), display_name, Some(others))
            .map_err(ServiceError::internal)?;
        keep(&self.registrations, key, state, now);
        let mut options = serde_json::to_value(options).map_err(ServiceError::internal)?;
        // Staff sign in without typing a name, so the passkey must be discoverable.
        if let Some(selection) = options.pointer_mut("/publicKey/authenticatorSelection") {
            selection["residentKey"] = "required".into();
            selection["requireResidentKey"] = true.into();
        }
        Ok(options["publicKey"].take())
    }

    /// Verifies the new passkey.
    pub(crate) fn finish_registration(
        &self,
        key: &str,
        staff: StaffId,
        credential: Value,
        now: Timestamp,
    ) -> Result<CredentialRow> {
        let state = take(&self.registrations, key, now).ok_or_else(stale)?;
        let credential: RegisterPublicKeyCredential =
            serde_json::from_value(credential).map_err(|_| refused("malformed"))?;
        let passkey = self
            .webauthn
            .finish_passkey_registration(&credential, &state)
            .map_err(|e| refused(&e.to_string()))?;
        Ok(CredentialRow {
            staff,
            credential_id: passkey.cred_id().clone(),
            passkey: serde_json::to_string(&passkey).map_err(ServiceError::internal)?,
            created_at: now,
        })
    }

    /// Begins a sign-in with whatever passkey the device offers.
    pub(crate) fn begin_sign_in(&self, key: String, now: Timestamp) -> Result<Value> {
        let (options, state) =
            self.webauthn.start_discoverable_authentication().map_err(ServiceError::internal)?;
        keep(&self.sign_ins, key, state, now);
        let mut options = serde_json::to_value(options).map_err(ServiceError::internal)?;
        Ok(options["publicKey"].take())
    }

    /// The credential id a device signed with.
    pub(crate) fn credential_id(
        &self,
        credential: &Value,
    ) -> Result<(PublicKeyCredential, Vec<u8>)> {
        let credential: PublicKeyCredential =
            serde_json::from_value(credential.clone()).map_err(|_| refused("malformed"))?;
        let id = self
            .webauthn
            .identify_discoverable_authentication(&credential)
            .map(|(_, id)| id.to_vec())
            .map_err(|e| refused(&e.to_string()))?;
        Ok((credential, id))
    }

    /// Verifies a sign-in; the row to store if the passkey's counter moved.
    pub(crate) fn finish_sign_in(
        &self,
        key: &str,
        credential: &PublicKeyCredential,
        row: &CredentialRow,
        now: Timestamp,
    ) -> Result<Option<CredentialRow>> {
        let state = take(&self.sign_ins, key, now).ok_or_else(stale)?;
        let mut passkey: Passkey =
            serde_json::from_str(&row.passkey).map_err(ServiceError::internal)?;
        let discoverable = DiscoverableKey::from(&passkey);
        #[expect(
            deprecated,
            reason = "the newer call takes a type this crate's features do not export"
        )]
        let result = self
            .webauthn
            .finish_discoverable_authentication(credential, state, &[discoverable])
            .map_err(|e| refused(&e.to_string()))?;
        if passkey.update_credential(&result) == Some(true) {
            let passkey = serde_json::to_string(&passkey).map_err(ServiceError::internal)?;
            return Ok(Some(CredentialRow { passkey, ..row.clone() }));
        }
        Ok(None)
    }
}

fn keep<S>(map: &Mutex<HashMap<String, (Timestamp, S)>>, key: String, state: S, now: Timestamp) {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    map.retain(|_, (at, _)| now.secs_since(*at) < CEREMONY_SECONDS);
    if map.len() >= MAX_CEREMONIES
        && let Some(oldest) = map.iter().min_by_key(|(_, (at, _))| *at).map(|(k, _)| k.clone())
    {
        map.remove(&oldest);
    }
    map.insert(key, (now, state));
}

/// A ceremony's state, once.
fn take<S>(map: &Mutex<HashMap<String, (Timestamp, S)>>, key: &str, now: Timestamp) -> Option<S> {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    map.remove(key).filter(|(at, _)| now.secs_since(*at) < CEREMONY_SECONDS).map(|(_, s)| s)
}

fn stale() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "passkey.stale",
        "This took too long or was answered before. Please start again.",
    )
}

pub(crate) fn refused(inside: &str) -> ServiceError {
    let mut e = ServiceError::new(
        Kind::SignedOut,
        "passkey.refused",
        "This passkey was not accepted. Use the device you were invited with, or ask for a new invitation.",
    );
    e.inside = Some(inside.to_owned());
    e
}
