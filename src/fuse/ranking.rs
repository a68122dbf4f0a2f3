//! In which order templates are listed: those that matter most first.
//!
//! On text alone an application's prompt looks like a campaign's, so the order asks who fills it.
//! First come the templates of campaigns, by verdict; then the others by their priority, the mean
//! of what is known of four shares, each 0 for unrelated customers of the log:
//!
//! - payers: accounts that share a payer, not one of very many, with another account of the template;
//! - age: how much closer together its accounts were created than the log's (interquartile ranges);
//! - clocks: how much more of the day they are at work than the log's accounts as busy;
//! - slots: what is not of the template in its texts.
//!
//! Where the same texts go round, as in a class or an evaluation, the priority is 0. The order is no evidence and counts for no verdict.

use rustc_hash::FxHashMap;

use crate::detect::population::Population;
use crate::model::campaign::{Campaign, Template, Verdict};
use crate::model::finding::Family;
use crate::stats::quantile::quantile;

/// Fewest accounts of which a share is told.
const FEWEST_ACCOUNTS: usize = 4;

/// Fewest requests of an account whose hours of the day are looked at (ours: as many as hours).
const FEWEST_REQUESTS: u64 = 24;

const HOURS_PER_DAY: i64 = 24;

/// What is usual in a log.
pub(super) struct Usual<'a> {
    population: &'a Population<'a>,
    /// Interquartile range of the accounts' times of creation, microseconds.
    created_range_us: Option<f64>,
    /// Shared payers that are not everybody's: (account, payer), ascending.
    payers: Vec<(u32, u32)>,
    /// By bits of the number of requests: mean share of the hours of the day at work, accounts.
    hours_by_activity: FxHashMap<u32, (f64, u32)>,
}

impl<'a> Usual<'a> {
    pub(super) fn read(population: &'a Population<'a>) -> Self {
        let mut hours_by_activity: FxHashMap<u32, (f64, u32)> = FxHashMap::default();
        for account in population.accounts() {
            if let Some((activity, share)) = hours_at_work(population, account) {
                let (sum, count) = hours_by_activity.entry(activity).or_default();
                *sum += share;
                *count += 1;
            }
        }
        let all: Vec<u32> = population.accounts().collect();
        let mut payers = Vec::new();
        let layers = population.layers.iter();
        let groups = layers
            .filter(|layer| layer.family == Family::Payment)
            .flat_map(|layer| (0..layer.len()).map(|group| layer.group(group)))
            .filter(|accounts| accounts.len() <= population.hub_degree);
        for (payer, accounts) in (0_u32..).zip(groups) {
            payers.extend(accounts.iter().map(|account| (*account, payer)));
        }
        payers.sort_unstable();
        Self {
            payers,
            population,
            created_range_us: created_range_us(population, &all),
            hours_by_activity,
        }
    }

    /// From 0, as unrelated customers are, to 1; `slot_share` is what is not of the template.
    pub(super) fn priority(&self, accounts: &[u32], slot_share: f64) -> f64 {
        let shares = [
            self.shared_payers(accounts),
            self.alike_in_age(accounts),
            self.longer_at_work(accounts),
            Some(slot_share),
        ];
        let known: Vec<f64> = shares.into_iter().flatten().collect();
        let sum: f64 = known.iter().map(|share| share.clamp(0.0, 1.0)).sum();
        sum / known.len().max(1) as f64
    }

    fn shared_payers(&self, accounts: &[u32]) -> Option<f64> {
        let known = accounts
            .iter()
            .filter_map(|account| self.population.profile(*account)?.payment_id.as_deref())
            .count();
        let mut users: FxHashMap<u32, u32> = FxHashMap::default();
        for payer in accounts.iter().flat_map(|account| self.payers_of(*account)) {
            *users.entry(payer).or_default() += 1;
        }
        let shares = |account: &&u32| {
            self.payers_of(**account)
                .any(|payer| users.get(&payer).is_some_and(|count| *count > 1))
        };
        let shared = accounts.iter().filter(shares).count();
        (known >= FEWEST_ACCOUNTS).then(|| shared as f64 / known as f64)
    }

    fn payers_of(&self, account: u32) -> impl Iterator<Item = u32> {
        let start = self.payers.partition_point(|one| one.0 < account);
        let rest = self.payers.iter().skip(start);
        rest.take_while(move |one| one.0 == account)
            .map(|one| one.1)
    }

    fn alike_in_age(&self, accounts: &[u32]) -> Option<f64> {
        let usual = self.created_range_us.filter(|range| *range > 0.0)?;
        Some(1.0 - created_range_us(self.population, accounts)? / usual)
    }

    fn longer_at_work(&self, accounts: &[u32]) -> Option<f64> {
        let (mut beyond, mut count) = (0.0, 0_usize);
        for account in accounts {
            let Some((activity, share)) = hours_at_work(self.population, *account) else {
                continue;
            };
            let (sum, all) = self.hours_by_activity.get(&activity).copied()?;
            beyond += share - sum / f64::from(all.max(1));
            count += 1;
        }
        (count >= FEWEST_ACCOUNTS).then(|| beyond / count as f64)
    }
}

fn created_range_us(population: &Population<'_>, accounts: &[u32]) -> Option<f64> {
    let mut created: Vec<f64> = accounts
        .iter()
        .filter_map(|account| population.profile(*account)?.created_at_us)
        .map(|at_us| at_us as f64)
        .collect();
    created.sort_by(f64::total_cmp);
    let enough = created.len() >= FEWEST_ACCOUNTS;
    enough.then(|| Some(quantile(&created, 0.75)? - quantile(&created, 0.25)?))?
}

/// How busy an account is, in bits, and the share of the hours of the day at which it ever sent.
fn hours_at_work(population: &Population<'_>, account: u32) -> Option<(u32, f64)> {
    let requests = population.requests.get(account as usize).copied()?;
    if requests < FEWEST_REQUESTS || population.cell_hours > 1 {
        return None;
    }
    let hours = population.cells(account).iter().fold(0_u32, |hours, cell| {
        hours | 1 << cell.hour.rem_euclid(HOURS_PER_DAY)
    });
    let share = f64::from(hours.count_ones()) / HOURS_PER_DAY as f64;
    Some((requests.ilog2(), share))
}

/// Sorts templates with what belongs to them.
pub(super) fn sort<T>(templates: &mut [(Template, T)], campaigns: &[Campaign]) {
    let verdicts: FxHashMap<&str, Verdict> = campaigns
        .iter()
        .map(|campaign| (campaign.id.as_str(), campaign.verdict))
        .collect();
    let verdict = |template: &Template| {
        let id = template.campaign_id.as_deref()?;
        verdicts.get(id).copied()
    };
    templates.sort_by(|(a, _), (b, _)| {
        verdict(b)
            .cmp(&verdict(a))
            .then(b.priority.total_cmp(&a.priority))
            .then(b.accounts.cmp(&a.accounts))
            .then_with(|| a.id.cmp(&b.id))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::layer::{Layer, group_entries};
    use crate::detect::population::DAY_US;
    use crate::detect::test_world::World;

    fn payments(cards: &[(u32, u32)]) -> Layer {
        let entries = cards.iter().map(|(card, account)| (*card, *account, 0));
        let grouped = group_entries(entries.collect(), |card| format!("card{card}"));
        Layer::of_accounts(
            "network/shared-payment",
            "payment",
            Family::Payment,
            grouped,
        )
    }

    /// Twenty customers of a year, then ten accounts of one day on two cards, at work day and night.
    fn world() -> World {
        let mut world = World::new(30, &["m"]);
        let cards: Vec<(u32, u32)> = (20..30).map(|account| (account % 2, account)).collect();
        world.layers = vec![payments(&cards)];
        for account in 0..30 {
            let fleet = account >= 20;
            let profile = world.profile(account);
            let day = if fleet { 300 } else { i64::from(account) * 18 };
            profile.created_at_us = Some(day * DAY_US);
            profile.payment_id = Some(if fleet {
                format!("card{}", account % 2)
            } else {
                format!("own{account}")
            });
            for request in 0..40_i64 {
                let hour = if fleet {
                    request
                } else {
                    request / 4 * 24 + 9 + request % 4
                };
                world.put(account, hour, 0, 1);
            }
        }
        world
    }

    #[test]
    fn a_fleet_comes_before_unrelated_customers() {
        let world = world();
        let population = world.population();
        let usual = Usual::read(&population);
        let all = |accounts: std::ops::Range<u32>| accounts.collect::<Vec<u32>>();
        let customers = usual.priority(&all(0..20), 0.4);
        let fleet = usual.priority(&all(20..30), 0.4);
        assert!(customers < 0.25, "{customers}");
        assert!(fleet > 0.7, "{fleet}");
        assert_eq!(usual.shared_payers(&[0, 1, 2]), None);
    }

    #[test]
    fn a_payer_of_very_many_is_no_tie() {
        let mut world = world();
        let everybody: Vec<(u32, u32)> = (0..30).map(|account| (7, account)).collect();
        world.layers = vec![payments(&everybody)];
        let mut population = world.population();
        population.hub_degree = 25;
        let usual = Usual::read(&population);
        assert_eq!(usual.shared_payers(&[0, 1, 2, 3]), Some(0.0));
    }

    #[test]
    fn without_an_accounts_table_the_texts_alone_are_left() {
        let mut world = World::new(6, &["m"]);
        world.put(0, 1, 0, 1);
        let population = world.population();
        let usual = Usual::read(&population);
        assert!((usual.priority(&[0, 1, 2, 3], 0.3) - 0.3).abs() < 1e-12);
        assert!((usual.priority(&[], 2.0) - 1.0).abs() < 1e-12);
    }
}
