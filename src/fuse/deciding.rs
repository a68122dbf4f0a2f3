//! From candidates to campaigns: each gets its verdict, and those that the profile reports stay.

use crate::config::options::Profile;
use crate::fuse::campaigns::Maker;
use crate::fuse::cluster::Cluster;
use crate::fuse::incidence::UnitLayer;
use crate::fuse::judging::Judge;
use crate::fuse::{Candidate, batches, findings, held, leads, reported, verdict};
use crate::model::campaign::{Campaign, Verdict};
use crate::model::finding::{Family, Finding};

/// What decides on candidates.
pub(super) struct Deciding<'a> {
    pub(super) judge: &'a Judge<'a>,
    pub(super) maker: &'a Maker<'a>,
    /// All layers, those that are tested against each other first.
    pub(super) layers: &'a [UnitLayer],
    pub(super) tested_layers: usize,
    pub(super) profile: Profile,
    /// Ids of the candidates.
    pub(super) ids: &'a [String],
}

impl Deciding<'_> {
    /// The campaigns to report, each with its place among the candidates, and the findings that
    /// leads stand on; `fused` are the candidates with what the tests of groups found.
    pub(super) fn campaigns(
        &self,
        candidates: &[Candidate<'_>],
        fused: &[Cluster],
    ) -> (Vec<(Campaign, usize)>, Vec<Finding>) {
        let (mut campaigns, mut lead_findings) = (Vec::new(), Vec::new());
        for (place, (candidate, fused)) in candidates.iter().zip(fused).enumerate() {
            let (campaign, findings) = self.campaign(place, candidate, fused);
            let is_everyday = if self.is_in_one_place(candidate) {
                !self.comes_in_waves(candidate, fused)
            } else {
                self.is_of_customers(candidate)
            };
            if reported::is_reported(&campaign, self.profile, is_everyday) {
                campaigns.push((campaign, place));
                lead_findings.extend(findings);
            }
        }
        (campaigns, lead_findings)
    }

    /// Whether a group was made in batches, or what its accounts do over time counts beside its
    /// text.
    fn comes_in_waves(&self, (cluster, _): &Candidate<'_>, fused: &Cluster) -> bool {
        let accounts = self.judge.sources.accounts(&cluster.units);
        [Family::Lifecycle, Family::Dynamics]
            .iter()
            .any(|family| fused.counts(*family))
            || batches::come_in_batches(&accounts, self.judge.population)
    }

    /// Whether a lead rests on a text whose senders live like customers.
    fn is_of_customers(&self, candidate: &Candidate<'_>) -> bool {
        self.is_on_text(candidate) && self.judge.lives_like_customers(candidate.0)
    }

    /// Whether a lead rests on a text whose senders sit in one place.
    fn is_in_one_place(&self, candidate: &Candidate<'_>) -> bool {
        self.is_on_text(candidate) && leads::in_one_place(self.tested(), &candidate.0.units)
    }

    fn is_on_text(&self, (_, lead): &Candidate<'_>) -> bool {
        let layer = lead.and_then(|(layer, _)| self.layers.get(layer));
        layer.is_some_and(|layer| layer.family == Family::Content)
    }

    fn tested(&self) -> &[UnitLayer] {
        self.layers.get(..self.tested_layers).unwrap_or_default()
    }

    fn campaign(
        &self,
        place: usize,
        candidate: &Candidate<'_>,
        fused: &Cluster,
    ) -> (Campaign, Vec<Finding>) {
        let (cluster, lead) = candidate;
        let Self { judge, maker, .. } = self;
        let by_addresses = lead.is_some_and(|(layer, _)| layer >= self.tested_layers);
        let (mut verdict, expected) = judge.verdict(place, cluster, fused, lead.is_some());
        if by_addresses && verdict.0 > Verdict::Lead {
            verdict = (
                Verdict::Lead,
                "addresses in common are a lead, whatever else the accounts do".to_owned(),
            );
        } else if verdict.0 > Verdict::Lead && self.is_in_one_place(candidate) {
            verdict = (
                Verdict::Lead,
                format!(
                    "{}, but most of the accounts sit in one place: an office, a class or a tenant of one cloud with a task of its own explains that",
                    verdict.1
                ),
            );
        }
        let id = self.ids.get(place).cloned().unwrap_or_default();
        let mut campaign = maker.campaign((id, cluster), verdict, expected, *lead);
        if verdict::only_meet(cluster, judge.corroborations, judge.layers) {
            leave_out_places(&mut campaign);
        }
        campaign.without_family =
            judge.without_families(place, (cluster, lead.is_some()), fused, campaign.verdict);
        let mut made = Vec::new();
        if let Some(group) = lead
            && let Some(finding) = findings::attach_lead(&mut campaign, *group, judge.sources)
        {
            made.push(finding);
            if by_addresses {
                made.extend(held::attach_addresses(
                    &mut campaign,
                    &cluster.units,
                    judge.sources,
                ));
            }
        }
        (campaign, made)
    }
}

/// Says of addresses that the verdict does not stand on them, and tells them after what counts.
fn leave_out_places(campaign: &mut Campaign) {
    for evidence in campaign
        .evidence
        .iter_mut()
        .filter(|one| one.family == Family::Network && one.counts)
    {
        evidence.counts = false;
        evidence.statement.push_str(
            "; it counts for nothing here: they lie in one place, are few, or one serves half of the accounts, as where customers of one product or carrier meet",
        );
    }
    campaign.evidence.sort_by_key(|one| !one.counts);
}
