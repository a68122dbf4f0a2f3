//! A log made ready for the detectors, and what the detectors of shared keys say about it.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::config::Config;
use crate::config::options::ScanOptions;
use crate::detect::content::capability::Capabilities;
use crate::detect::content::families::TextFamily;
use crate::detect::group::GroupTest;
use crate::detect::layer::Layer;
use crate::detect::network::public_ranges::PublicRanges;
use crate::detect::population::Population;
use crate::detect::{self, Context};
use crate::digest::DigestTables;
use crate::load::{LoadPlan, LoadReport};
use crate::model::column::{AccountColumn, RequestColumn};
use crate::model::coverage::Coverage;
use crate::model::event::Event;
use crate::model::finding::DetectorRun;
use crate::model::progress::Progress;
use crate::pipeline::gather::{self, Gathered, Profiles, SideIntake};

/// The digest with the tables beside it.
pub(super) struct Ready {
    pub(super) tables: DigestTables,
    pub(super) plan: Option<LoadPlan>,
    pub(super) profiles: Profiles,
    pub(super) events: Vec<Event>,
    pub(super) event_report: Option<LoadReport>,
    pub(super) side: SideIntake,
    pub(super) coverage: Coverage,
    request_columns: Vec<RequestColumn>,
    account_columns: Vec<AccountColumn>,
}

impl Ready {
    /// Reads the logs (or digests) and the tables beside them.
    pub(super) fn read(
        options: &ScanOptions,
        customers: Option<&BTreeMap<String, String>>,
        public_ranges: usize,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let Gathered {
            tables,
            plan,
            mut notes,
        } = gather::gather(options, progress)?;
        let mut profiles = gather::profiles(options, &tables, plan.as_ref())?;
        if let Some(customers) = customers {
            notes.push(gather::declare(customers, &tables, &mut profiles)?);
        }
        if public_ranges > 0 {
            notes.push(format!(
                "{public_ranges} declared public ranges of addresses tie nobody together"
            ));
        }
        Self::of(options, tables, plan, profiles, notes)
    }

    /// The digest with its accounts, and the events read.
    pub(super) fn of(
        options: &ScanOptions,
        tables: DigestTables,
        plan: Option<LoadPlan>,
        profiles: Profiles,
        notes: Vec<String>,
    ) -> Result<Self> {
        let (events, event_report) = gather::events(options)?;
        let side = gather::side_intake(
            tables.about.intake.inputs.len(),
            &profiles,
            event_report.as_ref(),
        );
        let coverage = gather::coverage(
            &tables,
            options.config.load.gap_minutes,
            profiles.joined,
            notes,
            &side,
        )?;
        Ok(Self {
            request_columns: gather::request_columns(&coverage),
            account_columns: gather::account_columns(&profiles.by_account),
            tables,
            plan,
            profiles,
            events,
            event_report,
            side,
            coverage,
        })
    }

    /// What the detectors may look at.
    pub(super) fn context<'a>(
        &'a self,
        config: &'a Config,
        public_ranges: &'a PublicRanges,
    ) -> Context<'a> {
        Context {
            tables: &self.tables,
            profiles: &self.profiles.by_account,
            events: &self.events,
            public_ranges,
            config,
            request_columns: &self.request_columns,
            account_columns: &self.account_columns,
        }
    }
}

/// What the detectors of shared keys found.
#[derive(Default)]
pub(super) struct Detected {
    pub(super) runs: Vec<DetectorRun>,
    pub(super) layers: Vec<Layer>,
    pub(super) families: Vec<TextFamily>,
    pub(super) capabilities: Option<Capabilities>,
}

impl Detected {
    /// Runs the selected detectors.
    pub(super) fn run(context: &Context<'_>, only: &[String], skip: &[String]) -> Result<Self> {
        let mut all = Self::default();
        for (run, mut outcome) in detect::registry::run(context, only, skip)? {
            all.runs.push(run);
            all.layers.append(&mut outcome.layers);
            all.families.append(&mut outcome.templates);
            all.capabilities = all.capabilities.or(outcome.capabilities);
        }
        Ok(all)
    }
}

/// A log as the group tests see it.
pub struct Trialled<'a> {
    /// Account ids; the position is the account's number.
    pub account_ids: Vec<String>,
    /// Rows used.
    pub rows_used: u64,
    /// Rows rejected.
    pub rows_rejected: u64,
    /// Accounts with their clocks.
    pub population: &'a Population<'a>,
    /// The group tests with how each fares before it runs.
    pub tests: Vec<(DetectorRun, &'static dyn GroupTest)>,
}

/// Reads a log, runs the detectors of shared keys, and hands its accounts and the group tests
/// to `work`.
///
/// # Errors
/// Bad input or settings (`Failure`), a defect, or what `work` returns.
pub fn with_group_tests<T>(
    options: &ScanOptions,
    progress: &dyn Progress,
    work: impl FnOnce(&Trialled<'_>) -> Result<T>,
) -> Result<T> {
    let ready = Ready::read(options, None, 0, progress)?;
    progress.begin("detecting", None);
    let public_ranges = PublicRanges::default();
    let context = ready.context(&options.config, &public_ranges);
    let detected = Detected::run(&context, &options.only, &options.skip)?;
    let population = Population::read(&context, &detected.layers, &detected.families)?;
    progress.end();
    work(&Trialled {
        account_ids: gather::account_ids(&ready.tables)?,
        rows_used: ready.coverage.rows_used,
        rows_rejected: ready.coverage.rows_rejected,
        population: &population,
        tests: detect::registry::group_tests(&context, &options.only, &options.skip),
    })
}
