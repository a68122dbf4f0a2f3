//! Detectors of shared payers, addresses and clients.

pub mod address;
pub mod address_overlap;
pub mod companies;
pub mod cross_pathway;
pub mod geography_mismatch;
pub mod key_sharing;
mod keyed;
pub mod metadata_sanitised;
pub mod public_ranges;
pub mod shared_domain;
pub mod shared_identity;
pub mod shared_infrastructure;
pub mod shared_payment;
pub mod shared_signup;
pub mod signup_burst;
