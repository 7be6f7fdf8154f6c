//! Totals by app and currency. Currencies are never added to one another.

use std::collections::BTreeMap;

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

/// What one app costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AppTotal {
    /// The app's id in the dictionary.
    pub app_id: String,
    /// Its name, where this dictionary still has it.
    pub name: Option<String>,
    /// Its category in the dictionary (not Concur's spend category).
    pub app_category: Option<String>,
    /// Lines that pay for it.
    pub lines: u64,
    /// Posted amounts by currency.
    pub totals: Vec<CurrencyTotal>,
}

/// A sum in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CurrencyTotal {
    /// ISO 4217 code.
    pub currency: String,
    /// Sum of posted amounts; refunds subtract.
    #[schema(value_type = String, format = "decimal", example = "12.50")]
    pub posted: Decimal,
    /// Lines in this currency.
    pub lines: u64,
}

/// A page of apps, most lines first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AppTotals {
    /// The apps.
    pub apps: Vec<AppTotal>,
    /// Apps on all pages together.
    pub total_apps: usize,
    /// Lines matched to any app, on all pages together.
    pub matched_lines: u64,
    /// Lines that count as spend and are matched to no app.
    pub unmatched_lines: u64,
    /// Where the next page begins; absent on the last one.
    pub next_cursor: Option<String>,
}

/// Totals of the lines that pass a filter, by app. Parents of itemizations, personal and removed lines do not count.
///
/// # Errors
/// [`Error::BadCursor`] for a cursor that is not one of ours; otherwise the store refuses.
pub async fn apps(
    store: &Store,
    account: AccountId,
    dictionary: &Dictionary,
    filter: Filter,
    request: &PageRequest,
) -> Result<AppTotals, Error> {
    let totals = store
        .read(move |conn| store::lines::sums(conn, account, &filter, By { app: true, ..By::default() }))
        .await?;
    let (ranked, unmatched_lines) = rank(totals);
    let start = match &request.cursor {
        None => 0,
        Some(cursor) => 1 + ranked.iter().position(|app| app.app_id == *cursor).ok_or(Error::BadCursor)?,
    };
    let end = (start + request.limit()).min(ranked.len());
    let next_cursor = (end < ranked.len()).then(|| ranked[end - 1].app_id.clone());
    let apps = ranked[start..end].iter().map(|app| named(app.clone(), dictionary)).collect();
    Ok(AppTotals {
        apps,
        total_apps: ranked.len(),
        matched_lines: ranked.iter().map(|app| app.lines).sum(),
        unmatched_lines,
        next_cursor,
    })
}

/// Groups rows by app, most lines first, ties by id; and counts the lines without an app.
fn rank(totals: Vec<Sum>) -> (Vec<AppTotal>, u64) {
    let mut unmatched = 0;
    let mut by_app: BTreeMap<String, AppTotal> = BTreeMap::new();
    for total in totals {
        let Some(app_id) = total.app_id else {
            unmatched += total.lines;
            continue;
        };
        let app = by_app.entry(app_id.clone()).or_insert_with(|| AppTotal {
            app_id,
            name: None,
            app_category: None,
            lines: 0,
            totals: Vec::new(),
        });
        app.lines += total.lines;
        app.totals.push(CurrencyTotal { currency: total.currency, posted: total.posted, lines: total.lines });
    }
    let mut ranked: Vec<AppTotal> = by_app.into_values().collect();
    ranked.sort_by(|a, b| b.lines.cmp(&a.lines).then_with(|| a.app_id.cmp(&b.app_id)));
    for app in &mut ranked {
        app.totals.sort_by(|a, b| a.currency.cmp(&b.currency));
    }
    (ranked, unmatched)
}

fn named(mut app: AppTotal, dictionary: &Dictionary) -> AppTotal {
    if let Some(entry) = dictionary.app(&app.app_id) {
        app.name = Some(entry.name.clone());
        app.app_category.clone_from(&entry.category);
    }
    app
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(app: Option<&str>, currency: &str, lines: u64, posted: &str) -> Sum {
        let day = "2026-01-02".parse().unwrap();
        Sum {
            app_id: app.map(str::to_owned),
            month: String::new(),
            owner: String::new(),
            currency: currency.to_owned(),
            lines,
            posted: posted.parse().unwrap(),
            first: day,
            last: day,
        }
    }

    #[test]
    fn currencies_stay_apart_and_the_app_with_most_lines_comes_first() {
        let (apps, unmatched) = rank(vec![
            total(Some("slack"), "USD", 2, "30.50"),
            total(None, "EUR", 7, "100"),
            total(Some("zoom"), "EUR", 4, "59.96"),
            total(Some("slack"), "EUR", 1, "10"),
        ]);
        assert_eq!(unmatched, 7);
        let order: Vec<_> = apps.iter().map(|app| (app.app_id.as_str(), app.lines)).collect();
        assert_eq!(order, [("zoom", 4), ("slack", 3)]);
        let slack: Vec<_> =
            apps[1].totals.iter().map(|sum| (sum.currency.as_str(), sum.posted.to_string())).collect();
        assert_eq!(slack, [("EUR", "10".to_owned()), ("USD", "30.50".to_owned())]);
    }

    #[test]
    fn ties_are_broken_by_id_so_that_pages_are_stable() {
        let (apps, _) = rank(vec![total(Some("b"), "EUR", 1, "1"), total(Some("a"), "EUR", 1, "1")]);
        assert_eq!(apps.iter().map(|app| app.app_id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }
}
