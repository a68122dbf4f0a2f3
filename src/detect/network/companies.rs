//! Accounts that present themselves as one company: one payer, and mailboxes at a domain of
//! their own.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::profile::AccountProfile;

/// Most payers that a company's domain has in the log (ours: cost centres and replaced cards). A
/// provider of mailboxes has as many payers as customers; a network that keeps all its mailboxes
/// at one domain and pays with many cards has more as well.
pub const COMPANY_PAYERS: usize = 5;

/// Share of the accounts that must agree: one colleague may use a private mailbox (ours).
pub const AGREE_PERCENT: usize = 80;

/// The mail domains of a log.
#[derive(Debug, Default)]
pub struct Domains {
    about: FxHashMap<String, Domain>,
}

/// A mail domain over the whole log.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Domain {
    /// Accounts with a mailbox there.
    pub accounts: usize,
    /// Of these, accounts whose payer is known.
    pub paying: usize,
    /// Different payers among them.
    pub payers: usize,
}

impl Domain {
    /// Whether its users pay by themselves, most of them with an instrument of their own, as the
    /// staff of a company do not. Nothing is said where most payers are unknown.
    #[must_use]
    pub fn is_of_strangers(&self) -> bool {
        self.payers > COMPANY_PAYERS
            && self.payers * 2 >= self.paying
            && self.paying * 2 >= self.accounts
    }
}

impl Domains {
    /// Reads the accounts table.
    #[must_use]
    pub fn of(profiles: &[Option<AccountProfile>]) -> Self {
        let mut payers: FxHashMap<String, (Domain, FxHashSet<&str>)> = FxHashMap::default();
        for profile in profiles.iter().flatten() {
            let Some(domain) = mail_domain(profile) else {
                continue;
            };
            let entry = payers.entry(domain).or_default();
            entry.0.accounts += 1;
            entry.0.paying += usize::from(profile.payment_id.is_some());
            entry.1.extend(profile.payment_id.as_deref());
        }
        Self {
            about: payers
                .into_iter()
                .map(|(domain, (mut about, payers))| {
                    about.payers = payers.len();
                    (domain, about)
                })
                .collect(),
        }
    }

    /// What is known of a domain.
    #[must_use]
    pub fn get(&self, domain: &str) -> Domain {
        self.about.get(domain).copied().unwrap_or_default()
    }

    /// The company that the accounts of one payer present themselves as, if they do.
    #[must_use]
    pub fn company<'a>(
        &self,
        accounts: impl Iterator<Item = Option<&'a AccountProfile>>,
    ) -> Option<String> {
        let mut counts: FxHashMap<String, usize> = FxHashMap::default();
        let mut all = 0;
        for profile in accounts {
            all += 1;
            if let Some(domain) = profile.and_then(mail_domain) {
                *counts.entry(domain).or_default() += 1;
            }
        }
        let (domain, inside) = counts
            .into_iter()
            .max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)))?;
        let about = self.get(&domain);
        let agree = inside * 100 >= AGREE_PERCENT * all;
        // Where most users of a domain have no known payer, few payers say nothing of it.
        let few = about.payers <= COMPANY_PAYERS && about.paying * 2 >= about.accounts;
        (inside >= 2 && agree && few).then_some(domain)
    }
}

/// The domain of a profile's mailbox, lower case; `None` for hashed addresses.
#[must_use]
pub fn mail_domain(profile: &AccountProfile) -> Option<String> {
    let domain = match (&profile.email, &profile.email_domain) {
        (Some(email), _) if email.contains('@') => email.rsplit_once('@')?.1,
        (_, Some(domain)) => domain,
        _ => return None,
    };
    let domain = domain.trim().trim_end_matches('.').to_lowercase();
    (!domain.is_empty()).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(mail: &str, payer: usize) -> Option<AccountProfile> {
        Some(AccountProfile {
            email: Some(mail.to_owned()),
            payment_id: Some(format!("card {payer}")),
            ..AccountProfile::default()
        })
    }

    #[test]
    fn one_payer_and_a_domain_of_its_own_is_a_company() {
        let mut log: Vec<_> = (0..10)
            .map(|number| account(&format!("team{number}@Firm.example"), number % 2))
            .collect();
        log.extend((0..100).map(|number| account(&format!("u{number}@free.example"), number)));
        let domains = Domains::of(&log);
        let company =
            |range: std::ops::Range<usize>| domains.company(log[range].iter().map(Option::as_ref));
        assert_eq!(company(0..10).as_deref(), Some("firm.example"));
        // Customers of a mail provider, a mixture, and hashed addresses are none.
        assert_eq!(company(10..14), None);
        assert_eq!(company(6..14), None);
        assert_eq!(mail_domain(&AccountProfile::default()), None);
        let hashed = account("0123456789abcdef", 1);
        assert_eq!(domains.company([hashed.as_ref(); 3].into_iter()), None);
    }

    #[test]
    fn a_domain_with_many_payers_is_no_company() {
        let log: Vec<_> = (0..40)
            .map(|number| account(&format!("a{number}@own.example"), number / 4))
            .collect();
        let domains = Domains::of(&log);
        assert_eq!(
            domains.get("own.example"),
            Domain {
                accounts: 40,
                paying: 40,
                payers: 10
            }
        );
        assert_eq!(domains.company(log[..4].iter().map(Option::as_ref)), None);
    }

    #[test]
    fn a_provider_whose_users_mostly_have_no_known_payer_is_no_company() {
        let mut log: Vec<_> = (0..6)
            .map(|number| account(&format!("a{number}@free.example"), number / 3))
            .collect();
        log.extend((0..20).map(|number| {
            let mut user = account(&format!("u{number}@free.example"), 0)?;
            user.payment_id = None;
            Some(user)
        }));
        let first_card = log[..3].iter().map(Option::as_ref);
        assert_eq!(Domains::of(&log).company(first_card), None);
    }
}
