//! Holders, their vault, one-time codes, sessions, agencies and staff.

use jadegate_domain::agency::Agency;
use jadegate_domain::id::{ChallengeId, CorrectionId, InvitationId, PhoneCodeId};
use jadegate_domain::{AgencyId, GateId, Holder, HolderId, Staff, StaffId};
use jadegate_store::{
    Challenge, ChallengeUse, Correction, CorrectionState, CredentialRow, Invitation, OutboxMessage,
    OutboxState, PhoneCode, Route, SealedField, Session, SessionSubject, VaultKey,
};

use crate::at::{At, Result};
use crate::stored::rows;

rows! {
    HolderRow => Holder, in "holder" by "id" {
        home: String, registered_at: i64, evidence_version: i64,
    }
    VaultKeyRow => VaultKey, in "vault_key" by "holder" {
        wrapped: Vec<u8>, kek: String,
    }
    SealedFieldRow => SealedField, in "sealed_field" by "holder" {
        field: String, version: i64, sealed: Vec<u8>, recorded_at: i64,
    }
    ChallengeRow => Challenge, in "challenge" by "id" {
        sealed_payload: Vec<u8>, lane: Option<Vec<u8>>, used_for: Option<String>,
        holder: Option<i64>, created_at: i64, expires_at: i64, tries: i64, used_at: Option<i64>,
    }
    PhoneCodeRow => PhoneCode, in "phone_code" by "id" {
        lane: Vec<u8>, digits: i64, created_at: i64, expires_at: i64, used_at: Option<i64>,
    }
    CorrectionRow => Correction, in "correction" by "id" {
        holder: i64, document: Vec<u8>, reason: String, opened_by: i64, opened_at: i64,
        expires_at: i64, state: String, decided_by: Option<i64>, decided_at: Option<i64>,
    }
    OutboxRow => OutboxMessage, in "outbox" by "challenge" {
        sealed: Vec<u8>, created_at: i64, expires_at: i64, next_try_at: i64, attempts: i64,
        state: String,
    }
    SessionRow => Session, in "session" by "subject" {
        token_digest: Vec<u8>, subject_kind: String, created_at: i64, expires_at: i64, device: String,
        seen_day: i64,
    }
    AgencyRow => Agency, in "agency" by "id" {
        kind: String, name: String, region: String, confirmed_at: Option<i64>,
        confirmed_by: Option<i64>,
    }
    StaffRow => Staff, in "staff" by "id" {
        agency: i64, agency_kind: String, agency_name: String, role: String, region: String,
        display_name: String, created_at: i64, disabled_at: Option<i64>, invited_by: Option<i64>,
        confirmed_at: Option<i64>, confirmed_by: Option<i64>,
    }
    /// A passkey (the port's own type is called `CredentialRow`).
    PasskeyRow => CredentialRow, in "credential" by "staff" {
        credential_id: Vec<u8>, passkey: String, created_at: i64,
    }
    InvitationRow => Invitation, in "invitation" by "id" {
        token_digest: Vec<u8>, used_for: String, created_at: i64, expires_at: i64,
        used_at: Option<i64>,
    }
}

impl HolderRow {
    fn check(self, at: At) -> Result<Holder> {
        at.must(self.evidence_version >= 0, "evidence_version", "negative")?;
        Ok(Holder {
            id: at.id("id", self.row, HolderId::from_i64)?,
            home: at.name("home", &self.home)?,
            registered_at: at.time("registered_at", self.registered_at)?,
            evidence_version: self.evidence_version,
        })
    }
}

impl VaultKeyRow {
    fn check(self, at: At) -> Result<VaultKey> {
        Ok(VaultKey {
            holder: at.id("holder", self.row, HolderId::from_i64)?,
            wrapped: self.wrapped,
            kek: self.kek,
        })
    }
}

impl SealedFieldRow {
    fn check(self, at: At) -> Result<SealedField> {
        at.must(self.version > 0, "version", "not a version")?;
        Ok(SealedField {
            holder: at.id("holder", self.row, HolderId::from_i64)?,
            column: self.field,
            version: self.version,
            sealed: self.sealed,
            recorded_at: at.time("recorded_at", self.recorded_at)?,
        })
    }
}

/// What a challenge leads to, as its two columns.
pub const fn challenge_use(u: ChallengeUse) -> (&'static str, Option<HolderId>) {
    match u {
        ChallengeUse::SignIn(holder) => ("sign_in", Some(holder)),
        ChallengeUse::Register => ("register", None),
        ChallengeUse::Phone => ("phone", None),
        ChallengeUse::Nothing => ("nothing", None),
    }
}

impl ChallengeRow {
    fn check(self, at: At) -> Result<Challenge> {
        let holder = at.opt_id("holder", self.holder, HolderId::from_i64)?;
        let used_for = match (self.used_for.as_deref(), holder) {
            (Some("sign_in"), Some(holder)) => Some(ChallengeUse::SignIn(holder)),
            (Some("register"), None) => Some(ChallengeUse::Register),
            (Some("phone"), None) => Some(ChallengeUse::Phone),
            (Some("nothing"), None) => Some(ChallengeUse::Nothing),
            (None, None) => None,
            _ => return Err(at.bad("used_for", "not a known use")),
        };
        let lane = self.lane.map(|lane| at.bytes("lane", &lane)).transpose()?;
        Ok(Challenge {
            id: at.id("id", self.row, ChallengeId::from_i64)?,
            sealed_payload: self.sealed_payload,
            route: lane.zip(used_for).map(|(lane, used_for)| Route { lane, used_for }),
            created_at: at.time("created_at", self.created_at)?,
            expires_at: at.time("expires_at", self.expires_at)?,
            tries: at.count("tries", self.tries)?,
            used_at: at.opt_time("used_at", self.used_at)?,
        })
    }
}

impl PhoneCodeRow {
    fn check(self, at: At) -> Result<PhoneCode> {
        Ok(PhoneCode {
            id: at.id("id", self.row, PhoneCodeId::from_i64)?,
            lane: at.bytes("lane", &self.lane)?,
            digits: at.count("digits", self.digits)?,
            created_at: at.time("created_at", self.created_at)?,
            expires_at: at.time("expires_at", self.expires_at)?,
            used_at: at.opt_time("used_at", self.used_at)?,
        })
    }
}

/// The stored name of a correction's state.
pub const fn correction_state(s: CorrectionState) -> &'static str {
    match s {
        CorrectionState::Waiting => "waiting",
        CorrectionState::Confirmed => "confirmed",
        CorrectionState::Refused => "refused",
    }
}

impl CorrectionRow {
    fn check(self, at: At) -> Result<Correction> {
        let state = match self.state.as_str() {
            "waiting" => CorrectionState::Waiting,
            "confirmed" => CorrectionState::Confirmed,
            "refused" => CorrectionState::Refused,
            _ => return Err(at.bad("state", "not a known state")),
        };
        Ok(Correction {
            id: at.id("id", self.row, CorrectionId::from_i64)?,
            holder: at.id("holder", self.holder, HolderId::from_i64)?,
            document: at.bytes("document", &self.document)?,
            reason: self.reason,
            opened_by: at.id("opened_by", self.opened_by, StaffId::from_i64)?,
            opened_at: at.time("opened_at", self.opened_at)?,
            expires_at: at.time("expires_at", self.expires_at)?,
            state,
            decided_by: at.opt_id("decided_by", self.decided_by, StaffId::from_i64)?,
            decided_at: at.opt_time("decided_at", self.decided_at)?,
        })
    }
}

/// The stored name of a message's state.
pub const fn outbox_state(s: OutboxState) -> &'static str {
    match s {
        OutboxState::Waiting => "waiting",
        OutboxState::Sent => "sent",
        OutboxState::GivenUp => "given_up",
    }
}

impl OutboxRow {
    fn check(self, at: At) -> Result<OutboxMessage> {
        let state = match self.state.as_str() {
            "waiting" => OutboxState::Waiting,
            "sent" => OutboxState::Sent,
            "given_up" => OutboxState::GivenUp,
            _ => return Err(at.bad("state", "not a known state")),
        };
        Ok(OutboxMessage {
            challenge: at.id("challenge", self.row, ChallengeId::from_i64)?,
            sealed: self.sealed,
            created_at: at.time("created_at", self.created_at)?,
            expires_at: at.time("expires_at", self.expires_at)?,
            next_try_at: at.time("next_try_at", self.next_try_at)?,
            attempts: at.count("attempts", self.attempts)?,
            state,
        })
    }
}

/// Whose a session is, as its two columns.
pub const fn session_subject(s: SessionSubject) -> (&'static str, i64) {
    match s {
        SessionSubject::Holder(id) => ("holder", id.as_i64()),
        SessionSubject::Staff(id) => ("staff", id.as_i64()),
        SessionSubject::Gate(id) => ("gate", id.as_i64()),
        SessionSubject::Device(id) => ("device", id.as_i64()),
    }
}

impl SessionRow {
    fn check(self, at: At) -> Result<Session> {
        let subject = match self.subject_kind.as_str() {
            "holder" => SessionSubject::Holder(at.id("subject", self.row, HolderId::from_i64)?),
            "staff" => SessionSubject::Staff(at.id("subject", self.row, StaffId::from_i64)?),
            "gate" => SessionSubject::Gate(at.id("subject", self.row, GateId::from_i64)?),
            "device" => SessionSubject::Device(at.id("subject", self.row, HolderId::from_i64)?),
            _ => return Err(at.bad("subject_kind", "not a known subject")),
        };
        Ok(Session {
            token_digest: at.bytes("token_digest", &self.token_digest)?,
            subject,
            created_at: at.time("created_at", self.created_at)?,
            expires_at: at.time("expires_at", self.expires_at)?,
            device: self.device,
            seen_day: self.seen_day,
        })
    }
}

impl AgencyRow {
    fn check(self, at: At) -> Result<Agency> {
        Ok(Agency {
            id: at.id("id", self.row, AgencyId::from_i64)?,
            kind: at.name("kind", &self.kind)?,
            name: self.name,
            region: at.name("region", &self.region)?,
            confirmed_at: at.opt_time("confirmed_at", self.confirmed_at)?,
            confirmed_by: at.opt_id("confirmed_by", self.confirmed_by, StaffId::from_i64)?,
        })
    }
}

impl StaffRow {
    fn check(self, at: At) -> Result<Staff> {
        Ok(Staff {
            id: at.id("id", self.row, StaffId::from_i64)?,
            agency: at.id("agency", self.agency, AgencyId::from_i64)?,
            agency_kind: at.name("agency_kind", &self.agency_kind)?,
            agency_name: self.agency_name,
            role: at.name("role", &self.role)?,
            region: at.name("region", &self.region)?,
            display_name: self.display_name,
            created_at: at.time("created_at", self.created_at)?,
            disabled_at: at.opt_time("disabled_at", self.disabled_at)?,
            invited_by: at.opt_id("invited_by", self.invited_by, StaffId::from_i64)?,
            confirmed_at: at.opt_time("confirmed_at", self.confirmed_at)?,
            confirmed_by: at.opt_id("confirmed_by", self.confirmed_by, StaffId::from_i64)?,
        })
    }
}

impl PasskeyRow {
    fn check(self, at: At) -> Result<CredentialRow> {
        Ok(CredentialRow {
            staff: at.id("staff", self.row, StaffId::from_i64)?,
            credential_id: self.credential_id,
            passkey: self.passkey,
            created_at: at.time("created_at", self.created_at)?,
        })
    }
}

impl InvitationRow {
    fn check(self, at: At) -> Result<Invitation> {
        Ok(Invitation {
            id: at.id("id", self.row, InvitationId::from_i64)?,
            token_digest: at.bytes("token_digest", &self.token_digest)?,
            used_for: at.json("used_for", &self.used_for)?,
            created_at: at.time("created_at", self.created_at)?,
            expires_at: at.time("expires_at", self.expires_at)?,
            used_at: at.opt_time("used_at", self.used_at)?,
        })
    }
}
