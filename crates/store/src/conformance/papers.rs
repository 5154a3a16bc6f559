//! Codes on paper.

use jadegate_domain::record::PaperEnd;
use jadegate_domain::{Colour, PaperId};

use super::made_up::*;
use crate::{Page, Paper, PaperPlaces, PaperStanding, PaperWrite, Precondition, Write};

fn pid(n: u64) -> PaperId {
    PaperId::from_random(n)
}

fn paper(n: u64, of: u64, place: u32) -> Paper {
    Paper {
        id: pid(n),
        holder: hid(of),
        place,
        issued_at: at(10),
        expires_at: at(1_000),
        ended: None,
    }
}

fn add(paper: Paper) -> Write {
    Write::Paper(PaperWrite::Add(paper))
}

fn end(n: u64, secs: i64) -> Write {
    Write::Paper(PaperWrite::End { paper: pid(n), at: at(secs), by: PaperEnd::Lost })
}

/// It is found by its id and by its holder until it ends; it ends once.
pub async fn a_paper_is_read_back_and_ends_once(s: S) {
    with_holder(&s, 1).await;
    assert_eq!(s.paper(pid(1)).await.unwrap(), None);
    assert_eq!(s.paper_places().await.unwrap(), PaperPlaces::default());
    let first = paper(1, 1, 7);
    refuses(&s, vec![add(paper(1, 404, 7))], Precondition::Exists).await;
    keeps(&s, vec![add(first)]).await;
    assert_eq!(s.paper(pid(1)).await.unwrap(), Some(first));
    assert_eq!(s.paper_of(hid(1)).await.unwrap(), Some(first));
    assert_eq!(s.paper_places().await.unwrap(), PaperPlaces { papers: 1, last: Some(7) });
    refuses(&s, vec![end(404, 20)], Precondition::Exists).await;
    keeps(&s, vec![end(1, 20)]).await;
    refuses(&s, vec![end(1, 30)], Precondition::Stands).await;
    let ended = Paper { ended: Some((at(20), PaperEnd::Lost)), ..first };
    assert_eq!(s.paper(pid(1)).await.unwrap(), Some(ended));
    assert_eq!(s.paper_of(hid(1)).await.unwrap(), None);
    rejects(&s, vec![add(Paper { expires_at: at(10), ..paper(2, 1, 8) })]).await;
    rejects(&s, vec![add(Paper { place: 1 << 24, ..paper(2, 1, 8) })]).await;
}

/// One stands at a time; a new one takes its place in one unit; no two share a place, ended or not;
/// and that of somebody erased ends.
pub async fn of_a_holders_papers_one_stands(s: S) {
    with_holder(&s, 1).await;
    with_holder(&s, 2).await;
    keeps(&s, vec![add(paper(1, 1, 7))]).await;
    refuses(&s, vec![add(paper(2, 1, 8))], Precondition::Absent).await;
    keeps(&s, vec![end(1, 20), add(paper(2, 1, 8))]).await;
    assert_eq!(s.paper_of(hid(1)).await.unwrap(), Some(paper(2, 1, 8)));
    for taken in [paper(3, 2, 7), paper(3, 2, 8), paper(2, 2, 9)] {
        refuses(&s, vec![add(taken)], Precondition::Absent).await;
    }
    keeps(&s, vec![add(paper(3, 2, 9))]).await;
    keeps(&s, vec![Write::Shred(hid(1))]).await;
    assert_eq!(s.paper_of(hid(1)).await.unwrap(), None);
    let erased = Paper { ended: Some((at(10), PaperEnd::Erased)), ..paper(2, 1, 8) };
    assert_eq!(s.paper(pid(2)).await.unwrap(), Some(erased));
    assert_eq!(s.paper_of(hid(2)).await.unwrap(), Some(paper(3, 2, 9)));
}

/// By id, each once, with the present version of the evidence and the stored assessment.
pub async fn papers_come_in_pages_with_how_their_holders_stand(s: S) {
    for n in 1..=3 {
        with_holder(&s, n).await;
    }
    let red = stored(hid(2), 1, Colour::Red, Some(at(500)));
    let evidence = super::made_up::add(evidence(1, Some(hid(2)), test_fact()));
    keeps(&s, vec![evidence, Write::PutAssessment(Box::new(red.clone()))]).await;
    keeps(&s, vec![add(paper(5, 2, 1)), add(paper(9, 3, 0)), add(paper(7, 1, 5)), end(9, 20)])
        .await;
    let standing =
        |paper, evidence_version, stored| PaperStanding { paper, evidence_version, stored };
    let lost = Paper { ended: Some((at(20), PaperEnd::Lost)), ..paper(9, 3, 0) };
    let all = [
        standing(paper(5, 2, 1), 1, Some(red)),
        standing(paper(7, 1, 5), 0, None),
        standing(lost, 0, None),
    ];
    assert_eq!(s.papers(Page::first(2)).await.unwrap(), all[..2]);
    let rest = Page { after: Some(pid(7)), limit: 2 };
    assert_eq!(s.papers(rest).await.unwrap(), all[2..]);
    assert_eq!(s.paper_places().await.unwrap(), PaperPlaces { papers: 3, last: Some(5) });
}

/// Ended or not, they go with their term, and their place is free.
pub async fn papers_past_their_term_are_purged(s: S) {
    with_holder(&s, 1).await;
    let longer = Paper { expires_at: at(2_000), ..paper(2, 1, 8) };
    keeps(&s, vec![add(paper(1, 1, 7)), end(1, 20), add(longer)]).await;
    assert_eq!(s.purge_expired(at(999)).await.unwrap(), 0);
    assert_eq!(s.purge_expired(at(1_000)).await.unwrap(), 1);
    assert_eq!(s.paper(pid(1)).await.unwrap(), None);
    assert_eq!(s.paper_of(hid(1)).await.unwrap(), Some(longer));
    keeps(&s, vec![end(2, 20), add(Paper { expires_at: at(3_000), ..paper(3, 1, 7) })]).await;
}
