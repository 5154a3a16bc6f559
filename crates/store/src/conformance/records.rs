//! Who recorded what, files as records, withdrawals, and what waits.

use std::collections::BTreeMap;

use jadegate_domain::evidence::{Certainty, ContactDegree};
use jadegate_domain::id::{ImportId, WaitingId};
use jadegate_domain::record::{
    ImportKind, RecordKind, WaitingKind, WaitingState, WithdrawalReason,
};
use jadegate_domain::{AgencyId, AgencyKind, CaseId, Fact, PlaceId, PlaceKind, StaffId, TraceId};

use super::made_up::*;
use crate::{
    Authorship, Before, CorrectionWrite, FilesOf, ImportCounts, ImportRun, IndexKind, KeptRecord,
    Latest, Listed, Page, Precondition, StoreError, Tube, TubeOwner, Unit, Waiting,
    WaitingDecision, WaitingPiece, Withdrawal, Write,
};

fn by(n: u64) -> StaffId {
    StaffId::from_random(n)
}

fn of(n: u64) -> AgencyId {
    AgencyId::from_random(n)
}

fn author(record: RecordKind, id: i64, secs: i64) -> Authorship {
    Authorship {
        record,
        id,
        agency: of(1),
        staff: Some(by(7)),
        import: Some(ImportId::from_random(5)),
        sample: Some("made-up 17".to_owned()),
        by_document: false,
        by_tube: false,
        moved_from: None,
        trip: None,
        at: at(secs),
    }
}

fn write(a: &Authorship) -> Write {
    Write::AddAuthorship(Box::new(a.clone()))
}

/// One author for each record; found by the record, by the file, and newest first.
pub async fn who_recorded_what_is_found_again(s: S) {
    let all = [
        author(RecordKind::Evidence, 3, 30),
        Authorship { import: None, sample: None, ..author(RecordKind::Case, 3, 20) },
        Authorship {
            staff: None,
            trip: Some(PlaceId::from_random(6)),
            ..author(RecordKind::Ride, 4, 40)
        },
        Authorship {
            agency: of(9),
            import: None,
            by_document: true,
            by_tube: true,
            moved_from: Some(eid(3)),
            ..author(RecordKind::Evidence, 8, 50)
        },
    ];
    for a in &all {
        keeps(&s, vec![write(a)]).await;
        assert_eq!(s.authorship(a.record, a.id).await.unwrap().as_ref(), Some(a));
    }
    refuses(&s, vec![write(&author(RecordKind::Case, 3, 60))], Precondition::Absent).await;
    assert_eq!(s.authorship(RecordKind::Trace, 3).await.unwrap(), None);
    let file = s.records_of_import(ImportId::from_random(5)).await.unwrap();
    assert_eq!((file.rows, file.unreadable), (vec![all[0].clone(), all[2].clone()], vec![]));
    let other = s.records_of_import(ImportId::from_random(6)).await.unwrap();
    assert_eq!(other, Listed::default());
    let newest = s.newest_records(Latest::first(2)).await.unwrap();
    assert_eq!(newest, [all[3].clone(), all[2].clone()]);
    // Contacts, files and traces are not taken back one by one, and crowd out nothing.
    let id = with_holder(&s, 1).await;
    let contact = Fact::Contact {
        case: CaseId::from_random(1),
        trace: TraceId::from_random(1),
        degree: ContactDegree::Close,
        last_contact: at(7),
        minutes: 31,
        certainty: Certainty::Assumed,
        place_kind: PlaceKind::Market,
        together: None,
    };
    keeps(&s, vec![add(evidence(30, Some(id), contact))]).await;
    for (record, n) in
        [(RecordKind::Evidence, 30), (RecordKind::Import, 31), (RecordKind::Trace, 32)]
    {
        keeps(&s, vec![write(&author(record, n, 90))]).await;
    }
    let own = s.own_records(of(1), Latest::first(9)).await.unwrap();
    assert_eq!(own, [all[2].clone(), all[0].clone(), all[1].clone()]);
    assert_eq!(s.own_records(of(1), Latest::first(2)).await.unwrap(), own[..2]);
    // The next part begins after so many of a moment.
    let from = |secs, skip| Latest { before: Some(Before { at: at(secs), skip }), limit: 9 };
    assert_eq!(s.own_records(of(1), from(30, 0)).await.unwrap(), own[1..]);
    assert_eq!(s.own_records(of(1), from(30, 1)).await.unwrap(), own[2..]);
    assert_eq!(s.own_records(of(1), from(20, 1)).await.unwrap(), []);
    let rest = s.newest_records(from(50, 1)).await.unwrap();
    assert_eq!(rest, [all[2].clone(), all[0].clone(), all[1].clone()]);
}

/// What is kept for a document and the document's owner do not meet: nothing is kept for one that
/// leads to somebody, and one for which something is kept leads to somebody only with it.
pub async fn what_is_kept_for_a_document_goes_to_its_owner(s: S) {
    with_holder(&s, 1).await;
    with_holder(&s, 2).await;
    let kept = |n: u64, document: u8| KeptRecord {
        id: eid(n),
        document: [document; 16],
        tube: false,
        body: "{\"made\":\"up\"}".to_owned(),
        moved_from: (n == 1).then(|| eid(9)),
        supersedes: (n == 2).then(|| eid(1)),
        withdrawn_at: None,
        agency: of(1),
        staff: (n == 1).then(|| by(7)),
        import: Some(ImportId::from_random(5)),
        sample: Some("made-up 17".to_owned()),
        kept_at: at(30),
    };
    let keep = |n, document| Write::KeepForDocument(Box::new(kept(n, document)));
    let index = |digest, n| Write::AddIndex {
        kind: IndexKind::Document,
        digest: [digest; 16],
        holder: hid(n),
    };
    let leads = |digest, n| Write::ExpectIndex {
        kind: IndexKind::Document,
        digest: [digest; 16],
        holder: hid(n),
    };
    let release = Write::Correction(CorrectionWrite::ReleaseIndex {
        kind: IndexKind::Document,
        digest: [1; 16],
        holder: hid(1),
    });
    refuses(&s, vec![leads(1, 1)], Precondition::Leads).await;
    keeps(&s, vec![index(1, 1), leads(1, 1)]).await;
    refuses(&s, vec![leads(1, 2)], Precondition::Leads).await;
    refuses(&s, vec![keep(1, 1)], Precondition::Leads).await;
    keeps(&s, vec![release, keep(1, 1), keep(2, 1), keep(3, 2)]).await;
    refuses(&s, vec![leads(1, 1)], Precondition::Leads).await;
    refuses(&s, vec![keep(2, 3)], Precondition::Absent).await;
    assert_eq!(s.kept_for_document([1; 16]).await.unwrap(), [kept(1, 1), kept(2, 1)]);
    assert_eq!(s.kept_for_document([4; 16]).await.unwrap(), []);
    assert_eq!(s.kept_record(eid(3)).await.unwrap(), Some(kept(3, 2)));
    let all = [kept(1, 1), kept(2, 1), kept(3, 2)].into_iter().rev().collect::<Vec<_>>();
    assert_eq!(s.kept_of_agency(of(1), Latest::first(9)).await.unwrap(), all);
    assert_eq!(s.kept_of_agency(of(1), Latest::first(1)).await.unwrap(), all[..1]);
    assert_eq!(s.kept_of_agency(of(2), Latest::first(9)).await.unwrap(), []);
    // A phone of the same digest is another thing.
    let phone = Write::AddIndex { kind: IndexKind::Phone, digest: [1; 16], holder: hid(2) };
    keeps(&s, vec![phone]).await;
    refuses(&s, vec![index(1, 2)], Precondition::Leads).await;
    refuses(&s, vec![Write::TakeKept(eid(1)), index(1, 2)], Precondition::Leads).await;
    keeps(&s, vec![Write::TakeKept(eid(1)), Write::TakeKept(eid(2)), index(1, 2)]).await;
    refuses(&s, vec![Write::TakeKept(eid(1))], Precondition::Exists).await;
    assert_eq!(s.kept_for_document([1; 16]).await.unwrap(), []);
    assert_eq!(s.kept_record(eid(1)).await.unwrap(), None);
    assert_eq!(s.kept_for_document([2; 16]).await.unwrap(), [kept(3, 2)]);
    assert_eq!(s.indexed_holder(IndexKind::Document, [1; 16]).await.unwrap(), Some(hid(2)));
}

/// What is kept is added to from the state that was looked at, is taken back once and stays, marked; it
/// is counted, and goes when its time is over.
pub async fn what_is_kept_is_taken_back_counted_and_purged(s: S) {
    let kept = |n: u64, document: u8, secs| KeptRecord {
        id: eid(n),
        document: [document; 16],
        tube: false,
        body: "made-up".to_owned(),
        moved_from: None,
        supersedes: None,
        withdrawn_at: None,
        agency: of(1),
        staff: None,
        import: None,
        sample: None,
        kept_at: at(secs),
    };
    let keep = |n, document, secs| Write::KeepForDocument(Box::new(kept(n, document, secs)));
    let expect = |document, pieces| Write::ExpectKept { document: [document; 16], pieces };
    keeps(&s, vec![expect(1, 0), keep(1, 1, 10)]).await;
    refuses(&s, vec![expect(1, 0), keep(2, 1, 20)], Precondition::EvidenceVersion).await;
    refuses(&s, vec![expect(1, 2)], Precondition::EvidenceVersion).await;
    keeps(&s, vec![expect(1, 1), keep(2, 1, 20), expect(1, 2), keep(3, 2, 30)]).await;
    let withdraw = |n| Write::WithdrawKept { id: eid(n), at: at(40) };
    keeps(&s, vec![withdraw(1)]).await;
    refuses(&s, vec![withdraw(1)], Precondition::Stands).await;
    refuses(&s, vec![withdraw(404)], Precondition::Exists).await;
    let gone = KeptRecord { withdrawn_at: Some(at(40)), ..kept(1, 1, 10) };
    assert_eq!(s.kept_record(eid(1)).await.unwrap(), Some(gone));
    keeps(&s, vec![expect(1, 2)]).await;
    assert_eq!(s.kept_count(of(1), at(31)).await.unwrap(), 2);
    assert_eq!(s.kept_count(of(1), at(30)).await.unwrap(), 1);
    assert_eq!(s.kept_count(of(2), at(31)).await.unwrap(), 0);
    // A correction counts in the place of what it corrects, until it is taken back.
    let file = ImportId::from_random(8);
    let told = |n, supersedes| KeptRecord { supersedes, import: Some(file), ..kept(n, 9, 50) };
    for row in [told(7, None), told(8, Some(eid(7))), told(9, None)] {
        keeps(&s, vec![Write::KeepForDocument(Box::new(row))]).await;
    }
    let page = |after| Page { after, limit: 9 };
    let stand = async |after| s.kept_of_import(file, page(after)).await.unwrap();
    let one = s.kept_of_import(file, Page::first(1)).await.unwrap();
    assert_eq!(one, [told(8, Some(eid(7)))]);
    assert_eq!(stand(None).await, [told(8, Some(eid(7))), told(9, None)]);
    assert_eq!(stand(Some(eid(8))).await, [told(9, None)]);
    keeps(&s, vec![withdraw(8)]).await;
    assert_eq!(stand(None).await, [told(7, None), told(9, None)]);
    keeps(&s, vec![withdraw(7), withdraw(9)]).await;
    assert_eq!(stand(None).await, []);
    assert_eq!(s.purge_kept(at(20)).await.unwrap(), 2);
    assert_eq!(s.purge_kept(at(20)).await.unwrap(), 0);
    assert_eq!(s.kept_for_document([1; 16]).await.unwrap(), []);
    assert_eq!(s.kept_for_document([2; 16]).await.unwrap(), [kept(3, 2, 30)]);
}

/// A tube is one person's, and what is kept of it goes to them and to nobody else: it is kept while nobody
/// is known by the tube, and is taken by whoever turns out to be.
pub async fn a_tube_is_one_persons_and_its_results_are_theirs(s: S) {
    with_holder(&s, 1).await;
    let key = |n: u8| [n; 16];
    let tube = |n: u8, owner| Tube {
        key: key(n),
        agency: of(1),
        owner,
        bound_by: of(2),
        staff: Some(by(7)),
        bound_at: at(i64::from(n)),
    };
    let bind = |t: &Tube| Write::BindTube(Box::new(t.clone()));
    let unbind = |t: &Tube| Write::UnbindTube(Box::new(t.clone()));
    let kept = |id: u64, n: u8| KeptRecord {
        id: eid(id),
        document: key(n),
        tube: true,
        body: "made-up".to_owned(),
        moved_from: None,
        supersedes: None,
        withdrawn_at: None,
        agency: of(1),
        staff: None,
        import: None,
        sample: Some("T-1".to_owned()),
        kept_at: at(30),
    };
    let keep = |id, n| Write::KeepForDocument(Box::new(kept(id, n)));
    let document = Write::AddIndex { kind: IndexKind::Document, digest: [9; 16], holder: hid(1) };
    let (theirs, papers) = (TubeOwner::Holder(hid(1)), TubeOwner::Document([9; 16]));
    // Result first, then whose it is; somebody who is known takes it.
    keeps(&s, vec![keep(1, 1), keep(2, 2), keep(3, 3)]).await;
    assert_eq!(s.tubes_of_nobody(of(1)).await.unwrap(), 3);
    assert_eq!(s.kept_count(of(1), at(99)).await.unwrap(), 0);
    let one = tube(1, theirs);
    refuses(&s, vec![bind(&one)], Precondition::Leads).await;
    keeps(&s, vec![Write::TakeKept(eid(1)), bind(&one)]).await;
    refuses(&s, vec![bind(&tube(1, papers))], Precondition::Absent).await;
    refuses(&s, vec![keep(4, 1)], Precondition::Leads).await;
    assert_eq!(s.tube(key(1)).await.unwrap(), Some(one.clone()));
    assert_eq!(s.tube(key(7)).await.unwrap(), None);
    // Of somebody who is not known yet it stays, and goes with their document.
    let two = tube(2, papers);
    keeps(&s, vec![bind(&two), keep(5, 2)]).await;
    assert_eq!(s.tubes_of([9; 16]).await.unwrap(), std::slice::from_ref(&two));
    assert_eq!(s.kept_count(of(1), at(99)).await.unwrap(), 2);
    assert_eq!(s.tubes_of_nobody(of(1)).await.unwrap(), 1);
    refuses(&s, vec![document.clone()], Precondition::Leads).await;
    keeps(&s, vec![Write::TakeKept(eid(2)), Write::TakeKept(eid(5)), document]).await;
    refuses(&s, vec![keep(6, 2)], Precondition::Leads).await;
    // It is expected to be theirs, and is taken from them in the words in which it was said.
    let expect = |n, owner| Write::ExpectTube { key: key(n), owner };
    keeps(&s, vec![expect(1, theirs), expect(2, papers)]).await;
    refuses(&s, vec![expect(1, papers)], Precondition::Leads).await;
    refuses(&s, vec![expect(3, theirs)], Precondition::Leads).await;
    refuses(&s, vec![unbind(&tube(1, papers))], Precondition::Stands).await;
    keeps(&s, vec![unbind(&one), keep(7, 1)]).await;
    refuses(&s, vec![unbind(&one)], Precondition::Stands).await;
    // Whose tube it was goes when its time is over.
    assert_eq!(s.purge_kept(at(2)).await.unwrap(), 1);
    assert_eq!(s.tube(key(2)).await.unwrap(), None);
}

/// A file is begun, ended once, withdrawn once; files are listed where their agency acts.
pub async fn a_file_is_a_record(s: S) {
    let mut second = agency(2);
    second.region = "CN-11".parse().unwrap();
    keeps(&s, vec![Write::AddAgency(agency(1)), Write::AddAgency(second)]).await;
    let run = |n: u64, secs| ImportRun {
        id: ImportId::from_random(n),
        kind: ImportKind::Tests,
        agency: (n != 4).then(|| of(if n == 3 { 2 } else { 1 })),
        staff: (n != 2).then(|| by(7)),
        started_at: at(secs),
        digest: [9; 32],
        ended: None,
        withdrawn_at: None,
    };
    for r in [run(1, 10), run(2, 20), run(3, 30), run(4, 5)] {
        keeps(&s, vec![Write::AddImport(Box::new(r.clone()))]).await;
        assert_eq!(s.import(r.id).await.unwrap(), Some(r));
    }
    refuses(&s, vec![Write::AddImport(Box::new(run(1, 1)))], Precondition::Absent).await;
    let counts = ImportCounts { taken: 1, unchanged: 2, rejected: 3, waiting: 4 };
    let end = |n| Write::EndImport { id: ImportId::from_random(n), at: at(15), counts };
    keeps(&s, vec![end(1)]).await;
    refuses(&s, vec![end(1)], Precondition::Exists).await;
    refuses(&s, vec![end(404)], Precondition::Exists).await;
    let withdraw = |n| Write::WithdrawImport { id: ImportId::from_random(n), at: at(50) };
    keeps(&s, vec![withdraw(1)]).await;
    refuses(&s, vec![withdraw(1)], Precondition::Exists).await;
    let done =
        ImportRun { ended: Some((at(15), counts)), withdrawn_at: Some(at(50)), ..run(1, 10) };
    let visits = ImportRun { kind: ImportKind::Visits, ..run(5, 40) };
    keeps(&s, vec![Write::AddImport(Box::new(visits.clone()))]).await;
    let files = |agencies: &[u64], withdrawable: &[u64], of_nobody| FilesOf {
        agencies: agencies.iter().copied().map(of).collect(),
        withdrawable: withdrawable.iter().copied().map(of).collect(),
        of_nobody,
    };
    let list = async |files, limit| s.imports(&files, Latest::first(limit)).await.unwrap();
    let own = [visits.clone(), run(2, 20), done.clone()];
    assert_eq!(list(files(&[1], &[], false), 9).await, own);
    assert_eq!(list(files(&[1], &[], false), 1).await, [visits]);
    assert_eq!(list(files(&[], &[1], false), 9).await, own[1..]);
    assert_eq!(list(files(&[2], &[1], true), 9).await, [run(3, 30), run(2, 20), done, run(4, 5)]);
    assert_eq!(list(files(&[], &[], true), 9).await, [run(4, 5)]);
    assert_eq!(list(files(&[], &[], false), 9).await, []);
}

/// A record is taken back once.
pub async fn a_withdrawal_names_who_and_why(s: S) {
    let first = Withdrawal {
        record: RecordKind::Ride,
        id: 3,
        at: at(9),
        agency: of(1),
        staff: Some(by(7)),
        reason: WithdrawalReason::NeverHappened,
    };
    let second = Withdrawal { record: RecordKind::Case, staff: None, ..first };
    keeps(&s, vec![Write::AddWithdrawal(first), Write::AddWithdrawal(second)]).await;
    refuses(&s, vec![Write::AddWithdrawal(first)], Precondition::Absent).await;
    assert_eq!(s.withdrawal(RecordKind::Ride, 3).await.unwrap(), Some(first));
    assert_eq!(s.withdrawal(RecordKind::Case, 3).await.unwrap(), Some(second));
    assert_eq!(s.withdrawal(RecordKind::Evidence, 3).await.unwrap(), None);
}

/// A unit that builds on a record is refused once that was taken back, and on no other.
pub async fn what_was_taken_back_is_expected_to_stand_no_more(s: S) {
    let expect = |record, id| Write::ExpectNotWithdrawn { record, id };
    keeps(&s, vec![expect(RecordKind::Ride, 3)]).await;
    let (at, reason) = (at(9), WithdrawalReason::NeverHappened);
    let w = Withdrawal { record: RecordKind::Ride, id: 3, at, agency: of(1), staff: None, reason };
    keeps(&s, vec![expect(RecordKind::Ride, 3), Write::AddWithdrawal(w)]).await;
    let stands = Precondition::NotWithdrawn { record: RecordKind::Ride };
    refuses(&s, vec![expect(RecordKind::Ride, 3)], stands).await;
    keeps(&s, vec![expect(RecordKind::Ride, 4), expect(RecordKind::Case, 3)]).await;
}

/// A withdrawal of a file or a case is unfinished from its first row on until the file or the case is
/// marked; of two who begin it one does.
pub async fn a_withdrawal_that_was_begun_is_listed_until_it_is_done(s: S) {
    let file = |n: u64| ImportRun {
        id: ImportId::from_random(n),
        kind: ImportKind::Tests,
        agency: Some(of(1)),
        staff: None,
        started_at: at(1),
        digest: [9; 32],
        ended: None,
        withdrawn_at: None,
    };
    let first = case(1, 1, at(5));
    keeps(&s, vec![Write::AddAgency(agency(1)), Write::AddCase(first.clone())]).await;
    for n in [1, 2] {
        keeps(&s, vec![Write::AddImport(Box::new(file(n)))]).await;
    }
    let begun = |record, id, secs| Withdrawal {
        record,
        id,
        at: at(secs),
        agency: of(1),
        staff: Some(by(7)),
        reason: WithdrawalReason::WrongContent,
    };
    let (one, two) = (file(1).id, file(2).id);
    let of_case = begun(RecordKind::Case, first.id.as_i64(), 20);
    let of_file = begun(RecordKind::Import, two.as_i64(), 10);
    // Of a single record there is nothing to finish.
    let of_piece = begun(RecordKind::Evidence, 3, 5);
    let unfinished = async |limit| s.unfinished_withdrawals(limit).await.unwrap();
    assert_eq!(unfinished(9).await, []);
    keeps(&s, [of_case, of_file, of_piece].map(Write::AddWithdrawal).to_vec()).await;
    refuses(&s, vec![Write::AddWithdrawal(of_file)], Precondition::Absent).await;
    assert_eq!(unfinished(9).await, [of_file, of_case]);
    assert_eq!(unfinished(1).await, [of_file]);
    let expect =
        |id: ImportId| Write::ExpectNotWithdrawn { record: RecordKind::Import, id: id.as_i64() };
    keeps(&s, vec![expect(one), write(&author(RecordKind::Evidence, 8, 30))]).await;
    let stands = Precondition::NotWithdrawn { record: RecordKind::Import };
    let late = author(RecordKind::Evidence, 9, 30);
    refuses(&s, vec![write(&late), expect(two)], stands).await;
    assert_eq!(s.authorship(RecordKind::Evidence, 9).await.unwrap(), None);
    keeps(&s, vec![Write::WithdrawImport { id: two, at: at(30) }]).await;
    assert_eq!(unfinished(9).await, [of_case]);
    refuses(&s, vec![expect(two)], stands).await;
    keeps(&s, vec![Write::WithdrawCase { case: first.id, at: at(30) }]).await;
    assert_eq!(unfinished(9).await, []);
}

fn waiting(n: u64, secs: i64) -> Waiting {
    Waiting {
        id: WaitingId::from_random(n),
        kind: WaitingKind::Tests,
        agency: of(1),
        agency_kind: AgencyKind::Laboratory,
        weighs_on: of(1),
        staff: Some(by(7)),
        region: "CN-33".parse().unwrap(),
        import: Some(ImportId::from_random(5)),
        trace: None,
        count: 2,
        made_at: at(secs),
        expires_at: at(secs + 100),
        state: WaitingState::Waiting,
        decision: None,
    }
}

fn piece(of: u64, number: u32, key: u8) -> WaitingPiece {
    WaitingPiece {
        waiting: WaitingId::from_random(of),
        number,
        // What waits may be about nobody in particular.
        holder: (number != 1).then(|| hid(u64::from(number) + 1)),
        body: "{\"made\":\"up\"}".to_owned(),
        sample: Some("made-up 17".to_owned()),
        external_key: Some([key; 16]),
    }
}

/// What waits is decided once; only what is confirmed is taken, piece by piece; nothing else is left.
pub async fn what_waits_is_decided_once(s: S) {
    let add = |w: &Waiting| Write::AddWaiting(Box::new(w.clone()));
    let put = |p: WaitingPiece| Write::AddWaitingPiece(Box::new(p));
    let contacts = Waiting {
        kind: WaitingKind::Contacts,
        trace: Some(TraceId::from_random(4)),
        import: None,
        staff: None,
        ..waiting(3, 30)
    };
    keeps(&s, vec![add(&waiting(1, 10)), put(piece(1, 0, 1)), put(piece(1, 1, 2))]).await;
    keeps(&s, vec![add(&waiting(2, 20)), put(piece(2, 0, 3)), add(&contacts)]).await;
    refuses(&s, vec![add(&waiting(1, 1))], Precondition::Absent).await;
    refuses(&s, vec![put(piece(2, 1, 1))], Precondition::Absent).await;
    refuses(&s, vec![put(piece(2, 0, 9))], Precondition::Absent).await;
    refuses(&s, vec![put(piece(404, 0, 9))], Precondition::Exists).await;
    assert!(s.waits([1; 16]).await.unwrap() && !s.waits([9; 16]).await.unwrap());
    assert_eq!(s.waiting_of_trace(TraceId::from_random(4)).await.unwrap(), Some(contacts.clone()));
    assert_eq!(s.waiting_of_trace(TraceId::from_random(5)).await.unwrap(), None);
    let id = WaitingId::from_random;
    let pieces = async |n, from, limit| {
        let found = s.waiting_pieces(id(n), from, limit).await.unwrap();
        assert_eq!(found.unreadable, []);
        found.rows
    };
    assert_eq!(pieces(1, 0, 9).await, [piece(1, 0, 1), piece(1, 1, 2)]);
    assert_eq!(pieces(1, 1, 9).await, [piece(1, 1, 2)]);
    assert_eq!(pieces(1, 0, 1).await, [piece(1, 0, 1)]);

    // Nothing is taken before it is confirmed.
    let take = |n, number| Write::TakeWaitingPiece { waiting: id(n), number };
    refuses(&s, vec![take(1, 0)], Precondition::Exists).await;
    let decision = WaitingDecision { at: at(50), by: Some((by(8), of(2))) };
    let decide = |n, state| Write::DecideWaiting { id: id(n), state, decision };
    let nothing = s.commit(Unit::new("test", vec![decide(1, WaitingState::Waiting)])).await;
    assert!(matches!(nothing, Err(StoreError::Invalid { .. })));
    keeps(&s, vec![decide(1, WaitingState::Confirmed)]).await;
    refuses(&s, vec![decide(1, WaitingState::Refused)], Precondition::Exists).await;
    refuses(&s, vec![put(piece(1, 2, 9))], Precondition::Exists).await;
    let late = WaitingDecision { at: at(60), by: None };
    let lapse = Write::DecideWaiting { id: id(2), state: WaitingState::Expired, decision: late };
    keeps(&s, vec![lapse]).await;
    assert_eq!(pieces(2, 0, 9).await, []);
    assert!(!s.waits([3; 16]).await.unwrap());
    let confirmed =
        Waiting { state: WaitingState::Confirmed, decision: Some(decision), ..waiting(1, 10) };
    let expired = Waiting { state: WaitingState::Expired, decision: Some(late), ..waiting(2, 20) };
    assert_eq!(s.waiting(id(1)).await.unwrap(), Some(confirmed.clone()));
    let decided = async |region: &str, agency, secs, limit| {
        let mine = (&region.parse().unwrap(), of(agency));
        s.decided_waiting(mine, at(secs), limit).await.unwrap()
    };
    assert_eq!(decided("CN-33", 9, 20, 9).await, std::slice::from_ref(&expired));
    assert_eq!(decided("CN-33", 9, 0, 9).await, [expired.clone(), confirmed.clone()]);
    assert_eq!(decided("CN-33", 9, 0, 1).await, std::slice::from_ref(&expired));
    // Elsewhere, one's own agency's only.
    assert_eq!(decided("CN-11", 9, 0, 9).await, []);
    assert_eq!(decided("CN-11", 1, 0, 9).await, [expired, confirmed.clone()]);

    let unfinished = async |state| s.waiting_unfinished(state, None, Page::first(9)).await.unwrap();
    assert_eq!(unfinished(WaitingState::Waiting).await, [contacts]);
    keeps(&s, vec![take(1, 1)]).await;
    refuses(&s, vec![take(1, 1)], Precondition::Exists).await;
    assert_eq!(unfinished(WaitingState::Confirmed).await, [confirmed]);
    keeps(&s, vec![take(1, 0)]).await;
    assert_eq!(unfinished(WaitingState::Confirmed).await, []);
}

/// All that waits is counted, by kind and division, and what one file made wait is found among it.
pub async fn all_that_waits_is_counted_however_much_it_is(s: S) {
    let add = |w: Waiting| Write::AddWaiting(Box::new(w));
    let many = (1..=1001).map(|n| add(waiting(n, n.cast_signed()))).collect();
    keeps(&s, many).await;
    let last = ImportId::from_random(6);
    let of = |kind, region: &str| Waiting {
        kind,
        region: region.parse().unwrap(),
        import: Some(last),
        count: 7,
        ..waiting(2000, 2000)
    };
    let far = Waiting { id: WaitingId::from_random(2001), ..of(WaitingKind::Arrivals, "CN-31") };
    keeps(&s, vec![add(of(WaitingKind::Rides, "CN-3301")), add(far)]).await;
    let counted = async |region: Option<&str>| {
        let region = region.map(|r| r.parse().unwrap());
        s.records_waiting(region.as_ref()).await.unwrap().into_iter().collect::<BTreeMap<_, _>>()
    };
    let (tests, rides) = ((waiting(1, 1).kind, 2002), (WaitingKind::Rides, 7));
    let arrivals = (WaitingKind::Arrivals, 7);
    assert_eq!(counted(None).await, BTreeMap::from([tests, rides, arrivals]));
    assert_eq!(counted(Some("CN-33")).await, BTreeMap::from([tests, rides]));
    assert_eq!(counted(Some("CN-3301")).await, BTreeMap::from([rides]));
    assert_eq!(counted(Some("CN-44")).await, BTreeMap::new());
    let all = async |import| {
        let (mut found, mut page) = (Vec::new(), Page::first(400));
        loop {
            let some = s.waiting_unfinished(WaitingState::Waiting, import, page).await.unwrap();
            let Some(last) = some.last() else { return found };
            page.after = Some(last.id);
            found.extend(some);
        }
    };
    assert_eq!(all(Some(last)).await.len(), 2);
    assert_eq!(all(None).await.len(), 1003, "in pages, however much it is");
    let decision = WaitingDecision { at: at(3000), by: None };
    let state = WaitingState::Expired;
    let ended = Write::DecideWaiting { id: WaitingId::from_random(2001), state, decision };
    keeps(&s, vec![ended]).await;
    assert_eq!(counted(Some("CN-31")).await, BTreeMap::new());
}
