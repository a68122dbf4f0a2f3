//! Builds the world of a scenario: ordinary people first, then look-alikes, then campaigns.

use crate::simulate::campaigns;
use crate::simulate::clients::{ClientKind, Clients};
use crate::simulate::clocks::Clock;
use crate::simulate::grammar::{Grammar, RuleId, stream};
use crate::simulate::knobs::Knobs;
use crate::simulate::lookalikes;
use crate::simulate::places::{LANGUAGE_SUFFIX, NetworkKind, Places};
use crate::simulate::random::{Random, cumulative, mix};
use crate::simulate::scenario::Scenario;
use crate::simulate::succession::next_wave;
use crate::simulate::world::{
    Account, Bank, Closing, DAY_US, Frame, Habit, MailStyle, ModelChoice, Origin, Pool, Role,
    Signature, Source, World,
};

/// Days that accounts are old at most: two years.
const OLDEST_DAYS: f64 = 730.0;

/// Models on offer before the release, with their shares (invented names).
const MODELS: [(&str, f64); 4] = [
    ("opal-4-large", 0.3),
    ("opal-4-medium", 0.38),
    ("opal-3-medium", 0.12),
    ("opal-4-small", 0.2),
];
/// The model released inside the window.
const NEW_MODEL: &str = "opal-5-large";

/// Tools of coding agents, of callers of interfaces and of screen agents: named alike by
/// everybody, since frameworks name them.
pub(crate) const AGENT_TOOLS: &str = "bash|str_replace_editor|run_tests";
pub(crate) const INTERFACE_TOOLS: &str = "search_web|call_api|read_table";
pub(crate) const SCREEN_TOOLS: &str = "computer|screenshot";

/// A throw-away mail domain: a few are known to everybody, most to few.
pub(crate) fn throwaway_domain(random: &mut Random) -> u8 {
    (random.unit().powi(3) * 40.0) as u8
}

/// Collects the world.
pub(crate) struct Builder {
    pub(crate) world: World,
    pub(crate) random: Random,
}

/// Builds the world.
pub(crate) fn build(scenario: &Scenario, knobs: &Knobs) -> anyhow::Result<World> {
    let start_us = scenario.start_day * DAY_US;
    // Two presets with one seed are two logs of one world: other accounts, the same networks
    // and clients.
    let seed = stream(scenario.seed, &scenario.name);
    let world = World {
        seed,
        start_us,
        days: scenario.days,
        // Releases are announced in the Californian morning.
        release_us: start_us + i64::from(scenario.release_day) * DAY_US + 17 * DAY_US / 24,
        models: MODELS.iter().map(|&(name, _)| name).collect(),
        model_weights: cumulative(MODELS.iter().map(|&(_, weight)| weight)),
        new_model: NEW_MODEL,
        grammar: Grammar::embedded()?,
        places: Places::new(scenario.seed),
        clients: Clients::new(scenario.seed),
        accounts: Vec::new(),
        populations: Vec::new(),
        campaigns: Vec::new(),
        sources: Vec::new(),
        pools: Vec::new(),
        fleets: Vec::new(),
        occasions: Vec::new(),
        ban_waves_us: Vec::new(),
    };
    let mut builder = Builder {
        world,
        random: Random::new(stream(seed, "build")),
    };
    organic(&mut builder, scenario, knobs)?;
    lookalikes::add_all(&mut builder, scenario, knobs)?;
    for plan in &scenario.campaigns {
        campaigns::add(&mut builder, plan, knobs)?;
    }
    Ok(builder.world)
}

/// Ordinary people, developers and small applications.
fn organic(builder: &mut Builder, scenario: &Scenario, knobs: &Knobs) -> anyhow::Result<()> {
    let chat = builder.chat_source()?;
    let mut code = Vec::new();
    for tools in ["", "", "", AGENT_TOOLS, INTERFACE_TOOLS, SCREEN_TOOLS] {
        let prompts = builder.same_rule("code_chat")?;
        code.push(builder.source(Source {
            prompts,
            tools,
            ..builder.plain_source("follow_")?
        }));
    }
    let app = builder.app_source("t_app")?;
    let population = builder.population("organic");
    let count = knobs.organic_accounts.unwrap_or(scenario.organic_accounts);
    for _ in 0..count {
        let mut account = builder.person(population, chat, scenario.organic_median_per_day);
        let mut random = Random::new(mix(account.key, 0xd1));
        match random.index(20) {
            0..=12 => {}
            13..=17 => {
                let source = random.pick(&code).copied().unwrap_or(chat);
                builder.make_developer(&mut account, source, &mut random);
            }
            _ => builder.make_service(
                &mut account,
                app,
                scenario.organic_median_per_day * 1.2,
                &mut random,
            ),
        }
        // People with two accounts on one card: a few in a hundred.
        if random.chance(0.03) && !builder.world.accounts.is_empty() {
            let other = random.index(builder.world.accounts.len());
            if let Some(other) = builder.world.accounts.get(other) {
                account.payment = other.payment;
                account.payment_kind = other.payment_kind;
                account.billing_country = other.billing_country;
            }
        }
        builder.add(account);
    }
    Ok(())
}

impl Builder {
    /// Registers a population by name.
    pub(crate) fn population(&mut self, name: &str) -> u16 {
        self.world.populations.push(name.to_owned());
        (self.world.populations.len() - 1) as u16
    }

    pub(crate) fn source(&mut self, source: Source) -> u16 {
        self.world.sources.push(source);
        (self.world.sources.len() - 1) as u16
    }

    pub(crate) fn pool(&mut self, networks: Vec<u16>, size: u32, is_block: bool) -> u32 {
        let seed = self.random.next();
        self.world.pools.push(Pool {
            seed,
            networks,
            size: size.max(1),
            is_block,
        });
        (self.world.pools.len() - 1) as u32
    }

    pub(crate) fn add(&mut self, account: Account) -> u32 {
        self.world.accounts.push(account);
        (self.world.accounts.len() - 1) as u32
    }

    pub(crate) fn next_key(&self) -> u64 {
        mix(
            stream(self.world.seed, "account"),
            self.world.accounts.len() as u64,
        )
    }

    /// The same rule in every language.
    pub(crate) fn same_rule(&self, name: &str) -> anyhow::Result<[RuleId; 7]> {
        Ok([self.world.grammar.rule(name)?; 7])
    }

    fn by_language(&self, prefix: &str) -> anyhow::Result<[RuleId; 7]> {
        let mut rules = [0; 7];
        for (rule, suffix) in rules.iter_mut().zip(LANGUAGE_SUFFIX) {
            *rule = self.world.grammar.rule(&format!("{prefix}{suffix}"))?;
        }
        Ok(rules)
    }

    /// A source of conversations without any plan.
    pub(crate) fn plain_source(&self, follow_prefix: &str) -> anyhow::Result<Source> {
        Ok(Source {
            template: String::new(),
            campaign: None,
            substream: false,
            prompts: self.by_language("chat_")?,
            follow_ups: Some(self.by_language(follow_prefix)?),
            system: None,
            frame: Frame::Account,
            bank: Bank::Free,
            paraphrase: 0.0,
            parameters: None,
            model: ModelChoice::Own,
            signature: Signature::Natural,
            tools: "",
            output_tokens: 320.0,
            refusal: 0.012,
            mixed_voices: false,
        })
    }

    pub(crate) fn chat_source(&mut self) -> anyhow::Result<u16> {
        let source = self.plain_source("follow_")?;
        Ok(self.source(source))
    }

    /// An application's template, with a frame of its own for every account.
    pub(crate) fn app_source(&mut self, rule: &str) -> anyhow::Result<u16> {
        let source = Source {
            template: rule.to_owned(),
            prompts: self.same_rule(rule)?,
            follow_ups: None,
            system: Some(self.world.grammar.rule("sys_app")?),
            signature: Signature::Never,
            output_tokens: 180.0,
            ..self.plain_source("follow_")?
        };
        Ok(self.source(source))
    }

    /// A person as any other; look-alikes and campaigns start from one and change it.
    pub(crate) fn person(&mut self, population: u16, source: u16, median_per_day: f64) -> Account {
        let key = self.next_key();
        let mut random = Random::new(key);
        let country = self.world.places.country(&mut random);
        let window = f64::from(self.world.days);
        // More recent accounts are more numerous: the platform grows.
        let age_days = OLDEST_DAYS - (OLDEST_DAYS + window) * random.unit().powf(0.6);
        let created_us = self.world.start_us - (age_days * DAY_US as f64) as i64;
        let (payment_kind, paid) = match random.index(100) {
            0..=69 => ("card", true),
            70..=76 => ("prepaid", true),
            77..=79 => ("crypto", true),
            80..=83 => ("invoice", true),
            _ => ("credits", false),
        };
        let plan = match (paid, random.index(10)) {
            (false, _) => "free",
            (_, 0..=4) => "pay_as_you_go",
            (_, 5..=8) => "pro",
            _ => "team",
        };
        let first_client = self.world.clients.draw(ClientKind::Browser, &mut random);
        let second = if random.chance(0.3) {
            ClientKind::App
        } else {
            ClientKind::Browser
        };
        let second_client = self.world.clients.draw(second, &mut random);
        let works = random.chance(0.18);
        let org = works.then(|| random.next());
        let mail = match (org, random.index(100)) {
            (Some(org), _) => MailStyle::Work { domain: org },
            (None, 0..=7) => MailStyle::WordDigits {
                provider: (random.below(9)) as u8,
            },
            (None, 8..=10) => MailStyle::Throwaway {
                domain: throwaway_domain(&mut random),
            },
            (None, _) => MailStyle::Personal,
        };
        // Moves to a new model follow a log-normal delay: a few at once, most in weeks.
        let delay_days = random.log_normal(12.0, 1.4);
        let closing = self.background_closing(created_us, &mut random);
        Account {
            key,
            population,
            campaign: None,
            role: Role::Customer,
            country,
            created_us,
            first_us: created_us,
            closing,
            habit: Some(Habit {
                rate: random.log_normal(median_per_day, 1.25).clamp(0.3, 900.0) as f32,
                active_share: random.between(0.08, 0.9) as f32,
                clock: if random.chance(0.55) {
                    Clock::Office
                } else {
                    Clock::Evening
                },
                turns: random.between(1.2, 6.0) as f32,
                source,
            }),
            origin: Origin::home(),
            clients: [first_client, second_client, first_client],
            client_count: 1 + u8::from(random.chance(0.4)),
            payment: paid.then(|| random.next()),
            payment_kind,
            billing_country: if random.chance(0.96) {
                country
            } else {
                self.world.places.country(&mut random)
            },
            org,
            org_declared: false,
            plan,
            mail,
            has_phone: random.chance(0.6),
            adoption_us: self.world.release_us + (delay_days * DAY_US as f64) as i64,
            platform: [0, 0, 0, 0, 0, 0, 0, 1, 2, 3][random.index(10)],
            end_users: 0,
            keys: 1 + (random.exponential(0.7) as u8).min(5),
            referrer: random.chance(0.05).then(|| random.below(60)),
        }
    }

    /// A few ordinary accounts are closed or banned for other reasons.
    fn background_closing(&mut self, created_us: i64, random: &mut Random) -> Option<Closing> {
        if !random.chance(0.03) {
            return None;
        }
        let (status, reason) = [
            ("closed", "user_request"),
            ("banned", "payment_failure"),
            ("banned", "spam"),
            ("suspended", "payment_failure"),
            ("banned", "terms_of_service"),
        ][random.index(5)];
        let from_us = created_us.max(self.world.start_us);
        let at_us =
            from_us + (random.unit() * (self.world.end_us() - from_us).max(0) as f64) as i64;
        // Part of the bans come in waves here as well.
        let at_us = if status == "banned" && random.chance(0.5) {
            next_wave(&mut self.world.ban_waves_us, self.world.start_us, at_us)
        } else {
            at_us
        };
        Some(Closing {
            at_us,
            status,
            reason,
        })
    }

    /// Turns a person into somebody who works through a library.
    pub(crate) fn make_developer(
        &mut self,
        account: &mut Account,
        source: u16,
        random: &mut Random,
    ) {
        for client in &mut account.clients {
            let kind = [
                ClientKind::Sdk,
                ClientKind::Sdk,
                ClientKind::App,
                ClientKind::Http,
                // Editors in a browser.
                ClientKind::Browser,
            ][random.index(5)];
            *client = self.world.clients.draw(kind, random);
        }
        if let Some(habit) = &mut account.habit {
            habit.source = source;
            habit.rate = (habit.rate * 2.0).min(1_500.0);
        }
    }

    /// Turns a person into an application that runs in a data centre.
    pub(crate) fn make_service(
        &mut self,
        account: &mut Account,
        source: u16,
        median_per_day: f64,
        random: &mut Random,
    ) {
        // One front end in twelve hands on the headers of its visitors' browsers.
        let kind = match random.index(12) {
            0..=8 => ClientKind::Sdk,
            9..=10 => ClientKind::Http,
            _ => ClientKind::Browser,
        };
        account.clients = [self.world.clients.draw(kind, random); 3];
        account.client_count = 1;
        let network = self.world.places.network(
            NetworkKind::Hosting,
            random.chance(0.6).then_some(account.country),
            random.next(),
        );
        let pool = self.pool(vec![network], 1 + random.below(3) as u32, true);
        account.origin = Origin::pool(pool, 3);
        account.end_users = if random.chance(0.6) {
            5 + random.below(400) as u32
        } else {
            0
        };
        account.plan = ["pay_as_you_go", "team", "enterprise"][random.index(3)];
        account.org = account.org.or_else(|| Some(random.next()));
        account.habit = Some(Habit {
            rate: random.log_normal(median_per_day, 1.3).clamp(1.0, 4_000.0) as f32,
            active_share: 1.0,
            clock: Clock::Service,
            turns: 1.0,
            source,
        });
    }
}
