//! `jadegate-bench`: what the release binary does with a second of CPU.
//!
//! It starts the binary as anybody would, talks to it over HTTP, and reads the CPU time of the
//! process from the kernel. `README.md` says what each number means.

mod client;
mod durable;
mod engines;
mod hello;
mod import;
mod load;
mod machine;
mod page;
mod peers;
mod people;
mod policy;
mod process;
mod report;
mod requests;
mod town;
mod trace;

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

/// Anything that stops a measurement, in words.
type Failure = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Failure>;

/// Measures the jadegate binary. All figures are ratios of one run on one machine.
#[derive(Debug, Parser)]
#[command(name = "jadegate-bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the bare "hello" that requests are compared with
    Hello {
        /// Port on this machine
        #[arg(long)]
        port: u16,
        /// Look an opening up and sign instead
        #[arg(long)]
        signed: bool,
        /// The same from the PostgreSQL with its socket in this folder
        #[arg(long, value_name = "FOLDER")]
        postgres: Option<PathBuf>,
    },
}

/// What to measure, and how much of it.
#[derive(Clone, Debug, Args)]
struct Options {
    /// The release binary [default: target/release/jadegate of the checkout]
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// People of the made-up town
    #[arg(long, default_value_t = 20_000)]
    people: u32,
    /// Runs of each measurement; medians are printed
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=99))]
    runs: u32,
    /// Connections at once; each waits for its answer before it asks again
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=200))]
    connections: u16,
    /// Requests of one run of "hello"; a run of codes has a fifth of it, a run of scans a tenth
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1000..))]
    requests: u64,
    /// Only these parts
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Part::Requests, Part::Trace, Part::Import, Part::Page, Part::Engines, Part::People, Part::Policy])]
    only: Vec<Part>,
    /// People whose colours are compared; 8 % of them have evidence
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(100_000..=100_000_000))]
    crowd: u64,
    #[command(flatten)]
    engines: EngineOptions,
    /// Check-ins for the import [default: ../shared/data/checkins_four_cities.csv.gz beside the checkout]
    #[arg(long, value_name = "FILE")]
    check_ins: Option<PathBuf>,
    /// Real people, for judging [default: ../shared/data beside the checkout]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

/// The comparison of engines that trace.
#[derive(Clone, Debug, Args)]
struct EngineOptions {
    /// Visits of the made-up town: ten a person, a hundred a place
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(10_000..=200_000_000))]
    visits: u32,
    /// Zipf's exponent of the popularity of places
    #[arg(long, default_value_t = 0.8, value_parser = exponent)]
    zipf: f64,
    /// Cases in bulk
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u16).range(1..))]
    cases: u16,
    /// Of so many cases each is traced alone
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    singles: u16,
    /// Engines to compare with
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "duckdb,polars,datafusion,sqlite,postgresql",
        value_parser = ["duckdb", "polars", "datafusion", "sqlite", "postgresql"]
    )]
    peers: Vec<String>,
}

impl EngineOptions {
    fn has(&self, engine: &str) -> bool {
        self.peers.iter().any(|p| p == engine)
    }
}

/// From one popularity for all places to nearly everybody at a few.
fn exponent(text: &str) -> std::result::Result<f64, String> {
    match text.parse() {
        Ok(e) if (0.0..=1.5).contains(&e) => Ok(e),
        _ => Err("a number from 0 to 1.5 is needed".into()),
    }
}

/// A part of the measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Requests per CPU-second: hello, code, scan
    Requests,
    /// One trace
    Trace,
    /// Import of check-ins
    Import,
    /// Size of the holder page
    Page,
    /// Tracing, compared with engines one would pick instead
    Engines,
    /// How good flagging by shared time is, on real people
    People,
    /// Colours: one assessment, what-if, recolouring, compared with one SQL UPDATE
    Policy,
}

impl Options {
    fn has(&self, part: Part) -> bool {
        self.only.contains(&part)
    }
}

/// The checkout this was built in.
fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Hello { port, signed, postgres }) => {
            let kind = match postgres {
                Some(socket) => hello::Kind::Postgres(socket),
                None if signed => hello::Kind::Signed,
                None => hello::Kind::Letters,
            };
            hello::serve(port, kind).await
        }
        None => measure(&cli.options).await,
    }
}

async fn measure(options: &Options) -> Result<()> {
    let mut report = report::Report::begin(options);
    let needs_binary = [Part::Requests, Part::Trace, Part::Import].iter().any(|p| options.has(*p));
    let binary = options.binary.clone().unwrap_or_else(|| root().join("target/release/jadegate"));
    if needs_binary && !binary.is_file() {
        return Err(format!(
            "{} is not there; build it with: cargo build --release --locked -p jadegate",
            binary.display()
        )
        .into());
    }
    // Programs are started in the checkout, wherever this one was.
    let binary = if needs_binary { binary.canonicalize()? } else { binary };
    // On the disk of the checkout: /tmp may be memory, where waiting for the disk costs nothing.
    let scratch = process::Scratch::new(&root().join("target"))?;
    if options.has(Part::Requests) || options.has(Part::Trace) {
        eprintln!("starting a town of {} people …", options.people);
        let mut server = process::Server::demo(&binary, options.people, scratch.path())?;
        report.note(&server.greeting);
        if options.has(Part::Trace) {
            trace::measure(&server, options.runs, &mut report).await?;
        }
        if options.has(Part::Requests) {
            requests::measure(&server, options, scratch.path(), &mut report).await?;
        }
        server.stop()?;
    }
    if options.has(Part::Import) {
        import::measure(&binary, options, scratch.path(), &mut report)?;
    }
    if options.has(Part::Page) {
        page::measure(&mut report)?;
    }
    if options.has(Part::Engines) {
        engines::measure(&options.engines, options.runs, scratch.path(), &mut report)?;
    }
    if options.has(Part::People) {
        let beside = || root().join("../shared/data");
        people::measure(&options.data.clone().unwrap_or_else(beside), &mut report)?;
    }
    if options.has(Part::Policy) {
        policy::measure(options.crowd, options.runs, scratch.path(), &mut report)?;
    }
    report.print();
    Ok(())
}
