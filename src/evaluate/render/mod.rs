//! An evaluation as a fixed-width table, JSON or tidy CSV. Same evaluation, same bytes.

mod aligned;
mod table;
mod tidy;

use anyhow::Result;

use crate::evaluate::Evaluation;

pub use aligned::write_aligned;
pub use table::to_table;
pub use tidy::to_csv;

/// Pretty JSON with a final line feed.
///
/// # Errors
/// Where serialisation fails, which plain data does not.
pub fn to_json(evaluations: &[Evaluation]) -> Result<String> {
    crate::report::json_text(&evaluations)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::evaluate;
    use crate::evaluate::prediction::tests::prediction_of;
    use crate::evaluate::truth::tests::truth_of;
    use crate::model::campaign::Verdict;

    fn sample() -> Vec<Evaluation> {
        let truth = truth_of(&[
            ("a", "=X", "fake"),
            ("b", "=X", "fake"),
            ("c", "", "cl\u{202e}ass\u{1b}[31m"),
        ]);
        let prediction = prediction_of(&[
            ("a", "C-1", Verdict::Strong, 30.0),
            ("c", "C-1", Verdict::Lead, 3.0),
        ]);
        vec![evaluate(&prediction, &truth, None).expect("scored")]
    }

    #[test]
    fn table_is_aligned_and_plain() {
        let table = to_table(&sample());
        assert!(!table.contains(['\u{1b}', '\u{202e}']), "{table:?}");
        let wanted = "\
  verdict  right  false  missed  precision  recall     F1  PR-AUC
  lead+        1      1       1      0.500   0.500  0.500   0.833
  likely+      1      0       1      1.000   0.500  0.667   0.833
  strong       1      0       1      1.000   0.500  0.667   0.833
";
        assert!(table.contains(wanted), "{table}");
        assert!(table.contains("prediction: 3 accounts, 2 of them in campaigns (1)\n"));
    }

    #[test]
    fn csv_is_tidy_and_guarded() {
        let csv = to_csv(&sample()).expect("csv");
        assert!(csv.starts_with("name,section,subject,measure,value\n"));
        assert!(
            csv.contains("prediction,accounts likely,,precision,1\n"),
            "{csv}"
        );
        assert!(csv.contains("prediction,campaign lead,'=X,recall,0.5\n"));
        assert!(csv.contains("prediction,calibration,lead,stated_false_clusters,\n"));
        assert!(csv.lines().all(|line| line.matches(',').count() == 4));
    }

    #[test]
    fn json_holds_the_numbers() {
        let json = to_json(&sample()).expect("json");
        let value: serde_json::Value = serde_json::from_str(&json).expect("valid");
        assert_eq!(value[0]["levels"][0]["level"], "lead");
        assert_eq!(value[0]["levels"][0]["accounts"]["recall"], 0.5);
        assert_eq!(value[0]["levels"][0]["requests"], serde_json::Value::Null);
        assert_eq!(json, to_json(&sample()).expect("json"));
    }
}
