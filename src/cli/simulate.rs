//! `stillhunt simulate`: synthetic logs with a known truth.

use std::path::Path;

use anyhow::{Result, anyhow};

use crate::cli::arguments::{KnobArguments, SimulateArguments};
use crate::cli::escape::visible;
use crate::cli::{exit, progress, quantity, stdout};
use crate::config::suggestion::did_you_mean;
use crate::model::failure::Failure;
use crate::report;
use crate::simulate::{self, Format, Innocent, Knobs, SimulateOptions, Summary};

pub(super) fn run(arguments: &SimulateArguments) -> Result<u8> {
    if arguments.list {
        stdout::answer(&list()?)?;
        return Ok(exit::DONE);
    }
    let (Some(preset), Some(out)) = (&arguments.preset, &arguments.out) else {
        // The command line asks for both, so this is not reached from there.
        return Err(anyhow!(Failure::Usage(
            "name a preset and a folder with --out".into()
        )));
    };
    let scenario = simulate::preset(preset, arguments.scale, arguments.seed)?;
    let mut options = SimulateOptions {
        out: out.clone(),
        format: Format::from_name(arguments.format.name()).unwrap_or_default(),
        files: arguments.files.get(),
        corpus: arguments.corpus.clone(),
        knobs: knobs(&arguments.knobs)?,
    };
    let display = progress::display(arguments.progress, arguments.quiet);
    // All of it or nothing: half a log would be taken for a whole one.
    let mut written = Summary::default();
    report::write_folder(out, false, "log", |folder| {
        folder.clone_into(&mut options.out);
        written = simulate::write(&scenario, &options, display.as_ref())?;
        Ok(())
    })?;
    drop(display);
    for file in &mut written.files {
        if let Ok(name) = file.strip_prefix(&options.out) {
            *file = out.join(name);
        }
    }
    let summary = written;
    if !arguments.quiet {
        stdout::answer(&render(&summary, out))?;
    }
    Ok(exit::DONE)
}

fn knobs(arguments: &KnobArguments) -> Result<Knobs> {
    let mut knobs = Knobs {
        card_sharing: arguments.card_sharing,
        address_sharing: arguments.address_sharing,
        jitter: arguments.jitter,
        paraphrase: arguments.paraphrase,
        cover_share: arguments.cover_share,
        requests_per_account_per_day: arguments.requests_per_account_per_day,
        replacement_lag_hours: arguments.replacement_lag_hours,
        organic_accounts: arguments.organic_accounts,
        ..Knobs::default()
    };
    for text in &arguments.innocent {
        let (kind, size) = innocent(text)?;
        if knobs.innocents.insert(kind, size).is_some() {
            let message = format!("--innocent: {} is given twice", kind.name());
            return Err(Failure::Usage(message).into());
        }
    }
    Ok(knobs)
}

/// `NAME=ACCOUNTS`, for example `campus=0`.
fn innocent(text: &str) -> Result<(Innocent, u32)> {
    let Some((name, size)) = text.split_once('=') else {
        let message =
            format!("--innocent is `{text}`; give NAME=ACCOUNTS, for example office_nat=40");
        return Err(Failure::Usage(message).into());
    };
    let Some(kind) = Innocent::from_name(name) else {
        let near = did_you_mean(name, Innocent::ALL.iter().map(|kind| kind.name()));
        let message = format!(
            "--innocent: no population is called `{name}`{near} (`stillhunt simulate --list` lists them)"
        );
        return Err(Failure::Usage(message).into());
    };
    match size.parse() {
        Ok(size) => Ok((kind, size)),
        Err(_) => Err(Failure::Usage(format!(
            "--innocent: {name} has `{size}` accounts; give a whole number, 0 switches it off"
        ))
        .into()),
    }
}

fn list() -> Result<String> {
    let mut text = String::from("Presets; all logs made from them are synthetic:\n");
    for preset in simulate::presets() {
        text.push_str(&format!(
            "  {}\n      {}\n      source: {}\n      published: {}\n      our own: {}\n",
            preset.name, preset.summary, preset.source, preset.published, preset.chosen
        ));
    }
    text.push_str(
        "\nInnocent populations with their accounts in `quiet` at scale 1, for --innocent NAME=ACCOUNTS:\n",
    );
    let quiet = simulate::preset("quiet", 1.0, 1)?;
    for kind in Innocent::ALL {
        let accounts = quiet.innocents.get(kind).copied().unwrap_or(0);
        text.push_str(&format!(
            "  {:<20}{:>6}  {}\n",
            kind.name(),
            quantity::count(u64::from(accounts)),
            kind.meaning()
        ));
    }
    Ok(text)
}

fn render(summary: &Summary, out: &Path) -> String {
    let mut text = format!(
        "synthetic log: {} by {}, {} of which send nothing\n",
        quantity::of(summary.requests, "request"),
        quantity::of(summary.accounts, "account"),
        quantity::count(summary.silent_accounts)
    );
    for (name, count) in &summary.campaigns {
        text.push_str(&format!(
            "campaign {name}: {}, {}, {} with cover traffic and turned-away attempts\n",
            quantity::of(count.accounts, "account"),
            quantity::of(count.exchanges, "exchange"),
            quantity::of(count.requests, "request")
        ));
    }
    for (name, accounts) in &summary.populations {
        text.push_str(&format!(
            "population {name}: {}\n",
            quantity::of(*accounts, "account")
        ));
    }
    for file in &summary.files {
        text.push_str(&format!("written {}\n", shown(file)));
    }
    // A folder with its tables beside the logs is not taken as a whole: say how it is.
    let logs = match summary.files.as_slice() {
        [one] => shown(one),
        _ => format!("{}/requests*", shown(out)),
    };
    let beside = |name: &str| shown(&out.join(name));
    text.push_str(&format!(
        "next    stillhunt scan {logs} --accounts {} --events {} --out CASE\n        stillhunt evaluate CASE --truth {} --truth-requests {}\n",
        beside("accounts.csv"),
        beside("events.csv"),
        beside("truth_accounts.csv"),
        beside(match summary.files.first().and_then(|file| file.extension()) {
            Some(extension) if extension == "parquet" => "truth_requests.parquet",
            _ => "truth_requests.csv",
        })
    ));
    text
}

fn shown(path: &Path) -> String {
    visible(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn populations_are_taken_by_name_and_refused_with_a_suggestion() {
        assert_eq!(innocent("campus=0").unwrap(), (Innocent::Campus, 0));
        for (text, part) in [
            ("campsu=3", "did you mean `campus`?"),
            ("campus", "NAME=ACCOUNTS"),
            ("campus=-1", "whole number"),
        ] {
            let error = innocent(text).unwrap_err();
            assert!(matches!(error.downcast_ref(), Some(Failure::Usage(_))));
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn the_list_names_every_preset_and_population() {
        let text = list().expect("presets");
        for preset in simulate::presets() {
            assert!(text.contains(preset.name));
        }
        for kind in Innocent::ALL {
            assert!(text.contains(kind.name()));
        }
    }
}
