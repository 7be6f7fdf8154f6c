//! The account matrix (reliability T8): every route × every scope × {own account, foreign account, no account}, and
//! nobody. What is expected stands here a second time, so that a new route without a row fails, and so does a route
//! whose scope changes without anyone meaning it.

use reqwest::Method;
use scim_bridge::http::Scope;
use scim_bridge::http::routes::{self, Access};

use crate::harness::{House, connect_account, everywhere, send, token};

/// Methods, pattern, and the scope that opens it; `open`: nobody needs a token.
const EXPECTED: &[(&str, &str, &str)] = &[
    ("GET", "/scim/v2/Users", "scim:read"),
    ("POST", "/scim/v2/Users", "scim:write"),
    ("POST", "/scim/v2/.search", "scim:read"),
    ("POST", "/scim/v2/Users/.search", "scim:read"),
    ("POST", "/scim/v2/Groups/.search", "scim:read"),
    ("GET", "/scim/v2/Users/{id}", "scim:read"),
    ("PUT PATCH DELETE", "/scim/v2/Users/{id}", "scim:write"),
    ("GET", "/scim/v2/Groups", "scim:read"),
    ("POST", "/scim/v2/Groups", "scim:write"),
    ("GET", "/scim/v2/Groups/{id}", "scim:read"),
    ("PUT PATCH DELETE", "/scim/v2/Groups/{id}", "scim:write"),
    ("GET", "/scim/v2/ServiceProviderConfig", "scim:read"),
    ("GET", "/scim/v2/ResourceTypes", "scim:read"),
    ("GET", "/scim/v2/ResourceTypes/{name}", "scim:read"),
    ("GET", "/scim/v2/Schemas", "scim:read"),
    ("GET", "/scim/v2/Schemas/{urn}", "scim:read"),
    ("GET", "/scim/v2/Me", "scim:read"),
    ("POST PUT PATCH DELETE", "/scim/v2/Me", "scim:write"),
    ("POST", "/scim/v2/Bulk", "scim:write"),
    ("POST", "/oauth/token", "client"),
    ("GET", "/.well-known/oauth-authorization-server", "open"),
    ("GET", "/", "open"),
    ("GET", "/healthz", "open"),
    ("GET", "/readyz", "open"),
    ("GET", "/metrics", "metrics:read"),
    ("GET", "/api/v1/openapi.json", "open"),
    ("GET", "/api/v1/account", "ops:read"),
    ("POST", "/api/v1/account/rename", "admin"),
    ("POST", "/api/v1/account/pause", "admin"),
    ("POST", "/api/v1/account/resume", "admin"),
    ("POST", "/api/v1/account/disconnect", "admin"),
    ("GET", "/api/v1/account/settings", "ops:read"),
    ("PUT", "/api/v1/account/settings", "admin"),
    ("GET", "/api/v1/operations", "ops:read"),
    ("GET", "/api/v1/operations/{id}", "ops:read"),
    ("GET", "/api/v1/operations/{id}/request", "scim:read"),
    ("POST", "/api/v1/operations/{id}/replay", "ops:write"),
    ("POST", "/api/v1/operations/{id}/cancel", "ops:write"),
    ("POST", "/api/v1/operations/{id}/hold", "ops:write"),
    ("POST", "/api/v1/operations/{id}/release", "ops:write"),
    ("POST", "/events/concur/{account}/{key}", "listener"),
    ("GET", "/api/v1/events", "ops:read"),
    ("GET", "/api/v1/webhooks", "ops:read"),
    ("POST", "/api/v1/webhooks", "admin"),
    ("DELETE", "/api/v1/webhooks/{id}", "admin"),
    ("POST", "/api/v1/webhooks/{id}/enable", "admin"),
    ("POST", "/api/v1/webhooks/{id}/test", "admin"),
    ("GET", "/api/v1/webhooks/{id}/messages", "ops:read"),
    ("POST", "/api/v1/webhooks/{id}/messages/{message}/replay", "admin"),
    ("GET", "/api/v1/drift", "ops:read"),
    ("GET", "/api/v1/brake", "ops:read"),
    ("POST", "/api/v1/brake/release", "brake:release"),
    ("POST", "/api/v1/brake/cancel", "brake:release"),
    ("POST", "/api/v1/brake/off", "admin"),
    ("POST", "/api/v1/brake/on", "admin"),
    ("GET", "/api/v1/requests", "ops:read"),
    ("GET", "/api/v1/habits", "ops:read"),
    ("GET", "/api/v1/recordings", "ops:read"),
    ("GET", "/api/v1/recordings/{id}", "ops:read"),
    ("POST", "/api/v1/recordings/{id}/replay", "ops:read"),
    ("POST", "/api/v1/dry-run", "ops:read"),
    ("GET", "/api/v1/lines", "match:read"),
    ("GET", "/api/v1/lines/{id}/explanation", "match:read"),
    ("GET", "/api/v1/lines/{id}/history", "match:read"),
    ("PUT DELETE", "/api/v1/lines/{id}/match", "match:write"),
    ("GET", "/api/v1/changes", "match:read"),
    ("GET", "/api/v1/rules", "match:read"),
    ("PUT", "/api/v1/rules", "match:write"),
    ("POST", "/api/v1/rules/what-if", "match:read"),
    ("POST", "/api/v1/rules/undo", "match:write"),
    ("POST", "/api/v1/rules/rematch", "match:write"),
    ("GET", "/api/v1/rules/proposals", "match:read"),
    ("GET", "/api/v1/rules/proposals/{id}", "match:read"),
    ("POST", "/api/v1/rules/proposals/{id}/accept", "match:write"),
    ("POST", "/api/v1/rules/proposals/{id}/dismiss", "match:write"),
    ("GET", "/api/v1/rules/revisions", "match:read"),
    ("GET", "/api/v1/rules/revisions/{revision}", "match:read"),
    ("GET", "/api/v1/apps", "match:read"),
    ("GET", "/api/v1/totals", "match:read"),
    ("GET", "/api/v1/leavers", "match:read"),
    ("GET", "/api/v1/subscriptions", "match:read"),
    ("GET", "/api/v1/duplicates", "match:read"),
    ("GET", "/api/v1/sync/runs", "sync:read"),
    ("GET", "/api/v1/sync/history", "sync:read"),
    ("PUT", "/api/v1/sync/history", "admin"),
    ("GET", "/api/v1/sync/history/estimate", "sync:read"),
    ("POST", "/api/v1/match", "match:read"),
    ("GET POST", "/api/v1/accounts", "admin"),
    ("POST", "/api/v1/account/check", "admin"),
    ("POST", "/api/v1/imports", "match:write"),
    ("POST", "/api/v1/imports/check", "match:write"),
    ("GET", "/api/v1/imports", "match:read"),
    ("GET", "/api/v1/imports/{id}", "match:read"),
    ("GET", "/api/v1/imports/{id}/duplicates", "match:read"),
    ("POST", "/api/v1/imports/{id}/undo", "match:write"),
];

/// Whom a token belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Own,
    Foreign,
    Nobody,
}

fn expected() -> Vec<(String, String, &'static str)> {
    let mut rows: Vec<_> = EXPECTED
        .iter()
        .flat_map(|(methods, path, scope)| {
            methods.split(' ').map(move |method| (method.to_owned(), (*path).to_owned(), *scope))
        })
        .collect();
    rows.sort();
    rows
}

#[test]
fn every_route_has_its_row_with_its_scope() {
    let mut found: Vec<_> = routes::all()
        .into_iter()
        .map(|route| {
            let scope = match route.access {
                Access::Open => "open",
                Access::Client => "client",
                Access::Listener => "listener",
                Access::Account(scope) | Access::Installation(scope) => scope.as_str(),
                Access::Metrics => "metrics:read",
            };
            (route.method, route.path, scope)
        })
        .collect();
    found.sort();
    assert_eq!(found, expected(), "add a row for a new route to EXPECTED, with the scope that it shall need");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_opens_to_its_own_scope_and_account_and_to_no_other() {
    everywhere(async |house| {
        house.simulator.renew_request_token();
        let config = &house.running.bridge().config;
        let other = connect_account(house.store(), config, &house.simulator, "Other").await;
        let mut tokens = Vec::new();
        for scope in Scope::ALL.map(Scope::as_str) {
            tokens.push((scope, Of::Own, token(house.store(), Some(&house.account), &[scope]).await));
            tokens.push((scope, Of::Foreign, token(house.store(), Some(&other), &[scope]).await));
            tokens.push((scope, Of::Nobody, token(house.store(), None, &[scope]).await));
        }
        let rows = expected();
        for (method, path, needed) in
            rows.iter().filter(|(_, _, needed)| !["open", "client", "listener"].contains(needed))
        {
            assert_eq!(ask(house, method, path, None).await, 401, "{method} {path}");
            for (scope, of, token) in &tokens {
                let status = ask(house, method, path, Some(token)).await;
                let case = format!("{method} {path}: {of:?} token with {scope} gets {status}");
                let of_installation = path == "/api/v1/accounts";
                let bound = path != "/metrics" && !of_installation;
                match of {
                    _ if scope != needed => assert_eq!(status, 403, "{case}"),
                    Of::Nobody if bound => assert_eq!(status, 403, "{case}"),
                    Of::Own | Of::Foreign if of_installation => assert_eq!(status, 403, "{case}"),
                    // The address names Acme. To a stranger it does not exist; addresses without a name are the
                    // stranger's own, and there is nothing of Acme's behind them.
                    Of::Foreign if path.starts_with("/scim") => assert_eq!(status, 404, "{case}"),
                    _ => assert!(!matches!(status, 401 | 403 | 500), "{case}"),
                }
            }
        }
        for (method, path, _) in rows.iter().filter(|(_, _, needed)| *needed == "open") {
            assert_eq!(ask(house, method, path, None).await, 200, "{method} {path}");
        }
    })
    .await;
}

/// Asks for a pattern with its gaps filled; SCIM addresses name the account.
async fn ask(house: &House, method: &str, pattern: &str, token: Option<&String>) -> u16 {
    let path = ["{id}", "{name}", "{urn}", "{message}"]
        .iter()
        .fold(pattern.to_owned(), |path, gap| path.replace(gap, "1"));
    let path = path.replace("/scim/v2", "/scim/Acme/v2");
    let mut request = house.bare(Method::from_bytes(method.as_bytes()).unwrap(), &path);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    send(request).await.status.as_u16()
}
