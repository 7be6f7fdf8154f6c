//! `scim-bridge scim check`: whether a SCIM server does what the RFCs and the identity providers ask of it.

use std::path::{Path, PathBuf};

use ::scim::habits::Habit;
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use secrecy::SecretString;

use super::{Settings, Usage, output};
use crate::clock::Clock;
use crate::config::duration;
use crate::conformance::{self, Checked, Outcome, Report, Target, Told};
use crate::demo::tenant::Tenant;
use crate::serve;

/// What to do with a SCIM server, ours or anybody's.
#[derive(Debug, Subcommand)]
pub(super) enum Scim {
    /// Check a SCIM base address against RFC 7643, RFC 7644 and the habits of identity providers.
    Check(Check),
    /// What identity providers did beyond the RFCs in one account, and how often it was bent for them.
    Habits {
        /// The account's name; not needed while there is one account.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
    },
}

/// Without an address it checks this version on a throw-away tenant: an empty database and a simulated Concur, both gone
/// afterwards. With one it works on throw-away users and groups and deletes them again; nobody who is there before is
/// changed. A server that provisions something real gets real users for a moment: use a test tenant.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// SCIM base address, like <https://bridge.example.com/scim/v2>.
    #[arg(long, requires = "token_file")]
    url: Option<String>,
    /// File that holds the bearer token.
    #[arg(long, value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,
    /// Domain of the throw-away users' names and addresses.
    #[arg(long, default_value = "example.com")]
    domain: String,
    /// Only checks whose name contains this.
    #[arg(long, value_name = "PART")]
    only: Option<String>,
    /// How long to wait for one answer.
    #[arg(long, default_value = "60s", value_name = "DURATION")]
    timeout: String,
    /// One JSON document instead of lines.
    #[arg(long)]
    json: bool,
    /// The report as a page of HTML, for people.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl Scim {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self {
            Self::Check(check) => Box::pin(check.run()).await,
            Self::Habits { account } => tokio::task::block_in_place(|| {
                habits(&serve::open_store(&settings.load()?)?, account.as_deref())
            }),
        }
    }
}

fn habits(store: &store::Store, account: Option<&str>) -> anyhow::Result<()> {
    let account = super::account::named_or_only(store, account)?.id;
    let found = store.read_blocking(|conn| store::habits::list(conn, account))?;
    let rows: Vec<_> = found
        .into_iter()
        .map(|bent| {
            let known = Habit::ALL.into_iter().find(|habit| habit.name() == bent.habit);
            vec![
                bent.provider,
                bent.habit,
                bent.requests.to_string(),
                bent.last_at.strftime("%Y-%m-%d %H:%M").to_string(),
                known.map_or("", Habit::sentence).to_owned(),
            ]
        })
        .collect();
    output::table(&["provider", "habit", "requests", "last", "what came, and what it was taken for"], &rows)
}

impl Check {
    async fn run(self) -> anyhow::Result<()> {
        let timeout =
            duration::parse(&self.timeout).map_err(|reason| Usage(format!("--timeout: {reason}")))?;
        concur::install_crypto();
        let (Some(url), Some(file)) = (&self.url, &self.token_file) else {
            output::note("no --url: this version is checked on a throw-away tenant");
            let tenant = Tenant::start().await?;
            let (url, token) = (tenant.scim_base.clone(), tenant.token.clone());
            let done = self.check(Target { url, token, domain: DOMAIN_OF_TENANT.to_owned(), timeout }).await;
            tenant.stop().await;
            return done;
        };
        let token = read_token(file)?;
        self.check(Target { url: url.clone(), token, domain: self.domain.clone(), timeout }).await
    }

    async fn check(&self, target: Target) -> anyhow::Result<()> {
        let json = self.json;
        let report = conformance::run(&target, self.only.as_deref(), |told| {
            if !json {
                output::note(&line(told));
            }
        })
        .await
        .map_err(anyhow::Error::msg)?;
        if report.told.is_empty() {
            return Err(Usage("--only: no check has a name like that".to_owned()).into());
        }
        if json {
            output::result(&serde_json::to_string_pretty(&report)?)?;
        }
        if let Some(file) = &self.html {
            let checked = Checked { url: &target.url, at: Clock::system().now() };
            std::fs::write(file, conformance::html(&report, checked))
                .with_context(|| format!("--html {}", file.display()))?;
            output::note(&format!("the report is in {}", file.display()));
        }
        conclude(&report)
    }
}

/// The domain that the throw-away tenant's company has.
const DOMAIN_OF_TENANT: &str = "aldermoor.example";

fn read_token(file: &Path) -> anyhow::Result<SecretString> {
    let place = || format!("--token-file {}", file.display());
    let token = std::fs::read_to_string(file).with_context(place)?;
    let token = token.trim();
    if token.is_empty() || token.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Usage(format!("{}: it must hold one token on one line", place())).into());
    }
    Ok(SecretString::from(token))
}

/// One line for a person.
fn line(told: &Told) -> String {
    let sentence = told.check.replace('_', " ");
    match &told.outcome {
        Outcome::Passed => format!("ok           {:<18} {sentence}", told.section),
        Outcome::NotOffered(why) => format!("not offered  {:<18} {sentence}: {why}", told.section),
        Outcome::Failed(why) => format!("FAILED       {:<18} {sentence}\n             {why}", told.section),
    }
}

fn conclude(report: &Report) -> anyhow::Result<()> {
    for address in &report.left_behind {
        output::note(&format!("left behind, delete it by hand: {address}"));
    }
    let (passed, not_offered, failed) = report.counts();
    output::note(&format!("{passed} passed, {not_offered} not offered, {failed} failed"));
    if failed > 0 {
        bail!("{failed} of {} checks failed", report.told.len());
    }
    Ok(())
}
