//! The bytes of one input: hashed as stored, counted for progress, decompressed.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::Xxh3Default;

use crate::load::recognise::Compression;
use crate::model::progress::Progress;

/// How much is read from a file at a time.
const CHUNK_BYTES: usize = 256 * 1024;

/// A file read once from its start; what passes by is hashed and counted.
pub(crate) struct HashedFile<'a> {
    file: File,
    hasher: Option<Sha256>,
    position: u64,
    content: Option<Content>,
    progress: &'a dyn Progress,
}

/// What a text is after decompression: its XXH3 and its length in bytes.
pub(crate) type Content = (u64, u64);

impl<'a> HashedFile<'a> {
    pub(crate) fn open(path: &Path, hash: bool, progress: &'a dyn Progress) -> io::Result<Self> {
        Ok(HashedFile {
            file: File::open(path)?,
            hasher: hash.then(Sha256::new),
            position: 0,
            content: None,
            progress,
        })
    }

    /// Reads on up to `end`, for the hash only. Without a hash it only counts.
    pub(crate) fn pass_over(&mut self, end: u64) -> io::Result<()> {
        if self.hasher.is_none() {
            self.progress.advance(end.saturating_sub(self.position));
            self.position = self.position.max(end);
            return Ok(());
        }
        let mut buffer = vec![0; CHUNK_BYTES];
        while self.position < end {
            let most = usize::try_from(end - self.position)
                .unwrap_or(CHUNK_BYTES)
                .min(CHUNK_BYTES);
            if self.read(buffer.get_mut(..most).unwrap_or_default())? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Reads to the end and returns the hash in hexadecimal (empty without one) and the size.
    fn finish(&mut self, size: u64) -> io::Result<(String, u64)> {
        if self.hasher.is_none() {
            self.pass_over(size)?;
            return Ok((String::new(), self.position));
        }
        self.pass_over(u64::MAX)?;
        let digest = self.hasher.take().unwrap_or_default().finalize();
        let hexadecimal = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok((hexadecimal, self.position))
    }
}

impl Read for HashedFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
        self.position = self.position.saturating_add(count as u64);
        self.progress.advance(count as u64);
        Ok(count)
    }
}

/// A [`HashedFile`] that can be finished after a decoder has used (and perhaps given up on) it.
#[derive(Clone)]
pub(crate) struct SharedFile<'a>(Arc<Mutex<HashedFile<'a>>>);

impl<'a> SharedFile<'a> {
    pub(crate) fn open(path: &Path, hash: bool, progress: &'a dyn Progress) -> io::Result<Self> {
        Ok(SharedFile(Arc::new(Mutex::new(HashedFile::open(
            path, hash, progress,
        )?))))
    }

    pub(crate) fn pass_over(&self, end: u64) -> io::Result<()> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pass_over(end)
    }

    pub(crate) fn finish(&self, size: u64) -> io::Result<(String, u64)> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .finish(size)
    }

    /// The text inside.
    pub(crate) fn decoded(
        &self,
        compression: Compression,
    ) -> io::Result<Box<dyn Read + Send + 'a>> {
        let inner = decode(self.clone(), compression)?;
        // A second reading has nothing to recognise.
        if !self.is_hashed() {
            return Ok(inner);
        }
        Ok(Box::new(KnownText {
            inner,
            hasher: Xxh3Default::new(),
            bytes: 0,
            file: self.clone(),
        }))
    }

    fn is_hashed(&self) -> bool {
        let file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.hasher.is_some()
    }

    /// What the text inside was, once it was read to its end.
    pub(crate) fn content(&self) -> Option<Content> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .content
    }
}

/// A decoded text that is recognised again, packed otherwise or not at all.
struct KnownText<'a> {
    inner: Box<dyn Read + Send + 'a>,
    hasher: Xxh3Default,
    bytes: u64,
    file: SharedFile<'a>,
}

impl Read for KnownText<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if count == 0 && !buffer.is_empty() {
            let mut file = self.file.0.lock().unwrap_or_else(PoisonError::into_inner);
            file.content = Some((self.hasher.digest(), self.bytes));
        }
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        self.bytes = self.bytes.saturating_add(count as u64);
        Ok(count)
    }
}

impl Read for SharedFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .read(buffer)
    }
}

/// Wraps a reader in the decoder for a compression.
pub(crate) fn decode<'a>(
    reader: impl Read + Send + 'a,
    compression: Compression,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    let buffered = BufReader::with_capacity(CHUNK_BYTES, reader);
    Ok(match compression {
        Compression::None => Box::new(buffered),
        // Several members one after the other are one stream (as `cat a.gz b.gz` makes).
        Compression::Gzip => Box::new(MultiGzDecoder::new(buffered)),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(buffered)?),
    })
}
