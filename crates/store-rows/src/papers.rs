//! Codes on paper.

use jadegate_domain::{HolderId, PaperId};
use jadegate_store::{Paper, PaperStanding};

use crate::at::{At, Result};
use crate::evidence::AssessmentRow;
use crate::stored::rows;

rows! {
    PaperRow => Paper, in "paper_code" by "id" {
        holder: i64, place: i64, issued_at: i64, expires_at: i64, ended_at: Option<i64>,
        ended_by: Option<String>,
    }
    /// With its holder's evidence version and stored assessment.
    PaperStandingRow => PaperStanding, in "paper_code" by "id" {
        holder: i64, place: i64, issued_at: i64, expires_at: i64, ended_at: Option<i64>,
        ended_by: Option<String>, evidence_version: i64, evidence_seen: Option<i64>,
        regions_seen: Option<i64>, colour: Option<String>, next_change: Option<i64>,
        body: Option<String>, policy: Option<String>,
    }
}

impl PaperRow {
    fn check(self, at: At) -> Result<Paper> {
        let ended_at = at.opt_time("ended_at", self.ended_at)?;
        let ended_by = self.ended_by.map(|by| at.name("ended_by", &by)).transpose()?;
        at.must(ended_at.is_some() == ended_by.is_some(), "ended_by", "without its moment")?;
        let place = u32::try_from(self.place).ok().filter(|p| *p < 1 << 24);
        Ok(Paper {
            id: at.id("id", self.row, PaperId::from_i64)?,
            holder: at.id("holder", self.holder, HolderId::from_i64)?,
            place: place.ok_or_else(|| at.bad("place", "not a place of the list"))?,
            issued_at: at.time("issued_at", self.issued_at)?,
            expires_at: at.time("expires_at", self.expires_at)?,
            ended: ended_at.zip(ended_by),
        })
    }
}

impl PaperStandingRow {
    fn check(self, at: At) -> Result<PaperStanding> {
        let evidence_version = self.evidence_version;
        let assessment = AssessmentRow::of(
            self.holder,
            (self.evidence_seen, self.regions_seen),
            (self.colour, self.next_change, self.body, self.policy),
        );
        let paper = PaperRow {
            row: self.row,
            holder: self.holder,
            place: self.place,
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            ended_at: self.ended_at,
            ended_by: self.ended_by,
        }
        .check(at)?;
        // One that cannot be read is worked out anew, as for anybody who asks for a colour.
        let stored = assessment
            .and_then(|row| row.check(At { table: "assessment", row: paper.holder.as_i64() }).ok());
        Ok(PaperStanding { paper, evidence_version, stored })
    }
}
