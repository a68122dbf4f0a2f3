//! Reading a suppression file and saying, line by line, what is wrong with it.

use std::ops::Range;

use chrono::NaiveDate;
use serde::Deserialize;
use toml::Spanned;

use crate::suppress::entry::{Entry, Scope};

/// Far above what people write by hand, far below what could stall a run.
const MAX_BYTES: usize = 4 << 20;

/// One thing that is wrong, with its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// One-based line.
    pub line: u64,
    /// What is wrong, in one line.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    suppress: Vec<Spanned<Written>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    detector: Spanned<String>,
    #[serde(default)]
    campaign: Option<OneOrMore>,
    #[serde(default)]
    template: Option<OneOrMore>,
    #[serde(default)]
    finding: Option<OneOrMore>,
    #[serde(default)]
    accounts: Option<OneOrMore>,
    #[serde(default)]
    key: Option<OneOrMore>,
    reason: Spanned<String>,
    author: Spanned<String>,
    expires: Spanned<toml::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn into_list(self) -> Vec<String> {
        match self {
            OneOrMore::One(text) => vec![text],
            OneOrMore::More(texts) => texts,
        }
    }
}

/// Reads a suppression file; `detectors` are the ids it may name.
///
/// # Errors
/// Everything that is wrong with it, in the order of its lines.
pub fn parse(text: &str, detectors: &[&str]) -> Result<Vec<Entry>, Vec<Problem>> {
    let line_of = |span: &Range<usize>| {
        let before = text.get(..span.start).unwrap_or(text);
        before.matches('\n').count() as u64 + 1
    };
    if text.len() > MAX_BYTES {
        let message = format!("a suppression file may have {MAX_BYTES} bytes");
        return Err(vec![Problem { line: 1, message }]);
    }
    let file: File = toml::from_str(text).map_err(|error| {
        vec![Problem {
            line: error.span().map_or(1, |span| line_of(&span)),
            message: error.message().replace('\n', " "),
        }]
    })?;
    let mut entries = Vec::new();
    let mut problems = Vec::new();
    for written in file.suppress {
        let line = line_of(&written.span());
        let mut problem = |line: u64, message: String| problems.push(Problem { line, message });
        let written = written.into_inner();
        let detector = written.detector.get_ref().clone();
        let known = detector == "*"
            || detectors.iter().any(|id| {
                *id == detector
                    || detector
                        .strip_suffix("/*")
                        .is_some_and(|family| id.split('/').next() == Some(family))
            });
        if !known {
            problem(
                line_of(&written.detector.span()),
                format!(
                    "`{detector}` is no detector; give an id of `stillhunt detectors`, `family/*` or `*`"
                ),
            );
        }
        for (key, value) in [("reason", &written.reason), ("author", &written.author)] {
            if value.get_ref().trim().is_empty() {
                problem(line_of(&value.span()), format!("`{key}` is empty"));
            }
        }
        let expires = match written.expires.get_ref() {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let until_us = NaiveDate::parse_from_str(&expires, "%Y-%m-%d")
            .ok()
            .and_then(|day| day.and_hms_micro_opt(23, 59, 59, 999_999))
            .map(|end| end.and_utc().timestamp_micros());
        if until_us.is_none() {
            problem(
                line_of(&written.expires.span()),
                "`expires` must be a day, YYYY-MM-DD".to_owned(),
            );
        }
        let mut scopes: Vec<Scope> = [
            written
                .campaign
                .map(|some| Scope::Campaign(some.into_list())),
            written
                .template
                .map(|some| Scope::Template(some.into_list())),
            written.finding.map(|some| Scope::Finding(some.into_list())),
            written
                .accounts
                .map(|some| Scope::Accounts(some.into_list())),
            written.key.map(|some| Scope::Key(some.into_list())),
        ]
        .into_iter()
        .flatten()
        .collect();
        let scope = scopes.pop();
        if scopes.is_empty()
            && let (Some(scope), Some(until_us)) = (&scope, until_us)
        {
            let (name, subjects) = scope.parts();
            if subjects.is_empty() || subjects.iter().any(|subject| subject.trim().is_empty()) {
                problem(line, format!("`{name}` names nothing"));
            }
            if matches!(scope, Scope::Key(_))
                && let Some(bare) = subjects.iter().find(|one| !one.contains(':'))
            {
                problem(
                    line,
                    format!(
                        "key `{bare}` has no kind; write `kind:value`, for example `payment:{bare}`"
                    ),
                );
            }
            if matches!(scope, Scope::Accounts(_))
                && subjects
                    .iter()
                    .any(|one| one.chars().all(|letter| letter == '*'))
            {
                problem(
                    line,
                    "`accounts = \"*\"` would hide everything; name the accounts".to_owned(),
                );
            }
            entries.push(Entry {
                line,
                detector,
                scope: scope.clone(),
                reason: written.reason.into_inner(),
                author: written.author.into_inner(),
                expires,
                until_us,
            });
        } else if !scopes.is_empty() || scope.is_none() {
            problem(
                line,
                "an entry names exactly one of `campaign`, `template`, `finding`, `accounts`, `key`".to_owned(),
            );
        }
    }
    if problems.is_empty() {
        Ok(entries)
    } else {
        problems.sort();
        Err(problems)
    }
}
