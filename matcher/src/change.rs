//! What would change a decision: the smallest change of a line that leads to another answer (feature M12).
//!
//! Changes are tried, not computed: a word taken out, a text emptied, the line booked elsewhere, an acquisition named.
//! Each is decided like any line, so what is told here is what would happen. The smallest is the one with the fewest
//! characters changed, and of equal ones the first in the order of the fields.

use std::sync::Arc;

use serde::Serialize;

use crate::band::Band;
use crate::explain::Field;
use crate::matcher::Matcher;
use crate::normalize::Normalized;
use crate::scratch::Scratch;
use crate::texts::ExpenseTexts;

/// A change of one field, and what it would lead to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The field.
    pub field: Field,
    /// The text as it stands.
    pub from: String,
    /// The text as it would have to be.
    pub to: String,
    /// The app that the line would then pay for, or none.
    pub app_id: Option<Arc<str>>,
    /// Its score.
    pub score: f64,
    /// The score's band.
    pub band: Band,
}

/// What else a line may be booked as, and what a purpose may say besides: ordinary words of every customer.
const BOOKED: [&str; 3] = ["Software", "Miscellaneous", "Business Meal"];
const ACQUIRED: &str = "subscription";

impl Matcher {
    /// The smallest change of a line that leads to another app, or to none; `None` when no single change does.
    pub fn smallest_change(&self, texts: &ExpenseTexts<'_>, scratch: &mut Scratch) -> Option<Change> {
        let decided = self.judge(texts, scratch).app;
        let mut smallest: Option<(usize, Change)> = None;
        for (cost, field, to) in changes(texts) {
            if smallest.as_ref().is_some_and(|(least, _)| *least <= cost) {
                continue;
            }
            let verdict = self.judge(&changed(texts, field, &to), scratch);
            if verdict.app != decided {
                let change = Change {
                    field,
                    from: text_of(texts, field).to_owned(),
                    to,
                    app_id: verdict.app.map(|app| self.id(app)),
                    score: verdict.score,
                    band: verdict.band,
                };
                smallest = Some((cost, change));
            }
        }
        smallest.map(|(_, change)| change)
    }
}

fn text_of<'t>(texts: &ExpenseTexts<'t>, field: Field) -> &'t str {
    match field {
        Field::VendorDescription => texts.vendor_description,
        Field::BusinessPurpose => texts.business_purpose,
        Field::ExpenseTypeName => texts.expense_type_name,
        Field::SpendCategory => texts.spend_category,
    }
}

/// The line with another text. Codes say the same as the names they stand beside, so they change with them.
fn changed<'t>(texts: &ExpenseTexts<'t>, field: Field, to: &'t str) -> ExpenseTexts<'t> {
    let mut changed = *texts;
    match field {
        Field::VendorDescription => changed.vendor_description = to,
        Field::BusinessPurpose => changed.business_purpose = to,
        Field::ExpenseTypeName => {
            (changed.expense_type_name, changed.expense_type_code) = (to, None);
            (changed.spend_category, changed.spend_category_code) = ("", None);
        }
        Field::SpendCategory => (changed.spend_category, changed.spend_category_code) = (to, None),
    }
    changed
}

/// All changes that are tried, each with what it costs.
fn changes(texts: &ExpenseTexts<'_>) -> Vec<(usize, Field, String)> {
    let mut tried = Vec::new();
    for field in [Field::VendorDescription, Field::BusinessPurpose] {
        let text = text_of(texts, field);
        let text = &text[..text.floor_char_boundary(crate::TEXT_BYTES_MAX)];
        let words = Normalized::of(text);
        for at in 0..words.len() {
            let (start, end) = words.source_span(&(at..at + 1));
            let without = format!("{}{}", &text[..start], &text[end..]);
            tried.push((end - start, field, without.trim().to_owned()));
        }
        if !text.is_empty() {
            tried.push((text.len(), field, String::new()));
        }
    }
    let purpose = texts.business_purpose;
    tried.push((ACQUIRED.len(), Field::BusinessPurpose, format!("{purpose} {ACQUIRED}").trim().to_owned()));
    let booked = texts.expense_type_name;
    for other in BOOKED {
        // Booking a line elsewhere takes one choice from a list; it counts like a word.
        tried.push((other.len().max(booked.len()), Field::ExpenseTypeName, other.to_owned()));
    }
    tried
}
