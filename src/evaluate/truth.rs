//! What is known about the accounts: which campaign, if any, and which population.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use crate::evaluate::labels;
use crate::evaluate::rows::{self, Wanted, for_each_row, usage};

/// Population of accounts whose truth names none.
const UNNAMED_POPULATION: &str = "unnamed";

/// The truth about one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrueAccount {
    /// Campaign, or none for an innocent account.
    pub campaign: Option<String>,
    /// What kind of customer it is.
    pub population: String,
    /// Its part in the campaign (worker, standby, ...), where stated.
    pub role: Option<String>,
    /// Whether the truth says that it sent nothing, so that no method can see it at work.
    pub is_silent: bool,
}

/// The truth about all accounts of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// File it came from.
    pub name: String,
    /// Accounts by id.
    pub accounts: BTreeMap<String, TrueAccount>,
}

impl Truth {
    /// Reads `account_id`, `campaign` (empty or a word such as `false`: innocent; a column of
    /// 0 and 1 only is an answer as well), and optionally `population` and `role`.
    ///
    /// # Errors
    /// Where a column is missing, an account has no id or two rows, or there are no accounts.
    pub fn read(path: &Path) -> Result<Self> {
        let wanted = [
            Wanted::required(&["account_id", "account"]),
            Wanted::required(&["campaign", "campaign_id"]),
            Wanted::optional(&["population"]),
            Wanted::optional(&["role"]),
            Wanted::optional(&["requests"]),
        ];
        let mut accounts = BTreeMap::new();
        for_each_row(path, &wanted, |row, values| {
            let [account, campaign, population, role, requests] = values else {
                return Ok(());
            };
            let Some(account) = account else {
                return Err(usage(format!(
                    "{}: row {row}: account_id is empty",
                    path.display()
                )));
            };
            let entry = TrueAccount {
                campaign: labels::campaign(campaign).map(str::to_owned),
                population: population.unwrap_or(UNNAMED_POPULATION).to_owned(),
                role: role.map(str::to_owned),
                is_silent: requests.is_some_and(labels::is_zero),
            };
            let account = rows::unguarded(account);
            if accounts.insert(account.to_owned(), entry).is_some() {
                return Err(usage(format!(
                    "{}: row {row}: account {} has a second row; the truth needs one row per account",
                    path.display(),
                    rows::quoted(account)
                )));
            }
            Ok(())
        })?;
        let labels = accounts
            .values()
            .filter_map(|account: &TrueAccount| account.campaign.as_deref());
        if labels::are_answers(labels) {
            for account in accounts.values_mut() {
                account.campaign = account
                    .campaign
                    .take()
                    .filter(|label| !labels::is_zero(label));
            }
        }
        if accounts.is_empty() {
            return Err(usage(format!("{}: no accounts in it", path.display())));
        }
        Ok(Truth {
            name: path.display().to_string(),
            accounts,
        })
    }

    /// Campaign of an account, none where it is innocent or unknown.
    #[must_use]
    pub fn campaign(&self, account_id: &str) -> Option<&str> {
        self.accounts.get(account_id)?.campaign.as_deref()
    }

    /// Number of accounts by campaign.
    #[must_use]
    pub fn campaign_sizes(&self) -> BTreeMap<&str, u64> {
        let mut sizes = BTreeMap::new();
        for campaign in self
            .accounts
            .values()
            .filter_map(|account| account.campaign.as_deref())
        {
            *sizes.entry(campaign).or_default() += 1;
        }
        sizes
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Truth from (account, campaign or "", population).
    pub(crate) fn truth_of(rows: &[(&str, &str, &str)]) -> Truth {
        let accounts = rows
            .iter()
            .map(|(account, campaign, population)| {
                let entry = TrueAccount {
                    campaign: (!campaign.is_empty()).then(|| (*campaign).to_owned()),
                    population: (*population).to_owned(),
                    role: None,
                    is_silent: false,
                };
                ((*account).to_owned(), entry)
            })
            .collect();
        Truth {
            name: "truth".to_owned(),
            accounts,
        }
    }

    #[test]
    fn reads_empty_campaigns_as_innocent() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("truth.csv");
        std::fs::write(
            &path,
            "account_id,campaign,role\na,X,worker\nb,,\nc,X,standby\n",
        )
        .expect("file");
        let truth = Truth::read(&path).expect("truth");
        assert_eq!(truth.campaign("a"), Some("X"));
        assert_eq!(truth.campaign("b"), None);
        assert_eq!(truth.accounts["c"].role.as_deref(), Some("standby"));
        assert_eq!(truth.accounts["b"].population, "unnamed");
        assert_eq!(truth.campaign_sizes(), BTreeMap::from([("X", 2)]));
    }
}
