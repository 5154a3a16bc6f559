//! What went wrong with real health codes, as tests: the rows of the list that concern staff.

use crate::common::{REQUEST, World, case_of, document, phone, test_of};
use jadegate_domain::evidence::EvidenceKind;
use jadegate_domain::{AgencyKind, Colour, HolderId, Purpose, Role};
use jadegate_service::Kind;
use jadegate_service::staff::{ArrivalInput, ChangeInput, Power, RegionInput, Whom};
use jadegate_store::Latest;

/// Zhengzhou, June 2022: depositors turned red by officials and a console operator.
#[tokio::test]
async fn h05_nobody_sets_a_colour_and_nobody_records_a_contact_by_hand() {
    let mut w = World::new().await;
    let (_, holder) = w.register("CN-330106").await;

    // The powers are a closed list, none of them a colour.
    let names: Vec<_> = Power::ALL.iter().map(|p| p.as_str()).collect();
    assert_eq!(
        names,
        [
            "record_test",
            "record_case",
            "run_trace",
            "record_arrival",
            "record_rides",
            "record_release",
            "accompany",
            "accompany_assigned",
            "find_person",
            "open_person",
            "read_lists",
            "set_region",
            "publish_policy",
            "renew_mandate",
            "manage_places",
            "invite_staff",
            "confirm_powers",
            "confirm_waiting",
            "withdraw_record",
            "decide_appeals",
            "ask_identity",
            "approve_identity",
            "answer_alarms",
            "protect_people",
            "read_audit",
            "read_operation",
        ]
    );
    // A release paper cannot be made up, nor a test, case or arrival by an agency without the right.
    let roles: [(&str, &str); 6] = [
        ("operator", "administrator"),
        ("venue", "venue_manager"),
        ("health_commission", "commissioner"),
        ("auditor", "auditor"),
        ("laboratory", "lab_technician"),
        ("border", "officer"),
    ];
    for (kind, role) in roles {
        let staff = w.staff(kind, role, "CN").await;
        let before = w.store.evidence_of(holder).await.unwrap().unwrap().0;
        let mut done = Vec::new();
        let test = test_of(Whom::Holder(holder), "negative");
        done.extend(w.app.record_test(&staff, &test).await.is_ok().then_some("test"));
        done.extend(w.app.record_case(&staff, &case_of(holder)).await.is_ok().then_some("case"));
        let arrival = ArrivalInput {
            whom: Whom::Holder(holder),
            from: "JP".to_owned(),
            arrived_at: "2022-03-14T02:00:00Z".to_owned(),
            purpose: None,
        };
        done.extend(w.app.record_arrival(&staff, &arrival).await.is_ok().then_some("arrival"));
        let trace = w.app.recorder(&staff, EvidenceKind::Contact);
        done.extend(trace.is_ok().then_some("contact"));
        let want: &[&str] = match kind {
            "laboratory" => &["test"],
            "border" => &["arrival"],
            _ => &[],
        };
        assert_eq!(done, want, "{kind}/{role}");
        let after = w.store.evidence_of(holder).await.unwrap().unwrap().0;
        assert_eq!(after - before, i64::try_from(want.len()).unwrap());
    }
    // Even the one role that runs traces makes nobody a contact who shared no time with the case.
    let officer = w.officer().await;
    let (_, enemy) = w.register("CN-330106").await;
    let (_, patient) = w.register("CN-330106").await;
    let case = w.app.record_case(&officer, &case_of(patient)).await.unwrap().case;
    let report = w.app.run_trace(&officer, case).await.unwrap();
    assert_eq!((report.close, report.secondary), (0, 0));
    assert_eq!(w.colour(enemy).await, Colour::Green);
}

/// The same: public security took part as an operator of the console. Here it can ask, one person at a time
/// and never on its own word (`identity.rs`), and has no other power.
#[tokio::test]
async fn h05_public_security_can_ask_and_nothing_else_in_any_role() {
    for role in Role::ALL {
        let powers = Power::ALL.iter().filter(|p| p.granted(AgencyKind::PublicSecurity, *role));
        let powers: Vec<_> = powers.map(|p| p.as_str()).collect();
        assert_eq!(powers, if *role == Role::Officer { vec!["ask_identity"] } else { vec![] });
    }
    let w = World::new().await;
    let police = w.agency("public_security", "CN").await;
    let input = jadegate_service::staff::StaffInput {
        agency: police.id,
        role: "commissioner".to_owned(),
        region: String::new(),
        display_name: "Test Staff".to_owned(),
    };
    let e = w.app.invite_staff_from_this_machine(&input).await.unwrap_err();
    assert_eq!(e.fields[0].code, "role.does_not_fit");
}

/// Beijing, December 2020: a name and a document number gave away other people's data.
#[tokio::test]
async fn h15_a_document_number_tells_nothing_outside_ones_task() {
    let mut w = World::new().await;
    let (_, inside) = w.register("CN-330106").await;
    let (_, outside) = w.register("CN-3101").await;
    let officer = w.officer().await;
    let ask = |n| Whom::Document(document(n));

    let found = w.app.find_holder(&officer, &ask(1), REQUEST).await.unwrap();
    assert_eq!((found.holder, found.name_masked.as_str()), (inside, "T*** P***"));

    // Somebody in another region, and somebody who does not exist: the very same answer.
    let mut answers = Vec::new();
    for whom in [
        ask(2),
        ask(77),
        Whom::Phone(phone(2)),
        Whom::Holder(outside),
        Whom::Holder(HolderId::from_random(5)),
    ] {
        let e = w.app.find_holder(&officer, &whom, REQUEST).await.unwrap_err();
        answers.push((e.kind, e.code, e.detail, e.fields));
    }
    assert!(answers.windows(2).all(|p| p[0] == p[1]), "{answers:?}");
    assert_eq!((answers[0].0, answers[0].1), (Kind::NotFound, "holder.not_found"));
    let e = w.app.open_holder(&officer, outside, REQUEST, None).await.unwrap_err();
    assert_eq!(e.code, "holder.not_found");
    assert_eq!(w.store.accesses_of(outside, Latest::first(10)).await.unwrap(), []);

    // Roles without the power learn nothing about anybody.
    for (kind, role) in
        [("laboratory", "lab_technician"), ("operator", "administrator"), ("auditor", "auditor")]
    {
        let staff = w.staff(kind, role, "CN").await;
        let e = w.app.find_holder(&staff, &ask(1), REQUEST).await.unwrap_err();
        assert_eq!((e.kind, e.code), (Kind::Forbidden, "staff.not_allowed"));
    }
}

/// Police read contact data "only for tracing"; nobody could see who had looked.
#[tokio::test]
async fn h20_every_look_has_a_purpose_and_the_holder_sees_it() {
    let mut w = World::new().await;
    let (session, holder) = w.register("CN-330106").await;
    let (_, stranger) = w.register("CN-330106").await;
    let officer = w.officer().await;

    w.app.find_holder(&officer, &Whom::Document(document(1)), REQUEST).await.unwrap();
    let case = w.app.record_case(&officer, &case_of(holder)).await.unwrap().case;
    let record =
        w.app.open_holder(&officer, holder, Purpose::ContactTracing, Some(case)).await.unwrap();
    assert_eq!(record.assessment.colour, Colour::Red);
    assert_eq!(record.what_they_see.accesses.len(), 3);
    assert!(record.evidence.iter().any(|e| e.kind == EvidenceKind::Case));

    let seen = w.app.my_accesses(&session).await.unwrap();
    let seen: Vec<_> = seen
        .iter()
        .map(|a| (a.agency.as_ref().unwrap().name.as_str(), a.purpose.as_str(), a.what.as_str()))
        .collect();
    let agency = "Test prevention_team";
    assert_eq!(
        seen,
        [
            (agency, "contact_tracing", "evidence"),
            (agency, "record_evidence", "assessment"),
            (agency, "holder_request", "identity"),
        ]
    );

    // A purpose is more than a word.
    let open = |who, purpose, case| w.app.open_holder(&officer, who, purpose, case);
    let e = open(stranger, Purpose::ContactTracing, Some(case)).await.unwrap_err();
    assert_eq!(e.code, "purpose.not_of_this_case");
    let e = open(stranger, Purpose::ContactTracing, None).await.unwrap_err();
    assert_eq!(e.fields[0].code, "case.needed");
    let e = open(stranger, Purpose::Quarantine, None).await.unwrap_err();
    assert_eq!(e.code, "purpose.not_in_quarantine");
    // Trying is seen as well.
    assert_eq!(w.store.accesses_of(stranger, Latest::first(10)).await.unwrap().len(), 3);
    for purpose in [Purpose::GateCheck, Purpose::RecordEvidence] {
        let e = open(stranger, purpose, None).await.unwrap_err();
        assert_eq!(e.code, "purpose.does_not_fit");
    }

    // Purposes outside disease control do not exist.
    let purposes: Vec<_> = Purpose::ALL.iter().map(|p| p.as_str()).collect();
    assert_eq!(
        purposes,
        ["record_evidence", "contact_tracing", "quarantine", "holder_request", "gate_check"]
    );
}

/// India, 2021 to 2023: leaked credentials of health workers answered for any phone number.
#[tokio::test]
async fn h25_a_stolen_session_looks_up_few_people_one_at_a_time() {
    let mut w = World::new().await;
    let (_, holder) = w.register("CN-330106").await;
    let officer = w.officer().await;
    // Guesses count like finds.
    for n in 0..59 {
        let whom = Whom::Phone(phone(1000 + n));
        assert_eq!(
            w.app.find_holder(&officer, &whom, REQUEST).await.unwrap_err().code,
            "holder.not_found"
        );
    }
    w.app.find_holder(&officer, &Whom::Phone(phone(1)), REQUEST).await.unwrap();
    let e = w.app.find_holder(&officer, &Whom::Phone(phone(1)), REQUEST).await.unwrap_err();
    assert_eq!((e.kind, e.code), (Kind::TooMany, "staff.too_many_look_ups"));
    assert!(e.retry_after.is_some());
    assert_eq!(
        w.app.open_holder(&officer, holder, REQUEST, None).await.unwrap_err().kind,
        Kind::TooMany
    );
    // A colleague works on, and after an hour so does this one.
    let colleague = w.officer().await;
    w.app.find_holder(&colleague, &Whom::Phone(phone(1)), REQUEST).await.unwrap();
    w.clock.advance(3600);
    w.app.find_holder(&officer, &Whom::Phone(phone(1)), REQUEST).await.unwrap();

    // Whoever has left can be shut out; the last administrator cannot shut out themselves.
    let admin = w.staff("operator", "administrator", "CN").await;
    w.app.disable_staff(&admin, colleague.staff().id).await.unwrap();
    let list = w.app.list_staff(&admin).await.unwrap();
    assert!(list.iter().any(|s| s.id == colleague.staff().id && s.disabled_at.is_some()));
    assert_eq!(
        w.app.disable_staff(&admin, admin.staff().id).await.unwrap_err().code,
        "staff.yourself"
    );
}

/// Raising and lowering a level: colours follow, and go back.
#[tokio::test]
async fn a_risk_level_holds_from_its_beginning_to_its_end() {
    let mut w = World::new().await;
    let (_, inside) = w.register("CN-330106").await;
    let (_, outside) = w.register("CN-330102").await;
    let board = w.staff("health_commission", "commissioner", "CN-33").await;
    let input = |division: &str, level: &str| RegionInput {
        division: division.to_owned(),
        level: level.to_owned(),
        from: "2022-03-15T00:00:00Z".to_owned(),
        to: None,
    };
    let second = w.staff("health_commission", "commissioner", "CN-33").await;
    let raise = |division: &str| ChangeInput::Region(input(division, "high"));
    w.change(&board, &second, &raise("CN-330106")).await;
    assert_eq!((w.colour(inside).await, w.colour(outside).await), (Colour::Red, Colour::Green));
    // The same again is the same.
    w.change(&board, &second, &raise("CN-330106")).await;
    let in_force = w.app.regions_in_force().await.unwrap();
    assert_eq!(in_force.len(), 1);
    let set = &in_force[0];

    w.clock.advance(3600);
    let ended = w.app.end_region(&board, set.id, None).await.unwrap();
    assert!(!ended.in_force);
    assert_eq!(w.colour(inside).await, Colour::Green);
    let e = w.app.end_region(&board, set.id, Some("2022-04-01T00:00:00Z")).await.unwrap_err();
    assert_eq!(e.code, "region.already_ended");

    // Only what is inside one's region, only raised levels, only by the health commission.
    let e = w.app.start_what_if(&board, &raise("CN-3101")).await.unwrap_err();
    assert_eq!(e.code, "region.outside");
    let low = ChangeInput::Region(input("CN-330106", "low"));
    let e = w.app.start_what_if(&board, &low).await.unwrap_err();
    assert_eq!(e.fields[0].code, "region.bad_level");
    let officer = w.officer().await;
    let e = w.app.start_what_if(&officer, &raise("CN-330106")).await.unwrap_err();
    assert_eq!(e.code, "staff.not_allowed");
    let elsewhere = w.staff("health_commission", "commissioner", "CN-31").await;
    let e = w.app.end_region(&elsewhere, set.id, None).await.unwrap_err();
    assert_eq!(e.code, "region.not_found");
}
