//! The road through the pages: read one, store what it says together with where the next one begins, go on.

use std::collections::HashMap;

use concur::model::IdentityUser;
use concur::{Client, Cursor, UserId};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::drift::{self, Drift};
use store::ids::{AccountId, RunId};
use store::runs::{self, State};
use store::{Conn, Store, brakes, cursors, leases, links, operations};

use super::one::Page;
use super::{Counts, FULL, INCREMENTAL, Options, kind};
use crate::clock::Clock;
use crate::provision::OnBehalf;

/// Users of a page, and so of a transaction.
const PAGE: u16 = 200;
/// Spend profiles read at a time for those who are taken over.
const SPEND_AT_ONCE: usize = 4;
/// How long a page may take.
const LEASE: SignedDuration = SignedDuration::from_mins(5);
/// How much an incremental run looks back: Concur's search lags "up to a few minutes".
const OVERLAP: SignedDuration = SignedDuration::from_mins(15);
const DATA_TYPE: &str = "reconcile";
/// What one process at a time does for an account.
const CHORE: &str = "reconcile";
/// From when on the next incremental run reads.
const WATERMARK: &str = "watermark";

/// What a run needs.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// The account's client.
    pub client: Client,
    /// The account and who asked.
    pub on: OnBehalf,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The run.
    pub run: RunId,
    /// Whether it went on where an earlier one had stopped.
    pub resumed: bool,
    /// What it did.
    #[serde(flatten)]
    pub counts: Counts,
}

/// Why a run ended early. What was stored stays, and the next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// Concur cannot be read.
    #[error("Concur's users cannot be read; run it again and it goes on where it stopped")]
    Concur(#[from] concur::Error),
    /// Another process is at it.
    #[error("another process reconciles this account; try again when it is through")]
    Busy,
    /// There is no run to go on from.
    #[error("an incremental run needs a full one first")]
    NoWatermark,
    /// A source that had users has none (reliability B2).
    #[error(
        "Concur answered with no users at all, although {0} of ours are linked to Concur users: nothing was compared or \
         repaired. Is it the right company, and may the token read users (account check)?"
    )]
    NobodyThere(usize),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Where a run stands between two pages.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Checkpoint {
    run: RunId,
    begun: Timestamp,
    since: Option<Timestamp>,
    cursor: Option<Cursor>,
    options: Options,
    counts: Counts,
}

/// Reconciles an account; goes on where an earlier run with the same options stopped.
///
/// # Errors
/// See [`ReconcileError`].
pub async fn run(parts: &Parts, options: Options) -> Result<Summary, ReconcileError> {
    let owner = format!("{}-{:08x}", std::process::id(), rand::random::<u32>());
    let outcome = run_under(parts, options, &owner).await;
    let (account, mine) = (parts.on.account.id, owner.clone());
    parts.store.write(move |conn| leases::give_back(conn, account, CHORE, &mine)).await?;
    outcome
}

async fn run_under(parts: &Parts, options: Options, owner: &str) -> Result<Summary, ReconcileError> {
    let (account, now, name) = (parts.on.account.id, parts.clock.now(), name_of(options));
    let (lease, owner) = (owner.to_owned(), owner.to_owned());
    let begun = parts.store.try_write(move |conn| {
        renew(conn, account, &lease, now)?;
        begin(conn, account, options, name, now)
    });
    let (mut checkpoint, resumed) = begun.await?;
    loop {
        let identity = parts.client.identity();
        let cursor = checkpoint.cursor.as_ref();
        let page = match checkpoint.since {
            None => identity.list_whole(PAGE, cursor).await?,
            Some(since) => identity.changed_since(since, PAGE, cursor).await?,
        };
        checkpoint.counts.users += page.items.len();
        checkpoint.counts.unreadable += page.unreadable.len();
        checkpoint.cursor = page.next;
        let spend =
            if options.import { spend_of_strangers(parts, &page.items).await? } else { HashMap::new() };
        let (on, before, owner, now) =
            (parts.on.clone(), checkpoint.clone(), owner.clone(), parts.clock.now());
        let stored = parts.store.try_write(move |conn| {
            renew(conn, account, &owner, now)?;
            let mut checkpoint = before.clone();
            // Before any row of a user: see the store's brakes.
            brakes::lock(conn, account, now)?;
            let here: Vec<String> = page.items.iter().map(|user| user.id().to_string()).collect();
            drift::saw(conn, account, &here, now)?;
            let looking = Page { on: &on, options, spend: &spend, now };
            for user in &page.items {
                looking.look(conn, user, &mut checkpoint.counts)?;
            }
            runs::progress(conn, checkpoint.run, &json!(checkpoint.counts), now)?;
            cursors::put(conn, account, DATA_TYPE, name, &json!(checkpoint), now)?;
            Ok::<_, ReconcileError>(checkpoint)
        });
        checkpoint = stored.await?;
        if checkpoint.cursor.is_none() {
            break;
        }
    }
    if !options.incremental {
        missing(parts, &mut checkpoint, &owner).await?;
    }
    let (run, begun, unreadable) = (checkpoint.run, checkpoint.begun, checkpoint.counts.unreadable);
    let (counts, now) = (json!(checkpoint.counts), parts.clock.now());
    let ended = parts.store.write(move |conn| {
        if !options.incremental {
            drift::clear_before(conn, account, begun)?;
        }
        runs::progress(conn, run, &counts, now)?;
        let state = if unreadable == 0 { State::Complete } else { State::CompleteWithGaps };
        runs::finish(conn, run, state, None, now)?;
        cursors::put(conn, account, DATA_TYPE, WATERMARK, &json!(begun), now)?;
        cursors::delete(conn, account, DATA_TYPE, name).map(drop)
    });
    ended.await?;
    Ok(Summary { run, resumed, counts: checkpoint.counts })
}

fn name_of(options: Options) -> &'static str {
    if options.incremental { INCREMENTAL } else { FULL }
}

/// The lease, or nobody else's page is written over.
fn renew(conn: &mut Conn, account: AccountId, owner: &str, now: Timestamp) -> Result<(), ReconcileError> {
    let until = now.checked_add(LEASE).unwrap_or(Timestamp::MAX);
    if leases::take(conn, account, CHORE, owner, now, until)? { Ok(()) } else { Err(ReconcileError::Busy) }
}

/// The run that was interrupted, if it was one like this, else a new one.
fn begin(
    conn: &mut Conn,
    account: AccountId,
    options: Options,
    name: &str,
    now: Timestamp,
) -> Result<(Checkpoint, bool), ReconcileError> {
    let stored = cursors::get(conn, account, DATA_TYPE, name)?;
    if let Some(earlier) = stored.and_then(|value| serde_json::from_value::<Checkpoint>(value).ok()) {
        if earlier.options == options {
            return Ok((earlier, true));
        }
        runs::finish(conn, earlier.run, State::Cancelled, Some("a run with other options began"), now)?;
    }
    let watermark = cursors::get(conn, account, DATA_TYPE, WATERMARK)?;
    let watermark = watermark.and_then(|value| serde_json::from_value::<Timestamp>(value).ok());
    let since = match (options.incremental, watermark) {
        (false, _) => None,
        (true, None) => return Err(ReconcileError::NoWatermark),
        (true, Some(at)) => Some(at.checked_sub(OVERLAP).unwrap_or(at)),
    };
    let counts = Counts::default();
    let run = runs::start(conn, account, name, &json!(counts), now)?.id;
    Ok((Checkpoint { run, begun: now, since, cursor: None, options, counts }, false))
}

/// The spend profiles of those who are to be taken over: without them the first change of such a user would write the
/// account's defaults over what is there.
async fn spend_of_strangers(
    parts: &Parts,
    users: &[IdentityUser],
) -> Result<HashMap<UserId, Option<Value>>, ReconcileError> {
    let (account, ids) = (parts.on.account.id, users.iter().map(IdentityUser::id).collect::<Vec<_>>());
    let strangers = parts.store.read(move |conn| {
        let mut strangers = Vec::new();
        for id in ids {
            if links::by_concur_user(conn, account, &id.to_string())?.is_empty() {
                strangers.push(id);
            }
        }
        Ok(strangers)
    });
    let reads = strangers.await?.into_iter().map(|id| {
        let spend = parts.client.spend();
        async move { spend.get_user(&id).await.map(|profile| (id, profile)) }
    });
    Ok(stream::iter(reads).buffer_unordered(SPEND_AT_ONCE).try_collect().await?)
}

/// Who is linked to a Concur user that the whole list did not have.
async fn missing(parts: &Parts, checkpoint: &mut Checkpoint, owner: &str) -> Result<(), ReconcileError> {
    let (account, begun) = (parts.on.account.id, checkpoint.begun);
    let mut after: Option<String> = None;
    loop {
        let from = after.clone();
        let limit = usize::from(PAGE);
        let page = parts.store.read(move |conn| drift::missing(conn, account, begun, from.as_deref(), limit));
        let page = page.await?;
        if checkpoint.counts.users == 0 && !page.is_empty() {
            return nobody_there(parts, checkpoint, page.len()).await;
        }
        after = page.last().map(|(user, _)| user.clone());
        let full = page.len() == limit;
        let (owner, now) = (owner.to_owned(), parts.clock.now());
        let stored = parts.store.try_write(move |conn| {
            renew(conn, account, &owner, now)?;
            let mut found = 0;
            for (user, resource) in page {
                if operations::has_open(conn, resource)? {
                    continue;
                }
                found += 1;
                let missing = Drift {
                    account,
                    concur_user_id: user,
                    resource_id: Some(resource),
                    kind: kind::MISSING.to_owned(),
                    details: json!({}),
                    operation: None,
                    found_at: now,
                    seen_at: now,
                };
                drift::put(conn, &missing)?;
            }
            Ok::<usize, ReconcileError>(found)
        });
        let found = stored.await?;
        if found > 0 {
            *checkpoint.counts.found.entry(kind::MISSING.to_owned()).or_default() += found;
        }
        if !full {
            return Ok(());
        }
    }
}

async fn nobody_there(parts: &Parts, checkpoint: &Checkpoint, linked: usize) -> Result<(), ReconcileError> {
    let error = ReconcileError::NobodyThere(linked);
    let (account, run, now, reason) =
        (parts.on.account.id, checkpoint.run, parts.clock.now(), error.to_string());
    let ended = parts.store.write(move |conn| {
        runs::finish(conn, run, State::Failed, Some(&reason), now)?;
        cursors::delete(conn, account, DATA_TYPE, FULL).map(drop)
    });
    ended.await?;
    Err(error)
}
