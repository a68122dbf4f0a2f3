//! The campaigns, strongest first, each with the evidence that speaks loudest.

use crate::cli::escape::{cut, visible, width};
use crate::cli::screen::layout::{COLUMNS, Screen, Style, left, right, wrap};
use crate::cli::screen::length;
use crate::cli::{moment, quantity};
use crate::model::campaign::{Campaign, Verdict};

/// Campaigns shown; the report has them all.
const SHOWN: usize = 10;

/// Columns of the table, their distances included; the evidence takes what is left.
const ID_LIMIT: usize = 18;
const VERDICT: usize = 8;
const ACCOUNTS: usize = 9;
const REQUESTS: usize = 13;
const FIRST_SEEN: usize = 12;

/// Counts by verdict and the table.
pub(super) fn write(screen: &mut Screen, campaigns: &[Campaign]) {
    let style = worst(campaigns).map_or(Style::Plain, style_of);
    screen.entry("campaigns", &summary(campaigns), style);
    if campaigns.is_empty() {
        return;
    }
    screen.blank();
    let id_columns = campaigns
        .iter()
        .take(SHOWN)
        .map(|campaign| width(&visible(&campaign.id)))
        .max()
        .unwrap_or(0)
        .clamp("campaign".len(), ID_LIMIT);
    let heading = format!(
        "  {}  {}{}{}{}  strongest",
        left("campaign", id_columns),
        left("verdict", VERDICT),
        right("accounts", ACCOUNTS),
        right("requests", REQUESTS),
        right("first seen", FIRST_SEEN),
    );
    let heading = screen.paint(&heading, Style::Dim);
    screen.line(&heading);
    for campaign in campaigns.iter().take(SHOWN) {
        write_campaign(screen, campaign, id_columns);
    }
    let rest = campaigns.len().saturating_sub(SHOWN);
    if rest > 0 {
        screen.line(&format!("  and {rest} more in the report"));
    }
}

fn write_campaign(screen: &mut Screen, campaign: &Campaign, id_columns: usize) {
    let verdict = left(campaign.verdict.name(), VERDICT);
    let before = format!("  {}  ", left(&visible(&campaign.id), id_columns));
    let mut after = format!(
        "{}{}{}",
        right(&quantity::count(length(&campaign.members)), ACCOUNTS),
        right(&quantity::count(campaign.requests), REQUESTS),
        right(&moment::day(campaign.first_us), FIRST_SEEN),
    );
    let strongest = campaign.evidence.first();
    if let Some(evidence) = strongest {
        let room = COLUMNS.saturating_sub(width(&before) + VERDICT + width(&after) + 2);
        let text = format!("{} {:.1}", evidence.family.name(), evidence.bits);
        after.push_str(&format!("  {}", cut(&text, room)));
    }
    let verdict = screen.paint(&verdict, style_of(campaign.verdict));
    screen.line(&format!("{before}{verdict}{after}"));
    if let Some(evidence) = strongest {
        for part in wrap(&visible(&evidence.statement), COLUMNS - 6) {
            screen.line(&format!("      {part}"));
        }
    }
}

fn summary(campaigns: &[Campaign]) -> String {
    if campaigns.is_empty() {
        return "none".to_owned();
    }
    let parts: Vec<String> = [Verdict::Strong, Verdict::Likely, Verdict::Lead]
        .into_iter()
        .filter_map(|verdict| {
            let number = campaigns
                .iter()
                .filter(|campaign| campaign.verdict == verdict)
                .count();
            (number > 0).then(|| format!("{number} {}", verdict.name()))
        })
        .collect();
    format!("{} (evidence in bits)", parts.join(", "))
}

fn worst(campaigns: &[Campaign]) -> Option<Verdict> {
    campaigns.iter().map(|campaign| campaign.verdict).max()
}

fn style_of(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Strong => Style::Red,
        Verdict::Likely => Style::Yellow,
        Verdict::Lead => Style::Bold,
    }
}
