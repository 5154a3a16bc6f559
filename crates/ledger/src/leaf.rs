//! The leaves: what a deployment tells the public that it did, never to whom.
//!
//! A leaf is JSON in one written form (sorted keys, no spaces, `"v":1`), so that its hash can be
//! made again by anybody from its content. The kinds are a closed list. No leaf holds a
//! person's name, a holder id or free text; staff stand by an opaque id, agencies by their name. What
//! concerns a holder is a [`Commitment`], which only they and the issuer can open.

use jadegate_domain::division::RiskLevel;
use jadegate_domain::id::IdentityRequestId;
use jadegate_domain::{
    AgencyId, AgencyKind, Division, EvidenceKind, GateId, IdentityRefusal, PlaceId, PolicyRef,
    Purpose, Role, StaffId, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical;
use crate::commitment::Commitment;
use crate::error::LedgerError;
use crate::event::{
    AgencyEvent, AlarmEvent, AppealEvent, EvidenceEvent, GateEvent, IdentityEvent, KeyEvent,
    KeyRole, MandateEvent, ProposalEvent, ProtectionEvent, StaffEvent, WaitingEvent,
};
use crate::hash::{Hash, leaf_hash};
use crate::word::{AgencyName, Word};

/// The longest leaf, in bytes; tlog-tiles allows 65,535 at most.
pub const MAX_LEAF: usize = 4096;

/// The version of the written form.
const VERSION: u64 = 1;

/// One entry of the public log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Leaf {
    /// A policy came into force; its file is public.
    PolicyPublished {
        /// When it was logged.
        at: Timestamp,
        /// Id, version and digest of the policy.
        policy: PolicyRef,
        /// SHA-256 of the whole file.
        sha256: Hash,
        /// By whom; absent when the operator put the file in place before a start.
        agency: Option<AgencyId>,
    },
    /// The deployment may act: where, from when to when; or its mandate was ended.
    Mandate {
        /// When it was logged.
        at: Timestamp,
        /// Whether its document was published, or it was ended before its time.
        event: MandateEvent,
        /// The version of the document.
        version: u32,
        /// The division for which it holds.
        region: Division,
        /// From when.
        from: Timestamp,
        /// Until when; a mandate always ends.
        to: Timestamp,
        /// SHA-256 of the signed document, which is public.
        document: Hash,
        /// Whose officer proposed it; absent for the document of the first start.
        agency: Option<AgencyId>,
    },
    /// A signing key was published, revoked or disclosed.
    KeyChange {
        /// When it was logged.
        at: Timestamp,
        /// What the key is for.
        role: KeyRole,
        /// Whether it was published, revoked or disclosed.
        event: KeyEvent,
        /// SHA-256 of the public key; its first 16 hex digits are the key id of a key set.
        key: Hash,
        /// Start of its period.
        from: Timestamp,
        /// End of its period.
        to: Timestamp,
    },
    /// A piece of evidence was recorded or withdrawn.
    Evidence {
        /// When it was logged.
        at: Timestamp,
        /// Whether it was recorded or withdrawn.
        event: EvidenceEvent,
        /// Its kind.
        evidence_kind: EvidenceKind,
        /// By whom; absent for the holder's own declarations.
        agency: Option<AgencyId>,
        /// To the evidence itself (`commit("evidence", ..)`).
        commitment: Commitment,
    },
    /// Somebody looked at a person's data.
    Access {
        /// When it was logged.
        at: Timestamp,
        /// The agency whose member of staff looked.
        agency: AgencyId,
        /// The purpose for which they looked.
        purpose: Purpose,
        /// To the access as the holder sees it (`commit("access", ..)`).
        commitment: Commitment,
    },
    /// Data was destroyed because its time was over.
    Purge {
        /// When it was logged.
        at: Timestamp,
        /// Row of the retention table.
        retention: Word,
        /// Everything before this moment is gone.
        before: Timestamp,
        /// How many rows that were; rounded by the caller where a small number would tell.
        rows: u32,
    },
    /// The system noticed something that the public should know.
    Alarm {
        /// When it was logged.
        at: Timestamp,
        /// What was noticed, as a stable word.
        alarm: Word,
    },
    /// A division's risk level was set.
    RiskLevel {
        /// When it was logged.
        at: Timestamp,
        /// The division whose level it is.
        division: Division,
        /// The level that holds in this period.
        level: RiskLevel,
        /// From when.
        from: Timestamp,
        /// Until when; absent until further notice.
        to: Option<Timestamp>,
        /// By whom.
        agency: AgencyId,
    },
    /// A proposal to publish a policy or to raise risk levels went a step further.
    Proposal {
        /// When it was logged.
        at: Timestamp,
        /// The step it went.
        event: ProposalEvent,
        /// `policy` or `region`.
        change: Word,
        /// SHA-256 of what is proposed, in the form in which the deployment keeps it; the same in
        /// every step of one proposal.
        digest: Hash,
        /// Whose officer took the step; absent when time did.
        agency: Option<AgencyId>,
        /// SHA-256 of the what-if this step rests on.
        what_if: Hash,
        /// People in that what-if.
        people: u32,
        /// Of those, green before and not green after.
        newly_confined: u32,
    },
    /// An agency was registered or confirmed.
    Agency {
        /// When it was logged.
        at: Timestamp,
        /// Whether it was registered or confirmed.
        event: AgencyEvent,
        /// The agency, by its id.
        agency: AgencyId,
        /// As what; the kind fixes what it may record and read.
        agency_kind: AgencyKind,
        /// Its name, as holders see it.
        name: AgencyName,
        /// The division in which it acts.
        region: Division,
        /// By which member of staff; absent: from the machine's own command line.
        by: Option<StaffId>,
    },
    /// A member of staff, by opaque id, was invited, joined, was confirmed or left.
    Staff {
        /// When it was logged.
        at: Timestamp,
        /// Whether they were invited, joined, were confirmed or left.
        event: StaffEvent,
        /// The member of staff, by an id that names nobody.
        staff: StaffId,
        /// Working for.
        agency: AgencyId,
        /// As what.
        role: Role,
        /// The division in which they act.
        region: Division,
        /// By which member of staff; absent: by themselves when they joined, otherwise from the
        /// machine's own command line.
        by: Option<StaffId>,
        /// SHA-256 of the id of their passkey, where they had one.
        passkey: Option<Hash>,
    },
    /// A device became a gate of a place, or is none any more.
    Gate {
        /// When it was logged.
        at: Timestamp,
        /// Whether it was enrolled or revoked.
        event: GateEvent,
        /// The gate, by its id.
        gate: GateId,
        /// Where it stands.
        place: PlaceId,
        /// Whose place; absent for places that no agency has as its own.
        agency: Option<AgencyId>,
        /// Whose link or whose order; absent where it was not kept.
        by: Option<StaffId>,
        /// SHA-256 of its public key.
        key: Hash,
    },
    /// Records were taken back.
    Withdrawal {
        /// When it was logged.
        at: Timestamp,
        /// What kind of records (`evidence`, `case`, `import`).
        record: Word,
        /// Who took them back.
        agency: AgencyId,
        /// The reason that was given, as a stable word.
        reason: Word,
        /// How many records were taken back.
        records: u32,
    },
    /// How a person is known has changed, or who cares for them.
    Account {
        /// When it was logged.
        at: Timestamp,
        /// What changed, as a stable word (`phone_changed`, `carer_added`).
        event: Word,
        /// Was that change undone?
        undone: bool,
        /// Whose counter; absent where it was the person or somebody who cares for them.
        agency: Option<AgencyId>,
        /// To the change as the person sees it (`commit("account", ..)`).
        commitment: Commitment,
    },
    /// Somebody asked to learn who stands behind a pseudonym, or such a request went a step further.
    IdentityRequest {
        /// When it was logged.
        at: Timestamp,
        /// The step it went.
        event: IdentityEvent,
        /// The request, so that its steps can be followed; whom it is about, nobody is told.
        request: IdentityRequestId,
        /// Whose officer asked.
        agency: AgencyId,
        /// Of what kind that agency is.
        agency_kind: AgencyKind,
        /// For what; absent where that does not exist here.
        purpose: Option<Purpose>,
        /// Whose officer decided; absent where nobody did.
        by: Option<AgencyId>,
        /// Why it was refused.
        refusal: Option<IdentityRefusal>,
    },
    /// A mass of records above the mandate's number waits, or was decided on.
    Waiting {
        /// When it was logged.
        at: Timestamp,
        /// Whether they began to wait, or how it ended.
        event: WaitingEvent,
        /// What kind of records (`tests`, `contacts`).
        what: Word,
        /// For which agency they were recorded.
        agency: AgencyId,
        /// Whose member of staff decided; absent at first, and when time did.
        by: Option<AgencyId>,
        /// How many records wait or waited.
        records: u32,
    },
    /// An agency, or a member of its staff, did far more than they ever did, or looked at somebody whom
    /// they had no reason to look at; or a second body answered to that. Nobody is named.
    AgencyAlarm {
        /// When it was logged.
        at: Timestamp,
        /// What happened.
        event: AlarmEvent,
        /// What it is about (`unbacked`, `looks_by_one`).
        what: Word,
        /// Whose records or looks.
        agency: AgencyId,
        /// How many records, looks or people.
        count: u32,
        /// What was found; absent before it is answered.
        answer: Option<Word>,
        /// Whose officer answered; absent before.
        by: Option<AgencyId>,
    },
    /// Somebody was put on the list of people at whom each look is an alarm, or taken from it. Who, nobody
    /// is told.
    Protection {
        /// When it was logged.
        at: Timestamp,
        /// What happened.
        event: ProtectionEvent,
        /// Why they stand there (`well_known`, `colleague`, `threatened`).
        ground: Word,
        /// Whose officer did it.
        agency: AgencyId,
    },
    /// Something happened to an appeal; whose it is, nobody is told.
    Appeal {
        /// When it was logged.
        at: Timestamp,
        /// What happened.
        event: AppealEvent,
        /// The rule that asked for the colour, as a word.
        rule: Word,
        /// Whose officer decided; absent where nobody did.
        agency: Option<AgencyId>,
    },
    /// Another table of powers decides from now on: a server started with a program that brought it.
    AccessTable {
        /// When it was logged.
        at: Timestamp,
        /// SHA-256 of the table without words, which is public (`GET /v1/access`, `rules`).
        digest: Hash,
        /// How many powers it has.
        powers: u32,
    },
    /// So many decisions about records by which a rule coloured people were overturned that somebody has
    /// to look at the rule.
    RuleReview {
        /// When it was logged.
        at: Timestamp,
        /// The rule, as a word.
        rule: Word,
        /// SHA-256 of the policy, its first 16 hex digits, behind a `p`.
        policy: Word,
        /// Decided appeals by then.
        decided: u32,
        /// Those of them that were granted.
        overturned: u32,
    },
}

impl Leaf {
    /// The bytes that are logged.
    pub fn encode(&self) -> Result<Vec<u8>, LedgerError> {
        let mut value = serde_json::to_value(self).map_err(|_| LedgerError::BadLeaf)?;
        let map = value.as_object_mut().ok_or(LedgerError::BadLeaf)?;
        map.insert("v".to_owned(), VERSION.into());
        let bytes = canonical::to_bytes(&value)?;
        if bytes.len() > MAX_LEAF { Err(LedgerError::LeafTooLong) } else { Ok(bytes) }
    }

    /// Read a leaf; refuses any but the one written form.
    pub fn decode(bytes: &[u8]) -> Result<Self, LedgerError> {
        if bytes.len() > MAX_LEAF {
            return Err(LedgerError::LeafTooLong);
        }
        let value: Value = serde_json::from_slice(bytes).map_err(|_| LedgerError::BadLeaf)?;
        let leaf: Self = serde_json::from_value(value).map_err(|_| LedgerError::BadLeaf)?;
        // Unknown or repeated fields, another order or version do not come back the same.
        if leaf.encode()? == bytes { Ok(leaf) } else { Err(LedgerError::BadLeaf) }
    }

    /// When a leaf of any kind was logged, by its bytes alone; `None` if they are no leaf.
    pub fn moment(bytes: &[u8]) -> Option<Timestamp> {
        #[derive(Deserialize)]
        struct Moment {
            at: Timestamp,
        }
        serde_json::from_slice(bytes).ok().map(|moment: Moment| moment.at)
    }

    /// Its hash in the tree.
    pub fn hash(&self) -> Result<Hash, LedgerError> {
        Ok(leaf_hash(&self.encode()?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::commitment::commit;

    #[expect(clippy::too_many_lines, reason = "a few lines for each kind of leaf")]
    fn one_of_each() -> Vec<Leaf> {
        let at = Timestamp::from_secs(1_646_121_600);
        let agency = AgencyId::from_random(7);
        let hash = leaf_hash(b"x");
        let division: Division = "CN-330106".parse().unwrap();
        let commitment = commit("evidence", &[1; 16], b"content");
        let policy = PolicyRef {
            id: "three-colour".to_owned(),
            version: 1,
            digest: "0011223344556677".to_owned(),
        };
        vec![
            Leaf::PolicyPublished { at, policy, sha256: hash, agency: Some(agency) },
            Leaf::Mandate {
                at,
                event: MandateEvent::Published,
                version: 1,
                region: division.clone(),
                from: at,
                to: at.plus_days(90),
                document: hash,
                agency: Some(agency),
            },
            Leaf::KeyChange {
                at,
                role: KeyRole::Live,
                event: KeyEvent::Published,
                key: hash,
                from: at,
                to: at.plus_days(7),
            },
            Leaf::Evidence {
                at,
                event: EvidenceEvent::Recorded,
                evidence_kind: EvidenceKind::Test,
                agency: Some(agency),
                commitment,
            },
            Leaf::Access { at, agency, purpose: Purpose::ContactTracing, commitment },
            Leaf::Purge { at, retention: "visits".parse().unwrap(), before: at, rows: 1000 },
            Leaf::Alarm { at, alarm: "checkpoint_late".parse().unwrap() },
            Leaf::RiskLevel { at, division, level: RiskLevel::High, from: at, to: None, agency },
            Leaf::Proposal {
                at,
                event: ProposalEvent::Approved,
                change: "policy".parse().unwrap(),
                digest: hash,
                agency: Some(agency),
                what_if: leaf_hash(b"y"),
                people: 1000,
                newly_confined: 12,
            },
            Leaf::Agency {
                at,
                event: AgencyEvent::Registered,
                agency,
                agency_kind: AgencyKind::Laboratory,
                name: "示例实验室 Example laboratory".to_owned().try_into().unwrap(),
                region: "CN-33".parse().unwrap(),
                by: None,
            },
            Leaf::Staff {
                at,
                event: StaffEvent::Joined,
                staff: StaffId::from_random(8),
                agency,
                role: Role::Officer,
                region: "CN-33".parse().unwrap(),
                by: None,
                passkey: Some(hash),
            },
            Leaf::Gate {
                at,
                event: GateEvent::Enrolled,
                gate: GateId::from_random(9),
                place: PlaceId::from_random(10),
                agency: Some(agency),
                by: Some(StaffId::from_random(8)),
                key: hash,
            },
            Leaf::Withdrawal {
                at,
                record: "import".parse().unwrap(),
                agency,
                reason: "wrong_person".parse().unwrap(),
                records: 980,
            },
            Leaf::Account {
                at,
                event: "phone_changed".parse().unwrap(),
                undone: false,
                agency: Some(agency),
                commitment,
            },
            Leaf::IdentityRequest {
                at,
                event: IdentityEvent::Refused,
                request: IdentityRequestId::from_random(7),
                agency,
                agency_kind: AgencyKind::PublicSecurity,
                purpose: None,
                by: None,
                refusal: Some(IdentityRefusal::NoSuchPurpose),
            },
            Leaf::Waiting {
                at,
                event: WaitingEvent::Held,
                what: "tests".parse().unwrap(),
                agency,
                by: None,
                records: 980,
            },
            Leaf::AgencyAlarm {
                at,
                event: AlarmEvent::Raised,
                what: "unbacked".parse().unwrap(),
                agency: AgencyId::from_random(1),
                count: 42,
                answer: None,
                by: None,
            },
            Leaf::Protection {
                at,
                event: ProtectionEvent::Added,
                ground: "well_known".parse().unwrap(),
                agency: AgencyId::from_random(1),
            },
            Leaf::Appeal {
                at,
                event: AppealEvent::Lapsed,
                rule: "close_contact".parse().unwrap(),
                agency: None,
            },
            Leaf::RuleReview {
                at,
                rule: "close_contact".parse().unwrap(),
                policy: "p0011223344556677".parse().unwrap(),
                decided: 40,
                overturned: 20,
            },
            Leaf::AccessTable { at, digest: hash, powers: 21 },
        ]
    }

    #[test]
    fn every_kind_reads_back_and_is_told_by_its_hash() {
        let leaves = one_of_each();
        for leaf in &leaves {
            let bytes = leaf.encode().unwrap();
            assert_eq!(Leaf::decode(&bytes).as_ref(), Ok(leaf));
            assert_eq!(leaf.hash().unwrap(), leaf_hash(&bytes));
            assert_eq!(Leaf::moment(&bytes), Some(Timestamp::from_secs(1_646_121_600)));
        }
        assert_eq!(Leaf::moment(b"made up"), None);
        let mut hashes: Vec<_> = leaves.iter().map(|l| l.hash().unwrap()).collect();
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), leaves.len());
    }

    /// The written form may never change: old leaves would no longer fit their hashes.
    #[test]
    fn the_written_form_is_this() {
        let text = |i: usize| String::from_utf8(one_of_each()[i].encode().unwrap()).unwrap();
        assert_eq!(
            text(3),
            r#"{"agency":"a0000000000007","at":"2022-03-01T08:00:00Z","commitment":"KzCpS7BESTk8e095bOLZ5cmGtD2FW9y+cEMAu35jb9g=","event":"recorded","evidence_kind":"test","kind":"evidence","v":1}"#
        );
        assert_eq!(
            text(5),
            r#"{"at":"2022-03-01T08:00:00Z","before":"2022-03-01T08:00:00Z","kind":"purge","retention":"visits","rows":1000,"v":1}"#
        );
        assert_eq!(
            text(7),
            r#"{"agency":"a0000000000007","at":"2022-03-01T08:00:00Z","division":"CN-330106","from":"2022-03-01T08:00:00Z","kind":"risk_level","level":"high","to":null,"v":1}"#
        );
        // The first eight at once.
        let tree =
            crate::Tree::from_leaf_hashes(one_of_each()[..8].iter().map(|l| l.hash().unwrap()));
        assert_eq!(tree.root().to_string(), "0brqHvHb/7l8oqKhN9yk6nG6gOcPRYl6paEo2qaybvo=");
    }

    #[test]
    fn another_written_form_is_refused() {
        let good =
            r#"{"alarm":"checkpoint_late","at":"2022-03-01T08:00:00Z","kind":"alarm","v":1}"#;
        assert!(Leaf::decode(good.as_bytes()).is_ok());
        for (name, bad) in [
            ("space", good.replace(r#","v""#, r#", "v""#)),
            (
                "order",
                r#"{"at":"2022-03-01T08:00:00Z","alarm":"checkpoint_late","kind":"alarm","v":1}"#
                    .to_owned(),
            ),
            ("version", good.replace(r#""v":1"#, r#""v":2"#)),
            ("no version", good.replace(r#","v":1"#, "")),
            ("unknown field", good.replace(r#""v":1"#, r#""v":1,"w":1"#)),
            ("field twice", good.replace(r#""v":1"#, r#""v":1,"v":1"#)),
            ("another offset", good.replace("T08:00:00Z", "T09:00:00+01:00")),
            ("unknown kind", good.replace(r#""kind":"alarm""#, r#""kind":"colour_set""#)),
            ("free text", good.replace("checkpoint_late", "Alice Beispiel")),
            ("line end", good.to_owned() + "\n"),
            ("long", " ".repeat(MAX_LEAF + 1)),
        ] {
            assert!(Leaf::decode(bad.as_bytes()).is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_leaf_or_an_error(bytes: Vec<u8>, text in "\\PC{0,200}") {
            let _ = Leaf::decode(&bytes);
            let _ = Leaf::decode(text.as_bytes());
        }
    }
}
