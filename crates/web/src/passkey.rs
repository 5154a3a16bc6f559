//! Staff sign in with passkeys (WebAuthn). The ceremonies' states live in memory for minutes; a
//! restart in between only means starting the ceremony again.

use std::collections::{HashMap, VecDeque};
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
    registrations: Mutex<Ceremonies<PasskeyRegistration>>,
    sign_ins: Mutex<Ceremonies<DiscoverableAuthentication>>,
}

/// The states of ceremonies, each kept once and for a while. Whoever adds one drops two at most: the
/// time it takes does not depend on how many there are.
#[derive(Debug)]
struct Ceremonies<S> {
    /// By key, with the number under which it was begun.
    states: HashMap<String, (u64, Timestamp, S)>,
    /// In the order in which they were begun; some are over already.
    begun: VecDeque<(u64, String)>,
    next: u64,
}

impl<S> Default for Ceremonies<S> {
    fn default() -> Self {
        Self { states: HashMap::new(), begun: VecDeque::new(), next: 0 }
    }
}

/// Seconds a ceremony may take.
const CEREMONY_SECONDS: i64 = 300;
/// Ceremonies begun within that time that are kept; the oldest give way.
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

impl<S> Ceremonies<S> {
    fn keep(&mut self, key: String, state: S, now: Timestamp) {
        // Two for each one that comes: so those that are over go faster than new ones come.
        for _ in 0..2 {
            self.drop_oldest(now);
        }
        self.next += 1;
        self.begun.push_back((self.next, key.clone()));
        self.states.insert(key, (self.next, now, state));
    }

    /// Drops the one begun first, if it is over or there are too many.
    fn drop_oldest(&mut self, now: Timestamp) {
        let Some((number, key)) = self.begun.front() else { return };
        let state = self.states.get(key).filter(|(n, ..)| n == number);
        let waits = state.is_some_and(|(_, at, _)| now.secs_since(*at) < CEREMONY_SECONDS);
        if waits && self.begun.len() < MAX_CEREMONIES {
            return;
        }
        if state.is_some() {
            self.states.remove(key);
        }
        self.begun.pop_front();
    }

    /// A ceremony's state, once.
    fn take(&mut self, key: &str, now: Timestamp) -> Option<S> {
        let (_, at, state) = self.states.remove(key)?;
        (now.secs_since(at) < CEREMONY_SECONDS).then_some(state)
    }
}

fn keep<S>(all: &Mutex<Ceremonies<S>>, key: String, state: S, now: Timestamp) {
    all.lock().unwrap_or_else(PoisonError::into_inner).keep(key, state, now);
}

fn take<S>(all: &Mutex<Ceremonies<S>>, key: &str, now: Timestamp) -> Option<S> {
    all.lock().unwrap_or_else(PoisonError::into_inner).take(key, now)
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
    e.inside = Some(inside.into());
    e
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(1_000_000 + secs)
    }

    #[test]
    fn a_ceremony_is_kept_once_and_for_a_while() {
        let mut all = Ceremonies::default();
        all.keep("a".to_owned(), 1, at(0));
        all.keep("b".to_owned(), 2, at(0));
        assert_eq!((all.take("a", at(299)), all.take("a", at(299))), (Some(1), None));
        assert_eq!(all.take("b", at(300)), None);
        // Begun anew under the same key: the later one counts, also when the first one is over.
        all.keep("c".to_owned(), 3, at(300));
        all.keep("c".to_owned(), 4, at(500));
        for n in 0..4 {
            all.keep(format!("d{n}"), n, at(601));
        }
        assert_eq!(all.take("c", at(700)), Some(4));
    }

    /// However many are begun and whether they are answered or not, no more than so many are kept,
    /// the latest among them, and all are dropped in the end.
    #[test]
    fn the_oldest_give_way() {
        let mut all = Ceremonies::default();
        for n in 0..3 * MAX_CEREMONIES {
            all.keep(n.to_string(), n, at(0));
            if n % 3 == 0 {
                assert_eq!(all.take(&n.to_string(), at(1)), Some(n));
            }
            assert!(all.begun.len() <= MAX_CEREMONIES && all.states.len() <= all.begun.len());
        }
        assert_eq!(all.take("1", at(1)), None);
        let last = 3 * MAX_CEREMONIES - 1;
        assert_eq!(all.take(&last.to_string(), at(1)), Some(last));
        for n in 0..MAX_CEREMONIES {
            all.keep(format!("later {n}"), n, at(400));
            all.take(&format!("later {n}"), at(400));
        }
        assert!(all.begun.len() <= 2 && all.states.is_empty(), "{} kept", all.begun.len());
    }
}
