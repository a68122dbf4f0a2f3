//! Fusing: shared keys -> corroborated links -> clusters -> campaigns with a verdict.

pub mod campaigns;
pub mod cluster;
pub mod corroboration;
pub mod findings;
pub mod hubs;
pub mod incidence;
pub mod leads;
pub mod membership;
pub mod null_runs;
pub mod rivals;
pub mod rows;
pub mod strata;
pub mod templates;
pub mod verdict;

#[cfg(test)]
mod tests;

use anyhow::Result;
use polars::prelude::*;
use rustc_hash::FxHashMap;

use crate::config::Config;
use crate::config::options::Profile;
use crate::detect::content::families::TextFamily;
use crate::detect::content::template_spread::template_id;
use crate::detect::layer::Layer;
use crate::digest::DigestTables;
use crate::fuse::campaigns::Maker;
use crate::fuse::findings::Sources;
use crate::fuse::incidence::{UnitLayer, Units};
use crate::fuse::rows::Rows;
use crate::fuse::strata::Strata;
use crate::model::campaign::{Campaign, Template, Verdict};
use crate::model::case::NullRuns;
use crate::model::finding::{Family, Finding, SuppressedHub};
use crate::model::profile::AccountProfile;

/// What fusing reads.
pub struct Input<'a> {
    /// The digest.
    pub tables: &'a DigestTables,
    /// Account profiles in digest order.
    pub profiles: &'a [Option<AccountProfile>],
    /// What the detectors found.
    pub layers: &'a [Layer],
    /// The prompt families behind the content layers.
    pub families: &'a [TextFamily],
    /// Sentences about what could not be tested.
    pub not_tested: &'a [String],
    /// Settings.
    pub config: &'a Config,
    /// How readily clusters are reported.
    pub profile: Profile,
    /// Seed of the null runs.
    pub seed: u64,
}

/// What fusing gives.
#[derive(Debug, Default)]
pub struct Fused {
    /// Campaigns, strongest first.
    pub campaigns: Vec<Campaign>,
    /// Templates, most accounts first.
    pub templates: Vec<Template>,
    /// For each template its fragments and exact text hashes, for the second look.
    pub patterns: Vec<Pattern>,
    /// Findings behind the campaigns.
    pub findings: Vec<Finding>,
    /// Popular keys left out.
    pub hubs: Vec<SuppressedHub>,
    /// What the null runs gave.
    pub null_runs: NullRuns,
}

/// How a template is recognised in a text.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// Template id.
    pub id: String,
    /// Whether it stands in the system prompt.
    pub system: bool,
    /// Fragments of the template, ascending; empty for an exact text.
    pub fragments: Vec<u64>,
    /// Hash of the exact text, for exact repeats.
    pub text_hash: Option<u64>,
}

/// Fuses.
///
/// # Errors
/// When a digest table lacks a column, which is an internal error.
pub fn fuse(input: &Input<'_>) -> Result<Fused> {
    let units = Units::fold(input.profiles);
    let mut layers: Vec<UnitLayer> = input
        .layers
        .iter()
        .enumerate()
        .map(|(source, layer)| UnitLayer::fold(layer, source, &units))
        .collect();
    incidence::mark_crowded(&mut layers, input.layers, input.config.network.hub_degree);
    let rows = Rows::read(input.tables)?;
    let requests = by_unit(&units, &rows.requests);
    let activity = Strata::new(&requests, None);
    let network = Strata::new(&requests, Some(&places(input.tables, &units)?));
    let corroborations =
        corroboration::corroborate(&layers, &activity, &network, &input.config.network);
    let found = cluster::clusters(
        &layers,
        &corroborations,
        &input.config.fuse,
        &input.config.network,
    );
    let null_runs = null_runs::null_runs(&layers, &activity, &network, input.config, input.seed);
    let sources = Sources {
        detector_layers: input.layers,
        layers: &layers,
        units: &units,
        rows: &rows,
        locators: input.config.report.locators_per_finding,
    };

    let in_use: Vec<bool> = {
        let mut in_use = vec![false; corroborations.len()];
        for index in found.iter().flat_map(|cluster| &cluster.corroborations) {
            in_use[*index] = true;
        }
        in_use
    };
    let made: Vec<Option<Finding>> = corroborations
        .iter()
        .zip(&in_use)
        .map(|(corroboration, used)| {
            if *used {
                findings::finding(corroboration, &sources)
            } else {
                None
            }
        })
        .collect();
    let finding_ids: Vec<Option<String>> = made
        .iter()
        .map(|finding| finding.as_ref().map(|finding| finding.id.clone()))
        .collect();
    let cells = cells(input.tables)?;
    let maker = Maker {
        sources: &sources,
        corroborations: &corroborations,
        finding_ids: &finding_ids,
        not_tested: input.not_tested,
        cells: &cells,
    };

    let mut campaigns: Vec<Campaign> = Vec::new();
    for cluster in &found {
        let (verdict, reason) = verdict::verdict(
            cluster,
            &corroborations,
            &layers,
            input.config.network.hub_degree,
        );
        campaigns.push(maker.campaign(
            cluster,
            allowed(verdict, reason, &null_runs, found.len(), input.config),
            expected_at(cluster.score(), &null_runs),
            None,
        ));
    }
    for (cluster, group) in leads::leads(&layers, &found, &input.config.fuse, &input.config.network)
    {
        let reason = "one family of evidence: nothing independent supports it".to_owned();
        campaigns.push(maker.campaign(
            &cluster,
            (Verdict::Lead, reason),
            expected_at(cluster.score(), &null_runs),
            Some(group),
        ));
    }
    campaigns.retain(|campaign| reported(campaign, input.profile));
    campaigns.sort_by(|a, b| {
        b.verdict
            .cmp(&a.verdict)
            .then(b.bits.total_cmp(&a.bits))
            .then(b.members.len().cmp(&a.members.len()))
            .then_with(|| a.id.cmp(&b.id))
    });
    distinct_ids(&mut campaigns);

    let mut findings: Vec<Finding> = made.into_iter().flatten().collect();
    findings.sort_by(|a, b| {
        a.detector
            .cmp(&b.detector)
            .then(b.bits.total_cmp(&a.bits))
            .then_with(|| a.id.cmp(&b.id))
    });
    findings.dedup_by(|a, b| a.id == b.id);
    let hubs = hubs::suppressed(
        input.layers,
        &layers,
        &corroborations,
        &activity,
        input.config.network.hub_degree,
        input.seed,
    );
    let (templates, patterns) = word_templates(input, &rows, &campaigns);
    Ok(Fused {
        campaigns,
        templates,
        patterns,
        findings,
        hubs,
        null_runs,
    })
}

/// Lowers a verdict that the null runs do not allow.
fn allowed(
    verdict: Verdict,
    reason: String,
    null_runs: &NullRuns,
    clusters: usize,
    config: &Config,
) -> (Verdict, String) {
    let per_cluster = |expected: f64| expected / clusters.max(1) as f64;
    if verdict == Verdict::Strong
        && per_cluster(null_runs.expected_strong) > config.fuse.strong_false_share
    {
        return (
            Verdict::Likely,
            format!(
                "{reason}; lowered, because the null runs give {:.2} such clusters by chance",
                null_runs.expected_strong
            ),
        );
    }
    if verdict >= Verdict::Likely
        && per_cluster(null_runs.expected_likely) > config.fuse.likely_false_share
    {
        return (
            Verdict::Lead,
            format!(
                "{reason}; lowered, because the null runs give {:.2} such clusters by chance",
                null_runs.expected_likely
            ),
        );
    }
    (verdict, reason)
}

/// Clusters per null run with at least this score; where none was seen, the bound that so many runs can give.
fn expected_at(score: f64, null_runs: &NullRuns) -> f64 {
    let reached = null_runs
        .strongest_bits
        .iter()
        .filter(|bits| **bits >= score)
        .count();
    reached as f64 / f64::from(null_runs.runs.max(1))
}

fn reported(campaign: &Campaign, profile: Profile) -> bool {
    match profile {
        Profile::Cautious => campaign.verdict >= Verdict::Likely,
        Profile::Balanced => {
            campaign.verdict >= Verdict::Likely
                || campaign
                    .evidence
                    .iter()
                    .any(|evidence| !matches!(evidence.family, Family::Network | Family::Client))
        }
        Profile::Broad => true,
    }
}

/// Two campaigns may hang on one template; the weaker one then gets a number.
fn distinct_ids(campaigns: &mut [Campaign]) {
    let mut seen: FxHashMap<String, u32> = FxHashMap::default();
    for campaign in campaigns {
        let count = seen.entry(campaign.id.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            campaign.id = format!("{}-{count}", campaign.id);
        }
    }
}

fn by_unit(units: &Units, requests: &[u64]) -> Vec<u64> {
    units
        .accounts
        .iter()
        .map(|accounts| {
            accounts
                .iter()
                .filter_map(|account| requests.get(*account as usize))
                .sum()
        })
        .collect()
}

/// The country most of a unit's requests come from, as a number; all alike where the log has none.
fn places(tables: &DigestTables, units: &Units) -> Result<Vec<u32>> {
    let countries = tables
        .keys
        .clone()
        .lazy()
        .with_row_index("key", None)
        .filter(col("kind").eq(lit("country")))
        .select([col("key")]);
    let links = tables
        .links
        .clone()
        .lazy()
        .join(
            countries,
            [col("key")],
            [col("key")],
            JoinArgs::new(JoinType::Inner),
        )
        .select([col("account"), col("key"), col("requests")])
        .collect()?;
    let mut best: Vec<(u64, u32)> = vec![(0, 0); units.len()];
    let accounts = links.column("account")?.u32()?;
    let keys = links.column("key")?.u32()?;
    let requests = links.column("requests")?.u64()?;
    let mut entries: Vec<(u32, u32, u64)> = accounts
        .into_no_null_iter()
        .zip(keys.into_no_null_iter())
        .zip(requests.into_no_null_iter())
        .map(|((account, key), requests)| (account, key, requests))
        .collect();
    entries.sort_unstable();
    for (account, key, requests) in entries {
        if let Some(slot) = units
            .of_account
            .get(account as usize)
            .and_then(|unit| best.get_mut(*unit as usize))
            && requests > slot.0
        {
            *slot = (requests, key + 1);
        }
    }
    Ok(best.into_iter().map(|(_, key)| key).collect())
}

fn cells(tables: &DigestTables) -> Result<Vec<(u32, i64, u32)>> {
    let frame = &tables.cells;
    let mut cells: Vec<(u32, i64, u32)> = frame
        .column("account")?
        .u32()?
        .into_no_null_iter()
        .zip(frame.column("hour")?.i64()?.into_no_null_iter())
        .zip(frame.column("requests")?.u32()?.into_no_null_iter())
        .map(|((account, hour), requests)| (account, hour, requests))
        .collect();
    cells.sort_unstable();
    Ok(cells)
}

fn word_templates(
    input: &Input<'_>,
    rows: &Rows,
    campaigns: &[Campaign],
) -> (Vec<Template>, Vec<Pattern>) {
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
            for family in input.families {
                let id = template_id(family, layer.kind);
                let Some(group) = numbers.get(id.as_str()) else {
                    continue;
                };
                let template = templates::template(
                    family,
                    layer,
                    *group,
                    rows,
                    campaigns,
                    input.config.report.excerpts_per_template,
                    input.config.report.locators_per_finding,
                );
                made.push((
                    template,
                    Pattern {
                        id,
                        system,
                        fragments: family.fragments.clone(),
                        text_hash: None,
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
                    texts,
                    slot_share: 0.0,
                };
                let mut template = templates::template(
                    &family,
                    layer,
                    group,
                    rows,
                    campaigns,
                    input.config.report.excerpts_per_template,
                    input.config.report.locators_per_finding,
                );
                template.id.clone_from(id);
                template.campaign_id = campaigns
                    .iter()
                    .find(|campaign| campaign.templates.contains(id))
                    .map(|campaign| campaign.id.clone());
                made.push((
                    template,
                    Pattern {
                        id: id.clone(),
                        system,
                        fragments: Vec::new(),
                        text_hash,
                    },
                ));
            }
        }
    }
    made.sort_by(|a, b| {
        b.0.accounts
            .cmp(&a.0.accounts)
            .then_with(|| a.0.id.cmp(&b.0.id))
    });
    made.into_iter().unzip()
}
