//! What is told of each campaign beside its verdict: who holds which key, what happened when, what
//! the clocks say.

use anyhow::Result;
use rustc_hash::FxHashMap;

use crate::fuse::findings::Sources;
use crate::fuse::group_tests::Tested;
use crate::fuse::judging::Clocks;
use crate::fuse::membership::{self, Ties};
use crate::fuse::{
    Candidate, Input, access, clock, corroboration::Corroboration, dated, group_tests, held,
    quiet_days, rivals,
};
use crate::model::campaign::Campaign;
use crate::model::finding::{Family, Finding};

/// What a campaign is told from.
pub(super) struct Teller<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) candidates: &'a [Candidate<'a>],
    pub(super) corroborations: &'a [Corroboration],
    pub(super) tested: &'a Tested,
    pub(super) clocks: Clocks,
    pub(super) sources: &'a Sources<'a>,
    /// Requests by account and hour, sorted.
    pub(super) cells: &'a [(u32, i64, u32)],
}

impl Teller<'_> {
    /// Tells of every campaign, each with its place among the candidates; `findings` are those
    /// made so far, and the ones made here join them.
    pub(super) fn tell(
        &self,
        campaigns: &mut [(Campaign, usize)],
        findings: &mut Vec<Finding>,
    ) -> Result<()> {
        let family_of: FxHashMap<String, Family> = findings
            .iter()
            .map(|finding| (finding.id.clone(), finding.family))
            .collect();
        let lists: Vec<Vec<u32>> = campaigns
            .iter()
            .filter_map(|(_, place)| self.candidates.get(*place))
            .map(|(cluster, _)| self.sources.accounts(&cluster.units))
            .collect();
        let access = access::describe(self.input.tables, &lists)?;
        for ((campaign, place), access) in campaigns.iter_mut().zip(access) {
            findings.extend(self.dated(campaign, *place, &family_of));
            campaign.description.extend(access);
        }
        Ok(())
    }

    fn dated(
        &self,
        campaign: &mut Campaign,
        place: usize,
        family_of: &FxHashMap<String, Family>,
    ) -> Vec<Finding> {
        let (Some((cluster, lead)), Some(found)) =
            (self.candidates.get(place), self.tested.by_group.get(place))
        else {
            return Vec::new();
        };
        let Input {
            population, config, ..
        } = self.input;
        let ties = match lead {
            Some(group) => Ties::from([*group]),
            None => membership::ties(&cluster.corroborations, self.corroborations),
        };
        let mut findings = held::attach(
            campaign,
            &cluster.units,
            &ties,
            family_of,
            self.sources,
            &config.fuse,
            &config.network,
        );
        let counting: Vec<bool> = found
            .iter()
            .map(|judged| {
                (self.clocks.count() || lead.is_some())
                    && group_tests::counts(judged, cluster, lead.is_some())
            })
            .collect();
        if let Some(reasons) = self.tested.untested.get(place) {
            campaign.not_tested.extend(reasons.iter().cloned());
        }
        if let Some(silent) = self.tested.silent.get(place) {
            campaign.tested_without_finding.clone_from(silent);
        }
        findings.extend(dated::attach(campaign, found, &counting, self.sources));
        rivals::weigh_sign_ups(campaign);
        let accounts = self.sources.accounts(&cluster.units);
        campaign.timeline = dated::timeline(campaign, &accounts, population, found, self.cells);
        let span_us = (campaign.first_us, campaign.last_us);
        campaign.description =
            clock::describe(&campaign.hour_of_week, span_us, &accounts, population);
        campaign
            .description
            .extend(quiet_days::describe(&accounts, span_us, population));
        findings
    }
}
