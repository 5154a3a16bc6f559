//! The binary from outside: help texts, configuration, errors, and what must not be possible.

use std::path::Path;
use std::process::{Command, Output};

#[expect(clippy::expect_used, reason = "a helper of tests only")]
fn jadegate(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_jadegate"))
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("JADEGATE_LOG_FILTER", "error")
        .env(
            "JADEGATE_POLICY",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/three-colour.toml"),
        )
        .output()
        .expect("the binary starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

#[test]
fn help_is_a_contract() {
    let dir = tempfile::tempdir().unwrap();
    insta::assert_snapshot!("help", text(&jadegate(dir.path(), &["--help"]).stdout));
    for sub in [
        "setup",
        "serve",
        "demo",
        "import",
        "trace",
        "policy",
        "certificate",
        "keys",
        "clock",
        "mandate",
        "staff",
    ] {
        let out = jadegate(dir.path(), &[sub, "--help"]);
        assert!(out.status.success());
        insta::assert_snapshot!(format!("help-{sub}"), text(&out.stdout));
    }
    let out = jadegate(dir.path(), &["import", "rides", "--help"]);
    insta::assert_snapshot!("help-import-rides", text(&out.stdout));
    let out = jadegate(dir.path(), &["database", "copy", "--help"]);
    insta::assert_snapshot!("help-database-copy", text(&out.stdout));
}

/// An authority's key, its signature, and what is refused: without a server or a database.
#[test]
fn a_mandate_is_signed_and_checked_anywhere() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let out = jadegate(dir.path(), args);
        (out.status.success(), text(&out.stdout), text(&out.stderr))
    };
    let (ok, key, _) = run(&["mandate", "key", "town.example/mandate", "authority.key"]);
    assert!(ok && key.starts_with("town.example/mandate+"), "{key}");
    // A key is never written over another one.
    assert!(!run(&["mandate", "key", "town.example/mandate", "authority.key"]).0);
    let (ok, example, _) = run(&["mandate", "example", "--region", "CN-33"]);
    assert!(ok && example.contains("second_officer_people = 100"), "{example}");
    std::fs::write(dir.path().join("mandate.toml"), &example).unwrap();
    let (ok, note, why) = run(&["mandate", "sign", "mandate.toml", "--key", "authority.key"]);
    assert!(ok, "{why}");
    std::fs::write(dir.path().join("mandate.note"), &note).unwrap();
    let check = |key: &str| run(&["mandate", "check", "mandate.note", "--authority", key.trim()]);
    let (ok, said, _) = check(&key);
    assert!(ok && said.contains("region    CN-33"), "{said}");
    let other = run(&["mandate", "key", "town.example/mandate", "other.key"]).1;
    let (ok, _, why) = check(&other);
    assert!(!ok && why.contains("not signed by the authority"), "{why}");
    // Longer than a mandate may hold: not even signed.
    let long = example.replace("waiting_hours = 24", "waiting_hours = 1000");
    std::fs::write(dir.path().join("mandate.toml"), long).unwrap();
    let (ok, _, why) = run(&["mandate", "sign", "mandate.toml", "--key", "authority.key"]);
    assert!(!ok && why.contains("limits.waiting_hours"), "{why}");
    // A trial lies where the next start looks for it.
    assert!(run(&["mandate", "trial", "--region", "CN-33", "--data", "run"]).0);
    assert!(run(&["mandate", "check", "run/mandate.note", "--data", "run"]).0);
}

#[test]
fn the_configuration_is_printed_with_secrets_hidden() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("c.toml"), "name = \"Test\"\n[sms]\nsecret = \"hush-hush\"\n")
        .unwrap();
    let out = jadegate(dir.path(), &["--config", "c.toml", "config"]);
    assert!(out.status.success());
    let shown = text(&out.stdout);
    assert!(
        shown.contains("name = \"Test\"")
            && shown.contains("(hidden)")
            && !shown.contains("hush-hush")
    );
}

#[test]
fn an_unknown_setting_is_an_error_that_names_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("c.toml"), "name = \"Test\"\nlisten_on = \"x\"\n").unwrap();
    let out = jadegate(dir.path(), &["--config", "c.toml", "config"]);
    assert!(!out.status.success());
    let said = text(&out.stderr);
    assert!(
        said.contains("c.toml") && said.contains("listen_on") && said.contains("line 2"),
        "{said}"
    );
}

#[test]
fn serve_knows_no_demo_and_refuses_plain_http_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    assert!(!jadegate(dir.path(), &["serve", "--demo"]).status.success());
    let out = jadegate(dir.path(), &["serve", "--origin", "http://code.example"]);
    assert!(!out.status.success());
    assert!(text(&out.stderr).contains("https://"));
}

#[test]
fn there_is_no_command_that_sets_a_colour() {
    let dir = tempfile::tempdir().unwrap();
    let help = text(&jadegate(dir.path(), &["--help"]).stdout).to_lowercase();
    for word in ["set-colour", "set_colour", "recolour", "set colour"] {
        assert!(!help.contains(word));
    }
}

#[test]
fn an_administrator_is_invited_and_tests_are_imported_once() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let out = jadegate(
        d,
        &[
            "staff",
            "add-agency",
            "--kind",
            "operator",
            "--name",
            "Made-up operator",
            "--region",
            "CN-33",
        ],
    );
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(jadegate(d, &["mandate", "trial", "--region", "CN"]).status.success());
    let agency = text(&out.stdout).split_whitespace().next().unwrap().to_owned();
    let out = jadegate(
        d,
        &[
            "staff",
            "invite",
            "--agency",
            &agency,
            "--role",
            "administrator",
            "--region",
            "CN-33",
            "--name",
            "Testa Muster",
        ],
    );
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(text(&out.stdout).contains("/console/#invite="));
    let out = jadegate(
        d,
        &[
            "staff",
            "add-agency",
            "--kind",
            "laboratory",
            "--name",
            "Made-up lab",
            "--region",
            "CN-33",
        ],
    );
    let lab = text(&out.stdout).split_whitespace().next().unwrap().to_owned();
    let out = jadegate(d, &["import", "tests", "t.csv", "--agency", &lab]);
    assert!(text(&out.stderr).contains("not confirmed"), "{}", text(&out.stderr));
    confirm(d, &lab);
    std::fs::write(
        d.join("t.csv"),
        "document_type,document_number,document_country,result,method,sampled_at\nresident_id,not-a-number,,positive,nucleic_acid,2026-01-01T00:00:00Z\n",
    )
    .unwrap();
    let out = jadegate(d, &["import", "tests", "t.csv", "--agency", &lab]);
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
    let said = text(&out.stdout);
    assert!(said.contains("line 2") && !said.contains("not-a-number"), "{said}");

    let check = |zone: &str| {
        let args = ["import", "--check", "--time-zone", zone, "tests", "t.csv", "--agency", &lab];
        jadegate(d, &args)
    };
    let out = check("Asia/Shanghai");
    let said = text(&out.stdout);
    assert!(said.contains("nothing of the file is recorded") && said.contains("line 2"), "{said}");
    assert!(!said.contains("The file is import"), "{said}");
    let out = check("CST");
    assert!(!out.status.success() && text(&out.stderr).contains("Asia/Shanghai"));
}

/// A made-up agency is added and confirmed, and its id comes back.
fn agency(dir: &Path, kind: &str) -> String {
    let add = ["staff", "add-agency", "--kind", kind, "--name", "Made-up", "--region", "CN"];
    let id =
        text(&jadegate(dir, &add).stdout).split_whitespace().next().unwrap_or_default().to_owned();
    confirm(dir, &id);
    id
}

/// As if the health commission had confirmed it.
#[expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
fn confirm(dir: &Path, agency: &str) {
    use jadegate_store::{Unit, Write};
    let options = jadegate_store_sqlite::OpenOptions::default();
    let store = jadegate_store_sqlite::SqliteStore::open(dir.join("run/jadegate.db"), options);
    let store = store.unwrap();
    let at = jadegate_domain::Timestamp::from_secs(1);
    let write = Write::ConfirmAgency { agency: agency.parse().unwrap(), by: None, at };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        jadegate_store::Store::commit(store.as_ref(), Unit::new("test", vec![write]))
            .await
            .unwrap();
        store.close().await;
    });
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the binary goes by this machine's clock")]
fn a_carriers_list_is_taken_once_and_told_line_by_line() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let (carrier, lab) = (agency(d, "carrier"), agency(d, "laboratory"));
    // Two people who need no registration by message.
    let options = jadegate_store_sqlite::OpenOptions::default();
    let store = jadegate_store_sqlite::SqliteStore::open(d.join("run/jadegate.db"), options);
    let store = store.unwrap();
    let holder = |n| jadegate_domain::Holder {
        id: jadegate_domain::HolderId::from_random(n),
        home: "CN-330106".parse().unwrap(),
        registered_at: jadegate_domain::Timestamp::from_secs(1_600_000_000),
        evidence_version: 0,
    };
    let writes = [1, 2].map(|n| jadegate_store::Write::AddHolder(holder(n))).into();
    let unit = jadegate_store::Unit::new("test", writes);
    let rt = tokio::runtime::Builder::new_current_thread().build().unwrap();
    rt.block_on(jadegate_store::Store::commit(store.as_ref(), unit)).unwrap();
    drop(store);

    let yesterday = jiff::Timestamp::now().as_second() - 86_400;
    let moment =
        |minutes: i64| jadegate_domain::Timestamp::from_secs(yesterday + 60 * minutes).to_string();
    let (departs, arrives) = (moment(0), moment(50));
    let day = departs.get(..10).unwrap();
    let line = |who: &str, to: &str, seat: &str| {
        format!("train,G1,{day},CN-3301,{who},1,Hangzhou,{departs},2,{to},{arrives},{seat}\n")
    };
    let head = "kind,number,date,division,holder,from_no,from,departs,to_no,to,arrives,seat\n";
    let right = line("h0000000000001", "Yiwu", "05-12A") + &line("h0000000000002", "Yiwu", "");
    let wrong = line("h0000000000003", "Yiwu", "05-12C")
        + &line("h0000000000001", "Yiwu", "window")
        + &line("h0000000000001", "Jinhua", "05-12A");
    std::fs::write(d.join("r.csv"), format!("{head}{right}{wrong}")).unwrap();
    let import = |file: &str, by: &str| jadegate(d, &["import", "rides", file, "--agency", by]);

    let out = import("r.csv", &carrier);
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
    let said = text(&out.stdout);
    assert!(
        said.starts_with(
            "5 lines: 2 taken, 0 known already, 1 new trips, 0 too old, 1 unknown passengers, 2 wrong\n"
        ),
        "{said}"
    );
    for (line, code) in [(4, "holder.not_found"), (5, "ride.seat"), (6, "trip.other_stop")] {
        let told = said.lines().find(|l| l.starts_with(&format!("  line {line}: ")));
        assert!(told.is_some_and(|l| l.ends_with(&format!("({code})"))), "{said}");
    }
    assert!(!said.contains("h00000"), "{said}");
    // Again: nothing is new. The right lines alone are a success.
    assert!(
        text(&import("r.csv", &carrier).stdout)
            .starts_with("5 lines: 0 taken, 2 known already, 0 new")
    );
    std::fs::write(d.join("right.csv"), format!("{head}{right}")).unwrap();
    assert!(import("right.csv", &carrier).status.success());

    let out = import("right.csv", &lab);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("a carrier does"), "{}", text(&out.stderr));
    std::fs::write(d.join("none.csv"), "a,b\n1,2\n").unwrap();
    assert!(text(&import("none.csv", &carrier).stderr).contains("missing: kind"));
}

#[test]
fn doctor_and_backup_work_beside_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    jadegate(
        d,
        &[
            "staff",
            "add-agency",
            "--kind",
            "auditor",
            "--name",
            "Made-up auditor",
            "--region",
            "CN",
        ],
    );
    let out = jadegate(d, &["doctor"]);
    assert_eq!(out.status.code(), Some(2), "no message gateway is a finding");
    assert!(text(&out.stdout).contains("every page is sound"), "{}", text(&out.stdout));
    assert!(jadegate(d, &["backup", "copy.db"]).status.success());
    assert!(!jadegate(d, &["backup", "copy.db"]).status.success(), "a backup never overwrites");
    let listed = text(&jadegate(d, &["staff", "agencies"]).stdout);
    assert!(listed.contains("Made-up auditor"));
}

#[test]
fn policies_are_checked_with_line_and_column_and_their_cases_run() {
    let dir = tempfile::tempdir().unwrap();
    let policies = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies"));
    let file = policies.join("three-colour.toml");
    let file = file.to_str().unwrap();
    assert!(jadegate(dir.path(), &["policy", "check", file]).status.success());
    assert!(jadegate(dir.path(), &["policy", "test", file]).status.success());
    let hebei = policies.join("hebei-2022-11.toml");
    let out = jadegate(dir.path(), &["policy", "diff", file, file]);
    assert!(out.status.success());
    let out = jadegate(dir.path(), &["policy", "diff", file, hebei.to_str().unwrap()]);
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stdout).contains("rule case-elsewhere: new:"), "{}", text(&out.stdout));
    for (args, name) in
        [(vec!["policy", "schema"], "policy"), (vec!["policy", "schema", "--cases"], "cases")]
    {
        let out = jadegate(dir.path(), &args);
        let checked_in = std::fs::read_to_string(policies.join(format!("{name}.schema.json")));
        assert_eq!(text(&out.stdout), checked_in.unwrap());
    }
    let piece = "[[evidence]]\nkind = \"contact\"\ndegree = \"close\"\nlast_contact = 2022-03-01T15:00:00+08:00\n";
    std::fs::write(dir.path().join("evidence.toml"), piece).unwrap();
    let explain = |more: &[&str]| {
        let args = [&["policy", "explain", file, "evidence.toml"], more].concat();
        let out = jadegate(dir.path(), &args);
        assert!(out.status.success());
        text(&out.stdout)
    };
    assert!(explain(&[]).contains("2022-03-16 00:00"));
    assert!(explain(&["--lang", "zh"]).contains("红码"));
    assert!(explain(&["--svg", "--home", "CN-330106"]).ends_with("</svg>\n"));
    std::fs::write(dir.path().join("bad.toml"), "id = 3\nunknown = true\n").unwrap();
    let out = jadegate(dir.path(), &["policy", "check", "bad.toml"]);
    assert!(!out.status.success());
    assert!(text(&out.stderr).contains("bad.toml:1:"), "{}", text(&out.stderr));
}

#[test]
fn a_list_of_cases_is_checked_line_by_line_before_anything_is_traced() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    // One case alone needs the agency that the evidence will name; a list names none.
    let one = "c0000000000001";
    for args in [
        &["trace"][..],
        &["trace", "--case", one],
        &["trace", "--case", one, "--agency", "a0000000000001", "--hops", "2"],
        &["trace", "--cases", "list", "--agency", "a0000000000001"],
        &["trace", "--cases", "list", "--hops", "3"],
        &["trace", "--case", one, "--agency", "a0000000000001", "--cumulative"],
        &["trace", "--cases", "list", "--least-minutes", "15"],
        &["trace", "--cases", "list", "--cumulative", "--least-minutes", "few"],
    ] {
        assert_eq!(jadegate(d, args).status.code(), Some(2), "{args:?}");
    }
    let agency =
        ["staff", "add-agency", "--kind", "operator", "--name", "Made-up", "--region", "CN"];
    assert!(jadegate(d, &agency).status.success());

    std::fs::write(d.join("list"), format!("{one}\n\nnot a case\n# remark\n{one}\n")).unwrap();
    let out = jadegate(d, &["trace", "--cases", "list"]);
    assert_eq!((out.status.code(), out.stdout.len()), (Some(1), 0));
    let said = text(&out.stderr);
    for line in [
        "list:1: there is no such case",
        "list:3: this is no case id",
        "list:5: this case stands in line 1 already",
        "nothing was traced",
    ] {
        assert!(said.contains(line), "{line} is missing from {said}");
    }
    std::fs::write(d.join("list"), "# nobody\n").unwrap();
    let said = text(&jadegate(d, &["trace", "--cases", "list"]).stderr);
    assert!(said.contains("list holds no case"), "{said}");
    let said = text(&jadegate(d, &["trace", "--cases", "nowhere"]).stderr);
    assert!(said.contains("nowhere"), "{said}");
    let said = text(&jadegate(d, &["trace", "--cases", "list", "--format", "text"]).stderr);
    assert!(said.contains("csv, json or arrow"), "{said}");
    // Without the pairs there is nobody to go on from, and lists are checked as they are with them.
    let cumulative = ["trace", "--cases", "list", "--cumulative"];
    let out = jadegate(d, &[&cumulative[..], &["--hops", "1"]].concat());
    assert_eq!((out.status.code(), out.stdout.len()), (Some(1), 0));
    assert!(text(&out.stderr).contains("leave --hops out"), "{}", text(&out.stderr));
    let said = text(&jadegate(d, &cumulative).stderr);
    assert!(said.contains("list holds no case"), "{said}");
    let said = text(&jadegate(d, &[&cumulative[..], &["--format", "text"]].concat()).stderr);
    assert!(said.contains("csv, json or arrow"), "{said}");
}

/// The first start publishes; another file is refused and said to be proposed; a what-if reads the
/// present evidence and writes nothing.
#[test]
fn a_start_does_not_change_the_policy_and_a_what_if_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let out = jadegate(d, &["policy", "what-if", "--risk-level", "CN-33=high"]);
    assert!(!out.status.success(), "there is no database yet");
    let add = ["staff", "add-agency", "--kind", "auditor", "--name", "Made-up", "--region", "CN"];
    assert!(jadegate(d, &add).status.success());

    let policy = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/three-colour.toml");
    let next = std::fs::read_to_string(policy).unwrap().replace("version = 1\n", "version = 2\n");
    std::fs::write(d.join("next.toml"), next).unwrap();
    let out = jadegate(d, &[&["--policy", "next.toml"], add.as_slice()].concat());
    assert!(!out.status.success());
    let said = text(&out.stderr);
    assert!(said.contains("policy.not_published") && said.contains("propose"), "{said}");

    let out = jadegate(d, &["policy", "what-if", "next.toml", "--risk-level", "CN-330106=high"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    let said = text(&out.stdout);
    assert!(said.contains("0 people") && said.contains("version 2"), "{said}");
    let json = ["policy", "what-if", "--risk-level", "CN-33=medium", "--format", "json"];
    let out = jadegate(d, &json);
    let value: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(value["needs_second_officer"], false);
    for wrong in ["CN-33=low", "CN-33", "nowhere=high"] {
        assert!(!jadegate(d, &["policy", "what-if", "--risk-level", wrong]).status.success());
    }
    let out = jadegate(d, &["--policy", policy, "staff", "agencies"]);
    assert!(text(&out.stdout).contains("Made-up"));
}

#[test]
fn certificates_are_told_apart_and_none_holds_that_nobody_signed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("codes.txt");
    std::fs::write(&file, "HC1:6BF\nNZCP:/2/AA\nhello\n").unwrap();
    let file = file.to_str().unwrap();
    let out = jadegate(dir.path(), &["certificate", file]);
    assert_eq!(out.status.code(), Some(2));
    let told = text(&out.stdout);
    for line in ["1. eu_dcc: does not hold", "2. nz_pass: does not hold", "not_a_certificate"] {
        assert!(told.contains(line), "{told}");
    }
    let out =
        jadegate(dir.path(), &["certificate", file, "--json", "--at", "2022-03-01T08:30:00Z"]);
    assert_eq!((out.status.code(), text(&out.stdout).lines().count()), (Some(2), 3));
    assert!(text(&out.stdout).lines().all(|line| line.contains("\"holds\":false")));
    for wrong in [
        &["certificate", "nowhere.txt"][..],
        &["certificate", file, "--at", "yesterday"],
        &["certificate", file, "--trust", file],
    ] {
        assert_eq!(jadegate(dir.path(), wrong).status.code(), Some(1), "{wrong:?}");
    }
    // The working folder stays as it was: no database is made for this.
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}
