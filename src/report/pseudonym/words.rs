//! All other texts: searched for what was replaced, and for what looks like an address.
//!
//! Every text of the case is searched, also one that a later version adds, but for the few
//! whose values come from a fixed list.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};
use anyhow::{Context, Result};
use regex::Regex;
use serde_json::Value;

use crate::model::case::CaseTables;
use crate::report::columns::OUTPUT_COLUMNS;
use crate::report::pseudonym::names::Named;
use crate::report::view::{glossary, method};

/// Fields whose values come from a fixed list of stillhunt's own words, or are hashes.
const FIXED: [&str; 16] = [
    "tool_version",
    "profile",
    "caveat",
    "verdict",
    "family",
    "scope",
    "state",
    "type",
    "kind",
    "role",
    "detector",
    "container",
    "compression",
    "sha256",
    "column",
    "method",
];

/// Originals shorter than this are words or letters; a text full of tokens would say nothing.
const LEAST_CHARACTERS: usize = 3;

/// A longer name is found by its beginning and then compared: a search for names of any length
/// would take time with the square of it.
const SEARCHED_BYTES: usize = 64;

/// Bare numbers shorter than this are counts as often as names: without what they number,
/// they name nobody.
const LEAST_DIGITS: usize = 6;

/// E-mail addresses, IPv4 addresses and IPv6 addresses that no field named.
const ADDRESSES: &str = r"(?x)
    [\w.+%-]+ @ [\w-]+ (?: \. [\w-]+ )+
    | \b \d{1,3} (?: \. \d{1,3} ){3} (?: / \d{1,2} )? \b
    | (?: \b [0-9A-Fa-f]{1,4} )? (?: ::? [0-9A-Fa-f]{1,4} ){3,} (?: :: )? (?: / \d{1,3} )?
    | \b [0-9A-Fa-f]{1,4} (?: : [0-9A-Fa-f]{1,4} )+ :: (?: [0-9A-Fa-f]{1,4} )? (?: / \d{1,3} )?";

/// Stands where an address was that no field named.
const ADDRESS: &str = "[address]";

/// Finds what was replaced in any text.
pub(super) struct Scrubber {
    search: AhoCorasick,
    originals: Vec<String>,
    tokens: Vec<String>,
    addresses: Regex,
}

impl Scrubber {
    pub(super) fn new(named: Named) -> Result<Self> {
        let own_words = own_words();
        let (originals, tokens): (Vec<String>, Vec<String>) = named
            .into_pairs()
            .filter(|(original, _)| is_telling(original, &own_words))
            .unzip();
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(originals.iter().map(|original| beginning(original)))
            .context("too many names to search for")?;
        Ok(Scrubber {
            search,
            originals,
            tokens,
            addresses: Regex::new(ADDRESSES)?,
        })
    }

    /// Searches every text of a case.
    pub(super) fn scrub(&self, tables: &mut CaseTables) -> Result<()> {
        let mut json = serde_json::to_value(&tables.case)?;
        self.walk(&mut json);
        tables.case = serde_json::from_value(json).context("the pseudonymised case is broken")?;
        for reject in &mut tables.rejects {
            reject.reason = self.text(&reject.reason);
            reject.column = self.text(&reject.column);
        }
        for request in &mut tables.requests {
            request.pattern_family = self.text(&request.pattern_family).into();
        }
        Ok(())
    }

    fn walk(&self, json: &mut Value) {
        match json {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item)),
            Value::Object(entries) => entries
                .iter_mut()
                .filter(|(name, _)| !FIXED.contains(&name.as_str()))
                .for_each(|(_, entry)| self.walk(entry)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&self, text: &str) -> String {
        // every place where a whole name stands; the longest of those that begin together
        let mut places: Vec<(usize, usize, usize)> = self
            .search
            .find_overlapping_iter(text)
            .filter_map(|found| {
                let (start, name) = (found.start(), found.pattern().as_usize());
                let original = self.originals.get(name)?;
                let end = start + original.len();
                let whole = text
                    .get(start..)
                    .is_some_and(|rest| rest.starts_with(original));
                (whole && stands_alone(text, start, end)).then_some((start, end, name))
            })
            .collect();
        places.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        let mut shown = String::with_capacity(text.len());
        let mut rest = 0;
        for (start, end, name) in places {
            if start < rest {
                continue;
            }
            shown.push_str(text.get(rest..start).unwrap_or_default());
            shown.push_str(self.tokens.get(name).map_or(ADDRESS, String::as_str));
            rest = end;
        }
        shown.push_str(text.get(rest..).unwrap_or_default());
        self.addresses.replace_all(&shown, ADDRESS).into_owned()
    }
}

/// Whether a name ends where the match does, on both sides.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).and_then(|text| text.chars().next_back());
    let after = text.get(end..).and_then(|text| text.chars().next());
    !before.is_some_and(continues) && !after.is_some_and(continues)
}

/// Whether a name goes on with this character: `acct-1` is not named by `acct-12`, and a token
/// does not name the word it begins with.
fn continues(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '_')
}

/// As much of a name as is searched for.
fn beginning(original: &str) -> &str {
    let mut end = original.len().min(SEARCHED_BYTES);
    while !original.is_char_boundary(end) {
        end -= 1;
    }
    original.get(..end).unwrap_or(original)
}

/// Words that stand in any report. An account called `payment` is not replaced in sentences: they
/// would read as nonsense, and whoever knows them would read off which token is `payment`.
fn own_words() -> BTreeSet<String> {
    let columns = OUTPUT_COLUMNS.iter().map(|column| column.meaning);
    glossary::texts()
        .chain(method::texts())
        .chain(columns)
        .flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric()))
        .map(str::to_lowercase)
        .collect()
}

fn is_telling(original: &str, own_words: &BTreeSet<String>) -> bool {
    if own_words.contains(&original.to_lowercase()) {
        return false;
    }
    let characters = original.chars().count();
    let number = original.chars().all(|character| character.is_ascii_digit());
    characters
        >= if number {
            LEAST_DIGITS
        } else {
            LEAST_CHARACTERS
        }
}
