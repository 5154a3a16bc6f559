//! Writes. Each function applies one kind of write inside the writer's transaction.

mod accounts;
mod alarms;
mod appeals;
mod assignments;
mod evidence;
mod links;
mod log;
mod mandate;
mod numbers;
mod papers;
mod people;
mod places;
mod policies;
mod records;
mod servers;
mod tally;

use jadegate_domain::Timestamp;
use jadegate_store::{
    ChallengeWrite, CorrectionWrite, Precondition, RecolouringWrite, StoreError, Unit, Write,
};

use crate::connection::{Client, execute, query};
use crate::days::Days;
use crate::error::{Result, conflict};
use crate::marks::Touched;
use crate::value::{Params, Value};

/// Where the writes of one unit go: the writer's connection, inside a transaction.
pub(crate) struct Applier<'a> {
    conn: &'a Client,
    days: &'a Days,
    /// The mark of the transaction; `None` if it does not change what is followed.
    mark: Option<i64>,
    touched: Touched,
}

/// What a unit that was applied came to.
pub(crate) struct Applied {
    /// The places of its writes that told nothing new.
    pub(crate) known: Vec<usize>,
    /// What it changed of what is followed.
    pub(crate) touched: Touched,
}

/// What a limit is asked to take.
struct Count {
    class: &'static str,
    key: [u8; 16],
    count: u32,
    at: Timestamp,
    window_seconds: u32,
    most: u32,
}

impl<'a> Applier<'a> {
    pub(crate) fn new(conn: &'a Client, days: &'a Days, mark: Option<i64>) -> Self {
        Self { conn, days, mark, touched: Touched::default() }
    }

    /// Applies the unit's writes in order, up to the first that fails.
    pub(crate) async fn apply(mut self, unit: &Unit) -> Result<Applied> {
        let mut known = Vec::new();
        for (write, n) in unit.writes.iter().zip(0..) {
            if !self.tells(write).await? {
                known.push(n);
            }
        }
        Ok(Applied { known, touched: self.touched })
    }

    /// Applies a write. Did it tell anything new?
    async fn tells(&mut self, write: &Write) -> Result<bool> {
        match write {
            Write::AddVisit(v) => self.add_visit(v).await,
            Write::CloseVisit { visit, left } => self.close_visit(visit, *left).await,
            other => {
                self.one(other).await?;
                self.touched.wrote(other);
                Ok(true)
            }
        }
    }

    /// The mark of what is followed.
    fn mark(&self) -> Result<i64> {
        self.mark.ok_or_else(|| StoreError::Invalid {
            table: "counter",
            why: "a unit changes what is followed and does not say so".to_owned(),
        })
    }

    /// Runs one statement and returns how many rows it touched.
    async fn run(&self, table: &'static str, text: &str, params: impl Params) -> Result<u64> {
        execute(self.conn, table, text, params).await
    }

    /// Runs one statement that names one row; touching none is a conflict.
    async fn touch(&self, table: &'static str, text: &str, params: impl Params) -> Result<()> {
        match self.run(table, text, params).await? {
            0 => Err(conflict(table, Precondition::Exists)),
            _ => Ok(()),
        }
    }

    /// The same for a row that another unit may have ended: the statement touches it while it stands.
    /// If it touches none, `there` says whether the row exists.
    async fn touch_standing(
        &self,
        table: &'static str,
        text: &str,
        params: impl Params,
        there: (&str, &[i64]),
    ) -> Result<()> {
        if self.run(table, text, params).await? > 0 {
            return Ok(());
        }
        Err(self.ended(table, there).await?)
    }

    /// Why a statement that touches what stands touched nothing.
    async fn ended(&self, table: &'static str, (text, key): (&str, &[i64])) -> Result<StoreError> {
        let key: Vec<_> = key.iter().map(|n| Value::Number(*n)).collect();
        let there = self.finds(table, text, key).await?;
        Ok(conflict(table, if there { Precondition::Stands } else { Precondition::Exists }))
    }

    /// Does the query find a row?
    async fn finds(&self, table: &'static str, text: &str, params: impl Params) -> Result<bool> {
        Ok(!query(self.conn, table, text, params).await?.is_empty())
    }

    #[expect(clippy::too_many_lines, reason = "one line for each kind of write")]
    async fn one(&mut self, write: &Write) -> Result<()> {
        match write {
            Write::AddHolder(h) => self.add_holder(h).await,
            Write::AddVaultKey(k) => self.add_vault_key(k).await,
            Write::AddSealedField(f) => self.add_sealed_field(f).await,
            Write::AddIndex { kind, digest, holder } => {
                self.add_index(*kind, digest, *holder).await
            }
            Write::ExpectIndex { kind, digest, holder } => {
                self.expect_index(*kind, digest, *holder).await
            }
            Write::ExpectIndexed { kind, digest, holders } => {
                self.expect_indexed(*kind, *digest, holders).await
            }
            Write::AddProxy { proxy, most } => self.add_proxy(proxy, *most).await,
            Write::EndProxy { person, carer } => self.end_proxy(*person, *carer).await,
            Write::Paper(paper) => self.paper(paper).await,
            Write::Appeal(appeal) => self.appeal(appeal).await,
            Write::Alarm(alarm) => self.alarm(alarm).await,
            Write::Assignment(assignment) => self.assignment(assignment).await,
            Write::PutLink { link, replaces } => self.put_link(link, replaces.as_ref()).await,
            Write::EndLink(link) => self.end_link(link).await,
            Write::PutPieces { record, pieces } => self.put_pieces(*record, pieces).await,
            Write::AddAccountChange(c) => self.add_account_change(c).await,
            Write::UndoAccountChange { id, holder, at } => {
                self.undo_account_change(*id, *holder, *at).await
            }
            Write::DropSealedField { holder, column } => {
                self.drop_sealed_field(*holder, column).await
            }
            Write::Shred(holder) => self.shred(*holder).await,
            Write::Challenge(ChallengeWrite::Add(c)) => self.add_challenge(c).await,
            Write::Challenge(ChallengeWrite::Route { id, route }) => {
                self.route_challenge(*id, route).await
            }
            Write::Challenge(ChallengeWrite::CountTry { id, max_tries }) => {
                self.count_try(*id, *max_tries).await
            }
            Write::Challenge(ChallengeWrite::Use { id, at }) => self.use_challenge(*id, *at).await,
            Write::Challenge(ChallengeWrite::AddCode(c)) => self.add_phone_code(c).await,
            Write::Challenge(ChallengeWrite::UseCode { id, at }) => {
                self.use_phone_code(*id, *at).await
            }
            Write::AddOutbox(m) => self.add_outbox(m).await,
            Write::UpdateOutbox(m) => self.update_outbox(m).await,
            Write::CountWithin { class, key, count, at, window_seconds, most } => {
                let (class, key, count, at) = (*class, *key, *count, *at);
                let (window_seconds, most) = (*window_seconds, *most);
                self.count_within(&Count { class, key, count, at, window_seconds, most }).await
            }
            Write::AddSession(s) => self.add_session(s).await,
            Write::EndSession(digest) => self.end_session(digest).await,
            Write::Server(write) => self.server(write).await,
            Write::UseNonce { digest, expires_at } => self.use_nonce(digest, *expires_at).await,
            Write::EndSessionsOf(subject) => self.end_all_sessions_of(*subject).await,
            Write::SeeSession { token_digest, day } => self.see_session(token_digest, *day).await,
            Write::Correction(CorrectionWrite::Add(c)) => self.add_correction(c).await,
            Write::Correction(CorrectionWrite::Decide { id, confirmed, by, at }) => {
                let state = if *confirmed {
                    jadegate_store::CorrectionState::Confirmed
                } else {
                    jadegate_store::CorrectionState::Refused
                };
                self.decide_correction(*id, state, *by, *at).await
            }
            Write::Correction(CorrectionWrite::ReleaseIndex { kind, digest, holder }) => {
                self.release_index(*kind, digest, *holder).await
            }
            Write::Correction(CorrectionWrite::BarDocument(bar)) => self.bar_document(bar).await,
            Write::Correction(CorrectionWrite::ExpectUnbarred { document, marks }) => {
                self.expect_unbarred(document, marks).await
            }
            Write::Correction(CorrectionWrite::LiftBar { document, mark }) => {
                self.lift_bar(document, mark).await
            }
            Write::AddAgency(a) => self.add_agency(a).await,
            Write::AddStaff(s) => self.add_staff(s).await,
            Write::ConfirmAgency { agency, by, at } => self.confirm_agency(*agency, *by, *at).await,
            Write::ConfirmStaff { staff, by, at } => self.confirm_staff(*staff, *by, *at).await,
            Write::AddCredential(c) => self.add_credential(c).await,
            Write::UpdateCredential(c) => self.update_credential(c).await,
            Write::DisableStaff { staff, at } => self.disable_staff(*staff, *at).await,
            Write::ExpectStaff { agency_kind, role, region } => {
                self.expect_staff(*agency_kind, *role, region).await
            }
            Write::AddInvitation(i) => self.add_invitation(i).await,
            Write::UseInvitation { id, at } => self.use_invitation(*id, *at).await,
            Write::AddPlace(p) => self.add_place(p).await,
            Write::PutTrip { trip, replaces } => self.put_trip(trip, replaces.as_deref()).await,
            Write::AddGate(g) => self.add_gate(g).await,
            Write::RevokeGate { gate, at } => self.revoke_gate(*gate, *at).await,
            // They tell whether they were new.
            Write::AddVisit(v) => self.add_visit(v).await.map(drop),
            Write::CloseVisit { visit, left } => self.close_visit(visit, *left).await.map(drop),
            Write::ShortenVisit { visit, from, to } => self.shorten_visit(visit, *from, *to).await,
            Write::PutRide(r) => self.put_ride(r).await,
            Write::WithdrawRide { holder, trip, entered } => {
                self.withdraw_ride(*holder, *trip, *entered).await
            }
            Write::AddScan(s) => self.add_scan(s).await,
            Write::AddEvidence { evidence, external_key } => {
                self.add_evidence(evidence, external_key.as_ref()).await
            }
            Write::WithdrawEvidence { id, at } => self.withdraw_evidence(*id, *at).await,
            Write::SupersedeEvidence { id, by } => self.supersede_evidence(*id, *by).await,
            Write::ExpectEvidenceVersion { holder, version } => {
                self.expect_version(*holder, *version).await
            }
            Write::ExpectAssessment { holder, mark } => {
                self.expect_assessment(*holder, mark.as_ref()).await
            }
            Write::PutAssessment(a) => self.put_assessment(a).await,
            Write::AddColourChange(c) => self.add_colour_change(c).await,
            Write::AddRegionRisk(r) => self.add_region_risk(r).await,
            Write::EndRegionRisk { id, to } => self.end_region_risk(*id, *to).await,
            Write::PublishPolicy { version, replaces } => {
                self.publish_policy(version, replaces.as_deref()).await
            }
            Write::PublishNumbers(n) => self.publish_numbers(n).await,
            Write::AddMandateStep(s) => self.add_mandate_step(s).await,
            Write::AddIdentityRequest(r) => self.add_identity_request(r).await,
            Write::DecideIdentityRequest { id, from, decision } => {
                self.decide_identity_request(*id, *from, decision).await
            }
            Write::ReadIdentity { id, at } => self.read_identity(*id, *at).await,
            Write::AddProposal(p) => self.add_proposal(p).await,
            Write::DecideProposal { id, state, decision } => {
                self.decide_proposal(*id, *state, decision).await
            }
            Write::Recolouring(RecolouringWrite::Add(r)) => self.add_recolouring(r).await,
            Write::Recolouring(RecolouringWrite::Step { id, from, to, done, changed }) => {
                self.step_recolouring(*id, *from, *to, *done, changed).await
            }
            Write::Recolouring(RecolouringWrite::End { id, at }) => {
                self.end_recolouring(*id, *at).await
            }
            Write::AddCase(c) => self.add_case(c).await,
            Write::UpdateCase { case, replaces } => self.update_case(case, replaces).await,
            Write::MoveCase { case, from, to } => self.move_case(*case, *from, *to).await,
            Write::WithdrawCase { case, at } => self.withdraw_case(*case, *at).await,
            Write::AddTrace(t) => self.add_trace(t).await,
            Write::ReplaceTrace { id, by } => self.replace_trace(*id, *by).await,
            Write::ExpectTrace { case, run } => self.expect_trace(*case, *run).await,
            Write::AddAuthorship(a) => self.add_authorship(a).await,
            Write::AddImport(r) => self.add_import(r).await,
            Write::EndImport { id, at, counts } => self.end_import(*id, *at, counts).await,
            Write::WithdrawImport { id, at } => self.withdraw_import(*id, *at).await,
            Write::AddWithdrawal(w) => self.add_withdrawal(w).await,
            Write::ExpectNotWithdrawn { record, id } => {
                self.expect_not_withdrawn(*record, *id).await
            }
            Write::KeepForDocument(k) => self.keep_for_document(k).await,
            Write::BindTube(t) => self.bind_tube(t).await,
            Write::UnbindTube(t) => self.unbind_tube(t).await,
            Write::ExpectTube { key, owner } => self.expect_tube(*key, *owner).await,
            Write::ExpectKept { document, pieces } => self.expect_kept(*document, *pieces).await,
            Write::WithdrawKept { id, at } => self.withdraw_kept(*id, *at).await,
            Write::TakeKept(id) => self.take_kept(*id).await,
            Write::AddWaiting(w) => self.add_waiting(w).await,
            Write::AddWaitingPiece(p) => self.add_waiting_piece(p).await,
            Write::DecideWaiting { id, state, decision } => {
                self.decide_waiting(*id, *state, decision).await
            }
            Write::TakeWaitingPiece { waiting, number } => {
                self.take_waiting_piece(*waiting, *number).await
            }
            Write::AddAccess(a) => self.add_access(a).await,
            Write::AddLeaf(bytes) => self.add_leaf(bytes).await,
            Write::NumberLeaves { from, most } => self.number_leaves(*from, *most).await,
            Write::PutSetting { name, value, expect } => {
                self.put_setting(name, value, expect.as_ref()).await
            }
        }
    }
}

/// An optional moment as its column.
fn secs(t: Option<Timestamp>) -> Option<i64> {
    t.map(Timestamp::as_secs)
}

/// A value as its JSON column.
fn json<T: serde::Serialize>(table: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|_| jadegate_store::StoreError::Invalid {
        table,
        why: "a value has no JSON form".into(),
    })
}
