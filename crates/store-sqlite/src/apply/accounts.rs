//! How people are known: blind indexes, who cares for whom, and what changed.

use jadegate_domain::id::ChangeId;
use jadegate_domain::{HolderId, Timestamp};
use jadegate_store::{AccountChange, IndexKind, PEOPLE, Precondition, Proxy};
use rusqlite::params;

use super::{Applier, secs};
use crate::error::{Result, conflict, sql};
use crate::read::links::records_of;
use crate::read::people::indexed_holders;
use crate::rows::changed_by;

impl Applier<'_> {
    pub(super) fn add_index(
        &self,
        kind: IndexKind,
        digest: &[u8; 16],
        holder: HolderId,
    ) -> Result<()> {
        let kept = "SELECT 1 FROM kept_record WHERE document = ?1 \
                    OR document IN (SELECT key FROM tube WHERE document = ?1)";
        if kind == IndexKind::Document && self.finds("kept_record", kept, [digest])? {
            return Err(conflict("blind_index", Precondition::Leads));
        }
        let text = "INSERT INTO blind_index (kind, digest, holder) VALUES (?1, ?2, ?3)";
        self.touch("blind_index", text, params![kind.as_str(), digest, holder.as_i64()])
    }

    pub(super) fn expect_index(
        &self,
        kind: IndexKind,
        digest: &[u8; 16],
        holder: HolderId,
    ) -> Result<()> {
        let text = format!(
            "SELECT 1 FROM blind_index WHERE kind = ?1 AND digest = ?2 AND holder IN ({})",
            records_of("?3")
        );
        if self.finds("blind_index", &text, params![kind.as_str(), digest, holder.as_i64()])? {
            return Ok(());
        }
        Err(conflict("blind_index", Precondition::Leads))
    }

    pub(super) fn expect_indexed(
        &self,
        kind: IndexKind,
        digest: [u8; 16],
        holders: &[HolderId],
    ) -> Result<()> {
        if indexed_holders(self.conn, kind, digest)? == holders {
            return Ok(());
        }
        Err(conflict("blind_index", Precondition::Leads))
    }

    pub(super) fn release_index(
        &self,
        kind: IndexKind,
        digest: &[u8; 16],
        holder: HolderId,
    ) -> Result<()> {
        let text = format!(
            "DELETE FROM blind_index WHERE kind = ?1 AND digest = ?2 AND holder IN ({})",
            records_of("?3")
        );
        self.touch("blind_index", &text, params![kind.as_str(), digest, holder.as_i64()])
    }

    pub(super) fn add_proxy(&self, p: &Proxy, most: u32) -> Result<()> {
        let count = "SELECT count(*) FROM proxy WHERE carer = ?1";
        let cared: i64 = self
            .conn
            .prepare_cached(count)
            .and_then(|mut s| s.query_row([p.carer.as_i64()], |r| r.get(0)))
            .map_err(|e| sql("proxy", &e))?;
        let text = "INSERT INTO proxy (person, carer, since, child) VALUES (?1, ?2, ?3, ?4)";
        let row = params![p.person.as_i64(), p.carer.as_i64(), p.since.as_secs(), p.child];
        self.touch("proxy", text, row)?;
        if cared >= i64::from(most) {
            return Err(conflict("proxy", Precondition::Room { class: PEOPLE, seconds: None }));
        }
        Ok(())
    }

    pub(super) fn end_proxy(&self, person: HolderId, carer: HolderId) -> Result<()> {
        let (of, by) = (records_of("?1"), records_of("?2"));
        let text = format!("DELETE FROM proxy WHERE person IN ({of}) AND carer IN ({by})");
        self.touch("proxy", &text, [person.as_i64(), carer.as_i64()])
    }

    pub(super) fn add_account_change(&self, c: &AccountChange) -> Result<()> {
        let (by_carer, agency, staff) = changed_by(c.by);
        let text = "INSERT INTO account_change (id, holder, at, event, by_carer, agency, staff, \
                    carer, sealed_before, undone_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let row = params![
            c.id.as_i64(),
            c.holder.as_i64(),
            c.at.as_secs(),
            c.event.as_str(),
            by_carer,
            agency,
            staff,
            c.carer.map(HolderId::as_i64),
            c.sealed_before,
            secs(c.undone_at),
        ];
        self.touch("account_change", text, row)
    }

    pub(super) fn undo_account_change(
        &self,
        id: ChangeId,
        holder: HolderId,
        at: Timestamp,
    ) -> Result<()> {
        let text = "UPDATE account_change SET undone_at = ?3 \
                    WHERE id = ?1 AND holder = ?2 AND undone_at IS NULL";
        let touched =
            self.run("account_change", text, [id.as_i64(), holder.as_i64(), at.as_secs()])?;
        if touched > 0 {
            return Ok(());
        }
        let there = "SELECT 1 FROM account_change WHERE id = ?1 AND holder = ?2";
        let there = self.finds("account_change", there, [id.as_i64(), holder.as_i64()])?;
        let why = if there { Precondition::Unused } else { Precondition::Exists };
        Err(conflict("account_change", why))
    }

    /// Who cares for them, whom they care for, and what was there before their changes.
    pub(super) fn shred_account(&self, holder: HolderId) -> Result<()> {
        let id = [holder.as_i64()];
        self.run("blind_index", "DELETE FROM blind_index WHERE holder = ?1", id)?;
        self.run("proxy", "DELETE FROM proxy WHERE person = ?1 OR carer = ?1", id)?;
        let before = "UPDATE account_change SET sealed_before = NULL WHERE holder = ?1";
        self.run("account_change", before, id)?;
        self.erase_appeals(holder)?;
        self.erase_assignments(holder)?;
        self.erase_papers(holder)
    }
}
