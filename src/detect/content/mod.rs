//! Detectors of what the prompts are.

pub mod families;
pub mod template_spread;
