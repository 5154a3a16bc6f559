//! What an operator changes beside the running server: renewed keys, a confirmed clock.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jadegate_domain::Timestamp;
use jadegate_service::App;
use tokio::sync::watch;

use crate::config::Config;
use crate::failure::Failure;
use crate::keyring::Keyring;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(2);
/// A confirmation is for a clock that shows about the moment that was confirmed.
const CONFIRMED_SECONDS: i64 = 600;

/// Says that the clock is right: the running server takes it up within seconds, or the next start does.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn confirm(config: &Config, now: Timestamp) -> Result<(), Failure> {
    let file = config.clock_file();
    let fresh = file.with_extension("new");
    std::fs::write(&fresh, format!("{now}\n"))
        .and_then(|()| std::fs::rename(&fresh, &file))
        .map_err(|e| format!("{}: {e}", file.display()).into())
}

/// Takes up a confirmation, if there is one. One of another time is refused, and removed.
pub(crate) async fn take_up_clock(app: &App, file: &Path) {
    let Ok(text) = std::fs::read_to_string(file) else { return };
    let said = text.trim().parse::<Timestamp>();
    let now = app.now();
    let fits = said.is_ok_and(|said| now.secs_since(said).abs() <= CONFIRMED_SECONDS);
    if !fits {
        tracing::error!(%now, "a confirmation of the clock is not of this time, and is ignored");
    } else if let Err(e) = app.confirm_clock().await {
        tracing::error!(code = e.code, error = %e, "the clock could not be confirmed");
        return;
    }
    if let Err(e) = std::fs::remove_file(file) {
        tracing::error!(error = %e, "the confirmation of the clock could not be removed");
    }
}

/// What tells one state of the key file from another.
type Stamp = Option<(std::time::SystemTime, u64)>;

fn stamp(path: &Path) -> Stamp {
    let m = std::fs::metadata(path).ok()?;
    Some((m.modified().ok()?, m.len()))
}

/// Looks until `stop` turns true.
pub(crate) async fn keep_looking(app: Arc<App>, config: Config, mut stop: watch::Receiver<bool>) {
    let (keys, clock) = (config.key_file(), config.clock_file());
    // Read again at once: it may have changed since the start read it.
    let mut seen = None;
    loop {
        let present = stamp(&keys);
        if present != seen {
            seen = present;
            take_up_keys(&app, &config, &keys);
        }
        take_up_clock(&app, &clock).await;
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Takes up the keys of the file, unless they are those in use, or of another deployment.
fn take_up_keys(app: &App, config: &Config, path: &Path) {
    let read = || -> Result<bool, Failure> {
        let ring = Keyring::load(path)?;
        if !app.has_root(&ring.keys(path)?) {
            return Err(format!("{} holds another root secret", path.display()).into());
        }
        let issuer = ring.issuer(&config.issuer, path)?;
        if issuer.key_set() == app.issuer().key_set() {
            return Ok(false);
        }
        app.renew_keys(issuer)?;
        Ok(true)
    };
    match read() {
        Ok(true) => tracing::info!(days_left = app.key_days_left(), "renewed keys are in use"),
        Ok(false) => {}
        Err(e) => {
            tracing::error!(error = %e, "the key file is not taken up; the keys in use go on");
        }
    }
}
