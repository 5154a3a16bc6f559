//! Who asks: the client's address, as limits count it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use jadegate_service::{Result, ServiceError};

/// The network limits are counted by: an IPv4 address, or the 64 bits of an IPv6 address that one
/// subscriber is given (all addresses below are theirs).
pub(crate) fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// A wider network, for the time in which more networks ask than can be counted one by one.
pub(crate) fn wider(network: IpAddr) -> IpAddr {
    match network {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 80))),
        IpAddr::V4(v4) => IpAddr::V4((v4.to_bits() & 0xffff_ff00).into()),
    }
}

/// The client's network: of the peer, or of what the trusted proxy in front of us says it saw. The
/// proxy's own entry is the last one of `X-Forwarded-For`, all earlier ones are the client's claims.
///
/// # Errors
/// The proxy's entry is no address: counting all such requests as one client would shut out
/// everybody for what one does, and counting none would shut out nobody.
pub(crate) fn client(parts: &Parts, trust_proxy: bool) -> Result<IpAddr> {
    let peer = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::from([127, 0, 0, 1]), |c| c.0.ip());
    let forwarded = parts.headers.get_all("x-forwarded-for").iter().next_back();
    let Some(forwarded) = forwarded.filter(|_| trust_proxy) else {
        if trust_proxy {
            // Not through the proxy (a look from the machine itself), or a proxy that says nothing:
            // its operator sees it here.
            metrics::counter!("jadegate_forwarded_missing_total").increment(1);
        }
        return Ok(network(peer));
    };
    let entry = forwarded.to_str().ok().and_then(|v| v.rsplit(',').next()).unwrap_or_default();
    address(entry.trim()).map(network).ok_or_else(|| {
        metrics::counter!("jadegate_forwarded_unreadable_total").increment(1);
        ServiceError::bad(
            "request.bad_forwarded_for",
            "The proxy in front of this service does not say from which address this request came. \
             Please tell the operator: the last entry of X-Forwarded-For must be an IP address.",
        )
    })
}

/// `1.2.3.4`, `1.2.3.4:5`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:5`.
fn address(entry: &str) -> Option<IpAddr> {
    let bare = || entry.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    entry
        .parse()
        .ok()
        .or_else(|| entry.parse::<SocketAddr>().ok().map(|a| a.ip()))
        .or_else(|| bare().map(IpAddr::V6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn parts(forwarded: &str) -> Parts {
        let mut r = Request::builder().header("x-forwarded-for", forwarded);
        if let Some(e) = r.extensions_mut() {
            e.insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 5))));
        }
        r.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_the_proxys_own_entry_is_believed_and_only_if_configured() {
        let p = parts("1.2.3.4, 5.6.7.8");
        assert_eq!(client(&p, true).unwrap(), IpAddr::from([5, 6, 7, 8]));
        assert_eq!(client(&p, false).unwrap(), IpAddr::from([10, 0, 0, 1]));
    }

    #[test]
    fn entries_with_ports_are_clients_of_their_own() {
        for (entry, ip) in [
            ("5.6.7.8:1234", "5.6.7.8"),
            ("[2001:db8:1:2:3::4]:1234", "2001:db8:1:2::"),
            ("[2001:db8:1:2:3::4]", "2001:db8:1:2::"),
            ("2001:db8:1:2:3::4", "2001:db8:1:2::"),
            ("::ffff:5.6.7.8", "5.6.7.8"),
        ] {
            let seen = client(&parts(&format!("9.9.9.9, {entry}")), true).unwrap();
            assert_eq!(seen.to_string(), ip, "{entry}");
        }
    }

    #[test]
    fn an_entry_that_is_no_address_is_refused_and_never_one_client_for_all() {
        for entry in ["nonsense", "", "unknown", "1.2.3.4, _hidden", "1.2.3.4,", "[::1"] {
            let refused = client(&parts(entry), true).unwrap_err();
            assert_eq!(refused.code, "request.bad_forwarded_for", "{entry}");
        }
    }

    #[test]
    fn wider_networks_hold_the_narrow_ones() {
        for (ip, wide) in [("2001:db8:1:2::", "2001:db8:1::"), ("1.2.3.4", "1.2.3.0")] {
            assert_eq!(wider(ip.parse().unwrap()).to_string(), wide);
        }
    }
}
