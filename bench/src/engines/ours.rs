//! Jadegate's index and the floor, asked in this process.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Instant;

use jadegate_bench_tracing::floor::{CLOSE_SECS, Digest, Floor};
use jadegate_bench_tracing::index;
use jadegate_bench_tracing::visits::{START, Town, Visit};
use jadegate_domain::{HolderId, PlaceId, PlaceKind};
use jadegate_trace::{Bulk, CaseInput, ContactFound, Cumulative, Rules, Tracer, VisitIndex};

use super::{Answer, Engine, Question};
use crate::Result;
use crate::machine::thread_cpu_seconds;

fn timed(work: impl FnOnce() -> Digest) -> Answer {
    let (begun, cpu) = (Instant::now(), thread_cpu_seconds());
    let digest = work();
    let cpu = thread_cpu_seconds() - cpu;
    Answer { digest, wall: begun.elapsed().as_secs_f64(), cpu }
}

/// The bare loop over flat arrays.
pub(super) struct BareLoop {
    floor: Floor,
    cases: Vec<u32>,
}

impl BareLoop {
    pub(super) fn new(town: &Town, visits: &[Visit], cases: &[u32]) -> Self {
        Self { floor: Floor::new(town, visits), cases: cases.to_vec() }
    }
}

impl Engine for BareLoop {
    fn name(&self) -> String {
        "bare loop over flat arrays".into()
    }

    fn ask(&mut self, question: Question) -> Result<Answer> {
        let Self { floor, cases } = self;
        let mut contacts = |cases: &[u32]| {
            let mut digest = Digest::default();
            floor.contacts(cases, |case, found| {
                for c in found {
                    digest.add(case, c.holder, c.secs.into(), c.last);
                }
            });
            digest
        };
        Ok(match question {
            Question::One(i) => timed(|| contacts(&cases[i..=i])),
            Question::Cumulative(n) => timed(|| {
                let mut digest = Digest::default();
                floor.cumulative(&cases[..n], |c| digest.add(0, c.holder, c.secs.into(), c.last));
                digest
            }),
            Question::Contacts(n) => timed(|| contacts(&cases[..n])),
            Question::Hops(i) => timed(|| {
                let mut digest = Digest::default();
                let (close, second) = floor.two_hops(cases[i]);
                for c in close {
                    digest.add(cases[i], c.holder, c.secs.into(), c.last);
                }
                for (via, c) in second {
                    digest.add(via, c.holder, c.secs.into(), c.last);
                }
                digest
            }),
        })
    }

    fn memory(&self) -> Option<u64> {
        Some(self.floor.memory_bytes() as u64)
    }
}

/// Jadegate's index, asked for sums, as everybody is. What a press of the button gives beyond that,
/// every exposure with its certainty, is timed by itself ([`full`](Self::full)).
pub(super) struct Index {
    pub(super) visits: VisitIndex,
    pub(super) cases: Vec<CaseInput>,
    pub(super) numbers: Vec<u32>,
    rules: [Rules; 2],
    /// Seconds of CPU that building it from the visits took.
    pub(super) build_cpu: f64,
}

impl Index {
    pub(super) fn new(visits: &[Visit], cases: &[u32]) -> Self {
        let cpu = thread_cpu_seconds();
        let visits = VisitIndex::build(visits.iter().map(index::known));
        Self {
            build_cpu: thread_cpu_seconds() - cpu,
            visits,
            cases: index::inputs(cases),
            numbers: cases.to_vec(),
            rules: [index::rules(1), index::rules(2)],
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.visits.memory_bytes()
    }

    /// Compares who was found, and everything else that [`ask`](Engine::ask) does not, once.
    pub(super) fn verify(&self, answers: &HashMap<Question, Digest>) -> Result<()> {
        let number = self.numbers_of_holders();
        let number = |h: HolderId| number.get(&h).copied().unwrap_or(u32::MAX);
        for (question, want) in answers {
            let mut got = Digest::default();
            match *question {
                Question::One(i) => {
                    for c in self.trace(i, 1) {
                        let (secs, last) = sums(&c);
                        got.add(self.numbers[i], number(c.holder), secs, last);
                    }
                }
                Question::Contacts(n) => self.bulk(&self.cases[..n], |nth, holder, secs, last| {
                    got.add(self.numbers[nth], number(holder()), secs, last);
                }),
                Question::Cumulative(n) => {
                    let mut search = self.search();
                    let _: ControlFlow<()> = search.run(&self.cases[..n], CLOSE_SECS, |e| {
                        let last = seconds(e.last.as_secs());
                        got.add(0, number(e.holder), e.upper_secs.into(), last);
                        ControlFlow::Continue(())
                    });
                }
                // Which of two equal ways explains a secondary contact is decided by ids, and those
                // differ: only how many they are and what they shared.
                Question::Hops(i) => {
                    got = answer_of(&self.trace(i, 2));
                    (got.last, got.pairs) = (want.last, want.pairs);
                }
            }
            if got != *want {
                return Err(format!("{question:?}: {got:?}, the floor {want:?}").into());
            }
        }
        Ok(())
    }

    fn numbers_of_holders(&self) -> HashMap<HolderId, u32> {
        let people = self.visits.len() / 10;
        (0..u32::try_from(people).unwrap_or(0)).map(|n| (index::holder(n), n)).collect()
    }

    fn trace(&self, case: usize, hops: usize) -> Vec<ContactFound> {
        let rules = &self.rules[hops - 1];
        Tracer::new(&self.visits, rules, index::kind_of, index::now()).case(&self.cases[case])
    }

    /// A trace of one case as a press of the button does it, its working memory new.
    pub(super) fn full(&self, case: usize, hops: usize) -> Answer {
        timed(|| answer_of(&self.trace(case, hops)))
    }

    /// The contacts of one case in sums, which is what the others are asked for. Working memory is
    /// warm, as theirs is.
    fn sums(&self, case: usize, hops: usize) -> Answer {
        let rules = &self.rules[hops - 1];
        let mut bulk = Bulk::new(&self.visits, rules, index::kind_of, index::now());
        let mut ask = || {
            let mut digest = Digest::default();
            let _: ControlFlow<()> = bulk.run(&self.cases[case..=case], |case| {
                let secondary = case.secondary().map(|s| s.contact);
                for c in case.contacts().chain(secondary) {
                    let last = seconds(c.last_contact().as_secs());
                    digest.add(0, 0, c.upper_secs().into(), last);
                }
                ControlFlow::Continue(())
            });
            digest
        };
        ask();
        timed(ask)
    }

    fn search(&self) -> Cumulative<'_, fn(PlaceId) -> PlaceKind> {
        Cumulative::new(&self.visits, &self.rules[0], index::kind_of, index::now())
    }

    fn bulk<'a>(
        &'a self,
        cases: &[CaseInput],
        mut each: impl FnMut(usize, &dyn Fn() -> HolderId, u64, u32) + 'a,
    ) {
        let mut bulk = Bulk::new(&self.visits, &self.rules[0], index::kind_of, index::now());
        let _: ControlFlow<()> = bulk.run(cases, |case| {
            for c in case.contacts() {
                let last = seconds(c.last_contact().as_secs());
                each(case.nth, &|| case.holder(&c), c.upper_secs().into(), last);
            }
            ControlFlow::Continue(())
        });
    }
}

impl Engine for Index {
    fn name(&self) -> String {
        "jadegate".into()
    }

    fn ask(&mut self, question: Question) -> Result<Answer> {
        Ok(match question {
            Question::One(i) => self.sums(i, 1),
            Question::Contacts(n) => {
                timed(|| index::bulk(&self.visits, &self.rules[0], &self.cases[..n]))
            }
            Question::Hops(i) => self.sums(i, 2),
            Question::Cumulative(n) => {
                let cases = &self.cases[..n];
                let mut search = self.search();
                // Working memory is warm, as theirs is.
                index::cumulative(&mut search, cases);
                timed(|| index::cumulative(&mut search, cases))
            }
        })
    }

    fn memory(&self) -> Option<u64> {
        Some(self.memory_bytes() as u64)
    }

    /// Who it was is compared by [`verify`](Self::verify): looking up made-up numbers would be timed.
    fn right(&self, got: &Digest, want: &Digest) -> bool {
        (got.contacts, got.secs) == (want.contacts, want.secs)
    }
}

fn answer_of(found: &[ContactFound]) -> Digest {
    let mut digest = Digest::default();
    for c in found {
        let (secs, last) = sums(c);
        digest.add(0, 0, secs, last);
    }
    digest
}

/// Seconds of all exposures, and the end of the last.
fn sums(c: &ContactFound) -> (u64, u32) {
    let length = |e: &jadegate_trace::Exposure| e.to.as_secs() - e.from.as_secs();
    let secs = c.exposures.iter().map(length).sum::<i64>();
    (secs.unsigned_abs(), seconds(c.last_contact.as_secs()))
}

fn seconds(moment: i64) -> u32 {
    u32::try_from(moment).unwrap_or(START)
}
