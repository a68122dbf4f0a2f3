//! Literals in a text: looked for where one can begin, which is at few of its bytes.
//!
//! A literal that begins with a letter or a digit stands at the start of a word; one that begins
//! with something else stands where that byte is. Of both, the first eight bytes, four
//! of the shorter literals, are looked up in sets of bits that stay in the nearest cache; only
//! literals with the same first bytes are compared.

use rustc_hash::FxHashMap;

use crate::text::hash::GOLDEN;
use crate::text::words::{BLOCK, lowest_bits, word_mask};

/// Bytes of a literal that are looked up; no literal is shorter than the shorter key.
const LONG_KEY: usize = 8;
const SHORT_KEY: usize = 4;

/// Bits of the hash of a key: sets of 4 KiB. The built-in literals set two bits in each second
/// number of 64, so that hardly any other key finds both of its own.
const KEY_BITS: u32 = 15;

/// Literals by how they begin.
#[derive(Debug)]
pub(super) struct Starts {
    /// In normal form, each of at least [`SHORT_KEY`] bytes.
    literals: Vec<Box<[u8]>>,
    /// Of literals of at least [`LONG_KEY`] bytes, and of the shorter ones.
    long: Keys,
    short: Keys,
    /// Whether a literal begins with this byte, which is no letter and no digit.
    marks: Vec<bool>,
}

impl Starts {
    /// Of literals in normal form, each of at least [`SHORT_KEY`] bytes.
    pub(super) fn of<'a>(literals: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut made = Self {
            literals: literals.map(Box::from).collect(),
            long: Keys::new(),
            short: Keys::new(),
            marks: vec![false; 256],
        };
        for (number, literal) in (0_u32..).zip(&made.literals) {
            match literal.first_chunk::<LONG_KEY>() {
                Some(key) => made.long.add(u64::from_le_bytes(*key), number),
                None => made.short.add(short_key(eight(literal, 0)), number),
            }
            if let Some(first) = literal.first()
                && !first.is_ascii_alphanumeric()
                && let Some(mark) = made.marks.get_mut(usize::from(*first))
            {
                *mark = true;
            }
        }
        made
    }

    /// Calls `sink` with each place of `text`, ascending, at which a literal stands and can begin,
    /// and the number of the literal.
    #[inline]
    pub(super) fn each(&self, text: &[u8], mut sink: impl FnMut(usize, u32)) {
        let mut joined = 0;
        for (number, part) in text.chunks(BLOCK).enumerate() {
            let mut last = [b' '; BLOCK];
            let block = part.first_chunk::<BLOCK>().unwrap_or_else(|| {
                // Blanks begin nothing.
                last.iter_mut()
                    .zip(part)
                    .for_each(|(slot, byte)| *slot = *byte);
                &last
            });
            let letters = word_mask(block);
            let mut left = (letters & !(letters << 1 | joined)) | self.marked(block, letters);
            joined = letters >> (BLOCK - 1);
            while left != 0 {
                self.at(
                    text,
                    number * BLOCK + left.trailing_zeros() as usize,
                    &mut sink,
                );
                left &= left - 1;
            }
        }
    }

    /// One bit for each byte that is neither letter nor digit and begins a literal.
    #[inline]
    fn marked(&self, block: &[u8; BLOCK], letters: u64) -> u64 {
        let mut left = others(block) & !letters;
        let mut marked = 0;
        while left != 0 {
            let place = left.trailing_zeros() as usize;
            left &= left - 1;
            let byte = block.get(place).copied().unwrap_or_default();
            marked |= u64::from(self.marks.get(usize::from(byte)) == Some(&true)) << place;
        }
        marked
    }

    /// The literals that stand at a place.
    #[inline]
    fn at(&self, text: &[u8], place: usize, sink: &mut impl FnMut(usize, u32)) {
        let key = eight(text, place);
        let mut compare = |numbers: &[u32]| {
            let rest = text.get(place..).unwrap_or_default();
            for number in numbers {
                if self
                    .literals
                    .get(*number as usize)
                    .is_some_and(|literal| rest.starts_with(literal))
                {
                    sink(place, *number);
                }
            }
        };
        if self.short.may_hold(short_key(key)) {
            compare(self.short.literals(short_key(key)));
        }
        if self.long.may_hold(key) {
            compare(self.long.literals(key));
        }
    }
}

/// One bit for each byte that is no blank and may begin a character.
#[inline]
fn others(block: &[u8; BLOCK]) -> u64 {
    let mut flags = [0_u8; BLOCK];
    for (flag, byte) in flags.iter_mut().zip(block) {
        *flag = u8::from(byte.wrapping_sub(0x80) >= 0x40) & u8::from(*byte != b' ');
    }
    lowest_bits(&flags)
}

/// Literals by their key.
#[derive(Debug)]
struct Keys {
    /// Two bits of each key, and so of a few others.
    bits: Vec<u64>,
    literals: FxHashMap<u64, Vec<u32>>,
}

impl Keys {
    fn new() -> Self {
        Self {
            bits: vec![0; 1 << (KEY_BITS - 6)],
            literals: FxHashMap::default(),
        }
    }

    fn add(&mut self, key: u64, literal: u32) {
        let (number, own) = place(key);
        if let Some(bits) = self.bits.get_mut(number) {
            *bits |= own;
        }
        self.literals.entry(key).or_default().push(literal);
    }

    #[inline]
    fn may_hold(&self, key: u64) -> bool {
        let (number, own) = place(key);
        self.bits.get(number).is_some_and(|bits| bits & own == own)
    }

    fn literals(&self, key: u64) -> &[u32] {
        self.literals.get(&key).map_or(&[], Vec::as_slice)
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
    fn literals_are_found_where_they_stand_as_words() {
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
            starts.each(text.as_bytes(), |at, literal| found.push((at, literal)));
            assert!(found.windows(2).all(|pair| pair[0].0 <= pair[1].0));
            for (at, literal) in &found {
                let literal = literals[*literal as usize];
                assert!(text.as_bytes()[*at..].starts_with(literal.as_bytes()));
            }
            for (number, literal) in (0..).zip(literals) {
                for (at, _) in text.match_indices(literal) {
                    let joined = literal.as_bytes()[0].is_ascii_alphanumeric()
                        && at > 0
                        && text.as_bytes()[at - 1].is_ascii_alphanumeric();
                    assert!(
                        joined || found.contains(&(at, number)),
                        "{literal} at {at} of {text:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn most_words_are_not_compared_with_any() {
        let keys = (0..400).map(|number| mix(number) | 1 << 63);
        let mut all = Keys::new();
        (0..)
            .zip(keys)
            .for_each(|(number, key)| all.add(key, number));
        let others = (1_000..11_000).map(|number| mix(number) | 1 << 63);
        let compared = others.filter(|key| all.may_hold(*key)).count();
        assert!(compared < 300, "{compared} of 10,000");
        Starts::of(std::iter::empty()).each(b"", |_, _| panic!("nothing stands here"));
    }
}
