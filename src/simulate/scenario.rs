//! A scenario: the window, the campaigns and the innocent populations, as plain numbers.

use std::collections::BTreeMap;

use crate::simulate::innocents::Innocent;
use crate::simulate::world::Dispatch;

/// How campaign accounts were registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Like anybody.
    Natural,
    /// A word and digits at a few providers.
    Pattern,
    /// Throw-away domains and patterns.
    Disposable,
}

/// When a campaign works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hours {
    /// All hours alike.
    RoundTheClock,
    /// The office hours of one place, as minutes from UTC.
    Office(i64),
    /// The rhythm of a service with users in one place, as minutes from UTC.
    Service(i64),
}

/// One template of a campaign.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TemplatePlan {
    /// Grammar rule of the prompt.
    pub prompt: &'static str,
    /// Grammar rule of the system prompt.
    pub system: Option<&'static str>,
    /// Share of the requests.
    pub weight: f64,
    /// Tools offered, `|`-joined.
    pub tools: &'static str,
}

/// One campaign.
#[derive(Debug, Clone, PartialEq)]
pub struct CampaignPlan {
    /// Name in the truth.
    pub name: String,
    /// Accounts at work at one time.
    pub accounts: u32,
    /// Campaign requests over its window, cover traffic not counted.
    pub exchanges: u64,
    /// First day and number of days, inside the window.
    pub first_day: u32,
    /// Length in days.
    pub days: u32,
    /// Templates.
    pub templates: Vec<TemplatePlan>,
    /// How work is handed out.
    pub dispatch: Dispatch,
    /// When.
    pub hours: Hours,
    /// Zero a metronome, one wholly random.
    pub jitter: f64,
    /// Accounts per card.
    pub card_sharing: f64,
    /// Accounts per proxy address.
    pub address_sharing: f64,
    /// Addresses an account uses.
    pub addresses_per_account: u32,
    /// Share of requests from rented servers.
    pub server_share: f64,
    /// Share of template parts that are reworded.
    pub paraphrase: f64,
    /// Share of unrelated requests.
    pub cover_share: f64,
    /// Mean life of an account in days before it is banned; `None` is never.
    pub ban_after_days: Option<f64>,
    /// Mean hours until a banned account is replaced.
    pub replacement_lag_hours: f64,
    /// Day on which all accounts are banned and a standby pool takes over.
    pub standby_day: Option<u32>,
    /// Share that moves to a new model within a day of its release.
    pub pivot_share: Option<f64>,
    /// Requests that use one saved reasoning blob; zero is no replay.
    pub replay_uses: u32,
    /// How often one item is sent.
    pub samples_per_item: u64,
    /// Accounts name end users.
    pub end_users: u32,
    /// Share of accounts on other access pathways than the provider's own.
    pub cloud_share: f64,
    /// Registration.
    pub registration: Registration,
    /// Different client versions in use.
    pub client_versions: u32,
    /// Bursts in which accounts were created; zero spreads them over a year.
    pub signup_bursts: u32,
    /// One-off variants tried before the winner is scaled up.
    pub recon_variants: u64,
}

/// A whole log.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Name of the preset.
    pub name: String,
    /// Seed of every draw.
    pub seed: u64,
    /// Share of the published size.
    pub scale: f64,
    /// First day, as days since 1970-01-01.
    pub start_day: i64,
    /// Length of the window in days.
    pub days: u32,
    /// Day of the window on which a new model is released.
    pub release_day: u32,
    /// Ordinary accounts.
    pub organic_accounts: u32,
    /// Median requests of an ordinary account on a day with any.
    pub organic_median_per_day: f64,
    /// Campaigns.
    pub campaigns: Vec<CampaignPlan>,
    /// Accounts in each innocent population.
    pub innocents: BTreeMap<Innocent, u32>,
}
