//! A mistake at the provider that would take access from most of a company within a minute: what the brake lets through,
//! how soon it says so, and that its release brings everything there.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use store::testing::{TestStore, lines};

use super::scene::{SHIPPED, Scene, http};

/// One person after the other; ten in a second are 600 in a minute.
const PACE: Duration = Duration::from_millis(100);
/// The longest that the operator may stay without a word.
const ALERT_WITHIN: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes minutes: cargo xtask torture --mistake"]
async fn six_of_ten_people_lose_their_access_only_when_somebody_says_so() {
    let scene = Scene::set(SHIPPED).await;
    let people = scene.provider.ids.len();
    let (leavers, allowed) = (people * 6 / 10, (people / 20).max(10));
    let leave = json!({"op": "replace", "path": "active", "value": false});
    let (http, began) = (http(), Instant::now());
    let mut pace = tokio::time::interval(PACE);
    for id in &scene.provider.ids[..leavers] {
        pace.tick().await;
        scene.provider.patch(&http, id, &leave).await;
    }
    let sent_in = began.elapsed();
    let told_after = loop {
        if let Some(told_after) = told_after(&scene.database).await {
            break told_after;
        }
        assert!(began.elapsed() < sent_in + ALERT_WITHIN, "nobody is told that the brake is tripped");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    scene.rest_but_held().await;
    let applied = scene.without_access().await;
    println!(
        "{leavers} of {people} people were deactivated within {:.0} s: {applied} went, the limit is {allowed}; \
         the alert came {:.1} s after the brake had tripped",
        sent_in.as_secs_f64(),
        told_after.as_secs_f64(),
    );
    assert_eq!(applied, allowed, "the limit is used, and kept");
    assert!(told_after < ALERT_WITHIN);

    let released = Instant::now();
    let all = json!({"all": true, "reason": "the plant closes"});
    scene.provider.send(&http, Method::POST, "/api/v1/brake/release", &all).await;
    scene.rest_but_held().await;
    println!("released: the rest had gone {:.0} s later", released.elapsed().as_secs_f64());
    assert_eq!(scene.without_access().await, leavers, "everything that was held went");
    scene.replicas.stop();
}

/// From the moment when the brake tripped until the operator was told; `None` while neither is so.
async fn told_after(database: &TestStore) -> Option<Duration> {
    let sql = "SELECT CAST(alerted_at - tripped_at AS TEXT) AS line FROM brakes WHERE alerted_at IS NOT NULL";
    let micros = database.store.read(move |conn| lines(conn, sql)).await.unwrap();
    micros.first().map(|text| Duration::from_micros(text.parse().unwrap()))
}
