//! People who are deleted and come back: one person in Concur, one order, over all the resources they ever were.

use std::time::Duration;

use fixtures::simulator::{Fault, FaultKind};
use scim_bridge::config::Config;
use serde_json::{Value, json};
use store::operations::State;

use crate::harness::{everywhere, user, with};

/// The values of `active` that Concur was sent for this user, in order; a create stands for true.
fn active_sent(writes: &[fixtures::simulator::Write]) -> Vec<bool> {
    let mut sent = Vec::new();
    for write in writes.iter().filter(|write| write.path.starts_with("/profile/v4/Users")) {
        if write.method == "POST" {
            sent.push(true);
        }
        let patches = write.body["Operations"].as_array().cloned().unwrap_or_default();
        sent.extend(
            patches.iter().filter(|it| it["path"] == "active").filter_map(|it| it["value"].as_bool()),
        );
    }
    sent
}

async fn in_concur(house: &crate::harness::House, name: &str) -> Vec<Value> {
    let client = house.running.bridge().accounts.get(house.account.id).await.unwrap();
    let by = concur::api::LookupAttribute::UserName;
    client
        .identity()
        .find_by(by, name)
        .await
        .unwrap()
        .into_iter()
        .map(concur::model::IdentityUser::into_raw)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_deactivation_of_the_earlier_life_never_overtakes_the_return() {
    // The looks at an unknown outcome go on for longer than the effect takes: it counts as lost only after 3.7 s.
    let patient = |config: &mut Config| config.delivery.settle_first = Duration::from_millis(100);
    with(patient, async |house| {
        let created = house.post(&user("back@example.com")).await.expect(201);
        house.until("the user is there", async || all_done(house).await).await;
        // The deactivation's answer is lost and its effect comes late, so it stays unknown for a while.
        house
            .simulator
            .inject(Fault::once("/profile/v4/Users", FaultKind::ApplyLate { seconds: 1 }).on("PATCH"));
        house.delete(&format!("/Users/{}", created["id"].as_str().unwrap())).await;
        let again = house.post(&user("back@example.com")).await.expect(201);
        assert_ne!(again["id"], created["id"], "another resource");
        house.until("everything is done", async || all_done(house).await).await;
        let there = in_concur(house, "back@example.com").await;
        assert_eq!(there.len(), 1);
        assert_eq!(there[0]["active"], json!(true), "{:?}", house.simulator.writes());
        let sent = active_sent(&house.simulator.writes());
        assert_eq!(sent.last(), Some(&true), "{sent:?}");
        assert_eq!(sent[..2], [true, false], "the deactivation was sent, and before the return: {sent:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn someone_who_returns_under_another_name_is_found_by_the_providers_id() {
    everywhere(async |house| {
        let created = house.post(&user("maiden@example.com")).await.expect(201);
        house.until("the user is there", async || all_done(house).await).await;
        let id = in_concur(house, "maiden@example.com").await[0]["id"].clone();
        house.delete(&format!("/Users/{}", created["id"].as_str().unwrap())).await;
        let mut married = user("married@example.com");
        married["externalId"] = user("maiden@example.com")["externalId"].clone();
        house.post(&married).await.expect(201);
        house.until("everything is done", async || all_done(house).await).await;
        let there = in_concur(house, "married@example.com").await;
        assert_eq!((there.len(), &there[0]["id"], &there[0]["active"]), (1, &id, &json!(true)));
        assert!(in_concur(house, "maiden@example.com").await.is_empty());
    })
    .await;
}

async fn all_done(house: &crate::harness::House) -> bool {
    let operations = house.operations().await;
    operations.iter().all(|(_, state)| {
        let state: State = state.parse().unwrap();
        assert_ne!(state, State::Failed, "{operations:?}");
        state.is_end()
    })
}
