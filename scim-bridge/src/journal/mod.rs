//! What is remembered of SCIM requests: a log without values, which habits were bent, and, where an operator asked for
//! it, whole conversations.
//!
//! A request hands over a [`Note`] and goes on; the [`Keeper`] writes them down once in a second, many in one
//! transaction. Notes are no promise: those of the last second go with a killed process, and those that nobody has room
//! for are counted and dropped (`scim_bridge_request_log_dropped_total`).

mod keeper;
mod said;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use scim::habits::Habit;
use store::ids::AccountId;
use store::recordings::Recorder;
use store::request_log::Entry;
use tokio::sync::mpsc;

pub(crate) use self::keeper::Keeper;
pub(crate) use self::said::{HEADERS, Said, recordable, redacted};

/// Notes that may wait to be written down.
const WAITING_MAX: usize = 10_000;

/// What is remembered of one request.
#[derive(Debug)]
pub(crate) struct Note {
    /// Without values.
    pub entry: Entry,
    /// Whether it belongs into the log; what was bent is counted all the same.
    pub logged: bool,
    /// What was bent for it.
    pub bent: BTreeSet<Habit>,
    /// What was said, where the account is recorded.
    pub said: Option<Said>,
}

/// The way in.
#[derive(Debug)]
pub(crate) struct Journal {
    notes: mpsc::Sender<Note>,
    /// Taken by the keeper.
    unread: Mutex<Option<mpsc::Receiver<Note>>>,
    recorders: Mutex<HashMap<AccountId, Recorder>>,
}

impl Default for Journal {
    fn default() -> Self {
        let (notes, unread) = mpsc::channel(WAITING_MAX);
        Self { notes, unread: Mutex::new(Some(unread)), recorders: Mutex::default() }
    }
}

impl Journal {
    /// Hands a note over; false if nobody has room for it.
    pub(crate) fn note(&self, note: Note) -> bool {
        self.notes.try_send(note).is_ok()
    }

    /// Whether conversations of the account are recorded now.
    pub(crate) fn records(&self, account: AccountId, now: Timestamp) -> bool {
        let recorders = self.recorders.lock().unwrap_or_else(PoisonError::into_inner);
        recorders.get(&account).is_some_and(|recorder| now < recorder.until)
    }

    fn set_recorders(&self, found: Vec<Recorder>) {
        let found = found.into_iter().map(|recorder| (recorder.account, recorder)).collect();
        *self.recorders.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }

    fn most(&self, account: AccountId) -> usize {
        let recorders = self.recorders.lock().unwrap_or_else(PoisonError::into_inner);
        recorders.get(&account).map_or(0, |recorder| recorder.most)
    }

    fn take_unread(&self) -> Option<mpsc::Receiver<Note>> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
