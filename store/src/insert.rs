//! Very many plain rows of one table.
//!
//! SQLite takes them one after the other by a statement that is prepared once. PostgreSQL takes them column by column, as
//! arrays: the text of the statement is the same for any number of rows, where a list of values takes longer to read and to
//! plan than to store.

/// Rows of a PostgreSQL statement: what it carries stays some megabytes.
pub(crate) const ROWS: usize = 5_000;

/// Inserts rows: `insert_rows!(conn, line_raw[line_no, raw], rows)`, where `rows` gives references to a struct that has these
/// columns, all of its own, as its fields.
macro_rules! insert_rows {
    ($conn:expr, $table:ident[$($column:ident),+ $(,)?], $rows:expr) => {
        match &mut *$conn.pooled {
            $crate::conn::Raw::Sqlite(c) => $crate::conn::one_by_one(|| {
                for row in $rows {
                    diesel::RunQueryDsl::execute(diesel::insert_into($table::table).values(row), &mut **c)?;
                }
                Ok(())
            }),
            $crate::conn::Raw::Postgres(c) => $crate::conn::one_by_one(|| {
                let rows: Vec<_> = $rows.collect();
                for rows in rows.chunks($crate::insert::ROWS) {
                    let text = $crate::insert::from_arrays(stringify!($table), &[$(stringify!($column)),+]);
                    let statement = diesel::sql_query(text)$(
                        .bind::<diesel::sql_types::Array<<$table::$column as diesel::Expression>::SqlType>, _>(
                            rows.iter().map(|row| &row.$column).collect::<Vec<_>>(),
                        )
                    )+;
                    diesel::RunQueryDsl::execute(statement, &mut ***c)?;
                }
                Ok(())
            }),
        }
        .map_err($crate::Error::from)
    };
}
pub(crate) use insert_rows;

/// The statement that takes an array for each column.
pub(crate) fn from_arrays(table: &str, columns: &[&str]) -> String {
    let arrays: Vec<String> = (1..=columns.len()).map(|n| format!("${n}")).collect();
    format!("INSERT INTO {table} ({}) SELECT * FROM unnest({})", columns.join(", "), arrays.join(", "))
}
