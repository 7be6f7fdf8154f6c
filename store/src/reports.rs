//! Expense reports.
use crate::{Conn, Error, ids::AccountId};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;
/// A report as just read.
#[derive(Clone, Debug)]
pub struct NewReport {
    pub source: String,
    pub report_id: String,
    pub name: String,
    pub owner_login: String,
    pub owner_name: Option<String>,
    pub currency: String,
    pub total: Decimal,
    pub approval_status: Option<String>,
    pub payment_status: Option<String>,
    pub last_modified: Option<Timestamp>,
    pub raw: Value,
}
/// A stored report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub account: AccountId,
    pub source: String,
    pub report_id: String,
    pub name: String,
    pub owner_login: String,
    pub owner_name: Option<String>,
    pub currency: String,
    pub total: Decimal,
    pub approval_status: Option<String>,
    pub payment_status: Option<String>,
    pub last_modified: Option<Timestamp>,
    pub raw: Value,
    pub content_hash: String,
    pub updated_at: Timestamp,
    pub removed_at: Option<Timestamp>,
}
/// Counts rows that changed.
pub fn upsert(
    _conn: &mut Conn,
    _account: AccountId,
    _reports: &[NewReport],
    _now: Timestamp,
) -> Result<usize, Error> {
    unimplemented!()
}
pub fn get(
    _conn: &mut Conn,
    _account: AccountId,
    _source: &str,
    _report_id: &str,
) -> Result<Option<Report>, Error> {
    unimplemented!()
}
/// Ids of reports not removed and not finally paid (open-report pass).
pub fn open_report_ids(_conn: &mut Conn, _account: AccountId, _source: &str) -> Result<Vec<String>, Error> {
    unimplemented!()
}
/// The report answered 404: it and its lines get `removed_at`.
pub fn mark_removed(
    _conn: &mut Conn,
    _account: AccountId,
    _source: &str,
    _report_id: &str,
    _now: Timestamp,
) -> Result<bool, Error> {
    unimplemented!()
}
