//! Every column of every output table: the writers take their headers from here, and
//! `stillhunt schema --outputs` prints it, so the two cannot drift apart.

use std::fmt::Write as _;

/// How a column's values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputType {
    /// UTF-8 text. In CSV, text that a spreadsheet would run gets a leading `'`.
    Text,
    /// A list of texts (Parquet list), joined by `|` in CSV.
    TextList,
    /// Whole number.
    Integer,
    /// Decimal number.
    Float,
    /// `true` or `false`.
    Boolean,
    /// UTC: microsecond timestamp in Parquet, ISO 8601 in CSV.
    Timestamp,
}

impl OutputType {
    /// Lower-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            OutputType::Text => "text",
            OutputType::TextList => "text list",
            OutputType::Integer => "integer",
            OutputType::Float => "float",
            OutputType::Boolean => "boolean",
            OutputType::Timestamp => "timestamp",
        }
    }
}

/// One column of one output file.
#[derive(Debug, Clone, Copy)]
pub struct OutputColumn {
    /// File in the case folder.
    pub file: &'static str,
    /// Column name.
    pub name: &'static str,
    /// How values are written.
    pub output_type: OutputType,
    /// Unit, or empty.
    pub unit: &'static str,
    /// What it holds.
    pub meaning: &'static str,
}

macro_rules! output_columns {
    ($($file:literal { $($name:ident $kind:ident $unit:literal $meaning:literal;)* })*) => {
        /// All output columns, file by file, in the order in which they are written.
        pub static OUTPUT_COLUMNS: &[OutputColumn] = &[$($(OutputColumn {
            file: $file, name: stringify!($name), output_type: OutputType::$kind,
            unit: $unit, meaning: $meaning },)*)*];
    };
}

output_columns! {
    "campaigns.csv" {
        campaign_id Text "" "Stable id of the campaign.";
        verdict Text "" "lead, likely or strong; a rule, not a score.";
        verdict_reason Text "" "Why this verdict and not the next one.";
        bits Float "bits" "Total evidence of the median account, each family capped.";
        expected_false Float "clusters" "False clusters whose second family has as many bits as this campaign's, mean over the null runs; empty for a lead, of which it is not stated: the null keeps the key that most leads rest on.";
        accounts Integer "accounts" "Accounts in the campaign.";
        requests Integer "requests" "All requests of these accounts.";
        campaign_requests Integer "requests" "Their requests in the campaign's templates.";
        campaign_requests_complete Boolean "" "Whether all of these were counted; from digests only those of sampled texts are, and the number is the least.";
        first_seen Timestamp "" "First request.";
        last_seen Timestamp "" "Last request.";
        purpose Text "" "What the accounts were after, in words.";
        strongest_evidence Text "" "The strongest family's statement.";
        families TextList "" "Families with bits, strongest first; the verdict's reason names those that count.";
        templates TextList "" "Ids of the campaign's templates.";
        not_tested TextList "" "Families that could not be tested, and why.";
        silent_accounts Integer "accounts" "Accounts listed with it that sent nothing in the log; accounts.csv has a row for each, with the role silent.";
    }
    "accounts.csv" {
        account_id Text "" "The account. One row per account and campaign; accounts outside every campaign are not listed.";
        campaign_id Text "" "The campaign it belongs to.";
        verdict Text "" "Verdict of that campaign.";
        role Text "" "Its part, from dates and bits, which enters no verdict: core, satellite (at most one family by its own keys), replaced (closed while the campaign went on), standby (made before a closure and silent until after it), relay (the template among the traffic of others) or silent (no request in the log, and paid for by a payer whose other accounts are all in the campaign).";
        score Float "bits" "Confidence of its place: how much likelier its own keys are for a member than for a stranger, summed over families, each capped; ten bits are a thousand times. No probability.";
        payment Float "bits" "Evidence from shared payment instruments; empty where there is none.";
        identity Float "bits" "Evidence from e-mail, phone and name; empty where there is none.";
        network Float "bits" "Evidence from addresses and prefixes; empty where there is none.";
        client Float "bits" "Evidence from TLS, user agent, headers; empty where there is none.";
        content Float "bits" "Evidence from prompt templates and repeats; empty where there is none.";
        coordination Float "bits" "Evidence from dispatch, synchrony, sharding, shared order; empty where there is none.";
        lifecycle Float "bits" "Evidence from sign-up, ramp, succession; empty where there is none.";
        dynamics Float "bits" "Evidence from pivot, failover, replay; empty where there is none.";
        watchlist Float "bits" "Always empty: a watch list names accounts (see their findings) and carries no bits.";
        requests Integer "requests" "All requests of the account in the log.";
        campaign_requests Integer "requests" "Its requests in the campaign's templates; the least number where campaign_requests_complete of campaigns.csv is false.";
        first_seen Timestamp "" "First request of the account; empty for a silent one.";
        last_seen Timestamp "" "Last request of the account; empty for a silent one.";
        created Timestamp "" "When the account was made; empty where no accounts table says so.";
        closed Timestamp "" "When the account was closed; empty where no accounts table says so.";
    }
    "requests.parquet" {
        request_id Text "" "The request's own id, or file:row.";
        account_id Text "" "Account that sent it.";
        timestamp Timestamp "" "Start of the request.";
        campaign_id Text "" "Campaign of its template; null where the template belongs to none.";
        verdict Text "" "Verdict of that campaign: likely or strong, under profile broad lead as well.";
        template_id Text "" "Template it was matched to.";
        pattern_family Text "" "Capability family of the template; null where unknown.";
        file Text "" "Input file as named by the user.";
        row Integer "records" "One-based record number in that file (NDJSON: the line number).";
    }
    "templates.csv" {
        template_id Text "" "Stable id of the template.";
        campaign_id Text "" "Campaign it belongs to; empty where it belongs to none.";
        role Text "" "user or system.";
        accounts Integer "accounts" "Accounts that use it.";
        accounts_in_campaigns Integer "accounts" "Accounts of its campaigns among them; 0 where it belongs to none.";
        requests Integer "requests" "Requests that use it. Where requests_complete is true, those of the accounts in its campaigns, and a request made from two templates counts for both.";
        requests_complete Boolean "" "true: counted in the whole log; false: a lower bound from the sample.";
        distinct_text_share Float "share" "Distinct texts per sampled text use.";
        texts_per_account_median Float "texts" "Distinct texts per account in the sample, median.";
        priority Float "0 to 1" "How little its accounts look like unrelated customers: mean of what is known of shared payers, sign-ups close together, hours at work and text outside the template; 0 where the same texts go round. Orders the list within a verdict.";
        first_seen Timestamp "" "First use: in the log where requests_complete is true, else in the sample.";
        last_seen Timestamp "" "Last use, likewise.";
        fragments Integer "fragments" "Shared fragments that define it.";
        capability Text "" "Capability in the words of the published cases; empty where unknown.";
        capability_share Float "share" "Share of its sampled texts whose wordings name that capability; 0 without one.";
        assessment Text "" "Why it does or does not count as evidence.";
        common_text Text "" "Text that most of its sampled prompts have in common, with ⟨slot⟩ where they differ; empty where none is known, and with --quote none.";
        excerpt Text "" "First excerpt, as quoted in the report; empty with --quote none, and where no text was kept to quote.";
        sample_rows TextList "" "Sample rows, each as file:row request_id.";
    }
    "findings.parquet" {
        finding_id Text "" "Stable id of the finding.";
        detector Text "" "Detector, as family/name.";
        family Text "" "Family of evidence that the bits count in.";
        subject_type Text "" "key, template or group.";
        subject_kind Text "" "Kind of key; null for templates and groups.";
        subject Text "" "The key, the template id or the group's name.";
        campaign_ids TextList "" "Campaigns that rest on it, whose accounts it speaks for or whose purpose it states.";
        account_count Integer "accounts" "Accounts it links.";
        accounts TextList "" "The accounts, sorted.";
        bits Float "bits" "Evidence of the finding, after correction for how much was tried; of a campaign's family at most 20 bits count.";
        measure Text "" "Name of the measured quantity.";
        measured Float "" "Measured value.";
        expected Float "" "What the null model expected.";
        n Integer "observations" "Observations behind the measurement.";
        threshold Float "" "Smallest value that would have been reported: in bits where a shared key is tested, else in the unit of `measured`.";
        null_model Text "" "The null model, in words.";
        innocent Text "" "The innocent explanation that fits best.";
        would_clear Text "" "What would clear it.";
        requests Integer "requests" "Requests in the finding, where counted.";
        first_seen Timestamp "" "First request; null where not known.";
        last_seen Timestamp "" "Last request; null where not known.";
        sample_rows TextList "" "Sample rows, each as file:row request_id.";
        weak Boolean "" "true: everyday explanations are so common that it never counts for a verdict.";
        suppressed_by Integer "line" "Line of the suppression that hides it; null where none does.";
    }
    "suppressions.csv" {
        line Integer "line" "Line of the entry in the suppression file.";
        detector Text "" "Detector it is about: an id, family/* or *.";
        scope Text "" "campaign, template, finding, accounts or key.";
        subjects TextList "" "The ids, account patterns or keys it names.";
        not_in_case TextList "" "Those of them that nothing in the case is; empty for an expired entry.";
        reason Text "" "Why.";
        author Text "" "Who decided.";
        expires Text "" "Last day on which it holds, held against the last request of the log.";
        state Text "" "applied, unmatched, expired, or set_aside where the run shows everything.";
        findings Integer "findings" "Findings it hides.";
        campaigns Integer "campaigns" "Campaigns hidden with its help.";
        accounts Integer "accounts" "Accounts it takes out of campaigns that stay.";
        templates Integer "templates" "Templates of campaigns that it takes out.";
    }
    "changes.csv" {
        state Text "" "new, grown (accounts joined or the verdict rose), lowered (the verdict fell), shrunk (accounts left), same or gone since the baseline.";
        campaign_id Text "" "The campaign; where it is gone, its id in the baseline.";
        before_id Text "" "Its id in the baseline; empty where it is new.";
        verdict Text "" "Verdict now; empty where it is gone.";
        verdict_before Text "" "Verdict in the baseline; empty where it is new.";
        accounts Integer "accounts" "Accounts now.";
        accounts_before Integer "accounts" "Accounts in the baseline.";
        joined TextList "" "Accounts that it did not have in the baseline, sorted.";
        left TextList "" "Accounts that it had in the baseline and has no more, sorted.";
        templates TextList "" "Templates that it had then and has now.";
        because Text "" "By what the two were taken for one, or where its accounts stand in the other case.";
    }
    "hubs.csv" {
        detector Text "" "Detector that looked at the key.";
        kind Text "" "Kind of key.";
        value Text "" "The key that was left out.";
        accounts Integer "accounts" "Accounts that share it.";
        co_evidence_share Float "share" "Sampled account pairs that also share something independent.";
        background_share Float "share" "The same share among random pairs.";
        reason Text "" "Why it was left out.";
    }
    "detectors.csv" {
        detector Text "" "Detector, as family/name.";
        version Integer "" "Version; rises when scores of old data move.";
        state Text "" "ran, not_run or skipped. Only ran may be read as tested.";
        reason Text "" "Why it did not run.";
        findings Integer "findings" "Findings it made.";
        partial TextList "" "Parts of it that could not run.";
    }
    "rejects.csv" {
        file Text "" "Input file as named by the user.";
        row Integer "records" "One-based record number in that file (NDJSON: the line number).";
        column Text "" "Canonical column; empty where the whole record is broken.";
        scope Text "" "row: the record was left out; cell: only this value was.";
        reason Text "" "Why.";
    }
    "reject_counts.csv" {
        file Text "" "Input file as named by the user.";
        column Text "" "Canonical column; empty where the whole record is broken.";
        scope Text "" "row: the record was left out; cell: only this value was.";
        reason Text "" "Why.";
        count Integer "records" "How many, complete even where rejects.csv was cut.";
        listed Integer "records" "How many of them rejects.csv lists.";
    }
    "timeline.csv" {
        message Text "" "What happened, in words. timeline.jsonl holds the same events under the same names, without empty values.";
        timestamp Integer "microseconds" "The time since 1970-01-01T00:00:00Z.";
        datetime Timestamp "" "The same time with its offset, 2026-02-10T02:11:07.123456+00:00. Times before 1677-09-22 and after 2262-04-11, which Timesketch would drop, are left out.";
        timestamp_desc Text "" "What the time is the time of.";
        campaign_id Text "" "The campaign.";
        verdict Text "" "Verdict of the campaign.";
        account_id Text "" "The account; empty where the event is not one account's.";
        template_id Text "" "The template; empty where the event is not a template's.";
        event_kind Text "" "Kind of the platform's event: model_release, ban_wave, policy_change or other; else empty.";
        requests Integer "requests" "Requests of the day, the account or the template; empty elsewhere.";
        growth Float "" "Requests of the day over those of the day before; empty where that day had none.";
    }
    "indicators.csv" {
        kind Text "" "Kind of key: payment, ip, ip_prefix, tls, client, mailbox ...; template for a prompt template.";
        value Text "" "The key as found, or the id of the template.";
        standing Text "" "indicator where a campaign of verdict likely or strong rests on it, else lead.";
        verdict Text "" "Highest verdict of the campaigns that rest on it.";
        confidence Integer "" "15 for a lead, 50 for likely, 85 for strong: Low, Medium and High of STIX 2.1, appendix A.";
        bits Float "bits" "Strongest evidence that rests on it; empty where no finding is about it.";
        accounts Integer "accounts" "Most accounts that one finding links by it.";
        campaign_ids TextList "" "The campaigns, strongest first.";
        finding_ids TextList "" "The findings.";
        first_seen Timestamp "" "First request with it, else first of its campaigns.";
        last_seen Timestamp "" "Last request with it, else last of its campaigns.";
        pattern Text "" "STIX pattern, the same as in indicators.stix.json; keys that STIX has no word for stand as x-stillhunt-key.";
    }
    "accounts.xlsx/findings" {
        finding_id Text "" "Stable id of the finding.";
        detector Text "" "Detector, as family/name.";
        family Text "" "Family of evidence that the bits count in.";
        subject_type Text "" "key, template or group.";
        subject_kind Text "" "Kind of key; empty for templates and groups.";
        subject Text "" "The key, the template id or the group's name.";
        campaign_ids TextList "" "Campaigns that rest on it, whose accounts it speaks for or whose purpose it states.";
        accounts Integer "accounts" "Accounts it links; findings.parquet names them.";
        bits Float "bits" "Evidence of the finding, after correction for how much was tried; of a campaign's family at most 20 bits count.";
        measure Text "" "Name of the measured quantity.";
        measured Float "" "Measured value.";
        expected Float "" "What the null model expected.";
        n Integer "observations" "Observations behind the measurement.";
        threshold Float "" "Smallest value that would have been reported: in bits where a shared key is tested, else in the unit of `measured`.";
        null_model Text "" "The null model, in words.";
        innocent Text "" "The innocent explanation that fits best.";
        would_clear Text "" "What would clear it.";
        requests Integer "requests" "Requests in the finding, where counted.";
        first_seen Timestamp "" "First request; empty where not known.";
        last_seen Timestamp "" "Last request; empty where not known.";
        weak Boolean "" "true: everyday explanations are so common that it never counts for a verdict.";
        suppressed_by Integer "line" "Line of the suppression that hides it; empty where none does.";
    }
    "graph.graphml/node" {
        label Text "" "The account, campaign or template id, or the key.";
        type Text "" "account, campaign, template or key.";
        kind Text "" "Kind of key; empty for accounts and campaigns.";
        verdict Text "" "Of the campaign, or the highest of the campaigns it belongs to.";
        bits Float "bits" "Total evidence of the campaign's median account, of the account, or of the strongest finding about the key.";
        requests Integer "requests" "Requests of the campaign or account; empty for keys and templates.";
    }
    "graph.graphml/edge" {
        relation Text "" "member of, linked by, or evidence for.";
        weight Float "bits" "Bits of the relation, at least 0.01 because layouts refuse edges of weight nought.";
    }
    "indicators.stix.json/x-stillhunt-key" {
        kind Text "" "Kind of key, where STIX has no object for it.";
        value Text "" "The key.";
    }
    "indicators.stix.json/x-stillhunt-template" {
        template_id Text "" "Id of the template.";
    }
    "accounts.xlsx/coverage" {
        part Text "" "input, column, gap, reject, detector or note.";
        name Text "" "The file, column or detector.";
        state Text "" "For a detector: ran, not_run or skipped; only ran may be read as tested.";
        read Integer "records" "Records found.";
        used Integer "records" "Records used; for a column, those with a value.";
        rejected Integer "records" "Records or values left out; for a column, records without a value.";
        from Timestamp "" "Start of a gap.";
        until Timestamp "" "End of a gap.";
        text Text "" "Why, or the note itself.";
    }
}

/// The columns of one file, in order.
pub fn columns_of(file: &str) -> impl Iterator<Item = &'static OutputColumn> {
    OUTPUT_COLUMNS
        .iter()
        .filter(move |column| column.file == file)
}

/// The files that have columns, in order.
#[must_use]
pub fn tables() -> Vec<&'static str> {
    let mut files: Vec<&'static str> = OUTPUT_COLUMNS.iter().map(|column| column.file).collect();
    files.dedup();
    files
}

/// The documentation of all output tables, as plain text.
#[must_use]
pub fn documentation() -> String {
    let mut text = String::new();
    for file in tables() {
        let width = columns_of(file)
            .map(|column| column.name.len())
            .max()
            .unwrap_or(0);
        let _ = writeln!(text, "{file}");
        for column in columns_of(file) {
            let kind = match column.unit {
                "" => column.output_type.name().to_owned(),
                unit => format!("{}, {unit}", column.output_type.name()),
            };
            let _ = writeln!(
                text,
                "  {:width$}  {kind:24}  {}",
                column.name, column.meaning
            );
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Family;

    #[test]
    fn names_are_unique_within_a_file_and_documented() {
        for file in tables() {
            let mut names: Vec<_> = columns_of(file).map(|column| column.name).collect();
            let before = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), before, "{file} names a column twice");
            assert!(
                columns_of(file).all(|column| column.meaning.ends_with('.')),
                "{file}"
            );
        }
        let all: usize = tables().iter().map(|file| columns_of(file).count()).sum();
        assert_eq!(
            all,
            OUTPUT_COLUMNS.len(),
            "the columns of a file stand together"
        );
    }

    #[test]
    fn accounts_have_every_family_in_canonical_order() {
        let names: Vec<_> = columns_of("accounts.csv")
            .map(|column| column.name)
            .collect();
        let families: Vec<_> = Family::ALL.iter().map(|family| family.name()).collect();
        assert!(
            names
                .windows(families.len())
                .any(|window| window == families)
        );
    }

    #[test]
    fn documentation_names_every_column() {
        let text = documentation();
        for column in OUTPUT_COLUMNS {
            assert!(text.contains(column.name) && text.contains(column.meaning));
        }
    }
}
