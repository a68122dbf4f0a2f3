//! Accounts with clocks, made by hand, for the tests of group tests.

use crate::detect::content::capability::Capabilities;
use crate::detect::group::{Group, GroupTest, Look, Standing};
use crate::detect::layer::Layer;
use crate::detect::moments::Moments;
use crate::detect::population::{Cell, HOUR_US, KeyCounts, Population};
use crate::detect::prompts::{Prompt, Prompts};
use crate::detect::traits::Traits;
use crate::model::event::Event;
use crate::model::profile::AccountProfile;
use crate::stats::random::Random;
use crate::text::TopicWords;

/// How many of `repetitions` random groups of about thirty among `accounts` a test finds at
/// the level of 5 %, before any correction.
pub(crate) fn random_groups_found(
    accounts: u64,
    repetitions: u32,
    look: impl Fn(&Group) -> Look,
) -> u32 {
    let mut random = Random::new(3);
    (0..repetitions)
        .map(|_| {
            let mut members: Vec<u32> = (0..30)
                .map(|_| u32::try_from(random.below(accounts)).unwrap())
                .collect();
            members.sort_unstable();
            members.dedup();
            let group = Group {
                name: "test".to_owned(),
                accounts: members,
            };
            let level = 20.0_f64.log2();
            u32::from(look(&group).findings.iter().any(|one| one.bits >= level))
        })
        .sum()
}

/// What a test says about these accounts of a world.
pub(crate) fn look_at(test: &dyn GroupTest, world: &World, accounts: Vec<u32>) -> Look {
    let population = world.population();
    let prepared = test.prepare(&population);
    (prepared.look)(&Group {
        name: "test".to_owned(),
        accounts,
    })
}

/// The first accounts, all with the habit, stand out; what is said of them never counts.
pub(crate) fn assert_stands_out_and_is_weak(test: &dyn GroupTest, world: &World, accounts: u32) {
    let look = look_at(test, world, (0..accounts).collect());
    assert!(look.findings[0].bits > 20.0, "{look:?}");
    assert_eq!(look.findings[0].standing, Standing::Weak);
}

/// Random groups of a world without a group are found no more often than stated: 300 at the
/// level of 5 % give 15, and 26 or fewer in 997 of 1,000 cases.
pub(crate) fn assert_keeps_its_level(test: &dyn GroupTest, world: &World) {
    let population = world.population();
    let prepared = test.prepare(&population);
    let found = random_groups_found(population.len() as u64, 300, &prepared.look);
    assert!(found <= 26, "{found} of 300 at the level of 5 %");
}

pub(crate) struct World {
    pub(crate) cells: Vec<(u32, Cell)>,
    pub(crate) profiles: Vec<Option<AccountProfile>>,
    pub(crate) events: Vec<Event>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) keys: KeyCounts,
    pub(crate) traits: Traits,
    pub(crate) prompts: Vec<(u32, Prompt)>,
    pub(crate) texts_per_account: usize,
    /// Exact times of requests, by account.
    pub(crate) moments: Vec<(u32, i64)>,
    /// One in 2^level stretches keeps them.
    pub(crate) moment_level: u32,
    /// How long each of them took, where known.
    pub(crate) durations_ms: Vec<u32>,
    pub(crate) capabilities: Capabilities,
    models: Vec<String>,
}

impl World {
    pub(crate) fn new(accounts: usize, models: &[&str]) -> Self {
        Self {
            cells: Vec::new(),
            profiles: vec![None; accounts],
            events: Vec::new(),
            layers: Vec::new(),
            keys: KeyCounts {
                addresses: vec![0; accounts],
                user_agents: vec![0; accounts],
                credentials: vec![0; accounts],
                languages: vec![0; accounts],
                signatures: vec![0; accounts],
                carried_signatures: vec![0; accounts],
            },
            traits: Traits::default(),
            prompts: Vec::new(),
            texts_per_account: 64,
            moments: Vec::new(),
            moment_level: 0,
            durations_ms: Vec::new(),
            capabilities: Capabilities::default(),
            models: models.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    pub(crate) fn put(&mut self, account: u32, hour: i64, model: u32, requests: u32) {
        if requests > 0 {
            self.cells.push((
                account,
                Cell {
                    hour,
                    model,
                    requests,
                },
            ));
        }
    }

    /// A prompt of an account, `uses` times from one hour to another.
    pub(crate) fn say(&mut self, account: u32, hash: u64, uses: u64, hours: (i64, i64)) {
        self.prompts.push((
            account,
            Prompt {
                hash,
                uses,
                first_us: hours.0 * HOUR_US,
                last_us: hours.1 * HOUR_US,
                turned_away_us: None,
                ways: [0; 2],
                bytes: 200,
                topic: TopicWords::default(),
                near: None,
                template: None,
            },
        ));
    }

    /// The set of near-duplicates of the last prompt.
    pub(crate) fn near(&mut self, set: u32) {
        if let Some((_, prompt)) = self.prompts.last_mut() {
            prompt.near = Some(set);
        }
    }

    /// What the last prompt is about.
    pub(crate) fn about(&mut self, topic: TopicWords) {
        if let Some((_, prompt)) = self.prompts.last_mut() {
            prompt.topic = topic;
        }
    }

    /// A prompt of an account that was turned away once, at this time.
    pub(crate) fn say_in_vain(&mut self, account: u32, hash: u64, time_us: i64) {
        self.say_at(account, hash, time_us);
        if let Some((_, prompt)) = self.prompts.last_mut() {
            prompt.turned_away_us = Some(time_us);
        }
    }

    /// A prompt of an account, once at this time.
    pub(crate) fn say_at(&mut self, account: u32, hash: u64, time_us: i64) {
        self.say(account, hash, 1, (0, 0));
        if let Some((_, prompt)) = self.prompts.last_mut() {
            prompt.first_us = time_us;
            prompt.last_us = time_us;
        }
    }

    pub(crate) fn profile(&mut self, account: u32) -> &mut AccountProfile {
        self.profiles[account as usize].get_or_insert_with(|| AccountProfile {
            account_id: format!("a{account}"),
            ..AccountProfile::default()
        })
    }

    pub(crate) fn population(&self) -> Population<'_> {
        let accounts = self.profiles.len();
        let mut requests = vec![0_u64; accounts];
        let mut first_us = vec![i64::MAX; accounts];
        let mut last_us = vec![i64::MIN; accounts];
        for (account, cell) in &self.cells {
            let at = *account as usize;
            requests[at] += u64::from(cell.requests);
            first_us[at] = first_us[at].min(cell.hour * HOUR_US);
            last_us[at] = last_us[at].max(cell.hour * HOUR_US);
        }
        let silent = |value: &mut i64| {
            if *value == i64::MAX || *value == i64::MIN {
                *value = 0;
            }
        };
        first_us.iter_mut().for_each(silent);
        last_us.iter_mut().for_each(silent);
        let mut made = Population::empty(&self.profiles, &self.events, &self.layers);
        made.requests = requests;
        made.first_us = first_us;
        made.last_us = last_us;
        made.models.clone_from(&self.models);
        made.keys = self.keys.clone();
        made.traits = self.traits.clone();
        made.prompts = Prompts::new(
            accounts,
            self.prompts.clone(),
            std::iter::empty(),
            self.texts_per_account,
        );
        let durations_ms = self
            .durations_ms
            .iter()
            .copied()
            .chain(std::iter::repeat(0));
        let requests = self.moments.iter().zip(durations_ms);
        let requests = requests.map(|((account, time_us), ms)| (*account, (*time_us, ms)));
        made.moments = Moments::new(accounts, requests.collect(), self.moment_level);
        made.capabilities = self.capabilities.clone();
        made.with_cells(self.cells.clone())
    }
}
