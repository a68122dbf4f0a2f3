//! The exact times of every account's requests, as plain vectors: what tests of order look at.

use anyhow::Result;

use crate::detect::stamps::{MILLISECOND_US, Moment, Stamps, stamps};
use crate::digest::{DigestTables, STRETCH_US, keeps};

/// Answers take minutes; what takes longer than an hour is a job whose beginning says nothing (ours).
const LONGEST_MS: u32 = 3_600_000;

/// Times by account, whole stretches of six hours at a time.
#[derive(Debug, Clone, Default)]
pub struct Moments {
    offsets: Vec<usize>,
    times_us: Vec<i64>,
    /// One in 2^level stretches has the times of its requests, the others none.
    level: u32,
    /// What the log's times are of.
    stamps: Stamps,
    /// Whether any request says how long it took.
    are_timed: bool,
    /// Longest request, where the log has their ends and `times_us` their beginnings.
    longest_us: i64,
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
        let durations_ms = frame.column("duration_ms")?.u32()?.into_no_null_iter();
        Ok(Self::new(
            tables.accounts.height(),
            accounts.zip(times_us.zip(durations_ms)).collect(),
            tables.about.moment_level,
        ))
    }

    /// From (account, request) in any order.
    #[must_use]
    pub fn new(accounts: usize, mut requests: Vec<(u32, Moment)>, level: u32) -> Self {
        requests.sort_unstable();
        let mut offsets = vec![0_usize; accounts + 1];
        for (account, _) in &requests {
            if let Some(slot) = offsets.get_mut(*account as usize + 1) {
                *slot += 1;
            }
        }
        for index in 1..offsets.len() {
            offsets[index] += offsets[index - 1];
        }
        let requests: Vec<Moment> = requests.into_iter().map(|(_, request)| request).collect();
        let mut made = Self {
            offsets,
            level,
            are_timed: requests.iter().any(|request| request.1 > 0),
            times_us: requests.iter().map(|request| request.0).collect(),
            ..Self::default()
        };
        if made.are_timed {
            made.begin(requests);
        }
        made
    }

    /// Tells the log's stamps, and goes back from ends to beginnings.
    fn begin(&mut self, mut requests: Vec<Moment>) {
        let tick_us = tick(&self.times_us).max(1);
        let bounds: Vec<(usize, usize)> = self
            .offsets
            .windows(2)
            .filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)))
            .collect();
        let of = |(start, end): &(usize, usize)| requests.get(*start..*end).unwrap_or(&[]);
        self.stamps = stamps(bounds.iter().map(of), tick_us);
        if self.stamps != Stamps::Ends {
            return;
        }
        for (time_us, duration_ms) in &mut requests {
            if *duration_ms > LONGEST_MS {
                continue;
            }
            // The clock stays as coarse as it was.
            let ticks = (i64::from(*duration_ms) * MILLISECOND_US + tick_us / 2) / tick_us;
            self.longest_us = self.longest_us.max(ticks * tick_us);
            *time_us = time_us.saturating_sub(ticks * tick_us);
        }
        self.times_us = requests.into_iter().map(|request| request.0).collect();
        for (start, end) in bounds {
            if let Some(own) = self.times_us.get_mut(start..end) {
                own.sort_unstable();
            }
        }
    }

    /// What a finding adds where times are computed.
    #[must_use]
    pub fn how_told(&self) -> &'static str {
        if self.stamps == Stamps::Ends {
            " (times of beginnings, computed from the ends that the log has, as its durations tell)"
        } else {
            ""
        }
    }

    /// What the tests of order could not know of the log's stamps.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let remark = match self.stamps {
            // Whoever finds something says what was done.
            Stamps::Beginnings | Stamps::Ends => return Vec::new(),
            Stamps::Unknown if self.are_timed => {
                "the durations do not tell whether times are beginnings or ends of requests; taken as beginnings, and ends would blur order"
            }
            Stamps::Unknown => {
                "without requests.latency_ms times are taken as beginnings of requests; ends would blur order"
            }
        };
        vec![remark.to_owned()]
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
        // What began before the last of them ended may have ended in one that was left out.
        let lost_us = if self.are_complete() {
            0
        } else {
            self.longest_us
        };
        first * STRETCH_US..(last + 1) * STRETCH_US - lost_us
    }
}

/// Largest step that all times are multiples of, in microseconds; 0 of none.
#[must_use]
pub fn tick(times_us: &[i64]) -> i64 {
    times_us
        .iter()
        .fold(0, |common, time| greatest_common(common, *time))
}

/// The greatest common divisor; of 0 and a number the number.
#[must_use]
pub fn greatest_common(one: i64, other: i64) -> i64 {
    let (mut a, mut b) = (one.unsigned_abs(), other.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i64::try_from(a).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_common_divisors() {
        assert_eq!(tick(&[10, 30, 50]), 10);
        assert_eq!((tick(&[]), tick(&[0, 0]), tick(&[-4, 6])), (0, 0, 2));
    }

    #[test]
    fn ends_become_beginnings_by_the_clock_of_the_log() {
        // Forty accounts that wait for each answer, some of which take long.
        let mut requests = Vec::new();
        for account in 0..40 {
            let mut begun = 1_000 * SECOND_US;
            for number in 0..12_i64 {
                let seconds = [30, 20, 1][usize::try_from(number % 3).unwrap()];
                let end = begun + seconds * SECOND_US;
                requests.push((
                    account,
                    (end, u32::try_from(seconds).unwrap() * 1_000 + 300),
                ));
                begun = end + SECOND_US;
            }
        }
        // A job of a day among them is left where it is.
        requests.push((7, (90_000 * SECOND_US, 86_400_000)));
        let moments = Moments::new(40, requests.clone(), 1);
        assert_eq!(moments.of(7).last(), Some(&(90_000 * SECOND_US)));
        assert_eq!(moments.stamps, Stamps::Ends);
        assert_eq!(
            moments.of(3)[..3],
            [1_000, 1_031, 1_052].map(|s| s * SECOND_US)
        );
        assert!(moments.remarks().is_empty() && moments.how_told().contains("from the ends"));
        assert_eq!(
            moments.whole_around(0, 0).end % STRETCH_US,
            STRETCH_US - 30 * SECOND_US
        );
        for (_, request) in &mut requests {
            request.1 = 0;
        }
        let moments = Moments::new(40, requests, 0);
        assert!(moments.remarks()[0].contains("requests.latency_ms"));
        assert_eq!(moments.of(3)[0], 1_030 * SECOND_US);
    }

    const SECOND_US: i64 = 1_000_000;

    #[test]
    fn spans_end_where_a_stretch_is_left_out() {
        let all = Moments::new(2, vec![(1, (5, 0)), (0, (9, 0)), (1, (2, 0))], 0);
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
