//! What a holder needs to check their own records in the public log, from outside and by themselves.
//!
//! Each record comes with the salt and the exact content of its commitment and with the positions of
//! its leaves: `commitment = SHA-256(len(what) || what || salt || content)` stands in the leaf.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jadegate_domain::EvidenceId;
use jadegate_store::Latest;
use serde::Serialize;

use crate::app::App;
use crate::error::Result;
use crate::log::{Opening, access_opening, account_opening, evidence_opening};
use crate::session::HolderSession;

/// Newest records of each kind that are given at once.
const MOST: u32 = 100;

/// One record, as it can be found in the public log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoggedRecord {
    /// `evidence`, `access` or `account`: the word before the salt.
    pub what: &'static str,
    /// Which piece of evidence.
    pub evidence: Option<EvidenceId>,
    /// 16 bytes, base64. Whoever has it can try contents out: keep it to yourself.
    pub salt: String,
    /// The exact content that was committed to: JSON, to be taken as bytes.
    pub content: String,
    /// The commitment, base64, as in the leaf.
    pub commitment: String,
    /// The positions of its leaves: recorded and, if it was, withdrawn. Empty for looks from before
    /// they were committed to in the form that holders are given.
    pub leaves: Vec<u64>,
}

/// A holder's newest records in the public log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoggedRecords {
    /// The log's key (`name+id+key`): its checkpoints are signed by it.
    pub log_key: String,
    /// Evidence, newest first, then looks, then changes of how the holder is known, newest first each.
    pub records: Vec<LoggedRecord>,
    /// Is there more than is given here?
    pub more: bool,
}

impl App {
    /// The holder's newest evidence and looks at their data, each with what opens its commitment.
    pub async fn my_log(&self, session: &HolderSession) -> Result<LoggedRecords> {
        let own = self.store.evidence_of(session.holder).await?.map_or_else(Vec::new, |(_, e)| e);
        let looks = self.store.accesses_of(session.holder, Latest::first(MOST + 1)).await?;
        // What was just read has its leaves; they are told by their numbers.
        self.number_leaves().await?;
        let most = usize::try_from(MOST).unwrap_or(usize::MAX);
        let mut records = Vec::new();
        for e in own.iter().rev().take(most) {
            let opened = evidence_opening(&self.deployment.keys, e)?;
            records.push(self.logged(opened, Some(e.id)).await?);
        }
        let changes = self.store.account_changes(session.holder, MOST + 1).await?;
        let more = own.len() > most || looks.len() > most || changes.len() > most;
        for a in looks.into_iter().take(most) {
            let opened = access_opening(&self.deployment.keys, &a)?;
            records.push(self.logged(opened, None).await?);
        }
        for c in changes.into_iter().take(most) {
            let opened = account_opening(&self.deployment.keys, &c)?;
            records.push(self.logged(opened, None).await?);
        }
        Ok(LoggedRecords { log_key: self.log_key(), records, more })
    }

    async fn logged(&self, opened: Opening, evidence: Option<EvidenceId>) -> Result<LoggedRecord> {
        let commitment = opened.commitment.0.to_string();
        let leaves = self.store.leaves_of_commitment(&commitment).await?;
        Ok(LoggedRecord {
            what: opened.what,
            evidence,
            salt: STANDARD.encode(opened.salt),
            content: opened.content,
            commitment,
            leaves: leaves.into_iter().map(|l| l.index).collect(),
        })
    }
}
