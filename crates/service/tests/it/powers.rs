//! Nobody becomes everything: who runs the machines gives nobody a power over people, a second
//! officer is somebody of elsewhere, and each step is a leaf of the public log.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use crate::common::scenes::gate_kept_by;
use crate::common::{HOME, World, case_of};
use jadegate_domain::{EvidenceKind, StaffId};
use jadegate_ledger::{AgencyEvent, GateEvent, Leaf, StaffEvent};
use jadegate_service::StaffSession;
use jadegate_service::staff::{AgencyInput, InvitedStaff, NewPasskey, StaffInput};

fn agency_of(kind: &str) -> AgencyInput {
    AgencyInput { kind: kind.to_owned(), name: format!("Made-up {kind}"), region: "CN-33".into() }
}

fn member(agency: jadegate_domain::AgencyId, role: &str) -> StaffInput {
    StaffInput {
        agency,
        role: role.to_owned(),
        region: String::new(),
        display_name: "Test Staff".to_owned(),
    }
}

/// Accepts an invitation with a passkey of its own, and signs in.
async fn accept(w: &World, invited: &InvitedStaff, passkey: u8) -> StaffSession {
    let passkey = NewPasskey { credential_id: vec![passkey; 9], passkey: "{}".to_owned() };
    let (_, session) = w.app.accept_staff_invitation(&invited.token, passkey, "").await.unwrap();
    w.app.staff_session(&session.token).await.unwrap()
}

/// The session of somebody, loaded again.
async fn again(w: &World, who: &StaffSession) -> StaffSession {
    let session = w.app.sign_in_staff_with(who.staff().id, None, "").await.unwrap();
    w.app.staff_session(&session.token).await.unwrap()
}

/// The set-up: an operator's administrator and a health commissioner.
async fn set_up(w: &World) -> (StaffSession, StaffSession) {
    let operator = w.app.create_agency_from_this_machine(&agency_of("operator")).await.unwrap();
    let board = w.app.create_agency_from_this_machine(&agency_of("health_commission")).await;
    let admin = member(operator.id, "administrator");
    let admin = w.app.invite_staff_from_this_machine(&admin).await.unwrap();
    let first = member(board.unwrap().id, "commissioner");
    let first = w.app.invite_staff_from_this_machine(&first).await.unwrap();
    (accept(w, &admin, 101).await, accept(w, &first, 102).await)
}

#[tokio::test]
async fn an_administrator_alone_gives_nobody_a_power_over_people() {
    let mut w = World::new().await;
    let (admin, commissioner) = set_up(&w).await;
    let (_, holder) = w.register(crate::common::HOME).await;

    // A prevention team of his own making, and a member of it who is himself.
    let team = w.app.create_agency(&admin, &agency_of("prevention_team")).await.unwrap();
    let invited = w.app.invite_staff(&admin, &member(team.id, "officer")).await.unwrap();
    let officer = accept(&w, &invited, 103).await;
    assert_eq!(officer.powers(), []);
    let find = jadegate_service::staff::Whom::Holder(holder);
    let e = w.app.find_holder(&officer, &find, crate::common::REQUEST).await.map(drop).unwrap_err();
    assert_eq!(e.code, "staff.not_confirmed");
    let e = w.app.record_case(&officer, &case_of(holder)).await.map(drop).unwrap_err();
    assert_eq!(e.code, "staff.not_confirmed");
    // Nor from the machine's own command line, nor by a commission that he makes.
    let e = w.app.recorder_for_agency(team.id, EvidenceKind::Case).await.unwrap_err();
    assert_eq!(e.code, "agency.not_confirmed");
    let carrier = w.app.create_agency(&admin, &agency_of("carrier")).await.unwrap();
    let e = w.app.conductor_for_agency(carrier.id).await.map(drop).unwrap_err();
    assert_eq!(e.code, "agency.not_confirmed");
    for from_machine in [false, true] {
        let input = agency_of("health_commission");
        let board = if from_machine {
            w.app.create_agency_from_this_machine(&input).await.unwrap()
        } else {
            w.app.create_agency(&admin, &input).await.unwrap()
        };
        assert_eq!(board.confirmed_at, None);
        let own = member(board.id, "commissioner");
        let own = w.app.invite_staff_from_this_machine(&own).await.unwrap();
        let own = accept(&w, &own, 110 + u8::from(from_machine)).await;
        assert_eq!(own.powers(), []);
        let e = w.app.confirm_agency(&own, team.id).await.unwrap_err();
        assert_eq!(e.code, "staff.not_confirmed");
    }
    assert_eq!(w.app.confirm_agency(&admin, team.id).await.unwrap_err().code, "staff.not_allowed");
    // Nor does he end the access of the one who confirms.
    let e = w.app.disable_staff(&admin, commissioner.staff().id).await.unwrap_err();
    assert_eq!(e.code, "staff.last_commissioner");

    // The commissioner does it, for the passkey that was read out.
    let shown = w.app.passkey_of(invited.staff).await.unwrap().unwrap();
    let e = w.app.confirm_staff(&commissioner, invited.staff, &shown).await.unwrap_err();
    assert_eq!(e.code, "agency.not_confirmed");
    w.app.confirm_agency(&commissioner, team.id).await.unwrap();
    assert_eq!(again(&w, &officer).await.powers(), []);
    let e = w.app.confirm_staff(&commissioner, invited.staff, "0000 0000 0000 0000").await;
    assert_eq!(e.unwrap_err().fields[0].code, "staff.other_passkey");
    w.app.confirm_staff(&commissioner, invited.staff, &shown).await.unwrap();
    let officer = again(&w, &officer).await;
    assert!(!officer.powers().is_empty());
    w.app.record_case(&officer, &case_of(holder)).await.unwrap();
}

/// To take back a laboratory's positives that wait keeps people green: a power over people.
#[tokio::test]
async fn an_administrator_alone_takes_nothing_back_that_waits() {
    let mut w = World::braked(1, 1).await;
    let admin = w.staff("operator", "administrator", "CN-33").await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    w.register(HOME).await;
    w.register(HOME).await;
    let csv = "document_type,document_number,result,method,sampled_at,sample_reference\n\
               passport,X0000001,positive,nucleic_acid,2022-03-14T02:00:00Z,LAB-1\n\
               passport,X0000002,positive,nucleic_acid,2022-03-14T02:00:00Z,LAB-2\n";
    assert_eq!(w.app.import_tests(&lab, csv.as_bytes()).await.unwrap().waiting, 2);
    let id = w.app.list_waiting(&lab).await.unwrap()[0].id;

    // A member of the laboratory who is himself, and whom nobody has confirmed.
    let input = member(lab.staff().agency, "lab_technician");
    let own = w.app.invite_staff(&admin, &input).await.unwrap();
    let own = accept(&w, &own, 120).await;
    assert_eq!(w.app.refuse_waiting(&own, id).await.unwrap_err().code, "staff.not_confirmed");
    let samples = w.app.waiting_samples(&own, id, 0).await.map(drop);
    assert_eq!(samples.unwrap_err().code, "staff.not_confirmed");
    assert_eq!(w.app.list_waiting(&own).await.unwrap(), []);
    w.app.refuse_waiting(&lab, id).await.unwrap();
}

#[tokio::test]
async fn nobody_accepts_an_invitation_where_staff_is_signed_in_or_with_a_known_passkey() {
    let w = World::new().await;
    let (admin, commissioner) = set_up(&w).await;
    let team = w.app.create_agency(&admin, &agency_of("prevention_team")).await.unwrap();
    let invited = w.app.invite_staff(&admin, &member(team.id, "officer")).await.unwrap();
    for who in [&admin, &commissioner] {
        let session = w.app.sign_in_staff_with(who.staff().id, None, "").await.unwrap();
        let e = w.app.invitation(&invited.token, Some(&session.token)).await.unwrap_err();
        assert_eq!(e.code, "invitation.signed_in");
    }
    let draft = w.app.invitation(&invited.token, None).await.unwrap();
    assert_eq!(draft.invited_by, Some(admin.staff().id));
    assert!(w.app.invitation(&invited.token, Some(&"x".repeat(43))).await.is_ok());
    let others = w.app.passkeys_of_others(&draft).await.unwrap();
    assert!(others.contains(&vec![101; 9]) && others.contains(&vec![102; 9]), "{others:?}");
}

#[tokio::test]
async fn only_the_first_commissioner_comes_from_the_machine() {
    let w = World::new().await;
    let board = w.app.create_agency_from_this_machine(&agency_of("health_commission")).await;
    let board = board.unwrap().id;
    // Two links made before anybody stands: the second one gives no power any more.
    let one = w.app.invite_staff_from_this_machine(&member(board, "commissioner")).await.unwrap();
    let two = w.app.invite_staff_from_this_machine(&member(board, "commissioner")).await.unwrap();
    let one = accept(&w, &one, 1).await;
    assert!(one.is_confirmed());
    let second = accept(&w, &two, 2).await;
    assert!(!second.is_confirmed());
    let shown = w.app.passkey_of(second.staff().id).await.unwrap().unwrap();
    let e = w.app.confirm_staff(&one, one.staff().id, &shown).await.unwrap_err();
    assert_eq!(e.code, "confirm.yourself");
    w.app.confirm_staff(&one, second.staff().id, &shown.replace(' ', "")).await.unwrap();
    assert!(again(&w, &second).await.is_confirmed());
}

#[tokio::test]
async fn a_second_officer_is_of_another_agency() {
    let mut w = World::new().await;
    let first = w.staff("health_commission", "commissioner", "CN-33").await;
    let same = w.colleague(&first).await;
    let other = w.staff("health_commission", "commissioner", "CN-33").await;
    w.register(crate::common::HOME).await;
    let change =
        jadegate_service::staff::ChangeInput::Region(jadegate_service::staff::RegionInput {
            division: crate::common::HOME.to_owned(),
            level: "high".to_owned(),
            from: "2022-03-15T00:00:00Z".to_owned(),
            to: None,
        });
    let run = w.what_if(&first, &change).await;
    let p = w.app.propose(&first, run.id, "made up").await.unwrap();
    assert_eq!(p.state, "waiting");
    assert!(!w.app.proposal(&same, p.id).await.unwrap().may_decide);
    let e = w.app.approve_proposal(&same, p.id).await.map(drop).unwrap_err();
    assert_eq!(e.code, "proposal.same_agency");
    assert_eq!(w.app.approve_proposal(&other, p.id).await.unwrap().state, "applied");
}

#[tokio::test]
async fn every_step_is_a_leaf_without_a_name() {
    let mut w = World::new().await;
    let (admin, commissioner) = set_up(&w).await;
    let team = w.app.create_agency(&admin, &agency_of("prevention_team")).await.unwrap();
    let invited = w.app.invite_staff(&admin, &member(team.id, "officer")).await.unwrap();
    accept(&w, &invited, 103).await;
    w.app.confirm_agency(&commissioner, team.id).await.unwrap();
    let shown = w.app.passkey_of(invited.staff).await.unwrap().unwrap();
    w.app.confirm_staff(&commissioner, invited.staff, &shown).await.unwrap();
    w.app.disable_staff(&admin, invited.staff).await.unwrap();
    let place = w.place("shop", "Test shop").await;
    let manager = w.staff("operator", "administrator", "CN").await;
    let link = w.app.enrolment_link(&manager, place).await.unwrap().link;
    let token = link.rsplit('=').next().unwrap();
    let gate = w.app.enrol_gate(token, "North door", &[4; 65]).await.unwrap().gate;
    w.app.revoke_gate(&manager, gate).await.unwrap();

    let leaves = w.log(0, 10_000).await;
    assert!(leaves.iter().all(|l| !String::from_utf8_lossy(&l.bytes).contains("Test Staff")));
    let leaves: Vec<Leaf> = leaves.iter().map(|l| Leaf::decode(&l.bytes).unwrap()).collect();
    let agency: Vec<(AgencyEvent, Option<StaffId>)> = leaves
        .iter()
        .filter_map(|l| match l {
            Leaf::Agency { event, agency, by, name, .. } if *agency == team.id => {
                assert_eq!(name.as_str(), "Made-up prevention_team");
                Some((*event, *by))
            }
            _ => None,
        })
        .collect();
    let (a, c) = (Some(admin.staff().id), Some(commissioner.staff().id));
    assert_eq!(agency, [(AgencyEvent::Registered, a), (AgencyEvent::Confirmed, c)]);
    let staff: Vec<_> = leaves
        .iter()
        .filter_map(|l| match l {
            Leaf::Staff { event, staff, by, passkey, .. } if *staff == invited.staff => {
                Some((*event, *by, passkey.is_some()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        staff,
        [
            (StaffEvent::Invited, a, false),
            (StaffEvent::Joined, None, true),
            (StaffEvent::Confirmed, c, true),
            (StaffEvent::Ended, a, false),
        ]
    );
    let gates: Vec<_> = leaves
        .iter()
        .filter_map(|l| match l {
            Leaf::Gate { event, gate, by, .. } => Some((*event, *gate, *by)),
            _ => None,
        })
        .collect();
    let m = Some(manager.staff().id);
    assert_eq!(gates, [(GateEvent::Enrolled, gate, m), (GateEvent::Revoked, gate, m)]);
    // The set-up's own steps are there, too: nobody signed in made them.
    let from_machine = |l: &&Leaf| matches!(l, Leaf::Staff { event: StaffEvent::Confirmed, by: None, staff, .. } if *staff == commissioner.staff().id);
    assert_eq!(leaves.iter().filter(from_machine).count(), 1);
}

/// Staff see and end their own sessions; an administrator those of a member of the region, a venue's
/// manager those of its gates, with a leaf of the public log each.
#[tokio::test]
async fn sessions_of_staff_and_gates_are_listed_and_ended() {
    let mut w = World::new().await;
    let admin = w.staff("operator", "administrator", "CN-33").await;
    let far = w.staff("operator", "administrator", "CN-31").await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let manager = w.staff("venue", "venue_manager", "CN-33").await;
    let stranger = w.staff("venue", "venue_manager", "CN-33").await;
    let id = lab.staff().id;
    w.clock.advance(5);
    let agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148";
    let phone = w.app.sign_in_staff_with(id, None, agent).await.unwrap();
    w.clock.advance(5);
    let desk = w.app.sign_in_staff_with(id, None, "").await.unwrap();
    let own = w.app.own_staff_sessions(&lab, &desk.token).await.unwrap();
    let seen: Vec<_> = own.iter().map(|s| (s.current, s.device.as_str())).collect();
    assert_eq!(seen, [(true, ""), (false, "phone"), (false, "")]);
    // One of one's own, by its name; another's name ends nothing.
    let leaves = w.leaves().await;
    let of_admin = w.app.sessions_of_member(&admin, admin.staff().id).await.unwrap();
    let wrong = w.app.end_own_staff_session(&lab, &of_admin[0].id).await.unwrap_err();
    assert_eq!(wrong.code, "session.unknown");
    w.app.end_own_staff_session(&lab, &own[1].id).await.unwrap();
    assert!(w.app.staff_session(&phone.token).await.is_err());
    assert!(w.app.staff_session(&desk.token).await.is_ok());
    assert_eq!(w.leaves().await, leaves, "one's own sign-out is nobody's business");

    // An administrator of the region, and nobody else.
    for by in [&far, &lab, &manager] {
        assert!(w.app.sessions_of_member(by, id).await.is_err());
        assert!(w.app.end_sessions_of_member(by, id, None).await.is_err());
    }
    let listed = w.app.sessions_of_member(&admin, id).await.unwrap();
    assert!(listed.len() == 2 && listed.iter().all(|s| !s.current));
    w.app.end_sessions_of_member(&admin, id, Some(&listed[0].id)).await.unwrap();
    assert!(w.app.staff_session(&desk.token).await.is_err());
    w.app.end_sessions_of_member(&admin, id, None).await.unwrap();
    assert_eq!(w.app.sessions_of_member(&admin, id).await.unwrap(), []);
    assert_eq!(w.leaves().await, leaves + 2);
    // Their access goes on: they sign in again, and end everything themselves.
    let again = w.app.sign_in_staff_with(id, None, "").await.unwrap();
    w.app.end_own_staff_sessions(&lab).await.unwrap();
    assert!(w.app.staff_session(&again.token).await.is_err());

    // A gate's, by whoever manages its place.
    let gate = gate_kept_by(&w, &manager).await;
    let token = w.gate_session(gate, "made-up-token-of-a-gate-that-is-long-enough").await;
    assert!(w.app.gate_session(&token).await.is_ok());
    let leaves = w.leaves().await;
    for by in [&stranger, &lab] {
        assert!(w.app.sessions_of_gate(by, gate).await.is_err());
        assert!(w.app.end_sessions_of_gate(by, gate, None).await.is_err());
    }
    let listed = w.app.sessions_of_gate(&manager, gate).await.unwrap();
    assert_eq!(listed.len(), 1);
    w.app.end_sessions_of_gate(&manager, gate, Some(&listed[0].id)).await.unwrap();
    assert!(w.app.gate_session(&token).await.is_err());
    w.app.end_sessions_of_gate(&manager, gate, None).await.unwrap();
    assert_eq!(w.leaves().await, leaves + 2);
    let last = w.log(leaves + 1, 1).await;
    let last: Leaf = serde_json::from_slice(&last[0].bytes).unwrap();
    assert!(matches!(last, Leaf::Gate { event: GateEvent::SignedOut, .. }), "{last:?}");
}

/// Nobody is kept from their work by being signed out again and again, nor is the public log filled
/// with it.
#[tokio::test]
async fn nobody_is_signed_out_without_end() {
    let mut w = World::new().await;
    let admin = w.staff("operator", "administrator", "CN-33").await;
    let commissioner = w.staff("health_commission", "commissioner", "CN-33").await;
    let id = commissioner.staff().id;
    let mut ended = 0;
    let (session, refused) = loop {
        let session = w.app.sign_in_staff_with(id, None, "").await.unwrap();
        match w.app.end_sessions_of_member(&admin, id, None).await {
            Ok(()) => ended += 1,
            Err(e) => break (session, e),
        }
        assert!(ended < 100, "it goes on for ever");
    };
    assert_eq!((ended, refused.code), (10, "limit.reached"));
    let other = w.colleague(&admin).await;
    let leaves = w.leaves().await;
    w.app.end_sessions_of_member(&other, id, None).await.unwrap_err();
    assert!(w.app.staff_session(&session.token).await.is_ok());
    // They end their own as often as they like, and others have theirs ended.
    w.app.end_own_staff_sessions(&commissioner).await.unwrap();
    assert_eq!(w.leaves().await, leaves);
    w.app.end_sessions_of_member(&admin, other.staff().id, None).await.unwrap();
    w.clock.advance(3600);
    w.app.end_sessions_of_member(&admin, id, None).await.unwrap();

    // The same for a gate.
    let manager = w.staff("venue", "venue_manager", "CN-33").await;
    let gate = gate_kept_by(&w, &manager).await;
    for _ in 0..10 {
        w.app.end_sessions_of_gate(&manager, gate, None).await.unwrap();
    }
    let refused = w.app.end_sessions_of_gate(&manager, gate, None).await.unwrap_err();
    assert_eq!(refused.code, "limit.reached");
}

/// Each of two commissioners ends the access of the other, at the same moment and on different servers:
/// one of them remains.
#[tokio::test]
async fn of_two_commissioners_who_end_each_other_one_remains() {
    let mut w = World::new().await;
    let one = w.staff("health_commission", "commissioner", "CN-33").await;
    let two = w.staff("health_commission", "commissioner", "CN-33").await;
    // Elsewhere somebody stands, too; that helps nobody here.
    w.staff("health_commission", "commissioner", "CN-31").await;
    let server = w.second_server().await;
    let (a, b) = tokio::join!(
        w.app.disable_staff(&one, two.staff().id),
        server.disable_staff(&two, one.staff().id)
    );
    let refused = [a, b].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].code, "staff.last_commissioner");
    let mut left = 0;
    for who in [&one, &two] {
        let known = w.store.staff(who.staff().id).await.unwrap().unwrap();
        left += u8::from(known.disabled_at.is_none());
    }
    assert_eq!(left, 1);
}
