//! Adds a campaign to the world: its accounts and its dispatchers.

use crate::simulate::build::Builder;
use crate::simulate::clocks::{self, Clock};
use crate::simulate::grammar::stream;
use crate::simulate::knobs::Knobs;
use crate::simulate::means::Means;
use crate::simulate::random::{mix, share};
use crate::simulate::scenario::{CampaignPlan, Hours};
use crate::simulate::succession;
use crate::simulate::world::{DAY_US, Dispatch, Fleet, Role, Tenure};

/// Accounts of a campaign are out on up to this share of the days (ours): without it all send
/// nearly the same number of requests, which no real network of accounts does.
const LARGEST_REST_SHARE: f64 = 0.6;

/// In campaigns shorter than this they are out less often: nobody misses all of two days.
const REST_DAYS: f64 = 14.0;

/// Adds a campaign to the world.
pub(crate) fn add(builder: &mut Builder, plan: &CampaignPlan, knobs: &Knobs) -> anyhow::Result<()> {
    let plan = turned(plan, knobs);
    builder.world.campaigns.push(plan.name.clone());
    let campaign = (builder.world.campaigns.len() - 1) as u16;
    let population = builder.population(&format!("campaign:{}", plan.name));
    let means = Means::gather(builder, &plan, campaign, population)?;
    let start_us = builder.world.start_us + i64::from(plan.first_day) * DAY_US;
    let end_us = (start_us + i64::from(plan.days) * DAY_US).min(builder.world.end_us());
    let scouts = if plan.recon_variants > 0 {
        (plan.accounts / 20).max(1)
    } else {
        0
    };
    let recon_until_us = start_us + i64::from(plan.days.div_ceil(3)) * DAY_US;
    let mut slots = Vec::new();
    let mut scout_slots = Vec::new();
    for slot in 0..plan.accounts {
        let is_scout = slot < scouts;
        let role = if is_scout { Role::Scout } else { Role::Worker };
        let from_us = if is_scout || scouts == 0 {
            start_us
        } else {
            recon_until_us
        };
        let chain = succession::chain(&means, builder, &plan, slot, role, from_us..end_us);
        if is_scout {
            scout_slots.push(chain.clone());
        }
        slots.push(chain);
    }
    let main_first_day = if scouts > 0 {
        plan.first_day + plan.days.div_ceil(3)
    } else {
        plan.first_day
    };
    let recon = plan.recon_variants.min(plan.exchanges);
    if scouts > 0 {
        let daily = spread(builder, &plan, recon, plan.first_day, main_first_day);
        let scout_plan = CampaignPlan {
            dispatch: Dispatch::Random,
            samples_per_item: 1,
            ..plan.clone()
        };
        let sources = (vec![means.recon.unwrap_or(0)], vec![1.0]);
        let fleet = fleet(&scout_plan, means.key ^ 1, sources, scout_slots, daily);
        builder.world.fleets.push(fleet);
    }
    let daily = spread(
        builder,
        &plan,
        plan.exchanges - recon,
        main_first_day,
        plan.first_day + plan.days,
    );
    let sources = (means.sources.clone(), means.weights.clone());
    let fleet = fleet(&plan, means.key, sources, slots, daily);
    builder.world.fleets.push(fleet);
    Ok(())
}

/// The plan after the knobs.
fn turned(plan: &CampaignPlan, knobs: &Knobs) -> CampaignPlan {
    let mut plan = plan.clone();
    plan.card_sharing = knobs.card_sharing.unwrap_or(plan.card_sharing);
    plan.address_sharing = knobs.address_sharing.unwrap_or(plan.address_sharing);
    plan.jitter = knobs.jitter.unwrap_or(plan.jitter);
    plan.paraphrase = knobs.paraphrase.unwrap_or(plan.paraphrase);
    plan.cover_share = knobs.cover_share.unwrap_or(plan.cover_share);
    plan.replacement_lag_hours = knobs
        .replacement_lag_hours
        .unwrap_or(plan.replacement_lag_hours);
    if let Some(rate) = knobs.requests_per_account_per_day {
        plan.exchanges = (rate * f64::from(plan.accounts) * f64::from(plan.days)).round() as u64;
    }
    plan
}

/// Requests by day of the window, which add up to `total` exactly.
fn spread(
    builder: &Builder,
    plan: &CampaignPlan,
    total: u64,
    first_day: u32,
    last_day: u32,
) -> Vec<u64> {
    let clock = clock(plan.hours).0;
    let epoch_day = builder.world.start_us / DAY_US;
    let own = stream(builder.world.seed, &plan.name);
    let weights: Vec<f64> = (0..builder.world.days)
        .map(|day| {
            if !(first_day..last_day).contains(&day) {
                return 0.0;
            }
            let weekday = clocks::weekday(epoch_day + i64::from(day));
            let load: f64 = (0..24)
                .map(|hour| clocks::weight(clock, weekday, hour))
                .sum();
            load * (0.85 + 0.3 * share(mix(own, u64::from(day))))
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    let mut daily = Vec::new();
    let mut given = 0;
    let mut passed = 0.0;
    for weight in weights {
        passed += weight;
        let until = if sum > 0.0 {
            (total as f64 * (passed / sum)).round() as u64
        } else {
            0
        };
        daily.push(until.saturating_sub(given));
        given = given.max(until);
    }
    daily
}

/// Sums of everything before each position.
pub(crate) fn running_sum(daily: &[u64]) -> Vec<u64> {
    let mut sum = 0;
    daily
        .iter()
        .map(|count| {
            let before = sum;
            sum += count;
            before
        })
        .collect()
}

fn clock(hours: Hours) -> (Clock, i64) {
    match hours {
        Hours::RoundTheClock => (Clock::Machine, 0),
        Hours::Office(offset) => (Clock::Office, offset),
        Hours::Service(offset) => (Clock::Service, offset),
    }
}

fn fleet(
    plan: &CampaignPlan,
    key: u64,
    (sources, weights): (Vec<u16>, Vec<f64>),
    slots: Vec<Vec<Tenure>>,
    daily: Vec<u64>,
) -> Fleet {
    let (clock, offset_minutes) = clock(plan.hours);
    Fleet {
        key,
        sources,
        weights,
        slots,
        first_item: running_sum(&daily),
        daily,
        clock,
        offset_minutes,
        jitter: plan.jitter,
        dispatch: plan.dispatch,
        // A shard has one holder, who sends all of it.
        rest_share: if plan.dispatch == Dispatch::Shards {
            0.0
        } else {
            LARGEST_REST_SHARE * (f64::from(plan.days) / REST_DAYS).min(1.0)
        },
        samples_per_item: plan.samples_per_item.max(1),
    }
}
