//! Accounts that share an address, an address block or a client.
//!
//! # Looks for
//! Values that two and more accounts have in common: exact address, /24 or /48 block, TLS
//! fingerprint, and the combined client fingerprint (user agent, TLS, header order and
//! accepted languages together).
//!
//! # Why
//! The February 2026 disclosure names proxy networks of more than 20,000 accounts at once.
//! Fraud practice ranks payer above address above client.
//!
//! # Null model
//! Accounts hold their keys independently of everything else they do: the group is as if
//! drawn at random among accounts of equal activity (for addresses: and equal country),
//! every key keeping its number of accounts and every account its number of keys. Sharing
//! a value is no evidence by itself; it counts when the accounts that share it also share
//! something of another family more often than this null allows. Popular values (NAT, campus,
//! VPN exit, cloud egress, popular client) fail that test and are listed as suppressed hubs.
//! A place with more than fifty users says something of a group only where three in four of them
//! are in it, and a range that the user declares public never does.
//!
//! # Innocent look-alikes
//! Offices and campuses behind one address, carrier-grade NAT, VPN exits, cloud egress,
//! popular client applications, enterprise seat pools.
//! Accounts of one declared organisation (`org_id`) count as one customer.
//!
//! # Needs
//! Any of requests.ip, requests.tls_fingerprint, requests.user_agent.
//!
//! # Limits
//! Blind to residential proxies that never repeat. Private, masked and hashed addresses give no block. Network and client evidence, alone or
//! together, never exceed the verdict `lead`.

use anyhow::Result;
use rustc_hash::FxHashMap;

use crate::detect::layer::{Layer, RowSource, group_entries};
use crate::detect::network::address;
use crate::detect::{Context, Detector, Meta, Need, Outcome};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;

const ID: &str = "network/shared-infrastructure";

static META: Meta = Meta {
    id: ID,
    title: "Accounts that share an address, an address block or a client",
    families: &[Family::Network, Family::Client],
    version: 3,
    needs: &[
        Need::Request(RequestColumn::Ip),
        Need::Request(RequestColumn::TlsFingerprint),
        Need::Request(RequestColumn::UserAgent),
    ],
    source: include_str!("shared_infrastructure.rs"),
};

/// The detector.
pub struct SharedInfrastructure;

impl Detector for SharedInfrastructure {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        outcome
            .layers
            .push(keyed(context, "ip", "ip", Family::Network, |value| {
                Some(value.to_owned())
            })?);
        outcome.layers.push(keyed(
            context,
            "ip",
            "ip_prefix",
            Family::Network,
            address::prefix,
        )?);
        outcome
            .layers
            .push(keyed(context, "tls", "tls", Family::Client, |value| {
                Some(value.to_owned())
            })?);
        outcome.layers.push(keyed(
            context,
            "client",
            "client",
            Family::Client,
            |value| Some(value.to_owned()),
        )?);
        outcome.layers.retain(|layer| !layer.is_empty());
        Ok(outcome)
    }
}

/// A layer over the keys of one digest kind, each value passed through `derive`.
fn keyed(
    context: &Context<'_>,
    digest_kind: &str,
    kind: &'static str,
    family: Family,
    derive: impl Fn(&str) -> Option<String>,
) -> Result<Layer> {
    let kinds = context.tables.keys.column("kind")?.str()?;
    let values = context.tables.keys.column("value")?.str()?;
    // Key number -> number of the derived value, for keys of this kind.
    let mut names: Vec<String> = Vec::new();
    let mut numbers: FxHashMap<String, u32> = FxHashMap::default();
    // Keys are numbered by their row in the table, so a list stands for the join.
    let mut number_of_key: Vec<Option<u32>> = Vec::with_capacity(kinds.len());
    for (key_kind, value) in kinds.iter().zip(values.iter()) {
        let name = value.filter(|_| key_kind == Some(digest_kind));
        number_of_key.push(name.and_then(&derive).map(|name| {
            *numbers.entry(name).or_insert_with_key(|name| {
                names.push(name.clone());
                u32::try_from(names.len() - 1).unwrap_or(u32::MAX)
            })
        }));
    }
    let links = &context.tables.links;
    let rows = links
        .column("key")?
        .u32()?
        .into_no_null_iter()
        .zip(links.column("account")?.u32()?.into_no_null_iter());
    let entries = (0_u32..)
        .zip(rows)
        .filter_map(|(row, (key, account))| {
            let number = number_of_key.get(key as usize).copied().flatten()?;
            Some((number, account, row))
        })
        .collect();
    let grouped = group_entries(entries, |number| {
        names.get(number as usize).cloned().unwrap_or_default()
    });
    let (innocent, would_clear) = match family {
        Family::Network => (
            "an office, campus, carrier-grade NAT, VPN exit, household or cloud egress that unrelated customers share",
            "proof that the address is shared by the public, or that the accounts belong to one declared organisation",
        ),
        _ => (
            "the same popular client, library or browser on many machines",
            "the same client seen over unrelated accounts at the same rate",
        ),
    };
    Ok(Layer {
        detector: ID,
        kind,
        family,
        hard: false,
        values: grouped.values,
        offsets: grouped.offsets,
        accounts: grouped.accounts,
        singles: grouped.singles,
        rows: grouped.rows,
        row_source: RowSource::Links,
        quality: Vec::new(),
        innocent,
        would_clear,
    })
}
