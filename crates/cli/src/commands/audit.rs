//! `jadegate audit`: a deployment looked at from outside.

use std::cell::Cell;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use jadegate_audit::{Known, Source, Unread, audit};
use jadegate_ledger::cosign::{WitnessKey, WitnessPolicy};
use jadegate_service::Clock as _;

use super::common::ATTENTION;
use crate::args::AuditArgs;
use crate::failure::Failure;
use crate::world::SystemClock;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a server that is busy is asked again, and the longest pause it may ask for.
const TRIES: u32 = 20;
const LONGEST_PAUSE: u64 = 10;
/// The longest answer: a thousand leaves in base64, and more.
const LONGEST: u64 = 32 * 1024 * 1024;

pub(super) fn run(args: &AuditArgs) -> Result<ExitCode, Failure> {
    let known = known(args)?;
    let source = Http::new(&args.url)?;
    let report = audit(&source, &known, SystemClock.now())?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("Audit of {}\n{report}", source.address);
    }
    if report.faults() > 0 {
        return Ok(ExitCode::from(ATTENTION));
    }
    if let (Some(file), Some(log)) = (&args.save, &report.log) {
        crate::durable::replace(file, &log.checkpoint)
            .map_err(|e| format!("{}: {e}", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn known(args: &AuditArgs) -> Result<Known, Failure> {
    let log_key = args.key.as_deref().map(str::parse).transpose();
    let log_key = log_key.map_err(|_| "--key is no key of a log: name+id+key, as in /v1/keys")?;
    let keys: Result<Vec<WitnessKey>, _> = args.witness.iter().map(|key| key.parse()).collect();
    let keys = keys.map_err(
        |_| "--witness is no key of a witness: name+id+key, as `jadegate witness` prints it",
    )?;
    let quorum = args.quorum.unwrap_or(keys.len());
    let witnesses = WitnessPolicy::new(keys, quorum)
        .map_err(|_| "--quorum is more than there are witnesses, or one witness is given twice")?;
    let read =
        |file: &Path| std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()));
    let earlier = args.from.as_deref().map(read).transpose()?;
    Ok(Known { log_key, witnesses, earlier })
}

/// A deployment's address.
struct Http {
    address: String,
    agent: ureq::Agent,
    /// Pauses that were asked for, in all.
    tries: Cell<u32>,
}

impl Http {
    fn new(url: &str) -> Result<Self, Failure> {
        let address = url.trim_end_matches('/');
        if !address.starts_with("https://") && !address.starts_with("http://") {
            return Err(format!("`{url}` is no address; it begins with https://").into());
        }
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false);
        let agent = config.build().into();
        Ok(Self { address: address.to_owned(), agent, tries: Cell::new(0) })
    }

    /// `Ok(None)`: ask again.
    fn once(&self, path: &str) -> Result<Option<Vec<u8>>, Unread> {
        let unreachable = |e: ureq::Error| Unread::Unreachable(e.to_string());
        let mut answer =
            self.agent.get(format!("{}{path}", self.address)).call().map_err(unreachable)?;
        match answer.status().as_u16() {
            200 => {
                let body = answer.body_mut().with_config().limit(LONGEST).read_to_vec();
                body.map(Some).map_err(unreachable)
            }
            404 => Err(Unread::Missing),
            // A limit for clients, or overload: both say how long to wait.
            429 | 503 if self.tries.get() < TRIES => {
                let asked = answer.headers().get("retry-after").and_then(|v| v.to_str().ok());
                let seconds = asked.and_then(|s| s.parse().ok()).unwrap_or(1);
                self.tries.set(self.tries.get() + 1);
                std::thread::sleep(Duration::from_secs(u64::min(seconds, LONGEST_PAUSE)));
                Ok(None)
            }
            status => Err(Unread::Status(status)),
        }
    }
}

impl Source for Http {
    fn get(&self, path: &str) -> Result<Vec<u8>, Unread> {
        self.tries.set(0);
        loop {
            if let Some(body) = self.once(path)? {
                return Ok(body);
            }
        }
    }
}
