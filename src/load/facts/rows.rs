//! What the rows of each account say, and whether it is about accounts at all.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use arrow_array::Array;
use rustc_hash::FxHashMap;

use crate::load::tables::profile;
use crate::model::batch::RequestBatch;
use crate::model::column::{AccountColumn, ColumnType, RequestColumn};
use crate::model::profile::AccountProfile;

/// A column that changes in more than one in so many accounts with several rows is about the
/// requests (ours: cards are replaced and addresses changed, but not in every tenth account of a
/// log).
const CHANGE_ONE_IN: u64 = 10;

/// The same for what changes when an account is closed or pays for more.
const MAY_CHANGE_ONE_IN: u64 = 2;

/// A column and the accounts that have several values of it.
pub(super) type Changing = (AccountColumn, u64);

/// When a row was true and where it stands: microseconds since 1970-01-01 UTC, file and row number.
type Place = (i64, u32, u64);

/// Values by the position of their column, with the last row that has them.
type Held<T> = BTreeMap<usize, (Place, T)>;

/// What the rows of one account say.
#[derive(Debug, Clone, Default)]
struct Facts {
    texts: Held<String>,
    integers: Held<i64>,
    rows: u64,
    /// Positions of columns in which it has had more than one value.
    changed: BTreeSet<usize>,
}

/// What the rows of all accounts say.
#[derive(Debug, Default)]
pub(super) struct Rows {
    by_account: FxHashMap<String, Facts>,
}

/// Keeps the value of the later row; whether there are two.
fn keep<T, V>(held: &mut Held<T>, position: usize, place: Place, value: &V) -> bool
where
    V: ToOwned<Owned = T> + PartialEq + ?Sized,
    T: Borrow<V>,
{
    let Some((last, before)) = held.get_mut(&position) else {
        held.insert(position, (place, value.to_owned()));
        return false;
    };
    let differs = (*before).borrow() != value;
    if place > *last {
        *last = place;
        if differs {
            *before = value.to_owned();
        }
    }
    differs
}

impl Facts {
    fn text(&mut self, position: usize, place: Place, value: &str) {
        if keep(&mut self.texts, position, place, value) {
            self.changed.insert(position);
        }
    }

    fn integer(&mut self, position: usize, place: Place, value: i64) {
        if keep(&mut self.integers, position, place, &value) {
            self.changed.insert(position);
        }
    }
}

impl Facts {
    fn merge(&mut self, other: Self) {
        for (position, (place, text)) in other.texts {
            self.text(position, place, &text);
        }
        for (position, (place, integer)) in other.integers {
            self.integer(position, place, integer);
        }
        self.changed.extend(other.changed);
        self.rows += other.rows;
    }
}

impl Rows {
    pub(super) fn fold(&mut self, batch: &RequestBatch, facts: &[AccountColumn]) {
        // Batches are laid out by position, whatever the table.
        let at = |column: AccountColumn| RequestColumn::ALL.get(column.index()).copied();
        let Some(ids) = at(AccountColumn::AccountId).and_then(|column| batch.text(column)) else {
            return;
        };
        let times = at(AccountColumn::ObservedAt).and_then(|column| batch.integer(column));
        for (row, number) in batch.rows.iter().enumerate() {
            if !ids.is_valid(row) {
                continue;
            }
            let id = ids.value(row);
            let held = match self.by_account.get_mut(id) {
                Some(held) => held,
                None => self.by_account.entry(id.to_owned()).or_default(),
            };
            held.rows += 1;
            let seen_us = times
                .filter(|times| times.is_valid(row))
                .map_or(i64::MIN, |times| times.value(row));
            let place = (seen_us, batch.file, *number);
            for column in facts {
                let Some(position) = at(*column) else {
                    continue;
                };
                match column.column().column_type {
                    ColumnType::Text => {
                        let texts = batch.text(position).filter(|texts| texts.is_valid(row));
                        if let Some(texts) = texts {
                            held.text(column.index(), place, texts.value(row));
                        }
                    }
                    _ => {
                        let values = batch.integer(position);
                        if let Some(values) = values.filter(|values| values.is_valid(row)) {
                            held.integer(column.index(), place, values.value(row));
                        }
                    }
                }
            }
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        // In any order: of two values the one of the later row is kept.
        other.by_account.into_iter().for_each(|(id, facts)| {
            self.by_account.entry(id).or_default().merge(facts);
        });
    }

    /// Which columns are about accounts, and which change with the requests.
    pub(super) fn judge(&self, facts: &[AccountColumn]) -> (Vec<Changing>, Vec<Changing>) {
        let changing = |column: AccountColumn| -> Changing {
            let changed = |facts: &&Facts| facts.changed.contains(&column.index());
            let accounts = self.by_account.values().filter(changed).count();
            (column, accounts as u64)
        };
        let is_about_accounts = |(column, changed): &Changing| {
            let at = column.index();
            let told = |facts: &&Facts| {
                facts.rows > 1
                    && (facts.texts.contains_key(&at) || facts.integers.contains_key(&at))
            };
            let several = self.by_account.values().filter(told).count() as u64;
            let one_in = match column {
                AccountColumn::Status | AccountColumn::CloseReason | AccountColumn::Plan => {
                    MAY_CHANGE_ONE_IN
                }
                _ => CHANGE_ONE_IN,
            };
            changed * one_in <= several
        };
        let all = facts.iter().map(|column| changing(*column));
        all.partition(is_about_accounts)
    }

    /// By id, ascending.
    pub(super) fn accounts(self, taken: &[Changing]) -> Vec<AccountProfile> {
        let is_taken = |column: AccountColumn| taken.iter().any(|(one, _)| *one == column);
        let mut accounts: Vec<AccountProfile> = self
            .by_account
            .into_iter()
            .filter_map(|(id, facts)| {
                let text = |column: AccountColumn| match column {
                    AccountColumn::AccountId => Some(id.clone()),
                    _ if !is_taken(column) => None,
                    _ => facts.texts.get(&column.index()).map(|held| held.1.clone()),
                };
                let integer = |column: AccountColumn| {
                    let held = facts
                        .integers
                        .get(&column.index())
                        .filter(|_| is_taken(column));
                    held.map(|held| held.1)
                };
                profile(text, integer)
            })
            .collect();
        accounts.sort_by(|one, other| one.account_id.cmp(&other.account_id));
        accounts
    }
}
