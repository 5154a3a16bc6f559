//! Ways to cheat, each tried on a made-up deployment, and each found. The table in
//! `docs/threat-model.md` says by whom.

#![expect(clippy::unwrap_used, reason = "what cannot be made fails the test")]

mod common;

use common::{Town, agency, at, known_by, minutes};
use jadegate_audit::{Known, Report, audit};
use jadegate_domain::{AgencyKind, EvidenceKind, Purpose};
use jadegate_ledger::cosign::{WitnessPolicy, WitnessSigner};
use jadegate_ledger::note::NoteSigner;
use jadegate_ledger::witness::{AddCheckpoint, Refusal, Seen, consider};
use jadegate_ledger::{
    AgencyEvent, EvidenceEvent, IdentityEvent, Leaf, ProposalEvent, StaffEvent, consistency_proof,
};

fn look(town: &Town, known: &Known) -> Report {
    audit(town, known, town.now).unwrap()
}

/// Finds this, and is right about what it does not find.
fn found(town: &Town, known: &Known, code: &str) {
    let report = look(town, known);
    assert!(report.has(code), "{code} was not found:\n{report}");
}

#[test]
fn an_honest_deployment_has_no_fault() {
    let town = Town::new();
    let report = look(&town, &town.known());
    assert_eq!(report.faults(), 0, "{report}");
    assert!(report.checks.iter().all(|c| c.skipped.is_none()), "{report}");
    assert!(report.checks.iter().all(|c| c.looked_at > 0), "{report}");
    // Nor has one that is only known by its address.
    let report = look(&town, &Known::default());
    assert_eq!(report.faults(), 0, "{report}");
}

/// What witnesses signed may be a little behind what was shown without them.
#[test]
fn a_checkpoint_that_lags_is_no_fault() {
    let mut town = Town::new();
    let behind = town.checkpoint();
    town.grow(3);
    let known = Known { earlier: Some(town.checkpoint()), ..town.known() };
    town.finally = Some(behind.clone());
    assert_eq!(look(&town, &known).faults(), 0);
    town.finally = None;
    town.says("/v1/log/checkpoint", behind);
    let report = look(&town, &known);
    assert_eq!(report.faults(), 0, "{report}");
}

#[test]
fn a_leaf_that_is_left_out() {
    let mut town = Town::new();
    let known = town.known();
    // Of what is served, while the checkpoint is the honest one.
    let signed = town.checkpoint();
    town.leaves.remove(9);
    town.says("/v1/log/checkpoint", signed);
    found(&town, &known, "log.other_root");
    // And of the log, which is signed anew.
    town.overrides.clear();
    town.grow(1);
    found(&town, &known, "log.fork");
}

#[test]
fn a_leaf_that_is_written_anew() {
    let mut town = Town::new();
    let known = town.known();
    let alarm = Leaf::Alarm { at: town.at_of(9), alarm: "nothing".parse().unwrap() };
    town.leaves[9] = alarm.encode().unwrap();
    found(&town, &known, "log.fork");
}

#[test]
fn a_log_that_is_cut_short() {
    let mut town = Town::new();
    let known = town.known();
    town.leaves.truncate(town.leaves.len() / 2);
    found(&town, &known, "log.shrank");
}

#[test]
fn another_log_for_one_visitor() {
    // Two visits: what the second one is shown does not continue what the first one saw.
    let town = Town::new();
    let mut other = Town::other();
    let seen = Known { earlier: Some(town.checkpoint()), log_key: None, ..Known::default() };
    other.grow(3);
    found(&other, &seen, "log.fork");
    // Within one visit.
    let mut two = Town::new();
    let mut fork = Town::other();
    fork.grow(1);
    two.finally = Some(fork.checkpoint());
    found(&two, &Known::default(), "log.fork");
    let mut same_size = Town::new();
    same_size.finally = Some(Town::other().checkpoint());
    found(&same_size, &Known::default(), "log.fork");
}

#[test]
fn a_fork_finds_no_witness() {
    let (town, mut fork) = (Town::new(), Town::other());
    fork.grow(2);
    let old = town.tree();
    let seen = Seen { size: old.size(), root: old.root(), checkpoint: town.checkpoint() };
    let (size, tree) = (fork.tree().size(), fork.tree());
    let proof = consistency_proof(&tree, old.size(), size).unwrap();
    let asked = AddCheckpoint { old: old.size(), proof, checkpoint: fork.checkpoint() };
    let refused = consider(&asked, &[town.key()], |_| Some(&seen)).unwrap_err();
    assert_eq!(refused, Refusal::NotConsistent);
    // So it is shown without one.
    found(&fork, &Known { earlier: None, ..town.known() }, "witness.too_few");
}

#[test]
fn a_witness_s_name_under_what_it_did_not_sign() {
    let mut town = Town::new();
    let known = town.known();
    let signed = town.checkpoint();
    let mut other = Town::other();
    other.grow(1);
    let line = town.witness_line();
    let (_, text) = (signed, other.bare_checkpoint());
    town.says("/v1/log/checkpoint", text + &line);
    found(&town, &known, "witness.bad_signature");
}

#[test]
fn signatures_of_long_ago() {
    let town = Town::new();
    let old = town.bare_checkpoint() + &town.signed_by_witness(town.now.plus_days(-3));
    let mut town = town;
    let known = Known { earlier: None, ..town.known() };
    town.says("/v1/log/checkpoint", old);
    found(&town, &known, "witness.too_few");
}

#[test]
fn a_checkpoint_of_another_key() {
    let mut town = Town::new();
    let known = town.known();
    town.signer = NoteSigner::from_seed(town.signer.name(), &[99; 32]).unwrap();
    found(&town, &known, "key.other");
    found(&town, &known, "log.unsigned");
}

#[test]
fn a_log_that_stands_still() {
    let mut town = Town::new();
    town.now = town.now.plus_days(4);
    found(&town, &Known::default(), "log.stale");
}

#[test]
fn an_index_used_twice() {
    let mut town = Town::new();
    let mut other = Town::new();
    other.leaves[7] = other.leaves[8].clone();
    town.says("/v1/log/leaves?from=0&limit=1000", other.list(0));
    found(&town, &Known::default(), "log.two_views");
}

#[test]
fn a_leaf_that_is_back_dated() {
    let mut town = Town::new();
    let leaf = town.evidence(town.now.plus_days(-2), EvidenceKind::Test, AgencyKind::Laboratory);
    town.log(leaf);
    found(&town, &Known::default(), "time.back_dated");
}

#[test]
fn a_whole_log_that_is_back_dated_since_a_visit() {
    let mut town = Town::new();
    let known = town.known();
    // Everything after the visit says that it was before it, in good order.
    let before = town.at_of(town.leaves.len() - 1);
    town.now = town.now.plus_days(1);
    for n in 0..3 {
        let leaf = Leaf::Alarm { at: before.plus_secs(n), alarm: "late".parse().unwrap() };
        town.log(leaf);
    }
    found(&town, &known, "time.back_dated");
}

#[test]
fn a_leaf_from_the_future() {
    let mut town = Town::new();
    town.log(Leaf::Alarm { at: town.now.plus_days(1), alarm: "early".parse().unwrap() });
    found(&town, &Known::default(), "time.future");
}

#[test]
fn a_leaf_that_nobody_can_read() {
    let mut town = Town::new();
    town.leaves.push(br#"{"kind":"secret"}"#.to_vec());
    found(&town, &Known::default(), "leaf.unreadable");
}

#[test]
fn a_purge_that_is_left_out() {
    let purges = |town: &Town| -> Vec<usize> {
        let purge = |l: &Vec<u8>| matches!(Leaf::decode(l), Ok(Leaf::Purge { .. }));
        (0..town.leaves.len()).filter(|i| purge(&town.leaves[*i])).collect()
    };
    let town = Town::new();
    let n = purges(&town).len();
    // From the middle on, and to the end.
    for left in [n / 2..n / 2 + 3, n - 3..n] {
        let mut cheat = Town::new();
        for i in purges(&town)[left].iter().rev() {
            cheat.leaves.remove(*i);
        }
        found(&cheat, &Known::default(), "purge.skipped");
    }
}

#[test]
fn a_purge_that_keeps_too_much() {
    let mut town = Town::new();
    let at = town.now;
    let retention = "visits_and_scans".parse().unwrap();
    town.log(Leaf::Purge { at, retention, before: at.plus_days(-200), rows: 10 });
    found(&town, &Known::default(), "purge.too_little");
}

#[test]
fn another_policy_for_one_person() {
    let mut town = Town::new();
    let other = town.policy_text.replace("three-colour", "three-colours");
    town.says("/v1/policy", other.clone());
    found(&town, &Known::default(), "policy.other_served");
    // Nor under the name of the one that was logged.
    let mut town = Town::new();
    town.says(&format!("/v1/policies/{}", town.policy().digest), other);
    found(&town, &Known::default(), "policy.other_text");
    let mut town = Town::new();
    town.says("/v1/info", r#"{"policy":{"digest":"0011223344556677"}}"#);
    found(&town, &Known::default(), "policy.other_served");
}

#[test]
fn a_policy_that_is_no_longer_shown() {
    let mut town = Town::new();
    town.gone.push(format!("/v1/policies/{}", town.policy().digest));
    found(&town, &Known::default(), "policy.missing");
}

#[test]
fn a_policy_without_a_proposal() {
    let mut town = Town::new();
    let (at, policy, sha256) = (town.now, town.policy(), town.policy_hash());
    town.log(Leaf::PolicyPublished { at, policy, sha256, agency: None });
    found(&town, &Known::default(), "policy.no_proposal");
}

#[test]
fn an_agency_that_approves_its_own_proposal() {
    let mut town = Town::new();
    for event in [ProposalEvent::Proposed, ProposalEvent::Approved, ProposalEvent::Applied] {
        let leaf = town.proposal(event, AgencyKind::HealthCommission, b"own");
        town.log(leaf);
    }
    found(&town, &Known::default(), "proposal.own");
    // And one that applies what was never proposed.
    let mut town = Town::new();
    let leaf = town.proposal(ProposalEvent::Applied, AgencyKind::HealthCommission, b"new");
    town.log(leaf);
    found(&town, &Known::default(), "proposal.never_made");
}

#[test]
fn evidence_of_somebody_nobody_let_in() {
    let mut town = Town::new();
    let leaf = town.evidence(town.now, EvidenceKind::Test, AgencyKind::Border);
    town.log(leaf);
    found(&town, &Known::default(), "agency.not_confirmed");
}

#[test]
fn evidence_of_a_kind_that_is_not_theirs() {
    let mut town = Town::new();
    let leaf = town.evidence(town.now, EvidenceKind::Contact, AgencyKind::Laboratory);
    town.log(leaf);
    found(&town, &Known::default(), "evidence.no_power");
}

#[test]
fn evidence_that_is_counted_twice_or_taken_back_unseen() {
    let mut town = Town::new();
    let again = town.evidence_leaf_index();
    let leaf = town.leaves[again].clone();
    town.leaves.push(leaf);
    found(&town, &Known::default(), "evidence.twice");
    // What is taken back was never recorded: its leaf was left out.
    let mut town = Town::new();
    town.salt += 1;
    let leaf = match town.evidence(town.now, EvidenceKind::Test, AgencyKind::Laboratory) {
        Leaf::Evidence { at, evidence_kind, agency, commitment, .. } => {
            let event = EvidenceEvent::Withdrawn;
            Leaf::Evidence { at, event, evidence_kind, agency, commitment }
        }
        other => other,
    };
    town.log(leaf);
    found(&town, &Known::default(), "evidence.never_recorded");
}

#[test]
fn a_look_by_those_who_run_the_machines() {
    let mut town = Town::new();
    let leaf = town.access(AgencyKind::Operator, Purpose::HolderRequest);
    town.log(leaf);
    found(&town, &Known::default(), "access.no_purpose");
}

#[test]
fn staff_who_confirm_themselves() {
    let mut town = Town::new();
    let leaf = town.staff(StaffEvent::Confirmed, 2, Some(2));
    town.log(leaf);
    found(&town, &Known::default(), "staff.confirmed_themselves");
    let mut town = Town::new();
    let leaf = town.staff(StaffEvent::Invited, 77, Some(66));
    town.log(leaf);
    found(&town, &Known::default(), "staff.by_nobody");
}

#[test]
fn an_agency_that_changes_its_kind() {
    let mut town = Town::new();
    let leaf = match town.agency(AgencyEvent::Confirmed, AgencyKind::Laboratory) {
        Leaf::Agency { at, event, agency, name, region, by, .. } => {
            let agency_kind = AgencyKind::PreventionTeam;
            Leaf::Agency { at, event, agency, agency_kind, name, region, by }
        }
        other => other,
    };
    town.log(leaf);
    found(&town, &Known::default(), "agency.other_kind");
}

#[test]
fn a_risk_level_that_is_not_in_the_log_or_not_served() {
    let mut town = Town::new();
    town.says("/v1/regions", r#"{"risks":[]}"#);
    found(&town, &Known::default(), "level.not_served");
    let mut town = Town::new();
    let served = town.regions().replace("CN-330106", "CN-330105");
    town.says("/v1/regions", served);
    found(&town, &Known::default(), "level.not_logged");
    let mut town = Town::new();
    let served = town.regions().replace("\"to\":null", "\"to\":\"2030-01-01T00:00:00Z\"");
    town.says("/v1/regions", served);
    found(&town, &Known::default(), "level.other_end");
}

#[test]
fn a_key_for_codes_that_nobody_published() {
    let mut town = Town::new();
    town.live_key = [9; 32];
    found(&town, &Known::default(), "key.not_logged");
}

#[test]
fn what_the_auditor_brings_must_be_of_this_log() {
    let town = Town::new();
    let stranger = WitnessSigner::from_seed("stranger.example", &[42; 32]).unwrap();
    let witnesses = WitnessPolicy::new(vec![stranger.verifier()], 1).unwrap();
    found(&town, &Known { witnesses, ..Known::default() }, "witness.too_few");
    let nonsense = Known { earlier: Some("nonsense".to_owned()), ..Known::default() };
    assert!(audit(&town, &nonsense, town.now).is_err());
    assert!(
        at(0) < at(1)
            && minutes(1) == 60
            && agency(AgencyKind::Border) != agency(AgencyKind::Venue)
    );
    assert_eq!(known_by(&town).log_key, Some(town.key()));
}

#[test]
fn an_identity_that_is_read_on_one_agencys_word() {
    use IdentityEvent as E;
    let own = Some(AgencyKind::PreventionTeam);
    let second = Some(AgencyKind::HealthCommission);
    for (steps, code) in [
        (vec![(E::Read, None)], "identity.never_asked"),
        (vec![(E::Asked, None), (E::Read, None)], "identity.not_approved"),
        (vec![(E::Asked, None), (E::Approved, own)], "identity.own"),
        (vec![(E::Asked, None), (E::Refused, second), (E::Approved, second)], "identity.over"),
        (vec![(E::Asked, None), (E::Approved, Some(AgencyKind::Border))], "identity.not_confirmed"),
    ] {
        let mut town = Town::new();
        for (event, by) in steps {
            let leaf = town.identity(9, event, by);
            town.log(leaf);
        }
        found(&town, &Known::default(), code);
    }
    let mut town = Town::new();
    let Leaf::IdentityRequest { at, event, request, agency, agency_kind, by, refusal, .. } =
        town.identity(9, E::Asked, None)
    else {
        unreachable!("made as one");
    };
    let purpose = None;
    let leaf =
        Leaf::IdentityRequest { at, event, request, agency, agency_kind, purpose, by, refusal };
    town.log(leaf);
    found(&town, &Known::default(), "identity.no_purpose");
}
