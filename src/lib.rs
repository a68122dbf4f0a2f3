//! stillhunt reads exported LLM-API logs offline, finds networks of fake accounts
//! that draw a model's capabilities out of it, and writes a case folder.
//!
//! Data flows one way:
//!
//! ```text
//! logs, accounts, events
//!        | load      any format -> canonical batches, rejects counted, inputs hashed
//!        | digest    one parallel pass folds batches into small mergeable tables
//!        | detect    detectors run in parallel over the digest -> findings in bits
//!        | fuse      findings -> account graph -> clusters -> campaigns with a verdict
//!        | report    one case -> HTML, JSON, CSV, Parquet, Markdown
//! ```

pub mod cli;
pub mod compare;
pub mod config;
pub mod detect;
pub mod digest;
pub mod evaluate;
pub mod explain;
pub mod fuse;
pub mod label;
pub mod load;
pub mod model;
pub mod patterns;
pub mod pipeline;
pub mod report;
pub mod simulate;
pub mod stats;
pub mod suite;
pub mod suppress;
pub mod text;
pub mod trial;
pub mod watch;
