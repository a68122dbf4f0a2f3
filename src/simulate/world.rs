//! The simulated world: accounts, what they send, the addresses they share, central
//! dispatchers and occasions. Built once, then read only.

use crate::simulate::clients::Clients;
use crate::simulate::clocks::Clock;
use crate::simulate::grammar::{Grammar, RuleId};
use crate::simulate::places::{NetworkKind, Places};

/// Microseconds in a second, an hour and a day.
pub(crate) const SECOND_US: i64 = 1_000_000;
pub(crate) const HOUR_US: i64 = 3_600 * SECOND_US;
pub(crate) const DAY_US: i64 = 24 * HOUR_US;

/// What an account is for, as the truth table names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Customer,
    Worker,
    Replacement,
    Standby,
    Scout,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Customer => "customer",
            Role::Worker => "worker",
            Role::Replacement => "replacement",
            Role::Standby => "standby",
            Role::Scout => "scout",
        }
    }
}

/// Why and when an account ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closing {
    pub(crate) at_us: i64,
    pub(crate) status: &'static str,
    pub(crate) reason: &'static str,
}

/// The rhythm of an account that acts for itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habit {
    /// Requests on an average day of activity.
    pub(crate) rate: f32,
    /// Share of days with any activity.
    pub(crate) active_share: f32,
    pub(crate) clock: Clock,
    /// Mean number of requests in a session.
    pub(crate) turns: f32,
    pub(crate) source: u16,
}

/// Where an account's requests come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    /// Pool of shared addresses; `None` is a line of its own.
    pub(crate) pool: Option<u32>,
    /// Addresses of the pool that the account uses.
    pub(crate) sticky: u32,
    /// A second pool for some of the requests.
    pub(crate) other: Option<u32>,
    pub(crate) other_share: f32,
    pub(crate) home: NetworkKind,
}

impl Origin {
    pub(crate) fn home() -> Self {
        Self {
            pool: None,
            sticky: 1,
            other: None,
            other_share: 0.0,
            home: NetworkKind::Residential,
        }
    }

    pub(crate) fn pool(pool: u32, sticky: u32) -> Self {
        Self {
            pool: Some(pool),
            sticky,
            ..Self::home()
        }
    }
}

/// Shape of an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailStyle {
    /// first.last, f.last, last84 and so on at a popular provider.
    Personal,
    /// first.last at the organisation's own domain.
    Work { domain: u64 },
    /// A word and digits at a popular provider.
    WordDigits { provider: u8 },
    /// Random letters at a throw-away domain.
    Throwaway { domain: u8 },
}

/// One account.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// Root of all of the account's streams.
    pub(crate) key: u64,
    pub(crate) population: u16,
    pub(crate) campaign: Option<u16>,
    pub(crate) role: Role,
    pub(crate) country: u8,
    pub(crate) created_us: i64,
    /// No own request before this time.
    pub(crate) first_us: i64,
    pub(crate) closing: Option<Closing>,
    pub(crate) habit: Option<Habit>,
    pub(crate) origin: Origin,
    pub(crate) clients: [u16; 3],
    pub(crate) client_count: u8,
    pub(crate) payment: Option<u64>,
    pub(crate) payment_kind: &'static str,
    pub(crate) billing_country: u8,
    /// Seed of the organisation's name, where there is one.
    pub(crate) org: Option<u64>,
    /// Whether the organisation is declared as parent (seat pool, reseller).
    pub(crate) org_declared: bool,
    pub(crate) plan: &'static str,
    pub(crate) mail: MailStyle,
    pub(crate) has_phone: bool,
    /// When this account moves to a newly released model.
    pub(crate) adoption_us: i64,
    pub(crate) platform: u8,
    /// The account's own users that it names; zero names none.
    pub(crate) end_users: u32,
    pub(crate) keys: u8,
    pub(crate) referrer: Option<u64>,
}

/// How texts of a source keep their frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Each account has a frame of its own.
    Account,
    /// One frame for all.
    Shared(u64),
}

/// How slots are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bank {
    /// Drawn anew for every row.
    Free,
    /// From a bank of numbered items: the item decides the text.
    Items(u64),
}

/// Which model a source asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ModelChoice {
    /// The account's own preference and date of adoption.
    Own,
    /// The largest of the old models and, once released, the new one for this share of the
    /// requests; the move takes so many hours.
    Moving { share: f32, ramp_hours: f32 },
    /// Only the new model.
    Newest,
}

/// Signed reasoning that requests carry in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Signature {
    /// None at all.
    Never,
    /// Later turns of a conversation carry their own.
    Natural,
    /// One saved blob is used by about this many requests of any account; the source has this
    /// share of the items.
    Replay { uses: u32, share: f32 },
}

/// Request parameters of a source; `None` leaves them to the account.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Parameters {
    pub(crate) temperature: Option<f64>,
    pub(crate) max_tokens: Option<i64>,
    pub(crate) stream: Option<bool>,
}

/// What is sent: a kind of text with its parameters.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Name in the truth; empty for unplanned traffic.
    pub(crate) template: String,
    pub(crate) campaign: Option<u16>,
    pub(crate) substream: bool,
    /// First turn by language, or the same rule for all.
    pub(crate) prompts: [RuleId; 7],
    pub(crate) follow_ups: Option<[RuleId; 7]>,
    pub(crate) system: Option<RuleId>,
    pub(crate) frame: Frame,
    pub(crate) bank: Bank,
    pub(crate) paraphrase: f64,
    pub(crate) parameters: Option<Parameters>,
    pub(crate) model: ModelChoice,
    pub(crate) signature: Signature,
    /// Tools offered, `|`-joined.
    pub(crate) tools: &'static str,
    /// Median output tokens.
    pub(crate) output_tokens: f64,
    /// Share of refused answers.
    pub(crate) refusal: f64,
    /// Every row speaks for another person: language and interests change.
    pub(crate) mixed_voices: bool,
}

/// Addresses that several accounts share.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    pub(crate) seed: u64,
    /// Networks the addresses lie in.
    pub(crate) networks: Vec<u16>,
    pub(crate) size: u32,
    /// Neighbouring addresses of one prefix instead of scattered ones.
    pub(crate) is_block: bool,
}

/// An account's turn in a slot of a dispatcher.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tenure {
    pub(crate) account: u32,
    pub(crate) from_us: i64,
    pub(crate) until_us: i64,
}

/// How a central dispatcher hands out work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dispatch {
    /// One account after the other.
    RoundRobin,
    /// Any account.
    Random,
    /// All accounts at nearly the same moment, again and again.
    Waves,
    /// Contiguous parts of the work belong to fixed accounts.
    Shards,
}

/// A central dispatcher with its accounts.
#[derive(Debug, Clone)]
pub(crate) struct Fleet {
    pub(crate) key: u64,
    /// Sources with cumulative weights.
    pub(crate) sources: Vec<u16>,
    pub(crate) weights: Vec<f64>,
    pub(crate) slots: Vec<Vec<Tenure>>,
    /// Requests by day of the window.
    pub(crate) daily: Vec<u64>,
    /// Items handed out before each day.
    pub(crate) first_item: Vec<u64>,
    pub(crate) clock: Clock,
    pub(crate) offset_minutes: i64,
    pub(crate) jitter: f64,
    pub(crate) dispatch: Dispatch,
    /// Largest share of days on which a slot is left out (no credit, a quota, a lost session);
    /// each slot has a share of its own below it.
    pub(crate) rest_share: f64,
    /// How often one item is sent, to different accounts.
    pub(crate) samples_per_item: u64,
}

/// Something many accounts do at one time: an assignment, a benchmark run.
#[derive(Debug, Clone)]
pub(crate) struct Occasion {
    pub(crate) key: u64,
    pub(crate) start_us: i64,
    /// Members begin within this time.
    pub(crate) spread_us: i64,
    pub(crate) members: std::ops::Range<u32>,
    pub(crate) participation: f64,
    pub(crate) rows: (u64, u64),
    /// Mean pause between a member's rows.
    pub(crate) pause_us: f64,
    pub(crate) source: u16,
    /// Rows run through the bank from its first item.
    pub(crate) in_order: bool,
}

/// Everything, before the first request is sent.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) start_us: i64,
    pub(crate) days: u32,
    pub(crate) release_us: i64,
    pub(crate) models: Vec<&'static str>,
    /// Cumulative popularity of the models.
    pub(crate) model_weights: Vec<f64>,
    pub(crate) new_model: &'static str,
    pub(crate) grammar: Grammar,
    pub(crate) places: Places,
    pub(crate) clients: Clients,
    pub(crate) accounts: Vec<Account>,
    pub(crate) populations: Vec<String>,
    pub(crate) campaigns: Vec<String>,
    pub(crate) sources: Vec<Source>,
    pub(crate) pools: Vec<Pool>,
    pub(crate) fleets: Vec<Fleet>,
    pub(crate) occasions: Vec<Occasion>,
    pub(crate) ban_waves_us: Vec<i64>,
}

impl World {
    /// End of the window.
    pub(crate) fn end_us(&self) -> i64 {
        self.start_us + i64::from(self.days) * DAY_US
    }
}
