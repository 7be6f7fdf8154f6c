//! The audit trail: append-only (triggers in the migrations), one hash chain per account (reliability S7). Append in
//! the transaction of the action itself: if the row cannot be written, the action does not happen.
//!
//! A chain shows a changed, missing or reordered row. Whoever can rewrite the whole database could also compute a new
//! chain; against that, keep the head's hash elsewhere (an export holds it).

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::conn::{Raw, on};
use crate::ids::AccountId;
use crate::prepared::prepared;
use crate::schema::{audit, audit_heads};
use crate::value::{self, micros};
use crate::{Conn, Error};

/// Rows read at once by [`verify`].
const CHUNK: i64 = 1_000;

/// What is to be recorded.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Whose chain; `None`: what concerns no account.
    pub account: Option<AccountId>,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it: a token id, a console user, `delivery` …
    pub actor: String,
    /// What was done, such as `user.create`.
    pub action: String,
    /// To what: an id.
    pub subject: String,
    /// Before, after, why. May hold personal data; this table is where it belongs (reliability S6).
    pub details: Value,
}

/// A recorded event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Whose chain.
    pub account: Option<AccountId>,
    /// Place in the chain, from 1.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// Before, after, why.
    pub details: Value,
    /// SHA-256 over this event and the hash before it.
    pub hash: String,
}

/// What [`verify`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every row is there and unchanged.
    Intact {
        /// Length of the chain.
        rows: u64,
    },
    /// The first place that does not fit.
    Broken {
        /// Where.
        seq: i64,
        /// What does not fit.
        reason: String,
    },
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit, treat_none_as_default_value = false)]
struct Row {
    chain: String,
    seq: i64,
    at: i64,
    actor: String,
    action: String,
    subject: String,
    details: String,
    previous_hash: String,
    hash: String,
}

impl Row {
    /// Each part with its length, so that no border can be moved.
    fn compute_hash(&self) -> String {
        let mut hasher = Sha256::new();
        let (seq, at) = (self.seq.to_string(), self.at.to_string());
        let parts = [
            &self.previous_hash,
            &self.chain,
            &seq,
            &at,
            &self.actor,
            &self.action,
            &self.subject,
            &self.details,
        ];
        for part in parts {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        blake3::Hash::from_bytes(hasher.finalize().into()).to_hex().to_string()
    }
}

impl TryFrom<Row> for Event {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        let account =
            if row.chain.is_empty() { None } else { Some(value::parse(&row.chain, "audit.chain")?) };
        Ok(Event {
            account,
            seq: row.seq,
            at: value::time(row.at, "audit.at")?,
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            details: value::json(&row.details, "audit.details")?,
            hash: row.hash,
        })
    }
}

fn chain(account: Option<AccountId>) -> String {
    account.map(|id| id.to_string()).unwrap_or_default()
}

/// Where the chain ends, locked until the transaction ends, so that two events never get one place.
fn lock_head(conn: &mut Conn, chain: &str) -> Result<(i64, String), Error> {
    if let Some(head) = head(conn, chain)? {
        return Ok(head);
    }
    let first = (audit_heads::chain.eq(chain), audit_heads::seq.eq(0_i64), audit_heads::hash.eq(""));
    on!(conn, c => diesel::insert_into(audit_heads::table).values(first).on_conflict_do_nothing().execute(c))?;
    head(conn, chain)?.ok_or(Error::NotFound { what: "head of an audit chain" })
}

fn head(conn: &mut Conn, chain: &str) -> Result<Option<(i64, String)>, Error> {
    let head = audit_heads::table.find(chain).select((audit_heads::seq, audit_heads::hash));
    match &mut *conn.pooled {
        Raw::Sqlite(c) => head.first(&mut **c),
        Raw::Postgres(c) => head.for_update().first(&mut ***c),
    }
    .optional()
    .map_err(Error::from)
}

/// Appends, in the caller's transaction. Do it last there: on PostgreSQL the end of the chain stays locked until the
/// transaction ends, and who locks it first and other rows later may meet someone who does the reverse.
pub fn append(conn: &mut Conn, event: &NewEvent) -> Result<Event, Error> {
    let chain = chain(event.account);
    let (seq, previous_hash) = lock_head(conn, &chain)?;
    let mut row = Row {
        chain,
        seq: seq + 1,
        at: micros(event.at),
        actor: event.actor.clone(),
        action: event.action.clone(),
        subject: event.subject.clone(),
        details: event.details.to_string(),
        previous_hash,
        hash: String::new(),
    };
    row.hash = row.compute_hash();
    put(conn, &row)?;
    row.try_into()
}

#[derive(QueryableByName)]
struct Seq {
    #[diesel(sql_type = BigInt)]
    #[expect(dead_code, reason = "a prepared statement answers something")]
    seq: i64,
}

/// The row becomes the end of its chain. On PostgreSQL both in one statement: everybody else waits for it.
fn put(conn: &mut Conn, row: &Row) -> Result<(), Error> {
    match &mut *conn.pooled {
        Raw::Sqlite(c) => {
            let head = audit_heads::table.find(&row.chain);
            let end = (audit_heads::seq.eq(row.seq), audit_heads::hash.eq(&row.hash));
            diesel::insert_into(audit::table).values(row).execute(&mut **c)?;
            let end = diesel::update(head).set(end).returning(audit_heads::seq);
            prepared(end).get_result::<i64>(&mut **c)?;
        }
        Raw::Postgres(c) => {
            let both = diesel::sql_query(
                "WITH added AS (INSERT INTO audit (chain, seq, at, actor, action, subject, details, previous_hash, hash) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)) \
                 UPDATE audit_heads SET seq = $2, hash = $9 WHERE chain = $1 RETURNING seq",
            )
            .bind::<Text, _>(&row.chain)
            .bind::<BigInt, _>(row.seq)
            .bind::<BigInt, _>(row.at)
            .bind::<Text, _>(&row.actor)
            .bind::<Text, _>(&row.action)
            .bind::<Text, _>(&row.subject)
            .bind::<Text, _>(&row.details)
            .bind::<Text, _>(&row.previous_hash)
            .bind::<Text, _>(&row.hash);
            prepared(both).get_result::<Seq>(&mut ***c)?;
        }
    }
    Ok(())
}

/// Walks the whole chain and recomputes every hash.
pub fn verify(conn: &mut Conn, account: Option<AccountId>) -> Result<Verdict, Error> {
    let chain = chain(account);
    let broken = |seq, reason: &str| Ok(Verdict::Broken { seq, reason: reason.to_owned() });
    let head: Option<(i64, String)> = on!(conn, c => {
        audit_heads::table.find(&chain).select((audit_heads::seq, audit_heads::hash)).first(c).optional()
    })?;
    let (mut seq, mut hash) = (0, String::new());
    loop {
        let rows: Vec<Row> = on!(conn, c => {
            audit::table
                .filter(audit::chain.eq(&chain).and(audit::seq.gt(seq)))
                .order(audit::seq)
                .limit(CHUNK)
                .select(Row::as_select())
                .load(c)
        })?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            if row.seq != seq + 1 {
                return broken(seq + 1, "a row is missing");
            }
            if row.previous_hash != hash {
                return broken(row.seq, "it does not follow the row before it");
            }
            if row.hash != row.compute_hash() {
                return broken(row.seq, "the row was changed");
            }
            (seq, hash) = (row.seq, row.hash);
        }
    }
    match head {
        Some((head, _)) if head > seq => broken(seq + 1, "rows at the end are missing"),
        Some((_, head_hash)) if head_hash != hash => broken(seq, "the head of the chain is another row"),
        None if seq > 0 => broken(seq, "the head of the chain is missing"),
        _ => Ok(Verdict::Intact { rows: value::count(seq) }),
    }
}

/// Newest first; those before `before_seq`, if given.
pub fn list(
    conn: &mut Conn,
    account: Option<AccountId>,
    before_seq: Option<i64>,
    limit: usize,
) -> Result<Vec<Event>, Error> {
    let chain = chain(account);
    let rows: Vec<Row> = on!(conn, c => {
        audit::table
            .filter(audit::chain.eq(&chain).and(audit::seq.lt(before_seq.unwrap_or(i64::MAX))))
            .order(audit::seq.desc())
            .limit(value::limit(limit))
            .select(Row::as_select())
            .load(c)
    })?;
    rows.into_iter().map(Event::try_from).collect()
}
