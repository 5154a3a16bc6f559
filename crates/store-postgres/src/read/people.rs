//! Holders, their vault, one-time codes, sessions, agencies and staff.

use jadegate_domain::agency::Agency;
use jadegate_domain::id::{ChallengeId, CorrectionId};
use jadegate_domain::{AgencyId, Division, Holder, HolderId, Staff, StaffId, Timestamp};
use jadegate_store::{
    Challenge, Contents, Correction, CredentialRow, IndexKind, Invitation, Listed, OutboxMessage,
    Page, PhoneCode, SealedField, Session, SessionSubject, VaultKey,
};

use super::links::main_of;
use super::{ALL, from, ids, lies_near, listed, many, numbers, one};
use crate::connection::{Client, query};
use crate::error::{Result, sql};
use crate::value::{NONE, params};
use jadegate_store_rows::{
    AgencyRow, ChallengeRow, CorrectionRow, HolderRow, InvitationRow, OutboxRow, PasskeyRow,
    PhoneCodeRow, SealedFieldRow, SessionRow, StaffRow, VaultKeyRow, session_subject,
};
use tokio_postgres::types::Type;

pub(crate) async fn holder(c: &Client, id: HolderId) -> Result<Option<Holder>> {
    one::<HolderRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

pub(crate) async fn holders(c: &Client, page: Page<HolderId>) -> Result<Listed<Holder>> {
    let (after, most) = from(page, HolderId::as_i64);
    listed::<HolderRow>(c, "WHERE id > $1 ORDER BY id", [after], most).await
}

pub(crate) async fn indexed_holders(
    c: &Client,
    kind: IndexKind,
    digest: [u8; 16],
) -> Result<Vec<HolderId>> {
    let text = format!(
        "SELECT DISTINCT {} FROM blind_index b WHERE b.kind = $1 AND b.digest = $2 ORDER BY 1",
        main_of("b.holder")
    );
    let found = numbers(c, "blind_index", &text, params![kind.as_str(), digest]).await?;
    ids("blind_index", "holder", found, HolderId::from_i64)
}

/// The same, held until the transaction ends.
pub(crate) async fn held_index(
    c: &Client,
    kind: IndexKind,
    digest: [u8; 16],
) -> Result<Vec<HolderId>> {
    let hold = "SELECT holder FROM blind_index WHERE kind = $1 AND digest = $2 FOR SHARE";
    numbers(c, "blind_index", hold, params![kind.as_str(), digest]).await?;
    indexed_holders(c, kind, digest).await
}

pub(crate) async fn vault_key(c: &Client, holder: HolderId) -> Result<Option<VaultKey>> {
    one::<VaultKeyRow>(c, "WHERE holder = $1", [holder.as_i64()]).await
}

pub(crate) async fn sealed_fields(c: &Client, holder: HolderId) -> Result<Vec<SealedField>> {
    let newest = "WHERE holder = $1 AND version = (SELECT max(n.version) FROM sealed_field n \
                  WHERE n.holder = sealed_field.holder AND n.field = sealed_field.field) \
                  ORDER BY field";
    many::<SealedFieldRow>(c, newest, [holder.as_i64()]).await
}

pub(crate) async fn challenge(c: &Client, id: ChallengeId) -> Result<Option<Challenge>> {
    one::<ChallengeRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

pub(crate) async fn unrouted_challenges(
    c: &Client,
    now: Timestamp,
    limit: u32,
) -> Result<Listed<Challenge>> {
    let waiting = "WHERE lane IS NULL AND expires_at > $1 ORDER BY created_at, id";
    listed::<ChallengeRow>(c, waiting, [now.as_secs()], limit).await
}

pub(crate) async fn phone_codes(
    c: &Client,
    lane: [u8; 16],
    now: Timestamp,
) -> Result<Listed<PhoneCode>> {
    let live = "WHERE lane = $1 AND expires_at > $2 AND used_at IS NULL \
                ORDER BY created_at DESC, id DESC";
    listed::<PhoneCodeRow>(c, live, params![lane, now.as_secs()], ALL).await
}

pub(crate) async fn sessions_of(
    c: &Client,
    subject: SessionSubject,
    now: Timestamp,
) -> Result<Listed<Session>> {
    let (kind, subject) = session_subject(subject);
    let live = "WHERE subject_kind = $1 AND subject = $2 AND expires_at > $3 \
                ORDER BY created_at DESC, token_digest";
    listed::<SessionRow>(c, live, params![kind, subject, now.as_secs()], ALL).await
}

pub(crate) async fn correction(c: &Client, id: CorrectionId) -> Result<Option<Correction>> {
    one::<CorrectionRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

/// Does the first officer of the row's correction act near the region?
fn begun_near(region: &Division) -> String {
    format!(
        "EXISTS (SELECT 1 FROM (SELECT id AS who, region AS home FROM staff) h \
            WHERE h.who = correction.opened_by AND {})",
        lies_near(region)
    )
}

pub(crate) async fn waiting_corrections(
    c: &Client,
    near: &Division,
    now: Timestamp,
) -> Result<Listed<Correction>> {
    let text = format!(
        "WHERE state = 'waiting' AND expires_at > $2 AND {} ORDER BY opened_at, id",
        begun_near(near)
    );
    listed::<CorrectionRow>(c, &text, params![near.as_str(), now.as_secs()], ALL).await
}

pub(crate) async fn ended_corrections(
    c: &Client,
    near: &Division,
    since: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<Listed<Correction>> {
    let text = format!(
        "WHERE opened_at >= $2 AND (state <> 'waiting' OR expires_at <= $3) AND {} \
         ORDER BY opened_at DESC, id DESC",
        begun_near(near)
    );
    let row = params![near.as_str(), since.as_secs(), now.as_secs()];
    listed::<CorrectionRow>(c, &text, row, limit).await
}

pub(crate) async fn confirmed_corrections(
    c: &Client,
    since: Timestamp,
    page: Page<CorrectionId>,
) -> Result<Listed<Correction>> {
    let text = "WHERE state = 'confirmed' AND opened_at >= $1 AND id > $2 ORDER BY id";
    let after = page.after.map_or(0, CorrectionId::as_i64);
    listed::<CorrectionRow>(c, text, [since.as_secs(), after], page.limit).await
}

pub(crate) async fn due_messages(
    c: &Client,
    now: Timestamp,
    limit: u32,
) -> Result<Listed<OutboxMessage>> {
    let due = "WHERE state = 'waiting' AND next_try_at <= $1 ORDER BY created_at, challenge";
    listed::<OutboxRow>(c, due, [now.as_secs()], limit).await
}

pub(crate) async fn newest_messages(c: &Client, limit: u32) -> Result<Listed<OutboxMessage>> {
    listed::<OutboxRow>(c, "ORDER BY created_at DESC, challenge DESC", NONE, limit).await
}

pub(crate) async fn session(
    c: &Client,
    token_digest: [u8; 32],
    now: Timestamp,
) -> Result<Option<Session>> {
    let live = "WHERE token_digest = $1 AND expires_at > $2";
    one::<SessionRow>(c, live, params![token_digest, now.as_secs()]).await
}

/// All that a code rests on, in one statement: one plan, one snapshot, one way to the server and back.
const OPENING: &str = "SELECT s.expires_at, s.seen_day, s.subject, h.home, h.evidence_version, \
    k.wrapped, k.kek, \
    (SELECT n.sealed FROM sealed_field n WHERE n.holder = s.subject AND n.field = 'name' \
        ORDER BY n.version DESC LIMIT 1), \
    EXISTS (SELECT 1 FROM sealed_field d \
        WHERE d.holder = s.subject AND d.field = 'document')::int::bigint, \
    a.evidence_seen, a.regions_seen, a.colour, a.next_change, a.policy, a.body \
    FROM session s LEFT JOIN holder h ON h.id = s.subject \
    LEFT JOIN vault_key k ON k.holder = s.subject LEFT JOIN assessment a ON a.holder = s.subject \
    WHERE s.token_digest = $1 AND s.subject_kind = 'holder' AND s.expires_at > $2";

pub(crate) async fn opening(
    c: &Client,
    token_digest: [u8; 32],
    now: Timestamp,
) -> Result<Option<Vec<u8>>> {
    let failed = |e: tokio_postgres::Error| sql("session", &e);
    let rows = query(c, "session", OPENING, params![token_digest, now.as_secs()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let mut all = Contents::new();
    for (at, column) in row.columns().iter().enumerate() {
        if *column.type_() == Type::INT8 {
            match row.try_get(at).map_err(failed)? {
                Some(n) => all.number(n),
                None => all.nothing(),
            }
            continue;
        }
        let bytes = if *column.type_() == Type::TEXT {
            row.try_get::<_, Option<&str>>(at).map_err(failed)?.map(str::as_bytes)
        } else {
            row.try_get(at).map_err(failed)?
        };
        match bytes {
            Some(bytes) => all.bytes(bytes),
            None => all.nothing(),
        }
    }
    Ok(Some(all.into_bytes()))
}

pub(crate) async fn agency(c: &Client, id: AgencyId) -> Result<Option<Agency>> {
    one::<AgencyRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

pub(crate) async fn agencies(c: &Client) -> Result<Listed<Agency>> {
    listed::<AgencyRow>(c, "ORDER BY id", NONE, ALL).await
}

pub(crate) async fn staff(c: &Client, id: StaffId) -> Result<Option<Staff>> {
    one::<StaffRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

pub(crate) async fn all_staff(c: &Client) -> Result<Listed<Staff>> {
    listed::<StaffRow>(c, "ORDER BY id", NONE, ALL).await
}

pub(crate) async fn credentials(c: &Client, staff: StaffId) -> Result<Listed<CredentialRow>> {
    let own = "WHERE staff = $1 ORDER BY created_at, credential_id";
    listed::<PasskeyRow>(c, own, [staff.as_i64()], ALL).await
}

pub(crate) async fn credential(c: &Client, credential_id: &[u8]) -> Result<Option<CredentialRow>> {
    one::<PasskeyRow>(c, "WHERE credential_id = $1", [credential_id]).await
}

pub(crate) async fn invitation(c: &Client, token_digest: [u8; 32]) -> Result<Option<Invitation>> {
    one::<InvitationRow>(c, "WHERE token_digest = $1", [token_digest]).await
}
