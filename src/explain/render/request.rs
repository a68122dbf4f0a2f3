//! A request to read.

use crate::explain::render::campaign::template_line;
use crate::explain::render::figures::place;
use crate::explain::render::{Block, first};
use crate::explain::request::{Attribution, RequestExplanation};
use crate::report::format::{bits, count, second};

/// Rows listed.
const LISTED: usize = 20;

/// The blocks of a request.
pub(super) fn blocks(request: &RequestExplanation) -> Vec<Block> {
    let mut blocks = vec![
        Block::Heading(format!("Request {}", request.request_id)),
        Block::Entry("standing", request.standing.clone()),
    ];
    for found in request.attributed.iter().take(LISTED) {
        blocks.extend(attribution(found));
    }
    if !request.in_digest.is_empty() {
        blocks.push(Block::Heading("Kept as a sample in the digest".to_owned()));
        first(&mut blocks, &request.in_digest, LISTED, |found| {
            let member = if found.campaigns.is_empty() {
                "in no campaign of this case".to_owned()
            } else {
                format!("in campaign {}", found.campaigns.join(" and "))
            };
            Block::Item(format!(
                "{}, sent by account {}, {member}",
                place(&found.row),
                found.account_id
            ))
        });
    }
    if !request.sample_of.is_empty() {
        blocks.push(Block::Heading("Named as a sample row of".to_owned()));
        first(&mut blocks, &request.sample_of, LISTED, |sample| {
            Block::Item(format!(
                "{} {} ({})",
                sample.kind.name(),
                sample.id,
                place(&sample.row)
            ))
        });
    }
    blocks
}

fn attribution(found: &Attribution) -> Vec<Block> {
    let verdict = found.verdict.map_or("", |verdict| verdict.name());
    let member = match &found.member {
        Some(member) => format!(
            "{}: {} bits, {} of {} requests in the campaign's templates",
            member.account_id,
            bits(member.bits),
            count(member.campaign_requests),
            count(member.requests)
        ),
        None => format!("{}, no member of the campaign", found.account_id),
    };
    vec![
        Block::Entry("row", place(&found.row)),
        Block::Entry("time", format!("{} UTC", second(found.at_us))),
        Block::Entry(
            "campaign",
            if found.campaign_id.is_empty() {
                "none: the template belongs to none".to_owned()
            } else {
                format!(
                    "{} ({verdict}): {}",
                    found.campaign_id, found.verdict_reason
                )
            },
        ),
        Block::Entry("template", template_line(&found.template)),
        Block::Entry("account", member),
    ]
}
