//! Accounts that share an address, an address block or a client.
//!
//! # Looks for
//! Values that two and more accounts have in common: exact address, /24 or /48 block,
//! autonomous system, TLS fingerprint, and the combined client fingerprint (user agent, TLS, header order and
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
//! are in it, and a range that the user declares public never does. An autonomous system never
//! does either: it has the subscribers of a country or all that rent in one cloud. It is listed
//! with a campaign's keys, inside and outside, and the largest stand among the suppressed hubs.
//!
//! # Innocent look-alikes
//! Offices and campuses behind one address, carrier-grade NAT, VPN exits, cloud egress,
//! popular client applications, enterprise seat pools.
//! Accounts of one declared organisation (`org_id`) count as one customer.
//!
//! # Needs
//! Any of requests.ip, requests.asn, requests.tls_fingerprint, requests.user_agent.
//!
//! # Limits
//! Blind to residential proxies that never repeat. Private, masked and hashed addresses give no block. Network and client evidence, alone or
//! together, never exceed the verdict `lead`.

use anyhow::Result;

use crate::detect::layer::ASN;
use crate::detect::network::address;
use crate::detect::network::keyed::keyed;
use crate::detect::{Context, Detector, Meta, Need, Outcome};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;

const ID: &str = "network/shared-infrastructure";

static META: Meta = Meta {
    id: ID,
    title: "Accounts that share an address, an address block or a client",
    families: &[Family::Network, Family::Client],
    version: 4,
    needs: &[
        Need::Request(RequestColumn::Ip),
        Need::Request(RequestColumn::Asn),
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
            .push(keyed(context, ID, "ip", "ip", Family::Network, |value| {
                (!address::is_placeholder(value)).then(|| address::spelled(value))
            })?);
        outcome.layers.push(keyed(
            context,
            ID,
            "ip",
            "ip_prefix",
            Family::Network,
            // A declared address does not speak through its block either.
            |value| {
                let public = context.public_ranges;
                address::prefix(value).filter(|block| {
                    public.holding(value).is_none() || public.holding(block).is_some()
                })
            },
        )?);
        outcome
            .layers
            .push(keyed(context, ID, "asn", ASN, Family::Network, |value| {
                Some(value.to_owned())
            })?);
        outcome
            .layers
            .push(keyed(context, ID, "tls", "tls", Family::Client, |value| {
                Some(value.to_owned())
            })?);
        outcome.layers.push(keyed(
            context,
            ID,
            "client",
            "client",
            Family::Client,
            |value| Some(value.to_owned()),
        )?);
        outcome.layers.retain(|layer| !layer.is_empty());
        Ok(outcome)
    }
}
