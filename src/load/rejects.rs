//! What could not be used: counted in full, listed up to a bound, the same whatever
//! the order in which workers met it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::coverage::{Reject, RejectCount, RejectScope};

/// Why something was rejected. Reasons hold no input values: they are counted by text.
pub(crate) type Reason = Cow<'static, str>;

type Listed = (u64, &'static str, RejectScope, Reason);

/// Rejects of any number of files.
#[derive(Debug, Default)]
pub(crate) struct RejectLog {
    counts: BTreeMap<(u32, &'static str, RejectScope, Reason), u64>,
    /// By file and scope, so that lost values cannot push out the places of lost records.
    listed: BTreeMap<(u32, RejectScope), BTreeSet<Listed>>,
    limit: usize,
}

impl RejectLog {
    /// Lists at most `limit` records and as many values of each file, those with the smallest
    /// row numbers.
    pub(crate) fn new(limit: usize) -> Self {
        RejectLog {
            limit,
            ..RejectLog::default()
        }
    }

    /// A record that is left out; `count` is above one where one defect costs many records.
    pub(crate) fn row(
        &mut self,
        file: u32,
        row: u64,
        column: &'static str,
        reason: Reason,
        count: u64,
    ) {
        self.add(file, (row, column, RejectScope::Row, reason), count);
    }

    /// A value that is left out of a record that is used.
    pub(crate) fn cell(&mut self, file: u32, row: u64, column: &'static str, reason: &'static str) {
        self.add(
            file,
            (row, column, RejectScope::Cell, Cow::Borrowed(reason)),
            1,
        );
    }

    fn add(&mut self, file: u32, listed: Listed, count: u64) {
        *self
            .counts
            .entry((file, listed.1, listed.2, listed.3.clone()))
            .or_default() += count;
        self.list(file, listed);
    }

    fn list(&mut self, file: u32, listed: Listed) {
        let list = self.listed.entry((file, listed.2)).or_default();
        if list.len() < self.limit {
            list.insert(listed);
        } else if list.last().is_some_and(|last| listed < *last) {
            list.insert(listed);
            list.pop_last();
        }
    }

    /// Adds what another worker met.
    pub(crate) fn merge(&mut self, other: RejectLog) {
        for (key, count) in other.counts {
            *self.counts.entry(key).or_default() += count;
        }
        for ((file, _), list) in other.listed {
            for listed in list {
                self.list(file, listed);
            }
        }
    }

    /// Complete counts, sorted.
    pub(crate) fn counts(&self) -> Vec<RejectCount> {
        self.counts
            .iter()
            .map(|((file, column, scope, reason), count)| RejectCount {
                file: *file,
                column: (*column).to_owned(),
                scope: *scope,
                reason: reason.clone().into_owned(),
                count: *count,
            })
            .collect()
    }

    /// Listed rejects, sorted by file, row and column.
    pub(crate) fn list_all(&self) -> Vec<Reject> {
        let mut all = Vec::new();
        for ((file, _), list) in &self.listed {
            all.extend(list.iter().map(|(row, column, scope, reason)| Reject {
                file: *file,
                row: *row,
                column: (*column).to_owned(),
                scope: *scope,
                reason: reason.clone().into_owned(),
            }));
        }
        all.sort();
        all
    }

    /// The commonest reason for leaving out records.
    pub(crate) fn commonest_row_reason(&self) -> Option<Commonest> {
        let mut totals: BTreeMap<(&str, &Reason), u64> = BTreeMap::new();
        for ((_, column, scope, reason), count) in &self.counts {
            if *scope == RejectScope::Row {
                *totals.entry((column, reason)).or_default() += count;
            }
        }
        let ((column, reason), count) = totals
            .into_iter()
            .max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)))?;
        let example = self.listed.iter().find_map(|((file, _), list)| {
            let found = list
                .iter()
                .find(|one| one.2 == RejectScope::Row && one.1 == column && one.3 == *reason)?;
            Some((*file, found.0))
        });
        Some(Commonest {
            column: column.to_owned(),
            reason: reason.clone().into_owned(),
            count,
            example,
        })
    }
}

/// The reason that cost most records, with one place to look at.
pub(crate) struct Commonest {
    pub(crate) column: String,
    pub(crate) reason: String,
    pub(crate) count: u64,
    pub(crate) example: Option<(u32, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_smallest_rows_and_all_counts_whatever_the_order() {
        let build = |rows: &[u64]| {
            let mut log = RejectLog::new(3);
            for row in rows {
                log.cell(0, *row, "n", "not an integer");
            }
            log
        };
        let mut one = build(&[9, 1, 8, 5]);
        one.merge(build(&[2, 7]));
        let mut two = build(&[7, 5, 2]);
        two.merge(build(&[8, 9, 1]));
        assert_eq!(one.list_all(), two.list_all());
        assert_eq!(
            one.list_all()
                .iter()
                .map(|reject| reject.row)
                .collect::<Vec<_>>(),
            [1, 2, 5]
        );
        assert_eq!(one.counts(), two.counts());
        assert_eq!(one.counts()[0].count, 6);
        assert!(one.commonest_row_reason().is_none());
    }
}
