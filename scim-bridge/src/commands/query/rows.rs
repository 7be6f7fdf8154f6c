//! Rows of an answer as columns for people, as CSV, as one JSON object a line, or as Parquet.

use std::fmt;
use std::io::{self, IsTerminal as _, Stdout, stdout};

use anyhow::Context as _;
use clap::ValueEnum;
use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::super::{Usage, output, parquet};

/// How to write an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Columns for people.
    Table,
    /// With a row of names. Amounts and matches have columns of their own, lists are JSON in their cell.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// A Parquet file, for a redirection: the columns of CSV, with types.
    Parquet,
}

/// Members that mean nothing to people.
const LEFT_OUT: [&str; 13] = [
    "why",
    "line_ids",
    "missed",
    "varies",
    "id",
    "source",
    "report_id",
    "entry_id",
    "itemization_id",
    "business_purpose_source",
    "expense_type_code",
    "spend_category_code",
    "is_personal",
];

/// Rows as they come. A table has to know all of them before it can pad its columns; the other formats are written at once,
/// so that a million lines take no memory.
pub(super) struct Rows {
    format: Format,
    columns: Vec<String>,
    table: Vec<Vec<String>>,
    csv: csv::Writer<Stdout>,
    parquet: Option<parquet::Writer<Stdout>>,
}

/// A row's members, in their order.
type Row = Vec<(String, Value)>;

impl Rows {
    /// # Errors
    /// [`Usage`] for Parquet on a terminal.
    pub(super) fn new(format: Format) -> anyhow::Result<Self> {
        if format == Format::Parquet && stdout().is_terminal() {
            return Err(Usage(
                "Parquet is nothing to look at: send it to a file, as in > lines.parquet".to_owned(),
            )
            .into());
        }
        let csv = csv::Writer::from_writer(stdout());
        Ok(Self { format, columns: Vec::new(), table: Vec::new(), csv, parquet: None })
    }

    /// A page of rows. The first one says which columns there are.
    pub(super) fn add<T: serde::Serialize>(&mut self, rows: &[T]) -> anyhow::Result<()> {
        if self.format == Format::Jsonl {
            return rows.iter().try_for_each(|row| output::result(&serde_json::to_string(row)?));
        }
        let for_people = self.format == Format::Table;
        let mut page: Vec<Row> = Vec::with_capacity(rows.len());
        for row in rows {
            let Members(mut members) = serde_json::from_str(&serde_json::to_string(row)?)?;
            if for_people {
                members.retain(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
            } else {
                members = flat(members);
            }
            page.push(members);
        }
        if self.columns.is_empty() && !page.is_empty() {
            self.columns = columns(&page);
            match self.format {
                Format::Csv => write_record(&mut self.csv, &self.columns)?,
                Format::Parquet => {
                    let members = || page.iter().flatten();
                    let holds_lists =
                        |column: &str| members().any(|(name, value)| name == column && value.is_array());
                    self.parquet = Some(parquet::Writer::new(stdout(), &self.columns, holds_lists)?);
                }
                Format::Table | Format::Jsonl => {}
            }
        }
        page.iter().try_for_each(|row| self.add_row(row))
    }

    fn add_row(&mut self, row: &Row) -> anyhow::Result<()> {
        // A member that a row does not have is absent, so cells are found by name.
        let of = |column: &String| {
            row.iter().find(|(name, _)| name == column).map_or(&Value::Null, |(_, value)| value)
        };
        let cells = self.columns.iter().map(|column| (column, of(column)));
        if let Some(parquet) = &mut self.parquet {
            return parquet.row(&cells.map(|(_, value)| value).collect::<Vec<_>>());
        }
        if self.format == Format::Table {
            self.table.push(cells.map(|(column, value)| words(column, value)).collect());
            return Ok(());
        }
        write_record(&mut self.csv, cells.map(|(_, value)| plain(value)))
    }

    /// Writes what waits for the last row.
    pub(super) fn end(mut self) -> anyhow::Result<()> {
        self.csv.flush()?;
        if let Some(parquet) = self.parquet {
            return parquet.finish();
        }
        if self.format == Format::Parquet {
            anyhow::bail!("nothing found, and no file written: without rows there are no columns");
        }
        if self.columns.is_empty() && self.format != Format::Jsonl {
            output::note("nothing found");
        } else if self.format == Format::Table {
            let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
            output::table(&columns, &self.table)?;
        }
        Ok(())
    }
}

/// A row of CSV. A closed pipe shows as one: the error of `csv` hides what it was caused by.
fn write_record<T: AsRef<[u8]>>(
    csv: &mut csv::Writer<Stdout>,
    cells: impl IntoIterator<Item = T>,
) -> anyhow::Result<()> {
    let written = csv.write_record(cells).map_err(|error| {
        let text = error.to_string();
        match error.into_kind() {
            csv::ErrorKind::Io(error) => error,
            _ => io::Error::other(text),
        }
    });
    written.context("cannot write")
}

/// The columns of rows of which each may lack some: each behind the one that it follows in its row.
fn columns(rows: &[Row]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for row in rows {
        let mut next = 0;
        for (name, _) in row {
            if let Some(at) = columns.iter().position(|column| column == name) {
                next = at + 1;
            } else {
                columns.insert(next, name.clone());
                next += 1;
            }
        }
    }
    columns
}

/// The members of an object in the order in which they are written.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(InOrder)
    }
}

/// What a line's `match` holds once there is one: the columns do not depend on whether the first line was decided.
const MATCH: [&str; 9] =
    ["status", "app_id", "app_name", "score", "band", "matched_by", "rule", "candidate", "pinned"];

/// Members of objects as columns of their own, such as `posted_amount`.
fn flat(members: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let mut columns = Vec::with_capacity(members.len());
    for (name, value) in members {
        match value {
            Value::Null if name == "match" => {
                columns.extend(MATCH.map(|member| (format!("match_{member}"), Value::Null)));
            }
            Value::Object(mut object) if name == "match" => {
                let take = |member| (format!("match_{member}"), object.remove(member).unwrap_or_default());
                columns.extend(MATCH.map(take));
            }
            Value::Object(object) => {
                columns.extend(object.into_iter().map(|(member, value)| (format!("{name}_{member}"), value)));
            }
            value => columns.push((name, value)),
        }
    }
    columns
}

/// What people want to read of a value.
fn words(name: &str, value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(|item| words(name, item)).collect::<Vec<_>>().join("; "),
        Value::Object(object) => {
            let of = |name: &str| object.get(name).map(|value| words(name, value)).unwrap_or_default();
            let joined = |names: &[&str]| {
                let parts = names.iter().map(|name| of(name)).filter(|part| !part.is_empty());
                parts.collect::<Vec<_>>().join(" ")
            };
            if object.contains_key("last") {
                format!("{} (last {})", joined(&["app_id", "totals"]), of("last"))
            } else if object.contains_key("band") {
                joined(&["app_id", "status", "band"])
            } else {
                joined(&["posted", "amount", "currency"])
            }
        }
        Value::String(text) if matches!(name, "posted" | "amount" | "yearly") => money(text),
        other => plain(other),
    }
}

/// At least two decimals, so that columns line up; none is cut.
fn money(text: &str) -> String {
    match text.parse::<Decimal>() {
        Ok(mut amount) if amount.scale() < 2 => {
            amount.rescale(2);
            amount.to_string()
        }
        _ => text.to_owned(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_member_that_the_first_row_lacks_has_a_column_at_its_place() {
        let row =
            |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), Value::Null)).collect::<Row>();
        let rows =
            [row(&["app_id", "lines"]), row(&["app_id", "app_name", "lines"]), row(&["lines", "last"])];
        assert_eq!(columns(&rows), ["app_id", "app_name", "lines", "last"]);
    }

    #[test]
    fn members_keep_their_order_and_nested_ones_are_told_in_words() {
        let Members(members) = serde_json::from_str(r#"{"b": 1, "a": {"x": 2}}"#).unwrap();
        assert_eq!(members.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        let totals = json!([{"currency": "EUR", "posted": "193.0"}, {"currency": "USD", "posted": "0.125"}]);
        assert_eq!(words("totals", &totals), "193.00 EUR; 0.125 USD");
        let app = json!({"app_id": "zoom", "lines": 2, "last": "2026-03-04", "totals": totals});
        assert_eq!(words("apps", &app), "zoom 193.00 EUR; 0.125 USD (last 2026-03-04)");
        let undecided = vec![
            ("posted".to_owned(), json!({"amount": "1", "currency": "EUR"})),
            ("match".to_owned(), Value::Null),
        ];
        let decided =
            vec![undecided[0].clone(), ("match".to_owned(), json!({"status": "matched", "app_id": "zoom"}))];
        let names = |row: &[(String, Value)]| row.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let (undecided, decided) = (flat(undecided), flat(decided));
        assert_eq!(names(&undecided), names(&decided), "the columns of a file are the same for every line");
        assert_eq!(names(&decided)[..3], ["posted_amount", "posted_currency", "match_status"]);
        let decided = json!({"status": "unmatched", "app_id": null, "band": "none"});
        assert_eq!(words("match", &decided), "unmatched none");
    }
}
