//! `campaigns.csv`, `accounts.csv` and `templates.csv`.

use anyhow::Result;

use crate::model::campaign::{SILENT, Verdict};
use crate::model::finding::Family;
use crate::report::present::Presented;
use crate::report::tables::csv_table::{Cell, CsvTable, Rows};
use crate::report::tables::{Sink, locator_texts};

/// Writes `campaigns.csv`.
pub(crate) fn write_campaigns(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    let mut table = CsvTable::new("campaigns.csv", sink)?;
    campaign_rows(presented, &mut table)?;
    table.finish()
}

/// One row per campaign.
pub(crate) fn campaign_rows(presented: &Presented<'_>, table: &mut dyn Rows) -> Result<()> {
    for campaign in &presented.case.campaigns {
        let families: Vec<String> = campaign
            .evidence
            .iter()
            .filter(|evidence| evidence.bits > 0.0)
            .map(|evidence| evidence.family.name().to_owned())
            .collect();
        let strongest = campaign
            .evidence
            .first()
            .map_or("", |evidence| &evidence.statement);
        table.row(&[
            Cell::Text(&campaign.id),
            Cell::Text(campaign.verdict.name()),
            Cell::Text(&campaign.verdict_reason),
            Cell::Float(Some(campaign.bits)),
            Cell::Float(
                campaign
                    .expected_false
                    .filter(|_| campaign.verdict > Verdict::Lead),
            ),
            Cell::Integer(campaign.members.len() as u64),
            Cell::Integer(campaign.requests),
            Cell::Integer(campaign.campaign_requests),
            Cell::Boolean(campaign.campaign_requests_complete),
            Cell::Time(campaign.first_us),
            Cell::Time(campaign.last_us),
            Cell::Text(&campaign.purpose),
            Cell::Text(strongest),
            Cell::List(&families),
            Cell::List(&campaign.templates),
            Cell::List(&campaign.not_tested),
            Cell::Integer(campaign.silent_accounts.len() as u64),
        ])?;
    }
    Ok(())
}

/// Writes `accounts.csv`.
pub(crate) fn write_accounts(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    let mut table = CsvTable::new("accounts.csv", sink)?;
    account_rows(presented, &mut table)?;
    table.finish()
}

/// One row per account and campaign.
pub(crate) fn account_rows(presented: &Presented<'_>, table: &mut dyn Rows) -> Result<()> {
    for campaign in &presented.case.campaigns {
        for member in &campaign.members {
            let mut cells = vec![
                Cell::Text(&member.account_id),
                Cell::Text(&campaign.id),
                Cell::Text(campaign.verdict.name()),
                Cell::Text(member.role.name()),
                Cell::Float(Some(member.bits)),
            ];
            let by_family = Family::ALL
                .iter()
                .map(|family| member.bits_by_family.get(family));
            cells.extend(by_family.map(|bits| Cell::Float(bits.copied())));
            cells.extend([
                Cell::Integer(member.requests),
                Cell::Integer(member.campaign_requests),
                Cell::Time(member.first_us),
                Cell::Time(member.last_us),
                Cell::OptionalTime(member.created_us),
                Cell::OptionalTime(member.closed_us),
            ]);
            table.row(&cells)?;
        }
        for account in &campaign.silent_accounts {
            let mut cells = vec![
                Cell::Text(&account.account_id),
                Cell::Text(&campaign.id),
                Cell::Text(campaign.verdict.name()),
                Cell::Text(SILENT),
                Cell::Float(Some(account.bits)),
            ];
            let payment = |family: Family| (family == Family::Payment).then_some(account.bits);
            cells.extend(Family::ALL.map(|family| Cell::Float(payment(family))));
            cells.extend([
                Cell::Integer(0),
                Cell::Integer(0),
                Cell::OptionalTime(None),
                Cell::OptionalTime(None),
                Cell::OptionalTime(account.created_us),
                Cell::OptionalTime(account.closed_us),
            ]);
            table.row(&cells)?;
        }
    }
    Ok(())
}

/// Writes `templates.csv`.
pub(crate) fn write_templates(presented: &Presented<'_>, sink: Sink<'_>) -> Result<()> {
    let mut table = CsvTable::new("templates.csv", sink)?;
    template_rows(presented, &mut table)?;
    table.finish()
}

/// One row per template.
pub(crate) fn template_rows(presented: &Presented<'_>, table: &mut dyn Rows) -> Result<()> {
    for template in &presented.case.templates {
        table.row(&[
            Cell::Text(&template.id),
            Cell::Text(template.campaign_id.as_deref().unwrap_or("")),
            Cell::Text(&template.role),
            Cell::Integer(template.accounts),
            Cell::Integer(template.accounts_in_campaigns),
            Cell::Integer(template.requests),
            Cell::Boolean(template.requests_complete),
            Cell::Float(Some(template.distinct_text_share)),
            Cell::Float(Some(template.texts_per_account_median)),
            Cell::Float(Some(template.priority)),
            Cell::Time(template.first_us),
            Cell::Time(template.last_us),
            Cell::Integer(template.fragments),
            Cell::Text(&template.capability),
            Cell::Float(Some(template.capability_share)),
            Cell::Text(&template.assessment),
            Cell::Text(&template.common_text),
            Cell::Text(template.excerpts.first().map_or("", String::as_str)),
            Cell::List(&locator_texts(&presented.case, &template.locators)),
        ])?;
    }
    Ok(())
}
