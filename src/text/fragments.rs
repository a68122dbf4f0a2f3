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
use crate::text::smallest::Smallest;
use crate::text::topic::{TOPIC_WORDS, TopicWords};
use crate::text::words::for_each_word;

/// Base of the rolling polynomial over word hashes: odd, so that no bits are lost modulo
/// 2^64 (first multiplier of the PCG family, O'Neill 2014).
const BASE: u64 = 6_364_136_223_846_793_005;

/// Keeps apart a short text from a longer one that begins with the same shingle.
const SHORT: u64 = 0x5348_4f52_5400_0000;

/// Words of the longest shingle that a configuration may ask for.
const LONGEST: usize = 64;

/// Words taken together: nearly every text is cut in one go, and a giant one in bounded memory.
const PIECE_WORDS: usize = 4096;

/// How often a word stands in a text, about, against a shingle, which hardly ever comes again.
const WORD_REPEATS: usize = 2;

/// Reusable room for [`fragments`]; holds the last result.
#[derive(Debug, Default)]
pub struct FragmentBuffer {
    chosen: Vec<u64>,
    /// Words of the piece at hand, before them those that shingles of the piece before end with.
    words: Vec<u64>,
    /// Shingles of the piece at hand, before them the last ones of the pieces before.
    shingles: Vec<u64>,
    start: Smallest,
    anywhere: Smallest,
    end: Smallest,
    topic: Smallest,
    no_topic: bool,
}

impl FragmentBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty buffer for fragments alone: [`FragmentBuffer::topic`] stays empty, and a text
    /// takes a fifth less time.
    #[must_use]
    pub fn without_topic() -> Self {
        Self {
            no_topic: true,
            ..Self::default()
        }
    }

    /// The fragments of the last text: distinct, ascending.
    #[must_use]
    pub fn values(&self) -> &[u64] {
        &self.chosen
    }

    /// Words that stand for what the last text is about.
    #[must_use]
    pub fn topic(&self) -> TopicWords {
        TopicWords::from_hashes(self.topic.values())
    }
}

/// Chooses the fragments of `text` into `out`: distinct and ascending, none for a text
/// without words, one for a text shorter than a shingle; and the words of its topic.
pub fn fragments(text: &str, config: &DigestConfig, out: &mut FragmentBuffer) {
    let third = config.fragments_per_text / 3;
    let mut cut = Cut {
        roll: Roll::new(config.fragment_words),
        edge: config
            .edge_words
            .saturating_sub(config.fragment_words)
            .min(1 << 16)
            + 1,
        words: 0,
        shingles: 0,
    };
    out.words.clear();
    // What leaves the first shingles: nothing.
    out.words.resize(cut.roll.words, 0);
    out.shingles.clear();
    out.start.clear(third, 1);
    out.end.clear(third, 1);
    out.anywhere.clear(config.fragments_per_text - third * 2, 1);
    let topic_words = if out.no_topic { 0 } else { TOPIC_WORDS };
    out.topic.clear(topic_words, WORD_REPEATS);
    for_each_word(text, |word| {
        if out.words.len() >= PIECE_WORDS {
            cut.piece(out);
        }
        out.words.push(word);
    });
    cut.piece(out);
    let cut_short = cut.roll.short(cut.words);
    out.shingles.extend(cut_short);
    if cut.shingles <= cut.edge {
        // No longer than an edge: the parts are one, and it may fill the whole choice.
        out.start.clear(config.fragments_per_text, 1);
        out.start.take(&out.shingles);
    } else {
        let surplus = out.shingles.len().saturating_sub(cut.edge);
        out.end
            .take(out.shingles.get(surplus..).unwrap_or_default());
    }
    out.chosen.clear();
    for part in [&out.start, &out.anywhere, &out.end] {
        out.chosen.extend_from_slice(part.values());
    }
    out.chosen.sort_unstable();
    out.chosen.dedup();
}

/// How far a text is cut.
struct Cut {
    roll: Roll,
    /// Shingles that begin in an edge.
    edge: usize,
    words: usize,
    shingles: usize,
}

impl Cut {
    /// Takes in the words at hand, and leaves those that the next shingles end with.
    fn piece(&mut self, out: &mut FragmentBuffer) {
        // Of the shingles before only the last ones are wanted: they may be the end.
        let surplus = out.shingles.len().saturating_sub(self.edge);
        out.shingles.drain(..surplus);
        let before = out.shingles.len();
        let words = out.words.get(self.roll.words..).unwrap_or_default();
        let mut moves = words.iter().zip(&out.words);
        // The first shingle is whole with its last word.
        let opening = (self.roll.words - 1).saturating_sub(self.words);
        for (entering, leaving) in moves.by_ref().take(opening) {
            self.roll.next(*entering, *leaving);
        }
        out.shingles
            .extend(moves.map(|(entering, leaving)| mix(self.roll.next(*entering, *leaving))));
        out.topic.take(words);
        self.words += words.len();
        let is_first = self.shingles <= self.edge;
        self.shingles += out.shingles.len() - before;
        if self.shingles > self.edge {
            // While it may be all edge, nothing is chosen and everything kept.
            let new = if is_first { 0 } else { before };
            if is_first {
                out.start
                    .take(out.shingles.get(..self.edge).unwrap_or_default());
            }
            out.anywhere
                .take(out.shingles.get(new..).unwrap_or_default());
        }
        let leaving = out.words.len().saturating_sub(self.roll.words);
        out.words.drain(..leaving);
    }
}

/// Rolling polynomial over the hashes of so many words.
struct Roll {
    words: usize,
    hash: u64,
    leaving_factor: u64,
}

impl Roll {
    fn new(words: usize) -> Self {
        let words = words.clamp(1, LONGEST);
        Self {
            words,
            hash: 0,
            leaving_factor: (0..words).fold(1_u64, |power, _| power.wrapping_mul(BASE)),
        }
    }

    #[inline]
    fn next(&mut self, entering: u64, leaving: u64) -> u64 {
        self.hash = self
            .hash
            .wrapping_mul(BASE)
            .wrapping_add(entering)
            .wrapping_sub(leaving.wrapping_mul(self.leaving_factor));
        self.hash
    }

    /// The one hash of a text that has words, but fewer than a shingle.
    fn short(&self, seen: usize) -> Option<u64> {
        (1..self.words)
            .contains(&seen)
            .then(|| mix(self.hash ^ SHORT ^ seen as u64))
    }
}

/// Calls `sink` with the hash of every shingle of `words` words and the index of its
/// first word; a text with fewer words gives one hash of all its words at index 0.
/// [`fragments`] chooses from exactly these.
pub fn all_shingles(text: &str, words: usize, mut sink: impl FnMut(u64, usize)) {
    let mut roll = Roll::new(words);
    let mut ring = [0_u64; LONGEST];
    let (mut seen, mut slot) = (0_usize, 0_usize);
    for_each_word(text, |word| {
        let Some(place) = ring.get_mut(slot) else {
            return;
        };
        let hash = roll.next(word, std::mem::replace(place, word));
        slot = if slot + 1 == roll.words { 0 } else { slot + 1 };
        seen += 1;
        if seen >= roll.words {
            sink(mix(hash), seen - roll.words);
        }
    });
    if let Some(hash) = roll.short(seen) {
        sink(hash, 0);
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
            let mut alone = FragmentBuffer::without_topic();
            fragments(&text, &settings(), &mut alone);
            prop_assert_eq!(alone.values(), &chosen[..]);
            prop_assert_eq!(alone.topic(), TopicWords::default());
        }
    }
}
