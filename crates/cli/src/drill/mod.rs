//! `jadegate drill`: what an insider with each role can do to a town, tried.
//!
//! Each try is made in a made-up town of its own, by the same use cases that the console calls, with a
//! clock that is moved by hand. What it says is measured, not promised: how many people changed their
//! colour, or were read about, before something stopped it, and after how many minutes.

mod scene;
mod steps;
#[cfg(test)]
mod tests;
mod tries;
mod tries_power;
mod tries_records;

use std::process::ExitCode;

use serde::Serialize;

use crate::args;
use crate::config::Config;
use crate::failure::Failure;
use scene::Scene;
use tries::{TRIES, Try};

/// What came of a try.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    /// Agency and role of the insider.
    pub(crate) who: &'static str,
    /// What they tried.
    pub(crate) what: &'static str,
    /// How often.
    pub(crate) steps: u32,
    /// How many people changed their colour by it, or were read about.
    pub(crate) people: usize,
    /// Minutes from its beginning to what stopped it, or to its end.
    pub(crate) minutes: i64,
    /// What stopped it: an error's code, `waits` for a second pair of eyes, or `nothing`.
    pub(crate) stopped_by: &'static str,
    /// Leaves of the public log that it left.
    pub(crate) leaves: u64,
    /// Is that within what the product promises?
    pub(crate) held: bool,
    /// Who sees it, and what undoes it.
    pub(crate) afterwards: &'static str,
}

/// Tries everything, and tells; exit code 2 if something went further than it may.
pub(crate) async fn run(args: &args::Drill, config: Config) -> Result<ExitCode, Failure> {
    let mut told = Vec::new();
    for one in TRIES {
        told.push(tried(one, &config, args.people).await?);
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&told)?);
    } else {
        print!("{}", table(&told, args.people));
    }
    let held = told.iter().all(|t| t.held);
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// One try, in a town of its own.
async fn tried(one: &Try, config: &Config, people: u32) -> Result<Told, Failure> {
    let mut scene = Scene::new(config, people).await?;
    let done = tries::run(one.kind, &mut scene).await;
    let told = match done {
        Ok(done) => {
            let changed = scene.changed().await?;
            let touched = changed.max(done.read);
            Ok(Told {
                who: one.who,
                what: one.what,
                steps: done.steps,
                people: touched,
                minutes: done.minutes,
                stopped_by: done.stopped.code(),
                leaves: scene.leaves().await?.saturating_sub(done.leaves_before),
                held: one.bound.holds(scene.people.len(), touched, done.stopped),
                afterwards: one.afterwards,
            })
        }
        Err(e) => Err(e.into()),
    };
    scene.end().await;
    told
}

/// The table, as it stands in `docs/drill.md`.
pub(crate) fn table(told: &[Told], people: u32) -> String {
    use std::fmt::Write as _;
    let mut out = format!(
        "A made-up town of {people} people; each try in a town of its own, under the default limits of a mandate.\n\n\
         | insider | tried | steps | people | minutes | stopped by | leaves | afterwards |\n\
         |---|---|---|---|---|---|---|---|\n"
    );
    for t in told {
        let mark = if t.held { "" } else { " **too far**" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "| {} | {} | {} | {}{mark} | {} | `{}` | {} | {} |",
            t.who, t.what, t.steps, t.people, t.minutes, t.stopped_by, t.leaves, t.afterwards
        );
    }
    out
}
