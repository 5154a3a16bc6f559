//! The tables: goals with figures, and the times of all engines.

use std::fmt::Write as _;

use jadegate_bench_tracing::visits::Town;

use super::feed::{Cores, Fed, Start};
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
    singles: usize,
}

const FLOOR: &str = "floor";
const DATA_ENGINES: [&str; 3] = ["duckdb", "polars", "datafusion"];

impl Table {
    pub(super) fn new(town: &Town, cases: usize, singles: usize, memory: usize) -> Self {
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
            singles,
        }
    }

    pub(super) fn absent(&mut self, why: String) {
        self.absent.push(why);
    }

    pub(super) fn engine(&mut self, name: &str, compared: Compared) {
        // For whoever waits, and for whoever has to stop the run.
        eprint!("{}", row(&compared.name, &compared, |t| &t.theirs, compared.memory));
        self.engines.push((name.to_owned(), compared));
    }

    pub(super) fn cores(&mut self, cores: &Cores) {
        let ratios = || cores.one.iter().zip(&cores.two).map(|(a, b)| a / b);
        let by_clock = median(ratios());
        let (low, high) = ratios().fold((f64::MAX, 0.0_f64), |(l, h), r| (l.min(r), h.max(r)));
        let cpu = median(cores.one_cpu.iter().zip(&cores.two_cpu).map(|(a, b)| 2.0 * a / b));
        let how = format!(
            "in wall-clock time ({low:.2}–{high:.2} in {} rounds); {cpu:.2} if both cores had been free (from CPU time); arithmetic alone meanwhile {:.2}",
            cores.two.len(),
            median(cores.arithmetic.iter().copied()),
        );
        let goal = self.at(&[Size::Ten, Size::Fifty, Size::Skewed], Goal::AtLeast(1.4));
        self.goal(
            format!("{} cases, two cores against one", thousands(self.many as u64)),
            goal,
            by_clock,
            how,
        );
    }

    pub(super) fn start(&mut self, start: &Start) {
        let goal = match self.size {
            Size::Ten | Size::Skewed => Goal::AtMost(1.0),
            Size::Fifty => Goal::AtMost(3.0),
            Size::Other => Goal::None,
        };
        let of = |v: &[f64]| median(v.iter().copied());
        let how = format!(
            "s of wall-clock time, {:.2} of CPU; {} MB, saved in {:.1} s; sorting all visits instead: {:.1} s of CPU",
            of(&start.load_cpu),
            thousands(start.bytes / 1_000_000),
            of(&start.save),
            start.build_cpu,
        );
        self.goal("start from the sorted form on disk", goal, of(&start.load), how);
    }

    pub(super) fn feed(&mut self, fed: &Fed) {
        let rate = fed.visits as f64 / fed.wall;
        let how = format!(
            "a second, {} in {:.1} s of wall-clock time; {:.1} s of the writer's CPU",
            thousands(fed.visits as u64),
            fed.wall,
            fed.cpu
        );
        let some = |goal| self.at(&[Size::Ten, Size::Fifty, Size::Skewed], goal);
        let (fast, slow) = (some(Goal::AtLeast(500_000.0)), some(Goal::AtMost(20.0)));
        self.goal(
            "visits fed while tracing (the writer holds back to 520,000 a second)",
            fast,
            rate,
            how,
        );
        let slower = (fed.during / fed.before - 1.0) * 100.0;
        let how = format!(
            "% more CPU: {:.3} ms before, {:.3} during ({} traces), {:.3} after; wall-clock time {:.3}, {:.3}, {:.3}",
            fed.before * 1e3,
            fed.during * 1e3,
            thousands(fed.traces as u64),
            fed.after * 1e3,
            fed.before_wall * 1e3,
            fed.during_wall * 1e3,
            fed.after_wall * 1e3,
        );
        self.goal("a trace while they are fed, against before", slow, slower, how);
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

    /// The goals that compare, before those of the index alone.
    fn compare(&mut self) {
        let alone = std::mem::take(&mut self.goals);
        let bytes = "bytes, both orders, interners and what the allocator adds";
        let bound = self.at(&[Size::Ten, Size::Fifty, Size::Skewed], Goal::AtMost(24.0));
        self.goal("memory for a visit", bound, self.bytes_a_visit, bytes);
        let ten = [Size::Ten];
        self.latency("one case, all contacts with every exposure", &ten, 0.1, |c| &c.full[0]);
        self.ratio(
            "one case in sums, PostgreSQL against Jadegate",
            "postgresql",
            &[(Size::Ten, 40.0)],
            |c| Some(&c.one),
        );
        self.ratio(
            "one case in sums, SQLite against Jadegate",
            "sqlite",
            &[(Size::Ten, 20.0)],
            |c| Some(&c.one),
        );
        self.against_the_floor("", all);
        let many = format!("{} cases", thousands(self.many as u64));
        let best = self.best_data_engine(all);
        self.ratio(
            &format!("{many}, the best of the data engines ({best}) against Jadegate"),
            &best,
            &[(Size::Ten, 9.0), (Size::Fifty, 7.0)],
            all,
        );
        self.ratio(
            &format!("{many}, PostgreSQL against Jadegate"),
            "postgresql",
            &[(Size::Ten, 50.0), (Size::Fifty, 50.0)],
            all,
        );
        self.ratio(
            &format!("{many}, DuckDB against Jadegate"),
            "duckdb",
            &[(Size::Skewed, 30.0)],
            all,
        );
        self.cumulative();
        let both = [Size::Ten, Size::Fifty];
        self.latency("one case, two hops in sums", &both, 60.0, |c| &c.hops.ours);
        self.latency("one case, two hops, with every exposure", &both, 60.0, |c| &c.full[1]);
        self.ratio(
            "two hops in sums, DuckDB against Jadegate",
            "duckdb",
            &[(Size::Ten, 8.0), (Size::Fifty, 8.0)],
            |c| Some(&c.hops),
        );
        self.ratio(
            "two hops in sums, PostgreSQL against Jadegate",
            "postgresql",
            &[(Size::Ten, 35.0), (Size::Fifty, 35.0)],
            |c| Some(&c.hops),
        );
        self.goals.extend(alone);
    }

    /// The goals of all cases at once where sums over the cases are enough, so that no pair need be
    /// looked at.
    fn cumulative(&mut self) {
        let cumulative: fn(&Compared) -> Option<&Times> = |c| Some(&c.cumulative);
        let many = format!("{} cases, cumulative", thousands(self.many as u64));
        self.against_the_floor(", cumulative", cumulative);
        let best = self.best_data_engine(cumulative);
        self.ratio(
            &format!("{many}, the best of the data engines ({best}) against Jadegate"),
            &best,
            &[(Size::Ten, 9.0), (Size::Fifty, 9.0)],
            cumulative,
        );
        self.ratio(
            &format!("{many}, PostgreSQL against Jadegate"),
            "postgresql",
            &[(Size::Ten, 50.0), (Size::Fifty, 50.0)],
            cumulative,
        );
        self.ratio(
            &format!("{many}, DuckDB against Jadegate"),
            "duckdb",
            &[(Size::Ten, 9.0), (Size::Fifty, 9.0), (Size::Skewed, 30.0)],
            cumulative,
        );
    }

    fn at(&self, sizes: &[Size], goal: Goal) -> Goal {
        if sizes.contains(&self.size) { goal } else { Goal::None }
    }

    fn find(&self, engine: &str) -> Option<&Compared> {
        self.engines.iter().find(|(name, _)| name == engine).map(|(_, c)| c)
    }

    /// Jadegate's own milliseconds, as measured beside the floor.
    fn latency(
        &mut self,
        what: &str,
        sizes: &[Size],
        goal: f64,
        of: fn(&Compared) -> &Vec<Answer>,
    ) {
        let Some(c) = self.find(FLOOR) else { return };
        let ours = of(c);
        let [cpu, wall] =
            [median_of(ours, |a| a.cpu), median_of(ours, |a| a.wall)].map(|s| s * 1e3);
        let how = format!(
            "ms of CPU, median of {} cases; {} of wall-clock time",
            self.singles,
            short(wall)
        );
        self.goal(what, self.at(sizes, Goal::AtMost(goal)), cpu, how);
    }

    fn against_the_floor(&mut self, how: &str, of: fn(&Compared) -> Option<&Times>) {
        let Some(times) = self.find(FLOOR).and_then(of) else { return };
        let figure = median(times.theirs.iter().zip(&times.ours).map(|(t, o)| o.cpu / t.cpu));
        let many = thousands(self.many as u64);
        let what = format!("{many} cases{how}, Jadegate against the bare loop");
        self.goal(
            what,
            self.at(&[Size::Ten, Size::Fifty], Goal::AtMost(1.0)),
            figure,
            "times the CPU",
        );
    }

    fn ratio(
        &mut self,
        what: &str,
        engine: &str,
        goals: &[(Size, f64)],
        of: fn(&Compared) -> Option<&Times>,
    ) {
        let Some(times) = self.find(engine).and_then(of) else { return };
        let figure = ratio(times);
        let goal = goals.iter().find(|(size, _)| *size == self.size);
        let goal = goal.map_or(Goal::None, |(_, least)| Goal::AtLeast(*least));
        self.goal(what, goal, figure, "times the CPU");
    }

    fn best_data_engine(&self, of: fn(&Compared) -> Option<&Times>) -> String {
        let times = |name: &&str| self.find(name).and_then(of).map_or(f64::INFINITY, ratio);
        let best = DATA_ENGINES.into_iter().min_by(|a, b| times(a).total_cmp(&times(b)));
        best.unwrap_or_default().to_owned()
    }

    /// Times of all, and how often each was asked.
    fn times(&self) -> String {
        let mut text = "\nMilliseconds of CPU / wall-clock time, medians; × Jadegate's CPU, taken in turn; answers in brackets.\n\n\
             | | one case | 100 cases | all cases at once | cumulative | two hops | memory |\n|---|--:|--:|--:|--:|--:|--:|\n"
            .to_owned();
        let first = self.engines.first().map(|(_, c)| c);
        let ours = first.map(|c| row("jadegate", c, |t| &t.ours, Some(self.memory)));
        let mut rows: Vec<String> = ours.into_iter().collect();
        rows.extend(self.engines.iter().map(|(_, c)| row(&c.name, c, |t| &t.theirs, c.memory)));
        for row in rows {
            text.push_str(&row);
        }
        text
    }
}

fn row(name: &str, c: &Compared, of: fn(&Times) -> &Vec<Answer>, memory: Option<u64>) -> String {
    let cell = |times: &Times| {
        let answers = of(times);
        let (cpu, wall) =
            (median_of(answers, |a| a.cpu) * 1e3, median_of(answers, |a| a.wall) * 1e3);
        let times =
            if name == "jadegate" { String::new() } else { format!(" ×{}", short(ratio(times))) };
        format!("{} / {}{times} ({})", short(cpu), short(wall), answers.len())
    };
    let mut cells = vec![cell(&c.one)];
    cells.extend(c.contacts.iter().map(|(_, t)| cell(t)));
    if c.contacts.len() == 1 {
        cells.insert(1, "–".into());
    }
    cells.push(cell(&c.cumulative));
    cells.push(cell(&c.hops));
    let memory = memory.map_or("–".into(), |m| format!("{} MB", thousands(m / 1_000_000)));
    format!("| {name} | {} | {memory} |\n", cells.join(" | "))
}

fn all(c: &Compared) -> Option<&Times> {
    c.contacts.last().map(|(_, times)| times)
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
