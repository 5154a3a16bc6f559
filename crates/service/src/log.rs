//! Leaves of the public log: what happened, so that it cannot be unsaid, without saying to whom.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use jadegate_domain::division::RegionRisk;

use jadegate_domain::agency::Agency;
use jadegate_domain::record::{AccountEvent, RecordKind, WithdrawalReason};
use jadegate_domain::{
    Access, AgencyId, Evidence, Gate, Period, PolicyRef, ProtectedGround, Staff, StaffId, Timestamp,
};
use jadegate_ledger::{
    AgencyEvent, AlarmEvent, AppealEvent, Commitment, EvidenceEvent, GateEvent, Hash, KeyEvent,
    KeyRole, Leaf, LedgerError, ProposalEvent, ProtectionEvent, Salt, StaffEvent, WaitingEvent,
    Word, commit,
    note::{NoteSigner, NoteVerifier},
};
use jadegate_pass::{KeyUse, PublishedKey};
use jadegate_store::{AccountChange, Alarm, RuleReview, Store, Unit, Waiting, Write};

use crate::error::{Kind, Result, ServiceError};
use crate::keys::Keys;

impl From<LedgerError> for ServiceError {
    fn from(e: LedgerError) -> Self {
        Self::internal(e)
    }
}

/// The salt of a commitment: derived from the row's own id under the deployment's key, so that it
/// needs no place of its own and nobody without the key can try contents out.
fn salt(keys: &Keys, what: &str, id: &str) -> Salt {
    let mut salt = [0; 16];
    salt.copy_from_slice(&keys.commitment(format!("salt/{what}/{id}").as_bytes())[..16]);
    salt
}

/// A policy came into force. `source` is the whole file.
pub(crate) fn policy_leaf(
    policy: &PolicyRef,
    source: &str,
    at: Timestamp,
    agency: Option<AgencyId>,
) -> Result<Vec<u8>> {
    let sha256 = Hash::from_bytes(sha256(source.as_bytes()));
    Ok(Leaf::PolicyPublished { at, policy: policy.clone(), sha256, agency }.encode()?)
}

/// A key was published.
pub(crate) fn key_leaf(key: &PublishedKey, at: Timestamp) -> Result<Vec<u8>> {
    let role = match key.key_use() {
        KeyUse::Live => KeyRole::Live,
        KeyUse::Venue => KeyRole::Venue,
        KeyUse::Paper => KeyRole::Paper,
    };
    let Period { from, to } = key.period();
    let (event, key) = (KeyEvent::Published, Hash::from_bytes(sha256(key.public_key())));
    Ok(Leaf::KeyChange { at, role, event, key, from, to }.encode()?)
}

/// SHA-256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.copy_from_slice(sum.as_ref());
    digest
}

/// A step of a proposal: what changes and what it was said to come to, in digests and counts.
pub(crate) struct ProposalStep<'a> {
    pub(crate) event: ProposalEvent,
    /// `policy` or `region`.
    pub(crate) change: &'static str,
    pub(crate) digest: [u8; 32],
    pub(crate) agency: Option<AgencyId>,
    /// The what-if's JSON.
    pub(crate) what_if: &'a str,
    pub(crate) people: u64,
    pub(crate) newly_confined: u64,
}

/// See [`ProposalStep`].
pub(crate) fn proposal_leaf(step: &ProposalStep<'_>, at: Timestamp) -> Result<Vec<u8>> {
    let count = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    let leaf = Leaf::Proposal {
        at,
        event: step.event,
        change: step.change.parse().map_err(ServiceError::internal)?,
        digest: Hash::from_bytes(step.digest),
        agency: step.agency,
        what_if: Hash::from_bytes(sha256(step.what_if.as_bytes())),
        people: count(step.people),
        newly_confined: count(step.newly_confined),
    };
    Ok(leaf.encode()?)
}

/// An agency was registered or confirmed.
pub(crate) fn agency_leaf(
    agency: &Agency,
    event: AgencyEvent,
    by: Option<StaffId>,
    at: Timestamp,
) -> Result<Vec<u8>> {
    let leaf = Leaf::Agency {
        at,
        event,
        agency: agency.id,
        agency_kind: agency.kind,
        name: agency.name.clone().try_into().map_err(ServiceError::internal)?,
        region: agency.region.clone(),
        by,
    };
    Ok(leaf.encode()?)
}

/// A member of staff was invited, joined, was confirmed or left. `passkey` is their credential id.
pub(crate) fn staff_leaf(
    staff: &Staff,
    event: StaffEvent,
    by: Option<StaffId>,
    passkey: Option<&[u8]>,
    at: Timestamp,
) -> Result<Vec<u8>> {
    let leaf = Leaf::Staff {
        at,
        event,
        staff: staff.id,
        agency: staff.agency,
        role: staff.role,
        region: staff.region.clone(),
        by,
        passkey: passkey.map(|id| Hash::from_bytes(sha256(id))),
    };
    Ok(leaf.encode()?)
}

/// A device became a gate, or is none any more.
pub(crate) fn gate_leaf(
    gate: &Gate,
    agency: Option<AgencyId>,
    event: GateEvent,
    by: Option<StaffId>,
    at: Timestamp,
) -> Result<Vec<u8>> {
    let leaf = Leaf::Gate {
        at,
        event,
        gate: gate.id,
        place: gate.place,
        agency,
        by,
        key: Hash::from_bytes(sha256(&gate.public_key)),
    };
    Ok(leaf.encode()?)
}

/// What opens a commitment: whoever holds it can make the commitment again, and nobody else can.
pub(crate) struct Opening {
    /// The word before the salt.
    pub(crate) what: &'static str,
    pub(crate) salt: Salt,
    /// The exact bytes: JSON.
    pub(crate) content: String,
    pub(crate) commitment: Commitment,
}

fn opening(what: &'static str, salt: Salt, content: &impl serde::Serialize) -> Result<Opening> {
    let content = serde_json::to_string(content).map_err(ServiceError::internal)?;
    let commitment = commit(what, &salt, content.as_bytes());
    Ok(Opening { what, salt, content, commitment })
}

/// Evidence is committed to as it was recorded: what is later marked on the row does not change it.
pub(crate) fn evidence_opening(keys: &Keys, evidence: &Evidence) -> Result<Opening> {
    let as_recorded = Evidence { withdrawn_at: None, superseded_by: None, ..evidence.clone() };
    opening("evidence", salt(keys, "evidence", &evidence.id.to_string()), &as_recorded)
}

/// An access is committed to as the holder sees it, so that they can be given what opens it. The
/// member of staff stands in it as a commitment of its own, which auditors can have opened.
pub(crate) fn access_opening(keys: &Keys, access: &Access) -> Result<Opening> {
    #[derive(serde::Serialize)]
    struct AsSeen<'a> {
        holder: jadegate_domain::HolderId,
        at: Timestamp,
        agency: AgencyId,
        staff: Option<Commitment>,
        purpose: jadegate_domain::Purpose,
        what: &'a str,
    }
    let id = format!("{}/{}/{}", access.holder, access.at, access.what);
    let staff = access
        .staff
        .map(|s| commit("staff", &salt(keys, "access-staff", &id), s.to_string().as_bytes()));
    let seen = AsSeen {
        holder: access.holder,
        at: access.at,
        agency: access.agency,
        staff,
        purpose: access.purpose,
        what: &access.what,
    };
    opening("access", salt(keys, "access", &id), &seen)
}

/// A piece of evidence was recorded or, if it says so, withdrawn.
pub(crate) fn evidence_leaf(keys: &Keys, evidence: &Evidence) -> Result<Vec<u8>> {
    let at = evidence.withdrawn_at.unwrap_or(evidence.recorded_at);
    evidence_leaf_at(keys, evidence, at)
}

/// The same of what is filled in with a moment of before: the log says when it was logged.
pub(crate) fn evidence_leaf_at(keys: &Keys, evidence: &Evidence, at: Timestamp) -> Result<Vec<u8>> {
    let event = match evidence.withdrawn_at {
        None => EvidenceEvent::Recorded,
        Some(_) => EvidenceEvent::Withdrawn,
    };
    let leaf = Leaf::Evidence {
        at,
        event,
        evidence_kind: evidence.fact.kind(),
        agency: evidence.agency,
        commitment: evidence_opening(keys, evidence)?.commitment,
    };
    Ok(leaf.encode()?)
}

/// Records were taken back.
pub(crate) fn withdrawal_leaf(
    record: RecordKind,
    agency: AgencyId,
    reason: WithdrawalReason,
    records: u64,
    at: Timestamp,
) -> Result<Vec<u8>> {
    let leaf = Leaf::Withdrawal {
        at,
        record: record.as_str().parse().map_err(ServiceError::internal)?,
        agency,
        reason: reason.as_str().parse().map_err(ServiceError::internal)?,
        records: u32::try_from(records).unwrap_or(u32::MAX),
    };
    Ok(leaf.encode()?)
}

/// Records began to wait, or somebody decided on them.
pub(crate) fn waiting_leaf(w: &Waiting, event: WaitingEvent, at: Timestamp) -> Result<Vec<u8>> {
    let leaf = Leaf::Waiting {
        at,
        event,
        what: w.kind.as_str().parse().map_err(ServiceError::internal)?,
        agency: w.agency,
        by: w.decision.and_then(|d| d.by).map(|(_, agency)| agency),
        records: u32::try_from(w.count).unwrap_or(u32::MAX),
    };
    Ok(leaf.encode()?)
}

/// Something happened to an alarm.
pub(crate) fn alarm_leaf(a: &Alarm, event: AlarmEvent) -> Result<Vec<u8>> {
    let answer = a.end.map(|e| e.answer.as_str().parse()).transpose();
    let leaf = Leaf::AgencyAlarm {
        at: a.end.map_or(a.measured.at, |e| e.at),
        event,
        what: a.kind.as_str().parse().map_err(ServiceError::internal)?,
        agency: a.agency,
        count: u32::try_from(a.measured.count).unwrap_or(u32::MAX),
        answer: answer.map_err(ServiceError::internal)?,
        by: a.end.map(|e| e.by.1),
    };
    Ok(leaf.encode()?)
}

/// Somebody was put on the list of protected people, or taken from it.
pub(crate) fn protection_leaf(
    event: ProtectionEvent,
    ground: ProtectedGround,
    agency: AgencyId,
    at: Timestamp,
) -> Result<Vec<u8>> {
    let ground = ground.as_str().parse().map_err(ServiceError::internal)?;
    Ok(Leaf::Protection { at, event, ground, agency }.encode()?)
}

/// Something happened to an appeal.
pub(crate) fn appeal_leaf(
    event: AppealEvent,
    rule: &str,
    agency: Option<AgencyId>,
    at: Timestamp,
) -> Result<Vec<u8>> {
    Ok(Leaf::Appeal { at, event, rule: rule_word(rule)?, agency }.encode()?)
}

/// Somebody has to look at a rule.
pub(crate) fn review_leaf(review: &RuleReview) -> Result<Vec<u8>> {
    let leaf = Leaf::RuleReview {
        at: review.asked_at,
        rule: rule_word(&review.rule)?,
        policy: format!("p{}", review.policy).parse().map_err(ServiceError::internal)?,
        decided: review.decided,
        overturned: review.overturned,
    };
    Ok(leaf.encode()?)
}

/// A rule's id as a word of the log, which has no hyphens.
fn rule_word(rule: &str) -> Result<Word> {
    rule.replace('-', "_").parse().map_err(ServiceError::internal)
}

/// Somebody looked at a person's data.
pub(crate) fn access_leaf(keys: &Keys, access: &Access) -> Result<Vec<u8>> {
    let leaf = Leaf::Access {
        at: access.at,
        agency: access.agency,
        purpose: access.purpose,
        commitment: access_opening(keys, access)?.commitment,
    };
    Ok(leaf.encode()?)
}

/// A change of how a person is known is committed to as the person sees it.
pub(crate) fn account_opening(keys: &Keys, change: &AccountChange) -> Result<Opening> {
    #[derive(serde::Serialize)]
    struct AsSeen {
        holder: jadegate_domain::HolderId,
        at: Timestamp,
        event: AccountEvent,
        agency: Option<AgencyId>,
    }
    let seen = AsSeen {
        holder: change.holder,
        at: change.at,
        event: change.event,
        agency: change.by.agency(),
    };
    opening("account", salt(keys, "account", &change.id.to_string()), &seen)
}

/// How a person is known has changed, or who cares for them; or such a change was undone.
pub(crate) fn account_leaf(keys: &Keys, change: &AccountChange) -> Result<Vec<u8>> {
    let leaf = Leaf::Account {
        at: change.undone_at.unwrap_or(change.at),
        event: change.event.as_str().parse().map_err(ServiceError::internal)?,
        undone: change.undone_at.is_some(),
        agency: change.by.agency(),
        commitment: account_opening(keys, change)?.commitment,
    };
    Ok(leaf.encode()?)
}

/// A division's risk level was set or ended.
pub(crate) fn risk_leaf(risk: &RegionRisk, at: Timestamp) -> Result<Vec<u8>> {
    let leaf = Leaf::RiskLevel {
        at,
        division: risk.division.clone(),
        level: risk.level,
        from: risk.from,
        to: risk.to,
        agency: risk.agency,
    };
    Ok(leaf.encode()?)
}

/// Visits and scans of days before `kept_from` are gone.
pub(crate) fn purge_leaf(
    at: Timestamp,
    kept_from: Timestamp,
    visits: u64,
    scans: u64,
) -> Result<Vec<u8>> {
    let leaf = Leaf::Purge {
        at,
        retention: "visits_and_scans".parse().map_err(ServiceError::internal)?,
        before: kept_from,
        rows: u32::try_from(visits.saturating_add(scans)).unwrap_or(u32::MAX),
    };
    Ok(leaf.encode()?)
}

/// The log's signer under the name that the first start fixed. Whoever follows the log knows it by
/// its name and key: a later start with another address keeps the name and says so, and one with
/// another key is refused.
/// Only a start that `serves` fixes them: a command that writes something beforehand need not know
/// the address.
pub(crate) async fn signer_at_start(
    store: &dyn Store,
    given: NoteSigner,
    serves: bool,
) -> Result<NoteSigner> {
    const NAME: &str = "log_key";
    let Some(known) = store.setting(NAME).await? else {
        if !serves {
            return Ok(given);
        }
        let value = given.verifier().to_string();
        tracing::info!(log_key = value, "the public log has this key and keeps its name for ever");
        let write = Write::PutSetting { name: NAME, value, expect: Some(None) };
        store.commit(Unit::new("log_key", vec![write])).await?;
        return Ok(given);
    };
    let known = NoteVerifier::from_str(&known)?;
    if known.public_key() != given.verifier().public_key() {
        return Err(ServiceError::new(
            Kind::Conflict,
            "log.other_key",
            format!(
                "the public log of this database is signed by {known}; the key folder holds another key, so nobody \
                 who follows the log could verify it any more. Start with the key folder it was made with"
            ),
        ));
    }
    if known.name() != given.name() {
        tracing::warn!(
            name = known.name(),
            would_be = given.name(),
            "the public log keeps the name of its first start; the address given now is another one"
        );
    }
    Ok(given.named(known.name())?)
}

/// The log's tree in memory and its newest signed checkpoint.
#[derive(Default)]
pub(crate) struct LogTree {
    pub(crate) tree: jadegate_ledger::Tree,
    pub(crate) signed: Option<(u64, String)>,
    /// What is known of each witness, by its name.
    pub(crate) witnesses: BTreeMap<String, WitnessState>,
}

/// What is known of a witness; a start begins with what the published checkpoint says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WitnessState {
    /// The size that it signed last.
    pub(crate) size: u64,
    /// Why it signed nothing when it was asked last; told in the server's log when it changes.
    pub(crate) fault: Option<String>,
}
