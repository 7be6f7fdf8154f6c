//! One SCIM request as it would be answered, and what would be sent to Concur for it: nothing is stored, nothing sent.
//!
//! The request takes the same road as a real one, handler and all, on a store that forgets everything afterwards
//! (`Store::rehearsal`). Authentication and limits on how often are left out: whoever rehearses is an operator. Ids of
//! new resources are other ones each time.

use actix_web::FromRequest as _;
use actix_web::body::to_bytes;
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::test::TestRequest;
use actix_web::web;
use serde::Serialize;
use serde_json::Value;
use store::accounts::Account;

use super::auth::{Caller, Scope};
use super::context::Context;
use super::error::{Error, Surface};
use super::heard::Heard;
use super::routes::{self, Route};
use crate::bridge::Bridge;
use crate::delivery::plan::{self, Planned};
use crate::journal::Said;

/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A request that may never be made.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// HTTP method.
    pub method: String,
    /// Address below the SCIM base address, with its query: `/Users/2819c223?attributes=userName`.
    pub path: String,
    /// Headers; the content type is SCIM's unless one is given.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Option<String>,
}

impl From<&Said> for Asked {
    fn from(said: &Said) -> Self {
        Self {
            method: said.method.clone(),
            path: said.path.clone(),
            headers: said.headers.clone(),
            body: said.body.clone(),
        }
    }
}

/// What would come of it.
#[derive(Debug, Clone, Serialize)]
pub struct Rehearsed {
    /// HTTP status.
    pub status: u16,
    /// Body of the answer.
    pub answer: Value,
    /// What would be bent for the caller.
    pub habits: Vec<&'static str>,
    /// What would be sent to Concur, in this order.
    pub concur_requests: Vec<Planned>,
}

/// Why nothing could be rehearsed.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// Not a request that a SCIM client can make here.
    #[error("{0}")]
    Asked(String),
    /// The database.
    #[error("the rehearsal needs the database")]
    Store(#[from] store::Error),
}

/// Rehearses a request of a caller with both SCIM scopes.
///
/// # Errors
/// An address or a method that SCIM does not have here, or a database that is away.
pub async fn rehearse(bridge: &Bridge, account: Account, asked: &Asked) -> Result<Rehearsed, RehearsalError> {
    let method = Method::from_bytes(asked.method.to_ascii_uppercase().as_bytes())
        .map_err(|_| RehearsalError::Asked(format!("{:?} is no HTTP method", asked.method)))?;
    let (path, _) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    let (route, parameters) = find(&method, path).ok_or_else(|| {
        RehearsalError::Asked(format!("there is no {method} {path} below the SCIM base address"))
    })?;
    let stage = bridge.rehearsal().await?;
    let id = account.id;
    let before = stage.store.read(move |conn| plan::newest(conn, id)).await?;
    let heard = Heard::default();
    let context = context(&stage, account, asked, method, parameters, heard.clone()).await?;
    let answer = match (route.handler)(context).await {
        Ok(answer) => answer,
        Err(error) => error.respond(Surface::Scim, "rehearsal"),
    };
    let status = answer.status().as_u16();
    let bytes = to_bytes(answer.into_body()).await.unwrap_or_default();
    let answer = if bytes.len() > ANSWER_BYTES_MAX { Value::Null } else { parsed(&bytes) };
    let concur_requests = stage.store.read(move |conn| plan::since(conn, id, before)).await?;
    let habits = heard.habits().into_iter().map(scim::habits::Habit::name).collect();
    Ok(Rehearsed { status, answer, habits, concur_requests })
}

fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned().into())
}

async fn context(
    stage: &Bridge,
    account: Account,
    asked: &Asked,
    method: Method,
    parameters: Vec<(&'static str, String)>,
    heard: Heard,
) -> Result<Context, RehearsalError> {
    let uri = format!("{}{}", routes::SCIM_BASES[0], asked.path);
    uri.parse::<actix_web::http::Uri>()
        .map_err(|error| RehearsalError::Asked(format!("{:?} is no address: {error}", asked.path)))?;
    let mut request = TestRequest::with_uri(&uri).method(method);
    for (name, value) in parameters {
        request = request.param(name, value);
    }
    request = request.insert_header(("content-type", super::reply::SCIM_JSON));
    for (name, value) in &asked.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) else {
            return Err(RehearsalError::Asked("a header that cannot be one".to_owned()));
        };
        request = request.insert_header((name, value));
    }
    if let Some(body) = &asked.body {
        request = request.set_payload(body.clone());
    }
    let (request, mut payload) = request.to_http_parts();
    let payload = web::Payload::from_request(&request, &mut payload)
        .await
        .map_err(|error| RehearsalError::Asked(error.to_string()))?;
    Ok(Context {
        bridge: stage.clone(),
        request,
        payload: payload.into_inner(),
        caller: Caller::rehearsing(account, &[Scope::ScimRead, Scope::ScimWrite]),
        request_id: "rehearsal".to_owned(),
        heard,
    })
}

/// The route of an address, with what stands in its gaps.
fn find(method: &Method, path: &str) -> Option<(&'static Route, Vec<(&'static str, String)>)> {
    let asked: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    routes::SCIM.iter().filter(|route| route.method == *method).find_map(|route| {
        let pattern: Vec<&'static str> = route.path.split('/').collect();
        let mut gaps = Vec::new();
        let fits = pattern.len() == asked.len()
            && pattern.iter().zip(&asked).all(|(pattern, asked)| {
                match pattern.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                    Some(name) if !asked.is_empty() => {
                        gaps.push((name, (*asked).to_owned()));
                        true
                    }
                    Some(_) => false,
                    None => pattern == asked,
                }
            });
        fits.then_some((route, gaps))
    })
}

impl From<RehearsalError> for Error {
    fn from(error: RehearsalError) -> Self {
        match error {
            RehearsalError::Asked(reason) => Self::BadParameter(reason),
            RehearsalError::Store(error) => Self::Store(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_finds_its_route_and_what_stands_in_its_gaps() {
        let check = |method: Method, path: &str, expected: Option<(&str, &str)>| {
            let found = find(&method, path);
            let found = found
                .as_ref()
                .map(|(route, gaps)| (route.path, gaps.first().map_or("", |(_, value)| value.as_str())));
            assert_eq!(found, expected, "{method} {path}");
        };
        check(Method::GET, "/Users", Some(("/Users", "")));
        check(Method::GET, "/Users/", Some(("/Users", "")));
        check(Method::PATCH, "/Groups/7", Some(("/Groups/{id}", "7")));
        check(Method::POST, "/Users/.search", Some(("/Users/.search", "")));
        check(Method::POST, "/Nothing", None);
        check(Method::DELETE, "/Users", None);
    }
}
