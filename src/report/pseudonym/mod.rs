//! Pseudonymised cases: everything that names someone is replaced by a token that only the
//! holder of the key can make again, and a mapping beside the key leads back.
//!
//! ```text
//! CaseTables, Manifest --names--> tokens (and the mapping)
//!                      --words--> every other text without what was replaced
//! ```
//!
//! A token is an HMAC-SHA-256 of what it stands for under the secret of the key file. A
//! plain hash would not do: whoever guesses an address or a payment number can hash the
//! guess. For the same reason the ids of campaigns, findings and templates, which are plain
//! hashes of what they stand on, become tokens as well. Texts that quote a log (excerpts,
//! statements, the command line) are left out or worded anew; all other texts are searched
//! for everything that was replaced.
//!
//! Times, counts, models and the hashes of the input files stay: they are what a reader
//! checks a case by. Someone who has the log itself can recognise it by them.

mod key;
mod names;
mod tokens;
mod words;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::model::case::CaseTables;
use crate::report::manifest::Manifest;
use crate::report::pseudonym::key::KeyFile;
use crate::report::pseudonym::tokens::Tokens;
use crate::report::pseudonym::words::Scrubber;

/// The sentence that a pseudonymised case carries among its notes.
const NOTE: &str = "Pseudonymised: accounts, keys, groups, request ids, file names and the ids of campaigns, findings and templates are keyed tokens; excerpts, the command line and the digest are left out. Times, counts, models and the hashes of the input files are as they were.";

/// Stands where the command line was.
const NO_COMMAND_LINE: &str = "(the command line is left out of a pseudonymised case)";

/// A key with the tokens made by it so far.
#[derive(Debug)]
pub struct Pseudonyms {
    key: KeyFile,
    tokens: Tokens,
}

impl Pseudonyms {
    /// Reads the key, or makes one where the file does not exist.
    ///
    /// `folders` are those of cases, in which a key must never lie.
    ///
    /// # Errors
    /// [`crate::model::failure::Failure::Usage`] when the file is no key, lies inside a case,
    /// or cannot be made.
    pub fn open(path: &Path, folders: &[&Path]) -> Result<Pseudonyms> {
        let (key, secret) = KeyFile::open(path, folders)?;
        Ok(Pseudonyms {
            key,
            tokens: Tokens::new(secret),
        })
    }

    /// Replaces everything that names someone.
    ///
    /// # Errors
    /// A defect: when the replaced texts no longer make a case.
    pub fn apply(&mut self, tables: &mut CaseTables, manifest: &mut Manifest) -> Result<()> {
        let mut named = names::Named::default();
        names::replace_inputs(tables, manifest, &mut self.tokens, &mut named);
        names::replace_names(tables, &mut self.tokens, &mut named)?;
        manifest.argv = vec!["stillhunt".to_owned(), NO_COMMAND_LINE.to_owned()];
        let scrubber = Scrubber::new(named)?;
        scrubber.scrub(tables)?;
        tables.case.coverage.notes.push(NOTE.to_owned());
        Ok(())
    }

    /// Writes the way back beside the key; answers with its path.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_mapping(&self, case: &Path) -> Result<PathBuf> {
        self.key.write_mapping(case, &self.tokens)
    }
}

#[cfg(test)]
mod tests;
