//! Templates that take turns: the same accounts send several of them, each but once or twice.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::stats::tail::hypergeometric_upper_log2;

/// What is known of a template's texts: account and time of each.
#[derive(Debug, Clone, Default)]
pub(super) struct Uses {
    /// Account and time (microseconds since 1970-01-01 UTC) of each text.
    pub(super) texts: Vec<(u32, i64)>,
}

/// Bits from which the users of two templates are the same people beyond chance: one in a million
/// after some thousands of pairs of templates (ours).
const SAME_USERS_BITS: f64 = 32.0;

/// Fewer users than this and two templates may have the same ones by acquaintance (ours, as for a
/// lead).
const FEWEST_USERS: usize = 8;

impl Uses {
    /// Its accounts, ascending.
    fn users(&self) -> Vec<u32> {
        let mut users: Vec<u32> = self.texts.iter().map(|(account, _)| *account).collect();
        users.sort_unstable();
        users.dedup();
        users
    }

    /// When the middle half of its texts was sent.
    fn middle(&self) -> Option<(i64, i64)> {
        let mut times: Vec<i64> = self.texts.iter().map(|(_, time)| *time).collect();
        times.sort_unstable();
        let first = times.get(times.len() / 4)?;
        let last = times.get(times.len() * 3 / 4)?;
        Some((*first, *last))
    }
}

/// For each template those that take turns with it, ascending: at least half of the users of either
/// send both, beyond chance among `accounts`, and while one is at work so is the other. The exercises
/// of a course have the same users too, but one after another.
#[must_use]
pub(super) fn taking_turns(templates: &[Uses], accounts: usize) -> Vec<Vec<usize>> {
    let users: Vec<Vec<u32>> = templates.iter().map(Uses::users).collect();
    let middles: Vec<Option<(i64, i64)>> = templates.iter().map(Uses::middle).collect();
    let mut of_account: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (template, users) in users.iter().enumerate() {
        if users.len() < FEWEST_USERS {
            continue;
        }
        for user in users {
            of_account.entry(*user).or_default().push(template);
        }
    }
    let mut common: FxHashMap<(usize, usize), usize> = FxHashMap::default();
    for theirs in of_account.values() {
        for (place, one) in theirs.iter().enumerate() {
            for other in theirs.iter().skip(place + 1) {
                *common.entry((*one, *other)).or_default() += 1;
            }
        }
    }
    let mut turns = vec![Vec::new(); templates.len()];
    let mut pairs: Vec<((usize, usize), usize)> = common.into_iter().collect();
    pairs.sort_unstable();
    for ((one, other), both) in pairs {
        let (of_one, of_other) = (users[one].len(), users[other].len());
        let is_most = both * 2 >= of_one.max(of_other);
        let bits = || {
            let [both, accounts, of_one, of_other] =
                [both, accounts, of_one, of_other].map(|count| count as u64);
            -hypergeometric_upper_log2(both, accounts, of_one, of_other)
        };
        if is_most
            && are_at_work_together(middles[one], middles[other])
            && bits() >= SAME_USERS_BITS
        {
            turns[one].push(other);
            turns[other].push(one);
        }
    }
    for others in &mut turns {
        others.sort_unstable();
    }
    turns
}

/// Whether the middle halves of two templates' texts overlap by half of the shorter one.
fn are_at_work_together(one: Option<(i64, i64)>, other: Option<(i64, i64)>) -> bool {
    let (Some(one), Some(other)) = (one, other) else {
        return false;
    };
    let overlap = one.1.min(other.1).saturating_sub(one.0.max(other.0));
    let shorter = (one.1.saturating_sub(one.0)).min(other.1.saturating_sub(other.0));
    overlap >= 0 && overlap.saturating_mul(2) >= shorter
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts of `accounts`, one each, from `start` on.
    fn uses(accounts: impl Iterator<Item = u32>, start: i64) -> Uses {
        Uses {
            texts: accounts
                .map(|account| (account, start + i64::from(account % 10)))
                .collect(),
        }
    }

    #[test]
    fn templates_of_the_same_users_at_the_same_time_take_turns() {
        let templates = [
            uses(0..40, 0),
            uses((0..40).filter(|account| account % 4 != 0), 0),
            uses(200..240, 0),
        ];
        assert_eq!(
            taking_turns(&templates, 1_000),
            [vec![1], vec![0], Vec::new()]
        );
    }

    #[test]
    fn exercises_one_after_another_take_no_turns() {
        let templates = [uses(0..40, 0), uses(0..40, 1_000)];
        assert!(taking_turns(&templates, 1_000).iter().all(Vec::is_empty));
    }

    #[test]
    fn what_nearly_everybody_sends_takes_no_turns() {
        let templates = [uses(0..70, 0), uses(20..90, 0)];
        assert!(taking_turns(&templates, 100).iter().all(Vec::is_empty));
    }

    #[test]
    fn a_handful_of_users_is_not_looked_at() {
        let templates = [uses(0..7, 0), uses(0..7, 0)];
        assert!(taking_turns(&templates, 9_000).iter().all(Vec::is_empty));
    }
}
