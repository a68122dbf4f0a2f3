//! Signed reasoning blobs that an account carries from one conversation into others.
//!
//! # Looks for
//! Accounts that send one signed or encrypted reasoning blob in more than one conversation.
//! The use of one blob by several accounts is `dynamics/signature-replay`.
//!
//! # Why
//! The reports of September 2026: saved reasoning blobs are replayed in other conversations,
//! to have them opened or continued. A blob belongs to the conversation it was made in.
//!
//! # Null model
//! The group's accounts are as if drawn at random among other accounts of the log with as
//! many blobs, each of which carries blobs over or does not.
//!
//! # Innocent look-alikes
//! Clients that copy a conversation to branch it, that resume it under a new id, or that log
//! one id per request. Therefore weak: it never counts for a verdict.
//!
//! # Needs
//! requests.reasoning_signature and requests.conversation_id.
//!
//! # Limits
//! More than one conversation is known, not how many. Where the digest was thinned, only the
//! blobs that were kept are looked at.

use crate::detect::group::{GroupTest, Prepared};
use crate::detect::habit::{Habit, Words};
use crate::detect::population::Population;
use crate::detect::{Meta, Need};
use crate::model::column::RequestColumn;
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "dynamics/conversation-replay",
    title: "Signed reasoning blobs that an account carries from one conversation into others",
    families: &[Family::Dynamics],
    version: 1,
    needs: &[Need::Request(RequestColumn::ReasoningSignature)],
    source: include_str!("conversation_replay.rs"),
};

static WORDS: Words = Words {
    family: Family::Dynamics,
    accounts_that: "carry signed reasoning blobs from one conversation into others",
    too_few: "too few accounts of the group send signed reasoning blobs in named conversations",
    reference: "with as many signed reasoning blobs",
    innocent: "a client that branches or resumes conversations under new ids",
    would_clear: "the client, and a second user of it with the same habit",
};

/// The test.
pub struct ConversationReplay;

impl GroupTest for ConversationReplay {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn blocked(&self, population: &Population<'_>) -> Option<String> {
        let none = population.keys.signatures.iter().all(|count| *count == 0);
        none.then(|| "no signed reasoning blob stands in a conversation that has an id".to_owned())
    }

    fn prepare<'a>(&self, population: &'a Population<'a>) -> Prepared<'a> {
        let keys = &population.keys;
        let blobs: Vec<u64> = keys
            .signatures
            .iter()
            .map(|count| u64::from(*count))
            .collect();
        let carries = keys.carried_signatures.iter().map(|count| *count > 0);
        Habit::new(&blobs, carries.collect()).into_test(&WORDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::{
        World, assert_keeps_its_level, assert_stands_out_and_is_weak, look_at,
    };
    use crate::stats::random::Random;

    /// Every account has twenty blobs; the first `replaying` carry some over, of the others one
    /// in ten does.
    fn world(replaying: u32, accounts: u32) -> World {
        let mut random = Random::new(5);
        let mut world = World::new(accounts as usize, &["m"]);
        for account in 0..accounts {
            world.put(account, 10, 0, 100);
            let carries = account < replaying || random.below(10) == 0;
            world.keys.signatures[account as usize] = 20;
            world.keys.carried_signatures[account as usize] = if carries { 4 } else { 0 };
        }
        world
    }

    #[test]
    fn accounts_that_replay_stand_out_and_stay_weak() {
        assert_stands_out_and_is_weak(&ConversationReplay, &world(12, 300), 12);
    }

    #[test]
    fn random_groups_are_found_no_more_often_than_stated() {
        assert_keeps_its_level(&ConversationReplay, &world(0, 300));
    }

    #[test]
    fn without_conversations_nothing_is_said() {
        let mut world = world(12, 300);
        assert!(ConversationReplay.blocked(&world.population()).is_none());
        world.keys.signatures.fill(0);
        world.keys.carried_signatures.fill(0);
        assert!(ConversationReplay.blocked(&world.population()).is_some());
        let look = look_at(&ConversationReplay, &world, (0..12).collect());
        assert!(look.findings.is_empty() && !look.partial.is_empty());
    }
}
