//! Characters that are drawn like others.

/// The ASCII character that another one is drawn like, else itself: full-width forms,
/// mathematical letters and digits (Unicode 16, chapters 18.7 and 22.2), Cyrillic, Greek
/// and other small letters that the confusables of Unicode Technical Standard 39 map to
/// one Latin letter, quotation marks and dashes.
pub(crate) fn imitated(character: char) -> char {
    const ALPHABET: u32 = 26;
    let code = u32::from(character);
    let ascii = |byte: u32| char::from_u32(byte).unwrap_or(character);
    match code {
        0xFF01..=0xFF5E => ascii(code - 0xFEE0),
        0x1D400..=0x1D6A3 => ascii(u32::from(b'a') + (code - 0x1D400) % ALPHABET),
        0x1D7CE..=0x1D7FF => ascii(u32::from(b'0') + (code - 0x1D7CE) % 10),
        _ => match character {
            '\u{430}' | '\u{3b1}' | '\u{251}' => 'a',
            '\u{441}' | '\u{3f2}' => 'c',
            '\u{501}' => 'd',
            '\u{435}' => 'e',
            '\u{261}' => 'g',
            '\u{4bb}' => 'h',
            '\u{456}' | '\u{3b9}' | '\u{131}' => 'i',
            '\u{458}' => 'j',
            '\u{4cf}' => 'l',
            '\u{43e}' | '\u{3bf}' => 'o',
            '\u{440}' | '\u{3c1}' => 'p',
            '\u{51b}' => 'q',
            '\u{455}' => 's',
            '\u{3c5}' => 'u',
            '\u{475}' | '\u{3bd}' => 'v',
            '\u{51d}' => 'w',
            '\u{445}' => 'x',
            '\u{443}' => 'y',
            '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' => '\'',
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2033}' | '\u{ab}' | '\u{bb}' => '"',
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            other => other,
        },
    }
}
