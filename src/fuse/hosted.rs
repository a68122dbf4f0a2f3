//! Applications that send from servers of their own, with accounts that their customers bring.
//!
//! Prompts and addresses have one cause there, and no other family is asked for them. Customers
//! make their accounts by themselves, at their own time and place, as the accounts on servers
//! that one hand rents are not.

use crate::detect::dynamics::succession::SUCCESSION;
use crate::detect::network::shared_signup::SHARED_SIGNUP;
use crate::detect::network::signup_burst::SIGNUP_BURST;
use crate::fuse::cluster::Cluster;
use crate::fuse::verdict::COUNTING_BITS;
use crate::model::finding::Family;

/// Tests that say of accounts that one hand made them.
const MADE_TOGETHER: [&str; 3] = [SIGNUP_BURST, SHARED_SIGNUP, SUCCESSION];

/// Why such an application explains the cluster, where only prompts and addresses count for it
/// and nothing says that its accounts were made together. `shown` are the detectors of the
/// findings on it with the families they belong to; where the log does not say when accounts were
/// made (`dated`), it is enough that they work together.
pub(super) fn application(
    cluster: &Cluster,
    shown: &[(&str, Family)],
    dated: bool,
) -> Option<String> {
    let counting = cluster
        .family_bits
        .iter()
        .filter(|(family, bits)| **bits >= COUNTING_BITS && **family != Family::Client);
    let together = shown.iter().any(|(detector, family)| {
        MADE_TOGETHER.contains(detector) || (!dated && *family == Family::Coordination)
    });
    (counting.map(|(family, _)| *family).eq([Family::Network, Family::Content]) && !together).then(
        || {
            "an application that sends from servers of its own, with accounts that its customers bring, as nothing says that these were made together"
                .to_owned()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(families: &[Family]) -> Cluster {
        Cluster {
            units: vec![0, 1, 2],
            corroborations: Vec::new(),
            bits: Vec::new(),
            family_bits: families.iter().map(|family| (*family, 20.0)).collect(),
            also: Vec::new(),
        }
    }

    #[test]
    fn prompts_and_servers_alone_may_be_an_application() {
        let alone = cluster(&[Family::Content, Family::Network, Family::Client]);
        assert!(application(&alone, &[], true).is_some());
        let at_work = [("timing/synchrony", Family::Coordination)];
        assert!(application(&alone, &at_work, true).is_some());
        assert!(application(&alone, &at_work, false).is_none());
        let made = [(SIGNUP_BURST, Family::Lifecycle)];
        assert!(application(&alone, &made, true).is_none());
        let started = [("timing/no-ramp", Family::Lifecycle)];
        assert!(application(&alone, &started, true).is_some());
    }

    #[test]
    fn payers_are_no_application() {
        let paid = cluster(&[Family::Payment, Family::Content, Family::Network]);
        assert!(application(&paid, &[], true).is_none());
        assert!(application(&cluster(&[Family::Payment, Family::Network]), &[], true).is_none());
    }
}
