//! What lies before the year: a job of its own that somebody asks for, with an estimate before and a pause at any time.
//!
//! It yields to everything else: it is read in the time between two passes, a page at a time. First come the windows before
//! the year, newest first, then the year once more: a report of the year may hold expenses from before it, which were left out.
//! From the moment it is asked for, nothing else leaves expenses of that time out any more, so that a pass does not take away
//! what the job has brought.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::ids::AccountId;
use store::{Conn, accounts, cursors, reports, runs};
use utoipa::ToSchema;

use super::pages::{self, DATA_TYPE};
use super::position::Position;
use crate::{Company, Error, Progress, Snapshot, window};

/// The kind under which runs of the job are recorded: one record from its beginning to its end.
pub const KIND: &str = "history";

const CURSOR: &str = "history";

/// Requests to Concur for one report: its share of a page of the list, its entries, and now and then its itemizations.
const REQUESTS_PER_REPORT: f64 = 1.3;

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = LongerHistoryState)]
pub enum State {
    /// Read whenever nothing else is due.
    Active,
    /// A person said to wait.
    Paused,
    /// A person said to stop; what was read stays.
    Stopped,
    /// All of it was read.
    Complete,
}

/// What a person said. Only people write it, and only the reader writes [`Reading`], so that neither overwrites the other.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Job {
    from: Date,
    state: State,
    asked_at: Timestamp,
}

/// How far the job is. Kept with every page, for each first day by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Reading {
    position: Position,
    /// Whether what had gaps is being read for the second time.
    second_try: bool,
    finished: bool,
}

/// A job as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LongerHistory)]
pub struct History {
    /// The first day whose expenses are kept.
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    /// How it stands.
    pub state: State,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Timestamp,
    /// Windows of modification dates that are completely stored.
    pub windows_done: usize,
    /// Windows that are left, those that are read again for a gap included.
    pub windows_left: usize,
    /// Whether something could not be read, even when it was tried again.
    pub has_gaps: bool,
}

/// What a job would cost, by what is stored. Concur tells no totals, so this is the company's own year carried back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = LongerHistoryEstimate)]
pub struct Estimate {
    /// Days before what is kept already.
    pub days: i64,
    /// Reports of these days, if they were like the stored ones.
    pub reports: u64,
    /// Reports of the kept time, which are read once more.
    pub reports_again: u64,
    /// Requests to Concur.
    pub requests: u64,
}

/// Why a person's word about a job does not hold.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refused {
    /// Nothing to count back from.
    #[error("the account was never connected, so there is nothing to extend; connect it first")]
    NeverConnected,
    /// It is kept already.
    #[error("expenses since {0} are kept already, or asked for; name an earlier day")]
    Kept(Date),
    /// No such job.
    #[error("no longer history was asked for; name the day that it shall begin with")]
    NotAsked,
    /// The job is over.
    #[error("the job has come to its end")]
    Over,
}

/// The first day whose expenses are kept: one year before the first connection, or what was asked for beyond. `None` for an account
/// that was never connected.
pub fn first_day(conn: &mut Conn, account: AccountId) -> Result<Option<Date>, store::Error> {
    let Some(connected) = accounts::get(conn, account)?.first_connected_at else { return Ok(None) };
    let year = window::first_day(connected);
    Ok(Some(job(conn, account)?.map_or(year, |job| job.from.min(year))))
}

/// The job, if one was ever asked for.
pub fn status(conn: &mut Conn, account: AccountId) -> Result<Option<History>, store::Error> {
    Ok(both(conn, account)?.map(|(job, reading)| shown(&job, &reading)))
}

/// Whether there is something to read.
pub fn is_active(conn: &mut Conn, account: AccountId) -> Result<bool, store::Error> {
    Ok(status(conn, account)?.is_some_and(|history| history.state == State::Active))
}

/// What asking for `from` would cost.
///
/// # Errors
/// The store refuses; the inner error is why it cannot be asked for.
pub fn estimate(
    conn: &mut Conn,
    account: AccountId,
    from: Date,
    now: Timestamp,
) -> Result<Result<Estimate, Refused>, store::Error> {
    let kept = match extends(conn, account, from)? {
        Ok(kept) => kept,
        Err(refused) => return Ok(Err(refused)),
    };
    let stored = reports::count(conn, account)?;
    let (kept_days, days) = (days(kept, day_of(now)).max(1), days(from, kept));
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate"
    )]
    let (reports, requests) = {
        let reports = stored as f64 * days as f64 / kept_days as f64;
        (reports.round() as u64, ((reports + stored as f64) * REQUESTS_PER_REPORT).ceil() as u64)
    };
    Ok(Ok(Estimate { days, reports, reports_again: stored, requests }))
}

/// Asks for everything since `from`. A job that is under way is planned anew with it.
///
/// # Errors
/// The store refuses; the inner error is why it cannot be asked for.
pub fn ask(
    conn: &mut Conn,
    account: AccountId,
    from: Date,
    now: Timestamp,
) -> Result<Result<History, Refused>, store::Error> {
    let kept = match extends(conn, account, from)? {
        Ok(kept) => kept,
        Err(refused) => return Ok(Err(refused)),
    };
    if let Some(before) = job(conn, account)? {
        cursors::delete(conn, account, DATA_TYPE, &reading_of(before.from))?;
    }
    let before = kept.yesterday().unwrap_or(Date::MIN);
    let windows = [window::newest_first(from, before), window::newest_first(kept, day_of(now))].concat();
    let reading = Reading { position: Position::over(windows), second_try: false, finished: false };
    let job = Job { from, state: State::Active, asked_at: now };
    put(conn, account, &reading_of(from), &reading, now)?;
    put(conn, account, CURSOR, &job, now)?;
    Ok(Ok(shown(&job, &reading)))
}

/// Pauses, stops or, with [`State::Active`], resumes the job. What was read stays.
///
/// # Errors
/// The store refuses; the inner error is why the word does not hold.
pub fn turn(
    conn: &mut Conn,
    account: AccountId,
    to: State,
    now: Timestamp,
) -> Result<Result<History, Refused>, store::Error> {
    let Some((mut job, reading)) = both(conn, account)? else { return Ok(Err(Refused::NotAsked)) };
    if reading.finished {
        return Ok(Err(Refused::Over));
    }
    job.state = to;
    put(conn, account, CURSOR, &job, now)?;
    if let Some(run) = runs::latest(conn, account, KIND)?.filter(|run| run.state.is_open()) {
        match to {
            State::Stopped => runs::finish(conn, run.id, runs::State::Cancelled, None, now)?,
            to => runs::pause(conn, run.id, to == State::Paused, now)?,
        }
    }
    Ok(Ok(shown(&job, &reading)))
}

/// Reads and stores the next page of the job. Answers how it stands then; `None` where none was asked for.
///
/// # Errors
/// Concur cannot be read, or the store refuses. What was stored stays, and the next call goes on after it.
pub async fn next_page(
    company: &Company,
    progress: &dyn Progress,
    snapshot: &mut Snapshot,
) -> Result<Option<State>, Error> {
    let account = company.account;
    let Some((job, mut reading)) = company.store.read(move |conn| both(conn, account)).await? else {
        return Ok(None);
    };
    if reading.finished || job.state != State::Active {
        return Ok(Some(shown(&job, &reading).state));
    }
    let position = &mut reading.position;
    if position.windows.is_empty() && !reading.second_try {
        // Once more what had gaps; what still has some then is told.
        position.windows = std::mem::take(&mut position.again);
        reading.second_try = true;
        snapshot.gaps.clear();
    }
    let read = if position.windows.is_empty() {
        reading.finished = true;
        Vec::new()
    } else {
        pages::read(company, job.from, position, snapshot).await?
    };
    snapshot.windows_done = reading.position.windows_done;
    snapshot.windows_total = reading.position.windows_done + reading.position.windows.len();
    pages::store(company, read, (reading_of(job.from), &reading), snapshot).await?;
    progress.update(snapshot);
    Ok(Some(shown(&job, &reading).state))
}

/// The first day that is kept now, where `from` lies before it.
fn extends(conn: &mut Conn, account: AccountId, from: Date) -> Result<Result<Date, Refused>, store::Error> {
    Ok(match first_day(conn, account)? {
        None => Err(Refused::NeverConnected),
        Some(kept) if from >= kept => Err(Refused::Kept(kept)),
        Some(kept) => Ok(kept),
    })
}

fn job(conn: &mut Conn, account: AccountId) -> Result<Option<Job>, store::Error> {
    get(conn, account, CURSOR)
}

fn both(conn: &mut Conn, account: AccountId) -> Result<Option<(Job, Reading)>, store::Error> {
    let Some(job) = job(conn, account)? else { return Ok(None) };
    let reading = get(conn, account, &reading_of(job.from))?;
    Ok(reading.map(|reading| (job, reading)))
}

fn reading_of(from: Date) -> String {
    format!("history from {from}")
}

fn get<T: DeserializeOwned>(
    conn: &mut Conn,
    account: AccountId,
    name: &str,
) -> Result<Option<T>, store::Error> {
    let stored = cursors::get(conn, account, DATA_TYPE, name)?;
    Ok(stored.and_then(|stored| match T::deserialize(&stored) {
        Ok(read) => Some(read),
        Err(error) => {
            tracing::error!(%account, %error, "the stored history job cannot be read; ask for it again");
            None
        }
    }))
}

fn put(
    conn: &mut Conn,
    account: AccountId,
    name: &str,
    value: &impl Serialize,
    now: Timestamp,
) -> Result<(), store::Error> {
    let value = serde_json::to_value(value).unwrap_or(Value::Null);
    cursors::put(conn, account, DATA_TYPE, name, &value, now)
}

fn shown(job: &Job, reading: &Reading) -> History {
    let Position { windows, windows_done, again, .. } = &reading.position;
    History {
        from: job.from,
        state: if reading.finished { State::Complete } else { job.state },
        asked_at: job.asked_at,
        windows_done: *windows_done,
        windows_left: windows.len() + if reading.finished { 0 } else { again.len() },
        has_gaps: reading.finished && !again.is_empty(),
    }
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned_datetime(TimeZone::UTC).date()
}

fn days(from: Date, to: Date) -> i64 {
    i64::from(from.until(to).map_or(0, |span| span.get_days()))
}
