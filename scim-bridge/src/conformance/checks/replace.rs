//! PUT: RFC 7644 §3.5.1.

use reqwest::Method;
use serde_json::json;

use super::super::Finding;
use super::super::client::{Client, ensure};
use super::checks;

checks! {
    "RFC 7644 §3.5.1" [103, 104, 105] a_put_answers_200_with_the_whole_replaced_resource;
    "RFC 7644 §3.5.1" [106, 107] what_is_null_empty_or_left_out_is_cleared_but_nobody_is_switched_off;
    "RFC 7644 §3.5.1" [42, 108] what_belongs_to_the_server_is_ignored_in_a_put;
    "RFC 7644 §3.5.1" [109] a_put_without_user_name_is_400;
    "RFC 7644 §3.5.1" [110] a_put_never_creates;
    "RFC 7644 §3.12" [111] taking_anothers_user_name_is_409;
}

async fn a_put_answers_200_with_the_whole_replaced_resource(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let mut body = user.body.clone();
    body["displayName"] = "Replaced".into();
    body["name"]["familyName"] = "Replaced".into();
    let answer = client.send(Method::PUT, &user.path, &body).await?;
    ensure!(answer.expect(200)?["displayName"] == "Replaced", "displayName was not replaced");
    ensure!(answer.body["emails"].is_array(), "the answer is not whole");
    let read = client.get(&user.path).await?;
    ensure!(read.expect(200)?["name"]["familyName"] == "Replaced", "name.familyName was not replaced");
    Ok(())
}

async fn what_is_null_empty_or_left_out_is_cleared_but_nobody_is_switched_off(
    client: &Client,
) -> Result<(), Finding> {
    let numbers = json!([{"value": "+15550100", "type": "work"}]);
    let user =
        client.user_with(&json!({"title": "Head", "nickName": "Nick", "phoneNumbers": numbers})).await?;
    let mut body = user.body.clone();
    body["title"] = json!(null);
    body["phoneNumbers"] = json!([]);
    if let Some(members) = body.as_object_mut() {
        members.remove("active");
    }
    let answer = client.send(Method::PUT, &user.path, &body).await?;
    ensure!(answer.expect(200)?["title"].is_null(), "title: null did not clear it");
    let numbers = &answer.body["phoneNumbers"];
    ensure!(numbers.as_array().is_none_or(Vec::is_empty), "phoneNumbers: [] did not clear it: {numbers}");
    ensure!(answer.body["active"] != false, "a PUT without active switched the user off");
    Ok(())
}

async fn what_belongs_to_the_server_is_ignored_in_a_put(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let mut body = user.body.clone();
    body["id"] = "another".into();
    body["meta"] = json!({"created": "2001-01-01T00:00:00Z", "resourceType": "Robot"});
    body["groups"] = json!([]);
    let answer = client.send(Method::PUT, &user.path, &body).await?;
    ensure!(answer.expect(200)?["id"] == user.id, "the id changed");
    ensure!(answer.body["meta"]["created"] == user.body["meta"]["created"], "meta.created changed");
    Ok(())
}

async fn a_put_without_user_name_is_400(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let mut body = user.body.clone();
    if let Some(members) = body.as_object_mut() {
        members.remove("userName");
    }
    client.send(Method::PUT, &user.path, &body).await?.expect_error(400, None)
}

async fn a_put_never_creates(client: &Client) -> Result<(), Finding> {
    let person = client.person();
    client.send(Method::PUT, "/Users/no-such-id", &person).await?.expect_error(404, None)?;
    client.filter("/Users", &format!("userName eq {}", person["userName"])).await?.expect_list(0)?;
    Ok(())
}

async fn taking_anothers_user_name_is_409(client: &Client) -> Result<(), Finding> {
    let (one, other) = (client.user().await?, client.user().await?);
    let mut body = one.body.clone();
    body["userName"] = other.body["userName"].clone();
    client.send(Method::PUT, &one.path, &body).await?.expect_error(409, Some("uniqueness"))?;
    let rename = json!([{"op": "replace", "path": "userName", "value": other.body["userName"]}]);
    client.patch(&one.path, rename).await?.expect_error(409, Some("uniqueness"))
}
