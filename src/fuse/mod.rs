//! Fusing: shared keys -> corroborated links -> clusters -> campaigns with a verdict.

pub mod access;
mod batches;
pub mod bridges;
pub mod campaigns;
mod chance;
pub mod clock;
pub mod cluster;
pub mod corroboration;
pub mod customers;
pub mod dated;
mod deciding;
pub mod findings;
mod folding;
mod frameworks;
pub mod gathering;
pub mod group_tests;
mod guests;
pub mod held;
mod hosted;
pub mod hubs;
mod human_hours;
pub mod incidence;
mod judging;
pub mod leads;
mod long_standing;
pub mod membership;
mod named;
mod naming;
pub mod null_runs;
mod own_templates;
pub mod ownership;
pub mod places;
pub mod purpose;
mod quiet_days;
mod ranking;
mod reported;
pub mod rivals;
pub mod roles;
pub mod rows;
mod separate;
mod shared_keys;
pub mod silent;
mod sites;
mod statements;
pub mod strata;
mod telling;
pub mod templates;
pub mod verdict;
mod wording;
mod working_week;

#[cfg(test)]
mod tests;

use anyhow::Result;

use crate::config::Config;
use crate::config::options::Profile;
use crate::detect::content::capability::Capabilities;
use crate::detect::content::families::TextFamily;
use crate::detect::group::{Group, GroupTest};
use crate::detect::layer::Layer;
use crate::detect::network::public_ranges::PublicRanges;
use crate::detect::population::Population;
use crate::digest::DigestTables;
use crate::fuse::campaigns::Maker;
use crate::fuse::cluster::Cluster;
use crate::fuse::findings::Sources;
use crate::fuse::incidence::Units;
use crate::fuse::judging::{Clocks, Judge};
use crate::fuse::ownership::Ownership;
use crate::fuse::rows::Rows;
use crate::fuse::strata::Strata;
use crate::fuse::wording::Wordings;
use crate::model::campaign::{Campaign, Template};
use crate::model::case::NullRuns;
use crate::model::finding::{DetectorRun, Finding, SuppressedHub};
use crate::model::profile::AccountProfile;

/// What fusing reads.
pub struct Input<'a> {
    /// The digest.
    pub tables: &'a DigestTables,
    /// Account profiles in digest order.
    pub profiles: &'a [Option<AccountProfile>],
    /// What the detectors found.
    pub layers: &'a [Layer],
    /// Accounts with their clocks.
    pub population: &'a Population<'a>,
    /// Tests of what a group does over time, with how each fares before it runs.
    pub group_tests: &'a [(DetectorRun, &'static dyn GroupTest)],
    /// The prompt families behind the content layers.
    pub families: &'a [TextFamily],
    /// What texts and accounts are for, where cues were looked at.
    pub capabilities: Option<&'a Capabilities>,
    /// Ranges of addresses that strangers share.
    pub public_ranges: &'a PublicRanges,
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
    /// Templates, in the order of [`ranking`].
    pub templates: Vec<Template>,
    /// For each template its fragments and exact text hashes, for the second look.
    pub patterns: Vec<Pattern>,
    /// Findings behind the campaigns.
    pub findings: Vec<Finding>,
    /// Popular keys left out.
    pub hubs: Vec<SuppressedHub>,
    /// What the null runs gave.
    pub null_runs: NullRuns,
    /// How the group tests fared.
    pub group_runs: Vec<DetectorRun>,
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
    /// Fragments of it that the median of its texts holds.
    pub typical: usize,
    /// Hash of the exact text, for exact repeats.
    pub text_hash: Option<u64>,
    /// Capability of the template, or empty.
    pub capability: String,
}

/// Whether a text that holds so many of a template's fragments is made from it: two turns of
/// phrase at least, and the share of the settings of so many as are asked for.
#[must_use]
pub fn is_made_from(held: usize, fragments: usize, cover_share: f64) -> bool {
    held >= 2 && held as f64 >= cover_share * fragments as f64
}

/// Fuses.
///
/// # Errors
/// When a digest table lacks a column, which is an internal error.
pub fn fuse(input: &Input<'_>) -> Result<Fused> {
    let units = Units::fold(input.profiles);
    let folded = folding::fold(
        input.layers,
        &units,
        input.config.network.hub_degree,
        input.public_ranges,
    );
    let (all_layers, tested_layers) = (folded.all, folded.tested);
    let layers = all_layers.get(..tested_layers).unwrap_or_default();
    let rows = Rows::read(input.tables)?;
    let requests = places::by_unit(&units, &rows.requests);
    let activity = Strata::new(&requests, None);
    let network = Strata::new(
        &requests,
        Some(&places::places(input.tables, input.profiles, &units)?),
    );
    let corroborations = corroboration::corroborate(layers, &activity, &network, input.config);
    let found = cluster::clusters(
        layers,
        &corroborations,
        &input.config.fuse,
        &input.config.network,
    );
    let ownership = Ownership::new(input.profiles);
    let wordings = Wordings::new(
        (input.layers, input.families),
        layers,
        &corroborations,
        (&units, &rows),
        input.tables.about.text_level == 0,
    );
    let found = guests::Door {
        input,
        layers,
        wordings: &wordings,
        units: &units,
        rows: &rows,
        domains: ownership.domains(),
    }
    .without_guests(found);
    let mut null_runs = null_runs::null_runs(layers, &activity, &network, input.config, input.seed);
    let sources = Sources {
        detector_layers: input.layers,
        layers: &all_layers,
        tested: tested_layers,
        units: &units,
        rows: &rows,
        locators: input.config.report.locators_per_finding,
        counting_bits: input.config.fuse.counting_bits,
    };

    let in_use: Vec<bool> = {
        let mut in_use = vec![false; corroborations.len()];
        for index in found.iter().flat_map(|cluster| &cluster.corroborations) {
            in_use[*index] = true;
        }
        in_use
    };
    let mut made: Vec<Option<Finding>> = corroborations
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
    let mut mirrors = findings::mirrors(&corroborations, &in_use, &sources);
    findings::connect(&corroborations, &mut made, &mut mirrors);
    let mut leads = leads::leads(layers, &found, &input.config.fuse, &input.config.network);
    let may_count = found.len() + leads.len();
    leads.extend(leads::in_places(
        layers,
        &found,
        &input.config.fuse,
        &input.config.network,
    ));
    if input.profile == Profile::Broad {
        leads.extend(leads::overlaps(
            &all_layers,
            tested_layers,
            &found,
            &input.config.fuse,
            &input.config.network,
        ));
    }
    let candidates: Vec<Candidate<'_>> = found
        .iter()
        .map(|cluster| (cluster, None))
        .chain(leads.iter().map(|(cluster, group)| (cluster, Some(*group))))
        .collect();
    let groups: Vec<Group> = candidates
        .iter()
        .map(|(cluster, _)| Group {
            name: format!("{} customers", cluster.units.len()),
            accounts: group_tests::representatives(&units, cluster, &rows.requests),
        })
        .collect();
    let test = |groups: &[Group]| {
        group_tests::run(
            input.group_tests,
            input.population,
            groups,
            &input.config.fuse,
            input.seed,
        )
    };
    // What is no more than a lead whatever the tests find must not weigh on the others: they are
    // corrected for how many groups were tried. Where there is nothing else, it is tested alone.
    let first = if may_count == 0 {
        groups.len()
    } else {
        may_count
    };
    let (first, beside) = groups.split_at(first.min(groups.len()));
    let mut tested = test(first);
    let clocks = Clocks::of(&tested, &input.config.fuse);
    if !beside.is_empty() {
        tested.add_groups(test(beside));
    }
    null_runs.method.push_str(&format!(
        "; tests of a group's clock repeated on {} sets of random groups of accounts as busy, {:.2} counting findings per set",
        tested.null_runs, tested.expected_counting
    ));
    let cells = cells(input.tables)?;
    let maker = Maker {
        sources: &sources,
        corroborations: &corroborations,
        finding_ids: &finding_ids,
        mirrors: &mirrors,
        profiles: input.profiles,
        not_tested: input
            .not_tested
            .iter()
            .cloned()
            .chain(tested.not_tested.iter().cloned())
            .collect(),
        cells: &cells,
    };
    let fused: Vec<Cluster> = candidates
        .iter()
        .zip(&tested.by_group)
        .map(|((cluster, lead), found)| group_tests::with_findings(cluster, found, lead.is_some()))
        .collect();

    // Each campaign with its place among the candidates.
    let judge = Judge {
        found: &found,
        layers,
        corroborations: &corroborations,
        null_runs: &null_runs,
        tested: &tested,
        clocks,
        ownership,
        population: input.population,
        sources: &sources,
        wordings: &wordings,
        config: input.config,
    };
    let ids = naming::ids(&candidates, &sources, &wordings);
    let deciding = deciding::Deciding {
        ids: &ids,
        judge: &judge,
        maker: &maker,
        layers: &all_layers,
        tested_layers,
        profile: input.profile,
    };
    let (mut campaigns, lead_findings) = deciding.campaigns(&candidates, &fused);
    campaigns.sort_by(|(a, _), (b, _)| {
        b.verdict
            .cmp(&a.verdict)
            .then(b.bits.total_cmp(&a.bits))
            .then(b.members.len().cmp(&a.members.len()))
            .then_with(|| a.id.cmp(&b.id))
    });
    reported::distinct_ids(&mut campaigns);

    let mut findings: Vec<Finding> = made
        .into_iter()
        .flatten()
        .chain(mirrors.into_iter().map(|mirror| mirror.finding))
        .chain(lead_findings)
        .collect();
    telling::Teller {
        input,
        candidates: &candidates,
        corroborations: &corroborations,
        tested: &tested,
        clocks: judge.clocks,
        sources: &sources,
        cells: &cells,
    }
    .tell(&mut campaigns, &mut findings)?;
    let mut campaigns: Vec<Campaign> = campaigns
        .into_iter()
        .map(|(campaign, _)| campaign)
        .collect();
    shared_keys::attach(&mut campaigns, input.layers, &rows);
    campaigns.iter_mut().for_each(rivals::weigh_places);
    let beside = own_templates::attach(&mut campaigns, input.layers, &rows.account_ids);
    separate::name_links(&mut campaigns);
    let (templates, patterns) = templates::word(input, &rows, &campaigns, &beside);
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
    for campaign in &mut campaigns {
        campaign.techniques = frameworks::techniques(campaign);
    }
    let hubs = hubs::suppressed(
        input.layers,
        (layers, &folded.listed),
        &corroborations,
        &activity,
        input.public_ranges,
        input.config,
        input.seed,
    );
    Ok(Fused {
        campaigns,
        templates,
        patterns,
        findings,
        hubs,
        null_runs,
        group_runs: tested.runs,
    })
}

/// A cluster, or the accounts of one key alone with the layer and group of that key.
type Candidate<'a> = (&'a Cluster, Option<(usize, usize)>);

/// Requests by account and hour, sorted.
///
/// # Errors
/// When a digest table lacks a column, which is an internal error.
pub fn cells(tables: &DigestTables) -> Result<Vec<(u32, i64, u32)>> {
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
