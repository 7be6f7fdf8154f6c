//! The scenes of the demo, in the order of the day: the company is connected, the story is told, the year is read, and
//! the addresses are left behind.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use concur::auth::Grant;
use fixtures::simulator::Simulator;
use jiff::ToSpan;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use store::ids::AccountId;
use store::oauth_tokens::{self, NewOauthTokens};
use store::tokens::{self, NewToken};
use sync::query::{AppTotals, Filter, PageRequest};

use super::Outcome;
use super::memory::{self, Memory};
use super::player::Player;
use super::story;
use super::voice::{Audience, Bar, Voice};
use crate::accounts::{self, AccountSettings, NewConnection};
use crate::bridge::Bridge;
use crate::serve;

/// What every scene needs.
pub(super) struct Stage<'a> {
    pub(super) bridge: Bridge,
    pub(super) simulator: &'a Simulator,
    pub(super) data_dir: &'a Path,
    pub(super) voice: &'a Voice,
}

impl Stage<'_> {
    /// The company is connected and tokens are made, unless an earlier process has done so.
    pub(super) async fn open(&self, memory: &mut Memory) -> anyhow::Result<()> {
        let info = self.simulator.info();
        self.voice
            .line("scim-bridge demo: SCIM in front of a simulated SAP Concur, and who expenses which app\n");
        self.voice.line(&format!("  bridge     {}", self.bridge.public_url));
        self.voice.line(&format!("  simulator  {}", info.origins.us2));
        self.voice.line(&format!("  data       {}", self.data_dir.display()));
        if memory.account.is_none() {
            memory.account = Some(self.connect().await?);
            memory.save(self.data_dir)?;
        }
        if let Some(account) = memory.account {
            self.follow_simulator(account).await?;
        }
        for (name, scopes, bound) in TOKENS {
            if !memory.tokens.contains_key(name) {
                let account = memory.account.filter(|_| bound);
                let plaintext = self.token(name, scopes, account).await?;
                memory.tokens.insert(name.to_owned(), plaintext);
                memory.save(self.data_dir)?;
            }
        }
        Ok(())
    }

    /// Connects the company as an operator would: at company level, tested before it is saved.
    pub(super) async fn connect(&self) -> anyhow::Result<AccountId> {
        let name = "Aldermoor Instruments (simulated)";
        // A process that was killed between connecting and remembering has left the account.
        let wanted = name.to_owned();
        let found = self.bridge.store.read(move |conn| store::accounts::by_name(conn, &wanted)).await?;
        if let Some(account) = found {
            return Ok(account.id);
        }
        let info = self.simulator.info();
        let new = NewConnection {
            account_name: name.to_owned(),
            base_uri: info.origins.us2.clone(),
            client_id: SecretString::from(info.client_id.clone()),
            client_secret: SecretString::from(info.client_secret.clone()),
            grant: Grant::Company {
                company_uuid: info.company_uuid.clone(),
                company_request_token: SecretString::from(info.company_request_token.clone()),
            },
            // So that a visitor may try any user name.
            settings: AccountSettings {
                login_domain: Some("aldermoor.example".to_owned()),
                ..AccountSettings::default()
            },
            replace: false,
        };
        let Bridge { store, clock, config, .. } = &self.bridge;
        let connected = accounts::connect(store, clock, &serve::client_settings(config), new)
            .await
            .context("the simulated company could not be connected")?;
        Ok(connected.account.id)
    }

    /// The stored token names the simulator's address of an earlier run. A real Concur does not move; this one does
    /// when its port was taken.
    async fn follow_simulator(&self, account: AccountId) -> anyhow::Result<()> {
        let (here, now) = (self.simulator.info().origins.us2.clone(), self.bridge.clock.now());
        let moved = self.bridge.store.write(move |conn| {
            let Some(tokens) = oauth_tokens::load(conn, account)? else { return Ok(false) };
            if tokens.geolocation.trim_end_matches('/') == here {
                return Ok(false);
            }
            let moved = NewOauthTokens {
                access_token: tokens.access_token,
                access_expires_at: tokens.access_expires_at,
                refresh_token: tokens.refresh_token,
                refresh_issued_at: tokens.refresh_issued_at,
                geolocation: here,
                scopes: tokens.scopes,
            };
            oauth_tokens::save(conn, account, &moved, now)?;
            Ok(true)
        });
        if moved.await? {
            self.bridge.accounts.invalidate(account);
        }
        Ok(())
    }

    /// A token of the demo, in plain text.
    pub(super) async fn token(
        &self,
        name: &str,
        scopes: &[&str],
        account: Option<AccountId>,
    ) -> anyhow::Result<String> {
        let now = self.bridge.clock.now();
        let new = NewToken {
            account,
            name: format!("demo {name}"),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            expires_at: now.checked_add((24 * 90).hours())?,
            now,
        };
        let (_, plaintext) =
            self.bridge.store.write(move |conn| tokens::create(conn, &new, &mut rand::rng())).await?;
        Ok(plaintext.expose_secret().to_owned())
    }

    /// What the IdPs send, and what Concur gets.
    pub(super) async fn story(&self, memory: &mut Memory) -> anyhow::Result<()> {
        let player = Player {
            http: reqwest::Client::builder().no_proxy().build()?,
            scim: self.bridge.scim_base(),
            token: memory.tokens.get("scim").cloned().unwrap_or_default(),
            store: self.bridge.store.clone(),
            account: memory.account.context("no account")?,
            simulator: self.simulator,
        };
        let company = self.simulator.info().company_uuid.clone();
        story::tell(&player, memory, self.data_dir, &company, self.voice).await
    }

    /// A year of expenses, and which apps they pay for.
    pub(super) async fn year(&self, memory: &Memory, audience: Audience) -> anyhow::Result<AppTotals> {
        self.voice.line("\nA year of expense reports");
        let account = memory.account.context("no account")?;
        let company = sync::Company {
            store: self.bridge.store.clone(),
            account,
            client: self.bridge.accounts.get(account).await?,
            clock: self.bridge.clock.as_fn(),
            parallel_reports: 16,
        };
        let bar = Bar::new(audience);
        let began = Instant::now();
        let summary = sync::run::sync(&company, &self.bridge.matcher, &bar).await;
        bar.finish();
        let done = summary.context("the year of expenses could not be synced")?.snapshot;
        self.voice.line(&format!(
            "  {} reports and {} users read, {} lines stored and {} decided in {:.1} s",
            done.reports,
            done.users,
            done.lines,
            done.decided,
            began.elapsed().as_secs_f64()
        ));
        let page = PageRequest { cursor: None, limit: Some(8) };
        let dictionary = self.bridge.matcher.dictionary();
        let apps = sync::query::apps(&company.store, account, dictionary, Filter::default(), &page).await?;
        self.voice.line(&format!(
            "  {} lines matched to {} apps, {} without an app; most lines (posted amounts, rounded):",
            apps.matched_lines, apps.total_apps, apps.unmatched_lines
        ));
        self.voice.apps(&apps);
        Ok(apps)
    }

    /// Where to look, and whether everything was as expected.
    pub(super) fn close(&self, memory: &Memory, apps: &AppTotals, took: Duration) -> anyhow::Result<Outcome> {
        let addresses = self.addresses(memory);
        memory::write_whole(&self.data_dir.join("demo.json"), format!("{addresses:#}\n").as_bytes())?;
        let wrong: Vec<&memory::Told> =
            memory.told.iter().filter(|told| !told.differences.is_empty()).collect();
        let held = wrong.is_empty() && apps.matched_lines > 0;
        let outcome = if held { Outcome::AsExpected } else { Outcome::NotAsExpected };
        let token = memory.tokens.get("match:read").map(String::as_str).unwrap_or_default();
        self.voice.line("\nWhere to look");
        self.voice.line(&format!("  addresses and tokens  {}", self.data_dir.join("demo.json").display()));
        self.voice.line(&format!("  what runs here        {}/", self.bridge.public_url));
        self.voice.line(&format!("  what Concur received  {}/writes", self.simulator.info().admin));
        self.voice.line(&format!(
            "  who pays for what     curl -H 'Authorization: Bearer {token}' '{}/api/v1/apps?limit=5'",
            self.bridge.public_url
        ));
        self.voice.line(&match outcome {
            Outcome::AsExpected => format!(
                "\nAll {} steps went as recorded. The demo took {:.1} s.",
                memory.told.len(),
                took.as_secs_f64()
            ),
            Outcome::NotAsExpected => format!(
                "\n{} of {} steps did not go as recorded; they are marked with ✗ above.",
                wrong.len(),
                memory.told.len()
            ),
        });
        self.voice.document(&json!({
            "as_expected": held,
            "seconds": took.as_secs_f64(),
            "story": memory.told,
            "apps": apps,
            "where": addresses,
        }));
        Ok(outcome)
    }

    fn addresses(&self, memory: &Memory) -> Value {
        let url = &self.bridge.public_url;
        json!({
            "scim": self.bridge.scim_base(),
            "api": format!("{url}/api/v1"),
            "console": format!("{url}/"),
            "metrics": format!("{url}/metrics"),
            "simulator": self.simulator.info().origins.us2,
            "simulator_admin": self.simulator.info().admin,
            "tokens": memory.tokens,
        })
    }
}

/// Name, scopes, and whether the token is bound to the account.
const TOKENS: [(&str, &[&str], bool); 5] = [
    ("scim", &["scim:read", "scim:write"], true),
    ("match:read", &["match:read"], true),
    ("ops:read", &["ops:read"], true),
    ("metrics:read", &["metrics:read"], false),
    ("admin", &["admin"], false),
];
