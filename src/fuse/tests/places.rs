//! Mail domains, addresses and blocks as ties.

use super::*;

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
