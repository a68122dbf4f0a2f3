//! Builds a campaign: its accounts, what they share, who replaces whom, its dispatchers.

use crate::simulate::build::Builder;
use crate::simulate::clients::ClientKind;
use crate::simulate::clocks::{self, Clock};
use crate::simulate::knobs::Knobs;
use crate::simulate::places::NetworkKind;
use crate::simulate::random::{Random, cumulative, mix};
use crate::simulate::scenario::{CampaignPlan, Hours, Registration, TemplatePlan};
use crate::simulate::world::{
    Account, Bank, Closing, DAY_US, Dispatch, Fleet, Frame, HOUR_US, Habit, MailStyle, ModelChoice,
    Origin, Parameters, Role, Signature, Source, Tenure,
};

/// Adds a campaign to the world.
pub(crate) fn add(builder: &mut Builder, plan: &CampaignPlan, knobs: &Knobs) -> anyhow::Result<()> {
    let plan = turned(plan, knobs);
    builder.world.campaigns.push(plan.name.clone());
    let campaign = (builder.world.campaigns.len() - 1) as u16;
    let population = builder.population(&format!("campaign:{}", plan.name));
    let means = Means::gather(builder, &plan, campaign, population)?;
    let start_us = builder.world.start_us + i64::from(plan.first_day) * DAY_US;
    let end_us = (start_us + i64::from(plan.days) * DAY_US).min(builder.world.end_us());
    let scouts = if plan.recon_variants > 0 {
        (plan.accounts / 20).max(1)
    } else {
        0
    };
    let recon_until_us = start_us + i64::from(plan.days.div_ceil(3)) * DAY_US;
    let mut slots = Vec::new();
    let mut scout_slots = Vec::new();
    for slot in 0..plan.accounts {
        let is_scout = slot < scouts;
        let role = if is_scout { Role::Scout } else { Role::Worker };
        let from_us = if is_scout || scouts == 0 {
            start_us
        } else {
            recon_until_us
        };
        let chain = means.chain(builder, &plan, slot, role, from_us, end_us);
        if is_scout {
            scout_slots.push(chain.clone());
        }
        slots.push(chain);
    }
    let main_first_day = if scouts > 0 {
        plan.first_day + plan.days.div_ceil(3)
    } else {
        plan.first_day
    };
    let recon = plan.recon_variants.min(plan.exchanges);
    if scouts > 0 {
        let daily = spread(builder, &plan, recon, plan.first_day, main_first_day);
        let scout_plan = CampaignPlan {
            dispatch: Dispatch::Random,
            samples_per_item: 1,
            ..plan.clone()
        };
        let sources = (vec![means.recon.unwrap_or(0)], vec![1.0]);
        let fleet = fleet(&scout_plan, means.key ^ 1, sources, scout_slots, daily);
        builder.world.fleets.push(fleet);
    }
    let daily = spread(
        builder,
        &plan,
        plan.exchanges - recon,
        main_first_day,
        plan.first_day + plan.days,
    );
    let sources = (means.sources.clone(), means.weights.clone());
    let fleet = fleet(&plan, means.key, sources, slots, daily);
    builder.world.fleets.push(fleet);
    Ok(())
}

/// The plan after the knobs.
fn turned(plan: &CampaignPlan, knobs: &Knobs) -> CampaignPlan {
    let mut plan = plan.clone();
    plan.card_sharing = knobs.card_sharing.unwrap_or(plan.card_sharing);
    plan.address_sharing = knobs.address_sharing.unwrap_or(plan.address_sharing);
    plan.jitter = knobs.jitter.unwrap_or(plan.jitter);
    plan.paraphrase = knobs.paraphrase.unwrap_or(plan.paraphrase);
    plan.cover_share = knobs.cover_share.unwrap_or(plan.cover_share);
    plan.replacement_lag_hours = knobs
        .replacement_lag_hours
        .unwrap_or(plan.replacement_lag_hours);
    if let Some(rate) = knobs.requests_per_account_per_day {
        plan.exchanges = (rate * f64::from(plan.accounts) * f64::from(plan.days)).round() as u64;
    }
    plan
}

/// What the accounts of one campaign have in common.
struct Means {
    key: u64,
    campaign: u16,
    population: u16,
    proxies: Option<u32>,
    servers: Option<u32>,
    clients: Vec<u16>,
    cover: u16,
    cover_rate: f64,
    sources: Vec<u16>,
    weights: Vec<f64>,
    recon: Option<u16>,
    /// Card of each slot.
    cards: Vec<u64>,
    bursts: Vec<i64>,
    providers: Vec<u8>,
    domains: Vec<u8>,
}

impl Means {
    fn gather(
        builder: &mut Builder,
        plan: &CampaignPlan,
        campaign: u16,
        population: u16,
    ) -> anyhow::Result<Self> {
        let key = mix(builder.random.next(), u64::from(campaign));
        let mut random = Random::new(key);
        let proxies = (plan.addresses_per_account > 0).then(|| {
            let networks = (0..60)
                .map(|_| {
                    builder
                        .world
                        .places
                        .network(NetworkKind::Residential, None, random.next())
                })
                .collect();
            let size = f64::from(plan.accounts) * f64::from(plan.addresses_per_account)
                / plan.address_sharing.max(1.0);
            builder.pool(networks, size.round().clamp(1.0, 4e9) as u32, false)
        });
        let servers = (plan.server_share > 0.0).then(|| {
            let networks = (0..3)
                .map(|_| {
                    builder
                        .world
                        .places
                        .network(NetworkKind::Hosting, None, random.next())
                })
                .collect();
            builder.pool(networks, 240, true)
        });
        let clients = (0..plan.client_versions.max(1))
            .map(|at| {
                let kind = if at % 3 == 2 {
                    ClientKind::Http
                } else {
                    ClientKind::Sdk
                };
                builder.world.clients.draw(kind, &mut random)
            })
            .collect();
        let cover = builder.source(Source {
            campaign: Some(campaign),
            mixed_voices: true,
            ..builder.plain_source("follow_")?
        });
        let mut sources = Vec::new();
        for template in &plan.templates {
            sources.push(template_source(builder, plan, template, campaign, key)?);
        }
        let recon = if plan.recon_variants > 0 {
            let template = TemplatePlan {
                prompt: "t_recon",
                system: None,
                weight: 1.0,
                tools: "",
            };
            let source = template_source(builder, plan, &template, campaign, key)?;
            if let Some(source) = builder.world.sources.get_mut(usize::from(source)) {
                source.refusal = 0.62;
                source.parameters = None;
            }
            Some(source)
        } else {
            None
        };
        let days = f64::from(plan.days.max(1)) * f64::from(plan.accounts.max(1));
        let share = plan.cover_share.clamp(0.0, 0.99);
        let bursts = (0..plan.signup_bursts)
            .map(|_| {
                let before = random.between(2.0, 45.0) * DAY_US as f64;
                builder.world.start_us + i64::from(plan.first_day) * DAY_US - before as i64
            })
            .collect();
        Ok(Self {
            key,
            campaign,
            population,
            proxies,
            servers,
            clients,
            cover,
            cover_rate: share / (1.0 - share) * plan.exchanges as f64 / days,
            sources,
            weights: cumulative(plan.templates.iter().map(|template| template.weight)),
            recon,
            cards: cards(plan, &mut random),
            bursts,
            providers: (0..3).map(|_| random.below(9) as u8).collect(),
            domains: (0..6).map(|_| random.below(40) as u8).collect(),
        })
    }

    /// The accounts that hold one slot, one after the other.
    fn chain(
        &self,
        builder: &mut Builder,
        plan: &CampaignPlan,
        slot: u32,
        role: Role,
        from_us: i64,
        end_us: i64,
    ) -> Vec<Tenure> {
        let mut random = Random::new(mix(self.key, u64::from(slot) + 1_000));
        let mut tenures = Vec::new();
        let mut account = self.account(builder, plan, slot, role, &mut random);
        let mut from_us = from_us;
        account.first_us = from_us;
        let standby_us = plan
            .standby_day
            .map(|day| builder.world.start_us + i64::from(day) * DAY_US + 15 * HOUR_US);
        loop {
            let mut ban_us = plan
                .ban_after_days
                .map(|mean| from_us + (random.exponential(mean) * DAY_US as f64) as i64);
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
            account = self.account(builder, plan, slot, next_role, &mut random);
            if !standby {
                account.created_us = takes_over_us - (random.unit() * 0.4 * HOUR_US as f64) as i64;
            }
            account.first_us = takes_over_us;
            // Half of the replacements are paid with the card at hand, the others with a new one.
            if random.chance(0.5) {
                account.payment = Some(random.next());
            }
            from_us = takes_over_us;
        }
        tenures
    }

    fn account(
        &self,
        builder: &mut Builder,
        plan: &CampaignPlan,
        slot: u32,
        role: Role,
        random: &mut Random,
    ) -> Account {
        let mut account = builder.person(self.population, self.cover, 1.0);
        account.campaign = Some(self.campaign);
        account.role = role;
        account.closing = None;
        account.adoption_us = i64::MAX;
        account.end_users = plan.end_users;
        account.keys = 1 + random.below(2) as u8;
        account.platform = if random.chance(plan.cloud_share) {
            1 + random.below(3) as u8
        } else {
            0
        };
        account.habit = (plan.cover_share > 0.0).then_some(Habit {
            rate: self.cover_rate as f32,
            active_share: 1.0,
            clock: Clock::Service,
            turns: 2.5,
            source: self.cover,
        });
        if let Some(proxies) = self.proxies {
            account.origin = Origin {
                pool: Some(proxies),
                sticky: plan.addresses_per_account,
                other: self.servers,
                other_share: plan.server_share as f32,
                ..Origin::home()
            };
            let first = random.pick(&self.clients).copied().unwrap_or(0);
            let second = random.pick(&self.clients).copied().unwrap_or(0);
            account.clients = [first, second, first];
            account.client_count = 1 + u8::from(random.chance(0.2));
        } else {
            account.clients = [builder.world.clients.draw(ClientKind::Sdk, random); 3];
            account.client_count = 1;
        }
        let start_us = builder.world.start_us + i64::from(plan.first_day) * DAY_US;
        account.created_us = match random.pick(&self.bursts) {
            Some(&burst) => burst + (random.exponential(4.0) * HOUR_US as f64) as i64,
            None => account.created_us,
        }
        .min(start_us - HOUR_US);
        if plan.registration != Registration::Natural {
            account.org = None;
            let provider = random.pick(&self.providers).copied().unwrap_or(0);
            let domain = random.pick(&self.domains).copied().unwrap_or(0);
            account.mail = match (plan.registration, random.index(10)) {
                (Registration::Disposable, 0..=6) => MailStyle::Throwaway { domain },
                (_, 0..=8) => MailStyle::WordDigits { provider },
                _ => MailStyle::Personal,
            };
            account.has_phone = random.chance(0.25);
        }
        // Virtual cards look like any other; some of them are prepaid.
        account.payment = self.cards.get(slot as usize).copied();
        account.payment_kind = if mix(account.payment.unwrap_or(0), 3) % 4 == 0 {
            "prepaid"
        } else {
            "card"
        };
        account.plan = ["pay_as_you_go", "pay_as_you_go", "pro", "team"][random.index(4)];
        account
    }
}

/// Cards of the slots: groups of one to thirty accounts with the wanted mean.
fn cards(plan: &CampaignPlan, random: &mut Random) -> Vec<u64> {
    let mut cards = Vec::new();
    while cards.len() < plan.accounts as usize {
        let card = random.next();
        let extra = plan.card_sharing.max(1.0) - 1.0;
        let group = if extra > 0.0 {
            1 + (random.exponential(extra).round() as usize).min(29.max(extra as usize))
        } else {
            1
        };
        cards.extend(std::iter::repeat_n(card, group));
    }
    cards.truncate(plan.accounts as usize);
    // Neighbours on one card are not neighbours in the round robin.
    for at in (1..cards.len()).rev() {
        let other = random.index(at + 1);
        cards.swap(at, other);
    }
    cards
}

/// Bans gather in waves, every five days or so.
fn next_wave(waves: &mut Vec<i64>, start_us: i64, after_us: i64) -> i64 {
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

fn template_source(
    builder: &mut Builder,
    plan: &CampaignPlan,
    template: &TemplatePlan,
    campaign: u16,
    key: u64,
) -> anyhow::Result<u16> {
    let seed = mix(key, crate::simulate::random::name_hash(template.prompt));
    let system = template
        .system
        .map(|name| builder.world.grammar.rule(name))
        .transpose()?;
    let choice = Random::new(seed).index(3);
    let source = Source {
        template: template.prompt.to_owned(),
        campaign: Some(campaign),
        substream: true,
        prompts: builder.same_rule(template.prompt)?,
        follow_ups: None,
        system,
        frame: Frame::Shared(seed),
        bank: Bank::Items(seed),
        paraphrase: plan.paraphrase,
        parameters: Some(Parameters {
            temperature: Some([0.7, 1.0, 0.6][choice]),
            max_tokens: Some([4_096, 8_192, 16_384][choice]),
            stream: Some(choice == 1),
        }),
        model: match plan.pivot_share {
            Some(share) => ModelChoice::Pivot {
                share: share as f32,
            },
            None => ModelChoice::Largest,
        },
        signature: match plan.replay_uses {
            0 => Signature::Never,
            uses => Signature::Replay { uses },
        },
        tools: template.tools,
        output_tokens: 1_400.0,
        refusal: 0.02,
        ..builder.plain_source("follow_")?
    };
    Ok(builder.source(source))
}

/// Requests by day of the window, which add up to `total` exactly.
fn spread(
    builder: &Builder,
    plan: &CampaignPlan,
    total: u64,
    first_day: u32,
    last_day: u32,
) -> Vec<u64> {
    let clock = clock(plan.hours).0;
    let epoch_day = builder.world.start_us / DAY_US;
    let weights: Vec<f64> = (0..builder.world.days)
        .map(|day| {
            if !(first_day..last_day).contains(&day) {
                return 0.0;
            }
            let weekday = clocks::weekday(epoch_day + i64::from(day));
            let load: f64 = (0..24)
                .map(|hour| clocks::weight(clock, weekday, hour))
                .sum();
            load * (0.85
                + 0.3 * crate::simulate::random::share(mix(builder.world.seed, u64::from(day))))
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    let mut daily = Vec::new();
    let mut given = 0;
    let mut passed = 0.0;
    for weight in weights {
        passed += weight;
        let until = if sum > 0.0 {
            (total as f64 * (passed / sum)).round() as u64
        } else {
            0
        };
        daily.push(until.saturating_sub(given));
        given = given.max(until);
    }
    daily
}

/// Sums of everything before each position.
pub(crate) fn running_sum(daily: &[u64]) -> Vec<u64> {
    let mut sum = 0;
    daily
        .iter()
        .map(|count| {
            let before = sum;
            sum += count;
            before
        })
        .collect()
}

fn clock(hours: Hours) -> (Clock, i64) {
    match hours {
        Hours::RoundTheClock => (Clock::Machine, 0),
        Hours::Office(offset) => (Clock::Office, offset),
        Hours::Service(offset) => (Clock::Service, offset),
    }
}

fn fleet(
    plan: &CampaignPlan,
    key: u64,
    (sources, weights): (Vec<u16>, Vec<f64>),
    slots: Vec<Vec<Tenure>>,
    daily: Vec<u64>,
) -> Fleet {
    let (clock, offset_minutes) = clock(plan.hours);
    Fleet {
        key,
        sources,
        weights,
        slots,
        first_item: running_sum(&daily),
        daily,
        clock,
        offset_minutes,
        jitter: plan.jitter,
        dispatch: plan.dispatch,
        samples_per_item: plan.samples_per_item.max(1),
    }
}
