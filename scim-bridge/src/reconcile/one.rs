//! What one Concur user is to us, in the transaction of its page: nothing to say, a finding, a repair, somebody to take over.

use std::collections::HashMap;

use concur::UserId;
use concur::model::IdentityUser;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::drift::Drift;
use store::ids::{AccountId, OperationId, ResourceId};
use store::links::Link;
use store::{Conn, Error, drift, links, operations, resources};

use super::candidate::Candidate;
use super::{Counts, Options, compare, kind};
use crate::provision::{self, NotImported, OnBehalf};
use crate::translate::{self, ConcurUser, Kind, Translated};

/// What a page needs beside its users.
pub(super) struct Page<'a> {
    pub(super) on: &'a OnBehalf,
    pub(super) options: Options,
    /// The spend profiles of those who are to be taken over.
    pub(super) spend: &'a HashMap<UserId, Option<Value>>,
    pub(super) now: Timestamp,
}

/// The resource that a Concur user is linked to: one that lives before one that is deleted.
pub(super) fn linked(
    conn: &mut Conn,
    account: AccountId,
    concur_user: &str,
) -> Result<Option<(Link, resources::Resource)>, Error> {
    let mut found = None;
    for link in links::by_concur_user(conn, account, concur_user)? {
        let row = resources::get(conn, link.resource_id)?;
        if row.deleted_at.is_none() {
            return Ok(Some((link, row)));
        }
        found = found.or(Some((link, row)));
    }
    Ok(found)
}

/// What was found of one user.
struct Found {
    kind: &'static str,
    resource: Option<ResourceId>,
    details: Value,
    operation: Option<OperationId>,
}

impl Page<'_> {
    /// Looks at one user and writes down what there is to say.
    pub(super) fn look(
        &self,
        conn: &mut Conn,
        user: &IdentityUser,
        counts: &mut Counts,
    ) -> Result<(), Error> {
        let account = self.on.account.id;
        let id = user.id().to_string();
        let found = match linked(conn, account, &id)? {
            None => self.unmanaged(conn, user, counts)?,
            Some((link, row)) => self.managed(conn, user, &link, &row, counts)?,
        };
        let Some(found) = found else { return drift::clear(conn, account, &id) };
        *counts.found.entry(found.kind.to_owned()).or_default() += 1;
        let (found_at, seen_at) = (self.now, self.now);
        drift::put(
            conn,
            &Drift {
                account,
                concur_user_id: id,
                resource_id: found.resource,
                kind: found.kind.to_owned(),
                details: found.details,
                operation: found.operation,
                found_at,
                seen_at,
            },
        )
    }

    /// Somebody whom no resource is linked to.
    fn unmanaged(
        &self,
        conn: &mut Conn,
        user: &IdentityUser,
        counts: &mut Counts,
    ) -> Result<Option<Found>, Error> {
        let candidate = Candidate::of(conn, self.on.account.id, user)?;
        let mut details = candidate.details(conn, user.active().unwrap_or_default())?;
        let word = candidate.word();
        let mut resource = None;
        if self.options.import {
            match candidate {
                Candidate::Exact(row, _) if operations::has_open(conn, row.id)? => {
                    details["not_imported"] = "a change of this user is on its way and links them".into();
                    resource = Some(row.id);
                }
                Candidate::Exact(row, _) => return self.link(conn, user, &row, counts),
                Candidate::Conflicting(..) => {}
                Candidate::None => match self.take_over(conn, user)? {
                    Ok(()) => {
                        counts.imported += 1;
                        return Ok(None);
                    }
                    Err(reason) => details["not_imported"] = reason.into(),
                },
            }
        } else if let Candidate::Exact(row, _) = candidate {
            resource = Some(row.id);
        }
        *counts.matches.entry(word.to_owned()).or_default() += 1;
        Ok(Some(Found { kind: kind::UNMANAGED, resource, details, operation: None }))
    }

    /// Links a Concur user to the resource that they are, and compares.
    fn link(
        &self,
        conn: &mut Conn,
        user: &IdentityUser,
        row: &resources::Resource,
        counts: &mut Counts,
    ) -> Result<Option<Found>, Error> {
        let shape = provision::wanted(conn, self.on, row)?.map(|wanted| wanted.user).unwrap_or_default();
        let link = self.put_link(conn, user, row, &shape)?;
        resources::adopt_scim_id(conn, row.id, user.id().as_uuid())?;
        provision::record_link(conn, self.on, row, self.now)?;
        counts.linked += 1;
        self.managed(conn, user, &link, row, counts)
    }

    /// Makes a resource of a Concur user whom nobody here is, or says why not.
    fn take_over(&self, conn: &mut Conn, user: &IdentityUser) -> Result<Result<(), String>, Error> {
        let body = translate::from_concur(user.raw(), self.spend_of(user));
        match provision::import(conn, self.on, user.id().as_uuid(), &body, self.now)? {
            Err(NotImported::Taken) => Ok(Err("a resource has this userName or this id".to_owned())),
            Err(NotImported::Unfit(reason)) => Ok(Err(reason)),
            Ok((row, shape)) => self.put_link(conn, user, &row, &shape).map(|_| Ok(())),
        }
    }

    /// The link to a user who was in Concur before, with what they hold there.
    fn put_link(
        &self,
        conn: &mut Conn,
        user: &IdentityUser,
        row: &resources::Resource,
        shape: &ConcurUser,
    ) -> Result<Link, Error> {
        let mut held = translate::observe(user.raw(), self.spend_of(user), &[shape]);
        compare::note_manager(user.raw(), &mut held);
        let link = Link {
            resource_id: row.id,
            account: row.account,
            concur_user_id: Some(user.id().to_string()),
            known: Some(held.to_value()),
            adopted: true,
            updated_at: self.now,
        };
        links::put(conn, &link)?;
        Ok(link)
    }

    fn spend_of(&self, user: &IdentityUser) -> Option<&Value> {
        self.spend.get(&user.id()).and_then(Option::as_ref)
    }

    /// Somebody who has a resource, deleted or not.
    fn managed(
        &self,
        conn: &mut Conn,
        user: &IdentityUser,
        link: &Link,
        row: &resources::Resource,
        counts: &mut Counts,
    ) -> Result<Option<Found>, Error> {
        if operations::has_open(conn, row.id)? {
            // What is on its way, or held, is no drift.
            counts.on_their_way += 1;
            return Ok(None);
        }
        let Some(wanted) = provision::wanted(conn, self.on, row)? else { return Ok(None) };
        let known = link.known.clone().map(ConcurUser::from_value).unwrap_or_default();
        let seen = compare::seen(user.raw(), &known, &wanted.user);
        let (has, shall) = compare::access(&seen, &wanted.user);
        // Nothing else of somebody without access is written any more.
        let differences = if shall { compare::differences(&seen, &known, &wanted.user) } else { Vec::new() };
        if seen != known {
            // The next change, whoever asks for it, is computed against what Concur holds.
            links::set_known(conn, row.id, &seen.to_value(), self.now)?;
        }
        let (kind, repair) = match (has, shall) {
            (true, false) if row.deleted_at.is_some() => (kind::HAS_ACCESS, Some(Kind::Delete)),
            (true, false) => (kind::HAS_ACCESS, Some(Kind::Deactivate)),
            (false, true) => (kind::NO_ACCESS, self.options.give_access.then_some(Kind::Reactivate)),
            _ if differences.is_empty() => return Ok(None),
            _ => (kind::DIFFERS, Some(Kind::Update)),
        };
        let operation = self.mend(conn, row, repair, wanted, counts)?;
        let details = json!({"active": has, "wanted_active": shall, "differences": differences});
        Ok(Some(Found { kind, resource: Some(row.id), details, operation }))
    }

    fn mend(
        &self,
        conn: &mut Conn,
        row: &resources::Resource,
        repair: Option<Kind>,
        wanted: Translated,
        counts: &mut Counts,
    ) -> Result<Option<OperationId>, Error> {
        let Some(kind) = repair.filter(|_| self.options.repair) else { return Ok(None) };
        let (operation, held) = provision::repair(conn, self.on, row, kind, wanted, self.now)?;
        counts.repairs += 1;
        counts.held += usize::from(held);
        Ok(Some(operation))
    }
}
