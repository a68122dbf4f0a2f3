//! Evidence by family as a waterfall: each bar starts where the one above it ends.

use serde::Serialize;

use crate::model::campaign::Campaign;

/// Width of the plot in SVG units.
const WIDTH: f64 = 260.0;

/// One bar.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Bar {
    x: String,
    width: String,
    end: String,
}

/// The bars of a campaign, in the order of its evidence, and the two sums below them.
#[derive(Debug, Serialize)]
pub(crate) struct Waterfall {
    /// One bar per family.
    pub(crate) bars: Vec<Bar>,
    sum: Bar,
    sum_bits: f64,
    median: Bar,
    width: f64,
}

/// Lays out the bars on one common scale.
pub(crate) fn waterfall(campaign: &Campaign) -> Waterfall {
    let sum: f64 = campaign
        .evidence
        .iter()
        .map(|evidence| evidence.bits.max(0.0))
        .sum();
    let scale = WIDTH / sum.max(campaign.bits).max(1.0);
    let bar = |from: f64, length: f64| Bar {
        x: format!("{:.1}", from * scale),
        // Nothing added is no bar, not a thin one.
        width: format!(
            "{:.1}",
            if length > 0.0 {
                (length * scale).max(0.5)
            } else {
                0.0
            }
        ),
        end: format!("{:.1}", (from + length) * scale),
    };
    let mut from = 0.0;
    let bars = campaign
        .evidence
        .iter()
        .map(|evidence| {
            let length = evidence.bits.max(0.0);
            let drawn = bar(from, length);
            from += length;
            drawn
        })
        .collect();
    let sum_bits = (sum * 100.0).round() / 100.0;
    Waterfall {
        bars,
        sum: bar(0.0, sum),
        sum_bits,
        median: bar(0.0, campaign.bits.max(0.0)),
        width: WIDTH,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn bars_follow_each_other_and_end_at_the_sum() {
        let tables = sample::three_campaigns();
        let campaign = &tables.case.campaigns[0];
        let drawn = waterfall(campaign);
        assert_eq!(drawn.bars.len(), campaign.evidence.len());
        for pair in drawn.bars.windows(2) {
            assert_eq!(pair[0].end, pair[1].x);
        }
        assert_eq!(drawn.bars.last().unwrap().end, drawn.sum.end);
    }
}
