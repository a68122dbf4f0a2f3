//! Templates by fragment and by exact text.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::fuse::{Pattern, is_made_from};

/// Templates of one role, by fragment and by exact text.
#[derive(Default)]
pub(super) struct Lookup {
    pub(super) by_fragment: FxHashMap<u64, Vec<u32>>,
    pub(super) by_text: FxHashMap<u64, u32>,
    /// Fragments that a text of each template typically holds.
    pub(super) typical: FxHashMap<u32, usize>,
}

impl Lookup {
    /// Takes in a template.
    pub(super) fn add(&mut self, number: u32, pattern: &Pattern) {
        self.typical.insert(number, pattern.typical);
        for fragment in &pattern.fragments {
            self.by_fragment.entry(*fragment).or_default().push(number);
        }
        if let Some(hash) = pattern.text_hash {
            self.by_text.insert(hash, number);
        }
    }

    /// The exact text's template, then those that these distinct fragments cover enough of, most
    /// fragments first.
    pub(super) fn fitting(
        &self,
        text_hash: u64,
        fragments: impl Iterator<Item = u64>,
        cover_share: f64,
    ) -> Vec<u32> {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        for fragment in fragments {
            for number in self.by_fragment.get(&fragment).into_iter().flatten() {
                *counts.entry(*number).or_default() += 1;
            }
        }
        let exact = self.by_text.get(&text_hash).copied();
        counts.retain(|number, count| {
            let typical = self.typical.get(number).copied().unwrap_or(0);
            Some(*number) != exact && is_made_from(*count, typical, cover_share)
        });
        let mut covered: Vec<(u32, usize)> = counts.into_iter().collect();
        // Of equals the first stays first.
        covered.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        exact
            .into_iter()
            .chain(covered.into_iter().map(|(number, _)| number))
            .collect()
    }
}
