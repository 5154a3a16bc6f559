//! The traits every backend implements: one port in four parts, by what is asked about.

mod accounts;
mod counts;
mod records;

pub use accounts::AccountStore;
pub use counts::CountStore;
pub use records::RecordStore;

use async_trait::async_trait;
use jadegate_domain::id::{IdentityRequestId, ProposalId};
use jadegate_domain::{
    Access, Gate, GateId, HolderId, Period, Place, PlaceId, Scan, ScanId, StaffId, Timestamp, Trip,
    Visit,
};

use crate::aside::{Listed, Unreadable};
use crate::changes::{Changes, Position, Reading};
use crate::error::StoreError;
use crate::identity::{IdentityCount, IdentityRequest};
use crate::latest::{Latest, Page};
use crate::mandate::{Forgotten, MandateStep};
use crate::opening::Parts;
use crate::policies::{
    PolicyVersion, Recolouring, RegionRisks, Standing, StoredColour, StoredProposal,
};
use crate::rows::{LogLeaf, Looked, PendingLeaves, SessionSubject, StoredRide, VisitMarks};
use crate::servers::StoredJob;
use crate::units::{Receipt, Unit};

type Result<T> = std::result::Result<T, StoreError>;

/// What a database can be asked and told. The contract is in the crate's documentation.
#[async_trait]
pub trait Store: AccountStore + RecordStore + CountStore {
    /// Applies a unit whole or not at all; durable on return. Says which of its writes told nothing
    /// new.
    async fn commit_for_receipt(&self, unit: Unit) -> Result<Receipt>;

    /// The same for a unit whose writes all tell something new, or whose caller need not know.
    async fn commit(&self, unit: Unit) -> Result<()> {
        self.commit_for_receipt(unit).await.map(drop)
    }

    /// Answers if reading and writing work (for readiness): something is read, and something is
    /// written that takes room on the disk.
    async fn ping(&self) -> Result<()>;

    /// What is wrong with the backend's own files, without what they hold; empty if nothing is.
    /// Reads all of them, which takes minutes, and keeps nobody waiting for long.
    async fn check(&self) -> Result<Vec<String>>;

    /// Writes a consistent copy of the whole database to a new file or directory that only its
    /// owner can read; one that is there already is never overwritten.
    async fn backup(&self, to: &std::path::Path) -> Result<()>;

    /// The rows that reads since the start found unreadable, each once.
    fn unreadable(&self) -> Unreadable;

    // What changed

    /// The position of the last change. Quick: it is asked again and again.
    async fn position(&self) -> Result<Position>;
    /// A page of what changed since a position: at most `most` (1..=100,000) changes. A row that cannot be read is left out and set aside.
    async fn changes_since(&self, reading: Reading, most: u32) -> Result<Changes>;
    /// What a holder's code rests on, as bytes ([`Contents`](crate::Contents)) that differ whenever some of it does:
    /// the session's end and the day it was used last, the holder, the key of their vault, their name as
    /// it is sealed, whether they have a document, and the stored assessment, each as it is stored. Only
    /// to be compared with what the same store told before. `None`: no session of a holder at `now`.
    ///
    /// It is asked at each opening of a code, so a backend reads it at once and from one snapshot.
    async fn opening(&self, token_digest: [u8; 32], now: Timestamp) -> Result<Option<Vec<u8>>> {
        // A reading for each part: a change between two of them is seen by the next call.
        let Some(session) = self.session(token_digest, now).await? else { return Ok(None) };
        let SessionSubject::Holder(id) = session.subject else { return Ok(None) };
        let parts = Parts {
            session,
            holder: self.holder(id).await?,
            key: self.vault_key(id).await?,
            fields: self.sealed_fields(id).await?,
            assessment: self.assessment(id).await?,
        };
        parts.contents().map(Some)
    }

    // Places, gates, visits, scans

    /// A place.
    async fn place(&self, id: PlaceId) -> Result<Option<Place>>;
    /// Places by id.
    async fn places(&self, page: Page<PlaceId>) -> Result<Vec<Place>>;
    /// What is known of the trip that a place is.
    async fn trip(&self, place: PlaceId) -> Result<Option<Trip>>;
    /// A gate.
    async fn gate(&self, id: GateId) -> Result<Option<Gate>>;
    /// The gates of a place by id.
    async fn gates(&self, place: PlaceId) -> Result<Vec<Gate>>;
    /// The UTC days (since the epoch) that hold visits, or held some that were taken back, ascending.
    async fn visit_days(&self) -> Result<Vec<i64>>;
    /// A mark for each day that holds visits, changed in the same transaction as the visits, with
    /// the store's id and what was dropped; all from one snapshot.
    async fn visit_marks(&self) -> Result<VisitMarks>;
    /// All visits of one UTC day, in no stated order.
    async fn visits_on(&self, utc_day: i64) -> Result<Vec<Visit>>;
    /// All rides of one UTC day, in no stated order.
    async fn rides_on(&self, utc_day: i64) -> Result<Vec<StoredRide>>;
    /// The scan that a gate made at a moment under an id.
    async fn scan(&self, at: Timestamp, gate: GateId, id: ScanId) -> Result<Option<Scan>>;
    /// All scans of one UTC day, by the moment of the scan, then gate and id. (Not by the order of writing:
    /// many machines have none.)
    async fn scans_on(&self, utc_day: i64) -> Result<Vec<Scan>>;
    /// Drops all visits, rides and scans of days before this one, leaving no readable copy. Returns
    /// how many visits and scans went. A visit written for such a day afterwards makes the day anew.
    async fn drop_days_before(&self, utc_day: i64) -> Result<(u64, u64)>;
    // Jobs of several servers

    /// A job, over or not; one that has expired, too, until it is purged.
    async fn job(&self, id: i64) -> Result<Option<StoredJob>>;
    /// The jobs of a kind that somebody (`None`: anybody) asked for and that have not expired, newest first.
    async fn jobs_of(
        &self,
        staff: Option<StaffId>,
        kind: &str,
        now: Timestamp,
    ) -> Result<Listed<StoredJob>>;
    /// A part of a job's result.
    async fn job_part(&self, job: i64, number: u32) -> Result<Option<Vec<u8>>>;

    /// Removes sessions, challenges (with their messages), codes, codes on paper, decided appeals and what goes with them, answered alarms, activity of more than nine weeks before, jobs with their results, used nonces and invitations, used
    /// or not, that expired at or before this moment, and counts whose window had passed by then, leaving no
    /// readable copy. Returns how many rows went.
    async fn purge_expired(&self, until: Timestamp) -> Result<u64>;

    /// Removes everything about people but what is kept by day ([`ABOUT_PEOPLE`](crate::ABOUT_PEOPLE)), leaving
    /// no readable copy: the mandate is over. Says how much that was.
    async fn forget_people(&self) -> Result<Forgotten>;
    /// A holder with the colour that is stored of them: what a gate asks at each scan, so a backend reads it at once,
    /// from one snapshot. A row of which the rest cannot be read has a colour here if its own columns agree on it.
    async fn standing(&self, holder: HolderId) -> Result<Option<Standing>> {
        let assessed = self.assessment(holder).await?.map(StoredColour::from);
        Ok(self.holder(holder).await?.map(|holder| Standing { holder, assessed }))
    }

    // Regions

    /// The regions' version (0 at first) and every risk level that was in force at or after
    /// `since`, from one snapshot.
    async fn region_risks(&self, since: Timestamp) -> Result<RegionRisks>;

    // The mandate, and identity requests

    /// All steps of the mandates, newest first; one that cannot be read is an error, for what holds follows
    /// from all of them.
    async fn mandate_steps(&self) -> Result<Vec<MandateStep>>;
    /// An identity request.
    async fn identity_request(&self, id: IdentityRequestId) -> Result<Option<IdentityRequest>>;
    /// Identity requests of whatever state, newest first.
    async fn identity_requests(&self, latest: Latest) -> Result<Vec<IdentityRequest>>;
    /// Those that wait or are approved, also where their time is over, oldest first.
    async fn open_identity_requests(&self, limit: u32) -> Result<Vec<IdentityRequest>>;
    /// Those about a holder, newest first.
    async fn identity_requests_about(
        &self,
        holder: HolderId,
        limit: u32,
    ) -> Result<Vec<IdentityRequest>>;
    /// How many were made within a time, of each kind of agency, outcome and refusal.
    async fn identity_counts(&self, asked: Period) -> Result<Vec<IdentityCount>>;

    // Policies

    /// The policy in force: the newest published one.
    async fn policy_in_force(&self) -> Result<Option<PolicyVersion>>;
    /// The newest published version whose file has this digest.
    async fn policy_version(&self, digest: &str) -> Result<Option<PolicyVersion>>;
    /// Published policies, newest first.
    async fn policy_versions(&self, limit: u32) -> Result<Vec<PolicyVersion>>;
    /// A proposal.
    async fn proposal(&self, id: ProposalId) -> Result<Option<StoredProposal>>;
    /// Proposals that have ended, the one made last first.
    async fn ended_proposals(&self, latest: Latest) -> Result<Vec<StoredProposal>>;
    /// Proposals made at or after a moment that were applied without a second officer, by id.
    async fn proposals_applied_alone(
        &self,
        since: Timestamp,
        page: Page<ProposalId>,
    ) -> Result<Vec<StoredProposal>>;
    /// Proposals that wait, by id.
    async fn waiting_proposals(&self, page: Page<ProposalId>) -> Result<Vec<StoredProposal>>;
    /// The proposal of the change with this digest that waits.
    async fn waiting_proposal(&self, change_digest: [u8; 32]) -> Result<Option<ProposalId>>;
    /// Runs of recolouring, newest first.
    async fn recolourings(&self, limit: u32) -> Result<Vec<Recolouring>>;

    // Looking back

    /// Who looked at a person's data, of all their records, newest first.
    async fn accesses_of(&self, holder: HolderId, latest: Latest) -> Result<Vec<Access>>;
    /// Which of these holders a member of staff has looked at already, as `look` says, at or after
    /// its moment; in the order asked for.
    async fn looked_at(&self, look: &Looked, holders: &[HolderId]) -> Result<Vec<HolderId>>;
    /// How many leaves the public log has: those with a number.
    async fn log_size(&self) -> Result<u64>;
    /// Leaves with a number, from an index on, in order.
    async fn log_leaves(&self, from: u64, limit: u32) -> Result<Vec<LogLeaf>>;
    /// The leaves that wait for a number, from one snapshot; the first `limit` of them are listed.
    async fn pending_leaves(&self, limit: u32) -> Result<PendingLeaves>;
    /// The leaves with a number that hold this commitment (its base64 text, after `"commitment":"`),
    /// in order: what was recorded and, later, withdrawn.
    async fn leaves_of_commitment(&self, commitment: &str) -> Result<Vec<LogLeaf>>;
    /// A setting of the deployment.
    async fn setting(&self, name: &str) -> Result<Option<String>>;
}
