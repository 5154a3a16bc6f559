//! Test results: one by hand, many from a file.

use std::collections::{BTreeMap, BTreeSet};

use jadegate_domain::evidence::{Fact, TestMethod, TestResult};
use jadegate_domain::record::{ImportKind, WaitingKind};
use jadegate_domain::{
    AgencyKind, Evidence, EvidenceId, EvidenceKind, HolderId, Purpose, Timestamp,
};
use jadegate_store::ImportCounts;
use serde::Deserialize;

use super::keeping::Told;
use super::recording::{NO_SAMPLE, RecordedEvidence, Recording};
use super::same_sample::{CONTRADICTED, Known, Refusal, Said, corrector};
use super::test_lines::{Line, contradicted, sample};
use crate::app::App;
use crate::assess::{EvidenceChange, NewEvidence, TRIES, busy};
use crate::author::Author;
use crate::brake::Signed;
use crate::error::{Result, is_ended};
use crate::held::{self, HeldPiece, Hold};
use crate::import::Digesting;
use crate::import::lines::{Reading, Rejection, SMALL_FILE, all_told};
use crate::import::report::ImportReport;
use crate::session::StaffSession;
use crate::staff::access::{Counted, Recorder};
use crate::staff::parallel::{BoxFuture, run_concurrently};
use crate::staff::people::find::{Subject, Whom};
use crate::staff::people::moved::document_moved;
use crate::staff::what::What;
use crate::staff::wrong;

/// A test result as typed.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TestInput {
    /// Who was tested; nobody, if it is not known yet whose sample it is: then `sample` names the tube.
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

/// What of a file has to wait, by what it weighs on.
struct TooMany {
    all: Held,
    /// Homes of whose people agencies elsewhere recorded too much in this hour.
    homes: BTreeSet<Box<str>>,
}

impl TooMany {
    /// What of it concerns one person's lines.
    fn of(&self, own: &[Line]) -> Held {
        let home = own.first().and_then(|l| l.outside.as_ref());
        let colours = self.all.colours || home.is_some_and(|h| self.homes.contains(h));
        Held { colours, ..self.all }
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

impl App {
    /// Records one test result, by document of whoever owns it. The same result twice is one.
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
        let sample = sample(input.sample.as_deref().unwrap_or_default())
            .map_err(|r| wrong("sample", r.code, r.detail))?;
        let about = match (&input.whom, &sample) {
            (Whom::Unnamed, Some(tube)) => {
                self.about_tube(self.tube_key(recorder.agency(), tube)).await?
            }
            (whom, _) => self.about(recorder.region(), whom).await?,
        };
        let recording = Recording { fact: Fact::Test { result, method, sampled_at }, sample };
        self.record_for(session, &recorder, about, recording).await
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
        let mut people = lines.chunk_by(|a, b| a.subject == b.subject).peekable();
        while people.peek().is_some() {
            let some = people.by_ref().take(SLICE);
            let futures: Vec<BoxFuture<'_, Taken<'_>>> = some
                .map(|own| {
                    let held = held.of(own);
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

    /// What would become of the lines of a file. Nothing is recorded, and nothing is learned: whoever a
    /// document leads to, a line is told the same.
    async fn check_results(
        &self,
        recorder: &Recorder,
        lines: &[Line],
        mut report: ImportReport,
    ) -> Result<ImportReport> {
        let author = recorder.author(None);
        let held = self.too_many(&author, lines).await?;
        for own in lines.chunk_by(|a, b| a.subject == b.subject) {
            let Some(first) = own.first() else { continue };
            let held = held.of(own);
            let (outcome, _) = self.sort_results(&author, first.subject, own, held).await?;
            for line in outcome.told(own.len(), &mut report) {
                if self.store.waits(line.waits).await? {
                    report.unchanged += 1;
                } else if author.kind == AgencyKind::Laboratory && line.sample.is_none() {
                    report.rejected.push(Rejection::new(NO_SAMPLE.0, NO_SAMPLE.1).at(line.line));
                } else {
                    report.waiting += 1;
                }
            }
        }
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
    async fn too_many(&self, author: &Author, lines: &[Line]) -> Result<TooMany> {
        let (mut new, mut gone) = (0, 0);
        let mut outside: BTreeMap<&str, u64> = BTreeMap::new();
        for own in lines.chunk_by(|a, b| a.subject == b.subject) {
            let Some(first) = own.first() else { continue };
            let kept = match first.subject {
                Subject::Person(_) => Vec::new(),
                owner @ Subject::Owner(_) => self.told_of(owner).await?.1,
            };
            for line in own {
                if line.fact().may_confine() {
                    let is_new = self.recorded_before(author, line, &kept).await?.is_none();
                    new += u64::from(is_new);
                    if let (true, Some(home)) = (is_new, &line.outside) {
                        *outside.entry(home).or_default() += 1;
                    }
                } else {
                    gone += u64::from(self.takes_away(author, line, &kept).await?);
                }
            }
        }
        let mut homes = BTreeSet::new();
        for (home, n) in outside {
            if n > self.room_at_home(home).await? {
                homes.insert(home.into());
            }
        }
        let all = Held {
            colours: new > 0 && new > self.room(author, author.agency).await?,
            releases: gone > 0 && gone > self.room_to_release(author.agency, author.staff).await?,
        };
        Ok(TooMany { all, homes })
    }

    /// Was this recorded before, and does it count?
    async fn recorded_before(
        &self,
        author: &Author,
        line: &Line,
        kept: &[Evidence],
    ) -> Result<Option<bool>> {
        let Some(key) = line.evidence_key() else {
            let fact = line.fact();
            let same = |e: &&Evidence| e.agency == Some(author.agency) && e.fact == fact;
            return Ok(kept.iter().rfind(same).map(Evidence::counts));
        };
        let Some(known) = self.store.evidence_by_key(key).await? else { return Ok(None) };
        Ok(Some(self.store.evidence(known).await?.is_some_and(|e| e.counts())))
    }

    /// Does a negative line stand against a positive result of the same sample?
    async fn takes_away(&self, author: &Author, line: &Line, kept: &[Evidence]) -> Result<bool> {
        let mut positive = Line { result: TestResult::Positive, ..line.clone() };
        if let Subject::Person(holder) = line.subject {
            let key = self.fact_key(author.agency, holder, &positive.fact());
            let Some(key) = key else { return Ok(false) };
            positive.key = key;
        }
        Ok(self.recorded_before(author, &positive, kept).await? == Some(true))
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
            if self.store.waits(line.waits).await? {
                report.unchanged += 1;
            } else if author.kind == AgencyKind::Laboratory && line.sample.is_none() {
                report.rejected.push(Rejection::new(NO_SAMPLE.0, NO_SAMPLE.1).at(line.line));
            } else {
                let id = EvidenceId::from_random(self.deployment.rng.bits());
                pieces.push(HeldPiece {
                    holder: match (line.document, line.tube, line.subject) {
                        (None, None, Subject::Person(holder)) => Some(holder),
                        _ => None,
                    },
                    held: held::Held::Evidence {
                        id,
                        fact: line.fact(),
                        document: line.document,
                        tube: line.tube.map(|(key, _)| key),
                    },
                    sample: line.sample.map(String::from),
                    external_key: Some(line.waits),
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

    /// Records the results of one person that are not there yet, or keeps them for whoever owns the
    /// document. Whoever sends the file does not learn which of the two it was.
    async fn take_results<'l>(&self, author: &Author, own: &'l [Line], held: Held) -> Taken<'l> {
        (own, self.try_results(author, own, held).await)
    }

    async fn try_results(&self, author: &Author, own: &[Line], mut held: Held) -> Result<Outcome> {
        let mut own = std::borrow::Cow::Borrowed(own);
        for _ in 0..TRIES {
            let Some(subject) = own.first().map(|l| l.subject) else {
                return Ok(Outcome::default());
            };
            let (outcome, change) = self.sort_results(author, subject, &own, held).await?;
            if change.add.is_empty() {
                return Ok(outcome);
            }
            let old: Vec<_> = change.add.iter().filter_map(|n| n.supersedes).collect();
            match self.record_of("import_tests", subject, change, None).await {
                Ok(Told::Done(_)) => {
                    if let Subject::Person(holder) = subject {
                        let by = corrector(author.agency, author.staff);
                        self.let_fall(holder, &old, by).await?;
                    }
                    return Ok(outcome);
                }
                // Somebody else recorded one of them meanwhile, or something else of this person.
                Ok(Told::Unchanged) => {}
                Err(e) if is_ended(&e) => {}
                // The document was registered, or given to its owner, a moment ago.
                Err(e) if document_moved(&e) => {
                    let mut lines = own.into_owned();
                    for line in &mut lines {
                        self.find_again(author, line).await?;
                    }
                    own = std::borrow::Cow::Owned(lines);
                }
                // Another file was faster: these have to wait after all.
                Ok(Told::Above) => held = Held { colours: true, releases: true },
                Err(e) => return Err(e),
            }
        }
        Err(busy())
    }

    /// What is new of one person's lines, decided from what is recorded of them now.
    async fn sort_results(
        &self,
        author: &Author,
        subject: Subject,
        lines: &[Line],
        held: Held,
    ) -> Result<(Outcome, EvidenceChange)> {
        let (version, own) = self.told_of(subject).await?;
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
            let key = line.evidence_key();
            let said = Said { agency: author.agency, fact: &fact, sample, key };
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
                external_key: key,
                sample: sample.map(str::to_owned),
                supersedes: old.map(|o| o.id),
                ..NewEvidence::by(signed.of_line(line), fact)
            });
        }
        let by = add.iter().any(|n| n.supersedes.is_some());
        let by = by.then(|| corrector(author.agency, author.staff));
        Ok((outcome, EvidenceChange { add, by, from: Some(version), ..EvidenceChange::default() }))
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
    pub(super) fn been(&self, field: &'static str, at: Timestamp) -> Result<Timestamp> {
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
