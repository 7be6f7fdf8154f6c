//! Taking one delivery: through the gates, once, and durably noted before Concur is answered.

use concur::model::{Event, EventSubject};
use concur::signature::Signature;
use jiff::Timestamp;
use store::accounts::Account;
use store::events::{self, NewEvent, Touch};
use store::ids::AccountId;
use store::{Conn, operations};

use super::address;
use super::keys::Judged;
use crate::bridge::Bridge;
use crate::config::EventTrust;
use crate::logging;

/// Longest id, topic or type of an event that is kept; what is longer is none of Concur's.
const TEXT_MAX: usize = 255;

/// One delivery whose address was right.
pub(crate) struct Delivered<'a> {
    /// Whose address it was.
    pub(crate) account: &'a Account,
    /// The header `Concur-Signature`, if there was one.
    pub(crate) signature: Option<&'a str>,
    /// The body, as it came.
    pub(crate) body: &'a [u8],
}

/// What became of an event that needs no other delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Something is done about it.
    Noted,
    /// It was taken before.
    Duplicate,
    /// It is about nothing that is of use here.
    Ignored,
    /// It is about a company that does not listen here.
    Foreign,
}

impl Taken {
    fn as_str(self) -> &'static str {
        match self {
            Self::Noted => "noted",
            Self::Duplicate => "duplicate",
            Self::Ignored => "ignored",
            Self::Foreign => "foreign",
        }
    }
}

/// Why a delivery was not taken. All of them but the size lead to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The signature is missing, or is not Concur's.
    Signature,
    /// Concur's keys are not known at the moment.
    NoKeys,
    /// It is no event.
    Unreadable,
    /// It is larger than events are.
    TooLarge,
}

impl Refused {
    fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "refused_signature",
            Self::NoKeys => "refused_no_keys",
            Self::Unreadable => "refused_unreadable",
            Self::TooLarge => "refused_too_large",
        }
    }
}

/// The account that listens at this address; `None` for an address that is, or has become, nobody's.
pub(crate) async fn address_of(
    bridge: &Bridge,
    account: &str,
    key: &str,
) -> Result<Option<Account>, store::Error> {
    let Ok(id) = account.parse::<AccountId>() else { return Ok(None) };
    let find = move |conn: &mut Conn| match events::listener(conn, id)? {
        Some(listener) => Ok(Some((listener.address_no, store::accounts::get(conn, id)?))),
        None => Ok(None),
    };
    let found = bridge.store.read(find).await?;
    Ok(found.filter(|(no, _)| address::is_right(&bridge.store, id, *no, key)).map(|(_, account)| account))
}

/// Takes a delivery, or says why not. What is taken is in the database when this returns.
///
/// # Errors
/// A store that is away; Concur then tries again.
pub(crate) async fn receive(
    bridge: &Bridge,
    delivered: Delivered<'_>,
) -> Result<Result<Taken, Refused>, store::Error> {
    let account = delivered.account;
    if let Err(refused) = is_genuine(bridge, &delivered).await {
        refuse(bridge, account.id, refused).await;
        return Ok(Err(refused));
    }
    let event = match Event::from_json(delivered.body) {
        Ok(event) if [&event.id, &event.topic, &event.event_type].iter().all(|text| is_short(text)) => event,
        Ok(_) => {
            refuse(bridge, account.id, Refused::Unreadable).await;
            return Ok(Err(Refused::Unreadable));
        }
        Err(reason) => {
            tracing::warn!(account = %account.id, error = reason, "an event cannot be read");
            refuse(bridge, account.id, Refused::Unreadable).await;
            return Ok(Err(Refused::Unreadable));
        }
    };
    let (of, now) = (account.clone(), bridge.clock.now());
    let (kind, correlation_id) = (kind(&event), event.correlation_id.clone());
    let (taken, recipient, woken) = bridge.store.write(move |conn| take(conn, &of, &event, now)).await?;
    match woken {
        Woken::Delivery => bridge.delivery.wake(),
        Woken::Sync => bridge.look_for_syncs(),
        Woken::Nobody => {}
    }
    bridge.metrics.events.with_label_values(&[recipient.to_string().as_str(), taken.as_str()]).inc();
    tracing::info!(account = %recipient, kind, correlation_id, outcome = taken.as_str(), "an event came");
    Ok(Ok(taken))
}

/// Counts a refusal. A store that is away has other worries than a count.
pub(crate) async fn refuse(bridge: &Bridge, account: AccountId, refused: Refused) {
    bridge.metrics.events.with_label_values(&[account.to_string().as_str(), refused.as_str()]).inc();
    tracing::warn!(%account, outcome = refused.as_str(), "a delivery of events was refused");
    let now = bridge.clock.now();
    let counted = bridge.store.write(move |conn| events::count(conn, account, refused.as_str(), now)).await;
    if let Err(error) = counted {
        tracing::warn!(%account, error = %logging::chain(&error), "a refused event was not counted");
    }
}

async fn is_genuine(bridge: &Bridge, delivered: &Delivered<'_>) -> Result<(), Refused> {
    if bridge.config.events.trust == EventTrust::Address {
        return Ok(());
    }
    let signature = delivered.signature.and_then(Signature::from_header).ok_or(Refused::Signature)?;
    let concur = bridge.accounts.http().and_then(|http| {
        let origin = bridge.accounts.origin(delivered.account)?;
        Ok((http, origin))
    });
    let (http, origin) = concur.map_err(|error| {
        tracing::warn!(account = %delivered.account.id, error = %logging::chain(&error), "Concur's keys cannot be asked for");
        Refused::NoKeys
    })?;
    let now = bridge.clock.now();
    match bridge.event_keys.judge(&http, &origin, delivered.body, &signature, now).await {
        Judged::Signed(scheme) => {
            tracing::debug!(kind = scheme.as_str(), "an event is signed");
            Ok(())
        }
        Judged::Foreign => Err(Refused::Signature),
        Judged::NoKeys => Err(Refused::NoKeys),
    }
}

/// What it is about, in a word of ours: the log has no place for words of others.
fn kind(event: &Event) -> &'static str {
    match event.subject() {
        Some(EventSubject::Report { deleted: true, .. }) => "report_deleted",
        Some(EventSubject::Report { .. }) => "report",
        Some(EventSubject::Provision { .. }) => "provision",
        Some(EventSubject::User { .. }) => "user",
        _ => "other",
    }
}

fn is_short(text: &str) -> bool {
    !text.is_empty() && text.len() <= TEXT_MAX
}

/// Who is to look at what an event is about.
enum Woken {
    Delivery,
    Sync,
    Nobody,
}

/// Notes the event with what follows from it, in one transaction. Which account it was, since one application's
/// subscription hears of all of its companies.
fn take(
    conn: &mut Conn,
    addressed: &Account,
    event: &Event,
    now: Timestamp,
) -> Result<(Taken, AccountId, Woken), store::Error> {
    let Some(account) = recipient(conn, addressed, event)? else {
        events::count(conn, addressed.id, Taken::Foreign.as_str(), now)?;
        return Ok((Taken::Foreign, addressed.id, Woken::Nobody));
    };
    let subject = event.subject();
    let new = NewEvent {
        account,
        id: event.id.clone(),
        topic: event.topic.clone(),
        event_type: event.event_type.clone(),
        subject: match &subject {
            Some(EventSubject::Report { report, .. }) => Some(report.as_str().to_owned()),
            Some(EventSubject::Provision { provision, .. }) => Some(provision.to_string()),
            _ => None,
        },
        happened_at: event.time_stamp,
        now,
    };
    let (taken, woken) = if events::put(conn, &new)? {
        follow(conn, account, subject, now)?
    } else {
        (Taken::Duplicate, Woken::Nobody)
    };
    events::count(conn, account, taken.as_str(), now)?;
    Ok((taken, account, woken))
}

/// The account of the company that the event is about; the addressed one where it names none.
fn recipient(conn: &mut Conn, addressed: &Account, event: &Event) -> Result<Option<AccountId>, store::Error> {
    let Some(company) = event.company() else { return Ok(Some(addressed.id)) };
    if company.eq_ignore_ascii_case(&addressed.company_uuid) {
        return Ok(Some(addressed.id));
    }
    for account in store::accounts::list(conn)? {
        let is_it = company.eq_ignore_ascii_case(&account.company_uuid);
        if is_it && events::listener(conn, account.id)?.is_some() {
            return Ok(Some(account.id));
        }
    }
    Ok(None)
}

fn follow(
    conn: &mut Conn,
    account: AccountId,
    subject: Option<EventSubject>,
    now: Timestamp,
) -> Result<(Taken, Woken), store::Error> {
    match subject {
        // An id that no report of Concur's has would wait for ever.
        Some(EventSubject::Report { report, owner, deleted }) if is_short(report.as_str()) => {
            let owner_id = owner.map(|owner| owner.to_string());
            let touch = Touch { account, report_id: report.as_str().to_owned(), owner_id, deleted, now };
            events::touch(conn, &touch)?;
            Ok((Taken::Noted, Woken::Sync))
        }
        Some(EventSubject::Provision { provision, .. }) => {
            // Where the request's answer is still under way, delivery finds the event when it notes the id.
            operations::hasten(conn, &provision.to_string(), now)?;
            Ok((Taken::Noted, Woken::Delivery))
        }
        _ => Ok((Taken::Ignored, Woken::Nobody)),
    }
}
