//! Predictions as bytes. By hand, for it is a tenth of the whole work otherwise.

use crate::rules::Ruling;
use crate::{Dictionary, Verdict};

/// How predictions are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `id,app_id,score,band,candidate` under a header.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

/// Whether a prediction tells the rule that decided.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told<'r> {
    /// No rules were asked.
    Nothing,
    /// Rules were asked; the one that decided, if any did.
    Rule(Option<&'r Ruling>),
}

impl Format {
    /// What stands before the first prediction, without rules and with them.
    pub fn header(self, rules: bool) -> &'static [u8] {
        match self {
            Format::Csv if rules => b"id,app_id,score,band,candidate,action,rule\n",
            Format::Csv => b"id,app_id,score,band,candidate\n",
            Format::JsonLines => b"",
        }
    }

    /// Appends a prediction.
    pub(super) fn write(
        self,
        id: &str,
        verdict: &Verdict,
        ruling: Told<'_>,
        dictionary: &Dictionary,
        out: &mut Vec<u8>,
    ) {
        let app = |entry: crate::EntryId| dictionary.get(entry).id.as_str();
        match self {
            Format::Csv => {
                csv_field(id, out);
                out.push(b',');
                csv_field(verdict.app.map_or("", app), out);
                out.push(b',');
                score(verdict.score, out);
                out.push(b',');
                out.extend_from_slice(verdict.band.as_str().as_bytes());
                out.push(b',');
                csv_field(verdict.candidate.map_or("", app), out);
                if let Told::Rule(ruling) = ruling {
                    out.push(b',');
                    out.extend_from_slice(ruling.map_or("", |ruling| ruling.action.as_str()).as_bytes());
                    out.push(b',');
                    csv_field(ruling.map_or("", |ruling| &ruling.name), out);
                }
                out.push(b'\n');
            }
            Format::JsonLines => {
                let string = |text: Option<&str>, out: &mut Vec<u8>| match text {
                    Some(text) => json_string(text, out),
                    None => out.extend_from_slice(b"null"),
                };
                out.extend_from_slice(b"{\"id\":");
                json_string(id, out);
                out.extend_from_slice(b",\"app_id\":");
                string(verdict.app.map(app), out);
                out.extend_from_slice(b",\"score\":");
                score(verdict.score, out);
                out.extend_from_slice(b",\"band\":\"");
                out.extend_from_slice(verdict.band.as_str().as_bytes());
                out.extend_from_slice(b"\",\"candidate\":");
                string(verdict.candidate.map(app), out);
                if let Told::Rule(ruling) = ruling {
                    out.extend_from_slice(b",\"action\":");
                    string(ruling.map(|ruling| ruling.action.as_str()), out);
                    out.extend_from_slice(b",\"rule\":");
                    string(ruling.map(|ruling| &*ruling.name), out);
                }
                out.extend_from_slice(b"}\n");
            }
        }
    }
}

fn csv_field(text: &str, out: &mut Vec<u8>) {
    if !text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

fn json_string(text: &str, out: &mut Vec<u8>) {
    if text.bytes().any(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
        // Writing to memory does not fail.
        drop(serde_json::to_writer(&mut *out, text));
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// A score of four digits, as the shortest decimal number: what serde writes too.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a score lies between 0 and 1")]
fn score(score: f64, out: &mut Vec<u8>) {
    let parts = (score * 10_000.0).round() as u32;
    if parts >= 10_000 {
        out.extend_from_slice(b"1.0");
        return;
    }
    let digits = [parts / 1_000, parts / 100 % 10, parts / 10 % 10, parts % 10];
    let shown = digits.iter().rposition(|digit| *digit != 0).unwrap_or(0) + 1;
    out.extend_from_slice(b"0.");
    out.extend(digits[..shown].iter().map(|digit| b'0' + *digit as u8));
}

/// Writes a whole prediction the slow way: the referee of the tests.
#[cfg(test)]
fn by_serde(prediction: &super::Prediction) -> Vec<u8> {
    let mut out = serde_json::to_vec(prediction).unwrap();
    out.push(b'\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Band;
    use crate::batch::Prediction;

    #[test]
    fn json_is_what_serde_writes() {
        let app = "{\"id\":\"quill\\\"work\",\"name\":\"Quillwork\"}";
        let dictionary = Dictionary::from_jsonl(app).unwrap();
        let entry = dictionary.entry_id("quill\"work");
        for id in ["a", "", "a\"b\\c\n\u{1}", "Ä,"] {
            for parts in [0_u32, 1, 10, 500, 9_876, 9_990, 9_999, 10_000] {
                for app in [None, entry] {
                    let score = f64::from(parts) / 10_000.0;
                    let verdict = Verdict { app, score, band: Band::of_score(score), candidate: entry };
                    let mut out = Vec::new();
                    Format::JsonLines.write(id, &verdict, Told::Nothing, &dictionary, &mut out);
                    let known =
                        |entry: Option<crate::EntryId>| entry.map(|e| dictionary.get(e).id.as_str().into());
                    let prediction = Prediction {
                        id: id.to_owned(),
                        app_id: known(app),
                        score,
                        band: verdict.band,
                        candidate: known(entry),
                    };
                    assert_eq!(out, by_serde(&prediction));
                    let mut written = Vec::new();
                    Format::Csv.write(id, &verdict, Told::Nothing, &dictionary, &mut written);
                    let mut reader =
                        csv::ReaderBuilder::new().has_headers(false).from_reader(written.as_slice());
                    let record = reader.records().next().unwrap().unwrap();
                    assert_eq!(&record[0], id);
                    assert_eq!(record[2].parse::<f64>().unwrap().to_bits(), score.to_bits());
                }
            }
        }
    }
}
