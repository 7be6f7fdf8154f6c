//! Reading single reports and their expenses from Expense v4, for the business purpose. Not here: finding reports, which
//! v4 cannot do over users (`expenses`, v3), and the spend category, which v4 does not have (`expense_config`).
//! Source: pages "Reports v4" and "Expenses v4".

use super::{rows, target::segment};
use crate::{
    Client, Error, Page, ReportId, UserId,
    http::{Answer, Endpoint},
    model::{ExpenseV4, ReportV4},
};

static REPORT: Endpoint = Endpoint::get("expense_reports.report").needing(REPORTS_V4);
static EXPENSES: Endpoint = Endpoint::get("expense_reports.expenses").needing(REPORTS_V4);
static EXPENSE: Endpoint = Endpoint::get("expense_reports.expense").needing(REPORTS_V4);
static ITEMIZATIONS: Endpoint = Endpoint::get("expense_reports.itemizations").needing(REPORTS_V4);

const REPORTS_V4: &[&str] = &["expense.report.read", "user.read"];

pub(super) static ENDPOINTS: &[&Endpoint] = &[&REPORT, &EXPENSES, &EXPENSE, &ITEMIZATIONS];

/// Reads reports of Expense v4; company and user tokens, scopes `expense.report.read` and `user.read`.
///
/// The owner is named by UUID, where v3 names a login id: look it up with Identity once and remember it.
#[derive(Clone, Debug)]
pub struct ExpenseReports {
    pub(crate) client: Client,
}

impl ExpenseReports {
    /// One report of its owner; `None` when it is gone.
    pub async fn report(&self, owner: &UserId, report: &ReportId) -> Result<Option<ReportV4>, Error> {
        let answer = found(self.client.get(&REPORT, &report_path(owner, report)).await)?;
        let Some(answer) = answer else { return Ok(None) };
        let read: ReportV4 = one(&answer)?;
        if read.report_id == *report {
            Ok(Some(read))
        } else {
            Err(answer.undecodable("reportId", "the answer is about another report"))
        }
    }

    /// All expenses of a report, in one call without further pages.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the report is gone.
    pub async fn expenses(&self, owner: &UserId, report: &ReportId) -> Result<Page<ExpenseV4>, Error> {
        let target = format!("{}/expenses", report_path(owner, report));
        rows::array(&self.client.get(&EXPENSES, &target).await?)
    }

    /// One expense with everything v4 says about it; `None` when it is gone.
    pub async fn expense(
        &self,
        owner: &UserId,
        report: &ReportId,
        expense_id: &str,
    ) -> Result<Option<ExpenseV4>, Error> {
        let target = format!("{}/expenses/{}", report_path(owner, report), segment(expense_id));
        found(self.client.get(&EXPENSE, &target).await)?.map(|answer| one(&answer)).transpose()
    }

    /// The itemizations of an expense, in one call without further pages.
    pub async fn itemizations(
        &self,
        owner: &UserId,
        report: &ReportId,
        expense_id: &str,
    ) -> Result<Page<ExpenseV4>, Error> {
        let expense = segment(expense_id);
        let target = format!("{}/expenses/{expense}/itemizations", report_path(owner, report));
        rows::array(&self.client.get(&ITEMIZATIONS, &target).await?)
    }
}

/// The owner's view; `TRAVELER` is the one context that all four reads support.
fn report_path(owner: &UserId, report: &ReportId) -> String {
    format!("/expensereports/v4/users/{owner}/context/TRAVELER/reports/{}", segment(report.as_str()))
}

fn found(answer: Result<Answer, Error>) -> Result<Option<Answer>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn one<T: crate::model::Row>(answer: &Answer) -> Result<T, Error> {
    rows::row(&answer.body).map_err(|fault| answer.undecodable(fault.path, fault.reason))
}
