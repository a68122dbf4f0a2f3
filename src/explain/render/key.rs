//! A key as blocks.

use crate::explain::key::KeyExplanation;
use crate::explain::parts::{Row, length, plural};
use crate::explain::render::figures::{findings, rows};
use crate::explain::render::{Block, first};
use crate::report::format::count;

/// Accounts and findings listed.
const LISTED: usize = 20;

pub(super) fn blocks(key: &KeyExplanation) -> Vec<Block> {
    let mut blocks = vec![
        Block::Heading(format!("Key {} {}", key.kind, key.value)),
        Block::Entry(
            "accounts",
            format!(
                "{}{}",
                plural(key.accounts, "account"),
                if key.accounts_complete {
                    String::new()
                } else {
                    format!(
                        ", of which findings name {}: keys of the accounts table are not in the digest",
                        count(length(&key.account_ids))
                    )
                }
            ),
        ),
        Block::Entry(
            "public",
            key.hub
                .clone()
                .unwrap_or_else(|| "not listed among the keys that strangers share".to_owned()),
        ),
        Block::Heading("Campaigns that share it".to_owned()),
    ];
    if key.campaigns.is_empty() {
        blocks.push(Block::Text(
            "it is among the most shared keys of no campaign of the case".to_owned(),
        ));
    } else {
        blocks.push(Block::Table {
            header: vec!["campaign", "verdict", "inside", "outside"],
            rows: key
                .campaigns
                .iter()
                .map(|found| {
                    vec![
                        found.campaign_id.clone(),
                        found.verdict.name().to_owned(),
                        count(found.inside),
                        count(found.outside),
                    ]
                })
                .collect(),
        });
    }
    blocks.push(Block::Heading("Findings about it".to_owned()));
    if key.findings.is_empty() {
        blocks.push(Block::Text(
            "none: that accounts share it is no evidence unless they share something else as well"
                .to_owned(),
        ));
    }
    findings(&mut blocks, &key.findings, LISTED);
    let samples: Vec<Row> = key
        .campaigns
        .iter()
        .filter_map(|found| found.row.clone())
        .collect();
    rows(&mut blocks, "Sample rows", &samples);
    blocks.push(Block::Heading("Accounts".to_owned()));
    first(&mut blocks, &key.account_ids, LISTED, |account| {
        Block::Item(account.clone())
    });
    blocks
}
