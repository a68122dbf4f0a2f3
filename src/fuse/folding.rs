//! The layers of the detectors as layers of units.

use crate::detect::layer::Layer;
use crate::detect::network::public_ranges::PublicRanges;
use crate::fuse::incidence::{UnitLayer, Units, mark_crowded};

/// All layers, and how many of them are tested against each other: they come first, after them
/// those whose groups can only be leads.
pub(super) fn fold(
    layers: &[Layer],
    units: &Units,
    hub_degree: usize,
    public: &PublicRanges,
) -> (Vec<UnitLayer>, usize) {
    let (tested, for_leads): (Vec<_>, Vec<_>) = layers
        .iter()
        .enumerate()
        .partition(|(_, layer)| !layer.is_for_leads());
    let count = tested.len();
    let mut folded: Vec<UnitLayer> = tested
        .into_iter()
        .chain(for_leads)
        .map(|(source, layer)| UnitLayer::fold(layer, source, units))
        .collect();
    let marked = folded.get_mut(..count).unwrap_or_default();
    mark_crowded(marked, layers, hub_degree, public);
    (folded, count)
}
