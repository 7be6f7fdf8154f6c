//! The one road of a request: limits, authentication, scope, handler, error, log line, metrics.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::http::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use futures::FutureExt;
use jiff::Timestamp;

use super::auth::{self, Caller, Scope};
use super::context::Context;
use super::error::{Error, Surface};
use super::heard::{Ended, Heard};
use super::reply;
use super::routes::{Access, Route};
use crate::bridge::Bridge;

/// The header that carries the id of a request, also found in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A known address with a known method.
pub(crate) async fn run(
    bridge: Bridge,
    route: &'static Route,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let trace = Trace::begin(&bridge, &request, route.surface);
    let mut caller = None;
    let heard = Heard::default();
    let outcome = async {
        check_headers(&bridge, &request)?;
        caller = admit(&bridge, route.access, &request).await?;
        if trace.is_recorded(caller.as_ref()) {
            heard.record();
        }
        let context = Context {
            bridge: bridge.clone(),
            request: request.clone(),
            payload: payload.into_inner(),
            caller: caller.clone(),
            request_id: trace.request_id.clone(),
            heard: heard.clone(),
        };
        let answering = AssertUnwindSafe((route.handler)(context)).catch_unwind();
        let limits = &bridge.config.limits;
        let time = if route.takes_file { limits.import_time } else { limits.answer_time };
        match tokio::time::timeout(time, answering).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_panic)) => {
                bridge.metrics.http_panics.with_label_values(&[&trace.route]).inc();
                Err(Error::Internal("a handler panicked".to_owned()))
            }
            // Dropping a write does not undo it: what is in the store's hands is finished there.
            Err(_elapsed) if request.method().is_safe() => Err(Error::AnswerTooSlow),
            Err(_elapsed) => Err(Error::OutcomeUnknown),
        }
    }
    .await;
    trace.note(outcome, caller.as_ref(), &request, &heard)
}

/// A known address with another method.
pub(crate) async fn wrong_method(
    bridge: Bridge,
    surface: Surface,
    request: HttpRequest,
    allow: String,
) -> HttpResponse {
    let trace = Trace::begin(&bridge, &request, surface);
    let (outcome, caller) = if surface == Surface::Scim {
        after_authentication(&bridge, &request, Error::MethodNotAllowed { allow }).await
    } else {
        (Error::MethodNotAllowed { allow }, None)
    };
    trace.end(Err(outcome), caller.as_ref())
}

/// An unknown address below a SCIM base address.
pub(crate) async fn unknown_scim(bridge: Bridge, request: HttpRequest) -> HttpResponse {
    let trace = Trace::begin(&bridge, &request, Surface::Scim);
    let (outcome, caller) = after_authentication(&bridge, &request, Error::NotFound).await;
    trace.end(Err(outcome), caller.as_ref())
}

/// Any other unknown address. Below `/scim` the answer is a SCIM error all the same.
pub(crate) fn unknown(bridge: &Bridge, request: &HttpRequest) -> HttpResponse {
    let scim = request.path() == "/scim" || request.path().starts_with("/scim/");
    let surface = if scim { Surface::Scim } else { Surface::Problem };
    Trace::begin(bridge, request, surface).end(Err(Error::NotFound), None)
}

/// What an address does not offer is told only to those who may ask.
async fn after_authentication(
    bridge: &Bridge,
    request: &HttpRequest,
    error: Error,
) -> (Error, Option<Caller>) {
    match identify(bridge, request).await {
        Ok(caller) => (error, Some(caller)),
        Err(refused) => (refused, None),
    }
}

/// Who is calling, and not too often.
async fn identify(bridge: &Bridge, request: &HttpRequest) -> Result<Caller, Error> {
    let caller = match auth::authenticate(bridge, request.headers()).await {
        Err(Error::Unauthenticated) => return Err(bridge.admission.failed(request, Instant::now())),
        known => known?,
    };
    bridge.admission.token(&caller.token, Instant::now())?;
    Ok(caller)
}

/// Authentication and authorisation, before anything else of the request is read.
async fn admit(bridge: &Bridge, access: Access, request: &HttpRequest) -> Result<Option<Caller>, Error> {
    let scope = match access {
        Access::Open | Access::Client | Access::Listener => return Ok(None),
        Access::Metrics if bridge.config.metrics_open => return Ok(None),
        Access::Metrics => Scope::MetricsRead,
        Access::Account(scope) | Access::Installation(scope) => scope,
    };
    let caller = identify(bridge, request).await?;
    caller.require(scope)?;
    if matches!(access, Access::Installation(_)) && caller.account.is_some() {
        return Err(Error::BoundToAccount);
    }
    if let Some(named) = request.match_info().get("account") {
        let account = caller.account.as_ref().ok_or(Error::NoAccount)?;
        // A foreign account looks exactly like one that does not exist (Z2).
        if named != account.name && named != account.id.to_string() {
            return Err(Error::NotFound);
        }
    }
    Ok(Some(caller))
}

fn check_headers(bridge: &Bridge, request: &HttpRequest) -> Result<(), Error> {
    let limits = &bridge.config.limits;
    if request.headers().len() > limits.headers {
        return Err(Error::TooManyHeaders { limit: limits.headers });
    }
    let limit = limits.header_bytes;
    // The name, the value, ": " and the line's end.
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let line = request.method().as_str().len() + request.uri().path().len() + request.query_string().len();
    if headers + line > limit { Err(Error::HeadersTooLarge { limit }) } else { Ok(()) }
}

/// What is told about a request: a line in the log, numbers in the metrics, a header in the answer.
struct Trace {
    bridge: Bridge,
    surface: Surface,
    request_id: String,
    method: String,
    route: String,
    plain_json: bool,
    started: Instant,
    at: Timestamp,
}

impl Trace {
    fn begin(bridge: &Bridge, request: &HttpRequest, surface: Surface) -> Self {
        Self {
            bridge: bridge.clone(),
            surface,
            request_id: uuid::Uuid::new_v4().to_string(),
            method: known_method(request),
            // The pattern, never the path: paths carry ids and whatever else a caller writes there.
            route: request.match_pattern().unwrap_or_else(|| "unknown".to_owned()),
            plain_json: reply::wants_plain_json(request.headers()),
            started: Instant::now(),
            at: bridge.clock.now(),
        }
    }

    /// Whether the conversation is recorded.
    fn is_recorded(&self, caller: Option<&Caller>) -> bool {
        let account = caller.and_then(|caller| caller.account.as_ref());
        self.surface == Surface::Scim
            && account.is_some_and(|account| self.bridge.journal.records(account.id, self.at))
    }

    /// [`Trace::end`], with a note in the journal of what was asked of the SCIM server.
    fn note(
        self,
        outcome: Result<HttpResponse, Error>,
        caller: Option<&Caller>,
        request: &HttpRequest,
        heard: &Heard,
    ) -> HttpResponse {
        if let Err(error) = &outcome {
            let refused = error.to_scim(&self.request_id);
            heard.refused(refused.scim_type.map(scim::ScimType::as_str));
        }
        let (bridge, request_id) = (self.bridge.clone(), self.request_id.clone());
        let (route, method) = (self.route.clone(), self.method.clone());
        let (surface, at, started) = (self.surface, self.at, self.started);
        let answer = self.end(outcome, caller);
        let Some(caller) = caller.filter(|_| surface == Surface::Scim) else { return answer };
        let ended = Ended {
            bridge: &bridge,
            request,
            caller,
            request_id: &request_id,
            route: &route,
            method: &method,
            at,
            duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        ended.note(heard, answer)
    }

    fn end(self, outcome: Result<HttpResponse, Error>, caller: Option<&Caller>) -> HttpResponse {
        let mut answer = match outcome {
            Ok(answer) => answer,
            Err(error) => {
                if let Some(limit) = error.limit() {
                    self.bridge.metrics.http_limited.with_label_values(&[limit]).inc();
                }
                if matches!(error, Error::Store(store::Error::Unavailable { .. })) {
                    let surface = if self.surface == Surface::Scim { "scim" } else { "other" };
                    self.bridge.metrics.store_unavailable.with_label_values(&[surface]).inc();
                }
                error.respond(self.surface, &self.request_id)
            }
        };
        if let Ok(value) = HeaderValue::from_str(&self.request_id) {
            answer.headers_mut().insert(REQUEST_ID, value);
        }
        if self.plain_json && reply::is_scim(&answer) {
            answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(reply::JSON));
        }
        if self.bridge.is_draining() {
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        self.count(&answer, caller);
        answer
    }

    fn count(&self, answer: &HttpResponse, caller: Option<&Caller>) {
        let elapsed = self.started.elapsed();
        let status = answer.status().as_str().to_owned();
        let account = caller.and_then(|caller| caller.account.as_ref()).map(|account| account.id.to_string());
        let account = account.unwrap_or_default();
        let metrics = &self.bridge.metrics;
        metrics.http_requests.with_label_values(&[&self.method, &self.route, &status]).inc();
        metrics.http_request_seconds.with_label_values(&[&self.route]).observe(elapsed.as_secs_f64());
        if self.surface == Surface::Scim {
            metrics.scim_requests.with_label_values(&[&account, &self.method, &status]).inc();
        }
        let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let token = caller.map(|caller| caller.token.to_string()).unwrap_or_default();
        tracing::info!(
            target: "scim_bridge::access",
            method = %self.method,
            route = %self.route,
            status = answer.status().as_u16(),
            duration_ms,
            request_id = %self.request_id,
            account = %account,
            token = %token,
            "answered"
        );
    }
}

/// A method as a label: what is not one of HTTP's own is all the same to us.
fn known_method(request: &HttpRequest) -> String {
    let method = request.method().as_str();
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    if known.contains(&method) { method.to_owned() } else { "other".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use actix_web::FromRequest;
    use actix_web::body::to_bytes;
    use actix_web::http::Method;
    use actix_web::test::TestRequest;

    use crate::accounts::Clients;
    use crate::bridge::Parts;
    use crate::clock::Clock;
    use crate::config::Config;
    use crate::{delivery, metrics, serve};

    static PANICS: Route = Route {
        method: Method::GET,
        path: "/panics",
        access: Access::Open,
        takes_file: false,
        surface: Surface::Scim,
        handler: |_| Box::pin(async { panic!("a bug with a canary in it") }),
    };

    static HANGS: Route = Route {
        method: Method::GET,
        path: "/hangs",
        access: Access::Open,
        takes_file: false,
        surface: Surface::Scim,
        handler: |_| Box::pin(std::future::pending()),
    };

    fn bridge(store: &store::Store, config: Config) -> Bridge {
        let (config, clock, metrics) = (Arc::new(config), Clock::system(), metrics::Metrics::new().unwrap());
        let clients = Clients::new(store.clone(), clock.clone(), serve::client_settings(&config));
        let (delivery, _worker) = delivery::start(delivery::Parts {
            store: store.clone(),
            clock: clock.clone(),
            chance: crate::chance::Chance::system(),
            metrics: metrics.clone(),
            clients: clients.clone(),
            settings: delivery::Settings::default(),
        })
        .unwrap();
        let app = r#"{"id":"a","name":"Aaa","aliases":[],"domain":"aaa.io","category":"x"}"#;
        let dictionary = ::matcher::Dictionary::from_jsonl(app).unwrap();
        Bridge::new(Parts {
            config,
            store: store.clone(),
            clock,
            metrics,
            accounts: clients,
            delivery,
            matcher: Arc::new(::matcher::Matcher::new(Arc::new(dictionary))),
            public_url: "http://127.0.0.1".to_owned(),
        })
    }

    #[tokio::test]
    async fn a_panic_is_a_scim_error_without_detail_and_is_counted() {
        let database = store::testing::sqlite();
        let bridge = bridge(&database.store, Config::default());
        let (request, mut payload) = TestRequest::get().uri("/panics").to_http_parts();
        let payload = web::Payload::from_request(&request, &mut payload).await.unwrap();
        let answer = run(bridge.clone(), &PANICS, request, payload).await;
        assert_eq!(answer.status(), 500);
        let request_id = answer.headers().get(REQUEST_ID).unwrap().to_str().unwrap().to_owned();
        let body = String::from_utf8(to_bytes(answer.into_body()).await.unwrap().to_vec()).unwrap();
        assert!(body.contains("\"status\":\"500\"") && body.contains(&request_id), "{body}");
        assert!(!body.contains("canary"), "{body}");
        assert!(bridge.metrics.render().contains("scim_bridge_http_panics_total{route=\"unknown\"} 1"));
    }

    #[tokio::test]
    async fn an_answer_that_takes_too_long_is_503_for_a_read_and_504_for_a_write() {
        let database = store::testing::sqlite();
        let mut config = Config::default();
        config.limits.answer_time = std::time::Duration::from_millis(1);
        let bridge = bridge(&database.store, config);
        for (request, status) in [(TestRequest::get(), 503), (TestRequest::post(), 504)] {
            let (request, mut payload) = request.uri("/hangs").to_http_parts();
            let payload = web::Payload::from_request(&request, &mut payload).await.unwrap();
            let answer = run(bridge.clone(), &HANGS, request, payload).await;
            assert_eq!(answer.status(), status);
            assert_eq!(answer.headers().contains_key("retry-after"), status == 503);
        }
    }
}
