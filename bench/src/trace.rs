//! One trace: by the server's own figure (the search alone), in wall-clock time of whoever asks, and in
//! CPU time of the whole request.

use std::time::Instant;

use serde_json::{Value, json};

use crate::client::{Connection, text};
use crate::machine::cpu_seconds;
use crate::process::Server;
use crate::report::Report;
use crate::{Result, town};

/// Times that each case is traced in one run: CPU time is told in hundredths of a second.
const TIMES: u32 = 50;

/// What the traces of one case came to.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// Close contacts.
    pub(crate) close: u64,
    /// Secondary contacts.
    pub(crate) secondary: u64,
    /// Milliseconds of the search: the mean of each run.
    pub(crate) search_ms: Vec<f64>,
    /// Milliseconds from asking to the answer: the mean of each run.
    pub(crate) wall_ms: Vec<f64>,
    /// Milliseconds of the server's CPU: the mean of each run.
    pub(crate) cpu_ms: Vec<f64>,
}

/// Traces every case of the town again and again. Nothing changes by that: the same result again is
/// the same run, so that what is timed is the search and the comparison, not the recording of contacts.
pub(crate) async fn measure(server: &Server, runs: u32, report: &mut Report) -> Result<()> {
    let mut connection = Connection::open(server.port).await?;
    let officer = town::enter(&mut connection, "officer").await?;
    let (list, _) = connection.call("GET", "/v1/staff/cases", &officer, None).await?;
    let list = list.get("cases").and_then(Value::as_array).ok_or("the answer has no cases")?;
    if list.is_empty() {
        return Err("a town without cases".into());
    }
    let mut all = Vec::new();
    for case in list {
        let body = json!({ "case": text(case, "id")? });
        // Once without counting.
        let (first, _) = connection.call("POST", "/v1/staff/traces", &officer, Some(&body)).await?;
        let mut traces = Traces {
            close: number(&first, "close")?,
            secondary: number(&first, "secondary")?,
            ..Traces::default()
        };
        for _ in 0..runs {
            let (cpu, started) = (cpu_seconds(server.pid())?, Instant::now());
            let mut search = 0;
            for _ in 0..TIMES {
                let (t, _) =
                    connection.call("POST", "/v1/staff/traces", &officer, Some(&body)).await?;
                search += number(&t, "ms")?;
            }
            let each = |ms: f64| ms / f64::from(TIMES);
            traces.search_ms.push(each(search as f64));
            traces.wall_ms.push(each(started.elapsed().as_secs_f64() * 1e3));
            traces.cpu_ms.push(each((cpu_seconds(server.pid())? - cpu) * 1e3));
        }
        all.push(traces);
    }
    report.traces(all);
    Ok(())
}

fn number(value: &Value, key: &str) -> Result<u64> {
    value.get(key).and_then(Value::as_u64).ok_or_else(|| format!("a trace without {key}").into())
}
