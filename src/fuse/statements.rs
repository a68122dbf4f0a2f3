//! What ties a cluster, in one sentence for each family.

use crate::fuse::campaigns::Maker;
use crate::fuse::cluster::Cluster;
use crate::fuse::corroboration::{Corroboration, Manner};

/// Keys named in a sentence.
const KEYS_NAMED: usize = 3;

/// An expected number in words that never round it to none.
fn few(expected: f64) -> String {
    match expected {
        small if small < 0.005 => "under 0.01".to_owned(),
        small if small < 0.1 => format!("{small:.2}"),
        _ => format!("{expected:.1}"),
    }
}

impl Maker<'_> {
    pub(super) fn statement(&self, found: &Corroboration) -> String {
        let Some((layer, number)) = self.sources.group(found.group.0, found.group.1) else {
            return String::new();
        };
        let value = layer.values.get(number).map_or("", String::as_str);
        let other = self
            .sources
            .layers
            .get(found.other_layer)
            .map_or("", |layer| layer.kind);
        match found.manner {
            Manner::Many => format!(
                "of {} accounts with {} {value}, {} share {other} keys with one another; {} of these keys tie accounts that no other had tied, {} expected by chance",
                found.size,
                layer.kind,
                found.core.len(),
                found.observed,
                few(found.expected)
            ),
            Manner::Overlap => format!(
                "of {} accounts with {} {value}, {} also share one {other}; {} expected by chance",
                found.size,
                layer.kind,
                found.observed,
                few(found.expected)
            ),
        }
    }

    /// The agreement told from the keys that agree: it is one agreement, and both families
    /// show it.
    pub(super) fn statement_from_the_other_side(&self, found: &Corroboration) -> String {
        let (Some((layer, number)), Some(other)) = (
            self.sources.group(found.group.0, found.group.1),
            self.sources.layers.get(found.other_layer),
        ) else {
            return String::new();
        };
        let value = layer.values.get(number).map_or("", String::as_str);
        let keys: Vec<&str> = found
            .other_groups
            .iter()
            .filter_map(|key| self.sources.group(found.other_layer, *key as usize))
            .filter_map(|(layer, number)| layer.values.get(number))
            .take(KEYS_NAMED)
            .map(String::as_str)
            .collect();
        let more = match found.other_groups.len().saturating_sub(keys.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let keys = format!("{} {}{more}", other.kind, keys.join(", "));
        let family = found.family.name();
        match found.manner {
            Manner::Many => format!(
                "{keys} are shared by {} of the {} accounts with {} {value}; {} of these keys tie accounts that no other had tied, {} expected by chance (the same agreement as in {family}, told from this side)",
                found.core.len(),
                found.size,
                layer.kind,
                found.observed,
                few(found.expected)
            ),
            Manner::Overlap => format!(
                "{} of the {} accounts with {} {value} have {keys} in common; {} expected by chance (the same agreement as in {family}, told from this side)",
                found.observed,
                found.size,
                layer.kind,
                few(found.expected)
            ),
        }
    }

    pub(super) fn lead_statement(&self, cluster: &Cluster, layer: usize, group: usize) -> String {
        self.sources
            .group(layer, group)
            .map_or_else(String::new, |(layer, number)| {
                if layer.is_for_leads() {
                    return format!(
                        "{} accounts hang together by {} pairs with several addresses in common; nothing else that counts supports it",
                        layer.group(number).len(),
                        layer.pairs.get(number).copied().unwrap_or(0),
                    );
                }
                let all = self.sources.accounts(&cluster.units).len();
                let in_part = all > layer.group(number).len();
                let more = match cluster.also.len() {
                    0 => String::new(),
                    1 if in_part => {
                        format!(", and half of them and more another ({all} accounts in all)")
                    }
                    more if in_part => {
                        format!(", and half of them and more each of {more} others ({all} accounts in all)")
                    }
                    1 => ", and nearly the same accounts share another".to_owned(),
                    more => format!(", and nearly the same accounts share {more} more"),
                };
                format!(
                    "{} accounts share {} {}{more}; nothing else that counts supports it",
                    layer.group(number).len(),
                    layer.kind,
                    layer.values.get(number).map_or("", String::as_str)
                )
            })
    }
}
