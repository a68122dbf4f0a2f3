//! The text kernel: words, fragments, hashes and excerpts of prompts. Plain functions
//! over `&str`; nothing here keeps text.

pub mod common;
pub mod excerpt;
pub mod fragments;
pub mod hash;
pub(crate) mod look_alikes;
mod masks;
mod smallest;
pub mod topic;
pub mod words;

pub use common::common_text;
pub use excerpt::excerpt;
pub use fragments::{FragmentBuffer, all_shingles, fragments};
pub use hash::text_hash;
pub use topic::TopicWords;
