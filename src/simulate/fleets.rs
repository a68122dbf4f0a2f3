//! Central dispatch: a stream of work handed to many accounts.

use crate::simulate::clocks;
use crate::simulate::random::{Random, mix, share};
use crate::simulate::ticks::Tick;
use crate::simulate::world::{DAY_US, Dispatch, Fleet, HOUR_US, SECOND_US};

/// Share of requests that meet a quota and go to another account a few seconds later.
const FAILOVER_SHARE: f64 = 0.008;

/// The requests that a dispatcher sends on one day.
pub(crate) fn day(fleet: &Fleet, day: u32, start_us: i64) -> Vec<Tick> {
    let count = fleet.daily.get(day as usize).copied().unwrap_or(0);
    let first = fleet.first_item.get(day as usize).copied().unwrap_or(0);
    if count == 0 || fleet.slots.is_empty() {
        return Vec::new();
    }
    let mut random = Random::new(mix(fleet.key, u64::from(day)));
    let table = clocks::utc_day(fleet.clock, start_us / DAY_US, fleet.offset_minutes);
    let slots = fleet.slots.len() as u64;
    let total: u64 = fleet.daily.iter().sum();
    let group = if fleet.dispatch == Dispatch::Waves {
        slots.min(count)
    } else {
        1
    };
    let starts = pace(count.div_ceil(group), fleet.jitter, &mut random);
    let mut ticks = Vec::with_capacity(count as usize);
    for unit in 0..count {
        let at = starts.get((unit / group) as usize).copied().unwrap_or(0.5);
        let mut at_us = start_us + at_quantile(&table, at);
        if fleet.dispatch == Dispatch::Waves {
            at_us += (random.exponential(4.0 + 20.0 * fleet.jitter) * SECOND_US as f64) as i64;
        }
        let number = first + unit;
        let (slot, work) = match fleet.dispatch {
            Dispatch::RoundRobin | Dispatch::Waves => (number % slots, number),
            Dispatch::Random => (random.below(slots), number),
            Dispatch::Shards => (
                number % slots,
                (number % slots) * total.div_ceil(slots) + number / slots,
            ),
        };
        let item = work / fleet.samples_per_item;
        let source_draw = mix(fleet.key, item);
        let source = fleet
            .sources
            .get(Random::new(source_draw).weighted(&fleet.weights))
            .copied()
            .unwrap_or(0);
        let Some((account, at_us)) = holder(fleet, slot, at_us, &mut random) else {
            continue;
        };
        if random.chance(FAILOVER_SHARE) {
            let once = tick(account, source, at_us, item, &mut random);
            let retry_us = at_us + SECOND_US + (random.exponential(3.0) * SECOND_US as f64) as i64;
            if let Some((other, later_us)) =
                holder(fleet, (slot + 1) % slots, retry_us, &mut random)
            {
                // The same request, word for word, in another account.
                ticks.push(Tick {
                    rate_limited: true,
                    ..once
                });
                ticks.push(Tick {
                    account: other,
                    at_us: later_us,
                    ..once
                });
                continue;
            }
        }
        ticks.push(tick(account, source, at_us, item, &mut random));
    }
    ticks
}

fn tick(account: u32, source: u16, at_us: i64, item: u64, random: &mut Random) -> Tick {
    let (session, draw) = (random.next(), random.next());
    Tick {
        at_us,
        account,
        source,
        turn: 0,
        session,
        item,
        draw,
        rate_limited: false,
    }
}

/// Rising positions in the day: even at no jitter, a Poisson stream at full jitter.
fn pace(count: u64, jitter: f64, random: &mut Random) -> Vec<f64> {
    let mut sum = 0.0;
    let mut starts: Vec<f64> = (0..count)
        .map(|_| {
            sum += (1.0 - jitter) + jitter * random.exponential(1.0);
            sum
        })
        .collect();
    let total = sum + (1.0 - jitter) + jitter * random.exponential(1.0);
    for start in &mut starts {
        *start /= total;
    }
    starts
}

/// Time of day at which a share of the day's weight has passed.
fn at_quantile(table: &[f64; 24], share: f64) -> i64 {
    let wanted = share.clamp(0.0, 0.999_999) * table[23];
    let hour = table.partition_point(|&edge| edge <= wanted).min(23);
    let before = if hour == 0 { 0.0 } else { table[hour - 1] };
    let width = (table[hour] - before).max(f64::MIN_POSITIVE);
    hour as i64 * HOUR_US + ((wanted - before) / width * HOUR_US as f64) as i64
}

/// Whether a slot is left out on this day.
fn rests(fleet: &Fleet, slot: u64, at_us: i64) -> bool {
    let own = mix(fleet.key, slot.wrapping_add(0x5e57));
    let day = at_us.div_euclid(DAY_US) as u64;
    share(mix(own, day)) < fleet.rest_share * share(own)
}

/// Who holds the slot at this time; where nobody does, a neighbour, or the next to come.
fn holder(fleet: &Fleet, slot: u64, at_us: i64, random: &mut Random) -> Option<(u32, i64)> {
    let slots = fleet.slots.len() as u64;
    let at_work = |step: u64| {
        let tenures = fleet.slots.get(((slot + step) % slots) as usize)?;
        tenures
            .iter()
            .find(|tenure| (tenure.from_us..tenure.until_us).contains(&at_us))
            .map(|tenure| (tenure.account, at_us))
    };
    let near = slots.min(64);
    // Where all rest, somebody works all the same: no item is lost.
    let awake = (0..near).filter(|step| !rests(fleet, (slot + step) % slots, at_us));
    if let Some(found) = awake.chain(0..near).find_map(at_work) {
        return Some(found);
    }
    let later = (0..slots.min(64))
        .filter_map(|step| fleet.slots.get(((slot + step) % slots) as usize))
        .flat_map(|tenures| tenures.iter())
        .filter(|tenure| tenure.from_us > at_us)
        .min_by_key(|tenure| (tenure.from_us, tenure.account))?;
    let wait = (random.unit() * 2.0 * HOUR_US as f64) as i64;
    Some((
        later.account,
        (later.from_us + wait).min(later.until_us - 1),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::clocks::Clock;
    use crate::simulate::world::Tenure;

    fn fleet(dispatch: Dispatch) -> Fleet {
        let slots = (0..10)
            .map(|account| {
                vec![Tenure {
                    account,
                    from_us: i64::MIN,
                    until_us: i64::MAX,
                }]
            })
            .collect();
        Fleet {
            key: 3,
            sources: vec![0],
            weights: vec![1.0],
            slots,
            daily: vec![1_000, 500],
            first_item: vec![0, 1_000],
            clock: Clock::Machine,
            offset_minutes: 0,
            jitter: 0.2,
            dispatch,
            rest_share: 0.0,
            samples_per_item: 1,
        }
    }

    #[test]
    fn every_item_is_sent_exactly_once() {
        for dispatch in [
            Dispatch::RoundRobin,
            Dispatch::Random,
            Dispatch::Shards,
            Dispatch::Waves,
        ] {
            let fleet = fleet(dispatch);
            let mut items: Vec<u64> = (0..2)
                .flat_map(|day_number| day(&fleet, day_number, i64::from(day_number) * DAY_US))
                .filter(|tick| !tick.rate_limited)
                .map(|tick| tick.item)
                .collect();
            items.sort_unstable();
            assert_eq!(items, (0..1_500).collect::<Vec<_>>(), "{dispatch:?}");
        }
    }

    #[test]
    fn rest_makes_volumes_differ_and_loses_nothing() {
        let mut fleet = fleet(Dispatch::RoundRobin);
        fleet.rest_share = 0.6;
        fleet.daily = vec![1_000; 20];
        fleet.first_item = (0..20).map(|day| day * 1_000).collect();
        let mut counts = [0_u64; 10];
        for number in 0..20 {
            for tick in day(&fleet, number, i64::from(number) * DAY_US) {
                counts[tick.account as usize] += u64::from(!tick.rate_limited);
            }
        }
        assert_eq!(counts.iter().sum::<u64>(), 20_000);
        let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        assert!(*most * 10 > *least * 13, "{counts:?}");
    }

    #[test]
    fn round_robin_gives_equal_shares() {
        let mut counts = [0; 10];
        for tick in day(&fleet(Dispatch::RoundRobin), 0, 0) {
            counts[tick.account as usize] += 1;
        }
        assert!(
            counts.iter().all(|count| (95..110).contains(count)),
            "{counts:?}"
        );
    }
}
