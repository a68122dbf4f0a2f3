//! Known answers for the link test and the verdict, on layers made by hand: no digest needed.

mod calibration;
mod customers;
mod members;
mod places;

use crate::config::Config;
use crate::detect::layer::{Layer, Quality, RowSource, group_entries};
use crate::fuse::cluster::{Cluster, clusters};
use crate::fuse::corroboration::{Corroboration, corroborate};
use crate::fuse::customers::separate_customers;
use crate::fuse::incidence::{UnitLayer, Units};
use crate::fuse::leads::leads;
use crate::fuse::membership;
use crate::fuse::null_runs::null_runs;
use crate::fuse::strata::Strata;
use crate::fuse::verdict::{Besides, verdict};
use crate::model::campaign::Verdict;
use crate::model::finding::Family;
use crate::stats::random::Random;

const ACCOUNTS: u32 = 3_000;

struct World {
    payment: Vec<(u32, u32, u32)>,
    address: Vec<(u32, u32, u32)>,
    template: Vec<(u32, u32, u32)>,
    pattern: Vec<(u32, u32, u32)>,
    domain: Vec<(u32, u32, u32)>,
    client: Vec<(u32, u32, u32)>,
    everyday: Vec<u32>,
}

impl World {
    /// Everybody has a card and three addresses of their own; households share an address;
    /// two popular applications have many users.
    fn innocent(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut world = World {
            payment: Vec::new(),
            address: Vec::new(),
            template: Vec::new(),
            pattern: Vec::new(),
            domain: Vec::new(),
            client: Vec::new(),
            everyday: Vec::new(),
        };
        for account in 0..ACCOUNTS {
            world.payment.push((10_000 + account, account, 0));
            for number in 0..3 {
                world
                    .address
                    .push((100_000 + account * 3 + number, account, 0));
            }
            if random.unit_f64() < 0.05 {
                world.address.push((
                    90_000 + u32::try_from(random.below(60)).unwrap(),
                    account,
                    0,
                ));
            }
            for application in 0..2 {
                if random.unit_f64() < 0.2 {
                    world.template.push((application, account, 0));
                }
            }
        }
        world
    }

    fn layers(self) -> Vec<UnitLayer> {
        let everyday = self.everyday;
        let layer = |kind, family, hard, entries, everyday: &[u32]| {
            let grouped = group_entries(entries, |value| value.to_string());
            let quality = grouped
                .values
                .iter()
                .map(|value| {
                    if everyday.iter().any(|other| other.to_string() == *value) {
                        Quality::Everyday(String::new())
                    } else {
                        Quality::Full
                    }
                })
                .collect();
            Layer {
                detector: "test/test",
                kind,
                family,
                hard,
                values: grouped.values,
                offsets: grouped.offsets,
                accounts: grouped.accounts,
                singles: grouped.singles,
                rows: grouped.rows,
                pairs: Vec::new(),
                row_source: RowSource::Accounts,
                quality,
                innocent: "",
                would_clear: "",
            }
        };
        let units = Units::fold(&vec![None; ACCOUNTS as usize]);
        [
            layer("payment", Family::Payment, true, self.payment, &[]),
            layer("ip", Family::Network, false, self.address, &[]),
            layer("template", Family::Content, false, self.template, &everyday),
            layer("email_pattern", Family::Identity, false, self.pattern, &[]),
            layer("user_agent", Family::Client, false, self.client, &[]),
            layer("mail_domain", Family::Identity, false, self.domain, &[]),
        ]
        .iter()
        .enumerate()
        .map(|(index, layer)| UnitLayer::fold(layer, index, &units))
        .collect()
    }
}

fn judge(layers: &[UnitLayer]) -> (Vec<Cluster>, Vec<Corroboration>, Vec<Verdict>) {
    let config = Config::default();
    let strata = Strata::new(&vec![10; ACCOUNTS as usize], None);
    let corroborations = corroborate(layers, &strata, &strata, &config);
    let found = clusters(layers, &corroborations, &config.fuse, &config.network);
    let verdicts = found
        .iter()
        .map(|cluster| verdict(cluster, &corroborations, layers, Besides::default()).0)
        .collect();
    (found, corroborations, verdicts)
}

fn assert_stays_a_lead(world: World) {
    let (found, _, verdicts) = judge(&world.layers());
    assert!(
        verdicts.iter().all(|verdict| *verdict == Verdict::Lead),
        "{} clusters {verdicts:?}",
        found.len()
    );
}

#[test]
fn innocent_logs_stay_quiet() {
    for seed in 1..=20 {
        let (_, _, verdicts) = judge(&World::innocent(seed).layers());
        assert!(
            verdicts.iter().all(|verdict| *verdict == Verdict::Lead),
            "seed {seed}: {verdicts:?}"
        );
    }
}

#[test]
fn cards_in_small_groups_under_one_template_are_one_campaign() {
    let mut world = World::innocent(7);
    for account in 500..560 {
        world.payment.push((1 + (account - 500) / 5, account, 0));
        world.template.push((50, account, 0));
    }
    let (found, _, verdicts) = judge(&world.layers());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].units, (500..560).collect::<Vec<u32>>());
    assert_eq!(verdicts, [Verdict::Likely]);
}

#[test]
fn a_third_family_makes_it_strong() {
    let mut world = World::innocent(8);
    for account in 500..560 {
        world.payment.push((1 + (account - 500) / 5, account, 0));
        world.template.push((50, account, 0));
        world.address.push((200 + account % 20, account, 0));
    }
    let (found, _, verdicts) = judge(&world.layers());
    assert_eq!(found.len(), 1);
    assert_eq!(verdicts, [Verdict::Strong]);
}

#[test]
fn a_campaign_that_is_a_third_of_the_log_is_found() {
    let mut world = World::innocent(9);
    for account in 0..1_000 {
        world.payment.push((1 + account / 8, account, 0));
        world.template.push((50, account, 0));
    }
    let (found, _, verdicts) = judge(&world.layers());
    assert_eq!(found.len(), 1);
    let inside = found[0].units.iter().filter(|unit| **unit < 1_000).count();
    assert!(
        inside >= 980 && inside == found[0].units.len(),
        "{inside} of {}",
        found[0].units.len()
    );
    assert!(verdicts[0] >= Verdict::Likely);
}

#[test]
fn templates_of_nearly_the_same_accounts_are_one_lead() {
    let mut world = World::innocent(14);
    for account in 500..540 {
        world.template.push((50, account, 0));
        if account < 538 {
            world.template.push((51, account, 0));
        }
        if account >= 530 {
            world.template.push((52, account, 0));
        }
    }
    let layers = world.layers();
    let config = Config::default();
    let found = leads(&layers, &[], &config.fuse, &config.network);
    let sizes: Vec<(usize, usize)> = found
        .iter()
        .filter(|(lead, _)| lead.units.first() >= Some(&500) && lead.units.len() < 50)
        .map(|(lead, _)| (lead.units.len(), lead.also.len()))
        .collect();
    // Ten of forty are another group.
    assert_eq!(sizes, [(40, 1), (10, 0)]);
}

#[test]
fn rewired_links_give_no_campaign() {
    let mut world = World::innocent(13);
    for account in 500..560 {
        world.payment.push((1 + (account - 500) / 5, account, 0));
        world.template.push((50, account, 0));
    }
    let strata = Strata::new(&vec![10; ACCOUNTS as usize], None);
    let null = null_runs(&world.layers(), &strata, &strata, &Config::default(), 3);
    assert_eq!(null.runs, Config::default().fuse.null_runs);
    assert!(null.expected_likely <= 0.05, "{null:?}");
}
