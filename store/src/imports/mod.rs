//! Imports: files that people handed in, which lines each of them brought, and taking one back.
//!
//! A line may come with several files; it is removed when the last import that holds it is undone.

mod options;
mod possible_duplicates;
mod ranges;

use diesel::prelude::*;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

pub use options::{Remembered, forget, remember, remembered};
pub use possible_duplicates::{PossibleDuplicate, possible_duplicates};
use ranges::Ranges;

use crate::conn::on;
use crate::ids::{AccountId, ImportId};
use crate::lines::{LineNo, Upserted};
use crate::schema::{imports, lines};
use crate::value::{self, micros, text_enum};
use crate::{Conn, Error};

/// An import that says nothing for so long was cut off with its process. One that runs speaks with each page, one that
/// waits for its turn each minute.
pub const SILENT_MAX: SignedDuration = SignedDuration::from_mins(5);

text_enum!(
    /// How an import stands.
    State {
        /// Under way, or cut off a moment ago.
        Running = "running",
        /// Every row was judged, and every accepted one stored.
        Complete = "complete",
        /// Stopped by an error, or cut off; what was stored until then stays, and importing the file again goes on from there.
        Failed = "failed",
        /// Taken back.
        Undone = "undone",
    }
);

/// What became of the accepted rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Lines that were not known before.
    pub inserted: u64,
    /// Known ones that differ now.
    pub changed: u64,
    /// Known ones that are the same.
    pub unchanged: u64,
}

impl Counts {
    /// These and what another page brought.
    #[must_use]
    pub fn and(self, page: Upserted) -> Self {
        Self {
            inserted: self.inserted + page.inserted as u64,
            changed: self.changed + page.changed as u64,
            unchanged: self.unchanged + page.unchanged as u64,
        }
    }

    /// All of them.
    pub fn lines(&self) -> u64 {
        self.inserted + self.changed + self.unchanged
    }
}

/// One import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Key.
    pub id: ImportId,
    /// Whose.
    pub account: AccountId,
    /// The file's name.
    pub name: String,
    /// What the file was recognised as.
    pub layout: String,
    /// How it stands.
    pub state: State,
    /// What became of its rows.
    pub counts: Counts,
    /// Rows that became no line.
    pub rejected: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When whoever runs it last said that it goes on.
    pub alive_at: Timestamp,
}

impl Import {
    /// Whether somebody is at work on it.
    pub fn is_under_way(&self, now: Timestamp) -> bool {
        self.state == State::Running && now.duration_since(self.alive_at) <= SILENT_MAX
    }
}

/// What is said to whoever goes on with an import that is over.
const ENDED: Error = Error::Stale { what: "import" };

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = imports)]
struct Row {
    import_id: String,
    account_id: String,
    name: String,
    layout: String,
    state: String,
    inserted: i64,
    changed: i64,
    unchanged: i64,
    rejected: i64,
    started_at: i64,
    finished_at: Option<i64>,
    alive_at: i64,
}

impl TryFrom<Row> for Import {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Import {
            id: value::parse(&row.import_id, "imports.import_id")?,
            account: value::parse(&row.account_id, "imports.account_id")?,
            name: row.name,
            layout: row.layout,
            state: value::parse(&row.state, "imports.state")?,
            counts: Counts {
                inserted: value::count(row.inserted),
                changed: value::count(row.changed),
                unchanged: value::count(row.unchanged),
            },
            rejected: value::count(row.rejected),
            started_at: value::time(row.started_at, "imports.started_at")?,
            finished_at: value::time_opt(row.finished_at, "imports.finished_at")?,
            alive_at: value::time(row.alive_at, "imports.alive_at")?,
        })
    }
}

/// Begins an import.
pub fn start(
    conn: &mut Conn,
    account: AccountId,
    name: &str,
    layout: &str,
    now: Timestamp,
) -> Result<Import, Error> {
    let row = Row {
        import_id: ImportId::generate(now).to_string(),
        account_id: account.to_string(),
        name: name.to_owned(),
        layout: layout.to_owned(),
        state: State::Running.to_string(),
        inserted: 0,
        changed: 0,
        unchanged: 0,
        rejected: 0,
        started_at: micros(now),
        finished_at: None,
        alive_at: micros(now),
    };
    on!(conn, c => diesel::insert_into(imports::table).values(&row).execute(c))?;
    row.try_into()
}

/// The query for an import that is running.
macro_rules! running {
    ($id:expr) => {
        imports::table.find($id).filter(imports::state.eq(State::Running.as_str()))
    };
}

/// Says that an import goes on although it stores nothing. [`Error::Stale`]: it is over, somebody has ended it.
pub fn keep_alive(conn: &mut Conn, id: ImportId, now: Timestamp) -> Result<(), Error> {
    let id = id.to_string();
    let alive = imports::alive_at.eq(micros(now));
    match on!(conn, c => diesel::update(running!(&id)).set(alive).execute(c))? {
        0 => Err(ENDED),
        _ => Ok(()),
    }
}

/// Notes the lines of a page, in the transaction that stored them, and what all pages so far did. [`Error::Stale`]: it is over,
/// somebody has ended it.
pub fn add_lines(
    conn: &mut Conn,
    id: ImportId,
    lines: &[LineNo],
    total: &Counts,
    now: Timestamp,
) -> Result<(), Error> {
    let id = id.to_string();
    ranges::add(conn, &id, lines)?;
    let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let counts = (
        imports::inserted.eq(whole(total.inserted)),
        imports::changed.eq(whole(total.changed)),
        imports::unchanged.eq(whole(total.unchanged)),
        imports::alive_at.eq(micros(now)),
    );
    match on!(conn, c => diesel::update(running!(&id)).set(counts).execute(c))? {
        0 => Err(ENDED),
        _ => Ok(()),
    }
}

/// Ends one that is running. [`Error::Stale`]: somebody has ended it before.
pub fn finish(
    conn: &mut Conn,
    id: ImportId,
    state: State,
    rejected: u64,
    now: Timestamp,
) -> Result<(), Error> {
    let id = id.to_string();
    let ended = (
        imports::state.eq(state.as_str()),
        imports::rejected.eq(i64::try_from(rejected).unwrap_or(i64::MAX)),
        imports::finished_at.eq(micros(now)),
    );
    match on!(conn, c => diesel::update(running!(&id)).set(ended).execute(c))? {
        0 => Err(ENDED),
        _ => Ok(()),
    }
}

/// Imports that said nothing since `silent_since` are listed as failed; how many. [`SILENT_MAX`] ago, or now by a process that
/// knows that it is alone.
pub fn end_cut_off(conn: &mut Conn, silent_since: Timestamp, now: Timestamp) -> Result<usize, Error> {
    let ended = (imports::state.eq(State::Failed.as_str()), imports::finished_at.eq(micros(now)));
    let silent = imports::table
        .filter(imports::state.eq(State::Running.as_str()).and(imports::alive_at.le(micros(silent_since))));
    on!(conn, c => diesel::update(silent).set(ended).execute(c))
}

/// The import of an account.
pub fn get(conn: &mut Conn, account: AccountId, id: ImportId) -> Result<Import, Error> {
    let (account, id) = (account.to_string(), id.to_string());
    let row: Option<Row> = on!(conn, c => {
        imports::table
            .filter(imports::import_id.eq(&id).and(imports::account_id.eq(&account)))
            .select(Row::as_select())
            .first(c)
            .optional()
    })?;
    row.ok_or(Error::NotFound { what: "import" })?.try_into()
}

/// The newest imports of an account.
pub fn list(conn: &mut Conn, account: AccountId, limit: usize) -> Result<Vec<Import>, Error> {
    let account = account.to_string();
    let rows: Vec<Row> = on!(conn, c => {
        imports::table
            .filter(imports::account_id.eq(&account))
            .order((imports::started_at.desc(), imports::import_id.desc()))
            .limit(value::limit(limit))
            .select(Row::as_select())
            .load(c)
    })?;
    rows.into_iter().map(Import::try_from).collect()
}

/// A step of taking an import back: lets go of some thousands of its lines, and removes those that no other import holds, as
/// lines are that are gone from their report. How many; `None` when it held none any more, and is listed as undone now. A step
/// for each transaction, so that nobody waits for all of them. One that is running ends with the first step. [`Error::NotFound`] if the account has no such import or it was undone
/// before.
pub fn undo_some(
    conn: &mut Conn,
    account: AccountId,
    id: ImportId,
    now: Timestamp,
) -> Result<Option<u64>, Error> {
    let import = get(conn, account, id)?;
    if import.state == State::Undone {
        return Err(Error::NotFound { what: "import that is not undone" });
    }
    if import.state == State::Running {
        // Whoever was at work on it adds nothing more, should they wake.
        finish(conn, id, State::Failed, import.rejected, now)?;
    }
    let key = id.to_string();
    let some = ranges::let_go_of_some(conn, &key)?;
    if some.is_empty() {
        let undone = (imports::state.eq(State::Undone.as_str()), imports::finished_at.eq(micros(now)));
        on!(conn, c => diesel::update(imports::table.find(&key)).set(undone).execute(c))?;
        return Ok(None);
    }
    let owner = account.to_string();
    let elsewhere = Ranges::held_elsewhere(conn, &owner, &key, &some)?;
    let alone: Vec<i64> = some.into_iter().filter(|no| !elsewhere.hold(*no)).collect();
    let gone: Vec<i64> = on!(conn, c => {
        lines::table
            .filter(lines::line_no.eq_any(&alone).and(lines::account_id.eq(&owner)))
            .filter(lines::removed_at.is_null())
            .select(lines::line_no)
            .load(c)
    })?;
    Ok(Some(crate::lines::remove(conn, account, &gone, now)? as u64))
}
