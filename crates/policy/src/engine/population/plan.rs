//! A policy arranged for a population at a moment: which evidence can matter to anybody at all.

use std::collections::HashMap;

use jadegate_domain::{Evidence, Timestamp};

use crate::engine::found::Nearby;
use crate::engine::population::encoding::{CONTINUED, FAR};
use crate::engine::population::people::Population;
use crate::model::compact::{Class, CompactEvidence, compact};
use crate::model::kinds::{CompactFact, CountFrom, Fit, MattersBy, NEVER, When};
use crate::model::policy::Policy;
use crate::model::rule::Rule;

/// Set in the ids of public evidence, so that they differ from the numbers of somebody's own.
pub(crate) const HIGH: u64 = 1 << 63;

/// Levels of regions that concern everybody, arranged by the classes of a population's stays.
#[derive(Clone, Debug)]
pub(crate) struct PublicRisks {
    all: Vec<CompactEvidence>,
    by_class: HashMap<u32, Box<[CompactEvidence]>>,
}

impl PublicRisks {
    pub(crate) fn new(risks: &[Evidence], people: &Population) -> Self {
        let mut all = Vec::new();
        for e in risks.iter().filter(|e| e.counts()) {
            compact(e, |p| all.push(CompactEvidence { id: p.id | HIGH, ..p }));
        }
        all.retain(|p| matches!(p.class.fact, CompactFact::Risk { .. }));
        let mut by_class = HashMap::new();
        for (n, class) in (0u32..).zip(people.classes()) {
            let CompactFact::Stay { place } = class.fact else { continue };
            let holds = |p: &&CompactEvidence| match p.class.fact {
                CompactFact::Risk { place: region, .. } => region.contains(place),
                _ => false,
            };
            let near: Box<[CompactEvidence]> = all.iter().filter(holds).copied().collect();
            if !near.is_empty() {
                by_class.insert(n, near);
            }
        }
        Self { all, by_class }
    }
}

impl Nearby for PublicRisks {
    fn of_class(&self, class_number: u32) -> &[CompactEvidence] {
        self.by_class.get(&class_number).map_or(&[], |near| near)
    }

    fn imported(&self, id: u64) -> Option<bool> {
        self.all.iter().find(|p| p.id == id).map(|p| p.class.origin.is_some())
    }

    fn next_record(&self, after: Timestamp) -> Timestamp {
        self.all.iter().map(|p| p.recorded).filter(|t| *t > after).min().unwrap_or(NEVER)
    }
}

/// What to do with the evidence of one class.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// It can matter if its deciding word is this or more.
    live_from: u32,
    /// Which word decides.
    deciding: u8,
    /// Its words.
    words: u8,
}

/// A policy as it reads in one time zone, and which evidence can start one of its rules with an
/// effect at a moment or later.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) policy: Policy,
    rows: Vec<Row>,
    /// The policy waits for something to be recorded: everybody must be looked at.
    everybody: bool,
}

/// Words that decide.
const RECORDED: u8 = 1;
const AT: u8 = 2;
const TO: u8 = 3;

impl Plan {
    pub(crate) fn new(
        policy: Policy,
        people: &Population,
        risks: &PublicRisks,
        now: Timestamp,
    ) -> Self {
        let compiled = &*policy.0;
        let over: Vec<Option<Timestamp>> =
            compiled.rules.iter().map(|rule| over_by(rule, now)).collect();
        let row = |(n, class): (u32, &Class)| {
            let (deciding, live_from) = match class.fact {
                CompactFact::Risk { .. } => (RECORDED, 0),
                _ => decide(&policy, n, class, &over, risks, now),
            };
            // At most 3 words follow the first two.
            let words = u8::try_from(2 + class.fact.fields().words()).unwrap_or(2);
            Row { live_from, deciding, words }
        };
        let rows = (0u32..).zip(people.classes()).map(row).collect();
        let everybody = !compiled.index.missing().is_empty();
        Self { policy, rows, everybody }
    }

    /// Can any rule ask for a colour at the plan's moment or later? If not, the person is green
    /// for good, as far as present evidence goes.
    #[inline]
    pub(crate) fn is_live(&self, words: &[u32]) -> bool {
        if self.everybody {
            return true;
        }
        let mut rest = words;
        while let [head, ..] = rest {
            let Some(row) = self.rows.get((head & !CONTINUED) as usize) else { return true };
            match rest.get(usize::from(row.deciding)) {
                Some(word) if *word < row.live_from => {}
                _ => return true,
            }
            let Some(next) = rest.get(usize::from(row.words)..) else { return true };
            rest = next;
        }
        false
    }
}

/// The deciding word of a class, and from which value on it can matter.
fn decide(
    policy: &Policy,
    number: u32,
    class: &Class,
    over: &[Option<Timestamp>],
    risks: &PublicRisks,
    now: Timestamp,
) -> (u8, u32) {
    let policy = &*policy.0;
    let kind = class.fact.kind();
    let mut earliest = NEVER;
    let (mut by_event, mut by_record) = (false, false);
    for i in policy.index.rules_for(kind) {
        let rule = &policy.rules[usize::from(*i)];
        let fits = matches!(policy.index.fit(*i, rule, class), Fit::Yes | Fit::Unstated);
        if !fits || !region_matters(rule, number, risks, now) {
            continue;
        }
        // A count from the first symptoms starts no later than the record either.
        let event = !matches!(rule.count_from, CountFrom::Recorded | CountFrom::Onset);
        by_event |= event;
        by_record |= !event;
        let from = over[usize::from(*i)].map_or(Timestamp::EPOCH, |t| t.plus_secs(1));
        earliest = earliest.min(from);
    }
    let live_from = match u32::try_from(earliest.as_secs()) {
        _ if earliest == NEVER => u32::MAX,
        Ok(secs) => secs.min(FAR),
        Err(_) => FAR,
    };
    match kind.matters_by() {
        MattersBy::End => (TO, live_from),
        MattersBy::Record => (RECORDED, live_from),
        MattersBy::EventOnEitherSide if by_event && by_record => (RECORDED, 0),
        MattersBy::Event | MattersBy::EventOnEitherSide => {
            (if by_record { RECORDED } else { AT }, live_from)
        }
    }
}

/// Is there a level of a region under which this rule takes stays of this class?
fn region_matters(rule: &Rule, number: u32, risks: &PublicRisks, now: Timestamp) -> bool {
    let When::Stay { levels, while_in_force, .. } = &rule.when else { return true };
    levels.is_empty()
        || risks.of_class(number).iter().any(|risk| {
            let CompactFact::Risk { level, .. } = risk.class.fact else { return false };
            levels.contains(&level) && !(*while_in_force && risk.to <= now)
        })
}

/// The latest start of a count that is over at `now` whatever else is recorded; `None` if no start
/// is. Relies on later starts never ending earlier.
fn over_by(rule: &Rule, now: Timestamp) -> Option<Timestamp> {
    let over = |secs: i64| rule.ends_by(Timestamp::from_secs(secs)).is_some_and(|end| end <= now);
    if !over(0) {
        return None;
    }
    let (mut low, mut high) = (0, now.as_secs() + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if over(middle) { low = middle } else { high = middle }
    }
    Some(Timestamp::from_secs(low))
}
