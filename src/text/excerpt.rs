//! Short excerpts that may be shown: masked, on one line, with nothing invisible.

use std::borrow::Cow;

use crate::config::options::Quote;
use crate::text::masks::mask;
use crate::text::words::is_invisible;

/// An excerpt of at most `max_chars` characters, or `None` where none is allowed.
///
/// Masks e-mail addresses, secrets, long digit runs and long encoded runs unless `quote`
/// is [`Quote::Full`]; folds line breaks to `⏎`; shows control and invisible characters
/// as `\u{..}`; ends in `…` where text was left out.
#[must_use]
pub fn excerpt(text: &str, max_chars: usize, quote: Quote) -> Option<String> {
    if quote == Quote::None {
        return None;
    }
    let (window, more) = window(text, max_chars.saturating_mul(2).saturating_add(256));
    let shown = if quote == Quote::Full {
        Cow::Borrowed(window)
    } else {
        mask(window)?
    };
    Some(visible(&shown, max_chars, more))
}

/// The start of the text that is looked at, never ending inside a run that a mask could
/// have covered had it been seen whole; and whether text follows it.
fn window(text: &str, chars: usize) -> (&str, bool) {
    if text.len() <= chars {
        return (text, false);
    }
    let Some((cut, _)) = text.char_indices().nth(chars) else {
        return (text, false);
    };
    let start = text.get(..cut).unwrap_or_default();
    let whole = start.trim_end_matches(|last: char| !last.is_whitespace() && last.is_ascii());
    // Nor inside a number written in groups.
    let apart = |last: char| !last.is_alphabetic();
    let whole = match whole.trim_end_matches(apart) {
        "" => whole,
        apart => apart,
    };
    (if whole.is_empty() { start } else { whole }, true)
}

fn visible(text: &str, max_chars: usize, more: bool) -> String {
    // Most texts start with plain characters and need no second look.
    let plain = text
        .bytes()
        .take(max_chars)
        .take_while(|byte| matches!(byte, b' '..=b'~'))
        .count();
    let (start, text) = text
        .split_at_checked(plain.saturating_sub(1))
        .unwrap_or(("", text));
    let mut out = String::with_capacity(start.len().saturating_add(8));
    out.push_str(start);
    let mut length = start.len();
    let mut left_out = more;
    // Where the text ends that leaves room for the ellipsis.
    let mut last_fit = out.len();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let before = out.len();
        let mut added = 1_usize;
        match character {
            ' '..='~' => out.push(character),
            '\r' if characters.peek() == Some(&'\n') => continue,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('⏎'),
            '\t' => out.push(' '),
            hidden if hidden.is_control() || is_hidden(hidden) => {
                added = hidden.escape_unicode().len();
                out.extend(hidden.escape_unicode());
            }
            plain => out.push(plain),
        }
        if length.saturating_add(added) > max_chars {
            out.truncate(before);
            left_out = true;
            break;
        }
        length += added;
        if length < max_chars {
            last_fit = out.len();
        }
    }
    if left_out {
        out.truncate(last_fit);
        if max_chars > 0 {
            out.push('…');
        }
    }
    out
}

/// Invisible characters that must show; combining marks and emoji selectors may stay.
fn is_hidden(character: char) -> bool {
    is_invisible(character) && !matches!(u32::from(character), 0x0300..=0x036F | 0xFE00..=0xFE0F)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        excerpt(text, 200, Quote::Masked).expect("masked excerpts exist")
    }

    #[test]
    fn nothing_when_quoting_is_off_and_everything_when_full() {
        assert_eq!(excerpt("secret", 10, Quote::None), None);
        assert_eq!(
            excerpt("a@b.example 12345678", 50, Quote::Full).as_deref(),
            Some("a@b.example 12345678")
        );
    }

    #[test]
    fn masks_addresses_numbers_and_secrets() {
        assert_eq!(
            masked("write to jane.doe+x@mail.example.org now"),
            "write to [e-mail] now"
        );
        assert_eq!(masked("order 123456 of 12345"), "order [number] of 12345");
        assert_eq!(masked("card 4111 1111 1111 1111."), "card [number].");
        assert_eq!(masked("call +49 (30) 1234-567"), "call [number]");
        assert_eq!(masked("key sk-abcDEF123456789xyz!"), "key [secret]!");
        assert_eq!(masked("AKIAIOSFODNN7EXAMPLE"), "[secret]");
        assert_eq!(
            masked("Authorization: Bearer abc.def-ghi_123"),
            "Authorization: [secret]"
        );
        assert_eq!(
            masked("get https://user:pw@host.example/x"),
            "get https://[secret]@host.example/x"
        );
        assert_eq!(masked("jwt eyJhbGci.eyJzdWIi.c2ln ok"), "jwt [secret] ok");
        assert_eq!(
            masked("to DE89 3704 0044 0532 0130 00, please"),
            "to [number], please"
        );
        assert_eq!(masked("secret_key = s3cr3t ok"), "secret_key = [secret] ok");
        assert_eq!(masked("4111_1111_1111_1111"), "[number]");
        assert_eq!(masked("call 415.555.2671"), "call [number]");
        assert_eq!(
            masked("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- ok"),
            "[secret] ok"
        );
        assert_eq!(masked("password = hunter2 ok"), "password = [secret] ok");
        assert_eq!(masked("d41d8cd98f00b204e9800998ecf8427e"), "[secret]");
        assert_eq!(masked("QmFzZVNpeHR5Rm91ckVuY29kZWRTZWNyZXQ="), "[secret]");
        assert_eq!(
            masked("an internationalisation-friendly word"),
            "an internationalisation-friendly word"
        );
    }

    #[test]
    fn masks_what_is_written_with_something_between() {
        for (text, shown) in [
            ("card 4111 1111\n1111 1111.", "card [number]."),
            ("\"john doe\"@host.example wrote", "[e-mail] wrote"),
            ("bob @ ex.example wrote", "[e-mail] wrote"),
            ("john (at) example (dot) com", "[e-mail]"),
            ("tel 06 12 34 56 78 or 555-0199", "tel [number] or [number]"),
            ("my password is Tr0ub4dor", "my password is [secret]"),
            ("passwd hunter2 ok", "passwd [secret] ok"),
            ("the password manager", "the password manager"),
            ("Cookie: session=abc123def", "Cookie: [secret]"),
            ("ya29.a0AfH6SMBxyz", "[secret]"),
            ("sk-abc123", "[secret]"),
            ("GOCSPX-abcdefgh12345678", "[secret]"),
            ("xai-AbCdEfGh12345678", "[secret]"),
            ("sk-pr\u{200b}oj-abcdefgh", "[secret]"),
            ("jo\u{200b}hn@host.example", "[e-mail]"),
            ("card 4111\u{a0}1111\u{a0}1111\u{a0}1111.", "card [number]."),
            ("card 4111\u{200b}1111\u{200b}11111111.", "card [number]."),
            (
                "card 4111\u{2013}1111\u{2013}1111\u{2013}1111.",
                "card [number].",
            ),
            ("card 4111/1111/1111/1111.", "card [number]."),
            ("ssn 123-45-6789", "ssn [number]"),
            ("call (555) 123-4568", "call [number]"),
            ("call 555-123-4567", "call [number]"),
            ("iban gb29nwbk60161331926819", "iban [number]"),
            ("at 203.0.113.7 now", "at [address] now"),
            ("at 2001:db8:0:1:0:0:0:17 now", "at [address] now"),
            ("at 2001:db8::17 now", "at [address] now"),
            ("from 12:34:56 on", "from 12:34:56 on"),
            ("version 1.2.3 of", "version 1.2.3 of"),
            ("AccountKey=abc/def+ghi==; x", "AccountKey=[secret] x"),
            ("key SG.abcdefghijk.lmnopqrstu!", "key [secret]!"),
            ("npm_abcdefgh1", "[secret]"),
            (
                "password: \"correct horse battery\" ok",
                "password: [secret] ok",
            ),
            (
                "Authorization: Basic dXNlcjpwYXNz ok",
                "Authorization: [secret] ok",
            ),
            ("token=abc ok", "token=[secret] ok"),
            ("postgres://bob:p@ss/w0rd@db/x", "postgres://[secret]@db/x"),
            ("zed@exa\u{200b}mple.com ok", "[e-mail] ok"),
            ("o'brien@mail.example ok", "[e-mail] ok"),
            ("user%40corp.example ok", "[e-mail] ok"),
            ("jane@localhost ok", "[e-mail] ok"),
            (
                "card 4111\t1111\t1111\t1111, 4012|8888|8888|1881",
                "card [number], [number]",
            ),
            (
                "3700 - 0000 - 0000 - 002, 4111\u{202f}1111\u{202f}1111\u{2212}1111",
                "[number], [number]",
            ),
            ("4111, 1111, 1111, 1111 ok", "[number] ok"),
            ("call 020 7946 0958", "call [number]"),
            ("call 415 555 2671", "call [number]"),
            ("call 090-1234-5678", "call [number]"),
            ("call 8 (912) 345-67-89", "call [number]"),
            ("ssn 078 05 1120", "ssn [number]"),
            ("IBAN NL91 ABNA 0417 1643 00 ok", "IBAN [number] ok"),
            (
                "iban nl91\u{a0}abna\u{a0}0417\u{a0}1643\u{a0}00",
                "iban [number]",
            ),
            ("NL20-INGB-0001-2345-67", "[number]"),
            ("DB_PASS=hunter2zq ok", "DB_PASS=[secret] ok"),
            ("GITHUB_TOKEN=tok77 ok", "GITHUB_TOKEN=[secret] ok"),
            ("password\u{ff1a}geheim9q ok", "password\u{ff1a}[secret] ok"),
            (
                "password: correct horse battery, ok",
                "password: [secret] ok",
            ),
            ("密码是hunter2，谢谢", "密码是[secret]，谢谢"),
            ("{\"pass\":\"x y\"}", "{\"pass\":[secret]}"),
            ("curl -u admin:rootpw8 x", "curl -u [secret] x"),
            ("mysql --password word", "mysql --password [secret]"),
            ("bob at zmail dot com ok", "[e-mail] ok"),
            ("max_tokens: 512", "max_tokens: 512"),
            (
                "from 2026-03-01 to 2026-04-30",
                "from 2026-03-01 to 2026-04-30",
            ),
            ("meet at noon, dot the i", "meet at noon, dot the i"),
            (
                "many tokens of the basic kind",
                "many tokens of the basic kind",
            ),
        ] {
            assert_eq!(masked(text), shown, "{text}");
        }
        let pgp = "-----BEGIN PGP PRIVATE KEY BLOCK-----\nabc\n-----END PGP PRIVATE KEY BLOCK-----";
        assert_eq!(masked(pgp), "[secret]");
    }

    #[test]
    fn shows_what_hides() {
        assert_eq!(
            masked("a\u{202e}b\u{0}c\u{1b}[31m"),
            "a\\u{202e}b\\u{0}c\\u{1b}[31m"
        );
        assert_eq!(
            masked("one\r\ntwo\nthree\rfour\tfive"),
            "one⏎two⏎three⏎four five"
        );
        assert_eq!(masked("caf\u{65}\u{301}"), "caf\u{65}\u{301}");
    }

    #[test]
    fn cuts_on_characters() {
        assert_eq!(
            excerpt("请解释这个", 4, Quote::Full).as_deref(),
            Some("请解释…")
        );
        assert_eq!(
            excerpt("请解释这个", 5, Quote::Full).as_deref(),
            Some("请解释这个")
        );
        assert_eq!(excerpt("a\u{202e}", 4, Quote::Full).as_deref(), Some("a…"));
        assert_eq!(excerpt("abc", 0, Quote::Full).as_deref(), Some(""));
        let long = excerpt(&"word ".repeat(1_000_000), 280, Quote::Masked).expect("some");
        assert_eq!(long.chars().count(), 280);
        assert_eq!(
            excerpt(&"7".repeat(10 << 20), 280, Quote::Masked).as_deref(),
            Some("[number]…")
        );
    }

    #[test]
    fn a_secret_at_the_edge_of_the_window_is_not_half_shown() {
        let text = format!("{}jane@mail.example 99999999", "12345678 ".repeat(96));
        let shown = excerpt(&text, 300, Quote::Masked).expect("some");
        assert!(!shown.contains("jane") && !shown.contains("999"), "{shown}");
    }
}
