//! `jadegate import`: files taken in with progress; interrupting is safe, running again resumes.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressStyle};
use jadegate_divisions::Directory;
use jadegate_domain::id::ImportId;
use jadegate_domain::{Division, EvidenceKind, hex};
use jadegate_lines::TextLines;
use jadegate_service::App;
use jadegate_service::import::events::{self, parse_events};
use jadegate_service::import::visits::{self, FileRecord, Progress, VisitFormat, VisitImport};
use jadegate_service::import::{Limits, Reading, SMALL_FILE, risk_levels};
use jadegate_service::staff::RejectedLine;

use super::common::{ATTENTION, open, open_file};
use crate::args::{Import, ImportArgs, VisitForm};
use crate::config::Config;
use crate::failure::Failure;
use crate::wire::Deployment;

/// Wrong lines printed; the number of all is always told.
const SHOWN: usize = 20;

/// What is read of a table of divisions: the official one has 45,000 lines.
const DIVISIONS: Limits = Limits::new(64 << 20, 1_000_000);

pub(super) async fn run(config: &Config, args: ImportArgs) -> Result<ExitCode, Failure> {
    let within = |own: Limits| Limits {
        bytes: args.max_mib.map_or(own.bytes, |m| m << 20),
        lines: args.max_lines.unwrap_or(own.lines),
        ..own
    };
    if let Import::Divisions { file } = &args.what {
        return divisions(file, within(DIVISIONS));
    }
    let reading = |own: Limits| {
        let reading = Reading { check: args.check, ..within(own).into() };
        match &args.time_zone {
            Some(zone) => reading.in_zone(zone),
            None => Ok(reading),
        }
    };
    // Before anything is opened: a zone that is none is told at once.
    reading(SMALL_FILE)?;
    if args.check {
        println!("Checking only: nothing of the file is recorded.");
    }
    let Deployment { app, store } = open(config).await?;
    let result = match args.what {
        Import::Visits { file, form, start, agency } => {
            let reading = reading(visits::LIMITS)?;
            visits(&app, &file, form, (&start, agency.as_deref()), reading).await
        }
        Import::Tests { file, agency } => tests(&app, &file, &agency, reading(SMALL_FILE)?).await,
        Import::Rides { file, agency } => rides(&app, &file, &agency, reading(SMALL_FILE)?).await,
        Import::RiskLevels { file, agency, unmatched } => {
            let reading = reading(risk_levels::LIMITS)?;
            risk_levels(&app, &file, &agency, unmatched, reading).await
        }
        Import::Events { file } => events(&app, &file, within(events::LIMITS)),
        Import::Divisions { .. } => Ok(ExitCode::SUCCESS),
    };
    drop(app);
    store.close().await;
    result
}

/// The wrong lines one by one; all others of the file were counted above.
fn rejected(lines: &[RejectedLine], all: u64) -> ExitCode {
    for r in lines.iter().take(SHOWN) {
        println!("  line {}: {} ({})", r.line, r.detail, r.code);
    }
    if all > SHOWN as u64 {
        println!("  … and {} more", all - SHOWN as u64);
    }
    if all == 0 { ExitCode::SUCCESS } else { ExitCode::from(ATTENTION) }
}

async fn visits(
    app: &Arc<App>,
    file: &Path,
    form: VisitForm,
    (start, agency): (&str, Option<&str>),
    reading: Reading,
) -> Result<ExitCode, Failure> {
    let format = match form {
        VisitForm::Generic => VisitFormat::Generic,
        VisitForm::Calgary => VisitFormat::Calgary,
        VisitForm::FourCities => VisitFormat::FourCities {
            start: start
                .parse()
                .map_err(|_| format!("--start {start} is not a date like 2012-04-02"))?,
        },
    };
    let bar = ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{spinner} {msg} lines, {per_sec}, {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    let interrupted = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&interrupted);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            seen.store(true, Ordering::SeqCst);
        }
    });
    let digest = digest_of(file)?;
    let options = VisitImport {
        format,
        // For going on after an interruption.
        file: hex::encode(&digest[..16]),
        keep_old: form != VisitForm::Generic,
        reading,
        record: Some(FileRecord { agency: agency.map(str::parse).transpose()?, digest }),
    };
    let go_on = |p: Progress| {
        bar.set_position(p.lines);
        bar.set_message(p.lines.to_string());
        !interrupted.load(Ordering::SeqCst)
    };
    let r = app.import_visits(open_file(file)?, &options, go_on).await?;
    bar.finish_and_clear();
    println!(
        "{} lines ({} done before): {} visits ({} known already), {} new people, {} new places, {} too old, {} wrong",
        r.lines,
        r.skipped,
        r.visits,
        r.known,
        r.new_holders,
        r.new_places,
        r.too_old,
        r.rejected_count
    );
    if interrupted.load(Ordering::SeqCst) {
        file_is(r.import);
        println!("interrupted; run the same command again to go on from here");
        return Ok(ExitCode::from(ATTENTION));
    }
    file_is(r.import);
    Ok(rejected(&r.rejected, r.rejected_count))
}

/// SHA-256 of a file as it lies there.
fn digest_of(file: &Path) -> Result<[u8; 32], Failure> {
    use aws_lc_rs::digest::{Context, SHA256};
    use std::io::Read as _;
    let mut source = std::fs::File::open(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = source.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        context.update(&buffer[..n]);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    Ok(digest)
}

async fn tests(
    app: &Arc<App>,
    file: &Path,
    agency: &str,
    reading: Reading,
) -> Result<ExitCode, Failure> {
    let recorder = app.recorder_for_agency(agency.parse()?, EvidenceKind::Test).await?;
    let r = app.import_tests_within(&recorder, open_file(file)?, reading).await?;
    println!(
        "{} lines: {} taken ({} positive), {} known already, {} wrong",
        r.lines,
        r.taken,
        r.positives,
        r.unchanged,
        r.rejected.len()
    );
    waiting(r.waiting, r.import, "A colleague of the laboratory, or an officer of another agency");
    Ok(rejected(&r.rejected, r.rejected.len() as u64))
}

/// Says what waits, and the number by which the whole file is found again.
fn waiting(lines: u64, import: Option<ImportId>, whom: &str) {
    if lines > 0 {
        println!(
            "{lines} wait: this hour is above the mandate's number. {whom} confirms them in the console (Waiting)."
        );
    }
    file_is(import);
}

/// The number by which a file is found again as a record.
fn file_is(import: Option<ImportId>) {
    if let Some(import) = import {
        println!("The file is import {import}.");
    }
}

async fn rides(
    app: &Arc<App>,
    file: &Path,
    agency: &str,
    reading: Reading,
) -> Result<ExitCode, Failure> {
    let conductor = app.conductor_for_agency(agency.parse()?).await?;
    let r = app.import_rides_within(&conductor, open_file(file)?, reading).await?;
    let wrong = r.rejected.len() as u64 - r.unknown;
    println!(
        "{} lines: {} taken, {} known already, {} new trips, {} too old, {} unknown passengers, {wrong} wrong",
        r.lines, r.taken, r.unchanged, r.new_trips, r.too_old, r.unknown
    );
    waiting(r.waiting, r.import, "An officer of another agency");
    Ok(rejected(&r.rejected, r.rejected.len() as u64))
}

async fn risk_levels(
    app: &Arc<App>,
    file: &Path,
    agency: &str,
    all: bool,
    reading: Reading,
) -> Result<ExitCode, Failure> {
    let recorder = app.recorder_for_agency(agency.parse()?, EvidenceKind::RegionRisk).await?;
    let r = app.import_risk_levels(&recorder, open_file(file)?, reading).await?;
    #[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
    let percent = if r.rows == 0 { 0.0 } else { r.matched as f64 * 100.0 / r.rows as f64 };
    println!(
        "{} lines, {} wrong, {} matched to a division ({percent:.2} %), of these {} by an older name and {} as a development zone",
        r.lines, r.rejected_count, r.matched, r.renamed, r.zones
    );
    println!(
        "{} periods: {} recorded, {} waiting for a second officer, {} ended, {} outside the agency's region",
        r.periods, r.recorded, r.waiting, r.ended, r.outside
    );
    if r.withdrawn > 0 {
        println!(
            "{} of the periods were withdrawn before and stay so: a list does not raise them again. What is right after all, an officer of the health commission sets in the console (Risk regions).",
            r.withdrawn
        );
    }
    if r.unsure > 0 {
        println!(
            "{} snapshots hold lines that cannot be read: no level ends at them. Mend the lines and run this again.",
            r.unsure
        );
    }
    if let Some(what_if) = &r.what_if {
        println!("\nWhat the new periods do:");
        super::what_if::print(what_if);
        println!();
    }
    file_is(r.import);
    if let (true, Some(id)) = (r.waiting > 0, r.proposal) {
        println!(
            "The new periods are proposal {id}: they take effect when an officer of the health commission approves them in the console (Proposals)."
        );
    }
    let shown = if all { r.unmatched.len() } else { SHOWN };
    for u in r.unmatched.iter().take(shown) {
        println!(
            "  {}× {} {} {}: {} ({}), first on line {}",
            u.rows, u.province, u.city, u.county, u.detail, u.code, u.first_line
        );
    }
    if r.unmatched.len() > shown {
        println!("  … and {} more names (--unmatched lists them all)", r.unmatched.len() - shown);
    }
    Ok(rejected(&r.rejected, r.rejected_count))
}

fn events(app: &Arc<App>, file: &Path, limits: Limits) -> Result<ExitCode, Failure> {
    let list = parse_events(open_file(file)?, limits)?;
    println!(
        "{} lines: {} events, {} repeated, {} wrong",
        list.lines,
        list.events.len(),
        list.repeated,
        list.rejected_count
    );
    let found = app.events_exposures(&list.events);
    let people: usize = found.iter().map(|f| f.exposures.len()).sum();
    println!("{} of them at registered places, {people} exposures", found.len());
    for f in &found {
        if let (Some(event), false) = (list.events.get(f.event), f.exposures.is_empty()) {
            let most = f.exposures.iter().map(|e| e.minutes).max().unwrap_or(0);
            println!("  {}: {} people, at most {most} minutes", event.name, f.exposures.len());
        }
    }
    Ok(rejected(&list.rejected, list.rejected_count))
}

/// The table of divisions is part of the program; a newer official one is compared with it.
fn divisions(file: &Path, limits: Limits) -> Result<ExitCode, Failure> {
    let mut lines = TextLines::new(open_file(file)?, limits);
    let all = Directory::embedded();
    let (mut same, mut other, mut unknown, mut wrong) = (0_u32, 0_u32, 0_u32, 0_u32);
    let mut bytes = Vec::new();
    while let Some(found) = lines.next_line(&mut bytes)? {
        let number = found.number;
        let line = String::from_utf8_lossy(&bytes);
        if line.trim().is_empty() {
            continue;
        }
        let (code, name) = line.split_once(',').unwrap_or((&line, ""));
        let name = name.split(',').next().unwrap_or(name).trim().trim_matches('"');
        let Ok(division) = code.trim().trim_matches('"').parse::<Division>() else {
            // The first line may name the columns.
            if number > 1 {
                wrong += 1;
                println!("  line {number}: not a division code");
            }
            continue;
        };
        match all.name(&division) {
            Some(known) if known == name => same += 1,
            Some(known) => {
                other += 1;
                println!("  line {number}: {division} is {known} here, {name} there");
            }
            None => {
                unknown += 1;
                println!("  line {number}: {division} {name} is not known here");
            }
        }
    }
    println!(
        "{same} the same, {other} with another name, {unknown} unknown, {wrong} wrong lines. The table is part of the program: see scripts/divisions."
    );
    Ok(if other + unknown + wrong == 0 { ExitCode::SUCCESS } else { ExitCode::from(ATTENTION) })
}
