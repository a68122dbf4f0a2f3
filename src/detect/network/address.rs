//! Client addresses: which are public, and the prefix that stands for one site.

use std::net::IpAddr;

/// What kind of text an `ip` value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    /// A routable address.
    Public,
    /// Private, loopback, link-local, shared (RFC 6598) or unspecified.
    Private,
    /// An address with masked parts (`203.0.113.***`).
    Masked,
    /// Not an address: a hash, or broken.
    Opaque,
}

/// Reads an address as exports write it: plain, `ip:port`, `[v6]:port`, with a zone, as a range of
/// one address, IPv4 mapped into IPv6, or the first of a list (that of the client in `X-Forwarded-For`).
#[must_use]
pub fn parse(text: &str) -> Option<IpAddr> {
    let text = text.split(',').next().unwrap_or_default();
    let text = text.split('%').next().unwrap_or_default().trim();
    let text = text
        .strip_suffix("/32")
        .filter(|address| !address.contains(':'))
        .or_else(|| text.strip_suffix("/128"))
        .unwrap_or(text);
    let parsed = text
        .parse::<IpAddr>()
        .or_else(|_| {
            text.parse::<std::net::SocketAddr>()
                .map(|socket| socket.ip())
        })
        .or_else(|_| {
            text.trim_start_matches('[')
                .trim_end_matches(']')
                .parse::<IpAddr>()
        })
        .ok()?;
    Some(parsed.to_canonical())
}

/// One spelling for each address; what is none stays as it is.
#[must_use]
pub fn spelled(text: &str) -> String {
    parse(text).map_or_else(|| text.to_owned(), |address| address.to_string())
}

/// Whether the text stands for no address: a word for none, or the unspecified address.
#[must_use]
pub fn is_placeholder(text: &str) -> bool {
    const WORDS: [&str; 9] = ["", "-", "0", "n/a", "na", "nil", "none", "null", "unknown"];
    WORDS.contains(&text.trim().to_ascii_lowercase().as_str())
        || parse(text).is_some_and(|address| address.is_unspecified())
}

/// Classifies an `ip` value.
#[must_use]
pub fn kind(text: &str) -> AddressKind {
    match parse(text) {
        Some(address) if is_public(address) => AddressKind::Public,
        Some(_) => AddressKind::Private,
        None if text.contains('*') || text.ends_with(".x") => AddressKind::Masked,
        None => AddressKind::Opaque,
    }
}

/// The /24 of a public IPv4 address or the /48 of a public IPv6 address: the smallest
/// blocks that are routed and handed out as one. `None` for anything else.
#[must_use]
pub fn prefix(text: &str) -> Option<String> {
    let address = parse(text).filter(|address| is_public(*address))?;
    let length = if address.is_ipv4() { 24 } else { 48 };
    ipnet::IpNet::new(address, length)
        .ok()
        .map(|net| net.trunc().to_string())
}

/// A number for the /16 of a public IPv4 address or the /32 of a public IPv6 address: about what
/// one network is given, so that addresses of different regions belong to different sites.
#[must_use]
pub fn region(text: &str) -> Option<u64> {
    let address = text.split_once('/').map_or(text, |(address, _)| address);
    match parse(address).filter(|address| is_public(*address))? {
        IpAddr::V4(v4) => Some(u64::from(v4.to_bits() >> 16)),
        IpAddr::V6(v6) => u64::try_from(v6.to_bits() >> 96)
            .ok()
            .map(|bits| bits | 1 << 40),
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && (64..128).contains(&second); // RFC 6598, carrier-grade NAT inside
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                || shared
                || first == 0)
        }
        IpAddr::V6(v6) => {
            let first = v6.segments()[0];
            !(v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || first & 0xfe00 == 0xfc00
                || first & 0xffc0 == 0xfe80)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_come_only_from_public_addresses() {
        assert_eq!(prefix("203.0.113.17").as_deref(), Some("203.0.113.0/24"));
        assert_eq!(
            prefix("203.0.113.17:443").as_deref(),
            Some("203.0.113.0/24")
        );
        assert_eq!(
            prefix("::ffff:203.0.113.17").as_deref(),
            Some("203.0.113.0/24")
        );
        assert_eq!(
            prefix("[2001:db8:41::9]:80").as_deref(),
            Some("2001:db8:41::/48")
        );
        for not_public in [
            "10.1.2.3",
            "192.168.0.1",
            "100.64.0.9",
            "127.0.0.1",
            "fe80::1",
            "fc00::1",
            "203.0.113.***",
            "9f8e7d6c",
            "",
            "999.1.1.1",
        ] {
            assert_eq!(prefix(not_public), None, "{not_public}");
        }
    }

    #[test]
    fn an_address_has_one_spelling() {
        for text in [
            "203.0.113.17",
            "203.0.113.17:50123",
            "::ffff:203.0.113.17",
            " 203.0.113.17 ",
            "203.0.113.17/32",
            "203.0.113.17, 10.0.0.1",
        ] {
            assert_eq!(spelled(text), "203.0.113.17", "{text}");
        }
        for text in [
            "2001:DB8::9",
            "[2001:db8:0::9]:443",
            "2001:db8::9%eth0",
            "2001:db8::9/128",
        ] {
            assert_eq!(spelled(text), "2001:db8::9", "{text}");
        }
        for text in ["a3f5c1", "203.0.113.***", "203.0.113.0/24", ""] {
            assert_eq!(spelled(text), text);
        }
    }

    #[test]
    fn regions_are_wide() {
        assert_eq!(region("203.0.113.17"), region("203.0.99.0/24"));
        assert_ne!(region("203.0.113.17"), region("203.1.113.17"));
        assert_eq!(region("2001:db8:41::9"), region("2001:db8:9::/48"));
        assert_ne!(region("2001:db8::1"), region("2001:db9::1"));
        assert_eq!(region("10.0.0.1"), None);
    }

    #[test]
    fn kinds_are_told_apart() {
        assert_eq!(kind("198.51.100.7"), AddressKind::Public);
        assert_eq!(kind("10.0.0.1"), AddressKind::Private);
        assert_eq!(kind("81.2.69.***"), AddressKind::Masked);
        assert_eq!(kind("a3f5c1"), AddressKind::Opaque);
    }
}
