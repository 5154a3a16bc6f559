//! Test results: one by hand, many from a file.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jadegate_domain::evidence::{Fact, TestMethod, TestResult};
use jadegate_domain::record::{ImportKind, WaitingKind};
use jadegate_domain::{
    AgencyKind, Evidence, EvidenceId, EvidenceKind, HolderId, Purpose, Timestamp,
};
use jadegate_store::ImportCounts;
use serde::Deserialize;

use super::recording::{NO_SAMPLE, RecordedEvidence, Recording};
use super::same_sample::{CONTRADICTED, Known, Refusal, Said, corrector, one_tube};
use crate::app::App;
use crate::assess::{Changed, EvidenceChange, NewEvidence, TRIES, busy};
use crate::brake::{self, Author, HeldPiece, Hold, Signed};
use crate::document::DocumentInput;
use crate::error::{Kind, Result, ServiceError, is_ended};
use crate::import::Digesting;
use crate::import::lines::{Lines, Reading, Rejection, SMALL_FILE, all_told};
use crate::import::report::ImportReport;
use crate::import::words;
use crate::session::StaffSession;
use crate::staff::access::{Counted, Recorder};
use crate::staff::parallel::{BoxFuture, run_concurrently};
use crate::staff::people::find::{Located, Whom};
use crate::staff::what::What;
use crate::staff::wrong;

/// A test result as typed.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TestInput {
    /// Who was tested.
    #[serde(flatten)]
    pub whom: Whom,
    /// `positive` or `negative`.
    #[cfg_attr(feature = "openapi", schema(value_type = TestResult))]
    pub result: String,
    /// `nucleic_acid` or `antigen`.
    #[cfg_attr(feature = "openapi", schema(value_type = TestMethod))]
    pub method: String,
    /// When the sample was taken, RFC 3339.
    pub sampled_at: String,
    /// What the laboratory calls the sample; needed for a result that waits for a colleague.
    pub sample: Option<String>,
}

/// A line in order, ready to be recorded.
struct Parsed {
    line: u64,
    whom: Whom,
    result: TestResult,
    method: TestMethod,
    sampled_at: Timestamp,
    sample: Option<Box<str>>,
}

/// One result of one person: all that is kept of its line until the whole file is read, some hundred
/// bytes with its sample. What may turn somebody red is weighed for a file as a whole.
#[derive(Clone)]
struct Line {
    holder: HolderId,
    line: u64,
    key: [u8; 16],
    result: TestResult,
    method: TestMethod,
    sampled_at: Timestamp,
    sample: Option<Box<str>>,
    document: Option<[u8; 16]>,
}

impl Line {
    fn fact(&self) -> Fact {
        let Self { result, method, sampled_at, .. } = *self;
        Fact::Test { result, method, sampled_at }
    }
}

/// The lines of one person and what became of them.
type Taken<'a> = (&'a [Line], Result<Outcome>);

/// How many lines of one person were taken, how many of those are positive, which have to wait, and
/// which are refused.
#[derive(Default)]
struct Outcome {
    taken: u64,
    positives: u64,
    above: Vec<Line>,
    /// Their numbers, and why.
    refused: Vec<(u64, Refusal)>,
}

impl Outcome {
    /// Adds what became of so many lines to a report, but for those that have to wait.
    fn told(self, lines: usize, report: &mut ImportReport) -> Vec<Line> {
        report.taken += self.taken;
        report.positives += self.positives;
        let told = self.taken + (self.above.len() + self.refused.len()) as u64;
        report.unchanged += lines as u64 - told;
        let refused = self.refused.into_iter();
        report.rejected.extend(refused.map(|(l, why)| Rejection::new(why.0, why.1).at(l)));
        self.above
    }
}

/// What of a file has to wait.
#[derive(Clone, Copy)]
struct Held {
    /// New positives.
    colours: bool,
    /// Corrections of positives.
    releases: bool,
}

/// People whose results are on their way at once.
const SLICE: usize = 256;
/// Writes of looks in one unit.
const LOOKS: usize = 300;

const COLUMNS: [&str; 5] = ["document_type", "document_number", "result", "method", "sampled_at"];
/// May be left out; China if it is.
const COUNTRY: &str = "document_country";
/// May be left out, unless a result has to wait.
const SAMPLE: &str = "sample_reference";
/// The longest reference of a sample, in characters.
const LONGEST_SAMPLE: usize = 64;

impl App {
    /// Records one test result. The same result twice is one.
    pub async fn record_test(
        &self,
        session: &StaffSession,
        input: &TestInput,
    ) -> Result<RecordedEvidence> {
        let recorder = self.recorder(session, EvidenceKind::Test)?;
        self.count_look(session.staff().id, Counted::Recording).await?;
        let result = input.result.parse().map_err(|_| {
            wrong("result", "test.unknown_result", "Write `positive` or `negative`.")
        })?;
        let method = input.method.parse().map_err(|_| {
            wrong("method", "test.unknown_method", "Write `nucleic_acid` or `antigen`.")
        })?;
        let sampled_at = self.past_moment("sampled_at", &input.sampled_at)?;
        let Located { holder, document } = self.locate(recorder.region(), &input.whom).await?;
        let fact = Fact::Test { result, method, sampled_at };
        let key = self.record_key(&recorder, holder.id, &fact)?;
        let sample = sample(input.sample.as_deref().unwrap_or_default())
            .map_err(|r| wrong("sample", r.code, r.detail))?;
        let recording = Recording { fact, key, sample, document };
        self.record_for(session, &recorder, holder.id, recording).await
    }

    /// Records the test results of a CSV file for the agency of a session. Wrong lines are reported
    /// one by one, right ones taken; running the same file again changes nothing.
    pub async fn import_tests(&self, session: &StaffSession, csv: &[u8]) -> Result<ImportReport> {
        self.import_tests_as(session, csv, SMALL_FILE.into()).await
    }

    /// The same, read in this way.
    pub async fn import_tests_as(
        &self,
        session: &StaffSession,
        csv: &[u8],
        reading: Reading,
    ) -> Result<ImportReport> {
        let recorder = self.recorder(session, EvidenceKind::Test)?;
        self.import_tests_within(&recorder, csv, reading).await
    }

    /// The same for a file that is read as it comes, in this way.
    pub async fn import_tests_within(
        &self,
        recorder: &Recorder,
        csv: impl std::io::Read + Send,
        reading: impl Into<Reading> + Send,
    ) -> Result<ImportReport> {
        if recorder.evidence() != EvidenceKind::Test {
            return Err(crate::staff::access::not_yours());
        }
        let reading = reading.into();
        let mut csv = Digesting::new(csv);
        let mut report = ImportReport::default();
        let lines = self.read_results(recorder, &mut csv, &reading, &mut report).await?;
        // A file without a line is no record.
        if report.lines == 0 {
            return Ok(report);
        }
        if reading.check {
            return self.check_results(recorder, &lines, report).await;
        }
        let author = recorder.author(None);
        let run = self.begin_import(ImportKind::Tests, &author, csv.sha256()).await?;
        let author = recorder.author(Some(run));
        report.import = Some(run);
        let held = self.too_many(&author, &lines).await?;
        let mut above: Vec<Line> = Vec::new();
        let mut people = lines.chunk_by(|a, b| a.holder == b.holder).peekable();
        while people.peek().is_some() {
            let some = people.by_ref().take(SLICE);
            let futures: Vec<BoxFuture<'_, Taken<'_>>> = some
                .map(|own| {
                    Box::pin(self.take_results(&author, own, held)) as BoxFuture<'_, Taken<'_>>
                })
                .collect();
            for (own, taken) in run_concurrently(futures).await {
                match taken {
                    Ok(outcome) => {
                        above.extend(outcome.told(own.len(), &mut report));
                    }
                    // Of a file that is taken back nothing more is recorded.
                    Err(e) if e.code == "import.withdrawn" => return Err(e),
                    // One person's record that cannot be written does not stop the others.
                    Err(e) => {
                        let r = Rejection::new(
                            e.code,
                            "This line could not be recorded now. Send the file again.",
                        );
                        report.rejected.extend(own.iter().map(|l| r.clone().at(l.line)));
                    }
                }
            }
        }
        self.hold_results(&author, above, &mut report).await?;
        report.rejected.sort_by_key(|r| r.line);
        let rejected = report.rejected.len() as u64;
        let all = report.taken + report.unchanged + report.waiting + rejected;
        all_told(report.lines, all)?;
        let counts = ImportCounts {
            taken: report.taken,
            unchanged: report.unchanged,
            rejected,
            waiting: report.waiting,
        };
        self.end_import(run, counts).await?;
        Ok(report)
    }

    /// What would become of the lines of a file. Nothing is recorded but, for a member of staff, whom
    /// they asked for: the answer says who is registered.
    async fn check_results(
        &self,
        recorder: &Recorder,
        lines: &[Line],
        mut report: ImportReport,
    ) -> Result<ImportReport> {
        let author = recorder.author(None);
        let held = self.too_many(&author, lines).await?;
        for own in lines.chunk_by(|a, b| a.holder == b.holder) {
            let Some(holder) = own.first().map(|l| l.holder) else { continue };
            let (outcome, _) = self.sort_results(&author, holder, own, held).await?;
            for line in outcome.told(own.len(), &mut report) {
                if self.store.waits(line.key).await? {
                    report.unchanged += 1;
                } else if author.kind == AgencyKind::Laboratory && line.sample.is_none() {
                    report.rejected.push(Rejection::new(NO_SAMPLE.0, NO_SAMPLE.1).at(line.line));
                } else {
                    report.waiting += 1;
                }
            }
        }
        self.note_asked(&author, lines.iter().map(|l| l.holder).collect()).await?;
        report.rejected.sort_by_key(|r| r.line);
        let rejected = report.rejected.len() as u64;
        let all = report.taken + report.unchanged + report.waiting + rejected;
        all_told(report.lines, all)?;
        Ok(report)
    }

    /// A member of staff who checks a file learns who of it is registered: each of them sees that. The
    /// machine's own command line asks for nobody.
    pub(crate) async fn note_asked(
        &self,
        author: &Author,
        asked: BTreeSet<HolderId>,
    ) -> Result<()> {
        if author.staff.is_none() {
            return Ok(());
        }
        let mut writes = Vec::new();
        for holder in asked {
            let what = What::Registration;
            writes.extend(self.look_writes(author, holder, Purpose::RecordEvidence, what)?);
            if writes.len() >= LOOKS {
                self.commit("check_file_looks", std::mem::take(&mut writes)).await?;
            }
        }
        if !writes.is_empty() {
            self.commit("check_file_looks", writes).await?;
        }
        Ok(())
    }

    /// Are there more new results in a file that can confine somebody, or more corrections of such
    /// results, than this hour has room for? Then all of those wait: whoever is coloured must not
    /// depend on the order of lines.
    async fn too_many(&self, author: &Author, lines: &[Line]) -> Result<Held> {
        let (mut new, mut gone) = (0, 0);
        for line in lines {
            if line.fact().may_confine() {
                new += u64::from(self.store.evidence_by_key(line.key).await?.is_none());
            } else {
                gone += u64::from(self.takes_away(author, line).await?);
            }
        }
        Ok(Held {
            colours: new > 0 && new > self.room(author, author.agency).await?,
            releases: gone > 0 && gone > self.room_to_release(author.agency, author.staff).await?,
        })
    }

    /// Does a negative line stand against a positive result of the same sample?
    async fn takes_away(&self, author: &Author, line: &Line) -> Result<bool> {
        let positive = Line { result: TestResult::Positive, ..line.clone() }.fact();
        let Some(key) = self.fact_key(author.agency, line.holder, &positive) else {
            return Ok(false);
        };
        let Some(known) = self.store.evidence_by_key(key).await? else { return Ok(false) };
        Ok(self.store.evidence(known).await?.is_some_and(|e| e.counts()))
    }

    /// Lets positives wait, each with its sample's reference; those without are refused.
    async fn hold_results(
        &self,
        author: &Author,
        above: Vec<Line>,
        report: &mut ImportReport,
    ) -> Result<()> {
        let mut pieces = Vec::new();
        for line in above {
            if self.store.waits(line.key).await? {
                report.unchanged += 1;
            } else if author.kind == AgencyKind::Laboratory && line.sample.is_none() {
                report.rejected.push(Rejection::new(NO_SAMPLE.0, NO_SAMPLE.1).at(line.line));
            } else {
                let id = EvidenceId::from_random(self.deployment.rng.bits());
                pieces.push(HeldPiece {
                    holder: line.holder,
                    held: brake::Held::Evidence { id, fact: line.fact(), document: line.document },
                    sample: line.sample.map(String::from),
                    external_key: Some(line.key),
                });
            }
        }
        if pieces.is_empty() {
            return Ok(());
        }
        report.waiting = pieces.len() as u64;
        let kind = WaitingKind::Tests;
        let hold = Hold { kind, weighs_on: author.agency, pieces, trace: None };
        self.hold(author, hold, Vec::new()).await?;
        Ok(())
    }

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
        let whom = Whom::Document(DocumentInput {
            doc_type: words::name(words::DOCUMENTS, f.get("document_type")),
            number: f.get("document_number").to_owned(),
            country: f.get(COUNTRY).to_owned(),
            mrz: None,
        });
        let sample = sample(f.get(SAMPLE))?.map(String::into_boxed_str);
        Ok(Parsed { line, whom, result, method, sampled_at, sample })
    }

    /// Reads a file to its end, a hundred lines in memory at a time, finds everybody and drops
    /// repeated lines; the rest by person. Nothing is written before the end is known: a file that
    /// breaks off, or holds too much, takes nothing.
    async fn read_results(
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
        all.sort_unstable_by_key(|l: &Line| (l.holder, l.line));
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
        let Located { holder, document } = match self.locate(recorder.region(), &p.whom).await {
            Ok(located) => located,
            Err(e) if matches!(e.kind, Kind::NotFound | Kind::BadInput) => {
                report.rejected.push(Rejection::from(&e).at(p.line));
                return Ok(());
            }
            Err(e) => return Err(e),
        };
        let Parsed { line, result, method, sampled_at, sample, .. } = p;
        let holder = holder.id;
        let key = self.record_key(recorder, holder, &Fact::Test { result, method, sampled_at })?;
        if seen.insert(key) {
            all.push(Line { holder, line, key, result, method, sampled_at, sample, document });
        } else {
            report.unchanged += 1;
        }
        Ok(())
    }

    /// Records the results of one person that are not there yet. Whoever tells something new of a
    /// person learns that they are registered: that is a look.
    async fn take_results<'l>(&self, author: &Author, own: &'l [Line], held: Held) -> Taken<'l> {
        (own, self.try_results(author, own, held).await)
    }

    async fn try_results(&self, author: &Author, own: &[Line], mut held: Held) -> Result<Outcome> {
        let Some(holder) = own.first().map(|l| l.holder) else { return Ok(Outcome::default()) };
        let looked =
            self.look_writes(author, holder, Purpose::RecordEvidence, What::Registration)?;
        for _ in 0..TRIES {
            let (outcome, change) = self.sort_results(author, holder, own, held).await?;
            if change.add.is_empty() {
                // What this agency had recorded before tells it nothing.
                if !outcome.above.is_empty() {
                    self.commit("import_tests_above", looked).await?;
                }
                return Ok(outcome);
            }
            let old: Vec<_> = change.add.iter().filter_map(|n| n.supersedes).collect();
            let change = EvidenceChange { with: looked.clone(), ..change };
            match self.record("import_tests", holder, change).await {
                Ok(Changed::Done(..)) => {
                    self.let_fall(holder, &old, corrector(author.agency, author.staff)).await?;
                    return Ok(outcome);
                }
                // Somebody else recorded one of them meanwhile, or something else of this person.
                Ok(Changed::Unchanged) => {}
                Err(e) if is_ended(&e) => {}
                // Another file was faster: these have to wait after all.
                Ok(Changed::Above) => held = Held { colours: true, releases: true },
                Err(e) => return Err(e),
            }
        }
        Err(busy())
    }

    /// What is new of one person's lines, decided from what is recorded of them now.
    async fn sort_results(
        &self,
        author: &Author,
        holder: HolderId,
        lines: &[Line],
        held: Held,
    ) -> Result<(Outcome, EvidenceChange)> {
        let (version, own) = self.store.evidence_of(holder).await?.unwrap_or_default();
        let mut moments: BTreeMap<Timestamp, (Vec<&Evidence>, Vec<&Line>)> = BTreeMap::new();
        for e in &own {
            if let Fact::Test { sampled_at, .. } = e.fact {
                moments.entry(sampled_at).or_default().0.push(e);
            }
        }
        for line in lines {
            moments.entry(line.sampled_at).or_default().1.push(line);
        }
        let (mut outcome, mut add) = (Outcome::default(), Vec::new());
        for line in lines {
            let fact = line.fact();
            let Some((own, told)) = moments.get(&line.sampled_at) else { continue };
            if contradicted(line, told) {
                outcome.refused.push((line.line, CONTRADICTED));
                continue;
            }
            let sample = line.sample.as_deref();
            let said = Said { agency: author.agency, fact: &fact, sample, key: Some(line.key) };
            let old = match self.known_of(own, said).await? {
                Known::Nothing => None,
                Known::Other(old) => Some(old),
                Known::Same(_) => continue,
                Known::Refused(why) => {
                    outcome.refused.push((line.line, why));
                    continue;
                }
            };
            let signed = match old {
                Some(old) => Signed::correcting(author, &old.fact, &fact),
                None => Signed::own(author, &fact),
            };
            let releases = old.is_some_and(|o| o.fact.may_confine()) && !fact.may_confine();
            if (held.colours && fact.may_confine()) || (held.releases && releases) {
                outcome.above.push(line.clone());
                continue;
            }
            outcome.taken += 1;
            outcome.positives += u64::from(fact.may_confine());
            add.push(NewEvidence {
                external_key: Some(line.key),
                sample: sample.map(str::to_owned),
                supersedes: old.map(|o| o.id),
                ..NewEvidence::by(signed.of_document(line.document), fact)
            });
        }
        let by = add.iter().any(|n| n.supersedes.is_some());
        let by = by.then(|| corrector(author.agency, author.staff));
        Ok((outcome, EvidenceChange { add, by, from: Some(version), ..EvidenceChange::default() }))
    }

    /// What makes two records of this recorder the same.
    pub(crate) fn record_key(
        &self,
        recorder: &Recorder,
        holder: HolderId,
        fact: &Fact,
    ) -> Result<[u8; 16]> {
        let key = self.fact_key(recorder.agency(), holder, fact);
        key.ok_or_else(|| ServiceError::internal("a record of a kind that nobody records"))
    }

    /// A moment that has been, and not longer ago than anything is kept.
    pub(crate) fn past_moment(&self, field: &'static str, text: &str) -> Result<Timestamp> {
        let at: Timestamp =
            text.trim().parse().map_err(|e: jadegate_domain::time::BadTimestamp| {
                wrong(field, "time.bad", e.to_string())
            })?;
        self.been(field, at)
    }

    /// The same for a moment that was read.
    fn been(&self, field: &'static str, at: Timestamp) -> Result<Timestamp> {
        let now = self.now();
        if at > now.plus_secs(self.deployment.settings.clock_skew_seconds) {
            return Err(wrong(
                field,
                "time.in_future",
                "This moment is in the future; compare it with the paper.",
            ));
        }
        let days = i64::from(self.policy().retention().evidence_days);
        if at < now.plus_days(-days) {
            return Err(wrong(
                field,
                "time.too_old",
                format!("This is more than {days} days ago and would not be kept."),
            ));
        }
        Ok(at)
    }
}

/// Does another line of the file tell a positive result of the same sample? Which of the two is right
/// nobody knows; the positive one is taken.
fn contradicted(line: &Line, of_moment: &[&Line]) -> bool {
    let same = |o: &&&Line| o.method == line.method;
    let positive = |o: &Line| o.result == TestResult::Positive;
    let tube = |o: &Line| one_tube(o.sample.as_deref(), line.sample.as_deref());
    !positive(line) && of_moment.iter().filter(same).any(|o| positive(o) && tube(o))
}

/// What a laboratory calls a sample: letters, digits, `-`, `/`, `.`, `_`; nothing if it is empty.
fn sample(text: &str) -> std::result::Result<Option<String>, Rejection> {
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
