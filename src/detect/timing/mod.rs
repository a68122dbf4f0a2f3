//! What the clocks of accounts say.

pub mod dispatch;
pub mod no_ramp;
pub mod plan_usage;
pub mod round_the_clock;
pub mod synchrony;
