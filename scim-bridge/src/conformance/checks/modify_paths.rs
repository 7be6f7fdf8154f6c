//! PATCH, paths and value filters: RFC 7644 §3.5.2, Figure 7.

use serde_json::{Value, json};

use super::super::Finding;
use super::super::client::{Client, ENTERPRISE, Made, USER, ensure};
use super::checks;

checks! {
    "RFC 7644 §3.5.2" [114] paths_are_dotted_with_filter_or_urn_in_any_case;
    "RFC 7644 §3.5.2.3" [128] a_filter_changes_all_that_match_and_only_those;
    "RFC 7644 §3.5.2.3" [129] a_filter_of_no_equality_that_matches_nothing_is_no_target;
    "RFC 7644 §3.5.2" [130] a_value_that_becomes_primary_takes_it_from_the_others;
    "RFC 7644 §3.12" [133] a_broken_path_is_400;
}

fn emails(body: &Value) -> &[Value] {
    body["emails"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A user with a work and a home address.
async fn reachable(client: &Client) -> Result<Made, Finding> {
    let emails = json!([
        {"value": client.fresh_name(), "type": "work", "primary": true},
        {"value": client.fresh_name(), "type": "home"},
    ]);
    client.user_with(&json!({"emails": emails})).await
}

async fn paths_are_dotted_with_filter_or_urn_in_any_case(client: &Client) -> Result<(), Finding> {
    let user = reachable(client).await?;
    let address = client.fresh_name();
    let operations = json!([
        {"op": "replace", "path": "NAME.givenname", "value": "Dotted"},
        {"op": "replace", "path": "emails[TYPE EQ \"home\"].VALUE", "value": address},
        {"op": "replace", "path": format!("{USER}:nickName"), "value": "Urn"},
        {"op": "replace", "path": format!("{ENTERPRISE}:Department"), "value": "Checks"},
    ]);
    let answer = client.patch(&user.path, operations).await?;
    let body = answer.expect(200)?;
    ensure!(body["name"]["givenName"] == "Dotted", "NAME.givenname was not set");
    let home = emails(body).iter().find(|it| it["type"] == "home");
    ensure!(home.is_some_and(|it| it["value"] == address), "the home address is {home:?}");
    ensure!(body["nickName"] == "Urn", "a path with the core URN was not set");
    ensure!(body[ENTERPRISE]["department"] == "Checks", "a path with the extension's URN was not set");
    Ok(())
}

async fn a_filter_changes_all_that_match_and_only_those(client: &Client) -> Result<(), Finding> {
    let numbers = json!([
        {"value": "+15550100", "type": "work", "display": "a"},
        {"value": "+15550101", "type": "home", "display": "a"},
        {"value": "+15550102", "type": "fax", "display": "b"},
    ]);
    let user = client.user_with(&json!({"phoneNumbers": numbers})).await?;
    let change =
        json!([{"op": "replace", "path": "phoneNumbers[display eq \"a\"].display", "value": "changed"}]);
    let answer = client.patch(&user.path, change).await?;
    let list = answer.expect(200)?["phoneNumbers"].as_array().cloned().unwrap_or_default();
    let changed = list.iter().filter(|it| it["display"] == "changed").count();
    let kept = list.iter().filter(|it| it["display"] == "b").count();
    ensure!((changed, kept) == (2, 1), "{changed} changed and {kept} kept: {list:?}");
    Ok(())
}

async fn a_filter_of_no_equality_that_matches_nothing_is_no_target(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let change =
        json!([{"op": "replace", "path": "emails[value sw \"nobody\"].value", "value": "x@example.com"}]);
    client.patch(&user.path, change).await?.expect_error(400, Some("noTarget"))
}

async fn a_value_that_becomes_primary_takes_it_from_the_others(client: &Client) -> Result<(), Finding> {
    let user = reachable(client).await?;
    let change = json!([{"op": "replace", "path": "emails[type eq \"home\"].primary", "value": true}]);
    let answer = client.patch(&user.path, change).await?;
    let primary: Vec<&Value> =
        emails(answer.expect(200)?).iter().filter(|it| it["primary"] == true).map(|it| &it["type"]).collect();
    ensure!(primary == ["home"], "primary are {primary:?}");
    Ok(())
}

async fn a_broken_path_is_400(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    for (path, scim_types) in [
        ("emails[type eq \"work\"", &["invalidPath", "invalidFilter"][..]),
        ("emails[type zz \"work\"].value", &["invalidPath", "invalidFilter"]),
        ("name..givenName", &["invalidPath"]),
        ("no such path", &["invalidPath"]),
    ] {
        let answer = client.patch(&user.path, json!([{"op": "replace", "path": path, "value": "x"}])).await?;
        answer.expect_error(400, None)?;
        let found = answer.body["scimType"].as_str().unwrap_or_default();
        ensure!(scim_types.contains(&found), "{path}: scimType is {found:?}, expected {scim_types:?}");
    }
    Ok(())
}
