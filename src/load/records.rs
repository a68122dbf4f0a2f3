//! Cuts a text stream into records, in blocks that a worker can take away.
//!
//! Only where a record ends is found here, under the file's lock; taking it apart is
//! the worker's job. A record over the limit is skipped without being held in memory.
//! A quoted CSV field that is never closed costs everything after it as *one* rejected
//! record: resuming inside it would let prompt text pose as rows of the log.

use std::borrow::Cow;
use std::io::{BufRead, Read};

use crate::load::recognise::UTF8_MARK;
use crate::load::rejects::Reason;

/// How much is read at a time.
const CHUNK_BYTES: usize = 256 * 1024;

/// Where records end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// At each line feed.
    Lines,
    /// At a line end outside quotes; fields are separated by this byte.
    Delimited(u8),
}

/// Records as found, copied out of the stream.
#[derive(Debug, Default)]
pub(crate) struct TextBlock {
    bytes: Vec<u8>,
    /// End of each record in `bytes`, and its row number.
    ends: Vec<(usize, u64)>,
    /// Records that could not be cut out, with the reason.
    pub(crate) broken: Vec<(u64, Reason)>,
}

impl TextBlock {
    /// The records with their row numbers.
    pub(crate) fn records(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut start = 0;
        self.ends.iter().map(move |(end, row)| {
            let record = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            (*row, record)
        })
    }

    fn is_empty(&self) -> bool {
        self.ends.is_empty() && self.broken.is_empty()
    }
}

/// Where the scan stands inside a delimited record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    FieldStart,
    Unquoted,
    Quoted,
    QuoteInQuoted,
}

enum Step {
    Record(usize, usize),
    Broken(Reason),
    End,
}

/// Reads records from a stream.
pub(crate) struct RecordReader<'a> {
    source: Box<dyn Read + Send + 'a>,
    framing: Framing,
    limit: usize,
    buffer: Vec<u8>,
    /// Start of the current record and first byte not yet scanned.
    start: usize,
    scan: usize,
    place: Place,
    /// The current record is over the limit and is being skipped.
    skipping: bool,
    started: bool,
    ended: bool,
    failure: Option<String>,
    next_row: u64,
}

impl<'a> RecordReader<'a> {
    pub(crate) fn new(
        source: Box<dyn Read + Send + 'a>,
        framing: Framing,
        limit_bytes: u64,
    ) -> Self {
        RecordReader {
            source,
            framing,
            // Offsets of text columns are 32 bits wide; one gibibyte stays clear of that.
            limit: usize::try_from(limit_bytes)
                .unwrap_or(usize::MAX)
                .clamp(1, 1 << 30),
            buffer: Vec::new(),
            start: 0,
            scan: 0,
            place: Place::FieldStart,
            skipping: false,
            started: false,
            ended: false,
            failure: None,
            next_row: 1,
        }
    }

    /// The first record, which does not count as a row.
    pub(crate) fn header(&mut self) -> Option<Vec<u8>> {
        match self.step() {
            Step::Record(from, to) => {
                self.next_row = 1;
                self.buffer.get(from..to).map(<[u8]>::to_vec)
            }
            Step::Broken(_) | Step::End => None,
        }
    }

    /// The next records, at most `rows` and about `bytes`; `None` at the end.
    pub(crate) fn block(&mut self, rows: usize, bytes: usize) -> Option<TextBlock> {
        let mut block = TextBlock::default();
        while block.ends.len() < rows && block.bytes.len() < bytes && block.broken.len() < rows {
            // A step that yields something has just counted it.
            match self.step() {
                Step::Record(from, to) => {
                    block
                        .bytes
                        .extend_from_slice(self.buffer.get(from..to).unwrap_or_default());
                    block
                        .ends
                        .push((block.bytes.len(), self.next_row.saturating_sub(1)));
                }
                Step::Broken(reason) => {
                    block.broken.push((self.next_row.saturating_sub(1), reason))
                }
                Step::End => break,
            }
        }
        (!block.is_empty()).then_some(block)
    }

    /// What went wrong with the stream as a whole, if anything.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    fn step(&mut self) -> Step {
        loop {
            if let Some(end) = self.find_end() {
                let from = self.start;
                self.start = end;
                self.scan = end;
                self.place = Place::FieldStart;
                if std::mem::take(&mut self.skipping) || self.is_over(end - from) {
                    return self.broken(self.too_long());
                }
                if let Some(to) = self.content_end(from, end) {
                    self.next_row = self.next_row.saturating_add(1);
                    return Step::Record(from, to);
                }
                if self.framing == Framing::Lines {
                    self.next_row = self.next_row.saturating_add(1);
                }
                continue;
            }
            if self.is_over(self.buffer.len() - self.start) {
                self.skipping = true;
            }
            if self.skipping {
                self.start = self.buffer.len();
                self.scan = self.start;
            }
            if !self.fill() {
                return self.last();
            }
        }
    }

    /// What is left when the stream is over.
    fn last(&mut self) -> Step {
        if self.ended {
            return Step::End;
        }
        self.ended = true;
        let from = self.start;
        let end = self.buffer.len();
        self.start = end;
        self.scan = end;
        if let Some(failure) = &self.failure {
            let reason = format!("file ends early: {failure}");
            return self.broken(Cow::Owned(reason));
        }
        if self.place == Place::Quoted {
            self.failure = Some(format!(
                "a quoted field that opens in record {} is never closed",
                self.next_row
            ));
            return self.broken(Cow::Borrowed(
                "quoted field is never closed; everything after it was left out",
            ));
        }
        if self.skipping || self.is_over(end - from) {
            return self.broken(self.too_long());
        }
        match self.content_end(from, end) {
            Some(to) => {
                self.next_row = self.next_row.saturating_add(1);
                Step::Record(from, to)
            }
            None => Step::End,
        }
    }

    fn broken(&mut self, reason: Reason) -> Step {
        self.next_row = self.next_row.saturating_add(1);
        Step::Broken(reason)
    }

    /// Whether a record of this length, its line end (at most two bytes) included, is too
    /// long; the same wherever the pieces that were read happen to end.
    fn is_over(&self, length: usize) -> bool {
        length > self.limit + 2
    }

    fn too_long(&self) -> Reason {
        Cow::Owned(format!("record longer than {} bytes", self.limit))
    }

    /// End of the record's content without its line end; `None` for a blank record.
    fn content_end(&self, from: usize, end: usize) -> Option<usize> {
        let record = self.buffer.get(from..end)?;
        let content = match self.framing {
            Framing::Lines => record.trim_ascii_end(),
            Framing::Delimited(_) => record
                .strip_suffix(b"\n")
                .or_else(|| record.strip_suffix(b"\r"))
                .unwrap_or(record),
        };
        (!content.is_empty()).then_some(from + content.len())
    }

    /// Scans on; returns the position after the record's line end.
    fn find_end(&mut self) -> Option<usize> {
        let Framing::Delimited(delimiter) = self.framing else {
            return self.skip_past(b'\n');
        };
        loop {
            if self.place == Place::Quoted {
                self.skip_past(b'"')?;
                self.place = Place::QuoteInQuoted;
            }
            let byte = *self.buffer.get(self.scan)?;
            self.scan += 1;
            self.place = match (self.place, byte) {
                (_, b'\n' | b'\r') => return Some(self.scan),
                (Place::FieldStart | Place::QuoteInQuoted, b'"') => Place::Quoted,
                (_, byte) if byte == delimiter => Place::FieldStart,
                _ => Place::Unquoted,
            };
        }
    }

    /// Moves the scan past the next such byte, else to the end of what is buffered.
    fn skip_past(&mut self, byte: u8) -> Option<usize> {
        // `skip_until` on a slice is the standard library's fast byte search.
        let mut rest = self.buffer.get(self.scan..).unwrap_or_default();
        let skipped = rest.skip_until(byte).unwrap_or(0);
        self.scan += skipped;
        (skipped > 0 && self.buffer.get(self.scan - 1) == Some(&byte)).then_some(self.scan)
    }

    /// Reads more; `false` at the end of the stream or when it fails.
    fn fill(&mut self) -> bool {
        if self.ended || self.failure.is_some() {
            return false;
        }
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.scan -= self.start;
            self.start = 0;
        }
        loop {
            let before = self.buffer.len();
            self.buffer.resize(before + CHUNK_BYTES, 0);
            let read = self
                .source
                .read(self.buffer.get_mut(before..).unwrap_or_default());
            self.buffer
                .truncate(before + read.as_ref().map_or(0, |count| *count));
            match read {
                // A stream shorter than a mark still has to be scanned.
                Ok(0) => return !std::mem::replace(&mut self.started, true) && before > 0,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.failure = Some(error.to_string());
                    return false;
                }
            }
            if !self.started {
                if self.buffer.len() < UTF8_MARK.len() {
                    continue;
                }
                self.started = true;
                if self.buffer.starts_with(UTF8_MARK) {
                    self.start = UTF8_MARK.len();
                    self.scan = self.start;
                }
            }
            return true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(text: &[u8], framing: Framing, limit: u64) -> RecordReader<'_> {
        RecordReader::new(Box::new(text), framing, limit)
    }

    type Numbered = Vec<(u64, String)>;

    fn rows(text: &[u8], framing: Framing, limit: u64) -> (Numbered, Numbered) {
        let mut reader = reader(text, framing, limit);
        let (mut good, mut broken) = (Vec::new(), Vec::new());
        while let Some(block) = reader.block(2, 1 << 20) {
            good.extend(
                block
                    .records()
                    .map(|(row, record)| (row, String::from_utf8_lossy(record).into_owned())),
            );
            broken.extend(
                block
                    .broken
                    .into_iter()
                    .map(|(row, reason)| (row, reason.into_owned())),
            );
        }
        (good, broken)
    }

    #[test]
    fn counts_lines_and_skips_blank_ones() {
        let (good, broken) = rows(b"\xef\xbb\xbfa\n\n b\r\n   \nc", Framing::Lines, 100);
        assert_eq!(good, [(1, "a".into()), (3, " b".into()), (5, "c".into())]);
        assert!(broken.is_empty());
    }

    #[test]
    fn a_stream_shorter_than_a_mark_is_read() {
        assert_eq!(rows(b"ab", Framing::Lines, 100).0, [(1, "ab".into())]);
        assert_eq!(
            rows(b"a", Framing::Delimited(b','), 100).0,
            [(1, "a".into())]
        );
    }

    #[test]
    fn quotes_hold_line_ends_and_any_line_end_counts() {
        let (good, _) = rows(
            b"a,\"x\ny\"\r\nb,\"he said \"\"no\"\"\"\rc,d\"e\n\n\nf",
            Framing::Delimited(b','),
            100,
        );
        let texts: Vec<&str> = good.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(
            texts,
            ["a,\"x\ny\"", "b,\"he said \"\"no\"\"\"", "c,d\"e", "f"]
        );
        assert_eq!(
            good.iter().map(|(row, _)| *row).collect::<Vec<_>>(),
            [1, 2, 3, 4]
        );
    }

    #[test]
    fn long_records_cost_themselves_only() {
        let long = vec![b'x'; 700_000];
        for framing in [Framing::Lines, Framing::Delimited(b',')] {
            let text = [b"a\n", long.as_slice(), b"\nb\n"].concat();
            let (good, broken) = rows(&text, framing, 1000);
            assert_eq!(good, [(1, "a".into()), (3, "b".into())]);
            assert_eq!(broken, [(2, "record longer than 1000 bytes".into())]);
        }
        let mut held = reader(&long, Framing::Lines, 1000);
        assert!(
            held.block(1, 1)
                .is_some_and(|block| block.broken.len() == 1)
        );
        assert!(held.buffer.capacity() < 3 * CHUNK_BYTES);
    }

    #[test]
    fn an_open_quote_is_one_reject_and_lets_nothing_pose_as_a_row() {
        let text = b"a,b\nc,\"open\nd,e\nf,g\n";
        let mut reader = reader(text, Framing::Delimited(b','), 1000);
        let block = reader.block(10, 1000).unwrap();
        assert_eq!(block.records().count(), 1);
        assert_eq!(block.broken.len(), 1);
        assert_eq!(block.broken[0].0, 2);
        assert!(reader.failure().unwrap().contains("record 2"));
        assert!(reader.block(10, 1000).is_none());
    }

    #[test]
    fn a_failing_stream_keeps_what_came_before() {
        struct Failing(bool);
        impl Read for Failing {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(std::io::Error::other("cut"));
                }
                buffer[..5].copy_from_slice(b"a\nb\nc");
                Ok(5)
            }
        }
        let mut reader = RecordReader::new(Box::new(Failing(false)), Framing::Lines, 100);
        let block = reader.block(10, 1000).unwrap();
        assert_eq!(block.records().count(), 2);
        assert_eq!(block.broken, [(3, Cow::Borrowed("file ends early: cut"))]);
    }
}
