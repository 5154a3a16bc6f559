//! Appeals.

use jadegate_domain::{
    AgencyId, AppealFinding, AppealId, AppealState, EvidenceId, HolderId, StaffId,
};
use jadegate_store::{Appeal, AppealDecision, AppealFile, RuleReview};

use crate::at::{At, Result};
use crate::stored::rows;

rows! {
    AppealRow => Appeal, in "appeal" by "id" {
        holder: i64, home: String, piece: i64, contests: i64, agency: Option<i64>, rule: String,
        policy: String, ground: String, words: Option<Vec<u8>>, counter_agency: Option<i64>,
        counter_staff: Option<i64>, second_of: Option<i64>, lodged_at: i64, due_at: i64, eases: i64,
        lapsed_at: Option<i64>, state: String, decided_at: Option<i64>, decided_by: Option<i64>,
        decided_agency: Option<i64>, finding: Option<String>, reply: Option<Vec<u8>>,
        keep_until: Option<i64>,
    }
    AppealFileRow => AppealFile, in "appeal_file" by "appeal" {
        kind: String, size: i64, sealed: Vec<u8>, added_at: i64,
    }
    RuleReviewRow => RuleReview, in "rule_review" by "id" {
        policy: String, rule: String, asked_at: i64, decided: i64, overturned: i64,
    }
}

impl AppealRow {
    fn check(self, at: At) -> Result<Appeal> {
        let by = |staff: Option<i64>, agency: Option<i64>| -> Result<Option<(StaffId, AgencyId)>> {
            let staff = at.opt_id("staff", staff, StaffId::from_i64)?;
            Ok(staff.zip(at.opt_id("agency", agency, AgencyId::from_i64)?))
        };
        let state: AppealState = at.name("state", &self.state)?;
        let decided = at.opt_time("decided_at", self.decided_at)?;
        let kept = at.opt_time("keep_until", self.keep_until)?;
        at.must(decided.is_some() == kept.is_some(), "keep_until", "without a decision")?;
        at.must(decided.is_none() == (state == AppealState::Open), "state", "not its decision's")?;
        let finding: Option<AppealFinding> =
            self.finding.map(|f| at.name("finding", &f)).transpose()?;
        let decided_by = by(self.decided_by, self.decided_agency)?;
        Ok(Appeal {
            id: at.id("id", self.row, AppealId::from_i64)?,
            holder: at.id("holder", self.holder, HolderId::from_i64)?,
            home: at.name("home", &self.home)?,
            piece: at.id("piece", self.piece, EvidenceId::from_i64)?,
            contests: at.id("contests", self.contests, EvidenceId::from_i64)?,
            agency: at.opt_id("agency", self.agency, AgencyId::from_i64)?,
            rule: self.rule,
            policy: self.policy,
            ground: at.name("ground", &self.ground)?,
            words: self.words,
            counter: by(self.counter_staff, self.counter_agency)?,
            second_of: at.opt_id("second_of", self.second_of, AppealId::from_i64)?,
            lodged_at: at.time("lodged_at", self.lodged_at)?,
            due_at: at.time("due_at", self.due_at)?,
            eases: self.eases != 0,
            lapsed_at: at.opt_time("lapsed_at", self.lapsed_at)?,
            state,
            decision: decided.zip(kept).map(|(moment, keep_until)| AppealDecision {
                at: moment,
                by: decided_by,
                finding,
                reply: self.reply,
                keep_until,
            }),
        })
    }
}

impl AppealFileRow {
    fn check(self, at: At) -> Result<AppealFile> {
        Ok(AppealFile {
            appeal: at.id("appeal", self.row, AppealId::from_i64)?,
            kind: at.name("kind", &self.kind)?,
            size: at.count("size", self.size)?,
            sealed: self.sealed,
            added_at: at.time("added_at", self.added_at)?,
        })
    }
}

impl RuleReviewRow {
    fn check(self, at: At) -> Result<RuleReview> {
        Ok(RuleReview {
            policy: self.policy,
            rule: self.rule,
            asked_at: at.time("asked_at", self.asked_at)?,
            decided: at.count("decided", self.decided)?,
            overturned: at.count("overturned", self.overturned)?,
        })
    }
}
