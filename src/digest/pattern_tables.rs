//! The tables of the pattern packs, from a digest in progress and back.

use anyhow::Result;
use polars::prelude::DataFrame;

use crate::digest::account::Account;
use crate::digest::finish::number;
use crate::digest::frames::ColumnList;
use crate::digest::partial::Digest;
use crate::digest::restore::Reader;
use crate::digest::tables::DigestTables;

/// The tables `patterns` and `pattern_samples`.
pub(crate) fn frames(sorted: &[&Account]) -> Result<(DataFrame, DataFrame)> {
    let uses = || {
        sorted.iter().enumerate().flat_map(|(index, account)| {
            let uses = account.patterns.uses.iter();
            uses.map(move |(rule, found)| (number(index), u32::from(*rule), found))
        })
    };
    let mut columns = ColumnList::new("patterns");
    columns.u32(uses().map(|one| one.0));
    columns.u32(uses().map(|one| one.1));
    columns.u64(uses().map(|one| one.2.requests));
    columns.i64(uses().map(|one| one.2.first_us));
    columns.i64(uses().map(|one| one.2.last_us));
    let counts = columns.frame(uses().count())?;
    let picks = || {
        uses().flat_map(|(account, rule, found)| {
            found.picks.iter().map(move |pick| (account, rule, pick))
        })
    };
    let mut columns = ColumnList::new("pattern_samples");
    columns.u32(picks().map(|one| one.0));
    columns.u32(picks().map(|one| one.1));
    columns.picks(|| picks().map(|one| one.2));
    Ok((counts, columns.frame(picks().count())?))
}

/// The table `text_patterns`, from the rules of each row of `texts`.
pub(crate) fn of_texts<'a>(texts: impl Iterator<Item = &'a [u16]>) -> Result<DataFrame> {
    let pairs: Vec<(u32, u32)> = texts
        .enumerate()
        .flat_map(|(text, rules)| {
            rules
                .iter()
                .map(move |rule| (number(text), u32::from(*rule)))
        })
        .collect();
    let mut columns = ColumnList::new("text_patterns");
    columns.u32(pairs.iter().map(|pair| pair.0));
    columns.u32(pairs.iter().map(|pair| pair.1));
    columns.frame(pairs.len())
}

/// The rules of each row of `texts`.
pub(crate) fn rules_of_texts(tables: &DigestTables) -> Result<Vec<Vec<u16>>> {
    let reader = Reader {
        name: "text_patterns",
        frame: &tables.text_patterns,
    };
    let mut rules = vec![Vec::new(); tables.texts.height()];
    for (text, rule) in reader.u32("text")?.into_iter().zip(reader.u32("rule")?) {
        if let Some(rules) = rules.get_mut(text as usize) {
            rules.push(u16::try_from(rule)?);
        }
    }
    Ok(rules)
}

/// Puts the counts and samples of rules back to their accounts.
pub(crate) fn restore(digest: &mut Digest, tables: &DigestTables, map: &[u32]) -> Result<()> {
    let reader = Reader {
        name: "patterns",
        frame: &tables.patterns,
    };
    let times = reader
        .i64("first_us")?
        .into_iter()
        .zip(reader.i64("last_us")?);
    let places = reader.u32("account")?.into_iter().zip(reader.u32("rule")?);
    for (((account, rule), requests), (first_us, last_us)) in
        places.zip(reader.u64("requests")?).zip(times)
    {
        if let Some(account) = digest.accounts.get_mut(account as usize) {
            let entry = account.patterns.entry(u16::try_from(rule)?);
            (entry.requests, entry.first_us, entry.last_us) = (requests, first_us, last_us);
        }
    }
    let samples = Reader {
        name: "pattern_samples",
        frame: &tables.pattern_samples,
    };
    let places = samples
        .u32("account")?
        .into_iter()
        .zip(samples.u32("rule")?);
    for ((account, rule), pick) in places.zip(samples.picks(map)?) {
        if let Some(account) = digest.accounts.get_mut(account as usize) {
            account.patterns.entry(u16::try_from(rule)?).insert(pick);
        }
    }
    Ok(())
}
