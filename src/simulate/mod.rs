//! Seeded scenarios: synthetic logs with a known truth.
//!
//! A preset is a plain [`Scenario`]; [`write`] turns it into request files, an accounts table,
//! events and the truth about accounts and requests. The same scenario, seed and options give
//! the same bytes, whatever the number of threads; the number of files does not change the rows.
//! Everything in these logs is invented: addresses, names, cards and models stand for nobody.

mod build;
mod campaigns;
mod clients;
mod clocks;
mod columns;
mod corpus;
mod february;
mod fleets;
mod gateways;
mod general;
mod grammar;
mod innocents;
mod knobs;
mod lookalikes;
mod machines;
mod means;
mod origins;
mod page;
mod places;
mod presets;
mod random;
mod returners;
mod row;
mod scenario;
mod september;
mod sinks;
mod succession;
mod tables;
#[cfg(test)]
mod tests;
mod ticks;
mod world;
mod write;

pub use innocents::Innocent;
pub use knobs::Knobs;
pub use presets::{PresetInfo, preset, presets};
pub use scenario::{CampaignPlan, Hours, Registration, Scenario, TemplatePlan};
pub use sinks::Format;
pub use world::Dispatch;
pub use write::{CampaignCount, SimulateOptions, Summary, write};
