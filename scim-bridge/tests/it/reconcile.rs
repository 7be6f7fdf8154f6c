//! Reconciling against the simulator: what differs is found, repaired on request, never past the brake; who was there before
//! is taken over under Concur's id.

use fixtures::simulator::{Fault, FaultKind};
use reqwest::Method;
use scim_bridge::clock::Clock;
use scim_bridge::provision::OnBehalf;
use scim_bridge::reconcile::{Options, Parts, ReconcileError, Summary, run};
use serde_json::{Value, json};
use store::accounts::Account;
use store::runs;

use crate::brake::{inactive, name, people};
use crate::harness::{House, connect_account, everywhere, send, token, user};

const FULL: Options = Options { incremental: false, import: false, repair: false, give_access: false };

async fn parts(house: &House, account: &Account) -> Parts {
    let bridge = house.running.bridge();
    let account = store::accounts::Account { ..account.clone() };
    let id = account.id;
    let current = bridge.store.read(move |conn| store::accounts::get(conn, id)).await.unwrap();
    Parts {
        store: bridge.store.clone(),
        clock: Clock::system(),
        client: bridge.accounts.get(id).await.unwrap(),
        on: OnBehalf::new(current, "test".to_owned()).unwrap(),
    }
}

async fn reconciled(house: &House, options: Options) -> Summary {
    run(&parts(house, &house.account).await, options).await.unwrap()
}

/// Changes a user in Concur past the bridge, as an administrator does there.
async fn by_hand(house: &House, user_name: &str, path: &str, value: Value) {
    let client = house.running.bridge().accounts.get(house.account.id).await.unwrap();
    let by = concur::api::LookupAttribute::UserName;
    let found = client.identity().find_by(by, user_name).await.unwrap().pop().unwrap();
    let change = concur::model::PatchOperation {
        op: concur::model::Op::Replace,
        path: path.to_owned(),
        value: Some(value),
    };
    client.provisioning().patch_user(&found.id(), &[change]).await.unwrap();
}

async fn drift(house: &House, kind: &str) -> Vec<Value> {
    let report = house.get(&format!("/api/v1/drift?kind={kind}")).await.expect(200);
    report["drift"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changed_in_concur_is_found_and_brought_back_on_request() {
    everywhere(async |house| {
        let ids = people(house, 4).await;
        by_hand(house, &name(0), "name.familyName", json!("Emperor")).await;
        house.delete(&format!("/Users/{}", ids[1])).await.expect(204);
        house.patch(&ids[3], inactive()).await.expect(200);
        house.quiet().await;
        by_hand(house, &name(1), "active", json!(true)).await;
        by_hand(house, &name(2), "active", json!(false)).await;
        by_hand(house, &name(3), "active", json!(true)).await;

        let before = house.operations().await.len();
        let found = reconciled(house, FULL).await.counts;
        assert_eq!((found.found["differs"], found.found["has_access"], found.found["no_access"]), (1, 2, 1));
        assert!(found.found["unmanaged"] > 10, "the company had people before: {found:?}");
        assert_eq!(house.operations().await.len(), before, "looking changes nothing");
        let one = drift(house, "differs").await;
        assert_eq!(
            (&one[0]["user"], &one[0]["details"]["differences"]),
            (&json!(ids[0]), &json!(["name.familyName"]))
        );
        assert!(!one[0].to_string().contains("Emperor"), "values are no business of a monitor");

        let repair = Options { repair: true, ..FULL };
        let mended = reconciled(house, repair).await.counts;
        assert_eq!((mended.repairs, mended.held), (3, 0), "access is not given unasked");
        house.quiet().await;
        let access = [
            house.has_access(&name(1)).await,
            house.has_access(&name(2)).await,
            house.has_access(&name(3)).await,
        ];
        assert_eq!(access, [false, false, false]);
        let client = house.running.bridge().accounts.get(house.account.id).await.unwrap();
        let there = client.identity().get(&ids[0].parse().unwrap()).await.unwrap();
        assert_eq!(there.family_name(), Some("Lovelace"));

        reconciled(house, Options { give_access: true, ..repair }).await;
        house.quiet().await;
        assert!(house.has_access(&name(2)).await);
        reconciled(house, FULL).await;
        for kind in ["differs", "has_access", "no_access", "missing"] {
            assert_eq!(drift(house, kind).await, Vec::<Value>::new(), "{kind}");
        }
        house.get("/api/v1/drift?kind=strange").await.expect(400);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_goes_no_further_than_the_brake() {
    everywhere(async |house| {
        let ids = people(house, 3).await;
        for id in &ids {
            house.patch(id, inactive()).await.expect(200);
        }
        house.quiet().await;
        for n in 0..3 {
            by_hand(house, &name(n), "active", json!(true)).await;
        }
        house.settings(&json!({"brake": {"day": {"users": 0, "percent": 0}}})).await;
        let mended = reconciled(house, Options { repair: true, ..FULL }).await.counts;
        assert_eq!((mended.repairs, mended.held), (3, 3));
        house.quiet().await;
        assert!(house.has_access(&name(0)).await);
        assert_eq!(house.get("/api/v1/brake").await.expect(200)["held"], 3);
        let again = reconciled(house, Options { repair: true, ..FULL }).await.counts;
        assert_eq!((again.repairs, again.on_their_way), (0, 3), "what is held is not asked for again");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_before_are_found_by_providers_under_concurs_id() {
    everywhere(async |house| {
        let client = house.running.bridge().accounts.get(house.account.id).await.unwrap();
        let before = client.identity().list(50, None).await.unwrap().items;
        let summary = reconciled(house, Options { import: true, ..FULL }).await;
        assert!(summary.counts.imported >= before.len(), "{summary:?}");
        let writes = house.simulator.writes().iter().filter(|it| it.path.starts_with("/profile/")).count();
        assert_eq!(writes, 0, "taking over sends nothing");

        let managed = |user: &&concur::model::IdentityUser| {
            let manager = user.enterprise().is_some_and(|it| it["manager"]["value"].is_string());
            user.active() == Some(true) && manager
        };
        let one = before.iter().find(managed).unwrap();
        let login = one.user_name().unwrap();
        let found = house.filter(&format!("userName eq \"{login}\"")).await.expect(200);
        assert_eq!(found["totalResults"], 1, "{found}");
        assert_eq!(found["Resources"][0]["id"], one.id().to_string());
        // The provider's first change changes that and nothing else.
        let id = one.id().to_string();
        house.patch(&id, json!({"op": "replace", "path": "title", "value": "Lead"})).await.expect(200);
        house.quiet().await;
        let write =
            house.simulator.writes().into_iter().rfind(|it| it.path.starts_with("/profile/")).unwrap();
        let paths: Vec<_> =
            crate::delivery_harness::patch_paths(&write.body).into_iter().map(|it| it.1).collect();
        assert_eq!(paths, ["title"], "{:?}", write.body);
        let again = reconciled(house, Options { import: true, ..FULL }).await.counts;
        assert_eq!((again.imported, again.found.get("differs")), (0, None), "{again:?}");
    })
    .await;
}

/// A user of the provider's who never reached Concur from here.
async fn unlinked(house: &House, user_name: &str, external_id: &str, employee_number: &str) -> String {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let body = json!({"userName": user_name, "externalId": external_id,
        "name": {"givenName": "Ada", "familyName": "Lovelace"}, "emails": [{"type": "work", "value": user_name}],
        (enterprise): {"employeeNumber": employee_number}});
    let user = scim::Resource::from_client(scim::ResourceType::user(), &body).unwrap();
    let new = store::resources::NewResource {
        account: house.account.id,
        resource_type: store::resources::ResourceType::User,
        scim_id: uuid::Uuid::new_v4(),
        content: scim_bridge::provision::content(&user),
        created_at: Clock::system().now(),
    };
    let row = house.store().write(move |conn| store::resources::insert(conn, &new)).await.unwrap();
    row.scim_id.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_whom_is_reported_before_anything_is_linked() {
    everywhere(async |house| {
        let client = house.running.bridge().accounts.get(house.account.id).await.unwrap();
        let there = client.identity().list(50, None).await.unwrap().items;
        let plain = |user: &&concur::model::IdentityUser| {
            user.active() == Some(true) && user.external_id().is_none_or(str::is_empty)
        };
        let mut there = there.iter().filter(plain);
        let (by_name, by_id, foreign, numbered) =
            (there.next().unwrap(), there.next().unwrap(), there.next().unwrap(), there.next().unwrap());
        by_hand(house, by_id.user_name().unwrap(), "externalId", json!("ext-1")).await;
        by_hand(house, foreign.user_name().unwrap(), "externalId", json!("somebody else")).await;
        let number = numbered.enterprise().unwrap()["employeeNumber"].as_str().unwrap().to_owned();
        let name = by_name.user_name().unwrap().to_uppercase();
        let linked = unlinked(house, &name, "ext-0", "none-0").await;
        let renamed = unlinked(house, "renamed@example.com", "ext-1", "none-1").await;
        let conflicting = unlinked(house, foreign.user_name().unwrap(), "ext-2", "none-2").await;
        let other = unlinked(house, "another@example.com", "ext-3", &number).await;

        let found = reconciled(house, FULL).await.counts;
        assert_eq!((found.matches["exact"], found.matches["conflicting"]), (2, 2), "{found:?}");
        assert!(found.matches["none"] > 10, "{found:?}");
        let report = drift(house, "unmanaged").await;
        let of = |user: &concur::model::IdentityUser| {
            let id = json!(user.id().to_string());
            report.iter().find(|it| it["concur_user"] == id).unwrap().clone()
        };
        assert_eq!(of(by_name)["details"]["by"], json!(["userName"]));
        assert_eq!((&of(by_name)["user"], &of(by_id)["user"]), (&json!(linked), &json!(renamed)));
        assert_eq!(of(by_id)["details"]["by"], json!(["externalId"]));
        assert_eq!(of(foreign)["details"]["reason"], "userName is equal, externalId is not");
        assert_eq!(of(foreign)["details"]["resources"], json!([conflicting]));
        assert_eq!(of(numbered)["details"]["reason"], "employeeNumber is equal, userName is not");
        assert_eq!(of(numbered)["details"]["resources"], json!([other]));
        let (code, shown, _) = house.command(&["reconcile", "--report", "--match", "conflicting"]);
        assert!(
            code == 0
                && !shown.contains("no match")
                && shown.contains("conflicting: userName is equal, externalId is not"),
            "{shown}"
        );

        let import = Options { import: true, ..FULL };
        let taken = reconciled(house, import).await.counts;
        assert_eq!((taken.linked, taken.matches.get("exact"), taken.matches["conflicting"]), (2, None, 2));
        let id = by_name.id().to_string();
        house.get(&format!("/Users/{id}")).await.expect(200);
        // What differs of those who were linked is told, the login included, and nothing was sent.
        let differs = drift(house, "differs").await;
        let login = differs.iter().find(|it| it["concur_user"] == by_id.id().to_string()).unwrap();
        assert!(login["details"]["differences"].as_array().unwrap().contains(&json!("userName")), "{login}");
        let writes = house.simulator.writes().into_iter().filter(|it| it.path.starts_with("/profile/"));
        assert_eq!(writes.count(), 2, "those by hand");
        let again = reconciled(house, import).await.counts;
        assert_eq!((again.linked, again.imported, again.matches["conflicting"]), (0, 0, 2), "{again:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_database_is_rebuilt_with_the_ids_that_providers_hold() {
    everywhere(async |house| {
        let ids = people(house, 3).await;
        // Another account of the same company is a database that has lost everything.
        house.simulator.renew_request_token();
        let config = &house.running.bridge().config;
        let lost = connect_account(house.store(), config, &house.simulator, "Rebuilt").await;
        run(&parts(house, &lost).await, Options { import: true, ..FULL }).await.unwrap();
        let scim = token(house.store(), Some(&lost), &["scim:read"]).await;
        for (n, id) in ids.iter().enumerate() {
            let shown =
                send(house.bare(Method::GET, &format!("/Users/{id}")).bearer_auth(&scim)).await.expect(200);
            assert_eq!(shown["userName"], name(n));
            assert_eq!(
                shown["externalId"],
                format!("ext-{}", name(n)),
                "look-ups by externalId find the person"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_goes_on_and_two_at_once_do_not_start() {
    everywhere(async |house| {
        // Enough people for three pages, by Concur's own hand.
        let client = house.running.bridge().accounts.get(house.account.id).await.unwrap();
        let all = client.identity().list(1_000, None).await.unwrap();
        assert!(all.items.len() > 200, "{} users are one page", all.items.len());
        let break_second = Fault {
            skip: 1,
            ..Fault::once(
                "/profile/identity/v4.1/Users",
                FaultKind::Status { code: 400, retry_after: None, body: None },
            )
        };
        house.simulator.inject(break_second);
        let parts = parts(house, &house.account).await;
        let broken = run(&parts, FULL).await.unwrap_err();
        assert!(matches!(broken, ReconcileError::Concur(_)), "{broken:?}");
        let summary = run(&parts, FULL).await.unwrap();
        assert!(summary.resumed && summary.counts.users == all.items.len(), "{summary:?}");
        let (account, run_id) = (house.account.id, summary.run);
        let recorded = house.store().read(move |conn| runs::get(conn, run_id)).await.unwrap();
        assert_eq!((recorded.state, recorded.kind.as_str()), (runs::State::Complete, "reconcile"));

        let now = Clock::system().now();
        let until = now + jiff::SignedDuration::from_mins(1);
        house
            .store()
            .write(move |conn| store::leases::take(conn, account, "reconcile", "another replica", now, until))
            .await
            .unwrap();
        assert!(matches!(run(&parts, FULL).await.unwrap_err(), ReconcileError::Busy));
        let released = |conn: &mut store::Conn| store::testing::execute(conn, "DELETE FROM account_leases");
        house.store().write(released).await.unwrap();

        let incremental = Options { incremental: true, ..FULL };
        let made = house.post(&user("late@example.com")).await.expect(201);
        house.quiet().await;
        by_hand(house, "late@example.com", "name.familyName", json!("Emperor")).await;
        let found = run(&parts, incremental).await.unwrap().counts;
        assert!(found.users >= 1 && found.users < 50, "{found:?}");
        let differs = drift(house, "differs").await;
        assert_eq!((differs.len(), &differs[0]["user"]), (1, &made["id"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_reconciles_and_reports() {
    everywhere(async |house| {
        people(house, 2).await;
        let (code, _, said) = house.command(&["reconcile", "--incremental"]);
        assert!(code == 1 && said.contains("needs a full one first"), "{said}");
        by_hand(house, &name(1), "name.familyName", json!("Emperor")).await;
        let (code, listed, said) = house.command(&["reconcile", "--kind", "differs"]);
        assert!(code == 0 && said.contains("1 differs"), "{said}");
        assert!(listed.contains("name.familyName: wanted") && listed.contains("Emperor"), "{listed}");
        let (code, json, _) = house.command(&["reconcile", "--report", "--json"]);
        let report: Value = serde_json::from_str(&json).unwrap();
        assert_eq!((code, &report["counts"]["differs"]), (0, &json!(1)));
        assert_eq!(report["full"]["state"], "complete");
        let (code, _, said) = house.command(&["reconcile", "--repair"]);
        assert!(code == 0 && said.contains("1 repairs enqueued, 0 of them held"), "{said}");
        house.quiet().await;
        let usage = |arguments: &[&str], word: &str| {
            let (code, _, said) = house.command(arguments);
            assert!(code == 2 && said.contains(word), "{code} {said}");
        };
        usage(&["reconcile", "--give-access"], "--repair");
        usage(&["reconcile", "--report", "--repair"], "--repair");
        usage(&["reconcile", "--kind", "strange"], "has_access");
    })
    .await;
}
