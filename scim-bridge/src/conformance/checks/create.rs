//! POST: RFC 7644 §3.3.

use reqwest::Method;
use serde_json::json;

use super::super::Finding;
use super::super::client::{Client, ensure};
use super::checks;

checks! {
    "RFC 7644 §3.3" [58, 59, 60, 61] a_create_answers_201_with_the_whole_resource_and_its_place;
    "RFC 7643 §4.1.1" [46, 62, 141] a_taken_user_name_is_409_in_any_letter_case;
    "RFC 7644 §3.12" [45, 63, 141] a_missing_or_empty_user_name_is_400;
    "RFC 7643 §4.1.1" [65] of_simultaneous_creates_of_one_name_one_succeeds;
    "RFC 7644 §3.3" [27, 29, 42] what_belongs_to_the_server_is_ignored_in_a_create;
    "RFC 7643 §2.5" [33, 64] null_and_empty_lists_are_unassigned;
    "RFC 7644 §3.9" [71] a_create_honours_attributes;
    "RFC 9967 §3" [166, 167] nothing_is_answered_202_unless_asked_for;
}

async fn a_create_answers_201_with_the_whole_resource_and_its_place(client: &Client) -> Result<(), Finding> {
    let person = client.person();
    let made = client.make("/Users", &person).await?;
    for member in ["userName", "name", "emails", "active", "displayName"] {
        ensure!(!made.body[member].is_null(), "{member} is missing in the answer");
    }
    let meta = &made.body["meta"];
    ensure!(meta["resourceType"] == "User", "meta.resourceType is {}", meta["resourceType"]);
    let header = made.headers.get("location").and_then(|it| it.to_str().ok()).unwrap_or_default();
    ensure!(meta["location"] == header, "Location is {header:?} and meta.location {}", meta["location"]);
    let read = client.get(&made.path).await?;
    ensure!(read.expect(200)?["userName"] == person["userName"], "it is not read back at once");
    Ok(())
}

async fn a_taken_user_name_is_409_in_any_letter_case(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let name = user.body["userName"].as_str().unwrap_or_default().to_owned();
    for name in [name.clone(), name.to_uppercase()] {
        let mut second = client.person();
        second["userName"] = name.into();
        client.send(Method::POST, "/Users", &second).await?.expect_error(409, Some("uniqueness"))?;
    }
    Ok(())
}

async fn a_missing_or_empty_user_name_is_400(client: &Client) -> Result<(), Finding> {
    for name in [json!(null), json!("")] {
        let mut person = client.person();
        person["userName"] = name;
        client.send(Method::POST, "/Users", &person).await?.expect_error(400, Some("invalidValue"))?;
    }
    Ok(())
}

async fn of_simultaneous_creates_of_one_name_one_succeeds(client: &Client) -> Result<(), Finding> {
    let person = client.person();
    // Of one person from several hands: their other attributes differ.
    let bodies: Vec<_> = (0..4)
        .map(|hand| {
            let mut body = person.clone();
            body["externalId"] = format!("hand-{hand}").into();
            body
        })
        .collect();
    let tries = bodies.iter().map(|body| client.send(Method::POST, "/Users", body));
    let mut created = 0;
    for answer in futures::future::join_all(tries).await {
        let answer = answer?;
        if answer.status == 201 {
            created += 1;
            client.made("/Users", answer)?;
        } else {
            answer.expect_error(409, Some("uniqueness"))?;
        }
    }
    ensure!(created == 1, "{created} of 4 simultaneous creates succeeded");
    Ok(())
}

async fn what_belongs_to_the_server_is_ignored_in_a_create(client: &Client) -> Result<(), Finding> {
    let user = client
        .user_with(&json!({
            "id": "chosen-by-client",
            "meta": {"created": "2001-01-01T00:00:00Z", "resourceType": "Robot", "location": "http://elsewhere/"},
            "groups": [{"value": "chosen-by-client"}],
        }))
        .await?;
    ensure!(user.id != "chosen-by-client", "the client chose the id");
    let meta = &user.body["meta"];
    ensure!(meta["resourceType"] == "User", "the client set meta.resourceType");
    ensure!(meta["created"] != "2001-01-01T00:00:00Z", "the client set meta.created");
    ensure!(meta["location"] != "http://elsewhere/", "the client set meta.location");
    ensure!(user.body["groups"].as_array().is_none_or(Vec::is_empty), "the client set groups");
    Ok(())
}

async fn null_and_empty_lists_are_unassigned(client: &Client) -> Result<(), Finding> {
    let user =
        client.user_with(&json!({"nickName": null, "title": null, "roles": [], "phoneNumbers": []})).await?;
    for member in ["nickName", "title", "roles", "phoneNumbers"] {
        let value = &user.body[member];
        let unassigned = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        ensure!(unassigned, "{member} came back as {value}");
    }
    Ok(())
}

async fn a_create_honours_attributes(client: &Client) -> Result<(), Finding> {
    let answer = client.send(Method::POST, "/Users?attributes=userName", &client.person()).await?;
    answer.expect(201)?;
    let made = client.made("/Users", answer)?;
    ensure!(made.body["userName"].is_string(), "userName was asked for and is missing");
    ensure!(made.body["displayName"].is_null(), "displayName was not asked for");
    Ok(())
}

async fn nothing_is_answered_202_unless_asked_for(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    client.send(Method::PUT, &user.path, &user.body).await?.expect(200)?;
    let how = client.config()["securityEvents"]["asyncRequest"].as_str().unwrap_or("none").to_owned();
    let request = client.request(Method::DELETE, &user.path).header("Prefer", "respond-async");
    let answer = client.read(request).await?;
    let expected: &[u16] = if how == "none" { &[200, 204] } else { &[200, 202, 204] };
    ensure!(expected.contains(&answer.status), "{}: {} with asyncRequest {how}", answer.asked, answer.status);
    if answer.status == 202 {
        ensure!(answer.text.is_empty(), "202 with a body");
        ensure!(!answer.header("set-txn").is_empty(), "202 without Set-Txn");
        ensure!(!answer.header("preference-applied").is_empty(), "202 without Preference-Applied");
    }
    Ok(())
}
