//! A claimed operation with everything that is needed to deliver it, and what is to be sent for it.
//!
//! Reads the store once, at the claim; no network. What is sent is decided late: the difference between what Concur
//! is known to hold and what it shall hold, so that a change that waited is still the smallest one.

use concur::UserId;
use concur::model::PatchOperation;
use jiff::Timestamp;
use serde::Deserialize as _;
use serde_json::{Value, json};
use store::accounts::Account;
use store::ids::AccountId;
use store::links::Link;
use store::operations::{self, Expect, State};
use store::{Conn, Error, links, resources};
use uuid::Uuid;

use super::part;
use super::policy::History;
use crate::accounts::AccountSettings;
use crate::translate::{
    self, APPROVER, ConcurUser, ENTERPRISE, EmployeeForm, Kind, Operation, PayloadError, ROLE, SPEND,
    approvers, roles,
};

/// Attributes that Concur shows only when asked by name, or to some tokens only: what it took it is taken to hold.
const NOT_SHOWN: [&str; 2] = ["entitlements", MANAGER];
const TERMINATION_DATE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:terminationDate";
const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

/// A claimed operation.
#[derive(Debug)]
pub(super) struct Job {
    /// The row as it was claimed.
    pub(super) row: operations::Operation,
    /// What is wanted.
    pub(super) change: Operation,
    /// The company.
    pub(super) account: Account,
    /// Its settings.
    pub(super) settings: AccountSettings,
    /// The Concur user, once there is one.
    pub(super) user: Option<UserId>,
    /// Whether that user was in Concur before us.
    pub(super) adopted: bool,
    /// What Concur is known to hold of what we manage.
    pub(super) known: ConcurUser,
    /// Who the manager is in Concur.
    pub(super) manager: Manager,
    /// What the company asks of a spend profile, as far as it is known and to be checked.
    form: EmployeeForm,
    sent_at: Timestamp,
    judged: u32,
}

/// Who the manager is in Concur.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Manager {
    /// None is wanted.
    Nobody,
    /// Concur's id of the manager.
    User(String),
    /// One of ours who is not in Concur yet.
    Expected,
    /// Nobody we know.
    Stranger,
}

impl Manager {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Expected | Self::Stranger)
    }
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Request {
    /// A new user.
    Create(Value),
    /// A change of an existing one.
    Patch(UserId, Vec<PatchOperation>),
    /// Concur holds what is wanted, as far as we know.
    Nothing,
    /// Access is to end for someone who never had any.
    NeverThere,
}

/// Whether the spend profile was looked at, and what was there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Profile<'a> {
    /// It is as it was known.
    NotRead,
    /// What Concur answered; `None` for a user without one.
    Read(Option<&'a Value>),
}

impl Job {
    /// Reads what belongs to a claimed operation. The inner error is an operation that this program cannot read.
    pub(super) fn load(
        conn: &mut Conn,
        row: operations::Operation,
    ) -> Result<Result<Self, PayloadError>, Error> {
        let change = match Operation::from_payload(&row.payload) {
            Ok(change) => change,
            Err(error) => return Ok(Err(error)),
        };
        let account = store::accounts::get(conn, row.account)?;
        let settings = AccountSettings::from_stored(&account.settings).unwrap_or_else(|error| {
            tracing::warn!(account = %account.id, %error, "the account's settings cannot be read; the defaults are used");
            AccountSettings::default()
        });
        let link = link_of(conn, &row)?;
        let manager = manager_of(conn, row.account, &change)?;
        let form = form_of(conn, &row, &change, &settings)?;
        let mut attempts = operations::attempts(conn, row.id)?;
        // A person who sends it round again gives it all its attempts back.
        let counts = |attempt: &operations::Attempt| {
            attempt.outcome != Some(State::Ready) && row.replayed_at.is_none_or(|at| attempt.started_at >= at)
        };
        let judged = attempts.iter().filter(|attempt| counts(attempt)).count();
        let last = attempts.pop();
        let sent_at = last.map_or(row.created_at, |attempt| attempt.ended_at.unwrap_or(attempt.started_at));
        let user =
            link.as_ref().and_then(|link| link.concur_user_id.as_deref()).and_then(|id| id.parse().ok());
        let adopted = link.as_ref().is_some_and(|link| link.adopted);
        let known = link.and_then(|link| link.known).map(ConcurUser::from_value).unwrap_or_default();
        Ok(Ok(Self {
            row,
            change,
            account,
            settings,
            user,
            adopted,
            known,
            manager,
            form,
            sent_at,
            judged: u32::try_from(judged).unwrap_or(u32::MAX),
        }))
    }

    /// What this worker believes the operation to be; every state change is conditional on it.
    pub(super) fn expect(&self) -> Expect {
        Expect { state: self.row.state, lease_epoch: self.row.lease_epoch }
    }

    /// What the policy wants to know.
    pub(super) fn history(&self) -> History {
        History {
            state: self.row.state,
            attempt: u32::try_from(self.row.attempt).unwrap_or(0),
            judged: self.judged,
            urgent: self.change.kind.is_urgent(),
            accepted_at: self.row.replayed_at.unwrap_or(self.row.created_at),
            sent_at: self.sent_at,
            // One that was set for an earlier attempt says nothing about this one.
            settle_until: self.row.settle_until.filter(|until| *until > self.sent_at),
        }
    }

    /// What is to be sent now.
    pub(super) fn request(&self) -> Request {
        match self.user {
            None if self.change.kind.is_urgent() => Request::NeverThere,
            None => Request::Create(self.new_user()),
            Some(user) => match self.missing_in(&self.known) {
                patch if patch.is_empty() => Request::Nothing,
                patch => Request::Patch(user, patch),
            },
        }
    }

    /// What has to be changed in a user that holds `actual`; nothing once Concur holds what is wanted.
    pub(super) fn missing_in(&self, actual: &ConcurUser) -> Vec<PatchOperation> {
        let target = self.target(actual);
        let mut base = actual.clone();
        if self.change.kind.is_urgent() {
            base = translate::observe(&base.to_value(), None, &[&target]);
        }
        if self.manager.is_missing() {
            base.remove(MANAGER);
        }
        translate::diff(&base, &target)
    }

    /// Notes what a spend user that was just read holds: whether there is one, its roles and approvers.
    pub(super) fn hold_lists_of(&mut self, spend: &Value) {
        let read = translate::observe(&json!({}), Some(spend), &[&self.change.desired, &self.known]);
        self.known.remove(APPROVER);
        for urn in [SPEND, ROLE, APPROVER] {
            if let Some(part) = read.get(urn) {
                self.known.set(urn, part.clone());
            }
        }
    }

    /// What would still have to be sent after this operation: ending access sends nothing else.
    pub(super) fn left_over(&self, known: &ConcurUser) -> bool {
        let mut base = known.clone();
        if self.manager.is_missing() {
            base.remove(MANAGER);
        }
        !translate::diff(&base, &self.whole(known)).is_empty()
    }

    /// What Concur holds of what we manage, given the identity it answered or was read with.
    pub(super) fn observed(&self, identity: &Value, profile: Profile<'_>) -> ConcurUser {
        let target = self.target(&self.known);
        let spend = if let Profile::Read(spend) = profile { spend } else { None };
        // Somebody adopted may have the profile that is withheld from a new user.
        let asked = if self.change.kind.is_urgent() { &target } else { &self.change.desired };
        let mut seen = translate::observe(identity, spend, &[&self.known, &target, asked]);
        for path in NOT_SHOWN {
            if seen.get(path).is_none() && is_hidden(identity, path) {
                let assumed =
                    if self.change.kind.is_urgent() { self.known.get(path) } else { target.get(path) };
                if let Some(value) = assumed.cloned() {
                    seen.set(path, value);
                }
            }
        }
        if profile == Profile::NotRead {
            self.keep_profile(&mut seen);
        }
        seen
    }

    /// The spend profile, the roles and the approvers as they were known.
    fn keep_profile(&self, user: &mut ConcurUser) {
        for urn in [SPEND, ROLE, APPROVER] {
            user.remove(urn);
            if let Some(part) = self.known.get(urn) {
                user.set(urn, part.clone());
            }
        }
    }

    /// What Concur holds once it has taken the identity part and nothing is known of the rest.
    pub(super) fn with_identity_taken(&self) -> ConcurUser {
        if self.change.kind.is_urgent() {
            let mut known = self.known.clone();
            known.set("active", json!(false));
            return known;
        }
        let mut taken = self.target(&self.known);
        self.keep_profile(&mut taken);
        taken
    }

    /// What Concur holds once all of it has arrived.
    pub(super) fn arrived_whole(&self) -> ConcurUser {
        if self.change.kind.is_urgent() { self.with_identity_taken() } else { self.target(&self.known) }
    }

    /// Whether the spend profile belongs to what has to be read back.
    pub(super) fn has_spend(&self) -> bool {
        !self.change.kind.is_urgent()
            && (self.change.desired.get(SPEND).is_some()
                || self.known.get(SPEND).is_some()
                || self.has_roles()
                || self.has_approvers())
    }

    /// Whether the spend profile has to be read to know that all has arrived: not where the operation went the straight way
    /// and, by what was known before it was sent, had nothing to change there. That saves every other request.
    pub(super) fn has_spend_to_read(&self) -> bool {
        let concerns_it = |path: &str| [SPEND, ROLE, APPROVER].iter().any(|urn| path.starts_with(urn));
        let straight = self.row.state == State::Verifying && !self.row.ever_unknown && self.row.attempt == 1;
        let untouched = self.known.get(SPEND).is_some()
            && !self.missing_in(&self.known).iter().any(|operation| concerns_it(&operation.path));
        self.has_spend() && !(straight && untouched)
    }

    /// What was sent of the spend profile of a user who holds `held`: the state of the part, and what it lacks.
    pub(super) fn spend_sent(&self, held: &ConcurUser) -> (Option<&'static str>, Option<String>) {
        let fitted = self.form.fit(&self.change.desired, held);
        match fitted.withheld {
            Some(reason) => (Some(part::WITHHELD), Some(reason)),
            None if fitted.left_out.is_empty() => (None, None),
            None => (Some(part::INCOMPLETE), Some(fitted.left_out.join("; "))),
        }
    }

    /// Whether roles are to be given or taken away.
    pub(super) fn has_roles(&self) -> bool {
        !self.change.kind.is_urgent() && self.change.concerns_roles()
    }

    /// Whether the manager is to be put on lists of approvers.
    pub(super) fn has_approvers(&self) -> bool {
        !self.change.kind.is_urgent() && !self.change.approves.is_empty()
    }

    /// Whether the roles that Concur holds are known, so that a complete list can be written.
    pub(super) fn knows_roles(&self) -> bool {
        self.known.get(ROLE).is_some()
    }

    /// Whether nothing but roles is missing, which were not written yet because it was not known what Concur holds:
    /// the second step of a new spend user.
    pub(super) fn has_only_roles_left(&self, missing: &[PatchOperation]) -> bool {
        self.has_roles() && !self.knows_roles() && missing.iter().all(|it| it.path.starts_with(ROLE))
    }

    /// The link as it stands after Concur showed `known`.
    pub(super) fn link(&self, user: UserId, adopted: bool, known: &ConcurUser, now: Timestamp) -> Link {
        Link {
            resource_id: self.row.resource_id,
            account: self.row.account,
            concur_user_id: Some(user.to_string()),
            known: Some(known.to_value()),
            adopted,
            updated_at: now,
        }
    }

    /// The state of access alone when it ends, else everything that is wanted.
    fn target(&self, held: &ConcurUser) -> ConcurUser {
        if !self.change.kind.is_urgent() {
            return self.whole(held);
        }
        let mut target = ConcurUser::default();
        target.set("active", json!(false));
        if self.settings.termination_date_on_deactivation {
            let day = self.row.created_at.strftime("%Y-%m-%dT00:00:00Z").to_string();
            target.set(TERMINATION_DATE, day.into());
        }
        target
    }

    /// Everything that is wanted of a user who holds `held`, with the manager as Concur knows them, and with the
    /// complete list of roles once it is known which ones the spend user has.
    fn whole(&self, held: &ConcurUser) -> ConcurUser {
        let fitted = self.form.fit(&self.change.desired, held);
        let mut whole = fitted.user;
        whole.remove(ROLE);
        if fitted.withheld.is_none()
            && self.change.concerns_roles()
            && let Some(list) = roles::complete(held, &self.change.roles(), &self.change.revoked)
        {
            whole.set(&format!("{ROLE}:roles"), list);
        }
        if let Manager::User(id) = &self.manager {
            whole.set(MANAGER, json!({"value": id}));
            if self.has_approvers() && held.get(SPEND).is_some() {
                whole.set(APPROVER, approvers::complete(held, &self.change.approves, id));
            }
        }
        if let (Kind::Update, Some(access)) = (self.change.kind, held.get("active")) {
            // A change of access is an operation of its own, which the brake may hold: no update carries one past it.
            whole.set("active", access.clone());
        }
        let ours =
            self.known.get(TERMINATION_DATE).filter(|_| self.settings.termination_date_on_deactivation);
        if let (Some(date), None, false) = (ours, whole.get(TERMINATION_DATE), whole.is_active()) {
            // The date of the deactivation stays until the return.
            whole.set(TERMINATION_DATE, date.clone());
        }
        if self.adopted && self.change.kind == Kind::Create {
            // A user we did not create keeps the login: changing it with the adoption could lock a person out.
            for path in ["userName", "emails"] {
                if let Some(there) = self.known.get(path).cloned() {
                    whole.set(path, there);
                }
            }
            if held.is_active() {
                // Ending it is an operation of its own, which the brake may hold (`record::rest_of`).
                whole.set("active", json!(true));
            }
        }
        whole
    }

    /// The body of a POST. The company comes from the connection and from nowhere else.
    fn new_user(&self) -> Value {
        let mut user = self.whole(&ConcurUser::default());
        user.set(&format!("{ENTERPRISE}:companyId"), self.account.company_uuid.as_str().into());
        user.to_body()
    }
}

/// Whether Concur left an attribute out altogether; one that it shows as null is empty.
fn is_hidden(identity: &Value, path: &str) -> bool {
    match path.rsplit_once(':') {
        Some((urn, name)) => identity.get(urn).is_none_or(|extension| extension.get(name).is_none()),
        None => identity.get(path).is_none(),
    }
}

/// The link of the operation's resource. A person who came back before an earlier life had reached Concur has it from there.
fn link_of(conn: &mut Conn, row: &operations::Operation) -> Result<Option<Link>, Error> {
    let own = links::get(conn, row.resource_id)?;
    if own.as_ref().is_some_and(|link| link.concur_user_id.is_some()) || row.chain == row.resource_id {
        return Ok(own);
    }
    let Some(link) = operations::link(conn, row.resource_id)? else { return Ok(own) };
    let link = Link { resource_id: row.resource_id, ..link };
    links::put(conn, &link)?;
    Ok(Some(link))
}

/// The company's employee form where it says something of what is wanted; else an empty one.
fn form_of(
    conn: &mut Conn,
    row: &operations::Operation,
    change: &Operation,
    settings: &AccountSettings,
) -> Result<EmployeeForm, Error> {
    if !settings.preflight || change.kind.is_urgent() || change.desired.get(SPEND).is_none() {
        return Ok(EmployeeForm::default());
    }
    let stored = store::employee_forms::get(conn, row.account)?;
    Ok(stored.and_then(|form| EmployeeForm::deserialize(form.fields).ok()).unwrap_or_default())
}

/// Who the wanted manager is in Concur.
pub(super) fn manager_of(conn: &mut Conn, account: AccountId, change: &Operation) -> Result<Manager, Error> {
    let Some(id) = &change.manager else { return Ok(Manager::Nobody) };
    let Ok(scim_id) = id.parse::<Uuid>() else { return Ok(Manager::Stranger) };
    let found = resources::get_by_scim_id(conn, account, resources::ResourceType::User, scim_id)?;
    let Some(resource) = found else { return Ok(Manager::Stranger) };
    let link = links::get(conn, resource.id)?;
    Ok(link.and_then(|link| link.concur_user_id).map_or(Manager::Expected, Manager::User))
}
