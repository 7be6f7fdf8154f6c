//! Expense reports: the headers; what was bought is in `lines`. Upserts on (account, source, Concur's report id).

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::upsert::excluded;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::conn::on;
use crate::ids::AccountId;
use crate::lines;
use crate::schema::{reports, users};
use crate::users::lower;
use crate::value::{self, decimal_text, hash_parts, micros};
use crate::{Conn, Error};

/// Rows per statement, well under SQLite's 32,766 bound values.
const CHUNK: usize = 500;

/// Payment status codes after which a report does not change any more (`P_PAYC` follows `P_PAID`; Concur's code list).
const FINAL_PAYMENT: [&str; 2] = ["P_PAID", "P_PAYC"];

/// A report as just read.
#[derive(Clone, Debug)]
pub struct NewReport {
    /// Where it comes from, such as `concur_v3`.
    pub source: String,
    /// Concur's id.
    pub report_id: String,
    /// Title.
    pub name: String,
    /// Login of the owner at the time of reading.
    pub owner_login: String,
    /// Concur's id of the owner, where the users are known.
    pub owner_id: Option<String>,
    /// Name of the owner.
    pub owner_name: Option<String>,
    /// Currency of the posted amounts (ISO 4217).
    pub currency: String,
    /// Total in that currency.
    pub total: Decimal,
    /// Approval status code, such as `A_APPR`.
    pub approval_status: Option<String>,
    /// Payment status code, such as `P_PAID`.
    pub payment_status: Option<String>,
    /// When the header changed, as Concur says.
    pub last_modified: Option<Timestamp>,
    /// As read.
    pub raw: Value,
}

/// A stored report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Whose.
    pub account: AccountId,
    /// Where it comes from.
    pub source: String,
    /// Concur's id.
    pub report_id: String,
    /// Title.
    pub name: String,
    /// Login of the owner.
    pub owner_login: String,
    /// Concur's id of the owner, where the users were known.
    pub owner_id: Option<String>,
    /// Name of the owner.
    pub owner_name: Option<String>,
    /// Currency of the posted amounts.
    pub currency: String,
    /// Total.
    pub total: Decimal,
    /// Approval status code.
    pub approval_status: Option<String>,
    /// Payment status code.
    pub payment_status: Option<String>,
    /// When the header changed, as Concur says.
    pub last_modified: Option<Timestamp>,
    /// As read.
    pub raw: Value,
    /// Hash of all of the above.
    pub content_hash: String,
    /// When the row last changed.
    pub updated_at: Timestamp,
    /// Since when it is gone from Concur.
    pub removed_at: Option<Timestamp>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = reports, treat_none_as_default_value = false)]
struct Row {
    account_id: String,
    source: String,
    report_id: String,
    name: String,
    owner_login: String,
    owner_name: Option<String>,
    currency: String,
    total: String,
    approval_status: Option<String>,
    payment_status: Option<String>,
    last_modified: Option<i64>,
    raw: String,
    content_hash: String,
    updated_at: i64,
    removed_at: Option<i64>,
    owner_id: Option<String>,
}

impl Row {
    fn new(account: AccountId, report: &NewReport, now: Timestamp) -> Self {
        let raw = report.raw.to_string();
        let total = decimal_text(report.total);
        let optional =
            |text: &Option<String>| text.as_ref().map(|text| format!("={text}")).unwrap_or_default();
        let hash = hash_parts([
            report.name.as_bytes(),
            report.owner_login.as_bytes(),
            optional(&report.owner_id).as_bytes(),
            optional(&report.owner_name).as_bytes(),
            report.currency.as_bytes(),
            total.as_bytes(),
            optional(&report.approval_status).as_bytes(),
            optional(&report.payment_status).as_bytes(),
            report.last_modified.map(|t| t.to_string()).unwrap_or_default().as_bytes(),
            raw.as_bytes(),
        ]);
        Row {
            account_id: account.to_string(),
            source: report.source.clone(),
            report_id: report.report_id.clone(),
            name: report.name.clone(),
            owner_login: report.owner_login.clone(),
            owner_name: report.owner_name.clone(),
            currency: report.currency.clone(),
            total,
            approval_status: report.approval_status.clone(),
            payment_status: report.payment_status.clone(),
            last_modified: report.last_modified.map(micros),
            raw,
            content_hash: hash.to_hex().to_string(),
            updated_at: micros(now),
            removed_at: None,
            owner_id: report.owner_id.clone(),
        }
    }
}

impl TryFrom<Row> for Report {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Report {
            account: value::parse(&row.account_id, "reports.account_id")?,
            source: row.source,
            report_id: row.report_id,
            name: row.name,
            owner_login: row.owner_login,
            owner_id: row.owner_id,
            owner_name: row.owner_name,
            currency: row.currency,
            total: value::decimal(&row.total, "reports.total")?,
            approval_status: row.approval_status,
            payment_status: row.payment_status,
            last_modified: value::time_opt(row.last_modified, "reports.last_modified")?,
            raw: value::json(&row.raw, "reports.raw")?,
            content_hash: row.content_hash,
            updated_at: value::time(row.updated_at, "reports.updated_at")?,
            removed_at: value::time_opt(row.removed_at, "reports.removed_at")?,
        })
    }
}

/// Puts reports as read; returns how many were new or different. Of two with the same id the last one counts.
pub fn upsert(
    conn: &mut Conn,
    account: AccountId,
    reports: &[NewReport],
    now: Timestamp,
) -> Result<usize, Error> {
    let mut changed = 0;
    for chunk in reports.chunks(CHUNK) {
        let key = |row: &Row| (row.source.clone(), row.report_id.clone());
        let rows = chunk.iter().map(|report| Row::new(account, report, now));
        let mut rows: HashMap<(String, String), Row> = rows.map(|row| (key(&row), row)).collect();
        let ids: Vec<String> = rows.keys().map(|(_, id)| id.clone()).collect();
        let stored: Vec<(String, String, String)> = on!(conn, c => {
            reports::table
                .filter(reports::account_id.eq(account.to_string()).and(reports::report_id.eq_any(&ids)))
                .filter(reports::removed_at.is_null())
                .select((reports::source, reports::report_id, reports::content_hash))
                .load(c)
        })?;
        for (source, id, hash) in stored {
            let key = (source, id);
            if rows.get(&key).is_some_and(|row| row.content_hash == hash) {
                rows.remove(&key);
            }
        }
        let rows: Vec<Row> = rows.into_values().collect();
        changed += rows.len();
        if rows.is_empty() {
            continue;
        }
        on!(conn, c => {
            diesel::insert_into(reports::table)
                .values(&rows)
                .on_conflict((reports::account_id, reports::source, reports::report_id))
                .do_update()
                .set((
                    reports::name.eq(excluded(reports::name)),
                    reports::owner_login.eq(excluded(reports::owner_login)),
                    reports::owner_id.eq(excluded(reports::owner_id)),
                    reports::owner_name.eq(excluded(reports::owner_name)),
                    reports::currency.eq(excluded(reports::currency)),
                    reports::total.eq(excluded(reports::total)),
                    reports::approval_status.eq(excluded(reports::approval_status)),
                    reports::payment_status.eq(excluded(reports::payment_status)),
                    reports::last_modified.eq(excluded(reports::last_modified)),
                    reports::raw.eq(excluded(reports::raw)),
                    reports::content_hash.eq(excluded(reports::content_hash)),
                    reports::updated_at.eq(excluded(reports::updated_at)),
                    reports::removed_at.eq(excluded(reports::removed_at)),
                ))
                .execute(c)
        })?;
    }
    Ok(changed)
}

/// One report.
pub fn get(
    conn: &mut Conn,
    account: AccountId,
    source: &str,
    report_id: &str,
) -> Result<Option<Report>, Error> {
    let account = account.to_string();
    let row: Option<Row> = on!(conn, c => {
        reports::table.find((&account, source, report_id)).select(Row::as_select()).first(c).optional()
    })?;
    row.map(Report::try_from).transpose()
}

/// How many reports of an account are stored and not removed.
pub fn count(conn: &mut Conn, account: AccountId) -> Result<u64, Error> {
    let account = account.to_string();
    let count: i64 = on!(conn, c => {
        reports::table
            .filter(reports::account_id.eq(&account).and(reports::removed_at.is_null()))
            .count()
            .get_result(c)
    })?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Ids of the reports that may still change, not removed and not paid: the next ones after `after`. They are to be read again
/// now and then, since a change of an entry need not move the header's date.
pub fn open_after(
    conn: &mut Conn,
    account: AccountId,
    source: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, Error> {
    let account = account.to_string();
    on!(conn, c => {
        reports::table
            .filter(reports::account_id.eq(&account).and(reports::source.eq(source)))
            .filter(reports::report_id.gt(after.unwrap_or("")))
            .filter(reports::removed_at.is_null())
            .filter(reports::payment_status.is_null().or(reports::payment_status.ne_all(FINAL_PAYMENT)))
            .order(reports::report_id)
            .limit(value::limit(limit))
            .select(reports::report_id)
            .load(c)
    })
}

/// Ids of the reports that still carry a login which their owner has lost: the next ones after `after`.
pub fn of_renamed_owners(
    conn: &mut Conn,
    account: AccountId,
    source: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, Error> {
    let account = account.to_string();
    let owner =
        users::account_id.eq(reports::account_id).and(users::concur_user_id.nullable().eq(reports::owner_id));
    on!(conn, c => {
        reports::table
            .inner_join(users::table.on(owner))
            .filter(reports::account_id.eq(&account).and(reports::source.eq(source)))
            .filter(reports::report_id.gt(after.unwrap_or("")))
            .filter(reports::removed_at.is_null().and(users::removed_at.is_null()))
            .filter(lower(reports::owner_login).ne(lower(users::user_name)))
            .order(reports::report_id)
            .limit(value::limit(limit))
            .select(reports::report_id)
            .load(c)
    })
}

/// Ids of those that are new, or are stored differently.
pub fn different(conn: &mut Conn, account: AccountId, read: &[NewReport]) -> Result<Vec<String>, Error> {
    let mut different = Vec::new();
    for report in read {
        let row = Row::new(account, report, Timestamp::UNIX_EPOCH);
        let same = reports::content_hash.eq(&row.content_hash).and(reports::removed_at.is_null());
        let stored: Option<String> = on!(conn, c => {
            reports::table
                .find((&row.account_id, &row.source, &row.report_id))
                .filter(same)
                .select(reports::report_id)
                .first(c)
                .optional()
        })?;
        if stored.is_none() {
            different.push(row.report_id);
        }
    }
    Ok(different)
}

/// Concur answered 404 for the report itself: it and its lines get `removed_at`. False if it was not there or removed
/// before. Never infer it from a filtered list.
pub fn mark_removed(
    conn: &mut Conn,
    account: AccountId,
    source: &str,
    report_id: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let key = account.to_string();
    let there = reports::removed_at.is_null();
    let removed = on!(conn, c => {
        diesel::update(reports::table.find((&key, source, report_id)).filter(there))
            .set((reports::removed_at.eq(micros(now)), reports::updated_at.eq(micros(now))))
            .execute(c)
    })?;
    let of_it = lines::of_report(conn, account, source, report_id)?;
    let of_it: Vec<i64> = of_it.into_iter().map(|(no, _)| no).collect();
    lines::remove(conn, account, &of_it, now)?;
    Ok(removed == 1)
}
