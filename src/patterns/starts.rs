//! Where a literal can begin: at few of a text's bytes, so that only these are held against all
//! literals.
//!
//! A literal that begins with a letter or a digit stands at the start of a word; one that begins
//! with something else stands where that byte is. Of both, the first eight bytes, four
//! of the shorter literals, are looked up in sets of bits that stay in the nearest cache.

use crate::text::hash::GOLDEN;
use crate::text::words::{BLOCK, lowest_bits, word_mask};

/// Bytes of a literal that are looked up; no literal is shorter than the shorter key.
const LONG_KEY: usize = 8;
const SHORT_KEY: usize = 4;

/// Bits of the hash of a key: sets of 4 KiB. The built-in literals set two bits in each second
/// number of 64, so that hardly any other key finds both of its own.
const KEY_BITS: u32 = 15;

/// Which places of a text are worth a look.
#[derive(Debug)]
pub(super) struct Starts {
    /// Keys of literals of at least [`LONG_KEY`] bytes, and of the shorter ones.
    long: Keys,
    short: Keys,
    /// First bytes of literals that are ASCII, yet no letter and no digit.
    marks: Vec<u8>,
    /// Whether a literal begins with another character than ASCII.
    others: bool,
}

impl Starts {
    /// Of literals in normal form, each of at least [`SHORT_KEY`] bytes.
    pub(super) fn of<'a>(literals: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut made = Self {
            long: Keys::new(),
            short: Keys::new(),
            marks: Vec::new(),
            others: false,
        };
        for literal in literals {
            let Some(first) = literal.first() else {
                continue;
            };
            match literal.first_chunk::<LONG_KEY>() {
                Some(key) => made.long.add(u64::from_le_bytes(*key)),
                None => made.short.add(short_key(eight(literal, 0))),
            }
            if !first.is_ascii() {
                made.others = true;
            } else if !first.is_ascii_alphanumeric() {
                made.marks.push(*first);
            }
        }
        made.marks.sort_unstable();
        made.marks.dedup();
        made
    }

    /// Calls `sink` with every place of `text`, ascending, at which a literal can begin.
    #[inline]
    pub(super) fn each(&self, text: &[u8], mut sink: impl FnMut(usize)) {
        let mut joined = 0;
        for (number, part) in text.chunks(BLOCK).enumerate() {
            let mut last = [0_u8; BLOCK];
            let block = part.first_chunk::<BLOCK>().unwrap_or_else(|| {
                // Zeros begin nothing.
                last.iter_mut()
                    .zip(part)
                    .for_each(|(slot, byte)| *slot = *byte);
                &last
            });
            let letters = word_mask(block);
            let mut left = (letters & !(letters << 1 | joined)) | self.marked(block);
            joined = letters >> (BLOCK - 1);
            while left != 0 {
                let at = number * BLOCK + left.trailing_zeros() as usize;
                left &= left - 1;
                let key = eight(text, at);
                if self.long.holds(key) || self.short.holds(short_key(key)) {
                    sink(at);
                }
            }
        }
    }

    /// One bit for each byte that is neither letter nor digit and begins a literal.
    #[inline]
    fn marked(&self, block: &[u8; BLOCK]) -> u64 {
        let mut flags = [0_u8; BLOCK];
        for mark in &self.marks {
            for (flag, byte) in flags.iter_mut().zip(block) {
                *flag |= u8::from(byte == mark);
            }
        }
        if self.others {
            for (flag, byte) in flags.iter_mut().zip(block) {
                // The first byte of a character of several.
                *flag |= u8::from(*byte >= 0xc0);
            }
        }
        lowest_bits(&flags)
    }
}

/// A set of keys that may hold a few more than were added.
#[derive(Debug)]
struct Keys(Vec<u64>);

impl Keys {
    fn new() -> Self {
        Self(vec![0; 1 << (KEY_BITS - 6)])
    }

    fn add(&mut self, key: u64) {
        let (word, own) = place(key);
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= own;
        }
    }

    #[inline]
    fn holds(&self, key: u64) -> bool {
        let (word, own) = place(key);
        self.0.get(word).is_some_and(|bits| bits & own == own)
    }
}

/// The number that a key has its two bits in, and these.
#[inline]
fn place(key: u64) -> (usize, u64) {
    let hash = key.wrapping_mul(GOLDEN) >> (64 - KEY_BITS - 6);
    let bits = 1 << (hash & 63) | 1 << (hash >> 6 & 63);
    ((hash >> 12) as usize, bits)
}

/// Eight bytes from a place on, the first lowest; zeros after the end.
#[inline]
fn eight(text: &[u8], at: usize) -> u64 {
    let rest = text.get(at..).unwrap_or_default();
    match rest.first_chunk::<LONG_KEY>() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => rest
            .iter()
            .rev()
            .fold(0, |key, byte| key << 8 | u64::from(*byte)),
    }
}

#[inline]
fn short_key(key: u64) -> u64 {
    key & ((1 << (8 * SHORT_KEY)) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::hash::mix;

    #[test]
    fn every_place_where_a_literal_stands_as_a_word_is_among_them() {
        let literals = [
            "score",
            "deny",
            "score the answer",
            "<think>",
            "[[a]]",
            "思维链",
            "\"role\"",
        ];
        let starts = Starts::of(literals.iter().map(|literal| literal.as_bytes()));
        let filling = ["x", " ", "score", "ab ", "é", "<", "scor", "\0", "[[", "思"];
        for seed in 0..2_000_u64 {
            let mut text = String::new();
            for part in 0..40 {
                let draw = mix(seed * 1_000 + part) as usize;
                text.push_str(if draw.is_multiple_of(3) {
                    literals[draw / 3 % literals.len()]
                } else {
                    filling[draw / 3 % filling.len()]
                });
            }
            let mut found = Vec::new();
            starts.each(text.as_bytes(), |at| found.push(at));
            assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
            for literal in literals {
                for (at, _) in text.match_indices(literal) {
                    let joined = literal.as_bytes()[0].is_ascii_alphanumeric()
                        && at > 0
                        && text.as_bytes()[at - 1].is_ascii_alphanumeric();
                    assert!(
                        joined || found.contains(&at),
                        "{literal} at {at} of {text:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn most_words_are_not_among_them() {
        let starts = Starts::of([&b"score rubric"[..], b"deny"].into_iter());
        let mut found = 0;
        let text: String = (0..10_000).map(|number| format!("w{number} ")).collect();
        starts.each(text.as_bytes(), |_| found += 1);
        assert!(found < 20, "{found}");
        starts.each(b"", |_| found += 1_000);
        assert!(found < 20);
    }
}
