//! Engines asked through `bench/peers/engines.py`.

use std::path::Path;

use jadegate_bench_tracing::floor::Digest;
use serde_json::Value;

use super::{Answer, Engine, Question};
use crate::Result;
use crate::machine::peak_memory;
use crate::peers::{Absent, Conversation, Python};

/// Those that the script knows.
pub(super) const ENGINES: [&str; 4] = ["duckdb", "polars", "datafusion", "sqlite"];

/// A Python with what these engines need. SQLite comes with Python itself; PyArrow reads the
/// visits for all.
pub(super) fn python(engines: &[&'static str]) -> Result<Python> {
    let own = engines.iter().copied().filter(|e| *e != "sqlite");
    Python::with(&own.chain(["pyarrow"]).collect::<Vec<_>>())
}

/// One engine with all visits loaded.
pub(super) struct Scripted {
    name: String,
    talk: Conversation,
}

impl Scripted {
    /// Loads the visits in a folder; on one core.
    pub(super) fn start(
        python: &Python,
        engine: &str,
        folder: &Path,
    ) -> Result<std::result::Result<Self, Absent>> {
        for package in [engine, "pyarrow"] {
            if package != "sqlite" && !python.has(package) {
                let why = python.missing.iter().find(|m| m.0.starts_with(package));
                let why = why.map_or("it is not there", |m| &m.0);
                return Ok(Err(Absent(format!("{engine} was not measured: {why}"))));
            }
        }
        eprintln!("loading {engine} …");
        let folder = folder.to_str().ok_or("the folder's name is not text")?;
        let mut talk = python.talk("engines.py", &[engine, folder, "1"])?;
        let version = talk.next()?;
        let version = version.get("version").and_then(Value::as_str).unwrap_or_default();
        Ok(Ok(Self { name: format!("{engine} {version}"), talk }))
    }
}

impl Engine for Scripted {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn ask(&mut self, question: Question) -> Result<Answer> {
        let said = self.talk.ask(&match question {
            Question::One(i) => format!("one {i}"),
            Question::Contacts(n) => format!("contacts {n}"),
            Question::Hops(i) => format!("hops {i}"),
            Question::Cumulative(n) => format!("cumulative {n}"),
        })?;
        let number = |key: &str| said.get(key).and_then(Value::as_u64).ok_or("no number");
        let time = |key: &str| said.get(key).and_then(Value::as_f64).ok_or("no time");
        let digest = Digest {
            contacts: number("contacts")?,
            secs: number("secs")?,
            last: number("last")?,
            pairs: number("pairs")?,
        };
        Ok(Answer { digest, wall: time("wall")?, cpu: time("cpu")? })
    }

    fn memory(&self) -> Option<u64> {
        peak_memory(self.talk.pid())
    }
}
