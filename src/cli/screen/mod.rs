//! The end-of-run screen: what was read, what could not be, what was found, and where
//! the report is. Pure functions from a case to text of at most 80 columns.

mod blocks;
mod campaigns;
mod coverage;
mod detectors;
mod layout;

use std::path::Path;

use crate::cli::escape::visible;
use crate::cli::{diff, quantity};
use crate::model::case::{Case, CaseTables};
use crate::model::comparison::{Comparison, State};
use crate::model::coverage::Coverage;
use crate::model::finding::{DetectorRun, RunStatus, TEMPLATE_SPREAD};
use crate::model::suppression::SuppressionState;
use crate::model::watchlist::Watchlist;

pub(crate) use self::blocks::render as render_blocks;
pub(crate) use self::layout::Colour;
use self::layout::{Screen, Style};

/// New and grown campaigns named on the screen.
const NEWS_NAMED: usize = 5;

/// The screen after `scan`.
pub(crate) fn render(tables: &CaseTables, out: &Path, colour: Colour) -> String {
    let case = &tables.case;
    let mut screen = Screen::new(colour);
    screen.heading(&format!(
        "stillhunt {}   profile {}   seed {}",
        case.tool_version, case.profile, case.seed
    ));
    screen.blank();
    coverage::write(&mut screen, &case.coverage, Some(tables.rejects.len()));
    detectors::write(&mut screen, &case.detectors);
    for note in &case.coverage.notes {
        screen.entry("note", &visible(note), Style::Plain);
    }
    screen.blank();
    campaigns::write(&mut screen, &case.campaigns);
    screen.blank();
    for (text, style) in suppressed(case) {
        screen.entry("suppressed", &text, style);
    }
    if let Some(comparison) = &case.comparison {
        screen.entry("baseline", &compared(comparison), Style::Plain);
    }
    if let Some(watchlist) = &case.watchlist {
        screen.entry("watch list", &watched(watchlist), Style::Plain);
    }
    screen.entry("templates", &templates(case), Style::Plain);
    screen.entry("left out", &left_out(case), Style::Plain);
    screen.verbatim("report", &out.join("report.html").display().to_string());
    screen.verbatim("check", &format!("stillhunt verify {}", out.display()));
    screen.blank();
    screen.paragraph(&case.caveat);
    let missing = detectors::not_run(&case.detectors);
    if missing > 0 {
        let missing = quantity::of(missing, "detector");
        let they = if missing.starts_with("1 ") {
            "it looks"
        } else {
            "they look"
        };
        screen.paragraph(&format!(
            "{missing} could not run: what {they} for was not looked for."
        ));
    }
    screen.finish()
}

/// The screen after `digest`.
pub(crate) fn render_digest(read: &Coverage, out: &Path, colour: Colour) -> String {
    let mut screen = Screen::new(colour);
    coverage::write(&mut screen, read, None);
    for note in &read.notes {
        screen.entry("note", &visible(note), Style::Plain);
    }
    screen.verbatim("digest", &out.display().to_string());
    screen.verbatim(
        "go on",
        &format!(
            "stillhunt scan --digests {} [--accounts FILE] [--events FILE] --out DIR",
            out.display()
        ),
    );
    screen.finish()
}

/// The part of `inspect` that concerns all files together.
pub(crate) fn render_inspection(
    read: &Coverage,
    detectors: &[DetectorRun],
    colour: Colour,
) -> String {
    let mut screen = Screen::new(colour);
    coverage::write(&mut screen, read, None);
    coverage::write_columns(&mut screen, read);
    detectors::write_prospects(&mut screen, detectors);
    for note in &read.notes {
        screen.entry("note", &visible(note), Style::Plain);
    }
    screen.finish()
}

/// What suppressions hide, and those that hide nothing any more; nothing without a file.
fn suppressed(case: &Case) -> Vec<(String, Style)> {
    if case.suppressions.is_empty() {
        return Vec::new();
    }
    let of = |state| {
        let entries = case.suppressions.iter().filter(|one| one.state == state);
        u64::try_from(entries.count()).unwrap_or(u64::MAX)
    };
    let hidden = case
        .findings
        .iter()
        .filter(|finding| finding.suppressed_by.is_some())
        .count();
    let mut lines = vec![(
        format!(
            "{}{} and {} by {} of {}",
            quantity::of(length(&case.suppressed_campaigns), "campaign"),
            [
                (
                    case.suppressions.iter().map(|one| one.accounts).sum(),
                    "account"
                ),
                (
                    case.suppressions.iter().map(|one| one.templates).sum(),
                    "template"
                ),
            ]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!(", {} by name", quantity::of(count, what)))
            .collect::<String>(),
            quantity::of(u64::try_from(hidden).unwrap_or(u64::MAX), "finding"),
            quantity::count(of(SuppressionState::Applied)),
            match case.suppressions.len() {
                1 => "1 entry".to_owned(),
                _ => format!("{} entries", quantity::count(length(&case.suppressions))),
            }
        ),
        Style::Yellow,
    )];
    let partly = case
        .suppressions
        .iter()
        .filter(|one| one.state != SuppressionState::Unmatched && !one.not_in_case.is_empty())
        .count();
    if partly > 0 {
        lines.push((
            format!(
                "{} also names what is not in the case (suppressions.csv)",
                quantity::count(u64::try_from(partly).unwrap_or(u64::MAX))
            ),
            Style::Plain,
        ));
    }
    for (state, words) in [
        (
            SuppressionState::SetAside,
            "would hide something, but nothing is hidden",
        ),
        (
            SuppressionState::Expired,
            "expired before the log's last request",
        ),
        (SuppressionState::Unmatched, "matched nothing"),
    ] {
        match of(state) {
            0 => {}
            entries => lines.push((
                format!("{} {words}", quantity::count(entries)),
                Style::Plain,
            )),
        }
    }
    lines
}

fn templates(case: &Case) -> String {
    let inside = case
        .templates
        .iter()
        .filter(|template| template.campaign_id.is_some())
        .count();
    let looked = case
        .detectors
        .iter()
        .any(|run| run.detector == TEMPLATE_SPREAD && run.status == RunStatus::Ran);
    match case.templates.len() {
        0 if !looked => format!("not looked for: {TEMPLATE_SPREAD} did not run"),
        0 => "no prompt template is shared by several accounts".to_owned(),
        all => format!("{all} shared by several accounts, {inside} of them in campaigns"),
    }
}

/// What is new, with the ids a reader looks up first.
fn compared(comparison: &Comparison) -> String {
    let news: Vec<String> = comparison
        .changes
        .iter()
        .filter(|change| change.state.is_news() || change.state == State::Lowered)
        .take(NEWS_NAMED)
        .map(|change| {
            let mut text = format!(
                "{} {}",
                visible(&change.campaign_id),
                diff::verdicts(change)
            );
            if change.state == State::New {
                text.push_str(" new");
            }
            for (accounts, what) in [(&change.joined, "joined"), (&change.left, "left")] {
                if change.state != State::New && !accounts.is_empty() {
                    let count = quantity::count(accounts.len() as u64);
                    text.push_str(&format!(", {count} {what}"));
                }
            }
            text
        })
        .collect();
    let summary = diff::summary(comparison);
    if news.is_empty() {
        summary
    } else {
        format!("{summary}: {}", news.join("; "))
    }
}

fn watched(watchlist: &Watchlist) -> String {
    let entries = match watchlist.entries {
        1 => "1 entry".to_owned(),
        entries => format!("{} entries", quantity::count(entries)),
    };
    let mut text = format!(
        "{entries}, {} matched by {}, {} of them in no campaign but a lead of the list's own",
        quantity::count(watchlist.matched),
        quantity::of(watchlist.accounts, "account"),
        quantity::count(watchlist.accounts_outside)
    );
    if !watchlist.unread.is_empty() {
        text.push_str(&format!(
            "; {} more cannot be looked for, listed in the report",
            quantity::count(length(&watchlist.unread))
        ));
    }
    text
}

fn left_out(case: &Case) -> String {
    match length(&case.suppressed_hubs) {
        0 => "no shared key".to_owned(),
        keys => format!(
            "{} taken for public ones, listed in the report",
            quantity::of(keys, "shared key")
        ),
    }
}

/// The length of a list as a count.
fn length<T>(list: &[T]) -> u64 {
    u64::try_from(list.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
