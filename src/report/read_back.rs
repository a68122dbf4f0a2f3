//! A case folder read back with its lists of requests and rejects.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::config::small_file::open_regular;
use crate::model::campaign::LabelledRequest;
use crate::model::case::{Case, CaseTables};
use crate::model::coverage::{Reject, RejectScope};
use crate::model::failure::Failure;
use crate::report::case_file::read_case;
use crate::report::escape::csv_cell;
use crate::report::tables::coverage::scope_name;

/// Reads the case, `requests.parquet` and `rejects.csv` of a folder.
///
/// # Errors
/// When one of the three is absent or is not what stillhunt wrote.
pub(crate) fn read_tables(dir: &Path) -> Result<CaseTables> {
    let case = read_case(dir)?;
    let path = dir.join("requests.parquet");
    let requests = read_requests(&path, &case)
        .with_context(|| format!("cannot read {} back", path.display()))?;
    let path = dir.join("rejects.csv");
    let rejects = read_rejects(&path, &case)
        .with_context(|| format!("cannot read {} back", path.display()))?;
    Ok(CaseTables {
        case,
        rejects,
        requests,
    })
}

/// Numbers of the inputs by the name under which a table shows them.
fn file_numbers(case: &Case, shown: fn(&str) -> String) -> BTreeMap<String, u32> {
    let coverage = &case.coverage;
    (0_u32..)
        .take(coverage.inputs.len() + coverage.side_inputs.len())
        .map(|number| (shown(&coverage.file_name(number)), number))
        .collect()
}

fn number_of(files: &BTreeMap<String, u32>, name: &str) -> Result<u32> {
    match files.get(name) {
        Some(number) => Ok(*number),
        // what stands for a file that the case does not list
        None => name
            .strip_prefix("input ")
            .and_then(|number| number.parse().ok())
            .with_context(|| format!("{name} is not an input of the case")),
    }
}

/// Reads `requests.parquet` of a folder whose case was read already.
///
/// # Errors
/// [`Failure::Verification`] when it is absent or is not what stillhunt wrote.
pub fn read_attributed(dir: &Path, case: &Case) -> Result<Vec<LabelledRequest>> {
    let path = dir.join("requests.parquet");
    read_requests(&path, case).map_err(|error| {
        let text = format!("cannot read {}: {error:#}", path.display());
        Failure::Verification(text).into()
    })
}

fn read_requests(path: &Path, case: &Case) -> Result<Vec<LabelledRequest>> {
    let files = file_numbers(case, str::to_owned);
    let mut requests = Vec::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(open_regular(path)?)?.build()? {
        let batch = batch?;
        let texts = [
            "request_id",
            "account_id",
            "campaign_id",
            "template_id",
            "pattern_family",
            "file",
        ]
        .map(|name| text_column(&batch, name));
        let [ids, accounts, campaigns, templates, families, names] = texts;
        let (ids, accounts, campaigns) = (ids?, accounts?, campaigns?);
        let (templates, families, names) = (templates?, families?, names?);
        let times = column(&batch, "timestamp")?
            .as_primitive_opt::<TimestampMicrosecondType>()
            .context("column timestamp")?;
        let rows = column(&batch, "row")?
            .as_primitive_opt::<Int64Type>()
            .context("column row")?;
        let text = |texts: &arrow_array::StringArray, at: usize| {
            if texts.is_null(at) {
                String::new()
            } else {
                texts.value(at).to_owned()
            }
        };
        for at in 0..batch.num_rows() {
            requests.push(LabelledRequest {
                file: number_of(&files, names.value(at))?,
                row: u64::try_from(rows.value(at)).unwrap_or(0),
                request_id: text(ids, at).into(),
                account_id: text(accounts, at).into(),
                timestamp_us: times.value(at),
                campaign_id: text(campaigns, at).into(),
                template_id: text(templates, at).into(),
                pattern_family: text(families, at).into(),
            });
        }
    }
    Ok(requests)
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a arrow_array::ArrayRef> {
    batch
        .column_by_name(name)
        .with_context(|| format!("no column {name}"))
}

fn text_column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a arrow_array::StringArray> {
    column(batch, name)?
        .as_string_opt::<i32>()
        .with_context(|| format!("column {name} is not text"))
}

fn read_rejects(path: &Path, case: &Case) -> Result<Vec<Reject>> {
    let files = file_numbers(case, csv_cell);
    let mut rejects = Vec::new();
    for record in csv::Reader::from_path(path)?.deserialize() {
        let (file, row, column, scope, reason): (String, u64, String, String, String) = record?;
        let scope = [RejectScope::Row, RejectScope::Cell]
            .into_iter()
            .find(|known| scope_name(*known) == scope);
        let Some(scope) = scope else {
            bail!("a reject is neither of a row nor of a cell");
        };
        rejects.push(Reject {
            file: number_of(&files, &file)?,
            row,
            column,
            scope,
            reason,
        });
    }
    Ok(rejects)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::options;
    use crate::report::{sample, write_case};

    #[test]
    fn what_was_written_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let tables = sample::three_campaigns();
        let out = write_case(&tables, options(&folder.path().join("case"))).unwrap();
        let back = read_tables(&out).unwrap();
        assert_eq!(back.requests, tables.requests);
        assert_eq!(back.rejects, tables.rejects);
        assert_eq!(back.case.campaigns.len(), tables.case.campaigns.len());

        std::fs::write(out.join("requests.parquet"), "no").unwrap();
        let error = format!("{:#}", read_tables(&out).unwrap_err());
        assert!(error.contains("requests.parquet"), "{error}");
    }
}
