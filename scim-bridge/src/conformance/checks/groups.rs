//! Groups: RFC 7643 §4.2, and what identity providers do with them.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::Finding;
use super::super::client::{Client, GROUP, ensure};
use super::checks;

checks! {
    "RFC 7643 §4.2" [55] a_group_needs_a_display_name;
    "RFC 7643 §4.2" [56] members_come_and_go_one_by_one_and_all_at_once;
    "Entra ID" [57] a_second_group_of_one_name_is_409;
    "Entra ID" [70] groups_are_shown_without_members_on_request;
    "RFC 7643 §4.1.2" [51] a_member_sees_its_group;
}

async fn a_group_needs_a_display_name(client: &Client) -> Result<(), Finding> {
    client.offers_groups()?;
    let group = client.group().await?;
    ensure!(group.body["meta"]["resourceType"] == "Group", "meta.resourceType is {}", group.body["meta"]);
    client
        .send(Method::POST, "/Groups", &json!({"schemas": [GROUP]}))
        .await?
        .expect_error(400, Some("invalidValue"))
}

fn members(body: &Value) -> Vec<&str> {
    body["members"].as_array().into_iter().flatten().filter_map(|it| it["value"].as_str()).collect()
}

async fn members_come_and_go_one_by_one_and_all_at_once(client: &Client) -> Result<(), Finding> {
    client.offers_groups()?;
    let (one, other) = (client.user().await?, client.user().await?);
    let group = client.group().await?;
    let both = json!([{"value": one.id}, {"value": other.id}]);
    let after = client.patch(&group.path, json!([{"op": "add", "path": "members", "value": both}])).await?;
    after.expect_patched()?;
    let read = client.get(&group.path).await?;
    ensure!(members(&read.body).len() == 2, "two were added, there are {:?}", members(&read.body));
    let path = format!("members[value eq \"{}\"]", one.id);
    client.patch(&group.path, json!([{"op": "remove", "path": path}])).await?.expect_patched()?;
    let read = client.get(&group.path).await?;
    ensure!(members(&read.body) == [other.id.as_str()], "left are {:?}", members(&read.body));
    // Entra names the members to remove in the value, and means no others.
    let named = json!([{"op": "Remove", "path": "members", "value": [{"value": one.id}]}]);
    client.patch(&group.path, named).await?.expect_patched()?;
    let read = client.get(&group.path).await?;
    ensure!(
        members(&read.body) == [other.id.as_str()],
        "removing one who is no member left {:?}",
        members(&read.body)
    );
    client
        .patch(&group.path, json!([{"op": "replace", "path": "members", "value": []}]))
        .await?
        .expect_patched()?;
    let read = client.get(&group.path).await?;
    ensure!(members(&read.body).is_empty(), "an empty list left {:?}", members(&read.body));
    Ok(())
}

async fn a_second_group_of_one_name_is_409(client: &Client) -> Result<(), Finding> {
    client.offers_groups()?;
    let group = client.group().await?;
    let again = json!({"schemas": [GROUP], "displayName": group.body["displayName"]});
    client.send(Method::POST, "/Groups", &again).await?.expect_error(409, Some("uniqueness"))
}

async fn groups_are_shown_without_members_on_request(client: &Client) -> Result<(), Finding> {
    client.offers_groups()?;
    let (user, group) = (client.user().await?, client.group().await?);
    let add = json!([{"op": "add", "path": "members", "value": [{"value": user.id}]}]);
    client.patch(&group.path, add).await?.expect_patched()?;
    let read = client.get(&format!("{}?excludedAttributes=members", group.path)).await?;
    ensure!(read.expect(200)?["members"].is_null(), "members are shown by id");
    let filter = format!("displayName eq {}", group.body["displayName"]);
    let query = [("excludedAttributes", "members"), ("filter", &filter)];
    let list = client.read(client.request(Method::GET, "/Groups").query(&query)).await?.expect_list(1)?;
    ensure!(list.iter().all(|it| it["members"].is_null()), "members are shown in a list");
    let holds = format!("id eq \"{}\" and members eq \"{}\"", group.id, user.id);
    client.filter("/Groups", &holds).await?.expect_list(1)?;
    Ok(())
}

async fn a_member_sees_its_group(client: &Client) -> Result<(), Finding> {
    client.offers_groups()?;
    let (user, group) = (client.user().await?, client.group().await?);
    let add = json!([{"op": "add", "path": "members", "value": [{"value": user.id}]}]);
    client.patch(&group.path, add).await?.expect_patched()?;
    let read = client.get(&user.path).await?;
    let groups = read.expect(200)?["groups"].as_array().cloned().unwrap_or_default();
    ensure!(groups.iter().any(|it| it["value"] == group.id), "the user's groups are {groups:?}");
    Ok(())
}
