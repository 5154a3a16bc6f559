//! Every policy in the repository reads, and answers its own cases.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::path::{Path, PathBuf};

use jadegate_policy::{Policy, run_cases};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies")
}

/// Pairs of (id, text) of all files with an ending.
fn files(ending: &str) -> Vec<(String, String)> {
    let mut out: Vec<_> = std::fs::read_dir(folder())
        .unwrap()
        .map(|f| f.unwrap().path())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            let id = name.strip_suffix(ending)?.to_owned();
            (!id.contains('.')).then(|| (id, std::fs::read_to_string(&path).unwrap()))
        })
        .collect();
    out.sort();
    out
}

#[test]
fn every_policy_reads_and_is_named_like_its_file() {
    let policies = files(".toml");
    assert!(!policies.is_empty());
    for (id, text) in policies {
        let policy = Policy::parse(&text).unwrap_or_else(|p| panic!("{id}: {p:#?}"));
        assert_eq!(policy.id(), id);
        assert!(!policy.notes().is_empty(), "{id}: what does its source leave open?");
    }
}

#[test]
fn every_policy_answers_its_cases() {
    let cases = files(".cases.toml");
    assert_eq!(cases.len(), files(".toml").len(), "a policy without cases, or the other way round");
    for (id, cases) in cases {
        let policy = std::fs::read_to_string(folder().join(format!("{id}.toml"))).unwrap();
        let report = run_cases(&policy, &cases).unwrap_or_else(|e| panic!("{id}: {e:#?}"));
        assert!(report.is_ok(), "{report}");
        assert!(report.cases >= 3, "{report}");
    }
}

#[test]
fn every_rule_of_every_policy_is_expected_by_some_case() {
    for (id, text) in files(".toml") {
        let policy = Policy::parse(&text).unwrap();
        let cases = std::fs::read_to_string(folder().join(format!("{id}.cases.toml"))).unwrap();
        for rule in policy.rule_ids() {
            assert!(cases.contains(&format!("\"{rule}\"")), "{id}: no case expects `{rule}`");
        }
    }
}

#[test]
fn a_wrong_expectation_fails_and_names_what_differs() {
    let policy = std::fs::read_to_string(folder().join("three-colour.toml")).unwrap();
    let cases = r#"
        policy = "three-colour"
        [[case]]
        name = "wrong on purpose"
        expect = [{ at = 2022-03-01T00:00:00Z, colour = "red", next_change = "never" }]
    "#;
    let report = run_cases(&policy, cases).unwrap();
    assert!(!report.is_ok());
    assert_eq!((report.failures.len(), report.failures[0].what), (1, "colour"));
    // A file that expects nothing proves nothing.
    assert!(!run_cases(&policy, "policy = \"three-colour\"").unwrap().is_ok());
}

/// What the fit writes is what a policy holds, word for word.
#[test]
fn the_shipped_likelihood_is_the_published_one() {
    let fitted = include_str!("../../../bench/likelihood/model.toml");
    let at = fitted.find("[contact.likelihood]").unwrap();
    let policy = std::fs::read_to_string(folder().join("three-colour.toml")).unwrap();
    assert!(policy.contains(&fitted[at..]));
    let policy = jadegate_policy::Policy::parse(&policy).unwrap();
    let likelihood = policy.likelihood().unwrap();
    assert_eq!((likelihood.least_percent, likelihood.places.len()), (None, 3));
}
