//! Who recorded what, files as records, withdrawals, and what waits.

use jadegate_domain::id::{ImportId, WaitingId};
use jadegate_domain::record::{RecordKind, WaitingKind, WaitingState};
use jadegate_domain::{AgencyId, Division, EvidenceId, Timestamp, TraceId};
use jadegate_store::{
    Authorship, FilesOf, ImportRun, KeptRecord, Latest, Listed, Page, Tube, Waiting, WaitingPiece,
    Withdrawal,
};
use rusqlite::{Connection, params};

use super::{ALL, listed, listed_latest, lives_in, many, number, one};
use crate::error::{Result, sql};
use crate::rows::{
    AuthorshipRow, ImportRow, KeptRow, PieceRow, TubeRow, WaitingRow, WithdrawalRow,
};

pub(crate) fn authorship(c: &Connection, kind: RecordKind, id: i64) -> Result<Option<Authorship>> {
    one::<AuthorshipRow>(c, "WHERE id = ?2 AND record = ?1", params![kind.as_str(), id])
}

pub(crate) fn records_of_import(c: &Connection, import: ImportId) -> Result<Listed<Authorship>> {
    listed::<AuthorshipRow>(c, "WHERE import = ?1 ORDER BY record, id", [import.as_i64()], ALL)
}

pub(crate) fn newest_records(c: &Connection, latest: Latest) -> Result<Listed<Authorship>> {
    let text = "WHERE recorded_at <= ?1 ORDER BY recorded_at DESC, record DESC, id DESC";
    listed_latest::<AuthorshipRow>(c, text, [latest.until().as_secs()], latest)
}

pub(crate) fn own_records(
    c: &Connection,
    agency: AgencyId,
    latest: Latest,
) -> Result<Listed<Authorship>> {
    let text = "WHERE agency = ?1 AND recorded_at <= ?2 AND (record IN ('case', 'ride') OR (record = 'evidence' \
                    AND NOT EXISTS (SELECT 1 FROM evidence e \
                        WHERE e.id = authorship.id AND e.kind IN ('contact', 'case')))) \
                ORDER BY recorded_at DESC, record DESC, id DESC";
    let row = [agency.as_i64(), latest.until().as_secs()];
    listed_latest::<AuthorshipRow>(c, text, row, latest)
}

pub(crate) fn import(c: &Connection, id: ImportId) -> Result<Option<ImportRun>> {
    one::<ImportRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn imports(c: &Connection, of: &FilesOf, latest: Latest) -> Result<Listed<ImportRun>> {
    let text = "WHERE started_at <= ?4 AND (agency IN (SELECT value FROM json_each(?1)) \
                OR (kind <> 'visits' AND agency IN (SELECT value FROM json_each(?2))) \
                OR (?3 AND agency IS NULL)) ORDER BY started_at DESC, id DESC";
    let (own, others) = (numbers(&of.agencies), numbers(&of.withdrawable));
    let row = params![own, others, of.of_nobody, latest.until().as_secs()];
    listed_latest::<ImportRow>(c, text, row, latest)
}

/// As a list in JSON.
fn numbers(agencies: &[AgencyId]) -> String {
    let numbers: Vec<_> = agencies.iter().map(|a| a.as_i64().to_string()).collect();
    format!("[{}]", numbers.join(","))
}

pub(crate) fn withdrawal(c: &Connection, kind: RecordKind, id: i64) -> Result<Option<Withdrawal>> {
    one::<WithdrawalRow>(c, "WHERE id = ?2 AND record = ?1", params![kind.as_str(), id])
}

pub(crate) fn unfinished_withdrawals(c: &Connection, limit: u32) -> Result<Listed<Withdrawal>> {
    let text = "WHERE (record = 'import' AND EXISTS (SELECT 1 FROM import_run i \
                WHERE i.id = withdrawal.id AND i.withdrawn_at IS NULL)) \
                OR (record = 'case' AND EXISTS (SELECT 1 FROM case_record f \
                WHERE f.id = withdrawal.id AND f.withdrawn_at IS NULL)) ORDER BY at, record, id";
    listed::<WithdrawalRow>(c, text, [], limit)
}

pub(crate) fn kept_for_document(c: &Connection, document: [u8; 16]) -> Result<Vec<KeptRecord>> {
    many::<KeptRow>(c, "WHERE document = ?1 ORDER BY id", [document])
}

pub(crate) fn kept_record(c: &Connection, id: EvidenceId) -> Result<Option<KeptRecord>> {
    one::<KeptRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn kept_of_agency(
    c: &Connection,
    agency: AgencyId,
    latest: Latest,
) -> Result<Listed<KeptRecord>> {
    let text = "WHERE agency = ?1 AND kept_at <= ?2 ORDER BY kept_at DESC, id DESC";
    listed_latest::<KeptRow>(c, text, [agency.as_i64(), latest.until().as_secs()], latest)
}

pub(crate) fn kept_count(c: &Connection, agency: AgencyId, before: Timestamp) -> Result<u64> {
    let text = "SELECT count(*) FROM kept_record k \
                WHERE agency = ?1 AND kept_at < ?2 AND withdrawn_at IS NULL \
                AND (tube = 0 OR EXISTS (SELECT 1 FROM tube t WHERE t.key = k.document))";
    let n = number(c, "kept_record", text, [agency.as_i64(), before.as_secs()])?;
    Ok(n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

pub(crate) fn tube(c: &Connection, key: [u8; 16]) -> Result<Option<Tube>> {
    one::<TubeRow>(c, "WHERE key = ?1", [key])
}

pub(crate) fn tubes_of(c: &Connection, document: [u8; 16]) -> Result<Vec<Tube>> {
    many::<TubeRow>(c, "WHERE document = ?1 ORDER BY bound_at, id", [document])
}

pub(crate) fn tubes_of_nobody(c: &Connection, agency: AgencyId) -> Result<u64> {
    let text = "SELECT count(DISTINCT document) FROM kept_record k \
                WHERE agency = ?1 AND tube = 1 AND withdrawn_at IS NULL \
                AND NOT EXISTS (SELECT 1 FROM tube t WHERE t.key = k.document)";
    let n = number(c, "kept_record", text, [agency.as_i64()])?;
    Ok(n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

pub(crate) fn kept_of_import(
    c: &Connection,
    import: ImportId,
    page: Page<EvidenceId>,
) -> Result<Listed<KeptRecord>> {
    let text = "WHERE import = ?1 AND id > ?2 AND withdrawn_at IS NULL \
                AND NOT EXISTS (SELECT 1 FROM kept_record n \
                    WHERE n.supersedes = kept_record.id AND n.withdrawn_at IS NULL) ORDER BY id";
    let after = page.after.map_or(0, EvidenceId::as_i64);
    listed::<KeptRow>(c, text, [import.as_i64(), after], page.limit)
}

pub(crate) fn waiting(c: &Connection, id: WaitingId) -> Result<Option<Waiting>> {
    one::<WaitingRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn decided_waiting(
    c: &Connection,
    (region, agency): (&Division, AgencyId),
    since: Timestamp,
    limit: u32,
) -> Result<Listed<Waiting>> {
    let text = format!(
        "WHERE state <> 'waiting' AND made_at >= ?2 AND (agency = ?3 OR EXISTS \
            (SELECT 1 FROM (SELECT waiting.region AS home) h WHERE {})) \
         ORDER BY made_at DESC, id DESC",
        lives_in(region)
    );
    let row = params![region.as_str(), since.as_secs(), agency.as_i64()];
    listed::<WaitingRow>(c, &text, row, limit)
}

pub(crate) fn waiting_unfinished(
    c: &Connection,
    state: WaitingState,
    import: Option<ImportId>,
    page: Page<WaitingId>,
) -> Result<Listed<Waiting>> {
    let text = "WHERE state = ?1 AND (?2 IS NULL OR import = ?2) AND id > ?3 AND \
                (state = 'waiting' OR EXISTS \
                    (SELECT 1 FROM waiting_piece p WHERE p.waiting = waiting.id)) ORDER BY id";
    let after = page.after.map_or(0, WaitingId::as_i64);
    let row = params![state.as_str(), import.map(ImportId::as_i64), after];
    listed::<WaitingRow>(c, text, row, page.limit)
}

pub(crate) fn records_waiting(
    c: &Connection,
    region: Option<&Division>,
) -> Result<Vec<(WaitingKind, u64)>> {
    let inside = region.map_or("?1 IS NULL", lives_in);
    let text = format!(
        "SELECT kind, sum(pieces) FROM (SELECT kind, pieces, region AS home FROM waiting \
         WHERE state = 'waiting') h WHERE {inside} GROUP BY kind"
    );
    let failed = |e: rusqlite::Error| sql("waiting", &e);
    let mut stmt = c.prepare_cached(&text).map_err(failed)?;
    let mut rows = stmt.query([region.map(Division::as_str)]).map_err(failed)?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let kind: String = row.get(0).map_err(failed)?;
        let records: i64 = row.get(1).map_err(failed)?;
        // A row of no kind that there is cannot be read: the lists say so, and nobody can decide on it.
        let Ok(kind) = kind.parse() else { continue };
        counts.push((kind, u64::try_from(records).unwrap_or(0)));
    }
    Ok(counts)
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
