//! Audit chain.
use crate::{Conn, Error, ids::AccountId};
use jiff::Timestamp;
use serde_json::Value;

/// What is to be recorded.
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub account: Option<AccountId>,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub details: Value,
}
/// One recorded event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub account: Option<AccountId>,
    pub seq: i64,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub details: Value,
    pub hash: String,
}
/// What `verify` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Intact { rows: u64 },
    Broken { seq: i64, reason: String },
}
/// Appends in the caller's transaction.
pub fn append(_conn: &mut Conn, _event: &NewEvent) -> Result<Event, Error> {
    unimplemented!()
}
pub fn verify(_conn: &mut Conn, _account: Option<AccountId>) -> Result<Verdict, Error> {
    unimplemented!()
}
/// Newest first, those before `before_seq`.
pub fn list(
    _conn: &mut Conn,
    _account: Option<AccountId>,
    _before_seq: Option<i64>,
    _limit: usize,
) -> Result<Vec<Event>, Error> {
    unimplemented!()
}
