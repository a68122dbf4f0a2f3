//! Detectors of shared payers, addresses and clients.

pub mod address;
pub mod key_sharing;
pub mod shared_identity;
pub mod shared_infrastructure;
pub mod signup_burst;
