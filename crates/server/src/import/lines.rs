//! Lines of a file that may be anything: compressed or not, broken, endless.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

/// The longest line that is read, in bytes. A longer one is skipped without being held.
pub const MAX_LINE_BYTES: usize = 32 * 1024 * 1024;

/// One line of an import file, numbered from 1.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// Its bytes, without the end of the line.
    Bytes(u64, Vec<u8>),
    /// It is longer than [`MAX_LINE_BYTES`] and was skipped.
    TooLong(u64),
}

/// Reads line by line, from a plain or a gzip file.
pub struct Lines<R> {
    input: R,
    number: u64,
    max_bytes: usize,
}

/// Opens a plain or gzip stream, told apart by gzip's first two bytes.
pub fn open(input: impl Read + Send + 'static) -> io::Result<Lines<Box<dyn BufRead + Send>>> {
    let mut input = BufReader::with_capacity(64 * 1024, input);
    let compressed = input.fill_buf()?.starts_with(&[0x1F, 0x8B]);
    let input: Box<dyn BufRead + Send> = if compressed {
        Box::new(BufReader::with_capacity(64 * 1024, MultiGzDecoder::new(input)))
    } else {
        Box::new(input)
    };
    Ok(Lines::new(input, MAX_LINE_BYTES))
}

impl<R: BufRead> Lines<R> {
    fn new(input: R, max_bytes: usize) -> Self {
        Self { input, number: 0, max_bytes }
    }

    /// The next line, or `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read further, or its compression is broken.
    pub fn next_line(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        // One byte more than a line may have tells a line that is too long from one that just fits.
        let wanted = u64::try_from(self.max_bytes).unwrap_or(u64::MAX).saturating_add(1);
        if self.input.by_ref().take(wanted).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        } else if bytes.len() > self.max_bytes {
            drop(bytes);
            self.input.skip_until(b'\n')?;
            return Ok(Some(Line::TooLong(self.number)));
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        Ok(Some(Line::Bytes(self.number, bytes)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn all<R: BufRead>(mut lines: Lines<R>) -> Vec<Line> {
        let mut all = Vec::new();
        while let Some(line) = lines.next_line().expect("readable") {
            all.push(line);
        }
        all
    }

    #[test]
    fn lines_are_numbered_and_too_long_ones_skipped_without_losing_the_next() {
        let input = BufReader::with_capacity(4, &b"one\r\n\nlong line here\ntwo"[..]);
        assert_eq!(
            all(Lines::new(input, 5)),
            [
                Line::Bytes(1, b"one".to_vec()),
                Line::Bytes(2, Vec::new()),
                Line::TooLong(3),
                Line::Bytes(4, b"two".to_vec()),
            ]
        );
    }

    #[test]
    fn gzip_is_recognised_by_its_content() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"{}\n[]").expect("memory is writable");
        let packed = encoder.finish().expect("memory is writable");
        let lines = open(io::Cursor::new(packed)).expect("a gzip stream");
        assert_eq!(all(lines), [Line::Bytes(1, b"{}".to_vec()), Line::Bytes(2, b"[]".to_vec())]);
    }

    #[test]
    fn broken_compression_is_an_error_and_not_an_end() {
        let mut lines = open(io::Cursor::new(vec![0x1F, 0x8B, 8, 0, 0, 0])).expect("opens");
        assert!(lines.next_line().is_err());
    }
}
