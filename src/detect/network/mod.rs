//! Detectors of shared payers, addresses and clients.

pub mod address;
pub mod shared_identity;
pub mod shared_infrastructure;
