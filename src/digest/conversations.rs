//! In which conversations an account uses a signed reasoning blob: the smallest and the
//! largest hash of their ids, which are two where the blob is in more than one.

use rustc_hash::FxHashMap;

use crate::digest::links::{pack, unpack};

/// Smallest and largest hash of conversation ids by (account, key).
#[derive(Debug, Default)]
pub(crate) struct Conversations {
    ends: FxHashMap<u64, (u64, u64)>,
}

impl Conversations {
    /// Counts uses of the key by the account in conversations between these two.
    pub(crate) fn absorb(&mut self, account: u32, key: u32, (smallest, largest): (u64, u64)) {
        let ends = self
            .ends
            .entry(pack(account, key))
            .or_insert((smallest, largest));
        ends.0 = ends.0.min(smallest);
        ends.1 = ends.1.max(largest);
    }

    /// Drops what does not belong to one of these keys any more.
    pub(crate) fn retain_keys(&mut self, survives: impl Fn(u32) -> bool) {
        self.ends.retain(|packed, _| survives(unpack(*packed).1));
    }

    /// As (account, key, ends), in no order.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = (u32, u32, (u64, u64))> {
        self.ends.into_iter().map(|(packed, ends)| {
            let (account, key) = unpack(packed);
            (account, key, ends)
        })
    }
}
