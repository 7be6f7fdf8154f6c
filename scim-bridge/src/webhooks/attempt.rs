//! One attempt to deliver one message.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Response, StatusCode, redirect};
use store::webhooks::{Claimed, Outcome};

use super::{address, retry, sign};

/// Time to establish a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Time for a whole attempt; Standard Webhooks recommends 15 to 30 s.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// The client that messages are sent with: no redirects, and public addresses only unless the network is opened.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    private_addresses: bool,
}

/// TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("cannot make the client that sends to webhooks")]
pub struct NoClient(#[source] reqwest::Error);

impl Client {
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(private_addresses: bool) -> Result<Self, NoClient> {
        let http = http(private_addresses).map_err(NoClient)?;
        Ok(Self { http, private_addresses })
    }
}

fn http(private_addresses: bool) -> reqwest::Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .user_agent(concat!("scim-bridge/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_WITHIN)
        .timeout(ANSWER_WITHIN)
        .redirect(redirect::Policy::none())
        .no_proxy();
    if private_addresses {
        client.build()
    } else {
        client.dns_resolver(Arc::new(concur::PublicOnly::default())).build()
    }
}

/// Sends it and says what became of it, and whether the receiver wants nothing more ever (410).
pub(super) async fn attempt(client: &Client, claimed: &Claimed, now: Timestamp) -> (Outcome, bool) {
    let id = claimed.message.id.to_string();
    // The setting may have been closed since the webhook was added.
    let url = match address::checked(&claimed.url, client.private_addresses) {
        Ok(url) => url,
        Err(error) => return (Outcome::Failed { status: None, error }, false),
    };
    let Some(signature) = sign(&claimed.secret, &id, now.as_second(), &claimed.message.body) else {
        return (Outcome::Failed { status: None, error: "the secret is not one".to_owned() }, false);
    };
    let request = client
        .http
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", now.as_second().to_string())
        .header("webhook-signature", signature)
        .body(claimed.message.body.clone());
    match request.send().await {
        Ok(answer) => judged(&answer, claimed.message.attempts, now),
        Err(error) => (again(claimed.message.attempts, None, None, reason(&error), now), false),
    }
}

fn judged(answer: &Response, attempts: u32, now: Timestamp) -> (Outcome, bool) {
    let status = answer.status();
    let code = Some(status.as_u16());
    if status.is_success() {
        return (Outcome::Delivered(status.as_u16()), false);
    }
    let error = format!("answered {status}");
    if status == StatusCode::GONE {
        return (Outcome::Failed { status: code, error }, true);
    }
    let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let asked = seconds.map(|seconds: u32| SignedDuration::from_secs(seconds.into()));
    (again(attempts, asked, code, error, now), false)
}

fn again(
    attempts: u32,
    retry_after: Option<SignedDuration>,
    status: Option<u16>,
    error: String,
    now: Timestamp,
) -> Outcome {
    match retry::next(attempts, retry_after, now) {
        Some(at) => Outcome::Again { at, status, error },
        None => Outcome::Failed { status, error },
    }
}

/// Why there was no answer, without the address, which may hold a secret.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", ANSWER_WITHIN.as_secs());
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    format!("cannot be reached: {cause}")
}
