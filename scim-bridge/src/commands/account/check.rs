//! `scim-bridge account check`: the findings, one line each. The checks themselves are `accounts::check`'s.

use clap::Args;
use serde_json::json;
use store::accounts::AuthenticationType;

use super::super::{Usage, output};
use super::find;
use crate::accounts::check::{Outcome, Plan, Report, check_connected, check_new};
use crate::accounts::scopes::{Functionality, Need, ScopeRow};
use crate::accounts::{ClientSettings, Clients, NewConnection};
use crate::clock::Clock;
use crate::config::Config;
use crate::serve;

/// Flags of `account check`.
#[derive(Debug, Args)]
pub(in crate::commands) struct Check {
    /// The account's name.
    name: String,
    /// What the connection is for: expenses, users, management. What is named here must work; without it, parts of
    /// which no scope was granted are taken for unwanted.
    #[arg(long = "for", value_name = "PART", value_delimiter = ',', value_parser = functionality)]
    wanted: Vec<Functionality>,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
    /// Print the table of scopes too: needed, granted, used.
    #[arg(long)]
    scopes: bool,
}

/// A functionality by its name on the command line.
pub(super) fn functionality(name: &str) -> Result<Functionality, String> {
    Functionality::named(name).ok_or_else(|| "write expenses, users or management".to_owned())
}

impl Check {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<()> {
        concur::install_crypto();
        let (clock, settings) = (Clock::system(), serve::client_settings(config));
        let (opening, name) = (config.clone(), self.name);
        let opened = tokio::task::spawn_blocking(move || {
            let store = serve::open_store(&opening)?;
            let account = find(&store, &name)?;
            Ok::<_, anyhow::Error>((store, account))
        });
        let (store, account) = opened.await??;
        let company_level = account.authentication_type == AuthenticationType::CompanyLevel;
        if !company_level && self.wanted.iter().any(|part| *part != Functionality::Expenses) {
            let reason = "this account is connected at user level, which opens expenses only; connect at company level";
            return Err(Usage(format!("--for: {reason}")).into());
        }
        let plan = match self.wanted {
            wanted if wanted.is_empty() => Plan::everything(company_level),
            wanted => Plan { wanted, named: true },
        };
        let clients = Clients::new(store.clone(), clock.clone(), settings.clone());
        let report = check_connected(&store, &clock, &clients, &settings, &account, &plan).await?;
        print(&account.name, &report, self.json, self.scopes)
    }
}

/// The same checks on what was typed for `account connect`.
pub(super) async fn typed(
    clock: &Clock,
    settings: &ClientSettings,
    new: NewConnection,
) -> anyhow::Result<()> {
    let plan = Plan::everything(matches!(new.grant, concur::auth::Grant::Company { .. }));
    let report = check_new(clock, settings, &new, &plan).await;
    output::note("nothing was stored");
    print(&new.account_name, &report, false, false)
}

/// Prints, and fails when a check did.
fn print(account: &str, report: &Report, as_json: bool, with_scopes: bool) -> anyhow::Result<()> {
    if as_json {
        let whole = json!({
            "account": account, "passed": report.passed(), "findings": report.findings, "scopes": report.scopes,
        });
        output::result(&serde_json::to_string_pretty(&whole)?)?;
    } else {
        for finding in &report.findings {
            let fix = finding.fix.as_ref().map_or_else(String::new, |fix| format!(". Fix: {fix}"));
            let (outcome, check) = (finding.outcome.as_str(), finding.check);
            output::result(&format!("{outcome:<8} {check:<27} {}{fix}", finding.found))?;
        }
        if with_scopes {
            output::result("")?;
            scopes(&report.scopes)?;
        }
    }
    let failed = report.findings.iter().filter(|finding| finding.outcome == Outcome::Failed).count();
    anyhow::ensure!(failed == 0, "{failed} of {} checks failed", report.findings.len());
    Ok(())
}

fn scopes(rows: &[ScopeRow]) -> anyhow::Result<()> {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let parts: Vec<&str> = row.needed_by.iter().map(|part| part.name()).collect();
            let needed = match row.need {
                Need::Needed => format!("yes: {}", parts.join(", ")),
                Need::Helps => format!("helps: {}", parts.join(", ")),
                Need::Unneeded => "no".to_owned(),
                Need::Gone => "no: opens nothing any more".to_owned(),
            };
            let granted = row.granted.map_or("unknown", |granted| if granted { "yes" } else { "no" });
            let used = row.used.map_or_else(|| "not measured".to_owned(), |used| used.to_string());
            vec![row.scope.clone(), needed, granted.to_owned(), used, row.opens.to_owned()]
        })
        .collect();
    output::table(&["scope", "needed", "granted", "used", "opens"], &rows)
}
