//! One id of a case explained: reads the case and no more of its digest than the id needs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::config::Config;
use crate::digest::{self, DigestTables};
use crate::explain::{self, Answer, Explanation, Kind, Known, LookedAt, Row};
use crate::model::failure::Failure;
use crate::report::{self, Manifest};

/// Tables of a digest that name requests.
const NAMING_REQUESTS: [&str; 4] = ["links", "pattern_samples", "samples", "texts"];

/// Sample rows looked up for one account.
const ROWS: usize = 10;

/// Explains what `id` names in a case: a campaign, else a template, a finding, an account, a
/// request or a key (`ip:192.0.2.1`, or the value alone); `wanted` asks for one kind. An id that names nothing is tried once more with the
/// escapes of screens and files undone.
///
/// # Errors
/// [`crate::model::failure::Failure::Usage`] when the folder is no case or the id names
/// nothing in it; [`crate::model::failure::Failure::Verification`] when the digest is needed and
/// cannot be used.
pub fn explain_case(dir: &Path, id: &str, wanted: Option<Kind>) -> Result<Explanation> {
    explain_id(dir, id, wanted).or_else(|error| match explain::unescaped(id) {
        Some(meant) => explain_id(dir, &meant, wanted).map_err(|_| error),
        None => Err(error),
    })
}

fn explain_id(dir: &Path, id: &str, wanted: Option<Kind>) -> Result<Explanation> {
    let case = report::read_recorded_case(dir)?;
    let requests = report::read_attributed(dir, &case)?;
    let known = Known::new(&case, &requests);
    // A digest that cannot be used stops only an answer that needs it.
    let (digest, unusable) = match Digest::of_case(dir) {
        Ok(digest) => (digest, None),
        Err(error) => (Digest::default(), Some(error)),
    };
    let mut fits = explain::kinds(id, &known, &digest.accounts);
    let mut in_digest = Vec::new();
    let asks_request = wanted == Some(Kind::Request) || (wanted.is_none() && fits.is_empty());
    let only_request = wanted.is_none() && fits == [Kind::Request];
    if let Some(error) = unusable
        && needs_digest(id, wanted, &fits, &known)
    {
        return Err(not_whole(error, dir));
    }
    if asks_request || only_request {
        let at = explain::place(id, &known);
        in_digest = digest.rows(&NAMING_REQUESTS, &known, |_, file, row, request_id| {
            request_id == id || at == Some((file, row))
        })?;
        if !in_digest.is_empty() && !fits.contains(&Kind::Request) {
            fits.push(Kind::Request);
        }
    }
    let asks_key = wanted == Some(Kind::Key) || (wanted.is_none() && fits.is_empty());
    let mut keys = explain::named_keys(id, &known);
    if asks_key || fits.first() == Some(&Kind::Key) {
        keys.extend(digest.keys(id)?);
        if !keys.is_empty() && !fits.contains(&Kind::Key) {
            fits.push(Kind::Key);
        }
    }
    let kind = match wanted {
        Some(kind) => Some(kind).filter(|kind| fits.contains(kind)),
        None => fits.first().copied(),
    };
    let answer = match kind {
        Some(Kind::Campaign) => known
            .campaign(id)
            .map(|found| Answer::Campaign(Box::new(explain::campaign(found, &known)))),
        Some(Kind::Template) => known
            .template(id)
            .map(|found| Answer::Template(Box::new(explain::template(found, &known)))),
        Some(Kind::Finding) => known
            .finding(id)
            .map(|found| Answer::Finding(Box::new(explain::finding(found, &known)))),
        Some(Kind::Account) => Some(account(id, &known, &digest, dir)?),
        Some(Kind::Request) => Some(Answer::Request(Box::new(explain::request(
            id, &known, in_digest,
        )))),
        Some(Kind::Key) => match keys.into_iter().next() {
            Some(key) => {
                let holders = digest.holders(&key)?;
                Some(Answer::Key(Box::new(explain::key(key, holders, &known))))
            }
            None => None,
        },
        None => None,
    };
    match answer {
        Some(answer) => Ok(answer.of_case(&case, id, &fits)),
        None => Err(explain::unknown(
            id,
            wanted,
            &fits,
            &known,
            &digest.accounts,
            digest.folder.is_some(),
        )
        .into()),
    }
}

/// A digest that was written with the case and cannot be read is damage to the case.
fn not_whole(error: anyhow::Error, dir: &Path) -> anyhow::Error {
    match error.downcast_ref::<Failure>() {
        Some(Failure::NoDigest(text)) => {
            Failure::Verification(format!("{text}; it is part of the case {}", dir.display()))
                .into()
        }
        _ => error,
    }
}

/// Whether the answer rests on the digest: the id is not in the case without it, or names an
/// account outside all campaigns.
fn needs_digest(id: &str, wanted: Option<Kind>, fits: &[Kind], known: &Known<'_>) -> bool {
    match wanted.or_else(|| fits.first().copied()) {
        Some(Kind::Account) => !is_member(id, known),
        Some(kind) => !fits.contains(&kind),
        None => true,
    }
}

fn is_member(account: &str, known: &Known<'_>) -> bool {
    known
        .case
        .campaigns
        .iter()
        .flat_map(|campaign| &campaign.members)
        .any(|member| member.account_id == account)
}

/// The digest of a case, if it has one, with the accounts in it.
#[derive(Default)]
struct Digest {
    folder: Option<PathBuf>,
    accounts: Vec<String>,
}

impl Digest {
    fn of_case(dir: &Path) -> Result<Self> {
        let folder = dir.join("digest");
        if !folder.exists() {
            return Ok(Self {
                folder: None,
                accounts: Vec::new(),
            });
        }
        let frames = digest::store::read_frames(&folder, &["accounts"])?;
        let accounts = frames.get("accounts").context("digest table accounts")?;
        Ok(Self {
            accounts: accounts
                .column("account_id")?
                .str()?
                .iter()
                .map(|id| id.unwrap_or_default().to_owned())
                .collect(),
            folder: Some(folder),
        })
    }

    /// Keys that `id` names, as (kind, value).
    fn keys(&self, id: &str) -> Result<Vec<(String, String)>> {
        let Some(folder) = &self.folder else {
            return Ok(Vec::new());
        };
        let frames = digest::store::read_frames(folder, &["keys"])?;
        let keys = frames.get("keys").context("digest table keys")?;
        let kinds = keys.column("kind")?.str()?;
        let values = keys.column("value")?.str()?;
        let all = kinds.iter().flatten().zip(values.iter().flatten());
        Ok(all
            .filter(|(kind, value)| explain::names_key(id, kind, value))
            .filter_map(|(kind, value)| {
                Some((kind.to_owned(), explain::derived_key(kind, kind, value)?))
            })
            .collect())
    }

    /// The accounts that have a key; nothing where the digest does not hold it.
    fn holders(&self, (kind, value): &(String, String)) -> Result<Option<Vec<String>>> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        let frames = digest::store::read_frames(folder, &["keys", "links"])?;
        let keys = frames.get("keys").context("digest table keys")?;
        let kinds = keys.column("kind")?.str()?;
        let values = keys.column("value")?.str()?;
        let pairs = kinds.iter().zip(values.iter());
        let numbers: BTreeSet<u32> = (0_u32..)
            .zip(pairs)
            .filter(|(_, (stored_kind, stored))| {
                let given = stored_kind.zip(*stored);
                given.and_then(|(stored_kind, stored)| {
                    explain::derived_key(kind, stored_kind, stored)
                }) == Some(value.clone())
            })
            .map(|(number, _)| number)
            .collect();
        if numbers.is_empty() {
            return Ok(None);
        }
        let links = frames.get("links").context("digest table links")?;
        let accounts = links.column("account")?.u32()?.into_no_null_iter();
        let of_links = links.column("key")?.u32()?.into_no_null_iter();
        Ok(Some(
            accounts
                .zip(of_links)
                .filter(|(_, key)| numbers.contains(key))
                .filter_map(|(account, _)| self.accounts.get(account as usize).cloned())
                .collect(),
        ))
    }

    fn rows(
        &self,
        tables: &[&str],
        known: &Known<'_>,
        wanted: impl Fn(&str, u32, u64, &str) -> bool,
    ) -> Result<Vec<explain::SampledRow>> {
        let Some(folder) = &self.folder else {
            return Ok(Vec::new());
        };
        let frames = digest::store::read_frames(folder, tables)?;
        explain::sampled_rows(&frames, &self.accounts, known, wanted)
    }
}

fn account(id: &str, known: &Known<'_>, digest: &Digest, dir: &Path) -> Result<Answer> {
    let member = is_member(id, known);
    let attributed = known.requests.iter().any(|found| *found.account_id == *id);
    let sampled: Vec<Row> = if member && attributed {
        Vec::new()
    } else {
        digest
            .rows(&["samples"], known, |account, _, _, _| account == id)?
            .into_iter()
            .map(|found| found.row)
            .take(ROWS)
            .collect()
    };
    let number = (0_u32..)
        .zip(&digest.accounts)
        .find(|(_, account)| *account == id)
        .map(|(number, _)| number);
    let looked_at = match (&digest.folder, number) {
        (Some(folder), Some(number)) if !member => {
            let tables = digest::store::read(folder)?;
            let config = Manifest::of_folder(dir)
                .and_then(|manifest| toml::from_str::<Config>(&manifest.config_toml).ok());
            Some(looked_at(
                number,
                &tables,
                config.as_ref(),
                known,
                sampled.clone(),
            )?)
        }
        _ => None,
    };
    Ok(Answer::Account(Box::new(explain::account(
        id, known, &sampled, looked_at,
    ))))
}

/// What the digest holds about account number `number`.
fn looked_at(
    number: u32,
    tables: &DigestTables,
    config: Option<&Config>,
    known: &Known<'_>,
    rows: Vec<Row>,
) -> Result<LookedAt> {
    let at = number as usize;
    let count = |column: &str| -> Result<u64> {
        Ok(tables.accounts.column(column)?.u64()?.get(at).unwrap_or(0))
    };
    let time = |column: &str| -> Result<i64> {
        Ok(tables.accounts.column(column)?.i64()?.get(at).unwrap_or(0))
    };
    Ok(LookedAt {
        requests: count("requests")?,
        prompts: count("prompts")?,
        first_us: time("first_us")?,
        last_us: time("last_us")?,
        holdings: explain::holdings(number, tables, known)?,
        texts: explain::prompts(number, tables, config.map(|config| &config.content), known)?,
        notes: tables.about.notes.clone(),
        rows,
    })
}
