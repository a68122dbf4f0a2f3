//! A layer: for one kind of key, which accounts share which value.

use rustc_hash::FxHashMap;

use crate::model::finding::Family;
use crate::model::profile::AccountProfile;

/// Kind of the layer whose groups are made of pairs of accounts with several addresses in common.
pub const ADDRESS_OVERLAP: &str = "address_overlap";

/// Kind of the layer of autonomous systems.
pub const ASN: &str = "asn";

/// How far a group may count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quality {
    /// Counts as evidence of its family.
    Full,
    /// Counts where something independent supports it, but is not worth a lead by itself.
    Supporting,
    /// Has an everyday cause unless several separate payers stand behind it; the reason in words.
    Everyday(String),
}

/// Which digest table the sample rows of a layer come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowSource {
    /// `rows` index `links`.
    Links,
    /// `rows` index `texts`.
    Texts,
    /// The key comes from the accounts table; sample rows are the account's own.
    Accounts,
}

/// Accounts by shared value, as a compressed list of lists.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Detector id.
    pub detector: &'static str,
    /// Kind of key: `payment`, `ip`, `ip_prefix`, `tls`, `client`, `template`, `text`.
    pub kind: &'static str,
    /// Family of evidence.
    pub family: Family,
    /// Whether agreement alone links two accounts (a payment instrument).
    pub hard: bool,
    /// Value of each group.
    pub values: Vec<String>,
    /// Group `i` holds `accounts[offsets[i]..offsets[i + 1]]`.
    pub offsets: Vec<usize>,
    /// Account numbers, ascending within a group.
    pub accounts: Vec<u32>,
    /// Sample row for each entry of `accounts`; empty for `RowSource::Accounts`.
    pub rows: Vec<u32>,
    /// What `rows` index.
    pub row_source: RowSource,
    /// Keys of this kind that an account holds alone: (account, number), ascending. They make
    /// no group, but the null needs them: who holds many keys meets others more often.
    pub singles: Vec<(u32, u32)>,
    /// One per group, or empty when all count in full.
    pub quality: Vec<Quality>,
    /// Pairs of accounts that each group is made of, where it is made of pairs; else empty.
    pub pairs: Vec<u64>,
    /// The innocent explanation that fits best.
    pub innocent: &'static str,
    /// What would clear it.
    pub would_clear: &'static str,
}

impl Layer {
    /// A soft layer of keys from the accounts table that all count in full.
    #[must_use]
    pub fn of_accounts(
        detector: &'static str,
        kind: &'static str,
        family: Family,
        grouped: Grouped,
    ) -> Self {
        Self {
            rows: Vec::new(),
            ..Self::of_rows(detector, kind, family, RowSource::Accounts, grouped)
        }
    }

    /// A soft layer whose groups all count in full, with sample rows of a digest table.
    #[must_use]
    pub fn of_rows(
        detector: &'static str,
        kind: &'static str,
        family: Family,
        row_source: RowSource,
        grouped: Grouped,
    ) -> Self {
        Self {
            detector,
            kind,
            family,
            hard: false,
            values: grouped.values,
            offsets: grouped.offsets,
            accounts: grouped.accounts,
            singles: grouped.singles,
            rows: grouped.rows,
            row_source,
            quality: Vec::new(),
            pairs: Vec::new(),
            innocent: "",
            would_clear: "",
        }
    }

    /// Whether its groups are leads by themselves and no evidence for anything else: they are
    /// made of keys that other layers have one by one.
    #[must_use]
    pub fn is_for_leads(&self) -> bool {
        self.kind == ADDRESS_OVERLAP
    }

    /// Whether its keys are shown beside others and tie nobody: an autonomous system has the
    /// subscribers of a country, or all that rent in one cloud.
    #[must_use]
    pub fn is_listed_only(&self) -> bool {
        self.kind == ASN
    }

    /// Number of groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no groups.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Where group `index` stands in `accounts` and `rows`.
    #[must_use]
    pub fn range(&self, index: usize) -> std::ops::Range<usize> {
        let start = self.offsets.get(index).copied().unwrap_or(0);
        let end = self.offsets.get(index + 1).copied().unwrap_or(start);
        start..end
    }

    /// Accounts of group `index`, ascending.
    #[must_use]
    pub fn group(&self, index: usize) -> &[u32] {
        self.accounts.get(self.range(index)).unwrap_or(&[])
    }

    /// Quality of group `index`.
    #[must_use]
    pub fn quality(&self, index: usize) -> &Quality {
        self.quality.get(index).unwrap_or(&Quality::Full)
    }
}

/// Builds a layer from (value, account, sample row) entries, leaving out values of one account.
///
/// Entries may come in any order; of several rows for one value and account the smallest is kept.
#[must_use]
pub fn group_entries(
    mut entries: Vec<(u32, u32, u32)>,
    value_of: impl Fn(u32) -> String,
) -> Grouped {
    entries.sort_unstable();
    entries.dedup_by_key(|entry| (entry.0, entry.1));
    let mut grouped = Grouped {
        values: Vec::new(),
        offsets: vec![0],
        accounts: Vec::new(),
        rows: Vec::new(),
        singles: Vec::new(),
    };
    let mut alone: Vec<u32> = Vec::new();
    for group in entries.chunk_by(|a, b| a.0 == b.0) {
        match group {
            [only] => alone.push(only.1),
            [first, ..] => {
                grouped.values.push(value_of(first.0));
                grouped.accounts.extend(group.iter().map(|entry| entry.1));
                grouped.rows.extend(group.iter().map(|entry| entry.2));
                grouped.offsets.push(grouped.accounts.len());
            }
            [] => {}
        }
    }
    grouped.singles = counted(alone);
    grouped
}

/// Groups the accounts by what `key` gives for their row of the accounts table.
#[must_use]
pub fn group_profiles(
    profiles: &[Option<AccountProfile>],
    key: impl Fn(&AccountProfile) -> Option<String>,
) -> Grouped {
    let mut numbers: FxHashMap<String, u32> = FxHashMap::default();
    let mut values: Vec<String> = Vec::new();
    let mut entries = Vec::new();
    for (account, profile) in (0_u32..).zip(profiles) {
        let Some(value) = profile.as_ref().and_then(&key) else {
            continue;
        };
        let number = *numbers.entry(value).or_insert_with_key(|value| {
            values.push(value.clone());
            u32::try_from(values.len() - 1).unwrap_or(u32::MAX)
        });
        entries.push((number, account, 0));
    }
    group_entries(entries, |number| {
        values.get(number as usize).cloned().unwrap_or_default()
    })
}

/// How often each account occurs, ascending.
#[must_use]
pub fn counted(mut accounts: Vec<u32>) -> Vec<(u32, u32)> {
    accounts.sort_unstable();
    accounts
        .chunk_by(|a, b| a == b)
        .filter_map(|run| Some((*run.first()?, u32::try_from(run.len()).unwrap_or(u32::MAX))))
        .collect()
}

/// Groups of two accounts and more, sorted by the number of their value.
#[derive(Debug, Clone)]
pub struct Grouped {
    /// Value of each group.
    pub values: Vec<String>,
    /// As in [`Layer`].
    pub offsets: Vec<usize>,
    /// As in [`Layer`].
    pub accounts: Vec<u32>,
    /// As in [`Layer`].
    pub rows: Vec<u32>,
    /// As in [`Layer`].
    pub singles: Vec<(u32, u32)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_one_are_left_out_and_rows_are_the_smallest() {
        let grouped = group_entries(vec![(7, 3, 9), (7, 1, 5), (7, 3, 2), (4, 1, 1)], |value| {
            format!("v{value}")
        });
        assert_eq!(grouped.values, ["v7"]);
        assert_eq!(grouped.accounts, [1, 3]);
        assert_eq!(grouped.rows, [5, 2]);
        assert_eq!(grouped.offsets, [0, 2]);
        assert_eq!(grouped.singles, [(1, 1)]);
    }
}
