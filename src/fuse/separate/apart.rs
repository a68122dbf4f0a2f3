//! Sides of a cluster that have keys and a template of their own, however many templates both send.
//!
//! Accounts that payers and identities tie go with one side. Addresses do not decide that: the home of
//! anybody may be in a pool of proxies. But where they join the sides nearly as often as if these were
//! drawn at random, the sides share a pool and are one.
//!
//! A template marks a side where most of the accounts of each group of keys send it; the rest must
//! have a template that the marked side does not send, by a test that allows for every pair of
//! templates compared. A key between an account that sends the one and an account that sends only
//! the other makes them one campaign, and a system prompt of both sides speaks for one operator.

use super::common::{Inner, Template, as_set, common};
use super::{APART, OWN_SHARE};
use crate::stats::components::Components;
use crate::stats::tail::binomial_lower_log2;

/// One in a thousand after every pair of 64 templates (10 + 12 bits).
const APART_BITS: f64 = 22.0;

/// Share of a side that its own template must reach (ours): an operator with two purposes has one for
/// each half of its accounts, and some of these are not in the sample.
const ALONE_SHARE: f64 = 1.0 / 3.0;

/// The two sides (positions, ascending), larger first; none where nothing separates.
pub(super) fn sides(inner: &Inner, minimum: usize) -> Vec<Vec<usize>> {
    let ties = Ties::of(inner);
    let prompts = || {
        inner
            .templates
            .iter()
            .filter(|template| template.may_bridge)
    };
    let systems = || {
        inner
            .templates
            .iter()
            .filter(|template| !template.may_bridge)
    };
    for template in prompts() {
        let Some((here, rest)) = Side::marked(&ties, template, inner.size) else {
            continue;
        };
        let both = |system: &Template| {
            [&here, &rest]
                .iter()
                .all(|side| side.share(system) >= OWN_SHARE)
        };
        if here.size < minimum || rest.size < minimum || systems().any(both) {
            continue;
        }
        let is_own = here.has_alone(template, &rest);
        let other = |other: &Template| {
            rest.has_alone(other, &here)
                && !here.holds_only(other, template, &ties)
                && !rest.holds_only(template, other, &ties)
        };
        if is_own && !here.shares_places(&rest, inner) && prompts().any(other) {
            let mut sides = vec![here.positions(), rest.positions()];
            sides.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
            return sides;
        }
    }
    Vec::new()
}

/// Some of the accounts.
struct Side {
    size: usize,
    set: Vec<u64>,
}

impl Side {
    /// The accounts in whose groups of keys most send a template, and the others; nothing where
    /// keys tie hardly any of either.
    fn marked(ties: &Ties, template: &Template, size: usize) -> Option<(Self, Self)> {
        let marked = ties.marked_by(template);
        let (here, rest): (Vec<usize>, Vec<usize>) =
            (0..size).partition(|at| marked.get(*at) == Some(&true));
        (ties.hold(&here) && ties.hold(&rest)).then(|| {
            let side = |positions: Vec<usize>| Side {
                size: positions.len(),
                set: as_set(&positions, size),
            };
            (side(here), side(rest))
        })
    }

    fn positions(&self) -> Vec<usize> {
        (0..self.set.len() * 64)
            .filter(|at| self.contains(*at))
            .collect()
    }

    fn contains(&self, at: usize) -> bool {
        self.set
            .get(at / 64)
            .is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// Share of the side that sends a template.
    fn share(&self, template: &Template) -> f64 {
        f64::from(common(&self.set, &template.set)) / self.size.max(1) as f64
    }

    /// Whether a third of the side send a template, and the other side does not, though it is large
    /// enough to show it.
    fn has_alone(&self, template: &Template, other: &Side) -> bool {
        let (ours, theirs) = (self.share(template), other.share(template));
        // As if one more account of the side did not send it: no share is certain.
        let likely = ours * self.size as f64 / (self.size as f64 + 1.0);
        let senders = u64::from(common(&other.set, &template.set));
        ours >= ALONE_SHARE
            && theirs < APART * ours
            && -binomial_lower_log2(senders, other.size as u64, likely) >= APART_BITS
    }

    /// Whether addresses of several accounts join the two sides, of which every account is of one.
    fn shares_places(&self, other: &Side, inner: &Inner) -> bool {
        let share = self.size as f64 / (self.size + other.size).max(1) as f64;
        let (mut joining, mut by_chance) = (0_u32, 0.0);
        for inside in &inner.places {
            let here = inside.iter().filter(|at| self.contains(**at)).count();
            joining += u32::from(here > 0 && here < inside.len());
            let users = i32::try_from(inside.len()).unwrap_or(i32::MAX);
            by_chance += 1.0 - share.powi(users) - (1.0 - share).powi(users);
        }
        f64::from(joining) >= APART * by_chance.max(1.0)
    }

    /// Whether keys tie an account to this side that sends one template and not the other.
    fn holds_only(&self, sent: &Template, unsent: &Template, ties: &Ties) -> bool {
        sent.inside.iter().any(|at| {
            self.contains(*at) && ties.size_of(*at) >= 2 && unsent.inside.binary_search(at).is_err()
        })
    }
}

/// Accounts tied by keys.
struct Ties {
    /// For each position the group of keys it belongs to.
    group: Vec<usize>,
    /// Accounts of each group.
    sizes: Vec<usize>,
    /// Whether a key or an address is another account's as well.
    tied: Vec<bool>,
}

impl Ties {
    fn of(inner: &Inner) -> Self {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let mut components = Components::new(number(inner.size));
        for inside in &inner.keys {
            if let Some((first, others)) = inside.split_first() {
                for other in others {
                    components.link(number(*first), number(*other));
                }
            }
        }
        let group: Vec<usize> = (0..inner.size)
            .map(|at| components.label(number(at)) as usize)
            .collect();
        let mut sizes = vec![0; inner.size];
        for label in &group {
            if let Some(size) = sizes.get_mut(*label) {
                *size += 1;
            }
        }
        let mut tied = vec![false; inner.size];
        for at in inner.keys.iter().chain(&inner.places).flatten() {
            if let Some(tied) = tied.get_mut(*at) {
                *tied = true;
            }
        }
        Ties { group, sizes, tied }
    }

    fn size_of(&self, at: usize) -> usize {
        let label = self.group.get(at).copied().unwrap_or(0);
        self.sizes.get(label).copied().unwrap_or(0)
    }

    /// For each position whether most of its group send a template.
    fn marked_by(&self, template: &Template) -> Vec<bool> {
        let mut senders = vec![0_usize; self.sizes.len()];
        for at in &template.inside {
            if let Some(count) = self
                .group
                .get(*at)
                .and_then(|label| senders.get_mut(*label))
            {
                *count += 1;
            }
        }
        (0..self.group.len())
            .map(|at| {
                let label = self.group.get(at).copied().unwrap_or(0);
                let sending = senders.get(label).copied().unwrap_or(0) as f64;
                sending >= OWN_SHARE * self.size_of(at) as f64
            })
            .collect()
    }

    /// Whether keys or addresses tie most accounts of a side to another.
    fn hold(&self, side: &[usize]) -> bool {
        let tied = side.iter().filter(|at| self.tied.get(**at) == Some(&true));
        tied.count() as f64 >= OWN_SHARE * side.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sixty accounts, of which the first `small` are of one hand; keys tie every second account
    /// to its neighbour, on one side only.
    struct World {
        inner: Inner,
        small: usize,
    }

    fn world(small: usize) -> World {
        let size = 60;
        let pairs = (0..size - 1)
            .filter(|at| *at + 1 != small)
            .map(|at| vec![at, at + 1])
            .collect();
        World {
            inner: Inner {
                size,
                templates: Vec::new(),
                places: Vec::new(),
                keys: pairs,
            },
            small,
        }
    }

    impl World {
        fn template(&mut self, may_bridge: bool, sends: impl Fn(usize, bool) -> bool) {
            let inside: Vec<usize> = (0..self.inner.size)
                .filter(|at| sends(*at, *at < self.small))
                .collect();
            self.inner.templates.push(Template {
                may_bridge,
                set: as_set(&inside, self.inner.size),
                inside,
            });
        }
    }

    #[test]
    fn own_keys_and_own_templates_are_two_campaigns_however_many_templates_both_send() {
        let mut world = world(12);
        for part in 2..8 {
            world.template(true, |at, _| at % part != 0);
        }
        world.template(true, |_, small| small);
        world.template(true, |at, small| !small && at % 6 != 0);
        let sides = sides(&world.inner, 3);
        assert_eq!(sides.len(), 2);
        assert_eq!(sides[1], (0..12).collect::<Vec<_>>());
        // A key of both makes them one.
        world.inner.keys.push(vec![11, 13]);
        assert!(super::sides(&world.inner, 3).is_empty());
    }

    #[test]
    fn a_side_without_a_template_of_its_own_stays() {
        let mut world = world(12);
        world.template(true, |_, _| true);
        world.template(true, |_, small| small);
        assert!(sides(&world.inner, 3).is_empty());
        // One that half of the rest sends is missed by twelve accounts too easily by chance.
        world.template(true, |at, small| !small && at % 2 == 0);
        assert!(sides(&world.inner, 3).is_empty());
        world.template(true, |_, small| !small);
        assert_eq!(sides(&world.inner, 3).len(), 2);
    }

    #[test]
    fn a_system_prompt_of_both_sides_is_one_operator() {
        let mut world = world(20);
        world.template(true, |_, small| small);
        world.template(true, |_, small| !small);
        assert_eq!(sides(&world.inner, 3).len(), 2);
        world.template(false, |_, _| true);
        assert!(sides(&world.inner, 3).is_empty());
    }

    #[test]
    fn one_pool_of_addresses_is_one_campaign_and_a_chance_neighbour_is_not() {
        let mut world = world(20);
        world.template(true, |_, small| small);
        world.template(true, |_, small| !small);
        world.inner.places = (0..30).map(|at| vec![at, at + 1]).collect();
        assert_eq!(sides(&world.inner, 3).len(), 2);
        world.inner.places = (0..20).map(|at| vec![at, at + 20, at + 40]).collect();
        assert!(sides(&world.inner, 3).is_empty());
    }

    #[test]
    fn accounts_that_no_key_ties_are_not_taken_apart() {
        let mut world = world(20);
        world.inner.keys.clear();
        world.template(true, |_, small| small);
        world.template(true, |_, small| !small);
        assert!(sides(&world.inner, 3).is_empty());
    }
}
