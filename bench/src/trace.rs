//! One trace: by the server's own figure (the search alone), by the clock of whoever asks, and in
//! CPU time of the whole request.

use std::time::Instant;

use serde_json::{Value, json};

use crate::client::{Connection, text};
use crate::machine::cpu_seconds;
use crate::process::Server;
use crate::report::Report;
use crate::{Result, town};

/// Times that each case is traced in one run: CPU time is told in hundredths of a second.
const TIMES: u32 = 10;

/// What the traces of one town came to.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// Milliseconds of the search, one per trace.
    pub(crate) search_ms: Vec<f64>,
    /// Milliseconds from asking to the answer.
    pub(crate) wall_ms: Vec<f64>,
    /// Milliseconds of the server's CPU, one mean per run.
    pub(crate) cpu_ms: Vec<f64>,
    /// Of each case: close contacts, secondary contacts.
    pub(crate) found: Vec<(u64, u64)>,
}

/// Traces every case of the town again and again. Nothing changes by that: the same result again is
/// the same run, so that what is timed is the search and the comparison, not the recording of contacts.
pub(crate) async fn measure(server: &Server, runs: u32, report: &mut Report) -> Result<()> {
    let mut connection = Connection::open(server.port).await?;
    let officer = town::enter(&mut connection, "officer").await?;
    let (list, _) = connection.call("GET", "/v1/staff/cases", &officer, None).await?;
    let list = list.get("cases").and_then(Value::as_array).ok_or("the answer has no cases")?;
    let cases = list.iter().map(|c| text(c, "id")).collect::<Result<Vec<_>>>()?;
    if cases.is_empty() {
        return Err("a town without cases".into());
    }
    let mut traces = Traces::default();
    for n in 1..=runs {
        eprintln!("traces: run {n} of {runs} …");
        let before = cpu_seconds(server.pid())?;
        for _ in 0..TIMES {
            traces.found.clear();
            for case in &cases {
                let started = Instant::now();
                let (t, _) = connection
                    .call("POST", "/v1/staff/traces", &officer, Some(&json!({ "case": case })))
                    .await?;
                traces.wall_ms.push(started.elapsed().as_secs_f64() * 1e3);
                let number = |key: &str| {
                    t.get(key)
                        .and_then(Value::as_u64)
                        .ok_or_else(|| format!("a trace without {key}"))
                };
                traces.search_ms.push(number("ms")? as f64);
                traces.found.push((number("close")?, number("secondary")?));
            }
        }
        let times = f64::from(TIMES) * cases.len() as f64;
        traces.cpu_ms.push((cpu_seconds(server.pid())? - before) * 1e3 / times);
    }
    report.traces(traces);
    Ok(())
}
