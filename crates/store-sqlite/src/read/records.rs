//! Who recorded what, files as records, withdrawals, and what waits.

use jadegate_domain::id::{ImportId, WaitingId};
use jadegate_domain::record::{RecordKind, WaitingState};
use jadegate_domain::{AgencyId, Division, Timestamp, TraceId};
use jadegate_store::{
    Authorship, ImportRun, KeptRecord, Listed, Waiting, WaitingPiece, Withdrawal,
};
use rusqlite::{Connection, params};

use super::{ALL, listed, lives_in, many, number, one};
use crate::error::Result;
use crate::rows::{AuthorshipRow, ImportRow, KeptRow, PieceRow, WaitingRow, WithdrawalRow};

pub(crate) fn authorship(c: &Connection, kind: RecordKind, id: i64) -> Result<Option<Authorship>> {
    one::<AuthorshipRow>(c, "WHERE id = ?2 AND record = ?1", params![kind.as_str(), id])
}

pub(crate) fn records_of_import(c: &Connection, import: ImportId) -> Result<Listed<Authorship>> {
    listed::<AuthorshipRow>(c, "WHERE import = ?1 ORDER BY record, id", [import.as_i64()], ALL)
}

pub(crate) fn newest_records(
    c: &Connection,
    agency: Option<AgencyId>,
    limit: u32,
) -> Result<Listed<Authorship>> {
    let newest = "ORDER BY recorded_at DESC, record DESC, id DESC";
    match agency {
        None => listed::<AuthorshipRow>(c, newest, [], limit),
        Some(agency) => {
            let own = format!("WHERE agency = ?1 {newest}");
            listed::<AuthorshipRow>(c, &own, [agency.as_i64()], limit)
        }
    }
}

pub(crate) fn import(c: &Connection, id: ImportId) -> Result<Option<ImportRun>> {
    one::<ImportRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn imports_in(
    c: &Connection,
    region: &Division,
    limit: u32,
) -> Result<Listed<ImportRun>> {
    let text = format!(
        "WHERE agency IS NULL OR EXISTS (SELECT 1 FROM (SELECT id AS agency_id, region AS home FROM agency) h \
            WHERE h.agency_id = import_run.agency AND {}) \
         ORDER BY started_at DESC, id DESC",
        lives_in(region)
    );
    listed::<ImportRow>(c, &text, [region.as_str()], limit)
}

pub(crate) fn withdrawal(c: &Connection, kind: RecordKind, id: i64) -> Result<Option<Withdrawal>> {
    one::<WithdrawalRow>(c, "WHERE id = ?2 AND record = ?1", params![kind.as_str(), id])
}

pub(crate) fn kept_for_document(c: &Connection, document: [u8; 16]) -> Result<Vec<KeptRecord>> {
    many::<KeptRow>(c, "WHERE document = ?1 ORDER BY id", [document])
}

pub(crate) fn waiting(c: &Connection, id: WaitingId) -> Result<Option<Waiting>> {
    one::<WaitingRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn waiting_since(
    c: &Connection,
    since: Timestamp,
    limit: u32,
) -> Result<Listed<Waiting>> {
    let text = "WHERE state = 'waiting' OR made_at >= ?1 \
                ORDER BY state <> 'waiting', made_at DESC, id DESC";
    listed::<WaitingRow>(c, text, [since.as_secs()], limit)
}

pub(crate) fn waiting_unfinished(c: &Connection, state: WaitingState) -> Result<Listed<Waiting>> {
    let text = "WHERE state = ?1 AND (state = 'waiting' OR EXISTS \
                (SELECT 1 FROM waiting_piece p WHERE p.waiting = waiting.id)) \
                ORDER BY made_at, id";
    listed::<WaitingRow>(c, text, [state.as_str()], 1000)
}

pub(crate) fn waiting_of_trace(c: &Connection, trace: TraceId) -> Result<Option<Waiting>> {
    let text = "WHERE trace_id = ?1 ORDER BY made_at DESC, id DESC LIMIT 1";
    one::<WaitingRow>(c, text, [trace.as_i64()])
}

pub(crate) fn waiting_pieces(
    c: &Connection,
    id: WaitingId,
    from: u32,
    limit: u32,
) -> Result<Listed<WaitingPiece>> {
    let text = "WHERE waiting = ?1 AND number >= ?2 ORDER BY number";
    listed::<PieceRow>(c, text, params![id.as_i64(), from], limit)
}

pub(crate) fn waits(c: &Connection, key: [u8; 16]) -> Result<bool> {
    let text = "SELECT waiting FROM waiting_piece WHERE external_key = ?1";
    Ok(number(c, "waiting_piece", text, [key])?.is_some())
}
