//! One sync run of one account: users, expenses, matches, with its record in the store; and the longer history, which is
//! read in between.

use std::sync::Arc;

use jiff::Timestamp;
use matcher::Matcher;
use serde::Deserialize as _;
use store::{
    Conn,
    accounts::AuthenticationType,
    ids::RunId,
    runs::{self, State},
};

use crate::pull::expenses::{Pass, Read};
use crate::pull::history;
use crate::pull::told::Told;
use crate::{Company, Error, Progress, Silent, Snapshot, decide, pull, spending_leavers};

/// The kind under which runs of this module are recorded.
pub const KIND: &str = "sync";

/// New lines after which decisions are made for the first time, though there is more to read. A first reading may
/// take days: who waits for answers gets the first ones in a minute. Then each time the lines have doubled, since looking
/// for what is undecided costs more the more there is.
const FIRST_DECIDED: usize = 500;

/// What a finished run says of itself.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its record.
    pub id: RunId,
    /// Complete, or complete with gaps.
    pub state: State,
    /// What it did.
    pub snapshot: Snapshot,
    /// What of it was done before this call: a run may be done in parts.
    pub before: Snapshot,
}

/// Reads what is due and decides what is undecided, the newest already while the rest is being read. The caller sees to it that no
/// other run of the account is under way. Users need a company-level connection and are left out of a user-level one, since
/// Identity takes no other token.
///
/// # Errors
/// As [`Pass::next_page`], [`pull::users::users`] and [`decide::match_lines`]; the run is recorded as failed, and the next one goes on
/// where it stopped.
pub async fn sync(
    company: &Company,
    matcher: &Arc<Matcher>,
    progress: &dyn Progress,
) -> Result<Summary, Error> {
    let (account, now) = (company.account, company.now());
    let mut snapshot = Snapshot::default();
    let empty = serde_json::to_value(&snapshot)?;
    let (authentication, run) = company
        .store
        .write(move |conn| {
            let authentication = store::accounts::get(conn, account)?.authentication_type;
            runs::end_interrupted(conn, account, KIND, now)?;
            Ok((authentication, runs::start(conn, account, KIND, &empty, now)?))
        })
        .await?;
    let outcome = steps(company, authentication, matcher, progress, run.id, &mut snapshot).await;
    let state = match &outcome {
        Ok(()) if snapshot.gaps.is_empty() => State::Complete,
        Ok(()) => State::CompleteWithGaps,
        Err(_) => State::Failed,
    };
    finish(company, run.id, state, outcome.as_ref().err(), &snapshot).await?;
    outcome.map(|()| Summary { id: run.id, state, snapshot, before: Snapshot::default() })
}

/// Ends the record of a run.
async fn finish(
    company: &Company,
    id: RunId,
    state: State,
    error: Option<&Error>,
    snapshot: &Snapshot,
) -> Result<(), Error> {
    let (figures, now, error) = (serde_json::to_value(snapshot)?, company.now(), error.map(chain));
    let write = move |conn: &mut Conn| {
        runs::progress(conn, id, &figures, now)?;
        runs::finish(conn, id, state, error.as_deref(), now)
    };
    Ok(company.store.write(write).await?)
}

/// Notes how far a run is: one may take days, and people look.
async fn note(company: &Company, id: RunId, snapshot: &Snapshot) -> Result<(), Error> {
    let (figures, now) = (serde_json::to_value(snapshot)?, company.now());
    match company.store.write(move |conn| runs::progress(conn, id, &figures, now)).await {
        // A person has ended it; the next look at what is to be done sees that too.
        Ok(()) | Err(store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Reads what lies before the year, where that was asked for, until it is complete, a person says otherwise, or `until`: a
/// pass is due then, and goes before. The next call goes on with the same record, which stays open till the
/// end. `None`: nothing was to be read. The caller sees to it that no run of the account is under way.
///
/// # Errors
/// As [`history::next_page`] and [`decide::match_lines`]; the run is recorded as failed, and the next one goes on where it
/// stopped.
pub async fn history(
    company: &Company,
    matcher: &Arc<Matcher>,
    until: Option<Timestamp>,
    progress: &dyn Progress,
) -> Result<Option<Summary>, Error> {
    let (account, now) = (company.account, company.now());
    let empty = serde_json::to_value(Snapshot::default())?;
    let begin = move |conn: &mut Conn| {
        if !history::is_active(conn, account)? {
            return Ok(None);
        }
        let open = runs::latest(conn, account, history::KIND)?.filter(|run| run.state.is_open());
        match open {
            // Who asks for an earlier day while the job is paused ends the pause.
            Some(run) if run.state == State::Paused => {
                runs::pause(conn, run.id, false, now).map(|()| Some(run))
            }
            Some(run) => Ok(Some(run)),
            None => runs::start(conn, account, history::KIND, &empty, now).map(Some),
        }
    };
    let Some(run) = company.store.write(begin).await? else { return Ok(None) };
    let before = Snapshot::deserialize(&run.progress).unwrap_or_default();
    let mut snapshot = before.clone();
    let outcome = history_steps(company, matcher, until, progress, run.id, &mut snapshot).await;
    // The job knows of gaps that a run which was killed or failed has told nobody.
    let job = company.store.read(move |conn| history::status(conn, account)).await?;
    let has_gaps = !snapshot.gaps.is_empty() || job.is_some_and(|job| job.has_gaps);
    let state = match &outcome {
        Ok(history::State::Active) => State::Running,
        Ok(history::State::Paused) => State::Paused,
        Ok(history::State::Stopped) => State::Cancelled,
        Ok(history::State::Complete) if has_gaps => State::CompleteWithGaps,
        Ok(history::State::Complete) => State::Complete,
        Err(_) => State::Failed,
    };
    // What a person has said of the job is in its record already.
    if matches!(state, State::Running | State::Paused | State::Cancelled) {
        note(company, run.id, &snapshot).await?;
    } else {
        finish(company, run.id, state, outcome.as_ref().err(), &snapshot).await?;
    }
    outcome.map(|_| Some(Summary { id: run.id, state, snapshot, before }))
}

async fn history_steps(
    company: &Company,
    matcher: &Arc<Matcher>,
    until: Option<Timestamp>,
    progress: &dyn Progress,
    run: RunId,
    snapshot: &mut Snapshot,
) -> Result<history::State, Error> {
    let mut decide_from = snapshot.lines + FIRST_DECIDED;
    loop {
        let stands = history::next_page(company, progress, snapshot).await?;
        let stands = stands.unwrap_or(history::State::Stopped);
        pull::told::told(company, snapshot).await?;
        let is_over = stands != history::State::Active || until.is_some_and(|until| company.now() >= until);
        if is_over || snapshot.lines >= decide_from {
            decide::match_lines(company, matcher, progress, snapshot).await?;
            decide_from = FIRST_DECIDED.max(2 * snapshot.lines);
        }
        if is_over {
            return Ok(stands);
        }
        note(company, run, snapshot).await?;
    }
}

async fn steps(
    company: &Company,
    authentication: AuthenticationType,
    matcher: &Arc<Matcher>,
    progress: &dyn Progress,
    run: RunId,
    snapshot: &mut Snapshot,
) -> Result<(), Error> {
    if authentication == AuthenticationType::CompanyLevel {
        pull::users::users(company, progress, snapshot).await?;
    }
    let began = company.now();
    let mut pass = Pass::begin(company).await?;
    let passed_from = (!pass.is_resumed()).then_some(began);
    let mut decide_from = FIRST_DECIDED;
    loop {
        let read = pass.next_page(company, progress, snapshot).await?;
        // A first pass may take days, and what changes meanwhile is not to wait for its end.
        pull::told::told(company, snapshot).await?;
        if read == Read::Everything {
            pull::open_reports::open_reports(company, passed_from, progress, snapshot).await?;
            pull::renamed::renamed(company, progress, snapshot).await?;
        }
        if read == Read::Everything || snapshot.lines >= decide_from {
            decide::match_lines(company, matcher, progress, snapshot).await?;
            decide_from = FIRST_DECIDED.max(2 * snapshot.lines);
        }
        if read == Read::Everything {
            return spending_leavers::tell(company, matcher.dictionary()).await;
        }
        note(company, run, snapshot).await?;
    }
}

/// Reads what events have named and decides it, without a run of its own: it may happen every few seconds. The caller sees to it
/// that no run of the account is under way.
///
/// # Errors
/// As [`pull::told::told`] and [`decide::match_lines`]; what is not read stays due.
pub async fn told(company: &Company, matcher: &Arc<Matcher>) -> Result<(Told, Snapshot), Error> {
    let mut snapshot = Snapshot::default();
    let told = pull::told::told(company, &mut snapshot).await?;
    if snapshot.lines > 0 {
        decide::match_lines(company, matcher, &Silent, &mut snapshot).await?;
    }
    Ok((told, snapshot))
}

/// An error with all its causes on one line, for the run's record.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
