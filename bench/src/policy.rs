//! Colours: `assess` of one person, what-if and recolouring of a crowd, beside the bare pass over
//! flat arrays and beside the same rules as one SQL `UPDATE`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use jadegate_bench_colours::crowd::{AHEAD, Crowd, DAY, NOW, What};
use jadegate_bench_colours::floor::{Days, Floor};
use jadegate_bench_colours::ours;
use jadegate_policy::{Setting, WhatIfOptions, assess, recolour, what_if};
use serde_json::Value;

use crate::Result;
use crate::machine::thread_cpu_seconds;
use crate::peers::{Absent, Postgres, Python};
use crate::report::{Report, Spread, thousands};

/// The policy's days today, and after the change that the what-if asks about.
const SHORT: Days = Days { red: 14, yellow: 7 };
const LONG: Days = Days { red: 21, yellow: 10 };
/// People assessed one after the other in one run.
const ASSESSED: usize = 200_000;

/// Milliseconds of CPU of each run.
#[derive(Debug, Default)]
struct Times {
    bare: Vec<f64>,
    recolour: Vec<f64>,
    bare_what_if: Vec<f64>,
    what_if: Vec<f64>,
    assess: Vec<f64>,
}

/// Milliseconds of CPU of this thread.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let before = thread_cpu_seconds();
    let made = work();
    (made, (thread_cpu_seconds() - before) * 1e3)
}

/// Measures all; an answer that is not the bare pass's fails the whole run.
pub(crate) fn measure(people: u64, runs: u32, scratch: &Path, report: &mut Report) -> Result<()> {
    eprintln!("making up {} people …", thousands(people));
    let crowd = Crowd::of(people);
    let (population, built) = timed(|| ours::population(&crowd));
    let (population, risks) = (population?, ours::risks(&crowd)?);
    let policies = [ours::policy(SHORT)?, ours::policy(LONG)?];
    let [before, after] = [0, 1].map(|i| Setting { policy: &policies[i], risks: &risks });
    let floor = Floor::new(&crowd);
    let somebody = (0..256).map(|i| ours::somebody(&crowd, i)).collect::<Result<Vec<_>>>()?;
    let mut times = Times::default();
    let mut colours = [0_u64; 3];
    for _ in 0..runs {
        let (want, took) = timed(|| floor.recolour(SHORT));
        times.bare.push(took);
        let (got, took) = timed(|| recolour(&population, &before, ours::now()));
        times.recolour.push(took);
        if ours::numbers(&got) != want {
            return Err("the engine's colours are not those of the bare pass".into());
        }
        let (want, took) = timed(|| floor.what_if(SHORT, LONG));
        times.bare_what_if.push(took);
        let options = WhatIfOptions::default();
        let (got, took) =
            timed(|| what_if(&population, &before, &after, ours::now(), &options, &|_| true));
        times.what_if.push(took);
        if ours::counts(&got.ok_or("stopped")?) != want {
            return Err("the engine's what-if is not that of the bare pass".into());
        }
        colours = want.colours[0];
        let ((), took) = timed(|| {
            for e in somebody.iter().cycle().take(ASSESSED) {
                std::hint::black_box(assess(std::hint::black_box(e), &policies[0], ours::now()));
            }
        });
        times.assess.push(took * 1e6 / ASSESSED as f64);
    }
    let each = population.memory_bytes() as f64 / f64::from(crowd.with_evidence.max(1));
    drop((population, somebody));
    let folder = scratch.join("colours");
    export(&crowd, &folder)?;
    let peers = [
        postgres(people, runs, scratch, &folder, colours)?,
        duckdb(people, runs, &folder, colours)?,
    ];
    std::fs::remove_dir_all(&folder)?;
    report.part(table(&crowd, &times, each, built, &peers));
    Ok(())
}

/// A peer's name and milliseconds of CPU of each form of the statement, or why it is not there.
type Peer = std::result::Result<(String, Vec<(&'static str, Vec<f64>)>), Absent>;

/// Everybody's rows as comma-separated numbers, with the local day from which they count.
fn export(crowd: &Crowd, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut out = std::io::BufWriter::new(std::fs::File::create(folder.join("rows.csv"))?);
    for r in &crowd.rows {
        let day = (r.at + AHEAD).div_ceil(DAY);
        let what = r.what as u8;
        writeln!(out, "{},{what},{day},{},{},{}", r.person, r.county, r.at, r.about)?;
    }
    out.flush()?;
    let mut text = String::new();
    for r in crowd.regions.iter().filter(|r| r.to > NOW) {
        let until = i64::from(r.to).min(i64::from(i32::MAX));
        let _ = writeln!(text, "{},{},{},{until}", r.county, r.high, r.from);
    }
    std::fs::write(folder.join("regions.csv"), text)?;
    Ok(())
}

/// The policy's answer for everybody whose rows still count, as a query.
///
/// Its best form: only rows that still count are grouped, only levels in force are in `regions`,
/// days are numbers made beforehand.
fn query(days: Days) -> String {
    let today = (NOW + AHEAD) / DAY;
    let (red, yellow) = (today - days.red, today - days.yellow);
    let (stay, case, close) = (What::Stay as u8, What::Case as u8, What::Close as u8);
    let positive = What::Positive as u8;
    let mild = [What::Secondary, What::Symptoms, What::Declared, What::Arrival].map(|w| w as u8);
    let [secondary, symptoms, declared, arrival] = mild;
    format!(
        "select person, max(colour) as colour from (\
         select person, 2 as colour from ev where what in ({positive}, {case}, {close}) and day > {red} \
         union all select person, 1 from ev where what in ({secondary}, {symptoms}, {declared}, {arrival}) and day > {yellow} \
         union all select person, case when high then 2 else 1 end from ev join regions r on r.county = ev.county \
         where what = {stay} and day > case when high then {red} else {yellow} end and about < r.until and r.since < moment\
         ) a group by person"
    )
}

/// A way to write the answer into the table of people, and what the table holds before.
struct Form {
    name: &'static str,
    /// Everybody is green before; else everybody has the colour of the other policy.
    from_green: bool,
    statement: String,
}

/// The three ways to say it as one `UPDATE`, from the plain one to the one that writes least.
fn forms() -> [Form; 3] {
    let everybody = |days, only: &str| {
        format!(
            "update people set colour = n.colour from (select p.person, coalesce(c.colour, 0) as colour \
             from people p left join ({}) c on c.person = p.person) n where n.person = people.person{only}",
            query(days)
        )
    };
    let changed = " and people.colour <> n.colour";
    [
        Form { name: "everybody is written", from_green: false, statement: everybody(SHORT, "") },
        Form {
            name: "only who changes is written",
            from_green: false,
            statement: everybody(SHORT, changed),
        },
        Form {
            name: "right only where everybody was green before",
            from_green: true,
            statement: format!(
                "update people set colour = c.colour from ({}) c where people.person = c.person",
                query(SHORT)
            ),
        },
    ]
}

const ALL_GREEN: &str = "update people set colour = 0 where colour <> 0";

/// Gives everybody the colour of the other policy.
fn as_before() -> String {
    format!(
        "{ALL_GREEN}; update people set colour = c.colour from ({}) c where people.person = c.person",
        query(LONG)
    )
}

fn postgres(people: u64, runs: u32, scratch: &Path, folder: &Path, want: [u64; 3]) -> Result<Peer> {
    let mut pg = match Postgres::start(scratch, &[("jit", "off")])? {
        Ok(pg) => pg,
        Err(absent) => return Ok(Err(absent)),
    };
    eprintln!("loading {} …", pg.version);
    pg.run("create unlogged table ev (person int not null, what smallint not null, day int not null, county smallint not null, moment int not null, about int not null)")?;
    pg.run("create unlogged table regions (county smallint primary key, high boolean not null, since int not null, until int not null)")?;
    for name in ["ev:rows.csv", "regions:regions.csv"] {
        let (table, file) = name.split_once(':').unwrap_or_default();
        let file = folder.join(file);
        pg.run(&format!("\\copy {table} from '{}' (format csv)", file.display()))?;
    }
    pg.run("vacuum analyze ev; vacuum analyze regions")?;
    let last = people.saturating_sub(1);
    pg.run(&format!(
        "create unlogged table people (person int primary key, colour smallint not null) with (fillfactor = 90); \
         insert into people select i, 0 from generate_series(0, {last}) i"
    ))?;
    let mut forms = Vec::new();
    for form in self::forms() {
        let mut cpu = Vec::new();
        for run in 0..=runs {
            let before = if form.from_green { ALL_GREEN.to_owned() } else { as_before() };
            pg.run(&format!("{before}; vacuum analyze people"))?;
            let ran = pg.run(&form.statement)?;
            // The first only warms up.
            if run > 0 {
                cpu.push(ran.cpu * 1e3);
            }
        }
        let said = pg.run("select colour, count(*) from people group by colour order by colour")?;
        let counts: Vec<u64> =
            said.lines.iter().filter_map(|l| l.split_once('|')?.1.parse().ok()).collect();
        same(&counts, want, "PostgreSQL")?;
        forms.push((form.name, cpu));
    }
    Ok(Ok((pg.version.clone(), forms)))
}

fn duckdb(people: u64, runs: u32, folder: &Path, want: [u64; 3]) -> Result<Peer> {
    let python = Python::with(&["duckdb"])?;
    if !python.has("duckdb") {
        let why = python.missing.first().cloned();
        return Ok(Err(why.unwrap_or_else(|| Absent("duckdb is not there".into()))));
    }
    eprintln!("asking DuckDB …");
    let before = |f: &Form| if f.from_green { ALL_GREEN.to_owned() } else { as_before() };
    let all = self::forms();
    let list: Vec<_> = all.iter().map(|f| [before(f), f.statement.clone()]).collect();
    let args = [
        folder.display().to_string(),
        people.to_string(),
        serde_json::to_string(&list)?,
        runs.to_string(),
    ];
    let said = python.run("colours.py", &args)?;
    let answer = said.first().ok_or("DuckDB said nothing")?;
    let mut forms = Vec::new();
    for (form, answer) in all.iter().zip(answer["forms"].as_array().into_iter().flatten()) {
        let numbers = |key: &str| answer[key].as_array().cloned().unwrap_or_default();
        let counts: Vec<u64> = numbers("counts").iter().filter_map(Value::as_u64).collect();
        same(&counts, want, "DuckDB")?;
        let cpu = numbers("cpus").iter().filter_map(Value::as_f64).map(|s| s * 1e3).collect();
        forms.push((form.name, cpu));
    }
    Ok(Ok((format!("DuckDB {}", answer["version"].as_str().unwrap_or("")), forms)))
}

fn same(got: &[u64], want: [u64; 3], who: &str) -> Result<()> {
    if got == want {
        return Ok(());
    }
    Err(format!("{who} counts {got:?} people per colour, the bare pass {want:?}").into())
}

fn table(crowd: &Crowd, t: &Times, each: f64, built: f64, peers: &[Peer]) -> String {
    let ratio = |a: &[f64], b: &[f64]| Spread::of(a.iter().zip(b).map(|(a, b)| a / b)).tenths();
    let spread = |v: &[f64]| Spread::of(v.iter().copied());
    let mut out = format!(
        "### Colours of {} people, {} of them with {} pieces of evidence each; CPU of one thread\n\n\
         | work | ms | beside the bare pass |\n|---|--:|--:|\n",
        thousands(crowd.people),
        thousands(u64::from(crowd.with_evidence)),
        jadegate_bench_colours::crowd::PIECES,
    );
    let rows = [
        ("recolour, bare pass over flat arrays", &t.bare, None),
        ("recolour, the engine", &t.recolour, Some(&t.bare)),
        ("what-if, bare pass over flat arrays", &t.bare_what_if, None),
        ("what-if, the engine", &t.what_if, Some(&t.bare_what_if)),
    ];
    for (name, times, floor) in rows {
        let beside = floor.map_or_else(|| "1".to_owned(), |floor| ratio(times, floor));
        let _ = writeln!(out, "| {name} | {} | {beside} |", spread(times).tenths());
    }
    out.push_str("\n| the same recolouring as one SQL UPDATE | form | ms | engine's recolour = 1 | engine's what-if = 1 |\n|---|---|--:|--:|--:|\n");
    for peer in peers {
        match peer {
            Ok((name, forms)) => {
                for (form, cpu) in forms {
                    let (recolour, what_if) = (ratio(cpu, &t.recolour), ratio(cpu, &t.what_if));
                    let ms = spread(cpu).whole();
                    let _ = writeln!(out, "| {name} | {form} | {ms} | {recolour} | {what_if} |");
                }
            }
            Err(Absent(why)) => {
                let _ = writeln!(out, "| not measured: {why} | | | | |");
            }
        }
    }
    let _ = write!(
        out,
        "\n`assess` of one of them, in turn over 256: {} ns. Memory: {each:.1} bytes a person with evidence, \
         everything counted. Gathering them from evidence: {:.1} s.\n",
        spread(&t.assess).whole(),
        built / 1e3,
    );
    out
}
