//! Detectors of shared payers, addresses and clients.

pub mod address;
pub mod shared_infrastructure;
