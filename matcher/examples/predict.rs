//! Decides expense lines from a file of JSON lines and writes a prediction for each to standard output.
//!
//! `cargo run -p matcher --example predict -- apps.jsonl lines.jsonl`

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use matcher::{Dictionary, Matcher, batch};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(dictionary), Some(lines)) = (arguments.next(), arguments.next()) else {
        return Err("give two files: the dictionary and the lines, both JSON lines".into());
    };
    let dictionary = Dictionary::from_jsonl(&std::fs::read_to_string(dictionary)?)?;
    let matcher = Matcher::new(Arc::new(dictionary));
    let mut scratch = matcher.scratch();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::fs::read_to_string(lines)?.lines() {
        let row: batch::Row<'_> = serde_json::from_str(line)?;
        serde_json::to_writer(&mut out, &batch::predict(&matcher, &row, &mut scratch))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
