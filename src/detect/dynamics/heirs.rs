//! Who could have followed a closed account: those of its group that share something small with it.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::detect::dynamics::waves::Closed;
use crate::detect::group::Group;
use crate::detect::population::Population;
use crate::model::finding::Family;

/// For each closed account those that share a small key with it (a card, an address, a mailbox
/// series), as successors; `closed` ascends by account.
#[must_use]
pub fn by_key(population: &Population<'_>, group: &Group, closed: &[(u32, i64)]) -> Vec<Closed> {
    let mut kin = Kin::new(population, group, closed);
    for layer in population
        .layers
        .iter()
        .filter(|layer| layer.family != Family::Content && layer.family != Family::Client)
        .filter(|layer| !layer.is_for_leads() && !layer.is_listed_only())
    {
        for index in 0..layer.len() {
            kin.add(layer.group(index));
        }
    }
    kin.closed()
}

/// For each closed account those that do a part of the work that was its: the same texts, texts
/// nearly the same, or a template, each of at most half of the group.
#[must_use]
pub fn by_work(population: &Population<'_>, group: &Group, closed: &[(u32, i64)]) -> Vec<Closed> {
    let mut users: Vec<((u8, u64), u32)> = Vec::new();
    for account in &group.accounts {
        for prompt in population.prompts.of(*account) {
            users.push(((0, prompt.hash), *account));
            users.extend(prompt.near.map(|set| ((1, u64::from(set)), *account)));
            users.extend(
                prompt
                    .template
                    .map(|template| ((2, u64::from(template)), *account)),
            );
        }
    }
    users.sort_unstable();
    users.dedup();
    let mut kin = Kin::new(population, group, closed);
    for work in users.chunk_by(|a, b| a.0 == b.0) {
        // What most of the group does is nobody's part of its work.
        if 2 * work.len() <= group.accounts.len() {
            let accounts: Vec<u32> = work.iter().map(|(_, account)| *account).collect();
            kin.add(&accounts);
        }
    }
    kin.closed()
}

/// Successors by closed account.
struct Kin<'a> {
    population: &'a Population<'a>,
    group: &'a Group,
    closed: &'a [(u32, i64)],
    by_account: FxHashMap<u32, Vec<u32>>,
}

impl<'a> Kin<'a> {
    fn new(population: &'a Population<'a>, group: &'a Group, closed: &'a [(u32, i64)]) -> Self {
        Self {
            population,
            group,
            closed,
            by_account: FxHashMap::default(),
        }
    }

    /// Those who share one thing, ascending: unless they are many, each could follow each.
    fn add(&mut self, accounts: &[u32]) {
        if accounts.len() > self.population.hub_degree {
            return;
        }
        let inside: Vec<u32> = accounts
            .iter()
            .filter(|account| self.group.accounts.binary_search(account).is_ok())
            .copied()
            .collect();
        for account in &inside {
            if self
                .closed
                .binary_search_by_key(account, |(closed, _)| *closed)
                .is_ok()
            {
                self.by_account
                    .entry(*account)
                    .or_default()
                    .extend(inside.iter().filter(|other| *other != account));
            }
        }
    }

    fn closed(mut self) -> Vec<Closed> {
        self.closed
            .iter()
            .filter_map(|(account, at_us)| {
                let mut kin = self.by_account.remove(account)?;
                kin.sort_unstable();
                kin.dedup();
                let mut arrivals: Vec<i64> = kin
                    .iter()
                    .map(|other| self.population.first(*other))
                    .collect();
                arrivals.sort_unstable();
                Some(Closed {
                    at_us: *at_us,
                    arrivals_us: Rc::new(arrivals),
                })
            })
            .collect()
    }
}
