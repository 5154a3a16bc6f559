//! The official list of risk regions, as daily snapshots of names.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;
use std::sync::Arc;

use jadegate_divisions::risk_list::{self, Listed, RiskSpan};
use jadegate_divisions::{Directory, Match};
use jadegate_domain::division::{RegionRisk, RiskLevel};
use jadegate_domain::id::{ImportId, ProposalId};
use jadegate_domain::record::{ImportKind, RecordKind};
use jadegate_domain::{EvidenceId, EvidenceKind, Timestamp};
use jadegate_policy::WhatIf;
use jadegate_store::{ImportCounts, ProposalState, Write};
use serde::Serialize;

use super::lines::{Limits, MAX_BYTES, Reading, all_told, reject};
use super::runs::Digesting;
use crate::app::App;
use crate::author::{Author, file_stands};
use crate::error::{Result, ServiceError};
use crate::import::report::RejectedLine;
use crate::staff::policies::proposals::Proposer;
use crate::staff::policies::proposed::{ProposedChange, RegionEntry};
use crate::staff::policies::runs::Attached;
use crate::staff::{Recorder, Share};
use crate::what_if::Progress;

/// Names without a code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unmatched {
    /// Province as written.
    pub province: String,
    /// City as written.
    pub city: String,
    /// County as written.
    pub county: String,
    /// Stable code of the reason.
    pub code: &'static str,
    /// The reason and what to do.
    pub detail: &'static str,
    /// How many lines name it.
    pub rows: u64,
    /// The first of them.
    pub first_line: u64,
}

/// What became of a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RiskReport {
    /// Lines that could be read.
    pub rows: u64,
    /// Of those, with a code for their names.
    pub matched: u64,
    /// Of the matched, by an older name.
    pub renamed: u64,
    /// Of the matched, a development zone that stands for the county around it.
    pub zones: u64,
    /// Names without a code, most lines first.
    pub unmatched: Vec<Unmatched>,
    /// Lines with something in them; each could be read or is rejected.
    pub lines: u64,
    /// Lines that are wrong, the first [`super::MOST_REJECTED`] of them.
    pub rejected: Vec<RejectedLine>,
    /// How many are wrong in all.
    pub rejected_count: u64,
    /// Periods of a raised level that the snapshots come to.
    pub periods: u64,
    /// Of those, recorded now.
    pub recorded: u64,
    /// Of those, waiting for a second officer.
    pub waiting: u64,
    /// Of those, recorded before and ended now.
    pub ended: u64,
    /// Of those, recorded before and withdrawn: they never held, and a list does not change that. What
    /// is right after all is set by hand.
    pub withdrawn: u64,
    /// Snapshots with lines that cannot be read: what they seem to leave out may stand there, so
    /// nothing ends at them.
    pub unsure: u64,
    /// Of those, outside the agency's region and left out.
    pub outside: u64,
    /// What the new periods do to colours, if there are any.
    pub what_if: Option<WhatIf>,
    /// The division with the largest share of people turned from green.
    pub share: Option<Share>,
    /// The proposal that holds the new periods.
    pub proposal: Option<ProposalId>,
    /// The file as a record.
    pub import: Option<ImportId>,
}

/// What is read of a list at most, where nothing else is said: a year of China's was 30,000 lines.
pub const LIMITS: Limits = Limits::new(MAX_BYTES, 1_000_000);
/// Writes of one unit: a multiple of three, since an end, its leaf and its author go together.
const UNIT: usize = 498;
/// Stands as the reason of what a list raises.
const REASON: &str = "Official list of risk regions, imported";

impl App {
    /// Takes in the risk levels of a list (`snapshot_hour,level,province,city,county,communities`).
    /// Low is no entry: it is the level of every division without one. Running a list again, or a
    /// longer one that begins alike, records and ends only what is new.
    ///
    /// What ends is ended at once. What begins goes the way of every raised level: its what-if is
    /// made, and above the mandate's threshold it becomes a proposal that waits for an officer.
    pub async fn import_risk_levels<R: Read + Send>(
        &self,
        recorder: &Recorder,
        source: R,
        reading: impl Into<Reading> + Send,
    ) -> Result<RiskReport> {
        let reading = reading.into();
        if recorder.evidence() != EvidenceKind::RegionRisk {
            return Err(crate::staff::access::not_yours());
        }
        let mut report = RiskReport::default();
        let mut source = Digesting::new(source);
        let (listed, unsure) = read_list(&mut source, &reading, &mut report)?;
        // A file without a line is no record.
        if report.lines == 0 {
            return Ok(report);
        }
        let author = recorder.author(None);
        let spans = risk_list::fold_snapshots(listed, &unsure);
        if reading.check {
            return self.check_spans(&author, spans, report).await;
        }
        let run = self.begin_import(ImportKind::RiskLevels, &author, source.sha256()).await?;
        report.import = Some(run);
        let report = self.import_spans(recorder, run, spans, report).await?;
        // Of a list the periods are what is taken or known; wrong are its lines.
        let taken = report.recorded + report.ended;
        let counts = ImportCounts {
            taken,
            unchanged: report.periods - report.outside - taken - report.waiting,
            rejected: report.rejected_count,
            waiting: report.waiting,
        };
        self.end_import(run, counts).await?;
        Ok(report)
    }

    /// What would become of the periods of a list.
    async fn check_spans(
        &self,
        author: &Author,
        spans: Vec<RiskSpan>,
        mut report: RiskReport,
    ) -> Result<RiskReport> {
        let (_, raised) = self.compare_spans(author, spans, &mut report).await?;
        let Some((count, _, attached)) = self.raise(raised, &mut report).await? else {
            return Ok(report);
        };
        if self.needs_second_officer(&attached).await? {
            report.waiting = count;
        } else {
            report.recorded = count;
        }
        report.share = attached.share;
        report.what_if = Some(attached.result);
        Ok(report)
    }

    /// Takes over the periods of a list.
    async fn import_spans(
        &self,
        recorder: &Recorder,
        run: ImportId,
        spans: Vec<RiskSpan>,
        mut report: RiskReport,
    ) -> Result<RiskReport> {
        let raised = self.import_ends(&recorder.author(Some(run)), spans, &mut report).await?;
        let Some((count, change, attached)) = self.raise(raised, &mut report).await? else {
            return Ok(report);
        };
        let by = Proposer { agency: recorder.agency(), staff: recorder.staff(), import: Some(run) };
        let id = self.submit(by, &change, &attached, REASON.to_owned()).await?;
        let filed = self.store.proposal(id).await?;
        match filed.map(|p| p.state) {
            Some(ProposalState::Applied) => report.recorded = count,
            _ => report.waiting = count,
        }
        report.proposal = Some(id);
        report.share = attached.share;
        report.what_if = Some(attached.result);
        Ok(report)
    }

    /// What raised levels become: how many they are, the change, and its what-if; `None` if there is none,
    /// or if the very same waits already, which the report then says.
    async fn raise(
        &self,
        entries: Vec<RegionEntry>,
        report: &mut RiskReport,
    ) -> Result<Option<(u64, ProposedChange, Attached)>> {
        if entries.is_empty() {
            return Ok(None);
        }
        let count = entries.len() as u64;
        let change = ProposedChange::Region { entries };
        let (_, digest) = change.stored()?;
        if let Some(same) = self.store.waiting_proposal(digest).await? {
            report.waiting = count;
            report.proposal = Some(same);
            return Ok(None);
        }
        match self.replay(&change, Arc::new(Progress::default())).await? {
            Some(attached) => Ok(Some((count, change, attached))),
            None => Err(ServiceError::internal("a what-if stopped by itself")),
        }
    }

    /// Ends what the list no longer names; returns what is new in it.
    async fn import_ends(
        &self,
        author: &Author,
        spans: Vec<RiskSpan>,
        report: &mut RiskReport,
    ) -> Result<Vec<RegionEntry>> {
        let turn = self.turn_to_change().await?;
        let (ends, raised) = self.compare_spans(author, spans, report).await?;
        for unit in ends.chunks(UNIT) {
            let stands = file_stands(author.import);
            let first = stands.into_iter().chain([turn.holds()]);
            let unit = first.chain(unit.iter().cloned()).collect();
            self.commit("import_risk_levels", unit).await?;
        }
        turn.end().await;
        Ok(raised)
    }

    /// What a list ends, as writes, and what is new in it.
    async fn compare_spans(
        &self,
        author: &Author,
        spans: Vec<RiskSpan>,
        report: &mut RiskReport,
    ) -> Result<(Vec<Write>, Vec<RegionEntry>)> {
        let known = self.store.region_risks(Timestamp::EPOCH).await?.risks;
        let known: HashMap<EvidenceId, RegionRisk> = known.into_iter().map(|r| (r.id, r)).collect();
        let (mut ends, mut raised) = (Vec::new(), Vec::new());
        for span in spans.into_iter().filter(|s| s.level != RiskLevel::Low) {
            report.periods += 1;
            if !author.region.contains(&span.division) {
                report.outside += 1;
                continue;
            }
            let name = format!("{}/{}/{}", span.division, span.level.as_str(), span.from.as_secs());
            let id = EvidenceId::from_random(crate::keys::first_bits(
                self.deployment.keys.blind("listed-risk-level", &name),
            ));
            match (known.get(&id), span.to) {
                (None, to) => raised.push(RegionEntry {
                    id,
                    division: span.division,
                    level: span.level,
                    from: span.from,
                    to,
                }),
                // An officer may have ended it earlier by hand; that stands.
                (Some(old), Some(to)) if old.to.is_none() => {
                    report.ended += 1;
                    ends.extend(self.end_writes(author, old, to)?);
                }
                (Some(old), _) if old.to == Some(old.from) => {
                    let taken_back = self.store.withdrawal(RecordKind::RiskLevel, id.as_i64());
                    report.withdrawn += u64::from(taken_back.await?.is_some());
                }
                (Some(_), _) => {}
            }
        }
        Ok((ends, raised))
    }
}

/// Reads and matches the lines of a list; with the hours of those snapshots in which a line cannot be
/// read.
fn read_list<R: Read>(
    source: R,
    reading: &Reading,
    report: &mut RiskReport,
) -> Result<(Vec<Listed>, BTreeSet<Timestamp>)> {
    let directory = Directory::embedded();
    let mut names: HashMap<(String, String, String), Match> = HashMap::new();
    let mut unmatched: BTreeMap<(String, String, String), Unmatched> = BTreeMap::new();
    let mut listed = Vec::new();
    let mut unsure = BTreeSet::new();
    // A wrong line that does not tell its hour has that of the lines around it.
    let (mut before, mut untold): (Option<Timestamp>, bool) = (None, false);
    for row in risk_list::parse(source, reading.limits, reading.zone.as_ref())? {
        report.lines += 1;
        let row = match row? {
            Ok(row) => row,
            Err(e) => {
                if e.code != risk_list::NO_PLACE {
                    untold |= e.at.is_none();
                    unsure.extend(e.at.or(before));
                }
                let line = RejectedLine { line: e.line, code: e.code, detail: e.message };
                reject(&mut report.rejected, &mut report.rejected_count, line);
                continue;
            }
        };
        report.rows += 1;
        before = Some(row.at);
        if std::mem::take(&mut untold) {
            unsure.insert(row.at);
        }
        let key = (row.province, row.city, row.county);
        let found = names
            .entry(key.clone())
            .or_insert_with(|| directory.match_names(&key.0, &key.1, &key.2));
        match found {
            Match::Renamed { .. } => report.renamed += 1,
            Match::DevelopmentZone { .. } => report.zones += 1,
            Match::Exact(_) => {}
            Match::NotFound { reason } => {
                let (province, city, county) = key.clone();
                let entry = unmatched.entry(key).or_insert(Unmatched {
                    province,
                    city,
                    county,
                    code: reason.code(),
                    detail: reason.explanation(),
                    rows: 0,
                    first_line: row.line,
                });
                entry.rows += 1;
            }
        }
        let division = found.division().cloned();
        report.matched += u64::from(division.is_some());
        listed.push(Listed { at: row.at, level: row.level, division });
    }
    report.unmatched = unmatched.into_values().collect();
    report.unmatched.sort_by(|a, b| (b.rows, a).cmp(&(a.rows, b)));
    all_told(report.lines, report.rows + report.rejected_count)?;
    report.unsure = unsure.len() as u64;
    Ok((listed, unsure))
}
