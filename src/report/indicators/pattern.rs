//! STIX patterns of keys.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::report::escape::stix_literal;
use crate::report::indicators::TEMPLATE_KIND;

/// What a key is in the words of STIX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Observable {
    /// An address.
    Address(IpAddr),
    /// A block of addresses.
    Block(IpNet),
    /// An e-mail address.
    Mailbox(String),
    /// A domain name.
    Domain(String),
    /// STIX has no word for it (payment instruments, TLS fingerprints, templates ...), or the
    /// log holds it hashed.
    Other,
}

impl Observable {
    /// Reads a key.
    pub(crate) fn of(kind: &str, value: &str) -> Observable {
        let found = match kind {
            "ip" => value.parse().ok().map(Observable::Address),
            "ip_prefix" => value.parse().ok().map(Observable::Block),
            "mailbox" | "email" if is_mailbox(value) => Some(Observable::Mailbox(value.to_owned())),
            "domain" | "email_domain" if is_domain(value) => {
                Some(Observable::Domain(value.to_owned()))
            }
            _ => None,
        };
        found.unwrap_or(Observable::Other)
    }

    /// The STIX object type and value, where STIX has one.
    pub(crate) fn object(&self) -> Option<(&'static str, String)> {
        match self {
            Observable::Address(IpAddr::V4(address)) => Some(("ipv4-addr", address.to_string())),
            Observable::Address(IpAddr::V6(address)) => Some(("ipv6-addr", address.to_string())),
            Observable::Block(IpNet::V4(block)) => Some(("ipv4-addr", block.to_string())),
            Observable::Block(IpNet::V6(block)) => Some(("ipv6-addr", block.to_string())),
            Observable::Mailbox(mailbox) => Some(("email-addr", mailbox.clone())),
            Observable::Domain(domain) => Some(("domain-name", domain.clone())),
            Observable::Other => None,
        }
    }
}

/// The pattern that finds a key.
pub(crate) fn pattern(kind: &str, value: &str) -> String {
    let observable = Observable::of(kind, value);
    match (&observable, observable.object()) {
        (Observable::Block(_), Some((object, value))) => {
            format!("[{object}:value ISSUBSET {}]", stix_literal(&value))
        }
        (_, Some((object, value))) => format!("[{object}:value = {}]", stix_literal(&value)),
        (_, None) if kind == TEMPLATE_KIND => {
            format!(
                "[x-stillhunt-template:template_id = {}]",
                stix_literal(value)
            )
        }
        (_, None) => format!(
            "[x-stillhunt-key:kind = {} AND x-stillhunt-key:value = {}]",
            stix_literal(kind),
            stix_literal(value)
        ),
    }
}

/// Whether a text is an address as mail is sent to, and not a hash or worse.
fn is_mailbox(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && local
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "._-+%".contains(letter))
            && is_domain(domain)
    })
}

fn is_domain(text: &str) -> bool {
    text.contains('.')
        && text.split('.').all(|label| {
            !label.is_empty()
                && label
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_put_into_stix_words_where_there_are_any() {
        let all = [
            ("ip", "203.0.113.7", "[ipv4-addr:value = '203.0.113.7']"),
            ("ip", "2001:db8::1", "[ipv6-addr:value = '2001:db8::1']"),
            (
                "ip_prefix",
                "203.0.113.0/24",
                "[ipv4-addr:value ISSUBSET '203.0.113.0/24']",
            ),
            (
                "mailbox",
                "a.b@c.example",
                "[email-addr:value = 'a.b@c.example']",
            ),
            (
                "email_domain",
                "c.example",
                "[domain-name:value = 'c.example']",
            ),
            (
                "payment",
                "pm_1",
                "[x-stillhunt-key:kind = 'payment' AND x-stillhunt-key:value = 'pm_1']",
            ),
            (
                "template",
                "T-1",
                "[x-stillhunt-template:template_id = 'T-1']",
            ),
            // hashed, masked or hostile values are not taken for what they are called
            (
                "ip",
                "81.2.69.***",
                "[x-stillhunt-key:kind = 'ip' AND x-stillhunt-key:value = '81.2.69.***']",
            ),
            (
                "mailbox",
                "x' OR 'a'@b.example",
                "[x-stillhunt-key:kind = 'mailbox' AND x-stillhunt-key:value = 'x\\' OR \\'a\\'@b.example']",
            ),
        ];
        for (kind, value, expected) in all {
            assert_eq!(pattern(kind, value), expected);
        }
    }
}
