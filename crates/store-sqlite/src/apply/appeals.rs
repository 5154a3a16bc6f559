//! Appeals.

use jadegate_domain::{AgencyId, AppealFinding, AppealId, AppealState, HolderId, Timestamp};
use jadegate_store::{
    Appeal, AppealDecision, AppealFile, AppealWrite, Precondition, RuleReview, StoreError,
};
use rusqlite::params;

use super::Applier;
use crate::error::{Result, conflict};

const TABLE: &str = "appeal";

impl Applier<'_> {
    pub(super) fn appeal(&self, write: &AppealWrite) -> Result<()> {
        match write {
            AppealWrite::Add(appeal) => self.add_appeal(appeal),
            AppealWrite::AddFile(file) => self.add_appeal_file(file),
            AppealWrite::Decide { id, state, decision, file_until } => {
                self.decide_appeal(*id, *state, decision, *file_until)
            }
            AppealWrite::Lapse { id, at } => {
                let text = "UPDATE appeal SET lapsed_at = ?2 \
                            WHERE id = ?1 AND state = 'open' AND lapsed_at IS NULL";
                let there = ("SELECT 1 FROM appeal WHERE id = ?1", &[id.as_i64()][..]);
                self.touch_standing(TABLE, text, [id.as_i64(), at.as_secs()], there)
            }
            AppealWrite::AskReview(review) => self.ask_review(review),
        }
    }

    fn add_appeal(&self, a: &Appeal) -> Result<()> {
        if a.state != AppealState::Open || a.decision.is_some() || a.lapsed_at.is_some() {
            let why = "a new appeal that is not open".to_owned();
            return Err(StoreError::Invalid { table: TABLE, why });
        }
        let text = "INSERT INTO appeal (id, holder, home, piece, contests, agency, rule, policy, \
                    ground, words, counter_agency, counter_staff, second_of, lodged_at, due_at, \
                    eases, state) VALUES \
                    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, 'open')";
        let row = params![
            a.id.as_i64(),
            a.holder.as_i64(),
            a.home.as_str(),
            a.piece.as_i64(),
            a.contests.as_i64(),
            a.agency.map(AgencyId::as_i64),
            a.rule,
            a.policy,
            a.ground.as_str(),
            a.words,
            a.counter.map(|(_, agency)| agency.as_i64()),
            a.counter.map(|(staff, _)| staff.as_i64()),
            a.second_of.map(AppealId::as_i64),
            a.lodged_at.as_secs(),
            a.due_at.as_secs(),
            i64::from(a.eases),
        ];
        self.touch(TABLE, text, row)
    }

    fn add_appeal_file(&self, f: &AppealFile) -> Result<()> {
        let there = "SELECT 1 FROM appeal WHERE id = ?1";
        if !self.finds(TABLE, there, [f.appeal.as_i64()])? {
            return Err(conflict(TABLE, Precondition::Exists));
        }
        let open = "SELECT 1 FROM appeal WHERE id = ?1 AND state = 'open'";
        if !self.finds(TABLE, open, [f.appeal.as_i64()])? {
            return Err(conflict(TABLE, Precondition::Stands));
        }
        let text = "INSERT INTO appeal_file (appeal, kind, size, sealed, added_at) \
                    VALUES (?1, ?2, ?3, ?4, ?5)";
        let row =
            params![f.appeal.as_i64(), f.kind.as_str(), f.size, f.sealed, f.added_at.as_secs(),];
        self.touch("appeal_file", text, row)
    }

    fn decide_appeal(
        &self,
        id: AppealId,
        state: AppealState,
        d: &AppealDecision,
        file_until: Timestamp,
    ) -> Result<()> {
        if state == AppealState::Open {
            let why = "a decision that decides nothing".to_owned();
            return Err(StoreError::Invalid { table: TABLE, why });
        }
        let text = "UPDATE appeal SET state = ?2, decided_at = ?3, decided_by = ?4, \
                    decided_agency = ?5, finding = ?6, reply = ?7, keep_until = ?8 \
                    WHERE id = ?1 AND state = 'open'";
        let row = params![
            id.as_i64(),
            state.as_str(),
            d.at.as_secs(),
            d.by.map(|(staff, _)| staff.as_i64()),
            d.by.map(|(_, agency)| agency.as_i64()),
            d.finding.map(AppealFinding::as_str),
            d.reply,
            d.keep_until.as_secs(),
        ];
        let there = ("SELECT 1 FROM appeal WHERE id = ?1", &[id.as_i64()][..]);
        self.touch_standing(TABLE, text, row, there)?;
        let text = "UPDATE appeal_file SET keep_until = ?2 WHERE appeal = ?1";
        self.run("appeal_file", text, [id.as_i64(), file_until.as_secs()]).map(drop)
    }

    fn ask_review(&self, r: &RuleReview) -> Result<()> {
        let text = "INSERT INTO rule_review (id, policy, rule, asked_at, decided, overturned) VALUES \
                    ((SELECT coalesce(max(id), 0) + 1 FROM rule_review), ?1, ?2, ?3, ?4, ?5)";
        let row = params![r.policy, r.rule, r.asked_at.as_secs(), r.decided, r.overturned];
        self.touch("rule_review", text, row)
    }

    /// What somebody who is erased said and handed in goes; that they appealed stays a figure.
    pub(super) fn erase_appeals(&self, holder: HolderId) -> Result<()> {
        let id = [holder.as_i64()];
        let files = "DELETE FROM appeal_file WHERE appeal IN \
                     (SELECT id FROM appeal WHERE holder = ?1)";
        self.run("appeal_file", files, id)?;
        let words = "UPDATE appeal SET words = NULL, reply = NULL WHERE holder = ?1";
        self.run(TABLE, words, id).map(drop)
    }
}
