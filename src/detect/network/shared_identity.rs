//! Accounts whose sign-up details are one person's, or follow one pattern.
//!
//! # Looks for
//! The same mailbox behind several accounts (letter case and plus-tags removed), the same
//! telephone number, e-mail addresses that differ only in their digits (`lin.a7@`, `lin.a8@`),
//! and organisation names that differ only in their digits.
//!
//! # Why
//! Advisory AA26-251A names similar registration details; the September 2026 disclosures
//! name disposable addresses. Numbered series are what sign-up scripts leave behind.
//!
//! # Null model
//! As for every shared key: the accounts of one series are as if drawn at random among
//! accounts of equal activity. Common names make common series (`john#@`): they fail the
//! test, because their owners share nothing else.
//!
//! # Innocent look-alikes
//! One person with a private and a work account, test accounts of one customer, common
//! names with birth years, a company that numbers its mailboxes, a chain that numbers its outlets (a
//! series of organisation names that follows the payers counts for nothing). Accounts of one declared
//! organisation (`org_id`) count as one customer.
//!
//! # Needs
//! Any of accounts.email, accounts.phone, accounts.org_name.
//!
//! # Limits
//! Hashed addresses can only be compared whole. Random local parts leave no series; the
//! mail domain alone is not used, because companies and free-mail providers share theirs.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::detect::layer::{Layer, Quality, group_profiles};
use crate::detect::{Context, Detector, Meta, Need, Outcome};
use crate::model::column::AccountColumn;
use crate::model::finding::Family;
use crate::model::profile::AccountProfile;

const ID: &str = "network/shared-identity";

static META: Meta = Meta {
    id: ID,
    title: "Accounts whose sign-up details are one person's, or follow one pattern",
    families: &[Family::Identity],
    version: 2,
    needs: &[
        Need::Account(AccountColumn::Email),
        Need::Account(AccountColumn::Phone),
        Need::Account(AccountColumn::OrgName),
    ],
    source: include_str!("shared_identity.rs"),
};

/// A series needs this many letters besides its digits: `a#@` says nothing.
const SERIES_LETTERS: usize = 4;

/// Payers with several accounts that make a chain of outlets at least (ours).
const OUTLETS: usize = 3;

/// Share of them whose accounts must bear one name each (ours: some rename an account).
const OUTLETS_SHARE: f64 = 0.8;

/// A telephone number or its hash has at least this many characters.
const PHONE_CHARACTERS: usize = 6;

/// The detector.
pub struct SharedIdentity;

impl Detector for SharedIdentity {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        outcome.layers.push(layer(context, "mailbox", |profile| {
            profile.email.as_deref().and_then(mailbox)
        }));
        outcome.layers.push(layer(context, "phone", |profile| {
            profile.phone.as_deref().and_then(phone)
        }));
        outcome
            .layers
            .push(layer(context, "email_series", |profile| {
                profile.email.as_deref().and_then(email_series)
            }));
        outcome.layers.push(name_series(context.profiles));
        outcome.layers.retain(|layer| !layer.is_empty());
        Ok(outcome)
    }
}

/// The mailbox an address delivers to: lower case, without plus-tag.
fn mailbox(email: &str) -> Option<String> {
    let lower = email.trim().to_lowercase();
    if lower.contains('*') {
        // Masked: what is left is that of many.
        return None;
    }
    let Some((local, domain)) = lower.rsplit_once('@') else {
        // A hash of the address: comparable as a whole.
        return (lower.len() >= 16).then_some(lower);
    };
    let local = local.split('+').next().unwrap_or(local);
    (!local.is_empty() && !domain.is_empty()).then(|| format!("{local}@{domain}"))
}

/// Digits only, or the hash as it stands.
fn phone(phone: &str) -> Option<String> {
    let hashed = phone.chars().any(char::is_alphabetic);
    let value: String = if hashed {
        phone.trim().to_lowercase()
    } else {
        phone.chars().filter(char::is_ascii_digit).collect()
    };
    (value.len() >= PHONE_CHARACTERS).then_some(value)
}

/// The series of an address: the local part (plus-tag kept) with digits folded, at its domain.
fn email_series(email: &str) -> Option<String> {
    let lower = email.trim().to_lowercase();
    let (local, domain) = lower.rsplit_once('@')?;
    Some(format!("{}@{domain}", series(local)?))
}

/// A text with its runs of digits folded to `#`; `None` where it has no digits or too few letters.
fn series(text: &str) -> Option<String> {
    let mut folded = String::with_capacity(text.len());
    let mut letters = 0;
    for character in text.trim().to_lowercase().chars() {
        if character.is_numeric() {
            if !folded.ends_with('#') {
                folded.push('#');
            }
        } else {
            letters += usize::from(character.is_alphabetic());
            folded.push(character);
        }
    }
    (folded.contains('#') && letters >= SERIES_LETTERS).then_some(folded)
}

/// Series of organisation names. Where the accounts of each payer bear one name, and another payer's
/// the next, they are the outlets of a chain or the classes of a school.
fn name_series(profiles: &[Option<AccountProfile>]) -> Layer {
    let mut made = layer_of(profiles, "name_series", |profile| {
        profile.org_name.as_deref().and_then(series)
    });
    made.quality = (0..made.len())
        .map(|group| {
            let mut names: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
            let mut accounts: BTreeMap<&str, usize> = BTreeMap::new();
            let members = made.group(group).iter();
            for profile in members.filter_map(|at| profiles.get(*at as usize)?.as_ref()) {
                if let (Some(payer), Some(name)) = (&profile.payment_id, &profile.org_name) {
                    *accounts.entry(payer).or_default() += 1;
                    names
                        .entry(payer)
                        .or_default()
                        .insert(name.trim().to_lowercase());
                }
            }
            names.retain(|payer, _| accounts.get(payer) > Some(&1));
            let follow = names.values().filter(|names| names.len() == 1).count();
            if names.len() >= OUTLETS && follow as f64 >= OUTLETS_SHARE * names.len() as f64 {
                Quality::Everyday(
                    "each payer's accounts bear one name of the series: outlets of a chain, or classes of a school"
                        .to_owned(),
                )
            } else {
                Quality::Full
            }
        })
        .collect();
    made
}

fn layer(
    context: &Context<'_>,
    kind: &'static str,
    key: impl Fn(&AccountProfile) -> Option<String>,
) -> Layer {
    layer_of(context.profiles, kind, key)
}

fn layer_of(
    profiles: &[Option<AccountProfile>],
    kind: &'static str,
    key: impl Fn(&AccountProfile) -> Option<String>,
) -> Layer {
    let grouped = group_profiles(profiles, key);
    Layer {
        innocent: "one person or company with several accounts, or a common name with a number",
        would_clear: "the persons behind the accounts, shown to be different and unconnected",
        ..Layer::of_accounts(ID, kind, Family::Identity, grouped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_of_names_that_follows_the_payers_is_a_chain_of_outlets() {
        let accounts = |name_of: &dyn Fn(usize) -> usize| -> Vec<Option<AccountProfile>> {
            (0..12)
                .map(|account| {
                    Some(AccountProfile {
                        payment_id: Some(format!("pm_{}", account / 3)),
                        org_name: Some(format!("Backhaus Filiale {}", name_of(account))),
                        ..AccountProfile::default()
                    })
                })
                .collect()
        };
        let outlets = name_series(&accounts(&|account| account / 3));
        assert_eq!(outlets.values, ["backhaus filiale #"]);
        assert!(matches!(outlets.quality(0), Quality::Everyday(_)));
        let numbered = name_series(&accounts(&|account| account));
        assert_eq!(*numbered.quality(0), Quality::Full);
    }

    #[test]
    fn plus_tags_and_case_do_not_make_another_mailbox() {
        assert_eq!(
            mailbox("Lin.A7+01@Mail.example").as_deref(),
            Some("lin.a7@mail.example")
        );
        assert_eq!(mailbox("abc"), None);
        assert_eq!(mailbox("l***@gmail.example"), None);
        assert_eq!(
            mailbox("0123456789abcdef0123"),
            Some("0123456789abcdef0123".to_owned())
        );
    }

    #[test]
    fn a_series_differs_only_in_digits() {
        assert_eq!(
            email_series("data2041@x.example"),
            email_series("data77@x.example")
        );
        assert_ne!(
            email_series("data2041@x.example"),
            email_series("data77@y.example")
        );
        assert_eq!(email_series("anna.smith@x.example"), None);
        assert_eq!(series("a1"), None);
        assert_eq!(
            series("Alpha Data Studio 7").as_deref(),
            Some("alpha data studio #")
        );
    }

    #[test]
    fn phones_compare_by_digits() {
        assert_eq!(phone("+65 5550 0101").as_deref(), Some("6555500101"));
        assert_eq!(phone("12"), None);
    }
}
