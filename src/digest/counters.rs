//! Activity counted in time buckets: cells (account, hour, model) and minutes of the log.
//!
//! Both would grow with the length of the log, and with hostile timestamps with its rows,
//! so each has a limit past which neighbouring buckets are joined in pairs, again and
//! again until it fits. How often depends only on the set of buckets, not on their order.

use rustc_hash::FxHashMap;

/// Most (account, hour, model) cells held: about one gigabyte.
pub(crate) const MAX_CELLS: usize = 16_000_000;

/// Most minutes held: seven and a half years of them.
pub(crate) const MAX_MINUTES: usize = 4_000_000;

/// Joining goes no further than this: 2^40 hours hold every timestamp.
const MAX_LEVEL: u32 = 40;

/// Start of the bucket of `2^level` units that holds `unit`.
fn bucket(unit: i64, level: u32) -> i64 {
    unit.saturating_sub(unit.rem_euclid(1_i64 << level.min(MAX_LEVEL)))
}

/// What is counted in a cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) requests: u32,
    pub(crate) rate_limited: u32,
    pub(crate) blocked: u32,
    pub(crate) output_tokens: i64,
}

impl Cell {
    fn add(&mut self, other: Cell) {
        self.requests = self.requests.saturating_add(other.requests);
        self.rate_limited = self.rate_limited.saturating_add(other.rate_limited);
        self.blocked = self.blocked.saturating_add(other.blocked);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
    }
}

/// Account, hour since the epoch, model.
pub(crate) type CellKey = (u32, i64, u32);

/// Cells by account, hour and model.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    pub(crate) level: u32,
    cells: FxHashMap<CellKey, Cell>,
}

impl Cells {
    pub(crate) fn add(&mut self, (account, hour, model): CellKey, cell: Cell) {
        self.cells
            .entry((account, bucket(hour, self.level), model))
            .or_default()
            .add(cell);
    }

    /// Joins buckets until at most `limit` cells remain and at least to `level`.
    pub(crate) fn fit(&mut self, limit: usize, level: u32) {
        while self.level < level || (self.cells.len() > limit && self.level < MAX_LEVEL) {
            self.level += 1;
            let finer = std::mem::take(&mut self.cells);
            finer
                .into_iter()
                .for_each(|(key, cell)| self.add(key, cell));
        }
    }

    pub(crate) fn into_entries(self) -> Vec<(CellKey, Cell)> {
        self.cells.into_iter().collect()
    }
}

/// Requests by minute since the epoch.
#[derive(Debug, Default)]
pub(crate) struct Minutes {
    pub(crate) level: u32,
    minutes: FxHashMap<i64, u64>,
}

impl Minutes {
    pub(crate) fn add(&mut self, minute: i64, requests: u64) {
        let count = self.minutes.entry(bucket(minute, self.level)).or_default();
        *count = count.saturating_add(requests);
    }

    /// Joins buckets until at most `limit` remain and at least to `level`.
    pub(crate) fn fit(&mut self, limit: usize, level: u32) {
        while self.level < level || (self.minutes.len() > limit && self.level < MAX_LEVEL) {
            self.level += 1;
            let finer = std::mem::take(&mut self.minutes);
            finer
                .into_iter()
                .for_each(|(minute, requests)| self.add(minute, requests));
        }
    }

    pub(crate) fn into_sorted(self) -> Vec<(i64, u64)> {
        let mut minutes: Vec<(i64, u64)> = self.minutes.into_iter().collect();
        minutes.sort_unstable();
        minutes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_keeps_totals_and_ignores_order() {
        let hours = [-5_i64, -1, 0, 1, 2, 3, 100, 101, i64::MIN, i64::MAX];
        let run = |hours: &[i64]| {
            let mut cells = Cells::default();
            for &hour in hours {
                cells.add(
                    (1, hour, 0),
                    Cell {
                        requests: 1,
                        ..Cell::default()
                    },
                );
                cells.fit(4, 0);
            }
            let level = cells.level;
            let mut entries = cells.into_entries();
            entries.sort_unstable_by_key(|entry| entry.0);
            (level, entries)
        };
        let forward = run(&hours);
        let backward: Vec<i64> = hours.iter().rev().copied().collect();
        assert_eq!(forward, run(&backward));
        assert!(forward.0 > 0 && forward.1.len() <= 5);
        assert_eq!(
            forward.1.iter().map(|(_, cell)| cell.requests).sum::<u32>(),
            10
        );
    }
}
