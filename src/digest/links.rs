//! Links: which account used which key, how often, when, and a row that shows it.

use rustc_hash::FxHashMap;

use crate::digest::row::{OpenRow, Pick};
use crate::text::hash::mix;

/// Uses of one key by one account.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) requests: u64,
    pub(crate) first_us: i64,
    pub(crate) last_us: i64,
    pub(crate) pick: Pick,
}

/// Links by (account, key), thinned by the hash of the key: a key keeps all its links or
/// none, so that the number of accounts behind a key stays exact.
#[derive(Debug, Default)]
pub(crate) struct Links {
    pub(crate) level: u32,
    links: FxHashMap<u64, Link>,
}

/// Whether a key stays in a table thinned to this level: one in 2^level does.
pub(crate) fn survives(key_hash: u64, level: u32) -> bool {
    level == 0 || mix(key_hash) >> (64 - level.min(63)) == 0
}

pub(crate) fn pack(account: u32, key: u32) -> u64 {
    (u64::from(account) << 32) | u64::from(key)
}

#[allow(clippy::cast_possible_truncation)] // undoes `pack`
pub(crate) fn unpack(packed: u64) -> (u32, u32) {
    ((packed >> 32) as u32, packed as u32)
}

impl Links {
    /// Counts one use; the caller has checked that the key survives.
    #[inline]
    pub(crate) fn fold(&mut self, account: u32, key: u32, row: &mut OpenRow<'_>) {
        match self.links.entry(pack(account, key)) {
            std::collections::hash_map::Entry::Occupied(mut entry) => {
                let link = entry.get_mut();
                link.requests = link.requests.saturating_add(1);
                link.first_us = link.first_us.min(row.timestamp_us);
                link.last_us = link.last_us.max(row.timestamp_us);
                if row.beats(&link.pick) {
                    link.pick = row.pick();
                }
            }
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(Link {
                    requests: 1,
                    first_us: row.timestamp_us,
                    last_us: row.timestamp_us,
                    pick: row.pick(),
                });
            }
        }
    }

    /// Takes in a link of another digest, already renumbered.
    pub(crate) fn absorb(&mut self, account: u32, key: u32, other: Link) {
        match self.links.entry(pack(account, key)) {
            std::collections::hash_map::Entry::Occupied(mut entry) => {
                let link = entry.get_mut();
                link.requests = link.requests.saturating_add(other.requests);
                link.first_us = link.first_us.min(other.first_us);
                link.last_us = link.last_us.max(other.last_us);
                if other.pick.order() < link.pick.order() {
                    link.pick = other.pick;
                }
            }
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(other);
            }
        }
    }

    /// Thins until at most `limit` links remain.
    pub(crate) fn fit(&mut self, limit: usize, key_hash: impl Fn(u32) -> u64) {
        while self.links.len() > limit && self.level < 63 {
            self.level += 1;
            self.drop_thinned(&key_hash);
        }
    }

    /// Drops what does not survive at the present level.
    pub(crate) fn drop_thinned(&mut self, key_hash: impl Fn(u32) -> u64) {
        let level = self.level;
        if level > 0 {
            self.links
                .retain(|&packed, _| survives(key_hash(unpack(packed).1), level));
        }
    }

    pub(crate) fn into_entries(self) -> Vec<(u32, u32, Link)> {
        self.links
            .into_iter()
            .map(|(packed, link)| (unpack(packed).0, unpack(packed).1, link))
            .collect()
    }
}
