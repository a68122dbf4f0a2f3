//! What stays a lead: offices, classes, products and their customers.

use super::*;

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
fn one_payer_alone_stays_a_lead() {
    let mut world = World::innocent(12);
    for account in 2_000..2_400 {
        world.payment.push((5, account, 0));
    }
    assert_stays_a_lead(world);
}

/// Sixty accounts on twelve cards with one template that meet at so many addresses.
fn who_meet(addresses: u32) -> Vec<UnitLayer> {
    let mut world = twelve_cards();
    for account in 500..560 {
        world.address.push((200 + account % addresses, account, 0));
    }
    world.layers()
}

#[test]
fn people_who_sleep_and_meet_at_a_few_exits_stay_a_lead() {
    let besides = Besides {
        sleeps: true,
        ..Besides::default()
    };
    for addresses in [5, 20] {
        let layers = who_meet(addresses);
        let (found, corroborations, _) = judge(&layers);
        let (asleep, reason) = verdict(&found[0], &corroborations, &layers, besides);
        assert_eq!(asleep, Verdict::Lead, "{addresses}: {reason}");
    }
}

#[test]
fn a_handful_of_addresses_adds_no_family_beside_payers() {
    let of = |addresses: u32| judge(&who_meet(addresses)).2;
    assert_eq!(of(5), [Verdict::Likely]);
    assert_eq!(of(20), [Verdict::Strong]);
}

#[test]
fn one_address_for_all_and_nobody_else_is_one_customer() {
    let site = |addresses: u32, others: u32| {
        let mut world = twelve_cards();
        for account in 500..560 {
            world.address.retain(|entry| entry.1 != account);
            world.address.push((200 + account % addresses, account, 0));
        }
        for account in 600..600 + others {
            world.address.push((200, account, 0));
        }
        let layers = world.layers();
        let (found, _, _) = judge(&layers);
        crate::fuse::sites::one_site(&found[0], &layers)
    };
    assert!(site(1, 0).unwrap().contains("one address"));
    assert!(site(2, 0).unwrap().contains("two addresses"));
    assert_eq!(site(3, 0), None);
    assert_eq!(site(1, 60), None, "strangers use it as well");
}
