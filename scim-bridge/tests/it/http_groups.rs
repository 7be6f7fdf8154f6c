//! `/Groups` over HTTP: the catalogue of Concur's roles, kept groups, and what membership changes in Concur.

use reqwest::Method;
use scim_bridge::accounts::{AccountSettings, GroupMapping};
use scim_bridge::config::DeliveryMode;
use serde_json::{Value, json};

use crate::harness::{Answer, House, ada, everywhere, send, user, with};

const ROLE: &str = "urn:ietf:params:scim:schemas:extension:spend:2.0:Role";
const GROUP: &str = "urn:ietf:params:scim:schemas:extension:concurbridge:2.0:Group";
const DELIVERY: &str = "urn:ietf:params:scim:schemas:extension:concurbridge:2.0:Delivery";

/// The group of that name.
async fn group(house: &House, name: &str) -> Value {
    let found = filter(house, &format!("displayName eq \"{name}\"")).await;
    assert_eq!(found["totalResults"], 1, "{name}: {found}");
    found["Resources"][0].clone()
}

async fn filter(house: &House, filter: &str) -> Value {
    send(house.request(Method::GET, "/Groups").query(&[("filter", filter)])).await.expect(200)
}

async fn patch(house: &House, id: &Value, operations: Value) -> Answer {
    let body =
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
    house.write(Method::PATCH, &format!("/Groups/{}", id.as_str().unwrap()), &body).await
}

async fn post(house: &House, body: &Value) -> Answer {
    house.write(Method::POST, "/Groups", body).await
}

fn add(users: &[&Value]) -> Value {
    let members: Vec<Value> = users.iter().map(|user| json!({"value": user["id"]})).collect();
    json!([{"op": "add", "path": "members", "value": members}])
}

async fn new_user(house: &House, name: &str) -> Value {
    let made = house.post(&user(name)).await.expect(201);
    delivered(house).await;
    made
}

/// Waits until nothing is on its way.
async fn delivered(house: &House) {
    house
        .until("everything is delivered", async || {
            house
                .operations()
                .await
                .iter()
                .all(|(_, state)| matches!(state.as_str(), "done" | "failed" | "superseded"))
        })
        .await;
}

/// The roles that Concur holds of a user, entitled ones left out.
async fn roles(house: &House, user: &Value) -> Vec<String> {
    let client = house.running.bridge().accounts.get(house.account.id).await.unwrap();
    let id = user["id"].as_str().unwrap().parse().unwrap();
    let spend = client.spend().get_user(&id).await.unwrap().unwrap_or_default();
    let roles = spend[ROLE]["roles"].as_array().cloned().unwrap_or_default();
    let codes = roles
        .iter()
        .filter(|role| role["roleGroups"].is_array())
        .map(|role| role["roleName"].as_str().unwrap());
    codes.map(str::to_owned).collect()
}

async fn settings(house: &House, change: impl FnOnce(&mut AccountSettings)) {
    let mut settings = AccountSettings::default();
    change(&mut settings);
    let (id, stored, now) = (house.account.id, settings.to_stored(), house.account.created_at);
    house.store().write(move |conn| store::accounts::set_settings(conn, id, &stored, now)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_listed_page_by_page_and_found_by_its_names() {
    everywhere(async |house| {
        let all = house.get("/Groups?count=200").await.expect(200);
        let catalogue = scim_bridge::translate::roles::CATALOGUE.len();
        assert_eq!(all["totalResults"], catalogue);
        let first = house.get("/Groups?count=10&startIndex=1").await.expect(200);
        let second = house.get("/Groups?count=10&startIndex=11").await.expect(200);
        assert_eq!(first["itemsPerPage"], 10);
        assert_eq!(first["Resources"][0]["id"], all["Resources"][0]["id"]);
        assert_eq!(second["Resources"][0]["id"], all["Resources"][10]["id"]);

        let approver = group(house, "expense APPROVER").await;
        assert_eq!(approver["displayName"], "Expense Approver");
        assert_eq!(approver[GROUP], json!({"kind": "role", "code": "EXP_APPROVER", "assignable": true}));
        assert_eq!(approver["meta"]["resourceType"], "Group");
        let admin = group(house, "Role Administrator").await;
        assert_eq!(admin[GROUP]["assignable"], false);

        let path = format!("/Groups/{}", approver["id"].as_str().unwrap());
        let read = house.get(&path).await;
        assert_eq!(read.expect(200), approver);
        assert_eq!(read.header("etag"), approver["meta"]["version"].as_str().unwrap());
        let known = house.request(Method::GET, &path).header("if-none-match", read.header("etag"));
        assert_eq!(send(known).await.status, 304);
        house.get("/Groups/none").await.expect_error(404, None);
        let codes = filter(house, &format!("{GROUP}:code sw \"REQ_\" and {GROUP}:assignable eq true")).await;
        assert_eq!(codes["totalResults"], 2, "{codes}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn membership_becomes_roles_beside_those_that_an_administrator_gave() {
    everywhere(async |house| {
        let ada = house.post(&ada()).await.expect(201);
        let grace = house.post(&user("grace@example.com")).await.expect(201);
        // At once, while the create may still be on its way.
        let approver = group(house, "Expense Approver").await;
        let version = approver["meta"]["version"].clone();
        assert_eq!(patch(house, &approver["id"], add(&[&ada, &grace])).await.status, 204);
        delivered(house).await;
        assert_eq!(roles(house, &ada).await, ["EXP_APPROVER"]);
        assert_eq!(roles(house, &grace).await, ["EXP_APPROVER"]);
        let shown = house.get(&format!("/Users/{}", ada["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(shown["groups"][0]["display"], "Expense Approver");
        assert_eq!(shown[DELIVERY]["roles"]["state"], "success", "{}", shown[DELIVERY]);

        // Somebody gives Ada a role in Concur itself.
        let client = house.running.bridge().accounts.get(house.account.id).await.unwrap();
        let given = json!([{"roleName": "EXP_APPROVER", "roleGroups": []}, {"roleName": "SHD_TAX_ADMIN", "roleGroups": []}]);
        let by_hand = concur::model::PatchOperation {
            op: concur::model::Op::Replace,
            path: format!("{ROLE}:roles"),
            value: Some(given),
        };
        let id = ada["id"].as_str().unwrap().parse().unwrap();
        client.provisioning().patch_user(&id, &[by_hand]).await.unwrap();

        let requests = group(house, "Request Approver").await;
        patch(house, &requests["id"], add(&[&ada])).await.expect(204);
        delivered(house).await;
        assert_eq!(roles(house, &ada).await, ["EXP_APPROVER", "SHD_TAX_ADMIN", "REQ_APPROVER"]);

        // One of many is removed, and only that one; the version has moved.
        let gone = json!([{"op": "Remove", "path": "members", "value": [{"value": ada["id"]}]}]);
        patch(house, &approver["id"], gone).await.expect(204);
        delivered(house).await;
        assert_eq!(roles(house, &ada).await, ["SHD_TAX_ADMIN", "REQ_APPROVER"]);
        assert_eq!(roles(house, &grace).await, ["EXP_APPROVER"]);
        let after = group(house, "Expense Approver").await;
        assert_eq!(after["members"].as_array().unwrap().len(), 1);
        assert_ne!(after["meta"]["version"], version);
        let stale = house
            .request(Method::PATCH, &format!("/Groups/{}", approver["id"].as_str().unwrap()))
            .header("if-match", version.as_str().unwrap())
            .header("content-type", "application/scim+json")
            .body(json!({"Operations": add(&[&ada]), "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}).to_string());
        send(stale).await.expect_error(412, None);
        assert_eq!(house.simulator.violations(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_an_entitlement_becomes_an_entitlement() {
    everywhere(async |house| {
        let ada = new_user(house, "ada@example.com").await;
        let request_user = group(house, "Request User").await;
        patch(house, &request_user["id"], add(&[&ada])).await.expect(204);
        delivered(house).await;
        // Concur shows entitlements to some tokens only, so what it was told has to do.
        let told = |products: Value| {
            let last = house.simulator.writes().pop().unwrap();
            let expected = json!([{"op": "replace", "path": "entitlements", "value": products}]);
            assert_eq!((last.applied, &last.body["Operations"]), (true, &expected));
        };
        told(json!(["Expense", "Request"]));
        assert_eq!(roles(house, &ada).await, Vec::<String>::new());
        let all = json!([{"op": "replace", "path": "members", "value": []}]);
        patch(house, &request_user["id"], all).await.expect(204);
        delivered(house).await;
        told(json!(["Expense"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_not_be_given_is_refused_before_anything_is_written() {
    everywhere(async |house| {
        let ada = new_user(house, "ada@example.com").await;
        let before = house.operations().await.len();
        for name in ["Web Services Administrator", "Role Administrator", "Expense Proxy Logon User"] {
            let privileged = group(house, name).await;
            let refused =
                patch(house, &privileged["id"], add(&[&ada])).await.expect_error(400, Some("mutability"));
            assert!(refused["detail"].as_str().unwrap().contains("allowed_roles"), "{refused}");
        }
        let consumer = group(house, "Reporting Consumer").await;
        patch(house, &consumer["id"], add(&[&ada])).await.expect(204);
        let author = group(house, "Reporting Professional Author").await;
        let refused = patch(house, &author["id"], add(&[&ada])).await.expect_error(400, Some("invalidValue"));
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains("REPORTING_CONSUMER") && detail.contains("REPORTING_PRO_AUTHOR"), "{detail}");
        let stranger = json!({"id": "00000000-0000-4000-8000-000000000000"});
        patch(house, &author["id"], add(&[&stranger])).await.expect_error(400, Some("invalidValue"));
        let nested =
            json!([{"op": "add", "path": "members", "value": [{"value": consumer["id"], "type": "Group"}]}]);
        patch(house, &author["id"], nested).await.expect_error(400, Some("invalidValue"));
        let renamed = json!([{"op": "replace", "path": "displayName", "value": "Writers"}]);
        patch(house, &author["id"], renamed).await.expect_error(400, Some("mutability"));
        delivered(house).await;
        assert_eq!(house.operations().await.len(), before + 1, "only the consumer");
        assert_eq!(roles(house, &ada).await, ["REPORTING_CONSUMER"]);
        assert_eq!(group(house, "Reporting Professional Author").await.get("members"), None);

        // Once the operator allows it, it is given.
        settings(house, |settings| settings.allowed_roles = vec!["SHD_ROLE_ADMIN".to_owned()]).await;
        let allowed = group(house, "Role Administrator").await;
        assert_eq!(allowed[GROUP]["assignable"], true);
        patch(house, &allowed["id"], add(&[&ada])).await.expect(204);
        delivered(house).await;
        assert_eq!(roles(house, &ada).await, ["REPORTING_CONSUMER", "SHD_ROLE_ADMIN"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_changes_nothing_stores_nothing() {
    everywhere(async |house| {
        let ada = new_user(house, "ada@example.com").await;
        let approver = group(house, "Expense Approver").await;
        patch(house, &approver["id"], add(&[&ada])).await.expect(204);
        delivered(house).await;
        let (before, operations) = (group(house, "Expense Approver").await, house.operations().await);
        patch(house, &approver["id"], add(&[&ada])).await.expect(204);
        house
            .write(Method::PUT, &format!("/Groups/{}", approver["id"].as_str().unwrap()), &before)
            .await
            .expect(200);
        post(house, &json!({"displayName": "exp_approver", "members": []})).await.expect(201);
        assert_eq!(group(house, "Expense Approver").await, before);
        assert_eq!(house.operations().await, operations);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_group_gives_what_the_mapping_says_also_when_it_gets_its_name_later() {
    everywhere(async |house| {
        let mapping = GroupMapping {
            group: "Sales EMEA".to_owned(),
            entitlements: vec!["Travel".to_owned()],
            roles: vec!["REQ_APPROVER".to_owned()],
            spend: [("country".to_owned(), "DE".to_owned())].into(),
        };
        settings(house, |settings| settings.group_mappings = vec![mapping]).await;
        let ada = new_user(house, "ada@example.com").await;
        let made = post(house, &json!({"displayName": "Sales", "members": [{"value": ada["id"]}]}))
            .await
            .expect(201);
        assert_eq!(made[GROUP]["kind"], "kept");
        let before = house.operations().await.len();
        let rename = json!([{"op": "replace", "value": {"id": made["id"], "displayName": "sales emea"}}]);
        patch(house, &made["id"], rename).await.expect(204);
        delivered(house).await;
        assert_eq!(house.operations().await.len(), before + 1);
        assert_eq!(roles(house, &ada).await, ["REQ_APPROVER"]);
        let id = ada["id"].as_str().unwrap();
        let shown = house.get(&format!("/Users/{id}")).await.expect(200);
        assert_eq!(
            shown["entitlements"],
            Value::Null,
            "what the provider did not send stays out of its resource"
        );

        post(house, &json!({"displayName": "SALES EMEA"})).await.expect_error(409, Some("uniqueness"));
        house.delete(&format!("/Groups/{}", made["id"].as_str().unwrap())).await.expect(204);
        delivered(house).await;
        assert_eq!(roles(house, &ada).await, Vec::<String>::new());
        house.get(&format!("/Groups/{}", made["id"].as_str().unwrap())).await.expect_error(404, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_group_of_the_catalogue_unassigns_and_comes_back_with_its_id() {
    everywhere(async |house| {
        let ada = new_user(house, "ada@example.com").await;
        let approver = group(house, "Expense Approver").await;
        patch(house, &approver["id"], add(&[&ada])).await.expect(204);
        let path = format!("/Groups/{}", approver["id"].as_str().unwrap());
        house.delete(&path).await.expect(204);
        house.get(&path).await.expect_error(404, None);
        house.delete(&path).await.expect_error(404, None);
        delivered(house).await;
        assert_eq!(roles(house, &ada).await, Vec::<String>::new());
        let again =
            post(house, &json!({"displayName": "Expense Approver", "externalId": "x1"})).await.expect(201);
        assert_eq!((&again["id"], &again["externalId"]), (&approver["id"], &json!("x1")));
        assert_eq!(again.get("members"), None);
        let another = json!({"displayName": "Expense Approver", "externalId": "x2"});
        post(house, &another).await.expect_error(409, Some("uniqueness"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_user_leaves_the_groups_and_returns_without_the_roles() {
    everywhere(async |house| {
        let first = new_user(house, "ada@example.com").await;
        let approver = group(house, "Expense Approver").await;
        patch(house, &approver["id"], add(&[&first])).await.expect(204);
        delivered(house).await;
        house.delete(&format!("/Users/{}", first["id"].as_str().unwrap())).await.expect(204);
        delivered(house).await;
        let left = group(house, "Expense Approver").await;
        assert_eq!(left.get("members"), None);
        assert_ne!(left["meta"]["version"], approver["meta"]["version"]);
        let members = filter(house, &format!("members eq \"{}\"", first["id"].as_str().unwrap())).await;
        assert_eq!(members["totalResults"], 0);

        house.post(&user("ada@example.com")).await.expect(201);
        delivered(house).await;
        assert_eq!(roles(house, &first).await, Vec::<String>::new(), "the same person in Concur");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_shows_everyone_as_reading_each_alone_does() {
    everywhere(async |house| {
        let ada = new_user(house, "ada@example.com").await;
        let bob = new_user(house, "bob@example.com").await;
        new_user(house, "cleo@example.com").await;
        let kept = post(house, &json!({"displayName": "Kept", "members": [{"value": ada["id"]}]})).await;
        kept.expect(201);
        let role = group(house, "Expense Approver").await;
        patch(house, &role["id"], add(&[&ada, &bob])).await.expect(204);
        house
            .patch(bob["id"].as_str().unwrap(), json!({"op": "replace", "path": "title", "value": "B"}))
            .await;
        delivered(house).await;
        for kind in ["Users", "Groups"] {
            let page = house.get(&format!("/{kind}?count=200")).await.expect(200);
            let listed = page["Resources"].as_array().unwrap();
            assert!(listed.len() >= 3, "{page}");
            for one in listed {
                let alone = house.get(&format!("/{kind}/{}", one["id"].as_str().unwrap())).await.expect(200);
                assert_eq!(one, &alone);
            }
        }
        let listed = house.get("/Users?sortBy=userName").await.expect(200);
        let groups: Vec<_> = listed["Resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["groups"].as_array().map_or(0, Vec::len))
            .collect();
        assert_eq!(groups, [2, 1, 0], "{listed}");
        let states =
            listed["Resources"].as_array().unwrap().iter().map(|one| &one[DELIVERY]["identity"]["state"]);
        assert!(states.into_iter().all(serde_json::Value::is_string), "{listed}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_may_be_larger_than_a_user_and_not_without_end() {
    everywhere(async |house| {
        let members = |count: usize| -> Value {
            (0..count).map(|n| json!({"value": format!("00000000-0000-4000-8000-{n:012}"), "display": "x".repeat(60)})).collect()
        };
        let limits = &house.running.bridge().config.limits;
        let large = json!({"displayName": "Large", "members": members(4_000)});
        assert!((limits.scim_body_bytes..limits.group_body_bytes).contains(&large.to_string().len()));
        // It is read to its end: what is refused is somebody who does not exist.
        let detail = post(house, &large).await.expect_error(400, Some("invalidValue"))["detail"].to_string();
        assert!(detail.contains("no user with id"), "{detail}");
        let endless = json!({"displayName": "Endless", "externalId": "x", "members": members(9_999), "x": "y".repeat(8_000),
            "a": vec!["z".repeat(8_000); 150]});
        assert!(endless.to_string().len() > limits.group_body_bytes);
        post(house, &endless).await.expect_error(413, None);
        house.write(Method::POST, "/Users", &json!({"userName": "a", "title": "x".repeat(300_000)})).await.expect_error(413, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_membership_and_a_change_of_the_user_at_the_same_moment_lose_neither() {
    with(
        |config| config.delivery.mode = DeliveryMode::AcceptOnly,
        async |house| {
            let mapping = GroupMapping {
                group: "Travellers".to_owned(),
                entitlements: vec!["Travel".to_owned()],
                ..GroupMapping::default()
            };
            settings(house, |settings| settings.group_mappings = vec![mapping]).await;
            let ada = house.post(&ada()).await.expect(201);
            let id = ada["id"].as_str().unwrap();
            let group = post(house, &json!({"displayName": "Travellers"})).await.expect(201);
            let (mut version, mut is_member) = (String::new(), false);
            for n in 0..20 {
                let title = json!({"op": "replace", "path": "title", "value": format!("Title {n}")});
                let membership = if is_member {
                    json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}])
                } else {
                    add(&[&ada])
                };
                let (changed, joined) =
                    futures::join!(house.patch(id, title), patch(house, &group["id"], membership));
                assert!(
                    changed.status.is_success() && joined.status.is_success(),
                    "{} {}",
                    changed.text,
                    joined.text
                );
                is_member = !is_member;
                let newest = house.store().read(|conn| {
                    let filter = store::operations::Filter::default();
                    Ok(store::operations::list(conn, &filter, 1)?.remove(0).payload)
                });
                let desired = newest.await.unwrap()["desired"].clone();
                let travels = desired["entitlements"].as_array().unwrap().contains(&json!("Travel"));
                assert_eq!(
                    (&desired["title"], travels),
                    (&json!(format!("Title {n}")), is_member),
                    "round {n}"
                );
                let shown = house.get(&format!("/Users/{id}")).await.expect(200);
                assert_ne!(shown["meta"]["version"], version.as_str(), "what is shown has changed");
                shown["meta"]["version"].as_str().unwrap().clone_into(&mut version);
            }
        },
    )
    .await;
}
