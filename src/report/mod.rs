//! The last stage: one case becomes a folder that people and programs can read, and a
//! folder becomes a case again.
//!
//! ```text
//! CaseTables --present--> Presented --outputs--> temporary folder --rename--> case folder
//!                          (rounded once)          (synced, hashed)
//! ```
//!
//! [`outputs`] lists every file with its writer; a new format is one more line there.
//! [`pseudonym`] replaces the names in a case before any of this, so that no writer has to
//! know whether a case is pseudonymised.

mod case_file;
mod case_schema;
mod chart;
pub mod columns;
pub mod escape;
mod folder;
pub mod format;
mod graph;
mod indicators;
mod manifest;
mod outputs;
mod page;
mod present;
mod pseudonym;
mod read_back;
#[cfg(test)]
pub(crate) mod sample;
mod staging;
mod sums;
mod tables;
#[cfg(test)]
mod tests;
mod timeline;
mod verify;
mod view;
mod workbook;
mod write;

pub use case_file::{json_text, read_case, read_recorded_case};
pub use case_schema::case_schema;
pub use folder::write_folder;
pub use manifest::{DetectorVersion, Manifest, ManifestInput};
pub use outputs::ReportFormat;
pub use pseudonym::Pseudonyms;
pub use read_back::read_attributed;
pub use staging::{keep_inputs, keep_source, prepare_out};
pub use sums::hash_file;
pub use tables::changes::changes_csv;
pub use verify::{FileRole, FileStatus, Verification, VerifiedFile, changed_outputs, verify};
pub use write::{WriteDigest, WriteOptions, copy_pseudonymized, rerender, write_case};
