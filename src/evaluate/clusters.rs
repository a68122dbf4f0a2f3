//! How well predicted clusters fit true campaigns.
//!
//! The items are the accounts of true campaigns and all flagged accounts. An innocent account
//! is a class of its own and an account that is not flagged a cluster of its own, so splitting
//! a campaign, merging two, and drawing innocents in each cost something.
//! Source of B-cubed: E. Amigo et al., "A comparison of extrinsic clustering evaluation metrics", 2009.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::evaluate::prediction::Prediction;
use crate::evaluate::score::{Score, harmonic_mean, share};
use crate::evaluate::truth::Truth;
use crate::model::campaign::Verdict;

/// A true campaign and the predicted one with the highest F1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CampaignMatch {
    /// True campaign.
    pub campaign: String,
    /// Its accounts.
    pub accounts: u64,
    /// Its accounts flagged in whatever cluster.
    pub flagged: u64,
    /// Predicted clusters that hold at least one of its accounts.
    pub pieces: u64,
    /// Best predicted cluster; the smaller name on a tie, none where no account was flagged.
    pub cluster: Option<String>,
    /// Highest verdict among the cluster's accounts.
    pub verdict: Option<Verdict>,
    /// The best cluster's accounts against the campaign's.
    pub score: Score,
    /// Found share of each role that the truth names.
    pub roles: Vec<RoleRecall>,
}

/// How many accounts of one role are flagged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleRecall {
    /// Role.
    pub role: String,
    /// Accounts with it.
    pub accounts: u64,
    /// Flagged ones.
    pub flagged: u64,
}

/// Agreement of the two partitions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClusterAgreement {
    /// Predicted clusters with at least one account of the truth.
    pub clusters: u64,
    /// Accounts compared.
    pub items: u64,
    /// B-cubed precision: mean share of an account's cluster that is of its campaign.
    pub bcubed_precision: Option<f64>,
    /// B-cubed recall: mean share of an account's campaign that is in its cluster.
    pub bcubed_recall: Option<f64>,
    /// Harmonic mean of both.
    pub bcubed_f1: Option<f64>,
    /// Pairs of accounts put together against pairs that belong together.
    pub pairs: Score,
    /// Share of flagged accounts that belong to the largest campaign of their cluster;
    /// an innocent account is a campaign of one here.
    pub purity: Option<f64>,
}

/// Accounts by cluster and by (cluster, campaign).
struct Contingency<'a> {
    cluster_sizes: BTreeMap<&'a str, u64>,
    shared: BTreeMap<(&'a str, &'a str), u64>,
}

fn contingency<'a>(prediction: &'a Prediction, truth: &'a Truth) -> Contingency<'a> {
    let mut table = Contingency {
        cluster_sizes: BTreeMap::new(),
        shared: BTreeMap::new(),
    };
    for (account, known) in &truth.accounts {
        let Some(cluster) = prediction.cluster_at(account, Verdict::Lead) else {
            continue;
        };
        *table.cluster_sizes.entry(cluster).or_default() += 1;
        if let Some(campaign) = &known.campaign {
            *table
                .shared
                .entry((cluster, campaign.as_str()))
                .or_default() += 1;
        }
    }
    table
}

/// Finds the best predicted cluster of each true campaign, in order of the campaign's name.
#[must_use]
pub fn match_campaigns(prediction: &Prediction, truth: &Truth) -> Vec<CampaignMatch> {
    let table = contingency(prediction, truth);
    let mut verdicts: BTreeMap<&str, Verdict> = BTreeMap::new();
    for (account, claim) in &prediction.accounts {
        if let (Some(cluster), true) = (&claim.cluster, truth.accounts.contains_key(account)) {
            let highest = verdicts.entry(cluster.as_str()).or_insert(claim.verdict);
            *highest = claim.verdict.max(*highest);
        }
    }
    let mut roles = roles(prediction, truth);
    truth
        .campaign_sizes()
        .into_iter()
        .map(|(campaign, accounts)| {
            let mut found = CampaignMatch {
                campaign: campaign.to_owned(),
                accounts,
                flagged: 0,
                pieces: 0,
                cluster: None,
                verdict: None,
                score: Score::of(0, 0, accounts),
                roles: roles.remove(campaign).unwrap_or_default(),
            };
            for (&(cluster, _), &hits) in table.shared.iter().filter(|((_, of), _)| *of == campaign)
            {
                found.flagged += hits;
                found.pieces += 1;
                let size = table.cluster_sizes.get(cluster).copied().unwrap_or(hits);
                let score = Score::of(
                    hits,
                    size.saturating_sub(hits),
                    accounts.saturating_sub(hits),
                );
                if score.f1 > found.score.f1 {
                    found.score = score;
                    found.cluster = Some(cluster.to_owned());
                    found.verdict = verdicts.get(cluster).copied();
                }
            }
            found
        })
        .collect()
}

fn roles<'a>(prediction: &Prediction, truth: &'a Truth) -> BTreeMap<&'a str, Vec<RoleRecall>> {
    let mut counts: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
    for (account, known) in &truth.accounts {
        if let (Some(campaign), Some(role)) = (&known.campaign, &known.role) {
            let (accounts, flagged) = counts.entry((campaign, role)).or_default();
            *accounts += 1;
            *flagged += u64::from(prediction.cluster_at(account, Verdict::Lead).is_some());
        }
    }
    let mut roles: BTreeMap<&str, Vec<RoleRecall>> = BTreeMap::new();
    for ((campaign, role), (accounts, flagged)) in counts {
        roles.entry(campaign).or_default().push(RoleRecall {
            role: role.to_owned(),
            accounts,
            flagged,
        });
    }
    roles
}

fn pairs(members: u64) -> u64 {
    if members.is_multiple_of(2) {
        (members / 2).saturating_mul(members.saturating_sub(1))
    } else {
        members.saturating_mul((members - 1) / 2)
    }
}

/// Compares the predicted clusters with the true campaigns account by account and pair by pair.
#[must_use]
pub fn agreement(prediction: &Prediction, truth: &Truth) -> ClusterAgreement {
    let table = contingency(prediction, truth);
    let campaign_sizes = truth.campaign_sizes();
    let flagged: u64 = table.cluster_sizes.values().sum();
    let caught: u64 = table.shared.values().sum();
    let in_campaigns: u64 = campaign_sizes.values().sum();
    let items = in_campaigns + flagged - caught;

    // sums over accounts, one term per group of accounts in the same place
    let (mut precision, mut recall) = (0.0, 0.0);
    let mut together = 0_u64;
    let mut innocents_left = table.cluster_sizes.clone();
    let mut caught_of: BTreeMap<&str, u64> = BTreeMap::new();
    let mut largest: BTreeMap<&str, u64> = table
        .cluster_sizes
        .keys()
        .map(|cluster| (*cluster, 1))
        .collect();
    for (&(cluster, campaign), &hits) in &table.shared {
        let size = table.cluster_sizes.get(cluster).copied().unwrap_or(hits);
        let campaign_size = campaign_sizes.get(campaign).copied().unwrap_or(hits);
        let count = hits as f64;
        precision += count * count / size as f64;
        recall += count * count / campaign_size as f64;
        together = together.saturating_add(pairs(hits));
        *caught_of.entry(campaign).or_default() += hits;
        if let Some(left) = innocents_left.get_mut(cluster) {
            *left = left.saturating_sub(hits);
        }
        if let Some(most) = largest.get_mut(cluster) {
            *most = hits.max(*most);
        }
    }
    for (cluster, innocents) in innocents_left {
        let size = table.cluster_sizes.get(cluster).copied().unwrap_or(1);
        precision += innocents as f64 / size as f64;
        recall += innocents as f64;
    }
    for (campaign, size) in &campaign_sizes {
        let missed = size - caught_of.get(campaign).copied().unwrap_or_default();
        precision += missed as f64;
        recall += missed as f64 / *size as f64;
    }
    let mean = |sum: f64| (items > 0).then(|| sum / items as f64);
    let predicted_pairs = table
        .cluster_sizes
        .values()
        .fold(0_u64, |sum, size| sum.saturating_add(pairs(*size)));
    let true_pairs = campaign_sizes
        .values()
        .fold(0_u64, |sum, size| sum.saturating_add(pairs(*size)));
    ClusterAgreement {
        clusters: table.cluster_sizes.len() as u64,
        items,
        bcubed_precision: mean(precision),
        bcubed_recall: mean(recall),
        bcubed_f1: harmonic_mean(mean(precision), mean(recall)),
        pairs: Score::of(
            together,
            predicted_pairs.saturating_sub(together),
            true_pairs.saturating_sub(together),
        ),
        purity: share(largest.values().sum(), flagged),
    }
}

/// Clusters in which fewer than half of the accounts belong to one true campaign, and all clusters,
/// among those with an account flagged at `level` or above.
#[must_use]
pub fn false_clusters(prediction: &Prediction, truth: &Truth, level: Verdict) -> (u64, u64) {
    let table = contingency(prediction, truth);
    let reached: BTreeSet<&str> = truth
        .accounts
        .keys()
        .filter_map(|account| prediction.cluster_at(account, level))
        .collect();
    let mut largest: BTreeMap<&str, u64> = BTreeMap::new();
    for (&(cluster, _), &hits) in &table.shared {
        let most = largest.entry(cluster).or_default();
        *most = hits.max(*most);
    }
    let wrong = reached
        .iter()
        .filter(|cluster| {
            let size = table
                .cluster_sizes
                .get(*cluster)
                .copied()
                .unwrap_or_default();
            largest
                .get(*cluster)
                .copied()
                .unwrap_or_default()
                .saturating_mul(2)
                < size
        })
        .count();
    (wrong as u64, reached.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::prediction::tests::prediction_of;
    use crate::evaluate::truth::tests::truth_of;

    fn close(found: Option<f64>, expected: f64) {
        assert!(
            found.is_some_and(|value| (value - expected).abs() < 1e-12),
            "{found:?} {expected}"
        );
    }

    /// Campaign X = {a b c d}, Y = {e f}; innocents i, j, k.
    fn truth() -> Truth {
        truth_of(&[
            ("a", "X", "fake"),
            ("b", "X", "fake"),
            ("c", "X", "fake"),
            ("d", "X", "fake"),
            ("e", "Y", "fake"),
            ("f", "Y", "fake"),
            ("i", "", "class"),
            ("j", "", "class"),
            ("k", "", "class"),
        ])
    }

    /// Cluster 1 = {a b e}, cluster 2 = {c i j}; d and f are missed.
    fn prediction() -> Prediction {
        let row = |account, cluster| (account, cluster, Verdict::Lead, 1.0);
        prediction_of(&[
            row("a", "1"),
            row("b", "1"),
            row("e", "1"),
            row("c", "2"),
            row("i", "2"),
            row("j", "2"),
        ])
    }

    #[test]
    fn agreement_by_hand() {
        let found = agreement(&prediction(), &truth());
        assert_eq!((found.clusters, found.items), (2, 8));
        // a, b: 2/3 each; e: 1/3; c, i, j: 1/3 each; d, f alone: 1 each -> 5
        close(
            found.bcubed_precision,
            (2.0 * 2.0 / 3.0 + 4.0 / 3.0 + 2.0) / 8.0,
        );
        // a, b: 2/4 each; c, d: 1/4 each; e, f: 1/2 each; i, j: 1 each -> 4.5
        close(found.bcubed_recall, 4.5 / 8.0);
        close(
            found.bcubed_f1,
            2.0 * (14.0 / 24.0) * 0.5625 / (14.0 / 24.0 + 0.5625),
        );
        // together: ab; predicted 3 + 3; true 6 + 1
        assert_eq!(found.pairs, Score::of(1, 5, 6));
        // cluster 1: two of X; cluster 2: one of anything
        close(found.purity, 3.0 / 6.0);
    }

    #[test]
    fn matches_by_hand() {
        let found = match_campaigns(&prediction(), &truth());
        // X: cluster 1 has 2 of 3 (F1 4/7), cluster 2 one of 3 (F1 2/7)
        assert_eq!(found[0].campaign, "X");
        assert_eq!(found[0].cluster.as_deref(), Some("1"));
        assert_eq!((found[0].flagged, found[0].pieces), (3, 2));
        assert_eq!(found[0].score, Score::of(2, 1, 2));
        close(found[0].score.f1, 4.0 / 7.0);
        assert_eq!(found[1].score, Score::of(1, 2, 1));
        assert_eq!(found[1].verdict, Some(Verdict::Lead));
    }

    #[test]
    fn perfect_empty_and_quiet() {
        let rows: Vec<_> = [
            ("a", "1"),
            ("b", "1"),
            ("c", "1"),
            ("d", "1"),
            ("e", "2"),
            ("f", "2"),
        ]
        .map(|(account, cluster)| (account, cluster, Verdict::Strong, 9.0))
        .to_vec();
        let perfect = agreement(&prediction_of(&rows), &truth());
        close(perfect.bcubed_f1, 1.0);
        close(perfect.pairs.f1, 1.0);
        close(perfect.purity, 1.0);
        let empty = agreement(&prediction_of(&[]), &truth());
        close(empty.bcubed_precision, 1.0);
        close(empty.bcubed_recall, (4.0 * 0.25 + 2.0 * 0.5) / 6.0);
        assert_eq!(empty.purity, None);
        assert_eq!(
            match_campaigns(&prediction_of(&[]), &truth())[0].cluster,
            None
        );
        let quiet = agreement(&prediction_of(&[]), &truth_of(&[("i", "", "class")]));
        assert_eq!((quiet.items, quiet.bcubed_f1), (0, None));
    }

    #[test]
    fn roles_and_false_clusters() {
        let mut truth = truth();
        for (account, role) in [("a", "worker"), ("d", "standby")] {
            truth.accounts.get_mut(account).expect("account").role = Some(role.to_owned());
        }
        let found = match_campaigns(&prediction(), &truth);
        let roles: Vec<_> = found[0]
            .roles
            .iter()
            .map(|r| (r.role.as_str(), r.accounts, r.flagged))
            .collect();
        assert_eq!(roles, vec![("standby", 1, 0), ("worker", 1, 1)]);
        // cluster 1: two of three are X; cluster 2: one of three
        assert_eq!(false_clusters(&prediction(), &truth, Verdict::Lead), (1, 2));
        assert_eq!(
            false_clusters(&prediction(), &truth, Verdict::Likely),
            (0, 0)
        );
    }

    #[test]
    fn pairs_do_not_overflow() {
        assert_eq!((pairs(0), pairs(1), pairs(2), pairs(5)), (0, 0, 1, 10));
        assert_eq!(pairs(u64::MAX), u64::MAX);
    }
}
