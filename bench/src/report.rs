//! The report: Markdown on standard output.

use std::fmt::Write as _;

use crate::import::Import;
use crate::load::Cost;
use crate::machine::{facts, load_average};
use crate::requests::Round;
use crate::trace::Traces;
use crate::{Options, root};

/// What was measured, in the order of printing.
#[derive(Debug)]
pub(crate) struct Report {
    head: Vec<(&'static str, String)>,
    town: Option<String>,
    parts: Vec<String>,
}

impl Report {
    /// Notes the machine and its load before anything is measured.
    pub(crate) fn begin(options: &Options) -> Self {
        let mut head =
            vec![("when", jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string())];
        head.extend(facts());
        head.push(("disk of the database", file_system()));
        head.push(("load average before", load_average()));
        head.push((
            "runs",
            format!("{}, medians below, lowest and highest in brackets", options.runs),
        ));
        Self { head, town: None, parts: Vec::new() }
    }

    /// What the demo said when it was ready.
    pub(crate) fn note(&mut self, greeting: &str) {
        self.town = Some(greeting.trim().to_owned());
    }

    /// Something was not measured.
    pub(crate) fn skip(&mut self, why: &str) {
        self.parts.push(why.to_owned());
    }

    /// Requests per second of CPU and of wall-clock time; scans: handed in, and counted at the places.
    pub(crate) fn requests(&mut self, rounds: &[Round], connections: u16, scans: (u64, u64)) {
        let of = |pick: fn(&Round) -> Cost| rounds.iter().map(pick).collect::<Vec<_>>();
        let hello = of(|r| r.hello);
        let had = |pick: fn(&Round) -> Option<Cost>| rounds.iter().filter_map(pick).collect();
        let rows: [(_, Vec<Cost>); 9] = [
            ("axum \"hello\"", hello.clone()),
            ("axum, a look-up in memory, a signature", of(|r| r.signed)),
            ("axum, a read from PostgreSQL (its CPU counted), a signature", had(|r| r.postgres)),
            ("open a code", of(|r| r.code)),
            ("the next code", had(|r| r.next)),
            ("durable scan", of(|r| r.scan)),
            ("durable scan, rising ids", of(|r| r.scan_rising)),
            ("PostgreSQL, a row committed by each connection", had(|r| r.rows)),
            ("bare log, one flush for all that wait (both sides' CPU)", of(|r| r.log)),
        ];
        let rows: Vec<_> = rows.into_iter().filter(|(_, costs)| !costs.is_empty()).collect();
        let mut text = format!(
            "### Requests, {connections} connections\n\n\
             | request | requests in a run | per CPU-second of the server | CPU time of one | CPU time, hello = 1 | per second of wall-clock time, load generator on the same cores |\n\
             |---|--:|--:|--:|--:|--:|\n"
        );
        for (name, costs) in &rows {
            let each = |f: fn(&Cost) -> f64| Spread::of(costs.iter().map(f));
            // Within each run, so that both sides of a ratio met the same neighbours.
            let ratio = Spread::of(
                costs.iter().zip(&hello).map(|(c, h)| h.per_cpu_second() / c.per_cpu_second()),
            );
            let micros = each(|c| 1e6 / c.per_cpu_second());
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {} µs | {} | {} |",
                thousands(costs.first().map_or(0, |c| c.requests)),
                each(|c| c.per_cpu_second()).whole(),
                micros.tenths(),
                ratio.tenths(),
                each(|c| c.per_second()).whole(),
            );
        }
        let share = |c: &Cost| c.client / (c.client + c.server);
        let shares = rows.iter().map(|(name, costs)| {
            format!("{name} {:.0} %", Spread::of(costs.iter().map(share)).median * 100.0)
        });
        let _ = writeln!(
            text,
            "\nThe load generator's share of the CPU of both: {}.",
            shares.collect::<Vec<_>>().join(", ")
        );
        text.push_str(&compared(&rows));
        let (sent, counted) = scans;
        let verdict =
            if sent == counted { "as many" } else { "NOT as many (unless local midnight passed)" };
        let _ = writeln!(
            text,
            "Scans handed in: {}; counted at the places: {}, {verdict}.",
            thousands(sent),
            thousands(counted)
        );
        self.parts.push(text);
    }

    /// Traces of the town's cases.
    pub(crate) fn traces(&mut self, cases: Vec<Traces>) {
        let mut text = "### One trace in the town, milliseconds\n\n\
             | close + secondary contacts | search, the server's own figure (sum of whole ms) | request, wall-clock time | CPU of the server for the request |\n\
             |---|--:|--:|--:|\n"
            .to_owned();
        for t in cases {
            let _ = writeln!(
                text,
                "| {} + {} | {} | {} | {} |",
                t.close,
                t.secondary,
                Spread::of(t.search_ms).tenths(),
                Spread::of(t.wall_ms).tenths(),
                Spread::of(t.cpu_ms).tenths(),
            );
        }
        self.parts.push(text);
    }

    /// One import.
    pub(crate) fn import(&mut self, i: &Import) {
        let rows = i.rows as f64;
        self.parts.push(format!(
            "### Import of the four-cities file, {} rows, once\n\n\
             | | |\n|---|--:|\n\
             | rows per second of wall-clock time | {} |\n\
             | rows per CPU-second | {} |\n\
             | seconds of wall-clock time | {:.1} |\n\
             | CPU seconds | {:.1} |\n\
             | most memory in use | {:.0} MB |\n\
             | database afterwards | {:.0} MB |\n\n\
             It said: {}\n",
            thousands(i.rows),
            whole(rows / i.wall),
            whole(rows / i.cpu),
            i.wall,
            i.cpu,
            i.peak_memory as f64 / 1e6,
            i.on_disk as f64 / 1e6,
            i.said,
        ));
    }

    /// A part that is Markdown already.
    pub(crate) fn part(&mut self, text: String) {
        self.parts.push(text);
    }

    /// The holder page.
    pub(crate) fn page(&mut self, size: u64, budget: u64) {
        let verdict = if size <= budget { "within" } else { "ABOVE" };
        self.parts.push(format!(
            "### Holder page\n\n{:.1} kB gzip for everything needed to show a code; {verdict} the budget of {:.0} kB.\n",
            size as f64 / 1e3,
            budget as f64 / 1e3,
        ));
    }

    /// Prints it.
    pub(crate) fn print(&self) {
        println!("## Measurements\n\n| | |\n|---|---|");
        for (what, value) in &self.head {
            println!("| {what} | {value} |");
        }
        println!("| load average after | {} |", load_average());
        if let Some(town) = &self.town {
            println!("| town | {town} |");
        }
        println!(
            "\nMachines are shared and noisy: read the figures as ratios within one run, not as promises.\n"
        );
        self.parts.iter().for_each(|p| println!("{p}"));
    }
}

/// What the rows of requests are to each other, within each run.
fn compared(rows: &[(&str, Vec<Cost>)]) -> String {
    type Of = fn(Cost) -> f64;
    let costs = |name: &str| {
        let named = rows.iter().find(|(n, _)| n.starts_with(name));
        named.map_or(&[][..], |(_, costs)| costs.as_slice())
    };
    let (cpu, wall): (Of, Of) = (Cost::per_cpu_second, Cost::per_second);
    let lines = [
        ("opening, per CPU-second, of axum with memory and signature", "open", "axum, a look", cpu),
        (
            "opening, per CPU-second, of axum with PostgreSQL and signature",
            "open",
            "axum, a read",
            cpu,
        ),
        ("the next code, of axum with memory and signature", "the next", "axum, a look", cpu),
        ("the next code, of axum with PostgreSQL and signature", "the next", "axum, a read", cpu),
        ("scans, by the clock, of PostgreSQL's rows", "durable scan", "PostgreSQL", wall),
        ("scans, by the clock, of the bare log's rows", "durable scan", "bare log", wall),
    ];
    let mut text = "\nMedians of the ratios within each run:\n\n".to_owned();
    for (what, ours, theirs, of) in lines {
        let (ours, theirs) = (costs(ours), costs(theirs));
        if ours.is_empty() || theirs.is_empty() {
            continue;
        }
        let ratios = ours.iter().zip(theirs).map(|(o, t)| of(*o) / of(*t));
        let _ = writeln!(text, "- {what}: {:.2} ×", Spread::of(ratios).median);
    }
    text
}

/// Kind of file system under the database.
fn file_system() -> String {
    let asked =
        std::process::Command::new("stat").args(["-f", "-c", "%T"]).arg(root()).output().ok();
    let name = asked.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
    name.filter(|n| !n.is_empty()).unwrap_or_else(|| "not told".to_owned())
}

/// Median, lowest and highest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    median: f64,
    low: f64,
    high: f64,
}

impl Spread {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut v: Vec<f64> = values.into_iter().collect();
        v.sort_by(f64::total_cmp);
        let at = |i: usize| v.get(i).copied().unwrap_or(f64::NAN);
        let half = v.len() / 2;
        let median = if v.len() % 2 == 1 {
            at(half)
        } else {
            f64::midpoint(at(half.saturating_sub(1)), at(half))
        };
        Self { median, low: at(0), high: at(v.len().saturating_sub(1)) }
    }

    pub(crate) fn whole(self) -> String {
        format!("{} ({}–{})", whole(self.median), whole(self.low), whole(self.high))
    }

    pub(crate) fn tenths(self) -> String {
        format!("{:.1} ({:.1}–{:.1})", self.median, self.low, self.high)
    }
}

fn whole(x: f64) -> String {
    let digits = format!("{x:.0}");
    digits.parse().map_or(digits, thousands)
}

pub(crate) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(d);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_numbers() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), Spread { median: 2.0, low: 1.0, high: 3.0 });
        assert!((Spread::of([4.0, 1.0, 2.0, 3.0]).median - 2.5).abs() < 1e-9);
        assert!(Spread::of([]).median.is_nan());
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([0, 999, 1000, 1_260_764].map(thousands), ["0", "999", "1,000", "1,260,764"]);
        assert_eq!(whole(12_345.6), "12,346");
    }
}
