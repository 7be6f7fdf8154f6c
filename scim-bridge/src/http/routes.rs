//! The table of everything that answers: method, address, who may call, handler.
//!
//! Authorisation is data here, so that it cannot be forgotten in a handler: a route without a scope does not
//! compile, and the test that walks the table tries each one without its scope.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::Method;
use futures::future::LocalBoxFuture;

use super::auth::Scope;
use super::context::Context;
use super::error::{Error, Surface};
use super::{api, events, oauth, openapi, ops, scim};

/// What every handler is.
pub(crate) type Handler = fn(Context) -> LocalBoxFuture<'static, Result<HttpResponse, Error>>;

/// Who may call an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone: process health and the front page.
    Open,
    /// A token with this scope, bound to an account.
    Account(Scope),
    /// A token with this scope that is bound to no account: it speaks for the whole installation.
    Installation(Scope),
    /// Whoever has client credentials; the handler asks for them.
    Client,
    /// Whoever knows the secret address of a listener; the handler looks.
    Listener,
    /// A token with this scope; nobody needs one when the configuration opens metrics.
    Metrics,
}

/// One row of the table.
pub(crate) struct Route {
    pub method: Method,
    /// The pattern; SCIM rows are relative to both SCIM base addresses.
    pub path: &'static str,
    pub access: Access,
    pub surface: Surface,
    /// Its body is a file, which has limits of its own.
    pub takes_file: bool,
    pub handler: Handler,
}

/// The two base addresses of SCIM (design D3).
pub(crate) const SCIM_BASES: [&str; 2] = ["/scim/v2", "/scim/{account}/v2"];

macro_rules! routes {
    ($surface:expr; $($method:ident $path:literal $access:expr => $handler:path),+ $(,)?) => {
        vec![$(Route {
            method: Method::$method,
            path: $path,
            access: $access,
            surface: $surface,
            takes_file: false,
            handler: |context| Box::pin($handler(context)),
        }),+]
    };
}

const READ: Access = Access::Account(Scope::ScimRead);
const WRITE: Access = Access::Account(Scope::ScimWrite);
const MATCH: Access = Access::Account(Scope::MatchRead);
const DECIDE: Access = Access::Account(Scope::MatchWrite);
const OPS: Access = Access::Account(Scope::OpsRead);
const ACT: Access = Access::Account(Scope::OpsWrite);
const BRAKE: Access = Access::Account(Scope::BrakeRelease);
const ADMIN: Access = Access::Account(Scope::Admin);
const INSTALLATION: Access = Access::Installation(Scope::Admin);
const SYNC: Access = Access::Account(Scope::SyncRead);

/// Addresses below the SCIM base addresses.
pub(crate) static SCIM: LazyLock<Vec<Route>> = LazyLock::new(|| {
    routes! { Surface::Scim;
        GET "/Users" READ => scim::users::list,
        POST "/Users" WRITE => scim::users::create,
        POST "/.search" READ => scim::search,
        POST "/Users/.search" READ => scim::users::search,
        POST "/Groups/.search" READ => scim::groups::search,
        GET "/Users/{id}" READ => scim::users::read,
        PUT "/Users/{id}" WRITE => scim::users::replace,
        PATCH "/Users/{id}" WRITE => scim::users::patch,
        DELETE "/Users/{id}" WRITE => scim::users::delete,
        GET "/Groups" READ => scim::groups::list,
        POST "/Groups" WRITE => scim::groups::create,
        GET "/Groups/{id}" READ => scim::groups::read,
        PUT "/Groups/{id}" WRITE => scim::groups::replace,
        PATCH "/Groups/{id}" WRITE => scim::groups::patch,
        DELETE "/Groups/{id}" WRITE => scim::groups::delete,
        GET "/ServiceProviderConfig" READ => scim::discovery::service_provider_config,
        GET "/ResourceTypes" READ => scim::discovery::resource_types,
        GET "/ResourceTypes/{name}" READ => scim::discovery::resource_type,
        GET "/Schemas" READ => scim::discovery::schemas,
        GET "/Schemas/{urn}" READ => scim::discovery::schema,
        GET "/Me" READ => scim::me,
        POST "/Me" WRITE => scim::me,
        PUT "/Me" WRITE => scim::me,
        PATCH "/Me" WRITE => scim::me,
        DELETE "/Me" WRITE => scim::me,
        POST "/Bulk" WRITE => scim::bulk::run,
    }
});

/// All other addresses.
pub(crate) static REST: LazyLock<Vec<Route>> = LazyLock::new(|| {
    // An address stands before patterns that it would fit.
    let mut routes = routes! { Surface::Problem;
        POST "/api/v1/imports" DECIDE => api::imports::add,
        POST "/api/v1/imports/check" DECIDE => api::imports::check,
    };
    for route in &mut routes {
        route.takes_file = true;
    }
    routes.extend(routes! { Surface::OAuth;
        POST "/oauth/token" Access::Client => oauth::token,
    });
    routes.extend(routes! { Surface::Problem;
        GET "/.well-known/oauth-authorization-server" Access::Open => oauth::metadata,
        GET "/" Access::Open => ops::front_page,
        GET "/healthz" Access::Open => ops::healthz,
        GET "/readyz" Access::Open => ops::readyz,
        GET "/metrics" Access::Metrics => ops::metrics,
        GET "/api/v1/openapi.json" Access::Open => openapi::read,
        GET "/api/v1/accounts" INSTALLATION => api::accounts::list,
        POST "/api/v1/accounts" INSTALLATION => api::accounts::connect,
        POST "/api/v1/account/check" ADMIN => api::account::check,
        GET "/api/v1/account" OPS => api::account::read,
        POST "/api/v1/account/rename" ADMIN => api::account::rename,
        POST "/api/v1/account/pause" ADMIN => api::account::pause,
        POST "/api/v1/account/resume" ADMIN => api::account::resume,
        POST "/api/v1/account/disconnect" ADMIN => api::account::disconnect,
        GET "/api/v1/account/settings" OPS => api::account::settings,
        PUT "/api/v1/account/settings" ADMIN => api::account::replace,
        GET "/api/v1/operations" OPS => api::operations::list,
        GET "/api/v1/operations/{id}" OPS => api::operations::read,
        GET "/api/v1/operations/{id}/request" READ => api::operations::request,
        POST "/api/v1/operations/{id}/replay" ACT => api::operations::replay,
        POST "/api/v1/operations/{id}/cancel" ACT => api::operations::cancel,
        POST "/api/v1/operations/{id}/hold" ACT => api::operations::hold,
        POST "/api/v1/operations/{id}/release" ACT => api::operations::release,
        POST "/events/concur/{account}/{key}" Access::Listener => events::take,
        GET "/api/v1/events" OPS => api::events::status,
        GET "/api/v1/webhooks" OPS => api::webhooks::list,
        POST "/api/v1/webhooks" ADMIN => api::webhooks::add,
        DELETE "/api/v1/webhooks/{id}" ADMIN => api::webhooks::remove,
        POST "/api/v1/webhooks/{id}/enable" ADMIN => api::webhooks::enable,
        POST "/api/v1/webhooks/{id}/test" ADMIN => api::webhooks::test,
        GET "/api/v1/webhooks/{id}/messages" OPS => api::webhooks::messages,
        POST "/api/v1/webhooks/{id}/messages/{message}/replay" ADMIN => api::webhooks::replay,
        GET "/api/v1/drift" OPS => api::drift::list,
        GET "/api/v1/brake" OPS => api::brake::status,
        POST "/api/v1/brake/release" BRAKE => api::brake::release,
        POST "/api/v1/brake/cancel" BRAKE => api::brake::cancel,
        POST "/api/v1/brake/off" ADMIN => api::brake::off,
        POST "/api/v1/brake/on" ADMIN => api::brake::on,
        GET "/api/v1/requests" OPS => api::conversations::requests,
        GET "/api/v1/habits" OPS => api::conversations::habits,
        GET "/api/v1/recordings" OPS => api::conversations::recordings,
        GET "/api/v1/recordings/{id}" OPS => api::conversations::read,
        POST "/api/v1/recordings/{id}/replay" OPS => api::conversations::replay,
        POST "/api/v1/dry-run" OPS => api::conversations::dry_run,
        GET "/api/v1/lines" MATCH => api::lines::list,
        GET "/api/v1/lines/{id}/explanation" MATCH => api::explanation::read,
        GET "/api/v1/lines/{id}/history" MATCH => api::hand::history,
        PUT "/api/v1/lines/{id}/match" DECIDE => api::hand::decide,
        DELETE "/api/v1/lines/{id}/match" DECIDE => api::hand::release,
        GET "/api/v1/changes" MATCH => api::changes::list,
        GET "/api/v1/rules" MATCH => api::rules::read,
        PUT "/api/v1/rules" DECIDE => api::rules::set,
        POST "/api/v1/rules/what-if" MATCH => api::rules::what_if,
        POST "/api/v1/rules/undo" DECIDE => api::rules::undo,
        GET "/api/v1/rules/proposals" MATCH => api::proposals::list,
        GET "/api/v1/rules/proposals/{id}" MATCH => api::proposals::read,
        POST "/api/v1/rules/proposals/{id}/accept" DECIDE => api::proposals::accept,
        POST "/api/v1/rules/proposals/{id}/dismiss" DECIDE => api::proposals::dismiss,
        POST "/api/v1/rules/rematch" DECIDE => api::rules::rematch,
        GET "/api/v1/rules/revisions" MATCH => api::rules::revisions,
        GET "/api/v1/rules/revisions/{revision}" MATCH => api::rules::revision,
        GET "/api/v1/apps" MATCH => api::apps::list,
        GET "/api/v1/totals" MATCH => api::totals::list,
        GET "/api/v1/leavers" MATCH => api::leavers::list,
        GET "/api/v1/subscriptions" MATCH => api::patterns::subscriptions,
        GET "/api/v1/duplicates" MATCH => api::patterns::duplicates,
        GET "/api/v1/sync/runs" SYNC => api::runs::list,
        GET "/api/v1/sync/history" SYNC => api::history::read,
        PUT "/api/v1/sync/history" ADMIN => api::history::set,
        GET "/api/v1/sync/history/estimate" SYNC => api::history::estimate,
        POST "/api/v1/match" MATCH => api::matching::decide,
        GET "/api/v1/imports" MATCH => api::imports::list,
        GET "/api/v1/imports/{id}" MATCH => api::imports::read,
        GET "/api/v1/imports/{id}/duplicates" MATCH => api::imports::duplicates,
        POST "/api/v1/imports/{id}/undo" DECIDE => api::imports::undo,
    });
    routes
});

/// The methods of one address, as `Allow` lists them.
pub(crate) fn allow(routes: &[Route], path: &str) -> String {
    let mut methods: Vec<&str> = Vec::new();
    for route in routes.iter().filter(|route| route.path == path) {
        methods.push(route.method.as_str());
        if route.method == Method::GET {
            methods.push("HEAD");
        }
    }
    methods.join(", ")
}

/// One row, as tests and documentation see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteInfo {
    /// HTTP method.
    pub method: String,
    /// Pattern with the first of the two SCIM base addresses.
    pub path: String,
    /// Who may call it.
    pub access: Access,
}

/// The whole table.
pub fn all() -> Vec<RouteInfo> {
    let info = |base: &str, route: &Route| RouteInfo {
        method: route.method.to_string(),
        path: format!("{base}{}", route.path),
        access: route.access,
    };
    SCIM.iter()
        .map(|route| info(SCIM_BASES[0], route))
        .chain(REST.iter().map(|route| info("", route)))
        .collect()
}
