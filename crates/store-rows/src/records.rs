//! Who recorded what, files as records, withdrawals, and what waits.

use jadegate_domain::id::{ImportId, WaitingId};
use jadegate_domain::{AgencyId, EvidenceId, HolderId, PlaceId, StaffId, TraceId};
use jadegate_store::{
    Authorship, ImportCounts, ImportRun, KeptRecord, Tube, TubeOwner, Waiting, WaitingDecision,
    WaitingPiece, Withdrawal,
};

use crate::at::{At, Result};
use crate::stored::rows;

rows! {
    AuthorshipRow => Authorship, in "authorship" by "id" {
        record: String, agency: i64, staff: Option<i64>, import: Option<i64>,
        sample: Option<String>, recorded_at: i64, by_document: i64, by_tube: i64,
        moved_from: Option<i64>, trip: Option<i64>,
    }
    KeptRow => KeptRecord, in "kept_record" by "id" {
        document: Vec<u8>, body: String, moved_from: Option<i64>, agency: i64,
        staff: Option<i64>, import: Option<i64>, sample: Option<String>, kept_at: i64,
        supersedes: Option<i64>, withdrawn_at: Option<i64>, tube: i64,
    }
    TubeRow => Tube, in "tube" by "id" {
        key: Vec<u8>, agency: i64, document: Option<Vec<u8>>, holder: Option<i64>, bound_by: i64,
        staff: Option<i64>, bound_at: i64,
    }
    ImportRow => ImportRun, in "import_run" by "id" {
        kind: String, agency: Option<i64>, staff: Option<i64>, started_at: i64, digest: Vec<u8>,
        ended_at: Option<i64>, taken: i64, unchanged: i64, rejected: i64, waiting: i64,
        withdrawn_at: Option<i64>,
    }
    WithdrawalRow => Withdrawal, in "withdrawal" by "id" {
        record: String, at: i64, agency: i64, staff: Option<i64>, reason: String,
    }
    WaitingRow => Waiting, in "waiting" by "id" {
        kind: String, agency: i64, agency_kind: String, weighs_on: i64, staff: Option<i64>,
        region: String, import: Option<i64>, trace_id: Option<i64>, pieces: i64, made_at: i64,
        expires_at: i64, state: String, decided_at: Option<i64>, decided_by: Option<i64>,
        decided_agency: Option<i64>,
    }
    PieceRow => WaitingPiece, in "waiting_piece" by "waiting" {
        number: i64, holder: Option<i64>, body: String, sample: Option<String>,
        external_key: Option<Vec<u8>>,
    }
}

impl AuthorshipRow {
    fn check(self, at: At) -> Result<Authorship> {
        Ok(Authorship {
            record: at.name("record", &self.record)?,
            id: self.row,
            agency: at.id("agency", self.agency, AgencyId::from_i64)?,
            staff: at.opt_id("staff", self.staff, StaffId::from_i64)?,
            import: at.opt_id("import", self.import, ImportId::from_i64)?,
            sample: self.sample,
            by_document: self.by_document != 0,
            by_tube: self.by_tube != 0,
            moved_from: at.opt_id("moved_from", self.moved_from, EvidenceId::from_i64)?,
            at: at.time("recorded_at", self.recorded_at)?,
            trip: at.opt_id("trip", self.trip, PlaceId::from_i64)?,
        })
    }
}

impl KeptRow {
    fn check(self, at: At) -> Result<KeptRecord> {
        Ok(KeptRecord {
            id: at.id("id", self.row, EvidenceId::from_i64)?,
            document: at.bytes("document", &self.document)?,
            tube: self.tube != 0,
            body: self.body,
            moved_from: at.opt_id("moved_from", self.moved_from, EvidenceId::from_i64)?,
            agency: at.id("agency", self.agency, AgencyId::from_i64)?,
            staff: at.opt_id("staff", self.staff, StaffId::from_i64)?,
            import: at.opt_id("import", self.import, ImportId::from_i64)?,
            sample: self.sample,
            kept_at: at.time("kept_at", self.kept_at)?,
            supersedes: at.opt_id("supersedes", self.supersedes, EvidenceId::from_i64)?,
            withdrawn_at: at.opt_time("withdrawn_at", self.withdrawn_at)?,
        })
    }
}

impl TubeRow {
    fn check(self, at: At) -> Result<Tube> {
        let document = self.document.map(|d| at.bytes("document", &d)).transpose()?;
        let holder = at.opt_id("holder", self.holder, HolderId::from_i64)?;
        let owner = document.map(TubeOwner::Document).or(holder.map(TubeOwner::Holder));
        Ok(Tube {
            key: at.bytes("key", &self.key)?,
            agency: at.id("agency", self.agency, AgencyId::from_i64)?,
            owner: owner.ok_or_else(|| at.bad("holder", "a tube of nobody"))?,
            bound_by: at.id("bound_by", self.bound_by, AgencyId::from_i64)?,
            staff: at.opt_id("staff", self.staff, StaffId::from_i64)?,
            bound_at: at.time("bound_at", self.bound_at)?,
        })
    }
}

impl ImportRow {
    fn check(self, at: At) -> Result<ImportRun> {
        let count = |column, n| u64::try_from(n).map_err(|_| at.bad(column, "not a count"));
        let counts = ImportCounts {
            taken: count("taken", self.taken)?,
            unchanged: count("unchanged", self.unchanged)?,
            rejected: count("rejected", self.rejected)?,
            waiting: count("waiting", self.waiting)?,
        };
        Ok(ImportRun {
            id: at.id("id", self.row, ImportId::from_i64)?,
            kind: at.name("kind", &self.kind)?,
            agency: at.opt_id("agency", self.agency, AgencyId::from_i64)?,
            staff: at.opt_id("staff", self.staff, StaffId::from_i64)?,
            started_at: at.time("started_at", self.started_at)?,
            digest: at.bytes("digest", &self.digest)?,
            ended: at.opt_time("ended_at", self.ended_at)?.map(|t| (t, counts)),
            withdrawn_at: at.opt_time("withdrawn_at", self.withdrawn_at)?,
        })
    }
}

impl WithdrawalRow {
    fn check(self, at: At) -> Result<Withdrawal> {
        Ok(Withdrawal {
            record: at.name("record", &self.record)?,
            id: self.row,
            at: at.time("at", self.at)?,
            agency: at.id("agency", self.agency, AgencyId::from_i64)?,
            staff: at.opt_id("staff", self.staff, StaffId::from_i64)?,
            reason: at.name("reason", &self.reason)?,
        })
    }
}

impl WaitingRow {
    fn check(self, at: At) -> Result<Waiting> {
        let by = at.opt_id("decided_by", self.decided_by, StaffId::from_i64)?.zip(at.opt_id(
            "decided_agency",
            self.decided_agency,
            AgencyId::from_i64,
        )?);
        let decided = at.opt_time("decided_at", self.decided_at)?;
        Ok(Waiting {
            id: at.id("id", self.row, WaitingId::from_i64)?,
            kind: at.name("kind", &self.kind)?,
            agency: at.id("agency", self.agency, AgencyId::from_i64)?,
            agency_kind: at.name("agency_kind", &self.agency_kind)?,
            weighs_on: at.id("weighs_on", self.weighs_on, AgencyId::from_i64)?,
            staff: at.opt_id("staff", self.staff, StaffId::from_i64)?,
            region: at.name("region", &self.region)?,
            import: at.opt_id("import", self.import, ImportId::from_i64)?,
            trace: at.opt_id("trace_id", self.trace_id, TraceId::from_i64)?,
            count: u64::try_from(self.pieces).map_err(|_| at.bad("pieces", "not a count"))?,
            made_at: at.time("made_at", self.made_at)?,
            expires_at: at.time("expires_at", self.expires_at)?,
            state: at.name("state", &self.state)?,
            decision: decided.map(|at| WaitingDecision { at, by }),
        })
    }
}

impl PieceRow {
    fn check(self, at: At) -> Result<WaitingPiece> {
        let key = self.external_key.map(|k| at.bytes("external_key", &k)).transpose()?;
        Ok(WaitingPiece {
            waiting: at.id("waiting", self.row, WaitingId::from_i64)?,
            number: at.count("number", self.number)?,
            holder: at.opt_id("holder", self.holder, HolderId::from_i64)?,
            body: self.body,
            sample: self.sample,
            external_key: key,
        })
    }
}
