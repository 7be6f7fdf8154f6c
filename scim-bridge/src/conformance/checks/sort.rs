//! Sorting: RFC 7644 §3.4.2.3.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::Finding;
use super::super::client::{Client, ensure};
use super::checks;

checks! {
    "RFC 7644 §3.4.2.3" [99, 100] a_list_is_sorted_up_by_default_and_down_on_request;
    "RFC 7644 §3.4.2.3" [101] lists_are_sorted_by_their_primary_value_and_parts_by_path;
    "RFC 7644 §3.4.2.3" [102] who_has_no_value_comes_last_going_up_and_first_going_down;
}

/// Three users with one title; their ids in the order of the sorted list.
async fn sorted(client: &Client, title: &str, by: &str, order: Option<&str>) -> Result<Vec<Value>, Finding> {
    let mut query = vec![("filter", format!("title eq \"{title}\"")), ("sortBy", by.to_owned())];
    query.extend(order.map(|order| ("sortOrder", order.to_owned())));
    client.read(client.request(Method::GET, "/Users").query(&query)).await?.list()
}

fn column(users: &[Value], pointer: &str) -> Vec<String> {
    users.iter().map(|it| it.pointer(pointer).and_then(Value::as_str).unwrap_or("-").to_owned()).collect()
}

async fn a_list_is_sorted_up_by_default_and_down_on_request(client: &Client) -> Result<(), Finding> {
    client.offers("sort")?;
    let title = format!("Sort {}", client.fresh_name());
    for name in ["bravo", "Alpha", "charlie"] {
        client.user_with(&json!({"title": title, "displayName": name})).await?;
    }
    let up = column(&sorted(client, &title, "displayName", None).await?, "/displayName");
    // displayName is not case-exact: capitals do not come first.
    ensure!(up == ["Alpha", "bravo", "charlie"], "ascending: {up:?}");
    let down = column(&sorted(client, &title, "displayName", Some("descending")).await?, "/displayName");
    ensure!(down == ["charlie", "bravo", "Alpha"], "descending: {down:?}");
    let mut by_time = column(&sorted(client, &title, "meta.created", None).await?, "/meta/created");
    let first = by_time.clone();
    by_time.sort();
    ensure!(first == by_time, "by meta.created: {first:?}");
    Ok(())
}

async fn lists_are_sorted_by_their_primary_value_and_parts_by_path(client: &Client) -> Result<(), Finding> {
    client.offers("sort")?;
    let title = format!("Sort {}", client.fresh_name());
    for (family, prefix) in [("Zulu", "b"), ("Yankee", "a")] {
        let first = format!("z-{}", client.fresh_name());
        let primary = format!("{prefix}-{}", client.fresh_name());
        let emails =
            json!([{"value": first, "type": "home"}, {"value": primary, "type": "work", "primary": true}]);
        let name = json!({"givenName": "Check", "familyName": family});
        client.user_with(&json!({"title": title, "name": name, "emails": emails})).await?;
    }
    for by in ["emails", "name.familyName"] {
        let families = column(&sorted(client, &title, by, None).await?, "/name/familyName");
        ensure!(families == ["Yankee", "Zulu"], "by {by}: {families:?}");
    }
    Ok(())
}

async fn who_has_no_value_comes_last_going_up_and_first_going_down(client: &Client) -> Result<(), Finding> {
    client.offers("sort")?;
    let title = format!("Sort {}", client.fresh_name());
    client.user_with(&json!({"title": title})).await?;
    client.user_with(&json!({"title": title, "nickName": "Nick"})).await?;
    let up = column(&sorted(client, &title, "nickName", None).await?, "/nickName");
    ensure!(up == ["Nick", "-"], "ascending: {up:?}");
    let down = column(&sorted(client, &title, "nickName", Some("descending")).await?, "/nickName");
    ensure!(down == ["-", "Nick"], "descending: {down:?}");
    Ok(())
}
