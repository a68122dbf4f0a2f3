//! What the digest counts of one account.

use crate::digest::patterns::PatternUses;
use crate::digest::row::{OpenRow, Pick};
use crate::digest::texts::TextSample;

/// How a request ended, one class each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    Error,
    RateLimited,
    Blocked,
    Refused,
}

impl Outcome {
    /// From `status` and the HTTP status. A code that says the request was turned away is more
    /// exact than a word for success or failure; a word is more exact than any other code.
    /// Nothing where `status` is no known word and no code stands beside it.
    pub(crate) fn of(status: Option<&str>, http_status: Option<i64>) -> Option<Self> {
        let code = http_status.map(Self::of_code);
        match (status.and_then(Self::of_word), code) {
            (
                None | Some(Self::Ok | Self::Error),
                Some(turned_away @ (Self::RateLimited | Self::Blocked)),
            ) => Some(turned_away),
            (Some(word), _) => Some(word),
            (None, Some(code)) => Some(code),
            (None, None) => status.is_none().then_some(Self::Ok),
        }
    }

    fn of_word(status: &str) -> Option<Self> {
        let status = status.trim();
        // The words of gateways and providers, without case, blanks, hyphens and underscores.
        let known: [(&[&str], Outcome); 5] = [
            (
                &[
                    "ok",
                    "success",
                    "successful",
                    "succeeded",
                    "completed",
                    "complete",
                ],
                Outcome::Ok,
            ),
            (
                &[
                    "error",
                    "failed",
                    "failure",
                    "timeout",
                    "cancelled",
                    "canceled",
                ],
                Outcome::Error,
            ),
            (
                &[
                    "ratelimited",
                    "ratelimit",
                    "ratelimitexceeded",
                    "ratelimiterror",
                    "throttled",
                    "throttling",
                    "throttlingexception",
                    "toomanyrequests",
                    "quotaexceeded",
                    "insufficientquota",
                    "resourceexhausted",
                ],
                Outcome::RateLimited,
            ),
            (
                &[
                    "blocked",
                    "forbidden",
                    "denied",
                    "permissiondenied",
                    "permissionerror",
                    "accessdenied",
                ],
                Outcome::Blocked,
            ),
            (&["refused", "refusal"], Outcome::Refused),
        ];
        known
            .iter()
            .find(|(words, _)| words.iter().any(|word| is_word(status, word)))
            .map(|(_, outcome)| *outcome)
            .or_else(|| Self::of_text_code(status))
    }

    /// `429`, `429.0`, `HTTP 429`, `429 Too Many Requests`.
    fn of_text_code(status: &str) -> Option<Self> {
        let digits = status
            .strip_prefix("HTTP ")
            .or_else(|| status.strip_prefix("http "))
            .unwrap_or(status);
        let (code, rest) = digits.split_at_checked(3)?;
        let ends = rest.is_empty() || rest == ".0" || rest.starts_with(' ');
        let code: i64 = code.parse().ok()?;
        (ends && (100..600).contains(&code)).then(|| Self::of_code(code))
    }

    fn of_code(code: i64) -> Self {
        match code {
            429 => Outcome::RateLimited,
            403 => Outcome::Blocked,
            400.. => Outcome::Error,
            _ => Outcome::Ok,
        }
    }
}

/// Whether a status is this word, whatever its case, blanks, hyphens and underscores.
fn is_word(status: &str, word: &str) -> bool {
    status
        .bytes()
        .filter(|byte| !matches!(byte, b' ' | b'-' | b'_'))
        .map(|byte| byte.to_ascii_lowercase())
        .eq(word.bytes())
}

/// The sums of an account; every field adds up over merges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) requests: u64,
    pub(crate) errors: u64,
    pub(crate) rate_limited: u64,
    pub(crate) blocked: u64,
    pub(crate) refused: u64,
    pub(crate) prompts: u64,
    pub(crate) system_prompts: u64,
    pub(crate) tool_requests: u64,
    pub(crate) image_requests: u64,
    pub(crate) stream_requests: u64,
    pub(crate) input_tokens: i64,
    pub(crate) output_tokens: i64,
}

impl Sums {
    pub(crate) fn count(&mut self, outcome: Outcome) {
        self.requests = self.requests.saturating_add(1);
        let class = match outcome {
            Outcome::Ok => return,
            Outcome::Error => &mut self.errors,
            Outcome::RateLimited => &mut self.rate_limited,
            Outcome::Blocked => &mut self.blocked,
            Outcome::Refused => &mut self.refused,
        };
        *class = class.saturating_add(1);
    }

    fn add(&mut self, other: &Sums) {
        for (mine, theirs) in [
            (&mut self.requests, other.requests),
            (&mut self.errors, other.errors),
            (&mut self.rate_limited, other.rate_limited),
            (&mut self.blocked, other.blocked),
            (&mut self.refused, other.refused),
            (&mut self.prompts, other.prompts),
            (&mut self.system_prompts, other.system_prompts),
            (&mut self.tool_requests, other.tool_requests),
            (&mut self.image_requests, other.image_requests),
            (&mut self.stream_requests, other.stream_requests),
        ] {
            *mine = mine.saturating_add(theirs);
        }
        // Never negative, so that saturation does not depend on the order.
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
    }
}

/// One account.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) sums: Sums,
    pub(crate) first_us: i64,
    pub(crate) last_us: i64,
    pub(crate) user_texts: TextSample,
    pub(crate) system_texts: TextSample,
    pub(crate) samples: Vec<Pick>,
    pub(crate) patterns: PatternUses,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            sums: Sums::default(),
            first_us: i64::MAX,
            last_us: i64::MIN,
            user_texts: TextSample::default(),
            system_texts: TextSample::default(),
            samples: Vec::new(),
            patterns: PatternUses::default(),
        }
    }
}

impl Account {
    /// Offers a row as one of the account's samples.
    pub(crate) fn sample(&mut self, limit: usize, row: &mut OpenRow<'_>) {
        if self.samples.len() < limit || self.samples.last().is_some_and(|last| row.beats(last)) {
            self.insert_sample(limit, row.pick());
        }
    }

    fn insert_sample(&mut self, limit: usize, pick: Pick) {
        let index = self
            .samples
            .partition_point(|other| other.order() < pick.order());
        self.samples.insert(index, pick);
        self.samples.truncate(limit);
    }

    /// Takes in the counts and samples of the same account elsewhere, texts excepted.
    pub(crate) fn absorb(&mut self, limit: usize, other: &mut Account) {
        self.sums.add(&other.sums);
        self.first_us = self.first_us.min(other.first_us);
        self.last_us = self.last_us.max(other.last_us);
        for pick in other.samples.drain(..) {
            self.insert_sample(limit, pick);
        }
        self.patterns.absorb(std::mem::take(&mut other.patterns));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_gateways_are_known() {
        for status in [
            "rate-limited",
            "Rate Limited",
            "RateLimited",
            "rate_limit_exceeded",
            "Too Many Requests",
            "429 Too Many Requests",
            "HTTP 429",
            "429.0",
            "ThrottlingException",
            "resource_exhausted",
        ] {
            assert_eq!(
                Outcome::of(Some(status), None),
                Some(Outcome::RateLimited),
                "{status}"
            );
        }
        assert_eq!(Outcome::of(Some("denied"), None), Some(Outcome::Blocked));
        assert_eq!(Outcome::of(Some("200 OK"), None), Some(Outcome::Ok));
        assert_eq!(Outcome::of(Some("4290"), None), None);
        assert_eq!(Outcome::of(Some("somehow"), None), None);
        assert_eq!(Outcome::of(Some("somehow"), Some(200)), Some(Outcome::Ok));
    }

    #[test]
    fn codes_that_turn_away_go_before_success_and_failure() {
        for status in [Some("error"), Some("failed"), Some("ok"), None] {
            assert_eq!(Outcome::of(status, Some(429)), Some(Outcome::RateLimited));
            assert_eq!(Outcome::of(status, Some(403)), Some(Outcome::Blocked));
        }
        assert_eq!(
            Outcome::of(Some("refused"), Some(403)),
            Some(Outcome::Refused)
        );
        assert_eq!(Outcome::of(Some("error"), Some(200)), Some(Outcome::Error));
    }

    #[test]
    fn status_words_go_before_codes() {
        assert_eq!(
            Outcome::of(Some("Rate_Limited"), Some(200)),
            Some(Outcome::RateLimited)
        );
        assert_eq!(
            Outcome::of(Some("something"), Some(403)),
            Some(Outcome::Blocked)
        );
        assert_eq!(Outcome::of(Some("429"), None), Some(Outcome::RateLimited));
        assert_eq!(Outcome::of(None, Some(500)), Some(Outcome::Error));
        assert_eq!(Outcome::of(None, None), Some(Outcome::Ok));
    }
}
