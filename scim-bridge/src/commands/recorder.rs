//! `scim-bridge recorder start|stop|list|show|replay`, `scim-bridge requests`, `scim-bridge dry-run`: what providers
//! asked, and what would come of a request if it were asked now.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::ids::RecordingId;
use store::recordings::{self, Recorder as Bounds, Recording};
use store::{Store, audit, request_log};

use super::{Settings, Usage, output};
use crate::clock::Clock;
use crate::config::duration;
use crate::http::{Asked, rehearse};
use crate::journal::{Said, redacted};
use crate::serve;

/// The longest time for which an account is recorded.
const RECORD_FOR_MAX: SignedDuration = SignedDuration::from_hours(24);
/// Conversations that are kept of one account at most.
const MOST_MAX: usize = 5_000;

/// What to do with the flight recorder.
#[derive(Debug, Subcommand)]
pub(super) enum Recorder {
    /// Record an account's SCIM conversations for a while: sealed, without credentials and passwords, kept for 7 days.
    Start {
        /// The account's name; not needed while there is one account.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
        /// How long, at most 24h.
        #[arg(long = "for", default_value = "1h", value_name = "DURATION")]
        period: String,
        /// How many conversations are kept, at most 5000; older ones make room.
        #[arg(long, default_value_t = 500)]
        most: usize,
    },
    /// Stop to record.
    Stop {
        /// The account's name; not needed while there is one account.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
        /// Forget what was recorded, too.
        #[arg(long)]
        erase: bool,
    },
    /// List what was recorded, newest first.
    List {
        /// The account's name; not needed while there is one account.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show one conversation: the form of what was said, with values only when asked for.
    Show {
        /// Its id, as `list` shows it.
        id: String,
        /// The account's name; not needed while there is one account.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
        /// With everyone's data in it. That you looked is audited.
        #[arg(long)]
        values: bool,
    },
    /// Ask the recorded request again, in a rehearsal: its answer now, and what would be sent to Concur. Nothing is
    /// stored, nothing is sent. That you looked is audited.
    Replay {
        /// Its id, as `list` shows it.
        id: String,
        /// The account's name; not needed while there is one account.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
    },
}

impl Recorder {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let config = settings.load()?;
        match self {
            Self::Replay { id, account } => {
                let bridge = serve::at_rest(config, Clock::system()).await?;
                let (found, said) = tokio::task::block_in_place(|| {
                    let found = opened(&bridge.store, account.as_deref(), &id)?;
                    looked(&bridge.store, &found.0, "recording.replayed")?;
                    anyhow::Ok(found)
                })?;
                let account = tokio::task::block_in_place(|| {
                    super::account::named_or_only(&bridge.store, account.as_deref())
                })?;
                let now = rehearse(&bridge, account, &Asked::from(&said)).await?;
                if now.status != said.status {
                    output::note(&format!(
                        "then it was answered {}, now {}: what is there has changed",
                        said.status, now.status
                    ));
                }
                let recorded = json!({"status": said.status, "answer": said.answer.as_deref().map(document)});
                let shown = json!({"recording": head(&found), "recorded": recorded, "replayed": now});
                told(&shown, now.concur_requests.iter().filter(|it| it.method.is_some()).count())
            }
            other => tokio::task::block_in_place(|| other.on_store(&serve::open_store(&config)?)),
        }
    }

    fn on_store(self, store: &Store) -> anyhow::Result<()> {
        match self {
            Self::Start { account, period, most } => start(store, account.as_deref(), &period, most),
            Self::Stop { account, erase } => stop(store, account.as_deref(), erase),
            Self::List { account, limit } => list(store, account.as_deref(), limit),
            Self::Show { id, account, values } => show(store, account.as_deref(), &id, values),
            // It needs a whole bridge.
            Self::Replay { .. } => Ok(()),
        }
    }
}

fn start(store: &Store, account: Option<&str>, period: &str, most: usize) -> anyhow::Result<()> {
    let now = Clock::system().now();
    let period = duration::parse(period).map_err(|reason| Usage(format!("--for: {reason}")))?;
    let period = SignedDuration::try_from(period)?;
    if period > RECORD_FOR_MAX || period.is_zero() {
        return Err(Usage("--for: more than 0s and at most 24h".to_owned()).into());
    }
    if most == 0 || most > MOST_MAX {
        return Err(Usage(format!("--most: from 1 to {MOST_MAX}")).into());
    }
    let account = super::account::named_or_only(store, account)?;
    let bounds = Bounds { account: account.id, started_at: now, until: now.checked_add(period)?, most };
    store.write_blocking(|conn| {
        recordings::start(conn, &bounds)?;
        let details = json!({"until": bounds.until, "most": most});
        record(conn, account.id, "recorder.started", format!("account:{}", account.id), details)
    })?;
    output::note(&format!(
        "conversations of {} are recorded until {}, the newest {most} of them; a running server begins within 2 s",
        account.name, bounds.until
    ));
    Ok(())
}

fn stop(store: &Store, account: Option<&str>, erase: bool) -> anyhow::Result<()> {
    let account = super::account::named_or_only(store, account)?;
    let (stopped, erased) = store.write_blocking(|conn| {
        let stopped = recordings::stop(conn, account.id)?;
        let erased = if erase { recordings::erase(conn, account.id)? } else { 0 };
        let details = json!({"erased": erased});
        record(conn, account.id, "recorder.stopped", format!("account:{}", account.id), details)?;
        Ok::<_, store::Error>((stopped, erased))
    })?;
    let state = if stopped { "is not recorded any more" } else { "was not recorded" };
    output::note(&format!("{} {state}; {erased} recordings forgotten", account.name));
    Ok(())
}

fn list(store: &Store, account: Option<&str>, limit: usize) -> anyhow::Result<()> {
    let account = super::account::named_or_only(store, account)?;
    let found = store.read_blocking(|conn| recordings::list(conn, account.id, limit))?;
    let rows: Vec<_> = found
        .iter()
        .map(|it| {
            vec![
                it.id.to_string(),
                it.at.to_string(),
                it.method.clone(),
                it.route.clone(),
                it.status.to_string(),
            ]
        })
        .collect();
    output::table(&["id", "at", "method", "route", "status"], &rows)
}

fn show(store: &Store, account: Option<&str>, id: &str, values: bool) -> anyhow::Result<()> {
    let (found, said) = opened(store, account, id)?;
    let view = |body: Option<&str>| match body.map(document) {
        None => Value::Null,
        Some(document) if values => document,
        Some(document) => redacted(&document),
    };
    let mut shown = head(&found);
    shown["request"] = view(said.body.as_deref());
    shown["answer"] = view(said.answer.as_deref());
    if values {
        looked(store, &found, "recording.read")?;
        shown["path"] = said.path.into();
        shown["headers"] = json!(said.headers);
    }
    output::result(&serde_json::to_string_pretty(&shown)?)
}

fn opened(store: &Store, account: Option<&str>, id: &str) -> anyhow::Result<(Recording, Said)> {
    let id: RecordingId = id
        .parse()
        .map_err(|_| Usage(format!("{id:?} is no id of a recording; `recorder list` shows them")))?;
    let account = super::account::named_or_only(store, account)?;
    let found = store.read_blocking(|conn| recordings::open(conn, account.id, id))?;
    let (found, said) = found.with_context(|| format!("{} has no recording {id}", account.name))?;
    Ok((found, Said::unsealed(&said)?))
}

/// Whoever looks at people's data leaves a trace.
fn looked(store: &Store, recording: &Recording, action: &str) -> anyhow::Result<()> {
    let subject = format!("recording:{}", recording.id);
    store.write_blocking(|conn| record(conn, recording.account, action, subject, json!({})))?;
    Ok(())
}

fn record(
    conn: &mut store::Conn,
    account: store::ids::AccountId,
    action: &str,
    subject: String,
    details: Value,
) -> Result<(), store::Error> {
    let event = audit::NewEvent {
        account: Some(account),
        at: Clock::system().now(),
        actor: "command line".to_owned(),
        action: action.to_owned(),
        subject,
        details,
    };
    audit::append(conn, &event).map(|_| ())
}

fn head(recording: &Recording) -> Value {
    json!({
        "id": recording.id,
        "at": recording.at,
        "method": recording.method,
        "route": recording.route,
        "status": recording.status,
    })
}

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

fn told(shown: &Value, requests: usize) -> anyhow::Result<()> {
    output::result(&serde_json::to_string_pretty(shown)?)?;
    output::note(&format!("{requests} requests to Concur would follow; nothing was stored and nothing sent"));
    Ok(())
}

/// Try one SCIM request: its answer, and what would be sent to Concur. Nothing is stored, nothing is sent.
#[derive(Debug, Args)]
pub(super) struct DryRun {
    /// The account's name; not needed while there is one account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// File with the body, `-` for standard input.
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// A header, like 'If-Match: *'. May be repeated.
    #[arg(long = "header", value_name = "HEADER")]
    headers: Vec<String>,
    /// HTTP method.
    method: String,
    /// Address below the SCIM base address, like /Users or '/Users?filter=userName eq "ada"'.
    path: String,
}

impl DryRun {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let headers: Result<Vec<_>, Usage> = self
            .headers
            .iter()
            .map(|header| {
                let (name, value) = header
                    .split_once(':')
                    .ok_or_else(|| Usage(format!("--header {header}: write it like 'If-Match: *'")))?;
                Ok((name.trim().to_owned(), value.trim().to_owned()))
            })
            .collect();
        let body = match &self.body {
            None => None,
            Some(path) if path.as_os_str() == "-" => Some(std::io::read_to_string(std::io::stdin())?),
            Some(path) => {
                Some(std::fs::read_to_string(path).with_context(|| format!("--body {}", path.display()))?)
            }
        };
        // Spaces and quotes are what people write; an address has them encoded.
        let path = self.path.replace(' ', "%20").replace('"', "%22");
        let asked = Asked { method: self.method, path, headers: headers?, body };
        let bridge = serve::at_rest(settings.load()?, Clock::system()).await?;
        let account = tokio::task::block_in_place(|| {
            super::account::named_or_only(&bridge.store, self.account.as_deref())
        })?;
        let rehearsed = rehearse(&bridge, account, &asked).await.map_err(|error| match error {
            crate::http::RehearsalError::Asked(reason) => anyhow::Error::from(Usage(reason)),
            other @ crate::http::RehearsalError::Store(_) => other.into(),
        })?;
        let requests = rehearsed.concur_requests.iter().filter(|it| it.method.is_some()).count();
        told(&serde_json::to_value(&rehearsed)?, requests)
    }
}

/// The log of SCIM requests, newest first: structure, no values. Successful reads only where `request_log.reads` is on.
#[derive(Debug, Args)]
pub(super) struct Requests {
    /// The account's name; not needed while there is one account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Only those that were refused or failed.
    #[arg(long)]
    refused: bool,
    /// How many.
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

impl Requests {
    pub(super) fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let store = serve::open_store(&settings.load()?)?;
        let account = super::account::named_or_only(&store, self.account.as_deref())?.id;
        let filter = request_log::Filter { account, refused: self.refused, before: None };
        let found = store.read_blocking(|conn| request_log::list(conn, &filter, self.limit))?;
        let rows: Vec<_> = found
            .into_iter()
            .map(|logged| {
                let entry = logged.entry;
                vec![
                    entry.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                    entry.provider,
                    entry.method,
                    entry.route.rsplit("v2").next().unwrap_or_default().to_owned(),
                    entry.target.unwrap_or_default(),
                    entry.status.to_string(),
                    entry.scim_type.unwrap_or_default(),
                    entry.duration_ms.to_string(),
                    entry.request_id,
                    entry.shape,
                ]
            })
            .collect();
        let headings = [
            "at",
            "provider",
            "method",
            "route",
            "id",
            "status",
            "scimType",
            "ms",
            "request id",
            "structure",
        ];
        output::table(&headings, &rows)
    }
}
