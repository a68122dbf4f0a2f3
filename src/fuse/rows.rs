//! From positions in the digest back to accounts, rows and times.

use anyhow::Result;

use crate::detect::layer::{Layer, RowSource};
use crate::digest::DigestTables;
use crate::model::finding::Locator;

/// Columns of the digest that the report stage needs row by row.
pub struct Rows {
    /// Account ids.
    pub account_ids: Vec<String>,
    /// Requests by account.
    pub requests: Vec<u64>,
    /// First request by account, microseconds since the epoch.
    pub first_us: Vec<i64>,
    /// Last request by account, microseconds since the epoch.
    pub last_us: Vec<i64>,
    /// Sample rows by account: position of the first in `samples` and the count.
    samples_of: Vec<(usize, usize)>,
    samples: Located,
    links: Located,
    pattern_samples: Located,
    /// (account, rule) of each pattern sample, ascending.
    pattern_places: Vec<(u32, u32)>,
    /// Sampled texts.
    pub texts: Texts,
}

/// Located rows.
struct Located {
    file: Vec<u32>,
    row: Vec<u64>,
    request_id: Vec<String>,
    first_us: Vec<i64>,
    last_us: Vec<i64>,
    uses: Vec<u64>,
}

/// The sampled texts' columns.
pub struct Texts {
    located: Located,
    /// Account number.
    pub account: Vec<u32>,
    /// Whether it is a system prompt.
    pub system: Vec<bool>,
    /// Hash of the text.
    pub text_hash: Vec<u64>,
    /// Masked excerpt, where kept.
    pub excerpt: Vec<Option<String>>,
}

impl Located {
    fn read(frame: &polars::prelude::DataFrame, count: Option<&str>, times: bool) -> Result<Self> {
        let integers = |name: &str| -> Result<Vec<i64>> {
            if times {
                Ok(frame.column(name)?.i64()?.into_no_null_iter().collect())
            } else {
                Ok(Vec::new())
            }
        };
        Ok(Self {
            file: frame.column("file")?.u32()?.into_no_null_iter().collect(),
            row: frame.column("row")?.u64()?.into_no_null_iter().collect(),
            request_id: frame
                .column("request_id")?
                .str()?
                .iter()
                .map(|id| id.unwrap_or_default().to_owned())
                .collect(),
            first_us: integers("first_us")?,
            last_us: integers("last_us")?,
            uses: match count {
                Some(name) => frame.column(name)?.u64()?.into_no_null_iter().collect(),
                None => Vec::new(),
            },
        })
    }

    fn locator(&self, index: usize) -> Option<Locator> {
        Some(Locator {
            file: *self.file.get(index)?,
            row: *self.row.get(index)?,
            request_id: self.request_id.get(index)?.clone(),
        })
    }
}

impl Rows {
    /// Reads the columns.
    ///
    /// # Errors
    /// When a digest table lacks a column, which is an internal error.
    pub fn read(tables: &DigestTables) -> Result<Self> {
        let accounts = &tables.accounts;
        let sample_accounts: Vec<u32> = tables
            .samples
            .column("account")?
            .u32()?
            .into_no_null_iter()
            .collect();
        let mut samples_of = vec![(0, 0); accounts.height()];
        for (index, account) in sample_accounts.iter().enumerate() {
            if let Some(slot) = samples_of.get_mut(*account as usize) {
                if slot.1 == 0 {
                    slot.0 = index;
                }
                slot.1 += 1;
            }
        }
        Ok(Self {
            account_ids: accounts
                .column("account_id")?
                .str()?
                .iter()
                .map(|id| id.unwrap_or_default().to_owned())
                .collect(),
            requests: accounts
                .column("requests")?
                .u64()?
                .into_no_null_iter()
                .collect(),
            first_us: accounts
                .column("first_us")?
                .i64()?
                .into_no_null_iter()
                .collect(),
            last_us: accounts
                .column("last_us")?
                .i64()?
                .into_no_null_iter()
                .collect(),
            samples_of,
            samples: Located::read(&tables.samples, None, false)?,
            links: Located::read(&tables.links, Some("requests"), true)?,
            pattern_samples: Located::read(&tables.pattern_samples, None, false)?,
            pattern_places: tables
                .pattern_samples
                .column("account")?
                .u32()?
                .into_no_null_iter()
                .zip(
                    tables
                        .pattern_samples
                        .column("rule")?
                        .u32()?
                        .into_no_null_iter(),
                )
                .collect(),
            texts: Texts {
                located: Located::read(&tables.texts, Some("uses"), true)?,
                account: tables
                    .texts
                    .column("account")?
                    .u32()?
                    .into_no_null_iter()
                    .collect(),
                system: tables
                    .texts
                    .column("role")?
                    .cast(&polars::prelude::DataType::UInt32)?
                    .u32()?
                    .into_no_null_iter()
                    .map(|role| role != 0)
                    .collect(),
                text_hash: tables
                    .texts
                    .column("text_hash")?
                    .u64()?
                    .into_no_null_iter()
                    .collect(),
                excerpt: tables
                    .texts
                    .column("excerpt")?
                    .str()?
                    .iter()
                    .map(|text| text.map(str::to_owned))
                    .collect(),
            },
        })
    }

    /// A sample row of an account.
    #[must_use]
    pub fn of_account(&self, account: u32) -> Option<Locator> {
        let (start, count) = *self.samples_of.get(account as usize)?;
        if count == 0 {
            None
        } else {
            self.samples.locator(start)
        }
    }

    /// A sample row of an account's requests that match a rule.
    #[must_use]
    pub fn of_pattern(&self, account: u32, rule: u32) -> Option<Locator> {
        let at = self
            .pattern_places
            .partition_point(|place| *place < (account, rule));
        (self.pattern_places.get(at) == Some(&(account, rule)))
            .then(|| self.pattern_samples.locator(at))
            .flatten()
    }

    /// The sampled texts of an account; they stand in the order of accounts.
    pub fn texts_of(&self, account: u32) -> std::ops::Range<u32> {
        let texts = &self.texts.account;
        let start = texts.partition_point(|other| *other < account);
        let end = texts.partition_point(|other| *other <= account);
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        number(start)..number(end)
    }

    /// A sampled text's row.
    #[must_use]
    pub fn of_text(&self, text: u32) -> Option<Locator> {
        self.texts.located.locator(text as usize)
    }

    /// Uses and span of a sampled text.
    #[must_use]
    pub fn text_use(&self, text: u32) -> (u64, i64, i64) {
        let index = text as usize;
        let located = &self.texts.located;
        (
            located.uses.get(index).copied().unwrap_or(0),
            located.first_us.get(index).copied().unwrap_or(0),
            located.last_us.get(index).copied().unwrap_or(0),
        )
    }

    /// Sample row, request count and span of entry `position` of a layer.
    #[must_use]
    pub fn of_entry(&self, layer: &Layer, position: usize) -> Option<(Locator, u64, i64, i64)> {
        let account = *layer.accounts.get(position)? as usize;
        let located = match layer.row_source {
            RowSource::Links => &self.links,
            RowSource::Texts => &self.texts.located,
            RowSource::Accounts => {
                return Some((
                    self.of_account(u32::try_from(account).ok()?)?,
                    *self.requests.get(account)?,
                    *self.first_us.get(account)?,
                    *self.last_us.get(account)?,
                ));
            }
        };
        let index = *layer.rows.get(position)? as usize;
        Some((
            located.locator(index)?,
            *located.uses.get(index)?,
            *located.first_us.get(index)?,
            *located.last_us.get(index)?,
        ))
    }
}
