//! The official list of risk regions, as daily snapshots of names.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use jadegate_divisions::risk_list::{self, Listed};
use jadegate_divisions::{Directory, Match};
use jadegate_domain::division::{RegionRisk, RiskLevel};
use jadegate_domain::{EvidenceId, EvidenceKind};
use jadegate_store::Write;
use serde::Serialize;

use crate::app::App;
use crate::error::Result;
use crate::staff::{Recorder, RejectedLine};

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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
    /// Lines that are wrong.
    pub rejected: Vec<RejectedLine>,
    /// Periods of a raised level that the snapshots come to.
    pub periods: u64,
    /// Of those, recorded now.
    pub recorded: u64,
    /// Of those, recorded before and ended now.
    pub ended: u64,
    /// Of those, outside the agency's region and left out.
    pub outside: u64,
}

/// Entries of one unit.
const UNIT: usize = 500;

impl App {
    /// Records the risk levels of a list (`snapshot_hour,level,province,city,county,communities`).
    /// Low is no entry: it is the level of every division without one. Running a list again, or a
    /// longer one that begins alike, records and ends only what is new.
    pub async fn import_risk_levels<R: Read + Send>(
        &self,
        recorder: &Recorder,
        source: R,
    ) -> Result<RiskReport> {
        if recorder.evidence() != EvidenceKind::RegionRisk {
            return Err(crate::staff::access::not_yours());
        }
        let mut report = RiskReport::default();
        let spans = risk_list::fold_snapshots(read_list(source, &mut report));

        let _one = self.officers_lock.lock().await;
        let (_, known) = self.store.region_risks(jadegate_domain::Timestamp::EPOCH).await?;
        let known: HashMap<EvidenceId, RegionRisk> = known.into_iter().map(|r| (r.id, r)).collect();
        let mut units: Vec<Vec<Write>> = Vec::new();
        for span in spans.into_iter().filter(|s| s.level != RiskLevel::Low) {
            report.periods += 1;
            if !recorder.region().contains(&span.division) {
                report.outside += 1;
                continue;
            }
            let name = format!("{}/{}/{}", span.division, span.level.as_str(), span.from.as_secs());
            let id = EvidenceId::from_random(super::visits::first_bits(
                self.keys.blind("listed-risk-level", &name),
            ));
            let writes = match (known.get(&id), span.to) {
                (None, to) => {
                    report.recorded += 1;
                    let risk = RegionRisk {
                        id,
                        division: span.division,
                        level: span.level,
                        from: span.from,
                        to,
                        recorded_at: self.now(),
                        agency: recorder.agency(),
                    };
                    self.risk_writes(&risk)?
                }
                // An officer may have ended it earlier by hand; that stands.
                (Some(old), Some(to)) if old.to.is_none() => {
                    report.ended += 1;
                    let ended = RegionRisk { to: Some(to), ..old.clone() };
                    let leaf = crate::log::risk_leaf(&ended, self.now())?;
                    vec![Write::EndRegionRisk { id, to }, Write::AddLeaf(leaf)]
                }
                (Some(_), _) => continue,
            };
            match units.last_mut() {
                Some(unit) if unit.len() < UNIT => unit.extend(writes),
                _ => units.push(writes),
            }
        }
        let changed = !units.is_empty();
        for unit in units {
            self.commit("import_risk_levels", unit).await?;
        }
        if changed {
            self.reload_regions().await?;
        }
        Ok(report)
    }
}

/// Reads and matches the lines of a list.
fn read_list<R: Read>(source: R, report: &mut RiskReport) -> Vec<Listed> {
    let directory = Directory::embedded();
    let mut names: HashMap<(String, String, String), Match> = HashMap::new();
    let mut unmatched: BTreeMap<(String, String, String), Unmatched> = BTreeMap::new();
    let mut listed = Vec::new();
    for row in risk_list::parse(source) {
        let row = match row {
            Ok(row) => row,
            Err(e) => {
                report.rejected.push(RejectedLine {
                    line: e.line,
                    code: e.code,
                    detail: e.message.to_owned(),
                });
                continue;
            }
        };
        report.rows += 1;
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
    listed
}
