//! Presets after the account of February 2026. Figures are the vendor's claims; where none
//! was published (windows, accounts of a single campaign, cards) the number is ours and says so.

use crate::simulate::build::{AGENT_TOOLS, INTERFACE_TOOLS, SCREEN_TOOLS};
use crate::simulate::general::{log, plan};
use crate::simulate::presets::Size;
use crate::simulate::scenario::{CampaignPlan, Hours, Registration, Scenario, TemplatePlan};
use crate::simulate::world::Dispatch;

fn template(prompt: &'static str, weight: f64, tools: &'static str) -> TemplatePlan {
    TemplatePlan {
        prompt,
        system: None,
        weight,
        tools,
    }
}

/// More than 150,000 exchanges; synchronised traffic, shared payment methods, three tasks.
/// Accounts and window were not published: 400 accounts in 28 days are ours.
fn deepseek_plan(size: &Size, exchanges: u64, accounts: u32) -> CampaignPlan {
    CampaignPlan {
        exchanges: size.requests(exchanges),
        days: 28,
        templates: vec![
            template("t_rubric", 0.4, ""),
            template("t_rationale", 0.4, ""),
            template("t_safe_rewrite", 0.2, ""),
        ],
        dispatch: Dispatch::Waves,
        card_sharing: 8.0,
        address_sharing: 3.0,
        addresses_per_account: 20,
        server_share: 0.15,
        signup_bursts: 4,
        client_versions: 3,
        ..plan("deepseek", size.accounts(accounts, 8))
    }
}

/// More than 3.4 million exchanges; hundreds of accounts over several pathways, of varied
/// types. 600 accounts in 42 days are ours.
fn moonshot_plan(size: &Size, accounts: u32) -> CampaignPlan {
    CampaignPlan {
        exchanges: size.requests(3_400_000),
        days: 42,
        templates: vec![
            template("t_tool_use", 0.25, INTERFACE_TOOLS),
            template("t_agentic", 0.25, AGENT_TOOLS),
            template("t_data_analyst", 0.2, ""),
            template("t_computer_use", 0.15, SCREEN_TOOLS),
            template("t_trace_rebuild", 0.15, ""),
        ],
        dispatch: Dispatch::Random,
        jitter: 0.8,
        card_sharing: 3.0,
        address_sharing: 2.0,
        addresses_per_account: 60,
        server_share: 0.1,
        cloud_share: 0.5,
        registration: Registration::Natural,
        signup_bursts: 0,
        client_versions: 9,
        ..plan("moonshot", size.accounts(accounts, 8))
    }
}

/// More than 13 million exchanges; within 24 hours of a release nearly half the traffic went
/// to the new model. 2,000 accounts in 42 days are ours.
fn minimax_plan(size: &Size, accounts: u32) -> CampaignPlan {
    CampaignPlan {
        exchanges: size.requests(13_000_000),
        days: 42,
        templates: vec![
            template("t_agentic", 0.6, AGENT_TOOLS),
            template("t_tool_use", 0.3, INTERFACE_TOOLS),
            template("t_code_data", 0.1, ""),
        ],
        dispatch: Dispatch::RoundRobin,
        jitter: 0.3,
        card_sharing: 5.0,
        address_sharing: 4.0,
        addresses_per_account: 80,
        server_share: 0.2,
        pivot_share: Some(0.48),
        signup_bursts: 6,
        client_versions: 4,
        ..plan("minimax", size.accounts(accounts, 8))
    }
}

pub(crate) fn deepseek(size: &Size) -> Scenario {
    // 150,000 exchanges are few beside an ordinary log: the crowd is sized by accounts.
    let campaign = deepseek_plan(size, 150_000, 400);
    Scenario {
        campaigns: vec![campaign],
        ..log("deepseek-2026-02", size, 28, 6_000)
    }
}

pub(crate) fn moonshot(size: &Size) -> Scenario {
    Scenario {
        campaigns: vec![moonshot_plan(size, 600)],
        ..log("moonshot-2026-02", size, 42, 20_000)
    }
}

pub(crate) fn minimax(size: &Size) -> Scenario {
    Scenario {
        campaigns: vec![minimax_plan(size, 2_000)],
        ..log("minimax-2026-02", size, 42, 60_000)
    }
}

/// All three: more than 16 million exchanges over about 24,000 accounts. How the accounts
/// divide was not published; here DeepSeek 1,200, Moonshot 800 ("hundreds"), MiniMax the rest.
pub(crate) fn all(size: &Size) -> Scenario {
    let campaigns = vec![
        deepseek_plan(size, 150_000, 1_200),
        moonshot_plan(size, 800),
        minimax_plan(size, 22_000),
    ];
    Scenario {
        campaigns,
        ..log("anthropic-2026-02", size, 42, 110_000)
    }
}

/// One proxy network of more than 20,000 accounts at once that mixes distillation with
/// unrelated customers; a banned account is replaced. Volume, lives and lags are ours.
pub(crate) fn hydra(size: &Size) -> Scenario {
    let campaign = CampaignPlan {
        exchanges: size.requests(2_400_000),
        days: 14,
        templates: vec![
            template("t_rationale", 0.5, ""),
            template("t_agentic", 0.5, AGENT_TOOLS),
        ],
        dispatch: Dispatch::RoundRobin,
        jitter: 0.5,
        hours: Hours::RoundTheClock,
        card_sharing: 12.0,
        address_sharing: 6.0,
        addresses_per_account: 40,
        server_share: 0.1,
        cover_share: 0.6,
        ban_after_days: Some(12.0),
        replacement_lag_hours: 6.0,
        end_users: 60,
        cloud_share: 0.35,
        registration: Registration::Disposable,
        signup_bursts: 10,
        client_versions: 5,
        ..plan("hydra", size.accounts(20_000, 12))
    };
    Scenario {
        campaigns: vec![campaign],
        ..log("hydra", size, 14, 90_000)
    }
}
