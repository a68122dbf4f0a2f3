//! Applications that send from servers of their own, with accounts that their customers bring.
//!
//! Prompts and addresses have one cause there, and no other family is asked for them. Customers
//! make their accounts by themselves, at their own time and place, as the accounts on servers
//! that one hand rents are not.

use crate::detect::dynamics::model_pivot::MODEL_PIVOT;
use crate::detect::dynamics::succession::SUCCESSION;
use crate::detect::network::shared_signup::SHARED_SIGNUP;
use crate::detect::network::signup_burst::SIGNUP_BURST;
use crate::fuse::cluster::Cluster;
use crate::fuse::corroboration::Corroboration;
use crate::fuse::incidence::UnitLayer;
use crate::model::finding::Family;

/// Tests that say of accounts that one hand made them.
const MADE_TOGETHER: [&str; 3] = [SIGNUP_BURST, SHARED_SIGNUP, SUCCESSION];

/// Share of the accounts that one of an application's servers sends for (ours: a balancer deals
/// all users to all servers, and an operator's accounts have proxies of their own each).
const SERVED_SHARE: f64 = 0.5;

/// Whether some address or block sends for half of the cluster's accounts, as the servers of an application
/// do.
pub(super) fn servers(
    cluster: &Cluster,
    corroborations: &[Corroboration],
    layers: &[UnitLayer],
) -> bool {
    cluster.agreements(corroborations).any(|found| {
        let layer = layers.get(found.other_layer);
        layer
            .filter(|layer| layer.family == Family::Network)
            .is_some_and(|layer| {
                found.other_groups.iter().any(|key| {
                    let users = layer.groups.get(*key as usize).iter();
                    let inside = users.filter(|unit| cluster.units.binary_search(unit).is_ok());
                    inside.count() as f64 >= SERVED_SHARE * cluster.units.len() as f64
                })
            })
    })
}

/// Why such an application explains the cluster, where only prompts and addresses count for it
/// and nothing says that its accounts were made together. `shown` are the detectors of the
/// findings on it with the families they belong to; where the log does not say when accounts were
/// made (`dated`), it is enough that they work together. Where the addresses are plainly `servers`, a
/// day on which it is announced brings many sign-ups, and a new version moves all its users to
/// another model.
pub(super) fn application(
    cluster: &Cluster,
    shown: &[(&str, Family)],
    dated: bool,
    servers: bool,
) -> Option<String> {
    let moves = servers
        && shown
            .iter()
            .all(|(detector, family)| *family != Family::Dynamics || *detector == MODEL_PIVOT);
    let counting = cluster
        .counting()
        .filter(|family| *family != Family::Client)
        .filter(|family| !moves || *family != Family::Dynamics);
    let together = shown.iter().any(|(detector, family)| {
        (MADE_TOGETHER.contains(detector) && !(servers && *detector == SIGNUP_BURST))
            || (!dated && *family == Family::Coordination)
    });
    (counting.eq([Family::Network, Family::Content]) && !together).then(
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
            counting_bits: 10.0,
            also: Vec::new(),
        }
    }

    #[test]
    fn prompts_and_servers_alone_may_be_an_application() {
        let alone = cluster(&[Family::Content, Family::Network, Family::Client]);
        assert!(application(&alone, &[], true, false).is_some());
        let at_work = [("timing/synchrony", Family::Coordination)];
        assert!(application(&alone, &at_work, true, false).is_some());
        assert!(application(&alone, &at_work, false, false).is_none());
        let made = [(SIGNUP_BURST, Family::Lifecycle)];
        assert!(application(&alone, &made, true, false).is_none());
        assert!(application(&alone, &made, true, true).is_some());
        let started = [("timing/no-ramp", Family::Lifecycle)];
        assert!(application(&alone, &started, true, false).is_some());
    }

    #[test]
    fn a_new_version_moves_all_users_of_the_servers() {
        let moved = cluster(&[Family::Content, Family::Network, Family::Dynamics]);
        let pivot = [(MODEL_PIVOT, Family::Dynamics)];
        assert!(application(&moved, &pivot, true, true).is_some());
        assert!(application(&moved, &pivot, true, false).is_none());
        let replayed = [("dynamics/conversation-replay", Family::Dynamics)];
        assert!(application(&moved, &replayed, true, true).is_none());
    }

    #[test]
    fn payers_are_no_application() {
        let paid = cluster(&[Family::Payment, Family::Content, Family::Network]);
        assert!(application(&paid, &[], true, false).is_none());
        assert!(
            application(
                &cluster(&[Family::Payment, Family::Network]),
                &[],
                true,
                false
            )
            .is_none()
        );
    }
}
