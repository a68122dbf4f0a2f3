//! What happened when, as single events that Timesketch's importer accepts.
//!
//! Its rules (`read_and_validate_csv` and `read_and_validate_jsonl` of Timesketch, and its
//! guide "Import from JSON or CSV"): every event has `message`, `datetime` and
//! `timestamp_desc`; all `datetime` values have one form, because the first one decides how
//! the rest is read and what does not fit is dropped; `timestamp` is in microseconds; times
//! are held in nanoseconds of 64 bits; a field above the index's term limit is not searchable.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::campaign::{Campaign, Member, Template};
use crate::model::case::Case;
use crate::model::event::{Event, EventKind};
use crate::report::{escape, format};

/// Most bytes of a text: the longest term that Lucene indexes (`IndexWriter.MAX_TERM_LENGTH`,
/// 32,766), less one for the sign that a CSV cell may get in front.
const MOST_BYTES: usize = 32_766 - 1;

/// Marks a text that was longer.
const CUT: &str = " [cut]";

/// Times that 64 bits of nanoseconds hold, in microseconds.
const TIMES_US: std::ops::RangeInclusive<i64> = (i64::MIN / 1000 + 1)..=(i64::MAX / 1000);

/// One event. The texts are visible, on one line and bounded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct TimelineEvent {
    pub(crate) message: String,
    pub(crate) timestamp: i64,
    pub(crate) datetime: String,
    pub(crate) timestamp_desc: &'static str,
    pub(crate) campaign_id: String,
    pub(crate) verdict: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) account_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) template_id: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) event_kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) requests: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) growth: Option<f64>,
}

/// All events of a case, in order of time; events of one moment in order of the campaigns.
pub(crate) fn timeline(case: &Case) -> Vec<TimelineEvent> {
    let templates: BTreeMap<&str, &Template> = case
        .templates
        .iter()
        .map(|template| (template.id.as_str(), template))
        .collect();
    let mut events = Vec::new();
    for campaign in &case.campaigns {
        let mut maker = Maker {
            campaign,
            id: bounded(&campaign.id),
            first_day_us: case.coverage.first_us.map(format::day_start),
            events: &mut events,
        };
        maker.span();
        maker.days();
        maker.course();
        campaign
            .members
            .iter()
            .for_each(|member| maker.member(member));
        campaign
            .templates
            .iter()
            .filter_map(|id| templates.get(id.as_str()))
            .for_each(|template| maker.template(template));
        case.events
            .iter()
            .filter(|event| (campaign.first_us..=campaign.last_us).contains(&event.timestamp_us))
            .for_each(|event| maker.platform(event));
    }
    // stable, so that what a campaign says of one moment keeps its order
    events.sort_by_key(|event| event.timestamp);
    events
}

/// Lower-case name of an event's kind.
pub(crate) fn kind_name(kind: EventKind) -> &'static str {
    match kind {
        EventKind::ModelRelease => "model_release",
        EventKind::BanWave => "ban_wave",
        EventKind::PolicyChange => "policy_change",
        EventKind::Other => "other",
    }
}

/// Text on one line, with nothing hidden, that no index refuses.
fn bounded(text: &str) -> String {
    let mut shown = escape::terminal(text);
    if shown.len() > MOST_BYTES {
        let mut end = MOST_BYTES - CUT.len();
        while !shown.is_char_boundary(end) {
            end -= 1;
        }
        shown.truncate(end);
        shown.push_str(CUT);
    }
    shown
}

/// Words the events of one campaign.
struct Maker<'a> {
    campaign: &'a Campaign,
    id: String,
    /// Day on which the log begins.
    first_day_us: Option<i64>,
    events: &'a mut Vec<TimelineEvent>,
}

impl Maker<'_> {
    /// Adds an event, unless its time lies outside what the importer can hold.
    fn add(
        &mut self,
        timestamp_us: i64,
        timestamp_desc: &'static str,
        message: &str,
    ) -> Option<&mut TimelineEvent> {
        if !TIMES_US.contains(&timestamp_us) {
            return None;
        }
        self.events.push(TimelineEvent {
            message: bounded(message),
            timestamp: timestamp_us,
            datetime: format::time_with_offset(timestamp_us),
            timestamp_desc,
            campaign_id: self.id.clone(),
            verdict: self.campaign.verdict.name(),
            account_id: String::new(),
            template_id: String::new(),
            event_kind: "",
            requests: None,
            growth: None,
        });
        self.events.last_mut()
    }

    fn span(&mut self) {
        let campaign = self.campaign;
        let what = format!(
            "Campaign {} ({}), {}",
            campaign.id,
            campaign.verdict.name(),
            format::plural(campaign.members.len() as u64, "account"),
        );
        for (timestamp_us, name, words) in [
            (campaign.first_us, "Campaign first seen", "first request"),
            (campaign.last_us, "Campaign last seen", "last request"),
        ] {
            let message = format!("{what}: {words}");
            if let Some(event) = self.add(timestamp_us, name, &message) {
                event.requests = Some(campaign.requests);
            }
        }
    }

    /// One event per day with requests, and one for the busiest.
    fn days(&mut self) {
        let campaign = self.campaign;
        let mut before: Option<(i64, u64)> = None;
        for &(day_us, requests) in &campaign.daily_requests {
            let growth = before
                .filter(|(day, count)| day.saturating_add(format::DAY_US) == day_us && *count > 0)
                .map(|(_, count)| in_thousandths(requests as f64 / count as f64));
            let compared = match growth {
                Some(growth) => format!("{growth} times the day before"),
                // What was before the log began nobody knows.
                None if self.first_day_us == Some(day_us) => {
                    "the log begins on this day".to_owned()
                }
                None => "no requests the day before".to_owned(),
            };
            let message = format!(
                "Campaign {}: {} on {}, {compared}",
                campaign.id,
                format::plural(requests, "request"),
                format::day(day_us)
            );
            if let Some(event) = self.add(day_us, "Campaign requests of the day", &message) {
                event.requests = Some(requests);
                event.growth = growth;
            }
            before = Some((day_us, requests));
        }
        // the first of equal days
        let busiest = campaign
            .daily_requests
            .iter()
            .rev()
            .max_by_key(|(_, requests)| *requests);
        if let Some(&(day_us, requests)) = busiest {
            let message = format!(
                "Campaign {}: busiest day, {}",
                campaign.id,
                format::plural(requests, "request")
            );
            if let Some(event) = self.add(day_us, "Campaign peak day", &message) {
                event.requests = Some(requests);
            }
        }
    }

    /// What the campaign's own timeline dates beside its span, days and platform events.
    fn course(&mut self) {
        let campaign = self.campaign;
        for entry in &campaign.timeline {
            let name = match entry.kind.as_str() {
                "growth" => "Campaign growth",
                "pivot" => "Campaign pivot",
                "replacement" => "Campaign replacement",
                "closed" => "Campaign accounts closed",
                _ => continue,
            };
            let message = format!("Campaign {}: {}", campaign.id, entry.statement);
            self.add(entry.at_us, name, &message);
        }
    }

    fn member(&mut self, member: &Member) {
        let id = bounded(&member.account_id);
        let requests = format::plural(member.requests, "request");
        let moments = [
            (member.created_us, "Account created", "created", None),
            (
                Some(member.first_us),
                "Account first request",
                "first request",
                Some(member.requests),
            ),
            (
                Some(member.last_us),
                "Account last request",
                "last request",
                Some(member.requests),
            ),
            (member.closed_us, "Account closed", "closed", None),
        ];
        for (timestamp_us, name, words, count) in moments {
            let Some(timestamp_us) = timestamp_us else {
                continue;
            };
            let in_all = count.map_or_else(String::new, |_| format!(", {requests} in all"));
            let message = format!("Account {id} of {}: {words}{in_all}", self.campaign.id);
            if let Some(event) = self.add(timestamp_us, name, &message) {
                event.account_id.clone_from(&id);
                event.requests = count;
            }
        }
    }

    fn template(&mut self, template: &Template) {
        let id = bounded(&template.id);
        for (timestamp_us, name, words) in [
            (template.first_us, "Template first used", "first use"),
            (template.last_us, "Template last used", "last use"),
        ] {
            let message = format!(
                "Template {id} of {}: {words}, {} by {}",
                self.campaign.id,
                format::plural(template.requests, "request"),
                format::plural(template.accounts, "account")
            );
            if let Some(event) = self.add(timestamp_us, name, &message) {
                event.template_id.clone_from(&id);
                event.requests = Some(template.requests);
            }
        }
    }

    fn platform(&mut self, event: &Event) {
        let (name, words) = match event.kind {
            EventKind::ModelRelease => ("Model released", "Model release"),
            EventKind::BanWave => ("Ban wave on the platform", "Ban wave on the platform"),
            EventKind::PolicyChange => ("Policy changed", "Policy change"),
            EventKind::Other => ("Platform event", "Platform event"),
        };
        let model = event
            .model
            .as_ref()
            .map_or_else(String::new, |model| format!(" (model {model})"));
        let message = format!("{words} during {}: {}{model}", self.campaign.id, event.name);
        if let Some(added) = self.add(event.timestamp_us, name, &message) {
            added.event_kind = kind_name(event.kind);
        }
    }
}

fn in_thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn of(events: &[TimelineEvent], name: &str) -> Vec<(String, i64)> {
        events
            .iter()
            .filter(|event| event.timestamp_desc == name)
            .map(|event| (event.campaign_id.clone(), event.timestamp))
            .collect()
    }

    #[test]
    fn every_campaign_account_template_and_day_has_its_events() {
        let case = sample::three_campaigns().case;
        let events = timeline(&case);
        let members: usize = case.campaigns.iter().map(|c| c.members.len()).sum();
        let days: usize = case.campaigns.iter().map(|c| c.daily_requests.len()).sum();
        let created = case.campaigns.iter().flat_map(|c| &c.members);
        let created = created.filter(|member| member.created_us.is_some()).count();
        assert_eq!(of(&events, "Campaign first seen").len(), 3);
        assert_eq!(of(&events, "Campaign peak day").len(), 3);
        assert_eq!(of(&events, "Account first request").len(), members);
        assert_eq!(of(&events, "Account last request").len(), members);
        assert_eq!(of(&events, "Account created").len(), created);
        assert_eq!(of(&events, "Account closed").len(), 3);
        assert_eq!(of(&events, "Campaign requests of the day").len(), days);
        assert_eq!(of(&events, "Template first used").len(), 3);
        // both events lie inside the span of every campaign
        assert_eq!(of(&events, "Model released").len(), 3);
        assert_eq!(of(&events, "Ban wave on the platform").len(), 3);
        assert!(events.is_sorted_by_key(|event| event.timestamp));
    }

    #[test]
    fn growth_compares_with_the_day_before_only() {
        let mut case = sample::three_campaigns().case;
        case.campaigns.truncate(1);
        let day = |number: i64| number * format::DAY_US;
        case.campaigns[0].daily_requests =
            vec![(day(20_000), 100), (day(20_001), 250), (day(20_003), 500)];
        let growth: Vec<Option<f64>> = timeline(&case)
            .into_iter()
            .filter(|event| event.timestamp_desc == "Campaign requests of the day")
            .map(|event| event.growth)
            .collect();
        assert_eq!(growth, [None, Some(2.5), None]);
    }

    #[test]
    fn an_event_outside_the_span_or_the_importer_s_range_is_left_out() {
        let mut case = sample::three_campaigns().case;
        case.events[0].timestamp_us = case.campaigns[0].last_us + 1;
        case.campaigns[0].members[0].closed_us = Some(i64::MAX);
        let events = timeline(&case);
        assert!(of(&events, "Model released").is_empty());
        assert!(
            events
                .iter()
                .all(|event| TIMES_US.contains(&event.timestamp))
        );
    }

    #[test]
    fn texts_are_bounded_at_a_character() {
        let text = bounded(&"ä".repeat(40_000));
        assert!(text.len() <= MOST_BYTES && text.len() > MOST_BYTES - 10);
        assert!(text.ends_with("ä [cut]"));
        assert_eq!(bounded("a\0\nb"), "a\\u{0}\\nb");
    }
}
