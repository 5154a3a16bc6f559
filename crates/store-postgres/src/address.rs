//! Where the database is, and how its connections are kept from others' eyes.

use std::sync::Arc;

use jadegate_store::StoreError;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::error::Result;
use crate::tls::Tls;

/// The address of a database, read from a URL.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) config: Config,
    /// Encrypts connections to other machines; `None`: they do not leave this one, or nobody wants it.
    pub(crate) tls: Option<Tls>,
    /// For messages: host and name, without user and password.
    pub(crate) shown: String,
}

fn wrong(why: &str) -> StoreError {
    StoreError::Schema(format!("the database's address: {why}"))
}

impl Address {
    /// Reads `postgres://user:password@host:port/name?sslmode=…&sslrootcert=…`.
    ///
    /// `sslmode` is `verify-full` (the default to another machine: encrypted, and the server's
    /// certificate is that host's) or `disable` (the default on this one). What lies between (encrypted
    /// if the other side likes, or without asking who it is) is refused: it looks safe and is not.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut authority, mut kept) = (None, None, Vec::new());
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value.to_owned()),
                Some(("sslrootcert", value)) => authority = Some(value.to_owned()),
                _ => kept.push(pair),
            }
        }
        let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
        // The error of the parser quotes what it read, which may be the password.
        let mut config: Config = format!("{base}{query}").parse().map_err(|_| {
            wrong("not of the form postgres://user:password@host:port/name (escape special characters as %XX)")
        })?;
        if config.get_hosts().is_empty() {
            config.host("localhost");
        }
        let here = config.get_hosts().iter().all(on_this_machine);
        let encrypted = match mode.as_deref() {
            None => !here,
            Some("disable") => false,
            Some("verify-full") => true,
            Some(_) => return Err(wrong("sslmode is verify-full or disable")),
        };
        config.ssl_mode(if encrypted { SslMode::Require } else { SslMode::Disable });
        let tls = encrypted.then(|| trust(authority.as_deref()).map(Tls::new)).transpose()?;
        let shown = shown(&config);
        Ok(Self { config, tls, shown })
    }
}

/// Does this never leave the machine?
fn on_this_machine(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        Host::Unix(_) => true,
    }
}

/// Whom to believe that a server is the named one: the authority of the file, or the public ones.
fn trust(authority: Option<&str>) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    match authority {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            let bad = |_| wrong("sslrootcert is no file of certificates (PEM)");
            let all = CertificateDer::pem_file_iter(file).map_err(bad)?;
            for certificate in all {
                roots
                    .add(certificate.map_err(bad)?)
                    .map_err(|_| wrong("sslrootcert holds something that is no certificate"))?;
            }
            if roots.is_empty() {
                return Err(wrong("sslrootcert holds no certificate"));
            }
        }
    }
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| wrong("no protocol for an encrypted connection"))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

fn shown(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => String::new(),
    };
    let port = config.get_ports().first().map_or_else(String::new, |p| format!(":{p}"));
    format!("postgres://{host}{port}/{}", config.get_dbname().unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_shows_its_password() {
        let address = Address::parse("postgres://jade:hush@db.example:5433/code").unwrap();
        assert_eq!(address.shown, "postgres://db.example:5433/code");
        assert!(address.tls.is_some(), "to another machine it is encrypted");
        for bad in ["postgres://jade:hush@db.example:port/code", "postgres://jade:hush@db:5432x/x"]
        {
            let Err(e) = Address::parse(bad) else { panic!("{bad} was taken") };
            assert!(!e.to_string().contains("hu"), "{e}");
        }
    }

    #[test]
    fn who_wants_half_of_an_encryption_is_refused() {
        for bad in ["prefer", "require", "verify-ca", "allow", ""] {
            assert!(Address::parse(&format!("postgres://db/x?sslmode={bad}")).is_err(), "{bad}");
        }
        let address = |url: &str| Address::parse(url).unwrap();
        assert!(address("postgres://db/x?sslmode=disable").tls.is_none());
        assert!(address("postgres://db/x?sslmode=verify-full&application_name=a").tls.is_some());
        assert!(address("postgres:///x?host=/run/postgresql").tls.is_none());
        assert!(address("postgres://localhost/x?sslmode=verify-full").tls.is_some());
        assert!(Address::parse("postgres://db/x?sslrootcert=/nowhere").is_err());
    }
}
