//! `scim-bridge brake status|release|cancel|settings`: the deprovisioning brake of an account.

use clap::{Args, Subcommand};
use jiff::SignedDuration;
use store::Store;
use store::accounts::{self, Account};
use store::ids::OperationId;
use store::resources::{self, Lookup, ResourceType};

use super::{Settings, Usage, output};
use crate::accounts::AccountSettings;
use crate::brake::{self, Acted, Order, Status, Verb, Which};
use crate::clock::Clock;
use crate::config::duration;
use crate::serve;

/// Who decides, as the audit trail names it.
const ACTOR: &str = "command line";

/// What to do with the brake.
#[derive(Debug, Subcommand)]
pub(super) enum Brake {
    /// Whether it is tripped, what it has counted and how many deactivations it holds.
    Status {
        /// The account's name; not needed while there is one account.
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
        /// For machines.
        #[arg(long)]
        json: bool,
    },
    /// Let held deactivations go: access ends in Concur.
    Release(Decision),
    /// End held deactivations: access stays, and the users are shown as before.
    Cancel(Decision),
    /// Show the limits, or change them; switch the brake off for a while, or on.
    Settings(Limits),
}

/// What to decide about.
#[derive(Debug, Args)]
pub(super) struct Decision {
    /// The account's name; not needed while there is one account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// One operation, by its id.
    #[arg(long, value_name = "ID", group = "which", required = true)]
    operation: Option<i64>,
    /// One user, by SCIM id or userName.
    #[arg(long, value_name = "USER", group = "which")]
    user: Option<String>,
    /// Everything that is held; the brake is armed again.
    #[arg(long, group = "which")]
    all: bool,
    /// Why. Goes into the audit trail.
    #[arg(long)]
    reason: String,
}

/// The limits, and the switch.
#[derive(Debug, Args)]
pub(super) struct Limits {
    /// The account's name; not needed while there is one account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Users in 24 hours.
    #[arg(long, value_name = "NUMBER")]
    day_users: Option<u32>,
    /// Per cent of the active users in 24 hours.
    #[arg(long, value_name = "PERCENT")]
    day_percent: Option<u8>,
    /// Users in ten minutes.
    #[arg(long, value_name = "NUMBER")]
    ten_minutes_users: Option<u32>,
    /// Per cent of the active users in ten minutes.
    #[arg(long, value_name = "PERCENT")]
    ten_minutes_percent: Option<u8>,
    /// Switch the brake off for so long, like 2h; at most 7d.
    #[arg(long, value_name = "DURATION", conflicts_with = "on")]
    off_for: Option<String>,
    /// Switch it on again.
    #[arg(long)]
    on: bool,
    /// Why. Needed for every change; goes into the audit trail.
    #[arg(long)]
    reason: Option<String>,
}

impl Brake {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let config = settings.load()?;
        let store = tokio::task::block_in_place(|| serve::open_store(&config))?;
        match self {
            Self::Status { account, json } => show(&store, &find(&store, account.as_deref())?, json).await,
            Self::Release(decision) => decision.carry_out(&store, Verb::Release).await,
            Self::Cancel(decision) => decision.carry_out(&store, Verb::Cancel).await,
            Self::Settings(limits) => limits.run(&store).await,
        }
    }
}

fn find(store: &Store, name: Option<&str>) -> anyhow::Result<Account> {
    tokio::task::block_in_place(|| super::account::named_or_only(store, name))
}

async fn show(store: &Store, account: &Account, json: bool) -> anyhow::Result<()> {
    let limits = AccountSettings::from_stored(&account.settings)?.brake;
    let (of, now) = (account.clone(), Clock::system().now());
    let status = store.read(move |conn| brake::status(conn, &of, limits, now)).await?;
    if json {
        return output::result(&serde_json::to_string_pretty(&status)?);
    }
    in_words(&status, &account.name)
}

fn in_words(status: &Status, name: &str) -> anyhow::Result<()> {
    output::result(&format!("the brake of {name} is {}", status.state))?;
    if let (Some(at), Some(reason)) = (status.tripped_at, &status.reason) {
        output::result(&format!("tripped {at}: {reason}"))?;
    }
    if let (Some(until), Some(reason)) = (status.off_until, &status.off_reason) {
        let by = status.off_by.as_deref().unwrap_or("somebody");
        output::result(&format!("off until {until} by {by}: {reason}"))?;
    }
    let counted = status.counted;
    output::result(&format!(
        "lost access: {} of at most {} in 10 minutes, {} of at most {} in 24 hours; {} users are active",
        counted.ten_minutes.users,
        counted.ten_minutes.limit,
        counted.day.users,
        counted.day.limit,
        status.active_users
    ))?;
    output::result(&format!("held: {}", status.held))?;
    if status.held > 0 {
        output::note(&format!(
            "see them: scim-bridge operations list --account {name:?} --state held; decide: scim-bridge brake release or \
             cancel"
        ));
    }
    Ok(())
}

impl Decision {
    async fn carry_out(self, store: &Store, verb: Verb) -> anyhow::Result<()> {
        let account = find(store, self.account.as_deref())?;
        let which = match (self.operation, self.user, self.all) {
            (Some(id), _, _) => Which::Operation(OperationId::from_i64(id)),
            (_, Some(user), _) => Which::User(user_id(store, &account, user).await?),
            _ => Which::All,
        };
        let order = Order { account: account.id, verb, which, reason: self.reason, actor: ACTOR.to_owned() };
        let Acted { operations, not_restored } = brake::act(store, &Clock::system(), order).await?;
        let done = if verb == Verb::Release { "released" } else { "cancelled" };
        output::note(&format!("{operations} deactivations {done}"));
        for id in not_restored {
            output::note(&format!(
                "operation {id}: the user stays deleted here, because the userName was given to somebody else meanwhile"
            ));
        }
        Ok(())
    }
}

/// The SCIM id of a user who is named by it or by userName. A deleted user has only the id left.
async fn user_id(store: &Store, account: &Account, user: String) -> anyhow::Result<String> {
    let (account, lookup) = (account.id, Lookup::UserName(scim::fold_user_name(&user)));
    let found = store.read(move |conn| resources::find(conn, account, ResourceType::User, &lookup)).await?;
    Ok(found.first().map_or(user, |found| found.scim_id.to_string()))
}

impl Limits {
    fn changes_limits(&self) -> bool {
        self.day_users.is_some()
            || self.day_percent.is_some()
            || self.ten_minutes_users.is_some()
            || self.ten_minutes_percent.is_some()
    }

    async fn run(self, store: &Store) -> anyhow::Result<()> {
        let account = find(store, self.account.as_deref())?;
        if !(self.changes_limits() || self.off_for.is_some() || self.on) {
            let limits = AccountSettings::from_stored(&account.settings)?.brake;
            return output::result(&serde_json::to_string_pretty(&limits)?);
        }
        let reason = self.reason.clone().filter(|reason| !reason.trim().is_empty());
        let reason =
            reason.ok_or_else(|| Usage("--reason: say why; it goes into the audit trail".to_owned()))?;
        let clock = Clock::system();
        if self.changes_limits() {
            self.change_limits(store, &account, &reason, &clock).await?;
        }
        if let Some(time) = &self.off_for {
            let time = duration::parse(time).map_err(|reason| Usage(format!("--off-for: {reason}")))?;
            let until = clock.now().checked_add(SignedDuration::try_from(time)?)?;
            brake::off(store, &clock, account.id, until, reason.clone(), ACTOR.to_owned()).await.map_err(
                |error| match error {
                    brake::SwitchError::Store(error) => anyhow::Error::from(error),
                    other => Usage(format!("--off-for: {other}")).into(),
                },
            )?;
        }
        if self.on {
            brake::on(store, &clock, account.id, reason, ACTOR.to_owned()).await?;
        }
        show(store, &find(store, self.account.as_deref())?, false).await
    }

    async fn change_limits(
        &self,
        store: &Store,
        account: &Account,
        reason: &str,
        clock: &Clock,
    ) -> anyhow::Result<()> {
        let mut settings = AccountSettings::from_stored(&account.settings)?;
        let limits = &mut settings.brake;
        limits.day.users = self.day_users.unwrap_or(limits.day.users);
        limits.day.percent = self.day_percent.unwrap_or(limits.day.percent);
        limits.ten_minutes.users = self.ten_minutes_users.unwrap_or(limits.ten_minutes.users);
        limits.ten_minutes.percent = self.ten_minutes_percent.unwrap_or(limits.ten_minutes.percent);
        let problems = limits.problems();
        if !problems.is_empty() {
            return Err(Usage(problems.join("\n")).into());
        }
        let (before, after) = (AccountSettings::from_stored(&account.settings)?.brake, settings.brake);
        let (id, now, stored) = (account.id, clock.now(), settings.to_stored());
        let event = store::audit::NewEvent {
            account: Some(id),
            at: now,
            actor: ACTOR.to_owned(),
            action: "brake.settings".to_owned(),
            subject: format!("account:{id}"),
            details: serde_json::json!({"before": before, "after": after, "reason": reason}),
        };
        let changed = store.write(move |conn| {
            accounts::set_settings(conn, id, &stored, now)?;
            store::audit::append(conn, &event).map(|_| ())
        });
        Ok(changed.await?)
    }
}
