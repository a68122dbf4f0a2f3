//! When models appeared: from the events given, or from the log itself.

use rustc_hash::FxHashSet;

use crate::detect::population::{HOUR_US, Population};
use crate::model::event::EventKind;

/// A model that became available within the log's window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Hour of the release, since the epoch.
    pub hour: i64,
    /// Models meant, as positions in the population's list, ascending.
    pub models: Vec<u32>,
    /// Name for the report.
    pub name: String,
    /// Whether an event says so; else the model's first request does.
    pub declared: bool,
}

/// Fewest accounts that use a model for its first request to pass as a release: a model
/// tuned for one customer appears all the time.
const RELEASE_ACCOUNTS: usize = 30;

/// Smallest share of the log's accounts for the same.
const RELEASE_ACCOUNT_SHARE: f64 = 0.01;

/// A model whose first request comes this soon in the log was there before the log began.
const LOG_START_HOURS: i64 = 48;

/// Hours around a release without a model name in which the new model must first appear.
const NAMELESS_HOURS: i64 = 24;

/// A model in use for longer than this before its release was no news then; testers and clocks that
/// differ come earlier (ours).
const EARLY_HOURS: i64 = 48;

/// Most releases tested, so that a long list of model names does not cost evidence.
const MOST_RELEASES: usize = 12;

/// The releases that can be tested, by time, and sentences about those that cannot.
#[must_use]
pub fn releases(population: &Population<'_>) -> (Vec<Release>, Vec<String>) {
    let mut partial = Vec::new();
    let first_hour = population.log_first_us().div_euclid(HOUR_US);
    let last_hour = population.log_last_us().div_euclid(HOUR_US);
    let seen = first_uses(population);
    let mut found: Vec<Release> = Vec::new();
    for event in population
        .events
        .iter()
        .filter(|event| event.kind == EventKind::ModelRelease)
    {
        let hour = event.timestamp_us.div_euclid(HOUR_US);
        let name = event.model.clone().unwrap_or_else(|| event.name.clone());
        if hour > last_hour {
            partial.push(format!(
                "release {name}: it lies after the log's last request"
            ));
            continue;
        }
        if hour < first_hour {
            partial.push(format!(
                "release {name}: it lies before the log's first request"
            ));
            continue;
        }
        let models: Vec<u32> = (0_u32..)
            .zip(&population.models)
            .filter(|(model, found)| match &event.model {
                Some(wanted) => is_version_of(found, wanted),
                None => seen
                    .get(*model as usize)
                    .copied()
                    .flatten()
                    .is_some_and(|(first, _)| (hour..hour + NAMELESS_HOURS).contains(&first)),
            })
            .map(|(model, _)| model)
            .collect();
        let users = models
            .iter()
            .any(|model| seen.get(*model as usize).copied().flatten().is_some());
        if !users {
            partial.push(if event.model.is_some() {
                format!("release {name}: no request of the log uses it")
            } else {
                format!(
                    "release {name}: it names no model, and none appears within {NAMELESS_HOURS} hours after it"
                )
            });
            continue;
        }
        let earliest = models
            .iter()
            .filter_map(|model| seen.get(*model as usize).copied().flatten())
            .map(|(first, _)| first)
            .min();
        if earliest.is_some_and(|first| first < hour - EARLY_HOURS) {
            partial.push(format!(
                "release {name}: requests of more than {EARLY_HOURS} hours before use it"
            ));
            continue;
        }
        if found.iter().any(|release| release.models == models) {
            partial.push(format!("release {name}: it is given more than once"));
            continue;
        }
        found.push(Release {
            hour,
            models,
            name,
            declared: true,
        });
    }
    let enough = (population.len() as f64 * RELEASE_ACCOUNT_SHARE).max(RELEASE_ACCOUNTS as f64);
    for (model, first) in (0_u32..).zip(&seen) {
        let Some((hour, users)) = first else { continue };
        let declared = found.iter().any(|release| release.models.contains(&model));
        let name = population
            .models
            .get(model as usize)
            .cloned()
            .unwrap_or_default();
        if declared
            || name.is_empty()
            || *hour < first_hour + LOG_START_HOURS
            || (*users as f64) < enough
        {
            continue;
        }
        found.push(Release {
            hour: *hour,
            models: vec![model],
            name,
            declared: false,
        });
    }
    found.sort_by(|a, b| a.hour.cmp(&b.hour).then_with(|| a.name.cmp(&b.name)));
    if found.len() > MOST_RELEASES {
        partial.push(format!(
            "{} releases in the log: only the first {MOST_RELEASES} are tested",
            found.len()
        ));
        found.truncate(MOST_RELEASES);
    }
    if found.is_empty() && partial.is_empty() {
        partial.push(
            "no event and no first appearance of a model tells of a release within the log"
                .to_owned(),
        );
    }
    (found, partial)
}

/// Whether a model name is the released one, or the released one with a date or version behind it.
pub fn is_version_of(name: &str, released: &str) -> bool {
    let (name, released) = (name.to_lowercase(), released.trim().to_lowercase());
    !released.is_empty()
        && name
            .strip_prefix(&released)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '@', ':', '/']))
}

/// For each model its first hour in the log and how many accounts use it.
fn first_uses(population: &Population<'_>) -> Vec<Option<(i64, usize)>> {
    let mut seen: Vec<Option<(i64, usize)>> = vec![None; population.models.len()];
    for account in population.accounts() {
        let mut own: FxHashSet<u32> = FxHashSet::default();
        for cell in population.cells(account) {
            let new = own.insert(cell.model);
            if let Some(slot) = seen.get_mut(cell.model as usize) {
                let slot = slot.get_or_insert((cell.hour, 0));
                slot.0 = slot.0.min(cell.hour);
                slot.1 += usize::from(new);
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::test_world::World;
    use crate::model::event::Event;

    fn event(hour: i64, model: Option<&str>) -> Event {
        Event {
            timestamp_us: hour * HOUR_US + 1,
            kind: EventKind::ModelRelease,
            name: "a release".to_owned(),
            model: model.map(str::to_owned),
        }
    }

    fn world() -> World {
        let mut world = World::new(60, &["old", "new-2026-01-20"]);
        for account in 0..60 {
            world.put(account, 10, 0, 1);
            world.put(account, 100 + i64::from(account), 1, 1);
        }
        world
    }

    #[test]
    fn a_model_that_many_start_to_use_is_a_release() {
        let world = world();
        let (found, partial) = releases(&world.population());
        assert_eq!(found.len(), 1, "{partial:?}");
        assert_eq!((found[0].hour, found[0].declared), (100, false));
        let mut few = World::new(60, &["old", "tuned-for-one"]);
        few.put(0, 10, 0, 1);
        few.put(1, 200, 1, 5);
        let (found, partial) = releases(&few.population());
        assert!(found.is_empty());
        assert_eq!(
            partial,
            ["no event and no first appearance of a model tells of a release within the log"]
        );
    }

    #[test]
    fn events_name_the_hour_and_dated_names_belong() {
        let mut world = world();
        world.events = vec![event(90, Some("new"))];
        let (found, _) = releases(&world.population());
        assert_eq!(
            (found.len(), found[0].hour, found[0].declared),
            (1, 90, true)
        );
        world.events = vec![event(95, None)];
        assert_eq!(releases(&world.population()).0[0].models, [1]);
        assert!(!is_version_of("newer", "new") && !is_version_of("new", ""));
    }

    #[test]
    fn old_models_and_repeated_events_hide_no_release() {
        let mut world = world();
        world.events = vec![event(90, Some("NEW")), event(91, Some("new"))];
        world
            .events
            .extend((92..120).map(|hour| event(hour, Some("old"))));
        let (found, partial) = releases(&world.population());
        assert_eq!((found.len(), found[0].hour), (1, 90), "{partial:?}");
        assert!(partial.contains(&"release new: it is given more than once".to_owned()));
        assert!(partial.iter().any(|said| said.contains("48 hours before")));
    }

    #[test]
    fn what_cannot_be_tested_is_said() {
        let mut world = world();
        world.events = vec![
            event(9_000, Some("new")),
            event(-5, Some("old")),
            event(50, Some("unheard-of")),
        ];
        let (_, partial) = releases(&world.population());
        assert_eq!(
            partial,
            [
                "release new: it lies after the log's last request",
                "release old: it lies before the log's first request",
                "release unheard-of: no request of the log uses it",
            ]
        );
        assert!(releases(&World::new(0, &[]).population()).0.is_empty());
    }
}
