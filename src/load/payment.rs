//! Payment ids that name no instrument: a method of payment, or a word for none.

/// Words that exports write where there is no instrument, and names of ways to pay (ours, from
/// what billing systems offer). Two accounts with one of them share nothing.
const WORDS: [&str; 52] = [
    "",
    "0",
    "alipay",
    "amex",
    "applepay",
    "ach",
    "bank",
    "banktransfer",
    "card",
    "cash",
    "credit",
    "creditcard",
    "credits",
    "debit",
    "debitcard",
    "deleted",
    "default",
    "discover",
    "empty",
    "false",
    "free",
    "freetier",
    "gift",
    "googlepay",
    "invoice",
    "link",
    "mastercard",
    "manual",
    "missing",
    "na",
    "nan",
    "nil",
    "none",
    "notset",
    "null",
    "other",
    "paypal",
    "prepaid",
    "promo",
    "redacted",
    "sepa",
    "stripe",
    "test",
    "trial",
    "undefined",
    "unionpay",
    "unknown",
    "unset",
    "visa",
    "voucher",
    "wechat",
    "wechatpay",
];

/// Letters and digits from which on one and the same again and again is a filling, such as an empty
/// UUID, and no number that a system has counted up to (ours).
const FILLING: usize = 8;

/// Whether the text names no single instrument, whatever its case and punctuation; one character
/// again and again (zeros, an empty UUID) is none either.
pub(crate) fn names_no_instrument(text: &str) -> bool {
    let letters: String = text
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let mut characters = letters.chars();
    let first = characters.next();
    WORDS.contains(&letters.as_str())
        || (letters.len() >= FILLING && characters.all(|character| Some(character) == first))
}

#[cfg(test)]
mod tests {
    use super::names_no_instrument;

    #[test]
    fn words_and_methods_are_no_instrument_and_fingerprints_are() {
        for word in [
            "none",
            "N/A",
            "-",
            "NULL",
            "Alipay",
            "WeChat Pay",
            "credit_card",
            "unknown",
            "0",
            "00000000-0000-0000-0000-000000000000",
            "xxxxxxxxxxxx",
            "[redacted]",
            "nan",
            "Free tier",
        ] {
            assert!(names_no_instrument(word), "{word}");
        }
        for instrument in [
            "pm_1",
            "card_fp_5d21",
            "P1",
            "c",
            "a",
            "7",
            "11",
            "2222",
            "visa-1111",
            "alipay-2088",
            "9f86d081884c7d65",
            "pm_net0",
        ] {
            assert!(!names_no_instrument(instrument), "{instrument}");
        }
    }

    #[test]
    fn the_words_are_written_as_they_are_compared() {
        for word in super::WORDS {
            assert!(
                word.chars()
                    .all(|character| character.is_ascii_lowercase() || character.is_ascii_digit())
            );
        }
    }
}
