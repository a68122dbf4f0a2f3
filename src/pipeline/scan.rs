//! The main job: load -> digest -> detect -> fuse -> (second look) -> report.

use anyhow::Result;

use crate::compare;
use crate::config::options::{Profile, Quote, ScanOptions};
use crate::detect;
use crate::detect::population::Population;
use crate::fuse::{self, Fused};
use crate::label;
use crate::load::{self, LoadPlan};
use crate::model::campaign::{Campaign, LabelledRequest, Template};
use crate::model::case::{CASE_SCHEMA_VERSION, CAVEAT, Case, CaseTables};
use crate::model::event::Event;
use crate::model::finding::{DetectorRun, RunStatus};
use crate::model::progress::Progress;
use crate::model::week;
use crate::pipeline::ScanOutput;
use crate::pipeline::gather;
use crate::pipeline::lists;
use crate::pipeline::ready::{Detected, Ready};
use crate::report::{self, Pseudonyms, WriteDigest, WriteOptions};
use crate::suppress;
use crate::watch;

/// From logs (or digests) to a written case folder.
///
/// # Errors
/// Bad input or settings (`Failure`), a write error naming the file, or a defect.
pub fn scan_to_case(
    options: &ScanOptions,
    output: &ScanOutput,
    progress: &dyn Progress,
) -> Result<CaseTables> {
    super::on_threads(output.threads, || scan(options, output, progress))
}

fn scan(options: &ScanOptions, output: &ScanOutput, progress: &dyn Progress) -> Result<CaseTables> {
    report::keep_inputs(&output.out, options.paths())?;
    report::prepare_out(&output.out, output.force)?;
    // before the long work: a file with a mistake in it stops the run at once
    let suppressions = options
        .suppress
        .as_deref()
        .map(lists::suppressions)
        .transpose()?;
    let list = options
        .indicators
        .as_deref()
        .map(lists::watch_list)
        .transpose()?;
    let baseline = options
        .baseline
        .as_deref()
        .map(report::read_recorded_case)
        .transpose()?;
    let customers = options
        .customers
        .as_deref()
        .map(lists::customers)
        .transpose()?;
    let public_ranges = lists::public_ranges(&options.public_ranges)?;
    let mut pseudonyms = output
        .pseudonym_key
        .as_deref()
        .map(|key| Pseudonyms::open(key, &[&output.out]))
        .transpose()?;
    let ready = Ready::read(options, customers.as_ref(), public_ranges.len(), progress)?;
    progress.begin("detecting", None);
    let context = ready.context(&options.config, &public_ranges);
    let mut detected = Detected::run(&context, &options.only, &options.skip)?;
    let mut universal = detect::universal::drop_universal(&mut detected.layers);
    progress.end();

    progress.begin("fusing", None);
    let not_tested: Vec<String> = detected
        .runs
        .iter()
        .flat_map(DetectorRun::not_tested)
        .collect();
    let population = Population::read(&context, &detected.layers, &detected.families)?;
    let fused = fuse::fuse(&fuse::Input {
        population: &population,
        group_tests: &detect::registry::group_tests(&context, &options.only, &options.skip),
        tables: &ready.tables,
        profiles: &ready.profiles.by_account,
        layers: &detected.layers,
        families: &detected.families,
        capabilities: detected.capabilities.as_ref(),
        public_ranges: &public_ranges,
        not_tested: &not_tested,
        config: &options.config,
        profile: options.profile,
        seed: options.seed,
    })?;
    progress.end();
    let Fused {
        mut campaigns,
        mut templates,
        patterns,
        mut findings,
        hubs,
        null_runs,
        mut group_runs,
    } = fused;
    let mut detectors = detected.runs;
    detectors.append(&mut group_runs);
    let Ready {
        tables,
        plan,
        profiles,
        events,
        side,
        mut coverage,
        ..
    } = ready;
    coverage.notes.append(&mut universal.notes);
    universal.put_back(&mut detected.layers);
    let mut watchlist = None;
    if let Some(list) = list {
        let list = list.valid_at(coverage.first_us.unwrap_or(i64::MIN));
        let input = watch::Input {
            list: &list,
            tables: &tables,
            profiles: &profiles.by_account,
            layers: &detected.layers,
            cells: &fuse::cells(&tables)?,
            locators: options.config.report.locators_per_finding,
            leads: options.profile != Profile::Cautious,
        };
        watchlist = Some(watch::apply(&input, &mut campaigns, &mut findings)?);
        detectors.push(watch::run());
    }
    let earlier = options.baseline.as_deref().zip(baseline.as_ref());
    let mut comparison = earlier.map(|(path, earlier)| {
        let name = path.display().to_string();
        compare::compare(&name, &earlier.campaigns, &campaigns)
    });
    if let Some(comparison) = &mut comparison {
        compare::keep_ids(comparison, &mut campaigns, &mut templates, &mut findings);
    }
    let left = gather::date_members(&tables, &profiles, &mut campaigns)?;
    let log_us = coverage.first_us.zip(coverage.last_us);
    if let Some(log_us) = log_us.filter(|_| coverage.rows_outside_window == 0) {
        fuse::silent::attach(
            &mut campaigns,
            &findings,
            &profiles.by_account,
            &profiles.silent,
            log_us,
        );
    } else if !profiles.silent.is_empty() {
        coverage.notes.push(
            "accounts of the accounts table that sent nothing are not listed with campaigns: rows outside the window were left out, and theirs may be among them"
                .to_owned(),
        );
    }
    fuse::roles::assign(&mut campaigns, &findings, &left);
    fuse::bridges::assign(&mut campaigns, &findings);
    for run in &mut detectors {
        run.findings = findings
            .iter()
            .filter(|finding| finding.detector == run.detector)
            .count() as u64;
    }

    let mut requests = second_look(
        options,
        plan.as_ref(),
        (&mut campaigns, &patterns, &mut templates),
        &tables,
        progress,
    )?;
    label::finish_texts(&mut templates, options.config.report.excerpts_per_template);
    if options.profile != Profile::Broad {
        label::without_leads(&mut requests, &campaigns);
    }
    let hour_of_week = hour_of_week(&tables.minutes);
    let (events, elsewhere): (Vec<Event>, Vec<Event>) = events.into_iter().partition(|event| {
        coverage.first_us <= Some(event.timestamp_us)
            && Some(event.timestamp_us) <= coverage.last_us
    });
    coverage.notes.extend(outside_the_log(&elsewhere));
    let case = Case {
        schema_version: CASE_SCHEMA_VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        profile: profile_name(options.profile).to_owned(),
        seed: options.seed,
        caveat: CAVEAT.to_owned(),
        events,
        coverage,
        detectors,
        campaigns,
        templates,
        findings,
        suppressed_hubs: hubs,
        suppressions: Vec::new(),
        suppressed_campaigns: Vec::new(),
        suppressed_accounts: Vec::new(),
        watchlist,
        comparison,
        null_runs,
        hour_of_week,
    };
    let mut case_tables = CaseTables {
        case,
        rejects: [&tables.about.intake.rejects[..], &side.rejects].concat(),
        requests,
    };
    if let Some(entries) = &suppressions {
        suppress::apply(&mut case_tables, entries, options.no_suppress);
        if let Some((path, earlier)) = earlier {
            let name = path.display().to_string();
            let shown = &mut case_tables.case;
            let mut comparison = compare::compare(&name, &earlier.campaigns, &shown.campaigns);
            compare::name_suppressed(&mut comparison, earlier, shown);
            shown.comparison = Some(comparison);
        }
    }
    progress.begin("writing", None);
    let mut manifest = super::verify::manifest(options, output, &case_tables.case)?;
    if let Some(pseudonyms) = &mut pseudonyms {
        pseudonyms.apply(&mut case_tables, &mut manifest)?;
        // before the case: a case without its way back must not exist
        pseudonyms.write_mapping(&output.out)?;
    }
    let shared = pseudonyms.is_some();
    let run_log = run_log(&case_tables);
    report::write_case(
        &case_tables,
        WriteOptions {
            out: output.out.clone(),
            force: output.force,
            quote: if shared { Quote::None } else { options.quote },
            manifest,
            run_log,
            digest: (!shared).then(|| -> WriteDigest {
                Box::new(move |folder| crate::digest::store::write(&tables, folder))
            }),
        },
    )?;
    progress.end();
    Ok(case_tables)
}

/// Names the requests of the campaigns' templates: all of them from logs, the sampled ones from digests.
fn second_look(
    options: &ScanOptions,
    plan: Option<&LoadPlan>,
    (campaigns, patterns, templates): (&mut [Campaign], &[fuse::Pattern], &mut [Template]),
    tables: &crate::digest::DigestTables,
    progress: &dyn Progress,
) -> Result<Vec<LabelledRequest>> {
    let Some(search) = label::Search::new(campaigns, patterns, (&options.config, options.quote))
    else {
        return Ok(Vec::new());
    };
    let found = match plan {
        Some(plan) => {
            progress.begin("second look", Some(plan.total_bytes()));
            let states = load::fold_requests(
                plan,
                label::WANTED,
                false,
                progress,
                label::Labelled::default,
                |found: &mut label::Labelled, batch| search.label(batch, found),
            );
            progress.end();
            search.join(states?.0, templates)
        }
        None => search.label_samples(tables)?,
    };
    search.apply(&found, plan.is_some(), campaigns, templates);
    Ok(found.requests)
}

fn hour_of_week(minutes: &[(i64, u64)]) -> Vec<u64> {
    let mut hours = vec![0_u64; week::HOURS_PER_WEEK];
    for (minute, requests) in minutes {
        if let Some(slot) = hours.get_mut(week::hour_of_week(minute.div_euclid(60))) {
            *slot += requests;
        }
    }
    hours
}

fn profile_name(profile: Profile) -> &'static str {
    match profile {
        Profile::Cautious => "cautious",
        Profile::Balanced => "balanced",
        Profile::Broad => "broad",
    }
}

/// What happened, in words.
pub(super) fn run_log(tables: &CaseTables) -> String {
    let case = &tables.case;
    let mut lines = vec![
        format!("stillhunt {}", case.tool_version),
        format!(
            "read {} used {} rejected {} outside window {}",
            case.coverage.rows_read,
            case.coverage.rows_used,
            case.coverage.rows_rejected,
            case.coverage.rows_outside_window
        ),
    ];
    lines.extend(
        case.coverage
            .notes
            .iter()
            .map(|note| format!("note: {note}")),
    );
    lines.extend(case.detectors.iter().map(|run| match &run.status {
        RunStatus::Ran => format!(
            "{} version {} ran, {} findings",
            run.detector, run.version, run.findings
        ),
        RunStatus::NotRun { reason } => format!("{} not run: {reason}", run.detector),
        RunStatus::Skipped => format!("{} left out on request", run.detector),
    }));
    lines.extend(case.campaigns.iter().map(|campaign| {
        format!(
            "{} {} {} accounts: {}",
            campaign.id,
            campaign.verdict.name(),
            campaign.members.len(),
            campaign.verdict_reason
        )
    }));
    // One line each, whatever file names the notes quote.
    let mut text = String::new();
    for line in lines {
        text.push_str(&report::escape::terminal(&line));
        text.push('\n');
    }
    text
}
/// Says how many events no timeline can have.
fn outside_the_log(events: &[Event]) -> Option<String> {
    let first = events.iter().map(|event| event.timestamp_us).min()?;
    let last = events.iter().map(|event| event.timestamp_us).max()?;
    Some(format!(
        "{} outside the log's time and in no timeline: {} to {}",
        match events.len() {
            1 => "1 event lies".to_owned(),
            events => format!("{events} events lie"),
        },
        report::format::second(first),
        report::format::second(last)
    ))
}
