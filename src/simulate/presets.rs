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
    /// The figures that were published, at scale 1.
    pub published: &'static str,
    /// The figures that were not, and are our own.
    pub chosen: &'static str,
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
        published: "more than 150,000 exchanges; synchronised traffic; shared payment methods; rubric grading, reasoning of completed responses, censorship-safe rewrites",
        chosen: "400 accounts, 28 days, 8 accounts per card, 3 per address",
        make: february::deepseek,
    },
    PresetInfo {
        name: "moonshot-2026-02",
        summary: "agents, tools, code, data analysis and computer use over several pathways",
        source: ANTHROPIC_FEBRUARY,
        published: "more than 3.4 million exchanges; hundreds of accounts over several access pathways",
        chosen: "600 accounts, 42 days, 3 accounts per card, half on other pathways",
        make: february::moonshot,
    },
    PresetInfo {
        name: "minimax-2026-02",
        summary: "agentic coding and orchestration; nearly half moves to a new model within a day",
        source: ANTHROPIC_FEBRUARY,
        published: "more than 13 million exchanges; nearly half of the traffic moves within 24 hours of a release",
        chosen: "2,000 accounts, 42 days, 5 accounts per card, 48 % moving",
        make: february::minimax,
    },
    PresetInfo {
        name: "anthropic-2026-02",
        summary: "the three campaigns of February 2026 in one log: 16 million exchanges, 24,000 accounts",
        source: ANTHROPIC_FEBRUARY,
        published: "more than 16 million exchanges over about 24,000 accounts in all; by campaign 150,000, 3.4 million, 13 million",
        chosen: "how the accounts divide (1,200, 800, 22,000), 42 days",
        make: february::all,
    },
    PresetInfo {
        name: "hydra",
        summary: "20,000 proxy accounts that mix the campaign with unrelated customers; banned ones are replaced",
        source: ANTHROPIC_FEBRUARY,
        published: "more than 20,000 accounts at once; traffic mixed with unrelated customers; banned accounts replaced",
        chosen: "2.4 million campaign exchanges in 14 days, 60 % cover, mean life 12 days, replaced after 6 hours, 12 accounts per card",
        make: february::hydra,
    },
    PresetInfo {
        name: "alibaba-2026-09",
        summary: "one injected system prompt on every request; a standby pool takes over",
        source: ANTHROPIC_SEPTEMBER,
        published: "more than 151 million exchanges May to July, peak about 3 million a day over more than 3,500 accounts; one injected prompt; two pools",
        chosen: "a window of 14 days at 2 million a day (28 million), ban of the first pool after ten days",
        make: september::alibaba,
    },
    PresetInfo {
        name: "moonshot-relay-2026-09",
        summary: "silent relay of a lab's own customers, replayed reasoning blobs, few requests per account",
        source: ANTHROPIC_SEPTEMBER,
        published: "more than 23 million exchanges May to July over 5,380 accounts; replay of saved signatures",
        chosen: "934,000 exchanges in 31 days, that is 5.6 per account and day; 6 uses per signature",
        make: september::moonshot_relay,
    },
    PresetInfo {
        name: "openai-2026-09",
        summary: "encrypted reasoning replayed across conversations and users at two requests per account and day",
        source: "OpenAI, report of 30 September 2026 (claims of the vendor, from secondary copies)",
        published: "16,000 extraction requests in two days by more than 4,000 users; replay across conversations and users",
        chosen: "8 uses per signature, 40 % cover on those two days and unrelated traffic before and after, 1.5 accounts per card; the campaign is called moonshot-openai, after the lab that was named",
        make: september::openai,
    },
    PresetInfo {
        name: "zhipu-2026-09",
        summary: "273 rotating accounts that judge and clean the lab's own traces",
        source: ANTHROPIC_SEPTEMBER,
        published: "more than 3.4 million exchanges in 17 days, 770,609 of them trace cleaning; 273 rotating accounts",
        chosen: "125 accounts at one time with a mean life of 14 days, which makes about 273 in all; two samples per item",
        make: september::zhipu,
    },
    PresetInfo {
        name: "recon-then-scale",
        summary: "12,000 one-off variants, mostly refused, then one winner at scale",
        source: ANTHROPIC_SEPTEMBER,
        published: "more than 12,000 requests, each with another bypass, then one winner",
        chosen: "400,000 exchanges, 800 accounts, 21 days, a third of them reconnaissance",
        make: september::recon,
    },
    PresetInfo {
        name: "careful",
        summary: "nothing shared, human hours, reworded, each item sent once",
        source: "none; a campaign that avoids every published mistake",
        published: "none",
        chosen: "120,000 exchanges, 400 accounts, 28 days, half cover, half of the wording changed, nothing shared",
        make: general::careful,
    },
    PresetInfo {
        name: "tiny",
        summary: "a campaign of 15 accounts in a small log",
        source: "none; small enough for a first look and for tests",
        published: "none",
        chosen: "3,000 exchanges, 15 accounts, 7 days, 4 accounts per card",
        make: general::tiny,
    },
    PresetInfo {
        name: "quiet",
        summary: "no campaign at all: only innocent populations",
        source: "none; every finding is a false alarm",
        published: "none",
        chosen: "40,000 ordinary accounts, 21 days",
        make: general::quiet,
    },
];

/// All presets in canonical order.
#[must_use]
pub fn presets() -> &'static [PresetInfo] {
    &PRESETS
}

/// Least scale: one exchange of the 16 million.
const LEAST_SCALE: f64 = 1e-7;

/// The scenario of a preset at a share of its published size.
///
/// # Errors
///
/// A [`Failure::Usage`] where there is no such preset, or the scale is out of its range.
pub fn preset(name: &str, scale: f64, seed: u64) -> anyhow::Result<Scenario> {
    let Some(info) = PRESETS.iter().find(|info| info.name == name) else {
        return Err(Failure::Usage(format!(
            "no preset {name}; nearest: {}",
            nearest(name).join(", ")
        ))
        .into());
    };
    if !(LEAST_SCALE..=100.0).contains(&scale) {
        return Err(Failure::Usage(format!(
            "scale is {scale}; give a number from {LEAST_SCALE} to 100"
        ))
        .into());
    }
    Ok((info.make)(&Size { scale, seed }))
}

/// The three presets whose names are closest.
fn nearest(name: &str) -> Vec<&'static str> {
    let mut names: Vec<(usize, &'static str)> = PRESETS
        .iter()
        .map(|info| {
            // Most names end in the month of a publication, which nobody types by heart.
            let plain = info.name.split("-20").next().unwrap_or(info.name);
            let near = distance(name, info.name).min(distance(name, plain));
            (near, info.name)
        })
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
        let error = preset("deepsek", 1.0, 1).unwrap_err().to_string();
        assert!(error.contains("nearest: deepseek-2026-02"), "{error}");
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
            assert!(!info.published.is_empty() && !info.chosen.is_empty());
            let campaign: u32 = scenario.campaigns.iter().map(|plan| plan.accounts).sum();
            assert!(scenario.organic_accounts > campaign, "{}", info.name);
        }
    }
}
