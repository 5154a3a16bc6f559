//! The policy that is served is the one in the log, and so was each before it.

use std::collections::BTreeMap;

use jadegate_domain::PolicyRef;
use jadegate_ledger::{Hash, Leaf};
use jadegate_policy::Policy;
use serde_json::Value;

use crate::entries::{Entry, sha256};
use crate::report::Check;
use crate::source::Source;

/// The policies in the log, by index of their leaf.
pub(crate) type Texts = BTreeMap<u64, Policy>;

fn leaves(entries: &[Entry]) -> impl DoubleEndedIterator<Item = (u64, &PolicyRef, &Hash)> {
    entries.iter().filter_map(|e| match &e.leaf {
        Leaf::PolicyPublished { policy, sha256, .. } => Some((e.index, policy, sha256)),
        _ => None,
    })
}

/// Every policy that ever was in force can be read, and is the file that was logged.
pub(crate) fn published(source: &dyn Source, entries: &[Entry]) -> (Check, Texts) {
    let mut check = Check::new(
        "policies",
        "each policy that was in force can be read, is the file that was logged, and is sound",
    );
    let mut texts = Texts::new();
    for (index, policy, digest) in leaves(entries) {
        check.saw(1);
        let path = format!("/v1/policies/{}", policy.digest);
        let bytes = match source.get(&path) {
            Ok(bytes) => bytes,
            Err(e) => {
                check.fault("policy.missing", index, format!("{path}: {e}"));
                continue;
            }
        };
        if sha256(&bytes) != *digest {
            check.fault(
                "policy.other_text",
                index,
                format!("{path} is another file than the one that was logged"),
            );
            continue;
        }
        let text = String::from_utf8(bytes).unwrap_or_default();
        match Policy::parse(&text) {
            Ok(read) if read.reference() == *policy => drop(texts.insert(index, read)),
            Ok(_) => check.fault(
                "policy.other_text",
                index,
                "the leaf names another policy than the file is",
            ),
            Err(_) => check.fault(
                "policy.unreadable",
                index,
                format!("{path} is no policy that this audit can read"),
            ),
        }
    }
    if check.looked_at == 0 {
        check.fault("policy.none", None, "no policy was ever logged");
    }
    (check, texts)
}

/// What is in force today is the last one of the log.
pub(crate) fn served(source: &dyn Source, entries: &[Entry]) -> Check {
    let mut check = Check::new("policy", "the policy that is served is the last one in the log");
    let Some((index, policy, digest)) = leaves(entries).next_back() else {
        return check.skipped("no policy was logged");
    };
    check.saw(2);
    match source.get("/v1/policy") {
        Ok(bytes) if sha256(&bytes) == *digest => {}
        Ok(_) => check.fault(
            "policy.other_served",
            index,
            "/v1/policy is another file than the last one in the log",
        ),
        Err(e) => check.fault("policy.missing", index, format!("/v1/policy: {e}")),
    }
    let info: Value = source
        .get("/v1/info")
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    if info["policy"]["digest"].as_str() != Some(&policy.digest) {
        check.fault(
            "policy.other_served",
            index,
            "/v1/info names another policy than the last one in the log",
        );
    }
    check
}
