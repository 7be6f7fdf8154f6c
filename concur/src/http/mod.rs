//! One HTTP exchange: limits, correlation id, reading the answer, telling the observer. Not here: tokens, retries and
//! what an answer means. Redirects are never followed, no proxy is taken from the environment (`proxy`), TLS verification
//! cannot be switched off, and bodies are sent with a length, since Concur refuses chunked ones.
//! Source: page "HTTP Status Codes"; TMC overview, "Correlation ID".

mod answer;
mod probe;
mod proxy;
mod resolver;
mod wire;

pub(crate) use answer::{Answer, DecodeFault, decode};
pub use probe::{Addresses, Unreached};
pub use proxy::{NotAProxy, Proxy};
pub use resolver::{PublicOnly, is_public};
pub use wire::{Cause, Transport, Wire, WireAnswer, WireError, WireRequest};

use crate::{Call, Error, HostPolicy, Notice, Observer, Origin, error::CallContext, error::retry_after};
use jiff::Timestamp;
use reqwest::{
    Method, RequestBuilder,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER},
};
use secrecy::{ExposeSecret, SecretString};
use std::{fmt, sync::Arc, time::Duration};
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

/// Sent and answered, under varying case, with every call.
const CORRELATION_ID: &str = "concur-correlationid";

/// Limits of the outbound HTTP client.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Time for connection and TLS.
    pub connect_timeout: Duration,
    /// Time for the whole exchange, the answer's body included. Concur asks to give up after 60 seconds.
    pub total_timeout: Duration,
    /// Largest answer body after decompression, in bytes.
    pub body_bytes_max: usize,
    /// The proxy that everything goes through; `None` connects directly.
    pub proxy: Option<Proxy>,
    /// What carries requests in place of sockets, for simulations; `None` everywhere else.
    pub wire: Option<Wire>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(70),
            body_bytes_max: 16 * 1024 * 1024,
            proxy: None,
            wire: None,
        }
    }
}

/// What is called: the stable name is what metrics and errors say.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) legacy: bool,
    /// The scopes it takes to be answered in full.
    pub(crate) scopes: &'static [&'static str],
    accept: &'static str,
}

impl Endpoint {
    pub(crate) const fn get(name: &'static str) -> Self {
        Self::new(name, Method::GET)
    }

    pub(crate) const fn post(name: &'static str) -> Self {
        Self::new(name, Method::POST)
    }

    pub(crate) const fn put(name: &'static str) -> Self {
        Self::new(name, Method::PUT)
    }

    pub(crate) const fn patch(name: &'static str) -> Self {
        Self::new(name, Method::PATCH)
    }

    pub(crate) const fn delete(name: &'static str) -> Self {
        Self::new(name, Method::DELETE)
    }

    /// A read of the v1 to v3 framework, which answers 400 also for passing troubles.
    pub(crate) const fn legacy_get(name: &'static str) -> Self {
        Self { name, method: Method::GET, legacy: true, scopes: &[], accept: "application/json" }
    }

    /// A read of the v2 framework, which speaks nothing but XML.
    pub(crate) const fn legacy_xml(name: &'static str) -> Self {
        Self { name, method: Method::GET, legacy: true, scopes: &[], accept: "application/xml" }
    }

    const fn new(name: &'static str, method: Method) -> Self {
        // The legacy framework answers XML when it is not asked for JSON.
        Self { name, method, legacy: false, scopes: &[], accept: "application/json" }
    }

    /// The API it belongs to, such as `identity`: what is unavailable together.
    pub(crate) fn api(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(api, _)| api)
    }

    /// The same endpoint, taking these scopes.
    pub(crate) const fn needing(mut self, scopes: &'static [&'static str]) -> Self {
        self.scopes = scopes;
        self
    }
}

/// What is sent beside the address.
#[derive(Clone, Copy)]
pub(crate) enum Payload<'a> {
    None,
    Json(&'a [u8]),
    /// Token requests alone. The type is sent without a charset, which the token endpoint refuses (code 135).
    Form(&'a str),
}

/// The HTTP client that all calls share: cheap to clone, keeps connections open.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    policy: HostPolicy,
    total_timeout: Duration,
    body_bytes_max: usize,
    proxy: Option<Proxy>,
    wire: Option<Wire>,
    observer: Option<Arc<dyn Observer>>,
}

impl Http {
    /// A client with these limits that speaks only to hosts of `policy`.
    ///
    /// # Errors
    /// [`Error::Setup`] when the system's certificates cannot be read.
    pub fn new(config: &HttpConfig, policy: HostPolicy) -> Result<Self, Error> {
        install_crypto();
        let resolver = resolver::PublicOnly {
            loopback: policy.allows_loopback(),
            proxy: config.proxy.as_ref().and_then(Proxy::name).map(Into::into),
        };
        let builder = reqwest::Client::builder()
            .connect_timeout(config.connect_timeout)
            .timeout(config.total_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .https_only(!policy.allows_loopback())
            .dns_resolver(Arc::new(resolver))
            .user_agent(concat!("scim-bridge/", env!("CARGO_PKG_VERSION")));
        let builder = match &config.proxy {
            Some(proxy) => builder.proxy(proxy.for_all().map_err(Error::Setup)?),
            None => builder,
        };
        let client = builder.build().map_err(Error::Setup)?;
        let HttpConfig { total_timeout, body_bytes_max, ref proxy, .. } = *config;
        let (proxy, wire) = (proxy.clone(), config.wire.clone());
        Ok(Self { client, policy, total_timeout, body_bytes_max, proxy, wire, observer: None })
    }

    /// The same client, telling `observer` about every exchange.
    #[must_use]
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The hosts it may speak to.
    pub fn host_policy(&self) -> &HostPolicy {
        &self.policy
    }

    /// The proxy that everything goes through.
    pub fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    pub(crate) fn notice(&self, notice: &Notice) {
        if let Some(observer) = &self.observer {
            observer.noticed(notice);
        }
    }

    pub(crate) fn total_timeout(&self) -> Duration {
        self.total_timeout
    }

    /// Sends one request and reads the whole answer, whatever its status.
    pub(crate) async fn exchange(
        &self,
        endpoint: &'static Endpoint,
        origin: &Origin,
        target: &str,
        payload: Payload<'_>,
        bearer: Option<&SecretString>,
        now: Timestamp,
    ) -> Result<Answer, Error> {
        let sent_id = Uuid::new_v4().to_string();
        let mut call =
            CallContext { endpoint: endpoint.name, correlation_id: sent_id, legacy_read: endpoint.legacy };
        let url = Url::parse(&format!("{origin}{target}")).map_err(|_| Error::Paging {
            endpoint: endpoint.name,
            reason: "the address of the page cannot be read",
        })?;
        let request = self.request(endpoint, url, payload, bearer, &call.correlation_id);
        let started = Instant::now();
        let outcome = self.receive(request, &mut call, now).await;
        if let Some(observer) = &self.observer {
            let status = outcome.as_ref().map_or_else(Error::status, |answer| Some(answer.status));
            observer.called(&Call {
                method: method_name(&endpoint.method),
                endpoint: endpoint.name,
                status,
                duration: started.elapsed(),
                correlation_id: call.correlation_id,
            });
        }
        outcome
    }

    fn request(
        &self,
        endpoint: &Endpoint,
        url: Url,
        payload: Payload<'_>,
        bearer: Option<&SecretString>,
        correlation_id: &str,
    ) -> RequestBuilder {
        let request = self.client.request(endpoint.method.clone(), url).header(ACCEPT, endpoint.accept);
        let request = request.header(CORRELATION_ID, correlation_id);
        let request = match bearer.and_then(bearer_header) {
            Some(value) => request.header(AUTHORIZATION, value),
            None => request,
        };
        match payload {
            Payload::None => request,
            Payload::Json(bytes) => request.header(CONTENT_TYPE, "application/json").body(bytes.to_vec()),
            Payload::Form(form) => {
                request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.to_owned())
            }
        }
    }

    async fn receive(
        &self,
        request: RequestBuilder,
        call: &mut CallContext,
        now: Timestamp,
    ) -> Result<Answer, Error> {
        let failed = |call: &CallContext, source: Cause| {
            let call = call.clone();
            if source.is_unsent() {
                Error::NotSent { call, source }
            } else {
                Error::NoAnswer { call, source }
            }
        };
        if let Some(Wire(transport)) = &self.wire {
            let answer = self.carried(&**transport, request).await.map_err(|source| failed(call, source))?;
            let heard = heard(call, answer.status, &answer.headers, now);
            return self.within_limit(heard, &answer.body, call);
        }
        // The address may carry personal data (login ids); the endpoint's name says enough.
        let failed = |call: &CallContext, source: reqwest::Error| failed(call, source.without_url().into());
        let mut response = request.send().await.map_err(|source| failed(call, source))?;
        let mut answer = heard(call, response.status().as_u16(), response.headers(), now);
        while let Some(chunk) = response.chunk().await.map_err(|source| failed(call, source))? {
            answer = self.within_limit(answer, &chunk, call)?;
        }
        Ok(answer)
    }

    /// An answer with the next part of its body, unless that is too much.
    fn within_limit(&self, mut answer: Answer, part: &[u8], call: &CallContext) -> Result<Answer, Error> {
        if answer.body.len() + part.len() > self.body_bytes_max {
            return Err(Error::BodyTooLarge { call: call.clone(), limit: self.body_bytes_max });
        }
        answer.body.extend_from_slice(part);
        Ok(answer)
    }

    /// The same request by another way, under the same time limit.
    async fn carried(&self, transport: &dyn Transport, request: RequestBuilder) -> Result<WireAnswer, Cause> {
        let request = request.build()?;
        let carrying = transport.carry(WireRequest {
            method: request.method().clone(),
            url: request.url().clone(),
            headers: request.headers().clone(),
            body: request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default().to_vec(),
        });
        match tokio::time::timeout(self.total_timeout, carrying).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(WireError::TimedOut.into()),
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// The head of an answer.
fn heard(call: &mut CallContext, status: u16, headers: &HeaderMap, now: Timestamp) -> Answer {
    if let Some(answered) = text(headers, CORRELATION_ID) {
        answered.clone_into(&mut call.correlation_id);
    }
    let retry_after = text(headers, RETRY_AFTER.as_str()).and_then(|value| retry_after::parse(value, now));
    let server_time = text(headers, DATE.as_str()).and_then(retry_after::http_date);
    Answer { call: call.clone(), status, retry_after, server_time, body: Vec::new() }
}

/// A header value that HTTP libraries print as "Sensitive". `None` for a token with control characters, which no
/// server issues; the call is then answered 401.
fn bearer_header(token: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().filter(|value| !value.is_empty())
}

pub(crate) fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "PATCH" => "PATCH",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        _ => "POST",
    }
}

/// Makes ring the process-wide TLS provider. Every client constructor calls it; calling it again, or after another
/// provider was installed, changes nothing.
pub fn install_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // A lost race means that somebody else has installed one in this moment, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}
