//! Connections that nobody uses are kept alive, once a day, whatever state their account is in.

use std::time::Duration;

use jiff::SignedDuration;
use scim_bridge::accounts::{AccountSettings, Clients};
use scim_bridge::clock::Clock;
use scim_bridge::upkeep::KeepAlive;
use store::webhooks::{self, Topic};

use crate::delivery_harness::{House, client_settings};

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_outlives_the_six_months_of_its_refresh_token() {
    let house = House::new(AccountSettings::default()).await;
    let (clock, hand) = Clock::manual(Clock::system().now());
    let clients = Clients::new(house.store().clone(), clock.clone(), client_settings());
    let (store, account) = (house.store(), house.account.id);
    // Nothing is sent for a paused account, and its connection must not die for that.
    let now = clock.now();
    store.write(move |conn| store::accounts::pause(conn, account, "holiday", now)).await.unwrap();
    let mut keeper = KeepAlive::default();
    assert_eq!(keeper.round(store, &clients, clock.now()).await.unwrap(), 0, "connected a moment ago");
    for _ in 0..7 {
        let month = Duration::from_hours(30 * 24);
        hand.advance(SignedDuration::try_from(month).unwrap());
        house.concur.advance(month);
        assert_eq!(keeper.round(store, &clients, clock.now()).await.unwrap(), 1);
        assert_eq!(keeper.round(store, &clients, clock.now()).await.unwrap(), 0, "once is enough");
    }
    let tokens = store.read(move |conn| store::oauth_tokens::load(conn, account)).await.unwrap().unwrap();
    assert_eq!(tokens.refresh_issued_at, clock.now());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_connection_is_tried_once_an_hour_and_never_in_a_loop() {
    let house = House::new(AccountSettings::default()).await;
    let (clock, hand) = Clock::manual(Clock::system().now());
    let clients = Clients::new(house.store().clone(), clock.clone(), client_settings());
    house.concur.revoke_all_tokens();
    let (account, now) = (house.account.id, clock.now());
    let hook = move |conn: &mut store::Conn| {
        let (topics, secret) = ([Topic::ConnectionFailing], "whsec_".into());
        webhooks::insert(conn, account, "https://hooks.example.com/", &topics, &secret, now)
    };
    let hook = house.store().write(hook).await.unwrap();
    let asked =
        || house.concur.requests().iter().filter(|request| request.path == "/oauth2/v0/token").count();
    let before = asked();
    hand.advance(SignedDuration::from_hours(25));
    let mut keeper = KeepAlive::default();
    for _ in 0..3 {
        assert_eq!(keeper.round(house.store(), &clients, clock.now()).await.unwrap(), 0);
        hand.advance(SignedDuration::from_mins(10));
    }
    assert_eq!(asked() - before, 1);
    hand.advance(SignedDuration::from_hours(1));
    keeper.round(house.store(), &clients, clock.now()).await.unwrap();
    assert_eq!(asked() - before, 2);
    let told = move |conn: &mut store::Conn| webhooks::list_messages(conn, hook.id, None, 10);
    let told = house.store().read(told).await.unwrap();
    assert_eq!(told.len(), 1, "told once, until it works again");
    assert!(told[0].body.contains("\"days_left\":"), "{}", told[0].body);
}
