//! How often requests of different accounts follow each other at the same lag.

use crate::detect::timing::trains::{Event, Measured, SECOND_US};

/// Lags in seconds that are looked at.
const LAGS: usize = 61;

/// Requests of the stream that are compared with one, so that a burst costs no more.
const NEXT: usize = 32;

/// Pairs of requests of different accounts at the most frequent lag, and that lag in seconds.
#[must_use]
pub fn most_frequent_lag(events: &[Event], _accounts: usize) -> (f64, usize) {
    let mut counts = [0_u64; LAGS];
    for (place, (time_us, account)) in events.iter().enumerate() {
        for (later_us, other) in events.iter().skip(place + 1).take(NEXT) {
            // To the nearest second, so that a fixed lag is not cut in two by an edge.
            let lag = (later_us - time_us + SECOND_US / 2) / SECOND_US;
            let lag = usize::try_from(lag).unwrap_or(LAGS);
            let Some(count) = counts.get_mut(lag) else {
                break;
            };
            *count += u64::from(account != other);
        }
    }
    let mut best = 0;
    for (lag, count) in counts.iter().enumerate() {
        if *count > counts[best] {
            best = lag;
        }
    }
    (counts[best] as f64, best)
}

/// Times as frequent as in surrogates that the most frequent lag must be (ours, as for habits).
pub const MINIMUM_RATIO: f64 = 2.0;

/// Whether the most frequent lag is more frequent than in surrogates.
#[must_use]
pub fn act_together(measured: &Measured<usize>) -> bool {
    measured.bits > 0.0 && measured.value >= MINIMUM_RATIO * measured.expected.max(1.0)
}
