//! A member of a campaign to read; others are left to [`quiet`](super::quiet).

use crate::explain::account::{AccountExplanation, Membership};
use crate::explain::parts::plural;
use crate::explain::render::campaign::template_line;
use crate::explain::render::figures::{findings, rows, waterfall};
use crate::explain::render::{Block, first, quiet, span};
use crate::report::format::{bits, count, second};

/// Templates and findings listed.
const LISTED: usize = 20;

/// The blocks of an account.
pub(super) fn blocks(account: &AccountExplanation) -> Vec<Block> {
    if !account.silent_in.is_empty() {
        return silent(account);
    }
    if account.campaigns.is_empty() {
        return quiet::blocks(account);
    }
    let places: Vec<String> = account
        .campaigns
        .iter()
        .map(|place| format!("{} ({})", place.campaign_id, place.verdict.name()))
        .collect();
    let mut blocks = vec![Block::Heading(format!(
        "Account {}: in campaign {}",
        account.account_id,
        places.join(" and ")
    ))];
    for place in &account.campaigns {
        membership(&mut blocks, place);
    }
    if !account.other_findings.is_empty() {
        blocks.push(Block::Heading(format!(
            "Also listed in findings beside that evidence: {}",
            account.other_findings.join(", ")
        )));
    }
    blocks
}

/// An account that the log has no row of.
fn silent(account: &AccountExplanation) -> Vec<Block> {
    let mut blocks = Vec::new();
    for place in &account.silent_in {
        blocks.push(Block::Heading(format!(
            "Account {}: sent nothing in the log; listed with campaign {} ({})",
            account.account_id,
            place.campaign_id,
            place.verdict.name()
        )));
        let moments = [
            ("created", place.account.created_us),
            ("closed", place.account.closed_us),
        ];
        for (label, moment) in moments {
            if let Some(moment) = moment {
                blocks.push(Block::Entry(label, format!("{} UTC", second(moment))));
            }
        }
        blocks.push(Block::Text(
            "Its payer pays for at least three accounts that sent requests, and all of them are in the campaign. It enters neither the verdict nor the figures of the campaign. A payer who made more accounts than were needed explains it: what clears the payer clears it.".to_owned(),
        ));
        if let Some(finding) = &place.listed_by {
            blocks.push(Block::Heading("The finding about its payer".to_owned()));
            findings(&mut blocks, std::slice::from_ref(finding), LISTED);
        }
    }
    blocks
}

fn membership(blocks: &mut Vec<Block>, place: &Membership) {
    blocks.push(Block::Entry(
        "campaign",
        format!("{}: {}", place.campaign_id, place.verdict_reason),
    ));
    blocks.push(Block::Entry("role", place.role.name().to_owned()));
    blocks.push(Block::Entry(
        "requests",
        format!(
            "{} of its {} are in the campaign's templates",
            count(place.campaign_requests),
            plural(place.requests, "request")
        ),
    ));
    blocks.push(Block::Entry("seen", span(place.first_us, place.last_us)));
    for (label, moment) in [("created", place.created_us), ("closed", place.closed_us)] {
        if let Some(moment) = moment {
            blocks.push(Block::Entry(label, format!("{} UTC", second(moment))));
        }
    }
    blocks.push(Block::Heading(format!(
        "Its own evidence in bits, for a place in {}",
        place.campaign_id
    )));
    blocks.push(waterfall(&place.families));
    blocks.push(Block::Text(format!(
        "{} bits in all: by family, how much likelier a member has its most telling key than a stranger. A finding, below its family, has the bits of the whole group that it ties together.",
        bits(place.bits)
    )));
    blocks.push(Block::Heading("Findings that tie it".to_owned()));
    if place.tied_by.is_empty() {
        blocks.push(Block::Text(
            "none by name: its own keys and templates pay for its place".to_owned(),
        ));
    }
    findings(blocks, &place.tied_by, LISTED);
    if !place.listed_in.is_empty() {
        blocks.push(Block::Heading(
            "Other findings of the campaign that list it".to_owned(),
        ));
        first(blocks, &place.listed_in, LISTED, |finding| {
            let weak = if finding.weak { ", weak" } else { "" };
            Block::Item(format!(
                "{} {}: {} bits{weak}, {}",
                finding.id,
                finding.detector,
                bits(finding.bits),
                finding.subject.in_words()
            ))
        });
    }
    if !place.templates.is_empty() {
        // Requests of leads are named with --profile broad only; then nothing is known of each.
        let heading = if place.rows_attributed {
            "Templates of the campaign, with its attributed requests"
        } else {
            "Templates of the campaign (which of them it sent is not in the case)"
        };
        blocks.push(Block::Heading(heading.to_owned()));
        first(blocks, &place.templates, LISTED, |used| {
            let line = template_line(&used.template);
            Block::Item(if place.rows_attributed {
                format!("{} in {line}", plural(used.attributed_requests, "request"))
            } else {
                line
            })
        });
    }
    let heading = if place.rows_attributed {
        "Sample rows, attributed"
    } else {
        "Sample rows, not attributed"
    };
    rows(blocks, heading, &place.rows);
}
