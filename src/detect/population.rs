//! The accounts of a log with their clocks, as plain vectors: what group tests look at.

use anyhow::Result;

use crate::detect::Context;
use crate::detect::content::capability::Capabilities;
use crate::detect::content::families::TextFamily;
use crate::detect::layer::Layer;
use crate::detect::moments::Moments;
use crate::detect::prompts::{Prompts, u32s};
use crate::detect::traits::Traits;
use crate::digest::DigestTables;
use crate::model::event::Event;
use crate::model::profile::AccountProfile;

/// Microseconds in an hour and in a day.
pub const HOUR_US: i64 = 3_600_000_000;
/// See [`HOUR_US`].
pub const DAY_US: i64 = 24 * HOUR_US;

/// Requests of an account in one hour with one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// Hours since the epoch.
    pub hour: i64,
    /// Position in [`Population::models`].
    pub model: u32,
    /// Requests.
    pub requests: u32,
}

/// Requests by hour of the day.
#[must_use]
pub fn by_hour_of_day(cells: &[Cell]) -> [u64; 24] {
    let mut by_hour = [0_u64; 24];
    for cell in cells {
        let hour = usize::try_from(cell.hour.rem_euclid(24)).unwrap_or(0);
        by_hour[hour] += u64::from(cell.requests);
    }
    by_hour
}

/// Different keys that each account used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyCounts {
    /// Addresses.
    pub addresses: Vec<u32>,
    /// User agents.
    pub user_agents: Vec<u32>,
    /// Credentials.
    pub credentials: Vec<u32>,
    /// Languages asked for.
    pub languages: Vec<u32>,
    /// Signed reasoning blobs in conversations that the log names.
    pub signatures: Vec<u32>,
    /// Those of them in more than one conversation.
    pub carried_signatures: Vec<u32>,
}

/// The accounts of a log.
#[derive(Debug, Clone)]
pub struct Population<'a> {
    /// Requests by account.
    pub requests: Vec<u64>,
    /// First request by account, microseconds since the epoch.
    pub first_us: Vec<i64>,
    /// Last request by account.
    pub last_us: Vec<i64>,
    cell_offsets: Vec<usize>,
    cells: Vec<Cell>,
    /// Width of a cell in hours: 1, unless the digest had to join them.
    pub cell_hours: u64,
    /// Model names.
    pub models: Vec<String>,
    /// Keys used.
    pub keys: KeyCounts,
    /// What most requests of an account have in common.
    pub traits: Traits,
    /// Exact times of requests.
    pub moments: Moments,
    /// Sampled prompts.
    pub prompts: Prompts,
    /// What texts and accounts are for, as far as cues tell.
    pub capabilities: Capabilities,
    /// Account profiles, one entry per account.
    pub profiles: &'a [Option<AccountProfile>],
    /// Dated facts.
    pub events: &'a [Event],
    /// Shared keys, as the detectors found them.
    pub layers: &'a [Layer],
    /// Most accounts of a key that still says something about them as people.
    pub hub_degree: usize,
}

impl<'a> Population<'a> {
    /// From a digest, and the keys and templates found in it.
    ///
    /// # Errors
    /// When a digest table lacks a column, which is an internal error.
    pub fn read(
        context: &Context<'a>,
        layers: &'a [Layer],
        families: &[TextFamily],
    ) -> Result<Self> {
        let tables = context.tables;
        let accounts = &tables.accounts;
        let mut cells: Vec<(u32, Cell)> = Vec::with_capacity(tables.cells.height());
        let frame = &tables.cells;
        let columns = u32s(frame, "account")?
            .into_iter()
            .zip(frame.column("hour")?.i64()?.into_no_null_iter())
            .zip(u32s(frame, "model")?)
            .zip(u32s(frame, "requests")?);
        for (((account, hour), model), requests) in columns {
            cells.push((
                account,
                Cell {
                    hour,
                    model,
                    requests,
                },
            ));
        }
        let integers = |name: &str| -> Result<Vec<i64>> {
            Ok(accounts.column(name)?.i64()?.into_no_null_iter().collect())
        };
        let made = Self {
            requests: accounts
                .column("requests")?
                .u64()?
                .into_no_null_iter()
                .collect(),
            first_us: integers("first_us")?,
            last_us: integers("last_us")?,
            cell_hours: tables.about.cell_hours.max(1),
            models: tables.models.clone(),
            keys: key_counts(tables)?,
            traits: Traits::read(tables)?,
            moments: Moments::read(tables)?,
            prompts: Prompts::read(tables, families)?,
            capabilities: Capabilities::read(tables)?,
            hub_degree: context.config.network.hub_degree,
            ..Self::empty(context.profiles, context.events, layers)
        };
        Ok(made.with_cells(cells))
    }

    /// Nobody yet, to be filled in.
    #[must_use]
    pub fn empty(
        profiles: &'a [Option<AccountProfile>],
        events: &'a [Event],
        layers: &'a [Layer],
    ) -> Self {
        Self {
            requests: Vec::new(),
            first_us: Vec::new(),
            last_us: Vec::new(),
            cell_offsets: Vec::new(),
            cells: Vec::new(),
            cell_hours: 1,
            models: Vec::new(),
            keys: KeyCounts::default(),
            traits: Traits::default(),
            moments: Moments::default(),
            prompts: Prompts::default(),
            capabilities: Capabilities::default(),
            profiles,
            events,
            layers,
            hub_degree: 50,
        }
    }

    /// The same accounts with these cells.
    #[must_use]
    pub fn with_cells(mut self, mut cells: Vec<(u32, Cell)>) -> Self {
        cells.sort_unstable();
        let mut offsets = vec![0_usize; self.requests.len() + 1];
        for (account, _) in &cells {
            if let Some(slot) = offsets.get_mut(*account as usize + 1) {
                *slot += 1;
            }
        }
        for index in 1..offsets.len() {
            offsets[index] += offsets[index - 1];
        }
        self.cell_offsets = offsets;
        self.cells = cells.into_iter().map(|(_, cell)| cell).collect();
        self
    }

    /// Accounts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// All account numbers.
    pub fn accounts(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.len()).unwrap_or(u32::MAX)
    }

    /// Activity of an account, by hour and model.
    #[must_use]
    pub fn cells(&self, account: u32) -> &[Cell] {
        let index = account as usize;
        match (
            self.cell_offsets.get(index),
            self.cell_offsets.get(index + 1),
        ) {
            (Some(start), Some(end)) => self.cells.get(*start..*end).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// Activity of an account in `from..until` (hours).
    pub fn cells_between(&self, account: u32, from: i64, until: i64) -> &[Cell] {
        let cells = self.cells(account);
        let start = cells.partition_point(|cell| cell.hour < from);
        let end = cells.partition_point(|cell| cell.hour < until);
        cells.get(start..end).unwrap_or(&[])
    }

    /// The account's own row of the accounts table.
    #[must_use]
    pub fn profile(&self, account: u32) -> Option<&'a AccountProfile> {
        self.profiles.get(account as usize)?.as_ref()
    }

    /// First request of the log.
    #[must_use]
    pub fn log_first_us(&self) -> i64 {
        self.first_us.iter().min().copied().unwrap_or(0)
    }

    /// Last request of the log.
    #[must_use]
    pub fn log_last_us(&self) -> i64 {
        self.last_us.iter().max().copied().unwrap_or(0)
    }

    /// First request of an account.
    #[must_use]
    pub fn first(&self, account: u32) -> i64 {
        self.first_us.get(account as usize).copied().unwrap_or(0)
    }
}

/// Counts the links of each account by the kinds of key that matter here.
fn key_counts(tables: &DigestTables) -> Result<KeyCounts> {
    let kinds: Vec<u8> = tables
        .keys
        .column("kind")?
        .str()?
        .iter()
        .map(|kind| match kind {
            Some("ip") => 1,
            Some("user_agent") => 2,
            Some("api_key") => 3,
            Some("accept_language") => 4,
            _ => 0,
        })
        .collect();
    let none = vec![0_u32; tables.accounts.height()];
    let mut counts = KeyCounts {
        addresses: none.clone(),
        user_agents: none.clone(),
        credentials: none.clone(),
        languages: none.clone(),
        signatures: none.clone(),
        carried_signatures: none,
    };
    let replays = &tables.signature_conversations;
    let ends = replays
        .column("smallest")?
        .u64()?
        .into_no_null_iter()
        .zip(replays.column("largest")?.u64()?.into_no_null_iter());
    for (account, (smallest, largest)) in u32s(replays, "account")?.into_iter().zip(ends) {
        let at = account as usize;
        if let (Some(all), Some(carried)) = (
            counts.signatures.get_mut(at),
            counts.carried_signatures.get_mut(at),
        ) {
            *all += 1;
            *carried += u32::from(smallest != largest);
        }
    }
    let links = u32s(&tables.links, "account")?
        .into_iter()
        .zip(u32s(&tables.links, "key")?);
    for (account, key) in links {
        let list = match kinds.get(key as usize) {
            Some(1) => &mut counts.addresses,
            Some(2) => &mut counts.user_agents,
            Some(3) => &mut counts.credentials,
            Some(4) => &mut counts.languages,
            _ => continue,
        };
        if let Some(count) = list.get_mut(account as usize) {
            *count += 1;
        }
    }
    Ok(counts)
}
