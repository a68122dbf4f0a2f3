//! Groups that try many prompts for a while and then send one of them at scale.
//!
//! # Looks for
//! A day on which the group's requests per day rise at least tenfold, before which its
//! prompts were of many kinds, and after which most are made from one template.
//!
//! # Why
//! A September 2026 disclosure tells of more than 12,000 one-off variants, most of them
//! refused, before the one that worked was amplified.
//!
//! # Null model
//! The day is chosen by volume alone. Given the day, which of the group's prompts were sent
//! before it and which after says nothing of the template they were made from
//! (hypergeometric); the template is the best of those the group uses, which is paid for.
//!
//! # Innocent look-alikes
//! Every product: its prompt is tried out and then launched. Therefore weak: it never counts
//! for a verdict.
//!
//! # Needs
//! requests.prompt.
//!
//! # Limits
//! Of each account four sampled prompts before the day and four after it speak, so that no
//! account speaks for the group. Whether the first ones were refused is not known by prompt.

use std::collections::BTreeMap;

use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::population::{DAY_US, HOUR_US, Population};
use crate::detect::{Meta, Need};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;
use crate::stats::tail::hypergeometric_upper_log2;

static META: Meta = Meta {
    id: "content/recon-then-scale",
    title: "Groups that try many prompts for a while and then send one at scale",
    families: &[Family::Content],
    version: 1,
    needs: &[Need::Request(RequestColumn::Prompt)],
    source: include_str!("recon_then_scale.rs"),
};

/// The rise in requests per day.
const RISE: f64 = 10.0;

/// Fewest days before and after the rise.
const FEWEST_DAYS: usize = 2;

/// Fewest requests, and fewest prompts that speak, before the rise and after it.
const FEWEST_PROMPTS: u64 = 10;

/// Prompts of an account that speak, before and after.
const PER_ACCOUNT: usize = 4;

/// Share of the prompts that the template must have after the rise, and must not have before.
const MAIN_SHARE: f64 = 0.5;

/// The test.
pub struct ReconThenScale;

impl GroupTest for ReconThenScale {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        Prepared {
            partial: Vec::new(),
            look: Box::new(move |group| look(population, group)),
        }
    }
}

/// The first day of the steepest rise, with how steep it is.
fn rise(population: &Population<'_>, group: &Group) -> Option<(i64, f64)> {
    let mut by_day: BTreeMap<i64, u64> = BTreeMap::new();
    for account in &group.accounts {
        for cell in population.cells(*account) {
            let day = cell.hour.div_euclid(DAY_US / HOUR_US);
            *by_day.entry(day).or_default() += u64::from(cell.requests);
        }
    }
    let first = *by_day.keys().next()?;
    let last = *by_day.keys().next_back()?;
    let total: u64 = by_day.values().sum();
    let mut before = 0_u64;
    let mut best: Option<(i64, f64)> = None;
    for (day, requests) in &by_day {
        let (gone, left) = (day - first, last - day + 1);
        let fewest = FEWEST_DAYS as i64;
        if gone >= fewest && left >= fewest && before >= FEWEST_PROMPTS {
            let ratio = ((total - before) as f64 / left as f64) / (before as f64 / gone as f64);
            if best.is_none_or(|best| ratio > best.1) {
                best = Some((*day, ratio));
            }
        }
        before += requests;
    }
    best
}

/// Prompts by template, before the day and after; None stands for no template.
fn by_template(
    population: &Population<'_>,
    group: &Group,
    day: i64,
) -> BTreeMap<Option<u32>, [u64; 2]> {
    let start_us = day.saturating_mul(DAY_US);
    let mut counts: BTreeMap<Option<u32>, [u64; 2]> = BTreeMap::new();
    for account in &group.accounts {
        for (side, slot) in [false, true].into_iter().zip(0_usize..) {
            let of_side = population
                .prompts
                .of(*account)
                .iter()
                .filter(|prompt| (prompt.first_us >= start_us) == side)
                .take(PER_ACCOUNT);
            for prompt in of_side {
                if let Some(count) = counts.entry(prompt.template).or_default().get_mut(slot) {
                    *count += 1;
                }
            }
        }
    }
    counts
}

fn look(population: &Population<'_>, group: &Group) -> Look {
    let Some((day, ratio)) = rise(population, group) else {
        return Look::untested("the group has no two days before and after any day of its work");
    };
    if ratio < RISE {
        return Look::default();
    }
    let counts = by_template(population, group, day);
    let totals = counts.values().fold([0_u64; 2], |sum, count| {
        [sum[0] + count[0], sum[1] + count[1]]
    });
    if totals.iter().any(|total| *total < FEWEST_PROMPTS) {
        return Look::untested(
            "fewer than ten sampled prompts before or after the group's work rose",
        );
    }
    let main = counts
        .iter()
        .filter_map(|(template, count)| Some(((*template)?, *count)))
        .max_by_key(|(template, count)| (count[1], std::cmp::Reverse(*template)));
    let Some((template, [before, after])) = main else {
        return Look::default();
    };
    let share = |count: u64, total: u64| count as f64 / total as f64;
    let (share_before, share_after) = (share(before, totals[0]), share(after, totals[1]));
    if share_after < MAIN_SHARE || share_before > MAIN_SHARE {
        return Look::default();
    }
    let all = totals[0] + totals[1];
    let bits = -hypergeometric_upper_log2(after, all, before + after, totals[1]);
    if bits <= 0.0 {
        return Look::default();
    }
    let start_us = day.saturating_mul(DAY_US);
    Look {
        findings: vec![GroupFinding {
            family: Family::Content,
            standing: Standing::Weak,
            about: String::new(),
            accounts: group
                .accounts
                .iter()
                .copied()
                .filter(|account| {
                    let prompts = population.prompts.of(*account);
                    prompts
                        .iter()
                        .any(|prompt| prompt.template == Some(template))
                })
                .collect(),
            bits,
            tried: counts.len() as u64,
            measure:
                "share of the group's prompts made from its main template, after its work rose"
                    .to_owned(),
            measured: share_after,
            expected: share(before + after, all),
            n: all,
            threshold: MAIN_SHARE,
            statement: format!(
                "the group's work rose {ratio:.0}-fold; its main template made {:.0} % of its prompts before and {:.0} % after",
                share_before * 100.0,
                share_after * 100.0
            ),
            null_model: "which prompts were sent before the rise says nothing of their template"
                .to_owned(),
            innocent: "a product whose prompt was tried out and then launched".to_owned(),
            would_clear: "the product and its launch".to_owned(),
            first_us: Some(start_us),
            last_us: None,
            dates: Vec::new(),
        }],
        partial: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::{
        World, assert_keeps_its_level, assert_stands_out_and_is_weak, look_at,
    };
    use crate::stats::random::Random;

    /// Everybody's work rises on the tenth day; the first accounts settle on one template.
    fn world(settling: u32, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(600, &["m"]);
        for account in 0..600 {
            for day in 0..20 {
                world.put(account, day * 24 + 3, 0, if day < 10 { 1 } else { 40 });
            }
            for text in 0..16_i64 {
                let hour = (text % 2) * 260 + 3;
                world.say(account, random.below(1 << 40), 1, (hour, hour));
                let settled = account < settling && text % 2 == 1;
                let template = if settled { 9 } else { random.below(10) };
                if let Some((_, prompt)) = world.prompts.last_mut() {
                    prompt.template = u32::try_from(template).ok();
                }
            }
        }
        world
    }

    #[test]
    fn a_group_that_settles_on_one_template_stands_out_and_stays_weak() {
        assert_stands_out_and_is_weak(&ReconThenScale, &world(20, 1), 20);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&ReconThenScale, &world(0, 2));
    }

    #[test]
    fn a_log_of_two_days_cannot_be_told() {
        let mut world = World::new(40, &["m"]);
        (0..40).for_each(|account| world.put(account, 1, 0, 90));
        let look = look_at(&ReconThenScale, &world, (0..10).collect());
        assert!(
            look.findings.is_empty() && look.partial.len() == 1,
            "{look:?}"
        );
    }
}
