//! Gates are devices with a key pair of their own, enrolled by a single-use link from the venue.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jadegate_domain::gate::GateCounts;
use jadegate_domain::{Colour, Gate, GateId, PlaceId, PlaceKind, Timestamp};
use jadegate_ledger::GateEvent;
use jadegate_store::{InvitationUse, Precondition, SessionSubject, Unit, Write};
use serde::Serialize;

use crate::app::App;
use crate::error::{Kind, Result, ServiceError};
use crate::holder::me::PlaceView;
use crate::published_keys::PublishedKeys;
use crate::session::{GateSession, NewSession, token_digest};

/// Seconds a sign-in challenge lives.
const CHALLENGE_SECONDS: i64 = 120;

/// The gate's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GatePlace {
    /// The id of the place.
    pub id: PlaceId,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: PlaceKind,
    /// The division in which it lies, by name.
    pub division_name: String,
}

/// A newly enrolled gate.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Enrolled {
    /// The gate that the device is from now on.
    pub gate: GateId,
    /// Its place.
    pub place: GatePlace,
}

/// What a gate needs to work, also without the server.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GateView {
    /// The gate.
    pub gate: GateId,
    /// Its name.
    pub label: String,
    /// Its place.
    pub place: GatePlace,
    /// Today's numbers.
    pub counts: GateCounts,
    /// The keys that verify codes.
    pub keys: PublishedKeys,
    /// What decides at the door.
    pub policy: GatePolicy,
    /// Seconds a code may be older than fresh while the gate cannot reach the server.
    pub offline_grace_seconds: i64,
    /// The server's clock.
    pub server_time: Timestamp,
}

/// What decides at the door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GatePolicy {
    /// Seconds a code is fresh.
    pub fresh_seconds: u32,
    /// Colours that are let in.
    pub admit: Vec<Colour>,
}

/// The venue's own codes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Poster {
    /// To print: visits are unproven.
    pub poster_code: String,
    /// To show on a screen.
    pub screen_code: String,
    /// When the screen needs the next one.
    pub screen_expires_at: Timestamp,
}

impl App {
    /// Enrols a device with the token of a link. `public_key` is an uncompressed P-256 point.
    pub async fn enrol_gate(
        &self,
        token: &str,
        label: &str,
        public_key: &[u8],
    ) -> Result<Enrolled> {
        let label = label.split_whitespace().collect::<Vec<_>>().join(" ");
        if label.is_empty() || label.chars().count() > 60 || label.chars().any(char::is_control) {
            return Err(ServiceError::bad(
                "gate.label",
                "Give the gate a name of 1 to 60 letters, like \"North door\".",
            ));
        }
        if public_key.len() != 65 || public_key.first() != Some(&4) {
            return Err(ServiceError::bad(
                "gate.key",
                "This device sent no usable key. Please update its browser.",
            ));
        }
        let now = self.now();
        let invitation = self.store.invitation(token_digest(token)).await?.ok_or_else(bad_link)?;
        let InvitationUse::Gate { place, by } = invitation.used_for else { return Err(bad_link()) };
        let gate = Gate {
            id: GateId::from_random(self.deployment.rng.bits()),
            place,
            label,
            public_key: public_key.to_vec(),
            enrolled_at: now,
            revoked_at: None,
        };
        let agency = self.memory.place(place).and_then(|p| p.agency);
        let leaf = crate::log::gate_leaf(&gate, agency, GateEvent::Enrolled, by, now)?;
        let writes = vec![
            Write::UseInvitation { id: invitation.id, at: now },
            Write::AddGate(gate.clone()),
            Write::AddLeaf(leaf),
        ];
        self.store
            .commit(Unit::new("enrol_gate", writes))
            .await
            .map_err(|e| if e.is_conflict(Precondition::Unused) { bad_link() } else { e.into() })?;
        Ok(Enrolled { gate: gate.id, place: self.gate_place(place) })
    }

    /// A nonce for a gate to sign. It carries its own moment and proof, so nothing is stored until
    /// it is used.
    pub fn gate_challenge(&self, gate: GateId) -> String {
        let at = self.now().as_secs().to_be_bytes();
        let random: [u8; 16] = self.deployment.rng.bytes();
        let body = [&at[..], &random].concat();
        let mac = self
            .deployment
            .keys
            .commitment(&[b"gate-nonce", gate.to_string().as_bytes(), &body].concat());
        URL_SAFE_NO_PAD.encode([&body[..], &mac[..16]].concat())
    }

    /// Begins a gate's session if the nonce is ours, fresh and unused and the signature is the gate's, over
    /// `jadegate-gate-v1\n{gate}\n{nonce}`. `agent` is the browser's name for itself; only the kind of
    /// device is kept.
    pub async fn begin_gate_session(
        &self,
        gate: GateId,
        nonce: &str,
        signature: &[u8],
        agent: &str,
    ) -> Result<NewSession> {
        let refused = || {
            ServiceError::new(
                Kind::SignedOut,
                "gate.not_signed_in",
                "This gate could not sign in. If it goes on, enrol the device again with a new link.",
            )
        };
        let raw = URL_SAFE_NO_PAD.decode(nonce).map_err(|_| refused())?;
        let (body, mac) = raw.split_at_checked(24).ok_or_else(refused)?;
        let wanted = self
            .deployment
            .keys
            .commitment(&[b"gate-nonce", gate.to_string().as_bytes(), body].concat());
        if !bool::from(subtle::ConstantTimeEq::ct_eq(mac, &wanted[..16])) {
            return Err(refused());
        }
        let at = body.first_chunk().map_or(0, |b| i64::from_be_bytes(*b));
        if !(0..CHALLENGE_SECONDS).contains(&(self.now().as_secs() - at)) {
            return Err(refused());
        }
        let known =
            self.store.gate(gate).await?.filter(|g| g.revoked_at.is_none()).ok_or_else(refused)?;
        let text = format!("jadegate-gate-v1\n{gate}\n{nonce}");
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &known.public_key)
            .verify(text.as_bytes(), signature)
            .map_err(|_| refused())?;
        // The store decides who is first, whichever server the nonce is handed in at.
        let used = Write::UseNonce {
            digest: token_digest(nonce),
            expires_at: Timestamp::from_secs(at).plus_secs(CHALLENGE_SECONDS),
        };
        let (session, begin) = self.begin_session_on(SessionSubject::Gate(gate), agent);
        let unit = Unit::new("sign_in_gate", vec![used, begin]);
        self.store
            .commit(unit)
            .await
            .map_err(|e| if e.is_conflict(Precondition::Unused) { refused() } else { e.into() })?;
        Ok(session)
    }

    /// What a signed-in gate needs to work.
    pub fn gate_view(&self, session: &GateSession) -> GateView {
        let gate = &session.gate;
        let fresh_seconds = self.policy().fresh_seconds();
        GateView {
            gate: gate.id,
            label: gate.label.clone(),
            place: self.gate_place(gate.place),
            counts: self.counts_at(gate.place),
            keys: self.published_keys(),
            policy: GatePolicy { fresh_seconds, admit: vec![Colour::Green] },
            offline_grace_seconds: self.deployment.settings.offline_grace_seconds,
            server_time: self.now(),
        }
    }

    fn gate_place(&self, id: PlaceId) -> GatePlace {
        let PlaceView { name, kind, division_name } = self.place_view(id);
        GatePlace { id, name, kind, division_name }
    }

    /// The venue's own codes: one to print, one that rotates on a screen.
    pub fn poster(&self, place: PlaceId) -> Result<Poster> {
        let now = self.now();
        let seconds = self.deployment.settings.venue_screen_seconds;
        let until = now.plus_secs(seconds);
        let issue = |kind| {
            jadegate_pass::issue_venue(&self.issuer(), place, now, kind)
                .map_err(crate::health::not_issued)
        };
        Ok(Poster {
            poster_code: issue(jadegate_pass::VenueKind::Poster)?,
            screen_code: issue(jadegate_pass::VenueKind::Screen { expires_at: until })?,
            screen_expires_at: until,
        })
    }
}

pub(crate) fn bad_link() -> ServiceError {
    ServiceError::new(
        Kind::NotFound,
        "link.unusable",
        "This link does not work: it was used already or has expired. Please ask for a new one.",
    )
}
