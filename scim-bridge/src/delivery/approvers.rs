//! Managers who approve: after a person has arrived with a spend profile, the manager is put first on the lists of
//! approvers that the account's settings name.
//!
//! A step of its own, because Concur refuses an approver who does not hold the role, and would refuse the rest of the
//! change with it. The operation that brought the person keeps the part as `waiting`; a slow look finds out whether the
//! manager holds the roles and then enqueues the step, as an operation like any other. Source: Concur page *User
//! Provisioning v4*, Approver extension.

use std::collections::BTreeMap;

use concur::Client;
use jiff::{SignedDuration, Timestamp};
use store::ids::{AccountId, OperationId};
use store::operations::{self, Expect, ExtensionOutcome, NewOperation, State, Transition};
use store::{Conn, Error, links, resources, waiting};
use tokio::task::JoinSet;

use super::engine::Engine;
use super::job::{Job, Manager, manager_of};
use super::managers::WAITING;
use super::part;
use super::record::{Effects, Note, PartOf, put_part};
use crate::accounts::AccountSettings;
use crate::translate::approvers::{self, List};
use crate::translate::{ConcurUser, Kind, Operation, SPEND};

/// Most operations that one look goes through.
const LOOK_AT: usize = 1_000;
/// How long somebody whose manager could not approve is left alone before the next look.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(15);
/// Most people who are named when their approver leaves.
const NAMED: usize = 5;

/// Somebody whose manager shall approve.
struct Waiting {
    operation: OperationId,
    row: operations::Operation,
    change: Operation,
    lists: Vec<List>,
    /// Concur's id of the manager, who has access.
    manager: String,
}

/// What a look found out about one operation.
enum Looked {
    /// Nothing is to be done for it any more.
    Over,
    /// The manager cannot approve yet, and why.
    NotYet(String),
    /// Concur is to be asked.
    Waits(Box<Waiting>),
}

impl Engine {
    /// Follows up who waits for an approver, beside everything else: Concur is asked, and no deactivation waits for that.
    pub(super) async fn follow_up_approvers(&self, tasks: &mut JoinSet<()>) {
        while tasks.try_join_next().is_some() {}
        if !tasks.is_empty() {
            return;
        }
        let before = self.looked_before();
        let due = self.store.read(move |conn| waiting::due(conn, part::APPROVERS, WAITING, before, 1)).await;
        match due {
            Ok(due) if due.is_empty() => {}
            Ok(_) => {
                let engine = self.clone();
                tasks.spawn(async move { engine.catch_up_with_approvers().await });
            }
            Err(error) => tracing::error!(%error, "who waits for an approver cannot be read"),
        }
    }

    /// Whoever was looked at since then is left alone.
    fn looked_before(&self) -> Timestamp {
        let now = self.now();
        now.checked_sub(ASK_AGAIN).unwrap_or(now)
    }

    /// Enqueues the step for everyone whose manager can approve now.
    async fn catch_up_with_approvers(&self) {
        let before = self.looked_before();
        let looked = self.store.read(move |conn| {
            let due = waiting::due(conn, part::APPROVERS, WAITING, before, LOOK_AT)?;
            due.into_iter().map(|id| Ok((id, look(conn, id)?))).collect::<Result<Vec<_>, Error>>()
        });
        let looked = match looked.await {
            Ok(looked) => looked,
            Err(error) => {
                tracing::error!(%error, "who waits for an approver cannot be read");
                return;
            }
        };
        let (mut over, mut not_yet) = (Vec::new(), Vec::new());
        let mut waiting: BTreeMap<(AccountId, String), Vec<Waiting>> = BTreeMap::new();
        for (operation, looked) in looked {
            match looked {
                Looked::Over => over.push(operation),
                Looked::NotYet(reason) => not_yet.push((operation, reason)),
                Looked::Waits(it) => {
                    waiting.entry((it.row.account, it.manager.clone())).or_default().push(*it);
                }
            }
        }
        if !over.is_empty() {
            self.end_waiting(over).await;
        }
        self.keep_waiting(not_yet).await;
        let mut silent = None;
        for ((account, _), people) in waiting {
            let Some(client) = self.client(account).await.filter(|_| silent != Some(account)) else {
                continue;
            };
            if !self.let_approve(&client, people).await {
                silent = Some(account);
            }
        }
    }

    /// Asks once about the manager of these people, and enqueues the step for them or says what is missing. False: Concur does
    /// not answer. Nothing is noted then, and the next look asks again.
    async fn let_approve(&self, client: &Client, people: Vec<Waiting>) -> bool {
        let Some(first) = people.first() else { return true };
        let Ok(manager) = first.manager.parse() else { return true };
        let account = first.row.account;
        let slot = self.slot(account, false).await;
        // What is remembered of the manager may be old, and a step that is refused holds the person's later changes.
        let read = client.spend().get_user(&manager).await;
        drop(slot);
        self.heard(account, read.as_ref().err());
        let Ok(spend) = read else { return false };
        let spend = spend.unwrap_or_default();
        let roles = first.lists.iter().map(|list| list.role);
        let missing: Vec<&str> = roles.filter(|role| !approvers::holds_role(&spend, role)).collect();
        if missing.is_empty() {
            self.enqueue_step(people).await;
            return true;
        }
        let reason = format!("the manager does not hold {} in Concur", missing.join(", "));
        self.keep_waiting(people.into_iter().map(|person| (person.operation, reason.clone())).collect())
            .await;
        true
    }

    async fn end_waiting(&self, over: Vec<OperationId>) {
        let now = self.now();
        let ended = self
            .store
            .write(move |conn| over.into_iter().try_for_each(|id| settled(conn, id, "superseded", now)));
        if let Err(error) = ended.await {
            tracing::error!(%error, "who waits for an approver no more could not be stored; the next look will");
        }
    }

    async fn enqueue_step(&self, people: Vec<Waiting>) {
        let now = self.now();
        let enqueued = self.store.write(move |conn| {
            for person in people {
                enqueue(conn, person, now)?;
            }
            Ok(())
        });
        if let Err(error) = enqueued.await {
            tracing::error!(%error, "approvers could not be followed up; the next look will");
        }
    }

    /// Notes why steps wait, with their operations and for whoever looks at the users.
    async fn keep_waiting(&self, why: Vec<(OperationId, String)>) {
        if why.is_empty() {
            return;
        }
        let now = self.now();
        let written = self.store.write(move |conn| {
            for (operation, reason) in why {
                let resource = operations::get(conn, operation)?.resource_id;
                let part_of = PartOf::of(operation, resource);
                put_part(conn, &part_of, part::APPROVERS, WAITING, &Note::because(reason), now)?;
            }
            Ok(())
        });
        if let Err(error) = written.await {
            tracing::error!(%error, "why approvers wait could not be stored; the next look will");
        }
    }
}

impl Job {
    /// Whether the manager shall approve and is not known to.
    pub(super) fn wants_approver(&self, known: &ConcurUser) -> bool {
        let Manager::User(manager) = &self.manager else { return false };
        let lists = &self.settings.manager_approves;
        !self.change.kind.is_urgent()
            && known.get(SPEND).is_some()
            && known.is_active()
            && lists.iter().any(|list| !approvers::is_first(known, list, manager))
    }

    /// What goes with a change that has arrived: the step is waited for, or was this one.
    pub(super) fn settle_approver(
        &self,
        known: &ConcurUser,
    ) -> impl FnOnce(&mut Conn, Timestamp) -> Result<(), Error> + Send + use<> {
        let part_of = PartOf::job(self);
        let (account, resource) = (self.row.account, self.row.resource_id);
        let is_step = self.has_approvers();
        let waits = !is_step && self.wants_approver(known);
        let has_access = known.is_active() && !self.change.kind.is_urgent();
        let manager =
            if let (true, Manager::User(id)) = (is_step, &self.manager) { Some(id.clone()) } else { None };
        move |conn, now| {
            if has_access {
                // Whoever comes back approves again for those whose reports waited.
                links::end_extension(conn, resource, part::APPROVERS, part::LEFT_BEHIND)?;
            }
            if let Some(manager) = manager {
                store::approvers::put(conn, account, resource, &manager, now)?;
                put_part(conn, &part_of, part::APPROVERS, "success", &Note::default(), now)?;
            }
            if waits {
                put_part(conn, &part_of, part::APPROVERS, WAITING, &Note::default(), now)?;
            }
            Ok(())
        }
    }
}

impl Job {
    /// What goes with a failure, where it is the manager's step that failed: it is taken back, so that the person's own changes do
    /// not wait behind it. Where Concur refused, the next change that arrives brings the manager up again; where it only had no
    /// time for so long, the next look does.
    pub(super) fn let_go_of_approvers(&self, note: &Note, gave_up: bool) -> Option<Effects> {
        if !self.has_approvers() {
            return None;
        }
        let (id, part_of, mut note) = (self.row.id, PartOf::job(self), note.clone());
        let expect = Expect { state: State::Failed, ..self.expect() };
        let state = if gave_up { WAITING } else { "failed" };
        // Without a message it would be looked at again at once.
        note.message.get_or_insert_with(|| "the manager could not be made an approver".to_owned());
        Some(Box::new(move |conn, now| {
            put_part(conn, &part_of, part::APPROVERS, state, &note, now)?;
            let reason =
                Some("the manager could not be made an approver; everything else goes on".to_owned());
            let taken_back = Transition { reason, ..Transition::to(State::Cancelled, now) };
            operations::transition(conn, id, expect, &taken_back).map(drop)
        }))
    }
}

/// Says whose reports go nowhere now that somebody who approved has no access. Concur repairs nothing by itself.
pub(super) fn tell_whose_approver_left(
    conn: &mut Conn,
    job: &PartOf,
    account: AccountId,
    user: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let (names, count) = store::approvers::approved_by(conn, account, user, NAMED)?;
    if count == 0 {
        return Ok(());
    }
    let more = if count > names.len() as u64 { ", and others" } else { "" };
    let told = format!("still the approver of {}{more} ({count}), whose reports wait now", names.join(", "));
    tracing::warn!(%account, people = count, "an approver has lost access; the operation names whose reports wait");
    put_part(conn, job, part::APPROVERS, part::LEFT_BEHIND, &Note::because(told), now)
}

fn look(conn: &mut Conn, id: OperationId) -> Result<Looked, Error> {
    let row = operations::get(conn, id)?;
    // A later operation carries the manager that is wanted now, and waits for the step itself.
    if !operations::is_latest(conn, id)? {
        return Ok(Looked::Over);
    }
    let Ok(change) = Operation::from_payload(&row.payload) else { return Ok(Looked::Over) };
    let account = store::accounts::get(conn, row.account)?;
    if account.paused_at.is_some() {
        return Ok(Looked::NotYet("the account is paused".to_owned()));
    }
    let settings = AccountSettings::from_stored(&account.settings).unwrap_or_default();
    let lists: Vec<List> =
        settings.manager_approves.iter().filter_map(|name| approvers::list(name)).collect();
    let manager = match manager_of(conn, row.account, &change)? {
        Manager::User(id) if !lists.is_empty() => id,
        _ => return Ok(Looked::Over),
    };
    let lives = links::by_concur_user(conn, row.account, &manager)?;
    let mut has_access = false;
    for link in lives {
        let resource = resources::get(conn, link.resource_id)?;
        has_access |= resource.deleted_at.is_none() && resource.active;
    }
    if !has_access {
        return Ok(Looked::NotYet("the manager has no access".to_owned()));
    }
    Ok(Looked::Waits(Box::new(Waiting { operation: id, row, change, lists, manager })))
}

fn enqueue(conn: &mut Conn, person: Waiting, now: Timestamp) -> Result<(), Error> {
    let Waiting { operation, row, change, lists, .. } = person;
    // Looked at again where it counts: a change may have been accepted meanwhile.
    if !operations::is_latest(conn, operation)? {
        return settled(conn, operation, "superseded", now);
    }
    let approves = lists.iter().map(|list| list.name.to_owned()).collect();
    let step = Operation { kind: Kind::Update, before: None, approves, ..change };
    operations::enqueue(
        conn,
        &NewOperation {
            account: row.account,
            resource_id: row.resource_id,
            kind: step.kind.as_str().to_owned(),
            payload: step.to_payload(),
            held: None,
            now,
        },
    )?;
    settled(conn, operation, "success", now)
}

/// Ends the waiting of an operation; the user's own state is the step's, or that of a later operation.
fn settled(conn: &mut Conn, operation: OperationId, state: &str, now: Timestamp) -> Result<(), Error> {
    let outcome = ExtensionOutcome {
        extension: part::APPROVERS.to_owned(),
        state: state.to_owned(),
        code: None,
        message: None,
        updated_at: now,
    };
    operations::put_extension(conn, operation, &outcome)
}
