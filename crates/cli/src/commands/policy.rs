//! `jadegate policy`: check, test and explain files, without a database.

use std::path::Path;
use std::process::ExitCode;

use crate::args::PolicyCommand;
use crate::wire::{Failure, read_policy};

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
        PolicyCommand::Test { file, cases } => {
            let beside = file.with_extension("cases.toml");
            test(file, cases.as_deref().unwrap_or(&beside))
        }
        PolicyCommand::Explain { file, evidence, svg } => {
            let (policy, _) = read_policy(file)?;
            let evidence =
                jadegate_policy::read_evidence(&text(evidence)?).map_err(|problems| {
                    let line = |p: &jadegate_policy::Problem| format!("{}:{p}", evidence.display());
                    problems.iter().map(line).collect::<Vec<_>>().join("\n")
                })?;
            let timeline = jadegate_policy::explain(&evidence, &policy, None);
            if *svg {
                println!("{}", timeline.to_svg(&policy, "en"));
            } else {
                print!("{}", timeline.to_text(&policy, "en"));
            }
            Ok(ExitCode::SUCCESS)
        }
        // Needs the database; its own file runs it.
        PolicyCommand::WhatIf(_) => Ok(ExitCode::SUCCESS),
    }
}

fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()).into())
}

fn test(file: &Path, cases: &Path) -> Result<ExitCode, Failure> {
    let report = jadegate_policy::run_cases(&text(file)?, &text(cases)?)
        .map_err(|e| format!("{}: {e}", cases.display()))?;
    println!("{report}");
    Ok(if report.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
