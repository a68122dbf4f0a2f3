//! Writes a scenario to a folder, day by day.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rayon::prelude::*;

use crate::model::failure::Failure;
use crate::model::progress::Progress;
use crate::simulate::build::build;
use crate::simulate::columns::{Stretch, render, request_schema, truth_schema};
use crate::simulate::corpus;
use crate::simulate::knobs::Knobs;
use crate::simulate::scenario::Scenario;
use crate::simulate::sinks::{Format, Sink};
use crate::simulate::tables;
use crate::simulate::ticks::{Tick, day};
use crate::simulate::world::World;

/// Most request files: a year by the hour, and few enough to be open one after the other quickly.
const MOST_FILES: u32 = 10_000;

/// Where and how to write.
#[derive(Debug, Clone, Default)]
pub struct SimulateOptions {
    /// Folder; made if it is not there, refused if it holds anything.
    pub out: PathBuf,
    /// Container of the requests.
    pub format: Format,
    /// Number of request files, each a stretch of time; zero counts as one.
    pub files: u32,
    /// A Parquet file with a column `text` whose texts ordinary people send.
    pub corpus: Option<PathBuf>,
    /// Changes to the preset.
    pub knobs: Knobs,
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Request rows.
    pub requests: u64,
    /// Accounts, those without requests included.
    pub accounts: u64,
    /// Those of them that send nothing within the window.
    pub silent_accounts: u64,
    /// Request files, in order of time.
    pub files: Vec<PathBuf>,
    /// By campaign: accounts, campaign requests that were let through to a model, and
    /// all requests of its accounts with cover traffic and turned-away attempts.
    pub campaigns: BTreeMap<String, CampaignCount>,
    /// Accounts by population.
    pub populations: BTreeMap<String, u64>,
}

/// Counts of one campaign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CampaignCount {
    /// Accounts, replacements included.
    pub accounts: u64,
    /// Campaign requests, without attempts that were handed on to another account.
    pub exchanges: u64,
    /// All requests of its accounts.
    pub requests: u64,
}

/// Rows rendered as one parallel task; any number gives the same rows.
const ROWS_PER_TASK: usize = 4_096;
/// Tasks in flight: bounds memory to about this many times a few megabytes, twice.
const TASKS: usize = 8;

/// Writes the scenario: requests, accounts, events and the truth.
///
/// # Errors
///
/// A [`Failure::Usage`] for impossible knobs or a folder in use; input and output errors.
pub fn write(
    scenario: &Scenario,
    options: &SimulateOptions,
    progress: &dyn Progress,
) -> anyhow::Result<Summary> {
    options.knobs.check_for(scenario)?;
    if options.files > MOST_FILES {
        return Err(Failure::Usage(format!(
            "{} request files; at most {MOST_FILES} can be written",
            options.files
        ))
        .into());
    }
    let corpus = options
        .corpus
        .as_deref()
        .map(corpus::read)
        .transpose()?
        .unwrap_or_default();
    prepare(&options.out)?;
    progress.begin("people", None);
    let world = build(scenario, &options.knobs)?;
    progress.end();
    let mut summary = Summary::default();
    let mut files = Files::new(&world, options)?;
    progress.begin("requests", Some(u64::from(world.days)));
    let mut carried = Vec::new();
    let mut sent = vec![0_u64; world.accounts.len()];
    for number in 0..world.days {
        let ticks = day(&world, number, &mut carried);
        count(&world, &ticks, &mut summary);
        for tick in &ticks {
            if let Some(requests) = sent.get_mut(tick.account as usize) {
                *requests += 1;
            }
        }
        files.write_day(&world, &ticks, &corpus)?;
        progress.advance(1);
    }
    progress.end();
    summary.files = files.finish()?;
    tables::write_accounts(&world, &options.out.join("accounts.csv"))?;
    tables::write_events(&world, &options.out.join("events.csv"))?;
    tables::write_truth(&world, &sent, &options.out.join("truth_accounts.csv"))?;
    summary.silent_accounts = sent.iter().filter(|requests| **requests == 0).count() as u64;
    for account in &world.accounts {
        summary.accounts += 1;
        if let Some(name) = world.populations.get(usize::from(account.population)) {
            *summary.populations.entry(name.clone()).or_default() += 1;
        }
        if let Some(name) = account
            .campaign
            .and_then(|at| world.campaigns.get(usize::from(at)))
        {
            summary.campaigns.entry(name.clone()).or_default().accounts += 1;
        }
    }
    Ok(summary)
}

fn prepare(out: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(out)
        .with_context(|| format!("{}: cannot make the folder", out.display()))?;
    let mut inside = std::fs::read_dir(out)
        .with_context(|| format!("{}: cannot read the folder", out.display()))?;
    if inside.next().is_some() {
        return Err(Failure::Usage(format!(
            "{}: the folder is not empty; name a new one",
            out.display()
        ))
        .into());
    }
    Ok(())
}

fn count(world: &World, ticks: &[Tick], summary: &mut Summary) {
    summary.requests += ticks.len() as u64;
    let mut counts = vec![(0, 0); world.campaigns.len()];
    for tick in ticks {
        let Some(source) = world.sources.get(usize::from(tick.source)) else {
            continue;
        };
        if let Some(entry) = source
            .campaign
            .and_then(|at| counts.get_mut(usize::from(at)))
        {
            entry.0 += 1;
            entry.1 += u64::from(source.substream && !tick.rate_limited);
        }
    }
    for (name, (requests, exchanges)) in world.campaigns.iter().zip(counts) {
        let entry = summary.campaigns.entry(name.clone()).or_default();
        entry.requests += requests;
        entry.exchanges += exchanges;
    }
}

/// The open files and the time at which the next begins.
struct Files<'a> {
    options: &'a SimulateOptions,
    names: Vec<PathBuf>,
    requests: Option<Sink>,
    truth: Sink,
    start_us: i64,
    length_us: i64,
    count: u32,
}

impl<'a> Files<'a> {
    fn new(world: &World, options: &'a SimulateOptions) -> anyhow::Result<Self> {
        // The truth is text beside text logs and Parquet beside Parquet.
        let format = if options.format == Format::Parquet {
            Format::Parquet
        } else {
            Format::Csv
        };
        let name = format!("truth_requests.{}", format.name());
        let truth = Sink::create(&options.out.join(name), format, &truth_schema())?;
        let mut files = Self {
            options,
            names: Vec::new(),
            requests: None,
            truth,
            start_us: world.start_us,
            length_us: world.end_us() - world.start_us,
            count: options.files.clamp(1, 100_000),
        };
        files.open_next()?;
        Ok(files)
    }

    fn open_next(&mut self) -> anyhow::Result<()> {
        if let Some(sink) = self.requests.take() {
            sink.finish()?;
        }
        let extension = self.options.format.name();
        let name = if self.count == 1 {
            format!("requests.{extension}")
        } else {
            format!("requests-{:05}.{extension}", self.names.len() + 1)
        };
        let path = self.options.out.join(name);
        self.requests = Some(Sink::create(&path, self.options.format, &request_schema())?);
        self.names.push(path);
        Ok(())
    }

    /// End of the file that is open now.
    fn limit_us(&self) -> i64 {
        let parts = i128::from(self.length_us) * self.names.len() as i128 / i128::from(self.count);
        if self.names.len() as u32 >= self.count {
            i64::MAX
        } else {
            self.start_us + parts as i64
        }
    }

    fn write_day(
        &mut self,
        world: &World,
        ticks: &[Tick],
        corpus: &[String],
    ) -> anyhow::Result<()> {
        let mut rest = ticks;
        while !rest.is_empty() {
            let limit_us = self.limit_us();
            let split = rest.partition_point(|tick| tick.at_us < limit_us);
            let (now, later) = rest.split_at(split);
            self.write_part(world, now, corpus)?;
            if !later.is_empty() {
                self.open_next()?;
            }
            rest = later;
        }
        Ok(())
    }

    /// Renders the next rows while the last are written.
    fn write_part(
        &mut self,
        world: &World,
        ticks: &[Tick],
        corpus: &[String],
    ) -> anyhow::Result<()> {
        let mut ready: Vec<anyhow::Result<Stretch>> = Vec::new();
        for group in ticks.chunks(ROWS_PER_TASK * TASKS) {
            let (written, next) = rayon::join(
                || self.put(std::mem::take(&mut ready)),
                || {
                    group
                        .par_chunks(ROWS_PER_TASK)
                        .map(|part| render(world, part, corpus))
                        .collect::<Vec<_>>()
                },
            );
            written?;
            ready = next;
        }
        self.put(ready)
    }

    fn put(&mut self, stretches: Vec<anyhow::Result<Stretch>>) -> anyhow::Result<()> {
        for stretch in stretches {
            let stretch = stretch?;
            if let Some(sink) = &mut self.requests {
                sink.write(&stretch.requests)?;
            }
            self.truth.write(&stretch.truth)?;
        }
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<Vec<PathBuf>> {
        while (self.names.len() as u32) < self.count {
            self.open_next()?;
        }
        if let Some(sink) = self.requests.take() {
            sink.finish()?;
        }
        self.truth.finish()?;
        Ok(self.names)
    }
}
