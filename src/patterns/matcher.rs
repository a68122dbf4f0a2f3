//! All rules at once: one pass over the text for the literals of all rules, and only where
//! they stand the few further tests.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use anyhow::{Context, Result};
use regex::bytes::Regex;

use crate::patterns::about::{PackAbout, PatternsAbout, RuleAbout};
use crate::patterns::normal::normalise_into;
use crate::patterns::rule::{Pack, Rule};

/// Where a text stands in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The last user message.
    User,
    /// The system prompt.
    System,
}

impl Role {
    /// Name in packs and listings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::System => "system",
        }
    }
}

/// Places of one literal around which a regular expression is tried. With [`BEFORE`] and
/// [`AFTER`] it bounds what a hostile text costs; texts written to be read have a cue once.
const PLACES: usize = 8;

/// Bytes before and after the start of a literal that a regular expression sees: a long
/// sentence on either side.
const BEFORE: usize = 400;
const AFTER: usize = 800;

/// Up to this many bytes of literals the automaton is a table (one step per byte, about
/// 200 bytes of table for each byte of a literal); above it a smaller, slower form.
const TABLE_BYTES: usize = 1 << 16;

/// Room of the normal form kept between texts; a longer one is given back.
const KEPT_BYTES: usize = 1 << 20;

/// The rules of all packs, ready to be held against texts.
#[derive(Debug)]
pub struct Matcher {
    automaton: Option<AhoCorasick>,
    literals: Vec<Literal>,
    rules: Vec<Tests>,
    about: PatternsAbout,
}

#[derive(Debug)]
struct Literal {
    /// Must not be the end, or the start, of a longer word.
    word_start: bool,
    word_end: bool,
    /// Rules that have it in `any`.
    rules: Vec<u16>,
}

/// The tests of one rule, by the numbers of its literals.
#[derive(Debug)]
struct Tests {
    any: Vec<u32>,
    also: Vec<u32>,
    regex: Option<Regex>,
    role: Option<Role>,
}

/// Room that is used again from text to text.
#[derive(Debug, Default)]
pub struct Scratch {
    text: Vec<u8>,
    /// For each literal how often it was seen, and where first.
    seen: Vec<Seen>,
    touched: Vec<u32>,
    candidates: Vec<u16>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    count: usize,
    places: [usize; PLACES],
}

impl Matcher {
    /// Builds one matcher of all packs; their rule ids are distinct.
    ///
    /// # Errors
    /// When there are more rules or literals than an automaton can hold.
    pub fn new(packs: &[Pack]) -> Result<Self> {
        let mut rules: Vec<&Rule> = packs.iter().flat_map(|pack| &pack.rules).collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        let mut texts: Vec<&str> = rules
            .iter()
            .flat_map(|rule| rule.any.iter().chain(&rule.also))
            .map(String::as_str)
            .collect();
        texts.sort_unstable();
        texts.dedup();
        let number = |text: &String| {
            texts
                .binary_search(&text.as_str())
                .ok()
                .and_then(|at| u32::try_from(at).ok())
        };
        let mut literals: Vec<Literal> = texts.iter().map(|text| Literal::new(text)).collect();
        let mut tests = Vec::with_capacity(rules.len());
        for (at, rule) in rules.iter().enumerate() {
            let own = u16::try_from(at).context("more than 65,536 rules")?;
            let made = Tests {
                any: rule.any.iter().filter_map(number).collect(),
                also: rule.also.iter().filter_map(number).collect(),
                regex: rule.regex.clone(),
                role: rule.role,
            };
            for literal in &made.any {
                if let Some(literal) = literals.get_mut(*literal as usize) {
                    literal.rules.push(own);
                }
            }
            tests.push(made);
        }
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        let automaton = (!texts.is_empty())
            .then(|| {
                AhoCorasick::builder()
                    .match_kind(MatchKind::Standard)
                    .kind(Some(if bytes <= TABLE_BYTES {
                        AhoCorasickKind::DFA
                    } else {
                        AhoCorasickKind::ContiguousNFA
                    }))
                    .build(&texts)
            })
            .transpose()
            .context("the literals of the pattern packs are too many")?;
        let about = PatternsAbout {
            packs: packs
                .iter()
                .map(|pack| PackAbout {
                    name: pack.name.clone(),
                    version: pack.version.clone(),
                    sha256: pack.sha256.clone(),
                })
                .collect(),
            rules: rules
                .iter()
                .map(|rule| RuleAbout {
                    id: rule.id.clone(),
                    capability: rule.capability.clone(),
                    bits: rule.bits,
                })
                .collect(),
        };
        Ok(Self {
            automaton,
            literals,
            rules: tests,
            about,
        })
    }

    /// The packs and rules it was made of; rules are numbered by their position there.
    #[must_use]
    pub fn about(&self) -> &PatternsAbout {
        &self.about
    }

    /// The rules that `text` matches, ascending, in `found`.
    pub fn matched(&self, text: &str, role: Role, scratch: &mut Scratch, found: &mut Vec<u16>) {
        found.clear();
        let Some(automaton) = &self.automaton else {
            return;
        };
        normalise_into(text, &mut scratch.text);
        scratch.seen.resize(self.literals.len(), Seen::default());
        for hit in automaton.find_overlapping_iter(&scratch.text) {
            let number = hit.pattern().as_usize();
            let whole = self
                .literals
                .get(number)
                .is_some_and(|literal| literal.stands(&scratch.text, hit.start(), hit.end()));
            let Some(seen) = scratch.seen.get_mut(number).filter(|_| whole) else {
                continue;
            };
            if seen.count == 0 {
                scratch.touched.push(hit.pattern().as_u32());
            }
            if let Some(place) = seen.places.get_mut(seen.count) {
                *place = hit.start();
                seen.count += 1;
            }
        }
        for literal in &scratch.touched {
            if let Some(literal) = self.literals.get(*literal as usize) {
                scratch.candidates.extend_from_slice(&literal.rules);
            }
        }
        scratch.candidates.sort_unstable();
        scratch.candidates.dedup();
        let holds = |rule: &u16| {
            self.rules
                .get(usize::from(*rule))
                .is_some_and(|tests| tests.hold(role, &scratch.text, &scratch.seen))
        };
        found.extend(scratch.candidates.iter().copied().filter(holds));
        scratch.reset();
    }
}

impl Scratch {
    fn reset(&mut self) {
        for literal in self.touched.drain(..) {
            if let Some(seen) = self.seen.get_mut(literal as usize) {
                seen.count = 0;
            }
        }
        self.candidates.clear();
        if self.text.capacity() > KEPT_BYTES {
            self.text = Vec::new();
        }
    }
}

impl Literal {
    fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        Self {
            word_start: bytes.first().is_some_and(u8::is_ascii_alphanumeric),
            word_end: bytes.last().is_some_and(u8::is_ascii_alphanumeric),
            rules: Vec::new(),
        }
    }

    /// Whether the hit is not part of a longer word.
    #[inline]
    fn stands(&self, text: &[u8], start: usize, end: usize) -> bool {
        let letter = |at: Option<usize>| {
            at.and_then(|at| text.get(at))
                .is_some_and(u8::is_ascii_alphanumeric)
        };
        !(self.word_start && letter(start.checked_sub(1)))
            && !(self.word_end && letter(Some(end)))
    }
}

impl Tests {
    fn hold(&self, role: Role, text: &[u8], seen: &[Seen]) -> bool {
        let stands = |literal: &u32| seen.get(*literal as usize).is_some_and(|seen| seen.count > 0);
        if self.role.is_some_and(|own| own != role)
            || !(self.also.is_empty() || self.also.iter().any(stands))
        {
            return false;
        }
        let Some(regex) = &self.regex else {
            return true;
        };
        self.any
            .iter()
            .filter_map(|literal| seen.get(*literal as usize))
            .flat_map(|seen| seen.places.iter().take(seen.count))
            .any(|place| {
                let end = place.saturating_add(AFTER).min(text.len());
                text.get(..end)
                    .is_some_and(|text| regex.is_match_at(text, place.saturating_sub(BEFORE)))
            })
    }
}
