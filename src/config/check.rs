//! The range of every setting, and the few that depend on each other.

use toml::{Table, Value};

use crate::config::Config;

/// Largest count a setting may hold: beyond it a table cannot fit a machine of our day,
/// and all counts below it are exact as floats.
const COUNT_LIMIT: f64 = 1e12;

/// Full key, smallest and largest value. Every setting stands here; a test holds that.
const RANGES: &[(&str, f64, f64)] = &[
    ("load.batch_rows", 1.0, 1e7),
    ("load.line_limit_bytes", 1024.0, 4_294_967_296.0),
    ("load.sniff_records", 1.0, 1e7),
    ("load.rejects_listed_per_file", 0.0, 1e9),
    ("load.gap_minutes", 1.0, 5_256_000.0),
    ("digest.texts_per_account", 1.0, 1e6),
    ("digest.system_texts_per_account", 0.0, 1e6),
    ("digest.fragment_words", 1.0, 64.0),
    ("digest.fragments_per_text", 3.0, 1e5),
    ("digest.edge_words", 1.0, 1e6),
    ("digest.excerpt_chars", 0.0, 1e5),
    ("digest.locators_per_account", 1.0, 1e6),
    ("digest.halve_texts_above", 1.0, COUNT_LIMIT),
    ("digest.max_texts", 1.0, COUNT_LIMIT),
    ("digest.max_links", 1.0, COUNT_LIMIT),
    ("digest.max_moments", 0.0, COUNT_LIMIT),
    ("network.minimum_frequency", 1e-12, 1.0),
    ("network.hub_degree", 1.0, COUNT_LIMIT),
    ("network.hub_ratio", 1.0, 1e6),
    ("content.minimum_texts", 2.0, COUNT_LIMIT),
    ("content.minimum_accounts", 2.0, COUNT_LIMIT),
    ("content.link_share", 0.0, 1.0),
    ("content.cover_share", 0.0, 1.0),
    ("fuse.counting_bits", 0.0, 1000.0),
    ("fuse.family_cap_bits", 0.0, 1000.0),
    ("fuse.edge_margin_bits", 0.0, 1000.0),
    ("fuse.minimum_accounts", 2.0, COUNT_LIMIT),
    ("fuse.null_runs", 1.0, 10_000.0),
    ("fuse.likely_false_share", 0.0, 1.0),
    ("fuse.strong_false_share", 0.0, 1.0),
    ("report.locators_per_finding", 0.0, 1e6),
    ("report.excerpts_per_template", 0.0, 1e6),
];

/// Holds a table of settings against [`RANGES`] before it becomes a [`Config`], so that
/// a number too large for its field is named like any other.
pub(super) fn table(settings: &Table) -> Result<(), String> {
    for (key, smallest, largest) in RANGES {
        let value = key
            .split_once('.')
            .and_then(|(section, name)| settings.get(section)?.as_table()?.get(name));
        let (number, shown) = match value {
            #[allow(clippy::cast_precision_loss)] // only compared with a range
            Some(Value::Integer(number)) => (*number as f64, number.to_string()),
            Some(Value::Float(number)) => (*number, number.to_string()),
            _ => return Err(format!("`{key}` is missing or not a number")),
        };
        // Written so that "not a number" fails as well.
        if !(*smallest..=*largest).contains(&number) {
            return Err(format!(
                "`{key}` must be between {smallest} and {largest}, is {shown}"
            ));
        }
    }
    Ok(())
}

/// Holds settings against each other.
pub(super) fn together(config: &Config) -> Result<(), String> {
    let fuse = &config.fuse;
    if fuse.strong_false_share > fuse.likely_false_share {
        return Err(format!(
            "`fuse.strong_false_share` ({}) must not exceed `fuse.likely_false_share` ({})",
            fuse.strong_false_share, fuse.likely_false_share
        ));
    }
    if fuse.family_cap_bits < fuse.counting_bits {
        return Err(format!(
            "`fuse.family_cap_bits` ({}) must not be below `fuse.counting_bits` ({}): no family would ever count",
            fuse.family_cap_bits, fuse.counting_bits
        ));
    }
    let digest = &config.digest;
    if digest.edge_words < digest.fragment_words {
        return Err(format!(
            "`digest.edge_words` ({}) must hold at least one fragment of `digest.fragment_words` ({})",
            digest.edge_words, digest.fragment_words
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::DEFAULTS;

    #[test]
    fn every_setting_has_a_range() {
        let defaults: Table = DEFAULTS.parse().unwrap();
        let settings: BTreeSet<String> = defaults
            .iter()
            .flat_map(|(section, inner)| {
                inner
                    .as_table()
                    .unwrap()
                    .keys()
                    .map(move |key| format!("{section}.{key}"))
            })
            .collect();
        let ranged: BTreeSet<String> = RANGES.iter().map(|(key, ..)| (*key).to_owned()).collect();
        assert_eq!(settings, ranged);
        assert_eq!(ranged.len(), RANGES.len(), "a key stands twice");
    }

    #[test]
    fn the_defaults_are_within_their_ranges() {
        table(&DEFAULTS.parse().unwrap()).unwrap();
        together(&Config::default()).unwrap();
    }

    #[test]
    fn not_a_number_is_outside_every_range() {
        let mut settings: Table = DEFAULTS.parse().unwrap();
        settings["content"]["link_share"] = Value::Float(f64::NAN);
        let message = table(&settings).unwrap_err();
        assert_eq!(
            message,
            "`content.link_share` must be between 0 and 1, is NaN"
        );
    }

    #[test]
    fn the_shares_of_false_clusters_keep_their_order() {
        let mut config = Config::default();
        config.fuse.strong_false_share = 0.2;
        assert!(
            together(&config)
                .unwrap_err()
                .contains("fuse.likely_false_share")
        );
    }
}
