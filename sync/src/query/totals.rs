//! What was spent, told apart by any of app, month, owner and department; always by currency.

use std::collections::BTreeMap;

use jiff::civil::Date;
use matcher::Dictionary;
use rust_decimal::Decimal;
use serde::Serialize;
use store::{
    Store,
    ids::AccountId,
    lines::{By, Filter, Sum},
};
use utoipa::ToSchema;

use super::page::PageRequest;
use crate::Error;
use crate::departments::Departments;

/// By what totals are told apart.
#[expect(clippy::struct_excessive_bools, reason = "each is one column, there or not")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dimensions {
    /// The app, or none.
    pub app: bool,
    /// The month of the purchase.
    pub month: bool,
    /// The owner's login.
    pub owner: bool,
    /// The owner's department, as Concur has it today.
    pub department: bool,
}

impl Dimensions {
    /// The names that [`Dimensions::parse`] knows.
    pub const NAMES: [&str; 4] = ["app", "month", "owner", "department"];

    /// From names with commas between them, such as `app,month`; `None` when one is unknown.
    pub fn parse(text: &str) -> Option<Self> {
        let mut by = Self::default();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name {
                "app" => by.app = true,
                "month" => by.month = true,
                "owner" => by.owner = true,
                "department" => by.department = true,
                _ => return None,
            }
        }
        Some(by)
    }
}

/// One total. Members that were not asked by are absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TotalRow {
    /// The app's id; `null` for lines that are matched to no app.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub app_id: Option<Option<String>>,
    /// Its name, where this dictionary still has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_name: Option<String>,
    /// `2026-03`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    /// Login of the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Department of the owner; `null` where Concur knows none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub department: Option<Option<String>>,
    /// ISO 4217 code.
    pub currency: String,
    /// Sum of posted amounts; refunds subtract.
    #[schema(value_type = String, format = "decimal", example = "12.50")]
    pub posted: Decimal,
    /// Lines.
    pub lines: u64,
    /// Day of the first of them.
    #[schema(value_type = String, format = Date)]
    pub first: Date,
    /// Day of the last of them.
    #[schema(value_type = String, format = Date)]
    pub last: Date,
}

/// A page of totals, sorted by what they are told apart by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Totals {
    /// The rows.
    pub totals: Vec<TotalRow>,
    /// Rows on all pages together.
    pub total_rows: usize,
    /// Where the next page begins; absent on the last one.
    pub next_cursor: Option<String>,
}

/// What tells two rows apart, in the order of the page.
type Key = (String, String, String, String, String);

/// Totals of the lines that pass a filter. Parents of itemizations, personal and removed lines do not count.
///
/// # Errors
/// [`Error::BadCursor`] for a cursor that is not one of ours; otherwise the store refuses.
pub async fn totals(
    store: &Store,
    account: AccountId,
    dictionary: &Dictionary,
    filter: Filter,
    by: Dimensions,
    request: &PageRequest,
) -> Result<Totals, Error> {
    let asked = By { app: by.app, month: by.month, owner: by.owner || by.department };
    let (sums, people) = store
        .read(move |conn| {
            let sums = store::lines::sums(conn, account, &filter, asked)?;
            let people = if by.department { store::people::in_concur(conn, account)? } else { Vec::new() };
            Ok((sums, people))
        })
        .await?;
    let rows = rows(sums, by, &Departments::of(people));
    let slice = request.slice(rows.len())?;
    Ok(Totals {
        total_rows: rows.len(),
        next_cursor: slice.next_cursor(rows.len()),
        totals: slice.of(rows.into_values()).map(|row| named(row, dictionary)).collect(),
    })
}

/// Folds owners into departments where only these are asked for.
fn rows(sums: Vec<Sum>, by: Dimensions, departments: &Departments) -> BTreeMap<Key, TotalRow> {
    let mut rows: BTreeMap<Key, TotalRow> = BTreeMap::new();
    for sum in sums {
        let department = departments.get(&sum.owner).map(str::to_owned);
        let department = by.department.then_some(department);
        let owner = by.owner.then_some(sum.owner);
        let key = (
            sum.app_id.clone().unwrap_or_default(),
            sum.month.clone(),
            department.clone().flatten().unwrap_or_default(),
            owner.clone().unwrap_or_default(),
            sum.currency.clone(),
        );
        let row = rows.entry(key).or_insert_with(|| TotalRow {
            app_id: by.app.then_some(sum.app_id),
            app_name: None,
            month: by.month.then_some(sum.month),
            owner,
            department,
            currency: sum.currency,
            posted: Decimal::ZERO,
            lines: 0,
            first: sum.first,
            last: sum.last,
        });
        row.posted += sum.posted;
        row.lines += sum.lines;
        (row.first, row.last) = (row.first.min(sum.first), row.last.max(sum.last));
    }
    rows
}

fn named(mut row: TotalRow, dictionary: &Dictionary) -> TotalRow {
    let app = row.app_id.as_ref().and_then(Option::as_deref).and_then(|id| dictionary.app(id));
    row.app_name = app.map(|app| app.name.clone());
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(app: Option<&str>, owner: &str, posted: &str, day: &str) -> Sum {
        let day = day.parse().unwrap();
        Sum {
            app_id: app.map(str::to_owned),
            month: String::new(),
            owner: owner.to_owned(),
            currency: "EUR".to_owned(),
            lines: 1,
            posted: posted.parse().unwrap(),
            first: day,
            last: day,
        }
    }

    #[test]
    fn names_of_dimensions_are_read_and_others_refused() {
        let by = Dimensions::parse("app, month").unwrap();
        assert!(by.app && by.month && !by.owner && !by.department);
        assert_eq!(Dimensions::parse(""), Some(Dimensions::default()));
        assert_eq!(Dimensions::parse("app,colour"), None);
        assert!(Dimensions::NAMES.iter().all(|name| Dimensions::parse(name).is_some()));
    }

    #[test]
    fn owners_fold_into_their_departments_and_those_without_one_are_told() {
        let departments = Departments::from([("zoe@x", "Sales"), ("max@x", "Sales")]);
        let by = Dimensions { department: true, ..Dimensions::default() };
        let sums = vec![
            sum(None, "Zoe@x", "10.10", "2026-01-02"),
            sum(None, "max@x", "0.90", "2026-03-04"),
            sum(None, "gone@x", "5", "2026-02-02"),
        ];
        let found: Vec<_> = rows(sums, by, &departments).into_values().collect();
        let shown: Vec<_> = found
            .iter()
            .map(|row| (row.department.clone().unwrap(), row.posted.to_string(), row.lines))
            .collect();
        assert_eq!(shown, [(None, "5".to_owned(), 1), (Some("Sales".to_owned()), "11.00".to_owned(), 2)]);
        assert_eq!(
            (found[1].first.to_string(), found[1].last.to_string()),
            ("2026-01-02".to_owned(), "2026-03-04".to_owned())
        );
        assert!(found.iter().all(|row| row.owner.is_none() && row.app_id.is_none() && row.month.is_none()));
    }
}
