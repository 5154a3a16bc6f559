//! The public log as it is handed out: its key and the checkpoint over all leaves so far.

use jadegate_domain::Timestamp;
use jadegate_ledger::{Checkpoint, Leaf, leaf_hash, sign_checkpoint};
use jadegate_store::{LogLeaf, Write};

use crate::app::App;
use crate::error::{Result, ServiceError};

/// Where the pages were served last.
const SERVED_AT: &str = "served_at";

/// A part of the public log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPart {
    /// How many leaves the log has.
    pub size: u64,
    /// Those that were asked for, in order.
    pub leaves: Vec<LogLeaf>,
}

impl App {
    /// Notes where browsers reach the pages, so that a command without a running server makes links
    /// that lead there.
    pub async fn note_served_at(&self, origin: &str) -> Result<()> {
        let value = origin.to_owned();
        let write = Write::PutSetting { name: SERVED_AT, value, expect: None };
        self.commit("served_at", vec![write]).await
    }

    /// Where the pages were served last, if ever.
    pub async fn served_at(&self) -> Result<Option<String>> {
        Ok(self.store.setting(SERVED_AT).await?)
    }

    /// The public log's key in the form of C2SP (`name+id+key`), for everybody who verifies
    /// checkpoints.
    pub fn log_key(&self) -> String {
        self.deployment.log_signer.verifier().to_string()
    }

    /// Leaves from an index on, in order, with all that was recorded before this was called.
    pub async fn log_part(&self, from: u64, limit: u32) -> Result<LogPart> {
        self.catch_up().await;
        let leaves = self.store.log_leaves(from, limit).await?;
        Ok(LogPart { size: self.store.log_size().await?, leaves })
    }

    /// When the newest leaf was written.
    pub async fn newest_leaf(&self) -> Result<Option<Timestamp>> {
        self.catch_up().await;
        let Some(last) = self.store.log_size().await?.checked_sub(1) else { return Ok(None) };
        let leaves = self.store.log_leaves(last, 1).await?;
        Ok(leaves.first().and_then(|leaf| Leaf::moment(&leaf.bytes)))
    }

    /// The signed checkpoint over all leaves that have a number, with all that was recorded before
    /// this was called. Leaves are hashed once: the tree lives in memory and takes up what was
    /// numbered since. Numbers are durable before anything is signed for them.
    pub async fn checkpoint(&self) -> Result<String> {
        self.catch_up().await;
        let mut log = self.memory.log_tree.lock().await;
        loop {
            let leaves = self.store.log_leaves(log.tree.size(), 1000).await?;
            if leaves.is_empty() {
                break;
            }
            for leaf in leaves {
                if leaf.index != log.tree.size() {
                    return Err(ServiceError::internal("the public log has a gap"));
                }
                log.tree.append(leaf_hash(&leaf.bytes));
            }
        }
        let (size, root) = (log.tree.size(), log.tree.root());
        match &log.signed {
            Some((at, text)) if *at == size => Ok(text.clone()),
            _ => {
                let origin = self.deployment.log_signer.name().to_owned();
                let text = sign_checkpoint(
                    &Checkpoint { origin, size, root },
                    &self.deployment.log_signer,
                )?;
                log.signed = Some((size, text.clone()));
                Ok(text)
            }
        }
    }
    /// Numbers what waits. Where nothing can be written (the disk is full), what has its number can
    /// still be read, and each answer says how far that goes; the job says why no more is numbered.
    async fn catch_up(&self) {
        if let Err(e) = self.number_leaves().await {
            tracing::warn!(code = e.code, "the public log is shown without its newest leaves");
        }
    }
}
