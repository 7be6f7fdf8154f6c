//! The identity provider under torture, and its ledger: what was acknowledged, and what it repeats for want of an answer.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::simulation::Random;

/// Where the requests go, and for how long.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) addresses: Vec<String>,
    pub(super) token: String,
    /// People who change at the same time.
    pub(super) people: u64,
    /// Their numbers begin after this one.
    pub(super) first: u64,
    pub(super) until: Instant,
}

/// What the provider believes in the end.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) acknowledged: u64,
    pub(super) unanswered: u64,
    pub(super) people: Vec<Person>,
    pub(super) wrong: Vec<String>,
}

/// A person and what was acknowledged of them last; `None`: deleted, or never there.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) external_id: String,
    pub(super) acknowledged: Option<Value>,
    id: String,
    version: u64,
}

/// Changes people until the time is over.
pub(super) async fn run(target: Target, seed: u64) -> Ledger {
    let lives: Vec<_> = (1..=target.people)
        .map(|n| target.first + n)
        .map(|n| tokio::spawn(life(target.clone(), n, Random::new(seed, 100 + n))))
        .collect();
    let mut all = Ledger::default();
    for life in lives {
        let mut one = life.await.unwrap();
        all.acknowledged += one.acknowledged;
        all.unanswered += one.unanswered;
        all.people.append(&mut one.people);
        all.wrong.append(&mut one.wrong);
    }
    all
}

async fn life(target: Target, n: u64, mut random: Random) -> Ledger {
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
    let mut ledger = Ledger::default();
    let mut person =
        Person { external_id: format!("idp-{n}"), acknowledged: None, id: String::new(), version: 0 };
    while Instant::now() < target.until {
        tokio::time::sleep(Duration::from_millis(random.between(1, 1_500))).await;
        let is_there = person.acknowledged.is_some();
        let is_active = person.acknowledged.as_ref().is_some_and(|user| user["active"] == true);
        let deletes = is_there && random.percent(15);
        let active = !is_there || if is_active { !random.percent(25) } else { random.percent(60) };
        person.version += 1;
        let user = user(n, person.version, active);
        let (method, path) = match (is_there, deletes) {
            (false, _) => (Method::POST, "/scim/v2/Users".to_owned()),
            (true, true) => (Method::DELETE, format!("/scim/v2/Users/{}", person.id)),
            (true, false) => (Method::PUT, format!("/scim/v2/Users/{}", person.id)),
        };
        loop {
            let at = usize::try_from(random.next() % target.addresses.len() as u64).unwrap();
            let request = http.request(method.clone(), format!("{}{path}", target.addresses[at]));
            let request = request.bearer_auth(&target.token).header("content-type", "application/scim+json");
            let request = if deletes { request } else { request.body(user.to_string()) };
            let answered = match request.send().await {
                Ok(answer) => {
                    let status = answer.status();
                    answer.text().await.ok().map(|text| (status, text))
                }
                Err(_) => None,
            };
            let well = match answered {
                Some((status, text)) if status.is_success() => {
                    let body: Value = serde_json::from_str(&text).unwrap_or_default();
                    Some(body["id"].as_str().unwrap_or_default().to_owned())
                }
                Some((StatusCode::NOT_FOUND, _)) if deletes => Some(String::new()),
                Some((StatusCode::CONFLICT, _)) if !is_there => find(&http, &target, n, &user).await,
                Some((status, text))
                    if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS =>
                {
                    ledger.wrong.push(format!("idp-{n}: {method} refused: {status} {text}"));
                    break;
                }
                _ => None,
            };
            if let Some(id) = well {
                if !deletes {
                    person.id = id;
                }
                person.acknowledged = (!deletes).then(|| user.clone());
                ledger.acknowledged += 1;
                break;
            }
            ledger.unanswered += 1;
            tokio::time::sleep(Duration::from_millis(random.between(20, 300))).await;
        }
    }
    ledger.people.push(person);
    ledger
}

/// The id of the user whose create was answered to nobody.
async fn find(http: &reqwest::Client, target: &Target, n: u64, user: &Value) -> Option<String> {
    let address = target.addresses.first()?;
    let filter = format!("userName eq \"torture{n}@example.com\"");
    let request = http.get(format!("{address}/scim/v2/Users")).query(&[("filter", filter)]);
    let text = request.bearer_auth(&target.token).send().await.ok()?.text().await.ok()?;
    let list: Value = serde_json::from_str(&text).ok()?;
    let found = list["Resources"].get(0)?;
    (found["title"] == user["title"]).then(|| found["id"].as_str().map(str::to_owned))?
}

fn user(n: u64, version: u64, active: bool) -> Value {
    let name = format!("torture{n}@example.com");
    json!({
        "schemas": [scim::urn::USER, scim::urn::ENTERPRISE_USER],
        "userName": name,
        "externalId": format!("idp-{n}"),
        "active": active,
        "name": {"givenName": "Ada", "familyName": format!("Number{n}")},
        "title": format!("p{n}-v{version:03}"),
        "emails": [{"value": name, "type": "work", "primary": true}],
        (scim::urn::ENTERPRISE_USER): {"employeeNumber": format!("E{n}"), "department": format!("D{}", version % 3)},
    })
}
