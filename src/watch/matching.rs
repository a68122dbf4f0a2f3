//! The search: which accounts of a digest, of the accounts table and of the templates an entry
//! names.

use std::collections::BTreeSet;
use std::net::IpAddr;

use anyhow::Result;
use ipnet::IpNet;
use prefix_trie::joint::JointPrefixMap;
use rustc_hash::FxHashMap;

use crate::detect::network::address::parse;
use crate::digest::DigestTables;
use crate::model::finding::Locator;
use crate::model::profile::AccountProfile;
use crate::watch::entry::{Entry, Watched};

/// What one entry named.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Hit {
    /// Accounts, by their number in the digest.
    pub(super) accounts: BTreeSet<u32>,
    /// Requests that carry the entry; 0 where it names the account.
    pub(super) requests: u64,
    /// First of them, microseconds since the epoch.
    pub(super) first_us: Option<i64>,
    /// Last of them.
    pub(super) last_us: Option<i64>,
    /// Sample rows, at most one for each account and key: those that carry the entry, or where it
    /// names the account (its mailbox, payer, template ...) a row of the account.
    pub(super) locators: Vec<Locator>,
}

/// The entries of a list by what they name, for look-ups.
#[derive(Default)]
struct Index {
    addresses: FxHashMap<IpAddr, Vec<usize>>,
    blocks: JointPrefixMap<IpNet, Vec<usize>>,
    texts: FxHashMap<(&'static str, String), Vec<usize>>,
}

impl Index {
    fn new(entries: &[Entry]) -> Self {
        let mut index = Index::default();
        for (number, entry) in entries.iter().enumerate() {
            match &entry.watched {
                Watched::Ip(address) => index.addresses.entry(*address).or_default().push(number),
                Watched::Range(block) => index.blocks.entry(*block).or_default().push(number),
                other => index
                    .texts
                    .entry((other.kind(), other.value()))
                    .or_default()
                    .push(number),
            }
        }
        index
    }

    fn of_text(&self, kind: &'static str, text: &str) -> Vec<usize> {
        self.texts
            .get(&(kind, text.to_owned()))
            .cloned()
            .unwrap_or_default()
    }

    /// Entries for an address as the log writes it; none for a hashed or masked one.
    fn of_address(&self, text: &str) -> Vec<usize> {
        let Some(address) = parse(text) else {
            return Vec::new();
        };
        let mut found = self.addresses.get(&address).cloned().unwrap_or_default();
        for (_, entries) in self.blocks.cover(&IpNet::from(address)) {
            found.extend(entries);
        }
        found
    }

    /// Entries for a mailbox, and for its domain and every domain above that.
    fn of_mailbox(&self, email: Option<&str>, domain: Option<&str>) -> Vec<usize> {
        let email = email.map(str::to_lowercase);
        let mut found = email
            .as_deref()
            .map(|email| self.of_text("email", email.trim().trim_end_matches('.')))
            .unwrap_or_default();
        let domain = domain.map(str::to_lowercase).or_else(|| {
            let (_, domain) = email.as_deref()?.rsplit_once('@')?;
            Some(domain.to_owned())
        });
        let mut rest = domain
            .as_deref()
            .map(|domain| domain.trim().trim_end_matches('.'));
        while let Some(domain) = rest {
            found.extend(self.of_text("domain", domain));
            rest = domain.split_once('.').map(|(_, above)| above);
        }
        found
    }
}

/// Looks for every entry. `accounts_of` gives the accounts that use a template.
///
/// # Errors
/// When a digest table lacks a column, which is an internal error.
pub(super) fn hits(
    entries: &[Entry],
    tables: &DigestTables,
    profiles: &[Option<AccountProfile>],
    accounts_of: impl Fn(&str) -> Vec<u32>,
    locators: usize,
) -> Result<Vec<Hit>> {
    let index = Index::new(entries);
    let mut hits = vec![Hit::default(); entries.len()];
    in_links(&index, tables, locators, &mut hits)?;
    for (account, profile) in (0_u32..).zip(profiles) {
        let Some(profile) = profile else { continue };
        let text = |kind: &'static str, value: &Option<String>| {
            value
                .as_deref()
                .map(|value| index.of_text(kind, value.trim()))
                .unwrap_or_default()
        };
        let address = profile.signup_ip.as_deref();
        let found = address
            .map(|address| index.of_address(address))
            .unwrap_or_default()
            .into_iter()
            .chain(index.of_mailbox(profile.email.as_deref(), profile.email_domain.as_deref()))
            .chain(text("payment", &profile.payment_id))
            .chain(text("user_agent", &profile.signup_user_agent))
            .chain(text(
                "tls",
                &profile
                    .signup_tls_fingerprint
                    .as_deref()
                    .map(str::to_lowercase),
            ));
        for entry in found {
            hits[entry].accounts.insert(account);
        }
    }
    for (account, id) in (0_u32..).zip(tables.accounts.column("account_id")?.str()?.iter()) {
        for entry in index.of_text("account", id.unwrap_or_default()) {
            hits[entry].accounts.insert(account);
        }
    }
    for (entry, hit) in entries.iter().zip(&mut hits) {
        if let Watched::Template(id) = &entry.watched {
            hit.accounts.extend(accounts_of(id));
        }
    }
    Ok(hits)
}

/// Addresses, user agents and TLS fingerprints of requests.
fn in_links(index: &Index, tables: &DigestTables, locators: usize, hits: &mut [Hit]) -> Result<()> {
    let kinds = tables.keys.column("kind")?.str()?;
    let values = tables.keys.column("value")?.str()?;
    let mut by_key: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
    for ((key, kind), value) in (0_u32..).zip(kinds.iter()).zip(values.iter()) {
        let value = value.unwrap_or_default();
        let found = match kind {
            Some("ip") => index.of_address(value),
            Some("user_agent") => index.of_text("user_agent", value.trim()),
            Some("tls") => index.of_text("tls", value.trim().to_lowercase().as_str()),
            _ => continue,
        };
        if !found.is_empty() {
            by_key.insert(key, found);
        }
    }
    if by_key.is_empty() {
        return Ok(());
    }
    let links = &tables.links;
    let rows = links
        .column("account")?
        .u32()?
        .into_no_null_iter()
        .zip(links.column("key")?.u32()?.into_no_null_iter())
        .zip(links.column("requests")?.u64()?.into_no_null_iter())
        .zip(links.column("first_us")?.i64()?.into_no_null_iter())
        .zip(links.column("last_us")?.i64()?.into_no_null_iter())
        .zip(links.column("file")?.u32()?.into_no_null_iter())
        .zip(links.column("row")?.u64()?.into_no_null_iter())
        .zip(links.column("request_id")?.str()?.iter());
    for (((((((account, key), requests), first_us), last_us), file), row), request_id) in rows {
        for entry in by_key.get(&key).into_iter().flatten() {
            let hit = &mut hits[*entry];
            hit.accounts.insert(account);
            hit.requests = hit.requests.saturating_add(requests);
            hit.first_us = Some(hit.first_us.map_or(first_us, |first| first.min(first_us)));
            hit.last_us = Some(hit.last_us.map_or(last_us, |last| last.max(last_us)));
            if hit.locators.len() < locators {
                hit.locators.push(Locator {
                    file,
                    row,
                    request_id: request_id.unwrap_or_default().to_owned(),
                });
            }
        }
    }
    for hit in hits {
        hit.locators.sort();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(all: &[(&str, &str)]) -> Vec<Entry> {
        (1_u64..)
            .zip(all)
            .map(|(place, (kind, value))| Entry {
                valid_until_us: None,
                place,
                watched: Watched::read(kind, value).unwrap(),
            })
            .collect()
    }

    #[test]
    fn addresses_are_found_by_themselves_and_by_their_blocks() {
        let entries = entries(&[
            ("ip", "203.0.113.7"),
            ("range", "203.0.113.0/24"),
            ("range", "203.0.0.0/16"),
            ("range", "2001:db8::/32"),
        ]);
        let index = Index::new(&entries);
        let sorted = |text: &str| {
            let mut found = index.of_address(text);
            found.sort_unstable();
            found
        };
        assert_eq!(sorted("203.0.113.7"), [0, 1, 2]);
        assert_eq!(sorted("::ffff:203.0.113.7"), [0, 1, 2]);
        assert_eq!(sorted("203.0.114.7"), [2]);
        assert_eq!(sorted("2001:db8:1::1"), [3]);
        assert_eq!(sorted("203.0.113.***"), Vec::<usize>::new());
    }

    #[test]
    fn mailboxes_are_found_by_themselves_and_by_their_domains() {
        let entries = entries(&[("email", "a@x.b.example"), ("domain", "b.example")]);
        let index = Index::new(&entries);
        assert_eq!(index.of_mailbox(Some("A@x.B.example"), None), [0, 1]);
        assert_eq!(index.of_mailbox(Some("c@b.example"), None), [1]);
        assert_eq!(index.of_mailbox(None, Some("y.b.example")), [1]);
        assert!(index.of_mailbox(Some("a@bb.example"), None).is_empty());
        assert!(index.of_mailbox(Some("9f86d081884c"), None).is_empty());
    }
}
