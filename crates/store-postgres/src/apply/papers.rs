//! Codes on paper.

use jadegate_domain::HolderId;
use jadegate_domain::record::PaperEnd;
use jadegate_store::{Paper, PaperWrite};

use super::{Applier, secs};
use crate::error::Result;
use crate::value::params;

const TABLE: &str = "paper_code";

impl Applier<'_> {
    pub(super) async fn paper(&self, write: &PaperWrite) -> Result<()> {
        match write {
            PaperWrite::Add(paper) => self.add_paper(paper).await,
            PaperWrite::End { paper, at, by } => {
                let text = "UPDATE paper_code SET ended_at = $2, ended_by = $3 \
                            WHERE id = $1 AND ended_at IS NULL";
                let row = params![paper.as_i64(), at.as_secs(), by.as_str()];
                let there = ("SELECT 1 FROM paper_code WHERE id = $1", &[paper.as_i64()][..]);
                self.touch_standing(TABLE, text, row, there).await
            }
        }
    }

    async fn add_paper(&self, p: &Paper) -> Result<()> {
        let text = "INSERT INTO paper_code (id, holder, place, issued_at, expires_at, ended_at, \
                    ended_by) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let row = params![
            p.id.as_i64(),
            p.holder.as_i64(),
            p.place,
            p.issued_at.as_secs(),
            p.expires_at.as_secs(),
            secs(p.ended.map(|(at, _)| at)),
            p.ended.map(|(_, by)| by.as_str()),
        ];
        self.touch(TABLE, text, row).await
    }

    /// The papers of somebody who is erased end. They stay until their term is over: a place that
    /// nobody has any more may be given to another, and the paper is still in a pocket.
    pub(super) async fn erase_papers(&self, holder: HolderId) -> Result<()> {
        let text = "UPDATE paper_code SET ended_at = issued_at, ended_by = $2 \
                    WHERE holder = $1 AND ended_at IS NULL";
        let row = params![holder.as_i64(), PaperEnd::Erased.as_str()];
        self.run(TABLE, text, row).await.map(drop)
    }
}
