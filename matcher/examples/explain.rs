//! Says why a line is decided as it is: the decision with its whole explanation, as JSON.
//!
//! `cargo run -p matcher --example explain -- apps.jsonl "PAYPAL *QUILLWORK" "annual plan" "Software"`

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use matcher::{Dictionary, ExpenseTexts, Matcher};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = |at: usize| arguments.get(at).map_or("", String::as_str);
    if arguments.len() < 2 {
        return Err(
            "give the dictionary and a vendor; then, if you like, purpose, expense type and category".into(),
        );
    }
    let matcher = Matcher::new(Arc::new(Dictionary::from_jsonl(&std::fs::read_to_string(text(0))?)?));
    let texts = ExpenseTexts {
        vendor_description: text(1),
        business_purpose: text(2),
        expense_type_name: text(3),
        spend_category: text(4),
        ..ExpenseTexts::default()
    };
    let decision = matcher.decide(&texts, &mut matcher.scratch());
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &decision)?;
    writeln!(out)?;
    Ok(())
}
