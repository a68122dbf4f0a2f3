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
//! one declared organisation (`org_id`) count as one customer.
//!
//! # Needs
//! accounts.payment_id.
//!
//! # Limits
//! Blind to one card per account. Who pays does not say who sends: a group that shares
//! nothing but its payer never exceeds the verdict `lead`.

use anyhow::Result;
use rustc_hash::FxHashMap;

use crate::detect::layer::{Layer, RowSource, group_entries};
use crate::detect::{Context, Detector, Meta, Need, Outcome};
use crate::model::column::AccountColumn;
use crate::model::finding::Family;

const ID: &str = "network/shared-payment";

static META: Meta = Meta {
    id: ID,
    title: "Accounts that are paid for with one instrument",
    families: &[Family::Payment],
    version: 1,
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
    let mut numbers: FxHashMap<&str, u32> = FxHashMap::default();
    let mut values: Vec<&str> = Vec::new();
    let mut entries = Vec::new();
    for (account, profile) in (0_u32..).zip(context.profiles) {
        let Some(value) = profile
            .as_ref()
            .and_then(|profile| profile.payment_id.as_deref())
        else {
            continue;
        };
        let number = *numbers.entry(value).or_insert_with(|| {
            values.push(value);
            u32::try_from(values.len() - 1).unwrap_or(u32::MAX)
        });
        entries.push((number, account, 0));
    }
    let grouped = group_entries(entries, |number| {
        values
            .get(number as usize)
            .map_or_else(String::new, |value| (*value).to_owned())
    });
    Layer {
        detector: ID,
        kind: "payment",
        family: Family::Payment,
        hard: true,
        values: grouped.values,
        offsets: grouped.offsets,
        accounts: grouped.accounts,
        singles: grouped.singles,
        rows: Vec::new(),
        row_source: RowSource::Accounts,
        quality: Vec::new(),
        innocent: "one customer with several accounts, a reseller or an aggregator that pays for its end users",
        would_clear: "a contract or invoice that names the payer as the declared owner of these accounts",
    }
}
