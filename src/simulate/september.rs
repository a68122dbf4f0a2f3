//! Presets after the accounts of September 2026. Figures are the vendors' claims, taken from
//! secondary copies; where none was published the number is ours and says so.

use crate::simulate::build::AGENT_TOOLS;
use crate::simulate::general::{log, plan};
use crate::simulate::presets::Size;
use crate::simulate::scenario::{CampaignPlan, Hours, Registration, Scenario, TemplatePlan};
use crate::simulate::world::Dispatch;

/// Beijing, eight hours ahead of UTC: the relayed customers of the named labs live there.
const CHINA_MINUTES: i64 = 480;

fn template(prompt: &'static str, system: Option<&'static str>, weight: f64) -> TemplatePlan {
    TemplatePlan {
        prompt,
        system,
        weight,
        tools: "",
    }
}

/// More than 151 million exchanges from May to July, a peak near 3 million a day over more
/// than 3,500 accounts, two pools: pool one was banned and a standby pool took over. One
/// fixed prompt in every request. Here a window of 14 days at two million a day; the day of
/// the ban is ours.
pub(crate) fn alibaba(size: &Size) -> Scenario {
    let campaign = CampaignPlan {
        exchanges: size.requests(28_000_000),
        days: 14,
        templates: vec![template("t_injected", Some("sys_injected"), 1.0)],
        dispatch: Dispatch::RoundRobin,
        jitter: 0.7,
        hours: Hours::Service(CHINA_MINUTES),
        card_sharing: 1.5,
        address_sharing: 2.0,
        addresses_per_account: 120,
        standby_day: Some(10),
        replacement_lag_hours: 3.0,
        registration: Registration::Disposable,
        signup_bursts: 8,
        client_versions: 4,
        ..plan("alibaba", size.accounts(3_500, 10))
    };
    Scenario {
        campaigns: vec![campaign],
        ..log("alibaba-2026-09", size, 14, 70_000)
    }
}

/// More than 23 million exchanges from May to July over 5,380 accounts, which is about 46 per
/// account and day if all were at work throughout (23,000,000 / 5,380 / 92). The preset takes
/// the hard end instead, 5.6 per account and day over 31 days, hence 934,000 exchanges:
/// no volume rule can see them. Silent relay of the lab's customers, replay of saved signatures.
pub(crate) fn moonshot_relay(size: &Size) -> Scenario {
    let campaign = CampaignPlan {
        exchanges: size.requests(934_000),
        days: 31,
        templates: vec![
            template("t_relay", Some("sys_relay"), 0.5),
            // Coding harnesses of end users, relayed with their own system prompt and tools.
            TemplatePlan {
                prompt: "t_coding_client",
                system: Some("sys_coding_client"),
                weight: 0.2,
                tools: AGENT_TOOLS,
            },
            template("t_replay", None, 0.28),
            template("t_identity", None, 0.02),
        ],
        end_users: 40,
        dispatch: Dispatch::Random,
        jitter: 1.0,
        hours: Hours::Service(CHINA_MINUTES),
        card_sharing: 2.0,
        address_sharing: 1.5,
        addresses_per_account: 25,
        replay_uses: 6,
        registration: Registration::Disposable,
        signup_bursts: 12,
        client_versions: 6,
        ..plan("moonshot-relay", size.accounts(5_380, 12))
    };
    Scenario {
        campaigns: vec![campaign],
        ..log("moonshot-relay-2026-09", size, 31, 30_000)
    }
}

/// 16,000 extraction requests in two days by more than 4,000 users: two per account and day.
pub(crate) fn openai(size: &Size) -> Scenario {
    let campaign = CampaignPlan {
        exchanges: size.requests(16_000),
        first_day: 3,
        days: 2,
        templates: vec![template("t_replay", None, 1.0)],
        dispatch: Dispatch::Random,
        jitter: 1.0,
        card_sharing: 1.5,
        address_sharing: 1.3,
        addresses_per_account: 6,
        replay_uses: 8,
        cover_share: 0.4,
        registration: Registration::Disposable,
        signup_bursts: 6,
        client_versions: 5,
        ..plan("moonshot-openai", size.accounts(4_000, 12))
    };
    Scenario {
        campaigns: vec![campaign],
        ..log("openai-2026-09", size, 7, 20_000)
    }
}

/// More than 3.4 million exchanges in 17 days over 273 rotating accounts; 770,609 of them
/// through a cleaner of reasoning traces, the rest as judge and scorer.
pub(crate) fn zhipu(size: &Size) -> Scenario {
    let campaign = CampaignPlan {
        exchanges: size.requests(3_400_000),
        days: 17,
        templates: vec![
            template("t_clean_trace", None, 770_609.0 / 3_400_000.0),
            template("t_judge_trace", None, 0.5),
            template("t_rubric", None, 0.273),
        ],
        dispatch: Dispatch::RoundRobin,
        jitter: 0.4,
        card_sharing: 2.0,
        address_sharing: 2.0,
        addresses_per_account: 100,
        // Rotation: lives are ours, chosen so that about 273 accounts are seen in all.
        ban_after_days: Some(14.0),
        replacement_lag_hours: 4.0,
        samples_per_item: 2,
        registration: Registration::Disposable,
        signup_bursts: 5,
        client_versions: 3,
        ..plan("zhipu", size.accounts(125, 8))
    };
    Scenario {
        campaigns: vec![campaign],
        ..log("zhipu-2026-09", size, 17, 25_000)
    }
}

/// More than 12,000 requests, each with another bypass, then one winner at scale. Accounts,
/// window and the size of what followed are ours.
pub(crate) fn recon(size: &Size) -> Scenario {
    let variants = size.requests(12_000);
    let campaign = CampaignPlan {
        exchanges: size.requests(400_000),
        recon_variants: variants,
        days: 21,
        templates: vec![template("t_winner", None, 1.0)],
        dispatch: Dispatch::RoundRobin,
        jitter: 0.6,
        card_sharing: 4.0,
        address_sharing: 2.0,
        addresses_per_account: 30,
        registration: Registration::Pattern,
        signup_bursts: 4,
        client_versions: 4,
        ..plan("recon", size.accounts(800, 20))
    };
    Scenario {
        campaigns: vec![campaign],
        ..log("recon-then-scale", size, 21, 12_000)
    }
}
