//! The last stage: one case becomes a folder that people and programs can read, and a
//! folder becomes a case again.
//!
//! ```text
//! CaseTables --present--> Presented --outputs--> temporary folder --rename--> case folder
//!                          (rounded once)          (synced, hashed)
//! ```
//!
//! [`outputs`] lists every file with its writer; a new format is one more line there.

mod case_file;
mod chart;
pub mod columns;
pub mod escape;
mod folder;
pub mod format;
mod manifest;
mod outputs;
mod page;
mod present;
#[cfg(test)]
mod sample;
mod staging;
mod sums;
mod tables;
#[cfg(test)]
mod tests;
mod verify;
mod view;
mod write;

pub use case_file::read_case;
pub use folder::write_folder;
pub use manifest::{DetectorVersion, Manifest, ManifestInput};
pub use staging::prepare_out;
pub use sums::hash_file;
pub use verify::{FileRole, FileStatus, Verification, VerifiedFile, verify};
pub use write::{WriteOptions, rerender, write_case};
