//! POST `/api/v1/match`: lines decided on the spot, one or many. Nothing is stored, and no stored line is read.
//!
//! The body is a line, or `{"lines": [...]}`; a line has the members `vendor_description`, `business_purpose`,
//! `expense_type_name`, `spend_category`, `expense_type_code`, `spend_category_code`, for the account's rules also `amount`,
//! `currency`, `owner` and `department`, and an `id` that is given back. The answer to a line is the decision with its
//! whole explanation, by the rules of the account that hold; `?explain=change` adds the smallest change that would lead the
//! dictionary to another answer.

use actix_web::HttpResponse;
use matcher::rules::Facts;
use matcher::{Decision, ExpenseTexts, Matcher, Scratch};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sync::rules::Held;
use utoipa::ToSchema;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;

/// Lines of one request: a batch is answered in some milliseconds.
const LINES_MAX: usize = 1_000;

/// A line to decide. Unknown members are refused: a misspelt field would be a silent empty one.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = LineToMatch)]
pub(in crate::http) struct Line {
    id: Option<String>,
    vendor_description: String,
    business_purpose: String,
    expense_type_name: String,
    spend_category: String,
    expense_type_code: Option<String>,
    spend_category_code: Option<String>,
    #[schema(value_type = Option<String>, format = "decimal", example = "12.50")]
    amount: Option<Decimal>,
    currency: Option<String>,
    owner: Option<String>,
    department: Option<String>,
}

#[derive(Debug, Serialize)]
struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(flatten)]
    decision: Decision,
}

/// The decisions.
pub(crate) async fn decide(mut context: Context) -> Result<HttpResponse, Error> {
    // Rules and dictionaries may differ from account to account, so a token without one has nothing to ask.
    let account = context.account()?.id;
    super::only(&context, &["explain"])?;
    let change = match context.parameter("explain").as_deref() {
        None => false,
        Some("change") => true,
        Some(_) => return Err(Error::BadParameter("explain must be change, or left out".to_owned())),
    };
    let body = context.body().await?;
    let (lines, many) = lines(body)?;
    let bridge = context.bridge();
    let matcher = bridge.matcher.clone();
    let rules = bridge.rules.current(&bridge.store, account, &matcher).await?;
    let version = matcher.dictionary().version().to_owned();
    // A batch takes milliseconds of pure computing: not on the threads that answer others.
    let answers = tokio::task::spawn_blocking(move || {
        let mut scratch = matcher.scratch();
        lines
            .into_iter()
            .map(|line| answer(&matcher, &rules, line, change, &mut scratch))
            .collect::<Vec<Answer>>()
    });
    let mut answers = answers.await.map_err(|died| Error::Internal(died.to_string()))?;
    let body = if many {
        json!({ "dictionary": version, "lines": super::body(&answers)? })
    } else {
        super::body(&answers.pop().ok_or_else(|| Error::Internal("a line without an answer".to_owned()))?)?
    };
    Ok(reply::api(&body))
}

/// The lines of a body, and whether it is a batch.
fn lines(body: Value) -> Result<(Vec<Line>, bool), Error> {
    let bad = |place: String, error: &serde_json::Error| Error::BadParameter(format!("{place}: {error}"));
    let Value::Object(mut members) = body else {
        return Err(Error::BadParameter(
            "the body must be a line, or an object with the member lines".to_owned(),
        ));
    };
    let Some(batch) = members.remove("lines") else {
        let line = serde_json::from_value(Value::Object(members));
        return Ok((vec![line.map_err(|error| bad("the line".to_owned(), &error))?], false));
    };
    if let Some(other) = members.keys().next() {
        return Err(Error::BadParameter(format!("beside lines there is no member {other:?}")));
    }
    let Value::Array(batch) = batch else {
        return Err(Error::BadParameter("lines must be a list".to_owned()));
    };
    if batch.len() > LINES_MAX {
        let message =
            format!("{} lines, more than {LINES_MAX}; send the rest in another request", batch.len());
        return Err(Error::BadParameter(message));
    }
    let line = |(at, line): (usize, Value)| {
        serde_json::from_value(line).map_err(|error| bad(format!("lines[{at}]"), &error))
    };
    Ok((batch.into_iter().enumerate().map(line).collect::<Result<_, _>>()?, true))
}

fn answer(matcher: &Matcher, rules: &Held, line: Line, change: bool, scratch: &mut Scratch) -> Answer {
    let texts = ExpenseTexts {
        vendor_description: &line.vendor_description,
        business_purpose: &line.business_purpose,
        expense_type_name: &line.expense_type_name,
        spend_category: &line.spend_category,
        expense_type_code: line.expense_type_code.as_deref(),
        spend_category_code: line.spend_category_code.as_deref(),
    };
    let facts = Facts {
        texts,
        amount: line.amount,
        currency: line.currency.as_deref(),
        owner: line.owner.as_deref(),
        department: line.department.as_deref(),
        account: None,
    };
    let mut decision = rules.decide(matcher, &facts, scratch);
    if change {
        decision.explanation.smallest_change = matcher.smallest_change(&texts, scratch);
    }
    Answer { id: line.id, decision }
}
