//! `jadegate policy`: check, test and explain files, without a database.

use std::path::Path;
use std::process::ExitCode;

use jadegate_policy::{CasesError, Problem};

use crate::args::PolicyCommand;
use crate::failure::Failure;
use crate::shipped::{POLICIES, named, policy_text, read_text};
use crate::wire::read_policy;

pub(super) fn run(command: &PolicyCommand) -> Result<ExitCode, Failure> {
    match command {
        PolicyCommand::Check { file } => {
            let (policy, _) = read_policy(file)?;
            let r = policy.reference();
            println!(
                "{} version {} ({}) is sound: {} rules",
                r.id,
                r.version,
                r.digest,
                policy.rule_ids().count()
            );
            Ok(ExitCode::SUCCESS)
        }
        PolicyCommand::Shipped { name: None } => {
            for policy in &POLICIES {
                println!("{}", policy.name);
            }
            Ok(ExitCode::SUCCESS)
        }
        PolicyCommand::Shipped { name: Some(name) } => {
            let policy = named(Path::new(name)).ok_or_else(|| {
                format!("no policy of the name {name} is shipped; see `policy shipped`")
            })?;
            print!("{}", policy.text);
            Ok(ExitCode::SUCCESS)
        }
        PolicyCommand::Test { file, cases } => test(file, cases.as_deref()),
        PolicyCommand::Explain { file, evidence, home, lang, svg } => {
            let (policy, _) = read_policy(file)?;
            let policy = match home {
                None => policy,
                Some(home) => policy.for_home(
                    &home
                        .parse()
                        .map_err(|_| format!("`{home}` is no division, like CN-330106"))?,
                ),
            };
            let evidence =
                jadegate_policy::read_evidence(&text(evidence)?).map_err(|problems| {
                    let line = |p: &Problem| format!("{}:{p}", evidence.display());
                    problems.iter().map(line).collect::<Vec<_>>().join("\n")
                })?;
            let timeline = jadegate_policy::explain(&evidence, &policy, None);
            if *svg {
                print!("{}", timeline.to_svg(&policy, lang));
            } else {
                print!("{}", timeline.to_text(&policy, lang));
            }
            Ok(ExitCode::SUCCESS)
        }
        PolicyCommand::Diff { before, after } => diff(before, after),
        PolicyCommand::Schema { cases } => {
            let schema = if *cases {
                jadegate_policy::cases_schema()
            } else {
                jadegate_policy::policy_schema()
            };
            print!("{schema}");
            Ok(ExitCode::SUCCESS)
        }
        // Needs the database, so its own file runs it; here it must not look as if it had been done.
        PolicyCommand::WhatIf(_) => Err("a what-if is asked of the database".into()),
    }
}

/// Prints what differs; like `diff`, the exit code says whether anything does.
fn diff(before: &Path, after: &Path) -> Result<ExitCode, Failure> {
    let ((before, _), (after, _)) = (read_policy(before)?, read_policy(after)?);
    let differences = jadegate_policy::diff(&before, &after);
    for d in &differences {
        println!("{d}");
    }
    if differences.is_empty() {
        println!("Both say the same about everybody.");
    }
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn text(path: &Path) -> Result<String, Failure> {
    read_text(path).map_err(|e| format!("{}: {e}", path.display()).into())
}

fn test(file: &Path, cases: Option<&Path>) -> Result<ExitCode, Failure> {
    let beside = file.with_extension("cases.toml");
    let own = match (cases, named(file)) {
        (None, Some(policy)) => policy.cases.to_owned(),
        _ => text(cases.unwrap_or(&beside))?,
    };
    let report = jadegate_policy::run_cases(&policy_text(file)?, &own).map_err(|e| {
        let (path, problems) = match &e {
            CasesError::Policy(problems) => (file, problems),
            CasesError::Cases(problems) => (cases.unwrap_or(&beside), problems),
        };
        let line = |p: &Problem| format!("{}:{p}", path.display());
        problems.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    println!("{report}");
    Ok(if report.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
