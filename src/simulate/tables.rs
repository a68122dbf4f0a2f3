//! The small tables beside the requests: accounts, events and the truth about accounts.

use std::path::Path;

use anyhow::Context;

use crate::model::column::{ACCOUNTS, AccountColumn, EVENTS};
use crate::simulate::origins::origin;
use crate::simulate::page::{push_code, push_number};
use crate::simulate::places::COUNTRIES;
use crate::simulate::random::{Random, mix};
use crate::simulate::row::account_id;
use crate::simulate::sinks::time_text;
use crate::simulate::world::{Account, HOUR_US, MailStyle, World};

/// Popular mail providers, most used first (reserved names, RFC 2606).
const PROVIDERS: [&str; 9] = [
    "bluemail.example",
    "inbox.example",
    "postbox.example",
    "quickmail.example",
    "mailhaus.example",
    "yonder.example",
    "correo.example",
    "pandapost.example",
    "nekomail.example",
];
/// First parts of throw-away domains.
const THROWAWAY: [&str; 10] = [
    "temp", "drop", "ten", "trash", "guer", "moak", "yop", "burn", "fake", "spam",
];

/// All accounts, those without a request included, in order of their identifiers.
pub(crate) fn listed(world: &World) -> Vec<(String, usize)> {
    let mut rows: Vec<(String, usize)> = world
        .accounts
        .iter()
        .enumerate()
        .map(|(at, account)| (account_id(account), at))
        .collect();
    rows.sort_unstable();
    rows
}

fn writer(path: &Path) -> anyhow::Result<csv::Writer<std::fs::File>> {
    let file = std::fs::File::create_new(path)
        .with_context(|| format!("{}: cannot create the file", path.display()))?;
    Ok(csv::Writer::from_writer(file))
}

/// Writes `accounts.csv`.
pub(crate) fn write_accounts(world: &World, path: &Path) -> anyhow::Result<()> {
    let columns: Vec<AccountColumn> = AccountColumn::ALL
        .iter()
        .copied()
        .filter(|column| !matches!(column, AccountColumn::Label | AccountColumn::ObservedAt))
        .collect();
    let mut out = writer(path)?;
    out.write_record(columns.iter().map(|column| ACCOUNTS[column.index()].name))?;
    for (id, at) in listed(world) {
        let Some(account) = world.accounts.get(at) else {
            continue;
        };
        let facts = Facts::new(world, account, id);
        out.write_record(
            columns
                .iter()
                .map(|column| facts.cell(world, account, *column)),
        )?;
    }
    out.flush()?;
    Ok(())
}

/// What is worked out once per account.
struct Facts {
    id: String,
    mail: String,
    org_name: String,
    network: u16,
    host: u64,
    client: u16,
    seen_us: i64,
}

impl Facts {
    fn new(world: &World, account: &Account, id: String) -> Self {
        let (network, host) = origin(world, account, mix(account.key, 0x516), account.created_us);
        let org_rule = world.grammar.rule("org_name").unwrap_or(0);
        Self {
            id,
            mail: mail(world, account),
            org_name: account
                .org
                .map(|seed| world.grammar.text(org_rule, seed))
                .unwrap_or_default(),
            network,
            host,
            // Accounts are opened in a browser.
            client: world.clients.draw(
                crate::simulate::clients::ClientKind::Browser,
                &mut Random::new(mix(account.key, 0x517)),
            ),
            seen_us: world.end_us(),
        }
    }

    fn cell(&self, world: &World, account: &Account, column: AccountColumn) -> String {
        let country = |at: u8| {
            COUNTRIES
                .get(usize::from(at))
                .map_or("", |country| country.code)
                .to_owned()
        };
        let code = |prefix: &str, word: u64, length: u32| {
            let mut text = prefix.to_owned();
            push_code(&mut text, mix(word, 0xc0de), length, b"0123456789abcdef");
            text
        };
        // An export knows nothing that happens after its end.
        let closing = account
            .closing
            .filter(|closing| closing.at_us < self.seen_us);
        let place = world.places.get(self.network);
        let client = world.clients.get(self.client);
        match column {
            AccountColumn::AccountId => self.id.clone(),
            AccountColumn::CreatedAt => time_text(account.created_us),
            AccountColumn::ClosedAt => closing
                .map(|closing| time_text(closing.at_us))
                .unwrap_or_default(),
            AccountColumn::Status => closing
                .map_or("active", |closing| closing.status)
                .to_owned(),
            AccountColumn::CloseReason => closing.map_or("", |closing| closing.reason).to_owned(),
            AccountColumn::Email => self.mail.clone(),
            AccountColumn::EmailDomain => self
                .mail
                .split_once('@')
                .map_or("", |(_, domain)| domain)
                .to_owned(),
            AccountColumn::Phone if account.has_phone => code("ph_", mix(account.key, 0x9f), 16),
            AccountColumn::BillingCountry if account.payment.is_some() => {
                country(account.billing_country)
            }
            AccountColumn::PaymentId => account
                .payment
                .map(|card| code("pm_", card, 16))
                .unwrap_or_default(),
            AccountColumn::PaymentKind => account.payment_kind.to_owned(),
            AccountColumn::OrgName => self.org_name.clone(),
            AccountColumn::OrgId if account.org_declared => {
                code("org_", account.org.unwrap_or(0), 12)
            }
            AccountColumn::SignupIp => {
                let mut text = String::new();
                world
                    .places
                    .push_address(self.network, self.host, &mut text);
                text
            }
            AccountColumn::SignupAsn => {
                place.map(|place| place.asn.to_string()).unwrap_or_default()
            }
            AccountColumn::SignupCountry => place
                .map(|place| country(place.country))
                .unwrap_or_default(),
            AccountColumn::SignupUserAgent => client
                .map(|client| client.user_agent.clone())
                .unwrap_or_default(),
            AccountColumn::SignupTlsFingerprint => client
                .map(|client| client.tls_fingerprint.clone())
                .unwrap_or_default(),
            AccountColumn::ReferrerCode => account
                .referrer
                .map(|number| code("ref", number, 5))
                .unwrap_or_default(),
            AccountColumn::Plan => account.plan.to_owned(),
            _ => String::new(),
        }
    }
}

/// The account's e-mail address.
fn mail(world: &World, account: &Account) -> String {
    let mut random = Random::new(mix(account.key, 0x3a11));
    let word = |name: &str, seed: u64| {
        let rule = world.grammar.rule(name).unwrap_or(0);
        world
            .grammar
            .text(rule, seed)
            .to_lowercase()
            .replace([' ', '.'], "")
    };
    let (first, last) = (
        word("firstname", random.next()),
        word("lastname", random.next()),
    );
    let provider = PROVIDERS[(random.exponential(2.2) as usize).min(PROVIDERS.len() - 1)];
    let mut local = String::new();
    let domain = match account.mail {
        MailStyle::Personal => {
            let initial = first.chars().next().unwrap_or('x');
            match random.index(6) {
                0 => local = format!("{first}.{last}"),
                1 => local = format!("{first}{last}"),
                2 => local = format!("{initial}{last}"),
                3 => local = format!("{first}_{last}"),
                4 => local = format!("{last}.{first}"),
                _ => local.push_str(&first),
            }
            if random.chance(0.7) {
                push_number(
                    &mut local,
                    [
                        random.below(100),
                        1950 + random.below(60),
                        random.below(10_000),
                    ][random.index(3)],
                );
            }
            provider.to_owned()
        }
        MailStyle::Work { domain } => {
            local = if random.chance(0.8) {
                format!("{first}.{last}")
            } else {
                first
            };
            if random.chance(0.15) {
                push_number(&mut local, 2 + random.below(9));
            }
            let rule = world.grammar.rule("org_name").unwrap_or(0);
            let name: String = world
                .grammar
                .text(rule, domain)
                .to_lowercase()
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .collect();
            format!("{name}{}.example", domain % 97)
        }
        MailStyle::WordDigits { provider } => {
            local = word("noun", random.next());
            push_number(&mut local, 1_000 + random.below(9_000));
            PROVIDERS
                .get(usize::from(provider))
                .copied()
                .unwrap_or(PROVIDERS[0])
                .to_owned()
        }
        MailStyle::Throwaway { domain } => {
            push_code(
                &mut local,
                random.next(),
                6 + random.below(5) as u32,
                b"abcdefghijklmnopqrstuvwxyz0123456789",
            );
            let part = THROWAWAY[usize::from(domain) % THROWAWAY.len()];
            format!("{part}{}.example", word("noun", u64::from(domain) + 77))
        }
    };
    format!("{local}@{domain}")
}

/// Writes `events.csv`: releases and ban waves inside the window.
pub(crate) fn write_events(world: &World, path: &Path) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    if world.release_us < world.end_us() {
        rows.push((
            world.release_us,
            "model_release",
            format!("{} is available", world.new_model),
            world.new_model,
        ));
    }
    rows.push((
        world.start_us + 9 * HOUR_US,
        "policy_change",
        "Usage policy updated".to_owned(),
        "",
    ));
    for &wave in world
        .ban_waves_us
        .iter()
        .filter(|&&wave| wave < world.end_us())
    {
        rows.push((wave, "ban_wave", "Accounts closed".to_owned(), ""));
    }
    rows.sort();
    let mut out = writer(path)?;
    out.write_record(EVENTS.iter().map(|column| column.name))?;
    for (at_us, kind, name, model) in rows {
        out.write_record([time_text(at_us).as_str(), kind, &name, model])?;
    }
    out.flush()?;
    Ok(())
}

/// Writes `truth_accounts.csv`.
pub(crate) fn write_truth(world: &World, sent: &[u64], path: &Path) -> anyhow::Result<()> {
    let mut out = writer(path)?;
    out.write_record(["account_id", "campaign", "population", "role", "requests"])?;
    for (id, at) in listed(world) {
        let Some(account) = world.accounts.get(at) else {
            continue;
        };
        let campaign = account
            .campaign
            .and_then(|at| world.campaigns.get(usize::from(at)))
            .map_or("", String::as_str);
        let population = world
            .populations
            .get(usize::from(account.population))
            .map_or("", String::as_str);
        let requests = sent.get(at).copied().unwrap_or(0).to_string();
        out.write_record([
            id.as_str(),
            campaign,
            population,
            account.role.name(),
            &requests,
        ])?;
    }
    out.flush()?;
    Ok(())
}
