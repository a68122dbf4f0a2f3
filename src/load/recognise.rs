//! What a file is, told by its content and never by its name.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Result;

use crate::load::discover::no_input;
use crate::load::stream::decode;

/// How records are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Container {
    /// Apache Parquet.
    Parquet,
    /// Comma, semicolon, tab or bar separated text.
    Csv,
    /// One JSON object per line.
    Ndjson,
    /// Nothing in it.
    Empty,
}

impl Container {
    /// Name as used on the command line and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Container::Parquet => "parquet",
            Container::Csv => "csv",
            Container::Ndjson => "ndjson",
            Container::Empty => "empty",
        }
    }

    /// The container of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Container::Parquet, Container::Csv, Container::Ndjson]
            .into_iter()
            .find(|container| container.name() == name)
    }
}

/// How the file as a whole is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, one or more members.
    Gzip,
    /// Zstandard, one or more frames.
    Zstd,
}

impl Compression {
    /// Name as used in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        }
    }
}

/// UTF-8 byte order mark.
pub(crate) const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes looked at; enough for every signature (tar has its own at offset 257).
const HEAD_BYTES: u64 = 64 * 1024;

/// Looks at the start of a file; `forced` overrides the container, not the compression.
pub(crate) fn recognise(
    path: &Path,
    name: &str,
    forced: Option<Container>,
) -> Result<(Container, Compression)> {
    let unreadable = |error: std::io::Error| no_input(format!("{name}: cannot be read: {error}"));
    let mut stored = Vec::new();
    File::open(path)
        .and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut stored))
        .map_err(unreadable)?;
    let compression = match stored.as_slice() {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
        _ => Compression::None,
    };
    let head = if compression == Compression::None {
        stored
    } else {
        let mut head = Vec::new();
        let opened = File::open(path)
            .and_then(|file| decode(file, compression))
            .map_err(unreadable)?;
        // A damaged stream may still begin well; what it gives decides.
        if let Err(error) = opened.take(HEAD_BYTES).read_to_end(&mut head)
            && head.is_empty()
        {
            return Err(no_input(format!(
                "{name}: {} data cannot be read from the start ({error}); copy or export the file again",
                compression.name()
            )));
        }
        head
    };
    if let Some(problem) = refusal(&head, compression) {
        return Err(no_input(format!("{name}: {problem}")));
    }
    let text = head.strip_prefix(UTF8_MARK).unwrap_or(&head);
    let first = text
        .iter()
        .copied()
        .find(|byte| !byte.is_ascii_whitespace());
    let is_parquet = head.starts_with(b"PAR1");
    if let Some(forced) = forced
        && first.is_some()
        && (forced == Container::Parquet) != is_parquet
    {
        let content = if is_parquet { "Parquet" } else { "not Parquet" };
        return Err(no_input(format!(
            "{name}: --format {} was given, but the content is {content}",
            forced.name()
        )));
    }
    let container = match (forced, first) {
        (_, None) => Container::Empty,
        (Some(forced), _) => forced,
        (None, _) if is_parquet => Container::Parquet,
        (None, Some(b'{')) => Container::Ndjson,
        (None, Some(b'[')) => {
            return Err(no_input(format!(
                "{name}: a JSON array, not one object per line; convert it first, for example with: jq -c '.[]' FILE > FILE.ndjson"
            )));
        }
        (None, Some(_)) if is_binary(&head) => {
            return Err(no_input(format!(
                "{name}: binary data, neither Parquet nor CSV nor NDJSON; export the log as one of these (gzip and zstd are read as well), or give --format csv if it is text all the same"
            )));
        }
        (None, Some(_)) => Container::Csv,
    };
    if container == Container::Parquet && compression != Compression::None {
        return Err(no_input(format!(
            "{name}: Parquet inside {}; decompress it first",
            compression.name()
        )));
    }
    Ok((container, compression))
}

/// Share of control characters from which on content is not taken for text. Random bytes hold
/// 10 %; a text of any encoding that keeps ASCII hardly any, a few stray NULs included.
const BINARY_SHARE: f64 = 0.05;

fn is_binary(head: &[u8]) -> bool {
    let controls = head
        .iter()
        .filter(|byte| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x1b))
        .count();
    controls as f64 > BINARY_SHARE * head.len() as f64
}

/// What the content is, where it is known and cannot be read.
fn refusal(head: &[u8], compression: Compression) -> Option<&'static str> {
    let zeros = |offset: usize| {
        let sample: Vec<&u8> = head.iter().take(64).skip(offset).step_by(2).collect();
        sample.len() >= 4 && sample.iter().all(|byte| **byte == 0)
    };
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") || zeros(0) != zeros(1) {
        return Some(
            "UTF-16 text; convert it to UTF-8 first, for example with: iconv -f UTF-16 -t UTF-8",
        );
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some("a tar archive; unpack it first");
    }
    let nested = compression != Compression::None;
    match head {
        [b'P', b'K', 3, 4, ..] => Some("a zip archive; unpack it first"),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, ..] => {
            Some("bzip2 data; decompress it first")
        }
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some("xz data; decompress it first"),
        [b'P', b'A', b'R', b'E', ..] => Some("encrypted Parquet; decrypt it first"),
        [b'O', b'b', b'j', 1, ..] => {
            Some("an Avro file; convert it to Parquet, CSV or NDJSON first")
        }
        [b'O', b'R', b'C', ..] if head.contains(&0) => {
            Some("an ORC file; convert it to Parquet, CSV or NDJSON first")
        }
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] if nested => {
            Some("compressed twice; decompress it once first")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn look(bytes: &[u8]) -> std::result::Result<(Container, Compression), String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        recognise(file.path(), "f", None).map_err(|error| error.to_string())
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn tells_containers_by_content() {
        assert_eq!(look(b"a,b\n1,2\n"), Ok((Container::Csv, Compression::None)));
        assert_eq!(
            look(b"\xef\xbb\xbf \n{\"a\":1}\n"),
            Ok((Container::Ndjson, Compression::None))
        );
        assert_eq!(
            look(b"a,b\n\0caf\xe9 with one NUL in a longer line of text,2\n"),
            Ok((Container::Csv, Compression::None))
        );
        assert_eq!(look(b"PAR1"), Ok((Container::Parquet, Compression::None)));
        assert_eq!(look(b""), Ok((Container::Empty, Compression::None)));
        assert_eq!(
            look(b"\xef\xbb\xbf\n \n"),
            Ok((Container::Empty, Compression::None))
        );
        assert_eq!(
            look(&gzip(b"{}")),
            Ok((Container::Ndjson, Compression::Gzip))
        );
        assert_eq!(
            look(&zstd::encode_all(&b"a,b"[..], 1).unwrap()),
            Ok((Container::Csv, Compression::Zstd))
        );
    }

    #[test]
    fn refuses_what_it_knows_it_cannot_read() {
        for (bytes, word) in [
            (b"\xff\xfea\0,\0b\0".to_vec(), "UTF-16"),
            (
                "a,b,c\n"
                    .encode_utf16()
                    .flat_map(u16::to_be_bytes)
                    .collect(),
                "UTF-16",
            ),
            (b" [{\"a\":1}]".to_vec(), "JSON array"),
            (b"PK\x03\x04....".to_vec(), "zip"),
            (gzip(&gzip(b"a,b")), "twice"),
            (gzip(b"PAR1xxxx"), "Parquet inside gzip"),
            (b"\x1f\x8b\x08".to_vec(), "gzip data cannot be read"),
            (
                (0..4096_u32)
                    .map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8)
                    .collect(),
                "binary data",
            ),
        ] {
            let error = look(&bytes).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn a_forced_container_must_not_contradict_the_content() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"a,b\n").unwrap();
        assert!(recognise(file.path(), "f", Some(Container::Parquet)).is_err());
        assert_eq!(
            recognise(file.path(), "f", Some(Container::Csv)).unwrap().0,
            Container::Csv
        );
    }
}
