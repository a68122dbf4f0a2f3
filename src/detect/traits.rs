//! What most requests of an account have in common: where they come from, over which pathway,
//! with which settings. Read once from the links, for the group tests that compare habits.

use std::sync::Arc;

use anyhow::Result;

use crate::digest::DigestTables;

/// Traits by account; empty lists where the log lacks the column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Traits {
    /// Country that most of the account's located requests come from.
    pub country: Vec<Option<Arc<str>>>,
    /// Pathway that most of its requests come over.
    pub pathway: Vec<Option<Arc<str>>>,
    /// Share of its requests that say which client sent them.
    pub client_share: Vec<f64>,
    /// Share of its requests with its commonest sampling parameters.
    pub parameters_share: Vec<f64>,
}

impl Traits {
    /// From a digest.
    ///
    /// # Errors
    /// When a digest table lacks a column, which is an internal error.
    pub fn read(tables: &DigestTables) -> Result<Self> {
        let requests: Vec<u64> = tables
            .accounts
            .column("requests")?
            .u64()?
            .into_no_null_iter()
            .collect();
        let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
        let clients = OfKind::read(tables, "user_agent")?;
        let parameters = OfKind::read(tables, "parameters")?;
        Ok(Self {
            country: OfKind::read(tables, "country")?.names(),
            pathway: OfKind::read(tables, "platform")?.names(),
            client_share: clients
                .total
                .iter()
                .zip(&requests)
                .map(|(total, requests)| share(*total, *requests))
                .collect(),
            parameters_share: parameters
                .most
                .iter()
                .zip(&requests)
                .map(|((most, _), requests)| share(*most, *requests))
                .collect(),
        })
    }
}

/// The keys of one kind by account.
struct OfKind {
    /// Requests with any of them.
    total: Vec<u64>,
    /// Requests with the commonest, and which it is.
    most: Vec<(u64, Option<Arc<str>>)>,
}

impl OfKind {
    fn read(tables: &DigestTables, kind: &str) -> Result<Self> {
        let kinds = tables.keys.column("kind")?.str()?;
        let values = tables.keys.column("value")?.str()?;
        let names: Vec<Option<Arc<str>>> = kinds
            .iter()
            .zip(values.iter())
            .map(|(of_kind, value)| value.filter(|_| of_kind == Some(kind)).map(Arc::from))
            .collect();
        if names.iter().all(Option::is_none) {
            return Ok(Self {
                total: Vec::new(),
                most: Vec::new(),
            });
        }
        let accounts = tables.accounts.height();
        let mut found = Self {
            total: vec![0; accounts],
            most: vec![(0, None); accounts],
        };
        let links = &tables.links;
        let rows = links
            .column("account")?
            .u32()?
            .into_no_null_iter()
            .zip(links.column("key")?.u32()?.into_no_null_iter())
            .zip(links.column("requests")?.u64()?.into_no_null_iter());
        // Links are sorted by account and key, so equal counts leave the first key by name.
        for ((account, key), requests) in rows {
            let at = account as usize;
            let (Some(Some(name)), Some(total), Some(most)) = (
                names.get(key as usize),
                found.total.get_mut(at),
                found.most.get_mut(at),
            ) else {
                continue;
            };
            *total = total.saturating_add(requests);
            if requests > most.0 {
                *most = (requests, Some(Arc::clone(name)));
            }
        }
        Ok(found)
    }

    fn names(self) -> Vec<Option<Arc<str>>> {
        self.most.into_iter().map(|(_, name)| name).collect()
    }
}
