//! Innocent accounts that belong together openly: seat pools, resellers, agencies.

use crate::simulate::build::{AGENT_TOOLS, Builder, INTERFACE_TOOLS, SCREEN_TOOLS};
use crate::simulate::clients::ClientKind;
use crate::simulate::clocks::Clock;
use crate::simulate::lookalikes::Order;
use crate::simulate::places::NetworkKind;
use crate::simulate::random::{Random, mix};
use crate::simulate::world::{
    Account, Bank, DAY_US, Dispatch, Fleet, Frame, HOUR_US, Habit, MailStyle, Origin, Signature,
    Source, Tenure,
};

/// An enterprise's seats behind a gateway that takes them in turn; one invoice, declared.
pub(crate) fn seat_pool(builder: &mut Builder, order: &Order<'_>) -> anyhow::Result<()> {
    let org = builder.random.next();
    let country = builder.world.places.country(&mut builder.random);
    let network = builder
        .world
        .places
        .network(NetworkKind::Business, Some(country), org);
    let pool = builder.pool(vec![network], 4, true);
    let source = Source {
        mixed_voices: true,
        ..builder.plain_source("follow_")?
    };
    let source = builder.source(source);
    let client = builder
        .world
        .clients
        .draw(ClientKind::Sdk, &mut Random::new(org));
    let rollout_us = builder.world.start_us - 200 * DAY_US;
    let mut slots = Vec::new();
    for _ in 0..order.size {
        let mut account = builder.person(order.population, order.chat, order.median);
        account.country = country;
        account.billing_country = country;
        account.created_us = rollout_us + (account.key % (5 * HOUR_US as u64)) as i64;
        account.first_us = account.created_us;
        account.closing = None;
        account.habit = None;
        account.origin = Origin::pool(pool, 4);
        account.clients = [client; 3];
        account.client_count = 1;
        account.payment = Some(org);
        account.payment_kind = "invoice";
        account.plan = "enterprise";
        account.org = Some(org);
        account.org_declared = true;
        account.mail = MailStyle::Work { domain: org };
        account.platform = 0;
        let account = builder.add(account);
        slots.push(vec![Tenure {
            account,
            from_us: i64::MIN,
            until_us: i64::MAX,
        }]);
    }
    let per_day = u64::from(order.size) * 8;
    builder.world.fleets.push(even_fleet(
        builder,
        org,
        source,
        slots,
        per_day,
        country,
        Dispatch::RoundRobin,
    ));
    Ok(())
}

/// A reseller: one card, many accounts in its name, many people behind them.
pub(crate) fn reseller(builder: &mut Builder, order: &Order<'_>) -> anyhow::Result<()> {
    let org = builder.random.next();
    let country = builder.world.places.country(&mut builder.random);
    let network = builder
        .world
        .places
        .network(NetworkKind::Hosting, Some(country), org);
    let pool = builder.pool(vec![network], 6, true);
    let source = Source {
        mixed_voices: true,
        ..builder.plain_source("follow_")?
    };
    let source = builder.source(source);
    for _ in 0..order.size {
        let mut account = builder.person(order.population, source, order.median * 4.0);
        let mut random = Random::new(mix(account.key, 0x5e));
        account.billing_country = country;
        account.closing = None;
        account.origin = Origin::pool(pool, 6);
        let own = builder.world.clients.of_family("litellm", &mut random);
        relayed_clients(builder, &mut account, own, &mut random);
        account.payment = Some(org);
        account.payment_kind = "card";
        account.plan = "team";
        account.org = Some(org);
        account.org_declared = true;
        account.mail = MailStyle::Work { domain: org };
        account.end_users = 20 + random.below(60) as u32;
        account.habit = account.habit.map(|habit| Habit {
            clock: Clock::Service,
            active_share: 1.0,
            ..habit
        });
        builder.add(account);
    }
    Ok(())
}

/// A gateway's own client, and for some accounts the browsers of those behind it.
fn relayed_clients(builder: &Builder, account: &mut Account, own: u16, random: &mut Random) {
    let browser = builder.world.clients.draw(ClientKind::Browser, random);
    account.clients = [own, browser, own];
    account.client_count = 1 + u8::from(random.chance(0.4));
}

/// An aggregator: one payer, an account per customer, whose coding and chat clients it passes
/// on as they are, with their own system prompts and tools.
pub(crate) fn aggregator(builder: &mut Builder, order: &Order<'_>) -> anyhow::Result<()> {
    let org = builder.random.next();
    let country = builder.world.places.country(&mut builder.random);
    let network = builder
        .world
        .places
        .network(NetworkKind::Hosting, Some(country), org);
    let pool = builder.pool(vec![network], 8, true);
    let harness = Source {
        prompts: builder.same_rule("t_coding_client")?,
        system: Some(builder.world.grammar.rule("sys_coding_client")?),
        tools: AGENT_TOOLS,
        frame: Frame::Shared(0),
        mixed_voices: true,
        // Coding agents write whole files: answers as long as those of any campaign.
        output_tokens: 1_400.0,
        ..builder.plain_source("follow_")?
    };
    let chat = Source {
        system: Some(builder.world.grammar.rule("sys_chat_client")?),
        frame: Frame::Shared(0),
        mixed_voices: true,
        ..builder.plain_source("follow_")?
    };
    let mut sources = vec![builder.source(harness), builder.source(chat)];
    // Others call models through frameworks that bring tools and no system prompt.
    for tools in [AGENT_TOOLS, INTERFACE_TOOLS, SCREEN_TOOLS] {
        let prompts = builder.same_rule("code_chat")?;
        sources.push(builder.source(Source {
            prompts,
            tools,
            mixed_voices: true,
            output_tokens: 1_400.0,
            ..builder.plain_source("follow_")?
        }));
    }
    for _ in 0..order.size {
        let mut account = builder.person(order.population, order.chat, order.median * 4.0);
        let mut random = Random::new(mix(account.key, 0xa6));
        let source = if random.chance(0.5) {
            sources.first()
        } else {
            random.pick(&sources)
        };
        if let (Some(habit), Some(source)) = (&mut account.habit, source) {
            habit.source = *source;
        }
        account.billing_country = country;
        account.closing = None;
        account.origin = Origin::pool(pool, 8);
        let own = builder.world.clients.draw(ClientKind::Http, &mut random);
        relayed_clients(builder, &mut account, own, &mut random);
        account.payment = Some(org);
        account.payment_kind = "card";
        account.plan = "team";
        account.org = Some(org);
        account.org_declared = true;
        account.mail = MailStyle::Work { domain: org };
        account.end_users = 30 + random.below(120) as u32;
        account.habit = account.habit.map(|habit| Habit {
            clock: Clock::Service,
            active_share: 1.0,
            ..habit
        });
        builder.add(account);
    }
    Ok(())
}

/// Translators of one shop: identical instructions, disjoint texts, office hours.
pub(crate) fn translation_shop(builder: &mut Builder, order: &Order<'_>) -> anyhow::Result<()> {
    let org = builder.random.next();
    let country = builder.world.places.country(&mut builder.random);
    let network = builder
        .world
        .places
        .network(NetworkKind::Business, Some(country), org);
    let pool = builder.pool(vec![network], 1, true);
    let source = Source {
        template: "t_translate".to_owned(),
        prompts: builder.same_rule("t_translate")?,
        follow_ups: None,
        system: Some(builder.world.grammar.rule("sys_translate")?),
        frame: Frame::Shared(org),
        bank: Bank::Items(org),
        signature: Signature::Never,
        ..builder.plain_source("follow_")?
    };
    let source = builder.source(source);
    let mut slots = Vec::new();
    for _ in 0..order.size {
        let mut account = builder.person(order.population, order.chat, order.median);
        let mut random = Random::new(mix(account.key, 0x75));
        account.country = country;
        account.billing_country = country;
        account.closing = None;
        account.created_us = account.created_us.min(builder.world.start_us - 30 * DAY_US);
        account.habit = None;
        account.origin = Origin {
            other: Some(pool),
            other_share: 0.7,
            ..Origin::home()
        };
        account.payment = Some(org);
        account.payment_kind = "card";
        account.plan = "team";
        account.org = Some(org);
        account.org_declared = true;
        account.mail = MailStyle::Work { domain: org };
        account.clients = [builder.world.clients.draw(ClientKind::Browser, &mut random); 3];
        account.client_count = 1;
        let account = builder.add(account);
        slots.push(vec![Tenure {
            account,
            from_us: i64::MIN,
            until_us: i64::MAX,
        }]);
    }
    let per_day = u64::from(order.size) * 25;
    builder.world.fleets.push(even_fleet(
        builder,
        org,
        source,
        slots,
        per_day,
        country,
        Dispatch::Random,
    ));
    Ok(())
}

/// A dispatcher with the same volume on each working day.
fn even_fleet(
    builder: &Builder,
    key: u64,
    source: u16,
    slots: Vec<Vec<Tenure>>,
    per_day: u64,
    country: u8,
    dispatch: Dispatch,
) -> Fleet {
    let offset = crate::simulate::places::COUNTRIES
        .get(usize::from(country))
        .map_or(0, |place| place.offset_minutes);
    let first_day = builder.world.start_us / DAY_US;
    let daily: Vec<u64> = (0..i64::from(builder.world.days))
        .map(|day| {
            if crate::simulate::clocks::weekday(first_day + day) < 5 {
                per_day
            } else {
                per_day / 8
            }
        })
        .collect();
    Fleet {
        key,
        sources: vec![source],
        weights: vec![1.0],
        slots,
        first_item: crate::simulate::campaigns::running_sum(&daily),
        daily,
        clock: Clock::Office,
        offset_minutes: i64::from(offset),
        jitter: 1.0,
        dispatch,
        rest_share: 0.0,
        samples_per_item: 1,
    }
}
