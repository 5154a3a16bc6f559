//! Holders, their vault, one-time codes, sessions, agencies and staff.

use jadegate_domain::agency::Agency;
use jadegate_domain::id::{ChallengeId, CorrectionId};
use jadegate_domain::{AgencyId, Division, Holder, HolderId, Staff, StaffId, Timestamp};
use jadegate_store::{
    Challenge, Contents, Correction, CredentialRow, IndexKind, Invitation, Listed, OutboxMessage,
    Page, PhoneCode, SealedField, Session, SessionSubject, VaultKey,
};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};

use super::links::main_of;
use super::{ALL, from, ids, lies_near, listed, many, numbers, one};
use crate::error::{Result, sql};
use crate::rows::{
    AgencyRow, ChallengeRow, CorrectionRow, HolderRow, InvitationRow, OutboxRow, PasskeyRow,
    PhoneCodeRow, SealedFieldRow, SessionRow, StaffRow, VaultKeyRow, session_subject,
};

pub(crate) fn holder(c: &Connection, id: HolderId) -> Result<Option<Holder>> {
    one::<HolderRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn holders(c: &Connection, page: Page<HolderId>) -> Result<Listed<Holder>> {
    let (after, most) = from(page, HolderId::as_i64);
    listed::<HolderRow>(c, "WHERE id > ?1 ORDER BY id", [after], most)
}

pub(crate) fn indexed_holders(
    c: &Connection,
    kind: IndexKind,
    digest: [u8; 16],
) -> Result<Vec<HolderId>> {
    let text = format!(
        "SELECT DISTINCT {} FROM blind_index b WHERE b.kind = ?1 AND b.digest = ?2 ORDER BY 1",
        main_of("b.holder")
    );
    let found = numbers(c, "blind_index", &text, params![kind.as_str(), digest])?;
    ids("blind_index", "holder", found, HolderId::from_i64)
}

pub(crate) fn vault_key(c: &Connection, holder: HolderId) -> Result<Option<VaultKey>> {
    one::<VaultKeyRow>(c, "WHERE holder = ?1", [holder.as_i64()])
}

pub(crate) fn sealed_fields(c: &Connection, holder: HolderId) -> Result<Vec<SealedField>> {
    let newest = "WHERE holder = ?1 AND version = (SELECT max(n.version) FROM sealed_field n \
                  WHERE n.holder = sealed_field.holder AND n.field = sealed_field.field) \
                  ORDER BY field";
    many::<SealedFieldRow>(c, newest, [holder.as_i64()])
}

pub(crate) fn challenge(c: &Connection, id: ChallengeId) -> Result<Option<Challenge>> {
    one::<ChallengeRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn unrouted_challenges(
    c: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<Listed<Challenge>> {
    let waiting = "WHERE lane IS NULL AND expires_at > ?1 ORDER BY created_at, id";
    listed::<ChallengeRow>(c, waiting, [now.as_secs()], limit)
}

pub(crate) fn phone_codes(
    c: &Connection,
    lane: [u8; 16],
    now: Timestamp,
) -> Result<Listed<PhoneCode>> {
    let live = "WHERE lane = ?1 AND expires_at > ?2 AND used_at IS NULL \
                ORDER BY created_at DESC, id DESC";
    listed::<PhoneCodeRow>(c, live, params![lane, now.as_secs()], ALL)
}

pub(crate) fn sessions_of(
    c: &Connection,
    subject: SessionSubject,
    now: Timestamp,
) -> Result<Listed<Session>> {
    let (kind, subject) = session_subject(subject);
    let live = "WHERE subject_kind = ?1 AND subject = ?2 AND expires_at > ?3 \
                ORDER BY created_at DESC, token_digest";
    listed::<SessionRow>(c, live, params![kind, subject, now.as_secs()], ALL)
}

pub(crate) fn correction(c: &Connection, id: CorrectionId) -> Result<Option<Correction>> {
    one::<CorrectionRow>(c, "WHERE id = ?1", [id.as_i64()])
}

/// Does the first officer of the row's correction act near the region?
fn begun_near(region: &Division) -> String {
    format!(
        "EXISTS (SELECT 1 FROM (SELECT id AS who, region AS home FROM staff) h \
            WHERE h.who = correction.opened_by AND {})",
        lies_near(region)
    )
}

pub(crate) fn waiting_corrections(
    c: &Connection,
    near: &Division,
    now: Timestamp,
) -> Result<Listed<Correction>> {
    let text = format!(
        "WHERE state = 'waiting' AND expires_at > ?2 AND {} ORDER BY opened_at, id",
        begun_near(near)
    );
    listed::<CorrectionRow>(c, &text, params![near.as_str(), now.as_secs()], ALL)
}

pub(crate) fn ended_corrections(
    c: &Connection,
    near: &Division,
    since: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<Listed<Correction>> {
    let text = format!(
        "WHERE opened_at >= ?2 AND (state <> 'waiting' OR expires_at <= ?3) AND {} \
         ORDER BY opened_at DESC, id DESC",
        begun_near(near)
    );
    let row = params![near.as_str(), since.as_secs(), now.as_secs()];
    listed::<CorrectionRow>(c, &text, row, limit)
}

pub(crate) fn confirmed_corrections(
    c: &Connection,
    since: Timestamp,
    page: Page<CorrectionId>,
) -> Result<Listed<Correction>> {
    let text = "WHERE state = 'confirmed' AND opened_at >= ?1 AND id > ?2 ORDER BY id";
    let after = page.after.map_or(0, CorrectionId::as_i64);
    listed::<CorrectionRow>(c, text, [since.as_secs(), after], page.limit)
}

pub(crate) fn due_messages(
    c: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<Listed<OutboxMessage>> {
    let due = "WHERE state = 'waiting' AND next_try_at <= ?1 ORDER BY created_at, challenge";
    listed::<OutboxRow>(c, due, [now.as_secs()], limit)
}

pub(crate) fn newest_messages(c: &Connection, limit: u32) -> Result<Listed<OutboxMessage>> {
    listed::<OutboxRow>(c, "ORDER BY created_at DESC, challenge DESC", [], limit)
}

pub(crate) fn session(
    c: &Connection,
    token_digest: [u8; 32],
    now: Timestamp,
) -> Result<Option<Session>> {
    let live = "WHERE token_digest = ?1 AND expires_at > ?2";
    one::<SessionRow>(c, live, params![token_digest, now.as_secs()])
}

/// All that a code rests on, in one statement: one plan, one snapshot.
const OPENING: &str = "SELECT s.expires_at, s.seen_day, s.subject, h.home, h.evidence_version, k.wrapped, k.kek, \
    (SELECT n.sealed FROM sealed_field n WHERE n.holder = s.subject AND n.field = 'name' \
        ORDER BY n.version DESC LIMIT 1), \
    EXISTS (SELECT 1 FROM sealed_field d WHERE d.holder = s.subject AND d.field = 'document'), \
    a.evidence_seen, a.regions_seen, a.colour, a.next_change, a.policy, a.body \
    FROM session s LEFT JOIN holder h ON h.id = s.subject LEFT JOIN vault_key k ON k.holder = s.subject \
    LEFT JOIN assessment a ON a.holder = s.subject \
    WHERE s.token_digest = ?1 AND s.subject_kind = 'holder' AND s.expires_at > ?2";

pub(crate) fn opening(
    c: &Connection,
    token_digest: [u8; 32],
    now: Timestamp,
) -> Result<Option<Vec<u8>>> {
    let failed = |e: rusqlite::Error| sql("session", &e);
    let mut stmt = c.prepare_cached(OPENING).map_err(failed)?;
    let columns = stmt.column_count();
    let mut rows = stmt.query(params![token_digest, now.as_secs()]).map_err(failed)?;
    let Some(row) = rows.next().map_err(failed)? else { return Ok(None) };
    let mut all = Contents::new();
    for at in 0..columns {
        match row.get_ref(at).map_err(failed)? {
            ValueRef::Null => all.nothing(),
            ValueRef::Integer(n) => all.number(n),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => all.bytes(bytes),
            // No column holds one: the tables are strict.
            ValueRef::Real(n) => all.bytes(&n.to_le_bytes()),
        }
    }
    Ok(Some(all.into_bytes()))
}

pub(crate) fn agency(c: &Connection, id: AgencyId) -> Result<Option<Agency>> {
    one::<AgencyRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn agencies(c: &Connection) -> Result<Listed<Agency>> {
    listed::<AgencyRow>(c, "ORDER BY id", [], ALL)
}

pub(crate) fn staff(c: &Connection, id: StaffId) -> Result<Option<Staff>> {
    one::<StaffRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn all_staff(c: &Connection) -> Result<Listed<Staff>> {
    listed::<StaffRow>(c, "ORDER BY id", [], ALL)
}

pub(crate) fn credentials(c: &Connection, staff: StaffId) -> Result<Listed<CredentialRow>> {
    let own = "WHERE staff = ?1 ORDER BY created_at, credential_id";
    listed::<PasskeyRow>(c, own, [staff.as_i64()], ALL)
}

pub(crate) fn credential(c: &Connection, credential_id: &[u8]) -> Result<Option<CredentialRow>> {
    one::<PasskeyRow>(c, "WHERE credential_id = ?1", [credential_id])
}

pub(crate) fn invitation(c: &Connection, token_digest: [u8; 32]) -> Result<Option<Invitation>> {
    one::<InvitationRow>(c, "WHERE token_digest = ?1", [token_digest])
}
