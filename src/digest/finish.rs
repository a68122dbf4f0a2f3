//! From a digest in progress to canonical tables.

use anyhow::Result;
use polars::prelude::DataFrame;

use crate::digest::account::Account;
use crate::digest::frames::{ColumnList, Ranks};
use crate::digest::intern::Interner;
use crate::digest::moments::Moment;
use crate::digest::partial::{Digest, Lookups};
use crate::digest::pattern_tables;
use crate::digest::tables::{DigestAbout, DigestTables, FragmentLists, Intake, KeyKind};
use crate::digest::texts::{NEVER, SampledText, TextBody, TextSample};
use crate::digest::{DIGEST_SCHEMA_VERSION, HASH_NAME, WANTED};
use crate::model::coverage::ColumnCoverage;

impl Digest {
    /// Sorts everything into canonical tables.
    ///
    /// # Errors
    /// Only if a table cannot be built, which would be a defect.
    pub fn finish(mut self, mut intake: Intake) -> Result<DigestTables> {
        self.lookups = Lookups::default();
        intake.reject_counts.sort();
        intake.rejects.sort();
        let about = self.about(intake);
        let accounts = Ranks::of(&self.names, |_| true);
        let links = std::mem::take(&mut self.links).into_entries();
        let mut used = vec![false; self.keys.len()];
        for (_, key, _) in &links {
            if let Some(flag) = used.get_mut(*key as usize) {
                *flag = true;
            }
        }
        let keys = Ranks::of(&self.keys, |key| used.get(key as usize) == Some(&true));
        let models = Ranks::of(&self.models, |_| true);
        let mut links: Vec<_> = links
            .into_iter()
            .map(|(account, key, link)| (accounts.rank(account), keys.rank(key), link))
            .collect();
        links.sort_unstable_by_key(|link| (link.0, link.1));

        let mut columns = ColumnList::new("links");
        columns.u32(links.iter().map(|link| link.0));
        columns.u32(links.iter().map(|link| link.1));
        columns.u64(links.iter().map(|link| link.2.requests));
        columns.i64(links.iter().map(|link| link.2.first_us));
        columns.i64(links.iter().map(|link| link.2.last_us));
        columns.picks(|| links.iter().map(|link| &link.2.pick));
        let links_frame = columns.frame(links.len())?;
        drop(links);
        let conversations_frame = self.conversations_frame(&accounts, &keys)?;

        let mut columns = ColumnList::new("keys");
        columns.texts(keys.order.iter().map(|&key| kind_name(self.keys.tag(key))));
        columns.texts(keys.order.iter().map(|&key| self.keys.text(key)));
        let keys_frame = columns.frame(keys.order.len())?;

        let cells_frame = self.cells_frame(&accounts, &models)?;
        let moments_frame = self.moments_frame(&accounts)?;
        let sorted: Vec<&Account> = accounts
            .order
            .iter()
            .filter_map(|&number| self.accounts.get(number as usize))
            .collect();
        let of_texts = texts_frame(&sorted)?;
        let (patterns, pattern_samples) = pattern_tables::frames(&sorted)?;
        Ok(DigestTables {
            accounts: accounts_frame(&sorted, &accounts, &self.names, self.texts_per_account())?,
            keys: keys_frame,
            links: links_frame,
            signature_conversations: conversations_frame,
            cells: cells_frame,
            moments: moments_frame,
            texts: of_texts.texts,
            fragments: of_texts.fragments,
            samples: samples_frame(&sorted)?,
            thinned_texts: thinned_frame(&sorted)?,
            patterns,
            pattern_samples,
            text_patterns: of_texts.text_patterns,
            turned_away: of_texts.turned_away,
            models: models
                .order
                .iter()
                .map(|&model| self.models.text(model).to_owned())
                .collect(),
            minutes: self.minutes.into_sorted(),
            about,
        })
    }

    /// The table `signature_conversations`.
    fn conversations_frame(&mut self, accounts: &Ranks, keys: &Ranks) -> Result<DataFrame> {
        let mut rows: Vec<(u32, u32, (u64, u64))> = std::mem::take(&mut self.conversations)
            .into_entries()
            .map(|(account, key, ends)| (accounts.rank(account), keys.rank(key), ends))
            .collect();
        rows.sort_unstable();
        let mut columns = ColumnList::new("signature_conversations");
        columns.u32(rows.iter().map(|row| row.0));
        columns.u32(rows.iter().map(|row| row.1));
        columns.u64(rows.iter().map(|row| row.2.0));
        columns.u64(rows.iter().map(|row| row.2.1));
        columns.frame(rows.len())
    }

    fn about(&self, intake: Intake) -> DigestAbout {
        let columns = WANTED
            .iter()
            .zip(&self.present)
            .map(|(column, &present)| ColumnCoverage {
                column: column.name().to_owned(),
                present,
                null: self.rows.saturating_sub(present),
            })
            .collect();
        let (cell_hours, minute_width) = (
            1_u64 << self.cells.level.min(62),
            1_u64 << self.minutes.level.min(62),
        );
        let mut notes = Vec::new();
        if self.unknown_statuses > 0 {
            notes.push(format!(
                "{} requests have a status that is no known word or code, and count as answered: `stillhunt schema` lists the words, --map can rename the column",
                self.unknown_statuses
            ));
        }
        if self.text_halvings > 0 {
            notes.push(format!(
                "{} prompts were sampled per account, of {} wanted, because all samples together passed halve_texts_above = {}",
                self.texts_per_account(),
                self.config.texts_per_account,
                self.config.halve_texts_above
            ));
        }
        if self.text_level > 0 {
            notes.push(format!(
                "sampled texts were thinned to one distinct text in {} to stay near max_texts = {}",
                1_u64 << self.text_level.min(62),
                self.config.max_texts
            ));
        }
        if self.links.level > 0 {
            notes.push(format!(
                "links were thinned to one key in {} to stay under max_links = {}; a kept key keeps all its accounts",
                1_u64 << self.links.level.min(62),
                self.config.max_links
            ));
        }
        if self.moments.level > 0 {
            notes.push(format!(
                "exact times of requests were kept for one stretch of six hours in {} to stay under max_moments = {}",
                1_u64 << self.moments.level.min(62),
                self.config.max_moments
            ));
        }
        if cell_hours > 1 {
            notes.push(format!(
                "activity was counted in buckets of {cell_hours} hours to stay within memory"
            ));
        }
        if minute_width > 1 {
            notes.push(format!(
                "gaps were measured in buckets of {minute_width} minutes to stay within memory"
            ));
        }
        DigestAbout {
            schema_version: DIGEST_SCHEMA_VERSION,
            hash: HASH_NAME.to_owned(),
            config: self.config.clone(),
            quote: self.quote,
            patterns: self.patterns.clone(),
            intake,
            rows: self.rows,
            unknown_statuses: self.unknown_statuses,
            columns,
            text_halvings: self.text_halvings,
            text_level: self.text_level,
            link_level: self.links.level,
            moment_level: self.moments.level,
            cell_hours,
            minute_width,
            notes,
        }
    }

    fn moments_frame(&mut self, accounts: &Ranks) -> Result<DataFrame> {
        let mut moments: Vec<Moment> = std::mem::take(&mut self.moments)
            .into_entries()
            .map(|(account, time_us, duration_ms)| (accounts.rank(account), time_us, duration_ms))
            .collect();
        moments.sort_unstable();
        let mut columns = ColumnList::new("moments");
        columns.u32(moments.iter().map(|moment| moment.0));
        columns.i64(moments.iter().map(|moment| moment.1));
        columns.u32(moments.iter().map(|moment| moment.2));
        columns.frame(moments.len())
    }

    fn cells_frame(&mut self, accounts: &Ranks, models: &Ranks) -> Result<DataFrame> {
        let mut cells: Vec<_> = std::mem::take(&mut self.cells)
            .into_entries()
            .into_iter()
            .map(|((account, hour, model), cell)| {
                ((accounts.rank(account), hour, models.rank(model)), cell)
            })
            .collect();
        cells.sort_unstable_by_key(|cell| cell.0);
        let mut columns = ColumnList::new("cells");
        columns.u32(cells.iter().map(|cell| cell.0.0));
        columns.i64(cells.iter().map(|cell| cell.0.1));
        columns.u32(cells.iter().map(|cell| cell.0.2));
        columns.u32(cells.iter().map(|cell| cell.1.requests));
        columns.u32(cells.iter().map(|cell| cell.1.rate_limited));
        columns.u32(cells.iter().map(|cell| cell.1.blocked));
        columns.i64(cells.iter().map(|cell| cell.1.output_tokens));
        columns.frame(cells.len())
    }
}

/// The number by which tables name the n-th account.
pub(crate) fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn kind_name(tag: u8) -> &'static str {
    KeyKind::ALL
        .get(usize::from(tag))
        .map_or("", |kind| kind.name())
}

fn accounts_frame(
    sorted: &[&Account],
    ranks: &Ranks,
    names: &Interner,
    limit: usize,
) -> Result<DataFrame> {
    let mut columns = ColumnList::new("accounts");
    columns.texts(ranks.order.iter().map(|&id| names.text(id)));
    columns.u64(sorted.iter().map(|account| account.sums.requests));
    columns.u64(sorted.iter().map(|account| account.sums.errors));
    columns.u64(sorted.iter().map(|account| account.sums.rate_limited));
    columns.u64(sorted.iter().map(|account| account.sums.blocked));
    columns.u64(sorted.iter().map(|account| account.sums.refused));
    columns.u64(sorted.iter().map(|account| account.sums.prompts));
    columns.u64(sorted.iter().map(|account| account.sums.system_prompts));
    columns.u64(sorted.iter().map(|account| account.sums.tool_requests));
    columns.u64(sorted.iter().map(|account| account.sums.image_requests));
    columns.u64(sorted.iter().map(|account| account.sums.stream_requests));
    columns.i64(sorted.iter().map(|account| account.first_us));
    columns.i64(sorted.iter().map(|account| account.last_us));
    columns.i64(sorted.iter().map(|account| account.sums.input_tokens));
    columns.i64(sorted.iter().map(|account| account.sums.output_tokens));
    columns.u64(
        sorted
            .iter()
            .map(|account| distinct_texts(&account.user_texts, limit)),
    );
    columns.frame(sorted.len())
}

/// Distinct texts behind a sample of the `limit` smallest hashes: exact below the limit,
/// else (k-1) divided by the k-th smallest hash as a share of all hashes (Bar-Yossef et
/// al., RANDOM 2002).
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)] // an estimate
fn distinct_texts(sample: &TextSample, limit: usize) -> u64 {
    let held = sample.texts.len();
    match sample.texts.last() {
        Some(last) if held >= limit && held > 1 => {
            let share = (last.hash.max(1) as f64) / 2_f64.powi(64);
            ((held.saturating_sub(1) as f64) / share)
                .round()
                .max(held as f64) as u64
        }
        _ => u64::try_from(held).unwrap_or(u64::MAX),
    }
}

/// Entries of both samples of all accounts as (account, role, entry), in table order.
fn entries<'a>(sorted: &'a [&Account]) -> impl Iterator<Item = (u32, u32, &'a SampledText)> {
    sorted.iter().enumerate().flat_map(|(index, account)| {
        let user = account
            .user_texts
            .texts
            .iter()
            .map(move |entry| (number(index), 0, entry));
        let system = account
            .system_texts
            .texts
            .iter()
            .map(move |entry| (number(index), 1, entry));
        user.chain(system)
    })
}

/// The tables whose rows follow the sampled texts.
struct TextTables {
    texts: DataFrame,
    text_patterns: DataFrame,
    turned_away: DataFrame,
    fragments: FragmentLists,
}

/// The table `turned_away`, from the time of each row of `texts`.
fn turned_away_frame(times: impl Iterator<Item = i64>) -> Result<DataFrame> {
    let rows: Vec<(u32, i64)> = times
        .enumerate()
        .filter(|(_, time)| *time != NEVER)
        .map(|(text, time)| (number(text), time))
        .collect();
    let mut columns = ColumnList::new("turned_away");
    columns.u32(rows.iter().map(|row| row.0));
    columns.i64(rows.iter().map(|row| row.1));
    columns.frame(rows.len())
}

fn texts_frame(sorted: &[&Account]) -> Result<TextTables> {
    let rows: Vec<(u32, u32, u64, &TextBody)> = entries(sorted)
        .filter_map(|(account, role, entry)| {
            Some((account, role, entry.hash, entry.body.as_deref()?))
        })
        .collect();
    let mut fragments = FragmentLists {
        offsets: vec![0],
        values: Vec::new(),
    };
    for (_, _, _, body) in &rows {
        fragments.values.extend_from_slice(&body.fragments);
        fragments
            .offsets
            .push(u64::try_from(fragments.values.len()).unwrap_or(u64::MAX));
    }
    let mut columns = ColumnList::new("texts");
    columns.u32(rows.iter().map(|row| row.0));
    columns.u32(rows.iter().map(|row| row.1));
    columns.u64(rows.iter().map(|row| row.2));
    columns.u64(rows.iter().map(|row| row.3.uses));
    columns.i64(rows.iter().map(|row| row.3.first.time_us));
    columns.u32(rows.iter().map(|row| row.3.first.way));
    columns.i64(rows.iter().map(|row| row.3.last.time_us));
    columns.u32(rows.iter().map(|row| row.3.last.way));
    columns.u32(rows.iter().map(|row| row.3.bytes));
    columns.picks(|| rows.iter().map(|row| &row.3.pick));
    columns.optional_texts(rows.iter().map(|row| row.3.excerpt.as_deref()));
    columns.u32(rows.iter().map(|row| number(row.3.fragments.len())));
    for words in 0..4 {
        columns.u64(rows.iter().map(|row| row.3.topic.to_numbers()[words]));
    }
    Ok(TextTables {
        texts: columns.frame(rows.len())?,
        text_patterns: pattern_tables::of_texts(rows.iter().map(|row| &*row.3.rules))?,
        turned_away: turned_away_frame(rows.iter().map(|row| row.3.turned_away_us))?,
        fragments,
    })
}

fn samples_frame(sorted: &[&Account]) -> Result<DataFrame> {
    let rows = || {
        sorted
            .iter()
            .enumerate()
            .flat_map(|(index, account)| account.samples.iter().map(move |pick| (index, pick)))
    };
    let mut columns = ColumnList::new("samples");
    columns.u32(rows().map(|row| number(row.0)));
    columns.picks(|| rows().map(|row| row.1));
    columns.frame(rows().count())
}

fn thinned_frame(sorted: &[&Account]) -> Result<DataFrame> {
    let rows = || entries(sorted).filter(|(_, _, entry)| entry.body.is_none());
    let mut columns = ColumnList::new("thinned_texts");
    columns.u32(rows().map(|row| row.0));
    columns.u32(rows().map(|row| row.1));
    columns.u64(rows().map(|row| row.2.hash));
    columns.frame(rows().count())
}
