//! Accounts that are paid for with one instrument.
//!
//! # Looks for
//! Accounts of different customers with the same payment instrument in the accounts table:
//! the provider's token or fingerprint of a card, a wallet or a bank account.
//!
//! # Why
//! The February 2026 disclosure names shared payment methods of whole account networks;
//! advisory AA26-251A names similar payment details. Fraud practice ranks the payer above
//! the address and the address above the client.
//!
//! # Null model
//! Accounts hold their instruments independently of everything else they do: the payer's
//! accounts are as if drawn at random among accounts of equal activity, every instrument
//! keeping its number of accounts. Who pays is no evidence by itself; it counts when the
//! accounts of one payer also share something of another family more often than this null
//! allows. There is no limit on the accounts of one instrument: twenty thousand on one card
//! are one group.
//!
//! # Innocent look-alikes
//! One customer with several accounts, an honest reseller or a class that pays for its
//! members, a company card behind many seats, an aggregator or a marketplace. Accounts of
//! one declared organisation (`org_id`) count as one customer. Where four fifths of a payer's
//! accounts have their mailboxes at one domain with at most five payers in the log, they
//! present themselves as one company: such a payer ties nothing and is no lead.
//!
//! # Needs
//! accounts.payment_id.
//!
//! # Limits
//! Blind to one card per account, and to a network that gives each of its cards a mail domain of
//! its own. Who pays does not say who sends: a group that shares
//! nothing but its payer never exceeds the verdict `lead`.

use anyhow::Result;

use crate::detect::layer::{Layer, Quality, group_profiles};
use crate::detect::network::companies::Domains;
use crate::detect::{Context, Detector, Meta, Need, Outcome};
use crate::model::column::AccountColumn;
use crate::model::finding::Family;

const ID: &str = "network/shared-payment";

static META: Meta = Meta {
    id: ID,
    title: "Accounts that are paid for with one instrument",
    families: &[Family::Payment],
    version: 2,
    needs: &[Need::Account(AccountColumn::PaymentId)],
    source: include_str!("shared_payment.rs"),
};

/// The detector.
pub struct SharedPayment;

impl Detector for SharedPayment {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        outcome.layers.push(payment(context));
        outcome.layers.retain(|layer| !layer.is_empty());
        Ok(outcome)
    }
}

fn payment(context: &Context<'_>) -> Layer {
    let grouped = group_profiles(context.profiles, |profile| profile.payment_id.clone());
    let domains = Domains::of(context.profiles);
    let quality = grouped
        .offsets
        .windows(2)
        .map(|bounds| {
            let holders = match bounds {
                [start, end] => grouped.accounts.get(*start..*end),
                _ => None,
            };
            let profiles = holders.unwrap_or_default().iter().map(|account| {
                let profile = context.profiles.get(*account as usize);
                profile.and_then(Option::as_ref)
            });
            domains.company(profiles).map_or(Quality::Full, |domain| {
                Quality::Everyday(format!("one company, with its mailboxes at {domain}"))
            })
        })
        .collect();
    Layer {
        hard: true,
        quality,
        innocent: "one customer with several accounts, a reseller or an aggregator that pays for its end users",
        would_clear: "a contract or invoice that names the payer as the declared owner of these accounts",
        ..Layer::of_accounts(ID, "payment", Family::Payment, grouped)
    }
}
