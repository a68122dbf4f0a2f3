//! What texts, and the accounts that send them, are for, as far as cues tell.

use anyhow::Result;

use crate::digest::DigestTables;

/// Capabilities of the sampled texts and of the accounts.
#[derive(Debug, Default, Clone)]
pub struct Capabilities {
    /// Names, sorted; a capability's number is its position.
    pub names: Vec<String>,
    /// For each row of the digest's `texts` the capability that its cues speak for most.
    pub of_text: Vec<Option<u16>>,
    /// For each account the capability of at least half of its sampled texts of one role.
    pub of_account: Vec<Option<u16>>,
    /// (account, capability, requests at least, row of `pattern_samples`), ascending.
    pub requests: Vec<Matched>,
}

/// Requests of one account that match rules of one capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Matched {
    /// Account number.
    pub account: u32,
    /// Capability number.
    pub capability: u16,
    /// Requests that match the rule of the capability that most requests match: a request
    /// may match several, so this is a lower bound.
    pub requests: u64,
    /// That rule.
    pub rule: u32,
}

/// Rules of the packs as numbers: each rule's capability and weight.
struct RuleTable {
    capability: Vec<u16>,
    bits: Vec<f64>,
}

impl Capabilities {
    /// Reads the digest.
    ///
    /// # Errors
    /// When a digest table lacks a column, which is an internal error.
    pub fn read(tables: &DigestTables) -> Result<Self> {
        let rules = &tables.about.patterns.rules;
        let mut names: Vec<String> = rules.iter().map(|rule| rule.capability.clone()).collect();
        names.sort();
        names.dedup();
        let table = RuleTable {
            capability: rules
                .iter()
                .map(|rule| {
                    let at = names.binary_search(&rule.capability).unwrap_or(0);
                    u16::try_from(at).unwrap_or(u16::MAX)
                })
                .collect(),
            bits: rules.iter().map(|rule| rule.bits).collect(),
        };
        let of_text = of_texts(tables, &table, names.len())?;
        Ok(Self {
            of_account: of_accounts(tables, &of_text)?,
            requests: requests(tables, &table)?,
            names,
            of_text,
        })
    }

    /// The capability of more than half of these texts, with its share.
    #[must_use]
    pub fn majority(&self, texts: &[u32]) -> Option<(u16, f64)> {
        let of = |text: &u32| self.of_text.get(*text as usize).copied().flatten();
        let mut found: Vec<u16> = texts.iter().filter_map(of).collect();
        commonest(&mut found)
            .map(|(capability, count)| (capability, count as f64 / texts.len().max(1) as f64))
            .filter(|(_, share)| *share > 0.5)
    }

    /// Name of a capability.
    #[must_use]
    pub fn name(&self, capability: u16) -> &str {
        self.names
            .get(usize::from(capability))
            .map_or("", String::as_str)
    }
}

/// The value that occurs most often, the smallest of several, with its count.
fn commonest(values: &mut [u16]) -> Option<(u16, usize)> {
    values.sort_unstable();
    values
        .chunk_by(|a, b| a == b)
        .filter_map(|run| Some((*run.first()?, run.len())))
        .max_by_key(|(value, count)| (*count, std::cmp::Reverse(*value)))
}

/// Bits of the rules that a text matches add up by capability; the largest sum names it.
/// Rules of one capability are no independent evidence, so this only ranks.
fn of_texts(
    tables: &DigestTables,
    rules: &RuleTable,
    capabilities: usize,
) -> Result<Vec<Option<u16>>> {
    let frame = &tables.text_patterns;
    let pairs: Vec<(u32, u32)> = frame
        .column("text")?
        .u32()?
        .into_no_null_iter()
        .zip(frame.column("rule")?.u32()?.into_no_null_iter())
        .collect();
    let mut found = vec![None; tables.texts.height()];
    let mut sums = vec![0.0_f64; capabilities];
    for run in pairs.chunk_by(|a, b| a.0 == b.0) {
        sums.fill(0.0);
        for (_, rule) in run {
            let rule = *rule as usize;
            if let (Some(capability), Some(bits)) =
                (rules.capability.get(rule), rules.bits.get(rule))
                && let Some(sum) = sums.get_mut(usize::from(*capability))
            {
                *sum += bits;
            }
        }
        let best = (0_u16..)
            .zip(&sums)
            .max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)))
            .map(|(capability, _)| capability);
        if let Some(slot) = run
            .first()
            .and_then(|(text, _)| found.get_mut(*text as usize))
        {
            *slot = best;
        }
    }
    Ok(found)
}

fn of_accounts(tables: &DigestTables, of_text: &[Option<u16>]) -> Result<Vec<Option<u16>>> {
    let frame = &tables.texts;
    let places: Vec<(u32, u32)> = frame
        .column("account")?
        .u32()?
        .into_no_null_iter()
        .zip(frame.column("role")?.u32()?.into_no_null_iter())
        .collect();
    let mut found = vec![None; tables.accounts.height()];
    let mut start = 0;
    for run in places.chunk_by(|a, b| a == b) {
        let end = start + run.len();
        let texts = of_text.get(start..end).unwrap_or_default();
        start = end;
        let mut known: Vec<u16> = texts.iter().copied().flatten().collect();
        let focus = commonest(&mut known).filter(|(_, count)| count * 2 >= run.len());
        if let (Some((capability, _)), Some(slot)) = (
            focus,
            run.first()
                .and_then(|(account, _)| found.get_mut(*account as usize)),
        ) {
            // User texts come first; the system prompt decides only where they do not.
            *slot = slot.or(Some(capability));
        }
    }
    Ok(found)
}

fn requests(tables: &DigestTables, rules: &RuleTable) -> Result<Vec<Matched>> {
    let frame = &tables.patterns;
    let mut found: Vec<Matched> = frame
        .column("account")?
        .u32()?
        .into_no_null_iter()
        .zip(frame.column("rule")?.u32()?.into_no_null_iter())
        .zip(frame.column("requests")?.u64()?.into_no_null_iter())
        .filter_map(|((account, rule), requests)| {
            Some(Matched {
                account,
                capability: *rules.capability.get(rule as usize)?,
                requests,
                rule,
            })
        })
        .collect();
    found.sort_unstable_by_key(|one| {
        (
            one.account,
            one.capability,
            std::cmp::Reverse(one.requests),
            one.rule,
        )
    });
    found.dedup_by_key(|one| (one.account, one.capability));
    Ok(found)
}
