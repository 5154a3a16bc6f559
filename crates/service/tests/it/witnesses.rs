//! The public log and its witnesses: what they signed is published, and nothing waits for them.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use jadegate_domain::Timestamp;
use jadegate_ledger::cosign::{WitnessKey, WitnessPolicy, WitnessSigner};
use jadegate_ledger::note::NoteVerifier;
use jadegate_ledger::tile::{TileNodes, read_bundle, tiles};
use jadegate_ledger::witness::{AddCheckpoint, Refusal, Seen, consider};
use jadegate_ledger::{LogProof, leaf_hash, open_checkpoint, root_at};
use jadegate_service::{AskWitness, Settings, WitnessFault, Witnesses};
use jadegate_store::{Unit, Write};

use crate::common::{NOW, World, at};

/// Three witnesses as the pure crate has them, without a network; each can be silenced.
#[derive(Default)]
struct MadeUp {
    log: Option<NoteVerifier>,
    seen: Mutex<BTreeMap<String, Seen>>,
    silent: Mutex<Vec<u8>>,
    asked: Mutex<u32>,
}

fn signer(n: u8) -> WitnessSigner {
    WitnessSigner::from_seed(&format!("paper{n}.example"), &[n; 32]).unwrap()
}

#[async_trait]
impl AskWitness for MadeUp {
    async fn add_checkpoint(
        &self,
        url: &str,
        body: String,
    ) -> std::result::Result<(u16, String), WitnessFault> {
        *self.asked.lock().unwrap() += 1;
        let n: u8 = url.strip_prefix("http://").unwrap()[..1].parse().unwrap();
        assert!(url.ends_with("/add-checkpoint"), "{url}");
        if self.silent.lock().unwrap().contains(&n) {
            return Err(WitnessFault::Silent);
        }
        let request: AddCheckpoint = body.parse().unwrap();
        let mut seen = self.seen.lock().unwrap();
        let logs = [self.log.clone().unwrap()];
        match consider(&request, &logs, |_| seen.get(url)) {
            Err(Refusal::AnotherSize(size)) => Ok((409, format!("{size}\n"))),
            Err(refusal) => Ok((refusal.status(), refusal.to_string())),
            Ok(worthy) => {
                let (size, root) = (worthy.checkpoint.size, worthy.checkpoint.root);
                seen.insert(url.to_owned(), Seen { size, root, checkpoint: worthy.signed });
                Ok((200, signer(n).cosign(&worthy.text, at(NOW)).unwrap()))
            }
        }
    }
}

fn settings(quorum: usize) -> Settings {
    let keys: Vec<WitnessKey> = (1..=3).map(|n| signer(n).verifier()).collect();
    let policy = WitnessPolicy::new(keys, quorum).unwrap();
    let urls = (1..=3).map(|n| format!("http://{n}/")).collect();
    Settings { witnesses: Witnesses { policy, urls }, ..Settings::default() }
}

async fn write(w: &World, n: usize) {
    let alarm = format!("made_up_{n}").parse().unwrap();
    let leaf = jadegate_ledger::Leaf::Alarm { at: at(NOW), alarm }.encode().unwrap();
    w.store.commit(Unit::new("made_up", vec![Write::AddLeaf(leaf)])).await.unwrap();
}

async fn size(w: &World) -> (u64, usize) {
    let text = w.app.checkpoint().await.unwrap();
    let key: NoteVerifier = w.app.log_key().parse().unwrap();
    (open_checkpoint(&text, &key).unwrap().size, text.matches("paper").count())
}

fn made_up(w: &World) -> MadeUp {
    MadeUp { log: Some(w.app.log_key().parse().unwrap()), ..MadeUp::default() }
}

#[tokio::test]
async fn what_enough_witnesses_signed_is_published() {
    let w = World::of(NOW, settings(2)).await;
    let ask = made_up(&w);
    let (start, signed) = size(&w).await;
    assert_eq!(signed, 0, "nobody was asked yet");
    *ask.silent.lock().unwrap() = vec![1, 2];
    assert_eq!(w.app.ask_witnesses(&ask).await.unwrap(), 1);
    assert_eq!(size(&w).await.1, 0, "one is not enough");
    *ask.silent.lock().unwrap() = vec![3];
    assert_eq!(w.app.ask_witnesses(&ask).await.unwrap(), 2);
    assert_eq!(size(&w).await, (start, 2));
    // What is written since is published with the next signatures, and they are asked for it.
    for n in 0..9 {
        write(&w, n).await;
    }
    assert_eq!(size(&w).await, (start, 2));
    *ask.silent.lock().unwrap() = vec![];
    assert_eq!(w.app.ask_witnesses(&ask).await.unwrap(), 3);
    assert_eq!(size(&w).await, (start + 9, 3));
    // Nothing new: nobody is troubled.
    let asked = *ask.asked.lock().unwrap();
    assert_eq!(w.app.ask_witnesses(&ask).await.unwrap(), 0);
    assert_eq!(*ask.asked.lock().unwrap(), asked);
    // Another server publishes the same, and learns from the witnesses how far they are.
    let second = w.second_server().await;
    assert_eq!(second.checkpoint().await.unwrap(), w.app.checkpoint().await.unwrap());
    write(&w, 10).await;
    assert_eq!(second.ask_witnesses(&ask).await.unwrap(), 3);
    assert_eq!(size(&w).await, (start + 10, 3));
}

#[tokio::test]
async fn witnesses_that_are_gone_hold_up_nobody() {
    let w = World::of(NOW, settings(2)).await;
    let ask = made_up(&w);
    w.app.ask_witnesses(&ask).await.unwrap();
    let (start, _) = size(&w).await;
    *ask.silent.lock().unwrap() = vec![1, 2, 3];
    write(&w, 1).await;
    assert_eq!(w.app.ask_witnesses(&ask).await.unwrap(), 0);
    assert_eq!(size(&w).await, (start, 3), "theirs is good for a while");
    w.clock.advance(901);
    assert_eq!(size(&w).await, (start + 1, 0), "then it is published without them, for all to see");
}

#[tokio::test]
async fn a_database_from_before_what_witnesses_saw_is_noticed() {
    let w = World::of(NOW, settings(1)).await;
    let ask = made_up(&w);
    for url in ["http://1/add-checkpoint", "http://2/add-checkpoint", "http://3/add-checkpoint"] {
        let seen = Seen { size: 1000, root: leaf_hash(b"x"), checkpoint: String::new() };
        ask.seen.lock().unwrap().insert(url.to_owned(), seen);
    }
    assert_eq!(w.app.ask_witnesses(&ask).await.unwrap(), 0);
    assert_eq!(size(&w).await.1, 0);
}

#[tokio::test]
async fn whoever_signs_in_a_witness_s_name_only_is_not_counted() {
    struct Forger;
    #[async_trait]
    impl AskWitness for Forger {
        async fn add_checkpoint(
            &self,
            _: &str,
            body: String,
        ) -> std::result::Result<(u16, String), WitnessFault> {
            let request: AddCheckpoint = body.parse().unwrap();
            let text = request.checkpoint.split_once("\n\n").unwrap().0.to_owned() + "\n";
            let forger = WitnessSigner::from_seed("paper1.example", &[9; 32]).unwrap();
            Ok((200, forger.cosign(&text, Timestamp::from_secs(9)).unwrap()))
        }
    }
    let w = World::of(NOW, settings(1)).await;
    assert_eq!(w.app.ask_witnesses(&Forger).await.unwrap(), 0);
    assert_eq!(size(&w).await.1, 0);
}

/// Whoever has the address and the key only reads the whole log by its files, and shows one leaf.
#[tokio::test]
async fn the_log_is_read_by_its_files() {
    let w = World::new().await;
    for n in 0..300 {
        write(&w, n).await;
    }
    let key: NoteVerifier = w.app.log_key().parse().unwrap();
    let checkpoint = open_checkpoint(&w.app.checkpoint().await.unwrap(), &key).unwrap();
    let mut nodes = TileNodes::new();
    for id in tiles(0, checkpoint.size) {
        nodes.insert(id, &w.app.log_file(&id.path()).await.unwrap()).unwrap();
        if id.level == Some(0) {
            let entries = jadegate_ledger::tile::TileId { level: None, ..id };
            let bundle = w.app.log_file(&entries.path()).await.unwrap();
            for (leaf, i) in read_bundle(entries, &bundle).unwrap().iter().zip(id.index * 256..) {
                let node = jadegate_ledger::NodeId { level: 0, index: i };
                assert_eq!(jadegate_ledger::Nodes::node(&nodes, node), Some(leaf_hash(leaf)));
            }
        }
    }
    assert_eq!(root_at(&nodes, checkpoint.size), Ok(checkpoint.root));
    for path in ["tile/0/002", "tile/0/001.p/255", "tile/1/001", "tile/0/0", "tile/x", "checkpoint"]
    {
        assert_eq!(w.app.log_file(path).await.unwrap_err().code, "log.no_file", "{path}");
    }
    // A partial file that grew is still there under its name.
    assert_eq!(w.app.log_file("tile/0/000.p/5").await.unwrap().len(), 5 * 32);

    let proof: LogProof = w.app.log_proof(7).await.unwrap().parse().unwrap();
    let leaf = w.store.log_leaves(7, 1).await.unwrap().remove(0);
    assert!(proof.verify(&leaf_hash(&leaf.bytes), &key, &WitnessPolicy::default()).is_ok());
    assert_eq!(w.app.log_proof(checkpoint.size).await.unwrap_err().code, "log.not_yet");
}
