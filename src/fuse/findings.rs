//! Corroborations put into words: one finding each.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::detect::layer::Layer;
use crate::detect::network::address_overlap;
use crate::fuse::corroboration::{Corroboration, Manner};
use crate::fuse::incidence::{UnitLayer, Units};
use crate::fuse::rows::Rows;
use crate::model::campaign::Campaign;
use crate::model::finding::{Family, Finding, Locator, Subject};
use crate::stats::random::stable_id;

/// Where findings get their accounts and rows from.
pub struct Sources<'a> {
    /// Detector layers.
    pub detector_layers: &'a [Layer],
    /// The same, by unit.
    pub layers: &'a [UnitLayer],
    /// Units.
    pub units: &'a Units,
    /// How many of the layers are tested against each other; the others can only be leads.
    pub tested: usize,
    /// Rows of the digest.
    pub rows: &'a Rows,
    /// Sample rows with each finding.
    pub locators: usize,
    /// Bits from which a family of evidence counts.
    pub counting_bits: f64,
}

impl Sources<'_> {
    /// The detector layer and group number behind a unit layer's group.
    #[must_use]
    pub fn group(&self, layer: usize, group: usize) -> Option<(&Layer, usize)> {
        let unit_layer = self.layers.get(layer)?;
        Some((
            self.detector_layers.get(unit_layer.source)?,
            *unit_layer.group_numbers.get(group)? as usize,
        ))
    }

    /// Subject of a group: a template where its value is a template id, else a key.
    #[must_use]
    pub fn subject(&self, layer: usize, group: usize) -> Option<Subject> {
        let (layer, number) = self.group(layer, group)?;
        let value = layer.values.get(number)?.clone();
        Some(if layer.kind.ends_with("template") {
            Subject::Template { id: value }
        } else {
            Subject::Key {
                kind: layer.kind.to_owned(),
                value,
            }
        })
    }

    /// Account numbers of these units, ascending.
    #[must_use]
    pub fn accounts(&self, units: &[u32]) -> Vec<u32> {
        let mut accounts: Vec<u32> = units
            .iter()
            .filter_map(|unit| self.units.accounts.get(*unit as usize))
            .flatten()
            .copied()
            .collect();
        accounts.sort_unstable();
        accounts
    }

    /// Ids of accounts.
    #[must_use]
    pub fn ids(&self, accounts: &[u32]) -> Vec<String> {
        accounts
            .iter()
            .filter_map(|account| self.rows.account_ids.get(*account as usize).cloned())
            .collect()
    }

    /// Sample rows, counts and span of the given accounts in one group.
    #[must_use]
    pub fn evidence(
        &self,
        layer: usize,
        group: usize,
        accounts: &[u32],
    ) -> (Vec<Locator>, u64, Option<i64>, Option<i64>) {
        let mut locators = Vec::new();
        let (mut requests, mut first, mut last) = (0_u64, None::<i64>, None::<i64>);
        if let Some((detector_layer, number)) = self.group(layer, group) {
            for position in detector_layer.range(number) {
                let inside = detector_layer
                    .accounts
                    .get(position)
                    .is_some_and(|account| accounts.binary_search(account).is_ok());
                let Some((locator, count, first_us, last_us)) = self
                    .rows
                    .of_entry(detector_layer, position)
                    .filter(|_| inside)
                else {
                    continue;
                };
                requests += count;
                first = Some(first.map_or(first_us, |first| first.min(first_us)));
                last = Some(last.map_or(last_us, |last| last.max(last_us)));
                if locators.len() < self.locators {
                    locators.push(locator);
                }
            }
        }
        locators.sort();
        (locators, requests, first, last)
    }
}

/// What every finding about a group says alike; the caller adds what was measured.
pub(super) fn about(
    (layer, group): (usize, usize),
    accounts: &[u32],
    sources: &Sources<'_>,
) -> Option<Finding> {
    let (detector_layer, _) = sources.group(layer, group)?;
    let (locators, requests, first_us, last_us) = sources.evidence(layer, group, accounts);
    Some(Finding {
        id: String::new(),
        detector: detector_layer.detector.to_owned(),
        family: sources.layers.get(layer)?.family,
        subject: sources.subject(layer, group)?,
        accounts: sources.ids(accounts),
        bits: 0.0,
        measure: String::new(),
        measured: 0.0,
        expected: 0.0,
        n: 0,
        threshold: 0.0,
        null_model: String::new(),
        innocent: detector_layer.innocent.to_owned(),
        would_clear: detector_layer.would_clear.to_owned(),
        requests,
        first_us,
        last_us,
        locators,
        weak: false,
        rests_on: Vec::new(),
        stands_with_any: false,
        suppressed_by: None,
    })
}

/// Words the group that a single-family lead stands on as a finding; `bits` is the evidence
/// of its strongest member.
#[must_use]
fn lead_finding(group: (usize, usize), bits: f64, sources: &Sources<'_>) -> Option<Finding> {
    let (layer, group) = group;
    let (detector_layer, number) = sources.group(layer, group)?;
    let unit_layer = sources.layers.get(layer)?;
    let units = unit_layer.groups.get(group);
    let accounts = sources.accounts(units);
    let value = detector_layer.values.get(number)?;
    let all = sources.units.len();
    let id = stable_id("F", &[detector_layer.detector, detector_layer.kind, value]);
    if detector_layer.is_for_leads() {
        let pairs = detector_layer.pairs.get(number).copied().unwrap_or(0) as f64;
        return Some(Finding {
            id,
            bits,
            measure: "pairs of accounts with several addresses in common, by which the accounts hang together".to_owned(),
            measured: pairs,
            expected: address_overlap::RATE * pairs,
            n: all as u64,
            weak: true,
            null_model: "addresses fall to accounts at random, every address keeping its number of accounts and every account its number of addresses; of all pairs of accounts those kept at a false discovery rate of one in a hundred (expected: so many of the pairs); not tested against anything independent, which is why this is a lead".to_owned(),
            ..about((layer, group), &accounts, sources)?
        });
    }
    Some(Finding {
        id,
        bits,
        measure: format!("accounts that share this {}", detector_layer.kind),
        measured: units.len() as f64,
        // Nobody outside the group has the key: half an account in the smoothed rate.
        expected: units.len() as f64 * 0.5 / (all.saturating_sub(units.len()) as f64 + 1.0),
        n: all as u64,
        null_model: format!(
            "each account holds this {} at the rate of the {} accounts outside the group (none does; half an account for smoothing); not corrected for the number of keys tried, which is why this alone is a lead",
            detector_layer.kind,
            all.saturating_sub(units.len())
        ),
        ..about((layer, group), &accounts, sources)?
    })
}

/// Gives a single-family lead the finding it stands on, and returns it.
pub fn attach_lead(
    campaign: &mut Campaign,
    group: (usize, usize),
    sources: &Sources<'_>,
) -> Option<Finding> {
    let family = sources.layers.get(group.0)?.family;
    let evidence = campaign
        .evidence
        .iter_mut()
        .find(|evidence| evidence.family == family)?;
    let finding = lead_finding(group, evidence.bits, sources)?;
    evidence.findings.push(finding.id.clone());
    for member in &mut campaign.members {
        member.findings.push(finding.id.clone());
    }
    Some(finding)
}

/// The keys on the other side of an agreement, one finding each: a corroboration that says "three
/// cards tie them together" must show the three cards.
#[derive(Debug, Clone)]
pub struct Mirror {
    /// Position of the corroboration.
    pub corroboration: usize,
    /// Units of its core that have the key, ascending.
    pub units: Vec<u32>,
    /// Layer and group of the key.
    pub place: (usize, usize),
    /// The key in words.
    pub finding: Finding,
}

/// Words the agreeing keys of the corroborations in use, which come strongest first; a key that a
/// corroboration of its own is about has its finding already.
#[must_use]
pub fn mirrors(
    corroborations: &[Corroboration],
    in_use: &[bool],
    sources: &Sources<'_>,
) -> Vec<Mirror> {
    let used = || {
        corroborations
            .iter()
            .enumerate()
            .filter(|(index, _)| in_use.get(*index) == Some(&true))
    };
    let mut worded: FxHashSet<(usize, usize)> = used().map(|(_, found)| found.group).collect();
    let mut mirrors = Vec::new();
    for (index, found) in used() {
        for key in &found.other_groups {
            let place = (found.other_layer, *key as usize);
            if worded.insert(place) {
                mirrors.extend(mirror(index, found, place, sources));
            }
        }
    }
    mirrors
}

/// Says of the findings on both sides of each agreement that they rest on each other.
pub fn connect(
    corroborations: &[Corroboration],
    made: &mut [Option<Finding>],
    mirrors: &mut [Mirror],
) {
    let mut naming: FxHashMap<(usize, usize), Vec<String>> = FxHashMap::default();
    for (corroboration, finding) in corroborations.iter().zip(made.iter()) {
        for key in corroboration
            .other_groups
            .iter()
            .filter(|_| finding.is_some())
        {
            let place = (corroboration.other_layer, *key as usize);
            let ids = finding.iter().map(|finding| finding.id.clone());
            naming.entry(place).or_default().extend(ids);
        }
    }
    let mut about: FxHashMap<(usize, usize), Vec<String>> = FxHashMap::default();
    for (corroboration, finding) in corroborations.iter().zip(made.iter()) {
        if let Some(finding) = finding {
            about
                .entry(corroboration.group)
                .or_default()
                .push(finding.id.clone());
        }
    }
    for mirror in mirrors.iter_mut() {
        mirror.finding.rests_on = naming.remove(&mirror.place).unwrap_or_default();
        mirror.finding.rests_on.sort();
        mirror.finding.rests_on.dedup();
        mirror.finding.stands_with_any = true;
        about
            .entry(mirror.place)
            .or_default()
            .push(mirror.finding.id.clone());
    }
    for (corroboration, finding) in corroborations.iter().zip(made) {
        let Some(finding) = finding else {
            continue;
        };
        finding.rests_on = corroboration
            .other_groups
            .iter()
            .filter_map(|key| about.get(&(corroboration.other_layer, *key as usize)))
            .filter_map(|ids| ids.first().cloned())
            .collect();
        finding.rests_on.sort();
        finding.rests_on.dedup();
    }
}

/// A key in a sentence about another. A template's id names nobody; other keys stand in findings
/// of their own, so that a pseudonymised copy has no value in a sentence.
fn named_key(family: Family, kind: &str, value: &str) -> String {
    match family {
        Family::Content => format!("{kind} {value}"),
        _ => format!("one {kind}"),
    }
}

fn mirror(
    index: usize,
    found: &Corroboration,
    (layer, group): (usize, usize),
    sources: &Sources<'_>,
) -> Option<Mirror> {
    let (detector_layer, number) = sources.group(layer, group)?;
    let (tested, tested_number) = sources.group(found.group.0, found.group.1)?;
    let holders = sources.layers.get(layer)?.groups.get(group);
    let units: Vec<u32> = holders
        .iter()
        .copied()
        .filter(|unit| found.core.binary_search(unit).is_ok())
        .collect();
    let accounts = sources.accounts(&units);
    let value = detector_layer.values.get(number)?;
    let tested_value = tested.values.get(tested_number)?;
    let named = named_key(tested.family, tested.kind, tested_value);
    let finding = Finding {
        id: stable_id(
            "F",
            &[
                detector_layer.detector,
                detector_layer.kind,
                value,
                "agrees",
                tested.kind,
                tested_value,
            ],
        ),
        bits: found.bits,
        measure: format!(
            "accounts of this {} among those of {named} ({} accounts have it in all); the bits are those of the whole agreement, {}",
            detector_layer.kind,
            sources.accounts(holders).len(),
            match found.other_groups.len() {
                1 => "which this is the other side of".to_owned(),
                keys => format!("of which this is one of {keys} keys"),
            }
        ),
        measured: units.len() as f64,
        expected: holders.len() as f64 * found.size as f64 / sources.units.len().max(1) as f64,
        n: found.size as u64,
        threshold: sources.counting_bits,
        null_model: format!(
            "the {} accounts of {named} drawn at random among accounts of equal activity, every {} keeping its number of accounts; expected here: the share of all accounts",
            found.size, detector_layer.kind
        ),
        ..about((layer, group), &accounts, sources)?
    };
    Some(Mirror {
        corroboration: index,
        place: (layer, group),
        units,
        finding,
    })
}

/// Words a corroboration as a finding.
#[must_use]
pub fn finding(corroboration: &Corroboration, sources: &Sources<'_>) -> Option<Finding> {
    let (layer, group) = corroboration.group;
    let (detector_layer, number) = sources.group(layer, group)?;
    let other = sources.layers.get(corroboration.other_layer)?;
    let accounts = sources.accounts(&corroboration.core);
    let value = detector_layer.values.get(number)?;
    let other_value = corroboration
        .other_groups
        .first()
        .and_then(|key| sources.group(corroboration.other_layer, *key as usize))
        .and_then(|(layer, number)| layer.values.get(number))
        .cloned()
        .unwrap_or_default();
    let (measure, of) = match corroboration.manner {
        Manner::Many => (
            format!(
                "{} keys that tie accounts of this {} together",
                other.kind, detector_layer.kind
            ),
            "keys",
        ),
        Manner::Overlap => (
            format!(
                "accounts of this {} that share {}",
                detector_layer.kind,
                named_key(other.family, other.kind, &other_value)
            ),
            "accounts",
        ),
    };
    Some(Finding {
        id: stable_id(
            "F",
            &[
                detector_layer.detector,
                detector_layer.kind,
                value,
                of,
                other.kind,
                &other_value,
            ],
        ),
        bits: corroboration.bits,
        measure,
        measured: corroboration.observed as f64,
        expected: corroboration.expected,
        n: corroboration.size as u64,
        threshold: sources.counting_bits,
        null_model: format!(
            "the {} accounts of this {} drawn at random among accounts of equal activity, every {} keeping its number of accounts; {of} expected by chance",
            corroboration.size, detector_layer.kind, other.kind
        ),
        ..about((layer, group), &accounts, sources)?
    })
}
