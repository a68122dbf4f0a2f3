//! Whether a log's times are of the beginning or of the end of its requests.
//!
//! Who waits for an answer before asking again never has two requests under way. Read the right
//! way, the spans of such an account never overlap; read the wrong way, many do. An account votes
//! where one reading has no overlap and the other has several. Accounts with requests side by
//! side overlap in both readings and do not vote. A short request within a long one (a title that
//! is asked for while the answer comes) is no overlap that tells anything. What clients do is no
//! tossed coin: the vote stands where hardly anybody votes otherwise, and where half of those with
//! overlaps vote at all.

use crate::stats::tail::binomial_upper_log2;

/// What a log's times are of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stamps {
    /// The log has no durations, or they fit neither reading.
    #[default]
    Unknown,
    /// When requests began.
    Beginnings,
    /// When requests ended.
    Ends,
}

/// A request: when, in microseconds since the epoch, and for how long; 0 where not known.
pub type Moment = (i64, u32);

/// Fewest pairs of neighbours, and overlaps in the wrong reading, of an account that votes (ours).
const FEWEST_PAIRS: usize = 8;
const FEWEST_OVERLAPS: usize = 3;

/// Largest share of votes for the other reading, and least share of votes among accounts with so many
/// overlaps in either (ours: one client that sends side by side must not speak for a log).
const MOST_AGAINST: f64 = 0.05;
const FEWEST_VOTERS: f64 = 0.5;

/// The vote is settled where tossed coins would agree as much in one of a million logs (ours).
const SETTLED_BITS: f64 = 20.0;

/// Microseconds in a millisecond.
pub const MILLISECOND_US: i64 = 1_000;

/// Reads a log's stamps off the requests of its accounts, each in order of time. Spans that share
/// less than `tick_us`, the step of the log's clock, do not overlap.
pub fn stamps<'a>(accounts: impl Iterator<Item = &'a [Moment]>, tick_us: i64) -> Stamps {
    let (mut beginnings, mut ends, mut telling) = (0_u64, 0_u64, 0_u64);
    for moments in accounts {
        let (mut pairs, mut as_beginnings, mut as_ends) = (0, [0; 2], [0; 2]);
        for pair in moments.windows(2) {
            let [(earlier, first), (later, second)] = *pair else {
                continue;
            };
            if first == 0 || second == 0 {
                continue;
            }
            let gap = later.saturating_sub(earlier).saturating_add(tick_us);
            let [first, second] = [first, second].map(|ms| i64::from(ms) * MILLISECOND_US);
            pairs += 1;
            // All overlaps, and those in which neither request lies within the other.
            as_beginnings[0] += usize::from(gap < first);
            as_beginnings[1] += usize::from(gap < first && gap.saturating_add(second) > first);
            as_ends[0] += usize::from(gap < second);
            as_ends[1] += usize::from(gap < second && gap.saturating_add(first) > second);
        }
        if pairs >= FEWEST_PAIRS {
            let enough = |overlaps: [usize; 2]| overlaps[1] >= FEWEST_OVERLAPS;
            telling += u64::from(enough(as_beginnings) || enough(as_ends));
            beginnings += u64::from(as_beginnings[0] == 0 && enough(as_ends));
            ends += u64::from(as_ends[0] == 0 && enough(as_beginnings));
        }
    }
    let votes = beginnings + ends;
    let against = beginnings.min(ends) as f64;
    if -binomial_upper_log2(beginnings.max(ends), votes, 0.5) < SETTLED_BITS
        || against > MOST_AGAINST * votes as f64
        || (votes as f64) < FEWEST_VOTERS * telling as f64
    {
        Stamps::Unknown
    } else if beginnings > ends {
        Stamps::Beginnings
    } else {
        Stamps::Ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    const SECOND_US: i64 = 1_000_000;

    fn draw(random: &mut Random, mean_seconds: f64) -> f64 {
        -mean_seconds * (1.0 - random.unit_f64()).ln()
    }

    /// Accounts with so many workers each, every one of which waits for its answer and then a
    /// little; stamped at the end or the beginning, by a clock of so many seconds.
    fn log(accounts: usize, workers: usize, at_end: bool, clock_seconds: i64) -> Vec<Vec<Moment>> {
        let mut random = Random::new(7);
        let mut all = Vec::new();
        for _ in 0..accounts {
            let mut moments = Vec::new();
            for _ in 0..workers {
                let mut now = draw(&mut random, 30.0);
                for _ in 0..40 {
                    let duration = draw(&mut random, 20.0) + 1.0;
                    let stamp = if at_end { now + duration } else { now };
                    let ticks = (stamp * 1e6) as i64 / (clock_seconds * SECOND_US).max(1);
                    moments.push((
                        ticks * (clock_seconds * SECOND_US).max(1),
                        (duration * 1e3) as u32,
                    ));
                    now += duration + draw(&mut random, 5.0);
                }
            }
            moments.sort_unstable();
            all.push(moments);
        }
        all
    }

    fn read(log: &[Vec<Moment>], tick_us: i64) -> Stamps {
        stamps(log.iter().map(Vec::as_slice), tick_us)
    }

    #[test]
    fn who_waits_for_answers_tells_beginnings_from_ends() {
        for (clock_seconds, tick_us) in [(0, 1), (1, SECOND_US)] {
            let beginnings = log(30, 1, false, clock_seconds);
            assert_eq!(read(&beginnings, tick_us), Stamps::Beginnings);
            assert_eq!(
                read(&log(30, 1, true, clock_seconds), tick_us),
                Stamps::Ends
            );
        }
    }

    #[test]
    fn workers_side_by_side_do_not_vote() {
        for workers in [2, 8] {
            for at_end in [false, true] {
                assert_eq!(read(&log(200, workers, at_end, 0), 1), Stamps::Unknown);
            }
        }
    }

    #[test]
    fn a_client_that_asks_for_a_title_meanwhile_says_nothing() {
        let mut random = Random::new(9);
        for at_end in [false, true] {
            let mut chats = Vec::new();
            for _ in 0..60 {
                let (mut moments, mut now) = (Vec::new(), draw(&mut random, 60.0));
                for _ in 0..15 {
                    let answer = draw(&mut random, 20.0) + 5.0;
                    let title = now + 1.0 + random.unit_f64();
                    for (begun, lasts) in [(now, answer), (title, 0.8)] {
                        let stamp = if at_end { begun + lasts } else { begun };
                        moments.push(((stamp * 1e6) as i64, (lasts * 1e3) as u32));
                    }
                    now += answer + 5.0 + draw(&mut random, 60.0);
                }
                moments.sort_unstable();
                chats.push(moments);
            }
            assert_eq!(read(&chats, 1), Stamps::Unknown, "at end: {at_end}");
        }
    }

    #[test]
    fn a_few_who_vote_otherwise_leave_it_open() {
        let mut mixed = log(60, 1, false, 0);
        mixed.extend(log(10, 1, true, 0));
        assert_eq!(read(&mixed, 1), Stamps::Unknown);
        // Nor do a few speak for many whose overlaps tell nothing.
        let mut few = log(30, 1, true, 0);
        few.extend(log(100, 4, true, 0));
        assert_eq!(read(&few, 1), Stamps::Unknown);
    }

    #[test]
    fn durations_that_have_nothing_to_do_with_the_times_settle_nothing() {
        let mut random = Random::new(3);
        let mut unrelated = log(300, 1, false, 0);
        for moments in &mut unrelated {
            let mut durations: Vec<u32> = moments.iter().map(|moment| moment.1).collect();
            random.shuffle(&mut durations);
            for (moment, duration) in moments.iter_mut().zip(durations) {
                moment.1 = duration;
            }
        }
        assert_eq!(read(&unrelated, 1), Stamps::Unknown);
    }

    #[test]
    fn few_accounts_and_absent_durations_settle_nothing() {
        assert_eq!(read(&log(12, 1, true, 0), 1), Stamps::Unknown);
        let mut without = log(60, 1, true, 0);
        for moment in without.iter_mut().flatten() {
            moment.1 = 0;
        }
        assert_eq!(read(&without, 1), Stamps::Unknown);
        let extreme = vec![vec![(i64::MIN, u32::MAX), (i64::MAX, u32::MAX)]; 40];
        assert_eq!(read(&extreme, i64::MAX), Stamps::Unknown);
    }
}
