//! Sync runs: what was started, how far it came, how it ended. The resume point is in `cursors`; a run is the story.

use diesel::prelude::*;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::conn::on;
use crate::ids::{AccountId, RunId};
use crate::schema::runs;
use crate::value::{self, micros, text_enum};
use crate::webhooks::{self, Topic};
use crate::{Conn, Error};

text_enum!(
    /// How a run stands.
    State {
        /// Under way, or interrupted: look at `updated_at`.
        Running = "running",
        /// Waits until a person says that it may go on.
        Paused = "paused",
        /// Everything was read.
        Complete = "complete",
        /// Ended, but a page or row was unreadable (reliability I26).
        CompleteWithGaps = "complete_with_gaps",
        /// Stopped by an error.
        Failed = "failed",
        /// Stopped by a person.
        Cancelled = "cancelled",
    }
);

/// The states of a run that has not ended.
const OPEN: [&str; 2] = [State::Running.as_str(), State::Paused.as_str()];

impl State {
    /// Whether there is more to come.
    pub fn is_open(self) -> bool {
        OPEN.contains(&self.as_str())
    }
}

/// One sync run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Key.
    pub id: RunId,
    /// Whose.
    pub account: AccountId,
    /// What is synced, such as `expenses` or `users`.
    pub kind: String,
    /// How it stands.
    pub state: State,
    /// When it began.
    pub started_at: Timestamp,
    /// Last sign of life.
    pub updated_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Counters and the like, owned by whoever runs it.
    pub progress: Value,
    /// Why it failed.
    pub error: Option<String>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = runs)]
struct Row {
    run_id: String,
    account_id: String,
    kind: String,
    state: String,
    started_at: i64,
    updated_at: i64,
    finished_at: Option<i64>,
    progress: String,
    error: Option<String>,
}

impl TryFrom<Row> for Run {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Run {
            id: value::parse(&row.run_id, "runs.run_id")?,
            account: value::parse(&row.account_id, "runs.account_id")?,
            kind: row.kind,
            state: value::parse(&row.state, "runs.state")?,
            started_at: value::time(row.started_at, "runs.started_at")?,
            updated_at: value::time(row.updated_at, "runs.updated_at")?,
            finished_at: value::time_opt(row.finished_at, "runs.finished_at")?,
            progress: value::json(&row.progress, "runs.progress")?,
            error: row.error,
        })
    }
}

/// Begins a run.
pub fn start(
    conn: &mut Conn,
    account: AccountId,
    kind: &str,
    progress: &Value,
    now: Timestamp,
) -> Result<Run, Error> {
    let row = Row {
        run_id: RunId::generate(now).to_string(),
        account_id: account.to_string(),
        kind: kind.to_owned(),
        state: State::Running.to_string(),
        started_at: micros(now),
        updated_at: micros(now),
        finished_at: None,
        progress: progress.to_string(),
        error: None,
    };
    on!(conn, c => diesel::insert_into(runs::table).values(&row).execute(c))?;
    row.try_into()
}

/// Records how far it is; [`Error::NotFound`] if the run has ended (someone cancelled it).
pub fn progress(conn: &mut Conn, id: RunId, progress: &Value, now: Timestamp) -> Result<(), Error> {
    let key = id.to_string();
    let changed = on!(conn, c => {
        diesel::update(runs::table.find(&key).filter(runs::state.eq_any(OPEN)))
            .set((runs::progress.eq(progress.to_string()), runs::updated_at.eq(micros(now))))
            .execute(c)
    })?;
    if changed == 0 { Err(Error::NotFound { what: "open sync run" }) } else { Ok(()) }
}

/// A person's word: lets an open run wait, or go on; [`Error::NotFound`] if it has ended.
pub fn pause(conn: &mut Conn, id: RunId, paused: bool, now: Timestamp) -> Result<(), Error> {
    let key = id.to_string();
    let state = if paused { State::Paused } else { State::Running };
    let changed = on!(conn, c => {
        diesel::update(runs::table.find(&key).filter(runs::state.eq_any(OPEN)))
            .set((runs::state.eq(state.as_str()), runs::updated_at.eq(micros(now))))
            .execute(c)
    })?;
    if changed == 0 { Err(Error::NotFound { what: "open sync run" }) } else { Ok(()) }
}

/// Ends it; [`Error::NotFound`] if it has ended before.
pub fn finish(
    conn: &mut Conn,
    id: RunId,
    state: State,
    error: Option<&str>,
    now: Timestamp,
) -> Result<(), Error> {
    let key = id.to_string();
    let changed = on!(conn, c => {
        diesel::update(runs::table.find(&key).filter(runs::state.eq_any(OPEN)))
            .set((
                runs::state.eq(state.as_str()),
                runs::error.eq(error),
                runs::finished_at.eq(micros(now)),
                runs::updated_at.eq(micros(now)),
            ))
            .execute(c)
    })?;
    if changed == 0 {
        return Err(Error::NotFound { what: "open sync run" });
    }
    tell_end(conn, id, state, now)
}

/// Tells whoever wants to know that a run has ended. One that a person cancelled is no news.
fn tell_end(conn: &mut Conn, id: RunId, state: State, now: Timestamp) -> Result<(), Error> {
    let topic = match state {
        State::Complete | State::CompleteWithGaps => Topic::RunFinished,
        State::Failed => Topic::RunFailed,
        State::Running | State::Paused | State::Cancelled => return Ok(()),
    };
    let run = get(conn, id)?;
    webhooks::publish(conn, run.account, topic, now, |_| {
        Ok(json!({
            "id": id,
            "kind": run.kind,
            "state": run.state,
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            "progress": run.progress,
            "error": run.error,
        }))
    })
}

/// Ends the runs of a kind that their process has left behind: to be called by whoever holds the lease on the chore. How
/// many there were.
pub fn end_interrupted(
    conn: &mut Conn,
    account: AccountId,
    kind: &str,
    now: Timestamp,
) -> Result<usize, Error> {
    let account = account.to_string();
    let running =
        runs::account_id.eq(&account).and(runs::kind.eq(kind)).and(runs::state.eq(State::Running.as_str()));
    on!(conn, c => {
        diesel::update(runs::table.filter(running))
            .set((
                runs::state.eq(State::Failed.as_str()),
                runs::error.eq("interrupted: its process ended; the next run goes on where it stopped"),
                runs::finished_at.eq(micros(now)),
            ))
            .execute(c)
    })
}

/// The run.
pub fn get(conn: &mut Conn, id: RunId) -> Result<Run, Error> {
    let key = id.to_string();
    let row: Option<Row> =
        on!(conn, c => runs::table.find(&key).select(Row::as_select()).first(c).optional())?;
    row.ok_or(Error::NotFound { what: "sync run" })?.try_into()
}

/// The newest runs of an account.
pub fn list(conn: &mut Conn, account: AccountId, limit: usize) -> Result<Vec<Run>, Error> {
    let account = account.to_string();
    let rows: Vec<Row> = on!(conn, c => {
        runs::table
            .filter(runs::account_id.eq(&account))
            .order((runs::started_at.desc(), runs::run_id.desc()))
            .limit(value::limit(limit))
            .select(Row::as_select())
            .load(c)
    })?;
    rows.into_iter().map(Run::try_from).collect()
}

/// The newest run of a kind.
pub fn latest(conn: &mut Conn, account: AccountId, kind: &str) -> Result<Option<Run>, Error> {
    let account = account.to_string();
    let row: Option<Row> = on!(conn, c => {
        runs::table
            .filter(runs::account_id.eq(&account).and(runs::kind.eq(kind)))
            .order((runs::started_at.desc(), runs::run_id.desc()))
            .select(Row::as_select())
            .first(c)
            .optional()
    })?;
    row.map(Run::try_from).transpose()
}
