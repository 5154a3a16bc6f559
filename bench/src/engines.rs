//! Who met the case, asked of Jadegate's index, of the floor and of engines a user would pick
//! instead: the same visits, the same questions, the same answers to the second.
//!
//! Engines are measured one after another, because each holds all visits in memory. While one is
//! there, Jadegate's index answers each question in turn with it, so that a ratio is of two times
//! with the same neighbours.

mod export;
mod feed;
mod ours;
mod postgres;
mod scripted;
mod table;

use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

use jadegate_bench_tracing::floor::Digest;
use jadegate_bench_tracing::visits::Town;

use crate::peers::Absent;
use crate::report::Report;
use crate::{EngineOptions, Result};
use ours::{BareLoop, Index};
use table::Table;

/// What is asked. `bench/tracing/src/floor.rs` says what the answers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Question {
    /// The contacts of case number so-and-so alone.
    One(usize),
    /// The contacts of the first so many cases, in one run.
    Contacts(usize),
    /// The contacts of a case and theirs.
    Hops(usize),
    /// Who shared enough time with the first so many cases together.
    Cumulative(usize),
}

/// An answer and what it took, in seconds.
#[derive(Clone, Copy, Debug)]
struct Answer {
    digest: Digest,
    wall: f64,
    cpu: f64,
}

/// Whoever answers.
trait Engine {
    /// Its name and version.
    fn name(&self) -> String;
    /// Answers. Only the question is timed, and only the CPU it took.
    fn ask(&mut self, question: Question) -> Result<Answer>;
    /// Most bytes of memory in use so far, if it can be told.
    fn memory(&self) -> Option<u64>;
    /// Is this the answer? Everything of it by default.
    fn right(&self, got: &Digest, want: &Digest) -> bool {
        got == want
    }
}

/// After so many seconds a question is not asked again, however many runs were wanted.
const PATIENCE: u64 = 90;

/// Measures whatever `options` ask for. An answer that is not the floor's fails the whole run.
pub(crate) fn measure(
    options: &EngineOptions,
    runs: u32,
    scratch: &Path,
    report: &mut Report,
) -> Result<()> {
    let town = Town::of(options.visits, options.zipf);
    eprintln!("making up {} visits …", town.visits);
    let mut visits = town.visits();
    let cases = town.cases(options.cases.into());
    let folder = scratch.join("visits");
    export::columns(&folder, &visits, &cases)?;
    let mut floor = BareLoop::new(&town, &visits, &cases);
    let mut index = Index::new(&visits, &cases);
    let questions = Questions::new(cases.len(), options.singles.into(), runs, &mut floor)?;
    index.verify(&questions.answers)?;
    let mut table = Table::new(&town, cases.len(), questions.singles, index.memory_bytes());
    table.engine("floor", questions.compare(&mut floor, &mut index)?);
    drop(floor);
    let mut cores = feed::Cores::default();
    cores.measure(&index, runs);
    table.start(&feed::start(&index, runs, scratch)?);
    table.feed(&feed::while_tracing(&index, &town)?);
    let postgresql = options.has("postgresql");
    if postgresql {
        visits.sort_unstable_by_key(|v| (v.place, v.entered));
        export::copy_binary(&folder.join("visits.copy"), &visits)?;
    }
    drop(visits);
    let scripted: Vec<_> = scripted::ENGINES.into_iter().filter(|e| options.has(e)).collect();
    let python = if scripted.is_empty() { None } else { Some(scripted::python(&scripted)?) };
    for name in scripted {
        let Some(python) = &python else { break };
        match scripted::Scripted::start(python, name, &folder)? {
            Err(Absent(why)) => table.absent(why),
            Ok(mut engine) => table.engine(name, questions.compare(&mut engine, &mut index)?),
        }
        cores.measure(&index, runs);
    }
    if postgresql {
        match postgres::Loaded::start(scratch, &folder, &cases)? {
            Err(Absent(why)) => table.absent(why),
            Ok(mut e) => table.engine("postgresql", questions.compare(&mut e, &mut index)?),
        }
    }
    cores.measure(&index, runs);
    table.cores(&cores);
    report.part(table.text());
    Ok(())
}

/// Times of an engine and of the index, taken in turn.
#[derive(Debug, Default)]
struct Times {
    theirs: Vec<Answer>,
    ours: Vec<Answer>,
}

/// All that one engine was asked.
#[derive(Debug)]
struct Compared {
    name: String,
    memory: Option<u64>,
    one: Times,
    /// The index's full traces of one case, with every exposure: one hop, and two.
    full: [Vec<Answer>; 2],
    /// By number of cases.
    contacts: Vec<(usize, Times)>,
    /// Of all cases.
    cumulative: Times,
    hops: Times,
}

/// What everybody is asked, and the answers.
struct Questions {
    cases: usize,
    /// Of so many cases each is asked alone.
    singles: usize,
    runs: u32,
    answers: HashMap<Question, Digest>,
}

impl Questions {
    fn new(cases: usize, singles: usize, runs: u32, floor: &mut BareLoop) -> Result<Self> {
        let singles = singles.min(cases);
        let mut made = Self { cases, singles, runs, answers: HashMap::new() };
        let singles = (0..singles).flat_map(|i| [Question::One(i), Question::Hops(i)]);
        let many = made.counts().into_iter().map(Question::Contacts);
        let many = many.chain([Question::Cumulative(made.cases)]);
        for question in singles.chain(many).collect::<Vec<_>>() {
            made.answers.insert(question, floor.ask(question)?.digest);
        }
        Ok(made)
    }

    /// How many cases at once: 100 and all.
    fn counts(&self) -> Vec<usize> {
        let mut counts = vec![100.min(self.cases), self.cases];
        counts.dedup();
        counts
    }

    /// Asks an engine everything, in turn with the index.
    fn compare(&self, engine: &mut dyn Engine, index: &mut Index) -> Result<Compared> {
        eprintln!("asking {} …", engine.name());
        let mut one = Times::default();
        for i in 0..self.singles {
            self.ask(Question::One(i), self.runs, engine, index, &mut one)?;
        }
        let full = [1, 2].map(|hops| (0..self.singles).map(|i| index.full(i, hops)).collect());
        let mut contacts = Vec::new();
        for n in self.counts() {
            let mut times = Times::default();
            self.ask(Question::Contacts(n), self.runs, engine, index, &mut times)?;
            contacts.push((n, times));
        }
        let mut cumulative = Times::default();
        self.ask(Question::Cumulative(self.cases), self.runs, engine, index, &mut cumulative)?;
        let mut hops = Times::default();
        for i in 0..self.singles {
            self.ask(Question::Hops(i), self.runs.div_ceil(3), engine, index, &mut hops)?;
        }
        let (name, memory) = (engine.name(), engine.memory());
        Ok(Compared { name, memory, one, full, contacts, cumulative, hops })
    }

    /// Once without counting, then `runs` times in turn.
    fn ask(
        &self,
        question: Question,
        runs: u32,
        engine: &mut dyn Engine,
        index: &mut Index,
        times: &mut Times,
    ) -> Result<()> {
        self.checked(question, engine)?;
        self.checked(question, index)?;
        let begun = Instant::now();
        for _ in 0..runs {
            times.theirs.push(self.checked(question, engine)?);
            times.ours.push(self.checked(question, index)?);
            if begun.elapsed().as_secs() > PATIENCE {
                break;
            }
        }
        Ok(())
    }

    fn checked(&self, question: Question, engine: &mut dyn Engine) -> Result<Answer> {
        let answer = engine.ask(question)?;
        let want = self.answers.get(&question).ok_or("nobody asked the floor")?;
        if engine.right(&answer.digest, want) {
            return Ok(answer);
        }
        let (name, got) = (engine.name(), answer.digest);
        Err(format!("{name} answers {question:?} with {got:?}, the floor with {want:?}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Scratch;

    /// A town small enough for a debug build, with enough contacts of contacts to tell by.
    fn town() -> (Town, Vec<jadegate_bench_tracing::visits::Visit>, Vec<u32>) {
        let town = Town::of(40_000, 0.8);
        (town, town.visits(), town.cases(60))
    }

    #[test]
    fn index_and_postgresql_answer_as_the_bare_loop() -> Result<()> {
        let (town, mut visits, cases) = town();
        let mut floor = BareLoop::new(&town, &visits, &cases);
        let mut index = Index::new(&visits, &cases);
        let questions = Questions::new(cases.len(), 10, 1, &mut floor)?;
        for many in [Question::Contacts(60), Question::Cumulative(60)] {
            assert!(questions.answers[&many].contacts > 100);
        }
        index.verify(&questions.answers)?;
        let mut cores = feed::Cores::default();
        cores.measure(&index, 1);
        assert_eq!((cores.two.len(), cores.arithmetic.len()), (5, 5));
        let scratch = Scratch::new(&std::env::temp_dir().join("jadegate-bench-engines"))?;
        visits.sort_unstable_by_key(|v| (v.place, v.entered));
        export::columns(scratch.path(), &visits, &cases)?;
        export::copy_binary(&scratch.path().join("visits.copy"), &visits)?;
        match postgres::Loaded::start(scratch.path(), scratch.path(), &cases)? {
            Err(Absent(why)) => eprintln!("SKIPPED: {why}"),
            Ok(mut engine) => {
                let compared = questions.compare(&mut engine, &mut index)?;
                assert_eq!(compared.contacts.len(), 1);
                assert_eq!((compared.one.theirs.len(), compared.hops.ours.len()), (10, 10));
                assert_eq!(compared.cumulative.theirs.len(), 1);
            }
        }
        Ok(())
    }

    #[test]
    fn another_answer_is_a_failure() -> Result<()> {
        let (town, visits, cases) = town();
        let mut floor = BareLoop::new(&town, &visits, &cases);
        let questions = Questions::new(cases.len(), 1, 1, &mut floor)?;
        let mut less = visits;
        less.retain(|v| v.holder % 7 != 0);
        let mut other = BareLoop::new(&town, &less, &cases);
        let refused = questions.compare(&mut floor, &mut Index::new(&less, &cases));
        assert!(refused.is_err_and(|e| e.to_string().contains("jadegate answers")));
        assert!(questions.checked(Question::Contacts(60), &mut other).is_err());
        Ok(())
    }
}
