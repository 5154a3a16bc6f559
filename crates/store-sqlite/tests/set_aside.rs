//! One row that cannot be read: left out and named, while every list goes on; nobody's evidence is
//! handed out in part.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

mod common;

use common::{DAY, Place, Store, at, evidence, hid, holder, keeps, visit};
use jadegate_domain::agency::Agency;
use jadegate_domain::division::{RegionRisk, RiskLevel};
use jadegate_domain::id::ChallengeId;
use jadegate_domain::{
    AgencyId, AgencyKind, Assessment, Case, CaseClass, CaseId, Colour, EvidenceId, Place as Venue,
    PlaceId, PlaceKind, PolicyRef, TraceId,
};
use jadegate_store::{
    OutboxMessage, OutboxState, Page, RowRef, Store as _, StoredAssessment, StoredTrace, Write,
};

fn message(n: u64) -> Write {
    Write::AddOutbox(OutboxMessage {
        challenge: ChallengeId::from_random(n),
        sealed: vec![1],
        created_at: at(i64::try_from(n).unwrap()),
        expires_at: at(900),
        next_try_at: at(1),
        attempts: 0,
        state: OutboxState::Waiting,
    })
}

fn assessed(n: u64) -> Write {
    Write::PutAssessment(Box::new(StoredAssessment {
        holder: hid(n),
        evidence_version: 1,
        regions_version: 0,
        assessment: Assessment {
            colour: Colour::Red,
            reasons: Vec::new(),
            warnings: Vec::new(),
            at: at(0),
            next_change: Some(at(500)),
            policy: PolicyRef { id: "made-up".into(), version: 1, digest: "00".into() },
        },
    }))
}

fn case(n: u64) -> Write {
    Write::AddCase(Case {
        id: CaseId::from_random(n),
        holder: hid(n),
        class: CaseClass::Confirmed,
        onset_at: None,
        confirmed_at: at(1),
        isolated_at: None,
        recorded_at: at(i64::try_from(n).unwrap()),
        agency: AgencyId::from_random(1),
        withdrawn_at: None,
    })
}

fn run(n: u64) -> Write {
    Write::AddTrace(Box::new(StoredTrace {
        id: TraceId::from_random(n),
        case: CaseId::from_random(1),
        ran_at: at(i64::try_from(n).unwrap()),
        agency: AgencyId::from_random(1),
        agency_kind: AgencyKind::PreventionTeam,
        close: 0,
        secondary: 0,
        detail: "{}".to_owned(),
        replaced_by: None,
    }))
}

fn venue(n: u64) -> Write {
    Write::AddPlace(Venue {
        id: PlaceId::from_random(n),
        kind: PlaceKind::Restaurant,
        name: "Made-up".to_owned(),
        division: "CN-330106".parse().unwrap(),
        agency: None,
        registered_at: at(1),
        external_key: None,
    })
}

fn risk(n: u64, division: &str) -> Write {
    Write::AddRegionRisk(RegionRisk {
        id: EvidenceId::from_random(n),
        division: division.parse().unwrap(),
        level: RiskLevel::High,
        from: at(1),
        to: None,
        recorded_at: at(1),
        agency: AgencyId::from_random(1),
    })
}

fn agency(n: u64) -> Write {
    Write::AddAgency(Agency {
        id: AgencyId::from_random(n),
        kind: AgencyKind::PreventionTeam,
        name: "Made-up".to_owned(),
        region: "CN".parse().unwrap(),
        confirmed_at: None,
        confirmed_by: None,
    })
}

/// Three of everything; the rows with number 2 are damaged.
async fn damaged(text: &str) -> (Place, Store) {
    let place = Place::new();
    let s = place.open();
    for n in 1..=3 {
        let all = vec![
            agency(n),
            holder(n),
            evidence(n, n),
            assessed(n),
            message(n),
            case(n),
            run(n),
            venue(n),
            visit(n, n, at(i64::try_from(n).unwrap())),
        ];
        keeps(&s, all).await;
    }
    drop(s);
    place.raw(text);
    let s = place.open();
    (place, s)
}

/// Every list goes on without the damaged row, counts it out of its limit, and names it.
#[tokio::test]
async fn every_list_goes_on_past_a_row_that_cannot_be_read() {
    let cn = || "CN".parse().unwrap();
    for (damage, table, column) in [
        ("UPDATE holder SET home = 'secret' WHERE id = 2", "holder", "home"),
        ("UPDATE outbox SET attempts = -1 WHERE challenge = 2", "outbox", "attempts"),
        ("UPDATE agency SET kind = 'secret' WHERE id = 2", "agency", "kind"),
        ("UPDATE place SET kind = 'secret' WHERE id = 2", "place", "kind"),
        ("UPDATE visit_19052 SET presence = 77 WHERE holder = 2", "visit", "presence"),
        ("UPDATE case_record SET class = 'secret' WHERE id = 2", "case_record", "class"),
        ("UPDATE trace_run SET close = -1 WHERE id = 2", "trace_run", "close"),
        ("UPDATE assessment SET body = 'secret' WHERE holder = 2", "assessment", "body"),
    ] {
        let (_place, s) = damaged(damage).await;
        assert_eq!(s.unreadable().rows, [], "{damage}");
        // What is kept by day has no number of its own: its moment stands for it.
        let row = if table == "visit" { at(2).as_secs() } else { 2 };
        let wanted = RowRef { table, column, row };
        let ids: Vec<i64> = match table {
            "holder" => {
                s.holders(Page::first(2)).await.unwrap().iter().map(|h| h.id.as_i64()).collect()
            }
            "outbox" => s
                .due_messages(at(9), 2)
                .await
                .unwrap()
                .iter()
                .map(|m| m.challenge.as_i64())
                .collect(),
            "agency" => s.agencies().await.unwrap().iter().map(|a| a.id.as_i64()).collect(),
            "place" => {
                s.places(Page::first(2)).await.unwrap().iter().map(|p| p.id.as_i64()).collect()
            }
            "visit" => s.visits_on(DAY).await.unwrap().iter().map(|v| v.holder.as_i64()).collect(),
            "case_record" => {
                s.cases(2).await.unwrap().iter().rev().map(|c| c.id.as_i64()).collect()
            }
            "trace_run" => {
                let found = s.traces(Some(CaseId::from_random(1)), 2).await.unwrap();
                found.iter().rev().map(|t| t.id.as_i64()).collect()
            }
            _ => s
                .confined(&cn(), Page::first(3))
                .await
                .unwrap()
                .iter()
                .map(|c| c.holder.as_i64())
                .collect(),
        };
        assert_eq!(ids, [1, 3], "{damage}");
        // Found again, it is still one row.
        let _ = s.due_messages(at(9), 2).await.unwrap();
        assert_eq!(s.unreadable().rows, [wanted], "{damage}");
        assert_eq!(s.unreadable_rows().unwrap(), [wanted], "{damage}");
    }
}

/// A page is empty at the end only: one of which nothing can be read is passed over.
#[tokio::test]
async fn a_page_of_damaged_rows_is_not_the_end() {
    let (_place, s) = damaged("UPDATE assessment SET body = 'x' WHERE holder < 3").await;
    let found = s.confined(&"CN".parse().unwrap(), Page::first(1)).await.unwrap();
    assert_eq!(found.iter().map(|c| c.holder).collect::<Vec<_>>(), [hid(3)]);
    let (_place, s) = damaged("UPDATE holder SET home = 'x' WHERE id < 3").await;
    assert_eq!(s.holders(Page::first(1)).await.unwrap()[0].id, hid(3));
    let page = s.evidence_by_holder(Page::first(2)).await.unwrap();
    assert_eq!((page.whole, page.unreadable), (Vec::new(), vec![hid(1), hid(2)]));
    assert_eq!(page.last, Some(hid(2)));
}

/// Nobody's evidence is handed out in part: a colour from a part could be green by mistake.
#[tokio::test]
async fn whose_evidence_cannot_be_read_is_named_and_not_handed_out() {
    let (_place, s) = damaged("UPDATE evidence SET fact = 'secret' WHERE id = 2").await;
    keeps(&s, vec![evidence(9, 2)]).await;
    let page = s.evidence_by_holder(Page::first(9)).await.unwrap();
    assert_eq!(page.whole.iter().map(|h| h.holder).collect::<Vec<_>>(), [hid(1), hid(3)]);
    assert!(page.whole.iter().all(|h| h.evidence.len() == 1));
    assert_eq!((page.unreadable, page.last), (vec![hid(2)], Some(hid(3))));
    assert!(s.evidence_of(hid(2)).await.is_err());
    assert!(s.evidence_of(hid(1)).await.is_ok());
    let wanted = RowRef { table: "evidence", column: "fact", row: 2 };
    assert_eq!(s.unreadable().rows, [wanted]);
    let stored = s.assessments_between(None, hid(3)).await.unwrap();
    assert_eq!((stored.rows.len(), stored.unreadable.len()), (3, 0));
}

/// A risk level that cannot be read is told with its division, if that can be read.
#[tokio::test]
async fn a_risk_level_that_cannot_be_read_is_told_with_its_division() {
    let (place, s) = damaged("DELETE FROM region_risk").await;
    keeps(&s, vec![risk(1, "CN-3301"), risk(2, "CN-11"), risk(3, "CN-31")]).await;
    drop(s);
    place.raw("UPDATE region_risk SET level = 'secret' WHERE id = 2");
    place.raw("UPDATE region_risk SET division = '?' WHERE id = 3");
    let s = place.open();
    let found = s.region_risks(at(0)).await.unwrap();
    assert_eq!(found.risks.len(), 1);
    let mut unreadable = found.unreadable;
    unreadable.sort();
    assert_eq!(unreadable, [None, Some("CN-11".parse().unwrap())]);
    assert_eq!(s.unreadable().rows.len(), 2);
}
