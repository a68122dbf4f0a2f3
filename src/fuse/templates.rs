//! Prompt families put into words.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::detect::content::families::TextFamily;
use crate::detect::content::template_spread::{VARIED_SHARE, template_id};
use crate::detect::layer::{Layer, Quality};
use crate::fuse::ranking::Usual;
use crate::fuse::rows::Rows;
use crate::fuse::{Input, Pattern, purpose, ranking};
use crate::model::campaign::{COMPARED_TEXTS, Campaign, Template};
use crate::model::finding::Family;
use crate::stats::quantile::median;

/// Words one template; `layer` and `group` say how it was judged.
fn template(
    family: &TextFamily,
    layer: &Layer,
    group: usize,
    (rows, usual): (&Rows, &Usual<'_>),
    (campaigns, beside): (&[Campaign], &BTreeSet<String>),
    locators: usize,
) -> Template {
    let id = template_id(family, layer.kind);
    let mut texts_by_account: Vec<u32> = family
        .texts
        .iter()
        .filter_map(|text| rows.texts.account.get(*text as usize).copied())
        .collect();
    texts_by_account.sort_unstable();
    let counts: Vec<f64> = texts_by_account
        .chunk_by(|a, b| a == b)
        .map(|run| run.len() as f64)
        .collect();
    let mut sorted = counts.clone();
    sorted.sort_by(f64::total_cmp);
    let distinct = family
        .texts
        .iter()
        .filter_map(|text| rows.texts.text_hash.get(*text as usize))
        .collect::<FxHashSet<_>>()
        .len();
    let distinct_text_share = distinct as f64 / family.texts.len().max(1) as f64;
    let mut requests = 0_u64;
    let (mut first_us, mut last_us) = (i64::MAX, i64::MIN);
    for text in &family.texts {
        let (uses, first, last) = rows.text_use(*text);
        requests += uses;
        first_us = first_us.min(first);
        last_us = last_us.max(last);
    }
    // By hash: a choice that neither the alphabet nor the order of accounts makes. More than are
    // shown, for what they have in common.
    let quoted: BTreeMap<u64, String> = family
        .texts
        .iter()
        .filter_map(|text| {
            let at = *text as usize;
            let excerpt = rows.texts.excerpt.get(at).cloned().flatten()?;
            Some((*rows.texts.text_hash.get(at)?, excerpt))
        })
        .collect();
    let campaign = campaigns
        .iter()
        .find(|campaign| campaign.templates.contains(&id));
    let campaign_id = campaign.map(|campaign| campaign.id.clone());
    let supported = campaign.is_some_and(|campaign| {
        campaign
            .evidence
            .iter()
            .any(|evidence| evidence.counts && evidence.family != Family::Content)
    });
    let elsewhere = || in_one_campaign(layer.group(group), rows, campaigns);
    let assessment = match (layer.quality(group), supported) {
        (Quality::Everyday(reason), false) => reason.clone(),
        (Quality::Everyday(reason), true) => format!("{reason}; the campaign stands on other evidence"),
        (_, true) if beside.contains(&id) => {
            "hardly anybody but accounts of campaigns sends it; these stand on other evidence".to_owned()
        }
        (_, true) => "its accounts share something independent beyond chance".to_owned(),
        (_, false) => campaign.is_none().then(elsewhere).flatten().unwrap_or_else(|| {
            "nothing else that its accounts share counts as evidence: one customer, a popular application or a public prompt explain it as well".to_owned()
        }),
    };
    Template {
        id,
        role: if layer.kind.starts_with("system") {
            "system"
        } else {
            "user"
        }
        .to_owned(),
        accounts: counts.len() as u64,
        requests,
        requests_complete: false,
        distinct_text_share,
        texts_per_account_median: median(&sorted).unwrap_or(0.0),
        priority: if distinct_text_share < VARIED_SHARE {
            0.0
        } else {
            usual.priority(layer.group(group), family.slot_share)
        },
        first_us: if first_us == i64::MAX { 0 } else { first_us },
        last_us: if last_us == i64::MIN { 0 } else { last_us },
        fragments: family.fragments.len() as u64,
        capability: String::new(),
        capability_share: 0.0,
        common_text: String::new(),
        excerpts: quoted.into_values().take(COMPARED_TEXTS).collect(),
        campaign_id,
        accounts_in_campaigns: 0,
        assessment,
        locators: family
            .texts
            .iter()
            .filter_map(|text| rows.of_text(*text))
            .take(locators)
            .collect(),
    }
}

/// Where most of these accounts are in one campaign that does not stand on their template: that.
fn in_one_campaign(accounts: &[u32], rows: &Rows, campaigns: &[Campaign]) -> Option<String> {
    let ids: FxHashSet<&str> = accounts
        .iter()
        .filter_map(|account| rows.account_ids.get(*account as usize))
        .map(String::as_str)
        .collect();
    campaigns.iter().find_map(|campaign| {
        let inside = campaign
            .members
            .iter()
            .filter(|member| ids.contains(member.account_id.as_str()))
            .count();
        (inside * 2 > ids.len()).then(|| {
            format!(
                "{inside} of its {} accounts are in {}, which stands on other evidence",
                ids.len(),
                campaign.id
            )
        })
    })
}

/// Counts the accounts of each template's campaigns among its users.
fn count_members(
    made: &mut [(Template, Pattern)],
    rows: &Rows,
    campaigns: &[Campaign],
    layers: &[Layer],
) {
    let mut members_of: FxHashMap<&str, FxHashSet<&str>> = FxHashMap::default();
    for campaign in campaigns {
        for id in &campaign.templates {
            let members = campaign.members.iter();
            members_of
                .entry(id)
                .or_default()
                .extend(members.map(|member| member.account_id.as_str()));
        }
    }
    let users: FxHashMap<&str, &[u32]> = layers
        .iter()
        .filter(|layer| layer.family == Family::Content)
        .flat_map(|layer| {
            let values = layer.values.iter().enumerate();
            values.map(|(group, value)| (value.as_str(), layer.group(group)))
        })
        .collect();
    for (template, _) in made {
        let Some((members, users)) = members_of
            .get(template.id.as_str())
            .zip(users.get(template.id.as_str()))
        else {
            continue;
        };
        template.accounts_in_campaigns = users
            .iter()
            .filter_map(|account| rows.account_ids.get(*account as usize))
            .filter(|account| members.contains(account.as_str()))
            .count() as u64;
    }
}

/// Words every template, in the order of [`ranking`], each with the way to recognise it; `beside` are
/// those that campaigns send and do not stand on.
#[must_use]
pub fn word(
    input: &Input<'_>,
    rows: &Rows,
    campaigns: &[Campaign],
    beside: &BTreeSet<String>,
) -> (Vec<Template>, Vec<Pattern>) {
    let usual = Usual::read(input.population);
    let mut made: Vec<(Template, Pattern)> = Vec::new();
    for layer in input
        .layers
        .iter()
        .filter(|layer| layer.family == Family::Content)
    {
        let system = layer.kind.starts_with("system");
        let numbers: FxHashMap<&str, usize> = layer
            .values
            .iter()
            .enumerate()
            .map(|(number, value)| (value.as_str(), number))
            .collect();
        if layer.kind.ends_with("template") {
            for family in input
                .families
                .iter()
                .filter(|family| family.system == system)
            {
                let id = template_id(family, layer.kind);
                let Some(group) = numbers.get(id.as_str()) else {
                    continue;
                };
                let mut worded = template(
                    family,
                    layer,
                    *group,
                    (rows, &usual),
                    (campaigns, beside),
                    input.config.report.locators_per_finding,
                );
                purpose::name_template(&mut worded, &family.texts, input.capabilities);
                let capability = worded.capability.clone();
                made.push((
                    worded,
                    Pattern {
                        id,
                        system,
                        fragments: family.fragments.clone(),
                        typical: family.typical,
                        text_hash: None,
                        capability,
                    },
                ));
            }
        } else {
            // Exact repeats are listed where a campaign stands on them, or eight accounts send them.
            for (group, id) in layer.values.iter().enumerate() {
                let used = campaigns
                    .iter()
                    .any(|campaign| campaign.templates.contains(id));
                if !used && layer.group(group).len() < 8 {
                    continue;
                }
                let texts: Vec<u32> = layer
                    .range(group)
                    .filter_map(|position| layer.rows.get(position).copied())
                    .collect();
                let text_hash = texts
                    .first()
                    .and_then(|text| rows.texts.text_hash.get(*text as usize).copied());
                let family = TextFamily {
                    fragments: Vec::new(),
                    anchor: None,
                    typical: 0,
                    texts,
                    slot_share: 0.0,
                    system,
                };
                let mut worded = template(
                    &family,
                    layer,
                    group,
                    (rows, &usual),
                    (campaigns, beside),
                    input.config.report.locators_per_finding,
                );
                purpose::name_template(&mut worded, &family.texts, input.capabilities);
                let capability = worded.capability.clone();
                worded.id.clone_from(id);
                worded.campaign_id = campaigns
                    .iter()
                    .find(|campaign| campaign.templates.contains(id))
                    .map(|campaign| campaign.id.clone());
                made.push((
                    worded,
                    Pattern {
                        id: id.clone(),
                        system,
                        fragments: Vec::new(),
                        typical: 0,
                        text_hash,
                        capability,
                    },
                ));
            }
        }
    }
    count_members(&mut made, rows, campaigns, input.layers);
    ranking::sort(&mut made, campaigns);
    made.into_iter().unzip()
}
