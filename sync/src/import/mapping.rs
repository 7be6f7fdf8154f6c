//! Which column holds which field: found by the headings, changed by whoever knows better.

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::ImportError;
use super::field::{Field, plain};

/// Columns of the fields that a file has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Mapping(BTreeMap<Field, usize>);

/// What somebody says about a field: its heading (or `#3`), or nothing where it shall stay empty.
pub type Wishes = BTreeMap<Field, Option<String>>;

/// Reads `Field=heading`; an empty heading leaves the field out.
///
/// # Errors
/// [`ImportError::Mapping`] when there is no such field.
pub fn wish(text: &str) -> Result<(Field, Option<String>), ImportError> {
    let refuse = |reason: String| ImportError::Mapping { wish: text.to_owned(), reason };
    let (name, heading) = text
        .split_once('=')
        .ok_or_else(|| refuse("write FIELD=HEADING, like OwnerLogin=Employee".to_owned()))?;
    let field = Field::named(name).ok_or_else(|| {
        let known: Vec<&str> = Field::ALL.iter().map(|field| field.name()).collect();
        refuse(format!("there is no field {:?}; fields are {}", name.trim(), known.join(", ")))
    })?;
    let heading = heading.trim();
    Ok((field, (!heading.is_empty()).then(|| heading.to_owned())))
}

impl Mapping {
    /// Finds columns by their headings; wishes win. A column is used once, by the field that it names best.
    ///
    /// # Errors
    /// A wish for a column that is not there; or no column for the date, an amount, or any text to match.
    pub(super) fn find(headings: &[String], wishes: &Wishes) -> Result<Self, ImportError> {
        let mut found = BTreeMap::new();
        for (field, heading) in wishes {
            if let Some(heading) = heading {
                found.insert(*field, column(headings, *field, heading)?);
            }
        }
        let mut fits: Vec<(usize, Field, usize)> = Vec::new();
        for (column, heading) in headings.iter().enumerate() {
            for field in Field::ALL.iter().filter(|field| !wishes.contains_key(field)) {
                fits.extend(field.fits(heading).map(|fit| (fit, *field, column)));
            }
        }
        fits.sort_unstable();
        for (_, field, column) in fits {
            if !found.contains_key(&field) && !found.values().any(|taken| *taken == column) {
                found.insert(field, column);
            }
        }
        let mapping = Self(found);
        mapping.complete(headings)?;
        Ok(mapping)
    }

    fn complete(&self, headings: &[String]) -> Result<(), ImportError> {
        let one_of: [&[Field]; 3] = [
            &[Field::TransactionDate],
            &[Field::PostedAmount, Field::TransactionAmount],
            &[Field::VendorDescription, Field::BusinessPurpose, Field::Description],
        ];
        for fields in one_of {
            if !fields.iter().any(|field| self.0.contains_key(field)) {
                let headings = headings.iter().filter(|heading| !heading.is_empty()).cloned().collect();
                return Err(ImportError::MissingColumn { missing: fields.to_vec(), headings });
            }
        }
        Ok(())
    }

    /// The column of a field.
    pub(super) fn column(&self, field: Field) -> Option<usize> {
        self.0.get(&field).copied()
    }

    /// The field of a column.
    pub(super) fn field(&self, column: usize) -> Option<Field> {
        self.0.iter().find(|(_, taken)| **taken == column).map(|(field, _)| *field)
    }

    /// The text of a field in a row; empty where the row has none.
    pub(super) fn text<'a>(&self, cells: &'a [String], field: Field) -> &'a str {
        self.column(field).and_then(|column| cells.get(column)).map_or("", |cell| cell.trim())
    }
}

fn column(headings: &[String], field: Field, wanted: &str) -> Result<usize, ImportError> {
    let by_number = wanted.strip_prefix('#').and_then(|number| number.parse::<usize>().ok());
    let found = match by_number {
        Some(number) => number.checked_sub(1).filter(|column| *column < headings.len()),
        None => headings.iter().position(|heading| plain(heading) == plain(wanted)),
    };
    found.ok_or_else(|| ImportError::Mapping {
        wish: format!("{}={wanted}", field.name()),
        reason: format!("there is no such column; the headings are {}", headings.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headings(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn wishes(texts: &[&str]) -> Wishes {
        texts.iter().map(|text| wish(text).unwrap()).collect()
    }

    #[test]
    fn each_column_goes_to_the_field_that_it_names_best() {
        let names = headings(&[
            "Employee",
            "Report Entry Transaction Date",
            "Journal Amount",
            "Report Entry Vendor Name",
            "Report Entry Vendor Description",
            "Reimbursement Currency",
        ]);
        let mapping = Mapping::find(&names, &Wishes::new()).unwrap();
        assert_eq!(mapping.column(Field::VendorDescription), Some(4), "the description, not the name");
        assert_eq!(mapping.column(Field::PostedAmount), Some(2));
        assert_eq!(mapping.column(Field::PostedCurrency), Some(5));
        assert_eq!(mapping.field(0), Some(Field::OwnerLogin));
        assert_eq!(mapping.field(3), None);
    }

    #[test]
    fn a_wish_wins_by_heading_or_number_and_can_leave_a_field_out() {
        let names = headings(&["Date", "Amount", "Vendor", "Shop"]);
        let mapping = Mapping::find(&names, &wishes(&["VendorDescription=shop", "OwnerLogin=#3"])).unwrap();
        assert_eq!(mapping.column(Field::VendorDescription), Some(3));
        assert_eq!(mapping.column(Field::OwnerLogin), Some(2));
        let names = headings(&["Date", "Amount", "Vendor", "Comment"]);
        let mapping = Mapping::find(&names, &wishes(&["Description="])).unwrap();
        assert_eq!(mapping.column(Field::Description), None);
    }

    #[test]
    fn what_cannot_be_mapped_is_said_with_what_there_is() {
        #[track_caller]
        fn check(error: &ImportError, parts: &[&str]) {
            let text = error.to_string();
            assert!(parts.iter().all(|part| text.contains(part)), "{text}");
        }
        check(&wish("Colour=x").unwrap_err(), &["no field \"Colour\"", "VendorDescription"]);
        check(&wish("OwnerLogin").unwrap_err(), &["FIELD=HEADING"]);
        let names = headings(&["Date", "Amount", "Vendor"]);
        let missing = Mapping::find(&names, &wishes(&["OwnerLogin=Boss"])).unwrap_err();
        check(&missing, &["OwnerLogin=Boss", "Date, Amount, Vendor"]);
        let missing = Mapping::find(&headings(&["When", "Amount", "Vendor"]), &Wishes::new()).unwrap_err();
        check(&missing, &["TransactionDate", "--map TransactionDate=", "When, Amount, Vendor"]);
        let missing = Mapping::find(&headings(&["Date", "Vendor"]), &Wishes::new()).unwrap_err();
        check(&missing, &["PostedAmount or TransactionAmount"]);
    }
}
