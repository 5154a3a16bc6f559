//! The file that browsers get answers every question of every shipped case file as the engine of
//! this build does. Needs what the pages need: Node, and a compiler for browsers.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs::{File, read_to_string};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jadegate_policy::{Policy, assess, case_questions, explain};
use jadegate_policy_wasm::answer;
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

struct Asked {
    name: String,
    request: String,
    /// By `assess` and `explain` themselves.
    wanted: Value,
}

fn asked() -> Vec<Asked> {
    let mut out = Vec::new();
    for file in std::fs::read_dir(root().join("policies")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(id) = name.strip_suffix(".cases.toml") else { continue };
        let text = read_to_string(path.with_file_name(format!("{id}.toml"))).unwrap();
        let questions = case_questions(&text, &read_to_string(&path).unwrap()).unwrap();
        assert!(!questions.is_empty(), "{name} asks nothing");
        let policy = Policy::parse(&text).unwrap();
        for q in questions {
            let there = q.home.as_ref().map_or_else(|| policy.clone(), |h| policy.for_home(h));
            let known = || q.evidence.iter().filter(|e| e.recorded_at <= q.at);
            out.push(Asked {
                name: format!("{id}: {} at {}", q.case, q.at),
                request: json!({
                    "policy": text, "evidence": q.evidence, "at": q.at, "home": q.home
                })
                .to_string(),
                wanted: json!({ "ok": {
                    "assessment": assess(known(), &there, q.at),
                    "timeline": explain(known(), &there, None),
                }}),
            });
        }
    }
    assert!(out.len() >= 100, "only {} questions", out.len());
    out
}

#[test]
fn here_it_answers_as_the_engine_does() {
    for a in asked() {
        let got: Value = serde_json::from_slice(&answer(a.request.as_bytes())).unwrap();
        assert_eq!(got, a.wanted, "{}", a.name);
    }
}

#[test]
fn in_a_browser_it_answers_as_the_engine_does() {
    // Does nothing if the file is there and its sources have not changed.
    let built = Command::new(root().join("scripts/wasm.sh")).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let asked = asked();
    let lines: Vec<&str> = asked.iter().map(|a| a.request.as_str()).collect();
    let requests = Path::new(env!("CARGO_TARGET_TMPDIR")).join("requests.jsonl");
    std::fs::write(&requests, lines.join("\n")).unwrap();
    let got = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ask.mjs"))
        .arg(root().join("ui/wasm/policy.wasm"))
        .stdin(Stdio::from(File::open(&requests).unwrap()))
        .output()
        .expect("Node is needed");
    assert!(got.status.success(), "{}", String::from_utf8_lossy(&got.stderr));
    let answers = String::from_utf8(got.stdout).unwrap();
    assert_eq!(answers.lines().count(), asked.len());
    for (a, line) in asked.iter().zip(answers.lines()) {
        assert_eq!(serde_json::from_str::<Value>(line).unwrap(), a.wanted, "{}", a.name);
    }
}
