//! What lies in a data folder, and what a start makes of it: nothing is made beside something that
//! cannot be explained.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

use std::collections::BTreeMap;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/three-colour.toml");

fn run(data: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_jadegate"))
        .arg("--data")
        .arg(data)
        .args(args)
        .env_clear()
        .env("JADEGATE_POLICY", POLICY)
        .output()
        .unwrap()
}

/// A command that opens the deployment to write, as a start of the server does, and ends.
fn open(data: &Path) -> Output {
    let args = ["staff", "add-agency", "--kind", "auditor", "--name", "Made-up", "--region", "CN"];
    run(data, &args)
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

/// Every file with what it holds; the lock says nothing.
fn files(data: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let all = std::fs::read_dir(data).unwrap().map(|e| e.unwrap().path());
    let all = all.filter(|p| p.extension().is_none_or(|e| e != "lock" && e != "db-shm"));
    all.map(|p| (p.clone(), std::fs::read(p).unwrap())).collect()
}

/// A deployment that was started once.
fn deployment() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let out = open(dir.path());
    assert!(out.status.success(), "{}", said(&out));
    dir
}

/// Refused, with these words; not a byte is changed and no file is made.
fn refused(data: &Path, words: &str) {
    let before = files(data);
    let out = open(data);
    assert!(!out.status.success(), "it started");
    assert!(said(&out).contains(words), "{}", said(&out));
    assert!(files(data) == before, "something was made: {:?}", files(data).keys());
}

#[test]
fn an_empty_folder_becomes_a_deployment_and_stays_it() {
    let dir = deployment();
    let names: Vec<_> = files(dir.path()).into_keys().collect();
    assert!(names.iter().any(|n| n.ends_with("keys.toml")));
    assert!(open(dir.path()).status.success());
    // What the first start left when it ended before there were keys: it is begun again.
    let fresh = tempfile::tempdir().unwrap();
    std::fs::write(fresh.path().join("jadegate.db"), b"").unwrap();
    std::fs::write(fresh.path().join("jadegate.db.lock"), b"").unwrap();
    let out = open(fresh.path());
    assert!(out.status.success(), "{}", said(&out));
}

#[test]
fn a_missing_key_file_is_never_made_anew() {
    let dir = deployment();
    let keys = dir.path().join("keys.toml");
    let kept = std::fs::read(&keys).unwrap();
    std::fs::remove_file(&keys).unwrap();
    refused(dir.path(), "Put the key file back");
    let rotated = run(dir.path(), &["keys", "rotate"]);
    assert!(!rotated.status.success() && !keys.exists());
    // Put back, it is as before.
    std::fs::write(&keys, kept).unwrap();
    Command::new("chmod").arg("600").arg(&keys).status().unwrap();
    assert!(open(dir.path()).status.success());
}

#[test]
fn a_missing_or_empty_database_is_no_new_deployment() {
    let dir = deployment();
    let database = dir.path().join("jadegate.db");
    std::fs::write(&database, b"").unwrap();
    refused(dir.path(), "missing or empty");
    std::fs::remove_file(&database).unwrap();
    refused(dir.path(), "missing or empty");
}

#[test]
fn leftovers_of_a_deployment_are_not_built_upon() {
    for (name, bytes) in [
        ("jadegate.db-wal", b"made up".as_slice()),
        ("visits.index", b""),
        ("keys.new", b"made up"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(name), bytes).unwrap();
        refused(dir.path(), "a part of a deployment");
        // Neither is an empty database beside it taken for a first start.
        std::fs::write(dir.path().join("jadegate.db"), b"").unwrap();
        refused(dir.path(), "a part of a deployment");
    }
}

#[test]
fn somebody_elses_files_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("jadegate.db"), vec![b'x'; 10_000]).unwrap();
    refused(dir.path(), "Put the key file back");
    let dir = deployment();
    std::fs::write(dir.path().join("jadegate.db"), vec![b'x'; 10_000]).unwrap();
    let before = files(dir.path());
    assert!(!open(dir.path()).status.success());
    assert!(files(dir.path()) == before);
}

/// A page as a failing disk would leave it: nothing is served from such a file.
#[test]
fn a_damaged_database_is_not_served() {
    let dir = deployment();
    let database = dir.path().join("jadegate.db");
    let len = std::fs::metadata(&database).unwrap().len();
    let file = std::fs::OpenOptions::new().write(true).open(&database).unwrap();
    // Every page but those that say what tables there are: the first is enough to open it.
    let c = tables(&database);
    let page = c.into_iter().max().unwrap();
    assert!(page * 4096 <= len);
    file.write_all_at(&[0xA5; 512], (page - 1) * 4096).unwrap();
    drop(file);
    let out = open(dir.path());
    assert!(!out.status.success(), "it started");
    assert!(said(&out).contains("damaged"), "{}", said(&out));
    let doctor = run(dir.path(), &["doctor"]);
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("LOOK  database"));
}

/// The first pages of the tables and indexes.
fn tables(database: &Path) -> Vec<u64> {
    let c = rusqlite::Connection::open(database).unwrap();
    let mut s = c.prepare("SELECT rootpage FROM sqlite_schema WHERE rootpage > 0").unwrap();
    let pages = s.query_map([], |r| r.get::<_, u32>(0)).unwrap();
    pages.map(|p| u64::from(p.unwrap())).collect()
}

/// A row that cannot be read is named by `doctor`, without what it holds.
#[test]
fn doctor_names_rows_that_cannot_be_read() {
    let dir = deployment();
    let c = rusqlite::Connection::open(dir.path().join("jadegate.db")).unwrap();
    c.execute("UPDATE agency SET kind = 'secret'", []).unwrap();
    drop(c);
    let doctor = run(dir.path(), &["doctor"]);
    let said = String::from_utf8_lossy(&doctor.stdout);
    assert!(said.contains("LOOK  rows") && said.contains("agency.kind of row"), "{said}");
    assert!(!said.contains("secret"), "{said}");
    assert_eq!(doctor.status.code(), Some(2));
}
