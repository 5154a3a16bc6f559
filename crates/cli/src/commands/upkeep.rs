//! `jadegate backup` and `jadegate doctor`.

use std::path::Path;
use std::process::ExitCode;

use jadegate_service::{Clock as _, ClockVerdict, WARN_DAYS, judge_clock};
use jadegate_store_postgres::{OpenOptions, PostgresStore};

use super::common::ATTENTION;
use crate::config::Config;
use crate::database::Database;
use crate::failure::Failure;
use crate::keyring::Keyring;
use crate::wire;
use crate::world::SystemClock;

pub(super) async fn backup(config: &Config, file: &Path) -> Result<(), Failure> {
    let store = Database::open_read_only(config).await?;
    store.backup(file).await?;
    let bytes = bytes_of(file)?;
    println!(
        "{} ({bytes} bytes). The key file is not in it: keep a copy of {} elsewhere.",
        file.display(),
        config.key_file().display()
    );
    Ok(())
}

/// Of a file, or of the files in a folder.
fn bytes_of(path: &Path) -> std::io::Result<u64> {
    let found = std::fs::metadata(path)?;
    if !found.is_dir() {
        return Ok(found.len());
    }
    std::fs::read_dir(path)?.map(|entry| Ok(entry?.metadata()?.len())).sum()
}

pub(super) async fn restore(config: &Config, folder: &Path) -> Result<(), Failure> {
    let Some(url) = config.database_url() else {
        let file = config.database_file();
        return Err(format!(
            "the database is a file: with the server stopped, put the copy there as {} (without the -wal and -shm files of the old one)",
            file.display()
        )
        .into());
    };
    let store = PostgresStore::open(url, OpenOptions::default()).await?;
    let done = store.restore(folder).await;
    store.close().await;
    done?;
    println!(
        "{} holds what {} holds. The key file was not in it: it belongs at {}.",
        store.address(),
        folder.display(),
        config.key_file().display()
    );
    Ok(())
}

pub(super) async fn doctor(config: &Config) -> Result<ExitCode, Failure> {
    let mut findings = 0;
    let mut say = |ok: bool, what: &str, detail: String| {
        findings += u32::from(!ok);
        println!("{}  {what:<12} {detail}", if ok { "ok  " } else { "LOOK" });
    };
    match wire::read_policy(&config.policy) {
        Ok((p, _)) => {
            let r = p.reference();
            say(true, "policy", format!("{} version {} ({})", r.id, r.version, r.digest));
        }
        Err(e) => say(false, "policy", e.to_string()),
    }
    let path = config.key_file();
    match Keyring::load(&path).and_then(|r| Ok((r.keys(&path)?, r.issuer(&config.issuer, &path)?)))
    {
        Ok((keys, issuer)) => {
            let now = SystemClock.now();
            let left =
                issuer.complete_until(now).map(|t| t.secs_since(now) / jadegate_domain::time::DAY);
            let detail = match left {
                Some(days) => format!("keys for {days} more days (jadegate keys rotate)"),
                None => "no keys are in force now: no code can be made. Look at the clock, then run jadegate keys rotate".to_owned(),
            };
            say(
                left.is_some_and(|days| days > WARN_DAYS),
                "keys",
                format!("root {}; {detail}", keys.fingerprint()),
            );
            database(config, Some(keys.fingerprint()), &mut say).await;
        }
        Err(e) => {
            say(false, "keys", e.to_string());
            database(config, None, &mut say).await;
        }
    }
    if config.sms.url.is_empty() {
        say(
            false,
            "messages",
            "no gateway is configured (sms.url): one-time codes reach nobody".to_owned(),
        );
    } else {
        say(true, "messages", format!("gateway {}", config.sms.url));
    }
    Ok(if findings == 0 { ExitCode::SUCCESS } else { ExitCode::from(ATTENTION) })
}

async fn database(
    config: &Config,
    fingerprint: Option<&str>,
    say: &mut impl FnMut(bool, &str, String),
) {
    let store = match Database::open_read_only(config).await {
        Ok(s) => s,
        Err(e) if config.database_url().is_some() => return say(false, "database", e.to_string()),
        Err(e) => {
            let file = config.database_file();
            return say(false, "database", format!("{}: {e}", file.display()));
        }
    };
    match store.whole().await {
        Ok(problems) if problems.is_empty() => {
            say(true, "database", "every page is sound".to_owned());
        }
        Ok(problems) => say(false, "database", problems.join("; ")),
        Err(e) => say(false, "database", e.to_string()),
    }
    match store.unreadable_rows().await {
        Ok(rows) if rows.is_empty() => say(true, "rows", "all can be read".to_owned()),
        Ok(rows) => {
            let names: Vec<_> =
                rows.iter().map(|r| format!("{}.{} of row {}", r.table, r.column, r.row)).collect();
            let detail = format!(
                "{} cannot be read and are set aside; restore a backup, or put them right with the server stopped: {}",
                names.len(),
                names.join(", ")
            );
            say(false, "rows", detail);
        }
        Err(e) => say(false, "rows", e.to_string()),
    }
    if let Ok(Some(text)) = store.setting("clock_seen").await {
        let now = SystemClock.now();
        let seen = text.parse().ok().map(jadegate_domain::Timestamp::from_secs);
        let detail = format!("it is {now}");
        match judge_clock(seen, now, None) {
            ClockVerdict::Steady => say(true, "clock", detail),
            ClockVerdict::Ahead(_) | ClockVerdict::Behind(_) => say(
                false,
                "clock",
                format!(
                    "{detail}, far from where it was last right; set it, or, if it is right, run jadegate clock confirm"
                ),
            ),
        }
    }
    if let Some(s) = store.stats() {
        let mib = |bytes: u64| bytes / (1024 * 1024);
        say(
            true,
            "size",
            format!(
                "{} MiB, {} MiB free inside, log {} MiB, {} migrations",
                mib(s.pages * s.page_size),
                mib(s.free_pages * s.page_size),
                mib(s.log_bytes),
                s.migrations.len()
            ),
        );
    }
    match (store.setting("root_secret_fingerprint").await, fingerprint) {
        (Ok(Some(known)), Some(mine)) => say(
            known == mine,
            "belonging",
            if known == mine {
                "the key file is the database's own".to_owned()
            } else {
                format!("the database belongs to root secret {known}, the key file holds {mine}")
            },
        ),
        (Err(e), _) => say(false, "belonging", e.to_string()),
        _ => say(true, "belonging", "not started yet".to_owned()),
    }
    if let (Ok(log), Ok(days)) = (store.pending_leaves(0).await, store.visit_days().await) {
        let (size, waiting, days) = (log.from, log.count, days.len());
        let what = format!(
            "{size} leaves in the public log and {waiting} to be numbered, visits of {days} days"
        );
        say(true, "contents", what);
    }
}
