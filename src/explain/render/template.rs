//! A template to read.

use crate::explain::parts::{length, plural};
use crate::explain::render::figures::{findings, rows};
use crate::explain::render::{Block, first, more, number, span};
use crate::explain::template::TemplateExplanation;
use crate::report::format::count;

/// Accounts and excerpts listed.
const LISTED: usize = 20;

/// The blocks of a template.
pub(super) fn blocks(template: &TemplateExplanation) -> Vec<Block> {
    let place = match (&template.campaign_id, template.campaign_verdict) {
        (Some(campaign), Some(verdict)) => format!("{campaign} ({})", verdict.name()),
        (Some(campaign), None) => campaign.clone(),
        (None, _) => "none".to_owned(),
    };
    let capability = if template.capability.is_empty() {
        "no rule names what it is for".to_owned()
    } else {
        format!(
            "{} (cues in {:.0} % of its sampled texts; names the purpose and is never evidence)",
            template.capability,
            template.capability_share * 100.0
        )
    };
    let fragments = if template.fragments == 0 {
        "none: one text to the letter".to_owned()
    } else {
        plural(template.fragments, "shared fragment")
    };
    let bound = if template.requests_complete {
        "counted in the log"
    } else {
        "at least, counted in the sample"
    };
    let mut blocks = vec![
        Block::Heading(format!(
            "Template {} ({} prompt)",
            template.id, template.role
        )),
        Block::Entry("campaign", place),
        Block::Entry("assessment", template.assessment.clone()),
        Block::Entry("for", capability),
        Block::Entry(
            "used by",
            format!(
                "{}, {} ({bound})",
                plural(template.accounts, "account"),
                plural(template.requests, "request")
            ),
        ),
        Block::Entry("seen", span(template.first_us, template.last_us)),
        Block::Entry("fragments", fragments),
        Block::Entry(
            "texts",
            format!(
                "{:.0} % of the sampled ones differ; {} distinct in the median account",
                template.distinct_text_share * 100.0,
                number(template.texts_per_account_median)
            ),
        ),
        Block::Entry(
            "priority",
            format!(
                "{:.2} of 1: how little its accounts look like unrelated customers (payers, age, clocks, slots)",
                template.priority
            ),
        ),
        Block::Heading("Findings about it".to_owned()),
    ];
    if template.findings.is_empty() {
        blocks.push(Block::Text(
            "none: what counts is that its accounts share something else beyond chance".to_owned(),
        ));
    }
    findings(&mut blocks, &template.findings, LISTED);
    attributed(&mut blocks, template);
    if !template.common_text.is_empty() {
        blocks.push(Block::Heading("Common to most of its prompts".to_owned()));
        blocks.push(Block::Text(template.common_text.clone()));
    }
    blocks.push(Block::Heading("Excerpts".to_owned()));
    if template.excerpts.is_empty() {
        blocks.push(Block::Text("none in the case".to_owned()));
    }
    first(&mut blocks, &template.excerpts, LISTED, |excerpt| {
        Block::Item(excerpt.clone())
    });
    rows(&mut blocks, "Sample rows", &template.rows);
    blocks
}

fn attributed(blocks: &mut Vec<Block>, template: &TemplateExplanation) {
    if template.attributed.is_empty() {
        return;
    }
    blocks.push(Block::Heading(format!(
        "Attributed requests: {}",
        plural(length(&template.attributed), "account")
    )));
    blocks.push(Block::Table {
        header: vec!["account", "requests"],
        rows: template
            .attributed
            .iter()
            .take(LISTED)
            .map(|account| vec![account.account_id.clone(), count(account.requests)])
            .collect(),
    });
    let rest = template.attributed.len().saturating_sub(LISTED);
    if rest > 0 {
        blocks.push(Block::Item(more(rest)));
    }
}
