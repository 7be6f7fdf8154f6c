//! The flight recorder: accounts whose conversations are recorded for a while, and what was recorded, sealed.
//!
//! Recording is switched on by an operator, for one account, until a time, up to a number. What was said is a text of
//! the caller's, sealed like any other secret (reliability S1): it holds people's data.

use diesel::prelude::*;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::conn::on;
use crate::ids::{AccountId, RecordingId};
use crate::schema::{recorders, recordings};
use crate::seal::Place;
use crate::value::{self, micros};
use crate::{Conn, Error};

/// An account that is being recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorder {
    /// Whose conversations.
    pub account: AccountId,
    /// Since when.
    pub started_at: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Conversations that are kept; older ones make room.
    pub most: usize,
}

/// A recorded conversation, without what was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Its id.
    pub id: RecordingId,
    /// Whose.
    pub account: AccountId,
    /// When.
    pub at: Timestamp,
    /// HTTP method.
    pub method: String,
    /// Route pattern.
    pub route: String,
    /// HTTP status.
    pub status: u16,
}

type Row = (String, String, i64, String, String, i32);

fn recording((id, account, at, method, route, status): Row) -> Result<Recording, Error> {
    Ok(Recording {
        id: value::parse(&id, "recordings.recording_id")?,
        account: value::parse(&account, "recordings.account_id")?,
        at: value::time(at, "recordings.at")?,
        method,
        route,
        status: u16::try_from(status).unwrap_or_default(),
    })
}

fn place(id: &str, account: AccountId) -> Place<'_> {
    Place { table: "recordings", row: id, column: "sealed", account }
}

/// Starts to record, or goes on with other bounds.
pub fn start(conn: &mut Conn, recorder: &Recorder) -> Result<(), Error> {
    let most = i32::try_from(recorder.most).unwrap_or(i32::MAX);
    let bounds = (
        recorders::started_at.eq(micros(recorder.started_at)),
        recorders::until.eq(micros(recorder.until)),
        recorders::most.eq(most),
    );
    let row = (recorders::account_id.eq(recorder.account.to_string()), bounds);
    on!(conn, c => {
        diesel::insert_into(recorders::table)
            .values(row)
            .on_conflict(recorders::account_id)
            .do_update()
            .set(bounds)
            .execute(c)
    })?;
    Ok(())
}

/// Ends a recording; whether there was one. What was recorded stays until it is [trimmed](trim) or [erased](erase).
pub fn stop(conn: &mut Conn, account: AccountId) -> Result<bool, Error> {
    let key = account.to_string();
    Ok(on!(conn, c => diesel::delete(recorders::table.find(&key)).execute(c))? > 0)
}

/// Every account that is being recorded at this time.
pub fn recorders(conn: &mut Conn, now: Timestamp) -> Result<Vec<Recorder>, Error> {
    let rows: Vec<(String, i64, i64, i32)> = on!(conn, c => {
        recorders::table
            .filter(recorders::until.gt(micros(now)))
            .order(recorders::account_id)
            .select((recorders::account_id, recorders::started_at, recorders::until, recorders::most))
            .load(c)
    })?;
    let recorder = |(account, started_at, until, most): (String, i64, i64, i32)| {
        Ok(Recorder {
            account: value::parse(&account, "recorders.account_id")?,
            started_at: value::time(started_at, "recorders.started_at")?,
            until: value::time(until, "recorders.until")?,
            most: usize::try_from(most).unwrap_or_default(),
        })
    };
    rows.into_iter().map(recorder).collect()
}

/// Seals and stores a conversation.
pub fn add(conn: &mut Conn, recording: &Recording, said: &SecretString) -> Result<(), Error> {
    let id = recording.id.to_string();
    let sealed = conn.master_key.seal(&place(&id, recording.account), said)?;
    let row = (
        recordings::recording_id.eq(&id),
        recordings::account_id.eq(recording.account.to_string()),
        recordings::at.eq(micros(recording.at)),
        recordings::method.eq(&recording.method),
        recordings::route.eq(&recording.route),
        recordings::status.eq(i32::from(recording.status)),
        recordings::sealed.eq(sealed),
    );
    on!(conn, c => diesel::insert_into(recordings::table).values(row).execute(c))?;
    Ok(())
}

/// The recordings of an account, newest first.
pub fn list(conn: &mut Conn, account: AccountId, limit: usize) -> Result<Vec<Recording>, Error> {
    let key = account.to_string();
    let rows: Vec<Row> = on!(conn, c => {
        recordings::table
            .filter(recordings::account_id.eq(&key))
            .order(recordings::recording_id.desc())
            .limit(value::limit(limit))
            .select((
                recordings::recording_id,
                recordings::account_id,
                recordings::at,
                recordings::method,
                recordings::route,
                recordings::status,
            ))
            .load(c)
    })?;
    rows.into_iter().map(recording).collect()
}

/// A recording of the account with what was said.
pub fn open(
    conn: &mut Conn,
    account: AccountId,
    id: RecordingId,
) -> Result<Option<(Recording, SecretString)>, Error> {
    let (key, owner) = (id.to_string(), account.to_string());
    let found: Option<(Row, Vec<u8>)> = on!(conn, c => {
        recordings::table
            .filter(recordings::recording_id.eq(&key).and(recordings::account_id.eq(&owner)))
            .select((
                (
                    recordings::recording_id,
                    recordings::account_id,
                    recordings::at,
                    recordings::method,
                    recordings::route,
                    recordings::status,
                ),
                recordings::sealed,
            ))
            .first(c)
            .optional()
    })?;
    let Some((row, sealed)) = found else { return Ok(None) };
    let said = conn.master_key.open(&place(&key, account), &sealed)?;
    Ok(Some((recording(row)?, said)))
}

/// Forgets what is older than `before`, and all but the newest `keep` of the account; how many were forgotten.
pub fn trim(conn: &mut Conn, account: AccountId, before: Timestamp, keep: usize) -> Result<usize, Error> {
    let key = account.to_string();
    let last_gone: Option<String> = on!(conn, c => {
        recordings::table
            .filter(recordings::account_id.eq(&key))
            .order(recordings::recording_id.desc())
            .offset(value::limit(keep))
            .select(recordings::recording_id)
            .first(c)
            .optional()
    })?;
    let oldest = recordings::recording_id.le(last_gone.unwrap_or_default());
    let gone = recordings::account_id.eq(&key).and(recordings::at.lt(micros(before)).or(oldest));
    on!(conn, c => diesel::delete(recordings::table.filter(gone)).execute(c))
}

/// Forgets everything that was recorded of an account.
pub fn erase(conn: &mut Conn, account: AccountId) -> Result<usize, Error> {
    let key = account.to_string();
    on!(conn, c => diesel::delete(recordings::table.filter(recordings::account_id.eq(&key))).execute(c))
}
