//! Builds the innocent populations that share something a campaign shares too.

use crate::simulate::build::{AGENT_TOOLS, Builder};
use crate::simulate::clients::ClientKind;
use crate::simulate::clocks::Clock;
use crate::simulate::innocents::Innocent;
use crate::simulate::knobs::Knobs;
use crate::simulate::places::NetworkKind;
use crate::simulate::random::{Random, mix};
use crate::simulate::scenario::Scenario;
use crate::simulate::world::{
    Bank, DAY_US, Frame, HOUR_US, Habit, MailStyle, ModelChoice, Occasion, Origin, Signature,
    Source,
};
use crate::simulate::{gateways, machines, returners};

/// What every builder of a population gets.
pub(crate) struct Order<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) population: u16,
    pub(crate) size: u32,
    pub(crate) median: f64,
    pub(crate) chat: u16,
}

/// Adds every innocent population that is switched on.
pub(crate) fn add_all(
    builder: &mut Builder,
    scenario: &Scenario,
    knobs: &Knobs,
) -> anyhow::Result<()> {
    let chat = builder.chat_source()?;
    for &kind in Innocent::ALL {
        let planned = scenario.innocents.get(&kind).copied().unwrap_or(0);
        let size = knobs.innocents.get(&kind).copied().unwrap_or(planned);
        if size == 0 {
            continue;
        }
        let population = builder.population(kind.name());
        let order = Order {
            scenario,
            population,
            size,
            median: scenario.organic_median_per_day,
            chat,
        };
        match kind {
            Innocent::Office => office(builder, &order),
            Innocent::Campus => campus(builder, &order)?,
            Innocent::PopularClient => popular_client(builder, &order)?,
            Innocent::CloudEgress => machines::cloud_egress(builder, &order)?,
            Innocent::VpnUsers => vpn_users(builder, &order),
            Innocent::EarlyAdopters => early_adopters(builder, &order),
            Innocent::EvalHarness => eval_harness(builder, &order)?,
            Innocent::TemplateApps => machines::template_apps(builder, &order)?,
            Innocent::JudgePipeline => machines::judge_pipeline(builder, &order)?,
            Innocent::ClassifierBuilder => machines::classifier_builder(builder, &order)?,
            Innocent::CiFleet => machines::ci_fleet(builder, &order)?,
            Innocent::SeatPool => gateways::seat_pool(builder, &order)?,
            Innocent::Reseller => gateways::reseller(builder, &order)?,
            Innocent::TranslationShop => gateways::translation_shop(builder, &order)?,
            Innocent::CarrierNat => carrier_nat(builder, &order),
            Innocent::AnnotationVendor => machines::annotation_vendor(builder, &order)?,
            Innocent::Serverless => machines::serverless(builder, &order)?,
            Innocent::Aggregator => gateways::aggregator(builder, &order)?,
            Innocent::WronglyClosed => returners::wrongly_closed(builder, &order),
        }
    }
    Ok(())
}

/// An office: one address and one organisation's mail domain, but everyone's own work and card.
fn office(builder: &mut Builder, order: &Order<'_>) {
    let country = builder.world.places.country(&mut builder.random);
    let network =
        builder
            .world
            .places
            .network(NetworkKind::Business, Some(country), builder.random.next());
    let pool = builder.pool(vec![network], 1, true);
    let org = builder.random.next();
    for _ in 0..order.size {
        let mut account = builder.person(order.population, order.chat, order.median);
        account.country = country;
        account.billing_country = country;
        account.origin = Origin::pool(pool, 1);
        account.org = Some(org);
        account.mail = MailStyle::Work { domain: org };
        if let Some(habit) = &mut account.habit {
            habit.clock = Clock::Office;
            habit.active_share = habit.active_share.max(0.5);
        }
        builder.add(account);
    }
}

/// A campus: one range, a sign-up burst at term start, assignments in class hours.
fn campus(builder: &mut Builder, order: &Order<'_>) -> anyhow::Result<()> {
    let country = builder.world.places.country(&mut builder.random);
    let network = builder.world.places.network(
        NetworkKind::University,
        Some(country),
        builder.random.next(),
    );
    // Behind a /20 most traffic leaves through a few dozen translated addresses.
    let pool = builder.pool(vec![network], (order.size / 80).clamp(2, 64), true);
    let org = builder.random.next();
    let offset_us =
        i64::from(crate::simulate::places::COUNTRIES[usize::from(country)].offset_minutes)
            * HOUR_US
            / 60;
    let first = builder.world.accounts.len() as u32;
    let term_us = builder.world.start_us + DAY_US;
    for _ in 0..order.size {
        let mut account = builder.person(order.population, order.chat, order.median * 0.5);
        let mut random = Random::new(mix(account.key, 0xca));
        account.country = country;
        account.billing_country = country;
        account.origin = Origin {
            other: None,
            ..Origin::pool(pool, 4)
        };
        account.org = Some(org);
        account.mail = MailStyle::Work { domain: org };
        account.plan = "education";
        account.payment = None;
        account.payment_kind = "credits";
        account.closing = None;
        if random.chance(0.7) {
            account.created_us =
                term_us - offset_us + (random.log_normal(1.3, 0.8) * DAY_US as f64) as i64;
            account.first_us = account.created_us;
        }
        if let Some(habit) = &mut account.habit {
            habit.clock = Clock::Student;
            habit.active_share *= 0.6;
        }
        builder.add(account);
    }
    // Classes of about sixty; each has a sheet a week, in the class hour or before the deadline.
    let classes = (order.size / 60).max(1);
    for class in 0..classes {
        for week in 0..builder.world.days.div_ceil(7) {
            let frame = mix(mix(org, u64::from(class)), u64::from(week));
            let source = Source {
                template: "t_assignment".to_owned(),
                prompts: builder.same_rule("t_assignment")?,
                follow_ups: None,
                frame: Frame::Shared(frame),
                signature: Signature::Never,
                ..builder.plain_source("follow_")?
            };
            let source = builder.source(source);
            let mut random = Random::new(frame);
            let day = i64::from(week) * 7 + random.below(5) as i64;
            let hour = 9 + random.below(8) as i64;
            let members =
                first + class * order.size / classes..first + (class + 1) * order.size / classes;
            builder.world.occasions.push(Occasion {
                key: frame,
                start_us: builder.world.start_us + day * DAY_US + hour * HOUR_US - offset_us,
                spread_us: if random.chance(0.5) {
                    HOUR_US / 2
                } else {
                    30 * HOUR_US
                },
                members,
                participation: 0.75,
                rows: (1, 5),
                pause_us: 180e6,
                source,
                in_order: false,
            });
        }
    }
    Ok(())
}

/// Users of one client: the client brings the user agent, the TLS library and the system prompt.
fn popular_client(builder: &mut Builder, order: &Order<'_>) -> anyhow::Result<()> {
    let clients = [
        ("heron", "sys_coding_client", "t_coding_client", AGENT_TOOLS),
        ("parrot", "sys_chat_client", "", ""),
    ];
    let mut sources = Vec::new();
    for (_, system, prompt, tools) in clients {
        let plain = builder.plain_source("follow_")?;
        let prompts = if prompt.is_empty() {
            plain.prompts
        } else {
            builder.same_rule(prompt)?
        };
        let system = Some(builder.world.grammar.rule(system)?);
        sources.push(builder.source(Source {
            prompts,
            system,
            tools,
            frame: Frame::Shared(0),
            ..plain
        }));
    }
    for _ in 0..order.size {
        let mut account = builder.person(order.population, order.chat, order.median * 1.5);
        let mut random = Random::new(mix(account.key, 0xc1));
        let which = usize::from(random.chance(0.4));
        let client = builder
            .world
            .clients
            .of_family(clients[which].0, &mut random);
        account.clients = [client; 3];
        account.client_count = 1;
        if let Some(habit) = &mut account.habit {
            habit.source = sources[which];
            habit.turns *= 2.0;
        }
        builder.add(account);
    }
    Ok(())
}

/// People behind the exits of a few VPNs.
fn vpn_users(builder: &mut Builder, order: &Order<'_>) {
    let mut pools = Vec::new();
    for _ in 0..(order.size / 100).clamp(2, 12) {
        let word = builder.random.next();
        let networks = (0..4)
            .map(|at| {
                builder
                    .world
                    .places
                    .network(NetworkKind::Vpn, None, mix(word, at))
            })
            .collect();
        pools.push(builder.pool(networks, 4 + (word % 9) as u32, true));
    }
    for _ in 0..order.size {
        let mut account = builder.person(order.population, order.chat, order.median);
        let pool = pools
            .get((account.key % pools.len().max(1) as u64) as usize)
            .copied();
        account.origin = Origin {
            other: pool,
            other_share: 0.8,
            sticky: 4,
            ..Origin::home()
        };
        builder.add(account);
    }
}

/// Customers of one mobile operator, behind addresses that it translates for everybody.
fn carrier_nat(builder: &mut Builder, order: &Order<'_>) {
    let country = builder.world.places.country(&mut builder.random);
    let network =
        builder
            .world
            .places
            .network(NetworkKind::Mobile, Some(country), builder.random.next());
    let pool = builder.pool(vec![network], (order.size / 60).clamp(2, 96), true);
    for _ in 0..order.size {
        let mut account = builder.person(order.population, order.chat, order.median);
        account.country = country;
        account.billing_country = country;
        // Reconnecting gives another of the shared addresses; at home the line is their own.
        account.origin = Origin {
            other: Some(pool),
            other_share: 0.75,
            sticky: 12,
            ..Origin::home()
        };
        builder.add(account);
    }
}

/// People who all move to the new model on the day of its release.
fn early_adopters(builder: &mut Builder, order: &Order<'_>) {
    for _ in 0..order.size {
        let mut account = builder.person(order.population, order.chat, order.median * 2.0);
        let mut random = Random::new(mix(account.key, 0xea));
        account.adoption_us =
            builder.world.release_us + (random.exponential(5.0) * HOUR_US as f64) as i64;
        if let Some(habit) = &mut account.habit {
            habit.active_share = habit.active_share.max(0.6);
        }
        builder.add(account);
    }
}

/// Labs and hobbyists who run one public benchmark when a model appears.
fn eval_harness(builder: &mut Builder, order: &Order<'_>) -> anyhow::Result<()> {
    let bank = mix(builder.world.seed, 0xe7a1);
    let source = Source {
        template: "t_eval_item".to_owned(),
        prompts: builder.same_rule("t_eval_item")?,
        follow_ups: None,
        frame: Frame::Shared(bank),
        bank: Bank::Items(bank),
        model: ModelChoice::Newest,
        signature: Signature::Never,
        output_tokens: 260.0,
        ..builder.plain_source("follow_")?
    };
    let source = builder.source(source);
    let first = builder.world.accounts.len() as u32;
    for _ in 0..order.size {
        let mut account = builder.person(order.population, order.chat, order.median);
        let mut random = Random::new(mix(account.key, 0xe7));
        let client = builder.world.clients.draw(ClientKind::Sdk, &mut random);
        account.clients = [client, account.clients[0], client];
        account.created_us = account.created_us.min(builder.world.release_us - DAY_US);
        account.closing = None;
        account.habit = account.habit.map(|habit| Habit {
            active_share: habit.active_share * 0.5,
            ..habit
        });
        builder.add(account);
    }
    builder.world.occasions.push(Occasion {
        key: bank,
        start_us: builder.world.release_us + HOUR_US / 2,
        spread_us: 20 * HOUR_US,
        members: first..first + order.size,
        participation: 0.9,
        rows: (60, 400),
        pause_us: 4e6,
        source,
        in_order: true,
    });
    Ok(())
}
