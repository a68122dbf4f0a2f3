//! Groups that ask for one capability far more than the rest of the log does.
//!
//! # Looks for
//! The capability (grading, reasoning, rewriting, agentic coding, ...) whose cues stand in
//! the largest share of the group's requests, where that share is at least twice what other
//! accounts as busy have.
//!
//! # Why
//! The February 2026 disclosure tells campaigns from ordinary use by volume, structure and a
//! narrow focus on one capability.
//!
//! # Null model
//! Each account is as if drawn at random among other accounts of the log with as many
//! requests; the capability is the best of those that the packs name, which is paid for.
//!
//! # Innocent look-alikes
//! A company with one product, a class with one assignment, an annotation vendor: every
//! group with a common task has a common focus. Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! requests.prompt or requests.system_prompt.
//!
//! # Limits
//! Sees what the pattern packs have words for. A request that matches several rules of a
//! capability is counted once, so shares are lower bounds.

use crate::detect::content::capability::Capabilities;
use crate::detect::group::{Group, GroupFinding, GroupTest, Look, Prepared, Standing};
use crate::detect::matched::{Comparison, Matched};
use crate::detect::population::Population;
use crate::detect::{Meta, Need};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "content/capability-focus",
    title: "Groups that ask for one capability far more than the rest of the log does",
    families: &[Family::Content],
    version: 1,
    needs: &[
        Need::Request(RequestColumn::Prompt),
        Need::Request(RequestColumn::SystemPrompt),
    ],
    source: include_str!("capability_focus.rs"),
};

/// Fewest accounts of a group.
const FEWEST_ACCOUNTS: usize = 5;

/// The share must be this many times what accounts as busy have.
const MINIMUM_RATIO: f64 = 2.0;

/// The test.
pub struct CapabilityFocus;

impl GroupTest for CapabilityFocus {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn blocked(&self, population: &Population<'_>) -> Option<String> {
        population
            .capabilities
            .requests
            .is_empty()
            .then(|| "no request matches a rule of the pattern packs".to_owned())
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let matched = Matched::new(&population.requests);
        let focus = Focus {
            capabilities: &population.capabilities,
            requests: &population.requests,
        };
        Prepared {
            partial: Vec::new(),
            look: Box::new(move |group| look(&focus, &matched, group)),
        }
    }
}

/// Shares of requests by account and capability.
struct Focus<'a> {
    capabilities: &'a Capabilities,
    requests: &'a [u64],
}

impl Focus<'_> {
    fn share(&self, account: u32, capability: u16) -> f64 {
        let found = &self.capabilities.requests;
        let key = |at: usize| found.get(at).map(|one| (one.account, one.capability));
        let at = found.partition_point(|one| (one.account, one.capability) < (account, capability));
        if key(at) != Some((account, capability)) {
            return 0.0;
        }
        let all = self.requests.get(account as usize).copied().unwrap_or(0);
        found.get(at).map_or(0.0, |one| one.requests as f64) / all.max(1) as f64
    }
}

fn look(focus: &Focus<'_>, matched: &Matched, group: &Group) -> Look {
    if group.accounts.len() < FEWEST_ACCOUNTS {
        return Look::untested("too few accounts of the group");
    }
    let names = focus.capabilities.names.len();
    let mut best: Option<(Comparison, u16)> = None;
    for capability in (0..names).filter_map(|index| u16::try_from(index).ok()) {
        let share = |account: u32| focus.share(account, capability);
        if group.accounts.iter().all(|account| share(*account) <= 0.0) {
            continue;
        }
        if let Some(found) = matched.compare(&group.accounts, |_| 1.0, share)
            && best.as_ref().is_none_or(|best| found.bits > best.0.bits)
        {
            best = Some((found, capability));
        }
    }
    let Some((found, capability)) = best
        .filter(|(found, _)| found.bits > 0.0 && found.measured >= MINIMUM_RATIO * found.expected)
    else {
        return Look::default();
    };
    let name = focus.capabilities.name(capability);
    Look {
        findings: vec![GroupFinding {
            family: Family::Content,
            standing: Standing::Weak,
            about: name.to_owned(),
            accounts: group
                .accounts
                .iter()
                .copied()
                .filter(|account| focus.share(*account, capability) > found.expected)
                .collect(),
            bits: found.bits,
            tried: names as u64,
            measure: format!("mean share of an account's requests with cues for {name}"),
            measured: found.measured,
            expected: found.expected,
            n: found.members,
            threshold: MINIMUM_RATIO * found.expected,
            statement: format!(
                "on average {:.0} % of the requests of {} accounts hold cues for {name}; {:.1} % expected from accounts as busy",
                found.measured * 100.0,
                found.members,
                found.expected * 100.0
            ),
            null_model: format!(
                "each account as if drawn among {} other accounts of the log with as many requests",
                found.others
            ),
            innocent:
                "a company with one product, a class with one assignment, or an annotation vendor"
                    .to_owned(),
            would_clear: "a product or a task that all of them are known to work on".to_owned(),
            first_us: None,
            last_us: None,
            dates: Vec::new(),
        }],
        partial: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::content::capability::Matched as Cued;
    use crate::detect::test_world::{
        World, assert_keeps_its_level, assert_stands_out_and_is_weak, look_at,
    };
    use crate::stats::random::Random;

    fn world(focused: u32, seed: u64) -> World {
        let mut random = Random::new(seed);
        let mut world = World::new(600, &["m"]);
        world.capabilities.names = vec!["coding".to_owned(), "grading".to_owned()];
        for account in 0..600 {
            world.put(account, 10, 0, 100);
            for capability in 0..2 {
                let requests = if account < focused && capability == 1 {
                    90
                } else {
                    random.below(30)
                };
                world.capabilities.requests.push(Cued {
                    account,
                    capability,
                    requests,
                    rule: 0,
                });
            }
        }
        world
    }

    #[test]
    fn a_group_of_graders_stands_out_and_stays_weak() {
        let world = world(20, 1);
        assert_stands_out_and_is_weak(&CapabilityFocus, &world, 20);
        let look = look_at(&CapabilityFocus, &world, (0..20).collect());
        assert_eq!(look.findings[0].about, "grading");
        assert_eq!(look.findings[0].accounts.len(), 20);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&CapabilityFocus, &world(0, 2));
    }

    #[test]
    fn logs_without_cues_cannot_be_tested() {
        let world = World::new(20, &["m"]);
        assert!(CapabilityFocus.blocked(&world.population()).is_some());
    }
}
