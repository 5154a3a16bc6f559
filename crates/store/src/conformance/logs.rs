//! Cases, traces, looks, settings.

use jadegate_domain::{
    Access, AgencyId, AgencyKind, Case, CaseClass, CaseId, HolderId, Purpose, StaffId, TraceId,
};

use super::made_up::*;
use crate::{Before, Latest, Looked, Page, Precondition, StoredTrace, Write};

pub(super) fn trace(n: u64, of: u64, ran: i64) -> StoredTrace {
    StoredTrace {
        id: TraceId::from_random(n),
        case: CaseId::from_random(of),
        ran_at: at(ran),
        agency: AgencyId::from_random(1),
        agency_kind: AgencyKind::PreventionTeam,
        close: 3,
        secondary: u32::MAX,
        detail: "{\"made\":\"up\"}".to_owned(),
        replaced_by: None,
    }
}

/// A correction changes what was said, never whose case it is; one that is withdrawn is not corrected.
pub async fn a_case_is_corrected_and_withdrawn_once(s: S) {
    let first = case(1, 1, at(5));
    keeps(&s, vec![Write::AddCase(first.clone())]).await;
    assert_eq!(s.case(first.id).await.unwrap(), Some(first.clone()));
    refuses(&s, vec![Write::AddCase(case(1, 2, at(6)))], Precondition::Absent).await;

    let corrected = Case {
        class: CaseClass::Asymptomatic,
        onset_at: None,
        isolated_at: Some(at(50)),
        confirmed_at: at(2),
        ..first.clone()
    };
    let update = |case: &Case, replaces: &Case| {
        let (case, replaces) = (Box::new(case.clone()), Box::new(replaces.clone()));
        vec![Write::UpdateCase { case, replaces }]
    };
    keeps(&s, update(&corrected, &first)).await;
    assert_eq!(s.case(corrected.id).await.unwrap(), Some(corrected.clone()));
    // What was decided from what it said before is decided anew.
    refuses(&s, update(&first, &first), Precondition::Stands).await;
    refuses(&s, update(&case(404, 1, at(5)), &corrected), Precondition::Exists).await;
    let other_holder = Case { holder: hid(2), ..corrected.clone() };
    refuses(&s, update(&other_holder, &corrected), Precondition::Exists).await;

    let withdraw = |n, when| Write::WithdrawCase { case: CaseId::from_random(n), at: at(when) };
    keeps(&s, vec![withdraw(1, 70)]).await;
    let again = Case { class: CaseClass::Suspected, ..corrected.clone() };
    refuses(&s, update(&again, &corrected), Precondition::Stands).await;
    let withdrawn = Case { withdrawn_at: Some(at(70)), ..corrected };
    assert_eq!(s.case(withdrawn.id).await.unwrap(), Some(withdrawn));
    refuses(&s, vec![withdraw(1, 80)], Precondition::Stands).await;
    refuses(&s, vec![withdraw(404, 80)], Precondition::Exists).await;
}

/// All that are not withdrawn, whatever became of others: in pages by id, as far back as was asked.
pub async fn standing_cases_come_in_pages(s: S) {
    for (n, home) in (1..).zip(["CN-330106", "CN-3301", "CN-11", "CN-11", "CN-33"]) {
        keeps(&s, vec![Write::AddHolder(holder_in(n, home))]).await;
        let isolated_at = (n != 4).then(|| at(i64::try_from(n).unwrap() * 10));
        let one = Case { isolated_at, ..case(n, n, at(5)) };
        keeps(&s, vec![Write::AddCase(one)]).await;
    }
    keeps(&s, vec![Write::WithdrawCase { case: CaseId::from_random(3), at: at(9) }]).await;
    let list = async |region: Option<&str>, since, after: Option<u64>, limit| {
        let region = region.map(|r| r.parse().unwrap());
        let page = Page { after: after.map(CaseId::from_random), limit };
        let found = s.standing_cases(region.as_ref(), at(since), page).await.unwrap();
        found.iter().map(|c| c.id.as_i64()).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 0, None, 9).await, [1, 2, 4, 5]);
    assert_eq!(list(None, 0, None, 2).await, [1, 2]);
    assert_eq!(list(None, 0, Some(2), 2).await, [4, 5]);
    assert_eq!(list(None, 0, Some(5), 2).await, [0; 0]);
    // Who is not isolated belongs to every time.
    assert_eq!(list(None, 20, None, 9).await, [4, 5]);
    assert_eq!(list(Some("CN-33"), 0, None, 9).await, [1, 2, 5]);
    assert_eq!(list(Some("CN-33"), 10, Some(2), 9).await, [5]);
}

/// Cases and runs of a division are found however many newer ones there are elsewhere.
pub async fn a_divisions_cases_are_not_crowded_out(s: S) {
    let homes = ["CN-330106", "CN-3301", "CN-11", "CN-11", "CN-11", "US-NY"];
    for (n, home) in (1..).zip(homes) {
        let when = i64::try_from(n).unwrap() * 10;
        keeps(&s, vec![Write::AddHolder(holder_in(n, home))]).await;
        keeps(&s, vec![Write::AddCase(case(n, n, at(when)))]).await;
        keeps(&s, vec![Write::AddTrace(Box::new(trace(n, n, when)))]).await;
    }
    // Another run of the first case; a case of nobody known.
    keeps(&s, vec![Write::AddTrace(Box::new(trace(7, 1, 5)))]).await;
    keeps(&s, vec![Write::AddCase(case(8, 404, at(99)))]).await;
    let cases = async |region: &str, limit| {
        let found = s.cases_in(&region.parse().unwrap(), Latest::first(limit)).await.unwrap();
        found.iter().map(|c| c.id.as_i64()).collect::<Vec<_>>()
    };
    let runs = async |region: &str, of: Option<u64>, limit| {
        let of = of.map(CaseId::from_random);
        let found = s.traces_in(&region.parse().unwrap(), of, Latest::first(limit)).await.unwrap();
        found.iter().map(|r| r.id.as_i64()).collect::<Vec<_>>()
    };
    assert_eq!(cases("CN-33", 2).await, [2, 1]);
    assert_eq!(cases("CN-330106", 1).await, [1]);
    assert_eq!(cases("CN", 3).await, [5, 4, 3]);
    assert_eq!(cases("US", 9).await, [6]);
    assert_eq!(cases("FR", 9).await, [0; 0]);
    assert_eq!(runs("CN-33", None, 9).await, [2, 1, 7]);
    assert_eq!(runs("CN-33", None, 1).await, [2]);
    assert_eq!(runs("CN-33", Some(1), 9).await, [1, 7]);
    assert_eq!(runs("CN-11", Some(1), 9).await, [0; 0]);
    // The parts of both lists are the lists, whichever moments they stand at.
    let cn = "CN".parse().unwrap();
    let all_cases = s.cases_in(&cn, Latest::first(99)).await.unwrap();
    let all_runs = s.traces_in(&cn, None, Latest::first(99)).await.unwrap();
    for n in 0..all_cases.len() {
        let moment = all_cases[n].recorded_at;
        let same = all_cases[..=n].iter().filter(|c| c.recorded_at == moment).count();
        let skip = u32::try_from(same).unwrap();
        let from = Latest { before: Some(Before { at: moment, skip }), limit: 99 };
        assert_eq!(s.cases_in(&cn, from).await.unwrap(), all_cases[n + 1..]);
    }
    for n in 0..all_runs.len() {
        let moment = all_runs[n].ran_at;
        let same = all_runs[..=n].iter().filter(|r| r.ran_at == moment).count();
        let skip = u32::try_from(same).unwrap();
        let from = Latest { before: Some(Before { at: moment, skip }), limit: 99 };
        assert_eq!(s.traces_in(&cn, None, from).await.unwrap(), all_runs[n + 1..]);
    }

    let open = async |region: &str| {
        let found = s.open_cases_in(&region.parse().unwrap()).await.unwrap();
        (found.cases, found.traced)
    };
    keeps(&s, vec![Write::AddHolder(holder_in(9, "CN-33"))]).await;
    keeps(&s, vec![Write::AddCase(case(9, 9, at(1)))]).await;
    assert_eq!(open("CN-33").await, (3, 2));
    let withdraw = Write::WithdrawCase { case: CaseId::from_random(1), at: at(99) };
    keeps(&s, vec![withdraw]).await;
    assert_eq!(open("CN-33").await, (2, 1));
    assert_eq!(open("FR").await, (0, 0));
}

/// A run is what was written, and names the run that replaced it.
pub async fn a_trace_is_read_back_and_replaced(s: S) {
    let runs = [trace(1, 1, 10), trace(2, 2, 30), trace(3, 1, 20)];
    for run in &runs {
        keeps(&s, vec![Write::AddTrace(Box::new(run.clone()))]).await;
        assert_eq!(s.trace(run.id).await.unwrap().as_ref(), Some(run));
    }
    let again = Write::AddTrace(Box::new(trace(1, 9, 9)));
    refuses(&s, vec![again], Precondition::Absent).await;
    let replace =
        |n| Write::ReplaceTrace { id: TraceId::from_random(n), by: TraceId::from_random(3) };
    keeps(&s, vec![replace(1)]).await;
    let replaced = StoredTrace { replaced_by: Some(TraceId::from_random(3)), ..runs[0].clone() };
    assert_eq!(s.trace(replaced.id).await.unwrap(), Some(replaced));
    assert_eq!(s.trace(runs[2].id).await.unwrap().as_ref(), Some(&runs[2]));
    refuses(&s, vec![replace(404)], Precondition::Exists).await;
    // No other takes its place a second time.
    let by = TraceId::from_random(2);
    let twice = Write::ReplaceTrace { id: TraceId::from_random(1), by };
    refuses(&s, vec![twice], Precondition::Stands).await;

    let standing = async |of| s.standing_trace(CaseId::from_random(of)).await.unwrap();
    assert_eq!(standing(1).await, Some(runs[2].head()));
    assert_eq!(standing(2).await.map(|t| t.id), Some(runs[1].id));
    assert_eq!(standing(404).await, None);
    // Of two of the same second the one that was not replaced stands, whichever id is higher.
    keeps(&s, vec![Write::AddTrace(Box::new(trace(9, 2, 30)))]).await;
    let by = Write::ReplaceTrace { id: TraceId::from_random(9), by: runs[1].id };
    keeps(&s, vec![by]).await;
    assert_eq!(standing(2).await.map(|t| t.id), Some(runs[1].id));
}

/// What follows from a run is only written while the case stands and the run is its standing one.
pub async fn a_run_is_built_upon_while_it_and_its_case_stand(s: S) {
    let of = CaseId::from_random(1);
    let expect = |run: Option<u64>| {
        vec![Write::ExpectTrace { case: of, run: run.map(TraceId::from_random) }]
    };
    refuses(&s, expect(None), Precondition::Exists).await;
    keeps(&s, vec![Write::AddCase(case(1, 1, at(5)))]).await;
    refuses(&s, expect(Some(1)), Precondition::Stands).await;
    // As it is where the write stands: before the run and after it.
    let first = Write::AddTrace(Box::new(trace(1, 1, 10)));
    keeps(&s, [expect(None), vec![first], expect(Some(1))].concat()).await;
    refuses(&s, expect(None), Precondition::Stands).await;
    let (id, by) = (TraceId::from_random(1), TraceId::from_random(2));
    let second = Write::AddTrace(Box::new(trace(2, 1, 20)));
    let replace = vec![second, Write::ReplaceTrace { id, by }];
    keeps(&s, [expect(Some(1)), replace].concat()).await;
    refuses(&s, expect(Some(1)), Precondition::Stands).await;
    keeps(&s, expect(Some(2))).await;
    keeps(&s, vec![Write::WithdrawCase { case: of, at: at(70) }]).await;
    refuses(&s, expect(Some(2)), Precondition::Stands).await;
}

/// A holder sees who looked, newest first; of two at one moment, the later written first.
pub async fn accesses_come_newest_first(s: S) {
    let access = |of: HolderId, when, what: &str| Access {
        holder: of,
        at: at(when),
        agency: AgencyId::from_random(1),
        staff: (when == 20).then(|| StaffId::from_random(7)),
        purpose: Purpose::ContactTracing,
        what: what.to_owned(),
    };
    let rows = [
        access(hid(1), 20, "identity"),
        access(hid(1), 20, "visits"),
        access(hid(2), 30, "identity"),
        access(hid(1), 10, "assessment"),
    ];
    for a in &rows {
        keeps(&s, vec![Write::AddAccess(a.clone())]).await;
    }
    let [first, second, _, third] = rows;
    let found = s.accesses_of(hid(1), Latest::first(9)).await.unwrap();
    assert_eq!(found, [second.clone(), first, third]);
    let newest = s.accesses_of(hid(1), Latest::first(1)).await.unwrap();
    let from = Latest { before: Some(Before { at: newest[0].at, skip: 1 }), limit: 9 };
    assert_eq!(s.accesses_of(hid(1), from).await.unwrap(), found[1..]);
    assert_eq!(newest, [second]);
}

/// Whether somebody looked before is known by who, whom, why, at what, and since when.
pub async fn a_look_is_known_again(s: S) {
    let access = |of, when, by, purpose, what: &str| Access {
        holder: hid(of),
        at: at(when),
        agency: AgencyId::from_random(1),
        staff: Some(StaffId::from_random(by)),
        purpose,
        what: what.to_owned(),
    };
    for a in [
        access(1, 20, 7, Purpose::Quarantine, "quarantine"),
        access(2, 19, 7, Purpose::Quarantine, "quarantine"),
        access(3, 30, 8, Purpose::Quarantine, "quarantine"),
        access(4, 30, 7, Purpose::ContactTracing, "quarantine"),
        access(5, 30, 7, Purpose::Quarantine, "visits"),
        Access { staff: None, ..access(6, 30, 7, Purpose::Quarantine, "quarantine") },
    ] {
        keeps(&s, vec![Write::AddAccess(a)]).await;
    }
    let look = Looked {
        staff: StaffId::from_random(7),
        purpose: Purpose::Quarantine,
        what: "quarantine",
        since: at(20),
    };
    let all: Vec<_> = (1..9).rev().map(hid).collect();
    assert_eq!(s.looked_at(&look, &all).await.unwrap(), [hid(1)]);
    let earlier = Looked { since: at(19), ..look };
    assert_eq!(s.looked_at(&earlier, &all).await.unwrap(), [hid(2), hid(1)]);
    assert_eq!(s.looked_at(&earlier, &[]).await.unwrap(), []);
}

/// A setting can demand what it replaces.
pub async fn a_setting_is_replaced_only_as_expected(s: S) {
    let put = |value: &str, expect: Option<Option<&str>>| Write::PutSetting {
        name: "made_up",
        value: value.to_owned(),
        expect: expect.map(|e| e.map(str::to_owned)),
    };
    let now = async || s.setting("made_up").await.unwrap();
    refuses(&s, vec![put("b", Some(Some("a")))], Precondition::Exists).await;
    keeps(&s, vec![put("a", Some(None))]).await;
    refuses(&s, vec![put("b", Some(None))], Precondition::Absent).await;
    refuses(&s, vec![put("b", Some(Some("x")))], Precondition::Exists).await;
    assert_eq!(now().await.as_deref(), Some("a"));
    keeps(&s, vec![put("b", Some(Some("a")))]).await;
    keeps(&s, vec![put("c", None)]).await;
    assert_eq!(now().await.as_deref(), Some("c"));
    assert_eq!(s.setting("other").await.unwrap(), None);
}
