//! GET by id and projection: RFC 7644 §3.4.1, §3.9, §3.10.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::Finding;
use super::super::client::{Client, ENTERPRISE, USER, ensure};
use super::checks;

checks! {
    "RFC 7644 §3.4.1" [66, 68] a_resource_is_read_by_its_id;
    "RFC 7644 §3.12" [67, 140] an_unknown_id_is_404_with_a_scim_error;
    "RFC 7644 §3.9" [44, 69] attributes_replaces_the_default_set_and_keeps_the_minimum;
    "RFC 7644 §3.9" [70] excluded_attributes_takes_away_but_never_the_minimum;
    "RFC 7644 §3.9" [71] both_work_wherever_resources_are_returned;
    "RFC 7644 §3.10" [72] names_are_plain_dotted_or_with_urn_in_any_case;
}

async fn a_resource_is_read_by_its_id(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let read = client.get(&user.path).await?;
    for member in ["id", "schemas", "userName", "meta", "name", "emails", "active"] {
        ensure!(!read.expect(200)?[member].is_null(), "{member} is missing");
    }
    ensure!(read.body["userName"] == user.body["userName"], "it is another user");
    Ok(())
}

async fn an_unknown_id_is_404_with_a_scim_error(client: &Client) -> Result<(), Finding> {
    for id in ["00919288221112222", "7d8ab6a2-3bb1-4b0c-9a77-3c83ca8f1fb2", "no-such-id"] {
        let answer = client.get(&format!("/Users/{id}")).await?;
        answer.expect_error(404, None)?;
        ensure!(answer.body["detail"].as_str().is_some_and(|it| !it.is_empty()), "404 without detail");
    }
    Ok(())
}

/// The members of an object, sorted.
fn members(body: &Value) -> Vec<&str> {
    let mut names: Vec<&str> =
        body.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}

async fn attributes_replaces_the_default_set_and_keeps_the_minimum(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let read = client.get(&format!("{}?attributes=displayName,name.givenName", user.path)).await?;
    let shown = members(read.expect(200)?);
    ensure!(shown.contains(&"id"), "id is missing: {shown:?}");
    ensure!(
        shown.contains(&"displayName") && shown.contains(&"name"),
        "what was asked for is missing: {shown:?}"
    );
    ensure!(!shown.contains(&"userName") && !shown.contains(&"emails"), "more than asked for: {shown:?}");
    ensure!(members(&read.body["name"]) == ["givenName"], "name has {:?}", members(&read.body["name"]));
    Ok(())
}

async fn excluded_attributes_takes_away_but_never_the_minimum(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let read =
        client.get(&format!("{}?excludedAttributes=id,schemas,emails,name.familyName", user.path)).await?;
    let shown = members(read.expect(200)?);
    ensure!(shown.contains(&"id"), "id was taken away");
    ensure!(!shown.contains(&"emails"), "emails stayed");
    ensure!(!members(&read.body["name"]).contains(&"familyName"), "name.familyName stayed");
    ensure!(members(&read.body["name"]).contains(&"givenName"), "name.givenName went");
    Ok(())
}

async fn both_work_wherever_resources_are_returned(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let only = |answer: &Value, where_: &str| {
        ensure!(answer["userName"].is_string(), "{where_}: userName was asked for");
        ensure!(answer["emails"].is_null(), "{where_}: emails was not asked for");
        Ok(())
    };
    let put = client.send(Method::PUT, &format!("{}?attributes=userName", user.path), &user.body).await?;
    only(put.expect(200)?, "PUT")?;
    let operations = json!([{"op": "replace", "path": "title", "value": "Checked"}]);
    let body = json!({"schemas": [super::super::client::PATCH], "Operations": operations});
    let patch = client.send(Method::PATCH, &format!("{}?attributes=userName", user.path), &body).await?;
    only(patch.expect(200)?, "PATCH")?;
    let name = user.body["userName"].as_str().unwrap_or_default();
    let list =
        client
            .read(client.request(Method::GET, "/Users").query(&[
                ("filter", format!("userName eq \"{name}\"")),
                ("attributes", "userName".to_owned()),
            ]))
            .await?;
    list.expect_list(1)?.iter().try_for_each(|it| only(it, "list"))
}

async fn names_are_plain_dotted_or_with_urn_in_any_case(client: &Client) -> Result<(), Finding> {
    let extension = json!({"department": "Checks", "costCenter": "1"});
    let user = client.user_with(&json!({"schemas": [USER, ENTERPRISE], (ENTERPRISE): extension})).await?;
    for (asked, path) in [
        ("USERNAME", "/userName"),
        ("name.GIVENNAME", "/name/givenName"),
        (&format!("{USER}:userName"), "/userName"),
        (&format!("{USER}:name.givenName"), "/name/givenName"),
    ] {
        let read = client.get(&format!("{}?attributes={asked}", user.path)).await?;
        ensure!(read.expect(200)?.pointer(path).is_some(), "attributes={asked} shows no {path}");
        ensure!(read.body["emails"].is_null(), "attributes={asked} shows more");
    }
    let read = client.get(&format!("{}?attributes={ENTERPRISE}:DEPARTMENT", user.path)).await?;
    ensure!(members(&read.expect(200)?[ENTERPRISE]) == ["department"], "the extension shows {}", read.body);
    Ok(())
}
