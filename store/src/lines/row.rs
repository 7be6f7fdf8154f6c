//! A line as it stands in its tables: `lines` (keys, money, dates), `line_texts` (words, flags, Concur's ids within the report), `line_raw`.

use diesel::prelude::*;
use jiff::Timestamp;

use super::{Line, LineNo, Money, NewLine, Texts, line_id};
use crate::Error;
use crate::ids::AccountId;
use crate::schema::{line_raw, line_texts, lines};
use crate::value::{self, decimal_text, hash_parts, micros};

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = lines, treat_none_as_default_value = false)]
pub(super) struct LineRow {
    pub(super) line_no: i64,
    pub(super) line_id: String,
    pub(super) account_id: String,
    pub(super) source: String,
    pub(super) source_key: String,
    pub(super) report_id: Option<String>,
    pub(super) owner_login: String,
    pub(super) transaction_date: String,
    pub(super) transaction_amount: String,
    pub(super) transaction_currency: String,
    pub(super) posted_amount: String,
    pub(super) posted_currency: String,
    pub(super) counted: bool,
    pub(super) content_hash: String,
    pub(super) removed_at: Option<i64>,
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = line_texts, treat_none_as_default_value = false)]
pub(super) struct TextsRow {
    pub(super) line_no: i64,
    pub(super) entry_id: Option<String>,
    pub(super) itemization_id: Option<String>,
    pub(super) vendor_description: Option<String>,
    pub(super) vendor_list_item: Option<String>,
    pub(super) description: Option<String>,
    pub(super) business_purpose: Option<String>,
    pub(super) expense_type_code: Option<String>,
    pub(super) expense_type_name: Option<String>,
    pub(super) spend_category_code: Option<String>,
    pub(super) spend_category_name: Option<String>,
    pub(super) is_personal: bool,
    pub(super) has_itemizations: bool,
    pub(super) updated_at: i64,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = line_raw, treat_none_as_default_value = false)]
pub(super) struct RawRow {
    pub(super) line_no: i64,
    pub(super) raw: String,
}

/// A line as it will stand in its three tables, not numbered yet. Made on any thread, so that a transaction need not wait for it.
#[derive(Debug)]
pub struct PreparedLine {
    pub(super) line: LineRow,
    pub(super) texts: TextsRow,
    pub(super) raw: RawRow,
}

impl PreparedLine {
    /// A line of an account, read at `now`.
    pub fn new(account: AccountId, line: &NewLine, now: Timestamp) -> Self {
        prepare(account, line, now)
    }

    /// Says under which number it is kept.
    pub(super) fn number(&mut self, no: i64) {
        (self.line.line_no, self.texts.line_no, self.raw.line_no) = (no, no, no);
    }

    /// What [`Line::content_hash`](super::Line::content_hash) will be.
    pub fn content_hash(&self) -> &str {
        &self.line.content_hash
    }
}

fn prepare(account: AccountId, line: &NewLine, now: Timestamp) -> PreparedLine {
    let texts = &line.texts;
    let mut row = LineRow {
        line_no: 0,
        line_id: line_id(account, &line.source, &line.source_key).to_string(),
        account_id: account.to_string(),
        source: line.source.clone(),
        source_key: line.source_key.clone(),
        report_id: line.report_id.clone(),
        owner_login: line.owner_login.clone(),
        transaction_date: line.transaction_date.to_string(),
        transaction_amount: decimal_text(line.transaction.amount),
        transaction_currency: line.transaction.currency.clone(),
        posted_amount: decimal_text(line.posted.amount),
        posted_currency: line.posted.currency.clone(),
        counted: !line.has_itemizations && !line.is_personal,
        content_hash: String::new(),
        removed_at: None,
    };
    let texts = TextsRow {
        line_no: 0,
        entry_id: line.entry_id.clone(),
        itemization_id: line.itemization_id.clone(),
        vendor_description: texts.vendor_description.clone(),
        vendor_list_item: texts.vendor_list_item.clone(),
        description: texts.description.clone(),
        business_purpose: texts.business_purpose.clone(),
        expense_type_code: texts.expense_type_code.clone(),
        expense_type_name: texts.expense_type_name.clone(),
        spend_category_code: texts.spend_category_code.clone(),
        spend_category_name: texts.spend_category_name.clone(),
        is_personal: line.is_personal,
        has_itemizations: line.has_itemizations,
        updated_at: micros(now),
    };
    let raw = RawRow { line_no: 0, raw: line.raw.to_string() };
    row.content_hash = content_hash(&row, &texts, &raw.raw);
    PreparedLine { line: row, texts, raw }
}

/// Over everything that was read; absent and empty differ.
fn content_hash(row: &LineRow, texts: &TextsRow, raw: &str) -> String {
    let optional = [
        &row.report_id,
        &texts.entry_id,
        &texts.itemization_id,
        &texts.vendor_description,
        &texts.vendor_list_item,
        &texts.description,
        &texts.business_purpose,
        &texts.expense_type_code,
        &texts.expense_type_name,
        &texts.spend_category_code,
        &texts.spend_category_name,
    ];
    let mut parts: Vec<&[u8]> = Vec::with_capacity(2 * optional.len() + 9);
    for text in optional {
        parts.push(if text.is_some() { b"1" } else { b"0" });
        parts.push(text.as_deref().unwrap_or_default().as_bytes());
    }
    let flags = [u8::from(texts.is_personal), u8::from(texts.has_itemizations)];
    parts.extend([
        row.owner_login.as_bytes(),
        row.transaction_date.as_bytes(),
        row.transaction_amount.as_bytes(),
        row.transaction_currency.as_bytes(),
        row.posted_amount.as_bytes(),
        row.posted_currency.as_bytes(),
        &flags,
        raw.as_bytes(),
    ]);
    hash_parts(parts).to_hex().to_string()
}

impl TryFrom<(LineRow, TextsRow)> for Line {
    type Error = Error;
    fn try_from((row, texts): (LineRow, TextsRow)) -> Result<Self, Error> {
        let money = |amount: &str, currency: String, what| {
            Ok::<_, Error>(Money { amount: value::decimal(amount, what)?, currency })
        };
        Ok(Line {
            no: LineNo(row.line_no),
            id: value::parse(&row.line_id, "lines.line_id")?,
            account: value::parse(&row.account_id, "lines.account_id")?,
            source: row.source,
            source_key: row.source_key,
            report_id: row.report_id,
            entry_id: texts.entry_id,
            itemization_id: texts.itemization_id,
            owner_login: row.owner_login,
            transaction_date: value::parse(&row.transaction_date, "lines.transaction_date")?,
            transaction: money(
                &row.transaction_amount,
                row.transaction_currency,
                "lines.transaction_amount",
            )?,
            posted: money(&row.posted_amount, row.posted_currency, "lines.posted_amount")?,
            texts: Texts {
                vendor_description: texts.vendor_description,
                vendor_list_item: texts.vendor_list_item,
                description: texts.description,
                business_purpose: texts.business_purpose,
                expense_type_code: texts.expense_type_code,
                expense_type_name: texts.expense_type_name,
                spend_category_code: texts.spend_category_code,
                spend_category_name: texts.spend_category_name,
            },
            is_personal: texts.is_personal,
            has_itemizations: texts.has_itemizations,
            content_hash: row.content_hash,
            updated_at: value::time(texts.updated_at, "line_texts.updated_at")?,
            removed_at: value::time_opt(row.removed_at, "lines.removed_at")?,
        })
    }
}
