//! Which texts hold each fragment: the records of all texts, brought together by fragment.

use std::ops::Range;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rustc_hash::FxHashSet;

use crate::config::ContentConfig;
use crate::detect::content::families::SampledText;

/// Records that are sorted together: so many fit into the cache nearest to a core.
const BUCKET_RECORDS: usize = 1 << 15;

/// Counters by which fragments too rare to matter are told before anything is sorted: two for
/// each record of a bucket, so that they seldom stand for two fragments.
const COUNTERS: usize = 2 * BUCKET_RECORDS;

/// Fragments with the texts that hold them, together by fragment.
pub(super) struct Records {
    records: Vec<(u64, u32)>,
    /// What is left of each bucket.
    kept: Vec<Range<usize>>,
}

impl Records {
    /// From the fragments of texts; of those that fewer than `fewest` texts hold, most are left
    /// out. Fragments are hashes: their low bits are as good as random, their high ones are not,
    /// since texts choose their smallest.
    pub(super) fn gather<'a>(
        lists: impl Iterator<Item = (u32, &'a [u64])> + Clone,
        fewest: usize,
    ) -> Self {
        let total: usize = lists.clone().map(|(_, fragments)| fragments.len()).sum();
        let buckets = (total / BUCKET_RECORDS + 1).next_power_of_two();
        let bucket_of = |fragment: u64| (fragment & (buckets as u64 - 1)) as usize;
        let mut places = vec![0_usize; buckets];
        for fragment in lists.clone().flat_map(|(_, fragments)| fragments) {
            places[bucket_of(*fragment)] += 1;
        }
        let sizes = places.clone();
        let mut before = 0;
        for place in &mut places {
            before += std::mem::replace(place, before);
        }
        let starts = places.clone();
        let mut records = vec![(0, 0); total];
        for (text, fragments) in lists {
            for fragment in fragments {
                let place = &mut places[bucket_of(*fragment)];
                records[*place] = (*fragment, text);
                *place += 1;
            }
        }
        let mut parts = Vec::with_capacity(buckets);
        let mut rest = records.as_mut_slice();
        for size in sizes {
            let (part, others) = rest.split_at_mut(size);
            parts.push(part);
            rest = others;
        }
        let bits = buckets.trailing_zeros();
        let left: Vec<usize> = parts
            .into_par_iter()
            .map(|part| sorted(part, bits, fewest))
            .collect();
        let kept = starts.into_iter().zip(left);
        Self {
            records,
            kept: kept.map(|(start, left)| start..start + left).collect(),
        }
    }

    /// The records of each fragment: texts ascending, fragments in no telling order.
    pub(super) fn runs(&self) -> impl Iterator<Item = &[(u64, u32)]> {
        self.kept
            .iter()
            .filter_map(|range| self.records.get(range.clone()))
            .flat_map(|bucket| bucket.chunk_by(|a, b| a.0 == b.0))
    }
}

/// Sorts a bucket of fragments that agree in so many low bits, without most of those that are
/// rarer than `fewest`; answers with how many records are left, at the front.
fn sorted(bucket: &mut [(u64, u32)], bits: u32, fewest: usize) -> usize {
    let counter = |fragment: u64| (fragment >> bits) as usize % COUNTERS;
    let mut counts = vec![0_u8; COUNTERS];
    for (fragment, _) in bucket.iter() {
        let count = &mut counts[counter(*fragment)];
        *count = count.saturating_add(1);
    }
    let fewest = u8::try_from(fewest).unwrap_or(u8::MAX);
    let mut left = 0;
    for place in 0..bucket.len() {
        let record = bucket[place];
        if counts[counter(record.0)] >= fewest {
            bucket[left] = record;
            left += 1;
        }
    }
    let kept = &mut bucket[..left];
    kept.sort_unstable();
    left
}

/// A frequent fragment with the texts that hold it, ascending.
pub(super) struct Posting {
    pub(super) fragment: u64,
    pub(super) texts: Vec<u32>,
}

/// Fragments of enough different texts and accounts, ascending.
pub(super) fn frequent_fragments(
    texts: &[SampledText<'_>],
    config: &ContentConfig,
) -> Vec<Posting> {
    let lists = (0_u32..)
        .zip(texts)
        .map(|(index, text)| (index, text.fragments));
    let records = Records::gather(lists, config.minimum_texts);
    let mut seen: FxHashSet<u64> = FxHashSet::default();
    let mut postings = Vec::new();
    for run in records.runs() {
        let members = || run.iter().filter_map(|record| texts.get(record.1 as usize));
        let hashes = members().map(|text| text.text_hash);
        let accounts = members().map(|text| u64::from(text.account));
        if run.len() < config.minimum_texts
            || !has_distinct(hashes, config.minimum_texts, &mut seen)
            || !has_distinct(accounts, config.minimum_accounts, &mut seen)
        {
            continue;
        }
        let mut holders: Vec<u32> = run.iter().map(|record| record.1).collect();
        holders.dedup();
        postings.extend(run.first().map(|first| Posting {
            fragment: first.0,
            texts: holders,
        }));
    }
    postings.sort_unstable_by_key(|posting| posting.fragment);
    postings
}

/// Whether at least so many of the values are different; looks no further than it must.
fn has_distinct(
    values: impl Iterator<Item = u64>,
    wanted: usize,
    seen: &mut FxHashSet<u64>,
) -> bool {
    seen.clear();
    for value in values {
        seen.insert(value);
        if seen.len() >= wanted {
            return true;
        }
    }
    false
}

/// For each text its frequent fragments, most frequent first.
pub(super) struct ByText {
    /// Where each text's fragments begin, and at last where they end.
    starts: Vec<usize>,
    fragments: Vec<u32>,
}

impl ByText {
    pub(super) fn new(texts: usize, postings: &[Posting]) -> Self {
        let mut starts = vec![0_usize; texts + 1];
        for text in postings.iter().flat_map(|posting| &posting.texts) {
            starts[*text as usize + 1] += 1;
        }
        let mut before = 0;
        for start in &mut starts {
            before += *start;
            *start = before;
        }
        let mut places = starts.clone();
        let mut fragments = vec![0_u32; before];
        let mut order: Vec<u32> = (0..u32::try_from(postings.len()).unwrap_or(u32::MAX)).collect();
        order.sort_by_key(|index| std::cmp::Reverse(postings[*index as usize].texts.len()));
        for index in order {
            for text in &postings[index as usize].texts {
                let place = &mut places[*text as usize];
                fragments[*place] = index;
                *place += 1;
            }
        }
        Self { starts, fragments }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|ends| {
            let range = ends[0]..ends[1];
            self.fragments.get(range).unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::hash::mix;
    use std::collections::BTreeMap;

    #[test]
    fn every_fragment_of_enough_texts_comes_with_all_of_them() {
        // Half a million records: many buckets; fragments of one text to hundreds.
        let lists: Vec<Vec<u64>> = (0..20_000_u64)
            .map(|text| {
                let kinds = 1 << (text % 19);
                let mut list: Vec<u64> = (0..25)
                    .map(|slot| mix(mix(text * 25 + slot) % kinds) >> (text % 3 * 20))
                    .collect();
                list.sort_unstable();
                list.dedup();
                list
            })
            .collect();
        let mut expected: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        for (text, list) in (0..).zip(&lists) {
            for fragment in list {
                expected.entry(*fragment).or_default().push(text);
            }
        }
        for fewest in [2, 6, 300] {
            let lists = (0..)
                .zip(&lists)
                .map(|(text, list)| (text, list.as_slice()));
            let records = Records::gather(lists, fewest);
            let found: BTreeMap<u64, Vec<u32>> = records
                .runs()
                .filter(|run| run.len() >= fewest)
                .map(|run| (run[0].0, run.iter().map(|record| record.1).collect()))
                .collect();
            let mut expected = expected.clone();
            expected.retain(|_, texts| texts.len() >= fewest);
            assert!(!expected.is_empty());
            assert_eq!(found, expected, "{fewest}");
        }
    }
}
