//! Accounts by the keys that requests carry: addresses and clients.

use anyhow::Result;
use rustc_hash::FxHashMap;

use crate::detect::Context;
use crate::detect::layer::{Layer, RowSource, group_entries};
use crate::model::finding::Family;

/// The layer of `detector` over the keys of one digest kind, each value passed through `derive`.
pub(super) fn keyed(
    context: &Context<'_>,
    detector: &'static str,
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
        innocent,
        would_clear,
        ..Layer::of_rows(detector, kind, family, RowSource::Links, grouped)
    })
}
