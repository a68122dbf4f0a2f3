//! Building frames column by column in the order of the documentation.

use anyhow::{Context, Result};
use polars::prelude::{
    Column, DataFrame, IntoColumn, NamedFrom, NewChunkedArray, Series, StringChunked,
};

use crate::digest::documentation::{StoredTable, table};
use crate::digest::intern::{Interner, StringId};
use crate::digest::row::Pick;

/// Numbers of interned strings in the order of their texts, and back.
pub(crate) struct Ranks {
    pub(crate) order: Vec<StringId>,
    ranks: Vec<u32>,
}

impl Ranks {
    pub(crate) fn of(strings: &Interner, keep: impl Fn(StringId) -> bool) -> Self {
        let order: Vec<StringId> = strings
            .sorted()
            .into_iter()
            .filter(|&id| keep(id))
            .collect();
        let mut ranks = vec![u32::MAX; strings.len()];
        for (rank, &id) in (0_u32..).zip(&order) {
            if let Some(slot) = ranks.get_mut(id as usize) {
                *slot = rank;
            }
        }
        Self { order, ranks }
    }

    pub(crate) fn rank(&self, id: StringId) -> u32 {
        self.ranks.get(id as usize).copied().unwrap_or(u32::MAX)
    }
}

/// Columns of a documented table, added in its order.
pub(crate) struct ColumnList {
    table: Option<&'static StoredTable>,
    columns: Vec<Column>,
}

impl ColumnList {
    /// For the documented table of this name.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            table: table(name),
            columns: Vec::new(),
        }
    }

    fn name(&self) -> &'static str {
        self.table
            .and_then(|table| table.columns.get(self.columns.len()))
            .map_or("", |column| column.name)
    }

    pub(crate) fn u32(&mut self, values: impl Iterator<Item = u32>) {
        self.columns
            .push(Series::new(self.name().into(), values.collect::<Vec<u32>>()).into_column());
    }

    pub(crate) fn u64(&mut self, values: impl Iterator<Item = u64>) {
        self.columns
            .push(Series::new(self.name().into(), values.collect::<Vec<u64>>()).into_column());
    }

    pub(crate) fn i64(&mut self, values: impl Iterator<Item = i64>) {
        self.columns
            .push(Series::new(self.name().into(), values.collect::<Vec<i64>>()).into_column());
    }

    pub(crate) fn booleans(&mut self, values: impl Iterator<Item = bool>) {
        self.columns
            .push(Series::new(self.name().into(), values.collect::<Vec<bool>>()).into_column());
    }

    pub(crate) fn texts<S: AsRef<str>>(&mut self, values: impl Iterator<Item = S>) {
        self.columns
            .push(StringChunked::from_iter_values(self.name().into(), values).into_column());
    }

    pub(crate) fn optional_texts<S: AsRef<str>>(
        &mut self,
        values: impl Iterator<Item = Option<S>>,
    ) {
        self.columns
            .push(StringChunked::from_iter_options(self.name().into(), values).into_column());
    }

    /// The five columns of a sample request: file, row, request_id, own_id, priority.
    pub(crate) fn picks<'a, I: Iterator<Item = &'a Pick>>(&mut self, picks: impl Fn() -> I) {
        self.u32(picks().map(|pick| pick.place.file));
        self.u64(picks().map(|pick| pick.place.row));
        self.texts(picks().map(|pick| match &pick.place.request_id {
            Some(id) => std::borrow::Cow::Borrowed(&**id),
            None => format!("{}:{}", pick.place.file, pick.place.row).into(),
        }));
        self.booleans(picks().map(|pick| pick.place.request_id.is_some()));
        self.u64(picks().map(|pick| pick.priority));
    }

    pub(crate) fn frame(self, rows: usize) -> Result<DataFrame> {
        let name = self.table.map_or("unknown", |table| table.name);
        DataFrame::new(rows, self.columns)
            .with_context(|| format!("cannot build the digest table {name}"))
    }
}
