//! Errors as the user sees them: one line that says what is wrong, one that may help.

use std::io::Write;

use crate::cli::escape::visible;
use crate::cli::exit;
use crate::model::failure::Failure;

/// The exit code of an error.
#[must_use]
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
    match kind(error) {
        Some(Failure::Usage(_)) => exit::USAGE,
        Some(Failure::NoInput(_) | Failure::NoDigest(_)) => exit::NO_INPUT,
        Some(Failure::Degraded(_)) => exit::DEGRADED,
        Some(Failure::Verification(_)) => exit::VERIFICATION,
        None => exit::INTERNAL,
    }
}

/// `error: ...`, and where there is something to do about it `help: ...`.
#[must_use]
pub(crate) fn describe(error: &anyhow::Error) -> String {
    // One line, whatever file names and values an error quotes.
    let mut text = format!("error: {}\n", visible(&format!("{error:#}")));
    let help = match kind(error) {
        Some(Failure::NoDigest(_)) => {
            "`stillhunt digest LOGS... --out DIR` writes a digest; every case has one in its folder `digest`"
        }
        Some(Failure::Degraded(_)) => {
            "the case folder is complete and says what was lost; run without --strict and --max-rejects to accept the losses"
        }
        Some(Failure::Verification(_)) => {
            "the case or its inputs changed after it was written; go back to an untouched copy"
        }
        Some(Failure::NoInput(_) | Failure::Usage(_)) | None => return text,
    };
    text.push_str("help: ");
    text.push_str(help);
    text.push('\n');
    text
}

/// Writes the description to standard error; nothing can be done if that fails.
pub(crate) fn report(error: &anyhow::Error) {
    let _ = std::io::stderr().write_all(describe(error).as_bytes());
}

fn kind(error: &anyhow::Error) -> Option<&Failure> {
    error.chain().find_map(|cause| cause.downcast_ref())
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    #[test]
    fn the_kind_is_found_below_any_context() {
        let error = Err::<(), _>(anyhow::Error::from(Failure::NoDigest("empty".into())))
            .context("reading a")
            .unwrap_err();
        assert_eq!(exit_code(&error), exit::NO_INPUT);
        let text = describe(&error);
        assert!(
            text.starts_with("error: reading a: empty\nhelp: "),
            "{text}"
        );
    }

    #[test]
    fn an_error_stays_on_its_line_and_carries_no_escape_sequence() {
        let error = anyhow!("cannot read a\n\u{1b}[2Jb\u{202e}c");
        assert_eq!(exit_code(&error), exit::INTERNAL);
        assert_eq!(
            describe(&error),
            "error: cannot read a\\u{a}\\u{1b}[2Jb\\u{202e}c\n"
        );
    }
}
