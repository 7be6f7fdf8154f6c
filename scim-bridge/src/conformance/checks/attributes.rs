//! Attributes and their characteristics: RFC 7643 §2, §3, §4, §7.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::Finding;
use super::super::client::{Client, ENTERPRISE, USER, ensure};
use super::checks;

checks! {
    "RFC 7643 §3" [24, 25, 120] schemas_name_what_the_resource_uses_and_nothing_twice;
    "RFC 7643 §3.1" [26, 27] the_id_is_stable_unique_and_the_servers;
    "RFC 7643 §3.1" [28] the_external_id_is_kept_as_sent_and_compared_with_case;
    "RFC 7643 §3.1" [30, 132] last_modified_moves_with_every_change_and_only_then;
    "RFC 7643 §3.1" [31, 32] meta_has_a_location_and_times_with_zone;
    "RFC 7643 §2.1" [34] attribute_names_are_read_without_regard_to_case;
    "RFC 7643 §2.3.2" [35, 49] active_is_a_boolean_and_the_inactive_stay_readable;
    "RFC 7643 §2.3" [36, 37] a_value_of_the_wrong_type_is_400;
    "RFC 7643 §2.4" [38, 41] lists_are_arrays_without_doubles;
    "RFC 7643 §2.4" [39] at_most_one_value_is_primary;
    "RFC 7643 §7" [43, 50] a_password_is_never_in_an_answer;
    "RFC 7643 §7" [44, 48, 52] what_is_written_comes_back_as_written;
    "RFC 7643 §4.1.1" [47] user_names_are_prepared_before_they_are_compared;
    "RFC 7643 §4.1.2" [51] groups_of_a_user_cannot_be_written;
    "RFC 7643 §4.3" [40, 54] the_manager_stands_in_the_enterprise_extension_with_a_reference;
}

async fn schemas_name_what_the_resource_uses_and_nothing_twice(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let listed = |body: &Value| -> Vec<String> {
        let all = body["schemas"].as_array().into_iter().flatten();
        all.filter_map(|urn| urn.as_str().map(str::to_owned)).collect()
    };
    let before = listed(&user.body);
    ensure!(before.iter().any(|urn| urn == USER), "schemas has no {USER}");
    ensure!(!before.iter().any(|urn| urn == ENTERPRISE), "schemas names an extension that is not used");
    let path = format!("{ENTERPRISE}:department");
    let changed = client.patch(&user.path, json!([{"op": "add", "path": path, "value": "Checks"}])).await?;
    let mut after = listed(changed.expect(200)?);
    ensure!(after.iter().any(|urn| urn == ENTERPRISE), "schemas lacks the extension that is used now");
    let count = after.len();
    after.sort();
    after.dedup();
    ensure!(after.len() == count, "schemas names something twice");
    let cleared = client.patch(&user.path, json!([{"op": "remove", "path": path}])).await?;
    let left = listed(cleared.expect(200)?);
    ensure!(!left.iter().any(|urn| urn == ENTERPRISE), "schemas keeps the extension that is empty now");
    Ok(())
}

async fn the_id_is_stable_unique_and_the_servers(client: &Client) -> Result<(), Finding> {
    let (one, other) = (client.user().await?, client.user().await?);
    ensure!(one.id != other.id, "two users have one id");
    let mut body = one.body.clone();
    body["id"] = other.id.clone().into();
    let replaced = client.send(Method::PUT, &one.path, &body).await?;
    ensure!(replaced.expect(200)?["id"] == one.id, "the id changed to {}", replaced.body["id"]);
    if one.id.to_uppercase() != one.id {
        client.get(&format!("/Users/{}", one.id.to_uppercase())).await?.expect_error(404, None)?;
    }
    Ok(())
}

async fn the_external_id_is_kept_as_sent_and_compared_with_case(client: &Client) -> Result<(), Finding> {
    let external = format!("Ext-{}", client.fresh_name());
    let user = client.user_with(&json!({"externalId": external})).await?;
    ensure!(user.body["externalId"] == external, "externalId came back as {}", user.body["externalId"]);
    let find = async |id: &str| client.filter("/Users", &format!("externalId eq \"{id}\"")).await;
    find(&external).await?.expect_list(1)?;
    find(&external.to_uppercase()).await?.expect_list(0)?;
    client.get(&format!("/Users/{external}")).await?.expect_error(404, None)
}

async fn last_modified_moves_with_every_change_and_only_then(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let meta = &user.body["meta"];
    ensure!(meta["created"] == meta["lastModified"], "lastModified is not created before any change");
    let same = json!([{"op": "replace", "path": "displayName", "value": user.body["displayName"]}]);
    let unchanged = client.patch(&user.path, same).await?;
    let now = &unchanged.expect(200)?["meta"];
    ensure!(now["lastModified"] == meta["lastModified"], "lastModified moved although nothing changed");
    let other = json!([{"op": "replace", "path": "displayName", "value": "Somebody Else"}]);
    let changed = client.patch(&user.path, other).await?;
    let now = &changed.expect(200)?["meta"];
    ensure!(now["lastModified"] != meta["lastModified"], "lastModified did not move with a change");
    ensure!(now["created"] == meta["created"], "created moved");
    Ok(())
}

async fn meta_has_a_location_and_times_with_zone(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let meta = &user.body["meta"];
    for member in ["created", "lastModified"] {
        let text = meta[member].as_str().unwrap_or_default();
        let read: Result<jiff::Timestamp, _> = text.parse();
        ensure!(read.is_ok(), "meta.{member} is no date and time with a zone: {text:?}");
    }
    let read = client.get(&user.path).await?;
    ensure!(read.expect(200)?["meta"]["location"] == meta["location"], "meta.location is not stable");
    let content_location = read.header("content-location");
    let same = content_location.is_empty() || meta["location"] == content_location;
    ensure!(same, "Content-Location is {content_location} and meta.location {}", meta["location"]);
    Ok(())
}

async fn attribute_names_are_read_without_regard_to_case(client: &Client) -> Result<(), Finding> {
    let name = client.fresh_name();
    let body = json!({
        "SCHEMAS": [USER],
        "USERNAME": name,
        "Name": {"GIVENNAME": "Check", "familyname": "Person"},
        "Emails": [{"Value": name, "TYPE": "work"}],
    });
    let user = client.make("/Users", &body).await?;
    ensure!(user.body["userName"] == name, "USERNAME was not read");
    ensure!(user.body["name"]["givenName"] == "Check", "GIVENNAME was not read");
    Ok(())
}

async fn active_is_a_boolean_and_the_inactive_stay_readable(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    ensure!(user.body["active"] == true, "active is {}", user.body["active"]);
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    ensure!(client.patch(&user.path, off).await?.expect(200)?["active"] == false, "active is not false");
    ensure!(client.get(&user.path).await?.expect(200)?["active"] == false, "active is not false when read");
    let name = user.body["userName"].as_str().unwrap_or_default();
    let found = client.filter("/Users", &format!("userName eq \"{name}\"")).await?.expect_list(1)?;
    ensure!(found.iter().all(|it| it["active"] == false), "active is not false in a list");
    Ok(())
}

async fn a_value_of_the_wrong_type_is_400(client: &Client) -> Result<(), Finding> {
    for (member, value) in [("active", json!("maybe")), ("name", json!(7)), ("displayName", json!({"a": 1}))]
    {
        let mut body = client.person();
        body[member] = value;
        client.send(Method::POST, "/Users", &body).await?.expect_error(400, Some("invalidValue"))?;
    }
    Ok(())
}

async fn lists_are_arrays_without_doubles(client: &Client) -> Result<(), Finding> {
    let number = json!({"value": "+15550100", "type": "work"});
    let user = client.user_with(&json!({"phoneNumbers": [number, number]})).await?;
    let count = user.body["phoneNumbers"].as_array().map(Vec::len);
    ensure!(count == Some(1), "one number sent twice came back as {}", user.body["phoneNumbers"]);
    Ok(())
}

async fn at_most_one_value_is_primary(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let second = json!([{"op": "add", "path": "emails", "value":
        [{"value": client.fresh_name(), "type": "home", "primary": true}]}]);
    let changed = client.patch(&user.path, second).await?;
    let emails = changed.expect(200)?["emails"].as_array().cloned().unwrap_or_default();
    let primary: Vec<_> = emails.iter().filter(|it| it["primary"] == true).collect();
    ensure!(
        emails.len() == 2 && primary.len() == 1,
        "{} of {} addresses are primary",
        primary.len(),
        emails.len()
    );
    ensure!(primary[0]["type"] == "home", "the address that became primary last is not");
    Ok(())
}

async fn a_password_is_never_in_an_answer(client: &Client) -> Result<(), Finding> {
    let secret = "t1meToChange!check";
    let user = client.user_with(&json!({"password": secret})).await?;
    ensure!(!user.body.to_string().contains(secret), "the create shows the password");
    for path in [user.path.clone(), format!("{}?attributes=password", user.path)] {
        let answer = client.get(&path).await?;
        ensure!(!answer.text.contains(secret), "{} shows the password", answer.asked);
        ensure!(answer.body["password"].is_null(), "{} has a password", answer.asked);
    }
    Ok(())
}

async fn what_is_written_comes_back_as_written(client: &Client) -> Result<(), Finding> {
    let mut person = client.person();
    let name = person["userName"].as_str().unwrap_or_default().replace("check", "Check");
    let address = format!("Mixed.Case.{name}");
    person["userName"] = name.clone().into();
    person["emails"][0]["value"] = address.clone().into();
    let made = client.make("/Users", &person).await?;
    let read = client.get(&made.path).await?;
    ensure!(read.expect(200)?["userName"] == name, "userName {name} came back as {}", read.body["userName"]);
    let found = &read.body["emails"][0]["value"];
    ensure!(*found == address, "the address {address} came back as {found}");
    Ok(())
}

async fn user_names_are_prepared_before_they_are_compared(client: &Client) -> Result<(), Finding> {
    let plain = client.fresh_name();
    let composed = format!("ma\u{f1}ana-{plain}");
    let decomposed = format!("man\u{303}ana-{plain}");
    let mut person = client.person();
    person["userName"] = composed.into();
    client.make("/Users", &person).await?;
    let mut same = client.person();
    same["userName"] = decomposed.clone().into();
    client.send(Method::POST, "/Users", &same).await?.expect_error(409, Some("uniqueness"))?;
    client.filter("/Users", &format!("userName eq \"{decomposed}\"")).await?.expect_list(1)?;
    Ok(())
}

async fn groups_of_a_user_cannot_be_written(client: &Client) -> Result<(), Finding> {
    let user = client.user_with(&json!({"groups": [{"value": "some-group"}]})).await?;
    ensure!(user.body["groups"].as_array().is_none_or(Vec::is_empty), "groups was written by a create");
    let patch = json!([{"op": "add", "path": "groups", "value": [{"value": "some-group"}]}]);
    client.patch(&user.path, patch).await?.expect_error(400, Some("mutability"))
}

async fn the_manager_stands_in_the_enterprise_extension_with_a_reference(
    client: &Client,
) -> Result<(), Finding> {
    let manager = client.user().await?;
    let user = client
        .user_with(&json!({
            "schemas": [USER, ENTERPRISE],
            (ENTERPRISE): {"department": "Checks", "manager": {"value": manager.id}},
        }))
        .await?;
    let found = &user.body[ENTERPRISE]["manager"];
    ensure!(found["value"] == manager.id, "manager is {found}");
    let reference = found["$ref"].as_str().unwrap_or_default();
    ensure!(
        reference.is_empty() || reference.ends_with(&manager.path),
        "manager.$ref is {reference} and not …{}",
        manager.path
    );
    Ok(())
}
