//! How people are known: who cares for whom, and what changed.

use jadegate_domain::id::ChangeId;
use jadegate_domain::record::LinkState;
use jadegate_domain::{AgencyId, EvidenceId, HolderId, StaffId};
use jadegate_store::{AccountChange, ChangedBy, Proxy, RecordLink, SplitPiece};

use crate::at::{At, Result};
use crate::stored::rows;

rows! {
    ProxyRow => Proxy, in "proxy" by "person" {
        carer: i64, since: i64, child: i64,
    }
    RecordLinkRow => RecordLink, in "record_link" by "record" {
        main: i64, state: String, at: i64, agency: Option<i64>, staff: Option<i64>,
        split_at: Option<i64>,
    }
    SplitPieceRow => SplitPiece, in "split_piece" by "evidence" {
        owner: String, wish: Option<String>, agency: Option<i64>, staff: Option<i64>,
    }
    AccountChangeRow => AccountChange, in "account_change" by "id" {
        holder: i64, at: i64, event: String, by_carer: Option<i64>, agency: Option<i64>,
        staff: Option<i64>, carer: Option<i64>, sealed_before: Option<Vec<u8>>,
        undone_at: Option<i64>,
    }
}

impl ProxyRow {
    fn check(self, at: At) -> Result<Proxy> {
        Ok(Proxy {
            person: at.id("person", self.row, HolderId::from_i64)?,
            carer: at.id("carer", self.carer, HolderId::from_i64)?,
            since: at.time("since", self.since)?,
            child: self.child != 0,
        })
    }
}

impl RecordLinkRow {
    fn check(self, at: At) -> Result<RecordLink> {
        let agency = at.opt_id("agency", self.agency, AgencyId::from_i64)?;
        let staff = at.opt_id("staff", self.staff, StaffId::from_i64)?;
        let by = match agency.zip(staff) {
            None => ChangedBy::Person,
            Some((agency, staff)) => ChangedBy::Staff { agency, staff },
        };
        let state: LinkState = at.name("state", &self.state)?;
        let split_at = at.opt_time("split_at", self.split_at)?;
        at.must(!state.is_split() || split_at.is_some(), "split_at", "missing of a split")?;
        Ok(RecordLink {
            record: at.id("record", self.row, HolderId::from_i64)?,
            main: at.id("main", self.main, HolderId::from_i64)?,
            state,
            at: at.time("at", self.at)?,
            by,
            split_at,
        })
    }
}

impl SplitPieceRow {
    fn check(self, at: At) -> Result<SplitPiece> {
        let agency = at.opt_id("agency", self.agency, AgencyId::from_i64)?;
        let staff = at.opt_id("staff", self.staff, StaffId::from_i64)?;
        Ok(SplitPiece {
            evidence: at.id("evidence", self.row, EvidenceId::from_i64)?,
            owner: at.name("owner", &self.owner)?,
            wish: self.wish.map(|wish| at.name("wish", &wish)).transpose()?,
            by: agency.zip(staff),
        })
    }
}

/// Whose hand it was, as the columns `by_carer`, `agency` and `staff`.
pub const fn changed_by(by: ChangedBy) -> (Option<i64>, Option<i64>, Option<i64>) {
    match by {
        ChangedBy::Person => (None, None, None),
        ChangedBy::Carer(id) => (Some(id.as_i64()), None, None),
        ChangedBy::Staff { agency, staff } => (None, Some(agency.as_i64()), Some(staff.as_i64())),
    }
}

impl AccountChangeRow {
    fn check(self, at: At) -> Result<AccountChange> {
        let agency = at.opt_id("agency", self.agency, AgencyId::from_i64)?;
        let staff = at.opt_id("staff", self.staff, StaffId::from_i64)?;
        let by_carer = at.opt_id("by_carer", self.by_carer, HolderId::from_i64)?;
        let by = match (by_carer, agency.zip(staff)) {
            (None, None) => ChangedBy::Person,
            (Some(id), None) => ChangedBy::Carer(id),
            (None, Some((agency, staff))) => ChangedBy::Staff { agency, staff },
            (Some(_), Some(_)) => return Err(at.bad("by_carer", "beside an agency")),
        };
        Ok(AccountChange {
            id: at.id("id", self.row, ChangeId::from_i64)?,
            holder: at.id("holder", self.holder, HolderId::from_i64)?,
            at: at.time("at", self.at)?,
            event: at.name("event", &self.event)?,
            by,
            carer: at.opt_id("carer", self.carer, HolderId::from_i64)?,
            sealed_before: self.sealed_before,
            undone_at: at.opt_time("undone_at", self.undone_at)?,
        })
    }
}
