//! Named scenarios.

use crate::model::failure::Failure;
use crate::simulate::scenario::Scenario;
use crate::simulate::{february, general, september};

/// What a preset is, for lists and help texts.
#[derive(Debug, Clone, Copy)]
pub struct PresetInfo {
    /// Name on the command line.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Where its figures were published.
    pub source: &'static str,
    make: fn(&Size) -> Scenario,
}

/// The size and seed that were asked for.
pub(crate) struct Size {
    pub(crate) scale: f64,
    pub(crate) seed: u64,
}

impl Size {
    /// A number of accounts at this scale, at least `fewest`.
    pub(crate) fn accounts(&self, full: u32, fewest: u32) -> u32 {
        (f64::from(full) * self.scale)
            .round()
            .clamp(f64::from(fewest), 5e7) as u32
    }

    /// A number of requests at this scale, at least ten.
    pub(crate) fn requests(&self, full: u64) -> u64 {
        (full as f64 * self.scale).round().max(10.0) as u64
    }
}

const ANTHROPIC_FEBRUARY: &str = "Anthropic, Detecting and preventing distillation attacks, 23 February 2026 (claims of the vendor)";
const ANTHROPIC_SEPTEMBER: &str =
    "Anthropic, report of September 2026 (claims of the vendor, from secondary copies)";

static PRESETS: [PresetInfo; 13] = [
    PresetInfo {
        name: "deepseek-2026-02",
        summary: "rubric grading, reconstructed reasoning and safe rewrites in synchronised waves, shared cards",
        source: ANTHROPIC_FEBRUARY,
        make: february::deepseek,
    },
    PresetInfo {
        name: "moonshot-2026-02",
        summary: "agents, tools, code, data analysis and computer use over several pathways",
        source: ANTHROPIC_FEBRUARY,
        make: february::moonshot,
    },
    PresetInfo {
        name: "minimax-2026-02",
        summary: "agentic coding and orchestration; nearly half moves to a new model within a day",
        source: ANTHROPIC_FEBRUARY,
        make: february::minimax,
    },
    PresetInfo {
        name: "anthropic-2026-02",
        summary: "the three campaigns of February 2026 in one log: 16 million exchanges, 24,000 accounts",
        source: ANTHROPIC_FEBRUARY,
        make: february::all,
    },
    PresetInfo {
        name: "hydra",
        summary: "20,000 proxy accounts that mix the campaign with unrelated customers; banned ones are replaced",
        source: ANTHROPIC_FEBRUARY,
        make: february::hydra,
    },
    PresetInfo {
        name: "alibaba-2026-09",
        summary: "one injected system prompt on every request; a standby pool takes over",
        source: ANTHROPIC_SEPTEMBER,
        make: september::alibaba,
    },
    PresetInfo {
        name: "moonshot-relay-2026-09",
        summary: "silent relay of a lab's own customers, replayed reasoning blobs, few requests per account",
        source: ANTHROPIC_SEPTEMBER,
        make: september::moonshot_relay,
    },
    PresetInfo {
        name: "openai-2026-09",
        summary: "encrypted reasoning replayed across conversations and users at two requests per account and day",
        source: "OpenAI, report of 30 September 2026 (claims of the vendor, from secondary copies)",
        make: september::openai,
    },
    PresetInfo {
        name: "zhipu-2026-09",
        summary: "273 rotating accounts that judge and clean the lab's own traces",
        source: ANTHROPIC_SEPTEMBER,
        make: september::zhipu,
    },
    PresetInfo {
        name: "recon-then-scale",
        summary: "12,000 one-off variants, mostly refused, then one winner at scale",
        source: ANTHROPIC_SEPTEMBER,
        make: september::recon,
    },
    PresetInfo {
        name: "careful",
        summary: "nothing shared, human hours, reworded, each item sent once",
        source: "none; a campaign that avoids every published mistake",
        make: general::careful,
    },
    PresetInfo {
        name: "tiny",
        summary: "a campaign of 15 accounts in a small log",
        source: "none; small enough for a first look and for tests",
        make: general::tiny,
    },
    PresetInfo {
        name: "quiet",
        summary: "no campaign at all: only innocent populations",
        source: "none; every finding is a false alarm",
        make: general::quiet,
    },
];

/// All presets in canonical order.
#[must_use]
pub fn presets() -> &'static [PresetInfo] {
    &PRESETS
}

/// The scenario of a preset at a share of its published size.
///
/// # Errors
///
/// A [`Failure::Usage`] where there is no such preset, or the scale is not a positive number.
pub fn preset(name: &str, scale: f64, seed: u64) -> anyhow::Result<Scenario> {
    let Some(info) = PRESETS.iter().find(|info| info.name == name) else {
        return Err(Failure::Usage(format!(
            "no preset {name}; nearest: {}",
            nearest(name).join(", ")
        ))
        .into());
    };
    if !(scale.is_finite() && scale > 0.0 && scale <= 100.0) {
        return Err(Failure::Usage(format!(
            "scale is {scale}; give a number above 0, at most 100"
        ))
        .into());
    }
    Ok((info.make)(&Size { scale, seed }))
}

/// The three presets whose names are closest.
fn nearest(name: &str) -> Vec<&'static str> {
    let mut names: Vec<(usize, &'static str)> = PRESETS
        .iter()
        .map(|info| (distance(name, info.name), info.name))
        .collect();
    names.sort_unstable();
    names.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Edits between two names; a name that starts the other is close whatever its length.
fn distance(left: &str, right: &str) -> usize {
    if !left.is_empty() && (right.starts_with(left) || left.starts_with(right)) {
        return 0;
    }
    let right: Vec<char> = right.chars().collect();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.chars().take(100).enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in right.iter().enumerate() {
            let change = previous[column] + usize::from(letter != *other);
            current.push(
                change
                    .min(previous[column + 1] + 1)
                    .min(current[column] + 1),
            );
        }
        previous = current;
    }
    previous.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_get_the_nearest() {
        let error = preset("deepseek", 1.0, 1).unwrap_err().to_string();
        assert!(
            error.contains("no preset deepseek; nearest: deepseek-2026-02"),
            "{error}"
        );
        let error = preset("hidra", 1.0, 1).unwrap_err();
        assert!(error.to_string().contains("nearest: hydra"), "{error}");
        assert!(matches!(
            error.downcast_ref::<Failure>(),
            Some(Failure::Usage(_))
        ));
    }

    #[test]
    fn impossible_scales_are_refused() {
        for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = preset("tiny", scale, 1).unwrap_err().to_string();
            assert!(error.contains("scale is"), "{error}");
        }
    }

    #[test]
    fn every_preset_has_people_and_days() {
        for info in presets() {
            let scenario = preset(info.name, 0.01, 1).unwrap();
            assert_eq!(scenario.name, info.name);
            assert!(scenario.organic_accounts > 0 && scenario.days > 0);
            let campaign: u32 = scenario.campaigns.iter().map(|plan| plan.accounts).sum();
            assert!(scenario.organic_accounts > campaign, "{}", info.name);
        }
    }
}
