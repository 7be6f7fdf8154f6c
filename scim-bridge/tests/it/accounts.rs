//! Connecting a company at the simulator: what is tested, what is stored, what is refused.

use concur::auth::Grant;
use fixtures::simulator::Fault;
use scim_bridge::accounts::lifecycle::{self, Act, LifecycleError};
use scim_bridge::accounts::{AccountSettings, Clients, ConnectError, NewConnection, connect};
use scim_bridge::clock::Clock;
use store::accounts::AuthenticationType;

use crate::delivery_harness::{House, client_settings, connection};

#[tokio::test(flavor = "multi_thread")]
async fn a_connected_company_can_be_read_with_what_was_stored() {
    for house in House::each().await {
        assert_eq!(house.account.authentication_type, AuthenticationType::CompanyLevel);
        assert_eq!(house.account.geolocation.as_deref(), Some(house.concur.info().origins.us2.as_str()));
        assert!(house.account.first_connected_at.is_some());
        // Another process, which has only the store.
        let clients = Clients::new(house.base.another(), Clock::system(), client_settings());
        let client = clients.get(house.account.id).await.unwrap();
        assert!(!client.identity().list(1, None).await.unwrap().items.is_empty());
        client.refresh().await.unwrap();
        assert!(!client.identity().list(1, None).await.unwrap().items.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_level_connection_is_stored_without_the_password() {
    let house = House::new(AccountSettings::default()).await;
    let info = house.concur.info();
    let mut new = connection(&house.concur, "by login", AccountSettings::default());
    new.grant = Grant::User { username: info.username.clone(), password: info.password.clone().into() };
    let account = connect(house.store(), &Clock::system(), &client_settings(), new).await.unwrap().account;
    assert_eq!(account.authentication_type, AuthenticationType::UserLevel);
    let id = account.id;
    let password = house
        .store()
        .read(move |conn| store::credentials::get(conn, id, store::credentials::Kind::Password))
        .await;
    assert!(password.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_in_use_by_another_company_is_refused_with_the_ways_out() {
    let house = House::new(AccountSettings::default()).await;
    let mut other = connection(&house.concur, "acme", AccountSettings::default());
    if let Grant::Company { company_uuid, .. } = &mut other.grant {
        *company_uuid = uuid::Uuid::nil().to_string();
    }
    let error = connect(house.store(), &Clock::system(), &client_settings(), other).await.unwrap_err();
    assert!(matches!(error, ConnectError::OtherCompany { .. }), "{error:?}");
    for way_out in ["another name", "rename", "check"] {
        assert!(error.to_string().contains(way_out), "{error}");
    }
    let accounts = house.store().read(store::accounts::list).await.unwrap();
    assert_eq!(accounts.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn connecting_the_same_company_again_keeps_the_account_and_its_first_day() {
    let house = House::new(AccountSettings::default()).await;
    let settings =
        AccountSettings { login_domain: Some("example.com".to_owned()), ..AccountSettings::default() };
    let again = connection(&house.concur, "acme", settings.clone());
    let account = connect(house.store(), &Clock::system(), &client_settings(), again).await.unwrap().account;
    assert_eq!(account.id, house.account.id);
    assert_eq!(account.first_connected_at, house.account.first_connected_at);
    assert_eq!(AccountSettings::from_stored(&account.settings).unwrap(), settings);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_do_not_work_are_not_stored() {
    let house = House::new(AccountSettings::default()).await;
    let mut wrong = connection(&house.concur, "other", AccountSettings::default());
    wrong.client_secret = "not the secret".to_owned().into();
    let error = connect(house.store(), &Clock::system(), &client_settings(), wrong).await.unwrap_err();
    assert!(matches!(error, ConnectError::Exchange(_)), "{error:?}");
    assert!(house.store().read(|conn| store::accounts::by_name(conn, "other")).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_outside_of_concur_is_refused_before_anything_is_sent() {
    let house = House::new(AccountSettings::default()).await;
    let before = house.concur.requests().len();
    let mut strange = connection(&house.concur, "strange", AccountSettings::default());
    strange.base_uri = "https://concursolutions.com.example.org".to_owned();
    let error = connect(house.store(), &Clock::system(), &client_settings(), strange).await.unwrap_err();
    assert!(matches!(error, ConnectError::BaseUri(_)), "{error:?}");
    assert_eq!(house.concur.requests().len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_meets_an_outage_does_not_throw_the_exchanged_tokens_away() {
    let house = House::new(AccountSettings::default()).await;
    house.concur.inject(Fault::status("/profile/identity", 503, 1));
    let new = connection(&house.concur, "during an outage", AccountSettings::default());
    let connected = connect(house.store(), &Clock::system(), &client_settings(), new).await.unwrap();
    assert_eq!(connected.unread.as_ref().and_then(concur::Error::status), Some(503));
    let client = house.clients().get(connected.account.id).await.unwrap();
    assert!(!client.identity().list(1, None).await.unwrap().items.is_empty());
}

/// Another company's credentials at the same simulator: what is connected is what matters here, not what it can do.
fn other_company(house: &House, name: &str, replace: bool) -> NewConnection {
    let info = house.concur.info();
    let mut other = connection(&house.concur, name, AccountSettings::default());
    other.grant = Grant::User { username: info.username.clone(), password: info.password.clone().into() };
    NewConnection { replace, ..other }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_company_is_put_aside_whole_and_comes_back_with_one_call() {
    for house in House::each().await {
        let (store, clock) = (house.store(), Clock::system());
        let refused = connect(store, &clock, &client_settings(), other_company(&house, "acme", false)).await;
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("--replace \"acme\""), "{error}");
        let new = connect(store, &clock, &client_settings(), other_company(&house, "acme", true)).await;
        let new = new.unwrap().account;
        assert_ne!(new.id, house.account.id);
        let id = house.account.id;
        let aside = store.read(move |conn| store::accounts::get(conn, id)).await.unwrap();
        assert!(aside.name.starts_with("acme (replaced 20") && aside.paused_at.is_some(), "{aside:?}");
        assert_eq!(aside.company_uuid, house.account.company_uuid);

        let act = Act { actor: "test".to_owned(), at: clock.now() };
        let back = store.try_write(move |conn| lifecycle::undo_replace(conn, "acme", &act)).await.unwrap();
        assert_eq!((back.id, back.paused_at, back.name.as_str()), (id, None, "acme"));
        let client = house.clients().get(id).await.unwrap();
        assert!(
            !client.identity().list(1, None).await.unwrap().items.is_empty(),
            "its credentials still work"
        );
        let other = store.read(move |conn| store::accounts::get(conn, new.id)).await.unwrap();
        assert!(other.name.starts_with("acme (replaced 20") && other.paused_at.is_some(), "{other:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnected_company_keeps_its_data_and_can_be_connected_again() {
    let house = House::new(AccountSettings::default()).await;
    let (store, clock) = (house.store(), Clock::system());
    let act = Act { actor: "test".to_owned(), at: clock.now() };
    let at_concur = lifecycle::disconnect(store, &house.clients(), &house.account, &act).await.unwrap();
    assert!(matches!(at_concur, lifecycle::AtConcur::Revoked), "{at_concur}");
    let id = house.account.id;
    let (account, tokens) = store
        .read(move |conn| Ok((store::accounts::get(conn, id)?, store::oauth_tokens::load(conn, id)?)))
        .await
        .unwrap();
    assert_eq!(account.paused_reason.as_deref(), Some("disconnected"));
    assert!(tokens.is_none() && account.first_connected_at == house.account.first_connected_at);
    assert!(house.clients().get(id).await.is_err(), "there is nothing to speak to Concur with");
    house.concur.renew_request_token();
    let again = connection(&house.concur, "acme", AccountSettings::default());
    let again = connect(store, &clock, &client_settings(), again).await.unwrap().account;
    assert_eq!((again.id, again.paused_at), (id, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_account_is_the_same_and_a_taken_name_is_refused() {
    let house = House::new(AccountSettings::default()).await;
    let (store, clock) = (house.store(), Clock::system());
    let other = connect(store, &clock, &client_settings(), other_company(&house, "other", false)).await;
    let (other, account) = (other.unwrap().account, house.account.clone());
    let act = Act { actor: "test".to_owned(), at: clock.now() };
    let outcome = store
        .try_write(move |conn| {
            let taken = lifecycle::rename(conn, &other, "acme", &act);
            assert!(matches!(taken, Err(LifecycleError::NameTaken(_))), "{taken:?}");
            assert!(matches!(lifecycle::rename(conn, &other, " ", &act), Err(LifecycleError::NoName)));
            lifecycle::rename(conn, &account, " Acme EU ", &act)?;
            let renamed = store::accounts::by_name(conn, "Acme EU")?;
            assert_eq!(renamed.map(|found| found.id), Some(account.id));
            Ok::<_, LifecycleError>(())
        })
        .await;
    outcome.unwrap();
    let verdict = store.read(move |conn| store::audit::verify(conn, Some(house.account.id))).await.unwrap();
    assert!(matches!(verdict, store::audit::Verdict::Intact { .. }), "{verdict:?}");
}
