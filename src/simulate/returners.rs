//! Innocent accounts that are closed in waves and come back: the victims of a rule that was wrong.

use crate::simulate::build::Builder;
use crate::simulate::lookalikes::Order;
use crate::simulate::random::{Random, mix};
use crate::simulate::world::{Account, Closing, DAY_US, HOUR_US};

/// Share of those closed that sign up again (ours).
const COME_BACK: f64 = 0.7;

/// Share of those that do so with the same card (ours: the others were told that it was refused).
const SAME_CARD: f64 = 0.8;

/// Waves of closures over the log (ours).
const WAVES: u64 = 4;

/// People whom a wrong rule closes in a few waves; most come back in the days after, whenever they
/// notice, each with a new account and mostly the same card.
pub(crate) fn wrongly_closed(builder: &mut Builder, order: &Order<'_>) {
    let start_us = builder.world.start_us;
    let end_us = builder.world.end_us();
    let waves: Vec<i64> = (1..=WAVES as i64)
        .map(|wave| start_us + (end_us - start_us) / (WAVES as i64 + 1) * wave)
        .collect();
    for wave in &waves {
        if !builder.world.ban_waves_us.contains(wave) {
            builder.world.ban_waves_us.push(*wave);
        }
    }
    let mut left = order.size;
    while left > 0 {
        let mut account = builder.person(order.population, order.chat, order.median);
        let mut random = Random::new(mix(account.key, 0xc1));
        let wave = waves[random.index(waves.len())];
        let closed_us = wave + (random.unit() * 2.0 * HOUR_US as f64) as i64;
        account.created_us = account.created_us.min(start_us - DAY_US);
        account.first_us = account.created_us;
        account.closing = Some(Closing {
            at_us: closed_us,
            status: "banned",
            reason: "spam",
        });
        let card = account.payment.filter(|_| random.chance(SAME_CARD));
        // Most notice on the day after, some in a week (ours).
        let lag_hours = random.log_normal(20.0, 1.0);
        let again = random.chance(COME_BACK).then(|| Account {
            created_us: closed_us + (lag_hours * HOUR_US as f64) as i64,
            closing: None,
            ..account.clone()
        });
        builder.add(account);
        left -= 1;
        if let Some(mut again) = again.filter(|again| left > 0 && again.created_us < end_us) {
            again.key = builder.next_key();
            again.first_us = again.created_us;
            again.payment = card.or_else(|| again.payment.map(|_| random.next()));
            builder.add(again);
            left -= 1;
        }
    }
}
