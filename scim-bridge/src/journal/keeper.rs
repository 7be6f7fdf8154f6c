//! Writes notes down, reads which accounts are recorded, and forgets what is too old or too much.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use store::habits::Bent;
use store::ids::{AccountId, RecordingId};
use store::recordings::{self, Recording};
use store::request_log::Entry;
use store::{Conn, habits, request_log};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Note;
use crate::bridge::Bridge;
use crate::logging;

/// How often notes are written down, and how soon a recorder that was switched on begins.
const EVERY: Duration = Duration::from_secs(1);
/// Notes in one transaction.
const TOGETHER_MAX: usize = 500;
/// How long recordings are kept.
const RECORDINGS_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The running task.
#[derive(Debug)]
pub(crate) struct Keeper {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Keeper {
    pub(crate) fn start(bridge: &Bridge) -> Self {
        let cancel = CancellationToken::new();
        let (bridge, stopped) = (bridge.clone(), cancel.clone());
        let task = tokio::spawn(async move {
            let Some(mut unread) = bridge.journal.take_unread() else { return };
            loop {
                round(&bridge, &mut unread).await;
                tokio::select! {
                    () = stopped.cancelled() => break,
                    () = tokio::time::sleep(EVERY) => {}
                }
            }
            round(&bridge, &mut unread).await;
        });
        Self { cancel, task }
    }

    /// Writes down what is there and ends.
    pub(crate) async fn stop(self) {
        self.cancel.cancel();
        drop(self.task.await);
    }
}

async fn round(bridge: &Bridge, unread: &mut mpsc::Receiver<Note>) {
    loop {
        let mut notes = Vec::new();
        while notes.len() < TOGETHER_MAX {
            let Ok(note) = unread.try_recv() else { break };
            notes.push(note);
        }
        let full = notes.len() == TOGETHER_MAX;
        if !notes.is_empty() {
            keep(bridge, notes).await;
        }
        if !full {
            break;
        }
    }
    let now = bridge.clock.now();
    match bridge.store.read(move |conn| recordings::recorders(conn, now)).await {
        Ok(found) => bridge.journal.set_recorders(found),
        Err(error) => tracing::debug!(error = %logging::chain(&error), "recorders were not read"),
    }
}

async fn keep(bridge: &Bridge, notes: Vec<Note>) {
    let log = &bridge.config.request_log;
    let bounds = Bounds {
        now: bridge.clock.now(),
        log: log.keep,
        log_age: SignedDuration::try_from(log.keep_for).unwrap_or(SignedDuration::MAX),
    };
    let most: BTreeMap<AccountId, usize> =
        notes.iter().map(|note| (note.entry.account, bridge.journal.most(note.entry.account))).collect();
    let count = notes.len();
    if let Err(error) = bridge.store.write(move |conn| write(conn, notes, &most, bounds)).await {
        bridge.metrics.request_log_dropped.with_label_values(&["database"]).inc_by(count as u64);
        tracing::warn!(error = %logging::chain(&error), count, "requests were not logged");
    }
}

/// What is kept.
#[derive(Clone, Copy)]
struct Bounds {
    now: Timestamp,
    log: usize,
    log_age: SignedDuration,
}

fn write(
    conn: &mut Conn,
    notes: Vec<Note>,
    most: &BTreeMap<AccountId, usize>,
    bounds: Bounds,
) -> Result<(), store::Error> {
    let mut counted: BTreeMap<(AccountId, String, &'static str), Bent> = BTreeMap::new();
    // Of an account that was deleted meanwhile nothing is kept.
    let there: BTreeSet<AccountId> =
        store::accounts::list(conn)?.into_iter().map(|account| account.id).collect();
    let notes = notes.into_iter().filter(|note| there.contains(&note.entry.account));
    let (mut logged, mut recorded) = (BTreeSet::new(), BTreeSet::new());
    let mut entries: Vec<Entry> = Vec::new();
    for Note { entry, logged: is_logged, bent, said } in notes {
        for habit in bent {
            let key = (entry.account, entry.provider.clone(), habit.name());
            let fresh = || Bent {
                provider: entry.provider.clone(),
                habit: habit.name().to_owned(),
                requests: 0,
                first_at: entry.at,
                last_at: entry.at,
            };
            let bent = counted.entry(key).or_insert_with(fresh);
            bent.requests += 1;
            bent.last_at = bent.last_at.max(entry.at);
        }
        if let Some(said) = said {
            let recording = Recording {
                id: RecordingId::generate(entry.at),
                account: entry.account,
                at: entry.at,
                method: entry.method.clone(),
                route: entry.route.clone(),
                status: entry.status,
            };
            let text = serde_json::to_string(&said)
                .map_err(|e| store::Error::Corrupt { what: "a recording", reason: e.to_string() })?;
            recordings::add(conn, &recording, &SecretString::from(text))?;
            recorded.insert(entry.account);
        }
        if is_logged {
            logged.insert(entry.account);
            entries.push(entry);
        }
    }
    request_log::add(conn, &entries)?;
    for ((account, _, _), bent) in counted {
        habits::add(conn, account, &bent)?;
    }
    let ago = |age: SignedDuration| bounds.now.saturating_sub(age).unwrap_or(Timestamp::MIN);
    for account in logged {
        request_log::trim(conn, account, ago(bounds.log_age), bounds.log)?;
    }
    for account in recorded {
        let most = most.get(&account).copied().unwrap_or_default();
        recordings::trim(conn, account, ago(RECORDINGS_KEPT), most)?;
    }
    Ok(())
}
