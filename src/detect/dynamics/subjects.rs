//! Whether an account's prompts are about things that have as little to do with each other as
//! the prompts of strangers.
//!
//! Measured in chosen words that two prompts have in common, everyday words left out. The log
//! itself tells what one person's prompts have in common and what those of two strangers have;
//! where these lie close together, nothing is told.

use crate::detect::population::Population;
use crate::stats::tail::{poisson_lower_log2, poisson_upper_log2};

/// A word that more than one in so many prompts hold says nothing about the subject (ours).
const EVERYDAY: u64 = 200;

/// Words of fewer prompts than these are no everyday words, however small the log: they may all be
/// of one person, of whom up to twice as many are sampled (ours).
const FEWEST_EVERYDAY: u64 = 32;

/// Fewest prompts of an account for the common measure of one person's: 28 pairs (ours).
const FEWEST_TEXTS: usize = 8;

/// An account is judged where the typical account would be taken for strangers, and strangers for
/// it, no more often than this (ours, the usual level).
const MISTAKEN: f64 = 0.05;

/// What is told of the accounts' subjects.
#[derive(Debug, Clone, PartialEq)]
pub struct Subjects {
    /// Whether an account's prompts are as unrelated as strangers'; `None` where it has too few.
    pub unrelated: Vec<Option<bool>>,
    /// Words in common per pair of prompts of the typical account.
    pub typical: f64,
    /// Words in common per pair of prompts of two accounts.
    pub strangers: f64,
}

/// Prompts of one account and the words that pairs of them have in common.
#[derive(Debug, Clone, Copy, Default)]
struct Own {
    texts: usize,
    pairs: u64,
    shared: u64,
}

impl Own {
    fn per_pair(self) -> f64 {
        self.shared as f64 / self.pairs.max(1) as f64
    }
}

fn pairs(count: u64) -> u64 {
    count * count.saturating_sub(1) / 2
}

/// Looks at the prompts that follow no template; `Err` says why subjects cannot be told.
///
/// # Errors
/// Where no account has enough prompts, or one person's have hardly more in common than strangers'.
pub fn subjects(population: &Population<'_>) -> Result<Subjects, String> {
    let free = |account: u32| {
        population
            .prompts
            .of(account)
            .iter()
            .filter(|prompt| prompt.template.is_none())
    };
    let mut holders = vec![0_u64; 1 << 16];
    let mut texts = 0_u64;
    for prompt in population.accounts().flat_map(free) {
        texts += 1;
        for code in prompt.topic.codes() {
            holders[usize::from(code)] += 1;
        }
    }
    let most = (texts / EVERYDAY).max(FEWEST_EVERYDAY);
    let telling = |code: u16| holders[usize::from(code)] <= most;
    let own: Vec<Own> = population
        .accounts()
        .map(|account| {
            let mut codes: Vec<u16> = free(account)
                .flat_map(|prompt| prompt.topic.codes())
                .filter(|code| telling(*code))
                .collect();
            codes.sort_unstable();
            let shared = codes
                .chunk_by(|a, b| a == b)
                .map(|same| pairs(same.len() as u64))
                .sum();
            let texts = free(account).count();
            Own {
                texts,
                pairs: pairs(texts as u64),
                shared,
            }
        })
        .collect();
    let mut rates: Vec<f64> = own
        .iter()
        .filter(|own| own.texts >= FEWEST_TEXTS)
        .map(|own| own.per_pair())
        .collect();
    rates.sort_unstable_by(f64::total_cmp);
    let Some(typical) = rates.get(rates.len() / 2).copied() else {
        return Err(format!(
            "no account has {FEWEST_TEXTS} sampled prompts that follow no template, so their subjects cannot be compared"
        ));
    };
    let everything: u64 = (0..=u16::MAX)
        .filter(|code| telling(*code))
        .map(|code| pairs(holders[usize::from(code)]))
        .sum();
    let within: u64 = own.iter().map(|own| own.shared).sum();
    let across = pairs(texts) - own.iter().map(|own| own.pairs).sum::<u64>();
    let strangers = (everything - within) as f64 / across.max(1) as f64;
    let limit = (typical * strangers).sqrt();
    let judged: Vec<bool> = own
        .iter()
        .map(|own| is_told_apart(own.pairs, typical, strangers, limit))
        .collect();
    if across == 0 || typical <= strangers || !judged.contains(&true) {
        return Err(format!(
            "prompts of one account have {typical:.3} words in common per pair, those of two accounts {strangers:.3}: too close to tell subjects by in samples of this size"
        ));
    }
    let unrelated = own
        .into_iter()
        .zip(judged)
        .map(|(own, judged)| judged.then(|| own.per_pair() <= limit))
        .collect();
    Ok(Subjects {
        unrelated,
        typical,
        strangers,
    })
}

/// Whether so many pairs tell one person from strangers: words in common as Poisson counts.
fn is_told_apart(pairs: u64, typical: f64, strangers: f64, limit: f64) -> bool {
    let pairs = pairs as f64;
    let most = (limit * pairs).floor() as u64;
    let level = MISTAKEN.log2();
    poisson_lower_log2(most, typical * pairs) <= level
        && poisson_upper_log2(most + 1, strangers * pairs) <= level
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::World;
    use crate::stats::random::Random;
    use crate::text::TopicWords;

    /// Accounts with ten prompts of eight words: two of five of the person's own and the rest of
    /// everybody's; accounts from `mixed` on draw each prompt from another person's.
    fn world(accounts: u32, mixed: u32, own_words: bool) -> World {
        let mut random = Random::new(7);
        let mut world = World::new(accounts as usize, &["m"]);
        for account in 0..accounts {
            for text in 0..10 {
                let person = if account >= mixed {
                    random.below(100_000)
                } else {
                    u64::from(account)
                };
                let words: Vec<u64> = (0..8)
                    .map(|place| match place {
                        0 | 1 if own_words => 20_000 + (person * 5 + random.below(5)) % 40_000,
                        2 => 5,
                        _ => 100 + random.below(10_000),
                    })
                    .collect();
                world.say(account, u64::from(account) * 100 + text, 1, (0, 0));
                world.about(TopicWords::from_hashes(&words));
            }
        }
        world
    }

    #[test]
    fn whoever_relays_strangers_is_told_from_one_person() {
        let world = world(400, 380, true);
        let told = subjects(&world.population()).unwrap();
        let unrelated = |range: std::ops::Range<usize>| {
            told.unrelated[range]
                .iter()
                .filter(|told| **told == Some(true))
                .count()
        };
        assert!(told.typical > 20.0 * told.strangers, "{told:?}");
        assert_eq!(unrelated(0..380), 0);
        assert!(unrelated(380..400) >= 19);
    }

    #[test]
    fn what_cannot_be_told_is_said() {
        let alike = subjects(&world(400, 400, false).population()).unwrap_err();
        assert!(alike.contains("too close to tell"), "{alike}");
        let empty = World::new(3, &["m"]);
        let few = subjects(&empty.population()).unwrap_err();
        assert!(few.contains("no account has 8 sampled prompts"), "{few}");
    }

    #[test]
    fn an_account_with_few_prompts_is_not_judged() {
        let mut world = world(100, 100, true);
        world.say(99, 1 << 40, 1, (0, 0));
        world
            .prompts
            .retain(|(account, prompt)| *account != 99 || prompt.hash == 1 << 40);
        let told = subjects(&world.population()).unwrap();
        assert_eq!(told.unrelated[99], None);
        assert_eq!(told.unrelated[0], Some(false));
    }

    #[test]
    fn the_closer_the_measures_the_more_prompts_it_takes() {
        let told = |pairs, typical: f64, strangers: f64| {
            is_told_apart(pairs, typical, strangers, (typical * strangers).sqrt())
        };
        assert!(told(30, 0.4, 0.01) && !told(5, 0.4, 0.01));
        assert!(told(2016, 0.1, 0.05) && !told(190, 0.1, 0.05));
        assert!(!told(2016, 0.1, 0.09));
    }
}
