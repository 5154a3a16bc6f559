//! Reading the log: key, checkpoint, witnesses, files, and what an earlier visit saw.

use std::str::FromStr as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jadegate_domain::Timestamp;
use jadegate_ledger::note::NoteVerifier;
use jadegate_ledger::tile::{TileId, TileNodes, read_bundle, tiles};
use jadegate_ledger::{
    Checkpoint, Tree, consistency_proof, leaf_hash, open_checkpoint, root_at, verify_consistency,
};
use serde_json::Value;

use crate::entries::Entry;
use crate::known::{AuditError, Known};
use crate::report::{Check, LogSummary, Report};
use crate::source::{Source, Unread};

/// What was read, verified.
pub(crate) struct Fetched {
    pub(crate) served_keys: Value,
    pub(crate) entries: Vec<Entry>,
    /// How many leaves witnesses saw, and when.
    pub(crate) witnessed: Option<(u64, Timestamp)>,
    /// The same of the checkpoint of the earlier visit.
    pub(crate) earlier: Option<(u64, Timestamp)>,
    key: NoteVerifier,
    checkpoint: Checkpoint,
    tree: Tree,
}

fn read(source: &dyn Source, path: &str) -> Result<Vec<u8>, AuditError> {
    source.get(path).map_err(|why| AuditError::Unread { path: path.to_owned(), why })
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_default()
}

impl Fetched {
    /// Reads the whole log; `None` if what is served is no log, which the report says.
    pub(crate) fn fetch(
        source: &dyn Source,
        known: &Known,
        now: Timestamp,
        report: &mut Report,
    ) -> Result<Option<Self>, AuditError> {
        let served_keys: Value =
            serde_json::from_slice(&read(source, "/v1/keys")?).unwrap_or_default();
        let signed = text(read(source, "/v1/log/checkpoint")?);
        let (check, opened) = own_signature(&served_keys, known, &signed);
        report.add(check);
        let Some((key, checkpoint)) = opened else { return Ok(None) };
        report.log = Some(LogSummary {
            name: checkpoint.origin.clone(),
            key: key.to_string(),
            size: checkpoint.size,
            root: checkpoint.root.to_string(),
            checkpoint: signed.clone(),
        });
        let (check, witnessed) = witnesses(known, &signed, &checkpoint, now);
        report.add(check);
        let (check, leaves, tree) = leaves(source, &checkpoint);
        let whole = check.fault_count == 0;
        report.add(check);
        let (check, earlier) = since_earlier(source, known, &key, &checkpoint, &tree)?;
        report.add(check);
        let (check, entries) = readable(&leaves);
        report.add(check);
        report.add(same_leaves(source, &leaves));
        if !whole {
            return Ok(None);
        }
        Ok(Some(Self { served_keys, entries, witnessed, earlier, key, checkpoint, tree }))
    }

    /// What is served after all has been read still is this log, grown at most.
    pub(crate) fn same_log_still(&self, source: &dyn Source) -> Check {
        let mut check = Check::new(
            "one_log",
            "the checkpoint served at the end continues the one at the beginning",
        );
        check.saw(1);
        let answer = source.get("/v1/log/checkpoint").map(text);
        let Ok(Ok(later)) = answer.map(|signed| open_checkpoint(&signed, &self.key)) else {
            check.fault("log.unsigned", None, "at the end no checkpoint of this log was served");
            return check;
        };
        let (small, large) = if later.size < self.checkpoint.size {
            (&later, &self.checkpoint)
        } else {
            (&self.checkpoint, &later)
        };
        // What witnesses signed may be a little behind what is shown without them.
        let one = if small == &later {
            root_at(&self.tree, later.size) == Ok(later.root)
        } else {
            continues(source, &self.tree, small, large)
        };
        if !one {
            let detail = format!(
                "the log of {} leaves is not the beginning of that of {}; both are signed",
                small.size, large.size
            );
            check.fault("log.fork", None, detail);
        }
        check
    }
}

/// Is the tree that was read the beginning of the later one? Only what is new is fetched.
fn continues(source: &dyn Source, tree: &Tree, old: &Checkpoint, later: &Checkpoint) -> bool {
    let mut grown = tree.clone();
    let first = old.size / 256;
    for index in first..later.size.div_ceil(256) {
        let width = (later.size - index * 256).min(256);
        let id = TileId { level: None, index, width: u16::try_from(width).unwrap_or(256) };
        let Ok(bytes) = source.get(&format!("/v1/log/{}", id.path())) else { return false };
        let Ok(leaves) = read_bundle(id, &bytes) else { return false };
        for (leaf, at) in leaves.into_iter().zip(index * 256..) {
            if at >= old.size {
                grown.append(leaf_hash(leaf));
            }
        }
    }
    grown.size() == later.size && grown.root() == later.root
}

fn own_signature(
    served: &Value,
    known: &Known,
    signed: &str,
) -> (Check, Option<(NoteVerifier, Checkpoint)>) {
    let mut check = Check::new(
        "signature",
        "the checkpoint is signed by the log's key, and the key is the one known",
    );
    check.saw(1);
    let served = served["log"].as_str().and_then(|text| NoteVerifier::from_str(text).ok());
    if let (Some(known), Some(served)) = (&known.log_key, &served)
        && known != served
    {
        check.fault("key.other", None, format!("{served} is served, and {known} is known"));
    }
    if known.log_key.is_none() {
        check.note("the key was taken from the deployment itself; compare it with what was published elsewhere (--key)");
    }
    let Some(key) = known.log_key.clone().or(served) else {
        check.fault("key.missing", None, "no key of the log is served (`log` in /v1/keys)");
        return (check, None);
    };
    match open_checkpoint(signed, &key) {
        Ok(checkpoint) => (check, Some((key, checkpoint))),
        Err(e) => {
            check.fault("log.unsigned", None, format!("the checkpoint: {e}"));
            (check, None)
        }
    }
}

fn witnesses(
    known: &Known,
    signed: &str,
    checkpoint: &Checkpoint,
    now: Timestamp,
) -> (Check, Option<(u64, Timestamp)>) {
    /// Older than this, and it says nothing of today.
    const OLD: i64 = 86_400;
    let mut check =
        Check::new("witnesses", "enough of the known witnesses signed this log, within a day");
    let policy = &known.witnesses;
    check.saw(u64::try_from(policy.keys().len()).unwrap_or(u64::MAX));
    if policy.keys().is_empty() {
        return (check.skipped("no witness was named (--witness)"), None);
    }
    let found = match policy.found(signed) {
        Ok(found) => found,
        Err(e) => {
            check.fault("witness.bad_signature", None, format!("in a known witness's name: {e}"));
            return (check, None);
        }
    };
    let recent = found.iter().filter(|c| now.secs_since(c.at).abs() <= OLD).count();
    if recent < policy.quorum() {
        let (names, old) = (policy.keys().len(), found.len() - recent);
        check.fault(
            "witness.too_few",
            None,
            format!(
                "{recent} of {names} signed within a day ({old} earlier), and {} are demanded",
                policy.quorum()
            ),
        );
    }
    let newest = found.iter().map(|c| c.at).max();
    (check, newest.map(|at| (checkpoint.size, at)))
}

/// All leaves, out of the bundles, hashed to the root that is signed; and the tiles say the same.
fn leaves(source: &dyn Source, checkpoint: &Checkpoint) -> (Check, Vec<Vec<u8>>, Tree) {
    let mut check =
        Check::new("tree", "all leaves are there and lead to the signed root, and so do the tiles");
    let (mut all, mut tree, mut nodes) = (Vec::new(), Tree::new(), TileNodes::new());
    for id in tiles(0, checkpoint.size) {
        match source.get(&format!("/v1/log/{}", id.path())) {
            Ok(bytes) if nodes.insert(id, &bytes).is_ok() => {}
            Ok(_) => check.fault("log.bad_tile", None, id.path()),
            Err(e) => check.fault("log.missing", None, format!("{}: {e}", id.path())),
        }
        if id.level != Some(0) {
            continue;
        }
        let id = TileId { level: None, ..id };
        let bytes = match source.get(&format!("/v1/log/{}", id.path())) {
            Ok(bytes) => bytes,
            Err(e) => {
                check.fault("log.missing", None, format!("{}: {e}", id.path()));
                continue;
            }
        };
        match read_bundle(id, &bytes) {
            Ok(leaves) => all.extend(leaves.into_iter().map(<[u8]>::to_vec)),
            Err(e) => check.fault("log.bad_tile", None, format!("{}: {e}", id.path())),
        }
    }
    for leaf in &all {
        tree.append(leaf_hash(leaf));
    }
    check.saw(tree.size());
    if (tree.size(), tree.root()) != (checkpoint.size, checkpoint.root) {
        let (n, size) = (tree.size(), checkpoint.size);
        check.fault(
            "log.other_root",
            None,
            format!("{n} leaves were served for a log of {size}, and they lead to another root"),
        );
    }
    if root_at(&nodes, checkpoint.size) != Ok(checkpoint.root) {
        check.fault("log.other_root", None, "the tiles lead to another root");
    }
    (check, all, tree)
}

type Earlier = Option<(u64, Timestamp)>;

/// The log that an earlier visit saw is the beginning of this one.
fn since_earlier(
    source: &dyn Source,
    known: &Known,
    key: &NoteVerifier,
    now: &Checkpoint,
    tree: &Tree,
) -> Result<(Check, Earlier), AuditError> {
    let mut check =
        Check::new("earlier", "the log of the earlier visit is the beginning of this one");
    let Some(signed) = &known.earlier else {
        return Ok((check.skipped("no earlier checkpoint was given (--from)"), None));
    };
    check.saw(1);
    let given =
        AuditError::Given("the earlier checkpoint is not one of this log, signed by its key");
    let old = open_checkpoint(signed, key).map_err(|_| given)?;
    let seen = known.witnesses.found(signed).unwrap_or_default();
    let witnessed = seen.iter().map(|c| c.at).min().map(|at| (old.size, at));
    if old.size > now.size {
        // What witnesses signed may be a little behind what was shown without them.
        if !continues(source, tree, now, &old) {
            let detail = format!("{} leaves then, {} now; both are signed", old.size, now.size);
            check.fault("log.shrank", None, detail);
        }
        return Ok((check, witnessed));
    }
    let proof = consistency_proof(tree, old.size, now.size);
    let outcome =
        proof.and_then(|p| verify_consistency(old.size, &old.root, now.size, &now.root, &p));
    if outcome.is_err() {
        check.fault(
            "log.fork",
            None,
            format!(
                "the {} leaves of then are not the first {} of now; both are signed",
                old.size, old.size
            ),
        );
    }
    Ok((check, witnessed))
}

fn readable(leaves: &[Vec<u8>]) -> (Check, Vec<Entry>) {
    let mut check =
        Check::new("readable", "every leaf is of a known kind, in its one written form");
    let mut entries = Vec::with_capacity(leaves.len());
    for (bytes, index) in leaves.iter().zip(0..) {
        check.saw(1);
        match Entry::read(index, bytes) {
            Ok(entry) => entries.push(entry),
            Err(e) => check.fault(
                "leaf.unreadable",
                index,
                format!("{e}; a newer deployment may want a newer audit"),
            ),
        }
    }
    (check, entries)
}

/// The list for people says what the files say.
fn same_leaves(source: &dyn Source, leaves: &[Vec<u8>]) -> Check {
    let mut check = Check::new("two_ways", "the list of leaves says what the files say");
    while check.looked_at < u64::try_from(leaves.len()).unwrap_or(u64::MAX) {
        let from = check.looked_at;
        let path = format!("/v1/log/leaves?from={from}&limit=1000");
        let list: Value = match source.get(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(Unread::Missing) => return check.skipped("there is no such list"),
            Err(e) => {
                check.fault("log.missing", from, format!("{path}: {e}"));
                return check;
            }
        };
        let served = list["leaves"].as_array().filter(|l| !l.is_empty());
        let Some(served) = served else {
            check.fault("log.two_views", from, "the list ends before the log does");
            return check;
        };
        for leaf in served {
            let Some(known) = usize::try_from(check.looked_at).ok().and_then(|i| leaves.get(i))
            else {
                break;
            };
            let bytes = leaf["leaf"].as_str().and_then(|text| STANDARD.decode(text).ok());
            let (index, same) = (check.looked_at, bytes.as_ref() == Some(known));
            if !same || leaf["index"].as_u64() != Some(index) {
                check.fault(
                    "log.two_views",
                    index,
                    "the list has another leaf here than the files",
                );
            }
            check.saw(1);
        }
    }
    check
}
