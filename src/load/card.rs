//! Raw card numbers: they must never enter a digest or a report.

/// Whether the text reads as a payment card number: 13 to 19 digits (ISO/IEC 7812),
/// blanks and dashes between them and quotation marks around them allowed (spreadsheets put an
/// apostrophe before long numbers), with a valid check digit (Luhn).
pub(crate) fn looks_like_card_number(text: &str) -> bool {
    let mut digits = Vec::with_capacity(19);
    let quoted =
        |character: char| character.is_whitespace() || "'\"`\u{2018}\u{2019}=".contains(character);
    for byte in text.trim_matches(quoted).bytes() {
        match byte {
            b'0'..=b'9' if digits.len() == 19 => return false,
            b'0'..=b'9' => digits.push(u32::from(byte - b'0')),
            b' ' | b'-' => {}
            _ => return false,
        }
    }
    if digits.len() < 13 {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2 == 1, digit * 2) {
            (false, _) => *digit,
            (true, doubled) if doubled > 9 => doubled - 9,
            (true, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::looks_like_card_number;

    #[test]
    fn tells_cards_from_fingerprints() {
        // Test numbers that payment providers publish for trying out integrations.
        for card in [
            "4242424242424242",
            "4242 4242 4242 4242",
            "5555-5555-5555-4444",
            " 378282246310005 ",
            "'4242424242424242",
            "=\"4242424242424242\"",
        ] {
            assert!(looks_like_card_number(card), "{card}");
        }
        for other in [
            "4242424242424241",
            "card_fp_5d21",
            "424242424242",
            "42424242424242424242",
            "",
            "- -",
            "9f86d081884c7d65",
        ] {
            assert!(!looks_like_card_number(other), "{other}");
        }
    }
}
