//! One report with its entries and itemizations, as far as they can be read.

use jiff::civil::Date;
use store::{lines::NewLine, reports::NewReport};

use crate::{
    Company, Error,
    ingest::v3,
    progress::Gap,
    pull::{gap, retry, row_gap},
};

/// A report as it will be stored.
pub(super) struct ReadReport {
    pub(super) header: NewReport,
    pub(super) lines: Vec<NewLine>,
    /// Lines left out because they are older than the first day.
    pub(super) outside: usize,
    /// Holes: with one, a line that is missing here may still be there in Concur.
    pub(super) gaps: Vec<Gap>,
}

/// Reads one report. Expenses before `first_day` are left out.
pub(super) async fn read(
    company: &Company,
    report: concur::model::Report,
    first_day: Date,
) -> Result<ReadReport, Error> {
    let expenses = company.client.expenses();
    let mut gaps = Vec::new();
    let entries = all_pages(&expenses.entries(&report.id), &report, "entries", &mut gaps).await?;
    let itemized = entries.iter().any(|entry| entry.has_itemizations == Some(true));
    let itemizations = if itemized {
        let of = concur::api::ItemizationsOf::Report(report.id.clone());
        all_pages(&expenses.itemizations(&of), &report, "itemizations", &mut gaps).await?
    } else {
        Vec::new()
    };
    let mut lines: Vec<NewLine> =
        entries.iter().flat_map(|entry| v3::lines(&report, entry, &itemizations)).collect();
    let read = lines.len();
    lines.retain(|line| line.transaction_date >= first_day);
    Ok(ReadReport { header: v3::report(&report), outside: read - lines.len(), lines, gaps })
}

/// Every row of a list that can be read; the others become gaps.
async fn all_pages<T: Send + 'static>(
    list: &concur::Pages<T>,
    report: &concur::model::Report,
    what: &'static str,
    gaps: &mut Vec<Gap>,
) -> Result<Vec<T>, Error> {
    let subject = format!("{what} of report {}", report.id);
    let mut rows = Vec::new();
    let mut cursor = None;
    loop {
        let page = match retry::read(|| list.page(cursor.as_ref())).await {
            Ok(page) => page,
            Err(error) if retry::is_unreadable(&error) => {
                gaps.push(gap(subject, &error));
                return Ok(rows);
            }
            Err(source) => return Err(Error::Concur { what, source }),
        };
        gaps.extend(page.unreadable.iter().map(|row| row_gap(&subject, row, &page.correlation_id)));
        rows.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(rows);
        }
    }
}
