//! The tables: goals with figures, and the times of all engines.

use std::fmt::Write as _;

use jadegate_bench_tracing::visits::Town;

use super::feed::{Cores, Fed};
use super::{Answer, Compared, Times};
use crate::report::thousands;

/// What is asked of a figure, and for which town.
#[derive(Clone, Copy, Debug)]
enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// None for a town like this.
    None,
}

/// The towns that goals are stated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    /// 10 million visits.
    Ten,
    /// 50 million visits.
    Fifty,
    /// 10 million visits, Zipf 1.0.
    Skewed,
    Other,
}

/// Gathers what was measured.
#[derive(Debug)]
pub(super) struct Table {
    head: String,
    size: Size,
    goals: Vec<(String, Goal, f64, String)>,
    engines: Vec<(String, Compared)>,
    absent: Vec<String>,
    bytes_a_visit: f64,
    memory: u64,
    many: usize,
}

const DATA_ENGINES: [&str; 3] = ["duckdb", "polars", "datafusion"];

impl Table {
    pub(super) fn new(town: &Town, cases: usize, memory: usize) -> Self {
        let usual = (town.exponent - 0.8).abs() < 1e-9;
        let size = match town.visits {
            10_000_000 if usual => Size::Ten,
            50_000_000 if usual => Size::Fifty,
            10_000_000 if (town.exponent - 1.0).abs() < 1e-9 => Size::Skewed,
            _ => Size::Other,
        };
        let size = if cases == 10_000 { size } else { Size::Other };
        let head = format!(
            "### Who met the case: {} visits of {} people to {} places, Zipf {}\n",
            thousands(town.visits.into()),
            thousands(town.people.into()),
            thousands(town.places.into()),
            town.exponent
        );
        let bytes_a_visit = memory as f64 / f64::from(town.visits);
        let (goals, engines, absent) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            head,
            size,
            goals,
            engines,
            absent,
            bytes_a_visit,
            memory: memory as u64,
            many: cases,
        }
    }

    pub(super) fn absent(&mut self, why: String) {
        self.absent.push(why);
    }

    pub(super) fn engine(&mut self, name: &str, compared: Compared) {
        self.engines.push((name.to_owned(), compared));
    }

    pub(super) fn cores(&mut self, cores: Cores) {
        let by_clock = median(cores.one.iter().zip(&cores.two).map(|(a, b)| a / b));
        let cpu = median(cores.one_cpu.iter().zip(&cores.two_cpu).map(|(a, b)| 2.0 * a / b));
        let how = format!("by the clock; {cpu:.2} if both cores had been free (from CPU time)");
        let goal = if self.size == Size::Other { Goal::None } else { Goal::AtLeast(1.4) };
        self.goal(
            format!("{} cases, two cores against one", thousands(self.many as u64)),
            goal,
            by_clock,
            how,
        );
    }

    pub(super) fn feed(&mut self, fed: Fed) {
        let rate = fed.visits as f64 / fed.wall;
        let how = format!(
            "a second, {} in {:.1} s by the clock; {:.1} s of the writer's CPU",
            thousands(fed.visits as u64),
            fed.wall,
            fed.cpu
        );
        let some = |goal| if self.size == Size::Other { Goal::None } else { goal };
        let (fast, slow) = (some(Goal::AtLeast(500_000.0)), some(Goal::AtMost(20.0)));
        self.goal(
            "visits fed while tracing (the writer holds back to 520,000 a second)",
            fast,
            rate,
            how,
        );
        let between = f64::midpoint(fed.before, fed.after);
        let slower = (fed.during / between - 1.0) * 100.0;
        let how = format!(
            "% more CPU: {:.3} ms before, {:.3} during ({} traces), {:.3} after; by the clock {:.3}, {:.3}, {:.3}",
            fed.before * 1e3,
            fed.during * 1e3,
            thousands(fed.traces as u64),
            fed.after * 1e3,
            fed.before_wall * 1e3,
            fed.during_wall * 1e3,
            fed.after_wall * 1e3,
        );
        self.goal(
            "a trace while they are fed, against the mean of before and after",
            slow,
            slower,
            how,
        );
    }

    fn goal(&mut self, what: impl Into<String>, goal: Goal, figure: f64, how: impl Into<String>) {
        self.goals.push((what.into(), goal, figure, how.into()));
    }

    /// Everything as Markdown.
    pub(super) fn text(mut self) -> String {
        self.compare();
        let mut text = format!("{}\n| measure | goal | figure | |\n|---|--:|---|---|\n", self.head);
        for (what, goal, figure, how) in &self.goals {
            let (goal, met) = match goal {
                Goal::None => ("–".to_owned(), None),
                Goal::AtLeast(g) => (format!("≥ {}", short(*g)), Some(figure >= g)),
                Goal::AtMost(g) => (format!("≤ {}", short(*g)), Some(figure <= g)),
            };
            let met = met.map_or("", |m| if m { "met" } else { "NOT met" });
            let _ = writeln!(text, "| {what} | {goal} | {} {how} | {met} |", short(*figure));
        }
        text.push_str(&self.times());
        for why in &self.absent {
            let _ = writeln!(text, "\nNOT MEASURED: {why}");
        }
        text
    }

    fn compare(&mut self) {
        let at = |sizes: &[Size], goal| if sizes.contains(&self.size) { goal } else { Goal::None };
        let ten = &[Size::Ten];
        let both = &[Size::Ten, Size::Fifty];
        let mut rows = Vec::new();
        let mut add = |what: String, goal: Goal, figure: f64, how: &str| {
            rows.push((what, goal, figure, how.to_owned()));
        };
        let bytes = "bytes, both orders, dictionaries and what the allocator adds";
        add(
            "memory for a visit".into(),
            at(&[Size::Ten, Size::Fifty, Size::Skewed], Goal::AtMost(24.0)),
            self.bytes_a_visit,
            bytes,
        );
        if let Some((_, c)) = self.engines.first() {
            let ms = median_of(&c.one.ours, |a| a.cpu) * 1e3;
            let wall = format!(
                "ms of CPU, median of {} cases; {:.3} by the clock",
                super::SINGLES,
                median_of(&c.one.ours, |a| a.wall) * 1e3
            );
            add(
                "one case, all its contacts with every exposure".into(),
                at(ten, Goal::AtMost(0.1)),
                ms,
                &wall,
            );
            let ms = median_of(&c.hops.ours, |a| a.cpu) * 1e3;
            let wall = format!(
                "ms of CPU, median of {} cases; {:.1} by the clock",
                super::SINGLES,
                median_of(&c.hops.ours, |a| a.wall) * 1e3
            );
            add("one case, two hops".into(), at(ten, Goal::AtMost(60.0)), ms, &wall);
        }
        for (name, c) in &self.engines {
            let goal = match name.as_str() {
                "postgresql" => at(ten, Goal::AtLeast(40.0)),
                "sqlite" => at(ten, Goal::AtLeast(20.0)),
                _ => Goal::None,
            };
            add(format!("one case, {name} against Jadegate"), goal, ratio(&c.one), "times the CPU");
        }
        let many = thousands(self.many as u64);
        let mut best: Option<(f64, &str)> = None;
        for (name, c) in &self.engines {
            let Some((_, times)) = c.contacts.last() else { continue };
            let times_ours = ratio(times);
            if DATA_ENGINES.contains(&name.as_str()) && best.is_none_or(|b| times_ours < b.0) {
                best = Some((times_ours, name));
            }
            match name.as_str() {
                "floor" => add(
                    format!("{many} cases, Jadegate against the floor"),
                    at(both, Goal::AtMost(1.0)),
                    1.0 / times_ours,
                    "times the CPU",
                ),
                "postgresql" => add(
                    format!("{many} cases, {name} against Jadegate"),
                    at(both, Goal::AtLeast(50.0)),
                    times_ours,
                    "times the CPU",
                ),
                "duckdb" => add(
                    format!("{many} cases, {name} against Jadegate"),
                    at(&[Size::Skewed], Goal::AtLeast(30.0)),
                    times_ours,
                    "times the CPU",
                ),
                _ => add(
                    format!("{many} cases, {name} against Jadegate"),
                    Goal::None,
                    times_ours,
                    "times the CPU",
                ),
            }
        }
        if let Some((figure, name)) = best {
            let goal = match self.size {
                Size::Ten => Goal::AtLeast(9.0),
                Size::Fifty => Goal::AtLeast(7.0),
                _ => Goal::None,
            };
            add(
                format!("{many} cases, the best of the data engines"),
                goal,
                figure,
                &format!("times the CPU ({name})"),
            );
        }
        for (name, c) in &self.engines {
            let goal = match name.as_str() {
                "duckdb" => at(ten, Goal::AtLeast(8.0)),
                "postgresql" => at(ten, Goal::AtLeast(35.0)),
                _ => Goal::None,
            };
            add(
                format!("two hops, {name} against Jadegate"),
                goal,
                ratio(&c.hops),
                "times the CPU",
            );
        }
        rows.append(&mut self.goals);
        self.goals = rows;
    }

    /// Times of all, and how often each was asked.
    fn times(&self) -> String {
        let mut text = "\nMilliseconds of CPU / by the clock, medians; runs in brackets (of one case and two hops: each of 50 cases).\n\n\
             | | one case | 100 cases | all cases | two hops | memory |\n|---|--:|--:|--:|--:|--:|\n"
            .to_owned();
        let first = self.engines.first().map(|(_, c)| c);
        let ours = first.map(|c| row("jadegate", c, |t| &t.ours, Some(self.memory)));
        let mut rows: Vec<String> = ours.into_iter().collect();
        rows.extend(self.engines.iter().map(|(_, c)| row(&c.name, c, |t| &t.theirs, c.memory)));
        rows.iter().for_each(|r| text.push_str(r));
        text
    }
}

fn row(name: &str, c: &Compared, of: fn(&Times) -> &Vec<Answer>, memory: Option<u64>) -> String {
    let cell = |times: &Times| {
        let answers = of(times);
        let (cpu, wall) =
            (median_of(answers, |a| a.cpu) * 1e3, median_of(answers, |a| a.wall) * 1e3);
        format!("{} / {} ({})", short(cpu), short(wall), answers.len())
    };
    let mut cells = vec![cell(&c.one)];
    cells.extend(c.contacts.iter().map(|(_, t)| cell(t)));
    if c.contacts.len() == 1 {
        cells.insert(1, "–".into());
    }
    cells.push(cell(&c.hops));
    let memory = memory.map_or("–".into(), |m| format!("{} MB", thousands(m / 1_000_000)));
    format!("| {name} | {} | {memory} |\n", cells.join(" | "))
}

/// How many times our CPU: the median of the ratios taken in turn.
fn ratio(times: &Times) -> f64 {
    median(times.theirs.iter().zip(&times.ours).map(|(t, o)| t.cpu / o.cpu))
}

fn median_of(answers: &[Answer], of: impl Fn(&Answer) -> f64) -> f64 {
    median(answers.iter().map(of))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Three digits that mean something.
fn short(x: f64) -> String {
    match x.abs() {
        a if a >= 1000.0 => {
            let digits = format!("{x:.0}");
            digits.parse().map_or(digits, thousands)
        }
        a if a >= 100.0 => format!("{x:.0}"),
        a if a >= 10.0 => format!("{x:.1}"),
        a if a >= 0.1 => format!("{x:.2}"),
        _ => format!("{x:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_three_digits() {
        let shown = [0.0123, 0.5, 12.34, 123.4, 490_000.0].map(short);
        assert_eq!(shown, ["0.012", "0.50", "12.3", "123", "490,000"]);
    }
}
