//! Which app every line pays for. Asks the matcher about the lines that have no decision by this dictionary, or
//! whose text has changed since; a decision stores the version of the dictionary that made it.

use std::sync::Arc;

use matcher::{ExpenseTexts, Matcher};
use store::{
    Store,
    ids::{AccountId, LineId},
    lines::{self, Line},
    matches::{self, Band, NewMatch, Status},
};

use crate::{Company, Error, Progress, Snapshot};

/// Lines decided and stored in one transaction.
const CHUNK: usize = 2_000;

/// Decides what is undecided.
///
/// # Errors
/// The store refuses, or an explanation cannot be written as JSON. Stored decisions stay.
pub async fn match_lines(
    company: &Company,
    matcher: &Arc<Matcher>,
    progress: &dyn Progress,
    snapshot: &mut Snapshot,
) -> Result<(), Error> {
    let mut after: Option<LineId> = None;
    loop {
        let (account, matcher, now) = (company.account, Arc::clone(matcher), company.now());
        let (decided, hits, last) =
            company.store.try_write(move |conn| decide_chunk(conn, account, &matcher, after, now)).await?;
        snapshot.decided += decided;
        snapshot.matched += hits;
        progress.update(snapshot);
        if last.is_none() {
            return Ok(());
        }
        after = last;
    }
}

/// [`match_lines`] for callers that may block and have no connection to Concur: how many were decided, and matched.
///
/// # Errors
/// As there.
pub fn match_stored(
    store: &Store,
    account: AccountId,
    matcher: &Matcher,
    now: jiff::Timestamp,
) -> Result<(usize, usize), Error> {
    let (mut decided, mut hits, mut after) = (0, 0, None);
    loop {
        let chunk = store.write_blocking(|conn| decide_chunk(conn, account, matcher, after, now))?;
        (decided, hits) = (decided + chunk.0, hits + chunk.1);
        if chunk.2.is_none() {
            return Ok((decided, hits));
        }
        after = chunk.2;
    }
}

/// One chunk: how many were decided and matched, and the last line's id; `None` when nothing is left.
fn decide_chunk(
    conn: &mut store::Conn,
    account: AccountId,
    matcher: &Matcher,
    after: Option<LineId>,
    now: jiff::Timestamp,
) -> Result<(usize, usize, Option<LineId>), Error> {
    let version = matcher.dictionary().version().to_owned();
    let chunk = lines::needs_match(conn, account, &version, after, CHUNK)?;
    let mut scratch = matcher.scratch();
    let mut rows = Vec::with_capacity(chunk.len());
    for line in &chunk {
        let decision = matcher.decide(&texts(line), &mut scratch);
        rows.push(row(line, &decision, &version, now)?);
    }
    let hits = rows.iter().filter(|row| row.status == Status::Matched).count();
    matches::upsert(conn, account, &rows)?;
    Ok((rows.len(), hits, chunk.last().map(|line| line.id)))
}

/// The four fields as the matcher reads them. v3 has no business purpose: its description takes that place.
pub(crate) fn texts(line: &Line) -> ExpenseTexts<'_> {
    let texts = &line.texts;
    ExpenseTexts {
        vendor_description: texts
            .vendor_description
            .as_deref()
            .or(texts.vendor_list_item.as_deref())
            .unwrap_or_default(),
        business_purpose: texts
            .business_purpose
            .as_deref()
            .or(texts.description.as_deref())
            .unwrap_or_default(),
        expense_type_name: texts.expense_type_name.as_deref().unwrap_or_default(),
        spend_category: texts.spend_category_name.as_deref().unwrap_or_default(),
        expense_type_code: texts.expense_type_code.as_deref(),
        spend_category_code: texts.spend_category_code.as_deref(),
    }
}

fn row(
    line: &Line,
    decision: &matcher::Decision,
    version: &str,
    now: jiff::Timestamp,
) -> Result<NewMatch, Error> {
    Ok(NewMatch {
        line_id: line.id,
        line_hash: line.content_hash.clone(),
        status: if decision.app_id.is_some() { Status::Matched } else { Status::Unmatched },
        app_id: decision.app_id.as_deref().map(str::to_owned),
        score: decision.score,
        band: band(decision.band),
        matched_by: matched_by(decision).to_owned(),
        candidate: decision.candidate.as_deref().map(str::to_owned),
        explanation: serde_json::to_value(&decision.explanation)?,
        dictionary_version: version.to_owned(),
        pinned: false,
        decided_at: now,
    })
}

/// Where the decision came from. An abstention without any candidate came from nowhere.
fn matched_by(decision: &matcher::Decision) -> &'static str {
    match decision.explanation.found.as_ref().map(|found| found.matched_by) {
        Some(matcher::MatchedBy::Dictionary) => "dictionary",
        Some(matcher::MatchedBy::Guess) => "guess",
        None => "none",
    }
}

fn band(band: matcher::Band) -> Band {
    match band {
        matcher::Band::Certain => Band::Certain,
        matcher::Band::Likely => Band::Likely,
        matcher::Band::Possible => Band::Possible,
        matcher::Band::None => Band::None,
    }
}
