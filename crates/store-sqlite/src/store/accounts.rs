//! The port: who people and staff are.

use async_trait::async_trait;
use jadegate_domain::agency::Agency;
use jadegate_domain::id::{ChallengeId, ChangeId, CorrectionId};
use jadegate_domain::{
    Activity, AgencyId, AlarmId, AlarmKind, AppealId, AssignmentId, Division, Holder, HolderId,
    PaperId, Staff, StaffId, Timestamp,
};
use jadegate_store::{
    AccountChange, AccountStore, Actor, Alarm, AlarmCount, Appeal, AppealFile, Assignment, Busy,
    Challenge, Correction, CredentialRow, IndexKind, Invitation, Latest, LookedAtByMany,
    OutboxMessage, Page, Paper, PaperPlaces, PaperStanding, PhoneCode, Protected, Proxy,
    RecordLink, RuleReview, SealedField, Session, SessionSubject, SplitPiece, VaultKey,
};

use crate::SqliteStore;
use crate::error::Result;
use crate::read::{accounts, alarms, appeals, assignments, links, papers, people, tally};

#[async_trait]
impl AccountStore for SqliteStore {
    async fn holder(&self, id: HolderId) -> Result<Option<Holder>> {
        self.point(|c| people::holder(c, id))
    }

    async fn indexed_holders(&self, kind: IndexKind, digest: [u8; 16]) -> Result<Vec<HolderId>> {
        self.point(|c| people::indexed_holders(c, kind, digest))
    }

    async fn people_of(&self, carer: HolderId) -> Result<Vec<Proxy>> {
        self.point_rows(|c| accounts::people_of(c, carer))
    }

    async fn carers_of(&self, person: HolderId) -> Result<Vec<Proxy>> {
        self.point_rows(|c| accounts::carers_of(c, person))
    }

    async fn links_of(&self, holder: HolderId) -> Result<Vec<RecordLink>> {
        self.point_rows(|c| links::links_of(c, holder))
    }

    async fn split_records(&self) -> Result<Vec<RecordLink>> {
        self.rows(links::split_records).await
    }

    async fn split_pieces(&self, record: HolderId) -> Result<Vec<SplitPiece>> {
        self.point(|c| links::split_pieces(c, record))
    }

    async fn joined_records(&self) -> Result<Vec<(HolderId, HolderId)>> {
        self.list(links::joined_records).await
    }

    async fn proxy(&self, person: HolderId, carer: HolderId) -> Result<Option<Proxy>> {
        self.point(|c| accounts::proxy(c, person, carer))
    }

    async fn account_changes(&self, holder: HolderId, limit: u32) -> Result<Vec<AccountChange>> {
        self.rows(move |c| accounts::account_changes(c, holder, limit)).await
    }

    async fn account_change(&self, id: ChangeId) -> Result<Option<AccountChange>> {
        self.point(|c| accounts::account_change(c, id))
    }

    async fn paper(&self, id: PaperId) -> Result<Option<Paper>> {
        self.point(|c| papers::paper(c, id))
    }

    async fn paper_of(&self, holder: HolderId) -> Result<Option<Paper>> {
        self.point(|c| papers::paper_of(c, holder))
    }

    async fn paper_places(&self) -> Result<PaperPlaces> {
        self.point(papers::paper_places)
    }

    async fn papers(&self, page: Page<PaperId>) -> Result<Vec<PaperStanding>> {
        self.list(move |c| papers::papers(c, page)).await
    }

    async fn alarm(&self, id: AlarmId) -> Result<Option<Alarm>> {
        self.point(|c| alarms::alarm(c, id))
    }

    async fn latest_alarm(&self, kind: AlarmKind, subject: [u8; 16]) -> Result<Option<Alarm>> {
        self.point(|c| alarms::latest_alarm(c, kind, subject))
    }

    async fn open_alarms(&self, limit: u32) -> Result<Vec<Alarm>> {
        self.rows(move |c| alarms::open_alarms(c, limit)).await
    }

    async fn answered_alarms(&self, latest: Latest) -> Result<Vec<Alarm>> {
        self.rows(move |c| alarms::answered_alarms(c, latest)).await
    }

    async fn alarm_counts(&self, since: Timestamp) -> Result<Vec<AlarmCount>> {
        self.list(move |c| alarms::alarm_counts(c, since)).await
    }

    async fn alarm_holds(&self, actor: Actor) -> Result<bool> {
        self.point(|c| alarms::alarm_holds(c, actor))
    }

    async fn busy(&self, what: Activity, after_hour: i64, least: (u64, u64)) -> Result<Vec<Busy>> {
        self.list(move |c| alarms::busy(c, what, after_hour, least)).await
    }

    async fn activity_of(
        &self,
        what: Activity,
        actor: Actor,
        after_hour: i64,
    ) -> Result<Vec<(i64, u64)>> {
        self.list(move |c| alarms::activity_of(c, what, actor, after_hour)).await
    }

    async fn looked_at_by_many(
        &self,
        since: Timestamp,
        whats: &[&'static str],
        least: u32,
    ) -> Result<Vec<LookedAtByMany>> {
        let whats = whats.to_vec();
        self.list(move |c| alarms::looked_at_by_many(c, since, &whats, least)).await
    }

    async fn protected_people(&self) -> Result<Vec<Protected>> {
        self.rows(alarms::protected_people).await
    }

    async fn appeal(&self, id: AppealId) -> Result<Option<Appeal>> {
        self.point(|c| appeals::appeal(c, id))
    }

    async fn appeal_file(&self, id: AppealId) -> Result<Option<AppealFile>> {
        self.list(move |c| appeals::appeal_file(c, id)).await
    }

    async fn assignment(&self, id: AssignmentId, now: Timestamp) -> Result<Option<Assignment>> {
        self.point(|c| assignments::assignment(c, id, now))
    }

    async fn accompanied_by(&self, worker: StaffId, now: Timestamp) -> Result<Vec<Assignment>> {
        self.rows(move |c| assignments::accompanied_by(c, worker, now)).await
    }

    async fn assignments(
        &self,
        now: Timestamp,
        after: Option<(Timestamp, AssignmentId)>,
        limit: u32,
    ) -> Result<Vec<Assignment>> {
        self.rows(move |c| assignments::assignments(c, now, after, limit)).await
    }

    async fn appeals_of(&self, holder: HolderId, limit: u32) -> Result<Vec<Appeal>> {
        self.rows(move |c| appeals::appeals_of(c, holder, limit)).await
    }

    async fn open_appeals(&self, region: &Division, limit: u32) -> Result<Vec<Appeal>> {
        let region = region.clone();
        self.rows(move |c| appeals::open_appeals(c, &region, limit)).await
    }

    async fn appeals_to_tend(&self, now: Timestamp, limit: u32) -> Result<Vec<Appeal>> {
        self.rows(move |c| appeals::appeals_to_tend(c, now, limit)).await
    }

    async fn appeals_since(
        &self,
        since: Timestamp,
        after: Option<(Timestamp, AppealId)>,
        limit: u32,
    ) -> Result<Vec<Appeal>> {
        self.rows(move |c| appeals::appeals_since(c, since, after, limit)).await
    }

    async fn rule_reviews(&self, limit: u32) -> Result<Vec<RuleReview>> {
        self.rows(move |c| appeals::rule_reviews(c, limit)).await
    }

    async fn vault_key(&self, holder: HolderId) -> Result<Option<VaultKey>> {
        self.point(|c| people::vault_key(c, holder))
    }

    async fn sealed_fields(&self, holder: HolderId) -> Result<Vec<SealedField>> {
        self.point(|c| people::sealed_fields(c, holder))
    }

    async fn holders(&self, page: Page<HolderId>) -> Result<Vec<Holder>> {
        self.rows(move |c| people::holders(c, page)).await
    }

    async fn challenge(&self, id: ChallengeId) -> Result<Option<Challenge>> {
        self.point(|c| people::challenge(c, id))
    }

    async fn unrouted_challenges(&self, now: Timestamp, limit: u32) -> Result<Vec<Challenge>> {
        self.rows(move |c| people::unrouted_challenges(c, now, limit)).await
    }

    async fn phone_codes(&self, lane: [u8; 16], now: Timestamp) -> Result<Vec<PhoneCode>> {
        self.point_rows(|c| people::phone_codes(c, lane, now))
    }

    async fn sessions_of(&self, subject: SessionSubject, now: Timestamp) -> Result<Vec<Session>> {
        self.rows(move |c| people::sessions_of(c, subject, now)).await
    }

    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>> {
        self.point(|c| people::correction(c, id))
    }

    async fn waiting_corrections(
        &self,
        near: &Division,
        now: Timestamp,
    ) -> Result<Vec<Correction>> {
        let near = near.clone();
        self.rows(move |c| people::waiting_corrections(c, &near, now)).await
    }

    async fn ended_corrections(
        &self,
        near: &Division,
        since: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Correction>> {
        let near = near.clone();
        self.rows(move |c| people::ended_corrections(c, &near, since, now, limit)).await
    }

    async fn confirmed_corrections(
        &self,
        since: Timestamp,
        page: Page<CorrectionId>,
    ) -> Result<Vec<Correction>> {
        self.rows(move |c| people::confirmed_corrections(c, since, page)).await
    }

    async fn counted(&self, class: &str, key: [u8; 16], after: Timestamp) -> Result<u64> {
        self.point(|c| tally::counted(c, class, key, after))
    }

    async fn due_messages(&self, now: Timestamp, limit: u32) -> Result<Vec<OutboxMessage>> {
        self.rows(move |c| people::due_messages(c, now, limit)).await
    }

    async fn newest_messages(&self, limit: u32) -> Result<Vec<OutboxMessage>> {
        self.rows(move |c| people::newest_messages(c, limit)).await
    }

    async fn session(&self, token_digest: [u8; 32], now: Timestamp) -> Result<Option<Session>> {
        self.point(|c| people::session(c, token_digest, now))
    }

    async fn agency(&self, id: AgencyId) -> Result<Option<Agency>> {
        self.point(|c| people::agency(c, id))
    }

    async fn agencies(&self) -> Result<Vec<Agency>> {
        self.rows(people::agencies).await
    }

    async fn staff(&self, id: StaffId) -> Result<Option<Staff>> {
        self.point(|c| people::staff(c, id))
    }

    async fn all_staff(&self) -> Result<Vec<Staff>> {
        self.rows(people::all_staff).await
    }

    async fn credentials(&self, staff: StaffId) -> Result<Vec<CredentialRow>> {
        self.point_rows(|c| people::credentials(c, staff))
    }

    async fn credential(&self, credential_id: &[u8]) -> Result<Option<CredentialRow>> {
        self.point(|c| people::credential(c, credential_id))
    }

    async fn invitation(&self, token_digest: [u8; 32]) -> Result<Option<Invitation>> {
        self.point(|c| people::invitation(c, token_digest))
    }
}
