//! Writes made-up labelled lines to standard output, and the dictionary to decide them with to a file.
//!
//! `cargo run -p matcher --example held_out -- apps.jsonl SEED COUNT known.jsonl > rows.jsonl`

use std::error::Error;
use std::io::Write;

#[path = "../tests/held_out/make/mod.rs"]
mod make;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dictionary, seed, count, known] = arguments.as_slice() else {
        return Err(
            "give the dictionary, a seed, a number of lines for each class, and a file for the dictionary"
                .into(),
        );
    };
    let dictionary = matcher::Dictionary::from_jsonl(&std::fs::read_to_string(dictionary)?)?;
    let apps: Vec<matcher::App> = dictionary.iter().map(|(_, app)| app.clone()).collect();
    let made = make::make(&apps, count.parse()?, seed.parse()?);
    let mut file = std::io::BufWriter::new(std::fs::File::create(known)?);
    for app in &made.known {
        writeln!(file, "{}", serde_json::to_string(app)?)?;
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for row in &made.rows {
        writeln!(out, "{}", serde_json::to_string(row)?)?;
    }
    Ok(())
}
