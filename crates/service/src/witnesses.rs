//! Witnesses of the public log: others who sign that they saw this log and no second one.
//!
//! Every server asks them, and none is chosen. What enough of them signed is kept in the store, so
//! that all servers publish the same, and is replaced only by a later one. A witness that does not
//! answer holds up nobody: after [`GOOD_FOR`] the checkpoint is published without them, and whoever
//! demands witnesses sees that they are missing.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use jadegate_domain::Timestamp;
use jadegate_ledger::cosign::{Cosignature, WitnessKey, WitnessPolicy, cosignature};
use jadegate_ledger::witness::AddCheckpoint;
use jadegate_ledger::{Checkpoint, consistency_proof, open_checkpoint};
use jadegate_store::{Precondition, Unit, Write};
use tokio::sync::watch;

use crate::app::App;
use crate::error::Result;
use crate::jobs::note;

/// The setting that holds the newest checkpoint that enough witnesses signed.
const WITNESSED: &str = "witnessed_checkpoint";
/// How often the log is looked at.
const EVERY: Duration = Duration::from_secs(5);
/// Seconds after which witnesses are asked again although nothing was written: their signatures say
/// that the log still is the one they know.
const AGAIN: i64 = 300;
/// Seconds for which what witnesses signed is published in place of what is newer.
const GOOD_FOR: i64 = 900;
/// How long a witness may take for its answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read: a few signatures.
const LONGEST: u64 = 64 * 1024;

/// Why a witness signed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessFault {
    /// Nobody answers there, or not in time.
    #[error("it does not answer")]
    Silent,
    /// It answered with this HTTP status.
    #[error("it answered with status {0}")]
    Status(u16),
    /// It says that it signed a longer log than there is here.
    #[error(
        "it signed a log of {0} leaves, and there are fewer here: this database is older than what \
         was published. See \"The log went back\" in the runbook"
    )]
    Ahead(u64),
    /// What it answered is not signed by its key.
    #[error("its answer is not signed by the key that is configured for it")]
    NotSigned,
}

/// Carries a request to a witness and back.
#[async_trait]
pub trait AskWitness: Send + Sync {
    /// POSTs a body to an address; status and body of the answer.
    async fn add_checkpoint(
        &self,
        url: &str,
        body: String,
    ) -> std::result::Result<(u16, String), WitnessFault>;
}

/// By HTTP.
#[derive(Clone, Debug)]
pub struct HttpWitnesses(ureq::Agent);

impl Default for HttpWitnesses {
    fn default() -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .http_status_as_error(false);
        Self(config.build().into())
    }
}

#[async_trait]
impl AskWitness for HttpWitnesses {
    async fn add_checkpoint(
        &self,
        url: &str,
        body: String,
    ) -> std::result::Result<(u16, String), WitnessFault> {
        let (agent, url) = (self.0.clone(), url.to_owned());
        let call = move || {
            let mut answer = agent.post(&url).send(&body).map_err(|_| WitnessFault::Silent)?;
            let text = answer.body_mut().with_config().limit(LONGEST).read_to_string();
            Ok((answer.status().as_u16(), text.map_err(|_| WitnessFault::Silent)?))
        };
        tokio::task::spawn_blocking(call).await.unwrap_or(Err(WitnessFault::Silent))
    }
}

/// How the log stands with its witnesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WitnessedLog {
    /// How many leaves enough of them have seen.
    pub size: u64,
    /// Since when: as of the last signature that was needed.
    pub at: Timestamp,
}

impl App {
    /// How far witnesses have seen the log; `None` where there are none or they never answered.
    pub async fn witnessed_log(&self) -> Result<Option<WitnessedLog>> {
        Ok(self.newest_witnessed().await?.map(|(_, w)| w))
    }

    /// What witnesses signed, as long as it is good.
    pub(crate) async fn witnessed_checkpoint(&self) -> Result<Option<String>> {
        let newest = self.newest_witnessed().await?;
        let good = newest.filter(|(_, w)| self.now().secs_since(w.at) <= GOOD_FOR);
        Ok(good.map(|(text, _)| text))
    }

    async fn newest_witnessed(&self) -> Result<Option<(String, WitnessedLog)>> {
        let policy = &self.settings().witnesses.policy;
        if policy.keys().is_empty() {
            return Ok(None);
        }
        let Some(text) = self.store.setting(WITNESSED).await? else { return Ok(None) };
        // Other witnesses may be configured now than when it was signed.
        let Ok(signed) = policy.check(&text) else { return Ok(None) };
        let Ok(checkpoint) = self.own_log(&text) else { return Ok(None) };
        let Some(at) = agreed_at(policy, &signed) else { return Ok(None) };
        Ok(Some((text, WitnessedLog { size: checkpoint.size, at })))
    }

    fn own_log(&self, text: &str) -> Result<Checkpoint> {
        Ok(open_checkpoint(text, &self.deployment.log_signer.verifier())?)
    }

    /// Asks all witnesses for their signatures, if the log has grown or theirs are old, and keeps what
    /// enough of them signed. Returns how many signed.
    pub async fn ask_witnesses(&self, ask: &dyn AskWitness) -> Result<usize> {
        let witnesses = &self.settings().witnesses;
        if witnesses.policy.keys().is_empty() {
            return Ok(0);
        }
        let before = self.store.setting(WITNESSED).await?;
        let (size, own) = self.own_checkpoint().await?;
        if let Some((_, known)) = self.newest_witnessed().await? {
            let fresh = self.now().secs_since(known.at) < AGAIN;
            if known.size > size || (known.size == size && fresh) {
                return Ok(0);
            }
        }
        let each = witnesses.policy.keys().iter().zip(&witnesses.urls);
        let asked = each.map(|(key, url)| self.ask_one(ask, key, url, size, &own));
        let lines: Vec<String> = join_all(asked).await.into_iter().flatten().collect();
        if lines.len() < witnesses.policy.quorum() {
            return Ok(lines.len());
        }
        let value = own + &lines.concat();
        let write = Write::PutSetting { name: WITNESSED, value, expect: Some(before) };
        match self.store.commit(Unit::new("witnessed", vec![write])).await {
            // Another server was first; what it kept is as good.
            Err(e)
                if e.is_conflict(Precondition::Exists) || e.is_conflict(Precondition::Absent) => {}
            other => other?,
        }
        Ok(lines.len())
    }

    /// The line of one witness under our own checkpoint; why there is none is told when it changes.
    async fn ask_one(
        &self,
        ask: &dyn AskWitness,
        key: &WitnessKey,
        url: &str,
        size: u64,
        own: &str,
    ) -> Option<String> {
        let outcome = self.signed_by(ask, key, url, size, own).await;
        let mut log = self.memory.log_tree.lock().await;
        let state = log.witnesses.entry(key.name().to_owned()).or_default();
        let fault = outcome.as_ref().err().map(ToString::to_string);
        if fault != state.fault {
            if let Some(fault) = &fault {
                tracing::warn!(witness = key.name(), fault, "a witness signs nothing");
            } else {
                tracing::info!(witness = key.name(), "a witness signs again");
            }
        }
        state.fault = fault;
        let cosignature = outcome.ok()?;
        state.size = size;
        Some(cosignature.line)
    }

    async fn signed_by(
        &self,
        ask: &dyn AskWitness,
        key: &WitnessKey,
        url: &str,
        size: u64,
        own: &str,
    ) -> std::result::Result<Cosignature, WitnessFault> {
        let url = format!("{}/add-checkpoint", url.trim_end_matches('/'));
        let mut old = self.seen_by(key).await.min(size);
        // A second time with the size that it says it saw last.
        for _ in 0..2 {
            let body = self.request(old, size, own).await;
            let (status, answer) = ask.add_checkpoint(&url, body).await?;
            let known: Option<u64> = answer.strip_suffix('\n').and_then(|n| n.parse().ok());
            match (status, known) {
                (200, _) => {
                    let found = cosignature(&format!("{own}{answer}"), key);
                    return found.ok().flatten().ok_or(WitnessFault::NotSigned);
                }
                (409, Some(known)) if known > size => return Err(WitnessFault::Ahead(known)),
                (409, Some(known)) => old = known,
                _ => return Err(WitnessFault::Status(status)),
            }
        }
        Err(WitnessFault::Status(409))
    }

    async fn seen_by(&self, key: &WitnessKey) -> u64 {
        self.memory.log_tree.lock().await.witnesses.get(key.name()).map_or(0, |s| s.size)
    }

    async fn request(&self, old: u64, size: u64, own: &str) -> String {
        let log = self.memory.log_tree.lock().await;
        // Both sizes are within the tree, so there always is a proof.
        let proof = consistency_proof(&log.tree, old, size).unwrap_or_default();
        AddCheckpoint { old, proof, checkpoint: own.to_owned() }.to_string()
    }

    /// Asks the witnesses, again and again, until `stop` turns true.
    pub(crate) async fn keep_witnessed(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let ask = HttpWitnesses::default();
        loop {
            note("ask_witnesses", &self.ask_witnesses(&ask).await);
            tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }
}

/// The moment by which as many had signed as are demanded, counted from the newest.
fn agreed_at(policy: &WitnessPolicy, signed: &[Cosignature]) -> Option<Timestamp> {
    let mut moments: Vec<_> = signed.iter().map(|c| c.at).collect();
    moments.sort_unstable_by(|a, b| b.cmp(a));
    moments.get(policy.quorum().saturating_sub(1)).copied()
}
