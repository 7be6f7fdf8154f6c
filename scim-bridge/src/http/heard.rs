//! What a request leaves behind for the journal while it is handled, and the note that is made of it at the end.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::body::MessageBody as _;
use actix_web::http::header::{HeaderMap, USER_AGENT};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use scim::habits::Habit;
use store::request_log::Entry;

use super::auth::Caller;
use crate::bridge::Bridge;
use crate::journal::{HEADERS, Note, Said, recordable};
use crate::provider::Provider;
use crate::provision::Bent;

/// What is heard of one request. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    shape: String,
    bent: Bent,
    scim_type: Option<&'static str>,
    /// Whether bodies are wanted.
    records: bool,
    body: Option<String>,
}

impl Heard {
    fn with<T>(&self, f: impl FnOnce(&mut Inner) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on the body is wanted.
    pub(super) fn record(&self) {
        self.with(|inner| inner.records = true);
    }

    /// The body as it came.
    pub(super) fn body(&self, bytes: &[u8]) {
        self.with(|inner| {
            if inner.records {
                inner.body = recordable(bytes);
            }
        });
    }

    /// Its structure, or that of the query.
    pub(super) fn shape(&self, shape: String) {
        self.with(|inner| inner.shape = shape);
    }

    /// Why it is refused.
    pub(super) fn refused(&self, scim_type: Option<&'static str>) {
        self.with(|inner| inner.scim_type = scim_type);
    }

    /// Where use cases note what they bent.
    pub(super) fn bent(&self) -> Bent {
        self.with(|inner| inner.bent.clone())
    }

    /// What was bent so far.
    pub(super) fn habits(&self) -> BTreeSet<Habit> {
        self.bent().habits()
    }
}

/// What the journal needs to know beside what was heard.
pub(super) struct Ended<'e> {
    pub(super) bridge: &'e Bridge,
    pub(super) request: &'e HttpRequest,
    pub(super) caller: &'e Caller,
    pub(super) request_id: &'e str,
    pub(super) route: &'e str,
    pub(super) method: &'e str,
    pub(super) at: Timestamp,
    pub(super) duration_ms: u64,
}

impl Ended<'_> {
    /// Hands a note over to the journal. The answer comes back as it was.
    pub(super) fn note(&self, heard: &Heard, answer: HttpResponse) -> HttpResponse {
        let Some(account) = self.caller.account.as_ref().map(|account| account.id) else { return answer };
        let config = &self.bridge.config.request_log;
        let status = answer.status().as_u16();
        let plain_read = self.request.method().is_safe() && status < 400;
        let logged = config.keep > 0 && (config.reads || !plain_read);
        let bent = heard.habits();
        let records = heard.with(|inner| inner.records);
        if !logged && bent.is_empty() && !records {
            return answer;
        }
        let (answer, text) = if records { readable(answer) } else { (answer, None) };
        let user_agent = header(self.request.headers(), USER_AGENT.as_str()).unwrap_or_default();
        let target = self.request.match_info().get("id");
        let (shape, scim_type, body) =
            heard.with(|inner| (std::mem::take(&mut inner.shape), inner.scim_type, inner.body.take()));
        let entry = Entry {
            account,
            at: self.at,
            request_id: self.request_id.to_owned(),
            method: self.method.to_owned(),
            route: self.route.to_owned(),
            // Only what can be an id of ours: a caller may write anything there.
            target: target.and_then(|id| id.parse::<uuid::Uuid>().ok()).map(|id| id.to_string()),
            status,
            scim_type: scim_type.map(str::to_owned),
            duration_ms: self.duration_ms,
            token: self.caller.token.to_string(),
            provider: Provider::of(&user_agent, &self.caller.name).name().to_owned(),
            shape,
            habits: bent.iter().map(|habit| habit.name().to_owned()).collect(),
        };
        let said = records.then(|| Said {
            method: self.method.to_owned(),
            path: below_base(self.request),
            headers: HEADERS
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), header(self.request.headers(), name)?)))
                .collect(),
            body,
            status,
            answer: text,
        });
        if !self.bridge.journal.note(Note { entry, logged, bent, said }) {
            self.bridge.metrics.request_log_dropped.with_label_values(&["full"]).inc();
        }
        answer
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// The address below the SCIM base address, with its query.
fn below_base(request: &HttpRequest) -> String {
    let path = request.path();
    let rest = path.strip_prefix("/scim/").unwrap_or(path);
    let below = rest.split_once("v2").map_or(rest, |(_, below)| below);
    match request.query_string() {
        "" => below.to_owned(),
        query => format!("{below}?{query}"),
    }
}

/// The answer with its body as text, if it is one that lies ready.
fn readable(answer: HttpResponse) -> (HttpResponse, Option<String>) {
    let (head, body) = answer.into_parts();
    match body.try_into_bytes() {
        Ok(bytes) => {
            let text = recordable(&bytes);
            (head.set_body(actix_web::body::BoxBody::new(bytes)), text)
        }
        Err(body) => (head.set_body(body), None),
    }
}
