//! Innocent accounts that are machines: applications, judges, labellers, build servers.

use crate::simulate::build::Builder;
use crate::simulate::clients::ClientKind;
use crate::simulate::clocks::Clock;
use crate::simulate::lookalikes::Order;
use crate::simulate::places::NetworkKind;
use crate::simulate::random::{Random, mix};
use crate::simulate::world::{Frame, Habit, Origin, Parameters, Signature, Source};

/// Applications: half have a template of their own, half the default of a public library.
pub(crate) fn template_apps(builder: &mut Builder, order: &Order<'_>) -> anyhow::Result<()> {
    let own = builder.app_source("t_app")?;
    let public = Source {
        template: "t_rag_default".to_owned(),
        prompts: builder.same_rule("t_rag_default")?,
        follow_ups: None,
        signature: Signature::Never,
        output_tokens: 140.0,
        frame: Frame::Shared(0),
        parameters: Some(Parameters {
            temperature: Some(0.0),
            max_tokens: None,
            stream: None,
        }),
        ..builder.plain_source("follow_")?
    };
    let public = builder.source(public);
    for number in 0..order.size {
        let mut account = builder.person(order.population, order.chat, order.median);
        let mut random = Random::new(mix(account.key, 0xa9));
        let source = if number % 2 == 0 { own } else { public };
        builder.make_service(&mut account, source, order.median * 6.0, &mut random);
        if source == public {
            account.clients = [builder.world.clients.of_family("langchain", &mut random); 3];
        }
        builder.add(account);
    }
    Ok(())
}

/// An honest judge pipeline: rubric grading at scale in one account.
pub(crate) fn judge_pipeline(builder: &mut Builder, order: &Order<'_>) -> anyhow::Result<()> {
    single(builder, order, "t_judge_pipeline", Some("sys_judge"), 600.0)
}

/// An annotation vendor: its graders work through one account, in office hours.
pub(crate) fn annotation_vendor(builder: &mut Builder, order: &Order<'_>) -> anyhow::Result<()> {
    let source = Source {
        template: "t_annotation".to_owned(),
        prompts: builder.same_rule("t_annotation")?,
        follow_ups: None,
        signature: Signature::Never,
        output_tokens: 220.0,
        ..builder.plain_source("follow_")?
    };
    let source = builder.source(source);
    for _ in 0..order.size {
        let mut account = builder.person(order.population, order.chat, order.median);
        let mut random = Random::new(mix(account.key, 0xa0));
        let graders = 15 + random.below(60) as u32;
        let rate = 400.0 * order.scenario.scale.clamp(0.05, 20.0).sqrt();
        builder.make_service(&mut account, source, rate, &mut random);
        account.end_users = graders;
        account.closing = None;
        account.habit = account.habit.map(|habit| Habit {
            rate: rate as f32,
            clock: Clock::Office,
            ..habit
        });
        builder.add(account);
    }
    Ok(())
}

/// A customer that distils labels for a small classifier of its own.
pub(crate) fn classifier_builder(builder: &mut Builder, order: &Order<'_>) -> anyhow::Result<()> {
    single(builder, order, "t_classifier", None, 500.0)
}

/// Accounts that each run one high-volume template of their own.
fn single(
    builder: &mut Builder,
    order: &Order<'_>,
    rule: &str,
    system: Option<&str>,
    rate: f64,
) -> anyhow::Result<()> {
    let source = Source {
        template: rule.to_owned(),
        prompts: builder.same_rule(rule)?,
        follow_ups: None,
        system: system
            .map(|name| builder.world.grammar.rule(name))
            .transpose()?,
        signature: Signature::Never,
        parameters: Some(Parameters {
            temperature: Some(0.0),
            max_tokens: Some(512),
            stream: Some(false),
        }),
        output_tokens: 150.0,
        ..builder.plain_source("follow_")?
    };
    let source = builder.source(source);
    for _ in 0..order.size {
        let mut account = builder.person(order.population, order.chat, order.median);
        let mut random = Random::new(mix(account.key, 0x1e));
        builder.make_service(&mut account, source, rate, &mut random);
        account.end_users = 0;
        account.closing = None;
        let scaled = rate * order.scenario.scale.clamp(0.05, 20.0).sqrt();
        account.habit = account.habit.map(|habit| Habit {
            rate: scaled as f32,
            ..habit
        });
        builder.add(account);
    }
    Ok(())
}

/// Build machines: around the clock, one key from many addresses.
pub(crate) fn ci_fleet(builder: &mut Builder, order: &Order<'_>) -> anyhow::Result<()> {
    let source = builder.app_source("t_ci")?;
    let mut runners = Vec::new();
    for number in 0..4 {
        let word = builder.random.next();
        let networks = (0..3)
            .map(|at| {
                builder
                    .world
                    .places
                    .network(NetworkKind::Hosting, Some(0), mix(word, at))
            })
            .collect();
        runners.push(builder.pool(networks, 300 + 200 * number, false));
    }
    for _ in 0..order.size {
        let mut account = builder.person(order.population, order.chat, order.median);
        let mut random = Random::new(mix(account.key, 0xc9));
        builder.make_service(&mut account, source, order.median * 5.0, &mut random);
        let runner = runners
            .get(random.index(runners.len()))
            .copied()
            .unwrap_or(0);
        account.origin = Origin::pool(runner, 150);
        account.clients = [
            builder.world.clients.draw(ClientKind::Sdk, &mut random),
            builder.world.clients.draw(ClientKind::Http, &mut random),
            builder.world.clients.draw(ClientKind::Sdk, &mut random),
        ];
        account.client_count = 2;
        account.end_users = 0;
        account.keys = 1;
        account.habit = account.habit.map(|habit| Habit {
            clock: Clock::Machine,
            ..habit
        });
        builder.add(account);
    }
    Ok(())
}

/// Scheduled functions: a new machine, and so a new address, for nearly every call.
pub(crate) fn serverless(builder: &mut Builder, order: &Order<'_>) -> anyhow::Result<()> {
    let source = builder.app_source("t_ci")?;
    let mut regions = Vec::new();
    for _ in 0..3 {
        let word = builder.random.next();
        let networks = (0..2)
            .map(|at| {
                builder
                    .world
                    .places
                    .network(NetworkKind::Hosting, None, mix(word, at))
            })
            .collect();
        regions.push(builder.pool(networks, 6_000, false));
    }
    for _ in 0..order.size {
        let mut account = builder.person(order.population, order.chat, order.median);
        let mut random = Random::new(mix(account.key, 0x5f));
        builder.make_service(&mut account, source, order.median * 4.0, &mut random);
        let region = regions
            .get(random.index(regions.len()))
            .copied()
            .unwrap_or(0);
        account.origin = Origin::pool(region, 5_000);
        account.end_users = 0;
        account.keys = 1;
        account.habit = account.habit.map(|habit| Habit {
            clock: Clock::Machine,
            ..habit
        });
        builder.add(account);
    }
    Ok(())
}

/// Unrelated services that leave a cloud through the same translated addresses.
pub(crate) fn cloud_egress(builder: &mut Builder, order: &Order<'_>) -> anyhow::Result<()> {
    let source = builder.app_source("t_app")?;
    let mut gateways = Vec::new();
    for _ in 0..(order.size / 60).clamp(1, 30) {
        let network =
            builder
                .world
                .places
                .network(NetworkKind::Hosting, None, builder.random.next());
        gateways.push(builder.pool(vec![network], 4, true));
    }
    for _ in 0..order.size {
        let mut account = builder.person(order.population, order.chat, order.median);
        let mut random = Random::new(mix(account.key, 0xce));
        builder.make_service(&mut account, source, order.median * 1.2, &mut random);
        let gateway = gateways
            .get(random.index(gateways.len()))
            .copied()
            .unwrap_or(0);
        account.origin = Origin::pool(gateway, 4);
        builder.add(account);
    }
    Ok(())
}
