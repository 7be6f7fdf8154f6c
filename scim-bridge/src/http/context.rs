//! One request as handlers see it: the caller is known, nothing else has been read yet.

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use scim::{ListQuery, PatchRequest, Projection, ResourceType};
use serde_json::Value;
use store::accounts::Account;

use super::auth::Caller;
use super::error::Error;
use super::extract;
use super::heard::Heard;
use crate::bridge::Bridge;
use crate::provision::{OnBehalf, Precondition};

/// One authenticated, authorised request.
pub(crate) struct Context {
    pub(super) bridge: Bridge,
    pub(super) request: HttpRequest,
    pub(super) payload: Payload,
    pub(super) caller: Option<Caller>,
    pub(super) request_id: String,
    pub(super) heard: Heard,
}

impl Context {
    /// The parts of the process.
    pub(crate) fn bridge(&self) -> &Bridge {
        &self.bridge
    }

    /// The id that this request has in the log and in its answer.
    pub(crate) fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The caller's account.
    pub(crate) fn account(&self) -> Result<&Account, Error> {
        self.caller.as_ref().and_then(|caller| caller.account.as_ref()).ok_or(Error::NoAccount)
    }

    /// The account and the actor, for a use case.
    pub(crate) fn on_behalf(&self) -> Result<OnBehalf, Error> {
        let account = self.account()?.clone();
        Ok(OnBehalf { bent: self.heard.bent(), ..OnBehalf::new(account, self.actor())? })
    }

    /// Who acts, as the audit trail names it.
    pub(crate) fn actor(&self) -> String {
        self.caller.as_ref().map_or_else(String::new, |caller| format!("token:{}", caller.token))
    }

    /// A named part of the path, decoded.
    pub(crate) fn path(&self, name: &str) -> String {
        self.request.match_info().get(name).unwrap_or_default().to_owned()
    }

    /// The query, decoded: `%20` and `+` are both spaces, as identity providers send them.
    pub(crate) fn query(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.request.query_string().as_bytes()).into_owned().collect()
    }

    /// The last value of one query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.query().into_iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// `attributes` and `excludedAttributes`, RFC 7644 §3.9.
    pub(crate) fn projection(&self) -> Result<Projection, Error> {
        let (included, excluded) = (self.parameter("attributes"), self.parameter("excludedAttributes"));
        Ok(Projection::parse(included.as_deref(), excluded.as_deref())?)
    }

    /// The parameters of a query, RFC 7644 §3.4.2.
    pub(crate) fn list_query(&self) -> Result<ListQuery, Error> {
        let query = self.query();
        let query = ListQuery::parse(query.iter().map(|(name, value)| (name.as_str(), value.as_str())))?;
        let shape = self.heard.bent().watch(|| scim::shape::of_query(self.resource_type(), &query));
        self.heard.shape(shape);
        Ok(query)
    }

    /// `If-Match`, RFC 7644 §3.14.
    pub(crate) fn precondition(&self) -> Precondition {
        self.entity_tags(&IF_MATCH).map_or(Precondition::None, |tags| Precondition::parse(&tags))
    }

    /// Whether the caller has this version already: `If-None-Match`, RFC 7644 §3.14.
    pub(crate) fn is_known(&self, version: i64) -> bool {
        self.entity_tags(&IF_NONE_MATCH).is_some_and(|tags| Precondition::parse(&tags).holds(version))
    }

    /// A header that may come several times, which is the same as once with commas (RFC 9110 §5.3).
    fn entity_tags(&self, name: &HeaderName) -> Option<String> {
        let values = self.request.headers().get_all(name);
        let values: Vec<&str> = values.map(|value| value.to_str().unwrap_or_default()).collect();
        (!values.is_empty()).then(|| values.join(","))
    }

    /// The JSON body. Reads it: the second call finds nothing.
    pub(crate) async fn body(&mut self) -> Result<Value, Error> {
        self.body_of(self.bridge.config.limits.scim_body_bytes).await
    }

    /// The JSON body of at most so many bytes.
    pub(crate) async fn body_of(&mut self, most: usize) -> Result<Value, Error> {
        let payload = std::mem::replace(&mut self.payload, Payload::None);
        let limits = &self.bridge.config.limits;
        let bytes = extract::json_bytes(self.request.headers(), payload, most, limits).await?;
        self.heard.body(&bytes);
        let body = scim::json::parse(&bytes)?;
        self.heard.shape(scim::shape::of_body(self.resource_type(), &body));
        Ok(body)
    }

    /// Which resources the address is about; users where it does not say.
    fn resource_type(&self) -> &'static ResourceType {
        let groups = self.request.path().contains("/Groups");
        if groups { ResourceType::group() } else { ResourceType::user() }
    }

    /// The form of a request, decoded, of at most so many bytes. Reads the body, like [`Context::body`].
    pub(crate) async fn form(&mut self, most: usize) -> Result<Vec<(String, String)>, Error> {
        let payload = std::mem::replace(&mut self.payload, Payload::None);
        extract::form(self.request.headers(), payload, most, &self.bridge.config.limits).await
    }

    /// The body of a PATCH, which may have only so many operations.
    pub(crate) async fn patch_request(&mut self) -> Result<PatchRequest, Error> {
        self.patch_request_of(self.bridge.config.limits.scim_body_bytes).await
    }

    /// The same with another limit on its bytes.
    pub(crate) async fn patch_request_of(&mut self, most_bytes: usize) -> Result<PatchRequest, Error> {
        let request = {
            let body = self.body_of(most_bytes).await?;
            self.heard.bent().watch(|| PatchRequest::parse(&body))?
        };
        let most = self.bridge.config.limits.patch_operations;
        if request.operations.len() > most {
            let detail = format!("A PATCH may have {most} operations at most; send the rest in another one.");
            return Err(scim::Error::payload_too_large(detail).into());
        }
        Ok(request)
    }
}
