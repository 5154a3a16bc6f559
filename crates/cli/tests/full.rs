//! A disk that takes no more, by the system's own limit on the size of a file (`ulimit -f`), for which
//! nobody needs to be root: the kernel refuses the write, as it does on a full disk.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// What the limit lets the write-ahead log grow to beyond the database, in KiB: a few dozen writes.
const ROOM_KIB: u64 = 384;

/// The binary, under a limit on the size of files if there is one.
fn command(dir: &Path, args: &[&str], limit_kib: Option<u64>) -> Command {
    let binary = env!("CARGO_BIN_EXE_jadegate");
    let mut command = match limit_kib {
        None => Command::new(binary),
        Some(kib) => {
            let mut sh = Command::new("/bin/sh");
            // Blocks are of 512 bytes; the signal that would end the program is not for it.
            let limited = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", kib * 2);
            sh.args(["-c", &limited, "sh", binary]);
            sh
        }
    };
    command
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("JADEGATE_LOG_FILTER", "info")
        .env("JADEGATE_SMS__URL", "http://127.0.0.1:9/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Ended with the test at the latest.
struct Server(Child, u16);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    fn start(dir: &Path, limit_kib: Option<u64>) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let mut child = command(dir, &["serve", "--listen", &listen], limit_kib).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let server = Self(child, port);
        let mut text = String::new();
        while !text.contains("ready listen") {
            assert_ne!(log.read_line(&mut text).unwrap(), 0, "it ended: {text}");
        }
        // Read on, so that it never waits for a reader.
        std::thread::spawn(move || log.lines().for_each(drop));
        server
    }

    /// One request; head and body of the answer.
    fn ask(&self, method: &str, path: &str, body: &str) -> (String, String) {
        let mut to = TcpStream::connect(("127.0.0.1", self.1)).unwrap();
        write!(
            to,
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        to.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_lowercase(), body.to_owned())
    }

    fn stop(mut self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
    }
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
}

/// Registers an agency beside the running server: one acknowledged write.
fn add(dir: &Path, n: usize) -> Output {
    let name = format!("Made-up {n}");
    let args = ["staff", "add-agency", "--kind", "laboratory", "--name", &name, "--region", "CN"];
    command(dir, &args, None).output().unwrap()
}

/// The agencies that are there.
fn agencies(dir: &Path) -> Vec<String> {
    let out = command(dir, &["staff", "agencies"], None).output().unwrap();
    let mut names: Vec<_> = said(&out)
        .lines()
        .filter_map(|l| Some(l.split_once("Made-up ")?.1.split_whitespace().next()?.to_owned()))
        .collect();
    names.sort_by_key(|n| n.parse::<usize>().unwrap());
    names
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    Server::start(d, None).stop();
    let size = std::fs::metadata(d.join("run/jadegate.db")).unwrap().len();

    let server = Server::start(d, Some(size / 1024 + ROOM_KIB));
    assert!(server.ask("GET", "/readyz", "").0.starts_with("http/1.1 200"));
    let mut acknowledged = 0;
    let refused = loop {
        let out = add(d, acknowledged);
        if !out.status.success() {
            break said(&out);
        }
        acknowledged += 1;
        assert!(acknowledged < 1000, "the limit was never reached");
    };
    assert!(acknowledged > 3, "nothing could be written at all: {refused}");
    assert!(refused.contains("Nothing was lost"), "{refused}");

    // Whoever asks is told, and when to come again; what only reads goes on.
    let sign_in = r#"{"phone":"+8610000000001","language":"en"}"#;
    let (head, body) = server.ask("POST", "/v1/sessions", sign_in);
    assert!(head.starts_with("http/1.1 503") && head.contains("retry-after: "), "{head}");
    assert!(body.contains("\"store.unavailable\""), "{body}");
    // The last look was at most a second ago.
    let (head, body) = (0..300)
        .map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            server.ask("GET", "/readyz", "")
        })
        .find(|(head, _)| !head.starts_with("http/1.1 200"))
        .unwrap();
    assert!(
        head.starts_with("http/1.1 503") && body.contains("store.unavailable"),
        "{head} {body}"
    );
    assert!(server.ask("GET", "/healthz", "").0.starts_with("http/1.1 200"));
    assert!(server.ask("GET", "/v1/keys", "").0.starts_with("http/1.1 200"));
    drop(server);

    // With room again everything acknowledged is there, and nothing else.
    let server = Server::start(d, None);
    assert!(server.ask("GET", "/readyz", "").0.starts_with("http/1.1 200"));
    let all: Vec<String> = (0..acknowledged).map(|n| n.to_string()).collect();
    assert_eq!(agencies(d), all);
    assert!(add(d, acknowledged).status.success());
    server.stop();
    let doctor = said(&command(d, &["doctor"], None).output().unwrap());
    assert!(!doctor.contains("LOOK"), "{doctor}");
}
