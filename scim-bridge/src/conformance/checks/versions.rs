//! Versions: RFC 7644 §3.14.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;

use super::super::Finding;
use super::super::client::{Client, PATCH, SCIM_JSON, ensure};
use super::checks;

checks! {
    "RFC 7644 §3.14" [153] the_entity_tag_is_the_version_and_changes_with_the_resource;
    "RFC 7644 §3.14" [154] a_known_version_is_304;
    "RFC 7644 §3.14" [155] a_stale_version_is_412_and_any_version_matches_a_star;
}

async fn the_entity_tag_is_the_version_and_changes_with_the_resource(client: &Client) -> Result<(), Finding> {
    client.offers("etag")?;
    let user = client.user().await?;
    let read = client.get(&user.path).await?;
    let tag = read.header("etag").to_owned();
    ensure!(!tag.is_empty(), "no ETag");
    ensure!(
        read.body["meta"]["version"] == tag,
        "meta.version is {}, ETag {tag}",
        read.body["meta"]["version"]
    );
    client.patch(&user.path, json!([{"op": "add", "path": "title", "value": "New"}])).await?.expect(200)?;
    let changed = client.get(&user.path).await?;
    ensure!(changed.header("etag") != tag, "the ETag stayed although the resource changed");
    Ok(())
}

async fn a_known_version_is_304(client: &Client) -> Result<(), Finding> {
    client.offers("etag")?;
    let user = client.user().await?;
    let tag = client.get(&user.path).await?.header("etag").to_owned();
    let again = client.read(client.request(Method::GET, &user.path).header("If-None-Match", &tag)).await?;
    again.expect(304)?;
    ensure!(again.text.is_empty(), "304 with a body");
    Ok(())
}

async fn a_stale_version_is_412_and_any_version_matches_a_star(client: &Client) -> Result<(), Finding> {
    client.offers("etag")?;
    let user = client.user().await?;
    let tag = client.get(&user.path).await?.header("etag").to_owned();
    let set = async |value: &str, if_match: &str| {
        let operations = json!([{"op": "replace", "path": "title", "value": value}]);
        let body = json!({"schemas": [PATCH], "Operations": operations});
        let request = client.request(Method::PATCH, &user.path).header("If-Match", if_match);
        client.read(request.header(CONTENT_TYPE, SCIM_JSON).body(body.to_string())).await
    };
    let first = set("first", &tag).await?;
    ensure!([200, 204].contains(&first.status), "If-Match with the current version: {}", first.told());
    set("second", &tag).await?.expect_error(412, None)?;
    let read = client.get(&user.path).await?;
    ensure!(read.expect(200)?["title"] == "first", "a stale If-Match changed something");
    let any = set("third", "*").await?;
    ensure!([200, 204].contains(&any.status), "If-Match: *: {}", any.told());
    Ok(())
}
