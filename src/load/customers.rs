//! Declared customers: which accounts belong to one seat pool, reseller or company, where the
//! accounts table does not say so itself.

use std::collections::BTreeMap;

/// Columns that name the account and its customer.
const ACCOUNT: [&str; 3] = ["account_id", "account", "user_id"];
const CUSTOMER: [&str; 5] = [
    "customer",
    "customer_id",
    "org_id",
    "organization_id",
    "organization",
];

/// Reads a CSV table with one row per account: the customer of each.
///
/// # Errors
/// What is wrong, with the line.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = reader
        .headers()
        .map_err(|error| format!("no CSV header: {error}"))?
        .clone();
    let find = |names: &[&str]| {
        header
            .iter()
            .position(|column| names.contains(&column.to_lowercase().as_str()))
    };
    let (Some(account), Some(customer)) = (find(&ACCOUNT), find(&CUSTOMER)) else {
        return Err("not a CSV file with the columns `account_id` and `customer`".to_owned());
    };
    let mut customers = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| format!("not CSV: {error}"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |index: usize| record.get(index).unwrap_or_default().to_owned();
        let (account, customer) = (cell(account), cell(customer));
        if account.is_empty() || customer.is_empty() {
            return Err(format!("line {line}: account or customer is empty"));
        }
        if let Some(other) = customers.insert(account, customer.clone())
            && other != customer
        {
            return Err(format!(
                "line {line}: an account cannot be of two customers"
            ));
        }
    }
    if customers.is_empty() {
        return Err("no account in it".to_owned());
    }
    Ok(customers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_has_its_customer() {
        let customers = parse("Customer,note,Account_ID\nacme,x,a1\nacme,,a2\nbolt,,a3\n").unwrap();
        assert_eq!(customers.len(), 3);
        assert_eq!(customers["a2"], "acme");
    }

    #[test]
    fn what_cannot_be_used_says_so() {
        for (text, part) in [
            ("", "not a CSV file with the columns"),
            ("account_id\na\n", "not a CSV file with the columns"),
            ("account_id,customer\n", "no account"),
            (
                "account_id,customer\na,b\na,c\n",
                "line 3: an account cannot be of two",
            ),
            ("account_id,customer\na\n", "line 2: account or customer"),
        ] {
            let problem = parse(text).unwrap_err();
            assert!(problem.contains(part), "{text}: {problem}");
        }
    }
}
