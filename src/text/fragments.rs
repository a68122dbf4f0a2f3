//! Fragments: hashes of word shingles, a small deterministic choice per text.
//!
//! A template shows in the shingles that many texts share. Fixed text stands at the
//! start or the end far more often than not, so two thirds of the choice come from the
//! edges and one third from anywhere; a text no longer than an edge is chosen from as a whole,
//! so that of a short one nearly everything is kept. The choice is by smallest hash, which makes texts
//! that share a passage choose the same shingles of it. One pass, constant memory, linear
//! in the text.

use crate::config::DigestConfig;
use crate::text::hash::mix;
use crate::text::topic::{TOPIC_WORDS, TopicWords};
use crate::text::words::for_each_word;

/// Base of the rolling polynomial over word hashes: odd, so that no bits are lost modulo
/// 2^64 (first multiplier of the PCG family, O'Neill 2014).
const BASE: u64 = 6_364_136_223_846_793_005;

/// Keeps apart a short text from a longer one that begins with the same shingle.
const SHORT: u64 = 0x5348_4f52_5400_0000;

/// Values gathered between two selections; larger ones are rarer, smaller ones cheaper.
const GATHERED: usize = 192;

/// The smallest distinct values seen: gathered unsorted, selected now and then.
#[derive(Debug, Default)]
struct Smallest {
    values: Vec<u64>,
    few: Vec<u64>,
    limit: usize,
    /// Values at or above this cannot be among the smallest.
    bound: u64,
}

impl Smallest {
    fn clear(&mut self, limit: usize) {
        self.values.clear();
        self.limit = limit;
        self.bound = if limit == 0 { 0 } else { u64::MAX };
    }

    #[inline]
    fn offer(&mut self, value: u64) {
        if value < self.bound {
            self.values.push(value);
            if self.values.len() >= GATHERED.saturating_add(self.limit) {
                self.select();
            }
        }
    }

    /// Leaves the smallest distinct values, sorted.
    fn select(&mut self) {
        if !self.select_few() {
            self.values.sort_unstable();
            self.values.dedup();
        }
        self.values.truncate(self.limit);
        if let (true, Some(&largest)) = (self.values.len() == self.limit, self.values.last()) {
            self.bound = largest;
        }
    }

    /// Hashes are even, so the wanted ones nearly always lie in a small share of the range:
    /// sorting only those is far cheaper. Returns whether they were enough.
    fn select_few(&mut self) -> bool {
        let held = self.values.len() as u64;
        // Half more than the limit, so that too few pass in about one case of fifty.
        let wanted = (self.limit as u64).saturating_mul(3) / 2 + 2;
        if held <= wanted {
            return false;
        }
        let below = (u64::MAX / held).saturating_mul(wanted);
        self.few.resize(self.values.len(), 0);
        let mut count = 0;
        for &value in &self.values {
            if let Some(slot) = self.few.get_mut(count) {
                *slot = value;
            }
            // Without a branch: which values pass is as good as random.
            count += usize::from(value < below);
        }
        self.few.truncate(count);
        self.few.sort_unstable();
        self.few.dedup();
        let enough = self.few.len() >= self.limit;
        if enough {
            std::mem::swap(&mut self.few, &mut self.values);
        }
        enough
    }
}

/// Reusable room for [`fragments`]; holds the last result.
#[derive(Debug, Default)]
pub struct FragmentBuffer {
    chosen: Vec<u64>,
    start: Smallest,
    anywhere: Smallest,
    end: Smallest,
    /// Ring of the last shingles, for the end of the text.
    tail: Vec<u64>,
    words: Smallest,
}

impl FragmentBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The fragments of the last text: distinct, ascending.
    #[must_use]
    pub fn values(&self) -> &[u64] {
        &self.chosen
    }

    /// Words that stand for what the last text is about.
    #[must_use]
    pub fn topic(&self) -> TopicWords {
        TopicWords::from_hashes(&self.words.values)
    }
}

/// Chooses the fragments of `text` into `out`: distinct and ascending, none for a text
/// without words, one for a text shorter than a shingle; and the words of its topic.
pub fn fragments(text: &str, config: &DigestConfig, out: &mut FragmentBuffer) {
    let third = config.fragments_per_text / 3;
    let edge = config
        .edge_words
        .saturating_sub(config.fragment_words)
        .min(1 << 16)
        + 1;
    out.start.clear(third);
    out.end.clear(third);
    out.anywhere.clear(
        config
            .fragments_per_text
            .saturating_sub(third.saturating_mul(2)),
    );
    out.tail.clear();
    out.words.clear(TOPIC_WORDS);
    let FragmentBuffer {
        start,
        anywhere,
        tail,
        words,
        ..
    } = out;
    let mut last = 0_usize;
    let each_word = |word| words.offer(word);
    shingles_and_words(text, config.fragment_words, each_word, |shingle, index| {
        last = index;
        if index < edge {
            tail.push(shingle);
            if index + 1 == edge {
                // The start is complete; what comes now takes its place as the tail.
                tail.iter().for_each(|shingle| start.offer(*shingle));
            }
        } else if let Some(slot) = tail.get_mut(index % edge) {
            *slot = shingle;
        }
        anywhere.offer(shingle);
    });
    if last < edge {
        // No longer than an edge: the parts are one, and it may fill the whole choice.
        start.clear(config.fragments_per_text);
        tail.iter().for_each(|shingle| start.offer(*shingle));
        anywhere.clear(0);
    } else {
        out.tail.iter().for_each(|shingle| out.end.offer(*shingle));
    }
    out.words.select();
    out.chosen.clear();
    for part in [&mut out.start, &mut out.anywhere, &mut out.end] {
        part.select();
        out.chosen.extend_from_slice(&part.values);
    }
    out.chosen.sort_unstable();
    out.chosen.dedup();
}

/// Calls `sink` with the hash of every shingle of `words` words and the index of its
/// first word; a text with fewer words gives one hash of all its words at index 0.
/// [`fragments`] chooses from exactly these.
pub fn all_shingles(text: &str, words: usize, sink: impl FnMut(u64, usize)) {
    shingles_and_words(text, words, |_| (), sink);
}

/// See [`all_shingles`]; `each_word` is called with the hash of every word.
#[inline]
fn shingles_and_words(
    text: &str,
    words: usize,
    mut each_word: impl FnMut(u64),
    mut sink: impl FnMut(u64, usize),
) {
    let words = words.clamp(1, 64);
    let mut ring = [0_u64; 64];
    let leaving_factor = (0..words).fold(1_u64, |power, _| power.wrapping_mul(BASE));
    let (mut rolling, mut seen, mut slot) = (0_u64, 0_usize, 0_usize);
    for_each_word(text, |word| {
        each_word(word);
        let Some(place) = ring.get_mut(slot) else {
            return;
        };
        let leaving = std::mem::replace(place, word);
        slot = if slot + 1 == words { 0 } else { slot + 1 };
        rolling = rolling
            .wrapping_mul(BASE)
            .wrapping_add(word)
            .wrapping_sub(leaving.wrapping_mul(leaving_factor));
        seen += 1;
        if seen >= words {
            sink(mix(rolling), seen - words);
        }
    });
    if seen > 0 && seen < words {
        sink(mix(rolling ^ SHORT ^ seen as u64), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings() -> DigestConfig {
        crate::digest::tests_config()
    }

    fn chosen(text: &str) -> Vec<u64> {
        let mut buffer = FragmentBuffer::new();
        fragments(text, &settings(), &mut buffer);
        buffer.values().to_vec()
    }

    fn shingles(text: &str) -> Vec<u64> {
        let mut all = Vec::new();
        all_shingles(text, settings().fragment_words, |hash, _| all.push(hash));
        all
    }

    fn sorted(mut hashes: Vec<u64>) -> Vec<u64> {
        hashes.sort_unstable();
        hashes
    }

    #[test]
    fn short_and_empty_texts() {
        assert!(chosen("").is_empty());
        assert!(chosen("\0\u{202e}\u{200b} !!").is_empty());
        assert_eq!(chosen("two words").len(), 1);
        assert_eq!(chosen("one two three four five").len(), 1);
        assert_ne!(chosen("one two three four"), chosen("one two three"));
        assert_eq!(chosen("One, two!"), chosen("one two"));
    }

    #[test]
    fn shingles_are_the_same_wherever_they_stand() {
        let alone = shingles("grade the answer with the rubric");
        let inside = shingles("x y z. Grade the answer with the rubric: 1 2 3");
        assert_eq!(alone.len(), 2);
        assert!(alone.iter().all(|hash| inside.contains(hash)));
    }

    #[test]
    fn chinese_text_gives_character_shingles() {
        let text = "请根据以下评分标准对学生的回答进行打分并给出理由";
        assert_eq!(shingles(text).len(), text.chars().count() - 4);
        assert_eq!(chosen(text), sorted(shingles(text)));
    }

    #[test]
    fn template_edges_survive_long_slots() {
        let frame = |slot: &str| {
            format!(
                "You are an impartial judge of the answer below. Think first about what a careful \
                 expert would say, compare it with the answer step by step, and name each mistake \
                 before you decide anything. {slot} Give a score from one to five and nothing else, \
                 please, then a line with the word done, and stop there without another remark."
            )
        };
        let slot = |seed: u32| {
            (0..4000)
                .map(|n| format!("s{seed}n{n} "))
                .collect::<String>()
        };
        let templates = shingles(&frame(""));
        // 48 of the 4,000 shingles are template; chosen evenly, one in a hundred would be.
        for seed in 0..20 {
            let chosen = chosen(&frame(&slot(seed)));
            let shared = chosen
                .iter()
                .filter(|hash| templates.contains(hash))
                .count();
            assert!(shared >= 6, "{shared} of {}", chosen.len());
        }
    }

    /// The choice as it is described, without any care for speed.
    fn naive(text: &str) -> Vec<u64> {
        let config = settings();
        let all = shingles(text);
        let edge = config.edge_words - config.fragment_words + 1;
        let third = config.fragments_per_text / 3;
        let smallest = |part: &[u64], limit: usize| {
            let set: std::collections::BTreeSet<u64> = part.iter().copied().collect();
            set.into_iter().take(limit).collect::<Vec<u64>>()
        };
        if all.len() <= edge {
            return smallest(&all, config.fragments_per_text);
        }
        let start = &all[..edge];
        let end = &all[all.len().saturating_sub(edge)..];
        let mut chosen = smallest(start, third);
        chosen.extend(smallest(end, third));
        chosen.extend(smallest(&all, config.fragments_per_text - 2 * third));
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    #[test]
    fn the_choice_is_the_described_one() {
        for words in (0..200).chain([1000, 5000]) {
            let text = |modulus: u64| {
                (0..words)
                    .map(|n: u64| format!("{} ", n * n % modulus))
                    .collect::<String>()
            };
            for modulus in [1, 3, 7, 101, 1 << 40] {
                assert_eq!(
                    chosen(&text(modulus)),
                    naive(&text(modulus)),
                    "{words} words modulo {modulus}"
                );
            }
        }
    }

    #[test]
    fn giants_are_bounded() {
        assert_eq!(chosen(&"a".repeat(10 << 20)).len(), 1);
        assert_eq!(chosen(&"again ".repeat(1_000_000)).len(), 1);
        assert!(chosen(&(0..300_000).map(|n| format!("{n} ")).collect::<String>()).len() <= 30);
    }

    proptest! {
        #[test]
        fn every_fragment_is_a_shingle(text in "(?s).{0,400}") {
            let all = shingles(&text);
            let chosen = chosen(&text);
            prop_assert!(chosen.iter().all(|hash| all.contains(hash)));
            prop_assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(chosen.len() <= settings().fragments_per_text);
            prop_assert_eq!(chosen.is_empty(), all.is_empty());
        }
    }
}
