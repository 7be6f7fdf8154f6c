//! Files of expense lines that came over HTTP: checked while the caller waits, stored in the background, one after the other.
//!
//! What an import does is `sync`'s business (`sync/src/import/`). Here is who waits for whom, and that a process that is to stop
//! does not wait for a file of a million lines: it stops at the next page, and the import is listed as failed.

use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use store::ids::{AccountId, ImportId};
use sync::import::{self, Check, Earlier, ImportError, Importer, Options, Upload};
use tempfile::NamedTempFile;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::bridge::Bridge;
use crate::logging;

/// Files that are checked, stored or waiting at once; each lies on disk.
const FILES_MAX: usize = 4;
/// How often one that waits for its turn says so: well within [`store::imports::SILENT_MAX`].
const SIGN_EVERY: Duration = Duration::from_mins(1);

/// Who imports, and who waits.
#[derive(Debug)]
pub(crate) struct Imports {
    places: Arc<Semaphore>,
    turn: Turn,
}

/// Whose file is stored: one at a time.
#[derive(Debug, Default)]
struct Turn {
    taken: Mutex<bool>,
    given_back: Condvar,
}

/// The turn, given back when it is dropped.
#[derive(Debug)]
struct InTurn<'a>(&'a Turn);

impl Default for Imports {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(FILES_MAX)), turn: Turn::default() }
    }
}

/// A file on disk, and its place among the others.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Gone when this is dropped.
    file: NamedTempFile,
    name: String,
    actor: String,
    options: Options,
    /// Given back when this is dropped.
    _place: OwnedSemaphorePermit,
}

/// What is said about a file.
#[derive(Debug)]
pub(crate) struct About {
    /// How the caller calls it.
    pub name: String,
    /// Who sends it, as the audit trail names people.
    pub actor: String,
    /// What the caller decides about it.
    pub options: Options,
}

impl Sent {
    /// See [`Imports::place`].
    pub(crate) fn new(file: NamedTempFile, about: About, place: OwnedSemaphorePermit) -> Self {
        let About { name, actor, options } = about;
        Self { file, name, actor, options, _place: place }
    }

    fn upload(&self) -> Upload {
        Upload { path: self.file.path().to_path_buf(), name: self.name.clone() }
    }
}

impl Imports {
    /// A place for one more file; `None`: so many are here already.
    pub(crate) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }
}

impl Turn {
    /// Waits for the turn; `waiting` is asked every minute whether to go on.
    fn take<E>(&self, mut waiting: impl FnMut() -> Result<(), E>) -> Result<InTurn<'_>, E> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken {
            let waited = self.given_back.wait_timeout(taken, SIGN_EVERY);
            let (still, ended) = waited.unwrap_or_else(PoisonError::into_inner);
            taken = still;
            if ended.timed_out() {
                waiting()?;
            }
        }
        *taken = true;
        Ok(InTurn(self))
    }
}

impl Drop for InTurn<'_> {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.given_back.notify_one();
    }
}

/// Judges a file; nothing is stored.
pub(crate) async fn check(bridge: Bridge, account: AccountId, sent: Sent) -> Result<Check, ImportError> {
    let checking = tokio::task::spawn_blocking(move || {
        let earlier = Earlier { store: &bridge.store, account };
        import::check(&sent.upload(), &sent.options, Some(earlier), &mut |_, _| Ok(()))
    });
    checking.await.unwrap_or_else(|died| std::panic::resume_unwind(died.into_panic()))
}

/// Judges a file and begins its import, which goes on in the background. A caller who has gone away meanwhile begins nothing.
pub(crate) async fn begin(
    bridge: Bridge,
    account: AccountId,
    sent: Sent,
) -> Result<(ImportId, Check), ImportError> {
    let (tell, told) = oneshot::channel();
    let working = tokio::task::spawn_blocking(move || work(&bridge, account, &sent, tell));
    match told.await {
        Ok(answer) => answer,
        // It ended without a word: it panicked.
        Err(_) => match working.await {
            Ok(()) => Err(ImportError::Stopped { name: String::new() }),
            Err(died) => std::panic::resume_unwind(died.into_panic()),
        },
    }
}

/// All of it, on a thread that may block.
fn work(
    bridge: &Bridge,
    account: AccountId,
    sent: &Sent,
    tell: oneshot::Sender<Result<(ImportId, Check), ImportError>>,
) {
    let (upload, options) = (sent.upload(), &sent.options);
    let importer = Importer {
        store: &bridge.store,
        account,
        matcher: &bridge.matcher,
        actor: &sent.actor,
        clock: &|| bridge.clock.now(),
    };
    let judged = import::check(&upload, options, Some(importer.earlier()), &mut |_, _| Ok(()));
    let begun = judged.and_then(|check| {
        if tell.is_closed() {
            return Err(ImportError::Stopped { name: upload.name.clone() });
        }
        Ok((importer.begin(&upload, check.survey.clone())?, check))
    });
    let (begun, check) = match begun {
        Ok(begun) => begun,
        Err(refused) => {
            // Nobody listens any more: nobody is told.
            let _ = tell.send(Err(refused));
            return;
        }
    };
    let import = begun.id;
    let _ = tell.send(Ok((import, check)));
    let mut go_on =
        |_, _| if bridge.is_draining() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let stored = bridge
        .imports
        .turn
        .take(|| importer.keep_alive(&begun))
        .and_then(|_turn| importer.carry_out(begun, &upload, options, &mut |_, _| Ok(()), &mut go_on));
    match stored {
        Ok(done) => tracing::info!(%account, %import, lines = done.counts.lines(), "a file was imported"),
        Err(error) => {
            tracing::error!(%account, %import, error = %logging::chain(&error), "a file was not imported to its end");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn the_turn_goes_to_the_next_when_it_is_given_back() {
        let turn = Turn::default();
        let stored = Mutex::new(0);
        let take = || turn.take(|| Ok::<_, Infallible>(()));
        let first = take().unwrap();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| {
                let _turn = take().unwrap();
                *stored.lock().unwrap()
            });
            *stored.lock().unwrap() = 1;
            drop(first);
            assert_eq!(second.join().unwrap(), 1);
        });
        drop(take().unwrap());
    }
}
