//! diesel schema, migrations and queries over SQLite and PostgreSQL; the only crate that speaks SQL.
