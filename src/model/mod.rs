//! Plain data that every stage shares: the canonical columns, batches, findings,
//! campaigns and the case. No input or output, no Polars, no policy.

pub mod batch;
pub mod campaign;
pub mod case;
pub mod closure;
pub mod column;
pub mod comparison;
pub mod coverage;
pub mod event;
pub mod failure;
pub mod finding;
pub mod number;
pub mod profile;
pub mod progress;
pub mod suppression;
pub mod watchlist;
pub mod week;
