//! Configuration: defaults < TOML file < environment < flags. Unknown keys are errors; secrets are
//! hidden when it is printed.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jadegate_ledger::cosign::WitnessPolicy;
use jadegate_service::Witnesses;
use serde::{Deserialize, Serialize};

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// The deployment's name, shown on every page and in messages.
    pub name: String,
    /// Short name in every code: 1 or 2 letters or digits keep the QR small.
    pub issuer: String,
    /// Folder of the database (unless `database` names another), the key file and the visit index.
    pub data: PathBuf,
    /// A PostgreSQL database, `postgres://user:password@host:port/name?sslmode=…&sslrootcert=…`; empty:
    /// a file in the data folder. Several servers may share one; each has its own data folder, with the
    /// same key file.
    pub database: String,
    /// The policy of the first start: a shipped one by name, or a file.
    pub policy: PathBuf,
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Address to serve counters and timings on (`127.0.0.1:9464`), and nothing else; empty: they
    /// are served nowhere. Whoever reaches it can read them.
    pub metrics_listen: String,
    /// Where browsers reach the pages.
    pub origin: String,
    /// Is there a proxy in front whose `X-Forwarded-For` is to be believed?
    pub trust_proxy: bool,
    /// Log as `text` or `json`.
    pub log_format: LogFormat,
    /// What to log, in the form of `RUST_LOG`.
    pub log_filter: String,
    /// Limits.
    pub limits: Limits,
    /// What the mandate of this deployment says.
    pub mandate: Mandate,
    /// The public log.
    pub log: Log,
    /// The message gateway.
    pub sms: Sms,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// Limits.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    /// Requests per second and client: an IPv4 address or an IPv6 network of 64 bits.
    pub requests_per_second: u32,
    /// Seconds after which a request is given up.
    pub request_seconds: u64,
    /// Connections at the same time; where there are as many, those that have waited longest for
    /// their client make room.
    pub connections: u32,
    /// Connections at the same time of one client; not counted for the machine itself and behind a
    /// trusted proxy.
    pub connections_per_client: u32,
    /// Seconds a connection may wait for its next request, or for more of an answer to be taken.
    pub idle_seconds: u64,
    /// Seconds from the first byte of a request to its last.
    pub receive_seconds: u64,
    /// One-time codes to one phone in an hour.
    pub otp_per_hour: u32,
    /// One-time codes one client address may ask for in an hour.
    pub otp_per_client_hour: u32,
}

/// The mandate. The numbers are those of a database that has none yet, and of `jadegate mandate example`;
/// from then on the signed document says them.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Mandate {
    /// The signed document of the first start; empty: `mandate.note` in the data folder, if it is there.
    /// Later ones are proposed in the console.
    pub file: PathBuf,
    /// The authority's public key, as `jadegate mandate key` prints it; empty: the one in `mandate.vkey` in
    /// the data folder, if it is there. Fixed by the first start that has one.
    pub authority: String,
    /// A policy or a risk level that turns more than this share of a division's holders from green
    /// to another colour needs a second officer; in percent, 0 to 100.
    pub second_officer_percent: f64,
    /// So does one that turns more people than this, however small a share they are: the larger the
    /// city, the more people are below any percentage.
    pub second_officer_people: u64,
    /// How many pieces of evidence that can make somebody yellow or red one agency records within an
    /// hour before they wait for a second pair of eyes.
    pub waiting_above_per_hour: u32,
    /// The same for one member of staff.
    pub waiting_above_per_staff_hour: u32,
    /// How many records that can confine somebody an agency takes back or corrects away within an hour
    /// without a second pair of eyes.
    pub withdrawals_above_per_hour: u32,
    /// The same for one member of staff.
    pub withdrawals_above_per_staff_hour: u32,
    /// Hours after which what waits lapses undecided; 1 to 168.
    pub waiting_hours: u32,
}

/// The public log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    /// Who is to see each checkpoint before it is published: `name+id+key https://address` of each
    /// witness; none: checkpoints are published at once.
    pub witnesses: Vec<String>,
    /// How many of them must have signed.
    pub quorum: u32,
}

/// The message gateway.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Sms {
    /// Where to POST; empty: messages are kept and not sent (`serve` warns, `demo` shows them).
    pub url: String,
    /// `application/json` or `application/x-www-form-urlencoded`.
    pub content_type: String,
    /// Body with `{phone}`, `{text}` and `{secret}`.
    pub template: String,
    /// Value of the `Authorization` header; may hold `{secret}`.
    pub authorization: String,
    /// The provider's secret.
    pub secret: String,
    /// Seconds until a try is given up.
    pub timeout_seconds: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "Jadegate".to_owned(),
            issuer: "JG".to_owned(),
            data: PathBuf::from("run"),
            database: String::new(),
            policy: PathBuf::from("three-colour"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            metrics_listen: String::new(),
            origin: "http://localhost:8080".to_owned(),
            trust_proxy: false,
            log_format: LogFormat::Text,
            log_filter: "info".to_owned(),
            limits: Limits::default(),
            mandate: Mandate::default(),
            log: Log::default(),
            sms: Sms::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_per_second: 50,
            request_seconds: 10,
            connections: 8192,
            connections_per_client: 512,
            idle_seconds: 75,
            receive_seconds: 10,
            otp_per_hour: 5,
            otp_per_client_hour: 60,
        }
    }
}

impl Default for Mandate {
    fn default() -> Self {
        Self {
            file: PathBuf::new(),
            authority: String::new(),
            second_officer_percent: 1.0,
            second_officer_people: 100,
            waiting_above_per_hour: 100,
            waiting_above_per_staff_hour: 50,
            withdrawals_above_per_hour: 30,
            withdrawals_above_per_staff_hour: 10,
            waiting_hours: 24,
        }
    }
}

impl Mandate {
    /// The threshold in hundredths of a percent, rounded down: rounding never lets more through.
    ///
    /// # Errors
    /// A share that is none.
    pub(crate) fn basis_points(&self) -> Result<u32, ConfigError> {
        let percent = self.second_officer_percent;
        if !(0.0..=100.0).contains(&percent) {
            return Err(ConfigError::Wrong {
                origin: "mandate.second_officer_percent".to_owned(),
                why: format!("{percent} is not a percentage from 0 to 100"),
            });
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 10,000 by the check above"
        )]
        let points = (percent * 100.0 + 1e-6).floor() as u32;
        Ok(points)
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { witnesses: Vec::new(), quorum: 1 }
    }
}

impl Log {
    /// The witnesses, each with its key and address.
    ///
    /// # Errors
    /// What is no witness, one given twice, a quorum that they can never reach or that demands none.
    pub(crate) fn witnesses(&self) -> Result<Witnesses, ConfigError> {
        let wrong = |key: &str, why: &str| ConfigError::Wrong {
            origin: format!("log.{key}"),
            why: why.to_owned(),
        };
        let (mut keys, mut urls) = (Vec::new(), Vec::new());
        for text in &self.witnesses {
            let both = text.split_once(' ').and_then(|(key, url)| Some((key.parse().ok()?, url)));
            let web = |url: &str| url.starts_with("https://") || url.starts_with("http://");
            let (key, url) = both.filter(|(_, url)| web(url)).ok_or_else(|| {
                wrong(
                    "witnesses",
                    "each must be `name+id+key https://address`, as `jadegate witness` prints it",
                )
            })?;
            keys.push(key);
            urls.push(url.to_owned());
        }
        if keys.is_empty() {
            return Ok(Witnesses::default());
        }
        let quorum = usize::try_from(self.quorum).ok().filter(|q| (1..=keys.len()).contains(q));
        let quorum = quorum.ok_or_else(|| {
            wrong("quorum", "must be from 1 to the number of witnesses (log.witnesses)")
        })?;
        let policy = WitnessPolicy::new(keys, quorum)
            .map_err(|_| wrong("witnesses", "two of them have the same key"))?;
        Ok(Witnesses { policy, urls })
    }
}

impl Default for Sms {
    fn default() -> Self {
        Self {
            url: String::new(),
            content_type: "application/json".to_owned(),
            template: r#"{"to":"{phone}","text":"{text}"}"#.to_owned(),
            authorization: String::new(),
            secret: String::new(),
            timeout_seconds: 10,
        }
    }
}

/// Why there is no usable configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// The file is not TOML, or holds an unknown key or a wrong value.
    #[error("{origin}: {why}")]
    Wrong {
        /// Where it came from.
        origin: String,
        /// What is wrong.
        why: String,
    },
}

/// The prefix of environment variables: `JADEGATE_LISTEN`, `JADEGATE_SMS__URL`.
const PREFIX: &str = "JADEGATE_";

impl Config {
    /// Puts the configuration together from a file, the environment and flags (`key`, `value`),
    /// each stronger than the one before.
    pub(crate) fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
        flags: &[(String, String)],
    ) -> Result<Self, ConfigError> {
        let mut table = toml::Table::new();
        if let Some(path) = file {
            let text = crate::shipped::read_text(path)
                .map_err(|e| ConfigError::File(path.to_owned(), e))?;
            // Checked by itself first, so that errors name the file's line.
            toml::from_str::<Self>(&text).map_err(|e| ConfigError::Wrong {
                origin: path.display().to_string(),
                why: e.to_string().trim_end().to_owned(),
            })?;
            table = toml::from_str(&text).map_err(|e| ConfigError::Wrong {
                origin: path.display().to_string(),
                why: e.to_string(),
            })?;
        }
        let mut env: Vec<_> = env
            .filter_map(|(k, v)| {
                k.strip_prefix(PREFIX).map(|k| (k.to_ascii_lowercase().replace("__", "."), v))
            })
            // The name of the file itself is not a setting in it.
            .filter(|(k, _)| k != "config")
            .collect();
        env.sort();
        for (key, value) in &env {
            set(
                &mut table,
                key,
                value,
                &format!(
                    "environment variable {PREFIX}{}",
                    key.to_ascii_uppercase().replace('.', "__")
                ),
            )?;
        }
        for (key, value) in flags {
            set(&mut table, key, value, &format!("flag --{key}"))?;
        }
        let config: Self = table.try_into().map_err(|e: toml::de::Error| ConfigError::Wrong {
            origin: "configuration".to_owned(),
            why: e.to_string().trim_end().to_owned(),
        })?;
        if config
            .database_url()
            .is_some_and(|url| !url.starts_with("postgres://") && !url.starts_with("postgresql://"))
        {
            return Err(ConfigError::Wrong {
                origin: "database".to_owned(),
                why: "must be postgres://user@host/name, or empty: a file in the data folder"
                    .to_owned(),
            });
        }
        jadegate_web::check_origin(&config.origin)
            .map_err(|why| ConfigError::Wrong { origin: "origin".to_owned(), why })?;
        config.metrics_listen()?;
        config.log.witnesses()?;
        Ok(config)
    }

    /// The address of the database, if it is not a file.
    pub(crate) fn database_url(&self) -> Option<&str> {
        Some(self.database.as_str()).filter(|url| !url.is_empty())
    }

    /// The database's file in the data folder.
    pub(crate) fn database_file(&self) -> PathBuf {
        self.data.join("jadegate.db")
    }

    /// The visit index saved in the data folder; it can be thrown away, and is as sensitive as the
    /// database.
    pub(crate) fn visit_index_file(&self) -> PathBuf {
        self.data.join("visits.index")
    }

    /// The key file in the data folder.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.data.join("keys.toml")
    }

    /// Where an operator says that the clock is right.
    pub(crate) fn clock_file(&self) -> PathBuf {
        self.data.join("clock.confirmed")
    }

    /// Where counters and timings are served, if anywhere.
    ///
    /// # Errors
    /// It is no address.
    pub(crate) fn metrics_listen(&self) -> Result<Option<SocketAddr>, ConfigError> {
        if self.metrics_listen.is_empty() {
            return Ok(None);
        }
        self.metrics_listen.parse().map(Some).map_err(|_| ConfigError::Wrong {
            origin: "metrics_listen".to_owned(),
            why: "must be an address with a port, like 127.0.0.1:9464, or empty".to_owned(),
        })
    }

    /// The configuration as TOML with secrets hidden.
    pub(crate) fn redacted(&self) -> String {
        let mut shown = self.clone();
        if !shown.sms.secret.is_empty() {
            "(hidden)".clone_into(&mut shown.sms.secret);
        }
        shown.database = without_secrets(&shown.database);
        toml::to_string_pretty(&shown).unwrap_or_default()
    }
}

/// An address without user, password and what else its query may hold.
fn without_secrets(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return if url.is_empty() { String::new() } else { "(hidden)".to_owned() };
    };
    let rest = rest.split('?').next().unwrap_or_default();
    // A password may hold an `@`, and one that was not escaped a `/`.
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let user = if place.len() == rest.len() { "" } else { "(hidden)@" };
    format!("{scheme}://{user}{place}")
}

/// Sets one dotted key, with the type the default has.
fn set(table: &mut toml::Table, key: &str, value: &str, origin: &str) -> Result<(), ConfigError> {
    let wrong = |why: &str| ConfigError::Wrong { origin: origin.to_owned(), why: why.to_owned() };
    let defaults = toml::Table::try_from(Config::default()).map_err(|e| wrong(&e.to_string()))?;
    let parts: Vec<&str> = key.split('.').collect();
    let (leaf, parents) = parts.split_last().ok_or_else(|| wrong("no key"))?;
    let mut known = &defaults;
    let mut at = table;
    for p in parents {
        known = known
            .get(*p)
            .and_then(toml::Value::as_table)
            .ok_or_else(|| wrong("there is no such setting"))?;
        at = at
            .entry((*p).to_owned())
            .or_insert_with(|| toml::Table::new().into())
            .as_table_mut()
            .ok_or_else(|| wrong("there is no such setting"))?;
    }
    let parsed = match known.get(*leaf) {
        None | Some(toml::Value::Table(_)) => return Err(wrong("there is no such setting")),
        Some(toml::Value::Integer(_)) => {
            value.parse().map(toml::Value::Integer).map_err(|_| wrong("must be a whole number"))?
        }
        Some(toml::Value::Float(_)) => {
            value.parse().map(toml::Value::Float).map_err(|_| wrong("must be a number"))?
        }
        Some(toml::Value::Boolean(_)) => {
            value.parse().map(toml::Value::Boolean).map_err(|_| wrong("must be true or false"))?
        }
        Some(toml::Value::Array(_)) => {
            let each = value.split(',').map(str::trim).filter(|v| !v.is_empty());
            toml::Value::Array(each.map(|v| toml::Value::String(v.to_owned())).collect())
        }
        Some(_) => toml::Value::String(value.to_owned()),
    };
    at.insert((*leaf).to_owned(), parsed);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(
        file: Option<&str>,
        env: &[(&str, &str)],
        flags: &[(&str, &str)],
    ) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jadegate.toml");
        if let Some(text) = file {
            std::fs::write(&path, text).unwrap();
        }
        let own = |p: &[(&str, &str)]| {
            p.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Vec<_>>()
        };
        Config::load(file.map(|_| path.as_path()), own(env).into_iter(), &own(flags))
    }

    #[test]
    fn each_layer_is_stronger_than_the_one_before() {
        let file = Some("name = \"file\"\nissuer = \"F\"\n[limits]\notp_per_hour = 7\n");
        let c = load(
            file,
            &[("JADEGATE_NAME", "env"), ("JADEGATE_SMS__URL", "https://x")],
            &[("issuer", "FL")],
        )
        .unwrap();
        assert_eq!((c.name.as_str(), c.issuer.as_str()), ("env", "FL"));
        assert_eq!((c.limits.otp_per_hour, c.sms.url.as_str()), (7, "https://x"));
        assert_eq!(c.listen, Config::default().listen);
    }

    #[test]
    fn unknown_keys_and_wrong_values_are_errors_that_say_where() {
        for (file, env) in [
            (Some("nmae = \"x\"\n"), None),
            (Some("[limits]\notp = 1\n"), None),
            (None, Some(("JADEGATE_NMAE", "x"))),
            (None, Some(("JADEGATE_LIMITS__OTP_PER_HOUR", "many"))),
            (None, Some(("JADEGATE_LISTEN", "nowhere"))),
        ] {
            let env: Vec<_> = env.into_iter().collect();
            let e = load(file, &env, &[]).unwrap_err().to_string();
            assert!(
                e.contains("jadegate.toml")
                    || e.contains("JADEGATE_")
                    || e.contains("configuration"),
                "{e}"
            );
        }
    }

    #[test]
    fn the_mandates_threshold_is_a_percentage() {
        let points = |percent: &str| {
            let c = load(None, &[("JADEGATE_MANDATE__SECOND_OFFICER_PERCENT", percent)], &[]);
            c.unwrap().mandate.basis_points()
        };
        assert_eq!(load(None, &[], &[]).unwrap().mandate.basis_points().unwrap(), 100);
        assert_eq!(points("0.29").unwrap(), 29);
        assert_eq!(points("0").unwrap(), 0);
        assert_eq!(points("100").unwrap(), 10_000);
        for bad in ["-0.1", "100.01", "nan", "inf"] {
            let e = points(bad).unwrap_err().to_string();
            assert!(e.contains("mandate.second_officer_percent"), "{e}");
        }
    }

    #[test]
    fn an_origin_that_is_none_and_an_address_that_is_none_are_refused_at_once() {
        for (key, bad) in [
            ("JADEGATE_ORIGIN", "https://code.example/jade"),
            ("JADEGATE_ORIGIN", "https://clerk@code.example"),
            ("JADEGATE_ORIGIN", "http://code.example"),
            ("JADEGATE_METRICS_LISTEN", "9464"),
        ] {
            let e = load(None, &[(key, bad)], &[]).unwrap_err().to_string();
            let name = key.trim_start_matches("JADEGATE_").to_lowercase();
            assert!(e.starts_with(&format!("{name}: ")), "{e}");
        }
        let c = load(None, &[("JADEGATE_METRICS_LISTEN", "127.0.0.1:9464")], &[]).unwrap();
        assert_eq!(c.metrics_listen().unwrap().unwrap().port(), 9464);
        assert_eq!(Config::default().metrics_listen().unwrap(), None);
    }

    #[test]
    fn a_database_is_named_by_an_address_of_which_no_secret_is_shown() {
        let of = |url: &str| load(None, &[("JADEGATE_DATABASE", url)], &[]);
        assert_eq!(of("").unwrap().database_url(), None);
        for (url, shown) in [
            (
                "postgres://jade:hush@db.example:5432/code",
                "postgres://(hidden)@db.example:5432/code",
            ),
            ("postgres://jade:hu@sh@db/code?password=hush", "postgres://(hidden)@db/code"),
            ("postgresql:///code?host=/run/postgresql&password=hush", "postgresql:///code"),
        ] {
            let c = of(url).unwrap();
            assert_eq!(c.database_url(), Some(url));
            let printed = c.redacted();
            assert!(printed.contains(&format!("database = \"{shown}\"")), "{printed}");
            assert!(!printed.contains("hush") && !printed.contains("sh@"), "{printed}");
        }
        let e = of("mysql://jade:hush@db/code").unwrap_err().to_string();
        assert!(e.starts_with("database: ") && !e.contains("hush"), "{e}");
    }

    #[test]
    fn secrets_are_hidden() {
        let c = load(None, &[("JADEGATE_SMS__SECRET", "hush")], &[]).unwrap();
        assert!(!c.redacted().contains("hush"));
        assert!(c.redacted().contains("(hidden)"));
    }
}
