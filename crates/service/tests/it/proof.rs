//! What a holder's own device makes the colour from, and the clock of the holder's home.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::common::{HOME, World, policy_text, test_of};
use jadegate_domain::{Evidence, EvidenceId, Fact, HolderId, Timestamp};
use jadegate_policy::{Policy, assess};
use jadegate_service::HolderSession;
use jadegate_service::holder::declare::DeclarationInput;
use jadegate_service::holder::proof::Proof;
use jadegate_service::staff::{ChangeInput, RegionInput, Whom};

const OTHER: &str = "CN-330102";

/// The usual policy, but one county goes by a clock two hours behind.
fn with_zone() -> String {
    let zone = format!("[[zone]]\ndivisions = [\"{OTHER}\"]\ntime_zone = \"Asia/Urumqi\"\n\n");
    policy_text().replacen("[freshness]", &format!("{zone}[freshness]"), 1)
}

fn coughing() -> DeclarationInput {
    DeclarationInput { symptoms: vec!["cough".to_owned()], ..DeclarationInput::default() }
}

/// What a device does with a proof.
fn made_again(proof: &Proof, policy: &str) -> jadegate_domain::Assessment {
    let policy = Policy::parse(policy).unwrap();
    let policy = proof.home.as_ref().map_or_else(|| policy.clone(), |h| policy.for_home(h));
    assess(&proof.evidence, &policy, proof.at)
}

async fn next_change(w: &World, holder: HolderId) -> Timestamp {
    w.store.assessment(holder).await.unwrap().unwrap().assessment.next_change.unwrap()
}

#[tokio::test]
async fn each_home_has_its_own_midnight() {
    let policy = with_zone();
    let mut w = World::under(&policy).await;
    let (here, here_id) = w.register(HOME).await;
    let (there, there_id) = w.register(OTHER).await;
    for session in [&here, &there] {
        w.app.declare(session, &coughing()).await.unwrap();
    }
    let two_hours = async |w: &World| {
        next_change(w, there_id).await.secs_since(next_change(w, here_id).await) == 7_200
    };
    assert!(two_hours(&w).await, "recorded");

    // Between the two midnights only one of them has a new day; nothing is stored for that.
    w.clock.advance(13 * 3_600);
    let day = async |id| w.app.assessment(id).await.unwrap().reasons[0].day.unwrap();
    assert_eq!(day(here_id).await, day(there_id).await + 1);

    for (session, home) in [(&here, HOME), (&there, OTHER)] {
        let proof = w.app.my_proof(session).await.unwrap();
        assert_eq!(proof.home.as_ref().unwrap().to_string(), home);
        assert_eq!(made_again(&proof, &policy), proof.assessment);
        let timeline = w.app.my_timeline(session).await.unwrap();
        assert!(timeline.segments.iter().any(|s| s.to == proof.assessment.next_change));
    }

    // Everybody again, in batches.
    let first = w.staff("health_commission", "commissioner", "CN").await;
    let second = w.staff("health_commission", "commissioner", "CN").await;
    let before = next_change(&w, here_id).await;
    let text = policy.replace("days = 7\n", "days = 5\n").replace("version = 1\n", "version = 2\n");
    w.change(&first, &second, &ChangeInput::Policy { text }).await;
    w.app.recolour(|_| true).await.unwrap();
    assert_eq!(before.secs_since(next_change(&w, here_id).await), 2 * 86_400);
    assert!(two_hours(&w).await, "recoloured");

    // What happened by itself meanwhile happened at each one's own midnight.
    w.clock.advance(20 * 86_400);
    let mut turned = Vec::new();
    for (session, id) in [(&here, here_id), (&there, there_id)] {
        w.app.assessment(id).await.unwrap();
        turned.push(w.app.my_history(session).await.unwrap()[0].at);
    }
    assert_eq!(turned[1].secs_since(turned[0]), 7_200);
}

#[tokio::test]
async fn a_proof_holds_ones_own_evidence_and_what_concerns_it_and_nothing_else() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let first = w.staff("health_commission", "commissioner", "CN-33").await;
    let second = w.staff("health_commission", "commissioner", "CN-33").await;
    let (anna, anna_id) = w.register(HOME).await;
    let (ben, ben_id) = w.register(HOME).await;
    // One declared twice, the other was tested.
    w.app.declare(&anna, &coughing()).await.unwrap();
    w.app.declare(&anna, &coughing()).await.unwrap();
    w.app.record_test(&officer, &test_of(Whom::Holder(ben_id), "negative")).await.unwrap();
    for division in [HOME, OTHER] {
        let level = RegionInput {
            division: division.to_owned(),
            level: "medium".to_owned(),
            from: "2022-03-15T00:00:00Z".to_owned(),
            to: None,
        };
        w.change(&first, &second, &ChangeInput::Region(level)).await;
    }

    let ids = |list: &[Evidence]| {
        let mut ids: Vec<EvidenceId> = list.iter().map(|e| e.id).collect();
        ids.sort();
        ids
    };
    let one = async |session: &HolderSession, id: HolderId| {
        let proof = w.app.my_proof(session).await.unwrap();
        let (own, levels): (Vec<_>, Vec<_>) =
            proof.evidence.iter().cloned().partition(|e| e.holder.is_some());
        assert!(own.iter().all(|e| e.holder == Some(id)), "somebody else's evidence");
        let stored = w.store.evidence_of(id).await.unwrap().unwrap().1;
        assert_eq!(ids(&own), ids(&stored));
        // The level of the town they live in, not that of the next one.
        assert_eq!(levels.len(), 1, "{levels:?}");
        assert!(matches!(&levels[0].fact,
            Fact::RegionRisk { division, .. } if division.to_string() == HOME));
        assert_eq!(proof.home, None, "one clock for everybody: no home is needed");
        assert_eq!(made_again(&proof, &policy_text()), proof.assessment);
        own
    };
    let (annas, bens) = (one(&anna, anna_id).await, one(&ben, ben_id).await);
    assert_eq!(annas.iter().filter(|e| !e.counts()).count(), 1, "the replaced one is still told");
    assert!(bens.iter().any(|e| matches!(e.fact, Fact::Test { .. })));
    assert!(ids(&annas).iter().all(|id| !ids(&bens).contains(id)));
}
