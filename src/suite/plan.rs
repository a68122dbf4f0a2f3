//! Which presets run, and how large.

use anyhow::Result;

use crate::model::failure::Failure;
use crate::simulate;

/// A preset at a scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Name of the preset.
    pub preset: String,
    /// Share of its published size.
    pub scale: f64,
}

/// Scales without `--scale`: each log has about 10,000 to 300,000 requests, so that a cell
/// takes seconds to a minute, and each campaign at least eight accounts. They bound the
/// time of a run and nothing else; larger ones say more.
const SCALES: [(&str, f64); 13] = [
    ("deepseek-2026-02", 0.05),
    ("moonshot-2026-02", 0.02),
    ("minimax-2026-02", 0.01),
    ("anthropic-2026-02", 0.01),
    ("hydra", 0.01),
    ("alibaba-2026-09", 0.004),
    ("moonshot-relay-2026-09", 0.02),
    ("openai-2026-09", 0.02),
    ("zhipu-2026-09", 0.02),
    ("recon-then-scale", 0.05),
    ("careful", 0.05),
    ("tiny", 1.0),
    ("quiet", 0.02),
];

/// The logs of a suite: the presets named (all without names), each at every scale given.
///
/// A scale is `F` for all presets, or `PRESET=F` for one, which then has no other.
///
/// # Errors
/// A usage error for an unknown preset or a scale that is no positive number.
pub fn plan(presets: &[String], scales: &[String]) -> Result<Vec<Planned>> {
    let mut general = Vec::new();
    let mut own: Vec<(String, f64)> = Vec::new();
    for text in scales {
        let (preset, number) = match text.split_once('=') {
            Some((preset, number)) => (Some(preset), number),
            None => (None, text.as_str()),
        };
        let Ok(scale) = number.trim().parse::<f64>() else {
            let message = format!("--scale is `{text}`; give F or PRESET=F, for example tiny=1");
            return Err(Failure::Usage(message).into());
        };
        match preset {
            Some(preset) => {
                simulate::preset(preset, scale, 1)?;
                own.push((preset.to_owned(), scale));
            }
            None => general.push(scale),
        }
    }
    let names: Vec<String> = if presets.is_empty() {
        simulate::presets()
            .iter()
            .map(|preset| preset.name.to_owned())
            .collect()
    } else {
        presets.to_vec()
    };
    if let Some((stranger, _)) = own.iter().find(|(preset, _)| !names.contains(preset)) {
        let message = format!("--scale names {stranger}, which is not among the presets to run");
        return Err(Failure::Usage(message).into());
    }
    let mut logs: Vec<Planned> = Vec::new();
    for name in names {
        let mut chosen: Vec<f64> = own
            .iter()
            .filter(|(preset, _)| *preset == name)
            .map(|(_, scale)| *scale)
            .collect();
        if chosen.is_empty() {
            chosen.clone_from(&general);
        }
        if chosen.is_empty() {
            let usual = SCALES.iter().find(|(preset, _)| *preset == name);
            chosen.push(usual.map_or(0.01, |(_, scale)| *scale));
        }
        for scale in chosen {
            simulate::preset(&name, scale, 1)?;
            let log = Planned {
                preset: name.clone(),
                scale,
            };
            if !logs.contains(&log) {
                logs.push(log);
            }
        }
    }
    Ok(logs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn every_preset_has_a_usual_scale() {
        let logs = plan(&[], &[]).expect("plan");
        assert_eq!(logs.len(), simulate::presets().len());
        for preset in simulate::presets() {
            assert!(SCALES.iter().any(|(name, _)| *name == preset.name));
            let scale = logs
                .iter()
                .find(|log| log.preset == preset.name)
                .expect("planned")
                .scale;
            let scenario = simulate::preset(preset.name, scale, 1).expect("scenario");
            let fewest = scenario.campaigns.iter().map(|campaign| campaign.accounts);
            assert!(
                fewest.min().is_none_or(|least| least >= 8),
                "{}",
                preset.name
            );
        }
    }

    #[test]
    fn scales_are_for_all_or_for_one() {
        let logs = plan(&text(&["tiny", "quiet"]), &text(&["0.5", "0.1", "tiny=1"])).expect("plan");
        let short: Vec<(&str, f64)> = logs
            .iter()
            .map(|log| (log.preset.as_str(), log.scale))
            .collect();
        assert_eq!(short, vec![("tiny", 1.0), ("quiet", 0.5), ("quiet", 0.1)]);
    }

    #[test]
    fn what_cannot_run_is_refused() {
        for (presets, scales, part) in [
            (text(&["tinny"]), vec![], "nearest: tiny"),
            (vec![], text(&["0"]), "scale is 0"),
            (vec![], text(&["tinny=1"]), "nearest: tiny"),
            (vec![], text(&["tiny=much"]), "PRESET=F"),
        ] {
            let error = plan(&presets, &scales).expect_err("refused").to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
