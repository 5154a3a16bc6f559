//! Tiles: the log as static files that anybody can fetch and cache
//! (<https://c2sp.org/tlog-tiles>).
//!
//! A tile holds up to 256 hashes of one level; tile level `l` holds nodes of tree level `8 * l`.
//! Entry bundles hold the leaves themselves.

use std::collections::BTreeMap;

use crate::error::LedgerError;
use crate::hash::{Hash, node_hash};
use crate::tree::{NodeId, Nodes};

/// Hashes in a full tile.
pub const FULL: u16 = 256;

/// Names a tile or, without a level, an entry bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// Tile level, 0 to 7 (a log of 2^64 leaves has no more); `None` for an entry bundle.
    pub level: Option<u8>,
    /// Position within the level, from 0.
    pub index: u64,
    /// How many hashes or entries, 1 to 256; below 256 the tile is partial.
    pub width: u16,
}

impl TileId {
    /// The path below the log's address: `tile/1/x001/234.p/56`, `tile/entries/000`.
    pub fn path(&self) -> String {
        let level = self.level.map_or_else(|| "entries".to_owned(), |l| l.to_string());
        let mut rest = self.index / 1000;
        let mut digits = format!("{:03}", self.index % 1000);
        while rest > 0 {
            digits = format!("x{:03}/{digits}", rest % 1000);
            rest /= 1000;
        }
        let partial = if self.width < FULL { format!(".p/{}", self.width) } else { String::new() };
        format!("tile/{level}/{digits}{partial}")
    }

    /// The tile that a path names; only the one spelling of a path names one.
    pub fn from_path(path: &str) -> Result<Self, LedgerError> {
        Self::read_path(path).filter(|id| id.path() == path).ok_or(LedgerError::BadTile)
    }

    fn read_path(path: &str) -> Option<Self> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let level = if level == "entries" { None } else { Some(level.parse().ok()?) };
        let (digits, width) = match rest.split_once(".p/") {
            Some((digits, width)) => {
                (digits, width.parse().ok().filter(|w| (1..FULL).contains(w))?)
            }
            None => (rest, FULL),
        };
        let index = digits.split('/').try_fold(0u64, |n, part| {
            let group: u64 = part.strip_prefix('x').unwrap_or(part).parse().ok()?;
            n.checked_mul(1000)?.checked_add(group)
        })?;
        (level.is_none_or(|l| l < 8)).then_some(Self { level, index, width })
    }

    /// Is this tile part of the log at this size, in this width? Serve no other.
    pub fn exists_at(&self, size: u64) -> bool {
        let hashes = size.checked_shr(8 * u32::from(self.level.unwrap_or(0))).unwrap_or(0);
        let before = self.index.saturating_mul(FULL.into());
        (1..=FULL).contains(&self.width)
            && hashes.checked_sub(before).is_some_and(|rest| rest >= self.width.into())
    }
}

/// The hash tiles that together hold a log of this size: every full one and the partial ones at its
/// right edge. `from` leaves out the full tiles that a log of that size already had; 0 lists all.
pub fn tiles(from: u64, size: u64) -> Vec<TileId> {
    let mut ids = Vec::new();
    for level in 0..8u8 {
        let hashes = size >> (8 * level);
        let done = (from >> (8 * level)) / 256;
        let full = (done..hashes / 256).map(|index| (index, FULL));
        let partial = u16::try_from(hashes % 256).ok().filter(|w| *w > 0);
        let partial = partial.map(|width| (hashes / 256, width));
        let level = Some(level);
        ids.extend(full.chain(partial).map(|(index, width)| TileId { level, index, width }));
    }
    ids
}

/// The bytes of a hash tile.
pub fn tile_bytes(nodes: &impl Nodes, id: TileId) -> Result<Vec<u8>, LedgerError> {
    let level = id.level.filter(|l| *l < 8).ok_or(LedgerError::BadTile)? * 8;
    let first = id.index.checked_mul(FULL.into()).ok_or(LedgerError::BadTile)?;
    let mut out = Vec::with_capacity(usize::from(id.width) * 32);
    for i in 0..u64::from(id.width) {
        let id = NodeId { level, index: first + i };
        out.extend_from_slice(nodes.node(id).ok_or(LedgerError::MissingNode)?.as_bytes());
    }
    Ok(out)
}

/// The hashes in a tile that was fetched.
pub fn read_tile(id: TileId, bytes: &[u8]) -> Result<Vec<Hash>, LedgerError> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() || hashes.len() != usize::from(id.width) {
        return Err(LedgerError::BadTile);
    }
    Ok(hashes.iter().copied().map(Hash::from_bytes).collect())
}

/// The bytes of an entry bundle: each leaf after its length in two bytes, big-endian.
pub fn bundle_bytes<'l>(
    leaves: impl IntoIterator<Item = &'l [u8]>,
) -> Result<Vec<u8>, LedgerError> {
    let mut out = Vec::new();
    for leaf in leaves {
        let len = u16::try_from(leaf.len()).map_err(|_| LedgerError::LeafTooLong)?;
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(leaf);
    }
    Ok(out)
}

/// The leaves in an entry bundle that was fetched.
pub fn read_bundle(id: TileId, bytes: &[u8]) -> Result<Vec<&[u8]>, LedgerError> {
    let mut leaves = Vec::new();
    let mut rest = bytes;
    while let Some((len, tail)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_be_bytes(*len));
        let (leaf, tail) = tail.split_at_checked(len).ok_or(LedgerError::BadTile)?;
        leaves.push(leaf);
        rest = tail;
    }
    let whole = rest.is_empty() && leaves.len() == usize::from(id.width);
    if whole { Ok(leaves) } else { Err(LedgerError::BadTile) }
}

/// Nodes out of fetched tiles. What they say is only worth what it proves: compare a root with a
/// signed checkpoint, or verify the proof that was made.
#[derive(Clone, Debug, Default)]
pub struct TileNodes(BTreeMap<(u8, u64), Vec<Hash>>);

impl TileNodes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Add a hash tile; a wider one replaces a partial one.
    pub fn insert(&mut self, id: TileId, bytes: &[u8]) -> Result<(), LedgerError> {
        let level = id.level.filter(|l| *l < 8).ok_or(LedgerError::BadTile)?;
        let hashes = read_tile(id, bytes)?;
        let kept = self.0.entry((level, id.index)).or_default();
        if kept.len() < hashes.len() {
            *kept = hashes;
        }
        Ok(())
    }
}

impl Nodes for TileNodes {
    fn node(&self, id: NodeId) -> Option<Hash> {
        let height = id.level % 8;
        let first = id.index.checked_mul(1 << height)?;
        let tile = self.0.get(&(id.level / 8, first / 256))?;
        let from = usize::try_from(first % 256).ok()?;
        let mut hashes = tile.get(from..from + (1 << height))?.to_vec();
        while hashes.len() > 1 {
            hashes = hashes.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
        }
        hashes.first().copied()
    }
}
