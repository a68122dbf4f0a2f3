//! What can be turned: how campaigns hide, and which innocent populations are there.

use std::collections::BTreeMap;

use crate::model::failure::Failure;
use crate::simulate::innocents::Innocent;

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
                1e6,
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
        let most = 50_000_000;
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
}
