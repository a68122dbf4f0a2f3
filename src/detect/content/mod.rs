//! Detectors of what the prompts are.

pub mod capability;
pub mod families;
pub mod parameter_uniformity;
pub mod pattern_cues;
pub mod template_spread;
