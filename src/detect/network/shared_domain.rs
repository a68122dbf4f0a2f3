//! Accounts with mailboxes at one domain that is nobody's company and no provider's.
//!
//! # Looks for
//! Mail domains at which most accounts pay by themselves, each with an instrument of its own.
//!
//! # Why
//! Advisory AA26-251A names similar registration details; whoever needs thousands of mailboxes
//! rents a few domains and lets every name at them through.
//!
//! # Null model
//! As for every shared key: the accounts are as if drawn at random among accounts of equal
//! activity, every domain keeping its number of accounts. A domain counts only beside a prompt
//! template, where two thirds of those that send it have mailboxes at three such domains or more
//! that this tells; a domain with more than fifty accounts only where three in four of them send
//! the template.
//!
//! # Innocent look-alikes
//! A company (few payers: left out), a university whose students pay by themselves (one domain),
//! a small provider of mailboxes, a product that is sold to the staff of a few firms.
//!
//! # Needs
//! accounts.email and accounts.payment_id.
//!
//! # Limits
//! Without payers a company cannot be told from a rented domain, and none is looked at. Blind to
//! free-mail providers, to a domain for every few accounts, and to one domain for all.

use anyhow::Result;

use crate::detect::layer::{Layer, group_profiles};
use crate::detect::network::companies::{Domains, mail_domain};
use crate::detect::{Context, Detector, Meta, Need, Outcome};
use crate::model::column::AccountColumn;
use crate::model::finding::Family;
use crate::model::profile::AccountProfile;

const ID: &str = "network/shared-domain";

/// Kind of the keys. Fusing lets them agree with templates only, and treats them as places.
pub const MAIL_DOMAIN: &str = "mail_domain";

static META: Meta = Meta {
    id: ID,
    title: "Accounts with mailboxes at one domain that is nobody's company and no provider's",
    families: &[Family::Identity],
    version: 1,
    needs: &[
        Need::Account(AccountColumn::Email),
        Need::Account(AccountColumn::PaymentId),
    ],
    source: include_str!("shared_domain.rs"),
};

/// The detector.
pub struct SharedDomain;

impl Detector for SharedDomain {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        outcome.layers.push(layer(context.profiles));
        outcome.layers.retain(|layer| !layer.is_empty());
        Ok(outcome)
    }
}

fn layer(profiles: &[Option<AccountProfile>]) -> Layer {
    let domains = Domains::of(profiles);
    let grouped = group_profiles(profiles, |profile| {
        mail_domain(profile).filter(|domain| domains.get(domain).is_of_strangers())
    });
    Layer {
        innocent: "a provider of mailboxes, a product that is sold to the staff of a few firms, or a course of several universities",
        would_clear: "the firms or universities behind the domains, and the product or course they have in common",
        ..Layer::of_accounts(ID, MAIL_DOMAIN, Family::Identity, grouped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(mail: &str, payer: Option<usize>) -> Option<AccountProfile> {
        Some(AccountProfile {
            email: Some(mail.to_owned()),
            payment_id: payer.map(|payer| format!("card {payer}")),
            ..AccountProfile::default()
        })
    }

    #[test]
    fn only_domains_of_strangers_are_keys() {
        let mut profiles: Vec<_> = (0..9)
            .map(|number| account(&format!("a{number}@rented.example"), Some(number)))
            .collect();
        profiles.extend(
            (0..9)
                .map(|number| account(&format!("b{number}@firm.example"), Some(100 + number % 2))),
        );
        profiles.extend((0..9).map(|number| account(&format!("c{number}@unpaid.example"), None)));
        profiles.extend(
            (0..4).map(|number| account(&format!("d{number}@small.example"), Some(200 + number))),
        );
        let layer = layer(&profiles);
        assert_eq!(layer.values, ["rented.example"]);
        assert_eq!(layer.group(0), (0..9).collect::<Vec<u32>>());
    }
}
