//! A create that is sent again because its answer was lost (feature B20, reliability P1 and P2).

use std::time::Duration;

use scim_bridge::config::DeliveryMode;
use serde_json::json;

use crate::harness::{ada, everywhere, user, with};

#[tokio::test(flavor = "multi_thread")]
async fn a_create_repeated_word_for_word_gets_the_answer_of_the_first_and_does_nothing() {
    everywhere(async |house| {
        let first = house.post(&ada()).await;
        let again = house.post(&ada()).await;
        assert_eq!(first.expect(201)["id"], again.expect(201)["id"]);
        assert_eq!(first.header("location"), again.header("location"));
        assert_eq!(first.header("etag"), again.header("etag"));
        let twin = user("twin@example.com");
        let (one, two) = tokio::join!(house.post(&twin), house.post(&twin));
        assert_eq!(one.expect(201)["id"], two.expect(201)["id"], "also while the first one is under way");
        assert_eq!(house.get("/Users").await.expect(200)["totalResults"], 2);
        assert_eq!(house.operations().await.len(), 2, "one operation for each person");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_repeat_is_a_conflict() {
    with(
        |config| config.delivery.mode = DeliveryMode::AcceptOnly,
        async |house| {
            let id = house.post(&ada()).await.expect(201)["id"].as_str().unwrap().to_owned();
            let mut other = ada();
            other["title"] = "Lead".into();
            house.post(&other).await.expect_error(409, Some("uniqueness"));
            let mut stranger = ada();
            stranger["externalId"] = "00u2".into();
            house.post(&stranger).await.expect_error(409, Some("uniqueness"));
            // Without an externalId nobody can tell a repeat from a second person: Okta's SPEC test wants 409 then.
            let mut nameless = user("nameless@example.com");
            nameless.as_object_mut().unwrap().remove("externalId");
            house.post(&nameless).await.expect(201);
            house.post(&nameless).await.expect_error(409, Some("uniqueness"));
            house.patch(&id, json!({"op": "replace", "path": "title", "value": "Lead"})).await.expect(200);
            house.post(&ada()).await.expect_error(409, Some("uniqueness"));
        },
    )
    .await;
    let at_once = |config: &mut scim_bridge::config::Config| config.repeat_within = Duration::ZERO;
    with(at_once, async |house| {
        house.post(&ada()).await.expect(201);
        house.post(&ada()).await.expect_error(409, Some("uniqueness"));
    })
    .await;
}

/// What Concur refuses is refused to whoever repeats it as well, and taken back once.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_waits_for_the_same_verdict() {
    everywhere(async |house| {
        let numbered = |user_name: &str| {
            let mut user = user(user_name);
            user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] =
                json!({"employeeNumber": "E-4711"});
            user
        };
        house.post(&numbered("first@example.com")).await.expect(201);
        let second = numbered("second@example.com");
        let (one, two) = tokio::join!(house.post(&second), house.post(&second));
        one.expect(409);
        two.expect(409);
        assert_eq!(house.get("/Users").await.expect(200)["totalResults"], 1);
    })
    .await;
}
