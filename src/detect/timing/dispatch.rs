//! Requests that a load balancer deals out to accounts.
//!
//! # Looks for
//! Round robin, least connections and failover among a group's accounts: the place of each
//! account in the merged stream of requests is more regular than independent accounts allow.
//!
//! # Why
//! The February 2026 disclosure names coordinated timing and load balancing. Of the
//! statistics tried in simulation only the gaps between an account's places in the merged
//! stream, against surrogates in which each account's whole train of requests is shifted by
//! up to three of its own median gaps, keeps its level for independent people and for
//! agents with service times; equal shares and avoided repeats accuse independent agents.
//!
//! # Null model
//! Rate-preserving local jitter, as above.
//!
//! # Innocent look-alikes
//! The round-robin gateway of an enterprise's seat pool, which the declared organisation explains.
//!
//! # Needs
//! The time of every request.
//!
//! # Limits
//! It does not run: the digest keeps activity by the hour, and a test on hours would be a
//! wrong one. Random and sticky balancing leave no trace in time at all. No finding here
//! never means that accounts are not coordinated.

use crate::detect::Meta;
use crate::detect::group::{GroupTest, Look, Prepared};
use crate::detect::population::Population;
use crate::model::finding::Family;

static META: Meta = Meta {
    id: "timing/dispatch",
    title: "Requests that a load balancer deals out to accounts",
    families: &[Family::Coordination],
    version: 1,
    needs: &[],
    source: include_str!("dispatch.rs"),
};

/// The test, which says that it cannot be made.
pub struct Dispatch;

impl GroupTest for Dispatch {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn blocked(&self, _population: &Population<'_>) -> Option<String> {
        self.never().map(str::to_owned)
    }

    fn never(&self) -> Option<&'static str> {
        Some(
            "needs request times, and the digest keeps activity by the hour; this is no sign that accounts are not coordinated",
        )
    }

    fn prepare<'a>(&self, _population: &'a Population<'a>) -> Prepared<'a> {
        Prepared {
            partial: Vec::new(),
            look: Box::new(|_| Look::default()),
        }
    }
}
