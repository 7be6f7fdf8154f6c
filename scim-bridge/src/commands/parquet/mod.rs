//! Parquet files: answers written as one, and rows of one read as CSV.

mod of_lines;
mod read;
mod write;

pub(super) use of_lines::OfLines;
pub(super) use read::{AsCsv, MAGIC};
pub(super) use write::Writer;

use ::parquet::errors::ParquetError;

/// How a value stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// UTF-8; lists and objects as JSON.
    Text,
    /// A whole number, 64 bits.
    Count,
    /// A number in double precision.
    Number,
    /// Yes or no.
    Flag,
    /// A day.
    Date,
    /// A decimal of 38 digits, [`AMOUNT_SCALE`] of them behind the point.
    Amount,
}

/// Digits behind the point of an amount. No currency has more than four; prices of metered services may.
const AMOUNT_SCALE: u32 = 8;

impl Kind {
    /// What a column of an answer holds. Files of different days have the same types, so they follow from its name and
    /// from whether it holds lists, and from no value.
    fn of(column: &str, holds_lists: bool) -> Kind {
        match column {
            _ if holds_lists => Kind::Text,
            "lines" | "lines_after" => Kind::Count,
            "score" | "match_score" => Kind::Number,
            "is_personal" | "pinned" | "match_pinned" | "varies" => Kind::Flag,
            "transaction_date" | "first" | "last" | "expected" => Kind::Date,
            "posted" | "amount" | "yearly" => Kind::Amount,
            column if column.ends_with("_amount") => Kind::Amount,
            _ => Kind::Text,
        }
    }
}

fn failed(error: ParquetError) -> anyhow::Error {
    anyhow::Error::new(error).context("cannot write Parquet")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
    use serde_json::{Value, json};

    use super::*;

    fn file(columns: &[&str], rows: &[Vec<Value>]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        let mut writer = Writer::new(file.reopen().unwrap(), &columns, |_| false).unwrap();
        for row in rows {
            writer.row(&row.iter().collect::<Vec<_>>()).unwrap();
        }
        writer.finish().unwrap();
        file
    }

    fn csv(path: &std::path::Path) -> String {
        let mut text = String::new();
        AsCsv::open(path).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn rows_come_back_as_they_were_with_types_and_without_what_was_absent() {
        let columns =
            ["owner", "transaction_date", "posted_amount", "lines", "match_score", "is_personal", "apps"];
        let rows = [
            vec![
                json!("Zoë, \"Z\""),
                json!("1969-12-31"),
                json!("-12.50"),
                json!(3),
                json!(0.25),
                json!(true),
                json!([1, "a"]),
            ],
            vec![Value::Null; 7],
            vec![
                json!(""),
                json!("2026-02-28"),
                json!("0.00000001"),
                json!(-1),
                json!(1.0),
                json!(false),
                json!({}),
            ],
        ];
        let file = file(&columns, &rows);
        let reader = SerializedFileReader::new(file.reopen().unwrap()).unwrap();
        let schema = reader.metadata().file_metadata().schema_descr();
        let types: Vec<String> = schema
            .columns()
            .iter()
            .map(|column| format!("{} {:?}", column.physical_type(), column.converted_type()))
            .collect();
        assert_eq!(
            types,
            [
                "BYTE_ARRAY UTF8",
                "INT32 DATE",
                "FIXED_LEN_BYTE_ARRAY DECIMAL",
                "INT64 NONE",
                "DOUBLE NONE",
                "BOOLEAN NONE",
                "BYTE_ARRAY UTF8"
            ]
        );
        assert_eq!(
            csv(file.path()),
            "owner,transaction_date,posted_amount,lines,match_score,is_personal,apps\n\
             \"Zoë, \"\"Z\"\"\",1969-12-31,-12.50000000,3,0.25,true,\"[1,\"\"a\"\"]\"\n\
             ,,,,,,\n\
             ,2026-02-28,0.00000001,-1,1.0,false,{}\n"
        );
    }

    #[test]
    fn json_lines_become_rows_however_they_are_cut() {
        use std::io::Write as _;
        let lines = "{\"id\":\"a\\nb\",\"score\":0.5,\"rule\":null}\n\n{\"id\":\"c\",\"other\":1}";
        for piece in [1, 7, 1_000] {
            let file = tempfile::NamedTempFile::new().unwrap();
            let columns = ["id", "score", "rule"].map(str::to_owned).to_vec();
            let mut rows = OfLines::new(file.reopen().unwrap(), columns).unwrap();
            for part in lines.as_bytes().chunks(piece) {
                rows.write_all(part).unwrap();
            }
            rows.finish().unwrap();
            assert_eq!(csv(file.path()), "id,score,rule\n\"a\nb\",0.5,\nc,,\n");
        }
        let mut rows = OfLines::new(Vec::new(), vec!["id".to_owned()]).unwrap();
        assert!(rows.write_all(b"no line\n").is_err());
    }

    #[test]
    fn many_rows_are_several_groups() {
        let rows: Vec<Vec<Value>> = (0..120_000).map(|n| vec![json!(n)]).collect();
        let file = file(&["lines"], &rows);
        let reader = SerializedFileReader::new(file.reopen().unwrap()).unwrap();
        assert_eq!(reader.num_row_groups(), 3);
        let text = csv(file.path());
        assert_eq!(text.lines().count(), 120_001);
        assert!(text.lines().skip(1).enumerate().all(|(n, line)| line == n.to_string()));
    }

    #[test]
    fn a_value_that_does_not_fit_names_its_column_and_what_is_no_file_says_so() {
        let mut writer = Writer::new(Vec::new(), &["posted".to_owned()], |_| false).unwrap();
        let error = format!("{:#}", writer.row(&[&json!("0.000000001")]).unwrap_err());
        assert!(error.contains("column posted") && error.contains("more than 8 digits"), "{error}");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"PAR1 and no more").unwrap();
        let error = AsCsv::open(file.path()).err().unwrap().to_string();
        assert!(error.contains(&file.path().display().to_string()), "{error}");
    }

    /// Every member of the answers has the type that the description of the API gives it.
    #[test]
    fn columns_have_the_types_of_the_api() {
        let described = serde_json::to_value(crate::http::openapi::document()).unwrap();
        let schemas = &described["components"]["schemas"];
        let mut checked = 0;
        for (schema, prefix) in [
            ("LineView", ""),
            ("Amount", "posted_"),
            ("Decision", "match_"),
            ("TotalRow", ""),
            ("AppTotal", ""),
            ("Subscription", ""),
            ("PossibleDuplicate", ""),
            ("Leaver", ""),
        ] {
            let properties = schemas[schema]["properties"].as_object().unwrap_or_else(|| panic!("{schema}"));
            for (name, property) in properties {
                // Its members are columns of their own.
                if property["$ref"].as_str().is_some_and(|to| to.ends_with("/Amount")) {
                    continue;
                }
                let types = property["type"].to_string();
                let expected = match property["format"].as_str() {
                    Some("date") => Kind::Date,
                    Some("decimal") => Kind::Amount,
                    _ if types.contains("integer") => Kind::Count,
                    _ if types.contains("number") => Kind::Number,
                    _ if types.contains("boolean") => Kind::Flag,
                    _ => Kind::Text,
                };
                let holds_lists = types.contains("array");
                assert_eq!(
                    Kind::of(&format!("{prefix}{name}"), holds_lists),
                    expected,
                    "{schema}.{name}: {property}"
                );
                checked += 1;
            }
        }
        assert!(checked > 50, "{checked}");
    }
}
