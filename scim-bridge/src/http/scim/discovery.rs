//! Discovery, RFC 7644 §4: what the server offers, from the same data the other handlers work with.

use actix_web::HttpResponse;
use scim::discovery::{AuthenticationScheme, Capabilities, Cursors};
use serde_json::Value;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;
use super::bulk;
use crate::provision::CURSOR_TIMEOUT_SECONDS;

/// What this server offers; each line is changed together with the handler it speaks of.
const CAPABILITIES: Capabilities<'static> = Capabilities {
    // With the limits of the configuration.
    bulk: None,
    sort: true,
    cursors: Some(Cursors { timeout_seconds: CURSOR_TIMEOUT_SECONDS }),
    authentication_schemes: &[
        AuthenticationScheme {
            kind: "oauthbearertoken",
            name: "OAuth Bearer Token",
            description: "A token of this server in the Authorization header",
            spec_uri: "https://www.rfc-editor.org/info/rfc6750",
        },
        AuthenticationScheme {
            kind: "oauth2",
            name: "OAuth 2.0 Client Credentials",
            description: "An access token of this server's /oauth/token in the Authorization header",
            spec_uri: "https://www.rfc-editor.org/info/rfc6749",
        },
    ],
};

/// GET `/ServiceProviderConfig`.
pub(crate) async fn service_provider_config(context: Context) -> Result<HttpResponse, Error> {
    refuse_filter(&context)?;
    let bridge = context.bridge();
    let capabilities = Capabilities { bulk: Some(bulk::limits(&bridge.config.limits)), ..CAPABILITIES };
    Ok(reply::scim(&::scim::discovery::service_provider_config(&bridge.scim_base(), &capabilities)))
}

/// GET `/ResourceTypes`.
pub(crate) async fn resource_types(context: Context) -> Result<HttpResponse, Error> {
    refuse_filter(&context)?;
    Ok(reply::scim(&::scim::discovery::resource_types(&context.bridge().scim_base())))
}

/// GET `/ResourceTypes/{name}`.
pub(crate) async fn resource_type(context: Context) -> Result<HttpResponse, Error> {
    let found = ::scim::discovery::resource_type(&context.bridge().scim_base(), &context.path("name"));
    answer(found, "resource type")
}

/// GET `/Schemas`.
pub(crate) async fn schemas(context: Context) -> Result<HttpResponse, Error> {
    refuse_filter(&context)?;
    Ok(reply::scim(&::scim::discovery::schemas(&context.bridge().scim_base())))
}

/// GET `/Schemas/{urn}`.
pub(crate) async fn schema(context: Context) -> Result<HttpResponse, Error> {
    let found = ::scim::discovery::schema(&context.bridge().scim_base(), &context.path("urn"));
    answer(found, "schema")
}

fn answer(found: Option<Value>, what: &str) -> Result<HttpResponse, Error> {
    let found = found.ok_or_else(|| ::scim::Error::not_found(format!("there is no {what} of this name")))?;
    Ok(reply::scim(&found))
}

/// "If a "filter" is provided, the service provider SHOULD respond with HTTP status code 403" (RFC 7644 §4).
fn refuse_filter(context: &Context) -> Result<(), Error> {
    if context.parameter("filter").is_some() {
        return Err(::scim::Error::forbidden("discovery documents cannot be filtered").into());
    }
    Ok(())
}
