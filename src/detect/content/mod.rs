//! Detectors of what the prompts are.

pub mod canary_probing;
pub mod capability;
pub mod capability_focus;
pub mod coverage_sweep;
pub mod families;
pub mod near_duplicates;
pub mod parameter_uniformity;
pub mod pattern_cues;
mod postings;
pub mod prompt_order;
pub mod recon_then_scale;
pub mod repeat_sampling;
pub mod sharding;
pub mod sketches;
pub mod template_spread;
mod turns;
