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
use rusqlite::{Connection, Params};

use crate::days::Days;
use crate::error::{Result, conflict, sql};

/// Where writes go: the writer's connection, inside a savepoint.
pub(crate) struct Applier<'a> {
    conn: &'a Connection,
    days: &'a mut Days,
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
    pub(crate) fn new(conn: &'a Connection, days: &'a mut Days) -> Self {
        Self { conn, days }
    }

    /// Applies the unit's writes in order, up to the first that fails; the places of those that told
    /// nothing new.
    pub(crate) fn apply(&mut self, unit: &Unit) -> Result<Vec<usize>> {
        let mut known = Vec::new();
        for (write, n) in unit.writes.iter().zip(0..) {
            if !self.tells(write)? {
                known.push(n);
            }
        }
        Ok(known)
    }

    /// Applies a write. Did it tell anything new?
    fn tells(&mut self, write: &Write) -> Result<bool> {
        match write {
            Write::AddVisit(v) => self.add_visit(v),
            Write::CloseVisit { visit, left } => self.close_visit(visit, *left),
            other => {
                self.one(other)?;
                self.days.marks.wrote(other);
                Ok(true)
            }
        }
    }

    /// Runs one statement and returns how many rows it touched.
    fn run(&self, table: &'static str, text: &str, params: impl Params) -> Result<usize> {
        self.conn
            .prepare_cached(text)
            .and_then(|mut s| s.execute(params))
            .map_err(|e| sql(table, &e))
    }

    /// Runs one statement that names one row; touching none is a conflict.
    fn touch(&self, table: &'static str, text: &str, params: impl Params) -> Result<()> {
        match self.run(table, text, params)? {
            0 => Err(conflict(table, Precondition::Exists)),
            _ => Ok(()),
        }
    }

    /// The same for a row that another unit may have ended: the statement touches it while it stands.
    /// If it touches none, `there` says whether the row exists.
    fn touch_standing(
        &self,
        table: &'static str,
        text: &str,
        params: impl Params,
        there: (&str, &[i64]),
    ) -> Result<()> {
        if self.run(table, text, params)? > 0 {
            return Ok(());
        }
        Err(self.ended(table, there)?)
    }

    /// Why a statement that touches what stands touched nothing.
    fn ended(&self, table: &'static str, (text, key): (&str, &[i64])) -> Result<StoreError> {
        let there = self.finds(table, text, rusqlite::params_from_iter(key))?;
        Ok(conflict(table, if there { Precondition::Stands } else { Precondition::Exists }))
    }

    /// Does the query find a row?
    fn finds(&self, table: &'static str, text: &str, params: impl Params) -> Result<bool> {
        self.conn
            .prepare_cached(text)
            .and_then(|mut s| s.exists(params))
            .map_err(|e| sql(table, &e))
    }

    #[expect(clippy::too_many_lines, reason = "one line for each kind of write")]
    fn one(&mut self, write: &Write) -> Result<()> {
        match write {
            Write::AddHolder(h) => self.add_holder(h),
            Write::AddVaultKey(k) => self.add_vault_key(k),
            Write::AddSealedField(f) => self.add_sealed_field(f),
            Write::AddIndex { kind, digest, holder } => self.add_index(*kind, digest, *holder),
            Write::ExpectIndex { kind, digest, holder } => {
                self.expect_index(*kind, digest, *holder)
            }
            Write::ExpectIndexed { kind, digest, holders } => {
                self.expect_indexed(*kind, *digest, holders)
            }
            Write::AddProxy { proxy, most } => self.add_proxy(proxy, *most),
            Write::EndProxy { person, carer } => self.end_proxy(*person, *carer),
            Write::PutLink { link, replaces } => self.put_link(link, replaces.as_ref()),
            Write::EndLink(link) => self.end_link(link),
            Write::PutPieces { record, pieces } => self.put_pieces(*record, pieces),
            Write::Paper(paper) => self.paper(paper),
            Write::Appeal(appeal) => self.appeal(appeal),
            Write::Alarm(alarm) => self.alarm(alarm),
            Write::Assignment(assignment) => self.assignment(assignment),
            Write::AddAccountChange(c) => self.add_account_change(c),
            Write::UndoAccountChange { id, holder, at } => {
                self.undo_account_change(*id, *holder, *at)
            }
            Write::DropSealedField { holder, column } => self.drop_sealed_field(*holder, column),
            Write::Shred(holder) => self.shred(*holder),
            Write::Challenge(ChallengeWrite::Add(c)) => self.add_challenge(c),
            Write::Challenge(ChallengeWrite::Route { id, route }) => {
                self.route_challenge(*id, route)
            }
            Write::Challenge(ChallengeWrite::CountTry { id, max_tries }) => {
                self.count_try(*id, *max_tries)
            }
            Write::Challenge(ChallengeWrite::Use { id, at }) => self.use_challenge(*id, *at),
            Write::Challenge(ChallengeWrite::AddCode(c)) => self.add_phone_code(c),
            Write::Challenge(ChallengeWrite::UseCode { id, at }) => self.use_phone_code(*id, *at),
            Write::AddOutbox(m) => self.add_outbox(m),
            Write::UpdateOutbox(m) => self.update_outbox(m),
            Write::CountWithin { class, key, count, at, window_seconds, most } => {
                let (class, key, count, at) = (*class, *key, *count, *at);
                let (window_seconds, most) = (*window_seconds, *most);
                self.count_within(&Count { class, key, count, at, window_seconds, most })
            }
            Write::AddSession(s) => self.add_session(s),
            Write::EndSession(digest) => self.end_session(digest),
            Write::Server(write) => self.server(write),
            Write::UseNonce { digest, expires_at } => self.use_nonce(digest, *expires_at),
            Write::EndSessionsOf(subject) => self.end_all_sessions_of(*subject),
            Write::SeeSession { token_digest, day } => self.see_session(token_digest, *day),
            Write::Correction(CorrectionWrite::Add(c)) => self.add_correction(c),
            Write::Correction(CorrectionWrite::Decide { id, confirmed, by, at }) => {
                let state = if *confirmed {
                    jadegate_store::CorrectionState::Confirmed
                } else {
                    jadegate_store::CorrectionState::Refused
                };
                self.decide_correction(*id, state, *by, *at)
            }
            Write::Correction(CorrectionWrite::ReleaseIndex { kind, digest, holder }) => {
                self.release_index(*kind, digest, *holder)
            }
            Write::Correction(CorrectionWrite::BarDocument(bar)) => self.bar_document(bar),
            Write::Correction(CorrectionWrite::ExpectUnbarred { document, marks }) => {
                self.expect_unbarred(document, marks)
            }
            Write::Correction(CorrectionWrite::LiftBar { document, mark }) => {
                self.lift_bar(document, mark)
            }
            Write::AddAgency(a) => self.add_agency(a),
            Write::AddStaff(s) => self.add_staff(s),
            Write::ConfirmAgency { agency, by, at } => self.confirm_agency(*agency, *by, *at),
            Write::ConfirmStaff { staff, by, at } => self.confirm_staff(*staff, *by, *at),
            Write::AddCredential(c) => self.add_credential(c),
            Write::UpdateCredential(c) => self.update_credential(c),
            Write::DisableStaff { staff, at } => self.disable_staff(*staff, *at),
            Write::ExpectStaff { agency_kind, role, region } => {
                self.expect_staff(*agency_kind, *role, region)
            }
            Write::AddInvitation(i) => self.add_invitation(i),
            Write::UseInvitation { id, at } => self.use_invitation(*id, *at),
            Write::AddPlace(p) => self.add_place(p),
            Write::PutTrip { trip, replaces } => self.put_trip(trip, replaces.as_deref()),
            Write::AddGate(g) => self.add_gate(g),
            Write::RevokeGate { gate, at } => self.revoke_gate(*gate, *at),
            // They tell whether they were new.
            Write::AddVisit(_) | Write::CloseVisit { .. } => self.tells(write).map(drop),
            Write::ShortenVisit { visit, from, to } => self.shorten_visit(visit, *from, *to),
            Write::PutRide(r) => self.put_ride(r),
            Write::WithdrawRide { holder, trip, entered } => {
                self.withdraw_ride(*holder, *trip, *entered)
            }
            Write::AddScan(s) => self.add_scan(s),
            Write::AddEvidence { evidence, external_key } => {
                self.add_evidence(evidence, external_key.as_ref())
            }
            Write::WithdrawEvidence { id, at } => self.withdraw_evidence(*id, *at),
            Write::SupersedeEvidence { id, by } => self.supersede_evidence(*id, *by),
            Write::ExpectEvidenceVersion { holder, version } => {
                self.expect_version(*holder, *version)
            }
            Write::ExpectAssessment { holder, mark } => {
                self.expect_assessment(*holder, mark.as_ref())
            }
            Write::PutAssessment(a) => self.put_assessment(a),
            Write::AddColourChange(c) => self.add_colour_change(c),
            Write::AddRegionRisk(r) => self.add_region_risk(r),
            Write::EndRegionRisk { id, to } => self.end_region_risk(*id, *to),
            Write::PublishPolicy { version, replaces } => {
                self.publish_policy(version, replaces.as_deref())
            }
            Write::PublishNumbers(n) => self.publish_numbers(n),
            Write::AddMandateStep(s) => self.add_mandate_step(s),
            Write::AddIdentityRequest(r) => self.add_identity_request(r),
            Write::DecideIdentityRequest { id, from, decision } => {
                self.decide_identity_request(*id, *from, decision)
            }
            Write::ReadIdentity { id, at } => self.read_identity(*id, *at),
            Write::AddProposal(p) => self.add_proposal(p),
            Write::DecideProposal { id, state, decision } => {
                self.decide_proposal(*id, *state, decision)
            }
            Write::Recolouring(RecolouringWrite::Add(r)) => self.add_recolouring(r),
            Write::Recolouring(RecolouringWrite::Step { id, from, to, done, changed }) => {
                self.step_recolouring(*id, *from, *to, *done, changed)
            }
            Write::Recolouring(RecolouringWrite::End { id, at }) => self.end_recolouring(*id, *at),
            Write::AddCase(c) => self.add_case(c),
            Write::UpdateCase { case, replaces } => self.update_case(case, replaces),
            Write::MoveCase { case, from, to } => self.move_case(*case, *from, *to),
            Write::WithdrawCase { case, at } => self.withdraw_case(*case, *at),
            Write::AddTrace(t) => self.add_trace(t),
            Write::ReplaceTrace { id, by } => self.replace_trace(*id, *by),
            Write::ExpectTrace { case, run } => self.expect_trace(*case, *run),
            Write::AddAuthorship(a) => self.add_authorship(a),
            Write::AddImport(r) => self.add_import(r),
            Write::EndImport { id, at, counts } => self.end_import(*id, *at, counts),
            Write::WithdrawImport { id, at } => self.withdraw_import(*id, *at),
            Write::AddWithdrawal(w) => self.add_withdrawal(w),
            Write::ExpectNotWithdrawn { record, id } => self.expect_not_withdrawn(*record, *id),
            Write::BindTube(t) => self.bind_tube(t),
            Write::UnbindTube(t) => self.unbind_tube(t),
            Write::ExpectTube { key, owner } => self.expect_tube(*key, *owner),
            Write::KeepForDocument(k) => self.keep_for_document(k),
            Write::ExpectKept { document, pieces } => self.expect_kept(*document, *pieces),
            Write::WithdrawKept { id, at } => self.withdraw_kept(*id, *at),
            Write::TakeKept(id) => self.take_kept(*id),
            Write::AddWaiting(w) => self.add_waiting(w),
            Write::AddWaitingPiece(p) => self.add_waiting_piece(p),
            Write::DecideWaiting { id, state, decision } => {
                self.decide_waiting(*id, *state, decision)
            }
            Write::TakeWaitingPiece { waiting, number } => {
                self.take_waiting_piece(*waiting, *number)
            }
            Write::AddAccess(a) => self.add_access(a),
            Write::AddLeaf(bytes) => self.add_leaf(bytes),
            Write::NumberLeaves { from, most } => self.number_leaves(*from, *most),
            Write::PutSetting { name, value, expect } => {
                self.put_setting(name, value, expect.as_ref())
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
