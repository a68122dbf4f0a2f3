//! The second look where the log is not there: the texts that the digest sampled.

use std::sync::Arc;

use anyhow::Result;

use super::{Fitting, Labelled, Search, shared};
use crate::digest::DigestTables;
use crate::model::campaign::LabelledRequest;

impl Search {
    /// Labels the sampled texts of a digest, for runs that have no log to read again.
    ///
    /// # Errors
    /// When a digest table lacks a column, which is an internal error.
    pub fn label_samples(&self, tables: &DigestTables) -> Result<Labelled> {
        let texts = &tables.texts;
        let ids: Vec<&str> = tables
            .accounts
            .column("account_id")?
            .str()?
            .iter()
            .map(Option::unwrap_or_default)
            .collect();
        let roles = texts
            .column("role")?
            .cast(&polars::prelude::DataType::UInt32)?;
        let rows = texts
            .column("account")?
            .u32()?
            .into_no_null_iter()
            .zip(roles.u32()?.into_no_null_iter())
            .zip(texts.column("text_hash")?.u64()?.into_no_null_iter())
            .zip(texts.column("first_us")?.i64()?.into_no_null_iter())
            .zip(texts.column("file")?.u32()?.into_no_null_iter())
            .zip(texts.column("row")?.u64()?.into_no_null_iter())
            .zip(texts.column("request_id")?.str()?.iter());
        let mut found = Labelled::default();
        for (index, ((((((account, role), hash), first_us), file), row), request_id)) in
            rows.enumerate()
        {
            let Some(account_id) = ids.get(account as usize) else {
                continue;
            };
            let Some((account_id, campaigns)) = self.campaigns_of.get_key_value(*account_id) else {
                continue;
            };
            let fragments = tables.fragments.of(index).iter().copied();
            let mut fitting = Fitting::default();
            if role == 0 {
                fitting.user = self.user.fitting(hash, fragments, self.cover_share);
            } else {
                fitting.system = self.system.fitting(hash, fragments, self.cover_share);
            }
            let who = (account_id, campaigns.as_slice(), first_us);
            let Some((campaign, template)) = self.attributed(&fitting, who, &mut found.counts)
            else {
                continue;
            };
            found.requests.push(LabelledRequest {
                file,
                row,
                request_id: request_id.unwrap_or_default().into(),
                account_id: Arc::clone(account_id),
                timestamp_us: first_us,
                campaign_id: shared(&self.campaign_ids, campaign),
                template_id: shared(&self.template_ids, template),
                pattern_family: shared(&self.capabilities, template),
            });
        }
        found.requests.sort_unstable();
        Ok(found)
    }
}
