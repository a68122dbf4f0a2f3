//! `stillhunt verify`: whether a case and its inputs are still what they were.

use anyhow::Result;

use crate::cli::arguments::VerifyArguments;
use crate::cli::escape::visible;
use crate::cli::quantity;
use crate::cli::{exit, stdout};
use crate::model::failure::Failure;
use crate::model::progress::Silent;
use crate::pipeline::{self, Verification};

/// Disagreements listed before the rest is only counted.
const LISTED: usize = 50;

pub(super) fn run(arguments: &VerifyArguments) -> Result<u8> {
    let verification =
        pipeline::verify_case(&arguments.case, arguments.inputs.as_deref(), &Silent)?;
    stdout::answer(&render(&verification))?;
    if verification.problems.is_empty() {
        return Ok(exit::DONE);
    }
    let number = u64::try_from(verification.problems.len()).unwrap_or(u64::MAX);
    let message = format!(
        "{} does not verify: {}",
        arguments.case.display(),
        quantity::of(number, "disagreement")
    );
    Err(Failure::Verification(message).into())
}

fn render(verification: &Verification) -> String {
    let mut text = format!(
        "agree: {} of the case, {}\n",
        quantity::of(verification.files, "file"),
        quantity::of(verification.inputs, "input")
    );
    if !verification.notes.is_empty() {
        let absent = u64::try_from(verification.notes.len()).unwrap_or(u64::MAX);
        text.push_str(&format!(
            "not checked: {}; --inputs DIR names the folder they lie in now\n",
            quantity::of(absent, "input")
        ));
    }
    for note in &verification.notes {
        text.push_str(&format!("note: {}\n", visible(note)));
    }
    for problem in verification.problems.iter().take(LISTED) {
        text.push_str(&format!("wrong: {}\n", visible(problem)));
    }
    let unlisted = verification.problems.len().saturating_sub(LISTED);
    if unlisted > 0 {
        text.push_str(&format!("wrong: {unlisted} more\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreements_notes_and_problems_are_told_apart() {
        let verification = Verification {
            files: 1,
            inputs: 2,
            problems: vec!["report.html\u{1b}: hash differs".into()],
            notes: vec!["a.csv is not there any more".into()],
        };
        assert_eq!(
            render(&verification),
            "agree: 1 file of the case, 2 inputs\n\
             not checked: 1 input; --inputs DIR names the folder they lie in now\n\
             note: a.csv is not there any more\n\
             wrong: report.html\\u{1b}: hash differs\n"
        );
    }
}
