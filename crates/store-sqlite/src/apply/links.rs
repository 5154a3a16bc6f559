//! Which records are of one person.

use jadegate_domain::record::PieceOwner;
use jadegate_domain::{AgencyId, HolderId, StaffId};
use jadegate_store::{Precondition, RecordLink, SplitPiece};
use rusqlite::params;

use super::{Applier, secs};
use crate::error::{Result, conflict};
use crate::rows::changed_by;

impl Applier<'_> {
    pub(super) fn put_link(&self, link: &RecordLink, replaces: Option<&RecordLink>) -> Result<()> {
        let pair = [link.record.as_i64(), link.main.as_i64()];
        let not_a_star = "SELECT 1 FROM record_link WHERE record = ?2 OR main = ?1";
        if self.finds("record_link", not_a_star, pair)? {
            return Err(conflict("record_link", Precondition::Absent));
        }
        if let Some(old) = replaces {
            self.take_link(old)?;
        }
        let (_, agency, staff) = changed_by(link.by);
        let text = "INSERT INTO record_link (record, main, state, at, agency, staff, split_at) \
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let [record, main] = pair;
        let row = params![
            record,
            main,
            link.state.as_str(),
            link.at.as_secs(),
            agency,
            staff,
            secs(link.split_at),
        ];
        self.touch("record_link", text, row)?;
        if !link.state.is_split() {
            self.drop_pieces(record)?;
        }
        self.raise_version(Some(record))
    }

    fn drop_pieces(&self, record: i64) -> Result<()> {
        self.run("split_piece", "DELETE FROM split_piece WHERE record = ?1", [record]).map(drop)
    }

    /// What was said of the pieces of a record of two people.
    pub(super) fn put_pieces(&self, record: HolderId, pieces: &[SplitPiece]) -> Result<()> {
        let record = record.as_i64();
        let split =
            "SELECT 1 FROM record_link WHERE record = ?1 AND state IN ('split', 'disputed')";
        if !self.finds("record_link", split, [record])? {
            return Err(conflict("record_link", Precondition::Stands));
        }
        self.drop_pieces(record)?;
        for p in pieces {
            let text = "INSERT INTO split_piece (record, evidence, owner, wish, agency, staff) \
                        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let (agency, staff) = p.by.unzip();
            let row = params![
                record,
                p.evidence.as_i64(),
                p.owner.as_str(),
                p.wish.map(PieceOwner::as_str),
                agency.map(AgencyId::as_i64),
                staff.map(StaffId::as_i64),
            ];
            self.touch("split_piece", text, row)?;
        }
        self.raise_version(Some(record))
    }

    pub(super) fn end_link(&self, link: &RecordLink) -> Result<()> {
        // While they are linked, so that both rise.
        self.raise_version(Some(link.record.as_i64()))?;
        self.drop_pieces(link.record.as_i64())?;
        self.take_link(link)
    }

    /// Deletes a link that is as it was loaded.
    fn take_link(&self, link: &RecordLink) -> Result<()> {
        let (_, agency, staff) = changed_by(link.by);
        let text = "DELETE FROM record_link WHERE record = ?1 AND main = ?2 AND state = ?3 \
                    AND at = ?4 AND agency IS ?5 AND staff IS ?6";
        let (record, main) = (link.record.as_i64(), link.main.as_i64());
        let row = params![record, main, link.state.as_str(), link.at.as_secs(), agency, staff];
        match self.run("record_link", text, row)? {
            0 => Err(conflict("record_link", Precondition::Stands)),
            _ => Ok(()),
        }
    }
}
