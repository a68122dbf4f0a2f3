//! Prompt families from shared fragments.
//!
//! Near-duplicate clustering fails where the slots outweigh the template. Fragments
//! (hashes of five words) that stand in many different texts of many accounts are the
//! fixed parts; fragments that stand in the same texts belong to one template, whatever
//! the slots between them hold.

use petgraph::unionfind::UnionFind;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::config::ContentConfig;
use crate::detect::content::postings::{ByText, Posting, frequent_fragments};

/// One sampled text.
#[derive(Debug, Clone, Copy)]
pub struct SampledText<'a> {
    /// Account number.
    pub account: u32,
    /// Hash of the whole text.
    pub text_hash: u64,
    /// Fragment hashes, ascending.
    pub fragments: &'a [u64],
}

/// Texts made from one template.
#[derive(Debug, Clone, PartialEq)]
pub struct TextFamily {
    /// Fragments that define it, ascending.
    pub fragments: Vec<u64>,
    /// The smallest of those that nearly all of its texts hold: it is there in another week
    /// and among other accounts, where rarer ones at the edge of a slot are not.
    pub anchor: Option<u64>,
    /// Fragments of it that the median of its texts holds: where every phrase has several wordings,
    /// a text holds one of each and so only a part of all.
    pub typical: usize,
    /// Indices of its texts, ascending.
    pub texts: Vec<u32>,
    /// Share of its texts' fragments that are not of its core: the slots. Items that are made from
    /// parts, or asked more than once, repeat runs of words too, yet far more rarely than the core.
    pub slot_share: f64,
    /// Whether it was mined from system prompts.
    pub system: bool,
}

/// A template must have this many fixed fragments: with fewer, an everyday turn of
/// phrase ("can you explain how to use") would pass as a template.
const MINIMUM_FRAGMENTS: usize = 3;

/// Fragments rarer than this share of the family's most frequent one are not its core.
const CORE_SHARE: f64 = 0.3;

/// Fragments at least this frequent, against the family's most frequent one, can be its anchor (ours:
/// above what is left of a fragment beside a slot, below what rewording takes from a fixed one).
const ANCHOR_SHARE: f64 = 0.8;

/// Next less frequent fragments of a text that a fragment may be linked with.
const NEIGHBOURS: usize = 3;

/// Finds the families among `texts`. Deterministic: the result does not depend on the
/// order of equal hashes, only on the texts.
#[must_use]
pub fn mine(texts: &[SampledText<'_>], config: &ContentConfig) -> Vec<TextFamily> {
    let postings = frequent_fragments(texts, config);
    let by_text = ByText::new(texts.len(), &postings);
    let groups = link_fragments(&postings, &by_text, config.link_share);
    let groups = bridge_slots(groups, postings.len(), &by_text, config.link_share);
    let labels = label_texts(&groups, postings.len(), &by_text);
    collect(texts, &groups, &labels, &postings, config)
}

/// Unites fragments that stand together in at least `share` of the texts of the more
/// frequent one. Candidates are neighbours by frequency, because the fixed parts of one
/// template are about equally frequent.
fn link_fragments(postings: &[Posting], by_text: &ByText, share: f64) -> Vec<u32> {
    let mut candidates: FxHashSet<(u32, u32)> = FxHashSet::default();
    // The neighbours that a fragment had before: nearly always the same again, and then there
    // is nothing to look up.
    let mut before = vec![[u32::MAX; NEIGHBOURS]; postings.len()];
    for fragments in by_text.iter() {
        for (place, first) in fragments.iter().enumerate() {
            let neighbours = fragments.iter().skip(place + 1);
            for (second, known) in neighbours.zip(&mut before[*first as usize]) {
                if *known != *second {
                    *known = *second;
                    candidates.insert((*first.min(second), *first.max(second)));
                }
            }
        }
    }
    let mut candidates: Vec<(u32, u32)> = candidates.into_iter().collect();
    candidates.sort_unstable();
    let mut union = UnionFind::<u32>::new(postings.len());
    for (first, second) in candidates {
        let (a, b) = (
            &postings[first as usize].texts,
            &postings[second as usize].texts,
        );
        let needed = share * a.len().max(b.len()) as f64;
        if (a.len().min(b.len()) as f64) >= needed && common(a, b) as f64 >= needed {
            union.union(first, second);
        }
    }
    union.into_labeling()
}

fn common(a: &[u32], b: &[u32]) -> usize {
    let (mut i, mut j, mut count) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                count += 1;
                i += 1;
                j += 1;
            }
        }
    }
    count
}

/// Unites groups that stand in the same texts: the fixed parts on both sides of a slot.
fn bridge_slots(labels: Vec<u32>, fragments: usize, by_text: &ByText, share: f64) -> Vec<u32> {
    let mut texts_of_group: FxHashMap<u32, usize> = FxHashMap::default();
    let mut together: FxHashMap<(u32, u32), usize> = FxHashMap::default();
    let mut groups: Vec<u32> = Vec::new();
    for text in by_text.iter() {
        groups.clear();
        groups.extend(text.iter().map(|fragment| labels[*fragment as usize]));
        groups.sort_unstable();
        groups.dedup();
        for (position, group) in groups.iter().enumerate() {
            *texts_of_group.entry(*group).or_default() += 1;
            // A text in very many groups says nothing about which belong together.
            for other in groups.iter().skip(position + 1).take(8) {
                *together.entry((*group, *other)).or_default() += 1;
            }
        }
    }
    let mut union = UnionFind::<u32>::new(fragments);
    let mut pairs: Vec<((u32, u32), usize)> = together.into_iter().collect();
    pairs.sort_unstable();
    for ((first, second), count) in pairs {
        let larger = texts_of_group
            .get(&first)
            .max(texts_of_group.get(&second))
            .copied()
            .unwrap_or(0);
        if count as f64 >= share * larger as f64 {
            union.union(first, second);
        }
    }
    labels.iter().map(|label| union.find(*label)).collect()
}

/// The group each text has most fragments of, where there are enough.
fn label_texts(labels: &[u32], fragments: usize, by_text: &ByText) -> Vec<Option<u32>> {
    let mut sizes = vec![0_usize; fragments];
    for label in labels {
        sizes[*label as usize] += 1;
    }
    let mut groups: Vec<u32> = Vec::new();
    by_text
        .iter()
        .map(|text| {
            groups.clear();
            groups.extend(
                text.iter()
                    .map(|fragment| labels[*fragment as usize])
                    .filter(|group| sizes[*group as usize] >= MINIMUM_FRAGMENTS),
            );
            groups.sort_unstable();
            let (count, group) = groups
                .chunk_by(|a, b| a == b)
                .map(|run| (run.len(), run[0]))
                .max_by_key(|(count, group)| (*count, std::cmp::Reverse(*group)))?;
            (count >= 2).then_some(group)
        })
        .collect()
}

fn collect(
    texts: &[SampledText<'_>],
    groups: &[u32],
    labels: &[Option<u32>],
    postings: &[Posting],
    config: &ContentConfig,
) -> Vec<TextFamily> {
    let mut members: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for (text, label) in (0_u32..).zip(labels) {
        if let Some(label) = label {
            members.entry(*label).or_default().push(text);
        }
    }
    let mut fragments: FxHashMap<u32, Vec<&Posting>> = FxHashMap::default();
    for (posting, group) in postings.iter().zip(groups) {
        fragments.entry(*group).or_default().push(posting);
    }
    let mut families: Vec<TextFamily> = members
        .into_iter()
        .filter_map(|(group, members)| {
            let of = |text: &u32| texts.get(*text as usize);
            let accounts = members
                .iter()
                .filter_map(of)
                .map(|text| text.account)
                .collect::<FxHashSet<_>>()
                .len();
            let distinct = members
                .iter()
                .filter_map(of)
                .map(|text| text.text_hash)
                .collect::<FxHashSet<_>>()
                .len();
            if accounts < config.minimum_accounts || distinct < config.minimum_texts {
                return None;
            }
            let postings = fragments.get(&group)?;
            let most = postings.iter().map(|posting| posting.texts.len()).max()?;
            let mut core: Vec<u64> = postings
                .iter()
                .filter(|posting| posting.texts.len() as f64 >= CORE_SHARE * most as f64)
                .map(|posting| posting.fragment)
                .collect();
            core.sort_unstable();
            let anchor = postings
                .iter()
                .filter(|posting| posting.texts.len() as f64 >= ANCHOR_SHARE * most as f64)
                .map(|posting| posting.fragment)
                .min();
            let mut held: Vec<usize> = members
                .iter()
                .filter_map(of)
                .map(|text| held(text.fragments.iter().copied(), &core))
                .collect();
            let all: usize = members
                .iter()
                .filter_map(of)
                .map(|text| text.fragments.len())
                .sum();
            let free = all - held.iter().sum::<usize>();
            held.sort_unstable();
            Some(TextFamily {
                fragments: core,
                anchor,
                typical: held.get(held.len() / 2).copied().unwrap_or(0),
                texts: members,
                slot_share: free as f64 / all.max(1) as f64,
                system: false,
            })
        })
        .collect();
    families.sort_by(|a, b| {
        b.texts
            .len()
            .cmp(&a.texts.len())
            .then_with(|| a.fragments.cmp(&b.fragments))
    });
    families
}

/// How many of a text's fragments are among `core`, which is ascending.
pub fn held(fragments: impl Iterator<Item = u64>, core: &[u64]) -> usize {
    fragments
        .filter(|fragment| core.binary_search(fragment).is_ok())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> ContentConfig {
        crate::config::Config::default().content
    }

    /// Texts of `fixed` fragments and `free` fragments that are never repeated.
    fn texts(accounts: u32, each: u32, fixed: &[u64], free: u64) -> Vec<(u32, u64, Vec<u64>)> {
        let mut made = Vec::new();
        for account in 0..accounts {
            for number in 0..each {
                let id = u64::from(account * 1000 + number) + fixed.iter().sum::<u64>() * 7919;
                let mut fragments: Vec<u64> = fixed.to_vec();
                fragments.extend((0..free).map(|slot| id * 1_000_003 + slot + 1_000_000_007));
                fragments.sort_unstable();
                made.push((account, id, fragments));
            }
        }
        made
    }

    fn view(made: &[(u32, u64, Vec<u64>)]) -> Vec<SampledText<'_>> {
        made.iter()
            .map(|(account, text_hash, fragments)| SampledText {
                account: *account,
                text_hash: *text_hash,
                fragments,
            })
            .collect()
    }

    #[test]
    fn two_templates_come_apart_although_slots_outweigh_them() {
        let mut made = texts(10, 3, &[1, 2, 3, 4], 20);
        made.extend(texts(10, 3, &[11, 12, 13, 14, 15], 20));
        let families = mine(&view(&made), &config());
        assert_eq!(families.len(), 2);
        let found: FxHashSet<Vec<u64>> = families
            .iter()
            .map(|family| family.fragments.clone())
            .collect();
        assert!(found.contains(&vec![1, 2, 3, 4]) && found.contains(&vec![11, 12, 13, 14, 15]));
        assert!(
            families
                .iter()
                .all(|family| family.texts.len() == 30 && family.slot_share > 0.7)
        );
    }

    #[test]
    fn one_account_or_one_phrase_is_no_template() {
        assert!(mine(&view(&texts(1, 100, &[1, 2, 3, 4], 5)), &config()).is_empty());
        assert!(mine(&view(&texts(50, 3, &[1, 2], 5)), &config()).is_empty());
        assert!(mine(&view(&texts(50, 3, &[], 10)), &config()).is_empty());
        assert!(mine(&[], &config()).is_empty());
    }

    #[test]
    fn edited_copies_stay_in_the_family() {
        let mut made = texts(20, 3, &[1, 2, 3, 4, 5, 6], 10);
        // Every text loses one fixed fragment in turn, as after a word edit.
        for (number, text) in made.iter_mut().enumerate() {
            let lost = (number % 6 + 1) as u64;
            text.2.retain(|fragment| *fragment != lost);
        }
        let families = mine(&view(&made), &config());
        assert_eq!(families.len(), 1);
        assert_eq!(families[0].texts.len(), 60);
    }
}
