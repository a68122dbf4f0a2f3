//! Texts in the making: capitals, endings, numbers and codes.

use crate::simulate::random::{Random, mix};

/// Numbers and codes that a grammar can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Number,
    Year,
    Hex,
    Float,
    Bits,
    Letter,
}

/// A text in the making.
pub(crate) struct Page<'a> {
    out: &'a mut String,
    pub(crate) capital: bool,
}

impl<'a> Page<'a> {
    pub(crate) fn new(out: &'a mut String) -> Self {
        Self {
            out,
            capital: false,
        }
    }

    /// Appends a number or a code.
    pub(crate) fn push_code_of(&mut self, code: Code, random: &mut Random) {
        self.capital = false;
        let out = &mut *self.out;
        match code {
            Code::Number => {
                let limit = [10, 10, 50, 100, 1_000][random.index(5)];
                push_number(out, 2 + random.below(limit));
            }
            Code::Year => push_number(out, 1_900 + random.below(127)),
            Code::Bits => push_number(out, 8 << random.below(4)),
            Code::Float => {
                push_number(out, random.below(20));
                out.push('.');
                push_number(out, random.below(100));
            }
            Code::Letter => out.push(char::from(b'a' + random.below(26) as u8)),
            Code::Hex => push_code(out, random.next(), 8, b"0123456789abcdef"),
        }
    }
}

impl Page<'_> {
    /// Appends a text.
    pub(crate) fn push(&mut self, text: &str) {
        if self.capital {
            let mut letters = text.chars();
            if let Some(first) = letters.next() {
                self.out.extend(first.to_uppercase());
                self.out.push_str(letters.as_str());
                self.capital = false;
            }
        } else {
            self.out.push_str(text);
        }
    }
}

impl Page<'_> {
    /// Appends a text that may begin with the ending of the word before it.
    pub(crate) fn push_ending(&mut self, text: &str) {
        let is_ending = |ending: &str| {
            text.strip_prefix(ending)
                .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
        };
        if is_ending("s") {
            let word = self.out.as_bytes();
            let (before, last) = match word {
                [.., before, last] => (*before, *last),
                _ => (b' ', b' '),
            };
            if matches!(last, b's' | b'x' | b'z') || (last == b'h' && matches!(before, b'c' | b's'))
            {
                self.out.push('e');
            } else if last == b'y' && !matches!(before, b'a' | b'e' | b'i' | b'o' | b'u' | b' ') {
                self.out.pop();
                self.out.push_str("ie");
            }
        } else if (is_ending("ed") || is_ending("ing")) && self.out.ends_with('e') {
            self.out.pop();
        }
        self.push(text);
    }
}

/// Appends a decimal number.
pub(crate) fn push_number(out: &mut String, number: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend(digits.iter().skip(at).map(|&digit| char::from(digit)));
}

/// Appends `length` letters of an alphabet, taken from the bits of a word.
pub(crate) fn push_code(out: &mut String, word: u64, length: u32, alphabet: &[u8]) {
    let base = alphabet.len().max(1) as u64;
    let mut rest = word;
    for position in 0..length {
        if position % 12 == 0 && position > 0 {
            rest = mix(word, u64::from(position));
        }
        if let Some(&letter) = alphabet.get((rest % base) as usize) {
            out.push(char::from(letter));
        }
        rest /= base;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_codes() {
        let mut out = String::new();
        push_number(&mut out, 0);
        push_number(&mut out, 9_071);
        push_code(&mut out, 5, 3, b"ab");
        assert_eq!(out, "09071bab");
    }

    #[test]
    fn endings_join_their_words() {
        let mut out = String::new();
        let mut page = Page::new(&mut out);
        for (word, ending) in [
            ("lunch", "s "),
            ("double", "ed "),
            ("city", "s "),
            ("boy", "s "),
            ("make", "ing"),
        ] {
            page.push(word);
            page.push_ending(ending);
        }
        assert_eq!(out, "lunches doubled cities boys making");
    }
}
