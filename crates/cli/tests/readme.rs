//! The README's real deployment, followed word for word, and what a deployment without a message
//! gateway says.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/three-colour.toml");

fn command(dir: &Path, args: &[String], listen: &str) -> Command {
    let mut c = Command::new(env!("CARGO_BIN_EXE_jadegate"));
    c.args(args)
        .current_dir(dir)
        .env_clear()
        .env("JADEGATE_LOG_FILTER", "error")
        .env("JADEGATE_POLICY", POLICY)
        .env("JADEGATE_LISTEN", listen)
        .stdin(Stdio::null());
    c
}

/// A port that is free now.
fn address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// The commands of the README's section, as a shell would take them apart.
fn commands() -> Vec<Vec<String>> {
    let readme = include_str!("../../../README.md");
    let section = readme.split("## A real deployment").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap().replace("\\\n", " ");
    let lines = section.lines().filter_map(|l| l.strip_prefix("    jadegate "));
    lines.map(words).collect()
}

fn words(line: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for (n, part) in line.split('"').enumerate() {
        if n % 2 == 1 {
            out.push(part.to_owned());
        } else {
            out.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    out
}

fn text(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
}

/// Ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(dir: &Path, args: &[String], listen: &str) -> Server {
    let server = Server(command(dir, args, listen).spawn().unwrap());
    for _ in 0..600 {
        if dir.join("run/admin.sock").exists() && TcpStream::connect(listen).is_ok() {
            return server;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    unreachable!("the server did not start");
}

fn ask(listen: &str, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(listen).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {listen}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_real_deployment_of_the_readme_works_word_for_word() {
    let dir = tempfile::tempdir().unwrap();
    let (d, listen) = (dir.path(), address());
    let commands = commands();
    let [setup, begin, add, invite] = commands.as_slice() else {
        panic!("other commands than this test follows: {commands:?}");
    };
    assert_eq!((setup[0].as_str(), begin[0].as_str()), ("setup", "serve"));
    let origin = "https://code.example";

    let out = command(d, setup, &listen).output().unwrap();
    let said = text(&out);
    // What cannot be there in a test (a name, a gateway that answers) is told, and all else is done.
    assert!(matches!(out.status.code(), Some(0 | 2)), "{said}");
    let links = said.matches(&format!("{origin}/console/#invite=")).count();
    assert_eq!(links, 3, "{said}");
    assert!(said.contains("administrator") && said.contains("commissioner"), "{said}");
    assert!(!said.contains("localhost"), "{said}");
    let key = said.lines().map(str::trim).find(|l| l.starts_with("code.example/v1/log+")).unwrap();
    assert!(said.contains("ok    two hands"), "{said}");
    for what in ["name", "messages", "clock", "disk", "permissions", "two hands"] {
        let line = |l: &str| l.get(6..).is_some_and(|l| l.starts_with(what));
        assert!(said.lines().any(line), "{what} is missing from {said}");
    }
    // Again: nothing is made twice.
    let again = text(&command(d, setup, &listen).output().unwrap());
    assert!(!again.contains("#invite="), "{again}");

    let _server = serve(d, begin, &listen);
    // Administration beside the running server; its links lead where the server is.
    let out = command(d, add, &listen).output().unwrap();
    assert!(out.status.success(), "{}", text(&out));
    let id = text(&out).split_whitespace().next().unwrap().to_owned();
    let invite: Vec<String> =
        invite.iter().map(|w| if w == "ID" { id.clone() } else { w.clone() }).collect();
    let out = command(d, &invite, &listen).output().unwrap();
    assert!(out.status.success(), "{}", text(&out));
    assert!(text(&out).contains(&format!("{origin}/console/#invite=")), "{}", text(&out));
    let bad: Vec<String> = words("staff end --staff s0000000000001");
    let out = command(d, &bad, &listen).output().unwrap();
    assert!(!out.status.success(), "{}", text(&out));
    let listed = text(&command(d, &words("staff agencies"), &listen).output().unwrap());
    assert!(listed.lines().any(|l| l.contains(&id) && l.contains("unconfirmed")), "{listed}");

    assert!(ask(&listen, "GET", "/v1/keys", "").contains(key));
}

/// Nobody is told that a code is on its way when it reaches nobody.
#[test]
fn without_a_gateway_nobody_is_promised_a_message() {
    let dir = tempfile::tempdir().unwrap();
    let (d, listen) = (dir.path(), address());
    let setup = words(
        "setup --origin http://localhost:8080 --region CN-33 --operator A --administrator B --commission C",
    );
    let out = command(d, &setup, &listen).output().unwrap();
    assert_eq!(out.status.code(), Some(1), "{}", text(&out));
    assert!(text(&out).contains("still needed: --commissioner"), "{}", text(&out));
    let same = [setup.clone(), words("--commissioner B")].concat();
    let out = command(d, &same, &listen).output().unwrap();
    assert!(text(&out).contains("two people"), "{}", text(&out));
    assert!(!d.join("jadegate.toml").exists() && !d.join("run").exists());
    let lone = [setup.clone(), words("--commissioner D --second-commissioner E")].concat();
    let out = command(d, &lone, &listen).output().unwrap();
    assert!(text(&out).contains("needs --second-office"), "{}", text(&out));
    for (office, third, says) in [("E", "D", "two people or three"), ("C", "E", "name of its own")]
    {
        let more =
            format!("--commissioner D --second-office {office} --second-commissioner {third}");
        let out = command(d, &[setup.clone(), words(&more)].concat(), &listen).output().unwrap();
        assert!(text(&out).contains(says), "{}", text(&out));
    }
    assert!(!d.join("jadegate.toml").exists() && !d.join("run").exists());
    let setup = [setup, words("--commissioner D")].concat();
    let out = command(d, &setup, &listen).output().unwrap();
    assert_eq!(out.status.code(), Some(2), "{}", text(&out));
    assert!(text(&out).contains("LOOK  messages"), "{}", text(&out));
    assert!(text(&out).contains("LOOK  two hands"), "{}", text(&out));
    assert!(text(&out).contains("LOOK  mandate"), "{}", text(&out));
    let out = command(d, &words("mandate trial --region CN-33"), &listen).output().unwrap();
    assert!(out.status.success(), "{}", text(&out));

    let _server = serve(d, &words("serve"), &listen);
    let person = r#"{"name":"Testa Muster","document":{"type":"passport","number":"X0000001","country":"CHN"},"nationality":"CN","phone":"+86 100 00000001","home_division":"CN-330106","language":"en"}"#;
    for (path, body) in [
        ("/v1/registrations", person),
        ("/v1/sessions", r#"{"phone":"+86 100 00000001","language":"en"}"#),
    ] {
        let answer = ask(&listen, "POST", path, body);
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("sms.not_configured"), "{answer}");
    }
    let ready = ask(&listen, "GET", "/readyz", "");
    assert!(ready.contains("sms.not_configured"), "{ready}");
}

/// A message gateway on this machine: answers each request as told, and keeps what it was asked.
fn gateway(answers: &'static [&'static str]) -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/send", listener.local_addr().unwrap());
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut asked, mut part) = (Vec::new(), [0; 1024]);
            let whole = |asked: &[u8]| {
                let text = String::from_utf8_lossy(asked).into_owned();
                let (head, body) = text.split_once("\r\n\r\n")?;
                let length = head.to_lowercase().split("content-length: ").nth(1)?.to_owned();
                let length: usize = length.split("\r\n").next()?.parse().ok()?;
                (body.len() >= length).then_some(text)
            };
            let text = loop {
                let n = stream.read(&mut part).unwrap();
                asked.extend_from_slice(&part[..n]);
                if let Some(text) = whole(&asked) {
                    break text;
                }
                assert!(n > 0, "a request was cut short");
            };
            tell.send(text).unwrap();
            if answer.is_empty() {
                // Taken and never answered.
                kept.push(stream);
                continue;
            }
            write!(stream, "HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .unwrap();
        }
        // The last one stays open until whoever waits has given up.
        std::thread::park();
    });
    (url, told)
}

/// `--test-phone` sends a message through the gateway that is configured, and what fails is told with
/// what to do; neither number nor secret is repeated.
#[test]
fn setup_sends_a_test_message_and_says_what_is_wrong_with_the_gateway() {
    const PHONE: &str = "+8610000000001";
    const SECRET: &str = "made-up-secret";
    let dir = tempfile::tempdir().unwrap();
    let (d, listen) = (dir.path(), address());
    let (url, told) = gateway(&[
        "200 OK",
        "401 Unauthorized",
        "400 Bad Request",
        "404 Not Found",
        "503 Service Unavailable",
        "",
    ]);
    let setup = words(
        "setup --origin http://localhost:8080 --region CN-33 --operator A --administrator B --commission C --commissioner D",
    );
    let first = [setup, vec!["--sms-url".to_owned(), url]].concat();
    let test = |args: &[String]| {
        let mut c = command(d, args, &listen);
        c.args(["--test-phone", PHONE])
            .env("JADEGATE_SMS__SECRET", SECRET)
            .env("JADEGATE_SMS__AUTHORIZATION", "Bearer {secret}")
            .env("JADEGATE_SMS__TIMEOUT_SECONDS", "1");
        let said = text(&c.output().unwrap());
        assert!(!said.contains("10000000001") && !said.contains(SECRET), "{said}");
        said.lines()
            .find(|l| l.get(6..).is_some_and(|l| l.starts_with("messages")))
            .unwrap()
            .to_owned()
    };
    let line = test(&first);
    assert!(line.starts_with("ok") && line.contains("took the test message"), "{line}");
    let asked = told.recv().unwrap();
    assert!(asked.starts_with("POST /send "), "{asked}");
    assert!(asked.to_lowercase().contains(&format!("authorization: bearer {SECRET}")), "{asked}");
    assert!(
        asked.contains(PHONE) && asked.contains("Jadegate: this is a test message."),
        "{asked}"
    );

    let again = words("setup");
    for (says, advises) in [
        ("status 401", "sms.secret"),
        ("status 400", "sms.template"),
        ("status 404", "the path of sms.url"),
        ("status 503", "try again"),
        ("in time", "sms.timeout_seconds"),
    ] {
        let line = test(&again);
        assert!(
            line.starts_with("LOOK") && line.contains(says) && line.contains(advises),
            "{line}"
        );
        assert!(told.recv().unwrap().contains(PHONE));
    }
    // Nobody is there at all: a port that was free a moment ago.
    let mut c = command(d, &again, &listen);
    c.args(["--test-phone", PHONE]).env("JADEGATE_SMS__URL", format!("http://{}/send", address()));
    let out = c.output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out).contains("nobody answers there; compare host and port"), "{}", text(&out));
    // A number that is none is not sent anywhere.
    let mut c = command(d, &again, &listen);
    let out = c.args(["--test-phone", "12"]).output().unwrap();
    assert!(text(&out).contains("LOOK  messages"), "{}", text(&out));
}
