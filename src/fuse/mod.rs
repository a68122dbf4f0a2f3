//! Fusing: shared keys -> corroborated links -> clusters -> campaigns with a verdict.

pub mod campaigns;
mod chance;
pub mod cluster;
pub mod corroboration;
pub mod findings;
pub mod hubs;
pub mod incidence;
pub mod leads;
pub mod membership;
pub mod null_runs;
pub mod purpose;
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
use crate::detect::content::capability::Capabilities;
use crate::detect::content::families::TextFamily;
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
    /// What texts and accounts are for, where cues were looked at.
    pub capabilities: Option<&'a Capabilities>,
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
    /// Capability of the template, or empty.
    pub capability: String,
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
    let network = Strata::new(
        &requests,
        Some(&places(input.tables, input.profiles, &units)?),
    );
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
        let (verdict, reason) = verdict::verdict(cluster, &corroborations, &layers);
        let support = cluster.support_bits();
        let expected = expected_at(support, &null_runs);
        let as_supported = found
            .iter()
            .filter(|other| other.support_bits() >= support)
            .count();
        let verdict = allowed(verdict, reason, expected, as_supported, input.config);
        campaigns.push(maker.campaign(cluster, verdict, expected, None));
    }
    let mut lead_findings: Vec<Finding> = Vec::new();
    for (cluster, group) in leads::leads(&layers, &found, &input.config.fuse, &input.config.network)
    {
        let reason = "one family of evidence: nothing independent supports it".to_owned();
        // The null keeps every key's number of accounts, so it has this group in every run.
        let mut campaign = maker.campaign(&cluster, (Verdict::Lead, reason), 1.0, Some(group));
        if let Some(evidence) = campaign.evidence.first_mut()
            && let Some(finding) = findings::lead_finding(group, evidence.bits, &sources)
        {
            evidence.findings.push(finding.id.clone());
            for member in &mut campaign.members {
                member.findings.push(finding.id.clone());
            }
            lead_findings.push(finding);
        }
        campaigns.push(campaign);
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

    // Findings of groups that the profile does not report stay out with them.
    lead_findings.retain(|finding| {
        campaigns.iter().any(|campaign| {
            campaign
                .evidence
                .iter()
                .any(|evidence| evidence.findings.contains(&finding.id))
        })
    });
    let mut findings: Vec<Finding> = made.into_iter().flatten().chain(lead_findings).collect();
    let (templates, patterns) = templates::word(input, &rows, &campaigns);
    findings.extend(purpose::name_campaigns(
        &mut campaigns,
        &templates,
        input.capabilities,
        &rows,
        input.config.report.locators_per_finding,
    ));
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
    Ok(Fused {
        campaigns,
        templates,
        patterns,
        findings,
        hubs,
        null_runs,
    })
}

/// Lowers a verdict that the null runs do not allow: clusters that rest on as many bits must
/// be rare there, beside the number found in the log itself.
fn allowed(
    verdict: Verdict,
    reason: String,
    expected: f64,
    clusters: usize,
    config: &Config,
) -> (Verdict, String) {
    let share = expected / clusters.max(1) as f64;
    let lowered = |to: Verdict, reason: String| {
        (
            to,
            format!(
                "{reason}; lowered, because the null runs give {expected:.2} clusters as well supported by chance"
            ),
        )
    };
    if verdict >= Verdict::Likely && share > config.fuse.likely_false_share {
        return lowered(Verdict::Lead, reason);
    }
    if verdict == Verdict::Strong && share > config.fuse.strong_false_share {
        return lowered(Verdict::Likely, reason);
    }
    (verdict, reason)
}

/// Clusters per null run whose second family has at least as many bits.
fn expected_at(support_bits: f64, null_runs: &NullRuns) -> f64 {
    let reached = null_runs
        .support_bits
        .iter()
        .filter(|bits| **bits >= support_bits)
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

/// Where most of a unit's requests come from, as a number: its country; without a country
/// column the billing country; without that the first part of its commonest address, since
/// address blocks are handed out by region.
fn places(
    tables: &DigestTables,
    profiles: &[Option<AccountProfile>],
    units: &Units,
) -> Result<Vec<u32>> {
    let by_country = commonest(tables, units, "country", |value| value.to_uppercase())?;
    let mut by_address = commonest(tables, units, "ip", |value| {
        value
            .split(['.', ':'])
            .next()
            .unwrap_or_default()
            .to_owned()
    })?;
    for (account, profile) in profiles.iter().enumerate() {
        if let Some(country) = profile
            .as_ref()
            .and_then(|profile| profile.billing_country.as_ref())
            && let Some(unit) = units.of_account.get(account)
            && let Some(slot) = by_address.get_mut(*unit as usize)
        {
            *slot = Some(country.to_uppercase());
        }
    }
    let named: Vec<String> = by_country
        .into_iter()
        .zip(by_address)
        .map(|(country, address)| country.or(address).unwrap_or_default())
        .collect();
    let mut names = named.clone();
    names.sort_unstable();
    names.dedup();
    Ok(named
        .iter()
        .map(|name| u32::try_from(names.binary_search(name).unwrap_or(0)).unwrap_or(0))
        .collect())
}

/// For each unit the value (after `derive`) of the key of this kind that most of its requests have.
fn commonest(
    tables: &DigestTables,
    units: &Units,
    kind: &str,
    derive: impl Fn(&str) -> String,
) -> Result<Vec<Option<String>>> {
    let keys = tables
        .keys
        .clone()
        .lazy()
        .with_row_index("key", None)
        .filter(col("kind").eq(lit(kind.to_owned())))
        .select([col("key"), col("value")]);
    let links = tables
        .links
        .clone()
        .lazy()
        .join(
            keys,
            [col("key")],
            [col("key")],
            JoinArgs::new(JoinType::Inner),
        )
        .select([col("account"), col("value"), col("requests")])
        .collect()?;
    let mut counts: std::collections::BTreeMap<(u32, String), u64> =
        std::collections::BTreeMap::new();
    let rows = links
        .column("account")?
        .u32()?
        .into_no_null_iter()
        .zip(links.column("value")?.str()?.iter())
        .zip(links.column("requests")?.u64()?.into_no_null_iter());
    for ((account, value), requests) in rows {
        if let Some(unit) = units.of_account.get(account as usize) {
            *counts
                .entry((*unit, derive(value.unwrap_or_default())))
                .or_default() += requests;
        }
    }
    let mut best: Vec<(u64, Option<String>)> = vec![(0, None); units.len()];
    for ((unit, value), requests) in counts {
        if let Some(slot) = best.get_mut(unit as usize)
            && requests > slot.0
        {
            *slot = (requests, Some(value));
        }
    }
    Ok(best.into_iter().map(|(_, value)| value).collect())
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
