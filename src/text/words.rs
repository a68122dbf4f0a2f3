//! Words of a text as 64-bit hashes, without allocating.
//!
//! Letters and digits form words, case is folded, everything else separates. Scripts
//! written without blanks give one word per character, so that a shingle of words is a
//! character n-gram there. Invisible characters neither show nor separate: a zero-width
//! space in the middle of a word must not change its fragments.

use crate::text::hash::{GOLDEN, mix};

/// Lower-case form of each ASCII letter and digit, 0 for everything that separates.
static ASCII_WORD: [u8; 256] = ascii_words();

const fn ascii_words() -> [u8; 256] {
    let mut table = [0_u8; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            table[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    table
}

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
        self.pending = (self.pending << 8) | u64::from(byte);
        self.bytes = self.bytes.wrapping_add(1);
        if self.bytes & 7 == 0 {
            self.hash = (self.hash ^ self.pending)
                .wrapping_mul(GOLDEN)
                .rotate_left(29);
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
            let open = (self.hash ^ self.pending).wrapping_add(self.bytes.wrapping_mul(GOLDEN));
            sink(mix(open));
            *self = OpenWord::default();
        }
    }
}

/// Calls `sink` with the hash of each word, in order.
pub fn for_each_word(text: &str, mut sink: impl FnMut(u64)) {
    let mut word = OpenWord::default();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte < 0x80 {
            at += 1;
            match ASCII_WORD[usize::from(byte)] {
                0 => word.end(&mut sink),
                folded => word.push(folded),
            }
            continue;
        }
        let Some(character) = text.get(at..).and_then(|rest| rest.chars().next()) else {
            break;
        };
        at += character.len_utf8();
        if is_invisible(character) {
            continue;
        }
        if stands_alone(character) {
            word.end(&mut sink);
            word.push_char(character);
            word.end(&mut sink);
        } else if character.is_alphanumeric() {
            for lower in character
                .to_lowercase()
                .filter(|lower| !is_invisible(*lower))
            {
                word.push_char(lower);
            }
        } else {
            word.end(&mut sink);
        }
    }
    word.end(&mut sink);
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
    fn homoglyphs_and_odd_characters_do_not_panic() {
        assert_ne!(words("раypal"), words("paypal"));
        assert_eq!(words("İstanbul"), words("i\u{307}stanbul"));
        for code in (0..0x11_0000_u32).filter_map(char::from_u32) {
            let mut buffer = [0; 4];
            assert!(words(code.encode_utf8(&mut buffer)).len() <= 1);
        }
    }
}
