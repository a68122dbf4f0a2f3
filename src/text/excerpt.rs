//! Short excerpts that may be shown: masked, on one line, with nothing invisible.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::config::options::Quote;
use crate::text::words::is_invisible;

/// What is masked and by what. The prefixes are the documented ones of the issuers:
/// OpenAI, Stripe, GitHub, GitLab, Slack, Hugging Face, Google, AWS. A name and password in
/// an address stand as RFC 3986 (3.2.1) has them; a JSON web token begins with the base64 of
/// `{"` (RFC 7519).
const SECRETS: [(&str, &str, Clue); 11] = [
    (
        r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?s:.)*?(?:-----END [A-Z ]*-----|$)",
        "[secret]",
        Clue::Dash,
    ),
    // A password may hold `@` and `/`; up to the last `@` of the word it is all masked.
    (r"://[^\s:/@]*:\S*@", "://[secret]@", Clue::At),
    (r"://[^\s/@]+@", "://[secret]@", Clue::At),
    (
        r"\beyJ[\w-]{4,}\.[\w-]{4,}(?:\.[\w-]*)?",
        "[secret]",
        Clue::WebToken,
    ),
    (
        r"[\w.%+'-]+[@\u{FF20}][\w\u{200B}-\u{200D}-]+(?:\.[\w\u{200B}-\u{200D}-]+)*",
        "[e-mail]",
        Clue::At,
    ),
    (r"(?i)[\w.+-]+%40[\w.-]+", "[e-mail]", Clue::Percent),
    (
        r"(?i)\bbearer\s+[\w.~+/=-]{8,}",
        "bearer [secret]",
        Clue::Bearer,
    ),
    (
        r#"(?i)\b([\w-]*(?:password|passwd|passphrase|secret|credential|api[_-]?key|account[_-]?key|private[_-]?key|(?:access|auth|refresh)[_-]?token)[\w-]*|pwd|token|authorization)(["']?\s*[:=]\s*)(?:"[^"\n]*"|'[^'\n]*'|(?:(?:basic|bearer)\s+)?\S+)"#,
        "$1$2[secret]",
        Clue::Assignment,
    ),
    (
        r"\b(?:sk|pk|rk|gh[oprsu]|github_pat|glpat|xox[a-z]|hf|whsec|npm|dop_v1|shpat|pypi)[-_][A-Za-z0-9_-]{8,}",
        "[secret]",
        Clue::Dash,
    ),
    (
        r"\bSG\.[\w-]{8,}(?:\.[\w-]{8,})?",
        "[secret]",
        Clue::SendGrid,
    ),
    (
        r"\b(?:AIza[A-Za-z0-9_-]{16,}|A(?:KI|SI|RO|ID)A[A-Z0-9]{12,})",
        "[secret]",
        Clue::CapitalA,
    ),
];

/// A run that may be an encoded secret; decided by [`masked_run`].
const LONG_RUN: &str = r"[A-Za-z0-9+/_=-]{24,}";

/// Account numbers are those of ISO 13616 (IBAN), in lower case only without blanks; telephone
/// and social security numbers those of the United States; card numbers and any other long run of
/// digits with whatever thin thing stands between them.
const NUMBERS: [(&str, &str); 8] = [
    (
        r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b",
        "[number]",
    ),
    (r"\b[a-z]{2}\d{2}[a-z0-9]{11,30}\b", "[number]"),
    (r"\+\d(?:[ .()-]{0,2}\d){7,}", "[number]"),
    (
        r"\d(?:[ ._/\u{A0}\u{2009}\u{200B}-\u{200D}\u{2010}-\u{2014}-]{0,2}\d){11,}",
        "[number]",
    ),
    (r"\(\d{3}\) ?\d{3}[ .-]\d{4}\b", "[number]"),
    (r"\b\d{3}[.-]\d{3}[.-]\d{4}\b", "[number]"),
    (r"\b\d{3}-\d{2}-\d{4}\b", "[number]"),
    (r"\d{6,}", "[number]"),
];

/// Addresses of machines: IPv4, and IPv6 with at least four groups or with `::`.
const ADDRESSES: [(&str, &str, Clue); 2] = [
    (r"\b\d{1,3}(?:\.\d{1,3}){3}\b", "[address]", Clue::FewDigits),
    (
        r"(?i)\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b|\b(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}\b",
        "[address]",
        Clue::Assignment,
    ),
];

/// Patterns with what they are replaced by; `None` is [`masked_run`].
type Masks = Vec<(Regex, Option<&'static str>, Clue)>;

static MASKS: LazyLock<Option<Masks>> = LazyLock::new(|| {
    let secrets = SECRETS
        .iter()
        .map(|(pattern, with, clue)| (*pattern, Some(*with), *clue));
    let numbers = NUMBERS
        .iter()
        .map(|(pattern, with)| (*pattern, Some(*with), Clue::Digits));
    let addresses = ADDRESSES
        .iter()
        .map(|(pattern, with, clue)| (*pattern, Some(*with), *clue));
    secrets
        .chain([(LONG_RUN, None, Clue::LongRun)])
        .chain(addresses)
        .chain(numbers)
        .map(|(pattern, with, clue)| Regex::new(pattern).ok().map(|regex| (regex, with, clue)))
        .collect()
});

/// What a text must hold for a pattern to be able to match; cheaper to see than to match.
#[derive(Clone, Copy)]
enum Clue {
    At,
    Assignment,
    Bearer,
    Dash,
    CapitalA,
    WebToken,
    LongRun,
    Percent,
    SendGrid,
    FewDigits,
    Digits,
}

/// What one look at a text shows.
#[derive(Default)]
struct Clues {
    at: bool,
    assignment: bool,
    bearer: bool,
    dash: bool,
    capital_a: bool,
    web_token: bool,
    percent: bool,
    send_grid: bool,
    digits: usize,
    longest_run: usize,
}

/// For each byte the clues it gives by itself, one bit each.
static BYTE_CLUES: [u8; 256] = byte_clues();

const AT: u8 = 1;
const ASSIGNMENT: u8 = 2;
const DASH: u8 = 4;
const DIGIT: u8 = 8;
const RUN: u8 = 16;
const OTHER: u8 = 32;

const fn byte_clues() -> [u8; 256] {
    let mut table = [0_u8; 256];
    let mut at = 0;
    while at < 256 {
        table[at] = match at as u8 {
            b'@' => AT,
            b':' => ASSIGNMENT,
            b'=' => ASSIGNMENT | RUN,
            b'-' | b'_' => DASH | RUN,
            b'+' | b'/' | b'A'..=b'Z' | b'a'..=b'z' => RUN,
            b'0'..=b'9' => DIGIT | RUN,
            // Not ASCII: may be another digit, blank, letter or a wide @ sign.
            0x80.. => AT | ASSIGNMENT | DIGIT | OTHER,
            _ => 0,
        };
        at += 1;
    }
    table
}

impl Clues {
    fn of(text: &str) -> Self {
        let (mut seen, mut digits, mut run, mut longest_run) = (0_u8, 0_usize, 0_usize, 0_usize);
        for byte in text.bytes() {
            let clues = BYTE_CLUES[usize::from(byte)];
            seen |= clues;
            digits += usize::from(clues & DIGIT != 0);
            run = (run + 1) * usize::from(clues & RUN != 0);
            longest_run = longest_run.max(run);
        }
        let other = seen & OTHER != 0;
        Self {
            at: seen & AT != 0,
            assignment: seen & ASSIGNMENT != 0,
            bearer: other
                || text
                    .as_bytes()
                    .windows(6)
                    .any(|six| six.eq_ignore_ascii_case(b"bearer")),
            dash: seen & DASH != 0,
            capital_a: text.contains('A'),
            web_token: text.contains("eyJ"),
            percent: text.contains("%40"),
            send_grid: text.contains("SG."),
            digits,
            longest_run,
        }
    }

    fn allow(&self, clue: Clue) -> bool {
        match clue {
            Clue::At => self.at,
            Clue::Assignment => self.assignment,
            Clue::Bearer => self.bearer,
            Clue::Dash => self.dash,
            Clue::CapitalA => self.capital_a,
            Clue::WebToken => self.web_token,
            Clue::LongRun => self.longest_run >= 24,
            Clue::Percent => self.percent,
            Clue::SendGrid => self.send_grid,
            Clue::FewDigits => self.digits >= 4,
            Clue::Digits => self.digits >= 6,
        }
    }
}

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

/// `None`, and so no excerpt at all, should a pattern not compile.
fn mask(text: &str) -> Option<Cow<'_, str>> {
    let mut masked = Cow::Borrowed(text);
    let clues = Clues::of(text);
    for (regex, with, clue) in MASKS.as_ref()? {
        if clues.allow(*clue) && regex.is_match(&masked) {
            let replaced = match with {
                Some(with) => regex.replace_all(&masked, *with),
                None => regex.replace_all(&masked, masked_run),
            };
            masked = Cow::Owned(replaced.into_owned());
        }
    }
    Some(masked)
}

/// Long runs with digits, with both cases, or of hexadecimal letters are taken for
/// encoded secrets; long plain words and paths are not.
fn masked_run(found: &Captures<'_>) -> String {
    let run = found.get(0).map_or("", |run| run.as_str());
    if run.bytes().all(|byte| byte.is_ascii_digit()) {
        return "[number]".to_owned();
    }
    let digits = run.bytes().any(|byte| byte.is_ascii_digit());
    let joined = run.contains(['/', '-', '_']);
    let cases = run.bytes().any(|byte| byte.is_ascii_uppercase())
        && run.bytes().any(|byte| byte.is_ascii_lowercase());
    let hex = run.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits || hex || (cases && !joined) {
        "[secret]".to_owned()
    } else {
        run.to_owned()
    }
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
