//! From where, and in which language, a session comes.

use crate::simulate::places::{COUNTRIES, Language, NetworkKind};
use crate::simulate::random::{mix, share};
use crate::simulate::world::{Account, DAY_US, Pool, World};

/// Network and host from which a session comes.
pub(crate) fn origin(world: &World, account: &Account, session: u64, at_us: i64) -> (u16, u64) {
    let origin = account.origin;
    let draw = mix(session, 0x0e);
    let other = origin
        .other
        .filter(|_| share(draw) < f64::from(origin.other_share));
    if let Some(pool) = other
        .or(origin.pool)
        .and_then(|pool| world.pools.get(pool as usize))
    {
        let sticky = u64::from(origin.sticky.max(1));
        let member = mix(mix(account.key, pool.seed), draw % sticky) % u64::from(pool.size);
        return pool_address(pool, member);
    }
    // One session in five is on the move, behind an operator's shared addresses.
    if origin.home == NetworkKind::Residential && mix(draw, 1).is_multiple_of(5) {
        let network = world
            .places
            .network(NetworkKind::Mobile, Some(account.country), 0);
        return (network, mix(u64::from(network), mix(draw, 2) % 3_000));
    }
    let network = world
        .places
        .network(origin.home, Some(account.country), account.key);
    // Home lines change address every few weeks, some never.
    let lease_days = [9_999, 9_999, 60, 21, 7][(account.key % 5) as usize];
    (
        network,
        mix(account.key, (at_us / DAY_US / lease_days) as u64),
    )
}

fn pool_address(pool: &Pool, member: u64) -> (u16, u64) {
    let network = |word: u64| {
        pool.networks
            .get((word % pool.networks.len().max(1) as u64) as usize)
            .copied()
            .unwrap_or(0)
    };
    if pool.is_block {
        // Neighbours: the networks of the pool take turns, each with one run of hosts.
        let turn = member % pool.networks.len().max(1) as u64;
        let base = mix(pool.seed, turn) & 0xffff_ff00;
        (
            network(turn),
            base + member / pool.networks.len().max(1) as u64,
        )
    } else {
        let host = mix(pool.seed, member);
        (network(host >> 40), host & 0xff_ffff)
    }
}

/// The language in which somebody writes in one session.
pub(crate) fn language(country: u8, person: u64, session: u64) -> Language {
    let own = COUNTRIES
        .get(usize::from(country))
        .map_or(Language::English, |country| country.language);
    // Many people write English, some always, some now and then.
    let english_share = [0.02, 0.1, 0.3, 0.9][(mix(person, 0x1a) % 4) as usize];
    if share(mix(session, 0x1b)) < english_share {
        Language::English
    } else {
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_neighbours_and_scattered_pools_are_not() {
        let mut pool = Pool {
            seed: 4,
            networks: vec![1, 2, 3],
            size: 90,
            is_block: true,
        };
        let hosts: std::collections::BTreeSet<(u16, u64)> = (0..90)
            .map(|member| pool_address(&pool, member))
            .map(|(network, host)| (network, host >> 8))
            .collect();
        assert_eq!(hosts.len(), 3);
        pool.is_block = false;
        let hosts: std::collections::BTreeSet<(u16, u64)> = (0..90)
            .map(|member| pool_address(&pool, member))
            .map(|(network, host)| (network, host >> 8))
            .collect();
        assert!(hosts.len() > 80);
    }
}
