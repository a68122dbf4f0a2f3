//! Sign-ups that come in batches.

use crate::detect::population::{HOUR_US, Population};

/// Accounts made within an hour that are a batch (ours: one person makes a few).
const BATCH_ACCOUNTS: usize = 5;

/// Batches at least: a course, a team or an event begins once, and a late second group is known of both.
const BATCHES: usize = 3;

/// Share of the accounts that must come in batches (ours).
const IN_BATCHES_SHARE: f64 = 0.8;

/// Whether most of these accounts were made in several batches, hours apart.
#[must_use]
pub(super) fn come_in_batches(accounts: &[u32], population: &Population<'_>) -> bool {
    let created = accounts
        .iter()
        .filter_map(|account| population.profile(*account)?.created_at_us);
    in_batches(created.collect())
}

fn in_batches(mut created_us: Vec<i64>) -> bool {
    created_us.sort_unstable();
    let batches: Vec<usize> = created_us
        .chunk_by(|one, next| next - one <= HOUR_US)
        .map(<[i64]>::len)
        .filter(|accounts| *accounts >= BATCH_ACCOUNTS)
        .collect();
    let inside: usize = batches.iter().sum();
    batches.len() >= BATCHES && inside as f64 >= IN_BATCHES_SHARE * created_us.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waves(waves: i64, accounts: i64, singles: i64) -> Vec<i64> {
        let batch =
            |wave: i64| (0..accounts).map(move |at| (wave * 50) * HOUR_US + at * 60_000_000);
        (0..waves)
            .flat_map(batch)
            .chain((0..singles).map(|at| (7 + at * 9) * HOUR_US))
            .collect()
    }

    #[test]
    fn three_batches_of_five_and_hardly_anybody_beside_them() {
        assert!(in_batches(waves(3, 5, 0)));
        assert!(in_batches(waves(6, 18, 12)));
        assert!(!in_batches(waves(2, 40, 0)), "a course and its latecomers");
        assert!(!in_batches(waves(3, 4, 0)));
        assert!(!in_batches(waves(3, 5, 9)));
        assert!(!in_batches(Vec::new()));
    }
}
