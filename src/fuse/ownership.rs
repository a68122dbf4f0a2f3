//! Whether one customer explains a campaign: who pays for it and under which name it signed up.
//!
//! A company with forty accounts on its card, one prompt and one schedule shares payer, text and
//! clock for one reason. However many families of evidence show it, they are then one. Only a
//! return after closures says something else of such a group.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::detect::network::companies::{
    AGREE_PERCENT, COMPANY_PAYERS, Domain, Domains, mail_domain,
};
use crate::model::campaign::Verdict;
use crate::model::profile::AccountProfile;

/// Payers that one customer may have: cost centres, a card that expires and is replaced (ours).
pub const FEW_PAYERS: usize = 3;

/// What the accounts table says of the customers behind a set of accounts.
#[derive(Debug)]
pub struct Ownership<'a> {
    profiles: &'a [Option<AccountProfile>],
    domains: Domains,
    /// How many accounts give each name of an organisation.
    names: FxHashMap<String, usize>,
}

/// The name of an organisation that an account gives, in lower case.
fn organisation(profile: &AccountProfile) -> Option<String> {
    let name = profile.org_name.as_deref()?.trim().to_lowercase();
    (!name.is_empty()).then_some(name)
}

impl<'a> Ownership<'a> {
    /// Reads the mail domains once; `profiles` are in digest order.
    #[must_use]
    pub fn new(profiles: &'a [Option<AccountProfile>]) -> Self {
        let mut names: FxHashMap<String, usize> = FxHashMap::default();
        for name in profiles.iter().flatten().filter_map(organisation) {
            *names.entry(name).or_default() += 1;
        }
        Self {
            profiles,
            domains: Domains::of(profiles),
            names,
        }
    }

    /// The mail domains of the log.
    #[must_use]
    pub fn domains(&self) -> &Domains {
        &self.domains
    }

    /// Why one customer explains these accounts, if it does. `numbered_in_many_places` says that
    /// their sign-up details and their addresses are evidence of their own.
    #[must_use]
    pub fn one_customer(&self, accounts: &[u32], numbered_in_many_places: bool) -> Option<String> {
        let of = |value: &dyn Fn(&AccountProfile) -> Option<String>| {
            Shares::of(
                accounts
                    .iter()
                    .filter_map(|account| value(self.profiles.get(*account as usize)?.as_ref()?)),
            )
        };
        let payers = of(&|profile| profile.payment_id.clone());
        let domains = of(&mail_domain);
        if payers.speak_for(accounts)
            && let Some(covered) = payers.covered_by(FEW_PAYERS)
        {
            let count = payers.needed(FEW_PAYERS);
            // Two or three payers are one customer's unless its mailboxes are scattered, or at a
            // provider with other users.
            let scattered = domains.speak_for(accounts)
                && !domains.covered_by(1).is_some_and(|covered| {
                    let domain = domains.commonest().unwrap_or_default();
                    self.domains.get(domain).accounts <= 2 * covered
                });
            if count == 1 || !scattered {
                return Some(format!(
                    "one customer: {} behind {covered} of the {} accounts whose payer is known{}",
                    match count {
                        1 => "one payer stands".to_owned(),
                        more => format!("{more} payers stand"),
                    },
                    payers.known,
                    if count == 1 {
                        ""
                    } else {
                        ", and no mailboxes speak against it"
                    }
                ));
            }
        }
        if domains.speak_for(accounts)
            && let Some(covered) = domains.covered_by(1)
            && let Some(domain) = domains.commonest()
            && self.is_one_company(domain, covered, numbered_in_many_places)
        {
            return Some(format!(
                "one customer: {covered} of the {} accounts with a mail address have it at one domain that hardly anybody else uses ({domain})",
                domains.known
            ));
        }
        let names = of(&organisation);
        if names.speak_for(accounts)
            && let Some(covered) = names.covered_by(1)
            && let Some(name) = names.commonest()
            && !self.is_everybodys_name(name, covered)
        {
            return Some(format!(
                "one customer: {covered} of the {} accounts with an organisation name give the same one",
                names.known
            ));
        }
        None
    }

    /// Whether a name is what a program fills in ("Personal") or what the owner of the log is called:
    /// a third of all accounts that give a name give this one, and most of them are others.
    fn is_everybodys_name(&self, name: &str, covered: usize) -> bool {
        let given: usize = self.names.values().sum();
        let this = self.names.get(name).copied().unwrap_or(0);
        this * 3 > given && this > 2 * covered
    }

    /// Whether the accounts at a domain may be one company's. A provider of mailboxes has other
    /// users. A company pays with few cards, or with those of its outlets, or has each of its people
    /// pay. Mailboxes that are numbered, and that each have a payer of their own, are nobody's staff.
    fn is_one_company(&self, domain: &str, covered: usize, numbered: bool) -> bool {
        let Domain {
            accounts, payers, ..
        } = self.domains.get(domain);
        let each_its_own = payers > COMPANY_PAYERS && payers * 2 >= accounts;
        accounts <= 2 * covered && !(each_its_own && numbered) && !is_of_everybody(domain)
    }
}

/// Whether anybody may have a mailbox there, however few of the log's accounts do: the largest
/// providers of free mailboxes (ours, by common knowledge; a log tells of the others by itself).
pub(super) fn is_of_everybody(domain: &str) -> bool {
    const FREE_MAIL: [&str; 24] = [
        "126.com",
        "163.com",
        "aol.com",
        "foxmail.com",
        "gmail.com",
        "gmx.de",
        "gmx.net",
        "googlemail.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mail.ru",
        "msn.com",
        "naver.com",
        "outlook.com",
        "proton.me",
        "protonmail.com",
        "qq.com",
        "sina.com",
        "web.de",
        "yahoo.co.jp",
        "yahoo.com",
        "yandex.ru",
        "zoho.com",
    ];
    FREE_MAIL.contains(&domain)
}

/// The verdict where one customer or one event explains the group; `returned` says that accounts
/// came back after closures, in a counting finding.
#[must_use]
pub fn allowed(
    verdict: (Verdict, String),
    explained: Option<String>,
    returned: bool,
) -> (Verdict, String) {
    let (level, reason) = verdict;
    match explained {
        Some(why) if returned && level > Verdict::Likely => (
            Verdict::Likely,
            format!("{reason}; lowered: {why}, which explains all but the return after closures"),
        ),
        Some(why) if !returned && level > Verdict::Lead => (
            Verdict::Lead,
            format!("{reason}; lowered: {why}, which explains all of it"),
        ),
        _ => (level, reason),
    }
}

/// How many accounts each value has, commonest first.
struct Shares {
    known: usize,
    counts: Vec<(usize, String)>,
}

impl Shares {
    fn of(values: impl Iterator<Item = String>) -> Self {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for value in values {
            *counts.entry(value).or_default() += 1;
        }
        let known = counts.values().sum();
        let mut counts: Vec<(usize, String)> = counts
            .into_iter()
            .map(|(value, count)| (count, value))
            .collect();
        counts.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        Self { known, counts }
    }

    /// Whether at least half of the accounts have a value.
    fn speak_for(&self, accounts: &[u32]) -> bool {
        self.known > 0 && self.known * 2 >= accounts.len()
    }

    fn top(&self, most: usize) -> usize {
        self.counts.iter().take(most).map(|(count, _)| count).sum()
    }

    fn reaches(&self, covered: usize) -> bool {
        covered * 100 >= AGREE_PERCENT * self.known
    }

    /// Accounts of the `most` commonest values, if these cover nearly all.
    fn covered_by(&self, most: usize) -> Option<usize> {
        self.reaches(self.top(most))
            .then(|| self.top(self.needed(most)))
    }

    /// How many of the `most` commonest values it takes to cover nearly all.
    fn needed(&self, most: usize) -> usize {
        (1..most)
            .find(|count| self.reaches(self.top(*count)))
            .unwrap_or(most)
    }

    fn commonest(&self) -> Option<&str> {
        self.counts.first().map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profiles(of: impl Fn(usize) -> AccountProfile) -> Vec<Option<AccountProfile>> {
        (0..100).map(|account| Some(of(account))).collect()
    }

    fn reason(profiles: &[Option<AccountProfile>]) -> Option<String> {
        Ownership::new(profiles).one_customer(&(0..40).collect::<Vec<u32>>(), false)
    }

    #[test]
    fn up_to_three_payers_are_one_customer_unless_mailboxes_are_scattered() {
        let paid = |payers: usize, domains: usize| {
            profiles(|account| AccountProfile {
                payment_id: Some(format!("card {}", account % payers)),
                email: (domains > 0).then(|| format!("u{account}@d{}.example", account % domains)),
                ..AccountProfile::default()
            })
        };
        let said = |payers, domains| reason(&paid(payers, domains)).unwrap_or_default();
        assert!(said(1, 0).contains("one payer stands behind 40 of the 40"));
        assert!(said(1, 7).contains("one payer stands behind 40 of the 40"));
        assert!(said(2, 0).contains("2 payers stand behind 40"));
        assert!(said(3, 0).contains("3 payers stand behind 40"));
        // One provider with other users.
        assert_eq!(reason(&paid(3, 1)), None);
        assert_eq!(reason(&paid(3, 7)), None);
        assert_eq!(reason(&paid(4, 0)), None);
    }

    #[test]
    fn a_few_strangers_do_not_make_it_two_customers() {
        let with_strangers = profiles(|account| AccountProfile {
            payment_id: Some(if account < 33 {
                "card".to_owned()
            } else {
                format!("own {account}")
            }),
            ..AccountProfile::default()
        });
        assert!(
            reason(&with_strangers)
                .unwrap()
                .contains("one payer stands behind 33")
        );
    }

    #[test]
    fn a_domain_of_their_own_is_one_customer_and_a_provider_is_not() {
        let at = |members: usize| {
            profiles(|account| AccountProfile {
                payment_id: Some(format!("own {account}")),
                email: Some(if account < members {
                    format!("user{account}@Firm.example")
                } else {
                    format!("user{account}@host{account}.example")
                }),
                ..AccountProfile::default()
            })
        };
        assert!(reason(&at(40)).unwrap().contains("firm.example"));
        assert_eq!(reason(&at(100)), None);
        assert_eq!(reason(&at(20)), None);
    }

    #[test]
    fn a_name_that_is_filled_in_for_everybody_is_no_customer() {
        let named = |name: fn(usize) -> &'static str| {
            profiles(|account| AccountProfile {
                org_name: Some(name(account).to_owned()),
                ..AccountProfile::default()
            })
        };
        let own = |account| if account < 40 { "Firm" } else { "Other" };
        assert!(reason(&named(own)).unwrap().contains("organisation name"));
        assert_eq!(reason(&named(|_| "Personal")), None);
    }

    #[test]
    fn numbered_mailboxes_with_a_payer_each_are_no_staff() {
        let table = profiles(|account| AccountProfile {
            payment_id: Some(format!("own {account}")),
            email: Some(if account < 40 {
                format!("alder{account}@own.example")
            } else {
                format!("user{account}@host{account}.example")
            }),
            ..AccountProfile::default()
        });
        let members: Vec<u32> = (0..40).collect();
        let ownership = Ownership::new(&table);
        assert!(ownership.one_customer(&members, false).is_some());
        assert_eq!(ownership.one_customer(&members, true), None);
    }

    #[test]
    fn hashed_addresses_say_no_domain_and_no_table_says_nothing() {
        let hashed = profiles(|account| AccountProfile {
            email: Some(format!("{account:032x}")),
            ..AccountProfile::default()
        });
        assert_eq!(reason(&hashed), None);
        assert_eq!(reason(&vec![None; 100]), None);
    }

    #[test]
    fn a_return_after_closures_is_more_than_one_customer_explains() {
        let judged = |level, one: bool, returned| {
            let why = one.then(|| "one payer".to_owned());
            allowed((level, String::new()), why, returned).0
        };
        assert_eq!(judged(Verdict::Strong, true, false), Verdict::Lead);
        assert_eq!(judged(Verdict::Strong, true, true), Verdict::Likely);
        assert_eq!(judged(Verdict::Likely, true, true), Verdict::Likely);
        assert_eq!(judged(Verdict::Strong, false, false), Verdict::Strong);
    }
}
