//! Files and records as their agencies, second bodies and auditors see them.

use jadegate_domain::id::ImportId;
use jadegate_domain::record::{ImportKind, RecordKind};
use jadegate_domain::{StaffId, Timestamp, hex};
use jadegate_store::FilesOf;
use serde::Serialize;

use super::withdraw::{may_withdraw, power_of_file};
use crate::app::App;
use crate::error::Result;
use crate::parts::{self, Part};
use crate::session::StaffSession;
use crate::staff::access::Power;

/// A record as an auditor sees it: who, for which agency, by which file; about nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordRow {
    /// What kind of record.
    pub record: RecordKind,
    /// For which agency.
    pub agency: Option<crate::holder::me::AgencyName>,
    /// The member of staff by name; `None`: the machine's own command line, or the program itself.
    pub staff: Option<String>,
    /// The file it came from.
    pub import: Option<ImportId>,
    /// The moment at which it was recorded.
    pub at: Timestamp,
}

/// A file that was taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportRow {
    /// The id of the import.
    pub id: ImportId,
    /// What it tells.
    pub kind: ImportKind,
    /// For which agency; `None`: nobody's, by the machine's own command line.
    pub agency: Option<crate::holder::me::AgencyName>,
    /// The member of staff by name, for colleagues and auditors; `None`: the command line, or not
    /// for you.
    pub staff: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was done; `None`: it was cut short, or runs.
    pub ended_at: Option<Timestamp>,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
    /// Lines recorded.
    pub taken: u64,
    /// Lines known before.
    pub unchanged: u64,
    /// Lines that are wrong.
    pub rejected: u64,
    /// Lines that had to wait.
    pub waiting: u64,
    /// When the whole of it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
    /// May you withdraw it?
    pub may_withdraw: bool,
}

/// Entries listed.
const LIST: u32 = 200;

impl App {
    /// Who recorded what, newest first, for auditors; `before` is the `next` of the part before.
    pub async fn records_before(
        &self,
        session: &StaffSession,
        before: Option<&str>,
    ) -> Result<Part<RecordRow>> {
        session.need(Power::ReadAudit)?;
        let names = self.agency_names().await?;
        let asked = parts::asked(before, LIST)?;
        let found = self.store.newest_records(asked).await?;
        let found = Part::of(found, asked, |r| r.at);
        let mut rows = Vec::new();
        for r in found.rows {
            rows.push(RecordRow {
                record: r.record,
                agency: names.get(&r.agency).cloned(),
                staff: self.staff_name(r.staff).await?,
                import: r.import,
                at: r.at,
            });
        }
        Ok(Part { rows, next: found.next })
    }

    pub(super) async fn staff_name(&self, staff: Option<StaffId>) -> Result<Option<String>> {
        let Some(id) = staff else { return Ok(None) };
        // A name that cannot be read is shown as none.
        let found = self.or_set_aside(self.store.staff(id).await.map_err(Into::into))?.flatten();
        Ok(found.map(|s| s.display_name))
    }

    /// Which files are this member of staff's business: those of their agency, those they may
    /// withdraw as the second body, and for auditors all of the region. Nobody's before they are
    /// confirmed.
    async fn files_of(&self, session: &StaffSession) -> Result<FilesOf> {
        let me = session.need_any(Power::SEE_FILES)?;
        let audit = session.may(Power::ReadAudit);
        let mut files = FilesOf { of_nobody: audit, ..FilesOf::default() };
        for a in self.store.agencies().await? {
            if a.id == me.agency || (audit && me.region.contains(&a.region)) {
                files.agencies.push(a.id);
            } else if may_withdraw(session, a.id, a.kind, None, &a.region) {
                files.withdrawable.push(a.id);
            }
        }
        Ok(files)
    }

    /// The newest of those files.
    pub async fn list_imports(&self, session: &StaffSession) -> Result<Vec<ImportRow>> {
        Ok(self.imports_before(session, None).await?.rows)
    }

    /// The files of the region, newest first: of one's own agency, or of those one may withdraw or
    /// audit; `before` is the `next` of the part before.
    pub async fn imports_before(
        &self,
        session: &StaffSession,
        before: Option<&str>,
    ) -> Result<Part<ImportRow>> {
        let me = session.staff();
        let files = self.files_of(session).await?;
        let names = self.agency_names().await?;
        let audit = session.may(Power::ReadAudit);
        let asked = parts::asked(before, LIST)?;
        let found = self.store.imports(&files, asked).await?;
        let found = Part::of(found, asked, |run| run.started_at);
        let mut rows = Vec::new();
        for run in found.rows {
            let agency = match run.agency {
                Some(agency) => {
                    let agency = self.store.agency(agency).await.map_err(Into::into);
                    let Some(agency) = self.or_set_aside(agency)? else { continue };
                    agency
                }
                None => None,
            };
            let power = power_of_file(run.kind);
            let may = agency.zip(power).is_some_and(|(a, power)| {
                may_withdraw(session, a.id, a.kind, Some(power), &a.region)
            });
            let by_name = audit || run.agency == Some(me.agency);
            let counts = run.ended.map(|(_, c)| c).unwrap_or_default();
            rows.push(ImportRow {
                id: run.id,
                kind: run.kind,
                agency: run.agency.and_then(|a| names.get(&a).cloned()),
                staff: self.staff_name(run.staff.filter(|_| by_name)).await?,
                started_at: run.started_at,
                ended_at: run.ended.map(|(at, _)| at),
                sha256: hex::encode(&run.digest),
                taken: counts.taken,
                unchanged: counts.unchanged,
                rejected: counts.rejected,
                waiting: counts.waiting,
                withdrawn_at: run.withdrawn_at,
                may_withdraw: may && run.withdrawn_at.is_none(),
            });
        }
        Ok(Part { rows, next: found.next })
    }
}
