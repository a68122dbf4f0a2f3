//! The verdict ladder: a rule over families of evidence, not a score.

use std::collections::BTreeSet;

use crate::detect::dynamics::signature_replay::SIGNATURE;
use crate::fuse::cluster::Cluster;
use crate::fuse::corroboration::{Corroboration, joining};
use crate::fuse::customers::{payers_hang_together, payers_share_names};
use crate::fuse::hosted;
use crate::fuse::incidence::UnitLayer;
use crate::fuse::leads;
use crate::fuse::sites;
use crate::model::campaign::Verdict;
use crate::model::finding::Family;
use crate::stats::tail::binomial_upper_log2;

/// Families that say who owns the accounts. They have one innocent cause in common: a
/// customer with several accounts, one bill, one office and one client.
const OWNERSHIP: [Family; 4] = [
    Family::Payment,
    Family::Identity,
    Family::Network,
    Family::Client,
];

/// What else is known of the accounts of a cluster.
#[derive(Debug, Clone, Copy, Default)]
pub struct Besides {
    /// Work that some of them are refused others do, who pay with another card.
    pub handed_on: bool,
    /// They keep the hours of people.
    pub sleeps: bool,
}

/// The verdict on a cluster and the reason in words. `besides` is what else is known of its
/// accounts. The null runs may lower it afterwards.
#[must_use]
pub fn verdict(
    cluster: &Cluster,
    corroborations: &[Corroboration],
    layers: &[UnitLayer],
    besides: Besides,
) -> (Verdict, String) {
    let rests_on_blobs = cluster
        .agreements(corroborations)
        .any(|found| [found.family, found.other_family].contains(&Family::Dynamics));
    let handed_out = rests_on_blobs && carry_what_is_handed_out(&cluster.units, layers);
    let families: Vec<Family> = cluster
        .counting()
        .filter(|family| !(handed_out && *family == Family::Dynamics))
        .collect();
    let names = families
        .iter()
        .map(|family| family.name())
        .collect::<Vec<_>>()
        .join(", ");
    let behaviour: Vec<Family> = families
        .iter()
        .copied()
        .filter(|family| !OWNERSHIP.contains(family))
        .collect();
    if families.len() < 2 {
        return (
            Verdict::Lead,
            if families.is_empty() {
                format!(
                    "no family of evidence reaches {} bits",
                    cluster.counting_bits
                )
            } else {
                format!("one family of evidence ({names})")
            },
        );
    }
    if behaviour.is_empty() {
        return (
            Verdict::Lead,
            format!(
                "{names} together have one innocent cause, a single customer with several accounts, and nothing these accounts do speaks against it"
            ),
        );
    }
    // Client software follows from the template's own tool; it is not a second family beside content.
    let independent: Vec<Family> = families
        .iter()
        .copied()
        .filter(|family| *family != Family::Client)
        .collect();
    if independent.len() < 2 {
        return (
            Verdict::Lead,
            format!("{names}: the same tool explains both the client and the prompts"),
        );
    }
    let owners: Vec<Family> = independent
        .iter()
        .copied()
        .filter(|family| OWNERSHIP.contains(family))
        .collect();
    if owners == [Family::Network]
        && let Some(cause) = sites::everyday_cause(cluster, corroborations, layers)
    {
        return (Verdict::Lead, format!("{names}, but {cause}"));
    }
    let met = only_meet(cluster, corroborations, layers);
    let independent: Vec<Family> = independent
        .into_iter()
        .filter(|family| !(met && *family == Family::Network))
        .collect();
    let ties = owners
        .iter()
        .filter(|family| independent.contains(family))
        .map(|family| tying_keys(cluster, *family, corroborations, layers))
        .max();
    let independent: Vec<Family> = match ties {
        Some(ties) if ties < OWNERS_NEEDED => behaviour.clone(),
        _ => independent,
    };
    if independent.len() < 2 {
        return (
            Verdict::Lead,
            format!(
                "{names}, but fewer than {OWNERS_NEEDED} payers or identities stand behind several of these accounts each: a class with a sponsor or a product with a large customer explains both"
            ),
        );
    }
    let bill_and_text = [Family::Payment, Family::Content];
    let bill_and_text_alone =
        independent == bill_and_text && !payers_hang_together(cluster, layers);
    // People with cards of their own meet at the exits of a VPN, in halls and on a carrier.
    let and_addresses = independent
        .iter()
        .all(|family| bill_and_text.contains(family) || *family == Family::Network)
        && bill_and_text
            .iter()
            .all(|family| independent.contains(family));
    if besides.sleeps && and_addresses && !payers_share_names(cluster, layers) {
        let meet = if owners.contains(&Family::Network) {
            ", and they meet behind the same addresses"
        } else {
            ""
        };
        return (
            Verdict::Lead,
            format!(
                "{names}, but most of these accounts are silent for the same part of every day, longer than chance has it: people sleep, and those of customers with several accounts share a bill and a product{meet}"
            ),
        );
    }
    if bill_and_text_alone
        && !besides.handed_on
        && !cards_are_large(cluster, layers)
        && !nobody_pays_alone(cluster, corroborations, layers)
    {
        return (
            Verdict::Lead,
            format!(
                "{names}, but most cards stand behind fewer than {} of these accounts: teams, families and vouchers look like that, and nothing else ties one card to the next",
                leads::PAYERS
            ),
        );
    }
    // A customer that comes back after a closure keeps its card, its name and its address.
    if independent.len() >= 3 && behaviour != [Family::Lifecycle] {
        return (
            Verdict::Strong,
            format!(
                "{} families of evidence that agree ({})",
                independent.len(),
                independent
                    .iter()
                    .map(|family| family.name())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        );
    }
    (
        Verdict::Likely,
        format!(
            "two families of evidence that agree ({})",
            independent
                .iter()
                .map(|family| family.name())
                .collect::<Vec<_>>()
                .join(", ")
        ),
    )
}

/// Whether the addresses, beside other owners, are places where strangers meet and count for nothing.
/// By themselves they are asked more ([`sites::everyday_cause`]).
pub(super) fn only_meet(
    cluster: &Cluster,
    corroborations: &[Corroboration],
    layers: &[UnitLayer],
) -> bool {
    let others = [Family::Payment, Family::Identity];
    cluster.counts(Family::Network)
        && others.iter().any(|family| cluster.counts(*family))
        && (hosted::servers(cluster, corroborations, layers)
            || sites::only_one_place(cluster, corroborations, layers)
            || sites::are_few(cluster, corroborations))
}

/// Whether the accounts share fewer signed blobs than they are: example turns that come with a
/// program, which each of its users carries along. Who pulls blobs out of one account and puts them
/// into others does so request by request, and has many, each in few hands.
fn carry_what_is_handed_out(units: &[u32], layers: &[UnitLayer]) -> bool {
    let (mut blobs, mut tied) = (0, BTreeSet::<u32>::new());
    for layer in layers.iter().filter(|layer| layer.kind == SIGNATURE) {
        for (key, _) in layer
            .keys_of(units)
            .into_iter()
            .filter(|(_, inside)| *inside >= 2)
        {
            blobs += 1;
            let users = layer.groups.get(key as usize).iter();
            tied.extend(users.filter(|unit| units.binary_search(unit).is_ok()));
        }
    }
    blobs > 0 && blobs < tied.len()
}

/// Whether at least half of the accounts that share a payer with another one of the cluster do
/// so with as many as make a lead by themselves.
fn cards_are_large(cluster: &Cluster, layers: &[UnitLayer]) -> bool {
    let (mut tied, mut on_large) = (0, 0);
    for layer in layers.iter().filter(|layer| layer.hard) {
        for (_, inside) in layer.keys_of(&cluster.units) {
            tied += if inside >= 2 { inside } else { 0 };
            on_large += if inside >= leads::PAYERS { inside } else { 0 };
        }
    }
    on_large * 2 >= tied
}

/// Whether the payers behind the cluster's templates all pay for several accounts, though there
/// are so many of them that a product would have customers with one: if every second customer
/// of a product were a team (ours, and far above what a log shows), so few single people among
/// them would be a chance of one in a million. Some such people are a product's, however few.
fn nobody_pays_alone(
    cluster: &Cluster,
    corroborations: &[Corroboration],
    layers: &[UnitLayer],
) -> bool {
    cluster
        .agreements(corroborations)
        .filter(|found| found.family == Family::Content)
        .any(|found| {
            let (layer, group) = found.group;
            let Some((template, payers)) = layers
                .get(layer)
                .zip(layers.get(found.other_layer).filter(|other| other.hard))
            else {
                return false;
            };
            let (mut teams, mut alone) = (BTreeSet::<u32>::new(), 0_u64);
            for unit in template.groups.get(group) {
                let cards = payers.of_unit.get(*unit as usize);
                teams.extend(cards);
                alone +=
                    u64::from(cards.is_empty() && payers.singles.get(*unit as usize) > Some(&0));
            }
            let teams = teams.len() as u64;
            alone * TEAMS_PER_STRANGER <= teams
                && -binomial_upper_log2(teams, teams + alone, TEAMS_SHARE) >= NOBODY_ALONE_BITS
        })
}

/// Share of a product's customers that are teams, at most (see [`nobody_pays_alone`]).
const TEAMS_SHARE: f64 = 0.5;

/// One payer alone among so many with several accounts may be a stranger or a fault (ours).
const TEAMS_PER_STRANGER: u64 = 20;

/// One in a million, see [`nobody_pays_alone`].
const NOBODY_ALONE_BITS: f64 = 20.0;

/// Payers, identities or places that must each stand behind several of the accounts: with one or
/// two, whoever uses a public text or product may include a customer with several accounts
/// (ours, as for [`crate::fuse::cluster`]'s separate places).
pub(super) const OWNERS_NEEDED: usize = 3;

/// Keys of a family that join accounts of the cluster which no other key of it joins, and that
/// mostly belong to the cluster. Places were counted in the test itself.
fn tying_keys(
    cluster: &Cluster,
    family: Family,
    corroborations: &[Corroboration],
    layers: &[UnitLayer],
) -> usize {
    if family == Family::Network {
        return cluster
            .agreements(corroborations)
            .filter(|found| found.other_family == Family::Network)
            .map(|found| usize::try_from(found.observed).unwrap_or(usize::MAX))
            .max()
            .unwrap_or(0);
    }
    layers
        .iter()
        .filter(|layer| layer.family == family)
        .map(|layer| {
            let keys: Vec<u32> = layer
                .keys_of(&cluster.units)
                .into_iter()
                .filter(|(_, inside)| *inside >= 2)
                .filter(|(key, inside)| {
                    inside * 2 >= layer.groups.get(*key as usize).len()
                        && layer.full.get(*key as usize).copied().unwrap_or(true)
                })
                .map(|(key, _)| key)
                .collect();
            usize::try_from(joining(layer, &keys, &cluster.units)).unwrap_or(usize::MAX)
        })
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::layer::{Layer, group_entries};
    use crate::fuse::incidence::Units;

    #[test]
    fn blobs_that_a_program_ships_are_fewer_than_its_users() {
        let units: Vec<u32> = (0..12).collect();
        let carry = |entries: Vec<(u32, u32, u32)>| {
            let grouped = group_entries(entries, |key| key.to_string());
            let layer = Layer::of_accounts("test/test", SIGNATURE, Family::Dynamics, grouped);
            let layers = [UnitLayer::fold(&layer, 0, &Units::fold(&vec![None; 12]))];
            carry_what_is_handed_out(&units, &layers)
        };
        assert!(carry((0..12).map(|unit| (unit % 4, unit, 0)).collect()));
        // Thirty blobs, each in two accounts.
        let pulled = (0..30).flat_map(|blob| [(blob, blob % 12, 0), (blob, (blob + 5) % 12, 0)]);
        assert!(!carry(pulled.collect()));
        assert!(!carry(Vec::new()));
    }
}
