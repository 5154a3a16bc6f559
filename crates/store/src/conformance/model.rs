//! Random lists of units against a model in memory.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jadegate_domain::{Evidence, HolderId, Timestamp, Visit, VisitKey};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::made_up::*;
use crate::{Precondition, Unit, Write};

/// The limit of the model: at most so much within so many seconds.
const COUNTED: &str = "random";
const WINDOW: u32 = 10;
const MOST: u32 = 6;

/// A write of the model, with numbers small enough to collide often.
#[derive(Clone, Debug)]
enum Op {
    Holder(u64),
    Evidence { n: u64, holder: u64, key: Option<u8> },
    Withdraw(u64),
    Supersede { n: u64, by: u64 },
    Expect { holder: u64, version: i64 },
    Visit { n: u64, day: i64, left: Option<i64> },
    Close { n: u64, day: i64, secs: i64 },
    Shorten { n: u64, day: i64, from: i64, to: i64 },
    Leaf(u8),
    Number { from: u8, most: u32 },
    Count { key: u8, count: u32, secs: i64 },
    Setting { value: u8, expect: Option<Option<u8>> },
}

#[derive(Clone, Debug)]
enum Step {
    Unit(Vec<Op>),
    Drop(i64),
}

fn op() -> impl Strategy<Value = Op> {
    let n = || 1..=6_u64;
    let holder = || 1..=3_u64;
    let day = || 0..=3_i64;
    prop_oneof![
        2 => holder().prop_map(Op::Holder),
        4 => (n(), holder(), proptest::option::of(0..3_u8))
            .prop_map(|(n, holder, key)| Op::Evidence { n, holder, key }),
        2 => n().prop_map(Op::Withdraw),
        2 => (n(), n()).prop_map(|(n, by)| Op::Supersede { n, by }),
        1 => (holder(), 0..3_i64).prop_map(|(holder, version)| Op::Expect { holder, version }),
        4 => (n(), day(), proptest::option::of(0..3_i64))
            .prop_map(|(n, day, left)| Op::Visit { n, day, left }),
        2 => (n(), day(), 0..3_i64).prop_map(|(n, day, secs)| Op::Close { n, day, secs }),
        2 => (n(), day(), 1..3_i64, 0..2_i64).prop_map(|(n, day, from, to)| {
            Op::Shorten { n, day, from, to: to.min(from - 1) }
        }),
        2 => any::<u8>().prop_map(Op::Leaf),
        2 => (0..20_u8, 0..4_u32).prop_map(|(from, most)| Op::Number { from, most }),
        4 => (0..2_u8, 1..5_u32, 0..40_i64)
            .prop_map(|(key, count, secs)| Op::Count { key, count, secs }),
        1 => (0..3_u8, proptest::option::of(proptest::option::of(0..3_u8)))
            .prop_map(|(value, expect)| Op::Setting { value, expect }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => vec(op(), 1..5).prop_map(Step::Unit),
        1 => (0..=4_i64).prop_map(Step::Drop),
    ];
    vec(step, 1..40)
}

fn moment(day: i64) -> Timestamp {
    at(day * 86_400 + 10)
}

fn stay(n: u64, day: i64, left: Option<i64>) -> Visit {
    Visit { left: left.map(|s| moment(day).plus_secs(s)), ..visit(n, moment(day)) }
}

fn name(n: u8) -> String {
    format!("made-up {n}")
}

impl Op {
    fn write(&self) -> Write {
        match *self {
            Self::Holder(n) => Write::AddHolder(holder(n)),
            Self::Evidence { n, holder, key } => Write::AddEvidence {
                evidence: Box::new(evidence(n, Some(hid(holder)), test_fact())),
                external_key: key.map(|k| [k; 16]),
            },
            Self::Withdraw(n) => Write::WithdrawEvidence { id: eid(n), at: at(7) },
            Self::Supersede { n, by } => Write::SupersedeEvidence { id: eid(n), by: eid(by) },
            Self::Expect { holder, version } => {
                Write::ExpectEvidenceVersion { holder: hid(holder), version }
            }
            Self::Visit { n, day, left } => Write::AddVisit(stay(n, day, left)),
            Self::Close { n, day, secs } => Write::CloseVisit {
                visit: visit(n, moment(day)).key(),
                left: moment(day).plus_secs(secs),
            },
            Self::Shorten { n, day, from, to } => Write::ShortenVisit {
                visit: visit(n, moment(day)).key(),
                from: moment(day).plus_secs(from),
                to: moment(day).plus_secs(to),
            },
            Self::Leaf(n) => Write::AddLeaf(vec![n]),
            Self::Number { from, most } => Write::NumberLeaves { from: from.into(), most },
            Self::Count { key, count, secs } => Write::CountWithin {
                class: COUNTED,
                key: [key; 16],
                count,
                at: at(secs),
                window_seconds: WINDOW,
                most: MOST,
            },
            Self::Setting { value, expect } => Write::PutSetting {
                name: "made_up",
                value: name(value),
                expect: expect.map(|e| e.map(name)),
            },
        }
    }
}

/// What a store is meant to be, as plainly as it can be said.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    versions: BTreeMap<HolderId, i64>,
    evidence: BTreeMap<u64, Evidence>,
    keys: BTreeSet<u8>,
    visits: BTreeMap<VisitKey, Visit>,
    leaves: Vec<Vec<u8>>,
    numbered: usize,
    counted: BTreeMap<(u8, i64), u32>,
    setting: Option<String>,
}

impl Model {
    /// Did the write tell anything new?
    fn apply(&mut self, op: &Op) -> Result<bool, Precondition> {
        match *op {
            Op::Visit { n, day, left } => {
                let told = stay(n, day, left);
                match self.visits.entry(told.key()) {
                    Entry::Vacant(free) => {
                        free.insert(told);
                        Ok(true)
                    }
                    Entry::Occupied(mut there) => match (there.get().left, told.left) {
                        (_, None) => Ok(false),
                        (before, told) if before == told => Ok(false),
                        (None, told) => {
                            there.get_mut().left = told;
                            Ok(true)
                        }
                        (Some(_), Some(_)) => Err(Precondition::Agrees),
                    },
                }
            }
            Op::Close { n, day, secs } => {
                let key = visit(n, moment(day)).key();
                let v = self.visits.get_mut(&key).ok_or(Precondition::Exists)?;
                let left = moment(day).plus_secs(secs);
                match v.left {
                    Some(before) if before == left => Ok(false),
                    Some(_) => Err(Precondition::Agrees),
                    None => {
                        v.left = Some(left);
                        Ok(true)
                    }
                }
            }
            _ => self.apply_other(op).map(|()| true),
        }
    }

    fn apply_other(&mut self, op: &Op) -> Result<(), Precondition> {
        match *op {
            Op::Holder(n) => match self.versions.insert(hid(n), 0) {
                Some(_) => Err(Precondition::Absent),
                None => Ok(()),
            },
            Op::Evidence { n, holder, key } => {
                let key_is_free = key.is_none_or(|k| self.keys.insert(k));
                let new = evidence(n, Some(hid(holder)), test_fact());
                if self.evidence.insert(n, new).is_some() || !key_is_free {
                    return Err(Precondition::Absent);
                }
                self.raise(hid(holder))
            }
            Op::Withdraw(n) => {
                let e = self.standing(n)?;
                e.withdrawn_at = Some(at(7));
                let holder = e.holder.ok_or(Precondition::Exists)?;
                self.raise(holder)
            }
            Op::Supersede { n, by } => {
                let e = self.standing(n)?;
                e.superseded_by = Some(eid(by));
                let holder = e.holder.ok_or(Precondition::Exists)?;
                self.raise(holder)
            }
            Op::Expect { holder, version } => match self.versions.get(&hid(holder)) {
                None => Err(Precondition::Exists),
                Some(v) if *v == version => Ok(()),
                Some(_) => Err(Precondition::EvidenceVersion),
            },
            Op::Visit { .. } | Op::Close { .. } => Ok(()),
            Op::Shorten { n, day, from, to } => {
                let key = visit(n, moment(day)).key();
                let v = self.visits.get_mut(&key).ok_or(Precondition::Exists)?;
                if v.left != Some(moment(day).plus_secs(from)) {
                    return Err(Precondition::Agrees);
                }
                v.left = Some(moment(day).plus_secs(to));
                Ok(())
            }
            Op::Leaf(n) => {
                self.leaves.push(vec![n]);
                Ok(())
            }
            Op::Number { from, most } if usize::from(from) == self.numbered => {
                let most = usize::try_from(most).unwrap();
                self.numbered = self.leaves.len().min(self.numbered + most);
                Ok(())
            }
            Op::Number { .. } => Err(Precondition::LogSize),
            Op::Count { key, count, secs } => {
                let window = i64::from(WINDOW);
                let within = |now: i64| -> u32 {
                    let held = self.counted.range((key, now - window + 1)..=(key, i64::MAX));
                    held.map(|(_, n)| n).sum()
                };
                // The first second from then on at which there would be room.
                let wait = (0..100).find(|wait| within(secs + wait) + count <= MOST);
                match wait {
                    Some(0) => {
                        *self.counted.entry((key, secs)).or_default() += count;
                        Ok(())
                    }
                    wait => Err(Precondition::Room {
                        class: COUNTED,
                        seconds: wait.and_then(|w| u32::try_from(w).ok()),
                    }),
                }
            }
            Op::Setting { value, expect } => {
                let wanted = expect.map(|e| e.map(name));
                if let Some(wanted) = wanted
                    && wanted != self.setting
                {
                    let absent = wanted.is_none();
                    return Err(if absent { Precondition::Absent } else { Precondition::Exists });
                }
                self.setting = Some(name(value));
                Ok(())
            }
        }
    }

    fn standing(&mut self, n: u64) -> Result<&mut Evidence, Precondition> {
        let e = self.evidence.get_mut(&n).ok_or(Precondition::Exists)?;
        if e.counts() { Ok(e) } else { Err(Precondition::Stands) }
    }

    fn on(&self, day: i64) -> Vec<Visit> {
        self.visits.values().filter(|v| v.entered.utc_day() == day).copied().collect()
    }

    fn raise(&mut self, holder: HolderId) -> Result<(), Precondition> {
        let version = self.versions.get_mut(&holder).ok_or(Precondition::Exists)?;
        *version += 1;
        Ok(())
    }

    fn drop_before(&mut self, day: i64) -> u64 {
        let before = self.visits.len();
        self.visits.retain(|k, _| k.entered.utc_day() >= day);
        u64::try_from(before - self.visits.len()).unwrap()
    }
}

/// Reads everything the model knows about.
async fn observed(s: &S) -> Model {
    let mut m = Model::default();
    for n in 1..=3 {
        if let Some((version, evidence)) = s.evidence_of(hid(n)).await.unwrap() {
            m.versions.insert(hid(n), version);
            m.evidence.extend(evidence.into_iter().map(|e| (e.id.as_u64(), e)));
        }
    }
    for key in 0..3 {
        if s.evidence_by_key([key; 16]).await.unwrap().is_some() {
            m.keys.insert(key);
        }
    }
    for day in s.visit_days().await.unwrap() {
        let visits = s.visits_on(day).await.unwrap();
        assert!(!visits.is_empty(), "a day without visits is listed");
        assert!(visits.iter().all(|v| v.entered.utc_day() == day));
        let before = m.visits.len() + visits.len();
        m.visits.extend(visits.into_iter().map(|v| (v.key(), v)));
        assert_eq!(m.visits.len(), before, "two visits share a key");
    }
    for key in 0..2 {
        let mut above = 0;
        for secs in (0..40).rev() {
            let now = s.counted(COUNTED, [key; 16], at(secs - 1)).await.unwrap();
            let here = u32::try_from(now - above).unwrap();
            if here > 0 {
                m.counted.insert((key, secs), here);
            }
            above = now;
        }
    }
    m.leaves = s.log_leaves(0, 1_000).await.unwrap().into_iter().map(|l| l.bytes).collect();
    m.numbered = m.leaves.len();
    m.leaves.extend(s.pending_leaves(1_000).await.unwrap().first);
    m.setting = s.setting("made_up").await.unwrap();
    m
}

/// Every unit of a random list has the model's outcome, and after each the store shows the model's
/// state. All lists run on one store: each starts where the one before it ended.
pub async fn random_units_agree_with_a_model(s: S) {
    agree_with_a_model(&[s]).await;
}

/// The same on handles that take turns.
pub(super) async fn agree_with_a_model(handles: &[S]) {
    let mut runner = TestRunner::default();
    let mut turn = 0;
    let mut model = Model::default();
    let mut marks = BTreeMap::new();
    for _ in 0..24 {
        // The store cannot be set back, so a failing list is shown whole instead of shrunk.
        let list = steps().new_tree(&mut runner).unwrap().current();
        for step in &list {
            let before = model.clone();
            // One writes, the next one looks.
            let s = &handles[turn % handles.len()];
            turn += 1;
            match step {
                Step::Drop(day) => {
                    let (visits, _) = s.drop_days_before(DAY0 + day).await.unwrap();
                    assert_eq!(visits, model.drop_before(DAY0 + day), "{step:?} in {list:?}");
                }
                Step::Unit(ops) => {
                    let mut next = model.clone();
                    let wanted: Result<Vec<_>, _> = ops.iter().map(|op| next.apply(op)).collect();
                    let unit = Unit::new("random", ops.iter().map(Op::write).collect());
                    let found = s.commit_for_receipt(unit).await;
                    let agrees = match (&found, &wanted) {
                        (Ok(told), Ok(new)) => {
                            new.iter().zip(0..).all(|(new, n)| told.was_known(n) != *new)
                                && told.known() == new.iter().filter(|new| !**new).count()
                        }
                        (Err(e), Err(why)) => e.is_conflict(*why),
                        _ => false,
                    };
                    assert!(agrees, "{ops:?}: found {found:?}, wanted {wanted:?} in {list:?}");
                    if wanted.is_ok() {
                        model = next;
                    }
                }
            }
            let s = &handles[turn % handles.len()];
            assert_eq!(observed(s).await, model, "after {step:?} in {list:?}");
            let now = s.visit_marks().await.unwrap().days;
            for day in DAY0..=DAY0 + 3 {
                let mark = now.iter().find(|d| d.day == day).map_or(0, |d| d.mark);
                let had = marks.get(&day).copied().unwrap_or(0);
                let (was, is) = (before.on(day), model.on(day));
                assert!(mark >= had || is.is_empty(), "a mark fell: {step:?} in {list:?}");
                assert!(mark > had || was == is || is.is_empty(), "{step:?} in {list:?}");
                // Kept when the day goes: it must not come back lower.
                marks.insert(day, mark.max(had));
            }
        }
    }
}
