//! The binary by itself, in an empty folder: what it needs is in it. And what it is fed has its bounds.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jadegate"));
    command.args(args).current_dir(dir).env_clear().stdin(Stdio::null());
    command
}

fn run(dir: &Path, args: &[&str]) -> Output {
    command(dir, args).output().unwrap()
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
}

/// Ended with the test at the latest.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Waits for a line on standard output or, if `err`, on standard error.
    fn started(mut command: Command, err: bool, word: &str) -> (Self, String) {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let from: Box<dyn std::io::Read + Send> = if err {
            Box::new(child.stderr.take().unwrap())
        } else {
            Box::new(child.stdout.take().unwrap())
        };
        let running = Self(child);
        let mut lines = BufReader::new(from).lines();
        let mut text = String::new();
        while !text.contains(word) {
            let line = lines.next();
            assert!(line.is_some(), "it ended before it said {word:?}: {text}");
            text += &(line.unwrap().unwrap() + "\n");
        }
        // Read on, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        (running, text)
    }

    fn stop(mut self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
    }
}

#[test]
fn the_binary_needs_nothing_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let out = run(d, &["policy", "shipped"]);
    let names = String::from_utf8(out.stdout).unwrap();
    assert!(names.lines().count() >= 5 && names.lines().any(|n| n == "three-colour"), "{names}");
    for name in names.lines() {
        let out = run(d, &["policy", "test", name]);
        assert!(out.status.success(), "{}", said(&out));
    }
    let text = run(d, &["policy", "shipped", "three-colour"]).stdout;
    std::fs::write(d.join("own.toml"), &text).unwrap();
    let out = run(d, &["policy", "diff", "three-colour", "own.toml"]);
    assert!(out.status.success(), "{}", said(&out));
    let out = run(d, &["--policy", "two-colour", "staff", "list"]);
    assert!(!said(&out).contains("panicked"));
    let out = run(
        d,
        &[
            "--policy",
            "two-colour",
            "staff",
            "add-agency",
            "--kind",
            "auditor",
            "--name",
            "Made-up",
            "--region",
            "CN",
        ],
    );
    assert!(!out.status.success());
    assert!(
        said(&out).contains("two-colour") && said(&out).contains("three-colour"),
        "{}",
        said(&out)
    );

    // A whole start: keys, database, policy, divisions and pages.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let serve = command(d, &["serve", "--listen", &format!("127.0.0.1:{port}")]);
    let (server, log) = Running::started(serve, true, "ready listen");
    // Nobody is at a terminal here: no colours in what goes to a file.
    assert!(!log.contains('\u{1b}'), "{log:?}");
    for path in ["/", "/gate/", "/console/", "/v1/divisions", "/v1/policy"] {
        let mut to = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        write!(to, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        std::io::Read::read_to_end(&mut to, &mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}");
    }
    server.stop();
    assert!(d.join("run/jadegate.db").exists());
}

#[test]
fn a_kept_town_is_opened_again_with_everybody_in_it_and_its_clock() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let args = ["demo", "--people", "60", "--seed", "4", "--port", "0", "--keep", "town"];
    let ask = |said: &str, path: &str, body: &str| -> serde_json::Value {
        let port = said.split("http://localhost:").nth(1).unwrap();
        let port: u16 = port.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
        let mut to = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        let method = if body.is_empty() { "GET" } else { "POST" };
        write!(
            to,
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut to, &mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 20"), "{path}: {answer}");
        serde_json::from_str(body).unwrap()
    };
    let time = |said: &str| {
        let info = ask(said, "/v1/info", "");
        info["server_time"].as_str().unwrap().parse::<jadegate_domain::Timestamp>().unwrap()
    };
    let (town, first) = Running::started(command(d, &args), false, "Everybody in it is made up");
    let before = time(&first);
    ask(&first, "/demo/clock", "{\"advance_seconds\": 864000}");
    let later = time(&first);
    assert!(later.secs_since(before) >= 864_000);
    town.stop();
    // Opened as it was left, whoever and whatever was asked for before; time has not gone back.
    let again = ["demo", "--port", "0", "--keep", "town"];
    let (town, second) = Running::started(command(d, &again), false, "Everybody in it is made up");
    assert!(second.contains("as it was left"), "{second}");
    assert!(time(&second).secs_since(later) >= 0);
    for who in ["officer", "admin", "holder:green", "holder:case"] {
        ask(&second, "/demo/enter", &format!("{{\"as\":\"{who}\"}}"));
    }
    ask(&second, "/demo/gate", "{}");
    town.stop();
    // A folder with anything else in it is left alone.
    std::fs::create_dir(d.join("other")).unwrap();
    std::fs::write(d.join("other/letter.txt"), "dear").unwrap();
    let out = run(d, &["demo", "--port", "0", "--people", "10", "--keep", "other"]);
    assert!(!out.status.success());
    assert!(said(&out).contains("not empty"), "{}", said(&out));
}

/// Made of the same packed part again and again: tiny as a file, endless when unpacked.
fn bomb(file: &Path, part: &[u8], times: usize) {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(part).unwrap();
    std::fs::write(file, gzip.finish().unwrap().repeat(times)).unwrap();
}

/// As if the health commission had confirmed it.
fn confirm(dir: &Path, agency: &str) {
    use jadegate_store::{Unit, Write};
    let options = jadegate_store_sqlite::OpenOptions::default();
    let store = jadegate_store_sqlite::SqliteStore::open(dir.join("run/jadegate.db"), options);
    let store = store.unwrap();
    let at = jadegate_domain::Timestamp::from_secs(1);
    let write = Write::ConfirmAgency { agency: agency.parse().unwrap(), by: None, at };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let unit = Unit::new("test", vec![write]);
        jadegate_store::Store::commit(store.as_ref(), unit).await.unwrap();
        store.close().await;
    });
}

#[test]
fn an_archive_that_unpacks_without_end_is_refused_in_bounded_memory() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let add =
        ["staff", "add-agency", "--kind", "laboratory", "--name", "Made-up", "--region", "CN"];
    let lab = said(&run(d, &add)).split_whitespace().next().unwrap().to_owned();
    confirm(d, &lab);
    said(&run(d, &["mandate", "trial", "--region", "CN"]));
    // 8 GiB each: one line without an end, and lines without number.
    bomb(&d.join("line.csv.gz"), &vec![b'x'; 1 << 20], 8192);
    bomb(&d.join("lines.csv.gz"), "kind\n".repeat(200_000).as_bytes(), 8192);
    let mut head = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let columns = "document_type,document_number,result,method,sampled_at,person,place,place_kind,\
                   division,entered,event,city,start,end,snapshot_hour\n";
    head.write_all(columns.as_bytes()).unwrap();
    let head = head.finish().unwrap();
    for file in ["line.csv.gz", "lines.csv.gz"] {
        let body = std::fs::read(d.join(file)).unwrap();
        assert!(body.len() < 60 << 20);
        std::fs::write(d.join(format!("with-{file}")), [&head[..], &body].concat()).unwrap();
    }
    for (file, args, says) in [
        (
            "with-line.csv.gz",
            &["import", "tests", "--agency", &lab][..],
            "goes on for more than 1 MiB",
        ),
        ("with-lines.csv.gz", &["import", "tests", "--agency", &lab], "more than 50000 lines"),
        ("with-lines.csv.gz", &["import", "--max-mib", "1", "visits"], "larger than 1 MiB"),
        ("with-lines.csv.gz", &["import", "--max-lines", "3000", "visits"], "more than 3000 lines"),
        ("line.csv.gz", &["import", "visits"], "goes on for more than 1 MiB"),
        ("with-line.csv.gz", &["import", "events"], "goes on for more than 1 MiB"),
        ("line.csv.gz", &["import", "divisions"], "goes on for more than 1 MiB"),
        ("with-lines.csv.gz", &["import", "divisions", "--max-mib", "2"], "larger than 2 MiB"),
    ] {
        // Address space, not time: beyond it the program would be ended.
        let bounded = "ulimit -v 3000000; exec \"$@\"";
        let out = Command::new("sh")
            .args(["-c", bounded, "sh", env!("CARGO_BIN_EXE_jadegate")])
            .args(args)
            .arg(file)
            .current_dir(d)
            .env_clear()
            .output()
            .unwrap();
        assert!(!out.status.success());
        let said = said(&out);
        assert!(said.contains(says), "{args:?} {file}: {}", said.get(..600).unwrap_or(&said));
    }
    // A list of cases and a policy have their bounds, too.
    let list = std::fs::File::create(d.join("cases")).unwrap();
    list.set_len(1 << 30).unwrap();
    for args in [
        &["trace", "--cases", "cases"][..],
        &["policy", "check", "cases"],
        &["--config", "cases", "config"],
    ] {
        let out = run(d, args);
        assert!(!out.status.success());
        let said = said(&out);
        assert!(
            said.contains("goes on for") || said.contains("larger than"),
            "{args:?}: {}",
            said.get(..600).unwrap_or(&said)
        );
    }
}
