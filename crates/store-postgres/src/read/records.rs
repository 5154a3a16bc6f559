//! Who recorded what, files as records, withdrawals, and what waits.

use jadegate_domain::id::{ImportId, WaitingId};
use jadegate_domain::record::{RecordKind, WaitingKind, WaitingState};
use jadegate_domain::{AgencyId, Division, EvidenceId, Timestamp, TraceId};
use jadegate_store::{
    Authorship, FilesOf, ImportRun, KeptRecord, Latest, Listed, Page, Tube, Waiting, WaitingPiece,
    Withdrawal,
};

use super::{ALL, listed, listed_latest, lives_in, many, number, one};
use crate::connection::{Client, query};
use crate::error::{Result, sql};
use crate::value::{NONE, params};
use jadegate_store_rows::{
    AuthorshipRow, ImportRow, KeptRow, PieceRow, TubeRow, WaitingRow, WithdrawalRow,
};

pub(crate) async fn authorship(
    c: &Client,
    kind: RecordKind,
    id: i64,
) -> Result<Option<Authorship>> {
    one::<AuthorshipRow>(c, "WHERE id = $2 AND record = $1", params![kind.as_str(), id]).await
}

pub(crate) async fn records_of_import(c: &Client, import: ImportId) -> Result<Listed<Authorship>> {
    listed::<AuthorshipRow>(c, "WHERE import = $1 ORDER BY record, id", [import.as_i64()], ALL)
        .await
}

pub(crate) async fn newest_records(c: &Client, latest: Latest) -> Result<Listed<Authorship>> {
    let text = "WHERE recorded_at <= $1 ORDER BY recorded_at DESC, record DESC, id DESC";
    listed_latest::<AuthorshipRow>(c, text, [latest.until().as_secs()], latest).await
}

pub(crate) async fn own_records(
    c: &Client,
    agency: AgencyId,
    latest: Latest,
) -> Result<Listed<Authorship>> {
    let text = "WHERE agency = $1 AND recorded_at <= $2 AND (record IN ('case', 'ride') OR (record = 'evidence' \
                    AND NOT EXISTS (SELECT 1 FROM evidence e \
                        WHERE e.id = authorship.id AND e.kind IN ('contact', 'case')))) \
                ORDER BY recorded_at DESC, record DESC, id DESC";
    let row = [agency.as_i64(), latest.until().as_secs()];
    listed_latest::<AuthorshipRow>(c, text, row, latest).await
}

pub(crate) async fn import(c: &Client, id: ImportId) -> Result<Option<ImportRun>> {
    one::<ImportRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

pub(crate) async fn imports(c: &Client, of: &FilesOf, latest: Latest) -> Result<Listed<ImportRun>> {
    let text = "WHERE started_at <= $4 AND (agency = ANY($1) \
                OR (kind <> 'visits' AND agency = ANY($2)) \
                OR ($3 = 1 AND agency IS NULL)) ORDER BY started_at DESC, id DESC";
    let (own, others) = (numbers(&of.agencies), numbers(&of.withdrawable));
    let row = params![own, others, of.of_nobody, latest.until().as_secs()];
    listed_latest::<ImportRow>(c, text, row, latest).await
}

fn numbers(agencies: &[AgencyId]) -> Vec<i64> {
    agencies.iter().map(|a| a.as_i64()).collect()
}

pub(crate) async fn withdrawal(
    c: &Client,
    kind: RecordKind,
    id: i64,
) -> Result<Option<Withdrawal>> {
    one::<WithdrawalRow>(c, "WHERE id = $2 AND record = $1", params![kind.as_str(), id]).await
}

pub(crate) async fn unfinished_withdrawals(c: &Client, limit: u32) -> Result<Listed<Withdrawal>> {
    let text = "WHERE (record = 'import' AND EXISTS (SELECT 1 FROM import_run i \
                WHERE i.id = withdrawal.id AND i.withdrawn_at IS NULL)) \
                OR (record = 'case' AND EXISTS (SELECT 1 FROM case_record f \
                WHERE f.id = withdrawal.id AND f.withdrawn_at IS NULL)) ORDER BY at, record, id";
    listed::<WithdrawalRow>(c, text, NONE, limit).await
}

pub(crate) async fn kept_for_document(c: &Client, document: [u8; 16]) -> Result<Vec<KeptRecord>> {
    many::<KeptRow>(c, "WHERE document = $1 ORDER BY id", [document]).await
}

pub(crate) async fn kept_record(c: &Client, id: EvidenceId) -> Result<Option<KeptRecord>> {
    one::<KeptRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

pub(crate) async fn kept_of_agency(
    c: &Client,
    agency: AgencyId,
    latest: Latest,
) -> Result<Listed<KeptRecord>> {
    let text = "WHERE agency = $1 AND kept_at <= $2 ORDER BY kept_at DESC, id DESC";
    listed_latest::<KeptRow>(c, text, [agency.as_i64(), latest.until().as_secs()], latest).await
}

pub(crate) async fn kept_count(c: &Client, agency: AgencyId, before: Timestamp) -> Result<u64> {
    let text = "SELECT count(*) FROM kept_record k \
                WHERE agency = $1 AND kept_at < $2 AND withdrawn_at IS NULL \
                AND (tube = 0 OR EXISTS (SELECT 1 FROM tube t WHERE t.key = k.document))";
    let n = number(c, "kept_record", text, [agency.as_i64(), before.as_secs()]).await?;
    Ok(n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

pub(crate) async fn tube(c: &Client, key: [u8; 16]) -> Result<Option<Tube>> {
    one::<TubeRow>(c, "WHERE key = $1", [key]).await
}

pub(crate) async fn tubes_of(c: &Client, document: [u8; 16]) -> Result<Vec<Tube>> {
    many::<TubeRow>(c, "WHERE document = $1 ORDER BY bound_at, id", [document]).await
}

pub(crate) async fn tubes_of_nobody(c: &Client, agency: AgencyId) -> Result<u64> {
    let text = "SELECT count(DISTINCT document) FROM kept_record k \
                WHERE agency = $1 AND tube = 1 AND withdrawn_at IS NULL \
                AND NOT EXISTS (SELECT 1 FROM tube t WHERE t.key = k.document)";
    let n = number(c, "kept_record", text, [agency.as_i64()]).await?;
    Ok(n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

pub(crate) async fn kept_of_import(
    c: &Client,
    import: ImportId,
    page: Page<EvidenceId>,
) -> Result<Listed<KeptRecord>> {
    let text = "WHERE import = $1 AND id > $2 AND withdrawn_at IS NULL \
                AND NOT EXISTS (SELECT 1 FROM kept_record n \
                    WHERE n.supersedes = kept_record.id AND n.withdrawn_at IS NULL) ORDER BY id";
    let after = page.after.map_or(0, EvidenceId::as_i64);
    listed::<KeptRow>(c, text, [import.as_i64(), after], page.limit).await
}

pub(crate) async fn waiting(c: &Client, id: WaitingId) -> Result<Option<Waiting>> {
    one::<WaitingRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

pub(crate) async fn decided_waiting(
    c: &Client,
    (region, agency): (&Division, AgencyId),
    since: Timestamp,
    limit: u32,
) -> Result<Listed<Waiting>> {
    let text = format!(
        "WHERE state <> 'waiting' AND made_at >= $2 AND (agency = $3 OR EXISTS \
            (SELECT 1 FROM (SELECT waiting.region AS home) h WHERE {})) \
         ORDER BY made_at DESC, id DESC",
        lives_in(region)
    );
    let row = params![region.as_str(), since.as_secs(), agency.as_i64()];
    listed::<WaitingRow>(c, &text, row, limit).await
}

pub(crate) async fn waiting_unfinished(
    c: &Client,
    state: WaitingState,
    import: Option<ImportId>,
    page: Page<WaitingId>,
) -> Result<Listed<Waiting>> {
    let text = "WHERE state = $1 AND ($2 IS NULL OR import = $2) AND id > $3 AND \
                (state = 'waiting' OR EXISTS \
                    (SELECT 1 FROM waiting_piece p WHERE p.waiting = waiting.id)) ORDER BY id";
    let after = page.after.map_or(0, WaitingId::as_i64);
    let row = params![state.as_str(), import.map(ImportId::as_i64), after];
    listed::<WaitingRow>(c, text, row, page.limit).await
}

pub(crate) async fn records_waiting(
    c: &Client,
    region: Option<&Division>,
) -> Result<Vec<(WaitingKind, u64)>> {
    let inside = region.map_or("$1 IS NULL", lives_in);
    let text = format!(
        "SELECT kind, sum(pieces)::bigint FROM (SELECT kind, pieces, region AS home FROM waiting \
         WHERE state = 'waiting') h WHERE {inside} GROUP BY kind"
    );
    let failed = |e: tokio_postgres::Error| sql("waiting", &e);
    let rows = query(c, "waiting", &text, [region.map(Division::as_str)]).await?;
    let mut counts = Vec::new();
    for row in rows {
        let kind: String = row.try_get(0).map_err(failed)?;
        let records: i64 = row.try_get(1).map_err(failed)?;
        // A row of no kind that there is cannot be read: the lists say so, and nobody can decide on it.
        let Ok(kind) = kind.parse() else { continue };
        counts.push((kind, u64::try_from(records).unwrap_or(0)));
    }
    Ok(counts)
}

pub(crate) async fn waiting_of_trace(c: &Client, trace: TraceId) -> Result<Option<Waiting>> {
    let text = "WHERE trace_id = $1 ORDER BY made_at DESC, id DESC LIMIT 1";
    one::<WaitingRow>(c, text, [trace.as_i64()]).await
}

pub(crate) async fn waiting_pieces(
    c: &Client,
    id: WaitingId,
    from: u32,
    limit: u32,
) -> Result<Listed<WaitingPiece>> {
    let text = "WHERE waiting = $1 AND number >= $2 ORDER BY number";
    listed::<PieceRow>(c, text, params![id.as_i64(), from], limit).await
}

pub(crate) async fn waits(c: &Client, key: [u8; 16]) -> Result<bool> {
    let text = "SELECT waiting FROM waiting_piece WHERE external_key = $1";
    Ok(number(c, "waiting_piece", text, [key]).await?.is_some())
}
