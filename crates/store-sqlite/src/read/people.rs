//! Holders, their vault, one-time codes, sessions, agencies and staff.

use jadegate_domain::agency::Agency;
use jadegate_domain::id::ChallengeId;
use jadegate_domain::{AgencyId, Holder, HolderId, Staff, StaffId, Timestamp};
use jadegate_store::{
    Challenge, CredentialRow, IndexKind, Invitation, OutboxMessage, Page, SealedField, Session,
    VaultKey,
};
use rusqlite::{Connection, params};

use super::{bounds, id, many, number, numbers, one};
use crate::error::Result;
use crate::rows::{
    AgencyRow, ChallengeRow, HolderRow, InvitationRow, OutboxRow, PasskeyRow, SealedFieldRow,
    SessionRow, StaffRow, VaultKeyRow,
};

pub(crate) fn holder(c: &Connection, id: HolderId) -> Result<Option<Holder>> {
    one::<HolderRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn holders(c: &Connection, page: Page<HolderId>) -> Result<Vec<Holder>> {
    many::<HolderRow>(c, "WHERE id > ?1 ORDER BY id LIMIT ?2", bounds(page, HolderId::as_i64))
}

pub(crate) fn indexed_holder(
    c: &Connection,
    kind: IndexKind,
    digest: [u8; 16],
) -> Result<Option<HolderId>> {
    let text = "SELECT holder FROM blind_index WHERE kind = ?1 AND digest = ?2";
    number(c, "blind_index", text, params![kind.as_str(), digest])?
        .map(|n| id("blind_index", "holder", n, HolderId::from_i64))
        .transpose()
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

pub(crate) fn challenges_for_phone(
    c: &Connection,
    phone: [u8; 16],
    since: Timestamp,
) -> Result<Vec<Timestamp>> {
    let text = "SELECT created_at FROM challenge WHERE phone_digest = ?1 AND created_at >= ?2 \
                ORDER BY created_at, id";
    let raw = numbers(c, "challenge", text, params![phone, since.as_secs()])?;
    Ok(raw.into_iter().map(Timestamp::from_secs).collect())
}

pub(crate) fn challenges_for_client(
    c: &Connection,
    client: [u8; 16],
    since: Timestamp,
) -> Result<u32> {
    let text = "SELECT count(*) FROM challenge WHERE client_digest = ?1 AND created_at >= ?2";
    let n = number(c, "challenge", text, params![client, since.as_secs()])?;
    // Saturating is safe: the count only ever limits.
    Ok(n.map_or(0, |n| u32::try_from(n).unwrap_or(u32::MAX)))
}

pub(crate) fn outbox_message(c: &Connection, id: ChallengeId) -> Result<Option<OutboxMessage>> {
    one::<OutboxRow>(c, "WHERE challenge = ?1", [id.as_i64()])
}

pub(crate) fn due_messages(
    c: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<OutboxMessage>> {
    let due = "WHERE state = 'waiting' AND next_try_at <= ?1 \
               ORDER BY created_at, challenge LIMIT ?2";
    many::<OutboxRow>(c, due, params![now.as_secs(), limit])
}

pub(crate) fn newest_messages(c: &Connection, limit: u32) -> Result<Vec<OutboxMessage>> {
    many::<OutboxRow>(c, "ORDER BY created_at DESC, challenge DESC LIMIT ?1", [limit])
}

pub(crate) fn session(
    c: &Connection,
    token_digest: [u8; 32],
    now: Timestamp,
) -> Result<Option<Session>> {
    let live = "WHERE token_digest = ?1 AND expires_at > ?2";
    one::<SessionRow>(c, live, params![token_digest, now.as_secs()])
}

pub(crate) fn agency(c: &Connection, id: AgencyId) -> Result<Option<Agency>> {
    one::<AgencyRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn agencies(c: &Connection) -> Result<Vec<Agency>> {
    many::<AgencyRow>(c, "ORDER BY id", [])
}

pub(crate) fn staff(c: &Connection, id: StaffId) -> Result<Option<Staff>> {
    one::<StaffRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn all_staff(c: &Connection) -> Result<Vec<Staff>> {
    many::<StaffRow>(c, "ORDER BY id", [])
}

pub(crate) fn credentials(c: &Connection, staff: StaffId) -> Result<Vec<CredentialRow>> {
    let own = "WHERE staff = ?1 ORDER BY created_at, credential_id";
    many::<PasskeyRow>(c, own, [staff.as_i64()])
}

pub(crate) fn credential(c: &Connection, credential_id: &[u8]) -> Result<Option<CredentialRow>> {
    one::<PasskeyRow>(c, "WHERE credential_id = ?1", [credential_id])
}

pub(crate) fn invitation(c: &Connection, token_digest: [u8; 32]) -> Result<Option<Invitation>> {
    one::<InvitationRow>(c, "WHERE token_digest = ?1", [token_digest])
}
