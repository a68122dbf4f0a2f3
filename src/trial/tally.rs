//! Counts of one row while they are gathered.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::detect::group::Look;
use crate::trial::{DrawnFrom, LEVELS, Row};

/// What a test said of the groups of one place.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    sizes: Option<(u64, u64)>,
    groups: u64,
    tested: u64,
    spoke: [u64; 2],
    reasons: BTreeMap<String, u64>,
}

impl Tally {
    /// Groups of so many accounts are among them.
    pub(super) fn sized(&mut self, accounts: u64) {
        let (smallest, largest) = self.sizes.unwrap_or((accounts, accounts));
        self.sizes = Some((smallest.min(accounts), largest.max(accounts)));
    }

    /// So many groups could not be looked at.
    pub(super) fn blocked(&mut self, groups: u64, reason: &str) {
        self.groups += groups;
        if groups > 0 {
            *self.reasons.entry(reason.to_owned()).or_default() += groups;
        }
    }

    /// One group was looked at.
    pub(super) fn add(&mut self, look: &Look) {
        if let (true, Some(reason)) = (look.findings.is_empty(), look.partial.first()) {
            self.blocked(1, reason);
            return;
        }
        self.groups += 1;
        self.tested += 1;
        let best = look
            .findings
            .iter()
            .map(|finding| finding.bits - (finding.tried.max(1) as f64).log2())
            .fold(0.0, f64::max);
        for (spoke, level) in self.spoke.iter_mut().zip(LEVELS) {
            *spoke += u64::from(best >= -level.log2());
        }
    }

    /// The same of another log.
    pub(super) fn join(&mut self, other: Tally) {
        if let Some((smallest, largest)) = other.sizes {
            self.sized(smallest);
            self.sized(largest);
        }
        self.groups += other.groups;
        self.tested += other.tested;
        for (spoke, more) in self.spoke.iter_mut().zip(other.spoke) {
            *spoke += more;
        }
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }

    /// The row of this test and place.
    pub(super) fn into_row(self, (test, may_count): (&str, bool), from: &DrawnFrom) -> Row {
        // Of equally common reasons the first by name.
        let commonest = self
            .reasons
            .into_iter()
            .max_by_key(|(reason, count)| (*count, Reverse(reason.clone())));
        Row {
            test: test.to_owned(),
            may_count,
            kind: from.kind().to_owned(),
            drawn_from: from.name().to_owned(),
            group_accounts: self.sizes.unwrap_or_default(),
            groups: self.groups,
            tested: self.tested,
            at_5_percent: self.spoke[0],
            at_1_permille: self.spoke[1],
            reason: commonest.map(|(reason, _)| reason),
        }
    }
}
