//! Where browsers reach the pages: what may be said of it.

use webauthn_rs::prelude::Url;

/// Checks that a text is an origin as browsers write it (`https://code.example`,
/// `http://localhost:8080`): scheme, host, and a port if it is not the usual one. It is compared with
/// what browsers send, stands before each link that is printed, and its host is what passkeys belong
/// to, so nothing else may be in it.
///
/// # Errors
/// In words: what is wrong, and how it would be right if that can be said.
pub fn check_origin(origin: &str) -> Result<(), String> {
    let wrong = |why: &str| Err(format!("{origin:?} cannot be used: {why}"));
    let url = match Url::parse(origin) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        _ => return wrong("write it like https://code.example"),
    };
    if !url.username().is_empty() || url.password().is_some() {
        // Not repeated: it may hold a password.
        return Err("it must have no user name and no password".to_owned());
    }
    let Some(host) = url.host_str() else { return wrong("it has no host") };
    if host.contains('*') {
        return wrong("it must name one host; passkeys and cookies belong to one");
    }
    if url.query().is_some() || url.fragment().is_some() || url.path() != "/" {
        return wrong("it must end with the host or the port, without a path, ? or #");
    }
    let written = url.origin().ascii_serialization();
    if written != origin {
        return wrong(&format!("write it as browsers do, {written}"));
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let ip = bare.parse::<std::net::IpAddr>().ok();
    let here = ip.map_or_else(
        || host == "localhost" || host.ends_with(".localhost"),
        |ip| ip.to_canonical().is_loopback(),
    );
    if url.scheme() == "http" && !here {
        return wrong(
            "http:// is only for the machine itself (localhost); cookies and passkeys need https://",
        );
    }
    if ip.is_some() && !here {
        return wrong("passkeys need a host with a name, not an address");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_as_browsers_write_them() {
        for fine in [
            "https://code.example",
            "https://code.example:8443",
            "http://localhost",
            "http://localhost:8080",
            "http://town.localhost:8080",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
        ] {
            assert_eq!(check_origin(fine), Ok(()), "{fine}");
        }
    }

    #[test]
    fn anything_more_or_less_is_refused_and_told() {
        for (bad, word) in [
            ("", "https://code.example"),
            ("code.example", "https://code.example"),
            ("ftp://code.example", "https://code.example"),
            ("https://", "https://code.example"),
            ("https://code.example/", "write it as browsers do, https://code.example"),
            ("https://code.example:443", "write it as browsers do, https://code.example"),
            ("https://Code.Example", "write it as browsers do, https://code.example"),
            ("https://code.example/jade", "without a path"),
            ("https://code.example?x=1", "without a path"),
            ("https://code.example#x", "without a path"),
            ("https://*.example", "one host"),
            ("http://code.example", "https://"),
            ("http://10.0.0.1:8080", "https://"),
            ("http://localhost.example", "https://"),
            ("https://10.0.0.1", "a name"),
            ("null", "https://code.example"),
        ] {
            let why = check_origin(bad).unwrap_err();
            assert!(why.contains(word), "{bad}: {why}");
        }
        for hush in ["https://user:hush@code.example", "https://hush@code.example"] {
            let why = check_origin(hush).unwrap_err();
            assert!(why.contains("user name") && !why.contains("hush"), "{why}");
        }
    }
}
