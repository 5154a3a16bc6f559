//! Published policies, proposals, recolouring, and reading everybody at once.

use jadegate_domain::id::{ImportId, ProposalId, RecolouringId};
use jadegate_domain::{AgencyId, Colour, PolicyRef, StaffId};

use super::made_up::*;
use crate::{
    Before, ColourCounts, Decision, EvidencePage, Latest, Page, PolicyVersion, Precondition,
    ProposalState, Recolouring, RecolouringWrite, StoredProposal, Write,
};

/// Who has evidence or a stored assessment comes in pages by id, with all of their evidence; all
/// others are counted by division.
pub async fn everybody_of_whom_something_is_kept_is_read_in_pages(s: S) {
    for n in 1..=6 {
        let home = if n < 4 { "CN-330106" } else { "US-NY" };
        keeps(&s, vec![Write::AddHolder(holder_in(n, home))]).await;
    }
    for (n, of) in [(1, 2), (2, 4), (3, 2), (4, 2)] {
        keeps(&s, vec![add(evidence(n, Some(hid(of)), test_fact()))]).await;
    }
    keeps(&s, vec![Write::WithdrawEvidence { id: eid(2), at: at(9) }]).await;
    keeps(&s, vec![put(stored(hid(5), 0, Colour::Green, None))]).await;
    assert_eq!(s.count_with_evidence().await.unwrap(), 3);
    let rest = s.without_evidence().await.unwrap();
    let rest: Vec<_> = rest.iter().map(|(d, n)| (d.as_str(), *n)).collect();
    assert_eq!(rest, [("CN-330106", 2), ("US-NY", 1)]);

    let mut page = Page::first(2);
    let first = s.evidence_by_holder(page).await.unwrap();
    assert_eq!((first.whole.len(), first.last), (2, Some(hid(4))));
    page.after = first.last;
    let second = s.evidence_by_holder(page).await.unwrap();
    assert_eq!((&first.unreadable, &second.unreadable), (&Vec::new(), &Vec::new()));
    let mut all = first.whole;
    all.extend(second.whole);
    let found: Vec<_> =
        all.iter().map(|h| (h.holder, h.evidence_version, h.evidence.len())).collect();
    assert_eq!(found, [(hid(2), 3, 3), (hid(4), 2, 1), (hid(5), 0, 0)]);
    assert_eq!(all[0].home.as_str(), "CN-330106");
    for h in &all {
        let (version, own) = s.evidence_of(h.holder).await.unwrap().unwrap();
        assert_eq!((h.evidence_version, &h.evidence), (version, &own));
    }
    page.after = Some(hid(5));
    assert_eq!(s.evidence_by_holder(page).await.unwrap(), EvidencePage::default());

    keeps(&s, vec![put(stored(hid(2), 3, Colour::Red, None))]).await;
    let between = async |after: Option<u64>, last| {
        let found = s.assessments_between(after.map(hid), hid(last)).await.unwrap();
        assert_eq!(found.unreadable, []);
        found.rows.iter().map(|a| a.holder).collect::<Vec<_>>()
    };
    assert_eq!(between(None, 5).await, [hid(2), hid(5)]);
    assert_eq!(between(Some(2), 5).await, [hid(5)]);
    assert_eq!(between(Some(2), 4).await, []);
}

/// What another policy or other risk levels made is counted with its colour, and told.
pub async fn counts_say_how_many_are_from_before(s: S) {
    for (n, colour) in [(1, Colour::Green), (2, Colour::Green), (3, Colour::Red)] {
        let other = stored(hid(n), 0, colour, None);
        keeps(&s, vec![Write::AddHolder(holder(n)), put(other)]).await;
    }
    let counts = async |policy, regions| s.colour_counts(policy, regions).await.unwrap();
    let colours = [2, 0, 1];
    assert_eq!(counts("00ff", 4).await, ColourCounts { colours, from_before: 0 });
    assert_eq!(counts("00ff", 5).await, ColourCounts { colours, from_before: 3 });
    assert_eq!(counts("1122", 4).await, ColourCounts { colours, from_before: 3 });
    let newer =
        crate::StoredAssessment { regions_version: 5, ..stored(hid(3), 0, Colour::Red, None) };
    keeps(&s, vec![put(newer)]).await;
    assert_eq!(counts("00ff", 5).await, ColourCounts { colours, from_before: 2 });
}

/// A unit that was decided from an assessment which is no longer the stored one is refused.
pub async fn a_stale_assessment_is_not_written_over_another(s: S) {
    let id = with_holder(&s, 1).await;
    let first = stored(id, 0, Colour::Red, Some(at(50)));
    let expect = |mark| Write::ExpectAssessment { holder: id, mark };
    refuses(&s, vec![expect(Some(first.mark()))], Precondition::Assessment).await;
    keeps(&s, vec![expect(None), put(first.clone())]).await;
    refuses(&s, vec![expect(None)], Precondition::Assessment).await;
    for other in [
        crate::StoredAssessment { regions_version: 9, ..first.clone() },
        stored(id, 0, Colour::Red, Some(at(51))),
        stored(id, 0, Colour::Red, None),
    ] {
        refuses(&s, vec![expect(Some(other.mark()))], Precondition::Assessment).await;
    }
    let second = stored(id, 0, Colour::Green, None);
    keeps(&s, vec![expect(Some(first.mark())), put(second.clone())]).await;
    assert_eq!(s.assessment(id).await.unwrap(), Some(second));
}

fn version(n: u32) -> PolicyVersion {
    PolicyVersion {
        reference: PolicyRef { id: "made-up".to_owned(), version: n, digest: format!("{n:016x}") },
        text: format!("version = {n}"),
        published_at: at(i64::from(n)),
        agency: (n > 1).then(|| AgencyId::from_random(1)),
        staff: (n > 1).then(|| StaffId::from_random(2)),
        proposal: (n > 1).then(|| ProposalId::from_random(3)),
    }
}

/// The newest is in force, and only who knows it can replace it.
pub async fn a_policy_replaces_the_one_in_force(s: S) {
    let publish = |n, replaces: Option<u32>| Write::PublishPolicy {
        version: Box::new(version(n)),
        replaces: replaces.map(|n| format!("{n:016x}")),
    };
    refuses(&s, vec![publish(1, Some(1))], Precondition::Exists).await;
    keeps(&s, vec![publish(1, None)]).await;
    refuses(&s, vec![publish(2, None)], Precondition::Absent).await;
    refuses(&s, vec![publish(2, Some(3))], Precondition::Exists).await;
    keeps(&s, vec![publish(2, Some(1))]).await;
    refuses(&s, vec![publish(3, Some(1))], Precondition::Exists).await;
    assert_eq!(s.policy_in_force().await.unwrap(), Some(version(2)));
    assert_eq!(s.policy_versions(9).await.unwrap(), [version(2), version(1)]);
    assert_eq!(s.policy_versions(1).await.unwrap(), [version(2)]);
    let old = version(1);
    assert_eq!(s.policy_version(&old.reference.digest).await.unwrap(), Some(old));
    assert_eq!(s.policy_version("ff").await.unwrap(), None);
}

fn proposal(n: u64) -> StoredProposal {
    StoredProposal {
        id: ProposalId::from_random(n),
        change: format!("change {n}"),
        change_digest: [7; 32],
        state: ProposalState::Waiting,
        agency: AgencyId::from_random(1),
        proposed_by: (n != 2).then(|| StaffId::from_random(n)),
        import: (n == 2).then(|| ImportId::from_random(n)),
        proposed_at: at(i64::try_from(n).unwrap()),
        expires_at: at(1_000),
        reason: "made up".to_owned(),
        what_if: "{}".to_owned(),
        decision: None,
    }
}

/// Waiting proposals come in pages by id, ended ones newest first; a decision stands.
pub async fn a_proposal_is_decided_once(s: S) {
    for n in [1, 3, 2] {
        keeps(&s, vec![Write::AddProposal(Box::new(proposal(n)))]).await;
    }
    refuses(&s, vec![Write::AddProposal(Box::new(proposal(1)))], Precondition::Absent).await;
    let decision = Decision {
        by: Some(StaffId::from_random(9)),
        at: at(20),
        reason: Some("enough".to_owned()),
        what_if: Some("[]".to_owned()),
    };
    let decide = |n, state| Write::DecideProposal {
        id: ProposalId::from_random(n),
        state,
        decision: Box::new(decision.clone()),
    };
    keeps(&s, vec![decide(1, ProposalState::Applied)]).await;
    for n in [1, 404] {
        refuses(&s, vec![decide(n, ProposalState::Rejected)], Precondition::Exists).await;
    }
    let done = StoredProposal {
        state: ProposalState::Applied,
        decision: Some(decision.clone()),
        ..proposal(1)
    };
    assert_eq!(s.proposal(done.id).await.unwrap(), Some(done.clone()));
    let waiting = async |page| s.waiting_proposals(page).await.unwrap();
    assert_eq!(waiting(Page::first(9)).await, [proposal(2), proposal(3)]);
    assert_eq!(waiting(Page::first(1)).await, [proposal(2)]);
    let second = Page { after: Some(ProposalId::from_random(2)), limit: 9 };
    assert_eq!(waiting(second).await, [proposal(3)]);
    assert!(s.waiting_proposal([7; 32]).await.unwrap().is_some());
    assert_eq!(s.waiting_proposal([8; 32]).await.unwrap(), None);
    assert_eq!(s.ended_proposals(Latest::first(9)).await.unwrap(), std::slice::from_ref(&done));
    let by_one = async |since, page| s.proposals_applied_alone(at(since), page).await.unwrap();
    assert_eq!(by_one(0, Page::first(9)).await, []);
    // One that needed nobody else is stored with its end.
    let alone = Decision { by: None, at: at(4), reason: None, what_if: None };
    let direct =
        StoredProposal { state: ProposalState::Applied, decision: Some(alone), ..proposal(4) };
    keeps(&s, vec![Write::AddProposal(Box::new(direct.clone()))]).await;
    assert_eq!(s.proposal(direct.id).await.unwrap(), Some(direct.clone()));
    assert_eq!(s.ended_proposals(Latest::first(1)).await.unwrap(), std::slice::from_ref(&direct));
    let from = Latest { before: Some(Before { at: direct.proposed_at, skip: 1 }), limit: 9 };
    assert_eq!(s.ended_proposals(from).await.unwrap(), std::slice::from_ref(&done));
    assert_eq!(s.ended_proposals(Latest::first(9)).await.unwrap(), [direct.clone(), done]);
    // Whatever else was proposed since.
    assert_eq!(by_one(4, Page::first(1)).await, std::slice::from_ref(&direct));
    assert_eq!(by_one(5, Page::first(9)).await, []);
    assert_eq!(by_one(0, Page { after: Some(direct.id), limit: 9 }).await, []);
}

/// A batch is counted only where the run stands; a newer run ends the one before.
pub async fn no_batch_of_recolouring_counts_twice(s: S) {
    let run = |n: u64| Recolouring {
        id: RecolouringId::from_random(n),
        cause: "policy".to_owned(),
        policy: version(2).reference,
        regions_version: 4,
        started_at: at(i64::try_from(n).unwrap()),
        finished_at: None,
        cursor: None,
        done: 0,
        of: 5,
        changed: [0; 3],
    };
    let step = |n, from: Option<u64>, to| {
        Write::Recolouring(RecolouringWrite::Step {
            id: RecolouringId::from_random(n),
            from: from.map(hid),
            to: hid(to),
            done: 2,
            changed: [1, 0, 1],
        })
    };
    refuses(&s, vec![step(1, None, 2)], Precondition::Exists).await;
    keeps(&s, vec![Write::Recolouring(RecolouringWrite::Add(Box::new(run(1))))]).await;
    refuses(
        &s,
        vec![Write::Recolouring(RecolouringWrite::Add(Box::new(run(1))))],
        Precondition::Absent,
    )
    .await;
    refuses(&s, vec![step(1, Some(2), 4)], Precondition::Exists).await;
    keeps(&s, vec![step(1, None, 2)]).await;
    refuses(&s, vec![step(1, None, 2)], Precondition::Exists).await;
    keeps(&s, vec![step(1, Some(2), 4)]).await;
    let stands = Recolouring { cursor: Some(hid(4)), done: 4, changed: [2, 0, 2], ..run(1) };
    assert_eq!(s.recolourings(9).await.unwrap(), std::slice::from_ref(&stands));

    keeps(&s, vec![Write::Recolouring(RecolouringWrite::Add(Box::new(run(2))))]).await;
    refuses(&s, vec![step(1, Some(4), 5)], Precondition::Exists).await;
    let replaced = Recolouring { finished_at: Some(at(2)), ..stands };
    assert_eq!(s.recolourings(9).await.unwrap(), [run(2), replaced]);
    let end = |n| {
        Write::Recolouring(RecolouringWrite::End { id: RecolouringId::from_random(n), at: at(9) })
    };
    keeps(&s, vec![end(2)]).await;
    for n in [1, 2, 404] {
        refuses(&s, vec![end(n)], Precondition::Exists).await;
    }
    let ended = Recolouring { finished_at: Some(at(9)), ..run(2) };
    assert_eq!(s.recolourings(1).await.unwrap(), [ended]);
}
