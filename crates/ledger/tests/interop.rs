//! The proofs of transparency-dev/merkle: 196 inclusion and consistency cases that nobody on this
//! project made, where they are at hand (`../shared/data` beside the repository). They are never
//! copied in; without them the test says so.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

use flate2::read::MultiGzDecoder;
use jadegate_ledger::{Hash, LedgerError, verify_consistency, verify_inclusion};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    file: String,
    want_err: bool,
    proof: Option<Vec<String>>,
    #[serde(flatten)]
    of: Of,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Of {
    #[serde(rename_all = "camelCase")]
    Inclusion {
        leaf_idx: u64,
        tree_size: u64,
        root: String,
        leaf_hash: String,
    },
    Consistency {
        size1: u64,
        root1: Option<String>,
        size2: u64,
        root2: Option<String>,
    },
}

/// What Go writes as base64, as a hash; anything but 32 bytes is none.
fn hash(text: &str) -> Result<Hash, LedgerError> {
    text.parse()
}

fn outcome(case: &Case) -> Result<(), LedgerError> {
    let proof = case.proof.iter().flatten().map(|h| hash(h)).collect::<Result<Vec<_>, _>>()?;
    let given = |h: &Option<String>| hash(h.as_deref().unwrap_or_default());
    match &case.of {
        Of::Inclusion { leaf_idx, tree_size, root, leaf_hash } => {
            verify_inclusion(&hash(leaf_hash)?, *leaf_idx, *tree_size, &hash(root)?, &proof)
        }
        Of::Consistency { size1, root1, size2, root2 } => {
            verify_consistency(*size1, &given(root1)?, *size2, &given(root2)?, &proof)
        }
    }
}

/// Cases whose answer differs, each with why.
const DEVIATIONS: &[(&str, &str)] = &[(
    "testdata/consistency/additional/sizes-are-equal-one-and-proof-is-empty.json",
    "its roots are texts and no SHA-256 hashes, which the types here cannot hold: refused, where two \
     equal texts are taken there",
)];

#[test]
fn the_cases_of_others_have_the_answers_of_others() {
    let name = "interop/merkle_proofs.ndjson.gz";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    let Ok(file) = std::fs::File::open(&path) else {
        eprintln!("SKIPPED: {name} is not in ../shared/data; nothing was checked");
        return;
    };
    let (mut good, mut bad, mut differ) = (0, 0, Vec::new());
    for line in BufReader::new(MultiGzDecoder::new(file)).lines() {
        let case: Case = serde_json::from_str(&line.unwrap()).unwrap();
        if case.want_err {
            bad += 1;
        } else {
            good += 1;
        }
        let outcome = outcome(&case);
        if outcome.is_err() != case.want_err {
            differ.push(case.file);
        }
    }
    assert_eq!((good, bad), (12, 184));
    let known: Vec<_> = DEVIATIONS.iter().map(|(file, _)| (*file).to_owned()).collect();
    assert_eq!(differ, known);
}
