//! PATCH, the message and its operations: RFC 7644 §3.5.2.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::Finding;
use super::super::client::{Client, ENTERPRISE, PATCH, ensure};
use super::checks;

checks! {
    "RFC 7644 §3.5.2" [112] a_patch_needs_its_schema_and_operations;
    "RFC 7644 §3.5.2" [113] operations_are_add_remove_and_replace_in_any_case;
    "RFC 7644 §3.5.2" [115, 116] operations_run_in_order_and_all_or_none;
    "RFC 7644 §3.5.2" [117] a_patch_is_answered_200_with_the_resource_or_204;
    "RFC 7644 §3.5.2.1" [118, 119] add_merges_sets_and_appends_and_needs_a_value;
    "RFC 7644 §3.5.2.2" [121, 122, 123] remove_takes_away_what_its_path_names;
    "RFC 7644 §3.5.2.2" [124, 131] what_is_required_or_read_only_cannot_be_removed_or_written;
    "RFC 7644 §3.5.2.3" [125, 126, 127] replace_sets_what_is_there_and_what_is_not;
    "RFC 7644 §3.5.2" [134] parallel_patches_lose_nothing;
}

async fn a_patch_needs_its_schema_and_operations(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let operation = json!({"op": "replace", "path": "title", "value": "x"});
    for body in [
        json!({"schemas": [PATCH]}),
        json!({"Operations": [operation]}),
        json!({"schemas": ["urn:example:other"], "Operations": [operation]}),
        json!({"schemas": [PATCH], "Operations": {}}),
        json!([operation]),
    ] {
        client.send(Method::PATCH, &user.path, &body).await?.expect_error(400, None)?;
    }
    Ok(())
}

async fn operations_are_add_remove_and_replace_in_any_case(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    for op in ["add", "Replace", "REPLACE", "Add"] {
        let value = format!("by {op}");
        let answer = client.patch(&user.path, json!([{"op": op, "path": "title", "value": value}])).await?;
        ensure!(answer.expect(200)?["title"] == value, "op {op} did not set the title");
    }
    for operation in
        [json!({"op": "move", "path": "title", "value": "x"}), json!({"path": "title", "value": "x"})]
    {
        client.patch(&user.path, json!([operation])).await?.expect_error(400, None)?;
    }
    Ok(())
}

async fn operations_run_in_order_and_all_or_none(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let set = |value: &str| json!({"op": "replace", "path": "title", "value": value});
    let answer = client.patch(&user.path, json!([set("first"), set("second")])).await?;
    ensure!(answer.expect(200)?["title"] == "second", "the last operation did not win");
    let broken =
        json!([set("third"), {"op": "replace", "path": "meta.created", "value": "2001-01-01T00:00:00Z"}]);
    client.patch(&user.path, broken).await?.expect_error(400, None)?;
    let read = client.get(&user.path).await?;
    ensure!(read.expect(200)?["title"] == "second", "a refused PATCH left something behind");
    Ok(())
}

async fn a_patch_is_answered_200_with_the_resource_or_204(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let body = json!({"schemas": [PATCH], "Operations": [{"op": "add", "path": "title", "value": "Head"}]});
    let answer = client.send(Method::PATCH, &user.path, &body).await?;
    match answer.status {
        200 => ensure!(answer.body["userName"].is_string(), "the answer is not the whole resource"),
        204 => ensure!(answer.text.is_empty(), "204 with a body"),
        _ => answer.expect(200).map(|_| ())?,
    }
    let asked = client.send(Method::PATCH, &format!("{}?attributes=title", user.path), &body).await?;
    ensure!(asked.expect(200)?["title"] == "Head", "attributes was asked for, the answer lacks it");
    Ok(())
}

async fn add_merges_sets_and_appends_and_needs_a_value(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let number = json!({"value": "+15550100", "type": "work"});
    let operations = json!([
        {"op": "add", "value": {"nickName": "Nick", "name": {"middleName": "M"}}},
        {"op": "add", "path": "title", "value": "Head"},
        {"op": "add", "path": "phoneNumbers", "value": [number]},
        {"op": "add", "path": "phoneNumbers", "value": [{"value": "+15550101", "type": "home"}, number]},
    ]);
    let answer = client.patch(&user.path, operations).await?;
    let body = answer.expect(200)?;
    ensure!(body["nickName"] == "Nick" && body["title"] == "Head", "single values were not set");
    let name = &body["name"];
    ensure!(name["middleName"] == "M" && name["givenName"] == "Check", "name was not merged: {name}");
    let numbers = body["phoneNumbers"].as_array().map_or(0, Vec::len);
    ensure!(numbers == 2, "{numbers} numbers after adding two different ones");
    client.patch(&user.path, json!([{"op": "add", "path": "title"}])).await?.expect_error(400, None)
}

async fn remove_takes_away_what_its_path_names(client: &Client) -> Result<(), Finding> {
    let numbers = json!([{"value": "+15550100", "type": "work"}, {"value": "+15550101", "type": "home"}]);
    let name = json!({"givenName": "Check", "familyName": "Person", "middleName": "M"});
    let user = client.user_with(&json!({"title": "Head", "name": name, "phoneNumbers": numbers})).await?;
    client.patch(&user.path, json!([{"op": "remove"}])).await?.expect_error(400, Some("noTarget"))?;
    let operations = json!([
        {"op": "remove", "path": "title"},
        {"op": "remove", "path": "name.middleName"},
        {"op": "remove", "path": "phoneNumbers[type eq \"home\"]"},
        {"op": "remove", "path": "nickName"},
    ]);
    let answer = client.patch(&user.path, operations).await?;
    let body = answer.expect(200)?;
    ensure!(body["title"].is_null(), "title stayed");
    ensure!(
        body["name"]["middleName"].is_null() && body["name"]["givenName"] == "Check",
        "name: {}",
        body["name"]
    );
    let left = body["phoneNumbers"].as_array().cloned().unwrap_or_default();
    ensure!(left.len() == 1 && left[0]["type"] == "work", "phoneNumbers: {left:?}");
    let all = client.patch(&user.path, json!([{"op": "remove", "path": "phoneNumbers"}])).await?;
    ensure!(all.expect(200)?["phoneNumbers"].as_array().is_none_or(Vec::is_empty), "phoneNumbers stayed");
    Ok(())
}

async fn what_is_required_or_read_only_cannot_be_removed_or_written(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    for operation in [
        json!({"op": "remove", "path": "userName"}),
        json!({"op": "replace", "path": "id", "value": "another"}),
        json!({"op": "replace", "path": "meta.created", "value": "2001-01-01T00:00:00Z"}),
        json!({"op": "remove", "path": "meta"}),
    ] {
        client.patch(&user.path, json!([operation])).await?.expect_error(400, Some("mutability"))?;
    }
    let wrong_type = json!([{"op": "replace", "path": "active", "value": "maybe"}]);
    client.patch(&user.path, wrong_type).await?.expect_error(400, Some("invalidValue"))
}

async fn replace_sets_what_is_there_and_what_is_not(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let home = client.fresh_name();
    let operations = json!([
        {"op": "replace", "value": {"displayName": "Replaced"}},
        {"op": "replace", "path": "nickName", "value": "New"},
        {"op": "replace", "path": "name", "value": {"familyName": "Replaced"}},
        {"op": "replace", "path": "emails", "value": [{"value": home, "type": "home"}]},
        {"op": "replace", "path": format!("{ENTERPRISE}:department"), "value": "Checks"},
    ]);
    let answer = client.patch(&user.path, operations).await?;
    let body = answer.expect(200)?;
    ensure!(body["displayName"] == "Replaced" && body["nickName"] == "New", "single values were not set");
    let name = &body["name"];
    ensure!(name["familyName"] == "Replaced" && name["givenName"] == "Check", "name: {name}");
    let emails: Vec<&Value> =
        body["emails"].as_array().into_iter().flatten().map(|it| &it["value"]).collect();
    ensure!(emails == [&Value::from(home)], "emails: {emails:?}");
    ensure!(body[ENTERPRISE]["department"] == "Checks", "the extension was not set");
    Ok(())
}

async fn parallel_patches_lose_nothing(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let paths = ["title", "nickName", "displayName", "userType"];
    let patches = paths.map(|path| {
        client.patch(&user.path, json!([{"op": "replace", "path": path, "value": "by one of four"}]))
    });
    for answer in futures::future::join_all(patches).await {
        answer?.expect(200)?;
    }
    let read = client.get(&user.path).await?;
    for path in paths {
        ensure!(read.expect(200)?[path] == "by one of four", "{path} was lost");
    }
    Ok(())
}
