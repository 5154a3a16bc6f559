//! `jadegate database copy`.

use std::io::Write as _;
use std::time::Duration;

use jadegate_domain::hex;
use jadegate_service::Clock as _;
use jadegate_store::copying::{CopyError, Step, copy};

use crate::config::Config;
use crate::database::Named;
use crate::failure::Failure;
use crate::world::SystemClock;

/// How often a large table says how far it is.
const EVERY: Duration = Duration::from_secs(2);

pub(super) async fn run(config: &Config, from: &str, to: &str) -> Result<(), Failure> {
    let (from, to) = (Named::parse(config, from)?, Named::parse(config, to)?);
    if from == to {
        return Err(CopyError::Same.into());
    }
    let mut source = from.source().await?;
    let mut target = to.target().await?;
    let mut last_said = SystemClock.elapsed();
    let copied = copy(source.as_mut(), target.as_mut(), &mut |step| {
        let now = SystemClock.elapsed();
        if matches!(step, Step::Rows { whole: false, .. }) && now < last_said + EVERY {
            return;
        }
        last_said = now;
        // Whoever does not listen any more does not stop it.
        let _ = writeln!(std::io::stdout(), "{}", words(step));
    })
    .await?;
    let rows: u64 = copied.iter().map(|table| table.rows).sum();
    println!(
        "{} holds what {} holds: {} tables, {rows} rows, each compared.\n\
         The key file is not in it: {} belongs to the copy as well. Start a server on the copy, look at `jadegate doctor`, and then delete the source: it holds everything about people, and is forgotten easily.",
        target.place(),
        source.place(),
        copied.len(),
        config.key_file().display()
    );
    Ok(())
}

fn words(step: &Step) -> String {
    match step {
        Step::GoesOn => "it goes on where it was cut short".to_owned(),
        Step::Rows { table, rows, whole: false } => {
            format!("        {table:<18} {rows} rows so far")
        }
        Step::Rows { table, rows, whole: true } => format!("copied  {table:<18} {rows} rows"),
        Step::Same(same) => {
            let digest = hex::encode(&same.digest);
            format!("same    {:<18} {} rows, SHA-256 {digest}", same.table, same.rows)
        }
    }
}
