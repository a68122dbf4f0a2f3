//! Words of a text as 64-bit hashes, without allocating.
//!
//! Letters and digits form words, case is folded, everything else separates. Scripts
//! written without blanks give one word per character, so that a shingle of words is a
//! character n-gram there. Invisible characters neither show nor separate: a zero-width
//! space in the middle of a word must not change its fragments. Nor must a letter that is drawn
//! like another one: it is read as the Latin letter that it imitates.

use crate::text::hash::{GOLDEN, mix};
use crate::text::look_alikes::imitated;

/// Bytes looked at together while a text is ASCII: as many as a mask has bits.
pub(crate) const BLOCK: usize = 64;

/// Setting this bit folds the case of ASCII letters and leaves digits as they are.
const FOLDED_BYTE: u8 = 0x20;

/// The same of eight bytes.
const FOLDED: u64 = u64::from_le_bytes([FOLDED_BYTE; 8]);

/// Hash of the word being read: eight bytes at a time, finalised at its end.
#[derive(Default)]
struct OpenWord {
    hash: u64,
    pending: u64,
    bytes: u64,
}

impl OpenWord {
    #[inline]
    fn push(&mut self, byte: u8) {
        self.pending |= u64::from(byte) << (8 * (self.bytes & 7));
        self.bytes = self.bytes.wrapping_add(1);
        if self.bytes & 7 == 0 {
            self.hash = absorbed(self.hash, self.pending);
            self.pending = 0;
        }
    }

    fn push_char(&mut self, character: char) {
        let mut buffer = [0_u8; 4];
        for byte in character.encode_utf8(&mut buffer).bytes() {
            self.push(byte);
        }
    }

    #[inline]
    fn end(&mut self, sink: &mut impl FnMut(u64)) {
        if self.bytes > 0 {
            sink(finished(self.hash, self.pending, self.bytes));
            *self = OpenWord::default();
        }
    }
}

#[inline]
fn absorbed(hash: u64, eight_bytes: u64) -> u64 {
    (hash ^ eight_bytes).wrapping_mul(GOLDEN).rotate_left(29)
}

#[inline]
fn finished(hash: u64, pending: u64, bytes: u64) -> u64 {
    mix((hash ^ pending).wrapping_add(bytes.wrapping_mul(GOLDEN)))
}

/// A block, and the bytes behind it that the last word of the block is loaded with.
const LOADED: usize = BLOCK + 8;

/// Calls `sink` with the hash of each word, in order.
pub fn for_each_word(text: &str, mut sink: impl FnMut(u64)) {
    let mut word = OpenWord::default();
    let mut rest = text;
    while !rest.is_empty() {
        let bytes = rest.as_bytes();
        let mut last = [0_u8; LOADED];
        let loaded = bytes.first_chunk::<LOADED>().unwrap_or_else(|| {
            // The end of a text is filled up with zeros, which separate words.
            for (slot, byte) in last.iter_mut().zip(bytes) {
                *slot = *byte;
            }
            &last
        });
        let (block, _) = loaded.split_at(BLOCK);
        if block.is_ascii() {
            let taken = ascii_words(loaded, &mut word, &mut sink);
            rest = rest.get(taken..).unwrap_or_default();
        } else {
            // One block's worth of characters, then look again.
            let mut taken = 0;
            for character in rest.chars() {
                taken += character.len_utf8();
                one_character(character, &mut word, &mut sink);
                if taken >= BLOCK {
                    break;
                }
            }
            rest = rest.get(taken..).unwrap_or_default();
        }
    }
    word.end(&mut sink);
}

fn one_character(character: char, word: &mut OpenWord, sink: &mut impl FnMut(u64)) {
    // Most characters beside a rare one are plain, and nothing more is asked of them.
    if let Ok(byte) = u8::try_from(character)
        && byte.is_ascii()
    {
        if byte.is_ascii_alphanumeric() {
            word.push(byte | FOLDED_BYTE);
        } else {
            word.end(sink);
        }
        return;
    }
    if is_invisible(character) {
        return;
    }
    if stands_alone(character) {
        word.end(sink);
        word.push_char(character);
        word.end(sink);
        return;
    }
    let character = imitated(character);
    if character.is_alphanumeric() {
        for lower in character
            .to_lowercase()
            .filter(|lower| !is_invisible(*lower))
        {
            word.push_char(imitated(lower));
        }
    } else {
        word.end(sink);
    }
}

/// Words of an ASCII block, by the edges of the runs of set bits in a mask of its letters and
/// digits. Answers with the bytes taken: all, or those before a word that may go on behind it.
#[inline]
fn ascii_words(loaded: &[u8; LOADED], word: &mut OpenWord, sink: &mut impl FnMut(u64)) -> usize {
    let Some(block) = loaded.first_chunk::<BLOCK>() else {
        return BLOCK;
    };
    let eight = |at: usize| {
        let bytes = loaded
            .get(at..)
            .and_then(|rest| rest.first_chunk::<8>())
            .map_or(0, |bytes| u64::from_le_bytes(*bytes));
        bytes | FOLDED
    };
    let mut mask = word_mask(block);
    if word.bytes > 0 {
        let run = mask.trailing_ones() as usize;
        let begun = block.iter().take(run);
        begun.for_each(|byte| word.push(byte | FOLDED_BYTE));
        if run == BLOCK {
            return BLOCK;
        }
        word.end(sink);
        mask &= u64::MAX << run;
    }
    let mut starts = mask & !(mask << 1);
    let mut ends = !mask & (mask << 1);
    while ends != 0 {
        let mut at = starts.trailing_zeros() as usize;
        let run = ends.trailing_zeros() as usize - at;
        starts &= starts - 1;
        ends &= ends - 1;
        let (mut hash, mut bytes) = (0_u64, run);
        while bytes >= 8 {
            hash = absorbed(hash, eight(at));
            at += 8;
            bytes -= 8;
        }
        let pending = eight(at) & ((1 << (8 * bytes)) - 1);
        sink(finished(hash, pending, run as u64));
    }
    // A word without an end may go on in the next block, which then begins with it.
    match starts.trailing_zeros() as usize {
        0 => {
            let all = block.iter();
            all.for_each(|byte| word.push(byte | FOLDED_BYTE));
            BLOCK
        }
        start => start,
    }
}

/// One bit for each byte that is a letter or a digit, the first byte lowest.
#[inline]
pub(crate) fn word_mask(block: &[u8; BLOCK]) -> u64 {
    let mut flags = [0_u8; BLOCK];
    for (flag, byte) in flags.iter_mut().zip(block) {
        let (letter, digit) = ((byte | 0x20).wrapping_sub(b'a'), byte.wrapping_sub(b'0'));
        *flag = u8::from(letter < 26) | u8::from(digit < 10);
    }
    lowest_bits(&flags)
}

/// The lowest bit of each byte, the first byte's lowest.
#[inline]
pub(crate) fn lowest_bits(flags: &[u8; BLOCK]) -> u64 {
    let mut mask = 0_u64;
    for (group, flags) in flags.chunks_exact(8).enumerate() {
        let flags = flags
            .first_chunk::<8>()
            .map_or(0, |flags| u64::from_le_bytes(*flags));
        // Gathers the lowest bit of each byte into the highest byte.
        mask |= (flags.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * group);
    }
    mask
}

/// Characters that do not show by themselves: zero-width and bidirectional controls,
/// combining marks, variation selectors, tags (Unicode 16, chapters 23.2 to 23.9).
#[must_use]
pub fn is_invisible(character: char) -> bool {
    matches!(u32::from(character),
        0x00AD | 0x0300..=0x036F | 0x061C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F
        | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F
        | 0xFEFF | 0xFFA0 | 0xE0000..=0xE0FFF)
}

/// Letters of scripts written without blanks between words (Unicode 16, block list).
#[must_use]
pub fn stands_alone(character: char) -> bool {
    let code = u32::from(character);
    let block = matches!(code,
        0x0E00..=0x0EFF     // Thai, Lao
        | 0x1000..=0x109F   // Myanmar
        | 0x1100..=0x11FF   // Hangul Jamo
        | 0x1780..=0x17FF   // Khmer
        | 0x3005..=0x3007 | 0x3040..=0x318F | 0x31A0..=0x31BF | 0x31F0..=0x31FF // kana, bopomofo, Jamo
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xA960..=0xA97F // Han, Jamo
        | 0xAC00..=0xD7FF   // Hangul syllables
        | 0xF900..=0xFAFF | 0xFF66..=0xFFDC // compatibility Han, half-width kana and Hangul
        | 0x1B000..=0x1B16F | 0x20000..=0x3FFFF); // further kana and Han
    block && character.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<u64> {
        let mut out = Vec::new();
        for_each_word(text, |word| out.push(word));
        out
    }

    #[test]
    fn case_punctuation_and_invisible_characters_do_not_matter() {
        assert_eq!(words("Hello, WORLD-2!"), words("hello world 2"));
        assert_eq!(words("he\u{200b}llo w\u{202e}orld"), words("hello world"));
        assert_eq!(words("ÄÖÜ straße"), words("äöü STRAßE"));
        assert_eq!(words("").len(), 0);
        assert_eq!(words(" \0\u{0} ... ").len(), 0);
    }

    #[test]
    fn blocks_and_single_characters_give_the_same_words() {
        let slow = |text: &str| {
            let (mut word, mut out) = (OpenWord::default(), Vec::new());
            for character in text.chars() {
                one_character(character, &mut word, &mut |hash| out.push(hash));
            }
            word.end(&mut |hash| out.push(hash));
            out
        };
        for seed in 0..3000_u64 {
            let mut state = seed;
            let text: String = (0..seed % 300)
                .map(|_| {
                    state = mix(state.wrapping_add(GOLDEN));
                    let rare = if seed % 3 == 0 {
                        ['ä', '请', '\u{200b}', '—']
                    } else {
                        ['Q', '_', '9', '\0']
                    };
                    match state % 40 {
                        pick @ 0..4 => rare[pick as usize],
                        4..10 => ' ',
                        pick => char::from(b'0' + (state / 64 % 75) as u8 * u8::from(pick > 3)),
                    }
                })
                .collect();
            assert_eq!(words(&text), slow(&text), "{text:?}");
        }
    }

    #[test]
    fn words_differ_by_content_length_and_order() {
        assert_ne!(words("ab"), words("ba"));
        assert_ne!(words("abcdefgh"), words("abcdefgha"));
        assert_ne!(words("abcdefghabcdefgh"), words("abcdefgh"));
        assert_eq!(words("one two").len(), 2);
        let mut all: Vec<u64> = (0..100_000).flat_map(|n| words(&format!("w{n}"))).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 100_000);
    }

    #[test]
    fn characters_of_scripts_without_blanks_are_words() {
        assert_eq!(words("请解释这个").len(), 5);
        assert_eq!(words("カタカナ").len(), 4);
        assert_eq!(words("한국어").len(), 3);
        assert_eq!(words("用Rust写").len(), 3);
        assert_eq!(words("请,解"), words("请解"));
    }

    #[test]
    fn look_alikes_are_the_letters_they_imitate_and_nothing_panics() {
        assert_eq!(words("раypal"), words("paypal"));
        assert_eq!(words("ＧＲＡＤＥ：１ 𝐬𝐜𝐨𝐫𝐞"), words("grade:1 score"));
        assert_eq!(words("İstanbul"), words("i\u{307}stanbul"));
        for code in (0..0x11_0000_u32).filter_map(char::from_u32) {
            let mut buffer = [0; 4];
            assert!(words(code.encode_utf8(&mut buffer)).len() <= 1);
        }
    }
}
