//! Reading a pack and saying, line by line, what is wrong with it.

use std::collections::BTreeMap;
use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};
use sha2::{Digest as _, Sha256};
use toml::Spanned;

use crate::patterns::format::{PackFile, RuleFile};
use crate::patterns::matcher::{Matcher, Role, Scratch};
use crate::patterns::normal::normalised;
use crate::patterns::rule::{Pack, Rule};

/// The only format there is.
pub const FORMAT: u32 = 1;

/// Limits of a pack: far above what a person writes, far below what could stall a run.
const MAX_BYTES: usize = 4 << 20;
const MAX_RULES: usize = 2_000;
const MAX_LITERALS: usize = 500;
const LITERAL_BYTES: std::ops::RangeInclusive<usize> = 4..=200;

/// Longest regular expression, in bytes, and the most memory its compiled form may take.
/// Counted repetitions of repetitions (`(a{1000}){1000}`) fail here. The engine runs in
/// linear time whatever the pattern; look-around and back-references do not exist in it.
const REGEX_BYTES: usize = 1_000;
const REGEX_COMPILED_BYTES: usize = 1 << 20;

/// Room for the states that the engine has met, for each regular expression and thread; with a
/// fourth of it they are thrown away and made again so often that matching takes a third longer.
const REGEX_CACHE_BYTES: usize = 4 << 20;

/// The same for all regular expressions of a pack together, per thread: a pack of thousands is
/// slower, and does not fill the memory.
const PACK_CACHE_BYTES: usize = 256 << 20;

/// The range of a weight: below, a cue says nothing; above, a wording would claim to be
/// proof, which no wording is.
const BITS: std::ops::RangeInclusive<f64> = 0.5..=10.0;

/// Letters of a capability: it stands in tables and sentences.
const CAPABILITY_CHARS: usize = 40;

/// One thing that is wrong, with its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// One-based line.
    pub line: usize,
    /// What is wrong, in one line.
    pub message: String,
}

/// Reads a pack.
///
/// # Errors
/// Everything that is wrong with it, in the order of its lines.
pub fn parse(text: &str) -> Result<Pack, Vec<Problem>> {
    if text.len() > MAX_BYTES {
        return Err(vec![Problem {
            line: 1,
            message: format!(
                "a pack may have {MAX_BYTES} bytes, this one has {}",
                text.len()
            ),
        }]);
    }
    let lines = Lines::new(text);
    let file: PackFile = toml::from_str(text).map_err(|error| {
        vec![Problem {
            line: error.span().map_or(1, |span| lines.at(&span)),
            message: error.message().replace('\n', " "),
        }]
    })?;
    let regexes = file.rule.iter().filter(|rule| rule.regex.is_some()).count();
    let mut checker = Checker {
        lines,
        problems: Vec::new(),
        cache_bytes: (PACK_CACHE_BYTES / regexes.max(1)).min(REGEX_CACHE_BYTES),
    };
    let pack = checker.pack(&file, text);
    checker.problems.sort();
    checker.problems.dedup();
    if checker.problems.is_empty() {
        Ok(pack)
    } else {
        Err(checker.problems)
    }
}

/// Where lines begin.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(after_breaks).collect())
    }

    fn at(&self, span: &Range<usize>) -> usize {
        self.0.partition_point(|start| *start <= span.start)
    }
}

struct Checker {
    lines: Lines,
    problems: Vec<Problem>,
    /// Room for the states of each regular expression.
    cache_bytes: usize,
}

impl Checker {
    fn problem(&mut self, span: &Range<usize>, message: String) {
        let line = self.lines.at(span);
        self.problems.push(Problem { line, message });
    }

    fn pack(&mut self, file: &PackFile, text: &str) -> Pack {
        let header = &file.pack;
        if *header.format.get_ref() != FORMAT {
            let message = format!(
                "format {} is unknown; this stillhunt reads format {FORMAT}",
                header.format.get_ref()
            );
            self.problem(&header.format.span(), message);
        }
        for (key, value) in [("name", &header.name), ("version", &header.version)] {
            if !is_name(value.get_ref()) {
                let message =
                    format!("`{key}` must be 1 to 80 letters, digits, `-`, `_`, `.` or `/`");
                self.problem(&value.span(), message);
            }
        }
        let limit = header.name.span();
        if file.rule.is_empty() {
            self.problem(&limit, "the pack has no [[rule]]".to_owned());
        }
        if file.rule.len() > MAX_RULES {
            let message = format!(
                "a pack may have {MAX_RULES} rules, this one has {}",
                file.rule.len()
            );
            self.problem(&limit, message);
            return self.finished(
                header.name.get_ref(),
                header.version.get_ref(),
                text,
                Vec::new(),
            );
        }
        let mut first_line: BTreeMap<&str, usize> = BTreeMap::new();
        let mut rules = Vec::new();
        for rule in &file.rule {
            let line = self.lines.at(&rule.id.span());
            if let Some(first) = first_line.get(rule.id.get_ref().as_str()) {
                let message = format!(
                    "rule `{}` stands already in line {first}",
                    rule.id.get_ref()
                );
                self.problem(&rule.id.span(), message);
                continue;
            }
            first_line.insert(rule.id.get_ref(), line);
            rules.push(self.rule(rule, line));
        }
        let pack = self.finished(header.name.get_ref(), header.version.get_ref(), text, rules);
        // Examples say nothing while the rules themselves are wrong.
        if self.problems.is_empty() {
            self.examples(&pack, &file.rule);
        }
        pack
    }

    fn finished(&self, name: &str, version: &str, text: &str, rules: Vec<Rule>) -> Pack {
        let hash = Sha256::digest(text.as_bytes());
        Pack {
            name: name.to_owned(),
            version: version.to_owned(),
            sha256: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            rules,
        }
    }

    fn rule(&mut self, file: &RuleFile, line: usize) -> Rule {
        let id = file.id.get_ref();
        if !(is_name(id)
            && id.split('/').count() == 2
            && id.split('/').all(|part| !part.is_empty()))
        {
            self.problem(&file.id.span(), format!("id `{id}` must be `theme/name`"));
        }
        let capability = file.capability.get_ref();
        let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '-');
        if capability.trim() != capability
            || capability.is_empty()
            || capability.chars().count() > CAPABILITY_CHARS
            || !capability.chars().all(plain)
        {
            let message = format!(
                "`capability` must be 1 to {CAPABILITY_CHARS} letters, digits, blanks or `-`"
            );
            self.problem(&file.capability.span(), message);
        }
        let bits = *file.bits.get_ref();
        if !BITS.contains(&bits) {
            let message = format!(
                "`bits` must be between {} and {}, is {bits}",
                BITS.start(),
                BITS.end()
            );
            self.problem(&file.bits.span(), message);
        }
        if file.source.get_ref().trim().is_empty() {
            self.problem(
                &file.source.span(),
                "`source` must say where the wording is described".to_owned(),
            );
        }
        let look_alikes = file.look_alikes.get_ref();
        if look_alikes.is_empty() || look_alikes.iter().any(|text| text.trim().is_empty()) {
            let message = "`look_alikes` must name at least one kind of innocent prompt";
            self.problem(&file.look_alikes.span(), message.to_owned());
        }
        let any = self.literals("any", file.any.get_ref());
        if file.any.get_ref().is_empty() {
            self.problem(
                &file.any.span(),
                "`any` must hold at least one literal".to_owned(),
            );
        }
        let also = self.literals("also", &file.also);
        let regex = file.regex.as_ref().and_then(|regex| self.regex(regex));
        let role = file
            .role
            .as_ref()
            .and_then(|role| match role.get_ref().as_str() {
                "user" => Some(Role::User),
                "system" => Some(Role::System),
                other => {
                    let message = format!("`role` must be \"user\" or \"system\", is \"{other}\"");
                    self.problem(&role.span(), message);
                    None
                }
            });
        for (key, examples) in [("positive", &file.positive), ("negative", &file.negative)] {
            if examples.get_ref().is_empty() {
                let message = format!("`{key}` must hold at least one example");
                self.problem(&examples.span(), message);
            }
        }
        Rule {
            id: id.clone(),
            capability: capability.clone(),
            bits,
            source: file.source.get_ref().clone(),
            look_alikes: look_alikes.clone(),
            any,
            also,
            regex,
            role,
            line,
        }
    }

    fn literals(&mut self, key: &str, given: &[Spanned<String>]) -> Vec<String> {
        if let (true, Some(first)) = (given.len() > MAX_LITERALS, given.first()) {
            let message = format!(
                "`{key}` may hold {MAX_LITERALS} literals, has {}",
                given.len()
            );
            self.problem(&first.span(), message);
        }
        let mut literals = Vec::new();
        for text in given {
            let literal = normalised(text.get_ref());
            if !LITERAL_BYTES.contains(&literal.len()) {
                let message = format!(
                    "literal {:?} has {} bytes after folding, allowed are {} to {}",
                    shortened(text.get_ref()),
                    literal.len(),
                    LITERAL_BYTES.start(),
                    LITERAL_BYTES.end()
                );
                self.problem(&text.span(), message);
            }
            literals.push(literal);
        }
        literals
    }

    fn regex(&mut self, regex: &Spanned<String>) -> Option<Regex> {
        let pattern = regex.get_ref();
        if pattern.len() > REGEX_BYTES {
            let message = format!(
                "the regex has {} bytes, allowed are {REGEX_BYTES}",
                pattern.len()
            );
            self.problem(&regex.span(), message);
            return None;
        }
        let built = RegexBuilder::new(pattern)
            .case_insensitive(!is_lower_case(pattern))
            .size_limit(REGEX_COMPILED_BYTES)
            .dfa_size_limit(self.cache_bytes)
            .build();
        let message = match built {
            Ok(built) if built.is_match(b"") => {
                "the regex matches an empty text, so it tests nothing".to_owned()
            }
            Ok(built) => return Some(built),
            Err(regex::Error::CompiledTooBig(limit)) => format!(
                "the regex is too large: compiled it takes more than {limit} bytes; use smaller counted repetitions"
            ),
            Err(error) => {
                let text = error.to_string();
                // The last line says what is wrong; those before draw the pattern.
                format!(
                    "the regex is not valid: {}",
                    text.lines().last().unwrap_or_default().trim()
                )
            }
        };
        self.problem(&regex.span(), message);
        None
    }

    /// Holds every rule against its own examples.
    fn examples(&mut self, pack: &Pack, files: &[RuleFile]) {
        let matcher = match Matcher::new(std::slice::from_ref(pack)) {
            Ok(matcher) => matcher,
            Err(error) => {
                return self.problems.push(Problem {
                    line: 1,
                    message: format!("{error:#}"),
                });
            }
        };
        let (mut scratch, mut found) = (Scratch::default(), Vec::new());
        for (rule, file) in pack.rules.iter().zip(files) {
            let roles: &[Role] = match rule.role {
                Some(Role::User) => &[Role::User],
                Some(Role::System) => &[Role::System],
                None => &[Role::User, Role::System],
            };
            let all = [(true, &file.positive), (false, &file.negative)];
            for (wanted, examples) in all {
                for example in examples.get_ref() {
                    let matches = roles.iter().any(|role| {
                        matcher.matched(example.get_ref(), *role, &mut scratch, &mut found);
                        found.iter().any(|number| {
                            matcher
                                .about()
                                .rules
                                .get(usize::from(*number))
                                .is_some_and(|about| about.id == rule.id)
                        })
                    });
                    if matches != wanted {
                        let (kind, what) = if wanted {
                            ("positive", "does not match")
                        } else {
                            ("negative", "matches")
                        };
                        let message = format!(
                            "rule `{}` {what} its {kind} example {:?}",
                            rule.id,
                            shortened(example.get_ref())
                        );
                        self.problem(&example.span(), message);
                    }
                }
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    let allowed =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '/');
    !text.is_empty() && text.len() <= 80 && text.chars().all(allowed)
}

/// The start of a text, for messages.
fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Whether a pattern has nothing that another case would change. Texts are in lower case, so
/// that it then need not be widened by the upper one, which would keep the search from leaping
/// to the words that a match begins with.
fn is_lower_case(pattern: &str) -> bool {
    let classes = [r"\p", r"\P", r"\x", r"\u", r"\U", "[:", "(?"];
    let mut rest = pattern
        .replace(r"\\", "")
        .replace("(?:", "(")
        .replace(r"(?-u:\b)", "");
    // The end of a range that has the upper case within.
    let ranges = ["-[", r"-\", "-]", "-^", "-_", "-`"];
    if classes
        .iter()
        .chain(&ranges)
        .any(|class| rest.contains(class))
    {
        return false;
    }
    for escape in [r"\W", r"\D", r"\S", r"\B"] {
        rest = rest.replace(escape, "");
    }
    rest.chars()
        .all(|character| character.to_lowercase().eq([character]))
}
