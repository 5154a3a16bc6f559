//! What a database is asked about who people and staff are and how they sign in.

use async_trait::async_trait;
use jadegate_domain::agency::Agency;
use jadegate_domain::id::{ChallengeId, ChangeId, CorrectionId};
use jadegate_domain::{
    Activity, AgencyId, AlarmId, AlarmKind, AppealId, AssignmentId, Division, Holder, HolderId,
    PaperId, Staff, StaffId, Timestamp,
};

use crate::alarms::{Actor, Alarm, AlarmCount, Busy, LookedAtByMany, Protected};
use crate::appeals::{Appeal, AppealFile, RuleReview};
use crate::assignments::Assignment;
use crate::error::StoreError;
use crate::latest::{Latest, Page};
use crate::papers::{Paper, PaperPlaces, PaperStanding};
use crate::rows::{
    AccountChange, Challenge, Correction, CredentialRow, IndexKind, Invitation, OutboxMessage,
    PhoneCode, Proxy, RecordLink, SealedField, Session, SessionSubject, SplitPiece, VaultKey,
};

type Result<T> = std::result::Result<T, StoreError>;

/// What a database can be asked about people's and staff's accounts. Part of [`Store`](crate::Store).
#[async_trait]
pub trait AccountStore: Send + Sync + 'static {
    // Holders and the vault

    /// A holder.
    async fn holder(&self, id: HolderId) -> Result<Option<Holder>>;
    /// The one holder to whom a blind index entry leads; `None` if it leads to nobody, or (a phone) to
    /// several.
    async fn indexed_holder(&self, kind: IndexKind, digest: [u8; 16]) -> Result<Option<HolderId>> {
        let all = self.indexed_holders(kind, digest).await?;
        Ok(all.first().copied().filter(|_| all.len() == 1))
    }
    /// Everybody to whom a blind index entry leads, by id: of a document one at most. Of somebody whose
    /// records are joined it is the main record, whichever of them the entry was made for.
    async fn indexed_holders(&self, kind: IndexKind, digest: [u8; 16]) -> Result<Vec<HolderId>>;
    /// The links of a record: its own, and those that others have with it or with its main record; by
    /// record.
    async fn links_of(&self, holder: HolderId) -> Result<Vec<RecordLink>>;
    /// All records that are joined, each with its main record; by record.
    async fn joined_records(&self) -> Result<Vec<(HolderId, HolderId)>>;
    /// The links of all records that were made when one turned out to be two people's, by record.
    async fn split_records(&self) -> Result<Vec<RecordLink>>;
    /// The pieces that such a record shares with its main one, in the order of their ids.
    async fn split_pieces(&self, record: HolderId) -> Result<Vec<SplitPiece>>;
    /// For whom somebody may act, in the order in which they were added.
    async fn people_of(&self, carer: HolderId) -> Result<Vec<Proxy>>;
    /// Who may act for somebody, in the order in which they were added.
    async fn carers_of(&self, person: HolderId) -> Result<Vec<Proxy>>;
    /// May the carer act for the person?
    async fn proxy(&self, person: HolderId, carer: HolderId) -> Result<Option<Proxy>>;
    /// Changes of how a person is known, of all their records, newest first.
    async fn account_changes(&self, holder: HolderId, limit: u32) -> Result<Vec<AccountChange>>;
    /// One of them.
    async fn account_change(&self, id: ChangeId) -> Result<Option<AccountChange>>;
    /// The wrapped data key; `None` after shredding.
    async fn vault_key(&self, holder: HolderId) -> Result<Option<VaultKey>>;
    /// The newest version of each sealed field, ordered by column.
    async fn sealed_fields(&self, holder: HolderId) -> Result<Vec<SealedField>>;
    /// All holders in the order of their ids.
    async fn holders(&self, page: Page<HolderId>) -> Result<Vec<Holder>>;

    // Codes on paper

    /// A code on paper, ended or not.
    async fn paper(&self, id: PaperId) -> Result<Option<Paper>>;
    /// The one paper of a holder that has not ended; its term may be over.
    async fn paper_of(&self, holder: HolderId) -> Result<Option<Paper>>;
    /// How many papers there are, ended ones too, and the highest place that one of them has.
    async fn paper_places(&self) -> Result<PaperPlaces>;
    /// Papers by id, ended ones too, with what is known of their holders; each page from one snapshot.
    /// A paper that cannot be read is an error, not a row left out: a list that lacks one would say of
    /// its place what is said of places that nobody has. An assessment that cannot be read is `None`.
    async fn papers(&self, page: Page<PaperId>) -> Result<Vec<PaperStanding>>;

    // Appeals

    /// An appeal.
    async fn appeal(&self, id: AppealId) -> Result<Option<Appeal>>;
    /// What goes with it.
    async fn appeal_file(&self, id: AppealId) -> Result<Option<AppealFile>>;
    /// The appeals of a person, of all their records, newest first.
    async fn appeals_of(&self, holder: HolderId, limit: u32) -> Result<Vec<Appeal>>;
    /// Open appeals of people who lived in the division (`Division::contains`), those that are due
    /// first come first.
    async fn open_appeals(&self, region: &Division, limit: u32) -> Result<Vec<Appeal>>;
    /// Open appeals that nobody decided in time and of which that is not said yet, and those of which
    /// the contested piece no longer counts; those that are due first come first.
    async fn appeals_to_tend(&self, now: Timestamp, limit: u32) -> Result<Vec<Appeal>>;
    /// Appeals lodged at or after a moment, by moment and id: those after the given one.
    async fn appeals_since(
        &self,
        since: Timestamp,
        after: Option<(Timestamp, AppealId)>,
        limit: u32,
    ) -> Result<Vec<Appeal>>;
    /// Rules that somebody has to look at, the one asked for last first.
    async fn rule_reviews(&self, limit: u32) -> Result<Vec<RuleReview>>;

    // Alarms

    /// An alarm.
    async fn alarm(&self, id: AlarmId) -> Result<Option<Alarm>>;
    /// The newest alarm of a kind about a subject, open or answered.
    async fn latest_alarm(&self, kind: AlarmKind, subject: [u8; 16]) -> Result<Option<Alarm>>;
    /// Alarms that nobody answered yet, oldest first.
    async fn open_alarms(&self, limit: u32) -> Result<Vec<Alarm>>;
    /// Answered alarms, the one raised last first.
    async fn answered_alarms(&self, latest: Latest) -> Result<Vec<Alarm>>;
    /// How many alarms raised at or after a moment there are, by kind and answer.
    async fn alarm_counts(&self, since: Timestamp) -> Result<Vec<AlarmCount>>;
    /// Does an open alarm hold what this actor records ([`AlarmWrite::ExpectFree`](crate::AlarmWrite))?
    async fn alarm_holds(&self, actor: Actor) -> Result<bool>;
    /// Who did so much after an hour: agencies (all their staff together) that did at least the first
    /// number, and members of staff who did at least the second; by agency, then staff.
    async fn busy(&self, what: Activity, after_hour: i64, least: (u64, u64)) -> Result<Vec<Busy>>;
    /// What an actor did after an hour, by hour.
    async fn activity_of(
        &self,
        what: Activity,
        actor: Actor,
        after_hour: i64,
    ) -> Result<Vec<(i64, u64)>>;
    /// At whom at least so many members of staff looked one by one since a moment, by holder; looks of
    /// these kinds count.
    async fn looked_at_by_many(
        &self,
        since: Timestamp,
        whats: &[&'static str],
        least: u32,
    ) -> Result<Vec<LookedAtByMany>>;
    /// The list of protected people, by number.
    async fn protected_people(&self) -> Result<Vec<Protected>>;
    // Assignments

    /// An assignment that is not over at `now`.
    async fn assignment(&self, id: AssignmentId, now: Timestamp) -> Result<Option<Assignment>>;
    /// Whom a worker accompanies at `now`, by moment and id.
    async fn accompanied_by(&self, worker: StaffId, now: Timestamp) -> Result<Vec<Assignment>>;
    /// All assignments that are not over at `now`, by moment and id: those after the given one.
    async fn assignments(
        &self,
        now: Timestamp,
        after: Option<(Timestamp, AssignmentId)>,
        limit: u32,
    ) -> Result<Vec<Assignment>>;

    // One-time codes, messages, sessions

    /// A challenge.
    async fn challenge(&self, id: ChallengeId) -> Result<Option<Challenge>>;
    /// Challenges of which it is not known yet where they lead, and that have not expired at `now`,
    /// oldest first.
    async fn unrouted_challenges(&self, now: Timestamp, limit: u32) -> Result<Vec<Challenge>>;
    /// The codes of a lane that are unused and have not expired at `now`, newest first. One that
    /// cannot be read opens nothing; the others do.
    async fn phone_codes(&self, lane: [u8; 16], now: Timestamp) -> Result<Vec<PhoneCode>>;
    /// How much was counted of a class and key after a moment (`at - window_seconds` is what
    /// [`Write::CountWithin`](crate::Write::CountWithin) looks at).
    async fn counted(&self, class: &str, key: [u8; 16], after: Timestamp) -> Result<u64>;
    /// Messages that wait and are due at `now`, oldest first.
    async fn due_messages(&self, now: Timestamp, limit: u32) -> Result<Vec<OutboxMessage>>;
    /// The newest messages of any state, newest first (development outbox).
    async fn newest_messages(&self, limit: u32) -> Result<Vec<OutboxMessage>>;
    /// A session that has not ended and not expired at `now`; it works while `now < expires_at`.
    async fn session(&self, token_digest: [u8; 32], now: Timestamp) -> Result<Option<Session>>;
    /// A subject's sessions that have not expired at `now`, newest first.
    async fn sessions_of(&self, subject: SessionSubject, now: Timestamp) -> Result<Vec<Session>>;
    /// A correction.
    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>>;
    /// Corrections that wait and have not expired at `now`, oldest first, however many they are, whose
    /// first officer acts in the division or in one around it.
    async fn waiting_corrections(&self, near: &Division, now: Timestamp)
    -> Result<Vec<Correction>>;
    /// The others of those, made at or after a moment, newest first.
    async fn ended_corrections(
        &self,
        near: &Division,
        since: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Correction>>;
    /// Confirmed corrections made at or after a moment, by id.
    async fn confirmed_corrections(
        &self,
        since: Timestamp,
        page: Page<CorrectionId>,
    ) -> Result<Vec<Correction>>;

    // Staff and agencies

    /// An agency.
    async fn agency(&self, id: AgencyId) -> Result<Option<Agency>>;
    /// All agencies by id.
    async fn agencies(&self) -> Result<Vec<Agency>>;
    /// A member of staff, disabled ones too.
    async fn staff(&self, id: StaffId) -> Result<Option<Staff>>;
    /// All staff by id.
    async fn all_staff(&self) -> Result<Vec<Staff>>;
    /// The passkeys of a member of staff, oldest first.
    async fn credentials(&self, staff: StaffId) -> Result<Vec<CredentialRow>>;
    /// The passkey with this credential id.
    async fn credential(&self, credential_id: &[u8]) -> Result<Option<CredentialRow>>;
    /// An invitation by its token's digest, used and expired ones too.
    async fn invitation(&self, token_digest: [u8; 32]) -> Result<Option<Invitation>>;
}
