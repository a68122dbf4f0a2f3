//! The sampled prompts of every account, as plain vectors: what the group tests of content look at.

use anyhow::Result;
use polars::prelude::DataFrame;

use crate::detect::content::families::{SampledText, TextFamily};
use crate::detect::content::sketches::near_duplicates;
use crate::digest::DigestTables;
use crate::text::TopicWords;

/// A prompt in the sample of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prompt {
    /// Hash of the exact text; the sample holds those with the smallest.
    pub hash: u64,
    /// Requests of the account with exactly this text.
    pub uses: u64,
    /// First of them, microseconds since the epoch.
    pub first_us: i64,
    /// Last of them.
    pub last_us: i64,
    /// First of those that were turned away, for rate or by policy.
    pub turned_away_us: Option<i64>,
    /// Hashes of the credential (low half) and platform (high half) of the first and the last; a
    /// half is 0 where not known.
    pub ways: [u32; 2],
    /// Length of the text in bytes of UTF-8.
    pub bytes: u32,
    /// Words that stand for what it is about.
    pub topic: TopicWords,
    /// The set of near-duplicates that it belongs to with texts of other accounts, where it
    /// follows no template.
    pub near: Option<u32>,
    /// The template it was made from, where one is known.
    pub template: Option<u32>,
}

/// Prompts by account.
///
/// All accounts are sampled by the same hash, so a text that several accounts use is in the
/// sample of all of them, or beyond the reach of some.
#[derive(Debug, Clone, Default)]
pub struct Prompts {
    offsets: Vec<usize>,
    list: Vec<Prompt>,
    /// Largest hash up to which an account's sample leaves nothing out.
    reach: Vec<u64>,
}

impl Prompts {
    /// From a digest and the templates found in it.
    ///
    /// # Errors
    /// When a digest table lacks a column, which is an internal error.
    pub fn read(tables: &DigestTables, families: &[TextFamily]) -> Result<Self> {
        let frame = &tables.texts;
        let mut template = vec![None; frame.height()];
        for (number, family) in (0_u32..).zip(families) {
            for row in family.texts.iter().filter(|_| !family.system) {
                if let Some(slot) = template.get_mut(*row as usize) {
                    *slot = Some(number);
                }
            }
        }
        let near = near_sets(tables, &template)?;
        let mut turned_away = vec![None; frame.height()];
        let times = &tables.turned_away;
        let times = times
            .column("text")?
            .u32()?
            .into_no_null_iter()
            .zip(times.column("first_us")?.i64()?.into_no_null_iter());
        for (row, time) in times {
            if let Some(slot) = turned_away.get_mut(row as usize) {
                *slot = Some(time);
            }
        }
        let words = |name| u64s(frame, name);
        let (one, two) = (words("words_1")?, words("words_2")?);
        let (three, four) = (words("words_3")?, words("words_4")?);
        let (accounts, roles) = (u32s(frame, "account")?, u32s(frame, "role")?);
        let (hashes, uses) = (u64s(frame, "text_hash")?, u64s(frame, "uses")?);
        let (firsts, lasts) = (i64s(frame, "first_us")?, i64s(frame, "last_us")?);
        let ways = (u32s(frame, "first_way")?, u32s(frame, "last_way")?);
        let bytes = u32s(frame, "bytes")?;
        let mut prompts: Vec<(u32, Prompt)> = Vec::new();
        for row in (0..frame.height()).filter(|row| roles[*row] == 0) {
            prompts.push((
                accounts[row],
                Prompt {
                    hash: hashes[row],
                    uses: uses[row],
                    first_us: firsts[row],
                    last_us: lasts[row],
                    turned_away_us: turned_away[row],
                    ways: [ways.0[row], ways.1[row]],
                    bytes: bytes[row],
                    topic: TopicWords::from_numbers([one[row], two[row], three[row], four[row]]),
                    near: near[row],
                    template: template[row],
                },
            ));
        }
        // Texts that were thinned out still say how far the sample reaches.
        let thinned = &tables.thinned_texts;
        let gone = thinned
            .column("account")?
            .u32()?
            .into_no_null_iter()
            .zip(thinned.column("role")?.u32()?.into_no_null_iter())
            .zip(thinned.column("text_hash")?.u64()?.into_no_null_iter())
            .filter(|((_, role), _)| *role == 0)
            .map(|((account, _), hash)| (account, hash));
        let about = &tables.about;
        let limit = about.config.texts_per_account >> about.text_halvings.min(usize::BITS - 1);
        Ok(Self::new(tables.accounts.height(), prompts, gone, limit))
    }

    /// From (account, prompt) and (account, hash of a prompt that was thinned out), where a
    /// sample holds at most `limit` prompts.
    #[must_use]
    pub fn new(
        accounts: usize,
        mut prompts: Vec<(u32, Prompt)>,
        gone: impl Iterator<Item = (u32, u64)>,
        limit: usize,
    ) -> Self {
        prompts.sort_unstable_by_key(|(account, prompt)| (*account, prompt.hash));
        let mut counts = vec![0_usize; accounts];
        let mut largest = vec![0_u64; accounts];
        let mut seen = |account: u32, hash: u64| {
            let at = account as usize;
            if let (Some(count), Some(top)) = (counts.get_mut(at), largest.get_mut(at)) {
                *count += 1;
                *top = (*top).max(hash);
            }
        };
        for (account, prompt) in &prompts {
            seen(*account, prompt.hash);
        }
        let mut offsets = vec![0; accounts + 1];
        for (account, _) in &prompts {
            if let Some(slot) = offsets.get_mut(*account as usize + 1) {
                *slot += 1;
            }
        }
        for index in 1..offsets.len() {
            offsets[index] += offsets[index - 1];
        }
        for (account, hash) in gone {
            seen(account, hash);
        }
        let reach = counts
            .iter()
            .zip(&largest)
            .map(|(count, top)| if *count < limit { u64::MAX } else { *top })
            .collect();
        Self {
            offsets,
            list: prompts.into_iter().map(|(_, prompt)| prompt).collect(),
            reach,
        }
    }

    /// Whether no account has any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The sampled prompts of an account, by hash.
    #[must_use]
    pub fn of(&self, account: u32) -> &[Prompt] {
        let index = account as usize;
        match (self.offsets.get(index), self.offsets.get(index + 1)) {
            (Some(start), Some(end)) => self.list.get(*start..*end).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// Largest hash up to which the account's sample leaves no prompt out.
    #[must_use]
    pub fn reach(&self, account: u32) -> u64 {
        self.reach.get(account as usize).copied().unwrap_or(0)
    }
}

pub(super) fn u32s(frame: &DataFrame, name: &str) -> Result<Vec<u32>> {
    Ok(frame.column(name)?.u32()?.into_no_null_iter().collect())
}

fn u64s(frame: &DataFrame, name: &str) -> Result<Vec<u64>> {
    Ok(frame.column(name)?.u64()?.into_no_null_iter().collect())
}

fn i64s(frame: &DataFrame, name: &str) -> Result<Vec<i64>> {
    Ok(frame.column(name)?.i64()?.into_no_null_iter().collect())
}

/// For each row of `texts` the set of near-duplicates it is in: user prompts that follow no
/// template, of two accounts at least and not all equal.
fn near_sets(tables: &DigestTables, template: &[Option<u32>]) -> Result<Vec<Option<u32>>> {
    let frame = &tables.texts;
    let roles = u32s(frame, "role")?;
    let rows: Vec<usize> = (0..frame.height())
        .filter(|row| roles[*row] == 0 && template[*row].is_none())
        .collect();
    let (accounts, hashes) = (u32s(frame, "account")?, u64s(frame, "text_hash")?);
    let texts: Vec<SampledText<'_>> = rows
        .iter()
        .map(|row| SampledText {
            account: accounts[*row],
            text_hash: hashes[*row],
            fragments: tables.fragments.of(*row),
        })
        .collect();
    let first_of = near_duplicates(&texts);
    // Whether the set holds another account, and another text, than its first one.
    let mut holds = vec![(false, false); texts.len()];
    for (text, first) in texts.iter().zip(&first_of) {
        let (Some(found), Some(first)) =
            (holds.get_mut(*first as usize), texts.get(*first as usize))
        else {
            continue;
        };
        found.0 |= text.account != first.account;
        found.1 |= text.text_hash != first.text_hash;
    }
    let mut near = vec![None; frame.height()];
    for (row, first) in rows.into_iter().zip(first_of) {
        if holds.get(first as usize) == Some(&(true, true)) {
            near[row] = Some(first);
        }
    }
    Ok(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(hash: u64) -> Prompt {
        Prompt {
            hash,
            uses: 1,
            first_us: 0,
            last_us: 0,
            turned_away_us: None,
            ways: [0; 2],
            bytes: 80,
            topic: TopicWords::default(),
            near: None,
            template: None,
        }
    }

    #[test]
    fn a_sample_that_is_not_full_leaves_nothing_out() {
        let given = vec![(2, prompt(9)), (0, prompt(7)), (0, prompt(3))];
        let prompts = Prompts::new(3, given, [(2, 40)].into_iter(), 2);
        let hashes = |account| -> Vec<u64> {
            prompts
                .of(account)
                .iter()
                .map(|prompt| prompt.hash)
                .collect()
        };
        assert_eq!(
            (hashes(0), hashes(1), hashes(2)),
            (vec![3, 7], vec![], vec![9])
        );
        assert_eq!(
            (prompts.reach(0), prompts.reach(1), prompts.reach(2)),
            (7, u64::MAX, 40)
        );
        assert!(prompts.of(9).is_empty() && prompts.reach(9) == 0);
    }
}
