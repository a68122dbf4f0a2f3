//! How busy each unit is and where it sends its requests from.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::digest::DigestTables;
use crate::fuse::incidence::Units;
use crate::model::profile::AccountProfile;

/// Requests of each unit.
#[must_use]
pub fn by_unit(units: &Units, requests: &[u64]) -> Vec<u64> {
    units
        .accounts
        .iter()
        .map(|accounts| {
            accounts
                .iter()
                .filter_map(|account| requests.get(*account as usize))
                .sum()
        })
        .collect()
}

/// A country as a report names it: its code in capitals. The column may hold anything, and what is
/// no code of two letters might name a customer.
#[must_use]
pub fn country_code(value: &str) -> String {
    let code = value.trim();
    if code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_alphabetic()) {
        code.to_ascii_uppercase()
    } else {
        "no country code".to_owned()
    }
}

/// Where most of a unit's requests come from, as a number: its country; without a country
/// column the billing country; without that the first part of its commonest address, since
/// address blocks are handed out by region.
///
/// # Errors
/// When a digest table lacks a column, which is an internal error.
pub fn places(
    tables: &DigestTables,
    profiles: &[Option<AccountProfile>],
    units: &Units,
) -> Result<Vec<u32>> {
    let by_country = commonest(tables, units, "country", |value| value.to_uppercase())?;
    let mut by_address = commonest(tables, units, "ip", |value| {
        value
            .split(['.', ':'])
            .next()
            .unwrap_or_default()
            .to_owned()
    })?;
    for (account, profile) in profiles.iter().enumerate() {
        if let Some(country) = profile
            .as_ref()
            .and_then(|profile| profile.billing_country.as_ref())
            && let Some(unit) = units.of_account.get(account)
            && let Some(slot) = by_address.get_mut(*unit as usize)
        {
            *slot = Some(country.to_uppercase());
        }
    }
    let named: Vec<String> = by_country
        .into_iter()
        .zip(by_address)
        .map(|(country, address)| country.or(address).unwrap_or_default())
        .collect();
    let mut names = named.clone();
    names.sort_unstable();
    names.dedup();
    Ok(named
        .iter()
        .map(|name| u32::try_from(names.binary_search(name).unwrap_or(0)).unwrap_or(0))
        .collect())
}

/// For each unit the value (after `derive`) of the key of this kind that most of its requests have.
fn commonest(
    tables: &DigestTables,
    units: &Units,
    kind: &str,
    derive: impl Fn(&str) -> String,
) -> Result<Vec<Option<String>>> {
    let kinds = tables.keys.column("kind")?.str()?;
    let values = tables.keys.column("value")?.str()?;
    // Keys are numbered by their row in the table, so a list stands for the join.
    let derived: Vec<Option<String>> = kinds
        .iter()
        .zip(values.iter())
        .map(|(of_kind, value)| (of_kind == Some(kind)).then(|| derive(value.unwrap_or_default())))
        .collect();
    let links = &tables.links;
    let mut counts: BTreeMap<(u32, &str), u64> = BTreeMap::new();
    let rows = links
        .column("account")?
        .u32()?
        .into_no_null_iter()
        .zip(links.column("key")?.u32()?.into_no_null_iter())
        .zip(links.column("requests")?.u64()?.into_no_null_iter());
    for ((account, key), requests) in rows {
        if let Some(unit) = units.of_account.get(account as usize)
            && let Some(Some(value)) = derived.get(key as usize)
        {
            *counts.entry((*unit, value.as_str())).or_default() += requests;
        }
    }
    let mut best: Vec<(u64, Option<String>)> = vec![(0, None); units.len()];
    for ((unit, value), requests) in counts {
        if let Some(slot) = best.get_mut(unit as usize)
            && requests > slot.0
        {
            *slot = (requests, Some(value.to_owned()));
        }
    }
    Ok(best.into_iter().map(|(_, value)| value).collect())
}
