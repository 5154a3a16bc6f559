//! What adapters put together from rows they have read: the same for every database.

use std::collections::HashSet;

use jadegate_domain::record::LinkState;
use jadegate_domain::{Evidence, Holder, HolderId};
use jadegate_store::{EvidencePage, HolderEvidence, Listed, RecordLink, RowRef};

/// A page of holders with their evidence, and the rows that cannot be read.
///
/// `kept`: whose evidence the page holds, ascending. `people`: the holders up to the last of them, by
/// id. `evidence`: theirs, by holder. `damaged`: rows of evidence that cannot be read, each with its
/// holder if that could be. Whose evidence or record is not whole is named in `unreadable` and is not
/// among the others; of evidence whose owner is not registered nothing is told.
pub fn evidence_page(
    kept: &[HolderId],
    people: Listed<Holder>,
    evidence: Vec<Evidence>,
    damaged: Vec<(Option<HolderId>, RowRef)>,
) -> (EvidencePage, Vec<RowRef>) {
    let mut not_whole: HashSet<HolderId> = damaged.iter().filter_map(|(owner, _)| *owner).collect();
    not_whole.extend(people.unreadable.iter().filter_map(|r| HolderId::from_i64(r.row)));
    let mut bad: Vec<RowRef> = damaged.into_iter().map(|(_, row)| row).collect();
    bad.extend(people.unreadable);
    let mut people = people.rows.into_iter().peekable();
    let mut all = evidence.into_iter().peekable();
    let mut page = EvidencePage { last: kept.last().copied(), ..EvidencePage::default() };
    for &id in kept {
        let mut evidence = Vec::new();
        while let Some(e) = all.next_if(|e| e.holder <= Some(id)) {
            if e.holder == Some(id) {
                evidence.push(e);
            }
        }
        while people.next_if(|h| h.id < id).is_some() {}
        let holder = people.next_if(|h| h.id == id);
        if not_whole.contains(&id) {
            page.unreadable.push(id);
        } else if let Some(h) = holder {
            page.whole.push(HolderEvidence {
                holder: id,
                home: h.home,
                evidence_version: h.evidence_version,
                evidence,
                beside: Vec::new(),
                undecided: Vec::new(),
                joined_into: None,
            });
        }
    }
    (page, bad)
}

/// Of all links that concern a record: whose evidence counts beside its own, undecided; and the record
/// that it was joined into, if it was.
pub fn linked_records(links: &[RecordLink], holder: HolderId) -> (Vec<HolderId>, Option<HolderId>) {
    let joined = |l: &&RecordLink| l.state == LinkState::Joined;
    let decided = |l: &&RecordLink| joined(l) || l.state.is_split();
    let own = links.iter().find(|l| l.record == holder);
    // What is undecided is so with the main record's person: of the others with each other it is not said.
    let beside = match own.filter(|l| !decided(l)) {
        Some(undecided) => vec![undecided.main],
        None => links.iter().filter(|l| !decided(l)).map(|l| l.record).collect(),
    };
    (beside, own.filter(joined).map(|l| l.main))
}
