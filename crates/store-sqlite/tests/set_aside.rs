//! One row that cannot be read: left out and named, while every list goes on; nobody's evidence is
//! handed out in part.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

mod common;

use common::{DAY, Place, Store, at, evidence, hid, holder, keeps, visit};
use jadegate_domain::agency::Agency;
use jadegate_domain::division::{RegionRisk, RiskLevel};
use jadegate_domain::id::{ChallengeId, ImportId, PhoneCodeId, WaitingId};
use jadegate_domain::record::{RecordKind, WaitingKind, WaitingState};
use jadegate_domain::{
    Access, AgencyId, AgencyKind, Assessment, Case, CaseClass, CaseId, Colour, EvidenceId,
    Place as Venue, PlaceId, PlaceKind, PolicyRef, Purpose, TraceId,
};
use jadegate_store::{
    AccountStore, Authorship, ChallengeWrite, ColourChange, Latest, OutboxMessage, OutboxState,
    Page, PhoneCode, RecordStore, RowRef, Session, SessionSubject, Store as _, StoredAssessment,
    StoredTrace, Waiting, WaitingPiece, Write,
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
                let standing = s.standing_cases(None, at(0), Page::first(2)).await.unwrap();
                standing.iter().map(|c| c.id.as_i64()).collect()
            }
            "trace_run" => {
                let found = s
                    .traces_in(&cn(), Some(CaseId::from_random(1)), Latest::first(2))
                    .await
                    .unwrap();
                found.iter().rev().map(|t| t.id.as_i64()).collect()
            }
            _ => s
                .confined(&cn(), Page::first(3))
                .await
                .unwrap()
                .rows
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
    assert_eq!(found.rows.iter().map(|c| c.holder).collect::<Vec<_>>(), [hid(3)]);
    assert_eq!(found.unreadable.iter().map(|r| r.row).collect::<Vec<_>>(), [1, 2]);
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

/// Of whom it cannot be read where they live, every division's list of the confined says so.
#[tokio::test]
async fn who_lives_nowhere_is_missing_from_every_list_and_told() {
    let (_place, s) = damaged("UPDATE holder SET home = 'secret' WHERE id = 2").await;
    for (region, wanted) in [("CN-33", [1, 3].as_slice()), ("CN-11", &[]), ("US", &[])] {
        let found = s.confined(&region.parse().unwrap(), Page::first(9)).await.unwrap();
        let ids: Vec<_> = found.rows.iter().map(|c| c.holder.as_i64()).collect();
        assert_eq!(ids, wanted, "{region}");
        assert_eq!(found.unreadable, [RowRef { table: "holder", column: "home", row: 2 }]);
    }
}

/// Two codes, sessions, looks, changes, records of a file and pieces of one person or thing; of each
/// the one made at moment 2 is damaged.
async fn small(s: &Store) {
    keeps(s, vec![holder(1)]).await;
    let waiting = Waiting {
        id: WaitingId::from_random(1),
        kind: WaitingKind::Tests,
        agency: AgencyId::from_random(1),
        agency_kind: AgencyKind::Laboratory,
        weighs_on: AgencyId::from_random(1),
        staff: None,
        region: "CN-33".parse().unwrap(),
        import: None,
        trace: None,
        count: 3,
        made_at: at(1),
        expires_at: at(900),
        state: WaitingState::Waiting,
        decision: None,
    };
    keeps(s, vec![Write::AddWaiting(Box::new(waiting))]).await;
    for n in 1..=3_u8 {
        let (id, when) = (u64::from(n), at(i64::from(n)));
        let Write::PutAssessment(stored) = assessed(1) else { unreachable!("an assessment") };
        let all = vec![
            Write::Challenge(ChallengeWrite::AddCode(PhoneCode {
                id: PhoneCodeId::from_random(id),
                lane: [1; 16],
                digits: 6,
                created_at: when,
                expires_at: at(900),
                used_at: None,
            })),
            Write::AddSession(Session {
                token_digest: [n; 32],
                subject: SessionSubject::Holder(hid(1)),
                created_at: when,
                expires_at: at(900),
                device: "phone".to_owned(),
                seen_day: DAY,
            }),
            Write::AddAccess(Access {
                holder: hid(1),
                at: when,
                agency: AgencyId::from_random(1),
                staff: None,
                purpose: Purpose::Quarantine,
                what: "identity".to_owned(),
            }),
            Write::AddColourChange(Box::new(ColourChange {
                holder: hid(1),
                at: when,
                from: None,
                to: Colour::Red,
                assessment: stored.assessment,
            })),
            Write::AddAuthorship(Box::new(Authorship {
                record: RecordKind::Evidence,
                id: i64::from(n),
                agency: AgencyId::from_random(1),
                staff: None,
                import: Some(ImportId::from_random(1)),
                sample: None,
                by_document: false,
                by_tube: false,
                moved_from: None,
                trip: None,
                at: when,
            })),
            Write::AddWaitingPiece(Box::new(WaitingPiece {
                waiting: WaitingId::from_random(1),
                number: u32::from(n),
                holder: Some(hid(1)),
                body: "{}".to_owned(),
                sample: None,
                external_key: Some([n; 16]),
            })),
        ];
        keeps(s, all).await;
    }
}

#[tokio::test]
async fn the_lists_of_one_person_or_thing_go_on_as_well() {
    let place = Place::new();
    let s = place.open();
    small(&s).await;
    drop(s);
    let two = at(2).as_secs();
    for damage in [
        format!("UPDATE phone_code SET used_at = NULL, created_at = -1 WHERE created_at = {two}"),
        format!("UPDATE session SET created_at = -1 WHERE created_at = {two}"),
        format!("UPDATE access SET purpose = 'secret' WHERE at = {two}"),
        format!("UPDATE colour_change SET body = 'secret' WHERE at = {two}"),
        "UPDATE authorship SET agency = -1 WHERE id = 2".to_owned(),
        "UPDATE waiting_piece SET external_key = x'00' WHERE number = 2".to_owned(),
    ] {
        place.raw(&damage);
    }
    let s = place.open();
    let moments = [at(3), at(1)];
    let codes = s.phone_codes([1; 16], at(9)).await.unwrap();
    assert_eq!(codes.iter().map(|c| c.created_at).collect::<Vec<_>>(), moments);
    let sessions = s.sessions_of(SessionSubject::Holder(hid(1)), at(9)).await.unwrap();
    assert_eq!(sessions.iter().map(|c| c.created_at).collect::<Vec<_>>(), moments);
    // The limit counts what can be read.
    let looks = s.accesses_of(hid(1), Latest::first(2)).await.unwrap();
    assert_eq!(looks.iter().map(|a| a.at).collect::<Vec<_>>(), moments);
    let changes = s.colour_changes(hid(1), Latest::first(2)).await.unwrap();
    assert_eq!(changes.iter().map(|c| c.at).collect::<Vec<_>>(), moments);
    let records = s.records_of_import(ImportId::from_random(1)).await.unwrap();
    assert_eq!(records.rows.iter().map(|r| r.id).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(records.unreadable, [RowRef { table: "authorship", column: "agency", row: 2 }]);
    let pieces = s.waiting_pieces(WaitingId::from_random(1), 0, 2).await.unwrap();
    assert_eq!(pieces.rows.iter().map(|p| p.number).collect::<Vec<_>>(), [1, 3]);
    let piece = RowRef { table: "waiting_piece", column: "external_key", row: 1 };
    assert_eq!(pieces.unreadable, [piece]);
    let named = s.unreadable().rows;
    assert_eq!(named.len(), 6, "{named:?}");
}
