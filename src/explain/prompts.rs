//! The templates and exact texts that one account's sampled prompts share with others.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use schemars::JsonSchema;
use serde::Serialize;

use crate::config::ContentConfig;
use crate::detect::content::families::{SampledText, mine};
use crate::detect::content::template_spread::template_id;
use crate::digest::DigestTables;
use crate::explain::known::Known;
use crate::explain::template::TemplateSummary;

/// A template of the case that the account's sampled prompts follow.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct HeldTemplate {
    /// The template.
    pub template: TemplateSummary,
    /// Campaign it belongs to, if any.
    pub campaign_id: Option<String>,
    /// Sampled texts of the account that follow it.
    pub sampled_texts: u64,
}

/// What the sampled prompts of one account share.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct Prompts {
    /// Sampled distinct texts of the account, prompts and system prompts together.
    pub sampled_texts: u64,
    /// Those of them that another account's sample holds to the letter.
    pub shared_texts: u64,
    /// Other accounts whose sample holds one of them.
    pub accounts_sharing_texts: u64,
    /// Templates of the case they follow, found again with the settings of the case.
    pub templates: Vec<HeldTemplate>,
    /// Whether templates were looked for: the settings of the case could be read.
    pub templates_looked_for: bool,
}

/// Columns of the sampled texts.
struct Texts {
    account: Vec<u32>,
    role: Vec<u32>,
    text_hash: Vec<u64>,
}

/// Reads what the sampled prompts of account number `account` share; `content` are the
/// settings that the case was made with, without which no templates are looked for.
///
/// # Errors
/// When a digest table lacks a column, which is an internal error.
pub fn prompts(
    account: u32,
    tables: &DigestTables,
    content: Option<&ContentConfig>,
    known: &Known<'_>,
) -> Result<Prompts> {
    let texts = Texts {
        account: tables
            .texts
            .column("account")?
            .u32()?
            .into_no_null_iter()
            .collect(),
        role: tables
            .texts
            .column("role")?
            .u32()?
            .into_no_null_iter()
            .collect(),
        text_hash: tables
            .texts
            .column("text_hash")?
            .u64()?
            .into_no_null_iter()
            .collect(),
    };
    let rows = || {
        texts
            .account
            .iter()
            .zip(&texts.role)
            .zip(&texts.text_hash)
            .map(|((account, role), hash)| (*account, (*role, *hash)))
    };
    let own: BTreeSet<(u32, u64)> = rows()
        .filter(|(holder, _)| *holder == account)
        .map(|(_, text)| text)
        .collect();
    let mut shared: BTreeSet<(u32, u64)> = BTreeSet::new();
    let mut others: BTreeSet<u32> = BTreeSet::new();
    for (holder, text) in rows().filter(|(holder, text)| *holder != account && own.contains(text)) {
        shared.insert(text);
        others.insert(holder);
    }
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    if let Some(content) = content.filter(|_| !own.is_empty()) {
        follow(account, tables, &texts, content, &mut found);
    }
    // A text to the letter is a template of its own, named by its hash.
    for (_, hash) in &own {
        found.entry(format!("X-{hash:016x}")).or_insert(1);
    }
    Ok(Prompts {
        sampled_texts: own.len() as u64,
        shared_texts: shared.len() as u64,
        accounts_sharing_texts: others.len() as u64,
        templates: found
            .into_iter()
            .filter_map(|(id, sampled_texts)| {
                let template = known.template(&id)?;
                Some(HeldTemplate {
                    template: TemplateSummary::of(&id, known),
                    campaign_id: template.campaign_id.clone(),
                    sampled_texts,
                })
            })
            .collect(),
        templates_looked_for: content.is_some(),
    })
}

/// Mines the templates of the digest again and counts the account's texts in each.
fn follow(
    account: u32,
    tables: &DigestTables,
    texts: &Texts,
    content: &ContentConfig,
    found: &mut BTreeMap<String, u64>,
) {
    for (role, kind) in [(0_u32, "template"), (1_u32, "system_template")] {
        let rows: Vec<usize> = (0..texts.account.len())
            .filter(|row| texts.role.get(*row) == Some(&role))
            .collect();
        let sampled: Vec<SampledText<'_>> = rows
            .iter()
            .filter_map(|row| {
                Some(SampledText {
                    account: *texts.account.get(*row)?,
                    text_hash: *texts.text_hash.get(*row)?,
                    fragments: tables.fragments.of(*row),
                })
            })
            .collect();
        for family in mine(&sampled, content) {
            let followed = family
                .texts
                .iter()
                .filter_map(|text| sampled.get(*text as usize))
                .filter(|text| text.account == account)
                .count() as u64;
            if followed > 0 {
                *found.entry(template_id(&family, kind)).or_default() += followed;
            }
        }
    }
}
