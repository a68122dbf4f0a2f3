//! Who belongs: what ties two operators, neighbours and users of a text together, and what does not.

use super::*;

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
    assert_eq!(verdicts, [Verdict::Likely]);
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
