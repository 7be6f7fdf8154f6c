//! One spelling for many: any text to lower-case ASCII tokens, each tied to its place in the source.
//!
//! Order matters, and makes the result idempotent: repair mojibake (UTF-8 read as Latin-1 or Windows-1252) →
//! compatibility decomposition (NFKD, Unicode Annex 15) → drop combining marks → transliterate what is left
//! (`deunicode`) → fold case → split at everything that is not a letter or digit, and where the script changes.
//! Pure ASCII, most of what card networks send, skips all but the last two steps.
//!
//! It knows no words: legal suffixes, references and places are `unwrap`'s part.

mod mojibake;

use mojibake::repair_mojibake;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// What stood between a token and the one before it. Descriptors carry meaning in punctuation (`PAYPAL *X`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gap {
    /// Nothing: the first token.
    Start,
    /// White space, or any separator that carries no meaning here.
    Space,
    /// An asterisk, the mark between intermediary and seller, or between seller and reference.
    Star,
    /// A dot without white space: a host name.
    Dot,
    /// A number sign: a store or reference follows.
    Hash,
    /// No character at all: the script changed.
    Script,
}

/// A run of letters and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    /// Bytes in [`Normalized::text`].
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Bytes in the source.
    pub(crate) source_start: u32,
    pub(crate) source_end: u32,
    pub(crate) before: Gap,
}

/// What follows the last token in memory, so that words can be read sixteen bytes at a time.
const PADDING: &str = "                ";

/// A normalised text. What stands between the tokens in `text` means nothing.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Normalized {
    text: String,
    pub(crate) tokens: Vec<Token>,
}

impl Normalized {
    /// Normalises a text.
    pub(crate) fn of(source: &str) -> Normalized {
        let mut normalized = Normalized::default();
        normalized.assign(source);
        normalized
    }

    /// Normalises a text into memory that is already there.
    pub(crate) fn assign(&mut self, source: &str) {
        self.text.clear();
        self.tokens.clear();
        if !(source.is_ascii() && self.assign_ascii(source)) {
            self.text.clear();
            self.tokens.clear();
            let mut writer = Writer { out: self, gap: Gap::Start, open: false, last: Script::Latin };
            write_unicode(source, &mut writer);
            writer.close();
        }
        self.text.push_str(PADDING);
    }

    /// The text's letters, with at least sixteen bytes behind the last token.
    pub(crate) fn padded(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The short way for ASCII: the text is the source in lower case, and the tokens are runs of bits. `false` when
    /// an apostrophe joins what stands beside it, which is left to the long way.
    fn assign_ascii(&mut self, source: &str) -> bool {
        self.text.push_str(source);
        self.text.make_ascii_lowercase();
        let bytes = self.text.as_bytes();
        let mut open = false;
        let mut start = 0;
        for (block, chunk) in bytes.chunks(64).enumerate() {
            let base = narrow(block * 64);
            let words = word_bits(chunk);
            // A bit where a token begins, and one behind where it ends, by turns.
            let mut edges = words ^ (words << 1 | u64::from(open));
            while edges != 0 {
                let at = base + edges.trailing_zeros();
                edges &= edges - 1;
                if !open {
                    start = at;
                } else if !push_ascii(&mut self.tokens, bytes, start, at) {
                    return false;
                }
                open = !open;
            }
        }
        !open || push_ascii(&mut self.tokens, bytes, start, narrow(bytes.len()))
    }

    /// The letters of a token.
    pub(crate) fn token(&self, index: usize) -> &str {
        let token = self.tokens[index];
        &self.text[token.start as usize..token.end as usize]
    }

    /// Number of tokens.
    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The tokens, separated by one space.
    pub(crate) fn phrase(&self) -> String {
        self.join(0..self.len())
    }

    /// Some of the tokens, separated by one space.
    pub(crate) fn join(&self, tokens: std::ops::Range<usize>) -> String {
        let mut phrase = String::new();
        for at in tokens {
            if !phrase.is_empty() {
                phrase.push(' ');
            }
            phrase.push_str(self.token(at));
        }
        phrase
    }

    /// Bytes of the source that a range of tokens covers.
    pub(crate) fn source_span(&self, tokens: &std::ops::Range<usize>) -> (usize, usize) {
        match (self.tokens.get(tokens.start), self.tokens.get(tokens.end.saturating_sub(1))) {
            (Some(first), Some(last)) => (first.source_start as usize, last.source_end as usize),
            _ => (0, 0),
        }
    }
}

/// Scripts between which a word cannot run on. Each Han character is a word of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Han,
    Hiragana,
    Katakana,
    Other,
}

fn script_of(c: char) -> Script {
    match u32::from(c) {
        0..=0x024F | 0x1E00..=0x1EFF => Script::Latin,
        0x3040..=0x309F => Script::Hiragana,
        0x30A0..=0x30FF | 0x31F0..=0x31FF => Script::Katakana,
        0x2E80..=0x2FDF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF => {
            Script::Han
        }
        _ => Script::Other,
    }
}

struct Writer<'n> {
    out: &'n mut Normalized,
    gap: Gap,
    open: bool,
    last: Script,
}

impl Writer<'_> {
    fn ascii(&mut self, byte: u8, next: Option<u8>, start: usize, end: usize) {
        if byte.is_ascii_alphanumeric() {
            self.letter(byte.to_ascii_lowercase(), Script::Latin, start, end);
        } else {
            self.separator(byte, next);
        }
    }

    fn separator(&mut self, byte: u8, next: Option<u8>) {
        let joins = byte == b'\'' && self.open && next.is_some_and(|b| b.is_ascii_alphanumeric());
        if joins {
            // "Lowe's" is one word; "l'abonnement" is two: the French article is a single letter.
            let token_len = self.out.tokens.last().map_or(0, |token| token.end - token.start);
            if token_len > 1 {
                return;
            }
        }
        let gap = match byte {
            b'*' => Gap::Star,
            b'#' => Gap::Hash,
            b'.' if self.open && next.is_some_and(|b| b.is_ascii_alphanumeric()) => Gap::Dot,
            _ => Gap::Space,
        };
        self.separate(gap);
    }

    /// Ends a token. Of several separators in a row the most telling one stays.
    fn separate(&mut self, gap: Gap) {
        self.close();
        let keeps = match self.gap {
            Gap::Start => self.out.tokens.is_empty(),
            Gap::Star | Gap::Hash => true,
            Gap::Space => gap == Gap::Dot,
            Gap::Dot | Gap::Script => false,
        };
        if !keeps {
            self.gap = gap;
        }
    }

    fn close(&mut self) {
        if self.open {
            self.out.text.push(' ');
            self.open = false;
            self.gap = Gap::Script;
        }
    }

    fn letter(&mut self, byte: u8, script: Script, start: usize, end: usize) {
        if self.open && (script != self.last || (script == Script::Han && self.starts_char(start))) {
            self.close();
        }
        self.last = script;
        if !self.open {
            let at = narrow(self.out.text.len());
            let token = Token {
                start: at,
                end: at,
                source_start: narrow(start),
                source_end: narrow(end),
                before: self.gap,
            };
            self.out.tokens.push(token);
            self.open = true;
        }
        self.out.text.push(char::from(byte));
        if let Some(token) = self.out.tokens.last_mut() {
            token.end += 1;
            token.source_end = token.source_end.max(narrow(end));
        }
    }

    /// Whether the source character at `start` has not yet given a letter to the open token.
    fn starts_char(&self, start: usize) -> bool {
        self.out.tokens.last().is_some_and(|token| token.source_end <= narrow(start))
    }
}

/// Offsets are 32 bits; a text beyond 4 GiB does not occur in an expense line and would only lose its offsets.
fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// One bit a byte, for letters and digits. The bytes are ASCII in lower case, 64 at most. Eight bytes are judged at
/// once: adding to each what lifts the first of a range to 128 sets its highest bit from there on.
fn word_bits(bytes: &[u8]) -> u64 {
    let eight = |word: u64| {
        const EACH: u64 = 0x0101_0101_0101_0101;
        const HIGH: u64 = 0x80 * EACH;
        let reaches = |from: u8| word + EACH * u64::from(0x80 - from);
        let letters = reaches(b'a') & !reaches(b'z' + 1);
        let digits = reaches(b'0') & !reaches(b'9' + 1);
        // The highest bits of the eight bytes, moved side by side.
        (((letters | digits) & HIGH) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let mut bits = 0;
    for (at, word) in words.iter().enumerate() {
        bits |= eight(u64::from_le_bytes(*word)) << (8 * at);
    }
    if !rest.is_empty() {
        let mut last = [0_u8; 8];
        last[..rest.len()].copy_from_slice(rest);
        bits |= eight(u64::from_le_bytes(last)) << (8 * words.len());
    }
    bits
}

/// Adds the token `start..end` with what stands before it; `false` when an apostrophe joins it to the token before.
fn push_ascii(tokens: &mut Vec<Token>, bytes: &[u8], start: u32, end: u32) -> bool {
    let before = match tokens.last() {
        None => Gap::Start,
        Some(last) => match &bytes[last.end as usize..start as usize] {
            b" " => Gap::Space,
            b"." => Gap::Dot,
            // "Lowe's" is one word; "l'abonnement" is two: the French article is a single letter.
            b"'" if last.end - last.start > 1 => return false,
            marks => gap_of(marks),
        },
    };
    tokens.push(Token { start, end, source_start: start, source_end: end, before });
    true
}

/// The most telling of the marks between two tokens. A dot among several marks joins no host name.
fn gap_of(marks: &[u8]) -> Gap {
    match marks.iter().find(|mark| matches!(mark, b'*' | b'#')) {
        Some(b'*') => Gap::Star,
        Some(_) => Gap::Hash,
        None => Gap::Space,
    }
}

fn write_unicode(source: &str, writer: &mut Writer<'_>) {
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let start = source.len() - rest.len();
        let repaired = if first.is_ascii() { None } else { repair_mojibake(rest) };
        let (c, consumed) = repaired.unwrap_or((first, first.len_utf8()));
        rest = &rest[consumed..];
        let end = start + consumed;
        if c.is_ascii() {
            let next = rest.bytes().next();
            writer.ascii(c as u8, next, start, end);
            continue;
        }
        // U+2019 is the apostrophe of typographers, U+00AD a hyphen that is not there.
        match c {
            '\u{2019}' | '\u{02BC}' => {
                writer.ascii(b'\'', rest.bytes().next(), start, end);
                continue;
            }
            '\u{00AD}' | '\u{200B}'..='\u{200D}' | '\u{FEFF}' => continue,
            _ => {}
        }
        decompose_compatible(c, |part| {
            if is_combining_mark(part) {
                return;
            }
            if part.is_ascii() {
                writer.ascii(part as u8, None, start, end);
                return;
            }
            let script = script_of(part);
            // The katakana length mark lengthens a vowel; as a separator it would cut words apart.
            if part == 'ー' {
                return;
            }
            match deunicode::deunicode_char(part) {
                Some(ascii) if ascii.bytes().any(|b| b.is_ascii_alphanumeric()) => {
                    for byte in ascii.bytes().filter(u8::is_ascii_alphanumeric) {
                        writer.letter(byte.to_ascii_lowercase(), script, start, end);
                    }
                }
                _ => writer.separate(Gap::Space),
            }
        });
    }
}

#[cfg(test)]
mod tests;
