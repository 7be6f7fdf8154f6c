//! Decisions, one per line.
use crate::{
    Conn, Error,
    ids::{AccountId, LineId},
};
use jiff::Timestamp;
use serde_json::Value;
/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    Matched,
    Unmatched,
    Ignored,
    Archived,
}
/// How sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Band {
    Certain,
    Likely,
    Possible,
    None,
}
/// A decision to store. `line_hash` is the line's `content_hash` it was made on.
#[derive(Clone, Debug)]
pub struct NewMatch {
    pub line_id: LineId,
    pub line_hash: String,
    pub status: Status,
    pub app_id: Option<String>,
    pub score: f64,
    pub band: Band,
    pub matched_by: String,
    pub candidate: Option<String>,
    pub explanation: Value,
    pub dictionary_version: String,
    pub pinned: bool,
    pub decided_at: Timestamp,
}
/// A stored decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    pub line_id: LineId,
    pub account: AccountId,
    pub line_hash: String,
    pub status: Status,
    pub app_id: Option<String>,
    pub score: f64,
    pub band: Band,
    pub matched_by: String,
    pub candidate: Option<String>,
    pub explanation: Value,
    pub dictionary_version: String,
    pub pinned: bool,
    pub decided_at: Timestamp,
}
/// A pinned (human) decision is replaced only by another pinned one.
pub fn upsert(_conn: &mut Conn, _account: AccountId, _matches: &[NewMatch]) -> Result<usize, Error> {
    unimplemented!()
}
pub fn get(_conn: &mut Conn, _account: AccountId, _line: LineId) -> Result<Option<Match>, Error> {
    unimplemented!()
}
/// Decisions by status.
pub fn counts_by_status(_conn: &mut Conn, _account: AccountId) -> Result<Vec<(Status, u64)>, Error> {
    unimplemented!()
}
