//! Inclusion and consistency proofs: RFC 6962, sections 2.1.1 and 2.1.2; checked as in RFC 9162,
//! sections 2.1.3.2 and 2.1.4.2.

use crate::error::LedgerError;
use crate::hash::{Hash, empty_root, node_hash};
use crate::tree::{Nodes, range_hash};

/// The hashes that lead from leaf `index` to the root of the log of `size` leaves; at most 64.
pub fn inclusion_proof(
    nodes: &impl Nodes,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, LedgerError> {
    if index >= size {
        return Err(LedgerError::OutOfRange);
    }
    let mut proof = Vec::new();
    let (mut from, mut to) = (0, size);
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            proof.push(range_hash(nodes, middle, to)?);
            to = middle;
        } else {
            proof.push(range_hash(nodes, from, middle)?);
            from = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The hashes that show that the log of `old` leaves is the beginning of the log of `new` leaves;
/// none if the sizes are equal or the old log was empty (then there is nothing to show).
pub fn consistency_proof(nodes: &impl Nodes, old: u64, new: u64) -> Result<Vec<Hash>, LedgerError> {
    if old > new {
        return Err(LedgerError::OutOfRange);
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let mut proof = Vec::new();
    let (mut from, mut to) = (0, new);
    while old != to {
        let middle = from + split(to - from);
        if old <= middle {
            proof.push(range_hash(nodes, middle, to)?);
            to = middle;
        } else {
            proof.push(range_hash(nodes, from, middle)?);
            from = middle;
        }
    }
    // Without a step to the right the old log is a subtree whose root the verifier knows.
    if from != 0 {
        proof.push(range_hash(nodes, from, to)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The largest power of two below `n`, for `n` of at least 2.
const fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// Is this leaf hash at `index` in the log with this root and size?
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), LedgerError> {
    let computed = root_from_inclusion(leaf, index, size, proof)?;
    if computed == *root { Ok(()) } else { Err(LedgerError::BadProof) }
}

/// The root to which an inclusion proof leads.
pub fn root_from_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
) -> Result<Hash, LedgerError> {
    if index >= size {
        return Err(LedgerError::OutOfRange);
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(LedgerError::BadProof);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            let skip = up_to_a_right_child(node);
            (node, last) = (node >> skip, last >> skip);
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last == 0 { Ok(hash) } else { Err(LedgerError::BadProof) }
}

/// How many levels up from a node on the right edge the next one with a left sibling is.
fn up_to_a_right_child(node: u64) -> u32 {
    if node == 0 { 0 } else { node.trailing_zeros() }
}

/// Is the log with `old_root` and `old` leaves the beginning of the one with `new_root` and `new`?
///
/// Two sizes the wrong way round, or two roots for one size, are [`LedgerError::Inconsistent`]: proof
/// of a rewritten log in themselves, if both checkpoints are signed.
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), LedgerError> {
    if old > new || (old == new && old_root != new_root) {
        return Err(LedgerError::Inconsistent);
    }
    if old == 0 && *old_root != empty_root() {
        return Err(LedgerError::Inconsistent);
    }
    if old == new || old == 0 {
        return if proof.is_empty() { Ok(()) } else { Err(LedgerError::BadProof) };
    }
    let (from_old, from_new) = roots_from_consistency(old, old_root, new, proof)?;
    if from_old == *old_root && from_new == *new_root { Ok(()) } else { Err(LedgerError::BadProof) }
}

/// The two roots to which a proof leads, for `0 < old < new`.
fn roots_from_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    proof: &[Hash],
) -> Result<(Hash, Hash), LedgerError> {
    let (seed, rest) = if old.is_power_of_two() {
        (*old_root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(LedgerError::BadProof)?;
        (*first, rest)
    };
    let skip = (old - 1).trailing_ones();
    let (mut node, mut last) = ((old - 1) >> skip, (new - 1) >> skip);
    let (mut from_old, mut from_new) = (seed, seed);
    for hash in rest {
        if last == 0 {
            return Err(LedgerError::BadProof);
        }
        if node & 1 == 1 || node == last {
            from_old = node_hash(hash, &from_old);
            from_new = node_hash(hash, &from_new);
            let skip = up_to_a_right_child(node);
            (node, last) = (node >> skip, last >> skip);
        } else {
            from_new = node_hash(&from_new, hash);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last == 0 { Ok((from_old, from_new)) } else { Err(LedgerError::BadProof) }
}
