//! h11 and h12: what a change does to colours is shown before it takes effect, a large one needs a
//! second officer, and there is no way around either.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use crate::common::{World, at, case_of, policy_text};
use jadegate_domain::{Colour, EvidenceKind};
use jadegate_ledger::ProposalEvent::{Applied, Approved, Expired, Proposed, Rejected, Withdrawn};
use jadegate_ledger::{Leaf, ProposalEvent};
use jadegate_policy::Policy;
use jadegate_service::holder::declare::DeclarationInput;
use jadegate_service::import::risk_levels;
use jadegate_service::staff::{ChangeInput, ChangeView, RegionInput};
use jadegate_service::{Kind, StaffSession};
use jadegate_store::Latest;

const COUNTY: &str = "CN-330106";
const OTHER: &str = "CN-330102";

fn level(division: &str, from: &str) -> RegionInput {
    RegionInput {
        division: division.to_owned(),
        level: "high".to_owned(),
        from: from.to_owned(),
        to: None,
    }
}

fn raise(division: &str) -> ChangeInput {
    ChangeInput::Region(level(division, "2022-03-15T00:00:00Z"))
}

/// The policy in force with five days instead of seven.
fn next_policy() -> String {
    policy_text().replace("days = 7\n", "days = 5\n").replace("version = 1\n", "version = 2\n")
}

async fn officers(w: &mut World) -> (StaffSession, StaffSession) {
    (
        w.staff("health_commission", "commissioner", "CN-33").await,
        w.staff("health_commission", "commissioner", "CN-33").await,
    )
}

async fn steps(w: &World) -> Vec<ProposalEvent> {
    let leaves = w.log(0, 10_000).await;
    leaves
        .iter()
        .filter_map(|l| match Leaf::decode(&l.bytes).unwrap() {
            Leaf::Proposal { event, .. } => Some(event),
            _ => None,
        })
        .collect()
}

/// Chengdu, Nov 2021: 82,000 people flagged by one rule, and nobody had counted before.
#[tokio::test]
async fn h11_a_region_wide_rule_shows_the_people_it_would_touch_before_it_takes_effect() {
    let mut w = World::new().await;
    let (first, _) = officers(&mut w).await;
    let (_, inside) = w.register(COUNTY).await;
    w.register(COUNTY).await;
    w.register(OTHER).await;
    let before =
        (w.leaves().await, w.store.region_risks(at("2022-01-01T00:00:00Z")).await.unwrap());

    let run = w.what_if(&first, &raise(COUNTY)).await;
    let result = run.result.unwrap();
    assert_eq!((result.people, result.newly_confined, result.after.red), (3, 2, 2));
    assert_eq!(result.newly_confined_without_lab_case, 2);
    assert_eq!(result.places.len(), 21);
    assert!(!result.samples.is_empty());
    let county = result.divisions.iter().find(|d| d.division.as_str() == COUNTY).unwrap();
    assert_eq!((county.people, county.newly_confined), (2, 2));
    assert_eq!(run.needs_second_officer, Some(true));
    assert!((run.share.unwrap().percent - 100.0).abs() < 1e-9);

    // Nothing was written, and nobody's colour changed.
    let after = (w.leaves().await, w.store.region_risks(at("2022-01-01T00:00:00Z")).await.unwrap());
    assert_eq!(after, before);
    assert_eq!(w.colour(inside).await, Colour::Green);
}

/// Shenzhen, Foshan: whole districts overnight. A large change waits for somebody else.
#[tokio::test]
async fn h12_a_large_change_waits_for_a_second_officer() {
    let mut w = World::new().await;
    let (first, second) = officers(&mut w).await;
    let (_, inside) = w.register(COUNTY).await;
    let run = w.what_if(&first, &raise(COUNTY)).await;
    let p = w.app.propose(&first, run.id, "cases of unknown source").await.unwrap();
    assert_eq!((p.state, p.mine, p.may_decide), ("waiting", true, false));
    assert_eq!(w.colour(inside).await, Colour::Green);
    assert!(w.app.proposal(&second, p.id).await.unwrap().may_decide);

    // Neither whoever proposed it, nor somebody of elsewhere, nor somebody without the power.
    let code = |r: jadegate_service::Result<_>| {
        r.map(|_: jadegate_service::staff::ProposalView| ()).unwrap_err().code
    };
    assert_eq!(code(w.app.approve_proposal(&first, p.id).await), "proposal.same_officer");
    let elsewhere = w.staff("health_commission", "commissioner", "CN-31").await;
    assert_eq!(code(w.app.approve_proposal(&elsewhere, p.id).await), "region.outside");
    let officer = w.officer().await;
    assert_eq!(code(w.app.approve_proposal(&officer, p.id).await), "staff.not_allowed");
    assert_eq!(code(w.app.withdraw_proposal(&second, p.id).await), "proposal.not_yours");

    // More people came meanwhile: the later result stands beside the first.
    w.register(COUNTY).await;
    let done = w.app.approve_proposal(&second, p.id).await.unwrap();
    assert_eq!(done.state, "applied");
    assert_eq!(done.what_if.result.newly_confined, 1);
    assert_eq!(done.what_if_at_decision.unwrap().result.newly_confined, 2);
    assert_eq!(w.colour(inside).await, Colour::Red);
    assert_eq!(code(w.app.approve_proposal(&second, p.id).await), "proposal.decided");
    assert_eq!(steps(&w).await, [Proposed, Approved, Applied]);
}

/// Whoever may not decide learns nothing of what there is to decide on, here or anywhere else.
#[tokio::test]
async fn without_the_power_nothing_tells_what_exists() {
    use jadegate_domain::id::{AgencyId, CaseId, EvidenceId, GateId, PlaceId, StaffId, TraceId};
    use jadegate_service::staff::{CaseCorrection, StaffInput};
    let mut w = World::new().await;
    let (first, second) = officers(&mut w).await;
    let officer = w.officer().await;
    let (_, sick) = w.register(OTHER).await;
    w.register(COUNTY).await;
    let run = w.what_if(&first, &raise(COUNTY)).await;
    let waiting = w.app.propose(&first, run.id, "made up").await.unwrap().id;
    let run = w.what_if(&first, &raise(OTHER)).await;
    let decided = w.app.propose(&first, run.id, "made up").await.unwrap().id;
    w.app.reject_proposal(&second, decided, "made up").await.unwrap();
    let case = w.app.record_case(&officer, &case_of(sick)).await.unwrap().case;
    let trace = w.app.run_trace(&officer, case).await.unwrap().trace;
    let place = w.place("shop", "Test shop").await;
    let level = w.store.region_risks(at("2022-01-01T00:00:00Z")).await.unwrap().risks;
    assert!(level.is_empty());

    // The auditor has none of these powers.
    let auditor = w.staff("auditor", "auditor", "CN-33").await;
    let app = &w.app;
    let mut codes = Vec::new();
    for id in [waiting, decided, jadegate_domain::id::ProposalId::from_random(404)] {
        codes.push(app.approve_proposal(&auditor, id).await.map(drop).unwrap_err().code);
        codes.push(app.reject_proposal(&auditor, id, "x").await.map(drop).unwrap_err().code);
        codes.push(app.reject_proposal(&auditor, id, "").await.map(drop).unwrap_err().code);
        codes.push(app.withdraw_proposal(&auditor, id).await.map(drop).unwrap_err().code);
    }
    for id in [case, CaseId::from_random(404)] {
        let none = CaseCorrection::default();
        codes.push(app.correct_case(&auditor, id, &none).await.map(drop).unwrap_err().code);
        codes.push(app.withdraw_case(&auditor, id).await.map(drop).unwrap_err().code);
        codes.push(app.run_trace(&auditor, id).await.map(drop).unwrap_err().code);
        codes.push(app.list_traces(&auditor, Some(id)).await.map(drop).unwrap_err().code);
    }
    for id in [trace, TraceId::from_random(404)] {
        codes.push(app.trace_detail(&auditor, id).await.map(drop).unwrap_err().code);
    }
    for id in [sick, jadegate_domain::HolderId::from_random(404)] {
        let open = app.open_holder(&auditor, id, crate::common::REQUEST, Some(case)).await;
        codes.push(open.map(drop).unwrap_err().code);
    }
    for id in [place, PlaceId::from_random(404)] {
        codes.push(app.enrolment_link(&auditor, id).await.map(drop).unwrap_err().code);
        codes.push(app.place_poster(&auditor, id).map(drop).unwrap_err().code);
        codes.push(app.list_gates(&auditor, id).await.map(drop).unwrap_err().code);
    }
    for id in [first.staff().id, StaffId::from_random(404)] {
        codes.push(app.disable_staff(&auditor, id).await.unwrap_err().code);
    }
    for agency in [first.staff().agency, AgencyId::from_random(404)] {
        let input = StaffInput {
            agency,
            role: "commissioner".to_owned(),
            region: String::new(),
            display_name: "Test Staff".to_owned(),
        };
        codes.push(app.invite_staff(&auditor, &input).await.map(drop).unwrap_err().code);
    }
    codes.push(app.revoke_gate(&auditor, GateId::from_random(404)).await.unwrap_err().code);
    let gone = EvidenceId::from_random(404);
    codes.push(app.end_region(&auditor, gone, None).await.map(drop).unwrap_err().code);
    assert!(codes.iter().all(|c| *c == "staff.not_allowed"), "{codes:?}");
}

#[tokio::test]
async fn h12_a_proposal_can_be_refused_taken_back_or_lapse() {
    let mut w = World::new().await;
    let (first, second) = officers(&mut w).await;
    let (_, inside) = w.register(COUNTY).await;
    let mut made = Vec::new();
    for _ in 0..3 {
        let run = w.what_if(&first, &raise(COUNTY)).await;
        made.push(w.app.propose(&first, run.id, "made up").await.unwrap().id);
    }
    assert_eq!(
        w.app.reject_proposal(&second, made[0], " ").await.unwrap_err().fields[0].field,
        "reason"
    );
    let p = w.app.reject_proposal(&second, made[0], "one case is not enough").await.unwrap();
    assert_eq!(
        (p.state, p.decision_reason.as_deref()),
        ("rejected", Some("one case is not enough"))
    );
    assert_eq!(w.app.withdraw_proposal(&first, made[1]).await.unwrap().state, "withdrawn");
    w.clock.advance(86_400);
    assert_eq!(
        w.app.approve_proposal(&second, made[2]).await.unwrap_err().code,
        "proposal.expired"
    );
    assert_eq!(w.app.expire_proposals().await.unwrap(), 1);
    assert_eq!(w.app.proposal(&first, made[2]).await.unwrap().state, "expired");
    assert_eq!(w.colour(inside).await, Colour::Green);
    assert_eq!(steps(&w).await, [Proposed, Proposed, Proposed, Rejected, Withdrawn, Expired]);
}

/// Every way around it that we know.
#[tokio::test]
async fn h12_there_is_no_way_around_the_what_if() {
    let mut w = World::new().await;
    let (first, second) = officers(&mut w).await;
    let (_, inside) = w.register(COUNTY).await;

    // Directly.
    let e = w.app.set_region(&first, &level(COUNTY, "2022-03-15T00:00:00Z")).unwrap_err();
    assert_eq!((e.kind, e.code), (Kind::Conflict, "region.what_if_needed"));
    // With somebody else's what-if, or one that is used up, too old, or made before another change.
    let run = w.what_if(&first, &raise(COUNTY)).await;
    assert_eq!(w.app.propose(&second, run.id, "x").await.unwrap_err().code, "what_if.not_found");
    w.clock.advance(3600);
    assert_eq!(w.app.propose(&first, run.id, "x").await.unwrap_err().code, "what_if.expired");
    let run = w.what_if(&first, &raise(COUNTY)).await;
    w.change(&first, &second, &raise(OTHER)).await;
    assert_eq!(w.app.propose(&first, run.id, "x").await.unwrap_err().code, "what_if.outdated");
    // With a level that begins tomorrow, when nobody is touched today.
    let tomorrow = ChangeInput::Region(level(COUNTY, "2022-03-16T12:00:00Z"));
    let run = w.what_if(&first, &tomorrow).await;
    assert_eq!(run.needs_second_officer, Some(true));
    // By a file from the command line.
    let agency = w.agency("health_commission", "CN-33").await;
    let recorder = w.app.recorder_for_agency(agency.id, EvidenceKind::RegionRisk).await.unwrap();
    let list = "snapshot_hour,level,province,city,county,communities\n\
        2022031420,high,浙江省,杭州市,西湖区,2\n";
    let report =
        w.app.import_risk_levels(&recorder, list.as_bytes(), risk_levels::LIMITS).await.unwrap();
    assert_eq!((report.recorded, report.waiting), (0, 1));
    // By starting with another file.
    let other = next_policy();
    let e = w.restart_with(&other).await.unwrap_err();
    assert_eq!(e.code, "policy.not_published");
    assert!(e.detail.contains("propose"), "{}", e.detail);
    assert_eq!(w.colour(inside).await, Colour::Green);
}

/// A large change in small slices is a large change.
#[tokio::test]
async fn h12_small_slices_count_together() {
    let mut w = World::new().await;
    let (first, _) = officers(&mut w).await;
    for home in ["CN-330106010", "CN-330106013"] {
        for _ in 0..80 {
            w.register(home).await;
        }
    }
    // One person in each of two townships, by a stay that only they declared.
    let slice = |n: u32| raise(&format!("CN-33010601{n}"));
    w.register("CN-330106011").await;
    w.register("CN-330106012").await;
    let one = w.what_if(&first, &slice(1)).await;
    assert_eq!(one.needs_second_officer, Some(false), "{:?}", one.share);
    assert_eq!(w.app.propose(&first, one.id, "one").await.unwrap().state, "applied");
    let two = w.what_if(&first, &slice(2)).await;
    assert_eq!(two.result.as_ref().unwrap().newly_confined, 1);
    assert_eq!(two.needs_second_officer, Some(true), "{:?}", two.share);
    assert_eq!(w.app.propose(&first, two.id, "two").await.unwrap().state, "waiting");
}

/// The larger a city, the more people are below any share of it: a number of people counts beside it.
#[tokio::test]
async fn h12_a_number_of_people_counts_beside_the_share() {
    let mut w = World::of_people_limit(3).await;
    let (first, _) = officers(&mut w).await;
    for n in 0..4 {
        w.register(&format!("CN-33010601{n}")).await;
    }
    let slice = |n: u32| raise(&format!("CN-33010601{n}"));
    for n in 0..3 {
        let run = w.what_if(&first, &slice(n)).await;
        assert_eq!((run.confined_people, run.threshold_people), (Some(u64::from(n) + 1), 3));
        assert_eq!(run.needs_second_officer, Some(false), "{:?}", run.share);
        assert_eq!(w.app.propose(&first, run.id, "one more").await.unwrap().state, "applied");
    }
    // The fourth person: still within every share, and beyond the number.
    let run = w.what_if(&first, &slice(3)).await;
    assert!(run.share.as_ref().unwrap().percent <= run.threshold_percent);
    assert_eq!(run.needs_second_officer, Some(true));
    let p = w.app.propose(&first, run.id, "the fourth").await.unwrap();
    assert_eq!((p.state, p.threshold_people), ("waiting", Some(3)));
    assert!(p.what_if.needs_second_officer);
    assert_eq!(p.what_if.confined_people, 4);
}

/// A policy is published the same way; a read is right at once, the lists say what is from before.
#[tokio::test]
async fn a_published_policy_colours_every_reader_at_once_and_the_lists_by_and_by() {
    let mut w = World::new().await;
    let (first, second) = officers(&mut w).await;
    let officer = w.officer().await;
    let (_, case) = w.register(COUNTY).await;
    let (_, other) = w.register(COUNTY).await;
    w.app.record_case(&officer, &case_of(case)).await.unwrap();
    w.colour(other).await;
    w.app.recolour(|_| true).await.unwrap();

    let same = ChangeInput::Policy { text: policy_text() };
    assert_eq!(w.app.start_what_if(&first, &same).await.unwrap_err().code, "policy.same");
    let lower = policy_text().replace("days = 7\n", "days = 5\n");
    let e = w.app.start_what_if(&first, &ChangeInput::Policy { text: lower }).await.unwrap_err();
    assert_eq!(e.fields[0].code, "policy.version_not_higher");
    let inner = w.staff("health_commission", "commissioner", "CN-3301").await;
    let next = ChangeInput::Policy { text: next_policy() };
    let e = w.app.start_what_if(&inner, &next).await.unwrap_err();
    assert_eq!(e.code, "policy.wider_region");

    let p = w.change(&first, &second, &next).await;
    assert_eq!(p.state, "applied");
    assert!(!p.what_if.differences.is_empty());
    assert!(matches!(p.change, ChangeView::Policy { text: Some(_), .. }));
    let new = Policy::parse(&next_policy()).unwrap().reference();
    assert_eq!(w.app.policy().reference(), new);
    assert_eq!(w.app.overview(&officer).await.unwrap().from_before, 2);
    // Whoever looks is up to date; the others follow.
    assert_eq!(w.app.assessment(case).await.unwrap().policy, new);
    assert_eq!(w.app.overview(&officer).await.unwrap().from_before, 1);
    let run = w.app.recolour(|_| true).await.unwrap();
    assert_eq!((run.cause.as_str(), run.done, run.of), ("policy", 2, 2));
    assert_eq!(w.app.overview(&officer).await.unwrap().from_before, 0);
    let state = w.app.recolouring(&first).await.unwrap();
    assert!(state.current.is_none() && state.last.is_some());

    // A restart with the old file keeps the policy in force.
    w.restart().await;
    assert_eq!(w.app.policy().reference(), new);
    let versions = w.app.list_policies(&first).await.unwrap();
    assert_eq!(
        versions.iter().map(|v| (v.version, v.in_force)).collect::<Vec<_>>(),
        [(2, true), (1, false)]
    );
    assert_eq!(w.app.published_policy_text(&versions[1].digest).await.unwrap(), policy_text());
}

/// Stopped anywhere and begun again in a new process: everybody ends right, nobody counts twice.
#[tokio::test]
async fn recolouring_goes_on_where_it_stopped() {
    let mut w = World::new().await;
    let (first, second) = officers(&mut w).await;
    let mut holders = Vec::new();
    for n in 0..300 {
        holders.push(w.register(if n % 3 == 0 { COUNTY } else { OTHER }).await.1);
    }
    w.app.recolour(|_| true).await.unwrap();
    w.change(&first, &second, &raise(COUNTY)).await;
    // One batch, then the process is gone.
    let stopped = w.app.recolour(|run| run.done == 0).await.unwrap();
    assert_eq!((stopped.done, stopped.finished_at), (250, None));
    w.restart().await;
    let run = w.app.recolour(|_| true).await.unwrap();
    assert_eq!((run.id, run.done, run.of), (stopped.id, 300, 300));
    assert_eq!(run.changed, [0, 0, 100]);
    for (n, holder) in holders.iter().enumerate() {
        let kept = w.store.assessment(*holder).await.unwrap().unwrap().assessment.colour;
        assert_eq!(kept, if n % 3 == 0 { Colour::Red } else { Colour::Green });
        let changes = w.store.colour_changes(*holder, Latest::first(9)).await.unwrap().len();
        assert_eq!(changes, if n % 3 == 0 { 2 } else { 1 });
    }
    // Done is done.
    assert_eq!(w.app.recolour(|_| true).await.unwrap(), run);
}

/// Hangzhou and elsewhere: red overnight without a word. Whatever the colour comes from, its reason
/// is complete: what happened, what ends it, by which evidence, from whom, since when.
#[tokio::test]
async fn h08_every_colour_but_green_says_all_of_why() {
    let mut w = World::new().await;
    let (first, second) = officers(&mut w).await;
    let officer = w.officer().await;
    let (_, case) = w.register(OTHER).await;
    let (sick, feverish) = w.register(OTHER).await;
    let (_, inside) = w.register(COUNTY).await;
    let (_, well) = w.register(OTHER).await;
    w.app.record_case(&officer, &case_of(case)).await.unwrap();
    let fever = DeclarationInput { symptoms: vec!["fever".to_owned()], ..Default::default() };
    w.app.declare(&sick, &fever).await.unwrap();
    w.change(&first, &second, &raise(COUNTY)).await;
    for (holder, by) in [
        (case, Some(officer.staff().agency)),
        (feverish, None),
        (inside, Some(first.staff().agency)),
    ] {
        let a = w.app.assessment(holder).await.unwrap();
        assert_ne!(a.colour, Colour::Green);
        let reason = &a.reasons[0];
        assert_eq!(reason.colour, a.colour);
        for texts in [&reason.title, &reason.ends] {
            assert!(["en", "zh"].iter().all(|l| texts.get(*l).is_some_and(|t| !t.is_empty())));
        }
        assert!(!reason.rule.is_empty() && !reason.evidence.is_empty());
        assert_eq!(reason.agencies.first().copied(), by);
        assert!(reason.since <= w.app.now());
        assert!(reason.until.is_some() || !reason.needs.is_empty() || holder == inside);
    }
    let a = w.app.assessment(well).await.unwrap();
    assert!(a.colour == Colour::Green && a.reasons.is_empty());
}

/// Hubei, Mar 2020: green turned yellow when no temperature had been recorded, and nobody had been
/// told. The holder sees when and why before it happens.
#[tokio::test]
async fn h13_a_holder_is_told_of_a_decay_before_it_happens() {
    let mut w = World::new().await;
    let (first, second) = officers(&mut w).await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/hubei-2020-03.toml");
    let text = std::fs::read_to_string(file).unwrap();
    assert_eq!(w.change(&first, &second, &ChangeInput::Policy { text }).await.state, "applied");

    let (holder, id) = w.register(COUNTY).await;
    let measured = DeclarationInput { temperature: Some(36.5), ..Default::default() };
    w.app.declare(&holder, &measured).await.unwrap();
    let end = w.app.now().plus_secs(86_400);
    let told = w.app.assessment(id).await.unwrap();
    assert_eq!((told.colour, told.next_change), (Colour::Green, Some(end)));
    let timeline = w.app.my_timeline(&holder).await.unwrap();
    let next = timeline.segments.iter().find(|s| s.from == end).unwrap();
    assert_eq!(next.colour, Colour::Yellow);
    assert!(next.reasons[0].title["en"].contains("temperature"), "{next:?}");

    w.clock.advance(86_399);
    assert_eq!(w.colour(id).await, Colour::Green);
    w.clock.advance(1);
    assert_eq!(w.colour(id).await, Colour::Yellow);
}
