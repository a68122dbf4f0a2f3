//! The exact times of every account's requests, as plain vectors: what tests of order look at.

use anyhow::Result;

use crate::digest::{DigestTables, STRETCH_US, keeps};

/// Times by account, whole stretches of six hours at a time.
#[derive(Debug, Clone, Default)]
pub struct Moments {
    offsets: Vec<usize>,
    times_us: Vec<i64>,
    /// One in 2^level stretches has the times of its requests, the others none.
    level: u32,
}

impl Moments {
    /// From a digest.
    ///
    /// # Errors
    /// When the digest's table lacks a column, which is an internal error.
    pub fn read(tables: &DigestTables) -> Result<Self> {
        let frame = &tables.moments;
        let accounts = frame.column("account")?.u32()?.into_no_null_iter();
        let times_us = frame.column("time_us")?.i64()?.into_no_null_iter();
        Ok(Self::new(
            tables.accounts.height(),
            accounts.zip(times_us).collect(),
            tables.about.moment_level,
        ))
    }

    /// From (account, time) in any order.
    #[must_use]
    pub fn new(accounts: usize, mut moments: Vec<(u32, i64)>, level: u32) -> Self {
        moments.sort_unstable();
        let mut offsets = vec![0_usize; accounts + 1];
        for (account, _) in &moments {
            if let Some(slot) = offsets.get_mut(*account as usize + 1) {
                *slot += 1;
            }
        }
        for index in 1..offsets.len() {
            offsets[index] += offsets[index - 1];
        }
        Self {
            offsets,
            times_us: moments.into_iter().map(|(_, time_us)| time_us).collect(),
            level,
        }
    }

    /// Times of an account, ascending.
    #[must_use]
    pub fn of(&self, account: u32) -> &[i64] {
        let index = account as usize;
        match (self.offsets.get(index), self.offsets.get(index + 1)) {
            (Some(start), Some(end)) => self.times_us.get(*start..*end).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// Whether no stretch was left out.
    #[must_use]
    pub fn are_complete(&self) -> bool {
        self.level == 0
    }

    /// Width of the spans among which the busiest is looked for: a day, or one stretch where others
    /// beside it may be left out.
    #[must_use]
    pub fn window_us(&self) -> i64 {
        if self.are_complete() {
            4 * STRETCH_US
        } else {
            STRETCH_US
        }
    }

    /// Whether no time was kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times_us.is_empty()
    }

    /// The longest span around `time_us`, at most `most` stretches to either side, of which every
    /// request was kept.
    #[must_use]
    pub fn whole_around(&self, time_us: i64, most: i64) -> std::ops::Range<i64> {
        let stretch = time_us.div_euclid(STRETCH_US);
        let kept = |steps: i64, sign: i64| {
            (1..=steps)
                .take_while(|step| keeps(stretch + sign * step, self.level))
                .last()
                .unwrap_or(0)
        };
        let first = stretch - kept(most, -1);
        let last = stretch + kept(most, 1);
        first * STRETCH_US..(last + 1) * STRETCH_US
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_end_where_a_stretch_is_left_out() {
        let all = Moments::new(2, vec![(1, 5), (0, 9), (1, 2)], 0);
        assert_eq!(
            (all.of(0), all.of(1), all.of(2)),
            (&[9][..], &[2, 5][..], &[][..])
        );
        assert_eq!(all.whole_around(5, 1), -STRETCH_US..2 * STRETCH_US);
        let half = Moments::new(0, Vec::new(), 1);
        assert_eq!(
            (all.window_us(), half.window_us()),
            (4 * STRETCH_US, STRETCH_US)
        );
        let middle = (0..1000)
            .find(|s| keeps(*s, 1) && keeps(s + 1, 1) && !keeps(s - 1, 1) && !keeps(s + 2, 1))
            .unwrap();
        assert_eq!(
            half.whole_around(middle * STRETCH_US, 3),
            middle * STRETCH_US..(middle + 2) * STRETCH_US
        );
    }
}
