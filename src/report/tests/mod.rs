//! Tests of the stage as a whole: a case folder written, read back, attacked and checked.

mod exports;
mod folder;
mod hostile;
mod large;
mod round_trip;

use std::path::Path;

use crate::config::options::Quote;
use crate::report::manifest::Manifest;
use crate::report::write::WriteOptions;

/// Options of an ordinary run.
pub(crate) fn options(out: &Path) -> WriteOptions {
    WriteOptions {
        out: out.to_owned(),
        force: false,
        quote: Quote::Masked,
        manifest: Manifest {
            argv: vec!["stillhunt".into(), "scan".into(), "logs".into()],
            threads: 2,
            seed: 7,
            ..Manifest::default()
        },
        run_log: "read 2 files\n".into(),
        digest: None,
    }
}

/// Names in a folder, hidden ones too, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
