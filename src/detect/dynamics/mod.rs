//! What accounts do when models are released and accounts are closed, and what they carry over.

pub mod closings;
pub mod conversation_replay;
pub mod failover;
pub mod heirs;
pub mod mixed_traffic;
pub mod model_pivot;
pub mod release_window;
pub mod releases;
pub mod signature_replay;
pub mod subjects;
pub mod succession;
pub mod waves;
