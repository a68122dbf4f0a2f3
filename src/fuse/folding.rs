//! The layers of the detectors as layers of units.

use crate::detect::layer::Layer;
use crate::detect::network::public_ranges::PublicRanges;
use crate::fuse::incidence::{UnitLayer, Units, mark_crowded};

/// Layers as units.
pub(super) struct Folded {
    /// Those that are tested against each other, after them those whose groups can only be leads.
    pub(super) all: Vec<UnitLayer>,
    /// How many of `all` are tested.
    pub(super) tested: usize,
    /// Those whose keys are listed and tie nobody.
    pub(super) listed: Vec<UnitLayer>,
}

/// Folds the layers of the detectors.
pub(super) fn fold(
    layers: &[Layer],
    units: &Units,
    hub_degree: usize,
    public: &PublicRanges,
) -> Folded {
    let (listed, tying): (Vec<_>, Vec<_>) = layers
        .iter()
        .enumerate()
        .partition(|(_, layer)| layer.is_listed_only());
    let (tested, for_leads): (Vec<_>, Vec<_>) = tying
        .into_iter()
        .partition(|(_, layer)| !layer.is_for_leads());
    let count = tested.len();
    let mut folded: Vec<UnitLayer> = tested
        .into_iter()
        .chain(for_leads)
        .map(|(source, layer)| UnitLayer::fold(layer, source, units))
        .collect();
    let marked = folded.get_mut(..count).unwrap_or_default();
    mark_crowded(marked, layers, hub_degree, public);
    let mut listed: Vec<UnitLayer> = listed
        .into_iter()
        .map(|(source, layer)| UnitLayer::fold(layer, source, units))
        .collect();
    mark_crowded(&mut listed, layers, hub_degree, public);
    Folded {
        all: folded,
        tested: count,
        listed,
    }
}
