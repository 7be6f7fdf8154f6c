//! DELETE: RFC 7644 §3.6.

use reqwest::Method;
use serde_json::json;

use super::super::Finding;
use super::super::client::{Client, ensure};
use super::checks;

checks! {
    "RFC 7644 §3.6" [136, 137] a_delete_is_204_and_then_everything_is_404;
    "RFC 7644 §3.6" [83, 138] the_deleted_are_in_no_list_and_the_inactive_are;
    "RFC 7644 §3.6" [26, 139] a_deleted_user_name_is_free_and_the_id_is_not_used_again;
}

async fn a_delete_is_204_and_then_everything_is_404(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let deleted = client.delete(&user.path).await?;
    deleted.expect(204)?;
    ensure!(deleted.text.is_empty(), "204 with a body");
    client.get(&user.path).await?.expect_error(404, None)?;
    client.delete(&user.path).await?.expect_error(404, None)?;
    client.send(Method::PUT, &user.path, &user.body).await?.expect_error(404, None)?;
    client
        .patch(&user.path, json!([{"op": "add", "path": "title", "value": "x"}]))
        .await?
        .expect_error(404, None)
}

async fn the_deleted_are_in_no_list_and_the_inactive_are(client: &Client) -> Result<(), Finding> {
    let title = format!("Gone {}", client.fresh_name());
    let gone = client.user_with(&json!({"title": title})).await?;
    let inactive = client.user_with(&json!({"title": title, "active": false})).await?;
    client.delete(&gone.path).await?.expect(204)?;
    let found = client.filter("/Users", &format!("title eq \"{title}\"")).await?.expect_list(1)?;
    ensure!(found.iter().all(|it| it["id"] == inactive.id), "the list has {found:?}");
    Ok(())
}

async fn a_deleted_user_name_is_free_and_the_id_is_not_used_again(client: &Client) -> Result<(), Finding> {
    let person = client.person();
    let first = client.make("/Users", &person).await?;
    client.delete(&first.path).await?.expect(204)?;
    let second = client.make("/Users", &person).await?;
    ensure!(second.id != first.id, "the id of a deleted user is used again");
    client.get(&first.path).await?.expect_error(404, None)
}
