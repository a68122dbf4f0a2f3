//! Presets without a published model, and the defaults all presets start from.

use crate::simulate::innocents;
use crate::simulate::presets::Size;
use crate::simulate::scenario::{CampaignPlan, Hours, Registration, Scenario, TemplatePlan};
use crate::simulate::world::Dispatch;

/// 2026-01-12, a Monday: first day of the February scenarios, used for all.
const START_DAY: i64 = 20_465;

/// A log without a campaign.
pub(crate) fn log(name: &str, size: &Size, days: u32, organic_accounts: u32) -> Scenario {
    Scenario {
        name: name.to_owned(),
        seed: size.seed,
        scale: size.scale,
        start_day: START_DAY,
        days,
        // Early in the second half of the window: room to see habits before and after.
        release_day: (days * 4 / 7).max(1),
        organic_accounts: size.accounts(organic_accounts, 600),
        organic_median_per_day: 5.0,
        campaigns: Vec::new(),
        innocents: innocents::sizes(size.scale),
    }
}

/// A campaign with middling habits, which presets change.
pub(crate) fn plan(name: &str, accounts: u32) -> CampaignPlan {
    CampaignPlan {
        name: name.to_owned(),
        accounts,
        exchanges: 1_000,
        first_day: 0,
        days: 14,
        templates: Vec::new(),
        dispatch: Dispatch::RoundRobin,
        hours: Hours::RoundTheClock,
        jitter: 0.5,
        card_sharing: 3.0,
        address_sharing: 2.0,
        addresses_per_account: 20,
        server_share: 0.0,
        paraphrase: 0.05,
        cover_share: 0.0,
        ban_after_days: None,
        replacement_lag_hours: 6.0,
        standby_day: None,
        pivot_share: None,
        replay_uses: 0,
        samples_per_item: 1,
        end_users: 0,
        cloud_share: 0.1,
        registration: Registration::Pattern,
        client_versions: 3,
        signup_bursts: 3,
        recon_variants: 0,
    }
}

/// Fifteen accounts, 3,000 requests, a week; small enough to read by eye.
pub(crate) fn tiny(size: &Size) -> Scenario {
    let campaign = CampaignPlan {
        exchanges: size.requests(3_000),
        days: 7,
        templates: vec![
            TemplatePlan {
                prompt: "t_rationale",
                system: None,
                weight: 0.6,
                tools: "",
            },
            TemplatePlan {
                prompt: "t_rubric",
                system: None,
                weight: 0.4,
                tools: "",
            },
        ],
        card_sharing: 4.0,
        signup_bursts: 1,
        ..plan("tiny", size.accounts(15, 3))
    };
    let small = Size {
        scale: (size.scale * 0.0004).min(100.0),
        seed: size.seed,
    };
    Scenario {
        scale: small.scale,
        organic_accounts: size.accounts(600, 60),
        organic_median_per_day: 2.0,
        innocents: innocents::sizes(small.scale),
        campaigns: vec![campaign],
        ..log("tiny", size, 7, 600)
    }
}

/// Innocent populations only.
pub(crate) fn quiet(size: &Size) -> Scenario {
    log("quiet", size, 21, 40_000)
}

/// A campaign that shares nothing but its work: own cards and home addresses, office hours,
/// reworded prompts, a sharded question bank, half of the traffic unrelated.
pub(crate) fn careful(size: &Size) -> Scenario {
    let campaign = CampaignPlan {
        exchanges: size.requests(120_000),
        days: 28,
        templates: vec![TemplatePlan {
            prompt: "t_careful",
            system: None,
            weight: 1.0,
            tools: "",
        }],
        dispatch: Dispatch::Shards,
        hours: Hours::Office(0),
        jitter: 1.0,
        card_sharing: 1.0,
        address_sharing: 1.0,
        addresses_per_account: 0,
        paraphrase: 0.5,
        cover_share: 0.5,
        registration: Registration::Natural,
        client_versions: 12,
        signup_bursts: 0,
        ..plan("careful", size.accounts(400, 15))
    };
    Scenario {
        campaigns: vec![campaign],
        ..log("careful", size, 28, 12_000)
    }
}
