//! The lines of a file of test results: read, understood, and whom each is about.

use std::collections::HashSet;

use jadegate_domain::Timestamp;
use jadegate_domain::evidence::{Fact, TestMethod, TestResult};

use jadegate_store::TubeOwner;

use super::same_sample::one_tube;
use crate::app::App;
use crate::author::Author;
use crate::brake::{self, Signed};
use crate::document::DocumentInput;
use crate::error::{Kind, Result};
use crate::import::lines::{Lines, Reading, Rejection};
use crate::import::report::ImportReport;
use crate::import::words;
use crate::staff::access::Recorder;
use crate::staff::people::find::{Subject, Whom};

/// A line in order, ready to be recorded.
pub(super) struct Parsed {
    line: u64,
    /// `None`: whoever's tube it is.
    whom: Option<Whom>,
    result: TestResult,
    method: TestMethod,
    sampled_at: Timestamp,
    sample: Option<Box<str>>,
}

/// One result of one person: all that is kept of its line until the whole file is read, some hundred
/// bytes with its sample. What may turn somebody red is weighed for a file as a whole.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) subject: Subject,
    pub(super) line: u64,
    /// Of the evidence, or of what waits if nobody is known by the document yet.
    pub(super) key: [u8; 16],
    pub(super) waits: [u8; 16],
    /// Where they live, if that is not where it is recorded.
    pub(super) outside: Option<Box<str>>,
    pub(super) result: TestResult,
    pub(super) method: TestMethod,
    pub(super) sampled_at: Timestamp,
    pub(super) sample: Option<Box<str>>,
    pub(super) document: Option<[u8; 16]>,
    /// The tube, if nobody is named, and whose it is, if that was said.
    pub(super) tube: Option<([u8; 16], Option<TubeOwner>)>,
}

impl Line {
    /// The key of the evidence; `None` while its owner is not registered.
    pub(super) const fn evidence_key(&self) -> Option<[u8; 16]> {
        match self.subject {
            Subject::Person(_) => Some(self.key),
            Subject::Owner(_) => None,
        }
    }

    pub(super) fn fact(&self) -> Fact {
        let Self { result, method, sampled_at, .. } = *self;
        Fact::Test { result, method, sampled_at }
    }
}

impl Signed {
    pub(super) fn of_line(self, line: &Line) -> Self {
        let of = match line.subject {
            Subject::Person(_) => line.document,
            Subject::Owner(_) => None,
        };
        self.of_document(of).of_tube(line.tube).at(line.outside.clone())
    }
}

const COLUMNS: [&str; 5] = ["document_type", "document_number", "result", "method", "sampled_at"];
/// May be left out; China if it is.
const COUNTRY: &str = "document_country";
/// May be left out, unless a result has to wait.
const SAMPLE: &str = "sample_reference";
/// The longest reference of a sample, in characters.
const LONGEST_SAMPLE: usize = 64;

impl App {
    fn parse_line(
        &self,
        line: u64,
        f: &crate::import::lines::Fields,
    ) -> std::result::Result<Parsed, Rejection> {
        let result = words::result(f.get("result")).parse().map_err(|_| {
            Rejection::new("test.unknown_result", "The result must be `positive` or `negative`.")
        })?;
        let method = words::name(words::METHODS, f.get("method")).parse().map_err(|_| {
            Rejection::new("test.unknown_method", "The method must be `nucleic_acid` or `antigen`.")
        })?;
        let sampled_at = f.moment("sampled_at")?;
        let sampled_at = self.been("sampled_at", sampled_at).map_err(|e| Rejection::from(&e))?;
        let sample = sample(f.get(SAMPLE))?.map(String::into_boxed_str);
        let [kind, number] = ["document_type", "document_number"].map(|c| f.get(c).trim());
        let whom = match (kind.is_empty() && number.is_empty(), sample.is_some()) {
            (true, true) => None,
            (true, false) => return Err(nobody()),
            (false, _) => Some(Whom::Document(DocumentInput {
                doc_type: words::name(words::DOCUMENTS, kind),
                number: number.to_owned(),
                country: f.get(COUNTRY).to_owned(),
                mrz: None,
            })),
        };
        Ok(Parsed { line, whom, result, method, sampled_at, sample })
    }

    /// Reads a file to its end, a hundred lines in memory at a time, finds everybody and drops
    /// repeated lines; the rest by person. Nothing is written before the end is known: a file that
    /// breaks off, or holds too much, takes nothing.
    pub(super) async fn read_results(
        &self,
        recorder: &Recorder,
        csv: impl std::io::Read + Send,
        reading: &Reading,
        report: &mut ImportReport,
    ) -> Result<Vec<Line>> {
        let mut lines = Lines::open_strict(csv, reading, &COLUMNS, &[COUNTRY, SAMPLE])?;
        let (mut all, mut seen) = (Vec::new(), HashSet::new());
        loop {
            let piece = lines.piece()?;
            if piece.is_empty() {
                break;
            }
            report.lines += piece.len() as u64;
            for (line, fields) in piece {
                match fields.and_then(|f| self.parse_line(line, &f)) {
                    Ok(p) => self.resolve(recorder, p, (&mut all, &mut seen), report).await?,
                    Err(r) => report.rejected.push(r.at(line)),
                }
            }
        }
        all.sort_unstable_by_key(|l: &Line| (l.subject, l.line));
        Ok(all)
    }

    /// Finds whom a line is about; a line that stands there before is dropped.
    async fn resolve(
        &self,
        recorder: &Recorder,
        p: Parsed,
        (all, seen): (&mut Vec<Line>, &mut HashSet<[u8; 16]>),
        report: &mut ImportReport,
    ) -> Result<()> {
        let found = match (&p.whom, p.sample.as_deref()) {
            (Some(whom), _) => self.about(recorder.region(), whom).await,
            (None, tube) => {
                let tube = tube.unwrap_or_default();
                self.about_tube(self.tube_key(recorder.agency(), tube)).await
            }
        };
        let about = match found {
            Ok(about) => about,
            Err(e) if matches!(e.kind, Kind::NotFound | Kind::BadInput) => {
                report.rejected.push(Rejection::from(&e).at(p.line));
                return Ok(());
            }
            Err(e) => return Err(e),
        };
        let Parsed { line, result, method, sampled_at, sample, .. } = p;
        let keyed =
            self.keyed(&recorder.author(None), about, &Fact::Test { result, method, sampled_at })?;
        let (about, waits) = (keyed.about, keyed.waits);
        let key = keyed.key.unwrap_or(waits);
        let outside = about.home.as_ref().and_then(|h| brake::outside(recorder.region(), h));
        let (subject, document, tube) = (about.subject, about.document, about.tube);
        if seen.insert(key) {
            all.push(Line {
                subject,
                line,
                key,
                waits,
                outside,
                result,
                method,
                sampled_at,
                sample,
                document,
                tube,
            });
        } else {
            report.unchanged += 1;
        }
        Ok(())
    }

    pub(super) async fn find_again(&self, author: &Author, line: &mut Line) -> Result<()> {
        let tube = line.tube.map(|(key, _)| key);
        let Some(about) = self.about_again(line.document, tube).await? else { return Ok(()) };
        (line.document, line.tube) = (about.document, about.tube);
        line.outside = about.home.as_ref().and_then(|h| brake::outside(&author.region, h));
        let keyed = self.keyed(author, about, &line.fact())?;
        (line.subject, line.key) = (keyed.about.subject, keyed.key.unwrap_or(keyed.waits));
        Ok(())
    }
}

/// Does another line of the file tell a positive result of the same sample? Which of the two is right
/// nobody knows; the positive one is taken.
pub(super) fn contradicted(line: &Line, of_moment: &[&Line]) -> bool {
    let same = |o: &&&Line| o.method == line.method;
    let positive = |o: &Line| o.result == TestResult::Positive;
    let tube = |o: &Line| one_tube(o.sample.as_deref(), line.sample.as_deref());
    !positive(line) && of_moment.iter().filter(same).any(|o| positive(o) && tube(o))
}

/// Says that a line names nobody and no tube.
fn nobody() -> Rejection {
    Rejection::new(
        "test.nobody",
        "This line names nobody. Write the document, or, if it is not known yet whose sample it is, its reference (column sample_reference).",
    )
}

/// What a laboratory calls a sample: letters, digits, `-`, `/`, `.`, `_`; nothing if it is empty.
pub(super) fn sample(text: &str) -> std::result::Result<Option<String>, Rejection> {
    let text = text.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || "-/._ ".contains(c);
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().count() > LONGEST_SAMPLE || !text.chars().all(fits) {
        return Err(Rejection::new(
            "test.bad_sample_reference",
            "A sample's reference has up to 64 letters, digits, dots, slashes, dashes or underscores.",
        ));
    }
    Ok(Some(text.to_owned()))
}
