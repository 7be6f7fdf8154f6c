//! Report Details v2: deprecated, XML, and refused to new applications. Only behind the switch
//! `ClientConfig::legacy_report_details`, for a company whose application still holds it. Not here: v2's list, since
//! reports are found with v3.
//! Source: page "Get Report Details v2".

use super::target::segment;
use crate::{Client, Error, ReportId, http::Endpoint, model::ReportV2};

static REPORT: Endpoint = Endpoint::legacy_xml("report_details.report").needing(&["EXPRPT"]);

pub(super) static ENDPOINTS: &[&Endpoint] = &[&REPORT];

/// Reads reports of Report Details v2. The token's owner must be Company Administrator or Web Services Administrator.
#[derive(Clone, Debug)]
pub struct ReportDetails {
    pub(crate) client: Client,
}

impl ReportDetails {
    /// One report with its entries; `None` when it is gone. Card and bank blocks are dropped while reading.
    pub async fn report(&self, id: &ReportId) -> Result<Option<ReportV2>, Error> {
        let target = format!("/api/expense/expensereport/v2.0/report/{}", segment(id.as_str()));
        let answer = match self.client.get(&REPORT, &target).await {
            Ok(answer) => answer,
            Err(Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let xml = std::str::from_utf8(&answer.body).map_err(|_| answer.undecodable(".", "expected UTF-8"))?;
        let xml = xml.trim_start_matches('\u{feff}');
        let report =
            ReportV2::from_xml(xml).map_err(|fault| answer.undecodable(fault.element, fault.reason))?;
        if report.report_id.as_ref() == Some(id) {
            Ok(Some(report))
        } else {
            Err(answer.undecodable("ReportDetails/ReportID", "the answer is about another report"))
        }
    }
}
