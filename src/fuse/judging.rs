//! From the evidence of a candidate to its verdict: the ladder, what would explain it, and what
//! the null runs allow.

use std::collections::BTreeSet;

use crate::config::{Config, FuseConfig};
use crate::detect::dynamics::failover::FAILOVER;
use crate::detect::dynamics::succession::SUCCESSION;
use crate::detect::group::Standing;
use crate::detect::population::Population;
use crate::fuse::cluster::Cluster;
use crate::fuse::corroboration::Corroboration;
use crate::fuse::findings::Sources;
use crate::fuse::group_tests::{self, Tested};
use crate::fuse::incidence::UnitLayer;
use crate::fuse::ownership::{self, Ownership};
use crate::fuse::verdict::{self, Besides};
use crate::fuse::wording::{self, Wordings};
use crate::fuse::{
    customers, gathering, hosted, human_hours, long_standing, named, sites, working_week,
};
use crate::model::campaign::{Verdict, WithoutFamily};
use crate::model::case::NullRuns;
use crate::model::finding::Family;

/// Fewest accounts that pay alone and are followed by others when they are refused (ours: one
/// person has two or three cards).
const HANDED_ON_ACCOUNTS: usize = 8;

/// What a verdict is made from.
pub(super) struct Judge<'a> {
    /// Clusters of the log.
    pub(super) found: &'a [Cluster],
    pub(super) layers: &'a [UnitLayer],
    pub(super) corroborations: &'a [Corroboration],
    pub(super) null_runs: &'a NullRuns,
    pub(super) tested: &'a Tested,
    /// How far findings of the clock may decide.
    pub(super) clocks: Clocks,
    pub(super) ownership: Ownership<'a>,
    pub(super) population: &'a Population<'a>,
    pub(super) sources: &'a Sources<'a>,
    pub(super) wordings: &'a Wordings<'a>,
    pub(super) config: &'a Config,
}

impl Judge<'_> {
    /// Verdict with its reason, and the false clusters expected with as much support; `fused` is
    /// the cluster with what its group tests add.
    pub(super) fn verdict(
        &self,
        place: usize,
        cluster: &Cluster,
        fused: &Cluster,
        is_lead: bool,
    ) -> ((Verdict, String), f64) {
        // Where random groups have findings of the clock as well, the links must stand alone.
        let fused = if !self.clocks.count() && !is_lead {
            cluster
        } else {
            fused
        };
        let returned = self.clocks.count() && self.returned(place, cluster, is_lead);
        let besides = self.besides(place, cluster);
        let (mut verdict, mut reason) =
            verdict::verdict(fused, self.corroborations, self.layers, besides);
        // The links of a cluster face the rewired links; what a lead's accounts do over time
        // faces random groups of accounts as busy.
        let (expected, as_supported) = if !is_lead {
            let support = cluster.support_bits();
            let as_supported = self
                .found
                .iter()
                .filter(|other| other.support_bits() >= support);
            (expected_at(support, self.null_runs), as_supported.count())
        } else if verdict > Verdict::Lead {
            (self.tested.expected_counting, 1)
        } else {
            // The null keeps every key's number of accounts, so it has this group in every run.
            (1.0, 1)
        };
        if is_lead {
            if verdict == Verdict::Lead {
                "one family of evidence: nothing else that counts supports it"
                    .clone_into(&mut reason);
            }
            // One key and what its accounts do over time: never more than two ways of knowing.
            verdict = verdict.min(Verdict::Likely);
        }
        let (mut verdict, mut reason) =
            self.explained(place, cluster, fused, (verdict, reason), returned);
        if self.clocks == Clocks::SpeakForSome && verdict == Verdict::Strong && !is_lead {
            let links = verdict::verdict(cluster, self.corroborations, self.layers, besides);
            if self.explained(place, cluster, cluster, links, false).0 < Verdict::Strong {
                verdict = Verdict::Likely;
                reason = format!(
                    "{reason}; lowered, because random groups have {:.2} findings of the clock that count",
                    self.tested.expected_counting
                );
            }
        }
        (
            allowed(verdict, reason, expected, as_supported, self.config),
            expected,
        )
    }

    /// Whether accounts of the cluster came back after closures.
    fn returned(&self, place: usize, cluster: &Cluster, is_lead: bool) -> bool {
        self.tested.by_group.get(place).is_some_and(|found| {
            found.iter().any(|judged| {
                judged.detector == SUCCESSION && group_tests::counts(judged, cluster, is_lead)
            })
        })
    }

    /// Whether the accounts came one by one over the years, or sleep, or send too little to tell: what
    /// unrelated customers do, and a class.
    pub(super) fn lives_like_customers(&self, cluster: &Cluster) -> bool {
        let accounts = self.sources.accounts(&cluster.units);
        let hours_known = self.population.cell_hours == 1;
        (hours_known && human_hours::kept(&accounts, self.population) != Some(false))
            || long_standing::customers(&accounts, self.population).is_some()
    }

    /// What is known beside the keys.
    fn besides(&self, place: usize, cluster: &Cluster) -> Besides {
        let accounts = self.sources.accounts(&cluster.units);
        Besides {
            handed_on: self.handed_on(place, cluster),
            sleeps: human_hours::kept(&accounts, self.population) == Some(true),
        }
    }

    /// The accounts of a cluster that are followed by others of it when they are refused.
    fn refused(&self, place: usize) -> Vec<u32> {
        self.tested
            .by_group
            .get(place)
            .into_iter()
            .flatten()
            .filter(|judged| {
                judged.detector == FAILOVER && judged.bits >= self.config.fuse.counting_bits
            })
            .flat_map(|judged| judged.finding.accounts.iter().copied())
            .collect()
    }

    /// Whether accounts that share their payer with nobody in the cluster are followed by others
    /// of it when they are refused: then one hand has the work of several payers.
    fn handed_on(&self, place: usize, cluster: &Cluster) -> bool {
        let refused = self.refused(place).into_iter();
        let payers = || self.layers.iter().filter(|layer| layer.hard);
        let shared: BTreeSet<(usize, u32)> = payers()
            .enumerate()
            .flat_map(|(number, layer)| {
                let keys = layer.keys_of(&cluster.units).into_iter();
                keys.filter(|(_, inside)| *inside >= 2)
                    .map(move |(key, _)| (number, key))
            })
            .collect();
        let pays_alone = |unit: usize| {
            let held = || {
                payers().enumerate().flat_map(|(number, layer)| {
                    let keys = layer.of_unit.get(unit).iter();
                    keys.map(move |key| (number, *key))
                })
            };
            let known =
                held().next().is_some() || payers().any(|layer| layer.singles.get(unit) > Some(&0));
            known && !held().any(|key| shared.contains(&key))
        };
        let alone = refused
            .filter_map(|account| self.sources.units.of_account.get(account as usize))
            .filter(|unit| pays_alone(**unit as usize))
            .count();
        alone >= HANDED_ON_ACCOUNTS
    }

    /// The verdict after what would explain the cluster.
    fn explained(
        &self,
        place: usize,
        cluster: &Cluster,
        fused: &Cluster,
        verdict: (Verdict, String),
        returned: bool,
    ) -> (Verdict, String) {
        let explanation = if verdict.0 > Verdict::Lead {
            self.explanation(place, cluster, fused)
        } else {
            None
        };
        ownership::allowed(verdict, explanation, returned)
    }

    /// What the verdict would be without each family that counts: its agreements and its bits
    /// taken away, and what others had from agreements with it. What would explain the rest is
    /// asked again.
    pub(super) fn without_families(
        &self,
        place: usize,
        (cluster, is_lead): (&Cluster, bool),
        fused: &Cluster,
        verdict: Verdict,
    ) -> Vec<WithoutFamily> {
        if verdict == Verdict::Lead {
            return Vec::new();
        }
        let returned = self.clocks.count() && self.returned(place, cluster, is_lead);
        let besides = self.besides(place, cluster);
        fused
            .counting()
            .map(|family| {
                let mut rest = fused.clone();
                rest.corroborations.retain(|index| {
                    self.corroborations
                        .get(*index)
                        .is_some_and(|found| found.family != family && found.other_family != family)
                });
                // What the group tests add stands beside the links.
                rest.family_bits.retain(|other, _| {
                    *other != family && !cluster.family_bits.contains_key(other)
                });
                let cap = self.config.fuse.family_cap_bits;
                let links: Vec<(Family, f64)> = rest
                    .agreements(self.corroborations)
                    .flat_map(|found| {
                        [found.family, found.other_family].map(|of| (of, found.bits.min(cap)))
                    })
                    .collect();
                for (of, bits) in &links {
                    let held = rest.family_bits.entry(*of).or_insert(0.0);
                    *held = held.max(*bits);
                }
                let left = if links.is_empty() {
                    Verdict::Lead
                } else {
                    let ladder = verdict::verdict(&rest, self.corroborations, self.layers, besides);
                    let returned = returned && family != Family::Lifecycle;
                    self.explained(place, &rest, &rest, ladder, returned).0
                };
                WithoutFamily {
                    family,
                    verdict: left.min(verdict),
                }
            })
            .collect()
    }

    /// The accounts that each agreement by itself ties, where no payer ties any; a text may have
    /// brought others along. Where each lies within one customer, nothing says that the customers
    /// belong together. Of payers one is always one customer's, so that they are counted instead.
    fn tied_by_each(&self, cluster: &Cluster) -> Vec<Vec<u32>> {
        let agreements: Vec<&Corroboration> = cluster
            .agreements(self.corroborations)
            .filter(|found| found.bits >= cluster.counting_bits)
            .collect();
        let by_payer =
            |found: &&Corroboration| [found.family, found.other_family].contains(&Family::Payment);
        if agreements.iter().any(by_payer) {
            return Vec::new();
        }
        agreements
            .iter()
            .map(|found| {
                let tied: Vec<u32> = found
                    .core
                    .iter()
                    .copied()
                    .filter(|unit| cluster.units.binary_search(unit).is_ok())
                    .collect();
                self.sources.accounts(&tied)
            })
            .collect()
    }

    /// The everyday cause that explains all of it, where there is one.
    fn explanation(&self, place: usize, cluster: &Cluster, fused: &Cluster) -> Option<String> {
        // What the verdict does not stand on does not make a few families many.
        let met = verdict::only_meet(cluster, self.corroborations, self.layers);
        let counts = |family| fused.counts(family) && !(met && family == Family::Network);
        let accounts = self.sources.accounts(&cluster.units);
        let numbered_in_many_places = counts(Family::Identity) && counts(Family::Network);
        let one_customer = |accounts: &[u32]| {
            self.ownership
                .one_customer(accounts, numbered_in_many_places)
        };
        let each_one_customer = || -> Option<String> {
            let tied = self.tied_by_each(cluster);
            let reasons: Option<Vec<String>> =
                tied.iter().map(|accounts| one_customer(accounts)).collect();
            reasons?.into_iter().next()
        };
        one_customer(&accounts)
            .or_else(each_one_customer)
            .or_else(|| sites::one_site(cluster, self.layers))
            .or_else(|| customers::separate_customers(cluster, self.layers))
            .or_else(|| {
                named::organisations(
                    cluster,
                    self.layers,
                    self.sources.units,
                    self.population.profiles,
                    self.ownership.domains(),
                )
            })
            .or_else(|| gathering::one_event(&accounts, self.population))
            .or_else(|| self.hosted_application(place, cluster, fused))
            .or_else(|| {
                // Customers of many years do not do each other's work, nor have they servers in common.
                let strangers = self.refused(place).len() * 2 < accounts.len()
                    && !fused.counts(Family::Network);
                self.of_few_families(cluster, (&accounts, strangers), counts)
            })
    }

    /// The everyday cause of a cluster that few families speak for: a trade, a course or customers
    /// of many years where two do, a working week unless payers are one of three and more. That
    /// accounts work together counts for nothing here: staff share a clock and a queue of work.
    fn of_few_families(
        &self,
        cluster: &Cluster,
        (accounts, strangers): (&[u32], bool),
        counts: impl Fn(Family) -> bool,
    ) -> Option<String> {
        let known = Family::ALL
            .into_iter()
            .filter(|family| {
                !matches!(family, Family::Client | Family::Coordination) && counts(*family)
            })
            .count();
        if known >= 3 && counts(Family::Payment) {
            return None;
        }
        let by_wording = || {
            let sent = (known == 2).then(|| self.wordings.sent(cluster))??;
            wording::of_a_trade(&sent).or_else(|| {
                if !counts(Family::Payment) {
                    return None;
                }
                gathering::course(accounts, self.population, sent.handed_out_share).or_else(|| {
                    strangers.then(|| long_standing::customers(accounts, self.population))?
                })
            })
        };
        by_wording().or_else(|| working_week::staff(accounts, self.population))
    }

    /// The application that explains prompts and addresses; see [`hosted`].
    fn hosted_application(
        &self,
        place: usize,
        cluster: &Cluster,
        fused: &Cluster,
    ) -> Option<String> {
        let dated = self
            .population
            .profiles
            .iter()
            .flatten()
            .any(|profile| profile.created_at_us.is_some());
        let shown: Vec<(&str, Family)> = self
            .tested
            .by_group
            .get(place)
            .into_iter()
            .flatten()
            .map(|judged| (judged.detector, judged.finding.family))
            .collect();
        let servers = hosted::servers(cluster, self.corroborations, self.layers);
        hosted::application(fused, &shown, dated, servers)
    }
}

/// How far findings of the clock may decide, by what random groups have of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clocks {
    /// Rare among random groups: they may decide any verdict.
    Decide,
    /// Too frequent for `strong`.
    SpeakForSome,
    /// Too frequent for any verdict.
    SpeakForAnybody,
}

impl Clocks {
    /// From the groups with findings that count, beside random groups of accounts as busy.
    pub(super) fn of(tested: &Tested, config: &FuseConfig) -> Self {
        let groups = tested.by_group.iter().filter(|found| {
            found.iter().any(|judged| {
                judged.bits >= config.counting_bits && judged.finding.standing != Standing::Weak
            })
        });
        let share = tested.expected_counting / groups.count().max(1) as f64;
        if share > config.likely_false_share {
            Self::SpeakForAnybody
        } else if share > config.strong_false_share {
            Self::SpeakForSome
        } else {
            Self::Decide
        }
    }

    /// Whether findings of the clock may count at all.
    pub(super) fn count(self) -> bool {
        self != Self::SpeakForAnybody
    }
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
                "{reason}; lowered, because the null runs give {expected:.2} as well supported by chance"
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
