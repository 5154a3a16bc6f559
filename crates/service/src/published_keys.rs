//! The keys that verify codes, and the one that verifies the public log, as anybody may read them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jadegate_domain::Timestamp;
use jadegate_pass::PublishedKey as Key;
use serde::Serialize;

use crate::app::App;

/// The published keys; a gate picks one by use and period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublishedKeys {
    /// The issuer in every code.
    pub issuer: String,
    /// The server's clock.
    pub server_time: Timestamp,
    /// Those of codes, past ones and coming ones too.
    pub keys: Vec<PublishedKey>,
    /// The key of the public log as a C2SP verifier key (`name+id+key`): checkpoints are signed by
    /// it. Keep it when you first see it; it never changes.
    pub log: String,
}

/// One published key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublishedKey {
    /// The key's id, as codes name it.
    pub kid: String,
    /// `live` codes, `venue` codes, or `paper`: codes on paper and the list that says how they stand.
    #[serde(rename = "use")]
    pub key_use: &'static str,
    /// Raw Ed25519 public key, base64url.
    pub x: String,
    /// First moment of its period.
    pub not_before: Timestamp,
    /// First moment after its period.
    pub not_after: Timestamp,
}

impl From<&Key> for PublishedKey {
    fn from(key: &Key) -> Self {
        Self {
            kid: key.kid().to_string(),
            key_use: key.key_use().as_str(),
            x: URL_SAFE_NO_PAD.encode(key.public_key()),
            not_before: key.period().from,
            not_after: key.period().to,
        }
    }
}

impl App {
    /// The keys that verify codes, and the key that verifies the public log's checkpoints.
    pub fn published_keys(&self) -> PublishedKeys {
        let set = self.key_set();
        PublishedKeys {
            issuer: set.issuer().as_str().to_owned(),
            server_time: self.now(),
            keys: set.keys().iter().map(PublishedKey::from).collect(),
            log: self.log_key(),
        }
    }
}
