//! Expense lines with what was decided about them, newest first.

use jiff::civil::Date;
use matcher::Dictionary;
use rust_decimal::Decimal;
use serde::Serialize;
use store::{
    Store,
    ids::{AccountId, LineId},
    lines::{Filter, Line, Money},
    matches::{Band, Match, Outcome, Status},
};
use utoipa::ToSchema;

use super::page::{self, PageRequest};
use crate::Error;

/// An exact amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Amount {
    /// Decimal text.
    #[schema(value_type = String, format = "decimal", example = "12.50")]
    pub amount: Decimal,
    /// ISO 4217 code.
    pub currency: String,
}

/// A line as callers see it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LineView {
    /// Its id; stays the same when the line is read again.
    #[schema(value_type = String, format = "uuid")]
    pub id: LineId,
    /// Where it was read: `concur_v3`, a file …
    pub source: String,
    /// The report it stands on.
    pub report_id: Option<String>,
    /// The entry it is, or is a part of.
    pub entry_id: Option<String>,
    /// The itemization it is, if it is one.
    pub itemization_id: Option<String>,
    /// Login id of the owner.
    pub owner: String,
    /// Day of the expense.
    #[schema(value_type = String, format = Date)]
    pub transaction_date: Date,
    /// What the vendor was paid.
    pub transaction: Amount,
    /// The same in the report's currency.
    pub posted: Amount,
    /// The vendor as typed or as on the card.
    pub vendor_description: Option<String>,
    /// The vendor from the company's list.
    pub vendor_list_item: Option<String>,
    /// The business purpose; from the description where the source has none (Expense v3).
    pub business_purpose: Option<String>,
    /// Which field `business_purpose` was read from: `business_purpose` or `description`.
    pub business_purpose_source: Option<&'static str>,
    /// Code of the expense type; stable over languages.
    pub expense_type_code: Option<String>,
    /// Its localised name.
    pub expense_type_name: Option<String>,
    /// Code of the spend category.
    pub spend_category_code: Option<String>,
    /// Its localised name.
    pub spend_category: Option<String>,
    /// Marked as personal by the employee: not company spend.
    pub is_personal: bool,
    /// What was decided; absent until the first decision.
    #[serde(rename = "match")]
    pub decision: Option<Decision>,
}

/// What was decided about a line.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Decision {
    /// `matched`, `unmatched`, `ignored` or `archived`.
    #[schema(schema_with = super::schema::status)]
    pub status: Status,
    /// The app.
    pub app_id: Option<String>,
    /// Its name, where this dictionary still has it.
    pub app_name: Option<String>,
    /// 0 to 1.
    pub score: f64,
    /// `certain`, `likely`, `possible` or `none`.
    #[schema(schema_with = super::schema::band)]
    pub band: Band,
    /// `rule`, `dictionary`, `guess`, `hand` or `none`.
    pub matched_by: String,
    /// The rule that decided, by its name.
    pub rule: Option<String>,
    /// The best app seen, also where the matcher abstained.
    pub candidate: Option<String>,
    /// Whether a person said so: no machine decides it again.
    pub pinned: bool,
}

/// A page of lines.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LinePage {
    /// The lines.
    pub lines: Vec<LineView>,
    /// Where the next page begins; absent on the last one.
    pub next_cursor: Option<String>,
}

/// Lines that pass a filter, newest first.
///
/// # Errors
/// [`Error::BadCursor`] for a cursor that is not one of ours; otherwise the store refuses.
pub async fn lines(
    store: &Store,
    account: AccountId,
    dictionary: &Dictionary,
    filter: Filter,
    request: &PageRequest,
) -> Result<LinePage, Error> {
    let after = request.cursor.as_deref().map(page::decode).transpose()?;
    let limit = request.limit();
    let page =
        store.read(move |conn| store::lines::page(conn, account, &filter, after.as_ref(), limit)).await?;
    let lines = page.rows.into_iter().map(|(line, decision)| view(line, decision, dictionary)).collect();
    Ok(LinePage { lines, next_cursor: page.next.as_ref().map(page::encode) })
}

pub(super) fn view(line: Line, decision: Option<Match>, dictionary: &Dictionary) -> LineView {
    let texts = line.texts;
    let (business_purpose, business_purpose_source) = match (texts.business_purpose, texts.description) {
        (Some(purpose), _) => (Some(purpose), Some("business_purpose")),
        (None, Some(description)) => (Some(description), Some("description")),
        (None, None) => (None, None),
    };
    LineView {
        id: line.id,
        source: line.source,
        report_id: line.report_id,
        entry_id: line.entry_id,
        itemization_id: line.itemization_id,
        owner: line.owner_login,
        transaction_date: line.transaction_date,
        transaction: amount(line.transaction),
        posted: amount(line.posted),
        vendor_description: texts.vendor_description,
        vendor_list_item: texts.vendor_list_item,
        business_purpose,
        business_purpose_source,
        expense_type_code: texts.expense_type_code,
        expense_type_name: texts.expense_type_name,
        spend_category_code: texts.spend_category_code,
        spend_category: texts.spend_category_name,
        is_personal: line.is_personal,
        decision: decision.map(|decision| self::decision(decision.outcome, dictionary)),
    }
}

pub(super) fn decision(outcome: Outcome, dictionary: &Dictionary) -> Decision {
    let app = outcome.app_id.as_deref().and_then(|id| dictionary.app(id));
    Decision {
        status: outcome.status,
        app_name: app.map(|app| app.name.clone()),
        app_id: outcome.app_id,
        score: outcome.score,
        band: outcome.band,
        matched_by: outcome.matched_by,
        rule: outcome.rule,
        candidate: outcome.candidate,
        pinned: outcome.pinned,
    }
}

fn amount(money: Money) -> Amount {
    Amount { amount: money.amount, currency: money.currency }
}
