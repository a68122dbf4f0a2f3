//! What was read and what was not.

use crate::cli::escape::visible;
use crate::cli::screen::layout::{Screen, Style, left, right};
use crate::cli::screen::length;
use crate::cli::{moment, quantity};
use crate::model::coverage::{Coverage, RejectCount, RejectScope};

/// Reasons for rejects shown; rejects.csv and the report have them all.
const REASONS_SHOWN: usize = 3;

/// Files, rows, window, accounts.
///
/// `listed` is how many rejects stand in `rejects.csv`, where there is one.
pub(super) fn write(screen: &mut Screen, coverage: &Coverage, listed: Option<usize>) {
    let stored: u64 = coverage
        .inputs
        .iter()
        .fold(0, |sum, input| sum.saturating_add(input.bytes));
    screen.entry(
        "input",
        &format!(
            "{}, {}, {} read",
            quantity::of(length(&coverage.inputs), "file"),
            quantity::bytes(stored),
            quantity::of(coverage.rows_read, "row"),
        ),
        Style::Plain,
    );
    let rejected = match coverage.rows_rejected {
        0 => "0 rejected".to_owned(),
        rows => format!(
            "{} rejected ({})",
            quantity::count(rows),
            quantity::percent(rows, coverage.rows_read)
        ),
    };
    let mut rows = format!("{} used, {rejected}", quantity::count(coverage.rows_used));
    if coverage.rows_outside_window > 0 {
        let outside = quantity::count(coverage.rows_outside_window);
        rows.push_str(&format!(", {outside} outside the window"));
    }
    let style = match coverage.rows_rejected {
        0 => Style::Plain,
        _ => Style::Yellow,
    };
    screen.entry("", &rows, style);
    write_reasons(screen, coverage, listed);
    write_window(screen, coverage);
    screen.entry("accounts", &accounts(coverage), Style::Plain);
    write_side_inputs(screen, coverage);
}

/// Where the rejects can be found: all of them, or only the first.
fn located(coverage: &Coverage, listed: Option<usize>) -> String {
    let all = coverage
        .reject_counts
        .iter()
        .fold(0_u64, |sum, count| sum.saturating_add(count.count));
    match listed.map(|listed| u64::try_from(listed).unwrap_or(u64::MAX)) {
        None => "`scan` locates each in rejects.csv".to_owned(),
        Some(listed) if listed >= all => "each located in rejects.csv".to_owned(),
        Some(listed) => format!(
            "the first {} located in rejects.csv, all counted in reject_counts.csv",
            quantity::count(listed)
        ),
    }
}

/// What the accounts and events tables lost; silent where they lost nothing.
fn write_side_inputs(screen: &mut Screen, coverage: &Coverage) {
    for (position, side) in coverage.side_inputs.iter().enumerate() {
        let number = position + coverage.inputs.len();
        let values = coverage
            .reject_counts
            .iter()
            .filter(|count| count.file as usize == number && count.scope == RejectScope::Cell)
            .fold(0_u64, |sum, count| sum.saturating_add(count.count));
        if side.input.rows_rejected == 0 && values == 0 {
            continue;
        }
        let text = format!(
            "{} table: {} of {} rejected, {} left out; see rejects.csv",
            side.table,
            quantity::count(side.input.rows_rejected),
            quantity::of(side.input.rows_read, "row"),
            quantity::of(values, "value"),
        );
        screen.entry("", &text, Style::Yellow);
    }
}

/// How full each canonical column is.
pub(super) fn write_columns(screen: &mut Screen, coverage: &Coverage) {
    let mut label = "columns";
    for column in coverage.columns.iter().filter(|column| column.present > 0) {
        let rows = column.present.saturating_add(column.null);
        let share = quantity::percent(column.present, rows);
        let name = left(&visible(&column.column), 22);
        screen.entry(
            label,
            &format!("{name} {} filled", right(&share, 13)),
            Style::Plain,
        );
        label = "";
    }
    let absent: Vec<&str> = coverage
        .columns
        .iter()
        .filter(|column| column.present == 0)
        .map(|column| column.column.as_str())
        .collect();
    if !absent.is_empty() {
        let text = format!("absent or empty: {}", absent.join(", "));
        screen.entry("", &visible(&text), Style::Plain);
    }
}

fn write_reasons(screen: &mut Screen, coverage: &Coverage, listed: Option<usize>) {
    // Over all files: the same reason in a thousand files is one line.
    let mut reasons: Vec<(RejectScope, &str, &str, u64)> = Vec::new();
    let mut counts: Vec<&RejectCount> = coverage
        .reject_counts
        .iter()
        .filter(|count| (count.file as usize) < coverage.inputs.len())
        .collect();
    counts.sort_by_key(|count| (count.scope, &count.column, &count.reason));
    for count in counts {
        match reasons.last_mut() {
            Some((scope, column, reason, total))
                if (*scope, *column, *reason)
                    == (count.scope, count.column.as_str(), count.reason.as_str()) =>
            {
                *total = total.saturating_add(count.count);
            }
            _ => reasons.push((count.scope, &count.column, &count.reason, count.count)),
        }
    }
    // Whole rows before single values, frequent before rare; the rest keeps its order.
    reasons.sort_by_key(|(scope, _, _, total)| (*scope, std::cmp::Reverse(*total)));
    for (scope, column, reason, total) in reasons.iter().take(REASONS_SHOWN) {
        let thing = match scope {
            RejectScope::Row => "row",
            RejectScope::Cell => "value",
        };
        let place = if column.is_empty() {
            String::new()
        } else {
            format!("{column}: ")
        };
        let text = format!("{}: {place}{reason}", quantity::of(*total, thing));
        screen.entry("", &visible(&text), Style::Plain);
    }
    if !reasons.is_empty() {
        let rest = match reasons.len().saturating_sub(REASONS_SHOWN) {
            0 => String::new(),
            rest => format!("and {}, ", quantity::of(rest as u64, "more reason")),
        };
        screen.entry(
            "",
            &format!("{rest}{}", located(coverage, listed)),
            Style::Plain,
        );
    }
}

fn write_window(screen: &mut Screen, coverage: &Coverage) {
    let (Some(first), Some(last)) = (coverage.first_us, coverage.last_us) else {
        screen.entry("window", "no request with a time", Style::Plain);
        return;
    };
    let span = format!("{} to {} UTC", moment::minute(first), moment::minute(last));
    screen.entry("window", &span, Style::Plain);
    let longest = coverage
        .gaps
        .iter()
        .map(|gap| gap.until_us.saturating_sub(gap.from_us))
        .max();
    if let Some(longest) = longest {
        let gaps = format!(
            "{} without any request, the longest {}",
            quantity::of(length(&coverage.gaps), "gap"),
            quantity::duration(longest)
        );
        screen.entry("", &gaps, Style::Yellow);
    }
}

fn accounts(coverage: &Coverage) -> String {
    let total = quantity::count(coverage.accounts);
    match coverage.accounts_joined {
        0 => format!("{total} in the log, none described by an accounts table"),
        joined => format!(
            "{total} in the log, {} described by {}",
            quantity::count(joined),
            coverage.accounts_described_by()
        ),
    }
}
