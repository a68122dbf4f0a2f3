//! What the clocks of accounts say.

pub mod clock_jump;
pub mod coincidence;
pub mod dispatch;
pub mod lags;
pub mod movement;
pub mod no_ramp;
pub mod plan_usage;
pub mod rotation;
pub mod round_the_clock;
pub mod synchrony;
#[cfg(test)]
mod test_clocks;
pub mod trains;
