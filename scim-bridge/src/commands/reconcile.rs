//! `scim-bridge reconcile`: reads every user from Concur, says where it differs, and repairs on request.

use clap::Args;
use serde_json::Value;
use store::Store;
use store::accounts::Account;

use super::{Settings, output};
use crate::accounts::Clients;
use crate::clock::Clock;
use crate::provision::OnBehalf;
use crate::reconcile::{self, Options, Parts, Summary, Wanted};
use crate::serve;

/// Findings that the report on the terminal shows.
const SHOWN: usize = 100;

/// What to do.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Reconcile {
    /// The account's name; not needed while there is one account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Only whom Concur has changed since the last run.
    #[arg(long)]
    incremental: bool,
    /// Link who is exactly one user here, take over who is nobody here, so that providers find them. Sends nothing.
    #[arg(long)]
    import: bool,
    /// Enqueue what brings Concur to the provider's last word. Deactivations go through the brake.
    #[arg(long)]
    repair: bool,
    /// With --repair: also give access to people whom somebody deactivated in Concur.
    #[arg(long, requires = "repair")]
    give_access: bool,
    /// Read nothing; show what the last run found.
    #[arg(long, conflicts_with_all = ["incremental", "import", "repair", "give_access"])]
    report: bool,
    /// Findings of this kind alone.
    #[arg(long, value_name = "KIND", value_parser = reconcile::kind::ALL)]
    kind: Option<String>,
    /// Of those whom nobody here is linked to: whom we have one, several or no resource for.
    #[arg(long = "match", value_name = "MATCH", value_parser = reconcile::MATCHES, conflicts_with = "kind")]
    matching: Option<String>,
    /// For machines.
    #[arg(long)]
    json: bool,
}

impl Reconcile {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let config = settings.load()?;
        let (store, clock) = (tokio::task::block_in_place(|| serve::open_store(&config))?, Clock::system());
        let account =
            tokio::task::block_in_place(|| super::account::named_or_only(&store, self.account.as_deref()))?;
        let mut summary = None;
        if !self.report {
            concur::install_crypto();
            let settings = serve::client_settings(&config);
            let clients = Clients::new(store.clone(), clock.clone(), settings);
            let client = clients.get(account.id).await?;
            let on = OnBehalf::new(account.clone(), "command line".to_owned())?;
            let options = Options {
                incremental: self.incremental,
                import: self.import,
                repair: self.repair,
                give_access: self.give_access,
            };
            let parts = Parts { store: store.clone(), clock, client, on };
            summary = Some(reconcile::run(&parts, options).await?);
        }
        self.show(&store, &account, summary.as_ref()).await
    }

    async fn show(&self, store: &Store, account: &Account, summary: Option<&Summary>) -> anyhow::Result<()> {
        let kind =
            self.kind.clone().or(self.matching.as_ref().map(|_| reconcile::kind::UNMANAGED.to_owned()));
        let mut wanted = Wanted { account: account.id, kind, after: None, limit: SHOWN, values: true };
        // A machine gets all of it, a person what fits on a page or two.
        let enough = if self.json { usize::MAX } else { SHOWN };
        let mut found: Vec<Value> = Vec::new();
        let mut page = loop {
            let asked = wanted.clone();
            let mut page = store.read(move |conn| reconcile::report(conn, &asked)).await?;
            found.extend(
                page["drift"]
                    .as_array_mut()
                    .into_iter()
                    .flat_map(std::mem::take)
                    .filter(|it| self.is_asked_for(it)),
            );
            match page["next_cursor"].as_str() {
                Some(next) if found.len() <= enough => wanted.after = Some(next.to_owned()),
                _ => break page,
            }
        };
        if self.json {
            page["drift"] = found.into();
            page["run"] = serde_json::to_value(summary)?;
            return output::result(&serde_json::to_string_pretty(&page)?);
        }
        if let Some(summary) = summary {
            tell(summary);
        }
        let rows: Vec<Vec<String>> = found.iter().take(SHOWN).map(row).collect();
        output::table(&["kind", "user", "concur user", "what", "repair"], &rows)?;
        if found.len() > SHOWN || page["next_cursor"].is_string() {
            output::note(&format!(
                "only the first {SHOWN} are shown; --json shows all, --kind and --match some"
            ));
        }
        Ok(())
    }

    fn is_asked_for(&self, found: &Value) -> bool {
        self.matching.as_ref().is_none_or(|word| found["details"]["match"] == word.as_str())
    }
}

fn tell(summary: &Summary) {
    let counts = &summary.counts;
    if summary.resumed {
        output::note("went on where an earlier run had stopped");
    }
    let found = counts.found.iter().map(|(kind, n)| format!("{n} {kind}")).collect::<Vec<_>>().join(", ");
    output::note(&format!(
        "{} users read, {} with a change on its way, {} linked, {} taken over; found: {}",
        counts.users,
        counts.on_their_way,
        counts.linked,
        counts.imported,
        if found.is_empty() { "no difference" } else { &found }
    ));
    if !counts.matches.is_empty() {
        let matches =
            counts.matches.iter().map(|(word, n)| format!("{n} {word}")).collect::<Vec<_>>().join(", ");
        output::note(&format!("of the unmanaged, resources match: {matches}"));
    }
    if counts.repairs > 0 {
        output::note(&format!(
            "{} repairs enqueued, {} of them held by the brake",
            counts.repairs, counts.held
        ));
    }
    if counts.unreadable > 0 {
        output::note(&format!("{} users in Concur's answer could not be read", counts.unreadable));
    }
}

fn row(found: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let details = &found["details"];
    let mut what: Vec<String> = Vec::new();
    for difference in details["differences"].as_array().into_iter().flatten() {
        let (at, wanted, concur) =
            (text(&difference["attribute"]), text(&difference["wanted"]), text(&difference["concur"]));
        what.push(format!("{at}: wanted {wanted:?}, Concur has {concur:?}"));
    }
    if let Some(word) = details["match"].as_str() {
        let by = details["by"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(", ");
        let reason = text(&details["reason"]);
        what.push(match word {
            "exact" => format!("exact match by {by}"),
            "conflicting" => format!("conflicting: {reason}"),
            _ => "no match".to_owned(),
        });
    }
    if let Some(reason) = details["not_imported"].as_str() {
        what.push(reason.to_owned());
    }
    if details["active"] == false {
        what.push("inactive in Concur".to_owned());
    }
    let repair = match &found["operation"] {
        Value::Null => String::new(),
        operation => format!("operation {operation}"),
    };
    vec![text(&found["kind"]), text(&found["user"]), text(&found["concur_user"]), what.join("; "), repair]
}
