//! What can be turned: how campaigns hide, and which innocent populations are there.

use std::collections::BTreeMap;

use crate::model::failure::Failure;
use crate::simulate::innocents::Innocent;
use crate::simulate::scenario::Scenario;

/// Most campaign requests on one day, cover traffic included: a day is the unit that is held in
/// memory, about 100 bytes a request (measured: 15 million a day peak at 1.5 GB).
const MOST_PER_DAY: f64 = 3e7;

/// Most accounts of a log: all are held at once, about 900 bytes each (measured at 400,000).
const MOST_ACCOUNTS: u64 = 4_000_000;

/// Changes to a preset; `None` keeps what the preset says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Knobs {
    /// Campaign accounts per payment card; at least one.
    pub card_sharing: Option<f64>,
    /// Campaign accounts per proxy address; at least one.
    pub address_sharing: Option<f64>,
    /// Irregularity of a dispatcher's pace: zero a metronome, one wholly random.
    pub jitter: Option<f64>,
    /// Share of template parts that are reworded, zero to one.
    pub paraphrase: Option<f64>,
    /// Share of a campaign account's requests that are unrelated, zero to below one.
    pub cover_share: Option<f64>,
    /// Campaign requests per account and day; replaces the declared total.
    pub requests_per_account_per_day: Option<f64>,
    /// Mean hours between a ban and the replacement.
    pub replacement_lag_hours: Option<f64>,
    /// Number of ordinary accounts.
    pub organic_accounts: Option<u32>,
    /// Size of an innocent population; zero switches it off.
    pub innocents: BTreeMap<Innocent, u32>,
}

impl Knobs {
    /// Refuses values that no log could have.
    ///
    /// # Errors
    ///
    /// A [`Failure::Usage`] that names the knob.
    pub fn check(&self) -> anyhow::Result<()> {
        let limits = [
            ("card sharing", self.card_sharing, 1.0, 1e6),
            ("address sharing", self.address_sharing, 1.0, 1e6),
            ("jitter", self.jitter, 0.0, 1.0),
            ("paraphrase", self.paraphrase, 0.0, 1.0),
            ("cover share", self.cover_share, 0.0, 0.99),
            (
                "requests per account and day",
                self.requests_per_account_per_day,
                0.01,
                1e4,
            ),
            (
                "replacement lag hours",
                self.replacement_lag_hours,
                0.0,
                24.0 * 365.0,
            ),
        ];
        for (name, value, low, high) in limits {
            if let Some(value) = value
                && !(low..=high).contains(&value)
            {
                return Err(Failure::Usage(format!(
                    "{name} is {value}; give a number from {low} to {high}"
                ))
                .into());
            }
        }
        // Each costs some 560 bytes before the first row is written.
        let most = 5_000_000;
        let sizes = self
            .innocents
            .iter()
            .map(|(kind, size)| (kind.name(), *size));
        for (name, size) in sizes.chain(self.organic_accounts.map(|size| ("organic", size))) {
            if size > most {
                return Err(Failure::Usage(format!(
                    "{name} has {size} accounts; give at most {most}"
                ))
                .into());
            }
        }
        Ok(())
    }

    /// Refuses knobs that have nothing to turn in this scenario, and volumes beyond any log.
    ///
    /// # Errors
    ///
    /// A [`Failure::Usage`] that names the knob and says what is missing.
    pub fn check_for(&self, scenario: &Scenario) -> anyhow::Result<()> {
        self.check()?;
        let plans = &scenario.campaigns;
        let turned = [
            ("card sharing", self.card_sharing),
            ("address sharing", self.address_sharing),
            ("jitter", self.jitter),
            ("paraphrase", self.paraphrase),
            ("cover share", self.cover_share),
            (
                "requests per account and day",
                self.requests_per_account_per_day,
            ),
            ("replacement lag hours", self.replacement_lag_hours),
        ];
        let refuse = |name: &str, reason: &str| -> anyhow::Result<()> {
            Err(Failure::Usage(format!("{name}: {} {reason}", scenario.name)).into())
        };
        let innocents = Innocent::ALL.iter().map(|kind| {
            let planned = scenario.innocents.get(kind).copied().unwrap_or(0);
            self.innocents.get(kind).copied().unwrap_or(planned)
        });
        let innocents: u64 = innocents.map(u64::from).sum();
        let organic = self.organic_accounts.unwrap_or(scenario.organic_accounts);
        let of_campaigns: u64 = plans.iter().map(|plan| u64::from(plan.accounts)).sum();
        let all = innocents + u64::from(organic) + of_campaigns;
        if all > MOST_ACCOUNTS {
            return refuse(
                "accounts",
                &format!("would have {all} accounts; at most {MOST_ACCOUNTS} can be simulated"),
            );
        }
        if plans.is_empty() && organic == 0 && innocents == 0 {
            return refuse(
                "organic accounts",
                "has no campaign, and all its populations are switched off: the log would be empty",
            );
        }
        if let (Some((name, _)), true) = (
            turned.iter().find(|(_, value)| value.is_some()),
            plans.is_empty(),
        ) {
            return refuse(name, "has no campaign, so there is nothing to turn");
        }
        if self.address_sharing.is_some()
            && plans.iter().all(|plan| plan.addresses_per_account == 0)
        {
            return refuse(
                "address sharing",
                "sends from the accounts' own lines, so there are no proxies to share",
            );
        }
        if self.replacement_lag_hours.is_some()
            && plans
                .iter()
                .all(|plan| plan.ban_after_days.is_none() && plan.standby_day.is_none())
        {
            return refuse(
                "replacement lag hours",
                "bans no campaign account, so none is replaced",
            );
        }
        for plan in plans {
            let per_day = self.requests_per_account_per_day.map_or(
                plan.exchanges as f64 / f64::from(plan.days.max(1)),
                |rate| rate * f64::from(plan.accounts),
            );
            if (per_day * f64::from(plan.days)).round() < 1.0 {
                return refuse(&plan.name, "would send no request at all");
            }
            let with_cover = per_day / (1.0 - self.cover_share.unwrap_or(plan.cover_share));
            if with_cover > MOST_PER_DAY {
                return refuse(
                    &plan.name,
                    &format!(
                        "would send {with_cover:.0} requests a day; at most {MOST_PER_DAY:.0} can be made: lower --scale, --requests-per-account-per-day or --cover-share"
                    ),
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_values_are_refused_by_name() {
        assert!(Knobs::default().check().is_ok());
        let bad = Knobs {
            jitter: Some(1.5),
            ..Knobs::default()
        };
        assert!(
            bad.check()
                .unwrap_err()
                .to_string()
                .contains("jitter is 1.5")
        );
        let bad = Knobs {
            cover_share: Some(f64::NAN),
            ..Knobs::default()
        };
        assert!(bad.check().is_err());
    }

    #[test]
    fn knobs_with_nothing_to_turn_are_refused() {
        let refused = |preset: &str, knobs: Knobs| {
            let scenario = crate::simulate::preset(preset, 1.0, 1).unwrap();
            let error = knobs.check_for(&scenario).unwrap_err();
            assert!(matches!(error.downcast_ref(), Some(Failure::Usage(_))));
            error.to_string()
        };
        let cards = Knobs {
            card_sharing: Some(2.0),
            ..Knobs::default()
        };
        assert!(refused("quiet", cards.clone()).contains("card sharing: quiet has no campaign"));
        let addresses = Knobs {
            address_sharing: Some(2.0),
            ..Knobs::default()
        };
        assert!(refused("careful", addresses).contains("no proxies"));
        let lag = Knobs {
            replacement_lag_hours: Some(2.0),
            ..Knobs::default()
        };
        assert!(refused("tiny", lag.clone()).contains("bans no campaign account"));
        let nobody = Knobs {
            organic_accounts: Some(0),
            innocents: Innocent::ALL.iter().map(|&kind| (kind, 0)).collect(),
            ..Knobs::default()
        };
        assert!(refused("quiet", nobody.clone()).contains("would be empty"));
        let volume = Knobs {
            requests_per_account_per_day: Some(1e4),
            ..Knobs::default()
        };
        assert!(refused("hydra", volume).contains("requests a day"));
        let fine = |preset: &str, knobs: &Knobs| {
            let scenario = crate::simulate::preset(preset, 1.0, 1).unwrap();
            knobs.check_for(&scenario).unwrap();
        };
        fine("tiny", &nobody);
        fine("tiny", &cards);
        fine("hydra", &lag);
        fine("alibaba-2026-09", &lag);
    }
}
