//! An account outside all campaigns to read.

use crate::explain::account::AccountExplanation;
use crate::explain::holdings::{HeldKey, KeyAssessment};
use crate::explain::parts::{length, plural};
use crate::explain::quiet::{self, LookedAt};
use crate::explain::render::figures::rows;
use crate::explain::render::{Block, first, span};
use crate::report::format::count;

/// Keys and detectors listed.
const KEYS: usize = 25;
const LISTED: usize = 40;

/// The blocks of an account without a campaign.
pub(super) fn blocks(account: &AccountExplanation) -> Vec<Block> {
    let mut blocks = vec![Block::Heading(format!(
        "Account {}: in no campaign of this case",
        account.account_id
    ))];
    if let Some(looked_at) = &account.looked_at {
        blocks.push(Block::Entry(
            "requests",
            format!(
                "{}, {} with a prompt",
                count(looked_at.requests),
                count(looked_at.prompts)
            ),
        ));
        blocks.push(Block::Entry(
            "seen",
            span(looked_at.first_us, looked_at.last_us),
        ));
    }
    blocks.push(Block::Heading("Why it stayed quiet".to_owned()));
    first(&mut blocks, &account.why_quiet, LISTED, |reason| {
        Block::Item(reason.text.clone())
    });
    if let Some(looked_at) = &account.looked_at {
        looked(&mut blocks, looked_at);
    }
    blocks.push(Block::Heading("Detectors".to_owned()));
    let ran = quiet::ran(&account.detectors);
    blocks.push(Block::Entry(
        "ran",
        if ran.is_empty() {
            "none on everything".to_owned()
        } else {
            ran.join(", ")
        },
    ));
    let not_tested: Vec<String> = account
        .detectors
        .iter()
        .flat_map(crate::model::finding::DetectorRun::not_tested)
        .collect();
    if !not_tested.is_empty() {
        blocks.push(Block::Entry(
            "not looked",
            "what these could not run on was not looked for".to_owned(),
        ));
        first(&mut blocks, &not_tested, LISTED, |sentence| {
            Block::Item(sentence.clone())
        });
    }
    if let Some(looked_at) = &account.looked_at {
        rows(&mut blocks, "Sample rows", &looked_at.rows);
    }
    blocks
}

fn looked(blocks: &mut Vec<Block>, looked_at: &LookedAt) {
    let holdings = &looked_at.holdings;
    blocks.push(Block::Heading("Its keys in requests".to_owned()));
    blocks.push(Block::Table {
        header: vec!["kind", "keys", "shared"],
        rows: holdings
            .kinds
            .iter()
            .map(|kind| vec![kind.kind.clone(), count(kind.keys), count(kind.shared)])
            .collect(),
    });
    let shared: Vec<&HeldKey> = holdings
        .keys
        .iter()
        .filter(|key| key.assessment != KeyAssessment::Alone)
        .collect();
    if !shared.is_empty() {
        blocks.push(Block::Heading("The shared ones".to_owned()));
        first(blocks, &shared, KEYS, |key| {
            Block::Item(format!("{} {}: {}", key.kind, key.value, key.reason))
        });
    }
    let texts = &looked_at.texts;
    blocks.push(Block::Heading("Its prompts".to_owned()));
    blocks.push(Block::Entry(
        "sampled",
        plural(texts.sampled_texts, "distinct text"),
    ));
    if texts.sampled_texts > 0 {
        blocks.push(Block::Entry(
            "same text",
            format!(
                "{} of them also in the samples of {}",
                count(texts.shared_texts),
                plural(texts.accounts_sharing_texts, "other account")
            ),
        ));
    }
    blocks.push(Block::Entry(
        "templates",
        if texts.templates_looked_for {
            format!(
                "follows {} of the case",
                plural(length(&texts.templates), "template")
            )
        } else {
            "not looked for".to_owned()
        },
    ));
    for note in &looked_at.notes {
        blocks.push(Block::Entry("note", note.clone()));
    }
}
