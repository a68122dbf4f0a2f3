//! Exports of known services: maps that are used where a file has a service's columns.
//!
//! What `--map` says goes first, column by column; then canonical names, then the service's own
//! names, then the other names that columns are known under. Where a service has several columns
//! for one, the canonical name may stand among them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use toml::Value;

use crate::load::map::{TableMap, parse_table};
use crate::model::column::Table;

/// One service's export.
pub(crate) struct Export {
    /// What it is, for a sentence.
    pub(crate) name: String,
    /// Columns, or keys of the first level, by all of which it is recognised.
    keys: Vec<String>,
    /// Of the sources of the address the one that a client writes, where there is one.
    pub(crate) forwarded: Option<String>,
    map: TableMap,
}

/// One file for each; the first that fits counts.
const TEXTS: [&str; 11] = [
    include_str!("exports/litellm_spend_logs.toml"),
    include_str!("exports/litellm_payload.toml"),
    include_str!("exports/helicone.toml"),
    include_str!("exports/portkey.toml"),
    include_str!("exports/kong.toml"),
    include_str!("exports/opentelemetry_flat.toml"),
    include_str!("exports/bedrock.toml"),
    include_str!("exports/langfuse.toml"),
    include_str!("exports/azure_gateway_table.toml"),
    include_str!("exports/azure_gateway.toml"),
    include_str!("exports/openrouter.toml"),
];

/// All of them; a test holds that each can be read.
static ALL: LazyLock<Vec<Export>> =
    LazyLock::new(|| TEXTS.iter().filter_map(|text| read(text)).collect());

fn read(text: &str) -> Option<Export> {
    let root: toml::Table = toml::from_str(text).ok()?;
    let name = root.get("name")?.as_str()?.to_owned();
    let keys = root.get("keys")?.as_array()?;
    let keys: Option<Vec<String>> = keys
        .iter()
        .map(|key| Some(key.as_str()?.to_owned()))
        .collect();
    let section = root.get("requests").and_then(Value::as_table)?;
    Some(Export {
        keys: keys.filter(|keys| !keys.is_empty())?,
        forwarded: root
            .get("forwarded")
            .and_then(Value::as_str)
            .map(str::to_owned),
        map: parse_table(section, &name, Table::Requests).ok()?,
        name,
    })
}

impl Export {
    /// The export that a file with these columns is.
    pub(crate) fn of(found: &[String]) -> Option<&'static Export> {
        ALL.iter()
            .find(|export| export.keys.iter().all(|key| found.contains(key)))
    }

    /// Its map beside what the user's says, for a file with these columns.
    pub(crate) fn beside(&self, users: &TableMap, found: &[String]) -> TableMap {
        let mut merged = self.map.clone();
        merged.sources.retain(|column, sources| {
            sources.contains(column) || !found.iter().any(|name| name == column)
        });
        for column in users.constants.keys() {
            merged.sources.remove(column);
        }
        merged.sources.extend(users.sources.clone());
        merged.units.extend(users.units.clone());
        merged.constants.extend(users.constants.clone());
        merged
    }
}

/// Takes out of a merged map what leads nowhere in the file, so that other known names are tried;
/// what the user names stays.
pub(crate) fn keep_reachable(
    merged: &mut TableMap,
    users: &TableMap,
    reachable: &BTreeSet<String>,
) {
    merged.sources.retain(|column, sources| {
        users.sources.contains_key(column)
            || sources.iter().any(|source| reachable.contains(source))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_map_can_be_read_and_is_found_by_its_keys() {
        assert_eq!(ALL.len(), TEXTS.len());
        for export in ALL.iter() {
            let found = Export::of(&export.keys).map(|found| found.name.as_str());
            assert_eq!(found, Some(export.name.as_str()));
            for column in ["timestamp", "account_id"] {
                assert!(export.map.sources.contains_key(column), "{}", export.name);
            }
        }
        assert!(Export::of(&["timestamp".to_owned(), "account_id".to_owned()]).is_none());
    }

    #[test]
    fn the_users_map_and_canonical_names_go_first() {
        let keys: Vec<String> = ["request_created_at", "request_user_id", "request_body"]
            .into_iter()
            .map(str::to_owned)
            .collect();
        let export = Export::of(&keys).unwrap();
        let mut users = TableMap::default();
        let ours = vec!["request_properties.tenant".to_owned()];
        users.sources.insert("account_id".to_owned(), ours.clone());
        users
            .constants
            .insert("platform".to_owned(), "helicone".to_owned());
        let merged = export.beside(&users, &keys);
        assert_eq!(merged.sources["account_id"], ours);
        assert_eq!(merged.sources["timestamp"], ["request_created_at"]);
        assert_eq!(merged.constants["platform"], "helicone");
        let with_prompt = [keys, vec!["prompt".to_owned()]].concat();
        let merged = export.beside(&users, &with_prompt);
        assert!(!merged.sources.contains_key("prompt"));
    }
}
