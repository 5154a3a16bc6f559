//! A log served as tiles, and an auditor who has nothing else and one trusted key.

#![expect(clippy::unwrap_used, reason = "what cannot be made fails the test")]

use std::collections::BTreeMap;

use jadegate_ledger::note::NoteSigner;
use jadegate_ledger::tile::{
    FULL, TileId, TileNodes, bundle_bytes, read_bundle, read_tile, tile_bytes, tiles,
};
use jadegate_ledger::{
    Checkpoint, Hash, LedgerError, NodeId, Nodes as _, Tree, consistency_proof, inclusion_proof,
    leaf_hash, open_checkpoint, root_at, sign_checkpoint, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

fn leaves(size: u64) -> impl Iterator<Item = Hash> {
    (0..size).map(|i| leaf_hash(&i.to_be_bytes()))
}

fn tile(level: u8, index: u64, width: u16) -> TileId {
    TileId { level: Some(level), index, width }
}

fn fetched(tree: &Tree, size: u64) -> TileNodes {
    let mut nodes = TileNodes::new();
    for id in tiles(0, size) {
        nodes.insert(id, &tile_bytes(tree, id).unwrap()).unwrap();
    }
    nodes
}

/// The examples in the text of <https://c2sp.org/tlog-tiles>.
#[test]
fn paths_and_widths_are_those_of_the_specification() {
    assert_eq!(tile(0, 1_234_067, FULL).path(), "tile/0/x001/x234/067");
    assert_eq!(tile(1, 0, 17).path(), "tile/1/000.p/17");
    assert_eq!(TileId { level: None, index: 1000, width: 5 }.path(), "tile/entries/x001/000.p/5");

    let all = tiles(0, 70_000);
    let of = |level: u8, full: bool| {
        let fits = |id: &&TileId| id.level == Some(level) && (id.width == FULL) == full;
        all.iter().filter(fits).map(|id| id.width).collect::<Vec<_>>()
    };
    assert_eq!(of(0, true).len(), 273);
    assert_eq!(of(0, false), [112]);
    assert_eq!(of(1, true).len(), 1);
    assert_eq!(of(1, false), [17]);
    assert_eq!((of(2, true), of(2, false)), (vec![], vec![1]));
    assert_eq!(all.len(), 273 + 1 + 1 + 1 + 1);
    assert_eq!(tiles(0, 256), [tile(0, 0, FULL), tile(1, 0, 1)]);
    assert_eq!(tiles(0, 0), []);
    assert_eq!(tiles(300, 520), [tile(0, 1, FULL), tile(0, 2, 8), tile(1, 0, 2)]);
    assert!(tiles(u64::MAX - 1, u64::MAX).len() < 20);
}

#[test]
fn only_the_one_spelling_of_a_path_names_a_tile() {
    for bad in [
        "",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/067",
        "tile/0/1/234",
        "tile/0/x001/x234",
        "tile/00/000",
        "tile/8/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/017",
        "tile/0/000.p/+1",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/../000",
        "tile/entry/000",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert_eq!(TileId::from_path(bad), Err(LedgerError::BadTile), "{bad}");
    }
}

#[test]
fn a_tile_exists_as_soon_as_the_log_is_wide_enough() {
    assert!(!tile(0, 0, 1).exists_at(0));
    assert!(tile(0, 0, 7).exists_at(7) && !tile(0, 0, 8).exists_at(7));
    assert!(tile(1, 0, 1).exists_at(256) && !tile(1, 0, 1).exists_at(255));
    assert!(!tile(0, u64::MAX, 1).exists_at(u64::MAX));
    for id in tiles(0, 70_000) {
        assert!(id.exists_at(70_000));
    }
}

#[test]
fn bundles_and_tiles_of_another_width_are_refused() {
    let id = TileId { level: None, index: 0, width: 3 };
    let bytes = bundle_bytes([&b"one"[..], b"", b"three"]).unwrap();
    assert_eq!(bytes, b"\x00\x03one\x00\x00\x00\x05three");
    assert_eq!(read_bundle(id, &bytes).unwrap(), [&b"one"[..], b"", b"three"]);
    for bad in [&bytes[..bytes.len() - 1], &bytes[..5], &[&bytes[..], &[0]].concat()[..], b""] {
        assert_eq!(read_bundle(id, bad), Err(LedgerError::BadTile));
    }
    assert!(read_tile(tile(0, 0, 2), &[0; 64]).is_ok());
    for len in [0, 32, 63, 65, 96] {
        assert_eq!(read_tile(tile(0, 0, 2), &vec![0; len]), Err(LedgerError::BadTile));
    }
    let long = vec![0; 65_536];
    assert_eq!(bundle_bytes([&long[..]]), Err(LedgerError::LeafTooLong));
}

/// An auditor follows a log by its files alone.
#[test]
fn an_auditor_follows_the_log_by_its_files() {
    let signer = NoteSigner::from_seed("health.example/log", &[3; 32]).unwrap();
    let publish = |size: u64| {
        let tree = Tree::from_leaf_hashes(leaves(size));
        let origin = signer.name().to_owned();
        let checkpoint = Checkpoint { origin, size, root: tree.root() };
        (sign_checkpoint(&checkpoint, &signer).unwrap(), fetched(&tree, size))
    };
    let (first, _) = publish(1000);
    let (second, files) = publish(70_000);
    let old = open_checkpoint(&first, &signer.verifier()).unwrap();
    let new = open_checkpoint(&second, &signer.verifier()).unwrap();

    assert_eq!(root_at(&files, new.size), Ok(new.root));
    let proof = consistency_proof(&files, old.size, new.size).unwrap();
    assert_eq!(verify_consistency(old.size, &old.root, new.size, &new.root, &proof), Ok(()));
    for index in [0, 255, 256, 65_535, 65_536, 69_999] {
        let proof = inclusion_proof(&files, index, new.size).unwrap();
        let leaf = leaf_hash(&index.to_be_bytes());
        assert_eq!(verify_inclusion(&leaf, index, new.size, &new.root, &proof), Ok(()));
    }
    assert_eq!(files.node(NodeId { level: 64, index: 0 }), None);
}

proptest! {
    /// Tiles hold everything: each node of the tree comes back from them.
    #[test]
    fn every_node_comes_back_from_tiles(size in 0u64..2000) {
        let tree = Tree::from_leaf_hashes(leaves(size));
        let files = fetched(&tree, size);
        let levels: BTreeMap<u8, u64> = (0..12).map(|l| (l, size >> l)).collect();
        for (level, count) in levels {
            for index in 0..count {
                let id = NodeId { level, index };
                prop_assert_eq!(files.node(id), tree.node(id));
            }
            prop_assert_eq!(files.node(NodeId { level, index: count }), None);
        }
    }

    /// New tiles after growth, and those from before, are all tiles there are.
    #[test]
    fn growth_lists_what_is_new(old in 0u64..3000, more in 0u64..3000) {
        let kept = tiles(0, old).into_iter().filter(|id| id.width == FULL);
        let mut together: Vec<_> = kept.chain(tiles(old, old + more)).collect();
        together.sort();
        let mut all = tiles(0, old + more);
        all.sort();
        prop_assert_eq!(together, all);
    }

    #[test]
    fn every_tile_has_one_path(level in 0u8..8, index: u64, width in 1u16..=256, entries: bool) {
        let id = TileId { level: (!entries).then_some(level), index, width };
        prop_assert_eq!(TileId::from_path(&id.path()), Ok(id));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes: Vec<u8>, path in "tile/\\PC{0,40}", width in 0u16..300) {
        let id = TileId { level: Some(0), index: 0, width };
        let _ = (read_bundle(id, &bytes), read_tile(id, &bytes), TileId::from_path(&path));
    }
}
