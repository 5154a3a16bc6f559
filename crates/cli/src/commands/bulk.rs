//! `jadegate trace --cases`: the contacts of many cases, written to standard output.
//!
//! Only reads the database and the visit index saved beside it, so that it can be run beside a server;
//! records nothing.

use std::collections::HashMap;
use std::io::{IsTerminal as _, Read, Write};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use jadegate_domain::CaseId;
use jadegate_lines::{FileError, Limits, TextLines};
use jadegate_service::{BulkSearch, CaseInput, Clock as _, ContactRow, IndexOrigin, bulk_case};
use serde::Serialize;

use super::bulk_arrow::write_arrow;
use crate::args::TraceFormat;
use crate::config::Config;
use crate::failure::Failure;
use crate::wire;
use crate::world::SystemClock;

/// Lines that are wrong and shown; more are counted.
const SHOWN: usize = 20;
/// What is read of a list: far more cases than anybody has at once.
const LIMITS: Limits = Limits { bytes: 64 << 20, line: 4096, lines: 1_000_000 };

/// One line of the list with a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listed {
    line: u64,
    case: CaseId,
}

/// What is wrong with a line. The line itself is not repeated: it may hold anything.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wrong {
    line: u64,
    why: String,
}

pub(super) async fn run(
    config: &Config,
    file: &Path,
    hops: Option<u8>,
    format: TraceFormat,
) -> Result<(), Failure> {
    let (cases, mut search) = load(config, file, format).await?;
    if let Some(hops) = hops {
        search = search.with_hops(hops);
    }
    let bar = ProgressBar::new(cases.len() as u64);
    bar.set_style(ProgressStyle::with_template(
        "{elapsed_precise} {bar:30} {pos}/{len} cases, {msg} contacts",
    )?);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let found = search.run(&cases, threads, &|p| {
        bar.set_position(p.done as u64);
        if p.done % 64 == 0 || p.done == cases.len() {
            bar.set_message(p.contacts.to_string());
        }
        true
    });
    bar.finish_and_clear();
    let rows = found.unwrap_or_default();
    eprintln!("{} cases, {} contacts, {}", cases.len(), rows.len(), searched(&search));
    let mut out = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    match format {
        TraceFormat::Json => write_json(&mut out, rows.iter().map(Line::from))?,
        TraceFormat::Arrow => write_arrow(&mut out, &rows)?,
        TraceFormat::Csv | TraceFormat::Text => write_csv(&mut out, &rows)?,
    }
    out.flush()?;
    Ok(())
}

/// What was searched, in words.
pub(super) fn searched(search: &BulkSearch) -> String {
    let origin = match search.origin() {
        IndexOrigin::Loaded => "from the saved index",
        IndexOrigin::CaughtUp => "from the saved index and, what it lacked, the database",
        IndexOrigin::Rebuilt => "from the database",
    };
    format!("{} visits searched, {origin}", search.visits())
}

/// The cases of a list, and all that is searched for them. A list with anything wrong in it is refused.
pub(super) async fn load(
    config: &Config,
    file: &Path,
    format: TraceFormat,
) -> Result<(Vec<CaseInput>, BulkSearch), Failure> {
    let name = if is_stdin(file) { "standard input".into() } else { file.display().to_string() };
    if format == TraceFormat::Arrow && std::io::stdout().is_terminal() {
        return Err("Arrow is not for terminals: redirect the output to a file".into());
    }
    let (listed, mut wrong) = read_list(file)?;
    if listed.is_empty() && wrong.is_empty() {
        return Err(format!("{name} holds no case: write one case id a line").into());
    }
    let (policy, _) = wire::read_policy(&config.policy)?;
    let now = SystemClock.now();
    let store = crate::database::Database::open_read_only(config).await?;
    let mut cases = Vec::with_capacity(listed.len());
    for l in listed {
        match store.case(l.case).await? {
            Some(case) if case.withdrawn_at.is_none() => {
                cases.push(bulk_case(&case, &policy, now));
            }
            Some(_) => wrong.push(Wrong { line: l.line, why: "this case was withdrawn".into() }),
            None => wrong.push(Wrong { line: l.line, why: "there is no such case".into() }),
        }
    }
    if !wrong.is_empty() {
        return Err(complaint(&name, wrong).into());
    }
    let saved = Some(config.visit_index_file());
    let search = BulkSearch::load(&*store, saved, &policy, now).await?;
    store.close().await;
    Ok((cases, search))
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

fn read_list(file: &Path) -> Result<(Vec<Listed>, Vec<Wrong>), Failure> {
    if is_stdin(file) {
        return Ok(parse_list(std::io::stdin().lock())?);
    }
    let named = |e: &dyn std::fmt::Display| format!("{}: {e}", file.display());
    let opened = std::fs::File::open(file).map_err(|e| named(&e))?;
    Ok(parse_list(opened).map_err(|e| named(&e))?)
}

/// One case a line; empty lines and those that begin with `#` are passed over.
fn parse_list(text: impl Read) -> Result<(Vec<Listed>, Vec<Wrong>), FileError> {
    let (mut listed, mut wrong) = (Vec::new(), Vec::new());
    let mut seen: HashMap<CaseId, u64> = HashMap::new();
    let mut lines = TextLines::new(text, LIMITS);
    let mut bytes = Vec::new();
    while let Some(found) = lines.next_line(&mut bytes)? {
        let line = found.number;
        if listed.len() as u64 + wrong.len() as u64 >= LIMITS.lines {
            return Err(FileError::TooManyLines(LIMITS.lines));
        }
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let Ok(case) = text.parse::<CaseId>() else {
            let why = "this is no case id (`c` and 13 letters and digits)".into();
            wrong.push(Wrong { line, why });
            continue;
        };
        if let Some(first) = seen.insert(case, line) {
            seen.insert(case, first);
            wrong.push(Wrong { line, why: format!("this case stands in line {first} already") });
            continue;
        }
        listed.push(Listed { line, case });
    }
    Ok((listed, wrong))
}

/// Everything that is wrong, by line.
fn complaint(name: &str, mut wrong: Vec<Wrong>) -> String {
    wrong.sort_by_key(|w| w.line);
    let mut lines: Vec<_> =
        wrong.iter().take(SHOWN).map(|w| format!("{name}:{}: {}", w.line, w.why)).collect();
    if wrong.len() > SHOWN {
        lines.push(format!("{name}: {} more lines are wrong", wrong.len() - SHOWN));
    }
    lines.push("nothing was traced".to_owned());
    lines.join("\n")
}

const COLUMNS: [&str; 10] = [
    "case",
    "contact",
    "degree",
    "minutes_lower",
    "minutes_upper",
    "last_contact",
    "certainty",
    "place_kind",
    "via",
    "likelihood",
];

/// A row as it is written.
#[derive(Debug, Serialize)]
struct Line {
    case: String,
    contact: String,
    degree: &'static str,
    minutes_lower: u32,
    minutes_upper: u32,
    last_contact: String,
    certainty: &'static str,
    place_kind: &'static str,
    via: Option<String>,
    likelihood: Option<u8>,
}

impl From<&ContactRow> for Line {
    fn from(r: &ContactRow) -> Self {
        Self {
            case: r.case.to_string(),
            contact: r.holder.to_string(),
            degree: r.degree.as_str(),
            minutes_lower: r.minutes_lower,
            minutes_upper: r.minutes_upper,
            last_contact: r.last_contact.to_string(),
            certainty: r.certainty.as_str(),
            place_kind: r.place_kind.as_str(),
            via: r.via.map(|v| v.to_string()),
            likelihood: r.likelihood,
        }
    }
}

/// A text that no spreadsheet takes for a formula.
fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        return format!("'{text}").into();
    }
    text.into()
}

pub(super) fn write_csv(out: &mut impl Write, rows: &[ContactRow]) -> Result<(), Failure> {
    let fields = |l: Line| {
        [
            l.case,
            l.contact,
            l.degree.into(),
            l.minutes_lower.to_string(),
            l.minutes_upper.to_string(),
            l.last_contact,
            l.certainty.into(),
            l.place_kind.into(),
            l.via.unwrap_or_default(),
            l.likelihood.map(|l| l.to_string()).unwrap_or_default(),
        ]
    };
    write_table(out, COLUMNS, rows.iter().map(|r| fields(r.into())))
}

/// A CSV of columns with these names; nothing in it is a formula.
pub(super) fn write_table<const N: usize>(
    out: &mut impl Write,
    columns: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<(), Failure> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(columns)?;
    for fields in rows {
        csv.write_record(fields.each_ref().map(|f| harmless(f)).iter().map(|f| f.as_bytes()))?;
    }
    csv.flush()?;
    Ok(())
}

/// A JSON list with one of these a line.
pub(super) fn write_json<L: Serialize>(
    out: &mut impl Write,
    lines: impl Iterator<Item = L>,
) -> Result<(), Failure> {
    write!(out, "[")?;
    for (i, line) in lines.enumerate() {
        write!(out, "{}", if i == 0 { "\n" } else { ",\n" })?;
        serde_json::to_writer(&mut *out, &line)?;
    }
    writeln!(out, "\n]")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use jadegate_domain::evidence::{Certainty, ContactDegree};
    use jadegate_domain::{HolderId, PlaceKind, Timestamp};

    use super::*;

    fn rows() -> Vec<ContactRow> {
        let close = ContactRow {
            case: CaseId::from_random(1),
            holder: HolderId::from_random(2),
            degree: ContactDegree::Close,
            minutes_lower: 30,
            minutes_upper: 45,
            last_contact: Timestamp::from_secs(1_647_144_000),
            certainty: Certainty::Recorded,
            place_kind: PlaceKind::Restaurant,
            via: None,
            likelihood: Some(79),
        };
        let secondary = ContactRow {
            holder: HolderId::from_random(3),
            degree: ContactDegree::Secondary,
            via: Some(HolderId::from_random(2)),
            likelihood: None,
            ..close
        };
        vec![close, secondary]
    }

    #[test]
    fn every_wrong_line_is_told_by_its_number() {
        let one = CaseId::from_random(5);
        let two = CaseId::from_random(6);
        let text = format!("\u{feff}{one}\r\n\n# a remark\n  {two}\nnonsense\n{one}\n\u{1f600}");
        let (listed, wrong) = parse_list(text.as_bytes()).unwrap();
        assert_eq!(listed, [Listed { line: 1, case: one }, Listed { line: 4, case: two }]);
        assert_eq!(wrong.iter().map(|w| w.line).collect::<Vec<_>>(), [5, 6, 7]);
        assert!(wrong[1].why.contains("line 1"));
        let said = complaint("list", wrong);
        assert!(said.starts_with("list:5: this is no case id"), "{said}");
        assert!(!said.contains("nonsense"), "what stands there is not repeated");
        let many = (1..=50).map(|line| Wrong { line, why: String::new() }).collect();
        assert!(complaint("list", many).contains("list: 30 more lines"));
        // Bytes that are no text are a wrong line like any other.
        assert_eq!(parse_list(&b"\xff\xfe\n"[..]).unwrap().1.len(), 1);
    }

    #[test]
    fn a_spreadsheet_sees_no_formula() {
        assert_eq!(harmless("=1+1"), "'=1+1");
        assert_eq!(harmless("@x"), "'@x");
        assert_eq!(harmless("h0000"), "h0000");
        let mut out = Vec::new();
        write_csv(&mut out, &rows()).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "case,contact,degree,minutes_lower,minutes_upper,last_contact,certainty,place_kind,via,likelihood\n\
             c0000000000001,h0000000000002,close,30,45,2022-03-13T04:00:00Z,recorded,restaurant,,79\n\
             c0000000000001,h0000000000003,secondary,30,45,2022-03-13T04:00:00Z,recorded,restaurant,h0000000000002,\n"
        );
    }

    #[test]
    fn json_is_one_list() {
        let mut out = Vec::new();
        write_json(&mut out, rows().iter().map(Line::from)).unwrap();
        let list: Vec<serde_json::Value> = serde_json::from_slice(&out).unwrap();
        assert_eq!((list.len(), &list[1]["via"]), (2, &"h0000000000002".into()));
        assert_eq!(list[0]["via"], serde_json::Value::Null);
        let mut out = Vec::new();
        write_json(&mut out, std::iter::empty::<Line>()).unwrap();
        assert_eq!(serde_json::from_slice::<Vec<()>>(&out).unwrap(), []);
    }
}
