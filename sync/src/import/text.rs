//! Text files: which encoding, which delimiter, and their records one after the other.
//!
//! Nothing is guessed from names. A byte order mark decides; else the file is UTF-8 if all of it is valid, UTF-16 if every
//! second byte of its beginning is zero, and Windows-1252 otherwise, which is what spreadsheet programs write in the West.
//! Others (`shift_jis`, `gbk` …) have to be named.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;

/// Read to tell encoding and delimiter.
const SAMPLE_BYTES: u64 = 64 * 1024;
/// Records of the sample that vote on the delimiter.
const SAMPLE_RECORDS: usize = 50;
/// Tried in this order; of two that fit equally well the first is taken.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How a text file is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writing {
    pub(super) encoding: &'static Encoding,
    pub(super) delimiter: u8,
}

impl Writing {
    /// Looks at a file; what the caller knows is taken as given.
    pub(super) fn detect(
        path: &Path,
        encoding: Option<&'static Encoding>,
        delimiter: Option<u8>,
    ) -> io::Result<Self> {
        let encoding = match encoding {
            Some(encoding) => encoding,
            None => detect_encoding(path)?,
        };
        let delimiter = match delimiter {
            Some(delimiter) => delimiter,
            None => detect_delimiter(&sample(path, encoding)?),
        };
        Ok(Self { encoding, delimiter })
    }

    /// The records of a file.
    pub(super) fn records(self, path: &Path) -> io::Result<csv::Reader<Box<dyn Read + Send>>> {
        let source: Box<dyn Read + Send> =
            Box::new(decoded(BufReader::new(File::open(path)?), self.encoding));
        Ok(csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(source))
    }
}

fn decoded<R: Read>(source: R, encoding: &'static Encoding) -> impl Read + use<R> {
    DecodeReaderBytesBuilder::new().encoding(Some(encoding)).bom_override(true).build(source)
}

/// The beginning of a file as text. It may end within a character; what was read before that is enough.
fn sample(path: &Path, encoding: &'static Encoding) -> io::Result<String> {
    let mut bytes = Vec::new();
    decoded(File::open(path)?, encoding).take(SAMPLE_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn detect_encoding(path: &Path) -> io::Result<&'static Encoding> {
    let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut buffer = vec![0_u8; 1 << 16];
    let mut kept = 0;
    let mut first = true;
    loop {
        let read = file.read(&mut buffer[kept..])?;
        let filled = kept + read;
        if first && let Some(encoding) = by_beginning(&buffer[..filled]) {
            return Ok(encoding);
        }
        first = false;
        match std::str::from_utf8(&buffer[..filled]) {
            Ok(_) => kept = 0,
            // A character that the buffer cuts is looked at again with the next bytes.
            Err(error) if error.error_len().is_none() && read > 0 => {
                buffer.copy_within(error.valid_up_to()..filled, 0);
                kept = filled - error.valid_up_to();
            }
            Err(_) => return Ok(encoding_rs::WINDOWS_1252),
        }
        if read == 0 {
            return Ok(encoding_rs::UTF_8);
        }
    }
}

fn by_beginning(bytes: &[u8]) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Some(encoding);
    }
    let sample = &bytes[..bytes.len().min(512)];
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let half = sample.len() / 2;
    if half < 4 {
        return None;
    }
    match (zeros(0) * 2 > half, zeros(1) * 2 > half) {
        (false, true) => Some(encoding_rs::UTF_16LE),
        (true, false) => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}

/// The delimiter under which most records have the same number of fields, more than one; a comma where none does.
fn detect_delimiter(sample: &str) -> u8 {
    let fits = |delimiter: u8| {
        let records = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(sample.as_bytes())
            .into_records()
            .map_while(Result::ok)
            .take(SAMPLE_RECORDS)
            .map(|record| record.len())
            .collect::<Vec<_>>();
        let usual = records
            .iter()
            .copied()
            .filter(|fields| *fields > 1)
            .max_by_key(|fields| records.iter().filter(|other| *other == fields).count())?;
        let same = records.iter().filter(|fields| **fields == usual).count();
        Some((same * 100 / records.len().max(1), usual))
    };
    let mut best: Option<((usize, usize), u8)> = None;
    for delimiter in DELIMITERS {
        if let Some(fit) = fits(delimiter)
            && best.is_none_or(|(known, _)| fit > known)
        {
            best = Some((fit, delimiter));
        }
    }
    best.map_or(b',', |(_, delimiter)| delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_makes_a_table() {
        #[track_caller]
        fn check(sample: &str, expected: u8) {
            assert_eq!(char::from(detect_delimiter(sample)), char::from(expected), "{sample:?}");
        }
        check("a,b,c\n1,2,3\n", b',');
        check("a;b;c\n1,5;2,5;3,5\n", b';');
        check("a\tb\n1,2\t3,4\n", b'\t');
        check("a|b|c\nx, y|1|2\n", b'|');
        check("a;b\n\"1;2\n3\";4\n", b';');
        check("only one column\n1\n", b',');
        check("", b',');
    }

    #[test]
    fn the_bytes_decide_the_encoding() {
        #[track_caller]
        fn check(bytes: &[u8], expected: &'static Encoding) {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), bytes).unwrap();
            assert_eq!(detect_encoding(file.path()).unwrap(), expected, "{bytes:?}");
        }
        check(b"plain", encoding_rs::UTF_8);
        check("Bücher".as_bytes(), encoding_rs::UTF_8);
        check(b"\xEF\xBB\xBFa;b", encoding_rs::UTF_8);
        check(b"B\xfccher", encoding_rs::WINDOWS_1252);
        check(b"\xff\xfea\0b\0", encoding_rs::UTF_16LE);
        check(b"a\0;\0b\0c\0d\0", encoding_rs::UTF_16LE);
        check(b"\0a\0;\0b\0c\0d", encoding_rs::UTF_16BE);
        check(b"", encoding_rs::UTF_8);
        // A character that lies across the end of the buffer, and a wrong byte far behind it.
        let mut long = vec![b'a'; (1 << 16) - 1];
        long.extend("é and more".as_bytes());
        check(&long, encoding_rs::UTF_8);
        long.push(0xfc);
        check(&long, encoding_rs::WINDOWS_1252);
    }
}
