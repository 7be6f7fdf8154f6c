//! The OpenAPI document of everything beside SCIM, made of the tables of this folder and of the types that handlers read and
//! write. SCIM describes itself (RFC 7643 §7, §6), so it is left out here.
//!
//! Tests compare it with the table of routes, with the parameters that each handler takes, and with every answer that any
//! test gets from `/api/v1`.

mod answers;
mod parameters;
mod shape;
mod table;

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn, PathsBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, Ref,
    Required, ResponseBuilder,
};

use super::context::Context;
use super::error::Error;
use super::reply;
use super::routes::{self, Access};
use shape::Shape;
use table::{Body, Described};

/// The name of the one way to authenticate.
const BEARER: &str = "bearer";
/// The schema of every error (RFC 9457).
const PROBLEM: &str = "Problem";

/// GET `/api/v1/openapi.json`.
pub(crate) async fn read(context: Context) -> Result<HttpResponse, Error> {
    drop(context);
    let document = serde_json::to_value(document()).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(reply::api(&document))
}

/// The document.
pub fn document() -> OpenApi {
    let described = table::all();
    let mut components = ComponentsBuilder::new()
        .security_scheme(
            BEARER,
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .description(Some(
                        "A token of `scim-bridge token create`, or an access token of `/oauth/token`. The scopes that an \
                         operation needs stand beside it.",
                    ))
                    .build(),
            ),
        )
        .schema(PROBLEM, answers::problem());
    let mut paths = PathsBuilder::new();
    let mut named = BTreeMap::new();
    for it in &described {
        for (name, schema) in it.shapes().flat_map(Shape::components) {
            let other = named.insert(name.clone(), schema.clone()).filter(|other| *other != schema);
            debug_assert!(other.is_none(), "two forms are called {name}");
        }
        paths = paths.path(it.path, PathItem::new(method(it.method), operation(it)));
    }
    for (name, schema) in named {
        components = components.schema(name, schema);
    }
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("scim-bridge")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Expense lines and the apps they pay for, the outbox to SAP Concur, and operations. SCIM 2.0 is served beside \
                     it, below /scim/v2, and describes itself there.",
                ))
                .build(),
        )
        .paths(paths.build())
        .components(Some(components.build()))
        .build()
}

fn operation(it: &Described) -> utoipa::openapi::path::Operation {
    let mut operation =
        OperationBuilder::new().tag(it.tag).summary(Some(it.summary)).operation_id(Some(operation_id(it)));
    for name in it.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        operation = operation.parameter(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(parameters::Kind::Text.schema())),
        );
    }
    for parameter in it.parameters {
        operation = operation.parameter(
            ParameterBuilder::new()
                .name(parameter.name)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(parameter.description))
                .schema(Some(parameter.kind.schema())),
        );
    }
    if let Some(body) = &it.body {
        let (media_type, content) = match body {
            Body::Json(shape) => (reply::JSON, ContentBuilder::new().schema(Some(shape.reference()))),
            // OpenAPI 3.1 describes bytes by their media type alone.
            Body::File => ("application/octet-stream", ContentBuilder::new()),
        };
        let body =
            RequestBodyBuilder::new().content(media_type, content.build()).required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    let answer = ContentBuilder::new().schema(Some(it.answer.reference())).build();
    operation = operation
        .response(it.status(), ResponseBuilder::new().description("Done.").content(reply::JSON, answer));
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name(PROBLEM))).build();
    operation = operation.response(
        "default",
        ResponseBuilder::new()
            .description("What went wrong, and what to do.")
            .content("application/problem+json", problem),
    );
    match access(it) {
        Some(Access::Account(scope) | Access::Installation(scope)) => {
            operation.security(SecurityRequirement::new(BEARER, [scope.as_str()])).build()
        }
        Some(Access::Metrics) => {
            operation.security(SecurityRequirement::new(BEARER, ["metrics:read"])).build()
        }
        Some(Access::Open | Access::Client | Access::Listener) | None => operation.build(),
    }
}

/// Who may call it, as the table of routes says.
fn access(it: &Described) -> Option<Access> {
    routes::REST
        .iter()
        .find(|route| route.path == it.path && route.method.as_str() == it.method)
        .map(|route| route.access)
}

/// `GET /api/v1/lines/{id}/history` is `get_lines_id_history`.
fn operation_id(it: &Described) -> String {
    let words = it.path.trim_start_matches("/api/v1").split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    std::iter::once(it.method.to_lowercase())
        .chain(words.map(str::to_lowercase))
        .collect::<Vec<_>>()
        .join("_")
}

fn method(name: &str) -> HttpMethod {
    match name {
        "PUT" => HttpMethod::Put,
        "POST" => HttpMethod::Post,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}
