//! Moments: the exact times of requests, in whole stretches of six hours.
//!
//! Order and seconds show only where no request is missing, so a long log keeps all requests of
//! some stretches and none of the others, chosen by hash.

use rustc_hash::FxHashMap;

use crate::text::hash::{GOLDEN, mix};

/// A stretch in microseconds: six hours, in which an account with work to do sends several
/// requests (ours).
pub const STRETCH_US: i64 = 6 * 3_600_000_000;

/// Thinning goes no further than this.
const MAX_LEVEL: u32 = 40;

/// Whether a stretch is kept at this level: one in 2^level is.
#[must_use]
pub fn keeps(stretch: i64, level: u32) -> bool {
    #[allow(clippy::cast_sign_loss)] // any bijection does
    let hash = mix((stretch as u64).wrapping_mul(GOLDEN));
    level == 0 || mix(hash) >> (64 - level.min(63)) == 0
}

/// A request: account, microseconds since the epoch, duration in milliseconds; 0 where not known.
pub(crate) type Moment = (u32, i64, u32);

/// Requests by account and time, of the stretches that are kept.
#[derive(Debug, Default)]
pub(crate) struct Moments {
    pub(crate) level: u32,
    held: usize,
    stretches: FxHashMap<i64, Vec<Moment>>,
}

impl Moments {
    pub(crate) fn add(&mut self, moment: Moment) {
        let stretch = moment.1.div_euclid(STRETCH_US);
        if keeps(stretch, self.level) {
            self.stretches.entry(stretch).or_default().push(moment);
            self.held += 1;
        }
    }

    /// Drops stretches until at most `limit` moments remain and at least to `level`.
    pub(crate) fn fit(&mut self, limit: usize, level: u32) {
        while self.level < level || (self.held > limit && self.level < MAX_LEVEL) {
            self.level += 1;
            let level = self.level;
            self.stretches.retain(|stretch, _| keeps(*stretch, level));
            self.held = self.stretches.values().map(Vec::len).sum();
        }
    }

    /// All of them, in no order.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = Moment> {
        self.stretches.into_values().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_kept_whole_or_not_at_all_whatever_the_order() {
        let all: Vec<Moment> = (0..4_000)
            .map(|n| {
                let time_us = i64::from(n) * (STRETCH_US / 20) - 3 * STRETCH_US;
                (n % 7, time_us, n % 3)
            })
            .chain([(1, i64::MIN, 0), (2, i64::MAX, u32::MAX)])
            .collect();
        let kept = |entries: &mut dyn Iterator<Item = &Moment>| {
            let mut moments = Moments::default();
            for &moment in entries {
                moments.add(moment);
                moments.fit(900, 0);
            }
            let level = moments.level;
            let mut kept: Vec<_> = moments.into_entries().collect();
            kept.sort_unstable();
            (level, kept)
        };
        let (level, forward) = kept(&mut all.iter());
        assert_eq!((level, forward.clone()), kept(&mut all.iter().rev()));
        assert!(level >= 2 && forward.len() <= 900 && forward.len() > 300);
        for &moment in &all {
            assert_eq!(
                forward.binary_search(&moment).is_ok(),
                keeps(moment.1.div_euclid(STRETCH_US), level)
            );
        }
    }
}
