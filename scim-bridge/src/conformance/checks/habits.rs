//! What identity providers do beyond the RFCs, RFC or not.

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

use super::super::Finding;
use super::super::client::{Client, ENTERPRISE, PATCH, USER, ensure};
use super::checks;

checks! {
    "Entra ID" [98] a_part_behind_the_brackets_of_a_filter_is_read;
    "Entra ID" [129, 135] a_value_path_that_matches_nothing_creates_the_value;
    "Entra ID" [135] booleans_come_as_text;
    "Entra ID" [135] the_keys_of_a_value_without_path_are_paths;
    "Entra ID" [135] a_manager_comes_in_every_shape;
    "Entra ID" [135] removing_with_a_value_never_sets_it;
    "Entra ID" [135] extra_members_and_empty_operations_do_no_harm;
    "Okta" [135] the_answer_to_a_get_can_be_put_back;
    "Okta" [135] active_is_switched_without_a_path;
    "OneLogin" [4, 135] plain_json_is_served_and_empty_texts_are_unassigned;
}

async fn a_part_behind_the_brackets_of_a_filter_is_read(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let address = &user.body["emails"][0]["value"];
    let filter = format!("emails[type eq \"work\"].value eq {address}");
    let found = client.filter("/Users", &filter).await?.expect_list(1)?;
    ensure!(found.iter().all(|it| it["id"] == user.id), "{filter} finds somebody else");
    Ok(())
}

async fn a_value_path_that_matches_nothing_creates_the_value(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let (home, other) = (client.fresh_name(), client.fresh_name());
    let operations = json!([
        {"op": "Add", "path": "emails[type eq \"home\"].value", "value": home},
        {"op": "Replace", "path": "emails[type eq \"other\"].value", "value": other},
        {"op": "Add", "path": "addresses[type eq \"work\"].streetAddress", "value": "5 Mill Lane"},
        {"op": "Add", "path": "addresses[type eq \"work\"].postalCode", "value": "LS1 4AP"},
    ]);
    let answer = client.patch(&user.path, operations).await?;
    let body = answer.expect(200)?;
    let emails = body["emails"].as_array().cloned().unwrap_or_default();
    for (kind, value) in [("home", home), ("other", other)] {
        let made = emails.iter().any(|it| it["type"] == kind && it["value"] == value);
        ensure!(made, "no {kind} address was made: {emails:?}");
    }
    let addresses = body["addresses"].as_array().map_or(0, Vec::len);
    ensure!(addresses == 1, "two parts of one address made {addresses} addresses");
    Ok(())
}

async fn booleans_come_as_text(client: &Client) -> Result<(), Finding> {
    let user = client.user_with(&json!({"active": "True"})).await?;
    ensure!(user.body["active"] == true, "active \"True\" came back as {}", user.body["active"]);
    let off =
        client.patch(&user.path, json!([{"op": "Replace", "path": "active", "value": "False"}])).await?;
    ensure!(off.expect(200)?["active"] == false, "active \"False\" came back as {}", off.body["active"]);
    let on = client.patch(&user.path, json!([{"op": "Replace", "value": {"active": "True"}}])).await?;
    ensure!(
        on.expect(200)?["active"] == true,
        "active \"True\" without path came back as {}",
        on.body["active"]
    );
    Ok(())
}

async fn the_keys_of_a_value_without_path_are_paths(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let department = format!("{ENTERPRISE}:department");
    let value = json!({
        "id": "ignored",
        "displayName": "Bundled",
        "name.givenName": "Bundled",
        (department): "Checks",
        (ENTERPRISE): {"costCenter": "7"},
        "noSuchAttribute": 1,
    });
    let answer = client.patch(&user.path, json!([{"op": "replace", "value": value}])).await?;
    let body = answer.expect(200)?;
    ensure!(body["displayName"] == "Bundled", "a plain key was not set");
    ensure!(body["name"]["givenName"] == "Bundled", "a dotted key was not set");
    ensure!(body["name"]["familyName"] == "Person", "a dotted key took its neighbours away");
    let extension = &body[ENTERPRISE];
    ensure!(
        extension["department"] == "Checks" && extension["costCenter"] == "7",
        "the extension is {extension}"
    );
    ensure!(body["id"] == user.id, "the id changed");
    Ok(())
}

async fn a_manager_comes_in_every_shape(client: &Client) -> Result<(), Finding> {
    let (boss, user) = (client.user().await?, client.user().await?);
    let path = format!("{ENTERPRISE}:manager");
    let manager = |body: &Value| body[ENTERPRISE]["manager"]["value"].clone();
    for value in
        [json!(boss.id), json!({"value": boss.id}), json!([{"$ref": "../Users/x", "value": boss.id}])]
    {
        let set = client.patch(&user.path, json!([{"op": "Add", "path": path, "value": value}])).await?;
        ensure!(manager(set.expect(200)?) == boss.id, "{value} set the manager to {}", manager(&set.body));
        let unset = client.patch(&user.path, json!([{"op": "Replace", "path": path, "value": ""}])).await?;
        ensure!(manager(unset.expect(200)?).is_null(), "\"\" left the manager {}", manager(&unset.body));
    }
    Ok(())
}

async fn removing_with_a_value_never_sets_it(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let remove =
        json!([{"op": "Remove", "path": "emails[type eq \"work\"].value", "value": "set.me@example.com"}]);
    let answer = client.patch(&user.path, remove).await?;
    ensure!(!answer.text.contains("set.me"), "the value to remove was set");
    Ok(())
}

async fn extra_members_and_empty_operations_do_no_harm(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let body = json!({"id": "x", "schemas": [PATCH], "Operations": [
        {"name": "addTitle", "op": "Add", "path": "title", "value": "Head"}]});
    let answer = client.send(Method::PATCH, &user.path, &body).await?;
    ensure!([200, 204].contains(&answer.status), "extra members: {}", answer.told());
    let none = client.patch(&user.path, json!([])).await?;
    ensure!(none.expect(200)?["title"] == "Head", "no operations changed something");
    Ok(())
}

async fn the_answer_to_a_get_can_be_put_back(client: &Client) -> Result<(), Finding> {
    let user = client.user_with(&json!({"groups": [], "password": "kX8!placeholder"})).await?;
    let mut body = client.get(&user.path).await?.expect(200)?.clone();
    body["active"] = false.into();
    body["groups"] = json!([]);
    let answer = client.send(Method::PUT, &user.path, &body).await?;
    ensure!(answer.expect(200)?["active"] == false, "the user was not switched off");
    ensure!(answer.body["emails"] == user.body["emails"], "the addresses changed");
    Ok(())
}

async fn active_is_switched_without_a_path(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    for active in [false, true] {
        let answer =
            client.patch(&user.path, json!([{"op": "replace", "value": {"active": active}}])).await?;
        ensure!(answer.expect(200)?["active"] == active, "active is {}", answer.body["active"]);
    }
    Ok(())
}

async fn plain_json_is_served_and_empty_texts_are_unassigned(client: &Client) -> Result<(), Finding> {
    let mut person = client.person();
    person["schemas"] = json!([USER, ENTERPRISE]);
    person["title"] = "".into();
    person["phoneNumbers"] = json!([{"value": "", "type": "work"}]);
    person[ENTERPRISE] = json!({"department": "", "manager": {"value": ""}});
    let request = client
        .bare(Method::POST, "/Users")
        .header(AUTHORIZATION, format!("Bearer {}", client.token()))
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/json");
    let answer = client.read(request.body(person.to_string())).await?;
    answer.expect(201)?;
    let media_type = answer.header("content-type").to_owned();
    let made = client.made("/Users", answer)?;
    ensure!(media_type.starts_with("application/json"), "plain JSON was asked for, got {media_type}");
    ensure!(made.body["title"].as_str().is_none_or(str::is_empty), "title is {}", made.body["title"]);
    let manager = &made.body[ENTERPRISE]["manager"]["value"];
    ensure!(manager.as_str().is_none_or(str::is_empty), "an empty manager is {manager}");
    Ok(())
}
