//! The public log as it is handed out: its key, the checkpoint, its files, and proofs.

use jadegate_domain::Timestamp;
use jadegate_ledger::tile::{FULL, TileId, bundle_bytes, tile_bytes};
use jadegate_ledger::{
    Checkpoint, Leaf, LogProof, inclusion_proof, leaf_hash, open_checkpoint, sign_checkpoint,
};
use jadegate_store::{LogLeaf, Write};
use tokio::sync::MutexGuard;

use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::log::LogTree;

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

    /// The signed checkpoint as it is published: the one that enough witnesses signed, where there are
    /// witnesses and they answer; otherwise the one over all that was recorded before this was called.
    pub async fn checkpoint(&self) -> Result<String> {
        match self.witnessed_checkpoint().await? {
            Some(witnessed) => Ok(witnessed),
            None => Ok(self.own_checkpoint().await?.1),
        }
    }

    /// Size and text of the signed checkpoint over all leaves that have a number, with all that was
    /// recorded before this was called. Numbers are durable before anything is signed for them.
    pub(crate) async fn own_checkpoint(&self) -> Result<(u64, String)> {
        self.catch_up().await;
        let mut log = self.grown_log().await?;
        let (size, root) = (log.tree.size(), log.tree.root());
        if let Some((at, text)) = &log.signed
            && *at == size
        {
            return Ok((size, text.clone()));
        }
        let signer = &self.deployment.log_signer;
        let origin = signer.name().to_owned();
        let text = sign_checkpoint(&Checkpoint { origin, size, root }, signer)?;
        log.signed = Some((size, text.clone()));
        Ok((size, text))
    }

    /// A file of the log as `tlog-tiles` names it (`tile/0/000`, `tile/entries/000.p/7`): hashes, or
    /// the leaves themselves. What it holds never changes.
    ///
    /// # Errors
    /// `log.no_file`: the log is not that long, or no file has that name.
    pub async fn log_file(&self, path: &str) -> Result<Vec<u8>> {
        let unknown = || {
            ServiceError::not_found(
                "log.no_file",
                "The public log has no such file at its present size. Names are those of c2sp.org/tlog-tiles; begin with the checkpoint.",
            )
        };
        let id = TileId::from_path(path).map_err(|_| unknown())?;
        let log = self.memory.log_tree.lock().await;
        let known = id.exists_at(log.tree.size());
        let log = if known {
            log
        } else {
            drop(log);
            self.grown_log().await?
        };
        if !id.exists_at(log.tree.size()) {
            return Err(unknown());
        }
        if id.level.is_some() {
            return Ok(tile_bytes(&log.tree, id)?);
        }
        drop(log);
        let leaves = self.store.log_leaves(id.index * u64::from(FULL), id.width.into()).await?;
        if leaves.len() != usize::from(id.width) {
            return Err(ServiceError::internal("leaves of the public log are gone"));
        }
        Ok(bundle_bytes(leaves.iter().map(|leaf| leaf.bytes.as_slice()))?)
    }

    /// A file (`c2sp.org/tlog-proof`) that shows to anybody, offline too, that the leaf at this position
    /// is in the log.
    ///
    /// # Errors
    /// `log.not_yet`: the published checkpoint does not reach that far.
    pub async fn log_proof(&self, index: u64) -> Result<String> {
        let checkpoint = self.checkpoint().await?;
        let size = open_checkpoint(&checkpoint, &self.deployment.log_signer.verifier())?.size;
        if index >= size {
            return Err(ServiceError::not_found(
                "log.not_yet",
                "The published checkpoint does not reach that far. If the leaf was written just now, ask again in some seconds.",
            ));
        }
        let log = self.grown_log().await?;
        let hashes = inclusion_proof(&log.tree, index, size)?;
        Ok(LogProof { extra: None, index, hashes, checkpoint }.to_string())
    }

    /// The tree, with all leaves that have a number. Leaves are hashed once: it takes up what was
    /// numbered since.
    pub(crate) async fn grown_log(&self) -> Result<MutexGuard<'_, LogTree>> {
        let mut log = self.memory.log_tree.lock().await;
        loop {
            let leaves = self.store.log_leaves(log.tree.size(), 1000).await?;
            if leaves.is_empty() {
                return Ok(log);
            }
            for leaf in leaves {
                if leaf.index != log.tree.size() {
                    return Err(ServiceError::internal("the public log has a gap"));
                }
                log.tree.append(leaf_hash(&leaf.bytes));
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
