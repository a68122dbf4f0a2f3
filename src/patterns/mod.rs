//! Pattern packs: wordings that tell what a prompt is for.
//!
//! A pack is a TOML file of rules. Each names a capability, its weight in bits, where it
//! comes from, which innocent prompts look alike, and examples that it must and must not
//! match; the examples are tested whenever the pack is loaded. Cues are weak: they name
//! what a template is for, they never make a verdict.

pub mod about;
pub mod check;
mod format;
pub mod load;
pub mod matcher;
pub mod normal;
pub mod rule;
mod starts;
#[cfg(test)]
mod tests;

pub use about::{PackAbout, PatternsAbout, RuleAbout};
pub use load::{built_in, load};
pub use matcher::{Matcher, Role, Scratch};
pub use rule::{Pack, Rule};
