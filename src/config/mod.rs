//! Settings: one commented TOML file holds every default with its source.

mod check;
pub mod options;
pub mod overlay;
pub mod small_file;
pub mod suggestion;

use serde::{Deserialize, Serialize};

/// Everything that can be set with `--config`; see `defaults.toml` for meanings and sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // each field is documented, with its source, in defaults.toml
pub struct Config {
    pub load: LoadConfig,
    pub digest: DigestConfig,
    pub network: NetworkConfig,
    pub content: ContentConfig,
    pub fuse: FuseConfig,
    pub report: ReportConfig,
}

/// `[load]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct LoadConfig {
    pub batch_rows: usize,
    pub line_limit_bytes: u64,
    pub sniff_records: usize,
    pub rejects_listed_per_file: usize,
    pub gap_minutes: i64,
}

/// `[digest]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct DigestConfig {
    pub texts_per_account: usize,
    pub system_texts_per_account: usize,
    pub fragment_words: usize,
    pub fragments_per_text: usize,
    pub edge_words: usize,
    pub excerpt_chars: usize,
    pub locators_per_account: usize,
    pub halve_texts_above: usize,
    pub max_texts: usize,
    pub max_links: usize,
    pub max_moments: usize,
}

/// `[network]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct NetworkConfig {
    pub minimum_frequency: f64,
    pub hub_degree: usize,
    pub hub_ratio: f64,
}

/// `[content]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ContentConfig {
    pub minimum_texts: usize,
    pub minimum_accounts: usize,
    pub link_share: f64,
    pub cover_share: f64,
}

/// `[fuse]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct FuseConfig {
    pub counting_bits: f64,
    pub family_cap_bits: f64,
    pub edge_margin_bits: f64,
    pub minimum_accounts: usize,
    pub null_runs: u32,
    pub likely_false_share: f64,
    pub strong_false_share: f64,
}

/// `[report]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ReportConfig {
    pub locators_per_finding: usize,
    pub excerpts_per_template: usize,
}

/// The commented defaults, also printed by `stillhunt config`.
pub const DEFAULTS: &str = include_str!("defaults.toml");

impl Default for Config {
    /// The settings of [`DEFAULTS`].
    #[allow(clippy::expect_used)] // embedded text, held by a test: it cannot fail on input
    fn default() -> Self {
        toml::from_str(DEFAULTS).expect("the built-in settings are valid")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_in_the_defaults_and_every_default_is_a_field() {
        // Unknown keys are denied and no field has a serde default, so parsing is the test
        // of both directions; writing out again must give the same keys.
        let given: toml::Table = DEFAULTS.parse().unwrap();
        let written = toml::Table::try_from(Config::default()).unwrap();
        assert_eq!(given, written);
    }
}
