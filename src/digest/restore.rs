//! From stored tables back to a digest in progress, so that stored digests merge.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use polars::prelude::DataFrame;
use rustc_hash::FxHashMap;

use crate::digest::counters::Cell;
use crate::digest::links::Link;
use crate::digest::partial::Digest;
use crate::digest::pattern_tables;
use crate::digest::row::{Pick, RowPlace};
use crate::digest::tables::{DigestTables, Intake, KeyKind};
use crate::digest::texts::{NEVER, SampledText, TextBody, Use};
use crate::model::coverage::InputFile;
use crate::model::failure::Failure;
use crate::text::TopicWords;

/// Merges finished digests into one, as if all their inputs had been read at once.
///
/// # Errors
/// [`Failure::Usage`] when there is nothing to merge, when the digests were made with
/// different versions or settings, or when an input stands in two of them.
pub fn merge_tables(tables: Vec<DigestTables>) -> Result<DigestTables> {
    let Some(first) = tables.first() else {
        return Err(usage(
            "no digests to merge; name at least one digest folder".to_owned(),
        ));
    };
    for (position, other) in tables.iter().enumerate().skip(1) {
        let differs = if first.about.schema_version != other.about.schema_version
            || first.about.hash != other.about.hash
        {
            "versions of stillhunt"
        } else if first.about.config != other.about.config {
            "[digest] settings"
        } else if first.about.patterns != other.about.patterns {
            let (ours, theirs) = (&first.about.patterns, &other.about.patterns);
            return Err(usage(format!(
                "digests 1 ({}) and {} ({}) were made with different pattern packs and cannot be merged: the first alone has {}, the second alone {}; make them again with the same --patterns",
                shown_inputs(first),
                position + 1,
                shown_inputs(other),
                ours.beyond(theirs),
                theirs.beyond(ours),
            )));
        } else if first.about.quote != other.about.quote {
            "--quote values"
        } else {
            continue;
        };
        return Err(usage(format!(
            "digests 1 ({}) and {} ({}) were made with different {differs} and cannot be merged; make them again alike",
            shown_inputs(first),
            position + 1,
            shown_inputs(other),
        )));
    }
    let (inputs, maps) = joined_inputs(&tables)?;
    let mut intake = Intake {
        inputs,
        ..Intake::default()
    };
    let mut whole: Option<Digest> = None;
    for (table, map) in tables.into_iter().zip(&maps) {
        for reject in &table.about.intake.rejects {
            intake.rejects.push(crate::model::coverage::Reject {
                file: mapped(map, reject.file)?,
                ..reject.clone()
            });
        }
        for count in &table.about.intake.reject_counts {
            let file = mapped(map, count.file)?;
            intake
                .reject_counts
                .push(crate::model::coverage::RejectCount {
                    file,
                    ..count.clone()
                });
        }
        let part = restore(table, map)?;
        whole = Some(match whole {
            Some(whole) => whole.merge(part),
            None => part,
        });
    }
    whole
        .ok_or_else(|| anyhow!("no digest was restored"))?
        .finish(intake)
}

fn usage(text: String) -> anyhow::Error {
    anyhow::Error::from(Failure::Usage(text))
}

fn shown_inputs(tables: &DigestTables) -> String {
    let inputs = &tables.about.intake.inputs;
    match inputs.first() {
        Some(first) if inputs.len() > 1 => format!("{} and {} more", first.name, inputs.len() - 1),
        Some(first) => first.name.clone(),
        None => "no inputs".to_owned(),
    }
}

/// All inputs sorted, and for each digest where its inputs went.
fn joined_inputs(tables: &[DigestTables]) -> Result<(Vec<InputFile>, Vec<Vec<u32>>)> {
    let mut all: Vec<(&InputFile, usize, usize)> = tables
        .iter()
        .enumerate()
        .flat_map(|(table, tables)| {
            tables
                .about
                .intake
                .inputs
                .iter()
                .enumerate()
                .map(move |(file, input)| (input, table, file))
        })
        .collect();
    all.sort_by_key(|(input, table, _)| (&input.sha256, *table));
    for pair in all.windows(2) {
        if let [(one, table, _), (two, other, _)] = pair
            && one.sha256 == two.sha256
            && table != other
            && one.rows_read > 0
        {
            return Err(usage(format!(
                "{} and {} are the same file (SHA-256 {}) in digests {} and {}: its rows would count twice; leave one out",
                one.name,
                two.name,
                one.sha256,
                table + 1,
                other + 1
            )));
        }
    }
    all.sort();
    let mut maps: Vec<Vec<u32>> = tables
        .iter()
        .map(|tables| vec![0; tables.about.intake.inputs.len()])
        .collect();
    for (position, (_, table, file)) in (0_u32..).zip(&all) {
        if let Some(slot) = maps.get_mut(*table).and_then(|map| map.get_mut(*file)) {
            *slot = position;
        }
    }
    Ok((
        all.into_iter().map(|(input, _, _)| input.clone()).collect(),
        maps,
    ))
}

fn mapped(map: &[u32], file: u32) -> Result<u32> {
    map.get(file as usize).copied().ok_or_else(|| {
        anyhow!(
            "a digest names input {file} but lists only {} inputs; make it again",
            map.len()
        )
    })
}

/// Columns of one table as plain vectors.
pub(crate) struct Reader<'a> {
    pub(crate) name: &'static str,
    pub(crate) frame: &'a DataFrame,
}

macro_rules! read_column {
    ($method:ident, $value:ty) => {
        pub(crate) fn $method(&self, column: &str) -> Result<Vec<$value>> {
            let series = self
                .frame
                .column(column)
                .with_context(|| self.place(column))?;
            if series.null_count() > 0 {
                bail!("{} holds nulls", self.place(column));
            }
            let values = series.$method().with_context(|| self.place(column))?;
            Ok(values.iter().flatten().collect())
        }
    };
}

impl Reader<'_> {
    read_column!(u32, u32);
    read_column!(u64, u64);
    read_column!(i64, i64);
    read_column!(bool, bool);

    fn place(&self, column: &str) -> String {
        format!("digest table {}, column {column}", self.name)
    }

    pub(crate) fn texts(&self, column: &str) -> Result<Vec<Option<&str>>> {
        let values = self
            .frame
            .column(column)
            .and_then(|column| column.str())
            .with_context(|| self.place(column))?;
        Ok(values.iter().collect())
    }

    fn topics(&self) -> Result<Vec<TopicWords>> {
        let first = self.u64("words_1")?.into_iter().zip(self.u64("words_2")?);
        let last = self.u64("words_3")?.into_iter().zip(self.u64("words_4")?);
        Ok(first
            .zip(last)
            .map(|((a, b), (c, d))| TopicWords::from_numbers([a, b, c, d]))
            .collect())
    }

    pub(crate) fn picks(&self, map: &[u32]) -> Result<Vec<Pick>> {
        let (files, rows, priorities) =
            (self.u32("file")?, self.u64("row")?, self.u64("priority")?);
        let (ids, own) = (self.texts("request_id")?, self.bool("own_id")?);
        let mut picks = Vec::with_capacity(rows.len());
        for ((((file, row), priority), id), own) in files
            .into_iter()
            .zip(rows)
            .zip(priorities)
            .zip(ids)
            .zip(own)
        {
            let request_id = id.filter(|_| own).map(Box::from);
            picks.push(Pick {
                priority,
                place: Arc::new(RowPlace {
                    file: mapped(map, file)?,
                    row,
                    request_id,
                }),
            });
        }
        Ok(picks)
    }
}

/// The digest in progress that finishes to these tables, with files renumbered.
fn restore(tables: DigestTables, map: &[u32]) -> Result<Digest> {
    let about = &tables.about;
    let mut digest = Digest::new(&about.config, about.quote);
    digest.rows = about.rows;
    digest.unknown_statuses = about.unknown_statuses;
    digest.patterns = about.patterns.clone();
    for (present, column) in digest.present.iter_mut().zip(&about.columns) {
        *present = column.present;
    }
    digest.text_halvings = about.text_halvings;
    digest.text_level = about.text_level;
    digest.links.level = about.link_level;
    digest.moments.level = about.moment_level;
    digest.cells.level = about.cell_hours.trailing_zeros();
    digest.minutes.level = about.minute_width.trailing_zeros();
    for &(minute, requests) in &tables.minutes {
        digest.minutes.add(minute, requests);
    }
    for model in &tables.models {
        digest.models.intern(0, model);
    }
    restore_accounts(&mut digest, &tables)?;
    restore_links(&mut digest, &tables, map)?;
    restore_conversations(&mut digest, &tables)?;
    restore_cells(&mut digest, &tables)?;
    restore_moments(&mut digest, &tables)?;
    restore_texts(&mut digest, &tables, map)?;
    pattern_tables::restore(&mut digest, &tables, map)?;
    let samples = Reader {
        name: "samples",
        frame: &tables.samples,
    };
    for (account, pick) in samples.u32("account")?.into_iter().zip(samples.picks(map)?) {
        if let Some(account) = digest.accounts.get_mut(account as usize) {
            account.samples.push(pick);
        }
    }
    for account in &mut digest.accounts {
        account.samples.sort_by_key(Pick::order);
    }
    Ok(digest)
}

fn restore_accounts(digest: &mut Digest, tables: &DigestTables) -> Result<()> {
    let reader = Reader {
        name: "accounts",
        frame: &tables.accounts,
    };
    for id in reader.texts("account_id")? {
        digest.account_number(id.unwrap_or_default());
    }
    macro_rules! fill {
        ($($method:ident $name:literal $($field:ident).+;)*) => {$(
            for (account, value) in digest.accounts.iter_mut().zip(reader.$method($name)?) {
                account.$($field).+ = value;
            }
        )*};
    }
    fill! {
        u64 "requests" sums.requests;
        u64 "errors" sums.errors;
        u64 "rate_limited" sums.rate_limited;
        u64 "blocked" sums.blocked;
        u64 "refused" sums.refused;
        u64 "prompts" sums.prompts;
        u64 "system_prompts" sums.system_prompts;
        u64 "tool_requests" sums.tool_requests;
        u64 "image_requests" sums.image_requests;
        u64 "stream_requests" sums.stream_requests;
        i64 "first_us" first_us;
        i64 "last_us" last_us;
        i64 "input_tokens" sums.input_tokens;
        i64 "output_tokens" sums.output_tokens;
    }
    Ok(())
}

fn restore_links(digest: &mut Digest, tables: &DigestTables, map: &[u32]) -> Result<()> {
    let keys = Reader {
        name: "keys",
        frame: &tables.keys,
    };
    for (kind, value) in keys.texts("kind")?.into_iter().zip(keys.texts("value")?) {
        let kind = kind
            .and_then(KeyKind::from_name)
            .ok_or_else(|| anyhow!("{}: unknown kind", keys.place("kind")))?;
        digest.keys.intern(kind.tag(), value.unwrap_or_default());
    }
    let reader = Reader {
        name: "links",
        frame: &tables.links,
    };
    let ends = reader.u32("account")?.into_iter().zip(reader.u32("key")?);
    let times = reader
        .i64("first_us")?
        .into_iter()
        .zip(reader.i64("last_us")?);
    let counted = reader.u64("requests")?.into_iter().zip(reader.picks(map)?);
    for (((account, key), (first_us, last_us)), (requests, pick)) in ends.zip(times).zip(counted) {
        digest.links.absorb(
            account,
            key,
            Link {
                requests,
                first_us,
                last_us,
                pick,
            },
        );
    }
    Ok(())
}

fn restore_conversations(digest: &mut Digest, tables: &DigestTables) -> Result<()> {
    let reader = Reader {
        name: "signature_conversations",
        frame: &tables.signature_conversations,
    };
    let whose = reader.u32("account")?.into_iter().zip(reader.u32("key")?);
    let ends = reader
        .u64("smallest")?
        .into_iter()
        .zip(reader.u64("largest")?);
    for ((account, key), ends) in whose.zip(ends) {
        digest.conversations.absorb(account, key, ends);
    }
    Ok(())
}

fn restore_cells(digest: &mut Digest, tables: &DigestTables) -> Result<()> {
    let reader = Reader {
        name: "cells",
        frame: &tables.cells,
    };
    let places = reader
        .u32("account")?
        .into_iter()
        .zip(reader.i64("hour")?)
        .zip(reader.u32("model")?);
    let turned_away = reader
        .u32("rate_limited")?
        .into_iter()
        .zip(reader.u32("blocked")?);
    let counts = reader
        .u32("requests")?
        .into_iter()
        .zip(turned_away)
        .zip(reader.i64("output_tokens")?);
    for (((account, hour), model), ((requests, (rate_limited, blocked)), output_tokens)) in
        places.zip(counts)
    {
        digest.cells.add(
            (account, hour, model),
            Cell {
                requests,
                rate_limited,
                blocked,
                output_tokens,
            },
        );
    }
    Ok(())
}

fn restore_moments(digest: &mut Digest, tables: &DigestTables) -> Result<()> {
    let reader = Reader {
        name: "moments",
        frame: &tables.moments,
    };
    let moments = reader.u32("account")?.into_iter();
    let moments = moments
        .zip(reader.i64("time_us")?)
        .zip(reader.u32("duration_ms")?);
    for ((account, time_us), duration_ms) in moments {
        digest.moments.add((account, time_us, duration_ms));
    }
    Ok(())
}

fn restore_texts(digest: &mut Digest, tables: &DigestTables, map: &[u32]) -> Result<()> {
    let limits = [
        digest.texts_per_account(),
        digest.config.system_texts_per_account,
    ];
    let mut add = |account: u32, role: u32, entry: SampledText| {
        if let Some(account) = digest.accounts.get_mut(account as usize) {
            let (sample, limit) = match role {
                0 => (&mut account.user_texts, limits[0]),
                _ => (&mut account.system_texts, limits[1]),
            };
            digest.texts_held = digest
                .texts_held
                .saturating_add(u64::from(sample.absorb(limit, entry)));
        }
    };
    let thinned = Reader {
        name: "thinned_texts",
        frame: &tables.thinned_texts,
    };
    let places = thinned
        .u32("account")?
        .into_iter()
        .zip(thinned.u32("role")?);
    for ((account, role), hash) in places.zip(thinned.u64("text_hash")?) {
        add(account, role, SampledText { hash, body: None });
    }
    let reader = Reader {
        name: "texts",
        frame: &tables.texts,
    };
    let places = reader
        .u32("account")?
        .into_iter()
        .zip(reader.u32("role")?)
        .zip(reader.u64("text_hash")?);
    let first = uses(&reader, "first_us", "first_way")?;
    let times = first.into_iter().zip(uses(&reader, "last_us", "last_way")?);
    let counts = reader
        .u64("uses")?
        .into_iter()
        .zip(reader.u32("bytes")?)
        .zip(times);
    let shown = reader.picks(map)?.into_iter().zip(reader.texts("excerpt")?);
    let mut rules = pattern_tables::rules_of_texts(tables)?;
    let turned_away = turned_away(tables)?;
    let topics = reader.topics()?;
    for (index, ((((account, role), hash), ((uses, bytes), (first, last))), (pick, excerpt))) in
        places.zip(counts).zip(shown).enumerate()
    {
        let fragments = tables.fragments.of(index).into();
        let topic = topics.get(index).copied().unwrap_or_default();
        let excerpt = excerpt.map(Box::from);
        let body = Some(Box::new(TextBody {
            uses,
            first,
            last,
            turned_away_us: turned_away.get(&index).copied().unwrap_or(NEVER),
            bytes,
            pick,
            fragments,
            topic,
            rules: rules
                .get_mut(index)
                .map(std::mem::take)
                .unwrap_or_default()
                .into(),
            excerpt,
        }));
        add(account, role, SampledText { hash, body });
    }
    Ok(())
}

/// Times and ways of the uses in two columns.
fn uses(reader: &Reader<'_>, times: &'static str, ways: &'static str) -> Result<Vec<Use>> {
    let pairs = reader.i64(times)?.into_iter().zip(reader.u32(ways)?);
    Ok(pairs.map(|(time_us, way)| Use { time_us, way }).collect())
}

/// Time at which the text of a row of `texts` was first turned away.
fn turned_away(tables: &DigestTables) -> Result<FxHashMap<usize, i64>> {
    let reader = Reader {
        name: "turned_away",
        frame: &tables.turned_away,
    };
    let texts = reader.u32("text")?.into_iter().map(|text| text as usize);
    Ok(texts.zip(reader.i64("first_us")?).collect())
}
