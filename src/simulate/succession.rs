//! Who holds a slot of a campaign: bans, replacements and standby accounts.

use std::ops::Range;

use crate::simulate::build::Builder;
use crate::simulate::means::Means;
use crate::simulate::random::{Random, mix};
use crate::simulate::scenario::CampaignPlan;
use crate::simulate::world::{Closing, DAY_US, HOUR_US, Role, Tenure};

/// Part of the mean life that is drawn: waiting for the next wave of bans adds the rest.
const BEFORE_WAVES: f64 = 0.79;

/// The accounts that hold one slot, one after the other.
pub(crate) fn chain(
    means: &Means,
    builder: &mut Builder,
    plan: &CampaignPlan,
    slot: u32,
    role: Role,
    window_us: Range<i64>,
) -> Vec<Tenure> {
    let mut random = Random::new(mix(means.key, u64::from(slot) + 1_000));
    let mut tenures = Vec::new();
    let mut account = means.account(builder, plan, slot, role, &mut random);
    let Range {
        start: mut from_us,
        end: end_us,
    } = window_us;
    // With unrelated traffic of its own an account is at work before the campaign is.
    account.first_us = if plan.cover_share > 0.0 {
        account.created_us
    } else {
        from_us
    };
    let standby_us = plan.standby_day.map(|day| {
        let second = mix(u64::from(day), 5) % 7_200;
        let hour_us = i64::from(day) * DAY_US + 15 * HOUR_US;
        builder.world.start_us + hour_us + second as i64 * 1_000_000
    });
    if let Some(at) = standby_us
        && !builder.world.ban_waves_us.contains(&at)
    {
        builder.world.ban_waves_us.push(at);
    }
    loop {
        let mut ban_us = plan
            .ban_after_days
            .map(|mean| from_us + (random.exponential(mean * BEFORE_WAVES) * DAY_US as f64) as i64);
        let mut standby = false;
        if let Some(standby_us) = standby_us.filter(|&at| at > from_us) {
            let at = standby_us + (random.unit() * 2.0 * HOUR_US as f64) as i64;
            if ban_us.is_none_or(|ban| ban >= at) {
                ban_us = Some(at);
                standby = true;
            }
        } else if let Some(ban) = ban_us
            && random.chance(0.4)
        {
            ban_us = Some(next_wave(
                &mut builder.world.ban_waves_us,
                builder.world.start_us,
                ban,
            ));
        }
        let until_us = ban_us.unwrap_or(i64::MAX).min(end_us);
        if let Some(ban) = ban_us.filter(|&ban| ban < end_us) {
            account.closing = Some(Closing {
                at_us: ban,
                status: "banned",
                reason: "terms_of_service",
            });
        }
        let account_payment = account.payment;
        let index = builder.add(account);
        tenures.push(Tenure {
            account: index,
            from_us,
            until_us,
        });
        let Some(ban) = ban_us.filter(|&ban| ban < end_us) else {
            break;
        };
        let lag_us =
            (random.exponential(plan.replacement_lag_hours.max(0.02)) * HOUR_US as f64) as i64;
        let takes_over_us = ban + lag_us;
        if takes_over_us >= end_us {
            break;
        }
        let next_role = if standby {
            Role::Standby
        } else {
            Role::Replacement
        };
        let at_hand = account_payment;
        account = means.account(builder, plan, slot, next_role, &mut random);
        if !standby {
            account.created_us = takes_over_us - (random.unit() * 0.4 * HOUR_US as f64) as i64;
        }
        account.first_us = takes_over_us;
        if let Some(own) = account.payment {
            // The card at hand is that of the account before, where it had one.
            account.payment = means.next_card(plan, at_hand.or(Some(own)), &mut random);
        }
        from_us = takes_over_us;
    }
    tenures
}

/// Bans gather in waves, every five days or so.
pub(crate) fn next_wave(waves: &mut Vec<i64>, start_us: i64, after_us: i64) -> i64 {
    let period = 5 * DAY_US;
    let number = (after_us - start_us).div_euclid(period) + 1;
    let wave = start_us
        + number * period
        + 16 * HOUR_US
        + (mix(number as u64, 4) % 7_200) as i64 * 1_000_000;
    if !waves.contains(&wave) {
        waves.push(wave);
    }
    wave
}
