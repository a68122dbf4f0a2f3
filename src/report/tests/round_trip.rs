//! Every output parsed back and held against the case and the column documentation.

use std::fs::{self, File};
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{names, options};
use crate::config::options::Quote;
use crate::report::columns::{columns_of, tables};
use crate::report::{format, present, read_case, sample, write_case};

fn parquet_rows(path: &Path) -> Vec<RecordBatch> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    builder
        .build()
        .unwrap()
        .map(|batch| batch.unwrap())
        .collect()
}

fn csv_rows(path: &Path) -> (Vec<String>, Vec<csv::StringRecord>) {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    (
        header,
        reader.records().map(|record| record.unwrap()).collect(),
    )
}

#[test]
fn case_json_reads_back_equal() {
    let folder = tempfile::tempdir().unwrap();
    for (name, tables) in [
        ("a", sample::three_campaigns()),
        ("b", sample::no_campaign()),
        ("c", sample::hostile()),
    ] {
        let out = folder.path().join(name);
        write_case(&tables, options(&out)).unwrap();
        assert_eq!(
            read_case(&out).unwrap(),
            present::present(&tables, Quote::Masked).case
        );
    }
}

#[test]
fn headers_and_documentation_agree() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    write_case(&sample::three_campaigns(), options(&out)).unwrap();
    let mut written: Vec<String> = names(&out)
        .into_iter()
        .filter(|name| name.ends_with(".csv") || name.ends_with(".parquet"))
        .collect();
    // the sheets of the workbook are documented as files of a folder
    let mut documented = tables();
    documented.retain(|file| !file.contains('/'));
    documented.sort_unstable();
    written.sort();
    assert_eq!(written, documented);
    for file in documented {
        let path = out.join(file);
        let header: Vec<String> = if file.ends_with(".csv") {
            csv_rows(&path).0
        } else {
            let schema = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap())
                .unwrap()
                .schema()
                .clone();
            schema
                .fields()
                .iter()
                .map(|field| field.name().clone())
                .collect()
        };
        let expected: Vec<&str> = columns_of(file).map(|column| column.name).collect();
        assert_eq!(header, expected, "{file}");
    }
}

#[test]
fn accounts_appear_once_per_campaign() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    let mut tables = sample::three_campaigns();
    let twice = tables.case.campaigns[0].members[0].clone();
    tables.case.campaigns[1].members.push(twice.clone());
    write_case(&tables, options(&out)).unwrap();
    let (header, rows) = csv_rows(&out.join("accounts.csv"));
    assert_eq!(rows.len(), 62);
    let silent: Vec<_> = rows.iter().filter(|row| &row[3] == "silent").collect();
    assert_eq!(silent.len(), 1);
    assert_eq!(
        (&silent[0][0], &silent[0][1]),
        ("acct_a_silent", "C-7f3a91")
    );
    let of_account: Vec<_> = rows
        .iter()
        .filter(|row| row[0] == twice.account_id)
        .collect();
    assert_eq!(of_account.len(), 2);
    assert_eq!(
        (&of_account[0][1], &of_account[1][1]),
        ("C-7f3a91", "C-2be04d")
    );
    let cell =
        |name: &str| &of_account[0][header.iter().position(|column| column == name).unwrap()];
    assert_eq!(cell("score"), "55.99");
    assert_eq!(cell("payment"), "20");
    assert_eq!(cell("identity"), "");
    assert_eq!(cell("first_seen"), "2026-02-10T02:11:07.123456Z");
}

#[test]
fn requests_parquet_holds_typed_rows() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    let tables = sample::three_campaigns();
    write_case(&tables, options(&out)).unwrap();
    let batches = parquet_rows(&out.join("requests.parquet"));
    let batch = &batches[0];
    assert_eq!(batch.num_rows(), 500);
    let time = batch.column_by_name("timestamp").unwrap();
    assert_eq!(
        time.data_type(),
        &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
    );
    let times = time.as_primitive::<TimestampMicrosecondType>();
    let rows = batch
        .column_by_name("row")
        .unwrap()
        .as_primitive::<Int64Type>();
    let campaigns = batch
        .column_by_name("campaign_id")
        .unwrap()
        .as_string::<i32>();
    let files = batch.column_by_name("file").unwrap().as_string::<i32>();
    for (index, request) in tables.requests.iter().enumerate() {
        assert_eq!(times.value(index), request.timestamp_us);
        assert_eq!(rows.value(index), request.row as i64);
        assert_eq!(campaigns.is_null(index), request.campaign_id.is_empty());
        assert_eq!(
            files.value(index),
            tables.case.coverage.inputs[request.file as usize].name
        );
    }
}

#[test]
fn findings_parquet_lists_accounts_and_campaigns() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    write_case(&sample::three_campaigns(), options(&out)).unwrap();
    let batches = parquet_rows(&out.join("findings.parquet"));
    let batch = &batches[0];
    assert_eq!(batch.num_rows(), 4);
    let list = |name: &str, row: usize| -> Vec<String> {
        let texts = batch
            .column_by_name(name)
            .unwrap()
            .as_list::<i32>()
            .value(row);
        texts
            .as_string::<i32>()
            .iter()
            .map(|text| text.unwrap().to_owned())
            .collect()
    };
    assert_eq!(list("accounts", 0).len(), 31);
    assert_eq!(
        list("campaign_ids", 1),
        ["C-2be04d", "C-7f3a91", "C-d19c55"]
    );
    assert_eq!(
        list("sample_rows", 0)[1],
        "logs/2026-02/part-1.parquet:2018 req_5eed1eef"
    );
    assert!(batch.column_by_name("last_seen").unwrap().is_null(0));
}

#[test]
fn cut_reject_lists_keep_complete_counts() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    write_case(&sample::three_campaigns(), options(&out)).unwrap();
    let (_, rows) = csv_rows(&out.join("reject_counts.csv"));
    assert_eq!(
        rows.iter()
            .map(|row| row[4].parse::<u64>().unwrap())
            .sum::<u64>(),
        476
    );
    assert_eq!(&rows[0][5], "1");
    let (_, listed) = csv_rows(&out.join("rejects.csv"));
    assert_eq!(listed.len(), 2);
    assert_eq!(&listed[0][0], "logs/2026-02/part-0.parquet");
}

#[test]
fn page_and_text_state_the_numbers_of_the_case() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    write_case(&sample::three_campaigns(), options(&out)).unwrap();
    let case = read_case(&out).unwrap();
    let html = fs::read_to_string(out.join("report.html"))
        .unwrap()
        .replace("<wbr>", "");
    let text = fs::read_to_string(out.join("report.md")).unwrap();
    let mut facts = vec![
        "2 campaigns of ".to_owned(),
        ", 1 lead of ".to_owned(),
        case.caveat.clone(),
        format::count(case.coverage.rows_used),
    ];
    for campaign in &case.campaigns {
        facts.push(campaign.id.clone());
        facts.push(format::count(campaign.requests));
        facts.push(format::bits(campaign.bits));
        // A lead's is not measured, and the reports say so.
        facts.push(campaign.expected_false.map_or_else(
            || "not measured".to_owned(),
            |expected| expected.to_string(),
        ));
        facts.push(format::time(campaign.first_us));
        facts.extend(
            campaign
                .evidence
                .iter()
                .map(|evidence| format::bits(evidence.bits)),
        );
        facts.extend(
            campaign
                .members
                .iter()
                .map(|member| format::bits(member.bits)),
        );
    }
    facts.extend(
        case.coverage
            .inputs
            .iter()
            .map(|input| input.sha256.clone()),
    );
    for account in case.campaigns.iter().flat_map(|one| &one.silent_accounts) {
        facts.push(account.account_id.clone());
    }
    for member in case.campaigns.iter().flat_map(|campaign| &campaign.members) {
        for time in [member.first_us, member.last_us] {
            assert!(html.contains(&format::second(time)));
            assert!(text.contains(&format::time(time)));
        }
    }
    for fact in facts {
        assert!(html.contains(&fact), "report.html lacks {fact}");
        assert!(text.contains(&fact), "report.md lacks {fact}");
    }
}

#[test]
fn a_case_without_campaigns_is_not_a_clean_bill_of_health() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    write_case(&sample::no_campaign(), options(&out)).unwrap();
    for name in ["report.html", "report.md"] {
        let text = fs::read_to_string(out.join(name)).unwrap();
        assert!(text.contains("No campaign found"), "{name}");
        assert!(
            text.contains(
                "2 detectors could not run or were left out: this is not a clean bill of health."
            ),
            "{name}"
        );
        assert!(text.contains("column email absent"), "{name}");
    }
}

#[test]
fn long_lists_are_cut_and_say_where_the_rest_is() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("case");
    let mut tables = sample::three_campaigns();
    let member = tables.case.campaigns[0].members[0].clone();
    tables.case.campaigns[0].members = (0..20_000)
        .map(|index| {
            let mut member = member.clone();
            member.account_id = format!("a{index}");
            member
        })
        .collect();
    write_case(&tables, options(&out)).unwrap();
    let html = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(html.contains("200 of 20,000 shown; the full list is in <code>accounts.csv</code>"));
    assert!(html.len() < 2_500_000, "{} bytes", html.len());
    assert_eq!(csv_rows(&out.join("accounts.csv")).1.len(), 20_030);
}

/// Set `STILLHUNT_SAMPLE_CASE` to a folder to look at the made-up cases in a browser.
#[test]
fn sample_cases_can_be_kept() {
    let Some(folder) = std::env::var_os("STILLHUNT_SAMPLE_CASE") else {
        println!("skipped: STILLHUNT_SAMPLE_CASE is not set");
        return;
    };
    for (name, tables) in [
        ("three", sample::three_campaigns()),
        ("none", sample::no_campaign()),
        ("hostile", sample::hostile()),
    ] {
        let mut kept = options(&Path::new(&folder).join(name));
        kept.force = true;
        write_case(&tables, kept).unwrap();
    }
}
