//! The pack as it stands in its file, every value with its place.

use serde::Deserialize;
use toml::Spanned;

/// A pack file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackFile {
    pub(super) pack: Header,
    #[serde(default)]
    pub(super) rule: Vec<RuleFile>,
}

/// `[pack]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) format: Spanned<u32>,
    pub(super) name: Spanned<String>,
    pub(super) version: Spanned<String>,
    /// For readers of the file; nothing uses it.
    #[serde(default)]
    #[allow(dead_code)]
    about: String,
}

/// `[[rule]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    pub(super) id: Spanned<String>,
    pub(super) capability: Spanned<String>,
    pub(super) bits: Spanned<f64>,
    pub(super) source: Spanned<String>,
    pub(super) look_alikes: Spanned<Vec<String>>,
    pub(super) any: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) also: Vec<Spanned<String>>,
    pub(super) regex: Option<Spanned<String>>,
    pub(super) role: Option<Spanned<String>>,
    pub(super) positive: Spanned<Vec<Spanned<String>>>,
    pub(super) negative: Spanned<Vec<Spanned<String>>>,
}
