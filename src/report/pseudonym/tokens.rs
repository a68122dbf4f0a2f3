//! Tokens, and what each of them stands for.

use std::collections::BTreeMap;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::report::sums::hexadecimal;

/// Bytes of a secret.
pub(super) const SECRET_BYTES: usize = 32;

/// Bytes of the HMAC that a token shows. Among ten million values of one kind, two share a
/// token with a chance of 3 in a million (birthday bound, 64 bits).
const SHOWN_BYTES: usize = 8;

/// Makes tokens and remembers them by kind and original.
pub(super) struct Tokens {
    secret: [u8; SECRET_BYTES],
    given: BTreeMap<(String, String), String>,
}

impl fmt::Debug for Tokens {
    /// Without the secret and without the originals.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tokens")
            .field("given", &self.given.len())
            .finish_non_exhaustive()
    }
}

impl Tokens {
    /// No tokens yet.
    pub(super) fn new(secret: [u8; SECRET_BYTES]) -> Self {
        Tokens {
            secret,
            given: BTreeMap::new(),
        }
    }

    /// The token of a value of some kind. An empty value stands for "there is none" and stays.
    pub(super) fn token(&mut self, kind: &str, original: &str) -> String {
        if original.is_empty() {
            return String::new();
        }
        let entry = (kind.to_owned(), original.to_owned());
        if let Some(token) = self.given.get(&entry) {
            return token.clone();
        }
        let token = format!("{}-{}", prefix(kind), self.hash(kind, original));
        self.given.insert(entry, token.clone());
        token
    }

    fn hash(&self, kind: &str, original: &str) -> String {
        // The key has the length the function takes; `new` takes it without a way to fail.
        let mut hmac = <Hmac<Sha256> as KeyInit>::new(&block(&self.secret).into());
        hmac.update(kind.as_bytes());
        hmac.update(&[0]);
        hmac.update(original.as_bytes());
        let bytes = hmac.finalize().into_bytes();
        hexadecimal(bytes.get(..SHOWN_BYTES).unwrap_or_default())
    }

    /// Kind, token and original of every token, sorted by kind and original.
    pub(super) fn mapping(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.given
            .iter()
            .map(|((kind, original), token)| (kind.as_str(), token.as_str(), original.as_str()))
    }
}

/// The secret filled up to the block of SHA-256, as HMAC does with short keys (RFC 2104).
fn block(secret: &[u8; SECRET_BYTES]) -> [u8; 64] {
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(secret) {
        *to = *from;
    }
    block
}

/// What a token begins with: the kind, where it is a plain word.
fn prefix(kind: &str) -> &str {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if !kind.is_empty() && kind.chars().all(plain) {
        kind
    } else {
        "key"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_hmac_sha_256() {
        let mut secret = [0; SECRET_BYTES];
        for (byte, number) in secret.iter_mut().zip(0_u8..) {
            *byte = number;
        }
        let mut tokens = Tokens::new(secret);
        // python: hmac.new(bytes(range(32)), b"ip\0" + b"203.0.113.7", "sha256").hexdigest()[:16]
        assert_eq!(tokens.token("ip", "203.0.113.7"), "ip-5326e48590f8e093");
        assert_eq!(
            tokens.token("ip", "203.0.113.7"),
            tokens.token("ip", "203.0.113.7")
        );
        assert_ne!(
            tokens.token("ip", "a").trim_start_matches("ip-"),
            tokens.token("tls", "a").trim_start_matches("tls-")
        );
        assert_eq!(tokens.token("account", ""), "");
        assert!(tokens.token("a b", "x").starts_with("key-"));
        assert!(!format!("{tokens:?}").contains("203"));
    }
}
