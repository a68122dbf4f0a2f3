//! Takes one delimited record apart into fields, as RFC 4180 and common practice have
//! it: a quote opens a field only at its start, a doubled quote inside is one quote,
//! anything after the closing quote is kept as it stands.

/// The fields of one record; reused from record to record.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Fields {
    /// Number of fields.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// One field.
    pub(crate) fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.bytes.get(start..end)
    }

    /// Replaces the fields by those of a record (without its line end).
    pub(crate) fn split(&mut self, record: &[u8], delimiter: u8) {
        self.bytes.clear();
        self.ends.clear();
        let mut rest = record;
        loop {
            if let Some(quoted) = rest.strip_prefix(b"\"") {
                rest = self.quoted(quoted);
            }
            let end = rest.iter().position(|byte| *byte == delimiter);
            let (plain, after) = rest.split_at(end.unwrap_or(rest.len()));
            self.bytes.extend_from_slice(plain);
            self.ends.push(self.bytes.len());
            match after.split_first() {
                Some((_, next)) => rest = next,
                None => return,
            }
        }
    }

    /// Copies up to the closing quote and returns what follows it.
    fn quoted<'a>(&mut self, mut rest: &'a [u8]) -> &'a [u8] {
        loop {
            let Some(quote) = rest.iter().position(|byte| *byte == b'"') else {
                self.bytes.extend_from_slice(rest);
                return &[];
            };
            let (text, after) = rest.split_at(quote);
            self.bytes.extend_from_slice(text);
            match after {
                [b'"', b'"', next @ ..] => {
                    self.bytes.push(b'"');
                    rest = next;
                }
                [_, next @ ..] => return next,
                [] => return &[],
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::records::{Framing, RecordReader};
    use proptest::prelude::*;

    fn split(record: &str) -> Vec<String> {
        let mut fields = Fields::default();
        fields.split(record.as_bytes(), b',');
        (0..fields.len())
            .map(|index| String::from_utf8(fields.get(index).unwrap().to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn splits_plain_and_quoted_fields() {
        assert_eq!(
            split("a,,\"b,\"\"c\"\"\",d\"e,\"f\"g"),
            ["a", "", "b,\"c\"", "d\"e", "fg"]
        );
        assert_eq!(split(""), [""]);
        assert_eq!(split("a,"), ["a", ""]);
    }

    proptest! {
        /// Framing and splitting together must read what the `csv` crate reads.
        #[test]
        fn agrees_with_the_csv_crate(text in "[ab,\"\n\r]{0,40}") {
            let mut expected = Vec::new();
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            for record in reader.byte_records() {
                expected.push(record.unwrap().iter().map(<[u8]>::to_vec).collect::<Vec<_>>());
            }
            let mut records = RecordReader::new(Box::new(text.as_bytes()), Framing::Delimited(b','), 1000);
            let mut fields = Fields::default();
            let mut found = Vec::new();
            let mut open = false;
            while let Some(block) = records.block(100, 1000) {
                for (_, record) in block.records() {
                    fields.split(record, b',');
                    found.push((0..fields.len()).map(|index| fields.get(index).unwrap().to_vec()).collect::<Vec<_>>());
                }
                open |= !block.broken.is_empty();
            }
            if open {
                expected.pop();
            }
            prop_assert_eq!(found, expected);
        }
    }
}
