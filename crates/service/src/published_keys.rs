//! The keys that verify codes, and the one that verifies the public log, as anybody may read them.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jadegate_domain::Timestamp;
use jadegate_pass::PublishedKey as Key;
use jadegate_store::{Precondition, Unit, Write};
use serde::Serialize;

use crate::app::App;
use crate::error::Result;

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
    /// The keys of the log's witnesses (`name+id+key`, c2sp.org/tlog-cosignature). Keep them when you
    /// first see them, so that a log that does without them is noticed; better, have them from others.
    pub witnesses: Vec<String>,
    /// How many of them sign each checkpoint; 0 where there are none.
    pub witness_quorum: usize,
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

/// The setting that holds the ids of the keys whose leaf was written.
const LOGGED: &str = "keys_in_log";

impl App {
    /// Sees to it that each published key stands in the public log. Any number of servers may do so at
    /// once: each key has one leaf.
    pub async fn log_keys(&self) -> Result<()> {
        let before = self.store.setting(LOGGED).await?;
        let mut ids: BTreeSet<String> =
            before.iter().flat_map(|ids| ids.split(' ')).map(str::to_owned).collect();
        let (set, at) = (self.key_set(), self.now());
        let fresh: Vec<_> =
            set.keys().iter().filter(|key| ids.insert(key.kid().to_string())).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let leaf = |key: &Key| crate::log::key_leaf(key, at).map(Write::AddLeaf);
        let mut writes = fresh.into_iter().map(leaf).collect::<Result<Vec<_>>>()?;
        let value = ids.into_iter().collect::<Vec<_>>().join(" ");
        writes.push(Write::PutSetting { name: LOGGED, value, expect: Some(before) });
        match self.store.commit(Unit::new("log_keys", writes)).await {
            // Another server was first; the next look finds what it left.
            Err(e)
                if e.is_conflict(Precondition::Exists) || e.is_conflict(Precondition::Absent) =>
            {
                Ok(())
            }
            other => Ok(other?),
        }
    }

    /// The keys that verify codes, and the key that verifies the public log's checkpoints.
    pub fn published_keys(&self) -> PublishedKeys {
        let set = self.key_set();
        let witnesses = &self.settings().witnesses.policy;
        PublishedKeys {
            issuer: set.issuer().as_str().to_owned(),
            server_time: self.now(),
            keys: set.keys().iter().map(PublishedKey::from).collect(),
            log: self.log_key(),
            witnesses: witnesses.keys().iter().map(ToString::to_string).collect(),
            witness_quorum: witnesses.quorum(),
        }
    }
}
