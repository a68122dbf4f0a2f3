//! One signed reasoning blob in the requests of several accounts.
//!
//! # Looks for
//! Requests of different customers that carry in the same `reasoning_signature`: an exact
//! join on the hash. Two layers come of it: the signatures, each with its accounts; and
//! rings, accounts that are tied together by several signatures, each in few hands.
//!
//! # Why
//! A signature is made by the provider for one answer in one conversation. The September
//! 2026 disclosures name the replay of a saved thinking signature in a new session, and
//! of encrypted reasoning across conversations and users: blobs are pulled out of one
//! account and put into others.
//!
//! # Null model
//! No two customers hold the same blob by chance: the expected number is zero. What the
//! signatures do not say is whether the customers are strangers, so a signature counts
//! like any shared key: the accounts that share it must also share something of another
//! family more often than accounts drawn at random among accounts of equal activity.
//!
//! # Innocent look-alikes
//! One customer with several accounts (accounts of one declared `org_id` count as one);
//! a signature published in documentation or in a library's tests, which turns up in very
//! many accounts: such a signature makes no ring. Example turns that a program ships, which each of
//! its users carries: where accounts share fewer signatures than they are, these count for no
//! verdict. A support case copied between colleagues.
//!
//! # Needs
//! requests.reasoning_signature.
//!
//! # Limits
//! Replay inside one account (another conversation of the same customer) is looked at by
//! `dynamics/conversation-replay`. Blobs that are re-encrypted per account have different hashes.

use anyhow::Result;
use rustc_hash::FxHashMap;

use crate::detect::layer::{Grouped, Layer, Quality, RowSource, group_entries};
use crate::detect::{Context, Detector, Meta, Need, Outcome};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;
use crate::stats::components::Components;

const ID: &str = "dynamics/signature-replay";

static META: Meta = Meta {
    id: ID,
    title: "One signed reasoning blob in the requests of several accounts",
    families: &[Family::Dynamics],
    version: 1,
    needs: &[Need::Request(RequestColumn::ReasoningSignature)],
    source: include_str!("signature_replay.rs"),
};

/// Kind of the layer of signatures.
pub const SIGNATURE: &str = "signature";

/// A ring needs two signatures at least: one alone may be a copied support case.
const RING_SIGNATURES: u32 = 2;

/// The detector.
pub struct SignatureReplay;

impl Detector for SignatureReplay {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>) -> Result<Outcome> {
        let kinds = context.tables.keys.column("kind")?.str()?;
        let values = context.tables.keys.column("value")?.str()?;
        // Keys are sorted by kind, so the signatures are one run of numbers.
        let names: FxHashMap<u32, &str> = (0_u32..)
            .zip(kinds.iter().zip(values.iter()))
            .filter(|(_, (kind, _))| *kind == Some("reasoning_signature"))
            .filter_map(|(key, (_, value))| Some((key, value?)))
            .collect();
        let entries: Vec<(u32, u32, u32)> = context
            .tables
            .links
            .column("account")?
            .u32()?
            .into_no_null_iter()
            .zip(
                context
                    .tables
                    .links
                    .column("key")?
                    .u32()?
                    .into_no_null_iter(),
            )
            .zip(0_u32..)
            .filter(|((_, key), _)| names.contains_key(key))
            .map(|((account, key), row)| (key, account, row))
            .collect();
        let signatures = group_entries(entries, |key| {
            names
                .get(&key)
                .map_or_else(String::new, |name| (*name).to_owned())
        });
        let rings = rings(
            &signatures,
            context.tables.accounts.height(),
            context.config.network.hub_degree,
        );
        let mut outcome = Outcome::default();
        let partial = context.tables.about.link_level;
        if partial > 0 {
            outcome.partial.push(format!(
                "only one in {} keys is in the digest: replayed signatures are undercounted",
                1_u64 << partial.min(63)
            ));
        }
        outcome.layers.push(layer(
            SIGNATURE,
            signatures,
            // A signature alone is no lead: rings are.
            Some(Quality::Supporting),
        ));
        outcome.layers.push(layer("signature_ring", rings, None));
        outcome.layers.retain(|layer| !layer.is_empty());
        Ok(outcome)
    }
}

/// Accounts connected by signatures that few hands hold; a ring is named by its smallest signature.
fn rings(signatures: &Grouped, accounts: usize, hub_degree: usize) -> Grouped {
    let small = |group: usize| {
        let range = signatures.offsets.get(group).copied().unwrap_or(0)
            ..signatures.offsets.get(group + 1).copied().unwrap_or(0);
        (range.len() <= hub_degree).then_some(range)
    };
    let mut components = Components::new(u32::try_from(accounts).unwrap_or(u32::MAX));
    for range in (0..signatures.values.len()).filter_map(small) {
        let members = signatures.accounts.get(range).unwrap_or(&[]);
        if let Some(first) = members.first() {
            for account in members {
                components.link(*first, *account);
            }
        }
    }
    // Signatures in each ring, and the first of them.
    let mut about: FxHashMap<u32, (u32, usize)> = FxHashMap::default();
    let mut entries = Vec::new();
    for group in 0..signatures.values.len() {
        let Some(range) = small(group) else { continue };
        for (step, position) in range.enumerate() {
            let (Some(account), Some(row)) = (
                signatures.accounts.get(position),
                signatures.rows.get(position),
            ) else {
                continue;
            };
            let label = components.label(*account);
            if step == 0 {
                about.entry(label).or_insert((0, group)).0 += 1;
            }
            entries.push((label, *account, *row));
        }
    }
    entries.retain(|(label, _, _)| {
        about
            .get(label)
            .is_some_and(|(count, _)| *count >= RING_SIGNATURES)
    });
    group_entries(entries, |label| {
        about
            .get(&label)
            .and_then(|(count, first)| {
                Some(format!(
                    "{} and {} more",
                    signatures.values.get(*first)?,
                    count - 1
                ))
            })
            .unwrap_or_default()
    })
}

fn layer(kind: &'static str, grouped: Grouped, quality: Option<Quality>) -> Layer {
    Layer {
        hard: true,
        quality: quality
            .map(|quality| vec![quality; grouped.values.len()])
            .unwrap_or_default(),
        innocent: "one customer with several accounts that continues its own conversations, or a published example that many copy",
        would_clear: "proof that the accounts belong to one declared customer, or a publication that contains the blob",
        ..Layer::of_rows(ID, kind, Family::Dynamics, RowSource::Links, grouped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grouped(entries: &[(u32, u32)]) -> Grouped {
        group_entries(
            entries
                .iter()
                .map(|(signature, account)| (*signature, *account, *signature * 100 + *account))
                .collect(),
            |signature| format!("sig{signature}"),
        )
    }

    #[test]
    fn accounts_in_a_chain_of_signatures_are_one_ring() {
        let rings = rings(
            &grouped(&[(0, 1), (0, 2), (1, 2), (1, 3), (2, 7), (2, 8)]),
            10,
            50,
        );
        // 1-2-3 by two signatures; 7 and 8 share only one.
        assert_eq!(rings.values, ["sig0 and 1 more"]);
        assert_eq!(rings.accounts, [1, 2, 3]);
        assert_eq!(rings.rows, [1, 2, 103]);
    }

    #[test]
    fn a_published_signature_makes_no_ring() {
        let mut entries: Vec<(u32, u32)> = (0..60).map(|account| (0, account)).collect();
        entries.extend((0..60).map(|account| (1, account)));
        assert!(rings(&grouped(&entries), 60, 50).values.is_empty());
        assert_eq!(rings(&grouped(&entries), 60, 60).accounts.len(), 60);
    }

    #[test]
    fn unshared_signatures_give_nothing_ever() {
        // The null of an exact join: signatures are drawn once each, so nothing can be shared.
        for repetition in 0..200_u32 {
            let entries: Vec<(u32, u32)> =
                (0..50).map(|at| (at, (at * 7 + repetition) % 20)).collect();
            let signatures = grouped(&entries);
            assert!(signatures.values.is_empty());
            assert!(rings(&signatures, 20, 50).values.is_empty());
        }
    }
}
