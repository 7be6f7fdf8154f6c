//! What makes an imported line the same line when its file, or a file that overlaps it, is imported again.
//!
//! Concur's entry id where the file has it; else everything that the row says. Equal rows of one file are real repeats
//! (two coffees, two licences): the second one of a kind is the second one in every other file too. The price: a repeat
//! that two files cut in half, one in each, counts once.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _};

use store::lines::NewLine;

/// Counts equal rows. Holds 16 bytes for each different row of the file.
#[derive(Debug, Default)]
pub(super) struct Keys {
    seen: HashMap<u64, u32, std::hash::BuildHasherDefault<Passed>>,
    repeats: u64,
}

/// The hash is its own hash.
#[derive(Debug, Default)]
pub(super) struct Passed(u64);

impl std::hash::Hasher for Passed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        let mut number = [0_u8; 8];
        let length = bytes.len().min(8);
        number[..length].copy_from_slice(&bytes[..length]);
        self.0 = u64::from_le_bytes(number);
    }
}

impl Keys {
    /// Gives a line its key.
    pub(super) fn assign(&mut self, line: &mut NewLine) {
        let content = content(line);
        let mut hasher = std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default().build_hasher();
        hasher.write(content.as_bytes());
        let occurrence = self.seen.entry(hasher.finish()).or_default();
        *occurrence += 1;
        if *occurrence > 1 {
            self.repeats += 1;
        }
        line.source_key = format!("{content}#{occurrence}");
    }

    /// Rows that say what an earlier one of the file says.
    pub(super) fn repeats(&self) -> u64 {
        self.repeats
    }
}

fn content(line: &NewLine) -> String {
    if let Some(entry) = &line.entry_id {
        return format!("entry/{}/{entry}", line.report_id.as_deref().unwrap_or_default());
    }
    let texts = &line.texts;
    let optional = [
        &line.report_id,
        &texts.vendor_description,
        &texts.business_purpose,
        &texts.expense_type_name,
        &texts.spend_category_name,
        &texts.description,
    ];
    let mut content = format!(
        "row/{}/{}/{} {}/{} {}",
        line.transaction_date,
        line.owner_login,
        line.posted.amount.normalize(),
        line.posted.currency,
        line.transaction.amount.normalize(),
        line.transaction.currency,
    );
    for text in optional {
        content.push('\u{1f}');
        content.push_str(text.as_deref().unwrap_or_default());
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::lines::{Money, Texts};

    fn line(vendor: &str, amount: &str, entry: Option<&str>) -> NewLine {
        let money = Money { amount: amount.parse().unwrap(), currency: "EUR".to_owned() };
        NewLine {
            source: super::super::SOURCE.to_owned(),
            source_key: String::new(),
            report_id: None,
            entry_id: entry.map(str::to_owned),
            itemization_id: None,
            owner_login: "ana".to_owned(),
            transaction_date: jiff::civil::date(2026, 1, 31),
            transaction: money.clone(),
            posted: money,
            texts: Texts { vendor_description: Some(vendor.to_owned()), ..Texts::default() },
            is_personal: false,
            has_itemizations: false,
            raw: serde_json::Value::Null,
        }
    }

    fn keys(lines: &[NewLine]) -> (Vec<String>, u64) {
        let mut keys = Keys::default();
        let assigned = lines
            .iter()
            .map(|line| {
                let mut line = line.clone();
                keys.assign(&mut line);
                line.source_key
            })
            .collect();
        (assigned, keys.repeats())
    }

    #[test]
    fn equal_rows_are_told_apart_and_come_back_under_the_same_keys() {
        let rows = [line("Zoom", "14.99", None), line("Zoom", "14.99", None), line("Zoom", "15", None)];
        let (first, repeats) = keys(&rows);
        assert_eq!(repeats, 1);
        assert_ne!(first[0], first[1]);
        assert_ne!(first[0], first[2]);
        let (again, _) =
            keys(&[line("Zoom", "15.00", None), line("Zoom", "14.990", None), line("Zoom", "14.99", None)]);
        assert_eq!(
            again,
            [first[2].clone(), first[0].clone(), first[1].clone()],
            "whatever the order and the spelling"
        );
    }

    #[test]
    fn an_entry_id_is_the_line_whatever_else_changed() {
        let (before, _) = keys(&[line("Zoom", "14.99", Some("E1"))]);
        let (after, _) = keys(&[line("ZOOM.US", "16", Some("E1"))]);
        assert_eq!(before, after);
    }
}
