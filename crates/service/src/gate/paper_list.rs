//! The signed list by which gates without network know how codes on paper stand.
//!
//! It is a function of what is stored, of the deployment's secret and of the moment: every server makes
//! the same one. Places that no paper has are filled so that each status stands a quarter of the list's
//! places, always: what can be counted is how large the list is, and nothing else.

use std::sync::Arc;

use jadegate_domain::{Colour, PaperId, Timestamp};
use jadegate_pass::{Status, StatusList};
use jadegate_store::{Page, PaperPlaces, PaperStanding};

use crate::app::App;
use crate::assess::RuleSet;
use crate::error::{Result, ServiceError};
use crate::health::not_issued;
use crate::papers::list_places;
use crate::session::GateSession;
use crate::signed_list::SignedPaperList;

/// Seconds after which gates fetch the next one.
pub const LIST_TTL: u32 = 300;
/// Seconds for which a gate goes by a list that it cannot renew: a shift with the night before it. Who
/// turns red meanwhile is let in by paper for as long, so it is no longer.
pub const LIST_SECONDS: i64 = 12 * 3600;
/// Seconds for which a list is handed out again.
const KEPT_SECONDS: i64 = 30;
/// Papers read at once.
const PAGE: u32 = 1_000;

impl App {
    /// The list for a gate: at most half a minute old.
    pub async fn paper_list(&self, _: &GateSession) -> Result<SignedPaperList> {
        self.clock_must_hold()?;
        self.must_follow()?;
        // Held while it is made: a thousand gates that come back together wait for one list.
        let mut kept = self.memory.paper_list.lock().await;
        let now = self.now();
        let fresh = |l: &&SignedPaperList| (0..KEPT_SECONDS).contains(&now.secs_since(l.at));
        if let Some(list) = kept.as_ref().filter(fresh) {
            return Ok(list.clone());
        }
        let list = self.make_paper_list(now).await?;
        Ok(kept.insert(list).clone())
    }

    /// The list of this moment.
    async fn make_paper_list(&self, now: Timestamp) -> Result<SignedPaperList> {
        let rules = self.rule_set();
        let mut known = Vec::new();
        let mut page = Page::first(PAGE);
        loop {
            let standing = self.store.papers(page).await?;
            let Some(last) = standing.last().map(|s| s.paper.id) else { break };
            for s in &standing {
                known.push((s.paper.place, self.status(s, &rules, now).await?));
            }
            page = next(page, last);
            self.must_go_on()?;
        }
        let decoys = self.deployment.keys.commitment(b"paper list: places that nobody has");
        let keys = self.issuer();
        let made = tokio::task::spawn_blocking(move || {
            let list = filled(&known, &decoys);
            let until = now.plus_secs(LIST_SECONDS);
            jadegate_pass::issue_status_list(&keys, &list, now, until, LIST_TTL)
        });
        let bytes = made.await.map_err(ServiceError::internal)?.map_err(not_issued)?;
        Ok(SignedPaperList { bytes: Arc::new(bytes), at: now })
    }

    /// How a paper stands: by the stored assessment if it holds, or else by a new one. Of whom nothing
    /// can be said, nothing good is said.
    async fn status(&self, s: &PaperStanding, rules: &RuleSet, now: Timestamp) -> Result<Status> {
        if s.paper.ended.is_some() || now >= s.paper.expires_at {
            return Ok(Status::Invalid);
        }
        let current = s.stored.as_ref().filter(|a| rules.is_current(a, s.evidence_version));
        if let Some(stored) = current {
            return Ok(Status::of(stored.assessment.colour));
        }
        let colour: Option<Colour> =
            self.or_set_aside(self.assessment(s.paper.holder).await)?.map(|a| a.colour);
        Ok(colour.map_or(Status::Invalid, Status::of))
    }
}

const fn next(page: Page<PaperId>, last: PaperId) -> Page<PaperId> {
    Page { after: Some(last), limit: page.limit }
}

/// A list in which these places say what is known, and all others are filled up.
fn filled(known: &[(u32, Status)], secret: &[u8; 32]) -> StatusList {
    let used = PaperPlaces {
        papers: known.len() as u64,
        last: known.iter().map(|(place, _)| *place).max(),
    };
    let places = list_places(used);
    let mut list = StatusList::all(Status::Invalid, places);
    let mut is_used = vec![false; places];
    let mut left = [places / Status::ALL.len(); Status::ALL.len()];
    for (place, status) in known {
        let place = *place as usize;
        list.set(place, *status);
        is_used[place] = true;
        let left = &mut left[*status as usize];
        *left = left.saturating_sub(1);
    }
    let mut fill = Status::ALL
        .into_iter()
        .zip(left)
        .flat_map(|(status, count)| std::iter::repeat_n(status, count));
    for place in shuffled(places, secret).into_iter().filter(|p| !is_used[*p as usize]) {
        list.set(place as usize, fill.next().unwrap_or(Status::Invalid));
    }
    list
}

/// All places, in an order that the secret gives: the same each time, so that a place that nobody has
/// changes no more often than those that somebody has.
fn shuffled(places: usize, secret: &[u8; 32]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..).take(places).collect();
    let mut random = Stream::new(secret);
    for i in (1..places).rev() {
        let to = random.below(i as u64 + 1);
        order.swap(i, usize::try_from(to).unwrap_or(0));
    }
    order
}

/// Numbers that follow from a secret: HMAC-SHA-256 over a counter.
struct Stream {
    key: aws_lc_rs::hmac::Key,
    block: [u8; 32],
    used: usize,
    count: u64,
}

impl Stream {
    fn new(secret: &[u8; 32]) -> Self {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        Self { key, block: [0; 32], used: 32, count: 0 }
    }

    /// Below `most`, which is far below 2^64: the bias is negligible.
    fn below(&mut self, most: u64) -> u64 {
        if self.used == self.block.len() {
            let tag = aws_lc_rs::hmac::sign(&self.key, &self.count.to_be_bytes());
            self.block.copy_from_slice(tag.as_ref());
            self.count += 1;
            self.used = 0;
        }
        let mut bits = [0; 8];
        bits.copy_from_slice(&self.block[self.used..self.used + 8]);
        self.used += 8;
        u64::from_be_bytes(bits) % most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts(list: &StatusList) -> [usize; 4] {
        let mut counts = [0; 4];
        for place in 0..list.len() {
            counts[list.get(place).map_or(0, |s| s as usize)] += 1;
        }
        counts
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// Whatever papers say, a list says each status equally often, and each paper's own truly.
        #[test]
        fn counts_tell_nothing(
            said in prop::collection::btree_map(0u32..4096, 0usize..4, 0..1024),
        ) {
            let known: Vec<_> = said.iter().map(|(p, s)| (*p, Status::ALL[*s])).collect();
            let list = filled(&known, &[7; 32]);
            prop_assert_eq!(list.len(), 4096);
            prop_assert_eq!(counts(&list), [1024; 4]);
            for (place, status) in known {
                prop_assert_eq!(list.get(place as usize), Some(status));
            }
        }
    }

    #[test]
    fn places_that_nobody_has_stay_as_they_are_but_for_a_few() {
        let before: Vec<_> = (0..900).map(|p| (p * 3, Status::Valid)).collect();
        let mut after = before.clone();
        after[5].1 = Status::Red;
        let (a, b) = (filled(&before, &[7; 32]), filled(&after, &[7; 32]));
        let changed = (0..a.len()).filter(|p| a.get(*p) != b.get(*p)).count();
        assert!((2..=4).contains(&changed), "{changed}");
        let other = filled(&before, &[8; 32]);
        assert!((0..a.len()).filter(|p| a.get(*p) != other.get(*p)).count() > 1_000);
    }
}
