//! Texts that are the same but for a few words.
//!
//! The fragments that the digest keeps of a text are a sketch of it: two texts whose runs of
//! words are much the same have most of their fragments in common. Pairs are looked for among
//! texts that share one of their smallest fragments, so that the work grows with the texts and
//! not with their pairs; what is joined is joined for all (a chain of small edits is one group).

use petgraph::unionfind::UnionFind;
use rustc_hash::FxHashMap;

use crate::detect::content::families::SampledText;
use crate::detect::content::postings::Records;

/// Fragments of a text that others are looked up by. Of texts with seven in ten runs of words in
/// common, three in ten of the smallest fragments differ: none of six in common is one in 1,400.
const PROBES: usize = 6;

/// Texts before it that a text is compared with in the list of one fragment: those of one group
/// need one only, and a list that many groups share tells little.
const NEIGHBOURS: usize = 8;

/// Two texts are near-duplicates if the shorter sketch has at least this share of its fragments in
/// the other: what texts with seven in ten runs in common have, less one and a half standard deviations of a
/// sketch of thirty (0.7 - 1.5 * 0.084).
const COMMON_SHARE: f64 = 0.57;

/// Sketches with fewer fragments say nothing beyond exact equality: one changed word of a text of
/// eight leaves none of its runs.
const FEWEST_FRAGMENTS: usize = 8;

/// For every text the first of its near-duplicates, itself where it has none. Texts with the same
/// hash are the same text.
#[must_use]
pub fn near_duplicates(texts: &[SampledText<'_>]) -> Vec<u32> {
    let mut first_of: FxHashMap<u64, u32> = FxHashMap::default();
    first_of.reserve(texts.len());
    let mut distinct: Vec<u32> = Vec::new();
    let same: Vec<u32> = (0_u32..)
        .zip(texts)
        .map(|(index, text)| {
            *first_of.entry(text.text_hash).or_insert_with(|| {
                distinct.push(index);
                index
            })
        })
        .collect();
    let sketch = |index: u32| {
        texts
            .get(index as usize)
            .map_or(&[][..], |text| text.fragments)
    };
    let probes = distinct
        .iter()
        .map(|index| (*index, sketch(*index)))
        .filter(|(_, sketch)| sketch.len() >= FEWEST_FRAGMENTS)
        .map(|(index, sketch)| (index, sketch.get(..PROBES).unwrap_or(sketch)));
    let probes = Records::gather(probes, 2);
    let mut groups = UnionFind::<u32>::new(texts.len());
    for list in probes.runs() {
        for (place, (_, text)) in list.iter().enumerate() {
            for (_, other) in &list[place.saturating_sub(NEIGHBOURS)..place] {
                if !groups.equiv(*text, *other) && are_near(sketch(*text), sketch(*other)) {
                    groups.union(*text, *other);
                }
            }
        }
    }
    let mut first_of_group: FxHashMap<u32, u32> = FxHashMap::default();
    same.into_iter()
        .map(|index| {
            *first_of_group
                .entry(groups.find_mut(index))
                .or_insert(index)
        })
        .collect()
}

/// Whether the shorter of two ascending sketches is mostly in the other.
fn are_near(one: &[u64], other: &[u64]) -> bool {
    let shorter = one.len().min(other.len());
    // A short text within a long one is a quotation, not a near-duplicate.
    let longer = one.len().max(other.len());
    if (shorter as f64) < COMMON_SHARE * longer as f64 {
        return false;
    }
    let needed = (COMMON_SHARE * shorter as f64).ceil() as usize;
    // So many of both may lie outside what is common; a pair with more is given up.
    let apart = one.len() + other.len() - 2 * needed;
    let (mut left, mut right, mut common) = (0, 0, 0_usize);
    while let (Some(a), Some(b)) = (one.get(left), other.get(right)) {
        common += usize::from(a == b);
        left += usize::from(a <= b);
        right += usize::from(b <= a);
        if left + right > 2 * common + apart {
            return false;
        }
    }
    common >= needed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::hash::mix;
    use crate::text::{FragmentBuffer, fragments, text_hash};

    fn sketches(texts: &[String]) -> Vec<(u64, Vec<u64>)> {
        let mut buffer = FragmentBuffer::new();
        texts
            .iter()
            .map(|text| {
                fragments(text, &crate::digest::tests_config(), &mut buffer);
                (text_hash(text), buffer.values().to_vec())
            })
            .collect()
    }

    fn groups(texts: &[String]) -> Vec<u32> {
        let made = sketches(texts);
        let sampled: Vec<SampledText<'_>> = made
            .iter()
            .map(|(text_hash, fragments)| SampledText {
                account: 0,
                text_hash: *text_hash,
                fragments,
            })
            .collect();
        near_duplicates(&sampled)
    }

    /// A text of `words` words of its own, every `edited`-th of them another one.
    fn text(seed: u64, words: u64, edited: Option<u64>) -> String {
        (0..words)
            .map(|place| {
                let changed = edited.is_some_and(|every| place % every == every / 2);
                format!(
                    "w{} ",
                    mix(seed * 1_000_003 + place + u64::from(changed) * 7_777_777) % 50_000
                )
            })
            .collect()
    }

    #[test]
    fn edits_join_and_other_texts_do_not() {
        let texts = [
            text(1, 120, None),
            text(2, 120, None),
            text(1, 120, Some(60)),
            text(1, 120, Some(3)),
            text(2, 120, None),
            String::new(),
            "how are you".to_owned(),
            "how are you?".to_owned(),
        ];
        assert_eq!(groups(&texts), [0, 1, 0, 3, 1, 5, 6, 7]);
    }

    #[test]
    fn a_text_within_another_is_no_near_duplicate() {
        let short = text(3, 12, None);
        let long = format!("{short}{}", text(4, 300, None));
        assert_eq!(groups(&[short, long]), [0, 1]);
    }

    #[test]
    fn nearly_all_pairs_that_share_seven_in_ten_runs_are_found() {
        // One word in 28 edited leaves about 7 in 10 runs of five in common (0.82 of each).
        let mut texts = Vec::new();
        for seed in 0..400 {
            texts.push(text(seed, 90 + seed % 200, None));
            texts.push(text(seed, 90 + seed % 200, Some(28)));
        }
        let groups = groups(&texts);
        let found = (0..400)
            .filter(|pair| groups[2 * pair] == groups[2 * pair + 1])
            .count();
        assert!(found >= 396, "{found} of 400");
        let mut firsts: Vec<u32> = groups.clone();
        firsts.sort_unstable();
        firsts.dedup();
        assert!(firsts.len() >= 400, "texts of different seeds are joined");
    }

    #[test]
    fn the_order_of_texts_changes_no_group() {
        let mut texts: Vec<String> = (0..60).map(|n| text(n / 3, 60, Some(40 + n % 3))).collect();
        let sizes = |groups: Vec<u32>, texts: &[String]| {
            let mut sets: Vec<Vec<String>> = Vec::new();
            for first in 0..u32::try_from(texts.len()).unwrap() {
                let mut set: Vec<String> = texts
                    .iter()
                    .zip(&groups)
                    .filter(|(_, group)| **group == first)
                    .map(|(text, _)| text.clone())
                    .collect();
                set.sort();
                if !set.is_empty() {
                    sets.push(set);
                }
            }
            sets.sort();
            sets
        };
        let forward = sizes(groups(&texts), &texts);
        texts.reverse();
        assert_eq!(forward, sizes(groups(&texts), &texts));
    }
}
