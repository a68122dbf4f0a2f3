//! Whether the chances that the test of agreements states are those at which it errs: worlds
//! in which addresses and templates have nothing to do with each other but that busy accounts have
//! more of both.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::detect::layer::{Layer, group_entries};
use crate::fuse::chance::{Background, Enough};
use crate::fuse::cluster::clusters;
use crate::fuse::corroboration::{corroborate, joining};
use crate::fuse::incidence::{UnitLayer, Units};
use crate::fuse::null_runs::null_runs;
use crate::fuse::strata::Strata;
use crate::model::finding::Family;
use crate::stats::random::Random;
use crate::stats::tail::poisson_upper_log2;

const ACCOUNTS: u32 = 2_000;
const WORLDS: u64 = 40;
const HUB_DEGREE: usize = 50;

/// Tails looked at, in bits: one in eight to one in a thousand.
const LEVELS: [f64; 8] = [3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0];

/// Tests that a level calls an agreement, and how many of them it says chance would give.
#[derive(Debug, Clone, Copy, Default)]
struct Level {
    stated: f64,
    found: u32,
}

/// Counts one test: the chance of the fewest that would be called an agreement is what it states,
/// since counts come in whole numbers.
fn count(levels: &mut [Level; LEVELS.len()], fewest: u64, observed: u64, expected: f64) {
    for (bits, level) in LEVELS.iter().zip(levels) {
        let enough = (fewest..).find(|count| -poisson_upper_log2(*count, expected) >= *bits);
        let Some(enough) = enough else { continue };
        level.stated += poisson_upper_log2(enough, expected).exp2();
        level.found += u32::from(observed >= enough);
    }
}

/// Requests of each account: few are very busy.
fn activity(random: &mut Random) -> Vec<u64> {
    let mut one = || (4.0 / (1.0 - random.unit_f64()).powf(0.7)).min(4_000.0) as u64;
    (0..ACCOUNTS).map(|_| one()).collect()
}

/// Keys of so many accounts each, drawn by a power of their activity, and for every account some of
/// its own.
fn layer(
    kind: &'static str,
    family: Family,
    sizes: impl Iterator<Item = usize>,
    requests: &[u64],
    random: &mut Random,
) -> UnitLayer {
    let mut until = Vec::with_capacity(requests.len());
    let mut sum = 0.0;
    for count in requests {
        sum += (*count as f64).sqrt();
        until.push(sum);
    }
    let last = u32::try_from(requests.len()).unwrap() - 1;
    let mut entries = Vec::new();
    let mut key = 0;
    for size in sizes {
        for _ in 0..size {
            let place = random.unit_f64() * sum;
            let account = until.partition_point(|until| *until <= place);
            entries.push((key, u32::try_from(account).unwrap().min(last), 0));
        }
        key += 1;
    }
    for (account, count) in (0_u32..).zip(requests) {
        for _ in 0..=count.ilog2() / 2 {
            entries.push((key, account, 0));
            key += 1;
        }
    }
    entries.sort_unstable();
    entries.dedup();
    let layer = Layer::of_accounts(
        "test/test",
        kind,
        family,
        group_entries(entries, |key| key.to_string()),
    );
    UnitLayer::fold(&layer, 0, &Units::fold(&vec![None; requests.len()]))
}

/// Households, and with them some offices; applications small and large.
fn world(seed: u64, with_offices: bool) -> (Vec<u64>, UnitLayer, UnitLayer) {
    let mut random = Random::new(seed);
    let requests = activity(&mut random);
    let homes = (0..400).map(|at| match at % 40 {
        0 if with_offices => 12 + at / 10,
        _ => 2 + at % 3,
    });
    let addresses = layer("ip", Family::Network, homes, &requests, &mut random);
    let applications = (0..120).map(|at| 4 + at * at / 100);
    let templates = layer(
        "template",
        Family::Content,
        applications,
        &requests,
        &mut random,
    );
    (requests, addresses, templates)
}

/// Stated and found of many small keys, and of one key with many accounts.
fn measure(with_offices: bool) -> [[Level; LEVELS.len()]; 2] {
    let mut measured = [[Level::default(); LEVELS.len()]; 2];
    for seed in 0..WORLDS {
        let (requests, addresses, templates) = world(seed, with_offices);
        let strata = Strata::new(&requests, None);
        let background = Background::new(&addresses, &strata, HUB_DEGREE);
        for group in 0..templates.groups.len() {
            let members = templates.groups.get(group);
            if members.len() < 3 {
                continue;
            }
            let shares = background.shares(members);
            let inside: BTreeMap<u32, usize> = addresses.keys_of(members).into_iter().collect();
            let shared = inside.iter().filter(|(_, inside)| **inside >= 2);
            let small: Vec<u32> = shared.map(|(key, _)| *key).collect();
            let observed = joining(&addresses, &small, members);
            let expected = background.expected_keys(&shares, Enough::Two);
            count(&mut measured[0], 2, observed, expected);
            for key in 0..addresses.groups.len() {
                let observed = inside.get(&(key as u32)).map_or(0, |inside| *inside as u64);
                let all = addresses.groups.get(key);
                let expected = background.expected_units(key, all, &shares);
                count(&mut measured[1], 3, observed, expected);
            }
        }
    }
    measured
}

/// Four standard deviations of a count.
fn noise(stated: f64) -> f64 {
    4.0 * stated.sqrt()
}

#[test]
fn among_households_chances_stated_are_chances_found_within_a_factor_of_two() {
    let [many, _] = measure(false);
    for (bits, Level { stated, found }) in LEVELS.iter().zip(many) {
        println!("{bits} bits: stated {stated:.1}, found {found}");
    }
    for (bits, Level { stated, found }) in LEVELS.iter().zip(many) {
        let found = f64::from(found);
        assert!(
            found <= 2.0 * stated + noise(stated) && found + noise(stated) >= stated / 2.0,
            "{bits} bits: stated {stated}, found {found}"
        );
    }
}

#[test]
fn whatever_the_keys_no_chance_found_is_twice_what_is_stated() {
    let measured = [measure(false), measure(true)];
    for (bits, Level { stated, found }) in measured
        .iter()
        .flatten()
        .flat_map(|levels| LEVELS.iter().zip(*levels))
    {
        println!("{bits} bits: stated {stated:.1}, found {found}");
        assert!(
            f64::from(found) <= 2.0 * stated + noise(stated),
            "{bits} bits: stated {stated}, found {found}"
        );
    }
}

/// Clusters that chance gives in worlds without campaigns, beside those that the null runs of the
/// same worlds expect.
fn clusters_by_chance(counting_bits: f64) -> (f64, usize) {
    let (mut stated, mut found) = (0.0, 0);
    for seed in 0..WORLDS {
        let (requests, addresses, templates) = world(seed, false);
        let layers = [addresses, templates];
        let mut config = Config::default();
        config.fuse.counting_bits = counting_bits;
        config.fuse.null_runs = 5;
        let strata = Strata::new(&requests, None);
        let corroborations = corroborate(&layers, &strata, &strata, &config);
        found += clusters(&layers, &corroborations, &config.fuse, &config.network).len();
        let runs = null_runs(&layers, &strata, &strata, &config, seed);
        stated += runs.support_bits.len() as f64 / f64::from(runs.runs);
    }
    (stated, found)
}

/// Where one agreement by chance is let through in every log, what a cluster needs besides (ties in
/// several places, most of a template's users) keeps chance from making one, and the null runs say so.
#[test]
fn chance_makes_no_clusters_even_where_an_agreement_by_chance_counts() {
    let (stated, found) = clusters_by_chance(0.0);
    assert!(stated < 1.0, "{stated} stated");
    assert_eq!(found, 0);
}

/// Small worlds, where chance has the best of it: cards and templates of a size with the log, and
/// homes and two offices, with nothing to do with each other.
fn small_world(seed: u64) -> (Vec<u64>, [UnitLayer; 3]) {
    let mut random = Random::new(seed);
    let mut requests = activity(&mut random);
    requests.truncate(300);
    let mut draw = |kind, family, sizes: &mut dyn Iterator<Item = usize>| {
        layer(kind, family, sizes, &requests, &mut random)
    };
    let mut cards = draw("card", Family::Payment, &mut (0..40).map(|at| 3 + at % 8));
    cards.hard = true;
    let templates = draw(
        "template",
        Family::Content,
        &mut (0..40).map(|at| 4 + at % 20),
    );
    let homes = (0..60).map(|at| if at < 2 { 15 } else { 2 + at % 3 });
    let addresses = draw("ip", Family::Network, &mut { homes });
    (requests, [cards, templates, addresses])
}

/// Clusters by chance in so many small worlds: stated by their null runs, and found.
fn clusters_in_small_worlds(counting_bits: f64) -> (f64, f64) {
    let (mut stated, mut found) = (0.0, 0.0);
    for seed in 0..SMALL_WORLDS {
        let (requests, layers) = small_world(seed);
        let mut config = Config::default();
        config.fuse.counting_bits = counting_bits;
        config.fuse.null_runs = 5;
        let strata = Strata::new(&requests, None);
        let corroborations = corroborate(&layers, &strata, &strata, &config);
        found += clusters(&layers, &corroborations, &config.fuse, &config.network).len() as f64;
        let runs = null_runs(&layers, &strata, &strata, &config, seed);
        stated += runs.support_bits.len() as f64 / f64::from(runs.runs);
    }
    (stated, found)
}

const SMALL_WORLDS: u64 = 1200;

/// Campaigns that chance makes, where so much evidence is let through that it makes some.
#[test]
fn false_clusters_stated_are_false_clusters_found_within_a_factor_of_two() {
    for bits in [-6.0, -8.0, -10.0] {
        let (stated, found) = clusters_in_small_worlds(bits);
        println!("evidence from {bits} bits: stated {stated:.1}, found {found}");
        assert!(
            found <= 2.0 * stated && stated <= 2.0 * found && found >= 10.0,
            "{bits} bits: stated {stated}, found {found}"
        );
    }
}
