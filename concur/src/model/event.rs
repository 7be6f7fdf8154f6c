//! Events as Concur pushes them. The order of arrival means nothing and the same event comes more than once: take an
//! event as a reason to read its object again. Entries that are edited send none. Not here: receiving them.
//!
//! Nothing that an event says is to be believed, whoever signed it (`crate::signature`).
//! Source: "Event Subscription Service v4"; topic pages of Expense, User Provisioning, Identity, Spend and Travel.

use super::wire;
use crate::{ProvisionId, ReportId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// An event in its envelope: ids and names of attributes, no values.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Id of the event: the key against doubled deliveries.
    pub id: String,
    /// Id Concur's support asks for.
    #[serde(default, deserialize_with = "wire::text")]
    pub correlation_id: Option<String>,
    /// What happened, in Concur's word, such as `statusChanged`.
    pub event_type: String,
    /// The topic, with or without the prefix `public.`; compare with [`Event::is_on`].
    pub topic: String,
    /// What it happened to, on some topics.
    #[serde(default, deserialize_with = "wire::text")]
    pub subtopic: Option<String>,
    /// When it happened; `None` when that cannot be read, which one published sample cannot.
    #[serde(default, deserialize_with = "instant")]
    pub time_stamp: Option<Timestamp>,
    /// The facts as Concur wrote them; see [`Event::subject`].
    #[serde(default)]
    pub facts: Value,
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventSubject {
    /// A report was created, deleted, submitted, paid and so on.
    Report {
        /// The report.
        report: ReportId,
        /// Its owner; absent when a company token made the change.
        owner: Option<UserId>,
        /// It is gone: the only positive sign of a deletion there is.
        deleted: bool,
    },
    /// A provision request has come to its end. Its status is read by id; the address in the event is not well-formed.
    Provision {
        /// The request.
        provision: ProvisionId,
        /// Whether all went well.
        success: Option<bool>,
    },
    /// A user's identity, spend or travel data changed.
    User {
        /// The user.
        user: UserId,
        /// The names of the attributes that changed, without values; empty for "created" and "deleted".
        attributes: Vec<String>,
    },
}

impl Event {
    /// Reads a delivery's body.
    ///
    /// # Errors
    /// A sentence with the path of the fault; no value is quoted. Answer the delivery with 503, never with 400, which
    /// ends all attempts to deliver it.
    pub fn from_json(body: &[u8]) -> Result<Self, String> {
        crate::http::decode(body)
            .map_err(|fault| format!("cannot read the event at {}: {}", fault.path, fault.reason))
    }

    /// Whether it is on `topic`; the prefix `public.` and the word `user.`, which samples omit, do not count.
    pub fn is_on(&self, topic: &str) -> bool {
        bare(&self.topic) == bare(topic)
    }

    /// Concur's id of the company it is about; events of provision requests name none.
    pub fn company(&self) -> Option<&str> {
        self.facts.get("companyId")?.as_str().filter(|text| !text.is_empty())
    }

    /// What it is about; `None` for a topic this product has no use for, or facts that are not as documented.
    pub fn subject(&self) -> Option<EventSubject> {
        let text = |name: &str| self.facts.get(name)?.as_str().filter(|text| !text.is_empty());
        let user = || text("userId")?.parse().ok();
        match bare(&self.topic).as_str() {
            "expense.report" => Some(EventSubject::Report {
                report: text("reportId")?.into(),
                owner: user(),
                deleted: self.event_type.eq_ignore_ascii_case("reportDeleted"),
            }),
            "provisioning" => Some(EventSubject::Provision {
                provision: text("provisionId")?.parse().ok()?,
                success: self.facts.get("success").and_then(Value::as_bool),
            }),
            "profile.identity" | "profile.spend" | "travel.profile" | "profile.travel" => {
                let names = self.facts.get("attributes").and_then(Value::as_array);
                let names = names.into_iter().flatten().filter_map(Value::as_str);
                Some(EventSubject::User { user: user()?, attributes: names.map(str::to_owned).collect() })
            }
            _ => None,
        }
    }
}

fn bare(topic: &str) -> String {
    let topic = topic.to_ascii_lowercase();
    let topic = topic.strip_prefix("public.").unwrap_or(&topic);
    let topic = topic.strip_prefix("concur.").unwrap_or(topic);
    topic.strip_prefix("user.").unwrap_or(topic).to_owned()
}

/// A point in time, or nothing when it is none.
fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(wire::text(from)?.and_then(|written| written.parse().ok()))
}

/// A subscription whose events are posted to an address of ours. One application may have five; the id is unique
/// over all applications.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookSubscription {
    /// Name, unique over all of SAP Concur.
    pub id: String,
    /// The topic.
    pub topic: String,
    /// Regular expression over the event type; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Where to.
    pub web_hook_config: WebhookTarget,
}

/// The address of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
pub struct WebhookTarget {
    /// An https address that answers within a few seconds.
    pub endpoint: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn event(topic: &str, event_type: &str, facts: &str) -> Event {
        let body = format!(
            r#"{{"id": "e", "eventType": "{event_type}", "topic": "{topic}", "timeStamp": "2021-03-18T23:11:51.034Z",
                "facts": {facts}, "groups": null, "data": ""}}"#
        );
        Event::from_json(body.as_bytes()).unwrap()
    }

    #[test]
    fn an_event_says_what_to_read_again() {
        const USER: &str = "f2d07d5f-7a6f-44fa-98c7-c4b405bd6ca3";
        #[track_caller]
        fn check(topic: &str, event_type: &str, facts: &str, expected: Option<&EventSubject>) {
            assert_eq!(event(topic, event_type, facts).subject().as_ref(), expected, "{topic} {event_type}");
        }
        let user: UserId = USER.parse().unwrap();
        let report = |owner, deleted| EventSubject::Report { report: "R1".into(), owner, deleted };
        let expenses = "public.concur.expense.report";
        let with_owner = format!(r#"{{"reportId": "R1", "userId": "{USER}", "actingUserId": null}}"#);
        check(expenses, "statusChanged", &with_owner, Some(&report(Some(user), false)));
        let without = r#"{"reportId": "R1", "userId": null}"#;
        check("concur.expense.report", "reportDeleted", without, Some(&report(None, true)));
        check(expenses, "statusChanged", "{}", None);
        let company = event(expenses, "statusChanged", r#"{"companyId": "C", "reportId": "R1"}"#);
        assert_eq!(company.company(), Some("C"));
        assert_eq!(event(expenses, "statusChanged", &without.replace("userId", "companyId")).company(), None);
        let done =
            format!(r#"{{"provisionId": "{USER}", "success": true, "provisionStatusHref": "https:/us"}}"#);
        let provision = EventSubject::Provision { provision: USER.parse().unwrap(), success: Some(true) };
        check("public.concur.user.provisioning", "provisionCompleted", &done, Some(&provision));
        for topic in ["public.concur.profile.identity", "public.concur.user.profile.identity"] {
            let facts = format!(r#"{{"userId": "{USER}", "attributes": ["active", "name.familyName"]}}"#);
            let attributes = vec!["active".to_owned(), "name.familyName".to_owned()];
            let changed = EventSubject::User { user, attributes };
            check(topic, "IdentityProfileUpdated", &facts, Some(&changed));
        }
        check("public.concur.expense.request", "created", &with_owner, None);
        check("public.concur.user.profile.spend", "SpendProfileUpdated", r#"{"userId": "no uuid"}"#, None);
    }

    #[test]
    fn topics_are_compared_without_the_prefixes_that_samples_omit() {
        let event = event("concur.profile.identity", "x", "{}");
        assert!(event.is_on("public.concur.user.profile.identity"));
        assert!(!event.is_on("public.concur.user.profile.spend"));
    }

    #[test]
    fn an_unreadable_time_does_not_lose_the_event_and_an_unreadable_event_quotes_nothing() {
        let body = br#"{"id": "e", "eventType": "x", "topic": "t", "timeStamp": "2020-13-16T18:08:51.309Z"}"#;
        assert_eq!(Event::from_json(body).unwrap().time_stamp, None);
        let error = Event::from_json(br#"{"id": {"name": "Ada"}}"#).unwrap_err();
        assert!(error.contains("at id") && !error.contains("Ada"), "{error}");
    }
}
