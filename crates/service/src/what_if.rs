//! What a change would do to the colours of everybody, before it takes effect. Nothing is written.
//!
//! The evidence is read in pages into a [`Population`]; the comparison itself is pure
//! (`policy::what_if`) and runs on a thread that may block. Whether a change needs a second officer
//! is judged by the worst of several moments, not only by the first: a level that begins next week,
//! or a rule that bites after some days, must not slip through because nobody is touched today.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use jadegate_domain::{Division, Evidence, Timestamp};
use jadegate_policy::{Policy, Population, PopulationBuilder, Setting, WhatIf, WhatIfOptions};
use jadegate_store::{Page, Store};
use serde::{Deserialize, Serialize};

use crate::error::{Result, ServiceError};
use crate::in_force::Regions;
use crate::relevant::sets;

/// Days after the first moment at which the change is measured again.
const LATER_DAYS: [i64; 4] = [1, 7, 21, 90];
/// Other moments measured at most (entries of a list that begin at different times).
const MOST_MOMENTS: usize = 6;
/// Holders read at once.
const PAGE: u32 = 1000;
/// Days for which quarantine places are counted.
const PLACES_DAYS: u32 = 21;
/// Anonymous timelines shown.
const SAMPLES: u32 = 5;

/// How far a what-if has come, and the wish to stop it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Steps done: people read, and people compared, once for each moment.
    done: AtomicU64,
    of: AtomicU64,
    cancelled: AtomicBool,
}

impl Progress {
    /// One that is known by what was told of it.
    pub(crate) const fn at((done, of): (u64, u64)) -> Self {
        Self {
            done: AtomicU64::new(done),
            of: AtomicU64::new(of),
            cancelled: AtomicBool::new(false),
        }
    }

    /// Steps done, and how many there are.
    pub fn steps(&self) -> (u64, u64) {
        let of = self.of.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed).min(of), of)
    }

    /// Stops the run at its next step.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    fn goes_on(&self) -> bool {
        !self.cancelled.load(Ordering::Relaxed)
    }
}

/// Two settings to compare.
#[derive(Clone, Debug)]
pub struct Question {
    /// The policy now.
    pub policy_before: Arc<Policy>,
    /// The risk levels now.
    pub risks_before: Vec<Evidence>,
    /// The policy afterwards.
    pub policy_after: Arc<Policy>,
    /// The risk levels afterwards.
    pub risks_after: Vec<Evidence>,
    /// The moment that the report is about: when the change is fully there.
    pub at: Timestamp,
    /// Other moments at which parts of the change begin.
    pub also: Vec<Timestamp>,
    /// Which samples are shown.
    pub seed: u64,
}

/// How many of a division's people a change would turn from green to another colour, at the
/// moment at which they are most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Touched {
    /// The division in which these people live.
    pub division: Division,
    /// Its people.
    pub people: u64,
    /// Green without the change, not green with it.
    pub newly_confined: u64,
    /// The moment at which most of them are newly confined.
    pub at: Timestamp,
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The report.
    pub result: WhatIf,
    /// Divisions in which somebody is touched, by code.
    pub touched: Vec<Touched>,
}

/// Reads everybody's evidence; `None` if it was cancelled.
pub async fn load_population(
    store: &dyn Store,
    progress: &Progress,
    moments: u64,
) -> Result<Option<Population>> {
    let people = store.count_with_evidence().await?;
    progress.of.store(people.saturating_mul(moments + 1), Ordering::Relaxed);
    let mut builder = PopulationBuilder::new();
    for (home, people) in store.without_evidence().await? {
        builder.add_without_evidence(&home, people);
    }
    let mut page = Page::first(PAGE);
    loop {
        let batch = store.evidence_by_holder(page).await?;
        if batch.last.is_none() {
            break;
        }
        page.after = batch.last;
        // Those whose evidence cannot be read have no colour, before and after.
        // Whose records are joined is counted once, by the main one.
        for h in batch.whole.iter().filter(|h| h.joined_into.is_none()) {
            if h.beside.is_empty() && h.undecided.is_empty() {
                builder.add(&h.home, &h.evidence);
            } else {
                // The levels of either side come with the question.
                let none = Regions::default();
                let sets = sets(&h.evidence, &h.beside, &h.undecided, &none)?;
                builder.add_strictest(&h.home, &sets);
            }
        }
        let read = batch.whole.len() + batch.unreadable.len();
        progress.done.fetch_add(read as u64, Ordering::Relaxed);
        if !progress.goes_on() {
            return Ok(None);
        }
    }
    Ok(Some(builder.finish()))
}

/// Reads everybody's evidence and compares; `None` if it was cancelled.
pub async fn ask(
    store: &dyn Store,
    question: Question,
    progress: Arc<Progress>,
) -> Result<Option<Answer>> {
    let moments = moments(&question);
    let Some(people) = load_population(store, &progress, moments.len() as u64).await? else {
        return Ok(None);
    };
    let compared =
        tokio::task::spawn_blocking(move || compare(&people, &question, &moments, &progress));
    compared.await.map_err(ServiceError::internal)
}

/// The moments at which a change is measured, the report's own first.
fn moments(q: &Question) -> Vec<Timestamp> {
    let mut all = vec![q.at];
    all.extend(q.also.iter().copied().filter(|t| *t != q.at).take(MOST_MOMENTS));
    all.extend(LATER_DAYS.iter().map(|days| q.at.plus_days(*days)));
    all
}

fn compare(
    people: &Population,
    q: &Question,
    moments: &[Timestamp],
    progress: &Progress,
) -> Option<Answer> {
    let before = Setting { policy: &q.policy_before, risks: &q.risks_before };
    let after = Setting { policy: &q.policy_after, risks: &q.risks_after };
    let mut result = None;
    let mut worst: BTreeMap<Division, Touched> = BTreeMap::new();
    for (n, at) in moments.iter().enumerate() {
        let options = match n {
            0 => WhatIfOptions { days: PLACES_DAYS, samples: SAMPLES, seed: q.seed },
            _ => WhatIfOptions { days: 0, samples: 0, seed: q.seed },
        };
        let begun = progress.done.load(Ordering::Relaxed);
        let step = |done: u64| {
            progress.done.store(begun.saturating_add(done), Ordering::Relaxed);
            progress.goes_on()
        };
        let found = jadegate_policy::what_if(people, &before, &after, *at, &options, &step)?;
        progress.done.store(begun.saturating_add(people.added() as u64), Ordering::Relaxed);
        for d in found.divisions.iter().filter(|d| d.newly_confined > 0) {
            let here = Touched {
                division: d.division.clone(),
                people: d.people,
                newly_confined: d.newly_confined,
                at: *at,
            };
            match worst.get_mut(&d.division) {
                Some(known) if known.newly_confined >= here.newly_confined => {}
                Some(known) => *known = here,
                None => {
                    worst.insert(d.division.clone(), here);
                }
            }
        }
        result = result.or(Some(found));
    }
    result.map(|result| Answer { result, touched: worst.into_values().collect() })
}

/// The share of a division's people, in hundredths of a percent, rounded up: a threshold is never
/// missed by rounding.
pub fn basis_points(newly_confined: u64, people: u64) -> u32 {
    if people == 0 {
        return 0;
    }
    let share = u128::from(newly_confined) * 10_000;
    u32::try_from(share.div_ceil(u128::from(people))).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_up_and_nobody_is_no_share() {
        assert_eq!(basis_points(1, 100), 100);
        assert_eq!(basis_points(10_001, 1_000_000), 101);
        assert_eq!(basis_points(0, 7), 0);
        assert_eq!(basis_points(0, 0), 0);
        assert_eq!(basis_points(u64::MAX, 1), u32::MAX);
    }
}
