//! The other side of the conversation: sends, reads, compares, and remembers what it has made.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{Finding, Target};

/// Media type of SCIM, RFC 7644 §8.1.
pub(super) const SCIM_JSON: &str = "application/scim+json";
pub(super) const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
pub(super) const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
pub(super) const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// How often a request is repeated that came too soon, and the longest wait before that.
const TRIES_MAX: u32 = 5;
const RETRY_AFTER_MAX: Duration = Duration::from_mins(1);

/// What a check works with.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    target: Target,
    /// Distinguishes the people of this run from those of any other.
    run: String,
    made: AtomicU32,
    open: Mutex<Vec<String>>,
    stuck: Mutex<Vec<String>>,
    /// `/ServiceProviderConfig`, as far as it could be read.
    config: Value,
    /// Names of the resource types.
    types: Vec<String>,
}

/// One answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) asked: String,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
    pub(super) body: Value,
}

/// A resource that a check has made.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) id: String,
    /// Below the base address.
    pub(super) path: String,
    pub(super) body: Value,
    pub(super) headers: HeaderMap,
}

/// Ends a check.
pub(super) fn wrong(what: impl Into<String>) -> Finding {
    Finding::Wrong(what.into())
}

/// Ends the check unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($what:tt)+) => {
        if !$condition {
            return Err($crate::conformance::client::wrong(format!($($what)+)));
        }
    };
}
pub(super) use ensure;

impl Client {
    /// Reads what the server says about itself.
    pub(super) async fn new(target: &Target) -> Result<Self, String> {
        let mut target = target.clone();
        target.url = target.url.trim_end_matches('/').to_owned();
        let parsed = reqwest::Url::parse(&target.url).map_err(|e| format!("{}: {e}", target.url))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(format!("{}: a SCIM base address begins with https://", target.url));
        }
        let http = reqwest::Client::builder()
            .timeout(target.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| e.to_string())?;
        let mut client = Self {
            http,
            target,
            run: uuid::Uuid::new_v4().simple().to_string()[..10].to_owned(),
            made: AtomicU32::new(0),
            open: Mutex::default(),
            stuck: Mutex::default(),
            config: Value::Null,
            types: Vec::new(),
        };
        let config = client.get("/ServiceProviderConfig").await.map_err(|finding| told(&finding))?;
        if matches!(config.status, 401 | 403) {
            return Err(format!("{}: the token is refused ({})", client.target.url, config.status));
        }
        client.config = config.body;
        let types = client.get("/ResourceTypes").await.map_err(|finding| told(&finding))?;
        let listed = types.body["Resources"].as_array().cloned().unwrap_or_default();
        client.types = listed.iter().filter_map(|it| it["name"].as_str().map(str::to_owned)).collect();
        Ok(client)
    }

    pub(super) fn config(&self) -> &Value {
        &self.config
    }

    /// Passes if the feature is announced.
    pub(super) fn offers(&self, feature: &str) -> Result<(), Finding> {
        if self.config[feature]["supported"] == true {
            return Ok(());
        }
        Err(Finding::NotOffered(format!("ServiceProviderConfig does not announce {feature}")))
    }

    /// Passes if there are groups.
    pub(super) fn offers_groups(&self) -> Result<(), Finding> {
        if self.types.iter().any(|name| name == "Group") {
            return Ok(());
        }
        Err(Finding::NotOffered("there is no resource type Group".to_owned()))
    }

    /// A request with the token, without a body.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let bearer = format!("Bearer {}", self.target.token.expose_secret());
        self.bare(method, path).header(AUTHORIZATION, bearer).header(ACCEPT, SCIM_JSON)
    }

    /// A request without any header.
    pub(super) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.target.url))
    }

    pub(super) fn token(&self) -> &str {
        self.target.token.expose_secret()
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer, Finding> {
        self.read(self.request(Method::GET, path)).await
    }

    /// All that match a filter.
    pub(super) async fn filter(&self, endpoint: &str, filter: &str) -> Result<Answer, Finding> {
        self.read(self.request(Method::GET, endpoint).query(&[("filter", filter)])).await
    }

    pub(super) async fn send(&self, method: Method, path: &str, body: &Value) -> Result<Answer, Finding> {
        let request = self.request(method, path).header(CONTENT_TYPE, SCIM_JSON);
        self.read(request.body(body.to_string())).await
    }

    pub(super) async fn patch(&self, path: &str, operations: Value) -> Result<Answer, Finding> {
        let body = json!({"schemas": [PATCH], "Operations": operations});
        let answer = self.send(Method::PATCH, path, &body).await?;
        // 204 is as good as 200; the check wants to see the resource.
        if answer.status == 204 { self.get(path).await } else { Ok(answer) }
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Answer, Finding> {
        self.read(self.request(Method::DELETE, path)).await
    }

    /// Sends and reads to the end.
    pub(super) async fn read(&self, request: RequestBuilder) -> Result<Answer, Finding> {
        let request = request.build().map_err(|e| wrong(format!("the request cannot be built: {e}")))?;
        let asked = format!("{} {}", request.method(), self.below(request.url()));
        let response = self.execute(request).await.map_err(|e| wrong(format!("{asked}: {}", chain(e))))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.map_err(|e| wrong(format!("{asked}: {}", chain(e))))?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer { asked, status, headers, text, body })
    }

    /// Sends, and comes again when a server that limits its callers says so (RFC 6585 §4).
    async fn execute(&self, request: reqwest::Request) -> reqwest::Result<reqwest::Response> {
        for _ in 0..TRIES_MAX {
            let Some(again) = request.try_clone() else { break };
            let response = self.http.execute(again).await?;
            if response.status() != reqwest::StatusCode::TOO_MANY_REQUESTS {
                return Ok(response);
            }
            let wait =
                response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            tokio::time::sleep(Duration::from_secs(wait.unwrap_or(1)).min(RETRY_AFTER_MAX)).await;
        }
        self.http.execute(request).await
    }

    /// What comes after the base address, for a person.
    fn below(&self, url: &reqwest::Url) -> String {
        let whole = url.as_str();
        whole.strip_prefix(&self.target.url).unwrap_or(whole).to_owned()
    }

    /// A user name that nobody has.
    pub(super) fn fresh_name(&self) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        format!("check-{}-{number}@{}", self.run, self.target.domain)
    }

    /// A user that a check may have: what every server takes.
    pub(super) fn person(&self) -> Value {
        let user_name = self.fresh_name();
        json!({
            "schemas": [USER],
            "userName": user_name,
            "name": {"givenName": "Check", "familyName": "Person"},
            "displayName": "Check Person",
            "emails": [{"value": user_name, "type": "work", "primary": true}],
            "active": true,
        })
    }

    /// Makes a user.
    pub(super) async fn user(&self) -> Result<Made, Finding> {
        self.make("/Users", &self.person()).await
    }

    /// Makes a user with these members, too.
    pub(super) async fn user_with(&self, members: &Value) -> Result<Made, Finding> {
        let mut body = self.person();
        for (name, value) in members.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.make("/Users", &body).await
    }

    /// Makes a group without members.
    pub(super) async fn group(&self) -> Result<Made, Finding> {
        let name = format!("Check {}", self.fresh_name());
        let body = json!({"schemas": [GROUP], "displayName": name});
        let answer = self.send(Method::POST, "/Groups", &body).await?;
        if answer.status == 501 {
            answer.is_error()?;
            return Err(Finding::NotOffered("POST /Groups is answered 501".to_owned()));
        }
        answer.expect(201)?;
        self.made("/Groups", answer)
    }

    pub(super) async fn make(&self, endpoint: &str, body: &Value) -> Result<Made, Finding> {
        let answer = self.send(Method::POST, endpoint, body).await?;
        answer.expect(201)?;
        self.made(endpoint, answer)
    }

    /// Remembers what an answer says has been made.
    pub(super) fn made(&self, endpoint: &str, answer: Answer) -> Result<Made, Finding> {
        let id = answer.body["id"].as_str().filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| wrong(format!("{}: no id in the answer", answer.asked)))?.to_owned();
        let path = format!("{endpoint}/{id}");
        self.remember(&path);
        Ok(Made { id, path, body: answer.body, headers: answer.headers })
    }

    /// Remembers a resource by its address.
    pub(super) fn remember(&self, location: &str) {
        let mut parts = location.rsplit('/');
        if let (Some(id), Some(endpoint), Ok(mut open)) = (parts.next(), parts.next(), self.open.lock()) {
            open.push(format!("/{endpoint}/{id}"));
        }
    }

    /// Deletes what is still there, the newest first.
    pub(super) async fn clean_up(&self) {
        let open = self.open.lock().map(|mut open| std::mem::take(&mut *open)).unwrap_or_default();
        for path in open.into_iter().rev() {
            let deleted = self.delete(&path).await;
            let gone = deleted.is_ok_and(|answer| matches!(answer.status, 200 | 204 | 404));
            if let (false, Ok(mut stuck)) = (gone, self.stuck.lock()) {
                stuck.push(format!("{}{path}", self.target.url));
            }
        }
    }

    pub(super) fn left_behind(&self) -> Vec<String> {
        self.stuck.lock().map(|stuck| stuck.clone()).unwrap_or_default()
    }
}

fn told(finding: &Finding) -> String {
    match finding {
        Finding::Wrong(what) | Finding::NotOffered(what) => what.clone(),
    }
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Passes with the body if the status is this one.
    pub(super) fn expect(&self, status: u16) -> Result<&Value, Finding> {
        ensure!(self.status == status, "{}: expected {status}, got {}", self.asked, self.told());
        Ok(&self.body)
    }

    /// Passes if a PATCH was carried out: 200 with the resource, or 204 (RFC 7644 §3.5.2).
    pub(super) fn expect_patched(&self) -> Result<(), Finding> {
        let done = [200, 204].contains(&self.status);
        ensure!(done, "{}: expected 200 or 204, got {}", self.asked, self.told());
        Ok(())
    }

    /// Passes if this is a SCIM error with this status; and this `scimType`, if one is given.
    pub(super) fn expect_error(&self, status: u16, scim_type: Option<&str>) -> Result<(), Finding> {
        self.expect(status)?;
        self.is_error()?;
        if let Some(wanted) = scim_type {
            let found = &self.body["scimType"];
            ensure!(found == wanted, "{}: expected scimType {wanted}, got {}", self.asked, self.told());
        }
        Ok(())
    }

    /// Passes if the body is a SCIM error that fits the status, RFC 7644 §3.12.
    pub(super) fn is_error(&self) -> Result<(), Finding> {
        let body = &self.body;
        let schema = body["schemas"].as_array().is_some_and(|it| it.iter().any(|urn| urn == ERROR));
        ensure!(schema, "{}: no SCIM error in the body: {}", self.asked, self.told());
        let status = self.status.to_string();
        ensure!(
            body["status"].as_str() == Some(status.as_str()),
            "{}: status in the body is {} and not the text \"{}\"",
            self.asked,
            body["status"],
            self.status
        );
        let media_type = self.header("content-type");
        ensure!(media_type.contains("json"), "{}: the error has the media type {media_type:?}", self.asked);
        Ok(())
    }

    /// Passes with the resources of a list that has so many in all.
    pub(super) fn expect_list(&self, total: usize) -> Result<Vec<Value>, Finding> {
        let resources = self.list()?;
        let found = &self.body["totalResults"];
        ensure!(*found == total, "{}: totalResults is {found}, expected {total}", self.asked);
        Ok(resources)
    }

    /// Passes with the resources of a list.
    pub(super) fn list(&self) -> Result<Vec<Value>, Finding> {
        let body = self.expect(200)?;
        ensure!(body["schemas"] == json!([LIST]), "{}: not a ListResponse: {}", self.asked, self.told());
        ensure!(body["totalResults"].is_u64(), "{}: totalResults is no number", self.asked);
        Ok(body["Resources"].as_array().cloned().unwrap_or_default())
    }

    /// Status and the beginning of the body, for a person.
    pub(super) fn told(&self) -> String {
        let start: String = self.text.chars().take(300).collect();
        format!("{} {start}", self.status).trim_end().to_owned()
    }
}

/// What went wrong on the wire, with its causes: "error sending request" alone helps nobody.
fn chain(error: reqwest::Error) -> String {
    crate::logging::chain(&error.without_url())
}
