//! One entry of a watch list, in the form in which a log can be searched for it.

use std::net::IpAddr;

use ipnet::IpNet;

/// What an entry names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watched {
    /// An address.
    Ip(IpAddr),
    /// A block of addresses.
    Range(IpNet),
    /// An e-mail address, in lower case.
    Email(String),
    /// A domain and all below it, in lower case, without a dot at either end.
    Domain(String),
    /// Identifier or fingerprint of a payment instrument.
    Payment(String),
    /// An HTTP user agent.
    UserAgent(String),
    /// A TLS fingerprint, in lower case.
    Tls(String),
    /// Id of a prompt template, as other cases give it.
    Template(String),
    /// An account.
    Account(String),
}

/// An entry with its place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// One-based: line of a CSV list, position among the objects of a STIX bundle.
    pub place: u64,
    /// What it names.
    pub watched: Watched,
    /// Until when the list vouches for it, microseconds since the epoch, where it says so.
    pub valid_until_us: Option<i64>,
}

/// Blocks that hold so much of all addresses name nobody (ours: registries hand out nothing wider
/// than a /8 and, of IPv6, a /12).
const WIDEST: (u8, u8) = (8, 12);

impl Watched {
    /// Reads a kind and a value as lists write them.
    ///
    /// # Errors
    /// Why it cannot be looked for, in words.
    pub fn read(kind: &str, value: &str) -> Result<Self, String> {
        let value = value.trim();
        if value.is_empty() {
            return Err("no value".to_owned());
        }
        let lower = || value.to_lowercase();
        Ok(
            match kind.trim().to_lowercase().replace(['-', ' '], "_").as_str() {
                "ip" | "ip_address" | "ipv4" | "ipv6" | "ip_prefix" | "range" | "cidr"
                | "network" => address(value)?,
                "email" | "e_mail" | "email_address" | "mailbox" => email(lower())?,
                "domain" | "email_domain" | "domain_name" => domain(&lower())?,
                "payment" | "payment_id" | "card" => Watched::Payment(value.to_owned()),
                "user_agent" => Watched::UserAgent(value.to_owned()),
                "tls" | "ja3" | "ja4" | "tls_fingerprint" => Watched::Tls(lower()),
                "template" | "system_template" | "text" | "system_text" => {
                    Watched::Template(value.to_owned())
                }
                "account" | "account_id" => Watched::Account(value.to_owned()),
                other => return Err(format!("kind `{}` is not looked for", shown(other))),
            },
        )
    }

    /// Kind, in a word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Watched::Ip(_) => "ip",
            Watched::Range(_) => "range",
            Watched::Email(_) => "email",
            Watched::Domain(_) => "domain",
            Watched::Payment(_) => "payment",
            Watched::UserAgent(_) => "user_agent",
            Watched::Tls(_) => "tls",
            Watched::Template(_) => "template",
            Watched::Account(_) => "account",
        }
    }

    /// How closely it names an account, from 0: an account or its payer and mailbox before what
    /// many share.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            Watched::Account(_) => 0,
            Watched::Payment(_) | Watched::Email(_) => 1,
            Watched::Ip(_) => 2,
            Watched::Template(_) => 3,
            Watched::Tls(_) | Watched::UserAgent(_) | Watched::Domain(_) | Watched::Range(_) => 4,
        }
    }

    /// The value, as it is looked for.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Watched::Ip(address) => address.to_string(),
            Watched::Range(range) => range.to_string(),
            Watched::Email(text)
            | Watched::Domain(text)
            | Watched::Payment(text)
            | Watched::UserAgent(text)
            | Watched::Tls(text)
            | Watched::Template(text)
            | Watched::Account(text) => text.clone(),
        }
    }
}

/// An address or a block, whichever the text is.
fn address(text: &str) -> Result<Watched, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Watched::Ip(address.to_canonical()));
    }
    let range: IpNet = text
        .parse()
        .map_err(|_| format!("`{}` is no address and no block", shown(text)))?;
    let widest = if range.addr().is_ipv4() {
        WIDEST.0
    } else {
        WIDEST.1
    };
    if range.prefix_len() < widest {
        return Err(format!(
            "`{}` holds a large part of all addresses; name blocks of /{widest} or smaller",
            shown(text)
        ));
    }
    if range.prefix_len() == range.max_prefix_len() {
        return Ok(Watched::Ip(range.addr().to_canonical()));
    }
    Ok(Watched::Range(range.trunc()))
}

fn email(text: String) -> Result<Watched, String> {
    let text = text.trim_end_matches('.').to_owned();
    match text.split_once('@') {
        Some((name, domain)) if !name.is_empty() && !domain.is_empty() && !domain.contains('@') => {
            Ok(Watched::Email(text))
        }
        _ => Err(format!("`{}` is no e-mail address", shown(&text))),
    }
}

/// A domain somebody holds: one below a top level.
fn domain(text: &str) -> Result<Watched, String> {
    let name = text.trim_matches(['.', '@']);
    let is_word =
        |label: &str| !label.is_empty() && !label.contains(|letter: char| "*@/: ".contains(letter));
    if !name.split('.').all(is_word) {
        return Err(format!("`{}` is no domain", shown(text)));
    }
    if !name.contains('.') {
        return Err(format!(
            "`{}` is a top-level domain, which names everybody below it",
            shown(text)
        ));
    }
    Ok(Watched::Domain(name.to_owned()))
}

/// A text of a list in a message, short.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_values_as_lists_write_them() {
        for (kind, value, expected) in [
            ("IP", " 203.0.113.7 ", ("ip", "203.0.113.7")),
            ("ip", "::ffff:203.0.113.7", ("ip", "203.0.113.7")),
            ("ip_prefix", "203.0.113.9/24", ("range", "203.0.113.0/24")),
            ("cidr", "203.0.113.9/32", ("ip", "203.0.113.9")),
            ("ipv6", "2001:DB8::1", ("ip", "2001:db8::1")),
            ("E-Mail", "A@B.example", ("email", "a@b.example")),
            ("domain", ".B.example.", ("domain", "b.example")),
            ("ja4", "T13d", ("tls", "t13d")),
            ("system_template", "T-1", ("template", "T-1")),
        ] {
            let read = Watched::read(kind, value).unwrap();
            assert_eq!((read.kind(), read.value().as_str()), expected);
        }
        for (kind, value) in [
            ("ip", "0.0.0.0/0"),
            ("range", "128.0.0.0/1"),
            ("range", "2000::/3"),
            ("domain", "com"),
            ("domain", ".com"),
            ("domain", "*"),
            ("domain", "*.b.example"),
            ("email", "@"),
            ("email", "a@b@c"),
            ("email", "a"),
            ("ip", "300.1.1.1"),
            ("sha256", "ab"),
            ("ip", " "),
        ] {
            assert!(Watched::read(kind, value).is_err(), "{kind} {value}");
        }
    }
}
