//! Import of a public file of check-ins into an empty database.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::machine::{peak_memory, process_stat};
use crate::process::clean;
use crate::report::Report;
use crate::{Options, Result};

/// What one import took.
#[derive(Debug)]
pub(crate) struct Import {
    /// Rows of the file.
    pub(crate) rows: u64,
    /// Seconds of wall-clock time.
    pub(crate) wall: f64,
    /// Seconds of CPU.
    pub(crate) cpu: f64,
    /// Most memory in use at any time, in bytes.
    pub(crate) peak_memory: u64,
    /// Bytes of the database and its log afterwards.
    pub(crate) on_disk: u64,
    /// What the command said.
    pub(crate) said: String,
}

/// Imports once: it takes long enough to be its own average.
pub(crate) fn measure(
    binary: &Path,
    options: &Options,
    scratch: &Path,
    report: &mut Report,
) -> Result<()> {
    let file = options.check_ins.clone().unwrap_or_else(default_file);
    if !file.is_file() {
        report.skip(&format!(
            "import: SKIPPED, {} is not there (public check-ins; the project may not carry them).",
            file.display()
        ));
        return Ok(());
    }
    eprintln!("importing {} …", file.display());
    let data = scratch.join("import");
    let mut command = clean(binary);
    command.current_dir(crate::root()).arg("--data").arg(&data);
    command.args(["import", "visits", "--form", "four-cities"]).arg(&file);
    let started = Instant::now();
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let (mut cpu, mut peak) = (0.0, 0);
    // Until it has ended, but before anybody has waited for it: the kernel still knows its CPU time.
    loop {
        let (state, seconds) = process_stat(child.id())?;
        cpu = f64::max(cpu, seconds);
        if state == 'Z' {
            break;
        }
        peak = peak.max(peak_memory(child.id()).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(20));
    }
    let wall = started.elapsed().as_secs_f64();
    let mut said = String::new();
    if let Some(mut out) = child.stdout.take() {
        std::io::Read::read_to_string(&mut out, &mut said)?;
    }
    let status = child.wait()?;
    // 2: done, with some lines that need attention; the command tells which.
    if !matches!(status.code(), Some(0 | 2)) {
        return Err(format!("the import ended with {status}: {said}").into());
    }
    let rows = said
        .split_ascii_whitespace()
        .next()
        .and_then(|n| n.parse().ok())
        .ok_or("the import told no lines")?;
    let on_disk =
        std::fs::read_dir(&data)?.filter_map(|e| e.ok()?.metadata().ok()).map(|m| m.len()).sum();
    let said = said.lines().next().unwrap_or_default().to_owned();
    report.import(&Import { rows, wall, cpu, peak_memory: peak, on_disk, said });
    Ok(())
}

fn default_file() -> PathBuf {
    let root = crate::root();
    root.parent().unwrap_or(root).join("shared/data/checkins_four_cities.csv.gz")
}
