//! How the accounts of a campaign reach the model: platforms, addresses, clients, credentials.
//! Description only: what everybody's requests look like is no evidence.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use rustc_hash::FxHashMap;

use crate::detect::network::address;
use crate::digest::DigestTables;
use crate::fuse::places::country_code;

/// Values of one kind named in a sentence.
const NAMED: usize = 4;

/// Characters of a value that a sentence repeats.
const LONGEST_NAME: usize = 40;

/// Requests by key of one kind, over the accounts of one campaign.
type Counts = BTreeMap<u32, u64>;

/// Sentences on how the accounts of each list (account numbers, ascending) reach the model.
///
/// # Errors
/// When a digest table lacks a column, which is an internal error.
pub fn describe(tables: &DigestTables, lists: &[Vec<u32>]) -> Result<Vec<Vec<String>>> {
    let mut lists_of: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
    for (list, accounts) in lists.iter().enumerate() {
        for account in accounts {
            lists_of.entry(*account).or_default().push(list);
        }
    }
    let mut counts: Vec<Counts> = vec![Counts::default(); lists.len()];
    let links = &tables.links;
    let rows = links
        .column("account")?
        .u32()?
        .into_no_null_iter()
        .zip(links.column("key")?.u32()?.into_no_null_iter())
        .zip(links.column("requests")?.u64()?.into_no_null_iter());
    for ((account, key), requests) in rows {
        for list in lists_of.get(&account).into_iter().flatten() {
            if let Some(counts) = counts.get_mut(*list) {
                *counts.entry(key).or_default() += requests;
            }
        }
    }
    let kinds = tables.keys.column("kind")?.str()?;
    let values = tables.keys.column("value")?.str()?;
    Ok(counts
        .into_iter()
        .map(|counts| {
            let mut by_kind: BTreeMap<&str, Vec<(&str, u64)>> = BTreeMap::new();
            for (key, requests) in counts {
                let at = key as usize;
                if let (Some(kind), Some(value)) = (kinds.get(at), values.get(at)) {
                    by_kind.entry(kind).or_default().push((value, requests));
                }
            }
            for values in by_kind.values_mut() {
                // Most requests first, then by name.
                values.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
            }
            sentences(&by_kind)
        })
        .collect())
}

fn sentences(by_kind: &BTreeMap<&str, Vec<(&str, u64)>>) -> Vec<String> {
    let of = |kind: &str| by_kind.get(kind).map_or(&[][..], Vec::as_slice);
    let mut sentences = Vec::new();
    let platforms = of("platform");
    if !platforms.is_empty() {
        sentences.push(format!("platforms, by requests: {}", shares(platforms)));
    }
    let mut by_code: BTreeMap<String, u64> = BTreeMap::new();
    for (country, requests) in of("country") {
        *by_code.entry(country_code(country)).or_default() += requests;
    }
    if !by_code.is_empty() {
        let mut codes: Vec<(&str, u64)> = by_code
            .iter()
            .map(|(code, requests)| (code.as_str(), *requests))
            .collect();
        codes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        sentences.push(format!(
            "countries of addresses, by requests: {}",
            shares(&codes)
        ));
    }
    let addresses = of("ip");
    if let Some((_, busiest)) = addresses.first() {
        let blocks: BTreeSet<String> = addresses
            .iter()
            .filter_map(|(value, _)| address::prefix(value))
            .collect();
        let all: u64 = addresses.iter().map(|(_, requests)| requests).sum();
        let blocks = match blocks.len() {
            0 => "none of them a public address with a block".to_owned(),
            1 => "in one block (/24 or /48)".to_owned(),
            many => format!("in {many} blocks (/24 or /48)"),
        };
        sentences.push(format!(
            "{}, {blocks}; the busiest has {} % of the requests",
            counted(addresses.len(), "address", "addresses"),
            share_percent(*busiest, all)
        ));
    }
    let clients = [
        ("user_agent", "user agent", "user agents"),
        ("tls", "TLS fingerprint", "TLS fingerprints"),
        ("api_key", "API key", "API keys"),
    ];
    let clients: Vec<String> = clients
        .into_iter()
        .filter(|(kind, _, _)| !of(kind).is_empty())
        .map(|(kind, one, many)| counted(of(kind).len(), one, many))
        .collect();
    if !clients.is_empty() {
        sentences.push(format!("clients: {}", clients.join(", ")));
    }
    sentences
}

/// A whole percentage.
fn share_percent(part: u64, all: u64) -> u64 {
    let percent = part as f64 * 100.0 / all.max(1) as f64;
    percent.round() as u64
}

fn counted(number: usize, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{number} {noun}")
}

/// `api 62 %, cloud 30 % and 3 more`.
fn shares(values: &[(&str, u64)]) -> String {
    let all: u64 = values.iter().map(|(_, requests)| requests).sum();
    let named: Vec<String> = values
        .iter()
        .take(NAMED)
        .map(|(value, requests)| {
            let name: String = value.chars().take(LONGEST_NAME).collect();
            format!("{name} {} %", share_percent(*requests, all))
        })
        .collect();
    let more = match values.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_is_told_and_what_is_absent_is_not() {
        let by_kind: BTreeMap<&str, Vec<(&str, u64)>> = [
            ("platform", vec![("api", 75), ("cloud", 25)]),
            (
                "ip",
                vec![
                    ("203.0.113.7", 60),
                    ("203.0.113.9", 30),
                    ("198.51.100.1", 10),
                ],
            ),
            ("tls", vec![("t13", 100)]),
        ]
        .into();
        assert_eq!(
            sentences(&by_kind),
            [
                "platforms, by requests: api 75 %, cloud 25 %",
                "3 addresses, in 2 blocks (/24 or /48); the busiest has 60 % of the requests",
                "clients: 1 TLS fingerprint",
            ]
        );
        assert!(sentences(&BTreeMap::new()).is_empty());
        let many: Vec<(&str, u64)> = ["a", "b", "c", "d", "e"].map(|name| (name, 1)).into();
        assert_eq!(shares(&many), "a 20 %, b 20 %, c 20 %, d 20 % and 1 more");
    }
}
