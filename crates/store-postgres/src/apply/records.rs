//! Who recorded what, files as records, withdrawals, and what waits.

use jadegate_domain::id::{ImportId, WaitingId};
use jadegate_domain::record::{RecordKind, WaitingState};
use jadegate_domain::{AgencyId, EvidenceId, HolderId, PlaceId, StaffId, Timestamp, TraceId};
use jadegate_store::{
    Authorship, ImportCounts, ImportRun, IndexKind, KeptRecord, Precondition, StoreError, Tube,
    TubeOwner, Waiting, WaitingDecision, WaitingPiece, Withdrawal,
};

use super::{Applier, secs};
use crate::error::{Result, conflict};
use crate::value::params;

impl Applier<'_> {
    pub(super) async fn add_authorship(&self, a: &Authorship) -> Result<()> {
        let text = "INSERT INTO authorship (record, id, agency, staff, import, sample, \
                    recorded_at, by_document, moved_from, trip, by_tube) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let row = params![
            a.record.as_str(),
            a.id,
            a.agency.as_i64(),
            a.staff.map(StaffId::as_i64),
            a.import.map(ImportId::as_i64),
            a.sample,
            a.at.as_secs(),
            i64::from(a.by_document),
            a.moved_from.map(EvidenceId::as_i64),
            a.trip.map(PlaceId::as_i64),
            a.by_tube,
        ];
        self.touch("authorship", text, row).await
    }

    pub(super) async fn keep_for_document(&self, k: &KeptRecord) -> Result<()> {
        // The key of a tube is no document, and the other way round.
        if self.leads(k.document).await? {
            return Err(conflict("kept_record", Precondition::Leads));
        }
        let text = "INSERT INTO kept_record (id, document, body, moved_from, agency, staff, \
                    import, sample, kept_at, supersedes, withdrawn_at, tube) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let row = params![
            k.id.as_i64(),
            k.document,
            k.body,
            k.moved_from.map(EvidenceId::as_i64),
            k.agency.as_i64(),
            k.staff.map(StaffId::as_i64),
            k.import.map(ImportId::as_i64),
            k.sample,
            k.kept_at.as_secs(),
            k.supersedes.map(EvidenceId::as_i64),
            secs(k.withdrawn_at),
            k.tube,
        ];
        self.touch("kept_record", text, row).await
    }

    /// Does a document, or a tube, lead to somebody?
    async fn leads(&self, key: [u8; 16]) -> Result<bool> {
        // Held first: whoever registers the document of a tube waits for this, or is seen below.
        self.finds("tube", "SELECT 1 FROM tube WHERE key = $1 FOR SHARE", [key]).await?;
        let document = "SELECT 1 FROM blind_index WHERE kind = $1 AND digest = $2";
        let tube = "SELECT 1 FROM tube t WHERE key = $2 AND (holder IS NOT NULL OR EXISTS \
                    (SELECT 1 FROM blind_index b WHERE b.kind = $1 AND b.digest = t.document))";
        let row = params![IndexKind::Document.as_str(), key];
        Ok(self.finds("blind_index", document, row.clone()).await?
            || self.finds("tube", tube, row).await?)
    }

    pub(super) async fn bind_tube(&self, t: &Tube) -> Result<()> {
        let (document, holder) = owner_columns(t.owner);
        let text = "INSERT INTO tube (key, agency, document, holder, bound_by, staff, bound_at) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let row = params![
            t.key,
            t.agency.as_i64(),
            document,
            holder,
            t.bound_by.as_i64(),
            t.staff.map(StaffId::as_i64),
            t.bound_at.as_secs(),
        ];
        self.touch("tube", text, row).await?;
        let kept = "SELECT 1 FROM kept_record WHERE document = $1";
        if self.leads(t.key).await? && self.finds("kept_record", kept, [t.key]).await? {
            return Err(conflict("tube", Precondition::Leads));
        }
        Ok(())
    }

    pub(super) async fn unbind_tube(&self, t: &Tube) -> Result<()> {
        let (document, holder) = owner_columns(t.owner);
        let text = "DELETE FROM tube WHERE key = $1 AND document IS NOT DISTINCT FROM $2 \
                    AND holder IS NOT DISTINCT FROM $3 AND bound_at = $4";
        let row = params![t.key, document, holder, t.bound_at.as_secs()];
        match self.run("tube", text, row).await? {
            0 => Err(conflict("tube", Precondition::Stands)),
            _ => Ok(()),
        }
    }

    pub(super) async fn expect_tube(&self, key: [u8; 16], owner: TubeOwner) -> Result<()> {
        let (document, holder) = owner_columns(owner);
        let text = "SELECT 1 FROM tube WHERE key = $1 AND document IS NOT DISTINCT FROM $2 \
                    AND holder IS NOT DISTINCT FROM $3 FOR SHARE";
        if self.finds("tube", text, params![key, document, holder]).await? {
            return Ok(());
        }
        Err(conflict("tube", Precondition::Leads))
    }

    pub(super) async fn expect_kept(&self, document: [u8; 16], pieces: u32) -> Result<()> {
        let text = "SELECT 1 WHERE (SELECT count(*) FROM kept_record WHERE document = $1) = $2";
        if self.finds("kept_record", text, params![document, pieces]).await? {
            return Ok(());
        }
        Err(conflict("kept_record", Precondition::EvidenceVersion))
    }

    pub(super) async fn withdraw_kept(&self, id: EvidenceId, at: Timestamp) -> Result<()> {
        let text =
            "UPDATE kept_record SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at IS NULL";
        let there = ("SELECT 1 FROM kept_record WHERE id = $1", &[id.as_i64()][..]);
        self.touch_standing("kept_record", text, [id.as_i64(), at.as_secs()], there).await
    }

    pub(super) async fn take_kept(&self, id: EvidenceId) -> Result<()> {
        self.touch("kept_record", "DELETE FROM kept_record WHERE id = $1", [id.as_i64()]).await
    }

    pub(super) async fn add_import(&self, r: &ImportRun) -> Result<()> {
        let text = "INSERT INTO import_run (id, kind, agency, staff, started_at, digest, \
                    ended_at, taken, unchanged, rejected, waiting, withdrawn_at) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let counts = r.ended.map(|(_, c)| c).unwrap_or_default();
        let row = params![
            r.id.as_i64(),
            r.kind.as_str(),
            r.agency.map(AgencyId::as_i64),
            r.staff.map(StaffId::as_i64),
            r.started_at.as_secs(),
            r.digest,
            secs(r.ended.map(|(at, _)| at)),
            column("import_run", counts.taken)?,
            column("import_run", counts.unchanged)?,
            column("import_run", counts.rejected)?,
            column("import_run", counts.waiting)?,
            secs(r.withdrawn_at),
        ];
        self.touch("import_run", text, row).await
    }

    pub(super) async fn end_import(
        &self,
        id: ImportId,
        at: Timestamp,
        c: &ImportCounts,
    ) -> Result<()> {
        let text = "UPDATE import_run SET ended_at = $2, taken = $3, unchanged = $4, \
                    rejected = $5, waiting = $6 WHERE id = $1 AND ended_at IS NULL";
        let row = params![
            id.as_i64(),
            at.as_secs(),
            column("import_run", c.taken)?,
            column("import_run", c.unchanged)?,
            column("import_run", c.rejected)?,
            column("import_run", c.waiting)?,
        ];
        self.touch("import_run", text, row).await
    }

    pub(super) async fn withdraw_import(&self, id: ImportId, at: Timestamp) -> Result<()> {
        let text = "UPDATE import_run SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at IS NULL";
        self.touch("import_run", text, [id.as_i64(), at.as_secs()]).await
    }

    pub(super) async fn add_withdrawal(&self, w: &Withdrawal) -> Result<()> {
        let text = "INSERT INTO withdrawal (record, id, at, agency, staff, reason) \
                    VALUES ($1, $2, $3, $4, $5, $6)";
        let row = params![
            w.record.as_str(),
            w.id,
            w.at.as_secs(),
            w.agency.as_i64(),
            w.staff.map(StaffId::as_i64),
            w.reason.as_str(),
        ];
        self.touch("withdrawal", text, row).await
    }

    pub(super) async fn expect_not_withdrawn(&self, record: RecordKind, id: i64) -> Result<()> {
        let text = "SELECT 1 FROM withdrawal WHERE record = $1 AND id = $2";
        if self.finds("withdrawal", text, params![record.as_str(), id]).await? {
            return Err(conflict("withdrawal", Precondition::NotWithdrawn { record }));
        }
        Ok(())
    }

    pub(super) async fn add_waiting(&self, w: &Waiting) -> Result<()> {
        let text = "INSERT INTO waiting (id, kind, agency, agency_kind, weighs_on, staff, region, \
                    import, trace_id, pieces, made_at, expires_at, state, decided_at, decided_by, \
                    decided_agency) VALUES \
                    ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
        let by = w.decision.and_then(|d| d.by);
        let row = params![
            w.id.as_i64(),
            w.kind.as_str(),
            w.agency.as_i64(),
            w.agency_kind.as_str(),
            w.weighs_on.as_i64(),
            w.staff.map(StaffId::as_i64),
            w.region.as_str(),
            w.import.map(ImportId::as_i64),
            w.trace.map(TraceId::as_i64),
            column("waiting", w.count)?,
            w.made_at.as_secs(),
            w.expires_at.as_secs(),
            w.state.as_str(),
            secs(w.decision.map(|d| d.at)),
            by.map(|(staff, _)| staff.as_i64()),
            by.map(|(_, agency)| agency.as_i64()),
        ];
        self.touch("waiting", text, row).await
    }

    pub(super) async fn add_waiting_piece(&self, p: &WaitingPiece) -> Result<()> {
        let waits = "SELECT 1 FROM waiting WHERE id = $1 AND state = 'waiting' FOR SHARE";
        if !self.finds("waiting", waits, [p.waiting.as_i64()]).await? {
            return Err(conflict("waiting", Precondition::Exists));
        }
        let text = "INSERT INTO waiting_piece (waiting, number, holder, body, sample, \
                    external_key) VALUES ($1, $2, $3, $4, $5, $6)";
        let row = params![
            p.waiting.as_i64(),
            p.number,
            p.holder.map(HolderId::as_i64),
            p.body,
            p.sample,
            p.external_key
        ];
        self.touch("waiting_piece", text, row).await
    }

    pub(super) async fn decide_waiting(
        &self,
        id: WaitingId,
        state: WaitingState,
        d: &WaitingDecision,
    ) -> Result<()> {
        if state == WaitingState::Waiting {
            let why = "a decision that decides nothing".to_owned();
            return Err(StoreError::Invalid { table: "waiting", why });
        }
        let text = "UPDATE waiting SET state = $2, decided_at = $3, decided_by = $4, \
                    decided_agency = $5 WHERE id = $1 AND state = 'waiting'";
        let row = params![
            id.as_i64(),
            state.as_str(),
            d.at.as_secs(),
            d.by.map(|(staff, _)| staff.as_i64()),
            d.by.map(|(_, agency)| agency.as_i64()),
        ];
        self.touch("waiting", text, row).await?;
        if state != WaitingState::Confirmed {
            let text = "DELETE FROM waiting_piece WHERE waiting = $1";
            self.run("waiting_piece", text, [id.as_i64()]).await?;
        }
        Ok(())
    }

    pub(super) async fn take_waiting_piece(&self, waiting: WaitingId, number: u32) -> Result<()> {
        let text = "DELETE FROM waiting_piece WHERE waiting = $1 AND number = $2 AND EXISTS \
                    (SELECT 1 FROM waiting w WHERE w.id = $1 AND w.state = 'confirmed')";
        self.touch("waiting_piece", text, params![waiting.as_i64(), number]).await
    }
}

/// A count as its column.
fn column(table: &'static str, n: u64) -> Result<i64> {
    i64::try_from(n)
        .map_err(|_| StoreError::Invalid { table, why: "a count is too large".to_owned() })
}

/// The two columns of whose tube it is; one is empty.
fn owner_columns(owner: TubeOwner) -> (Option<[u8; 16]>, Option<i64>) {
    match owner {
        TubeOwner::Document(document) => (Some(document), None),
        TubeOwner::Holder(holder) => (None, Some(holder.as_i64())),
    }
}
