//! A longer history on a person's word: asked for, paused, resumed, stopped, each with its place in the audit trail. How it is
//! read is the `sync` crate's matter, when, the schedule's.

use std::fmt;

use jiff::civil::Date;
use serde_json::{Value, json};
use store::Conn;
use store::audit::{self, NewEvent};
use store::ids::AccountId;
use sync::pull::history::{self, History, Refused, State};

use crate::accounts::lifecycle::Act;

/// What a person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Read everything since this day.
    From(Date),
    /// Wait.
    Pause,
    /// Go on.
    Resume,
    /// Read no more; what was read stays.
    Stop,
}

impl Word {
    fn action(self) -> &'static str {
        match self {
            Self::From(_) => "history.ask",
            Self::Pause => "history.pause",
            Self::Resume => "history.resume",
            Self::Stop => "history.stop",
        }
    }

    fn details(self) -> Value {
        match self {
            Self::From(day) => json!({"from": day}),
            _ => json!({}),
        }
    }
}

/// Does what a person says, for an account.
///
/// # Errors
/// The store refuses; the inner error is why the word does not hold. Nothing has changed then.
pub fn obey(
    conn: &mut Conn,
    account: AccountId,
    word: Word,
    act: &Act,
) -> Result<Result<History, Refused>, store::Error> {
    let outcome = match word {
        Word::From(day) => history::ask(conn, account, day, act.at)?,
        Word::Pause => history::turn(conn, account, State::Paused, act.at)?,
        Word::Resume => history::turn(conn, account, State::Active, act.at)?,
        Word::Stop => history::turn(conn, account, State::Stopped, act.at)?,
    };
    if outcome.is_ok() {
        let event = NewEvent {
            account: Some(account),
            at: act.at,
            actor: act.actor.clone(),
            action: word.action().to_owned(),
            subject: format!("account:{account}"),
            details: word.details(),
        };
        audit::append(conn, &event)?;
    }
    Ok(outcome)
}

/// A job in a sentence.
#[derive(Debug)]
pub struct Told<'a>(pub &'a History);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let History { from, state, windows_done, windows_left, has_gaps, .. } = self.0;
        let windows = windows_done + windows_left;
        match state {
            State::Active => {
                write!(f, "since {from}: {windows_done} of {windows} windows read; goes on between two syncs")
            }
            State::Paused => write!(f, "since {from}: paused after {windows_done} of {windows} windows"),
            State::Stopped => write!(
                f,
                "since {from}: stopped after {windows_done} of {windows} windows; what was read stays"
            ),
            State::Complete if *has_gaps => {
                write!(f, "since {from}: read, with gaps (`sync runs` names them)")
            }
            State::Complete => write!(f, "since {from}: complete"),
        }
    }
}
