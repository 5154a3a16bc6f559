//! The tree against RFC 6962: known roots and proofs, its definitions written down word for word,
//! and an independent implementation.

#![expect(clippy::unwrap_used, reason = "what cannot be made fails the test")]

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use jadegate_ledger::{
    Frontier, Hash, LedgerError, NodeId, Nodes, Tree, consistency_proof, empty_root,
    inclusion_proof, leaf_hash, node_hash, root_at, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

/// The eight leaves that Certificate Transparency implementations test with
/// (transparency-dev/merkle, `testonly/constants.go`; before that, google/certificate-transparency).
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
/// Their roots, from the empty log on.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
/// Inclusion proofs of the same suite: leaf, size, hashes.
const PATHS: [(u64, u64, &[&str]); 2] = [
    (
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
];
/// A consistency proof of the same suite: from 6 leaves to 8.
const SIX_TO_EIGHT: [&str; 3] = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
];

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|p| u8::from_str_radix(std::str::from_utf8(p).unwrap(), 16).unwrap()).collect()
}

fn hash(hex: &str) -> Hash {
    Hash::from_bytes(bytes(hex).try_into().unwrap())
}

/// `MTH(D[n])` of RFC 6962, section 2.1, word for word.
fn mth(d: &[Vec<u8>]) -> Hash {
    match d {
        [] => Hash::from_bytes(Sha256::digest(b"").into()),
        [one] => leaf_hash(one),
        _ => {
            let k = split(d.len());
            node_hash(&mth(&d[..k]), &mth(&d[k..]))
        }
    }
}

/// `PATH(m, D[n])` of section 2.1.1.
fn path(m: usize, d: &[Vec<u8>]) -> Vec<Hash> {
    if d.len() == 1 {
        return Vec::new();
    }
    let k = split(d.len());
    let (mut proof, other) =
        if m < k { (path(m, &d[..k]), mth(&d[k..])) } else { (path(m - k, &d[k..]), mth(&d[..k])) };
    proof.push(other);
    proof
}

/// `SUBPROOF(m, D[n], b)` of section 2.1.2.
fn subproof(m: usize, d: &[Vec<u8>], b: bool) -> Vec<Hash> {
    if m == d.len() {
        return if b { Vec::new() } else { vec![mth(d)] };
    }
    let k = split(d.len());
    let (mut proof, other) = if m <= k {
        (subproof(m, &d[..k], b), mth(&d[k..]))
    } else {
        (subproof(m - k, &d[k..], false), mth(&d[..k]))
    };
    proof.push(other);
    proof
}

fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

fn made_up(n: usize) -> Vec<Vec<u8>> {
    (0..n).map(|i| format!("leaf {i}").into_bytes()).collect()
}

fn tree(leaves: &[Vec<u8>]) -> Tree {
    Tree::from_leaf_hashes(leaves.iter().map(|l| leaf_hash(l)))
}

fn n(len: usize) -> u64 {
    len as u64
}

#[test]
fn the_roots_are_those_of_certificate_transparency() {
    let mut frontier = Frontier::new();
    assert_eq!(frontier.root(), hash(ROOTS[0]));
    let tree = tree(&LEAVES.map(bytes));
    for (i, leaf) in LEAVES.iter().enumerate() {
        frontier.append(leaf_hash(&bytes(leaf)));
        assert_eq!(frontier.root(), hash(ROOTS[i + 1]), "size {}", i + 1);
        assert_eq!(root_at(&tree, n(i + 1)), Ok(hash(ROOTS[i + 1])));
    }
    assert_eq!(empty_root(), hash(ROOTS[0]));
}

#[test]
fn the_proofs_are_those_of_certificate_transparency() {
    let tree = tree(&LEAVES.map(bytes));
    for (index, size, expected) in PATHS {
        let expected: Vec<_> = expected.iter().map(|h| hash(h)).collect();
        assert_eq!(inclusion_proof(&tree, index, size).unwrap(), expected);
    }
    assert_eq!(consistency_proof(&tree, 6, 8).unwrap(), SIX_TO_EIGHT.map(hash));
}

/// Every size up to 70, every leaf, every earlier size: makes, compares, verifies.
#[test]
fn roots_and_proofs_are_those_of_the_definitions() {
    let leaves = made_up(70);
    let whole = tree(&leaves);
    for size in 1..=leaves.len() {
        let d = &leaves[..size];
        let root = root_at(&whole, n(size)).unwrap();
        assert_eq!(root, mth(d));
        for index in 0..size {
            let proof = inclusion_proof(&whole, n(index), n(size)).unwrap();
            assert_eq!(proof, path(index, d));
            let leaf = leaf_hash(&d[index]);
            assert_eq!(verify_inclusion(&leaf, n(index), n(size), &root, &proof), Ok(()));
        }
        for old in 1..=size {
            let proof = consistency_proof(&whole, n(old), n(size)).unwrap();
            assert_eq!(proof, subproof(old, d, true));
            let old_root = mth(&leaves[..old]);
            assert_eq!(verify_consistency(n(old), &old_root, n(size), &root, &proof), Ok(()));
        }
    }
}

#[test]
fn an_independent_implementation_makes_the_same_proofs() {
    let leaves = made_up(45);
    let ours = tree(&leaves);
    let mut theirs = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for (i, leaf) in leaves.iter().enumerate() {
        theirs.push(leaf.clone());
        let size = n(i + 1);
        let root = root_at(&ours, size).unwrap();
        assert_eq!(theirs.root().as_bytes().as_slice(), root.as_bytes());
        let joined =
            |proof: Vec<Hash>| proof.iter().flat_map(|h| *h.as_bytes()).collect::<Vec<_>>();
        for index in 0..=i {
            let proof = inclusion_proof(&ours, n(index), size).unwrap();
            assert_eq!(theirs.prove_inclusion(index).as_bytes(), joined(proof));
        }
        for added in 1..=i {
            let proof = consistency_proof(&ours, size - n(added), size).unwrap();
            assert_eq!(theirs.prove_consistency(added).as_bytes(), joined(proof));
        }
    }
}

#[test]
fn a_log_that_shrank_or_changed_is_inconsistent() {
    let (a, b) = (leaf_hash(b"a"), leaf_hash(b"b"));
    assert_eq!(verify_consistency(2, &a, 1, &a, &[]), Err(LedgerError::Inconsistent));
    assert_eq!(verify_consistency(2, &a, 2, &b, &[]), Err(LedgerError::Inconsistent));
    assert_eq!(verify_consistency(2, &a, 2, &a, &[b]), Err(LedgerError::BadProof));
    assert_eq!(verify_consistency(0, &a, 2, &b, &[]), Err(LedgerError::Inconsistent));
    assert_eq!(verify_consistency(0, &empty_root(), 2, &b, &[]), Ok(()));
    assert_eq!(verify_consistency(0, &empty_root(), 2, &b, &[a]), Err(LedgerError::BadProof));
    assert_eq!(verify_consistency(1, &a, 2, &b, &[]), Err(LedgerError::BadProof));
}

#[test]
fn what_is_not_there_is_an_error() {
    let tree = tree(&made_up(5));
    assert_eq!(inclusion_proof(&tree, 5, 5), Err(LedgerError::OutOfRange));
    assert_eq!(inclusion_proof(&tree, 0, 6), Err(LedgerError::MissingNode));
    assert_eq!(consistency_proof(&tree, 6, 5), Err(LedgerError::OutOfRange));
    assert_eq!(consistency_proof(&tree, 3, 6), Err(LedgerError::MissingNode));
    assert_eq!(root_at(&tree, u64::MAX), Err(LedgerError::MissingNode));
    assert_eq!(tree.node(NodeId { level: 255, index: u64::MAX }), None);
    assert_eq!(inclusion_proof(&tree, u64::MAX - 1, u64::MAX), Err(LedgerError::MissingNode));
}

proptest! {
    /// What a store keeps of each append is enough to go on after a restart, at any size.
    #[test]
    fn a_frontier_goes_on_from_stored_nodes(before in 0usize..600, after in 0usize..40) {
        let leaves = made_up(before + after);
        let mut stored = std::collections::BTreeMap::new();
        let mut frontier = Frontier::new();
        for leaf in &leaves[..before] {
            for node in frontier.append(leaf_hash(leaf)) {
                prop_assert!(stored.insert(node.id, node.hash).is_none(), "written once");
            }
        }
        let mut again = Frontier::load(&Stored(stored), n(before)).unwrap();
        prop_assert_eq!(&again, &frontier);
        for leaf in &leaves[before..] {
            again.append(leaf_hash(leaf));
        }
        prop_assert_eq!(again.root(), mth(&leaves));
        prop_assert_eq!(again.size(), n(leaves.len()));
    }

    /// No proof but the right one verifies: one changed bit anywhere, one hash more or less, another
    /// index or size.
    #[test]
    fn an_altered_inclusion_proof_is_noticed(
        size in 1u64..300, pick: u64, bit in 0usize..256, other in 0u64..400, extra: [u8; 32],
    ) {
        let leaves = made_up(usize::try_from(size).unwrap());
        let tree = tree(&leaves);
        let index = pick % size;
        let leaf = leaf_hash(&leaves[usize::try_from(index).unwrap()]);
        let (root, proof) = (tree.root(), inclusion_proof(&tree, index, size).unwrap());
        let check = |leaf: &Hash, index, size, root: &Hash, proof: &[Hash]| {
            verify_inclusion(leaf, index, size, root, proof).is_ok()
        };
        prop_assert!(check(&leaf, index, size, &root, &proof));
        prop_assert!(!check(&flip(&leaf, bit), index, size, &root, &proof));
        prop_assert!(!check(&leaf, index, size, &flip(&root, bit), &proof));
        for i in 0..proof.len() {
            let mut altered = proof.clone();
            altered[i] = flip(&altered[i], bit);
            prop_assert!(!check(&leaf, index, size, &root, &altered));
            altered.remove(i);
            prop_assert!(!check(&leaf, index, size, &root, &altered));
        }
        for at in 0..=proof.len() {
            let mut longer = proof.clone();
            longer.insert(at, Hash::from_bytes(extra));
            prop_assert!(!check(&leaf, index, size, &root, &longer));
        }
        if other != index {
            prop_assert!(!check(&leaf, other, size, &root, &proof));
        }
    }

    #[test]
    fn an_altered_consistency_proof_is_noticed(
        new in 2u64..300, pick: u64, bit in 0usize..256, extra: [u8; 32],
    ) {
        let tree = tree(&made_up(usize::try_from(new).unwrap()));
        let old = 1 + pick % (new - 1);
        let (old_root, new_root) = (root_at(&tree, old).unwrap(), tree.root());
        let proof = consistency_proof(&tree, old, new).unwrap();
        let check = |old_root: &Hash, new_root: &Hash, proof: &[Hash]| {
            verify_consistency(old, old_root, new, new_root, proof).is_ok()
        };
        prop_assert!(check(&old_root, &new_root, &proof));
        prop_assert!(!check(&flip(&old_root, bit), &new_root, &proof));
        prop_assert!(!check(&old_root, &flip(&new_root, bit), &proof));
        prop_assert!(!check(&new_root, &old_root, &proof));
        for i in 0..proof.len() {
            let mut altered = proof.clone();
            altered[i] = flip(&altered[i], bit);
            prop_assert!(!check(&old_root, &new_root, &altered));
            altered.remove(i);
            prop_assert!(!check(&old_root, &new_root, &altered));
        }
        for at in 0..=proof.len() {
            let mut longer = proof.clone();
            longer.insert(at, Hash::from_bytes(extra));
            prop_assert!(!check(&old_root, &new_root, &longer));
        }
    }

    #[test]
    fn no_numbers_make_a_verifier_panic(
        a: u64, b: u64, root: [u8; 32], proof in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let proof: Vec<_> = proof.into_iter().map(Hash::from_bytes).collect();
        let (root, leaf) = (Hash::from_bytes(root), leaf_hash(b""));
        for (a, b) in [(a, b), (b, a), (a, u64::MAX), (u64::MAX - 1, u64::MAX), (0, b)] {
            prop_assert!(verify_inclusion(&leaf, a, b, &root, &proof).is_err());
            prop_assert!(verify_consistency(a, &leaf, b, &root, &proof).is_err());
        }
    }
}

struct Stored(std::collections::BTreeMap<NodeId, Hash>);

impl Nodes for Stored {
    fn node(&self, id: NodeId) -> Option<Hash> {
        self.0.get(&id).copied()
    }
}

fn flip(hash: &Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Hash::from_bytes(bytes)
}
