//! Pre-flight: what the company's employee form requires is known before anything is sent.

use std::collections::BTreeMap;

use scim_bridge::accounts::forms::Forms;
use scim_bridge::clock::Clock;
use scim_bridge::delivery::part;
use scim_bridge::translate::SPEND;
use serde_json::{Value, json};
use store::ids::ResourceId;
use store::operations::State;

use crate::delivery_harness::{House, accepted, person};

const SPEND_IN: &str = scim::urn::SPEND_USER;

async fn parts(house: &House, resource: ResourceId) -> BTreeMap<String, (String, String)> {
    let parts = house.store().read(move |conn| store::links::extensions(conn, resource)).await.unwrap();
    parts.into_iter().map(|it| (it.extension, (it.state, it.error_message.unwrap_or_default()))).collect()
}

async fn spend(house: &House, resource: ResourceId) -> Option<Value> {
    let id = house.link(resource).await.concur_user_id.unwrap().parse().unwrap();
    house.client().await.spend().get_user(&id).await.unwrap()
}

async fn read_forms(house: &House) -> usize {
    let now = Clock::system().now();
    Forms::default().round(house.store(), &house.clients(), now).await.unwrap()
}

fn with_fields(login: &str, fields: &Value) -> Value {
    let mut body = person(login);
    body[SPEND_IN] = json!({"customData": fields});
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_lacks_what_the_form_requires_is_withheld_until_it_has_it() {
    for base in store::testing::stores() {
        let house = House::requiring(base, &["orgUnit1"]).await;
        assert_eq!(read_forms(&house).await, 1);
        assert_eq!(read_forms(&house).await, 0, "once a day is enough");
        let (handle, worker) = house.work();
        let (resource, operation) = house.create(person("early")).await;
        handle.wake();
        accepted(&handle, operation).await;
        house.reaches(operation, State::Done).await;
        let writes = house.writes();
        assert_eq!(writes.len(), 1, "nothing that is bound to fail was sent: {writes:?}");
        assert!(writes[0].body.get(SPEND).is_none() && writes[0].body.get("entitlements").is_none());
        let told = parts(&house, resource).await;
        assert_eq!(told[part::IDENTITY].0, "success");
        let (state, reason) = &told[part::SPEND];
        assert!(state == part::WITHHELD && reason.contains("orgUnit1 (Cost Center)"), "{told:?}");
        assert_eq!(spend(&house, resource).await, None);

        let field = json!([{"id": "orgUnit1", "value": "4711"}]);
        let (operation, _) = house.change(resource, with_fields("early", &field)).await;
        handle.wake();
        house.reaches(operation, State::Done).await;
        let told = parts(&house, resource).await;
        assert_eq!(told[part::SPEND], ("success".to_owned(), String::new()));
        let profile = spend(&house, resource).await.unwrap();
        assert!(profile.to_string().contains("4711"), "{profile}");
        let sent = house.last_patch();
        assert!(sent.iter().any(|(_, path)| path == "entitlements"), "the product comes with it: {sent:?}");
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_form_concurs_own_word_comes_with_the_delivery() {
    let house = House::requiring(store::testing::sqlite(), &["orgUnit1"]).await;
    let (handle, worker) = house.work();
    let (resource, operation) = house.create(person("blind")).await;
    handle.wake();
    accepted(&handle, operation).await;
    house.reaches(operation, State::Failed).await;
    assert_eq!(parts(&house, resource).await[part::SPEND].0, "failed");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_adopted_keeps_a_profile_that_the_provider_sends_in_part() {
    let house = House::requiring(store::testing::sqlite(), &["orgUnit1"]).await;
    let (handle, worker) = house.work();
    // Made by the company before the bridge came, with all that its form requires.
    let field = json!([{"id": "orgUnit1", "value": "4711"}]);
    let mut body = with_fields("before", &field);
    body.as_object_mut().unwrap().remove("externalId");
    let (first, operation) = house.create(body).await;
    handle.wake();
    house.reaches(operation, State::Done).await;
    let gone = house.delete(first).await;
    handle.wake();
    house.reaches(gone, State::Done).await;
    read_forms(&house).await;
    let (resource, operation) = house.create(person("before")).await;
    handle.wake();
    house.reaches(operation, State::Done).await;
    assert_eq!(parts(&house, resource).await[part::SPEND].0, "success");
    let profile = spend(&house, resource).await.unwrap();
    assert!(profile.to_string().contains("4711"), "{profile}");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_field_cannot_hold_is_left_out_and_told() {
    let house = House::requiring(store::testing::sqlite(), &[]).await;
    read_forms(&house).await;
    // A form on which the field is shorter than the profile's 48 characters.
    let account = house.account.id;
    let shorten = move |conn: &mut store::Conn| {
        let mut form = store::employee_forms::get(conn, account)?.unwrap();
        let fields = form.fields.as_array_mut().unwrap();
        fields.iter_mut().find(|it| it["id"] == "custom1").unwrap()["max_length"] = json!(4);
        store::employee_forms::put(conn, account, &form)
    };
    house.store().write(shorten).await.unwrap();
    let (handle, worker) = house.work();
    let fields = json!([{"id": "custom1", "value": "12345"}, {"id": "custom2", "value": "ok"}]);
    let (resource, operation) = house.create(with_fields("long", &fields)).await;
    handle.wake();
    house.reaches(operation, State::Done).await;
    let (state, reason) = parts(&house, resource).await[part::SPEND].clone();
    assert!(
        state == part::INCOMPLETE && reason.contains("custom1 (Custom 01) takes 4 characters"),
        "{reason}"
    );
    let profile = spend(&house, resource).await.unwrap().to_string();
    assert!(profile.contains("\"ok\"") && !profile.contains("12345"), "{profile}");
    worker.stop().await;
}
