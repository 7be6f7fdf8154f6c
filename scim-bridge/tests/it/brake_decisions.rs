//! What people decide about held deactivations: release, cancel, off; by API and by command.

use reqwest::Method;
use serde_json::{Value, json};

use crate::brake::{inactive, name, people, three};
use crate::harness::{ALL_SCOPES, Answer, House, everywhere, send, token};

async fn decide(house: &House, verb: &str, body: Value) -> Answer {
    house.write(Method::POST, &format!("/api/v1/brake/{verb}"), &body).await
}

async fn held(house: &House) -> Vec<Value> {
    let list = house.get("/api/v1/operations?state=held").await.expect(200);
    list["operations"].as_array().unwrap().clone()
}

/// Eight users of whom the first six are deactivated: three are held, the later ones.
async fn tripped(house: &House) -> Vec<String> {
    house.settings(&three()).await;
    let ids = people(house, 8).await;
    for id in &ids[..6] {
        house.patch(id, inactive()).await.expect(200);
    }
    house.quiet().await;
    assert_eq!(held(house).await.len(), 3);
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn one_is_released_at_any_time_and_all_when_a_person_agrees() {
    everywhere(async |house| {
        let ids = tripped(house).await;
        let one = decide(house, "release", json!({"user": ids[3], "reason": "left today"})).await.expect(200);
        assert_eq!(one["operations"], 1);
        house.quiet().await;
        assert!(!house.has_access(&name(3)).await && house.has_access(&name(4)).await);
        let status = house.get("/api/v1/brake").await.expect(200);
        assert_eq!((&status["state"], &status["held"]), (&json!("tripped"), &json!(2)), "{status}");

        let all =
            decide(house, "release", json!({"all": true, "reason": "a plant closes"})).await.expect(200);
        assert_eq!(all["operations"], 2);
        house.quiet().await;
        assert!(!house.has_access(&name(4)).await && !house.has_access(&name(5)).await);
        let status = house.get("/api/v1/brake").await.expect(200);
        assert_eq!((&status["state"], &status["counted"]["day"]["users"]), (&json!("armed"), &json!(0)));

        // Counting starts anew.
        house.patch(&ids[6], inactive()).await.expect(200);
        house.quiet().await;
        assert!(!house.has_access(&name(6)).await);

        let account = house.account.id;
        let events = house.store().read(move |conn| store::audit::list(conn, Some(account), None, 50));
        let events = events.await.unwrap();
        let released: Vec<_> = events.iter().filter(|event| event.action == "brake.release").collect();
        assert_eq!(released.len(), 2);
        assert_eq!(released[1].details["reason"], "left today");
        assert!(released[1].actor.starts_with("token:"), "{}", released[1].actor);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_deactivations_and_deletions_are_shown_as_before() {
    everywhere(async |house| {
        house.settings(&json!({"brake": {"day": {"users": 0, "percent": 0}}})).await;
        let ids = people(house, 3).await;
        house.patch(&ids[0], inactive()).await.expect(200);
        house.delete(&format!("/Users/{}", ids[1])).await.expect(204);
        // Deactivated, changed and deleted: one deletion is held, the deactivation is replaced.
        house.patch(&ids[2], inactive()).await.expect(200);
        house.patch(&ids[2], json!({"op": "replace", "path": "title", "value": "Lead"})).await.expect(200);
        house.delete(&format!("/Users/{}", ids[2])).await.expect(204);
        house.quiet().await;
        assert_eq!(held(house).await.len(), 3);
        house.get(&format!("/Users/{}", ids[1])).await.expect_error(404, None);

        let one = decide(house, "cancel", json!({"user": ids[1], "reason": "wrong list"})).await.expect(200);
        assert_eq!(one, json!({"operations": 1, "not_restored": []}));
        let all = decide(house, "cancel", json!({"all": true, "reason": "wrong list"})).await.expect(200);
        assert_eq!(all["operations"], 2);
        for (n, id) in ids.iter().enumerate() {
            let shown = house.get(&format!("/Users/{id}")).await.expect(200);
            assert_eq!((&shown["active"], &shown["userName"]), (&json!(true), &json!(name(n))), "{shown}");
            assert!(house.has_access(&name(n)).await);
        }
        assert_eq!(house.get(&format!("/Users/{}", ids[2])).await.expect(200)["title"], "Lead");
        let status = house.get("/api/v1/brake").await.expect(200);
        assert_eq!((&status["state"], &status["held"]), (&json!("armed"), &json!(0)), "{status}");

        // The mistake comes again: it is held again, and the people go on being changed.
        house.patch(&ids[0], inactive()).await.expect(200);
        house.patch(&ids[1], json!({"op": "replace", "path": "title", "value": "Chef"})).await.expect(200);
        house.quiet().await;
        assert_eq!(held(house).await.len(), 1);
        assert!(house.has_access(&name(0)).await && house.has_access(&name(1)).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_created_again_while_the_deletion_is_held_keeps_access_and_leaves_nothing_to_release() {
    everywhere(async |house| {
        house.settings(&json!({"brake": {"day": {"users": 0, "percent": 0}}})).await;
        let ids = people(house, 1).await;
        house.delete(&format!("/Users/{}", ids[0])).await.expect(204);
        assert_eq!(held(house).await.len(), 1);
        house.post(&crate::harness::user(&name(0))).await.expect(201);
        house.quiet().await;
        assert_eq!(held(house).await.len(), 0, "the later word has taken its place");
        assert_eq!(house.get("/api/v1/brake").await.expect(200)["held"], 0);
        let all = decide(house, "release", json!({"all": true, "reason": "meant"})).await.expect(200);
        assert_eq!(all["operations"], 0);
        house.quiet().await;
        assert!(house.has_access(&name(0)).await, "and nothing late ends access");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_decided_is_refused_with_what_to_do() {
    everywhere(async |house| {
        let ids = tripped(house).await;
        let first = held(house).await.pop().unwrap()["id"].clone();
        let check = async |verb: &str, body: Value, status: u16, word: &str| {
            let answer = decide(house, verb, body).await.expect(status);
            assert!(answer["detail"].as_str().unwrap().contains(word), "{answer}");
        };
        check("release", json!({"operation": first, "reason": " "}), 400, "reason").await;
        check("release", json!({"operation": first}), 400, "reason").await;
        check("release", json!({"reason": "x"}), 400, "give one of").await;
        check("release", json!({"all": true, "user": ids[0], "reason": "x"}), 400, "give one of").await;
        check("release", json!({"everything": true, "reason": "x"}), 400, "everything").await;
        check("cancel", json!({"operation": 999_999, "reason": "x"}), 404, "operation 999999").await;
        check("cancel", json!({"user": ids[0], "reason": "x"}), 409, "holds no deactivation").await;
        check("cancel", json!({"user": "nobody", "reason": "x"}), 404, "user nobody").await;
        house.simulator.renew_request_token();
        let config = &house.running.bridge().config;
        let other = crate::harness::connect_account(house.store(), config, &house.simulator, "Other").await;
        let foreign = token(house.store(), Some(&other), ALL_SCOPES).await;
        let body = json!({"operation": first, "reason": "x"}).to_string();
        let asked = house.bare(Method::POST, "/api/v1/brake/release").bearer_auth(&foreign);
        send(asked.header("content-type", "application/json").body(body)).await.expect(404);
        assert_eq!(held(house).await.len(), 3, "nothing has happened");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn off_takes_an_administrator_a_reason_and_an_end() {
    everywhere(async |house| {
        house.settings(&json!({"brake": {"day": {"users": 0, "percent": 0}}})).await;
        let ids = people(house, 2).await;
        let admin = token(house.store(), Some(&house.account), &["admin"]).await;
        let ask = async |body: Value| {
            let asked = house.bare(Method::POST, "/api/v1/brake/off").bearer_auth(&admin);
            send(asked.header("content-type", "application/json").body(body.to_string())).await
        };
        let now = scim_bridge::clock::Clock::system().now();
        let soon = (now + jiff::SignedDuration::from_hours(2)).to_string();
        let late = (now + jiff::SignedDuration::from_hours(24 * 8)).to_string();
        let own =
            house.write(Method::POST, "/api/v1/brake/off", &json!({"until": soon, "reason": "x"})).await;
        own.expect(403);
        ask(json!({"until": soon, "reason": ""})).await.expect(400);
        ask(json!({"until": late, "reason": "x"})).await.expect(400);
        ask(json!({"reason": "x"})).await.expect(400);
        let off = ask(json!({"until": soon, "reason": "a plant closes"})).await.expect(200);
        assert_eq!((&off["state"], &off["off_reason"]), (&json!("off"), &json!("a plant closes")), "{off}");
        house.patch(&ids[0], inactive()).await.expect(200);
        house.quiet().await;
        assert!(!house.has_access(&name(0)).await);

        let on = house.bare(Method::POST, "/api/v1/brake/on").bearer_auth(&admin);
        let on = send(on.header("content-type", "application/json").body("{}")).await.expect(200);
        assert_eq!(on["state"], "armed");
        house.patch(&ids[1], inactive()).await.expect(200);
        house.quiet().await;
        assert!(house.has_access(&name(1)).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_does_the_same_on_the_same_database() {
    everywhere(async |house| {
        tripped(house).await;
        let (code, said, _) = house.command(&["brake", "status", "--account", "Acme"]);
        assert!(code == 0 && said.contains("Acme is tripped") && said.contains("held: 3"), "{said}");
        let (code, json, _) = house.command(&["brake", "status", "--account", "Acme", "--json"]);
        let status: Value = serde_json::from_str(&json).unwrap();
        assert_eq!((code, &status["held"]), (0, &json!(3)));
        let user = name(3);
        let one = ["brake", "release", "--account", "Acme", "--user", &user, "--reason", "left today"];
        let (code, _, said) = house.command(&one);
        assert!(code == 0 && said.contains("1 deactivations released"), "{said}");
        let (code, _, said) = house.command(&one);
        assert!(code == 1 && said.contains("holds no deactivation"), "{said}");
        house.quiet().await;
        assert!(!house.has_access(&user).await, "the server has found what was released");
        let (code, _, said) =
            house.command(&["brake", "cancel", "--account", "Acme", "--all", "--reason", "wrong list"]);
        assert!(code == 0 && said.contains("2 deactivations cancelled"), "{said}");
        let usage = |arguments: &[&str], word: &str| {
            let (code, _, said) = house.command(arguments);
            assert!(code == 2 && said.contains(word), "{code} {said}");
        };
        usage(&["brake", "cancel", "--account", "Acme", "--all"], "--reason");
        usage(&["brake", "release", "--account", "Acme", "--reason", "x"], "--operation");
        usage(&["brake", "settings", "--account", "Acme", "--day-users", "30"], "--reason");
        let loose = ["brake", "settings", "--account", "Acme", "--day-percent", "90", "--reason", "x"];
        usage(&loose, "brake.day");
        usage(&["brake", "settings", "--account", "Acme", "--off-for", "9d", "--reason", "x"], "7 days");
        let (code, _, said) = house.command(&["brake", "status", "--account", "Nobody"]);
        assert!(code == 1 && said.contains("Acme"), "{said}");
        let wide = [
            "brake",
            "settings",
            "--account",
            "Acme",
            "--day-users",
            "30",
            "--off-for",
            "2h",
            "--reason",
            "move",
        ];
        let (code, said, error) = house.command(&wide);
        assert!(code == 0 && said.contains("Acme is off") && said.contains("move"), "{said}{error}");
        let (_, shown, _) = house.command(&["brake", "settings", "--account", "Acme"]);
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["day"], json!({"users": 30, "percent": 10}));
        let (code, said, _) =
            house.command(&["brake", "settings", "--account", "Acme", "--on", "--reason", "done"]);
        assert!(code == 0 && said.contains("Acme is armed"), "{said}");
    })
    .await;
}
