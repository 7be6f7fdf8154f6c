//! Expense lines.
use crate::{
    Conn, Error,
    ids::{AccountId, LineId},
    matches::{Band, Match, Status},
};
use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde_json::Value;
/// An exact amount in a currency (ISO 4217).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    pub amount: Decimal,
    pub currency: String,
}
/// A line as just read.
#[derive(Clone, Debug)]
pub struct NewLine {
    pub source: String,
    pub source_key: String,
    pub report_id: Option<String>,
    pub entry_id: Option<String>,
    pub itemization_id: Option<String>,
    pub owner_login: String,
    pub transaction_date: Date,
    pub transaction: Money,
    pub posted: Money,
    pub texts: Texts,
    pub is_personal: bool,
    pub has_itemizations: bool,
    pub raw: Value,
}
/// The texts and codes that matching looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    pub vendor_description: Option<String>,
    pub vendor_list_item: Option<String>,
    pub description: Option<String>,
    pub business_purpose: Option<String>,
    pub expense_type_code: Option<String>,
    pub expense_type_name: Option<String>,
    pub spend_category_code: Option<String>,
    pub spend_category_name: Option<String>,
}
/// A stored line, without its raw source.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub id: LineId,
    pub account: AccountId,
    pub source: String,
    pub source_key: String,
    pub report_id: Option<String>,
    pub entry_id: Option<String>,
    pub itemization_id: Option<String>,
    pub owner_login: String,
    pub transaction_date: Date,
    pub transaction: Money,
    pub posted: Money,
    pub texts: Texts,
    pub is_personal: bool,
    pub has_itemizations: bool,
    pub content_hash: String,
    pub updated_at: Timestamp,
    pub removed_at: Option<Timestamp>,
}
/// Which lines.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub app_id: Option<String>,
    pub status: Option<Status>,
    pub band: Option<Band>,
    pub owner_login: Option<String>,
    pub from: Option<Date>,
    pub to: Option<Date>,
    pub report_id: Option<String>,
    pub include_removed: bool,
}
/// Where the next page begins (newest first).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageCursor {
    pub transaction_date: Date,
    pub line_id: LineId,
}
/// A page of lines with their matches.
#[derive(Clone, Debug)]
pub struct Page {
    pub rows: Vec<(Line, Option<Match>)>,
    pub next: Option<PageCursor>,
}
/// Exact total of an app in a currency; `app_id` None: not matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    pub app_id: Option<String>,
    pub currency: String,
    pub lines: u64,
    pub posted: Decimal,
}
/// What an upsert did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upserted {
    pub inserted: usize,
    pub changed: usize,
    pub unchanged: usize,
}
/// The id a line has: derived from account, source and source key.
pub fn line_id(_account: AccountId, _source: &str, _source_key: &str) -> LineId {
    unimplemented!()
}
pub fn upsert(
    _conn: &mut Conn,
    _account: AccountId,
    _lines: &[NewLine],
    _now: Timestamp,
) -> Result<Upserted, Error> {
    unimplemented!()
}
/// After a complete re-read of a report: its lines whose source keys are not in `present` get `removed_at`.
pub fn mark_missing(
    _conn: &mut Conn,
    _account: AccountId,
    _source: &str,
    _report_id: &str,
    _present: &[&str],
    _now: Timestamp,
) -> Result<usize, Error> {
    unimplemented!()
}
/// The next chunk of lines to decide: never decided, decided with another dictionary, or changed since. Order by id; pass the last id to go on.
pub fn needs_match(
    _conn: &mut Conn,
    _account: AccountId,
    _dictionary_version: &str,
    _after: Option<LineId>,
    _limit: usize,
) -> Result<Vec<Line>, Error> {
    unimplemented!()
}
pub fn page(
    _conn: &mut Conn,
    _account: AccountId,
    _filter: &Filter,
    _after: Option<&PageCursor>,
    _limit: usize,
) -> Result<Page, Error> {
    unimplemented!()
}
pub fn get(
    _conn: &mut Conn,
    _account: AccountId,
    _id: LineId,
) -> Result<Option<(Line, Option<Match>)>, Error> {
    unimplemented!()
}
pub fn raw(_conn: &mut Conn, _account: AccountId, _id: LineId) -> Result<Option<Value>, Error> {
    unimplemented!()
}
/// Per app and currency, over lines that count (no parents of itemizations, nothing personal, nothing removed).
pub fn totals(_conn: &mut Conn, _account: AccountId, _filter: &Filter) -> Result<Vec<Total>, Error> {
    unimplemented!()
}
pub fn count(_conn: &mut Conn, _account: AccountId, _filter: &Filter) -> Result<usize, Error> {
    unimplemented!()
}
