//! One command, one function. Each prints for a person and answers with an exit code: 0 done, 1 could
//! not be done, 2 done but something needs attention.

mod audit;
mod bulk;
mod bulk_arrow;
mod certificate;
mod common;
mod copy;
mod cumulative;
mod import;
mod mandate;
mod policy;
mod setup;
mod staff;
mod trace;
mod upkeep;
mod what_if;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use jadegate_service::{Clock as _, Entropy};

use crate::args::{
    Args, ClockCommand, Command, DatabaseCommand, KeysCommand, PolicyCommand, Serve,
};
use crate::config::Config;
use crate::failure::Failure;
use crate::keyring::Keyring;
use crate::wire;
use crate::world::{OsEntropy, SystemClock};

/// The configuration file that is looked for if none is named.
const CONFIGURATION: &str = "jadegate.toml";

/// Runs the command.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let (file, mut config) = configuration(&args)?;
    if matches!(args.command, Command::Drill(_))
        && config.log_filter == Config::default().log_filter
    {
        // Nineteen towns are opened, and in each somebody is stopped: the table says so.
        "error".clone_into(&mut config.log_filter);
    }
    start_logging(&config);
    let done = |()| ExitCode::SUCCESS;
    match args.command {
        Command::Config => {
            print!("{}", config.redacted());
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi => {
            println!("{}", jadegate_web::openapi().to_pretty_json()?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Policy(PolicyCommand::WhatIf(change)) => {
            block_on(what_if::run(&config, &change)).map(done)
        }
        Command::Policy(command) => policy::run(&command),
        Command::Certificate(args) => certificate::run(&args),
        Command::Keys(command) => keys(&config, &command).map(done),
        Command::Mandate(command) => mandate::run(&config, &command).map(done),
        Command::Clock(ClockCommand::Confirm) => confirm_clock(&config).map(done),
        Command::Serve(_) => block_on(serve(config)).map(done),
        Command::Demo(demo) => {
            // A made-up town is built in a database only where that was said here and now.
            config.database = args.database.unwrap_or_default();
            block_on(crate::demo::run(&demo, config)).map(done)
        }
        Command::Drill(drill) => {
            // As for a demo: never in a database that the configuration names.
            config.database = String::new();
            block_on(crate::drill::run(&drill, config))
        }
        Command::Import(args) => block_on(import::run(&config, args)),
        Command::Trace(command) => block_on(trace::run(&config, &command)).map(done),
        Command::Setup(setup) => block_on(setup::run(&file, config, setup)),
        Command::Staff(command) => block_on(staff::run(&config, command)).map(done),
        Command::Backup { file } => block_on(upkeep::backup(&config, &file)).map(done),
        Command::Restore { folder } => block_on(upkeep::restore(&config, &folder)).map(done),
        Command::Database(DatabaseCommand::Copy { from, to }) => {
            block_on(copy::run(&config, &from, &to)).map(done)
        }
        Command::Audit(args) => audit::run(&args),
        Command::Witness(args) => block_on(crate::witness::run(&args)).map(done),
        Command::Doctor => block_on(upkeep::doctor(&config)),
    }
}

/// The configuration, and the file that it was or would be read from.
fn configuration(args: &Args) -> Result<(PathBuf, Config), Failure> {
    let mut flags = Vec::new();
    let mut flag = |key: &str, value: Option<String>| {
        flags.extend(value.map(|v| (key.to_owned(), v)));
    };
    let path = |p: &std::path::PathBuf| p.display().to_string();
    flag("data", args.data.as_ref().map(path));
    flag("database", args.database.clone());
    flag("policy", args.policy.as_ref().map(path));
    flag("log_format", args.log_format.map(|f| format!("{f:?}").to_lowercase()));
    if let Command::Serve(Serve { listen, origin }) = &args.command {
        flag("listen", listen.clone());
        flag("origin", origin.clone());
    }
    let file = args.config.clone().unwrap_or_else(|| PathBuf::from(CONFIGURATION));
    // A file that was named must be there, unless it is to be made.
    let optional = args.config.is_none() || matches!(args.command, Command::Setup(_));
    let read = if optional && !file.exists() { None } else { Some(file.as_path()) };
    let config = Config::load(read, std::env::vars(), &flags)?;
    Ok((file, config))
}

fn start_logging(config: &Config) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(&config.log_filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // Colours are for people at a terminal who have not said otherwise (no-color.org), never for files.
    let colours = std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours);
    match config.log_format {
        crate::config::LogFormat::Text => builder.init(),
        crate::config::LogFormat::Json => builder.json().init(),
    }
}

fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    // What a thread is still at is of no use to anybody any more; dropping would wait for it.
    runtime.shutdown_timeout(std::time::Duration::from_millis(100));
    done
}

async fn serve(config: Config) -> Result<(), Failure> {
    let settings = wire::settings(&config, false)?;
    let deployment =
        wire::open(&config, settings, Arc::new(SystemClock), Arc::new(OsEntropy)).await?;
    deployment.app.note_served_at(&config.origin).await?;
    let listener = tokio::net::TcpListener::bind(config.listen)
        .await
        .map_err(|e| format!("cannot listen on {}: {e}", config.listen))?;
    let (listen, origin) = (config.listen, config.origin.clone());
    let app = Arc::downgrade(&deployment.app);
    let admin = crate::admin::listen(&config.data, origin.clone(), app)?;
    let served = crate::serve::serve(&config, deployment, listener, None, move || {
        tracing::info!(%listen, origin, "ready");
    })
    .await;
    drop(admin);
    served
}

fn keys(config: &Config, command: &KeysCommand) -> Result<(), Failure> {
    let path = config.key_file();
    let rng: &dyn Entropy = &OsEntropy;
    let now = SystemClock.now();
    // None are made here: a key file without a database could be taken for one that lost its.
    let mut ring = Keyring::load(&path)?;
    if matches!(command, KeysCommand::Rotate) {
        ring.rotate(rng, now);
        // Never a file that the next start cannot use.
        ring.issuer(&config.issuer, &path)?;
        ring.replace(&path)?;
        println!("new keys are in force from {now}; a running server takes them up within seconds");
    }
    println!("root secret  {}", ring.keys(&path)?.fingerprint());
    for key in ring.issuer(&config.issuer, &path)?.key_set().keys() {
        println!(
            "{:<12} {}  {} … {}",
            format!("{:?}", key.key_use()).to_lowercase(),
            key.kid(),
            key.period().from,
            key.period().to
        );
    }
    Ok(())
}

fn confirm_clock(config: &Config) -> Result<(), Failure> {
    let now = SystemClock.now();
    crate::beside::confirm(config, now)?;
    println!(
        "confirmed: it is {now}. A running server takes it up within seconds, or the next start does"
    );
    Ok(())
}
