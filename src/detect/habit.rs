//! Habits that an account has or has not, and whether a group has them more often than
//! accounts as busy: the shared part of the weak tests.

use crate::detect::group::{Group, GroupFinding, Look, Prepared, Standing};
use crate::detect::matched::Matched;
use crate::model::finding::Family;

/// Fewest accounts of a group for which the habit can be told.
const FEWEST_ACCOUNTS: usize = 5;

/// The habit must be this many times as frequent as among accounts as busy.
const MINIMUM_RATIO: f64 = 2.0;

/// A habit of accounts.
#[derive(Debug, Clone)]
pub struct Habit {
    has: Vec<bool>,
    matched: Matched,
}

/// How a habit is put into words.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// Family.
    pub family: Family,
    /// "accounts that ...".
    pub accounts_that: &'static str,
    /// Why a group was not tested.
    pub too_few: &'static str,
    /// Added to the null model.
    pub reference: &'static str,
    /// See [`GroupFinding`].
    pub innocent: &'static str,
    /// See [`GroupFinding`].
    pub would_clear: &'static str,
}

impl Habit {
    /// From the activity of accounts for which the habit can be told (zero for others), and who has it.
    #[must_use]
    pub fn new(activity: &[u64], has: Vec<bool>) -> Self {
        Self {
            has,
            matched: Matched::new(activity),
        }
    }

    fn of(&self, account: u32) -> f64 {
        f64::from(self.has.get(account as usize).copied().unwrap_or(false))
    }

    /// The test that does nothing but [`Habit::look`].
    #[must_use]
    pub fn into_test(self, words: &'static Words) -> Prepared<'static> {
        Prepared {
            partial: Vec::new(),
            look: Box::new(move |group| self.look(group, words)),
        }
    }

    /// Compares a group with accounts as busy; what it finds is weak.
    #[must_use]
    pub fn look(&self, group: &Group, words: &Words) -> Look {
        let told = group
            .accounts
            .iter()
            .filter(|account| self.matched.takes_part(**account))
            .count();
        if told < FEWEST_ACCOUNTS {
            return Look::untested(words.too_few);
        }
        let Some(compared) =
            self.matched
                .compare(&group.accounts, |_| 1.0, |account| self.of(account))
        else {
            return Look::untested("no other account to compare with");
        };
        if compared.bits <= 0.0 || compared.measured < MINIMUM_RATIO * compared.expected {
            return Look::default();
        }
        let accounts: Vec<u32> = group
            .accounts
            .iter()
            .copied()
            .filter(|account| self.matched.takes_part(*account) && self.of(*account) > 0.0)
            .collect();
        Look {
            findings: vec![GroupFinding {
                family: words.family,
                standing: Standing::Weak,
                about: String::new(),
                bits: compared.bits,
                tried: 1,
                measure: format!("accounts that {}", words.accounts_that),
                measured: accounts.len() as f64,
                expected: compared.expected * compared.members as f64,
                n: compared.members,
                threshold: MINIMUM_RATIO * compared.expected * compared.members as f64,
                statement: format!(
                    "{} of {} accounts {}; {:.1} expected from accounts as busy",
                    accounts.len(),
                    compared.members,
                    words.accounts_that,
                    compared.expected * compared.members as f64,
                ),
                accounts,
                null_model: format!(
                    "each account as if drawn among {} other accounts of the log {}",
                    compared.others, words.reference
                ),
                innocent: words.innocent.to_owned(),
                would_clear: words.would_clear.to_owned(),
                first_us: None,
                last_us: None,
                dates: Vec::new(),
            }],
            partial: Vec::new(),
        }
    }
}
