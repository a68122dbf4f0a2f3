//! Known answers for the link test and the verdict, on layers made by hand: no digest needed.

mod calibration;

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

/// Two operators of 40 and 20 accounts, each with cards and a template of its own, that both
/// use a third template.
fn two_operators() -> World {
    let mut world = World::innocent(11);
    for account in 500..560 {
        let first = account < 540;
        world.payment.push((1 + (account - 500) / 5, account, 0));
        world.template.push((50, account, 0));
        world
            .template
            .push((if first { 51 } else { 52 }, account, 0));
    }
    world
}

#[test]
fn one_common_template_does_not_make_two_operators_one() {
    let (found, _, verdicts) = judge(&two_operators().layers());
    let mut units: Vec<Vec<u32>> = found.iter().map(|cluster| cluster.units.clone()).collect();
    units.sort();
    let both: [Vec<u32>; 2] = [(500..540).collect(), (540..560).collect()];
    assert_eq!(units, both);
    assert_eq!(verdicts, [Verdict::Likely; 2]);
}

#[test]
fn nor_do_two_that_all_of_them_use() {
    let mut world = two_operators();
    world
        .template
        .extend((500..560).map(|account| (53, account, 0)));
    let (found, _, _) = judge(&world.layers());
    let mut sizes: Vec<usize> = found.iter().map(|cluster| cluster.units.len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [20, 40]);
}

/// Accounts with a template in common, the first of them at mail domains of twelve each.
fn at_rented_domains(accounts: u32, at_domains: u32) -> World {
    let mut world = World::innocent(12);
    for account in 500..500 + accounts {
        world.template.push((50, account, 0));
        if account - 500 < at_domains {
            world.domain.push((1 + (account - 500) / 12, account, 0));
        }
    }
    world
}

#[test]
fn rented_domains_of_one_template_tie_it() {
    let (found, _, verdicts) = judge(&at_rented_domains(60, 60).layers());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].units, (500..560).collect::<Vec<u32>>());
    assert_eq!(verdicts, [Verdict::Likely]);
}

#[test]
fn colleagues_who_take_to_a_product_and_two_domains_tie_nobody() {
    assert_stays_a_lead(at_rented_domains(120, 60));
    assert_stays_a_lead(at_rented_domains(24, 24));
}

#[test]
fn a_fixed_text_and_a_neighbourhood_make_nobody_a_member() {
    let mut world = World::innocent(8);
    world.everyday.push(60);
    for account in 500..560 {
        world.payment.push((1 + (account - 500) / 5, account, 0));
        world.template.push((50, account, 0));
        world.template.push((60, account, 0));
        if account < 508 {
            world.address.push((200 + account % 4, account, 0));
        }
    }
    // Users of the client whose prompt the members send as well, near some of the members.
    for account in 900..910 {
        world.template.push((60, account, 0));
        world.address.push((200 + account % 4, account, 0));
    }
    let (found, _, _) = judge(&world.layers());
    assert_eq!(found[0].units, (500..560).collect::<Vec<u32>>());
}

#[test]
fn a_name_and_a_neighbourhood_are_no_place_where_payers_tie() {
    let has = |families: &[Family]| {
        let mut bits = membership::Bits::default();
        for family in families {
            bits[membership::position(*family)] = 9.0;
        }
        membership::Stranger { unit: 7, bits }
    };
    let paid = [Family::Payment, Family::Content, Family::Identity].into();
    let named = [Family::Identity, Family::Network].into();
    let neighbour = has(&[Family::Identity, Family::Network]);
    assert!(!neighbour.belongs(&paid) && neighbour.belongs(&named));
    assert!(has(&[Family::Content, Family::Network]).belongs(&paid));
    assert!(!has(&[Family::Content]).belongs(&paid));
}

#[test]
fn an_address_style_and_a_program_in_common_make_nobody_a_member() {
    let mut world = World::innocent(8);
    for account in 500..560 {
        world.payment.push((1 + (account - 500) / 5, account, 0));
        world.template.push((50, account, 0));
    }
    // Half of the members and three strangers write their addresses alike and use one program.
    for account in (500..530).chain(900..903) {
        world.pattern.push((1, account, 0));
        world.client.push((1, account, 0));
    }
    let (found, _, _) = judge(&world.layers());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].units, (500..560).collect::<Vec<u32>>());
}

#[test]
fn the_most_telling_key_is_where_the_bits_come_from() {
    let world = two_operators();
    let layers = world.layers();
    let (found, corroborations, _) = judge(&layers);
    let config = Config::default();
    let members = &found[0].units;
    let ties = membership::ties(&found[0].corroborations, &corroborations);
    let scored = membership::score(&layers, members, &ties, &config.fuse, &config.network);
    let mut spoken_for = 0;
    for (unit, bits) in &scored.inside {
        for family in Family::ALL {
            let told = membership::most_telling_key(
                &layers,
                members,
                &ties,
                *unit,
                family,
                &config.fuse,
                &config.network,
            );
            let bits = bits[membership::position(family)];
            assert!((told.map_or(0.0, |(_, bits)| bits) - bits).abs() < 1e-12);
            if let Some(((layer, key), _)) = told {
                assert!(layers[layer].groups.get(key).contains(unit));
                spoken_for += 1;
            }
        }
    }
    assert!(spoken_for >= 2 * members.len());
}

#[test]
fn a_common_card_makes_them_one() {
    let mut world = two_operators();
    world.payment.push((99, 510, 0));
    world.payment.push((99, 550, 0));
    let (found, _, _) = judge(&world.layers());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].units, (500..560).collect::<Vec<u32>>());
}

#[test]
fn neighbours_in_the_data_centre_stay_outside() {
    let mut world = World::innocent(8);
    for account in 500..560 {
        world.payment.push((1 + (account - 500) / 5, account, 0));
        world.template.push((50, account, 0));
        for place in 0..4 {
            world
                .address
                .push((200 + (account + place) % 20, account, 0));
        }
    }
    // Unrelated functions in the same blocks: every address of theirs is one of the campaign's.
    for account in 900..906 {
        for place in 0..15 {
            world
                .address
                .push((200 + (account + place) % 20, account, 0));
        }
    }
    let (found, _, verdicts) = judge(&world.layers());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].units, (500..560).collect::<Vec<u32>>());
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
fn an_office_behind_one_address_stays_a_lead() {
    let mut world = World::innocent(10);
    for account in 1_000..1_300 {
        world.address.push((1, account, 0));
        // Most of the office uses one tool, which strangers use as well.
        if account % 3 > 0 {
            world.template.push((0, account, 0));
        }
        // A tool of the office's own.
        world.template.push((60, account, 0));
    }
    assert_stays_a_lead(world);
}

#[test]
fn a_class_with_one_assignment_stays_a_lead() {
    let mut world = World::innocent(11);
    for account in 1_500..1_700 {
        world.address.push((300 + account % 4, account, 0));
        world.template.push((70, account, 0));
    }
    world.everyday.push(70);
    assert_stays_a_lead(world);
}

#[test]
fn sponsors_of_a_class_do_not_make_it_a_campaign() {
    let mut world = World::innocent(11);
    for account in 1_500..1_620 {
        // Five sponsors, eight students each.
        if account < 1_540 {
            world.payment.push((1 + account % 5, account, 0));
        }
        world.template.push((70, account, 0));
    }
    world.everyday.push(70);
    assert_stays_a_lead(world);
}

#[test]
fn two_customers_with_several_accounts_each_leave_a_product_a_lead() {
    let mut world = World::innocent(12);
    for account in 2_000..2_040 {
        world.payment.push((5 + account % 2, account, 0));
        world.template.push((50, account, 0));
    }
    let (found, _, verdicts) = judge(&world.layers());
    assert!(!found.is_empty());
    assert!(
        verdicts.iter().all(|verdict| *verdict == Verdict::Lead),
        "{verdicts:?}"
    );
}

#[test]
fn a_public_text_that_two_accounts_share_makes_nobody_a_member() {
    let mut world = World::innocent(8);
    for account in 500..560 {
        world.payment.push((1 + (account - 500) / 5, account, 0));
        world.template.push((50, account, 0));
    }
    // Each of twenty members has a text that one stranger has as well, and nobody else; the
    // strangers share a block with other members.
    for account in 500..520 {
        world.template.push((1_000 + account, account, 0));
        world.template.push((1_000 + account, 1_000 + account, 0));
        world.address.push((800 + account, account + 20, 0));
        world.address.push((800 + account, 1_000 + account, 0));
    }
    let (found, _, _) = judge(&world.layers());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].units, (500..560).collect::<Vec<u32>>());
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

/// Sixty accounts on twelve cards with one template.
fn twelve_cards() -> World {
    let mut world = World::innocent(15);
    for account in 500..560 {
        world.payment.push((1 + (account - 500) / 5, account, 0));
        world.template.push((50, account, 0));
    }
    world
}

#[test]
fn cards_with_an_office_each_are_separate_customers() {
    let explained = |world: World| {
        let layers = world.layers();
        let (found, _, _) = judge(&layers);
        let whole = found.iter().find(|cluster| cluster.units.len() == 60);
        separate_customers(whole.unwrap(), &layers)
    };
    assert_eq!(explained(twelve_cards()), None);
    let mut offices = twelve_cards();
    let mut proxies = twelve_cards();
    for account in 500..560 {
        offices
            .address
            .push((200 + (account - 500) / 5, account, 0));
        proxies.address.push((200 + account % 20, account, 0));
    }
    assert_eq!(explained(proxies), None);
    let why = explained(offices).unwrap();
    assert!(
        why.contains("of 12 payers with several of these accounts, 12 have"),
        "{why}"
    );
    // Families with a home each whose children go to one school with three addresses.
    let mut homes = twelve_cards();
    let mut school = twelve_cards();
    for account in 500..560 {
        homes.address.push((200 + (account - 500) / 5, account, 0));
        homes.address.push((300 + account % 3, account, 0));
        school.address.push((300 + account % 3, account, 0));
    }
    let why = explained(homes).unwrap();
    assert!(why.contains("12 have a place of their own"), "{why}");
    assert_eq!(explained(school), None);
    // Four firms with three cards and one office each.
    let mut firms = twelve_cards();
    for account in 500..560 {
        firms.address.push((200 + (account - 500) / 15, account, 0));
    }
    let why = explained(firms).unwrap();
    assert!(
        why.contains("12 payers with several of these accounts fall into 4 groups"),
        "{why}"
    );
}

#[test]
fn a_product_some_of_whose_customers_have_two_accounts_ties_nobody() {
    let mut world = World::innocent(16);
    for account in 500..700 {
        if account < 600 {
            world.payment.push((1 + (account - 500) / 2, account, 0));
        }
        world.template.push((50, account, 0));
    }
    assert_stays_a_lead(world);
}

#[test]
fn many_pairs_without_a_single_payer_alone_are_no_product() {
    // Sixty accounts, two on each of thirty cards, and nobody else with the template.
    let pairs = |alone: u32| {
        let mut world = World::innocent(17);
        for account in 500..560 + alone {
            if account < 560 {
                world.payment.retain(|entry| entry.0 != 10_000 + account);
                world.payment.push((1 + (account - 500) / 2, account, 0));
            }
            world.template.push((50, account, 0));
        }
        world
    };
    let (found, _, verdicts) = judge(&pairs(0).layers());
    assert_eq!((found[0].units.len(), verdicts[0]), (60, Verdict::Likely));
    // Every fifth customer alone: a product for teams has such.
    assert_stays_a_lead(pairs(8));
}

#[test]
fn people_who_sleep_share_a_bill_and_a_text() {
    // Forty accounts on four cards, and nobody else with the template.
    let mut world = World::innocent(19);
    for account in 500..540 {
        world.payment.retain(|entry| entry.0 != 10_000 + account);
        world.payment.push((1 + (account - 500) / 10, account, 0));
        world.template.push((50, account, 0));
    }
    let layers = world.layers();
    let (found, corroborations, verdicts) = judge(&layers);
    assert_eq!((found[0].units.len(), verdicts[0]), (40, Verdict::Likely));
    let besides = Besides {
        sleeps: true,
        ..Besides::default()
    };
    let (asleep, reason) = verdict(&found[0], &corroborations, &layers, besides);
    assert_eq!(asleep, Verdict::Lead, "{reason}");
    assert!(reason.contains("people sleep"));
}

#[test]
fn a_pool_of_addresses_ties_and_islands_of_them_do_not() {
    let sites = |rotating: bool| {
        let mut world = World::innocent(18);
        for account in 500..532 {
            world.template.push((50, account, 0));
            world.address.push((1 + account % 8, account, 0));
            if rotating {
                world.address.push((1 + (account / 8) % 8, account, 0));
            }
        }
        world
    };
    let (found, _, verdicts) = judge(&sites(true).layers());
    assert_eq!((found[0].units.len(), verdicts[0]), (32, Verdict::Likely));
    assert_stays_a_lead(sites(false));
}

/// A template of 180 accounts that move among five addresses of so many of them each; so many
/// strangers are at each address as well, and addresses with more than fifty users are crowded.
fn whole_places(users: u32, strangers: u32) -> Vec<UnitLayer> {
    let mut world = World::innocent(31);
    for account in 0..180 {
        world.template.push((7, 100 + account, 0));
    }
    for place in 0..5 {
        for user in 0..users {
            let account = 100 + (place * 36 + user) % 180;
            world.address.push((95_000 + place, account, 0));
        }
        for stranger in 0..strangers {
            let account = 1_000 + place * 100 + stranger;
            world.address.push((95_000 + place, account, 0));
        }
    }
    let mut layers = world.layers();
    for layer in &mut layers {
        if layer.family == Family::Network {
            layer.crowded = (0..layer.groups.len())
                .map(|group| layer.groups.get(group).len() > 50)
                .collect();
        }
    }
    layers
}

#[test]
fn places_whose_users_are_nearly_all_of_one_template_tie_it_however_many_they_are() {
    for (users, strangers, tied) in [(45, 0, true), (70, 0, true), (70, 5, true), (70, 30, false)] {
        let layers = whole_places(users, strangers);
        let (found, _, verdicts) = judge(&layers);
        let likely = found
            .iter()
            .zip(&verdicts)
            .any(|(cluster, verdict)| *verdict >= Verdict::Likely && cluster.units.len() >= 170);
        assert_eq!(likely, tied, "{users} users and {strangers} strangers");
    }
}

#[test]
fn a_place_that_is_declared_public_ties_nobody() {
    let mut layers = whole_places(70, 0);
    for layer in &mut layers {
        layer.always_crowded = layer.crowded.clone();
    }
    let (_, _, verdicts) = judge(&layers);
    assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Lead));
}

#[test]
fn one_payer_alone_stays_a_lead() {
    let mut world = World::innocent(12);
    for account in 2_000..2_400 {
        world.payment.push((5, account, 0));
    }
    assert_stays_a_lead(world);
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
