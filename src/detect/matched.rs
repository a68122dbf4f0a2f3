//! The comparison every group test rests on: a group against accounts of equal activity.
//!
//! Under the null the group is as if drawn at random among the log's accounts of equal
//! activity. Each member's value is then a draw from the values of other accounts as busy as
//! the member, and the weighted sum of all members has a tail that
//! [`chernoff`](crate::stats::chernoff) bounds. Busy accounts are compared with busy ones,
//! whatever their heavy-handed habits are: that is what innocent accounts have in common.

use rustc_hash::FxHashMap;

use crate::stats::chernoff::{Discrete, Term, upper_tail_log2};

/// Fewest other accounts a member is compared with; below, the next busier and idler ones join.
const FEWEST_OTHERS: usize = 40;

/// Values are rounded up to one in this many steps, so that the null errs upwards.
const LEVELS: f64 = 32.0;

/// Accounts by activity.
#[derive(Debug, Clone)]
pub struct Matched {
    /// Accounts of each class, ascending; class c holds activities of 2^c to below 2^(c+1).
    classes: Vec<Vec<u32>>,
    class_of: Vec<Option<usize>>,
}

/// What comparing a group gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// -log2 of the bound for the tail.
    pub bits: f64,
    /// Weighted mean of the members' values.
    pub measured: f64,
    /// Weighted mean of the values of accounts as busy.
    pub expected: f64,
    /// Members that took part.
    pub members: u64,
    /// Other accounts they were compared with.
    pub others: u64,
}

impl Matched {
    /// From the activity of every account; accounts without any take no part.
    #[must_use]
    pub fn new(activity: &[u64]) -> Self {
        let mut classes: Vec<Vec<u32>> = Vec::new();
        let mut class_of = vec![None; activity.len()];
        for (account, count) in (0_u32..).zip(activity) {
            let Some(class) = count.checked_ilog2().map(|class| class as usize) else {
                continue;
            };
            if classes.len() <= class {
                classes.resize(class + 1, Vec::new());
            }
            classes[class].push(account);
            class_of[account as usize] = Some(class);
        }
        Self { classes, class_of }
    }

    /// Accounts of one class, ascending.
    #[must_use]
    pub fn as_busy_as(&self, account: u32) -> &[u32] {
        self.class_of
            .get(account as usize)
            .copied()
            .flatten()
            .and_then(|class| self.classes.get(class))
            .map_or(&[], Vec::as_slice)
    }

    /// Whether the account takes part.
    #[must_use]
    pub fn takes_part(&self, account: u32) -> bool {
        matches!(self.class_of.get(account as usize), Some(Some(_)))
    }

    /// Accounts outside `group` in the class, widened until there are enough.
    fn others(&self, class: usize, group: &[u32]) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::new();
        let mut take = |class: usize| {
            if let Some(accounts) = self.classes.get(class) {
                found.extend(
                    accounts
                        .iter()
                        .filter(|account| group.binary_search(account).is_err()),
                );
            }
            found.len() >= FEWEST_OTHERS
        };
        if !take(class) {
            for distance in 1..=self.classes.len() {
                let above = take(class + distance);
                let below = class.checked_sub(distance).is_some_and(&mut take);
                if above || below {
                    break;
                }
            }
        }
        found
    }

    /// Compares the weighted sum of `value` (0 to 1) over the group with other accounts.
    ///
    /// `group` is ascending. `None` where no member or no other account takes part.
    #[must_use]
    pub fn compare(
        &self,
        group: &[u32],
        weight: impl Fn(u32) -> f64,
        value: impl Fn(u32) -> f64,
    ) -> Option<Comparison> {
        let mut by_class: FxHashMap<usize, Vec<u32>> = FxHashMap::default();
        for account in group {
            if let Some(Some(class)) = self.class_of.get(*account as usize) {
                by_class.entry(*class).or_default().push(*account);
            }
        }
        let mut by_class: Vec<(usize, Vec<u32>)> = by_class.into_iter().collect();
        by_class.sort_unstable();
        let mut distributions = Vec::new();
        let mut terms: Vec<Term> = Vec::new();
        let (mut observed, mut expected, mut total) = (0.0, 0.0, 0.0);
        let (mut members, mut others_count) = (0_u64, 0_u64);
        for (class, accounts) in by_class {
            let others = self.others(class, group);
            if others.is_empty() {
                continue;
            }
            let mut counts = [0_u64; LEVELS as usize + 1];
            let mut sum = 0.0;
            for other in &others {
                let found = value(*other).clamp(0.0, 1.0);
                sum += found;
                counts[(found * LEVELS).ceil() as usize] += 1;
            }
            // One account more, of the largest value: what forty others do not show may exist.
            counts[LEVELS as usize] += 1;
            let points: Vec<(f64, u64)> = counts
                .iter()
                .enumerate()
                .map(|(level, count)| (level as f64 / LEVELS, *count))
                .collect();
            let distribution = distributions.len();
            distributions.push(Discrete::from_counts(&points));
            let mean = sum / others.len() as f64;
            others_count += others.len() as u64;
            for account in accounts {
                let weight = weight(account);
                if weight <= 0.0 {
                    continue;
                }
                observed += weight * value(account).clamp(0.0, 1.0);
                expected += weight * mean;
                total += weight;
                members += 1;
                let same = |term: &Term| {
                    term.distribution == distribution && (term.weight - weight).abs() < 1e-12
                };
                match terms.last_mut().filter(|term| same(term)) {
                    Some(term) => term.count += 1,
                    None => terms.push(Term {
                        weight,
                        distribution,
                        count: 1,
                    }),
                }
            }
        }
        if members == 0 || total <= 0.0 {
            return None;
        }
        Some(Comparison {
            bits: -upper_tail_log2(observed, &terms, &distributions),
            measured: observed / total,
            expected: expected / total,
            members,
            others: others_count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn members_are_compared_with_accounts_as_busy() {
        // Busy accounts have the habit, idle ones do not: a busy group is nothing special.
        let activity: Vec<u64> = (0..1_000)
            .map(|account| if account < 200 { 100 } else { 2 })
            .collect();
        let matched = Matched::new(&activity);
        let busy: Vec<u32> = (0..50).collect();
        let habit = |account: u32| f64::from(account < 200);
        let found = matched.compare(&busy, |_| 1.0, habit).unwrap();
        assert!(found.bits < 1e-9 && (found.expected - 1.0).abs() < 1e-9);
        assert_eq!((found.members, found.others), (50, 150));
        // Fifty idle accounts with the habit are.
        let idle: Vec<u32> = (500..550).collect();
        let habit = |account: u32| f64::from(account < 200 || (500..550).contains(&account));
        let found = matched.compare(&idle, |_| 1.0, habit).unwrap();
        assert!(found.bits > 100.0, "{found:?}");
    }

    #[test]
    fn a_class_of_the_group_alone_borrows_its_neighbours() {
        let activity: Vec<u64> = (0..100)
            .map(|account| if account < 20 { 1_000 } else { 100 })
            .collect();
        let matched = Matched::new(&activity);
        let group: Vec<u32> = (0..20).collect();
        let found = matched.compare(&group, |_| 1.0, |_| 0.5).unwrap();
        assert_eq!(found.others, 80);
        assert!(
            Matched::new(&[5; 10])
                .compare(&(0..10).collect::<Vec<_>>(), |_| 1.0, |_| 1.0)
                .is_none()
        );
        assert!(
            Matched::new(&[0; 10])
                .compare(&[1], |_| 1.0, |_| 1.0)
                .is_none()
        );
    }

    #[test]
    fn random_groups_stay_below_the_level() {
        let mut random = Random::new(9);
        let activity: Vec<u64> = (0..3_000).map(|_| 1 + random.below(300)).collect();
        let habit: Vec<f64> = activity
            .iter()
            .map(|count| f64::from(random.unit_f64() < *count as f64 / 600.0))
            .collect();
        let matched = Matched::new(&activity);
        let mut below = 0;
        for _ in 0..400 {
            let mut group: Vec<u32> = (0..40)
                .map(|_| u32::try_from(random.below(3_000)).unwrap())
                .collect();
            group.sort_unstable();
            group.dedup();
            let found = matched
                .compare(&group, |_| 1.0, |account| habit[account as usize])
                .unwrap();
            below += u32::from(found.bits >= 20.0_f64.log2());
        }
        assert!(below <= 20, "{below} of 400 at the level of 5 %");
    }
}
