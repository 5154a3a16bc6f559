//! Puts an application together from configuration and key file.

use std::path::Path;
use std::sync::Arc;

use jadegate_ledger::note::{NoteSigner, NoteVerifier};
use jadegate_policy::Policy;
use jadegate_service::{App, Clock, Entropy, MandateGiven, Parts, Settings};

use crate::beside;
use crate::config::Config;
use crate::database::{Database, Readers};
use crate::failure::Failure;
use crate::folder::{self, Folder};
use crate::keyring::Keyring;
use crate::shipped::{policy_text, read_text};

/// An opened deployment.
pub(crate) struct Deployment {
    /// The application.
    pub app: Arc<App>,
    /// The database, to close it properly.
    pub store: Database,
}

/// Reads a policy, a shipped one by name or a file, telling every problem at once.
pub(crate) fn read_policy(path: &std::path::Path) -> Result<(Policy, String), Failure> {
    let text = policy_text(path)?;
    match Policy::parse(&text) {
        Ok(policy) => Ok((policy, text)),
        Err(problems) => {
            let line = |p: &jadegate_policy::Problem| format!("{}:{p}", path.display());
            Err(problems.iter().map(line).collect::<Vec<_>>().join("\n").into())
        }
    }
}

/// Limits and names from the configuration.
///
/// # Errors
/// A threshold of the mandate that is no percentage.
pub(crate) fn settings(config: &Config, demo: bool) -> Result<Settings, Failure> {
    Ok(Settings {
        name: config.name.clone(),
        demo,
        gateway: demo || !config.sms.url.is_empty(),
        // The demo's clock is moved on purpose.
        watch_clock: !demo,
        index_file: Some(config.visit_index_file()),
        otp_per_hour: config.limits.otp_per_hour,
        otp_per_client_hour: config.limits.otp_per_client_hour,
        second_officer_basis_points: config.mandate.basis_points()?,
        second_officer_people: config.mandate.second_officer_people,
        waiting_above_per_hour: config.mandate.waiting_above_per_hour,
        waiting_above_per_staff_hour: config.mandate.waiting_above_per_staff_hour,
        withdrawals_above_per_hour: config.mandate.withdrawals_above_per_hour,
        withdrawals_above_per_staff_hour: config.mandate.withdrawals_above_per_staff_hour,
        witnesses: config.log.witnesses()?,
        waiting_seconds: i64::from(config.mandate.waiting_hours.clamp(1, 168)) * 3600,
        ..Settings::default()
    })
}

/// A signed document in the data folder.
pub(crate) const MANDATE_NOTE: &str = "mandate.note";
/// The authority's public key in the data folder.
pub(crate) const MANDATE_KEY: &str = "mandate.vkey";

/// The mandate that the configuration names, or that lies in the data folder.
///
/// # Errors
/// A file that is named and cannot be read; a key that is none.
pub(crate) fn mandate_given(config: &Config) -> Result<MandateGiven, Failure> {
    let read = |named: Option<&Path>, lies: &str| -> Result<Option<String>, Failure> {
        let lies = config.data.join(lies);
        let file = named.or_else(|| lies.exists().then_some(lies.as_path()));
        let read = |f: &Path| read_text(f).map_err(|e| format!("{}: {e}", f.display()));
        Ok(file.map(read).transpose()?)
    };
    let (file, key) = (&config.mandate.file, &config.mandate.authority);
    let note = read(Some(file.as_path()).filter(|f| !f.as_os_str().is_empty()), MANDATE_NOTE)?;
    let key = if key.is_empty() { read(None, MANDATE_KEY)? } else { Some(key.clone()) };
    let authority = key.map(|k| k.trim().parse::<NoteVerifier>()).transpose();
    let authority = authority.map_err(
        |_| "mandate.authority is no public key of a signed note: see `jadegate mandate key`",
    )?;
    Ok(MandateGiven { authority, note })
}

/// Opens database, keys and policy.
pub(crate) async fn open(
    config: &Config,
    settings: Settings,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Entropy>,
) -> Result<Deployment, Failure> {
    let (policy, policy_text) = read_policy(&config.policy)?;
    let mandate = if settings.demo {
        // A town that is opened again has the same authority.
        MandateGiven::trial(
            &settings,
            "CN".parse()?,
            b"made-up authority of a demo town",
            clock.now(),
        )?
    } else {
        mandate_given(config)?
    };
    let folder = folder::look(config).await?;
    std::fs::create_dir_all(&config.data).map_err(|e| format!("{}: {e}", config.data.display()))?;
    let path = config.key_file();
    // Read before the database is touched. New ones are made after it, so that keys are never left
    // without the database they are for.
    let known = match folder {
        Folder::Present => Some(Keyring::load(&path)?),
        Folder::New => None,
    };
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let (readers, list_readers) = jadegate_web::readers(cores.min(16));
    let readers = Readers { points: readers, lists: list_readers };
    let store = Database::open(config, readers).await?;
    folder::check_small(&store).await?;
    let ring = match known {
        Some(ring) => ring,
        None => Keyring::load_or_create(&path, rng.as_ref(), clock.now())?,
    };
    let host = config.origin.split("://").last().unwrap_or("localhost");
    let log_signer = NoteSigner::from_seed(&format!("{host}/v1/log"), &ring.log_seed(&path)?)?;
    let opened = App::open(Parts {
        store: store.store(),
        keys: ring.keys(&path)?,
        issuer: ring.issuer(&config.issuer, &path)?,
        log_signer,
        policy,
        policy_text,
        mandate,
        clock,
        rng,
        settings,
    })
    .await;
    match opened {
        Ok(app) => {
            beside::take_up_clock(&app, &config.clock_file()).await;
            Ok(Deployment { app, store })
        }
        Err(e) => {
            store.close().await;
            Err(e.into())
        }
    }
}
