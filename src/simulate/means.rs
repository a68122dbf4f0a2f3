//! What the accounts of one campaign have in common, and how one of them looks.

use crate::simulate::build::{AGENT_TOOLS, Builder, throwaway_domain};
use crate::simulate::clients::ClientKind;
use crate::simulate::clocks::Clock;
use crate::simulate::places::NetworkKind;
use crate::simulate::random::{Random, cumulative, mix};
use crate::simulate::scenario::{CampaignPlan, Registration, TemplatePlan};
use crate::simulate::world::{
    Account, Bank, DAY_US, Frame, HOUR_US, Habit, MailStyle, ModelChoice, Origin, Parameters, Role,
    Signature, Source,
};

/// Share of the replacements that are paid with another card than the account before (ours).
const SPARE_CARD_SHARE: f64 = 0.5;

/// Countries from which a campaign buys its proxies (ours).
const PROXY_COUNTRIES: usize = 4;

/// Share of the accounts whose bill comes from the country of their proxies (ours).
const MATCHED_BILLING_SHARE: f64 = 0.6;

/// Share of the accounts that live on free credits (ours).
const CREDITS_SHARE: f64 = 0.06;

/// What the accounts of one campaign have in common.
pub(crate) struct Means {
    pub(crate) key: u64,
    campaign: u16,
    population: u16,
    /// Residential proxies by country: a pool and where it lies.
    proxies: Vec<(u32, u8)>,
    servers: Option<u32>,
    clients: Vec<u16>,
    /// Kinds of unrelated traffic, one of them for each account.
    covers: Vec<u16>,
    cover_rate: f64,
    pub(crate) sources: Vec<u16>,
    pub(crate) weights: Vec<f64>,
    pub(crate) recon: Option<u16>,
    /// Card of each slot.
    cards: Vec<u64>,
    /// Cards for replacements: as many accounts on each as on the first ones.
    spare_cards: Vec<u64>,
    bursts: Vec<i64>,
    providers: Vec<u8>,
    domains: Vec<u8>,
}

impl Means {
    /// Draws everything that the plan leaves open.
    pub(crate) fn gather(
        builder: &mut Builder,
        plan: &CampaignPlan,
        campaign: u16,
        population: u16,
    ) -> anyhow::Result<Self> {
        let key = mix(builder.random.next(), u64::from(campaign));
        let mut random = Random::new(key);
        let mut proxies = Vec::new();
        if plan.addresses_per_account > 0 {
            // Proxies are bought by country, and an account keeps to one.
            let size = f64::from(plan.accounts) * f64::from(plan.addresses_per_account)
                / plan.address_sharing.max(1.0)
                / PROXY_COUNTRIES as f64;
            for _ in 0..PROXY_COUNTRIES {
                let country = builder.world.places.country(&mut random);
                let places = &builder.world.places;
                let networks = (0..6)
                    .map(|_| places.network(NetworkKind::Residential, Some(country), random.next()))
                    .collect();
                let pool = builder.pool(networks, size.round().clamp(1.0, 4e9) as u32, false);
                proxies.push((pool, country));
            }
        }
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
                let kind = match at % 4 {
                    2 => ClientKind::Http,
                    3 => ClientKind::Browser,
                    _ => ClientKind::Sdk,
                };
                builder.world.clients.draw(kind, &mut random)
            })
            .collect();
        let covers = covers(builder, campaign)?;
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
            covers,
            cover_rate: share / (1.0 - share) * plan.exchanges as f64 / days,
            sources,
            weights: cumulative(plan.templates.iter().map(|template| template.weight)),
            recon,
            cards: cards(plan, &mut random),
            spare_cards: {
                let count =
                    f64::from(plan.accounts) * replaced_by_spare(plan) / plan.card_sharing.max(1.0);
                (0..count.ceil().clamp(1.0, 4e9) as usize)
                    .map(|_| random.next())
                    .collect()
            },
            bursts,
            providers: (0..3).map(|_| random.below(9) as u8).collect(),
            domains: (0..6).map(|_| throwaway_domain(&mut random)).collect(),
        })
    }

    /// A card for a replacement: the one at hand, or a new one that others get as well.
    pub(crate) fn next_card(
        &self,
        plan: &CampaignPlan,
        at_hand: Option<u64>,
        random: &mut Random,
    ) -> Option<u64> {
        if plan.card_sharing <= 1.0 {
            at_hand.map(|_| random.next())
        } else if at_hand.is_some() && random.chance(SPARE_CARD_SHARE) {
            random.pick(&self.spare_cards).copied()
        } else {
            at_hand
        }
    }

    /// One more account of the campaign.
    pub(crate) fn account(
        &self,
        builder: &mut Builder,
        plan: &CampaignPlan,
        slot: u32,
        role: Role,
        random: &mut Random,
    ) -> Account {
        let cover = random.pick(&self.covers).copied().unwrap_or(0);
        let mut account = builder.person(self.population, cover, 1.0);
        account.campaign = Some(self.campaign);
        account.role = role;
        account.closing = None;
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
            source: cover,
        });
        if let Some(&(proxies, country)) = random.pick(&self.proxies) {
            // A bill from where the requests come from raises fewer questions.
            if random.chance(MATCHED_BILLING_SHARE) {
                account.billing_country = country;
            }
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
            account.org = account.org.filter(|_| random.chance(0.5));
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
        if random.chance(CREDITS_SHARE) {
            account.payment = None;
            account.payment_kind = "credits";
            account.plan = "free";
            return account;
        }
        account.payment_kind = if mix(account.payment.unwrap_or(0), 3).is_multiple_of(4) {
            "prepaid"
        } else {
            "card"
        };
        account.plan = ["pay_as_you_go", "pay_as_you_go", "pro", "team"][random.index(4)];
        account
    }
}

/// Replacements on a new card, per slot: half of those that the plan expects.
fn replaced_by_spare(plan: &CampaignPlan) -> f64 {
    let by_bans = plan
        .ban_after_days
        .map_or(0.0, |mean| f64::from(plan.days) / mean.max(0.1));
    let by_standby = f64::from(u8::from(plan.standby_day.is_some()));
    SPARE_CARD_SHARE * (by_bans + by_standby)
}

/// Unrelated traffic, as the customers of a reseller send it: chats, an application with its
/// system prompt, a coding client with its tools.
fn covers(builder: &mut Builder, campaign: u16) -> anyhow::Result<Vec<u16>> {
    let grammar = &builder.world.grammar;
    let (client, app) = (grammar.rule("sys_chat_client")?, grammar.rule("sys_app")?);
    let harness = grammar.rule("sys_coding_client")?;
    let chat = Source {
        campaign: Some(campaign),
        mixed_voices: true,
        ..builder.plain_source("follow_")?
    };
    let coding = Source {
        prompts: builder.same_rule("t_coding_client")?,
        system: Some(harness),
        tools: AGENT_TOOLS,
        frame: Frame::Shared(0),
        output_tokens: 1_400.0,
        ..chat.clone()
    };
    let with_client = Source {
        system: Some(client),
        frame: Frame::Shared(0),
        ..chat.clone()
    };
    let with_app = Source {
        system: Some(app),
        ..chat.clone()
    };
    let kinds = [chat.clone(), chat, coding, with_client, with_app];
    Ok(kinds.into_iter().map(|kind| builder.source(kind)).collect())
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

/// A template's share of the items of its campaign.
fn share_of(plan: &CampaignPlan, template: &TemplatePlan) -> f64 {
    let all: f64 = plan.templates.iter().map(|other| other.weight).sum();
    template.weight / all.max(template.weight)
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
            // The move takes half a day and then holds.
            Some(share) => ModelChoice::Moving {
                share: share as f32,
                ramp_hours: 10.0,
            },
            // Elsewhere no haste: as slowly as ordinary accounts do (half of them in 12 days).
            None => ModelChoice::Moving {
                share: 0.5,
                ramp_hours: 12.0 * 24.0,
            },
        },
        signature: match plan.replay_uses {
            0 => Signature::Never,
            uses => Signature::Replay {
                uses,
                share: share_of(plan, template) as f32,
            },
        },
        tools: template.tools,
        output_tokens: 1_400.0,
        refusal: 0.02,
        ..builder.plain_source("follow_")?
    };
    Ok(builder.source(source))
}
