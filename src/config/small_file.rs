//! Files that people write by hand: settings, maps, packs, suppressions, keys.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// Far above what anybody writes by hand; a device or a log given by mistake ends here.
const MOST_BYTES: u64 = 16 << 20;

/// Opens a file of any size that is to be read from its start to its end.
///
/// # Errors
/// When it cannot be opened or is no regular file: a pipe would be waited for without an end.
pub fn open_regular(path: &Path) -> Result<File> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "not a regular file; save it to a file first",
        ));
    }
    File::open(path)
}

/// Reads such a file.
///
/// # Errors
/// When it cannot be read or is too large.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "larger than 16 MiB; is it the right file?",
        ));
    }
    Ok(bytes)
}

/// Reads such a file as UTF-8 text.
///
/// # Errors
/// As for [`read`], and when it is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?).map_err(|_| Error::new(ErrorKind::InvalidData, "not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_without_an_end_is_an_error() {
        let device = Path::new("/dev/zero");
        if device.exists() {
            assert_eq!(read(device).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
}
