//! Finding out: a create that met "already exists", and every operation whose outcome is unknown.
//!
//! Nothing is sent again before a look-up has answered. A look-up goes by Concur's id where there is one, else by
//! `externalId`, else by `userName`; all three answer at once, unlike the search, whose index lags.
//! Source: Concur pages *Identity v4* (filter) and *Identity v4.1* (read by id).

use concur::api::LookupAttribute;
use concur::model::IdentityUser;
use concur::{Client, Error};
use store::ids::ResourceId;
use store::links::Link;
use store::operations::State;
use store::{Conn, Constraint, links, operations, resources};

use super::engine::Engine;
use super::failure;
use super::job::Job;
use super::part;
use super::policy::Event;
use super::record::{Effects, Note, PartOf, not_applied, nothing_more, put_part};
use crate::translate::{ConcurUser, SPEND};

/// Whom a look-up found.
enum Found {
    /// A user that is, or becomes, ours.
    Ours(Box<IdentityUser>),
    /// A user that belongs to someone else.
    Foreign(&'static str),
    /// Nobody in this company.
    Nobody,
    /// Somebody, and our own store could not say whose it is.
    Unclear,
}

impl Engine {
    /// A create was refused: perhaps because the user is there already. Ours, or free to be adopted: adopt. Otherwise
    /// the refusal stands, and there is no loop.
    pub(super) async fn meet_existing(&self, client: &Client, job: &Job, note: Note, code: &str) {
        match self.find(client, job).await {
            Ok(Found::Ours(user)) => {
                self.adopt(client, job, &user).await;
            }
            Ok(Found::Foreign(why)) => {
                let reason = note.message.as_deref().unwrap_or_default();
                let note = Note { message: Some(format!("{why} ({reason})")), ..note.clone() };
                self.record(job, Event::Refused, note.coded(failure::UNIQUENESS), nothing_more()).await;
            }
            Ok(Found::Nobody) => {
                let message = note.message.clone().unwrap_or_default();
                let note = match code {
                    failure::UNIQUENESS => {
                        let elsewhere =
                            "nobody in this company has it, so it is in use elsewhere in SAP Concur";
                        Note { message: Some(format!("{message}: {elsewhere}")), ..note }
                    }
                    _ => note,
                };
                self.record(job, Event::Refused, note.coded(code), nothing_more()).await;
            }
            Ok(Found::Unclear) => {
                let event = Event::NotApplied { retry_after: None };
                self.record(job, event, Note::because("the store could not be read"), nothing_more()).await;
            }
            Err(error) => {
                let event = not_applied(&error);
                self.record(job, event, Note::of(&error), nothing_more()).await;
            }
        }
    }

    /// Access is to end for a user we never linked. Should an earlier create have arrived all the same, the user
    /// carries our externalId; a match by user name alone could be somebody else.
    pub(super) async fn end_access_of_unknown(&self, client: &Client, job: &Job) {
        let Some(external_id) = job.change.desired.get_str("externalId") else {
            return self.record_nothing(job).await;
        };
        match client.identity().find_by(LookupAttribute::ExternalId, external_id).await {
            Ok(mut users) => match users.pop() {
                Some(user) => self.adopt(client, job, &user).await,
                None => self.record_nothing(job).await,
            },
            Err(error) => {
                let event = not_applied(&error);
                self.record(job, event, Note::of(&error), nothing_more()).await;
            }
        }
    }

    /// Looks whether an operation with an unknown outcome was applied.
    pub(super) async fn settle(&self, client: &Client, job: &Job) {
        if job.user.is_some() {
            return self.read_back(client, job).await;
        }
        match self.find(client, job).await {
            Ok(Found::Ours(user)) => self.settle_found(client, job, &user).await,
            Ok(Found::Foreign(why)) => {
                let note = Note::because(why).coded(failure::UNIQUENESS);
                self.record(job, Event::Refused, note, nothing_more()).await;
            }
            Ok(Found::Nobody) => {
                self.record(job, Event::ReadBackDifferent, Note::default(), nothing_more()).await;
            }
            Ok(Found::Unclear) => {
                let event = Event::ReadFailed { retry_after: None };
                self.record(job, event, Note::because("the store could not be read"), nothing_more()).await;
            }
            Err(error) => {
                let event = Event::ReadFailed { retry_after: error.retry_after() };
                self.record(job, event, Note::of(&error), nothing_more()).await;
            }
        }
    }

    /// The user of a create whose answer was lost. Equal: it was our create. Different: either a part is still on its
    /// way, or the user was there before us.
    async fn settle_found(&self, client: &Client, job: &Job, user: &IdentityUser) {
        if self.had_another_life(job, user).await {
            // Then it was not this create that made the user, and what is under way for that life goes first.
            return self.adopt(client, job, user).await;
        }
        let Ok(known) = self.seen(client, job, user).await else {
            let event = Event::ReadFailed { retry_after: None };
            self.record(job, event, Note::because("the user could not be read"), nothing_more()).await;
            return;
        };
        let missing = job.missing_in(&known);
        let equal = missing.is_empty();
        // The profile follows the identity, so its absence says nothing about whose create it was.
        let ours = missing.iter().all(|operation| operation.path.starts_with(SPEND));
        let event = if equal { Event::ReadBackEqual } else { Event::ReadBackDifferent };
        let effects = self.linked(job, user, !ours, &known);
        if self.record(job, event, Note::default(), effects).await.is_some() && equal {
            self.tell_accepted(job, user.id());
        }
    }

    async fn adopt(&self, client: &Client, job: &Job, user: &IdentityUser) {
        let event = match self.seen(client, job, user).await {
            Ok(known) => {
                let effects = self.linked(job, user, true, &known);
                self.record(job, Event::Adopted, Note::default(), effects).await;
                return;
            }
            // An unanswered look-up proves nothing.
            Err(error) if job.row.state == State::Unknown => {
                Event::ReadFailed { retry_after: error.retry_after() }
            }
            Err(error) => not_applied(&error),
        };
        self.record(job, event, Note::because("the existing user could not be read"), nothing_more()).await;
    }

    /// The link to a user that was found, and the public id that comes with it.
    fn linked(&self, job: &Job, user: &IdentityUser, adopted: bool, known: &ConcurUser) -> Effects {
        let link = job.link(user.id(), adopted, known, self.now());
        let (resource, uuid, part_of) = (job.row.resource_id, user.id().as_uuid(), PartOf::job(job));
        Box::new(move |conn: &mut Conn, now| {
            // Looked at once more where it counts: two resources may have found the same user at once.
            if is_taken(conn, &link)? {
                let constraint = Constraint::Other("one resource per Concur user".to_owned());
                return Err(store::Error::Conflict { constraint });
            }
            if let Some(earlier) = other_life(conn, &link)? {
                operations::join(conn, resource, earlier, now)?;
            }
            links::put(conn, &link)?;
            resources::adopt_scim_id(conn, resource, uuid)?;
            let state = if adopted { "adopted" } else { "success" };
            put_part(conn, &part_of, part::IDENTITY, state, &Note::default(), now)
        })
    }

    /// Whether the user was linked to a resource of another chain, which is deleted by now. A store that does not answer
    /// is asked again when the link is written.
    async fn had_another_life(&self, job: &Job, user: &IdentityUser) -> bool {
        let link = job.link(user.id(), false, &job.known, self.now());
        let earlier = self.store.read(move |conn| other_life(conn, &link)).await;
        earlier.is_ok_and(|earlier| earlier.is_some())
    }

    async fn find(&self, client: &Client, job: &Job) -> Result<Found, Error> {
        let found = self.look_up(client, job).await;
        self.heard(job.row.account, found.as_ref().err());
        found
    }

    async fn look_up(&self, client: &Client, job: &Job) -> Result<Found, Error> {
        let identity = client.identity();
        let external_id = job.change.desired.get_str("externalId");
        if let Some(external_id) = external_id
            && let Some(user) = identity.find_by(LookupAttribute::ExternalId, external_id).await?.pop()
        {
            return Ok(self.unless_taken(job, user).await);
        }
        let Some(user_name) = job.change.desired.get_str("userName") else { return Ok(Found::Nobody) };
        let Some(user) = identity.find_by(LookupAttribute::UserName, user_name).await?.pop() else {
            return Ok(Found::Nobody);
        };
        let theirs = user.external_id().filter(|id| !id.is_empty());
        if external_id.is_some() && theirs.is_some_and(|theirs| Some(theirs) != external_id) {
            return Ok(Found::Foreign("the user name belongs to a user with another externalId"));
        }
        Ok(self.unless_taken(job, user).await)
    }

    /// A Concur user is one resource at most; a deleted resource gives its user up.
    async fn unless_taken(&self, job: &Job, user: IdentityUser) -> Found {
        let link = job.link(user.id(), false, &job.known, self.now());
        let taken = self.store.read(move |conn| is_taken(conn, &link));
        match taken.await {
            Ok(false) => Found::Ours(Box::new(user)),
            Err(_) => Found::Unclear,
            Ok(true) => Found::Foreign("the user in SAP Concur belongs to another resource of this account"),
        }
    }
}

/// Whether the Concur user of a link belongs to another resource that is not deleted.
fn is_taken(conn: &mut Conn, link: &Link) -> Result<bool, store::Error> {
    let Some(user) = &link.concur_user_id else { return Ok(false) };
    for other in links::by_concur_user(conn, link.account, user)? {
        let another = other.resource_id != link.resource_id;
        if another && resources::get(conn, other.resource_id)?.deleted_at.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An earlier resource of the same Concur user whose operations are a chain of their own.
fn other_life(conn: &mut Conn, link: &Link) -> Result<Option<ResourceId>, store::Error> {
    let Some(user) = &link.concur_user_id else { return Ok(None) };
    let chain = operations::chain_of(conn, link.resource_id)?;
    for life in links::by_concur_user(conn, link.account, user)? {
        if operations::chain_of(conn, life.resource_id)? != chain {
            return Ok(Some(life.resource_id));
        }
    }
    Ok(None)
}
