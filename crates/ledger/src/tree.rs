//! The tree: appending with a few hashes, and the nodes that proofs are made from.
//!
//! Only *complete* subtrees are kept: node `(level, index)` is the hash over the `2^level` leaves
//! from `index * 2^level`. Such a node never changes again. What is on the right edge of a tree of a
//! certain size is hashed together when it is asked for.

use crate::error::LedgerError;
use crate::hash::{Hash, empty_root, node_hash};

/// Names a complete subtree: the `2^level` leaves from `index * 2^level` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// 0 for leaves.
    pub level: u8,
    /// Position within the level, from 0.
    pub index: u64,
}

/// A complete subtree and its hash. Written once, never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its level and its position there.
    pub id: NodeId,
    /// Its hash.
    pub hash: Hash,
}

/// Where the hashes of complete subtrees come from. A store may keep some levels only (tiles keep
/// every eighth) and compute the rest.
pub trait Nodes {
    /// The hash of a complete subtree, `None` if it is not there.
    fn node(&self, id: NodeId) -> Option<Hash>;
}

/// What a writer keeps in memory: the roots of the complete subtrees that make up the log, largest
/// first. At most 64 hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// As left behind by a log of this size.
    pub fn load(nodes: &impl Nodes, size: u64) -> Result<Self, LedgerError> {
        let hash = |id| nodes.node(id).ok_or(LedgerError::MissingNode);
        Ok(Self { size, roots: cover(0, size).into_iter().map(hash).collect::<Result<_, _>>()? })
    }

    /// How many leaves the log has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Append a leaf by its hash. Returns the nodes this completes, the leaf first: store them in
    /// the transaction that stores the leaf.
    pub fn append(&mut self, leaf: Hash) -> Vec<Node> {
        let mut node = Node { id: NodeId { level: 0, index: self.size }, hash: leaf };
        let mut completed = vec![node];
        // Each trailing one of the old size is a subtree of the same height waiting on the left.
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.roots.pop() else { break };
            node = Node {
                id: NodeId { level: node.id.level + 1, index: node.id.index / 2 },
                hash: node_hash(&left, &node.hash),
            };
            completed.push(node);
        }
        self.roots.push(node.hash);
        self.size += 1;
        completed
    }

    /// The root of the log as it is.
    pub fn root(&self) -> Hash {
        fold_right(&self.roots)
    }
}

/// The root of the log when it had `size` leaves.
pub fn root_at(nodes: &impl Nodes, size: u64) -> Result<Hash, LedgerError> {
    Ok(Frontier::load(nodes, size)?.root())
}

/// The hash over the leaves `from..to` as RFC 6962 splits them. `from` must be the start of a
/// complete subtree that is at least as large as the range.
pub(crate) fn range_hash(nodes: &impl Nodes, from: u64, to: u64) -> Result<Hash, LedgerError> {
    let hash = |id| nodes.node(id).ok_or(LedgerError::MissingNode);
    let parts = cover(from, to).into_iter().map(hash).collect::<Result<Vec<_>, _>>()?;
    Ok(fold_right(&parts))
}

/// The complete subtrees that make up the leaves `from..to`, largest first.
fn cover(mut from: u64, to: u64) -> Vec<NodeId> {
    let mut ids = Vec::new();
    while from < to {
        let level = (to - from).ilog2();
        #[expect(clippy::cast_possible_truncation, reason = "a logarithm of 64 bits is below 64")]
        ids.push(NodeId { level: level as u8, index: from >> level });
        from += 1 << level;
    }
    ids
}

fn fold_right(parts: &[Hash]) -> Hash {
    let joined = parts.iter().rev().copied().reduce(|right, left| node_hash(&left, &right));
    joined.unwrap_or_else(empty_root)
}

/// A whole tree in memory, for auditors and tests: about 64 bytes a leaf.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    frontier: Frontier,
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// From the hashes of all leaves.
    pub fn from_leaf_hashes(leaves: impl IntoIterator<Item = Hash>) -> Self {
        let mut tree = Self::new();
        leaves.into_iter().for_each(|leaf| tree.append(leaf));
        tree
    }

    /// Append a leaf by its hash.
    pub fn append(&mut self, leaf: Hash) {
        for node in self.frontier.append(leaf) {
            let level = usize::from(node.id.level);
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(node.hash);
        }
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Its root.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }
}

impl Nodes for Tree {
    fn node(&self, id: NodeId) -> Option<Hash> {
        let index = usize::try_from(id.index).ok()?;
        self.levels.get(usize::from(id.level))?.get(index).copied()
    }
}
