//! What becomes one node: keys beyond the largest ones are drawn as one per kind, accounts
//! of a large campaign as one per set of keys.

use std::collections::{BTreeMap, BTreeSet};

use super::Key;
use crate::model::finding::Family;
use crate::report::format::{count, plural};

/// Nodes on each side: more cannot be labelled in one screen's height.
const KEYS_PER_SIDE: usize = 12;
/// Of these, how many may stand for the rest of a kind.
const RESTS_PER_SIDE: usize = 5;
/// On a full side a key has a box of its own only with this share of the accounts (one in so
/// many): seven of a thousand equal keys would say nothing about the rest.
const NAMED_SHARE: usize = 50;
/// Most accounts drawn one by one.
const SINGLE_ACCOUNTS: usize = 32;
/// Most groups of accounts. Beyond them, groups below this share (one in so many) are merged
/// too: a dozen groups of four accounts would hide the four hundred that have no group.
const GROUPS: usize = 24;
const GROUP_SHARE: usize = 100;

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// Who the accounts belong to.
    Left,
    /// What the accounts do.
    Right,
}

fn side_of(family: Family) -> Side {
    match family {
        Family::Payment
        | Family::Identity
        | Family::Network
        | Family::Client
        | Family::Watchlist => Side::Left,
        Family::Content | Family::Coordination | Family::Lifecycle | Family::Dynamics => {
            Side::Right
        }
    }
}

/// One key, or the remaining keys of a kind.
#[derive(Debug)]
pub(super) struct KeyNode {
    pub(super) side: Side,
    pub(super) family: Option<Family>,
    /// First line: what it is and how many accounts have it.
    pub(super) title: String,
    /// Second line: its value.
    pub(super) value: String,
    accounts: BTreeSet<usize>,
}

/// One account, or accounts that have the same keys.
#[derive(Debug)]
pub(super) struct GroupNode {
    pub(super) label: String,
    pub(super) accounts: u64,
}

/// The graph to lay out.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) keys: Vec<KeyNode>,
    pub(super) groups: Vec<GroupNode>,
    /// (key, group, accounts of the group that have the key), sorted.
    pub(super) edges: Vec<(usize, usize, u64)>,
    /// Whether every group is a single account.
    pub(super) single_accounts: bool,
}

/// Folds keys and members into few enough nodes. `keys` come largest first.
pub(super) fn aggregate(keys: &[Key], members: &[&str]) -> Graph {
    let mut nodes = Vec::new();
    for side in [Side::Left, Side::Right] {
        let here: Vec<&Key> = keys
            .iter()
            .filter(|key| side_of(key.family) == side)
            .collect();
        nodes.extend(nodes_of_side(side, &here, members.len()));
    }
    let mut keys_of_member: Vec<Vec<usize>> = vec![Vec::new(); members.len()];
    for (node, key) in nodes.iter().enumerate() {
        for account in &key.accounts {
            if let Some(list) = keys_of_member.get_mut(*account) {
                list.push(node);
            }
        }
    }
    let single_accounts = members.len() <= SINGLE_ACCOUNTS;
    let (groups, members_of_group) = if single_accounts {
        singles(members)
    } else {
        by_shared_keys(&keys_of_member)
    };
    let mut weights: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    for (group, accounts) in members_of_group.iter().enumerate() {
        for key in accounts
            .iter()
            .filter_map(|account| keys_of_member.get(*account))
            .flatten()
        {
            *weights.entry((*key, group)).or_default() += 1;
        }
    }
    Graph {
        keys: nodes,
        groups,
        edges: weights
            .into_iter()
            .map(|((key, group), accounts)| (key, group, accounts))
            .collect(),
        single_accounts,
    }
}

fn key_node(side: Side, key: &Key) -> KeyNode {
    KeyNode {
        side,
        family: Some(key.family),
        title: format!(
            "{}: {}",
            key.kind,
            plural(key.accounts.len() as u64, "account")
        ),
        value: key.value.clone(),
        accounts: key.accounts.clone(),
    }
}

fn nodes_of_side(side: Side, keys: &[&Key], members: usize) -> Vec<KeyNode> {
    if keys.len() <= KEYS_PER_SIDE {
        return keys.iter().map(|key| key_node(side, key)).collect();
    }
    let large = |key: &&&Key| key.accounts.len() * NAMED_SHARE >= members;
    let named = keys.iter().take_while(large).count();
    let (named, rest) = keys.split_at(named.min(KEYS_PER_SIDE - RESTS_PER_SIDE));
    let mut nodes: Vec<KeyNode> = named.iter().map(|key| key_node(side, key)).collect();
    let mut kinds: BTreeMap<(Family, &str), Vec<&Key>> = BTreeMap::new();
    for key in rest {
        kinds
            .entry((key.family, key.kind.as_str()))
            .or_default()
            .push(key);
    }
    let mut rests: Vec<((Family, &str), Vec<&Key>)> = kinds.into_iter().collect();
    rests.sort_by_key(|(_, keys)| std::cmp::Reverse(keys.len()));
    let others: Vec<&Key> = if rests.len() > RESTS_PER_SIDE {
        rests
            .split_off(RESTS_PER_SIDE - 1)
            .into_iter()
            .flat_map(|(_, keys)| keys)
            .collect()
    } else {
        Vec::new()
    };
    for ((family, kind), keys) in rests {
        let more = named
            .iter()
            .any(|key| (key.family, key.kind.as_str()) == (family, kind));
        nodes.push(rest_node(side, Some(family), kind, &keys, more));
    }
    if !others.is_empty() {
        nodes.push(rest_node(side, None, "other kinds", &others, false));
    }
    nodes
}

/// One box for several keys; `more` where others of the kind have boxes of their own.
fn rest_node(side: Side, family: Option<Family>, kind: &str, keys: &[&Key], more: bool) -> KeyNode {
    if let [only] = keys {
        return key_node(side, only);
    }
    let accounts: BTreeSet<usize> = keys.iter().flat_map(|key| &key.accounts).copied().collect();
    let sizes = keys.iter().map(|key| key.accounts.len() as u64);
    let (least, most) = (sizes.clone().min().unwrap_or(0), sizes.max().unwrap_or(0));
    let each = if least == most {
        count(least)
    } else {
        format!("{} to {}", count(least), count(most))
    };
    KeyNode {
        side,
        family,
        title: format!("{kind}: {}", plural(accounts.len() as u64, "account")),
        value: format!(
            "{}{} keys, {each} each",
            count(keys.len() as u64),
            if more { " more" } else { "" }
        ),
        accounts,
    }
}

fn singles(members: &[&str]) -> (Vec<GroupNode>, Vec<Vec<usize>>) {
    members
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let node = GroupNode {
                label: (*name).to_owned(),
                accounts: 1,
            };
            (node, vec![index])
        })
        .unzip()
}

/// One group for each set of keys, largest first; the smallest sets become one group.
fn by_shared_keys(keys_of_member: &[Vec<usize>]) -> (Vec<GroupNode>, Vec<Vec<usize>>) {
    let mut sets: BTreeMap<&[usize], Vec<usize>> = BTreeMap::new();
    for (member, keys) in keys_of_member.iter().enumerate() {
        sets.entry(keys.as_slice()).or_default().push(member);
    }
    let mut groups: Vec<Vec<usize>> = sets.into_values().collect();
    groups.sort_by_key(|accounts| (std::cmp::Reverse(accounts.len()), accounts.first().copied()));
    let mut merged = 0;
    if groups.len() > GROUPS {
        let large = |accounts: &&Vec<usize>| accounts.len() * GROUP_SHARE >= keys_of_member.len();
        let kept = groups.iter().take_while(large).count();
        let rest = groups.split_off(kept.min(GROUPS - 1));
        merged = rest.len();
        groups.push(rest.into_iter().flatten().collect());
    }
    let last = groups.len().saturating_sub(1);
    let nodes = groups
        .iter()
        .enumerate()
        .map(|(index, accounts)| {
            let size = accounts.len() as u64;
            let label = if merged > 0 && index == last {
                format!("{} in {} mixes", count(size), count(merged as u64))
            } else {
                plural(size, "account")
            };
            GroupNode {
                label,
                accounts: size,
            }
        })
        .collect();
    (nodes, groups)
}
