//! Evidence, assessments, regions.

use jadegate_domain::company::{Apart, Together};
use jadegate_domain::division::{RegionRisk, RiskLevel};
use jadegate_domain::evidence::{
    AppealOutcome, ArrivalPurpose, Certainty, ContactDegree, DeclaredStay, ReleaseOf, ReleasePaper,
    Symptom, Temperature, TestMethod, TestResult,
};
use jadegate_domain::record::{RecordKind, WithdrawalReason};
use jadegate_domain::{
    AgencyId, CaseClass, CaseId, Colour, Evidence, EvidenceKind, Fact, HolderId, PlaceKind,
    Timestamp, TraceId,
};

use super::made_up::*;
use crate::{
    Before, ColourChange, Latest, Listed, Page, Precondition, RegionRisks, Standing, Write,
};

pub(super) fn contact(case: u64, trace: u64) -> Fact {
    Fact::Contact {
        case: CaseId::from_random(case),
        trace: TraceId::from_random(trace),
        degree: ContactDegree::Secondary,
        last_contact: at(7),
        minutes: 31,
        certainty: Certainty::Assumed,
        place_kind: PlaceKind::Market,
        together: Some(Together { percent: 79, apart: Some(Apart { arrival: 1, leaving: 2 }) }),
    }
}

fn case_fact(case: u64) -> Fact {
    Fact::Case {
        case: CaseId::from_random(case),
        class: CaseClass::Confirmed,
        onset_at: None,
        confirmed_at: at(3),
    }
}

fn release(refers_to: ReleaseOf, released_at: Timestamp) -> Fact {
    Fact::Release { refers_to, released_at, paper: ReleasePaper::Confirmation }
}

/// One fact of each kind.
fn facts() -> Vec<Fact> {
    let hangzhou = || "CN-3301".parse().unwrap();
    let temperature = Temperature::from_tenths(373).ok();
    vec![
        Fact::Test { result: TestResult::Positive, method: TestMethod::Antigen, sampled_at: at(1) },
        case_fact(1),
        contact(1, 2),
        Fact::Stay { division: hangzhou(), from: at(1), to: at(2) },
        Fact::RegionRisk { division: hangzhou(), level: RiskLevel::High, from: at(1), to: None },
        Fact::Declaration {
            temperature,
            symptoms: vec![Symptom::Fever, Symptom::Cough],
            contact_with_case: true,
            stays: vec![DeclaredStay { division: hangzhou(), from: at(1), to: at(2) }],
        },
        Fact::CheckIn { temperature, symptoms: Vec::new() },
        Fact::Arrival {
            from: "US-NY".parse().unwrap(),
            arrived_at: at(9),
            purpose: ArrivalPurpose::Transit,
        },
        release(ReleaseOf::Trace(TraceId::from_random(2)), at(9)),
        Fact::Dispute { disputes: eid(3) },
        Fact::Appeal { contests: eid(1) },
        Fact::AppealDecision { appeal: eid(11), outcome: AppealOutcome::Refused },
    ]
}

/// No kind of evidence loses anything on its way.
pub async fn every_kind_of_fact_is_read_back(s: S) {
    let id = with_holder(&s, 1).await;
    let mut all: Vec<Evidence> =
        (1..).zip(facts()).map(|(n, fact)| evidence(n, Some(id), fact)).collect();
    // Imported evidence keeps the division it came from.
    all[2].origin = Some("CN-13".parse().unwrap());
    let mut kinds: Vec<_> = all.iter().map(|e| e.fact.kind()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, EvidenceKind::ALL, "this case forgets a kind");
    keeps(&s, all.iter().cloned().map(add).collect()).await;
    for e in &all {
        assert_eq!(s.evidence(e.id).await.unwrap().as_ref(), Some(e));
    }
    let (version, found) = s.evidence_of(id).await.unwrap().unwrap();
    assert_eq!((version, found), (12, all));
    // Public evidence belongs to nobody; what the holder recorded has no agency.
    let mut public = evidence(50, None, facts().swap_remove(4));
    public.agency = None;
    keeps(&s, vec![add(public.clone())]).await;
    assert_eq!(s.evidence(eid(50)).await.unwrap(), Some(public));
    refuses(&s, vec![add(evidence(1, Some(id), test_fact()))], Precondition::Absent).await;
}

/// Adding, withdrawing and replacing each count; what is refused does not.
pub async fn each_change_of_evidence_raises_the_version_by_one(s: S) {
    let id = with_holder(&s, 1).await;
    with_holder(&s, 2).await;
    let version = async |n| s.holder(hid(n)).await.unwrap().unwrap().evidence_version;
    keeps(&s, vec![add(evidence(1, Some(id), test_fact()))]).await;
    keeps(&s, vec![add(evidence(2, Some(id), test_fact()))]).await;
    assert_eq!(version(1).await, 2);
    keeps(&s, vec![Write::WithdrawEvidence { id: eid(1), at: at(200) }]).await;
    assert_eq!(version(1).await, 3);
    keeps(&s, vec![Write::SupersedeEvidence { id: eid(2), by: eid(3) }]).await;
    assert_eq!((version(1).await, version(2).await), (4, 0));
    for (n, ended) in [(1, (Some(at(200)), None)), (2, (None, Some(eid(3))))] {
        let e = s.evidence(eid(n)).await.unwrap().unwrap();
        assert_eq!((e.withdrawn_at, e.superseded_by), ended);
    }
}

/// What was withdrawn or replaced is neither withdrawn nor replaced again, whichever came first.
pub async fn evidence_that_has_ended_is_not_changed(s: S) {
    let id = with_holder(&s, 1).await;
    keeps(&s, (1..=2).map(|n| add(evidence(n, Some(id), test_fact()))).collect()).await;
    keeps(&s, vec![Write::WithdrawEvidence { id: eid(1), at: at(200) }]).await;
    keeps(&s, vec![Write::SupersedeEvidence { id: eid(2), by: eid(3) }]).await;
    let before = s.evidence_of(id).await.unwrap();
    for (n, why) in
        [(1, Precondition::Stands), (2, Precondition::Stands), (404, Precondition::Exists)]
    {
        let withdraw = Write::WithdrawEvidence { id: eid(n), at: at(300) };
        refuses(&s, vec![withdraw], why).await;
        let supersede = Write::SupersedeEvidence { id: eid(n), by: eid(9) };
        refuses(&s, vec![supersede], why).await;
    }
    assert_eq!(s.evidence_of(id).await.unwrap(), before);
}

/// Evidence about somebody who is not there is refused.
pub async fn evidence_needs_its_holder(s: S) {
    refuses(&s, vec![add(evidence(1, Some(hid(404)), test_fact()))], Precondition::Exists).await;
    assert_eq!(s.evidence(eid(1)).await.unwrap(), None);
}

/// The same line read twice is one piece of evidence.
pub async fn the_same_external_key_twice_is_refused(s: S) {
    let id = with_holder(&s, 1).await;
    let keyed = |n, key: u8| Write::AddEvidence {
        evidence: Box::new(evidence(n, Some(id), test_fact())),
        external_key: Some([key; 16]),
    };
    keeps(&s, vec![keyed(1, 1), keyed(2, 2)]).await;
    assert_eq!(s.evidence_by_key([2; 16]).await.unwrap(), Some(eid(2)));
    assert_eq!(s.evidence_by_key([3; 16]).await.unwrap(), None);
    refuses(&s, vec![keyed(3, 1)], Precondition::Absent).await;
    assert_eq!(s.holder(id).await.unwrap().unwrap().evidence_version, 2);
}

/// What counts of a case's contacts, whichever of its runs found them.
pub async fn standing_contacts_are_of_all_runs_of_a_case(s: S) {
    let id = with_holder(&s, 1).await;
    for (run, of) in [(2, 1), (3, 1), (4, 2)] {
        keeps(&s, vec![Write::AddTrace(Box::new(super::logs::trace(run, of, 10)))]).await;
    }
    let facts = [contact(1, 3), contact(1, 2), contact(1, 2), contact(1, 3), contact(2, 4)];
    let writes = (1..).zip(facts).map(|(n, fact)| add(evidence(n, Some(id), fact)));
    keeps(&s, writes.collect()).await;
    let released = release(ReleaseOf::Trace(TraceId::from_random(2)), at(1));
    keeps(&s, vec![add(evidence(6, Some(id), released)), add(evidence(7, Some(id), case_fact(1)))])
        .await;
    let standing = async |of| {
        let found = s.standing_contacts(CaseId::from_random(of)).await.unwrap();
        assert_eq!(found.unreadable, []);
        found.rows.iter().map(|e| e.id.as_i64()).collect::<Vec<_>>()
    };
    assert_eq!(standing(1).await, [1, 2, 3, 4]);
    keeps(&s, vec![Write::WithdrawEvidence { id: eid(1), at: at(9) }]).await;
    keeps(&s, vec![Write::SupersedeEvidence { id: eid(2), by: eid(4) }]).await;
    assert_eq!(standing(1).await, [3, 4]);
    assert_eq!(standing(2).await, [5]);
    assert_eq!(standing(404).await, [0; 0]);
}

/// By the moment recorded, then by id; withdrawn pieces stay visible.
pub async fn evidence_comes_oldest_first(s: S) {
    let id = with_holder(&s, 1).await;
    for (n, recorded) in [(5, 20), (4, 20), (1, 30), (9, 10)] {
        let e = Evidence { recorded_at: at(recorded), ..evidence(n, Some(id), test_fact()) };
        keeps(&s, vec![add(e)]).await;
    }
    keeps(&s, vec![Write::WithdrawEvidence { id: eid(4), at: at(99) }]).await;
    let (version, found) = s.evidence_of(id).await.unwrap().unwrap();
    let order: Vec<_> = found.iter().map(|e| e.id.as_i64()).collect();
    assert_eq!((version, order), (5, vec![9, 4, 5, 1]));
}

/// Everybody with evidence, once.
pub async fn holders_with_evidence_come_in_pages_once_each(s: S) {
    for n in [3, 1, 2, 4] {
        with_holder(&s, n).await;
    }
    for (n, of) in [(1, 4), (2, 1), (3, 4), (4, 3)] {
        keeps(&s, vec![add(evidence(n, Some(hid(of)), test_fact()))]).await;
    }
    keeps(&s, vec![add(evidence(5, None, test_fact()))]).await;
    assert_eq!(s.holders_with_evidence(Page::first(2)).await.unwrap(), [hid(1), hid(3)]);
    let rest = Page { after: Some(hid(3)), limit: 2 };
    assert_eq!(s.holders_with_evidence(rest).await.unwrap(), [hid(4)]);
}

/// The version is checked where the demand stands.
pub async fn a_unit_that_decided_from_old_evidence_is_refused(s: S) {
    let id = with_holder(&s, 1).await;
    let expect = |version| Write::ExpectEvidenceVersion { holder: id, version };
    keeps(&s, vec![expect(0), add(evidence(1, Some(id), test_fact()))]).await;
    let late = vec![expect(0), add(evidence(2, Some(id), test_fact()))];
    refuses(&s, late, Precondition::EvidenceVersion).await;
    assert_eq!(s.evidence(eid(2)).await.unwrap(), None);
    refuses(&s, vec![expect(2)], Precondition::EvidenceVersion).await;
    keeps(&s, vec![expect(1)]).await;
    let nobody = Write::ExpectEvidenceVersion { holder: hid(404), version: 0 };
    refuses(&s, vec![nobody], Precondition::Exists).await;
}

/// An assessment made from other evidence than there is, is not stored.
pub async fn an_assessment_names_the_evidence_it_was_made_from(s: S) {
    let id = with_holder(&s, 1).await;
    let first = stored(id, 0, Colour::Green, None);
    keeps(&s, vec![put(first.clone())]).await;
    assert_eq!(s.assessment(id).await.unwrap(), Some(first));
    let second = stored(id, 1, Colour::Red, Some(at(500)));
    let unit = vec![add(evidence(1, Some(id), test_fact())), put(second.clone())];
    keeps(&s, unit).await;
    assert_eq!(s.assessment(id).await.unwrap(), Some(second.clone()));
    for version in [0, 2] {
        let wrong = put(stored(id, version, Colour::Green, None));
        refuses(&s, vec![wrong], Precondition::EvidenceVersion).await;
    }
    refuses(&s, vec![put(stored(hid(404), 0, Colour::Green, None))], Precondition::Exists).await;
    assert_eq!(s.assessment(id).await.unwrap(), Some(second));
}

/// What a gate asks at each scan is what the two readings say of which it is one.
pub async fn a_holders_standing_is_their_stored_colour(s: S) {
    assert_eq!(s.standing(hid(1)).await.unwrap(), None);
    let id = with_holder(&s, 1).await;
    let mut wanted = Standing { holder: holder(1), assessed: None };
    assert_eq!(s.standing(id).await.unwrap(), Some(wanted.clone()));
    let other = with_holder(&s, 2).await;
    keeps(&s, vec![put(stored(other, 0, Colour::Yellow, None))]).await;
    assert_eq!(s.standing(id).await.unwrap(), Some(wanted.clone()));
    for (version, colour, next) in
        [(0, Colour::Green, None), (1, Colour::Red, Some(at(500))), (1, Colour::Red, None)]
    {
        let now = stored(id, version, colour, next);
        let mut unit = Vec::new();
        if version > wanted.holder.evidence_version {
            unit.push(add(evidence(1, Some(id), test_fact())));
        }
        unit.push(put(now.clone()));
        keeps(&s, unit).await;
        wanted.holder.evidence_version = version;
        wanted.assessed = Some(now.into());
        assert_eq!(s.standing(id).await.unwrap(), Some(wanted.clone()));
    }
    // Evidence that has come since is told by the holder's version.
    keeps(&s, vec![add(evidence(2, Some(id), test_fact()))]).await;
    let after = s.standing(id).await.unwrap().unwrap();
    assert_eq!((after.holder.evidence_version, after.assessed.unwrap().evidence_version), (2, 1));
}

pub(super) async fn assessed(
    s: &S,
    n: u64,
    home: &str,
    colour: Colour,
    next: Option<Timestamp>,
) -> HolderId {
    keeps(s, vec![Write::AddHolder(holder_in(n, home)), put(stored(hid(n), 0, colour, next))])
        .await;
    hid(n)
}

/// Those whose moment has come, soonest first, then by id.
pub async fn due_assessments_come_soonest_first(s: S) {
    for (n, next) in [(1, Some(30)), (2, Some(10)), (3, None), (4, Some(20)), (5, Some(10))] {
        assessed(&s, n, "CN", Colour::Yellow, next.map(at)).await;
    }
    assert_eq!(s.due_assessments(at(9), 9).await.unwrap(), [] as [HolderId; 0]);
    assert_eq!(s.due_assessments(at(20), 9).await.unwrap(), [2, 5, 4].map(hid));
    assert_eq!(s.due_assessments(at(99), 3).await.unwrap(), [2, 5, 4].map(hid));
    keeps(&s, vec![put(stored(hid(2), 0, Colour::Green, None))]).await;
    assert_eq!(s.due_assessments(at(99), 9).await.unwrap(), [5, 4, 1].map(hid));
}

/// Counts go with the stored colours; the list holds who is not green and lives in the division.
pub async fn colours_are_counted_and_the_confined_are_listed(s: S) {
    assert_eq!(s.colour_counts("00ff", 4).await.unwrap().colours, [0, 0, 0]);
    let homes = ["CN-330106", "CN-3301", "CN-33", "CN-34", "US", "US-N", "US-NY"];
    for (n, home) in (1..).zip(homes) {
        let colour = if n % 2 == 0 { Colour::Yellow } else { Colour::Red };
        assessed(&s, n, home, colour, Some(at(99))).await;
    }
    assessed(&s, 8, "CN-330106", Colour::Green, None).await;
    with_holder(&s, 9).await;
    assert_eq!(s.colour_counts("00ff", 4).await.unwrap().colours, [1, 3, 4]);

    let list = async |region: &str, page| {
        let region = region.parse().unwrap();
        let Listed { rows: found, unreadable } = s.confined(&region, page).await.unwrap();
        assert_eq!(unreadable, []);
        assert!(found.iter().all(|c| region.contains(&c.home)));
        found.iter().map(|c| c.holder.as_i64()).collect::<Vec<_>>()
    };
    assert_eq!(list("CN", Page::first(9)).await, [1, 2, 3, 4]);
    assert_eq!(list("CN-33", Page::first(9)).await, [1, 2, 3]);
    assert_eq!(list("CN-330106", Page::first(9)).await, [1]);
    assert_eq!(list("US", Page::first(9)).await, [5, 6, 7]);
    assert_eq!(list("US-N", Page::first(9)).await, [6]);
    assert_eq!(list("CN", Page::first(2)).await, [1, 2]);
    assert_eq!(list("CN", Page { after: Some(hid(2)), limit: 2 }).await, [3, 4]);

    let check_in = |n, secs| {
        let fact = Fact::CheckIn { temperature: None, symptoms: Vec::new() };
        add(Evidence { recorded_at: at(secs), ..evidence(n, Some(hid(1)), fact) })
    };
    let other = Evidence { recorded_at: at(90), ..evidence(4, Some(hid(1)), test_fact()) };
    keeps(&s, vec![check_in(1, 40), check_in(2, 60), check_in(3, 50), add(other)]).await;
    let one = async || {
        let found = s.confined(&"CN-330106".parse().unwrap(), Page::first(1)).await.unwrap();
        found.rows.into_iter().next().unwrap()
    };
    assert_eq!(one().await.last_check_in, Some(at(60)));
    keeps(&s, vec![Write::WithdrawEvidence { id: eid(2), at: at(99) }]).await;
    let confined = one().await;
    assert_eq!(confined.last_check_in, Some(at(50)));
    assert_eq!(Some(confined.stored), s.assessment(hid(1)).await.unwrap());

    // Back to green: off the list and out of the count.
    keeps(&s, vec![put(stored(hid(1), 5, Colour::Green, None))]).await;
    assert_eq!(list("CN-330106", Page::first(9)).await, [0; 0]);
    assert_eq!(s.colour_counts("00ff", 4).await.unwrap().colours, [2, 3, 3]);
}

/// Newest first; of two at one moment, the later written is the newer.
pub async fn changes_of_colour_come_newest_first(s: S) {
    let change = |n, secs, from, to| ColourChange {
        holder: hid(n),
        at: at(secs),
        from,
        to,
        assessment: assessment(to, None),
    };
    let (a, b, c) = (
        change(1, 10, None, Colour::Green),
        change(1, 20, Some(Colour::Green), Colour::Red),
        change(1, 20, Some(Colour::Red), Colour::Yellow),
    );
    for x in [&b, &c, &a, &change(2, 30, None, Colour::Red)] {
        keeps(&s, vec![Write::AddColourChange(Box::new(x.clone()))]).await;
    }
    assert_eq!(
        s.colour_changes(hid(1), Latest::first(9)).await.unwrap(),
        [c.clone(), b.clone(), a]
    );
    let from = Latest { before: Some(Before { at: c.at, skip: 1 }), limit: 1 };
    assert_eq!(s.colour_changes(hid(1), from).await.unwrap(), std::slice::from_ref(&b));
    assert_eq!(s.colour_changes(hid(1), Latest::first(2)).await.unwrap(), [c, b]);
}

/// The version tells of every change, and what has ended before is left out.
pub async fn risk_levels_raise_the_regions_version(s: S) {
    let risk = |n, division: &str, from, to: Option<i64>| RegionRisk {
        id: eid(n),
        division: division.parse().unwrap(),
        level: RiskLevel::Medium,
        from: at(from),
        to: to.map(at),
        recorded_at: at(1),
        agency: AgencyId::from_random(1),
    };
    assert_eq!(s.region_risks(at(0)).await.unwrap(), RegionRisks::default());
    let a = risk(1, "CN-3301", 20, None);
    let b = risk(2, "CN-3301", 10, Some(15));
    let c = risk(3, "CN-11", 30, Some(40));
    for r in [&a, &b, &c] {
        keeps(&s, vec![Write::AddRegionRisk(r.clone())]).await;
    }
    let all = s.region_risks(at(0)).await.unwrap();
    assert_eq!((all.version, all.risks), (3, vec![c.clone(), b.clone(), a.clone()]));
    assert_eq!(all.unreadable, []);
    assert_eq!(s.region_risks(at(14)).await.unwrap().risks, [c.clone(), b, a.clone()]);
    assert_eq!(s.region_risks(at(15)).await.unwrap().risks, [c.clone(), a]);
    refuses(&s, vec![Write::AddRegionRisk(c.clone())], Precondition::Absent).await;

    keeps(&s, vec![Write::EndRegionRisk { id: eid(1), to: at(25) }]).await;
    let rest = s.region_risks(at(25)).await.unwrap();
    assert_eq!((rest.version, rest.risks), (4, vec![c]));
    let nothing = Write::EndRegionRisk { id: eid(404), to: at(25) };
    refuses(&s, vec![nothing], Precondition::Exists).await;
    rejects(&s, vec![Write::EndRegionRisk { id: eid(1), to: at(19) }]).await;
    // One that never held does not begin to hold because another unit ends it.
    let never = crate::Withdrawal {
        record: RecordKind::RiskLevel,
        id: eid(3).as_i64(),
        at: at(50),
        agency: AgencyId::from_random(1),
        staff: None,
        reason: WithdrawalReason::NeverHappened,
    };
    keeps(&s, vec![Write::EndRegionRisk { id: eid(3), to: at(30) }, Write::AddWithdrawal(never)])
        .await;
    let later = Write::EndRegionRisk { id: eid(3), to: at(35) };
    refuses(&s, vec![later], Precondition::Stands).await;
    assert_eq!(s.region_risks(at(0)).await.unwrap().version, 5);
}
