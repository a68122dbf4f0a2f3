//! A settings file laid over the defaults, with every mistake named by its full key.

use std::path::Path;

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::config::small_file;
use crate::config::suggestion::did_you_mean;
use crate::config::{Config, DEFAULTS, check};
use crate::model::failure::Failure;

/// Reads a settings file and lays it over the defaults.
///
/// # Errors
/// When the file cannot be read, is not TOML, names a setting that does not exist, or
/// sets one to a value of the wrong type or outside its range: all of them usage errors.
pub fn read(path: &Path) -> Result<Config> {
    let name = path.display().to_string();
    let text = small_file::read_text(path)
        .map_err(|error| usage(format!("cannot read settings {name}: {error}")))?;
    overlay(&text, &name)
}

/// Lays TOML text over the defaults; `name` is the file to blame.
///
/// # Errors
/// As for [`read`].
pub fn overlay(text: &str, name: &str) -> Result<Config> {
    let settings: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error
            .span()
            .and_then(|span| text.get(..span.start))
            .map_or(1, |before| before.matches('\n').count() + 1);
        let message = error.message().replace('\n', " ");
        usage(format!("{name}, line {line}: not valid TOML: {message}"))
    })?;
    let mut merged: Table = DEFAULTS.parse().context("built-in settings")?;
    lay_over(&mut merged, settings, "", name)?;
    check::table(&merged).map_err(|message| usage(format!("{name}: {message}")))?;
    let config: Config = merged.try_into().map_err(|error: toml::de::Error| {
        let message = error.message().replace('\n', " ");
        usage(format!("{name}: {message}"))
    })?;
    check::together(&config).map_err(|message| usage(format!("{name}: {message}")))?;
    Ok(config)
}

fn usage(message: String) -> anyhow::Error {
    anyhow::Error::from(Failure::Usage(message))
}

fn lay_over(defaults: &mut Table, settings: Table, prefix: &str, name: &str) -> Result<()> {
    for (key, value) in settings {
        let path = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        let Some(default) = defaults.get_mut(&key) else {
            let hint = did_you_mean(&key, defaults.keys().map(String::as_str));
            return Err(usage(format!("{name}: unknown setting `{path}`{hint}")));
        };
        match (default, value) {
            (Value::Table(inner), Value::Table(given)) => lay_over(inner, given, &path, name)?,
            (Value::Integer(_), Value::Integer(given)) if given < 0 => {
                let message = format!("{name}: `{path}` must not be negative, is {given}");
                return Err(usage(message));
            }
            // 5 is a fine way to write 5.0; every integer a setting can hold fits a float.
            #[allow(clippy::cast_precision_loss)]
            (Value::Float(slot), Value::Integer(given)) => *slot = given as f64,
            (slot, given) if slot.same_type(&given) => *slot = given,
            (slot, given) => {
                let wanted = slot.type_str();
                let found = given.type_str();
                let message = format!("{name}: `{path}` must be of type {wanted}, is {found}");
                return Err(usage(message));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        let error = overlay(text, "mine.toml").unwrap_err();
        assert!(matches!(
            error.downcast_ref::<Failure>(),
            Some(Failure::Usage(_))
        ));
        format!("{error:#}")
    }

    #[test]
    fn an_empty_file_changes_nothing() {
        assert_eq!(overlay("", "mine.toml").unwrap(), Config::default());
    }

    #[test]
    fn only_what_is_named_changes() {
        let config = overlay("[network]\nhub_degree = 7\nhub_ratio = 4\n", "mine.toml").unwrap();
        let mut expected = Config::default();
        expected.network.hub_degree = 7;
        expected.network.hub_ratio = 4.0;
        assert_eq!(config, expected);
    }

    #[test]
    fn unknown_names_are_refused_with_path_file_and_suggestion() {
        assert_eq!(
            message("[network]\nhub_degre = 7\n"),
            "mine.toml: unknown setting `network.hub_degre`; did you mean `hub_degree`?"
        );
        assert_eq!(
            message("[netwrok]\nhub_degree = 7\n"),
            "mine.toml: unknown setting `netwrok`; did you mean `network`?"
        );
    }

    #[test]
    fn wrong_types_and_ranges_are_refused_by_name() {
        assert_eq!(
            message("[load]\nbatch_rows = \"many\"\n"),
            "mine.toml: `load.batch_rows` must be of type integer, is string"
        );
        assert_eq!(
            message("load = 3\n"),
            "mine.toml: `load` must be of type table, is integer"
        );
        assert_eq!(
            message("[load]\nbatch_rows = -1\n"),
            "mine.toml: `load.batch_rows` must not be negative, is -1"
        );
        assert_eq!(
            message("[content]\nlink_share = 1.5\n"),
            "mine.toml: `content.link_share` must be between 0 and 1, is 1.5"
        );
        assert_eq!(
            message("[fuse]\nnull_runs = 99999999999\n"),
            "mine.toml: `fuse.null_runs` must be between 1 and 10000, is 99999999999"
        );
    }

    #[test]
    fn broken_toml_is_named_by_line() {
        let text = message("[load]\nbatch_rows = = 3\n");
        assert!(
            text.starts_with("mine.toml, line 2: not valid TOML: "),
            "{text}"
        );
        assert!(!text.contains('\n'), "{text}");
    }

    #[test]
    fn a_missing_file_is_a_usage_error() {
        let error = read(Path::new("no/such/settings.toml")).unwrap_err();
        assert!(format!("{error:#}").contains("no/such/settings.toml"));
        assert!(error.downcast_ref::<Failure>().is_some());
    }
}
