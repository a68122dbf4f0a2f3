//! Clusters put into words: members, evidence, rivals.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::fuse::cluster::Cluster;
use crate::fuse::corroboration::Corroboration;
use crate::fuse::findings::{Mirror, Sources};
use crate::fuse::membership;
use crate::fuse::rivals::{self, Payers};
use crate::model::campaign::{Campaign, FamilyEvidence, Member, Role, Verdict};
use crate::model::finding::{Family, Locator};
use crate::model::profile::AccountProfile;
use crate::model::week::{HOURS_PER_WEEK, hour_of_week};
use crate::stats::quantile::median;

/// Findings named with each family of evidence.
const FINDINGS_NAMED: usize = 10;

/// What the maker of campaigns needs besides the cluster.
pub struct Maker<'a> {
    /// Layers, units and rows.
    pub sources: &'a Sources<'a>,
    /// All corroborations.
    pub corroborations: &'a [Corroboration],
    /// Finding id of each corroboration, where one was made.
    pub finding_ids: &'a [Option<String>],
    /// Account profiles in digest order.
    pub profiles: &'a [Option<AccountProfile>],
    /// Keys on the other side of the corroborations, in their order.
    pub mirrors: &'a [Mirror],
    /// Families for which the log has no columns, with the reason.
    pub not_tested: Vec<String>,
    /// Requests by account and hour: (account, hour since the epoch, requests), sorted.
    pub cells: &'a [(u32, i64, u32)],
}

/// Microseconds in an hour.
const HOUR_US: i64 = 3_600_000_000;

/// Requests per day, each with the microseconds of its start, and by hour of the week; `cells`
/// hold (account, hour since the epoch, requests), sorted.
#[must_use]
pub fn activity(cells: &[(u32, i64, u32)], accounts: &[u32]) -> (Vec<(i64, u64)>, Vec<u64>) {
    let mut daily: BTreeMap<i64, u64> = BTreeMap::new();
    let mut weekly = vec![0_u64; HOURS_PER_WEEK];
    for account in accounts {
        let start = cells.partition_point(|cell| cell.0 < *account);
        for (_, hour, requests) in cells
            .iter()
            .skip(start)
            .take_while(|cell| cell.0 == *account)
        {
            *daily.entry(hour.div_euclid(24)).or_default() += u64::from(*requests);
            if let Some(slot) = weekly.get_mut(hour_of_week(*hour)) {
                *slot += u64::from(*requests);
            }
        }
    }
    (
        daily
            .into_iter()
            .map(|(day, requests)| (day * 24 * HOUR_US, requests))
            .collect(),
        weekly,
    )
}

/// Bits of the median member: what the report calls the bits of a campaign.
pub(crate) fn median_bits(members: &[Member]) -> f64 {
    let mut bits: Vec<f64> = members.iter().map(|member| member.bits).collect();
    bits.sort_by(f64::total_cmp);
    median(&bits).unwrap_or(0.0)
}

impl Maker<'_> {
    /// Words a cluster under its id; `lead_group` is the group a single-family lead stands on.
    #[must_use]
    pub fn campaign(
        &self,
        (id, cluster): (String, &Cluster),
        verdict: (Verdict, String),
        expected_false: f64,
        lead_group: Option<(usize, usize)>,
    ) -> Campaign {
        let accounts = self.sources.accounts(&cluster.units);
        let rows = self.sources.rows;
        let evidence = self.evidence(cluster, lead_group);
        let templates = self.templates(cluster, lead_group);
        let members = self.members(cluster);
        let (daily_requests, hour_of_week) = activity(self.cells, &accounts);
        let first_us = accounts
            .iter()
            .filter_map(|account| rows.first_us.get(*account as usize))
            .min()
            .copied()
            .unwrap_or(0);
        let last_us = accounts
            .iter()
            .filter_map(|account| rows.last_us.get(*account as usize))
            .max()
            .copied()
            .unwrap_or(0);
        let mut campaign = Campaign {
            id,
            expected_false: (verdict.0 > Verdict::Lead).then_some(expected_false),
            verdict: verdict.0,
            verdict_reason: verdict.1,
            bits: median_bits(&members),
            without_family: Vec::new(),
            weakest_bridge: None,
            shared_keys: Vec::new(),
            evidence,
            not_tested: self.not_tested.clone(),
            tested_without_finding: Vec::new(),
            silent_accounts: Vec::new(),
            requests: members.iter().map(|member| member.requests).sum(),
            campaign_requests: 0,
            campaign_requests_complete: false,
            purpose: "not determined: prompts were not held against known wordings".to_owned(),
            templates: templates.into_iter().collect(),
            first_us,
            last_us,
            daily_requests,
            hour_of_week,
            techniques: Vec::new(),
            rivals: Vec::new(),
            locators: self.locators(&accounts),
            members,
            timeline: Vec::new(),
            description: Vec::new(),
        };
        campaign.rivals = rivals::rivals(&campaign, self.payers(&accounts));
        campaign
    }

    fn payers(&self, accounts: &[u32]) -> Option<Payers> {
        let known: Vec<&str> = accounts
            .iter()
            .filter_map(|account| {
                let profile = self.profiles.get(*account as usize)?.as_ref()?;
                profile.payment_id.as_deref()
            })
            .collect();
        let payers: BTreeSet<&str> = known.iter().copied().collect();
        (!known.is_empty()).then_some(Payers {
            accounts: known.len(),
            payers: payers.len(),
        })
    }

    fn evidence(
        &self,
        cluster: &Cluster,
        lead_group: Option<(usize, usize)>,
    ) -> Vec<FamilyEvidence> {
        let mut evidence: Vec<FamilyEvidence> = cluster
            .family_bits
            .iter()
            .map(|(family, bits)| {
                let position = membership::position(*family);
                // The strongest, whose bits these are, told from this family's side.
                let strongest = cluster
                    .corroborations
                    .iter()
                    .map(|index| &self.corroborations[*index])
                    .find(|found| found.family == *family || found.other_family == *family);
                let statement = match (strongest, lead_group) {
                    (Some(found), _) if found.family == *family => self.statement(found),
                    (Some(found), _) => self.statement_from_the_other_side(found),
                    (None, Some((layer, group))) => self.lead_statement(cluster, layer, group),
                    (None, None) => String::new(),
                };
                let mut findings: Vec<String> = Vec::new();
                for index in &cluster.corroborations {
                    let found = &self.corroborations[*index];
                    if (found.family == *family || found.other_family == *family)
                        && let Some(Some(id)) = self.finding_ids.get(*index)
                        && findings.len() < FINDINGS_NAMED
                        && !findings.contains(id)
                    {
                        findings.push(id.clone());
                    }
                }
                findings.extend(
                    self.mirrors_of(cluster)
                        .filter(|mirror| mirror.finding.family == *family)
                        .map(|mirror| mirror.finding.id.clone())
                        .take(FINDINGS_NAMED.saturating_sub(findings.len())),
                );
                let carrying = cluster
                    .units
                    .iter()
                    .zip(&cluster.bits)
                    .filter(|(_, bits)| bits[position] > 0.0)
                    .map(|(unit, _)| *unit)
                    .collect::<Vec<_>>();
                FamilyEvidence {
                    family: *family,
                    bits: *bits,
                    accounts: self.sources.accounts(&carrying).len() as u64,
                    counts: *bits >= cluster.counting_bits,
                    statement,
                    findings,
                }
            })
            .collect();
        evidence.sort_by(|a, b| b.bits.total_cmp(&a.bits).then(a.family.cmp(&b.family)));
        evidence
    }

    /// Templates on which corroborations of the cluster stand.
    fn templates(&self, cluster: &Cluster, lead_group: Option<(usize, usize)>) -> BTreeSet<String> {
        let mut groups: Vec<(usize, usize)> = lead_group
            .into_iter()
            .chain(cluster.also.iter().copied())
            .collect();
        for index in &cluster.corroborations {
            let found = &self.corroborations[*index];
            groups.push(found.group);
            groups.extend(
                found
                    .other_groups
                    .iter()
                    .map(|key| (found.other_layer, *key as usize)),
            );
        }
        groups
            .into_iter()
            .filter_map(|(layer, group)| self.sources.group(layer, group))
            .filter(|(layer, _)| layer.family == Family::Content)
            .filter_map(|(layer, number)| layer.values.get(number).cloned())
            .collect()
    }

    fn mirrors_of(&self, cluster: &Cluster) -> impl Iterator<Item = &Mirror> {
        // They stand in the order of their corroborations.
        cluster.corroborations.iter().flat_map(|index| {
            let start = self
                .mirrors
                .partition_point(|mirror| mirror.corroboration < *index);
            let behind = self.mirrors.get(start..).unwrap_or_default();
            behind
                .iter()
                .take_while(|mirror| mirror.corroboration == *index)
        })
    }

    fn members(&self, cluster: &Cluster) -> Vec<Member> {
        let rows = self.sources.rows;
        let mut findings_of: FxHashMap<u32, Vec<String>> = FxHashMap::default();
        for index in &cluster.corroborations {
            let Some(Some(id)) = self.finding_ids.get(*index) else {
                continue;
            };
            for unit in &self.corroborations[*index].core {
                let list = findings_of.entry(*unit).or_default();
                if list.len() < FINDINGS_NAMED {
                    list.push(id.clone());
                }
            }
        }
        // Past the bound: an account is tied by few of these, and each must be seen with its own.
        for mirror in self.mirrors_of(cluster) {
            for unit in &mirror.units {
                findings_of
                    .entry(*unit)
                    .or_default()
                    .push(mirror.finding.id.clone());
            }
        }
        let mut members: Vec<Member> = Vec::new();
        for (unit, bits) in cluster.units.iter().zip(&cluster.bits) {
            for account in self
                .sources
                .units
                .accounts
                .get(*unit as usize)
                .into_iter()
                .flatten()
            {
                let index = *account as usize;
                let by_family: BTreeMap<Family, f64> = Family::ALL
                    .iter()
                    .zip(bits)
                    .filter(|(_, bits)| **bits > 0.0)
                    .map(|(family, bits)| (*family, *bits))
                    .collect();
                members.push(Member {
                    role: Role::default(),
                    account_id: rows.account_ids.get(index).cloned().unwrap_or_default(),
                    bits: by_family.values().sum(),
                    bits_by_family: by_family,
                    requests: rows.requests.get(index).copied().unwrap_or(0),
                    campaign_requests: 0,
                    first_us: rows.first_us.get(index).copied().unwrap_or(0),
                    last_us: rows.last_us.get(index).copied().unwrap_or(0),
                    created_us: None,
                    closed_us: None,
                    findings: findings_of.get(unit).cloned().unwrap_or_default(),
                });
            }
        }
        members.sort_by(|a, b| {
            b.bits
                .total_cmp(&a.bits)
                .then_with(|| a.account_id.cmp(&b.account_id))
        });
        members
    }

    fn locators(&self, accounts: &[u32]) -> Vec<Locator> {
        let mut locators: Vec<Locator> = accounts
            .iter()
            .filter_map(|account| self.sources.rows.of_account(*account))
            .take(self.sources.locators)
            .collect();
        locators.sort();
        locators
    }
}
