//! A made-up deployment: ten days of an honest log, served from memory, to be cheated with.

#![allow(
    clippy::needless_pass_by_value,
    clippy::unused_self,
    clippy::unwrap_used,
    reason = "what reads well in a test"
)]

use std::cell::Cell;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jadegate_audit::{Known, Source, Unread};
use jadegate_domain::division::RiskLevel;
use jadegate_domain::id::IdentityRequestId;
use jadegate_domain::time::DAY;
use jadegate_domain::{
    AgencyId, AgencyKind, EvidenceKind, PolicyRef, Purpose, Role, StaffId, Timestamp,
};
use jadegate_ledger::cosign::{WitnessPolicy, WitnessSigner};
use jadegate_ledger::note::{NoteSigner, NoteVerifier};
use jadegate_ledger::tile::{TileId, bundle_bytes, tile_bytes};
use jadegate_ledger::{
    AgencyEvent, Checkpoint, EvidenceEvent, Hash, IdentityEvent, KeyEvent, KeyRole, Leaf,
    ProposalEvent, StaffEvent, Tree, commit, leaf_hash, sign_checkpoint,
};
use jadegate_policy::Policy;
use serde_json::json;
use sha2::Digest as _;

const POLICY: &str = include_str!("../../../../policies/three-colour.toml");
/// 1 March 2022, 08:00 UTC.
const START: i64 = 1_646_121_600;
const DAYS: i64 = 10;

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(START + seconds)
}

pub(crate) const fn minutes(n: i64) -> i64 {
    n * 60
}

/// One agency of each kind.
pub(crate) fn agency(kind: AgencyKind) -> AgencyId {
    let n = AgencyKind::ALL.iter().position(|k| *k == kind).unwrap();
    AgencyId::from_random(100 + u64::try_from(n).unwrap())
}

/// What an auditor knows who has been there.
pub(crate) fn known_by(town: &Town) -> Known {
    town.known()
}

fn sha256(bytes: &[u8]) -> Hash {
    Hash::from_bytes(sha2::Sha256::digest(bytes).into())
}

pub(crate) struct Town {
    pub(crate) leaves: Vec<Vec<u8>>,
    pub(crate) signer: NoteSigner,
    witness: WitnessSigner,
    pub(crate) policy_text: String,
    pub(crate) live_key: [u8; 32],
    pub(crate) now: Timestamp,
    pub(crate) salt: u8,
    /// Answers in place of the honest ones.
    pub(crate) overrides: BTreeMap<String, Vec<u8>>,
    /// Paths that answer nothing.
    pub(crate) gone: Vec<String>,
    /// The checkpoint from the second time on.
    pub(crate) finally: Option<String>,
    asked: Cell<u32>,
}

impl Town {
    pub(crate) fn new() -> Self {
        Self::with(0)
    }

    /// As long, with the same key, and not the same.
    pub(crate) fn other() -> Self {
        Self::with(50)
    }

    fn with(salt: u8) -> Self {
        let mut town = Self {
            leaves: Vec::new(),
            signer: NoteSigner::from_seed("health.example/v1/log", &[3; 32]).unwrap(),
            witness: WitnessSigner::from_seed("paper.example", &[4; 32]).unwrap(),
            policy_text: POLICY.to_owned(),
            live_key: [7; 32],
            now: at(0),
            salt,
            overrides: BTreeMap::new(),
            gone: Vec::new(),
            finally: None,
            asked: Cell::new(0),
        };
        town.set_up();
        for day in 0..DAYS {
            town.now = at(day * DAY + minutes(30));
            town.day();
        }
        town.now = at((DAYS - 1) * DAY + minutes(60));
        town
    }

    fn set_up(&mut self) {
        let (at, policy, sha256) = (self.now, self.policy(), self.policy_hash());
        self.log(Leaf::PolicyPublished { at, policy, sha256, agency: None });
        let (from, to, key) =
            (at, at.plus_days(400), Hash::from_bytes(sha2::Sha256::digest(self.live_key).into()));
        let (role, event) = (KeyRole::Live, KeyEvent::Published);
        self.log(Leaf::KeyChange { at, role, event, key, from, to });
        for kind in [
            AgencyKind::HealthCommission,
            AgencyKind::Laboratory,
            AgencyKind::PreventionTeam,
            AgencyKind::Operator,
        ] {
            for event in [AgencyEvent::Registered, AgencyEvent::Confirmed] {
                let leaf = self.agency(event, kind);
                self.log(leaf);
            }
        }
        for (event, id, by) in [
            (StaffEvent::Invited, 1, None),
            (StaffEvent::Joined, 1, None),
            (StaffEvent::Invited, 2, Some(1)),
            (StaffEvent::Joined, 2, None),
            (StaffEvent::Confirmed, 2, Some(1)),
        ] {
            let leaf = self.staff(event, id, by);
            self.log(leaf);
        }
        let proposed =
            self.proposal(ProposalEvent::Proposed, AgencyKind::HealthCommission, b"level");
        self.log(proposed);
        for event in [ProposalEvent::Approved, ProposalEvent::Applied] {
            let leaf = self.proposal(event, AgencyKind::PreventionTeam, b"level");
            self.log(leaf);
        }
        let (division, agency) =
            ("CN-330106".parse().unwrap(), agency(AgencyKind::HealthCommission));
        self.log(Leaf::RiskLevel {
            at,
            division,
            level: RiskLevel::High,
            from: at,
            to: None,
            agency,
        });
    }

    fn day(&mut self) {
        let at = self.now;
        let days = Policy::parse(POLICY).unwrap().retention_days();
        let day = at.plus_days(-i64::from(days)).utc_day();
        let (retention, before) =
            ("visits_and_scans".parse().unwrap(), Timestamp::from_secs(day * DAY));
        self.log(Leaf::Purge { at, retention, before, rows: 100 });
        for (kind, by) in [
            (EvidenceKind::Test, AgencyKind::Laboratory),
            (EvidenceKind::Contact, AgencyKind::PreventionTeam),
        ] {
            let leaf = self.evidence(at, kind, by);
            self.log(leaf);
        }
        let leaf = self.access(AgencyKind::PreventionTeam, Purpose::ContactTracing);
        self.log(leaf);
        for (event, by) in [
            (IdentityEvent::Asked, None),
            (IdentityEvent::Approved, Some(AgencyKind::HealthCommission)),
            (IdentityEvent::Read, None),
            (IdentityEvent::Closed, None),
        ] {
            let leaf = self.identity(at.as_secs().unsigned_abs(), event, by);
            self.log(leaf);
        }
    }

    /// A step of a request of the prevention team.
    pub(crate) fn identity(&self, n: u64, event: IdentityEvent, by: Option<AgencyKind>) -> Leaf {
        Leaf::IdentityRequest {
            at: self.now,
            event,
            request: IdentityRequestId::from_random(n),
            agency: agency(AgencyKind::PreventionTeam),
            agency_kind: AgencyKind::PreventionTeam,
            purpose: Some(Purpose::ContactTracing),
            by: by.map(agency),
            refusal: None,
        }
    }

    /// So many honest leaves more.
    pub(crate) fn grow(&mut self, n: usize) {
        for _ in 0..n {
            let leaf = self.access(AgencyKind::PreventionTeam, Purpose::Quarantine);
            self.log(leaf);
        }
    }

    pub(crate) fn log(&mut self, leaf: Leaf) {
        self.leaves.push(leaf.encode().unwrap());
    }

    pub(crate) fn policy(&self) -> PolicyRef {
        Policy::parse(&self.policy_text).unwrap().reference()
    }

    pub(crate) fn policy_hash(&self) -> Hash {
        sha256(self.policy_text.as_bytes())
    }

    pub(crate) fn agency(&self, event: AgencyEvent, agency_kind: AgencyKind) -> Leaf {
        let name = format!("Made-up {agency_kind:?}").try_into().unwrap();
        let (agency, region) = (agency(agency_kind), "CN".parse().unwrap());
        Leaf::Agency { at: self.now, event, agency, agency_kind, name, region, by: None }
    }

    pub(crate) fn staff(&self, event: StaffEvent, id: u64, by: Option<u64>) -> Leaf {
        Leaf::Staff {
            at: self.now,
            event,
            staff: StaffId::from_random(id),
            agency: agency(AgencyKind::HealthCommission),
            role: Role::Commissioner,
            region: "CN".parse().unwrap(),
            by: by.map(StaffId::from_random),
            passkey: None,
        }
    }

    pub(crate) fn proposal(&self, event: ProposalEvent, by: AgencyKind, what: &[u8]) -> Leaf {
        Leaf::Proposal {
            at: self.now,
            event,
            change: "region".parse().unwrap(),
            digest: sha256(what),
            agency: Some(agency(by)),
            what_if: sha256(b"what-if"),
            people: 1000,
            newly_confined: 10,
        }
    }

    pub(crate) fn evidence(&mut self, at: Timestamp, kind: EvidenceKind, by: AgencyKind) -> Leaf {
        self.salt = self.salt.wrapping_add(1);
        let commitment = commit("evidence", &[self.salt; 16], b"made up");
        let event = EvidenceEvent::Recorded;
        Leaf::Evidence { at, event, evidence_kind: kind, agency: Some(agency(by)), commitment }
    }

    pub(crate) fn access(&mut self, by: AgencyKind, purpose: Purpose) -> Leaf {
        self.salt = self.salt.wrapping_add(1);
        let commitment = commit("access", &[self.salt; 16], b"made up");
        Leaf::Access { at: self.now, agency: agency(by), purpose, commitment }
    }

    pub(crate) fn evidence_leaf_index(&self) -> usize {
        let evidence = |l: &Vec<u8>| matches!(Leaf::decode(l), Ok(Leaf::Evidence { .. }));
        self.leaves.iter().position(evidence).unwrap()
    }

    pub(crate) fn at_of(&self, index: usize) -> Timestamp {
        Leaf::moment(&self.leaves[index]).unwrap()
    }

    pub(crate) fn tree(&self) -> Tree {
        Tree::from_leaf_hashes(self.leaves.iter().map(|l| leaf_hash(l)))
    }

    pub(crate) fn key(&self) -> NoteVerifier {
        self.signer.verifier()
    }

    pub(crate) fn bare_checkpoint(&self) -> String {
        let tree = self.tree();
        let origin = self.signer.name().to_owned();
        let checkpoint = Checkpoint { origin, size: tree.size(), root: tree.root() };
        sign_checkpoint(&checkpoint, &self.signer).unwrap()
    }

    pub(crate) fn signed_by_witness(&self, at: Timestamp) -> String {
        let bare = self.bare_checkpoint();
        let text = bare.split_once("\n\n").unwrap().0.to_owned() + "\n";
        self.witness.cosign(&text, at).unwrap()
    }

    pub(crate) fn witness_line(&self) -> String {
        self.signed_by_witness(self.now)
    }

    /// The honest one is signed by its witness; a fork finds none.
    pub(crate) fn checkpoint(&self) -> String {
        let honest = self.salt < 50;
        self.bare_checkpoint() + &if honest { self.witness_line() } else { String::new() }
    }

    pub(crate) fn known(&self) -> Known {
        let witnesses = WitnessPolicy::new(vec![self.witness.verifier()], 1).unwrap();
        let (log_key, earlier) = (Some(self.key()), Some(self.checkpoint()));
        Known { log_key, witnesses, earlier }
    }

    pub(crate) fn says(&mut self, path: &str, answer: impl Into<Vec<u8>>) {
        self.overrides.insert(path.to_owned(), answer.into());
    }

    pub(crate) fn list(&self, from: usize) -> String {
        let leaf = |(i, l): (usize, &Vec<u8>)| json!({"index": i, "leaf": STANDARD.encode(l)});
        let all: Vec<_> = self.leaves.iter().enumerate().skip(from).take(1000).map(leaf).collect();
        json!({"size": self.leaves.len(), "leaves": all}).to_string()
    }

    pub(crate) fn regions(&self) -> String {
        let level = json!({"division": "CN-330106", "level": "high", "from": at(0), "to": null});
        json!({"risks": [level]}).to_string()
    }

    fn keys(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.live_key);
        let (from, to) = (at(0), at(0).plus_days(400));
        let key = json!({"kid": "00", "use": "live", "x": x, "not_before": from, "not_after": to});
        json!({"keys": [key], "log": self.key().to_string()}).to_string()
    }

    fn file(&self, path: &str) -> Result<Vec<u8>, Unread> {
        let id = TileId::from_path(path).map_err(|_| Unread::Missing)?;
        let tree = self.tree();
        if !id.exists_at(tree.size()) {
            return Err(Unread::Missing);
        }
        if id.level.is_some() {
            return Ok(tile_bytes(&tree, id).unwrap());
        }
        let from = usize::try_from(id.index * 256).unwrap();
        let leaves = &self.leaves[from..from + usize::from(id.width)];
        Ok(bundle_bytes(leaves.iter().map(Vec::as_slice)).unwrap())
    }
}

impl Source for Town {
    fn get(&self, path: &str) -> Result<Vec<u8>, Unread> {
        if self.gone.iter().any(|gone| gone == path) {
            return Err(Unread::Missing);
        }
        if let Some(answer) = self.overrides.get(path) {
            return Ok(answer.clone());
        }
        if path == "/v1/log/checkpoint" {
            self.asked.set(self.asked.get() + 1);
            let later = self.finally.clone().filter(|_| self.asked.get() > 1);
            return Ok(later.unwrap_or_else(|| self.checkpoint()).into_bytes());
        }
        if let Some(file) = path.strip_prefix("/v1/log/").filter(|p| p.starts_with("tile/")) {
            return self.file(file);
        }
        let list = "/v1/log/leaves?from=";
        let text = match path {
            "/v1/keys" => self.keys(),
            "/v1/policy" => self.policy_text.clone(),
            "/v1/info" => json!({"policy": self.policy()}).to_string(),
            "/v1/regions" => self.regions(),
            _ if path == format!("/v1/policies/{}", self.policy().digest) => {
                self.policy_text.clone()
            }
            _ if path.starts_with(list) => {
                let from = path[list.len()..].split('&').next().unwrap();
                self.list(from.parse().unwrap())
            }
            _ => return Err(Unread::Missing),
        };
        Ok(text.into_bytes())
    }
}
