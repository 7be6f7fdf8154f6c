//! Connecting a company at the simulator: what is tested, what is stored, what is refused.

use concur::auth::Grant;
use scim_bridge::accounts::{AccountSettings, Clients, ConnectError, connect};
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
    let account = connect(house.store(), &Clock::system(), &client_settings(), new).await.unwrap();
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
    let account = connect(house.store(), &Clock::system(), &client_settings(), again).await.unwrap();
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
