//! The few kinds of failure that differ in exit code.

use std::fmt;

/// A failure whose kind decides the exit code; anything else is an internal error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Wrong command line, map or configuration (exit 2).
    Usage(String),
    /// Nothing that can be analysed (exit 3).
    NoInput(String),
    /// A digest folder that cannot be used (exit 3).
    NoDigest(String),
    /// Finished with losses and `--strict` was given (exit 4).
    Degraded(String),
    /// A case did not verify (exit 5).
    Verification(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(text)
            | Failure::NoInput(text)
            | Failure::NoDigest(text)
            | Failure::Degraded(text)
            | Failure::Verification(text) => formatter.write_str(text),
        }
    }
}

impl std::error::Error for Failure {}
