//! Evidence, assessments, regions, cases, traces, and looking back.

use jadegate_domain::division::RegionRisk;
use jadegate_domain::{
    Access, AgencyId, Assessment, Case, CaseId, Colour, Evidence, EvidenceId, Fact, HolderId,
    PolicyRef, StaffId, Timestamp, TraceId,
};
use jadegate_store::{
    ColourChange, ConfinedHolder, LogLeaf, StoredAssessment, StoredColour, StoredTrace, TraceHead,
};

use crate::at::{At, Result};
use crate::stored::rows;

rows! {
    EvidenceRow => Evidence, in "evidence" by "id" {
        holder: Option<i64>, kind: String, fact: String, recorded_at: i64, agency: Option<i64>,
        origin: Option<String>, withdrawn_at: Option<i64>, superseded_by: Option<i64>,
    }
    AssessmentRow => StoredAssessment, in "assessment" by "holder" {
        evidence_seen: i64, regions_seen: i64, colour: String, next_change: Option<i64>,
        body: String, policy: String,
    }
    /// Of which the reasons are not read.
    StoredColourRow => StoredColour, in "assessment" by "holder" {
        evidence_seen: i64, regions_seen: i64, colour: String, next_change: Option<i64>,
        body: String, policy: String,
    }
    ConfinedRow => ConfinedHolder, in "assessment" by "assessment.holder" {
        evidence_seen: i64, regions_seen: i64, colour: String, next_change: Option<i64>,
        body: String, policy: String, home: String, last_check_in: Option<i64>,
    }
    ColourChangeRow => ColourChange, in "colour_change" by "seq" {
        holder: i64, at: i64, before: Option<String>, after: String, body: String,
    }
    RegionRiskRow => RegionRisk, in "region_risk" by "id" {
        division: String, level: String, starts_at: i64, ends_at: Option<i64>, recorded_at: i64,
        agency: i64,
    }
    CaseRow => Case, in "case_record" by "id" {
        holder: i64, class: String, onset_at: Option<i64>, confirmed_at: i64,
        isolated_at: Option<i64>, recorded_at: i64, agency: i64, withdrawn_at: Option<i64>,
    }
    TraceRow => StoredTrace, in "trace_run" by "id" {
        case_id: i64, ran_at: i64, agency: i64, agency_kind: String, close: i64, secondary: i64,
        detail: String, replaced_by: Option<i64>,
    }
    TraceHeadRow => TraceHead, in "trace_run" by "id" {
        case_id: i64, ran_at: i64, close: i64, secondary: i64, replaced_by: Option<i64>,
    }
    AccessRow => Access, in "access" by "seq" {
        holder: i64, at: i64, agency: i64, staff: Option<i64>, purpose: String, what: String,
    }
    LeafRow => LogLeaf, in "log_leaf" by "position" {
        bytes: Vec<u8>,
    }
}

impl EvidenceRow {
    fn check(self, at: At) -> Result<Evidence> {
        let fact: Fact = at.json("fact", &self.fact)?;
        at.must(fact.kind().as_str() == self.kind, "kind", "not the kind of its fact")?;
        Ok(Evidence {
            id: at.id("id", self.row, EvidenceId::from_i64)?,
            holder: at.opt_id("holder", self.holder, HolderId::from_i64)?,
            fact,
            recorded_at: at.time("recorded_at", self.recorded_at)?,
            agency: at.opt_id("agency", self.agency, AgencyId::from_i64)?,
            origin: self.origin.map(|o| at.name("origin", &o)).transpose()?,
            withdrawn_at: at.opt_time("withdrawn_at", self.withdrawn_at)?,
            superseded_by: at.opt_id("superseded_by", self.superseded_by, EvidenceId::from_i64)?,
        })
    }
}

impl AssessmentRow {
    /// From the columns of a join in which there may be none.
    pub(crate) fn of(
        holder: i64,
        (evidence_seen, regions_seen): (Option<i64>, Option<i64>),
        (colour, next_change, body, policy): (
            Option<String>,
            Option<i64>,
            Option<String>,
            Option<String>,
        ),
    ) -> Option<Self> {
        Some(Self {
            row: holder,
            evidence_seen: evidence_seen?,
            regions_seen: regions_seen?,
            colour: colour?,
            next_change,
            body: body?,
            policy: policy?,
        })
    }

    pub(crate) fn check(self, at: At) -> Result<StoredAssessment> {
        let assessment: Assessment = at.json("body", &self.body)?;
        // The columns drive the lists; a row whose columns and body differ would be one colour in
        // a list and another at a gate.
        at.must(assessment.colour.as_str() == self.colour, "colour", "not the colour of its body")?;
        let next = at.opt_time("next_change", self.next_change)?;
        at.must(assessment.policy.digest == self.policy, "policy", "not the policy of its body")?;
        at.must(assessment.next_change == next, "next_change", "not the moment of its body")?;
        Ok(StoredAssessment {
            holder: at.id("holder", self.row, HolderId::from_i64)?,
            evidence_version: self.evidence_seen,
            regions_version: self.regions_seen,
            assessment,
        })
    }
}

/// An assessment's body but for its reasons.
#[derive(serde::Deserialize)]
struct BodyHead {
    colour: Colour,
    at: Timestamp,
    next_change: Option<Timestamp>,
    policy: PolicyRef,
}

impl StoredColourRow {
    fn check(self, at: At) -> Result<StoredColour> {
        let body: BodyHead = at.json("body", &self.body)?;
        at.must(body.colour.as_str() == self.colour, "colour", "not the colour of its body")?;
        let next = at.opt_time("next_change", self.next_change)?;
        at.must(body.policy.digest == self.policy, "policy", "not the policy of its body")?;
        at.must(body.next_change == next, "next_change", "not the moment of its body")?;
        Ok(StoredColour {
            evidence_version: self.evidence_seen,
            regions_version: self.regions_seen,
            policy: body.policy,
            colour: body.colour,
            at: body.at,
            next_change: body.next_change,
        })
    }
}

impl ConfinedRow {
    fn check(self, at: At) -> Result<ConfinedHolder> {
        let home = At { table: "holder", ..at }.name("home", &self.home)?;
        let last_check_in = at.opt_time("last_check_in", self.last_check_in)?;
        let stored = AssessmentRow {
            row: self.row,
            evidence_seen: self.evidence_seen,
            regions_seen: self.regions_seen,
            colour: self.colour,
            next_change: self.next_change,
            body: self.body,
            policy: self.policy,
        }
        .check(at)?;
        Ok(ConfinedHolder { holder: stored.holder, home, stored, last_check_in })
    }
}

impl ColourChangeRow {
    fn check(self, at: At) -> Result<ColourChange> {
        let to: Colour = at.name("after", &self.after)?;
        Ok(ColourChange {
            holder: at.id("holder", self.holder, HolderId::from_i64)?,
            at: at.time("at", self.at)?,
            from: self.before.map(|c| at.name("before", &c)).transpose()?,
            to,
            assessment: at.json("body", &self.body)?,
        })
    }
}

impl RegionRiskRow {
    fn check(self, at: At) -> Result<RegionRisk> {
        Ok(RegionRisk {
            id: at.id("id", self.row, EvidenceId::from_i64)?,
            division: at.name("division", &self.division)?,
            level: at.name("level", &self.level)?,
            from: at.time("starts_at", self.starts_at)?,
            to: at.opt_time("ends_at", self.ends_at)?,
            recorded_at: at.time("recorded_at", self.recorded_at)?,
            agency: at.id("agency", self.agency, AgencyId::from_i64)?,
        })
    }
}

impl CaseRow {
    fn check(self, at: At) -> Result<Case> {
        Ok(Case {
            id: at.id("id", self.row, CaseId::from_i64)?,
            holder: at.id("holder", self.holder, HolderId::from_i64)?,
            class: at.name("class", &self.class)?,
            onset_at: at.opt_time("onset_at", self.onset_at)?,
            confirmed_at: at.time("confirmed_at", self.confirmed_at)?,
            isolated_at: at.opt_time("isolated_at", self.isolated_at)?,
            recorded_at: at.time("recorded_at", self.recorded_at)?,
            agency: at.id("agency", self.agency, AgencyId::from_i64)?,
            withdrawn_at: at.opt_time("withdrawn_at", self.withdrawn_at)?,
        })
    }
}

impl TraceRow {
    fn check(self, at: At) -> Result<StoredTrace> {
        Ok(StoredTrace {
            id: at.id("id", self.row, TraceId::from_i64)?,
            case: at.id("case_id", self.case_id, CaseId::from_i64)?,
            ran_at: at.time("ran_at", self.ran_at)?,
            agency: at.id("agency", self.agency, AgencyId::from_i64)?,
            agency_kind: at.name("agency_kind", &self.agency_kind)?,
            close: at.count("close", self.close)?,
            secondary: at.count("secondary", self.secondary)?,
            detail: self.detail,
            replaced_by: at.opt_id("replaced_by", self.replaced_by, TraceId::from_i64)?,
        })
    }
}

impl TraceHeadRow {
    fn check(self, at: At) -> Result<TraceHead> {
        Ok(TraceHead {
            id: at.id("id", self.row, TraceId::from_i64)?,
            case: at.id("case_id", self.case_id, CaseId::from_i64)?,
            ran_at: at.time("ran_at", self.ran_at)?,
            close: at.count("close", self.close)?,
            secondary: at.count("secondary", self.secondary)?,
            replaced_by: at.opt_id("replaced_by", self.replaced_by, TraceId::from_i64)?,
        })
    }
}

impl AccessRow {
    fn check(self, at: At) -> Result<Access> {
        Ok(Access {
            holder: at.id("holder", self.holder, HolderId::from_i64)?,
            at: at.time("at", self.at)?,
            agency: at.id("agency", self.agency, AgencyId::from_i64)?,
            staff: at.opt_id("staff", self.staff, StaffId::from_i64)?,
            purpose: at.name("purpose", &self.purpose)?,
            what: self.what,
        })
    }
}

impl LeafRow {
    fn check(self, at: At) -> Result<LogLeaf> {
        let index = u64::try_from(self.row).map_err(|_| at.bad("position", "negative"))?;
        Ok(LogLeaf { index, bytes: self.bytes })
    }
}
