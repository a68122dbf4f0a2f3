//! Texts from grammars: rules with alternatives, drawn freely by row, or fixed by frame.
//!
//! One file format serves prompts, templates and names. `== rule` opens a rule with one
//! alternative per line, `== rule ,` one whose alternatives are separated by commas.
//! `{rule}` draws freely, `{?rule}` gives the same text all through a row, `{!rule}` the same
//! text all through a frame (an application, a campaign), `{^}` capitalises what follows,
//! `{@number}` and its kin are numbers and codes.

use rustc_hash::FxHashMap;

use crate::simulate::page::{Code, Page};
use crate::simulate::random::{Random, mix, name_hash};

/// The grammar files; all rules share one name space.
const FILES: [(&str, &str); 10] = [
    ("english.txt", include_str!("grammar/english.txt")),
    ("german.txt", include_str!("grammar/german.txt")),
    ("spanish.txt", include_str!("grammar/spanish.txt")),
    ("french.txt", include_str!("grammar/french.txt")),
    ("portuguese.txt", include_str!("grammar/portuguese.txt")),
    ("chinese.txt", include_str!("grammar/chinese.txt")),
    ("japanese.txt", include_str!("grammar/japanese.txt")),
    ("code.txt", include_str!("grammar/code.txt")),
    ("names.txt", include_str!("grammar/names.txt")),
    ("templates.txt", include_str!("grammar/templates.txt")),
];

/// Position of a rule.
pub(crate) type RuleId = u16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Draw {
    Free,
    Row,
    Frame,
}

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Rule(RuleId, Draw),
    Code(Code),
    Capital,
}

#[derive(Debug, Clone, Default)]
struct Rule {
    alternatives: Vec<Vec<Piece>>,
    /// Rules of topics follow the interests of whoever speaks.
    is_topic: bool,
    /// Rules of questions, chats and texts give way to a corpus where they fill a slot.
    is_request: bool,
}

/// All rules.
#[derive(Debug, Clone)]
pub(crate) struct Grammar {
    rules: Vec<Rule>,
    names: FxHashMap<String, RuleId>,
}

/// Who speaks, and in which frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voice<'a> {
    /// Fixes `{!rule}`.
    pub(crate) frame: u64,
    /// Fixes `{?rule}`.
    pub(crate) row: u64,
    /// Chance that a `{!rule}` is drawn anew instead.
    pub(crate) paraphrase: f64,
    /// Seed of a handful of interests; `None` draws topics freely.
    pub(crate) interests: Option<u64>,
    /// Whether the frame also fixes which alternative of the outermost rule is taken.
    pub(crate) is_one_shape: bool,
    /// Real texts that stand in for questions, chats and texts inside a template; none without any.
    pub(crate) corpus: &'a [String],
}

/// Interests of one person: most topics come from this many.
const INTERESTS: u64 = 5;

impl Grammar {
    /// Reads the grammar files that are part of the program.
    pub(crate) fn embedded() -> anyhow::Result<Self> {
        let mut grammar = Self {
            rules: Vec::new(),
            names: FxHashMap::default(),
        };
        let mut bodies = Vec::new();
        for (file, text) in FILES {
            grammar.declare(file, text, &mut bodies)?;
        }
        for (rule, file, body) in bodies {
            let pieces = grammar.parse(file, &body)?;
            if let Some(rule) = grammar.rules.get_mut(usize::from(rule)) {
                rule.alternatives.push(pieces);
            }
        }
        Ok(grammar)
    }

    fn declare(
        &mut self,
        file: &'static str,
        text: &str,
        bodies: &mut Vec<(RuleId, &'static str, String)>,
    ) -> anyhow::Result<()> {
        let mut current: Option<(RuleId, bool)> = None;
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(head) = line.strip_prefix("== ") {
                let (name, listed) = match head.strip_suffix(" ,") {
                    Some(name) => (name, true),
                    None => (head, false),
                };
                let id = RuleId::try_from(self.rules.len())?;
                anyhow::ensure!(
                    self.names.insert(name.to_owned(), id).is_none(),
                    "{file}: rule {name} is there twice"
                );
                self.rules.push(Rule {
                    is_topic: name.starts_with("topic"),
                    is_request: name == "question"
                        || ["chat_", "passage_", "text_"]
                            .iter()
                            .any(|kind| name.starts_with(kind)),
                    ..Rule::default()
                });
                current = Some((id, listed));
                continue;
            }
            let Some((id, listed)) = current else {
                anyhow::bail!("{file} line {}: text before the first rule", number + 1);
            };
            if listed {
                let joined = line.replace("\\,", "\u{1}");
                for item in joined.split(',') {
                    bodies.push((id, file, item.trim().replace('\u{1}', ",")));
                }
            } else {
                bodies.push((id, file, line.to_owned()));
            }
        }
        Ok(())
    }

    fn parse(&self, file: &str, body: &str) -> anyhow::Result<Vec<Piece>> {
        let body = body.replace("\\n", "\n").replace("\\t", "\t");
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = body.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            literal.push_str(before);
            let reference = after.split_once('}').filter(|(name, _)| is_reference(name));
            match reference {
                Some((name, tail)) => {
                    if !literal.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut literal)));
                    }
                    pieces.push(self.reference(file, name)?);
                    rest = tail;
                }
                None => {
                    literal.push('{');
                    rest = after;
                }
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Ok(pieces)
    }

    fn reference(&self, file: &str, name: &str) -> anyhow::Result<Piece> {
        let code = match name {
            "^" => return Ok(Piece::Capital),
            "@topic" => return Ok(Piece::Rule(self.rule("topic")?, Draw::Free)),
            "@number" => Code::Number,
            "@year" => Code::Year,
            "@hex" => Code::Hex,
            "@float" => Code::Float,
            "@bits" => Code::Bits,
            "@letter" => Code::Letter,
            _ => {
                let (bare, draw) = match (name.strip_prefix('?'), name.strip_prefix('!')) {
                    (Some(bare), _) => (bare, Draw::Row),
                    (_, Some(bare)) => (bare, Draw::Frame),
                    _ => (name, Draw::Free),
                };
                let rule = self
                    .rule(bare)
                    .map_err(|error| error.context(format!("in {file}")))?;
                return Ok(Piece::Rule(rule, draw));
            }
        };
        Ok(Piece::Code(code))
    }

    /// The rule of this name.
    pub(crate) fn rule(&self, name: &str) -> anyhow::Result<RuleId> {
        self.names
            .get(name)
            .copied()
            .ok_or_else(|| anyhow::anyhow!("the grammar has no rule {name}"))
    }

    /// Appends one text of `rule`.
    pub(crate) fn expand(
        &self,
        rule: RuleId,
        random: &mut Random,
        voice: &Voice<'_>,
        out: &mut String,
    ) {
        let mut page = Page::new(out);
        self.expand_into(rule, random, voice, &mut page, 0);
    }

    /// One text of `rule`, by itself.
    pub(crate) fn text(&self, rule: RuleId, seed: u64) -> String {
        let mut out = String::new();
        let voice = Voice {
            frame: seed,
            row: seed,
            paraphrase: 0.0,
            interests: None,
            is_one_shape: false,
            corpus: &[],
        };
        self.expand(rule, &mut Random::new(seed), &voice, &mut out);
        out
    }

    fn expand_into(
        &self,
        id: RuleId,
        random: &mut Random,
        voice: &Voice<'_>,
        page: &mut Page<'_>,
        depth: u32,
    ) {
        let Some(rule) = self.rules.get(usize::from(id)) else {
            return;
        };
        if depth > 24 {
            return;
        }
        if depth > 0
            && rule.is_request
            && let Some(text) = random.pick(voice.corpus)
        {
            page.capital = false;
            page.push(text);
            return;
        }
        let alternative = match voice.interests {
            Some(seed) if rule.is_topic && !random.chance(0.15) => {
                let interest = mix(seed, random.below(INTERESTS));
                rule.alternatives
                    .get((interest % rule.alternatives.len().max(1) as u64) as usize)
            }
            _ if depth == 0 && voice.is_one_shape => {
                Random::new(mix(voice.frame, u64::from(id))).pick(&rule.alternatives)
            }
            _ => random.pick(&rule.alternatives),
        };
        let Some(pieces) = alternative else { return };
        let mut follows_word = false;
        for piece in pieces {
            let ends_word = follows_word;
            follows_word = matches!(piece, Piece::Rule(..));
            match piece {
                Piece::Text(text) if ends_word => page.push_ending(text),
                Piece::Text(text) => page.push(text),
                Piece::Capital => page.capital = true,
                Piece::Code(code) => page.push_code_of(*code, random),
                Piece::Rule(next, Draw::Free) => {
                    self.expand_into(*next, random, voice, page, depth + 1)
                }
                Piece::Rule(next, Draw::Row) => {
                    let mut fixed = Random::new(mix(voice.row, u64::from(*next)));
                    self.expand_into(*next, &mut fixed, voice, page, depth + 1);
                }
                Piece::Rule(next, Draw::Frame) => {
                    if voice.paraphrase > 0.0 && random.chance(voice.paraphrase) {
                        self.expand_into(*next, random, voice, page, depth + 1);
                    } else {
                        let mut fixed = Random::new(mix(voice.frame, u64::from(*next)));
                        self.expand_into(*next, &mut fixed, voice, page, depth + 1);
                    }
                }
            }
        }
    }
}

fn is_reference(name: &str) -> bool {
    !name.is_empty()
        && name.len() < 40
        && (name == "^"
            || name
                .strip_prefix(['!', '?', '@'])
                .unwrap_or(name)
                .chars()
                .all(|letter| {
                    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'
                }))
}

/// Seed of a named stream under another.
pub(crate) fn stream(seed: u64, name: &str) -> u64 {
    mix(seed, name_hash(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_expands_to_text() {
        let grammar = Grammar::embedded().unwrap();
        let mut names: Vec<_> = grammar.names.iter().collect();
        names.sort();
        for (name, id) in names {
            assert!(
                !grammar.rules[usize::from(*id)].alternatives.is_empty(),
                "{name} is empty"
            );
            for seed in 0..20 {
                let text = grammar.text(*id, seed);
                assert!(!text.is_empty() && text.len() < 20_000, "{name}: {text}");
                assert!(
                    !text.contains("{@") && !text.contains("{!"),
                    "{name}: {text}"
                );
            }
        }
    }

    #[test]
    fn frames_hold_and_slots_vary() {
        let grammar = Grammar::embedded().unwrap();
        let rule = grammar.rule("t_rubric").unwrap();
        let render = |row, paraphrase| {
            let mut out = String::new();
            let voice = Voice {
                frame: 5,
                row,
                paraphrase,
                interests: None,
                is_one_shape: false,
                corpus: &[],
            };
            grammar.expand(rule, &mut Random::new(row), &voice, &mut out);
            out
        };
        let (left, right) = (render(1, 0.0), render(2, 0.0));
        assert_ne!(left, right);
        assert_eq!(
            left.split_once("[Task]").unwrap().0,
            right.split_once("[Task]").unwrap().0
        );
        let openings: std::collections::BTreeSet<String> = (0..40)
            .map(|row| render(row, 1.0).chars().take(30).collect())
            .collect();
        assert!(openings.len() > 2, "{openings:?}");
    }
}
