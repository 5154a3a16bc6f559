//! Holders, their vault, one-time codes, sessions, agencies and staff.

use jadegate_domain::agency::Agency;
use jadegate_domain::id::{ChallengeId, CorrectionId, InvitationId, PhoneCodeId};
use jadegate_domain::{
    AgencyId, AgencyKind, Division, Holder, HolderId, Role, Staff, StaffId, Timestamp,
};
use jadegate_store::{
    Challenge, Correction, CorrectionState, CredentialRow, DocumentBar, Invitation, OutboxMessage,
    PhoneCode, Precondition, Route, SealedField, Session, SessionSubject, VaultKey,
};

use super::{Applier, json, secs};
use crate::connection::query;
use crate::error::{Result, conflict, sql};
use crate::value::{Value, params};
use jadegate_store_rows::{challenge_use, correction_state, outbox_state, session_subject};

impl Applier<'_> {
    pub(super) async fn add_holder(&self, h: &Holder) -> Result<()> {
        let text = "INSERT INTO holder (id, home, registered_at, evidence_version) \
                    VALUES ($1, $2, $3, $4)";
        let row =
            params![h.id.as_i64(), h.home.as_str(), h.registered_at.as_secs(), h.evidence_version];
        self.touch("holder", text, row).await
    }

    pub(super) async fn add_vault_key(&self, k: &VaultKey) -> Result<()> {
        let text = "INSERT INTO vault_key (holder, wrapped, kek) VALUES ($1, $2, $3)";
        self.touch("vault_key", text, params![k.holder.as_i64(), k.wrapped, k.kek]).await
    }

    pub(super) async fn add_sealed_field(&self, f: &SealedField) -> Result<()> {
        let text = "INSERT INTO sealed_field (holder, field, version, sealed, recorded_at) \
                    VALUES ($1, $2, $3, $4, $5)";
        let row =
            params![f.holder.as_i64(), f.column, f.version, f.sealed, f.recorded_at.as_secs()];
        self.touch("sealed_field", text, row).await
    }

    pub(super) async fn drop_sealed_field(&self, holder: HolderId, column: &str) -> Result<()> {
        let text = "DELETE FROM sealed_field WHERE holder = $1 AND field = $2";
        self.run("sealed_field", text, params![holder.as_i64(), column]).await.map(drop)
    }

    pub(super) async fn shred(&self, holder: HolderId) -> Result<()> {
        let id = [holder.as_i64()];
        self.run("vault_key", "DELETE FROM vault_key WHERE holder = $1", id).await?;
        self.run("sealed_field", "DELETE FROM sealed_field WHERE holder = $1", id).await?;
        self.shred_account(holder).await?;
        let messages = "DELETE FROM outbox WHERE challenge IN \
                        (SELECT id FROM challenge WHERE holder = $1)";
        self.run("outbox", messages, id).await?;
        self.run("challenge", "DELETE FROM challenge WHERE holder = $1", id).await?;
        self.end_all_sessions_of(SessionSubject::Holder(holder)).await
    }

    pub(super) async fn add_challenge(&self, c: &Challenge) -> Result<()> {
        let route = c.route.map(|r| (r.lane, challenge_use(r.used_for)));
        let text = "INSERT INTO challenge (id, sealed_payload, lane, used_for, holder, created_at, \
                    expires_at, tries, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let row = params![
            c.id.as_i64(),
            c.sealed_payload,
            route.map(|(lane, _)| lane),
            route.map(|(_, (used_for, _))| used_for),
            route.and_then(|(_, (_, holder))| holder).map(HolderId::as_i64),
            c.created_at.as_secs(),
            c.expires_at.as_secs(),
            c.tries,
            secs(c.used_at),
        ];
        self.touch("challenge", text, row).await
    }

    pub(super) async fn route_challenge(&self, id: ChallengeId, route: &Route) -> Result<()> {
        let (used_for, holder) = challenge_use(route.used_for);
        let text = "UPDATE challenge SET lane = $2, used_for = $3, holder = $4 \
                    WHERE id = $1 AND lane IS NULL";
        let row = params![id.as_i64(), route.lane, used_for, holder.map(HolderId::as_i64)];
        let touched = self.run("challenge", text, row).await?;
        self.used_up("challenge", touched, id.as_i64()).await
    }

    pub(super) async fn count_try(&self, id: ChallengeId, max: u32) -> Result<()> {
        let text = "UPDATE challenge SET tries = tries + 1 \
                    WHERE id = $1 AND used_at IS NULL AND tries < $2";
        let touched = self.run("challenge", text, params![id.as_i64(), max]).await?;
        self.used_up("challenge", touched, id.as_i64()).await
    }

    pub(super) async fn use_challenge(&self, id: ChallengeId, at: Timestamp) -> Result<()> {
        let text = "UPDATE challenge SET used_at = $2 \
                    WHERE id = $1 AND used_at IS NULL AND expires_at > $2";
        let touched = self.run("challenge", text, params![id.as_i64(), at.as_secs()]).await?;
        self.used_up("challenge", touched, id.as_i64()).await
    }

    pub(super) async fn add_phone_code(&self, c: &PhoneCode) -> Result<()> {
        let text = "INSERT INTO phone_code (id, lane, digits, created_at, expires_at, used_at) \
                    VALUES ($1, $2, $3, $4, $5, $6)";
        let row = params![
            c.id.as_i64(),
            c.lane,
            c.digits,
            c.created_at.as_secs(),
            c.expires_at.as_secs(),
            secs(c.used_at),
        ];
        self.touch("phone_code", text, row).await
    }

    pub(super) async fn use_phone_code(&self, id: PhoneCodeId, at: Timestamp) -> Result<()> {
        let text = "UPDATE phone_code SET used_at = $2 \
                    WHERE id = $1 AND used_at IS NULL AND expires_at > $2";
        let touched = self.run("phone_code", text, params![id.as_i64(), at.as_secs()]).await?;
        self.used_up("phone_code", touched, id.as_i64()).await
    }

    /// If nothing was touched: is the one-time thing spent, or not there at all?
    async fn used_up(&self, table: &'static str, touched: u64, id: i64) -> Result<()> {
        if touched > 0 {
            return Ok(());
        }
        let there =
            self.finds(table, &format!("SELECT 1 FROM {table} WHERE id = $1"), [id]).await?;
        Err(conflict(table, if there { Precondition::Unused } else { Precondition::Exists }))
    }

    pub(super) async fn add_outbox(&self, m: &OutboxMessage) -> Result<()> {
        let text = "INSERT INTO outbox (challenge, sealed, created_at, expires_at, next_try_at, \
                    attempts, state) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        self.touch("outbox", text, message(m)).await
    }

    pub(super) async fn update_outbox(&self, m: &OutboxMessage) -> Result<()> {
        let text = "UPDATE outbox SET sealed = $2, created_at = $3, expires_at = $4, \
                    next_try_at = $5, attempts = $6, state = $7 \
                    WHERE challenge = $1 AND state = 'waiting'";
        let there = ("SELECT 1 FROM outbox WHERE challenge = $1", &[m.challenge.as_i64()][..]);
        self.touch_standing("outbox", text, message(m), there).await
    }

    pub(super) async fn add_session(&self, s: &Session) -> Result<()> {
        let (kind, subject) = session_subject(s.subject);
        let text = "INSERT INTO session (token_digest, subject_kind, subject, created_at, \
                    expires_at, device, seen_day) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let row = params![
            s.token_digest,
            kind,
            subject,
            s.created_at.as_secs(),
            s.expires_at.as_secs(),
            s.device,
            s.seen_day
        ];
        self.touch("session", text, row).await
    }

    pub(super) async fn see_session(&self, digest: &[u8; 32], day: i64) -> Result<()> {
        let text = "UPDATE session SET seen_day = $2 WHERE token_digest = $1 AND seen_day < $2";
        self.run("session", text, params![digest, day]).await?;
        Ok(())
    }

    /// The subject's sessions, and a holder's trusted devices.
    pub(super) async fn end_all_sessions_of(&self, subject: SessionSubject) -> Result<()> {
        if let SessionSubject::Holder(holder) = subject {
            self.end_sessions_of(SessionSubject::Device(holder)).await?;
        }
        self.end_sessions_of(subject).await
    }

    pub(super) async fn add_correction(&self, c: &Correction) -> Result<()> {
        let lapsed = "UPDATE correction SET state = 'refused' \
                      WHERE holder = $1 AND state = 'waiting' AND expires_at <= $2";
        self.run("correction", lapsed, [c.holder.as_i64(), c.opened_at.as_secs()]).await?;
        let text = "INSERT INTO correction (id, holder, document, reason, opened_by, opened_at, \
                    expires_at, state, decided_by, decided_at) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let row = params![
            c.id.as_i64(),
            c.holder.as_i64(),
            c.document,
            c.reason,
            c.opened_by.as_i64(),
            c.opened_at.as_secs(),
            c.expires_at.as_secs(),
            correction_state(c.state),
            c.decided_by.map(StaffId::as_i64),
            secs(c.decided_at),
        ];
        self.touch("correction", text, row).await
    }

    pub(super) async fn decide_correction(
        &self,
        id: CorrectionId,
        state: CorrectionState,
        by: StaffId,
        at: Timestamp,
    ) -> Result<()> {
        let text = "UPDATE correction SET state = $2, decided_by = $3, decided_at = $4 \
                    WHERE id = $1 AND state = 'waiting' AND expires_at > $4";
        let row = params![id.as_i64(), correction_state(state), by.as_i64(), at.as_secs()];
        let touched = self.run("correction", text, row).await?;
        self.used_up("correction", touched, id.as_i64()).await
    }

    pub(super) async fn bar_document(&self, bar: &DocumentBar) -> Result<()> {
        let text = "INSERT INTO document_bar (document, mark, account, at) \
                    VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        for mark in bar.marks.iter().chain([&bar.account]) {
            let row = params![bar.document, mark, bar.account, bar.at.as_secs()];
            self.run("document_bar", text, row).await?;
        }
        Ok(())
    }

    pub(super) async fn expect_unbarred(
        &self,
        document: &[u8; 16],
        marks: &[[u8; 16]],
    ) -> Result<()> {
        let text = "SELECT 1 FROM document_bar WHERE document = $1 AND mark = $2";
        for mark in marks {
            if self.finds("document_bar", text, params![document, mark]).await? {
                return Err(conflict("document_bar", Precondition::Unbarred));
            }
        }
        Ok(())
    }

    pub(super) async fn lift_bar(&self, document: &[u8; 16], mark: &[u8; 16]) -> Result<()> {
        let text = "DELETE FROM document_bar WHERE document = $1 AND account IN \
                    (SELECT account FROM document_bar WHERE document = $1 AND mark = $2)";
        self.touch("document_bar", text, params![document, mark]).await
    }

    pub(super) async fn end_session(&self, digest: &[u8; 32]) -> Result<()> {
        self.run("session", "DELETE FROM session WHERE token_digest = $1", [digest]).await?;
        Ok(())
    }

    pub(super) async fn use_nonce(&self, digest: &[u8; 32], expires_at: Timestamp) -> Result<()> {
        let text = "INSERT INTO used_nonce (digest, expires_at) VALUES ($1, $2) \
                    ON CONFLICT DO NOTHING";
        match self.run("used_nonce", text, params![digest, expires_at.as_secs()]).await? {
            0 => Err(conflict("used_nonce", Precondition::Unused)),
            _ => Ok(()),
        }
    }

    pub(super) async fn end_sessions_of(&self, subject: SessionSubject) -> Result<()> {
        let text = "DELETE FROM session WHERE subject_kind = $1 AND subject = $2";
        let (kind, subject) = session_subject(subject);
        self.run("session", text, params![kind, subject]).await?;
        Ok(())
    }

    pub(super) async fn add_agency(&self, a: &Agency) -> Result<()> {
        let text = "INSERT INTO agency (id, kind, name, region, confirmed_at, confirmed_by) \
                    VALUES ($1, $2, $3, $4, $5, $6)";
        let row = params![
            a.id.as_i64(),
            a.kind.as_str(),
            a.name,
            a.region.as_str(),
            secs(a.confirmed_at),
            a.confirmed_by.map(StaffId::as_i64),
        ];
        self.touch("agency", text, row).await
    }

    pub(super) async fn add_staff(&self, s: &Staff) -> Result<()> {
        let text = "INSERT INTO staff (id, agency, agency_kind, agency_name, role, region, \
                    display_name, created_at, disabled_at, invited_by, confirmed_at, \
                    confirmed_by) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let row = params![
            s.id.as_i64(),
            s.agency.as_i64(),
            s.agency_kind.as_str(),
            s.agency_name,
            s.role.as_str(),
            s.region.as_str(),
            s.display_name,
            s.created_at.as_secs(),
            secs(s.disabled_at),
            s.invited_by.map(StaffId::as_i64),
            secs(s.confirmed_at),
            s.confirmed_by.map(StaffId::as_i64),
        ];
        self.touch("staff", text, row).await
    }

    pub(super) async fn confirm_agency(
        &self,
        agency: AgencyId,
        by: Option<StaffId>,
        at: Timestamp,
    ) -> Result<()> {
        // The name first: both look at what was there before.
        let text = "UPDATE agency SET \
                    confirmed_by = CASE WHEN confirmed_at IS NULL THEN $2 ELSE confirmed_by END, \
                    confirmed_at = coalesce(confirmed_at, $3) WHERE id = $1";
        let row = params![agency.as_i64(), by.map(StaffId::as_i64), at.as_secs()];
        self.touch("agency", text, row).await
    }

    pub(super) async fn confirm_staff(
        &self,
        staff: StaffId,
        by: Option<StaffId>,
        at: Timestamp,
    ) -> Result<()> {
        let text = "UPDATE staff SET \
                    confirmed_by = CASE WHEN confirmed_at IS NULL THEN $2 ELSE confirmed_by END, \
                    confirmed_at = coalesce(confirmed_at, $3) \
                    WHERE id = $1 AND disabled_at IS NULL";
        let row = params![staff.as_i64(), by.map(StaffId::as_i64), at.as_secs()];
        let there = ("SELECT 1 FROM staff WHERE id = $1", &[staff.as_i64()][..]);
        self.touch_standing("staff", text, row, there).await
    }

    pub(super) async fn add_credential(&self, c: &CredentialRow) -> Result<()> {
        let text = "INSERT INTO credential (credential_id, staff, passkey, created_at) \
                    VALUES ($1, $2, $3, $4)";
        let row = params![c.credential_id, c.staff.as_i64(), c.passkey, c.created_at.as_secs()];
        self.touch("credential", text, row).await
    }

    pub(super) async fn update_credential(&self, c: &CredentialRow) -> Result<()> {
        let text = "UPDATE credential SET passkey = $3 WHERE credential_id = $1 AND staff = $2";
        self.touch("credential", text, params![c.credential_id, c.staff.as_i64(), c.passkey]).await
    }

    pub(super) async fn disable_staff(&self, staff: StaffId, at: Timestamp) -> Result<()> {
        let text = "UPDATE staff SET disabled_at = coalesce(disabled_at, $2) WHERE id = $1";
        self.touch("staff", text, [staff.as_i64(), at.as_secs()]).await?;
        self.end_sessions_of(SessionSubject::Staff(staff)).await
    }

    pub(super) async fn expect_staff(
        &self,
        kind: AgencyKind,
        role: Role,
        division: &Division,
    ) -> Result<()> {
        let failed = |e: tokio_postgres::Error| sql("staff", &e);
        let text = "SELECT s.region FROM staff s JOIN agency a ON a.id = s.agency \
                    WHERE a.kind = $1 AND s.role = $2 AND s.disabled_at IS NULL \
                    AND s.confirmed_at IS NOT NULL AND a.confirmed_at IS NOT NULL";
        let rows = query(self.conn, "staff", text, params![kind.as_str(), role.as_str()]).await?;
        for row in rows {
            let region: String = row.try_get(0).map_err(failed)?;
            // Of a row that cannot be read nobody knows where they act: they do not count.
            if region.parse().is_ok_and(|r: Division| r.contains(division)) {
                return Ok(());
            }
        }
        Err(conflict("staff", Precondition::Remains))
    }

    pub(super) async fn add_invitation(&self, i: &Invitation) -> Result<()> {
        let text = "INSERT INTO invitation (id, token_digest, used_for, created_at, expires_at, \
                    used_at) VALUES ($1, $2, $3, $4, $5, $6)";
        let row = params![
            i.id.as_i64(),
            i.token_digest,
            json("invitation", &i.used_for)?,
            i.created_at.as_secs(),
            i.expires_at.as_secs(),
            secs(i.used_at),
        ];
        self.touch("invitation", text, row).await
    }

    pub(super) async fn use_invitation(&self, id: InvitationId, at: Timestamp) -> Result<()> {
        let text = "UPDATE invitation SET used_at = $2 \
                    WHERE id = $1 AND used_at IS NULL AND expires_at > $2";
        let touched = self.run("invitation", text, [id.as_i64(), at.as_secs()]).await?;
        self.used_up("invitation", touched, id.as_i64()).await
    }
}

/// A message's columns, in the order of its table.
fn message(m: &OutboxMessage) -> Vec<Value> {
    params![
        m.challenge.as_i64(),
        m.sealed,
        m.created_at.as_secs(),
        m.expires_at.as_secs(),
        m.next_try_at.as_secs(),
        m.attempts,
        outbox_state(m.state),
    ]
}
