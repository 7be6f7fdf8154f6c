//! What waits, with the settings that are shipped: what Concur may be asked in a second is the limit. Concur is away for an
//! hour of changes, and then how soon all of them are there; memory and restart with everything queued; people who leave
//! while everyone else's change waits; answers that are lost.

use fixtures::simulator::{Fault, FaultKind};

use super::scene::{QUICK, SHIPPED, Scene};

/// An hour of ten changes a second.
const CHANGES: usize = 36_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes the better part of an hour: cargo xtask torture --outage"]
async fn an_hour_of_changes_is_caught_up_with_after_an_outage() {
    let mut scene = Scene::set(SHIPPED).await.unbraked().await;
    scene.simulator.inject(Fault::status("/profile/", 503, u32::MAX));
    scene.accept(CHANGES).await;
    scene.catch_up().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes a quarter of an hour: cargo xtask torture --queue"]
async fn a_change_of_everyone_waits_in_little_memory() {
    let mut scene = Scene::set(SHIPPED).await.unbraked().await;
    scene.simulator.inject(Fault::status("/profile/", 503, u32::MAX));
    scene.accept(scene.provider.ids.len()).await;
    scene.replicas.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes a quarter of an hour: cargo xtask torture --leavers"]
async fn who_leaves_does_not_wait_behind_everybody_elses_change() {
    let mut scene = Scene::set(SHIPPED).await.unbraked().await;
    scene.accept(scene.provider.ids.len()).await;
    scene.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it takes minutes: cargo xtask torture --lost-answers"]
async fn answers_that_are_lost_double_and_reorder_nothing() {
    let scene = Scene::set(QUICK).await.unbraked().await;
    // Three of ten answers never come, of Bulk and of single requests, though all was done.
    let lost = Fault { every: 10, ..Fault::once("/profile/v4/", FaultKind::CloseAfter).times(u32::MAX) };
    for (skip, method) in [(0, "POST"), (3, "POST"), (6, "POST"), (0, "PATCH"), (3, "PATCH"), (6, "PATCH")] {
        scene.simulator.inject(Fault { skip, ..lost.clone().on(method) });
    }
    let people = scene.provider.ids.len();
    scene.provider.join(people).await;
    scene.provider.change_everyone(people).await;
    scene.settle_all(people).await;
}
