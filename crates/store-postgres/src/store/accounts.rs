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

use crate::PostgresStore;
use crate::error::Result;
use crate::read::{accounts, alarms, appeals, assignments, links, papers, people, tally};

#[async_trait]
impl AccountStore for PostgresStore {
    async fn holder(&self, id: HolderId) -> Result<Option<Holder>> {
        self.noted(people::holder(&self.point().await?, id).await)
    }

    async fn indexed_holders(&self, kind: IndexKind, digest: [u8; 16]) -> Result<Vec<HolderId>> {
        self.noted(people::indexed_holders(&self.point().await?, kind, digest).await)
    }

    async fn people_of(&self, carer: HolderId) -> Result<Vec<Proxy>> {
        self.rows(accounts::people_of(&self.point().await?, carer).await)
    }

    async fn carers_of(&self, person: HolderId) -> Result<Vec<Proxy>> {
        self.rows(accounts::carers_of(&self.point().await?, person).await)
    }

    async fn links_of(&self, holder: HolderId) -> Result<Vec<RecordLink>> {
        self.rows(links::links_of(&self.point().await?, holder).await)
    }

    async fn split_records(&self) -> Result<Vec<RecordLink>> {
        self.rows(links::split_records(&self.list().await?).await)
    }

    async fn split_pieces(&self, record: HolderId) -> Result<Vec<SplitPiece>> {
        self.noted(links::split_pieces(&self.point().await?, record).await)
    }

    async fn joined_records(&self) -> Result<Vec<(HolderId, HolderId)>> {
        self.noted(links::joined_records(&self.list().await?).await)
    }

    async fn proxy(&self, person: HolderId, carer: HolderId) -> Result<Option<Proxy>> {
        self.noted(accounts::proxy(&self.point().await?, person, carer).await)
    }

    async fn account_changes(&self, holder: HolderId, limit: u32) -> Result<Vec<AccountChange>> {
        self.rows(accounts::account_changes(&self.list().await?, holder, limit).await)
    }

    async fn account_change(&self, id: ChangeId) -> Result<Option<AccountChange>> {
        self.noted(accounts::account_change(&self.point().await?, id).await)
    }

    async fn paper(&self, id: PaperId) -> Result<Option<Paper>> {
        self.noted(papers::paper(&self.point().await?, id).await)
    }

    async fn paper_of(&self, holder: HolderId) -> Result<Option<Paper>> {
        self.noted(papers::paper_of(&self.point().await?, holder).await)
    }

    async fn paper_places(&self) -> Result<PaperPlaces> {
        self.noted(papers::paper_places(&self.point().await?).await)
    }

    async fn papers(&self, page: Page<PaperId>) -> Result<Vec<PaperStanding>> {
        self.noted(papers::papers(&self.list().await?, page).await)
    }

    async fn alarm(&self, id: AlarmId) -> Result<Option<Alarm>> {
        self.noted(alarms::alarm(&self.point().await?, id).await)
    }

    async fn latest_alarm(&self, kind: AlarmKind, subject: [u8; 16]) -> Result<Option<Alarm>> {
        self.noted(alarms::latest_alarm(&self.point().await?, kind, subject).await)
    }

    async fn open_alarms(&self, limit: u32) -> Result<Vec<Alarm>> {
        self.rows(alarms::open_alarms(&self.list().await?, limit).await)
    }

    async fn answered_alarms(&self, latest: Latest) -> Result<Vec<Alarm>> {
        self.rows(alarms::answered_alarms(&self.list().await?, latest).await)
    }

    async fn alarm_counts(&self, since: Timestamp) -> Result<Vec<AlarmCount>> {
        self.noted(alarms::alarm_counts(&self.list().await?, since).await)
    }

    async fn alarm_holds(&self, actor: Actor) -> Result<bool> {
        self.noted(alarms::alarm_holds(&self.point().await?, actor).await)
    }

    async fn busy(&self, what: Activity, after_hour: i64, least: (u64, u64)) -> Result<Vec<Busy>> {
        self.noted(alarms::busy(&self.list().await?, what, after_hour, least).await)
    }

    async fn activity_of(
        &self,
        what: Activity,
        actor: Actor,
        after_hour: i64,
    ) -> Result<Vec<(i64, u64)>> {
        self.noted(alarms::activity_of(&self.list().await?, what, actor, after_hour).await)
    }

    async fn looked_at_by_many(
        &self,
        since: Timestamp,
        whats: &[&'static str],
        least: u32,
    ) -> Result<Vec<LookedAtByMany>> {
        let list = self.list().await?;
        self.noted(alarms::looked_at_by_many(&list, since, whats, least).await)
    }

    async fn protected_people(&self) -> Result<Vec<Protected>> {
        self.rows(alarms::protected_people(&self.list().await?).await)
    }

    async fn appeal(&self, id: AppealId) -> Result<Option<Appeal>> {
        self.noted(appeals::appeal(&self.point().await?, id).await)
    }

    async fn appeal_file(&self, id: AppealId) -> Result<Option<AppealFile>> {
        self.noted(appeals::appeal_file(&self.list().await?, id).await)
    }

    async fn assignment(&self, id: AssignmentId, now: Timestamp) -> Result<Option<Assignment>> {
        self.noted(assignments::assignment(&self.point().await?, id, now).await)
    }

    async fn accompanied_by(&self, worker: StaffId, now: Timestamp) -> Result<Vec<Assignment>> {
        self.rows(assignments::accompanied_by(&self.list().await?, worker, now).await)
    }

    async fn assignments(
        &self,
        now: Timestamp,
        after: Option<(Timestamp, AssignmentId)>,
        limit: u32,
    ) -> Result<Vec<Assignment>> {
        self.rows(assignments::assignments(&self.list().await?, now, after, limit).await)
    }

    async fn appeals_of(&self, holder: HolderId, limit: u32) -> Result<Vec<Appeal>> {
        self.rows(appeals::appeals_of(&self.list().await?, holder, limit).await)
    }

    async fn open_appeals(&self, region: &Division, limit: u32) -> Result<Vec<Appeal>> {
        self.rows(appeals::open_appeals(&self.list().await?, region, limit).await)
    }

    async fn appeals_to_tend(&self, now: Timestamp, limit: u32) -> Result<Vec<Appeal>> {
        self.rows(appeals::appeals_to_tend(&self.list().await?, now, limit).await)
    }

    async fn appeals_since(
        &self,
        since: Timestamp,
        after: Option<(Timestamp, AppealId)>,
        limit: u32,
    ) -> Result<Vec<Appeal>> {
        self.rows(appeals::appeals_since(&self.list().await?, since, after, limit).await)
    }

    async fn rule_reviews(&self, limit: u32) -> Result<Vec<RuleReview>> {
        self.rows(appeals::rule_reviews(&self.list().await?, limit).await)
    }

    async fn vault_key(&self, holder: HolderId) -> Result<Option<VaultKey>> {
        self.noted(people::vault_key(&self.point().await?, holder).await)
    }

    async fn sealed_fields(&self, holder: HolderId) -> Result<Vec<SealedField>> {
        self.noted(people::sealed_fields(&self.point().await?, holder).await)
    }

    async fn holders(&self, page: Page<HolderId>) -> Result<Vec<Holder>> {
        self.rows(people::holders(&self.list().await?, page).await)
    }

    async fn challenge(&self, id: ChallengeId) -> Result<Option<Challenge>> {
        self.noted(people::challenge(&self.point().await?, id).await)
    }

    async fn unrouted_challenges(&self, now: Timestamp, limit: u32) -> Result<Vec<Challenge>> {
        self.rows(people::unrouted_challenges(&self.list().await?, now, limit).await)
    }

    async fn phone_codes(&self, lane: [u8; 16], now: Timestamp) -> Result<Vec<PhoneCode>> {
        self.rows(people::phone_codes(&self.point().await?, lane, now).await)
    }

    async fn sessions_of(&self, subject: SessionSubject, now: Timestamp) -> Result<Vec<Session>> {
        self.rows(people::sessions_of(&self.list().await?, subject, now).await)
    }

    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>> {
        self.noted(people::correction(&self.point().await?, id).await)
    }

    async fn waiting_corrections(
        &self,
        near: &Division,
        now: Timestamp,
    ) -> Result<Vec<Correction>> {
        self.rows(people::waiting_corrections(&self.list().await?, near, now).await)
    }

    async fn ended_corrections(
        &self,
        near: &Division,
        since: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Correction>> {
        self.rows(people::ended_corrections(&self.list().await?, near, since, now, limit).await)
    }

    async fn confirmed_corrections(
        &self,
        since: Timestamp,
        page: Page<CorrectionId>,
    ) -> Result<Vec<Correction>> {
        self.rows(people::confirmed_corrections(&self.list().await?, since, page).await)
    }

    async fn counted(&self, class: &str, key: [u8; 16], after: Timestamp) -> Result<u64> {
        self.noted(tally::counted(&self.point().await?, class, key, after).await)
    }

    async fn due_messages(&self, now: Timestamp, limit: u32) -> Result<Vec<OutboxMessage>> {
        self.rows(people::due_messages(&self.list().await?, now, limit).await)
    }

    async fn newest_messages(&self, limit: u32) -> Result<Vec<OutboxMessage>> {
        self.rows(people::newest_messages(&self.list().await?, limit).await)
    }

    async fn session(&self, token_digest: [u8; 32], now: Timestamp) -> Result<Option<Session>> {
        self.noted(people::session(&self.point().await?, token_digest, now).await)
    }

    async fn agency(&self, id: AgencyId) -> Result<Option<Agency>> {
        self.noted(people::agency(&self.point().await?, id).await)
    }

    async fn agencies(&self) -> Result<Vec<Agency>> {
        self.rows(people::agencies(&self.list().await?).await)
    }

    async fn staff(&self, id: StaffId) -> Result<Option<Staff>> {
        self.noted(people::staff(&self.point().await?, id).await)
    }

    async fn all_staff(&self) -> Result<Vec<Staff>> {
        self.rows(people::all_staff(&self.list().await?).await)
    }

    async fn credentials(&self, staff: StaffId) -> Result<Vec<CredentialRow>> {
        self.rows(people::credentials(&self.point().await?, staff).await)
    }

    async fn credential(&self, credential_id: &[u8]) -> Result<Option<CredentialRow>> {
        self.noted(people::credential(&self.point().await?, credential_id).await)
    }

    async fn invitation(&self, token_digest: [u8; 32]) -> Result<Option<Invitation>> {
        self.noted(people::invitation(&self.point().await?, token_digest).await)
    }
}
