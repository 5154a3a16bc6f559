//! Test results: one by hand, many from a file.

use std::collections::{BTreeMap, HashSet};

use jadegate_domain::evidence::{Fact, TestMethod, TestResult};
use jadegate_domain::{Assessment, EvidenceId, EvidenceKind, HolderId, Purpose, Timestamp};
use serde::Serialize;

use super::access::{Counted, Recorder, What};
use super::find::Whom;
use super::parallel::{Job, together};
use super::wrong;
use crate::app::App;
use crate::assess::{Change, Changed, NewEvidence};
use crate::error::{Result, ServiceError};
use crate::holder::register::DocumentInput;
use crate::import::lines::{Limits, Lines, Rejection, SMALL_FILE, all_told};
use crate::session::StaffSession;

/// A test result as typed.
#[derive(Clone, Debug)]
pub struct TestInput {
    /// Who was tested.
    pub whom: Whom,
    /// `positive` or `negative`.
    pub result: String,
    /// `nucleic_acid` or `antigen`.
    pub method: String,
    /// When the sample was taken, RFC 3339.
    pub sampled_at: String,
}

/// A piece of evidence recorded, and what follows from it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordedEvidence {
    /// Which.
    pub evidence: EvidenceId,
    /// The person's assessment now.
    pub assessment: Assessment,
    /// Was it new, or had the same been recorded before?
    pub new: bool,
}

/// One line of a file that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RejectedLine {
    /// Its number in the file, from 1; the header is line 1.
    pub line: u64,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong and what to do, without the values.
    pub detail: String,
}

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportReport {
    /// Lines with something in them; each is taken, unchanged, or rejected.
    pub lines: u64,
    /// Lines recorded.
    pub taken: u64,
    /// Lines that had been recorded before, or stand twice in the file.
    pub unchanged: u64,
    /// Lines that are wrong.
    pub rejected: Vec<RejectedLine>,
    /// How many of the lines taken are positive.
    pub positives: u64,
}

/// A line in order, ready to be recorded.
struct Parsed {
    line: u64,
    whom: Whom,
    result: TestResult,
    method: TestMethod,
    sampled_at: Timestamp,
}

/// The lines of one person with how many were taken and how many of those are positive.
type Taken = (Vec<u64>, Result<(u64, u64)>);

/// Results of one person, to be recorded in one unit.
type ByHolder = BTreeMap<HolderId, Vec<(u64, [u8; 16], Fact)>>;

const COLUMNS: [&str; 5] = ["document_type", "document_number", "result", "method", "sampled_at"];
/// May be left out; China if it is.
const COUNTRY: &str = "document_country";
/// Another import of the same lines may win the race this often.
const TRIES: u32 = 4;

impl App {
    /// Records one test result. The same result twice is one.
    pub async fn record_test(
        &self,
        session: &StaffSession,
        input: &TestInput,
    ) -> Result<RecordedEvidence> {
        let recorder = self.recorder(session, EvidenceKind::Test)?;
        self.count_look(session.staff().id, Counted::Recording)?;
        let result = input.result.parse().map_err(|_| {
            wrong("result", "test.unknown_result", "Write `positive` or `negative`.")
        })?;
        let method = input.method.parse().map_err(|_| {
            wrong("method", "test.unknown_method", "Write `nucleic_acid` or `antigen`.")
        })?;
        let sampled_at = self.past_moment("sampled_at", &input.sampled_at)?;
        let holder = self.locate(recorder.region(), &input.whom).await?;
        let fact = Fact::Test { result, method, sampled_at };
        let key = self.test_key(&recorder, holder.id, &fact);
        self.record_for(session, &recorder, holder.id, fact, key).await
    }

    /// Records one piece of evidence about one person, with the look that its answer is.
    pub(crate) async fn record_for(
        &self,
        session: &StaffSession,
        recorder: &Recorder,
        holder: HolderId,
        fact: Fact,
        key: [u8; 16],
    ) -> Result<RecordedEvidence> {
        debug_assert_eq!(fact.kind(), recorder.evidence());
        let looked =
            self.access_writes(session.staff(), holder, Purpose::RecordEvidence, What::Assessment)?;
        let change = Change {
            add: vec![NewEvidence {
                external_key: Some(key),
                ..NewEvidence::by(Some(recorder.agency()), fact)
            }],
            with: looked.clone(),
            ..Change::default()
        };
        match self.record("record_evidence", holder, change).await? {
            Changed::Done(ids, assessment) => {
                let evidence =
                    ids.first().copied().ok_or_else(|| ServiceError::internal("no id"))?;
                Ok(RecordedEvidence { evidence, assessment: *assessment, new: true })
            }
            Changed::Unchanged => {
                self.commit("record_evidence_again", looked).await?;
                let known = self.store.evidence_by_key(key).await?;
                let evidence = known.ok_or_else(|| ServiceError::internal("evidence vanished"))?;
                Ok(RecordedEvidence {
                    evidence,
                    assessment: self.assessment(holder).await?,
                    new: false,
                })
            }
        }
    }

    /// Records the test results of a CSV file for the agency of a session. Wrong lines are reported
    /// one by one, right ones taken; running the same file again changes nothing.
    pub async fn import_tests(&self, session: &StaffSession, csv: &[u8]) -> Result<ImportReport> {
        let recorder = self.recorder(session, EvidenceKind::Test)?;
        self.import_tests_for(&recorder, csv).await
    }

    /// The same for a recorder, who may be an agency named on the command line.
    pub async fn import_tests_for(&self, recorder: &Recorder, csv: &[u8]) -> Result<ImportReport> {
        self.import_tests_within(recorder, csv, SMALL_FILE).await
    }

    /// The same for a file that is read as it comes, within these bounds.
    pub async fn import_tests_within(
        &self,
        recorder: &Recorder,
        csv: impl std::io::Read,
        limits: Limits,
    ) -> Result<ImportReport> {
        if recorder.evidence() != EvidenceKind::Test {
            return Err(super::access::not_yours());
        }
        let mut report = ImportReport::default();
        let mut parsed = Vec::new();
        let lines = Lines::read(csv, limits, &COLUMNS, &[COUNTRY])?;
        report.lines = lines.len() as u64;
        for (line, fields) in lines {
            match fields.and_then(|f| self.parse_line(line, &f)) {
                Ok(p) => parsed.push(p),
                Err(r) => report.rejected.push(r.at(line)),
            }
        }
        let by_holder = self.resolve(recorder, parsed, &mut report).await?;
        let jobs: Vec<Job<'_, Taken>> = by_holder
            .into_iter()
            .map(|(holder, results)| {
                Box::pin(self.take_results(recorder, holder, results)) as Job<'_, Taken>
            })
            .collect();
        for (lines, taken) in together(jobs).await {
            match taken {
                Ok((taken, positives)) => {
                    report.taken += taken;
                    report.positives += positives;
                    report.unchanged += lines.len() as u64 - taken;
                }
                // One person's record that cannot be written does not stop the others.
                Err(e) => {
                    let r = Rejection::new(
                        e.code,
                        "This line could not be recorded now. Send the file again.",
                    );
                    report.rejected.extend(lines.iter().map(|l| r.clone().at(*l)));
                }
            }
        }
        report.rejected.sort_by_key(|r| r.line);
        let rejected = report.rejected.len() as u64;
        all_told(report.lines, report.taken + report.unchanged + rejected)?;
        Ok(report)
    }

    fn parse_line(
        &self,
        line: u64,
        f: &crate::import::lines::Fields,
    ) -> std::result::Result<Parsed, Rejection> {
        let result = f.get("result").parse().map_err(|_| {
            Rejection::new("test.unknown_result", "The result must be `positive` or `negative`.")
        })?;
        let method = f.get("method").parse().map_err(|_| {
            Rejection::new("test.unknown_method", "The method must be `nucleic_acid` or `antigen`.")
        })?;
        let sampled_at =
            self.past_moment("sampled_at", f.get("sampled_at")).map_err(|e| Rejection::from(&e))?;
        let whom = Whom::Document(DocumentInput {
            doc_type: f.get("document_type").to_owned(),
            number: f.get("document_number").to_owned(),
            country: f.get(COUNTRY).to_owned(),
            mrz: None,
        });
        Ok(Parsed { line, whom, result, method, sampled_at })
    }

    /// Finds everybody, and drops repeated lines.
    async fn resolve(
        &self,
        recorder: &Recorder,
        parsed: Vec<Parsed>,
        report: &mut ImportReport,
    ) -> Result<ByHolder> {
        let mut by_holder = ByHolder::new();
        let mut seen = HashSet::new();
        for p in parsed {
            let holder = match self.locate(recorder.region(), &p.whom).await {
                Ok(h) => h.id,
                Err(e)
                    if e.kind == crate::error::Kind::NotFound
                        || e.kind == crate::error::Kind::BadInput =>
                {
                    report.rejected.push(Rejection::from(&e).at(p.line));
                    continue;
                }
                Err(e) => return Err(e),
            };
            let fact = Fact::Test { result: p.result, method: p.method, sampled_at: p.sampled_at };
            let key = self.test_key(recorder, holder, &fact);
            if seen.insert(key) {
                by_holder.entry(holder).or_default().push((p.line, key, fact));
            } else {
                report.unchanged += 1;
            }
        }
        Ok(by_holder)
    }

    /// Records the results of one person that are not there yet.
    async fn take_results(
        &self,
        recorder: &Recorder,
        holder: HolderId,
        results: Vec<(u64, [u8; 16], Fact)>,
    ) -> Taken {
        let lines = results.iter().map(|(line, ..)| *line).collect();
        (lines, self.try_results(recorder, holder, &results).await)
    }

    async fn try_results(
        &self,
        recorder: &Recorder,
        holder: HolderId,
        results: &[(u64, [u8; 16], Fact)],
    ) -> Result<(u64, u64)> {
        for _ in 0..TRIES {
            let mut add = Vec::new();
            for (_, key, fact) in results {
                if self.store.evidence_by_key(*key).await?.is_none() {
                    add.push(NewEvidence {
                        external_key: Some(*key),
                        ..NewEvidence::by(Some(recorder.agency()), fact.clone())
                    });
                }
            }
            if add.is_empty() {
                return Ok((0, 0));
            }
            let taken = add.len() as u64;
            let positive = |n: &&NewEvidence| {
                matches!(n.fact, Fact::Test { result: TestResult::Positive, .. })
            };
            let positives = add.iter().filter(positive).count() as u64;
            let change = Change { add, ..Change::default() };
            // Unchanged: somebody else recorded one of them meanwhile; look again.
            if let Changed::Done(..) = self.record("import_tests", holder, change).await? {
                return Ok((taken, positives));
            }
        }
        Err(ServiceError::internal("the same lines were imported several times at once"))
    }

    /// What makes two test results the same: agency, person, result, method and moment.
    fn test_key(&self, recorder: &Recorder, holder: HolderId, fact: &Fact) -> [u8; 16] {
        let Fact::Test { result, method, sampled_at } = fact else { return [0; 16] };
        self.keys.evidence_key(&format!(
            "test/{}/{holder}/{result}/{method}/{}",
            recorder.agency(),
            sampled_at.as_secs()
        ))
    }

    /// A moment that has been, and not longer ago than anything is kept.
    pub(crate) fn past_moment(&self, field: &'static str, text: &str) -> Result<Timestamp> {
        let at: Timestamp =
            text.trim().parse().map_err(|e: jadegate_domain::time::BadTimestamp| {
                wrong(field, "time.bad", e.to_string())
            })?;
        let now = self.now();
        if at > now.plus_secs(self.settings.clock_skew_seconds) {
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
