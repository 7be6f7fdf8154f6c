//! Sync runs.
use crate::{
    Conn, Error,
    ids::{AccountId, RunId},
};
use jiff::Timestamp;
use serde_json::Value;
/// State of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Running,
    Complete,
    CompleteWithGaps,
    Failed,
    Cancelled,
}
/// One run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub id: RunId,
    pub account: AccountId,
    pub kind: String,
    pub state: State,
    pub started_at: Timestamp,
    pub updated_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub progress: Value,
    pub error: Option<String>,
}
pub fn start(
    _conn: &mut Conn,
    _account: AccountId,
    _kind: &str,
    _progress: &Value,
    _now: Timestamp,
) -> Result<Run, Error> {
    unimplemented!()
}
pub fn progress(_conn: &mut Conn, _id: RunId, _progress: &Value, _now: Timestamp) -> Result<(), Error> {
    unimplemented!()
}
pub fn finish(
    _conn: &mut Conn,
    _id: RunId,
    _state: State,
    _error: Option<&str>,
    _now: Timestamp,
) -> Result<(), Error> {
    unimplemented!()
}
pub fn get(_conn: &mut Conn, _id: RunId) -> Result<Run, Error> {
    unimplemented!()
}
/// Newest first.
pub fn list(_conn: &mut Conn, _account: AccountId, _limit: usize) -> Result<Vec<Run>, Error> {
    unimplemented!()
}
pub fn latest(_conn: &mut Conn, _account: AccountId, _kind: &str) -> Result<Option<Run>, Error> {
    unimplemented!()
}
