//! STIX 2.1 patterns, as far as a log of requests can be searched for them: comparisons with one
//! value inside one observation, joined by OR.
//!
//! Source of the grammar: STIX 2.1, section 9 (stix-patterning).

use crate::watch::entry::{Watched, shown};

/// Object paths and the kinds of entry that they name.
const PATHS: [(&str, &str); 8] = [
    ("ipv4-addr:value", "ip"),
    ("ipv6-addr:value", "ip"),
    ("email-addr:value", "email"),
    ("domain-name:value", "domain"),
    ("user-account:user_id", "account"),
    ("user-account:account_login", "account"),
    (
        "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'",
        "user_agent",
    ),
    ("x-stillhunt-template:template_id", "template"),
];

/// The two halves of a key for which STIX has no word, as cases write them.
const KEY_KIND: &str = "x-stillhunt-key:kind";
const KEY_VALUE: &str = "x-stillhunt-key:value";

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Literal(String),
}

/// Reads a pattern into what it looks for.
///
/// # Errors
/// Why it cannot be looked for, in words.
pub(super) fn read(pattern: &str) -> Result<Vec<Watched>, String> {
    let not_read = || format!("the pattern `{}` is not looked for", shown(pattern));
    let inner = pattern
        .trim()
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .ok_or_else(not_read)?;
    let tokens = tokens(inner).ok_or_else(not_read)?;
    let mut found = Vec::new();
    let mut rest = tokens.as_slice();
    loop {
        let (path, operator, value, after) = comparison(rest).ok_or_else(not_read)?;
        rest = after;
        let kind = if path == KEY_KIND {
            // kind AND value are one key
            let Some((Token::Word(and), after)) = rest.split_first() else {
                return Err(not_read());
            };
            let (path, operator, key, after) = comparison(after).ok_or_else(not_read)?;
            if and != "AND" || path != KEY_VALUE || operator != "=" {
                return Err(not_read());
            }
            rest = after;
            found.push(Watched::read(value, key)?);
            None
        } else {
            let named = PATHS.iter().find(|(known, _)| *known == path);
            Some(named.ok_or_else(not_read)?.1)
        };
        if let Some(kind) = kind {
            if operator != "=" && !(operator == "ISSUBSET" && kind == "ip") {
                return Err(not_read());
            }
            found.push(Watched::read(kind, value)?);
        }
        match rest.split_first() {
            None => return Ok(found),
            Some((Token::Word(or), after)) if or == "OR" => rest = after,
            Some(_) => return Err(not_read()),
        }
    }
}

/// Path, operator, value, and what follows.
fn comparison(tokens: &[Token]) -> Option<(&str, &str, &str, &[Token])> {
    match tokens {
        [
            Token::Word(path),
            Token::Word(operator),
            Token::Literal(value),
            rest @ ..,
        ] => Some((path, operator, value, rest)),
        _ => None,
    }
}

/// Words, operators and quoted texts; `None` where a quote is not closed.
fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut letters = text.chars().peekable();
    let mut found = Vec::new();
    while let Some(letter) = letters.peek().copied() {
        if letter.is_whitespace() {
            letters.next();
        } else if letter == '=' {
            letters.next();
            found.push(Token::Word("=".to_owned()));
        } else if letter == '\'' {
            letters.next();
            found.push(Token::Literal(quoted(&mut letters)?));
        } else {
            let mut word = String::new();
            while let Some(letter) = letters.peek().copied() {
                if letter.is_whitespace() || letter == '=' {
                    break;
                }
                letters.next();
                word.push(letter);
                if letter == '\'' {
                    word.push_str(&quoted(&mut letters)?);
                    word.push('\'');
                }
            }
            found.push(Token::Word(word));
        }
    }
    Some(found)
}

/// The rest of a quoted text, its escapes undone.
fn quoted(letters: &mut impl Iterator<Item = char>) -> Option<String> {
    let mut text = String::new();
    loop {
        match letters.next()? {
            '\'' => return Some(text),
            '\\' => text.push(letters.next()?),
            letter => text.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str) -> Vec<(&'static str, String)> {
        read(pattern)
            .unwrap()
            .iter()
            .map(|watched| (watched.kind(), watched.value()))
            .collect()
    }

    #[test]
    fn what_can_be_looked_for() {
        assert_eq!(
            of(" [ipv4-addr:value ISSUBSET '203.0.113.0/24' OR ipv6-addr:value='2001:db8::1']"),
            [
                ("range", "203.0.113.0/24".to_owned()),
                ("ip", "2001:db8::1".to_owned())
            ]
        );
        assert_eq!(
            of(
                r"[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'it\'s \\ me']"
            ),
            [("user_agent", r"it's \ me".to_owned())]
        );
        assert_eq!(
            of("[x-stillhunt-key:kind = 'payment' AND x-stillhunt-key:value = 'pm_1']"),
            [("payment", "pm_1".to_owned())]
        );
        assert_eq!(
            of("[x-stillhunt-template:template_id = 'T-1']"),
            [("template", "T-1".to_owned())]
        );
    }

    #[test]
    fn what_cannot_is_refused() {
        for pattern in [
            "",
            "ipv4-addr:value = '203.0.113.7'",
            "[ipv4-addr:value = '203.0.113.7'] AND [domain-name:value = 'b.example']",
            "[ipv4-addr:value != '203.0.113.7']",
            "[ipv4-addr:value = '203.0.113.7' AND domain-name:value = 'b.example']",
            "[file:hashes.MD5 = 'ab']",
            "[domain-name:value ISSUBSET 'b.example']",
            "[ipv4-addr:value = 'x]",
            "[x-stillhunt-key:kind = 'client' AND x-stillhunt-key:value = 'c']",
            "[ipv4-addr:value = '203.0.113.7' OR]",
        ] {
            assert!(read(pattern).is_err(), "{pattern}");
        }
    }
}
