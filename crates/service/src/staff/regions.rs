//! Risk levels of divisions, from and to.

use std::collections::HashMap;

use jadegate_domain::division::{RegionRisk, RiskLevel};
use jadegate_domain::record::RecordKind;
use jadegate_domain::{AgencyId, Division, EvidenceId, EvidenceKind, Timestamp};
use jadegate_store::{Authorship, Write};
use serde::Serialize;

use super::access::Power;
use super::policies::proposed::RegionEntry;
use super::{conflict, wrong};
use crate::app::App;
use crate::author::Author;
use crate::error::{Result, ServiceError};
use crate::holder::me::AgencyName;
use crate::keys::first_bits;
use crate::session::StaffSession;

/// A risk level as typed. Moments are RFC 3339.
#[derive(Clone, Debug, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RegionInput {
    /// The code of the division whose level is set, like `CN-330106`.
    pub division: String,
    /// `medium` or `high`.
    #[cfg_attr(feature = "openapi", schema(value_type = jadegate_domain::division::RiskLevel))]
    pub level: String,
    /// From when.
    pub from: String,
    /// Until when; `None`: until further notice.
    #[serde(default)]
    pub to: Option<String>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegionRow {
    /// The id of the risk level, as that of evidence.
    pub id: EvidenceId,
    /// The division whose level it is.
    pub division: Division,
    /// Its name.
    pub name: String,
    /// How high.
    pub level: RiskLevel,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Option<Timestamp>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// By whom.
    pub by: Option<AgencyName>,
    /// Does it hold now?
    pub in_force: bool,
}

impl App {
    /// Is refused: a level is raised by a proposal with its what-if attached. The same input goes to
    /// [`App::start_what_if`].
    pub fn set_region(&self, session: &StaffSession, input: &RegionInput) -> Result<RegionRow> {
        self.recorder(session, EvidenceKind::RegionRisk)?;
        self.region_entry(input)?;
        Err(conflict(
            "region.what_if_needed",
            "A risk level is raised by a proposal. Run the what-if first, then propose it.",
        ))
    }

    /// The entry that was typed.
    pub(crate) fn region_entry(&self, input: &RegionInput) -> Result<RegionEntry> {
        let division: Division = input
            .division
            .parse()
            .map_err(|_| wrong("division", "division.bad", "Choose a division from the list."))?;
        let Ok(level @ (RiskLevel::Medium | RiskLevel::High)) = input.level.parse() else {
            return Err(wrong(
                "level",
                "region.bad_level",
                "Choose medium or high; to lower a level, end its entry.",
            ));
        };
        let moment = |field, text: &str| {
            text.trim().parse::<Timestamp>().map_err(|e| wrong(field, "time.bad", e.to_string()))
        };
        let from = moment("from", &input.from)?;
        let to = input
            .to
            .as_deref()
            .filter(|t| !t.trim().is_empty())
            .map(|t| moment("to", t))
            .transpose()?;
        if to.is_some_and(|to| to <= from) {
            return Err(wrong(
                "to",
                "region.backwards",
                "The end must be later than the beginning.",
            ));
        }
        let id = EvidenceId::from_random(self.deployment.rng.bits());
        Ok(RegionEntry { id, division, level, from, to })
    }

    /// Ends an entry at a moment (now, if none is given). An entry that has ended can be ended
    /// earlier, never later: raising a level again is a new entry.
    pub async fn end_region(
        &self,
        session: &StaffSession,
        id: EvidenceId,
        to: Option<&str>,
    ) -> Result<RegionRow> {
        let recorder = self.recorder(session, EvidenceKind::RegionRisk)?;
        let to = to
            .filter(|t| !t.trim().is_empty())
            .map(str::parse::<Timestamp>)
            .transpose()
            .map_err(|e| wrong("to", "time.bad", e.to_string()))?
            .unwrap_or_else(|| self.now());
        let turn = self.turn_to_change().await?;
        let known = self.store.region_risks(Timestamp::EPOCH).await?.risks;
        let mut risk = known
            .into_iter()
            .find(|r| r.id == id && recorder.region().contains(&r.division))
            .ok_or_else(|| {
                ServiceError::not_found(
                    "region.not_found",
                    "There is no such entry in your region.",
                )
            })?;
        // An entry that has not begun ends with its beginning: it never holds.
        let to = to.max(risk.from);
        if risk.to.is_some_and(|ended| to > ended) {
            return Err(conflict(
                "region.already_ended",
                "This entry ends earlier than that. To raise the level again, set a new one.",
            ));
        }
        if risk.to != Some(to) {
            risk.to = Some(to);
            let mut writes = vec![turn.holds()];
            writes.extend(self.end_writes(&recorder.author(None), &risk, to)?);
            self.commit("end_region", writes).await?;
        }
        turn.end().await;
        Ok(self.region_row(risk, &self.agency_names().await?))
    }

    /// The writes that end a level (or move its end), with who does it: not always who set it.
    pub(crate) fn end_writes(
        &self,
        author: &Author,
        risk: &RegionRisk,
        to: Timestamp,
    ) -> Result<[Write; 3]> {
        let (id, at) = (risk.id, self.now());
        let ended = RegionRisk { to: Some(to), agency: author.agency, ..risk.clone() };
        let key = self.deployment.keys.evidence_key(&format!("region-end/{id}/{}", to.as_secs()));
        let author = Authorship {
            record: RecordKind::RiskLevelEnd,
            id: EvidenceId::from_random(first_bits(key)).as_i64(),
            agency: author.agency,
            staff: author.staff,
            import: author.import,
            sample: None,
            by_document: false,
            by_tube: false,
            moved_from: None,
            trip: None,
            at,
        };
        Ok([
            Write::EndRegionRisk { id, to },
            Write::AddLeaf(crate::log::risk_leaf(&ended, at)?),
            Write::AddAuthorship(Box::new(author)),
        ])
    }

    /// The entries of the region that held within the retention period or will hold, newest first.
    pub async fn list_regions(&self, session: &StaffSession) -> Result<Vec<RegionRow>> {
        session.need_any(Power::SEE_LEVELS)?;
        let region = &session.staff().region;
        let mut rows = self.recent_risks().await?;
        rows.retain(|r| region.contains(&r.division) || r.division.contains(region));
        Ok(rows)
    }

    /// The entries in force now, for everybody.
    pub async fn regions_in_force(&self) -> Result<Vec<RegionRow>> {
        let mut rows = self.recent_risks().await?;
        rows.retain(|r| r.in_force);
        Ok(rows)
    }

    async fn recent_risks(&self) -> Result<Vec<RegionRow>> {
        let since = self.now().plus_days(-i64::from(self.policy().retention_days()));
        let risks = self.store.region_risks(since).await?.risks;
        let names = self.agency_names().await?;
        let mut rows: Vec<_> = risks.into_iter().map(|r| self.region_row(r, &names)).collect();
        rows.sort_by(|a, b| (b.from, &a.division, a.id).cmp(&(a.from, &b.division, b.id)));
        Ok(rows)
    }

    fn region_row(&self, r: RegionRisk, names: &HashMap<AgencyId, AgencyName>) -> RegionRow {
        let now = self.now();
        RegionRow {
            name: self.division_name(&r.division),
            by: names.get(&r.agency).cloned(),
            in_force: r.from <= now && r.to.is_none_or(|to| now < to),
            id: r.id,
            division: r.division,
            level: r.level,
            from: r.from,
            to: r.to,
            recorded_at: r.recorded_at,
        }
    }
}
