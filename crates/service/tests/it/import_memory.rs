//! A file is in memory piece by piece, whatever stands in its columns: what is kept until its end is
//! known is some hundred bytes a line.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]
#![cfg(target_os = "linux")]

use std::io::Read;

use crate::common::{HOME, World};
use jadegate_domain::EvidenceKind;
use jadegate_service::import::SMALL_FILE;

/// Lines of a file that is made while it is read.
const LINES: u64 = 500;
/// Letters in a column that nobody reads: about as much as a line may hold.
const WIDTH: usize = 60_000;

/// The most memory this process ever had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

/// A head and lines, each made when its turn comes.
struct Made<F> {
    line: F,
    next: u64,
    rest: Vec<u8>,
}

impl<F: Fn(u64) -> String> Read for Made<F> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.rest.is_empty() && self.next <= LINES {
            self.rest = (self.line)(self.next).into_bytes();
            self.next += 1;
        }
        let n = self.rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.rest[..n]);
        self.rest.drain(..n);
        Ok(n)
    }
}

fn file(head: &str, line: impl Fn(u64) -> String + Send) -> impl Read + Send {
    let line = move |n| format!("{},{}\n", line(n), "x".repeat(WIDTH));
    Made { line, next: 1, rest: format!("{head},note\n").into_bytes() }
}

#[tokio::test]
async fn a_file_is_never_in_memory_as_a_whole() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let carrier = w.staff("carrier", "officer", "CN-33").await;
    w.register(HOME).await;
    let recorder = w.app.recorder(&lab, EvidenceKind::Test).unwrap();
    let conductor = w.app.conductor(&carrier).unwrap();
    let whole = LINES * WIDTH as u64;

    // Pages of the program and of the database count as memory from their first use on: not the file's.
    let head = "document_type,document_number,document_country,result,method,sampled_at";
    let line = |n| format!("passport,X{n:07},CHN,negative,nucleic_acid,2022-03-13T02:00:00Z");
    let few = file(head, line).take(3 * WIDTH as u64);
    let r = w.app.import_tests_within(&recorder, few, SMALL_FILE).await.unwrap();
    assert_eq!(r.taken, 3);
    // So do as many people at once as there are at most.
    let line = |n| format!("passport,X{n:07},CHN,negative,nucleic_acid,2022-03-12T02:00:00Z\n");
    let narrow = format!("{head}\n{}", (1..=300).map(line).collect::<String>());
    let r = w.app.import_tests_within(&recorder, narrow.as_bytes(), SMALL_FILE).await.unwrap();
    assert_eq!(r.taken, 300);
    let trains = "kind,number,date,division,document_type,document_number,document_country,departs";
    let line = |n| format!("train,G2,2022-03-11,CN-3301,passport,X{n:07},CHN,2022-03-11T01:00:00Z");
    let few = file(trains, line).take(3 * WIDTH as u64);
    let r = w.app.import_rides_within(&conductor, few, SMALL_FILE).await.unwrap();
    assert_eq!(r.taken, 1);
    let before = peak();

    let line = |n| format!("passport,X{n:07},CHN,negative,nucleic_acid,2022-03-14T02:00:00Z");
    let r = w.app.import_tests_within(&recorder, file(head, line), SMALL_FILE).await.unwrap();
    assert_eq!((r.lines, r.taken, r.rejected.len()), (LINES, LINES, 0));

    let line = |n| format!("train,G1,2022-03-12,CN-3301,passport,X{n:07},CHN,2022-03-12T01:00:00Z");
    let r = w.app.import_rides_within(&conductor, file(trains, line), SMALL_FILE).await.unwrap();
    assert_eq!((r.lines, r.taken, r.rejected.len() as u64), (LINES, 1, LINES - 1));

    let grown = peak() - before;
    assert!(grown < whole / 3, "{grown} bytes for files of {whole} each");
}
