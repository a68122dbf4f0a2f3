//! Innocent explanations set against what was measured.

use crate::fuse::ownership::FEW_PAYERS;
use crate::model::campaign::{Campaign, Rival, SharedKey};
use crate::model::finding::Family;
use crate::model::week;

/// A share of requests in one hour of the week's quiet half from which a clock reads as
/// machine-like: an even clock has half of its requests in the quieter half of the week.
const EVEN_CLOCK_SHARE: f64 = 0.35;

/// The explanations that fit the families of evidence at hand, with what speaks for and against.
#[must_use]
pub fn rivals(campaign: &Campaign, payers: Option<Payers>) -> Vec<Rival> {
    let bits = |family: Family| {
        campaign
            .evidence
            .iter()
            .find(|evidence| evidence.family == family)
            .map_or(0.0, |evidence| evidence.bits)
    };
    let mut rivals = Vec::new();
    let rates = week::rates(
        &campaign.hour_of_week,
        &week::occurrences(campaign.first_us, campaign.last_us),
    );
    let quiet = quiet_half_share(&rates);
    let clock = format!(
        "{:.0} % of its requests fall into the quieter half of its own week (half of them for an even clock, next to none for working hours)",
        quiet * 100.0
    );
    let human = quiet < EVEN_CLOCK_SHARE;
    if bits(Family::Payment) > 0.0 {
        let mut rival = Rival {
            explanation: "one customer, or an honest reseller, that pays for several accounts"
                .to_owned(),
            would_clear: "a contract or invoice that names the payer as owner of these accounts"
                .to_owned(),
            ..empty()
        };
        if let Some(payers) = payers {
            payers.weigh(&mut rival, bits(Family::Content) > 0.0);
        }
        if bits(Family::Content) <= 0.0 {
            rival
                .speaks_for
                .push("the accounts have no prompt template in common".to_owned());
        }
        rivals.push(rival);
    }
    let weigh_owners = |rival: &mut Rival| {
        let (list, text) = if bits(Family::Payment) > 0.0 || bits(Family::Identity) > 0.0 {
            (
                &mut rival.speaks_against,
                "the accounts also share payers or identities",
            )
        } else {
            (
                &mut rival.speaks_for,
                "no payer and no identity ties the accounts in a way that counts",
            )
        };
        list.push(text.to_owned());
    };
    if bits(Family::Network) > 0.0 || bits(Family::Client) > 0.0 {
        let mut rival = Rival {
            explanation: PLACE.to_owned(),
            would_clear: "the same addresses or clients seen over unrelated accounts outside the campaign at the same rate".to_owned(),
            ..empty()
        };
        weigh_owners(&mut rival);
        rivals.push(rival);
    }
    if bits(Family::Dynamics) > 0.0 {
        let mut rival = Rival {
            explanation: "people who try a new model on its first days, or a program whose update, retries or example turns all of its users have alike".to_owned(),
            would_clear: "a release note of that program, or the same change among unrelated accounts that use it".to_owned(),
            ..empty()
        };
        weigh_owners(&mut rival);
        rivals.push(rival);
    }
    if bits(Family::Content) > 0.0 {
        let mut rival = Rival {
            explanation: APPLICATION.to_owned(),
            would_clear: "a published application or library that contains the prompt, or the customers' own account of the product".to_owned(),
            ..empty()
        };
        if campaign
            .evidence
            .iter()
            .filter(|evidence| evidence.counts)
            .count()
            >= 2
        {
            rival.speaks_against.push(
                "the users of the template share keys that unrelated customers do not".to_owned(),
            );
        } else {
            rival.speaks_for.push(
                "nothing else that the users of the template share counts as evidence".to_owned(),
            );
        }
        rivals.push(rival);
        let mut class = Rival {
            explanation: CLASS.to_owned(),
            would_clear: "a course or project that names the task, and work that ends with it"
                .to_owned(),
            ..empty()
        };
        if human {
            class.speaks_for.push(clock.clone())
        } else {
            class.speaks_against.push(clock.clone())
        }
        if campaign.last_us.saturating_sub(campaign.first_us) >= WEEK_US {
            weigh_weekends(&mut class, &rates);
        }
        weigh_nights(&mut class, &rates);
        rivals.push(class);
    }
    rivals
}

/// The rival whose accounts would meet in a place or a program.
const PLACE: &str =
    "an office, campus, VPN exit or cloud egress shared by strangers, or one popular client";

/// Weighs the places in which half of a campaign's accounts and more were seen.
pub fn weigh_places(campaign: &mut Campaign) {
    let members = campaign.members.len() as u64;
    let places: Vec<&SharedKey> = campaign
        .shared_keys
        .iter()
        .filter(|key| matches!(key.kind.as_str(), "ip" | "ip_prefix" | "asn"))
        .filter(|key| key.inside * 2 >= members)
        .collect();
    let Some(first) = places.first() else {
        return;
    };
    let more = match places.len() - 1 {
        0 => String::new(),
        1 => ", as at one more such place".to_owned(),
        more => format!(", as at {more} more such places"),
    };
    let text = format!(
        "{} of its accounts, and {} others, were seen at {} {}{more}",
        first.inside, first.outside, first.kind, first.value
    );
    if let Some(rival) = campaign
        .rivals
        .iter_mut()
        .find(|rival| rival.explanation == PLACE)
    {
        rival.speaks_for.push(text);
    }
}

/// Microseconds in a week: in less there is no weekend to compare with.
const WEEK_US: i64 = 7 * 24 * 3_600_000_000;

/// A weekend day with so much of a working day's requests is a working day, and with so little a
/// day off (ours).
const WORKING_WEEKEND: f64 = 0.8;
const FREE_WEEKEND: f64 = 0.4;

/// Share of the requests in the quietest four hours of the day (a sixth in an even day) from which
/// nobody sleeps at any one time (ours).
const NIGHT_SHARE: f64 = 0.08;
const NIGHT_HOURS: usize = 4;

fn weigh_weekends(class: &mut Rival, rates: &[f64]) {
    let Some(share) = week::weekend_share(rates) else {
        return;
    };
    let text = format!(
        "a weekend day (UTC) has {:.0} % of the requests of a working day",
        share * 100.0
    );
    if share >= WORKING_WEEKEND {
        class.speaks_against.push(text);
    } else if share <= FREE_WEEKEND {
        class.speaks_for.push(text);
    }
}

fn weigh_nights(class: &mut Rival, rates: &[f64]) {
    let quietest = week::quietest(&week::by_hour_of_day(rates), NIGHT_HOURS);
    if let Some((_, share)) = quietest
        && share >= NIGHT_SHARE
    {
        class.speaks_against.push(format!(
            "the quietest {NIGHT_HOURS} hours of the day have {:.0} % of the requests (17 % in an even day)",
            100.0 * share
        ));
    }
}

/// The rival whose accounts would be strangers.
const APPLICATION: &str =
    "a popular application or framework whose prompt unrelated customers send";

/// Weighs what pays for several of a campaign's accounts where payers are not among what counts:
/// so many payers, and all the accounts behind them.
pub fn weigh_payers(campaign: &mut Campaign, payers: usize, accounts: usize) {
    let counts = campaign
        .evidence
        .iter()
        .any(|evidence| evidence.family == Family::Payment && evidence.counts);
    let application = campaign
        .rivals
        .iter_mut()
        .find(|rival| rival.explanation == APPLICATION);
    if let (Some(application), false) = (application, counts || payers == 0) {
        application.speaks_against.push(format!(
            "{payers} of the payers behind it pay for several of its accounts, for {accounts} in all; that did not reach what would make it evidence"
        ));
    }
}

/// The rival whose accounts would be made together, at the start of a course or a project.
const CLASS: &str = "a class or a team doing one assignment";

/// Weighs what the accounts' creation times say, once they have been looked at: a burst of
/// sign-ups fits a class as well.
pub fn weigh_sign_ups(campaign: &mut Campaign) {
    let statement = campaign
        .evidence
        .iter()
        .find(|evidence| evidence.family == Family::Lifecycle)
        .map(|evidence| evidence.statement.clone())
        .filter(|statement| statement.contains("created within"));
    let class = campaign
        .rivals
        .iter_mut()
        .find(|rival| rival.explanation == CLASS);
    if let (Some(statement), Some(class)) = (statement, class) {
        let said = statement.split(" (").next().unwrap_or_default();
        class.speaks_for.push(said.to_owned());
    }
}

/// Who pays for the accounts of a campaign, as far as the accounts table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payers {
    /// Accounts whose payer is known.
    pub accounts: usize,
    /// Different payers among them.
    pub payers: usize,
}

impl Payers {
    /// One payer for all speaks for one customer; several that use one template against it.
    fn weigh(self, rival: &mut Rival, shared_templates: bool) {
        match self.payers {
            0 => {}
            1 => rival.speaks_for.push(format!(
                "all {} accounts whose payer is known have the same one",
                self.accounts
            )),
            payers if payers <= FEW_PAYERS => rival.speaks_for.push(format!(
                "no more than {payers} payers stand behind the {} accounts whose payer is known",
                self.accounts
            )),
            payers => {
                let text = format!("{payers} payers stand behind {} accounts", self.accounts);
                if shared_templates {
                    rival.speaks_against.push(format!(
                        "{text}, and accounts of different payers send prompts from the same templates"
                    ));
                } else {
                    rival.speaks_for.push(text);
                }
            }
        }
    }
}

fn empty() -> Rival {
    Rival {
        explanation: String::new(),
        speaks_for: Vec::new(),
        speaks_against: Vec::new(),
        would_clear: String::new(),
    }
}

/// Share of requests in the quieter 84 of the week's 168 hours: a half for an even clock, near nothing for office hours.
fn quiet_half_share(hours: &[f64]) -> f64 {
    let mut sorted = hours.to_vec();
    sorted.sort_by(f64::total_cmp);
    let total: f64 = sorted.iter().sum();
    let quiet: f64 = sorted.iter().take(sorted.len() / 2).sum();
    if total > 0.0 { quiet / total } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_payer_is_never_said_to_be_several() {
        let weighed = |accounts, payers| {
            let mut rival = empty();
            Payers { accounts, payers }.weigh(&mut rival, true);
            (rival.speaks_for, rival.speaks_against)
        };
        let (one_for, one_against) = weighed(8, 1);
        assert_eq!((one_for.len(), one_against.len()), (1, 0));
        let (for_it, against) = weighed(8, 4);
        assert!(for_it.is_empty());
        assert!(against[0].starts_with("4 payers stand behind 8 accounts"));
        assert_eq!(weighed(0, 0), (Vec::new(), Vec::new()));
    }

    #[test]
    fn nights_and_weekends_speak_for_or_against_a_class() {
        let said = |rate: fn(usize) -> f64| {
            let rates: Vec<f64> = (0..168).map(rate).collect();
            let mut class = empty();
            weigh_weekends(&mut class, &rates);
            weigh_nights(&mut class, &rates);
            (class.speaks_for.len(), class.speaks_against.len())
        };
        assert_eq!(said(|_| 5.0), (0, 2));
        assert_eq!(
            said(|slot| if slot < 120 && slot % 24 > 8 {
                5.0
            } else {
                0.0
            }),
            (1, 0)
        );
        assert_eq!(said(|_| 0.0), (0, 0));
    }

    #[test]
    fn clocks_are_told_apart() {
        assert!((quiet_half_share(&[5.0; 168]) - 0.5).abs() < 1e-9);
        let office: Vec<f64> = (0..168)
            .map(|hour| {
                if hour % 24 >= 9 && hour % 24 < 17 {
                    10.0
                } else {
                    0.0
                }
            })
            .collect();
        assert!(quiet_half_share(&office) < 0.01);
        assert!(quiet_half_share(&[0.0; 168]).abs() < 1e-9);
    }
}
