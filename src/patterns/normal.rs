//! The form of a text that rules are held against: lower case, one blank for any run of
//! white space, nothing invisible, look-alike letters as the Latin ones they imitate.

use crate::text::look_alikes::imitated;
use crate::text::words::{BLOCK, is_invisible, lowest_bits};

/// A character that is its own normal form.
const FILLING: u8 = b'x';

/// Writes the normal form of `text` into `out`, which is emptied first.
pub fn normalise_into(text: &str, out: &mut Vec<u8>) {
    out.clear();
    out.reserve(text.len());
    // White space at the start is dropped.
    let mut after_blank = true;
    let mut rest = text;
    while !rest.is_empty() {
        let bytes = rest.as_bytes();
        match bytes.first_chunk::<BLOCK>() {
            Some(block) if block.is_ascii() => {
                ascii_block(block, &mut after_blank, out);
                rest = rest.get(BLOCK..).unwrap_or_default();
            }
            None if bytes.is_ascii() => {
                // The end of the text, filled up with what is left as it is.
                let block = std::array::from_fn(|at| bytes.get(at).copied().unwrap_or(FILLING));
                ascii_block(&block, &mut after_blank, out);
                out.truncate(out.len().saturating_sub(BLOCK - bytes.len()));
                rest = "";
            }
            _ => {
                let mut taken = 0;
                for character in rest.chars() {
                    taken += character.len_utf8();
                    one_character(character, &mut after_blank, out);
                    if taken >= BLOCK {
                        break;
                    }
                }
                rest = rest.get(taken..).unwrap_or_default();
            }
        }
    }
}

/// The normal form of a short text, without a blank at its end.
#[must_use]
pub fn normalised(text: &str) -> String {
    let mut bytes = Vec::new();
    normalise_into(text, &mut bytes);
    if bytes.last() == Some(&b' ') {
        bytes.pop();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[inline]
fn ascii_block(block: &[u8; BLOCK], after_blank: &mut bool, out: &mut Vec<u8>) {
    let mut folded = [0_u8; BLOCK];
    // A blank's place holds one; one place before the first, for the blank before the block.
    let mut blanks = [0_u8; BLOCK + 1];
    let mut controls = 0_u8;
    blanks[0] = u8::from(*after_blank);
    for ((folded, blank), byte) in folded.iter_mut().zip(&mut blanks[1..]).zip(block) {
        let upper = u8::from(byte.wrapping_sub(b'A') < 26) << 5;
        let white = byte.wrapping_sub(b'\t') < 5;
        *folded = if white { b' ' } else { byte | upper };
        *blank = u8::from(*folded == b' ');
        controls |= u8::from(*folded < b' ') | u8::from(*folded == 0x7f);
    }
    if controls != 0 {
        block
            .iter()
            .for_each(|byte| one_character(char::from(*byte), after_blank, out));
        return;
    }
    *after_blank = blanks[BLOCK] == 1;
    // Blanks behind a blank.
    let mut doubled = [0_u8; BLOCK];
    let mut is_doubled = 0_u8;
    for ((doubled, before), blank) in doubled.iter_mut().zip(&blanks).zip(&blanks[1..]) {
        *doubled = before & blank;
        is_doubled |= *doubled;
    }
    if is_doubled == 0 {
        out.extend_from_slice(&folded);
        return;
    }
    let mut dropped = lowest_bits(&doubled);
    let mut from = 0;
    while dropped != 0 {
        let at = dropped.trailing_zeros() as usize;
        out.extend_from_slice(folded.get(from..at).unwrap_or_default());
        from = at + (dropped >> at).trailing_ones() as usize;
        dropped &= u64::MAX
            .checked_shl(u32::try_from(from).unwrap_or(u32::MAX))
            .unwrap_or(0);
    }
    out.extend_from_slice(folded.get(from..).unwrap_or_default());
}

#[inline]
fn one_character(character: char, after_blank: &mut bool, out: &mut Vec<u8>) {
    match character {
        // Most characters are plain, and nothing is asked of them.
        '!'..='~' => {
            *after_blank = false;
            out.push(character.to_ascii_lowercase() as u8);
        }
        // Ideographs have no case and imitate nothing.
        '\u{3400}'..='\u{9fff}' => {
            *after_blank = false;
            let mut buffer = [0_u8; 4];
            out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        }
        _ => rare_character(character, after_blank, out),
    }
}

fn rare_character(character: char, after_blank: &mut bool, out: &mut Vec<u8>) {
    if character.is_whitespace() {
        if !*after_blank {
            out.push(b' ');
        }
        *after_blank = true;
        return;
    }
    if character.is_control() || is_invisible(character) {
        return;
    }
    *after_blank = false;
    if character == '\u{2026}' {
        out.extend_from_slice(b"...");
        return;
    }
    for lower in imitated(character)
        .to_lowercase()
        .filter(|lower| !is_invisible(*lower))
    {
        let mut buffer = [0_u8; 4];
        out.extend_from_slice(imitated(lower).encode_utf8(&mut buffer).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_blanks_and_what_does_not_show_are_folded() {
        assert_eq!(
            normalised("  Act\n\n as\tan  EXPERT \r\n"),
            "act as an expert"
        );
        assert_eq!(normalised("rea\u{200b}son\u{202e}ing\0!"), "reasoning!");
        assert_eq!(normalised(""), "");
        assert_eq!(normalised(" \0\n\u{feff}"), "");
        assert_eq!(normalised("请\u{3000}解释"), "请 解释");
        assert_eq!(normalised("Ä\u{301}"), "ä");
    }

    #[test]
    fn look_alikes_become_the_letters_they_imitate() {
        assert_eq!(normalised("ѕcоrе"), "score");
        assert_eq!(normalised("ＳＣＯＲＥ：１"), "score:1");
        assert_eq!(normalised("𝐬𝐜𝐨𝐫𝐞 𝟗"), "score 9");
        assert_eq!(
            normalised("\u{201c}a\u{201d}\u{2014}b\u{2026}"),
            "\"a\"-b..."
        );
    }

    #[test]
    fn blocks_and_single_characters_give_the_same_form() {
        let slow = |text: &str| {
            let (mut after_blank, mut out) = (true, Vec::new());
            for character in text.chars() {
                one_character(character, &mut after_blank, &mut out);
            }
            out
        };
        let letters = [
            'a', 'Q', ' ', ' ', '\n', '\0', '\u{7f}', '<', '9', 'é', '请', '\u{200b}',
        ];
        for seed in 0..4000_u64 {
            let mut state = seed;
            let text: String = (0..seed % 400)
                .map(|_| {
                    state = crate::text::hash::mix(state.wrapping_add(0x9e37));
                    let few = if seed % 2 == 0 { 9 } else { 12 };
                    let rare = state % 97 / (1 + seed % 9);
                    letters[usize::try_from(rare.min(state % few)).unwrap()]
                })
                .collect();
            let mut out = Vec::new();
            normalise_into(&text, &mut out);
            assert_eq!(out, slow(&text), "{text:?}");
        }
    }

    #[test]
    fn every_character_is_folded_without_panic_and_only_once() {
        for code in (0..0x11_0000_u32).filter_map(char::from_u32) {
            let once = normalised(&format!("a{code}b"));
            assert_eq!(normalised(&once), once, "U+{:04X}", u32::from(code));
        }
    }
}
