//! `jadegate setup`: a deployment's first minutes. Writes the configuration file, makes the keys and the
//! database, invites two people of different agencies, and a third of a second office if there is one,
//! and says what is still missing. Run again, it only looks.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jadegate_domain::{AgencyKind, Phone, Timestamp};
use jadegate_service::staff::{AgencyInput, StaffInput};
use jadegate_service::{App, Clock as _, SmsError, SmsFault};

use super::common::ATTENTION;
use crate::args::Setup;
use crate::config::Config;
use crate::failure::Failure;
use crate::wire::{self, Deployment};
use crate::world::{OsEntropy, SystemClock};

/// Free disk space below which `setup` says so.
const LEAST_FREE_MIB: u64 = 2048;
/// No clock of a machine that runs this program is before this moment.
const RELEASED: &str = "2026-01-01T00:00:00Z";
/// Seconds until a name or a gateway that does not answer is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was said of them by flags.
struct People {
    region: Option<String>,
    operator: Option<String>,
    administrator: Option<String>,
    commission: Option<String>,
    commissioner: Option<String>,
    second_office: Option<String>,
    second_commissioner: Option<String>,
}

/// The people and agencies of the first set-up.
struct Two {
    region: String,
    operator: String,
    administrator: String,
    commission: String,
    commissioner: String,
    /// A second office of the commission and its commissioner.
    second: Option<(String, String)>,
}

pub(super) async fn run(file: &Path, mut config: Config, args: Setup) -> Result<ExitCode, Failure> {
    let fresh = !file.exists();
    let mut asked = Asked::new();
    if fresh {
        let origin = asked.need(args.origin, "origin", "Address of the pages (https://…)")?;
        config.origin = origin.unwrap_or_default();
        let sms = asked.may(args.sms_url, "Address of the message gateway (empty: not yet)")?;
        config.sms.url = sms.unwrap_or_default();
        if let Some(listen) = args.listen {
            config.listen = listen.parse().map_err(|e| format!("--listen {listen}: {e}"))?;
        }
        config.trust_proxy |= args.trust_proxy;
    } else if let Some(other) = args.origin.filter(|o| *o != config.origin) {
        let known = &config.origin;
        return Err(format!(
            "{} says that the origin is {known}, and the flag says {other}; change the file by hand",
            file.display()
        )
        .into());
    }
    let people = People {
        region: args.region,
        operator: args.operator,
        administrator: args.administrator,
        commission: args.commission,
        commissioner: args.commissioner,
        second_office: args.second_office,
        second_commissioner: args.second_commissioner,
    };
    let two = if has_agencies(&config).await? { None } else { Some(asked.people(people)?) };
    asked.complete()?;
    if let Some(two) = &two {
        two.are_people_of_their_own()?;
    }
    jadegate_web::check_origin(&config.origin)?;
    crate::serve::gateway(&config, false)?;

    private_folder(&config.data)?;
    if fresh {
        write_configuration(file, &config)?;
        println!("{} is written; `jadegate config` prints every setting.", file.display());
    }
    let Deployment { app, store } = wire::open(
        &config,
        wire::settings(&config, false)?,
        Arc::new(SystemClock),
        Arc::new(OsEntropy),
    )
    .await?;
    let begun = begin(&app, &config, two).await;
    let newest = app.newest_leaf().await;
    let offices = offices(&app).await;
    let mandate = mandate(&app);
    let key = app.log_key();
    drop(app);
    store.close().await;
    begun?;
    println!(
        "\nThe public log's key; whoever verifies the log needs it, and it never changes:\n  {key}"
    );
    println!(
        "\nKeep a copy of {} elsewhere: it is not in the database and not in its backup.\n",
        config.key_file().display()
    );
    let mut found = look(&config, newest?, args.test_phone.as_deref()).await;
    found.push(offices?);
    found.push(mandate);
    for (ok, what, detail) in &found {
        println!("{}  {what:<12} {detail}", if *ok { "ok  " } else { "LOOK" });
    }
    let missing = found.iter().filter(|(ok, ..)| !ok).count();
    if missing == 0 {
        println!("\nNothing is missing. Start it: jadegate serve");
        return Ok(ExitCode::SUCCESS);
    }
    println!("\n{missing} to look at; run `jadegate setup` again to look once more.");
    Ok(ExitCode::from(ATTENTION))
}

impl Two {
    fn are_people_of_their_own(&self) -> Result<(), Failure> {
        let third = self.second.as_ref().map(|(_, name)| name.trim());
        let (a, b) = (self.administrator.trim(), self.commissioner.trim());
        if a == b || third.is_some_and(|c| c == a || c == b) {
            return Err(
                "administrator and commissioners are two people or three: none can do everything alone"
                    .into(),
            );
        }
        let office = self.second.as_ref().map(|(office, _)| office.trim());
        if office.is_some_and(|office| office == self.commission.trim()) {
            return Err("the second office needs a name of its own: people see who decided".into());
        }
        Ok(())
    }
}

/// Answers from flags or, at a terminal, from whoever sits there.
struct Asked {
    terminal: bool,
    missing: Vec<&'static str>,
}

impl Asked {
    fn new() -> Self {
        Self { terminal: std::io::stdin().is_terminal(), missing: Vec::new() }
    }

    fn need(
        &mut self,
        given: Option<String>,
        flag: &'static str,
        question: &str,
    ) -> Result<Option<String>, Failure> {
        let given = self.may(given, question)?.filter(|text| !text.trim().is_empty());
        if given.is_none() {
            self.missing.push(flag);
        }
        Ok(given)
    }

    /// The agencies and people of the first set-up.
    fn people(&mut self, given: People) -> Result<Two, Failure> {
        let text = |value: Option<String>| value.unwrap_or_default();
        let region = self.need(given.region, "region", "Division where it acts (CN-33)")?;
        let operator = self.need(given.operator, "operator", "Name of the operator")?;
        let administrator =
            self.need(given.administrator, "administrator", "Its administrator's name")?;
        let commission =
            self.need(given.commission, "commission", "Name of the health commission")?;
        let commissioner =
            self.need(given.commissioner, "commissioner", "Its commissioner's name")?;
        let office = self.may(
            given.second_office,
            "Name of a second office of the commission, which decides on the first one's large changes (empty: not yet)",
        )?;
        let third = given.second_commissioner;
        let second = match office.filter(|name| !name.trim().is_empty()) {
            Some(office) => {
                let name = self.need(third, "second-commissioner", "Its commissioner's name")?;
                Some((office, text(name)))
            }
            None if third.is_some() => {
                return Err("--second-commissioner needs --second-office".into());
            }
            None => None,
        };
        self.complete()?;
        Ok(Two {
            region: text(region),
            operator: text(operator),
            administrator: text(administrator),
            commission: text(commission),
            commissioner: text(commissioner),
            second,
        })
    }

    fn may(&self, given: Option<String>, question: &str) -> Result<Option<String>, Failure> {
        if given.is_some() || !self.terminal {
            return Ok(given);
        }
        print!("{question}: ");
        std::io::stdout().flush()?;
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        Ok(Some(line.trim().to_owned()).filter(|text| !text.is_empty()))
    }

    /// Everything that is missing, at once.
    fn complete(&self) -> Result<(), Failure> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let flags: Vec<String> = self.missing.iter().map(|f| format!("--{f}")).collect();
        Err(format!("still needed: {}", flags.join(", ")).into())
    }
}

/// Was it set up before?
async fn has_agencies(config: &Config) -> Result<bool, Failure> {
    let none = match config.database_url() {
        Some(url) => crate::database::never_used(url).await?,
        None => !config.database_file().exists(),
    };
    if none {
        return Ok(false);
    }
    let store = crate::database::Database::open_read_only(config).await?;
    Ok(!store.agencies().await?.is_empty())
}

/// The data folder, its owner's alone.
fn private_folder(data: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt as _;
    if data.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(data).map_err(|e| format!("{}: {e}", data.display()).into())
}

/// What differs from the defaults, in a new file that only its owner reads.
fn write_configuration(file: &Path, config: &Config) -> Result<(), Failure> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let all = toml::Table::try_from(config)?;
    let changed = different(&all, &toml::Table::try_from(Config::default())?);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut out = options.open(file).map_err(|e| format!("{}: {e}", file.display()))?;
    out.write_all(toml::to_string_pretty(&changed)?.as_bytes())?;
    Ok(out.sync_all()?)
}

fn different(all: &toml::Table, defaults: &toml::Table) -> toml::Table {
    let mut out = toml::Table::new();
    for (key, value) in all {
        match (value, defaults.get(key)) {
            (toml::Value::Table(inner), Some(toml::Value::Table(known))) => {
                let inner = different(inner, known);
                if !inner.is_empty() {
                    out.insert(key.clone(), inner.into());
                }
            }
            (value, known) if known != Some(value) => {
                out.insert(key.clone(), value.clone());
            }
            _ => {}
        }
    }
    out
}

/// Registers the two agencies and invites their people.
async fn begin(app: &App, config: &Config, two: Option<Two>) -> Result<(), Failure> {
    let Some(two) = two else {
        println!("Agencies are registered already, so nobody is invited; use `jadegate staff`.");
        return Ok(());
    };
    let region = two.region;
    let second =
        two.second.map(|(office, name)| ("health_commission", office, "commissioner", name));
    let first = [
        ("operator", two.operator, "administrator", two.administrator),
        ("health_commission", two.commission, "commissioner", two.commissioner),
    ];
    for (kind, agency, role, name) in first.into_iter().chain(second) {
        let input = AgencyInput { kind: kind.to_owned(), name: agency, region: region.clone() };
        let agency = app.create_agency_from_this_machine(&input).await?;
        let input = StaffInput {
            agency: agency.id,
            role: role.to_owned(),
            region: String::new(),
            display_name: name,
        };
        let invited = app.invite_staff_from_this_machine(&input).await?;
        println!(
            "\nFor {} ({role}, {}), and nobody else, on their own device before {}:\n  {}{}",
            input.display_name, agency.name, invited.expires_at, config.origin, invited.link
        );
    }
    Ok(())
}

/// Is there somebody who can decide on a large change that a commissioner proposes?
async fn offices(app: &App) -> Result<Found, Failure> {
    const WHAT: &str = "two hands";
    let agencies = app.store().agencies().await?;
    let commissions = agencies.iter().filter(|a| a.kind == AgencyKind::HealthCommission).count();
    Ok(if commissions > 1 {
        (true, WHAT, "what one office of the commission proposes another can decide".to_owned())
    } else {
        let how = "the commission has one office, so nobody could decide on a large change (policy, risk level) that it proposes. Add a second with `jadegate staff add-agency --kind health_commission`, invite its commissioner, and have the first one confirm both";
        (false, WHAT, how.to_owned())
    })
}

/// On whose authority would it act?
fn mandate(app: &App) -> Found {
    const WHAT: &str = "mandate";
    if let Some(days) = app.mandate_days_left() {
        return (true, WHAT, format!("holds for {days} days more"));
    }
    let how = "none holds, so no code is made. The authority signs one (`jadegate mandate`); name it and its key in mandate.file and mandate.authority. For a trial: `jadegate mandate trial`";
    (false, WHAT, how.to_owned())
}

type Found = (bool, &'static str, String);

/// Everything that could be missing.
async fn look(config: &Config, newest: Option<Timestamp>, test_phone: Option<&str>) -> Vec<Found> {
    vec![
        name(config).await,
        gateway(config, test_phone).await,
        clock(newest),
        disk(&config.data),
        permissions(config),
    ]
}

/// Does the name of the pages lead anywhere?
async fn name(config: &Config) -> Found {
    let authority = config.origin.split("://").last().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).to_owned();
    let looked =
        tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host.as_str(), 443))).await;
    let found: Vec<String> = match looked {
        Ok(Ok(found)) => found.map(|a| a.ip().to_string()).collect(),
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    match found.first() {
        Some(first) => (true, "name", format!("{host} is {first}")),
        None => (false, "name", format!("{host} has no address: enter it in the DNS")),
    }
}

/// Is there a message gateway, and does it take a message?
async fn gateway(config: &Config, test_phone: Option<&str>) -> Found {
    const WHAT: &str = "messages";
    if config.sms.url.is_empty() {
        let why = "no gateway is configured (sms.url): nobody can register or sign in by phone";
        return (false, WHAT, why.to_owned());
    }
    let Some(phone) = test_phone else {
        let how = "send a test message with --test-phone +86…";
        return (true, WHAT, format!("gateway {}; {how}", config.sms.url));
    };
    let sent = async {
        let phone = Phone::new(phone).map_err(|e| e.to_string())?;
        let gateway = crate::serve::gateway(config, false).map_err(|e| e.to_string())?;
        let text = format!("{}: this is a test message.", config.name);
        gateway.send(&phone, &text).await.map_err(|e| format!("{e}; {}", advice(e, &config.sms)))
    };
    match sent.await {
        Ok(()) => (true, WHAT, "the gateway took the test message; has it arrived?".to_owned()),
        Err(why) => (false, WHAT, why),
    }
}

/// What to do about a message that the gateway did not take. Names settings, never their values.
fn advice(e: SmsError, sms: &crate::config::Sms) -> String {
    let (SmsError::Temporary(fault) | SmsError::Refused(fault)) = e;
    match fault {
        SmsFault::Status(401 | 403) => {
            "it does not know the secret: compare sms.secret, and where sms.authorization or sms.template put it, with what the provider says".to_owned()
        }
        SmsFault::Status(404 | 405) => "compare the path of sms.url with what the provider says".to_owned(),
        SmsFault::Status(_) if matches!(e, SmsError::Refused(_)) => {
            "compare sms.template and sms.content_type, and the phone, with what the provider takes".to_owned()
        }
        SmsFault::Status(_) => "it is busy or has a fault of its own: try again, then ask the provider".to_owned(),
        SmsFault::TimedOut => format!(
            "nothing came within {} s (sms.timeout_seconds): look whether a firewall is between, then ask the provider",
            sms.timeout_seconds
        ),
        SmsFault::Unreachable => {
            "compare host and port of sms.url, and look whether a firewall is between or its certificate is not trusted".to_owned()
        }
    }
}

fn clock(newest: Option<Timestamp>) -> Found {
    let now = SystemClock.now();
    let released = RELEASED.parse().unwrap_or(Timestamp::EPOCH);
    let latest = newest.map_or(released, |t| t.max(released));
    let ok = now.plus_secs(5) >= latest;
    let say = if ok {
        format!("{now}; compare it with a clock you trust, and keep it right (chrony)")
    } else {
        format!("{now} is before {latest}, when this was written last: set the clock")
    };
    (ok, "clock", say)
}

fn disk(data: &Path) -> Found {
    match rustix::fs::statvfs(data) {
        Ok(s) => {
            let free = s.f_bavail.saturating_mul(s.f_frsize) / (1024 * 1024);
            let ok = free >= LEAST_FREE_MIB;
            (ok, "disk", format!("{free} MiB free where {} is", data.display()))
        }
        Err(e) => (false, "disk", format!("{}: {e}", data.display())),
    }
}

fn permissions(config: &Config) -> Found {
    use std::os::unix::fs::PermissionsExt as _;
    const WHAT: &str = "permissions";
    let open: Vec<String> = [config.data.clone(), config.key_file()]
        .iter()
        .filter(|p: &&PathBuf| {
            std::fs::metadata(p).is_ok_and(|m| m.permissions().mode() & 0o077 != 0)
        })
        .map(|p| p.display().to_string())
        .collect();
    if open.is_empty() {
        return (true, WHAT, "data folder and key file are their owner's alone".to_owned());
    }
    let list = open.join(" ");
    (false, WHAT, format!("others can read {list}: chmod -R go= {list}"))
}
