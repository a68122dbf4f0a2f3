//! A checked pack and its rules.

use regex::bytes::Regex;

use crate::patterns::matcher::Role;

/// A pack whose rules are sound and whose examples hold.
#[derive(Debug, Clone)]
pub struct Pack {
    /// Name, from its header.
    pub name: String,
    /// Version, from its header.
    pub version: String,
    /// SHA-256 of its file.
    pub sha256: String,
    /// Rules in the order of the file.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// `theme/name`, unique over all packs.
    pub id: String,
    /// What a prompt that matches is for, in the words of the published cases.
    pub capability: String,
    /// How much more often such prompts have this cue than others do, as a power of two;
    /// the author's estimate, by which capabilities that match one text are ranked.
    pub bits: f64,
    /// Where the wording is described.
    pub source: String,
    /// Innocent prompts that match as well.
    pub look_alikes: Vec<String>,
    /// Literals in normal form, of which one must stand in the text.
    pub any: Vec<String>,
    /// Further literals, of which one must stand in the text too; may be empty.
    pub also: Vec<String>,
    /// What must match around one of the literals in `any`.
    pub regex: Option<Regex>,
    /// The only role it looks at; both without it.
    pub role: Option<Role>,
    /// Line of its id in its file.
    pub line: usize,
}
