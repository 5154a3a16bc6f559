//! Holders, their vault, one-time codes, sessions, agencies and staff.

use jadegate_domain::agency::Agency;
use jadegate_domain::id::{ChallengeId, InvitationId};
use jadegate_domain::{AgencyId, Holder, HolderId, Staff, StaffId, Timestamp};
use jadegate_store::{
    Challenge, CredentialRow, IndexKind, Invitation, OutboxMessage, Precondition, SealedField,
    Session, SessionSubject, VaultKey,
};
use rusqlite::params;

use super::{Applier, json, secs};
use crate::error::{Result, conflict};
use crate::rows::{challenge_use, outbox_state, session_subject};

impl Applier<'_> {
    pub(super) fn add_holder(&self, h: &Holder) -> Result<()> {
        let text = "INSERT INTO holder (id, home, registered_at, evidence_version) \
                    VALUES (?1, ?2, ?3, ?4)";
        let row =
            params![h.id.as_i64(), h.home.as_str(), h.registered_at.as_secs(), h.evidence_version];
        self.touch("holder", text, row)
    }

    pub(super) fn add_vault_key(&self, k: &VaultKey) -> Result<()> {
        let text = "INSERT INTO vault_key (holder, wrapped, kek) VALUES (?1, ?2, ?3)";
        self.touch("vault_key", text, params![k.holder.as_i64(), k.wrapped, k.kek])
    }

    pub(super) fn add_sealed_field(&self, f: &SealedField) -> Result<()> {
        let text = "INSERT INTO sealed_field (holder, field, version, sealed, recorded_at) \
                    VALUES (?1, ?2, ?3, ?4, ?5)";
        let row =
            params![f.holder.as_i64(), f.column, f.version, f.sealed, f.recorded_at.as_secs()];
        self.touch("sealed_field", text, row)
    }

    pub(super) fn add_index(
        &self,
        kind: IndexKind,
        digest: &[u8; 16],
        holder: HolderId,
    ) -> Result<()> {
        let text = "INSERT INTO blind_index (kind, digest, holder) VALUES (?1, ?2, ?3)";
        self.touch("blind_index", text, params![kind.as_str(), digest, holder.as_i64()])
    }

    pub(super) fn shred(&self, holder: HolderId) -> Result<()> {
        let id = [holder.as_i64()];
        self.run("vault_key", "DELETE FROM vault_key WHERE holder = ?1", id)?;
        self.run("sealed_field", "DELETE FROM sealed_field WHERE holder = ?1", id)?;
        self.run("blind_index", "DELETE FROM blind_index WHERE holder = ?1", id)?;
        let messages = "DELETE FROM outbox WHERE challenge IN \
                        (SELECT id FROM challenge WHERE holder = ?1)";
        self.run("outbox", messages, id)?;
        self.run("challenge", "DELETE FROM challenge WHERE holder = ?1", id)?;
        self.end_sessions_of(SessionSubject::Holder(holder))
    }

    pub(super) fn add_challenge(&self, c: &Challenge) -> Result<()> {
        let (used_for, holder) = challenge_use(c.used_for);
        let text = "INSERT INTO challenge (id, phone_digest, client_digest, used_for, holder, \
                    code_mac, sealed_payload, created_at, expires_at, tries, used_at) \
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let row = params![
            c.id.as_i64(),
            c.phone_digest,
            c.client_digest,
            used_for,
            holder.map(HolderId::as_i64),
            c.code_mac,
            c.sealed_payload,
            c.created_at.as_secs(),
            c.expires_at.as_secs(),
            c.tries,
            secs(c.used_at),
        ];
        self.touch("challenge", text, row)
    }

    pub(super) fn count_try(&self, id: ChallengeId) -> Result<()> {
        let text = "UPDATE challenge SET tries = tries + 1 WHERE id = ?1 AND used_at IS NULL";
        let touched = self.run("challenge", text, [id.as_i64()])?;
        self.used_up("challenge", touched, id.as_i64())
    }

    pub(super) fn use_challenge(&self, id: ChallengeId, at: Timestamp, max: u32) -> Result<()> {
        let text = "UPDATE challenge SET used_at = ?2 \
                    WHERE id = ?1 AND used_at IS NULL AND expires_at > ?2 AND tries < ?3";
        let touched = self.run("challenge", text, params![id.as_i64(), at.as_secs(), max])?;
        self.used_up("challenge", touched, id.as_i64())
    }

    /// If nothing was touched: is the one-time thing spent, or not there at all?
    fn used_up(&self, table: &'static str, touched: usize, id: i64) -> Result<()> {
        if touched > 0 {
            return Ok(());
        }
        let there = self.finds(table, &format!("SELECT 1 FROM {table} WHERE id = ?1"), [id])?;
        Err(conflict(table, if there { Precondition::Unused } else { Precondition::Exists }))
    }

    pub(super) fn add_outbox(&self, m: &OutboxMessage) -> Result<()> {
        let text = "INSERT INTO outbox (challenge, sealed, created_at, expires_at, next_try_at, \
                    attempts, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        self.touch("outbox", text, rusqlite::params_from_iter(message(m)))
    }

    pub(super) fn update_outbox(&self, m: &OutboxMessage) -> Result<()> {
        let text = "UPDATE outbox SET sealed = ?2, created_at = ?3, expires_at = ?4, \
                    next_try_at = ?5, attempts = ?6, state = ?7 WHERE challenge = ?1";
        self.touch("outbox", text, rusqlite::params_from_iter(message(m)))
    }

    pub(super) fn add_session(&self, s: &Session) -> Result<()> {
        let (kind, subject) = session_subject(s.subject);
        let text = "INSERT INTO session (token_digest, subject_kind, subject, created_at, \
                    expires_at) VALUES (?1, ?2, ?3, ?4, ?5)";
        let row =
            params![s.token_digest, kind, subject, s.created_at.as_secs(), s.expires_at.as_secs()];
        self.touch("session", text, row)
    }

    pub(super) fn end_session(&self, digest: &[u8; 32]) -> Result<()> {
        self.run("session", "DELETE FROM session WHERE token_digest = ?1", [digest])?;
        Ok(())
    }

    pub(super) fn use_nonce(&self, digest: &[u8; 32], expires_at: Timestamp) -> Result<()> {
        let text = "INSERT OR IGNORE INTO used_nonce (digest, expires_at) VALUES (?1, ?2)";
        match self.run("used_nonce", text, params![digest, expires_at.as_secs()])? {
            0 => Err(conflict("used_nonce", Precondition::Unused)),
            _ => Ok(()),
        }
    }

    pub(super) fn end_sessions_of(&self, subject: SessionSubject) -> Result<()> {
        let text = "DELETE FROM session WHERE subject_kind = ?1 AND subject = ?2";
        self.run("session", text, session_subject(subject))?;
        Ok(())
    }

    pub(super) fn add_agency(&self, a: &Agency) -> Result<()> {
        let text = "INSERT INTO agency (id, kind, name, region, confirmed_at, confirmed_by) \
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let row = params![
            a.id.as_i64(),
            a.kind.as_str(),
            a.name,
            a.region.as_str(),
            secs(a.confirmed_at),
            a.confirmed_by.map(StaffId::as_i64),
        ];
        self.touch("agency", text, row)
    }

    pub(super) fn add_staff(&self, s: &Staff) -> Result<()> {
        let text = "INSERT INTO staff (id, agency, agency_kind, agency_name, role, region, \
                    display_name, created_at, disabled_at, invited_by, confirmed_at, \
                    confirmed_by) \
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
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
        self.touch("staff", text, row)
    }

    pub(super) fn confirm_agency(
        &self,
        agency: AgencyId,
        by: Option<StaffId>,
        at: Timestamp,
    ) -> Result<()> {
        // The name first: both look at what was there before.
        let text = "UPDATE agency SET \
                    confirmed_by = CASE WHEN confirmed_at IS NULL THEN ?2 ELSE confirmed_by END, \
                    confirmed_at = coalesce(confirmed_at, ?3) WHERE id = ?1";
        let row = params![agency.as_i64(), by.map(StaffId::as_i64), at.as_secs()];
        self.touch("agency", text, row)
    }

    pub(super) fn confirm_staff(
        &self,
        staff: StaffId,
        by: Option<StaffId>,
        at: Timestamp,
    ) -> Result<()> {
        let text = "UPDATE staff SET \
                    confirmed_by = CASE WHEN confirmed_at IS NULL THEN ?2 ELSE confirmed_by END, \
                    confirmed_at = coalesce(confirmed_at, ?3) WHERE id = ?1";
        let row = params![staff.as_i64(), by.map(StaffId::as_i64), at.as_secs()];
        self.touch("staff", text, row)
    }

    pub(super) fn add_credential(&self, c: &CredentialRow) -> Result<()> {
        let text = "INSERT INTO credential (credential_id, staff, passkey, created_at) \
                    VALUES (?1, ?2, ?3, ?4)";
        let row = params![c.credential_id, c.staff.as_i64(), c.passkey, c.created_at.as_secs()];
        self.touch("credential", text, row)
    }

    pub(super) fn update_credential(&self, c: &CredentialRow) -> Result<()> {
        let text = "UPDATE credential SET passkey = ?3 WHERE credential_id = ?1 AND staff = ?2";
        self.touch("credential", text, params![c.credential_id, c.staff.as_i64(), c.passkey])
    }

    pub(super) fn disable_staff(&self, staff: StaffId, at: Timestamp) -> Result<()> {
        let text = "UPDATE staff SET disabled_at = coalesce(disabled_at, ?2) WHERE id = ?1";
        self.touch("staff", text, [staff.as_i64(), at.as_secs()])?;
        self.end_sessions_of(SessionSubject::Staff(staff))
    }

    pub(super) fn add_invitation(&self, i: &Invitation) -> Result<()> {
        let text = "INSERT INTO invitation (id, token_digest, used_for, created_at, expires_at, \
                    used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let row = params![
            i.id.as_i64(),
            i.token_digest,
            json("invitation", &i.used_for)?,
            i.created_at.as_secs(),
            i.expires_at.as_secs(),
            secs(i.used_at),
        ];
        self.touch("invitation", text, row)
    }

    pub(super) fn use_invitation(&self, id: InvitationId, at: Timestamp) -> Result<()> {
        let text = "UPDATE invitation SET used_at = ?2 \
                    WHERE id = ?1 AND used_at IS NULL AND expires_at > ?2";
        let touched = self.run("invitation", text, [id.as_i64(), at.as_secs()])?;
        self.used_up("invitation", touched, id.as_i64())
    }
}

/// A message's columns, in the order of its table.
fn message(m: &OutboxMessage) -> [Box<dyn rusqlite::ToSql>; 7] {
    [
        Box::new(m.challenge.as_i64()),
        Box::new(m.sealed.clone()),
        Box::new(m.created_at.as_secs()),
        Box::new(m.expires_at.as_secs()),
        Box::new(m.next_try_at.as_secs()),
        Box::new(m.attempts),
        Box::new(outbox_state(m.state)),
    ]
}
