//! The command line.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use jadegate_domain::{AgencyKind, Division};

use crate::config::LogFormat;

/// An open health code: a colour is a pure function of evidence and policy.
#[derive(Debug, Parser)]
#[command(name = "jadegate", version, arg_required_else_help = true)]
pub(crate) struct Args {
    /// Configuration file (TOML); jadegate.toml here if there is one. Defaults < file < environment (JADEGATE_…) < flags
    #[arg(long, global = true, env = "JADEGATE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the key file, and of the database unless that is named
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// A PostgreSQL database in place of a file: postgres://user@host/name. With a password, better in JADEGATE_DATABASE or the configuration file, where no list of processes shows it
    #[arg(long, global = true, value_name = "URL")]
    pub database: Option<String>,
    /// The policy of the first start: a shipped one by name (see `policy shipped`), or a file
    #[arg(long, global = true, value_name = "NAME|FILE")]
    pub policy: Option<PathBuf>,
    /// How log lines look
    #[arg(long, global = true, value_enum)]
    pub log_format: Option<LogFormat>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set a deployment up: configuration file, keys, two people's invitations, and what is missing
    Setup(Setup),
    /// Serve the three pages and the API
    Serve(Serve),
    /// Serve a made-up town, with ways in that need no phone and no passkey
    Demo(Demo),
    /// Try what an insider with each role could do to a made-up town; exit code 2 if one of them goes too far
    Drill(Drill),
    /// Take in a file; doing it twice changes nothing, and an interrupted run is resumed by running it again
    Import(ImportArgs),
    /// Trace one case, or list the contacts of many: who shared a place and a time with them
    Trace(Trace),
    /// Check, test and explain policy files
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Say what certificates of others are and whether they hold: EU, SMART Health Card, New Zealand, ICAO, WHO, DIVOC
    Certificate(CertificateArgs),
    /// The keys that sign codes
    #[command(subcommand)]
    Keys(KeysCommand),
    /// The mandate: on whose authority the deployment acts, until when and within which limits
    #[command(subcommand)]
    Mandate(MandateCommand),
    /// The server's clock
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Agencies and their staff
    #[command(subcommand)]
    Staff(StaffCommand),
    /// Write a consistent copy of the database to a new file; of one on PostgreSQL, to a new folder
    Backup {
        /// The new file, or folder
        file: PathBuf,
    },
    /// Read a folder that `backup` wrote back into an empty PostgreSQL database
    Restore {
        /// The folder
        folder: PathBuf,
    },
    /// Move a deployment from one database to another
    #[command(subcommand)]
    Database(DatabaseCommand),
    /// Check a deployment from outside, with nothing but its address; exit code 2 if something does not hold
    Audit(AuditArgs),
    /// Be a witness of public logs: sign what they publish, and never two logs under one name
    Witness(WitnessArgs),
    /// Look for everything that could go wrong
    Doctor,
    /// Print the configuration with secrets hidden
    Config,
    /// Print the API document (OpenAPI 3.1)
    Openapi,
}

/// `database`.
#[derive(Debug, Subcommand)]
pub(crate) enum DatabaseCommand {
    /// Copy everything into an empty database, from a file to PostgreSQL or back, and compare both. No server may have the source open; cut short, it goes on when it is run again
    Copy {
        /// The database to copy: a file, postgres://user@host/name, or `configured`: the one of the configuration
        #[arg(long, value_name = "FILE|URL")]
        from: String,
        /// The database to copy into, named in the same way. With a password, better `configured` and JADEGATE_DATABASE
        #[arg(long, value_name = "FILE|URL")]
        to: String,
    },
}

/// What `certificate` reads.
#[derive(Debug, clap::Args)]
pub(crate) struct CertificateArgs {
    /// What the codes hold, one on each line; `-` is the standard input
    pub(crate) file: PathBuf,
    /// Keys of issuers, and what they revoked (docs/interop.md names the forms); may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Vec<PathBuf>,
    /// Judge as of this moment, as in 2022-03-01T08:30:00Z, and not as of now
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// One JSON object for each, with everything that it says
    #[arg(long)]
    pub(crate) json: bool,
}

/// `mandate`.
#[derive(Debug, Subcommand)]
pub(crate) enum MandateCommand {
    /// Make an authority's key; prints its public part, which goes into mandate.authority. Keep the file away from the server
    Key {
        /// The authority's name in each signature, like town.example/mandate
        name: String,
        /// The new key file
        file: PathBuf,
    },
    /// Print a document to begin with: fill in purpose, authority, region, from, to and limits
    Example {
        /// Where the mandate holds
        #[arg(long, value_name = "DIVISION")]
        region: Division,
    },
    /// Sign a document; prints it with its signature
    Sign {
        /// The document (TOML)
        document: PathBuf,
        /// The authority's key file
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Verify a signed document and print what it says
    Check {
        /// The signed document
        note: PathBuf,
        /// The authority's public key; mandate.authority if it is left out
        #[arg(long, value_name = "KEY")]
        authority: Option<String>,
    },
    /// Make a mandate for a trial in the data folder, signed by a key of its own
    Trial {
        /// Where it holds
        #[arg(long, value_name = "DIVISION")]
        region: Division,
    },
}

/// `setup`. What is left out is asked for at a terminal.
#[derive(Debug, ClapArgs)]
pub(crate) struct Setup {
    /// Where browsers will reach the pages
    #[arg(long, value_name = "URL")]
    pub origin: Option<String>,
    /// Division in which the deployment acts
    #[arg(long, value_name = "DIVISION")]
    pub region: Option<String>,
    /// Name of the operator: who runs the machines
    #[arg(long, value_name = "NAME")]
    pub operator: Option<String>,
    /// The operator's administrator: invites staff, has no power over people
    #[arg(long, value_name = "NAME")]
    pub administrator: Option<String>,
    /// Name of the health commission
    #[arg(long, value_name = "NAME")]
    pub commission: Option<String>,
    /// The health commission's commissioner, another person: confirms powers over people
    #[arg(long, value_name = "NAME")]
    pub commissioner: Option<String>,
    /// Name of a second office of the commission: decides on the first one's large changes
    #[arg(long, value_name = "NAME")]
    pub second_office: Option<String>,
    /// The second office's commissioner, a third person
    #[arg(long, value_name = "NAME")]
    pub second_commissioner: Option<String>,
    /// Where the message gateway takes messages; the rest of it is set in the file's [sms]
    #[arg(long, value_name = "URL")]
    pub sms_url: Option<String>,
    /// Address to listen on
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// There is a proxy in front, and its X-Forwarded-For is to be believed
    #[arg(long)]
    pub trust_proxy: bool,
    /// Send a test message to this phone
    #[arg(long, value_name = "PHONE")]
    pub test_phone: Option<String>,
}

/// `serve`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Serve {
    /// Address to listen on
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// Where browsers reach the pages
    #[arg(long, value_name = "URL")]
    pub origin: Option<String>,
}

/// `demo`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Demo {
    /// People in the town
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(10..=200_000))]
    pub people: u32,
    /// The same seed makes the same town
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Port on this machine
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Keep the town in this folder instead of a temporary one; if one was kept there, it is opened as it was left
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// `drill`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Drill {
    /// People in the town of each try
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(150..=20_000))]
    pub people: u32,
    /// As JSON, not as a table
    #[arg(long)]
    pub json: bool,
}

/// `audit`.
#[derive(Debug, ClapArgs)]
pub(crate) struct AuditArgs {
    /// Where the pages are: https://health.example
    #[arg(value_name = "URL")]
    pub url: String,
    /// Key of the log from another source than the deployment itself
    #[arg(long, value_name = "NAME+ID+KEY")]
    pub key: Option<String>,
    /// Key of a witness that you trust; may be given several times
    #[arg(long, value_name = "NAME+ID+KEY")]
    pub witness: Vec<String>,
    /// How many of them must have signed; all if left out
    #[arg(long, value_name = "N", requires = "witness")]
    pub quorum: Option<usize>,
    /// Checkpoint that an earlier audit saved: its log must be the beginning of today's
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Save today's checkpoint for the next audit, if there is no fault
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// `witness`.
#[derive(Debug, ClapArgs)]
pub(crate) struct WitnessArgs {
    /// Key of a log to watch, as `/v1/keys` gives it in `log`; may be given several times
    #[arg(long, value_name = "NAME+ID+KEY", required = true)]
    pub log: Vec<String>,
    /// Name of this witness: its address without scheme. Needed at the first start, and kept
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Folder of its own: the key, and what was signed. Never copy it back from a backup
    #[arg(long, value_name = "DIR", default_value = "witness")]
    pub folder: PathBuf,
    /// Address to listen on
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8099")]
    pub listen: std::net::SocketAddr,
}

/// `import`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ImportArgs {
    /// Most MiB of the file, unpacked; each kind of file has a limit of its own if left out
    #[arg(long, global = true, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub max_mib: Option<u64>,
    /// Most lines of the file; each kind of file has a limit of its own if left out
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_lines: Option<u64>,
    /// Say all that would become of the file, line by line, and record nothing
    #[arg(long, global = true)]
    pub check: bool,
    /// Zone of times that state none: Asia/Shanghai or +08:00. A column time_zone says it line by line;
    /// without either, such times are refused
    #[arg(long, global = true, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// What is in the file
    #[command(subcommand)]
    pub what: Import,
}

/// What is imported.
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// Visits
    Visits {
        /// The file, plain or gzip
        file: PathBuf,
        /// Its form
        #[arg(long, value_enum, default_value_t = VisitForm::Generic)]
        form: VisitForm,
        /// First day for files without real dates
        #[arg(long, value_name = "DATE", default_value = "2012-04-02")]
        start: String,
        /// The agency that brings it, for the record; left out: this machine's command line
        #[arg(long, value_name = "ID")]
        agency: Option<String>,
    },
    /// Test results of a laboratory
    Tests {
        /// The file (CSV)
        file: PathBuf,
        /// The laboratory's agency id (see `staff agencies`)
        #[arg(long)]
        agency: String,
    },
    /// A carrier's passengers: who was aboard which trip, between which stops, on which seat
    #[command(after_long_help = RIDES)]
    Rides {
        /// The file (CSV, plain or gzip); `--help` describes its columns
        file: PathBuf,
        /// The carrier's agency id (see `staff agencies`)
        #[arg(long)]
        agency: String,
    },
    /// Risk levels of divisions: snapshots by name
    RiskLevels {
        /// The file (CSV, plain or gzip)
        file: PathBuf,
        /// The health commission's agency id
        #[arg(long)]
        agency: String,
        /// List every row that could not be matched
        #[arg(long)]
        unmatched: bool,
    },
    /// Check a table of divisions against the built-in one
    Divisions {
        /// The file (CSV: code,name)
        file: PathBuf,
    },
    /// Published exposure events: a place and a time where a case was
    Events {
        /// The file (CSV, plain or gzip)
        file: PathBuf,
    },
}

/// The columns of a carrier's list.
const RIDES: &str = "\
Columns, in any order; one line is one passenger from boarding to alighting:
  kind              bus, train, flight, taxi or ferry
  number, date      the trip as tickets name it: G1371, and the local day it starts: 2022-03-01
  division          where it starts: CN-330106, JP
  departs           when the passenger's stop of boarding was left: 2022-03-01T08:30:00+08:00
  document_type, document_number, document_country
                    the passenger's document; or instead of it
  holder            their opaque id
May be left out, or empty:
  from_no, from     the stop of boarding: its number along the way, from 1, and its name
  to_no, to         the stop of alighting
  arrives           when the stop of alighting was reached
  seat              12A; in a train with its coach: 05-12A
Wrong lines and unknown passengers are told by line number and code; the others are taken.";

/// Forms of visit files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VisitForm {
    /// person,place,place_kind,place_name,division,entered,left
    Generic,
    /// Check-ins of Calgary
    Calgary,
    /// Check-ins of four cities
    FourCities,
}

/// `trace`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Trace {
    /// The case: its contacts are recorded
    #[arg(long, requires = "agency", required_unless_present = "cases", conflicts_with = "cases")]
    pub case: Option<String>,
    /// The prevention team's agency id, which the evidence names (see `staff agencies`)
    #[arg(long, conflicts_with = "cases")]
    pub agency: Option<String>,
    /// Many cases, one id a line; `-` is standard input. Nothing is recorded
    #[arg(long, value_name = "FILE")]
    pub cases: Option<PathBuf>,
    /// With `--cases`: 1 close contacts, 2 also theirs; as the policy says if left out
    #[arg(long, conflicts_with = "case", value_parser = clap::value_parser!(u8).range(1..=2))]
    pub hops: Option<u8>,
    /// With `--cases`: who was exposed to any of them and for how long in all, most minutes first; names no case
    #[arg(long, requires = "cases", conflicts_with = "case")]
    pub cumulative: bool,
    /// With `--cumulative`: leave out who shared fewer minutes; what makes a close contact if left out
    #[arg(long, value_name = "N", requires = "cumulative")]
    pub least_minutes: Option<u32>,
    /// How to print the result: `text` or `json` for one case, `csv` (if left out), `json` or `arrow` for many
    #[arg(long, value_enum)]
    pub format: Option<TraceFormat>,
}

/// How to print a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TraceFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// For spreadsheets, one contact a line
    Csv,
    /// An Arrow IPC stream, for data tools
    Arrow,
}

/// How to print a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// `policy`. Wherever a policy file is asked for, the name of a shipped policy will do.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// List the policies that come with the program, or print one of them, to begin one's own with
    Shipped {
        /// The name of one: print it
        name: Option<String>,
    },
    /// Report every problem of a policy file with line and column
    Check {
        /// The file
        file: PathBuf,
    },
    /// Run a policy's cases
    Test {
        /// The file
        file: PathBuf,
        /// Its cases; FILE.cases.toml beside it if left out
        #[arg(long)]
        cases: Option<PathBuf>,
    },
    /// A timeline of colours, from the first evidence to the last change that can be foreseen
    Explain {
        /// The policy file
        file: PathBuf,
        /// A file of [[evidence]] tables, as in case files
        evidence: PathBuf,
        /// Where the person lives, for policies with time zones by division
        #[arg(long, value_name = "DIVISION")]
        home: Option<String>,
        /// Language of the texts: en or zh
        #[arg(long, value_parser = ["en", "zh"], default_value = "en")]
        lang: String,
        /// As an SVG picture instead of text
        #[arg(long)]
        svg: bool,
    },
    /// What differs between two policy files, in words
    Diff {
        /// The one file
        before: PathBuf,
        /// The other
        after: PathBuf,
    },
    /// The JSON Schema of policy files, for editors
    Schema {
        /// That of case files instead
        #[arg(long)]
        cases: bool,
    },
    /// What a policy or a risk level would do to the present colours; nothing is written
    WhatIf(WhatIf),
}

/// `policy what-if`.
#[derive(Debug, ClapArgs)]
pub(crate) struct WhatIf {
    /// The new policy file; the one compared with if left out
    pub new: Option<PathBuf>,
    /// Compare with this file instead of the policy in force
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// A risk level to add, from now on; may be given several times
    #[arg(long, value_name = "DIVISION=LEVEL")]
    pub risk_level: Vec<String>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub format: ReportFormat,
}

/// `keys`.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// The published keys and their periods
    List,
    /// Add new keys, in force from now on; a running server takes them up within seconds
    Rotate,
}

/// `clock`.
#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Say that the clock is right although it jumped: what was held goes on, and what is due is deleted
    Confirm,
}

/// `staff`.
#[derive(Debug, Subcommand)]
pub(crate) enum StaffCommand {
    /// Register an agency
    AddAgency {
        /// What it is
        #[arg(long, value_parser = PossibleValuesParser::new(AgencyKind::ALL.iter().map(|k| k.as_str())))]
        kind: String,
        /// Name as shown to holders
        #[arg(long)]
        name: String,
        /// Division where it acts
        #[arg(long)]
        region: String,
    },
    /// List agencies
    Agencies,
    /// Print a single-use invitation link; the passkey is made when it is opened
    Invite {
        /// The agency's id
        #[arg(long)]
        agency: String,
        /// officer, commissioner, lab_technician, venue_manager, administrator, auditor
        #[arg(long)]
        role: String,
        /// Division inside which they act
        #[arg(long)]
        region: String,
        /// Name shown to colleagues
        #[arg(long)]
        name: String,
    },
    /// End somebody's access; their sessions end at once
    End {
        /// Their id (see `staff list`)
        #[arg(long)]
        staff: String,
    },
    /// List staff
    List,
}
