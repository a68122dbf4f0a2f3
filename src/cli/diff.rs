//! `stillhunt diff`: what has changed from one case to another.

use anyhow::Result;

use crate::cli::arguments::{AnswerFormat, DiffArguments};
use crate::cli::escape::visible;
use crate::cli::{exit, judgement, quantity, stdout};
use crate::model::comparison::{CampaignChange, Comparison, State};
use crate::pipeline;
use crate::report;

/// Campaigns of one state that are listed before the rest is only counted.
const LISTED: usize = 50;

pub(super) fn run(arguments: &DiffArguments) -> Result<u8> {
    let comparison = pipeline::diff_cases(&arguments.old, &arguments.new)?;
    stdout::answer(&match arguments.format {
        AnswerFormat::Table => render(&comparison),
        AnswerFormat::Json => report::json_text(&comparison)?,
        AnswerFormat::Csv => report::changes_csv(&comparison)?,
    })?;
    let limit = arguments.fail_on_new.map(|limit| limit.verdict());
    if judgement::has_news(Some(&comparison), limit) {
        return Ok(exit::FOUND_NEW);
    }
    Ok(exit::DONE)
}

/// `1 new, 2 grown, 3 same`: how many campaigns are of which state.
pub(super) fn summary(comparison: &Comparison) -> String {
    let parts: Vec<String> = State::ALL
        .into_iter()
        .filter_map(|state| match comparison.count(state) {
            0 => None,
            count => Some(format!("{count} {}", state.name())),
        })
        .collect();
    if parts.is_empty() {
        "no campaign in either case".to_owned()
    } else {
        parts.join(", ")
    }
}

fn render(comparison: &Comparison) -> String {
    let mut text = format!(
        "against {}: {}\n",
        visible(&comparison.baseline),
        summary(comparison)
    );
    for state in State::ALL {
        let of_state = || {
            comparison
                .changes
                .iter()
                .filter(move |change| change.state == state)
        };
        for change in of_state().take(LISTED) {
            text.push_str(&format!("\n{:<7}{}\n", state.name(), heading(change)));
            text.push_str(&format!("       {}\n", visible(&change.because)));
        }
        let rest = of_state().count().saturating_sub(LISTED);
        if rest > 0 {
            text.push_str(&format!("\n{:<7}and {rest} more\n", state.name()));
        }
    }
    text
}

/// Id, verdict and accounts, each with what it was before where that differs.
fn heading(change: &CampaignChange) -> String {
    let id = match &change.before_id {
        Some(before) if *before != change.campaign_id => format!(
            "{} (before: {})",
            visible(&change.campaign_id),
            visible(before)
        ),
        _ => visible(&change.campaign_id),
    };
    let verdict = verdicts(change);
    let accounts = match change.state {
        State::New => quantity::of(change.accounts, "account"),
        State::Gone => quantity::of(change.accounts_before, "account"),
        _ => format!(
            "{}, {} joined, {} left",
            quantity::of(change.accounts, "account"),
            quantity::count(change.joined.len() as u64),
            quantity::count(change.left.len() as u64)
        ),
    };
    format!("{id}  {verdict}  {accounts}")
}

/// `likely -> strong`, or the one verdict there is.
pub(super) fn verdicts(change: &CampaignChange) -> String {
    match (change.verdict_before, change.verdict) {
        (Some(before), Some(after)) if before != after => {
            format!("{} -> {}", before.name(), after.name())
        }
        (Some(verdict), _) | (None, Some(verdict)) => verdict.name().to_owned(),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::campaign::Verdict;

    fn change(state: State) -> CampaignChange {
        CampaignChange {
            state,
            campaign_id: "C-9\u{1b}[31m".into(),
            before_id: (state != State::New).then(|| "C-1".into()),
            verdict: (state != State::Gone).then_some(Verdict::Strong),
            verdict_before: (state != State::New).then_some(Verdict::Likely),
            accounts: 3,
            accounts_before: 2,
            joined: vec!["a".into(), "b".into()],
            left: vec!["c".into()],
            templates: Vec::new(),
            because: "1 account in common".into(),
        }
    }

    #[test]
    fn every_state_is_worded_and_nothing_reaches_the_terminal_raw() {
        let comparison = Comparison {
            baseline: "last\u{202e}week".into(),
            changes: vec![
                change(State::New),
                change(State::Grown),
                change(State::Gone),
            ],
        };
        let text = render(&comparison);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
        assert!(text.contains("1 new, 1 grown, 1 gone"), "{text}");
        assert!(
            text.contains("(before: C-1)  likely -> strong  3 accounts, 2 joined, 1 left"),
            "{text}"
        );
        assert_eq!(
            summary(&Comparison::default()),
            "no campaign in either case"
        );
    }
}
