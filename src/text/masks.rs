//! What an excerpt must not show: secrets, mailboxes, addresses of machines and numbers.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::text::words::is_invisible;

/// What is masked and by what. The prefixes are the documented ones of the issuers:
/// OpenAI, Stripe, GitHub, GitLab, Slack, Hugging Face, Google, AWS. A name and password in
/// an address stand as RFC 3986 (3.2.1) has them; a JSON web token begins with the base64 of
/// `{"` (RFC 7519).
const SECRETS: [(&str, &str, Clue); 23] = [
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
    (r#""[^"\n]{1,64}"@[\w.-]+"#, "[e-mail]", Clue::At),
    (r"[\w.+-]+ @ [\w-]+(?:\.[\w-]+)+", "[e-mail]", Clue::At),
    (
        r"(?i)[\w.+-]+ ?[\[(] ?at ?[\])] ?[\w-]+(?: ?(?:\.|[\[(] ?dot ?[\])]) ?[\w-]+)+",
        "[e-mail]",
        Clue::SpelledAt,
    ),
    (
        r"(?i)[\w.+-]+ at [\w-]+(?: dot [\w-]+)+",
        "[e-mail]",
        Clue::SpelledAt,
    ),
    (
        r"(?i)\b((?:set-)?cookie\s*:)[^\n]+",
        "$1 [secret]",
        Clue::Assignment,
    ),
    (
        r"(?i)\b(pass(?:word|wd|phrase|code))\s+is\s+\S+",
        "$1 is [secret]",
        Clue::Password,
    ),
    (
        r"(?i)\b(pass(?:word|wd|phrase|code))\s+\S*\d\S*",
        "$1 [secret]",
        Clue::Password,
    ),
    (r"\bya29\.[\w-]{6,}", "[secret]", Clue::GoogleToken),
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
    // Of a passphrase all plain words.
    (
        r#"(?i)\b((?:[\w-]*[_-])?(?:pass|passphrase|password|passwort|passwd|passcode|pwd|pw))(["']?\s*[:=\u{FF1A}\u{FF1D}]\s*)(?:"[^"\n]*"|'[^'\n]*'|[a-z]+(?: [a-z]+){1,7}|\S+)"#,
        "$1$2[secret]",
        Clue::Assignment,
    ),
    // The word for password in Chinese, Japanese, Korean, Russian, Spanish, French and Portuguese.
    (
        r"(?i)(密码|密碼|口令|パスワード|비밀번호|пароль|contraseña|mot de passe|senha)(\s*(?:[:=\u{FF1A}\u{FF1D}是はは은는]|es|est|é)?\s*)[!-~]{4,}",
        "$1$2[secret]",
        Clue::Assignment,
    ),
    (
        r"(?i)((?:^|\s)(?:-u|--user)[ =])\S+:\S+",
        "$1[secret]",
        Clue::Dash,
    ),
    (
        r"(?i)(--?pass(?:word|wd|phrase)?[ =])\S+",
        "$1[secret]",
        Clue::Dash,
    ),
    (
        r#"(?i)\b([\w-]*(?:password|passwd|passphrase|secret|credential|api[_-]?key|account[_-]?key|private[_-]?key|(?:access|auth|refresh)[_-]?token)[\w-]*|(?:[\w-]*[_-])?token|authorization)(["']?\s*[:=\u{FF1A}\u{FF1D}]\s*)(?:"[^"\n]*"|'[^'\n]*'|(?:(?:basic|bearer)\s+)?\S+)"#,
        "$1$2[secret]",
        Clue::Assignment,
    ),
    (
        r"\b(?:sk|pk|rk|gh[oprsu]|github_pat|glpat|xox[a-z]|hf|whsec|npm|dop_v1|shpat|pypi|xai|GOCSPX)[-_][A-Za-z0-9_-]{6,}",
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

/// Account numbers are those of ISO 13616 (IBAN), in lower case with groups only where these are
/// digits; any run of nine digits and more with whatever thin thing stands between them (cards,
/// telephone and social security numbers: nine digits are the shortest of these that are grouped);
/// shorter telephone numbers those of the United States.
const NUMBERS: [(&str, &str); 8] = [
    (
        r"\b[A-Z]{2}\d{2}(?:[\s\p{Pd}]?[A-Z0-9]{4}){2,7}(?:[\s\p{Pd}]?[A-Z0-9]{1,3})?\b",
        "[number]",
    ),
    (
        r"(?i)\b[a-z]{2}\d{2}[\s\p{Pd}]?[a-z0-9]{4}(?:[\s\p{Pd}]?\d{4}){2,6}(?:[\s\p{Pd}]?[a-z0-9]{1,3})?\b",
        "[number]",
    ),
    (r"\b[a-z]{2}\d{2}[a-z0-9]{11,30}\b", "[number]"),
    (r"\+\d(?:[\s.()\p{Pd}]{0,3}\d){7,}", "[number]"),
    (
        r"\(?\d(?:[\s._/|()\p{Pd}\u{2212}\u{200B}-\u{200D}]{0,3}\d){8,}",
        "[number]",
    ),
    (r"\d{3,}(?:,\s?\d{3,}){3,}", "[number]"),
    (r"\b\d{3}-\d{4}\b", "[number]"),
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
    SpelledAt,
    Password,
    GoogleToken,
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
    spelled_at: bool,
    password: bool,
    google_token: bool,
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
            bearer: other || holds(text, b"bearer"),
            dash: seen & DASH != 0,
            capital_a: text.contains('A'),
            web_token: text.contains("eyJ"),
            percent: text.contains("%40"),
            send_grid: text.contains("SG."),
            spelled_at: [&b"at)"[..], b"at]", b"at )", b" dot "]
                .iter()
                .any(|letters| holds(text, letters)),
            password: holds(text, b"passw") || holds(text, b"passp") || holds(text, b"passc"),
            google_token: text.contains("ya29."),
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
            Clue::SpelledAt => self.spelled_at,
            Clue::Password => self.password,
            Clue::GoogleToken => self.google_token,
            Clue::FewDigits => self.digits >= 4,
            Clue::Digits => self.digits >= 6,
        }
    }
}

/// Whether these ASCII letters stand in a text, in either case.
fn holds(text: &str, letters: &[u8]) -> bool {
    text.as_bytes()
        .windows(letters.len())
        .any(|part| part.eq_ignore_ascii_case(letters))
}

/// `None`, and so no excerpt at all, should a pattern not compile.
pub(super) fn mask(text: &str) -> Option<Cow<'_, str>> {
    if text.contains(is_invisible) {
        // A character that does not show may stand in a secret to hide it from the masks.
        let without = |text: &str| -> String {
            text.chars()
                .filter(|letter| !is_invisible(*letter))
                .collect()
        };
        let masked = mask_shown(text)?;
        let shown = without(text);
        let bare = mask_shown(&shown)?;
        return Some(if without(&masked) == bare {
            masked
        } else {
            Cow::Owned(bare.into_owned())
        });
    }
    mask_shown(text)
}

fn mask_shown(text: &str) -> Option<Cow<'_, str>> {
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
