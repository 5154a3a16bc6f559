//! The public log as it is handed out: its key and the checkpoint over all leaves so far.

use jadegate_ledger::{Checkpoint, leaf_hash, sign_checkpoint};
use jadegate_store::Write;

use crate::app::App;
use crate::error::{Result, ServiceError};

/// Where the pages were served last.
const SERVED_AT: &str = "served_at";

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

    /// The signed checkpoint over all leaves so far. Leaves are hashed once: the tree lives in
    /// memory and takes up what was added since.
    pub async fn checkpoint(&self) -> Result<String> {
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
}
