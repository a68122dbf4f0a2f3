//! Which customers share which keys, in both directions.
//!
//! Accounts of one declared customer are one *unit*: a seat pool is not a network.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::detect::layer::{Layer, Quality};
use crate::detect::network::address;
use crate::detect::network::public_ranges::PublicRanges;
use crate::detect::network::shared_domain::MAIL_DOMAIN;
use crate::model::finding::Family;
use crate::model::profile::AccountProfile;

/// Accounts folded into units.
#[derive(Debug, Clone)]
pub struct Units {
    /// Unit of each account.
    pub of_account: Vec<u32>,
    /// Accounts of each unit, ascending.
    pub accounts: Vec<Vec<u32>>,
}

impl Units {
    /// Folds accounts that declare one organisation, or that one invoice pays for, and those that
    /// the user declares to be of one customer.
    ///
    /// An organisation that would swallow more than half of the log is the log's owner,
    /// not a customer, and folds nothing, unless the user says so.
    #[must_use]
    pub fn fold(profiles: &[Option<AccountProfile>]) -> Self {
        let mut members: FxHashMap<(bool, String), Vec<u32>> = FxHashMap::default();
        for (account, profile) in (0_u32..).zip(profiles) {
            let Some(profile) = profile else { continue };
            let invoice = profile
                .payment_kind
                .as_deref()
                .is_some_and(|kind| kind.eq_ignore_ascii_case("invoice"));
            let (by_user, declared) = match profile {
                AccountProfile {
                    declared_customer: Some(customer),
                    ..
                } => (true, format!("customer {customer}")),
                AccountProfile {
                    org_id: Some(org), ..
                } if !org.is_empty() => (false, format!("org {org}")),
                AccountProfile {
                    payment_id: Some(payment),
                    ..
                } if invoice => (false, format!("invoice {payment}")),
                _ => continue,
            };
            members
                .entry((by_user, declared))
                .or_default()
                .push(account);
        }
        let limit = profiles.len() / 2;
        let mut folded: Vec<Vec<u32>> = members
            .into_iter()
            .filter(|((by_user, _), accounts)| {
                accounts.len() > 1 && (*by_user || accounts.len() <= limit.max(1))
            })
            .map(|(_, accounts)| accounts)
            .collect();
        folded.sort_unstable();
        let mut first_of: Vec<Option<u32>> = vec![None; profiles.len()];
        for accounts in &folded {
            for account in accounts {
                first_of[*account as usize] = accounts.first().copied();
            }
        }
        let mut of_account = vec![0_u32; profiles.len()];
        let mut units: Vec<Vec<u32>> = Vec::new();
        for (account, first) in (0_u32..).zip(&first_of) {
            let unit = match first {
                Some(first) if *first < account => of_account[*first as usize],
                _ => {
                    units.push(Vec::new());
                    u32::try_from(units.len() - 1).unwrap_or(u32::MAX)
                }
            };
            of_account[account as usize] = unit;
            units[unit as usize].push(account);
        }
        Self {
            of_account,
            accounts: units,
        }
    }

    /// Number of units.
    #[must_use]
    pub fn len(&self) -> usize {
        self.accounts.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }
}

/// One layer between units and groups.
#[derive(Debug, Clone)]
pub struct UnitLayer {
    /// Position in the list of detector layers.
    pub source: usize,
    /// Kind of key.
    pub kind: &'static str,
    /// Family.
    pub family: Family,
    /// Whether agreement alone links.
    pub hard: bool,
    /// For each group its number in the detector layer.
    pub group_numbers: Vec<u32>,
    /// Whether the group counts in full.
    pub full: Vec<bool>,
    /// Keys that each unit holds alone.
    pub singles: Vec<u32>,
    /// Whether the group may be a lead by itself.
    pub lead: Vec<bool>,
    /// Whether the group is a crowded place (a network key or mail domain with very many units, or
    /// an address inside a block that is one): an institution, a carrier, an egress or a provider. Its
    /// users have one innocent cause for whatever else they share; see [`Self::crowded_for`].
    pub crowded: Vec<bool>,
    /// Whether the group is crowded whoever uses it: it lies in a range that is declared public,
    /// or is an address inside a crowded block. Empty for layers without places.
    pub always_crowded: Vec<bool>,
    /// Region of each group that is a public address or block; empty for other layers.
    pub regions: Vec<Option<u64>>,
    /// Members of each group, ascending.
    pub groups: Lists,
    /// Groups of each unit, ascending.
    pub of_unit: Lists,
}

/// A compressed list of lists.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    offsets: Vec<usize>,
    values: Vec<u32>,
}

impl Lists {
    /// From (list, value) pairs, sorted by list and value.
    #[must_use]
    pub fn from_sorted_pairs(pairs: &[(u32, u32)], lists: usize) -> Self {
        let mut offsets = vec![0_usize; lists + 1];
        for (list, _) in pairs {
            offsets[*list as usize + 1] += 1;
        }
        for index in 1..offsets.len() {
            offsets[index] += offsets[index - 1];
        }
        Self {
            offsets,
            values: pairs.iter().map(|pair| pair.1).collect(),
        }
    }

    /// From sorted (value, list) pairs: each list is ascending, without another sort.
    #[must_use]
    pub fn turned(pairs: &[(u32, u32)], lists: usize) -> Self {
        let mut offsets = vec![0_usize; lists + 1];
        for (_, list) in pairs {
            offsets[*list as usize + 1] += 1;
        }
        for index in 1..offsets.len() {
            offsets[index] += offsets[index - 1];
        }
        let mut next = offsets.clone();
        let mut values = vec![0_u32; pairs.len()];
        for (value, list) in pairs {
            let place = &mut next[*list as usize];
            values[*place] = *value;
            *place += 1;
        }
        Self { offsets, values }
    }

    /// List `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> &[u32] {
        match (self.offsets.get(index), self.offsets.get(index + 1)) {
            (Some(start), Some(end)) => self.values.get(*start..*end).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// Number of lists.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All (list, value) pairs.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        (0_u32..)
            .zip(0..self.len())
            .flat_map(|(number, index)| self.get(index).iter().map(move |value| (number, *value)))
    }
}

/// Share of a crowded place's users, in percent, that makes it a group's own (ours: a campus, a
/// carrier and a public exit have users of many interests; a block of a hosting company has some
/// other customers).
const OWN_PLACE_PERCENT: usize = 75;

impl UnitLayer {
    /// Whether its keys are places, where strangers meet: addresses and mail domains.
    #[must_use]
    pub fn is_place(&self) -> bool {
        self.family == Family::Network || self.kind == MAIL_DOMAIN
    }

    /// Whether a key says nothing of a set that holds `inside` of its units, because it is a
    /// crowded place and not nearly all its users are in the set.
    #[must_use]
    pub fn crowded_for(&self, key: usize, inside: usize) -> bool {
        let is = |list: &[bool]| list.get(key).copied().unwrap_or(false);
        is(&self.always_crowded)
            || (is(&self.crowded) && inside * 100 < self.groups.get(key).len() * OWN_PLACE_PERCENT)
    }

    /// The keys that these units hold, ascending, each with how many of the units hold it.
    #[must_use]
    pub fn keys_of(&self, units: &[u32]) -> Vec<(u32, usize)> {
        let mut touched: Vec<u32> = units
            .iter()
            .flat_map(|unit| self.of_unit.get(*unit as usize))
            .copied()
            .collect();
        touched.sort_unstable();
        touched
            .chunk_by(|a, b| a == b)
            .filter_map(|run| Some((*run.first()?, run.len())))
            .collect()
    }

    /// Folds a detector layer; groups of fewer than two units vanish.
    #[must_use]
    pub fn fold(layer: &Layer, source: usize, units: &Units) -> Self {
        let mut pairs = Vec::new();
        let mut group_numbers = Vec::new();
        let mut full = Vec::new();
        let mut lead = Vec::new();
        let mut singles = vec![0_u32; units.len()];
        for (account, count) in &layer.singles {
            if let Some(unit) = units.of_account.get(*account as usize) {
                singles[*unit as usize] += count;
            }
        }
        for (number, index) in (0_u32..).zip(0..layer.len()) {
            let mut members: Vec<u32> = layer
                .group(index)
                .iter()
                .filter_map(|account| units.of_account.get(*account as usize).copied())
                .collect();
            members.sort_unstable();
            members.dedup();
            if members.len() < 2 {
                for unit in members {
                    singles[unit as usize] += 1;
                }
                continue;
            }
            let group = u32::try_from(group_numbers.len()).unwrap_or(u32::MAX);
            group_numbers.push(number);
            full.push(!matches!(layer.quality(index), Quality::Everyday(_)));
            lead.push(*layer.quality(index) == Quality::Full);
            pairs.extend(members.into_iter().map(|unit| (group, unit)));
        }
        let mut folded = Self::assemble(
            layer.kind,
            layer.family,
            layer.hard,
            source,
            group_numbers,
            full,
            pairs,
            units.len(),
        );
        folded.lead = lead;
        folded.singles = singles;
        folded
    }

    /// The same groups with other members (for null runs); pairs are (group, unit), and pairs of
    /// groups beyond the last are keys that a unit holds alone.
    #[must_use]
    pub fn with_pairs(&self, mut pairs: Vec<(u32, u32)>) -> Self {
        let mut singles = vec![0; self.singles.len()];
        let shared = self.groups.len();
        for (_, unit) in pairs.iter().filter(|(group, _)| *group as usize >= shared) {
            if let Some(alone) = singles.get_mut(*unit as usize) {
                *alone += 1;
            }
        }
        pairs.retain(|(group, _)| (*group as usize) < shared);
        let mut layer = Self::assemble(
            self.kind,
            self.family,
            self.hard,
            self.source,
            self.group_numbers.clone(),
            self.full.clone(),
            pairs,
            self.of_unit.len(),
        );
        layer.crowded.clone_from(&self.crowded);
        layer.always_crowded.clone_from(&self.always_crowded);
        layer.regions.clone_from(&self.regions);
        layer.lead.clone_from(&self.lead);
        layer.singles = singles;
        layer
    }

    #[allow(clippy::too_many_arguments)] // private constructor of a plain record
    fn assemble(
        kind: &'static str,
        family: Family,
        hard: bool,
        source: usize,
        group_numbers: Vec<u32>,
        full: Vec<bool>,
        mut pairs: Vec<(u32, u32)>,
        units: usize,
    ) -> Self {
        pairs.sort_unstable();
        let groups = Lists::from_sorted_pairs(&pairs, group_numbers.len());
        let of_unit = Lists::turned(&pairs, units);
        let crowded = vec![false; group_numbers.len()];
        Self {
            source,
            kind,
            family,
            hard,
            group_numbers,
            full,
            lead: Vec::new(),
            singles: Vec::new(),
            crowded,
            always_crowded: Vec::new(),
            regions: Vec::new(),
            groups,
            of_unit,
        }
    }
}

/// Marks the crowded places among the network layers and mail domains, the declared public ones among them, and
/// the region of each address.
pub fn mark_crowded(
    layers: &mut [UnitLayer],
    detector_layers: &[Layer],
    hub_degree: usize,
    public: &PublicRanges,
) {
    let value = |layer: &UnitLayer, group: usize| -> Option<String> {
        let number = *layer.group_numbers.get(group)? as usize;
        detector_layers
            .get(layer.source)?
            .values
            .get(number)
            .cloned()
    };
    let mut crowded_blocks: FxHashSet<String> = FxHashSet::default();
    for layer in layers.iter().filter(|layer| layer.kind == "ip_prefix") {
        for group in 0..layer.groups.len() {
            if layer.groups.get(group).len() > hub_degree {
                crowded_blocks.extend(value(layer, group));
            }
        }
    }
    for layer in layers.iter_mut().filter(|layer| layer.is_place()) {
        layer.regions = (0..layer.groups.len())
            .map(|group| value(layer, group).and_then(|address| address::region(&address)))
            .collect();
        layer.always_crowded = (0..layer.groups.len())
            .map(|group| {
                value(layer, group).is_some_and(|place| {
                    public.holding(&place).is_some()
                        || (layer.kind == "ip"
                            && address::prefix(&place)
                                .is_some_and(|block| crowded_blocks.contains(&block)))
                })
            })
            .collect();
        layer.crowded = layer
            .always_crowded
            .iter()
            .enumerate()
            .map(|(group, always)| *always || layer.groups.get(group).len() > hub_degree)
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(id: &str, org: Option<&str>) -> Option<AccountProfile> {
        Some(AccountProfile {
            account_id: id.to_owned(),
            org_id: org.map(str::to_owned),
            ..AccountProfile::default()
        })
    }

    #[test]
    fn one_declared_customer_is_one_unit() {
        let profiles = vec![
            profile("a", Some("o")),
            None,
            profile("c", Some("o")),
            profile("d", None),
            profile("e", None),
        ];
        let units = Units::fold(&profiles);
        assert_eq!(units.of_account, [0, 1, 0, 2, 3]);
        assert_eq!(units.accounts[0], [0, 2]);
    }

    #[test]
    fn the_owner_of_the_log_folds_nothing() {
        let profiles = vec![
            profile("a", Some("o")),
            profile("b", Some("o")),
            profile("c", Some("o")),
        ];
        assert_eq!(Units::fold(&profiles).len(), 3);
    }
}
